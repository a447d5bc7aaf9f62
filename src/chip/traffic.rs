//! Spikes that travel: what each core sends and receives, and what each link carries, step by step.

use super::{ChipConfig, Mapping, Route, Targets};
use crate::quantize::CodeTensor;
use crate::simulate::{Packed, Trace};
use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};

/// The four ways out of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Towards larger x.
    East,
    /// Towards smaller x.
    West,
    /// Towards larger y (downwards).
    South,
    /// Towards smaller y (upwards).
    North,
}

/// Links are numbered `core · 4 + direction`, the direction in the order of [`Direction`].
pub const DIRECTIONS: usize = 4;

/// Traffic of one sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// The mesh; core (x, y) has the index `y · width + x`.
    pub chip: ChipConfig,
    /// Time steps: the steps of all windows, one window after the other.
    pub steps: usize,
    /// Spikes that the neurons of a core fire: `spikes[step · cores + core]`.
    pub spikes: Packed<u32>,
    /// Packets that leave a core (a spike goes once to each core that holds a target, itself
    /// included): `sent[step · cores + core]`.
    pub sent: Packed<u32>,
    /// Packets that arrive at a core: `received[step · cores + core]`.
    pub received: Packed<u32>,
    /// Synaptic operations of a core: `operations[step · cores + core]`.
    pub operations: Packed<u32>,
    /// Packets over a link: `links[step · links + core · 4 + direction]`.
    pub links: Packed<u32>,
    /// Hops of all packets in a step.
    pub hops: Vec<u64>,
}

impl Traffic {
    /// Number of cores on the mesh.
    pub fn cores(&self) -> usize {
        self.chip.cores()
    }

    /// The cores' entries of `counts` at `step`.
    pub fn at<'a>(&self, counts: &'a [u32], step: usize) -> &'a [u32] {
        let entries = counts.len() / self.steps.max(1);
        &counts[step * entries..][..entries]
    }
}

/// Where the packets of a network go: made once per network and mapping, used for every sample.
#[derive(Clone, Debug)]
pub struct Router {
    mapping: Mapping,
    /// For every layer, one entry per tensor that it listens to.
    targets: Vec<Vec<Targets>>,
}

impl Router {
    /// Works out which cores each neuron's spikes go to.
    pub fn new(network: &SpikingNetwork, mapping: Mapping) -> Self {
        let lengths: Vec<usize> = network.tensors.iter().map(CodeTensor::len).collect();
        let targets = network
            .layers
            .iter()
            .map(|layer| Targets::of_layer(layer, &lengths, &mapping));
        Self {
            targets: targets.collect(),
            mapping,
        }
    }

    /// The mapping that it was made for.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Counts what a traced sample sends over the mesh.
    pub fn count(&self, trace: &Trace) -> Traffic {
        let mut traffic = Traffic::empty(self.mapping.chip, trace.steps());
        let mut first = 0;
        for (window, targets) in trace.windows.iter().zip(&self.targets) {
            for targets in targets {
                let mut flows = Flows::new(targets.target_cores());
                let codes = trace.codes(targets.source);
                let Some(code) = trace.spike_codes[targets.source] else {
                    continue;
                };
                for (step, &plane) in window.dendrites[targets.dendrite].planes.iter().enumerate() {
                    for (core, neurons) in targets.source_cores() {
                        let sent = codes[neurons.clone()].iter().zip(neurons);
                        let spikes = sent.filter(|&(&x, _)| code.is_spike(x, plane));
                        traffic.send(first + step, core, spikes.map(|(_, n)| n), targets, &mut flows);
                    }
                }
            }
            first += window.steps();
        }
        traffic
    }

    /// For every layer, the targets of each tensor that it listens to.
    pub(super) fn targets(&self) -> &[Vec<Targets>] {
        &self.targets
    }
}

/// Packets from one core to those of a layer, in one step.
struct Flows {
    packets: Vec<u32>,
    /// The cores that get any.
    met: Vec<u16>,
}

impl Flows {
    fn new(cores: usize) -> Self {
        Self {
            packets: vec![0; cores],
            met: Vec::new(),
        }
    }
}

impl Traffic {
    fn empty(chip: ChipConfig, steps: usize) -> Self {
        let per_core = || Packed(vec![0; steps * chip.cores()]);
        Self {
            chip,
            steps,
            spikes: per_core(),
            sent: per_core(),
            received: per_core(),
            operations: per_core(),
            links: Packed(vec![0; steps * chip.cores() * DIRECTIONS]),
            hops: vec![0; steps],
        }
    }

    /// The spikes of one core in one step, by their neurons, to the cores of one layer.
    fn send(
        &mut self,
        step: usize,
        from: usize,
        spikes: impl Iterator<Item = usize>,
        targets: &Targets,
        flows: &mut Flows,
    ) {
        let first = targets.first_target_core();
        for neuron in spikes {
            self.fire(step, from);
            for &(core, synapses) in targets.of_neuron(neuron) {
                let packets = &mut flows.packets[usize::from(core)];
                if *packets == 0 {
                    flows.met.push(core);
                }
                *packets += 1;
                self.operate(step, first + usize::from(core), synapses);
            }
        }
        for core in flows.met.drain(..).map(usize::from) {
            let packets = std::mem::take(&mut flows.packets[core]);
            self.carry(step, from, first + core, packets);
        }
    }

    fn fire(&mut self, step: usize, core: usize) {
        let cores = self.cores();
        self.spikes[step * cores + core] += 1;
    }

    fn operate(&mut self, step: usize, core: usize, synapses: u32) {
        let cores = self.cores();
        self.operations[step * cores + core] += synapses;
    }

    /// `packets` from one core to another, X then Y.
    fn carry(&mut self, step: usize, from: usize, to: usize, packets: u32) {
        let cores = self.cores();
        self.sent[step * cores + from] += packets;
        self.received[step * cores + to] += packets;
        for (core, direction) in Route::new(&self.chip, from, to) {
            self.links[(step * cores + core) * DIRECTIONS + direction as usize] += packets;
            self.hops[step] += u64::from(packets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slice_of_a_step_is_that_steps() {
        let chip = ChipConfig {
            width: 2,
            height: 1,
            neurons_per_core: 1,
        };
        let mut traffic = Traffic::empty(chip, 2);
        traffic.carry(1, 0, 1, 3);
        assert_eq!(traffic.at(&traffic.sent, 0), [0, 0]);
        assert_eq!(traffic.at(&traffic.sent, 1), [3, 0]);
        assert_eq!(traffic.at(&traffic.received, 1), [0, 3]);
        assert_eq!(traffic.at(&traffic.links, 1), [3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(traffic.hops, [0, 3]);
    }

    #[test]
    fn a_packet_to_its_own_core_uses_no_link() {
        let mut traffic = Traffic::empty(
            ChipConfig {
                width: 2,
                height: 2,
                neurons_per_core: 1,
            },
            1,
        );
        traffic.carry(0, 3, 3, 5);
        assert_eq!((traffic.sent[3], traffic.received[3], traffic.hops[0]), (5, 5, 0));
        assert!(traffic.links.iter().all(|&l| l == 0));
    }
}
