//! The front: what good answers cost, a dot for each point and a line along those that nothing beats.

use super::heat::px;
use super::table::all_points;
use super::{CardProps, mark_id};
use crate::explore::pareto_front;
use crate::web::components::Card;
use crate::web::plots::{Span, ticks, use_width};
use crate::web::state::Figure;
use rust_i18n::t;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

const HEIGHT: f64 = 330.0;
const LEFT: f64 = 58.0;
const FOOT: f64 = 42.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 14.0;
/// Dots of the front are named if there are no more.
const NAMED: usize = 9;

/// A point with a place in the picture.
#[derive(Clone, Copy)]
struct Dot {
    index: usize,
    cost: f64,
    good: f64,
    is_on_front: bool,
}

/// The card.
#[component]
pub fn ParetoCard(props: &CardProps) -> Html {
    let place = use_node_ref();
    let width = use_width(&place, 560);
    let measure = props.measure();
    let (cost, good) = (props.trade.plan.cost, props.good());
    let dots = dots(props, cost, good);
    let onchange = {
        let props = props.clone();
        Callback::from(move |event: Event| {
            let key = event.target_unchecked_into::<HtmlSelectElement>().value();
            if let Some(cost) = Figure::from_key(&key) {
                props.plan(|plan| plan.cost = cost);
            }
        })
    };
    let option = |of: Figure| {
        let selected = of == cost;
        html! { <option value={of.key()} {selected}>{ of.label(measure) }</option> }
    };
    let aside = html! {
        <>
            <label class="sweep-field trade-choice">
                <span class="visually-hidden">{ t!("trade.pareto.cost").into_owned() }</span>
                <select class="choice-select" {onchange}>{ for Figure::COSTS.map(option) }</select>
            </label>
            <p>{ t!("trade.pareto.what").into_owned() }</p>
        </>
    };
    let is_waiting = dots.is_empty()
        && props
            .points()
            .iter()
            .all(|point| cost.is_of_chip() && point.cost.is_none());
    let title = t!(
        "trade.pareto.title",
        good = good.label(measure),
        cost = cost.label(measure)
    )
    .into_owned();
    html! {
        <Card name="pareto" {title} {aside}>
            <div class="pareto-place" ref={place}>
                if dots.is_empty() {
                    <p class="trade-empty">{ if is_waiting || !cost.is_of_chip() { t!("trade.pareto.waiting") } else { t!("trade.unknown") }.into_owned() }</p>
                } else {
                    { picture(props, &dots, cost, good, f64::from(width)) }
                }
            </div>
            <p class="card-note pareto-legend">
                <i class="pareto-key-front" aria-hidden="true" />{ t!("trade.pareto.front").into_owned() }
                <i class="pareto-key-beaten" aria-hidden="true" />{ t!("trade.pareto.beaten").into_owned() }
                <i class="pareto-key-present" aria-hidden="true" />{ t!("trade.heat.present").into_owned() }
            </p>
            <details class="trade-table">
                <summary>{ t!("trade.pareto.table").into_owned() }</summary>
                { all_points(props, &dots.iter().filter(|dot| dot.is_on_front).map(|dot| dot.index).collect::<Vec<_>>()) }
            </details>
        </Card>
    }
}

/// The points of which both figures are known, cheapest first.
fn dots(props: &CardProps, cost: Figure, good: Figure) -> Vec<Dot> {
    let is_cost = good.is_cost(props.measure());
    let known = props.points().iter().enumerate().filter_map(|(index, point)| {
        let (cost, good) = (cost.of(point)?, good.of(point)?);
        (cost.is_finite() && good.is_finite()).then_some(Dot {
            index,
            cost,
            good,
            is_on_front: false,
        })
    });
    let mut dots: Vec<Dot> = known.collect();
    let costs: Vec<[f64; 2]> = dots
        .iter()
        .map(|dot| [dot.cost, if is_cost { dot.good } else { -dot.good }])
        .collect();
    for (dot, is_on_front) in dots.iter_mut().zip(pareto_front(&costs)) {
        dot.is_on_front = is_on_front;
    }
    dots.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    dots
}

/// The span of some values with a little room on both sides.
fn span(values: impl Iterator<Item = f64>) -> Span {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let room = if high > low {
        (high - low) * 0.06
    } else {
        high.abs().max(1.0) * 0.05
    };
    Span {
        from: low - room,
        to: high + room,
    }
}

