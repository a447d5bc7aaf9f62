//! The tour and all lessons, in a dialog; and the buttons that lead there.

use super::coach::Coach;
use super::embed::EmbedDialog;
use super::{Fragment, LESSONS, Lesson};
use crate::web::components::{Glyph, Icon, Modal};
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dialog, Dispatch, State, TeachingAction};
use rust_i18n::t;
use yew::prelude::*;

/// What the header's buttons do.
#[derive(Properties, PartialEq)]
pub struct ButtonsProps {
    /// Whether a reader who was never here is invited.
    pub invites: bool,
    /// To begin.
    pub dispatch: Dispatch,
}

/// Tour and lessons, for the header.
#[component]
pub fn TeachingButtons(props: &ButtonsProps) -> Html {
    let act = |action: fn() -> TeachingAction| {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Teach(action())))
    };
    let class = classes!("button", "tour-button", props.invites.then_some("button-accent"));
    html! {
        <>
            <button type="button" {class} title={props.invites.then(|| t!("tour.invite"))} onclick={act(|| TeachingAction::Tour(0))}>
                { t!("tour.button") }
            </button>
            <button type="button" class="button learn-button" aria-haspopup="dialog"
                onclick={act(|| TeachingAction::Open(Some(Dialog::Learn)))}>{ t!("learn.button") }</button>
        </>
    }
}

/// What lies over the page.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// To change it.
    pub dispatch: Dispatch,
    /// Whether the drawer of settings should be open.
    pub on_drawer: Callback<bool>,
}

/// The tour or a dialog, whichever is open.
#[component]
pub fn TeachingLayer(props: &Props) -> Html {
    let (state, dispatch) = (&props.state, &props.dispatch);
    let on_close = {
        let dispatch = dispatch.clone();
        Callback::from(move |()| dispatch.dispatch(Action::Teach(TeachingAction::Open(None))))
    };
    let dialog = match state.teaching.dialog {
        Some(Dialog::Learn) => learn(state, dispatch, on_close),
        Some(Dialog::Embed) => html! { <EmbedDialog state={state.clone()} {on_close} /> },
        None => Html::default(),
    };
    html! {
        <>
            { dialog }
            if state.teaching.tour.is_some() {
                <Coach state={state.clone()} dispatch={dispatch.clone()} on_drawer={props.on_drawer.clone()} />
            }
        </>
    }
}

fn learn(state: &State, dispatch: &Dispatch, on_close: Callback<()>) -> Html {
    let solved = &state.teaching.solved;
    let act = |action: fn() -> TeachingAction| {
        let dispatch = dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Teach(action())))
    };
    let item = |lesson: &'static Lesson| {
        let dispatch = dispatch.clone();
        // An address for those who open it elsewhere; here it begins at once, and again if it is open already.
        let onclick = Callback::from(move |event: MouseEvent| {
            event.prevent_default();
            dispatch.dispatch(Action::Teach(TeachingAction::Begin(lesson)));
        });
        let is_solved = solved.contains(&lesson.key);
        html! {
            <li class={is_solved.then_some("is-met")}>
                <span class="lesson-mark" aria-hidden="true">if is_solved { <Icon glyph={Glyph::Check} /> }</span>
                <a href={Fragment::Lesson(lesson).to_text()} {onclick}>{ t!(format!("lesson.{}.title", lesson.key)) }</a>
                if is_solved { <span class="soft">{ t!("learn.solved") }</span> }
            </li>
        }
    };
    html! {
        <Modal name="learn" title={t!("learn.title").into_owned()} {on_close}>
            <p class="soft">{ t!("learn.about") }</p>
            <button type="button" class="button button-accent" onclick={act(|| TeachingAction::Tour(0))}>{ t!("learn.tour") }</button>
            <h3>{ t!("learn.lessons", solved = solved.len(), all = LESSONS.len()) }</h3>
            <ul class="lesson-list">{ for LESSONS.iter().map(item) }</ul>
            <p class="soft">{ t!("learn.embed-about") }</p>
            <button type="button" class="button" onclick={act(|| TeachingAction::Open(Some(Dialog::Embed)))}>{ t!("learn.embed") }</button>
        </Modal>
    }
}
