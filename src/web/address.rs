//! Keeps the browser's address and the state the same, both ways.

use super::link::Link;
use super::state::{Action, State};
use crate::settings::Settings;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;
use yew::prelude::*;

/// A change is written when it has rested for so long, in ms: browsers slow down pages that write more often.
const REST: u32 = 400;

/// What the address asks for now, and what is wrong with it.
pub fn read() -> (Link, Vec<String>) {
    let query = query();
    // Fails only for what is no string.
    let Ok(parameters) = UrlSearchParams::new_with_str(&query) else {
        return Default::default();
    };
    let text = |pair: &Array, at: u32| pair.get(at).as_string().unwrap_or_default();
    let pairs: Vec<(String, String)> = Array::from(&parameters)
        .iter()
        .map(|pair| Array::from(&pair))
        .map(|pair| (text(&pair, 0), text(&pair, 1)))
        .collect();
    Link::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

fn query() -> String {
    window().location().search().unwrap_or_default()
}

/// Whether the address asks for a model, a sample or settings.
pub fn has_own_state() -> bool {
    let (link, _) = read();
    link.model.is_some()
        || link.sample.is_some()
        || link.own_sample.is_some()
        || link.settings != Settings::default()
}

/// Writes the address's end, `#` included, in place of the present one.
pub fn write_fragment(fragment: &str) {
    let location = window().location();
    if let Ok(history) = window().history()
        && location.hash().unwrap_or_default() != fragment
    {
        let path = location.pathname().unwrap_or_default();
        let address = format!("{path}{}{fragment}", query());
        // Fails only for addresses of another origin.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// The whole address of a link.
pub fn address_of(link: &Link) -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    format!("{origin}{path}{}", link.to_query())
}

/// Writes what the state says into the address, and follows where the browser goes back or forward.
#[hook]
pub fn use_address(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    use_effect_with((), move |()| {
        let listener = EventListener::new(&window(), "popstate", move |_| {
            let (link, problems) = read();
            dispatch.dispatch(Action::Follow(link, problems));
        });
        move || drop(listener)
    });
    let is_ready = state.shown.is_some() && !state.is_loading;
    use_effect_with((is_ready, state.link()), |(is_ready, link)| {
        let link = link.clone();
        let rest = is_ready.then(|| Timeout::new(REST, move || write(&link)));
        move || drop(rest)
    });
}

/// Adds to the browser's history; replaces the entry if only a part of the page has something else to say.
fn write(link: &Link) {
    let link = &link.shortened();
    if query() == link.to_query() {
        return;
    }
    let Ok(history) = window().history() else { return };
    let hash = window().location().hash().unwrap_or_default();
    let address = format!("{}{hash}", address_of(link));
    let (now, _) = read();
    // Both fail only for addresses of another origin.
    let _ = if now.without_parts() == link.without_parts() {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&address))
    } else {
        history.push_state_with_url(&JsValue::NULL, "", Some(&address))
    };
}
