//! From the strict graph to integer layers.

use super::{CodeTensor, Dendrite, Layer, QuantizedNetwork, Reduce, Requantizer, Rule, Shared, View, locate};
use crate::graph::{
    Affine, Clamp, Connections, Constant, Encoding, Graph, Node, Op, Pool, Rearrange, TensorId, Unary, Weights,
};
use std::sync::Arc;
use thiserror::Error;

/// Why a graph cannot become a network of integers.
#[derive(Debug, Error, PartialEq)]
pub enum FuseError {
    /// An operator reads real numbers.
    #[error(
        "node '{node}' reads tensor '{tensor}', which is not quantized; quantize the activations too (in ONNX: QuantizeLinear and DequantizeLinear on it)"
    )]
    RealSource {
        /// The reading node.
        node: String,
        /// The tensor.
        tensor: String,
    },
    /// An operator writes real numbers that only a code can hold.
    #[error(
        "node '{node}' ({op}) writes tensor '{tensor}', which is not quantized; quantize it too (in ONNX: QuantizeLinear and DequantizeLinear on it)"
    )]
    RealTarget {
        /// The writing node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// The tensor.
        tensor: String,
    },
    /// There is nothing to run.
    #[error("the model has no layer that computes; there is nothing to convert")]
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

/// Operators whose result is not yet quantized.
#[derive(Clone)]
struct Pending {
    name: String,
    op: &'static str,
    dendrites: Vec<Dendrite>,
    fire: Fire,
    clamp: Clamp,
}

/// How a pending layer will answer.
#[derive(Clone)]
enum Fire {
    /// One sum at the scale S_x · `factors`.
    Scaled(Vec<f32>, Rule),
    /// The sum of several dendrites; whether each is taken off.
    Sum(Vec<(Affine, bool)>),
    /// A function of one code.
    Table(Unary),
}

/// What stands for a tensor of the graph.
#[derive(Clone)]
enum Origin {
    /// Codes of the network, where wiring has put them.
    Codes(View, Affine),
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
        return Err(FuseError::RealSource { node: "(input)".into(), tensor: input.name.clone() });
    };
    let mut fuser = Fuser {
        graph,
        origins: vec![None; graph.tensors.len()],
        tensors: vec![CodeTensor { name: input.name.clone(), shape: input.shape.clone(), affine: Some(affine) }],
        layers: Vec::new(),
    };
    fuser.origins[graph.input] = Some(Origin::Codes(View::whole(0), affine));
    for node in &graph.nodes {
        fuser.add(node)?;
    }
    let last = fuser.answer()?;
    // Layer i writes tensor i + 1; what comes behind the output's layer does not reach it.
    fuser.tensors.truncate(last + 1);
    fuser.layers.truncate(last);
    Ok(QuantizedNetwork { name: graph.name.clone(), tensors: fuser.tensors, layers: fuser.layers })
}

