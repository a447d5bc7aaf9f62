//! Operators and tensors of the graph as nodes of the file.

use super::OnnxError;
use super::file::{Attributes, Element, File};
use super::moves::{self, Move};
use crate::graph::{
    Affine, Arithmetic, Clamp, CodeFormat, Constant, Conv, Dense, Encoding, Graph, Node, Op, Pool, Rearrange,
    TensorId, Unary, Weights, Window,
};

/// What a file may leave open, and still be read as the same graph but for the arithmetic of nodes: where
/// the pairs of QuantizeLinear and DequantizeLinear stand around operators that only keep codes.
#[derive(Clone, Copy, Default)]
pub(super) struct Style {
    /// What a layer computes goes into such an operator as real numbers.
    bare_before: bool,
    /// What such an operator gives goes on as real numbers.
    bare_behind: bool,
    /// Reshaping to a vector is a Flatten.
    flatten: bool,
    /// Narrow unsigned codes are stored in a signed type.
    signed: bool,
}

impl Style {
    /// The plainest first: every tensor of codes has its pair.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|choice| Self {
            bare_before: choice & 1 != 0,
            bare_behind: choice & 2 != 0,
            flatten: choice & 4 != 0,
            signed: choice & 8 != 0,
        })
    }
}

/// A graph that is being written.
pub(super) struct Writer<'a> {
    graph: &'a Graph,
    style: Style,
    file: File,
    /// The name that each tensor's real numbers have in the file.
    reals: Vec<String>,
    /// Which node writes each tensor.
    writers: Vec<Option<usize>>,
    /// Which nodes read each tensor.
    readers: Vec<Vec<usize>>,
    /// Nodes that the node behind them stands for.
    merged: Vec<bool>,
}

impl<'a> Writer<'a> {
    pub fn new(graph: &'a Graph, style: Style) -> Self {
        let mut writers = vec![None; graph.tensors.len()];
        let mut readers = vec![Vec::new(); graph.tensors.len()];
        for (index, node) in graph.nodes.iter().enumerate() {
            writers[node.output] = Some(index);
            for &input in &node.inputs {
                readers[input].push(index);
            }
        }
        let mut file = File::default();
        for tensor in &graph.tensors {
            file.reserve(&tensor.name);
        }
        Self {
            graph,
            style,
            file,
            reals: graph.tensors.iter().map(|tensor| tensor.name.clone()).collect(),
            writers,
            readers,
            merged: vec![false; graph.nodes.len()],
        }
    }

    /// The bytes of the file.
    pub fn write(mut self) -> Result<Vec<u8>, OnnxError> {
        self.choose_opset()?;
        let graph = self.graph;
        let input = &graph.tensors[graph.input];
        if let Encoding::Codes(affine) = input.encoding {
            self.pair(graph.input, affine);
        }
        for index in 0..graph.nodes.len() {
            self.add(index)?;
        }
        let output = &graph.tensors[graph.output];
        let name = self.reals[graph.output].clone();
        Ok(self
            .file
            .finish(&graph.name, (&input.name, &input.shape), (&name, &output.shape)))
    }

    /// 13 is the first with scales per channel. Averages of real numbers are added in another order
    /// since 19, and ONNX Runtime's own operators quantize to 16 and 4 bits before 21.
    fn choose_opset(&mut self) -> Result<(), OnnxError> {
        let mut old = None;
        let mut new = None;
        for node in &self.graph.nodes {
            if let Op::AveragePool(pool) | Op::MaxPool(pool) = &node.op
                && !pool.is_global
            {
                let place = if pool.columns_first { &mut old } else { &mut new };
                *place = place.or(Some(node));
            }
        }
        if let (Some(_), Some(node)) = (old, new) {
            return Err(refused(
                node,
                "it adds row by row, and another pool column by column, as operator sets before and since 19 have it",
            ));
        }
        let is_new = |tensor| {
            self.affine(tensor)
                .is_some_and(|affine| Element::of(affine.format).is_new())
        };
        let has_new_types =
            (0..self.graph.tensors.len()).any(is_new) || self.graph.nodes.iter().any(is_stored_in_half_bytes);
        self.file.is_microsoft = has_new_types && old.is_some();
        self.file.opset = match (has_new_types, new) {
            (true, _) if old.is_none() => 21,
            (_, Some(_)) => 19,
            _ => 13,
        };
        Ok(())
    }

