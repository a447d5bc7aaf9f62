//! The run as files, and as a line for the terminal.

use super::DialogProps;
use crate::web::command::command_line;
use crate::web::components::copy::CopyButton;
use crate::web::components::dialog::DialogFrame;
use crate::web::later::Module;
use crate::web::state::{Action, BringAction, Notice, Sheet, dispatching};
use crate::web::worker::RunFile;
use js_sys::Uint8Array;
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// What can be taken away of the whole run.
#[component]
pub(super) fn RunFiles(props: &DialogProps) -> Html {
    let state = &props.state;
    use_saving(props);
    let fetching = state.bring.fetching.map(|(_, file)| file);
    let on_report = dispatching(&props.dispatch, |_: MouseEvent| {
        Action::Bring(BringAction::Open(Some(Sheet::Report)))
    });
    let file = |file: RunFile| {
        let onclick = dispatching(&props.dispatch, move |_: MouseEvent| {
            Action::Bring(BringAction::Fetch(file))
        });
        let is_busy = fetching == Some(file);
        html! {
            <li>
                <button type="button" class="button" {onclick} disabled={fetching.is_some() || state.shown.is_none()} aria-busy={is_busy.to_string()}>
                    { if is_busy { t!("bring.file_busy") } else { t!(format!("bring.file_{}", file.key())) } }
                </button>
                <span>{ t!(format!("bring.file_{}_text", file.key())) }</span>
            </li>
        }
    };
    let command = command_line(state);
    html! {
        <DialogFrame name="files" title={t!("bring.run").into_owned()} on_close={props.on_close.clone()}>
            <ul class="run-files">
                <li>
                    <button type="button" class="button button-accent" onclick={on_report} disabled={state.shown.is_none()}>{ t!("bring.report") }</button>
                    <span>{ t!("bring.report_text") }</span>
                </li>
                { for RunFile::ALL.map(file) }
            </ul>
            <h3 id="command-title">{ t!("bring.command") }</h3>
            <div class="command" tabindex="0" role="region" aria-labelledby="command-title"><code>{ &command }</code></div>
            <div class="button-row"><CopyButton text={command} label={t!("bring.command_copy").into_owned()} /></div>
            <p class="soft">{ t!("bring.privacy") }</p>
        </DialogFrame>
    }
}

/// Saves what the worker has made.
#[hook]
fn use_saving(props: &DialogProps) {
    let (state, dispatch) = (props.state.clone(), props.dispatch.clone());
    let delivered = state.bring.delivered.clone();
    // What was delivered before the dialog was opened is saved already.
    let before = use_mut_ref(|| delivered.as_ref().map(Rc::as_ptr));
    use_effect_with(delivered.as_ref().map(Rc::as_ptr), move |&now| {
        let is_new = before.replace(now) != now;
        if let Some(delivered) = delivered.filter(|_| is_new) {
            spawn_local(async move {
                let (file, bytes) = &*delivered;
                let name = format!("{}.{}", state.model_key(), file.ending());
                let bytes = Uint8Array::from(&bytes[..]);
                let arguments = [name.into(), bytes.into(), "application/octet-stream".into()];
                if let Err(why) = Module::TakeAway.call("saveFile", &arguments).await {
                    dispatch.dispatch(Action::Complain(Notice::error(t!("bring.no_file"), why)));
                }
            });
        }
    });
}
