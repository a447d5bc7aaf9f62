//! Sweeps: what is swept, what has been counted of it, and the two points that are compared.

mod figure;
mod plan;
mod schedule;

pub use figure::Figure;
pub use plan::{PLAN_PART, Plan};
pub use schedule::Schedule;

use super::{Loaded, Notice, State};
use crate::chip::ChipSettings;
use crate::chip::spec::Chip;
use crate::explore::{Agreement, Axis, Grid, Measure, PointSize, Row};
use crate::settings::Settings;
use crate::web::tables::term;
use crate::web::view::View;
use crate::web::worker::{ChipCost, Epoch};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use gloo::utils::window;
use rust_i18n::t;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Where sweeps are kept in the browser, until its window is closed.
const STORE: &str = "sweep";

/// A sweep that begins by itself when the view is opened has at most so many products of weights and codes, all
/// points and samples together.
const MODEST: f64 = 4e10;

/// Most points of a sweep on the page.
pub const MOST_POINTS: usize = 2000;

/// Most workers.
pub const MOST_WORKERS: usize = 8;

/// All that the page knows of sweeps.
#[derive(Clone, Default)]
pub struct Trade {
    /// What is to be swept, and how it is looked at; also in the address.
    pub plan: Plan,
    /// The last sweep.
    pub sweep: Option<Rc<Sweep>>,
    /// What it is doing.
    pub stage: Stage,
    /// Counts what was begun, resumed and stopped: workers do what belongs to the newest.
    pub turn: u32,
    /// How many workers are wanted; 0 for as many as there are processors.
    pub workers: usize,
    /// The points that are compared, A and B.
    pub pinned: [Option<Rc<Point>>; 2],
    /// The winners of both for every sample, once they are known.
    pub winners: [Option<(Settings, Rc<Vec<u32>>)>; 2],
}

/// What a sweep is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing yet.
    #[default]
    Idle,
    /// Its points are being counted.
    Running,
    /// It waits to go on.
    Paused,
    /// All is counted.
    Done,
}

/// A sweep: its points, and what has been counted of them.
#[derive(Clone)]
pub struct Sweep {
    /// The model, by its load's epoch.
    pub model: Epoch,
    /// Tells this sweep from others, also after a reload.
    pub identity: String,
    /// The axes.
    pub axes: Vec<Axis>,
    /// Samples of each point.
    pub samples: usize,
    /// The user's own chip that costs are of, instead of the one that the settings name.
    pub own: Option<Rc<Chip>>,
    /// The points, the last axis changing fastest.
    pub points: Vec<Rc<Point>>,
}

/// A point of a sweep.
#[derive(Clone, Debug)]
pub struct Point {
    /// All settings.
    pub settings: Settings,
    /// The axes' values.
    pub values: Vec<String>,
    /// What was counted; `None` before anything was.
    pub row: Option<Row>,
    /// The counts that it was made of, to go on with.
    pub so_far: Agreement,
    /// How quality is measured.
    pub measure: Option<Measure>,
    /// What it takes.
    pub size: PointSize,
    /// What it costs on the chip, if that was asked for.
    pub cost: Option<ChipCost>,
    /// Why it cannot be counted.
    pub problem: Option<String>,
}

/// What has become known of a point.
#[derive(Clone, Debug)]
pub enum Update {
    /// It was counted on.
    Counted {
        /// The point.
        point: usize,
        /// The counts so far.
        agreement: Agreement,
        /// What it takes.
        size: PointSize,
        /// What it costs.
        cost: Option<ChipCost>,
    },
    /// It cannot be counted.
    Failed {
        /// The point.
        point: usize,
        /// Why.
        message: String,
    },
}

/// What changes sweeps.
#[derive(Clone, Debug)]
pub enum TradeAction {
    /// Sweep something else, or look at it otherwise.
    Plan(Plan),
    /// Begin, or begin anew.
    Begin,
    /// Begin if nothing is there and it doesn't take long; take up what was there before a reload. Costs are found out
    /// anew for another chip.
    Open,
    /// Wait.
    Pause,
    /// Go on.
    Resume,
    /// Forget what was counted.
    Cancel,
    /// So many workers.
    Workers(usize),
    /// More is known of points.
    Updates(u32, Vec<Update>),
    /// Nothing is left to be counted.
    Finished(u32),
    /// A worker broke; another takes its place.
    Broke(String),
    /// Use a point's settings.
    Load(usize),
    /// Compare this point as A (0) or B (1); without a point, none.
    Pin(usize, Option<Rc<Point>>),
    /// The winners of a pinned point's settings.
    Winners(usize, Settings, Vec<u32>),
}

/// What is kept of a sweep.
#[derive(Serialize, Deserialize)]
struct Stored {
    identity: String,
    /// What costs are of.
    chip: Option<ChipSettings>,
    points: Vec<StoredPoint>,
}

