//! QOperator form: operators that take codes and give codes, with all scales and zero points as inputs.
//! And the integer operators, whose sums later nodes scale.

use super::attributes::Attributes;
use super::elementwise::{Joint, function_of};
use super::kernels::Kind;
use super::lower::{Lowering, Value};
use super::model::Node;
use super::quantization::{Dequantized, Parameters};
use super::reals::Stored;
use super::tensors::{Constant, ElementType, Elements};
use crate::graph::{Affine, Arithmetic, CodeFormat, Encoding, Op, Pool, TensorId};
use crate::import::ImportError;
use std::rc::Rc;

impl<'m> Lowering<'m> {
    /// The parameters in inputs `scale` and `scale` + 1, for codes of type `element` if that is known.
    fn parameters_at(
        &mut self,
        node: &'m Node,
        scale: usize,
        element: Option<ElementType>,
        axis: i64,
    ) -> Result<Parameters, ImportError> {
        let scales = self.constant(node, scale, "scale")?;
        let zero_point = match node.optional_input(scale + 1) {
            Some(_) => Some(self.constant(node, scale + 1, "zero point")?),
            None => None,
        };
        let stated = zero_point.as_ref().map(|z| z.element);
        let element = match (stated, element) {
            (Some(stated), Some(element)) if stated != element => {
                return Err(node.error(format!(
                    "its zero point at input {} is {}, but its codes are {}; both must be of one type",
                    scale + 1,
                    stated.name(),
                    element.name()
                )));
            }
            (stated, element) => stated.or(element).unwrap_or(ElementType::Uint8),
        };
        Parameters::of_codes(node, &scales, zero_point.as_deref(), element, axis)
    }

    /// Input `index` as the codes of an activation, or as constant codes, with the parameters behind it.
    fn operand(&mut self, node: &'m Node, index: usize) -> Result<Value, ImportError> {
        match self.input(node, index)? {
            Value::Constant(codes) => {
                let parameters = self.parameters_at(node, index + 1, Some(codes.element), 1)?;
                Ok(Value::Dequantized(Rc::new(Dequantized { codes, parameters })))
            }
            Value::Codes(tensor) => {
                let affine = self.parameters_at(node, index + 1, None, 1)?.affine(node)?;
                self.read_as(node, index, tensor, affine).map(Value::Codes)
            }
            _ => Err(node.error(format!(
                "its input {index} holds real numbers, but it takes codes; put a QuantizeLinear before it"
            ))),
        }
    }

    /// The codes of `tensor` as they are read: each operator on codes may say what they mean to it.
    fn read_as(
        &mut self,
        node: &'m Node,
        index: usize,
        tensor: TensorId,
        affine: Affine,
    ) -> Result<TensorId, ImportError> {
        match self.encoding(tensor) {
            Encoding::Codes(own) if own != affine && own.format == affine.format => {
                let name = format!("{} (input {index})", node.name);
                let output = self.add_node(&name, Op::Reinterpret, tensor, &name)?;
                self.set_codes(output, affine, Kind::Other);
                Ok(output)
            }
            _ => self.decode(node, tensor, affine).map(|()| tensor),
        }
    }

    /// Input `index` as the codes of an activation.
    fn coded(&mut self, node: &'m Node, index: usize) -> Result<TensorId, ImportError> {
        match self.operand(node, index)? {
            Value::Codes(tensor) => Ok(tensor),
            _ => Err(node.error(format!(
                "its input {index} is a constant, but must be an activation"
            ))),
        }
    }

    /// Input `index` as constant codes with one scale, or one for each index along `axis`.
    fn coded_weights(
        &mut self,
        node: &'m Node,
        index: usize,
        axis: impl Fn(&Constant) -> i64,
    ) -> Result<Stored, ImportError> {
        let Value::Constant(codes) = self.input(node, index)? else {
            return Err(node.error("its weights are computed by other nodes, but must be constants"));
        };
        let parameters = self.parameters_at(node, index + 1, Some(codes.element), axis(&codes))?;
        Ok(Stored::Codes(Rc::new(Dequantized { codes, parameters })))
    }

    /// Makes codes of what `node` computes; its scale stands at input `scale`.
    fn coded_output(&mut self, node: &'m Node, tensor: TensorId, scale: usize) -> Result<Value, ImportError> {
        let affine = self.parameters_at(node, scale, None, 1)?.affine(node)?;
        if !self.encode_back(tensor, affine, Kind::Other) {
            self.set_codes(tensor, affine, Kind::Other);
        }
        Ok(Value::Codes(tensor))
    }

    pub fn q_conv(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(9)?;
        let input = self.coded(node, 0)?;
        let weights = self.coded_weights(node, 3, |_| 0)?;
        let output = self.convolve(node, input, &weights, Some(8))?;
        self.coded_output(node, output, 6)
    }

