//! Each node of the file becomes an operator of the strict graph, or a property of a tensor.

use super::attributes::Attributes;
use super::elementwise::Joint;
use super::kernels::Kind;
use super::model::{Model, Node};
use super::order::{Plan, without_domain};
use super::quantization::{self, Dequantized, Parameters, format_of};
use super::shapes;
use super::tensors::{Constant, ElementType, Elements};
use crate::graph::{
    self, Affine, Arithmetic, Clamp, Encoding, Graph, GraphError, MAX_ELEMENTS, Op, Tensor, TensorId,
};
use crate::import::ImportError;
use crate::import::error::shown;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The operators that are understood, for messages.
const SUPPORTED: &str = "Conv, ConvTranspose, Gemm, MatMul, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, \
    ReduceMean (over all spatial axes), BatchNormalization, Add, Sub, Mul and Div (by a constant), Relu, Clip, LeakyRelu, \
    Sigmoid, Tanh, HardSigmoid, Concat, Flatten, Reshape, Squeeze, Unsqueeze, Transpose, Pad, Slice, Resize \
    (nearest), Identity, Dropout, Constant, ConstantOfShape, Shape, Gather and Cast (of constants), QuantizeLinear, \
    DequantizeLinear, QLinearConv, QLinearMatMul, QGemm, QLinearAdd, QLinearMul (by a constant), QLinearConcat, \
    QLinearAveragePool, QLinearGlobalAveragePool, QLinearLeakyRelu, QLinearSigmoid, ConvInteger, MatMulInteger, \
    and at the end Softmax or ArgMax";

/// What a name in the file stands for.
#[derive(Clone)]
pub(super) enum Value {
    /// A constant: real numbers, or integers.
    Constant(Rc<Constant>),
    /// Integer constants seen through a DequantizeLinear.
    Dequantized(Rc<Dequantized>),
    /// The codes of an activation.
    Codes(TensorId),
    /// The real numbers of an activation, which may be those that its codes stand for.
    Real(TensorId),
}

/// The graph while it is being made.
pub(super) struct Lowering<'m> {
    pub model: &'m Model,
    pub plan: &'m Plan<'m>,
    /// The model's name, for messages.
    pub name: &'m str,
    /// Whether nothing in the file quantizes an activation: it becomes a graph of real numbers.
    pub is_real: bool,
    values: HashMap<&'m str, Value>,
    pub tensors: Vec<Tensor>,
    /// The graph's nodes; one that was found to do nothing leaves a gap.
    pub nodes: Vec<Option<graph::Node>>,
    /// For each tensor, the node that writes it.
    pub writers: Vec<Option<usize>>,
    /// For each tensor of codes, their type as ONNX Runtime's kernels see it.
    pub kinds: Vec<Kind>,
    /// For each node, whether its arithmetic is decided by the file.
    pub decided: Vec<bool>,
    /// For each sum, by its node's index, the shapes of its operands before they were broadcast.
    pub sums: HashMap<usize, [Vec<usize>; 2]>,
    /// Nodes, by their index, with weights of 4 bits each.
    pub half_bytes: HashSet<usize>,
    /// For each tensor that a Clip narrowed, the format of its codes' type.
    pub narrowed: HashMap<TensorId, graph::CodeFormat>,
    /// Tensors that the file knows nothing of: one node reads them.
    pub internal: HashSet<TensorId>,
    /// Tensors whose readers don't agree on one quantization.
    pub mixed: Vec<bool>,
    /// Codes made of a tensor in another quantization, so that none is made twice.
    pub requantized: HashMap<(TensorId, u32, i32, graph::CodeFormat), TensorId>,
    /// Elements of constants that may still be unpacked: a small file could ask for many copies.
    allowance: usize,
}

