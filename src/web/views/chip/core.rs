//! One core: what lives there, what it does, and which of its neurons spike now.

use super::counts::core_energy;
use super::words::{core_name, slice_place};
use crate::chip::spec::Chip;
use crate::chip::{Mapping, Slice, Traffic};
use crate::web::components::Card;
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::selection::{Select, Selection};
use crate::web::state::{KnownChip, RouteTo};
use crate::web::views::words::{place, producer, tensor_name, volume};
use crate::web::worker::{CoreFlows, NetworkView, RunView, UnitCosts};
use rust_i18n::t;
use std::ops::Range;
use yew::prelude::*;

/// Spiking neurons that are offered to be followed.
const MOST_SPIKES: usize = 12;
/// Neighbours that are named.
const MOST_NEIGHBOURS: usize = 4;

/// What [`CoreCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct CoreCardProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The core.
    pub core: usize,
    /// The time step.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// Called with what is chosen instead.
    pub on_select: Callback<Select>,
    /// What is known of the chip.
    pub known: KnownChip,
    /// Where the followed neuron's spikes go.
    pub route: Option<RouteTo>,
}

/// What the core holds and does.
#[component]
pub fn CoreCard(props: &CoreCardProps) -> Html {
    let CoreCardProps {
        network,
        run,
        core,
        step,
        ..
    } = props;
    let (core, step) = (*core, *step);
    let Ok((mapping, traffic)) = &run.chip else {
        return Html::default();
    };
    let slices: Vec<&Slice> = mapping.on_core(core).collect();
    let neurons: usize = slices.iter().map(|slice| slice.block.len()).sum();
    let capacity = capacity(props.known.chip.as_deref());
    let held = slices.iter().map(|slice| {
        let hue = format!("--hue:{}", hue_of_layer(producer(network, slice.tensor)));
        html! {
            <li><i class="swatch" style={hue} /><b>{ tensor_name(network, slice.tensor) }</b>
                { " " }{ format::count_of(slice.block.len() as u64, "neuron") }
                <span class="soft">{ slice_place(mapping, slice) }</span></li>
        }
    });
    let share = neurons as f64 / capacity.max(1) as f64;
    let filled = match capacity {
        0 => format::count_of(neurons as u64, "neuron"),
        _ => t!(
            "core.filled",
            neurons = format::count(neurons as u64),
            capacity = format::count(capacity),
            share = format::percent(share)
        )
        .into_owned(),
    };
    let title = t!("core.title", core = core_name(&mapping.topology, core)).into_owned();
    html! {
        <Card name="core" {title} is_live=true aside={html! { <p>{ filled }</p> }}>
            if slices.is_empty() {
                <p class="soft">{ t!("core.empty") }</p>
            } else {
                <ul class="held">{ for held }</ul>
            }
            { doings(run, traffic, core, step, props.known.figures(&run.0).map(|figures| &figures.units)) }
            { neighbours(props, mapping) }
            { spikes(props, mapping, &slices) }
        </Card>
    }
}

/// Neurons that a core of a chip holds; 0 if that is unknown.
pub fn capacity(chip: Option<&Chip>) -> u64 {
    let neurons = chip.and_then(|chip| chip.core.neurons.value.as_ref());
    neurons.map_or(0, |neurons| neurons.most())
}

