//! The page's side of the worker: what [`State`] wants goes out, what the worker says comes in.

use super::gallery::fetch_model;
use super::plots::ByPtr;
use super::save::save;
use super::state::{
    Action, CalibrationAction, Dispatch, ModelChoice, ModelLoad, NetworkAction, NeuronAction, Notice, State,
};
use super::worker::{EngineWorker, Errand, Postcard, Request, Response};
use gloo::render::request_animation_frame;
use gloo::timers::callback::Timeout;
use gloo_worker::{Spawnable, WorkerBridge};
use rust_i18n::t;
use std::cell::OnceCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The script that starts the worker, as Trunk names it.
pub(super) const WORKER: &str = "./worker_loader.js";

/// Calibration is asked for when settings have rested for so long, in ms.
const REST: u32 = 250;

/// A worker that has said nothing for so long has probably not started, in s.
const PATIENCE: u32 = 10;

/// The way to the worker, which is started when there is something to say.
struct Line {
    dispatch: Dispatch,
    worker: OnceCell<WorkerBridge<EngineWorker>>,
}

impl Line {
    fn worker(&self) -> &WorkerBridge<EngineWorker> {
        self.worker.get_or_init(|| start(self.dispatch.clone()))
    }

    fn send(&self, request: Request) {
        self.worker().send(request);
    }
}

type Bridge = Rc<Line>;

/// Keeps a worker running and busy with what the state wants.
#[hook]
pub fn use_engine(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    let bridge = use_memo(state.worker, {
        let dispatch = dispatch.clone();
        move |_| Line {
            dispatch,
            worker: OnceCell::new(),
        }
    });
    use_waking(state, &bridge);
    use_files(state);
    use_loads(state, &bridge);
    use_questions(state, &bridge);
    use_calibration(state, &bridge);
    use_widths(state, &bridge);
    use_routes(state, &bridge);
    use_traces(state, &bridge);
    use_errands(state, &bridge);
    use_inspection(state, &bridge);
    use_patience(state);
}

fn start(dispatch: Dispatch) -> WorkerBridge<EngineWorker> {
    EngineWorker::spawner()
        .with_loader(true)
        .callback(move |response: Response| match response {
            Response::Written { name, bytes } => {
                if save(&name, &bytes).is_err() {
                    let why = t!("network.not-saved").into_owned();
                    dispatch.dispatch(Action::Complain(Notice::error(t!("network.not-written"), why)));
                }
            }
            response => dispatch.dispatch(Action::Answer(Box::new(response))),
        })
        .encoding::<Postcard>()
        .spawn(WORKER)
}

/// Lets a stored run be drawn before the engine comes; then its program and the model's files come at once.
#[hook]
fn use_waking(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let (dispatch, bridge) = (state.dispatcher(), bridge.clone());
    use_effect_with((state.is_resting, state.worker), move |&(is_resting, _)| {
        let drawn = is_resting.then(|| {
            request_animation_frame(move |_| {
                // Behind the frame, not in it.
                Timeout::new(0, move || dispatch.dispatch(Action::Wake)).forget();
            })
        });
        if !is_resting {
            bridge.worker();
        }
        move || drop(drawn)
    });
}

/// Tells when the worker says nothing.
#[hook]
fn use_patience(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    use_effect_with(state.silent_worker(), move |silent| {
        let patience = silent.is_some().then(|| {
            Timeout::new(PATIENCE * 1000, move || {
                dispatch.dispatch(Action::Silence(PATIENCE))
            })
        });
        move || drop(patience)
    });
}

/// Fetches the files of the model that is wanted.
#[hook]
fn use_files(state: &UseReducerHandle<State>) {
    let state = state.clone();
    use_effect_with((state.wish, state.is_resting), move |&(wish, is_resting)| {
        if is_resting {
            return;
        }
        let (Some(choice), Some(gallery)) = (state.wanted.clone(), state.gallery.clone()) else {
            return;
        };
        match &choice {
            ModelChoice::Opened(index) => {
                if let Some(model) = state.opened.get(*index).cloned() {
                    let files = Ok(ModelLoad {
                        epoch: 0,
                        choice,
                        model,
                        data: None,
                    });
                    state.dispatch(Action::FilesCame { wish, files });
                }
            }
            ModelChoice::Gallery(id) => {
                let Some(entry) = gallery.model(id).cloned() else {
                    return;
                };
                spawn_local(async move {
                    let files = fetch_model(&entry).await.map(|(model, data)| ModelLoad {
                        epoch: 0,
                        choice,
                        model: Rc::new(model),
                        data: Some(data),
                    });
                    state.dispatch(Action::FilesCame { wish, files });
                });
            }
        }
    });
}

#[hook]
fn use_loads(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let (load, bridge) = (state.load.clone(), bridge.clone());
    let epoch = load.as_ref().map(|load| load.epoch);
    use_effect_with((epoch, state.worker), move |_| {
        if let Some(load) = load {
            bridge.send(Request::Load {
                epoch: load.epoch,
                model: (*load.model).clone(),
                data: load.data.as_ref().map(|data| data.files.clone()),
            });
        }
    });
}

