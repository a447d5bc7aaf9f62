//! U ← U + M_0 I for many neurons at once, where 32 bits hold what they hold.

use crate::spiking::{CHANNELS, Rounding, Scale, SpikingDendrite, Step};
use crate::vectorize::{integer, vectorized};
use std::ops::Range;

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
pub(super) struct Ratio {
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

    /// round(M_0 I).
    #[inline(always)]
    fn rounded(self, rounding: Rounding, current: i32) -> i32 {
        let current = f64::from(current);
        integer(match rounding {
            Rounding::Floor => self.floor(current).0,
            Rounding::HalfUp => self.half_up(current),
            Rounding::HalfEven => self.half_even(current),
        })
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
                    let (is_low, is_high) = (value < low, value > high);
                    outside |= u32::from(is_low) | u32::from(is_high);
                    // `max` and `min` are calls in WebAssembly.
                    let above = if is_low { low } else { value };
                    *next = integer(if is_high { high } else { above });
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

/// Steps that a window may have here.
const MOST_STEPS: usize = 16;

/// How the sums of a window's steps enter membranes, for sums up to some magnitude.
#[derive(Clone, Copy)]
pub(super) enum Plan {
    /// M_0 = 1: (sum · c_t).
    Whole([i32; MOST_STEPS]),
    /// 32-bit integers suffice.
    Fixed([Fixed; MOST_STEPS]),
    /// Floating point that is rounded once.
    Real(Real),
    /// Floating point with a remainder that tells.
    Remainder(Ratio),
}

/// round(M_0 · c_t · sum) = ⌊(sum · (high · 2^16 + low) + add · 2^16 + half) / 2^(16 + shift)⌋.
#[derive(Clone, Copy, Default)]
pub(super) struct Fixed {
    low: i32,
    high: i32,
    half: i32,
    add: i32,
    shift: i32,
}

impl Fixed {
    /// For `sum` up to `most`; `None` if 32 bits do not suffice.
    fn of(scale: Scale, weight: i64, most: i64) -> Option<Self> {
        let (numerator, denominator) = (
            i128::from(scale.numerator() * weight),
            i128::from(scale.denominator()),
        );
        // Nothing lies between a multiple of 1 / unit and the next one; halves are ties.
        let unit = match scale.rounding() {
            Rounding::Floor => denominator,
            Rounding::HalfUp => 2 * denominator,
            Rounding::HalfEven => return None,
        };
        // The factor is half a unit off at most, so the product `most` halves.
        let off = i128::from(most) + 2;
        let shift = (16..48).find(|&shift| off * unit < 1i128 << shift)?;
        let factor = (2 * (numerator << shift) + denominator).div_euclid(2 * denominator);
        let tie = match scale.rounding() {
            Rounding::Floor => 0,
            _ => 1i128 << (shift - 1),
        };
        let add = tie + off / 2;
        let fixed = Self {
            low: (factor & 0xffff) as i32,
            high: i32::try_from(factor >> 16).ok()?,
            half: (add & 0xffff) as i32,
            add: i32::try_from(add >> 16).ok()?,
            shift: shift - 16,
        };
        let held = i128::from(i32::MAX);
        let fits = i128::from(most + 1) * 0xffff <= held
            && i128::from(most) * i128::from(fixed.high).abs() + i128::from(fixed.add) + 0x8000 <= held;
        fits.then_some(fixed)
    }

    #[inline(always)]
    fn apply(self, sum: i32) -> i32 {
        let low = sum.wrapping_mul(self.low).wrapping_add(self.half) >> 16;
        let high = sum.wrapping_mul(self.high).wrapping_add(self.add);
        high.wrapping_add(low) >> self.shift
    }
}

/// round(M_0 · c_t · sum) as the integer next to a product that is a little off.
#[derive(Clone, Copy)]
pub(super) struct Real {
    factors: [f64; MOST_STEPS],
    offset: f64,
}

impl Real {
    fn of(scale: Scale, steps: &[Step], most: i64) -> Option<Self> {
        let unit = 1.0 / scale.denominator() as f64;
        // Products are multiples of 1 / denominator; the offset keeps them as far from ties as can be.
        let offset = match scale.rounding() {
            Rounding::Floor => 0.5 * unit - 0.5,
            Rounding::HalfUp => 0.25 * unit,
            Rounding::HalfEven => return None,
        };
        let mut factors = [0.0; MOST_STEPS];
        let mut largest = 0.0f64;
        for (factor, step) in factors.iter_mut().zip(steps) {
            // A power of two: nothing is rounded but the ratio.
            *factor = scale.ratio() * step.weight as f64;
            largest = largest.max((*factor * most as f64).abs());
        }
        // Ratio, product and sum are each rounded by 2^-53 of themselves.
        let is_exact = (largest + 1.0) * 2f64.powi(-51) < 0.25 * unit;
        is_exact.then_some(Self { factors, offset })
    }

    #[inline(always)]
    fn apply(self, step: usize, sum: i32) -> i32 {
        integer(f64::from(sum) * self.factors[step] + self.offset)
    }
}

impl Plan {
    /// For sums of digits up to `most`; `None` where registers or steps are too many bits.
    pub(super) fn of(dendrite: &SpikingDendrite, most: i64) -> Option<Self> {
        let largest = dendrite.steps.iter().map(|step| step.weight.abs()).max()?;
        let room = 1 << 30;
        if dendrite.register.bits > 30
            || dendrite.steps.len() > MOST_STEPS
            || most.saturating_mul(largest) >= room
        {
            return None;
        }
        let scale = dendrite.scale;
        if scale.is_one() {
            let mut factors = [0; MOST_STEPS];
            for (factor, step) in factors.iter_mut().zip(&dendrite.steps) {
                *factor = step.weight as i32;
            }
            return Some(Self::Whole(factors));
        }
        let mut fixed = [Fixed::default(); MOST_STEPS];
        let mut pairs = fixed.iter_mut().zip(&dendrite.steps);
        let fits = pairs.all(|(fixed, step)| {
            Fixed::of(scale, step.weight, most)
                .map(|found| *fixed = found)
                .is_some()
        });
        if fits {
            return Some(Self::Fixed(fixed));
        }
        let real = Real::of(scale, &dendrite.steps, most);
        Some(real.map_or_else(|| Self::Remainder(Ratio::of(scale)), Self::Real))
    }
}

/// Something that needs to know how sums enter membranes.
pub(super) trait Planned {
    /// Does it: `scaled` is round(M_0 · c_t · sum) of a step and a sum.
    fn run(&mut self, scaled: impl Fn(usize, i32) -> i32);
}

impl Plan {
    /// Does something by this plan.
    #[inline(always)]
    pub(super) fn run(self, dendrite: &SpikingDendrite, work: &mut impl Planned) {
        match self {
            Self::Whole(weights) => work.run(
                #[inline(always)]
                |step, sum| sum * weights[step],
            ),
            Self::Fixed(fixed) => work.run(
                #[inline(always)]
                |step, sum| fixed[step].apply(sum),
            ),
            Self::Real(real) => work.run(
                #[inline(always)]
                |step, sum| real.apply(step, sum),
            ),
            Self::Remainder(ratio) => {
                let (steps, rounding) = (&dendrite.steps, dendrite.scale.rounding());
                work.run(
                    #[inline(always)]
                    |step, sum| ratio.rounded(rounding, sum * steps[step].weight as i32),
                );
            }
        }
    }
}

/// Whole windows of sixteen neurons: what each step's digits add up to, then what the membranes hold. Says whether
/// all stayed inside their registers; if not, the membranes are as they were.
#[inline(always)]
pub(super) fn window(
    dendrite: &SpikingDendrite,
    scaled: impl Fn(usize, i32) -> i32,
    sums: &[[i32; CHANNELS]],
    membranes: &mut [i32; CHANNELS],
) -> bool {
    // Shifted so that what is inside has no bit above the register's.
    let shift = 1i32 << (dendrite.register.bits - 1);
    let above = -1 << dendrite.register.bits;
    let doubling = u32::from(dendrite.doubling);
    let mut next = *membranes;
    let mut outside = [0; CHANNELS];
    for (step, &Step { plane, .. }) in dendrite.steps.iter().enumerate() {
        let Some(sums) = sums.get(usize::from(plane)) else {
            break;
        };
        for ((next, outside), &sum) in next.iter_mut().zip(&mut outside).zip(sums) {
            *next = (*next << doubling).wrapping_add(scaled(step, sum));
            *outside |= next.wrapping_add(shift);
        }
    }
    let is_inside = outside.iter().fold(0, |all, outside| all | outside) & above == 0;
    if is_inside {
        *membranes = next;
    }
    is_inside
}

/// The same in integers, whatever happens. `overflow` is told of every result outside the register: step, neuron of
/// the sixteen, and value.
#[cold]
pub(super) fn window_one_by_one(
    dendrite: &SpikingDendrite,
    sums: &[[i32; CHANNELS]],
    membranes: &mut [i32; CHANNELS],
    neurons: Range<usize>,
    overflow: &mut impl FnMut(usize, usize, i64),
) {
    let mut currents = [0; CHANNELS];
    for (step, &Step { plane, weight }) in dendrite.steps.iter().enumerate() {
        for (current, &sum) in currents.iter_mut().zip(&sums[usize::from(plane)]) {
            *current = sum * weight as i32;
        }
        one_by_one(
            dendrite,
            &currents[neurons.clone()],
            &mut membranes[neurons.clone()],
            &mut |neuron, value| overflow(step, neuron, value),
        );
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
        fn a_window_is_planned_so_that_each_product_is_rounded_as_in_integers(
            numerator in 1i64..1 << 16, spread in 0i64..1 << 22, plane in 0u8..9, is_sign in any::<bool>(),
            most in 1i64..30_000, shares in prop::collection::vec(-1.0..=1.0f64, 20),
        ) {
            let weight = if is_sign { -(1 << plane) } else { 1 << plane };
            let sums = shares.iter().map(|share| (share * most as f64) as i64).chain([-most, 0, most]);
            let sums: Vec<i64> = sums.collect();
            for rounding in [Rounding::Floor, Rounding::HalfUp] {
                let scale = Scale::new(numerator, numerator + spread, rounding);
                let fixed = Fixed::of(scale, weight, most);
                let real = Real::of(scale, &[Step { plane, weight }], most);
                prop_assert!(fixed.is_some() || real.is_some());
                for &sum in &sums {
                    let expected = scale.apply(weight * sum) as i32;
                    if let Some(fixed) = fixed {
                        prop_assert_eq!(fixed.apply(sum as i32), expected, "{:?}", rounding);
                    }
                    if let Some(real) = real {
                        prop_assert_eq!(real.apply(0, sum as i32), expected, "{:?}", rounding);
                    }
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
