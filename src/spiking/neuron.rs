//! The STEM neuron's hardware: an n-bit membrane register and the scaling of what enters it
//! (`docs/MATHEMATICS.md`, section 3).

use super::{Overflow, Rounding};
use serde::{Deserialize, Serialize};

/// An n-bit two's complement register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Register {
    /// n.
    pub bits: u8,
    /// What it does with a result outside its range.
    pub overflow: Overflow,
}

impl Register {
    /// −2^(n−1).
    pub const fn min(self) -> i64 {
        -(1 << (self.bits - 1))
    }

    /// 2^(n−1) − 1.
    pub const fn max(self) -> i64 {
        (1 << (self.bits - 1)) - 1
    }

    /// Whether it can hold `value`.
    #[inline]
    pub const fn holds(self, value: i64) -> bool {
        value >= self.min() && value <= self.max()
    }

    /// What it holds after `value` was written to it.
    #[inline]
    pub fn store(self, value: i64) -> i64 {
        match self.overflow {
            Overflow::Saturate => value.clamp(self.min(), self.max()),
            Overflow::Wrap => {
                let unused = 64 - u32::from(self.bits);
                value << unused >> unused
            }
        }
    }

    /// The fewest bits of a register that holds everything from `low` to `high`.
    pub fn bits_for(low: i64, high: i64) -> u8 {
        let magnitude = high.max(if low < 0 { -(low + 1) } else { low }).max(0);
        (65 - magnitude.leading_zeros()) as u8
    }
}

/// Integers up to this are exact in 64-bit floating point.
const NARROW: u64 = 1 << 52;

/// M_0 as a ratio of integers, with the rounding of its products.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "Ratio", into = "Ratio")]
pub struct Scale {
    numerator: i64,
    denominator: i64,
    rounding: Rounding,
    ratio: f64,
    /// The largest current that is exact in floating point and whose product with the numerator fits
    /// 64 bits.
    narrow: u64,
}

/// How a scale is stored: the rest follows.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Ratio {
    /// Above the line.
    numerator: i64,
    /// Below the line; not less than the numerator.
    denominator: i64,
    /// How products are rounded.
    rounding: Rounding,
}

impl From<Scale> for Ratio {
    fn from(scale: Scale) -> Self {
        let Scale {
            numerator,
            denominator,
            rounding,
            ..
        } = scale;
        Self {
            numerator,
            denominator,
            rounding,
        }
    }
}

impl TryFrom<Ratio> for Scale {
    type Error = String;

    fn try_from(
        Ratio {
            numerator,
            denominator,
            rounding,
        }: Ratio,
    ) -> Result<Self, String> {
        if 0 < numerator && numerator <= denominator {
            return Ok(Self::new(numerator, denominator, rounding));
        }
        Err(format!(
            "M_0 is {numerator} / {denominator}, but must be above 0 and at most 1"
        ))
    }
}

