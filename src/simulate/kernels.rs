//! The inner loops: what every neuron of a layer receives in one time step.
//!
//! Sixteen-bit products with pairwise 32-bit sums are one instruction on every target
//! (`pmaddwd`, `i32x4.dot_i16x8_s`).

/// Four output channels share every load of a patch.
const CHANNELS: usize = 4;

/// `out[c · positions + p] = Σ_j rows[c][j] · patches[p][j]` for rows and patches of `stride`
/// values. Sums must fit 32 bits: 9-bit weights over digits −1, 0, 1 always do, over
/// whole codes the caller has proven it.
pub(super) fn sums(rows: &[i16], patches: &[i16], stride: usize, out: &mut [i32]) {
    if stride == 0 || out.is_empty() {
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
                for (c, sum) in dot_four(rows, patch, stride).into_iter().enumerate() {
                    out[c * positions + p] = sum;
                }
            }
        } else {
            for (row, out) in rows.chunks_exact(stride).zip(out.chunks_exact_mut(positions)) {
                for (sum, patch) in out.iter_mut().zip(patches.chunks_exact(stride)) {
                    *sum = dot(row, patch);
                }
            }
        }
    }
}

/// For wasm the instruction has to be named: no compiler finds it there, and without it a browser is
/// some twenty times slower.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod products {
    use super::CHANNELS;
    use crate::spiking::LANES;
    use core::arch::wasm32::{i16x8, i32x4, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, v128};

    /// Four rows, one behind the other, times a patch.
    pub(super) fn dot_four(rows: &[i16], patch: &[i16], stride: usize) -> [i32; CHANNELS] {
        let (a, rows) = rows.split_at(stride);
        let (b, rows) = rows.split_at(stride);
        let (c, d) = rows.split_at(stride);
        let mut sums = [i32x4(0, 0, 0, 0); CHANNELS];
        let chunks = |row| <[i16]>::chunks_exact(row, LANES);
        let rows = chunks(a).zip(chunks(b)).zip(chunks(c)).zip(chunks(d));
        for (patch, (((a, b), c), d)) in chunks(patch).zip(rows) {
            let patch = load(patch);
            for (sum, row) in sums.iter_mut().zip([a, b, c, d]) {
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(load(row), patch));
            }
        }
        sums.map(total)
    }

    pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
        let pairs = a.chunks_exact(LANES).zip(b.chunks_exact(LANES));
        let products = pairs.map(|(a, b)| i32x4_dot_i16x8(load(a), load(b)));
        total(products.fold(i32x4(0, 0, 0, 0), |sum, product| i32x4_add(sum, product)))
    }

    fn load(v: &[i16]) -> v128 {
        i16x8(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
    }

    fn total(sums: v128) -> i32 {
        i32x4_extract_lane::<0>(sums)
            + i32x4_extract_lane::<1>(sums)
            + i32x4_extract_lane::<2>(sums)
            + i32x4_extract_lane::<3>(sums)
    }
}

/// Natively this plain form becomes the instruction by itself; forms with lanes of their own do not.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod products {
    use super::CHANNELS;
    use crate::spiking::LANES;

    /// Four rows, one behind the other, times a patch.
    pub(super) fn dot_four(rows: &[i16], patch: &[i16], stride: usize) -> [i32; CHANNELS] {
        let (a, rows) = rows.split_at(stride);
        let (b, rows) = rows.split_at(stride);
        let (c, d) = rows.split_at(stride);
        [dot(a, patch), dot(b, patch), dot(c, patch), dot(d, patch)]
    }

    #[inline]
    pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
        let pairs = a.chunks_exact(LANES).zip(b.chunks_exact(LANES));
        let product = |(&a, &b): (&i16, &i16)| i32::from(a) * i32::from(b);
        pairs
            .map(|(a, b)| a.iter().zip(b).map(product).sum::<i32>())
            .sum()
    }
}

use products::{dot, dot_four};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_equal_the_plain_loop_for_odd_sizes() {
        for (channels, positions, stride) in [(1, 1, 8), (3, 5, 8), (4, 2, 16), (9, 7, 24), (2, 0, 8)] {
            let value = |i: usize| ((i * 7919) % 511) as i16 - 255;
            let rows: Vec<i16> = (0..channels * stride).map(value).collect();
            let patches: Vec<i16> = (0..positions * stride).map(|i| (value(i) & 1).abs()).collect();
            let mut out = vec![0; channels * positions];
            sums(&rows, &patches, stride, &mut out);
            for c in 0..channels {
                for p in 0..positions {
                    let expected: i32 = (0..stride)
                        .map(|j| i32::from(rows[c * stride + j]) * i32::from(patches[p * stride + j]))
                        .sum();
                    assert_eq!(out[c * positions + p], expected);
                }
            }
        }
    }
}
