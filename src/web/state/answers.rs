//! What the worker says.

use super::{Calibration, Counts, Explained, Loaded, Notice, RouteTo, Shown, State};
use crate::explore::{Agreement, CalibrationEffect, ConversionReport, Mistakes};
use crate::web::worker::{Epoch, Failure, NetworkView, Response, RunView};
use rust_i18n::t;
use std::rc::Rc;

impl State {
    pub(super) fn take_answer(&mut self, response: Response) {
        self.heard = Some(self.worker);
        self.notices.retain(|notice| !notice.is_titled("notice.silent"));
        match response {
            Response::Loaded { epoch, network } => self.take_network(epoch, *network),
            Response::Run { epoch, run } => self.take_run(epoch, *run),
            Response::Counted {
                epoch,
                agreement,
                mistakes,
            } => self.take_counts(epoch, *agreement, mistakes),
            Response::Swept { epoch, row, fraction } => {
                self.losses.take_row(epoch, row.map(|row| *row), fraction);
            }
            Response::Explained { epoch, report } => self.take_report(epoch, *report),
            Response::Calibration { epoch, effect } => self.take_calibration(epoch, effect),
            Response::Chip { epoch, part } => self.take_chip(epoch, *part),
            Response::Route {
                tensor,
                neuron,
                cores,
            } => {
                self.route = Some(RouteTo {
                    spike: (tensor, neuron),
                    cores: Rc::new(cores),
                });
            }
            // Only workers of the pool say that.
            Response::Trade(_) => {}
            Response::Traced { epoch, neuron } => self.neuron.take(epoch, neuron),
            Response::Brought(delivery) => self.take_delivery(*delivery),
            Response::Inspected { epoch, part } => self.take_inspection(epoch, *part),
            // The page hands files over as they come.
            Response::Written { .. } => {}
            // That is said to the view of codes, by a worker of its own.
            Response::Codes(_) => {}
            Response::Failed { epoch, what, message } => self.take_failure(epoch, what, message),
            Response::Panicked { message } => self.replace_worker(&message),
        }
    }

    fn take_run(&mut self, epoch: Epoch, mut run: RunView) {
        let Some(asked) = self.asked.clone().filter(|asked| asked.epoch == epoch) else {
            return;
        };
        (self.is_running, self.placing) = (false, None);
        let Some(loaded) = self
            .loaded
            .clone()
            .filter(|loaded| loaded.load.epoch == asked.question.model)
        else {
            return;
        };
        let is_other_network = self
            .shown
            .as_ref()
            .is_none_or(|shown| !Rc::ptr_eq(&shown.network, &loaded.network));
        let (loaded, is_requantized) = self.requantized(loaded, &mut run);
        let network = loaded.network.clone();
        self.shown = Some(Shown {
            network,
            run: Rc::new(run),
            sample: asked.question.sample.clone(),
            classes: loaded.class_names(),
        });
        let steps = self.steps();
        self.playhead.stay_within(steps);
        if is_other_network && !is_requantized {
            self.open_run(loaded.network.layers.len());
        }
        self.take_linked_moment();
    }

    /// The first run of a network with so many layers: from its beginning, with a neuron that has much to show.
    pub(super) fn open_run(&mut self, layers: usize) {
        self.playhead.open(self.steps());
        // The second of several hidden layers shows most: it hears the network's own words.
        self.select_layer(usize::from(layers > 2));
        self.opening = self.selection;
    }

    /// The loaded model with the network that `run` was of, and whether settings have quantized it anew.
    fn requantized(&mut self, loaded: Rc<Loaded>, run: &mut RunView) -> (Rc<Loaded>, bool) {
        let Some(network) = run.network.take() else {
            return (loaded, false);
        };
        let samples = loaded.network.samples.clone();
        let network = NetworkView { samples, ..*network };
        if network == *loaded.network {
            return (loaded, false);
        }
        let is_requantized = self
            .shown
            .as_ref()
            .is_some_and(|shown| Rc::ptr_eq(&shown.network, &loaded.network));
        let loaded = Rc::new(Loaded {
            load: loaded.load.clone(),
            network: Rc::new(network),
        });
        self.loaded = Some(loaded.clone());
        (loaded, is_requantized)
    }

