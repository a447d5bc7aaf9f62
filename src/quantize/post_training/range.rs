//! From the values that a tensor takes to the range that its codes shall cover.

use super::histogram::{BINS, Histogram};
use super::{Quantization, RangeMethod, ZeroPoint};
use crate::graph::{Affine, CodeFormat};

/// The quantization whose codes cover `low` to `high`, and 0: S = (r_max − r_min) / (q_max − q_min),
/// Z = ⌊q_min − r_min / S⌉. Symmetric ones have real 0 in the middle of signed codes, and at the lowest of
/// unsigned codes where no value is negative.
pub(super) fn covering(low: f32, high: f32, format: CodeFormat, zero_point: ZeroPoint) -> Affine {
    let (low, high) = (f64::from(low.min(0.0)), f64::from(high.max(0.0)));
    let (first, last) = (f64::from(format.min()), f64::from(format.max()));
    let (scale, zero) = match zero_point {
        ZeroPoint::Asymmetric => {
            let scale = (high - low) / (last - first);
            (scale, first - low / scale)
        }
        ZeroPoint::Symmetric if low == 0.0 && !format.signed => (high / last, 0.0),
        ZeroPoint::Symmetric => {
            let middle = if format.signed {
                0.0
            } else {
                ((last + 1.0) / 2.0).min(last)
            };
            let steps = (last - middle).max(1.0);
            (high.max(-low) / steps, middle)
        }
    };
    // A tensor that is always 0 has no scale; any will do. The smallest ones that remain normal
    // numbers keep S_x · S_w from vanishing.
    let scale = if scale > 0.0 {
        (scale as f32).clamp(1e-18, f32::MAX)
    } else {
        1.0
    };
    let zero = if zero.is_finite() { zero } else { 0.0 };
    Affine {
        scale,
        zero_point: (libm::rint(zero) as i32).clamp(format.min(), format.max()),
        format,
    }
}

/// The affine quantization of a tensor that takes the values of `histogram`.
pub(super) fn choose(histogram: &Histogram, format: CodeFormat, options: &Quantization) -> Affine {
    let (min, max) = (histogram.min(), histogram.max());
    let covering = |low, high| covering(low, high, format, options.zero_point);
    let (low, high) = match options.range {
        RangeMethod::MinMax => (min, max),
        RangeMethod::Percentile => percentile(histogram, options.percentile_share()),
        RangeMethod::Mse => least_error(histogram, covering),
        RangeMethod::Entropy => least_divergence(histogram, 1 << format.bits),
    };
    covering(low, high)
}

/// The range that leaves out the outermost 1 − `share` of all values: of one tail where the other one ends
/// at 0, else half of it at either.
fn percentile(histogram: &Histogram, share: f64) -> (f32, f32) {
    let (min, max) = (histogram.min(), histogram.max());
    let rest = 1.0 - share;
    if min >= 0.0 {
        (min, histogram.quantile(share))
    } else if max <= 0.0 {
        (histogram.quantile(rest), max)
    } else {
        (
            histogram.quantile(rest / 2.0),
            histogram.quantile(1.0 - rest / 2.0),
        )
    }
}

/// Ranges are tried in this many steps.
const CANDIDATES: u32 = 100;

/// The range with the least squared error, as far as bins can tell: both ends shrunk together, then each
/// by itself. Where codes are finer than bins, all of it.
fn least_error(histogram: &Histogram, covering: impl Fn(f32, f32) -> Affine) -> (f32, f32) {
    let (min, max) = (histogram.min(), histogram.max());
    if f64::from(covering(min, max).scale) < histogram.width() {
        return (min, max);
    }
    let bins: Vec<(f64, u64)> = histogram.bins().collect();
    let error = |(low, high): (f32, f32)| squared_error(&bins, &covering(low, high));
    let shares = || (1..=CANDIDATES).rev().map(|i| i as f32 / CANDIDATES as f32);
    let least = |ranges: Vec<(f32, f32)>| {
        let mut best = (f64::INFINITY, (min, max));
        for range in ranges {
            let error = error(range);
            if error < best.0 {
                best = (error, range);
            }
        }
        best.1
    };
    let (low, high) = least(shares().map(|share| (share * min, share * max)).collect());
    let (low, high) = least(
        [(low, high)]
            .into_iter()
            .chain(shares().map(|s| (low, s * max)))
            .collect(),
    );
    least(
        [(low, high)]
            .into_iter()
            .chain(shares().map(|s| (s * min, high)))
            .collect(),
    )
}

