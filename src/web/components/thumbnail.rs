//! A sample as crisp pixels.

use crate::web::palette::{Palette, use_palette};
use crate::web::picture::Frame;
use std::rc::Rc;
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};
use yew::prelude::*;

/// What is drawn.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// One byte per pixel: 255 is full ink.
    pub pixels: Rc<[u8]>,
    /// Their rows and columns.
    pub frame: Frame,
}

/// A canvas with one pixel per value; its size on screen is up to the style sheet.
#[component]
pub fn Thumbnail(props: &Props) -> Html {
    let canvas = use_node_ref();
    let palette = use_palette();
    use_effect_with((props.pixels.clone(), props.frame, palette), {
        let canvas = canvas.clone();
        move |(pixels, frame, palette)| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                // A canvas that can't be drawn on stays empty: the caption says what it would show.
                let _ = paint(&canvas, pixels, *frame, palette);
            }
        }
    });
    let (width, height) = (props.frame.width.to_string(), props.frame.height.to_string());
    html! { <canvas class="thumbnail" ref={canvas} {width} {height} aria-hidden="true" /> }
}

fn paint(canvas: &HtmlCanvasElement, pixels: &[u8], frame: Frame, palette: &Palette) -> Result<(), JsValue> {
    let context = canvas
        .get_context("2d")?
        .ok_or(JsValue::NULL)?
        .unchecked_into::<CanvasRenderingContext2d>();
    let (ink, size) = (palette.ink, frame.width * frame.height);
    let rgba: Vec<u8> = pixels
        .iter()
        .take(size)
        .flat_map(|&value| [ink.0, ink.1, ink.2, value])
        .collect();
    let image = ImageData::new_with_u8_clamped_array(Clamped(&rgba), frame.width as u32)?;
    context.put_image_data(&image, 0.0, 0.0)
}
