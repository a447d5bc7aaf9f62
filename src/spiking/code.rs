//! Codes as spike trains: the digits of x − z, one spike or none per time step
//! (`docs/MATHEMATICS.md`, section 2; what each code costs is in `docs/CODES.md`).

use super::{Accumulation, BitOrder, Digits, Register};
use crate::graph::CodeFormat;
use serde::{Deserialize, Serialize};

/// One time step of a window: which digit is sent, and what it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Step {
    /// λ, the digit that every neuron sends.
    pub plane: u8,
    /// c_t. Weighted: ±2^λ. Shifting: ±1, as doubling does the rest.
    pub weight: i64,
}

impl Digits {
    /// d_λ of a value: 0 or 1, or −1 where spikes carry a sign.
    #[inline]
    pub fn digit(self, value: i32, plane: u8) -> i32 {
        match self {
            Self::Binary => value >> plane & 1,
            Self::SignMagnitude => (value.abs() >> plane & 1) * value.signum(),
            Self::Canonical => {
                let (positive, negative) = canonical(value);
                (positive >> plane & 1) - (negative >> plane & 1)
            }
        }
    }

    /// How many digits of a value are not 0, of `planes`.
    #[inline]
    fn spikes(self, value: i32, planes: u8) -> u32 {
        match self {
            Self::Binary => (value as u32 & u32::MAX >> (32 - u32::from(planes))).count_ones(),
            Self::SignMagnitude => value.unsigned_abs().count_ones(),
            Self::Canonical => {
                let (positive, negative) = canonical(value);
                (positive | negative).count_ones()
            }
        }
    }

    /// Fewest digits that hold everything from `low` to `high`; one at least.
    fn planes(self, low: i32, high: i32) -> u8 {
        let magnitude = low.unsigned_abs().max(high.unsigned_abs());
        let length = |word: u32| 32 - word.leading_zeros();
        let planes = match self {
            Self::Binary if low < 0 => u32::from(Register::bits_for(low.into(), high.into())),
            Self::Binary | Self::SignMagnitude => length(magnitude),
            Self::Canonical => {
                let (positive, negative) = canonical(magnitude as i32);
                length((positive | negative) as u32)
            }
        };
        planes.max(1) as u8
    }
}

/// The canonical signed digits (non-adjacent form) of a value: where they are 1, and where −1. No two
/// neighbours are both set, and no other digits −1, 0, 1 of the same value are set less often (Reitwiesner
/// 1960).
#[inline]
fn canonical(value: i32) -> (i32, i32) {
    let half = value >> 1;
    let sum = value + half;
    let set = sum ^ half;
    (sum & set, half & set)
}

/// How the neurons of a tensor send their codes: as the digits of x − z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SpikeCode {
    /// The smallest code that is sent.
    low: i32,
    /// The largest.
    high: i32,
    /// z, the code that is silence.
    silent: i32,
    /// What a digit can be.
    digits: Digits,
    /// Time steps that a code takes.
    planes: u8,
}

/// What one neuron can send in a step, and what its digits can have come to by then: least and most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Of the digit with its weight.
    pub current: (i64, i64),
    /// Of the sum of the digits so far, with their weights (with doubling, as the membrane has it).
    pub partial: (i64, i64),
}

impl SpikeCode {
    /// Sends codes from `low` to `high` with `silent` as silence. Codes and differences of codes of up to 16
    /// bits are supported.
    pub fn new((low, high): (i32, i32), silent: i32, digits: Digits) -> Self {
        Self {
            low,
            high,
            silent,
            digits,
            planes: digits.planes(low - silent, high - silent),
        }
    }

    /// What makes this no code that `fired` codes of `format` can be sent in, as a sentence.
    pub(crate) fn check(&self, format: CodeFormat, fired: (i32, i32)) -> Result<(), String> {
        let Self {
            low,
            high,
            silent,
            digits,
            ..
        } = *self;
        let is_inside = format.min() <= low && low <= fired.0 && fired.1 <= high && high <= format.max();
        if is_inside && silent.unsigned_abs() <= 1 << 16 && *self == Self::new((low, high), silent, digits) {
            return Ok(());
        }
        Err(format!(
            "its spikes are made for codes from {low} to {high} with {silent} as silence, which isn't what its neurons fire ({} to {})",
            fired.0, fired.1
        ))
    }

