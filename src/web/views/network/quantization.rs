//! How the network was quantized: what can be set where that is done here and what it costs, else what the file says.

use super::graph::choose;
use super::words;
use crate::explore::{Agreement, Measure};
use crate::settings::{Kind, SETTINGS, Section, Setting, Settings};
use crate::web::components::{Card, Hint};
use crate::web::format;
use crate::web::gallery::Dataset;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch, NetworkAction};
use crate::web::tables::{setting_help, term};
use crate::web::verdict::{name_of, value_in_words};
use crate::web::views::words::tensor_name;
use crate::web::worker::{CalibrateOn, LossView, ModelView, NetworkView, RunView, TakeAway};
use rust_i18n::t;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Numbers of samples to calibrate on.
const COUNTS: [usize; 7] = [1, 5, 20, 50, 100, 200, 500];
/// Decibels of a full bar.
const FULL: f64 = 60.0;

/// What [`QuantizationCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct QuantizationProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The tensor that is looked at.
    pub tensor: usize,
    /// What it is made of, once that is known.
    pub model: Option<ByPtr<ModelView>>,
    /// What quantization cost, as far as that is measured.
    pub loss: Option<ByPtr<LossView>>,
    /// Counts over the samples, for this run's settings.
    pub counts: Option<ByPtr<Agreement>>,
    /// The samples.
    pub data: Option<ByPtr<Dataset>>,
    /// Whether another network is on its way.
    pub is_busy: bool,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// The quantization, whole.
#[component]
pub fn QuantizationCard(props: &QuantizationProps) -> Html {
    let QuantizationProps {
        network,
        run,
        loss,
        dispatch,
        ..
    } = props;
    let is_float = network.is_float;
    let take = |what: TakeAway| {
        let dispatch = dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Network(NetworkAction::Take(what))))
    };
    let note = if is_float {
        t!("network.float-note")
    } else {
        t!("network.integer-note")
    };
    let settings = SETTINGS
        .iter()
        .filter(|setting| setting.section == Section::Quantization);
    html! {
        <Card name="quantization" class="wide" title={t!("network.quantization").into_owned()} is_busy={is_float && loss.is_none()}>
            <p class="card-note">{ note }</p>
            <div class="quantization">
                if is_float {
                    <div class="quantization-form">
                        { for settings.map(|setting| field(setting, &run.settings, dispatch)) }
                        { calibration(props) }
                    </div>
                }
                <div class="quantization-effect">
                    if is_float { { effect(props) } }
                    { table(props) }
                    <div class="network-downloads">
                        if is_float {
                            <button type="button" class="button" onclick={take(TakeAway::Onnx)}>{ t!("network.take-onnx") }</button>
                        }
                        <button type="button" class="button" onclick={take(TakeAway::Sdann)}>{ t!("network.take-sdann") }</button>
                        <span class="soft">{ t!("network.take-note") }</span>
                    </div>
                </div>
            </div>
        </Card>
    }
}

/// A setting with its explanation. The panel has it too, so names are others here.
fn field(setting: &'static Setting, settings: &Settings, dispatch: &Dispatch) -> Html {
    let id = format!("ptq-{}", setting.key);
    let value = setting.get(settings);
    let set = {
        let dispatch = dispatch.clone();
        move |value: String| dispatch.dispatch(Action::Set(setting, value))
    };
    let control = match &setting.kind {
        Kind::Integer { min, max, unit } => {
            let onchange = Callback::from(move |event: Event| {
                set(event.target_unchecked_into::<HtmlInputElement>().value());
            });
            html! { <span><input type="number" id={id.clone()} min={min.to_string()} max={max.to_string()} {value} {onchange} />{ format!(" {}", term(unit)) }</span> }
        }
        Kind::Choice(choices) => {
            let onchange = Callback::from(move |event: Event| {
                set(event.target_unchecked_into::<HtmlSelectElement>().value());
            });
            let option = |choice: &crate::settings::Choice| {
                html! { <option value={choice.value} selected={choice.value == value}>{ term(choice.label) }</option> }
            };
            html! { <select class="choice-select" id={id.clone()} {onchange}>{ for choices.iter().map(option) }</select> }
        }
        Kind::Switch => {
            let onchange = Callback::from(move |event: Event| {
                let is_on = event.target_unchecked_into::<HtmlInputElement>().checked();
                set(if is_on { "on" } else { "off" }.to_owned());
            });
            html! { <input type="checkbox" id={id.clone()} checked={value == "on"} {onchange} /> }
        }
    };
    let help = format!("{id}-help");
    html! {
        <div class="ptq-field">
            <label for={id}>{ term(setting.label) }</label>
            { control }
            <p id={help} class="soft">{ setting_help(setting) }</p>
        </div>
    }
}

