//! Spikes that travel: what each core sends and receives, and what each link carries, step by step.

use super::router::Ways;
use super::{Delivery, Mapping, Router, Split, Target, Topology};
use crate::simulate::{Packed, Trace};
use serde::{Deserialize, Serialize};

/// Traffic of one sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Where cores are.
    pub topology: Topology,
    /// Time steps: the steps of all windows, one window after the other.
    pub steps: usize,
    /// Spikes that the neurons of a core fire: `spikes[step · cores + core]`. A tensor that several layers
    /// listen to fires anew in the window of each.
    pub spikes: Packed<u32>,
    /// Packets that leave a core: `sent[step · cores + core]`. A spike goes to each core that holds a target,
    /// itself included, as a packet for each (unicast), or as one that is copied on its way (multicast).
    pub sent: Packed<u32>,
    /// Packets that arrive at a core: `received[step · cores + core]`.
    pub received: Packed<u32>,
    /// Synaptic operations of a core: `operations[step · cores + core]`.
    pub operations: Packed<u32>,
    /// Neurons of a core that listen: `updates[step · cores + core]`.
    pub updates: Packed<u32>,
    /// Packets over a link: `links[step · links + link]`, links as [`Topology`] numbers them.
    pub links: Packed<u32>,
    /// Hops of all packets in a step.
    pub hops: Vec<u64>,
    /// Time steps that the chip takes more behind a step, to send partial sums ([`Split`](super::Split)): what
    /// happens in them is counted with that step.
    pub extra_steps: Packed<u32>,
    /// What goes from layer to layer.
    pub flows: Vec<LayerFlow>,
}

/// What travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowKind {
    /// Spikes of neurons.
    #[default]
    Spikes,
    /// Bits of partial sums, from the cores that share a neuron's inputs to the one where it fires.
    PartialSums,
}

/// What a tensor's neurons send to a layer, over all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFlow {
    /// What is sent.
    pub kind: FlowKind,
    /// The tensor that sends; for partial sums the one that the layer itself writes.
    pub source: usize,
    /// The layer that listens.
    pub layer: usize,
    /// Spikes.
    pub spikes: u64,
    /// Packets that leave.
    pub packets: u64,
    /// Links that they use.
    pub hops: u64,
    /// Synaptic operations.
    pub operations: u64,
}

impl Traffic {
    /// Number of cores.
    pub fn cores(&self) -> usize {
        self.topology.cores()
    }

    /// The cores' (or links') entries of `counts` at `step`.
    pub fn at<'a>(&self, counts: &'a [u32], step: usize) -> &'a [u32] {
        let entries = counts.len() / self.steps.max(1);
        &counts[step * entries..][..entries]
    }

    /// The entries of `counts` added up over steps.
    pub fn total(&self, counts: &[u32], steps: std::ops::Range<usize>) -> Vec<u64> {
        let mut total = vec![0; counts.len() / self.steps.max(1)];
        for step in steps {
            for (total, &count) in total.iter_mut().zip(self.at(counts, step)) {
                *total += u64::from(count);
            }
        }
        total
    }

    fn empty(topology: Topology, steps: usize) -> Self {
        let per_core = || Packed(vec![0; steps * topology.cores()]);
        Self {
            topology,
            steps,
            spikes: per_core(),
            sent: per_core(),
            received: per_core(),
            operations: per_core(),
            updates: per_core(),
            links: Packed(vec![0; steps * topology.links()]),
            hops: vec![0; steps],
            extra_steps: Packed(vec![0; steps]),
            flows: Vec::new(),
        }
    }
}

