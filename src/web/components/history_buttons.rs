//! Undo and redo.

use super::icon::{Glyph, Icon};
use crate::web::state::{Action, Dispatch, dispatching};
use rust_i18n::t;
use yew::prelude::*;

/// What there is to go to.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Whether something can be undone.
    pub has_past: bool,
    /// Whether something can be done again.
    pub has_future: bool,
    /// To change the state.
    pub dispatch: Dispatch,
}

/// Two buttons.
#[component]
pub fn HistoryButtons(props: &Props) -> Html {
    let undo = dispatching(&props.dispatch, |_: MouseEvent| Action::Undo);
    let redo = dispatching(&props.dispatch, |_: MouseEvent| Action::Redo);
    let button = |key: &str, glyph: Glyph, is_there: bool, onclick: Callback<MouseEvent>| {
        html! {
            <button type="button" class="button button-small button-quiet" title={t!(format!("bring.{key}_title"))} disabled={!is_there} {onclick}>
                <Icon {glyph} />{ t!(format!("bring.{key}")) }
            </button>
        }
    };
    html! {
        <div class="history-buttons" role="group" aria-label={t!("bring.history").into_owned()}>
            { button("undo", Glyph::Undo, props.has_past, undo) }
            { button("redo", Glyph::Redo, props.has_future, redo) }
        </div>
    }
}
