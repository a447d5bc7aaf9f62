//! The worker: one session, one exploration at a time, and counting in small portions so that a
//! newer request is never kept waiting.

use super::{
    DataFiles, Epoch, Failure, LayerView, ModelFile, NetworkView, Request, Response, RunView, Sample,
    SamplesView, TensorView,
};
use crate::explore::{Session, SessionError, open_network};
use crate::settings::Settings;
use gloo::timers::future::TimeoutFuture;
use gloo_worker::{HandlerId, Worker, WorkerScope};
use std::{cell::RefCell, panic};

/// Counting pauses after about this many milliseconds, to look for a newer request.
const PORTION_MS: f64 = 40.0;

/// The engine behind the page.
pub struct EngineWorker {
    session: Option<Session>,
    /// The exploration whose samples are being counted.
    counting: Option<Counting>,
    page: Option<HandlerId>,
    hooked: bool,
}

struct Counting {
    epoch: Epoch,
    /// Tells a portion that was scheduled for an older exploration.
    ticket: u32,
}

/// What the worker says to itself.
#[derive(Debug)]
pub enum Continue {
    /// Count the next portion, if the ticket is still valid.
    Count(u32),
}

impl Worker for EngineWorker {
    type Message = Continue;
    type Input = Request;
    type Output = Response;

    fn create(_scope: &WorkerScope<Self>) -> Self {
        Self {
            session: None,
            counting: None,
            page: None,
            hooked: false,
        }
    }

    fn update(&mut self, scope: &WorkerScope<Self>, Continue::Count(ticket): Continue) {
        let Some(counting) = self.counting.as_ref().filter(|c| c.ticket == ticket) else {
            return;
        };
        let epoch = counting.epoch;
        let (Some(session), Some(page)) = (&mut self.session, self.page) else {
            return;
        };
        let start = js_sys::Date::now();
        let mut more = true;
        while more && js_sys::Date::now() - start < PORTION_MS {
            more = session.count(1);
        }
        scope.respond(
            page,
            Response::Counted {
                epoch,
                agreement: session.tally().agreement().clone(),
            },
        );
        if more {
            schedule(scope, ticket);
        } else {
            self.counting = None;
        }
    }

    fn received(&mut self, scope: &WorkerScope<Self>, request: Request, page: HandlerId) {
        self.page = Some(page);
        if !std::mem::replace(&mut self.hooked, true) {
            tell_of_panics(scope.clone(), page);
        }
        let answer = self.answer(scope, request);
        scope.respond(page, answer);
    }
}

impl EngineWorker {
    fn answer(&mut self, scope: &WorkerScope<Self>, request: Request) -> Response {
        match request {
            Request::Load { epoch, model, data } => match load(&model, data.as_ref()) {
                Ok(session) => {
                    let network = network_view(&session, data.as_ref());
                    self.session = Some(session);
                    self.counting = None;
                    Response::Loaded { epoch, network }
                }
                Err(error) => failed(epoch, Failure::Load, error.to_string()),
            },
            Request::Explore {
                epoch,
                settings,
                sample,
            } => self.explore(scope, epoch, &settings, &sample),
            Request::Calibrate {
                epoch,
                settings,
                layer,
            } => {
                let Some(session) = &mut self.session else {
                    return no_model(epoch, Failure::Calibrate);
                };
                match session.calibration_effect(&settings, layer) {
                    Ok(effect) => Response::Calibration { epoch, effect },
                    Err(error) => failed(epoch, Failure::Calibrate, error.to_string()),
                }
            }
        }
    }

    fn explore(
        &mut self,
        scope: &WorkerScope<Self>,
        epoch: Epoch,
        settings: &Settings,
        sample: &Sample,
    ) -> Response {
        let Some(session) = &mut self.session else {
            return no_model(epoch, Failure::Explore);
        };
        match run(session, settings, sample) {
            Ok(run) => {
                let ticket = self
                    .counting
                    .as_ref()
                    .map_or(0, |c| c.ticket)
                    .wrapping_add(1)
                    .max(epoch);
                self.counting = Some(Counting { epoch, ticket });
                schedule(scope, ticket);
                Response::Run { epoch, run }
            }
            Err(error) => failed(epoch, Failure::Explore, error.to_string()),
        }
    }
}

