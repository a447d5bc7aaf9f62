//! The mean error of each output channel before and after bias calibration, and what it adds to their biases.

use super::super::words::layer_name;
use super::mean;
use crate::explore::CalibrationEffect;
use crate::settings::Settings;
use crate::web::components::Card;
use crate::web::palette::hue_of_layer;
use crate::web::plots::{ByPtr, Span, ticks};
use crate::web::selection::{Select, Selection};
use crate::web::state::{Action, Dispatch};
use crate::web::worker::NetworkView;
use rust_i18n::t;
use std::fmt::Write;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What [`ChannelsCard`] takes.
#[derive(Properties, PartialEq)]
pub struct ChannelsProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// What was measured of the chosen layer; `None` while it is being measured.
    pub effect: Option<ByPtr<CalibrationEffect>>,
    /// The chosen neuron.
    pub selection: Selection,
    /// The settings.
    pub settings: Settings,
    /// To choose another channel.
    pub dispatch: Dispatch,
}

/// Numbers of each channel: the mean error before and after, and what was added.
struct Channels {
    before: Vec<f64>,
    after: Vec<f64>,
    added: Vec<f64>,
}

impl Channels {
    /// Without any part, and with the parts that are set; without any set, with the correction.
    fn of(effect: &CalibrationEffect, (fit, correct): (bool, bool)) -> Option<Self> {
        let (before, after) = (effect.of(false, false)?, effect.of(fit, correct)?);
        let added = after
            .bias
            .iter()
            .zip(before.bias.iter())
            .map(|(after, before)| after - before);
        Some(Self {
            before: before.channels.0.clone(),
            after: after.channels.0.clone(),
            added: added.collect(),
        })
    }
}

/// Which parts stand for "after".
fn parts(settings: &Settings) -> (bool, bool) {
    let calibration = settings.conversion.bias_calibration;
    match (calibration.fit, calibration.correct) {
        (false, false) => (false, true),
        set => set,
    }
}

/// Height of a picture in its own units.
const HEIGHT: f64 = 100.0;

/// Bars of all channels; the chosen one in words.
#[component]
pub fn ChannelsCard(props: &ChannelsProps) -> Html {
    let layer = props.selection.layer;
    let effect = props.effect.as_deref();
    let channels = effect.and_then(|effect| Channels::of(effect, parts(&props.settings)));
    let output = props
        .network
        .layers
        .get(layer)
        .map(|layer| layer.connections.output);
    let (count, positions) = output.map_or((0, 1), |output| (output.channels, output.positions().max(1)));
    let chosen = (props.selection.neuron / positions).min(count.saturating_sub(1));
    let dispatch = props.dispatch.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let channel = event
            .target_unchecked_into::<HtmlInputElement>()
            .value_as_number();
        let neuron = (channel.max(0.0) as usize).min(count.saturating_sub(1)) * positions + positions / 2;
        dispatch.dispatch(Action::Select(Select::Neuron { layer, neuron }));
    });
    let words = match &channels {
        Some(channels) => words(channels, chosen, count),
        None => t!("calibration.parts.measuring").into_owned(),
    };
    let (fit, correct) = parts(&props.settings);
    let after = super::PARTS
        .iter()
        .find(|part| (part.0, part.1) == (fit, correct));
    let after = after.map_or_else(String::new, |part| {
        t!(format!("calibration.parts.{}", part.2)).into_owned()
    });
    html! {
        <Card name="channels" title={t!("calibration.channels.title", layer = layer_name(&props.network, layer)).into_owned()}>
            <p class="card-note">{ t!("calibration.channels.note") }</p>
            <div class="channels" aria-busy={channels.is_none().to_string()} style={format!("--hue:{}", hue_of_layer(Some(layer)))}>
                { bars(&t!("calibration.channels.error"), channels.as_ref().map(|c| [&c.before, &c.after]), chosen, count) }
                { bars(&t!("calibration.channels.added"), channels.as_ref().map(|c| [&[][..], &c.added]), chosen, count) }
                <input type="range" class="channels-choice" min="0" max={count.saturating_sub(1).to_string()} step="1"
                    value={chosen.to_string()} aria-label={t!("calibration.channels.choice")} aria-valuetext={words.clone()} {oninput} />
            </div>
            <p class="registers-words">{ words }</p>
            <ul class="legend-row" aria-hidden="true" style={format!("--hue:{}", hue_of_layer(Some(layer)))}>
                <li><i class="channel-before" />{ t!("calibration.parts.neither") }</li>
                <li><i class="channel-after" />{ after }</li>
            </ul>
            if let Some(channels) = &channels {
                <details class="numbers"><summary>{ t!("calibration.numbers") }</summary>{ table(channels) }</details>
            }
        </Card>
    }
}