    pub fn q_mat_mul(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(8)?;
        let input = self.coded(node, 0)?;
        if let Value::Codes(_) = self.input(node, 3)? {
            return Err(node.error(
                "it multiplies two activations, as attention does; a neuron has constant weights, so only one factor may be computed",
            ));
        }
        let weights = self.coded_weights(node, 3, |w| w.dims.len() as i64 - 1)?;
        let output = self.product(node, input, &weights)?;
        self.coded_output(node, output, 6)
    }

    pub fn q_gemm(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(9)?;
        let known = ["alpha", "transA", "transB"];
        let is_transposed = Attributes::of(node, &known)?.int("transB")?.unwrap_or(0) != 0;
        let input = self.coded(node, 0)?;
        let weights = self.coded_weights(node, 3, |_| if is_transposed { 0 } else { 1 })?;
        let output = self.general_product(node, input, &weights, Some(6), &known)?;
        match node.optional_input(7) {
            Some(_) => self.coded_output(node, output, 7),
            None => Ok(Value::Real(output)),
        }
    }

    pub fn q_binary(&mut self, node: &'m Node, joint: Joint) -> Result<Value, ImportError> {
        node.at_most(8)?;
        Attributes::of(node, &[])?;
        let operands = [self.operand(node, 0)?, self.operand(node, 3)?];
        let output = self.joined(node, joint, operands, Some(Arithmetic::Codes))?;
        self.coded_output(node, output, 6)
    }

    pub fn q_concat(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let axis = Attributes::of(node, &["axis"])?.int("axis")?.unwrap_or(1);
        let mut tensors = Vec::new();
        for index in (2..node.inputs.len()).step_by(3) {
            tensors.push(self.coded(node, index)?);
        }
        if tensors.is_empty() {
            return Err(node.error("it joins nothing; the file is incomplete, so export it anew"));
        }
        let output = self.join(node, &tensors, axis)?;
        self.coded_output(node, output, 0)
    }

    pub fn q_average(&mut self, node: &'m Node, is_global: bool) -> Result<Value, ImportError> {
        node.at_most(5)?;
        let input = self.coded(node, 0)?;
        let output = if is_global {
            self.global_pool(node, input, Op::AveragePool as fn(Pool) -> Op)?
        } else {
            self.pool(node, input, Op::AveragePool as fn(Pool) -> Op)?
        };
        self.coded_output(node, output, 3)
    }

    pub fn q_unary(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(5)?;
        let input = self.coded(node, 0)?;
        let function = function_of(node)?;
        let output = self.add_node(&node.name, Op::Unary(function), input, node.output()?)?;
        self.coded_output(node, output, 3)
    }

    /// ConvInteger and MatMulInteger: sums that later nodes make real numbers of.
    pub fn integer(&mut self, node: &'m Node, is_conv: bool) -> Result<Value, ImportError> {
        node.at_most(4)?;
        let (Value::Codes(input), Value::Constant(codes)) = (self.input(node, 0)?, self.input(node, 1)?)
        else {
            return Err(node.error("it must multiply the codes of an activation with constant codes"));
        };
        let Encoding::Codes(affine) = self.encoding(input) else {
            return Err(node.error(
                "it reads codes whose scale isn't known; put a QuantizeLinear before it, or quantize as QDQ",
            ));
        };
        let zero_point = self.zero_point_at(node, 2)?;
        if zero_point.unwrap_or_else(|| vec![0]) != [affine.zero_point] {
            return Err(node.error(format!(
                "its zero point isn't that of the codes it reads, {}",
                affine.zero_point
            )));
        }
        let zero_points = self.zero_point_at(node, 3)?.unwrap_or_else(|| vec![0]);
        let ones = Elements::Real(vec![1.0; zero_points.len()]);
        let parameters = Parameters::of_codes(
            node,
            &Constant::vector("1", ones),
            Some(&Constant::vector("zero points", Elements::Integer(zero_points))),
            codes.element,
            if is_conv { 0 } else { 1 },
        )?;
        let weights = Stored::Codes(Rc::new(Dequantized { codes, parameters }));
        let before = self.nodes.len();
        let output = if is_conv {
            self.convolve(node, input, &weights, None)?
        } else {
            self.product(node, input, &weights)?
        };
        for index in before..self.nodes.len() {
            self.fix_arithmetic_of(index, Arithmetic::Integer);
        }
        Ok(Value::Real(output))
    }

    fn zero_point_at(&mut self, node: &'m Node, index: usize) -> Result<Option<Vec<i32>>, ImportError> {
        match node.optional_input(index) {
            Some(_) => Ok(Some(
                self.constant(node, index, "zero point")?.integers()?.to_vec(),
            )),
            None => Ok(None),
        }
    }

