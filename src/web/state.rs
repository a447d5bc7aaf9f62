//! All that the page knows, in one value that only [`Action`]s change.
//!
//! What goes to the worker follows from it: [`State::next_question`] says what to ask, and nothing is
//! asked while an answer is due. So pictures follow a moving slider as fast as the engine can, and the
//! last good model and run stay until better ones arrive.

mod answers;
mod bring;
mod calibration;
mod chip;
mod codes;
mod codes_look;
mod first_view;
mod history;
mod linked;
mod model;
mod network;
mod neuron;
mod notices;
mod playback;
mod teaching;
mod trade;

pub use bring::{Bring, BringAction, CHIP_PART, FILES_PART, Kept, Named, Sheet};
pub use calibration::{Advice, CalibrationAction, LossKey, Losses, Widths};
pub use chip::{KnownChip, Pinned, RouteTo};
pub use codes::{Codes, CodesAction, CodesQuestion, RaceQuestion};
pub use codes_look::{CODES_PART, CodesLook, MOST_STEPS, RACE_STEPS, SAMPLES};
pub use history::History;
pub use linked::{CHIP_LOOK_PART, Linked, PLAYHEAD_PART, SELECTION_PART};
pub use model::{Drawn, Loaded, ModelChoice, ModelLoad, SampleChoice, Source};
pub use network::{AskedInspection, Inquiry, Inspection, NetworkAction};
pub use neuron::{BLACKBOARD_PART, NeuronAction, NeuronState, Stop, Traced};
pub use notices::{Notice, Weight};
pub use playback::{Playhead, SPEEDS, Seek};
pub use teaching::{Dialog, OpenLesson, OpenTour, Teaching, TeachingAction};
pub use trade::{
    Figure, MOST_WORKERS, PLAN_PART, Plan, Point, Schedule, Stage, Sweep, Trade, TradeAction, Update,
};

use super::gallery::Gallery;
use super::language::Language;
use super::link::Link;
use super::selection::{Select, Selection};
use super::teaching::Parts;
use super::theme::Theme;
use super::view::View;
use super::views::ChipLook;
use super::worker::{DataFiles, Epoch, ModelFile, NetworkView, Response, RunView};
use crate::chip::spec::Chip;
use crate::explore::{Agreement, CalibrationEffect, ConversionReport, PlacementProgress};
use crate::settings::{Setting, Settings, SettingsError};
use crate::spiking::{Accumulation, Conversion, LayerPlan, Scaling};
use rust_i18n::t;
use std::rc::Rc;
use yew::{Callback, Reducible, UseReducerDispatcher};

