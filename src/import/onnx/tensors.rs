//! Constant tensors: initializers and the values of Constant nodes.

use crate::import::ImportError;
use crate::import::error::shown;
use crate::onnx::TensorProto;

/// ONNX's numbers for element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementType {
    Float,
    Double,
    Int4,
    Uint4,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Int64,
}

impl ElementType {
    /// The type with ONNX's number `code`, or its name if it isn't supported.
    pub fn from_code(code: i32) -> Result<Self, String> {
        Ok(match code {
            1 => Self::Float,
            2 => Self::Uint8,
            3 => Self::Int8,
            4 => Self::Uint16,
            5 => Self::Int16,
            6 => Self::Int32,
            7 => Self::Int64,
            11 => Self::Double,
            21 => Self::Uint4,
            22 => Self::Int4,
            0 => return Err("without a type".into()),
            8 => return Err("string".into()),
            9 => return Err("bool".into()),
            10 => return Err("float16".into()),
            12 => return Err("uint32".into()),
            13 => return Err("uint64".into()),
            14 | 15 => return Err("complex".into()),
            16 => return Err("bfloat16".into()),
            17..=20 | 23 | 24 => return Err("8-bit or 4-bit floating point".into()),
            other => return Err(format!("of unknown type {other}")),
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Float => "float32",
            Self::Double => "float64",
            Self::Int4 => "int4",
            Self::Uint4 => "uint4",
            Self::Int8 => "int8",
            Self::Uint8 => "uint8",
            Self::Int16 => "int16",
            Self::Uint16 => "uint16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
        }
    }

    pub fn bits(self) -> usize {
        match self {
            Self::Int4 | Self::Uint4 => 4,
            Self::Int8 | Self::Uint8 => 8,
            Self::Int16 | Self::Uint16 => 16,
            Self::Float | Self::Int32 => 32,
            Self::Double | Self::Int64 => 64,
        }
    }
}

/// The elements of a constant, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Elements {
    /// float32 (float64 is rounded).
    Real(Vec<f32>),
    /// Every integer type up to 32 bits.
    Integer(Vec<i32>),
    /// int64: shapes and axes.
    Long(Vec<i64>),
}

/// A constant tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub name: String,
    pub dims: Vec<usize>,
    pub element: ElementType,
    /// Bits that its elements need: those of their type, or fewer where a Clip says so.
    pub bits: u8,
    pub elements: Elements,
}

impl Constant {
    /// Decodes a tensor called `name` (its own name is empty inside an attribute).
    pub fn new(proto: &TensorProto, name: &str) -> Result<Self, ImportError> {
        refuse_external(proto, name)?;
        let element = ElementType::from_code(proto.data_type).map_err(|found| {
            ImportError::tensor(
                name,
                format!("its elements are {found}; float32 and integers up to 64 bits are supported"),
            )
        })?;
        let (dims, count) = dimensions(proto, name)?;
        let elements = match &proto.raw_data {
            Some(raw) => from_raw(raw, element, count, name)?,
            None => from_fields(proto, element, count, name)?,
        };
        Ok(Self {
            name: name.into(),
            dims,
            element,
            bits: element.bits() as u8,
            elements,
        })
    }

    /// A constant of the same name and dimensions with other elements.
    pub fn like(other: &Self, element: ElementType, elements: Elements) -> Self {
        Self {
            name: other.name.clone(),
            dims: other.dims.clone(),
            element,
            bits: element.bits() as u8,
            elements,
        }
    }

