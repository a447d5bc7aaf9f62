//! The dialogs over the page, one in each file.

mod camera;
mod help;
mod report;
mod run_files;

use crate::web::plots::ByPtr;
use crate::web::state::{Action, BringAction, Dispatch, Sheet, State, dispatching};
use yew::prelude::*;

/// What all dialogs are told.
#[derive(Clone, Properties, PartialEq)]
pub struct Props {
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// To change it.
    pub dispatch: Dispatch,
}

/// The dialog that is open, if one is.
#[component]
pub fn Dialogs(props: &Props) -> Html {
    let on_close = dispatching(&props.dispatch, |()| Action::Bring(BringAction::Open(None)));
    let (state, dispatch) = (props.state.clone(), props.dispatch.clone());
    match props.state.bring.dialog {
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
