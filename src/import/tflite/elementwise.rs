//! Operators on single elements: sums, products with constants, limits, functions.

use super::lower::{Lowering, code_range};
use super::model::{Index, Node};
use crate::graph::{Clamp, Constant, Op, TensorId, Unary};
use crate::import::ImportError;
use tflite_schema::{ActivationFunctionType, BuiltinOperator};

impl<'m> Lowering<'m> {
    pub fn sum(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let subtract = node.op == BuiltinOperator::SUB;
        let activation = if subtract {
            let options = node.options.builtin_options_as_sub_options();
            options.map(|o| o.fused_activation_function())
        } else {
            let options = node.options.builtin_options_as_add_options();
            options.map(|o| o.fused_activation_function())
        };
        let limits = self.limits_of(node, activation)?;
        let output = node.output()?;
        match [0, 1].map(|index| self.is_activation(node, index)) {
            [true, true] => {
                let first = self.broadcast(node, 0, output)?;
                let second = self.broadcast(node, 1, output)?;
                self.add_last(node, Op::Add { subtract }, &[first, second], limits)
            }
            [is_first, _] => {
                let (activation, constant) = if is_first { (0, 1) } else { (1, 0) };
                let id = self.broadcast(node, activation, output)?;
                let constant = Constant {
                    is_first: constant == 0,
                    subtract,
                    ..self.constant(node, constant, output)?
                };
                self.add_last(node, Op::AddConstant(constant), &[id], limits)
            }
        }
    }

    pub fn product(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_mul_options();
        let limits = self.limits_of(node, options.map(|o| o.fused_activation_function()))?;
        let output = node.output()?;
        let (activation, constant) = match [0, 1].map(|index| self.is_activation(node, index)) {
            [true, true] => {
                return Err(node.error(
                    "it multiplies two activations, but only products with a constant are supported: a neuron's weights are fixed",
                ));
            }
            [true, false] => (0, 1),
            _ => (1, 0),
        };
        let id = self.broadcast(node, activation, output)?;
        let constant = self.constant(node, constant, output)?;
        self.add_last(node, Op::MulConstant(constant), &[id], limits)
    }

    fn limits_of(
        &self,
        node: &Node<'m>,
        activation: Option<ActivationFunctionType>,
    ) -> Result<Option<(i32, i32)>, ImportError> {
        let affine = self.model.affine(node.output()?, node)?;
        self.limits(node, activation.unwrap_or(ActivationFunctionType::NONE), affine)
    }

    /// An activation, repeated along the axes where the output is longer.
    fn broadcast(&mut self, node: &Node<'m>, input: usize, output: Index) -> Result<TensorId, ImportError> {
        let (index, id) = self.input(node, input)?;
        let shape = self.model.shape(output)?;
        if self.model.shape(index)? == shape {
            return Ok(id);
        }
        let repeat = self.repeat(node, index, output)?;
        let (from, to) = (self.layout(index)?, self.layout(output)?);
        self.rearranged(node, id, &from, &to, |element| Some(repeat(element)))
    }

    /// A constant for every element of the output, in the graph's order.
    fn constant(&mut self, node: &Node<'m>, input: usize, output: Index) -> Result<Constant, ImportError> {
        let index = node.input(input)?;
        let (codes, affine) = self.model.codes(index, node)?;
        let repeat = self.repeat(node, index, output)?;
        let to = self.layout(output)?;
        self.charge(node, to.len())?;
        let values = (0..to.len()).map(|element| codes[repeat(to.to_file(element))]);
        Ok(Constant {
            values: values.collect(),
            affine,
            is_first: false,
            subtract: false,
        })
    }

    /// Which element of `index` meets each element of `output`: axes are counted from the last.
    fn repeat(
        &self,
        node: &Node<'m>,
        index: Index,
        output: Index,
    ) -> Result<impl Fn(usize) -> usize + use<>, ImportError> {
        let (own, all) = (self.model.shape(index)?, self.model.shape(output)?);
        let fits = own.len() <= all.len()
            && own
                .iter()
                .rev()
                .zip(all.iter().rev())
                .all(|(&own, &all)| own == all || own == 1);
        if !fits {
            return Err(node.error(format!(
                "its operand of shape {own:?} doesn't fit its output of shape {all:?}; convert the model again"
            )));
        }
        Ok(move |element: usize| {
            let (mut rest, mut place, mut run) = (element, 0, 1);
            for (axis, &extent) in all.iter().rev().enumerate() {
                let own = own.len().checked_sub(axis + 1).map_or(1, |axis| own[axis]);
                place += rest % extent % own * run;
                run *= own;
                rest /= extent;
            }
            place
        })
    }

