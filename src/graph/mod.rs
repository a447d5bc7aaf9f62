//! What a network is: a small, strict graph.
//!
//! Importers do all the tolerating and explaining; everything behind them may rely on what is
//! checked here ([`Graph::new`]): tensors have known shapes, nodes stand in an order in which they
//! can run, every tensor has one producer. Shapes are those of **one sample**: the batch dimension
//! of a file is gone.
//!
//! Quantization is a property of a tensor, not a node: a pair of QuantizeLinear and
//! DequantizeLinear in a file becomes an [`Encoding::Codes`] of the tensor between them.

mod affine;
mod connections;
pub mod ops;

pub use affine::{Affine, CodeFormat};
pub use connections::{Connections, Volume, Window};
pub use ops::{
    Clamp, Coefficients, Concat, Constant, Conv, Dense, Op, Pool, RealWeights, Rearrange, Unary, Weights,
};

use thiserror::Error;

/// Index of a tensor in [`Graph::tensors`].
pub type TensorId = usize;

/// How the values of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Encoding {
    /// Integer codes of an affine quantization.
    Codes(Affine),
    /// Real numbers: between two operators that a format runs as one, or an unquantized output.
    Real,
}

/// An activation tensor of one sample, row-major (channels, height, width for images).
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The name that it has in the file.
    pub name: String,
    /// Extent of each dimension, without the batch.
    pub shape: Vec<usize>,
    /// Codes or real numbers.
    pub encoding: Encoding,
}

impl Tensor {
    /// Number of elements of one sample.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How the model's format computes an operator: it decides how ties round, so it is part of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// One kernel from codes to codes.
    #[default]
    Codes,
    /// The same kernel, after 128 was added to int8 codes and zero points to make uint8 of them.
    Unsigned,
    /// By itself on real numbers, between a DequantizeLinear and a QuantizeLinear.
    Real,
    /// The sum of integers itself, which later nodes scale (MatMulInteger, ConvInteger).
    Integer,
    /// TensorFlow Lite's kernels on codes, which scale by integers.
    FixedPoint,
}

/// One operator applied to tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The name that it has in the file (or one made from its output's).
    pub name: String,
    /// What it does.
    pub op: Op,
    /// The tensors it reads.
    pub inputs: Vec<TensorId>,
    /// The tensor it writes.
    pub output: TensorId,
    /// How the format computes it.
    pub arithmetic: Arithmetic,
    /// The codes that it may write, where they are fewer than its output's format has.
    pub limits: Option<(i32, i32)>,
}

/// A network with one input and one output, its nodes in running order.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The model's name.
    pub name: String,
    /// Every activation tensor.
    pub tensors: Vec<Tensor>,
    /// Every operator, each behind the producers of its inputs.
    pub nodes: Vec<Node>,
    /// Where samples come in.
    pub input: TensorId,
    /// What the network answers.
    pub output: TensorId,
}

