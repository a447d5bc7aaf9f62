//! TensorFlow Lite's arithmetic: sums become codes by integers alone
//! (`docs/tensorflow-lite-arithmetic.md`).

use super::Shared;
use crate::arrays::{Element, Type};
use crate::graph::{Affine, Unary};
use serde::{Deserialize, Serialize};

/// A real factor M as a 31-bit integer and a shift: M ≈ `value` · 2^(`shift` − 31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "i64"))]
pub struct Multiplier {
    /// 2^30 to 2^31 − 1 (negative for a negative factor), or 0.
    pub value: i32,
    /// Positive to the left, −31 to 31.
    pub shift: i32,
}

impl From<Multiplier> for i64 {
    /// `value` + 2^32 · `shift`, as it is stored.
    fn from(multiplier: Multiplier) -> Self {
        Self::from(multiplier.value) + (Self::from(multiplier.shift) << 32)
    }
}

impl TryFrom<i64> for Multiplier {
    type Error = String;

    fn try_from(stored: i64) -> Result<Self, String> {
        let value = stored as i32;
        let shift = (i128::from(stored) - i128::from(value)) >> 32;
        if (-31..=31).contains(&shift) {
            return Ok(Self {
                value,
                shift: shift as i32,
            });
        }
        Err(format!(
            "a multiplier is shifted by {shift} bits, but 31 are possible"
        ))
    }
}

impl Element for Multiplier {
    fn narrowest(_: &[Self]) -> Type {
        Type::I64
    }

    fn write(self, kind: Type, bytes: &mut Vec<u8>) {
        i64::from(self).write(kind, bytes);
    }

    fn read(kind: Type, bytes: &[u8]) -> Option<Self> {
        i64::read(kind, bytes)?.try_into().ok()
    }
}

/// Factors of this magnitude and more have no [`Multiplier`].
pub const MAX_FACTOR: f64 = (1u32 << 31) as f64;

impl Multiplier {
    /// `QuantizeMultiplier`: the nearest multiplier, ties away from zero; 0 below 2^−32.
    pub fn new(factor: f64) -> Self {
        let (fraction, mut shift) = libm::frexp(factor);
        let mut value = libm::round(fraction * MAX_FACTOR) as i64;
        if value.abs() == 1 << 31 {
            value /= 2;
            shift += 1;
        }
        if !(-31..=31).contains(&shift) || factor.abs() >= MAX_FACTOR {
            return Self { value: 0, shift: 0 };
        }
        Self {
            value: value as i32,
            shift,
        }
    }

    /// The multiplier that takes a sum of `count` numbers to `self` times their mean, as
    /// `QuantizedMeanOrSum` makes it: it loses the bits that a division of integers does.
    pub fn divided_by(self, count: u64) -> Self {
        let shift = (63 - count.max(1).leading_zeros() as i32)
            .min(32)
            .min(31 + self.shift);
        let value = (i64::from(self.value) << shift) / (count.max(1) as i64);
        Self {
            value: value as i32,
            shift: self.shift - shift,
        }
    }

    /// `MultiplyByQuantizedMultiplier`: rounded twice, by the multiplication and by the shift.
    #[inline]
    pub fn apply(self, x: i32) -> i32 {
        let (left, right) = (self.shift.max(0), (-self.shift).max(0));
        // Where the shifted number leaves 32 bits, C++ leaves the result open.
        let shifted = x.wrapping_shl(left as u32);
        rounding_divide_by_power(rounding_doubling_high_product(shifted, self.value), right)
    }

    /// The product rounded once, ties away from zero.
    #[inline]
    pub fn apply_once(self, x: i32) -> i32 {
        let (product, shift) = (i64::from(x) * i64::from(self.value), 31 - self.shift);
        let half = if shift > 0 { 1i64 << (shift - 1) } else { 0 };
        let rounded = (product.abs() + half) >> shift;
        // What leaves 32 bits is cut off.
        let limited = rounded.min(i64::from(i32::MAX)) as i32;
        if product < 0 { -limited } else { limited }
    }

