//! A network of integers.

use super::Requantizer;
use crate::graph::{Affine, Connections, Weights};
use std::sync::Arc;

/// A tensor of codes (of real numbers, at an unquantized output), for one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeTensor {
    /// The name that it has in the file.
    pub name: String,
    /// Extents, without the batch.
    pub shape: Vec<usize>,
    /// How its codes are read; `None` where it holds real numbers.
    pub affine: Option<Affine>,
}

impl CodeTensor {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A linear operator with the requantization of its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its node's name in the file.
    pub name: String,
    /// The tensor that it reads.
    pub source: usize,
    /// The tensor that it writes.
    pub target: usize,
    /// The wiring.
    pub connections: Connections,
    /// Weights and bias, shared with everything made of this network.
    pub weights: Arc<Weights>,
    /// From sums to codes.
    pub requantizer: Requantizer,
}

impl Layer {
    /// b of an output channel.
    pub fn bias(&self, channel: usize) -> i64 {
        self.weights.bias.get(channel).map_or(0, |&b| i64::from(b))
    }

    /// b_i − Z_x Σ_j w_ij for every output neuron: what turns Σ w q into Σ w (q − Z_x) + b. Padded
    /// positions are no connections, so it differs at the border.
    pub fn folded_bias(&self, source_zero_point: i32) -> Vec<i64> {
        let positions = self.connections.output.positions();
        let mut sums = self.connections.weight_sums(&self.weights.values);
        for (neuron, sum) in sums.iter_mut().enumerate() {
            *sum = self.bias(neuron / positions) - i64::from(source_zero_point) * *sum;
        }
        sums
    }
}

/// A chain or graph of integer layers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedNetwork {
    /// The model's name.
    pub name: String,
    /// The input, then the output of each layer: layer i writes tensor i + 1.
    pub tensors: Vec<CodeTensor>,
    /// Layers in running order. The last one writes the network's output.
    pub layers: Vec<Layer>,
}

impl QuantizedNetwork {
    /// The tensor that samples come in by.
    pub fn input(&self) -> &CodeTensor {
        &self.tensors[0]
    }

    /// The tensor that the network answers with.
    pub fn output(&self) -> &CodeTensor {
        &self.tensors[self.tensors.len() - 1]
    }

    /// How the codes of a layer's source are read. A source always has codes.
    pub fn source_affine(&self, layer: &Layer) -> Affine {
        self.tensors[layer.source].affine.unwrap_or(Affine::UNIT)
    }

    /// The input's codes of real numbers in the model's units.
    pub fn quantize_input(&self, values: &[f32]) -> Vec<i32> {
        let affine = self.input().affine.unwrap_or(Affine::UNIT);
        values.iter().map(|&r| affine.quantize(r)).collect()
    }
}
