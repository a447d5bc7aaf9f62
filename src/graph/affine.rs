//! Uniform affine quantization: r ≈ S · (q − Z) (`docs/MATHEMATICS.md`, section 1).

use serde::{Deserialize, Serialize};

/// The integers that a code can be: K bits, unsigned or two's complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CodeFormat {
    /// K, from 1 to 16.
    pub bits: u8,
    /// Whether the highest bit weighs −2^(K−1).
    pub signed: bool,
}

impl CodeFormat {
    /// A signed format of `bits` bits.
    pub const fn signed(bits: u8) -> Self {
        Self { bits, signed: true }
    }

    /// An unsigned format of `bits` bits.
    pub const fn unsigned(bits: u8) -> Self {
        Self { bits, signed: false }
    }

    /// q_min, the smallest code.
    pub const fn min(self) -> i32 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    /// q_max, the largest code.
    pub const fn max(self) -> i32 {
        if self.signed {
            (1 << (self.bits - 1)) - 1
        } else {
            (1 << self.bits) - 1
        }
    }
}

/// Scale, zero point and format of a tensor's codes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Affine {
    /// S, the real step between neighbouring codes.
    pub scale: f32,
    /// Z, the code of the real number 0.
    pub zero_point: i32,
    /// The range of the codes.
    pub format: CodeFormat,
}

impl Affine {
    /// Codes that are their own real numbers.
    pub const UNIT: Self = Self {
        scale: 1.0,
        zero_point: 0,
        format: CodeFormat::signed(16),
    };

    /// q = clamp(round_half_even(r / S) + Z), as ONNX's QuantizeLinear has it.
    pub fn quantize(&self, real: f32) -> i32 {
        let (low, high) = (self.format.min() as f32, self.format.max() as f32);
        let zero = self.zero_point as f32;
        // NaN clamps to NaN and casts to 0: a defined code, the same on every target.
        let code = ((real / self.scale).round_ties_even() + zero).clamp(low, high);
        code as i32
    }

    /// r = S · (q − Z).
    pub fn dequantize(&self, code: i32) -> f32 {
        (code - self.zero_point) as f32 * self.scale
    }

    /// What makes these parameters meaningless, as a sentence for the user.
    pub(crate) fn check(&self) -> Result<(), String> {
        let CodeFormat { bits, .. } = self.format;
        if !(1..=16).contains(&bits) {
            return Err(format!("its codes have {bits} bits; 1 to 16 are supported"));
        }
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(format!(
                "its scale is {}; a scale must be a positive finite number, so quantize the model again with calibration data",
                self.scale
            ));
        }
        let (low, high) = (self.format.min(), self.format.max());
        if !(low..=high).contains(&self.zero_point) {
            return Err(format!(
                "its zero point {} lies outside the code range {low} to {high}",
                self.zero_point
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ranges_are_those_of_the_format() {
        assert_eq!(
            (CodeFormat::signed(8).min(), CodeFormat::signed(8).max()),
            (-128, 127)
        );
        assert_eq!(
            (CodeFormat::unsigned(8).min(), CodeFormat::unsigned(8).max()),
            (0, 255)
        );
        assert_eq!(
            (CodeFormat::signed(1).min(), CodeFormat::signed(1).max()),
            (-1, 0)
        );
        assert_eq!(CodeFormat::unsigned(16).max(), 65_535);
    }

    #[test]
    fn quantization_rounds_ties_to_even_before_the_zero_point_is_added() {
        let affine = Affine {
            scale: 1.0,
            zero_point: 1,
            format: CodeFormat::signed(8),
        };
        // 0.5 rounds to 0 and 1.5 to 2; adding Z first would turn both the other way.
        assert_eq!(affine.quantize(0.5), 1);
        assert_eq!(affine.quantize(1.5), 3);
        assert_eq!(affine.quantize(1e9), 127);
        assert_eq!(affine.quantize(f32::NAN), 0);
        assert_eq!(affine.dequantize(3), 2.0);
    }
}
