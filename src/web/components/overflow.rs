//! Where registers were too narrow for the sample that is shown.

use super::icon::{Glyph, Icon};
use crate::web::format::thousands;
use crate::web::plots::ByPtr;
use crate::web::selection::Select;
use crate::web::views::{full_name, layer_name};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// The run.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The neuron that overflowed first is wanted, and the step.
    pub on_show: Callback<(Select, usize)>,
}

/// A button that says which layer overflowed first, and leads to the neuron.
#[component]
pub fn OverflowNote(props: &Props) -> Html {
    let windows = &props.run.trace.windows;
    let Some(layer) = windows.iter().position(|window| window.overflows > 0) else {
        return Html::default();
    };
    let (window, name) = (&windows[layer], layer_name(&props.network, layer));
    let others: u64 = windows
        .iter()
        .skip(layer + 1)
        .map(|window| window.overflows)
        .sum();
    let overflowed = |layer: &str| match window.overflows {
        1 => t!("overflow.once", layer = layer),
        number => t!("overflow.times", layer = layer, number = thousands(number as i64)),
    };
    let Some(first) = window.events.first() else {
        return Html::default();
    };
    let before: usize = windows.iter().take(layer).map(|window| window.steps()).sum();
    let (neuron, at) = (
        first.neuron as usize,
        before + usize::from(first.step.unwrap_or(0)),
    );
    let onclick = props
        .on_show
        .reform(move |_: MouseEvent| (Select::Neuron { layer, neuron }, at));
    let step = match first.step {
        Some(step) => t!("overflow.step", step = step + 1),
        None => t!("overflow.start"),
    };
    let whole = overflowed(&full_name(&props.network, layer));
    let neuron = thousands(first.neuron.into());
    let whole = match others {
        0 => t!("overflow.whole", overflowed = whole, neuron = neuron, step = step),
        _ => t!(
            "overflow.whole-later",
            overflowed = whole,
            later = thousands(others as i64),
            neuron = neuron,
            step = step
        ),
    };
    html! {
        <button type="button" class="overflow-note" {onclick} title={whole.clone()} aria-label={whole}>
            <Icon glyph={Glyph::Exclamation} /><span>{ overflowed(&name) }</span>
        </button>
    }
}