impl Fuser<'_> {
    fn add(&mut self, node: &Node) -> Result<(), FuseError> {
        let pending = match &node.op {
            Op::Conv(conv) => {
                self.linear(node, |shape| conv.connections(shape), &conv.weights, Rule::Multiply)?
            }
            Op::Dense(dense) => {
                self.linear(node, |shape| dense.connections(shape), &dense.weights, Rule::Multiply)?
            }
            Op::AveragePool(pool) => self.average(node, pool)?,
            Op::MaxPool(pool) => self.maximum(node, pool)?,
            Op::MulConstant(constant) => self.product(node, constant)?,
            Op::Add { subtract } => self.sum(node, *subtract)?,
            Op::AddConstant(constant) => self.sum_with(node, constant)?,
            Op::Unary(function) => self.relay(node, Fire::Table(*function))?,
            Op::Clamp(clamp) => match self.origin(node, 0)? {
                Origin::Sums(mut pending) => {
                    pending.clamp = pending.clamp.then(*clamp);
                    // The clamp stands between the sum and its quantization, so both ran in floating point.
                    if let Fire::Scaled(_, rule) = &mut pending.fire {
                        *rule = Rule::Divide;
                    }
                    pending
                }
                Origin::Codes(..) => {
                    let mut pending = self.relay(node, Fire::Scaled(vec![1.0], Rule::Divide))?;
                    pending.clamp = *clamp;
                    pending
                }
            },
            Op::Concat(_) | Op::Rearrange(_) | Op::Reshape(_) | Op::Identity => return self.rewire(node),
        };
        self.store(node.output, pending)
    }

    /// What stands for an input of a node. `Graph::new` has checked that it is produced before.
    fn origin(&self, node: &Node, input: usize) -> Result<Origin, FuseError> {
        self.origins[node.inputs[input]].clone().ok_or_else(|| self.real_source(node, input))
    }

    fn codes(&self, node: &Node, input: usize) -> Result<(View, Affine), FuseError> {
        match self.origin(node, input)? {
            Origin::Codes(view, affine) => Ok((view, affine)),
            Origin::Sums(_) => Err(self.real_source(node, input)),
        }
    }

    fn real_source(&self, node: &Node, input: usize) -> FuseError {
        let tensor = self.graph.tensors[node.inputs[input]].name.clone();
        FuseError::RealSource { node: node.name.clone(), tensor }
    }

    fn shape(&self, node: &Node, input: usize) -> &[usize] {
        &self.graph.tensors[node.inputs[input]].shape
    }

    fn linear(
        &self,
        node: &Node,
        connections: impl Fn(&[usize]) -> Result<Connections, String>,
        weights: &Weights,
        rule: Rule,
    ) -> Result<Pending, FuseError> {
        let (view, affine) = self.codes(node, 0)?;
        let connections = connections(self.shape(node, 0))
            .map_err(|problem| FuseError::Shape { node: node.name.clone(), problem })?;
        let scales = weights.scales.clone();
        let dendrite = Dendrite { view, affine, connections, weights: Arc::new(weights.clone()), reduce: Reduce::Sum };
        Ok(pending(node, vec![dendrite], Fire::Scaled(scales, rule)))
    }

    /// A mean is a sum with weights of 1, scaled by 1 / area.
    fn average(&self, node: &Node, pool: &Pool) -> Result<Pending, FuseError> {
        let connections = pool
            .connections(self.shape(node, 0))
            .map_err(|problem| FuseError::Shape { node: node.name.clone(), problem })?;
        let ones = unit_weights(connections.output.channels * connections.fan_in());
        let taps = connections.fan_in();
        let shares = if pool.count_padding {
            vec![1.0 / taps as f32]
        } else {
            let areas = connections.weight_sums(&ones.values, |_| true);
            areas.into_iter().map(|area| 1.0 / area.max(1) as f32).collect()
        };
        let mut pending = self.linear(node, |_| Ok(connections), &ones, Rule::Multiply)?;
        pending.fire = Fire::Scaled(shares, Rule::Multiply);
        Ok(pending)
    }

    fn maximum(&self, node: &Node, pool: &Pool) -> Result<Pending, FuseError> {
        let mut pending =
            self.linear(node, |shape| pool.connections(shape), &Weights::default(), Rule::Multiply)?;
        pending.fire = Fire::Scaled(vec![1.0], Rule::Multiply);
        let dendrite = &mut pending.dendrites[0];
        dendrite.reduce = Reduce::Max;
        // A zero put there by Pad takes part in the maximum, so a neuron has to fire it.
        if dendrite.view.map.as_ref().is_some_and(|map| map.contains(&Rearrange::ZERO)) {
            return Err(FuseError::Shape {
                node: node.name.clone(),
                problem: "a Pad before MaxPool is not supported; use the pads of the MaxPool itself".into(),
            });
        }
        Ok(pending)
    }

    fn product(&self, node: &Node, constant: &Constant) -> Result<Pending, FuseError> {
        let weights = Weights {
            values: constant.values.clone(),
            scales: vec![constant.scale],
            bias: Vec::new(),
            bits: 8,
        };
        let neurons = constant.values.len();
        self.linear(node, |_| Ok(Connections::one_to_one(neurons)), &weights, Rule::Multiply)
    }

    fn sum(&self, node: &Node, subtract: bool) -> Result<Pending, FuseError> {
        let mut dendrites = Vec::new();
        let mut terms = Vec::new();
        for input in 0..2 {
            let (view, affine) = self.codes(node, input)?;
            dendrites.push(one_to_one(view, affine, self.graph.tensors[node.output].len()));
            terms.push((affine, subtract && input == 1));
        }
        Ok(pending(node, dendrites, Fire::Sum(terms)))
    }

    /// A constant is a dendrite without synapses: it has a start value only.
    fn sum_with(&self, node: &Node, constant: &Constant) -> Result<Pending, FuseError> {
        let (view, affine) = self.codes(node, 0)?;
        let neurons = constant.values.len();
        let mut silent = one_to_one(view.clone(), affine, neurons);
        silent.connections.input.channels = 0;
        silent.weights = Arc::new(Weights {
            bias: constant.values.iter().map(|&v| i32::from(v)).collect(),
            ..Weights::default()
        });
        let constant = Affine { scale: constant.scale, zero_point: 0, ..affine };
        let terms = vec![(affine, false), (constant, false)];
        Ok(pending(node, vec![one_to_one(view, affine, neurons), silent], Fire::Sum(terms)))
    }

    /// One neuron per element, with a synapse of weight 1.
    fn relay(&self, node: &Node, fire: Fire) -> Result<Pending, FuseError> {
        let (view, affine) = self.codes(node, 0)?;
        let neurons = self.graph.tensors[node.output].len();
        Ok(pending(node, vec![one_to_one(view, affine, neurons)], fire))
    }

    /// Operators that only say where numbers stand. Where quantizations differ, neurons requantize first.
    fn rewire(&mut self, node: &Node) -> Result<(), FuseError> {
        if let Origin::Sums(mut pending) = self.origin(node, 0)?
            && matches!(node.op, Op::Reshape(_) | Op::Identity)
        {
            if let Fire::Scaled(_, rule) = &mut pending.fire {
                *rule = Rule::Divide;
            }
            return self.store(node.output, pending);
        }
        let Encoding::Codes(affine) = self.graph.tensors[node.output].encoding else {
            return Err(self.real_target(node.name.clone(), node.op.name(), node.output));
        };
        let mut views = Vec::new();
        for input in 0..node.inputs.len() {
            let (view, own) = self.codes(node, input)?;
            views.push(if own == affine { view } else { self.requantized(node, input, affine)? });
        }
        let lengths: Vec<usize> = node.inputs.iter().map(|&t| self.graph.tensors[t].len()).collect();
        let view = match &node.op {
            Op::Concat(concat) => {
                let shapes: Vec<&[usize]> = (0..node.inputs.len()).map(|i| self.shape(node, i)).collect();
                self.compose(&views, &lengths, &concat.map(&shapes))
            }
            Op::Rearrange(rearrange) => self.compose(&views, &lengths, &rearrange.map),
            _ => views.swap_remove(0),
        };
        self.origins[node.output] = Some(Origin::Codes(view, affine));
        Ok(())
    }

    /// Neurons that turn the codes of an input into those of another quantization.
    fn requantized(&mut self, node: &Node, input: usize, affine: Affine) -> Result<View, FuseError> {
        let (view, own) = self.codes(node, input)?;
        let source = &self.graph.tensors[node.inputs[input]];
        let (shape, neurons) = (source.shape.clone(), source.len());
        let mut pending =
            pending(node, vec![one_to_one(view, own, neurons)], Fire::Scaled(vec![1.0], Rule::Divide));
        if node.inputs.len() > 1 {
            pending.name = format!("{} (input {})", node.name, input + 1);
        }
        let name = format!("{} for {}", source.name, node.name);
        Ok(View::whole(self.layer(pending, name, shape, Some(affine))))
    }

    /// Looks through `map` at `views` laid end to end.
    fn compose(&self, views: &[View], lengths: &[usize], map: &[u32]) -> View {
        let mut tensors: Vec<usize> = Vec::new();
        for tensor in views.iter().flat_map(|view| &view.tensors) {
            if !tensors.contains(tensor) {
                tensors.push(*tensor);
            }
        }
        let offset = |tensor: usize| -> u32 {
            tensors.iter().take_while(|&&t| t != tensor).map(|&t| self.tensors[t].len() as u32).sum()
        };
        let resolve = |&index: &u32| {
            let Some((place, element)) = locate(lengths, index) else { return Rearrange::ZERO };
            let view = &views[place];
            let seen = view.map.as_ref().map_or(element as u32, |map| map[element]);
            let lengths: Vec<usize> = view.tensors.iter().map(|&t| self.tensors[t].len()).collect();
            locate(&lengths, seen).map_or(Rearrange::ZERO, |(t, neuron)| offset(view.tensors[t]) + neuron as u32)
        };
        let map: Arc<[u32]> = map.iter().map(resolve).collect();
        View { tensors, map: Some(map) }
    }

    fn store(&mut self, output: TensorId, pending: Pending) -> Result<(), FuseError> {
        let tensor = &self.graph.tensors[output];
        self.origins[output] = Some(match tensor.encoding {
            Encoding::Real => Origin::Sums(pending),
            Encoding::Codes(affine) => {
                let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
                Origin::Codes(View::whole(self.layer(pending, name, shape, Some(affine))), affine)
            }
        });
        Ok(())
    }

    /// Makes a layer of a pending one, and returns the tensor that it writes.
    fn layer(&mut self, pending: Pending, name: String, shape: Vec<usize>, output: Option<Affine>) -> usize {
        let target = self.tensors.len();
        let input = pending.dendrites[0].affine;
        let neurons = shape.iter().product();
        let requantizer = match (pending.fire, output) {
            (Fire::Sum(terms), Some(output)) => Requantizer::sum(&terms, output, pending.clamp),
            (Fire::Table(function), Some(output)) => {
                let clamp = pending.clamp;
                Requantizer::table(input, output, |r| function.apply(r).clamp(clamp.min, clamp.max))
            }
            (Fire::Scaled(factors, rule), output) => {
                let scales = factors.iter().map(|factor| input.scale * factor).collect();
                Requantizer::new(Shared::new(scales, neurons), output, pending.clamp, rule)
            }
            // `real_target` has refused these before.
            (Fire::Sum(_) | Fire::Table(_), None) => {
                Requantizer::new(Shared::new(vec![input.scale], neurons), None, pending.clamp, Rule::Divide)
            }
        };
        self.tensors.push(CodeTensor { name, shape, affine: output });
        self.layers.push(Layer { name: pending.name, target, dendrites: pending.dendrites, requantizer });
        target
    }

    /// The tensor that the network answers with, after the layers that it may still need.
    fn answer(&mut self) -> Result<usize, FuseError> {
        let output = self.graph.output;
        let tensor = &self.graph.tensors[output];
        let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
        match self.origins[output].clone() {
            Some(Origin::Sums(pending)) if matches!(pending.fire, Fire::Scaled(..)) => {
                Ok(self.layer(pending, name, shape, None))
            }
            Some(Origin::Sums(pending)) => Err(self.real_target(pending.name, pending.op, output)),
            Some(Origin::Codes(View { tensors, map: None }, _)) if tensors[0] > 0 => Ok(tensors[0]),
            // What only wiring has made must be fired by neurons to be read.
            Some(Origin::Codes(view, affine)) if !self.layers.is_empty() => {
                let dendrites = vec![one_to_one(view, affine, shape.iter().product())];
                let fire = Fire::Scaled(vec![1.0], Rule::Multiply);
                let pending =
                    Pending { name: name.clone(), op: "output", dendrites, fire, clamp: Clamp::NONE };
                Ok(self.layer(pending, name, shape, Some(affine)))
            }
            _ => Err(FuseError::NoLayers),
        }
    }

    fn real_target(&self, node: String, op: &'static str, output: TensorId) -> FuseError {
        FuseError::RealTarget { node, op, tensor: self.graph.tensors[output].name.clone() }
    }
}

fn pending(node: &Node, dendrites: Vec<Dendrite>, fire: Fire) -> Pending {
    Pending { name: node.name.clone(), op: node.op.name(), dendrites, fire, clamp: Clamp::NONE }
}

fn unit_weights(count: usize) -> Weights {
    Weights { values: vec![1; count], scales: vec![1.0], bias: Vec::new(), bits: 2 }
}

fn one_to_one(view: View, affine: Affine, neurons: usize) -> Dendrite {
    let weights = Arc::new(unit_weights(neurons));
    Dendrite { view, affine, connections: Connections::one_to_one(neurons), weights, reduce: Reduce::Sum }
}