/// Makes the strict graph of the nodes in `plan`.
pub(super) fn lower(model: &Model, plan: &Plan, name: &str) -> Result<Graph, ImportError> {
    let mut lowering = Lowering {
        model,
        plan,
        name,
        is_real: plan.is_real(model),
        values: HashMap::new(),
        tensors: Vec::new(),
        nodes: Vec::new(),
        writers: Vec::new(),
        kinds: Vec::new(),
        decided: Vec::new(),
        sums: HashMap::new(),
        half_bytes: HashSet::new(),
        narrowed: HashMap::new(),
        internal: HashSet::new(),
        mixed: Vec::new(),
        requantized: HashMap::new(),
        allowance: MAX_ELEMENTS,
    };
    let input = lowering.add_input()?;
    for (index, node) in plan.nodes.iter().enumerate() {
        let value = lowering.value_of(node)?;
        lowering.values.insert(node.output()?, value);
        lowering.forget_constants(index, node);
    }
    lowering.finish(input)
}

impl<'m> Lowering<'m> {
    /// Lets go of the constants that no node behind this one reads: weights are held once, as the graph's.
    fn forget_constants(&mut self, index: usize, node: &'m Node) {
        for name in &node.inputs {
            let name = self.plan.resolve(name);
            let is_constant = matches!(
                self.values.get(name),
                Some(Value::Constant(_) | Value::Dequantized(_))
            );
            if is_constant && self.plan.is_last_reader(index, name) {
                self.values.remove(name);
            }
        }
    }

    fn add_input(&mut self) -> Result<TensorId, ImportError> {
        let input = &self.model.input;
        let tensor = self.add_tensor(&input.name, input.sample.clone())?;
        let is_real = input.element == ElementType::Float;
        let value = if is_real {
            Value::Real(tensor)
        } else {
            Value::Codes(tensor)
        };
        self.values.insert(&input.name, value);
        Ok(tensor)
    }

    /// A new tensor of real numbers; [`Self::encode`](Self::encode) may make codes of them later.
    pub fn add_tensor(&mut self, name: &str, shape: Vec<usize>) -> Result<TensorId, ImportError> {
        let elements = shape.iter().try_fold(self.batch(), |n, &d| n.checked_mul(d));
        if elements.is_none_or(|n| n > MAX_ELEMENTS) {
            return Err(GraphError::TooLarge {
                tensor: shown(name),
                shape,
                limit: MAX_ELEMENTS,
            }
            .into());
        }
        self.tensors.push(Tensor {
            name: name.into(),
            shape,
            encoding: Encoding::Real,
        });
        self.writers.push(None);
        self.kinds.push(Kind::Other);
        self.mixed.push(false);
        Ok(self.tensors.len() - 1)
    }

    /// Adds an operator that writes a new tensor called `output`.
    pub fn add_node(
        &mut self,
        name: &str,
        op: Op,
        input: TensorId,
        output: &str,
    ) -> Result<TensorId, ImportError> {
        self.add_op(name, op, &[input], output)
    }

