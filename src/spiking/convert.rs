//! Conversion: register, scaled integration and bias calibration of every layer
//! (`docs/MATHEMATICS.md`, section 3). The mean-error correction needs a run and is added by
//! [`simulate::calibrate`](crate::simulate::calibrate).

use super::{
    Accumulation, Conversion, Factor, Fire, FoldAt, LayerPlan, Overflow, Reach, Register, Rounding, Scale,
    Scaling, SpikeCode, SpikingDendrite, SpikingLayer, SpikingNetwork, Step, Synapses, spike_codes,
};
use crate::quantize::{Dendrite, Layer, QuantizedNetwork, Reduce};

/// The extremes of a dendrite's intermediate results at M_0 = 1: membranes after each step, and
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

/// Converts with the given calibrated ranges, one per dendrite of each layer. Where the most frequent code
/// is to be silence, nothing is known of it, and the zero point is.
pub fn convert(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    calibrated: &[Vec<Range>],
) -> SpikingNetwork {
    convert_coded(
        network,
        conversion,
        calibrated,
        spike_codes(network, conversion, &[]),
    )
}

/// The same, with the spike code of every tensor.
pub fn convert_coded(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    calibrated: &[Vec<Range>],
    codes: Vec<Option<SpikeCode>>,
) -> SpikingNetwork {
    let layers = network.layers.iter().zip(calibrated);
    SpikingNetwork {
        conversion: *conversion,
        tensors: network.tensors.clone(),
        layers: layers
            .map(|(layer, ranges)| convert_layer(layer, conversion, ranges, &codes))
            .collect(),
        codes,
    }
}

/// Ranges of a network that nothing has been measured of.
pub fn no_ranges(network: &QuantizedNetwork) -> Vec<Vec<Range>> {
    network
        .layers
        .iter()
        .map(|layer| vec![Range::default(); layer.dendrites.len()])
        .collect()
}

/// The same network with registers that hold everything: the runs that ranges are measured on.
pub fn ideal(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    codes: Vec<Option<SpikeCode>>,
) -> SpikingNetwork {
    let mut conversion = Conversion {
        scaling: Scaling::Off,
        ..*conversion
    };
    conversion.bias_calibration.fit = false;
    let mut ideal = convert_coded(network, &conversion, &no_ranges(network), codes);
    for dendrite in ideal.layers.iter_mut().flat_map(|layer| &mut layer.dendrites) {
        dendrite.register.bits = 63;
    }
    ideal
}

/// A dendrite with what was decided for it.
struct Converted {
    dendrite: SpikingDendrite,
    i_max: i64,
    calibrated: Range,
    guaranteed: Range,
    proven: bool,
    bias: Fitted<i64>,
}

/// Constants in the bias register.
pub(crate) struct Fitted<T> {
    /// What it holds of them.
    pub(crate) values: Vec<T>,
    /// The fewest bits that hold all of them.
    pub(crate) bits: u8,
    /// How many it could not hold.
    pub(crate) saturated: u64,
}

fn convert_layer(
    layer: &Layer,
    conversion: &Conversion,
    calibrated: &[Range],
    codes: &[Option<SpikeCode>],
) -> SpikingLayer {
    // What one dendrite sees is sent in one code; a constant sees nothing.
    let code_of = |d: &Dendrite| {
        let code = d.view.tensors.first().and_then(|&tensor| codes[tensor]);
        code.unwrap_or(SpikeCode::of_format(d.affine.format))
    };
    let codes: Vec<SpikeCode> = layer.dendrites.iter().map(code_of).collect();
    let constants = constants(layer, conversion, &codes);
    let converted: Vec<Converted> = layer
        .dendrites
        .iter()
        .zip(codes)
        .zip(constants.start)
        .zip(calibrated)
        .map(|(((dendrite, code), start), &range)| convert_dendrite(dendrite, code, start, conversion, range))
        .collect();
    let Fitted {
        values: bias,
        bits,
        saturated,
    } = fit_bias(constants.potential, conversion);
    let m1: Vec<_> = converted
        .iter()
        .enumerate()
        .map(|(index, c)| {
            layer
                .requantizer
                .multipliers(index, layer.neurons())
                .map(|m| m / c.dendrite.scale.ratio())
        })
        .collect();
    let has_codes = layer.requantizer.output().is_some();
    let mut plan = plan(
        &converted,
        if has_codes {
            m1[0].values().to_vec()
        } else {
            Vec::new()
        },
    );
    plan.bias_saturated += saturated;
    plan.bias_bits = plan.bias_bits.max(bits);
    let unscaled = converted.iter().all(|c| c.dendrite.scale.is_one());
    SpikingLayer {
        name: layer.name.clone(),
        target: layer.target,
        fire: Fire {
            exact: unscaled && bias.is_empty() && constants.zero_point == layer.requantizer.zero_point(),
            requantizer: layer.requantizer.clone(),
            m1,
            bias,
            zero_point: constants.zero_point,
        },
        dendrites: converted.into_iter().map(|c| c.dendrite).collect(),
        plan,
    }
}

