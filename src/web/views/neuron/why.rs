//! Why a neuron fires what it fires: the synapses that add most, each leading upstream to the neuron before.

use crate::explore::{DendriteProvenance, Provenance};
use crate::spiking::SpikeCode;
use crate::web::components::{Card, Choices, Hint};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::selection::Select;
use crate::web::state::{Action, Dispatch, NeuronAction, Stop};
use crate::web::views::membrane::{spike_class, train};
use crate::web::views::words::{layer_name, place, producer, spike_code, tensor_name, volume};
use crate::web::worker::{NetworkView, RunView, Synapses, TracedNeuron};
use rust_i18n::t;
use yew::prelude::*;

/// Synapses that are listed.
const LISTED: usize = 10;

/// What [`Why`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct WhyProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// All about the neuron.
    pub traced: ByPtr<TracedNeuron>,
    /// Steps of its window that are done.
    pub done: usize,
    /// Whether the whole window counts.
    pub whole: bool,
    /// How the user came here.
    pub trail: Vec<Stop>,
    /// The input's neuron at the end of the way.
    pub pixel: Option<usize>,
    /// To go on.
    pub dispatch: Dispatch,
}

/// One synapse's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    tensor: usize,
    neuron: usize,
    weight: i64,
    code: i32,
    /// The digit of the step; `None` for the whole window.
    digit: Option<i32>,
    /// What it adds to I, or to Σ w (x − z).
    value: i64,
}

/// What every synapse adds, largest first, and their sum. `step` is counted from 0; without it the whole window
/// counts.
fn parts(
    dendrite: &DendriteProvenance,
    synapses: &Synapses,
    codes: &[Option<SpikeCode>],
    step: Option<usize>,
) -> (Vec<Part>, i64) {
    let told = step.and_then(|step| dendrite.steps.get(step));
    let all = synapses
        .tensors
        .iter()
        .zip(synapses.neurons.iter())
        .zip(synapses.weights.iter().zip(synapses.codes.iter()));
    let part = |((&tensor, &neuron), (&weight, &code)): ((&u32, &u32), (&i32, &i32))| {
        let (tensor, weight) = (tensor as usize, i64::from(weight));
        let sent = codes.get(tensor).copied().flatten();
        let digit = told.map(|told| sent.map_or(0, |sent| sent.digit(code, told.plane)));
        let value = match (told, digit) {
            (Some(told), Some(digit)) => told.weight * weight * i64::from(digit),
            _ => weight * i64::from(code - dendrite.silent_code),
        };
        Part {
            tensor,
            neuron: neuron as usize,
            weight,
            code,
            digit,
            value,
        }
    };
    let mut parts: Vec<Part> = all.map(part).filter(|part| part.value != 0).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.value.abs()));
    let sum = parts.iter().map(|part| part.value).sum();
    (parts, sum)
}

/// The list, and the way back.
#[component]
pub fn Why(props: &WhyProps) -> Html {
    let WhyProps {
        network,
        run,
        traced,
        whole,
        done,
        ..
    } = props;
    let told = &traced.told;
    let step = if *whole { None } else { done.checked_sub(1) };
    let on_choose = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |index: usize| {
            dispatch.dispatch(Action::Neuron(NeuronAction::WholeWindow(index == 1)))
        })
    };
    let options = vec![
        t!("neuron.this-step").into_owned().into(),
        t!("neuron.whole-window").into_owned().into(),
    ];
    let many = told.dendrites.len() > 1;
    let lists = told.dendrites.iter().zip(&traced.synapses).enumerate().map(|(index, (dendrite, synapses))| {
        html! {
            <>
                if many {
                    <h3 class="bench-part">{ t!("neuron.dendrite", index = index + 1, count = told.dendrites.len()) }</h3>
                }
                if !*whole && step.is_none() {
                    <p class="soft why-empty">{ t!("neuron.nothing-yet") }</p>
                } else {
                    { list(props, dendrite, synapses, step) }
                }
            </>
        }
    });
    html! {
        <Card name="why" title={question(told)} aside={html! { <p>{ t!("neuron.why-note") }</p> }}>
            { trail(props, told) }
            <div class="why-choice">
                <Choices name="why-scope" label={t!("neuron.why-scope").into_owned()} {options} chosen={usize::from(*whole)} {on_choose} />
                <Hint name="why-scope" about={t!("neuron.why-scope").into_owned()} />
            </div>
            { for lists }
            { end_of_trail(props, network, run) }
        </Card>
    }
}

