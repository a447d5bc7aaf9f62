//! What every core and link does over whole windows: the sums of [`Traffic`](super::Traffic) over its steps,
//! counted from codes alone, so that no step needs to be simulated.

use super::router::{Sender, Ways};
use super::{Delivery, InputFrom, Router, Target, Targets};
use crate::quantize::CodeTensor;
use crate::simulate::{BatchSimulator, Simulator};
use crate::spiking::{SpikeCode, SpikingNetwork};
use crate::vectorize::vectorized;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Counts of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Spikes that its neurons fire, once for every layer that listens to them.
    pub spikes: u64,
    /// Packets that leave it.
    pub sent: u64,
    /// Packets that arrive.
    pub received: u64,
    /// Synaptic operations.
    pub operations: u64,
}

/// Counts of a chip over many samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loads {
    /// Samples.
    pub samples: u64,
    /// Core by core.
    pub cores: Vec<Load>,
    /// Packets over each link.
    pub links: Vec<u64>,
    /// Links used by all packets.
    pub hops: u64,
}

/// Spikes between two cores over many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The core that sends.
    pub from: usize,
    /// The core that must be reached.
    pub to: usize,
    /// Spikes.
    pub spikes: u64,
    /// Whether they come in by the port there.
    pub by_port: bool,
}

/// Adds up what the cores do, sample by sample.
#[derive(Clone, Debug)]
pub struct LoadMeter {
    samples: u64,
    codes: Vec<Option<SpikeCode>>,
    /// Codes of a sample of a batch, where partial sums are sent.
    of_sample: Vec<Vec<i32>>,
    counters: Vec<Counter>,
    /// Spikes of every neuron of every tensor so far. What comes of them is worked out when it is asked for.
    spikes: Vec<Vec<u64>>,
    /// Those of one sample.
    room: Vec<i16>,
    /// Spikes of partial sums, by the slice that they leave.
    sums: BTreeMap<usize, u64>,
    seen: Vec<i32>,
}

/// Neurons of one tensor on one core, whose spikes one layer listens to.
#[derive(Clone, Debug)]
struct Counter {
    tensor: usize,
    layer: usize,
    /// Which of the layer's targets.
    targets: usize,
    core: usize,
    neurons: Vec<Range<usize>>,
}

impl Counter {
    /// The spikes so far of the neurons of each group and of each set of cores; those that have none are left out.
    fn sums(&self, targets: &Targets, spikes: &[u64]) -> Sums {
        let mut sums = Sums::default();
        for neuron in self.neurons.iter().cloned().flatten() {
            if spikes[neuron] > 0 {
                let group = targets.group_of()[neuron];
                *sums.groups.entry(group).or_default() += spikes[neuron];
            }
        }
        for (&group, &spikes) in &sums.groups {
            *sums.sets.entry(targets.set_of(group)).or_default() += spikes;
        }
        sums
    }
}

#[derive(Debug, Default)]
struct Sums {
    /// Of neurons that meet the same synapses.
    groups: BTreeMap<u32, u64>,
    /// Of neurons that reach the same cores.
    sets: BTreeMap<u32, u64>,
}

impl LoadMeter {
    /// Starts to count what a network does on a router's cores.
    pub fn new(network: &SpikingNetwork, router: &Router) -> Self {
        let mut counters = Vec::new();
        for (index, targets) in router.targets().iter().flat_map(|layer| layer.iter().enumerate()) {
            let counter = |sender: &Sender| Counter {
                tensor: targets.source,
                layer: targets.layer,
                targets: index,
                core: sender.core,
                neurons: sender.runs.clone(),
            };
            counters.extend(router.senders(targets.source).iter().map(counter));
        }
        let lengths = network.tensors.iter().map(CodeTensor::len);
        Self {
            samples: 0,
            codes: network.codes.clone(),
            of_sample: lengths.clone().map(|len| vec![0; len]).collect(),
            counters,
            room: vec![0; lengths.clone().max().unwrap_or(0)],
            spikes: lengths.map(|len| vec![0; len]).collect(),
            sums: Default::default(),
            seen: Vec::new(),
        }
    }

    /// Adds the sample that was simulated last.
    pub fn add(&mut self, simulator: &Simulator, router: &Router) {
        self.samples += 1;
        self.add_partial_sums(simulator.all_codes(), router);
        let Self {
            codes, spikes, room, ..
        } = self;
        vectorized(
            #[inline(always)]
            || {
                for (tensor, totals) in spikes.iter_mut().enumerate() {
                    let Some(code) = codes[tensor] else { continue };
                    let spikes = &mut room[..totals.len()];
                    code.count_spikes(simulator.codes(tensor), spikes);
                    for (total, &spikes) in totals.iter_mut().zip(&*spikes) {
                        *total += u64::from(spikes as u16);
                    }
                }
            },
        );
    }