/// Which samples ranges are measured on.
fn calibration(props: &QuantizationProps) -> Html {
    let Some(data) = &props.data else {
        return html! { <p class="soft">{ t!("network.calibrated-on-none") }</p> };
    };
    let on = data.files.calibrate_on;
    let send = {
        let dispatch = props.dispatch.clone();
        move |on: CalibrateOn| dispatch.dispatch(Action::Network(NetworkAction::CalibrateOn(on)))
    };
    let on_source = {
        let send = send.clone();
        Callback::from(move |event: Event| {
            let samples = event.target_unchecked_into::<HtmlSelectElement>().value() == "samples";
            send(CalibrateOn { samples, ..on });
        })
    };
    let on_count = Callback::from(move |event: Event| {
        let count = event
            .target_unchecked_into::<HtmlSelectElement>()
            .value()
            .parse()
            .ok();
        send(CalibrateOn { count, ..on });
    });
    let has_own = !data.files.calibration.is_empty();
    let used = props.model.as_ref().map(|model| model.calibration);
    html! {
        <fieldset class="calibrate-on">
            <legend>{ t!("network.calibrate-on") }<Hint name="calibrate-on" about={t!("network.calibrate-on").into_owned()} /></legend>
            if has_own {
                <label>{ t!("network.source") }
                    <select class="choice-select" id="calibration-source" onchange={on_source}>
                        <option value="own" selected={!on.samples}>{ t!("network.source-own") }</option>
                        <option value="samples" selected={on.samples}>{ t!("network.source-samples") }</option>
                    </select>
                </label>
            }
            <label>{ t!("network.at-most") }
                <select class="choice-select" id="calibration-count" onchange={on_count}>
                    <option value="" selected={on.count.is_none()}>{ t!("network.as-usual") }</option>
                    { for COUNTS.iter().map(|&count| html! {
                        <option value={count.to_string()} selected={on.count == Some(count)}>{ format::count(count as u64) }</option>
                    }) }
                </select>
            </label>
            <p class="soft" aria-live="polite">{ if props.is_busy {
                t!("network.calibrating")
            } else {
                t!("network.calibrated-on", number = used.map_or("…".to_owned(), |used| format::count(used as u64)))
            } }</p>
        </fieldset>
    }
}

