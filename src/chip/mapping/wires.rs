//! One dendrite's wiring, axis by axis: what pieces of its outputs meet of its inputs.

use super::demand::{Demand, channels_of_part};
use super::widths::{different_weights, weight_bits};
use super::{Limits, wiring};
use crate::graph::{Connections, Volume, Window};
use crate::quantize::Reduce;
use crate::spiking::{SpikingLayer, SpikingNetwork};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

/// One dendrite's wiring, with its outputs in the box of the layer's tensor.
pub(super) struct Wires {
    /// `None` where it sees the tensor as another box: then every neuron is taken to have inputs of its own.
    pub connections: Option<Connections>,
    /// Channels of a group's inputs.
    pub group: usize,
    /// Taps of the kernel in one channel.
    pub kernel: u64,
    /// 2 where spikes have a sign that the chip's cannot carry, else 1.
    pub axons: u64,
    /// Axons for the weights of one neuron: one for each of its values where an axon has but one, else 1.
    pub copies: u64,
    /// Axons of all neurons that send.
    pub senders: u64,
    /// Spikes of one of them, times [`UNIT`].
    pub spikes: u64,
    /// Bits of a weight as the chip stores it.
    pub width: u64,
    /// Whether each neuron has weights of its own.
    pub is_own: bool,
    pub shares_kernels: bool,
    pub is_maximum: bool,
    pub rows: Axis,
    pub columns: Axis,
}

/// Spikes are told in parts of this, for they are few.
pub(super) const UNIT: u64 = 1 << 10;

/// How a kernel's taps meet inputs along one axis.
pub(super) struct Axis {
    pub window: Window,
    pub inputs: usize,
    pub outputs: usize,
    /// Most taps of one output.
    pub most: u64,
    /// The needs of all pieces of a length that was asked for.
    pub pieces: RefCell<HashMap<usize, Piece>>,
}

/// Outputs along one axis: what the piece that needs most of its kind needs.
#[derive(Clone, Copy, Default)]
pub(super) struct Piece {
    /// Inputs met.
    pub inputs: u64,
    /// Taps of all outputs.
    pub taps: u64,
    /// Inputs met by all pieces together, those met by several counted for each.
    pub all_inputs: u64,
}

impl Axis {
    pub fn new(window: Window, inputs: usize, outputs: usize) -> Self {
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

    pub fn piece(&self, outputs: Range<usize>) -> Piece {
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

    pub fn most_of(&self, length: usize) -> Piece {
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
    pub fn new(
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
        let bits = if limits.typed_axons {
            1
        } else {
            weight_bits(dendrite)
        };
        let copies = if limits.typed_axons {
            different_weights(dendrite)
        } else {
            1
        };
        let first = dendrite.synapses.rows.first();
        Self {
            connections,
            group: seen.input.channels / seen.groups.max(1),
            kernel: (seen.rows.kernel * seen.columns.kernel) as u64,
            axons,
            copies,
            senders: senders as u64 * axons * copies,
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
    pub fn channels(&self, part: usize, parts: usize) -> u64 {
        channels_of_part(self.group, part, parts).len() as u64
    }

    /// Whether a part takes any.
    pub fn takes(&self, part: usize, parts: usize) -> bool {
        self.channels(part, parts) > 0
    }

    /// What channels of outputs, and a piece of rows and columns, need. Groups are those of the channels.
    pub fn demand(
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
                inputs: (synapses * self.copies).min(self.senders),
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
            inputs: (groups * from * self.copies * rows.inputs * columns.inputs).min(self.senders),
            fan_in,
            fan_in_bits: fan_in * self.width,
            synapses: stored,
            synapse_bits: stored * self.width,
            ..Demand::default()
        }
    }

    /// Most groups that `channels` neighbouring channels of outputs, cut from the first, lie in.
    pub fn most_groups(&self, channels: usize) -> u64 {
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

impl Piece {
    pub fn points(length: usize) -> Self {
        let length = length as u64;
        Self {
            inputs: length,
            taps: length,
            all_inputs: length,
        }
    }
}
