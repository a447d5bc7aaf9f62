//! What neurons need of the core that they are on: worked out of the wiring axis by axis, never synapse by
//! synapse.

use super::{Block, Limits, wiring};
use crate::graph::{Connections, Volume, Window};
use crate::quantize::Reduce;
use crate::spiking::{Register, SpikingDendrite, SpikingLayer, SpikingNetwork};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
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
    /// Synapses.
    pub synapses: u64,
    /// Bits of weights, those that neurons share stored once where the chip does.
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

/// What the weights, registers and constants of one layer need, wherever its neurons are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Widths {
    /// Bits of a weight in two's complement; of weights that are all 0 or 1, one bit.
    pub weight_bits: u64,
    /// Different weights of one neuron other than 0, of the one that has most; 0 where the chip takes any.
    pub weight_values: u64,
    /// Bits of a register in which the layer computes the same as in its own.
    pub membrane_bits: u64,
    /// Bits of a constant.
    pub bias_bits: u64,
}

impl Widths {
    /// Those of a layer; its weights are looked at once.
    pub fn of(network: &SpikingNetwork, layer: &SpikingLayer, limits: &Limits) -> Self {
        let dendrites = || layer.dendrites.iter().filter(|d| d.connections.fan_in() > 0);
        let own = dendrites().map(|d| u64::from(d.register.bits)).max().unwrap_or(1);
        // What provably never leaves a narrower register is the same in it.
        let narrower = if layer.plan.is_exact() {
            u64::from(layer.plan.guaranteed_register)
        } else {
            own
        };
        let bias = bias_bits(layer, limits.bias_shift);
        let conversion = &network.conversion;
        Self {
            weight_bits: dendrites().map(weight_bits).max().unwrap_or(1),
            weight_values: match limits.weight_values {
                Some(_) => dendrites().map(weight_values).max().unwrap_or(0),
                None => 0,
            },
            membrane_bits: own.min(narrower),
            bias_bits: if conversion.bias_calibration.fit {
                bias.min(conversion.bias_bits.into())
            } else {
                bias
            },
        }
    }
}

/// Bits of every constant, as many zeros as can be shifted in left out.
fn bias_bits(layer: &SpikingLayer, shift: u64) -> u64 {
    if shift == 0 || !layer.fire.bias.is_empty() {
        return layer.plan.bias_bits.into();
    }
    let starts = layer.dendrites.iter().flat_map(|dendrite| &dendrite.start);
    let bits = starts.map(|&start| {
        let zeros = u64::from(start.trailing_zeros()).min(shift);
        let start = start >> zeros;
        u64::from(Register::bits_for(start, start))
    });
    bits.max().unwrap_or(1)
}

fn weight_bits(dendrite: &SpikingDendrite) -> u64 {
    let weights = dendrite.synapses.rows.iter().copied();
    let (low, high) = weights.fold((0, 0), |(low, high), w| (w.min(low), w.max(high)));
    if low >= 0 && high <= 1 {
        return 1;
    }
    Register::bits_for(low.into(), high.into()).into()
}

