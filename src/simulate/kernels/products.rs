//! Matrices of weights times what their neurons see, in two layouts: sums of neighbouring positions side by
//! side in a vector (many positions), or factors of one sum (few).

use super::lanes::{Lanes, Plain};
use crate::spiking::LANES;

/// Positions are padded to whole vectors of every kind.
pub(super) const POSITIONS: usize = 8;

/// Output channels that share a load.
const CHANNELS: usize = 4;

/// `out[c · positions + p] = Σ_j rows[c · stride + j] · columns[(j / 2 · padded + p) · 2 + j % 2]` for an even
/// number of `taps` j, where `padded` is `positions` in whole vectors. Sums must fit 32 bits.
pub(super) fn by_columns(
    rows: &[i16],
    stride: usize,
    taps: usize,
    columns: &[i16],
    positions: usize,
    out: &mut [i32],
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        simd.vectorize(crate::vectorize::Work(
            #[inline(always)]
            || columns_in(simd, rows, stride, taps, columns, positions, out),
        ));
        return;
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        columns_in(super::lanes::Simd128, rows, stride, taps, columns, positions, out);
        return;
    }
    #[allow(unreachable_code, reason = "on some targets there is always something better")]
    columns_in(Plain, rows, stride, taps, columns, positions, out);
}

/// `out[c · positions + p] = Σ_j rows[c · stride + j] · patches[p · stride + j]`. Sums must fit 32 bits.
pub(super) fn by_rows(rows: &[i16], stride: usize, patches: &[i16], out: &mut [i32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        simd.vectorize(crate::vectorize::Work(
            #[inline(always)]
            || rows_in(simd, rows, stride, patches, out),
        ));
        return;
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        rows_in(super::lanes::Simd128, rows, stride, patches, out);
        return;
    }
    #[allow(unreachable_code, reason = "on some targets there is always something better")]
    rows_in(Plain, rows, stride, patches, out);
}

#[inline(always)]
fn columns_in<L: Lanes>(
    lanes: L,
    rows: &[i16],
    stride: usize,
    taps: usize,
    columns: &[i16],
    positions: usize,
    out: &mut [i32],
) {
    if stride == 0 || taps == 0 || positions == 0 {
        out.fill(0);
        return;
    }
    let view = Columns {
        values: &columns[..taps * positions.next_multiple_of(POSITIONS)],
        padded: positions.next_multiple_of(POSITIONS),
        positions,
    };
    let mut rows = rows
        .chunks_exact(stride)
        .map(|row| row[..taps].as_chunks::<2>().0);
    let mut out = out.chunks_exact_mut(positions);
    loop {
        let (Some(a), Some(a_out)) = (rows.next(), out.next()) else {
            return;
        };
        // One channel alone, where there are not four left.
        if rows.len() < CHANNELS - 1 {
            view.strip::<L, 1>(lanes, [a], [a_out]);
            continue;
        }
        let others = [rows.next(), rows.next(), rows.next()];
        let outs = [out.next(), out.next(), out.next()];
        if let ([Some(b), Some(c), Some(d)], [Some(b_out), Some(c_out), Some(d_out)]) = (others, outs) {
            view.strip::<L, CHANNELS>(lanes, [a, b, c, d], [a_out, b_out, c_out, d_out]);
        }
    }
}

/// What the neurons see, positions side by side.
struct Columns<'a> {
    values: &'a [i16],
    padded: usize,
    positions: usize,
}

impl Columns<'_> {
    /// All positions of some channels.
    #[inline(always)]
    fn strip<L: Lanes, const C: usize>(&self, lanes: L, rows: [&[[i16; 2]]; C], mut out: [&mut [i32]; C]) {
        let vectors = self.padded / L::SUMS;
        let mut first = 0;
        while first < vectors {
            first += match vectors - first {
                1 => self.block::<L, C, 1>(lanes, rows, first, &mut out),
                2 => self.block::<L, C, 2>(lanes, rows, first, &mut out),
                _ => self.block::<L, C, 3>(lanes, rows, first, &mut out),
            };
        }
    }

    /// `V` vectors of positions of some channels; their number.
    #[inline(always)]
    fn block<L: Lanes, const C: usize, const V: usize>(
        &self,
        lanes: L,
        rows: [&[[i16; 2]]; C],
        first: usize,
        out: &mut [&mut [i32]; C],
    ) -> usize {
        let mut sums = [[lanes.zero(); V]; C];
        let start = 2 * L::SUMS * first;
        for (pair, values) in self.values.chunks_exact(2 * self.padded).enumerate() {
            let values = &values[start..start + 2 * L::SUMS * V];
            let seen: [L::Vector; V] = std::array::from_fn(|v| lanes.load(&values[2 * L::SUMS * v..]));
            for (sums, row) in sums.iter_mut().zip(rows) {
                let weights = lanes.repeat(row[pair]);
                for (sum, seen) in sums.iter_mut().zip(seen) {
                    *sum = lanes.add_products(*sum, weights, seen);
                }
            }
        }
        let mut each = [0; POSITIONS];
        for (sums, out) in sums.into_iter().zip(out) {
            for (v, sum) in sums.into_iter().enumerate() {
                let from = (first + v) * L::SUMS;
                let to = self.positions.min(from + L::SUMS);
                if from < to {
                    lanes.store(sum, &mut each[..L::SUMS]);
                    out[from..to].copy_from_slice(&each[..to - from]);
                }
            }
        }
        V
    }
}

