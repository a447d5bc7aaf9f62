//! The spikes of a traced sample, as groups.

use super::{Destination, Groups};
use crate::chip::{Router, Split};
use crate::simulate::Trace;
use std::collections::HashMap;

/// The groups of a mapped network, and which one each neuron belongs to. Made once per network and mapping, used
/// for every sample.
#[derive(Clone, Debug)]
pub struct NetworkGroups {
    groups: Groups,
    /// For every layer, and every tensor that it listens to: the group of each neuron.
    group_of: Vec<Vec<Vec<u32>>>,
    /// The group of partial sums, by the cores that they leave and reach.
    partial: HashMap<(usize, usize), u32>,
}

/// What travels in one time step of the chip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChipStep {
    /// The time step of the layer's window.
    pub step: usize,
    /// The bit of partial sums that is sent, in one of the extra steps behind it; `None` for its own spikes.
    pub bit: Option<usize>,
    /// Groups of the spikes, in the order in which the neurons of a core fire.
    pub spikes: Vec<u32>,
}

/// What travels for a traced sample: the chip's time steps, extra ones for partial sums included, by layer.
pub type SampleSteps = Vec<Vec<ChipStep>>;

impl NetworkGroups {
    /// Groups neurons that are on one core and whose spikes meet the same synapses on the same cores.
    pub fn new(router: &Router) -> Self {
        let mut groups = Groups::new();
        let mut destinations = Vec::new();
        let layers = router.targets().iter().map(|layer| {
            let tensors = layer.iter().map(|targets| {
                let mut group_of = vec![0; targets.group_of().len()];
                for sender in router.senders(targets.source) {
                    let mut known = HashMap::new();
                    for neuron in sender.runs.iter().cloned().flatten() {
                        let group = targets.group_of()[neuron];
                        group_of[neuron] = *known.entry(group).or_insert_with(|| {
                            destinations.clear();
                            destinations.extend(targets.of_group(group as usize).iter().map(|target| {
                                Destination {
                                    core: target.core,
                                    operations: target.synapses,
                                }
                            }));
                            groups.add(sender.core as u32, &destinations)
                        });
                    }
                }
                group_of
            });
            tensors.collect()
        });
        let group_of = layers.collect();
        let mut partial = HashMap::new();
        let slices = &router.mapping().slices;
        for split in router.splits() {
            for (index, slice) in slices.iter().enumerate() {
                if slice.tensor == split.layer + 1 && slice.part > 0 {
                    let (from, to) = (slice.core, slices[split.fires_at(index)].core);
                    let core = to as u32;
                    let to_one = [Destination { core, operations: 1 }];
                    partial
                        .entry((from, to))
                        .or_insert_with(|| groups.add(from as u32, &to_one));
                }
            }
        }
        Self {
            group_of,
            partial,
            groups,
        }
    }

    /// The groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Appends the groups of the spikes that travel in one time step of a layer's window, partial sums excepted, in
    /// the order in which the neurons of a core fire. `router` is the one that this was made for.
    pub fn spikes(&self, router: &Router, trace: &Trace, window: usize, step: usize, spikes: &mut Vec<u32>) {
        let layers = router.targets().get(window).zip(self.group_of.get(window));
        let Some((window, (targets, groups))) = trace.windows.get(window).zip(layers) else {
            return;
        };
        for (targets, group_of) in targets.iter().zip(groups) {
            let plane = window.dendrites[targets.dendrite].planes.get(step);
            let (Some(code), Some(&plane)) = (trace.spike_codes[targets.source], plane) else {
                continue;
            };
            let codes = trace.codes(targets.source);
            for run in router
                .senders(targets.source)
                .iter()
                .flat_map(|sender| &sender.runs)
            {
                let neurons = codes[run.clone()].iter().zip(&group_of[run.clone()]);
                spikes.extend(
                    neurons
                        .filter(|&(&x, _)| code.is_spike(x, plane))
                        .map(|(_, &group)| group),
                );
            }
        }
    }

    /// All that travels for a traced sample. `router` is the one that this was made for.
    pub fn steps(&self, router: &Router, trace: &Trace) -> SampleSteps {
        let windows = trace.windows.iter().enumerate();
        let layer = |(layer, window): (usize, &crate::simulate::WindowTrace)| {
            let mut steps = Vec::new();
            // Where the extra steps behind each step begin.
            let mut extra = Vec::new();
            let splits = || router.splits().iter().filter(move |split| split.layer == layer);
            for step in 0..window.steps() {
                let mut spikes = Vec::new();
                self.spikes(router, trace, layer, step, &mut spikes);
                let bit = None;
                steps.push(ChipStep { step, bit, spikes });
                extra.push(steps.len());
                let bits = splits().map(|split| split.extra_steps(step)).max().unwrap_or(0);
                steps.extend((0..bits).map(|bit| ChipStep {
                    step,
                    bit: Some(bit),
                    spikes: Vec::new(),
                }));
            }
            for split in splits() {
                let seen = &window.dendrites[split.dendrite].sent;
                for (step, sum_of) in split.sendings() {
                    if let Some(steps) = extra.get(step).and_then(|&first| steps.get_mut(first..)) {
                        self.send_sums(router, split, &split.sums(seen, sum_of), steps);
                    }
                }
            }
            steps
        };
        windows.map(layer).collect()
    }

    /// Adds the bits of a dendrite's partial sums to the steps in which they are sent.
    fn send_sums(&self, router: &Router, split: &Split, sums: &[i64], steps: &mut [ChipStep]) {
        let slices = &router.mapping().slices;
        for (neuron, sums) in sums.chunks_exact(split.parts).enumerate() {
            let slice = split.slice_of(neuron);
            for (part, &sum) in sums.iter().enumerate().skip(1) {
                let cores = (slices[slice + part].core, slices[slice].core);
                let (Some(&group), sent) = (self.partial.get(&cores), split.encode(sum)) else {
                    continue;
                };
                let bits = (0..usize::from(split.bits)).zip(&mut *steps);
                let ones = bits.filter(|(bit, _)| sent >> bit & 1 == 1);
                ones.for_each(|(_, step)| step.spikes.push(group));
            }
        }
    }
}
