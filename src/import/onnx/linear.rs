//! Conv, Gemm and MatMul: quantized weights, and a bias in units of S_x · S_w. [`super::reals`] has the
//! same for weights that are real numbers.

use super::attributes::Attributes;
use super::lower::{Lowering, Value};
use super::model::Node;
use super::quantization::{Dequantized, channels};
use super::reals::Stored;
use super::tensors::ElementType;
use crate::graph::{Arithmetic, Conv, Dense, Encoding, Op, Rearrange, TensorId, Weights, Window};
use crate::import::ImportError;
use crate::import::error::shown;

/// Strides, dilations, pads and kernels beyond this are refused: no network has them.
const MAX_WINDOW: i64 = 1 << 16;

/// How far a stored bias scale may be from S_x · S_w, relatively: the file rounds it to f32.
const SCALE_TOLERANCE: f32 = 1e-5;

impl<'m> Lowering<'m> {
    pub fn conv(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(3)?;
        let stored = self.weights(node)?;
        let input = self.operand_of(node, 0)?;
        self.convolve(node, input, &stored, Some(2))
    }

    /// A convolution of `input` with `stored` weights and the bias at input `bias`.
    pub fn convolve(
        &mut self,
        node: &'m Node,
        input: TensorId,
        stored: &Stored,
        bias: Option<usize>,
    ) -> Result<TensorId, ImportError> {
        let &[outputs, group_inputs, ref kernel @ ..] = stored.dims() else {
            return Err(node.error(format!("its weights have dimensions {:?}", stored.dims())));
        };
        self.check_axes(node, stored, kernel, input)?;
        let attributes = Attributes::of(
            node,
            &[
                "auto_pad",
                "dilations",
                "group",
                "kernel_shape",
                "pads",
                "strides",
            ],
        )?;
        let windows = windows(
            node,
            attributes,
            kernel,
            self.shape(input).get(1..).unwrap_or_default(),
        )?;
        let groups = positive(node, "group", attributes.int("group")?.unwrap_or(1))?;
        let input_channels = self.shape(input).first().copied();
        if groups.checked_mul(group_inputs) != input_channels || !outputs.is_multiple_of(groups) {
            return Err(self.misfit(node, stored, groups, input));
        }
        let op = match stored {
            Stored::Reals(reals) => Op::RealConv(Conv {
                weights: self.real_weights(node, reals, reals.values.clone(), bias, outputs)?,
                outputs,
                groups,
                windows,
            }),
            Stored::Codes(stored) => {
                let mut weights = self.unpack(node, stored, 0)?;
                let units = Units {
                    outputs,
                    input_scale: self.scale_of(input),
                    scales: &weights.scales,
                    is_gemm: false,
                };
                if let Some(bias) = bias {
                    weights.bias = self.bias(node, bias, &units)?;
                }
                Op::Conv(Conv {
                    weights,
                    outputs,
                    groups,
                    windows,
                })
            }
        };
        self.add_node(&node.name, op, input, node.output()?)
    }

    fn check_axes(
        &self,
        node: &Node,
        stored: &Stored,
        kernel: &[usize],
        input: TensorId,
    ) -> Result<(), ImportError> {
        if (1..=2).contains(&kernel.len()) && self.shape(input).len() == kernel.len() + 1 {
            return Ok(());
        }
        Err(node.error(format!(
            "its weights have dimensions {:?} and its input shape {:?} (without the batch); convolutions over one or two axes are supported",
            stored.dims(),
            self.shape(input)
        )))
    }

    fn misfit(&self, node: &Node, stored: &Stored, groups: usize, input: TensorId) -> ImportError {
        node.error(format!(
            "its weights of dimensions {:?} (group = {groups}) don't fit an input of shape {:?} (without the batch)",
            stored.dims(),
            self.shape(input)
        ))
    }

    /// S_x of a tensor of codes.
    fn scale_of(&self, tensor: TensorId) -> f32 {
        match self.encoding(tensor) {
            Encoding::Codes(affine) => affine.scale,
            Encoding::Real => 1.0,
        }
    }