/// All that the page knows.
#[derive(Clone, Default)]
pub struct State {
    /// What there is to choose from, once it is fetched.
    pub gallery: Option<Rc<Gallery>>,
    /// Models that the user has opened.
    pub opened: Vec<Rc<ModelFile>>,
    /// The model that the user wants; it may still be loading.
    pub wanted: Option<ModelChoice>,
    /// Counts wishes for a model; answers to older ones are dropped.
    pub wish: Epoch,
    /// What the worker was last told to load.
    pub load: Option<Rc<ModelLoad>>,
    /// Whether an answer to that is due.
    pub is_loading: bool,
    /// Whether what is shown was stored with the page, and the engine has not read its model yet.
    pub is_stored: bool,
    /// Whether the engine is not even fetched yet.
    pub is_resting: bool,
    /// The model in use.
    pub loaded: Option<Rc<Loaded>>,
    /// What the user has set.
    pub settings: Settings,
    /// What the user has picked, drawn or uploaded.
    pub sample: Option<SampleChoice>,
    /// The data set that a stored sample was picked from, by its id.
    pub sample_data: Option<String>,
    /// What the address asked for, until a run is there to show it.
    pub linked: Linked,
    /// What the page has chosen by itself.
    pub opening: Selection,
    /// What the worker was last asked.
    pub asked: Option<Rc<Asked>>,
    /// Whether its run is due.
    pub is_running: bool,
    /// The last run.
    pub shown: Option<Shown>,
    /// The last counts.
    pub agreement: Option<Counts>,
    /// The last report on every layer.
    pub explained: Option<Explained>,
    /// What the worker was last asked about calibration.
    pub calibration_asked: Option<Rc<AskedCalibration>>,
    /// Whether its answer is due.
    pub is_calibrating: bool,
    /// The last answer.
    pub calibration: Option<Calibration>,
    /// What is known of losses.
    pub losses: Losses,
    /// Where the user is in time.
    pub playhead: Playhead,
    /// The chosen neuron and core.
    pub selection: Selection,
    /// What the page speaks.
    pub language: Language,
    /// Whether the address or the reader says so, rather than the browser.
    pub is_language_linked: bool,
    /// What fills the page.
    pub view: View,
    /// The user's own chip, instead of the one that the settings name.
    pub own_chip: Option<Rc<Chip>>,
    /// What is known of the chip.
    pub known_chip: KnownChip,
    /// How far the search for better places has come, while it goes on.
    pub placing: Option<PlacementProgress>,
    /// Counts wishes to stop it.
    pub placing_stops: u32,
    /// Where the followed neuron's spikes go.
    pub route: Option<RouteTo>,
    /// What the chip is compared with.
    pub pinned: Option<Rc<Pinned>>,
    /// How the chip's pictures look.
    pub chip_look: ChipLook,
    /// Sweeps.
    pub trade: Trade,
    /// What the view of one neuron knows.
    pub neuron: NeuronState,
    /// What can be undone and done again.
    pub history: History,
    /// What is brought and taken away.
    pub bring: Bring,
    /// What the view of the network looks at, and what it was told.
    pub inspection: Inspection,
    /// The codes side by side.
    pub codes: Codes,
    /// Light or dark.
    pub theme: Theme,
    /// The tour and lessons.
    pub teaching: Teaching,
    /// Which parts of the page are there.
    pub parts: Rc<Parts>,
    /// What went wrong.
    pub notices: Vec<Notice>,
    /// Counts workers: a new one is started when the old one breaks.
    pub worker: u32,
    /// The last worker that has said something.
    pub heard: Option<u32>,
}

/// A question: what happens to this sample with these settings?
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The model that it is about, by its load's epoch.
    pub model: Epoch,
    /// The settings.
    pub settings: Settings,
    /// The sample.
    pub sample: SampleChoice,
    /// The user's own chip.
    pub own_chip: Option<Rc<Chip>>,
    /// Whether more of the chip is wanted than its traffic.
    pub chip: bool,
}

impl Question {
    /// Whether its answer is one to `other` as well: it may tell more.
    fn covers(&self, other: &Self) -> bool {
        let like_this = Self {
            chip: self.chip,
            ..other.clone()
        };
        *self == like_this && (self.chip || !other.chip)
    }
}

/// A question that was asked.
#[derive(Debug, PartialEq)]
pub struct Asked {
    /// Comes back with the answer.
    pub epoch: Epoch,
    /// What was asked.
    pub question: Question,
}

/// A question about calibration.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationQuestion {
    /// The model that it is about, by its load's epoch.
    pub model: Epoch,
    /// The settings, perhaps with a narrower register to have something to show.
    pub settings: Settings,
    /// The layer.
    pub layer: usize,
    /// Whether the register was made narrower.
    pub is_demonstration: bool,
    /// Whether all parts of bias calibration are wanted, not the correction alone.
    pub all: bool,
}

impl CalibrationQuestion {
    /// Whether its answer is one to `other` as well: it may tell more.
    fn covers(&self, other: &Self) -> bool {
        let all = self.all;
        *self == Self { all, ..other.clone() } && (all || !other.all)
    }
}

/// A question about calibration that was asked.
#[derive(Debug, PartialEq)]
pub struct AskedCalibration {
    /// Comes back with the answer.
    pub epoch: Epoch,
    /// What was asked.
    pub question: CalibrationQuestion,
}

