//! From sums of exact membranes to codes, many neurons at once, by the same arithmetic as one by one.

use super::window::Layout;
use crate::quantize::Requantizer;
use crate::quantize::Rule;
use crate::spiking::Fire;
use crate::vectorize::vectorized;

/// Adding this to a number of up to 2^22 and reading the bits rounds it to even.
const MAGIC: f32 = 12_582_912.0;

/// How a layer's neurons fire. All numbers are given for `neurons` sums in the order that they are held in, channels
/// padded, and again and again for the positions of a block.
#[derive(Clone, Debug)]
pub(super) enum Firing {
    /// ⌊acc · M̂⌉.
    Multiply { multipliers: Vec<f32>, range: Range },
    /// ⌊clamp(acc · S_x S_w) / S_y⌉.
    Divide {
        scales: Vec<f32>,
        clamp: (f32, f32),
        scale: f32,
        range: Range,
    },
    /// ⌊fma(a, R_a, fma(b, R_b, F))⌉.
    Add {
        zero_points: [i32; 2],
        ratios: [f32; 2],
        fixed: f32,
        range: Range,
    },
    /// Anything else, neuron by neuron.
    Each,
}

/// The words that can be fired.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// Smallest and largest rounded number.
    low: f32,
    high: f32,
    /// What makes a word of it.
    shift: i32,
}

impl Range {
    /// Of codes from `low` to `high`, which are `more` less than the rounded number; a word is a code less `silent`.
    fn new((low, high): (i32, i32), more: i32, silent: i32) -> Self {
        Self {
            low: (low + more) as f32,
            high: (high + more) as f32,
            shift: -more - silent,
        }
    }

    #[inline(always)]
    fn word(self, value: f32) -> i16 {
        // Ends are whole, so that it is the same whether numbers are cut off before or after rounding.
        let value = if value > self.low { value } else { self.low };
        let value = if value < self.high { value } else { self.high };
        let rounded = (value + MAGIC).to_bits() as i32 - MAGIC.to_bits() as i32;
        (rounded + self.shift) as i16
    }
}

impl Firing {
    /// How neurons held in `layout` fire words, with room for `rows` rows of `stride` sums; `silent` is the code of
    /// word 0.
    pub(super) fn new(fire: &Fire, layout: Layout, silent: i32, (rows, stride): (usize, usize)) -> Self {
        if !fire.exact {
            return Self::Each;
        }
        let spread = |of: &dyn Fn(usize) -> f32| -> Vec<f32> {
            let row = (0..stride).map(|c| {
                if c < layout.channels {
                    of(c * layout.positions)
                } else {
                    0.0
                }
            });
            let row: Vec<f32> = row.collect();
            row.repeat(rows)
        };
        let is_of_channels = |count: usize| count == 1 || count == layout.channels;
        let fits = |(low, high): (i32, i32)| low > -(1 << 20) && high < 1 << 20;
        match &fire.requantizer {
            Requantizer::Codes {
                rule: Rule::Multiply,
                multipliers,
                target,
                ..
            } if is_of_channels(multipliers.values().len()) && fits((target.low, target.high)) => {
                Self::Multiply {
                    multipliers: spread(&|neuron| multipliers.at(neuron)),
                    range: Range::new((target.low, target.high), -target.affine.zero_point, silent),
                }
            }
            Requantizer::Codes {
                rule: Rule::Divide,
                line,
                target,
                ..
            } if line.steps.is_empty()
                && is_of_channels(line.scales.values().len())
                && fits((target.low, target.high)) =>
            {
                Self::Divide {
                    scales: spread(&|neuron| line.scales.at(neuron)),
                    clamp: (line.clamp.min, line.clamp.max),
                    scale: target.affine.scale,
                    range: Range::new((target.low, target.high), -target.affine.zero_point, silent),
                }
            }
            Requantizer::Sum {
                fused: true,
                ratios,
                zero_points,
                fixed,
                shift,
                target,
                ..
            } if fits((target.low, target.high)) && is_fma_exact(*ratios, *fixed) => Self::Add {
                zero_points: *zero_points,
                ratios: *ratios,
                fixed: *fixed,
                range: Range::new((target.low, target.high), *shift, silent),
            },
            _ => Self::Each,
        }
    }

