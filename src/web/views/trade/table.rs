//! The pictures' numbers as tables. Cells hold their exact values beside the words, for whoever takes them away.

use super::CardProps;
use crate::explore::Row;
use crate::web::format;
use crate::web::state::{Figure, Point};
use crate::web::tables::term;
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// A figure of every pair of values.
pub(super) fn matrix(props: &CardProps, figure: Figure, slice: usize) -> Html {
    let Some(sweep) = props.sweep() else {
        return Html::default();
    };
    let (across, up) = (&sweep.axes[0], &sweep.axes[1]);
    let of_slice = sweep.axes.get(2).and_then(|axis| axis.values.get(slice));
    let point = |x: &String, y: &String| {
        let is = |point: &&Rc<Point>| {
            point.values.first() == Some(x)
                && point.values.get(1) == Some(y)
                && point.values.get(2) == of_slice
        };
        sweep.points.iter().find(is)
    };
    let cell = |x: &String, y: &String| {
        let value = point(x, y).and_then(|point| figure.of(point));
        let words = value.map_or_else(|| "–".to_owned(), |value| figure.words(value, props.measure()));
        html! { <td data-value={value.map(|value| value.to_string())}>{ words }</td> }
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={t!("trade.heat.table").into_owned()}>
            <table class="figures">
                <thead><tr>
                    <th scope="col">{ format!("{} \\ {}", term(up.setting.label), term(across.setting.label)) }</th>
                    { for across.values.iter().map(|x| html! { <th scope="col">{ x }</th> }) }
                </tr></thead>
                <tbody>{ for up.values.iter().map(|y| html! {
                    <tr><th scope="row">{ y }</th>{ for across.values.iter().map(|x| cell(x, y)) }</tr>
                }) }</tbody>
            </table>
        </div>
    }
}

/// Every point with all that was counted: the columns of the command line's file, then what a point takes.
pub(super) fn all_points(props: &CardProps, front: &[usize]) -> Html {
    let Some(sweep) = props.sweep() else {
        return Html::default();
    };
    let measure = props.measure();
    let with_costs = sweep.points.iter().any(|point| point.cost.is_some());
    let mut figures = vec![Figure::Steps, Figure::Memory];
    if with_costs {
        figures.extend([Figure::Energy, Figure::Latency]);
    }
    let number =
        |value: f64| html! { <td data-value={value.to_string()}>{ format::significant(value, 6) }</td> };
    let count = |value: u64| html! { <td data-value={value.to_string()}>{ format::count(value) }</td> };
    let real = |value: Option<f64>| value.map_or_else(|| html! { <td>{ "–" }</td> }, number);
    let cells = |row: &Row| {
        html! {
            <>
                { count(row.samples as u64) }{ count(row.codes_equal as u64) }{ count(row.labels_equal as u64) }
                { number(row.equal_share) }{ real(row.quality) }{ real(row.reference_quality) }
                { count(row.spikes) }{ count(row.synaptic_operations) }{ count(row.overflows) }
            </>
        }
    };
    let line = |(index, point): (usize, &Rc<Point>)| {
        let row = point.row.as_ref()?;
        let is_front = front.contains(&index);
        Some(html! {
            <tr key={index}>
                { for point.values.iter().map(|value| html! { <th scope="row">{ value }</th> }) }
                { cells(row) }
                { for figures.iter().map(|figure| match figure.of(point) {
                    Some(value) => html! { <td data-value={value.to_string()}>{ figure.words(value, measure) }</td> },
                    None => html! { <td>{ t!("trade.unknown_short").into_owned() }</td> },
                }) }
                <td data-value={is_front.to_string()}>{ if is_front { "●" } else { "" } }</td>
            </tr>
        })
    };
    let heading =
        |key: &str| html! { <th scope="col">{ t!(format!("trade.column.{key}")).into_owned() }</th> };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={t!("trade.pareto.table").into_owned()}>
            <table class="figures points-table">
                <thead><tr>
                    { for sweep.axes.iter().map(|axis| html! { <th scope="col" data-key={axis.setting.key}>{ term(axis.setting.label).into_owned() }</th> }) }
                    { for Row::COLUMNS.iter().copied().map(heading) }
                    { for figures.iter().map(|figure| heading(figure.key())) }
                    { heading("front") }
                </tr></thead>
                <tbody>{ for sweep.points.iter().enumerate().filter_map(line) }</tbody>
            </table>
        </div>
    }
}