    pub fn relu(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (min, max) = match node.op {
            BuiltinOperator::RELU6 => (0.0, 6.0),
            BuiltinOperator::RELU_N1_TO_1 => (-1.0, 1.0),
            BuiltinOperator::RELU_0_TO_1 => (0.0, 1.0),
            _ => (0.0, f32::INFINITY),
        };
        let (_, id) = self.input(node, 0)?;
        let affine = self.model.affine(node.output()?, node)?;
        let limits = code_range(affine, (min, max));
        self.add_last(node, Op::Clamp(Clamp { min, max }), &[id], Some(limits))
    }

    /// MINIMUM and MAXIMUM with one number, on codes.
    pub fn limit(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (activation, constant) = match [0, 1].map(|index| self.is_activation(node, index)) {
            [true, true] => {
                return Err(node.error("it compares two activations, but a constant is supported there"));
            }
            [true, false] => (0, 1),
            _ => (1, 0),
        };
        let (_, id) = self.input(node, activation)?;
        let (codes, affine) = self.model.codes(node.input(constant)?, node)?;
        let &[value] = &codes[..] else {
            return Err(node.error(format!(
                "its constant has {} values, but one is supported",
                codes.len()
            )));
        };
        let output = self.model.affine(node.output()?, node)?;
        if self.codes(id) != affine || output != affine {
            return Err(node.error(
                "the scales and zero points of its inputs and its output must be the same; convert the model again",
            ));
        }
        let code = i32::from(value) + affine.zero_point;
        let real = affine.dequantize(code);
        let (least, most) = (affine.format.min(), affine.format.max());
        let (clamp, limits) = match node.op {
            BuiltinOperator::MINIMUM => (
                Clamp {
                    max: real,
                    ..Clamp::NONE
                },
                (least, code),
            ),
            _ => (
                Clamp {
                    min: real,
                    ..Clamp::NONE
                },
                (code, most),
            ),
        };
        self.add_last(node, Op::Clamp(clamp), &[id], Some(limits))
    }

    pub fn table(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let function = match node.op {
            BuiltinOperator::LEAKY_RELU => {
                let options = node.options.builtin_options_as_leaky_relu_options();
                let alpha = options.ok_or_else(|| node.no_options())?.alpha();
                if !alpha.is_finite() {
                    return Err(node.error(format!("its alpha is {alpha}, but a finite number is expected")));
                }
                Unary::LeakyRelu(alpha)
            }
            BuiltinOperator::LOGISTIC => Unary::Sigmoid,
            BuiltinOperator::TANH => Unary::Tanh,
            _ => Unary::HardSwish,
        };
        let (_, id) = self.input(node, 0)?;
        self.add_last(node, Op::Unary(function), &[id], None)
    }

    /// QUANTIZE from codes to codes.
    pub fn requantize(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (_, id) = self.input(node, 0)?;
        let (own, affine) = (self.codes(id), self.model.affine(node.output()?, node)?);
        let shift = own.format.min() - affine.format.min();
        let is_shift = own.scale == affine.scale && own.zero_point - affine.zero_point == shift;
        // The same numbers, uint8 instead of int8: layers with weights take the zero point off anyway.
        let output = node.output()?;
        let mut readers = self
            .model
            .nodes
            .iter()
            .filter(|reader| reader.inputs.contains(&Some(output)));
        if is_shift && id == 0 && output != self.model.output && readers.all(has_weights) {
            return self.finish(node, id);
        }
        self.add_last(node, Op::Identity, &[id], None)
    }
}

fn has_weights(node: &Node<'_>) -> bool {
    use BuiltinOperator as B;
    matches!(
        node.op,
        B::CONV_2D | B::DEPTHWISE_CONV_2D | B::FULLY_CONNECTED | B::TRANSPOSE_CONV
    )
}
