//! Transpose, Pad, Slice, Resize, Concat and broadcasting: the same numbers in other places.

use super::attributes::Attributes;
use super::linear::{list, positive};
use super::lower::{Lowering, Value};
use super::model::Node;
use crate::graph::{Concat, Encoding, Op, Rearrange, TensorId};
use crate::import::ImportError;
use crate::import::error::shown;

/// No rearrangement may have more elements than this (16 Mi): each needs a place in memory.
const MAX_MOVED: usize = 1 << 24;

/// No axis may be padded by more than this.
const MAX_PAD: i64 = 1 << 16;

/// For each axis and each index of the output, the index of the input, or none for a zero.
type Places = Vec<Option<usize>>;

/// The rearrangement that takes each axis of an input of `shape` by itself.
pub(super) fn gathered(node: &Node, shape: &[usize], places: &[Places]) -> Result<Rearrange, ImportError> {
    let output: Vec<usize> = places.iter().map(Vec::len).collect();
    let elements = output.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if elements.is_none_or(|n| n == 0 || n > MAX_MOVED) {
        return Err(node.error(format!(
            "it makes shape {output:?} (without the batch); 1 to {MAX_MOVED} elements are supported"
        )));
    }
    let mut map = vec![0u32];
    for (places, &extent) in places.iter().zip(shape) {
        let join = |outer: u32, place: &Option<usize>| match place {
            Some(place) if outer != Rearrange::ZERO => outer * extent as u32 + *place as u32,
            _ => Rearrange::ZERO,
        };
        map = map
            .iter()
            .flat_map(|&outer| places.iter().map(move |place| join(outer, place)))
            .collect();
    }
    Ok(Rearrange {
        shape: output,
        map: map.into(),
    })
}

/// Every index of an axis.
fn whole(extent: usize) -> Places {
    (0..extent).map(Some).collect()
}

impl<'m> Lowering<'m> {
    /// An activation, and whether it is seen as real numbers.
    pub fn moved(&mut self, node: &'m Node, index: usize) -> Result<(TensorId, bool), ImportError> {
        match self.input(node, index)? {
            Value::Real(tensor) => Ok((tensor, true)),
            Value::Codes(tensor) if self.encoding(tensor) != Encoding::Real => Ok((tensor, false)),
            Value::Codes(_) => {
                Err(node
                    .error("it reads codes before their scale is known; put it behind the DequantizeLinear"))
            }
            _ => Err(node.error(
                "it moves elements of a constant; simplify the model (constant folding) before quantizing it",
            )),
        }
    }

    /// Adds an operator that keeps the numbers, and so their encoding.
    pub fn keep(
        &mut self,
        node: &'m Node,
        op: Op,
        (tensor, is_real): (TensorId, bool),
    ) -> Result<Value, ImportError> {
        let encoding = self.encoding(tensor);
        let kind = if is_real {
            self.kind_behind(node, tensor)
        } else {
            self.kind(tensor)
        };
        let output = self.add_node(&node.name, op, tensor, node.output()?)?;
        if let Encoding::Codes(affine) = encoding {
            self.set_codes(output, affine, kind);
        }
        if let Some(&format) = self.narrowed.get(&tensor) {
            self.narrowed.insert(output, format);
        }
        Ok(if is_real {
            Value::Real(output)
        } else {
            Value::Codes(output)
        })
    }

    /// The axis of a sample that `axis` of the file means: without the batch.
    pub fn sample_axis(&self, node: &Node, axis: i64, rank: usize) -> Result<usize, ImportError> {
        let axes = rank as i64 + 1;
        let positive = if axis < 0 { axis.saturating_add(axes) } else { axis };
        match usize::try_from(positive) {
            Ok(0) => Err(node.error("it works along the batch, but samples must stay apart")),
            Ok(axis) if axis <= rank => Ok(axis - 1),
            _ => Err(node.error(format!(
                "its axis {axis} isn't one of the {axes} axes of its input"
            ))),
        }
    }

