//! The register's width as a line across a picture, which can be dragged and moved by keys.

use crate::settings::setting;
use crate::web::state::{Action, Dispatch};
use rust_i18n::t;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What [`WidthLine`] takes.
#[derive(Properties, PartialEq)]
pub struct WidthLineProps {
    /// The register's width.
    pub bits: u8,
    /// The width at the left end.
    pub from: u8,
    /// The width at the right end.
    pub to: u8,
    /// What it is called, where the picture stands.
    pub label: AttrValue,
    /// Takes another width.
    pub dispatch: Dispatch,
}

/// The line: a slider as high as the picture that it lies over.
#[component]
pub fn WidthLine(props: &WidthLineProps) -> Html {
    let dispatch = props.dispatch.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let value = event.target_unchecked_into::<HtmlInputElement>().value();
        if let Ok(setting) = setting("register-bits") {
            dispatch.dispatch(Action::Set(setting, value));
        }
    });
    let share = f64::from(props.bits.saturating_sub(props.from)) / f64::from(props.to - props.from);
    html! {
        <div class="width-line" style={format!("--at:{:.2}%", share.min(1.0) * 100.0)}>
            <span class="width-flag" aria-hidden="true">{ t!("calibration.bits", bits = props.bits) }</span>
            <input type="range" min={props.from.to_string()} max={props.to.to_string()} step="1" value={props.bits.to_string()}
                aria-label={props.label.clone()} aria-valuetext={t!("calibration.bits", bits = props.bits)} {oninput} />
        </div>
    }
}