/// The plan of a layer: M_0 and I_max of the dendrite that is scaled most, and what all of them need.
fn plan(converted: &[Converted], m1: Vec<f64>) -> LayerPlan {
    let most = converted.iter().min_by(|a, b| {
        let (a, b) = (a.dendrite.scale.ratio(), b.dendrite.scale.ratio());
        a.total_cmp(&b)
    });
    let bits = |range: fn(&Converted) -> Range| {
        converted
            .iter()
            .map(|c| range(c).register_bits())
            .max()
            .unwrap_or(1)
    };
    let magnitude =
        |range: fn(&Converted) -> Range| converted.iter().map(|c| range(c).magnitude()).max().unwrap_or(0);
    LayerPlan {
        i_max: most.map_or(0, |c| c.i_max),
        calibrated_i_max: magnitude(|c| c.calibrated),
        guaranteed_i_max: magnitude(|c| c.guaranteed),
        m0: most.map_or((1, 1), |c| {
            (c.dendrite.scale.numerator(), c.dendrite.scale.denominator())
        }),
        m1,
        narrowest_register: bits(|c| c.calibrated),
        guaranteed_register: bits(|c| c.guaranteed),
        proven: converted.iter().all(|c| c.proven),
        bias_bits: converted.iter().map(|c| c.bias.bits).max().unwrap_or(1),
        bias_saturated: converted.iter().map(|c| c.bias.saturated).sum(),
        mean_correction: 0.0,
    }
}

fn convert_dendrite(
    dendrite: &Dendrite,
    code: SpikeCode,
    start: Vec<i64>,
    conversion: &Conversion,
    calibrated: Range,
) -> Converted {
    let steps = code.steps(conversion.order, conversion.accumulation);
    let doubling = conversion.accumulation == Accumulation::Shifting;
    let register = Register {
        bits: conversion.register_bits,
        overflow: conversion.overflow,
    };
    let guaranteed = guaranteed_range(dendrite, &code.reach(&steps, doubling), doubling, &start);
    let (scale, i_max) = scale(conversion, register, &steps, calibrated, guaranteed);
    let bias = fit_start(&start, scale, conversion);
    // What a constant that was cut off leads to is not what the bound was worked out for.
    let proven = bias.saturated == 0 && is_proven(register, scale, &steps, doubling, guaranteed);
    Converted {
        i_max,
        calibrated,
        guaranteed,
        proven,
        dendrite: SpikingDendrite {
            view: dendrite.view.clone(),
            affine: dendrite.affine,
            code,
            connections: dendrite.connections,
            reduce: dendrite.reduce,
            synapses: Synapses::new(&dendrite.weights.values, &dendrite.connections),
            steps,
            doubling,
            register,
            scale,
            start: bias.values.clone(),
            collapses: scale.is_one() && proven && products_fit(dendrite, code),
        },
        bias,
    }
}

/// Whether 16-bit values and 32-bit sums hold Σ_j w_ij (x_j − z) and all its partial sums.
pub(crate) fn products_fit(dendrite: &Dendrite, code: SpikeCode) -> bool {
    let (low, high) = code.values();
    let largest = i64::from(high).max(-i64::from(low));
    let rows = dendrite
        .weights
        .values
        .chunks_exact(dendrite.connections.fan_in().max(1));
    let heaviest = rows
        .map(|row| row.iter().map(|&w| i64::from(w).abs()).sum())
        .max();
    let bound = heaviest.unwrap_or(0i64).saturating_mul(largest);
    code.fits_words() && bound <= i64::from(i32::MAX)
}

/// The constants of every neuron, before they are scaled and fitted.
struct Constants {
    /// Added to the membrane of each dendrite, in units of its sum; empty for 0.
    start: Vec<Vec<i64>>,
    /// b̃, added behind M_1, in codes; empty for 0.
    potential: Vec<f64>,
    /// Added after rounding.
    zero_point: i32,
}

