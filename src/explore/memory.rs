//! What the integer reference answers, kept: as long as the network of integers stays, no setting of conversion
//! changes a code of it.

use crate::graph::CodeFormat;
use crate::quantize::{QuantizedNetwork, Reference};
use std::sync::OnceLock;

/// Most bytes that are kept; the reference runs again on the samples beyond.
const ROOM: usize = 64 << 20;

/// The integer reference's codes and answers, sample by sample. Threads may share it.
#[derive(Debug, Default)]
pub struct ReferenceMemory {
    /// The first code of each tensor among a sample's, and how it is read; `None` where codes are not compared.
    tensors: Vec<Option<(usize, CodeFormat)>>,
    samples: Vec<OnceLock<Kept>>,
}

/// Of one sample.
#[derive(Debug)]
struct Kept {
    /// The low 16 bits of each code; no format has more.
    codes: Box<[i16]>,
    output: Box<[f32]>,
}

/// The reference's answer to one sample: run just now, or remembered.
#[derive(Clone, Copy)]
pub(super) enum Exact<'a> {
    Run(&'a Reference),
    Known(&'a ReferenceMemory, usize),
}

impl ReferenceMemory {
    /// Room for so many samples of `network`, or for as many as there is memory for.
    pub fn new(network: &QuantizedNetwork, samples: usize) -> Self {
        let mut codes = 0;
        let mut tensors = vec![None; network.tensors.len()];
        for layer in &network.layers {
            let tensor = &network.tensors[layer.target];
            if let Some(affine) = tensor.affine {
                tensors[layer.target] = Some((codes, affine.format));
                codes += tensor.len();
            }
        }
        let bytes = 2 * codes + 4 * network.output().len() + size_of::<OnceLock<Kept>>();
        let mut kept = Vec::new();
        kept.resize_with(samples.min(ROOM / bytes), OnceLock::new);
        Self {
            tensors,
            samples: kept,
        }
    }

    /// Whether the answer to a sample is known.
    pub(super) fn knows(&self, sample: usize) -> bool {
        self.samples.get(sample).is_some_and(|kept| kept.get().is_some())
    }

    /// Keeps what the reference has answered, if there is room.
    pub(super) fn keep(&self, sample: usize, reference: &Reference) {
        let Some(place) = self.samples.get(sample) else {
            return;
        };
        let tensors = self.tensors.iter().enumerate();
        let mut coded: Vec<(usize, usize)> = tensors
            .filter_map(|(t, place)| Some((place.as_ref()?.0, t)))
            .collect();
        coded.sort_unstable();
        let codes = coded.iter().flat_map(|&(_, tensor)| reference.codes(tensor));
        place.get_or_init(|| Kept {
            codes: codes.map(|&code| code as i16).collect(),
            output: reference.output().into(),
        });
    }

    fn kept(&self, sample: usize) -> Option<&Kept> {
        self.samples.get(sample)?.get()
    }
}

impl<'a> Exact<'a> {
    /// How many of a tensor's codes equal the reference's, and the largest difference.
    pub(super) fn compare(self, tensor: usize, codes: &[i32]) -> (u64, u32) {
        match self {
            Self::Run(reference) => count(codes.iter().copied().zip(reference.codes(tensor).iter().copied())),
            Self::Known(memory, sample) => {
                let (Some(kept), Some(Some((first, format)))) =
                    (memory.kept(sample), memory.tensors.get(tensor))
                else {
                    return (0, 0);
                };
                let exact = kept.codes[*first..][..codes.len()].iter();
                let signed = format.signed;
                // Written apart, so that both loops are of vectors.
                if signed {
                    count(codes.iter().copied().zip(exact.map(|&code| i32::from(code))))
                } else {
                    count(
                        codes
                            .iter()
                            .copied()
                            .zip(exact.map(|&code| i32::from(code as u16))),
                    )
                }
            }
        }
    }

    /// The neuron whose code differs most from the reference's, the first of several.
    pub(super) fn most_different(self, tensor: usize, codes: &[i32]) -> u32 {
        match self {
            Self::Run(reference) => most_different(codes, reference.codes(tensor).iter().copied()),
            Self::Known(memory, sample) => {
                let (Some(kept), Some(Some((first, format)))) =
                    (memory.kept(sample), memory.tensors.get(tensor))
                else {
                    return 0;
                };
                let widen = |&code: &i16| match format.signed {
                    true => i32::from(code),
                    false => i32::from(code as u16),
                };
                most_different(codes, kept.codes[*first..][..codes.len()].iter().map(widen))
            }
        }
    }

    /// The output as real numbers.
    pub(super) fn output(self) -> &'a [f32] {
        match self {
            Self::Run(reference) => reference.output(),
            Self::Known(memory, sample) => memory.kept(sample).map_or(&[], |kept| &kept.output),
        }
    }
}

fn most_different(codes: &[i32], exact: impl Iterator<Item = i32>) -> u32 {
    let differences = codes.iter().zip(exact).map(|(code, exact)| code.abs_diff(exact));
    let most = differences
        .enumerate()
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
    most.map_or(0, |(neuron, _)| neuron as u32)
}

#[inline(always)]
fn count(pairs: impl Iterator<Item = (i32, i32)>) -> (u64, u32) {
    let (equal, largest) = pairs.fold((0u32, 0), |(equal, largest), (code, exact)| {
        (
            equal + u32::from(code == exact),
            largest.max(code.abs_diff(exact)),
        )
    });
    (u64::from(equal), largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neuron_whose_code_differs_most_is_the_first_of_several() {
        assert_eq!(most_different(&[1, 5, -3, 9], [1, 2, 0, 8].into_iter()), 1);
        assert_eq!(most_different(&[], [].into_iter()), 0);
    }
}
