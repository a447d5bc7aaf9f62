//! The samples that went wrong, one by one: changed labels, answers far off, registers that overflowed.

use super::super::words::{full_name, layer_name, place, volume};
use crate::explore::{Deviation, Flip, Mistakes, Origin, Overflowed};
use crate::web::components::{Card, thumbnail};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, CalibrationAction, Counts, Dispatch, Loaded};
use crate::web::task::{InputForm, Task};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// What [`FlipsCard`] and [`OverflowsCard`] take.
#[derive(Clone, Properties, PartialEq)]
pub struct MistakesProps {
    /// The model with its samples.
    pub loaded: ByPtr<Loaded>,
    /// The samples that went wrong; `None` while nothing is counted.
    pub mistakes: Option<ByPtr<Mistakes>>,
    /// Counts over all samples, as far as they are.
    pub counts: Option<Counts>,
    /// To open one.
    pub dispatch: Dispatch,
}

/// How many are shown before more are asked for.
const FEW: usize = 24;

/// One sample of a list.
struct Item {
    sample: usize,
    layer: usize,
    neuron: usize,
    step: Option<usize>,
    /// What went wrong, in a word or two.
    what: String,
    /// Where, and what should have come.
    detail: String,
    /// The same as a sentence.
    told: String,
    class: &'static str,
}

/// Samples whose label changed; where answers are no labels, those that are furthest off.
#[component]
pub fn FlipsCard(props: &MistakesProps) -> Html {
    let is_choice = Task::of(&props.loaded.network) == Task::Classes;
    let name = if is_choice { "flips" } else { "answers" };
    let mistakes = props.mistakes.as_deref();
    let (items, all): (Vec<Item>, usize) = match (mistakes, is_choice) {
        (None, _) => Default::default(),
        (Some(mistakes), true) => {
            let counts = props.counts.as_ref().map(|counts| &counts.agreement);
            let changed = counts.map_or(0, |counts| counts.counted - counts.labels_equal);
            let items: Vec<Item> = mistakes
                .flips
                .iter()
                .map(|flip| flipped(&props.loaded, flip))
                .collect();
            let all = changed.max(items.len());
            (items, all)
        }
        (Some(mistakes), false) => {
            let items: Vec<Item> = mistakes
                .deviations
                .iter()
                .map(|d| deviating(&props.loaded, d))
                .collect();
            let all = items.len();
            (items, all)
        }
    };
    html! { <Mistaken name={name} items={Items(Rc::new(items))} {all} of={props.clone()} /> }
}

/// Samples for which a register overflowed.
#[component]
pub fn OverflowsCard(props: &MistakesProps) -> Html {
    let mistakes = props.mistakes.as_deref();
    let items = mistakes.map_or_else(Vec::new, |mistakes| {
        mistakes
            .overflows
            .iter()
            .map(|of| overflowed(&props.loaded, of))
            .collect()
    });
    let all = mistakes.map_or(0, |mistakes| mistakes.overflowed);
    html! { <Mistaken name="overflows" items={Items(Rc::new(items))} {all} of={props.clone()} /> }
}

/// Items count as changed when they are made anew.
struct Items(Rc<Vec<Item>>);

