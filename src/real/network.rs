//! All layers with a buffer for every tensor.

use super::Layer;
use crate::graph::{Encoding, Graph, Op, TensorId};
use thiserror::Error;

/// Why a graph cannot be run on real numbers.
#[derive(Debug, Error, PartialEq)]
pub enum RealError {
    /// A tensor holds codes.
    #[error(
        "tensor '{tensor}' of model '{model}' is quantized, but a float model is needed; give the model as it was before quantization"
    )]
    Quantized {
        /// The model.
        model: String,
        /// The first tensor of codes.
        tensor: String,
    },
    /// A node's weights are codes, or its shapes do not fit.
    #[error("node '{node}' ({op}): {problem}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A network that would take too much memory or time.
    #[error(
        "model '{model}' has {found} {what} for one sample, more than the supported {limit}; export it for a smaller input"
    )]
    TooLarge {
        /// The model.
        model: String,
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// The most that is supported.
        limit: u64,
    },
    /// A sample of the wrong size.
    #[error("the sample has {found} numbers, but model '{model}' takes {expected}")]
    Sample {
        /// The model.
        model: String,
        /// Numbers given.
        found: usize,
        /// Numbers taken.
        expected: usize,
    },
}

/// Numbers of all tensors together, or of what the windows of one layer see, beside each other: 256 MiB.
const MAX_VALUES: u64 = 1 << 26;

/// Multiplications for one sample.
const MAX_MACS: u64 = 1 << 35;

/// A float graph that is ready to run. Nothing is allocated while it runs, but in the first run.
#[derive(Clone, Debug)]
pub struct RealNetwork {
    name: String,
    layers: Vec<Layer>,
    /// For each layer, the tensors it reads and the one that it writes.
    wiring: Vec<(Vec<TensorId>, TensorId)>,
    /// The numbers of every tensor.
    values: Vec<Vec<f32>>,
    patches: Vec<f32>,
    input: TensorId,
    output: TensorId,
}

impl RealNetwork {
    /// Prepares a float graph ([`Graph::is_real`]).
    ///
    /// # Errors
    /// A [`RealError`] that names the first tensor or node that is quantized.
    pub fn new(graph: &Graph) -> Result<Self, RealError> {
        if let Some(tensor) = graph.tensors.iter().find(|t| t.encoding != Encoding::Real) {
            return Err(RealError::Quantized {
                model: graph.name.clone(),
                tensor: tensor.name.clone(),
            });
        }
        check_size(graph)?;
        let layer = |node| Layer::new(node, graph);
        Ok(Self {
            name: graph.name.clone(),
            layers: graph.nodes.iter().map(layer).collect::<Result<_, _>>()?,
            wiring: graph.nodes.iter().map(|n| (n.inputs.clone(), n.output)).collect(),
            values: graph.tensors.iter().map(|t| vec![0.0; t.len()]).collect(),
            patches: Vec::new(),
            input: graph.input,
            output: graph.output,
        })
    }

    /// Runs one sample, row-major as the model's input, and returns the output's numbers.
    ///
    /// # Errors
    /// [`RealError::Sample`] if the sample has another length than the model's input.
    pub fn run(&mut self, sample: &[f32]) -> Result<&[f32], RealError> {
        let input = &mut self.values[self.input];
        if input.len() != sample.len() {
            return Err(RealError::Sample {
                model: self.name.clone(),
                found: sample.len(),
                expected: input.len(),
            });
        }
        input.copy_from_slice(sample);
        for (layer, (inputs, output)) in self.layers.iter().zip(&self.wiring) {
            let mut target = std::mem::take(&mut self.values[*output]);
            match inputs[..] {
                [one] => layer.run(&[&self.values[one]], &mut target, &mut self.patches),
                _ => {
                    let sources: Vec<&[f32]> = inputs.iter().map(|&id| &self.values[id][..]).collect();
                    layer.run(&sources, &mut target, &mut self.patches);
                }
            }
            self.values[*output] = target;
        }
        Ok(self.output())
    }

    /// The numbers of a tensor of the graph after the last run; zeros before the first.
    pub fn values(&self, tensor: TensorId) -> &[f32] {
        &self.values[tensor]
    }

    /// The output's numbers after the last run.
    pub fn output(&self) -> &[f32] {
        &self.values[self.output]
    }

    /// One layer for each node of the graph, in the same order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

/// Refuses what takes too much memory or time, before any of it is spent.
fn check_size(graph: &Graph) -> Result<(), RealError> {
    let check = |what, found: u64, limit| {
        if found <= limit {
            return Ok(());
        }
        Err(RealError::TooLarge {
            model: graph.name.clone(),
            what,
            found,
            limit,
        })
    };
    let values = graph
        .tensors
        .iter()
        .fold(0u64, |n, tensor| n.saturating_add(tensor.len() as u64));
    check("values", values, MAX_VALUES)?;
    let mut macs = 0u64;
    for node in &graph.nodes {
        let shape = &graph.tensors[node.inputs[0]].shape;
        let connections = match &node.op {
            Op::RealConv(conv) => conv.connections(shape),
            Op::RealDense(dense) => dense.connections(shape),
            Op::MaxPool(pool) | Op::AveragePool(pool) => pool.connections(shape),
            _ => continue,
        };
        // Shapes that do not fit are told by the layer itself.
        let Ok(connections) = connections else { continue };
        let (fan_in, positions) = (connections.fan_in() as u64, connections.output.positions() as u64);
        let seen = fan_in.saturating_mul(positions);
        check("numbers in the windows of a layer", seen, MAX_VALUES)?;
        macs = macs.saturating_add(seen.saturating_mul(connections.output.channels as u64));
    }
    check("multiplications", macs, MAX_MACS)
}
