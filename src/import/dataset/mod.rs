//! Data sets: samples with or without labels, from NumPy, IDX and CSV files, from images, and from zip
//! archives and folders of them. Folders are read through [`Files`], because the engine itself opens no
//! files.
//!
//! Nothing here trusts what it reads: sizes are checked before anything is allocated or decoded by
//! them, the sum of what an archive may unfold to is [`MAX_ARRAY_BYTES`], and whatever could be
//! understood in two ways is refused with a sentence that says how to make it clear.

mod archive;
mod fit;
mod idx;
mod images;
mod labels;
mod layout;
mod npy;
mod npz;
#[cfg(feature = "images")]
mod picture;
mod table;

pub use fit::count_samples;
pub use images::{Files, MAX_FILES, read_images};
pub use layout::{channels_first, count_channels_last};

use super::{ImportError, format};
use archive::Archive;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

/// No array may have more bytes than this, decompressed (512 MiB).
pub const MAX_ARRAY_BYTES: usize = 512 << 20;

/// An array as a file holds it; the first axis counts samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extent of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The elements, row-major (last axis fastest).
    pub values: ArrayValues,
}

/// The elements of an [`Array`], in the file's type.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrayValues {
    /// 8-bit unsigned integers, and booleans as 0 and 1.
    U8(Vec<u8>),
    /// 8-bit signed integers.
    I8(Vec<i8>),
    /// Integers of 16 or 32 bits.
    I32(Vec<i32>),
    /// 64-bit signed integers.
    I64(Vec<i64>),
    /// 32-bit real numbers.
    F32(Vec<f32>),
    /// 64-bit real numbers.
    F64(Vec<f64>),
}

impl Array {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.values {
            ArrayValues::U8(v) => v.len(),
            ArrayValues::I8(v) => v.len(),
            ArrayValues::I32(v) => v.len(),
            ArrayValues::I64(v) => v.len(),
            ArrayValues::F32(v) => v.len(),
            ArrayValues::F64(v) => v.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as 32-bit real numbers, rounded to the nearest where they don't fit.
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.values {
            ArrayValues::U8(v) => v.iter().map(|&x| x.into()).collect(),
            ArrayValues::I8(v) => v.iter().map(|&x| x.into()).collect(),
            ArrayValues::I32(v) => v.iter().map(|&x| x as f32).collect(),
            ArrayValues::I64(v) => v.iter().map(|&x| x as f32).collect(),
            ArrayValues::F32(v) => v.clone(),
            ArrayValues::F64(v) => v.iter().map(|&x| x as f32).collect(),
        }
    }

    /// The elements as class indices, one per sample.
    ///
    /// # Errors
    /// If there is more than one number per sample, or one that is no class index (negative, not
    /// whole, or beyond 2³¹).
    pub fn to_labels(&self) -> Result<Vec<usize>, ImportError> {
        let per_sample = self
            .shape
            .iter()
            .skip(1)
            .try_fold(1usize, |n, &d| n.checked_mul(d));
        if per_sample != Some(1) {
            return Err(ImportError::tensor(
                "labels",
                format!(
                    "shape {:?} has several numbers per sample, but labels are one class index each",
                    self.shape
                ),
            ));
        }
        match &self.values {
            ArrayValues::U8(v) => Ok(v.iter().map(|&x| x.into()).collect()),
            ArrayValues::I8(v) => v.iter().map(|&x| label(x.into())).collect(),
            ArrayValues::I32(v) => v.iter().map(|&x| label(x.into())).collect(),
            // Beyond 2³¹ a 64-bit integer is refused before it could lose digits in a float.
            ArrayValues::I64(v) => v.iter().map(|&x| label(x as f64)).collect(),
            ArrayValues::F32(v) => v.iter().map(|&x| label(x.into())).collect(),
            ArrayValues::F64(v) => v.iter().map(|&x| label(x)).collect(),
        }
    }
}

fn label(value: f64) -> Result<usize, ImportError> {
    if value.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&value) {
        Ok(value as usize)
    } else {
        Err(ImportError::tensor(
            "labels",
            format!("{value} is no class index; labels must be whole numbers from 0, one per sample"),
        ))
    }
}

