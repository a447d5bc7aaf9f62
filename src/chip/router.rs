//! Where the packets of a network go: made once per network and mapping, used for every sample.

use super::{Delivery, Mapping, Split, Target, Targets, Topology};
use crate::quantize::CodeTensor;
use crate::simulate::Trace;
use crate::spiking::SpikingNetwork;
use std::ops::Range;

/// Where the packets of a network go.
#[derive(Clone, Debug)]
pub struct Router {
    mapping: Mapping,
    /// For every layer, one entry per tensor that it listens to.
    targets: Vec<Vec<Targets>>,
    /// Neurons of each tensor that fire on one core.
    senders: Vec<Vec<Sender>>,
    splits: Vec<Split>,
}

/// Neurons of a tensor that fire on one core.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    /// The core.
    pub core: usize,
    /// The neurons, in runs of neighbours.
    pub runs: Vec<Range<usize>>,
}

impl Router {
    /// Works out which cores each neuron's spikes go to.
    pub fn new(network: &SpikingNetwork, mapping: Mapping) -> Self {
        let lengths: Vec<usize> = network.tensors.iter().map(CodeTensor::len).collect();
        let layers = network.layers.iter().enumerate();
        let targets = layers.map(|(index, layer)| Targets::of_layer(index, layer, &lengths, &mapping));
        let senders = (0..lengths.len()).map(|tensor| senders(&mapping, tensor));
        Self {
            targets: targets.collect(),
            senders: senders.collect(),
            splits: Split::of(network, &mapping),
            mapping,
        }
    }

    /// The mapping that it was made for.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// For every layer, the targets of each tensor that it listens to.
    pub fn targets(&self) -> &[Vec<Targets>] {
        &self.targets
    }

    /// Dendrites whose inputs are shared out among cores.
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Time steps that a layer's window takes more, to send partial sums.
    pub fn extra_steps(&self, layer: usize) -> usize {
        let splits = self.splits.iter().filter(|split| split.layer == layer);
        let steps = splits.clone().map(Split::steps).max().unwrap_or(0);
        let extra = |step| {
            splits
                .clone()
                .map(|split| split.extra_steps(step))
                .max()
                .unwrap_or(0)
        };
        (0..steps).map(extra).sum()
    }

    pub(super) fn senders(&self, tensor: usize) -> &[Sender] {
        &self.senders[tensor]
    }

    /// Calls `visit(core, targets)` for each spike of one time step of a traced sample, counted over all
    /// windows, in the order in which the neurons of a core fire: the cores that it must reach. Spikes that
    /// nobody listens to have none.
    pub fn for_each_spike(&self, trace: &Trace, step: usize, mut visit: impl FnMut(usize, &[Target])) {
        let Some((window, within)) = trace.locate(step) else {
            return;
        };
        for targets in &self.targets[window] {
            let planes = &trace.windows[window].dendrites[targets.dendrite].planes;
            let (Some(code), Some(&plane)) = (trace.spike_codes[targets.source], planes.get(within)) else {
                continue;
            };
            let codes = trace.codes(targets.source);
            for sender in &self.senders[targets.source] {
                for neuron in sender.runs.iter().cloned().flatten() {
                    if code.is_spike(codes[neuron], plane) {
                        visit(sender.core, targets.of_neuron(neuron));
                    }
                }
            }
        }
    }
}

impl Router {
    /// Calls `visit(core, target)` for each bit 1 of the partial sums that are sent in the extra step `bit`
    /// behind a time step of a traced sample, counted over all windows.
    pub fn for_each_partial_spike(
        &self,
        trace: &Trace,
        step: usize,
        bit: usize,
        mut visit: impl FnMut(usize, &[Target]),
    ) {
        let Some((window, within)) = trace.locate(step) else {
            return;
        };
        for split in self.splits.iter().filter(|split| split.layer == window) {
            let sendings = split
                .sendings()
                .filter(|&(step, _)| step == within && bit < split.bits.into());
            for (_, sum_of) in sendings {
                let sums = split.sums(&trace.windows[window].dendrites[split.dendrite].sent, sum_of);
                for (neuron, sums) in sums.chunks_exact(split.parts).enumerate() {
                    let slice = split.slice_of(neuron);
                    for (part, &sum) in sums.iter().enumerate().skip(1) {
                        if split.encode(sum) >> bit & 1 == 1 {
                            let core = self.mapping.slices[slice].core as u32;
                            visit(
                                self.mapping.slices[slice + part].core,
                                &[Target { core, synapses: 1 }],
                            );
                        }
                    }
                }
            }
        }
    }
}

fn senders(mapping: &Mapping, tensor: usize) -> Vec<Sender> {
    let volume = mapping.tilings[tensor].volume;
    let firing = mapping.slices_of(tensor).iter().filter(|slice| slice.part == 0);
    let mut senders: Vec<Sender> = Vec::new();
    for slice in firing {
        let index = senders.iter().position(|sender| sender.core == slice.core);
        let index = index.unwrap_or_else(|| {
            senders.push(Sender {
                core: slice.core,
                runs: Vec::new(),
            });
            senders.len() - 1
        });
        let runs = &mut senders[index].runs;
        for run in slice.block.runs(volume) {
            match runs.last_mut() {
                Some(last) if last.end == run.start => last.end = run.end,
                _ => runs.push(run),
            }
        }
    }
    senders
}

/// Finds the links that the packets of a spike use.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// For each link, the spike that was seen there last.
    seen: Vec<u32>,
    spike: u32,
}

impl Ways {
    pub fn new(topology: &Topology) -> Self {
        Self {
            seen: vec![0; topology.links()],
            spike: 0,
        }
    }

    /// Calls `visit` for each link on the way from a core to others: once for every packet, or once for the
    /// packet that is copied where ways part.
    pub fn for_each(&mut self, mapping: &Mapping, from: usize, to: &[Target], mut visit: impl FnMut(usize)) {
        let topology = mapping.topology;
        let router = topology.router_of(from);
        self.spike = self.spike.wrapping_add(1);
        for target in to {
            for link in topology.route(mapping.routing, router, topology.router_of(target.core as usize)) {
                match mapping.delivery {
                    Delivery::Unicast => visit(link),
                    Delivery::Multicast if self.seen[link] != self.spike => {
                        self.seen[link] = self.spike;
                        visit(link);
                    }
                    Delivery::Multicast => {}
                }
            }
        }
    }
}
