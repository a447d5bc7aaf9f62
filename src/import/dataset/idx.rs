//! IDX files, in which MNIST is distributed: a magic number that names the element type and the
//! number of axes, one big-endian u32 per axis, then the elements, big-endian and row-major.

use super::{Array, ArrayValues, check_size, damaged};
use crate::import::ImportError;

const FORMAT: &str = "IDX";

/// Whether `bytes` start with IDX's magic number: two zero bytes, a type, the number of axes.
pub(super) fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 8 | 9 | 0x0B..=0x0E, ..])
}

/// Reads an IDX file.
pub(super) fn read(bytes: &[u8]) -> Result<Array, ImportError> {
    let cut_off = || damaged(FORMAT, "it was cut off within its header".into());
    let &[0, 0, kind, axes, ref rest @ ..] = bytes else {
        return Err(cut_off());
    };
    let (dims, data) = rest.split_at_checked(4 * usize::from(axes)).ok_or_else(cut_off)?;
    let shape: Vec<usize> = elements(dims, |b| u32::from_be_bytes(b) as usize);
    let size = match kind {
        8 | 9 => 1,
        0x0B => 2,
        0x0C | 0x0D => 4,
        0x0E => 8,
        other => {
            return Err(damaged(
                FORMAT,
                format!("its element type {other:#04x} doesn't exist"),
            ));
        }
    };
    check_size(FORMAT, &shape, size, data.len())?;
    let values = match kind {
        8 => ArrayValues::U8(data.to_vec()),
        9 => ArrayValues::I8(data.iter().map(|&b| b as i8).collect()),
        0x0B => ArrayValues::I32(elements(data, |b| i16::from_be_bytes(b).into())),
        0x0C => ArrayValues::I32(elements(data, i32::from_be_bytes)),
        0x0D => ArrayValues::F32(elements(data, f32::from_be_bytes)),
        _ => ArrayValues::F64(elements(data, f64::from_be_bytes)),
    };
    Ok(Array { shape, values })
}

fn elements<const N: usize, T>(data: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks().0.iter().map(|&bytes| convert(bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: u8, dims: &[u32], data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, kind, dims.len() as u8];
        bytes.extend(dims.iter().flat_map(|d| d.to_be_bytes()));
        bytes.extend(data);
        bytes
    }

    #[test]
    fn every_element_type_is_read_big_endian() {
        let values = |kind, data: &[u8]| read(&file(kind, &[1], data)).unwrap().values;
        assert_eq!(values(8, &[200]), ArrayValues::U8(vec![200]));
        assert_eq!(values(9, &[200]), ArrayValues::I8(vec![-56]));
        assert_eq!(values(0x0B, &[1, 2]), ArrayValues::I32(vec![258]));
        assert_eq!(values(0x0C, &[255, 255, 255, 254]), ArrayValues::I32(vec![-2]));
        assert_eq!(values(0x0D, &1.5f32.to_be_bytes()), ArrayValues::F32(vec![1.5]));
        assert_eq!(values(0x0E, &1.5f64.to_be_bytes()), ArrayValues::F64(vec![1.5]));
    }

    #[test]
    fn missing_and_superfluous_bytes_are_errors() {
        let whole = file(8, &[2, 3], &[0; 6]);
        assert_eq!(read(&whole).unwrap().shape, [2, 3]);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
        let error = read(&file(8, &[2, 3], &[0; 7])).unwrap_err().to_string();
        assert!(error.contains("1 too many"), "{error}");
        assert!(read(&file(8, &[u32::MAX; 255], &[])).is_err());
    }
}