    /// A vector of floats or integers from an attribute.
    pub fn vector(name: &str, elements: Elements) -> Self {
        let (len, element) = match &elements {
            Elements::Real(v) => (v.len(), ElementType::Float),
            Elements::Integer(v) => (v.len(), ElementType::Int32),
            Elements::Long(v) => (v.len(), ElementType::Int64),
        };
        Self {
            name: name.into(),
            dims: vec![len],
            element,
            bits: element.bits() as u8,
            elements,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.elements {
            Elements::Real(v) => v.len(),
            Elements::Integer(v) => v.len(),
            Elements::Long(v) => v.len(),
        }
    }

    /// The elements as float32, or an error if they are integers.
    pub fn reals(&self) -> Result<&[f32], ImportError> {
        match &self.elements {
            Elements::Real(values) => Ok(values),
            _ => Err(self.wrong_type("float32")),
        }
    }

    /// The elements as integers of up to 32 bits, or an error if they are something else.
    pub fn integers(&self) -> Result<&[i32], ImportError> {
        match &self.elements {
            Elements::Integer(values) => Ok(values),
            _ => Err(self.wrong_type("an integer of up to 32 bits")),
        }
    }

    /// The elements as int64 (int32 is accepted too), or an error if they are something else.
    pub fn longs(&self) -> Result<Vec<i64>, ImportError> {
        match &self.elements {
            Elements::Long(values) => Ok(values.clone()),
            Elements::Integer(values) => Ok(values.iter().map(|&v| v.into()).collect()),
            Elements::Real(_) => Err(self.wrong_type("int64")),
        }
    }

    fn wrong_type(&self, expected: &str) -> ImportError {
        ImportError::tensor(
            &self.name,
            format!(
                "its elements are {}, but {expected} is needed",
                self.element.name()
            ),
        )
    }
}

fn refuse_external(proto: &TensorProto, name: &str) -> Result<(), ImportError> {
    const EXTERNAL: i32 = 1;
    if proto.data_location != EXTERNAL && proto.external_data.is_empty() {
        return Ok(());
    }
    let location = proto.external_data.iter().find(|entry| entry.key == "location");
    Err(ImportError::ExternalData {
        tensor: shown(name),
        location: location.map_or_else(|| "unnamed".into(), |entry| shown(&entry.value)),
    })
}

/// The dimensions and the number of elements. Nothing is allocated by that number before it has
/// been compared with the data that is really there.
fn dimensions(proto: &TensorProto, name: &str) -> Result<(Vec<usize>, usize), ImportError> {
    let dims: Option<Vec<usize>> = proto.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let count = dims
        .as_ref()
        .and_then(|dims| dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d)));
    match (dims, count) {
        (Some(dims), Some(count)) => Ok((dims, count)),
        _ => Err(ImportError::tensor(
            name,
            format!(
                "its dimensions {} are negative or too large",
                shown(&format!("{:?}", proto.dims))
            ),
        )),
    }
}

fn wrong_size(name: &str, found: usize, needed: usize, unit: &str) -> ImportError {
    ImportError::tensor(
        name,
        format!(
            "it holds {found} {unit}, but its dimensions need {needed}; the file is damaged, so export it anew"
        ),
    )
}

fn from_raw(raw: &[u8], element: ElementType, count: usize, name: &str) -> Result<Elements, ImportError> {
    let bytes = count.checked_mul(element.bits()).map(|bits| bits.div_ceil(8));
    if bytes != Some(raw.len()) {
        return Err(wrong_size(name, raw.len(), bytes.unwrap_or(usize::MAX), "bytes"));
    }
    let integers = |convert: fn(u8) -> i32| Elements::Integer(raw.iter().map(|&b| convert(b)).collect());
    Ok(match element {
        ElementType::Float => Elements::Real(words(raw, f32::from_le_bytes)),
        ElementType::Double => Elements::Real(words(raw, |b| f64::from_le_bytes(b) as f32)),
        ElementType::Int8 => integers(|b| (b as i8).into()),
        ElementType::Uint8 => integers(i32::from),
        ElementType::Int16 => Elements::Integer(words(raw, |b| i16::from_le_bytes(b).into())),
        ElementType::Uint16 => Elements::Integer(words(raw, |b| u16::from_le_bytes(b).into())),
        ElementType::Int32 => Elements::Integer(words(raw, i32::from_le_bytes)),
        ElementType::Int64 => Elements::Long(words(raw, i64::from_le_bytes)),
        ElementType::Int4 => Elements::Integer(nibbles(raw.iter().copied(), count, true)),
        ElementType::Uint4 => Elements::Integer(nibbles(raw.iter().copied(), count, false)),
    })
}

fn words<const N: usize, T>(raw: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.as_chunks().0.iter().map(|&word| convert(word)).collect()
}