#[inline(always)]
fn rows_in<L: Lanes>(lanes: L, rows: &[i16], stride: usize, patches: &[i16], out: &mut [i32]) {
    if stride == 0 || patches.is_empty() {
        out.fill(0);
        return;
    }
    let positions = patches.len() / stride;
    let blocks = rows
        .chunks(CHANNELS * stride)
        .zip(out.chunks_mut(CHANNELS * positions));
    for (rows, out) in blocks {
        if rows.len() == CHANNELS * stride {
            for (p, patch) in patches.chunks_exact(stride).enumerate() {
                for (c, sum) in dots::<L, CHANNELS>(lanes, rows, patch).into_iter().enumerate() {
                    out[c * positions + p] = sum;
                }
            }
        } else {
            for (row, out) in rows.chunks_exact(stride).zip(out.chunks_exact_mut(positions)) {
                for (sum, patch) in out.iter_mut().zip(patches.chunks_exact(stride)) {
                    [*sum] = dots::<L, 1>(lanes, row, patch);
                }
            }
        }
    }
}

/// A patch times some rows that stand one behind the other.
#[inline(always)]
fn dots<L: Lanes, const C: usize>(lanes: L, rows: &[i16], patch: &[i16]) -> [i32; C] {
    let stride = patch.len();
    let rows: [&[i16]; C] = std::array::from_fn(|c| &rows[c * stride..][..stride]);
    let mut sums = [[lanes.zero(); 2]; C];
    // Whole vectors of every kind, two at a time or (AVX2) one.
    let width = 2 * L::SUMS;
    for (chunk, seen) in patch.chunks_exact(LANES).enumerate() {
        for (half, seen) in seen.chunks_exact(width).enumerate() {
            let seen = lanes.load(seen);
            let start = chunk * LANES + half * width;
            for (sums, row) in sums.iter_mut().zip(rows) {
                let weights = lanes.load(&row[start..start + width]);
                sums[half] = lanes.add_products(sums[half], weights, seen);
            }
        }
    }
    sums.map(|[a, b]| lanes.total(a) + lanes.total(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(count: usize, seed: usize, largest: i16) -> Vec<i16> {
        let span = 2 * usize::from(largest.unsigned_abs()) + 1;
        (0..count)
            .map(|i| ((i * 7919 + seed * 104_729) % span) as i16 - largest)
            .collect()
    }

    proptest! {
        #[test]
        fn sums_by_columns_equal_the_plain_loop(
            channels in 0usize..10, positions in 1usize..60, fan_in in 1usize..40, seed in 0usize..1000,
        ) {
            let stride = fan_in.next_multiple_of(LANES);
            let (taps, padded) = (fan_in.next_multiple_of(2), positions.next_multiple_of(POSITIONS));
            let mut rows = words(channels * stride, seed, 300);
            for row in rows.chunks_exact_mut(stride) {
                row[fan_in..].fill(0);
            }
            let columns = words(taps * padded, seed + 1, 300);
            let mut out = vec![-1; channels * positions];
            by_columns(&rows, stride, taps, &columns, positions, &mut out);
            let mut plain = vec![-2; channels * positions];
            columns_in(Plain, &rows, stride, taps, &columns, positions, &mut plain);
            for c in 0..channels {
                for p in 0..positions {
                    let product = |j: usize| {
                        i32::from(rows[c * stride + j]) * i32::from(columns[(j / 2 * padded + p) * 2 + j % 2])
                    };
                    let expected: i32 = (0..taps).map(product).sum();
                    prop_assert_eq!(out[c * positions + p], expected);
                    prop_assert_eq!(plain[c * positions + p], expected);
                }
            }
        }

        #[test]
        fn sums_by_rows_equal_the_plain_loop(
            channels in 0usize..10, positions in 0usize..7, blocks in 1usize..5, seed in 0usize..1000,
        ) {
            let stride = blocks * LANES;
            let rows = words(channels * stride, seed, 300);
            let patches = words(positions * stride, seed + 1, 300);
            let mut out = vec![-1; channels * positions];
            by_rows(&rows, stride, &patches, &mut out);
            let mut plain = vec![-2; channels * positions];
            rows_in(Plain, &rows, stride, &patches, &mut plain);
            for c in 0..channels {
                for p in 0..positions {
                    let product = |j: usize| i32::from(rows[c * stride + j]) * i32::from(patches[p * stride + j]);
                    let expected: i32 = (0..stride).map(product).sum();
                    prop_assert_eq!(out[c * positions + p], expected);
                    prop_assert_eq!(plain[c * positions + p], expected);
                }
            }
        }
    }
}