/// An answer about calibration.
#[derive(Clone)]
pub struct Calibration {
    /// The errors.
    pub effect: Rc<CalibrationEffect>,
    /// Whether the register was made narrower for it.
    pub is_demonstration: bool,
}

/// A run and what it was made of.
#[derive(Clone)]
pub struct Shown {
    /// The network.
    pub network: Rc<NetworkView>,
    /// The run.
    pub run: Rc<RunView>,
    /// The sample.
    pub sample: SampleChoice,
    /// What classes are called, if they have names.
    pub classes: Rc<Vec<String>>,
}

/// Counts over all samples, and the question that they answer.
#[derive(Clone, PartialEq)]
pub struct Counts {
    /// The model, by its load's epoch.
    pub model: Epoch,
    /// The settings.
    pub settings: Settings,
    /// The counts.
    pub agreement: Rc<Agreement>,
}

/// A report on every layer, and the question that it answers.
#[derive(Clone)]
pub struct Explained {
    /// The model, by its load's epoch.
    pub model: Epoch,
    /// How it was converted.
    pub conversion: Conversion,
    /// The report.
    pub report: Rc<ConversionReport>,
}

/// Sends [`Action`]s to the state.
pub type Dispatch = UseReducerDispatcher<State>;

/// A callback that becomes an action.
pub fn dispatching<T: 'static>(dispatch: &Dispatch, action: impl Fn(T) -> Action + 'static) -> Callback<T> {
    let dispatch = dispatch.clone();
    Callback::from(move |value| dispatch.dispatch(action(value)))
}

/// Everything that can change the [`State`].
pub enum Action {
    /// The page is drawn: it is time for the engine to come.
    Wake,
    /// The user wants a model.
    Choose(ModelChoice),
    /// The user has opened a model's file.
    Open(ModelFile),
    /// The user has opened samples, or labels of those in use.
    OpenData(DataFiles),
    /// The user wants the shipped samples again.
    UseShippedData,
    /// The files of a wanted model came, or did not.
    FilesCame {
        /// The wish that they answer.
        wish: Epoch,
        /// The files, or why there are none.
        files: Result<ModelLoad, String>,
    },
    /// The user has changed a setting.
    Set(&'static Setting, String),
    /// The user wants the defaults.
    ResetSettings,
    /// The user wants a sample.
    Pick(SampleChoice),
    /// The address has changed.
    Follow(Link, Vec<String>),
    /// It is time to ask [`State::next_question`].
    Ask,
    /// It is time to ask [`State::next_calibration`].
    AskCalibration,
    /// Something in the view of calibration.
    Calibration(CalibrationAction),
    /// The worker has said something.
    Answer(Box<Response>),
    /// The worker has said nothing at all for so many seconds.
    Silence(u32),
    /// To another time step.
    Seek(Seek),
    /// Play or pause.
    TogglePlaying,
    /// The next step, if it plays.
    Tick,
    /// Steps in a second.
    SetSpeed(u32),
    /// Another neuron or core.
    Select(Select),
    /// Another layer: its strongest neuron is chosen.
    SelectLayer(usize),
    /// Another language.
    Speak(Language),
    /// Another view.
    Show(View),
    /// Other pictures of the chip.
    LookAtChip(ChipLook),
    /// Something in the view of one neuron.
    Neuron(NeuronAction),
    /// A chip of the user's own; the one that the settings name.
    UseChip(Option<Rc<Chip>>),
    /// Enough of the search for better places.
    StopPlacing,
    /// Keep what the chip shows now, to compare with; forget it.
    Pin(bool),
    /// Of sweeps.
    Trade(TradeAction),
    /// Back to what was before the user's last change.
    Undo,
    /// Forward again.
    Redo,
    /// A slider or a pen has rested.
    Settle,
    /// Something is brought or taken away.
    Bring(BringAction),
    /// Something of the view of the network.
    Network(NetworkAction),
    /// Something about the codes.
    Codes(CodesAction),
    /// Light or dark.
    SetTheme(Theme),
    /// Something about the tour or a lesson.
    Teach(TeachingAction),
    /// Something went wrong.
    Complain(Notice),
    /// The user has read the notice with this number.
    Dismiss(u32),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = Rc::unwrap_or_clone(self);
        next.apply(action);
        next.look_on();
        Rc::new(next)
    }
}

