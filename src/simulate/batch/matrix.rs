//! Rows of what neurons see times a matrix of weights: output channels side by side in a vector, some rows and two
//! vectors of channels at a time, so that no sum leaves the processor's registers before it is complete.

use crate::simulate::kernels::lanes::{Lanes, Plain};

/// Rows of sums are padded to whole multiples of this many channels.
pub(super) const CHANNELS: usize = 16;

/// Rows that share a load of weights.
const ROWS: usize = 6;

/// Weights, packed for the vectors that this processor has.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    /// Pairs of factors of a row.
    pairs: usize,
    /// Panel by panel of two vectors of channels, pair by pair: each channel's two weights.
    packed: Vec<i16>,
}

impl Matrix {
    /// Packs `weights`, one row of `taps` for each output channel.
    pub(super) fn new(weights: &[i16], taps: usize) -> Self {
        let (pairs, width) = (taps.div_ceil(2), panel());
        let rows: Vec<&[i16]> = weights.chunks_exact(taps.max(1)).collect();
        let channels = rows.len().next_multiple_of(CHANNELS);
        let weight = |channel: usize, tap: usize| {
            let row = rows.get(channel).copied().unwrap_or_default();
            row.get(tap).copied().unwrap_or(0)
        };
        let mut packed = Vec::with_capacity(channels * pairs * 2);
        for first in (0..channels).step_by(width) {
            for pair in 0..pairs {
                for channel in first..first + width {
                    packed.extend([weight(channel, 2 * pair), weight(channel, 2 * pair + 1)]);
                }
            }
        }
        Self { pairs, packed }
    }

    /// Pairs of factors of a row.
    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// `sums[r · stride + c] += Σ_j rows[r · 2 pairs + j] · weights[c · taps + j]`, where `stride` is the number of
    /// channels in whole multiples of [`CHANNELS`]. Sums must fit 32 bits.
    pub(super) fn add_products(&self, rows: &[i32], stride: usize, sums: &mut [i32]) {
        if self.pairs == 0 {
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            simd.vectorize(crate::vectorize::Work(
                #[inline(always)]
                || self.panels(simd, rows, stride, sums),
            ));
            return;
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            self.panels(crate::simulate::kernels::lanes::Simd128, rows, stride, sums);
            return;
        }
        #[allow(unreachable_code, reason = "on some targets there is always something better")]
        self.panels(Plain, rows, stride, sums);
    }

    #[inline(always)]
    fn panels<L: Lanes>(&self, lanes: L, rows: &[i32], stride: usize, sums: &mut [i32]) {
        let panels = self.packed.chunks_exact(self.pairs * 4 * L::SUMS);
        for (panel, weights) in panels.enumerate() {
            let count = sums.len() / stride;
            let mut row = 0;
            while row < count {
                let rows = &rows[row * self.pairs..];
                let sums = &mut sums[row * stride + panel * 2 * L::SUMS..];
                row += match count - row {
                    ROWS.. => self.tile::<L, ROWS>(lanes, rows, weights, stride, sums),
                    4.. => self.tile::<L, 4>(lanes, rows, weights, stride, sums),
                    2.. => self.tile::<L, 2>(lanes, rows, weights, stride, sums),
                    _ => self.tile::<L, 1>(lanes, rows, weights, stride, sums),
                };
            }
        }
    }

    /// `R` rows times a panel; `R`.
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "several arrays go side by side")]
    fn tile<L: Lanes, const R: usize>(
        &self,
        lanes: L,
        rows: &[i32],
        weights: &[i16],
        stride: usize,
        out: &mut [i32],
    ) -> usize {
        let pairs = self.pairs;
        // Closures that are called for each element would be functions without the wide vectors.
        let mut seen = [&rows[..pairs]; R];
        let mut sums = [[lanes.zero(); 2]; R];
        for r in 0..R {
            seen[r] = &rows[r * pairs..][..pairs];
            let out = &out[r * stride..][..2 * L::SUMS];
            sums[r] = [lanes.sums(&out[..L::SUMS]), lanes.sums(&out[L::SUMS..])];
        }
        for (pair, weights) in (0..pairs).zip(weights.chunks_exact(4 * L::SUMS)) {
            let (low, high) = weights.split_at(2 * L::SUMS);
            let (low, high) = (lanes.load(low), lanes.load(high));
            for r in 0..R {
                let pair = lanes.repeat(bytemuck::cast(seen[r][pair]));
                sums[r] = [
                    lanes.add_products(sums[r][0], pair, low),
                    lanes.add_products(sums[r][1], pair, high),
                ];
            }
        }
        for r in 0..R {
            let (low, high) = out[r * stride..][..2 * L::SUMS].split_at_mut(L::SUMS);
            lanes.store(sums[r][0], low);
            lanes.store(sums[r][1], high);
        }
        R
    }
}

/// Channels of a panel.
fn panel() -> usize {
    #[cfg(target_arch = "x86_64")]
    if pulp::x86::V3::try_new().is_some() {
        return 2 * <pulp::x86::V3 as Lanes>::SUMS;
    }
    // WebAssembly's vectors are as long as the plain ones.
    2 * Plain::SUMS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(count: usize, seed: usize) -> Vec<i16> {
        (0..count)
            .map(|i| ((i * 7919 + seed * 104_729) % 601) as i16 - 300)
            .collect()
    }

    proptest! {
        #[test]
        fn products_equal_the_plain_loop_for_odd_sizes(
            channels in 1usize..40, taps in 1usize..30, rows in 0usize..20, seed in 0usize..1000,
        ) {
            let weights = words(channels * taps, seed);
            let matrix = Matrix::new(&weights, taps);
            let (width, stride) = (2 * matrix.pairs(), channels.next_multiple_of(CHANNELS));
            // What stands behind an odd row's end must not matter.
            let seen = words(rows * width, seed + 1);
            let pairs: Vec<i32> = bytemuck::pod_collect_to_vec(&seen);
            let mut sums = vec![seed as i32; rows * stride];
            matrix.add_products(&pairs, stride, &mut sums);
            for row in 0..rows {
                for channel in 0..channels {
                    let product = |tap: usize| {
                        i32::from(seen[row * width + tap]) * i32::from(weights[channel * taps + tap])
                    };
                    let expected = seed as i32 + (0..taps).map(product).sum::<i32>();
                    prop_assert_eq!(sums[row * stride + channel], expected);
                }
            }
        }
    }
}
