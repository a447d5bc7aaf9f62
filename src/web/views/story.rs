//! The big card: from the input over bits and membranes to the answer, left to right.

use super::bit_planes::BitPlanesStage;
use super::class::ClassStage;
use super::curve::CurveStage;
use super::input::InputStage;
use super::layer_map::LayerStage;
use super::picture::PictureStage;
use super::words::{Phase, spike_code, spikes_of};
use crate::web::components::TakeAway;
use crate::web::palette::use_palette;
use crate::web::plots::{ByPtr, Diverging, typical_magnitude, use_pixel_ratio};
use crate::web::selection::{Select, Selection};
use crate::web::task::Task;
use crate::web::theme::wants_no_motion;
use crate::web::worker::{NetworkView, RunView};
use gloo::utils::document;
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// What [`Story`] takes.
#[derive(Clone, Properties)]
pub struct StoryProps {
    /// The network.
    pub network: Rc<NetworkView>,
    /// The run.
    pub run: Rc<RunView>,
    /// What the sample is, in words.
    pub sample_caption: AttrValue,
    /// The index of a stored sample.
    pub stored: Option<usize>,
    /// What classes are called, if they have names.
    pub classes: Rc<Vec<String>>,
    /// The time step, over all windows.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// Called with what was chosen.
    pub on_select: Callback<Select>,
}

impl PartialEq for StoryProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.network, &other.network)
            && Rc::ptr_eq(&self.run, &other.run)
            && self.sample_caption == other.sample_caption
            && self.stored == other.stored
            && self.classes == other.classes
            && self.step == other.step
            && self.selection == other.selection
            && self.on_select == other.on_select
    }
}

/// What is known of a layer as soon as the run is there.
struct Summary {
    magnitude: i64,
    spikes: u64,
}

/// Input, bit planes, every layer, class.
#[component]
pub fn Story(props: &StoryProps) -> Html {
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let ramp = use_memo(ByPtr(palette.clone()), |palette| {
        Diverging::new(palette.negative, palette.zero, palette.positive)
    });
    let network = ByPtr(props.network.clone());
    let run = ByPtr(props.run.clone());
    let summaries = use_memo((network.clone(), run.clone()), |(network, run)| {
        summaries(network, run)
    });
    let now = props.run.trace.locate(props.step);
    let stages = use_node_ref();
    let on_swipe = use_following(&stages, now.map(|(window, _)| window));
    let Some((window, within)) = now else {
        return Html::default();
    };
    let last = network.layers.len().saturating_sub(1);
    let chosen = |layer: usize| (props.selection.layer == layer).then_some(props.selection.neuron);
    let task = Task::of(&network);
    let phase = Phase::of(&run, last, props.step);
    let (answer, has_membranes) = match task {
        Task::Picture(frame) => (
            html! {
                <PictureStage network={network.clone()} run={run.clone()} stored={props.stored} {frame} {phase}
                    palette={ByPtr(palette.clone())} {ratio} />
            },
            false,
        ),
        Task::Numbers if run.curve.is_some() => (
            html! { <CurveStage network={network.clone()} run={run.clone()} stored={props.stored} {phase} /> },
            false,
        ),
        Task::Classes | Task::Numbers => (
            html! {
                <ClassStage network={network.clone()} run={run.clone()} classes={props.classes.clone()} {task} {phase}
                    chosen={chosen(last)} on_select={props.on_select.clone()} />
            },
            true,
        ),
    };
    // The bars of the class show the last layer's membranes; other answers don't.
    let maps = if has_membranes { last } else { last + 1 };
    let layers = summaries.iter().enumerate().take(maps).map(|(layer, summary)| {
        html! {
            <LayerStage key={layer} network={network.clone()} run={run.clone()} {layer}
                phase={Phase::of(&run, layer, props.step)} magnitude={summary.magnitude} spikes={summary.spikes}
                ramp={ByPtr(ramp.clone())} {ratio} chosen={chosen(layer)} on_select={props.on_select.clone()} />
        }
    });
    html! {
        <section class="card story" aria-labelledby="story-title"
            data-register-bits={props.run.settings.conversion.register_bits.to_string()}>
            <header>
                <h2 id="story-title" class="visually-hidden">{ t!("story.title") }</h2>
                <TakeAway title={t!("story.title").into_owned()} />
            </header>
            <div class="stages" ref={stages} ontouchmove={on_swipe.reform(|_: TouchEvent| ())} onwheel={on_swipe.reform(|_: WheelEvent| ())}>
                <InputStage network={network.clone()} run={run.clone()} caption={props.sample_caption.clone()}
                    palette={ByPtr(palette.clone())} {ratio} />
                <BitPlanesStage network={network.clone()} run={run.clone()} {window} step={within}
                    palette={ByPtr(palette.clone())} {ratio} on_select={props.on_select.clone()} />
                { for layers }
                { answer }
            </div>
        </section>
    }
}

