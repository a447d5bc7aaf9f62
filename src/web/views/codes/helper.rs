//! The codes' own worker: it runs while the view is open, so that what is shown elsewhere never waits.

use crate::web::plots::ByPtr;
use crate::web::session::WORKER;
use crate::web::state::{Action, CodesAction, Dispatch, State};
use crate::web::worker::{CodesRequest, EngineWorker, Postcard, Request, Response};
use gloo::timers::callback::Timeout;
use gloo_worker::{Spawnable, WorkerBridge};
use yew::prelude::*;

/// Questions are asked when choices have rested for so long, in ms.
const REST: u32 = 200;

/// Keeps the worker busy with what the state wants to know of codes.
#[hook]
pub fn use_helper(state: &ByPtr<State>, dispatch: &Dispatch) {
    let codes = &state.codes;
    let bridge = use_memo(codes.helper, {
        let dispatch = dispatch.clone();
        move |_| start(dispatch)
    });
    let send = move |request: CodesRequest| bridge.send(Request::Codes(Box::new(request)));
    use_effect_with((), {
        let dispatch = dispatch.clone();
        move |()| move || dispatch.dispatch(Action::Codes(CodesAction::Leave))
    });
    let load = state.load_in_use();
    use_effect_with((load.as_ref().map(|load| load.epoch), codes.helper), {
        let send = send.clone();
        move |_| {
            if let Some(load) = load {
                send(CodesRequest::Open {
                    model: (*load.model).clone(),
                    data: load.data.as_ref().map(|data| data.files.clone()),
                });
            }
        }
    });
    use_rested(state.next_comparison(), dispatch, || CodesAction::Compare);
    use_rested(state.next_race(), dispatch, || CodesAction::Race);
    let (asked, race) = (codes.asked.clone(), codes.race.clone());
    use_effect_with(asked.as_ref().map(|asked| asked.0), {
        let send = send.clone();
        move |_| {
            send(match asked {
                None => CodesRequest::Stop,
                Some((epoch, asked)) => CodesRequest::Compare {
                    epoch,
                    question: asked.question.clone(),
                    samples: asked.samples,
                },
            });
        }
    });
    use_effect_with(race.as_ref().map(|race| race.0), move |_| {
        if let Some((epoch, race)) = race {
            send(CodesRequest::Race {
                epoch,
                question: race.of.question.clone(),
                steps: race.steps,
                sample: race.sample.to_sample(),
            });
        }
    });
}

/// Dispatches an action when a question has rested.
#[hook]
fn use_rested<T: PartialEq + 'static>(question: Option<T>, dispatch: &Dispatch, action: fn() -> CodesAction) {
    let dispatch = dispatch.clone();
    use_effect_with(question, move |question| {
        let rest = question
            .is_some()
            .then(|| Timeout::new(REST, move || dispatch.dispatch(Action::Codes(action()))));
        move || drop(rest)
    });
}

fn start(dispatch: Dispatch) -> WorkerBridge<EngineWorker> {
    EngineWorker::spawner()
        .with_loader(true)
        .callback(move |response: Response| match response {
            Response::Codes(answer) => dispatch.dispatch(Action::Codes(CodesAction::Answer(*answer))),
            Response::Panicked { message } => dispatch.dispatch(Action::Codes(CodesAction::Broke(message))),
            _ => {}
        })
        .encoding::<Postcard>()
        .spawn(WORKER)
}
