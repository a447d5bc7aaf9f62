//! Which network: one of the gallery, or the user's own.

use super::hint::Hint;
use super::icon::{Glyph, Icon};
use crate::web::gallery::{Gallery, GalleryQuality};
use crate::web::state::ModelChoice;
use crate::web::tables::{model_about, model_title};
use crate::web::verdict::{name_of, value_in_words};
use crate::web::worker::ModelFile;
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What can be chosen and what is.
#[derive(Properties)]
pub struct Props {
    /// The shipped models, once they are known.
    pub gallery: Option<Rc<Gallery>>,
    /// The user's own.
    pub opened: Vec<Rc<ModelFile>>,
    /// The choice.
    pub wanted: Option<ModelChoice>,
    /// Another choice.
    pub on_choose: Callback<ModelChoice>,
    /// A file.
    pub on_file: Callback<File>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        // Opened models are only ever added.
        self.opened.len() == other.opened.len()
            && self.gallery.is_some() == other.gallery.is_some()
            && self.wanted == other.wanted
    }
}

/// A list of networks and a button for more.
#[component]
pub fn NetworkPicker(props: &Props) -> Html {
    let entries = entries(props);
    let chosen = entries
        .iter()
        .find(|entry| Some(&entry.choice) == props.wanted.as_ref());
    let about = chosen.and_then(|entry| entry.about.clone());
    let onchange = {
        let choices: Vec<ModelChoice> = entries.iter().map(|entry| entry.choice.clone()).collect();
        let on_choose = props.on_choose.clone();
        Callback::from(move |event: Event| {
            let select = event.target_unchecked_into::<HtmlSelectElement>();
            let index = usize::try_from(select.selected_index()).ok();
            if let Some(choice) = index.and_then(|index| choices.get(index)) {
                on_choose.emit(choice.clone());
            }
        })
    };
    let option = |entry: &Entry| {
        let selected = Some(&entry.choice) == props.wanted.as_ref();
        html! { <option {selected}>{ &entry.title }</option> }
    };
    html! {
        <section class="group group-network">
            <div class="group-head">
                <h2 id="network-title">{ t!("network-picker.title") }</h2>
                <Hint name="network" about={t!("network-picker.title").into_owned()} />
            </div>
            <div class="network-row">
                <div class="select">
                    <select {onchange} aria-labelledby="network-title" disabled={entries.is_empty()}>
                        if entries.is_empty() { <option>{ t!("network-picker.loading") }</option> }
                        { for entries.iter().map(option) }
                    </select>
                    <Icon glyph={Glyph::Down} />
                </div>
                <FileButton accept=".onnx,.tflite" label={t!("network-picker.open").into_owned()} name={t!("network-picker.open-name").into_owned()} on_file={props.on_file.clone()} />
            </div>
            <p class="privacy">{ t!("bring.privacy_short") }</p>
            if let Some((sentence, quality)) = about {
                <p class="about">{ sentence }<span>{ quality }</span></p>
            }
        </section>
    }
}

struct Entry {
    choice: ModelChoice,
    title: String,
    /// A sentence, and how good it is.
    about: Option<(String, String)>,
}

fn entries(props: &Props) -> Vec<Entry> {
    let shipped = props
        .gallery
        .iter()
        .flat_map(|gallery| &gallery.models)
        .map(|model| Entry {
            choice: ModelChoice::Gallery(model.id.clone()),
            title: model_title(model),
            about: Some((model_about(model), quality(&model.quality))),
        });
    let opened = props.opened.iter().enumerate().map(|(index, file)| Entry {
        choice: ModelChoice::Opened(index),
        title: file.name.clone(),
        about: None,
    });
    shipped.chain(opened).collect()
}

/// `accuracy 98.5 %, before quantization 98.6 %`
fn quality(quality: &GalleryQuality) -> String {
    let words = |value| value_in_words(quality.measure, value);
    t!(
        "network-picker.quality",
        measure = name_of(quality.measure),
        quantized = words(quality.quantized),
        float = words(quality.float)
    )
    .into_owned()
}

/// What a [`FileButton`] takes.
#[derive(Properties, PartialEq)]
pub struct FileButtonProps {
    /// Endings and types of files.
    pub accept: AttrValue,
    /// Its label.
    pub label: AttrValue,
    /// A longer one, for those who hear it or point at it.
    pub name: AttrValue,
    /// A file was chosen.
    pub on_file: Callback<File>,
    /// A drawing before its label.
    #[prop_or_default]
    pub glyph: Option<Glyph>,
}

/// A button that opens the system's dialog for files.
#[component]
pub fn FileButton(props: &FileButtonProps) -> Html {
    let input = use_node_ref();
    let onchange = {
        let on_file = props.on_file.clone();
        Callback::from(move |event: Event| {
            let Some(input) = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
            else {
                return;
            };
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                on_file.emit(file);
            }
            // So that the same file can be chosen again.
            input.set_value("");
        })
    };
    let onclick = {
        let input = input.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(input) = input.cast::<HtmlInputElement>() {
                input.click();
            }
        })
    };
    html! {
        <>
            <input ref={input} type="file" hidden=true accept={props.accept.clone()} {onchange} aria-label={props.name.clone()} />
            <button type="button" class="button" {onclick} aria-label={props.name.clone()} title={props.name.clone()}>
                if let Some(glyph) = props.glyph { <Icon {glyph} /> }
                { props.label.clone() }
            </button>
        </>
    }
}