    /// The bits of the codes themselves: two's complement where they are signed.
    pub fn of_format(format: CodeFormat) -> Self {
        Self::new((format.min(), format.max()), 0, Digits::Binary)
    }

    /// Time steps that a code takes.
    pub fn planes(&self) -> u8 {
        self.planes
    }

    /// z, the code that is silence.
    pub fn silent(&self) -> i32 {
        self.silent
    }

    /// What a digit can be.
    pub fn digits(&self) -> Digits {
        self.digits
    }

    /// Smallest and largest x − z that are sent.
    pub fn values(&self) -> (i32, i32) {
        (self.low - self.silent, self.high - self.silent)
    }

    /// Whether 16 bits hold every x − z.
    pub(crate) fn fits_words(&self) -> bool {
        let (low, high) = self.values();
        low >= i16::MIN.into() && high <= i16::MAX.into()
    }

    /// Whether spikes carry a sign: a digit may be −1. A chip whose spikes do not needs a second axon for
    /// each neuron.
    pub fn has_signed_spikes(&self) -> bool {
        let (low, high) = self.values();
        match self.digits {
            Digits::Binary => false,
            Digits::SignMagnitude => low < 0,
            // 3 is the first number that is shorter from above: 4 − 1.
            Digits::Canonical => low < 0 || high > 2,
        }
    }

    /// d_λ of a code: 1 for a spike, −1 for a negative one, 0 for none.
    #[inline]
    pub fn digit(&self, code: i32, plane: u8) -> i32 {
        self.digits.digit(code - self.silent, plane)
    }

    /// Whether a neuron with this code spikes when digit λ is sent.
    #[inline]
    pub fn is_spike(&self, code: i32, plane: u8) -> bool {
        self.digit(code, plane) != 0
    }

    /// The spikes of a code: how many of its digits are not 0.
    #[inline]
    pub fn spikes(&self, code: i32) -> u32 {
        self.digits.spikes(code - self.silent, self.planes)
    }

    /// [`Self::spikes`] of many codes.
    #[inline(always)]
    pub(crate) fn count_spikes(&self, codes: &[i32], spikes: &mut [i16]) {
        let pairs = spikes.iter_mut().zip(codes);
        match self.digits {
            // One by one the compiler would ask for the kind of digits each time.
            Digits::Binary => {
                let (silent, mask) = (self.silent, u32::MAX >> (32 - u32::from(self.planes)));
                for (spikes, &code) in pairs {
                    *spikes = ((code - silent) as u32 & mask).count_ones() as i16;
                }
            }
            _ => {
                for (spikes, &code) in pairs {
                    *spikes = self.spikes(code) as i16;
                }
            }
        }
    }

    /// Adds [`Self::spikes`] of codes, given as 16 bits of x − z.
    #[inline(always)]
    pub(crate) fn add_spikes(&self, words: &[i16], counts: &mut [u16]) {
        let pairs = counts.iter_mut().zip(words);
        if self.digits == Digits::Binary {
            let mask = (u32::MAX >> (32 - u32::from(self.planes))) as u16;
            for (count, &word) in pairs {
                *count += (word as u16 & mask).count_ones() as u16;
            }
        } else {
            for (count, &word) in pairs {
                *count += self.digits.spikes(word.into(), self.planes) as u16;
            }
        }
    }

    /// The most spikes that a code can take.
    pub fn most_spikes(&self) -> u32 {
        (self.low..=self.high)
            .map(|code| self.spikes(code))
            .max()
            .unwrap_or(0)
    }

    /// 2^λ, negative for the sign bit of two's complement.
    pub fn weight(&self, plane: u8) -> i64 {
        let is_sign = self.digits == Digits::Binary && self.values().0 < 0 && plane + 1 == self.planes;
        if is_sign { -(1 << plane) } else { 1 << plane }
    }

