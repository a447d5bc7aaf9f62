//! The trained network as stages over real numbers: what of it becomes neurons, and what wiring.

use super::scatter::Scatter;
use super::stages::{Average, Maximum, Stage, Work};
use crate::graph::{Affine, Clamp, Connections, Encoding, Graph, Node, Op, TensorId, Weights};
use thiserror::Error;

/// Why a network cannot run under these codes.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BaselineError {
    /// An operator that no integrate-and-fire neuron computes.
    #[error(
        "node '{node}' ({op}) has no counterpart among integrate-and-fire neurons: {problem}; supported are Conv, Gemm, MatMul, pools, Add, Sub, Concat, Relu, Clip from 0, products and sums with constants, and moves of elements"
    )]
    Unsupported {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What stands in the way.
        problem: String,
    },
    /// A network without neurons between its input and its output.
    #[error("model '{model}' has no Relu or Clip from 0, so it has no neurons that could spike")]
    NoNeurons {
        /// The model.
        model: String,
    },
    /// A sample that does not fit.
    #[error("a sample has {found} values, but model '{model}' takes {expected}")]
    Sample {
        /// The model.
        model: String,
        /// Values of the sample.
        found: usize,
        /// Values that the model takes.
        expected: usize,
    },
    /// A sample with infinities or what is not a number.
    #[error(
        "a sample's value {index} (counted from 0) is {value}, but only finite numbers can become spikes; mend or drop it"
    )]
    NotFinite {
        /// Which of its values.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// Calibration data that says nothing.
    #[error("there are no calibration samples to measure thresholds on; give at least one")]
    NoCalibration,
}

/// Neurons that fire alike: those of one Relu.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// The node's name in the file.
    pub name: String,
    /// How many neurons.
    pub neurons: usize,
    /// The largest number that the network lets pass here; ∞ for a Relu.
    pub limit: f32,
    /// The most populations that stand behind each other up to here, itself with them: of a code with windows,
    /// the one that it speaks in (the input's is 0).
    pub depth: usize,
}

/// A trained network as stages over real numbers.
#[derive(Clone, Debug)]
pub struct Network {
    /// The model's name.
    pub name: String,
    pub(super) stages: Vec<Stage>,
    /// Lengths of the slots that stages read and write.
    pub(super) slots: Vec<usize>,
    pub(super) input: usize,
    pub(super) output: usize,
    populations: Vec<Population>,
    depth: usize,
    multiply_accumulates: u64,
}

impl Network {
    /// The stages of a float model, or of a quantized one with the real numbers that its codes stand for.
    ///
    /// # Errors
    /// The first node that none of the codes can express.
    pub fn new(graph: &Graph) -> Result<Self, BaselineError> {
        let mut builder = Builder::new(graph);
        for node in &graph.nodes {
            builder.add(node).map_err(|problem| BaselineError::Unsupported {
                node: node.name.clone(),
                op: node.op.name(),
                problem,
            })?;
        }
        builder.finish()
    }

    /// Numbers of one sample.
    pub fn inputs(&self) -> usize {
        self.slots[self.input]
    }

    /// Numbers of one answer.
    pub fn outputs(&self) -> usize {
        self.slots[self.output]
    }

    /// Its neurons, in running order.
    pub fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// The most populations that stand behind each other between input and output.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Synapses of all linear operators: what one sample costs without spikes.
    pub fn multiply_accumulates(&self) -> u64 {
        self.multiply_accumulates
    }
}

/// What is known of a tensor.
#[derive(Clone, Copy)]
struct Source {
    slot: usize,
    /// Whether no number can be below 0.
    non_negative: bool,
    constant: bool,
    depth: usize,
}