    /// Adds the samples of the batch that was simulated last.
    pub fn add_batch(&mut self, batch: &BatchSimulator, router: &Router) {
        self.samples += batch.samples() as u64;
        for (tensor, totals) in self.spikes.iter_mut().enumerate() {
            if let Some(code) = &self.codes[tensor] {
                batch.count_spikes(tensor, code, totals);
            }
        }
        if router.splits().is_empty() {
            return;
        }
        let mut codes = std::mem::take(&mut self.of_sample);
        for sample in 0..batch.samples() {
            for (tensor, codes) in codes.iter_mut().enumerate() {
                batch.codes(tensor, sample, codes);
            }
            self.add_partial_sums(&codes, router);
        }
        self.of_sample = codes;
    }

    /// Adds what the parts of divided neurons send for a sample of these codes.
    fn add_partial_sums(&mut self, codes: &[Vec<i32>], router: &Router) {
        let Self { sums, seen, .. } = self;
        for split in router.splits() {
            split.see(codes, seen);
            for (_, sum_of) in split.sendings() {
                split.for_each_sent(seen, sum_of, |slice, spikes| {
                    *sums.entry(slice).or_default() += u64::from(spikes);
                });
            }
        }
    }

    /// The counts so far.
    pub fn loads(&self, router: &Router) -> Loads {
        let mapping = router.mapping();
        let mut loads = Loads {
            samples: self.samples,
            cores: vec![Load::default(); mapping.topology.cores()],
            links: vec![0; mapping.topology.links()],
            hops: 0,
        };
        let mut ways = Ways::new(&mapping.topology);
        for counter in &self.counters {
            let targets = &router.targets()[counter.layer][counter.targets];
            let sums = counter.sums(targets, &self.spikes[counter.tensor]);
            for (&set, &spikes) in &sums.sets {
                let to = targets.of_set(set);
                let packets = match mapping.delivery {
                    Delivery::Unicast => spikes * to.len() as u64,
                    Delivery::Multicast => spikes * to.len().min(1) as u64,
                };
                loads.cores[counter.core].spikes += spikes;
                loads.cores[counter.core].sent += packets;
                for target in to {
                    loads.cores[target.core as usize].received += spikes;
                }
                ways.for_each(mapping, counter.core, to, |link| {
                    loads.links[link] += spikes;
                    loads.hops += spikes;
                });
            }
            for (&group, &spikes) in &sums.groups {
                for target in targets.of_group(group as usize) {
                    loads.cores[target.core as usize].operations += spikes * u64::from(target.synapses);
                }
            }
        }
        for (from, to, spikes) in self.partial_sums(router) {
            let to = [Target {
                core: to as u32,
                synapses: 1,
            }];
            let load = &mut loads.cores[from];
            (load.spikes, load.sent) = (load.spikes + spikes, load.sent + spikes);
            let load = &mut loads.cores[to[0].core as usize];
            (load.received, load.operations) = (load.received + spikes, load.operations + spikes);
            ways.for_each(mapping, from, &to, |link| {
                loads.links[link] += spikes;
                loads.hops += spikes;
            });
        }
        loads
    }

    /// Spikes of partial sums, from core to core.
    fn partial_sums(&self, router: &Router) -> impl Iterator<Item = (usize, usize, u64)> {
        let slices = &router.mapping().slices;
        self.sums.iter().map(move |(&slice, &spikes)| {
            let part = slices[slice].part;
            // Parts of a block follow each other.
            (slices[slice].core, slices[slice - part].core, spikes)
        })
    }

    /// Spikes from core to core so far, whatever way they took: what a placement is judged by.
    pub fn flows(&self, router: &Router) -> Vec<Flow> {
        let mut flows = BTreeMap::new();
        let has_port = router.mapping().input != InputFrom::Cores;
        for counter in &self.counters {
            let targets = &router.targets()[counter.layer][counter.targets];
            let sums = counter.sums(targets, &self.spikes[counter.tensor]);
            for (&set, &spikes) in &sums.sets {
                for target in targets.of_set(set) {
                    let key = (
                        counter.core,
                        target.core as usize,
                        has_port && counter.tensor == 0,
                    );
                    *flows.entry(key).or_default() += spikes;
                }
            }
        }
        for (from, to, spikes) in self.partial_sums(router) {
            *flows.entry((from, to, false)).or_default() += spikes;
        }
        let flow = |((from, to, by_port), spikes)| Flow {
            from,
            to,
            spikes,
            by_port,
        };
        flows.into_iter().map(flow).collect()
    }
}