fn squared_error(bins: &[(f64, u64)], affine: &Affine) -> f64 {
    let error = |&(value, count): &(f64, u64)| {
        let seen = affine.dequantize(affine.quantize(value as f32));
        let error = value - f64::from(seen);
        error * error * count as f64
    };
    bins.iter().map(error).sum()
}

/// The range whose quantized distribution diverges least from the one measured (Kullback–Leibler), as
/// TensorRT and ONNX Runtime choose it: values outside count at the ends, values inside are spread evenly
/// over the bins of their code that aren't empty.
fn least_divergence(histogram: &Histogram, levels: usize) -> (f32, f32) {
    let (min, max) = (histogram.min(), histogram.max());
    let zero = BINS / 2;
    // Real 0 has a code of its own under any range, and behind a Relu it is so frequent that it would decide
    // alone; its bin counts no more than its neighbours.
    let mut counts = histogram.counts().to_vec();
    counts[zero] = counts[zero].min(counts[zero + 1].max(counts[zero - 1]));
    let counts = &counts[..];
    let width = histogram.width();
    let reach = libm::ceil(f64::from(max.max(-min)) / width) as usize;
    let reach = reach.clamp(1, zero);
    let window = |half: usize| {
        let from = if min < 0.0 { zero - half } else { zero };
        let to = if max > 0.0 { zero + half } else { zero };
        (from, to)
    };
    let sides = usize::from(min < 0.0) + usize::from(max > 0.0);
    let smallest = levels.div_ceil(sides.max(1));
    let mut best = (f64::INFINITY, reach);
    let stride = (reach / 128).max(1);
    for half in (smallest..=reach).rev().step_by(stride) {
        let (from, to) = window(half);
        if let Some(divergence) = divergence(counts, from, to, levels)
            && divergence < best.0
        {
            best = (divergence, half);
        }
    }
    let limit = (best.1 as f64 * width) as f32;
    (min.max(-limit), max.min(limit))
}

/// The divergence of the bins `from..to` in `levels` codes from what was measured; `None` where it cannot be
/// told.
fn divergence(counts: &[u64], from: usize, to: usize, levels: usize) -> Option<f64> {
    let inside = counts.get(from..to).filter(|inside| inside.len() >= levels)?;
    let mut measured: Vec<f64> = inside.iter().map(|&n| n as f64).collect();
    let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    *measured.first_mut()? += sum(&counts[..from]);
    *measured.last_mut()? += sum(&counts[to..]);
    let merged = inside.len() / levels;
    let mut quantized = vec![0.0; inside.len()];
    for level in 0..levels {
        let start = level * merged;
        let end = if level + 1 == levels {
            inside.len()
        } else {
            start + merged
        };
        let filled = measured[start..end].iter().filter(|&&n| n > 0.0).count();
        let mean = sum(&inside[start..end]) / filled.max(1) as f64;
        for bin in start..end {
            if measured[bin] > 0.0 {
                quantized[bin] = mean;
            }
        }
    }
    let (measured, quantized) = (smoothed(&measured)?, smoothed(&quantized)?);
    let (p, q) = (measured.iter().sum::<f64>(), quantized.iter().sum::<f64>());
    let terms = measured.iter().zip(&quantized);
    Some(terms.map(|(&a, &b)| a / p * libm::log((a / p) / (b / q))).sum())
}

