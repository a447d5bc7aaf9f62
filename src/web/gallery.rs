//! The models and data sets that the page ships with (`assets/gallery.json`; the page reads it as
//! `gallery.bin`, see [`stored`](super::stored)), and fetching them.

use super::worker::{CalibrateOn, DataFiles, Divisor, ModelFile, TruthFile};
use crate::explore::{Closeness, Measure};
use gloo::net::http::Request;
use rust_i18n::t;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Where the page's assets lie, seen from the page.
const ASSETS: &str = "assets/";

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gallery {
    /// The models; the first is opened.
    pub models: Vec<GalleryModel>,
}

impl Gallery {
    /// The model called `id`.
    pub fn model(&self, id: &str) -> Option<&GalleryModel> {
        self.models.iter().find(|model| model.id == id)
    }
}

/// A shipped model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GalleryModel {
    /// In addresses.
    pub id: String,
    /// On the page.
    pub title: String,
    /// The model's file.
    pub file: String,
    /// One sentence about it.
    pub about: String,
    /// What it reads.
    pub dataset: GalleryData,
    /// One sample that is typical of each class.
    pub picks: Vec<usize>,
    /// How good it is on the samples.
    pub quality: GalleryQuality,
}

impl GalleryModel {
    /// Its data set, with these files.
    pub fn data(&self, files: DataFiles) -> Dataset {
        Dataset {
            id: self.dataset.samples.clone(),
            is_own: false,
            files,
            classes: Rc::new(self.dataset.classes.clone()),
            picks: self.picks.clone(),
        }
    }
}

/// How good a shipped model is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GalleryQuality {
    /// How it is measured.
    pub measure: Measure,
    /// Before it was quantized.
    pub float: f64,
    /// As the runtime of its format computes it; where it is quantized here, with the default settings.
    pub quantized: f64,
}

/// A shipped data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GalleryData {
    /// Samples.
    pub samples: String,
    /// Their labels, if they have any.
    #[serde(default)]
    pub labels: Option<String>,
    /// Their targets, if they have any.
    #[serde(default)]
    pub targets: Option<GalleryTargets>,
    /// Samples to calibrate with.
    pub calibration: String,
    /// A stored value divided by this is what the model takes.
    pub divide_by: f32,
    /// What the labels mean.
    #[serde(default)]
    pub classes: Vec<String>,
}

/// What should come out of samples that have no labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GalleryTargets {
    /// An answer for each sample.
    pub file: String,
    /// A stored value divided by this is in the output's units.
    pub divide_by: f32,
    /// How closeness to them is measured.
    pub measure: Closeness,
}

/// A data set in memory.
#[derive(Debug, Default)]
pub struct Dataset {
    /// Tells data sets apart.
    pub id: String,
    /// Whether it is the user's own.
    pub is_own: bool,
    /// Its files.
    pub files: DataFiles,
    /// What the labels mean.
    pub classes: Rc<Vec<String>>,
    /// One sample that is typical of each class.
    pub picks: Vec<usize>,
}

/// Fetches the list of models.
///
/// # Errors
/// A sentence that says what could not be fetched or read.
pub async fn fetch_gallery() -> Result<Gallery, String> {
    let bytes = fetch("gallery.bin").await?;
    postcard::from_bytes(&bytes).map_err(|error| t!("gallery.unreadable", error = error).into_owned())
}

/// Fetches a model and its data set, all files at once.
///
/// # Errors
/// A sentence that says what could not be fetched.
pub async fn fetch_model(model: &GalleryModel) -> Result<(ModelFile, Rc<Dataset>), String> {
    let data = &model.dataset;
    let targets = data.targets.as_ref().map(|targets| &targets.file);
    let paths = [
        Some(&model.file),
        Some(&data.samples),
        Some(&data.calibration),
        data.labels.as_ref(),
        targets,
    ];
    let mut files = try_all(paths.into_iter().flatten().map(|path| fetch(path)))
        .await?
        .into_iter()
        .map(Into::into);
    let mut next = || files.next().unwrap_or_default();
    let (bytes, samples, calibration) = (next(), next(), next());
    let truth = match (&data.labels, &data.targets) {
        (Some(name), _) => TruthFile::Labels {
            name: name.clone(),
            bytes: next(),
        },
        (None, Some(targets)) => TruthFile::Targets {
            bytes: next(),
            divide_by: targets.divide_by,
            closeness: targets.measure,
        },
        (None, None) => TruthFile::Unknown,
    };
    let dataset = model.data(DataFiles {
        name: data.samples.clone(),
        samples,
        truth,
        calibration,
        divisor: Divisor::Is(data.divide_by),
        calibrate_on: CalibrateOn::default(),
    });
    let model = ModelFile {
        name: model.title.clone(),
        bytes,
    };
    Ok((model, Rc::new(dataset)))
}

/// Starts all requests before it waits for the first.
async fn try_all(
    requests: impl Iterator<Item = impl Future<Output = Result<Vec<u8>, String>> + 'static>,
) -> Result<Vec<Vec<u8>>, String> {
    let running: Vec<_> = requests
        .map(|request| {
            wasm_bindgen_futures::future_to_promise(async move {
                let bytes = request.await?;
                Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
            })
        })
        .collect();
    let mut done = Vec::with_capacity(running.len());
    for promise in running {
        let bytes = wasm_bindgen_futures::JsFuture::from(promise).await;
        let bytes = bytes.map_err(|error| error.as_string().unwrap_or_default())?;
        done.push(js_sys::Uint8Array::from(bytes).to_vec());
    }
    Ok(done)
}

fn fetch(path: &str) -> impl Future<Output = Result<Vec<u8>, String>> + 'static {
    let path = format!("{ASSETS}{path}");
    async move {
        let failed = |why: String| t!("gallery.not-fetched", path = path, why = why).into_owned();
        let response = Request::get(&path)
            .send()
            .await
            .map_err(|error| failed(error.to_string()))?;
        if !response.ok() {
            let why = t!("gallery.status", status = response.status());
            return Err(failed(why.into_owned()));
        }
        response.binary().await.map_err(|error| failed(error.to_string()))
    }
}
