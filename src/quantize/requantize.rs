//! From exact integer sums to the next code, by the very arithmetic of the model's format.

use super::{FixedPoint, fixed_point};
use crate::arrays::Element;
use crate::graph::{Affine, Arithmetic, Clamp, Constant, Unary};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How M̂ · acc is computed in a format; rounding differs, so the rule is part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Rule {
    /// ONNX Runtime's fused integer kernels: f32(acc) · f32(S_x S_w / S_y), half to even.
    Multiply,
    /// Operators between DequantizeLinear and QuantizeLinear that run in floating point:
    /// f32(acc) · S_x S_w, clamped, then divided by S_y, half to even.
    Divide,
}

/// Numbers that neurons share: one for all, one per channel, or one each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Shared<T> {
    /// The different numbers.
    #[serde(
        with = "crate::arrays",
        bound(serialize = "T: Element", deserialize = "T: Element")
    )]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    values: Vec<T>,
    /// How many neurons in a row have the same.
    span: usize,
}

impl<T: Copy> Shared<T> {
    /// Spreads `values` evenly over `neurons`.
    pub fn new(values: Vec<T>, neurons: usize) -> Self {
        let span = (neurons / values.len().max(1)).max(1);
        Self { values, span }
    }

    /// Each number with the neurons, of `neurons`, that share it.
    pub(crate) fn spans(&self, neurons: usize) -> impl Iterator<Item = (T, Range<usize>)> {
        let span = if self.values.len() == 1 {
            neurons
        } else {
            self.span
        };
        let first = (0..).step_by(span.max(1));
        let spans = self.values.iter().zip(first);
        spans.map(move |(&value, first)| (value, first.min(neurons)..(first + span).min(neurons)))
    }

    /// The number of a neuron.
    #[inline]
    pub fn at(&self, neuron: usize) -> T {
        if self.values.len() == 1 {
            self.values[0]
        } else {
            self.values[neuron / self.span]
        }
    }

    /// The same spread of other numbers.
    pub fn map<U: Copy>(&self, change: impl Fn(T) -> U) -> Shared<U> {
        Shared {
            values: self.values.iter().map(|&v| change(v)).collect(),
            span: self.span,
        }
    }

    /// Whether every one of `neurons` has a number.
    pub fn covers(&self, neurons: usize) -> bool {
        let runs = neurons
            .checked_div(self.span)
            .map(|_| neurons.div_ceil(self.span));
        self.values.len() == 1 || runs.is_some_and(|runs| runs <= self.values.len())
    }

    /// The different numbers.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

/// What is done to a real number before it becomes a code: an operator of its own in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Step {
    /// Times a constant for each neuron.
    Multiply(Shared<f32>),
    /// Plus a constant for each neuron.
    Add(Shared<f32>),
}

/// From one dendrite's sum to a real number: S_x · S_w · acc, then the steps, each rounded to 32 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// S_x · S_w.
    pub scales: Shared<f32>,
    /// What follows; for most layers nothing.
    pub steps: Vec<Step>,
    /// Real numbers that pass: Relu and its kin.
    pub clamp: Clamp,
}

impl Line {
    /// The real number of a sum.
    #[inline]
    fn real(&self, neuron: usize, sum: i64) -> f32 {
        let scaled = sum as f32 * self.scales.at(neuron);
        let real = self.steps.iter().fold(scaled, |real, step| match step {
            Step::Multiply(factors) => real * factors.at(neuron),
            Step::Add(terms) => real + terms.at(neuron),
        });
        real.clamp(self.clamp.min, self.clamp.max)
    }

    /// Real numbers per unit of the sum.
    fn slopes(&self, neurons: usize) -> Shared<f64> {
        if self.steps.is_empty() {
            return self.scales.map(f64::from);
        }
        let slope = |neuron| {
            let scale = f64::from(self.scales.at(neuron));
            self.steps.iter().fold(scale, |slope, step| match step {
                Step::Multiply(factors) => slope * f64::from(factors.at(neuron)),
                Step::Add(_) => slope,
            })
        };
        Shared::new((0..neurons).map(slope).collect(), neurons)
    }

    /// The real number of a sum of 0.
    fn offset(&self, neuron: usize) -> f64 {
        self.steps.iter().fold(0.0, |offset, step| match step {
            Step::Multiply(factors) => offset * f64::from(factors.at(neuron)),
            Step::Add(terms) => offset + f64::from(terms.at(neuron)),
        })
    }
}

