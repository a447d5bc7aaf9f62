//! Operators with weights.

use super::lower::Lowering;
use super::model::{Index, Node};
use crate::graph::{Conv, Dense, Op, Rearrange, TensorId, Weights, Window};
use crate::import::ImportError;
use tflite_schema::{ActivationFunctionType, FullyConnectedOptionsWeightsFormat, Padding};

/// How a kernel moves, as the options say it: rows, then columns.
pub(super) struct Movement {
    pub padding: Padding,
    pub strides: [i32; 2],
    pub dilations: [i32; 2],
}

impl Movement {
    /// The windows of a kernel over an image of `height` and `width`.
    pub fn windows(
        &self,
        node: &Node<'_>,
        kernel: [usize; 2],
        image: [usize; 2],
    ) -> Result<[Window; 2], ImportError> {
        let window = |axis: usize| {
            let [stride, dilation] = [self.strides[axis], self.dilations[axis]].map(usize::try_from);
            let (Ok(stride @ 1..), Ok(dilation @ 1..)) = (stride, dilation) else {
                return Err(node.error(format!(
                    "its strides {:?} and dilations {:?} must be at least 1",
                    self.strides, self.dilations
                )));
            };
            let (kernel, inputs) = (kernel[axis], image[axis]);
            let valid = Window {
                kernel,
                stride,
                dilation,
                pad_before: 0,
                pad_after: 0,
            };
            match self.padding {
                Padding::VALID => Ok(valid),
                Padding::SAME => {
                    let pads = same_padding(kernel, stride, dilation, inputs);
                    let pad_before = pads / 2;
                    Ok(Window {
                        pad_before,
                        pad_after: pads - pad_before,
                        ..valid
                    })
                }
                Padding(number) => Err(node.error(format!("its padding has the unknown number {number}"))),
            }
        };
        Ok([window(0)?, window(1)?])
    }
}

/// The padding that gives one output for every `stride` inputs.
fn same_padding(kernel: usize, stride: usize, dilation: usize, inputs: usize) -> usize {
    let outputs = inputs.div_ceil(stride);
    let reach = kernel
        .saturating_sub(1)
        .saturating_mul(dilation)
        .saturating_add(1);
    ((outputs - 1) * stride)
        .saturating_add(reach)
        .saturating_sub(inputs)
}

/// Extents of a tensor of rank 4.
pub(super) fn extents4(node: &Node<'_>, what: &str, shape: &[usize]) -> Result<[usize; 4], ImportError> {
    <[usize; 4]>::try_from(shape).map_err(|_| {
        node.error(format!(
            "its {what} have shape {shape:?}, but four axes are expected"
        ))
    })
}

impl<'m> Lowering<'m> {
    pub fn conv(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_conv_2_doptions();
        let options = options.ok_or_else(|| node.no_options())?;
        let movement = Movement {
            padding: options.padding(),
            strides: [options.stride_h(), options.stride_w()],
            dilations: [options.dilation_h_factor(), options.dilation_w_factor()],
        };
        let (input, id) = self.input(node, 0)?;
        let [_, height, width, channels] = extents4(node, "inputs", &self.model.shape(input)?)?;
        let weights = node.input(1)?;
        let [outputs, rows, columns, seen] = extents4(node, "weights", &self.model.shape(weights)?)?;
        if !channels.is_multiple_of(seen) {
            return Err(node.error(format!(
                "its weights see {seen} channels, but its input has {channels}; convert the model again"
            )));
        }
        let windows = movement.windows(node, [rows, columns], [height, width])?;
        let taps = rows * columns;
        // Outputs, rows, columns, channels become outputs, channels, rows, columns.
        let weights = self.kernel(node, weights, outputs, 0, |output, tap| {
            (output * taps + tap % taps) * seen + tap / taps
        })?;
        self.convolved(
            node,
            id,
            weights,
            outputs,
            channels / seen,
            windows,
            options.fused_activation_function(),
        )
    }

