//! What is known of losses beyond a run: samples that went wrong, every register width, advice that was taken.

use super::{Action, Counts, Notice, SampleChoice, Seek, State};
use crate::explore::report::Remedy;
use crate::explore::{Mistakes, Row};
use crate::settings::{Setting, Settings, setting};
use crate::spiking::{Conversion, MAX_REGISTER_BITS};
use crate::web::selection::Select;
use crate::web::view::View;
use crate::web::worker::Epoch;
use rust_i18n::t;
use std::rc::Rc;

/// What is known of losses.
#[derive(Clone, Default)]
pub struct Losses {
    /// The samples that went wrong, and the settings that they are of.
    wrong: Option<(LossKey, Rc<Mistakes>)>,
    /// The sweep over register widths that was asked for last.
    pub widths: Option<Rc<Widths>>,
    /// Whether it is to rest.
    pub is_resting: bool,
    /// The advice that was taken last.
    pub advice: Option<Rc<Advice>>,
}

/// What losses depend on: the model, by its load's epoch, and the settings without the chip.
pub type LossKey = (Epoch, Settings);

/// A sweep over register widths.
#[derive(Clone)]
pub struct Widths {
    /// Counts sweeps.
    pub epoch: Epoch,
    /// What it is about; its register width says nothing.
    pub key: LossKey,
    /// What was counted, by width, the narrowest first.
    pub rows: Vec<(u8, Row)>,
    /// The share that is done.
    pub fraction: f64,
}

/// Advice that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What was set.
    pub remedy: Remedy,
    /// What it was before.
    pub before: String,
}

/// What the user does in the view of calibration.
#[derive(Debug)]
pub enum CalibrationAction {
    /// It is time to ask for [`State::next_widths`].
    AskWidths,
    /// Let the sweep rest, or go on.
    Rest(bool),
    /// Set what the report advises.
    Take(Remedy),
    /// Set what was there before the advice.
    TakeBack,
    /// Show where a sample went wrong.
    Open {
        /// The stored sample.
        sample: usize,
        /// The layer.
        layer: usize,
        /// Its neuron.
        neuron: usize,
        /// The step within its window; `None` for when it has fired.
        step: Option<usize>,
    },
}

/// The view that shows a neuron at work.
const NEURON_VIEW: View = View::Neuron;

impl Losses {
    pub(super) fn take_mistakes(&mut self, model: Epoch, settings: Settings, mistakes: Mistakes) {
        self.wrong = Some(((model, without_chip(settings)), Rc::new(mistakes)));
    }

    pub(super) fn take_row(&mut self, epoch: Epoch, row: Option<Row>, fraction: f64) {
        let Some(widths) = self.widths.as_mut().filter(|widths| widths.epoch == epoch) else {
            return;
        };
        let widths = Rc::make_mut(widths);
        widths.fraction = fraction;
        let bits = row.as_ref().and_then(|row| row.values.first()?.parse().ok());
        if let (Some(row), Some(bits)) = (row, bits) {
            let place = widths.rows.partition_point(|(known, _)| *known < bits);
            widths.rows.retain(|(known, _)| *known != bits);
            widths.rows.insert(place.min(widths.rows.len()), (bits, row));
        }
    }
}

impl Advice {
    /// The setting, if it still has the advised value.
    pub fn setting(&self, settings: &Settings) -> Option<&'static Setting> {
        let setting = setting(&self.remedy.key).ok()?;
        (setting.get(settings) == self.remedy.value).then_some(setting)
    }
}

fn without_chip(settings: Settings) -> Settings {
    let chip = Settings::default().chip;
    Settings { chip, ..settings }
}

impl State {
    /// The samples that went wrong with what is shown; `None` while nothing is counted.
    pub fn mistakes(&self) -> Option<Rc<Mistakes>> {
        let model = self.loaded.as_ref()?.load.epoch;
        let settings = without_chip(self.shown.as_ref()?.run.settings);
        let (key, mistakes) = self.losses.wrong.as_ref()?;
        (*key == (model, settings)).then(|| mistakes.clone())
    }

