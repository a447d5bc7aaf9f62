//! The codes side by side: what is compared, and what has come of it.

use super::codes_look::CodesLook;
use super::{SampleChoice, State};
use crate::explore::{CodeName, Comparison, Lane, Question};
use crate::web::view::View;
use crate::web::worker::{CodesResponse, Epoch};
use std::rc::Rc;

/// A question to the codes' own worker.
#[derive(Clone, Debug, PartialEq)]
pub struct CodesQuestion {
    /// The model that it is about, by its load's epoch.
    pub model: Epoch,
    /// What is compared.
    pub question: Question,
    /// On how many samples.
    pub samples: usize,
}

impl CodesQuestion {
    /// Whether its answer is one to `other` as well: it may tell more.
    fn covers(&self, other: &Self) -> bool {
        let holds = |code| self.question.codes.contains(code);
        let codes_and_steps = Question {
            codes: self.question.codes.clone(),
            steps: self.question.steps.clone(),
            ..other.question.clone()
        };
        (self.model, self.samples) == (other.model, other.samples)
            && self.question == codes_and_steps
            && other.question.codes.iter().all(holds)
            && other.question.steps.last() <= self.question.steps.last()
    }
}

/// A question about one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct RaceQuestion {
    /// The codes, and how they are.
    pub of: CodesQuestion,
    /// Time steps.
    pub steps: u32,
    /// The sample.
    pub sample: SampleChoice,
}

/// What is known of codes.
#[derive(Clone, Default)]
pub struct Codes {
    /// What the user has chosen.
    pub look: CodesLook,
    /// Counts workers: a new one is started when the old one breaks.
    pub helper: u32,
    /// The last comparison that was asked for, with its number.
    pub asked: Option<(Epoch, Rc<CodesQuestion>)>,
    /// Whether more of it is due.
    pub is_comparing: bool,
    /// Whether the user has stopped it.
    pub is_stopped: bool,
    /// What was counted last, of how many samples it will be, and the question.
    pub comparison: Option<(Rc<Comparison>, usize, Rc<CodesQuestion>)>,
    /// Why there is no comparison.
    pub problem: Option<Rc<str>>,
    /// The last race that was asked for, with its number.
    pub race: Option<(Epoch, Rc<RaceQuestion>)>,
    /// Lanes, as they come.
    pub lanes: Rc<Vec<Rc<Lane>>>,
    /// The race that they are of.
    pub lanes_of: Option<Rc<RaceQuestion>>,
}

/// A change of [`Codes`].
pub enum CodesAction {
    /// The user has chosen something else.
    Look(CodesLook),
    /// It is time to ask [`State::next_comparison`].
    Compare,
    /// It is time to ask [`State::next_race`].
    Race,
    /// The user stops the comparison, or lets it go on.
    Stop(bool),
    /// The view is left: what was not answered never will be.
    Leave,
    /// The worker has said something.
    Answer(CodesResponse),
    /// The worker broke.
    Broke(String),
}

impl State {
    pub(super) fn change_codes(&mut self, action: CodesAction) {
        match action {
            CodesAction::Look(look) => self.codes.look = look,
            CodesAction::Compare => {
                if let Some(question) = self.next_comparison() {
                    let codes = &mut self.codes;
                    codes.asked = Some((next(codes.asked.as_ref().map(|asked| asked.0)), Rc::new(question)));
                    (codes.is_comparing, codes.problem) = (true, None);
                }
            }
            CodesAction::Race => {
                if let Some(question) = self.next_race() {
                    let codes = &mut self.codes;
                    codes.race = Some((next(codes.race.as_ref().map(|race| race.0)), Rc::new(question)));
                }
            }
            CodesAction::Stop(stops) => {
                self.codes.is_stopped = stops;
                if stops {
                    self.codes.forget_what_is_due();
                }
            }
            CodesAction::Leave => {
                self.codes.forget_what_is_due();
                self.codes.race = None;
            }
            CodesAction::Answer(answer) => self.codes.take(answer),
            CodesAction::Broke(message) => {
                let codes = &mut self.codes;
                codes.helper += 1;
                (codes.is_comparing, codes.is_stopped) = (false, true);
                (codes.asked, codes.race) = (None, None);
                codes.problem = Some(message.into());
            }
        }
    }