/// The quantization of a result, and which of its codes can be fired.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Target {
    /// How the codes are read.
    pub affine: Affine,
    /// Smallest code that can be fired: q_min, or more where a clamp says so.
    pub low: i32,
    /// Largest code that can be fired.
    pub high: i32,
}

impl Target {
    /// All codes that `clamp` lets pass, within `limits` where there are any.
    pub fn new(affine: Affine, clamp: Clamp, limits: Option<(i32, i32)>) -> Self {
        let (mut low, mut high) = range(affine, clamp);
        if let Some((least, most)) = limits {
            (low, high) = (low.clamp(least, most), high.clamp(least, most));
        }
        Self { affine, low, high }
    }

    /// A rounded number of scales becomes a code.
    #[inline]
    pub(super) fn shifted(&self, rounded: f32) -> i32 {
        self.whole(rounded + self.affine.zero_point as f32)
    }

    /// A number that holds the zero point already becomes a code.
    #[inline]
    fn whole(&self, code: f32) -> i32 {
        (code as i32).clamp(self.low, self.high)
    }

    /// ⌊r / S⌉ + Z, as QuantizeLinear has it.
    #[inline]
    pub(super) fn quantized(&self, real: f32) -> i32 {
        self.shifted((real / self.affine.scale).round_ties_even())
    }
}

/// One dendrite's part in a sum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Term {
    /// How its codes are read.
    pub affine: Affine,
    /// Whether it is taken off.
    pub subtract: bool,
}

impl Term {
    fn signed(&self, number: f32) -> f32 {
        if self.subtract { -number } else { number }
    }
}

/// Turns the sums of a layer's dendrites into codes, or into real numbers at an unquantized output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Requantizer {
    /// One dendrite's sum becomes a code.
    Codes {
        /// The format's arithmetic.
        rule: Rule,
        /// From the sum to a real number.
        line: Line,
        /// M̂ = S_x S_w / S_y.
        multipliers: Shared<f32>,
        /// What the code may be.
        target: Target,
    },
    /// Two dendrites' sums become a code.
    Sum {
        /// The dendrites' parts.
        terms: [Term; 2],
        /// Whether one kernel adds codes: fma(a, R_a, fma(b, R_b, F)), with all zero points in F, and
        /// rounded once. Else real numbers are added.
        fused: bool,
        /// R: S_d / S_y, negative for a dendrite that is taken off.
        ratios: [f32; 2],
        /// Z of each dendrite as the kernel sees it.
        zero_points: [i32; 2],
        /// F = Z_y − fma(R_a, Z_a, R_b · Z_b).
        fixed: f32,
        /// What the kernel's codes have more than those of the file: 128 where int8 became uint8.
        shift: i32,
        /// Real numbers that pass.
        clamp: Clamp,
        /// What the code may be.
        target: Target,
    },
    /// The mean of the dendrites' real numbers, added in 32 bits, becomes a code.
    Mean {
        /// How many partial sums are added at the end: one where dendrites are added in their order, else
        /// one for each column of a window, whose dendrites stand row by row.
        partial_sums: usize,
        /// S_x.
        scale: f32,
        /// What the sum is divided by.
        counts: Shared<f32>,
        /// Z_y as the kernel adds it before it rounds, and what that has more than the file's; `None`
        /// where real numbers are divided and quantized.
        fused: Option<(i32, i32)>,
        /// Real numbers that pass.
        clamp: Clamp,
        /// What the code may be.
        target: Target,
    },
    /// One dendrite's sum, a code less its zero point, is multiplied with a constant of codes:
    /// round(f32(a b) · (S_a S_b / S_y) + Z_y), as ONNX Runtime's kernel has it.
    Product {
        /// b of every neuron, less its zero point.
        #[serde(with = "crate::arrays")]
        #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
        factors: Vec<i16>,
        /// S_a S_b / S_y.
        ratio: f32,
        /// Z_y as the kernel sees it.
        zero_point: i32,
        /// What that has more than the file's.
        shift: i32,
        /// What the code may be.
        target: Target,
    },
    /// One dendrite's sum, a code less its zero point, looks its code up.
    Table {
        /// The sum that `codes` begins with.
        first: i32,
        /// The code of every sum.
        #[serde(with = "crate::arrays")]
        #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
        codes: Vec<i32>,
        /// The quantization of the result.
        output: Affine,
    },
    /// TensorFlow Lite's arithmetic: integers alone.
    Fixed {
        /// From the dendrites' sums to units of S_y.
        rule: FixedPoint,
        /// What the code may be.
        target: Target,
    },
    /// The result is a real number.
    Real {
        /// From the sum to the real number.
        line: Line,
    },
}

