//! What the chosen layer is, and which nodes of the file it was made of.

use super::words;
use crate::web::components::Card;
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::views::words::{extents, full_name, producer, spike_code, spikes_of, tensor_name, volume};
use crate::web::worker::{ModelView, NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// What [`LayerCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct LayerProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// What it is made of, once that is known.
    pub model: Option<ByPtr<ModelView>>,
    /// The tensor that is looked at.
    pub tensor: usize,
}

/// A layer's facts.
#[component]
pub fn LayerCard(props: &LayerProps) -> Html {
    let LayerProps {
        network,
        run,
        model,
        tensor,
    } = props;
    let tensor = *tensor;
    let layer = producer(network, tensor);
    let title = tensor_name(network, tensor);
    let mut facts: Vec<(&str, String)> = Vec::new();
    let view = &network.tensors[tensor];
    if let Some(layer) = layer {
        let wiring = &network.layers[layer].connections;
        let sources = network.layers[layer].sources.iter().flatten();
        let mut names: Vec<String> = sources.map(|&source| tensor_name(network, source)).collect();
        names.dedup();
        facts.push(("listens-to", names.join(", ")));
        facts.push((
            "in-out",
            format!("{} → {}", extents(wiring.input), extents(wiring.output)),
        ));
        if wiring.rows.kernel * wiring.columns.kernel > 1 || wiring.input.positions() > 1 {
            facts.push((
                "kernel",
                format::shape(&[wiring.rows.kernel, wiring.columns.kernel]),
            ));
            facts.push(("stride", words::pair(wiring, |window| window.stride)));
            facts.push(("padding", words::padding(wiring)));
            facts.push(("dilation", words::pair(wiring, |window| window.dilation)));
        }
        if wiring.groups > 1 {
            facts.push(("groups", format::count(wiring.groups as u64)));
        }
        if let Some(report) = model.as_ref().map(|model| &model.report.layers[layer]) {
            facts.push(("fan-in", format::count(report.fan_in as u64)));
            facts.push(("synapses", format::count(report.synapses)));
            facts.push(("macs", format::count(report.macs)));
            facts.push(("parameters", format::count(report.parameters as u64)));
        }
    } else {
        facts.push(("shape", extents(volume(network, tensor))));
    }
    facts.push(("neurons", format::count(volume(network, tensor).len() as u64)));
    facts.push(("codes", words::codes(view.affine)));
    if let Some(affine) = view.affine {
        facts.push(("scale", format::significant(affine.scale.into(), 4)));
        facts.push(("zero-point", format::thousands(affine.zero_point.into())));
    }
    if let Some(code) = spike_code(run, tensor) {
        let spikes = spikes_of(run.trace.codes(tensor), Some(code));
        facts.push(("spikes", format::count(spikes)));
    }
    if let Some(plan) = layer.and_then(|layer| run.plans.get(layer)) {
        facts.push((
            "register",
            t!("network.bits", number = plan.narrowest_register).into_owned(),
        ));
    }
    let kind = layer.and_then(|layer| Some(model.as_ref()?.report.layers[layer].kind));
    let aside = kind.map(|kind| html! { <p>{ words::kind(kind) }</p> });
    let full = layer.map_or_else(|| view.name.clone(), |layer| full_name(network, layer));
    html! {
        <Card name="layer" title={title} full_title={AttrValue::from(full.clone())} hue={words::hue(network, tensor)}
            aside={aside.unwrap_or_default()}>
            <p class="card-note layer-file-name"><i class="swatch" />{ t!("network.in-file", name = full) }</p>
            <dl class="layer-facts">
                { for facts.into_iter().map(|(name, value)| html! { <div><dt>{ t!(format!("network.column.{name}")) }</dt><dd>{ value }</dd></div> }) }
            </dl>
            { layer.zip(model.as_ref()).map(|(layer, model)| nodes(model, layer)) }
        </Card>
    }
}

/// The file's nodes, from the first to the last.
fn nodes(model: &ModelView, layer: usize) -> Html {
    let nodes = model.nodes.get(layer).map_or(&[][..], |nodes| nodes);
    let sentence = match nodes.len() {
        0 => t!("network.fused-none"),
        1 => t!("network.fused-one"),
        count => t!("network.fused", count = count),
    };
    html! {
        <div class="fused">
            <p class="soft">{ sentence }</p>
            <ol>{ for nodes.iter().map(|node| html! { <li><b>{ &node.op }</b>{ " " }<span>{ &node.name }</span></li> }) }</ol>
        </div>
    }
}
