//! One layer's window: the bits of its source arrive step by step, membranes integrate them.

use super::{Observer, kernels};
use crate::spiking::SpikingLayer;

/// Room for the window of any layer of a network; nothing is allocated while simulating.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// The low 16 bits of the codes that are sent: K bits are all that arrive.
    bits: Vec<i16>,
    /// What the neurons of a group see: one row per position. Padding never spikes.
    patches: Vec<i16>,
    /// The bit of `patches` that is sent now.
    plane: Vec<i16>,
    /// Σ_j w_ij s_j for every neuron of a group.
    sums: Vec<i32>,
    /// I of every neuron.
    currents: Vec<i64>,
    /// U of every neuron.
    pub(super) membranes: Vec<i64>,
}

/// What every layer's gathered patches need in `Scratch`.
struct Layout {
    positions: usize,
    stride: usize,
    group_neurons: usize,
}

impl Layout {
    fn of(layer: &SpikingLayer) -> Self {
        let positions = layer.connections.output.positions();
        Self {
            positions,
            stride: layer.synapses.stride,
            group_neurons: layer.connections.group_outputs() * positions,
        }
    }

    fn patches(&self, groups: usize) -> usize {
        self.positions * self.stride * groups
    }
}

impl Scratch {
    /// Lets `layer` listen to `codes`; its membranes stand in `self.membranes` afterwards.
    pub(super) fn listen<O: Observer>(
        &mut self,
        index: usize,
        layer: &SpikingLayer,
        codes: &[i32],
        observer: &mut O,
    ) {
        self.gather(layer, codes);
        let neurons = layer.connections.output.len();
        self.membranes.clear();
        self.membranes.resize(neurons, 0);
        self.currents.resize(neurons, 0);
        if !O::SEES_STEPS && layer.collapses {
            return self.collapse(layer);
        }
        if !layer.doubling {
            self.add_start(index, layer, observer);
        }
        observer.start(index, &self.membranes);
        for (step, sent) in layer.steps.iter().enumerate() {
            self.receive(layer, sent.weight, |code| code >> sent.plane & 1);
            self.integrate(index, layer, step, observer);
            if layer.doubling && step + 1 == layer.steps.len() {
                observer.unfolded(index, &self.membranes);
                self.add_start(index, layer, observer);
            }
            observer.step(index, step, &self.currents, &self.membranes);
        }
    }

    /// Σ_t c_t Σ_j w_ij s_{j,t} = Σ_j w_ij x_j: all steps at once, where no register can tell.
    fn collapse(&mut self, layer: &SpikingLayer) {
        self.receive(layer, 1, |code| code);
        self.membranes.copy_from_slice(&self.currents);
        for (membrane, start) in self.membranes.iter_mut().zip(&layer.start) {
            *membrane += start;
        }
    }

    /// Lays out, once per window, what every neuron sees.
    fn gather(&mut self, layer: &SpikingLayer, codes: &[i32]) {
        let layout = Layout::of(layer);
        let groups = layer.connections.groups;
        self.bits.clear();
        self.bits.extend(codes.iter().map(|&code| code as i16));
        self.patches.clear();
        self.patches.resize(layout.patches(groups), 0);
        self.plane.resize(layout.patches(1), 0);
        self.sums.resize(layout.group_neurons, 0);
        for (group, patches) in self
            .patches
            .chunks_exact_mut(layout.patches(1).max(1))
            .enumerate()
        {
            layer
                .connections
                .gather(group, &self.bits, patches, layout.stride);
        }
    }

    /// I_i = c_t Σ_j w_ij s_j, where `sent` takes s_j out of a code.
    fn receive(&mut self, layer: &SpikingLayer, weight: i64, sent: impl Fn(i16) -> i16) {
        let layout = Layout::of(layer);
        let row_block = layer.connections.group_outputs() * layout.stride;
        let patches = self.patches.chunks_exact(layout.patches(1).max(1));
        let rows = layer.synapses.rows.chunks_exact(row_block.max(1));
        let currents = self.currents.chunks_exact_mut(layout.group_neurons.max(1));
        for ((patches, rows), currents) in patches.zip(rows).zip(currents) {
            let plane = &mut self.plane[..layout.patches(1)];
            for (value, &code) in plane.iter_mut().zip(patches) {
                *value = sent(code);
            }
            let sums = &mut self.sums[..layout.group_neurons];
            kernels::sums(rows, plane, layout.stride, sums);
            for (current, &sum) in currents.iter_mut().zip(sums.iter()) {
                *current = weight * i64::from(sum);
            }
        }
    }

    /// U ← U + M_0 I, or 2U + M_0 I, kept in the register.
    fn integrate(&mut self, index: usize, layer: &SpikingLayer, step: usize, observer: &mut impl Observer) {
        let factor = 1 + i64::from(layer.doubling);
        let register = layer.register;
        for (neuron, (membrane, &current)) in self.membranes.iter_mut().zip(&self.currents).enumerate() {
            let scaled = if layer.scale.is_one() {
                current
            } else {
                layer.scale.apply(current)
            };
            let value = factor * *membrane + scaled;
            if register.holds(value) {
                *membrane = value;
            } else {
                observer.overflow(index, Some(step), neuron, value);
                *membrane = register.store(value);
            }
        }
    }

    /// The folded constant: before the first step, or behind the last one where membranes double.
    fn add_start(&mut self, index: usize, layer: &SpikingLayer, observer: &mut impl Observer) {
        for (neuron, (membrane, &start)) in self.membranes.iter_mut().zip(&layer.start).enumerate() {
            let value = *membrane + start;
            if !layer.register.holds(value) {
                observer.overflow(index, None, neuron, value);
            }
            *membrane = layer.register.store(value);
        }
    }
}