/// What ONNX Runtime adds to int8 codes to make uint8 of them.
const UNSIGNED: i32 = 128;

/// What a kernel's codes have more than the file's.
fn shift_of(arithmetic: Arithmetic, affine: Affine) -> i32 {
    if arithmetic == Arithmetic::Unsigned && affine.format.signed {
        UNSIGNED
    } else {
        0
    }
}

impl Requantizer {
    /// A requantizer for sums at the given scales.
    pub fn new(line: Line, target: Option<Target>, rule: Rule) -> Self {
        match target {
            None => Self::Real { line },
            Some(target) => {
                let multipliers = line.scales.map(|s| s / target.affine.scale);
                Self::Codes {
                    rule,
                    line,
                    multipliers,
                    target,
                }
            }
        }
    }

    /// A requantizer for the sum of everything in one window of `count` codes at `scale`: one
    /// multiplication with S_x / (S_y n).
    pub fn global_mean(scale: f32, count: f32, target: Target) -> Self {
        let one = |value| Shared::new(vec![value], 1);
        Self::Codes {
            rule: Rule::Multiply,
            line: Line {
                scales: one(scale / count),
                steps: Vec::new(),
                clamp: Clamp::NONE,
            },
            multipliers: one(scale / (target.affine.scale * count)),
            target,
        }
    }

    /// A requantizer for the sum of two dendrites.
    pub fn sum(terms: [Term; 2], arithmetic: Arithmetic, clamp: Clamp, target: Target) -> Self {
        let ratios = terms.map(|term| term.signed(term.affine.scale / target.affine.scale));
        let zero_points = terms.map(|term| term.affine.zero_point + shift_of(arithmetic, term.affine));
        let shift = shift_of(arithmetic, target.affine);
        let [a, b] = [0, 1].map(|term: usize| zero_points[term] as f32);
        let zero_point = (target.affine.zero_point + shift) as f32;
        let fixed = zero_point - ratios[0].mul_add(a, ratios[1] * b);
        let fused = arithmetic != Arithmetic::Real;
        Self::Sum {
            terms,
            fused,
            ratios,
            zero_points,
            fixed,
            shift,
            clamp,
            target,
        }
    }

    /// A requantizer for the mean of dendrites of codes at `scale`, windows of so many `columns`.
    pub fn mean(
        scale: f32,
        counts: Shared<f32>,
        columns: usize,
        arithmetic: Arithmetic,
        clamp: Clamp,
        target: Target,
    ) -> Self {
        let shift = shift_of(arithmetic, target.affine);
        let fused = (arithmetic != Arithmetic::Real).then_some((target.affine.zero_point + shift, shift));
        // ONNX Runtime's kernel on codes goes row by row.
        let partial_sums = if fused.is_some() { 1 } else { columns.max(1) };
        Self::Mean {
            partial_sums,
            scale,
            counts,
            fused,
            clamp,
            target,
        }
    }

    /// A requantizer for the product of codes at `scale` with a constant.
    pub fn product(scale: f32, constant: &Constant, arithmetic: Arithmetic, target: Target) -> Self {
        let shift = shift_of(arithmetic, target.affine);
        Self::Product {
            factors: constant.values.clone(),
            ratio: (scale * constant.affine.scale) / target.affine.scale,
            zero_point: target.affine.zero_point + shift,
            shift,
            target,
        }
    }

    /// A requantizer that applies a function of real numbers to every code of `input`.
    pub fn table(input: Affine, target: Target, function: impl Fn(f32) -> f32) -> Self {
        let codes = (input.format.min()..=input.format.max())
            .map(|code| target.quantized(function(input.dequantize(code))))
            .collect();
        Self::Table {
            first: input.format.min() - input.zero_point,
            codes,
            output: target.affine,
        }
    }

