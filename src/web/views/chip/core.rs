//! One core: what lives there, what it does, and which of its neurons spike now.

use super::words::{core_name, slice_place};
use crate::chip::{Mapping, Slice, Traffic};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::selection::{Select, Selection};
use crate::web::views::words::{place, producer, tensor_name, volume};
use crate::web::worker::{NetworkView, RunView};
use std::ops::Range;
use yew::prelude::*;

/// Spiking neurons that are offered to be followed.
const MOST_SPIKES: usize = 12;

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
    /// What is known of its neighbours and routes.
    #[prop_or_default]
    pub children: Html,
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
    let capacity = u64::from(run.settings.chip.neurons_per_core);
    let held = slices.iter().map(|slice| {
        let hue = format!("--hue:{}", hue_of_layer(producer(network, slice.tensor)));
        html! {
            <li><i class="swatch" style={hue} /><b>{ tensor_name(network, slice.tensor) }</b>
                { format!(" {}", format::counted(slice.block.len() as u64, "neuron", "neurons")) }
                <span class="soft">{ slice_place(mapping, slice) }</span></li>
        }
    });
    let share = neurons as f64 / capacity.max(1) as f64;
    html! {
        <section class="card core-card" aria-labelledby="core-title">
            <header>
                <h2 id="core-title" aria-live="polite">{ format!("Core {}", core_name(&mapping.topology, core)) }</h2>
                <p>{ format!("{} of {} neurons, {}", format::count(neurons as u64), format::count(capacity), format::percent(share)) }</p>
            </header>
            if slices.is_empty() {
                <p class="soft">{ "Empty: packets only pass through." }</p>
            } else {
                <ul class="held">{ for held }</ul>
            }
            { doings(run, traffic, core, step) }
            { props.children.clone() }
            { spikes(props, mapping, &slices) }
        </section>
    }
}

/// What it does in this step, in this window and in all, and its share of the whole chip's.
fn doings(run: &RunView, traffic: &Traffic, core: usize, step: usize) -> Html {
    let window = run.trace.locate(step).map_or(0..0, |(window, within)| {
        let first = step - within;
        first..first + run.trace.windows[window].steps()
    });
    let all = 0..traffic.steps;
    let row = |label: &'static str, counts: &[u32]| {
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
            <thead><tr><td /><th scope="col">{ "step" }</th><th scope="col">{ "window" }</th><th scope="col">{ "total" }</th><th scope="col">{ "of chip" }</th></tr></thead>
            <tbody>
                { row("spikes fired", &traffic.spikes) }
                { row("packets sent", &traffic.sent) }
                { row("received", &traffic.received) }
                { row("operations", &traffic.operations) }
                { row("updates", &traffic.updates) }
            </tbody>
        </table>
    }
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
    let code = run.trace.spike_codes.get(layer.source).copied().flatten();
    let (Some(code), Some(&plane)) = (code, trace.main().planes.get(within)) else {
        return Vec::new();
    };
    let codes = run.trace.codes(layer.source);
    let heard = slices
        .iter()
        .filter(|slice| slice.tensor == layer.source && slice.part == 0);
    heard
        .filter_map(|slice| Some((slice, mapping.tilings.get(slice.tensor)?.volume)))
        .flat_map(|(slice, volume)| slice.block.runs(volume).flatten())
        .filter(|&neuron| codes.get(neuron).is_some_and(|&x| code.is_spike(x, plane)))
        .map(|neuron| (layer.source, neuron))
        .collect()
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
        "No neuron here spikes in this step".to_owned()
    } else {
        format!(
            "{} in this step: choose one to see its route",
            format::counted(spiking.len() as u64, "spike", "spikes")
        )
    };
    html! {
        <div class="spikes">
            <h3>{ head }</h3>
            <ul class="spike-list">
                { for shown.map(button) }
                if more > 0 { <li class="soft">{ format!("+{}{} more", format::THIN, format::count(more as u64)) }</li> }
            </ul>
        </div>
    }
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
}
