//! Operators that put the same codes elsewhere: wiring.

use super::layout::Layout;
use super::lower::Lowering;
use super::model::Node;
use crate::graph::{Concat, Op, Rearrange, TensorId};
use crate::import::ImportError;
use tflite_schema::ActivationFunctionType;

impl<'m> Lowering<'m> {
    /// Puts the elements of `id`, laid out as `from`, where `source` says for each element of the file's `to`.
    pub fn rearranged(
        &mut self,
        node: &Node<'m>,
        id: TensorId,
        from: &Layout,
        to: &Layout,
        source: impl Fn(usize) -> Option<usize>,
    ) -> Result<TensorId, ImportError> {
        let shape = to.graph();
        self.wired(node, id, shape, |element| {
            source(to.to_file(element)).map(|element| from.to_graph(element))
        })
    }

    /// The same, to a tensor of the graph that is none of the file.
    pub fn moved(
        &mut self,
        node: &Node<'m>,
        id: TensorId,
        from: &Layout,
        shape: &[usize],
        source: impl Fn(usize) -> Option<usize>,
    ) -> Result<TensorId, ImportError> {
        self.wired(node, id, shape.to_vec(), |element| {
            source(element).map(|element| from.to_graph(element))
        })
    }

    /// From a tensor of the graph that is none of the file, of so many elements, to the output of `node`.
    pub fn moved_to_output(
        &mut self,
        node: &Node<'m>,
        id: TensorId,
        shape: &[usize],
        source: impl Fn(usize) -> Option<usize>,
    ) -> Result<TensorId, ImportError> {
        let to = self.layout(node.output()?)?;
        if to.len() != shape.iter().product::<usize>() {
            return Err(node.error(format!(
                "it gives {} numbers, but the file declares the shape {:?}; convert the model again",
                shape.iter().product::<usize>(),
                self.model.shape(node.output()?)?
            )));
        }
        self.wired(node, id, to.graph(), |element| source(to.to_file(element)))
    }

    fn wired(
        &mut self,
        node: &Node<'m>,
        id: TensorId,
        shape: Vec<usize>,
        source: impl Fn(usize) -> Option<usize>,
    ) -> Result<TensorId, ImportError> {
        let affine = self.codes(id);
        let elements: usize = shape.iter().product();
        let inputs: usize = self.shape(id).iter().product();
        let is_same = elements == inputs && (0..elements).all(|element| source(element) == Some(element));
        if is_same && shape == self.shape(id) {
            return Ok(id);
        }
        let op = if is_same {
            Op::Reshape(shape)
        } else {
            self.charge(node, elements)?;
            let place = |element| source(element).map_or(Rearrange::ZERO, |place| place as u32);
            let map = (0..elements).map(place).collect();
            Op::Rearrange(Rearrange { shape, map })
        };
        self.add(node, op, &[id], affine, None)
    }

    pub fn reshape(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (input, id) = self.input(node, 0)?;
        let from = self.layout(input)?;
        let file = from.file.clone();
        let id = self.moved_to_output(node, id, &file, |element| Some(from.to_graph(element)))?;
        self.finish_moved(node, id)
    }

    pub fn transpose(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (input, id) = self.input(node, 0)?;
        let (from, to) = (self.layout(input)?, self.layout(node.output()?)?);
        let order = self.model.integers(node.input(1)?, node)?;
        let axes = from.file.len();
        let batch = self.model.shape(input)?.len() - axes;
        let wrong = || {
            node.error(format!(
                "its order {order:?} must name each axis of its input once, and the batch first"
            ))
        };
        let mut is_named = vec![false; axes];
        let mut own = Vec::with_capacity(axes);
        for (place, &axis) in order.iter().enumerate() {
            match usize::try_from(axis).ok() {
                Some(axis) if place < batch && axis == place => {}
                Some(axis) if place >= batch && (batch..batch + axes).contains(&axis) => {
                    own.push(axis - batch);
                    is_named[axis - batch] = true;
                }
                _ => return Err(wrong()),
            }
        }
        let fits = own.len() == axes
            && is_named.iter().all(|&named| named)
            && to.file.len() == axes
            && own
                .iter()
                .zip(&to.file)
                .all(|(&axis, &extent)| from.file[axis] == extent);
        if !fits {
            return Err(wrong());
        }
        let id = self.rearranged(node, id, &from, &to, |element| {
            let mut indices = vec![0; axes];
            for (&axis, index) in own.iter().zip(to.indices(element)) {
                indices[axis] = index;
            }
            Some(from.element(indices))
        })?;
        self.finish_moved(node, id)
    }

