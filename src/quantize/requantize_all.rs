//! All neurons of a layer at once, with the same arithmetic as one by one.

use super::{Requantizer, Rule};
use crate::vectorize::vectorized;

impl Requantizer {
    /// What [`Self::code`] says of every neuron, from the sums of each dendrite; 0 at a real output.
    pub fn codes(&self, sums: &[Vec<i32>], codes: &mut [i32]) {
        vectorized(
            #[inline(always)]
            || match (self, sums) {
                (
                    Self::Codes {
                        rule: Rule::Multiply,
                        multipliers,
                        target,
                        ..
                    },
                    [sums],
                ) => {
                    for (multiplier, neurons) in multipliers.spans(codes.len()) {
                        let pairs = codes[neurons.clone()].iter_mut().zip(&sums[neurons]);
                        for (code, &sum) in pairs {
                            *code = target.shifted((sum as f32 * multiplier).round_ties_even());
                        }
                    }
                }
                (
                    Self::Codes {
                        rule: Rule::Divide,
                        line,
                        target,
                        ..
                    },
                    [sums],
                ) if line.steps.is_empty() => {
                    let clamp = line.clamp;
                    for (scale, neurons) in line.scales.spans(codes.len()) {
                        let pairs = codes[neurons.clone()].iter_mut().zip(&sums[neurons]);
                        for (code, &sum) in pairs {
                            *code = target.quantized((sum as f32 * scale).clamp(clamp.min, clamp.max));
                        }
                    }
                }
                _ => {
                    for (neuron, code) in codes.iter_mut().enumerate() {
                        let sum = |dendrite: usize| sums[dendrite][neuron].into();
                        *code = self.code(neuron, sums.len(), sum).unwrap_or(0);
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Affine, Arithmetic, Clamp, CodeFormat};
    use crate::quantize::{Line, Shared, Target, Term};
    use proptest::prelude::*;

    fn affine(scale: f32, zero_point: i32) -> Affine {
        Affine {
            scale,
            zero_point,
            format: CodeFormat::signed(8),
        }
    }

    proptest! {
        #[test]
        fn all_at_once_are_what_each_is_alone(
            sums in prop::collection::vec((any::<i32>(), -3000i32..3000), 1..60),
            scales in prop::collection::vec(1e-4..2.0f32, 3), zero_point in -128i32..128, shared in any::<bool>(),
        ) {
            let neurons = sums.len() - sums.len() % 3;
            let (first, second): (Vec<i32>, Vec<i32>) = sums.into_iter().take(neurons).unzip();
            let count = if shared { 1 } else { 3 };
            let line = |clamp| Line {
                scales: Shared::new(scales[..count].to_vec(), neurons),
                steps: Vec::new(),
                clamp,
            };
            let target = |clamp| Target::new(affine(scales[2], zero_point), clamp, None);
            let terms = [0, 1].map(|i: usize| Term { affine: affine(scales[i], 0), subtract: i == 1 });
            let mean = Shared::new(vec![2.0], 1);
            let requantizers = [
                Requantizer::new(line(Clamp::NONE), Some(target(Clamp::NONE)), Rule::Multiply),
                Requantizer::new(line(Clamp::RELU), Some(target(Clamp::RELU)), Rule::Divide),
                Requantizer::new(line(Clamp::NONE), None, Rule::Divide),
                Requantizer::sum(terms, Arithmetic::Codes, Clamp::NONE, target(Clamp::NONE)),
                Requantizer::sum(terms, Arithmetic::Real, Clamp::RELU, target(Clamp::RELU)),
                Requantizer::mean(scales[0], mean, 1, Arithmetic::Real, Clamp::NONE, target(Clamp::NONE)),
            ];
            for (index, requantizer) in requantizers.iter().enumerate() {
                let wide = [&first, &second].map(|sums| if index == 0 { sums.clone() } else { second.clone() });
                let dendrites = if index < 3 { &wide[..1] } else { &wide[..] };
                let mut codes = vec![77; neurons];
                requantizer.codes(dendrites, &mut codes);
                for (neuron, &code) in codes.iter().enumerate() {
                    let alone = requantizer.code(neuron, dendrites.len(), |d| dendrites[d][neuron].into());
                    prop_assert_eq!(code, alone.unwrap_or(0), "{:?}", requantizer);
                }
            }
        }
    }
}