    /// A transposed convolution is a convolution of the input with zeros between its elements, with the
    /// kernel turned around. The zeros are wiring.
    pub fn conv_transpose(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(3)?;
        let stored = self.weights(node)?;
        let input = self.operand_of(node, 0)?;
        let &[inputs, group_outputs, ref kernel @ ..] = stored.dims() else {
            return Err(node.error(format!("its weights have dimensions {:?}", stored.dims())));
        };
        self.check_axes(node, &stored, kernel, input)?;
        let known = [
            "auto_pad",
            "dilations",
            "group",
            "kernel_shape",
            "output_padding",
            "pads",
            "strides",
            "output_shape",
        ];
        let attributes = Attributes::of(node, &known)?;
        if attributes
            .ints("output_shape")?
            .is_some_and(|shape| !shape.is_empty())
        {
            return Err(node.error("it has an output_shape; export it with pads and output_padding instead"));
        }
        if !matches!(
            attributes.text("auto_pad")?.unwrap_or("NOTSET"),
            "NOTSET" | "VALID" | ""
        ) {
            return Err(node.error("its padding is automatic (auto_pad); export it with pads instead"));
        }
        let shape = self.shape(input).to_vec();
        let spatial = shape.get(1..).unwrap_or_default();
        let windows = windows(node, attributes, kernel, spatial)?;
        let extra = list(node, attributes, "output_padding", kernel.len(), 0)?;
        let groups = positive(node, "group", attributes.int("group")?.unwrap_or(1))?;
        if shape.first() != Some(&inputs) || !inputs.is_multiple_of(groups) {
            return Err(self.misfit(node, &stored, groups, input));
        }
        // Along each axis, the element that each place shows, or none.
        let mut places = Vec::new();
        for ((window, &elements), &extra) in windows.iter().zip(spatial).zip(&extra) {
            let reach = window.dilation * (window.kernel - 1);
            let before = reach as i64 - window.pad_before as i64;
            let after = reach as i64 - window.pad_after as i64 + pad(node, extra)? as i64;
            let length = (elements.saturating_sub(1) * window.stride + 1) as i64 + before + after;
            if length <= 0 || length > MAX_WINDOW * 16 {
                return Err(node.error(format!(
                    "its padded input would have {length} elements along an axis"
                )));
            }
            let place = |index: i64| {
                let element = usize::try_from(index - before).ok()?;
                (element % window.stride == 0)
                    .then_some(element / window.stride)
                    .filter(|&e| e < elements)
            };
            places.push((0..length).map(place).collect::<Vec<_>>());
        }
        let channels = (0..inputs).map(Some).collect();
        let spread = super::moves::gathered(
            node,
            &shape,
            &std::iter::once(channels).chain(places).collect::<Vec<_>>(),
        )?;
        let name = format!("{} (input)", node.name);
        let spread = self.add_node(&name, Op::Rearrange(spread), input, &name)?;
        self.keep_codes(input, spread);
        let points = windows.iter().map(|w| Window {
            kernel: w.kernel,
            dilation: w.dilation,
            ..Window::POINT
        });
        let windows = points.collect();
        let outputs = group_outputs * groups;
        let op = match &stored {
            Stored::Reals(reals) => {
                let values = turned(&reals.values, inputs, group_outputs, groups);
                Op::RealConv(Conv {
                    weights: self.real_weights(node, reals, values, Some(2), outputs)?,
                    outputs,
                    groups,
                    windows,
                })
            }
            Stored::Codes(stored) => {
                let stored_weights = self.unpack(node, stored, 1)?;
                let mut weights = Weights {
                    values: turned(&stored_weights.values, inputs, group_outputs, groups),
                    ..stored_weights
                };
                if weights.scales.len() > 1 {
                    weights.scales = weights.scales.repeat(groups);
                }
                let units = Units {
                    outputs,
                    input_scale: self.scale_of(input),
                    scales: &weights.scales,
                    is_gemm: false,
                };
                weights.bias = self.bias(node, 2, &units)?;
                Op::Conv(Conv {
                    weights,
                    outputs,
                    groups,
                    windows,
                })
            }
        };
        self.add_node(&node.name, op, spread, node.output()?)
    }

    pub fn gemm(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(3)?;
        let stored = self.weights(node)?;
        let input = self.operand_of(node, 0)?;
        self.general_product(
            node,
            input,
            &stored,
            Some(2),
            &["alpha", "beta", "transA", "transB"],
        )
    }

