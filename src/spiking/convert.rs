//! Conversion: register, scaled integration and bias calibration of every layer
//! (`docs/MATHEMATICS.md`, section 3). The mean-error correction needs a run and is added by
//! [`simulate::calibrate`](crate::simulate::calibrate).

use super::code::{self, Step};
use super::{
    Accumulation, Conversion, Factor, Fire, FoldAt, LayerPlan, Register, Rounding, Scale, Scaling,
    SpikingLayer, SpikingNetwork, Synapses,
};
use crate::graph::Affine;
use crate::quantize::{Layer, QuantizedNetwork};

/// The extremes of a layer's intermediate results at M_0 = 1: membranes after each step, and
/// currents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Smallest.
    pub low: i64,
    /// Largest.
    pub high: i64,
}

impl Range {
    /// Widens the range to hold `value`.
    #[inline]
    pub fn include(&mut self, value: i64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    /// I_max: the largest magnitude.
    pub fn magnitude(&self) -> i64 {
        self.high.max(-self.low)
    }

    /// Fewest bits of a register that holds it.
    pub fn register_bits(&self) -> u8 {
        Register::bits_for(self.low, self.high)
    }
}

/// Converts with the given calibrated ranges, one per layer.
pub fn convert(network: &QuantizedNetwork, conversion: &Conversion, calibrated: &[Range]) -> SpikingNetwork {
    let layers = network.layers.iter().zip(calibrated);
    SpikingNetwork {
        conversion: *conversion,
        tensors: network.tensors.clone(),
        layers: layers
            .map(|(layer, &range)| convert_layer(network, layer, conversion, range))
            .collect(),
    }
}

/// The same network with registers that hold everything: the runs that ranges are measured on.
pub fn ideal(network: &QuantizedNetwork, conversion: &Conversion) -> SpikingNetwork {
    let mut ideal = convert(
        network,
        &Conversion {
            scaling: Scaling::Off,
            ..*conversion
        },
        &vec![Range::default(); network.layers.len()],
    );
    for layer in &mut ideal.layers {
        layer.register.bits = 63;
    }
    ideal
}

fn convert_layer(
    network: &QuantizedNetwork,
    layer: &Layer,
    conversion: &Conversion,
    calibrated: Range,
) -> SpikingLayer {
    let source = network.source_affine(layer);
    let steps = code::steps(source.format, conversion.order, conversion.accumulation);
    let doubling = conversion.accumulation == Accumulation::Shifting;
    let register = Register {
        bits: conversion.register_bits,
        overflow: conversion.overflow,
    };
    let constants = constants(layer, source, conversion);
    let guaranteed = guaranteed_range(layer, &steps, doubling, &constants.start);
    let (scale, i_max) = scale(conversion, register, &steps, calibrated, guaranteed);
    let (start, start_saturated) = fit_start(&constants.start, scale, conversion);
    let (bias, bias_saturated) = fit_bias(constants.potential, conversion);
    let m1: Vec<f64> = (0..layer.requantizer.channels())
        .map(|c| layer.requantizer.multiplier(c) / scale.ratio())
        .collect();
    let plan = LayerPlan {
        i_max,
        m0: (scale.numerator(), scale.denominator()),
        m1: if layer.requantizer.output().is_some() {
            m1.clone()
        } else {
            Vec::new()
        },
        narrowest_register: calibrated.register_bits(),
        guaranteed_register: guaranteed.register_bits(),
        proven: is_proven(register, scale, &steps, doubling, guaranteed),
        bias_saturated: start_saturated + bias_saturated,
        mean_correction: 0.0,
    };
    SpikingLayer {
        name: layer.name.clone(),
        source: layer.source,
        target: layer.target,
        connections: layer.connections,
        synapses: Synapses::new(&layer.weights.values, layer.connections.fan_in()),
        code: source.format,
        steps,
        doubling,
        register,
        scale,
        start,
        collapses: scale.is_one() && plan.proven && products_fit(layer, source),
        fire: Fire {
            exact: scale.is_one()
                && bias.is_empty()
                && constants.zero_point == layer.requantizer.zero_point(),
            requantizer: layer.requantizer.clone(),
            m1,
            bias,
            zero_point: constants.zero_point,
        },
        plan,
    }
}

/// Whether 16-bit codes and 32-bit sums hold Σ_j w_ij x_j and all its partial sums.
fn products_fit(layer: &Layer, source: Affine) -> bool {
    let largest = i64::from(source.format.max()).max(-i64::from(source.format.min()));
    let rows = layer
        .weights
        .values
        .chunks_exact(layer.connections.fan_in().max(1));
    let heaviest = rows
        .map(|row| row.iter().map(|&w| i64::from(w).abs()).sum())
        .max();
    let bound = heaviest.unwrap_or(0i64).saturating_mul(largest);
    source.format.max() <= i32::from(i16::MAX) && bound <= i64::from(i32::MAX)
}

/// The constant of every neuron, before it is scaled and fitted.
struct Constants {
    /// Added to the membrane, in units of the sum; empty for 0.
    start: Vec<i64>,
    /// b̃, added behind M_1, in codes; empty for 0.
    potential: Vec<f64>,
    /// Added after rounding.
    zero_point: i32,
}

/// Bias calibration, part one: fold b, Z_x and Z_y into one constant.
fn constants(layer: &Layer, source: Affine, conversion: &Conversion) -> Constants {
    let zero_points = conversion.bias_calibration.fold;
    // Without folding the bias is added alone, as if every zero point were 0.
    let sums = layer.folded_bias(if zero_points { source.zero_point } else { 0 });
    let z_y = if zero_points {
        layer.requantizer.zero_point()
    } else {
        0
    };
    match conversion.fold_at {
        FoldAt::Membrane => Constants {
            start: sums,
            potential: Vec::new(),
            zero_point: z_y,
        },
        FoldAt::Potential => {
            let positions = layer.connections.output.positions();
            let m_hat = |neuron| layer.requantizer.multiplier(neuron / positions);
            let bias = |(neuron, &sum): (usize, &i64)| m_hat(neuron) * sum as f64 + f64::from(z_y);
            Constants {
                start: Vec::new(),
                potential: sums.iter().enumerate().map(bias).collect(),
                zero_point: 0,
            }
        }
    }
}

/// Bias calibration, part two, for constants in the membrane: scale like a current, then saturate
/// to the bias register. Returns how many did not fit.
fn fit_start(start: &[i64], scale: Scale, conversion: &Conversion) -> (Vec<i64>, u64) {
    let register = Register {
        bits: conversion.bias_bits,
        overflow: super::Overflow::Saturate,
    };
    let mut saturated = 0;
    let fit = |&sum: &i64| {
        let scaled = scale.apply(sum);
        if !conversion.bias_calibration.fit {
            return scaled;
        }
        saturated += u64::from(!register.holds(scaled));
        register.store(scaled)
    };
    let fitted = start.iter().map(fit).collect();
    (fitted, saturated)
}

/// Bias calibration, part two, for constants behind M_1: round to the fraction bits and saturate.
pub(crate) fn fit_bias(mut bias: Vec<f64>, conversion: &Conversion) -> (Vec<f64>, u64) {
    if !conversion.bias_calibration.fit {
        return (bias, 0);
    }
    let unit = f64::from(conversion.bias_fraction_bits).exp2();
    let limit = f64::from(conversion.bias_bits - 1).exp2();
    let mut saturated = 0;
    for value in &mut bias {
        let steps = (*value * unit).round_ties_even();
        saturated += u64::from(steps < -limit || steps > limit - 1.0);
        *value = steps.clamp(-limit, limit - 1.0) / unit;
    }
    (bias, saturated)
}

/// What the weights allow, whatever arrives: every bit that helps is a spike, no other is.
fn guaranteed_range(layer: &Layer, steps: &[Step], doubling: bool, start: &[i64]) -> Range {
    let weights = &layer.weights.values;
    let part = |keep: fn(i16) -> i16| {
        let kept: Vec<i16> = weights.iter().map(|&w| keep(w)).collect();
        layer.connections.weight_sums(&kept)
    };
    let (positive, negative) = (part(|w| w.max(0)), part(|w| w.min(0)));
    let mut range = Range::default();
    for neuron in 0..layer.connections.output.len() {
        let offset = start.get(neuron).copied().unwrap_or(0);
        let (mut low, mut high) = if doubling { (0, 0) } else { (offset, offset) };
        range.include(low);
        for step in steps {
            let ends = [step.weight * negative[neuron], step.weight * positive[neuron]];
            let (least, most) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            let factor = 1 + i64::from(doubling);
            (low, high) = (factor * low + least, factor * high + most);
            for value in [least, most, low, high] {
                range.include(value);
            }
        }
        range.include(offset);
        if doubling {
            range.include(low + offset);
            range.include(high + offset);
        }
    }
    range
}

/// How far rounding can carry the membrane beyond M_0 times the exact result: every step rounds
/// once, and doubling doubles what earlier steps rounded.
fn rounding_reserve(steps: &[Step], doubling: bool, rounding: Rounding) -> i64 {
    let count = steps.len() as u32;
    let roundings = if doubling {
        1i64 << count
    } else {
        i64::from(count) + 1
    };
    match rounding {
        Rounding::Floor => roundings,
        Rounding::HalfUp | Rounding::HalfEven => roundings / 2 + 1,
    }
}

/// Scaled integration: M_0 = (2^(n−1) − 1) / I_max, and the I_max it was made for.
///
/// The guaranteed form takes the rounding reserve off the numerator, so that even the sum of all
/// roundings stays inside; where the register is narrower than that reserve, nothing can be
/// guaranteed, and the plan says so.
fn scale(
    conversion: &Conversion,
    register: Register,
    steps: &[Step],
    calibrated: Range,
    guaranteed: Range,
) -> (Scale, i64) {
    let doubling = conversion.accumulation == Accumulation::Shifting;
    let (i_max, reserve) = match conversion.scaling {
        Scaling::Off => return (Scale::ONE, calibrated.magnitude()),
        Scaling::Calibrated => (calibrated.magnitude(), 0),
        Scaling::Guaranteed => (
            guaranteed.magnitude(),
            rounding_reserve(steps, doubling, conversion.rounding),
        ),
    };
    if i_max <= register.max() {
        return (Scale::ONE, i_max);
    }
    let numerator = (register.max() - reserve).max(1);
    let scale = match conversion.factor {
        Factor::Rational => Scale::new(numerator, i_max, conversion.rounding),
        Factor::PowerOfTwo => {
            let mut denominator = 1;
            while numerator * denominator < i_max {
                denominator *= 2;
            }
            Scale::new(1, denominator, conversion.rounding)
        }
    };
    (scale, i_max)
}

/// Whether no input at all can leave the register.
fn is_proven(register: Register, scale: Scale, steps: &[Step], doubling: bool, guaranteed: Range) -> bool {
    let reserve = if scale.is_one() {
        0
    } else {
        rounding_reserve(steps, doubling, scale.rounding())
    };
    // In integers: a bound that is rounded up by mistake would leave the tightest M_0 unproven.
    let (numerator, denominator) = (i128::from(scale.numerator()), i128::from(scale.denominator()));
    let scaled = |value: i64| (i128::from(value.abs()) * numerator + denominator - 1) / denominator;
    let bound = |value: i64| i64::try_from(scaled(value)).map_or(i64::MAX, |b| b.saturating_add(reserve));
    register.holds(bound(guaranteed.high)) && register.holds(-bound(guaranteed.low))
}
