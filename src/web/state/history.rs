//! Undo and redo of what the user has chosen: model, data, sample, settings and chip.
//!
//! Whatever an action of the user changes in these is one step; what the page or the worker does by itself is none.
//! While a slider moves, or a pen draws, all of it is one step, until it has rested.

use super::{Action, ModelChoice, SampleChoice, Source, State};
use crate::chip::spec::Chip;
use crate::settings::Settings;
use crate::web::gallery::Dataset;
use std::rc::Rc;

/// Older steps are forgotten when there are more.
const MOST: usize = 200;

/// What can be brought back.
#[derive(Clone)]
pub struct Choices {
    settings: Settings,
    wanted: Option<ModelChoice>,
    sample: Option<SampleChoice>,
    /// The user's own data.
    data: Option<Rc<Dataset>>,
    chip: Option<Rc<Chip>>,
}

impl PartialEq for Choices {
    fn eq(&self, other: &Self) -> bool {
        fn same<T>(a: &Option<Rc<T>>, b: &Option<Rc<T>>) -> bool {
            a.as_ref().map(Rc::as_ptr) == b.as_ref().map(Rc::as_ptr)
        }
        self.settings == other.settings
            && self.wanted == other.wanted
            && self.sample == other.sample
            && same(&self.data, &other.data)
            && same(&self.chip, &other.chip)
    }
}

/// The steps before and after the present.
#[derive(Clone, Default)]
pub struct History {
    past: Vec<Choices>,
    future: Vec<Choices>,
    /// What is moving, so that more of it is no new step.
    moving: Option<&'static str>,
}

impl History {
    /// Whether something can be undone.
    pub fn has_past(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether something can be done again.
    pub fn has_future(&self) -> bool {
        !self.future.is_empty()
    }

    /// Whether something moves, and may come to rest.
    pub fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    /// What moves has come to rest.
    pub(super) fn settle(&mut self) {
        self.moving = None;
    }

    fn remember(&mut self, before: Choices, moving: Option<&'static str>) {
        self.future.clear();
        if moving.is_none() || moving != self.moving {
            self.past.push(before);
        }
        self.moving = moving;
        let surplus = self.past.len().saturating_sub(MOST);
        self.past.drain(..surplus);
    }
}

impl Action {
    /// Whether it is the user's, so that what it changes can be undone.
    fn is_users(&self) -> bool {
        !matches!(
            self,
            Self::Wake
                | Self::FilesCame { .. }
                | Self::Answer(_)
                | Self::Ask
                | Self::AskCalibration
                | Self::Silence(_)
                | Self::Tick
                | Self::Undo
                | Self::Redo
        )
    }

    /// What moves with it, if it is one of many little steps.
    fn moves(&self) -> Option<&'static str> {
        match self {
            Self::Set(setting, _) => Some(setting.key),
            Self::Pick(SampleChoice::Drawn(drawn))
                if matches!(drawn.source, Source::Slider | Source::Pad) =>
            {
                Some("sample")
            }
            _ => None,
        }
    }
}

