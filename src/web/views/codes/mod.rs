//! The view of codes: bit-serial spikes beside rates, phases and first spikes, on the same network and samples.

mod accuracy;
mod blackboard;
mod chart;
mod figures;
mod helper;
mod mark;
mod race;
mod trains;

use crate::explore::CodeName;
use crate::web::components::{Card, Choices, Hinted, hint_id};
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::state::{
    Action, CodesAction, CodesLook, Dispatch, MOST_STEPS, SAMPLES, SampleChoice, Shown, State,
};
use crate::web::task::Task;
use accuracy::{Charts, Numbers};
use blackboard::Blackboard;
use figures::{Judged, sentences};
use helper::use_helper;
use mark::{hue, mark, name};
use race::{RaceCard, right_class};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// The view; see [`Draw`](crate::web::lazy::Draw).
pub fn draw(now: &Rc<State>, shown: &Shown, dispatch: &Dispatch) -> Html {
    html! { <CodesView state={ByPtr(now.clone())} shown={ByPtr(Rc::new(shown.clone()))} dispatch={dispatch.clone()} /> }
}

/// What the view takes.
#[derive(Clone, PartialEq, Properties)]
struct Props {
    state: ByPtr<State>,
    shown: ByPtr<Shown>,
    dispatch: Dispatch,
}

/// Choices, charts, race, blackboard and table.
#[component]
fn CodesView(props: &Props) -> Html {
    let (state, shown, dispatch) = (&props.state, &props.shown, &props.dispatch);
    use_helper(state, dispatch);
    let codes = &state.codes;
    let has_classes = Task::of(&shown.network) == Task::Classes;
    let model = state.loaded.as_ref().map(|loaded| loaded.load.epoch);
    let known = codes
        .comparison
        .as_ref()
        .filter(|(comparison, _, question)| Some(question.model) == model && comparison.samples > 0);
    let lanes = codes.lanes_of.as_ref().filter(|of| Some(of.of.model) == model);
    let lanes_are_of = lanes.map(|of| of.sample.clone());
    let sample = lanes_are_of.as_ref().or(state.sample.as_ref());
    let body = if let Some(problem) = &codes.problem {
        html! {
            <Card name="codes-problem" class="wide" title={t!("codes.problem.title").into_owned()}>
                <p role="alert">{ problem.to_string() }</p>
                <p class="soft">{ t!("codes.problem.remedy") }</p>
            </Card>
        }
    } else {
        let charts = known.map_or_else(skeletons, |(comparison, _, _)| {
            html! { <Charts comparison={ByPtr(comparison.clone())} look={codes.look.clone()} {has_classes} /> }
        });
        let numbers = known.map(|(comparison, _, _)| {
            html! { <Numbers comparison={ByPtr(comparison.clone())} look={codes.look.clone()} {has_classes} /> }
        });
        let race = lanes.map_or_else(Rc::default, |_| codes.lanes.clone());
        let due = codes
            .race
            .as_ref()
            .map_or(1, |(_, of)| of.of.question.codes.len());
        html! {
            <>
                { charts }
                <RaceCard lanes={ByPtr(race)} {due} network={ByPtr(shown.network.clone())} sample={sample_words(sample)}
                    look={codes.look.clone()} playhead={state.playhead} right={right_class(state).filter(|_| has_classes)}
                    classes={ByPtr(shown.classes.clone())} {has_classes} dispatch={dispatch.clone()} />
                { numbers }
            </>
        }
    };
    html! {
        <div class="codes-board" aria-busy={codes.is_comparing.to_string()}>
            { head(props, known.map(|(comparison, samples, _)| (&**comparison, *samples)), has_classes) }
            { body }
            <Blackboard />
        </div>
    }
}

fn sample_words(sample: Option<&SampleChoice>) -> String {
    match sample {
        Some(SampleChoice::Stored(index)) => t!("codes.race.stored", index = index).into_owned(),
        _ => t!("codes.race.own").into_owned(),
    }
}

/// Charts that are to come.
fn skeletons() -> Html {
    let card = |title: String| {
        html! { <section class="card"><header><h2>{ title }</h2></header><div class="chart chart-empty skeleton" /></section> }
    };
    html! {
        <>
            { card(t!("codes.codes-steps.accuracy").into_owned()) }
            { card(t!("codes.codes-spikes.accuracy").into_owned()) }
        </>
    }
}

