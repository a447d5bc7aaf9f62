//! Long arrays of a file: beside its text, as bytes.
//!
//! A field with `#[serde(with = "crate::arrays")]` is stored inside [`writing`] as where its elements stand
//! in a row of bytes, and read again inside [`reading`]. Elsewhere, and where it is short, it is an
//! ordinary list.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

/// Lists up to this length stay in the text, where they can be read.
const SHORT: usize = 16;

/// How elements are stored: little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Type {
    /// 8-bit two's complement.
    I8,
    /// 16-bit two's complement.
    I16,
    /// 32-bit two's complement.
    I32,
    /// 32 bits, unsigned.
    U32,
    /// 64-bit two's complement.
    I64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
}

impl Type {
    /// Bytes of an element.
    const fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }
}

/// Where the elements of a list stand.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Place {
    /// How they are stored.
    r#type: Type,
    /// Bytes before the first.
    offset: usize,
    /// How many there are.
    count: usize,
}

/// A list as it stands in the text, for the schema: a short one, or where the elements of a long one are.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it describes what `serialize` writes")]
pub(crate) enum Stored {
    /// A short list.
    List(Vec<f64>),
    /// A long one.
    Place(Place),
}

/// A number that lists can hold.
pub trait Element: Copy + Serialize + DeserializeOwned {
    /// The narrowest type that stores all of `values`.
    fn narrowest(values: &[Self]) -> Type;
    /// Appends the bytes of a value.
    fn write(self, kind: Type, bytes: &mut Vec<u8>);
    /// The value of the bytes of one element; `None` if it isn't one of this type.
    fn read(kind: Type, bytes: &[u8]) -> Option<Self>;
}

macro_rules! integer {
    ($($t:ty),+) => {$(
        impl Element for $t {
            fn narrowest(values: &[Self]) -> Type {
                let (low, high) = values.iter().fold((0i64, 0i64), |(low, high), &v| {
                    (low.min(i64::from(v)), high.max(i64::from(v)))
                });
                let fits = |least: i64, most: i64| least <= low && high <= most;
                if fits(i8::MIN.into(), i8::MAX.into()) {
                    Type::I8
                } else if fits(i16::MIN.into(), i16::MAX.into()) {
                    Type::I16
                } else if fits(i32::MIN.into(), i32::MAX.into()) {
                    Type::I32
                } else if fits(0, u32::MAX.into()) {
                    Type::U32
                } else {
                    Type::I64
                }
            }

            fn write(self, kind: Type, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&i64::from(self).to_le_bytes()[..kind.size()]);
            }

            fn read(kind: Type, bytes: &[u8]) -> Option<Self> {
                let value = match kind {
                    Type::I8 => i8::from_le_bytes(bytes.try_into().ok()?).into(),
                    Type::I16 => i16::from_le_bytes(bytes.try_into().ok()?).into(),
                    Type::I32 => i32::from_le_bytes(bytes.try_into().ok()?).into(),
                    Type::U32 => u32::from_le_bytes(bytes.try_into().ok()?).into(),
                    Type::I64 => i64::from_le_bytes(bytes.try_into().ok()?),
                    Type::F32 | Type::F64 => return None,
                };
                Self::try_from(value).ok()
            }
        }
    )+};
}

integer!(i16, i32, u32, i64);

