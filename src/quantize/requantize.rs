//! From exact integer sums to the next code, by the very arithmetic of the model's format.

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

/// Numbers that neurons share: one for all, one per channel, or one each.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared<T> {
    values: Vec<T>,
    span: usize,
}

impl<T: Copy> Shared<T> {
    /// Spreads `values` evenly over `neurons`.
    pub fn new(values: Vec<T>, neurons: usize) -> Self {
        let span = (neurons / values.len().max(1)).max(1);
        Self { values, span }
    }

    /// The number of a neuron.
    #[inline]
    pub fn at(&self, neuron: usize) -> T {
        if self.values.len() == 1 { self.values[0] } else { self.values[neuron / self.span] }
    }

    /// The same spread of other numbers.
    pub fn map<U: Copy>(&self, change: impl Fn(T) -> U) -> Shared<U> {
        Shared { values: self.values.iter().map(|&v| change(v)).collect(), span: self.span }
    }

    /// The different numbers.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

/// Turns the sums of a layer's dendrites into codes, or into real numbers at an unquantized output.
#[derive(Clone, Debug, PartialEq)]
pub enum Requantizer {
    /// One dendrite's sum becomes a code.
    Codes {
        /// The format's arithmetic.
        rule: Rule,
        /// S_x · S_w.
        scales: Shared<f32>,
        /// M̂ = S_x S_w / S_y.
        multipliers: Shared<f32>,
        /// The quantization of the result.
        output: Affine,
        /// Real numbers that pass: Relu and its kin.
        clamp: Clamp,
        /// Smallest code that can be fired: q_min, or more where a clamp says so.
        low: i32,
        /// Largest code that can be fired.
        high: i32,
    },
    /// Several dendrites' sums become a code: round(Σ_d M̂_d acc_d + Z_y) in 32-bit floating point,
    /// with the zero points in one constant, as ONNX Runtime adds.
    Sum {
        /// M̂ of each dendrite: S_d / S_y, negative for one that is taken off.
        ratios: Vec<f32>,
        /// Z_x of each dendrite, which the format's arithmetic wants back.
        zero_points: Vec<i32>,
        /// Z_y − Σ_d M̂_d Z_d.
        fixed: f32,
        /// The quantization of the result.
        output: Affine,
        /// Smallest code that can be fired.
        low: i32,
        /// Largest code that can be fired.
        high: i32,
    },
    /// One dendrite's sum, a code less its zero point, looks its code up.
    Table {
        /// The sum that `codes` begins with.
        first: i32,
        /// The code of every sum.
        codes: Vec<i32>,
        /// The quantization of the result.
        output: Affine,
    },
    /// The result is a real number.
    Real {
        /// S_x · S_w.
        scales: Shared<f32>,
        /// Real numbers that pass.
        clamp: Clamp,
    },
}

impl Requantizer {
    /// A requantizer for sums at the given scales S_x · S_w.
    pub fn new(scales: Shared<f32>, output: Option<Affine>, clamp: Clamp, rule: Rule) -> Self {
        match output {
            None => Self::Real { scales, clamp },
            Some(output) => {
                let (low, high) = limits(output, clamp);
                Self::Codes { rule, multipliers: scales.map(|s| s / output.scale), scales, output, clamp, low, high }
            }
        }
    }

    /// A requantizer for the sum of several dendrites: their quantizations and signs.
    pub fn sum(inputs: &[(Affine, bool)], output: Affine, clamp: Clamp) -> Self {
        let (low, high) = limits(output, clamp);
        let ratios: Vec<f32> = inputs
            .iter()
            .map(|(affine, subtract)| affine.scale / output.scale * if *subtract { -1.0 } else { 1.0 })
            .collect();
        let zero_points: Vec<i32> = inputs.iter().map(|(affine, _)| affine.zero_point).collect();
        let shift = ratios.iter().zip(&zero_points).fold(0f32, |sum, (ratio, &z)| sum + ratio * z as f32);
        Self::Sum { ratios, zero_points, fixed: output.zero_point as f32 - shift, output, low, high }
    }

    /// A requantizer that applies a function of real numbers to every code of `input`.
    pub fn table(input: Affine, output: Affine, function: impl Fn(f32) -> f32) -> Self {
        let codes = (input.format.min()..=input.format.max())
            .map(|code| output.quantize(function(input.dequantize(code))))
            .collect();
        Self::Table { first: input.format.min() - input.zero_point, codes, output }
    }

    /// The code of a neuron, from the exact sum of each of its dendrites; `None` at a real output.
    #[inline]
    pub fn code(&self, neuron: usize, sum: impl Fn(usize) -> i64) -> Option<i32> {
        match self {
            Self::Codes { rule, scales, multipliers, output, clamp, low, high } => {
                let sum = sum(0) as f32;
                let rounded = match rule {
                    Rule::Multiply => (sum * multipliers.at(neuron)).round_ties_even(),
                    Rule::Divide => {
                        let real = (sum * scales.at(neuron)).clamp(clamp.min, clamp.max);
                        (real / output.scale).round_ties_even()
                    }
                };
                Some(((rounded + output.zero_point as f32) as i32).clamp(*low, *high))
            }
            Self::Sum { ratios, zero_points, fixed, low, high, .. } => {
                let mut value = *fixed;
                for (dendrite, (ratio, &zero_point)) in ratios.iter().zip(zero_points).enumerate() {
                    value += ratio * (sum(dendrite) + i64::from(zero_point)) as f32;
                }
                Some((value.round_ties_even() as i32).clamp(*low, *high))
            }
            Self::Table { first, codes, .. } => {
                let index = (sum(0) - i64::from(*first)).clamp(0, codes.len() as i64 - 1);
                Some(codes[index as usize])
            }
            Self::Real { .. } => None,
        }
    }