/// The choices before an action, to be compared with those after it.
pub(super) struct Before(Option<(Choices, Option<&'static str>)>);

impl State {
    pub(super) fn before(&self, action: &Action) -> Before {
        // Before the first model there is nothing to go back to.
        let counts = self.loaded.is_some() && action.is_users();
        Before(counts.then(|| (self.choices(), action.moves())))
    }

    /// Keeps what was before, if it is no longer so.
    pub(super) fn remember(&mut self, before: Before) {
        if let Some((before, moving)) = before.0
            && before != self.choices()
        {
            self.history.remember(before, moving);
        }
    }

    fn choices(&self) -> Choices {
        let data = self.load.as_ref().and_then(|load| load.data.clone());
        Choices {
            settings: self.settings,
            wanted: self.wanted.clone(),
            sample: self.sample.clone(),
            data: data.filter(|data| data.is_own),
            chip: self.own_chip.clone(),
        }
    }

    pub(super) fn undo(&mut self) {
        if let Some(choices) = self.history.past.pop() {
            let now = self.choices();
            self.history.future.push(now);
            self.bring_back(choices);
        }
    }

    pub(super) fn redo(&mut self) {
        if let Some(choices) = self.history.future.pop() {
            let now = self.choices();
            self.history.past.push(now);
            self.bring_back(choices);
        }
    }

    fn bring_back(&mut self, choices: Choices) {
        self.history.settle();
        let now = self.choices();
        let data = |choices: &Choices| choices.data.as_ref().map(Rc::as_ptr);
        let is_same_model = now.wanted == choices.wanted && data(&now) == data(&choices);
        self.settings = choices.settings;
        self.use_chip(choices.chip);
        if is_same_model && !self.is_loading {
            self.sample = choices.sample.or(self.sample.take());
        } else if let Some(wanted) = choices.wanted {
            self.linked.sample = choices.sample;
            self.linked.data = choices.data;
            self.choose(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::setting;
    use crate::web::state::{Loaded, ModelLoad};
    use crate::web::worker::{ModelFile, NetworkView};

    fn opened() -> State {
        let choice = ModelChoice::Gallery("one".into());
        let load = Rc::new(ModelLoad {
            epoch: 1,
            choice: choice.clone(),
            model: Rc::new(ModelFile::default()),
            data: None,
        });
        let network = Rc::new(NetworkView::default());
        State {
            wanted: Some(choice),
            load: Some(load.clone()),
            loaded: Some(Rc::new(Loaded { load, network })),
            sample: Some(SampleChoice::Stored(3)),
            ..State::default()
        }
    }

    fn set(state: &mut State, key: &str, value: &str) {
        state.apply(Action::Set(setting(key).expect("a setting"), value.into()));
    }

    #[test]
    fn a_moving_slider_is_one_step() {
        let mut state = opened();
        for bits in ["20", "19", "18"] {
            set(&mut state, "register-bits", bits);
        }
        assert_eq!(state.settings.conversion.register_bits, 18);
        state.apply(Action::Undo);
        assert_eq!(state.settings, Settings::default());
        assert!(!state.history.has_past());
        state.apply(Action::Redo);
        assert_eq!(state.settings.conversion.register_bits, 18);
    }

    #[test]
    fn a_slider_that_has_rested_or_another_control_begins_a_new_step() {
        let mut state = opened();
        set(&mut state, "register-bits", "20");
        state.apply(Action::Settle);
        set(&mut state, "register-bits", "19");
        set(&mut state, "order", "lsb");
        state.apply(Action::Undo);
        assert_eq!(state.settings.conversion.register_bits, 19);
        state.apply(Action::Undo);
        assert_eq!(state.settings.conversion.register_bits, 20);
    }

    #[test]
    fn samples_and_chips_come_back() {
        let mut state = opened();
        state.apply(Action::Pick(SampleChoice::Stored(7)));
        let chip = Rc::new(crate::chip::spec::Preset::Darwin3.chip());
        state.apply(Action::UseChip(Some(chip)));
        state.apply(Action::Undo);
        assert!(state.own_chip.is_none());
        state.apply(Action::Undo);
        assert_eq!(state.sample, Some(SampleChoice::Stored(3)));
        state.apply(Action::Redo);
        assert_eq!(state.sample, Some(SampleChoice::Stored(7)));
    }

    #[test]
    fn another_model_is_asked_for_again_with_the_sample_that_it_showed() {
        let mut state = opened();
        state.opened.push(Rc::new(ModelFile::default()));
        state.apply(Action::Choose(ModelChoice::Opened(0)));
        let wish = state.wish;
        state.apply(Action::Undo);
        assert_eq!(state.wanted, Some(ModelChoice::Gallery("one".into())));
        assert_eq!(state.wish, wish + 1);
        assert_eq!(state.linked.sample, Some(SampleChoice::Stored(3)));
    }

    #[test]
    fn what_changes_nothing_and_what_the_page_does_by_itself_is_no_step() {
        let mut state = opened();
        set(&mut state, "order", "msb");
        state.apply(Action::Tick);
        state.apply(Action::Show(crate::web::view::View::Chip));
        assert!(!state.history.has_past());
    }

    #[test]
    fn a_new_step_forgets_what_was_undone() {
        let mut state = opened();
        set(&mut state, "order", "lsb");
        state.apply(Action::Undo);
        set(&mut state, "register-bits", "12");
        assert!(!state.history.has_future());
    }
}