    pub fn depthwise(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_depthwise_conv_2_doptions();
        let options = options.ok_or_else(|| node.no_options())?;
        let movement = Movement {
            padding: options.padding(),
            strides: [options.stride_h(), options.stride_w()],
            dilations: [options.dilation_h_factor(), options.dilation_w_factor()],
        };
        let (input, id) = self.input(node, 0)?;
        let [_, height, width, channels] = extents4(node, "inputs", &self.model.shape(input)?)?;
        let weights = node.input(1)?;
        let [one, rows, columns, outputs] = extents4(node, "weights", &self.model.shape(weights)?)?;
        if one != 1 {
            return Err(node.error(format!(
                "the first axis of its weights has extent {one}, but 1 is expected; convert the model again"
            )));
        }
        let windows = movement.windows(node, [rows, columns], [height, width])?;
        let weights = self.kernel(node, weights, outputs, 3, |output, tap| tap * outputs + output)?;
        self.convolved(
            node,
            id,
            weights,
            outputs,
            channels,
            windows,
            options.fused_activation_function(),
        )
    }

    #[allow(clippy::too_many_arguments, reason = "what a convolution is made of")]
    fn convolved(
        &mut self,
        node: &Node<'m>,
        input: TensorId,
        weights: Weights,
        outputs: usize,
        groups: usize,
        windows: [Window; 2],
        activation: ActivationFunctionType,
    ) -> Result<(), ImportError> {
        let affine = self.model.affine(node.output()?, node)?;
        let limits = self.limits(node, activation, affine)?;
        let conv = Conv {
            weights,
            outputs,
            groups,
            windows: windows.to_vec(),
        };
        self.add_last(node, Op::Conv(conv), &[input], limits)
    }