/// Bias calibration, part one: fold b, Z_x and Z_y into one constant. What arrives is x − z, so z is taken
/// off Z_x.
fn constants(layer: &Layer, conversion: &Conversion, codes: &[SpikeCode]) -> Constants {
    let zero_points = conversion.bias_calibration.fold;
    // Without folding the bias is added alone, as if every zero point were 0.
    let zero_point = |d: &Dendrite| if zero_points { d.affine.zero_point } else { 0 };
    let dendrites = layer.dendrites.iter().zip(codes);
    let start: Vec<Vec<i64>> = dendrites
        .map(|(d, code)| d.folded_bias(zero_point(d) - code.silent()))
        .collect();
    let z_y = if zero_points {
        layer.requantizer.zero_point()
    } else {
        0
    };
    match conversion.fold_at {
        FoldAt::Membrane => Constants {
            start,
            potential: Vec::new(),
            zero_point: z_y,
        },
        FoldAt::Potential => {
            let mut potential = vec![f64::from(z_y); layer.neurons()];
            for (dendrite, start) in start.iter().enumerate() {
                let m_hat = layer.requantizer.multipliers(dendrite, layer.neurons());
                for (neuron, (bias, &sum)) in potential.iter_mut().zip(start).enumerate() {
                    *bias += m_hat.at(neuron) * sum as f64;
                }
            }
            Constants {
                start: vec![Vec::new(); layer.dendrites.len()],
                potential,
                zero_point: 0,
            }
        }
    }
}

/// Bias calibration, part two, for constants in the membrane: scale like a current, then saturate
/// to the bias register.
fn fit_start(start: &[i64], scale: Scale, conversion: &Conversion) -> Fitted<i64> {
    let register = Register {
        bits: conversion.bias_bits,
        overflow: Overflow::Saturate,
    };
    let mut values: Vec<i64> = start.iter().map(|&sum| scale.apply(sum)).collect();
    let mut range = Range::default();
    values.iter().for_each(|&value| range.include(value));
    let mut saturated = 0;
    if conversion.bias_calibration.fit {
        for value in &mut values {
            saturated += u64::from(!register.holds(*value));
            *value = register.store(*value);
        }
    }
    Fitted {
        values,
        bits: range.register_bits(),
        saturated,
    }
}

/// Bias calibration, part two, for constants behind M_1: round to the fraction bits and saturate.
pub(crate) fn fit_bias(mut values: Vec<f64>, conversion: &Conversion) -> Fitted<f64> {
    let unit = f64::from(conversion.bias_fraction_bits).exp2();
    let limit = f64::from(conversion.bias_bits - 1).exp2();
    let mut range = Range::default();
    let mut saturated = 0;
    for value in &mut values {
        let steps = (*value * unit).round_ties_even();
        range.include(steps as i64);
        if conversion.bias_calibration.fit {
            saturated += u64::from(steps < -limit || steps > limit - 1.0);
            *value = steps.clamp(-limit, limit - 1.0) / unit;
        }
    }
    Fitted {
        values,
        bits: range.register_bits(),
        saturated,
    }
}

/// What the weights allow, whatever arrives: each input sends what moves the membrane farthest. A maximum
/// takes the largest code that has arrived so far, so its neuron is one with a single weight of 1.
fn guaranteed_range(dendrite: &Dendrite, reach: &[Reach], doubling: bool, start: &[i64]) -> Range {
    let neurons = dendrite.connections.output.len();
    let (positive, negative) = match dendrite.reduce {
        Reduce::Sum => (
            dendrite.weight_sums(|w| w.max(0)),
            dendrite.weight_sums(|w| w.min(0)),
        ),
        Reduce::Max => (vec![1; neurons], vec![0; neurons]),
    };
    let mut range = Range::default();
    for neuron in 0..neurons {
        let offset = start.get(neuron).copied().unwrap_or(0);
        let (positive, negative) = (positive[neuron], negative[neuron]);
        let ends = |(least, most): (i64, i64)| {
            [
                positive * least + negative * most,
                positive * most + negative * least,
            ]
        };
        range.include(offset);
        let before = if doubling { 0 } else { offset };
        for reach in reach {
            ends(reach.current).into_iter().for_each(|i| range.include(i));
            ends(reach.partial)
                .into_iter()
                .for_each(|u| range.include(before + u));
        }
        if let Some(last) = reach.last() {
            ends(last.partial)
                .into_iter()
                .for_each(|u| range.include(offset + u));
        }
    }
    range
}

/// How far rounding can carry the membrane beyond M_0 times the exact result: every step rounds
/// once, and doubling doubles what earlier steps rounded.
pub(crate) fn rounding_reserve(steps: &[Step], doubling: bool, rounding: Rounding) -> i64 {
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
