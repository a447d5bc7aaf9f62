//! What a reader must do to go on with the tour.

use crate::settings::setting;
use crate::web::selection::Selection;
use crate::web::state::State;
use crate::web::view::View;

/// What was so when a step began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// What was chosen.
    pub selection: Selection,
    /// Whether time went on.
    pub is_playing: bool,
}

/// Something that the reader does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// Goes on to this time step, counted from 0.
    StepAtLeast(usize),
    /// Lets time go on.
    Plays,
    /// Chooses a neuron of this layer.
    ChoosesNeuronOf(usize),
    /// Chooses a core of the chip.
    ChoosesCore,
    /// Lowers a number to this one or further.
    AtMost(&'static str, u32),
    /// Raises a number to this one or further.
    AtLeast(&'static str, u32),
    /// Gives a setting this value.
    Is(&'static str, &'static str),
    /// Opens a view.
    Opens(View),
}

impl Condition {
    /// Whether the reader has done it, in a step that began so.
    pub fn is_met(self, state: &State, began: &Moment) -> bool {
        let value = |key| Some(setting(key).ok()?.get(&state.settings));
        let number = |key| value(key)?.parse::<u32>().ok();
        match self {
            Self::StepAtLeast(step) => state.playhead.step >= step,
            Self::Plays => state.playhead.is_playing,
            Self::ChoosesNeuronOf(layer) => {
                let (now, before) = (state.selection, began.selection);
                now.layer == layer && (now.layer, now.neuron) != (before.layer, before.neuron)
            }
            Self::ChoosesCore => state.selection.core.is_some() && state.selection != began.selection,
            Self::AtMost(key, most) => number(key).is_some_and(|number| number <= most),
            Self::AtLeast(key, least) => number(key).is_some_and(|number| number >= least),
            Self::Is(key, wanted) => value(key).is_some_and(|value| value == wanted),
            Self::Opens(view) => state.view == view,
        }
    }
}
