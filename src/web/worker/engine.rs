//! The worker: one session, one exploration at a time; counting and measuring run in small portions,
//! so that a newer request is never kept waiting.

use super::bring::{self, Delivery, Errand};
use super::calibration::{Sweeping, Teller};
use super::chip::{ChipWork, fit_preset};
use super::codes::CodesWork;
use super::load::{load, network_view};
use super::network::{Inspecting, take_away};
use super::neuron::Tracing;
use super::pause::pause;
use super::trade::TradeWork;
use super::{ChipPart, Epoch, Failure, Request, Response, RunView, Sample, SamplesView, TakeAway};
use crate::chip::spec::{Chip, Preset};
use crate::chip::{Fit, MappingOptions};
use crate::explore::{ConversionReport, EffectMeter, PlacementMeter, ReportMeter, Session, SessionError};
use crate::settings::Settings;
use crate::spiking::Conversion;
use gloo_worker::{HandlerId, Worker, WorkerScope};
use std::{cell::RefCell, panic};

/// Work over many samples pauses after about this many milliseconds, to look for a newer request: a picture that
/// follows a slider is late by this much at most.
const PORTION_MS: f64 = 12.0;
/// Samples that are counted before the clock is looked at: as many as run together best.
const COUNTED: usize = 24;

/// The engine behind the page.
pub struct EngineWorker {
    session: Option<Session>,
    /// The exploration whose samples are being counted.
    counting: Option<Epoch>,
    /// What the page knows of samples that went wrong.
    teller: Teller,
    /// Register widths that are swept over.
    sweeping: Option<Sweeping>,
    /// The layer whose errors are being measured.
    measuring: Option<(Epoch, EffectMeter)>,
    /// The last run, to be asked about its neurons.
    tracing: Option<Tracing>,
    /// The run whose chip is looked at.
    chip: Option<ChipWork>,
    /// What of it is still to be found out.
    asking: Option<(Epoch, Asking)>,
    /// The last exploration, to be run again with better places.
    last: Option<Exploring>,
    /// Places that are being looked for.
    placing: Option<PlacementMeter>,
    /// The exploration whose layers are being looked at.
    explaining: Option<Explaining>,
    /// The last report, and what it is about.
    explained: Option<(Conversion, Box<ConversionReport>)>,
    /// Points of a sweep, in a worker of the pool.
    trade: TradeWork,
    /// What the view of the network looks at.
    inspecting: Inspecting,
    /// What is found out about codes.
    codes: CodesWork,
    /// Given to every piece of work that is begun; portions of older work are known by it.
    ticket: u32,
    page: Option<HandlerId>,
    hooked: bool,
}

/// What is explored.
#[derive(Clone)]
struct Exploring {
    epoch: Epoch,
    settings: Settings,
    sample: Sample,
    own: Option<Box<Chip>>,
    chip: bool,
}

/// A report under way.
struct Explaining {
    epoch: Epoch,
    settings: Settings,
    /// Begun when its turn has come.
    meter: Option<ReportMeter>,
}

/// What is to be found out of a chip, in this order.
#[derive(Debug)]
enum Asking {
    /// The chip itself.
    Chip(Box<Chip>, MappingOptions),
    /// What can be said at once.
    Figures(MappingOptions),
    /// Whether the network fits on each preset: one at a time.
    Fits(Vec<Fit>, MappingOptions),
    /// How long it takes.
    Time,
}

/// What the worker says to itself: the next portion, if the ticket is still that of the work under way.
#[derive(Clone, Copy, Debug)]
pub enum Continue {
    /// Count agreement over more samples.
    Count(u32),
    /// Find out more of the chip.
    Chip(u32),
    /// Look for better places.
    Place(u32),
    /// Measure a layer's errors on more samples.
    Measure(u32),
    /// Look at all layers on more samples.
    Explain(u32),
    /// Count more of a point of a sweep.
    Trade(u32),
    /// Sweep over register widths.
    Sweep(u32),
    /// Find out more of what the view of the network looks at.
    Inspect(u32),
    /// Compare codes on more samples, or run the next lane of a race.
    Codes(u32),
}

impl Worker for EngineWorker {
    type Message = Continue;
    type Input = Request;
    type Output = Response;