    /// A Gemm of `input` with `stored` weights and the bias at input `bias`.
    pub fn general_product(
        &mut self,
        node: &'m Node,
        input: TensorId,
        stored: &Stored,
        bias: Option<usize>,
        known: &[&str],
    ) -> Result<TensorId, ImportError> {
        let attributes = Attributes::of(node, known)?;
        if attributes.int("transA")?.unwrap_or(0) != 0 {
            return Err(node.error("it transposes its input (transA), which isn't supported"));
        }
        let is_transposed = attributes.int("transB")?.unwrap_or(0) != 0;
        let outputs = outputs_of(stored.dims(), is_transposed);
        let alpha = attributes.float("alpha")?.unwrap_or(1.0);
        let beta = attributes.float("beta")?.unwrap_or(1.0);
        let stored = match stored {
            Stored::Codes(stored) => stored,
            Stored::Reals(reals) => {
                let weights = self.real_matrix(node, reals, is_transposed, input, (alpha, beta, bias))?;
                let op = Op::RealDense(Dense { weights, outputs });
                return self.add_node(&node.name, op, input, node.output()?);
            }
        };
        let mut weights = self.matrix(node, stored, is_transposed, input)?;
        if let Some(bias) = bias {
            let units = Units {
                outputs,
                input_scale: self.scale_of(input),
                scales: &weights.scales,
                is_gemm: true,
            };
            weights.bias = self.bias(node, bias, &units)?;
        }
        fold_factors(node, &mut weights, alpha, beta)?;
        self.add_node(
            &node.name,
            Op::Dense(Dense { weights, outputs }),
            input,
            node.output()?,
        )
    }

    pub fn mat_mul(&mut self, node: &'m Node) -> Result<TensorId, ImportError> {
        node.at_most(2)?;
        if let (Value::Real(_), Value::Real(_)) = (self.input(node, 0)?, self.input(node, 1)?) {
            return Err(node.error(
                "it multiplies two activations, as attention does; a neuron has constant weights, so only one factor may be computed",
            ));
        }
        let stored = self.weights(node)?;
        let input = self.operand_of(node, 0)?;
        self.product(node, input, &stored)
    }

    /// A MatMul of `input`, a vector or rows of vectors, with `stored` weights.
    pub fn product(
        &mut self,
        node: &'m Node,
        input: TensorId,
        stored: &Stored,
    ) -> Result<TensorId, ImportError> {
        Attributes::of(node, &[])?;
        let outputs = outputs_of(stored.dims(), false);
        let shape = self.shape(input).to_vec();
        let (Some((&inputs, rows)), false) = (shape.split_last(), shape.len() == 1) else {
            let op = match stored {
                Stored::Codes(stored) => Op::Dense(Dense {
                    weights: self.matrix(node, stored, false, input)?,
                    outputs,
                }),
                Stored::Reals(reals) => Op::RealDense(Dense {
                    weights: self.real_matrix(node, reals, false, input, (1.0, 1.0, None))?,
                    outputs,
                }),
            };
            return self.add_node(&node.name, op, input, node.output()?);
        };
        // Rows of vectors: a convolution with a kernel of 1 over the rows, whose channels are the features.
        let count: usize = rows.iter().product();
        let turn = |from: usize, to: usize, shape: Vec<usize>| -> Op {
            let map = (0..to)
                .flat_map(|j| (0..from).map(move |i| (i * to + j) as u32))
                .collect();
            Op::Rearrange(Rearrange { shape, map })
        };
        let name = format!("{} (input)", node.name);
        let columns = self.add_node(&name, turn(count, inputs, vec![inputs, count]), input, &name)?;
        self.keep_codes(input, columns);
        let (groups, windows) = (1, vec![Window::POINT]);
        let op = match stored {
            Stored::Codes(stored) => Op::Conv(Conv {
                weights: self.matrix_of(node, stored, false, inputs, input)?,
                outputs,
                groups,
                windows,
            }),
            Stored::Reals(reals) => Op::RealConv(Conv {
                weights: self.real_matrix_of(node, reals, (false, inputs), input, (1.0, 1.0, None))?,
                outputs,
                groups,
                windows,
            }),
        };
        let name = format!("{} (columns)", node.name);
        let product = self.add_node(&node.name, op, columns, &name)?;
        self.internal.insert(product);
        let shape = rows.iter().copied().chain([outputs]).collect();
        self.add_node(
            &format!("{} (rows)", node.name),
            turn(outputs, count, shape),
            product,
            node.output()?,
        )
    }

