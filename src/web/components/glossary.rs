//! The glossary: a dialog with every word, which the address can open (`#glossary=register`).

use super::equation::Equation;
use super::icon::{Glyph, Icon};
use crate::web::glossary::{GLOSSARY, Term, asked, find};
use gloo::events::EventListener;
use gloo::utils::{document, window};
use rust_i18n::t;
use wasm_bindgen::JsValue;
use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

/// The button that opens it, and the dialog.
#[component]
pub fn Glossary() -> Html {
    // `None` is closed; the word that it opens with, if any.
    let open = use_state_eq(opening);
    use_effect_with((), {
        let open = open.setter();
        move |()| {
            let listener = EventListener::new(&window(), "hashchange", move |_| {
                if let Some(key) = opening() {
                    open.set(Some(key));
                }
            });
            move || drop(listener)
        }
    });
    let set = open.setter();
    let onclick = Callback::from({
        let set = set.clone();
        move |_: MouseEvent| set.set(Some(None))
    });
    let on_close = Callback::from({
        let set = set.clone();
        move |()| {
            forget_fragment();
            set.set(None);
        }
    });
    let on_term = Callback::from(move |key| set.set(Some(Some(key))));
    html! {
        <>
            <button type="button" class="button button-icon" aria-haspopup="dialog" aria-label={t!("glossary.open")}
                title={t!("glossary.open")} {onclick}><Icon glyph={Glyph::Book} /></button>
            if let Some(term) = *open { <Words {term} {on_term} {on_close} /> }
        </>
    }
}

/// What the address asks for: `Some` if the glossary, with the key of a word if one is named.
fn opening() -> Option<Option<&'static str>> {
    let fragment = window().location().hash().ok()?;
    asked(&fragment).map(|term| term.map(|term| term.key))
}

/// The address speaks of the glossary no more, without a step in the browser's history.
fn forget_fragment() {
    let location = window().location();
    let is_asked = location.hash().is_ok_and(|fragment| asked(&fragment).is_some());
    if let (true, Ok(history)) = (is_asked, window().history()) {
        let path = location.pathname().unwrap_or_default();
        let address = format!("{path}{}", location.search().unwrap_or_default());
        // Fails only for addresses of another origin.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

#[derive(Properties, PartialEq)]
struct WordsProps {
    /// The word to begin with.
    term: Option<&'static str>,
    /// Another one was followed.
    on_term: Callback<&'static str>,
    on_close: Callback<()>,
}

/// All words, or those that hold what is looked for.
#[component]
fn Words(props: &WordsProps) -> Html {
    let dialog = use_node_ref();
    let wanted = use_state_eq(String::new);
    use_effect_with((), {
        let dialog = dialog.clone();
        move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Fails only if it is open already.
                let _ = dialog.show_modal();
            }
        }
    });
    use_effect_with(props.term, |term| {
        let place = term.and_then(|key| document().get_element_by_id(&place_id(key)));
        if let Some(place) = place {
            place.scroll_into_view();
            if let Some(name) = place.query_selector("dt").ok().flatten() {
                // Those who hear the page go on from the word.
                let name: web_sys::HtmlElement = wasm_bindgen::JsCast::unchecked_into(name);
                let _ = name.focus();
            }
        }
    });
    let oninput = Callback::from({
        let wanted = wanted.setter();
        move |event: InputEvent| wanted.set(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    let follow = {
        let (on_term, wanted) = (props.on_term.clone(), wanted.setter());
        Callback::from(move |key: &'static str| {
            // The word may be one that the filter hides.
            wanted.set(String::new());
            on_term.emit(key);
        })
    };
    let found: Vec<&Term> = GLOSSARY.iter().filter(|term| term.matches(&wanted)).collect();
    let word = |term: &&Term| view(term, props.term == Some(term.key), &follow);
    let onclose = props.on_close.reform(|_: Event| ());
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <dialog class="glossary" ref={dialog} {onclose} aria-labelledby="glossary-title">
            <div class="glossary-head">
                <h2 id="glossary-title">{ t!("glossary.title") }</h2>
                <input type="search" value={(*wanted).clone()} placeholder={t!("glossary.search")}
                    aria-label={t!("glossary.search")} autocomplete="off" {oninput} />
                <button type="button" class="button button-icon button-quiet" aria-label={t!("glossary.close")} onclick={close}>
                    <Icon glyph={Glyph::Cross} />
                </button>
            </div>
            <p class="visually-hidden" role="status">{ t!("glossary.found", number = found.len()) }</p>
            if found.is_empty() {
                <p class="soft">{ t!("glossary.none", text = wanted.trim()) }</p>
            }
            <dl tabindex="0" aria-labelledby="glossary-title">{ for found.iter().map(word) }</dl>
        </dialog>
    }
}

fn place_id(key: &str) -> String {
    format!("term-{key}")
}

fn view(term: &Term, is_chosen: bool, follow: &Callback<&'static str>) -> Html {
    let others = term.see.iter().filter_map(|key| find(key));
    let links = others.enumerate().map(|(index, other)| {
        let key = other.key;
        let onclick = follow.reform(move |_: MouseEvent| key);
        html! { <>{ if index > 0 { " · " } else { "" } }<button type="button" {onclick}>{ other.name() }</button></> }
    });
    html! {
        <div key={term.key} id={place_id(term.key)} class={is_chosen.then_some("is-chosen")}>
            <dt tabindex="-1">{ term.name() }</dt>
            <dd>
                <p>{ term.text() }</p>
                if !term.equation.is_empty() { <Equation plain={term.equation} /> }
                <p class="soft">{ t!("glossary.see") }{ for links }</p>
            </dd>
        </div>
    }
}

/// Opens the glossary at a word, from anywhere.
pub fn open_at(key: &str) {
    // Can't fail: a fragment may be anything.
    let _ = window().location().set_hash(&format!("glossary={key}"));
}
