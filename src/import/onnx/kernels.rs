//! With which arithmetic ONNX Runtime computes each operator of a QDQ model
//! (`docs/onnxruntime-arithmetic.md`, "Which kernel runs").

use super::lower::Lowering;
use super::model::Node;
use super::order::without_domain;
use crate::graph::{self, Affine, Arithmetic, CodeFormat, Encoding, Op, TensorId};

/// The type of codes as ONNX Runtime's kernels see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// uint8 in the file.
    Unsigned,
    /// int8 in the file that became uint8.
    MadeUnsigned,
    /// int8.
    Signed,
    /// Of another width, or no codes: nothing merges.
    #[default]
    Other,
}

impl Kind {
    /// The type of codes of a format that nothing has changed.
    pub fn of(format: CodeFormat) -> Self {
        match (format.bits, format.signed) {
            (8, false) => Self::Unsigned,
            (8, true) => Self::Signed,
            _ => Self::Other,
        }
    }

    fn is_unsigned(self) -> bool {
        matches!(self, Self::Unsigned | Self::MadeUnsigned)
    }
}

impl<'m> Lowering<'m> {
    /// What the codes are that the QuantizeLinear `node` writes: int8 codes that one DequantizeLinear
    /// reads for one reader become uint8.
    pub fn kind_of_codes(&self, node: &'m Node, affine: Affine) -> Kind {
        let kind = Kind::of(affine.format);
        let once = || {
            let mut readers = self.plan.readers(self.plan.resolve(node.output().ok()?));
            let (reader, others) = (readers.next()?, readers.next());
            let is_dequantized = without_domain(&reader.op) == "DequantizeLinear" && others.is_none();
            let output = self.plan.resolve(reader.output().ok()?);
            // A Shape is folded away.
            let readers = self.plan.readers(output).filter(|reader| reader.op != "Shape");
            (is_dequantized && readers.count() <= 1).then_some(())
        };
        match kind {
            Kind::Signed if once().is_some() => Kind::MadeUnsigned,
            kind => kind,
        }
    }

    /// What the codes are behind `node`, which moves real numbers of `tensor`: ONNX Runtime puts a
    /// QuantizeLinear and a DequantizeLinear behind the operators that it can run on codes.
    pub fn kind_behind(&self, node: &'m Node, tensor: TensorId) -> Kind {
        let passes = ["Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "MaxPool"];
        if !passes.contains(&node.op.as_str()) {
            return Kind::Other;
        }
        let readers = |name| self.plan.readers(self.plan.resolve(name)).count();
        match self.kind(tensor) {
            Kind::Signed | Kind::MadeUnsigned if node.output().is_ok_and(|name| readers(name) <= 1) => {
                Kind::MadeUnsigned
            }
            Kind::MadeUnsigned => Kind::Signed,
            kind => kind,
        }
    }

    pub fn kind(&self, tensor: TensorId) -> Kind {
        self.kinds.get(tensor).copied().unwrap_or_default()
    }

    /// Decides for every node that has no kernel of its own in the file.
    pub fn decide_arithmetic(&mut self) {
        for index in 0..self.nodes.len() {
            if self.decided.get(index).copied().unwrap_or(true) {
                continue;
            }
            let Some(arithmetic) = self
                .nodes
                .get(index)
                .and_then(Option::as_ref)
                .map(|node| self.decide(index, node))
            else {
                continue;
            };
            if let Some(Some(node)) = self.nodes.get_mut(index) {
                node.arithmetic = arithmetic;
            }
        }
    }

    /// Puts the operands of every sum in the order in which ONNX Runtime's kernel takes them. It depends on
    /// the axis that lies innermost: the channels, where they come from a convolution on codes.
    pub fn order_sums(&mut self) {
        let mut channels_last = vec![false; self.tensors.len()];
        for index in 0..self.nodes.len() {
            let Some(Some(node)) = self.nodes.get_mut(index) else {
                continue;
            };
            let is_last = |&input: &TensorId| channels_last.get(input).copied().unwrap_or(false);
            let is_any_last = node.inputs.iter().any(is_last);
            if let Some(dims) = self.sums.get(&index)
                && swaps(dims, is_any_last)
            {
                match &mut node.op {
                    Op::AddConstant(constant) => constant.is_first = !constant.is_first,
                    Op::Add { subtract: false } => node.inputs.reverse(),
                    _ => {}
                }
            }
            let stays = match node.op {
                Op::Conv(_) => node.arithmetic != Arithmetic::Real,
                Op::Dense(_) | Op::Reshape(_) => false,
                _ => is_any_last,
            };
            if let Some(place) = channels_last.get_mut(node.output) {
                *place = stays;
            }
        }
    }

    fn decide(&self, index: usize, node: &graph::Node) -> Arithmetic {
        let Encoding::Codes(_) = self.encoding(node.output) else {
            // What follows decides.
            return match node.op {
                Op::Conv(_) | Op::Dense(_) => Arithmetic::Codes,
                _ => Arithmetic::Real,
            };
        };
        let mut kinds: Vec<Kind> = node.inputs.iter().map(|&input| self.kind(input)).collect();
        kinds.push(self.kind(node.output));
        match &node.op {
            Op::AddConstant(constant) | Op::MulConstant(constant) => {
                kinds.push(Kind::of(constant.affine.format))
            }
            Op::Conv(_) | Op::Dense(_) if self.half_bytes.contains(&index) => return Arithmetic::Real,
            Op::Conv(_) if kinds.contains(&Kind::Signed) => return Arithmetic::Real,
            Op::Add { subtract: true } => return Arithmetic::Real,
            _ => {}
        }
        let all_unsigned = kinds.iter().all(|kind| kind.is_unsigned());
        let all_signed = kinds.iter().all(|&kind| kind == Kind::Signed);
        match (all_unsigned, all_signed) {
            // Sums don't change when codes and zero points grow together.
            (true, _) if matches!(node.op, Op::Conv(_) | Op::Dense(_)) => Arithmetic::Codes,
            (true, _) if kinds.contains(&Kind::MadeUnsigned) => Arithmetic::Unsigned,
            (false, false) => Arithmetic::Real,
            _ => Arithmetic::Codes,
        }
    }
}

/// Whether ONNX Runtime's QLinearAdd takes its operands the other way round: where the first is repeated
/// along the innermost axis that has elements.
fn swaps([a, b]: &[Vec<usize>; 2], channels_last: bool) -> bool {
    let mut axes: Vec<(usize, usize)> = a.iter().copied().zip(b.iter().copied()).collect();
    if channels_last && axes.len() > 1 {
        axes.rotate_left(1);
    }
    let innermost = axes.iter().rev().find(|(a, b)| *a > 1 || *b > 1);
    innermost.is_some_and(|&(a, b)| a == 1 && b > 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_sum_is_turned_round_where_its_first_operand_is_repeated_innermost() {
        let [gate, image, row] = [vec![3, 1, 1], vec![3, 4, 4], vec![1, 1, 4]];
        let swaps = |a: &Vec<usize>, b: &Vec<usize>, last| super::swaps(&[a.clone(), b.clone()], last);
        assert!(swaps(&gate, &image, false));
        assert!(!swaps(&gate, &image, true));
        assert!(!swaps(&row, &image, false));
        assert!(swaps(&row, &image, true));
        assert!(!swaps(&image, &gate, false));
    }
}
