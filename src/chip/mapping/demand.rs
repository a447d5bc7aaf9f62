//! What neurons need of the core that they are on: worked out of the wiring axis by axis, never synapse by
//! synapse.

use super::wires::{Piece, Wires};
use super::{Block, Limits};
use crate::graph::Volume;
use crate::spiking::{SpikingLayer, SpikingNetwork};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What slices need of a core. That of several is [`Self::with`] each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Neurons; one that adds up a part of another's inputs counts as one too.
    pub neurons: u64,
    /// Input axons: neurons that are listened to, for each dendrite; twice where spikes have a sign that the
    /// chip's cannot carry.
    pub inputs: u64,
    /// Output axons: pairs of a neuron and a core that it sends to; under multicast, neurons.
    pub outputs: u64,
    /// Cores that a neuron sends to, of the one that sends to most; under multicast 1.
    pub targets: u64,
    /// Synapses of the neuron that has most.
    pub fan_in: u64,
    /// Synapses of a neuron times the bits of their weights, of the one that has most.
    pub fan_in_bits: u64,
    /// Synapses, those that share a weight counted once where the chip stores it once.
    pub synapses: u64,
    /// Bits of their weights.
    pub synapse_bits: u64,
}

impl Demand {
    /// What both need on one core.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            neurons: self.neurons + other.neurons,
            inputs: self.inputs + other.inputs,
            outputs: self.outputs + other.outputs,
            targets: self.targets.max(other.targets),
            fan_in: self.fan_in.max(other.fan_in),
            fan_in_bits: self.fan_in_bits.max(other.fan_in_bits),
            synapses: self.synapses + other.synapses,
            synapse_bits: self.synapse_bits + other.synapse_bits,
        }
    }
}

/// The channels of a group's inputs that a part takes, as [`part_of`](crate::chip::targets::part_of) deals
/// them out.
pub(in crate::chip) fn channels_of_part(channels: usize, part: usize, parts: usize) -> Range<usize> {
    (part * channels).div_ceil(parts)..((part + 1) * channels).div_ceil(parts)
}

/// What the slices of one tensor need, whatever their blocks.
pub(super) struct Needs {
    pub volume: Volume,
    dendrites: Vec<Wires>,
    sends: Sends,
}

/// Where the neurons of a tensor send their spikes.
pub(super) enum Sends {
    /// Nowhere, or nothing limits it.
    Uncounted,
    /// A packet each, whatever it reaches.
    Once,
    /// To so many cores each: sums over all neurons before one, along every axis.
    Cores { sums: Sums, most: u64 },
}

/// Sums of a box of numbers, from which that of any block is read.
pub(super) struct Sums {
    volume: Volume,
    sums: Vec<u64>,
}

impl Sums {
    pub fn new(volume: Volume, numbers: &[u32]) -> Self {
        let (rows, columns) = (volume.height + 1, volume.width + 1);
        let mut sums = vec![0; (volume.channels + 1) * rows * columns];
        for channel in 0..volume.channels {
            for row in 0..volume.height {
                let mut along = 0;
                for column in 0..volume.width {
                    along += u64::from(numbers[(channel * volume.height + row) * volume.width + column]);
                    let at = |c: usize, r: usize| (c * rows + r) * columns + column + 1;
                    sums[at(channel + 1, row + 1)] =
                        along + sums[at(channel + 1, row)] + sums[at(channel, row + 1)]
                            - sums[at(channel, row)];
                }
            }
        }
        Self { volume, sums }
    }

    pub fn of(&self, block: &Block) -> u64 {
        let (rows, columns) = (self.volume.height + 1, self.volume.width + 1);
        let at = |c: usize, r: usize, x: usize| self.sums[(c * rows + r) * columns + x];
        let area = |c: usize| {
            let Range {
                start: top,
                end: bottom,
            } = block.rows;
            let Range {
                start: left,
                end: right,
            } = block.columns;
            at(c, bottom, right) + at(c, top, left) - at(c, top, right) - at(c, bottom, left)
        };
        area(block.channels.end) - area(block.channels.start)
    }
}

impl Needs {
    /// Those of the tensor that a layer writes; `None` for the input, which listens to nothing.
    pub fn new(
        network: &SpikingNetwork,
        layer: Option<&SpikingLayer>,
        volume: Volume,
        limits: &Limits,
        spikes: &[u64],
    ) -> Self {
        let dendrites = layer.map_or(Vec::new(), |layer| {
            let dendrites =
                (0..layer.dendrites.len()).filter(|&d| layer.dendrites[d].connections.fan_in() > 0);
            dendrites
                .map(|d| Wires::new(network, layer, d, (volume, limits, spikes)))
                .collect()
        });
        Self {
            volume,
            dendrites,
            sends: Sends::Uncounted,
        }
    }

    /// The same where it is known what the neurons send.
    pub fn sending(self, sends: Sends) -> Self {
        Self { sends, ..self }
    }

    /// The most parts that the inputs of a neuron can be shared out in. A maximum is no sum of parts.
    pub fn most_parts(&self) -> usize {
        if self.dendrites.iter().any(|d| d.is_maximum) {
            return 1;
        }
        self.dendrites.iter().map(|d| d.group).max().unwrap_or(1).max(1)
    }