struct Builder<'a> {
    graph: &'a Graph,
    network: Network,
    sources: Vec<Option<Source>>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph) -> Self {
        let input = &graph.tensors[graph.input];
        let mut sources = vec![None; graph.tensors.len()];
        sources[graph.input] = Some(Source {
            slot: 0,
            non_negative: range(graph, graph.input, None).is_some_and(|r| r.min >= 0.0),
            constant: true,
            depth: 0,
        });
        Self {
            graph,
            network: Network {
                name: graph.name.clone(),
                stages: Vec::new(),
                slots: vec![input.len()],
                input: 0,
                output: 0,
                populations: Vec::new(),
                depth: 0,
                multiply_accumulates: 0,
            },
            sources,
        }
    }

    fn finish(mut self) -> Result<Network, BaselineError> {
        let output = self.sources[self.graph.output];
        match output {
            Some(source) if !self.network.populations.is_empty() => {
                self.network.output = source.slot;
                self.network.depth = source.depth;
                Ok(self.network)
            }
            _ => Err(BaselineError::NoNeurons {
                model: self.network.name,
            }),
        }
    }

    fn add(&mut self, node: &Node) -> Result<(), String> {
        // A graph's nodes stand behind what they read.
        let from: Vec<Source> = node.inputs.iter().filter_map(|&id| self.sources[id]).collect();
        let known = |keeps_sign: bool| keeps_sign && from.iter().all(|s| s.non_negative);
        let shape = |index: usize| self.graph.tensors[node.inputs[index]].shape.as_slice();
        let made = match &node.op {
            Op::Clamp(clamp) => self.neurons(node, *clamp, from[0])?,
            Op::Reshape(_) | Op::Identity => from[0],
            Op::RealConv(conv) => {
                let wiring = conv.connections(shape(0))?;
                self.linear(wiring, &conv.weights.values, &conv.weights.bias, &from)
            }
            Op::RealDense(dense) => {
                let wiring = dense.connections(shape(0))?;
                self.linear(wiring, &dense.weights.values, &dense.weights.bias, &from)
            }
            Op::Conv(conv) => {
                let wiring = conv.connections(shape(0))?;
                let (weights, bias) = self.reals(&conv.weights, wiring.fan_in(), node.inputs[0])?;
                self.linear(wiring, &weights, &bias, &from)
            }
            Op::Dense(dense) => {
                let wiring = dense.connections(shape(0))?;
                let (weights, bias) = self.reals(&dense.weights, wiring.fan_in(), node.inputs[0])?;
                self.linear(wiring, &weights, &bias, &from)
            }
            Op::AveragePool(pool) => {
                let wiring = pool.connections(shape(0))?;
                let work = Work::Average(Box::new(Average::new(pool, wiring)));
                self.network.multiply_accumulates += wiring.synapses();
                self.stage(work, &from, wiring.output.len(), known(true))
            }
            Op::MaxPool(pool) => {
                let wiring = pool.connections(shape(0))?;
                let work = Work::Max(Box::new(Maximum::new(wiring)));
                self.stage(work, &from, wiring.output.len(), known(true))
            }
            Op::Add { subtract } => {
                let work = Work::Add { subtract: *subtract };
                self.stage(work, &from, self.slot_len(from[0]), known(!subtract))
            }
            Op::AddConstant(constant) => self.offset(constant.reals(), &from),
            Op::Shift(values) => self.offset(values.clone(), &from),
            Op::MulConstant(constant) => self.scale(constant.reals(), &from),
            Op::Scale(values) => self.scale(values.clone(), &from),
            Op::Concat(concat) => {
                let shapes: Vec<&[usize]> = (0..from.len()).map(shape).collect();
                let map = concat.map(&shapes);
                let len = map.len();
                self.stage(Work::Move(map.into()), &from, len, known(true))
            }
            Op::Rearrange(rearrange) => {
                let work = Work::Move(rearrange.map.clone());
                self.stage(work, &from, rearrange.map.len(), known(true))
            }
            Op::Reinterpret => self.reinterpret(node, &from)?,
            Op::Unary(_) => return Err("it is not piecewise linear".into()),
        };
        let made = self.cut_off(node, made);
        self.sources[node.output] = Some(made);
        Ok(())
    }

    fn slot_len(&self, source: Source) -> usize {
        self.network.slots[source.slot]
    }

    fn stage(&mut self, work: Work, from: &[Source], len: usize, non_negative: bool) -> Source {
        let slot = self.network.slots.len();
        self.network.slots.push(len);
        let fires = matches!(work, Work::Fire(_));
        let source = Source {
            slot,
            non_negative,
            constant: !fires && from.iter().all(|s| s.constant),
            depth: from.iter().map(|s| s.depth).max().unwrap_or(0) + usize::from(fires),
        };
        self.network.stages.push(Stage {
            work,
            from: from.iter().map(|s| s.slot).collect(),
            to: slot,
            constant: source.constant,
        });
        source
    }

    fn linear(&mut self, wiring: Connections, weights: &[f32], bias: &[f32], from: &[Source]) -> Source {
        self.network.multiply_accumulates += wiring.synapses();
        let work = Work::Linear(Box::new(Scatter::new(wiring, weights, bias)));
        self.stage(work, from, wiring.output.len(), false)
    }

    fn offset(&mut self, values: Vec<f32>, from: &[Source]) -> Source {
        let non_negative = from[0].non_negative && values.iter().all(|v| *v >= 0.0);
        let len = values.len();
        self.stage(Work::Offset(values), from, len, non_negative)
    }

    fn scale(&mut self, values: Vec<f32>, from: &[Source]) -> Source {
        let non_negative = from[0].non_negative && values.iter().all(|v| *v >= 0.0);
        let len = values.len();
        self.stage(Work::Scale(values), from, len, non_negative)
    }

    /// The same codes read in another way: r′ = S′/S · r + S′ (Z − Z′).
    fn reinterpret(&mut self, node: &Node, from: &[Source]) -> Result<Source, String> {
        let affine =
            |id: TensorId| affine(self.graph, id).ok_or_else(|| "its tensors hold no codes".to_owned());
        let (before, after) = (affine(node.inputs[0])?, affine(node.output)?);
        let len = self.slot_len(from[0]);
        let scaled = self.scale(vec![after.scale / before.scale; len], from);
        let shift = after.scale * (before.zero_point - after.zero_point) as f32;
        if shift == 0.0 {
            return Ok(scaled);
        }
        Ok(self.offset(vec![shift; len], &[scaled]))
    }

    /// The real numbers that quantized weights stand for, and the bias.
    fn reals(
        &self,
        weights: &Weights,
        fan_in: usize,
        input: TensorId,
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let input = affine(self.graph, input).ok_or("its weights are codes, but its input is not")?;
        let scale = |channel: usize| {
            let scales = &weights.scales;
            f64::from(scales.get(channel).or(scales.first()).copied().unwrap_or(1.0))
        };
        let values = weights.values.iter().enumerate();
        let values = values.map(|(i, &w)| (f64::from(w) * scale(i / fan_in.max(1))) as f32);
        let channels = weights.values.len() / fan_in.max(1);
        let per_channel = (weights.bias.len() / channels.max(1)).max(1);
        let bias = weights.bias.iter().enumerate();
        let bias =
            bias.map(|(i, &b)| (f64::from(b) * scale(i / per_channel) * f64::from(input.scale)) as f32);
        Ok((values.collect(), bias.collect()))
    }

    /// The neurons of a Relu or Clip.
    fn neurons(&mut self, node: &Node, clamp: Clamp, from: Source) -> Result<Source, String> {
        if clamp == Clamp::NONE || (from.non_negative && clamp == Clamp::RELU) {
            return Ok(from);
        }
        if clamp.min != 0.0 {
            return Err(format!(
                "it passes numbers from {} on, but a neuron's rate begins at 0",
                clamp.min
            ));
        }
        let limit = range(self.graph, node.output, node.limits).map_or(f32::INFINITY, |codes| codes.max);
        Ok(self.fire(node, from, clamp.max.min(limit)))
    }

    /// A quantized tensor that holds no number below 0 cuts off what is: that is a Relu, and the file
    /// may not name it any more.
    fn cut_off(&mut self, node: &Node, made: Source) -> Source {
        match range(self.graph, node.output, node.limits) {
            Some(codes) if codes.min == 0.0 && !made.non_negative => self.fire(node, made, codes.max),
            _ => made,
        }
    }

    fn fire(&mut self, node: &Node, from: Source, limit: f32) -> Source {
        let len = self.slot_len(from);
        self.network.populations.push(Population {
            name: node.name.clone(),
            neurons: len,
            limit,
            depth: from.depth + 1,
        });
        let index = self.network.populations.len() - 1;
        self.stage(Work::Fire(index), &[from], len, true)
    }
}

fn affine(graph: &Graph, tensor: TensorId) -> Option<Affine> {
    match graph.tensors[tensor].encoding {
        Encoding::Codes(affine) => Some(affine),
        Encoding::Real => None,
    }
}

/// The real numbers that a tensor's codes can stand for.
fn range(graph: &Graph, tensor: TensorId, limits: Option<(i32, i32)>) -> Option<Clamp> {
    let affine = affine(graph, tensor)?;
    let (low, high) = limits.unwrap_or((affine.format.min(), affine.format.max()));
    Some(Clamp {
        min: affine.dequantize(low),
        max: affine.dequantize(high),
    })
}