    fn real(&self, node: &Node, input: usize) -> String {
        self.reals[node.inputs[input]].clone()
    }

    fn shape(&self, tensor: TensorId) -> &'a [usize] {
        &self.graph.tensors[tensor].shape
    }

    fn affine(&self, tensor: TensorId) -> Option<Affine> {
        match self.graph.tensors[tensor].encoding {
            Encoding::Codes(affine) => Some(affine),
            Encoding::Real => None,
        }
    }

    fn name(&self, tensor: TensorId) -> &'a str {
        &self.graph.tensors[tensor].name
    }

    fn add(&mut self, index: usize) -> Result<(), OnnxError> {
        let node = &self.graph.nodes[index];
        if self.merges(index) {
            self.merged[index] = true;
            self.reals[node.output] = self.real(node, 0);
            return Ok(());
        }
        if node.arithmetic == Arithmetic::Integer {
            return Err(refused(
                node,
                "it gives the sums of integers themselves (ConvInteger, MatMulInteger), and QDQ form has real numbers there",
            ));
        }
        let output = self.name(node.output);
        if let (Op::Identity, Some(affine)) = (&node.op, self.affine(node.output)) {
            let input = self.real(node, 0);
            self.quantize(node.output, &node.name, &input, output.to_string(), affine);
            return Ok(());
        }
        self.write_op(node)?;
        if let Some(affine) = self.affine(node.output)
            && !self.is_bare(index)
        {
            self.pair(node.output, affine);
        }
        Ok(())
    }

    fn write_op(&mut self, node: &'a Node) -> Result<(), OnnxError> {
        let output = self.name(node.output);
        let inputs: Vec<String> = (0..node.inputs.len()).map(|i| self.real(node, i)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        match &node.op {
            Op::Conv(conv) => self.conv(node, conv, inputs[0])?,
            Op::Dense(dense) => self.dense(node, dense, inputs[0])?,
            Op::RealConv(_) | Op::RealDense(_) => {
                return Err(refused(
                    node,
                    "its weights are real numbers; quantize the model first",
                ));
            }
            Op::MaxPool(pool) => self.pool(node, "MaxPool", pool, inputs[0]),
            Op::AveragePool(pool) => self.pool(node, "AveragePool", pool, inputs[0]),
            Op::Add { subtract } => {
                let op = if *subtract { "Sub" } else { "Add" };
                let mut inputs = inputs;
                if self.is_turned_round(node) {
                    inputs.reverse();
                }
                self.file.node(op, &node.name, &inputs, output);
            }
            Op::AddConstant(constant) => self.with_codes(node, "Add", constant, inputs[0]),
            Op::MulConstant(constant) => self.with_codes(node, "Mul", constant, inputs[0]),
            Op::Shift(values) => self.with_reals(node, "Add", values, inputs[0]),
            Op::Scale(values) => self.with_reals(node, "Mul", values, inputs[0]),
            Op::Concat(concat) => {
                let attributes = self.file.node("Concat", &node.name, &inputs, output);
                attributes.int("axis", concat.axis + 1);
            }
            Op::Unary(function) => {
                let attributes = self.file.node(function.name(), &node.name, &inputs, output);
                match *function {
                    Unary::LeakyRelu(alpha) => {
                        attributes.float("alpha", alpha);
                    }
                    Unary::HardSigmoid(alpha, beta) => {
                        attributes.float("alpha", alpha).float("beta", beta);
                    }
                    Unary::Sigmoid | Unary::Tanh | Unary::HardSwish => {}
                }
            }
            Op::Clamp(clamp) => self.clamp(node, *clamp, inputs[0]),
            Op::Reshape(shape) => {
                if self.style.flatten && shape.len() == 1 {
                    self.file.node("Flatten", &node.name, &inputs, output);
                    return Ok(());
                }
                // 0 keeps the batch as it is.
                let target: Vec<i64> = std::iter::once(0)
                    .chain(shape.iter().map(|&d| d as i64))
                    .collect();
                let target = self.file.longs(&format!("{output}_shape"), &target);
                self.file
                    .node("Reshape", &node.name, &[inputs[0], &target], output);
            }
            Op::Rearrange(rearrange) => self.rearrange(node, rearrange, inputs[0])?,
            Op::Identity => {
                return Err(refused(node, "it changes nothing, as its result isn't quantized"));
            }
            Op::Reinterpret => {
                return Err(refused(
                    node,
                    "it reads codes with another scale or zero point than they were made with, and a pair of QuantizeLinear and DequantizeLinear has one",
                ));
            }
        }
        Ok(())
    }

    /// Whether the node behind does what this rearrangement does: an Add repeats its operands itself, and
    /// what stands before a transposed convolution or the product of a matrix belongs to that.
    fn merges(&self, index: usize) -> bool {
        let node = &self.graph.nodes[index];
        let &[reader] = &self.readers[node.output][..] else {
            return false;
        };
        let reader = &self.graph.nodes[reader];
        match (&node.op, &reader.op) {
            (Op::Rearrange(rearrange), Op::Add { .. }) => {
                let name = format!("{} for {}", self.name(node.inputs[0]), reader.name);
                node.name == name && moves::repeats(rearrange, self.shape(node.inputs[0]))
            }
            (Op::Rearrange(_), Op::Conv(_)) => node.name == format!("{} (input)", reader.name),
            (Op::Conv(_), Op::Rearrange(_)) => {
                reader.name == format!("{} (rows)", node.name) && self.spread(node).is_some()
            }
            _ => false,
        }
    }

    /// Whether the operands of a sum stood the other way round in the file, as the one that is computed
    /// first shows: ONNX Runtime's kernel takes the one first that is not repeated.
    fn is_turned_round(&self, node: &Node) -> bool {
        let &[first, second] = &node.inputs[..] else {
            return false;
        };
        let merged = |tensor: TensorId| self.writers[tensor].filter(|&index| self.merged[index]);
        let (None, Some(repeat), Op::Add { subtract: false }) = (merged(first), merged(second), &node.op)
        else {
            return false;
        };
        self.writers[self.graph.nodes[repeat].inputs[0]] < self.writers[first]
    }

    /// The rearrangement before `node` that the node itself stands for in the file.
    fn spread(&self, node: &Node) -> Option<(&'a Rearrange, TensorId)> {
        let writer = self.writers[*node.inputs.first()?]?;
        match &self.graph.nodes[writer] {
            Node {
                op: Op::Rearrange(rearrange),
                inputs,
                ..
            } if self.merged[writer] => Some((rearrange, inputs[0])),
            _ => None,
        }
    }

    /// Whether the codes that a node writes have no pair of their own in this style.
    fn is_bare(&self, index: usize) -> bool {
        let node = &self.graph.nodes[index];
        let output = node.output;
        let keeps = |op: &Op| matches!(op, Op::Reshape(_) | Op::Rearrange(_) | Op::MaxPool(_));
        let (&[reader], true) = (&self.readers[output][..], output != self.graph.output) else {
            return false;
        };
        let reader = &self.graph.nodes[reader];
        let is_same =
            |tensor: TensorId| self.graph.tensors[tensor].encoding == self.graph.tensors[output].encoding;
        if node.limits.is_some() {
            return false;
        }
        if keeps(&node.op) && is_same(node.inputs[0]) {
            self.style.bare_behind
        } else {
            self.style.bare_before && keeps(&reader.op) && is_same(reader.output)
        }
    }

    fn pair(&mut self, tensor: TensorId, affine: Affine) {
        let name = self.name(tensor);
        let codes = self.file.fresh(&format!("{name}_codes"));
        self.quantize(tensor, &format!("{name}_quantize"), name, codes, affine);
    }

    /// `source` becomes `codes` and real numbers again. The node is called `name`.
    fn quantize(&mut self, tensor: TensorId, name: &str, source: &str, codes: String, affine: Affine) {
        let of = self.name(tensor);
        let limits = self.writers[tensor].and_then(|index| self.graph.nodes[index].limits);
        let Affine {
            scale,
            zero_point,
            format,
        } = affine;
        let mut element = Element::of(format);
        if self.style.signed && element == Element::Uint8 && format.bits < 8 {
            element = Element::Int8;
        }
        let scale = self.file.reals(&format!("{of}_scale"), &[], &[scale]);
        let zero = i64::from(zero_point);
        let zero_point = self
            .file
            .integers(&format!("{of}_zero_point"), element, &[], [zero].into_iter());
        self.file.quantizing(
            "QuantizeLinear",
            name,
            &[source, &scale, &zero_point],
            &codes,
            element,
        );
        let codes = self.clip(of, codes, element, limits.unwrap_or((format.min(), format.max())));
        let real = self.file.fresh(&format!("{of}_dequantized"));
        let inputs = [codes.as_str(), &scale, &zero_point];
        self.file.quantizing(
            "DequantizeLinear",
            &format!("{of}_dequantize"),
            &inputs,
            &real,
            element,
        );
        self.reals[tensor] = real;
    }

    /// Codes of type `element` within bounds; ONNX Runtime clips 16-bit ones only as 32-bit ones.
    fn clip(&mut self, of: &str, codes: String, element: Element, (low, high): (i32, i32)) -> String {
        let whole = match element {
            Element::Int8 => CodeFormat::signed(8),
            Element::Uint8 => CodeFormat::unsigned(8),
            Element::Int16 => CodeFormat::signed(16),
            _ => CodeFormat::unsigned(16),
        };
        if (low, high) == (whole.min(), whole.max()) {
            return codes;
        }
        let is_wide = whole.bits == 16;
        let bounded = if is_wide { Element::Int32 } else { element };
        let bounds = [("min", low), ("max", high)].map(|(name, bound)| {
            let value = [i64::from(bound)].into_iter();
            self.file.integers(&format!("{of}_{name}"), bounded, &[], value)
        });
        let codes = if is_wide {
            self.cast(of, &codes, bounded)
        } else {
            codes
        };
        let clipped = self.file.fresh(&format!("{of}_clipped"));
        let inputs = [codes.as_str(), &bounds[0], &bounds[1]];
        self.file.node("Clip", &format!("{of}_clip"), &inputs, &clipped);
        if is_wide {
            self.cast(of, &clipped, element)
        } else {
            clipped
        }
    }

    fn cast(&mut self, of: &str, codes: &str, to: Element) -> String {
        let output = self.file.fresh(&format!("{of}_cast"));
        self.file
            .node("Cast", &output, &[codes], &output)
            .int("to", to as usize);
        output
    }

    /// Weights as real numbers; `dims` and `values` are those of the file, channels lie along `axis`.
    fn weights(
        &mut self,
        node: &Node,
        weights: &Weights,
        (dims, values): (&[usize], &[i16]),
        (axis, scales): (usize, &[f32]),
    ) -> Result<String, OnnxError> {
        let name = &node.name;
        let bits = weights.bits;
        let (least, most) = values
            .iter()
            .fold((0i16, 0i16), |(least, most), &w| (least.min(w), most.max(w)));
        let signed = CodeFormat::signed(bits.clamp(2, 8));
        let is_signed = signed.min() <= least.into() && i32::from(most) <= signed.max();
        let is_half_byte = is_stored_in_half_bytes(node);
        let element = match (is_half_byte, is_signed) {
            (true, true) => Element::Int4,
            (true, false) => Element::Uint4,
            (false, true) => Element::Int8,
            (false, false) => Element::Uint8,
        };
        let zero = if is_signed { 0 } else { -i64::from(least) };
        let range = if is_signed {
            signed
        } else {
            CodeFormat::unsigned(bits.clamp(1, 8))
        };
        if i64::from(most) + zero > range.max().into() {
            return Err(refused(
                node,
                &format!("its weights from {least} to {most} don't fit {bits} bits with one zero point"),
            ));
        }
        let codes = values.iter().map(|&w| i64::from(w) + zero);
        let codes = self
            .file
            .integers(&format!("{name}_weight_codes"), element, dims, codes);
        let limits = match (bits, is_signed) {
            (1, true) => (-1, 1),
            _ => (range.min(), range.max()),
        };
        let codes = if is_half_byte {
            codes
        } else {
            self.clip(&format!("{name}_weight"), codes, element, limits)
        };
        let parameters: &[usize] = if scales.len() == 1 { &[] } else { &[scales.len()] };
        let scale = self
            .file
            .reals(&format!("{name}_weight_scale"), parameters, scales);
        let zeros = std::iter::repeat_n(zero, scales.len());
        let zero = self
            .file
            .integers(&format!("{name}_weight_zero_point"), element, parameters, zeros);
        let real = self.file.fresh(&format!("{name}_weight"));
        let attributes = self.file.quantizing(
            "DequantizeLinear",
            &format!("{name}_weight_dequantize"),
            &[&codes, &scale, &zero],
            &real,
            element,
        );
        if scales.len() > 1 {
            attributes.int("axis", axis);
        }
        Ok(real)
    }

    /// The bias in units of S_x · S_w, as real numbers.
    fn bias(&mut self, node: &Node, weights: &Weights, input: TensorId) -> Option<String> {
        if weights.bias.is_empty() {
            return None;
        }
        let name = &node.name;
        let input_scale = self.affine(input).map_or(1.0, |affine| affine.scale);
        // A product that vanishes is the smallest number there is: a scale must be positive.
        let unit = |scale: &f32| (input_scale * scale).max(f32::from_bits(1));
        let scales: Vec<f32> = weights.scales.iter().map(unit).collect();
        let dims: &[usize] = if scales.len() == 1 { &[] } else { &[scales.len()] };
        let scale = self.file.reals(&format!("{name}_bias_scale"), dims, &scales);
        let codes = weights.bias.iter().map(|&b| b.into());
        let dims = [weights.bias.len()];
        let codes = self
            .file
            .integers(&format!("{name}_bias_codes"), Element::Int32, &dims, codes);
        let real = self.file.fresh(&format!("{name}_bias"));
        let attributes = self.file.node(
            "DequantizeLinear",
            &format!("{name}_bias_dequantize"),
            &[&codes, &scale],
            &real,
        );
        if scales.len() > 1 {
            attributes.int("axis", 0);
        }
        Some(real)
    }

    fn conv(&mut self, node: &'a Node, conv: &Conv, input: &str) -> Result<(), OnnxError> {
        let kernel: Vec<usize> = conv.windows.iter().map(|window| window.kernel).collect();
        let taps = conv.outputs * kernel.iter().product::<usize>();
        let group_inputs = conv.weights.values.len().checked_div(taps).unwrap_or(0);
        let dims: Vec<usize> = [conv.outputs, group_inputs].into_iter().chain(kernel).collect();
        let spread = self.spread(node);
        if let Some((rearrange, source)) = spread
            && let Some(strides) = moves::spread(rearrange, self.shape(source), &conv.windows)
        {
            return self.conv_transpose(node, conv, input, (&dims, &strides));
        }
        let values = &conv.weights.values;
        let scales = &conv.weights.scales;
        let weights = self.weights(node, &conv.weights, (&dims, values), (0, scales))?;
        let bias = self.bias(node, &conv.weights, node.inputs[0]);
        let mut inputs = vec![input, &weights];
        inputs.extend(bias.as_deref());
        let attributes = self.file.node(
            "Conv",
            &node.name,
            &inputs,
            self.graph.tensors[node.output].name.as_str(),
        );
        let attributes = windowed(attributes, &conv.windows, &[]);
        attributes.int("group", conv.groups);
        Ok(())
    }

    /// A convolution of an input with zeros between its elements: `strides` holds the stride of each axis,
    /// the padding before and behind, and what is added behind.
    fn conv_transpose(
        &mut self,
        node: &'a Node,
        conv: &Conv,
        input: &str,
        (dims, strides): (&[usize], &[moves::Spread]),
    ) -> Result<(), OnnxError> {
        let group_outputs = conv.outputs / conv.groups;
        let inputs = dims[1] * conv.groups;
        let values = moves::turned_back(&conv.weights.values, inputs, group_outputs, conv.groups);
        let mut file_dims = vec![inputs, group_outputs];
        file_dims.extend(&dims[2..]);
        let scales = &conv.weights.scales;
        let of_group = if scales.len() > 1 {
            &scales[..group_outputs.min(scales.len())]
        } else {
            scales
        };
        let weights = self.weights(node, &conv.weights, (&file_dims, &values), (1, of_group))?;
        let bias = self.bias(node, &conv.weights, node.inputs[0]);
        let mut names = vec![input, &weights];
        names.extend(bias.as_deref());
        let output = self.name(node.output);
        self.file
            .node("ConvTranspose", &node.name, &names, output)
            .ints("kernel_shape", conv.windows.iter().map(|window| window.kernel))
            .ints("dilations", conv.windows.iter().map(|window| window.dilation))
            .ints("strides", strides.iter().map(|axis| axis.stride))
            .ints(
                "pads",
                strides
                    .iter()
                    .map(|axis| axis.before)
                    .chain(strides.iter().map(|axis| axis.behind)),
            )
            .ints("output_padding", strides.iter().map(|axis| axis.extra))
            .int("group", conv.groups);
        Ok(())
    }

    fn dense(&mut self, node: &'a Node, dense: &Dense, input: &str) -> Result<(), OnnxError> {
        let inputs = dense.weights.values.len() / dense.outputs.max(1);
        let dims = [dense.outputs, inputs];
        let values = &dense.weights.values;
        let weights = self.weights(node, &dense.weights, (&dims, values), (0, &dense.weights.scales))?;
        let bias = self.bias(node, &dense.weights, node.inputs[0]);
        let mut names = vec![input, &weights];
        names.extend(bias.as_deref());
        self.file
            .node(
                "Gemm",
                &node.name,
                &names,
                self.graph.tensors[node.output].name.as_str(),
            )
            .int("transB", 1);
        Ok(())
    }

    fn pool(&mut self, node: &Node, op: &str, pool: &Pool, input: &str) {
        let output = self.name(node.output);
        if pool.is_global {
            self.global_pool(node, op, input);
            return;
        }
        let attributes = self.file.node(op, &node.name, &[input], output);
        let attributes = attributes.ints("kernel_shape", pool.windows.iter().map(|window| window.kernel));
        let mut attributes = windowed(attributes, &pool.windows, &pool.beyond);
        if op == "AveragePool" && pool.count_padding {
            attributes = attributes.int("count_include_pad", 1);
        }
        if pool.beyond.iter().any(|&beyond| beyond > 0) {
            attributes.int("ceil_mode", 1);
        }
    }

    /// The mean that a ReduceMean computes bears its name.
    fn global_pool(&mut self, node: &Node, op: &str, input: &str) {
        let output = self.name(node.output);
        let Some(name) = node.name.strip_suffix(" (mean)") else {
            self.file
                .node(&format!("Global{op}"), &node.name, &[input], output);
            return;
        };
        // A Reshape that drops the extents of 1 bears the name itself.
        let is_taken = self.graph.nodes.iter().any(|other| other.name == name);
        let name = if is_taken { &node.name } else { name };
        let axes = 2..=self.shape(node.inputs[0]).len();
        if self.file.opset < 18 {
            self.file
                .node("ReduceMean", name, &[input], output)
                .ints("axes", axes);
            return;
        }
        let axes: Vec<i64> = axes.map(|axis| axis as i64).collect();
        let axes = self.file.longs(&format!("{output}_axes"), &axes);
        self.file.node("ReduceMean", name, &[input, &axes], output);
    }

    /// An operator on codes and a constant of codes.
    fn with_codes(&mut self, node: &Node, op: &str, constant: &Constant, input: &str) {
        let name = &node.name;
        let Affine {
            scale,
            zero_point,
            format,
        } = constant.affine;
        let element = Element::of(format);
        let dims = batched(self.shape(node.output));
        let codes = constant
            .values
            .iter()
            .map(|&value| i64::from(value) + i64::from(zero_point));
        let codes = self
            .file
            .integers(&format!("{name}_constant_codes"), element, &dims, codes);
        let scale = self.file.reals(&format!("{name}_constant_scale"), &[], &[scale]);
        let zero = [i64::from(zero_point)].into_iter();
        let zero_point = self
            .file
            .integers(&format!("{name}_constant_zero_point"), element, &[], zero);
        let real = self.file.fresh(&format!("{name}_constant"));
        self.file.quantizing(
            "DequantizeLinear",
            &format!("{name}_constant_dequantize"),
            &[&codes, &scale, &zero_point],
            &real,
            element,
        );
        let inputs = if constant.is_first {
            [real.as_str(), input]
        } else {
            [input, &real]
        };
        self.file
            .node(op, name, &inputs, self.graph.tensors[node.output].name.as_str());
    }

    /// An operator on real numbers and a constant of them.
    fn with_reals(&mut self, node: &Node, op: &str, values: &[f32], input: &str) {
        let dims = batched(self.shape(node.output));
        let constant = self.file.reals(&format!("{}_constant", node.name), &dims, values);
        let output = self.name(node.output);
        self.file.node(op, &node.name, &[input, &constant], output);
    }

    fn clamp(&mut self, node: &Node, clamp: Clamp, input: &str) {
        let output = self.name(node.output);
        if clamp == Clamp::RELU {
            self.file.node("Relu", &node.name, &[input], output);
            return;
        }
        let bounds = [("min", clamp.min), ("max", clamp.max)].map(|(name, bound)| {
            if bound.is_infinite() {
                String::new()
            } else {
                self.file.reals(&format!("{}_{name}", node.name), &[], &[bound])
            }
        });
        self.file
            .node("Clip", &node.name, &[input, &bounds[0], &bounds[1]], output);
    }

    fn rearrange(&mut self, node: &'a Node, rearrange: &Rearrange, input: &str) -> Result<(), OnnxError> {
        let output = self.name(node.output);
        if let Some(product) = node.name.strip_suffix(" (rows)") {
            let writer = self.writers[node.inputs[0]];
            if let Some(index) = writer.filter(|&index| self.merged[index])
                && let (conv_node, Op::Conv(conv)) = (&self.graph.nodes[index], &self.graph.nodes[index].op)
                && conv_node.name == product
            {
                return self.mat_mul(node, conv_node, conv, input);
            }
        }
        let shape = self.shape(node.inputs[0]);
        let Some(found) = Move::of(rearrange, shape) else {
            return Err(refused(
                node,
                "its wiring is no Transpose, Pad, Slice or nearest Resize",
            ));
        };
        match found {
            Move::Transpose(axes) => {
                let order = std::iter::once(0).chain(axes.iter().map(|axis| axis + 1));
                self.file
                    .node("Transpose", &node.name, &[input], output)
                    .ints("perm", order);
            }
            Move::Slice { starts, ends, steps } => {
                let axes: Vec<i64> = (1..=starts.len() as i64).collect();
                let lists = [
                    ("starts", starts),
                    ("ends", ends),
                    ("axes", axes),
                    ("steps", steps),
                ];
                let lists = lists.map(|(name, list)| self.file.longs(&format!("{output}_{name}"), &list));
                let inputs = [input, &lists[0], &lists[1], &lists[2], &lists[3]];
                self.file.node("Slice", &node.name, &inputs, output);
            }
            Move::Pad { mode, begins, ends } => {
                let pads: Vec<i64> = [&[0], &begins[..], &[0], &ends[..]].concat();
                let pads = self.file.longs(&format!("{output}_pads"), &pads);
                self.file
                    .node("Pad", &node.name, &[input, &pads], output)
                    .text("mode", mode);
            }
            Move::Resize {
                scales,
                transform,
                rounding,
            } => {
                let scales = [&[1.0], &scales[..]].concat();
                let scales = self
                    .file
                    .reals(&format!("{output}_scales"), &[scales.len()], &scales);
                self.file
                    .node("Resize", &node.name, &[input, "", &scales], output)
                    .text("mode", "nearest")
                    .text("coordinate_transformation_mode", transform)
                    .text("nearest_mode", rounding);
            }
        }
        Ok(())
    }

    /// The product of rows of vectors, which the graph holds as a convolution between two transpositions.
    fn mat_mul(&mut self, rows: &Node, node: &Node, conv: &Conv, input: &str) -> Result<(), OnnxError> {
        let inputs = conv.weights.values.len() / conv.outputs.max(1);
        let dims = [inputs, conv.outputs];
        let columns: Vec<i16> = (0..inputs)
            .flat_map(|i| conv.weights.values.iter().skip(i).step_by(inputs).copied())
            .collect();
        let weights = self.weights(node, &conv.weights, (&dims, &columns), (1, &conv.weights.scales))?;
        let output = self.name(rows.output);
        self.file.node("MatMul", &node.name, &[input, &weights], output);
        Ok(())
    }
}

