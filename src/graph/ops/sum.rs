//! Sums of tensors, of a tensor and a constant, and products with a constant.

use crate::graph::Affine;

/// A constant of codes, one per element of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Code minus zero point.
    pub values: Vec<i16>,
    /// How the codes are read.
    pub affine: Affine,
    /// Whether it is the first operand, as the order of additions in floating point matters.
    pub is_first: bool,
    /// Whether the second operand is taken off, be it the constant or the tensor.
    pub subtract: bool,
}

impl Constant {
    /// The numbers that the codes stand for.
    pub fn reals(&self) -> Vec<f32> {
        self.values
            .iter()
            .map(|&value| self.affine.scale * f32::from(value))
            .collect()
    }
}

/// The shape of a tensor that is joined, element by element, with a constant of `elements`.
pub(super) fn shape_with(elements: usize, input: &[usize]) -> Result<Vec<usize>, String> {
    let expected: usize = input.iter().product();
    if elements == expected {
        Ok(input.to_vec())
    } else {
        Err(format!(
            "its constant has {elements} elements, but its input {expected}"
        ))
    }
}

/// The shape of a sum of two tensors.
pub(super) fn sum_shape(inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    if inputs[0] == inputs[1] {
        Ok(inputs[0].to_vec())
    } else {
        Err(format!("cannot add shapes {:?} and {:?}", inputs[0], inputs[1]))
    }
}
