//! The pool: workers that count the points of a sweep, each with a copy of the model and its data. Whoever is free
//! is handed the next point at once, whatever the page is doing.

use super::state::{
    Action, Dispatch, MOST_WORKERS, ModelLoad, Schedule, Stage, State, Sweep, TradeAction, Update,
};
use super::view::View;
use super::worker::{EngineWorker, PointTask, Postcard, Request, Response, TradeAnswer, TradeRequest};
use crate::chip::spec::Chip;
use crate::settings::Settings;
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use gloo_worker::{Spawnable, WorkerBridge};
use std::cell::RefCell;
use std::rc::Rc;
use yew::prelude::*;

/// The script that starts a worker, as Trunk names it.
const WORKER: &str = "./worker_loader.js";

/// The page hears of what was counted so often, in ms.
const REST: u32 = 60;

type Shared = Rc<RefCell<Pool>>;

struct Pool {
    dispatch: Dispatch,
    load: Option<Rc<ModelLoad>>,
    workers: Vec<Option<Worker>>,
    /// What the workers are at; `None` while nothing is to be done.
    job: Option<Job>,
    /// For which of the two pinned points winners are wanted, and its settings.
    wanted: Option<(usize, Settings)>,
    /// What the page has not heard of yet.
    updates: Vec<Update>,
    telling: Option<Timeout>,
    /// Counts workers ever started: what an old one says is not heard.
    started: u32,
}

struct Worker {
    bridge: WorkerBridge<EngineWorker>,
    number: u32,
    is_ready: bool,
    /// Whose winners it was asked for.
    asked: Option<(usize, Settings)>,
}

struct Job {
    turn: u32,
    sweep: Rc<Sweep>,
    with_cost: bool,
    own: Option<Rc<Chip>>,
    schedule: Schedule,
}

/// How many workers there are if nobody wants another number.
pub fn processors() -> usize {
    let processors = window().navigator().hardware_concurrency();
    (processors as usize).clamp(1, MOST_WORKERS)
}

/// Keeps the pool at what the state wants.
#[hook]
pub fn use_pool(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    let pool = use_memo((), |()| {
        RefCell::new(Pool {
            dispatch: dispatch.clone(),
            load: None,
            workers: Vec::new(),
            job: None,
            wanted: None,
            updates: Vec::new(),
            telling: None,
            started: 0,
        })
    });
    let is_open = state.view == View::TradeOffs;
    let load = state.load_in_use();
    let epoch = load.as_ref().map(|load| load.epoch);
    let chip = (state.settings.chip, state.own_chip.as_ref().map(Rc::as_ptr));
    use_effect_with((is_open, epoch, chip), move |(is_open, epoch, _)| {
        if *is_open && epoch.is_some() {
            dispatch.dispatch(Action::Trade(TradeAction::Open));
        }
    });
    let is_running = state.trade.stage == Stage::Running;
    let count = match state.trade.workers {
        _ if !(is_open || is_running) => 0,
        0 => processors(),
        workers => workers.min(MOST_WORKERS),
    };
    use_effect_with((epoch, count), {
        let pool = pool.clone();
        move |(_, count)| staff(&pool, load, *count)
    });
    let job = is_running.then(|| state.trade.sweep.clone()).flatten();
    let own = state.own_chip.clone();
    let with_cost = state.trade.plan.wants_cost();
    use_effect_with((state.trade.turn, job.is_some()), {
        let pool = pool.clone();
        move |&(turn, _)| begin(&pool, turn, job, with_cost, own)
    });
    use_effect_with(state.next_winners(), move |wanted| {
        pool.borrow_mut().wanted = *wanted;
        give_all(&pool);
    });
}

/// So many workers, with this model.
fn staff(pool: &Shared, load: Option<Rc<ModelLoad>>, count: usize) {
    let mut of = pool.borrow_mut();
    let epoch = |load: &Option<Rc<ModelLoad>>| load.as_ref().map(|load| load.epoch);
    if epoch(&of.load) != epoch(&load) {
        of.workers.clear();
        of.job = None;
    }
    of.load = load;
    of.workers.truncate(count);
    let first = of.workers.len();
    of.workers.resize_with(count, || None);
    drop(of);
    (first..count).for_each(|index| hire(pool, index));
}

fn hire(pool: &Shared, index: usize) {
    let mut of = pool.borrow_mut();
    let Some(load) = of.load.clone() else { return };
    of.started += 1;
    let number = of.started;
    let weak = Rc::downgrade(pool);
    let bridge = EngineWorker::spawner()
        .with_loader(true)
        .callback(move |response: Response| {
            if let Some(pool) = weak.upgrade() {
                hear(&pool, index, number, response);
            }
        })
        .encoding::<Postcard>()
        .spawn(WORKER);
    bridge.send(Request::Trade(TradeRequest::Open {
        model: (*load.model).clone(),
        data: load.data.as_ref().map(|data| data.files.clone()),
    }));
    if let Some(place) = of.workers.get_mut(index) {
        *place = Some(Worker {
            bridge,
            number,
            is_ready: false,
            asked: None,
        });
    }
}

/// Begins, goes on with or stops a sweep.
fn begin(pool: &Shared, turn: u32, sweep: Option<Rc<Sweep>>, with_cost: bool, own: Option<Rc<Chip>>) {
    let mut of = pool.borrow_mut();
    if let Some(job) = of.job.take() {
        for (index, worker) in of.workers.iter().enumerate() {
            if let Some(worker) = worker.as_ref().filter(|_| job.schedule.point_of(index).is_some()) {
                worker.bridge.send(Request::Trade(TradeRequest::Stop));
            }
        }
    }
    let workers = of.workers.len();
    of.job = sweep.map(|sweep| Job {
        turn,
        schedule: Schedule::new(&sweep, with_cost, workers),
        sweep,
        with_cost,
        own,
    });
    drop(of);
    give_all(pool);
    tell_soon(pool, &mut pool.borrow_mut());
}