/// Whether a node's weights are stored as 4-bit codes, which no integer kernel of ONNX Runtime takes.
fn is_stored_in_half_bytes(node: &Node) -> bool {
    let bits = match &node.op {
        Op::Conv(Conv { weights, .. }) | Op::Dense(Dense { weights, .. }) => weights.bits,
        _ => return false,
    };
    bits == 4 && node.arithmetic == Arithmetic::Real
}

fn batched(shape: &[usize]) -> Vec<usize> {
    std::iter::once(1).chain(shape.iter().copied()).collect()
}

/// The attributes of windows; `beyond` is the padding that ceil_mode makes.
fn windowed<'f>(attributes: Attributes<'f>, windows: &[Window], beyond: &[usize]) -> Attributes<'f> {
    let ends = windows.iter().enumerate().map(|(axis, window)| {
        window.pad_after - beyond.get(axis).copied().unwrap_or(0).min(window.pad_after)
    });
    let attributes = attributes
        .ints("strides", windows.iter().map(|window| window.stride))
        .ints("pads", windows.iter().map(|window| window.pad_before).chain(ends));
    if windows.iter().all(|window| window.dilation == 1) {
        return attributes;
    }
    attributes.ints("dilations", windows.iter().map(|window| window.dilation))
}

fn refused(node: &Node, problem: &str) -> OnnxError {
    OnnxError::Operator {
        node: node.name.clone(),
        op: node.op.name(),
        problem: problem.into(),
    }
}