    /// The real number of a neuron: the answer of an unquantized output.
    pub fn real(&self, neuron: usize, sum: impl Fn(usize) -> i64) -> f32 {
        match self {
            Self::Real { scales, clamp } => (sum(0) as f32 * scales.at(neuron)).clamp(clamp.min, clamp.max),
            _ => self
                .output()
                .zip(self.code(neuron, sum))
                .map_or(0.0, |(output, code)| output.dequantize(code)),
        }
    }

    /// M̂ of a dendrite: codes (real numbers, at a real output) per unit of its sum.
    pub fn multipliers(&self, dendrite: usize) -> Shared<f64> {
        match self {
            Self::Codes { multipliers, .. } => multipliers.map(f64::from),
            Self::Sum { ratios, .. } => Shared::new(vec![f64::from(ratios[dendrite])], 1),
            Self::Table { .. } => Shared::new(vec![1.0], 1),
            Self::Real { scales, .. } => scales.map(f64::from),
        }
    }

    /// Z_y; 0 where the potential is not a code of the output (a real number, the key of a table).
    pub fn zero_point(&self) -> i32 {
        match self {
            Self::Codes { output, .. } | Self::Sum { output, .. } => output.zero_point,
            Self::Table { .. } | Self::Real { .. } => 0,
        }
    }

    /// The quantization of the result; `None` at a real output.
    pub fn output(&self) -> Option<Affine> {
        match self {
            Self::Codes { output, .. } | Self::Sum { output, .. } | Self::Table { output, .. } => Some(*output),
            Self::Real { .. } => None,
        }
    }

    /// What a potential that is no exact sum fires: the nearest code in range; `None` at a real output.
    pub fn nearest(&self, potential: i64) -> Option<i32> {
        match self {
            Self::Codes { low, high, .. } | Self::Sum { low, high, .. } => {
                Some(potential.clamp(i64::from(*low), i64::from(*high)) as i32)
            }
            Self::Table { .. } => self.code(0, |_| potential),
            Self::Real { .. } => None,
        }
    }
}

/// The codes that a clamp of real numbers lets pass: quantization is monotone.
fn limits(output: Affine, clamp: Clamp) -> (i32, i32) {
    let low = if clamp.min.is_finite() { output.quantize(clamp.min) } else { output.format.min() };
    let high = if clamp.max.is_finite() { output.quantize(clamp.max) } else { output.format.max() };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::CodeFormat;

    fn output(zero_point: i32) -> Affine {
        Affine { scale: 0.5, zero_point, format: CodeFormat::signed(8) }
    }

    fn one(scale: f32) -> Shared<f32> {
        Shared::new(vec![scale], 1)
    }

    #[test]
    fn the_zero_point_is_added_after_rounding() {
        let half = Requantizer::new(one(0.25), Some(output(1)), Clamp::NONE, Rule::Multiply);
        // 0.5 rounds to 0 and 1.5 to 2, whatever Z_y is.
        assert_eq!(half.code(0, |_| 1), Some(1));
        assert_eq!(half.code(0, |_| 3), Some(3));
        assert_eq!(half.code(0, |_| 1_000_000), Some(127));
    }

    #[test]
    fn a_clamp_is_a_range_of_codes() {
        let relu6 = Clamp { min: 0.0, max: 6.0 };
        for rule in [Rule::Multiply, Rule::Divide] {
            let requantizer = Requantizer::new(one(0.5), Some(output(-10)), relu6, rule);
            assert_eq!(requantizer.code(0, |_| -100), Some(-10));
            assert_eq!(requantizer.code(0, |_| 100), Some(2));
        }
    }

    #[test]
    fn an_unquantized_output_is_a_real_number() {
        let real = Requantizer::new(Shared::new(vec![0.25, 0.125], 2), None, Clamp::NONE, Rule::Multiply);
        assert_eq!(real.code(0, |_| 4), None);
        assert_eq!((real.real(0, |_| 4), real.real(1, |_| 4)), (1.0, 0.5));
    }

    #[test]
    fn a_sum_weighs_every_dendrite_by_its_own_scale() {
        let coarse = Affine { scale: 1.0, zero_point: 3, format: CodeFormat::signed(8) };
        let sum = Requantizer::sum(&[(coarse, false), (output(-5), true)], output(7), Clamp::NONE);
        // (10 − 3) · 1 − (4 + 5) · 0.5 = 2.5, which is code 5 above Z_y.
        assert_eq!(sum.code(0, |dendrite| [7, 9][dendrite]), Some(12));
    }

    #[test]
    fn a_table_answers_every_code() {
        let table = Requantizer::table(output(10), output(0), |r| r.max(0.0));
        assert_eq!(table.code(0, |_| -20), Some(0));
        assert_eq!(table.code(0, |_| 20), Some(20));
        assert_eq!(table.nearest(1_000), Some(117));
    }
}
