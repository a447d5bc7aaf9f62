//! Where registers were too narrow for the sample that is shown.

use super::icon::{Glyph, Icon};
use crate::web::format::{counted, thousands};
use crate::web::plots::ByPtr;
use crate::web::selection::Select;
use crate::web::views::{full_name, layer_name};
use crate::web::worker::{NetworkView, RunView};
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
    let times = counted(window.overflows, "time", "times").replace('\u{202f}', " ");
    let later = if others > 0 {
        format!(", later layers {}", thousands(others as i64))
    } else {
        String::new()
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
    let step = first
        .step
        .map_or("its start value".to_owned(), |step| format!("step {}", step + 1));
    let whole = format!(
        "{} overflowed {times} in this sample{later}; first at neuron {}, {step}. Show it",
        full_name(&props.network, layer),
        thousands(first.neuron.into())
    );
    html! {
        <button type="button" class="overflow-note" {onclick} title={whole.clone()} aria-label={whole}>
            <Icon glyph={Glyph::Exclamation} /><span>{ format!("{name} overflowed {times}") }</span>
        </button>
    }
}
