//! Spikes between cores: the mesh at one time step.

use super::layer_map::arrow;
use super::mesh_layout::{
    CORE, LEVELS, busiest_links, centre, core_at, core_paths, level, link_end, link_line, link_paths,
    neighbour, size,
};
use super::words::{busiest, producer, short_name, tensor_name};
use crate::chip::{DIRECTIONS, Mapping, MappingError, Topology, Traffic};
use crate::web::format;
use crate::web::palette::{Palette, hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, PixelCanvas, Pixels, Rect, use_pixel_ratio};
use crate::web::selection::{Select, Selection};
use crate::web::worker::{NetworkView, RunView};
use std::rc::Rc;
use web_sys::HtmlElement;
use yew::prelude::*;

/// More cores than this are drawn as pixels.
const MOST_SHAPES: usize = 1024;
/// Links on which a spike is seen travelling.
const MOST_DOTS: usize = 28;
/// Highest picture in CSS pixels.
const HEIGHT: f64 = 208.0;
/// Widest picture in CSS pixels, for choosing what fits.
const WIDTH: f64 = 330.0;

/// What [`MeshCard`] takes.
#[derive(Clone, Properties)]
pub struct MeshCardProps {
    /// The network.
    pub network: Rc<NetworkView>,
    /// The run.
    pub run: Rc<RunView>,
    /// The time step, over all windows.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// Called with the chosen core.
    pub on_select: Callback<Select>,
}

impl PartialEq for MeshCardProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.network, &other.network)
            && Rc::ptr_eq(&self.run, &other.run)
            && self.step == other.step
            && self.selection == other.selection
            && self.on_select == other.on_select
    }
}

/// The busiest of a time step, which sets the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Most {
    core: u32,
    link: u32,
}

impl Most {
    fn of(traffic: &Traffic, step: usize) -> Self {
        let pairs = traffic
            .at(&traffic.sent, step)
            .iter()
            .zip(traffic.at(&traffic.received, step));
        Self {
            core: pairs
                .map(|(&sent, &received)| sent.saturating_add(received))
                .max()
                .unwrap_or(0),
            link: traffic
                .at(&traffic.links, step)
                .iter()
                .copied()
                .max()
                .unwrap_or(0),
        }
    }
}

/// Cores in their layer's hue, links as wide as what they carry, and what the chosen core does.
#[component]
pub fn MeshCard(props: &MeshCardProps) -> Html {
    match &props.run.chip {
        Err(error) => misfit(error),
        Ok(_) => html! { <Mesh ..props.clone() /> },
    }
}

fn misfit(error: &MappingError) -> Html {
    let MappingError::TooFewCores {
        needed,
        available,
        capacity,
        ..
    } = error;
    let side = needed.isqrt() + usize::from(needed.isqrt() * needed.isqrt() < *needed);
    let packed = (*capacity as usize * needed).div_ceil((*available).max(1));
    html! {
        <section class="card mesh-card misfit" aria-labelledby="mesh-title">
            <header>
                <h2 id="mesh-title">{ "Spikes travelling" }</h2>
                <p>{ "The network does not fit on this chip" }</p>
            </header>
            <p class="misfit-count">
                <b>{ format::count(*needed as u64) }</b>{ " cores needed, " }
                <b>{ format::count(*available as u64) }</b>{ " on the mesh" }
            </p>
            <p>{ format!(
                "A mesh of {side} × {side} cores would hold it, or about {} neurons on a core instead of {}.",
                format::count(packed as u64),
                format::count((*capacity).into()),
            ) }</p>
            <p class="card-note">{ error.to_string() }</p>
        </section>
    }
}