    pub fn pad(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let (input, id) = self.input(node, 0)?;
        let (from, to) = (self.layout(input)?, self.layout(node.output()?)?);
        let rank = self.model.shape(input)?.len();
        let pads = self.model.integers(node.input(1)?, node)?;
        if self.model.affine(node.output()?, node)? != self.codes(id) {
            return Err(node.error(
                "the scales and zero points of its input and its output must be the same; convert the model again",
            ));
        }
        let batch = rank - from.file.len();
        let before: Option<Vec<usize>> = pads
            .chunks_exact(2)
            .skip(batch)
            .map(|pair| usize::try_from(pair[0]).ok())
            .collect();
        let expects = |pairs: &[i64], axis: usize| -> bool {
            let total = i64::try_from(from.file[axis])
                .ok()
                .and_then(|n| n.checked_add(pairs[0])?.checked_add(pairs[1]));
            pairs[1] >= 0 && total == to.file.get(axis).and_then(|&n| i64::try_from(n).ok())
        };
        let fits = pads.len() == 2 * rank
            && pads[..2 * batch].iter().all(|&pad| pad == 0)
            && to.file.len() == from.file.len()
            && pads[2 * batch..]
                .chunks_exact(2)
                .enumerate()
                .all(|(axis, pair)| expects(pair, axis));
        let Some(before) = before.filter(|_| fits) else {
            return Err(node.error(format!(
                "its paddings {pads:?} must be two numbers for each axis that aren't negative, none for the batch, and lead to the shape that the file declares"
            )));
        };
        let id = self.rearranged(node, id, &from, &to, |element| {
            let indices = to.indices(element);
            let mut places = Vec::with_capacity(indices.len());
            for ((index, &before), &extent) in indices.into_iter().zip(&before).zip(&from.file) {
                places.push(index.checked_sub(before).filter(|&place| place < extent)?);
            }
            Some(from.element(places))
        })?;
        self.finish_moved(node, id)
    }

    pub fn strided_slice(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_strided_slice_options();
        let options = options.ok_or_else(|| node.no_options())?;
        if options.ellipsis_mask() != 0 || options.new_axis_mask() != 0 || options.offset() {
            return Err(node.error("it uses an ellipsis, a new axis or an offset, which isn't supported; slice with numbers for each axis"));
        }
        let input = node.input(0)?;
        let [begin, end, strides] = [1, 2, 3].map(|index| self.model.integers(node.input(index)?, node));
        let (begin, end, strides) = (begin?, end?, strides?);
        let extents = self.model.shape(input)?;
        if [&begin, &end, &strides]
            .iter()
            .any(|list| list.len() > extents.len() || list.len() != begin.len())
        {
            return Err(node.error("its beginnings, ends and strides must be as many as its input has axes"));
        }
        let mut parts = Vec::with_capacity(extents.len());
        for (axis, &extent) in extents.iter().enumerate() {
            let (Some(&first), Some(&last), Some(&stride)) =
                (begin.get(axis), end.get(axis), strides.get(axis))
            else {
                parts.push((0, 1, extent));
                continue;
            };
            let is_set = |mask: i32| axis < 31 && mask >> axis & 1 == 1;
            let shrinks = is_set(options.shrink_axis_mask());
            let extent = extent as i64;
            if stride == 0 || shrinks && stride < 0 {
                return Err(node.error(format!("its stride {stride} along axis {axis} isn't supported")));
            }
            // Python's rules: negative numbers count from the end, and what lies outside is cut off.
            let counted = |place: i64| {
                if place < 0 {
                    place.saturating_add(extent)
                } else {
                    place
                }
            };
            let (low, high) = if stride > 0 { (0, extent) } else { (-1, extent - 1) };
            let first = match is_set(options.begin_mask()) {
                true if stride > 0 => 0,
                true => extent - 1,
                false => counted(first).clamp(low, high),
            };
            let last = match is_set(options.end_mask()) {
                _ if shrinks => first.saturating_add(1),
                true => {
                    if stride > 0 {
                        extent
                    } else {
                        -1
                    }
                }
                false => counted(last).clamp(low, high),
            };
            let span = if stride > 0 { last - first } else { first - last };
            let count = usize::try_from(span)
                .unwrap_or(0)
                .div_ceil(usize::try_from(stride.unsigned_abs()).unwrap_or(usize::MAX));
            parts.push((first, stride, count));
        }
        self.sliced(node, &parts)
    }

    pub fn slice(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let extents = self.model.shape(node.input(0)?)?;
        let begin = self.model.integers(node.input(1)?, node)?;
        let sizes = self.model.integers(node.input(2)?, node)?;
        if begin.len() != extents.len() || sizes.len() != extents.len() {
            return Err(node.error("its beginnings and sizes must be as many as its input has axes"));
        }
        let parts: Vec<(i64, i64, usize)> = extents
            .iter()
            .zip(begin.iter().zip(&sizes))
            .map(|(&extent, (&first, &size))| {
                let rest = (extent as i64).saturating_sub(first);
                let size = if size == -1 { rest } else { size };
                (first, 1, usize::try_from(size).unwrap_or(0))
            })
            .collect();
        self.sliced(node, &parts)
    }

