//! The view as a whole: a neuron of the run, or the one on the blackboard.

use super::arithmetic::Arithmetic;
use super::bench::Bench;
use super::board::Board;
use super::choose::{Choose, chosen_pixel};
use super::home::Home;
use super::origin::Origin;
use super::scale::{Clock, Columns};
use super::why::Why;
use crate::explore::Blackboard;
use crate::web::components::{Card, Choices};
use crate::web::plots::ByPtr;
use crate::web::selection::{Select, Selection};
use crate::web::state::{Action, Dispatch, NeuronAction, NeuronState, Seek, dispatching};
use crate::web::views::words::{Phase, layer_name, place, producer, spike_code, volume};
use crate::web::worker::{NetworkView, RunView, TracedNeuron};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// What [`NeuronView`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct NeuronViewProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The time step.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// What is known of neurons.
    pub state: NeuronState,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// One of both, and the choice between them.
#[component]
pub fn NeuronView(props: &NeuronViewProps) -> Html {
    let is_board = props.state.is_board;
    let on_choose = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |index: usize| {
            dispatch.dispatch(Action::Neuron(NeuronAction::ShowBoard(index == 1)))
        })
    };
    let options = vec![
        t!("neuron.of-network").into_owned().into(),
        t!("neuron.by-hand").into_owned().into(),
    ];
    html! {
        <div class="neuron-board">
            <div class="neuron-mode">
                <Choices name="neuron-mode" label={t!("neuron.mode").into_owned()} {options} chosen={usize::from(is_board)} {on_choose} />
            </div>
            if is_board {
                <ByHand text={props.state.board.clone()} step={props.state.board_step} dispatch={props.dispatch.clone()} />
            } else {
                <OfNetwork ..props.clone() />
            }
        </div>
    }
}

/// The chosen neuron of the run.
#[component]
fn OfNetwork(props: &NeuronViewProps) -> Html {
    let NeuronViewProps {
        network,
        run,
        step,
        selection,
        state,
        dispatch,
    } = props;
    let is_known = |traced: &&Rc<TracedNeuron>| {
        let layer = network.layers.get(traced.told.layer);
        layer.is_some_and(|layer| traced.told.neuron < layer.connections.output.len())
    };
    let traced = state
        .traced
        .as_ref()
        .and_then(|traced| traced.neuron.as_ref())
        .filter(is_known);
    let traced = traced.map(|traced| ByPtr(traced.clone()));
    let is_here = traced.as_ref().is_some_and(|traced| {
        (traced.told.layer, traced.told.neuron) == (selection.layer, selection.neuron) && !state.is_due()
    });
    let body = match &traced {
        Some(traced) => html! {
            <Told traced={traced.clone()} is_stale={!is_here} network={network.clone()} run={run.clone()} step={*step}
                selection={*selection} state={state.clone()} dispatch={dispatch.clone()} />
        },
        None if state
            .traced
            .as_ref()
            .is_some_and(|traced| traced.neuron.is_none()) =>
        {
            html! {
                <Card name="bench" class="wide" title={t!("neuron.none").into_owned()}><p class="soft">{ t!("neuron.none-note") }</p></Card>
            }
        }
        None => {
            html! { <div class="card skeleton wide bench-skeleton" role="status" aria-busy="true" aria-label={t!("neuron.tracing").into_owned()} /> }
        }
    };
    html! {
        <>
            <div class="neuron-side">
                <Choose network={network.clone()} run={run.clone()} step={*step} selection={*selection} dispatch={dispatch.clone()} />
                <Origin network={network.clone()} run={run.clone()} traced={traced.clone()} selection={*selection} dispatch={dispatch.clone()} />
                if let Some(traced) = traced {
                    <Home network={network.clone()} run={run.clone()} {traced} dispatch={dispatch.clone()} />
                }
            </div>
            <div class="neuron-main" aria-busy={state.is_due().then_some("true")}>{ body }</div>
        </>
    }
}

/// What [`Told`] takes.
#[derive(Clone, PartialEq, Properties)]
struct ToldProps {
    traced: ByPtr<TracedNeuron>,
    is_stale: bool,
    network: ByPtr<NetworkView>,
    run: ByPtr<RunView>,
    step: usize,
    selection: Selection,
    state: NeuronState,
    dispatch: Dispatch,
}