    /// An Add of a constant right behind a MatMul is its bias, if it is a whole number of S_x · S_w.
    /// `None` where it isn't.
    pub fn add_of_bias(&mut self, node: &'m Node) -> Result<Option<TensorId>, ImportError> {
        if self.is_real {
            return Ok(None);
        }
        let (tensor, constant) = match (self.input(node, 0)?, self.input(node, 1)?) {
            (Value::Real(tensor), Value::Constant(_) | Value::Dequantized(_)) => (tensor, 1),
            (Value::Constant(_) | Value::Dequantized(_), Value::Real(tensor)) => (tensor, 0),
            _ => return Ok(None),
        };
        let is_read_once = self
            .tensors
            .get(tensor)
            .is_some_and(|t| self.plan.is_read_once(&t.name));
        let (scales, outputs, source) = match self.written_by(tensor) {
            Some((Op::Dense(dense), source))
                if dense.weights.bias.is_empty()
                    && is_read_once
                    && self.arithmetic_of(tensor) != Some(Arithmetic::Integer)
                    && self.encoding(tensor) == Encoding::Real =>
            {
                (dense.weights.scales.clone(), dense.outputs, source)
            }
            _ => return Ok(None),
        };
        let Encoding::Codes(affine) = self.encoding(source) else {
            return Ok(None);
        };
        let units = Units {
            outputs,
            input_scale: affine.scale,
            scales: &scales,
            is_gemm: false,
        };
        let Ok(bias) = self.exact_bias(node, constant, &units) else {
            return Ok(None);
        };
        let writer = self.writers.get(tensor).copied().flatten();
        if let Some(Some(graph_node)) = writer.and_then(|i| self.nodes.get_mut(i))
            && let Op::Dense(dense) = &mut graph_node.op
        {
            dense.weights.bias = bias;
        }
        if let Some(tensor) = self.tensors.get_mut(tensor) {
            tensor.name = node.output()?.into();
        }
        Ok(Some(tensor))
    }

    /// Input 1, which must be quantized constants.
    fn weights(&mut self, node: &'m Node) -> Result<Stored, ImportError> {
        match self.input(node, 1)? {
            value @ (Value::Dequantized(_) | Value::Constant(_)) if self.is_real => {
                self.stored_reals(node, &value)
            }
            Value::Dequantized(weights) => Ok(Stored::Codes(weights)),
            Value::Constant(weights) => Err(self.not_quantized(&node.name, "weights", &weights.name)),
            _ => Err(node.error("its weights are computed by other nodes, but must be constants")),
        }
    }

    /// Input `index`, which must be codes, unless the whole model computes with real numbers.
    pub fn operand_of(&mut self, node: &'m Node, index: usize) -> Result<TensorId, ImportError> {
        let tensor = self.activation(node, index)?;
        self.settle(tensor);
        match self.encoding(tensor) {
            Encoding::Codes(_) => Ok(tensor),
            Encoding::Real if self.is_real => Ok(tensor),
            Encoding::Real => Err(self.not_quantized(&node.name, "activations", node.input(index)?)),
        }
    }