    /// What a slice needs.
    pub fn of(&self, block: &Block, part: usize, parts: usize) -> Demand {
        let Block {
            channels,
            rows,
            columns,
        } = block;
        let own = self.dendrites.iter().map(|wires| {
            let pieces = match wires.connections {
                Some(_) => (
                    wires.rows.piece(rows.clone()),
                    wires.columns.piece(columns.clone()),
                ),
                None => (Piece::points(rows.len()), Piece::points(columns.len())),
            };
            let outputs = wires.connections.map_or(usize::MAX, |c| c.group_outputs().max(1));
            let groups = channels.end.div_ceil(outputs) - channels.start / outputs;
            wires.demand(channels.len() as u64, groups as u64, pieces, (part, parts))
        });
        let own = own.fold(Demand::default(), add);
        let sent = match &self.sends {
            Sends::Cores { sums, .. } => sums.of(block),
            Sends::Once => block.len() as u64,
            Sends::Uncounted => 0,
        };
        self.complete(own, block.len() as u64, sent, (part, parts))
    }

    /// What that slice needs at most which needs most of each kind, of all blocks of this size.
    pub fn most(&self, block: Volume, part: usize, parts: usize) -> Demand {
        let mut most = self.most_inside(block, part, parts);
        if let (Sends::Cores { sums, .. }, 0) = (&self.sends, part) {
            let tiling = super::Tiling {
                volume: self.volume,
                block,
                parts: 1,
            };
            let slices = (0..tiling.slices()).map(|slice| sums.of(&tiling.slice(slice).0));
            most.outputs = slices.max().unwrap_or(0);
        }
        most
    }

    /// The same, but for output axons where their number depends on where neurons send to.
    pub fn most_inside(&self, block: Volume, part: usize, parts: usize) -> Demand {
        let own = self.dendrites.iter().map(|wires| {
            let pieces = match wires.connections {
                Some(_) => (
                    wires.rows.most_of(block.height),
                    wires.columns.most_of(block.width),
                ),
                None => (Piece::points(block.height), Piece::points(block.width)),
            };
            wires.demand(
                block.channels as u64,
                wires.most_groups(block.channels),
                pieces,
                (part, parts),
            )
        });
        let own = own.fold(Demand::default(), add);
        let sent = match &self.sends {
            Sends::Once => block.len() as u64,
            Sends::Cores { .. } | Sends::Uncounted => 0,
        };
        self.complete(own, block.len() as u64, sent, (part, parts))
    }

    /// Adds neurons and what they send, and the partial sums that are sent from core to core: each is one
    /// more axon of the neuron that fires, with a synapse of weight 1.
    fn complete(&self, mut own: Demand, neurons: u64, sent: u64, (part, parts): (usize, usize)) -> Demand {
        let dendrites = || self.dendrites.iter();
        own.neurons = neurons;
        if part > 0 {
            let sums = dendrites().filter(|wires| wires.takes(part, parts)).count() as u64;
            own.outputs = neurons * sums;
            own.targets = 1;
            return own;
        }
        own.outputs = sent;
        own.targets = match &self.sends {
            Sends::Cores { most, .. } => *most,
            Sends::Once => 1,
            Sends::Uncounted => 0,
        };
        let sums =
            dendrites().map(|wires| (1..parts).filter(|&part| wires.takes(part, parts)).count() as u64);
        let sums: u64 = sums.sum();
        let width = dendrites().map(|wires| wires.width).max().unwrap_or(1);
        own.inputs += neurons * sums;
        own.fan_in += sums;
        own.fan_in_bits += sums * width;
        own.synapses += neurons * sums;
        own.synapse_bits += neurons * sums * width;
        own
    }

    /// Packets that reach the slices, times a constant, if each is on a core of its own: input axons of all
    /// slices, times the spikes of a neuron.
    pub fn packets(&self, block: Volume) -> u64 {
        let packets = self.dendrites.iter().map(|wires| {
            wires.spikes
                * match wires.connections {
                    Some(connections) => {
                        let outputs = connections.group_outputs().max(1);
                        let all = connections.output.channels;
                        let starts = (0..all).step_by(block.channels.max(1));
                        let groups = |start: usize| {
                            (start + block.channels).min(all).div_ceil(outputs) - start / outputs
                        };
                        let groups: usize = if connections.groups == 1 {
                            all.div_ceil(block.channels.max(1))
                        } else {
                            starts.map(groups).sum()
                        };
                        let (rows, columns) = (
                            wires.rows.most_of(block.height),
                            wires.columns.most_of(block.width),
                        );
                        (groups * wires.group) as u64 * rows.all_inputs * columns.all_inputs
                    }
                    None => {
                        let slices = self.volume.len().div_ceil(block.len().max(1));
                        slices as u64 * wires.senders / wires.axons
                    }
                }
        });
        packets.sum()
    }
}

/// What two dendrites of the same neurons need.
fn add(a: Demand, b: Demand) -> Demand {
    Demand {
        inputs: a.inputs + b.inputs,
        fan_in: a.fan_in + b.fan_in,
        fan_in_bits: a.fan_in_bits + b.fan_in_bits,
        synapses: a.synapses + b.synapses,
        synapse_bits: a.synapse_bits + b.synapse_bits,
        ..a
    }
}