fn weight_values(dendrite: &SpikingDendrite) -> u64 {
    let synapses = &dendrite.synapses;
    let rows = synapses.rows.chunks_exact(synapses.stride.max(1));
    let mut values: Vec<i16> = Vec::new();
    let different = rows.map(|row| {
        values.clear();
        values.extend(row.iter().filter(|&&w| w != 0));
        values.sort_unstable();
        values.dedup();
        values.len() as u64
    });
    different.max().unwrap_or(0).max(1)
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

/// One dendrite's wiring, with its outputs in the box of the layer's tensor.
struct Wires {
    /// `None` where it sees the tensor as another box: then every neuron is taken to have inputs of its own.
    connections: Option<Connections>,
    /// Channels of a group's inputs.
    group: usize,
    /// Taps of the kernel in one channel.
    kernel: u64,
    /// 2 where spikes have a sign that the chip's cannot carry, else 1.
    axons: u64,
    /// Axons of all neurons that send.
    senders: u64,
    /// Spikes of one of them, times [`UNIT`].
    spikes: u64,
    /// Bits of a weight as the chip stores it.
    width: u64,
    /// Whether each neuron has weights of its own.
    is_own: bool,
    shares_kernels: bool,
    is_maximum: bool,
    rows: Axis,
    columns: Axis,
}

/// Spikes are told in parts of this, for they are few.
const UNIT: u64 = 1 << 10;

/// How a kernel's taps meet inputs along one axis.
struct Axis {
    window: Window,
    inputs: usize,
    outputs: usize,
    /// Most taps of one output.
    most: u64,
    /// The needs of all pieces of a length that was asked for.
    pieces: RefCell<HashMap<usize, Piece>>,
}

/// Outputs along one axis: what the piece that needs most of its kind needs.
#[derive(Clone, Copy, Default)]
struct Piece {
    /// Inputs met.
    inputs: u64,
    /// Taps of all outputs.
    taps: u64,
    /// Inputs met by all pieces together, those met by several counted for each.
    all_inputs: u64,
}

impl Axis {
    fn new(window: Window, inputs: usize, outputs: usize) -> Self {
        let mut axis = Self {
            window,
            inputs,
            outputs,
            most: 0,
            pieces: RefCell::default(),
        };
        axis.most = (0..outputs).map(|output| axis.taps(output)).max().unwrap_or(0);
        axis
    }

    fn taps(&self, output: usize) -> u64 {
        let taps = 0..self.window.kernel;
        taps.filter(|&tap| self.window.input(output, tap, self.inputs).is_some())
            .count() as u64
    }

    fn piece(&self, outputs: Range<usize>) -> Piece {
        let mut met: Vec<usize> = outputs
            .flat_map(|output| {
                let taps = 0..self.window.kernel;
                taps.filter_map(move |tap| self.window.input(output, tap, self.inputs))
            })
            .collect();
        let taps = met.len() as u64;
        met.sort_unstable();
        met.dedup();
        let inputs = met.len() as u64;
        Piece {
            inputs,
            taps,
            all_inputs: inputs,
        }
    }

    fn most_of(&self, length: usize) -> Piece {
        *self.pieces.borrow_mut().entry(length).or_insert_with(|| {
            let starts = (0..self.outputs).step_by(length.max(1));
            let pieces = starts.map(|start| self.piece(start..(start + length).min(self.outputs)));
            pieces.fold(Piece::default(), |most, piece| Piece {
                inputs: most.inputs.max(piece.inputs),
                taps: most.taps.max(piece.taps),
                all_inputs: most.all_inputs + piece.all_inputs,
            })
        })
    }
}

impl Wires {
    fn new(
        network: &SpikingNetwork,
        layer: &SpikingLayer,
        index: usize,
        (volume, limits, spikes): (Volume, &Limits, &[u64]),
    ) -> Self {
        let dendrite = &layer.dendrites[index];
        let connections = wiring(layer, index, volume);
        let seen = connections.unwrap_or(dendrite.connections);
        let has_signs = dendrite.code.has_signed_spikes() && !limits.signed_spikes;
        let axons = 1 + u64::from(has_signs);
        let senders: usize = dendrite
            .view
            .tensors
            .iter()
            .map(|&t| network.tensors[t].len())
            .sum();
        let fired: u64 = dendrite.view.tensors.iter().filter_map(|&t| spikes.get(t)).sum();
        let bits = weight_bits(dendrite);
        let first = dendrite.synapses.rows.first();
        Self {
            connections,
            group: seen.input.channels / seen.groups.max(1),
            kernel: (seen.rows.kernel * seen.columns.kernel) as u64,
            axons,
            senders: senders as u64 * axons,
            spikes: if spikes.is_empty() {
                UNIT
            } else {
                fired * UNIT / (senders as u64).max(1)
            },
            width: limits.weight_width(bits).unwrap_or(bits),
            is_own: dendrite.connections.is_one_to_one()
                && dendrite.synapses.rows.iter().any(|weight| Some(weight) != first),
            shares_kernels: limits.shares_kernels,
            is_maximum: dendrite.reduce == Reduce::Max,
            rows: Axis::new(seen.rows, seen.input.height, seen.output.height),
            columns: Axis::new(seen.columns, seen.input.width, seen.output.width),
        }
    }

    /// Channels of a group's inputs that a part takes; see [`channels_of_part`].
    fn channels(&self, part: usize, parts: usize) -> u64 {
        channels_of_part(self.group, part, parts).len() as u64
    }

    /// Whether a part takes any.
    fn takes(&self, part: usize, parts: usize) -> bool {
        self.channels(part, parts) > 0
    }

    /// What channels of outputs, and a piece of rows and columns, need. Groups are those of the channels.
    fn demand(
        &self,
        channels: u64,
        groups: u64,
        (rows, columns): (Piece, Piece),
        (part, parts): (usize, usize),
    ) -> Demand {
        let from = self.channels(part, parts) * self.axons;
        if self.connections.is_none() {
            let neurons = channels * rows.taps * columns.taps;
            let fan_in = from * self.kernel;
            let synapses = neurons * fan_in;
            return Demand {
                inputs: synapses.min(self.senders),
                fan_in,
                fan_in_bits: fan_in * self.width,
                synapses,
                synapse_bits: synapses * self.width,
                ..Demand::default()
            };
        }
        let fan_in = from * self.rows.most * self.columns.most;
        let synapses = channels * from * rows.taps * columns.taps;
        let stored = if self.shares_kernels && !self.is_own {
            (channels * from * self.kernel).min(synapses)
        } else {
            synapses
        };
        Demand {
            inputs: (groups * from * rows.inputs * columns.inputs).min(self.senders),
            fan_in,
            fan_in_bits: fan_in * self.width,
            synapses,
            synapse_bits: stored * self.width,
            ..Demand::default()
        }
    }

    /// Most groups that `channels` neighbouring channels of outputs, cut from the first, lie in.
    fn most_groups(&self, channels: usize) -> u64 {
        let Some(connections) = &self.connections else {
            return 1;
        };
        let outputs = connections.group_outputs().max(1);
        let all = connections.output.channels;
        let starts = (0..all).step_by(channels.max(1));
        let groups = |start: usize| (start + channels).min(all).div_ceil(outputs) - start / outputs;
        if connections.groups == 1 {
            return 1;
        }
        starts.map(groups).max().unwrap_or(1) as u64
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
            Sends::Cores { sums, .. } if part == 0 => {
                let tiling = super::Tiling {
                    volume: self.volume,
                    block,
                    parts: 1,
                };
                let slices = (0..tiling.slices()).map(|slice| sums.of(&tiling.slice(slice).0));
                slices.max().unwrap_or(0)
            }
            Sends::Once => block.len() as u64,
            _ => 0,
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

impl Piece {
    fn points(length: usize) -> Self {
        let length = length as u64;
        Self {
            inputs: length,
            taps: length,
            all_inputs: length,
        }
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
