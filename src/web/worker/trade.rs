//! Points of a sweep, for the workers of the pool: each holds the model and its data once, and counts one point
//! after the other as they are handed to it.

use super::chip::{ChipWork, work_of};
use super::engine::in_portion;
use super::load::load;
use super::{DataFiles, ModelFile};
use crate::chip::energy::{Work, energy};
use crate::chip::spec::{Chip, Span};
use crate::explore::{Agreement, PointSize, Session, SessionError};
use crate::settings::Settings;
use crate::simulate::Packed;
use serde::{Deserialize, Serialize};

/// Longest time without a word, in ms: so often are counts told, and so late is a request to stop heard. Nothing
/// else waits for these workers.
const PORTION_MS: f64 = 100.0;

/// Samples whose energy is averaged.
const CHIP_SAMPLES: usize = 8;

/// From the page to a worker of the pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TradeRequest {
    /// Read a model and samples. Answered by `Ready` or `Failed`.
    Open {
        /// The model.
        model: ModelFile,
        /// Samples with labels, and samples to calibrate with.
        data: Option<DataFiles>,
    },
    /// Count a point. Answered by several `Counted`, the last of them done, or by `Failed`.
    Point(Box<PointTask>),
    /// The winner of every sample. Answered by `Winners` or `Failed`.
    Winners(Box<Settings>),
    /// Do nothing more until asked again.
    Stop,
}

/// A point to be counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PointTask {
    /// Comes back with the answers.
    pub turn: u32,
    /// Its place in the sweep.
    pub point: usize,
    /// Its settings.
    pub settings: Settings,
    /// What has been counted of it.
    pub so_far: Agreement,
    /// So many samples are to be counted.
    pub until: usize,
    /// Whether its costs on a chip are wanted.
    pub chip: bool,
    /// The user's own chip, instead of the one that the settings name.
    pub own: Option<Box<Chip>>,
}

/// From a worker of the pool to the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TradeAnswer {
    /// The model was read.
    Ready,
    /// More samples of a point were counted.
    Counted {
        /// Of the request.
        turn: u32,
        /// The point.
        point: usize,
        /// The counts so far.
        agreement: Agreement,
        /// What it takes.
        size: PointSize,
        /// What it costs on the chip, once that is known and was asked for.
        cost: Option<ChipCost>,
        /// Whether that was all.
        done: bool,
    },
    /// The winner of every sample.
    Winners(Packed<u32>),
    /// It could not be done.
    Failed {
        /// The request's turn and point, if it was one.
        point: Option<(u32, usize)>,
        /// Why.
        message: String,
    },
}

/// What a sample costs on a chip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChipCost {
    /// Joules, the mean of some samples; `None` where figures of the chip are unknown.
    pub joules: Option<Span>,
    /// Seconds, of the first sample; `None` where that is unknown.
    pub seconds: Option<Span>,
    /// Why something is not known; empty if all is.
    pub why: String,
}

/// A worker of the pool at work.
#[derive(Default)]
pub(super) struct TradeWork {
    session: Option<Session>,
    task: Option<Task>,
}

enum Task {
    Point(Box<PointTask>, Option<(PointSize, Option<ChipCost>)>),
    Winners(Vec<u32>),
}

impl TradeWork {
    pub fn is_busy(&self) -> bool {
        self.task.is_some()
    }

    /// Takes a request and begins with it.
    pub fn take(&mut self, request: TradeRequest) -> Option<TradeAnswer> {
        self.task = None;
        match request {
            TradeRequest::Open { model, data } => match load(&model, data.as_ref()) {
                Ok((session, _)) => {
                    self.session = Some(session);
                    return Some(TradeAnswer::Ready);
                }
                Err(error) => return Some(failed(None, &error)),
            },
            TradeRequest::Point(task) => self.task = Some(Task::Point(task, None)),
            TradeRequest::Winners(settings) => {
                if let Err(error) = self.session.as_mut()?.begin_point(&settings) {
                    return Some(failed(None, &error));
                }
                self.task = Some(Task::Winners(Vec::new()));
            }
            TradeRequest::Stop => return None,
        }
        self.go_on()
    }

