//! Keeps the files that the user has opened in this browser, so that a reload finds them.

use crate::web::later::Module;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, BringAction, Kept, ModelChoice, Named, State};
use crate::web::worker::{DataFiles, ModelFile};
use gloo::utils::window;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Larger files are asked for again, in bytes.
const LARGEST: usize = 32 << 20;

const MODEL: &str = "model";
const DATA: &str = "data";

/// Keeps what is in use, and looks for what the address names.
#[hook]
pub fn use_kept(state: &UseReducerHandle<State>) {
    use_effect_with(state.load_in_use().map(ByPtr), |load| {
        let Some(load) = load else { return };
        if matches!(load.choice, ModelChoice::Opened(_)) && load.model.bytes.len() <= LARGEST {
            keep(MODEL, &*load.model);
        }
        let own = load.data.as_ref().filter(|data| data.is_own);
        if let Some(data) = own.filter(|data| data.files.samples.len() <= LARGEST) {
            keep(DATA, &data.files);
        }
    });
    let dispatch = state.dispatcher();
    let wanted = state.linked.files.clone().filter(|_| state.gallery.is_some());
    use_effect_with(wanted, move |wanted| {
        let Some(Named { model, data }) = wanted.clone() else {
            return;
        };
        spawn_local(async move {
            let model = match model {
                Some(name) => find(MODEL, |file: &ModelFile| file.name == name).await,
                None => None,
            };
            let data = match data {
                Some(name) => find(DATA, |files: &DataFiles| files.name == name).await,
                None => None,
            };
            dispatch.dispatch(Action::Bring(BringAction::KeptCame(Kept { model, data })));
        });
    });
}

/// Without storage, or without room in it, the file is asked for again. What is kept outlives this version of the
/// program, so it is an object with named fields rather than a message's bytes.
fn keep(key: &'static str, value: &impl Serialize) {
    let Ok(value) = value.serialize(&Serializer::new()) else {
        return;
    };
    spawn_local(async move {
        let _ = Module::Keep.call("keep", &[key.into(), value]).await;
    });
}

async fn find<T: DeserializeOwned>(key: &str, is_it: impl Fn(&T) -> bool) -> Option<T> {
    let found = Module::Keep.call("find", &[JsValue::from_str(key)]).await.ok()?;
    let value: T = serde_wasm_bindgen::from_value(found).ok()?;
    is_it(&value).then_some(value)
}

/// Forgets what was kept, and opens the page as a newcomer sees it.
pub fn start_afresh() {
    spawn_local(async move {
        // Without storage there is nothing to forget.
        let _ = Module::Keep.call("forget", &[]).await;
        let location = window().location();
        let path = location.pathname().unwrap_or_default();
        // Fails for no path of this page.
        let _ = location.assign(&path);
    });
}