    /// The counts over all samples with what is shown, as far as they are.
    pub fn counts(&self) -> Option<Counts> {
        let model = self.loaded.as_ref()?.load.epoch;
        let settings = without_chip(self.shown.as_ref()?.run.settings);
        let is_of_it = |counts: &&Counts| (counts.model, without_chip(counts.settings)) == (model, settings);
        self.agreement.as_ref().filter(is_of_it).cloned()
    }

    fn widths_key(&self) -> Option<LossKey> {
        let model = self.loaded.as_ref()?.load.epoch;
        let mut settings = without_chip(self.shown.as_ref()?.run.settings);
        settings.conversion = Conversion {
            register_bits: MAX_REGISTER_BITS,
            ..settings.conversion
        };
        Some((model, settings))
    }

    /// The sweep over register widths around what is shown.
    pub fn widths(&self) -> Option<Rc<Widths>> {
        let key = self.widths_key()?;
        self.losses.widths.clone().filter(|widths| widths.key == key)
    }

    /// The sweep that should be asked for; only the view of calibration wants one.
    pub fn next_widths(&self) -> Option<LossKey> {
        let has_samples = self.loaded.as_ref()?.network.samples.count > 0;
        let is_wanted = self.view == View::Calibration && has_samples && !self.is_loading && !self.is_running;
        let key = self.widths_key().filter(|_| is_wanted)?;
        self.widths().is_none().then_some(key)
    }

    /// The sweep that the worker should have, and whether it should go on with it.
    pub fn wanted_widths(&self) -> Option<(Epoch, bool)> {
        let widths = self.losses.widths.as_ref()?;
        let is_shown = self.view == View::Calibration && !self.is_loading;
        Some((widths.epoch, is_shown && !self.losses.is_resting))
    }

    pub(super) fn calibrate(&mut self, action: CalibrationAction) {
        match action {
            CalibrationAction::AskWidths => {
                if let Some(key) = self.next_widths() {
                    let last = self.losses.widths.as_ref().map_or(0, |widths| widths.epoch);
                    self.losses.widths = Some(Rc::new(Widths {
                        epoch: last.wrapping_add(1),
                        key,
                        rows: Vec::new(),
                        fraction: 0.0,
                    }));
                }
            }
            CalibrationAction::Rest(rests) => self.losses.is_resting = rests,
            CalibrationAction::Take(remedy) => self.take_advice(remedy),
            CalibrationAction::TakeBack => {
                if let Some(advice) = self.losses.advice.take()
                    && let Some(setting) = advice.setting(&self.settings)
                {
                    self.apply(Action::Set(setting, advice.before.clone()));
                }
            }
            CalibrationAction::Open {
                sample,
                layer,
                neuron,
                step,
            } => self.open_mistake(sample, layer, neuron, step),
        }
    }

    fn take_advice(&mut self, remedy: Remedy) {
        let setting = match setting(&remedy.key) {
            Ok(setting) => setting,
            Err(problem) => {
                return self.complain(Notice::error(t!("notice.value"), problem.to_string()));
            }
        };
        let before = setting.get(&self.settings);
        self.apply(Action::Set(setting, remedy.value.clone()));
        self.losses.advice = Some(Rc::new(Advice { remedy, before }));
    }

    fn open_mistake(&mut self, sample: usize, layer: usize, neuron: usize, step: Option<usize>) {
        let has_sample = |loaded: &Rc<super::Loaded>| sample < loaded.network.samples.count;
        if !self.loaded.as_ref().is_some_and(has_sample) {
            return;
        }
        self.sample = Some(SampleChoice::Stored(sample));
        self.select(Select::Neuron { layer, neuron });
        self.view = NEURON_VIEW;
        if let Some(shown) = &self.shown {
            let windows = &shown.run.trace.windows;
            let before: usize = windows.iter().take(layer).map(|window| window.steps()).sum();
            let last = windows
                .get(layer)
                .map_or(0, |window| window.steps().saturating_sub(1));
            let steps = shown.run.trace.steps();
            self.playhead.seek(Seek::To(before + step.unwrap_or(last)), steps);
        }
    }
}
