//! Which cores a neuron's spike must reach, and how many synapses wait there.

use super::Mapping;
use crate::quantize::locate;
use crate::spiking::{SpikingDendrite, SpikingLayer};
use std::ops::Range;

/// The cores of one layer that every neuron of one tensor must reach, in compressed rows.
#[derive(Clone, Debug)]
pub struct Targets {
    /// The tensor that sends.
    pub source: usize,
    /// A dendrite of the layer that listens to it.
    pub dendrite: usize,
    first_source_core: usize,
    first_target_core: usize,
    target_cores: usize,
    neurons_per_core: usize,
    /// `rows[n]..rows[n + 1]` are the entries of source neuron n.
    rows: Vec<u32>,
    /// Target core (counted from the target tensor's first) and synapses there.
    entries: Vec<(u16, u32)>,
}

impl Targets {
    /// The targets of every tensor that a layer listens to; `lengths` are the neurons of all tensors. A
    /// tensor that several dendrites see is one sender: a core gets each of its spikes once.
    pub fn of_layer(layer: &SpikingLayer, lengths: &[usize], mapping: &Mapping) -> Vec<Self> {
        let mut sources: Vec<(usize, usize)> = Vec::new();
        for (index, dendrite) in layer.dendrites.iter().enumerate() {
            for &tensor in &dendrite.view.tensors {
                if sources.iter().all(|&(known, _)| known != tensor) {
                    sources.push((tensor, index));
                }
            }
        }
        sources
            .into_iter()
            .map(|(tensor, dendrite)| Self::new(layer, tensor, dendrite, lengths, mapping))
            .collect()
    }

    fn new(
        layer: &SpikingLayer,
        source: usize,
        dendrite: usize,
        lengths: &[usize],
        mapping: &Mapping,
    ) -> Self {
        let capacity = mapping.chip.neurons_per_core as usize;
        let target_cores = layer.neurons().div_ceil(capacity);
        let (rows, entries) = synapses(layer, source, lengths, capacity);
        Self {
            source,
            dendrite,
            first_source_core: mapping.first_core[source],
            first_target_core: mapping.first_core[layer.target],
            target_cores,
            neurons_per_core: capacity,
            rows,
            entries,
        }
    }

    /// Cores of the layer that listens.
    pub(super) fn target_cores(&self) -> usize {
        self.target_cores
    }

    /// The first of them.
    pub(super) fn first_target_core(&self) -> usize {
        self.first_target_core
    }

    /// The cores of the tensor that sends: core and neurons.
    pub(super) fn source_cores(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let (first, capacity, neurons) = (self.first_source_core, self.neurons_per_core, self.rows.len() - 1);
        (0..neurons.div_ceil(capacity))
            .map(move |core| (first + core, core * capacity..neurons.min((core + 1) * capacity)))
    }

    /// Target core (counted from the target tensor's first) and synapses there, of a neuron that sends.
    pub(super) fn of_neuron(&self, neuron: usize) -> &[(u16, u32)] {
        &self.entries[self.rows[neuron] as usize..self.rows[neuron + 1] as usize]
    }
}

/// Target cores and synapses there of every neuron of `source`, in compressed rows. One core is counted
/// after the other, so that no more is held than what there is.
fn synapses(
    layer: &SpikingLayer,
    source: usize,
    lengths: &[usize],
    capacity: usize,
) -> (Vec<u32>, Vec<(u16, u32)>) {
    let neurons = lengths[source];
    let dendrites: Vec<&SpikingDendrite> = layer
        .dendrites
        .iter()
        .filter(|d| d.view.tensors.contains(&source))
        .collect();
    let mut counts = vec![0; neurons];
    let mut met = Vec::new();
    let mut found: Vec<(u32, u16, u32)> = Vec::new();
    for core in 0..layer.neurons().div_ceil(capacity) {
        let outputs = core * capacity..layer.neurons().min((core + 1) * capacity);
        for dendrite in &dendrites {
            let seen: Vec<usize> = dendrite.view.tensors.iter().map(|&t| lengths[t]).collect();
            let neuron_of = |element: usize| match &dendrite.view.map {
                None => Some(element),
                Some(map) => locate(&seen, map[element])
                    .filter(|&(place, _)| dendrite.view.tensors[place] == source)
                    .map(|(_, neuron)| neuron),
            };
            dendrite
                .connections
                .for_each_source_of(outputs.clone(), |element, synapses| {
                    let Some(neuron) = neuron_of(element) else {
                        return;
                    };
                    if counts[neuron] == 0 {
                        met.push(neuron);
                    }
                    counts[neuron] += synapses;
                });
        }
        found.extend(
            met.drain(..)
                .map(|neuron| (neuron as u32, core as u16, std::mem::take(&mut counts[neuron]))),
        );
    }
    compress(neurons, &found)
}

/// Sorts (neuron, core, synapses) by neuron; cores stay in their order.
fn compress(neurons: usize, found: &[(u32, u16, u32)]) -> (Vec<u32>, Vec<(u16, u32)>) {
    let mut rows = vec![0; neurons + 1];
    for &(neuron, ..) in found {
        rows[neuron as usize + 1] += 1;
    }
    for neuron in 0..neurons {
        rows[neuron + 1] += rows[neuron];
    }
    let mut next = rows.clone();
    let mut entries = vec![(0, 0); found.len()];
    for &(neuron, core, synapses) in found {
        let place = &mut next[neuron as usize];
        entries[*place as usize] = (core, synapses);
        *place += 1;
    }
    (rows, entries)
}