    pub fn transpose(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(1)?;
        let attributes = Attributes::of(node, &["perm"])?;
        if let Value::Constant(_) | Value::Dequantized(_) = self.input(node, 0)? {
            return self.transposed_constant(node, attributes.ints("perm")?);
        }
        let input = self.moved(node, 0)?;
        let shape = self.shape(input.0).to_vec();
        let rank = shape.len();
        let order: Vec<i64> = match attributes.ints("perm")? {
            None | Some([]) => (0..=rank as i64).rev().collect(),
            Some(order) => order.to_vec(),
        };
        let mut axes = Vec::new();
        for &axis in order.iter().skip(1) {
            axes.push(self.sample_axis(node, axis, rank)?);
        }
        let is_permutation = (0..rank).all(|axis| axes.contains(&axis)) && axes.len() == rank;
        if order.first() != Some(&0) || !is_permutation {
            return Err(node.error(format!(
                "its perm is {}; it must name every axis once, with the batch first",
                shown(&format!("{order:?}"))
            )));
        }
        if shape.iter().product::<usize>() > MAX_MOVED {
            return Err(node.error(format!(
                "it moves shape {shape:?}; up to {MAX_MOVED} elements are supported"
            )));
        }
        let extent = |axis: usize| shape.get(axis).copied().unwrap_or(1);
        let stride = |axis: usize| shape.iter().skip(axis + 1).product::<usize>();
        let mut map = vec![0u32];
        for &axis in &axes {
            let step = stride(axis) as u32;
            map = map
                .iter()
                .flat_map(|outer| (0..extent(axis) as u32).map(move |i| outer + i * step))
                .collect();
        }
        let shape = axes.iter().map(|&axis| extent(axis)).collect();
        self.keep(
            node,
            Op::Rearrange(Rearrange {
                shape,
                map: map.into(),
            }),
            input,
        )
    }

    pub fn pad(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(4)?;
        let attributes = Attributes::of(node, &["mode", "pads", "value"])?;
        let input = self.moved(node, 0)?;
        let shape = self.shape(input.0).to_vec();
        let rank = shape.len();
        let pads = match (node.optional_input(1), attributes.ints("pads")?) {
            (Some(_), _) => self.constant(node, 1, "list of pads")?.longs()?,
            (None, pads) => pads.unwrap_or_default().to_vec(),
        };
        let axes = match node.optional_input(3) {
            Some(_) => self.constant(node, 3, "list of axes")?.longs()?,
            None => (0..=rank as i64).collect(),
        };
        let mode = attributes.text("mode")?.unwrap_or("constant");
        if mode == "constant" {
            self.check_zero(node, input, attributes.float("value")?.unwrap_or(0.0))?;
        }
        if pads.len() != 2 * axes.len() {
            return Err(node.error(format!(
                "it has {} pads for {} axes; two are needed for each",
                pads.len(),
                axes.len()
            )));
        }
        let mut places: Vec<Places> = shape.iter().map(|&extent| whole(extent)).collect();
        let (begins, ends) = pads.split_at_checked(axes.len()).unwrap_or_default();
        for ((&axis, &begin), &end) in axes.iter().zip(begins).zip(ends) {
            if begin == 0 && end == 0 {
                continue;
            }
            let axis = self.sample_axis(node, axis, rank)?;
            let extent = shape.get(axis).copied().unwrap_or(1) as i64;
            if !(-extent..=MAX_PAD).contains(&begin) || !(-extent..=MAX_PAD).contains(&end) {
                return Err(node.error(format!(
                    "its pads {begin} and {end} don't fit an axis of {extent}"
                )));
            }
            let place = |index: i64| {
                let inside = match mode {
                    "reflect" if extent > 1 => {
                        let turn = index.rem_euclid(2 * (extent - 1));
                        turn.min(2 * (extent - 1) - turn)
                    }
                    "edge" | "reflect" => index.clamp(0, extent - 1),
                    "wrap" => index.rem_euclid(extent.max(1)),
                    _ => index,
                };
                usize::try_from(inside).ok().filter(|_| inside < extent)
            };
            if let Some(slot) = places.get_mut(axis) {
                *slot = (-begin..extent + end).map(place).collect();
            }
        }
        if !matches!(mode, "constant" | "reflect" | "edge" | "wrap") {
            return Err(node.error(format!(
                "its mode is '{}'; constant, reflect, edge and wrap are supported",
                shown(mode)
            )));
        }
        let rearrange = gathered(node, &shape, &places)?;
        self.keep(node, Op::Rearrange(rearrange), input)
    }

