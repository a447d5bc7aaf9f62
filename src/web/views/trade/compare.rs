//! Two points side by side: what is set otherwise, what comes of it, and the samples that they answer differently.

use super::{CardProps, axis_name};
use crate::settings::SETTINGS;
use crate::web::components::{Card, Thumbnail};
use crate::web::format;
use crate::web::picture::Frame;
use crate::web::state::{Action, Figure, Point, SampleChoice, TradeAction};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// Samples that are shown of those answered differently.
const SHOWN: usize = 24;

/// The card.
#[component]
pub fn CompareCard(props: &CardProps) -> Html {
    let aside = html! { <p>{ t!("trade.compare.what").into_owned() }</p> };
    let body = match &props.trade.pinned {
        [Some(a), Some(b)] => both(props, a, b),
        [one, other] => {
            let key = match (one.is_some(), other.is_some()) {
                (true, _) => "trade.compare.needs_b",
                (_, true) => "trade.compare.needs_a",
                _ => "trade.compare.needs_both",
            };
            html! { <p class="trade-empty">{ t!(key).into_owned() }</p> }
        }
    };
    html! { <Card name="pair" title={t!("trade.compare.title").into_owned()} class="wide" {aside}>{ body }</Card> }
}

fn both(props: &CardProps, a: &Rc<Point>, b: &Rc<Point>) -> Html {
    let measure = props.measure();
    let differing = SETTINGS.iter().filter_map(|setting| {
        let values = [a, b].map(|point| setting.get(&point.settings));
        (values[0] != values[1]).then_some((setting, values))
    });
    let setting_row = |(setting, [a, b]): (&'static crate::settings::Setting, [String; 2])| {
        html! { <tr><th scope="row">{ axis_name(setting) }</th><td>{ a }</td><td>{ b }</td><td /></tr> }
    };
    let figure_row = |figure: Figure| {
        let values = [a, b].map(|point| figure.of(point));
        if values.iter().all(Option::is_none) {
            return Html::default();
        }
        let words =
            values.map(|value| value.map_or_else(|| "–".to_owned(), |value| figure.words(value, measure)));
        let change = match values {
            [Some(a), Some(b)] => difference(figure, a, b, measure),
            _ => String::new(),
        };
        html! { <tr><th scope="row">{ figure.label(measure) }</th><td>{ &words[0] }</td><td>{ &words[1] }</td><td>{ change }</td></tr> }
    };
    let forget = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| {
            for which in 0..2 {
                dispatch.dispatch(Action::Trade(TradeAction::Pin(which, None)));
            }
        })
    };
    html! {
        <>
            <div class="pair">
                <div class="scroll" tabindex="0" role="region" aria-label={t!("trade.compare.table").into_owned()}>
                    <table class="figures pair-table">
                        <thead><tr>
                            <th scope="col"><span class="visually-hidden">{ t!("trade.compare.row").into_owned() }</span></th>
                            <th scope="col">{ "A" }</th><th scope="col">{ "B" }</th><th scope="col">{ t!("trade.compare.change").into_owned() }</th>
                        </tr></thead>
                        <tbody>{ for differing.map(setting_row) }</tbody>
                        <tbody>{ for Figure::ALL.into_iter().map(figure_row) }</tbody>
                    </table>
                </div>
                { samples(props, a, b) }
            </div>
            <div class="button-row pair-buttons">
                <button type="button" class="button button-small button-reset" onclick={forget}>{ t!("trade.compare.forget").into_owned() }</button>
            </div>
        </>
    }
}

/// B less A: of shares in percentage points, of what is counted also as a share of A.
fn difference(figure: Figure, a: f64, b: f64, measure: Option<crate::explore::Measure>) -> String {
    let change = b - a;
    if change == 0.0 {
        return "0".to_owned();
    }
    let sign = if change > 0.0 { '+' } else { format::MINUS };
    let is_share = matches!(figure, Figure::Labels | Figure::Codes)
        || (figure == Figure::Quality && measure == Some(crate::explore::Measure::Accuracy));
    if is_share {
        let points = format::decimal((change * 100.0).abs(), 2);
        return t!("trade.compare.points", change = format!("{sign}{points}")).into_owned();
    }
    let words = format!("{sign}{}", figure.words(change.abs(), measure));
    if figure == Figure::Quality || a == 0.0 {
        return words;
    }
    let share = format::decimal((100.0 * change / a).abs(), 1);
    format!("{words} ({sign}{share}{}%)", format::THIN)
}

/// The samples with different winners.
fn samples(props: &CardProps, a: &Point, b: &Point) -> Html {
    let loaded = &props.loaded;
    let winners = |which: usize, point: &Point| {
        let known = props.trade.winners[which].as_ref();
        known
            .filter(|(settings, _)| *settings == point.settings)
            .map(|(_, winners)| winners.clone())
    };
    if loaded.outputs() < 2 {
        return Html::default();
    }
    let (Some(of_a), Some(of_b)) = (winners(0, a), winners(1, b)) else {
        return html! { <p class="trade-empty">{ t!("trade.compare.waiting").into_owned() }</p> };
    };
    let differing: Vec<usize> = (0..of_a.len().min(of_b.len()))
        .filter(|&sample| of_a[sample] != of_b[sample])
        .collect();
    let view = &loaded.network.samples;
    let len = loaded.input_len();
    let frame = Frame::of(loaded.input_shape());
    let sample = |&index: &usize| {
        let pixels: Rc<[u8]> = view
            .pixels
            .get(index * len..(index + 1) * len)
            .unwrap_or_default()
            .into();
        let [a, b] = [&of_a, &of_b].map(|winners| loaded.class(winners[index] as usize));
        let label = loaded.label(index).map(|label| loaded.class(label));
        let dispatch = props.dispatch.clone();
        let onclick =
            Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Pick(SampleChoice::Stored(index))));
        let words = match &label {
            Some(label) => t!(
                "trade.compare.sample_labelled",
                sample = index,
                a = a,
                b = b,
                label = label
            ),
            None => t!("trade.compare.sample", sample = index, a = a, b = b),
        };
        html! {
            <li><button type="button" class="pair-sample" {onclick} title={words.clone().into_owned()} aria-label={words.into_owned()}>
                if let Some(frame) = frame { <Thumbnail {pixels} {frame} /> }
                <span>{ format!("{a} → {b}") }</span>
                if let Some(label) = label { <span class="soft">{ t!("trade.compare.label", label = label).into_owned() }</span> }
            </button></li>
        }
    };
    let count = format::count(differing.len() as u64);
    let heading = match differing.len() {
        0 => t!("trade.compare.none"),
        1 => t!("trade.compare.one"),
        _ => t!("trade.compare.some", count = count),
    };
    html! {
        <div class="pair-samples">
            <h3>{ heading.into_owned() }</h3>
            <ul>{ for differing.iter().take(SHOWN).map(sample) }</ul>
            if differing.len() > SHOWN { <p class="card-note">{ t!("trade.compare.more", count = differing.len() - SHOWN).into_owned() }</p> }
        </div>
    }
}
