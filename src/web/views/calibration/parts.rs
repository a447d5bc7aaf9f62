//! What the parts of bias calibration do to one layer: a histogram of errors for each combination of them.

use super::super::words::{full_name, layer_name};
use super::mean;
use crate::explore::{CalibrationEffect, ErrorDistribution};
use crate::settings::{Settings, setting};
use crate::web::components::{Card, Hint};
use crate::web::format;
use crate::web::palette::{hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, Frame, Histogram, PlotCanvas, Span, busy_span, draw_histogram, ticks};
use crate::web::state::{Action, Dispatch};
use crate::web::worker::NetworkView;
use rust_i18n::t;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Combinations of the fit to the bias register and the correction of the mean error, with their names in `locales/`.
pub const PARTS: [(bool, bool, &str); 4] = [
    (false, false, "neither"),
    (true, false, "fit"),
    (false, true, "correct"),
    (true, true, "both"),
];

/// What [`PartsCard`] takes.
#[derive(Properties, PartialEq)]
pub struct PartsProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// What was measured of the layer; `None` while it is being measured.
    pub effect: Option<ByPtr<CalibrationEffect>>,
    /// Whether it was measured with a narrower register than the chosen one, which is exact.
    pub is_demonstration: bool,
    /// The layer.
    pub layer: usize,
    /// The settings.
    pub settings: Settings,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// Four histograms with the same axes.
#[component]
pub fn PartsCard(props: &PartsProps) -> Html {
    let effect = &props.effect;
    let calibration = props.settings.conversion.bias_calibration;
    let part = |(fit, correct, name): (bool, bool, &'static str)| {
        let errors = effect.as_ref().and_then(|effect| effect.of(fit, correct));
        let is_set = (calibration.fit, calibration.correct) == (fit, correct);
        let dispatch = props.dispatch.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            let word = |on: bool| if on { "on" } else { "off" };
            for (key, on) in [("bias-fit", fit), ("bias-correct", correct)] {
                if let Ok(setting) = setting(key) {
                    dispatch.dispatch(Action::Set(setting, word(on).to_owned()));
                }
            }
        });
        html! {
            <figure class={classes!("part", is_set.then_some("is-set"))} data-part={name}>
                <figcaption>
                    <b>{ t!(format!("calibration.parts.{name}")) }</b>
                    <button type="button" class="button button-small" aria-pressed={is_set.to_string()} {onclick}
                        title={t!(format!("calibration.parts.set-{name}"))}>
                        { if is_set { t!("calibration.parts.is-set") } else { t!("calibration.parts.set") } }
                        <span class="visually-hidden">{ t!(format!("calibration.parts.{name}")) }</span>
                    </button>
                </figcaption>
                <PartPlot effect={effect.clone()} {fit} {correct} layer={props.layer} />
                { figures(errors) }
            </figure>
        }
    };
    html! {
        <Card name="parts" title={t!("calibration.parts.title").into_owned()} class="wide"
            aside={html! { <LayerChoice network={props.network.clone()} layer={props.layer} dispatch={props.dispatch.clone()} /> }}>
            <p class="card-note">{ note(effect.as_deref(), props.is_demonstration, &layer_name(&props.network, props.layer)) }</p>
            <div class="parts" aria-busy={effect.is_none().to_string()} style={format!("--hue:{}", hue_of_layer(Some(props.layer)))}>
                { for PARTS.into_iter().map(part) }
            </div>
            <p class="plot-x">{ t!("calibration.parts.axis") }</p>
        </Card>
    }
}

fn note(effect: Option<&CalibrationEffect>, is_demonstration: bool, layer: &str) -> String {
    let Some(effect) = effect else {
        return t!("calibration.parts.measuring").into_owned();
    };
    let samples = format::count(effect.samples as u64);
    let (key, bits) = match is_demonstration {
        true => ("calibration.parts.demonstration", effect.register_bits),
        false => ("calibration.parts.note", effect.register_bits),
    };
    t!(key, layer = layer, bits = bits, samples = samples).into_owned()
}

