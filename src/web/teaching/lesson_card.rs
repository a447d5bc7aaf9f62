//! The lesson that is open: what it asks for, how that stands, hints, and why it is so once it is solved.

use super::lessons::HINTS;
use super::{Finding, Fragment, LESSONS};
use crate::web::address::address_of;
use crate::web::components::{CopyText, Glyph, Icon};
use crate::web::link::Link;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch, State, TeachingAction};
use rust_i18n::t;
use yew::prelude::*;

/// What it shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// To change it.
    pub dispatch: Dispatch,
}

/// The lesson above the view.
#[component]
pub fn LessonCard(props: &Props) -> Html {
    let state = &props.state;
    let Some(open) = &state.teaching.lesson else {
        return Html::default();
    };
    let lesson = open.lesson;
    let words = |part: &str| t!(format!("lesson.{}.{part}", lesson.key)).into_owned();
    let act = |action: fn() -> TeachingAction| {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Teach(action())))
    };
    let again = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Teach(TeachingAction::Begin(lesson))))
    };
    let findings = open.findings(state);
    let met = findings.iter().filter(|finding| finding.is_met).count();
    let link = Link {
        settings: open.settings,
        parts: Default::default(),
        ..state.link()
    };
    let address = format!("{}{}", address_of(&link), Fragment::Lesson(lesson).to_text());
    let next = LESSONS
        .iter()
        .find(|other| !state.teaching.solved.contains(&other.key));
    let next = next.filter(|_| open.is_solved).map(|next| {
        let dispatch = props.dispatch.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            dispatch.dispatch(Action::Teach(TeachingAction::Begin(next)))
        });
        html! { <button type="button" class="button button-accent" {onclick}>{ t!("lesson.next") }</button> }
    });
    html! {
        <section class={classes!("card", "lesson", open.is_solved.then_some("is-solved"))} aria-labelledby="lesson-title">
            <details open={true} key={lesson.key}>
                <summary>
                    <h2 id="lesson-title">{ words("title") }</h2>
                    <span class="lesson-count">{ t!("lesson.count", met = met, all = findings.len()) }</span>
                </summary>
                <div class="lesson-body">
                    <p class="lesson-task">{ words("task") }</p>
                    <ul class="lesson-criteria" aria-label={t!("lesson.criteria")}>{ for findings.iter().map(criterion) }</ul>
                    <div class="lesson-help">
                        <ol class="lesson-hints" aria-live="polite">
                            { for (1..=open.hints.min(HINTS)).map(|hint| html! { <li key={hint}>{ words(&format!("hint{hint}")) }</li> }) }
                        </ol>
                        <p class="lesson-why" role="status">
                            if open.is_solved { <Icon glyph={Glyph::Check} /><span>{ words("why") }</span> }
                        </p>
                        <div class="lesson-buttons">
                            { next }
                            if open.hints < HINTS && !open.is_solved {
                                <button type="button" class="button" onclick={act(|| TeachingAction::Hint)}>
                                    { t!("lesson.hint", hint = open.hints + 1, hints = HINTS) }
                                </button>
                            }
                            <button type="button" class="button" onclick={again}>{ t!("lesson.again") }</button>
                            <CopyText text={address} label={t!("lesson.copy").into_owned()} />
                            <button type="button" class="button" onclick={act(|| TeachingAction::CloseLesson)}>{ t!("lesson.close") }</button>
                        </div>
                    </div>
                </div>
            </details>
        </section>
    }
}

fn criterion(finding: &Finding) -> Html {
    let (class, word) = if finding.is_met {
        ("is-met", t!("lesson.met"))
    } else {
        ("is-open", t!("lesson.open"))
    };
    html! {
        <li {class}>
            <span class="lesson-mark" aria-hidden="true">if finding.is_met { <Icon glyph={Glyph::Check} /> }</span>
            <span class="visually-hidden">{ word }</span>
            <span>{ &finding.text }</span>
        </li>
    }
}
