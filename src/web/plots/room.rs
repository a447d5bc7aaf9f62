//! How much room there is for a picture.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{HtmlElement, ResizeObserver};
use yew::prelude::*;

/// The width of an element's content in CSS pixels, followed as it changes; `otherwise` until it is known.
#[hook]
pub fn use_width(element: &NodeRef, otherwise: u32) -> u32 {
    let width = use_state_eq(|| otherwise);
    let setter = width.setter();
    use_effect_with(element.clone(), move |element| {
        let element = element.cast::<HtmlElement>();
        let measured = element.clone();
        let measure = move || {
            if let Some(element) = &measured {
                setter.set(element.client_width().max(0) as u32);
            }
        };
        measure();
        let resized = Closure::<dyn Fn()>::new(measure);
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(resized);
        }
    });
    *width
}
