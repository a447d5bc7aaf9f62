//! The whole network, window by window.

use super::layer::Scratch;
use crate::quantize::CodeTensor;
use crate::spiking::SpikingNetwork;

/// Sees what happens in a simulation. Every method does nothing unless it is written anew, and
/// then costs nothing.
pub trait Observer {
    /// Whether each step must be seen. If not, a layer whose register provably holds every
    /// intermediate result unrounded is computed in one integer product instead of K steps.
    const SEES_STEPS: bool = true;

    /// A layer's membranes before its first step.
    fn start(&mut self, _layer: usize, _membranes: &[i64]) {}
    /// Currents (before M_0) and membranes of a layer after a step.
    fn step(&mut self, _layer: usize, _step: usize, _currents: &[i64], _membranes: &[i64]) {}
    /// A layer's doubled membranes behind its last bit, before the folded constant is added.
    fn unfolded(&mut self, _layer: usize, _membranes: &[i64]) {}
    /// A result outside the register; `step` is `None` for the folded constant.
    fn overflow(&mut self, _layer: usize, _step: Option<usize>, _neuron: usize, _value: i64) {}
}

impl Observer for () {
    const SEES_STEPS: bool = false;
}

/// Runs spiking networks on one sample after another, without allocating in between.
#[derive(Clone, Debug, Default)]
pub struct Simulator {
    codes: Vec<Vec<i32>>,
    membranes: Vec<Vec<i64>>,
    output: Vec<f32>,
    scratch: Scratch,
}

impl Simulator {
    /// Room for networks with these tensors.
    pub fn new(tensors: &[CodeTensor]) -> Self {
        Self {
            codes: tensors.iter().map(|t| vec![0; t.len()]).collect(),
            membranes: tensors.iter().skip(1).map(|t| vec![0; t.len()]).collect(),
            output: vec![0.0; tensors.last().map_or(0, CodeTensor::len)],
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

    /// One layer's window, from the codes of its source.
    pub fn run_layer(&mut self, network: &SpikingNetwork, index: usize, observer: &mut impl Observer) {
        let layer = &network.layers[index];
        self.scratch
            .listen(index, layer, &self.codes[layer.source], observer);
        self.membranes[index].copy_from_slice(&self.scratch.membranes);
        self.fire(network, index);
    }

    /// The codes that a layer fires from these membranes.
    pub fn fire_from(&mut self, network: &SpikingNetwork, index: usize, membranes: &[i64]) {
        self.membranes[index].copy_from_slice(membranes);
        self.fire(network, index);
    }

    /// The end of a layer's window: codes (and the output) from the membranes as they stand.
    fn fire(&mut self, network: &SpikingNetwork, index: usize) {
        let layer = &network.layers[index];
        let membranes = &self.membranes[index];
        let positions = layer.connections.output.positions();
        for (neuron, (code, &membrane)) in self.codes[layer.target].iter_mut().zip(membranes).enumerate() {
            *code = layer.fire.code(neuron / positions, neuron, membrane).unwrap_or(0);
        }
        if index + 1 == network.layers.len() {
            let affine = layer.fire.requantizer.output();
            for (neuron, real) in self.output.iter_mut().enumerate() {
                *real = match affine {
                    Some(affine) => affine.dequantize(self.codes[layer.target][neuron]),
                    None => layer.fire.real(neuron / positions, neuron, membranes[neuron]),
                };
            }
        }
    }

    /// The codes of a tensor after the last run.
    pub fn codes(&self, tensor: usize) -> &[i32] {
        &self.codes[tensor]
    }

    /// The membranes of a layer at the end of its window.
    pub fn membranes(&self, layer: usize) -> &[i64] {
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
        let layer = &network.layers[index];
        let positions = layer.connections.output.positions();
        self.membranes[index]
            .iter()
            .enumerate()
            .map(move |(neuron, &u)| layer.fire.potential(neuron / positions, neuron, u))
    }
}
