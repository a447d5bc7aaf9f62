//! Accuracy against time and against spikes, as curves and as a table.

use super::chart::Chart;
use super::figures::{Across, Judged, chosen, per_sample, percent, series, upright};
use super::mark::{mark, name};
use crate::explore::{CodeName, Comparison, Point};
use crate::web::components::Card;
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::state::CodesLook;
use rust_i18n::t;
use yew::prelude::*;

/// What the cards take.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// What was counted.
    pub comparison: ByPtr<Comparison>,
    /// What of it is chosen.
    pub look: CodesLook,
    /// Whether the network answers with classes.
    pub has_classes: bool,
}

/// Two charts side by side.
#[component]
pub fn Charts(props: &Props) -> Html {
    let judged = Judged::of(&props.comparison, props.has_classes);
    let kind = if judged == Judged::Distance {
        "distance"
    } else {
        "accuracy"
    };
    let chart = |name: &'static str, across: Across| {
        let series = series(&props.comparison, &props.look, judged, across);
        let level = judged.level(&props.comparison);
        let height = level.as_ref().map(|level| level.0);
        let y = upright(&series, judged, height, props.look.is_whole);
        let x = across.axis(&series, &y);
        let title = t!(format!("codes.{name}.{kind}"));
        let level = level.map(|(value, text)| (value, text.into()));
        html! {
            <Card {name} title={title.to_string()} aside={html! { <p>{ t!(format!("codes.{name}.about")) }</p> }}>
                <Chart id={name} label={t!("codes.chart", title = title).into_owned()} {x} {y} {series} {level} />
            </Card>
        }
    };
    html! {
        <>
            { chart("codes-steps", Across::Steps) }
            { chart("codes-spikes", Across::Spikes) }
        </>
    }
}

/// Every number.
#[component]
pub fn Numbers(props: &Props) -> Html {
    let comparison = &*props.comparison;
    let judged = Judged::of(comparison, props.has_classes);
    let row = |code: CodeName, point: &Point| {
        let mean = |count: u64| format::count(per_sample(comparison, count));
        html! {
            <tr data-code={code.word()} data-steps={point.steps.to_string()}>
                <th scope="row">{ mark(code) }{ name(code) }</th>
                <td>{ point.steps }</td>
                <td>{ format::count(point.latency) }</td>
                <td>{ judged.text(judged.value(comparison, point)) }</td>
                if judged == Judged::Accuracy {
                    <td>{ percent(point.equal as f64 / comparison.samples.max(1) as f64) }</td>
                }
                <td>{ mean(point.spikes()) }</td>
                <td>{ mean(point.synaptic_operations) }</td>
                <td>{ mean(point.multiply_accumulates) }</td>
            </tr>
        }
    };
    let rows = chosen(comparison, &props.look)
        .into_iter()
        .flat_map(|(curve, points)| points.into_iter().map(move |point| (curve.code, point)));
    let head = |key: &str| html! { <th scope="col">{ t!(format!("codes.table.{key}")) }</th> };
    let samples = format::count(comparison.samples as u64);
    html! {
        <Card name="codes-numbers" class="wide" title={t!("codes.table.title").into_owned()}
            aside={html! { <p>{ t!("codes.table.about", samples = samples) }</p> }}>
            <div class="scroll" tabindex="0" role="group" aria-label={t!("codes.table.title").into_owned()}>
                <table class="doings figures codes-table">
                    <thead>
                        <tr>
                            { head("code") }{ head("steps") }{ head("latency") }
                            <th scope="col">{ judged.title() }</th>
                            if judged == Judged::Accuracy { { head("as-trained") } }
                            { head("spikes") }{ head("operations") }{ head("macs") }
                        </tr>
                    </thead>
                    <tbody>{ for rows.map(|(code, point)| row(code, point)) }</tbody>
                </table>
            </div>
            <p class="card-note">{ t!("codes.table.note") }</p>
        </Card>
    }
}
