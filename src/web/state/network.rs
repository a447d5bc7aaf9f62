//! What the view of the network looks at, and what it was told.

use super::{ModelLoad, Notice, State};
use crate::quantize::post_training::Quantization;
use crate::web::gallery::Dataset;
use crate::web::selection::Selection;
use crate::web::view::View;
use crate::web::worker::{
    CalibrateOn, CodesView, DataFiles, Epoch, InspectPart, InspectQuestion, LossView, ModelView, TakeAway,
    WeightsView,
};
use rust_i18n::t;
use std::rc::Rc;

/// What the view of the network looks at, and what it was told.
#[derive(Clone, Default)]
pub struct Inspection {
    /// The selection at which the input was chosen: it is looked at until something else is chosen.
    at_input: Option<Selection>,
    /// Which group of inputs, and from which channels on; of the tensor that they were chosen for.
    window: InspectQuestion,
    /// What was asked.
    pub asked: Option<Rc<AskedInspection>>,
    /// What the model is made of.
    pub model: Option<Rc<ModelView>>,
    /// The weights that were asked for last.
    pub weights: Option<Rc<WeightsView>>,
    /// The codes that were asked for last.
    pub codes: Option<Rc<CodesView>>,
    /// What quantization cost.
    pub loss: Option<Rc<LossView>>,
    /// Files that were wanted: how many, and the last one.
    pub wanted: (u32, Option<TakeAway>),
}

/// A question about the network as it was at that time.
#[derive(Clone, Debug, PartialEq)]
pub struct Inquiry {
    /// The worker that is asked.
    worker: u32,
    /// The model, by its load's epoch.
    model: Epoch,
    /// How it was quantized, if it was here.
    quantization: Option<Quantization>,
    /// What is looked at.
    pub question: InspectQuestion,
}

/// A question that was asked.
#[derive(Debug)]
pub struct AskedInspection {
    /// Comes back with the answer.
    pub epoch: Epoch,
    /// What was asked.
    pub inquiry: Inquiry,
}

/// What changes there.
pub enum NetworkAction {
    /// The input is chosen.
    ChooseInput,
    /// Another group of inputs, or other channels.
    Look(InspectQuestion),
    /// It is time to ask.
    Ask,
    /// A file is wanted.
    Take(TakeAway),
    /// Other samples are to be calibrated on.
    CalibrateOn(CalibrateOn),
}

impl State {
    /// The tensor that is looked at: the input, or what the chosen layer fires.
    pub fn inspected_tensor(&self) -> usize {
        if self.inspection.at_input == Some(self.selection) {
            return 0;
        }
        let network = self.shown.as_ref().map(|shown| &shown.network);
        let layer = network.and_then(|network| network.layers.get(self.selection.layer));
        layer.map_or(0, |layer| layer.target)
    }

    /// What the worker should be asked about the network now.
    pub fn next_inspection(&self) -> Option<Inquiry> {
        if self.view != View::Network || self.is_loading || self.is_running {
            return None;
        }
        let (loaded, shown) = (self.loaded.as_ref()?, self.shown.as_ref()?);
        if !Rc::ptr_eq(&loaded.network, &shown.network) {
            return None;
        }
        let tensor = self.inspected_tensor();
        let window = &self.inspection.window;
        let question = if window.tensor == tensor {
            window.clone()
        } else {
            InspectQuestion {
                tensor,
                ..InspectQuestion::default()
            }
        };
        let settings = &shown.run.settings;
        let inquiry = Inquiry {
            worker: self.worker,
            model: loaded.load.epoch,
            quantization: loaded.network.is_float.then_some(settings.quantization),
            question,
        };
        let is_new = self
            .inspection
            .asked
            .as_ref()
            .is_none_or(|asked| asked.inquiry != inquiry);
        is_new.then_some(inquiry)
    }

    pub(super) fn act_on_network(&mut self, action: NetworkAction) {
        match action {
            NetworkAction::ChooseInput => self.inspection.at_input = Some(self.selection),
            NetworkAction::Look(window) => self.inspection.window = window,
            NetworkAction::Ask => self.ask_inspection(),
            NetworkAction::Take(what) => {
                self.inspection.wanted = (self.inspection.wanted.0.wrapping_add(1), Some(what));
            }
            NetworkAction::CalibrateOn(calibrate_on) => self.calibrate_on(calibrate_on),
        }
    }