#[derive(Serialize, Deserialize)]
struct StoredPoint {
    row: Option<Row>,
    measure: Option<Measure>,
    size: PointSize,
    cost: Option<ChipCost>,
    problem: Option<String>,
}

impl Stored {
    /// Keeps it until the window is closed. Without storage, or where it is full, a reload counts anew.
    fn keep(&self) {
        if let (Some(storage), Ok(bytes)) = (session_storage(), postcard::to_stdvec(self)) {
            let _ = storage.set_item(STORE, &STANDARD_NO_PAD.encode(bytes));
        }
    }

    fn find() -> Option<Self> {
        let text = session_storage()?.get_item(STORE).ok().flatten()?;
        postcard::from_bytes(&STANDARD_NO_PAD.decode(text).ok()?).ok()
    }
}

fn session_storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

/// What is shared counts as changed when it is another one.
impl PartialEq for Trade {
    fn eq(&self, other: &Self) -> bool {
        fn same<T>(a: &Option<Rc<T>>, b: &Option<Rc<T>>) -> bool {
            a.as_ref().map(Rc::as_ptr) == b.as_ref().map(Rc::as_ptr)
        }
        let pins = self.pinned.iter().zip(&other.pinned);
        let winners = self.winners.iter().zip(&other.winners);
        same(&self.sweep, &other.sweep)
            && self.plan == other.plan
            && (self.stage, self.workers) == (other.stage, other.workers)
            && pins.into_iter().all(|(a, b)| same(a, b))
            && winners.into_iter().all(|(a, b)| {
                a.as_ref().map(|(_, winners)| Rc::as_ptr(winners))
                    == b.as_ref().map(|(_, winners)| Rc::as_ptr(winners))
            })
    }
}

impl Point {
    fn new(settings: Settings, values: Vec<String>) -> Self {
        Self {
            settings,
            values,
            row: None,
            so_far: Agreement::default(),
            measure: None,
            size: PointSize::default(),
            cost: None,
            problem: None,
        }
    }

    /// Samples counted.
    pub fn counted(&self) -> usize {
        self.row.as_ref().map_or(0, |row| row.samples)
    }

    fn take(&mut self, agreement: Agreement, size: PointSize, cost: Option<ChipCost>) {
        self.row = Some(Row::new(self.values.clone(), &agreement));
        self.measure = agreement.quality.as_ref().map(|quality| quality.measure);
        self.size = size;
        self.cost = cost.or(self.cost.take());
        self.so_far = agreement;
    }
}

impl Sweep {
    /// The sweep that the plan asks for, with nothing counted; or why there is none.
    pub fn planned(loaded: &Loaded, settings: &Settings, plan: &Plan) -> Result<Self, String> {
        let stored = loaded.network.samples.count;
        if stored == 0 {
            return Err(t!("trade.no_samples").into_owned());
        }
        let axes = plan.axes(loaded.network.is_float);
        if !loaded.network.is_float
            && let Some(axis) = axes
                .iter()
                .find(|axis| axis.setting.section.is_for_float_models())
        {
            return Err(t!("trade.needs_float", setting = term(axis.setting.label)).into_owned());
        }
        let grid = Grid::new(axes.clone(), *settings).map_err(|error| error.to_string())?;
        if grid.points().len() > MOST_POINTS {
            let points = grid.points().len();
            return Err(t!("trade.too_many", points = points, most = MOST_POINTS).into_owned());
        }
        let samples = plan.samples.unwrap_or(stored).clamp(1, stored);
        // Only costs are of a chip.
        let mut base = Settings {
            chip: ChipSettings::default(),
            ..*settings
        };
        for axis in &axes {
            if let Some(first) = axis.values.first() {
                // A value that an axis was made with is one that its setting takes.
                let _ = axis.setting.set(&mut base, first);
            }
        }
        let pairs = base
            .to_pairs()
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"));
        let words = axes.iter().map(ToString::to_string).chain(pairs);
        let data = loaded.load.data.as_ref().map_or("", |data| &data.id);
        let model = &loaded.load.model;
        let identity = format!(
            "{} ({} bytes), {data}, {samples} samples: {}",
            model.name,
            model.bytes.len(),
            words.collect::<Vec<_>>().join(" ")
        );
        let point = |settings: &Settings| Rc::new(Point::new(*settings, grid.values(settings)));
        Ok(Self {
            model: loaded.load.epoch,
            identity,
            points: grid.points().iter().map(point).collect(),
            axes,
            samples,
            own: None,
        })
    }