fn question(told: &Provenance) -> String {
    match told.code {
        Some(code) => t!("neuron.why", code = format::thousands(code.into())).into_owned(),
        None => t!("neuron.why-real", value = format::significant(told.potential, 5)).into_owned(),
    }
}

/// The stops before, this neuron, and the pixel.
fn trail(props: &WhyProps, told: &Provenance) -> Html {
    let network = &props.network;
    let label = |layer: usize, neuron: usize| {
        let area = network
            .layers
            .get(layer)
            .map_or_else(|| volume(network, 0), |l| volume(network, l.target));
        format!("{} {}", layer_name(network, layer), place(area, neuron))
    };
    let stop = |(index, stop): (usize, &Stop)| {
        let dispatch = props.dispatch.clone();
        let onclick =
            Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Neuron(NeuronAction::Back(index))));
        html! {
            <li style={format!("--hue:{}", hue_of_layer(Some(stop.layer)))}>
                <button type="button" class="crumb" {onclick}><i class="swatch" />{ label(stop.layer, stop.neuron) }</button>
            </li>
        }
    };
    let here = (props.pixel.is_none()).then_some("step");
    html! {
        <nav aria-label={t!("neuron.trail").into_owned()}>
            <ol class="trail">
                { for props.trail.iter().enumerate().map(stop) }
                <li style={format!("--hue:{}", hue_of_layer(Some(told.layer)))} aria-current={here}>
                    <span class="crumb"><i class="swatch" />{ label(told.layer, told.neuron) }</span>
                </li>
                if let Some(pixel) = props.pixel {
                    <li style="--hue:var(--layer-input)" aria-current="step">
                        <span class="crumb"><i class="swatch" />{ format!("{} {}", tensor_name(network, 0), place(volume(network, 0), pixel)) }</span>
                    </li>
                }
            </ol>
        </nav>
    }
}

/// A dendrite's synapses.
fn list(props: &WhyProps, dendrite: &DendriteProvenance, synapses: &Synapses, step: Option<usize>) -> Html {
    let codes = &props.run.trace.spike_codes;
    let (parts, sum) = parts(dendrite, synapses, codes, step);
    let most = parts.first().map_or(1, |part| part.value.abs().max(1));
    let told: i64 = parts.iter().take(LISTED).map(|part| part.value).sum();
    let others = parts.len().saturating_sub(LISTED);
    let rows = parts
        .iter()
        .take(LISTED)
        .map(|part| row(props, dendrite, part, most));
    let (digits, value) = match step {
        Some(_) => (t!("neuron.spike-column"), "w s c".to_owned()),
        None => (t!("neuron.bits-column"), "w (x − z)".to_owned()),
    };
    html! {
        <table class="why-list">
            <thead><tr>
                <th scope="col">{ t!("neuron.from") }</th><th scope="col">{ "w" }</th><th scope="col">{ "x" }</th>
                <th scope="col">{ digits }</th><th scope="col">{ value }</th>
            </tr></thead>
            <tbody>{ for rows }</tbody>
            <tfoot>
                if others > 0 && !dendrite.is_maximum {
                    <tr><th scope="row" colspan="4">{ t!("neuron.others", count = format::count(others as u64)) }</th><td>{ format::signed(sum - told) }</td></tr>
                }
                if !dendrite.is_maximum {
                    <tr class="why-sum">
                        <th scope="row" colspan="4">{ if step.is_some() { t!("neuron.sum-step") } else { t!("neuron.sum-window") } }</th>
                        <td>{ format::thousands(sum) }</td>
                    </tr>
                }
            </tfoot>
        </table>
    }
}

