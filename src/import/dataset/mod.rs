//! Data sets: arrays of samples and of labels, from .npy and IDX files, gzipped or not.

mod idx;
mod npy;

use super::{ImportError, format};
use flate2::read::MultiGzDecoder;
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

/// Reads an array from a NumPy .npy or an IDX file (the format of MNIST), gzip-compressed or not.
/// The format is told by the bytes.
///
/// # Errors
/// If the bytes are of another format, don't follow their own, or hold more than
/// [`MAX_ARRAY_BYTES`].
pub fn read_array(bytes: &[u8]) -> Result<Array, ImportError> {
    if bytes.starts_with(&[0x1F, 0x8B]) {
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
