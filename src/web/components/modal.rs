//! A dialog over the page, which Escape closes.

use super::icon::{Glyph, Icon};
use rust_i18n::t;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// What it shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Tells it from other dialogs: in identifiers and styles.
    pub name: AttrValue,
    /// Its title.
    pub title: AttrValue,
    /// It is closed.
    pub on_close: Callback<()>,
    /// What is in it.
    pub children: Html,
}

/// The dialog; it is open for as long as it is there.
#[component]
pub fn Modal(props: &Props) -> Html {
    let dialog = use_node_ref();
    use_effect_with((), {
        let dialog = dialog.clone();
        move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Fails only if it is open already.
                let _ = dialog.show_modal();
            }
        }
    });
    let id = format!("{}-title", props.name);
    html! {
        <dialog class={classes!("modal", format!("modal-{}", props.name))} ref={dialog} aria-labelledby={id.clone()}
            onclose={props.on_close.reform(|_: Event| ())}>
            <header>
                <h2 {id}>{ &props.title }</h2>
                <button type="button" class="button button-icon button-quiet" aria-label={t!("teaching.close")}
                    onclick={props.on_close.reform(|_: MouseEvent| ())}><Icon glyph={Glyph::Cross} /></button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}
