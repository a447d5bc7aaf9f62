//! A card's menu: its picture and its tables as files.

use super::icon::{Glyph, Icon};
use crate::web::later::Module;
use gloo::timers::callback::Timeout;
use rust_i18n::t;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, Node};
use yew::prelude::*;

/// What it is about.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The card's title.
    pub title: AttrValue,
}

/// How long it says what it did, in ms.
const SAID: u32 = 2500;

/// What can be taken: how `www/takeaway.js` and the texts call it, and whether it takes a table.
const THINGS: [(&str, bool); 5] = [
    ("png", false),
    ("svg", false),
    ("csv", true),
    ("json", true),
    ("copy", true),
];

/// A button in the corner of its card, and the menu that it opens.
#[component]
pub fn TakeAway(props: &Props) -> Html {
    let place = use_node_ref();
    let is_open = use_state_eq(|| false);
    let has_table = use_state_eq(|| false);
    let said = use_state_eq(|| None::<String>);
    use_effect_with((*said).clone(), {
        let setter = said.setter();
        move |said| {
            let back = said
                .is_some()
                .then(|| Timeout::new(SAID, move || setter.set(None)));
            move || drop(back)
        }
    });
    let toggle = {
        let (place, open, table) = (place.clone(), is_open.clone(), has_table.setter());
        Callback::from(move |_: MouseEvent| {
            let table_here = card_of(&place).and_then(|card| card.query_selector("table").ok().flatten());
            table.set(table_here.is_some());
            open.set(!*open);
        })
    };
    let onkeydown = {
        let (place, open) = (place.clone(), is_open.setter());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                open.set(false);
                let button = place.cast::<Element>();
                let button = button.and_then(|place| place.query_selector("button").ok().flatten());
                if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                    // Fails only for what can't have the focus.
                    let _ = button.focus();
                }
            }
        })
    };
    let onfocusout = {
        let (place, open) = (place.clone(), is_open.setter());
        Callback::from(move |event: FocusEvent| {
            let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
            let inside = place.get().is_some_and(|place| place.contains(to.as_ref()));
            if !inside || to.is_none() {
                open.set(false);
            }
        })
    };
    let item = |(what, needs_table): (&'static str, bool)| {
        if needs_table && !*has_table {
            return Html::default();
        }
        let (place, open, said) = (place.clone(), is_open.setter(), said.setter());
        let onclick = Callback::from(move |_: MouseEvent| {
            let Some(card) = card_of(&place) else { return };
            let (open, said) = (open.clone(), said.clone());
            said.set(Some(t!("bring.take_busy").into_owned()));
            spawn_local(async move {
                let taken = Module::TakeAway
                    .call("take", &[card.into(), JsValue::from_str(what)])
                    .await;
                said.set(Some(match taken {
                    Ok(_) if what == "copy" => t!("bring.take_copied").into_owned(),
                    Ok(_) => t!("bring.take_saved").into_owned(),
                    Err(why) => t!("bring.take_failed", why = why).into_owned(),
                }));
                open.set(false);
            });
        });
        html! { <li><button type="button" class="menu-item" {onclick}>{ t!(format!("bring.take_{what}")) }</button></li> }
    };
    let label = t!("bring.take_label", title = &props.title);
    html! {
        <div class="take-away" ref={place.clone()} {onkeydown} {onfocusout}>
            <span class="take-said" role="status">{ (*said).clone() }</span>
            <button type="button" class="button button-icon button-quiet" aria-expanded={is_open.to_string()} aria-label={label.clone()}
                title={label} onclick={toggle}><Icon glyph={Glyph::Save} /></button>
            if *is_open { <ul class="menu">{ for THINGS.map(item) }</ul> }
        </div>
    }
}

fn card_of(place: &NodeRef) -> Option<Element> {
    place.cast::<Element>()?.closest(".card").ok().flatten()
}
