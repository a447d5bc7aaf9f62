//! From the strict graph to integer layers.

use super::{CodeTensor, Layer, QuantizedNetwork, Requantizer, Rule};
use crate::graph::{Affine, Clamp, Connections, Encoding, Graph, Node, Op, TensorId, Weights};
use std::sync::Arc;
use thiserror::Error;

/// Why a graph cannot become a network of integers.
#[derive(Debug, Error, PartialEq)]
pub enum FuseError {
    /// A linear operator reads real numbers.
    #[error(
        "node '{node}' reads tensor '{tensor}', which is not quantized; quantize the activations too (in ONNX: QuantizeLinear and DequantizeLinear on it)"
    )]
    RealSource {
        /// The reading node.
        node: String,
        /// The tensor.
        tensor: String,
    },
    /// There is nothing to run.
    #[error("the model has no Conv, Gemm or MatMul layer; there is nothing to convert")]
    NoLayers,
    /// An operator's shapes do not fit.
    #[error("node '{node}': {problem}")]
    Shape {
        /// The node.
        node: String,
        /// What does not fit.
        problem: String,
    },
}

/// No neuron may have more inputs: sums of 9-bit weights over bits must fit 32 bits.
pub const MAX_FAN_IN: usize = 1 << 22;

/// A linear operator whose result is not yet quantized.
#[derive(Clone)]
struct Pending {
    name: String,
    source: usize,
    connections: Connections,
    weights: Arc<Weights>,
    clamp: Clamp,
}

/// What stands for a tensor of the graph.
#[derive(Clone)]
enum Origin {
    /// A tensor of the network.
    Codes(usize),
    /// Sums that wait for their quantization.
    Sums(Pending),
}

struct Fuser<'a> {
    graph: &'a Graph,
    origins: Vec<Option<Origin>>,
    tensors: Vec<CodeTensor>,
    layers: Vec<Layer>,
}

/// Fuses the nodes of a quantized graph into integer layers.
///
/// # Errors
/// A [`FuseError`] that names the node where real numbers stand in the way.
pub fn quantize(graph: &Graph) -> Result<QuantizedNetwork, FuseError> {
    let input = &graph.tensors[graph.input];
    let Encoding::Codes(affine) = input.encoding else {
        return Err(FuseError::RealSource {
            node: "(input)".into(),
            tensor: input.name.clone(),
        });
    };
    let mut fuser = Fuser {
        graph,
        origins: vec![None; graph.tensors.len()],
        tensors: vec![CodeTensor {
            name: input.name.clone(),
            shape: input.shape.clone(),
            affine: Some(affine),
        }],
        layers: Vec::new(),
    };
    fuser.origins[graph.input] = Some(Origin::Codes(0));
    for node in &graph.nodes {
        fuser.add(node)?;
    }
    if let Some(Some(Origin::Sums(pending))) = fuser.origins.get(graph.output).cloned() {
        fuser.finish(pending, graph.output, None, Rule::Divide);
    }
    // Layer i writes tensor i + 1; what comes behind the output's layer does not reach it.
    let Some(Some(Origin::Codes(last @ 1..))) = fuser.origins.get(graph.output).cloned() else {
        return Err(FuseError::NoLayers);
    };
    fuser.tensors.truncate(last + 1);
    fuser.layers.truncate(last);
    Ok(QuantizedNetwork {
        name: graph.name.clone(),
        tensors: fuser.tensors,
        layers: fuser.layers,
    })
}