    /// Wiring can put zeros between numbers, but nothing else.
    fn check_zero(
        &mut self,
        node: &'m Node,
        (tensor, is_real): (TensorId, bool),
        attribute: f32,
    ) -> Result<(), ImportError> {
        let zero_point = match self.encoding(tensor) {
            Encoding::Codes(affine) if !is_real => affine.zero_point,
            _ => 0,
        };
        let value = match node.optional_input(2) {
            None if is_real => attribute,
            None => 0.0,
            Some(_) if is_real => self.scalar(node, 2)?,
            Some(_) => {
                let code = self.constant(node, 2, "value")?;
                code.integers()?.first().copied().unwrap_or(0) as f32
            }
        };
        if value == zero_point as f32 {
            return Ok(());
        }
        Err(node.error(format!(
            "it pads with {value}, but only {} can be padded with, the number that is no spike",
            if is_real {
                "0".into()
            } else {
                format!("the zero point {zero_point}")
            }
        )))
    }

    pub fn slice(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(5)?;
        Attributes::of(node, &[])?;
        if let Value::Constant(_) = self.input(node, 0)? {
            return self.sliced_constant(node);
        }
        let input = self.moved(node, 0)?;
        let shape = self.shape(input.0).to_vec();
        let (starts, ends) = (
            self.constant(node, 1, "list of starts")?.longs()?,
            self.constant(node, 2, "list of ends")?.longs()?,
        );
        let axes = match node.optional_input(3) {
            Some(_) => self.constant(node, 3, "list of axes")?.longs()?,
            None => (0..starts.len() as i64).collect(),
        };
        let steps = match node.optional_input(4) {
            Some(_) => self.constant(node, 4, "list of steps")?.longs()?,
            None => vec![1; starts.len()],
        };
        if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
            return Err(node.error("its starts, ends, axes and steps aren't of one length"));
        }
        let mut places: Vec<Places> = shape.iter().map(|&extent| whole(extent)).collect();
        for (((&start, &end), &axis), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let keeps_all = start == 0 && step == 1 && end >= self.batch() as i64;
            if keeps_all && (axis == 0 || axis == -(shape.len() as i64) - 1) {
                continue;
            }
            let axis = self.sample_axis(node, axis, shape.len())?;
            let extent = shape.get(axis).copied().unwrap_or(1);
            if let Some(slot) = places.get_mut(axis) {
                *slot = cut(node, extent, start, end, step)?
                    .into_iter()
                    .map(Some)
                    .collect();
            }
        }
        let rearrange = gathered(node, &shape, &places)?;
        self.keep(node, Op::Rearrange(rearrange), input)
    }

    pub fn resize(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(4)?;
        let known = [
            "antialias",
            "axes",
            "coordinate_transformation_mode",
            "cubic_coeff_a",
            "exclude_outside",
            "extrapolation_value",
            "keep_aspect_ratio_policy",
            "mode",
            "nearest_mode",
        ];
        let attributes = Attributes::of(node, &known)?;
        let mode = attributes.text("mode")?.unwrap_or("nearest");
        if mode != "nearest" || attributes.ints("axes")?.is_some_and(|axes| !axes.is_empty()) {
            return Err(node.error(format!(
                "its mode is '{}'; only nearest over all axes is wiring: another mode computes new numbers",
                shown(mode)
            )));
        }
        let input = self.moved(node, 0)?;
        let shape = self.shape(input.0).to_vec();
        // Operator set 10 has no region of interest before the scales.
        let is_old = node.inputs.len() == 2;
        let scales = match node.optional_input(if is_old { 1 } else { 2 }) {
            Some(_) => self
                .constant(node, if is_old { 1 } else { 2 }, "list of scales")?
                .reals()?
                .to_vec(),
            None => Vec::new(),
        };
        let sizes = match node.optional_input(3) {
            Some(_) => self.constant(node, 3, "list of sizes")?.longs()?,
            None => Vec::new(),
        };
        let given = if sizes.is_empty() {
            scales.len()
        } else {
            sizes.len()
        };
        if given != shape.len() + 1 {
            return Err(node.error(format!(
                "it scales {given} axes, but its input has {}",
                shape.len() + 1
            )));
        }
        let batch_stays = match sizes.first() {
            Some(&size) => size == self.batch() as i64,
            None => scales.first() == Some(&1.0),
        };
        if !batch_stays {
            return Err(node.error("it resizes the batch, but samples must stay apart"));
        }
        let default = if is_old { "asymmetric" } else { "half_pixel" };
        let transform = attributes
            .text("coordinate_transformation_mode")?
            .unwrap_or(default);
        let default = if is_old { "floor" } else { "round_prefer_floor" };
        let rounding = attributes.text("nearest_mode")?.unwrap_or(default);
        let mut places = Vec::new();
        for (axis, &before) in shape.iter().enumerate() {
            let (after, scale) = match sizes.get(axis + 1) {
                Some(&size) => (positive(node, "sizes", size)?, size as f32 / before as f32),
                None => {
                    let scale = scales.get(axis + 1).copied().unwrap_or(1.0);
                    (
                        positive(node, "scales", (before as f32 * scale).floor() as i64)?,
                        scale,
                    )
                }
            };
            places.push(nearest(node, before, after, scale, transform, rounding)?);
        }
        let rearrange = gathered(node, &shape, &places)?;
        self.keep(node, Op::Rearrange(rearrange), input)
    }

    pub fn concat(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let axis = Attributes::of(node, &["axis"])?.int("axis")?.unwrap_or(1);
        let count = node.inputs.len();
        if count == 0 {
            return Err(node.error("it joins nothing; the file is incomplete, so export it anew"));
        }
        if let Value::Constant(_) = self.input(node, 0)? {
            return self.joined_constants(node);
        }
        let mut inputs = Vec::new();
        for index in 0..count {
            inputs.push(self.moved(node, index)?);
        }
        let is_real = inputs.iter().all(|input| input.1);
        let first = inputs.first().map_or(0, |input| input.0);
        let tensors: Vec<TensorId> = inputs.iter().map(|input| input.0).collect();
        let output = self.join(node, &tensors, axis)?;
        if is_real {
            return Ok(Value::Real(output));
        }
        let encoding = self.encoding(first);
        if tensors.iter().any(|&tensor| self.encoding(tensor) != encoding) {
            return Err(node.error(
                "it joins codes of different scales; put it between DequantizeLinear and QuantizeLinear",
            ));
        }
        if let Encoding::Codes(affine) = encoding {
            self.set_codes(output, affine, self.kind(first));
        }
        Ok(Value::Codes(output))
    }

    /// Joins tensors along an axis of the file.
    pub fn join(&mut self, node: &'m Node, tensors: &[TensorId], axis: i64) -> Result<TensorId, ImportError> {
        let rank = tensors.first().map_or(0, |&tensor| self.shape(tensor).len());
        let axis = self.sample_axis(node, axis, rank)?;
        let op = Op::Concat(Concat {
            axis,
            inputs: tensors.len(),
        });
        self.add_op(&node.name, op, tensors, node.output()?)
    }

    /// `tensor` as large as `shape`, its elements repeated along axes of extent 1.
    pub fn broadcast(
        &mut self,
        node: &'m Node,
        tensor: TensorId,
        shape: &[usize],
    ) -> Result<TensorId, ImportError> {
        let own = self.shape(tensor).to_vec();
        if own == shape {
            return Ok(tensor);
        }
        let fits = own.len() == shape.len() && own.iter().zip(shape).all(|(&o, &s)| o == s || o == 1);
        if !fits {
            return Err(node.error(format!(
                "it joins shapes {own:?} and {shape:?} (without the batch), which don't fit"
            )));
        }
        let places: Vec<Places> = own
            .iter()
            .zip(shape)
            .map(|(&own, &extent)| {
                if own == extent {
                    whole(extent)
                } else {
                    vec![Some(0); extent]
                }
            })
            .collect();
        let rearrange = gathered(node, &own, &places)?;
        let name = format!(
            "{} for {}",
            self.tensors.get(tensor).map_or("", |t| &t.name),
            node.name
        );
        let output = self.add_node(&name, Op::Rearrange(rearrange), tensor, &name)?;
        if let Encoding::Codes(affine) = self.encoding(tensor) {
            self.set_codes(output, affine, self.kind(tensor));
        }
        Ok(output)
    }
}