    fn ask_inspection(&mut self) {
        let Some(inquiry) = self.next_inspection() else {
            return;
        };
        let before = self.inspection.asked.take();
        let is_same = |a: &Inquiry| (a.model, a.quantization) == (inquiry.model, inquiry.quantization);
        if before
            .as_ref()
            .is_none_or(|asked| asked.inquiry.model != inquiry.model)
        {
            (self.inspection.model, self.inspection.weights) = (None, None);
        }
        if before.as_ref().is_none_or(|asked| !is_same(&asked.inquiry)) {
            self.inspection.loss = None;
        }
        let epoch = before.map_or(1, |asked| asked.epoch.wrapping_add(1));
        self.inspection.asked = Some(Rc::new(AskedInspection { epoch, inquiry }));
    }

    pub(super) fn take_inspection(&mut self, epoch: Epoch, part: InspectPart) {
        let known = &mut self.inspection;
        if known.asked.as_ref().is_none_or(|asked| asked.epoch != epoch) {
            return;
        }
        match part {
            InspectPart::Model(model) => known.model = Some(Rc::new(*model)),
            InspectPart::Weights(weights) => known.weights = Some(Rc::new(*weights)),
            InspectPart::Codes(codes) => known.codes = Some(Rc::new(*codes)),
            InspectPart::Loss(loss) => known.loss = Some(Rc::new(*loss)),
        }
    }

    pub(super) fn fail_to_write(&mut self, message: String) {
        self.complain(Notice::error(t!("network.not-written"), message));
    }

    /// The model in use is loaded again, to be calibrated on other samples.
    fn calibrate_on(&mut self, calibrate_on: CalibrateOn) {
        let Some(loaded) = self.loaded.clone() else { return };
        if let Some(data) = &loaded.load.data {
            let files = DataFiles {
                calibrate_on,
                ..data.files.clone()
            };
            let data = Dataset {
                id: data.id.clone(),
                is_own: data.is_own,
                files,
                classes: data.classes.clone(),
                picks: data.picks.clone(),
            };
            self.start_load(ModelLoad {
                data: Some(Rc::new(data)),
                ..(*loaded.load).clone()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::state::{Loaded, ModelChoice, ModelLoad, SampleChoice, Shown};
    use crate::web::views::tests::{network, run};
    use crate::web::worker::ModelFile;

    fn state() -> State {
        let network = Rc::new(network());
        let load = Rc::new(ModelLoad {
            epoch: 1,
            choice: ModelChoice::Opened(0),
            model: Rc::new(ModelFile::default()),
            data: None,
        });
        State {
            view: View::Network,
            loaded: Some(Rc::new(Loaded {
                load,
                network: network.clone(),
            })),
            shown: Some(Shown {
                network,
                run: Rc::new(run()),
                sample: SampleChoice::Stored(0),
                classes: Rc::default(),
            }),
            ..State::default()
        }
    }

    #[test]
    fn the_network_is_asked_about_only_while_its_view_is_open_and_once() {
        let mut state = state();
        state.view = View::Story;
        assert_eq!(state.next_inspection(), None);
        state.view = View::Network;
        assert_eq!(state.next_inspection().map(|i| i.question.tensor), Some(1));
        state.act_on_network(NetworkAction::Ask);
        assert_eq!(state.next_inspection(), None);
        state.worker += 1;
        assert!(state.next_inspection().is_some(), "a new worker knows nothing");
    }

    #[test]
    fn the_input_is_looked_at_until_something_else_is_chosen() {
        let mut state = state();
        state.act_on_network(NetworkAction::ChooseInput);
        assert_eq!(state.inspected_tensor(), 0);
        state.selection.layer = 1;
        assert_eq!(state.inspected_tensor(), 2);
    }

    #[test]
    fn channels_are_those_of_the_tensor_that_they_were_chosen_for() {
        let mut state = state();
        let window = InspectQuestion {
            tensor: 1,
            dendrite: 0,
            first: [4, 0],
        };
        state.act_on_network(NetworkAction::Look(window.clone()));
        assert_eq!(state.next_inspection().map(|i| i.question), Some(window));
        state.selection.layer = 1;
        assert_eq!(state.next_inspection().map(|i| i.question.first), Some([0, 0]));
    }

    #[test]
    fn an_answer_to_an_older_question_is_dropped() {
        let mut state = state();
        state.act_on_network(NetworkAction::Ask);
        let codes = || InspectPart::Codes(Box::default());
        state.take_inspection(7, codes());
        assert!(state.inspection.codes.is_none());
        state.take_inspection(1, codes());
        assert!(state.inspection.codes.is_some());
    }
}
