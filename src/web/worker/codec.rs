//! Messages as JavaScript values: settings as small objects, long arrays as typed arrays.

use gloo_worker::Codec;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// serde-wasm-bindgen. Long arrays are [`Packed`](crate::simulate::Packed), which it copies whole.
#[derive(Debug)]
pub struct JsCodec;

impl Codec for JsCodec {
    fn encode<I: Serialize>(input: I) -> JsValue {
        // Both ends are this program, so a message that cannot be encoded is a bug of ours; the
        // panic hook tells the user.
        serde_wasm_bindgen::to_value(&input).expect("a message of this program can be encoded")
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        serde_wasm_bindgen::from_value(input).expect("a message of this program can be decoded")
    }
}
