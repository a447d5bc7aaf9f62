//! The big card: from the picture over bits and membranes to the class, left to right.

use super::bit_planes::BitPlanesStage;
use super::class::ClassStage;
use super::input::InputStage;
use super::layer_map::LayerStage;
use super::words::{Phase, code_format, spikes_of};
use crate::web::palette::use_palette;
use crate::web::plots::{ByPtr, Diverging, typical_magnitude, use_pixel_ratio};
use crate::web::selection::{Select, Selection};
use crate::web::worker::{NetworkView, RunView};
use std::rc::Rc;
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
    let Some((window, within)) = props.run.trace.locate(props.step) else {
        return Html::default();
    };
    let last = network.layers.len().saturating_sub(1);
    let chosen = |layer: usize| (props.selection.layer == layer).then_some(props.selection.neuron);
    // The last layer's membranes are in the bars of the class.
    let layers = summaries.iter().enumerate().take(last).map(|(layer, summary)| {
        html! {
            <LayerStage key={layer} network={network.clone()} run={run.clone()} {layer}
                phase={Phase::of(&run, layer, props.step)} magnitude={summary.magnitude} spikes={summary.spikes}
                ramp={ByPtr(ramp.clone())} {ratio} chosen={chosen(layer)} on_select={props.on_select.clone()} />
        }
    });
    html! {
        <section class="card story" aria-labelledby="story-title">
            <h2 id="story-title" class="visually-hidden">{ "From picture to class" }</h2>
            <div class="stages">
                <InputStage network={network.clone()} run={run.clone()} caption={props.sample_caption.clone()}
                    palette={ByPtr(palette.clone())} {ratio} />
                <BitPlanesStage network={network.clone()} run={run.clone()} {window} step={within}
                    palette={ByPtr(palette.clone())} {ratio} on_select={props.on_select.clone()} />
                { for layers }
                <ClassStage network={network.clone()} run={run.clone()} phase={Phase::of(&run, last, props.step)}
                    chosen={chosen(last)} on_select={props.on_select.clone()} />
            </div>
        </section>
    }
}

fn summaries(network: &NetworkView, run: &RunView) -> Vec<Summary> {
    let layers = network.layers.iter().zip(&run.trace.windows);
    layers
        .map(|(layer, window)| {
            let last = window.steps().checked_sub(1);
            let bits = code_format(network, layer.target).map_or(0, |format| format.bits);
            Summary {
                magnitude: typical_magnitude(window.main().membranes_at(last)),
                spikes: spikes_of(&window.codes, bits),
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