/// What it does in this step, in this window and in all, and its share of the whole chip's.
fn doings(run: &RunView, traffic: &Traffic, core: usize, step: usize, units: Option<&UnitCosts>) -> Html {
    let window = run.trace.locate(step).map_or(0..0, |(window, within)| {
        let first = step - within;
        first..first + run.trace.windows[window].steps()
    });
    let all = 0..traffic.steps;
    let row = |label: std::borrow::Cow<'static, str>, counts: &[u32]| {
        let of_core = |steps: Range<usize>| sum(traffic, counts, Some(core), steps);
        let whole = sum(traffic, counts, None, all.clone());
        let share = of_core(all.clone()) as f64 / whole.max(1) as f64;
        html! {
            <tr>
                <th scope="row">{ label }</th>
                <td>{ format::count(of_core(step..step + 1)) }</td>
                <td>{ format::count(of_core(window.clone())) }</td>
                <td>{ format::count(of_core(all.clone())) }</td>
                <td>{ if whole > 0 { format::percent(share) } else { "–".to_owned() } }</td>
            </tr>
        }
    };
    html! {
        <table class="doings">
            <thead><tr><td /><th scope="col">{ t!("core.step") }</th><th scope="col">{ t!("core.window") }</th><th scope="col">{ t!("core.total") }</th><th scope="col">{ t!("core.of-chip") }</th></tr></thead>
            <tbody>
                { row(t!("core.fired"), &traffic.spikes) }
                { row(t!("core.sent"), &traffic.sent) }
                { row(t!("core.received"), &traffic.received) }
                { row(t!("core.operations"), &traffic.operations) }
                { row(t!("core.updates"), &traffic.updates) }
                if let Some(units) = units.filter(|units| **units != UnitCosts::default()) {
                    { energy(traffic, units, core, [step..step + 1, window.clone(), all.clone()]) }
                }
            </tbody>
        </table>
    }
}

/// The energy of what a core does over some stretches of time, the last of which is all.
fn energy(traffic: &Traffic, units: &UnitCosts, core: usize, times: [Range<usize>; 3]) -> Html {
    let joules = times.map(|steps| core_energy(traffic, units, steps));
    let whole: u64 = joules[2].iter().sum();
    let share = joules[2].get(core).copied().unwrap_or(0) as f64 / whole.max(1) as f64;
    let cell = |joules: &Vec<u64>| {
        let femtojoules = joules.get(core).copied().unwrap_or(0);
        html! { <td>{ format::quantity(femtojoules as f64 * 1e-15, "J") }</td> }
    };
    html! {
        <tr>
            <th scope="row">{ t!("core.energy") }</th>
            { for joules.iter().map(cell) }
            <td>{ if whole > 0 { format::percent(share) } else { "–".to_owned() } }</td>
        </tr>
    }
}

/// The cores that it sends most to, and hears most from.
fn neighbours(props: &CoreCardProps, mapping: &Mapping) -> Html {
    let Some(figures) = props.known.figures(&props.run.0) else {
        return html! { <p class="soft neighbours">{ t!("core.looking") }</p> };
    };
    let (to, from) = busiest_neighbours(&figures.flows, props.core);
    let line = |label: std::borrow::Cow<'static, str>, others: &[(usize, u64)]| {
        let total: u64 = others.iter().map(|(_, spikes)| spikes).sum();
        let on_select = props.on_select.clone();
        let button = |&(core, spikes): &(usize, u64)| {
            let onclick = on_select.reform(move |_: MouseEvent| Select::Core(Some(core)));
            let title = format::count_of(spikes, "spike");
            html! {
                <button type="button" class="spike-button" {onclick} {title}>
                    { core_name(&mapping.topology, core) }{ format!(" {}", format::percent(spikes as f64 / total.max(1) as f64)) }
                </button>
            }
        };
        html! {
            <div class="neighbour-line"><span class="soft">{ label }</span>
                if others.is_empty() { <span>{ t!("core.nobody") }</span> }
                { for others.iter().take(MOST_NEIGHBOURS).map(button) }
            </div>
        }
    };
    html! { <div class="neighbours">{ line(t!("core.sends-to"), &to) }{ line(t!("core.hears"), &from) }</div> }
}

/// Cores, each with spikes.
type Neighbours = Vec<(usize, u64)>;

