//! From the file's operators to those of the graph.

use super::layout::Layout;
use super::model::{Index, Model, Node};
use super::order::Plan;
use crate::graph::{
    self, Affine, Arithmetic, Encoding, Graph, GraphError, MAX_ELEMENTS, Op, Tensor, TensorId,
};
use crate::import::ImportError;
use crate::import::error::shown;
use std::collections::HashMap;
use tflite_schema::{ActivationFunctionType, BuiltinOperator};

const SUPPORTED: &str = "CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, FULLY_CONNECTED, AVERAGE_POOL_2D, MAX_POOL_2D, MEAN, REDUCE_MAX, ADD, SUB, MUL by a constant, MINIMUM and MAXIMUM with a constant, CONCATENATION, RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1, LEAKY_RELU, LOGISTIC, TANH, HARD_SWISH, PAD, RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE, STRIDED_SLICE, SLICE, RESIZE_NEAREST_NEIGHBOR, QUANTIZE, and SOFTMAX, ARG_MAX and DEQUANTIZE at the end";

/// Codes may be scaled up by less than this: where sums are added, TensorFlow Lite can't do more.
const LARGEST_FACTOR: f64 = (1u32 << 19) as f64;

/// What the graph is built in.
pub(super) struct Lowering<'m> {
    pub model: &'m Model<'m>,
    tensors: Vec<Tensor>,
    nodes: Vec<graph::Node>,
    /// What stands for the file's tensors.
    values: HashMap<Index, TensorId>,
    /// Unpacked constants, neurons and moved elements that may still be made.
    allowance: usize,
}

/// Makes a graph of the operators of `plan`.
pub(super) fn lower(model: &Model<'_>, plan: &Plan) -> Result<Graph, ImportError> {
    let mut lowering = Lowering {
        model,
        tensors: Vec::new(),
        nodes: Vec::new(),
        values: HashMap::new(),
        allowance: MAX_ELEMENTS,
    };
    let of_model = |problem: &str| ImportError::Model {
        model: shown(model.name),
        problem: problem.into(),
    };
    let nodes: Vec<&Node<'_>> = plan.nodes.iter().map(|&number| &model.nodes[number]).collect();
    if nodes.is_empty() {
        return Err(of_model("it has no layers between its input and its output"));
    }
    let input = lowering.begin(&nodes)?;
    for &node in &nodes {
        if !lowering.is_done(node)? {
            lowering.lower(node)?;
        }
    }
    let Some(&output) = lowering.values.get(&plan.output) else {
        return Err(of_model("its output does not depend on its input"));
    };
    let shape = &lowering.tensors[output].shape;
    if let Some(read_out) = plan.read_out
        && shape.iter().filter(|&&extent| extent > 1).count() > 1
    {
        return Err(model.nodes[read_out].error(format!(
            "as a read-out it must read one row of logits per sample, but it reads shape {shape:?}"
        )));
    }
    let Lowering { tensors, nodes, .. } = lowering;
    Ok(Graph::new(model.name.into(), tensors, nodes, input, output)?)
}