impl PartialEq for Items {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// What [`Mistaken`] takes.
#[derive(Properties, PartialEq)]
struct MistakenProps {
    /// The card's name, and that of its texts.
    name: &'static str,
    items: Items,
    /// How many there are, those included that are not kept.
    all: usize,
    of: MistakesProps,
}

/// A list of samples; or that there are none, which is a success.
#[component]
fn Mistaken(props: &MistakenProps) -> Html {
    let shows_all = use_state_eq(|| false);
    let MistakenProps { name, items, all, of } = props;
    let text = |key: &str| format!("calibration.{name}.{key}");
    let counts = of
        .counts
        .as_ref()
        .map(|counts| (counts.agreement.counted, counts.agreement.total));
    let (counted, total) = counts.unwrap_or_default();
    let is_done = counted > 0 && counted == total;
    let title = t!(text("title")).into_owned();
    let (counted, total) = (format::count(counted as u64), format::count(total as u64));
    let aside = html! {
        <p>{ if is_done { t!("calibration.counted", total = total) } else { t!("calibration.counting", counted = counted, total = total) } }</p>
    };
    let body = if items.0.is_empty() && is_done {
        html! { <p class="mistakes-none"><b class="ok">{ "✓ " }{ t!(text("none"), total = total) }</b><span class="soft">{ t!(text("none-why")) }</span></p> }
    } else if items.0.is_empty() {
        html! { <p class="mistakes-none soft">{ t!(text("none-yet")) }</p> }
    } else {
        let few = if *shows_all { items.0.len() } else { FEW };
        let kept = items.0.len();
        let more = shows_all.setter();
        html! {
            <>
                <p class="card-note">{ t!(text("note"), number = format::count(*all as u64)) }</p>
                <ul class="mistakes">{ for items.0.iter().take(few).map(|item| view_item(of, item)) }</ul>
                if kept > few {
                    <button type="button" class="button button-small" onclick={move |_| more.set(true)}>
                        { t!("calibration.more", number = format::count((kept - few) as u64)) }
                    </button>
                } else if *all > kept && *name != "answers" {
                    <p class="card-note">{ t!("calibration.only", kept = format::count(kept as u64), number = format::count(*all as u64)) }</p>
                }
            </>
        }
    };
    html! {
        <Card name={*name} {title} {aside}>
            <div class="mistakes-body" aria-busy={(!is_done).to_string()}>{ body }</div>
        </Card>
    }
}

fn view_item(props: &MistakesProps, item: &Item) -> Html {
    let Item {
        sample,
        layer,
        neuron,
        step,
        ..
    } = *item;
    let dispatch = props.dispatch.clone();
    let onclick = Callback::from(move |_: MouseEvent| {
        dispatch.dispatch(Action::Calibration(CalibrationAction::Open {
            sample,
            layer,
            neuron,
            step,
        }));
    });
    html! {
        <li>
            <button type="button" class={classes!("mistake", item.class)} title={item.told.clone()} {onclick}>
                { picture(&props.loaded, sample) }
                <span class="mistake-words">
                    <b>{ &item.what }</b>
                    <span class="soft"><i class="swatch" style={format!("--hue:{}", hue_of_layer(Some(layer)))} />{ &item.detail }</span>
                </span>
            </button>
        </li>
    }
}

/// The sample in small; a single number in words.
fn picture(loaded: &Loaded, sample: usize) -> Html {
    let samples = &loaded.network.samples;
    let form = InputForm::of(&loaded.network);
    if form == InputForm::Number {
        let value = samples.inputs.get(sample).copied().unwrap_or(f32::NAN);
        return html! { <span class="mistake-number">{ format::decimal(value.into(), 3) }</span> };
    }
    let size = loaded.input_len();
    let pixels = samples
        .pixels
        .get(sample * size..(sample + 1) * size)
        .unwrap_or_default();
    thumbnail(form, &Rc::from(pixels))
}

fn flipped(loaded: &Loaded, flip: &Flip) -> Item {
    let class = |index| loaded.class(index);
    let layer = layer_name(&loaded.network, flip.begins.layer);
    let sample = format::count(flip.sample as u64);
    let (quantized, spiking) = (class(flip.quantized), class(flip.spiking));
    let label = flip.label.map(class);
    let told = match &label {
        Some(label) => t!(
            "calibration.flips.told",
            sample = sample,
            quantized = quantized,
            spiking = spiking,
            label = label,
            layer = full_name(&loaded.network, flip.begins.layer),
            neuron = flip.begins.neuron
        ),
        None => t!(
            "calibration.flips.told-unlabelled",
            sample = sample,
            quantized = quantized,
            spiking = spiking,
            layer = full_name(&loaded.network, flip.begins.layer),
            neuron = flip.begins.neuron
        ),
    };
    let what = format!("{quantized} → {spiking}");
    let detail = match &label {
        Some(label) => t!("calibration.flips.detail", label = label, layer = layer),
        None => t!("calibration.answers.detail", layer = layer, sample = sample),
    };
    let class = match flip.label {
        Some(label) if label == flip.quantized => "is-worse",
        Some(label) if label == flip.spiking => "is-better",
        _ => "",
    };
    item(
        flip.sample,
        flip.begins,
        class,
        [what, detail.into_owned(), told.into_owned()],
    )
}

fn deviating(loaded: &Loaded, deviation: &Deviation) -> Item {
    let layer = layer_name(&loaded.network, deviation.begins.layer);
    let sample = format::count(deviation.sample as u64);
    let error = format::significant(deviation.error.into(), 3);
    let told = t!(
        "calibration.answers.told",
        sample = sample,
        error = error,
        output = deviation.output,
        layer = full_name(&loaded.network, deviation.begins.layer),
        neuron = deviation.begins.neuron
    );
    let detail = t!("calibration.answers.detail", layer = layer, sample = sample);
    let what = t!("calibration.answers.what", error = error);
    let texts = [what, detail, told].map(|text| text.into_owned());
    item(deviation.sample, deviation.begins, "", texts)
}

fn item(sample: usize, begins: Origin, class: &'static str, [what, detail, told]: [String; 3]) -> Item {
    Item {
        sample,
        layer: begins.layer,
        neuron: begins.neuron as usize,
        step: None,
        what,
        detail,
        told,
        class,
    }
}

fn overflowed(loaded: &Loaded, overflowed: &Overflowed) -> Item {
    let (network, first) = (&loaded.network, &overflowed.first);
    let target = network
        .layers
        .get(overflowed.layer)
        .map_or(0, |layer| layer.target);
    let sample = format::count(first.sample as u64);
    let neuron = first.neuron as usize;
    let times = format::count(overflowed.count);
    let what = match overflowed.count {
        1 => t!("calibration.overflows.once"),
        _ => t!("calibration.overflows.times", times = times),
    };
    let step = first.step.map_or_else(
        || t!("calibration.overflows.start"),
        |step| t!("calibration.overflows.step", step = step + 1),
    );
    let told = t!(
        "calibration.overflows.told",
        sample = sample,
        layer = full_name(network, overflowed.layer),
        times = times,
        place = place(volume(network, target), neuron),
        step = step,
        value = format::thousands(first.value)
    );
    let detail = t!(
        "calibration.overflows.detail",
        layer = layer_name(network, overflowed.layer),
        neuron = format::count(neuron as u64),
        step = step
    );
    Item {
        sample: first.sample,
        layer: overflowed.layer,
        neuron,
        step: Some(first.step.map_or(0, usize::from)),
        what: what.into_owned(),
        detail: detail.into_owned(),
        told: told.into_owned(),
        class: "",
    }
}
