//! Which neuron: by layer, by number, one after the other, or on a map of its layer.

use crate::web::components::{Card, Hinted, hint_id};
use crate::web::format;
use crate::web::palette::use_palette;
use crate::web::plots::{ByPtr, Diverging, typical_magnitude, use_pixel_ratio};
use crate::web::selection::{Select, Selection};
use crate::web::state::{Action, Dispatch};
use crate::web::views::layer_map::LayerStage;
use crate::web::views::words::{Phase, layer_name, place, spike_code, spikes_of, volume};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What [`Choose`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct ChooseProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The time step.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// To choose another.
    pub dispatch: Dispatch,
}

/// The input's neuron that is looked at, if it is one of those.
pub fn chosen_pixel(selection: &Selection) -> Option<usize> {
    selection
        .spike
        .and_then(|(tensor, neuron)| (tensor == 0).then_some(neuron))
}

/// Lists, arrows and the map.
#[component]
pub fn Choose(props: &ChooseProps) -> Html {
    let ChooseProps {
        network,
        run,
        selection,
        dispatch,
        ..
    } = props;
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let ramp = use_memo(ByPtr(palette), |palette| {
        Diverging::new(palette.negative, palette.zero, palette.positive)
    });
    let layer = selection.layer;
    let summary = use_memo((network.clone(), run.clone(), layer), |(network, run, layer)| {
        let (view, window) = (network.layers.get(*layer)?, run.trace.windows.get(*layer)?);
        let last = window.steps().checked_sub(1);
        let spikes = spikes_of(&window.codes, spike_code(run, view.target));
        Some((typical_magnitude(window.main().membranes_at(last)), spikes))
    });
    let pixel = chosen_pixel(selection);
    let (tensor, neuron) = match pixel {
        Some(pixel) => (0, pixel),
        None => (
            network.layers.get(layer).map_or(0, |l| l.target),
            selection.neuron,
        ),
    };
    let area = volume(network, tensor);
    let choose = {
        let dispatch = dispatch.clone();
        Callback::from(move |neuron: usize| {
            let neuron = neuron.min(area.len().saturating_sub(1));
            dispatch.dispatch(Action::Select(match pixel {
                Some(_) => Select::Spike(Some((0, neuron))),
                None => Select::Neuron { layer, neuron },
            }));
        })
    };
    let on_layer = {
        let dispatch = dispatch.clone();
        Callback::from(move |event: Event| {
            let index = event
                .target_unchecked_into::<HtmlSelectElement>()
                .selected_index();
            match usize::try_from(index).unwrap_or(0).checked_sub(1) {
                None => dispatch.dispatch(Action::Select(Select::Spike(Some((0, 0))))),
                Some(layer) => dispatch.dispatch(Action::SelectLayer(layer)),
            }
        })
    };
    let on_number = choose.reform(|event: Event| {
        let typed = event
            .target_unchecked_into::<HtmlInputElement>()
            .value_as_number();
        if typed.is_finite() {
            typed.max(0.0) as usize
        } else {
            0
        }
    });
    let last = area.len().saturating_sub(1);
    let by = |label: String, text: &'static str, to: usize| {
        let onclick = choose.reform(move |_: MouseEvent| to);
        html! {
            <button type="button" class="button button-icon" aria-label={label.clone()} title={label} disabled={to == neuron} {onclick}>{ text }</button>
        }
    };
    let map = (*summary).filter(|_| pixel.is_none()).map(|(magnitude, spikes)| {
        let on_select = crate::web::state::dispatching(dispatch, Action::Select);
        html! {
            <LayerStage network={network.clone()} run={run.clone()} {layer} phase={Phase::of(run, layer, props.step)}
                {magnitude} {spikes} ramp={ByPtr(ramp)} {ratio} chosen={Some(selection.neuron)} {on_select} />
        }
    });
    html! {
        <Card name="choose" title={t!("neuron.choose").into_owned()} aside={html! { <p aria-live="polite">{ place(area, neuron) }</p> }}>
            <div class="choose-fields">
                <Hinted name="neuron-layer"><label class="choose-layer">
                    <span>{ t!("neuron.layer") }</span>
                    <select class="choice-select" aria-describedby={hint_id("neuron-layer")} onchange={on_layer}>
                        <option selected={pixel.is_some()}>{ t!("neuron.input-layer") }</option>
                        { for (0..network.layers.len()).map(|index| html! {
                            <option selected={pixel.is_none() && index == layer}>{ layer_name(network, index) }</option>
                        }) }
                    </select>
                </label></Hinted>
                <Hinted name="neuron-number"><label>
                    <span>{ t!("neuron.number", last = format::count(last as u64)) }</span>
                    <input class="number" type="number" min="0" max={last.to_string()} value={neuron.to_string()}
                        aria-describedby={hint_id("neuron-number")} onchange={on_number} />
                </label></Hinted>
                { by(t!("neuron.previous").into_owned(), "‹", neuron.saturating_sub(1)) }
                { by(t!("neuron.next").into_owned(), "›", (neuron + 1).min(last)) }
            </div>
            { map }
        </Card>
    }
}