fn failed(epoch: Epoch, what: Failure, message: String) -> Response {
    Response::Failed { epoch, what, message }
}

fn no_model(epoch: Epoch, what: Failure) -> Response {
    failed(epoch, what, "no model is loaded; open one first".to_owned())
}

/// Lets the worker's messages be heard before the next portion.
fn schedule(scope: &WorkerScope<EngineWorker>, ticket: u32) {
    scope.send_future(async move {
        TimeoutFuture::new(0).await;
        Continue::Count(ticket)
    });
}

thread_local! {
    /// Whom to tell of a panic.
    static PAGE: RefCell<Option<(WorkerScope<EngineWorker>, HandlerId)>> = const { RefCell::new(None) };
}

/// A panic ends the worker; before it does, the page is told, and can start another.
fn tell_of_panics(scope: WorkerScope<EngineWorker>, page: HandlerId) {
    PAGE.with_borrow_mut(|known| *known = Some((scope, page)));
    panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        PAGE.with_borrow(|known| {
            if let Some((scope, page)) = known {
                scope.respond(
                    *page,
                    Response::Panicked {
                        message: info.to_string(),
                    },
                );
            }
        });
    }));
}

fn load(model: &ModelFile, data: Option<&DataFiles>) -> Result<Session, SessionError> {
    let mut session = Session::new(open_network(&model.bytes, &model.name)?);
    if let Some(data) = data {
        session.set_samples(&data.images, &data.labels, data.divide_by)?;
        session.set_calibration(&data.calibration, data.divide_by)?;
    }
    Ok(session)
}

fn run(session: &mut Session, settings: &Settings, sample: &Sample) -> Result<RunView, SessionError> {
    let input = match sample {
        Sample::Stored(index) => session.sample(*index)?.to_vec(),
        Sample::Values(values) => session.input_codes("the sample", &[1, values.len()], values)?,
    };
    let exploration = session.explore(settings, &input)?;
    Ok(RunView {
        settings: *settings,
        plans: exploration
            .spiking
            .layers
            .iter()
            .map(|l| l.plan.clone())
            .collect(),
        trace: exploration.trace,
        output: exploration.output,
        winner: exploration.winner,
        reference_winner: exploration.reference_winner,
        chip: exploration.chip,
    })
}

fn network_view(session: &Session, data: Option<&DataFiles>) -> NetworkView {
    let network = session.network();
    let tensors = network.tensors.iter().map(|t| TensorView {
        name: t.name.clone(),
        shape: t.shape.clone(),
        affine: t.affine,
    });
    let layers = network.layers.iter().map(|l| LayerView {
        name: l.name.clone(),
        source: l.source,
        target: l.target,
        connections: l.connections,
        synapses: l.connections.synapses(),
    });
    NetworkView {
        name: network.name.clone(),
        tensors: tensors.collect(),
        layers: layers.collect(),
        samples: data.map(|_| samples_view(session)).unwrap_or_default(),
    }
}

/// Stored samples as grey values: from the smallest to the largest real number of the set.
fn samples_view(session: &Session) -> SamplesView {
    let (network, samples) = (session.network(), session.samples());
    let (low, high) = samples
        .codes
        .iter()
        .fold((i32::MAX, i32::MIN), |(l, h), &c| (l.min(c), h.max(c)));
    let span = (high.saturating_sub(low)).max(1) as f32;
    SamplesView {
        count: samples.codes.len() / network.input().len().max(1),
        shape: network.input().shape.clone(),
        pixels: samples
            .codes
            .iter()
            .map(|&code| ((code - low) as f32 / span * 255.0).round() as u8)
            .collect::<Vec<_>>()
            .into(),
        labels: samples
            .labels
            .iter()
            .map(|&l| l.min(255) as u8)
            .collect::<Vec<_>>()
            .into(),
    }
}
