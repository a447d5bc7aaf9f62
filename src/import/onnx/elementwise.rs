//! Add, Sub, Mul and Div, functions of single numbers, and BatchNormalization.

use super::attributes::Attributes;
use super::lower::{Lowering, Value};
use super::model::Node;
use super::moves::{gathered, ints_of};
use super::quantization::{Dequantized, format_of};
use crate::graph::{Affine, Arithmetic, Constant, Encoding, Op, Pool, TensorId, Unary};
use crate::import::ImportError;
use std::rc::Rc;

/// An operator on two tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    Add,
    Sub,
    Mul,
    Div,
}

/// A constant operand, spread over the elements of the result.
struct Spread {
    /// The constant's codes, where it has 8 bits and one scale.
    codes: Option<Constant>,
    reals: Vec<f32>,
}

impl<'m> Lowering<'m> {
    /// Add, Sub, Mul or Div of a QDQ or float model.
    pub fn binary(&mut self, node: &'m Node, joint: Joint) -> Result<Value, ImportError> {
        node.at_most(2)?;
        Attributes::of(node, &[])?;
        let operands = [self.input(node, 0)?, self.input(node, 1)?];
        if let [Value::Constant(a), Value::Constant(b)] = &operands {
            return super::fold::joined(node, joint, a, b).map(|c| Value::Constant(Rc::new(c)));
        }
        if joint == Joint::Add
            && let Some(tensor) = self.add_of_bias(node)?
        {
            return Ok(Value::Real(tensor));
        }
        if operands.iter().any(|operand| matches!(operand, Value::Codes(_))) {
            return Err(
                node.error("it computes with codes directly; put a DequantizeLinear before it (QDQ form)")
            );
        }
        self.joined(node, joint, operands, None).map(Value::Real)
    }

    /// Joins two operands, at least one of which is an activation.
    pub fn joined(
        &mut self,
        node: &'m Node,
        joint: Joint,
        operands: [Value; 2],
        arithmetic: Option<Arithmetic>,
    ) -> Result<TensorId, ImportError> {
        match operands {
            [Value::Real(a) | Value::Codes(a), Value::Real(b) | Value::Codes(b)] => {
                self.both(node, joint, a, b, arithmetic)
            }
            [Value::Real(tensor) | Value::Codes(tensor), constant] => {
                self.with_constant(node, joint, tensor, &constant, false, arithmetic)
            }
            [constant, Value::Real(tensor) | Value::Codes(tensor)] => {
                self.with_constant(node, joint, tensor, &constant, true, arithmetic)
            }
            _ => Err(node
                .error("it computes a constant; simplify the model (constant folding) before quantizing it")),
        }
    }

    fn both(
        &mut self,
        node: &'m Node,
        joint: Joint,
        a: TensorId,
        b: TensorId,
        arithmetic: Option<Arithmetic>,
    ) -> Result<TensorId, ImportError> {
        if matches!(joint, Joint::Mul | Joint::Div) {
            return Err(node.error(
                "it multiplies or divides two activations, as gates do; a neuron has constant weights, so only one factor may be computed",
            ));
        }
        for (index, tensor) in [a, b].into_iter().enumerate() {
            self.settle(tensor);
            if self.encoding(tensor) == Encoding::Real && !self.is_real {
                let name = node
                    .inputs
                    .get(if arithmetic.is_some() { 3 * index } else { index });
                return Err(self.not_quantized(&node.name, "activations", name.map_or("", String::as_str)));
            }
        }
        let dims = [self.shape(a).to_vec(), self.shape(b).to_vec()];
        let shape = shape_of(node, &dims)?;
        let inputs = [self.broadcast(node, a, &shape)?, self.broadcast(node, b, &shape)?];
        let op = Op::Add {
            subtract: joint == Joint::Sub,
        };
        self.sums.insert(self.nodes.len(), dims);
        let output = self.add_op(&node.name, op, &inputs, node.output()?)?;
        self.fix_arithmetic(arithmetic);
        Ok(output)
    }