    /// w − Z_w in the order in which they are stored, with a scale for each index of `axis`.
    fn unpack(&mut self, node: &Node, stored: &Dequantized, axis: usize) -> Result<Weights, ImportError> {
        let Dequantized { codes, parameters } = stored;
        self.charge(node, codes.len())?;
        match codes.element {
            ElementType::Int8 | ElementType::Uint8 => {}
            // No integer kernel takes them.
            ElementType::Int4 | ElementType::Uint4 => {
                self.half_bytes.insert(self.nodes.len());
            }
            other => {
                return Err(node.error(format!(
                    "its weights are {}; int4, uint4, int8 and uint8 are supported",
                    other.name()
                )));
            }
        }
        if codes.dims.contains(&0) {
            return Err(node.error(format!("its weights are empty (dimensions {:?})", codes.dims)));
        }
        let stored_axis = parameters.channel_axis(node, &codes.dims)?;
        let scales = match (stored_axis, &parameters.scales[..]) {
            (None, scales) => scales.to_vec(),
            (Some(stored), scales) if stored == axis => scales.to_vec(),
            (Some(_), &[first, ref rest @ ..]) if rest.iter().all(|&s| s == first) => vec![first],
            (Some(stored), _) => {
                return Err(node.error(format!(
                    "its weights are quantized along axis {stored}, but only one scale per output (axis {axis}) can be computed with integers"
                )));
            }
        };
        let zero_points = &parameters.zero_points;
        // Of the right size from the beginning: weights are the largest thing there is.
        let mut values = Vec::with_capacity(codes.len());
        for (&code, channel) in codes.integers()?.iter().zip(channels(&codes.dims, stored_axis)) {
            let difference = code - zero_points.get(channel).copied().unwrap_or(0);
            let weight = i16::try_from(difference)
                .map_err(|_| node.error(format!("its weight {difference} exceeds 16 bits")))?;
            values.push(weight);
        }
        Ok(Weights {
            values,
            scales,
            bias: Vec::new(),
            bits: codes.bits,
        })
    }

    /// The weights of a dense layer, outputs first.
    fn matrix(
        &mut self,
        node: &Node,
        stored: &Dequantized,
        outputs_first: bool,
        input: TensorId,
    ) -> Result<Weights, ImportError> {
        let &[inputs] = self.shape(input) else {
            return Err(node.error(format!(
                "its input has shape {:?} (without the batch), but must be a vector; add a Flatten before it",
                self.shape(input)
            )));
        };
        self.matrix_of(node, stored, outputs_first, inputs, input)
    }

    fn matrix_of(
        &mut self,
        node: &Node,
        stored: &Dequantized,
        outputs_first: bool,
        features: usize,
        input: TensorId,
    ) -> Result<Weights, ImportError> {
        let &[rows, columns] = &stored.codes.dims[..] else {
            return Err(node.error(format!(
                "its weights have dimensions {:?}, but must be a matrix",
                stored.codes.dims
            )));
        };
        let inputs = if outputs_first { columns } else { rows };
        if features != inputs {
            return Err(node.error(format!(
                "its weights take vectors of {inputs}, but its input has shape {:?} (without the batch)",
                self.shape(input)
            )));
        }
        let mut weights = self.unpack(node, stored, if outputs_first { 0 } else { 1 })?;
        if !outputs_first {
            weights.values = transposed(&weights.values, columns);
        }
        Ok(weights)
    }

    /// Input `index` in units of S_x · S_w, one for each output; empty if it is left out.
    fn bias(&mut self, node: &'m Node, index: usize, units: &Units) -> Result<Vec<i32>, ImportError> {
        if node.optional_input(index).is_none() {
            return Ok(Vec::new());
        }
        self.charge(node, units.outputs)?;
        match self.input(node, index)? {
            Value::Dequantized(bias) if bias.codes.element == ElementType::Int32 => {
                units.of_codes(node, &bias)
            }
            Value::Dequantized(bias) => units.of_reals(node, &bias.reals(node)?, &bias.codes.dims),
            // What an operator on codes calls its bias is counted in S_x · S_w already.
            Value::Constant(bias) if bias.element == ElementType::Int32 => {
                broadcast(node, bias.integers()?, &bias.dims, units.outputs)
            }
            Value::Constant(bias) => units.of_reals(node, bias.reals()?, &bias.dims),
            _ => Err(node.error("its bias is computed by other nodes, but must be a constant")),
        }
    }

    /// Like [`Self::bias`], but refuses a bias that would have to be rounded.
    fn exact_bias(&mut self, node: &'m Node, index: usize, units: &Units) -> Result<Vec<i32>, ImportError> {
        let codes = self.bias(node, index, units)?;
        let (reals, dims) = match self.input(node, index)? {
            Value::Constant(bias) => (bias.reals()?.to_vec(), bias.dims.clone()),
            Value::Dequantized(bias) if bias.codes.element != ElementType::Int32 => {
                (bias.reals(node)?, bias.codes.dims.clone())
            }
            _ => return Ok(codes),
        };
        let reals = broadcast(node, &reals, &dims, units.outputs)?;
        for (output, (&code, &real)) in codes.iter().zip(&reals).enumerate() {
            let unit = units.of(output);
            if code as f32 * unit != real {
                return Err(node.error(format!(
                    "it adds {real}, which is no whole number of S_x·S_w = {unit}, so it isn't exact as a bias; use Gemm instead of MatMul and Add"
                )));
            }
        }
        Ok(codes)
    }
}

