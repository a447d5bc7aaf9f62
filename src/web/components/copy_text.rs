//! A button that copies a text, and says whether it did.

use super::icon::{Glyph, Icon};
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use rust_i18n::t;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

/// What it copies.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The text.
    pub text: AttrValue,
    /// What the button says.
    pub label: AttrValue,
}

/// How long it says what it did, in ms.
const SAID: u32 = 2000;

/// The button.
#[component]
pub fn CopyText(props: &Props) -> Html {
    let said = use_state(|| None::<bool>);
    let onclick = {
        let (text, said) = (props.text.clone(), said.setter());
        Callback::from(move |_: MouseEvent| {
            let (text, said) = (text.clone(), said.clone());
            spawn_local(async move {
                let copied = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
                said.set(Some(copied.is_ok()));
            });
        })
    };
    use_effect_with(*said, {
        let setter = said.setter();
        move |said| {
            let back = said
                .is_some()
                .then(|| Timeout::new(SAID, move || setter.set(None)));
            move || drop(back)
        }
    });
    let words = match *said {
        None => props.label.to_string(),
        Some(true) => t!("header.copied").into_owned(),
        Some(false) => t!("header.not-allowed").into_owned(),
    };
    html! {
        <button type="button" class="button" {onclick}>
            <Icon glyph={if *said == Some(true) { Glyph::Check } else { Glyph::Chain }} /><span aria-live="polite">{ words }</span>
        </button>
    }
}