    /// The next portion.
    pub fn go_on(&mut self) -> Option<TradeAnswer> {
        let session = self.session.as_mut()?;
        let (answer, rest) = match self.task.take()? {
            Task::Point(task, known) => count(session, task, known),
            Task::Winners(winners) => answer(session, winners),
        };
        self.task = rest;
        answer
    }
}

fn failed(point: Option<(u32, usize)>, error: &SessionError) -> TradeAnswer {
    TradeAnswer::Failed {
        point,
        message: error.to_string(),
    }
}

type Portion = (Option<TradeAnswer>, Option<Task>);

fn count(
    session: &mut Session,
    mut task: Box<PointTask>,
    known: Option<(PointSize, Option<ChipCost>)>,
) -> Portion {
    let (size, cost) = match known {
        Some(known) => known,
        None => match session.begin_point(&task.settings) {
            Err(error) => return (Some(failed(Some((task.turn, task.point)), &error)), None),
            Ok(size) => {
                let own = task.own.take().map(|own| *own);
                let cost = task.chip.then(|| cost(session, &task.settings, own));
                (size, cost)
            }
        },
    };
    // Where only costs were lacking, nothing is counted.
    let lacks = task.so_far.counted < task.until;
    let more = lacks && in_portion(PORTION_MS, || session.count_block(&mut task.so_far, task.until));
    let counted = TradeAnswer::Counted {
        turn: task.turn,
        point: task.point,
        agreement: task.so_far.clone(),
        size,
        cost: cost.clone(),
        done: !more,
    };
    (
        Some(counted),
        more.then_some(Task::Point(task, Some((size, cost)))),
    )
}

fn answer(session: &mut Session, mut winners: Vec<u32>) -> Portion {
    let more = in_portion(PORTION_MS, || match session.answer(winners.len()) {
        Ok(winner) => {
            winners.push(winner as u32);
            true
        }
        Err(_) => false,
    });
    if more {
        (None, Some(Task::Winners(winners)))
    } else {
        (Some(TradeAnswer::Winners(winners.into())), None)
    }
}

/// What samples cost on the chip of these settings; neurons lie where they are put at first.
fn cost(session: &mut Session, settings: &Settings, own: Option<Chip>) -> ChipCost {
    session.set_chip(own);
    let mut cost = ChipCost::default();
    if let Err(why) = try_cost(session, settings, &mut cost) {
        cost.why = why;
    }
    cost
}

fn try_cost(session: &mut Session, settings: &Settings, cost: &mut ChipCost) -> Result<(), String> {
    let chip = session.chip(&settings.chip).map_err(|error| error.to_string())?;
    let mut work = Work::default();
    let mut samples = 0;
    let mut first = None;
    while samples < CHIP_SAMPLES
        && let Ok(input) = session.sample(samples).map(<[i32]>::to_vec)
    {
        let run = session
            .explore(settings, &input)
            .map_err(|error| error.to_string())?;
        let (mapping, traffic) = run.chip.map_err(|error| error.to_string())?;
        work += work_of(&traffic, mapping.used() as u64);
        samples += 1;
        if first.is_none()
            && let Some(router) = session.routed()
        {
            first = Some(ChipWork::new(chip.clone(), router, run.trace, &traffic));
        }
    }
    let energy = energy(&chip, &work);
    if energy.is_complete() && samples > 0 {
        cost.joules = Some(energy.total * (1.0 / samples as f64));
    } else {
        cost.why = energy.missing.join(", ");
    }
    if let Some(first) = first {
        let time = first.time()?.times.sequential.time;
        cost.seconds = time.map(|time| Span {
            low: time.low * 1e-9,
            high: time.high * 1e-9,
        });
    }
    Ok(())
}