fn row(props: &WhyProps, dendrite: &DendriteProvenance, part: &Part, most: i64) -> Html {
    let (network, run) = (&props.network, &props.run);
    let layer = producer(network, part.tensor);
    let words = format!(
        "{} {}",
        tensor_name(network, part.tensor),
        place(volume(network, part.tensor), part.neuron)
    );
    let select = match layer {
        Some(layer) => Select::Neuron {
            layer,
            neuron: part.neuron,
        },
        None => Select::Spike(Some((part.tensor, part.neuron))),
    };
    let onclick = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Neuron(NeuronAction::Walk(select))))
    };
    let share = part.value.abs() as f64 / most as f64;
    let side = if part.value < 0 { "down" } else { "up" };
    let digits = match (part.digit, spike_code(run, part.tensor)) {
        (Some(digit), _) => html! { <span class="train"><i class={spike_class(digit)} /></span> },
        (None, Some(sent)) => train(part.code, sent, run.settings.conversion.order),
        (None, None) => Html::default(),
    };
    let silent =
        (dendrite.silent_code != 0).then(|| format!(" − {}", format::thousands(dendrite.silent_code.into())));
    html! {
        <tr>
            <th scope="row" style={format!("--hue:{}", hue_of_layer(layer))}>
                <button type="button" class="crumb" {onclick}><i class="swatch" />{ words }</button>
            </th>
            <td>{ format::thousands(part.weight) }</td>
            <td>{ format::thousands(part.code.into()) }{ silent }</td>
            <td>{ digits }</td>
            <td class={classes!("why-value", side)} style={format!("--share:{share:.4}")}>{ format::signed(part.value) }</td>
        </tr>
    }
}

/// What there is to say of the pixel where the way ends.
fn end_of_trail(props: &WhyProps, network: &NetworkView, run: &RunView) -> Html {
    let Some(pixel) = props.pixel else {
        return Html::default();
    };
    let (Some(&code), Some(affine)) = (
        run.trace.input.get(pixel),
        network.tensors.first().and_then(|t| t.affine),
    ) else {
        return Html::default();
    };
    let value = format::decimal(affine.dequantize(code).into(), 3);
    let bits = spike_code(run, 0).map(|sent| train(code, sent, run.settings.conversion.order));
    html! {
        <p class="why-pixel">{ t!("neuron.pixel", place = place(volume(network, 0), pixel), code = format::thousands(code.into()), value = value) }{ bits }</p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Blackboard;

    fn synapses(board: &Blackboard) -> Synapses {
        Synapses {
            tensors: vec![0; board.inputs.len()].into(),
            neurons: (0..board.inputs.len() as u32).collect::<Vec<_>>().into(),
            weights: board
                .inputs
                .iter()
                .map(|input| input.1)
                .collect::<Vec<_>>()
                .into(),
            codes: board
                .inputs
                .iter()
                .map(|input| input.0)
                .collect::<Vec<_>>()
                .into(),
        }
    }

    #[test]
    fn the_parts_of_a_step_add_up_to_its_current_and_those_of_the_window_to_the_sum() {
        let board: Blackboard = "x5.-3.7.0_w3.2.-1.9_b0_k4s_n16s".parse().expect("a blackboard");
        let told = board.provenance();
        let (dendrite, codes) = (&told.dendrites[0], [Some(board.code())]);
        for (index, step) in dendrite.steps.iter().enumerate() {
            let (parts, sum) = parts(dendrite, &synapses(&board), &codes, Some(index));
            assert_eq!(sum, step.current);
            assert_eq!(parts.len(), step.spikes, "only what spikes is listed");
        }
        let (parts, sum) = parts(dendrite, &synapses(&board), &codes, None);
        assert_eq!(sum, board.sum());
        let values: Vec<i64> = parts.iter().map(|part| part.value).collect();
        assert_eq!(values, [15, -7, -6], "the largest first, silence left out");
    }
}
