//! A moment between two portions of work, in which the page's messages come in.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type MessageChannel;
    #[wasm_bindgen(constructor)]
    fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> Port;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> Port;

    type Port;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &Port, listener: &Function);
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &Port, message: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &Port);
}

/// Waits for a message of our own, which comes behind those that are there already. A timer would wait longer: at
/// least 4 ms, when one follows the other.
pub(super) async fn pause() {
    let channel = MessageChannel::new();
    let passed = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(&resolve);
        channel.port2().post_message(&JsValue::NULL);
    });
    // It is never rejected.
    let _ = JsFuture::from(passed).await;
    channel.port1().close();
}
