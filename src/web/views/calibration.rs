//! What bias calibration mends: the error of what a layer fires, without and with the correction of
//! the mean error. The view of calibration is in the files beside.

mod advice;
mod channels;
mod line;
mod mistakes;
mod parts;
mod registers;
mod view;
mod widths;

pub use view::{CalibrationView, CalibrationViewProps, draw};

use parts::PARTS;

use super::findings::Findings;
use super::words::{full_name, layer_name};
use crate::explore::report::Remedy;
use crate::explore::{CalibrationEffect, ConversionReport, ErrorDistribution};
use crate::web::components::{Card, Hint};
use crate::web::format;
use crate::web::palette::{hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, Frame, Histogram, PlotCanvas, Span, busy_span, draw_histogram, ticks};
use crate::web::worker::NetworkView;
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What [`CalibrationCard`] takes.
#[derive(Clone, Properties)]
pub struct CalibrationCardProps {
    /// The network.
    pub network: Rc<NetworkView>,
    /// What was measured; `None` while it is being measured.
    pub effect: Option<Rc<CalibrationEffect>>,
    /// Whether there are samples to measure with.
    pub has_samples: bool,
    /// Whether it was measured with a narrower register than the chosen one, which is exact.
    pub demonstration: bool,
    /// The layer that is looked at.
    pub layer: usize,
    /// Called with the layer to look at.
    pub on_layer: Callback<usize>,
    /// What is to be said of every layer; `None` while it is being worked out.
    pub report: Option<Rc<ConversionReport>>,
    /// Called with a setting that mends something.
    pub on_remedy: Callback<Remedy>,
    /// Called when more is wanted: the view of calibration.
    pub on_more: Callback<()>,
}

impl PartialEq for CalibrationCardProps {
    fn eq(&self, other: &Self) -> bool {
        same(&self.effect, &other.effect)
            && same(&self.report, &other.report)
            && Rc::ptr_eq(&self.network, &other.network)
            && self.has_samples == other.has_samples
            && self.demonstration == other.demonstration
            && self.layer == other.layer
            && self.on_layer == other.on_layer
    }
}

