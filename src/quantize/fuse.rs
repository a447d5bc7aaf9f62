//! From the strict graph to integer layers.

mod fixed;

use super::{
    CodeTensor, Dendrite, FixedPoint, Layer, Line, QuantizedNetwork, Reduce, Requantizer, Rule, Shared, Step,
    Target, Term, View, locate,
};
use crate::graph::{
    Affine, Arithmetic, Clamp, Connections, Constant, Encoding, Graph, Node, Op, Pool, Rearrange, TensorId,
    Unary, Weights,
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
    /// A float model.
    #[error(
        "model '{model}' computes with real numbers; quantize it first (sdann quantize, or any quantizer that writes ONNX in QDQ form)"
    )]
    NotQuantized {
        /// The model.
        model: String,
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

/// No neuron may have more inputs: sums of 9-bit weights over bits must fit 32 bits.
pub const MAX_FAN_IN: usize = 1 << 22;

/// Operators whose result is not yet quantized.
#[derive(Clone)]
struct Pending {
    name: String,
    op: &'static str,
    dendrites: Vec<Dendrite>,
    fire: Fire,
    clamp: Clamp,
    arithmetic: Arithmetic,
    limits: Option<(i32, i32)>,
    /// Where wiring will put the answers: for each element its neuron, and the neurons' own shape.
    placed: Option<(Arc<[u32]>, Vec<usize>)>,
}

/// How a pending layer will answer.
#[derive(Clone)]
enum Fire {
    /// One sum at these scales, then steps on real numbers.
    Scaled {
        scales: Vec<f32>,
        rule: Rule,
        steps: Vec<Step>,
    },
    /// The sum of two dendrites.
    Sum([Term; 2]),
    /// The mean of all dendrites, which hold so many codes, from windows of so many columns.
    Mean { counts: Vec<f32>, columns: usize },
    /// The mean of one window over everything, by one multiplication.
    GlobalMean(f32),
    /// One code times a constant of codes.
    Product(Constant),
    /// A function of one code.
    Table(Unary),
    /// TensorFlow Lite's arithmetic.
    Fixed(FixedPoint),
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
    if graph.is_real() {
        return Err(FuseError::NotQuantized {
            model: graph.name.clone(),
        });
    }
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
    fuser.origins[graph.input] = Some(Origin::Codes(View::whole(0), affine));
    for node in &graph.nodes {
        fuser.add(node)?;
    }
    let last = fuser.answer()?;
    // Layer i writes tensor i + 1; what comes behind the output's layer does not reach it.
    fuser.tensors.truncate(last + 1);
    fuser.layers.truncate(last);
    Ok(QuantizedNetwork {
        name: graph.name.clone(),
        tensors: fuser.tensors,
        layers: fuser.layers,
    })
}

impl Fire {
    fn scaled(scales: Vec<f32>, rule: Rule) -> Self {
        Self::Scaled {
            scales,
            rule,
            steps: Vec::new(),
        }
    }
}

impl Pending {
    /// What follows stands between the operator and its quantization, so both run on real numbers.
    fn on_reals(mut self) -> Self {
        self.arithmetic = Arithmetic::Real;
        if let Fire::Scaled { rule, .. } = &mut self.fire {
            *rule = Rule::Divide;
        }
        self
    }
}

impl Fuser<'_> {
    fn add(&mut self, node: &Node) -> Result<(), FuseError> {
        if node.arithmetic == Arithmetic::FixedPoint
            && let Some(pending) = self.fixed(node)?
        {
            return self.store(node.output, pending);
        }
        let rule = if node.arithmetic == Arithmetic::Real {
            Rule::Divide
        } else {
            Rule::Multiply
        };
        let pending = match &node.op {
            Op::Conv(conv) => self.linear(node, |shape| conv.connections(shape), &conv.weights, rule)?,
            Op::Dense(dense) => self.linear(node, |shape| dense.connections(shape), &dense.weights, rule)?,
            Op::RealConv(_) | Op::RealDense(_) => return Err(self.real_source(node, 0)),
            Op::AveragePool(pool) => self.average(node, pool)?,
            Op::MaxPool(pool) => self.maximum(node, pool)?,
            Op::MulConstant(constant) if node.arithmetic == Arithmetic::Real => {
                self.step(node, &constant.reals(), Step::Multiply)?
            }
            Op::MulConstant(constant) => self.relay(node, Fire::Product(constant.clone()))?,
            Op::Add { subtract } => self.sum(node, *subtract)?,
            Op::AddConstant(constant) if node.arithmetic == Arithmetic::Real => {
                self.step(node, &constant.reals(), Step::Add)?
            }
            Op::AddConstant(constant) => self.sum_with(node, constant)?,
            Op::Scale(values) => self.step(node, values, Step::Multiply)?,
            Op::Shift(values) => self.step(node, values, Step::Add)?,
            Op::Unary(function) => self.relay(node, Fire::Table(*function))?,
            Op::Clamp(clamp) => {
                let mut pending = self.continued(node)?;
                pending.clamp = pending.clamp.then(*clamp);
                pending
            }
            Op::Reinterpret => return self.reinterpret(node),
            Op::Concat(_) | Op::Rearrange(_) | Op::Reshape(_) | Op::Identity => return self.rewire(node),
        };
        self.store(node.output, pending)
    }

    /// Sums that wait for their quantization and that `node` changes, or neurons that pass codes on to it.
    fn continued(&self, node: &Node) -> Result<Pending, FuseError> {
        match self.origin(node, 0)? {
            Origin::Sums(pending) => Ok(pending.on_reals()),
            Origin::Codes(_, affine) => self.relay(node, Fire::scaled(vec![affine.scale], Rule::Divide)),
        }
    }

    /// A constant for each element that is added to, or multiplied with, real numbers.
    fn step(&self, node: &Node, values: &[f32], step: fn(Shared<f32>) -> Step) -> Result<Pending, FuseError> {
        let mut pending = self.continued(node)?;
        let mut of_neurons = values.to_vec();
        if let Some((map, _)) = &pending.placed {
            for (&neuron, &value) in map.iter().zip(values) {
                of_neurons[neuron as usize] = value;
            }
        }
        match &mut pending.fire {
            Fire::Scaled { steps, .. } if pending.clamp == Clamp::NONE => {
                steps.push(step(shared(of_neurons)))
            }
            _ => {
                let problem = format!(
                    "it follows {} without a quantization between them; quantize what it reads too",
                    pending.op
                );
                return Err(FuseError::Shape {
                    node: node.name.clone(),
                    problem,
                });
            }
        }
        Ok(pending)
    }

    /// What stands for an input of a node. `Graph::new` has checked that it is produced before.
    fn origin(&self, node: &Node, input: usize) -> Result<Origin, FuseError> {
        self.origins[node.inputs[input]]
            .clone()
            .ok_or_else(|| self.real_source(node, input))
    }

    fn codes(&self, node: &Node, input: usize) -> Result<(View, Affine), FuseError> {
        match self.origin(node, input)? {
            Origin::Codes(view, affine) => Ok((view, affine)),
            Origin::Sums(_) => Err(self.real_source(node, input)),
        }
    }

    fn real_source(&self, node: &Node, input: usize) -> FuseError {
        let tensor = self.graph.tensors[node.inputs[input]].name.clone();
        FuseError::RealSource {
            node: node.name.clone(),
            tensor,
        }
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
        let connections = connections(self.shape(node, 0)).map_err(|problem| FuseError::Shape {
            node: node.name.clone(),
            problem,
        })?;
        check_fan_in(node, &connections)?;
        let scales = weights.scales.iter().map(|scale| affine.scale * scale).collect();
        let dendrite = Dendrite {
            view,
            affine,
            connections,
            weights: Arc::new(weights.clone()),
            reduce: Reduce::Sum,
        };
        let scales = if node.arithmetic == Arithmetic::Integer {
            vec![1.0]
        } else {
            scales
        };
        Ok(pending(node, vec![dendrite], Fire::scaled(scales, rule)))
    }

    /// A mean is a sum with weights of 1, scaled by 1 / area. Where the format adds real numbers one
    /// after the other, every tap has a dendrite of its own, so that the sum rounds as the format's does.
    fn average(&mut self, node: &Node, pool: &Pool) -> Result<Pending, FuseError> {
        let shape = self.shape(node, 0).to_vec();
        let connections = pool.connections(&shape).map_err(|problem| FuseError::Shape {
            node: node.name.clone(),
            problem,
        })?;
        check_fan_in(node, &connections)?;
        let (taps, neurons) = (connections.fan_in(), connections.output.len());
        let ones = unit_weights(connections.output.channels * taps);
        let mut pending = self.linear(node, |_| Ok(connections), &ones, Rule::Multiply)?;
        if pool.is_global && node.arithmetic != Arithmetic::Real {
            pending.fire = Fire::GlobalMean(taps as f32);
            return Ok(pending);
        }
        let counts = if pool.count_padding && node.arithmetic != Arithmetic::Real {
            // ONNX Runtime's kernel divides by the kernel's size even where ceil_mode leaves the padding.
            vec![taps]
        } else {
            pool.counts(&connections)
        };
        let counts: Vec<f32> = counts.into_iter().map(|count| count.max(1) as f32).collect();
        let is_even = counts.iter().all(|&count| count == counts[0]);
        pending.fire = Fire::Mean {
            counts: if is_even {
                vec![counts[0]]
            } else {
                counts.iter().copied().cycle().take(neurons).collect()
            },
            columns: if pool.columns_first {
                connections.columns.kernel
            } else {
                1
            },
        };
        if taps <= MAX_MEAN_DENDRITES && taps * neurons <= MAX_MEAN_SYNAPSES {
            pending.dendrites = self.taps(node, &connections)?;
        }
        Ok(pending)
    }

    /// A dendrite for each tap of a pool, row by row.
    fn taps(&self, node: &Node, connections: &Connections) -> Result<Vec<Dendrite>, FuseError> {
        let (taps, neurons) = (connections.fan_in(), connections.output.len());
        let (view, affine) = self.codes(node, 0)?;
        let mut maps = vec![vec![Rearrange::ZERO; neurons]; taps];
        connections.for_each_synapse(|neuron, source, weight| maps[weight % taps][neuron] = source as u32);
        let lengths = [connections.input.len()];
        let seen = |map: &Vec<u32>| self.compose(std::slice::from_ref(&view), &lengths, map);
        Ok(maps
            .iter()
            .map(|map| one_to_one(seen(map), affine, neurons))
            .collect())
    }

    fn maximum(&mut self, node: &Node, pool: &Pool) -> Result<Pending, FuseError> {
        let mut pending = self.linear(
            node,
            |shape| pool.connections(shape),
            &Weights::default(),
            Rule::Multiply,
        )?;
        pending.fire = Fire::scaled(vec![pending.dendrites[0].affine.scale], Rule::Divide);
        // A zero that wiring has put there takes part in the maximum, so a neuron has to fire it.
        let view = &pending.dendrites[0].view;
        if view
            .map
            .as_ref()
            .is_some_and(|map| map.contains(&Rearrange::ZERO))
        {
            let affine = pending.dendrites[0].affine;
            pending.dendrites[0].view = self.requantized(node, 0, affine)?;
        }
        pending.dendrites[0].reduce = Reduce::Max;
        Ok(pending)
    }

    fn sum(&self, node: &Node, subtract: bool) -> Result<Pending, FuseError> {
        let neurons = self.graph.tensors[node.output].len();
        let (first, first_affine) = self.codes(node, 0)?;
        let (second, second_affine) = self.codes(node, 1)?;
        let terms = [
            Term {
                affine: first_affine,
                subtract: false,
            },
            Term {
                affine: second_affine,
                subtract,
            },
        ];
        let dendrites = vec![
            one_to_one(first, first_affine, neurons),
            one_to_one(second, second_affine, neurons),
        ];
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
        let mut dendrites = vec![one_to_one(view, affine, neurons), silent];
        let mut terms = [affine, constant.affine].map(|affine| Term {
            affine,
            subtract: false,
        });
        if constant.is_first {
            dendrites.swap(0, 1);
            terms.swap(0, 1);
        }
        terms[1].subtract = constant.subtract;
        Ok(pending(node, dendrites, Fire::Sum(terms)))
    }

    /// One neuron per element, with a synapse of weight 1.
    fn relay(&self, node: &Node, fire: Fire) -> Result<Pending, FuseError> {
        let (view, affine) = self.codes(node, 0)?;
        let neurons = self.graph.tensors[node.output].len();
        Ok(pending(node, vec![one_to_one(view, affine, neurons)], fire))
    }

    /// The same codes with another meaning. A zero that wiring has put there has no code yet, so neurons
    /// fire one first.
    fn reinterpret(&mut self, node: &Node) -> Result<(), FuseError> {
        let Encoding::Codes(affine) = self.graph.tensors[node.output].encoding else {
            return Err(self.real_target(node.name.clone(), node.op.name(), node.output));
        };
        let (mut view, own) = self.codes(node, 0)?;
        if view
            .map
            .as_ref()
            .is_some_and(|map| map.contains(&Rearrange::ZERO))
        {
            view = self.requantized(node, 0, own)?;
        }
        self.origins[node.output] = Some(Origin::Codes(view, affine));
        Ok(())
    }

    /// Operators that only say where numbers stand. Where quantizations differ, neurons requantize first.
    fn rewire(&mut self, node: &Node) -> Result<(), FuseError> {
        if let Origin::Sums(pending) = self.origin(node, 0)? {
            match &node.op {
                Op::Reshape(_) | Op::Identity => return self.store(node.output, pending.on_reals()),
                Op::Rearrange(rearrange) => {
                    if let Some(placed) = self.place(node, pending, rearrange) {
                        return self.store(node.output, placed);
                    }
                }
                _ => {}
            }
        }
        let Encoding::Codes(affine) = self.graph.tensors[node.output].encoding else {
            return Err(self.real_target(node.name.clone(), node.op.name(), node.output));
        };
        let mut views = Vec::new();
        for input in 0..node.inputs.len() {
            let (view, own) = self.codes(node, input)?;
            views.push(if own == affine {
                view
            } else {
                self.requantized(node, input, affine)?
            });
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

    /// Sums whose answers are put in other places: each in one, for what follows may tell them apart.
    fn place(&self, node: &Node, pending: Pending, rearrange: &Rearrange) -> Option<Pending> {
        let neurons = self.graph.tensors[node.inputs[0]].len();
        let mut is_taken = vec![false; neurons];
        let is_new = |&index: &u32| {
            is_taken
                .get_mut(index as usize)
                .is_some_and(|taken| !std::mem::replace(taken, true))
        };
        if rearrange.map.len() != neurons || !rearrange.map.iter().all(is_new) {
            return None;
        }
        let mut pending = pending.on_reals();
        pending.placed = Some(match pending.placed.take() {
            None => (rearrange.map.clone(), self.shape(node, 0).to_vec()),
            Some((map, shape)) => (
                rearrange.map.iter().map(|&index| map[index as usize]).collect(),
                shape,
            ),
        });
        Some(pending)
    }

    /// Neurons that turn the codes of an input into those of another quantization.
    fn requantized(&mut self, node: &Node, input: usize, affine: Affine) -> Result<View, FuseError> {
        let (view, own) = self.codes(node, input)?;
        let source = &self.graph.tensors[node.inputs[input]];
        let (shape, neurons) = (source.shape.clone(), source.len());
        let mut pending = pending(
            node,
            vec![one_to_one(view, own, neurons)],
            Fire::scaled(vec![own.scale], Rule::Divide),
        );
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
            tensors
                .iter()
                .take_while(|&&t| t != tensor)
                .map(|&t| self.tensors[t].len() as u32)
                .sum()
        };
        let resolve = |&index: &u32| {
            let Some((place, element)) = locate(lengths, index) else {
                return Rearrange::ZERO;
            };
            let view = &views[place];
            let seen = view.map.as_ref().map_or(element as u32, |map| map[element]);
            let lengths: Vec<usize> = view.tensors.iter().map(|&t| self.tensors[t].len()).collect();
            locate(&lengths, seen).map_or(Rearrange::ZERO, |(t, neuron)| {
                offset(view.tensors[t]) + neuron as u32
            })
        };
        let map: Arc<[u32]> = map.iter().map(resolve).collect();
        let is_whole = tensors.len() == 1
            && map.len() == self.tensors[tensors[0]].len()
            && map
                .iter()
                .enumerate()
                .all(|(place, &neuron)| neuron as usize == place);
        View {
            tensors,
            map: (!is_whole).then_some(map),
        }
    }

    fn store(&mut self, output: TensorId, mut pending: Pending) -> Result<(), FuseError> {
        let tensor = &self.graph.tensors[output];
        self.origins[output] = Some(match tensor.encoding {
            Encoding::Real => Origin::Sums(pending),
            Encoding::Codes(affine) => {
                let name = tensor.name.clone();
                let (map, shape) = match pending.placed.take() {
                    None => (None, tensor.shape.clone()),
                    Some((map, shape)) => (Some(map), shape),
                };
                let layer = self.layer(pending, name, shape, Some(affine));
                Origin::Codes(
                    View {
                        tensors: vec![layer],
                        map,
                    },
                    affine,
                )
            }
        });
        Ok(())
    }

    /// Makes a layer of a pending one, and returns the tensor that it writes.
    fn layer(&mut self, pending: Pending, name: String, shape: Vec<usize>, output: Option<Affine>) -> usize {
        let index = self.tensors.len();
        let Pending {
            dendrites,
            fire,
            clamp,
            arithmetic,
            limits,
            ..
        } = pending;
        let input = dendrites[0].affine;
        let neurons = shape.iter().product();
        let target = output.map(|affine| Target::new(affine, clamp, limits));
        let line = |scales: Vec<f32>, steps| Line {
            scales: Shared::new(scales, neurons),
            steps,
            clamp,
        };
        let requantizer = match (fire, target) {
            (Fire::Sum(terms), Some(target)) => Requantizer::sum(terms, arithmetic, clamp, target),
            (Fire::Mean { counts, columns }, Some(target)) => {
                let counts = Shared::new(counts, neurons);
                Requantizer::mean(input.scale, counts, columns, arithmetic, clamp, target)
            }
            (Fire::GlobalMean(count), Some(target)) => Requantizer::global_mean(input.scale, count, target),
            (Fire::Product(constant), Some(target)) => {
                Requantizer::product(input.scale, &constant, arithmetic, target)
            }
            (Fire::Fixed(rule), Some(target)) => Requantizer::Fixed { rule, target },
            (Fire::Table(function), Some(target)) if arithmetic == Arithmetic::FixedPoint => {
                Requantizer::fixed_table(input, target, function)
            }
            (Fire::Table(function), Some(target)) => {
                Requantizer::table(input, target, |r| function.apply(r).clamp(clamp.min, clamp.max))
            }
            (Fire::Scaled { scales, rule, steps }, target) => {
                Requantizer::new(line(scales, steps), target, rule)
            }
            // `real_target` has refused these before.
            (_, None) => Requantizer::new(line(vec![input.scale], Vec::new()), None, Rule::Divide),
        };
        self.tensors.push(CodeTensor {
            name,
            shape,
            affine: output,
        });
        self.layers.push(Layer {
            name: pending.name,
            target: index,
            dendrites,
            requantizer,
        });
        index
    }

    /// The tensor that the network answers with, after the layers that it may still need.
    fn answer(&mut self) -> Result<usize, FuseError> {
        let output = self.graph.output;
        let tensor = &self.graph.tensors[output];
        let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
        match self.origins[output].clone() {
            Some(Origin::Sums(pending))
                if matches!(pending.fire, Fire::Scaled { .. }) && pending.placed.is_none() =>
            {
                Ok(self.layer(pending, name, shape, None))
            }
            Some(Origin::Sums(pending)) => Err(self.real_target(pending.name, pending.op, output)),
            Some(Origin::Codes(View { tensors, map: None }, _)) if tensors[0] > 0 => Ok(tensors[0]),
            // What only wiring has made must be fired by neurons to be read.
            Some(Origin::Codes(view, affine)) if !self.layers.is_empty() => {
                let dendrites = vec![one_to_one(view, affine, shape.iter().product())];
                let pending = Pending {
                    name: name.clone(),
                    op: "output",
                    dendrites,
                    fire: Fire::scaled(vec![affine.scale], Rule::Multiply),
                    clamp: Clamp::NONE,
                    arithmetic: Arithmetic::Codes,
                    limits: None,
                    placed: None,
                };
                Ok(self.layer(pending, name, shape, Some(affine)))
            }
            _ => Err(FuseError::NoLayers),
        }
    }

    fn real_target(&self, node: String, op: &'static str, output: TensorId) -> FuseError {
        FuseError::RealTarget {
            node,
            op,
            tensor: self.graph.tensors[output].name.clone(),
        }
    }
}

fn check_fan_in(node: &Node, connections: &Connections) -> Result<(), FuseError> {
    let inputs = connections.fan_in();
    if inputs <= MAX_FAN_IN {
        return Ok(());
    }
    let problem = format!(
        "each of its neurons has {inputs} inputs, more than the supported {MAX_FAN_IN}; export the model for a smaller input"
    );
    Err(FuseError::Shape {
        node: node.name.clone(),
        problem,
    })
}

/// Pools with more taps than this, or more synapses in all, add their codes in one sum.
const MAX_MEAN_DENDRITES: usize = 64;
const MAX_MEAN_SYNAPSES: usize = 1 << 23;

fn pending(node: &Node, dendrites: Vec<Dendrite>, fire: Fire) -> Pending {
    Pending {
        name: node.name.clone(),
        op: node.op.name(),
        dendrites,
        fire,
        clamp: Clamp::NONE,
        arithmetic: node.arithmetic,
        limits: node.limits,
        placed: None,
    }
}

/// Constants of neurons: one number where all are the same.
fn shared(values: Vec<f32>) -> Shared<f32> {
    let neurons = values.len();
    let is_one = values.iter().all(|v| v.to_bits() == values[0].to_bits());
    Shared::new(if is_one { values[..1].to_vec() } else { values }, neurons)
}

fn unit_weights(count: usize) -> Weights {
    Weights {
        values: vec![1; count],
        scales: vec![1.0],
        bias: Vec::new(),
        bits: 2,
    }
}

fn one_to_one(view: View, affine: Affine, neurons: usize) -> Dendrite {
    let weights = Arc::new(unit_weights(neurons));
    Dendrite {
        view,
        affine,
        connections: Connections::one_to_one(neurons),
        weights,
        reduce: Reduce::Sum,
    }
}