/// Samples, with what is known of their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The samples; the first axis counts them. Images are [n, height, width] if grey and
    /// [n, 3, height, width] if in colour, 0 to 255.
    pub samples: Array,
    /// The class of each sample, counted from 0; `None` if the file doesn't say.
    pub labels: Option<Vec<usize>>,
    /// What the classes are called, in the order of their indices; empty if they are only numbers.
    pub class_names: Vec<String>,
}

/// The classes of some samples, without the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// The class of each sample, counted from 0.
    pub classes: Vec<usize>,
    /// What the classes are called, in the order of their indices; empty if they are only numbers.
    pub class_names: Vec<String>,
}

/// What a file is read for: decides which array of an .npz is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Samples,
    Labels,
}

/// Reads a data set. The format is told by the bytes; `name` appears only in messages.
///
/// - NumPy `.npy` and IDX: an array, see [`read_array`].
/// - NumPy `.npz`: the samples are its only array, or the one named `x`, `images`, `inputs`, `data`
///   or `arr_0`; the labels the one named `y`, `labels` or `targets`.
/// - CSV: a sample per row, separated by commas, semicolons or tabs, with or without a row of names. The column
///   named `label`, `class` or `target` holds the labels: class indices, or names of classes.
/// - PNG and JPEG (feature `images`): one sample. Alpha is laid on white, 16 bits are rounded to 8.
/// - A zip of such images, see [`read_images`].
///
/// Each of them may be compressed by gzip.
///
/// # Errors
/// If the bytes are of another format, don't follow their own, can be understood in several ways, or
/// hold more than [`MAX_ARRAY_BYTES`]. The message begins with `name`;
/// [`ImportError::without_place`] removes that.
///
/// # Examples
/// ```
/// use sdann::import::dataset::read_dataset;
///
/// let dataset = read_dataset(b"width,height,class\n1,2,bird\n3,4,ant\n", "animals.csv")?;
/// assert_eq!(dataset.samples.shape, [2, 2]);
/// assert_eq!(dataset.labels, Some(vec![1, 0]));
/// assert_eq!(dataset.class_names, ["ant", "bird"]);
/// # Ok::<(), sdann::import::ImportError>(())
/// ```
pub fn read_dataset(bytes: &[u8], name: &str) -> Result<Dataset, ImportError> {
    read_for(Purpose::Samples, bytes).map_err(|error| error.at("", name))
}

/// Reads labels alone: a list of class indices in a NumPy, IDX or CSV file, or the labels of any data
/// set that [`read_dataset`] reads.
///
/// # Errors
/// Those of [`read_dataset`], or if there are no labels in it.
pub fn read_labels(bytes: &[u8], name: &str) -> Result<Labels, ImportError> {
    let read = read_for(Purpose::Labels, bytes).and_then(Dataset::into_labels);
    read.map_err(|error| error.at("", name))
}

impl Dataset {
    fn unlabelled(samples: Array) -> Self {
        Self {
            samples,
            labels: None,
            class_names: Vec::new(),
        }
    }

    /// The labels; without any, the samples themselves, if they are class indices.
    ///
    /// # Errors
    /// If they are not, see [`Array::to_labels`].
    pub fn into_labels(self) -> Result<Labels, ImportError> {
        Ok(Labels {
            classes: self.labels.map_or_else(|| self.samples.to_labels(), Ok)?,
            class_names: self.class_names,
        })
    }
}

fn read_for(purpose: Purpose, bytes: &[u8]) -> Result<Dataset, ImportError> {
    let bytes = if bytes.starts_with(GZIP) {
        Cow::Owned(decompress(bytes)?)
    } else {
        Cow::Borrowed(bytes)
    };
    let bytes: &[u8] = &bytes;
    if bytes.starts_with(npy::MAGIC) || idx::is_idx(bytes) {
        return read_plain(bytes).map(Dataset::unlabelled);
    }
    if archive::is_zip(bytes) {
        let mut archive = Archive::open(bytes)?;
        return if npz::is_npz(&archive) {
            npz::read(&mut archive, purpose)
        } else {
            images::read_images(&mut archive)
        };
    }
    if images::is_image(bytes) {
        return images::read_image(bytes);
    }
    if table::is_table(bytes) {
        return table::read(bytes);
    }
    Err(ImportError::WrongFormat {
        found: format::describe(bytes)
            .unwrap_or("a file of an unknown format")
            .into(),
        expected: "a NumPy array (.npy, .npz), an IDX file (as MNIST comes in), a CSV table, a PNG or JPEG image, or a zip or folder of such images",
    })
}