    /// A Clip of codes, as QCDQ has it: fewer bits than the type.
    pub fn clip_codes(&mut self, node: &'m Node, value: Value) -> Result<Value, ImportError> {
        let bound = |this: &mut Self, index: usize| match node.optional_input(index) {
            Some(_) => {
                let bound = this.constant(node, index, "bound")?;
                Ok::<_, ImportError>(bound.integers()?.first().copied())
            }
            None => Ok(None),
        };
        let (least, most) = (bound(self, 1)?, bound(self, 2)?);
        let (least, most) = (least.unwrap_or(i32::MIN), most.unwrap_or(i32::MAX));
        if least > most {
            return Err(node.error(format!("its range {least} to {most} is empty")));
        }
        match value {
            Value::Constant(data) => {
                self.charge(node, data.len())?;
                let codes: Vec<i32> = data
                    .integers()?
                    .iter()
                    .map(|code| (*code).clamp(least, most))
                    .collect();
                Ok(Value::Constant(Rc::new(Constant {
                    bits: data.bits.min(bits_of(least, most, &codes)),
                    elements: Elements::Integer(codes),
                    ..(*data).clone()
                })))
            }
            Value::Codes(tensor) => {
                let Encoding::Codes(affine) = self.encoding(tensor) else {
                    return Err(node.error(
                        "it clips codes before their scale is known; put a QuantizeLinear before it",
                    ));
                };
                self.narrow(node, tensor, affine, least, most)?;
                Ok(Value::Codes(tensor))
            }
            _ => Err(node.error("its bounds are integers, but it reads real numbers")),
        }
    }

    /// Lets the codes of `tensor` be no others than those from `least` to `most`.
    fn narrow(
        &mut self,
        node: &'m Node,
        tensor: TensorId,
        affine: Affine,
        least: i32,
        most: i32,
    ) -> Result<(), ImportError> {
        let name = self.plan.resolve(node.input(0)?);
        if self.plan.readers(name).count() != 1 {
            return Err(
                node.error("it clips codes that others read unclipped; give each its own QuantizeLinear")
            );
        }
        let (least, most) = (least.max(affine.format.min()), most.min(affine.format.max()));
        let mut format = affine.format;
        format.signed = least < 0;
        format.bits = narrowest(least, most).min(affine.format.bits);
        if !(least..=most).contains(&affine.zero_point) {
            return Err(node.error(format!(
                "its range {least} to {most} leaves out the zero point {}, so nothing could stand for 0",
                affine.zero_point
            )));
        }
        let limits = (format.min() != least || format.max() != most).then_some((least, most));
        let writer = self.writers.get(tensor).copied().flatten();
        match (limits, writer.and_then(|index| self.nodes.get_mut(index))) {
            (None, _) => {}
            (Some(limits), Some(Some(writer)))
                if !matches!(writer.op, Op::Reshape(_) | Op::Rearrange(_) | Op::Concat(_)) =>
            {
                writer.limits = Some(limits);
            }
            _ => {
                return Err(node.error(format!(
                    "its range {least} to {most} isn't that of a number of bits, which only the codes of a layer may have"
                )));
            }
        }
        let kind = self.kind(tensor);
        self.narrowed.entry(tensor).or_insert(affine.format);
        self.set_codes(tensor, Affine { format, ..affine }, kind);
        Ok(())
    }
}

/// Bits of the narrowest format that holds every code from `least` to `most`; 17 where none does.
fn narrowest(least: i32, most: i32) -> u8 {
    let signed = least < 0;
    let holds = |&bits: &u8| {
        let format = CodeFormat { bits, signed };
        format.min() <= least && most <= format.max()
    };
    (1..=16).find(holds).unwrap_or(17)
}

/// Bits of constant codes that a Clip keeps within `least` and `most`. Two values need one bit, though
/// no code of one bit is +1 and −1.
fn bits_of(least: i32, most: i32, codes: &[i32]) -> u8 {
    if (least, most) == (-1, 1) && codes.iter().all(|&code| code != 0) {
        return 1;
    }
    narrowest(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_tells_how_many_bits_constant_codes_have() {
        assert_eq!(bits_of(-2, 1, &[-2, 1]), 2);
        assert_eq!(bits_of(-7, 7, &[0]), 4);
        assert_eq!(bits_of(0, 7, &[0]), 3);
        assert_eq!(bits_of(-1, 1, &[1, -1]), 1);
        assert_eq!(bits_of(-1, 1, &[1, 0]), 2);
        assert_eq!(bits_of(i32::MIN, i32::MAX, &[]), 17);
    }
}