fn give_all(pool: &Shared) {
    let count = pool.borrow().workers.len();
    (0..count).for_each(|index| give(pool, index));
}

/// Gives a worker that is free something to do.
fn give(pool: &Shared, index: usize) {
    let mut of = pool.borrow_mut();
    let Pool {
        workers, job, wanted, ..
    } = &mut *of;
    let is_asked = |worker: &Option<Worker>, wanted: &(usize, Settings)| {
        worker
            .as_ref()
            .is_some_and(|worker| worker.asked.as_ref() == Some(wanted))
    };
    let open = wanted.filter(|wanted| !workers.iter().any(|worker| is_asked(worker, wanted)));
    let Some(worker) = workers.get_mut(index).and_then(Option::as_mut) else {
        return;
    };
    let is_busy = job
        .as_ref()
        .is_some_and(|job| job.schedule.point_of(index).is_some());
    if !worker.is_ready || is_busy || worker.asked.is_some() {
        return;
    }
    if let Some((which, settings)) = open {
        worker.asked = Some((which, settings));
        worker
            .bridge
            .send(Request::Trade(TradeRequest::Winners(Box::new(settings))));
        return;
    }
    let Some(job) = job else { return };
    let Some(place) = job.schedule.next(index) else {
        return;
    };
    let Some(point) = job.sweep.points.get(place) else {
        return;
    };
    worker
        .bridge
        .send(Request::Trade(TradeRequest::Point(Box::new(PointTask {
            turn: job.turn,
            point: place,
            settings: point.settings,
            so_far: point.so_far.clone(),
            until: job.sweep.samples,
            chip: job.with_cost && point.cost.is_none(),
            own: job.own.as_deref().cloned().map(Box::new),
        }))));
}

fn hear(pool: &Shared, index: usize, number: u32, response: Response) {
    let mut of = pool.borrow_mut();
    let is_known = |worker: &Option<Worker>| worker.as_ref().is_some_and(|worker| worker.number == number);
    if !of.workers.get(index).is_some_and(is_known) {
        return;
    }
    match response {
        Response::Trade(answer) => take(&mut of, index, answer),
        Response::Panicked { message } => {
            let broken = of.job.as_mut().and_then(|job| job.schedule.lost(index));
            if let Some(point) = broken {
                of.updates.push(Update::Failed {
                    point,
                    message: message.clone(),
                });
            }
            of.dispatch.dispatch(Action::Trade(TradeAction::Broke(message)));
            // Not from within what the old worker says.
            let pool = pool.clone();
            Timeout::new(0, move || hire(&pool, index)).forget();
        }
        _ => {}
    }
    tell_soon(pool, &mut of);
    drop(of);
    give(pool, index);
}

fn take(of: &mut Pool, index: usize, answer: TradeAnswer) {
    let turn = of.job.as_ref().map(|job| job.turn);
    match answer {
        TradeAnswer::Ready => {
            if let Some(worker) = &mut of.workers[index] {
                worker.is_ready = true;
            }
        }
        TradeAnswer::Counted {
            turn: of_turn,
            point,
            agreement,
            size,
            cost,
            done,
        } if Some(of_turn) == turn => {
            of.updates.push(Update::Counted {
                point,
                agreement,
                size,
                cost,
            });
            if let Some(job) = of.job.as_mut().filter(|_| done) {
                job.schedule.done(index);
            }
        }
        TradeAnswer::Counted { .. } => {}
        TradeAnswer::Winners(winners) => {
            let asked = of.workers[index].as_mut().and_then(|worker| worker.asked.take());
            if let Some((which, settings)) = asked {
                let winners = TradeAction::Winners(which, settings, winners.0);
                of.dispatch.dispatch(Action::Trade(winners));
            }
        }
        TradeAnswer::Failed {
            point: Some((of_turn, point)),
            message,
        } => {
            if let Some(job) = of.job.as_mut().filter(|_| Some(of_turn) == turn) {
                job.schedule.done(index);
                of.updates.push(Update::Failed { point, message });
            }
        }
        TradeAnswer::Failed { point: None, message } => {
            of.dispatch.dispatch(Action::Trade(TradeAction::Broke(message)));
        }
    }
}

/// Tells the page of what was counted, not more often than it can draw.
fn tell_soon(pool: &Shared, of: &mut Pool) {
    let is_over = of.job.as_ref().is_some_and(|job| job.schedule.is_over());
    if of.telling.is_some() || (of.updates.is_empty() && !is_over) {
        return;
    }
    let weak = Rc::downgrade(pool);
    of.telling = Some(Timeout::new(REST, move || {
        if let Some(pool) = weak.upgrade() {
            tell(&pool);
        }
    }));
}

fn tell(pool: &Shared) {
    let mut of = pool.borrow_mut();
    of.telling = None;
    let updates = std::mem::take(&mut of.updates);
    let Some(turn) = of.job.as_ref().map(|job| job.turn) else {
        return;
    };
    let dispatch = of.dispatch.clone();
    let is_over = of.job.as_ref().is_some_and(|job| job.schedule.is_over());
    if is_over {
        of.job = None;
    }
    drop(of);
    dispatch.dispatch(Action::Trade(TradeAction::Updates(turn, updates)));
    if is_over {
        dispatch.dispatch(Action::Trade(TradeAction::Finished(turn)));
    }
}
