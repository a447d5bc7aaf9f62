//! What is swept, and how far it has come.

use super::{CardProps, axis_name};
use crate::explore::Axis;
use crate::settings::{Kind, SETTINGS, Section, Setting};
use crate::web::components::{Card, Hinted, hint_id};
use crate::web::format;
use crate::web::pool::processors;
use crate::web::state::{Action, MOST_WORKERS, Stage, Sweep, TradeAction};
use rust_i18n::t;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// More values of an axis than these are not drawn legibly, so a wider range is taken in larger steps.
const MOST_VALUES: u32 = 25;

/// Samples of each point that can be chosen, besides all.
const SAMPLES: [usize; 3] = [100, 300, 1000];

/// The card.
#[component]
pub fn FormCard(props: &CardProps) -> Html {
    let network = &props.loaded.network;
    let plan = &props.trade.plan;
    let axes = plan.axes(network.is_float);
    let planned = Sweep::planned(&props.loaded, &props.settings, plan);
    let sweep = props.sweep();
    let is_current = match (&planned, sweep) {
        (Ok(planned), Some(sweep)) => planned.identity == sweep.identity,
        _ => false,
    };
    let act = |action: TradeAction| {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Trade(action.clone())))
    };
    let button = |class: &'static str, key: &str, action: TradeAction, disabled: bool| {
        html! {
            <button type="button" class={classes!("button", class)} onclick={act(action)} {disabled}>
                { t!(format!("trade.{key}")).into_owned() }
            </button>
        }
    };
    let stage = props.trade.stage;
    let is_broken = planned.is_err();
    let buttons = match stage {
        Stage::Running if is_current => html! {
            <>{ button("", "pause", TradeAction::Pause, false) }{ button("", "cancel", TradeAction::Cancel, false) }</>
        },
        Stage::Paused if is_current => html! {
            <>{ button("button-accent", "resume", TradeAction::Resume, false) }{ button("", "cancel", TradeAction::Cancel, false) }</>
        },
        Stage::Done if is_current => button("", "again", TradeAction::Begin, is_broken),
        _ => button("button-accent", "begin", TradeAction::Begin, is_broken),
    };
    let points = planned.as_ref().map_or(0, |planned| planned.points.len());
    let status = match (&planned, sweep.filter(|_| is_current)) {
        (Err(why), _) => why.clone(),
        (Ok(planned), None) => {
            let samples = format::count(planned.samples as u64);
            t!(
                "trade.planned",
                points = format::count(points as u64),
                samples = samples
            )
            .into_owned()
        }
        (Ok(_), Some(sweep)) => {
            let (counted, of) = sweep.progress();
            let key = match stage {
                Stage::Paused => "trade.progress.paused",
                Stage::Done => "trade.progress.done",
                _ => "trade.progress.running",
            };
            let done = (0..points).filter(|&point| sweep.is_done(point, false)).count();
            t!(
                key,
                counted = format::count(counted as u64),
                of = format::count(of as u64),
                done = format::count(done as u64),
                points = format::count(points as u64)
            )
            .into_owned()
        }
    };
    let share = sweep.filter(|_| is_current).map_or(0.0, |sweep| {
        let (counted, of) = sweep.progress();
        counted as f64 / of.max(1) as f64
    });
    let is_stale = sweep.is_some() && !is_current && !is_broken;
    let axis = |(place, axis): (usize, &Axis)| html! { <AxisFields card={props.clone()} {place} axis={Some(axis.clone())} /> };
    html! {
        <Card name="sweep" title={t!("trade.title").into_owned()} class="wide"
            aside={html! { <p>{ t!("trade.what").into_owned() }</p> }}>
            <div class="sweep-form">
                { for axes.iter().enumerate().map(axis) }
                if axes.len() < 3 { <AxisFields card={props.clone()} place={axes.len()} axis={None::<Axis>} /> }
                <div class="sweep-rest">
                    { samples_field(props) }
                    { workers_field(props) }
                </div>
            </div>
            <div class="sweep-run">
                <div class="button-row">{ buttons }</div>
                <progress max="1" value={format!("{share:.4}")} aria-label={t!("trade.progress.label").into_owned()} />
                <p class="sweep-status" role="status">{ status }</p>
                if is_stale { <p class="card-note">{ t!("trade.stale").into_owned() }</p> }
            </div>
        </Card>
    }
}