    /// The steps in which codes are sent.
    pub fn steps(&self, order: BitOrder, accumulation: Accumulation) -> Vec<Step> {
        let step = |plane| {
            let weight = self.weight(plane);
            let weight = match accumulation {
                Accumulation::Weighted => weight,
                Accumulation::Shifting => weight.signum(),
            };
            Step { plane, weight }
        };
        match order {
            BitOrder::Msb => (0..self.planes).rev().map(step).collect(),
            BitOrder::Lsb => (0..self.planes).map(step).collect(),
        }
    }

    /// What is possible in each of these steps, whichever codes are sent. Most significant digit first, what has
    /// arrived never decreases with the code, in all three kinds of digits, so the ends of the range tell.
    pub fn reach(&self, steps: &[Step], doubling: bool) -> Vec<Reach> {
        let (low, high) = self.values();
        let factor = 1 + i64::from(doubling);
        let msb_first = steps.first().map(|s| s.plane) > steps.last().map(|s| s.plane);
        let mut ends = (0, 0);
        let reach = |(index, step): (usize, &Step)| {
            let add = |sum, end| factor * sum + i64::from(self.digits.digit(end, step.plane)) * step.weight;
            ends = (add(ends.0, low), add(ends.1, high));
            Reach {
                current: self.current(step),
                partial: if msb_first || index + 1 == steps.len() {
                    ends
                } else {
                    self.tail(step.plane)
                },
            }
        };
        steps.iter().enumerate().map(reach).collect()
    }

    fn current(&self, step: &Step) -> (i64, i64) {
        let weight = step.weight;
        match self.digits {
            Digits::Binary => (weight.min(0), weight.max(0)),
            _ if !self.has_signed_spikes() => (0, weight),
            Digits::SignMagnitude if self.values().1 <= 0 => (-weight, 0),
            _ => (-weight, weight),
        }
    }