    /// Takes from each axis of the file, the batch included, the elements from a first on by a stride, so many.
    fn sliced(&mut self, node: &Node<'m>, parts: &[(i64, i64, usize)]) -> Result<(), ImportError> {
        let (input, id) = self.input(node, 0)?;
        let extents = self.model.shape(input)?;
        let (from, to) = (self.layout(input)?, self.layout(node.output()?)?);
        for (axis, (&(first, stride, count), &extent)) in parts.iter().zip(&extents).enumerate() {
            let last = (count as i64 - 1)
                .checked_mul(stride)
                .and_then(|n| n.checked_add(first));
            let is_inside = |place: i64| (0..extent as i64).contains(&place);
            if count == 0 || !is_inside(first) || !last.is_some_and(is_inside) {
                return Err(node.error(format!(
                    "along axis {axis} it takes {count} elements from {first} on in steps of {stride}, but there are {extent}"
                )));
            }
        }
        let batch = extents.len() - from.file.len();
        let parts = &parts[batch..];
        let taken = Layout {
            file: parts.iter().map(|&(_, _, count)| count).collect(),
        };
        let id = if taken.len() == to.len() {
            self.rearranged(node, id, &from, &to, |element| {
                let indices = taken.indices(element).into_iter().zip(parts);
                let place = |(index, &(first, stride, _)): (usize, &(i64, i64, usize))| {
                    // Inside of the axis, as was checked.
                    (first + index as i64 * stride) as usize
                };
                Some(from.element(indices.map(place)))
            })?
        } else {
            return Err(node.error(format!(
                "it gives {} numbers, but the file declares the shape {:?}; convert the model again",
                taken.len(),
                self.model.shape(node.output()?)?
            )));
        };
        self.finish_moved(node, id)
    }

    pub fn resize(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_resize_nearest_neighbor_options();
        let options = options.ok_or_else(|| node.no_options())?;
        let (input, id) = self.input(node, 0)?;
        let (from, to) = (self.layout(input)?, self.layout(node.output()?)?);
        let (&[height, width, channels], &[rows, columns, kept]) = (&from.file[..], &to.file[..]) else {
            return Err(node.error("it must resize an image of rows, columns and channels"));
        };
        if channels != kept {
            return Err(node.error("it changes the number of channels; convert the model again"));
        }
        let (align, half) = (options.align_corners(), options.half_pixel_centers());
        let nearest = |inputs: usize, outputs: usize| -> Vec<usize> {
            (0..outputs)
                .map(|place| nearest(place, inputs, outputs, align, half))
                .collect()
        };
        self.charge(node, rows.saturating_add(columns))?;
        let (rows, columns) = (nearest(height, rows), nearest(width, columns));
        let id = self.rearranged(node, id, &from, &to, |element| {
            let (position, channel) = (element / channels, element % channels);
            let (row, column) = (rows[position / columns.len()], columns[position % columns.len()]);
            Some((row * width + column) * channels + channel)
        })?;
        self.finish_moved(node, id)
    }

    pub fn concat(&mut self, node: &Node<'m>) -> Result<(), ImportError> {
        let options = node.options.builtin_options_as_concatenation_options();
        let options = options.ok_or_else(|| node.no_options())?;
        if options.fused_activation_function() != ActivationFunctionType::NONE {
            return Err(node.error("its fused activation isn't supported; put it before the concatenation"));
        }
        let output = node.output()?;
        let rank = self.model.shape(output)?.len();
        let to = self.layout(output)?;
        let counted = match i64::from(options.axis()) {
            axis if axis < 0 => axis + rank as i64,
            axis => axis,
        };
        let axis = usize::try_from(counted)
            .ok()
            .and_then(|axis| axis.checked_sub(rank - to.file.len()))
            .filter(|&axis| axis < to.file.len())
            .ok_or_else(|| {
                node.error(format!(
                    "it joins along axis {}, but an axis of its {rank} behind the batch is supported",
                    options.axis()
                ))
            })?;
        let affine = self.model.affine(output, node)?;
        let mut ids = Vec::with_capacity(node.inputs.len());
        for index in 0..node.inputs.len() {
            let (_, id) = self.input(node, index)?;
            if self.codes(id) != affine {
                return Err(node.error(
                    "the scales and zero points of its inputs and its output must be the same; convert the model again",
                ));
            }
            ids.push(id);
        }
        if ids.is_empty() {
            return Err(node.error("it joins nothing"));
        }
        let concat = Concat {
            axis: to.graph_axis(axis),
            inputs: ids.len(),
        };
        self.add_last(node, Op::Concat(concat), &ids, None)
    }
}

/// `GetNearestNeighbor`: which of the inputs along an axis an output shows, computed in 32 bits.
fn nearest(place: usize, inputs: usize, outputs: usize, align: bool, half: bool) -> usize {
    let scale = if align && outputs > 1 {
        (inputs - 1) as f32 / (outputs - 1) as f32
    } else {
        inputs as f32 / outputs as f32
    };
    let offset = if half { 0.5 } else { 0.0 };
    let position = (place as f32 + offset) * scale;
    let index = if align {
        libm::roundf(position)
    } else {
        position.floor()
    };
    (index as usize).min(inputs - 1)
}