impl Router {
    /// Counts what a traced sample sends over the chip.
    pub fn count(&self, trace: &Trace) -> Traffic {
        let mapping = self.mapping();
        let mut counter = Counter {
            traffic: Traffic::empty(mapping.topology, trace.steps()),
            ways: Ways::new(&mapping.topology),
            mapping,
        };
        let mut first = 0;
        for (index, (window, targets)) in trace.windows.iter().zip(self.targets()).enumerate() {
            for targets in targets {
                let mut flow = LayerFlow::new(FlowKind::Spikes, targets.source, targets.layer);
                let codes = trace.codes(targets.source);
                let Some(code) = trace.spike_codes[targets.source] else {
                    continue;
                };
                let mut spikes = vec![0; targets.groups()];
                let mut met = Vec::new();
                for (step, &plane) in window.dendrites[targets.dendrite].planes.iter().enumerate() {
                    for sender in self.senders(targets.source) {
                        for run in &sender.runs {
                            let groups = &targets.group_of()[run.clone()];
                            for (&group, &x) in groups.iter().zip(&codes[run.clone()]) {
                                if code.is_spike(x, plane) {
                                    if spikes[group as usize] == 0 {
                                        met.push(group);
                                    }
                                    spikes[group as usize] += 1;
                                }
                            }
                        }
                        for group in met.drain(..).map(|group| group as usize) {
                            let spikes = std::mem::take(&mut spikes[group]);
                            let targets = targets.of_group(group);
                            counter.send(first + step, sender.core, targets, spikes, &mut flow);
                        }
                    }
                }
                counter.traffic.flows.push(flow);
            }
            let layer = targets.first().map(|targets| targets.layer);
            for slice in layer.into_iter().flat_map(|layer| mapping.slices_of(layer + 1)) {
                for step in first..first + window.steps() {
                    counter.traffic.updates[step * mapping.topology.cores() + slice.core] +=
                        slice.block.len() as u32;
                }
            }
            for split in self.splits().iter().filter(|split| split.layer == index) {
                let seen = &window.dendrites[split.dendrite].sent;
                counter.send_sums(first, split, seen);
            }
            for step in first..first + window.steps() {
                let extra = counter.traffic.extra_steps[step];
                let tensor = layer.map_or(0, |layer| layer + 1);
                for slice in mapping.slices_of(tensor).iter().filter(|slice| slice.part == 0) {
                    counter.traffic.updates[step * mapping.topology.cores() + slice.core] +=
                        extra * slice.block.len() as u32;
                }
            }
            first += window.steps();
        }
        counter.traffic
    }
}

impl LayerFlow {
    fn new(kind: FlowKind, source: usize, layer: usize) -> Self {
        Self {
            kind,
            source,
            layer,
            spikes: 0,
            packets: 0,
            hops: 0,
            operations: 0,
        }
    }
}

struct Counter<'a> {
    traffic: Traffic,
    ways: Ways,
    mapping: &'a Mapping,
}

impl Counter<'_> {
    /// The partial sums of a layer's dendrite in a window that begins at the step `first`.
    fn send_sums(&mut self, first: usize, split: &Split, seen: &[i32]) {
        let mut flow = LayerFlow::new(FlowKind::PartialSums, split.layer + 1, split.layer);
        for (step, sum_of) in split.sendings() {
            split.for_each_sent(seen, sum_of, |slice, spikes| {
                let slices = &self.mapping.slices;
                let (from, to) = (slices[slice].core, slices[split.fires_at(slice)].core as u32);
                let to = [Target {
                    core: to,
                    synapses: 1,
                }];
                self.send(first + step, from, &to, spikes, &mut flow);
            });
            let extra = &mut self.traffic.extra_steps[first + step];
            *extra = (*extra).max(split.extra_steps(step) as u32);
        }
        self.traffic.flows.push(flow);
    }

    /// So many spikes of neurons on a core, each to the same targets.
    fn send(&mut self, step: usize, from: usize, to: &[Target], spikes: u32, flow: &mut LayerFlow) {
        let Self {
            traffic,
            ways,
            mapping,
        } = self;
        let cores = step * traffic.topology.cores();
        let links = step * traffic.topology.links();
        let packets = match mapping.delivery {
            Delivery::Unicast => spikes * to.len() as u32,
            Delivery::Multicast => spikes * to.len().min(1) as u32,
        };
        traffic.spikes[cores + from] += spikes;
        traffic.sent[cores + from] += packets;
        flow.spikes += u64::from(spikes);
        flow.packets += u64::from(packets);
        for target in to {
            let core = cores + target.core as usize;
            let operations = spikes * target.synapses;
            traffic.received[core] += spikes;
            traffic.operations[core] += operations;
            flow.operations += u64::from(operations);
        }
        let mut hops = 0;
        ways.for_each(mapping, from, to, |link| {
            traffic.links[links + link] += spikes;
            hops += u64::from(spikes);
        });
        traffic.hops[step] += hops;
        flow.hops += hops;
    }
}
