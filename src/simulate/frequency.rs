//! Which code of each tensor is the most frequent one in a set of samples.

use super::Samples;
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::code_groups;

/// The most frequent code of every tensor, the smallest of equally frequent ones; tensors that share a
/// spike code are counted together. The zero point where there are no samples, 0 for real numbers.
pub fn most_frequent(network: &QuantizedNetwork, samples: Samples<'_>) -> Vec<i32> {
    let groups = code_groups(network);
    let mut counts: Vec<Vec<u64>> = vec![Vec::new(); network.tensors.len()];
    let mut reference = Reference::new(network);
    for sample in samples.iter() {
        reference.run(network, sample);
        for (tensor, &group) in groups.iter().enumerate() {
            let Some(affine) = network.tensors[tensor].affine else {
                continue;
            };
            let (low, high) = (affine.format.min(), affine.format.max());
            counts[group].resize((high - low) as usize + 1, 0);
            for &code in reference.codes(tensor) {
                counts[group][(code - low) as usize] += 1;
            }
        }
    }
    let frequent = |(tensor, &group): (usize, &usize)| {
        let affine = network.tensors[tensor].affine;
        let first_of_most = |counts: &[u64]| {
            let most = counts.iter().max()?;
            counts.iter().position(|count| count == most)
        };
        affine.map_or(0, |affine| {
            first_of_most(&counts[group]).map_or(affine.zero_point, |at| affine.format.min() + at as i32)
        })
    };
    groups.iter().enumerate().map(frequent).collect()
}