/// Bench, arithmetic and provenance of a neuron that was traced.
#[component]
fn Told(props: &ToldProps) -> Html {
    let ToldProps {
        traced,
        network,
        run,
        selection,
        state,
        dispatch,
        ..
    } = props;
    let layer = traced.told.layer;
    let target = network.layers[layer].target;
    let told = use_memo(traced.clone(), |traced| traced.told.clone());
    let told = ByPtr(told);
    let names = use_memo((network.clone(), traced.clone()), |(network, traced)| {
        let name = |source: &crate::explore::SourceProvenance| {
            AttrValue::from(place(volume(network, source.tensor), source.neuron))
        };
        let dendrites = traced.told.dendrites.iter();
        dendrites
            .map(|dendrite| dendrite.sources.iter().map(name).collect())
            .collect::<Vec<Vec<_>>>()
    });
    let fired = told.code.and(spike_code(run, target));
    let columns = Columns::of(&told, fired.map_or(0, |code| code.planes().into()));
    let clock = Clock::of(network, run, layer, columns);
    let column = clock.column(props.step);
    let on_column = {
        let dispatch = dispatch.clone();
        Callback::from(move |column: usize| dispatch.dispatch(Action::Seek(Seek::To(clock.step(column)))))
    };
    let on_source = {
        let (dispatch, network, told) = (dispatch.clone(), network.clone(), told.clone());
        Callback::from(move |(dendrite, index): (usize, usize)| {
            let source = told
                .dendrites
                .get(dendrite)
                .and_then(|dendrite| dendrite.sources.get(index));
            if let Some(source) = source {
                let select = match producer(&network, source.tensor) {
                    Some(layer) => Select::Neuron {
                        layer,
                        neuron: source.neuron,
                    },
                    None => Select::Spike(Some((source.tensor, source.neuron))),
                };
                dispatch.dispatch(Action::Neuron(NeuronAction::Walk(select)));
            }
        })
    };
    let name = layer_name(network, layer);
    let title = t!(
        "neuron.bench",
        layer = name,
        place = place(volume(network, target), told.neuron)
    )
    .into_owned();
    let is_heard = network
        .layers
        .iter()
        .any(|other| other.sources.iter().flatten().any(|source| *source == target));
    let listener = if is_heard {
        t!("neuron.fires")
    } else {
        t!("neuron.answers")
    };
    let conversion = run.settings.conversion;
    let done = columns.done(column);
    let trail = state.trail(selection.layer, selection.neuron).to_vec();
    let phase = Phase::of(run, layer, props.step);
    html! {
        <>
            <Bench told={told.clone()} {fired} order={conversion.order} overflow={conversion.overflow} names={names} {title}
                listener={listener.into_owned()} {layer} {columns} {column} is_stale={props.is_stale} {on_column} on_source={Some(on_source)} />
            <div class="neuron-pair" data-phase={phase.class()}>
                <Arithmetic told={told.clone()} {fired} order={conversion.order} overflow={conversion.overflow}
                    rounding={conversion.rounding} {columns} {column} />
                <Why network={network.clone()} run={run.clone()} traced={traced.clone()} {done} whole={state.whole_window} {trail}
                    pixel={chosen_pixel(selection)} dispatch={dispatch.clone()} />
            </div>
        </>
    }
}

/// What [`ByHand`] takes.
#[derive(Clone, PartialEq, Properties)]
struct ByHandProps {
    /// The neuron, as addresses have it.
    text: Option<Rc<str>>,
    step: Option<usize>,
    dispatch: Dispatch,
}

/// The neuron on the blackboard, computed here: it is a handful of additions.
#[component]
fn ByHand(props: &ByHandProps) -> Html {
    let dispatch = &props.dispatch;
    let parsed = use_memo(props.text.clone(), |text| {
        let board = text
            .as_deref()
            .map_or_else(|| Ok(Blackboard::default()), str::parse::<Blackboard>);
        let problem = board.as_ref().err().map(ToString::to_string);
        let board = board.unwrap_or_default();
        (ByPtr(Rc::new(board.provenance())), ByPtr(Rc::new(board)), problem)
    });
    let (told, board, problem) = &*parsed;
    let names = use_memo(board.clone(), |board| {
        let name = |number| AttrValue::from(t!("neuron.input-number", number = number).into_owned());
        vec![(1..=board.inputs.len()).map(name).collect::<Vec<_>>()]
    });
    let fired = Some(board.fired_code());
    let columns = Columns::of(told, board.fired_code().planes().into());
    let column = props.step.unwrap_or(columns.steps).min(columns.count() - 1);
    let act = |action: NeuronAction| Action::Neuron(action);
    let on_board = dispatching(dispatch, move |board: Blackboard| {
        act(NeuronAction::Board(board.mended().to_string()))
    });
    let on_column = dispatching(dispatch, move |column: usize| {
        act(NeuronAction::BoardStep(Some(column)))
    });
    html! {
        <>
            <div class="neuron-side">
                if let Some(problem) = problem {
                    <p class="card board-problem" role="alert">{ t!("neuron.board-problem", problem = problem) }</p>
                }
                <Board board={board.clone()} {on_board} />
            </div>
            <div class="neuron-main">
                <Bench told={told.clone()} {fired} order={board.order} overflow={board.register.overflow} names={names}
                    title={t!("neuron.board-bench").into_owned()} listener={t!("neuron.fires").into_owned()} layer={0} {columns} {column} {on_column} />
                <Arithmetic told={told.clone()} {fired} order={board.order} overflow={board.register.overflow} rounding={board.rounding}
                    {columns} {column} />
            </div>
        </>
    }
}