    /// What the digits 0 to λ come to, least and most, where others follow.
    fn tail(&self, plane: u8) -> (i64, i64) {
        let (low, high) = self.values();
        let all_ones = (2 << plane) - 1;
        match self.digits {
            Digits::Binary => (0, all_ones),
            Digits::SignMagnitude => (
                -all_ones.min(i64::from(low.min(0)).abs()),
                all_ones.min(high.max(0).into()),
            ),
            // 1010…: every other digit.
            Digits::Canonical => (-((4 << plane) / 3), (4 << plane) / 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digits() -> impl Strategy<Value = Digits> {
        prop_oneof![
            Just(Digits::Binary),
            Just(Digits::SignMagnitude),
            Just(Digits::Canonical)
        ]
    }

    /// Any range of codes of up to 16 bits, any silent code, any kind of digits.
    fn codes() -> impl Strategy<Value = SpikeCode> {
        (
            1u8..=16,
            any::<bool>(),
            digits(),
            0.0..1.0f64,
            0.0..1.0f64,
            0.0..1.0f64,
        )
            .prop_map(|(bits, signed, digits, low, high, silent)| {
                let format = CodeFormat { bits, signed };
                let at =
                    |unit: f64| format.min() + (unit * f64::from(format.max() - format.min())).round() as i32;
                let (low, high) = (at(low.min(high)), at(low.max(high)));
                SpikeCode::new((low, high), at(silent), digits)
            })
    }

    /// Some codes of the range: all of a small one.
    fn some(code: SpikeCode) -> impl Iterator<Item = i32> {
        let stride = ((code.high - code.low) / 300).max(1);
        (code.low..=code.high).step_by(stride as usize).chain([code.high])
    }

    fn forms() -> [(BitOrder, Accumulation); 3] {
        [
            (BitOrder::Msb, Accumulation::Weighted),
            (BitOrder::Lsb, Accumulation::Weighted),
            (BitOrder::Msb, Accumulation::Shifting),
        ]
    }

    proptest! {
        #[test]
        fn the_digits_of_a_code_add_up_to_it_in_either_order(code in codes()) {
            for (order, accumulation) in forms() {
                let steps = code.steps(order, accumulation);
                let factor = 1 + i64::from(accumulation == Accumulation::Shifting);
                prop_assert_eq!(steps.len(), usize::from(code.planes()));
                for x in some(code) {
                    let add = |u, s: &Step| factor * u + i64::from(code.digit(x, s.plane)) * s.weight;
                    prop_assert_eq!(steps.iter().fold(0, add), i64::from(x - code.silent()), "{} in {:?}", x, code);
                    let spikes = steps.iter().filter(|s| code.is_spike(x, s.plane)).count();
                    prop_assert_eq!(spikes as u32, code.spikes(x));
                    prop_assert!(code.spikes(x) <= code.most_spikes());
                }
            }
        }

        #[test]
        fn no_step_and_no_partial_sum_is_out_of_reach(code in codes()) {
            for (order, accumulation) in forms() {
                let steps = code.steps(order, accumulation);
                let doubling = accumulation == Accumulation::Shifting;
                let reach = code.reach(&steps, doubling);
                for x in some(code) {
                    let mut partial = 0;
                    for (step, reach) in steps.iter().zip(&reach) {
                        let current = i64::from(code.digit(x, step.plane)) * step.weight;
                        partial = (1 + i64::from(doubling)) * partial + current;
                        prop_assert!((reach.current.0..=reach.current.1).contains(&current), "{} {:?}", x, code);
                        prop_assert!((reach.partial.0..=reach.partial.1).contains(&partial), "{} {:?}", x, code);
                    }
                }
            }
        }

        #[test]
        fn most_significant_first_a_larger_code_is_never_behind(code in codes()) {
            let steps = code.steps(BitOrder::Msb, Accumulation::Weighted);
            let arrived = |x: i32, count: usize| -> i64 {
                steps[..count].iter().map(|s| i64::from(code.digit(x, s.plane)) * s.weight).sum()
            };
            for count in 1..=steps.len() {
                prop_assert!(some(code).is_sorted_by_key(|x| arrived(x, count)), "{:?} after {}", code, count);
            }
        }

        #[test]
        fn only_codes_with_signed_spikes_send_a_minus(code in codes()) {
            let minus = (code.low..=code.high).any(|x| (0..code.planes()).any(|p| code.digit(x, p) < 0));
            prop_assert!(!minus || code.has_signed_spikes());
        }

        #[test]
        fn canonical_digits_have_no_set_neighbours_and_the_fewest_spikes(value in -70_000..70_000i32) {
            let digit = |plane| Digits::Canonical.digit(value, plane);
            for plane in 0..18 {
                prop_assert!(digit(plane) == 0 || digit(plane + 1) == 0);
            }
            for other in [Digits::Binary, Digits::SignMagnitude] {
                prop_assert!(Digits::Canonical.spikes(value, 18) <= other.spikes(value, 18));
            }
        }

        #[test]
        fn the_silent_code_is_silent(code in codes()) {
            prop_assert_eq!(code.spikes(code.silent()), 0);
        }
    }

    #[test]
    fn steps_of_a_byte_are_eight_and_nine_where_differences_need_them() {
        let planes = |silent, digits| SpikeCode::new((-128, 127), silent, digits).planes();
        assert_eq!(planes(0, Digits::Binary), 8);
        assert_eq!(planes(-128, Digits::Binary), 8);
        assert_eq!(planes(-5, Digits::Binary), 9);
        assert_eq!(planes(-5, Digits::SignMagnitude), 8);
        assert_eq!(planes(0, Digits::Canonical), 8);
        assert_eq!(planes(-128, Digits::Canonical), 9);
        assert_eq!(
            SpikeCode::of_format(CodeFormat::signed(8)),
            SpikeCode::new((-128, 127), 0, Digits::Binary)
        );
        for (signed, bits) in [(false, 1), (true, 1), (false, 16), (true, 16)] {
            assert_eq!(SpikeCode::of_format(CodeFormat { bits, signed }).planes(), bits);
        }
    }
}
