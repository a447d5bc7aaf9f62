//! A "?" that explains: by hover, focus, touch and screen reader.

use super::glossary::open_at;
use crate::web::glossary;
use rust_i18n::t;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};
use yew::prelude::*;

/// What it explains.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The thing, for the button's name.
    pub about: AttrValue,
    /// A name for the explanation that no other element has.
    pub id: AttrValue,
    /// The word of the glossary that says more.
    #[prop_or_default]
    pub term: Option<&'static str>,
    /// The explanation.
    pub children: Html,
}

/// The button and its explanation, which Escape hides.
#[component]
pub fn Toggletip(props: &Props) -> Html {
    let tip = use_tip();
    let link = props.term.and_then(glossary::find).map(|term| {
        let onclick = Callback::from(|_: MouseEvent| open_at(term.key));
        html! {
            <button type="button" class="tip-link" {onclick}>{ t!("glossary.link", term = term.name()) }</button>
        }
    });
    // What has a link is more than a description.
    let role = if link.is_some() { "note" } else { "tooltip" };
    html! {
        <span class="tip" onmouseenter={tip.show.reform(|_| ())} onmouseleave={tip.onmouseleave.clone()}
            onfocusin={tip.show.reform(|_| ())} onfocusout={tip.onfocusout.clone()} onkeydown={tip.onkeydown.clone()}>
            <button type="button" class="tip-button" aria-label={t!("tip.about", name = props.about)}
                aria-describedby={props.id.clone()} onclick={tip.show.reform(|_| ())}>{ "?" }</button>
            <span class={tip.class()} id={props.id.clone()} {role}>{ props.children.clone() }{ link }</span>
        </span>
    }
}

/// Whether an explanation is shown, and what shows and hides it.
pub(super) struct Tip {
    is_open: bool,
    pub show: Callback<()>,
    /// Hides it when the pointer leaves, unless the keyboard has reached it.
    pub onmouseleave: Callback<MouseEvent>,
    /// Hides it when the focus leaves for good, not for a link inside.
    pub onfocusout: Callback<FocusEvent>,
    /// Escape hides it, and gives the focus back from a link inside.
    pub onkeydown: Callback<KeyboardEvent>,
}

impl Tip {
    /// The classes of the explanation.
    pub fn class(&self) -> Classes {
        classes!("tip-text", self.is_open.then_some("tip-open"))
    }
}

/// An explanation that is shown while the pointer or the focus is on what it explains.
#[hook]
pub(super) fn use_tip() -> Tip {
    let is_open = use_state_eq(|| false);
    let set = |open: bool| {
        let setter = is_open.setter();
        Callback::from(move |()| setter.set(open))
    };
    let (show, hide) = (set(true), set(false));
    let onfocusout = {
        let hide = hide.clone();
        Callback::from(move |event: FocusEvent| {
            let next = event
                .related_target()
                .and_then(|next| next.dyn_into::<Node>().ok());
            if !place_of(&event).is_some_and(|place| place.contains(next.as_ref())) {
                hide.emit(());
            }
        })
    };
    let onmouseleave = {
        let hide = hide.clone();
        // What moves away from under a resting pointer is left by it as well. A link inside that has the focus would
        // lose it by being hidden.
        Callback::from(move |event: MouseEvent| {
            if place_of(&event).is_none_or(|place| find(&place, ":focus-visible").is_none()) {
                hide.emit(());
            }
        })
    };
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            let place = place_of(&event).filter(|place| find(place, ".tip-text :focus").is_some());
            let button = place.and_then(|place| find(&place, ".tip-button")?.dyn_into::<HtmlElement>().ok());
            if let Some(button) = button {
                // Fails only for what can't have the focus.
                let _ = button.focus();
            }
            hide.emit(());
        }
    });
    Tip {
        is_open: *is_open,
        show,
        onmouseleave,
        onfocusout,
        onkeydown,
    }
}

/// Button and explanation that an event came from. Events are listened to at the page's root, which is their current
/// target.
fn place_of(event: &Event) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(".tip, .hinted").ok().flatten()
}

fn find(place: &Element, selector: &str) -> Option<Element> {
    place.query_selector(selector).ok().flatten()
}