    /// The same as TensorFlow Lite's kernel of the function has it.
    pub fn fixed_table(input: Affine, target: Target, function: Unary) -> Self {
        let codes = fixed_point::table(function, input, target.affine);
        Self::Table {
            first: input.format.min() - input.zero_point,
            codes: codes
                .into_iter()
                .map(|code| code.clamp(target.low, target.high))
                .collect(),
            output: target.affine,
        }
    }

    /// The code of a neuron, from the exact sum of each of its dendrites (of `dendrites`); `None` at a
    /// real output.
    #[inline]
    pub fn code(&self, neuron: usize, dendrites: usize, sum: impl Fn(usize) -> i64) -> Option<i32> {
        Some(match self {
            Self::Codes {
                rule: Rule::Multiply,
                multipliers,
                target,
                ..
            } => target.shifted((sum(0) as f32 * multipliers.at(neuron)).round_ties_even()),
            Self::Codes {
                rule: Rule::Divide,
                line,
                target,
                ..
            } => target.quantized(line.real(neuron, sum(0))),
            Self::Sum {
                fused: true,
                ratios,
                zero_points,
                fixed,
                shift,
                target,
                ..
            } => {
                let [a, b] = [0, 1].map(|d: usize| (sum(d) + i64::from(zero_points[d])) as f32);
                let value = a.mul_add(ratios[0], b.mul_add(ratios[1], *fixed));
                (value.round_ties_even() as i32)
                    .saturating_sub(*shift)
                    .clamp(target.low, target.high)
            }
            Self::Sum {
                terms, clamp, target, ..
            } => {
                let [a, b] = [0, 1].map(|d: usize| terms[d].signed(terms[d].affine.scale * sum(d) as f32));
                target.quantized((a + b).clamp(clamp.min, clamp.max))
            }
            Self::Mean {
                partial_sums,
                scale,
                counts,
                fused,
                clamp,
                target,
            } => {
                let part = |first: usize| {
                    let places = (first..dendrites).step_by(*partial_sums);
                    places.fold(0.0, |part: f32, d| part + scale * sum(d) as f32)
                };
                let total = (0..*partial_sums).fold(0.0, |total: f32, first| total + part(first));
                let mean = total / counts.at(neuron);
                match fused {
                    Some((zero_point, shift)) => {
                        let code = (mean / target.affine.scale + *zero_point as f32).round_ties_even();
                        (code as i32)
                            .saturating_sub(*shift)
                            .clamp(target.low, target.high)
                    }
                    None => target.quantized(mean.clamp(clamp.min, clamp.max)),
                }
            }
            Self::Product {
                factors,
                ratio,
                zero_point,
                shift,
                target,
            } => {
                let product = (sum(0) * i64::from(factors[neuron])) as f32;
                let code = (product * ratio + *zero_point as f32).round_ties_even();
                (code as i32)
                    .saturating_sub(*shift)
                    .clamp(target.low, target.high)
            }
            Self::Table { first, codes, .. } => {
                let index = (sum(0) - i64::from(*first)).clamp(0, codes.len() as i64 - 1);
                codes[index as usize]
            }
            Self::Fixed { rule, target } => rule
                .scaled(neuron, sum)
                .saturating_add(target.affine.zero_point)
                .clamp(target.low, target.high),
            Self::Real { .. } => return None,
        })
    }

    /// The real number of a neuron: the answer of an unquantized output.
    pub fn real(&self, neuron: usize, dendrites: usize, sum: impl Fn(usize) -> i64) -> f32 {
        match self {
            Self::Real { line } => line.real(neuron, sum(0)),
            _ => self
                .output()
                .zip(self.code(neuron, dendrites, sum))
                .map_or(0.0, |(output, code)| output.dequantize(code)),
        }
    }

    /// M̂ of a dendrite of `neurons`: codes (real numbers, at a real output) per unit of its sum.
    pub fn multipliers(&self, dendrite: usize, neurons: usize) -> Shared<f64> {
        match self {
            Self::Codes { line, target, .. } if !line.steps.is_empty() => {
                let scale = f64::from(target.affine.scale);
                line.slopes(neurons).map(|slope| slope / scale)
            }
            Self::Codes { multipliers, .. } => multipliers.map(f64::from),
            Self::Sum { ratios, .. } => Shared::new(vec![f64::from(ratios[dendrite])], 1),
            Self::Mean {
                scale,
                counts,
                target,
                ..
            } => {
                let ratio = f64::from(*scale) / f64::from(target.affine.scale);
                counts.map(|count| ratio / f64::from(count))
            }
            Self::Product { factors, ratio, .. } => {
                let slopes = factors
                    .iter()
                    .map(|&f| f64::from(f) * f64::from(*ratio))
                    .collect();
                Shared::new(slopes, factors.len())
            }
            Self::Table { .. } => Shared::new(vec![1.0], 1),
            Self::Fixed { rule, .. } => rule.multipliers(dendrite, neurons),
            Self::Real { line } => line.slopes(neurons),
        }
    }

