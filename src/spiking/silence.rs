//! Which code of each tensor is silence, and the spike code that follows from it.

use super::{Conversion, SilentCode, SpikeCode};
use crate::quantize::{Dendrite, QuantizedNetwork, Reduce};

/// For each tensor, the first of those that it shares a spike code with: tensors that one dendrite sees
/// are decoded together, so they are sent in the same way.
pub fn code_groups(network: &QuantizedNetwork) -> Vec<usize> {
    let mut group: Vec<usize> = (0..network.tensors.len()).collect();
    for dendrite in network.layers.iter().flat_map(|layer| &layer.dendrites) {
        let Some(first) = dendrite.view.tensors.iter().map(|&t| group[t]).min() else {
            continue;
        };
        for &tensor in &dendrite.view.tensors {
            let joined = group[tensor];
            group
                .iter_mut()
                .filter(|g| **g == joined)
                .for_each(|g| *g = first);
        }
    }
    group
}

/// The spike code of every tensor; `None` for one of real numbers. `frequent` are the most frequent codes
/// of the tensors; without them the zero point stands for them.
pub fn spike_codes(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    frequent: &[i32],
) -> Vec<Option<SpikeCode>> {
    let groups = code_groups(network);
    let ranges: Vec<Option<(i32, i32)>> = (0..groups.len()).map(|t| fired(network, t)).collect();
    let code = |(tensor, &group): (usize, &usize)| {
        let affine = network.tensors[tensor].affine?;
        let format = affine.format;
        let joint = ranges.iter().zip(&groups).filter(|&(_, &g)| g == group);
        let joint = joint.filter_map(|(range, _)| *range);
        let (low, high) = joint.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        let (range, silent) = match conversion.silent_code {
            SilentCode::Zero => ((format.min(), format.max()), 0),
            SilentCode::ZeroPoint => ((low, high), affine.zero_point),
            SilentCode::MostFrequent => (
                (low, high),
                frequent.get(tensor).copied().unwrap_or(affine.zero_point),
            ),
            SilentCode::Lowest => ((low, high), low),
        };
        Some(SpikeCode::new(range, silent, conversion.digits))
    };
    groups.iter().enumerate().map(code).collect()
}

/// The smallest and the largest code that the neurons of a tensor fire.
fn fired(network: &QuantizedNetwork, tensor: usize) -> Option<(i32, i32)> {
    let format = network.tensors[tensor].affine?.format;
    let (mut low, high) = match tensor.checked_sub(1) {
        None => (format.min(), format.max()),
        Some(layer) => network.layers[layer].requantizer.limits()?,
    };
    // A maximum over nothing is the smallest code of the format.
    let mut dendrites = network.layers.iter().flat_map(|layer| &layer.dendrites);
    if dendrites.any(|d| d.view.tensors.contains(&tensor) && is_maximum_over_nothing(d)) {
        low = format.min();
    }
    Some((low, high))
}

fn is_maximum_over_nothing(dendrite: &Dendrite) -> bool {
    let wiring = &dendrite.connections;
    let is_lonely = |position| (0..wiring.fan_in()).all(|tap| wiring.source(0, position, tap).is_none());
    dendrite.reduce == Reduce::Max && (0..wiring.output.positions()).any(is_lonely)
}