fn same<T>(one: &Option<Rc<T>>, other: &Option<Rc<T>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// Two histograms over each other, their legend, and a choice of the layer.
#[component]
pub fn CalibrationCard(props: &CalibrationCardProps) -> Html {
    let palette = use_palette();
    let effect = props.effect.clone().filter(|effect| effect.layer == props.layer);
    let layer = props.layer;
    let draw = use_callback(
        (effect.clone().map(ByPtr), ByPtr(palette), layer),
        |frame: Frame, (effect, palette, layer)| {
            let Some(effect) = effect else { return };
            let histogram = Histogram {
                from: effect.from,
                bin: effect.bin,
                series: vec![
                    (effect.without.counts.clone(), palette.ink_soft),
                    (effect.with.counts.clone(), palette.layer(*layer)),
                ],
                span: shown(effect),
                hairline: palette.line,
                top: None,
            };
            if let Err(error) = draw_histogram(frame, &histogram) {
                web_sys::console::warn_1(&error.to_string().into());
            }
        },
    );
    let onchange = {
        let on_layer = props.on_layer.clone();
        Callback::from(move |event: Event| {
            let select = event
                .target()
                .and_then(|t| t.dyn_into::<HtmlSelectElement>().ok());
            if let Some(layer) = select.and_then(|s| s.value().parse().ok()) {
                on_layer.emit(layer);
            }
        })
    };
    let options = (0..props.network.layers.len()).map(|index| {
        html! {
            <option value={index.to_string()} selected={index == layer} title={full_name(&props.network, index)}>{ layer_name(&props.network, index) }</option>
        }
    });
    if !props.has_samples {
        return html! {
            <Card name="calibration" title={t!("calibration-card.title").into_owned()}>
                <p class="card-note card-empty">{ t!("calibration-card.no-samples") }</p>
            </Card>
        };
    }
    let aside = html! {
        <p class="card-choice">
            <select aria-label={t!("calibration-card.layer")} {onchange}>{ for options }</select>
            <Hint name="calibration-layer" about={t!("calibration-card.layer").into_owned()} />
            <span>
                { match &effect {
                    None => t!("calibration-card.measuring"),
                    Some(effect) => t!("calibration-card.register", bits = effect.register_bits),
                } }
            </span>
        </p>
    };
    html! {
        <Card name="calibration" title={t!("calibration-card.title").into_owned()} {aside}
            is_busy={effect.is_none()} hue={hue_of_layer(Some(layer))}>
            <ul class="legend">
                { entry("before", &t!("calibration-card.without"), effect.as_deref().map(|e| &e.without)) }
                { entry("after", &t!("calibration-card.corrected"), effect.as_deref().map(|e| &e.with)) }
            </ul>
            <div class={classes!("plot-frame", "histogram", effect.is_none().then_some("is-measuring"))}>
                <div class="plot"><PlotCanvas {draw} /></div>
                <div class="plot-ticks" aria-hidden="true">{ effect.as_deref().map(axis) }</div>
                <p class="plot-x">{ t!("calibration-card.axis") }</p>
            </div>
            <p class="card-note">{ note(effect.as_deref(), props.demonstration) }</p>
            { effect.as_deref().map(table) }
            <Findings network={ByPtr(props.network.clone())} report={props.report.clone().map(ByPtr)}
                on_layer={props.on_layer.clone()} on_remedy={props.on_remedy.clone()} />
            <button type="button" class="button card-more" onclick={props.on_more.reform(|_| ())}>{ t!("calibration.more-of") }</button>
        </Card>
    }
}

/// The part of the axis that is shown.
fn shown(effect: &CalibrationEffect) -> Span {
    busy_span(
        effect.from,
        effect.bin,
        &[&effect.without.counts, &effect.with.counts],
        0.004,
        4.0 * effect.bin,
    )
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

fn entry(class: &'static str, name: &str, errors: Option<&ErrorDistribution>) -> Html {
    let (equal, mean) = errors.map_or_else(Default::default, |errors| {
        let share = format::percent(errors.equal as f64 / errors.codes.max(1) as f64);
        (
            t!("calibration-card.equal", share = share),
            t!("calibration-card.mean", mean = mean(errors.mean)),
        )
    });
    html! {
        <li class={class}>
            <span class="swatch" aria-hidden="true" /><span>{ name }</span><b>{ equal }</b>
            <span class="soft">{ mean }</span>
        </li>
    }
}

/// An error in codes with its sign.
fn mean(mean: f64) -> String {
    let plus = if mean >= 0.0005 { "+" } else { "" };
    format!("{plus}{}", format::decimal(mean, 3))
}

fn note(effect: Option<&CalibrationEffect>, is_demonstration: bool) -> String {
    let Some(effect) = effect else {
        return t!("calibration-card.counting").into_owned();
    };
    let overflows = match (effect.without.overflows, effect.with.overflows) {
        (0, 0) => t!("calibration-card.no-overflow").into_owned(),
        (without, with) if without == with => format::count_of(with, "overflow"),
        (without, with) => t!(
            "calibration-card.overflows",
            overflows = format::count_of(without, "overflow"),
            corrected = format::count(with)
        )
        .into_owned(),
    };
    let samples = format::count_of(effect.samples as u64, "sample");
    let over = t!("calibration-card.over", overflows = overflows, samples = samples);
    let bits = effect.register_bits;
    if is_demonstration {
        t!("calibration-card.demonstration", bits = bits, over = over).into_owned()
    } else {
        over.into_owned()
    }
}

fn table(effect: &CalibrationEffect) -> Html {
    let row = |name: &str, errors: &ErrorDistribution| {
        html! {
            <tr>
                <th scope="row">{ name }</th>
                <td>{ format::percent(errors.equal as f64 / errors.codes.max(1) as f64) }</td>
                <td>{ mean(errors.mean) }</td>
                <td>{ format::count(errors.overflows) }</td>
            </tr>
        }
    };
    html! {
        <div class="visually-hidden"><table>
            <caption>{ t!("calibration-card.caption", bits = effect.register_bits) }</caption>
            <thead>
                <tr>
                    <th scope="col">{ t!("calibration-card.bias") }</th><th scope="col">{ t!("calibration-card.codes-equal") }</th>
                    <th scope="col">{ t!("calibration-card.mean-error") }</th><th scope="col">{ t!("calibration-card.overflow-column") }</th>
                </tr>
            </thead>
            <tbody>
                { row(&t!("calibration-card.without-correction"), &effect.without) }
                { row(&t!("calibration-card.corrected"), &effect.with) }
            </tbody>
        </table></div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect() -> CalibrationEffect {
        let errors = |mean, overflows| ErrorDistribution {
            counts: vec![0, 5, 10, 5, 0],
            mean,
            equal: 18,
            codes: 20,
            overflows,
            ..ErrorDistribution::default()
        };
        CalibrationEffect {
            layer: 0,
            samples: 200,
            register_bits: 14,
            from: -0.5,
            bin: 0.2,
            without: errors(-0.21, 3),
            with: errors(0.0001, 2),
            ..CalibrationEffect::default()
        }
    }

    #[test]
    fn the_note_counts_overflows_and_says_what_is_a_demonstration() {
        let effect = effect();
        let thin = format::THIN;
        assert_eq!(
            note(Some(&effect), false),
            format!("3{thin}overflows without, 2 corrected, 200{thin}samples.")
        );
        assert!(note(Some(&effect), true).starts_with("Measured at 14 bits"));
        assert!(note(None, true).ends_with('…'));
    }

    #[test]
    fn mean_errors_have_a_sign_where_they_have_a_size() {
        let effect = effect();
        assert_eq!(mean(effect.without.mean), "\u{2212}0.210");
        assert_eq!(mean(effect.with.mean), "0.000");
    }

    #[test]
    fn the_axis_ends_where_the_errors_end() {
        let span = shown(&effect());
        assert!((span.to - 0.4).abs() < 1e-9, "{span:?}");
    }
}