    /// Samples counted of all points, and how many there are to be counted.
    pub fn progress(&self) -> (usize, usize) {
        let counted = |point: &Rc<Point>| match point.problem {
            Some(_) => self.samples,
            None => point.counted(),
        };
        (
            self.points.iter().map(counted).sum(),
            self.samples * self.points.len(),
        )
    }

    /// Whether nothing is left to be counted of a point.
    pub fn is_done(&self, point: usize, with_cost: bool) -> bool {
        self.points.get(point).is_none_or(|point| {
            point.problem.is_some()
                || (point.counted() >= self.samples && (!with_cost || point.cost.is_some()))
        })
    }

    fn chip(&self) -> Option<ChipSettings> {
        Some(self.points.first()?.settings.chip)
    }

    fn stored(&self) -> Stored {
        // What is half counted begins again.
        let kept = |point: &Rc<Point>| {
            let is_whole = point.counted() >= self.samples;
            StoredPoint {
                row: point.row.clone().filter(|_| is_whole),
                measure: point.measure,
                size: point.size,
                cost: point.cost.clone(),
                problem: point.problem.clone(),
            }
        };
        Stored {
            identity: self.identity.clone(),
            // A chip of the user's own does not come back.
            chip: self.chip().filter(|_| self.own.is_none()),
            points: self.points.iter().map(kept).collect(),
        }
    }

    fn restore(&mut self, stored: Stored) {
        if stored.identity != self.identity || stored.points.len() != self.points.len() {
            return;
        }
        let is_of_chip = self.own.is_none() && stored.chip == self.chip();
        for (point, known) in self.points.iter_mut().zip(stored.points) {
            let point = Rc::make_mut(point);
            if let Some(row) = &known.row {
                point.so_far.counted = row.samples;
            }
            (point.row, point.measure, point.size) = (known.row, known.measure, known.size);
            (point.cost, point.problem) = (known.cost.filter(|_| is_of_chip), known.problem);
        }
    }
}

impl State {
    pub(super) fn trade_off(&mut self, action: TradeAction) {
        match action {
            TradeAction::Plan(plan) => self.take_plan(plan),
            TradeAction::Begin => self.begin_sweep(false),
            TradeAction::Open => self.open_sweep(),
            TradeAction::Pause => self.turn_to(Stage::Paused),
            TradeAction::Resume => self.turn_to(Stage::Running),
            TradeAction::Cancel => {
                self.trade.sweep = None;
                self.turn_to(Stage::Idle);
            }
            TradeAction::Workers(workers) => {
                self.trade.workers = workers;
                self.trade.turn += 1;
            }
            TradeAction::Updates(turn, updates) if turn == self.trade.turn => self.take_updates(updates),
            TradeAction::Finished(turn) if turn == self.trade.turn => {
                self.trade.stage = Stage::Done;
                self.keep_sweep();
            }
            TradeAction::Updates(..) | TradeAction::Finished(_) => {}
            TradeAction::Broke(why) => self.complain(Notice::warning(
                t!("trade.broke.title"),
                t!("trade.broke.text", why = why),
            )),
            TradeAction::Load(point) => {
                let sweep = self.trade.sweep.as_ref();
                if let Some(point) = sweep.and_then(|sweep| sweep.points.get(point)) {
                    self.settings = point.settings;
                }
            }
            TradeAction::Pin(which, point) => {
                if let Some(place) = self.trade.pinned.get_mut(which) {
                    *place = point;
                }
            }
            TradeAction::Winners(which, settings, winners) => {
                if let Some(place) = self.trade.winners.get_mut(which) {
                    *place = Some((settings, Rc::new(winners)));
                }
            }
        }
    }

    fn take_plan(&mut self, plan: Plan) {
        let wanted = self.trade.plan.wants_cost();
        self.trade.plan = plan;
        let is_done = self.trade.stage == Stage::Done;
        if is_done && !wanted && self.trade.plan.wants_cost() && self.is_sweep_current() {
            self.turn_to(Stage::Running);
        }
    }

    fn turn_to(&mut self, stage: Stage) {
        self.trade.stage = stage;
        self.trade.turn += 1;
        if stage == Stage::Paused {
            self.keep_sweep();
        }
    }

    fn keep_sweep(&self) {
        if let Some(sweep) = &self.trade.sweep {
            sweep.stored().keep();
        }
    }

    /// Whether the last sweep is what the plan asks for now.
    pub fn is_sweep_current(&self) -> bool {
        let planned = self.planned_sweep().ok();
        let pair = planned.zip(self.trade.sweep.as_ref());
        pair.is_some_and(|(planned, sweep)| {
            planned.identity == sweep.identity && planned.model == sweep.model
        })
    }

    fn planned_sweep(&self) -> Result<Sweep, String> {
        let loaded = self.loaded.as_ref().ok_or_else(String::new)?;
        Sweep::planned(loaded, &self.settings, &self.trade.plan)
    }

