//! Files that the user opens or drops: models, pictures and samples.

use super::lazy::{Coming, read_file};
use super::picture::{Ink, channels};
use super::state::{Action, Dispatch, Loaded, Notice, SampleChoice, Source};
use super::task::InputForm;
use super::worker::{CalibrateOn, DataFiles, Divisor, ModelFile, TruthFile};
use crate::chip::spec::read_chip;
use crate::import::dataset::{channels_first, count_channels_last, count_samples, read_array};
use crate::simulate::Packed;
use gloo::utils::{document, window};
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CanvasRenderingContext2d, File, HtmlCanvasElement, ImageBitmap};
use yew::Callback;

/// More pixels than this along a side are halved and halved again by the browser.
const LARGEST_SIDE: f64 = 512.0;
/// What bytes are divided by, if they must be, where no data set says so.
const BYTES: f32 = 255.0;
/// Larger files are refused before they are read.
const LARGEST_FILE: f64 = 256.0 * 1024.0 * 1024.0;

/// Opens files for the model in use.
pub fn opener(loaded: Option<Rc<Loaded>>, dispatch: &Dispatch) -> Callback<File> {
    let dispatch = dispatch.clone();
    Callback::from(move |file: File| open(file, loaded.clone(), dispatch.clone()))
}

/// Opens a file: `.onnx` and `.tflite` as a model, `.toml` as a chip, pictures and arrays of one sample as a sample of the model in use,
/// other data as its samples.
fn open(file: File, loaded: Option<Rc<Loaded>>, dispatch: Dispatch) {
    spawn_local(async move {
        let name = file.name();
        match read_file(file, loaded).await {
            Ok(action) => dispatch.dispatch(action),
            Err(why) => dispatch.dispatch(Action::Complain(Notice::error(
                t!("notice.unopened", name = name),
                why,
            ))),
        }
    });
}

/// Reads a file; see [`ReadFile`](super::lazy::ReadFile).
pub fn read(file: File, loaded: Option<Rc<Loaded>>) -> Coming<Action> {
    Box::pin(read_any(file, loaded))
}

async fn read_any(file: File, loaded: Option<Rc<Loaded>>) -> Result<Action, String> {
    if file.size() > LARGEST_FILE {
        return Err(t!("file.too-large").into_owned());
    }
    let name = file.name();
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let needs_model = || loaded.clone().ok_or_else(|| t!("file.no-model").into_owned());
    match ending.as_str() {
        "onnx" | "tflite" => Ok(Action::Open(ModelFile {
            bytes: bytes_of(file).await?.into(),
            name,
        })),
        "toml" => {
            let key = name.trim_end_matches(".toml").to_owned();
            let chip = read_chip(&key, &bytes_of(file).await?).map_err(|error| error.to_string())?;
            Ok(Action::UseChip(Some(Rc::new(chip))))
        }
        _ if is_data(&name, &ending) => {
            let loaded = needs_model()?;
            data(name, bytes_of(file).await?, &loaded)
        }
        _ if file.type_().starts_with("image/") => {
            let values = picture(&file, &*needs_model()?).await?;
            Ok(Action::Pick(SampleChoice::picture(values, Source::File(name))))
        }
        _ => Err(t!("file.unknown").into_owned()),
    }
}

async fn bytes_of(file: File) -> Result<Vec<u8>, String> {
    let file = gloo::file::File::from(file);
    gloo::file::futures::read_as_bytes(&file)
        .await
        .map_err(|error| t!("file.unreadable", error = error).into_owned())
}

/// Whether a file of this name may hold samples.
fn is_data(name: &str, ending: &str) -> bool {
    matches!(ending, "npy" | "npz" | "csv" | "tsv" | "gz" | "idx" | "zip") || name.ends_with("ubyte")
}

/// What to do with a file of samples: a single one is shown, several are the new samples, and labels go with the
/// samples in use. Arrays are told apart here; all other formats are read by the worker.
fn data(name: String, bytes: Vec<u8>, loaded: &Loaded) -> Result<Action, String> {
    let in_use = loaded.load.data.as_ref().map(|data| &data.files);
    if let Ok(array) = read_array(&bytes) {
        let count = loaded.network.samples.count;
        let is_list = array.len() == count && array.shape.first() == Some(&count);
        let input = loaded.input_shape();
        let turned = count_channels_last(&array.shape, input);
        match (count_samples(&array.shape, input).or(turned), in_use) {
            (Some(1), _) if array.len() == loaded.input_len() => {
                let mut values = array.to_f32();
                if count_samples(&array.shape, input).is_none() {
                    values = channels_first(&values, input);
                }
                if !values.iter().all(|value| value.is_finite()) {
                    return Err(t!("file.not-finite").into_owned());
                }
                return Ok(Action::Pick(SampleChoice::drawn(values, Source::File(name))));
            }
            (Some(_), _) => {}
            (None, Some(files)) if is_list && array.to_labels().is_ok() => {
                let bytes = bytes.into();
                return Ok(Action::OpenData(DataFiles {
                    truth: TruthFile::Labels { name, bytes },
                    ..files.clone()
                }));
            }
            (None, _) => {
                let found = crate::web::format::shape(&array.shape);
                let expected = crate::web::format::shape(loaded.input_shape());
                return Err(t!("file.shape", found = found, expected = expected).into_owned());
            }
        }
    }
    let divisor = match in_use.map(|files| files.divisor) {
        Some(Divisor::Is(divisor) | Divisor::IfNeeded(divisor)) => divisor,
        None => BYTES,
    };
    Ok(Action::OpenData(DataFiles {
        name,
        samples: bytes.into(),
        truth: TruthFile::Inside,
        calibration: Packed::default(),
        divisor: Divisor::IfNeeded(divisor),
        calibrate_on: CalibrateOn::default(),
    }))
}

/// A picture as the browser decodes it, in the model's input shape.
async fn picture(file: &File, loaded: &Loaded) -> Result<Vec<f32>, String> {
    let expected = crate::web::format::shape(loaded.input_shape());
    let frame = InputForm::of(&loaded.network)
        .frame()
        .ok_or_else(|| t!("file.no-picture", expected = expected).into_owned())?;
    let undecodable = |_: JsValue| t!("file.undecodable").into_owned();
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