    /// A convolution with the turned kernel over the input with zeros between and around its elements.
    pub fn transposed_conv(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_transpose_conv_options();
        let options = options.ok_or_else(|| node.no_options())?;
        let movement = Movement {
            padding: options.padding(),
            strides: [options.stride_h(), options.stride_w()],
            dilations: [1, 1],
        };
        let (input, id) = self.input(node, 2)?;
        let [_, height, width, channels] = extents4(node, "inputs", &self.model.shape(input)?)?;
        let weights = node.input(1)?;
        let [outputs, rows, columns, seen] = extents4(node, "weights", &self.model.shape(weights)?)?;
        let [_, out_height, out_width, _] = extents4(node, "outputs", &self.model.shape(node.output()?)?)?;
        if seen != channels {
            return Err(node.error(format!(
                "its weights see {seen} channels, but its input has {channels}; convert the model again"
            )));
        }
        // Seen from the other side: a convolution from the output to the input.
        let forth = movement.windows(node, [rows, columns], [out_height, out_width])?;
        let given = [height, width];
        for (window, (outputs, inputs)) in forth.iter().zip([(out_height, height), (out_width, width)]) {
            if window.outputs(outputs) != Some(inputs) {
                return Err(node.error(format!(
                    "its input of {height} × {width} doesn't go with its output of {out_height} × {out_width}; convert the model again"
                )));
            }
        }
        let spread = [0, 1].map(|axis: usize| {
            let (window, output) = (forth[axis], [out_height, out_width][axis]);
            spread(window, given[axis], output)
        });
        let shape = vec![channels, spread[0].len(), spread[1].len()];
        let elements = shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent));
        self.charge(node, elements.unwrap_or(usize::MAX))?;
        let mut map = Vec::with_capacity(elements.unwrap_or_default());
        for channel in 0..channels {
            for row in &spread[0] {
                map.extend(spread[1].iter().map(|column| match (row, column) {
                    (Some(row), Some(column)) => ((channel * height + row) * width + column) as u32,
                    _ => Rearrange::ZERO,
                }));
            }
        }
        let rearrange = Rearrange {
            shape,
            map: map.into(),
        };
        let affine = self.codes(id);
        let wide = self.add(node, Op::Rearrange(rearrange), &[id], affine, None)?;
        let taps = rows * columns;
        let index = node.optional(3);
        let weights = self.kernel_with_bias(node, weights, index, outputs, 0, |output, tap| {
            // The last tap first.
            (output * taps + taps - 1 - tap % taps) * seen + tap / taps
        })?;
        let windows = [rows, columns].map(|kernel| Window {
            kernel,
            ..Window::POINT
        });
        self.convolved(
            node,
            wide,
            weights,
            outputs,
            1,
            windows,
            options.fused_activation_function(),
        )
    }

    pub fn fully_connected(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_fully_connected_options();
        let options = options.ok_or_else(|| node.no_options())?;
        if options.weights_format() != FullyConnectedOptionsWeightsFormat::DEFAULT {
            return Err(
                node.error("its weights are shuffled for one processor; convert the model without that")
            );
        }
        let (input, id) = self.input(node, 0)?;
        let index = node.input(1)?;
        let shape = self.model.shape(index)?;
        let &[outputs, inputs] = &shape[..] else {
            return Err(node.error(format!(
                "its weights have shape {shape:?}, but two axes are expected"
            )));
        };
        let weights = self.kernel(node, index, outputs, 0, |output, tap| output * inputs + tap)?;
        let affine = self.model.affine(node.output()?, node)?;
        let limits = self.limits(node, options.fused_activation_function(), affine)?;
        let layout = self.layout(input)?;
        if !layout.len().is_multiple_of(inputs) {
            return Err(node.error(format!(
                "its weights see {inputs} inputs, but its input has shape {:?}; convert the model again",
                self.model.shape(input)?
            )));
        }
        let rows = layout.len() / inputs;
        let from_file = |element: usize| Some(element);
        if rows == 1 {
            let vector = self.moved(node, id, &layout, &[inputs], from_file)?;
            let dense = Dense { weights, outputs };
            let vector = self.add(node, Op::Dense(dense), &[vector], affine, limits)?;
            let id = self.moved_to_output(node, vector, &[outputs], from_file)?;
            return self.finish(node, id);
        }
        // The same layer at every position: a convolution with a kernel of one.
        let turned = |element: usize| Some(element % rows * inputs + element / rows);
        let signal = self.moved(node, id, &layout, &[inputs, rows], turned)?;
        let conv = Conv {
            weights,
            outputs,
            groups: 1,
            windows: vec![Window::POINT],
        };
        let signal = self.add(node, Op::Conv(conv), &[signal], affine, limits)?;
        let back = |element: usize| Some(element % outputs * rows + element / outputs);
        let id = self.moved_to_output(node, signal, &[outputs, rows], back)?;
        self.finish(node, id)
    }

    /// The weights of `outputs` channels, tap by tap as the graph wants them, and the bias that is input 2.
    fn kernel(
        &mut self,
        node: &Node<'m>,
        weights: Index,
        outputs: usize,
        axis: usize,
        place: impl Fn(usize, usize) -> usize,
    ) -> Result<Weights, ImportError> {
        let bias = node.optional(2);
        self.kernel_with_bias(node, weights, bias, outputs, axis, place)
    }

    fn kernel_with_bias(
        &mut self,
        node: &Node<'m>,
        weights: Index,
        bias: Option<Index>,
        outputs: usize,
        axis: usize,
        place: impl Fn(usize, usize) -> usize,
    ) -> Result<Weights, ImportError> {
        let codes = self.model.weights(weights, node)?;
        self.charge(node, codes.len())?;
        let scales = self.model.weight_scales(weights, outputs, axis)?;
        let taps = codes.len() / outputs.max(1);
        let mut values = Vec::with_capacity(codes.len());
        for output in 0..outputs {
            values.extend((0..taps).map(|tap| i16::from(codes[place(output, tap)])));
        }
        Ok(Weights {
            values,
            scales,
            bias: self.bias(node, bias, outputs)?,
            bits: 8,
        })
    }

    fn bias(&self, node: &Node<'m>, bias: Option<Index>, outputs: usize) -> Result<Vec<i32>, ImportError> {
        let Some(index) = bias else {
            return Ok(Vec::new());
        };
        let values = self.model.integers(index, node)?;
        let bias: Option<Vec<i32>> = values.iter().map(|&value| i32::try_from(value).ok()).collect();
        bias.filter(|bias| bias.len() == outputs).ok_or_else(|| {
            node.error(format!(
                "its bias '{}' has {} values, but {outputs} of 32 bits are expected",
                self.model.tensor_name(index),
                values.len()
            ))
        })
    }
}

/// Where along an axis of a transposed convolution the input's elements come to stand, so that a turned kernel
/// that moves over it step by step gives `outputs`.
fn spread(window: Window, inputs: usize, outputs: usize) -> Vec<Option<usize>> {
    let first = window.kernel - 1;
    (0..outputs + first)
        .map(|place| {
            // Element i stands i strides behind the kernel's last tap, less the padding that is cut off.
            let behind = (place + window.pad_before).checked_sub(first)?;
            (behind.is_multiple_of(window.stride) && behind / window.stride < inputs)
                .then_some(behind / window.stride)
        })
        .collect()
}