    fn create(_scope: &WorkerScope<Self>) -> Self {
        Self {
            session: None,
            counting: None,
            teller: Teller::default(),
            sweeping: None,
            measuring: None,
            tracing: None,
            chip: None,
            asking: None,
            last: None,
            placing: None,
            explaining: None,
            explained: None,
            trade: TradeWork::default(),
            inspecting: Inspecting::default(),
            codes: CodesWork::default(),
            ticket: 0,
            page: None,
            hooked: false,
        }
    }

    fn update(&mut self, scope: &WorkerScope<Self>, next: Continue) {
        let answer = match next {
            Continue::Count(ticket) if ticket == self.ticket => self.count(),
            Continue::Chip(ticket) if ticket == self.ticket => self.look_at_chip(),
            Continue::Place(ticket) if ticket == self.ticket => self.place(),
            Continue::Measure(ticket) if ticket == self.ticket => self.measure(),
            Continue::Explain(ticket) if ticket == self.ticket => self.explain(),
            Continue::Trade(ticket) if ticket == self.ticket => self.trade.go_on().map(Response::Trade),
            Continue::Sweep(ticket) if ticket == self.ticket => self.sweep(),
            Continue::Inspect(ticket) if ticket == self.ticket => self.inspect(),
            Continue::Codes(ticket) if ticket == self.ticket => self.compare_codes(),
            _ => return,
        };
        if let (Some(answer), Some(page)) = (answer, self.page) {
            scope.respond(page, answer);
        }
        self.go_on(scope);
    }

    fn received(&mut self, scope: &WorkerScope<Self>, request: Request, page: HandlerId) {
        self.page = Some(page);
        if !std::mem::replace(&mut self.hooked, true) {
            tell_of_panics(scope.clone(), page);
        }
        if let Some(answer) = self.answer(request) {
            scope.respond(page, answer);
        }
        self.ticket = self.ticket.wrapping_add(1);
        self.go_on(scope);
    }
}

impl EngineWorker {
    /// The answer to a request; `None` if it comes when work over samples is done.
    fn answer(&mut self, request: Request) -> Option<Response> {
        match request {
            Request::Load { epoch, model, data } => Some(match load(&model, data.as_ref()) {
                Ok((session, network)) => {
                    let network = Box::new(network);
                    self.session = Some(session);
                    (self.counting, self.measuring) = (None, None);
                    self.sweeping = None;
                    (self.chip, self.asking) = (None, None);
                    self.tracing = None;
                    (self.last, self.placing) = (None, None);
                    (self.explaining, self.explained) = (None, None);
                    self.inspecting.forget();
                    Response::Loaded { epoch, network }
                }
                Err(error) => failed(epoch, Failure::Load, error.to_string()),
            }),
            Request::Explore {
                epoch,
                settings,
                sample,
                own,
                chip,
            } => {
                self.last = Some(Exploring {
                    epoch,
                    settings,
                    sample,
                    own,
                    chip,
                });
                self.placing = None;
                let answer = self.explore_last();
                self.begin_to_place(&settings);
                answer
            }
            Request::Bring(errand) => Some(Response::Brought(Box::new(self.bring(errand)))),
            Request::StopPlacing => self.finish_placing(),
            Request::Trade(request) => self.trade.take(request).map(Response::Trade),
            Request::Inspect { epoch, question } => {
                self.inspecting.ask(epoch, question);
                None
            }
            Request::Write(what) => Some(self.write(what)),
            Request::Route { tensor, neuron } => {
                let cores = self.chip.as_ref()?.targets(tensor, neuron);
                Some(Response::Route {
                    tensor,
                    neuron,
                    cores,
                })
            }
            Request::Trace { epoch, layer, neuron } => {
                let traced = self.session.as_ref().zip(self.tracing.as_mut());
                let traced = traced.and_then(|(session, run)| run.trace(session.network(), layer, neuron));
                Some(Response::Traced {
                    epoch,
                    neuron: traced.map(Box::new),
                })
            }
            Request::Codes(request) => Some(Response::Codes(Box::new(self.codes.answer(*request)?))),
            Request::Calibrate {
                epoch,
                settings,
                layer,
                all,
            } => {
                let Some(session) = &mut self.session else {
                    return Some(no_model(epoch, Failure::Calibrate));
                };
                match session.effect_meter(&settings, layer, all) {
                    Ok(meter) => self.measuring = Some((epoch, meter)),
                    Err(error) => return Some(failed(epoch, Failure::Calibrate, error.to_string())),
                }
                None
            }
            Request::Sweep { epoch, settings } => {
                self.sweeping = Sweeping::want(self.sweeping.take(), epoch, settings);
                None
            }
        }
    }

