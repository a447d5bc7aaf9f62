//! Concatenation along one axis: a matter of wiring alone.

use super::Rearrange;

/// Joins tensors of equal shapes but for one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concat {
    /// The axis, counted without the batch.
    pub axis: usize,
    /// How many tensors are joined.
    pub inputs: usize,
}

impl Concat {
    pub(super) fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let axis = self.axis;
        let mut shape = inputs.first().map_or_else(Vec::new, |s| s.to_vec());
        if axis >= shape.len() {
            return Err(format!(
                "axis {axis} is not one of the {} axes of shape {shape:?}",
                shape.len()
            ));
        }
        for other in &inputs[1..] {
            let fits =
                other.len() == shape.len() && (0..shape.len()).all(|a| a == axis || other[a] == shape[a]);
            if !fits {
                return Err(format!("cannot join shapes {inputs:?} along axis {axis}"));
            }
            shape[axis] += other[axis];
        }
        Ok(shape)
    }

    /// Where each element of the output comes from: an index into the inputs one after the other.
    pub fn map(&self, inputs: &[&[usize]]) -> Vec<u32> {
        let inner = |shape: &[usize]| shape[self.axis..].iter().product::<usize>();
        let outer: usize = inputs[0][..self.axis].iter().product();
        let mut map = Vec::new();
        for block in 0..outer {
            let mut first = 0;
            for shape in inputs {
                let run = inner(shape);
                map.extend((0..run).map(|i| (first + block * run + i) as u32));
                first += outer * run;
            }
        }
        debug_assert!(!map.contains(&Rearrange::ZERO));
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_found_in_the_inputs_laid_end_to_end() {
        let concat = Concat { axis: 1, inputs: 2 };
        let shapes: [&[usize]; 2] = [&[2, 1], &[2, 2]];
        assert_eq!(concat.output_shape(&shapes), Ok(vec![2, 3]));
        assert_eq!(concat.map(&shapes), [0, 2, 3, 1, 4, 5]);
        let channels = Concat { axis: 0, inputs: 2 };
        assert_eq!(channels.map(&shapes), [0, 1, 2, 3, 4, 5]);
        assert!(channels.output_shape(&shapes).is_err());
    }
}