/// Cores with the spikes that go to them and come from them, the busiest first.
fn busiest_neighbours(flows: &CoreFlows, core: usize) -> (Neighbours, Neighbours) {
    let (mut to, mut from) = (Neighbours::new(), Neighbours::new());
    for ((&sender, &receiver), &spikes) in flows.from.iter().zip(flows.to.iter()).zip(flows.spikes.iter()) {
        if sender as usize == core {
            to.push((receiver as usize, u64::from(spikes)));
        }
        if receiver as usize == core {
            from.push((sender as usize, u64::from(spikes)));
        }
    }
    for list in [&mut to, &mut from] {
        list.sort_by_key(|&(core, spikes)| (std::cmp::Reverse(spikes), core));
    }
    (to, from)
}

/// The entries of a core, or of all, added up over steps.
fn sum(traffic: &Traffic, counts: &[u32], core: Option<usize>, steps: Range<usize>) -> u64 {
    let steps = steps.filter(|&step| step < traffic.steps);
    let at = |step| {
        let entries = traffic.at(counts, step);
        match core {
            Some(core) => u64::from(entries.get(core).copied().unwrap_or(0)),
            None => entries.iter().map(|&count| u64::from(count)).sum(),
        }
    };
    steps.map(at).sum()
}

/// The neurons of a core that spike in a step, as (tensor, neuron).
fn spiking(
    network: &NetworkView,
    run: &RunView,
    mapping: &Mapping,
    slices: &[&Slice],
    step: usize,
) -> Vec<(usize, usize)> {
    let Some((window, within)) = run.trace.locate(step) else {
        return Vec::new();
    };
    let (Some(layer), trace) = (network.layers.get(window), &run.trace.windows[window]) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (tensors, dendrite) in layer.sources.iter().zip(&trace.dendrites) {
        let Some(&plane) = dendrite.planes.get(within) else {
            continue;
        };
        let heard = |slice: &&&Slice| tensors.contains(&slice.tensor) && slice.part == 0;
        for slice in slices.iter().filter(heard) {
            let code = run.trace.spike_codes.get(slice.tensor).copied().flatten();
            let (Some(code), Some(tiling)) = (code, mapping.tilings.get(slice.tensor)) else {
                continue;
            };
            let codes = run.trace.codes(slice.tensor);
            let neurons = slice.block.runs(tiling.volume).flatten();
            let spiking =
                neurons.filter(|&neuron| codes.get(neuron).is_some_and(|&x| code.is_spike(x, plane)));
            found.extend(spiking.map(|neuron| (slice.tensor, neuron)));
        }
    }
    // A tensor that two dendrites listen to spikes for both at once.
    found.sort_unstable();
    found.dedup();
    found
}

/// The spikes that leave the core now: each can be followed.
fn spikes(props: &CoreCardProps, mapping: &Mapping, slices: &[&Slice]) -> Html {
    let (network, run) = (&props.network, &props.run);
    let spiking = spiking(network, run, mapping, slices, props.step);
    let button = |&(tensor, neuron): &(usize, usize)| {
        let is_followed = props.selection.spike == Some((tensor, neuron));
        let on_select = props.on_select.clone();
        let next = (!is_followed).then_some((tensor, neuron));
        let onclick = Callback::from(move |_: MouseEvent| on_select.emit(Select::Spike(next)));
        html! {
            <li><button type="button" class="spike-button" aria-pressed={is_followed.to_string()} {onclick}>
                { place(volume(network, tensor), neuron) }
            </button></li>
        }
    };
    let shown = spiking.iter().take(MOST_SPIKES);
    let more = spiking.len().saturating_sub(MOST_SPIKES);
    let head = if spiking.is_empty() {
        t!("core.no-spikes")
    } else {
        t!(
            "core.choose",
            spikes = format::count_of(spiking.len() as u64, "spike")
        )
    };
    html! {
        <div class="spikes">
            <h3>{ head }</h3>
            if let Some(words) = route_words(props, mapping) { <p class="route-words" aria-live="polite">{ words }</p> }
            <ul class="spike-list">
                { for shown.map(button) }
                if more > 0 { <li class="soft">{ t!("core.more", number = format::count(more as u64)) }</li> }
            </ul>
        </div>
    }
}

