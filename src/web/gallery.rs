//! The models and data sets that the page ships with (`assets/gallery.json`), and fetching them.

use super::worker::{DataFiles, ModelFile};
use gloo::net::http::Request;
use serde::Deserialize;
use std::rc::Rc;

/// Where the page's assets lie, seen from the page.
const ASSETS: &str = "assets/";

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Deserialize)]
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
}

/// A shipped data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct GalleryData {
    /// Samples.
    pub images: String,
    /// Their labels.
    pub labels: String,
    /// Samples to calibrate with.
    pub calibration: String,
    /// A stored value divided by this is what the model takes.
    pub divide_by: f32,
    /// What the labels mean.
    pub classes: Vec<String>,
}

/// A data set in memory.
#[derive(Debug, Default)]
pub struct Dataset {
    /// Tells data sets apart.
    pub id: String,
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
    let bytes = fetch("gallery.json").await?;
    serde_json::from_slice(&bytes).map_err(|error| format!("The list of models can't be read: {error}"))
}

/// Fetches a model and its data set, all files at once.
///
/// # Errors
/// A sentence that says what could not be fetched.
pub async fn fetch_model(model: &GalleryModel) -> Result<(ModelFile, Rc<Dataset>), String> {
    let GalleryData {
        images,
        labels,
        calibration,
        divide_by,
        classes,
    } = &model.dataset;
    let files = [&model.file, images, labels, calibration].map(|path| fetch(path));
    let mut files = try_all(files).await?.into_iter().map(Into::into);
    let mut next = || files.next().unwrap_or_default();
    let bytes = next();
    let files = DataFiles {
        images: next(),
        labels: next(),
        calibration: next(),
        divide_by: *divide_by,
    };
    let (id, picks) = (images.clone(), model.picks.clone());
    let dataset = Dataset {
        id,
        files,
        classes: Rc::new(classes.clone()),
        picks,
    };
    Ok((
        ModelFile {
            name: model.title.clone(),
            bytes,
        },
        Rc::new(dataset),
    ))
}

/// Starts all requests before it waits for the first.
async fn try_all<const N: usize>(
    requests: [impl Future<Output = Result<Vec<u8>, String>> + 'static; N],
) -> Result<Vec<Vec<u8>>, String> {
    let running = requests.map(|request| {
        wasm_bindgen_futures::future_to_promise(async move {
            let bytes = request.await?;
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    });
    let mut done = Vec::with_capacity(N);
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
        let failed = |why: String| format!("{path} can't be fetched: {why}");
        let response = Request::get(&path)
            .send()
            .await
            .map_err(|error| failed(error.to_string()))?;
        if !response.ok() {
            return Err(failed(format!("the server answered {}", response.status())));
        }
        response.binary().await.map_err(|error| failed(error.to_string()))
    }
}
