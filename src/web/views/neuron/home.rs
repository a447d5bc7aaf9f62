//! Where on the chip a neuron lives, and the links over which its strongest source reaches it.

use crate::chip::Mapping;
use crate::web::components::Card;
use crate::web::plots::ByPtr;
use crate::web::selection::Select;
use crate::web::state::{Action, Dispatch, RouteTo};
use crate::web::view::View;
use crate::web::views::chip::{core_name, link_name, route_links};
use crate::web::views::words::{place, tensor_name, volume};
use crate::web::worker::{NetworkView, RunView, TracedNeuron};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// What [`Home`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct HomeProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// All about the neuron.
    pub traced: ByPtr<TracedNeuron>,
    /// To go there.
    pub dispatch: Dispatch,
}

/// The links from one neuron's core to that of another.
fn links(mapping: &Mapping, from: (usize, usize), core: usize) -> Vec<String> {
    let route = RouteTo {
        spike: from,
        cores: Rc::new(vec![core]),
    };
    let links = route_links(mapping, &route);
    links
        .into_iter()
        .filter_map(|link| link_name(&mapping.topology, link))
        .collect()
}

/// Core, links, and ways to the view of the chip.
#[component]
pub fn Home(props: &HomeProps) -> Html {
    let HomeProps {
        network,
        run,
        traced,
        dispatch,
    } = props;
    let told = &traced.told;
    let title = t!("neuron.home").into_owned();
    let Ok((mapping, _)) = &run.chip else {
        return html! { <Card name="home" {title}><p class="soft">{ t!("neuron.no-chip") }</p></Card> };
    };
    let Some(target) = network.layers.get(told.layer).map(|layer| layer.target) else {
        return Html::default();
    };
    let core = mapping.core_of(target, told.neuron);
    let go = |selects: Vec<Select>| {
        let dispatch = dispatch.clone();
        Callback::from(move |_: MouseEvent| {
            for &select in &selects {
                dispatch.dispatch(Action::Select(select));
            }
            dispatch.dispatch(Action::Show(View::Chip));
        })
    };
    let strongest = traced.synapses.iter().filter_map(|synapses| {
        let first = synapses.neurons.first().zip(synapses.tensors.first())?;
        Some((*first.1 as usize, *first.0 as usize))
    });
    let source = strongest.map(|(tensor, neuron)| {
        let name = format!("{} {}", tensor_name(network, tensor), place(volume(network, tensor), neuron));
        let from = core_name(&mapping.topology, mapping.core_of(tensor, neuron));
        let links = links(mapping, (tensor, neuron), core);
        let words = if links.is_empty() {
            t!("neuron.same-core", source = name)
        } else {
            t!("neuron.over-links", source = name, core = from, links = links.join(", "))
        };
        let onclick = go(vec![Select::Core(Some(core)), Select::Spike(Some((tensor, neuron)))]);
        html! {
            <li><p>{ words }</p><button type="button" class="button button-small" {onclick}>{ t!("neuron.follow-source") }</button></li>
        }
    });
    let on_core = go(vec![
        Select::Core(Some(core)),
        Select::Spike(Some((target, told.neuron))),
    ]);
    html! {
        <Card name="home" {title}>
            <ul class="home">
                <li>
                    <p>{ t!("neuron.core", core = core_name(&mapping.topology, core)) }</p>
                    <button type="button" class="button button-small" onclick={on_core}>{ t!("neuron.show-core") }</button>
                </li>
                { for source }
            </ul>
        </Card>
    }
}
