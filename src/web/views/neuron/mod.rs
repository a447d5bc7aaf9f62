//! The view of one neuron: what it hears, does and fires, where that comes from, and a blackboard to try it on.

mod arithmetic;
mod bench;
mod board;
mod choose;
mod home;
mod numbers;
mod origin;
mod presets;
mod scale;
mod view;
mod why;

use crate::web::plots::ByPtr;
use crate::web::state::{Dispatch, Shown, State};
use std::rc::Rc;
use view::NeuronView;
use yew::prelude::*;

/// The view; see [`Draw`](crate::web::lazy::Draw).
pub fn draw(now: &Rc<State>, shown: &Shown, dispatch: &Dispatch) -> Html {
    html! {
        <NeuronView network={ByPtr(shown.network.clone())} run={ByPtr(shown.run.clone())} step={now.playhead.step}
            selection={now.selection} state={now.neuron.clone()} dispatch={dispatch.clone()} />
    }
}