    /// M.
    pub fn factor(self) -> f64 {
        libm::ldexp(f64::from(self.value), self.shift - 31)
    }
}

/// gemmlowp's `SaturatingRoundingDoublingHighMul`: a · b / 2^31 to the nearest, ties towards +∞.
#[inline]
fn rounding_doubling_high_product(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    // A division of integers, which rounds towards 0; not a shift.
    ((product + nudge) / (1 << 31)) as i32
}

/// gemmlowp's `RoundingDivideByPOT`: x / 2^`exponent` to the nearest, ties away from zero.
#[inline]
fn rounding_divide_by_power(x: i32, exponent: i32) -> i32 {
    let mask = ((1i64 << exponent) - 1) as i32;
    let (remainder, threshold) = (x & mask, (mask >> 1) + i32::from(x < 0));
    if exponent == 31 {
        // The mask is all bits but the sign.
        return (x >> 31) + i32::from(remainder > threshold);
    }
    (x >> exponent) + i32::from(remainder > threshold)
}

/// What the exact sums of a neuron's dendrites go through before Z_y is added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FixedPoint {
    /// Convolutions, requantization, means: M · acc, rounded twice.
    Scale(Shared<Multiplier>),
    /// Fully connected layers: M · acc, rounded once.
    ScaleOnce(Shared<Multiplier>),
    /// AVERAGE_POOL_2D: the codes themselves are added and divided, ties away from zero.
    Average {
        /// How many codes each neuron sees.
        counts: Shared<i32>,
        /// Z of these codes.
        zero_point: i32,
    },
    /// ADD and SUB: both sides on a common scale, 20 bits finer, then together.
    Sum {
        /// S_d / (2 max S).
        terms: [Multiplier; 2],
        /// Whether the second is taken off.
        subtract: bool,
        /// 2 max S / (2^20 S_y).
        output: Multiplier,
    },
    /// MUL by a constant.
    Product {
        /// The constant's codes, less their zero point; one per neuron.
        #[serde(with = "crate::arrays")]
        #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
        factors: Vec<i16>,
        /// S_a S_b / S_y.
        multiplier: Multiplier,
    },
}

/// By how many bits ADD and SUB shift codes to the left.
const SUM_SHIFT: u32 = 20;

impl FixedPoint {
    /// ADD and SUB of codes at `scales`.
    pub fn sum(scales: [f32; 2], subtract: bool, output: f32) -> Self {
        let twice = f64::from(2.0 * scales[0].max(scales[1]));
        Self::Sum {
            terms: scales.map(|scale| Multiplier::new(f64::from(scale) / twice)),
            subtract,
            output: Multiplier::new(twice / f64::from((1 << SUM_SHIFT) as f32 * output)),
        }
    }

    /// The result of a neuron in units of S_y, before Z_y is added and limits apply.
    #[inline]
    pub fn scaled(&self, neuron: usize, sum: impl Fn(usize) -> i64) -> i32 {
        // TensorFlow Lite adds in 32 bits.
        match self {
            Self::Scale(multipliers) => multipliers.at(neuron).apply(sum(0) as i32),
            Self::ScaleOnce(multipliers) => multipliers.at(neuron).apply_once(sum(0) as i32),
            Self::Average { counts, zero_point } => {
                let count = counts.at(neuron);
                let total = (sum(0) as i32).wrapping_add(count.wrapping_mul(*zero_point));
                let half = if total > 0 { count / 2 } else { -(count / 2) };
                (total.wrapping_add(half) / count).wrapping_sub(*zero_point)
            }
            Self::Sum {
                terms,
                subtract,
                output,
            } => {
                let term = |d: usize| terms[d].apply((sum(d) as i32) << SUM_SHIFT);
                let (a, b) = (term(0), term(1));
                output.apply(if *subtract {
                    a.wrapping_sub(b)
                } else {
                    a.wrapping_add(b)
                })
            }
            Self::Product { factors, multiplier } => {
                multiplier.apply((sum(0) * i64::from(factors[neuron])) as i32)
            }
        }
    }