impl State {
    /// What the page opens with.
    pub fn new(link: Link, problems: Vec<String>, theme: Theme, playhead: Playhead) -> Self {
        let mut state = Self {
            theme,
            playhead,
            ..Self::default()
        };
        state.language = link.language.unwrap_or_else(Language::preferred);
        state.take_link(&link, problems);
        state.wanted = link.model.map(ModelChoice::Gallery);
        state
    }

    fn apply(&mut self, action: Action) {
        let before = self.before(&action);
        self.carry_out(action);
        self.remember(before);
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Wake => self.is_resting = false,
            Action::Choose(choice) => self.choose(choice),
            Action::Open(file) => self.open(file),
            Action::OpenData(files) => self.open_data(files),
            Action::UseShippedData => self.use_shipped_data(),
            Action::FilesCame { wish, files } => self.take_files(wish, files),
            Action::Set(setting, value) => self.set(setting, &value),
            Action::ResetSettings => self.settings = Settings::default(),
            Action::Pick(sample) => self.sample = Some(sample),
            Action::Follow(link, problems) => self.follow(link, problems),
            Action::Ask => self.ask(),
            Action::AskCalibration => self.ask_calibration(),
            Action::Calibration(action) => self.calibrate(action),
            Action::Answer(response) => self.take_answer(*response),
            Action::Silence(seconds) => self.wonder_about_silence(seconds),
            Action::Seek(seek) => self.playhead.seek(seek, self.steps()),
            Action::TogglePlaying => self.playhead.toggle(self.steps()),
            Action::Tick => self.playhead.tick(self.steps()),
            Action::SetSpeed(speed) => self.playhead.speed = speed,
            Action::Select(select) => self.select(select),
            Action::SelectLayer(layer) => self.select_layer(layer),
            Action::Speak(language) => (self.language, self.is_language_linked) = (language, true),
            Action::Show(view) => self.view = view,
            Action::LookAtChip(look) => self.chip_look = look,
            Action::Neuron(action) => self.act_on_neuron(action),
            Action::UseChip(chip) => self.use_chip(chip),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Settle => self.history.settle(),
            Action::Bring(action) => self.bring(action),
            Action::StopPlacing => self.placing_stops += 1,
            Action::Pin(pins) => self.pin(pins),
            Action::Trade(action) => self.trade_off(action),
            Action::Network(action) => self.act_on_network(action),
            Action::Codes(action) => self.change_codes(action),
            Action::SetTheme(theme) => self.theme = theme,
            Action::Teach(action) => self.teach(action),
            Action::Complain(notice) => self.complain(notice),
            Action::Dismiss(number) => self.notices.retain(|notice| notice.number != number),
        }
    }

    /// The worker that was given something to do and has not said a word yet.
    pub fn silent_worker(&self) -> Option<u32> {
        (self.load.is_some() && self.heard != Some(self.worker)).then_some(self.worker)
    }

    /// Time steps of the run that is shown.
    pub fn steps(&self) -> usize {
        self.shown.as_ref().map_or(0, |shown| shown.run.trace.steps())
    }

    fn set(&mut self, setting: &'static Setting, value: &str) {
        let mut settings = self.settings;
        if let Err(problem) = setting.set(&mut settings, value) {
            return self.complain(Notice::error(t!("notice.value"), problem.to_string()));
        }
        if settings.check() == Err(SettingsError::ShiftingNeedsMsb) {
            // The control for shifting is off with this order, so the order was what changed.
            settings.conversion.accumulation = Accumulation::Weighted;
        }
        if setting.key == "chip" {
            self.use_chip(None);
        }
        self.settings = settings;
    }

    /// What the worker should be asked now; `None` while an answer is due, or if it has answered.
    pub fn next_question(&self) -> Option<Question> {
        if self.is_loading || self.is_running {
            return None;
        }
        let question = Question {
            model: self.loaded.as_ref()?.load.epoch,
            settings: self.settings,
            sample: self.sample.clone()?,
            own_chip: self.own_chip.clone(),
            chip: self.view == View::Chip,
        };
        let is_new = self
            .asked
            .as_ref()
            .is_none_or(|asked| !asked.question.covers(&question));
        is_new.then_some(question)
    }

    fn ask(&mut self) {
        if let Some(question) = self.next_question() {
            let epoch = self.asked.as_ref().map_or(1, |asked| asked.epoch.wrapping_add(1));
            self.asked = Some(Rc::new(Asked { epoch, question }));
            self.is_running = true;
        }
    }

    /// What the worker should be asked about calibration now.
    pub fn next_calibration(&self) -> Option<CalibrationQuestion> {
        if self.is_loading || self.is_running || self.is_calibrating {
            return None;
        }
        let loaded = self.loaded.as_ref().filter(|loaded| loaded.load.data.is_some())?;
        let run = &self.shown.as_ref()?.run;
        let layer = self.selection.layer;
        let plan = run.plans.get(layer)?;
        let mut settings = run.settings;
        // A register without scaling is not exact either where it overflows; and what the layers before
        // this one get wrong arrives here.
        let width = settings.conversion.register_bits;
        let is_exact = |plan: &LayerPlan| plan.is_exact() && plan.narrowest_register <= width;
        let is_demonstration = run.plans.iter().take(layer + 1).all(is_exact);
        if is_demonstration {
            // Wide registers leave nothing to correct: narrow enough for errors, not for noise.
            let narrow = plan.narrowest_register.saturating_sub(5);
            settings.conversion.register_bits = narrow.max(crate::spiking::MIN_REGISTER_BITS);
            settings.conversion.scaling = Scaling::Calibrated;
        }
        let question = CalibrationQuestion {
            model: loaded.load.epoch,
            settings,
            layer,
            is_demonstration,
            all: self.view == View::Calibration,
        };
        let is_new = self
            .calibration_asked
            .as_ref()
            .is_none_or(|asked| !asked.question.covers(&question));
        is_new.then_some(question)
    }

    fn ask_calibration(&mut self) {
        if let Some(question) = self.next_calibration() {
            let epoch = self
                .calibration_asked
                .as_ref()
                .map_or(1, |asked| asked.epoch.wrapping_add(1));
            self.calibration_asked = Some(Rc::new(AskedCalibration { epoch, question }));
            self.is_calibrating = true;
        }
    }

    /// The report on what is shown; `None` while it is being made.
    pub fn report(&self) -> Option<Rc<ConversionReport>> {
        let model = self.loaded.as_ref()?.load.epoch;
        let conversion = self.shown.as_ref()?.run.settings.conversion;
        let explained = self.explained.as_ref()?;
        let is_of_it = explained.model == model && explained.conversion == conversion;
        is_of_it.then(|| explained.report.clone())
    }

    fn select(&mut self, select: Select) {
        match select {
            Select::Neuron { layer, neuron } => {
                self.selection = Selection {
                    layer,
                    neuron,
                    ..Selection::default()
                }
            }
            Select::Core(core) => {
                self.selection.core = core;
                self.selection.spike = None;
            }
            Select::Spike(spike) => self.selection.spike = spike,
        }
    }

    fn select_layer(&mut self, layer: usize) {
        let Some(shown) = &self.shown else { return };
        if let Some(window) = shown.run.trace.windows.get(layer) {
            let strongest = window
                .potentials
                .iter()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(b.1));
            let neuron = strongest.map_or(0, |(neuron, _)| neuron);
            self.selection = Selection {
                layer,
                neuron,
                ..Selection::default()
            };
        }
    }
}