    /// Adds an operator with any number of inputs.
    pub fn add_op(
        &mut self,
        name: &str,
        op: Op,
        inputs: &[TensorId],
        output: &str,
    ) -> Result<TensorId, ImportError> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|&input| self.shape(input)).collect();
        let shape = op.output_shape(&shapes).map_err(|problem| GraphError::Shape {
            node: shown(name),
            op: op.name(),
            problem,
        })?;
        let elements: usize = shape.iter().product();
        self.charge_of(name, cost(&op, elements))?;
        let tensor = self.add_tensor(output, shape)?;
        if let Some(writer) = self.writers.get_mut(tensor) {
            *writer = Some(self.nodes.len());
        }
        self.decided.push(false);
        self.nodes.push(Some(graph::Node {
            name: name.into(),
            op,
            inputs: inputs.to_vec(),
            output: tensor,
            arithmetic: Arithmetic::Codes,
            limits: None,
        }));
        Ok(tensor)
    }

    /// Sets the arithmetic of the node that was added last, if the file decides it.
    pub fn fix_arithmetic(&mut self, arithmetic: Option<Arithmetic>) {
        if let (Some(arithmetic), Some(last)) = (arithmetic, self.nodes.len().checked_sub(1)) {
            self.fix_arithmetic_of(last, arithmetic);
        }
    }

    pub fn fix_arithmetic_of(&mut self, index: usize, arithmetic: Arithmetic) {
        if let (Some(Some(node)), Some(decided)) = (self.nodes.get_mut(index), self.decided.get_mut(index)) {
            node.arithmetic = arithmetic;
            *decided = true;
        }
    }

    /// The arithmetic of the node that writes `tensor`.
    pub fn arithmetic_of(&self, tensor: TensorId) -> Option<Arithmetic> {
        let writer = self.writers.get(tensor).copied().flatten()?;
        Some(self.nodes.get(writer)?.as_ref()?.arithmetic)
    }

    /// The samples in a batch; one if the file leaves it open.
    pub fn batch(&self) -> usize {
        self.model.input.batch.unwrap_or(1)
    }

    /// The shape of one sample.
    pub fn shape(&self, tensor: TensorId) -> &[usize] {
        self.tensors.get(tensor).map_or(&[], |t| &t.shape)
    }

    pub fn encoding(&self, tensor: TensorId) -> Encoding {
        self.tensors.get(tensor).map_or(Encoding::Real, |t| t.encoding)
    }

    /// Charges `elements` unpacked elements of constants.
    pub fn charge(&mut self, node: &Node, elements: usize) -> Result<(), ImportError> {
        self.charge_of(&node.name, elements)
    }

    fn charge_of(&mut self, node: &str, elements: usize) -> Result<(), ImportError> {
        match self.allowance.checked_sub(elements) {
            Some(rest) => {
                self.allowance = rest;
                Ok(())
            }
            None => Err(ImportError::TooLarge {
                what: format!(
                    "the number of constants, neurons and moved elements up to node '{}',",
                    shown(node)
                ),
                found: (MAX_ELEMENTS - self.allowance)
                    .saturating_add(elements)
                    .to_string()
                    + ",",
                limit: MAX_ELEMENTS.to_string(),
            }),
        }
    }

    /// What input `index` of `node` stands for.
    pub fn input(&mut self, node: &'m Node, index: usize) -> Result<Value, ImportError> {
        let name = self.plan.resolve(node.input(index)?);
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let constant = match (self.model.initializers.get(name), self.plan.writer(name)) {
            (Some(tensor), _) => Constant::new(&tensor.take(), name)?,
            (None, Some(writer)) if writer.op == "Constant" => constant_node(writer)?,
            _ => {
                return Err(node.error(format!(
                    "it reads '{}', a further output of another node, but only first outputs are supported",
                    shown(name)
                )));
            }
        };
        self.charge(node, constant.len())?;
        let value = Value::Constant(Rc::new(constant));
        self.values.insert(name, value.clone());
        Ok(value)
    }

    /// Input `index` as a constant; `what` is its meaning.
    pub fn constant(
        &mut self,
        node: &'m Node,
        index: usize,
        what: &str,
    ) -> Result<Rc<Constant>, ImportError> {
        match self.input(node, index)? {
            Value::Constant(constant) => Ok(constant),
            _ => Err(node.error(format!(
                "its {what} is computed by other nodes, but must be a constant"
            ))),
        }
    }

    /// Input `index` as real numbers of an activation.
    pub fn activation(&mut self, node: &'m Node, index: usize) -> Result<TensorId, ImportError> {
        match self.input(node, index)? {
            Value::Real(tensor) => Ok(tensor),
            Value::Codes(_) => {
                Err(node
                    .error("it computes with codes directly; put a DequantizeLinear before it (QDQ form)"))
            }
            _ => Err(node
                .error("it computes a constant; simplify the model (constant folding) before quantizing it")),
        }
    }

    fn value_of(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        match without_domain(&node.op) {
            "QuantizeLinear" => self.quantize(node),
            "DequantizeLinear" => self.dequantize(node),
            "Conv" => self.conv(node).map(Value::Real),
            "ConvTranspose" => self.conv_transpose(node).map(Value::Real),
            "Gemm" => self.gemm(node).map(Value::Real),
            "MatMul" => self.mat_mul(node).map(Value::Real),
            "Add" => self.binary(node, Joint::Add),
            "Sub" => self.binary(node, Joint::Sub),
            "Mul" => self.binary(node, Joint::Mul),
            "Div" => self.binary(node, Joint::Div),
            "Relu" => self.relu(node).map(Value::Real),
            "Clip" => self.clip(node),
            "LeakyRelu" | "Sigmoid" | "Tanh" | "HardSigmoid" => self.unary(node).map(Value::Real),
            "BatchNormalization" => self.batch_normalization(node).map(Value::Real),
            "MaxPool" => self.max_pool(node),
            "GlobalMaxPool" => {
                let input = self.operand_of(node, 0)?;
                self.global_pool(node, input, Op::MaxPool).map(Value::Real)
            }
            "AveragePool" => {
                let input = self.operand_of(node, 0)?;
                self.pool(node, input, Op::AveragePool).map(Value::Real)
            }
            "GlobalAveragePool" => {
                let input = self.operand_of(node, 0)?;
                self.global_pool(node, input, Op::AveragePool).map(Value::Real)
            }
            "ReduceMean" => self.reduce_mean(node).map(Value::Real),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => self.reshaping(node),
            "Transpose" => self.transpose(node),
            "Pad" => self.pad(node),
            "Slice" => self.slice(node),
            "Resize" => self.resize(node),
            "Concat" => self.concat(node),
            "Shape" => self.shape_of(node),
            "ConstantOfShape" => self.constant_of_shape(node),
            "Gather" => self.gather(node),
            "Cast" => self.cast(node),
            "ConvInteger" => self.integer(node, true),
            "MatMulInteger" => self.integer(node, false),
            _ => self.on_codes(node),
        }
    }

    /// An operator from codes to codes: the file decides its arithmetic.
    fn on_codes(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let before = self.nodes.len();
        let value = match node.op.as_str() {
            "QLinearConv" => self.q_conv(node),
            "QLinearMatMul" => self.q_mat_mul(node),
            "com.microsoft.QGemm" => self.q_gemm(node),
            "com.microsoft.QLinearAdd" => self.q_binary(node, Joint::Add),
            "com.microsoft.QLinearMul" => self.q_binary(node, Joint::Mul),
            "com.microsoft.QLinearConcat" => self.q_concat(node),
            "com.microsoft.QLinearAveragePool" => self.q_average(node, false),
            "com.microsoft.QLinearGlobalAveragePool" => self.q_average(node, true),
            "com.microsoft.QLinearLeakyRelu" | "com.microsoft.QLinearSigmoid" => self.q_unary(node),
            _ => Err(unsupported(node)),
        }?;
        for index in before..self.nodes.len() {
            self.fix_arithmetic_of(index, Arithmetic::Codes);
        }
        Ok(value)
    }

    /// Scales and zero points of a QuantizeLinear, or of a DequantizeLinear that reads `codes`.
    pub fn parameters(
        &mut self,
        node: &'m Node,
        codes: Option<ElementType>,
    ) -> Result<Parameters, ImportError> {
        node.at_most(3)?;
        let scale = self.constant(node, 1, "scale")?;
        let zero_point = match node.optional_input(2) {
            Some(_) => Some(self.constant(node, 2, "zero point")?),
            None => None,
        };
        Parameters::new(node, &scale, zero_point.as_deref(), codes)
    }

    fn quantize(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let parameters = self.parameters(node, None)?;
        match self.input(node, 0)? {
            Value::Constant(constant) => {
                self.charge(node, constant.len())?;
                Ok(Value::Constant(Rc::new(quantization::quantize(
                    node,
                    &constant,
                    &parameters,
                )?)))
            }
            Value::Real(tensor) => self
                .encode(node, tensor, parameters.affine(node)?)
                .map(Value::Codes),
            _ => Err(node.error("it quantizes what is quantized already; remove it")),
        }
    }

    fn dequantize(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        match self.input(node, 0)? {
            Value::Constant(codes) => {
                let parameters = self.parameters(node, Some(codes.element))?;
                Ok(Value::Dequantized(Rc::new(Dequantized { codes, parameters })))
            }
            Value::Codes(tensor) => {
                let affine = self.parameters(node, None)?.affine(node)?;
                self.decode(node, tensor, affine)?;
                Ok(Value::Real(tensor))
            }
            _ => Err(node.error("it dequantizes real numbers; remove it")),
        }
    }

    /// Gives the codes of `tensor` their meaning, or checks it against the one they have.
    pub fn decode(&mut self, node: &Node, tensor: TensorId, affine: Affine) -> Result<(), ImportError> {
        let is_input = self.writers.get(tensor).is_some_and(Option::is_none);
        if let Encoding::Codes(present) = self.encoding(tensor)
            && self.is_narrowed_to(tensor, present, affine)
        {
            return Ok(());
        }
        match self.tensors.get_mut(tensor) {
            Some(t) if t.encoding == Encoding::Codes(affine) => Ok(()),
            Some(t) if t.encoding == Encoding::Real && is_input => {
                if format_of(self.model.input.element) != Some(affine.format) {
                    return Err(node.error("its zero point is of another type than the input that it reads"));
                }
                self.set_codes(tensor, affine, Kind::of(affine.format));
                Ok(())
            }
            _ => Err(node.error(
                "its scale or zero point isn't that of the codes it reads; both must be the same in a pair of QuantizeLinear and DequantizeLinear",
            )),
        }
    }

    fn relu(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(1)?;
        Attributes::of(node, &[])?;
        self.clamp(node, Clamp::RELU)
    }

    /// The largest number of each window: of codes directly, it is the same.
    fn max_pool(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        if let Value::Codes(tensor) = self.input(node, 0)? {
            let (tensor, _) = self.moved(node, 0).map(|_| (tensor, ()))?;
            let output = self.pool(node, tensor, Op::MaxPool)?;
            if let Encoding::Codes(affine) = self.encoding(tensor) {
                self.set_codes(output, affine, self.kind(tensor));
            }
            return Ok(Value::Codes(output));
        }
        let input = self.activation(node, 0)?;
        self.settle(input);
        let output = self.pool(node, input, Op::MaxPool)?;
        let kind = self.kind_behind(node, input);
        if let Some(place) = self.kinds.get_mut(output) {
            *place = kind;
        }
        Ok(Value::Real(output))
    }

    fn clip(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(3)?;
        let value = self.input(node, 0)?;
        let is_of_codes = match &value {
            Value::Codes(_) => true,
            Value::Constant(constant) => matches!(constant.elements, Elements::Integer(_)),
            _ => false,
        };
        if is_of_codes {
            return self.clip_codes(node, value);
        }
        // The bounds are attributes before operator set 11, and inputs since.
        let attributes = Attributes::of(node, &["min", "max"])?;
        let mut bound = |index, name, default| match node.optional_input(index) {
            Some(_) => self.scalar(node, index),
            None => Ok(attributes.float(name)?.unwrap_or(default)),
        };
        let (min, max) = (
            bound(1, "min", f32::NEG_INFINITY)?,
            bound(2, "max", f32::INFINITY)?,
        );
        if min.is_nan() || max.is_nan() || min > max {
            return Err(node.error(format!("its range {min} to {max} is empty")));
        }
        self.clamp(node, Clamp { min, max }).map(Value::Real)
    }

    /// Adds a clamp. Clamps in a row become one, unless someone reads what is between them.
    fn clamp(&mut self, node: &'m Node, clamp: Clamp) -> Result<TensorId, ImportError> {
        let input = self.activation(node, 0)?;
        let writer = self.writers.get(input).copied().flatten();
        if let Some(Some(graph::Node {
            op: Op::Clamp(before),
            ..
        })) = writer.and_then(|i| self.nodes.get_mut(i))
            && let Some(tensor) = self.tensors.get_mut(input)
            && tensor.encoding == Encoding::Real
            && self.plan.is_read_once(&tensor.name)
        {
            *before = before.then(clamp);
            tensor.name = node.output()?.into();
            return Ok(input);
        }
        self.add_node(&node.name, Op::Clamp(clamp), input, node.output()?)
    }

    /// Input `index` as one real number.
    pub fn scalar(&mut self, node: &'m Node, index: usize) -> Result<f32, ImportError> {
        let values = match self.input(node, index)? {
            Value::Constant(constant) => constant.reals()?.to_vec(),
            Value::Dequantized(constant) => constant.reals(node)?,
            _ => Vec::new(),
        };
        match values[..] {
            [value] => Ok(value),
            _ => Err(node.error(format!("its input {index} must be one constant number"))),
        }
    }

    fn reshaping(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let value = self.input(node, 0)?;
        let (tensor, is_real) = match value {
            Value::Real(tensor) => (tensor, true),
            Value::Codes(tensor) if self.encoding(tensor) != Encoding::Real => (tensor, false),
            Value::Codes(_) => {
                return Err(node.error(
                    "it reads codes before their scale is known; put it behind the DequantizeLinear",
                ));
            }
            Value::Constant(constant) => return self.reshaped_constant(node, &constant),
            Value::Dequantized(_) => {
                return Err(node.error(
                    "it reshapes quantized constants; simplify the model (constant folding) before quantizing it",
                ));
            }
        };
        let batched: Vec<usize> = std::iter::once(self.batch())
            .chain(self.shape(tensor).iter().copied())
            .collect();
        let reshaped = self.reshaped(node, &batched)?;
        let sample = match reshaped.split_first() {
            Some((&batch, sample)) if batch == self.batch() && !sample.is_empty() => sample.to_vec(),
            _ => {
                return Err(node.error(format!(
                    "it turns shape {batched:?} (batch first) into {reshaped:?}, which mixes the samples of a batch or drops the batch dimension"
                )));
            }
        };
        self.keep(node, Op::Reshape(sample), (tensor, is_real))
    }

    pub fn reshaped(&mut self, node: &'m Node, shape: &[usize]) -> Result<Vec<usize>, ImportError> {
        match node.op.as_str() {
            "Flatten" => shapes::flatten(node, shape),
            "Reshape" => {
                let target = self.constant(node, 1, "shape")?.longs()?;
                shapes::reshape(node, shape, &target)
            }
            // Axes are an attribute before operator set 13, and an input since.
            _ => {
                let attribute = Attributes::of(node, &["axes"])?
                    .ints("axes")?
                    .map(<[i64]>::to_vec);
                let axes = match node.optional_input(1) {
                    Some(_) => Some(self.constant(node, 1, "list of axes")?.longs()?),
                    None => attribute,
                };
                match (node.op.as_str(), axes) {
                    ("Squeeze", axes) => {
                        shapes::squeeze(node, shape, axes.as_deref(), self.model.input.batch.is_none())
                    }
                    (_, Some(axes)) => shapes::unsqueeze(node, shape, &axes),
                    (_, None) => Err(node.error("it doesn't say which axes to add")),
                }
            }
        }
    }

    /// Which tensor is the answer, and the finished graph without what is no longer needed.
    fn finish(mut self, input: TensorId) -> Result<Graph, ImportError> {
        let of_model = |problem: String| ImportError::Model {
            model: shown(self.name),
            problem,
        };
        let output = match self.values.get(self.plan.output) {
            Some(Value::Real(tensor) | Value::Codes(tensor)) => *tensor,
            _ => return Err(of_model("its output is a constant".into())),
        };
        if self.nodes.iter().flatten().next().is_none() {
            return Err(of_model(
                "it has no layers between its input and its output".into(),
            ));
        }
        if self.encoding(input) == Encoding::Real && !self.is_real {
            let reader = self.plan.readers(&self.model.input.name).next();
            return Err(self.not_quantized(
                reader.map_or("(output)", |node| &node.name),
                "activations",
                &self.model.input.name,
            ));
        }
        if let Some(node) = self.plan.read_out.filter(|_| self.shape(output).len() != 1) {
            return Err(node.error(format!(
                "as a read-out it must read one row of logits per sample, but it reads shape {:?}",
                self.shape(output)
            )));
        }
        if self.is_real {
            self.nodes
                .iter_mut()
                .flatten()
                .for_each(|node| node.arithmetic = Arithmetic::Real);
        } else {
            self.decide_arithmetic();
            self.order_sums();
        }
        compact(self.name, self.tensors, self.nodes, input, output)
    }

    /// The error that a network of real numbers gets.
    pub fn not_quantized(&self, node: &str, what: &'static str, tensor: &str) -> ImportError {
        ImportError::NotQuantized {
            model: shown(self.name),
            node: shown(node),
            what,
            tensor: shown(tensor),
        }
    }
}

