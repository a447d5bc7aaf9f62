//! The front: what good answers cost, a dot for each point and a line along those that nothing beats.

use super::heat::px;
use super::table::all_points;
use super::{CardProps, mark_id};
use crate::explore::pareto_front;
use crate::web::components::{Card, Hinted, hint_id};
use crate::web::plots::{Span, ticks, use_width};
use crate::web::state::Figure;
use rust_i18n::t;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

const HEIGHT: f64 = 330.0;
const LEFT: f64 = 58.0;
const FOOT: f64 = 42.0;
const TOP: f64 = 26.0;
const RIGHT: f64 = 14.0;

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
            <Hinted name="pareto-cost">
                <label class="sweep-field trade-choice">
                    <span class="visually-hidden">{ t!("trade.pareto.cost").into_owned() }</span>
                    <select class="choice-select" aria-describedby={hint_id("pareto-cost")} {onchange}>{ for Figure::COSTS.map(option) }</select>
                </label>
            </Hinted>
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
                <span><i class="pareto-key-front" aria-hidden="true" />{ t!("trade.pareto.front").into_owned() }</span>
                <span><i class="pareto-key-beaten" aria-hidden="true" />{ t!("trade.pareto.beaten").into_owned() }</span>
                <span><i class="pareto-key-present" aria-hidden="true" />{ t!("trade.heat.present").into_owned() }</span>
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

/// The axis of good answers: what the front spans and as much again on the worse side, for a few hopeless points
/// would otherwise press all others together.
fn span_of_front(dots: &[Dot], is_cost: bool) -> Span {
    let all = span(dots.iter().map(|dot| dot.good));
    let front = span(dots.iter().filter(|dot| dot.is_on_front).map(|dot| dot.good));
    let room = front.to - front.from;
    if is_cost {
        Span {
            from: all.from,
            to: all.to.min(front.to + room),
        }
    } else {
        Span {
            from: all.from.max(front.from - room),
            to: all.to,
        }
    }
}

fn picture(props: &CardProps, dots: &[Dot], cost: Figure, good: Figure, width: f64) -> Html {
    let measure = props.measure();
    let xs = span(dots.iter().map(|dot| dot.cost));
    let ys = span_of_front(dots, good.is_cost(measure));
    let x_of = |value: f64| LEFT + xs.share(value) * (width - LEFT - RIGHT);
    // What lies far off stands at the edge.
    let y_of = |value: f64| TOP + (1.0 - ys.share(value).clamp(0.0, 1.0)) * (HEIGHT - TOP - FOOT);
    let bottom = HEIGHT - FOOT;
    let (x_ticks, _) = ticks(xs, (width / 110.0) as usize);
    // A share ends at 100 %, though there is room above it.
    let most = if good.is_share(measure) {
        1.0
    } else {
        f64::INFINITY
    };
    let y_ticks: Vec<f64> = ticks(ys, 5).0.into_iter().filter(|tick| *tick <= most).collect();
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
    // Names that would lie over the one before are left out; the dots tell them when pointed at.
    let mut end = f64::NEG_INFINITY;
    let names: Vec<Html> = front
        .iter()
        .filter_map(|dot| {
            let words = props.points().get(dot.index)?.values.join("\u{2009}·\u{2009}");
            let (x, length) = (x_of(dot.cost), words.chars().count() as f64 * 6.2);
            let is_right = x + 9.0 + length > width;
            let from = if is_right { x - 9.0 - length } else { x + 9.0 };
            if from < end {
                return None;
            }
            end = from + length + 6.0;
            let y = px(y_of(dot.good) + 15.0);
            Some(html! { <text class="pareto-name" x={px(from)} {y}>{ words }</text> })
        })
        .collect();
    html! {
        <svg class="pareto" width={px(width)} height={px(HEIGHT)} role="group"
            aria-label={t!("trade.pareto.label", good = good.label(measure), cost = cost.label(measure)).into_owned()}>
            <g class="pareto-grid">{ for x_ticks.iter().map(x_tick) }{ for y_ticks.iter().map(y_tick) }</g>
            <text class="heat-axis" x={px(LEFT + (width - LEFT - RIGHT) / 2.0)} y={px(HEIGHT - 6.0)}>{ cost.label(measure) }</text>
            <text class="heat-axis is-up" x="0" y="12">{ good.label(measure) }</text>
            <path class="pareto-front" d={path} />
            { for names }
            // Those of the front last, so that nothing lies over them.
            { for dots.iter().enumerate().filter(|(_, dot)| !dot.is_on_front).map(dot) }
            { for dots.iter().enumerate().filter(|(_, dot)| dot.is_on_front).map(dot) }
        </svg>
    }
}
