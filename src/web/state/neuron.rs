//! What the view of one neuron knows: the neuron of the run, and the one on the blackboard.

use super::{Seek, State};
use crate::web::link::Part;
use crate::web::selection::Select;
use crate::web::view::View;
use crate::web::worker::{Epoch, TracedNeuron};
use std::rc::Rc;

/// A neuron that the worker is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceQuestion {
    /// The model, by its load's epoch.
    model: Epoch,
    /// The run, by its question's epoch.
    run: Epoch,
    /// Its layer.
    pub layer: usize,
    /// The neuron.
    pub neuron: usize,
}

/// An answer, and what it is about.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The question.
    pub question: TraceQuestion,
    /// All about the neuron; `None` if there is no such one.
    pub neuron: Option<Rc<TracedNeuron>>,
}

impl PartialEq for Traced {
    fn eq(&self, other: &Self) -> bool {
        self.question == other.question
            && self.neuron.as_ref().map(Rc::as_ptr) == other.neuron.as_ref().map(Rc::as_ptr)
    }
}

/// A neuron that the user has come from on the way upstream, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its layer.
    pub layer: usize,
    /// The neuron.
    pub neuron: usize,
    /// The time step.
    pub step: usize,
}

/// What the view of one neuron knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeuronState {
    /// Whether the blackboard is shown, rather than the run's neuron.
    pub is_board: bool,
    /// The neuron on the blackboard, as addresses have it; `None` for the one that it begins with.
    pub board: Option<Rc<str>>,
    /// Its time step; `None` for the end.
    pub board_step: Option<usize>,
    /// Whether contributions are those of the whole window, rather than of the time step.
    pub whole_window: bool,
    /// The last answer.
    pub traced: Option<Traced>,
    asked: Option<(Epoch, TraceQuestion)>,
    is_due: bool,
    /// The way to the neuron `at` which it ended.
    trail: Vec<Stop>,
    at: Option<(usize, usize)>,
}

/// The neuron on the blackboard, where that is what fills the page.
pub const BLACKBOARD_PART: Part = Part {
    keys: &["blackboard"],
    write: |state| {
        let is_shown = state.view == View::Neuron && state.neuron.is_board;
        let board = || state.neuron.board.as_deref().unwrap_or("").to_owned();
        is_shown.then(|| ("blackboard", board())).into_iter().collect()
    },
    read: |state, pairs| {
        let board = pairs.get("blackboard");
        state.neuron.is_board = board.is_some();
        state.neuron.board = board.filter(|board| !board.is_empty()).map(Rc::from);
        Ok(())
    },
};

/// What can be done in the view of one neuron.
#[derive(Clone, Debug)]
pub enum NeuronAction {
    /// Show the blackboard; the run's neuron.
    ShowBoard(bool),
    /// Another neuron on the blackboard, as addresses have it.
    Board(String),
    /// Its time step.
    BoardStep(Option<usize>),
    /// Contributions of the whole window; of the time step.
    WholeWindow(bool),
    /// It is time to ask [`State::next_trace`].
    Ask,
    /// Upstream, to a neuron before the chosen one.
    Walk(Select),
    /// Back to a stop of the trail.
    Back(usize),
}

impl NeuronState {
    /// The question that the worker was last asked.
    pub fn asked(&self) -> Option<(Epoch, TraceQuestion)> {
        self.asked
    }

    /// Whether its answer is due.
    pub fn is_due(&self) -> bool {
        self.is_due
    }

    /// The stops on the way to the chosen neuron; none where it was chosen in another way.
    pub fn trail(&self, layer: usize, neuron: usize) -> &[Stop] {
        if self.at == Some((layer, neuron)) {
            &self.trail
        } else {
            &[]
        }
    }

    pub(super) fn take(&mut self, epoch: Epoch, neuron: Option<Box<TracedNeuron>>) {
        if let Some((_, question)) = self.asked.filter(|(asked, _)| *asked == epoch) {
            self.is_due = false;
            self.traced = Some(Traced {
                question,
                neuron: neuron.map(|neuron| Rc::new(*neuron)),
            });
        }
    }

    /// A worker that broke does not answer any more.
    pub(super) fn forget_question(&mut self) {
        self.is_due = false;
    }
}

impl State {
    /// What the worker should be asked about the chosen neuron now.
    pub fn next_trace(&self) -> Option<TraceQuestion> {
        let is_wanted = self.view == View::Neuron && !self.neuron.is_board;
        if !is_wanted || self.is_loading || self.is_running || self.neuron.is_due {
            return None;
        }
        self.shown.as_ref()?;
        let question = TraceQuestion {
            model: self.loaded.as_ref()?.load.epoch,
            run: self.asked.as_ref()?.epoch,
            layer: self.selection.layer,
            neuron: self.selection.neuron,
        };
        let is_new = self.neuron.asked.is_none_or(|(_, asked)| asked != question);
        is_new.then_some(question)
    }

