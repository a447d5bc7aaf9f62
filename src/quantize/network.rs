//! A network of integers.

use super::Requantizer;
use crate::graph::{Affine, Connections, Rearrange, Weights};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A tensor of codes (of real numbers, at an unquantized output), for one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// What a dendrite listens to: the neurons of one or more tensors of the same quantization, where
/// wiring has put them. Transpose, Pad, Slice, Resize and Concat are such wiring, and nothing more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct View {
    /// The tensors.
    pub tensors: Vec<usize>,
    /// For each element, the neuron: an index into the tensors laid end to end, or
    /// [`Rearrange::ZERO`] where nothing is connected. `None` for the one tensor as it is.
    #[serde(with = "crate::arrays::optional")]
    #[cfg_attr(test, schemars(with = "Option<crate::arrays::Stored>"))]
    pub map: Option<Arc<[u32]>>,
}

impl View {
    /// A tensor as it is.
    pub fn whole(tensor: usize) -> Self {
        Self {
            tensors: vec![tensor],
            map: None,
        }
    }

    /// Whether element `index` is a neuron.
    pub fn is_connected(&self, index: usize) -> bool {
        self.map.as_ref().is_none_or(|map| map[index] != Rearrange::ZERO)
    }

    /// The codes that are seen, from those of all tensors; `zero` where nothing is connected.
    pub fn collect(&self, codes: &[Vec<i32>], zero: i32, seen: &mut Vec<i32>) {
        seen.clear();
        match &self.map {
            None => seen.extend_from_slice(&codes[self.tensors[0]]),
            Some(map) => {
                let code = |&index: &u32| {
                    let mut index = index as usize;
                    for &tensor in &self.tensors {
                        let codes = &codes[tensor];
                        if index < codes.len() {
                            return codes[index];
                        }
                        index -= codes.len();
                    }
                    zero
                };
                seen.extend(map.iter().map(|index| {
                    if *index == Rearrange::ZERO {
                        zero
                    } else {
                        code(index)
                    }
                }));
            }
        }
    }

    /// For each tensor (in the order of `tensors`) of `lengths` neurons, what the elements that show a
    /// neuron add up to.
    pub fn add_up(&self, lengths: &[usize], elements: &[u32]) -> Vec<Vec<u32>> {
        let Some(map) = &self.map else {
            return vec![elements.to_vec()];
        };
        let mut sums: Vec<Vec<u32>> = lengths.iter().map(|&n| vec![0; n]).collect();
        for (&index, &value) in map.iter().zip(elements) {
            if let Some((tensor, neuron)) = locate(lengths, index) {
                sums[tensor][neuron] += value;
            }
        }
        sums
    }
}

/// The tensor (by its place in `lengths`) and neuron of an index into tensors laid end to end.
pub fn locate(lengths: &[usize], index: u32) -> Option<(usize, usize)> {
    let mut neuron = index as usize;
    for (tensor, &length) in lengths.iter().enumerate() {
        if neuron < length {
            return Some((tensor, neuron));
        }
        neuron -= length;
    }
    None
}

/// What is made of the values that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Reduce {
    /// Σ_j w_ij (x_j − Z_x) + b_i.
    Sum,
    /// max_j (x_j − Z_x).
    Max,
}

/// One group of inputs of a layer's neurons: inputs of one quantization, integrated together.
#[derive(Clone, Debug, PartialEq)]
pub struct Dendrite {
    /// The neurons that send.
    pub view: View,
    /// How their codes are read.
    pub affine: Affine,
    /// Which neuron listens to which.
    pub connections: Connections,
    /// Weights and bias, shared with everything made of this network. A maximum has none.
    pub weights: Arc<Weights>,
    /// What is made of them.
    pub reduce: Reduce,
}

impl Dendrite {
    /// b of an output neuron: biases are one per channel, or one per neuron.
    pub fn bias(&self, neuron: usize) -> i64 {
        let bias = &self.weights.bias;
        match bias.len() {
            0 => 0,
            n => i64::from(bias[neuron / (self.connections.output.len() / n).max(1)]),
        }
    }

    /// Σ_j w_ij over the connections that exist, for weights changed by `keep`.
    pub fn weight_sums(&self, keep: impl Fn(i16) -> i16) -> Vec<i64> {
        let weights: Vec<i16> = self.weights.values.iter().map(|&w| keep(w)).collect();
        self.connections
            .weight_sums(&weights, |element| self.view.is_connected(element))
    }

    /// What turns a sum over the codes into one over real numbers: b_i − Z_x Σ_j w_ij for every output
    /// neuron, or −Z_x for a maximum. Padded positions are no connections, so it differs at the border.
    pub fn folded_bias(&self, zero_point: i32) -> Vec<i64> {
        let zero_point = i64::from(zero_point);
        if self.reduce == Reduce::Max {
            return vec![-zero_point; self.connections.output.len()];
        }
        let mut sums = self.weight_sums(|w| w);
        for (neuron, sum) in sums.iter_mut().enumerate() {
            *sum = self.bias(neuron) - zero_point * *sum;
        }
        sums
    }

    /// Synapses that a spike of each seen element meets.
    pub fn fan_out(&self) -> Vec<u32> {
        self.connections.fan_out()
    }
}

/// Neurons of one kind: what they listen to, and how they answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its node's name in the file.
    pub name: String,
    /// The tensor that it writes.
    pub target: usize,
    /// What it listens to; most layers have one.
    pub dendrites: Vec<Dendrite>,
    /// From sums to codes.
    pub requantizer: Requantizer,
}

impl Layer {
    /// Number of neurons.
    pub fn neurons(&self) -> usize {
        self.main().connections.output.len()
    }

    /// The first dendrite: of most layers the only one.
    pub fn main(&self) -> &Dendrite {
        &self.dendrites[0]
    }
}

/// A graph of integer layers.
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

    /// The input's codes of real numbers in the model's units.
    pub fn quantize_input(&self, values: &[f32]) -> Vec<i32> {
        let affine = self.input().affine.unwrap_or(Affine::UNIT);
        values.iter().map(|&r| affine.quantize(r)).collect()
    }

    /// Numbers of neurons of the tensors that a dendrite sees.
    pub fn lengths(&self, view: &View) -> Vec<usize> {
        view.tensors.iter().map(|&t| self.tensors[t].len()).collect()
    }
}