/// What a gzip-compressed file starts with.
const GZIP: &[u8] = &[0x1F, 0x8B];

/// Reads an array from a NumPy .npy or an IDX file (the format of MNIST), gzip-compressed or not.
/// The format is told by the bytes.
///
/// # Errors
/// If the bytes are of another format, don't follow their own, or hold more than
/// [`MAX_ARRAY_BYTES`].
pub fn read_array(bytes: &[u8]) -> Result<Array, ImportError> {
    if bytes.starts_with(GZIP) {
        read_plain(&decompress(bytes)?)
    } else {
        read_plain(bytes)
    }
}

fn read_plain(bytes: &[u8]) -> Result<Array, ImportError> {
    if bytes.starts_with(npy::MAGIC) {
        return npy::read(bytes);
    }
    if idx::is_idx(bytes) {
        return idx::read(bytes);
    }
    let found = format::describe(bytes).unwrap_or("a file of an unknown format");
    Err(ImportError::WrongFormat {
        found: found.into(),
        expected: "a NumPy array (.npy) or an IDX file (as MNIST comes in), gzip-compressed or not,",
    })
}

/// Decompresses no more than the limit: a small file could ask for any amount.
fn decompress(bytes: &[u8]) -> Result<Vec<u8>, ImportError> {
    let mut plain = Vec::new();
    let limit = MAX_ARRAY_BYTES as u64 + 1;
    MultiGzDecoder::new(bytes)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|error| damaged("gzip", format!("it can't be decompressed ({error})")))?;
    if plain.len() > MAX_ARRAY_BYTES {
        return Err(ImportError::TooLarge {
            what: "the decompressed array".into(),
            found: "(still growing)".into(),
            limit: format!("{} MiB", MAX_ARRAY_BYTES >> 20),
        });
    }
    Ok(plain)
}

/// The error of data that would take more memory than any may.
fn too_large(what: &str) -> ImportError {
    ImportError::TooLarge {
        what: what.into(),
        found: "(in memory)".into(),
        limit: format!("{} MiB; give fewer or smaller samples", MAX_ARRAY_BYTES >> 20),
    }
}

fn damaged(format: &'static str, problem: String) -> ImportError {
    ImportError::Damaged { format, problem }
}

/// Checks that a file's data is as long as its header says, before anything is allocated by that.
fn check_size(format: &'static str, shape: &[usize], item: usize, found: usize) -> Result<(), ImportError> {
    let needed = shape.iter().try_fold(item, |n, &d| n.checked_mul(d));
    match needed {
        Some(needed) if needed == found => Ok(()),
        Some(needed) if needed < found => Err(damaged(
            format,
            format!(
                "shape {shape:?} needs {needed} bytes, but {found} follow the header: {} too many",
                found - needed
            ),
        )),
        _ => Err(damaged(
            format,
            format!(
                "shape {shape:?} needs {} bytes, but only {found} follow the header: it was cut off",
                needed.map_or_else(|| "countless".into(), |n| n.to_string())
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: ArrayValues, shape: &[usize]) -> Result<Vec<usize>, ImportError> {
        Array {
            shape: shape.into(),
            values,
        }
        .to_labels()
    }

    #[test]
    fn labels_are_whole_numbers_one_per_sample() {
        assert_eq!(labels(ArrayValues::F64(vec![3.0, 0.0]), &[2, 1]), Ok(vec![3, 0]));
        assert!(labels(ArrayValues::F32(vec![0.5]), &[1]).is_err());
        assert!(labels(ArrayValues::I8(vec![-1]), &[1]).is_err());
        assert!(labels(ArrayValues::I64(vec![i64::MAX]), &[1]).is_err());
        assert!(labels(ArrayValues::F32(vec![f32::NAN]), &[1]).is_err());
        assert!(labels(ArrayValues::U8(vec![0; 4]), &[2, 2]).is_err());
    }

    #[test]
    fn other_files_are_called_by_their_names() {
        let error = read_array(b"\x89PNG....").map_err(|e| e.to_string());
        assert!(error.is_err_and(|e| e.contains("PNG image") && e.contains(".npy")));
    }
}
