//! One operator on real numbers.

use super::RealError;
use super::kernels::{Taps, Windows};
use crate::graph::{Clamp, Concat, Connections, Graph, Node, Op, RealWeights, Rearrange, Unary};
use std::sync::Arc;

/// An operator of a float graph, ready to be applied. A clone shares its weights.
#[derive(Clone, Debug)]
pub struct Layer {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Linear(Arc<Taps>),
    Maximum(Arc<Windows>),
    /// What each sum is divided by.
    Mean(Arc<Windows>, Arc<[f32]>),
    Sum {
        sign: f32,
    },
    Scale(Arc<[f32]>),
    Shift(Arc<[f32]>),
    Clamp(Clamp),
    Unary(Unary),
    Copy,
    Rearrange(Arc<[u32]>),
    /// For each input, how many numbers of each block of the output are its.
    Concat(Arc<[usize]>),
}

impl Layer {
    /// The operator of `node`.
    ///
    /// # Errors
    /// [`RealError::Node`] if it is quantized or its shapes do not fit.
    pub fn new(node: &Node, graph: &Graph) -> Result<Self, RealError> {
        let problem = |problem: String| RealError::Node {
            node: node.name.clone(),
            op: node.op.name(),
            problem,
        };
        let shape = |input: usize| &graph.tensors[node.inputs[input]].shape[..];
        let taps = |weights: &RealWeights, connections: Result<Connections, String>| {
            let connections = connections.map_err(problem)?;
            Ok(Kind::Linear(Arc::new(Taps::new(weights, connections))))
        };
        let quantized = || problem("its weights are codes, but a float model has real numbers".into());
        let kind = match &node.op {
            Op::RealConv(conv) => taps(&conv.weights, conv.connections(shape(0)))?,
            Op::RealDense(dense) => taps(&dense.weights, dense.connections(shape(0)))?,
            Op::Conv(_) | Op::Dense(_) | Op::Reinterpret => return Err(quantized()),
            Op::MaxPool(pool) => {
                let connections = pool.connections(shape(0)).map_err(problem)?;
                Kind::Maximum(Arc::new(Windows::new(connections)))
            }
            Op::AveragePool(pool) => {
                let connections = pool.connections(shape(0)).map_err(problem)?;
                let counts = pool.counts(&connections);
                let counts = counts.iter().map(|&count| count.max(1) as f32).collect();
                Kind::Mean(Arc::new(Windows::new(connections)), counts)
            }
            Op::Add { subtract } => Kind::Sum {
                sign: if *subtract { -1.0 } else { 1.0 },
            },
            Op::AddConstant(constant) => Kind::Shift(constant.reals().into()),
            Op::MulConstant(constant) => Kind::Scale(constant.reals().into()),
            Op::Scale(values) => Kind::Scale(values[..].into()),
            Op::Shift(values) => Kind::Shift(values[..].into()),
            Op::Concat(concat) => Kind::Concat(runs(*concat, node, graph)),
            Op::Unary(function) => Kind::Unary(*function),
            Op::Clamp(clamp) => Kind::Clamp(*clamp),
            Op::Reshape(_) | Op::Identity => Kind::Copy,
            Op::Rearrange(rearrange) => Kind::Rearrange(rearrange.map.clone()),
        };
        Ok(Self { kind })
    }

    /// Applies the operator to `inputs`, each row-major and as long as its tensor, and fills `output`.
    pub fn apply(&self, inputs: &[&[f32]], output: &mut [f32]) {
        self.run(inputs, output, &mut Vec::new());
    }

    /// [`Self::apply`] with room for patches that is kept between runs.
    pub(super) fn run(&self, inputs: &[&[f32]], output: &mut [f32], patches: &mut Vec<f32>) {
        let Some(&input) = inputs.first() else { return };
        let pairs = output.iter_mut().zip(input);
        match &self.kind {
            Kind::Linear(taps) => taps.apply(input, output, patches),
            Kind::Maximum(windows) => windows.reduce(input, output, f32::NEG_INFINITY, f32::max),
            Kind::Mean(windows, counts) => {
                windows.reduce(input, output, 0.0, |sum, value| sum + value);
                let counts = counts.iter().cycle();
                output
                    .iter_mut()
                    .zip(counts)
                    .for_each(|(sum, count)| *sum /= count);
            }
            Kind::Sum { sign } => {
                let second = inputs.get(1).copied().unwrap_or_default();
                pairs.zip(second).for_each(|((out, a), b)| *out = a + sign * b);
            }
            Kind::Scale(factors) => pairs.zip(&factors[..]).for_each(|((out, r), f)| *out = r * f),
            Kind::Shift(terms) => pairs.zip(&terms[..]).for_each(|((out, r), t)| *out = r + t),
            Kind::Clamp(clamp) => pairs.for_each(|(out, r)| *out = r.clamp(clamp.min, clamp.max)),
            Kind::Unary(function) => pairs.for_each(|(out, &r)| *out = function.apply(r)),
            Kind::Copy => pairs.for_each(|(out, r)| *out = *r),
            Kind::Rearrange(map) => {
                for (out, &index) in output.iter_mut().zip(&map[..]) {
                    *out = if index == Rearrange::ZERO {
                        0.0
                    } else {
                        input[index as usize]
                    };
                }
            }
            Kind::Concat(runs) => {
                let mut rest = output;
                let mut block = 0;
                while !rest.is_empty() {
                    for (input, &run) in inputs.iter().zip(&runs[..]) {
                        let (part, behind) = rest.split_at_mut(run.min(rest.len()));
                        part.copy_from_slice(&input[block * run..][..part.len()]);
                        rest = behind;
                    }
                    block += 1;
                }
            }
        }
    }
}

fn runs(concat: Concat, node: &Node, graph: &Graph) -> Arc<[usize]> {
    node.inputs
        .iter()
        .map(|&id| graph.tensors[id].shape[concat.axis..].iter().product())
        .collect()
}
