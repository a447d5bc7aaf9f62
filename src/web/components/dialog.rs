//! A dialog over the page.

use super::icon::{Glyph, Icon};
use rust_i18n::t;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// What it frames.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Tells it from other dialogs.
    pub name: AttrValue,
    /// Its title.
    pub title: AttrValue,
    /// What it says.
    pub children: Html,
    /// It is closed.
    pub on_close: Callback<()>,
}

/// A titled dialog. Escape and its button close it.
#[component]
pub fn DialogFrame(props: &Props) -> Html {
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
    let onclose = props.on_close.reform(|_: Event| ());
    let onclick = props.on_close.reform(|_: MouseEvent| ());
    let id = format!("{}-dialog-title", props.name);
    html! {
        <dialog class={classes!("dialog", format!("{}-dialog", props.name))} ref={dialog} {onclose} aria-labelledby={id.clone()}>
            <header>
                <h2 {id}>{ &props.title }</h2>
                <button type="button" class="button button-icon button-quiet" aria-label={t!("bring.close")} {onclick}>
                    <Icon glyph={Glyph::Cross} />
                </button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}
