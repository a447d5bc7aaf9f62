//! Files that the user opens or drops: models, pictures and arrays.

use super::picture::{Frame, Ink, channels};
use super::state::{Action, Dispatch, Loaded, Notice, SampleChoice, Source};
use super::worker::ModelFile;
use crate::import::dataset::{channels_first, count_channels_last};
use gloo::utils::{document, window};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CanvasRenderingContext2d, File, HtmlCanvasElement, ImageBitmap};
use yew::Callback;

/// More pixels than this along a side are halved and halved again by the browser.
const LARGEST_SIDE: f64 = 512.0;
/// Larger files are refused before they are read.
const LARGEST_FILE: f64 = 256.0 * 1024.0 * 1024.0;

/// Opens files for the model in use.
pub fn opener(loaded: Option<Rc<Loaded>>, dispatch: &Dispatch) -> Callback<File> {
    let dispatch = dispatch.clone();
    Callback::from(move |file: File| open(file, loaded.clone(), dispatch.clone()))
}

/// Opens a file: `.onnx` and `.tflite` as a model, `.npy` and pictures as a sample of the model in use.
fn open(file: File, loaded: Option<Rc<Loaded>>, dispatch: Dispatch) {
    spawn_local(async move {
        let name = file.name();
        match read(file, loaded).await {
            Ok(action) => dispatch.dispatch(action),
            Err(why) => dispatch.dispatch(Action::Complain(Notice::error(
                format!("{name} can't be opened"),
                why,
            ))),
        }
    });
}

async fn read(file: File, loaded: Option<Rc<Loaded>>) -> Result<Action, String> {
    if file.size() > LARGEST_FILE {
        return Err("it has more than 256 MB; open a smaller file".to_owned());
    }
    let name = file.name();
    let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
    let needs_model = || {
        loaded
            .clone()
            .ok_or("there is no model yet to show it to; open a model first")
    };
    match ending.as_str() {
        "onnx" | "tflite" => Ok(Action::Open(ModelFile {
            bytes: bytes_of(file).await?.into(),
            name,
        })),
        "npy" => {
            let values = array(&bytes_of(file).await?, &*needs_model()?)?;
            Ok(Action::Pick(SampleChoice::drawn(values, Source::File(name))))
        }
        _ if file.type_().starts_with("image/") => {
            let values = picture(&file, &*needs_model()?).await?;
            Ok(Action::Pick(SampleChoice::drawn(values, Source::File(name))))
        }
        _ => Err(
            "it is neither a model (.onnx, .tflite), nor a picture (.png, .jpg), nor an array (.npy)"
                .to_owned(),
        ),
    }
}

async fn bytes_of(file: File) -> Result<Vec<u8>, String> {
    let file = gloo::file::File::from(file);
    gloo::file::futures::read_as_bytes(&file)
        .await
        .map_err(|error| format!("the browser can't read it: {error}"))
}

/// The first sample of an array of numbers.
fn array(bytes: &[u8], loaded: &Loaded) -> Result<Vec<f32>, String> {
    let unreadable =
        |error: std::io::Error| format!("it can't be read as an array ({error}); save it with numpy.save");
    let file = npyz::NpyFile::new(bytes).map_err(unreadable)?;
    let shape: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
    let (input, wanted) = (loaded.input_shape(), loaded.input_len());
    if file.order() != npyz::Order::C {
        return Err("it is stored column by column; save it with numpy.ascontiguousarray".to_owned());
    }
    let kind = file.dtype().descr();
    let kind = kind.trim_matches(['\'', '"']);
    let values = match kind {
        "<f4" => numbers(file, |value: f32| value),
        "<f8" => numbers(file, |value: f64| value as f32),
        "<i8" => numbers(file, |value: i64| value as f32),
        "<i4" => numbers(file, |value: i32| value as f32),
        "|i1" => numbers::<i8>(file, f32::from),
        "|u1" => numbers::<u8>(file, f32::from),
        other => {
            return Err(format!(
                "it holds values of the type {other}; save it as float32 (numpy's astype('float32'))"
            ));
        }
    };
    let values = values.map_err(unreadable)?;
    if !values.iter().all(|value| value.is_finite()) {
        return Err("it holds values that are not finite; replace NaN and infinity by numbers".to_owned());
    }
    if values.len() < wanted || !values.len().is_multiple_of(wanted.max(1)) {
        let shape_text = crate::web::format::shape(&shape);
        let expected = crate::web::format::shape(input);
        return Err(format!(
            "it has the shape {shape_text}, but the model takes {expected}; reshape it, or open the model that it belongs to"
        ));
    }
    if count_channels_last(&shape, input).is_some() {
        return Ok(channels_first(&values[..wanted], input));
    }
    Ok(values[..wanted].to_vec())
}

/// Numbers of any type as the model takes them.
fn numbers<T: npyz::Deserialize>(
    file: npyz::NpyFile<&[u8]>,
    number: impl Fn(T) -> f32,
) -> std::io::Result<Vec<f32>> {
    Ok(file.into_vec::<T>()?.into_iter().map(number).collect())
}

/// A picture as the browser decodes it, in the model's input shape.
async fn picture(file: &File, loaded: &Loaded) -> Result<Vec<f32>, String> {
    let expected = crate::web::format::shape(loaded.input_shape());
    let frame = Frame::of(loaded.input_shape()).ok_or_else(|| {
        format!("the model takes {expected} values, which is no picture; open an array (.npy) of them")
    })?;
    let undecodable = |_: JsValue| "the browser can't decode this picture; save it as PNG or JPEG".to_owned();
    let promise = window()
        .create_image_bitmap_with_blob(file)
        .map_err(undecodable)?;
    let bitmap: ImageBitmap = JsFuture::from(promise)
        .await
        .map_err(undecodable)?
        .unchecked_into();
    let (wide, high) = (f64::from(bitmap.width()), f64::from(bitmap.height()));
    if frame.channels == 3 {
        let rgba = draw(&bitmap, frame.width as f64, frame.height as f64).map_err(undecodable)?;
        return Ok(channels(frame, &rgba));
    }
    let shrink = (LARGEST_SIDE / wide.max(high)).min(1.0);
    let (wide, high) = ((wide * shrink).round().max(1.0), (high * shrink).round().max(1.0));
    let rgba = draw(&bitmap, wide, high).map_err(undecodable)?;
    Ok(Ink::from_picture(wide as usize, &rgba).fit(frame))
}

fn draw(bitmap: &ImageBitmap, wide: f64, high: f64) -> Result<Vec<u8>, JsValue> {
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width(wide as u32);
    canvas.set_height(high as u32);
    let context = canvas
        .get_context("2d")?
        .ok_or(JsValue::NULL)?
        .unchecked_into::<CanvasRenderingContext2d>();
    context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, wide, high)?;
    Ok(context.get_image_data(0.0, 0.0, wide, high)?.data().0)
}