impl<'m> Lowering<'m> {
    /// The graph's input: the file's, or the codes that a QUANTIZE makes of real numbers.
    fn begin(&mut self, nodes: &[&Node<'m>]) -> Result<TensorId, ImportError> {
        let index = self.model.input;
        let shape = self.model.shape(index)?;
        if shape.len() > 1 && shape[0] != 1 {
            return Err(self.model.tensor_error(
                index,
                format!(
                    "as the input it has shape {shape:?}, a fixed batch of {}, but one sample at a time is supported; convert the model with a batch of 1",
                    shape[0]
                ),
            ));
        }
        let readers: Vec<&&Node<'_>> = nodes.iter().filter(|n| n.inputs.contains(&Some(index))).collect();
        let Some(first) = readers.first() else {
            return Err(self.model.tensor_error(index, "nothing reads this input"));
        };
        let quantize = BuiltinOperator::QUANTIZE;
        let is_real = super::tensors::is_real(self.model.kind(index));
        if !is_real || first.op != quantize {
            let affine = self.model.affine(index, first)?;
            return self.begin_with(index, affine);
        }
        let codes = first.output()?;
        let affine = self.model.affine(codes, first)?;
        let id = self.begin_with(codes, affine)?;
        for reader in readers {
            let codes = reader.output()?;
            if reader.op != quantize {
                return Err(self.model.not_quantized(reader, "activations", index));
            }
            if self.model.affine(codes, reader)? != affine {
                return Err(reader.error(
                    "the input is quantized in two ways, but one is supported; convert the model again",
                ));
            }
            self.values.insert(codes, id);
        }
        Ok(id)
    }

    fn begin_with(&mut self, index: Index, affine: Affine) -> Result<TensorId, ImportError> {
        let shape = Layout::of(&self.model.shape(self.model.input)?).graph();
        self.tensors.push(Tensor {
            name: self.model.tensor_name(index),
            shape,
            encoding: Encoding::Codes(affine),
        });
        self.values.insert(index, 0);
        Ok(0)
    }

    /// Whether the node is the quantization of the input.
    fn is_done(&self, node: &Node<'_>) -> Result<bool, ImportError> {
        Ok(self.values.contains_key(&node.output()?))
    }

    fn lower(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        use BuiltinOperator as B;
        match node.op {
            B::CONV_2D => self.conv(node),
            B::DEPTHWISE_CONV_2D => self.depthwise(node),
            B::TRANSPOSE_CONV => self.transposed_conv(node),
            B::FULLY_CONNECTED => self.fully_connected(node),
            B::AVERAGE_POOL_2D | B::MAX_POOL_2D => self.pool(node),
            B::MEAN | B::REDUCE_MAX => self.reduce(node),
            B::ADD | B::SUB => self.sum(node),
            B::MUL => self.product(node),
            B::MINIMUM | B::MAXIMUM => self.limit(node),
            B::RELU | B::RELU6 | B::RELU_N1_TO_1 | B::RELU_0_TO_1 => self.relu(node),
            B::LEAKY_RELU | B::LOGISTIC | B::TANH | B::HARD_SWISH => self.table(node),
            B::QUANTIZE => self.requantize(node),
            B::CONCATENATION => self.concat(node),
            B::RESHAPE | B::SQUEEZE | B::EXPAND_DIMS => self.reshape(node),
            B::TRANSPOSE => self.transpose(node),
            B::PAD => self.pad(node),
            B::STRIDED_SLICE => self.strided_slice(node),
            B::SLICE => self.slice(node),
            B::RESIZE_NEAREST_NEIGHBOR => self.resize(node),
            _ => Err(unsupported(node)),
        }
    }

    /// The graph's tensor that input `index` of `node` is.
    pub fn input(&self, node: &Node<'m>, index: usize) -> Result<(Index, TensorId), ImportError> {
        let tensor = node.input(index)?;
        match self.values.get(&tensor) {
            Some(&id) => Ok((tensor, id)),
            None => Err(node.error(format!(
                "its input '{}' is a constant, but an activation is expected there",
                self.model.tensor_name(tensor)
            ))),
        }
    }

    /// Whether input `index` of `node` is computed.
    pub fn is_activation(&self, node: &Node<'m>, index: usize) -> bool {
        node.optional(index)
            .is_some_and(|tensor| self.values.contains_key(&tensor))
    }

    /// How a tensor of the file is laid out.
    pub fn layout(&self, index: Index) -> Result<Layout, ImportError> {
        Ok(Layout::of(&self.model.shape(index)?))
    }

    /// The quantization of a tensor of the graph.
    pub fn codes(&self, id: TensorId) -> Affine {
        match self.tensors[id].encoding {
            Encoding::Codes(affine) => affine,
            // Every tensor here is codes.
            Encoding::Real => Affine::UNIT,
        }
    }

    /// The shape of a tensor of the graph.
    pub fn shape(&self, id: TensorId) -> &[usize] {
        &self.tensors[id].shape
    }

    /// The codes that `node`'s fused activation leaves of its output's, if it has one.
    pub fn limits(
        &self,
        node: &Node<'m>,
        activation: ActivationFunctionType,
        affine: Affine,
    ) -> Result<Option<(i32, i32)>, ImportError> {
        use ActivationFunctionType as A;
        let range = match activation {
            A::NONE => return Ok(None),
            A::RELU => (0.0, f32::INFINITY),
            A::RELU6 => (0.0, 6.0),
            A::RELU_N1_TO_1 => (-1.0, 1.0),
            _ => {
                return Err(node.error(format!(
                    "its fused activation {} isn't supported; RELU, RELU6 and RELU_N1_TO_1 are",
                    activation.variant_name().unwrap_or("of an unknown number")
                )));
            }
        };
        Ok(Some(code_range(affine, range)))
    }

    /// Adds an operator that writes codes of `affine` to a new tensor called `name`.
    pub fn add(
        &mut self,
        node: &Node<'m>,
        op: Op,
        inputs: &[TensorId],
        affine: Affine,
        limits: Option<(i32, i32)>,
    ) -> Result<TensorId, ImportError> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|&input| self.shape(input)).collect();
        let shape = op.output_shape(&shapes).map_err(|problem| node.error(problem))?;
        let elements = shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent));
        if elements.is_none_or(|n| n > MAX_ELEMENTS) {
            return Err(GraphError::TooLarge {
                tensor: node.name.clone(),
                shape,
                limit: MAX_ELEMENTS,
            }
            .into());
        }
        self.charge(node, cost(&op, elements.unwrap_or_default()))?;
        self.check_factors(node, &op, inputs, affine)?;
        self.tensors.push(Tensor {
            name: node.name.clone(),
            shape,
            encoding: Encoding::Codes(affine),
        });
        let output = self.tensors.len() - 1;
        self.nodes.push(graph::Node {
            name: node.name.clone(),
            op,
            inputs: inputs.to_vec(),
            output,
            arithmetic: Arithmetic::FixedPoint,
            limits,
        });
        Ok(output)
    }

    /// Lets `id` stand for the output of `node`.
    pub fn finish(&mut self, node: &Node<'m>, id: TensorId) -> Result<(), ImportError> {
        let output = node.output()?;
        let declared = self.layout(output)?.graph();
        if self.shape(id) != declared {
            return Err(node.error(format!(
                "it gives shape {:?} (channels first), but the file declares {:?}; convert the model again",
                self.shape(id),
                self.model.shape(output)?
            )));
        }
        self.values.insert(output, id);
        Ok(())
    }

    /// Adds the operator that writes the output of `node`.
    pub fn add_last(
        &mut self,
        node: &Node<'m>,
        op: Op,
        inputs: &[TensorId],
        limits: Option<(i32, i32)>,
    ) -> Result<(), ImportError> {
        let affine = self.model.affine(node.output()?, node)?;
        let id = self.add(node, op, inputs, affine, limits)?;
        self.finish(node, id)
    }

    /// Lets codes of `id`, which the kernel only moved, stand for the output of `node`, read as it says.
    pub fn finish_moved(&mut self, node: &Node<'m>, mut id: TensorId) -> Result<(), ImportError> {
        let affine = self.model.affine(node.output()?, node)?;
        let own = self.codes(id);
        if own.format != affine.format {
            return Err(node.error("it changes the type of codes; convert the model again"));
        }
        if own != affine {
            id = self.add(node, Op::Reinterpret, &[id], affine, None)?;
        }
        self.finish(node, id)
    }

    /// Takes `elements` from what may still be made.
    pub fn charge(&mut self, node: &Node<'m>, elements: usize) -> Result<(), ImportError> {
        match self.allowance.checked_sub(elements) {
            Some(rest) => {
                self.allowance = rest;
                Ok(())
            }
            None => Err(ImportError::TooLarge {
                what: format!(
                    "the number of constants, neurons and moved elements up to node '{}',",
                    node.label
                ),
                found: format!("{},", (MAX_ELEMENTS - self.allowance).saturating_add(elements)),
                limit: MAX_ELEMENTS.to_string(),
            }),
        }
    }

    /// Refuses scales that TensorFlow Lite's multipliers don't hold.
    fn check_factors(
        &self,
        node: &Node<'m>,
        op: &Op,
        inputs: &[TensorId],
        output: Affine,
    ) -> Result<(), ImportError> {
        let weights = match op {
            Op::Conv(conv) => conv.weights.scales.iter().copied().fold(0.0, f32::max),
            Op::Dense(dense) => dense.weights.scales.iter().copied().fold(0.0, f32::max),
            Op::MulConstant(constant) => constant.affine.scale,
            Op::AddConstant(constant) => {
                let own = self.codes(inputs[0]).scale;
                constant.affine.scale.max(own) / own
            }
            _ => 1.0,
        };
        for &input in inputs {
            let scale = self.codes(input).scale;
            let factor = f64::from(scale) * f64::from(weights) / f64::from(output.scale);
            if factor >= LARGEST_FACTOR || !(scale * weights / output.scale).is_finite() {
                return Err(node.error(format!(
                    "it scales codes up by {factor:.3e}, but TensorFlow Lite's multipliers hold less than {LARGEST_FACTOR}; convert the model again with representative data"
                )));
            }
        }
        Ok(())
    }
}