    /// Fires the words of a block, from the sums of each dendrite; false where that must be done one by one.
    pub(super) fn fire(&self, sums: &[Vec<i32>], words: &mut [i16]) -> bool {
        match self {
            Self::Multiply { multipliers, range } => vectorized(
                #[inline(always)]
                || {
                    for ((word, &sum), &multiplier) in words.iter_mut().zip(&sums[0]).zip(multipliers) {
                        *word = range.word(sum as f32 * multiplier);
                    }
                },
            ),
            Self::Divide {
                scales,
                clamp: (low, high),
                scale,
                range,
            } => vectorized(
                #[inline(always)]
                || {
                    for ((word, &sum), &of_sum) in words.iter_mut().zip(&sums[0]).zip(scales) {
                        let real = sum as f32 * of_sum;
                        let real = if real > *low { real } else { *low };
                        let real = if real < *high { real } else { *high };
                        *word = range.word(real / scale);
                    }
                },
            ),
            Self::Add {
                zero_points,
                ratios,
                fixed,
                range,
            } => vectorized(
                #[inline(always)]
                || {
                    for ((word, &a), &b) in words.iter_mut().zip(&sums[0]).zip(&sums[1]) {
                        let b = (b + zero_points[1]) as f32;
                        let inner = fused(b, ratios[1], *fixed);
                        *word = range.word(fused((a + zero_points[0]) as f32, ratios[0], inner));
                    }
                },
            ),
            Self::Each => return false,
        }
        true
    }
}

/// a · b + c, rounded once.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    a.mul_add(b, c)
}

/// The same where no instruction does it: in 64 bits nothing is rounded ([`is_fma_exact`]).
#[cfg(target_arch = "wasm32")]
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    in_64_bits(a, b, c)
}

#[cfg(any(target_arch = "wasm32", test))]
#[inline(always)]
fn in_64_bits(a: f32, b: f32, c: f32) -> f32 {
    (f64::from(a) * f64::from(b) + f64::from(c)) as f32
}

/// Whether 64-bit floating point holds a · R + c, for codes a of up to 17 bits, without rounding: all are multiples
/// of the smallest step of a ratio or of F, and none is too large for 53 bits of those.
fn is_fma_exact(ratios: [f32; 2], fixed: f32) -> bool {
    // The power of 2 of a number's last bit, and of the bit above its first.
    let last = |x: f32| exponent(x) - 23;
    let first = |x: f32| exponent(x) + 1;
    let terms = [ratios[0], ratios[1]].map(|r| (last(r), first(r) + 17));
    let is_normal = |x: f32| x.is_normal() || x == 0.0;
    if ![ratios[0], ratios[1], fixed].into_iter().all(is_normal) {
        return false;
    }
    // What the inner sum is rounded to has its last bit no lower than the terms have, or is 24 bits below its first.
    let lowest = terms[0].0.min(terms[1].0).min(last(fixed));
    let highest = terms[0].1.max(terms[1].1).max(first(fixed)) + 2;
    highest - lowest <= 53
}

fn exponent(x: f32) -> i32 {
    if x == 0.0 {
        0
    } else {
        (x.to_bits() >> 23 & 255) as i32 - 127
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_product_and_sum_in_64_bits_is_rounded_once(
            a in -(1i32 << 17)..1 << 17, b in -(1i32 << 17)..1 << 17,
            ratios in prop::array::uniform2(1e-4f32..8.0), fixed in -300.0f32..300.0,
        ) {
            prop_assume!(is_fma_exact(ratios, fixed));
            let (a, b) = (a as f32, b as f32);
            let inner = in_64_bits(b, ratios[1], fixed);
            prop_assert_eq!(inner.to_bits(), b.mul_add(ratios[1], fixed).to_bits());
            let outer = in_64_bits(a, ratios[0], inner);
            prop_assert_eq!(outer.to_bits(), a.mul_add(ratios[0], inner).to_bits());
        }
    }

    #[test]
    fn ratios_that_lie_too_far_apart_are_not_taken_for_exact() {
        assert!(is_fma_exact([0.7, 0.3], 12.5));
        assert!(!is_fma_exact([1e-8, 1.0], 12.5));
    }
}
