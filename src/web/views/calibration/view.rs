//! The view as a whole.

use super::advice::AdviceCard;
use super::channels::ChannelsCard;
use super::mistakes::{FlipsCard, OverflowsCard};
use super::parts::PartsCard;
use super::registers::RegistersCard;
use super::widths::WidthsCard;
use crate::web::components::Card;
use crate::web::plots::ByPtr;
use crate::web::state::{Dispatch, Shown, State};
use crate::web::task::Task;
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// The view of calibration.
pub fn draw(state: &Rc<State>, shown: &Shown, dispatch: &Dispatch) -> Html {
    html! {
        <CalibrationView state={ByPtr(state.clone())} shown={ByPtr(Rc::new(shown.clone()))} dispatch={dispatch.clone()} />
    }
}

/// What [`CalibrationView`] takes.
#[derive(Properties, PartialEq)]
pub struct CalibrationViewProps {
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// What is shown.
    pub shown: ByPtr<Shown>,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// Where a network loses, and what mends it.
#[component]
pub fn CalibrationView(props: &CalibrationViewProps) -> Html {
    let (state, shown, dispatch) = (&props.state, &props.shown, &props.dispatch);
    let (network, run) = (ByPtr(shown.network.clone()), ByPtr(shown.run.clone()));
    let selection = state.selection;
    let settings = state.settings;
    let bits = settings.conversion.register_bits;
    let counts = state.counts();
    let agreement = counts.clone().map(|counts| ByPtr(counts.agreement));
    let registers = html! {
        <RegistersCard network={network.clone()} run={run.clone()} agreement={agreement.clone()} {bits} layer={selection.layer}
            dispatch={dispatch.clone()} />
    };
    let loaded = state
        .loaded
        .clone()
        .filter(|loaded| loaded.network.samples.count > 0);
    let Some(loaded) = loaded.map(ByPtr) else {
        return html! {
            <div class="calibration-board">
                { registers }
                <Card name="parts" title={t!("calibration.parts.title").into_owned()}>
                    <p class="card-note card-empty">{ t!("calibration.no-samples") }</p>
                </Card>
            </div>
        };
    };
    let calibration = state.calibration.as_ref();
    let effect = calibration.map(|calibration| calibration.effect.clone());
    let effect = effect
        .filter(|effect| effect.layer == selection.layer && effect.otherwise.is_some())
        .map(ByPtr);
    let measure = agreement
        .as_ref()
        .and_then(|agreement| agreement.quality)
        .map(|quality| quality.measure);
    let mistakes = state.mistakes().map(ByPtr);
    html! {
        <div class="calibration-board">
            { registers }
            <WidthsCard widths={state.widths().map(ByPtr)} is_resting={state.losses.is_resting} task={Task::of(&shown.network)}
                {measure} {bits} dispatch={dispatch.clone()} />
            <PartsCard network={network.clone()} effect={effect.clone()} layer={selection.layer} {settings}
                is_demonstration={calibration.is_some_and(|calibration| calibration.is_demonstration)} dispatch={dispatch.clone()} />
            <ChannelsCard network={network.clone()} {effect} {selection} {settings} dispatch={dispatch.clone()} />
            <AdviceCard network={network} report={state.report().map(ByPtr)} advice={state.losses.advice.clone()} {settings}
                dispatch={dispatch.clone()} />
            <FlipsCard loaded={loaded.clone()} mistakes={mistakes.clone()} counts={counts.clone()} dispatch={dispatch.clone()} />
            <OverflowsCard {loaded} {mistakes} {counts} dispatch={dispatch.clone()} />
        </div>
    }
}
