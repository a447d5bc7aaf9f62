//! The whole page takes files that are dropped on it.

use super::icon::{Glyph, Icon};
use rust_i18n::t;
use wasm_bindgen::JsCast;
use web_sys::{File, Node};
use yew::prelude::*;

/// What is inside, and what happens to files.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The page.
    pub children: Html,
    /// A file was dropped.
    pub on_file: Callback<File>,
}

/// A root element that shows where a dragged file may be dropped.
#[component]
pub fn DropZone(props: &Props) -> Html {
    let is_over = use_state_eq(|| false);
    let set = is_over.setter();
    let ondragover = Callback::from({
        let set = set.clone();
        move |event: DragEvent| {
            if carries_files(&event) {
                event.prevent_default();
                set.set(true);
            }
        }
    });
    let ondragleave = Callback::from({
        let set = set.clone();
        move |event: DragEvent| {
            // Going from one element of the page to another is no leaving.
            let inside = event
                .related_target()
                .and_then(|target| target.dyn_into::<Node>().ok());
            if inside.is_none() {
                set.set(false);
            }
        }
    });
    let ondrop = {
        let on_file = props.on_file.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            set.set(false);
            let files = event.data_transfer().and_then(|transfer| transfer.files());
            if let Some(file) = files.and_then(|files| files.get(0)) {
                on_file.emit(file);
            }
        })
    };
    html! {
        <div class="page" {ondragover} {ondragleave} {ondrop}>
            { props.children.clone() }
            if *is_over {
                <div class="drop-hint" aria-hidden="true">
                    <div><Icon glyph={Glyph::Upload} /><strong>{ t!("drop.title") }</strong>
                    <span>{ t!("drop.what") }</span><span>{ t!("bring.privacy_short") }</span></div>
                </div>
            }
        </div>
    }
}

fn carries_files(event: &DragEvent) -> bool {
    let types = event.data_transfer().map(|transfer| transfer.types());
    types.is_some_and(|types| types.includes(&"Files".into(), 0))
}
