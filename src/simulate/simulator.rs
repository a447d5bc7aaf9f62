//! The whole network, window by window.

use super::kernels::Kernel;
use super::layer::{Listener, Membranes, Scratch};
use crate::quantize::{CodeTensor, Layer, QuantizedNetwork};
use crate::spiking::{SpikingLayer, SpikingNetwork};

/// A dendrite of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The layer.
    pub layer: usize,
    /// Its dendrite.
    pub dendrite: usize,
}

/// Sees what happens in a simulation. Every method does nothing unless it is written anew, and
/// then costs nothing.
pub trait Observer {
    /// Whether each step must be seen. If not, a dendrite whose register provably holds every
    /// intermediate result unrounded is computed in one integer product instead of K steps.
    const SEES_STEPS: bool = true;

    /// Membranes before the first step.
    fn start(&mut self, _site: Site, _membranes: &[i64]) {}
    /// Currents (before M_0) and membranes after a step.
    fn step(&mut self, _site: Site, _step: usize, _currents: &[i64], _membranes: &[i64]) {}
    /// Doubled membranes behind the last bit, before the folded constant is added.
    fn unfolded(&mut self, _site: Site, _membranes: &[i64]) {}
    /// A result outside the register; `step` is `None` for the folded constant.
    fn overflow(&mut self, _site: Site, _step: Option<usize>, _neuron: usize, _value: i64) {}
}

impl Observer for () {
    const SEES_STEPS: bool = false;
}

/// Runs spiking networks on one sample after another, without allocating in between.
#[derive(Clone, Debug, Default)]
pub struct Simulator {
    codes: Vec<Vec<i32>>,
    membranes: Vec<Vec<Vec<i64>>>,
    output: Vec<f32>,
    /// For every layer and dendrite, how its sums are computed.
    kernels: Vec<Vec<Kernel>>,
    /// The membranes of each dendrite of the layer that runs, where 32 bits hold them.
    narrow: Vec<Vec<i32>>,
    scratch: Scratch,
}

impl Simulator {
    /// Room for the spiking forms of `network`.
    pub fn new(network: &QuantizedNetwork) -> Self {
        let layers = network.layers.iter();
        let kernels = |layer: &Layer| {
            let dendrites = layer.dendrites.iter();
            dendrites.map(|d| Kernel::of(&d.connections)).collect()
        };
        let dendrites = layers.clone().map(|layer| layer.dendrites.len()).max();
        Self {
            kernels: layers.clone().map(kernels).collect(),
            narrow: vec![Vec::new(); dendrites.unwrap_or(0)],
            codes: network.tensors.iter().map(|t| vec![0; t.len()]).collect(),
            membranes: layers
                .map(|l| vec![vec![0; l.neurons()]; l.dendrites.len()])
                .collect(),
            output: vec![0.0; network.tensors.last().map_or(0, CodeTensor::len)],
            scratch: Scratch::default(),
        }
    }

    /// Sends the input's codes through the network, bit by bit.
    pub fn run(&mut self, network: &SpikingNetwork, input: &[i32], observer: &mut impl Observer) {
        self.run_until(network, input, network.layers.len().saturating_sub(1), observer);
    }

    /// The same, but no further than the layer `last`.
    pub fn run_until(
        &mut self,
        network: &SpikingNetwork,
        input: &[i32],
        last: usize,
        observer: &mut impl Observer,
    ) {
        self.set_codes(0, input);
        for index in 0..network.layers.len().min(last + 1) {
            self.run_layer(network, index, observer);
        }
    }

    /// Sets the codes that a tensor's neurons send.
    pub fn set_codes(&mut self, tensor: usize, codes: &[i32]) {
        self.codes[tensor].copy_from_slice(codes);
    }

    /// The codes that a tensor's neurons send, to be written.
    pub(super) fn codes_mut(&mut self, tensor: usize) -> &mut [i32] {
        &mut self.codes[tensor]
    }

    /// One layer's window, from the codes of its sources.
    pub fn run_layer(&mut self, network: &SpikingNetwork, layer: usize, observer: &mut impl Observer) {
        let SpikingLayer {
            dendrites,
            fire,
            target,
            ..
        } = &network.layers[layer];
        let mut are_narrow = true;
        for (index, dendrite) in dendrites.iter().enumerate() {
            let listener = Listener {
                site: Site {
                    layer,
                    dendrite: index,
                },
                dendrite,
                kernel: &self.kernels[layer][index],
            };
            let membranes = Membranes {
                narrow: &mut self.narrow[index],
                wide: &mut self.membranes[layer][index],
            };
            are_narrow &= self.scratch.listen(listener, &self.codes, membranes, observer);
        }
        if !are_narrow {
            return self.fire(network, layer);
        }
        fire.codes(&self.narrow[..dendrites.len()], &mut self.codes[*target]);
        self.read_out(network, layer);
    }

    /// The end of a layer's window: codes (and the output) from the membranes as they stand.
    pub fn fire(&mut self, network: &SpikingNetwork, index: usize) {
        let layer = &network.layers[index];
        let membranes = &self.membranes[index];
        for (neuron, code) in self.codes[layer.target].iter_mut().enumerate() {
            *code = layer
                .fire
                .code(neuron, |dendrite| membranes[dendrite][neuron])
                .unwrap_or(0);
        }
        self.read_out(network, index);
    }

    /// The output as real numbers, if this layer writes it.
    fn read_out(&mut self, network: &SpikingNetwork, index: usize) {
        let (layer, membranes) = (&network.layers[index], &self.membranes[index]);
        if index + 1 == network.layers.len() {
            let affine = layer.fire.requantizer.output();
            for (neuron, real) in self.output.iter_mut().enumerate() {
                *real = match affine {
                    Some(affine) => affine.dequantize(self.codes[layer.target][neuron]),
                    None => layer.fire.real(neuron, |dendrite| membranes[dendrite][neuron]),
                };
            }
        }
    }

    /// Sets the membranes of a layer, one slice per dendrite laid end to end.
    pub fn set_membranes(&mut self, layer: usize, membranes: &[i64]) {
        let dendrites = &mut self.membranes[layer];
        let neurons = dendrites.first().map_or(1, |d| d.len().max(1));
        for (dendrite, values) in dendrites.iter_mut().zip(membranes.chunks_exact(neurons)) {
            dendrite.copy_from_slice(values);
        }
    }

    /// The codes of a tensor after the last run.
    pub fn codes(&self, tensor: usize) -> &[i32] {
        &self.codes[tensor]
    }

    /// The codes of all tensors after the last run.
    pub fn all_codes(&self) -> &[Vec<i32>] {
        &self.codes
    }

    /// The membranes of a layer's dendrites at the end of its window.
    pub fn membranes(&self, layer: usize) -> &[Vec<i64>] {
        &self.membranes[layer]
    }

    /// The output as real numbers after the last run.
    pub fn output(&self) -> &[f32] {
        &self.output
    }

    /// V of every neuron of a layer after the last run.
    pub fn potentials<'a>(
        &'a self,
        network: &'a SpikingNetwork,
        index: usize,
    ) -> impl Iterator<Item = f64> + 'a {
        let (layer, membranes) = (&network.layers[index], &self.membranes[index]);
        (0..layer.neurons()).map(move |neuron| {
            layer
                .fire
                .potential(neuron, |dendrite| membranes[dendrite][neuron])
        })
    }
}