/// What an operator takes of the allowance: weights are charged where they are unpacked, but wiring and
/// neurons with one synapse each are as many as there are elements.
fn cost(op: &Op, elements: usize) -> usize {
    match op {
        Op::Conv(_)
        | Op::Dense(_)
        | Op::RealConv(_)
        | Op::RealDense(_)
        | Op::Reshape(_)
        | Op::Clamp(_)
        | Op::Identity
        | Op::Reinterpret => 0,
        Op::AveragePool(pool) if !pool.is_global => {
            let taps = pool
                .windows
                .iter()
                .fold(1usize, |taps, window| taps.saturating_mul(window.kernel));
            elements.saturating_mul(taps.min(64))
        }
        _ => elements,
    }
}

/// Leaves away tensors that no node touches, and numbers the others anew.
fn compact(
    name: &str,
    tensors: Vec<Tensor>,
    nodes: Vec<Option<graph::Node>>,
    input: TensorId,
    output: TensorId,
) -> Result<Graph, ImportError> {
    let mut nodes: Vec<graph::Node> = nodes.into_iter().flatten().collect();
    let mut ids: HashMap<TensorId, TensorId> = nodes
        .iter()
        .flat_map(|n| n.inputs.iter().copied().chain([n.output]))
        .chain([input, output])
        .map(|id| (id, 0))
        .collect();
    let mut kept = Vec::with_capacity(ids.len());
    for (old, tensor) in tensors.into_iter().enumerate() {
        if let Some(id) = ids.get_mut(&old) {
            *id = kept.len();
            kept.push(tensor);
        }
    }
    let id = |old: TensorId| ids.get(&old).copied().unwrap_or_default();
    // One node of the file may be several of the graph, which still need names of their own.
    let mut names: HashMap<String, usize> = HashMap::new();
    for node in &mut nodes {
        let count = names.entry(node.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            node.name = format!("{} ({count})", node.name);
        }
        node.inputs.iter_mut().for_each(|input| *input = id(*input));
        node.output = id(node.output);
    }
    Ok(Graph::new(name.into(), kept, nodes, id(input), id(output))?)
}