/// Asks at most once in a frame: a slider moves more often than that.
#[hook]
fn use_questions(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let dispatch = state.dispatcher();
    use_effect_with(state.next_question(), move |question| {
        let frame = question
            .is_some()
            .then(|| request_animation_frame(move |_| dispatch.dispatch(Action::Ask)));
        move || drop(frame)
    });
    let (asked, bridge) = (state.asked.clone(), bridge.clone());
    use_effect_with(asked.as_ref().map(|asked| asked.epoch), move |_| {
        if let Some(asked) = asked {
            bridge.send(Request::Explore {
                epoch: asked.epoch,
                settings: asked.question.settings,
                sample: asked.question.sample.to_sample(),
                own: asked.question.own_chip.as_deref().cloned().map(Box::new),
                chip: asked.question.chip,
            });
        }
    });
}

/// Asks where the followed neuron's spikes go, and stops the search for better places.
#[hook]
fn use_routes(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let bridge = bridge.clone();
    let stops = bridge.clone();
    use_effect_with(state.placing_stops, move |&count| {
        if count > 0 {
            stops.send(Request::StopPlacing);
        }
    });
    use_effect_with(state.route_question(), move |question| {
        if let Some((_, (tensor, neuron))) = *question {
            bridge.send(Request::Route { tensor, neuron });
        }
    });
}

/// Asks about the chosen neuron, once in a frame: keys may move faster.
#[hook]
fn use_traces(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let dispatch = state.dispatcher();
    use_effect_with(state.next_trace(), move |question| {
        let frame = question
            .map(|_| request_animation_frame(move |_| dispatch.dispatch(Action::Neuron(NeuronAction::Ask))));
        move || drop(frame)
    });
    let bridge = bridge.clone();
    use_effect_with(state.neuron.asked(), move |asked| {
        if let Some((epoch, question)) = *asked {
            bridge.send(Request::Trace {
                epoch,
                layer: question.layer,
                neuron: question.neuron,
            });
        }
    });
}

/// Asks for what is brought in or taken away.
#[hook]
fn use_errands(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let reads = bridge.clone();
    use_effect_with((state.linked.chip.clone(), state.worker), move |(code, _)| {
        if let Some(code) = code {
            reads.send(Request::Bring(Errand::ReadChip(code.clone())));
        }
    });
    let writes = bridge.clone();
    use_effect_with(
        (state.uncoded_chip().map(ByPtr), state.worker),
        move |(chip, _)| {
            if let Some(chip) = chip {
                writes.send(Request::Bring(Errand::WriteChip(Box::new((**chip).clone()))));
            }
        },
    );
    let bridge = bridge.clone();
    use_effect_with(state.bring.fetching, move |fetching| {
        if let Some((_, file)) = *fetching {
            bridge.send(Request::Bring(Errand::File(file)));
        }
    });
}

/// Asks about the network while its view is open.
#[hook]
fn use_inspection(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let dispatch = state.dispatcher();
    use_effect_with(state.next_inspection(), move |inquiry| {
        if inquiry.is_some() {
            dispatch.dispatch(Action::Network(NetworkAction::Ask));
        }
    });
    let (asked, ask) = (state.inspection.asked.clone(), bridge.clone());
    use_effect_with(asked.as_ref().map(|asked| asked.epoch), move |_| {
        if let Some(asked) = asked {
            ask.send(Request::Inspect {
                epoch: asked.epoch,
                question: asked.inquiry.question.clone(),
            });
        }
    });
    let bridge = bridge.clone();
    use_effect_with(state.inspection.wanted, move |(_, wanted)| {
        if let Some(wanted) = *wanted {
            bridge.send(Request::Write(wanted));
        }
    });
}

#[hook]
fn use_calibration(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let dispatch = state.dispatcher();
    use_effect_with(state.next_calibration(), move |question| {
        let rest = question
            .is_some()
            .then(|| Timeout::new(REST, move || dispatch.dispatch(Action::AskCalibration)));
        move || drop(rest)
    });
    let (asked, bridge) = (state.calibration_asked.clone(), bridge.clone());
    use_effect_with(asked.as_ref().map(|asked| asked.epoch), move |_| {
        if let Some(asked) = asked {
            let question = &asked.question;
            bridge.send(Request::Calibrate {
                epoch: asked.epoch,
                settings: question.settings,
                layer: question.layer,
                all: question.all,
            });
        }
    });
}

/// Asks for a sweep over register widths, and lets it rest and go on.
#[hook]
fn use_widths(state: &UseReducerHandle<State>, bridge: &Bridge) {
    let dispatch = state.dispatcher();
    use_effect_with(state.next_widths(), move |key| {
        let ask = move || dispatch.dispatch(Action::Calibration(CalibrationAction::AskWidths));
        let rest = key.is_some().then(|| Timeout::new(REST, ask));
        move || drop(rest)
    });
    let (widths, bridge) = (state.losses.widths.clone(), bridge.clone());
    let present = state.settings.conversion.register_bits;
    use_effect_with((state.wanted_widths(), state.worker), move |(wanted, _)| {
        if let (&Some((epoch, goes_on)), Some(widths)) = (wanted, widths) {
            let mut settings = widths.key.1;
            settings.conversion.register_bits = present;
            let settings = goes_on.then_some(settings);
            bridge.send(Request::Sweep { epoch, settings });
        }
    });
}
