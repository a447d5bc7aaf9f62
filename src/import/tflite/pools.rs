//! Pools, and means and maxima over axes.

use super::linear::{Movement, extents4};
use super::lower::Lowering;
use super::model::Node;
use crate::graph::{Affine, Op, Pool};
use crate::import::ImportError;
use tflite_schema::BuiltinOperator;

impl<'m> Lowering<'m> {
    pub fn pool(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_pool_2_doptions();
        let options = options.ok_or_else(|| node.no_options())?;
        let movement = Movement {
            padding: options.padding(),
            strides: [options.stride_h(), options.stride_w()],
            dilations: [1, 1],
        };
        let kernel = [options.filter_height(), options.filter_width()].map(usize::try_from);
        let [Ok(rows @ 1..), Ok(columns @ 1..)] = kernel else {
            return Err(node.error(format!(
                "its window of {} × {} must be at least 1 × 1",
                options.filter_height(),
                options.filter_width()
            )));
        };
        let (input, id) = self.input(node, 0)?;
        let [_, height, width, _] = extents4(node, "inputs", &self.model.shape(input)?)?;
        let windows = movement.windows(node, [rows, columns], [height, width])?;
        let affine = self.same_codes(node, self.codes(id))?;
        let limits = self.limits(node, options.fused_activation_function(), affine)?;
        let pool = Pool {
            windows: windows.to_vec(),
            is_global: false,
            ..Pool::global(&[height, width])
        };
        let op = match node.op {
            BuiltinOperator::MAX_POOL_2D => Op::MaxPool(pool),
            _ => Op::AveragePool(pool),
        };
        self.add_last(node, op, &[id], limits)
    }

    /// The output's quantization, which these kernels take to be the input's.
    fn same_codes(&self, node: &Node<'m>, input: Affine) -> Result<Affine, ImportError> {
        let output = self.model.affine(node.output()?, node)?;
        if output == input {
            return Ok(output);
        }
        Err(node.error(format!(
            "its input has scale {} and zero point {}, its output {} and {}, but they must be the same; convert the model again",
            input.scale, input.zero_point, output.scale, output.zero_point
        )))
    }

    /// MEAN and REDUCE_MAX: what is reduced becomes one axis, what is kept becomes channels.
    pub fn reduce(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (input, id) = self.input(node, 0)?;
        let shape = self.model.shape(input)?;
        let layout = self.layout(input)?;
        let axes = self.model.integers(node.input(1)?, node)?;
        let batch = shape.len() - layout.file.len();
        let mut is_reduced = vec![false; layout.file.len()];
        for axis in axes {
            let counted = if axis < 0 { axis + shape.len() as i64 } else { axis };
            let place = usize::try_from(counted).ok().filter(|&place| place < shape.len());
            let place = place.ok_or_else(|| {
                node.error(format!(
                    "axis {axis} is not one of the {} axes of its input",
                    shape.len()
                ))
            })?;
            // The batch is one sample.
            if let Some(axis) = place.checked_sub(batch) {
                is_reduced[axis] = true;
            }
        }
        let extents = |reduced: bool| -> Vec<usize> {
            let kept = layout.file.iter().zip(&is_reduced);
            kept.filter(|&(_, &r)| r == reduced)
                .map(|(&extent, _)| extent)
                .collect()
        };
        let (kept, reduced) = (extents(false), extents(true));
        let (channels, count) = (kept.iter().product::<usize>(), reduced.iter().product::<usize>());
        let is_max = node.op == BuiltinOperator::REDUCE_MAX;
        let affine = if is_max {
            self.same_codes(node, self.codes(id))?
        } else {
            self.model.affine(node.output()?, node)?
        };
        let op = |pool| {
            if is_max {
                Op::MaxPool(pool)
            } else {
                Op::AveragePool(pool)
            }
        };
        let pooled = if is_reduced == [true, true, false] {
            // Over the whole image, channel by channel, as the graph has it.
            self.add(node, op(Pool::global(&reduced)), &[id], affine, None)?
        } else {
            let from = |element: usize| {
                let (mut outer, mut inner) = (element / count, element % count);
                let mut indices = vec![0; layout.file.len()];
                for axis in (0..indices.len()).rev() {
                    let extent = layout.file[axis];
                    let rest = if is_reduced[axis] { &mut inner } else { &mut outer };
                    (indices[axis], *rest) = (*rest % extent, *rest / extent);
                }
                Some(layout.element(indices))
            };
            let rows = self.moved(node, id, &layout, &[channels, count], from)?;
            self.add(node, op(Pool::global(&[count])), &[rows], affine, None)?
        };
        // The kept elements are in the file's order, as those of the output.
        let id = self.moved_to_output(node, pooled, &[channels], Some)?;
        self.finish(node, id)
    }
}