/// The indices that a Slice keeps of an axis.
pub(super) fn cut(
    node: &Node,
    extent: usize,
    start: i64,
    end: i64,
    step: i64,
) -> Result<Vec<usize>, ImportError> {
    let size = extent as i64;
    let from_end = |index: i64| {
        if index < 0 {
            index.saturating_add(size)
        } else {
            index
        }
    };
    let indices: Vec<usize> = if step > 0 {
        let (start, end) = (from_end(start).clamp(0, size), from_end(end).clamp(0, size));
        (start..end)
            .step_by(step.min(size.max(1)) as usize)
            .map(|i| i as usize)
            .collect()
    } else if step < 0 {
        let (start, end) = (
            from_end(start).clamp(-1, size - 1),
            from_end(end).clamp(-1, size - 1),
        );
        let stride = step.unsigned_abs().min(size.max(1) as u64) as usize;
        (end + 1..=start)
            .rev()
            .step_by(stride)
            .map(|i| i as usize)
            .collect()
    } else {
        return Err(node.error("its step is 0"));
    };
    Ok(indices)
}

/// The input index that each output index of a resized axis shows.
fn nearest(
    node: &Node,
    before: usize,
    after: usize,
    scale: f32,
    transform: &str,
    rounding: &str,
) -> Result<Places, ImportError> {
    let (before_f, after_f) = (before as f32, after as f32);
    let position = |index: f32| {
        match transform {
        "asymmetric" => Ok(index / scale),
        "half_pixel" => Ok((index + 0.5) / scale - 0.5),
        "pytorch_half_pixel" => Ok(if after > 1 { (index + 0.5) / scale - 0.5 } else { 0.0 }),
        "tf_half_pixel_for_nn" => Ok((index + 0.5) / scale),
        "align_corners" => Ok(if after > 1 { index * (before_f - 1.0) / (after_f - 1.0) } else { 0.0 }),
        other => Err(node.error(format!(
            "its coordinate_transformation_mode is '{}'; asymmetric, half_pixel, pytorch_half_pixel, tf_half_pixel_for_nn and align_corners are supported",
            shown(other)
        ))),
    }
    };
    let rounded =
        |x: f32| {
            match rounding {
        "floor" => Ok(x.floor()),
        "ceil" => Ok(x.ceil()),
        "round_prefer_floor" => Ok(if x == x.floor() + 0.5 { x.floor() } else { x.round() }),
        "round_prefer_ceil" => Ok((x + 0.5).floor()),
        other => Err(node.error(format!(
            "its nearest_mode is '{}'; floor, ceil, round_prefer_floor and round_prefer_ceil are supported",
            shown(other)
        ))),
    }
        };
    (0..after)
        .map(|index| {
            // An axis that keeps its extent isn't resized.
            if scale == 1.0 && before == after {
                return Ok(Some(index));
            }
            let place = rounded(position(index as f32)?)?;
            Ok(Some((place.max(0.0) as usize).min(before.saturating_sub(1))))
        })
        .collect()
}

