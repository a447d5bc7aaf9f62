//! A sample that the user made, short enough for an address.
//!
//! A letter that tells where it comes from, a letter that tells how values are packed, and base 64: `pb.AB…`.
//! Values that are bytes divided by 255, as drawings and pictures are, take a byte each, and runs of zeros, of which
//! drawings mostly consist, two bytes; others take four bytes each. By chance, it is the seed: `r.7`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_i18n::t;

/// A code, which is known to be one of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleCode(String);

/// What a code stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Coded {
    /// Values, and the letter that tells where they come from.
    Values(char, Vec<f32>),
    /// Values by chance, with this seed.
    Random(u32),
}

/// A longer sample is of none of the models that run here.
const MOST_VALUES: usize = 1 << 20;

impl SampleCode {
    /// The code of values; `source` is a letter that tells where they come from.
    pub fn of_values(source: char, values: &[f32]) -> Self {
        let bytes: Option<Vec<u8>> = values.iter().copied().map(to_byte).collect();
        let (packing, bytes) = match bytes {
            Some(bytes) => ('b', without_zeros(&bytes)),
            None => ('f', values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        };
        Self(format!("{source}{packing}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The code of values by chance.
    pub fn of_seed(seed: u32) -> Self {
        Self(format!("r.{seed}"))
    }

    /// The code in an address.
    ///
    /// # Errors
    /// A sentence if it is none.
    pub fn read(code: &str) -> Result<Self, String> {
        match decode(code) {
            Some(_) => Ok(Self(code.to_owned())),
            None => Err(t!("bring.link_drawn").into_owned()),
        }
    }

    /// As it stands in an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it stands for.
    pub fn decode(&self) -> Option<Coded> {
        decode(&self.0)
    }
}

fn decode(code: &str) -> Option<Coded> {
    let (kind, rest) = code.split_once('.')?;
    if kind == "r" {
        return Some(Coded::Random(rest.parse().ok()?));
    }
    let mut kind = kind.chars();
    let (source, packing, None) = (kind.next()?, kind.next()?, kind.next()) else {
        return None;
    };
    let bytes = URL_SAFE_NO_PAD.decode(rest).ok()?;
    let values = match packing {
        'b' => with_zeros(&bytes)?
            .iter()
            .map(|&byte| f32::from(byte) / 255.0)
            .collect(),
        'f' => {
            let (values, []) = bytes.as_chunks::<4>() else {
                return None;
            };
            values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        }
        _ => return None,
    };
    let values: Vec<f32> = values;
    let is_good = !values.is_empty() && values.iter().all(|value| value.is_finite());
    is_good.then_some(Coded::Values(source, values))
}

/// The byte that a value is, divided by 255; `None` if it is none.
fn to_byte(value: f32) -> Option<u8> {
    let byte = (value * 255.0).round().clamp(0.0, 255.0) as u8;
    (f32::from(byte) / 255.0 == value).then_some(byte)
}

/// Each run of zeros as one zero and its length.
fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for run in bytes.chunk_by(|a, b| *a == 0 && *b == 0) {
        if run[0] != 0 {
            packed.push(run[0]);
            continue;
        }
        packed.extend(run.chunks(255).flat_map(|part| [0, part.len() as u8]));
    }
    packed
}

fn with_zeros(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = packed.iter();
    while let Some(&byte) = rest.next() {
        let count = if byte == 0 { usize::from(*rest.next()?) } else { 1 };
        bytes.extend(std::iter::repeat_n(byte, count));
        if bytes.len() > MOST_VALUES {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stroke on bare paper.
    fn drawing() -> Vec<f32> {
        let ink = |i: usize| {
            if i % 28 == 14 && i > 100 {
                (i % 255) as u8
            } else {
                0
            }
        };
        (0..784).map(|i| f32::from(ink(i)) / 255.0).collect()
    }

    #[test]
    fn a_drawing_comes_back_to_the_last_bit_and_is_short() {
        let code = SampleCode::of_values('p', &drawing());
        assert!(code.as_str().len() < 160, "{} characters", code.as_str().len());
        assert_eq!(code.decode(), Some(Coded::Values('p', drawing())));
        assert_eq!(SampleCode::read(code.as_str()), Ok(code));
    }

    #[test]
    fn values_that_are_no_bytes_come_back_to_the_last_bit() {
        let values = [0.1, -7.5, 1e-20, 3.0];
        let code = SampleCode::of_values('f', &values);
        assert_eq!(code.decode(), Some(Coded::Values('f', values.to_vec())));
    }

    #[test]
    fn chance_is_its_seed() {
        assert_eq!(SampleCode::of_seed(7).as_str(), "r.7");
        assert_eq!(SampleCode::of_seed(7).decode(), Some(Coded::Random(7)));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        // Nothing, no letters, no base 64, half a value, not a number, half a run, an unknown packing.
        let nan = SampleCode::of_values('f', &[f32::NAN]);
        for code in [
            "",
            "pb",
            "pb.$",
            "pf.AAA",
            nan.as_str(),
            "pb.AA",
            "px.AAAA",
            "r.x",
        ] {
            assert!(SampleCode::read(code).is_err(), "{code}");
        }
    }

    #[test]
    fn a_code_can_t_fill_the_memory() {
        let bomb = URL_SAFE_NO_PAD.encode([0, 255].repeat(8192));
        assert!(SampleCode::read(&format!("pb.{bomb}")).is_err());
    }
}