/// Mean, spread, share of equal codes, overflows.
fn figures(errors: Option<&ErrorDistribution>) -> Html {
    let row = |key: &str, value: Option<String>| {
        html! { <><dt>{ t!(format!("calibration.parts.{key}")) }</dt><dd>{ value.unwrap_or_else(|| "…".into()) }</dd></> }
    };
    html! {
        <dl class="part-figures">
            { row("mean", errors.map(|e| mean(e.mean))) }
            { row("deviation", errors.map(|e| format::decimal(e.deviation, 3))) }
            { row("equal", errors.map(|e| format::percent(e.equal as f64 / e.codes.max(1) as f64))) }
            { row("overflows", errors.map(|e| format::count(e.overflows))) }
        </dl>
    }
}

/// What [`PartPlot`] takes.
#[derive(Properties, PartialEq)]
struct PartPlotProps {
    effect: Option<ByPtr<CalibrationEffect>>,
    fit: bool,
    correct: bool,
    layer: usize,
}

/// One histogram, in front of that without any part.
#[component]
fn PartPlot(props: &PartPlotProps) -> Html {
    let palette = use_palette();
    let (fit, correct) = (props.fit, props.correct);
    let draw = use_callback(
        (props.effect.clone(), ByPtr(palette), props.layer),
        move |frame: Frame, (effect, palette, layer)| {
            let Some(effect) = effect else { return };
            let counts = |fit, correct| {
                effect
                    .of(fit, correct)
                    .map(|e| e.counts.clone())
                    .unwrap_or_default()
            };
            let histogram = Histogram {
                from: effect.from,
                bin: effect.bin,
                series: vec![
                    (counts(false, false), palette.ink_soft.mix(palette.surface, 0.45)),
                    (counts(fit, correct), palette.layer(*layer)),
                ],
                span: shown(effect),
                hairline: palette.line,
                top: Some(
                    all(effect)
                        .flat_map(|e| e.counts.iter().copied())
                        .max()
                        .unwrap_or(0),
                ),
            };
            if let Err(error) = draw_histogram(frame, &histogram) {
                web_sys::console::warn_1(&error.to_string().into());
            }
        },
    );
    html! {
        <div class={classes!("plot-frame", "histogram", props.effect.is_none().then_some("is-measuring"))}>
            <div class="plot"><PlotCanvas {draw} /></div>
            <div class="plot-ticks" aria-hidden="true">{ props.effect.as_deref().map(axis) }</div>
        </div>
    }
}

fn all(effect: &CalibrationEffect) -> impl Iterator<Item = &ErrorDistribution> {
    PARTS
        .into_iter()
        .filter_map(|(fit, correct, _)| effect.of(fit, correct))
}

/// The part of the axis that is shown, the same in all histograms.
fn shown(effect: &CalibrationEffect) -> Span {
    let counts: Vec<&[u64]> = all(effect).map(|errors| &errors.counts[..]).collect();
    busy_span(effect.from, effect.bin, &counts, 0.004, 4.0 * effect.bin)
}

fn axis(effect: &CalibrationEffect) -> Html {
    let span = shown(effect);
    let (marks, places) = ticks(span, 4);
    let mark = |&value: &f64| {
        let plus = if value > 0.0 { "+" } else { "" };
        let style = format!("left:{:.2}%", span.share(value) * 100.0);
        html! { <span {style}>{ format!("{plus}{}", format::decimal(value, if value == 0.0 { 0 } else { places })) }</span> }
    };
    html! { <>{ for marks.iter().map(mark) }</> }
}

/// What [`LayerChoice`] takes.
#[derive(Properties, PartialEq)]
struct LayerChoiceProps {
    network: ByPtr<NetworkView>,
    layer: usize,
    dispatch: Dispatch,
}

/// Which layer is looked at.
#[component]
fn LayerChoice(props: &LayerChoiceProps) -> Html {
    let dispatch = props.dispatch.clone();
    let onchange = Callback::from(move |event: Event| {
        let select = event.target_unchecked_into::<HtmlSelectElement>();
        if let Ok(layer) = select.value().parse() {
            dispatch.dispatch(Action::SelectLayer(layer));
        }
    });
    let option = |index: usize| {
        html! {
            <option value={index.to_string()} selected={index == props.layer} title={full_name(&props.network, index)}>
                { layer_name(&props.network, index) }
            </option>
        }
    };
    html! {
        <p class="card-choice">
            <select aria-label={t!("calibration.layer")} {onchange}>{ for (0..props.network.layers.len()).map(option) }</select>
            <Hint name="calibration-parts" about={t!("calibration.layer").into_owned()} />
        </p>
    }
}
