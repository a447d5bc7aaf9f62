//! Which cores a neuron's spike must reach, and how many synapses wait there.

use super::Mapping;
use crate::graph::Connections;

/// The target cores of every source neuron of a layer, in compressed rows.
#[derive(Clone, Debug)]
pub struct Targets {
    /// The tensor that sends.
    pub source: usize,
    first_source_core: usize,
    first_target_core: usize,
    source_cores: usize,
    target_cores: usize,
    neurons_per_core: usize,
    /// `rows[n]..rows[n + 1]` are the entries of source neuron n.
    rows: Vec<u32>,
    /// Target core (counted from the target tensor's first) and synapses there.
    entries: Vec<(u16, u32)>,
}

impl Targets {
    /// Works them out from the wiring.
    pub fn new(source: usize, target: usize, connections: &Connections, mapping: &Mapping) -> Self {
        let capacity = mapping.chip.neurons_per_core as usize;
        let target_cores = connections.output.len().div_ceil(capacity);
        let rows = compress(&synapse_counts(connections, capacity, target_cores), target_cores);
        Self {
            source,
            first_source_core: mapping.first_core[source],
            first_target_core: mapping.first_core[target],
            source_cores: connections.input.len().div_ceil(capacity),
            target_cores,
            neurons_per_core: capacity,
            rows: rows.0,
            entries: rows.1,
        }
    }

    /// Entries of a flow table: one per pair of a source and a target core.
    pub fn flows(&self) -> usize {
        self.source_cores * self.target_cores
    }

    /// Adds a spike of `neuron` to the flows, and tells of the synapses that it meets at each core.
    #[inline]
    pub fn deliver(&self, neuron: usize, flows: &mut [u32], mut operate: impl FnMut(usize, u32)) {
        let row = neuron / self.neurons_per_core * self.target_cores;
        for &(core, synapses) in &self.entries[self.rows[neuron] as usize..self.rows[neuron + 1] as usize] {
            flows[row + usize::from(core)] += 1;
            operate(self.first_target_core + usize::from(core), synapses);
        }
    }

    /// (from, to, packets) of every pair of cores with packets between them.
    pub fn packets<'a>(&'a self, flows: &'a [u32]) -> impl Iterator<Item = (usize, usize, u32)> + 'a {
        flows
            .iter()
            .enumerate()
            .filter(|&(_, &packets)| packets > 0)
            .map(|(pair, &packets)| {
                let from = self.first_source_core + pair / self.target_cores;
                (from, self.first_target_core + pair % self.target_cores, packets)
            })
    }
}

/// Synapses of each source neuron at each target core, dense: `counts[neuron · cores + core]`.
fn synapse_counts(connections: &Connections, capacity: usize, cores: usize) -> Vec<u32> {
    let mut counts = vec![0; connections.input.len() * cores];
    let positions = connections.output.positions();
    for group in 0..connections.groups {
        let channels = connections.channels_of(group);
        for position in 0..positions {
            for tap in 0..connections.fan_in() {
                let Some(source) = connections.source(group, position, tap) else {
                    continue;
                };
                for channel in channels.clone() {
                    counts[source * cores + (channel * positions + position) / capacity] += 1;
                }
            }
        }
    }
    counts
}

fn compress(counts: &[u32], cores: usize) -> (Vec<u32>, Vec<(u16, u32)>) {
    let mut rows = vec![0];
    let mut entries = Vec::new();
    for row in counts.chunks_exact(cores.max(1)) {
        let filled = row.iter().enumerate().filter(|&(_, &synapses)| synapses > 0);
        entries.extend(filled.map(|(core, &synapses)| (core as u16, synapses)));
        rows.push(entries.len() as u32);
    }
    (rows, entries)
}