    fn with_constant(
        &mut self,
        node: &'m Node,
        joint: Joint,
        tensor: TensorId,
        constant: &Value,
        is_first: bool,
        arithmetic: Option<Arithmetic>,
    ) -> Result<TensorId, ImportError> {
        let rank = self.shape(tensor).len();
        let dims = match constant {
            Value::Constant(constant) => constant.dims.clone(),
            Value::Dequantized(constant) => constant.codes.dims.clone(),
            _ => Vec::new(),
        };
        // Align with the sample's axes; a batch of the constant must be one for all samples.
        let extra = dims.len().saturating_sub(rank);
        if extra > 1 || dims.iter().take(extra).any(|&d| d != 1) {
            return Err(node.error(format!(
                "its constant has dimensions {dims:?}, but its other operand has shape {:?} (without the batch)",
                self.shape(tensor)
            )));
        }
        let own: Vec<usize> = std::iter::repeat_n(1, rank.saturating_sub(dims.len()))
            .chain(dims.iter().skip(extra).copied())
            .collect();
        let mut both = [self.shape(tensor).to_vec(), own.clone()];
        let shape = shape_of(node, &both)?;
        if is_first {
            both.swap(0, 1);
        }
        let tensor = self.broadcast(node, tensor, &shape)?;
        self.charge(node, shape.iter().product())?;
        let spread = spread(node, constant, &own, &shape, is_first)?;
        let is_coded = self.encoding(tensor) != Encoding::Real;
        let output = node.output()?;
        let op = match (joint, spread.codes) {
            (Joint::Add, Some(codes)) if is_coded => Op::AddConstant(codes),
            (Joint::Mul, Some(codes)) if is_coded => Op::MulConstant(codes),
            (Joint::Add, _) => Op::Shift(spread.reals),
            (Joint::Mul, _) => Op::Scale(spread.reals),
            (Joint::Div, _) => Op::Scale(self.reciprocals(node, &spread.reals, is_first)?),
            (Joint::Sub, _) if is_first => {
                let name = format!("{} (negated)", node.name);
                let negative = Op::Scale(vec![-1.0; spread.reals.len()]);
                let negated = self.add_node(&name, negative, tensor, &name)?;
                return self.add_node(&node.name, Op::Shift(spread.reals), negated, output);
            }
            (Joint::Sub, _) => Op::Shift(spread.reals.iter().map(|real| -real).collect()),
        };
        if let Op::AddConstant(_) = op {
            self.sums.insert(self.nodes.len(), both);
        }
        if self.fold_op(&op, tensor, output) {
            return Ok(tensor);
        }
        let output = self.add_node(&node.name, op, tensor, output)?;
        self.fix_arithmetic(arithmetic);
        Ok(output)
    }

    /// A function of single numbers.
    pub fn unary(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(1)?;
        let input = self.operand_of(node, 0)?;
        let function = function_of(node)?;
        self.add_node(&node.name, Op::Unary(function), input, node.output()?)
    }

    /// At inference a line for each channel: x · factor + offset.
    pub fn batch_normalization(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(5)?;
        let attributes = Attributes::of(node, &["epsilon", "momentum", "spatial", "training_mode"])?;
        if attributes.int("training_mode")?.unwrap_or(0) != 0 || attributes.int("spatial")? == Some(0) {
            return Err(node.error("it is in training mode; export the model for inference"));
        }
        let input = self.activation(node, 0)?;
        let shape = self.shape(input).to_vec();
        let channels = shape.first().copied().unwrap_or(1);
        let mut lists = Vec::new();
        for (index, what) in [(1, "scale"), (2, "offset"), (3, "mean"), (4, "variance")] {
            let values = match self.input(node, index)? {
                Value::Constant(constant) => constant.reals()?.to_vec(),
                Value::Dequantized(constant) => constant.reals(node)?,
                _ => {
                    return Err(node.error(format!(
                        "its {what} is computed by other nodes, but must be a constant"
                    )));
                }
            };
            if values.len() != channels {
                return Err(node.error(format!(
                    "its {what} has {} values for {channels} channels",
                    values.len()
                )));
            }
            lists.push(values);
        }
        let epsilon = attributes.float("epsilon")?.unwrap_or(1e-5);
        let [gains, offsets, means, variances] = &lists[..] else {
            return Ok(input);
        };
        let factors: Vec<f32> = gains
            .iter()
            .zip(variances)
            .map(|(gain, variance)| gain / (variance + epsilon).sqrt())
            .collect();
        let terms: Vec<f32> = offsets
            .iter()
            .zip(means)
            .zip(&factors)
            .map(|((offset, mean), factor)| offset - mean * factor)
            .collect();
        if factors.iter().chain(&terms).any(|value| !value.is_finite()) {
            return Err(node.error("its scale and offset aren't finite numbers; train the model anew"));
        }
        if self.fold_line(input, &factors, &terms, node.output()?) {
            return Ok(input);
        }
        let elements: usize = shape.iter().product();
        self.charge(node, elements)?;
        let positions = elements / channels.max(1);
        let spread = |values: &[f32]| {
            values
                .iter()
                .flat_map(|&v| std::iter::repeat_n(v, positions))
                .collect()
        };
        let name = format!("{} (scale)", node.name);
        let scaled = self.add_node(&name, Op::Scale(spread(&factors)), input, &name)?;
        self.add_node(&node.name, Op::Shift(spread(&terms)), scaled, node.output()?)
    }

