//! The page as a whole.

use super::address::{self, use_address};
use super::components::keep::use_kept;
use super::components::{DropZone, Header, Notices, OverflowNote, Panel, Skeleton, Timeline, caption};
use super::files;
use super::language::use_language;
use super::lazy::{LazyPiece, LazyView, Piece};
use super::link::Link;
use super::plots::ByPtr;
use super::pool::use_pool;
use super::selection::Select;
use super::session::use_engine;
use super::shortcuts::use_shortcuts;
use super::state::{
    Action, BringAction, CalibrationAction, Dispatch, Playhead, Seek, Shown, State, Teaching, dispatching,
};
use super::stored::Opening;
use super::teaching::{TeachingButtons, open_page, use_teaching};
use super::theme::{Theme, wants_no_motion};
use super::verdict::Verdict;
use super::view::View;
use super::views::{CalibrationCard, MembraneCard, MeshCard, Story};
use gloo::timers::callback::{Interval, Timeout};
use gloo::utils::document;
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// What the page is told.
#[derive(Clone, Properties, PartialEq)]
pub struct AppProps {
    /// What there is when it opens.
    pub opening: ByPtr<Opening>,
}

/// The page.
#[component]
pub fn App(props: &AppProps) -> Html {
    let opening = props.opening.clone();
    let state = use_reducer(move || {
        let (link, problems) = address::read();
        let playhead = if wants_no_motion() {
            Playhead::paused()
        } else {
            Playhead::default()
        };
        let mut state = State::new(link, problems, Theme::remembered(), playhead);
        state.teaching = Teaching::remembered();
        state.language.speak();
        state.take_gallery(opening.gallery.clone());
        if let Some(first) = opening.first.clone() {
            state.open_with(first);
        }
        state
    });
    use_engine(&state);
    use_pool(&state);
    use_address(&state);
    use_teaching(&state);
    use_effect_with(state.theme, |theme| theme.apply());
    let spoken = use_language(state.language, &state.dispatcher());
    use_playing(&state);
    use_shortcuts(&state);
    use_kept(&state);
    use_settling(&state);
    use_names(&state);
    // A handle reads the newest state: pictures of one moment need a copy of that moment.
    let now = Rc::new((*state).clone());
    let dispatch = state.dispatcher();
    let on_file = files::opener(now.loaded.clone(), &dispatch);
    let is_drawer_open = use_state_eq(|| false);
    let set_drawer = is_drawer_open.setter();
    let open = *is_drawer_open;
    let on_drawer = Callback::from(move |()| set_drawer.set(!open));
    let on_close = Callback::from({
        let set = is_drawer_open.setter();
        move |()| set.set(false)
    });
    let on_drawer_wanted = use_callback((), {
        let set = is_drawer_open.setter();
        move |open, ()| set.set(open)
    });
    let on_theme = dispatching(&dispatch, Action::SetTheme);
    let shown = now
        .shown
        .as_ref()
        .map(|shown| (ByPtr(shown.network.clone()), ByPtr(shown.run.clone())));
    let on_show = {
        let dispatch = dispatch.clone();
        Callback::from(move |(select, step): (Select, usize)| {
            dispatch.dispatch(Action::Select(select));
            dispatch.dispatch(Action::Seek(Seek::To(step)));
        })
    };
    let link = now.link();
    let warning = (!link.is_short()).then(|| AttrValue::from(t!("bring.link_too_long").into_owned()));
    let on_dialog = dispatching(&dispatch, |dialog| Action::Bring(BringAction::Open(Some(dialog))));
    let addresses: Vec<AttrValue> = View::ALL
        .iter()
        .map(|&view| {
            let link = Link {
                view,
                ..link.shortened()
            };
            AttrValue::from(address::address_of(&link))
        })
        .collect();
    let piece = |piece| {
        let (state, dispatch) = (ByPtr(now.clone()), dispatch.clone());
        html! { <LazyPiece {piece} {state} {dispatch} on_drawer={on_drawer_wanted.clone()} /> }
    };
    html! {
        // Texts are no properties: in another language everything is made anew.
        <DropZone key={spoken.key()} {on_file}>
            <Header view={now.view} {addresses} on_view={dispatching(&dispatch, Action::Show)} verdict={Verdict::of(&now)} address={address::address_of(&link.shortened())} warning={warning} on_dialog={on_dialog} theme={now.theme}
                language={now.language} on_language={dispatching(&dispatch, Action::Speak)}
                {on_theme} is_drawer_open={open} {on_drawer} buttons={html! { <TeachingButtons invites={now.teaching.invites} dispatch={dispatch.clone()} /> }}>
                if let Some((network, run)) = shown.clone() { <OverflowNote {network} {run} {on_show} /> }
            </Header>
            <Panel state={ByPtr(now.clone())} dispatch={dispatch.clone()} is_open={open} {on_close} />
            <main class="main">
                <Notices notices={now.notices.clone()} on_dismiss={dispatching(&dispatch, Action::Dismiss)} />
                if now.teaching.lesson.is_some() { { piece(Piece::Lesson) } }
                if let Some(shown) = &now.shown {
                    if now.view == View::Story {
                        <Board state={ByPtr(now.clone())} shown={ByPtr(Rc::new(shown.clone()))} dispatch={dispatch.clone()} />
                    } else {
                        <LazyView view={now.view} state={ByPtr(now.clone())} shown={ByPtr(Rc::new(shown.clone()))} dispatch={dispatch.clone()} />
                    }
                } else if now.notices.is_empty() || now.is_loading {
                    <Skeleton />
                }
            </main>
            <Timeline {shown} playhead={now.playhead} dispatch={dispatch.clone()} />
            { open_page(&now) }
            if now.teaching.tour.is_some() || now.teaching.dialog.is_some() { { piece(Piece::Teaching) } }
            <style>{ now.parts.styles() }</style>
            if now.bring.dialog.is_some() { { piece(Piece::Dialog) } }
        </DropZone>
    }
}