    fn take_counts(&mut self, epoch: Epoch, agreement: Agreement, mistakes: Option<Box<Mistakes>>) {
        let Some(asked) = self.asked.as_ref().filter(|asked| asked.epoch == epoch) else {
            return;
        };
        let question = &asked.question;
        let (model, settings) = (question.model, question.settings);
        if let Some(mistakes) = mistakes {
            self.losses.take_mistakes(model, settings, *mistakes);
        }
        // Counts don't depend on the sample that is shown: don't begin again from 0.
        let is_known = self.agreement.as_ref().is_some_and(|before| {
            (before.model, before.settings) == (model, settings)
                && before.agreement.counted >= agreement.counted
        });
        if !is_known {
            self.agreement = Some(Counts {
                model,
                settings,
                agreement: Rc::new(agreement),
            });
        }
    }

    fn take_report(&mut self, epoch: Epoch, report: ConversionReport) {
        let Some(asked) = self.asked.as_ref().filter(|asked| asked.epoch == epoch) else {
            return;
        };
        self.explained = Some(Explained {
            model: asked.question.model,
            conversion: asked.question.settings.conversion,
            report: Rc::new(report),
        });
    }

    fn take_calibration(&mut self, epoch: Epoch, effect: CalibrationEffect) {
        let Some(asked) = self
            .calibration_asked
            .as_ref()
            .filter(|asked| asked.epoch == epoch)
        else {
            return;
        };
        self.is_calibrating = false;
        let is_demonstration = asked.question.is_demonstration;
        self.calibration = Some(Calibration {
            effect: Rc::new(effect),
            is_demonstration,
        });
    }

    fn take_failure(&mut self, epoch: Epoch, what: Failure, message: String) {
        match what {
            Failure::Write => self.fail_to_write(message),
            Failure::Load if self.load.as_ref().is_some_and(|load| load.epoch == epoch) => {
                self.is_loading = self.is_stored;
                let name = match &self.load {
                    // The model itself was read before.
                    Some(load) if load.is_data_new(self.loaded.as_deref()) => {
                        load.data.as_ref().map(|data| data.files.name.clone())
                    }
                    load => load.as_ref().map(|load| load.model.name.clone()),
                };
                let name = name.unwrap_or_default();
                self.complain(Notice::error(t!("notice.unusable", name = name), message));
                self.want_what_is_loaded();
                if let Some(stored) = self.wanted.clone().filter(|_| self.is_stored) {
                    // The engine hasn't got it yet.
                    self.choose(stored);
                }
            }
            Failure::Explore if self.asked.as_ref().is_some_and(|asked| asked.epoch == epoch) => {
                self.is_running = false;
                self.complain(Notice::error(t!("notice.no-run"), message));
            }
            Failure::Calibrate
                if self
                    .calibration_asked
                    .as_ref()
                    .is_some_and(|asked| asked.epoch == epoch) =>
            {
                self.is_calibrating = false;
                self.calibration = None;
            }
            _ => {}
        }
    }

    /// A worker that can't start tells nobody: no answer is all that there is to see.
    pub(super) fn wonder_about_silence(&mut self, seconds: u32) {
        let text = t!("notice.silent-text", seconds = seconds);
        self.complain(Notice::error(t!("notice.silent"), text));
    }

    /// A new worker takes the last good model. What broke the old one is not asked again.
    fn replace_worker(&mut self, message: &str) {
        self.worker += 1;
        self.is_running = false;
        self.is_calibrating = false;
        self.neuron.forget_question();
        self.bring.fetching = None;
        if self.is_loading {
            self.want_what_is_loaded();
        }
        if !self.is_stored {
            self.load = self.load_in_use();
            self.is_loading = self.load.is_some();
        }
        let text = t!("notice.broke-text", message = message);
        self.complain(Notice::error(t!("notice.broke"), text));
    }
}