    /// What the codes' worker should be asked now; `None` if it has answered or was told to stop.
    pub fn next_comparison(&self) -> Option<CodesQuestion> {
        if self.view != View::Codes || self.is_loading || self.codes.is_stopped {
            return None;
        }
        let mut wanted = self.codes_question()?;
        let Some((_, asked)) = &self.codes.asked else {
            return Some(wanted);
        };
        if asked.covers(&wanted) {
            return None;
        }
        if asked.model == wanted.model {
            // What is compared already stays, so that it need not begin anew when it is wanted again.
            let asked = &asked.question.codes;
            let all = CodeName::ALL.into_iter();
            let codes = &wanted.question.codes;
            wanted.question.codes = all
                .filter(|code| asked.contains(code) || codes.contains(code))
                .collect();
        }
        Some(wanted)
    }

    /// What the codes' worker should be asked about the sample.
    pub fn next_race(&self) -> Option<RaceQuestion> {
        if self.view != View::Codes || self.is_loading {
            return None;
        }
        let mut of = self.codes_question()?;
        match &self.codes.asked {
            // The same question, so that the worker need not get ready for another.
            Some((_, asked)) if asked.covers(&of) => of = (**asked).clone(),
            // It is about to be asked.
            _ if !self.codes.is_stopped => return None,
            _ => {}
        }
        of.samples = 0;
        let wanted = RaceQuestion {
            of,
            steps: self.codes.look.race_steps,
            sample: self.sample.clone()?,
        };
        let is_new = self
            .codes
            .race
            .as_ref()
            .is_none_or(|(_, asked)| **asked != wanted);
        is_new.then_some(wanted)
    }

    fn codes_question(&self) -> Option<CodesQuestion> {
        let look = &self.codes.look;
        Some(CodesQuestion {
            model: self.loaded.as_ref()?.load.epoch,
            question: look.question(self),
            samples: look.samples,
        })
    }
}

fn next(epoch: Option<Epoch>) -> Epoch {
    epoch.map_or(1, |epoch| epoch.wrapping_add(1))
}

impl Codes {
    /// A comparison that is not whole is asked for again.
    fn forget_what_is_due(&mut self) {
        if std::mem::take(&mut self.is_comparing) {
            self.asked = None;
        }
    }