    fn bring(&mut self, errand: Errand) -> Delivery {
        match errand {
            Errand::WriteChip(chip) => Delivery::Code(bring::chip_code(&chip)),
            Errand::ReadChip(code) => Delivery::Chip(bring::chip_of(&code).map(Box::new)),
            Errand::File(kind) => {
                let (Some(session), Some(last)) = (&mut self.session, &self.last) else {
                    return Delivery::File(kind, Err(NO_MODEL.to_owned()));
                };
                let file = input_of(session, &last.sample)
                    .and_then(|input| session.explore(&last.settings, &input))
                    .map_err(|error| error.to_string())
                    .and_then(|explored| bring::file(kind, session, &last.settings, &explored));
                Delivery::File(kind, file.map(Into::into))
            }
        }
    }

    fn explore(&mut self, epoch: Epoch, settings: &Settings, sample: &Sample) -> Response {
        let Some(session) = &mut self.session else {
            return no_model(epoch, Failure::Explore);
        };
        let is_new = match session.follow(settings) {
            Ok(is_new) => is_new,
            Err(error) => return failed(epoch, Failure::Explore, error.to_string()),
        };
        if is_new {
            // What is being measured, and what is known, is of the network before.
            self.measuring = None;
            (self.explaining, self.explained) = (None, None);
            self.sweeping.iter_mut().for_each(Sweeping::forget);
            self.inspecting.forget();
        }
        // The old one may be of another network.
        (self.chip, self.asking) = (None, None);
        match run(session, settings, sample) {
            Ok(run) => {
                (self.counting, self.teller) = (Some(epoch), Teller::default());
                let spiking = session.spiking();
                self.tracing = spiking.map(|spiking| Tracing::new(spiking, run.trace.input.to_vec()));
                let has_samples = !session.samples().codes.is_empty();
                self.begin_to_explain(epoch, settings, has_samples);
                Response::Run {
                    epoch,
                    run: Box::new(run),
                }
            }
            Err(error) => failed(epoch, Failure::Explore, error.to_string()),
        }
    }

    /// Runs the last exploration, perhaps again.
    fn explore_last(&mut self) -> Option<Response> {
        let Exploring {
            epoch,
            settings,
            sample,
            own,
            chip,
        } = self.last.clone()?;
        if let Some(session) = &mut self.session {
            session.set_chip(own.map(|own| *own));
        }
        let answer = self.explore(epoch, &settings, &sample);
        if chip {
            self.begin_with_chip(epoch, &answer);
        }
        Some(answer)
    }

    /// Begins to look for better places, if that is wanted and can be measured.
    fn begin_to_place(&mut self, settings: &Settings) {
        let Some(session) = &mut self.session else { return };
        let has_samples = !session.samples().codes.is_empty();
        if has_samples && session.is_to_be_placed(settings) {
            // A network that does not fit is told of with its run.
            self.placing = session.placement_meter(settings).ok();
        }
    }

    /// The next portion of looking for places; the run on them when they are found.
    fn place(&mut self) -> Option<Response> {
        let meter = self.placing.as_mut()?;
        if !in_portion(PORTION_MS, || meter.step()) {
            return self.finish_placing();
        }
        let part = Box::new(ChipPart::Placing(meter.progress()));
        let epoch = self.last.as_ref()?.epoch;
        Some(Response::Chip { epoch, part })
    }

    /// Takes the best places found, and runs on them.
    fn finish_placing(&mut self) -> Option<Response> {
        let (meter, last) = (self.placing.take()?, self.last.as_ref()?);
        self.session.as_mut()?.place(&last.settings, &meter);
        self.explore_last()
    }