/// Where the followed spike goes, in words.
fn route_words(props: &CoreCardProps, mapping: &Mapping) -> Option<String> {
    let route = props.route.as_ref();
    let route = route.filter(|route| props.selection.spike == Some(route.spike))?;
    let (tensor, neuron) = route.spike;
    let links = route_links(mapping, route);
    let targets: Vec<String> = route
        .cores
        .iter()
        .take(MOST_SPIKES)
        .map(|&core| core_name(&mapping.topology, core))
        .collect();
    let more = route.cores.len().saturating_sub(MOST_SPIKES);
    let key = if more > 0 { "core.route-more" } else { "core.route" };
    let words = t!(
        key,
        layer = tensor_name(&props.network, tensor),
        place = place(volume(&props.network, tensor), neuron),
        cores = format::count_of(route.cores.len() as u64, "core"),
        names = targets.join(", "),
        more = more,
        links = format::count_of(links.len() as u64, "link")
    );
    Some(words.into_owned())
}

/// The links of a route, each once.
pub fn route_links(mapping: &Mapping, route: &RouteTo) -> Vec<usize> {
    let chip = &mapping.topology;
    let (tensor, neuron) = route.spike;
    let tiling = mapping.tilings.get(tensor);
    if tiling.is_none_or(|tiling| neuron >= tiling.volume.len()) {
        return Vec::new();
    }
    let from = chip.router_of(mapping.core_of(tensor, neuron));
    let targets = route.cores.iter().filter(|&&core| core < chip.cores());
    let mut links: Vec<usize> = targets
        .flat_map(|&core| chip.route(mapping.routing, from, chip.router_of(core)))
        .collect();
    links.sort_unstable();
    links.dedup();
    links
}

#[cfg(test)]
mod tests {
    use super::super::tests::traffic;
    use super::*;
    use crate::web::views::tests::{network, run};

    #[test]
    fn only_neurons_of_the_layer_that_is_heard_spike() {
        let (network, run, (mapping, _)) = (network(), run(), traffic());
        let of = |core, step| {
            let slices: Vec<&Slice> = mapping.on_core(core).collect();
            spiking(&network, &run, &mapping, &slices, step)
        };
        // The input's codes are 3: bits 1 and 0 are sent in steps 2 and 3.
        assert_eq!(of(0, 1), []);
        assert_eq!(of(0, 2).len(), 16);
        assert_eq!(of(1, 2), [], "the second layer waits");
        assert_eq!(of(1, 7).len(), 6, "its codes are 1");
    }

    #[test]
    fn sums_are_of_a_core_or_of_all() {
        let (_, traffic) = traffic();
        assert_eq!(sum(&traffic, &traffic.operations, Some(1), 0..2), 42);
        assert_eq!(sum(&traffic, &traffic.sent, None, 0..9), 7);
        assert_eq!(sum(&traffic, &traffic.sent, Some(0), 0..1), 0);
    }

    #[test]
    fn the_busiest_neighbours_come_first() {
        let flows = CoreFlows {
            from: vec![0, 0, 1].into(),
            to: vec![1, 2, 0].into(),
            spikes: vec![3, 9, 4].into(),
        };
        let (to, from) = busiest_neighbours(&flows, 0);
        assert_eq!((to, from), (vec![(2, 9), (1, 3)], vec![(1, 4)]));
    }

    #[test]
    fn a_route_is_drawn_link_by_link_and_each_link_once() {
        let (mapping, _) = traffic();
        let route = RouteTo {
            spike: (0, 5),
            cores: vec![1, 3].into(),
        };
        // East from the first router, then south from the second.
        assert_eq!(route_links(&mapping, &route), [0, 6]);
        let gone = RouteTo {
            spike: (7, 5),
            ..route
        };
        assert!(route_links(&mapping, &gone).is_empty());
    }
}