impl Scale {
    /// M_0 = 1: nothing is rounded.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
        rounding: Rounding::Floor,
        ratio: 1.0,
        narrow: NARROW,
    };

    /// M_0 = `numerator` / `denominator`, both positive.
    pub fn new(numerator: i64, denominator: i64, rounding: Rounding) -> Self {
        Self {
            numerator,
            denominator,
            rounding,
            ratio: numerator as f64 / denominator as f64,
            narrow: ((u64::MAX >> 2) / numerator.unsigned_abs().max(1)).min(NARROW),
        }
    }

    /// Whether M_0 = 1.
    pub fn is_one(self) -> bool {
        self.numerator == self.denominator
    }

    /// Above the line; not reduced.
    pub fn numerator(self) -> i64 {
        self.numerator
    }

    /// Below the line.
    pub fn denominator(self) -> i64 {
        self.denominator
    }

    /// How products are rounded.
    pub fn rounding(self) -> Rounding {
        self.rounding
    }

    /// M_0 as a number.
    pub fn ratio(self) -> f64 {
        self.ratio
    }

    /// round(M_0 · `current`), exact.
    #[inline]
    pub fn apply(self, current: i64) -> i64 {
        if current.unsigned_abs() > self.narrow {
            return self.apply_wide(current);
        }
        let product = self.numerator * current;
        // The reciprocal is within one of the quotient; the remainder tells, without a division.
        let mut quotient = (current as f64 * self.ratio).floor() as i64;
        let mut remainder = product - quotient * self.denominator;
        if remainder < 0 {
            quotient -= 1;
            remainder += self.denominator;
        } else if remainder >= self.denominator {
            quotient += 1;
            remainder -= self.denominator;
        }
        quotient + i64::from(self.rounds_up(remainder, quotient))
    }

    /// Products beyond 64 bits: wide codes in a wide register.
    #[cold]
    fn apply_wide(self, current: i64) -> i64 {
        let product = i128::from(self.numerator) * i128::from(current);
        let denominator = i128::from(self.denominator);
        let (quotient, remainder) = (product.div_euclid(denominator), product.rem_euclid(denominator));
        // M_0 is at most 1 and the remainder less than the denominator, so both fit again.
        let (quotient, remainder) = (quotient as i64, remainder as i64);
        quotient + i64::from(self.rounds_up(remainder, quotient))
    }

    /// Whether a floored quotient with this remainder is rounded to the next integer.
    #[inline]
    fn rounds_up(self, remainder: i64, quotient: i64) -> bool {
        let rest = self.denominator - remainder;
        match self.rounding {
            Rounding::Floor => false,
            Rounding::HalfUp => remainder >= rest,
            Rounding::HalfEven => remainder > rest || remainder == rest && quotient & 1 == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_register_keeps_what_it_can_hold_and_saturates_or_wraps_the_rest() {
        let saturating = Register {
            bits: 8,
            overflow: Overflow::Saturate,
        };
        let wrapping = Register {
            bits: 8,
            overflow: Overflow::Wrap,
        };
        for value in -128..=127 {
            assert!(saturating.holds(value));
            assert_eq!((saturating.store(value), wrapping.store(value)), (value, value));
        }
        assert!(!saturating.holds(128));
        assert_eq!((saturating.store(128), saturating.store(-1000)), (127, -128));
        assert_eq!((wrapping.store(128), wrapping.store(-129)), (-128, 127));
    }

    #[test]
    fn bits_for_a_range_are_the_fewest_that_hold_it() {
        for (low, high, bits) in [
            (0, 0, 1),
            (-1, 0, 1),
            (0, 1, 2),
            (-128, 127, 8),
            (-129, 0, 9),
            (0, 128, 9),
        ] {
            assert_eq!(Register::bits_for(low, high), bits, "{low} to {high}");
        }
    }

    proptest! {
        #[test]
        fn scaling_rounds_the_exact_ratio(
            numerator in 1i64..1 << 31, spread in 1i64..1 << 44, narrow in any::<bool>(), share in -1.0..1.0f64,
        ) {
            let denominator = numerator + if narrow { spread >> 13 } else { spread };
            let current = (share * denominator as f64) as i64;
            let exact = i128::from(numerator) * i128::from(current);
            let floor = exact.div_euclid(i128::from(denominator));
            let twice = 2 * exact.rem_euclid(i128::from(denominator));
            let half_up = floor + i128::from(twice >= i128::from(denominator));
            let tie_to_odd = twice == i128::from(denominator) && half_up & 1 == 1;
            for (rounding, expected) in [
                (Rounding::Floor, floor),
                (Rounding::HalfUp, half_up),
                (Rounding::HalfEven, half_up - i128::from(tie_to_odd)),
            ] {
                let scaled = Scale::new(numerator, denominator, rounding).apply(current);
                prop_assert_eq!(i128::from(scaled), expected, "{:?}", rounding);
            }
        }

        #[test]
        fn power_of_two_scaling_is_a_shift(shift in 1u32..30, current in -(1i64 << 31)..1 << 31) {
            prop_assert_eq!(Scale::new(1, 1 << shift, Rounding::Floor).apply(current), current >> shift);
        }
    }
}
