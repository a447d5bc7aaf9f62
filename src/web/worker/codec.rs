//! Messages as bytes.

use gloo_worker::Codec;
use js_sys::Uint8Array;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

/// [Postcard](https://postcard.jamesmunns.com): fields in order, without names, so that the code that reads them is
/// small. Long arrays are [`Packed`](crate::simulate::Packed), which it copies whole.
#[derive(Debug)]
pub struct Postcard;

impl Codec for Postcard {
    fn encode<I: Serialize>(input: I) -> JsValue {
        // Both ends are this program, so a message that cannot be encoded is a bug of ours; the
        // panic hook tells the user.
        pack(&input).expect("a message of this program can be encoded")
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        unpack(&input).expect("a message of this program can be decoded")
    }
}

/// A value as a typed array of bytes; `None` if it holds something that has no such form.
pub fn pack(value: &impl Serialize) -> Option<JsValue> {
    let bytes = postcard::to_stdvec(value).ok()?;
    Some(Uint8Array::from(bytes.as_slice()).into())
}

/// The value that such an array holds; `None` if it is another one's.
pub fn unpack<T: DeserializeOwned>(value: &JsValue) -> Option<T> {
    let bytes = value.dyn_ref::<Uint8Array>()?.to_vec();
    postcard::from_bytes(&bytes).ok()
}