/// What is chosen, how far it has come, and what is seen.
fn head(props: &Props, known: Option<(&crate::explore::Comparison, usize)>, has_classes: bool) -> Html {
    let (codes, dispatch) = (&props.state.codes, &props.dispatch);
    let look = &codes.look;
    let change = |change: fn(&mut CodesLook, usize)| {
        let (dispatch, look) = (dispatch.clone(), look.clone());
        Callback::from(move |index: usize| {
            let mut look = look.clone();
            change(&mut look, index);
            dispatch.dispatch(Action::Codes(CodesAction::Look(look)));
        })
    };
    let chip = |code: CodeName| {
        let is_chosen = look.codes.contains(&code);
        let onclick = change(|look, index| {
            let code = CodeName::ALL[index % CodeName::ALL.len()];
            let was = look.codes.len();
            look.codes.retain(|known| *known != code);
            // The last one stays.
            if look.codes.len() == was || was == 1 {
                look.codes = CodeName::ALL
                    .into_iter()
                    .filter(|known| *known == code || look.codes.contains(known))
                    .collect();
            }
        });
        let index = CodeName::ALL.iter().position(|known| *known == code).unwrap_or(0);
        html! {
            <button type="button" class="code-chip" aria-pressed={is_chosen.to_string()} style={format!("--hue:{}", hue(code))}
                data-code={code.word()} title={t!(format!("codes.help.{}", code.word())).into_owned()}
                onclick={onclick.reform(move |_: MouseEvent| index)}>{ mark(code) }{ name(code) }</button>
        }
    };
    let choice = |key: &'static str,
                  options: Vec<String>,
                  chosen: Option<usize>,
                  on_choose: Callback<usize>| {
        let label = t!(format!("codes.choose.{key}")).into_owned();
        html! {
            <Hinted name={key}>
                <div class="codes-choice">
                    <span>{ label.clone() }</span>
                    <Choices name={key} {label} options={options.into_iter().map(AttrValue::from).collect::<Vec<_>>()}
                        described_by={AttrValue::from(hint_id(key))} chosen={chosen.unwrap_or(0)} {on_choose} />
                </div>
            </Hinted>
        }
    };
    let count = |samples: usize| match samples {
        usize::MAX => t!("codes.choose.all").into_owned(),
        samples => samples.to_string(),
    };
    let thresholds = vec![
        t!("codes.choose.robust").into_owned(),
        t!("codes.choose.largest").into_owned(),
    ];
    let axes = vec![
        t!("codes.choose.close-up").into_owned(),
        t!("codes.choose.whole").into_owned(),
    ];
    let at = |list: &[u32]| list.iter().position(|&steps| steps == look.steps);
    let said = known.map(|(comparison, _)| sentences(comparison, look, Judged::of(comparison, has_classes)));
    html! {
        <Card name="codes-head" class="wide" title={t!("codes.title").into_owned()}
            aside={html! { <p>{ t!("codes.about") }</p> }}>
            <div class="code-chips" role="group" aria-label={t!("codes.choose.codes").into_owned()}>{ for CodeName::ALL.into_iter().map(chip) }</div>
            <div class="codes-choices">
                { choice("codes-threshold", thresholds, Some(usize::from(look.is_largest)), change(|look, index| look.is_largest = index == 1)) }
                { choice("codes-most-steps", MOST_STEPS.map(|steps| steps.to_string()).to_vec(), at(&MOST_STEPS),
                    change(|look, index| look.steps = MOST_STEPS[index % MOST_STEPS.len()])) }
                { choice("codes-samples", SAMPLES.map(count).to_vec(), SAMPLES.iter().position(|&n| n == look.samples),
                    change(|look, index| look.samples = SAMPLES[index % SAMPLES.len()])) }
                if has_classes {
                    { choice("codes-axis", axes, Some(usize::from(look.is_whole)), change(|look, index| look.is_whole = index == 1)) }
                }
            </div>
            { progress(props, known) }
            <div class="codes-said" aria-live="polite">
                if let Some(said) = said.filter(|_| !codes.is_comparing || codes.is_stopped) {
                    { for said.into_iter().map(|sentence| html! { <p>{ sentence }</p> }) }
                } else if codes.problem.is_none() {
                    <p class="soft">{ t!("codes.said.later") }</p>
                }
            </div>
        </Card>
    }
}

/// How many samples have been compared, and a way to stop.
fn progress(props: &Props, known: Option<(&crate::explore::Comparison, usize)>) -> Html {
    let codes = &props.state.codes;
    let (done, of) = known.map_or((0, 0), |(comparison, samples)| (comparison.samples, samples));
    let stops = !codes.is_stopped;
    let dispatch = props.dispatch.clone();
    let onclick = Callback::from(move |_: MouseEvent| {
        dispatch.dispatch(Action::Codes(CodesAction::Stop(stops)));
    });
    let number = |samples: usize| format::count(samples as u64);
    let text = match (codes.is_comparing, of) {
        (_, 0) if codes.problem.is_some() => t!("codes.progress.none"),
        (_, 0) => t!("codes.progress.ready"),
        (true, _) => t!("codes.progress.amid", done = number(done), samples = number(of)),
        (false, _) if done < of => t!(
            "codes.progress.stopped",
            done = number(done),
            samples = number(of)
        ),
        (false, _) => t!("codes.progress.done", samples = number(done)),
    };
    let can_stop = codes.is_comparing || codes.is_stopped;
    let label = if codes.is_stopped {
        t!("codes.progress.go-on")
    } else {
        t!("codes.progress.stop")
    };
    html! {
        <div class="codes-progress">
            <p role="status">{ text.clone() }</p>
            <progress max={of.max(1).to_string()} value={done.to_string()} aria-label={text.into_owned()} />
            <button type="button" class="button button-small" {onclick} disabled={!can_stop}>{ label }</button>
        </div>
    }
}
