//! Real weights become integers: symmetric (Z = 0), 2 to 8 bits, or ±1.

use super::{Granularity, Quantization, WeightRange};
use crate::graph::{RealWeights, Weights};

/// No bias code may be larger: what remains of 32 bits is for the sums.
const LARGEST_BIAS: f64 = (1 << 30) as f64;

/// Quantizes the weights of a layer with `outputs` channels whose input has the scale `input_scale`.
///
/// With b bits a weight is ⌊w / S_w⌉ within ±(2^(b−1) − 1), where S_w covers the largest magnitude or has
/// the least squared error. With one bit it is the sign of w, and S_w the mean magnitude (Rastegari et al.
/// 2016). Biases are ⌊b / (S_x S_w)⌉; where that would be too large for a register of 32 bits, S_w grows.
pub(super) fn quantize(
    real: &RealWeights,
    outputs: usize,
    input_scale: f32,
    options: &Quantization,
) -> Weights {
    let fan_in = real.values.len() / outputs.max(1);
    let row = match options.granularity {
        Granularity::Channel => fan_in,
        Granularity::Tensor => real.values.len(),
    };
    let biases_of_row = match options.granularity {
        Granularity::Channel => 1,
        Granularity::Tensor => outputs,
    };
    let mut scales: Vec<f32> = real
        .values
        .chunks(row.max(1))
        .map(|row| scale_of(row, options.weight_bits, options.weight_range))
        .collect();
    for (scale, bias) in scales.iter_mut().zip(real.bias.chunks(biases_of_row.max(1))) {
        let largest = bias.iter().fold(0.0, |m: f32, b| m.max(b.abs()));
        let least = f64::from(largest) / (f64::from(input_scale) * LARGEST_BIAS);
        *scale = scale.max(least as f32);
    }
    let values = real
        .values
        .chunks(row.max(1))
        .zip(&scales)
        .flat_map(|(row, &scale)| row.iter().map(move |&w| code(w, scale, options.weight_bits)))
        .collect();
    let scale_of_output = |output: usize| scales[if scales.len() == 1 { 0 } else { output }];
    let bias = real.bias.iter().enumerate().map(|(output, &b)| {
        // The same product in 32 bits that integer kernels multiply with.
        bias_code(f64::from(b), input_scale * scale_of_output(output))
    });
    Weights {
        bias: bias.collect(),
        values,
        bits: options.weight_bits,
        scales: scales.clone(),
    }
}

/// ⌊b / S⌉ within ±2^30.
pub(super) fn bias_code(bias: f64, scale: f32) -> i32 {
    libm::rint(bias / f64::from(scale)).clamp(-LARGEST_BIAS, LARGEST_BIAS) as i32
}

/// q_max of b bits.
fn largest(bits: u8) -> f32 {
    ((1i32 << (bits.max(2) - 1)) - 1) as f32
}

fn code(weight: f32, scale: f32, bits: u8) -> i16 {
    if bits == 1 {
        return if weight < 0.0 { -1 } else { 1 };
    }
    let largest = largest(bits);
    (weight / scale).round_ties_even().clamp(-largest, largest) as i16
}

fn scale_of(row: &[f32], bits: u8, method: WeightRange) -> f32 {
    let usable = |scale: f64| {
        if scale > 0.0 {
            (scale as f32).max(1e-18)
        } else {
            1.0
        }
    };
    if bits == 1 {
        let sum: f64 = row.iter().map(|w| f64::from(w.abs())).sum();
        return usable(sum / row.len().max(1) as f64);
    }
    let magnitude = row.iter().fold(0.0, |m: f32, w| m.max(w.abs()));
    let whole = f64::from(magnitude) / f64::from(largest(bits));
    if method == WeightRange::Max || magnitude == 0.0 {
        return usable(whole);
    }
    let error = |scale: f32| -> f64 {
        let error = |&w: &f32| f64::from(w) - f64::from(code(w, scale, bits)) * f64::from(scale);
        row.iter().map(error).map(|e| e * e).sum()
    };
    let mut best = (f64::INFINITY, usable(whole));
    for step in (20..=100).rev() {
        let scale = usable(whole * f64::from(step) / 100.0);
        let error = error(scale);
        if error < best.0 {
            best = (error, scale);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn options(weight_bits: u8) -> Quantization {
        Quantization {
            weight_bits,
            ..Quantization::default()
        }
    }

    #[test]
    fn each_channel_has_the_scale_of_its_largest_weight() {
        let real = RealWeights {
            values: vec![1.0, -0.5, 0.1, 0.02],
            bias: vec![0.25, 1.0],
        };
        let weights = quantize(&real, 2, 0.5, &options(8));
        assert_eq!(weights.values, [127, -64, 127, 25]);
        assert_eq!(weights.scales, [1.0 / 127.0, 0.1 / 127.0]);
        assert_eq!(weights.bias, [64, 2540]);
    }

    #[test]
    fn one_scale_serves_all_channels_if_asked_for() {
        let real = RealWeights {
            values: vec![1.0, -0.6, 0.1, 0.02],
            bias: vec![],
        };
        let one = Quantization {
            granularity: Granularity::Tensor,
            ..options(4)
        };
        let weights = quantize(&real, 2, 0.5, &one);
        assert_eq!(weights.values, [7, -4, 1, 0]);
        assert_eq!(weights.scales, [1.0 / 7.0]);
    }

    #[test]
    fn one_bit_keeps_the_sign_and_the_mean_magnitude() {
        let real = RealWeights {
            values: vec![0.5, -0.25, 0.0, -0.25],
            bias: vec![],
        };
        let weights = quantize(&real, 1, 1.0, &options(1));
        assert_eq!((weights.values, weights.scales), (vec![1, -1, 1, -1], vec![0.25]));
    }

    #[test]
    fn a_bias_too_large_for_its_register_widens_the_scale() {
        let real = RealWeights {
            values: vec![1e-9],
            bias: vec![1.0],
        };
        let weights = quantize(&real, 1, 1e-3, &options(8));
        let bias = f64::from(weights.bias[0]) * 1e-3 * f64::from(weights.scales[0]);
        assert!((bias - 1.0).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn weights_of_zero_have_codes_of_zero() {
        let real = RealWeights {
            values: vec![0.0; 4],
            bias: vec![],
        };
        for bits in 2..=8 {
            assert_eq!(quantize(&real, 2, 1.0, &options(bits)).values, [0; 4]);
        }
    }

    proptest! {
        #[test]
        fn the_least_error_is_no_larger_than_that_of_the_largest_magnitude(
            values in prop::collection::vec(-2.0f32..2.0, 1..40), bits in 2u8..=8,
        ) {
            let real = RealWeights { values: values.clone(), bias: vec![] };
            let error = |weight_range| -> f64 {
                let weights = quantize(&real, 1, 1.0, &Quantization { weight_range, ..options(bits) });
                let scale = f64::from(weights.scales[0]);
                let pairs = values.iter().zip(&weights.values);
                pairs.map(|(&w, &q)| (f64::from(w) - f64::from(q) * scale).powi(2)).sum()
            };
            prop_assert!(error(WeightRange::Mse) <= error(WeightRange::Max));
        }
    }
}