    /// Keeps a run for questions on its chip.
    fn begin_with_chip(&mut self, epoch: Epoch, answer: &Response) {
        let Response::Run { run, .. } = answer else { return };
        let Some(session) = &self.session else { return };
        // Settings that don't go together with the chip are told of with the run.
        let Ok(chip) = session.chip(&run.settings.chip) else {
            return;
        };
        self.asking = Some((
            epoch,
            Asking::Chip(Box::new(chip.clone()), run.settings.chip.mapping),
        ));
        if let (Ok((_, traffic)), Some(router)) = (&run.chip, session.routed()) {
            self.chip = Some(ChipWork::new(chip, router, run.trace.clone(), traffic));
        }
    }

    /// The next thing that is found out of the chip.
    fn look_at_chip(&mut self) -> Option<Response> {
        let (epoch, asking) = self.asking.take()?;
        let work = self.chip.as_ref();
        let (part, next) = match asking {
            Asking::Fits(mut fits, options) => {
                if let Some(preset) = Preset::ALL.get(fits.len()) {
                    let spiking = self.session.as_ref()?.spiking()?;
                    fits.push(fit_preset(&spiking, *preset, &options));
                    self.asking = Some((epoch, Asking::Fits(fits, options)));
                    return None;
                }
                (
                    ChipPart::Fits(fits),
                    work.filter(|_| self.placing.is_none()).map(|_| Asking::Time),
                )
            }
            Asking::Chip(chip, options) => (
                ChipPart::Chip(chip),
                Some(work.map_or(Asking::Fits(Vec::new(), options), |_| Asking::Figures(options))),
            ),
            Asking::Figures(options) => (
                ChipPart::Figures(Box::new(work?.figures())),
                Some(Asking::Fits(Vec::new(), options)),
            ),
            Asking::Time => (ChipPart::Time(work?.time().map(Box::new)), None),
        };
        self.asking = next.map(|next| (epoch, next));
        let part = Box::new(part);
        Some(Response::Chip { epoch, part })
    }

    /// The next piece for the view of the network.
    fn inspect(&mut self) -> Option<Response> {
        let (epoch, part) = self
            .inspecting
            .next(self.session.as_mut()?, |step| in_portion(PORTION_MS, step))?;
        let part = Box::new(part);
        Some(Response::Inspected { epoch, part })
    }

    fn write(&mut self, what: TakeAway) -> Response {
        let Some(session) = &mut self.session else {
            return no_model(0, Failure::Write);
        };
        match take_away(session, what) {
            Ok((name, bytes)) => Response::Written {
                name,
                bytes: bytes.into(),
            },
            Err(message) => failed(0, Failure::Write, message),
        }
    }

    /// The next portion of counting.
    fn count(&mut self) -> Option<Response> {
        let (session, epoch) = (self.session.as_mut()?, self.counting?);
        if !in_portion(PORTION_MS, || session.count(COUNTED)) {
            self.counting = None;
        }
        let tally = session.tally();
        Some(Response::Counted {
            epoch,
            agreement: Box::new(tally.agreement().clone()),
            mistakes: self.teller.tell(tally.mistakes(), self.counting.is_none()),
        })
    }

    /// The next portion of sweeping over register widths.
    fn sweep(&mut self) -> Option<Response> {
        let session = self.session.as_mut()?;
        let portion = |step: &mut dyn FnMut() -> bool| {
            in_portion(PORTION_MS, step);
        };
        self.sweeping.as_mut()?.go_on(session, portion)
    }

    /// Whether a sweep is to be gone on with.
    fn is_sweep_due(&self) -> bool {
        let both = self.sweeping.as_ref().zip(self.last.as_ref());
        both.is_some_and(|(sweeping, last)| sweeping.is_due(&last.settings))
    }

    /// The next portion of measuring; an answer when it is the last one.
    fn measure(&mut self) -> Option<Response> {
        let session = self.session.as_mut()?;
        let (epoch, meter) = self.measuring.as_mut()?;
        if in_portion(PORTION_MS, || session.effect_next(meter)) {
            return None;
        }
        let (epoch, effect) = (*epoch, meter.effect());
        self.measuring = None;
        Some(Response::Calibration { epoch, effect })
    }

    /// Another sample of the same settings does not begin again.
    fn begin_to_explain(&mut self, epoch: Epoch, settings: &Settings, has_samples: bool) {
        let before = self
            .explaining
            .take()
            .filter(|e| e.settings.conversion == settings.conversion);
        let meter = before.and_then(|explaining| explaining.meter);
        self.explaining = has_samples.then_some(Explaining {
            epoch,
            settings: *settings,
            meter,
        });
    }

