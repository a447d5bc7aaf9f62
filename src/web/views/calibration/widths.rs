//! How well the network does at every register width: why so many bits are enough here.

use super::line::WidthLine;
use crate::explore::{Measure, Row, SWEPT_WIDTHS};
use crate::web::components::Card;
use crate::web::format;
use crate::web::plots::{ByPtr, Span, path, ticks};
use crate::web::state::{Action, CalibrationAction, Dispatch, Widths};
use crate::web::task::Task;
use crate::web::verdict::{name_of, value_in_words};
use rust_i18n::t;
use yew::prelude::*;

/// What [`WidthsCard`] takes.
#[derive(Properties, PartialEq)]
pub struct WidthsProps {
    /// What was swept so far.
    pub widths: Option<ByPtr<Widths>>,
    /// Whether the sweep is to rest.
    pub is_resting: bool,
    /// What the network's answers are.
    pub task: Task,
    /// How answers are judged, if it is known what should come out.
    pub measure: Option<Measure>,
    /// The register's width.
    pub bits: u8,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// What is to be said.
#[derive(Clone, Copy)]
struct Asked {
    bits: u8,
    task: Task,
    measure: Option<Measure>,
}

/// A curve of what is drawn: its class, its name, and its values.
struct Curve {
    class: &'static str,
    name: String,
    points: Vec<(f64, f64)>,
}

/// The picture's size in its own units.
const SIZE: (f64, f64) = (240.0, 100.0);

/// Curves over widths, with the present one marked; a press chooses another one.
#[component]
pub fn WidthsCard(props: &WidthsProps) -> Html {
    let rows = props.widths.as_ref().map_or(&[][..], |widths| &widths.rows);
    let fraction = props.widths.as_ref().map_or(0.0, |widths| widths.fraction);
    let (from, to) = (*SWEPT_WIDTHS.start(), *SWEPT_WIDTHS.end());
    let x = Span {
        from: f64::from(from),
        to: f64::from(to),
    };
    let asked = Asked {
        bits: props.bits,
        task: props.task,
        measure: props.measure,
    };
    let curves = curves(rows, asked);
    let y = share_axis(&curves);
    let line = |curve: &Curve| {
        let d = path(curve.points.iter().copied(), (x, y), SIZE);
        html! { <path class={curve.class} {d} /> }
    };
    let legend = |curve: &Curve| html! { <li class={curve.class}><i />{ &curve.name }</li> };
    let (marks, places) = ticks(y, 4);
    let mark = |&value: &f64| {
        let style = format!("top:{:.2}%", (1.0 - y.share(value)) * 100.0);
        html! { <span {style}>{ format!("{}{}%", format::decimal(value * 100.0, places.saturating_sub(2)), format::THIN) }</span> }
    };
    let tick = |bits: u8| html! { <span style={format!("left:{:.2}%", x.share(bits.into()) * 100.0)}>{ bits }</span> };
    html! {
        <Card name="widths" title={t!("calibration.widths.title").into_owned()} aside={progress(props, fraction)}>
            <p class="card-note">{ t!("calibration.widths.note") }</p>
            <p class="registers-words" aria-live="polite">{ answer(rows, asked) }</p>
            <div class="widths">
                <div class="widths-y" aria-hidden="true">{ for marks.iter().map(mark) }</div>
                <div class="widths-plot">
                    <svg viewBox={format!("0 0 {} {}", SIZE.0, SIZE.1)} preserveAspectRatio="none" aria-hidden="true">
                        { for curves.iter().map(line) }
                    </svg>
                    <WidthLine bits={props.bits} {from} {to} label={t!("calibration.widths.line").into_owned()}
                        dispatch={props.dispatch.clone()} />
                </div>
                <div class="registers-ticks" aria-hidden="true">{ for [8, 12, 16, 20, 24, 28, 32].map(tick) }</div>
                <p class="plot-x">{ t!("calibration.widths.axis") }</p>
            </div>
            <ul class="legend-row" aria-hidden="true">{ for curves.iter().map(legend) }</ul>
            <details class="numbers"><summary>{ t!("calibration.numbers") }</summary>{ table(rows, asked) }</details>
        </Card>
    }
}

fn progress(props: &WidthsProps, fraction: f64) -> Html {
    if fraction >= 1.0 {
        return html! { <p>{ t!("calibration.widths.done") }</p> };
    }
    let rests = props.is_resting;
    let dispatch = props.dispatch.clone();
    let onclick = Callback::from(move |_: MouseEvent| {
        dispatch.dispatch(Action::Calibration(CalibrationAction::Rest(!rests)));
    });
    html! {
        <p class="card-choice">
            <progress max="1" value={format!("{fraction:.3}")} aria-label={t!("calibration.widths.progress")} />
            <button type="button" class="button button-small" {onclick}>
                { if rests { t!("calibration.widths.go-on") } else { t!("calibration.widths.rest") } }
            </button>
        </p>
    }
}

fn share(part: usize, row: &Row) -> f64 {
    part as f64 / row.samples.max(1) as f64
}

fn curves(rows: &[(u8, Row)], asked: Asked) -> Vec<Curve> {
    let curve = |class, name: String, value: &dyn Fn(&Row) -> f64| Curve {
        class,
        name,
        points: rows
            .iter()
            .map(|(bits, row)| (f64::from(*bits), value(row)))
            .collect(),
    };
    let mut curves = vec![curve(
        "curve-codes",
        t!("calibration.widths.codes").into_owned(),
        &|row| row.equal_share,
    )];
    if asked.measure == Some(Measure::Accuracy) {
        let name = t!("calibration.widths.accuracy").into_owned();
        curves.push(curve("curve-quality", name, &|row| {
            row.quality.unwrap_or(f64::NAN)
        }));
    }
    if asked.task == Task::Classes {
        let name = t!("calibration.widths.labels").into_owned();
        curves.push(curve("curve-labels", name, &|row| share(row.labels_equal, row)));
    }
    curves
}

/// From the lowest value to all of them.
fn share_axis(curves: &[Curve]) -> Span {
    let values = curves
        .iter()
        .flat_map(|curve| curve.points.iter().map(|point| point.1));
    let lowest = values.filter(|value| value.is_finite()).fold(1.0, f64::min);
    let from = ((lowest * 10.0).floor() / 10.0).min(0.9);
    Span { from, to: 1.0 }
}

/// What the present width comes to, and the narrowest that comes to the same.
fn answer(rows: &[(u8, Row)], asked: Asked) -> String {
    let Some((_, row)) = rows.iter().find(|(bits, _)| *bits == asked.bits) else {
        return t!("calibration.widths.waiting", bits = asked.bits).into_owned();
    };
    let (samples, bits) = (format::count(row.samples as u64), asked.bits);
    let quality = row.quality.zip(asked.measure).map(|(quality, measure)| {
        let of_reference = row
            .reference_quality
            .map_or_else(String::new, |value| value_in_words(measure, value));
        t!(
            "calibration.widths.quality",
            measure = name_of(measure),
            value = value_in_words(measure, quality),
            reference = of_reference
        )
    });
    let (same, key) = match asked.task {
        Task::Classes => (row.labels_equal, "labels-at"),
        _ => (row.codes_equal, "codes-at"),
    };
    let key = format!("calibration.widths.{key}");
    let counted = t!(
        key,
        bits = bits,
        equal = format::count(same as u64),
        samples = samples
    );
    let parts = [Some(counted), quality, narrowest(rows, asked).map(Into::into)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The narrowest width from which on everything stays equal, once all are known.
fn narrowest(rows: &[(u8, Row)], asked: Asked) -> Option<String> {
    if rows.len() < SWEPT_WIDTHS.count() {
        return None;
    }
    let from = |is: &dyn Fn(&Row) -> bool| {
        let wide = rows.iter().rev().take_while(|(_, row)| is(row));
        wide.last().map(|(bits, _)| *bits)
    };
    let codes = from(&|row| row.codes_equal == row.samples);
    let labels = from(&|row| row.labels_equal == row.samples).filter(|_| asked.task == Task::Classes);
    Some(match (labels, codes) {
        (Some(labels), Some(codes)) => {
            t!("calibration.widths.narrowest", labels = labels, codes = codes).into_owned()
        }
        (None, Some(codes)) => t!("calibration.widths.narrowest-codes", codes = codes).into_owned(),
        (Some(labels), None) => t!("calibration.widths.narrowest-labels", labels = labels).into_owned(),
        (None, None) => t!("calibration.widths.never").into_owned(),
    })
}

fn table(rows: &[(u8, Row)], asked: Asked) -> Html {
    let has_labels = asked.task == Task::Classes;
    let row = |(bits, row): &(u8, Row)| {
        let quality = row.quality.zip(asked.measure);
        html! {
            <tr class={(*bits == asked.bits).then_some("is-chosen")}>
                <th scope="row">{ bits }</th>
                if has_labels { <td>{ format::count(row.labels_equal as u64) }</td> }
                if asked.measure.is_some() {
                    <td>{ quality.map_or_else(|| "–".into(), |(value, measure)| value_in_words(measure, value)) }</td>
                }
                <td>{ format::count(row.codes_equal as u64) }</td><td>{ format::percent(row.equal_share) }</td>
                <td>{ format::count(row.overflows) }</td>
            </tr>
        }
    };
    html! {
        <div class="scrolls" tabindex="0" role="region" aria-label={t!("calibration.widths.caption")}>
            <table class="doings">
                <caption>{ t!("calibration.widths.caption") }</caption>
                <thead><tr>
                    <th scope="col">{ t!("calibration.widths.axis") }</th>
                    if has_labels { <th scope="col">{ t!("calibration.widths.labels") }</th> }
                    if let Some(measure) = asked.measure { <th scope="col">{ name_of(measure) }</th> }
                    <th scope="col">{ t!("calibration.widths.samples") }</th><th scope="col">{ t!("calibration.widths.codes") }</th>
                    <th scope="col">{ t!("calibration.registers.overflows") }</th>
                </tr></thead>
                <tbody>{ for rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<(u8, Row)> {
        let row = |bits: u8| {
            let (labels, codes) = (if bits < 12 { 99 } else { 100 }, if bits < 17 { 3 } else { 100 });
            let row = Row {
                values: vec![bits.to_string()],
                samples: 100,
                codes_equal: codes,
                labels_equal: labels,
                equal_share: 0.5,
                quality: Some(0.97),
                reference_quality: Some(0.98),
                spikes: 1,
                synaptic_operations: 1,
                overflows: 0,
            };
            (bits, row)
        };
        SWEPT_WIDTHS.map(row).collect()
    }

    fn asked(bits: u8, task: Task) -> Asked {
        Asked {
            bits,
            task,
            measure: Some(Measure::Accuracy),
        }
    }

    #[test]
    fn it_says_why_twelve_bits_are_enough_here() {
        let said = answer(&rows(), asked(12, Task::Classes));
        assert!(said.contains("12 bits"), "{said}");
        assert!(said.contains("100 of 100"), "{said}");
        assert!(said.contains("from 12 bits on"), "{said}");
        assert!(said.contains("from 17 bits on"), "{said}");
        let early = answer(&rows()[..3], asked(12, Task::Classes));
        assert!(early.ends_with('…'), "{early}");
    }

    #[test]
    fn numbers_have_no_labels() {
        let said = answer(&rows(), asked(20, Task::Numbers));
        assert!(!said.contains("label"), "{said}");
    }
}
