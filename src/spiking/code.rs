//! Codes as bits: one spike or none per time step (`docs/MATHEMATICS.md`, section 2).

use super::{Accumulation, BitOrder};
use crate::graph::CodeFormat;

/// One time step of a window: which bit is sent, and what it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// λ, the bit that every neuron sends.
    pub plane: u8,
    /// c_t. Weighted: ±2^λ. Shifting: ±1, as doubling does the rest.
    pub weight: i64,
}

/// 2^λ, negative for the sign bit of a signed format.
pub fn bit_weight(format: CodeFormat, plane: u8) -> i64 {
    let weight = 1 << plane;
    if format.signed && plane + 1 == format.bits {
        -weight
    } else {
        weight
    }
}

/// Whether bit λ of a code is a spike.
pub fn is_spike(code: i32, plane: u8) -> bool {
    code >> plane & 1 == 1
}

/// The spikes of a code: how many of its K bits are set.
pub fn spikes(code: i32, format: CodeFormat) -> u32 {
    (code as u32 & mask(format)).count_ones()
}

/// The K low bits.
pub fn mask(format: CodeFormat) -> u32 {
    u32::MAX >> (32 - u32::from(format.bits))
}

/// The K steps in which codes of `format` are sent.
pub fn steps(format: CodeFormat, order: BitOrder, accumulation: Accumulation) -> Vec<Step> {
    let step = |plane| {
        let weight = bit_weight(format, plane);
        match accumulation {
            Accumulation::Weighted => Step { plane, weight },
            Accumulation::Shifting => Step {
                plane,
                weight: weight.signum(),
            },
        }
    };
    match order {
        BitOrder::Msb => (0..format.bits).rev().map(step).collect(),
        BitOrder::Lsb => (0..format.bits).map(step).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn formats() -> impl Strategy<Value = CodeFormat> {
        (1u8..=16, any::<bool>()).prop_map(|(bits, signed)| CodeFormat { bits, signed })
    }

    fn decode(code: i32, steps: &[Step]) -> i64 {
        steps
            .iter()
            .map(|s| i64::from(is_spike(code, s.plane)) * s.weight)
            .sum()
    }

    proptest! {
        #[test]
        fn the_bits_of_a_code_add_up_to_it_in_either_order(format in formats(), unit in 0.0..1.0f64) {
            let span = f64::from(format.max() - format.min());
            let code = format.min() + (unit * span).round() as i32;
            for order in [BitOrder::Msb, BitOrder::Lsb] {
                let sent = steps(format, order, Accumulation::Weighted);
                prop_assert_eq!(decode(code, &sent), i64::from(code));
                prop_assert_eq!(sent.iter().filter(|s| is_spike(code, s.plane)).count() as u32, spikes(code, format));
            }
        }

        #[test]
        fn doubling_takes_the_place_of_bit_weights(format in formats(), unit in 0.0..1.0f64) {
            let span = f64::from(format.max() - format.min());
            let code = format.min() + (unit * span).round() as i32;
            let sent = steps(format, BitOrder::Msb, Accumulation::Shifting);
            let sum = sent.iter().fold(0, |u, s| 2 * u + i64::from(is_spike(code, s.plane)) * s.weight);
            prop_assert_eq!(sum, i64::from(code));
        }
    }
}