    /// What a neuron's potential has besides its dendrites' parts and Z_y, in codes (real numbers, at a
    /// real output).
    pub fn offset(&self, neuron: usize) -> f64 {
        match self {
            Self::Codes { line, target, .. } => line.offset(neuron) / f64::from(target.affine.scale),
            Self::Real { line } => line.offset(neuron),
            _ => 0.0,
        }
    }

    /// Whether [`Self::offset`] may be anything but 0.
    pub(crate) fn has_offset(&self) -> bool {
        match self {
            Self::Codes { line, .. } | Self::Real { line } => !line.steps.is_empty(),
            _ => false,
        }
    }

    /// Z_y; 0 where the potential is not a code of the output (a real number, the key of a table).
    pub fn zero_point(&self) -> i32 {
        match self {
            Self::Table { .. } => 0,
            _ => self.target().map_or(0, |target| target.affine.zero_point),
        }
    }

    fn target(&self) -> Option<Target> {
        match self {
            Self::Codes { target, .. }
            | Self::Sum { target, .. }
            | Self::Mean { target, .. }
            | Self::Product { target, .. }
            | Self::Fixed { target, .. } => Some(*target),
            Self::Table { .. } | Self::Real { .. } => None,
        }
    }

    /// The quantization of the result; `None` at a real output.
    pub fn output(&self) -> Option<Affine> {
        match self {
            Self::Table { output, .. } => Some(*output),
            _ => self.target().map(|target| target.affine),
        }
    }

    /// The smallest and the largest code that can be fired; `None` at a real output.
    pub fn limits(&self) -> Option<(i32, i32)> {
        match self {
            Self::Table { codes, .. } => Some((*codes.iter().min()?, *codes.iter().max()?)),
            _ => self.target().map(|target| (target.low, target.high)),
        }
    }

    /// The codes between which [`Self::nearest`] clamps; `None` where it does something else.
    pub(crate) fn clamps_to(&self) -> Option<(i32, i32)> {
        self.target().map(|target| (target.low, target.high))
    }

    /// What a potential that is no exact sum fires: the nearest code in range; `None` at a real output.
    pub fn nearest(&self, potential: i64) -> Option<i32> {
        match (self, self.target()) {
            (_, Some(target)) => Some(potential.clamp(target.low.into(), target.high.into()) as i32),
            (Self::Table { .. }, _) => self.code(0, 1, |_| potential),
            _ => None,
        }
    }
}