/// What a bias is counted in: S_x · S_w for each output.
struct Units<'a> {
    outputs: usize,
    input_scale: f32,
    /// One for each output, or one for all.
    scales: &'a [f32],
    /// Whether the scale of a stored bias may hold a factor more: ONNX Runtime's quantizer puts a
    /// Gemm's beta there.
    is_gemm: bool,
}

impl Units<'_> {
    fn of(&self, output: usize) -> f32 {
        self.input_scale * scale_of(self.scales, output)
    }

    /// A stored int32 bias. The integer kernel takes it as it is, so its scale must be what the
    /// kernel assumes.
    fn of_codes(&self, node: &Node, bias: &Dequantized) -> Result<Vec<i32>, ImportError> {
        if bias.parameters.zero_points.iter().any(|&z| z != 0) {
            return Err(node.error("its bias has a zero point other than 0, which isn't supported"));
        }
        bias.parameters.channel_axis(node, &bias.codes.dims)?;
        let stored = &bias.parameters.scales;
        let disagrees = |factor: f32| {
            // Scales so small that their product is no normal number lose digits in the product.
            let close =
                |found: f32, unit: f32| (found - unit).abs() <= SCALE_TOLERANCE * unit + f32::MIN_POSITIVE;
            (0..self.outputs).find(|&output| !close(scale_of(stored, output), self.of(output) * factor))
        };
        let codes = broadcast(node, bias.codes.integers()?, &bias.codes.dims, self.outputs)?;
        let Some(output) = disagrees(1.0) else {
            return Ok(codes);
        };
        // A factor on this grid is told safely from scales that have nothing to do with each other.
        let factor = (scale_of(stored, 0) / self.of(0) * 1024.0).round() / 1024.0;
        if self.is_gemm && disagrees(factor).is_none() {
            return scaled(&codes, factor.into()).ok_or_else(|| inexact(node, "factor of the bias", factor));
        }
        Err(node.error(format!(
            "its bias for output {output} has scale {}, but S_x·S_w is {}; they must agree, so quantize the model again",
            scale_of(stored, output),
            self.of(output)
        )))
    }

    /// A bias of real numbers, rounded to the nearest unit in f32 as ONNX Runtime rounds it.
    fn of_reals(&self, node: &Node, reals: &[f32], dims: &[usize]) -> Result<Vec<i32>, ImportError> {
        let codes = broadcast(node, reals, dims, self.outputs)?
            .into_iter()
            .enumerate()
            .map(|(output, real)| {
                let code = (real / self.of(output)).round_ties_even();
                // 2³¹ itself is a float, the largest int32 isn't.
                if (-2_147_483_648.0..2_147_483_648.0).contains(&code) {
                    return Ok(code as i32);
                }
                Err(node.error(format!(
                    "its bias {real} for output {output} exceeds 32 bits in units of S_x·S_w = {}",
                    self.of(output)
                )))
            });
        codes.collect()
    }
}

fn scale_of(scales: &[f32], output: usize) -> f32 {
    scales.get(output).or(scales.first()).copied().unwrap_or(f32::NAN)
}

fn outputs_of(dims: &[usize], outputs_first: bool) -> usize {
    dims.get(usize::from(!outputs_first)).copied().unwrap_or(0)
}

/// Kernels of a transposed convolution, [inputs, outputs of a group, taps], as those of a convolution:
/// outputs first, taps from the end.
fn turned<T: Copy>(values: &[T], inputs: usize, group_outputs: usize, groups: usize) -> Vec<T> {
    let taps = (values.len() / (inputs * group_outputs).max(1)).max(1);
    let group_inputs = inputs / groups;
    let kernels: Vec<&[T]> = values.chunks_exact(taps).collect();
    let mut turned = Vec::with_capacity(values.len());
    for output in 0..group_outputs * groups {
        let group = output / group_outputs;
        for input in group * group_inputs..(group + 1) * group_inputs {
            let kernel = kernels.get(input * group_outputs + output % group_outputs);
            turned.extend(kernel.into_iter().flat_map(|kernel| kernel.iter().rev().copied()));
        }
    }
    turned
}

