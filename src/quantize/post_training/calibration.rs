//! From a float graph to one of codes.

use super::groups::Groups;
use super::{Histogram, Quantization, arithmetic, correct, equalize, range, weights};
use crate::graph::{Affine, Clamp, CodeFormat, Conv, Dense, Encoding, Graph, GraphError, Node, Op, Weights};
use crate::real::{RealError, RealNetwork};
use thiserror::Error;

/// Why a model cannot be quantized.
#[derive(Debug, Error, PartialEq)]
pub enum PostTrainingError {
    /// There are no samples to calibrate on.
    #[error(
        "model '{model}' holds real numbers, and quantizing it takes samples to measure the ranges of its activations on; give some inputs that are like those it will see (100 or more)"
    )]
    NoSamples {
        /// The model.
        model: String,
    },
    /// The samples' numbers are not a multiple of what the model takes.
    #[error(
        "the samples hold {found} numbers, which is no multiple of the {expected} that model '{model}' takes"
    )]
    Samples {
        /// The model.
        model: String,
        /// Numbers of all samples.
        found: usize,
        /// Numbers of one sample.
        expected: usize,
    },
    /// A tensor takes values that no code stands for.
    #[error(
        "tensor '{tensor}' takes values that are not finite on calibration sample {sample} (counted from 0); check that sample for NaN and the model for weights that are too large"
    )]
    NotFinite {
        /// The tensor.
        tensor: String,
        /// The first such sample.
        sample: usize,
    },
    /// The model is not one of real numbers.
    #[error(transparent)]
    Real(#[from] RealError),
    /// The graph of codes breaks a rule.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What was measured of a float model, from which any quantization can be made.
#[derive(Clone, Debug)]
pub struct Calibration {
    graph: Graph,
    is_equalized: bool,
    /// What each group of tensors takes, at its root.
    histograms: Vec<Histogram>,
}

impl Calibration {
    /// Runs a float graph on `samples`, one behind the other, row-major. With `equalize` its layers are
    /// equalized first ([`equalize`](super::equalize())).
    ///
    /// # Errors
    /// A [`PostTrainingError`] if there are no samples, they don't fit, or values are not finite.
    pub fn measure(graph: &Graph, equalize: bool, samples: &[f32]) -> Result<Self, PostTrainingError> {
        let graph = if equalize {
            equalize::equalize(graph)
        } else {
            graph.clone()
        };
        let groups = Groups::of(&graph);
        let mut histograms = vec![Histogram::default(); graph.tensors.len()];
        for_each_sample(&graph, samples, |_, network| {
            for tensor in (0..graph.tensors.len()).filter(|&tensor| groups.is_measured(tensor)) {
                histograms[groups.root(tensor)].add(network.values(tensor));
            }
        })?;
        Ok(Self {
            graph,
            is_equalized: equalize,
            histograms,
        })
    }

    /// Whether this calibration serves `options`: it must be measured anew when equalization is switched.
    pub fn serves(&self, options: &Quantization) -> bool {
        self.is_equalized == options.equalize
    }

    /// The float graph that was measured.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph of codes. `samples` are those that were measured; only the correction of the mean error
    /// looks at them again.
    ///
    /// # Errors
    /// A [`PostTrainingError`] if the samples aren't those of before.
    pub fn quantize(&self, options: &Quantization, samples: &[f32]) -> Result<Graph, PostTrainingError> {
        let groups = Groups::of(&self.graph);
        let affines = self.affines(&groups, options);
        let mut tensors = self.graph.tensors.clone();
        for (id, tensor) in tensors.iter_mut().enumerate() {
            if groups.clamp_behind(id).is_none() {
                tensor.encoding = Encoding::Codes(affines[groups.root(id)]);
            }
        }
        let mut nodes = Vec::with_capacity(self.graph.nodes.len());
        let mut originals = Vec::with_capacity(self.graph.nodes.len());
        let mut dropped = vec![false; self.graph.nodes.len()];
        for (index, original) in self.graph.nodes.iter().enumerate() {
            if dropped[index] {
                continue;
            }
            let mut node = quantized(original, |tensor| affines[groups.root(tensor)], options);
            // A clamp that the range of the codes brings about by itself is left away.
            if let Some(clamp) = groups.clamp_behind(node.output)
                && let Node {
                    op: Op::Clamp(range),
                    output,
                    ..
                } = &self.graph.nodes[clamp]
                && is_redundant(*range, affines[groups.root(*output)])
            {
                dropped[clamp] = true;
                node.output = *output;
            }
            nodes.push(node);
            originals.push(original);
        }
        if options.correct_mean_error {
            correct::correct(&self.graph, &originals, &mut nodes, &tensors, samples)?;
        }
        let Graph {
            name, input, output, ..
        } = &self.graph;
        let (tensors, mut nodes, input, output) = without_gaps(tensors, nodes, *input, *output);
        arithmetic::decide(&mut nodes, &tensors);
        Ok(Graph::new(name.clone(), tensors, nodes, input, output)?)
    }

    /// The quantization of every group, at its root.
    fn affines(&self, groups: &Groups, options: &Quantization) -> Vec<Affine> {
        let edges = [self.graph.input, self.graph.output].map(|edge| groups.root(edge));
        let affine = |(root, histogram): (usize, &Histogram)| {
            let bits = if edges.contains(&root) {
                options.edge_bits
            } else {
                options.activation_bits
            };
            let format = CodeFormat {
                bits,
                signed: options.signed,
            };
            range::choose(histogram, format, options)
        };
        self.histograms.iter().enumerate().map(affine).collect()
    }
}

/// Runs `graph` on each sample, and shows the network after it.
pub(super) fn for_each_sample(
    graph: &Graph,
    samples: &[f32],
    mut visit: impl FnMut(usize, &RealNetwork),
) -> Result<(), PostTrainingError> {
    let mut network = RealNetwork::new(graph)?;
    let expected = graph.tensors[graph.input].len();
    if samples.is_empty() || expected == 0 {
        return Err(PostTrainingError::NoSamples {
            model: graph.name.clone(),
        });
    }
    if !samples.len().is_multiple_of(expected) {
        return Err(PostTrainingError::Samples {
            model: graph.name.clone(),
            found: samples.len(),
            expected,
        });
    }
    for (index, sample) in samples.chunks_exact(expected).enumerate() {
        network.run(sample)?;
        let is_finite = |tensor: &usize| network.values(*tensor).iter().all(|value| value.is_finite());
        if let Some(tensor) = (0..graph.tensors.len()).find(|tensor| !is_finite(tensor)) {
            return Err(PostTrainingError::NotFinite {
                tensor: graph.tensors[tensor].name.clone(),
                sample: index,
            });
        }
        visit(index, &network);
    }
    Ok(())
}

/// The node on codes.
fn quantized(node: &Node, affine: impl Fn(usize) -> Affine, options: &Quantization) -> Node {
    let weights = |real, outputs| weights::quantize(real, outputs, affine(node.inputs[0]).scale, options);
    let op = match &node.op {
        Op::RealConv(conv) => Op::Conv(Conv::<Weights> {
            weights: weights(&conv.weights, conv.outputs),
            outputs: conv.outputs,
            groups: conv.groups,
            windows: conv.windows.clone(),
        }),
        Op::RealDense(dense) => Op::Dense(Dense::<Weights> {
            weights: weights(&dense.weights, dense.outputs),
            outputs: dense.outputs,
        }),
        op => op.clone(),
    };
    Node { op, ..node.clone() }
}

/// Whether no code stands for a real number that `clamp` would change.
fn is_redundant(clamp: Clamp, affine: Affine) -> bool {
    let [low, high] = [affine.format.min(), affine.format.max()].map(|code| affine.dequantize(code));
    clamp.min <= low && high <= clamp.max
}

/// Leaves away tensors that no node touches any more, and numbers the others anew.
fn without_gaps(
    tensors: Vec<crate::graph::Tensor>,
    mut nodes: Vec<Node>,
    input: usize,
    output: usize,
) -> (Vec<crate::graph::Tensor>, Vec<Node>, usize, usize) {
    let mut is_used = vec![false; tensors.len()];
    for id in nodes
        .iter()
        .flat_map(|node| node.inputs.iter().chain([&node.output]))
    {
        is_used[*id] = true;
    }
    is_used[input] = true;
    let mut ids = Vec::with_capacity(tensors.len());
    let mut count = 0;
    for &used in &is_used {
        ids.push(count);
        count += usize::from(used);
    }
    for node in &mut nodes {
        node.inputs.iter_mut().for_each(|id| *id = ids[*id]);
        node.output = ids[node.output];
    }
    let kept = tensors
        .into_iter()
        .zip(is_used)
        .filter_map(|(tensor, used)| used.then_some(tensor));
    (kept.collect(), nodes, ids[input], ids[output])
}