#[component]
fn Mesh(props: &MeshCardProps) -> Html {
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let hovered = use_state_eq(|| None::<usize>);
    let picture = use_node_ref();
    let run = ByPtr(props.run.clone());
    let Ok((mapping, traffic)) = &props.run.chip else {
        return Html::default();
    };
    let chip = mapping.topology;
    let network = &props.network;
    let step = props.step.min(traffic.steps.saturating_sub(1));
    let most = Most::of(traffic, step);
    let own_core = network.layers.get(props.selection.layer).and_then(|layer| {
        let neurons = layer.connections.output.len();
        (props.selection.neuron < neurons).then(|| mapping.core_of(layer.target, props.selection.neuron))
    });
    let chosen = props
        .selection
        .core
        .or(own_core)
        .filter(|&core| core < chip.cores())
        .unwrap_or(0);
    let (width, height) = size(chip);
    let point = {
        let picture = picture.clone();
        move |event: &MouseEvent| {
            let element = picture.cast::<HtmlElement>()?;
            let scale = width / f64::from(element.offset_width().max(1));
            core_at(
                chip,
                f64::from(event.offset_x()) * scale,
                f64::from(event.offset_y()) * scale,
            )
        }
    };
    let onclick = {
        let (on_select, point) = (props.on_select.clone(), point.clone());
        Callback::from(move |event: MouseEvent| {
            if let Some(core) = point(&event) {
                on_select.emit(Select::Core(Some(core)));
            }
        })
    };
    let onmousemove = {
        let hovered = hovered.setter();
        Callback::from(move |event: MouseEvent| hovered.set(point(&event)))
    };
    let onmouseleave = {
        let hovered = hovered.setter();
        Callback::from(move |_: MouseEvent| hovered.set(None))
    };
    let onkeydown = {
        let on_select = props.on_select.clone();
        Callback::from(move |event: KeyboardEvent| {
            let next = match (arrow(&event.key()), event.key().as_str()) {
                (Some((columns, rows)), _) => Some(neighbour(chip, chosen, columns, rows)),
                (None, "Escape") => None,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            on_select.emit(Select::Core(next));
        })
    };
    let words = describe(network, mapping, traffic, hovered.unwrap_or(chosen), step);
    let is_large = chip.cores() > MOST_SHAPES;
    let most_width = if is_large {
        (pixel_pitch(chip, ratio) * usize::from(chip.width)) as f64 / ratio
    } else {
        HEIGHT * width / height
    };
    let style = format!("aspect-ratio:{width}/{height};max-width:{most_width:.2}px");
    let drawing = if is_large {
        html! { <MeshPixels network={ByPtr(network.clone())} {run} {step} {most} palette={ByPtr(palette)} {ratio} /> }
    } else {
        shapes(network, mapping, traffic, step, most)
    };
    let (x, y) = centre(chip, chosen);
    let outline = format!(
        "left:{:.3}%;top:{:.3}%;width:{:.3}%;height:{:.3}%",
        (x - CORE / 2.0) / width * 100.0,
        (y - CORE / 2.0) / height * 100.0,
        CORE / width * 100.0,
        CORE / height * 100.0
    );
    html! {
        <section class="card mesh-card" aria-labelledby="mesh-title">
            <header>
                <h2 id="mesh-title">{ format!("Spikes travelling, step {}", step + 1) }</h2>
                <p>{ summary(chip, traffic, step) }</p>
            </header>
            <div class="mesh" ref={picture} {style} tabindex="0" role="application"
                aria-roledescription="mesh of cores" {onclick} {onmousemove} {onmouseleave} {onkeydown}
                aria-label={format!("{}. Arrow keys choose a core, Escape goes back to the chosen neuron’s.", words.join(", "))}>
                { drawing }
                <span class="chosen-core" style={outline} aria-hidden="true" />
            </div>
            <p class="mesh-words">
                <b aria-live="polite">{ &words[0] }</b>
                { for words[1..].iter().map(|line| html! { <span>{ line }</span> }) }
            </p>
            <p class="card-note mesh-legend">
                <span class="legend-cores" aria-hidden="true">{ for (0..4).map(|_| html! { <i /> }) }</span>
                { "packets of a core" }
                <span class="legend-links" aria-hidden="true"><i /><i /><i /></span>
                { "packets of a link" }
            </p>
        </section>
    }
}

/// Cores and links as shapes.
fn shapes(network: &NetworkView, mapping: &Mapping, traffic: &Traffic, step: usize, most: Most) -> Html {
    let chip = mapping.topology;
    let (width, height) = size(chip);
    let packets = traffic.at(&traffic.links, step);
    let (sent, received) = (
        traffic.at(&traffic.sent, step),
        traffic.at(&traffic.received, step),
    );
    let count = |counts: &[u32], core: usize| counts.get(core).copied().unwrap_or(0);
    let tensor_of = |core: usize| mapping.on_core(core).next().map(|slice| slice.tensor);
    let cores = core_paths(
        chip,
        tensor_of,
        |core| count(sent, core).saturating_add(count(received, core)),
        most.core,
    );
    let links = link_paths(chip, packets, most.link).into_iter().enumerate().map(|(level, d)| {
        let share = level as f64 / LEVELS as f64;
        let style = format!("--level:{share:.3}");
        html! { <path key={format!("l{level}")} class={if level == 0 { "link idle" } else { "link" }} {style} {d} /> }
    });
    let cores = cores.into_iter().map(|((tensor, level), d)| {
        let style = tensor.map(|tensor| {
            let share = 0.16 + 0.84 * level as f64 / LEVELS as f64;
            format!(
                "--hue:{};--level:{share:.3}",
                hue_of_layer(producer(network, tensor))
            )
        });
        let class = if tensor.is_some() { "core" } else { "core empty" };
        html! { <path key={format!("c{tensor:?}{level}")} {class} {style} {d} /> }
    });
    // A core's share of the card decides whether a name is still legible in it.
    let scale = (WIDTH / width).min(HEIGHT / height);
    let names = (scale * 12.0 >= 7.5).then(|| {
        mapping.slices.iter().map(|slice| {
            let (x, y) = centre(chip, slice.core);
            html! { <text x={x.to_string()} y={y.to_string()}>{ short_name(network, slice.tensor) }</text> }
        })
    });
    let dots = busiest_links(packets, if chip.cores() > 400 { 0 } else { MOST_DOTS });
    let dots = dots.into_iter().map(|link| {
        let ((x, y), (to_x, to_y)) = link_line(chip, link);
        let style = format!("--dx:{:.1}px;--dy:{:.1}px", to_x - x, to_y - y);
        html! { <circle class="spike-dot" cx={x.to_string()} cy={y.to_string()} r="3.2" {style} /> }
    });
    html! {
        <svg viewBox={format!("0 0 {width} {height}")} aria-hidden="true">
            <g class="links">{ for links }</g>
            <g class="cores">{ for cores }</g>
            if let Some(names) = names {
                <g class="core-names">{ for names }</g>
            }
            // Another step is another group, so that its spikes start anew.
            <g key={format!("dots{step}")} class="dots">{ for dots }</g>
        </svg>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct MeshPixelsProps {
    network: ByPtr<NetworkView>,
    run: ByPtr<RunView>,
    step: usize,
    most: Most,
    palette: ByPtr<Palette>,
    ratio: f64,
}

/// A mesh too large for shapes: a square per core, and between them what the links carry.
#[component]
fn MeshPixels(props: &MeshPixelsProps) -> Html {
    let pixels = use_memo(props.clone(), |props| match &props.run.chip {
        Err(_) => Pixels::default(),
        Ok((mapping, traffic)) => paint(props, mapping, traffic),
    });
    html! { <PixelCanvas pixels={ByPtr(pixels)} ratio={props.ratio} class="mesh-pixels" /> }
}

/// Device pixels from one core to the next on a mesh that is drawn as pixels.
fn pixel_pitch(chip: Topology, ratio: f64) -> usize {
    let room = (WIDTH / f64::from(chip.width)).min(1.25 * HEIGHT / f64::from(chip.height));
    ((room * ratio).floor() as usize).max(3)
}

fn paint(props: &MeshPixelsProps, mapping: &Mapping, traffic: &Traffic) -> Pixels {
    let chip = mapping.topology;
    let (columns, rows) = (usize::from(chip.width), usize::from(chip.height));
    let pitch = pixel_pitch(chip, props.ratio);
    let gap = (pitch / 4).max(1);
    let side = pitch - gap;
    let mut pixels = Pixels::new(columns * pitch, rows * pitch);
    let palette = &props.palette;
    let packets = traffic.at(&traffic.links, props.step);
    let (sent, received) = (
        traffic.at(&traffic.sent, props.step),
        traffic.at(&traffic.received, props.step),
    );
    let link =
        |core: usize, direction: usize| packets.get(core * DIRECTIONS + direction).copied().unwrap_or(0);
    for core in 0..chip.cores() {
        let (x, y) = chip.position(core);
        let (left, top) = (x * pitch + gap / 2, y * pitch + gap / 2);
        let colour = match mapping.on_core(core).next() {
            None => palette.surface.mix(palette.sunken, 0.6),
            Some(slice) => {
                let hue = producer(&props.network, slice.tensor)
                    .map_or(palette.input, |layer| palette.layer(layer));
                let activity =
                    sent.get(core).copied().unwrap_or(0) + received.get(core).copied().unwrap_or(0);
                palette.sunken.mix(
                    hue,
                    0.2 + 0.8 * level(activity, props.most.core) as f32 / LEVELS as f32,
                )
            }
        };
        pixels.fill(
            Rect {
                x: left,
                y: top,
                width: side,
                height: side,
            },
            colour.pixel(),
        );
        let ends = [
            (x + 1 < columns, core + 1, 0, 1),
            (y + 1 < rows, core + columns, 2, 3),
        ];
        for (exists, end, there, back) in ends {
            let level = if exists {
                level(link(core, there).max(link(end, back)), props.most.link)
            } else {
                0
            };
            if level > 0 {
                let colour = palette.surface.mix(palette.spike, level as f32 / LEVELS as f32);
                let thick = (side / 2).max(1);
                let middle = (side - thick) / 2;
                let rect = if there == 0 {
                    Rect {
                        x: left + side,
                        y: top + middle,
                        width: gap,
                        height: thick,
                    }
                } else {
                    Rect {
                        x: left + middle,
                        y: top + side,
                        width: thick,
                        height: gap,
                    }
                };
                pixels.fill(rect, colour.pixel());
            }
        }
    }
    pixels
}

fn position(chip: Topology, core: usize) -> String {
    let (x, y) = chip.position(core);
    format!("({x}, {y})")
}

/// The busiest core and the busiest link of a step.
fn summary(chip: Topology, traffic: &Traffic, step: usize) -> String {
    let (sent, received) = (
        traffic.at(&traffic.sent, step),
        traffic.at(&traffic.received, step),
    );
    let core = busiest(sent.iter().zip(received).map(|(&s, &r)| s.saturating_add(r))).filter(|&(_, n)| n > 0);
    let link = busiest(traffic.at(&traffic.links, step).iter().copied()).filter(|&(_, n)| n > 0);
    let Some((core, _)) = core else {
        return "no spike in this step".to_owned();
    };
    let core = format!("busiest: core {}", position(chip, core));
    match link.and_then(|(link, packets)| Some((link / DIRECTIONS, link_end(chip, link)?, packets))) {
        None => format!("{core} · no packet leaves its core"),
        Some((from, to, packets)) => format!(
            "{core} · link {} → {}, {}",
            position(chip, from),
            position(chip, to),
            format::counted(packets.into(), "packet", "packets"),
        ),
    }
}

/// What a core holds, what it does in a step, and what it does in all.
fn describe(
    network: &NetworkView,
    mapping: &Mapping,
    traffic: &Traffic,
    core: usize,
    step: usize,
) -> Vec<String> {
    let chip = mapping.topology;
    let Some(slice) = mapping.on_core(core).next() else {
        return vec![
            format!("Core {}, empty", position(chip, core)),
            "packets only pass through".to_owned(),
        ];
    };
    let name = tensor_name(network, slice.tensor);
    let now = |counts: &[u32]| u64::from(traffic.at(counts, step).get(core).copied().unwrap_or(0));
    let all = |counts: &[u32]| {
        (0..traffic.steps)
            .map(|s| u64::from(traffic.at(counts, s)[core]))
            .sum::<u64>()
    };
    let line = |when: &str, sent: u64, received: u64, operations: u64| {
        format!(
            "{when}: {} sent, {} received, {}",
            format::count(sent),
            format::count(received),
            format::counted(operations, "operation", "operations"),
        )
    };
    vec![
        format!(
            "Core {}, {name}, {}",
            position(chip, core),
            format::counted(slice.block.len() as u64, "neuron", "neurons"),
        ),
        line(
            "this step",
            now(&traffic.sent),
            now(&traffic.received),
            now(&traffic.operations),
        ),
        line(
            "in all",
            all(&traffic.sent),
            all(&traffic.received),
            all(&traffic.operations),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::network;
    use super::*;
    use crate::chip::{MappingOptions, Tiling};
    use crate::graph::Volume;

    fn traffic() -> (Mapping, Traffic) {
        let chip = Topology::mesh(2, 2);
        let vector = |channels| Volume {
            channels,
            height: 1,
            width: 1,
        };
        let tilings = [16, 6, 3].map(|neurons| Tiling {
            volume: vector(neurons),
            block: vector(16),
            parts: 1,
        });
        let mapping =
            Mapping::in_order(chip, 16, &MappingOptions::default(), tilings.to_vec()).expect("it fits");
        let mut links = vec![0; 2 * 16];
        links[16] = 7;
        let traffic = Traffic {
            topology: chip,
            steps: 2,
            spikes: vec![0; 8].into(),
            sent: vec![0, 0, 0, 0, 7, 0, 0, 0].into(),
            received: vec![0, 0, 0, 0, 0, 7, 0, 0].into(),
            operations: vec![0, 0, 0, 0, 0, 42, 0, 0].into(),
            links: links.into(),
            hops: vec![0, 7],
            ..Traffic::default()
        };
        (mapping, traffic)
    }

    #[test]
    fn the_busiest_core_and_link_are_named() {
        let (mapping, traffic) = traffic();
        assert_eq!(summary(mapping.topology, &traffic, 0), "no spike in this step");
        let words = summary(mapping.topology, &traffic, 1);
        assert_eq!(
            words,
            format!(
                "busiest: core (0, 0) · link (0, 0) → (1, 0), 7{}packets",
                format::THIN
            )
        );
        assert_eq!(Most::of(&traffic, 1), Most { core: 7, link: 7 });
    }

    #[test]
    fn a_core_is_described_by_what_it_holds_and_does() {
        let (mapping, traffic) = traffic();
        let words = describe(&network(), &mapping, &traffic, 1, 1);
        assert_eq!(
            words[0],
            format!("Core (1, 0), hidden12, 6{}neurons", format::THIN)
        );
        assert_eq!(
            words[1],
            format!("this step: 0 sent, 7 received, 42{}operations", format::THIN)
        );
        assert_eq!(
            describe(&network(), &mapping, &traffic, 3, 0)[0],
            "Core (1, 1), empty"
        );
    }
}