fn picture(props: &CardProps, dots: &[Dot], cost: Figure, good: Figure, width: f64) -> Html {
    let measure = props.measure();
    let (xs, ys) = (
        span(dots.iter().map(|dot| dot.cost)),
        span(dots.iter().map(|dot| dot.good)),
    );
    let x_of = |value: f64| LEFT + xs.share(value) * (width - LEFT - RIGHT);
    let y_of = |value: f64| TOP + (1.0 - ys.share(value)) * (HEIGHT - TOP - FOOT);
    let bottom = HEIGHT - FOOT;
    let (x_ticks, _) = ticks(xs, (width / 110.0) as usize);
    let (y_ticks, _) = ticks(ys, 5);
    let x_tick = |value: &f64| {
        html! {
            <g><line x1={px(x_of(*value))} x2={px(x_of(*value))} y1={px(TOP)} y2={px(bottom)} />
            <text class="pareto-x" x={px(x_of(*value))} y={px(bottom + 16.0)}>{ cost.words(*value, measure) }</text></g>
        }
    };
    let y_tick = |value: &f64| {
        html! {
            <g><line x1={px(LEFT)} x2={px(width - RIGHT)} y1={px(y_of(*value))} y2={px(y_of(*value))} />
            <text class="pareto-y" x={px(LEFT - 6.0)} y={px(y_of(*value) + 4.0)}>{ good.words(*value, measure) }</text></g>
        }
    };
    let front: Vec<&Dot> = dots.iter().filter(|dot| dot.is_on_front).collect();
    // What the cheapest buys holds until the next one buys more.
    let mut path = String::new();
    for (place, dot) in front.iter().enumerate() {
        let (x, y) = (px(x_of(dot.cost)), px(y_of(dot.good)));
        path += &if place == 0 {
            format!("M{x} {y}")
        } else {
            format!("H{x}V{y}")
        };
    }
    path += &format!("H{}", px(width - RIGHT));
    let entry = props
        .looked
        .or(props.present)
        .filter(|looked| dots.iter().any(|dot| dot.index == *looked));
    let entry = entry.or(dots.first().map(|dot| dot.index));
    let dot = |(place, dot): (usize, &Dot)| {
        let neighbours =
            [place.checked_sub(1), Some(place + 1)].map(|place| dots.get(place?).map(|dot| dot.index));
        let mark = props.mark("dot", dot.index, move |key| match key {
            "ArrowLeft" | "ArrowDown" => neighbours[0],
            "ArrowRight" | "ArrowUp" => neighbours[1],
            _ => None,
        });
        let (is_present, is_looked) = (props.present == Some(dot.index), props.looked == Some(dot.index));
        let class = classes!(
            "pareto-dot",
            dot.is_on_front.then_some("is-front"),
            is_present.then_some("is-present"),
            is_looked.then_some("is-looked"),
        );
        let (x, y) = (px(x_of(dot.cost)), px(y_of(dot.good)));
        html! {
            <g key={dot.index} id={mark_id("dot", dot.index)} {class} role="button"
                aria-label={props.words(dot.index, &[good, cost])} aria-pressed={is_present.to_string()}
                tabindex={if entry == Some(dot.index) { "0" } else { "-1" }} onclick={mark.onclick}
                onpointerenter={mark.onpointerenter} onfocus={mark.onfocus} onkeydown={mark.onkeydown}>
                <circle class="pareto-target" cx={x.clone()} cy={y.clone()} r="11" />
                if is_present { <circle class="pareto-ring" cx={x.clone()} cy={y.clone()} r="8.5" /> }
                <circle class="pareto-point" cx={x.clone()} cy={y.clone()} r={if dot.is_on_front { "5" } else { "3.5" }} />
                if let Some(pin) = props.pin(dot.index) { <text class="pareto-pin" x={x} y={px(y_of(dot.good) - 11.0)}>{ pin }</text> }
            </g>
        }
    };
    let name = |dot: &&Dot| {
        let values = props
            .points()
            .get(dot.index)
            .map(|point| point.values.join("\u{2009}·\u{2009}"));
        let is_right = x_of(dot.cost) > width - 90.0;
        let (class, dx) = if is_right {
            ("pareto-name is-left", -9.0)
        } else {
            ("pareto-name", 9.0)
        };
        html! { <text {class} x={px(x_of(dot.cost) + dx)} y={px(y_of(dot.good) + 14.0)}>{ values }</text> }
    };
    html! {
        <svg class="pareto" width={px(width)} height={px(HEIGHT)} role="group"
            aria-label={t!("trade.pareto.label", good = good.label(measure), cost = cost.label(measure)).into_owned()}>
            <g class="pareto-grid">{ for x_ticks.iter().map(x_tick) }{ for y_ticks.iter().map(y_tick) }</g>
            <text class="heat-axis" x={px(LEFT + (width - LEFT - RIGHT) / 2.0)} y={px(HEIGHT - 6.0)}>{ cost.label(measure) }</text>
            <text class="heat-axis" transform={format!("translate(11 {:.1}) rotate(-90)", (TOP + bottom) / 2.0)}>{ good.label(measure) }</text>
            <path class="pareto-front" d={path} />
            if front.len() <= NAMED { { for front.iter().map(name) } }
            // Those of the front last, so that nothing lies over them.
            { for dots.iter().enumerate().filter(|(_, dot)| !dot.is_on_front).map(dot) }
            { for dots.iter().enumerate().filter(|(_, dot)| dot.is_on_front).map(dot) }
        </svg>
    }
}