    /// The next portion of looking at layers; an answer when it is the last one.
    fn explain(&mut self) -> Option<Response> {
        let session = self.session.as_mut()?;
        let explaining = self.explaining.as_mut()?;
        let (epoch, conversion) = (explaining.epoch, explaining.settings.conversion);
        let known = self.explained.as_ref().filter(|(known, _)| *known == conversion);
        if known.is_none() {
            let Some(meter) = &mut explaining.meter else {
                match session.report_meter(&explaining.settings) {
                    Ok(meter) => explaining.meter = Some(meter),
                    Err(_) => self.explaining = None,
                }
                return None;
            };
            if in_portion(PORTION_MS, || session.report_next(meter)) {
                return None;
            }
            self.explained = Some((conversion, Box::new(meter.report(session.network()))));
        }
        self.explaining = None;
        let report = self.explained.as_ref().map(|(_, report)| report.clone())?;
        Some(Response::Explained { epoch, report })
    }

    /// The next portion of comparing codes.
    fn compare_codes(&mut self) -> Option<Response> {
        let start = js_sys::Date::now();
        let is_over = || js_sys::Date::now() - start >= PORTION_MS;
        let answer = self.codes.go_on(js_sys::Date::now, is_over)?;
        Some(Response::Codes(Box::new(answer)))
    }

    /// Goes on with what is under way, after the requests that have come meanwhile. What is measured is
    /// shorter, and the page waits for it with an empty picture, so it goes before counting.
    fn go_on(&self, scope: &WorkerScope<Self>) {
        let ticket = self.ticket;
        let next = if self.inspecting.is_urgent() && self.session.is_some() {
            Continue::Inspect(ticket)
        } else if self.asking.is_some() {
            Continue::Chip(ticket)
        } else if self.placing.is_some() {
            Continue::Place(ticket)
        } else if self.measuring.is_some() {
            Continue::Measure(ticket)
        } else if self.counting.is_some() {
            Continue::Count(ticket)
        } else if self.inspecting.is_busy() && self.session.is_some() {
            Continue::Inspect(ticket)
        } else if self.explaining.is_some() {
            Continue::Explain(ticket)
        } else if self.trade.is_busy() {
            Continue::Trade(ticket)
        } else if self.is_sweep_due() {
            Continue::Sweep(ticket)
        } else if self.codes.is_busy() {
            Continue::Codes(ticket)
        } else {
            return;
        };
        scope.send_future(async move {
            pause().await;
            next
        });
    }
}

/// Does `step` again and again until it says that nothing is left, or the portion's time is over. Says
/// whether anything is left.
pub(super) fn in_portion(milliseconds: f64, mut step: impl FnMut() -> bool) -> bool {
    let start = js_sys::Date::now();
    let mut more = true;
    while more && js_sys::Date::now() - start < milliseconds {
        more = step();
    }
    more
}

fn failed(epoch: Epoch, what: Failure, message: String) -> Response {
    Response::Failed { epoch, what, message }
}

const NO_MODEL: &str = "no model is loaded; open one first";

fn no_model(epoch: Epoch, what: Failure) -> Response {
    failed(epoch, what, NO_MODEL.to_owned())
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

fn input_of(session: &Session, sample: &Sample) -> Result<Vec<i32>, SessionError> {
    match sample {
        Sample::Stored(index) => Ok(session.sample(*index)?.to_vec()),
        Sample::Values(values) => session.input_codes("the sample", &[1, values.len()], values),
    }
}

/// What happens to a sample with these settings.
pub(crate) fn run(
    session: &mut Session,
    settings: &Settings,
    sample: &Sample,
) -> Result<RunView, SessionError> {
    let input = input_of(session, sample)?;
    let exploration = session.explore(settings, &input)?;
    let network = session
        .is_float()
        .then(|| Box::new(network_view(session, SamplesView::default())));
    Ok(RunView {
        settings: *settings,
        network,
        plans: exploration
            .spiking
            .layers
            .iter()
            .map(|l| l.plan.clone())
            .collect(),
        trace: exploration.trace,
        output: exploration.output,
        reference: exploration.reference,
        curve: exploration.curve,
        winner: exploration.winner,
        reference_winner: exploration.reference_winner,
        chip: exploration.chip,
    })
}