impl Fuser<'_> {
    fn add(&mut self, node: &Node) -> Result<(), FuseError> {
        let input = node.inputs[0];
        let encoding = self.graph.tensors[node.output].encoding;
        // `Graph::new` has checked that every input is produced before it is read.
        let Some(origin) = self.origins[input].clone() else {
            return Ok(());
        };
        let (pending, rule) = match (&node.op, origin) {
            (Op::Conv(conv), Origin::Codes(source)) => (
                self.linear(
                    node,
                    source,
                    conv.connections(&self.graph.tensors[input].shape),
                    &conv.weights,
                )?,
                Rule::Multiply,
            ),
            (Op::Dense(dense), Origin::Codes(source)) => (
                self.linear(
                    node,
                    source,
                    dense.connections(&self.graph.tensors[input].shape),
                    &dense.weights,
                )?,
                Rule::Multiply,
            ),
            (Op::Conv(_) | Op::Dense(_), Origin::Sums(_)) => {
                return Err(FuseError::RealSource {
                    node: node.name.clone(),
                    tensor: self.graph.tensors[input].name.clone(),
                });
            }
            (Op::Reshape(_) | Op::Identity, Origin::Codes(source)) if self.same_codes(source, encoding) => {
                self.origins[node.output] = Some(Origin::Codes(source));
                return Ok(());
            }
            (op, Origin::Codes(source)) => {
                let mut pending = self.relay(node, source);
                pending.clamp = clamp_of(op);
                (pending, Rule::Divide)
            }
            (op, Origin::Sums(mut pending)) => {
                pending.clamp = pending.clamp.then(clamp_of(op));
                (pending, Rule::Divide)
            }
        };
        match encoding {
            Encoding::Codes(affine) => self.finish(pending, node.output, Some(affine), rule),
            Encoding::Real => self.origins[node.output] = Some(Origin::Sums(pending)),
        }
        Ok(())
    }

    fn linear(
        &self,
        node: &Node,
        source: usize,
        connections: Result<Connections, String>,
        weights: &Weights,
    ) -> Result<Pending, FuseError> {
        let connections = connections.map_err(|problem| FuseError::Shape {
            node: node.name.clone(),
            problem,
        })?;
        if connections.fan_in() > MAX_FAN_IN {
            let problem = format!(
                "each of its neurons has {} inputs, more than the supported {MAX_FAN_IN}; export the model for a smaller input",
                connections.fan_in()
            );
            return Err(FuseError::Shape {
                node: node.name.clone(),
                problem,
            });
        }
        let (name, weights) = (node.name.clone(), Arc::new(weights.clone()));
        Ok(Pending {
            name,
            source,
            connections,
            weights,
            clamp: Clamp::NONE,
        })
    }

    /// One neuron per element, with a synapse of weight 1.
    fn relay(&self, node: &Node, source: usize) -> Pending {
        let neurons = self.tensors[source].len();
        Pending {
            name: node.name.clone(),
            source,
            connections: Connections::one_to_one(neurons),
            weights: Arc::new(Weights {
                values: vec![1; neurons],
                scales: vec![1.0],
                bias: Vec::new(),
                bits: 2,
            }),
            clamp: Clamp::NONE,
        }
    }

    fn same_codes(&self, source: usize, encoding: Encoding) -> bool {
        match (self.tensors[source].affine, encoding) {
            (Some(affine), Encoding::Codes(other)) => affine == other,
            _ => false,
        }
    }

    fn finish(&mut self, pending: Pending, output: TensorId, affine: Option<Affine>, rule: Rule) {
        let scale = self.tensors[pending.source].affine.unwrap_or(Affine::UNIT).scale;
        let target = self.tensors.len();
        let tensor = &self.graph.tensors[output];
        self.tensors.push(CodeTensor {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            affine,
        });
        self.layers.push(Layer {
            requantizer: Requantizer::new(scale, &pending.weights.scales, affine, pending.clamp, rule),
            name: pending.name,
            source: pending.source,
            target,
            connections: pending.connections,
            weights: pending.weights,
        });
        self.origins[output] = Some(Origin::Codes(target));
    }
}

fn clamp_of(op: &Op) -> Clamp {
    match op {
        Op::Clamp(clamp) => *clamp,
        _ => Clamp::NONE,
    }
}