fn select(
    hint: &'static str,
    label: String,
    options: Vec<(String, String)>,
    chosen: &str,
    on_choose: Callback<String>,
) -> Html {
    let onchange = Callback::from(move |event: Event| {
        on_choose.emit(event.target_unchecked_into::<HtmlSelectElement>().value());
    });
    let option = |(value, words): (String, String)| {
        let selected = value == chosen;
        html! { <option {value} {selected}>{ words }</option> }
    };
    html! {
        <Hinted name={hint}>
            <label class="sweep-field">
                <span>{ label }</span>
                <select class="choice-select" aria-describedby={hint_id(hint)} {onchange}>{ for options.into_iter().map(option) }</select>
            </label>
        </Hinted>
    }
}

fn samples_field(props: &CardProps) -> Html {
    let stored = props.loaded.network.samples.count;
    let chosen = props.trade.plan.samples;
    let all = t!("trade.all_samples", count = format::count(stored as u64)).into_owned();
    let few = SAMPLES
        .into_iter()
        .chain(chosen)
        .filter(|&samples| samples < stored);
    let mut few: Vec<usize> = few.collect();
    few.sort_unstable();
    few.dedup();
    let few = few
        .into_iter()
        .map(|samples| (samples.to_string(), format::count(samples as u64)));
    let options = few.chain([("0".to_owned(), all)]).collect();
    let chosen = chosen
        .filter(|&samples| samples < stored)
        .unwrap_or(0)
        .to_string();
    let props = props.clone();
    let on_choose = Callback::from(move |value: String| {
        props.plan(|plan| plan.samples = value.parse().ok().filter(|&samples| samples > 0));
    });
    select(
        "sweep-samples",
        t!("trade.samples").into_owned(),
        options,
        &chosen,
        on_choose,
    )
}

fn workers_field(props: &CardProps) -> Html {
    let automatic = t!("trade.workers_auto", count = processors()).into_owned();
    let options = (1..=MOST_WORKERS).map(|workers| (workers.to_string(), workers.to_string()));
    let options = [("0".to_owned(), automatic)].into_iter().chain(options).collect();
    let dispatch = props.dispatch.clone();
    let on_choose = Callback::from(move |value: String| {
        dispatch.dispatch(Action::Trade(TradeAction::Workers(value.parse().unwrap_or(0))));
    });
    select(
        "sweep-workers",
        t!("trade.workers").into_owned(),
        options,
        &props.trade.workers.to_string(),
        on_choose,
    )
}

#[derive(Properties, PartialEq)]
struct AxisProps {
    card: CardProps,
    place: usize,
    axis: Option<Axis>,
}