/// Where the stages have no room side by side, the listening one comes into view as time passes: until the
/// user moves them, or walks through them by keyboard.
#[hook]
fn use_following(stages: &NodeRef, window: Option<usize>) -> Callback<()> {
    let has_swiped = use_mut_ref(|| false);
    use_effect_with((stages.clone(), window), {
        let has_swiped = has_swiped.clone();
        move |(stages, window)| {
            let (Some(stages), Some(window)) = (stages.cast::<HtmlElement>(), *window) else {
                return;
            };
            let focused = document().active_element();
            let is_inside = focused.is_some_and(|focused| stages.contains(Some(&focused)));
            if !*has_swiped.borrow() && !is_inside && !wants_no_motion() {
                // Before it there are the input and the bit planes.
                show_stage(&stages, window + 2);
            }
        }
    });
    Callback::from(move |()| *has_swiped.borrow_mut() = true)
}

/// Scrolls to the first stage from which on `index` is in view; styles make it gentle.
fn show_stage(stages: &HtmlElement, index: usize) {
    let children = stages.children();
    let stage = |index: usize| children.item(index as u32)?.dyn_into::<HtmlElement>().ok();
    let Some(listening) = stage(index) else { return };
    // The answer is pinned to the right where there is room: what listens must not lie behind it.
    let answer = stage((children.length() as usize).saturating_sub(1)).filter(is_pinned);
    let pinned = answer.map_or(0, |answer| answer.offset_width());
    let right = listening.offset_left() + listening.offset_width() + pinned;
    let lefts = (0..=index).filter_map(stage).map(|stage| stage.offset_left());
    let margin = stage(0).map_or(0, |first| first.offset_left());
    let from = lefts
        .clone()
        .find(|left| right - left <= stages.client_width() - 2 * margin);
    let left = from.unwrap_or(listening.offset_left());
    stages.set_scroll_left(left - margin);
}

/// Whether styles keep an element in sight.
fn is_pinned(element: &HtmlElement) -> bool {
    let style = gloo::utils::window().get_computed_style(element).ok().flatten();
    style.is_some_and(|style| {
        style
            .get_property_value("position")
            .is_ok_and(|value| value == "sticky")
    })
}

fn summaries(network: &NetworkView, run: &RunView) -> Vec<Summary> {
    let layers = network.layers.iter().zip(&run.trace.windows);
    layers
        .map(|(layer, window)| {
            let last = window.steps().checked_sub(1);
            Summary {
                magnitude: typical_magnitude(window.main().membranes_at(last)),
                spikes: spikes_of(&window.codes, spike_code(run, layer.target)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::{network, run};
    use super::*;

    #[test]
    fn each_layer_is_summed_up_once() {
        let summaries = summaries(&network(), &run());
        assert_eq!(summaries.len(), 2);
        assert_eq!((summaries[0].magnitude, summaries[0].spikes), (2, 6));
    }
}
