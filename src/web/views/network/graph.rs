//! The graph, drawn: a box for each layer, a line for each tensor that a layer listens to.

use super::layout::{Layout, NODE_HEIGHT, NODE_WIDTH};
use super::words;
use crate::web::components::Card;
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch, NetworkAction};
use crate::web::views::layer_map::arrow;
use crate::web::views::words::{full_name, layer_name, producer, spike_code, spikes_of, tensor_name};
use crate::web::worker::{ModelView, NetworkView, RunView};
use rust_i18n::t;
use web_sys::Element;
use yew::prelude::*;

/// How large it can be drawn.
const ZOOMS: [f64; 6] = [0.2, 0.35, 0.5, 0.75, 1.0, 1.4];
/// How large it is at first.
const WHOLE: usize = 4;

/// What [`GraphCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct GraphProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// What it is made of, once that is known.
    pub model: Option<ByPtr<ModelView>>,
    /// The tensor that is looked at.
    pub tensor: usize,
    /// The layer that listens now.
    pub window: Option<usize>,
    /// To choose another.
    pub dispatch: Dispatch,
}

/// The graph, and all layers as a table.
#[component]
pub fn GraphCard(props: &GraphProps) -> Html {
    let GraphProps {
        network,
        run,
        model,
        tensor,
        window,
        dispatch,
    } = props;
    let zoom = use_state_eq(|| WHOLE);
    let layout = use_memo(network.clone(), |network| {
        let edges = network.layers.iter().flat_map(|layer| {
            let sources = layer.sources.iter().flatten();
            sources.map(|&source| (source, layer.target))
        });
        Layout::new(network.tensors.len(), &edges.collect::<Vec<_>>())
    });
    let spikes = use_memo(run.clone(), |run| {
        let codes = |tensor| spikes_of(run.trace.codes(tensor), spike_code(run, tensor));
        (0..=run.trace.windows.len()).map(codes).collect::<Vec<u64>>()
    });
    let scale = ZOOMS[*zoom];
    let frame = use_node_ref();
    use_effect_with((*tensor, *zoom, network.clone(), frame.clone()), {
        let layout = layout.clone();
        move |(tensor, _, _, frame)| {
            if let (Some(frame), Some(&at)) = (frame.cast::<Element>(), layout.nodes.get(*tensor)) {
                reveal(&frame, at, scale);
            }
        }
    });
    let choose = {
        let (dispatch, network) = (dispatch.clone(), network.clone());
        move |tensor: usize| choose(&dispatch, &network, tensor)
    };
    let onkeydown = {
        let (layout, choose, tensor) = (layout.clone(), choose.clone(), *tensor);
        Callback::from(move |event: KeyboardEvent| {
            let next = match (arrow(&event.key()), event.key().as_str()) {
                (Some((sideways, down)), _) => layout.neighbour(tensor, sideways, down),
                (None, "Home") => 0,
                (None, "End") => layout.nodes.len().saturating_sub(1),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            choose(next);
        })
    };
    let most = spikes.iter().copied().max().unwrap_or(0).max(1) as f64;
    let edges = layout.edges.iter().map(|edge| {
        let count = spikes.get(edge.from).copied().unwrap_or(0);
        let width = 1.2 + 4.8 * (count as f64 / most).sqrt();
        let is_near = edge.from == *tensor || edge.to == *tensor;
        html! {
            <path d={edge.path.clone()} class={is_near.then_some("is-near")}
                style={format!("--hue:{};stroke-width:{width:.1}", words::hue(network, edge.from))} />
        }
    });
    let nodes = (0..layout.nodes.len()).map(|node| {
        let onclick = {
            let choose = choose.clone();
            Callback::from(move |_: MouseEvent| choose(node))
        };
        let layer = producer(network, node);
        let is_now = layer.is_some() && layer == *window;
        let lines = lines(network, run, model.as_deref(), node, &spikes);
        let (x, y) = layout.nodes[node];
        let is_chosen = node == *tensor;
        let name = layer.map_or_else(|| tensor_name(network, node), |layer| full_name(network, layer));
        html! {
            <g role="option" id={format!("node-{node}")} aria-selected={is_chosen.to_string()} {onclick}
                class={classes!("node", is_chosen.then_some("is-chosen"), is_now.then_some("is-now"))}
                transform={format!("translate({x:.1} {y:.1})")} style={format!("--hue:{}", words::hue(network, node))}>
                <title>{ name }</title>
                <rect class="box" width={NODE_WIDTH.to_string()} height={NODE_HEIGHT.to_string()} rx="7" />
                <rect class="hue" width="6" height={(NODE_HEIGHT - 14.0).to_string()} x="7" y="7" rx="2" />
                <text class="name" x="21" y="19">{ tensor_name(network, node) }</text>
                <text x="21" y="35">{ &lines[0] }</text>
                <text x="21" y="50">{ &lines[1] }</text>
            </g>
        }
    });
    let (width, height) = (layout.width, layout.height);
    let zoom_to = |step: isize| {
        let zoom = zoom.clone();
        Callback::from(move |_: MouseEvent| {
            let next = zoom.checked_add_signed(step).filter(|next| *next < ZOOMS.len());
            next.into_iter().for_each(|next| zoom.set(next));
        })
    };
    let aside = model.as_ref().map(|model| {
        let totals = model.report.totals;
        html! { <p>{ t!("network.totals", layers = format::count_of(totals.layers as u64, "layer"), neurons = format::count_of(totals.neurons as u64, "neuron"),
            synapses = format::count(totals.synapses), parameters = format::count(totals.parameters as u64)) }</p> }
    });
    html! {
        <Card name="graph" title={t!("network.graph").into_owned()} is_busy={model.is_none()} aside={aside.unwrap_or_default()}>
            <p class="card-note">{ t!("network.graph-note") }</p>
            <div class="graph-place">
                <div class="graph-frame" ref={frame} role="listbox" tabindex="0" aria-label={t!("network.graph-label")}
                    aria-activedescendant={format!("node-{tensor}")} {onkeydown}>
                    <svg role="group" aria-label={t!("network.graph")} viewBox={format!("0 0 {width:.0} {height:.0}")}
                        style={format!("width:{:.0}px;height:{:.0}px", width * scale, height * scale)}>
                        <g class="edges" aria-hidden="true">{ for edges }</g>
                        { for nodes }
                    </svg>
                </div>
                <div class="graph-zoom">
                    <button type="button" class="button" aria-label={t!("network.smaller")} disabled={*zoom == 0} onclick={zoom_to(-1)}>{ "−" }</button>
                    <output aria-live="polite">{ format::percent(scale) }</output>
                    <button type="button" class="button" aria-label={t!("network.larger")} disabled={*zoom + 1 == ZOOMS.len()} onclick={zoom_to(1)}>{ "+" }</button>
                </div>
            </div>
            if let Some(model) = model {
                <details class="twin">
                    <summary>{ t!("network.as-table") }</summary>
                    { table(network, model, &spikes) }
                </details>
            }
        </Card>
    }
}

/// Chooses a tensor: its layer everywhere, or the input here.
pub fn choose(dispatch: &Dispatch, network: &NetworkView, tensor: usize) {
    dispatch.dispatch(match producer(network, tensor) {
        Some(layer) => Action::SelectLayer(layer),
        None => Action::Network(NetworkAction::ChooseInput),
    });
}

/// Scrolls a node into sight, and nothing else.
fn reveal(frame: &Element, (x, y): (f64, f64), scale: f64) {
    let into = |at: f64, size: f64, seen: f64, room: f64| {
        if at < seen || at + size > seen + room {
            at - (room - size) / 2.0
        } else {
            seen
        }
    };
    let top = into(
        y * scale,
        NODE_HEIGHT * scale,
        frame.scroll_top().into(),
        frame.client_height().into(),
    );
    let left = into(
        x * scale,
        NODE_WIDTH * scale,
        frame.scroll_left().into(),
        frame.client_width().into(),
    );
    frame.set_scroll_top(top.round() as i32);
    frame.set_scroll_left(left.round() as i32);
}

/// Two lines below a node's name: what it is, and what comes out.
fn lines(
    network: &NetworkView,
    run: &RunView,
    model: Option<&ModelView>,
    tensor: usize,
    spikes: &[u64],
) -> [String; 2] {
    let view = &network.tensors[tensor];
    let what = match producer(network, tensor) {
        None => words::codes(view.affine),
        Some(layer) => {
            let report = model.map(|model| &model.report.layers[layer]);
            let kind = report.map_or_else(String::new, |report| words::kind(report.kind).into_owned());
            let kernel = words::kernel(&network.layers[layer].connections);
            let bits = report.filter(|report| report.weight_scales.iter().len() > 0 && report.parameters > 0);
            let bits = bits.and_then(|report| report.weight_bits);
            let weights = bits.map_or_else(String::new, |bits| {
                t!("network.weights-of", bits = bits).into_owned()
            });
            [kind, kernel, weights]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ")
        }
    };
    let shape = format::shape(&view.shape);
    let out = match spike_code(run, tensor) {
        Some(_) => format!(
            "{shape} · {}",
            t!(
                "network.spikes",
                number = format::short(spikes.get(tensor).copied().unwrap_or(0))
            )
        ),
        None => format!("{shape} · {}", t!("network.real")),
    };
    [what, out]
}

/// The same as `sdann inspect` tells, and the spikes of this run.
fn table(network: &NetworkView, model: &ModelView, spikes: &[u64]) -> Html {
    let number = |number: u64| html! { <td class="number">{ format::count(number) }</td> };
    let row = |(index, layer): (usize, &crate::export::LayerReport)| {
        let view = &network.layers[index];
        let codes = |tensor: usize| words::codes(network.tensors[tensor].affine);
        html! {
            <tr>
                <th scope="row" title={full_name(network, index)}>{ layer_name(network, index) }</th>
                <td>{ words::kind(layer.kind) }</td>
                <td>{ format::shape(&layer.input.shape) }</td>
                <td>{ format::shape(&layer.output.shape) }</td>
                <td>{ words::kernel(&view.connections) }</td>
                <td>{ format!("{} → {}", codes(view.source), codes(view.target)) }</td>
                <td>{ layer.weight_bits.filter(|_| layer.parameters > 0).map(|bits| format!("int{bits}")) }</td>
                { number(layer.fan_in as u64) }
                { number(layer.neurons as u64) }
                { number(layer.synapses) }
                { number(layer.macs) }
                { number(layer.parameters as u64) }
                { number(spikes.get(view.target).copied().unwrap_or(0)) }
            </tr>
        }
    };
    let totals = model.report.totals;
    let heads = [
        "layer",
        "kind",
        "input",
        "output",
        "kernel",
        "codes",
        "weights",
        "fan-in",
        "neurons",
        "synapses",
        "macs",
        "parameters",
        "spikes",
    ];
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={t!("network.as-table")}>
            <table class="network-table layers-table">
                <thead><tr>{ for heads.iter().map(|head| html! { <th scope="col">{ t!(format!("network.column.{head}")) }</th> }) }</tr></thead>
                <tbody>{ for model.report.layers.iter().enumerate().map(row) }</tbody>
                <tfoot><tr>
                    <th scope="row" colspan="8">{ t!("network.together") }</th>
                    { number(totals.neurons as u64) }
                    { number(totals.synapses) }
                    { number(totals.macs) }
                    { number(totals.parameters as u64) }
                    { number(spikes.iter().sum()) }
                </tr></tfoot>
            </table>
        </div>
    }
}
