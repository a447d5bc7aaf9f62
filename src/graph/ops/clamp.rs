//! Relu, Relu6 and Clip: a range of real numbers.

use serde::{Deserialize, Serialize};

/// max(min(r, `max`), `min`); Relu is 0 to ∞.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Bounds", into = "Bounds")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Clamp {
    /// The lowest value that passes.
    pub min: f32,
    /// The highest value that passes.
    pub max: f32,
}

/// How a clamp is stored: JSON has no infinity.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Bounds {
    /// The lowest value that passes; null for −∞.
    min: Option<f32>,
    /// The highest value that passes; null for ∞.
    max: Option<f32>,
}

impl From<Clamp> for Bounds {
    fn from(Clamp { min, max }: Clamp) -> Self {
        Self {
            min: min.is_finite().then_some(min),
            max: max.is_finite().then_some(max),
        }
    }
}

impl From<Bounds> for Clamp {
    fn from(Bounds { min, max }: Bounds) -> Self {
        Self {
            min: min.unwrap_or(f32::NEG_INFINITY),
            max: max.unwrap_or(f32::INFINITY),
        }
    }
}

impl Clamp {
    /// Negative numbers become 0.
    pub const RELU: Self = Self {
        min: 0.0,
        max: f32::INFINITY,
    };

    /// Everything passes.
    pub const NONE: Self = Self {
        min: f32::NEG_INFINITY,
        max: f32::INFINITY,
    };

    /// This clamp followed by `next`.
    pub fn then(self, next: Self) -> Self {
        let limit = |r: f32| r.max(next.min).min(next.max);
        Self {
            min: limit(self.min),
            max: limit(self.max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamps_in_a_row_are_one_clamp() {
        let relu6 = Clamp { min: 0.0, max: 6.0 };
        assert_eq!(Clamp::RELU.then(relu6), relu6);
        assert_eq!(Clamp::NONE.then(Clamp::RELU), Clamp::RELU);
        let negative = Clamp { min: -2.0, max: -1.0 };
        assert_eq!(negative.then(Clamp::RELU), Clamp { min: 0.0, max: 0.0 });
    }
}