    fn begin_sweep(&mut self, is_restored: bool) {
        match self.planned_sweep() {
            Ok(mut sweep) => {
                sweep.own = self.own_chip.clone();
                if is_restored && let Some(stored) = Stored::find() {
                    sweep.restore(stored);
                }
                let with_cost = self.trade.plan.wants_cost();
                let is_done = (0..sweep.points.len()).all(|point| sweep.is_done(point, with_cost));
                let (counted, _) = sweep.progress();
                let is_modest = counted > 0 || self.products(&sweep) <= MODEST;
                self.trade.sweep = Some(Rc::new(sweep));
                self.turn_to(match (is_done, is_modest || !is_restored) {
                    (true, _) => Stage::Done,
                    (false, true) => Stage::Running,
                    (false, false) => Stage::Paused,
                });
            }
            Err(why) if !is_restored => self.complain(Notice::error(t!("trade.refused"), why)),
            Err(_) => {}
        }
    }

    fn open_sweep(&mut self) {
        let model = self.loaded.as_ref().map(|loaded| loaded.load.epoch);
        let is_of_it = self.trade.sweep.as_ref().map(|sweep| sweep.model) == model;
        if self.view == View::TradeOffs && model.is_some() && !is_of_it {
            self.trade.pinned = Default::default();
            self.trade.winners = Default::default();
            self.trade.sweep = None;
            self.begin_sweep(true);
        } else if is_of_it {
            self.change_chip();
        }
    }

    /// Forgets what points cost on another chip, and finds it out for this one if it is wanted.
    fn change_chip(&mut self) {
        let (chip, own) = (self.settings.chip, self.own_chip.clone());
        let Some(sweep) = &mut self.trade.sweep else {
            return;
        };
        let is_own = sweep.own.as_ref().map(Rc::as_ptr) == own.as_ref().map(Rc::as_ptr);
        let is_same = sweep.points.iter().all(|point| point.settings.chip == chip);
        if is_own && is_same {
            return;
        }
        let sweep = Rc::make_mut(sweep);
        sweep.own = own;
        for point in &mut sweep.points {
            let point = Rc::make_mut(point);
            (point.settings.chip, point.cost) = (chip, None);
        }
        let is_to_go_on = self.trade.stage == Stage::Done && self.trade.plan.wants_cost();
        if self.trade.stage == Stage::Running || is_to_go_on {
            self.turn_to(Stage::Running);
        }
    }

    /// Products of weights and codes that a sweep takes.
    fn products(&self, sweep: &Sweep) -> f64 {
        let layers = self.loaded.iter().flat_map(|loaded| &loaded.network.layers);
        let synapses: u64 = layers.map(|layer| layer.synapses).sum();
        synapses as f64 * (sweep.samples * sweep.points.len()) as f64
    }

    fn take_updates(&mut self, updates: Vec<Update>) {
        let Some(sweep) = &mut self.trade.sweep else {
            return;
        };
        let sweep = Rc::make_mut(sweep);
        for update in updates {
            match update {
                Update::Counted {
                    point,
                    agreement,
                    size,
                    cost,
                } => {
                    if let Some(point) = sweep.points.get_mut(point) {
                        let point = Rc::make_mut(point);
                        // A restored point that only lacked its costs has no counts to add to.
                        if agreement.layers.is_empty() {
                            point.cost = cost.or(point.cost.take());
                        } else {
                            point.take(agreement, size, cost);
                        }
                    }
                }
                Update::Failed { point, message } => {
                    if let Some(point) = sweep.points.get_mut(point) {
                        Rc::make_mut(point).problem = Some(message);
                    }
                }
            }
        }
    }

    /// The point of the sweep whose settings are in use.
    pub fn present_point(&self) -> Option<usize> {
        let sweep = self.trade.sweep.as_ref()?;
        let is_present = |point: &Rc<Point>| {
            let chip = self.settings.chip;
            Settings {
                chip,
                ..point.settings
            } == self.settings
        };
        sweep.points.iter().position(is_present)
    }

    /// The settings whose winners are to be found out next, for which of the two.
    pub fn next_winners(&self) -> Option<(usize, Settings)> {
        let [Some(a), Some(b)] = &self.trade.pinned else {
            return None;
        };
        let wanted = [a.settings, b.settings];
        let known = |which: usize| self.trade.winners[which].as_ref().map(|(settings, _)| *settings);
        let missing = (0..2).find(|&which| known(which) != Some(wanted[which]))?;
        (self.outputs() > 1 && self.view == View::TradeOffs).then_some((missing, wanted[missing]))
    }

    fn outputs(&self) -> usize {
        self.loaded.as_ref().map_or(0, |loaded| loaded.outputs())
    }
}
