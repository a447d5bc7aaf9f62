//! NumPy's .npy files, written row by row through the crate `npyz`.

use npyz::{WriteOptions, WriterBuilder};
use std::io::{self, Write};

/// Writes one array, element by element in row-major order, without holding it in memory.
pub enum NpyWriter<W: Write> {
    /// int32.
    Codes(npyz::NpyWriter<i32, W>),
    /// float32.
    Reals(npyz::NpyWriter<f32, W>),
}

impl<W: Write> NpyWriter<W> {
    /// Begins an int32 array.
    ///
    /// # Errors
    /// If `writer` fails.
    pub fn codes(writer: W, shape: &[usize]) -> io::Result<Self> {
        let options = WriteOptions::new().default_dtype();
        Ok(Self::Codes(
            options.shape(&extents(shape)).writer(writer).begin_nd()?,
        ))
    }

    /// Begins a float32 array.
    ///
    /// # Errors
    /// If `writer` fails.
    pub fn reals(writer: W, shape: &[usize]) -> io::Result<Self> {
        let options = WriteOptions::new().default_dtype();
        Ok(Self::Reals(
            options.shape(&extents(shape)).writer(writer).begin_nd()?,
        ))
    }

    /// Appends a sample: its codes to an int32 array, its real numbers to a float32 array.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn push(&mut self, codes: &[i32], reals: &[f32]) -> io::Result<()> {
        match self {
            Self::Codes(writer) => writer.extend(codes.iter().copied()),
            Self::Reals(writer) => writer.extend(reals.iter().copied()),
        }
    }

    /// Ends the array and flushes the writer.
    ///
    /// # Errors
    /// If the writer fails, or there are more or fewer elements than the shape says.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Codes(writer) => writer.finish(),
            Self::Reals(writer) => writer.finish(),
        }
    }
}

fn extents(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|&extent| extent as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::dataset::{Array, ArrayValues, read_array};

    #[test]
    fn what_is_written_is_read_back() {
        let mut bytes = Vec::new();
        let mut writer = NpyWriter::codes(&mut bytes, &[2, 1, 2]).unwrap();
        writer.push(&[1, -2], &[]).unwrap();
        writer.push(&[i32::MAX, i32::MIN], &[]).unwrap();
        writer.finish().unwrap();
        let values = ArrayValues::I32(vec![1, -2, i32::MAX, i32::MIN]);
        let shape = vec![2, 1, 2];
        assert_eq!(read_array(&bytes), Ok(Array { shape, values }));
    }

    #[test]
    fn no_samples_are_an_empty_array() {
        let mut bytes = Vec::new();
        NpyWriter::reals(&mut bytes, &[0, 10]).unwrap().finish().unwrap();
        let values = ArrayValues::F32(Vec::new());
        let shape = vec![0, 10];
        assert_eq!(read_array(&bytes), Ok(Array { shape, values }));
    }

    #[test]
    fn a_missing_sample_is_an_error() {
        let mut bytes = Vec::new();
        let writer = NpyWriter::codes(&mut bytes, &[1, 10]).unwrap();
        assert!(writer.finish().is_err());
    }
}