    pub(super) fn act_on_neuron(&mut self, action: NeuronAction) {
        match action {
            NeuronAction::ShowBoard(is_board) => self.neuron.is_board = is_board,
            NeuronAction::Board(board) => self.neuron.board = Some(board.into()),
            NeuronAction::BoardStep(step) => self.neuron.board_step = step,
            NeuronAction::WholeWindow(whole) => self.neuron.whole_window = whole,
            NeuronAction::Ask => {
                if let Some(question) = self.next_trace() {
                    let epoch = self.neuron.asked.map_or(1, |(epoch, _)| epoch.wrapping_add(1));
                    self.neuron.asked = Some((epoch, question));
                    self.neuron.is_due = true;
                }
            }
            NeuronAction::Walk(select) => self.walk(select),
            NeuronAction::Back(stop) => self.walk_back(stop),
        }
    }

    /// Goes upstream. The layer's own answer stands at the end of its window, which comes before this one.
    fn walk(&mut self, select: Select) {
        let Select::Neuron { layer, neuron } = select else {
            return self.select(select);
        };
        let from = self.selection;
        if self.neuron.at != Some((from.layer, from.neuron)) {
            self.neuron.trail.clear();
        }
        self.neuron.trail.push(Stop {
            layer: from.layer,
            neuron: from.neuron,
            step: self.playhead.step,
        });
        self.neuron.at = Some((layer, neuron));
        self.select(select);
        let windows = self.shown.as_ref().map(|shown| &shown.run.trace.windows);
        let end = windows.map_or(0, |windows| {
            windows.iter().take(layer + 1).map(|window| window.steps()).sum()
        });
        self.playhead.seek(Seek::To(end.saturating_sub(1)), self.steps());
    }

    fn walk_back(&mut self, stop: usize) {
        let Some(&to) = self.neuron.trail.get(stop) else {
            return;
        };
        self.neuron.trail.truncate(stop);
        self.neuron.at = Some((to.layer, to.neuron));
        self.select(Select::Neuron {
            layer: to.layer,
            neuron: to.neuron,
        });
        self.playhead.seek(Seek::To(to.step), self.steps());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::*;
    use crate::web::link::Link;
    use crate::web::selection::Selection;

    #[test]
    fn the_blackboard_is_in_the_address_while_it_is_shown() {
        let pairs = [("view", "neuron"), ("blackboard", "x1_w2_n8s")];
        let (link, problems) = Link::from_pairs(pairs);
        assert!(problems.is_empty());
        let mut state = State::default();
        state.take_link(&link, problems);
        assert!(state.neuron.is_board);
        assert_eq!(state.link().to_query(), "?v=1&view=neuron&blackboard=x1_w2_n8s");
        state.apply(Action::Neuron(NeuronAction::ShowBoard(false)));
        assert_eq!(state.link().to_query(), "?v=1&view=neuron");
    }

    #[test]
    fn a_way_upstream_is_remembered_until_another_neuron_is_chosen() {
        let mut state = State::default();
        let neuron = |layer, neuron| Select::Neuron { layer, neuron };
        state.apply(Action::Select(neuron(2, 7)));
        state.apply(Action::Neuron(NeuronAction::Walk(neuron(1, 5))));
        state.apply(Action::Neuron(NeuronAction::Walk(neuron(0, 3))));
        let stops: Vec<(usize, usize)> = state
            .neuron
            .trail(0, 3)
            .iter()
            .map(|s| (s.layer, s.neuron))
            .collect();
        assert_eq!(stops, [(2, 7), (1, 5)]);
        // The input's neuron is the end of the way, not another stop.
        state.apply(Action::Neuron(NeuronAction::Walk(Select::Spike(Some((0, 9))))));
        assert_eq!(state.neuron.trail(0, 3).len(), 2);
        assert_eq!(state.selection.spike, Some((0, 9)));
        state.apply(Action::Neuron(NeuronAction::Back(0)));
        assert_eq!(
            state.selection,
            Selection {
                layer: 2,
                neuron: 7,
                ..Selection::default()
            }
        );
        assert!(state.neuron.trail(2, 7).is_empty());
        state.apply(Action::Select(neuron(0, 3)));
        assert!(state.neuron.trail(0, 3).is_empty(), "chosen, not walked to");
    }

    #[test]
    fn only_the_answer_to_the_last_question_is_taken() {
        let mut neuron = NeuronState {
            asked: Some((
                2,
                TraceQuestion {
                    model: 1,
                    run: 1,
                    layer: 0,
                    neuron: 0,
                },
            )),
            is_due: true,
            ..NeuronState::default()
        };
        neuron.take(1, None);
        assert!(neuron.is_due() && neuron.traced.is_none());
        neuron.take(2, None);
        assert!(!neuron.is_due() && neuron.traced.is_some());
    }
}
