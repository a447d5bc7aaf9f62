//! Handing files over to the browser.

use gloo::utils::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlElement, Url};

/// Lets the browser save some bytes as a file.
///
/// # Errors
/// Whatever the browser refuses.
pub fn save(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let bytes = js_sys::Uint8Array::from(bytes);
    let blob = Blob::new_with_u8_array_sequence(&js_sys::Array::of1(&bytes))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlElement = document().create_element("a")?.unchecked_into();
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    link.click();
    Url::revoke_object_url(&url)
}
