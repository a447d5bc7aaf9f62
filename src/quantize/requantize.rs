//! From an exact integer sum to the next code, by the very arithmetic of the model's format.

use crate::graph::{Affine, Clamp};

/// How M̂ · acc is computed in a format; rounding differs, so the rule is part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// ONNX Runtime's fused integer kernels: f32(acc) · f32(S_x S_w / S_y), half to even.
    Multiply,
    /// Operators between DequantizeLinear and QuantizeLinear that run in floating point:
    /// f32(acc) · S_x S_w, clamped, then divided by S_y, half to even.
    Divide,
}

/// Turns the sums of a layer into codes, or into real numbers at an unquantized output.
#[derive(Clone, Debug, PartialEq)]
pub enum Requantizer {
    /// The result is a code.
    Codes {
        /// The format's arithmetic.
        rule: Rule,
        /// S_x · S_w, one per output channel or one for all.
        scales: Vec<f32>,
        /// M̂ = S_x S_w / S_y, as many.
        multipliers: Vec<f32>,
        /// The quantization of the result.
        output: Affine,
        /// Real numbers that pass: Relu and its kin.
        clamp: Clamp,
        /// Smallest code that can be fired: q_min, or more where a clamp says so.
        low: i32,
        /// Largest code that can be fired.
        high: i32,
    },
    /// The result is a real number.
    Real {
        /// S_x · S_w, one per output channel or one for all.
        scales: Vec<f32>,
        /// Real numbers that pass.
        clamp: Clamp,
    },
}

/// Entry of a per-channel list, which has one entry if all channels share it.
fn of_channel(list: &[f32], channel: usize) -> f32 {
    if list.len() == 1 { list[0] } else { list[channel] }
}

impl Requantizer {
    /// A requantizer for sums at scale `input_scale` · `weight_scales`.
    pub fn new(
        input_scale: f32,
        weight_scales: &[f32],
        output: Option<Affine>,
        clamp: Clamp,
        rule: Rule,
    ) -> Self {
        let scales: Vec<f32> = weight_scales.iter().map(|w| input_scale * w).collect();
        match output {
            None => Self::Real { scales, clamp },
            Some(output) => Self::Codes {
                rule,
                multipliers: scales.iter().map(|s| s / output.scale).collect(),
                scales,
                output,
                clamp,
                // Quantization is monotone, so clamping reals is clamping codes.
                low: if clamp.min.is_finite() {
                    output.quantize(clamp.min)
                } else {
                    output.format.min()
                },
                high: if clamp.max.is_finite() {
                    output.quantize(clamp.max)
                } else {
                    output.format.max()
                },
            },
        }
    }

    /// The code of a sum; `None` at a real output.
    pub fn code(&self, channel: usize, sum: i64) -> Option<i32> {
        let Self::Codes {
            rule,
            scales,
            multipliers,
            output,
            clamp,
            low,
            high,
        } = self
        else {
            return None;
        };
        let rounded = match rule {
            Rule::Multiply => (sum as f32 * of_channel(multipliers, channel)).round_ties_even(),
            Rule::Divide => {
                let real = (sum as f32 * of_channel(scales, channel)).clamp(clamp.min, clamp.max);
                (real / output.scale).round_ties_even()
            }
        };
        Some(((rounded + output.zero_point as f32) as i32).clamp(*low, *high))
    }

    /// The real number of a sum (S_x S_w · acc, clamped): the answer of an unquantized output.
    pub fn real(&self, channel: usize, sum: i64) -> f32 {
        let (Self::Codes { scales, clamp, .. } | Self::Real { scales, clamp }) = self;
        (sum as f32 * of_channel(scales, channel)).clamp(clamp.min, clamp.max)
    }

    /// M̂ of a channel: codes per unit of the sum (real numbers per unit at a real output).
    pub fn multiplier(&self, channel: usize) -> f64 {
        match self {
            Self::Codes { multipliers, .. } => f64::from(of_channel(multipliers, channel)),
            Self::Real { scales, .. } => f64::from(of_channel(scales, channel)),
        }
    }

    /// How many different multipliers there are: one, or one per output channel.
    pub fn channels(&self) -> usize {
        let (Self::Codes { scales, .. } | Self::Real { scales, .. }) = self;
        scales.len()
    }

    /// Z_y; 0 at a real output.
    pub fn zero_point(&self) -> i32 {
        match self {
            Self::Codes { output, .. } => output.zero_point,
            Self::Real { .. } => 0,
        }
    }

    /// The quantization of the result; `None` at a real output.
    pub fn output(&self) -> Option<Affine> {
        match self {
            Self::Codes { output, .. } => Some(*output),
            Self::Real { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::CodeFormat;

    fn output(zero_point: i32) -> Affine {
        Affine {
            scale: 0.5,
            zero_point,
            format: CodeFormat::signed(8),
        }
    }

    #[test]
    fn the_zero_point_is_added_after_rounding() {
        let half = Requantizer::new(0.25, &[1.0], Some(output(1)), Clamp::NONE, Rule::Multiply);
        // 0.5 rounds to 0 and 1.5 to 2, whatever Z_y is.
        assert_eq!(half.code(0, 1), Some(1));
        assert_eq!(half.code(0, 3), Some(3));
        assert_eq!(half.code(0, 1_000_000), Some(127));
    }

    #[test]
    fn a_clamp_is_a_range_of_codes() {
        let relu6 = Clamp { min: 0.0, max: 6.0 };
        for rule in [Rule::Multiply, Rule::Divide] {
            let requantizer = Requantizer::new(0.5, &[1.0], Some(output(-10)), relu6, rule);
            assert_eq!(requantizer.code(0, -100), Some(-10));
            assert_eq!(requantizer.code(0, 100), Some(2));
        }
    }

    #[test]
    fn an_unquantized_output_is_a_real_number() {
        let real = Requantizer::new(0.5, &[0.5, 0.25], None, Clamp::NONE, Rule::Multiply);
        assert_eq!(real.code(0, 4), None);
        assert_eq!((real.real(0, 4), real.real(1, 4)), (1.0, 0.5));
    }
}
