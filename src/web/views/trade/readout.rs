//! All that is known of the point that is looked at.

use super::CardProps;
use crate::web::state::{Action, Figure, TradeAction};
use rust_i18n::t;
use yew::prelude::*;

/// A strip below the pictures; its room is always there.
#[component]
pub fn Readout(props: &CardProps) -> Html {
    let measure = props.measure();
    let point = props.looked.and_then(|index| props.points().get(index));
    let name = props.looked.map_or_else(
        || t!("trade.readout.none").into_owned(),
        |index| props.name(index),
    );
    let figure = |figure: Figure| {
        let value = point.and_then(|point| figure.of(point));
        let words = value.map_or_else(|| "–".to_owned(), |value| figure.words(value, measure));
        html! { <div><dt>{ figure.label(measure) }</dt><dd>{ words }</dd></div> }
    };
    let shown = Figure::ALL.into_iter().filter(|figure| {
        let is_known = props.points().iter().any(|point| figure.of(point).is_some());
        is_known || !(figure.is_of_chip() || *figure == Figure::Quality)
    });
    let overflows = point
        .and_then(|point| point.row.as_ref())
        .map(|row| crate::web::format::count(row.overflows));
    let pin = |which: usize, key: &str| {
        let dispatch = props.dispatch.clone();
        let present = props.present.and_then(|index| props.points().get(index)).cloned();
        let disabled = present.as_ref().is_none_or(|point| point.row.is_none());
        let onclick = Callback::from(move |_: MouseEvent| {
            dispatch.dispatch(Action::Trade(TradeAction::Pin(which, present.clone())));
        });
        html! { <button type="button" class="button button-small" {onclick} {disabled}>{ t!(key).into_owned() }</button> }
    };
    let is_of_chip = props.trade.plan.wants_cost();
    let problem = point.and_then(|point| point.problem.clone());
    html! {
        <section class="card readout-card" aria-label={t!("trade.readout.label").into_owned()}>
            <div class="readout-head">
                <h2>{ name }</h2>
                <p class="soft">{ t!(if is_of_chip { "trade.readout.hint" } else { "trade.readout.use" }).into_owned() }</p>
                <div class="button-row">{ pin(0, "trade.pin_a") }{ pin(1, "trade.pin_b") }</div>
            </div>
            if let Some(problem) = problem { <p class="bad">{ problem }</p> }
            <dl class="readout">
                { for shown.map(figure) }
                <div><dt>{ t!("trade.figure.overflows").into_owned() }</dt><dd>{ overflows.unwrap_or_else(|| "–".to_owned()) }</dd></div>
            </dl>
        </section>
    }
}
