//! A button that copies a text, and says whether it did.

use super::icon::{Glyph, Icon};
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use rust_i18n::t;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

/// What is copied.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The text.
    pub text: AttrValue,
    /// What the button says.
    pub label: AttrValue,
    /// More classes.
    #[prop_or_default]
    pub class: Classes,
    /// What it says instead of having copied, if something is amiss.
    #[prop_or_default]
    pub warning: Option<AttrValue>,
}

/// How long it says what it did, in ms.
const SAID: u32 = 2000;
/// The same if there is something to read.
const WARNED: u32 = 6000;

/// The button.
#[component]
pub fn CopyButton(props: &Props) -> Html {
    let said = use_state(|| None::<AttrValue>);
    let (text, warning) = (props.text.clone(), props.warning.clone());
    let onclick = {
        let said = said.setter();
        Callback::from(move |_: MouseEvent| {
            let (text, said, warning) = (text.clone(), said.clone(), warning.clone());
            spawn_local(async move {
                let copied = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
                said.set(Some(match (copied, warning) {
                    (Ok(_), None) => t!("header.copied").into_owned().into(),
                    (Ok(_), Some(warning)) => warning,
                    (Err(_), _) => t!("header.not-allowed").into_owned().into(),
                }));
            });
        })
    };
    let while_said = if props.warning.is_some() { WARNED } else { SAID };
    use_effect_with((*said).clone(), {
        let setter = said.setter();
        move |said| {
            let back = said
                .is_some()
                .then(|| Timeout::new(while_said, move || setter.set(None)));
            move || drop(back)
        }
    });
    html! {
        <button type="button" class={classes!("button", props.class.clone())} {onclick}>
            <Icon glyph={if said.is_some() { Glyph::Check } else { Glyph::Chain }} />
            <span aria-live="polite">{ (*said).clone().unwrap_or_else(|| props.label.clone()) }</span>
        </button>
    }
}