fn constant_node(node: &Node) -> Result<Constant, ImportError> {
    let attributes = Attributes::of(
        node,
        &["value", "value_float", "value_floats", "value_int", "value_ints"],
    )?;
    let name = node.output()?;
    if let Some(tensor) = attributes.tensor("value")? {
        return Constant::new(tensor, name);
    }
    let scalar = |elements| Constant {
        dims: Vec::new(),
        ..Constant::vector(name, elements)
    };
    if let Some(value) = attributes.float("value_float")? {
        return Ok(scalar(Elements::Real(vec![value])));
    }
    if let Some(value) = attributes.int("value_int")? {
        return Ok(scalar(Elements::Long(vec![value])));
    }
    if let Some(values) = attributes.floats("value_floats")? {
        return Ok(Constant::vector(name, Elements::Real(values.to_vec())));
    }
    match attributes.ints("value_ints")? {
        Some(values) => Ok(Constant::vector(name, Elements::Long(values.to_vec()))),
        None => Err(node.error("it has no value")),
    }
}

/// Refuses a node by its operator's name, with advice where there is any.
fn unsupported(node: &Node) -> ImportError {
    let op = node.op.rsplit('.').next().unwrap_or_default();
    let advice = match op {
        _ if op.starts_with("QLinear") => {
            ": quantize the model as QDQ (quantize_static with QuantFormat.QDQ) instead"
        }
        "If" | "Loop" | "Scan" => ": a network must be a fixed graph of layers, without control flow",
        "FusedConv" | "FusedGemm" | "FusedMatMul" => ": export the model before ONNX Runtime optimizes it",
        "DynamicQuantizeLinear" => ": quantize statically (quantize_static) instead of dynamically",
        "Softmax" | "ArgMax" | "LogSoftmax" => " between layers, but only at the end",
        _ => "",
    };
    ImportError::UnsupportedOperator {
        node: shown(&node.name),
        op: shown(&node.op),
        advice,
        supported: SUPPORTED,
    }
}
