//! The dialogs over the page, one in each file.

mod camera;
mod help;
mod report;
mod run_files;

use crate::web::lazy::Piece;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, BringAction, Dispatch, Sheet, State, dispatching};
use std::rc::Rc;
use yew::prelude::*;

/// The dialog that is open, if one is.
pub fn draw(_: Piece, state: &Rc<State>, dispatch: &Dispatch, _: &Callback<bool>) -> Html {
    let on_close = dispatching(dispatch, |()| Action::Bring(BringAction::Open(None)));
    let (state, dispatch) = (ByPtr(state.clone()), dispatch.clone());
    match state.bring.dialog {
        None => Html::default(),
        Some(Sheet::Help) => html! { <help::Help {on_close} /> },
        Some(Sheet::TakeAway) => html! { <run_files::RunFiles {state} {dispatch} {on_close} /> },
        Some(Sheet::Report) => html! { <report::ReportDialog {state} {dispatch} {on_close} /> },
        Some(Sheet::Camera) => html! { <camera::Camera {state} {dispatch} {on_close} /> },
    }
}

/// What a dialog is told.
#[derive(Clone, Properties, PartialEq)]
struct DialogProps {
    state: ByPtr<State>,
    dispatch: Dispatch,
    on_close: Callback<()>,
}