/// The lists of a node's attribute or of its constant input, whichever its operator set has.
pub(super) fn ints_of(node: &Node, name: &str) -> Result<Vec<i64>, ImportError> {
    let attributes = Attributes::of(node, &["axes", "keepdims", "noop_with_empty_axes"])?;
    let given = attributes.ints(name)?.map_or(0, <[i64]>::len);
    list(node, attributes, name, given, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node {
            name: "n".into(),
            op: "Slice".into(),
            inputs: vec![],
            outputs: vec![],
            attributes: vec![],
        }
    }

    #[test]
    fn slices_run_forwards_and_backwards() {
        let cut = |start, end, step| cut(&node(), 5, start, end, step).unwrap();
        assert_eq!(cut(1, 4, 1), [1, 2, 3]);
        assert_eq!(cut(-3, i64::MAX, 2), [2, 4]);
        assert_eq!(cut(-1, i64::MIN, -1), [4, 3, 2, 1, 0]);
        assert_eq!(cut(3, 0, -2), [3, 1]);
        assert!(cut(4, 1, 1).is_empty());
        assert!(super::cut(&node(), 5, 0, 1, 0).is_err());
    }

    #[test]
    fn resizing_looks_for_the_nearest_element() {
        let nearest = |transform, rounding| -> Vec<usize> {
            let places = nearest(&node(), 2, 4, 2.0, transform, rounding).unwrap();
            places.into_iter().flatten().collect()
        };
        assert_eq!(nearest("asymmetric", "floor"), [0, 0, 1, 1]);
        assert_eq!(nearest("asymmetric", "ceil"), [0, 1, 1, 1]);
        assert_eq!(nearest("half_pixel", "round_prefer_floor"), [0, 0, 1, 1]);
        assert_eq!(nearest("align_corners", "round_prefer_floor"), [0, 0, 1, 1]);
    }
}