/// How good three networks are: as real numbers, as integers, as spikes.
fn effect(props: &QuantizationProps) -> Html {
    let loss = props.loss.as_deref();
    let spiking = props.counts.as_ref().and_then(|counts| counts.quality.as_ref());
    let measure = loss.and_then(|loss| loss.measure);
    let Some(loss) = loss else {
        return html! { <div class="skeleton effect-skeleton" /> };
    };
    let bars = [
        ("float", loss.float, "var(--ink-soft)"),
        ("quantized", loss.quantized, "var(--accent)"),
        (
            "spiking",
            spiking.and_then(|quality| quality.spiking()),
            "var(--spike)",
        ),
    ];
    let most = bars.iter().filter_map(|(_, value, _)| *value).fold(0.0, f64::max);
    let bar = |(name, value, colour): (&str, Option<f64>, &str)| {
        let share = match measure {
            Some(Measure::Accuracy) => value.unwrap_or(0.0),
            _ => value.unwrap_or(0.0) / f64::max(most, f64::MIN_POSITIVE),
        };
        let words = value
            .zip(measure)
            .map(|(value, measure)| value_in_words(measure, value));
        html! {
            <tr class={format!("effect-{name}")}>
                <th scope="row">{ t!(format!("network.effect.{name}")) }</th>
                <td class="number">{ words.unwrap_or_else(|| "–".to_owned()) }</td>
                <td class="bar-cell"><span class="effect-bar" style={format!("width:{:.1}%;background:{colour}", 100.0 * share.clamp(0.0, 1.0))} /></td>
            </tr>
        }
    };
    let progress = match loss.samples < loss.of {
        true => t!("network.comparing", number = loss.samples, of = loss.of),
        false => t!(
            "network.labels-equal",
            number = format::count(loss.labels_equal as u64),
            of = format::count(loss.samples as u64)
        ),
    };
    let caption = measure.map_or_else(|| t!("network.effect-none"), name_of);
    html! {
        <>
            <table class="network-table effect">
                <caption>{ caption }</caption>
                <tbody>{ for bars.into_iter().map(bar) }</tbody>
            </table>
            <p class="card-note labels-equal">{ progress }</p>
        </>
    }
}

/// How each tensor is quantized, and how much of its signal that left.
fn table(props: &QuantizationProps) -> Html {
    let QuantizationProps {
        network,
        tensor: chosen,
        loss,
        dispatch,
        ..
    } = props;
    let loss = loss.as_deref().filter(|_| network.is_float);
    let mut heads = vec!["tensor", "codes", "scale", "zero-point", "covers"];
    heads.extend(network.is_float.then_some(["met", "sqnr"]).into_iter().flatten());
    let row = |tensor: usize| {
        let affine = network.tensors[tensor].affine;
        let covers = affine.map(|affine| {
            let [low, high] = [affine.format.min(), affine.format.max()];
            range([affine.dequantize(low), affine.dequantize(high)])
        });
        let sqnr = loss.and_then(|loss| loss.sqnr.get(tensor).copied().flatten());
        let onclick = {
            let (dispatch, network) = (dispatch.clone(), network.clone());
            Callback::from(move |_: MouseEvent| choose(&dispatch, &network, tensor))
        };
        html! {
            <tr class={(tensor == *chosen).then_some("is-chosen")}>
                <th scope="row"><button type="button" class="tensor-button" {onclick} aria-pressed={(tensor == *chosen).to_string()}>
                    <i class="swatch" style={format!("--hue:{}", words::hue(network, tensor))} />{ tensor_name(network, tensor) }
                </button></th>
                <td>{ words::codes(affine) }</td>
                <td class="number">{ affine.map(|affine| format::significant(affine.scale.into(), 4)) }</td>
                <td class="number">{ affine.map(|affine| format::thousands(affine.zero_point.into())) }</td>
                <td class="number">{ covers }</td>
                if network.is_float {
                    <td class="number">{ loss.and_then(|loss| loss.ranges.get(tensor)).map(|met| range(*met)) }</td>
                    <td class="sqnr-cell">
                        <span class="number">{ sqnr.map_or("–".to_owned(), words::decibels) }</span>
                        <span class="sqnr-bar" style={format!("width:{:.1}%;--hue:{}", (sqnr.unwrap_or(0.0) / FULL * 100.0).clamp(0.0, 100.0), words::hue(network, tensor))} />
                    </td>
                }
            </tr>
        }
    };
    html! {
        <>
            <h3>{ t!("network.tensors") }</h3>
            <div class="scroll" tabindex="0" role="region" aria-label={t!("network.tensors")}>
                <table class="network-table tensors-table">
                    <thead><tr>{ for heads.iter().map(|head| html! { <th scope="col">{ t!(format!("network.column.{head}")) }</th> }) }</tr></thead>
                    <tbody>{ for (0..network.tensors.len()).map(row) }</tbody>
                </table>
            </div>
        </>
    }
}

fn range([from, to]: [f32; 2]) -> String {
    let end = |number: f32| format::significant(number.into(), 3);
    format!("{} … {}", end(from), end(to))
}