    fn take(&mut self, answer: CodesResponse) {
        match answer {
            CodesResponse::Compared {
                epoch,
                comparison,
                samples,
            } => {
                if let Some((_, question)) = self.asked.as_ref().filter(|asked| asked.0 == epoch) {
                    self.is_comparing = comparison.samples < samples;
                    self.comparison = Some((Rc::new(comparison), samples, question.clone()));
                    self.problem = None;
                }
            }
            CodesResponse::Raced { epoch, lane } => {
                let Some((_, question)) = self.race.as_ref().filter(|race| race.0 == epoch) else {
                    return;
                };
                let is_next = self
                    .lanes_of
                    .as_ref()
                    .is_some_and(|known| Rc::ptr_eq(known, question));
                if !is_next {
                    self.lanes = Rc::default();
                    self.lanes_of = Some(question.clone());
                }
                let mut lanes = (*self.lanes).clone();
                lanes.push(Rc::new(*lane));
                self.lanes = Rc::new(lanes);
            }
            CodesResponse::Failed {
                epoch,
                is_race,
                message,
            } => {
                let known = if is_race {
                    self.race.as_ref().map(|race| race.0)
                } else {
                    self.asked.as_ref().map(|asked| asked.0)
                };
                if known == Some(epoch) {
                    self.problem = Some(message.into());
                    if is_race {
                        (self.lanes, self.lanes_of) = (Rc::default(), None);
                    } else {
                        (self.is_comparing, self.comparison) = (false, None);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Loaded, ModelChoice, ModelLoad, SAMPLES};
    use super::*;
    use crate::settings::Settings;
    use crate::spiking::Conversion;
    use crate::web::views::tests::network;

    fn state() -> State {
        let load = ModelLoad {
            epoch: 3,
            choice: ModelChoice::Opened(0),
            model: Rc::default(),
            data: None,
        };
        State {
            view: View::Codes,
            sample: Some(SampleChoice::Stored(1)),
            loaded: Some(Rc::new(Loaded {
                load: Rc::new(load),
                network: Rc::new(network()),
            })),
            ..State::default()
        }
    }

    fn compared(epoch: Epoch, done: usize) -> CodesAction {
        let comparison = Comparison {
            model: String::new(),
            is_quantized: true,
            samples: done,
            labelled: done,
            trained_correct: done,
            trained_multiply_accumulates: 0,
            codes: Vec::new(),
        };
        CodesAction::Answer(CodesResponse::Compared {
            epoch,
            comparison,
            samples: 100,
        })
    }

    fn look(state: &mut State, change: impl FnOnce(&mut CodesLook)) {
        let mut look = state.codes.look.clone();
        change(&mut look);
        state.change_codes(CodesAction::Look(look));
    }

    #[test]
    fn what_is_asked_is_what_the_command_line_asks_by_itself() {
        let mut state = state();
        look(&mut state, |look| look.codes = CodeName::ALL.to_vec());
        let asked = state.next_comparison().map(|asked| asked.question);
        assert_eq!(asked, Some(Question::default()));
        assert_eq!(Settings::default().conversion, Conversion::default());
    }

    #[test]
    fn nothing_is_asked_while_another_view_is_open() {
        let mut state = state();
        state.view = View::Story;
        assert!(state.next_comparison().is_none() && state.next_race().is_none());
    }

    #[test]
    fn what_is_hidden_needs_no_answer_and_what_is_shown_again_is_known() {
        let mut state = state();
        state.change_codes(CodesAction::Compare);
        assert!(state.next_comparison().is_none());
        look(&mut state, |look| {
            look.codes.retain(|code| *code != CodeName::Phase);
            look.steps = 16;
        });
        assert!(state.next_comparison().is_none(), "the answer tells that too");
        look(&mut state, |look| look.codes.push(CodeName::RateHard));
        let asked = state.next_comparison().expect("a code that is not known");
        assert!(
            asked.question.codes.contains(&CodeName::Phase),
            "it is not taken away"
        );
        look(&mut state, |look| look.samples = SAMPLES[1]);
        assert_eq!(state.next_comparison().map(|asked| asked.samples), Some(300));
    }

    #[test]
    fn older_answers_are_dropped_and_a_comparison_ends_with_its_last_sample() {
        let mut state = state();
        state.change_codes(CodesAction::Compare);
        look(&mut state, |look| look.is_largest = true);
        state.change_codes(CodesAction::Compare);
        state.change_codes(compared(1, 50));
        assert!(state.codes.comparison.is_none());
        state.change_codes(compared(2, 50));
        assert!(state.codes.is_comparing);
        state.change_codes(compared(2, 100));
        assert!(!state.codes.is_comparing);
        assert_eq!(
            state.codes.comparison.as_ref().map(|known| known.0.samples),
            Some(100)
        );
    }

    #[test]
    fn a_stopped_comparison_is_asked_for_when_it_goes_on_and_so_is_one_that_was_left() {
        let mut state = state();
        state.change_codes(CodesAction::Compare);
        state.change_codes(CodesAction::Stop(true));
        assert!(state.next_comparison().is_none());
        state.change_codes(CodesAction::Stop(false));
        assert!(state.next_comparison().is_some());
        state.change_codes(CodesAction::Compare);
        state.change_codes(CodesAction::Leave);
        assert!(state.next_comparison().is_some());
        state.change_codes(CodesAction::Compare);
        let Some((epoch, _)) = state.codes.asked else {
            panic!("it was asked")
        };
        state.change_codes(compared(epoch, 100));
        state.change_codes(CodesAction::Leave);
        assert!(state.next_comparison().is_none(), "it was whole");
    }

    #[test]
    fn a_race_follows_the_sample_and_keeps_its_lanes_until_others_come() {
        let mut state = state();
        assert!(state.next_race().is_none(), "the comparison is asked for first");
        state.change_codes(CodesAction::Compare);
        state.change_codes(CodesAction::Race);
        assert!(state.next_race().is_none());
        let lane = |epoch| {
            let lane = Box::default();
            CodesAction::Answer(CodesResponse::Raced { epoch, lane })
        };
        state.change_codes(lane(1));
        state.change_codes(lane(1));
        assert_eq!(state.codes.lanes.len(), 2);
        state.sample = Some(SampleChoice::Stored(2));
        state.change_codes(CodesAction::Race);
        assert_eq!(state.codes.lanes.len(), 2);
        state.change_codes(lane(1));
        assert_eq!(state.codes.lanes.len(), 2, "that is of the race before");
        state.change_codes(lane(2));
        assert_eq!(state.codes.lanes.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_until_something_else_is_asked() {
        let mut state = state();
        state.change_codes(CodesAction::Compare);
        state.change_codes(CodesAction::Answer(CodesResponse::Failed {
            epoch: 1,
            is_race: false,
            message: "no".into(),
        }));
        assert_eq!(state.codes.problem.as_deref(), Some("no"));
        assert!(!state.codes.is_comparing && state.next_comparison().is_none());
        look(&mut state, |look| look.is_largest = true);
        state.change_codes(CodesAction::Compare);
        assert!(state.codes.problem.is_none());
        state.change_codes(CodesAction::Broke("it broke".into()));
        assert!(
            state.next_comparison().is_none(),
            "it is not asked again by itself"
        );
        state.change_codes(CodesAction::Stop(false));
        assert!(state.next_comparison().is_some());
    }
}
