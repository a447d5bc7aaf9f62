//! The inner loops: what every neuron of a layer receives in one time step.
//!
//! Sixteen-bit products with pairwise 32-bit sums are one instruction on every target
//! (`pmaddwd`, `i32x4.dot_i16x8_s`); the loops are written so that compilers find it.

use crate::spiking::LANES;

/// Four output channels share every load of a patch.
const CHANNELS: usize = 4;

/// `out[c · positions + p] = Σ_j rows[c][j] · patches[p][j]` for rows and patches of `stride`
/// values. Sums must fit 32 bits: 9-bit weights over bits always do, over
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

fn dot_four(rows: &[i16], patch: &[i16], stride: usize) -> [i32; CHANNELS] {
    let (a, rows) = rows.split_at(stride);
    let (b, rows) = rows.split_at(stride);
    let (c, d) = rows.split_at(stride);
    [dot(a, patch), dot(b, patch), dot(c, patch), dot(d, patch)]
}

#[inline]
fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.chunks_exact(LANES)
        .zip(b.chunks_exact(LANES))
        .map(|(a, b)| {
            a.iter()
                .zip(b)
                .map(|(&a, &b)| i32::from(a) * i32::from(b))
                .sum::<i32>()
        })
        .sum()
}

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