    /// M̂ of a dendrite of `neurons`: codes per unit of its sum.
    pub fn multipliers(&self, dendrite: usize, neurons: usize) -> Shared<f64> {
        let one = |value| Shared::new(vec![value], 1);
        match self {
            Self::Scale(multipliers) | Self::ScaleOnce(multipliers) => multipliers.map(Multiplier::factor),
            Self::Average { counts, .. } => counts.map(|count| 1.0 / f64::from(count)),
            Self::Sum {
                terms,
                subtract,
                output,
            } => {
                let factor = f64::from(1 << SUM_SHIFT) * terms[dendrite].factor() * output.factor();
                one(if *subtract && dendrite == 1 {
                    -factor
                } else {
                    factor
                })
            }
            Self::Product { factors, multiplier } => {
                let slopes = factors.iter().map(|&f| f64::from(f) * multiplier.factor());
                Shared::new(slopes.collect(), neurons)
            }
        }
    }
}

/// The code that TensorFlow Lite's kernel of a function gives for each code of `input`, before limits apply.
pub fn table(function: Unary, input: Affine, output: Affine) -> Vec<i32> {
    let codes = input.format.min()..=input.format.max();
    match function {
        Unary::LeakyRelu(alpha) => {
            // Products and quotients are rounded to 32 bits here.
            let below = Multiplier::new(f64::from(input.scale * alpha / output.scale));
            let above = Multiplier::new(f64::from(input.scale / output.scale));
            let code = |code| {
                let value = code - input.zero_point;
                let multiplier = if value >= 0 { above } else { below };
                multiplier.apply(value) + output.zero_point
            };
            codes.map(code).collect()
        }
        Unary::HardSwish => {
            let kernel = HardSwish::new(input, output);
            codes.map(|code| kernel.code(code)).collect()
        }
        Unary::Sigmoid | Unary::Tanh | Unary::HardSigmoid(..) => {
            let inverse = 1.0 / output.scale;
            let code = |code| {
                let real = input.scale * (code - input.zero_point) as f32;
                // std::exp and std::tanh on 32 bits, whose results are the nearest but for rare last bits.
                let value = match function {
                    Unary::Sigmoid => 1.0 / (1.0 + libm::exp(-f64::from(real)) as f32),
                    Unary::Tanh => libm::tanh(f64::from(real)) as f32,
                    other => other.apply(real),
                };
                (libm::roundf(value * inverse) + output.zero_point as f32) as i32
            };
            codes.map(code).collect()
        }
    }
}

/// HARD_SWISH in 16 bits.
struct HardSwish {
    input_zero_point: i32,
    output_zero_point: i32,
    /// S_x / (128 S_y), in 16 bits.
    output: (i16, i32),
    /// 32768 S_x / (3 · 128), in 16 bits.
    relu: (i16, i32),
}

impl HardSwish {
    fn new(input: Affine, output: Affine) -> Self {
        let fine = (1.0 / 128.0) * input.scale;
        let short = |factor: f32| {
            let Multiplier { value, shift } = Multiplier::new(f64::from(factor));
            let value = (i64::from(value) + (1 << 15)) >> 16;
            (value.min(i64::from(i16::MAX)) as i16, shift)
        };
        Self {
            input_zero_point: input.zero_point,
            output_zero_point: output.zero_point,
            output: short(fine / output.scale),
            relu: short(fine / (3.0 / 32768.0)),
        }
    }

    fn code(&self, code: i32) -> i32 {
        let value = ((code - self.input_zero_point) * (1 << 7)) as i16;
        let scaled = rounding_high_product_16(value, self.output.0);
        let (factor, exponent) = self.relu;
        let mut relu = value;
        if exponent > 0 {
            relu = saturating_shift_16(relu, exponent - 1);
        }
        relu = rounding_high_product_16(relu, factor);
        if exponent > 0 {
            relu = saturating_shift_16(relu, 1);
        }
        if exponent < 0 {
            relu = rounding_divide_by_power(i32::from(relu), -exponent) as i16;
        }
        let share = (i32::from(relu) + (1 << 15)) >> 1;
        // Towards zero here.
        let product = (share * i32::from(scaled)) / (1 << 15);
        rounding_divide_by_power(product, (-self.output.1).max(0)) + self.output_zero_point
    }
}