/// Two elements a byte, the lower half first.
fn nibbles(bytes: impl Iterator<Item = u8>, count: usize, signed: bool) -> Vec<i32> {
    let sign = |nibble: u8| i32::from(nibble) - if signed && nibble > 7 { 16 } else { 0 };
    bytes
        .flat_map(|byte| [sign(byte & 15), sign(byte >> 4)])
        .take(count)
        .collect()
}

/// The typed fields, which hold one element each (4-bit types: two) and may exceed the type's range.
fn from_fields(
    proto: &TensorProto,
    element: ElementType,
    count: usize,
    name: &str,
) -> Result<Elements, ImportError> {
    let stored = match element {
        ElementType::Float => proto.float_data.len(),
        ElementType::Double => proto.double_data.len(),
        ElementType::Int64 => proto.int64_data.len(),
        _ => proto.int32_data.len(),
    };
    let needed = if element.bits() == 4 {
        count.div_ceil(2)
    } else {
        count
    };
    if stored != needed {
        return Err(wrong_size(name, stored, needed, "values"));
    }
    let signed = element == ElementType::Int4;
    Ok(match element {
        ElementType::Float => Elements::Real(proto.float_data.clone()),
        ElementType::Double => Elements::Real(proto.double_data.iter().map(|&d| d as f32).collect()),
        ElementType::Int64 => Elements::Long(proto.int64_data.clone()),
        ElementType::Int4 | ElementType::Uint4 => {
            Elements::Integer(nibbles(proto.int32_data.iter().map(|&v| v as u8), count, signed))
        }
        _ => Elements::Integer(in_range(&proto.int32_data, element, name)?),
    })
}

fn in_range(values: &[i32], element: ElementType, name: &str) -> Result<Vec<i32>, ImportError> {
    let range = match element {
        ElementType::Int8 => i8::MIN.into()..=i8::MAX.into(),
        ElementType::Uint8 => 0..=u8::MAX.into(),
        ElementType::Int16 => i16::MIN.into()..=i16::MAX.into(),
        ElementType::Uint16 => 0..=u16::MAX.into(),
        _ => i32::MIN..=i32::MAX,
    };
    match values.iter().find(|value| !range.contains(value)) {
        None => Ok(values.to_vec()),
        Some(value) => Err(ImportError::tensor(
            name,
            format!("it holds {value}, which is no {}", element.name()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(data_type: i32, dims: &[i64], raw_data: &[u8]) -> TensorProto {
        TensorProto {
            dims: dims.into(),
            data_type,
            raw_data: Some(raw_data.into()),
            ..Default::default()
        }
    }

    #[test]
    fn raw_bytes_and_typed_fields_hold_the_same() {
        let typed = TensorProto {
            dims: vec![2],
            data_type: 3,
            int32_data: vec![-1, 5],
            ..Default::default()
        };
        let from_fields = Constant::new(&typed, "t").unwrap();
        assert_eq!(from_fields, Constant::new(&raw(3, &[2], &[255, 5]), "t").unwrap());
    }

    #[test]
    fn half_bytes_are_read_low_half_first_and_odd_counts_are_cut() {
        let constant = Constant::new(&raw(22, &[3], &[0x8F, 0xF7]), "t").unwrap();
        assert_eq!(constant.integers().unwrap(), [-1, -8, 7]);
        let constant = Constant::new(&raw(21, &[3], &[0x8F, 0xF7]), "t").unwrap();
        assert_eq!(constant.integers().unwrap(), [15, 8, 7]);
    }

    #[test]
    fn sizes_are_compared_before_anything_is_allocated() {
        for dims in [vec![i64::MAX], vec![1 << 40, 1 << 40], vec![-1], vec![3]] {
            let error = Constant::new(&raw(3, &dims, &[1, 2]), "weights").unwrap_err();
            assert!(error.to_string().contains("'weights'"), "{error}");
        }
    }

    #[test]
    fn external_data_is_refused_with_its_location() {
        let entry = crate::onnx::StringStringEntryProto {
            key: "location".into(),
            value: "w.bin".into(),
        };
        let proto = TensorProto {
            data_type: 1,
            external_data: vec![entry],
            data_location: 1,
            ..Default::default()
        };
        let error = Constant::new(&proto, "w").unwrap_err().to_string();
        assert!(error.contains("w.bin") && error.contains("one file"), "{error}");
    }
}