fn words(channels: &Channels, chosen: usize, count: usize) -> String {
    let at = |values: &[f64]| {
        values
            .get(chosen)
            .map_or_else(|| "–".into(), |&value| mean(value))
    };
    t!(
        "calibration.channels.words",
        channel = chosen,
        of = count,
        before = at(&channels.before),
        after = at(&channels.after),
        added = at(&channels.added)
    )
    .into_owned()
}

/// A picture of bars around zero, the hindmost set first.
fn bars<V: AsRef<[f64]> + ?Sized>(title: &str, sets: Option<[&V; 2]>, chosen: usize, count: usize) -> Html {
    let sets = sets.map(|sets| sets.map(AsRef::as_ref)).unwrap_or_default();
    let span = Span::around(sets.iter().flat_map(|set| set.iter().copied()), 0.06);
    let (marks, places) = ticks(span, 3);
    let mark = |&value: &f64| {
        let style = format!("top:{:.2}%", (1.0 - span.share(value)) * 100.0);
        html! { <span {style}>{ crate::web::format::decimal(value, if value == 0.0 { 0 } else { places }) }</span> }
    };
    let zero = (1.0 - span.share(0.0)) * HEIGHT;
    let classes = ["channel-before", "channel-after"];
    html! {
        <figure class="channel-bars">
            <figcaption>{ title }</figcaption>
            <div class="widths-y" aria-hidden="true">{ for marks.iter().map(mark) }</div>
            <svg viewBox={format!("0 0 {} {HEIGHT}", count.max(1))} preserveAspectRatio="none" aria-hidden="true">
                <rect class="channel-chosen" x={chosen.to_string()} y="0" width="1" height={HEIGHT.to_string()} />
                { for sets.iter().zip(classes).map(|(set, class)| html! { <path {class} d={outline(set, span)} /> }) }
                <path class="channel-zero" d={format!("M0 {zero:.2}H{}", count.max(1))} />
            </svg>
        </figure>
    }
}

/// Bars from zero, each a channel wide with a little air.
fn outline(values: &[f64], span: Span) -> String {
    let zero = (1.0 - span.share(0.0)) * HEIGHT;
    let mut path = String::new();
    for (channel, value) in values.iter().enumerate() {
        let top = (1.0 - span.share(*value)) * HEIGHT;
        // Writing to a string can't fail.
        let _ = write!(
            path,
            "M{:.2} {zero:.2}V{top:.2}h.76V{zero:.2}z",
            channel as f64 + 0.12
        );
    }
    path
}

fn table(channels: &Channels) -> Html {
    let row = |(channel, before): (usize, &f64)| {
        let at = |values: &[f64]| {
            values
                .get(channel)
                .map_or_else(|| "–".into(), |&value| mean(value))
        };
        html! {
            <tr>
                <th scope="row">{ channel }</th><td>{ mean(*before) }</td>
                <td>{ at(&channels.after) }</td><td>{ at(&channels.added) }</td>
            </tr>
        }
    };
    let head = |key: &str| html! { <th scope="col">{ t!(format!("calibration.channels.{key}")) }</th> };
    html! {
        <div class="scrolls" tabindex="0" role="region" aria-label={t!("calibration.channels.caption")}>
            <table class="doings">
                <caption>{ t!("calibration.channels.caption") }</caption>
                <thead><tr>{ for ["channel", "before", "after", "bias"].map(head) }</tr></thead>
                <tbody>{ for channels.before.iter().enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::ErrorDistribution;

    #[test]
    fn what_is_added_is_told_against_no_calibration() {
        let errors = |channels: [f64; 2], bias: [f64; 2]| ErrorDistribution {
            channels: channels.to_vec().into(),
            bias: bias.to_vec().into(),
            ..ErrorDistribution::default()
        };
        let effect = CalibrationEffect {
            without: errors([-0.5, -0.25], [10.0, 20.0]),
            with: errors([0.0, 0.01], [10.5, 20.25]),
            ..CalibrationEffect::default()
        };
        let channels = Channels::of(&effect, parts(&Settings::default())).expect("measured");
        assert_eq!(channels.added, [0.5, 0.25]);
        let said = words(&channels, 1, 2);
        assert!(
            said.contains("−0.250") && said.contains("+0.010") && said.contains("+0.250"),
            "{said}"
        );
        assert!(Channels::of(&effect, (true, true)).is_none(), "nobody asked");
    }

    #[test]
    fn bars_begin_at_zero() {
        let span = Span { from: -1.0, to: 1.0 };
        assert_eq!(
            outline(&[1.0, -0.5], span),
            "M0.12 50.00V0.00h.76V50.00zM1.12 50.00V75.00h.76V50.00z"
        );
    }
}