/// The codes that a clamp of real numbers lets pass: quantization is monotone.
fn range(output: Affine, clamp: Clamp) -> (i32, i32) {
    let low = if clamp.min.is_finite() {
        output.quantize(clamp.min)
    } else {
        output.format.min()
    };
    let high = if clamp.max.is_finite() {
        output.quantize(clamp.max)
    } else {
        output.format.max()
    };
    (low, high)
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

    fn line(scales: &[f32], clamp: Clamp) -> Line {
        Line {
            scales: Shared::new(scales.to_vec(), scales.len()),
            steps: Vec::new(),
            clamp,
        }
    }

    fn target(zero_point: i32) -> Target {
        Target::new(output(zero_point), Clamp::NONE, None)
    }

    #[test]
    fn the_zero_point_is_added_after_rounding() {
        let half = Requantizer::new(line(&[0.25], Clamp::NONE), Some(target(1)), Rule::Multiply);
        // 0.5 rounds to 0 and 1.5 to 2, whatever Z_y is.
        assert_eq!(half.code(0, 1, |_| 1), Some(1));
        assert_eq!(half.code(0, 1, |_| 3), Some(3));
        assert_eq!(half.code(0, 1, |_| 1_000_000), Some(127));
    }

    #[test]
    fn a_clamp_is_a_range_of_codes() {
        let relu6 = Clamp { min: 0.0, max: 6.0 };
        for rule in [Rule::Multiply, Rule::Divide] {
            let target = Target::new(output(-10), relu6, None);
            let requantizer = Requantizer::new(line(&[0.5], relu6), Some(target), rule);
            assert_eq!(requantizer.code(0, 1, |_| -100), Some(-10));
            assert_eq!(requantizer.code(0, 1, |_| 100), Some(2));
        }
        assert_eq!(Target::new(output(0), Clamp::RELU, Some((-7, 7))).high, 7);
    }

    #[test]
    fn an_unquantized_output_is_a_real_number() {
        let real = Requantizer::new(line(&[0.25, 0.125], Clamp::NONE), None, Rule::Multiply);
        assert_eq!(real.code(0, 1, |_| 4), None);
        assert_eq!((real.real(0, 1, |_| 4), real.real(1, 1, |_| 4)), (1.0, 0.5));
    }

    #[test]
    fn steps_follow_in_their_order() {
        let mut line = line(&[0.5], Clamp::NONE);
        let one = |value| Shared::new(vec![value], 1);
        line.steps = vec![
            Step::Multiply(one(3.0)),
            Step::Add(one(1.0)),
            Step::Multiply(one(2.0)),
        ];
        let codes = Requantizer::new(line, Some(target(0)), Rule::Divide);
        // ((4 · 0.5) · 3 + 1) · 2 = 14, in steps of 0.5.
        assert_eq!(codes.code(0, 1, |_| 4), Some(28));
        assert_eq!(codes.multipliers(0, 1).at(0) * 4.0 + codes.offset(0), 28.0);
    }

    #[test]
    fn a_sum_weighs_every_dendrite_by_its_own_scale() {
        let coarse = Affine {
            scale: 1.0,
            zero_point: 3,
            format: CodeFormat::signed(8),
        };
        let terms = [
            Term {
                affine: coarse,
                subtract: false,
            },
            Term {
                affine: output(-5),
                subtract: true,
            },
        ];
        // (10 − 3) · 1 − (4 + 5) · 0.5 = 2.5, which is code 5 above Z_y.
        for arithmetic in [Arithmetic::Codes, Arithmetic::Unsigned, Arithmetic::Real] {
            let sum = Requantizer::sum(terms, arithmetic, Clamp::NONE, target(7));
            assert_eq!(sum.code(0, 2, |dendrite| [7, 9][dendrite]), Some(12));
        }
    }

    #[test]
    fn a_kernel_on_codes_adds_the_zero_point_before_it_rounds() {
        let mean = |arithmetic| {
            Requantizer::mean(
                0.5,
                Shared::new(vec![2.0], 1),
                1,
                arithmetic,
                Clamp::NONE,
                target(1),
            )
        };
        // The mean of 0 and 1 is half a code: 1.5 with Z_y, which rounds to 2; without it 0.5, to 0.
        assert_eq!(
            mean(Arithmetic::Codes).code(0, 2, |dendrite| dendrite as i64),
            Some(2)
        );
        assert_eq!(
            mean(Arithmetic::Unsigned).code(0, 2, |dendrite| dendrite as i64),
            Some(2)
        );
        assert_eq!(
            mean(Arithmetic::Real).code(0, 2, |dendrite| dendrite as i64),
            Some(1)
        );
    }

    #[test]
    fn a_mean_of_real_numbers_may_add_columns_first() {
        let one = Shared::new(vec![1.0], 1);
        let mean = |columns| {
            Requantizer::mean(
                1.0,
                one.clone(),
                columns,
                Arithmetic::Real,
                Clamp::NONE,
                target(0),
            )
        };
        // Row by row 2²⁴ swallows the ones; the sum of the other column doesn't meet it.
        let sums = [1 << 24, 1, -(1 << 24), 1];
        assert_eq!(mean(1).code(0, 4, |dendrite| sums[dendrite]), Some(2));
        assert_eq!(mean(2).code(0, 4, |dendrite| sums[dendrite]), Some(4));
    }

    #[test]
    fn a_table_answers_every_code() {
        let table = Requantizer::table(output(10), target(0), |r| r.max(0.0));
        assert_eq!(table.code(0, 1, |_| -20), Some(0));
        assert_eq!(table.code(0, 1, |_| 20), Some(20));
        assert_eq!(table.nearest(1_000), Some(117));
    }
}
