//! NumPy's .npy files, through the crate `npyz`.

use super::{Array, ArrayValues, check_size, damaged};
use crate::import::ImportError;
use crate::import::error::shown;
use npyz::{DType, Deserialize, NpyFile, Order};

/// What a .npy file starts with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

const FORMAT: &str = "NumPy";

/// Reads a .npy file.
pub(super) fn read(bytes: &[u8]) -> Result<Array, ImportError> {
    let header = header_end(bytes)?;
    let file = NpyFile::new(bytes).map_err(|error| damaged(FORMAT, shown(&error.to_string())))?;
    let shape: Option<Vec<usize>> = file.shape().iter().map(|&d| usize::try_from(d).ok()).collect();
    let shape = shape.ok_or_else(|| damaged(FORMAT, "its shape is too large".into()))?;
    let DType::Plain(kind) = file.dtype() else {
        return Err(unsupported("a record"));
    };
    let kind = kind.to_string();
    let (code, size) = kind
        .split_at_checked(1)
        .unwrap_or_default()
        .1
        .split_at_checked(1)
        .unwrap_or_default();
    let Some(size) = size.parse().ok().filter(|size| (1..=8).contains(size)) else {
        return Err(unsupported(&kind));
    };
    check_size(FORMAT, &shape, size, bytes.len() - header)?;
    let is_fortran = file.order() == Order::Fortran;
    let values = match (code, size) {
        ("b", 1) => ArrayValues::U8(
            elements::<bool>(file, &shape, is_fortran)?
                .into_iter()
                .map(u8::from)
                .collect(),
        ),
        ("u", 1) => ArrayValues::U8(elements(file, &shape, is_fortran)?),
        ("i", 1) => ArrayValues::I8(elements(file, &shape, is_fortran)?),
        ("u", 2) => ArrayValues::I32(
            elements::<u16>(file, &shape, is_fortran)?
                .into_iter()
                .map(i32::from)
                .collect(),
        ),
        ("i", 2) => ArrayValues::I32(
            elements::<i16>(file, &shape, is_fortran)?
                .into_iter()
                .map(i32::from)
                .collect(),
        ),
        ("i", 4) => ArrayValues::I32(elements(file, &shape, is_fortran)?),
        ("i", 8) => ArrayValues::I64(elements(file, &shape, is_fortran)?),
        ("f", 4) => ArrayValues::F32(elements(file, &shape, is_fortran)?),
        ("f", 8) => ArrayValues::F64(elements(file, &shape, is_fortran)?),
        _ => return Err(unsupported(&kind)),
    };
    Ok(Array { shape, values })
}

fn unsupported(kind: &str) -> ImportError {
    let kind = shown(kind);
    ImportError::tensor(
        "array",
        format!(
            "its elements are of NumPy type {kind}; float32, float64, bool, uint8, uint16 and int8 to int64 are supported, so convert it with astype"
        ),
    )
}

/// Where the data starts, after a look at the header that npyz is about to parse: it would allocate
/// what a damaged header asks for, recurse into nested brackets and multiply the shape unchecked.
fn header_end(bytes: &[u8]) -> Result<usize, ImportError> {
    let problem = |problem: &str| damaged(FORMAT, problem.into());
    let (start, length) = match *bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10, u16::from_le_bytes([a, b]).into()),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        [_, _, _, _, _, _, _, ..] => return Err(problem("its version isn't 1, 2 or 3")),
        _ => return Err(problem("it was cut off within its header")),
    };
    let end = length.saturating_add(start);
    let header = bytes
        .get(start..end)
        .ok_or_else(|| problem("it was cut off within its header"))?;
    if is_tame(header) {
        Ok(end)
    } else {
        Err(problem("its header doesn't describe an array"))
    }
}

/// Whether a header is a flat dictionary whose numbers have a product within 64 bits, which NumPy's
/// always are for arrays of plain numbers.
fn is_tame(header: &[u8]) -> bool {
    const MAX_HEADER: usize = 1 << 16;
    let (mut depth, mut product, mut number, mut quoted) = (0u32, 1u64, None::<u64>, false);
    for &byte in header {
        if byte == b'\'' {
            quoted = !quoted;
        }
        if let (b'0'..=b'9', false) = (byte, quoted) {
            let digit = u64::from(byte - b'0');
            match number
                .unwrap_or(0)
                .checked_mul(10)
                .and_then(|n| n.checked_add(digit))
            {
                Some(value) => number = Some(value),
                None => return false,
            }
            continue;
        }
        match product.checked_mul(number.take().unwrap_or(1).max(1)) {
            Some(value) => product = value,
            None => return false,
        }
        match byte {
            b'\\' | b'"' => return false,
            _ if quoted => {}
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            b',' | b':' | b' ' | b'\n' | b'\'' => {}
            // What remains are False and True: no other spelling of a number may get through.
            _ if b"FalseTrue".contains(&byte) => {}
            _ => return false,
        }
        if depth > 4 {
            return false;
        }
    }
    header.len() <= MAX_HEADER
}

