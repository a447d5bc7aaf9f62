//! Sums of tensors, of a tensor and a constant, and products with a constant.

/// A constant of codes, one per element of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Code minus zero point.
    pub values: Vec<i16>,
    /// The real step between neighbouring codes.
    pub scale: f32,
}

impl Constant {
    pub(super) fn check(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let expected: usize = input.iter().product();
        if self.values.len() == expected {
            Ok(input.to_vec())
        } else {
            Err(format!("its constant has {} elements, but its input {expected}", self.values.len()))
        }
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
