//! The view of the network: its graph, and of the chosen layer the weights, the codes and how they are quantized.

mod codes;
mod graph;
mod layer;
mod layout;
mod quantization;
mod tiles;
mod weights;
mod words;

use self::codes::CodesCard;
use self::graph::GraphCard;
use self::layer::LayerCard;
use self::quantization::QuantizationCard;
use self::weights::WeightsCard;
use crate::web::plots::ByPtr;
use crate::web::state::{Dispatch, Shown, State};
use std::rc::Rc;
use yew::prelude::*;

/// The view; see [`Draw`](crate::web::lazy::Draw).
pub fn draw(now: &Rc<State>, shown: &Shown, dispatch: &Dispatch) -> Html {
    let (network, run) = (ByPtr(shown.network.clone()), ByPtr(shown.run.clone()));
    let known = &now.inspection;
    let layers = network.layers.len();
    let tensor = now.inspected_tensor();
    let model = known
        .model
        .clone()
        .filter(|model| model.report.layers.len() == layers)
        .map(ByPtr);
    let weights = known
        .weights
        .clone()
        .filter(|view| view.question.tensor == tensor);
    let codes = known.codes.clone().filter(|codes| codes.tensor == tensor);
    let loss = known.loss.clone().map(ByPtr);
    let neuron = (tensor > 0).then_some(now.selection.neuron);
    html! {
        <div class="network-board">
            <GraphCard network={network.clone()} run={run.clone()} model={model.clone()} {tensor}
                window={run.trace.locate(now.playhead.step).map(|(window, _)| window)} dispatch={dispatch.clone()} />
            <div class="network-details">
                <LayerCard network={network.clone()} run={run.clone()} model={model.clone()} {tensor} />
                <WeightsCard network={network.clone()} weights={weights.map(ByPtr)} {tensor} dispatch={dispatch.clone()} />
                <CodesCard network={network.clone()} run={run.clone()} {tensor} {neuron} codes={codes.map(ByPtr)}
                    loss={loss.clone()} dispatch={dispatch.clone()} />
            </div>
            <QuantizationCard {network} {run} {tensor} {model} {loss}
                counts={now.agreement.as_ref().filter(|counts| counts.settings == run_settings(shown)).map(|counts| ByPtr(counts.agreement.clone()))}
                data={now.loaded.as_ref().and_then(|loaded| loaded.load.data.clone()).map(ByPtr)}
                is_busy={now.is_running || now.is_loading} dispatch={dispatch.clone()} />
        </div>
    }
}

fn run_settings(shown: &Shown) -> crate::settings::Settings {
    shown.run.settings
}
