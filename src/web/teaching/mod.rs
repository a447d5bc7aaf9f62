//! Teaching: a guided tour, lessons that check themselves, and the page in parts, for slides and articles.
//!
//! Tour and lessons are tables ([`TOUR`], [`LESSONS`]); their texts are in `locales/teaching.yml`. What a reader must
//! do to go on is a [`Condition`] or a [`Criterion`], which looks at the [`State`](super::state::State) and never at
//! a stored result. `docs/TEACHING.md` tells how to add some, and how to link and embed.

mod condition;
mod criterion;
mod fragment;
mod hook;
mod lessons;
mod measures;
mod parts;
mod place;
mod scene;
#[cfg(test)]
mod solutions;
#[cfg(test)]
mod tests;
mod tour;

mod coach;
mod embed;
mod learn;
mod lesson_card;

pub use condition::{Condition, Moment};
pub use criterion::{Criterion, Finding};
pub use embed::open_page;
pub use fragment::Fragment;
pub use hook::Hook;
pub use learn::TeachingButtons;
pub use lessons::{LESSONS, Lesson, lesson};
pub use measures::{Flip, Trial, counted, hops, is_ready, settled};
pub use parts::{PAGE_PART, Part, Parts};
pub use place::{Place, Rect, dock, place};
pub use scene::Scene;
pub use tour::{Step, TOUR};

use super::lazy::Piece;
use super::plots::ByPtr;
use super::state::{Dispatch, State};
use learn::TeachingLayer;
use lesson_card::LessonCard;
use std::rc::Rc;
use yew::prelude::*;

/// Draws the open lesson, or what lies over the page.
pub fn draw(piece: Piece, state: &Rc<State>, dispatch: &Dispatch, on_drawer: &Callback<bool>) -> Html {
    let (state, dispatch) = (ByPtr(state.clone()), dispatch.clone());
    match piece {
        Piece::Lesson => html! { <LessonCard {state} {dispatch} /> },
        _ => html! { <TeachingLayer {state} {dispatch} on_drawer={on_drawer.clone()} /> },
    }
}

/// Follows the address's end and its parts, and keeps what was learnt for the next visit.
#[hook]
pub fn use_teaching(state: &UseReducerHandle<State>) {
    fragment::use_fragment(state);
    parts::use_parts(&state.parts);
    let teaching = state.teaching.clone();
    use_effect_with(state.teaching.solved.len(), move |_| teaching.remember());
}