/// A little of every full bin goes to the empty ones, so that no ratio is infinite.
fn smoothed(bins: &[f64]) -> Option<Vec<f64>> {
    const LITTLE: f64 = 1e-4;
    let empty = bins.iter().filter(|&&n| n == 0.0).count() as f64;
    let full = bins.len() as f64 - empty;
    let taken = LITTLE * empty / full;
    let least = bins
        .iter()
        .copied()
        .filter(|&n| n > 0.0)
        .fold(f64::INFINITY, f64::min);
    let bin = |&n: &f64| if n == 0.0 { LITTLE } else { n - taken };
    (full > 0.0 && taken < least).then(|| bins.iter().map(bin).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::default();
        histogram.add(values);
        histogram
    }

    /// Evenly spread values of −1 … 1 and one that lies far out.
    fn with_outlier() -> Histogram {
        let mut values: Vec<f32> = (-5_000..=5_000).map(|i| i as f32 / 5_000.0).collect();
        values.push(40.0);
        of(&values)
    }

    fn options(range: RangeMethod) -> Quantization {
        Quantization {
            range,
            ..Quantization::default()
        }
    }

    #[test]
    fn the_whole_range_is_covered_by_min_max() {
        let affine = choose(
            &with_outlier(),
            CodeFormat::unsigned(8),
            &options(RangeMethod::MinMax),
        );
        assert_eq!(affine.scale, 41.0 / 255.0);
        assert_eq!(affine.zero_point, 6);
    }

    #[test]
    fn an_outlier_is_left_out_by_percentile_error_and_entropy() {
        for range in [RangeMethod::Percentile, RangeMethod::Entropy] {
            let affine = choose(
                &with_outlier(),
                CodeFormat::unsigned(8),
                &Quantization {
                    percentile: 99_900,
                    ..options(range)
                },
            );
            let reach = affine.dequantize(255);
            // Entropy wants a bin for each of 256 codes at least, which reach to 4 here.
            assert!((0.9..8.0).contains(&reach), "{range:?}: {reach}");
        }
        // One value of 40 in 10 000 weighs much when errors are squared; at 4 bits less than the rest.
        let affine = choose(
            &with_outlier(),
            CodeFormat::unsigned(3),
            &options(RangeMethod::Mse),
        );
        assert!(affine.dequantize(7) < 30.0);
    }

    #[test]
    fn the_least_error_is_never_larger_than_that_of_the_whole_range() {
        for bits in 2..=8 {
            let histogram = with_outlier();
            let format = CodeFormat::unsigned(bits);
            let bins: Vec<_> = histogram.bins().collect();
            let error = |range| squared_error(&bins, &choose(&histogram, format, &options(range)));
            assert!(error(RangeMethod::Mse) <= error(RangeMethod::MinMax));
        }
    }

    #[test]
    fn codes_finer_than_bins_cover_the_whole_range() {
        let histogram = with_outlier();
        for range in [RangeMethod::Mse, RangeMethod::Entropy] {
            let affine = choose(&histogram, CodeFormat::signed(16), &options(range));
            assert!((affine.dequantize(32_767) - 40.0).abs() < 1e-2);
        }
    }

    #[test]
    fn a_tensor_that_is_always_zero_has_the_scale_one() {
        for range in [
            RangeMethod::MinMax,
            RangeMethod::Percentile,
            RangeMethod::Mse,
            RangeMethod::Entropy,
        ] {
            let affine = choose(&of(&[0.0; 9]), CodeFormat::signed(8), &options(range));
            assert_eq!(
                (affine.scale, affine.dequantize(affine.quantize(0.0))),
                (1.0, 0.0)
            );
        }
    }

    proptest! {
        #[test]
        fn zero_has_a_code_and_values_inside_are_off_by_half_a_step_at_most(
            a in -1e3f32..1e3, b in -1e3f32..1e3, unit in 0.0f32..1.0,
            bits in 1u8..=16, signed: bool, symmetric: bool,
        ) {
            let (low, high) = (a.min(b), a.max(b));
            let zero_point = if symmetric { ZeroPoint::Symmetric } else { ZeroPoint::Asymmetric };
            let format = CodeFormat { bits, signed };
            let affine = covering(low, high, format, zero_point);
            prop_assert_eq!(affine.dequantize(affine.quantize(0.0)), 0.0);
            // One-bit codes that reach both sides of 0 have no step to spare for rounding the zero point.
            prop_assume!(bits > 1);
            let value = low + unit * (high - low);
            let error = (affine.dequantize(affine.quantize(value)) - value).abs();
            // Rounding the zero point may move the range's end by half a step more.
            prop_assert!(error <= affine.scale * 1.01 + 1e-4, "{error} of {affine:?}");
        }
    }
}
