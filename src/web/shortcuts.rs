//! Keys that work wherever no control takes them. The help (`?`) lists them.

use super::state::{Action, BringAction, Dispatch, Seek, Sheet, State};
use super::view::View;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// What takes letters.
const TYPING: &str = "textarea, select, dialog, [contenteditable], \
    input:not([type=radio]):not([type=checkbox]):not([type=range]):not([type=file])";
/// What takes the space bar.
const PRESSED: &str = "button, input, select, summary, textarea, a, dialog, [role=button]";
/// What takes arrows.
const MOVED: &str = "[tabindex], input, select, textarea, dialog, [role=slider]";

/// Listens to the keyboard.
#[hook]
pub fn use_shortcuts(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    let layers = state.shown.as_ref().map_or(0, |shown| shown.network.layers.len());
    let layer = state.selection.layer;
    use_effect_with((layer, layers), move |&place| {
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&document(), "keydown", options, move |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                return;
            };
            if !event.default_prevented() && act(event, place, &dispatch) {
                event.prevent_default();
            }
        });
        move || drop(listener)
    });
}

/// Whether the key was one of ours, at (layer, of so many).
fn act(event: &KeyboardEvent, place: (usize, usize), dispatch: &Dispatch) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let is_in = |what: &str| {
        let found = target
            .as_ref()
            .and_then(|target| target.closest(what).ok().flatten());
        found.is_some()
    };
    let key = event.key();
    if event.ctrl_key() || event.meta_key() {
        // Where text is typed, the browser undoes what was typed.
        let undoes = key.eq_ignore_ascii_case("z") && !event.alt_key() && !is_in(TYPING);
        if undoes {
            let action = if event.shift_key() {
                Action::Redo
            } else {
                Action::Undo
            };
            dispatch.dispatch(action);
        }
        return undoes;
    }
    if event.alt_key() {
        return false;
    }
    let action = match key.as_str() {
        " " if !is_in(PRESSED) => Action::TogglePlaying,
        "ArrowLeft" if !is_in(MOVED) => Action::Seek(Seek::By(-1)),
        "ArrowRight" if !is_in(MOVED) => Action::Seek(Seek::By(1)),
        "Home" if !is_in(MOVED) => Action::Seek(Seek::To(0)),
        "End" if !is_in(MOVED) => Action::Seek(Seek::End),
        _ if is_in(TYPING) => return false,
        key => match letter(key, place) {
            Some(action) => action,
            None => return press(key),
        },
    };
    dispatch.dispatch(action);
    true
}

fn letter(key: &str, (layer, layers): (usize, usize)) -> Option<Action> {
    let open = |dialog| Some(Action::Bring(BringAction::Open(Some(dialog))));
    match key {
        "[" if layer > 0 => Some(Action::SelectLayer(layer - 1)),
        "]" if layer + 1 < layers => Some(Action::SelectLayer(layer + 1)),
        "u" | "U" => Some(Action::Undo),
        "r" | "R" => Some(Action::Redo),
        "t" | "T" => open(Sheet::TakeAway),
        "?" => open(Sheet::Help),
        _ => {
            let number = key.parse::<usize>().ok()?.checked_sub(1)?;
            View::ALL.get(number).copied().map(Action::Show)
        }
    }
}

/// Keys that do what a control of the page does.
fn press(key: &str) -> bool {
    let element = |selector: &str| {
        let element = document().query_selector(selector).ok().flatten()?;
        element.dyn_into::<HtmlElement>().ok()
    };
    match key {
        "s" | "S" => element(".copy-link").is_some_and(|button| {
            button.click();
            true
        }),
        "/" => element(".network-row select").is_some_and(|field| field.focus().is_ok()),
        _ => false,
    }
}