/// Why a graph is not one that the engine can work with.
#[derive(Debug, Error, PartialEq)]
pub enum GraphError {
    /// A node's input is produced by no earlier node.
    #[error(
        "node '{node}' reads tensor '{tensor}', which nothing before it writes; check the model for a cycle or a missing node"
    )]
    Unproduced {
        /// The reading node.
        node: String,
        /// The tensor that it reads.
        tensor: String,
    },
    /// Two nodes write the same tensor.
    #[error(
        "node '{node}' writes tensor '{tensor}', which is already written; every tensor needs one producer"
    )]
    ProducedTwice {
        /// The second writer.
        node: String,
        /// The tensor.
        tensor: String,
    },
    /// An operator has the wrong number of inputs.
    #[error("node '{node}' ({op}) has {found} inputs, but takes {expected}")]
    InputCount {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// How many inputs it has.
        found: usize,
        /// How many it takes.
        expected: usize,
    },
    /// Shapes do not fit the operator.
    #[error("node '{node}' ({op}): {problem}")]
    Shape {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What does not fit.
        problem: String,
    },
    /// A tensor is so large that no memory holds it.
    #[error(
        "tensor '{tensor}' has shape {shape:?}, more than the supported {limit} elements; export the model for a smaller input"
    )]
    TooLarge {
        /// The tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The largest supported number of elements.
        limit: usize,
    },
    /// An affine quantization with parameters that mean nothing.
    #[error("tensor '{tensor}': {problem}")]
    Quantization {
        /// The tensor.
        tensor: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// No activation tensor may have more elements than this (64 Mi).
pub const MAX_ELEMENTS: usize = 1 << 26;

impl Graph {
    /// Checks that the parts make a network.
    ///
    /// # Errors
    /// A [`GraphError`] that names the first node or tensor that breaks a rule.
    pub fn new(
        name: String,
        tensors: Vec<Tensor>,
        nodes: Vec<Node>,
        input: TensorId,
        output: TensorId,
    ) -> Result<Self, GraphError> {
        let graph = Self {
            name,
            tensors,
            nodes,
            input,
            output,
        };
        graph.check_tensors()?;
        graph.check_nodes()?;
        Ok(graph)
    }

    /// Whether it computes with real numbers throughout: a float model, which is quantized before it can
    /// become spikes. Then every tensor is [`Encoding::Real`] and linear operators are [`Op::RealConv`]
    /// and [`Op::RealDense`].
    pub fn is_real(&self) -> bool {
        self.tensors[self.input].encoding == Encoding::Real
    }

    fn check_tensors(&self) -> Result<(), GraphError> {
        for tensor in &self.tensors {
            let elements = tensor.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
            if elements.is_none_or(|n| n > MAX_ELEMENTS) {
                return Err(GraphError::TooLarge {
                    tensor: tensor.name.clone(),
                    shape: tensor.shape.clone(),
                    limit: MAX_ELEMENTS,
                });
            }
            if let Encoding::Codes(affine) = tensor.encoding {
                affine.check().map_err(|problem| GraphError::Quantization {
                    tensor: tensor.name.clone(),
                    problem,
                })?;
            }
        }
        Ok(())
    }

    fn check_nodes(&self) -> Result<(), GraphError> {
        let mut produced = vec![false; self.tensors.len()];
        produced[self.input] = true;
        for node in &self.nodes {
            if node.inputs.len() != node.op.arity() {
                return Err(GraphError::InputCount {
                    node: node.name.clone(),
                    op: node.op.name(),
                    found: node.inputs.len(),
                    expected: node.op.arity(),
                });
            }
            if let Some(&missing) = node.inputs.iter().find(|&&id| !produced[id]) {
                return Err(GraphError::Unproduced {
                    node: node.name.clone(),
                    tensor: self.tensors[missing].name.clone(),
                });
            }
            if std::mem::replace(&mut produced[node.output], true) {
                return Err(GraphError::ProducedTwice {
                    node: node.name.clone(),
                    tensor: self.tensors[node.output].name.clone(),
                });
            }
            self.check_shape(node)?;
        }
        if !produced[self.output] {
            return Err(GraphError::Unproduced {
                node: "(output)".into(),
                tensor: self.tensors[self.output].name.clone(),
            });
        }
        Ok(())
    }

    fn check_shape(&self, node: &Node) -> Result<(), GraphError> {
        let inputs: Vec<&[usize]> = node
            .inputs
            .iter()
            .map(|&id| self.tensors[id].shape.as_slice())
            .collect();
        let output = &self.tensors[node.output].shape;
        let problem = match node.op.output_shape(&inputs) {
            Ok(shape) if shape == *output => return Ok(()),
            Ok(shape) => format!("gives shape {shape:?}, but its output is declared as {output:?}"),
            Err(problem) => problem,
        };
        Err(GraphError::Shape {
            node: node.name.clone(),
            op: node.op.name(),
            problem,
        })
    }
}
