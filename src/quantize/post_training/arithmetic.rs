//! With which arithmetic ONNX Runtime computes each node, once the graph is a file in QDQ form: every tensor
//! of codes is a pair of QuantizeLinear and DequantizeLinear (`docs/onnxruntime-arithmetic.md`, "Which
//! kernel runs").

use crate::graph::{Arithmetic, Encoding, Node, Op, Tensor, TensorId};

/// The type of codes as ONNX Runtime's kernels see it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unsigned,
    /// int8, made uint8 as it has one reader at most.
    MadeUnsigned,
    Signed,
    /// Of more than 8 bits, or no codes.
    Other,
}

/// Decides for every node.
pub(super) fn decide(nodes: &mut [Node], tensors: &[Tensor]) {
    let mut readers = vec![0; tensors.len()];
    for &input in nodes.iter().flat_map(|node| &node.inputs) {
        readers[input] += 1;
    }
    let kind = |tensor: TensorId| match tensors[tensor].encoding {
        Encoding::Codes(affine) => match (affine.format.bits, affine.format.signed) {
            // Narrower codes are those of 8 bits with a Clip, which keeps int8 from being made uint8.
            (..=8, false) => Kind::Unsigned,
            (8, true) if readers[tensor] <= 1 => Kind::MadeUnsigned,
            (..=8, true) => Kind::Signed,
            _ => Kind::Other,
        },
        Encoding::Real => Kind::Other,
    };
    for node in nodes {
        let kinds: Vec<Kind> = node
            .inputs
            .iter()
            .chain([&node.output])
            .map(|&tensor| kind(tensor))
            .collect();
        let is_real = tensors[node.output].encoding == Encoding::Real;
        node.arithmetic = arithmetic(&node.op, &kinds, is_real);
    }
}

fn arithmetic(op: &Op, kinds: &[Kind], is_real: bool) -> Arithmetic {
    let is_linear = matches!(op, Op::Conv(_) | Op::Dense(_));
    if is_real {
        // What follows decides.
        return if is_linear {
            Arithmetic::Codes
        } else {
            Arithmetic::Real
        };
    }
    let is_unsigned = |kind: &Kind| matches!(kind, Kind::Unsigned | Kind::MadeUnsigned);
    match op {
        Op::Conv(_) if kinds.contains(&Kind::Signed) => Arithmetic::Real,
        Op::Add { subtract: true } => Arithmetic::Real,
        _ if kinds.iter().all(is_unsigned) => {
            // Sums don't change when codes and zero points grow together.
            if !is_linear && kinds.contains(&Kind::MadeUnsigned) {
                Arithmetic::Unsigned
            } else {
                Arithmetic::Codes
            }
        }
        _ if kinds.iter().all(|&kind| kind == Kind::Signed) => Arithmetic::Codes,
        _ => Arithmetic::Real,
    }
}