/// A setting and its values.
#[component]
fn AxisFields(props: &AxisProps) -> Html {
    let AxisProps { card, place, axis } = props;
    let is_float = card.loaded.network.is_float;
    let axes = card.trade.plan.axes(is_float);
    let is_free = |setting: &&'static Setting| {
        let is_taken = axes.iter().any(|other| other.setting.key == setting.key);
        let is_own = axis.as_ref().is_some_and(|axis| axis.setting.key == setting.key);
        setting.section != Section::Chip
            && (is_float || !setting.section.is_for_float_models())
            && (is_own || !is_taken)
    };
    let none = (*place == 2).then(|| (String::new(), t!("trade.no_axis").into_owned()));
    let settings = SETTINGS.iter().filter(is_free);
    let options = settings.map(|setting| (setting.key.to_owned(), axis_name(setting)));
    let options = none.into_iter().chain(options).collect();
    let change = {
        let (card, place) = (card.clone(), *place);
        move |axis: Option<Axis>| {
            let is_float = card.loaded.network.is_float;
            card.plan(|plan| {
                let mut axes = plan.axes(is_float);
                axes.truncate(if axis.is_none() { place } else { axes.len() });
                if let Some(axis) = &axis {
                    match axes.get_mut(place) {
                        Some(old) => *old = axis.clone(),
                        None => axes.push(axis.clone()),
                    }
                }
                (plan.chosen, plan.slice) = (axes, 0);
            });
        }
    };
    let on_setting = {
        let change = change.clone();
        Callback::from(move |key: String| {
            change(SETTINGS.iter().find(|setting| setting.key == key).map(whole))
        })
    };
    let key = axis.as_ref().map_or("", |axis| axis.setting.key);
    let (label, hint) = [
        ("trade.across", "sweep-across"),
        ("trade.up", "sweep-up"),
        ("trade.third", "sweep-third"),
    ][(*place).min(2)];
    let label = t!(label).into_owned();
    let values = axis.as_ref().map(|axis| match axis.setting.kind {
        Kind::Integer { min, max, .. } => range_fields(axis, min, max, change),
        _ => html! { <p class="sweep-values">{ axis.values.join(", ") }</p> },
    });
    html! {
        <fieldset class="sweep-axis">
            <legend class="visually-hidden">{ label.clone() }</legend>
            { select(hint, label, options, key, on_setting) }
            { values }
        </fieldset>
    }
}

/// All values of a setting, a range that is too wide in larger steps.
fn whole(setting: &'static Setting) -> Axis {
    let values = match setting.kind {
        Kind::Integer { min, max, .. } => {
            let step = (max - min).div_ceil(MOST_VALUES - 1).max(1);
            (min..=max)
                .step_by(step as usize)
                .map(|value| value.to_string())
                .collect()
        }
        Kind::Choice(choices) => choices.iter().map(|choice| choice.value.to_owned()).collect(),
        Kind::Switch => ["off", "on"].map(String::from).into(),
    };
    Axis { setting, values }
}

/// From, to, and in which steps.
fn range_fields(axis: &Axis, min: u32, max: u32, change: impl Fn(Option<Axis>) + Clone + 'static) -> Html {
    let numbers: Vec<u32> = axis
        .values
        .iter()
        .filter_map(|value| value.parse().ok())
        .collect();
    let first = numbers.first().copied().unwrap_or(min);
    let last = numbers.last().copied().unwrap_or(max);
    let step = numbers.get(1).map_or(1, |second| second.abs_diff(first).max(1));
    let field = |key: &'static str, value: u32, (low, high): (u32, u32), at: usize| {
        let (change, setting) = (change.clone(), axis.setting);
        let onchange = Callback::from(move |event: Event| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            let typed = input
                .value()
                .parse()
                .ok()
                .filter(|number| (low..=high).contains(number));
            let Some(number) = typed else {
                return input.set_value(&value.to_string());
            };
            let mut range = [first, last, step];
            range[at] = number;
            let [from, to, step] = range;
            let (from, to) = (from.min(to), from.max(to));
            let values = (from..=to)
                .step_by(step as usize)
                .map(|value| value.to_string())
                .collect();
            change(Some(Axis { setting, values }));
        });
        html! {
            <label class="sweep-field sweep-number">
                <span>{ t!(key).into_owned() }</span>
                <input class="number" type="number" inputmode="numeric" min={low.to_string()} max={high.to_string()}
                    value={value.to_string()} {onchange} />
            </label>
        }
    };
    html! {
        <div class="sweep-range">
            { field("trade.from", first, (min, max), 0) }
            { field("trade.to", last, (min, max), 1) }
            { field("trade.step", step, (1, max - min), 2) }
        </div>
    }
}
