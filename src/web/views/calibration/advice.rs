//! What the report says of every layer, and the way back from its advice.

use super::super::findings::Findings;
use crate::explore::ConversionReport;
use crate::explore::report::Remedy;
use crate::settings::Settings;
use crate::web::components::Card;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Advice, CalibrationAction, Dispatch};
use crate::web::worker::NetworkView;
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// What [`AdviceCard`] takes.
#[derive(Properties, PartialEq)]
pub struct AdviceProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The report; `None` while it is being worked out.
    pub report: Option<ByPtr<ConversionReport>>,
    /// The advice that was taken last.
    pub advice: Option<Rc<Advice>>,
    /// The settings.
    pub settings: Settings,
    /// To take advice.
    pub dispatch: Dispatch,
}

/// Findings with their remedies.
#[component]
pub fn AdviceCard(props: &AdviceProps) -> Html {
    let on_layer = use_callback(props.dispatch.clone(), |layer, dispatch| {
        dispatch.dispatch(Action::SelectLayer(layer));
    });
    let on_remedy = use_callback(props.dispatch.clone(), |remedy: Remedy, dispatch| {
        dispatch.dispatch(Action::Calibration(CalibrationAction::Take(remedy)));
    });
    let dispatch = props.dispatch.clone();
    let back = Callback::from(move |_: MouseEvent| {
        dispatch.dispatch(Action::Calibration(CalibrationAction::TakeBack));
    });
    let taken = props
        .advice
        .as_ref()
        .filter(|advice| advice.setting(&props.settings).is_some());
    html! {
        <Card name="advice" title={t!("calibration.advice.title").into_owned()}>
            <p class="card-note">{ t!("calibration.advice.note") }</p>
            if let Some(advice) = taken {
                <p class="advice-taken" role="status">
                    <span>{ t!("calibration.advice.taken", setting = advice.remedy.key, before = advice.before, after = advice.remedy.value) }</span>
                    <button type="button" class="button button-small" onclick={back}>
                        { t!("calibration.advice.back", before = advice.before) }
                    </button>
                </p>
            }
            <Findings network={props.network.clone()} report={props.report.clone()} {on_layer} {on_remedy} />
        </Card>
    }
}