    /// A mean over all spatial axes is a global average, computed on real numbers.
    pub fn reduce_mean(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(2)?;
        let input = self.operand_of(node, 0)?;
        let keeps = Attributes::of(node, &["axes", "keepdims", "noop_with_empty_axes"])?
            .int("keepdims")?
            .unwrap_or(1)
            != 0;
        let axes = match node.optional_input(1) {
            Some(_) => self.constant(node, 1, "list of axes")?.longs()?,
            None => ints_of(node, "axes")?,
        };
        let shape = self.shape(input).to_vec();
        let mut sample_axes = Vec::new();
        for axis in axes {
            sample_axes.push(self.sample_axis(node, axis, shape.len())?);
        }
        sample_axes.sort_unstable();
        if !(2..=3).contains(&shape.len()) || !sample_axes.iter().copied().eq(1..shape.len()) {
            return Err(node.error(
                "it reduces other axes than all but the batch and the channels; use GlobalAveragePool",
            ));
        }
        let pool = Op::AveragePool(Pool::global(shape.get(1..).unwrap_or_default()));
        // A name that ends so already was written by this project, for a node like this one.
        let name = if node.name.ends_with(" (mean)") {
            node.name.clone()
        } else {
            format!("{} (mean)", node.name)
        };
        let mean = self.add_node(&name, pool, input, if keeps { node.output()? } else { &name })?;
        self.fix_arithmetic(Some(Arithmetic::Real));
        if keeps {
            return Ok(mean);
        }
        let shape = shape.get(..1).unwrap_or_default().to_vec();
        self.add_node(&node.name, Op::Reshape(shape), mean, node.output()?)
    }
}

/// The function that a node applies.
pub(super) fn function_of(node: &Node) -> Result<Unary, ImportError> {
    let attributes = Attributes::of(node, &["alpha", "beta"])?;
    let number = |name, default: f32| {
        let value = attributes.float(name)?.unwrap_or(default);
        if value.is_finite() {
            return Ok(value);
        }
        Err(node.error(format!("its {name} is {value}, but must be a finite number")))
    };
    Ok(match node.op.trim_start_matches("com.microsoft.QLinear") {
        "Sigmoid" => Unary::Sigmoid,
        "Tanh" => Unary::Tanh,
        "HardSigmoid" => Unary::HardSigmoid(number("alpha", 0.2)?, number("beta", 0.5)?),
        _ => Unary::LeakyRelu(number("alpha", 0.01)?),
    })
}

/// The shape that two shapes of equal rank are both broadcast to.
fn shape_of(node: &Node, dims: &[Vec<usize>; 2]) -> Result<Vec<usize>, ImportError> {
    let [a, b] = dims;
    let fits = a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| a == b || a == 1 || b == 1);
    if !fits {
        return Err(node.error(format!(
            "it joins shapes {a:?} and {b:?} (without the batch), which don't fit"
        )));
    }
    Ok(a.iter().zip(b).map(|(&a, &b)| a.max(b)).collect())
}

fn spread(
    node: &Node,
    constant: &Value,
    dims: &[usize],
    shape: &[usize],
    is_first: bool,
) -> Result<Spread, ImportError> {
    let places: Vec<Vec<Option<usize>>> = dims
        .iter()
        .zip(shape)
        .map(|(&own, &extent)| {
            if own == extent {
                (0..extent).map(Some).collect()
            } else {
                vec![Some(0); extent]
            }
        })
        .collect();
    let map = gathered(node, dims, &places)?.map;
    let (codes, reals) = match constant {
        Value::Dequantized(constant) => (codes_of(constant, &map, is_first)?, constant.reals(node)?),
        Value::Constant(constant) => (None, constant.reals()?.to_vec()),
        _ => (None, Vec::new()),
    };
    let reals: Vec<f32> = map
        .iter()
        .filter_map(|&index| reals.get(index as usize).copied())
        .collect();
    if reals.len() != map.len() || reals.iter().any(|real| !real.is_finite()) {
        return Err(node.error("its constant isn't made of finite numbers"));
    }
    Ok(Spread { codes, reals })
}

/// The constant as codes of one scale, if it is made of 8-bit ones.
fn codes_of(constant: &Dequantized, map: &[u32], is_first: bool) -> Result<Option<Constant>, ImportError> {
    let parameters = &constant.parameters;
    let (&[scale], &[zero_point], Some(format)) = (
        &parameters.scales[..],
        &parameters.zero_points[..],
        format_of(parameters.element),
    ) else {
        return Ok(None);
    };
    if format.bits != 8 {
        return Ok(None);
    }
    let codes = constant.codes.integers()?;
    let value = |&index: &u32| {
        codes
            .get(index as usize)
            .map_or(0, |&code| (code - zero_point) as i16)
    };
    Ok(Some(Constant {
        subtract: false,
        values: map.iter().map(value).collect(),
        affine: Affine {
            scale,
            zero_point,
            format,
        },
        is_first,
    }))
}