macro_rules! real {
    ($($t:ty => $kind:path),+) => {$(
        impl Element for $t {
            fn narrowest(_: &[Self]) -> Type {
                $kind
            }

            fn write(self, _: Type, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read(kind: Type, bytes: &[u8]) -> Option<Self> {
                let value = <$t>::from_le_bytes(bytes.try_into().ok()?);
                (kind == $kind && value.is_finite()).then_some(value)
            }
        }
    )+};
}

real!(f32 => Type::F32, f64 => Type::F64);

/// Bytes that lists are read from.
struct Source {
    bytes: Vec<u8>,
    /// Bytes that no list has claimed: no two may stand in the same place, or a small file could ask for
    /// many copies.
    unclaimed: usize,
}

thread_local! {
    static SINK: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Runs `write`, in which long lists are stored, and returns the bytes that they became.
pub(crate) fn writing<R>(write: impl FnOnce() -> R) -> (R, Vec<u8>) {
    SINK.set(Some(Vec::new()));
    let result = write();
    (result, SINK.take().unwrap_or_default())
}

/// Runs `read`, in which long lists are read from `bytes`.
pub(crate) fn reading<R>(bytes: Vec<u8>, read: impl FnOnce() -> R) -> R {
    let unclaimed = bytes.len();
    SOURCE.set(Some(Source { bytes, unclaimed }));
    let result = read();
    SOURCE.set(None);
    result
}

fn store<T: Element>(values: &[T]) -> Option<Place> {
    SINK.with_borrow_mut(|sink| {
        let bytes = sink.as_mut().filter(|_| values.len() > SHORT)?;
        let r#type = T::narrowest(values);
        // Elements stand where a program that maps the file into memory can load them.
        bytes.resize(bytes.len().next_multiple_of(r#type.size()), 0);
        let offset = bytes.len();
        values.iter().for_each(|value| value.write(r#type, bytes));
        Some(Place {
            r#type,
            offset,
            count: values.len(),
        })
    })
}

fn load<T: Element>(place: Place) -> Result<Vec<T>, String> {
    SOURCE.with_borrow_mut(|source| {
        let source = source
            .as_mut()
            .ok_or("it stands in another file, which isn't here")?;
        let Place {
            r#type,
            offset,
            count,
        } = place;
        let length = count.checked_mul(r#type.size());
        let end = length.and_then(|length| offset.checked_add(length));
        let bytes = end.and_then(|end| source.bytes.get(offset..end)).ok_or_else(|| {
            let available = source.bytes.len();
            format!("{count} elements at byte {offset} of the weights, which have {available} bytes")
        })?;
        source.unclaimed = source
            .unclaimed
            .checked_sub(bytes.len())
            .ok_or("two lists stand in the same place of the weights")?;
        bytes
            .chunks_exact(r#type.size())
            .map(|bytes| {
                T::read(r#type, bytes).ok_or_else(|| {
                    format!("an element at byte {offset} of the weights or later isn't a number that fits")
                })
            })
            .collect()
    })
}

/// Stores a list.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Element, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    match store(values) {
        Some(place) => place.serialize(serializer),
        None => values.serialize(serializer),
    }
}

/// Reads a list.
///
/// # Errors
/// If it isn't one, or its place isn't in the bytes.
pub fn deserialize<'de, T: Element, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);

    impl<'de, T: Element> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of numbers, or its place among the weights")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = list.next_element()? {
                values.push(value);
            }
            Ok(values)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            let place = Place::deserialize(MapAccessDeserializer::new(map))?;
            load(place).map_err(A::Error::custom)
        }
    }

    if deserializer.is_human_readable() {
        deserializer.deserialize_any(List(PhantomData))
    } else {
        // Such a format doesn't say what comes, and isn't that of a file.
        deserializer.deserialize_seq(List(PhantomData))
    }
}

/// The same for a list that may be absent.
pub(crate) mod optional {
    use super::Element;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    struct List<T>(Vec<T>);

    impl<'de, T: Element> Deserialize<'de> for List<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            super::deserialize(deserializer).map(Self)
        }
    }

    struct Slice<'a, T>(&'a [T]);

    impl<T: Element> Serialize for Slice<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            super::serialize(self.0, serializer)
        }
    }

    pub(crate) fn serialize<T: Element, S: Serializer>(
        list: &Option<Arc<[T]>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        list.as_deref().map(Slice).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Element, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<[T]>>, D::Error> {
        let list = Option::<List<T>>::deserialize(deserializer)?;
        Ok(list.map(|list| list.0.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Lists {
        #[serde(with = "crate::arrays")]
        codes: Vec<i32>,
        #[serde(with = "crate::arrays")]
        reals: Vec<f64>,
        #[serde(with = "crate::arrays::optional")]
        map: Option<std::sync::Arc<[u32]>>,
    }

    fn lists() -> Lists {
        Lists {
            codes: (-20..20).collect(),
            reals: (0..20).map(|i| f64::from(i) / 3.0).collect(),
            map: Some((0..40).map(|i| u32::MAX - i).collect()),
        }
    }

    #[test]
    fn long_lists_become_bytes_of_the_narrowest_type_and_come_back() {
        let (text, bytes) = writing(|| serde_json::to_string(&lists()).expect("plain data"));
        assert!(
            text.contains(r#""codes":{"type":"i8","offset":0,"count":40}"#),
            "{text}"
        );
        assert_eq!(bytes.len(), 40 + 8 * 20 + 4 * 40);
        let back: Lists = reading(bytes, || serde_json::from_str(&text)).expect("what was written");
        assert_eq!(back, lists());
    }

    #[test]
    fn without_a_place_for_bytes_lists_stay_in_the_text() {
        let text = serde_json::to_string(&lists()).expect("plain data");
        assert_eq!(serde_json::from_str::<Lists>(&text).expect("a list"), lists());
    }

    #[test]
    fn places_outside_the_bytes_and_places_taken_twice_are_refused() {
        let read = |place: &str, bytes: usize| {
            let text = format!(r#"{{"codes":{place},"reals":[],"map":null}}"#);
            reading(vec![0; bytes], || serde_json::from_str::<Lists>(&text))
                .map(|lists| lists.codes.len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(read(r#"{"type":"i16","offset":2,"count":3}"#, 8), Ok(3));
        for (place, problem) in [
            (r#"{"type":"i16","offset":2,"count":4}"#, "which have 8 bytes"),
            (
                r#"{"type":"i64","offset":0,"count":2305843009213693952}"#,
                "which have 8 bytes",
            ),
            (
                r#"{"type":"i8","offset":18446744073709551615,"count":1}"#,
                "which have 8 bytes",
            ),
            (r#"{"type":"f32","offset":0,"count":1}"#, "number that fits"),
            (r#"{"type":"i8","offset":-1,"count":1}"#, "invalid value"),
            (r#"{"type":"i8"}"#, "missing field"),
            ("7", "a list of numbers"),
        ] {
            let error = read(place, 8).expect_err(place);
            assert!(error.contains(problem), "{place}: {error}");
        }
        let twice = r#"{"codes":{"type":"i8","offset":0,"count":8},"reals":{"type":"f64","offset":0,"count":1},"map":null}"#;
        let error = reading(vec![0; 8], || serde_json::from_str::<Lists>(twice)).expect_err("one place");
        assert!(error.to_string().contains("same place"), "{error}");
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        let bytes = f64::NAN.to_le_bytes().to_vec();
        let text = r#"{"codes":[],"reals":{"type":"f64","offset":0,"count":1},"map":null}"#;
        let error = reading(bytes, || serde_json::from_str::<Lists>(text)).expect_err("not a number");
        assert!(error.to_string().contains("number that fits"), "{error}");
    }
}