/// What the pictures show.
#[derive(Properties, PartialEq)]
struct BoardProps {
    state: ByPtr<State>,
    shown: ByPtr<Shown>,
    dispatch: Dispatch,
}

/// The story, and the three cards below it.
#[component]
fn Board(props: &BoardProps) -> Html {
    let (state, dispatch) = (&props.state, &props.dispatch);
    let Shown {
        network,
        run,
        sample,
        classes,
    } = &*props.shown;
    let (step, selection) = (state.playhead.step, state.selection);
    let caption = state.loaded.as_ref().map(|loaded| caption(loaded, Some(sample)));
    let on_select = dispatching(dispatch, Action::Select);
    let calibration = state.calibration.as_ref();
    let has_samples = network.samples.count > 0;
    let on_remedy = dispatching(dispatch, |remedy| {
        Action::Calibration(CalibrationAction::Take(remedy))
    });
    html! {
        <div class="board">
            <Story network={network.clone()} run={run.clone()} sample_caption={caption.unwrap_or_default()}
                classes={classes.clone()} stored={sample.stored()} {step} {selection}
                on_select={on_select.clone()} />
            <div class="cards">
                <MembraneCard network={network.clone()} run={run.clone()} {step} {selection} />
                <CalibrationCard network={network.clone()} effect={calibration.map(|c| c.effect.clone())} {has_samples}
                    demonstration={calibration.is_some_and(|c| c.is_demonstration)} layer={selection.layer}
                    on_layer={dispatching(dispatch, Action::SelectLayer)} report={state.report()} {on_remedy}
                    on_more={dispatching(dispatch, |()| Action::Show(View::Calibration))} />
                <MeshCard network={network.clone()} run={run.clone()} {step} {selection} {on_select}
                    on_more={dispatching(dispatch, |()| Action::Show(View::Chip))} />
            </div>
        </div>
    }
}

/// Ticks while it plays.
#[hook]
fn use_playing(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    let Playhead {
        is_playing, speed, ..
    } = state.playhead;
    let is_ready = state.shown.is_some();
    use_effect_with((is_playing && is_ready, speed), {
        move |&(ticks, speed)| {
            let interval =
                ticks.then(|| Interval::new(1000 / speed.max(1), move || dispatch.dispatch(Action::Tick)));
            move || drop(interval)
        }
    });
}

/// How long a slider or pen rests before what it does next is a new step to undo, in ms.
const SETTLES: u32 = 1000;

#[hook]
fn use_settling(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    let moving = state.history.is_moving();
    let sample = state.sample.clone();
    use_effect_with((moving, state.settings, sample), move |(moving, _, _)| {
        let rest = moving.then(|| Timeout::new(SETTLES, move || dispatch.dispatch(Action::Settle)));
        move || drop(rest)
    });
}

/// Tells the document which model and view are open: names of files that are taken away begin with them.
#[hook]
fn use_names(state: &UseReducerHandle<State>) {
    use_effect_with(
        (state.model_key(), state.view, state.is_stored),
        |(model, view, is_stored)| {
            if let Some(root) = document().document_element() {
                // Can't fail with these names.
                let _ = root.set_attribute("data-model", model);
                let _ = root.set_attribute("data-view", view.key());
                let _ = root.set_attribute("data-engine", if *is_stored { "coming" } else { "there" });
            }
        },
    );
}