/// a · b / 2^15 to the nearest, in 16 bits.
fn rounding_high_product_16(a: i16, b: i16) -> i16 {
    if a == i16::MIN && b == i16::MIN {
        return i16::MAX;
    }
    let product = i32::from(a) * i32::from(b);
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((product + nudge) / (1 << 15)) as i16
}

fn saturating_shift_16(value: i16, amount: i32) -> i16 {
    let shifted = i64::from(value) << amount.min(32);
    shifted.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_multiplier_has_31_bits_and_a_shift() {
        assert_eq!(
            Multiplier::new(1.0),
            Multiplier {
                value: 1 << 30,
                shift: 1
            }
        );
        assert_eq!(
            Multiplier::new(0.375),
            Multiplier {
                value: 0x6000_0000,
                shift: -1
            }
        );
        // Rounds up to the next power of two.
        let below_one = Multiplier::new(1.0 - f64::EPSILON);
        assert_eq!(below_one, Multiplier::new(1.0));
        for nothing in [0.0, 1e-12, 1e12, f64::INFINITY, f64::NAN] {
            assert_eq!(Multiplier::new(nothing).value, 0, "{nothing}");
        }
    }

    #[test]
    fn a_product_is_rounded_twice_or_once() {
        let quarter = Multiplier::new(0.25);
        assert_eq!((quarter.apply(10), quarter.apply(-10)), (3, -3));
        // 2.5 − ε: the nearest is 2, but the product rounds to 10, and a quarter of that to 3.
        assert_eq!(Multiplier::new(0.249_999_999_5).apply(10), 3);
        assert_eq!(Multiplier::new(0.249_999_999_5).apply_once(10), 2);
        assert_eq!((quarter.apply_once(10), quarter.apply_once(-10)), (3, -3));
        let twice = Multiplier::new(2.0);
        assert_eq!((twice.apply(7), twice.apply(-7)), (14, -14));
    }

    #[test]
    fn averages_round_the_codes_away_from_zero() {
        let average = FixedPoint::Average {
            counts: Shared::new(vec![4], 1),
            zero_point: -100,
        };
        // Codes that add up to 2, −2 and −402: 0.5, −0.5 and −100.5.
        assert_eq!(average.scaled(0, |_| 402), 101);
        assert_eq!(average.scaled(0, |_| 398), 99);
        assert_eq!(average.scaled(0, |_| -2), -1);
    }

    #[test]
    fn a_difference_has_a_negative_second_multiplier() {
        let difference = FixedPoint::sum([0.5, 0.25], true, 0.5);
        assert_eq!(difference.scaled(0, |d| [10, 6][d]), 7);
        assert_eq!(difference.multipliers(0, 1).at(0), 1.0);
        assert_eq!(difference.multipliers(1, 1).at(0), -0.5);
    }

    proptest! {
        #[test]
        fn a_multiplier_is_within_one_of_the_real_product(factor in 1e-6..4.0f64, x in -(1i32 << 28)..1 << 28) {
            let exact = factor * f64::from(x);
            prop_assert!((f64::from(Multiplier::new(factor).apply(x)) - exact).abs() <= 1.0);
        }

        #[test]
        fn a_power_of_two_divides_to_the_nearest_away_from_zero(x in any::<i32>(), exponent in 0i32..=31) {
            let exact = f64::from(x) / f64::from(exponent).exp2();
            prop_assert_eq!(f64::from(rounding_divide_by_power(x, exponent)), exact.round());
        }

        #[test]
        fn a_mean_is_within_one_of_the_real_one(count in 1u64..5000, scale in 0.1..8.0f64, mean in -255i64..256) {
            let sum = mean * count as i64;
            let found = Multiplier::new(scale).divided_by(count).apply(sum as i32);
            prop_assert!((f64::from(found) - scale * mean as f64).abs() <= 1.0);
        }
    }
}