/// The codes between two real numbers, ties away from zero.
pub(super) fn code_range(affine: Affine, (low, high): (f32, f32)) -> (i32, i32) {
    let (least, most) = (affine.format.min(), affine.format.max());
    let code = |real: f32| {
        let rounded = libm::roundf(real / affine.scale);
        // Casting saturates where a scale is tiny.
        (rounded as i32)
            .saturating_add(affine.zero_point)
            .clamp(least, most)
    };
    (code(low), code(high))
}

/// What an operator takes of the allowance: weights are charged where they are unpacked, but wiring and
/// neurons with one synapse each are as many as there are elements.
fn cost(op: &Op, elements: usize) -> usize {
    match op {
        Op::Conv(_) | Op::Dense(_) | Op::Reshape(_) | Op::Reinterpret => 0,
        Op::AveragePool(pool) if !pool.is_global => {
            let kernels = pool.windows.iter().map(|window| window.kernel);
            let taps = kernels.fold(1usize, usize::saturating_mul);
            elements.saturating_mul(taps.min(64))
        }
        Op::AveragePool(pool) => pool
            .windows
            .iter()
            .fold(elements, |n, window| n.saturating_mul(window.kernel)),
        _ => elements,
    }
}

/// Refuses a node by its operator's name, with advice where there is any.
fn unsupported(node: &Node<'_>) -> ImportError {
    use BuiltinOperator as B;
    let advice = match node.op {
        B::SOFTMAX | B::LOG_SOFTMAX | B::ARG_MAX | B::DEQUANTIZE => " between layers, but only at the end",
        B::IF | B::WHILE | B::CALL_ONCE => {
            ": a network must be a fixed graph of layers, without control flow"
        }
        B::LSTM | B::UNIDIRECTIONAL_SEQUENCE_LSTM | B::BIDIRECTIONAL_SEQUENCE_LSTM | B::RNN | B::SVDF => {
            ": only feed-forward networks are supported"
        }
        B::CUSTOM => ": custom operators can't be known",
        B::RESIZE_BILINEAR => ": use RESIZE_NEAREST_NEIGHBOR or a transposed convolution",
        B::TILE => ": to enlarge images use tf.image.resize with method='nearest'",
        _ => "",
    };
    ImportError::UnsupportedOperator {
        node: node.label.clone(),
        op: node.op_name.clone(),
        advice,
        supported: SUPPORTED,
    }
}
