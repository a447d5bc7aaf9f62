//! Transpose, Pad, Slice, Resize (nearest), broadcasting: the same numbers in other places. On a
//! chip this costs nothing but wiring.

use std::sync::Arc;

/// Each output element is an input element, or the real number 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Rearrange {
    /// The output's shape.
    pub shape: Vec<usize>,
    /// For each output element, the index of the input element, or [`Rearrange::ZERO`].
    pub map: Arc<[u32]>,
}

impl Rearrange {
    /// Stands for the real number 0 in a map.
    pub const ZERO: u32 = u32::MAX;

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let (inputs, outputs) = (
            input.iter().product::<usize>(),
            self.shape.iter().product::<usize>(),
        );
        let inside = |&index: &u32| index == Self::ZERO || (index as usize) < inputs;
        if self.map.len() == outputs && self.map.iter().all(inside) {
            Ok(self.shape.clone())
        } else {
            Err(format!(
                "its map of {} elements does not lead from {input:?} to {:?}",
                self.map.len(),
                self.shape
            ))
        }
    }
}
