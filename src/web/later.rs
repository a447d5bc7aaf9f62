//! JavaScript that few visitors need (`www/takeaway.js`, `www/keep.js`, `www/camera.js`): loaded when it is needed.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// Imports a module that lies beside the page (`www/boot.js`).
    #[wasm_bindgen(js_name = loadLater, catch)]
    fn load_later(file: &str) -> Result<Promise, JsValue>;
}

/// A module of the page's.
#[derive(Clone, Copy, Debug)]
pub enum Module {
    /// Pictures, tables and files to be saved.
    TakeAway,
    /// Files kept in this browser.
    Keep,
    /// The camera.
    Camera,
}

impl Module {
    const fn file(self) -> &'static str {
        match self {
            Self::TakeAway => "takeaway.js",
            Self::Keep => "keep.js",
            Self::Camera => "camera.js",
        }
    }

    /// Calls a function of it, and waits for what it returns.
    ///
    /// # Errors
    /// What went wrong, as the browser puts it: no network, no room, not allowed.
    pub async fn call(self, function: &str, arguments: &[JsValue]) -> Result<JsValue, String> {
        self.try_call(function, arguments).await.map_err(|error| {
            let message = Reflect::get(&error, &"message".into()).ok();
            message
                .and_then(|message| message.as_string())
                .filter(|message| !message.is_empty())
                .unwrap_or_else(|| format!("{error:?}"))
        })
    }

    async fn try_call(self, function: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
        let module = JsFuture::from(load_later(self.file())?).await?;
        let function: Function = Reflect::get(&module, &function.into())?.dyn_into()?;
        let arguments: Array = arguments.iter().collect();
        let returned = function.apply(&JsValue::UNDEFINED, &arguments)?;
        JsFuture::from(Promise::resolve(&returned)).await
    }
}