/// A matrix of `columns` columns, columns first.
pub(super) fn transposed<T: Copy>(values: &[T], columns: usize) -> Vec<T> {
    (0..columns)
        .flat_map(|column| values.iter().skip(column).step_by(columns).copied())
        .collect()
}

/// A bias for each of `outputs` outputs, from one for all or one for each.
pub(super) fn broadcast<T: Copy>(
    node: &Node,
    values: &[T],
    dims: &[usize],
    outputs: usize,
) -> Result<Vec<T>, ImportError> {
    let is_row = dims
        .split_last()
        .is_none_or(|(_, outer)| outer.iter().all(|&d| d == 1));
    match *values {
        [value] => Ok(vec![value; outputs]),
        _ if is_row && values.len() == outputs => Ok(values.to_vec()),
        _ => Err(node.error(format!(
            "its bias has dimensions {dims:?}, but there are {outputs} outputs"
        ))),
    }
}

/// `codes` times `factor`, or `None` if that isn't a whole number of 32 bits for each.
fn scaled(codes: &[i32], factor: f64) -> Option<Vec<i32>> {
    let product = |&code: &i32| {
        let product = f64::from(code) * factor;
        (product.fract() == 0.0 && product.abs() <= f64::from(i32::MAX)).then_some(product as i32)
    };
    codes.iter().map(product).collect()
}

fn inexact(node: &Node, name: &str, value: f32) -> ImportError {
    node.error(format!(
        "its {name} is {value}, which can't be folded into its integers exactly; fold it into the weights before quantizing"
    ))
}

/// Folds alpha into the scales and beta / alpha into the bias, where neither is rounded by that.
fn fold_factors(node: &Node, weights: &mut Weights, alpha: f32, beta: f32) -> Result<(), ImportError> {
    let is_power_of_two = alpha.is_normal() && alpha > 0.0 && alpha.to_bits() & 0x7F_FFFF == 0;
    if !is_power_of_two {
        return Err(inexact(node, "alpha", alpha));
    }
    if alpha != 1.0 {
        weights.scales.iter_mut().for_each(|scale| *scale *= alpha);
    }
    if !weights.scales.iter().all(|scale| scale.is_normal()) {
        return Err(inexact(node, "alpha", alpha));
    }
    weights.bias = scaled(&weights.bias, f64::from(beta) / f64::from(alpha))
        .ok_or_else(|| inexact(node, "beta", beta))?;
    Ok(())
}

pub(super) fn positive(node: &Node, name: &str, value: i64) -> Result<usize, ImportError> {
    usize::try_from(value)
        .ok()
        .filter(|_| (1..=MAX_WINDOW).contains(&value))
        .ok_or_else(|| {
            node.error(format!(
                "its attribute {name} holds {value}; values from 1 to {MAX_WINDOW} are supported"
            ))
        })
}

/// A list of `len` integers, or `default` for each.
pub(super) fn list(
    node: &Node,
    attributes: Attributes,
    name: &str,
    len: usize,
    default: i64,
) -> Result<Vec<i64>, ImportError> {
    match attributes.ints(name)? {
        None | Some([]) => Ok(vec![default; len]),
        Some(values) if values.len() == len => Ok(values.to_vec()),
        Some(values) => Err(node.error(format!(
            "its {name} has {} values, but {len} are needed",
            values.len()
        ))),
    }
}

