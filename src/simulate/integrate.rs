//! U ← U + M_0 I for many neurons at once, where 32 bits hold what they hold.

use crate::spiking::{Rounding, Scale, SpikingDendrite};
use crate::vectorize::vectorized;

/// Neurons that are looked at together: if none leaves its register, nothing is done one by one.
const BLOCK: usize = 32;

/// One step of [narrow](SpikingDendrite::is_narrow) neurons. `overflow` is told of every result outside the
/// register: neuron and value.
pub(super) fn integrate(
    dendrite: &SpikingDendrite,
    currents: &[i32],
    membranes: &mut [i32],
    overflow: &mut impl FnMut(usize, i64),
) {
    let scale = dendrite.scale;
    let ratio = Ratio::of(scale);
    if scale.is_one() {
        return blocks(
            dendrite,
            currents,
            membranes,
            overflow,
            #[inline(always)]
            |current| current,
        );
    }
    match scale.rounding() {
        Rounding::Floor => blocks(
            dendrite,
            currents,
            membranes,
            overflow,
            #[inline(always)]
            |current| ratio.floor(current).0,
        ),
        Rounding::HalfUp => blocks(
            dendrite,
            currents,
            membranes,
            overflow,
            #[inline(always)]
            |current| ratio.half_up(current),
        ),
        Rounding::HalfEven => blocks(
            dendrite,
            currents,
            membranes,
            overflow,
            #[inline(always)]
            |current| ratio.half_even(current),
        ),
    }
}

/// M_0 in floating point. All products are integers below 2^53, so nothing is rounded but where it says so.
#[derive(Clone, Copy)]
struct Ratio {
    numerator: f64,
    denominator: f64,
    quotient: f64,
}

impl Ratio {
    fn of(scale: Scale) -> Self {
        Self {
            numerator: scale.numerator() as f64,
            denominator: scale.denominator() as f64,
            quotient: scale.ratio(),
        }
    }

    /// ⌊M_0 I⌋ and the remainder.
    #[inline(always)]
    fn floor(self, current: f64) -> (f64, f64) {
        // The estimate is within one of the quotient; the remainder tells.
        let estimate = (current * self.quotient).floor();
        let remainder = self.numerator * current - estimate * self.denominator;
        let correction = if remainder < 0.0 {
            -1.0
        } else if remainder >= self.denominator {
            1.0
        } else {
            0.0
        };
        (estimate + correction, remainder - correction * self.denominator)
    }

    #[inline(always)]
    fn half_up(self, current: f64) -> f64 {
        let (quotient, remainder) = self.floor(current);
        let is_up = remainder >= self.denominator - remainder;
        quotient + if is_up { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn half_even(self, current: f64) -> f64 {
        let (quotient, remainder) = self.floor(current);
        let rest = self.denominator - remainder;
        let half = quotient * 0.5;
        let is_odd = half.floor() != half;
        let is_up = (remainder > rest) | ((remainder == rest) & is_odd);
        quotient + if is_up { 1.0 } else { 0.0 }
    }
}

/// The integer in a number up to 2^31: adding 1.5 · 2^52 leaves it in the low bits.
#[inline(always)]
fn integer(value: f64) -> i32 {
    (value + 6_755_399_441_055_744.0).to_bits() as i32
}

#[inline(always)]
fn blocks(
    dendrite: &SpikingDendrite,
    currents: &[i32],
    membranes: &mut [i32],
    overflow: &mut impl FnMut(usize, i64),
    scaled: impl Fn(f64) -> f64,
) {
    let (low, high) = (dendrite.register.min() as f64, dendrite.register.max() as f64);
    let factor = if dendrite.doubling { 2.0 } else { 1.0 };
    vectorized(
        #[inline(always)]
        || {
            let blocks = membranes.chunks_mut(BLOCK).zip(currents.chunks(BLOCK));
            for (block, (membranes, currents)) in blocks.enumerate() {
                let mut next = [0; BLOCK];
                let mut outside = 0;
                for ((next, &membrane), &current) in next.iter_mut().zip(&*membranes).zip(currents) {
                    let value = factor * f64::from(membrane) + scaled(f64::from(current));
                    outside |= u32::from(value < low) | u32::from(value > high);
                    *next = integer(value.max(low).min(high));
                }
                if outside == 0 {
                    membranes.copy_from_slice(&next[..membranes.len()]);
                } else {
                    one_by_one(dendrite, currents, membranes, &mut |neuron, value| {
                        overflow(block * BLOCK + neuron, value);
                    });
                }
            }
        },
    );
}

/// The same in integers.
#[cold]
fn one_by_one(
    dendrite: &SpikingDendrite,
    currents: &[i32],
    membranes: &mut [i32],
    overflow: &mut impl FnMut(usize, i64),
) {
    let factor = 1 + i64::from(dendrite.doubling);
    for (neuron, (membrane, &current)) in membranes.iter_mut().zip(currents).enumerate() {
        let scaled = if dendrite.scale.is_one() {
            i64::from(current)
        } else {
            dendrite.scale.apply(current.into())
        };
        let value = factor * i64::from(*membrane) + scaled;
        if !dendrite.register.holds(value) {
            overflow(neuron, value);
        }
        *membrane = dendrite.register.store(value) as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn floating_point_scales_like_integers(
            numerator in 1i64..1 << 22, spread in 0i64..1 << 30, even in any::<bool>(),
            current in (-(1i64 << 28)..1 << 28), small in -40i64..40,
        ) {
            let denominator = numerator + if even { spread & !1 } else { spread };
            for current in [current, small, current % denominator.max(2)] {
                for rounding in [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven] {
                    let scale = Scale::new(numerator, denominator, rounding);
                    let ratio = Ratio::of(scale);
                    let scaled = match rounding {
                        Rounding::Floor => ratio.floor(current as f64).0,
                        Rounding::HalfUp => ratio.half_up(current as f64),
                        Rounding::HalfEven => ratio.half_even(current as f64),
                    };
                    prop_assert_eq!(integer(scaled), scale.apply(current) as i32);
                }
            }
        }

        #[test]
        fn halves_are_rounded_as_in_integers(halves in -1000i64..1000, shift in 1u32..10) {
            let current = halves << (shift - 1);
            for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
                let scale = Scale::new(1, 1 << shift, rounding);
                let ratio = Ratio::of(scale);
                let scaled = match rounding {
                    Rounding::HalfUp => ratio.half_up(current as f64),
                    _ => ratio.half_even(current as f64),
                };
                prop_assert_eq!(integer(scaled), scale.apply(current) as i32);
            }
        }
    }
}