/// The elements in row-major order.
fn elements<T: Deserialize + Copy>(
    file: NpyFile<&[u8]>,
    shape: &[usize],
    is_fortran: bool,
) -> Result<Vec<T>, ImportError> {
    let stored = file
        .into_vec()
        .map_err(|error| damaged(FORMAT, shown(&error.to_string())))?;
    Ok(if is_fortran {
        row_major(&stored, shape)
    } else {
        stored
    })
}

/// Reorders elements whose first axis is the fastest.
fn row_major<T: Copy>(stored: &[T], shape: &[usize]) -> Vec<T> {
    let mut index = vec![0usize; shape.len()];
    let mut result = Vec::with_capacity(stored.len());
    while result.len() < stored.len() {
        let source = index
            .iter()
            .zip(shape)
            .rev()
            .fold(0, |offset, (&i, &extent)| offset * extent + i);
        result.extend(stored.get(source));
        // The next index, last axis first.
        for (i, &extent) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < extent {
                break;
            }
            *i = 0;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes().chain(data.iter().copied()));
        bytes
    }

    #[test]
    fn both_byte_orders_and_both_axis_orders_give_the_same_array() {
        let array = read(&file(
            "<i4",
            "False",
            "(2, 3)",
            &[1, 2, 3, 4, 5, 6].map(i32::to_le_bytes).concat(),
        ))
        .unwrap();
        assert_eq!(
            array,
            Array {
                shape: vec![2, 3],
                values: ArrayValues::I32(vec![1, 2, 3, 4, 5, 6])
            }
        );
        assert_eq!(
            array,
            read(&file(
                ">i4",
                "False",
                "(2, 3)",
                &[1, 2, 3, 4, 5, 6].map(i32::to_be_bytes).concat()
            ))
            .unwrap()
        );
        assert_eq!(
            array,
            read(&file(
                "<i4",
                "True",
                "(2, 3)",
                &[1, 4, 2, 5, 3, 6].map(i32::to_le_bytes).concat()
            ))
            .unwrap()
        );
    }

    #[test]
    fn every_supported_type_is_read() {
        let values = |descr, data: &[u8]| read(&file(descr, "False", "(1,)", data)).unwrap().values;
        assert_eq!(values("|u1", &[200]), ArrayValues::U8(vec![200]));
        assert_eq!(values("|i1", &[200]), ArrayValues::I8(vec![-56]));
        assert_eq!(values("|b1", &[1]), ArrayValues::U8(vec![1]));
        assert_eq!(values("<u2", &[1, 2]), ArrayValues::I32(vec![513]));
        assert_eq!(values("<i8", &(-3i64).to_le_bytes()), ArrayValues::I64(vec![-3]));
        assert_eq!(values("<f4", &1.5f32.to_le_bytes()), ArrayValues::F32(vec![1.5]));
        assert_eq!(values(">f8", &1.5f64.to_be_bytes()), ArrayValues::F64(vec![1.5]));
        assert!(
            read(&file("<f2", "False", "(1,)", &[0, 0]))
                .unwrap_err()
                .to_string()
                .contains("<f2")
        );
        assert!(read(&file("<U8", "False", "(1,)", &[0; 32])).is_err());
    }

    #[test]
    fn cuts_and_superfluous_bytes_are_errors() {
        let whole = file("|u1", "False", "(2, 2)", &[1, 2, 3, 4]);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
        let error = read(&file("|u1", "False", "(2, 2)", &[0; 5]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("1 too many"), "{error}");
    }

    #[test]
    fn hostile_headers_are_refused_before_they_are_parsed() {
        let deep = "(".repeat(60_000);
        for shape in [
            &deep[..],
            "(4294967296, 4294967296)",
            "(0xFFFFFFFFFF, 0xFFFFFFFFFF)",
            "(9_9,)",
            "(-1,)",
            "(1e9,)",
        ] {
            assert!(read(&file("|u1", "False", shape, &[])).is_err());
        }
        assert!(read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}").is_err());
    }

    #[test]
    fn a_single_number_and_an_empty_array_have_their_shapes() {
        assert!(read(&file("|u1", "False", "()", &[7])).unwrap().shape.is_empty());
        assert!(read(&file("|u1", "True", "(0, 3)", &[])).unwrap().is_empty());
    }
}