/// One window per spatial axis.
pub(super) fn windows(
    node: &Node,
    attributes: Attributes,
    kernel: &[usize],
    inputs: &[usize],
) -> Result<Vec<Window>, ImportError> {
    let axes = kernel.len();
    let shape = attributes.ints("kernel_shape")?.filter(|shape| !shape.is_empty());
    if shape.is_some_and(|shape| !shape.iter().copied().eq(kernel.iter().map(|&k| k as i64))) {
        return Err(node.error(format!("its kernel_shape isn't that of its weights, {kernel:?}")));
    }
    let (strides, dilations) = (
        list(node, attributes, "strides", axes, 1)?,
        list(node, attributes, "dilations", axes, 1)?,
    );
    let pads = list(node, attributes, "pads", 2 * axes, 0)?;
    let (begins, ends) = pads.split_at_checked(axes).unwrap_or_default();
    let auto = attributes.text("auto_pad")?.unwrap_or("NOTSET");
    let mut windows = Vec::with_capacity(axes);
    for (((((&taps, &inputs), &stride), &dilation), &begin), &end) in kernel
        .iter()
        .zip(inputs)
        .zip(&strides)
        .zip(&dilations)
        .zip(begins)
        .zip(ends)
    {
        let window = Window {
            kernel: positive(node, "kernel", taps as i64)?,
            stride: positive(node, "strides", stride)?,
            dilation: positive(node, "dilations", dilation)?,
            pad_before: pad(node, begin)?,
            pad_after: pad(node, end)?,
        };
        windows.push(padded(node, window, auto, inputs)?);
    }
    Ok(windows)
}

fn pad(node: &Node, value: i64) -> Result<usize, ImportError> {
    usize::try_from(value)
        .ok()
        .filter(|_| value <= MAX_WINDOW)
        .ok_or_else(|| {
            node.error(format!(
                "its attribute pads holds {value}; values from 0 to {MAX_WINDOW} are supported"
            ))
        })
}

/// `window` with the padding that `auto_pad` asks for.
fn padded(node: &Node, window: Window, auto: &str, inputs: usize) -> Result<Window, ImportError> {
    let reach = window.dilation * (window.kernel - 1) + 1;
    let outputs = inputs.div_ceil(window.stride);
    let total = (outputs.saturating_sub(1) * window.stride + reach).saturating_sub(inputs);
    let (pad_before, pad_after) = match auto {
        "NOTSET" | "" => return Ok(window),
        "VALID" => (0, 0),
        "SAME_UPPER" => (total / 2, total - total / 2),
        "SAME_LOWER" => (total - total / 2, total / 2),
        other => {
            return Err(node.error(format!(
                "its auto_pad is '{}'; NOTSET, VALID, SAME_UPPER and SAME_LOWER are supported",
                shown(other)
            )));
        }
    };
    Ok(Window {
        pad_before,
        pad_after,
        ..window
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node {
            name: "n".into(),
            op: "Gemm".into(),
            inputs: vec![],
            outputs: vec![],
            attributes: vec![],
        }
    }

    #[test]
    fn same_padding_puts_the_odd_one_where_its_name_says() {
        let window = Window {
            kernel: 3,
            stride: 2,
            ..Window::POINT
        };
        let upper = padded(&node(), window, "SAME_UPPER", 28).unwrap();
        assert_eq!(
            (upper.pad_before, upper.pad_after, upper.outputs(28)),
            (0, 1, Some(14))
        );
        let lower = padded(&node(), window, "SAME_LOWER", 28).unwrap();
        assert_eq!(
            (lower.pad_before, lower.pad_after, lower.outputs(28)),
            (1, 0, Some(14))
        );
    }

    #[test]
    fn matrices_are_turned_to_outputs_first() {
        assert_eq!(transposed(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn factors_are_folded_only_where_no_digit_is_lost() {
        let weights = Weights {
            values: vec![1],
            scales: vec![0.3],
            bias: vec![6],
            bits: 8,
        };
        let fold = |alpha, beta| {
            let mut weights = weights.clone();
            fold_factors(&node(), &mut weights, alpha, beta).map(|()| (weights.scales[0], weights.bias[0]))
        };
        assert_eq!(fold(1.0, 1.0).unwrap(), (0.3, 6));
        assert_eq!(fold(2.0, 1.0).unwrap(), (0.6, 3));
        assert_eq!(fold(0.5, 2.0).unwrap(), (0.15, 24));
        for (alpha, beta) in [
            (0.3, 1.0),
            (4.0, 1.0),
            (0.0, 1.0),
            (-1.0, 1.0),
            (f32::NAN, 1.0),
            (1.0, f32::NAN),
        ] {
            assert!(fold(alpha, beta).is_err(), "{alpha} {beta}");
        }
    }
}
