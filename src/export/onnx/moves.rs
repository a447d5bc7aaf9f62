//! Which operator a rearrangement was: the graph keeps only where each element comes from.

use crate::graph::{Rearrange, Window};

/// An operator that puts numbers in other places, by its sample axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Move {
    /// The input axis of each output axis.
    Transpose(Vec<usize>),
    /// Start, end and step of each axis.
    Slice {
        starts: Vec<i64>,
        ends: Vec<i64>,
        steps: Vec<i64>,
    },
    /// Elements added to each axis.
    Pad {
        mode: &'static str,
        begins: Vec<i64>,
        ends: Vec<i64>,
    },
    /// Nearest elements.
    Resize {
        scales: Vec<f32>,
        transform: &'static str,
        rounding: &'static str,
    },
}

/// For each index of an axis, the input's index, or none for a zero.
type Places = Vec<Option<usize>>;

impl Move {
    /// The operator that does what `rearrange` does to an input of `shape`.
    pub fn of(rearrange: &Rearrange, shape: &[usize]) -> Option<Self> {
        if let Some(places) = places(rearrange, shape) {
            let axes: Vec<(&Places, usize)> = places.iter().zip(shape.iter().copied()).collect();
            let found = slice(&axes).or_else(|| pad(&axes)).or_else(|| resize(&axes));
            if found.is_some() {
                return found;
            }
        }
        transpose(rearrange, shape)
    }
}

fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len())
        .map(|axis| shape[axis + 1..].iter().product())
        .collect()
}

/// The indices of element `index` along each axis of `shape`.
fn coordinates(index: usize, shape: &[usize]) -> Vec<usize> {
    strides(shape)
        .iter()
        .zip(shape)
        .map(|(stride, extent)| index / stride % extent)
        .collect()
}

/// What happens to each axis by itself, if that is all.
fn places(rearrange: &Rearrange, shape: &[usize]) -> Option<Vec<Places>> {
    if rearrange.shape.len() != shape.len() {
        return None;
    }
    let first = rearrange.map.iter().position(|&index| index != Rearrange::ZERO)?;
    let base = coordinates(first, &rearrange.shape);
    let (own, others) = (strides(&rearrange.shape), strides(shape));
    let mut places = Vec::new();
    for (axis, &extent) in rearrange.shape.iter().enumerate() {
        let corner = first - base[axis] * own[axis];
        let place = |index: usize| {
            let element = rearrange.map[corner + index * own[axis]];
            (element != Rearrange::ZERO).then(|| element as usize / others[axis] % shape[axis])
        };
        places.push((0..extent).map(place).collect::<Places>());
    }
    let mut map = vec![0];
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
    (map[..] == rearrange.map[..]).then_some(places)
}

/// Whether `rearrange` only repeats elements along axes of extent 1.
pub(super) fn repeats(rearrange: &Rearrange, shape: &[usize]) -> bool {
    let Some(places) = places(rearrange, shape) else {
        return false;
    };
    places.iter().zip(shape).all(|(places, &extent)| {
        extent == 1 && places.iter().all(Option::is_some) || is_whole(places, extent)
    })
}

fn is_whole(places: &Places, extent: usize) -> bool {
    places.iter().copied().eq((0..extent).map(Some))
}

fn slice(axes: &[(&Places, usize)]) -> Option<Move> {
    let (mut starts, mut ends, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for (places, extent) in axes {
        let places: Option<Vec<i64>> = places.iter().map(|place| place.map(|p| p as i64)).collect();
        let places = places?;
        let (&first, &last) = (places.first()?, places.last()?);
        let step = places.get(1).map_or(1, |second| second - first);
        let is_even = places.windows(2).all(|pair| pair[1] - pair[0] == step);
        if step == 0 || !is_even {
            return None;
        }
        starts.push(first);
        let end = last + step.signum();
        // Before the first element, counted from the end.
        ends.push(if end < 0 { -(*extent as i64) - 1 } else { end });
        steps.push(step);
    }
    Some(Move::Slice { starts, ends, steps })
}

fn pad(axes: &[(&Places, usize)]) -> Option<Move> {
    ["constant", "reflect", "edge", "wrap"]
        .into_iter()
        .find_map(|mode| {
            let amounts: Option<Vec<(i64, i64)>> = axes
                .iter()
                .map(|&(places, extent)| padding(places, extent, mode))
                .collect();
            let (begins, ends) = amounts?.into_iter().unzip();
            Some(Move::Pad { mode, begins, ends })
        })
}

/// What `mode` would have to add before and behind an axis.
fn padding(places: &Places, extent: usize, mode: &str) -> Option<(i64, i64)> {
    let size = extent as i64;
    let place = |index: i64| {
        let inside = match mode {
            "reflect" if size > 1 => {
                let turn = index.rem_euclid(2 * (size - 1));
                turn.min(2 * (size - 1) - turn)
            }
            "edge" | "reflect" => index.clamp(0, size - 1),
            "wrap" => index.rem_euclid(size.max(1)),
            _ => index,
        };
        usize::try_from(inside).ok().filter(|_| inside < size)
    };
    let length = places.len() as i64;
    let fits = |begin: i64| (0..length).all(|index| place(index - begin) == places[index as usize]);
    // The first element is at the beginning, or has as many places before it as were added.
    let whole = places
        .iter()
        .position(|&place| place == Some(0))
        .map_or(0, |first| first as i64);
    let cut = places
        .first()
        .copied()
        .flatten()
        .map_or(0, |first| -(first as i64));
    let begin = [whole, cut, 0]
        .into_iter()
        .chain(-size..=length)
        .find(|&begin| fits(begin))?;
    Some((begin, length - size - begin))
}

fn resize(axes: &[(&Places, usize)]) -> Option<Move> {
    let mut scales = Vec::new();
    for (places, extent) in axes {
        let mut scale = places.len() as f32 / *extent as f32;
        while ((*extent as f32 * scale).floor() as usize) < places.len() {
            scale = scale.next_up();
        }
        scales.push(scale);
    }
    let transforms = [
        "asymmetric",
        "half_pixel",
        "align_corners",
        "tf_half_pixel_for_nn",
    ];
    let roundings = ["floor", "round_prefer_floor", "round_prefer_ceil", "ceil"];
    let mut ways = transforms
        .into_iter()
        .flat_map(|transform| roundings.map(|rounding| (transform, rounding)));
    let (transform, rounding) = ways.find(|&(transform, rounding)| {
        axes.iter().zip(&scales).all(|(&(places, extent), &scale)| {
            (0..places.len()).all(|index| {
                let nearest = nearest(index, extent, places.len(), scale, (transform, rounding));
                places[index] == Some(nearest)
            })
        })
    })?;
    Some(Move::Resize {
        scales,
        transform,
        rounding,
    })
}

/// The element that ONNX's Resize shows at `index`.
fn nearest(
    index: usize,
    before: usize,
    after: usize,
    scale: f32,
    (transform, rounding): (&str, &str),
) -> usize {
    if scale == 1.0 && before == after {
        return index;
    }
    let (place, before_f, after_f) = (index as f32, before as f32, after as f32);
    let position = match transform {
        "asymmetric" => place / scale,
        "half_pixel" => (place + 0.5) / scale - 0.5,
        "tf_half_pixel_for_nn" => (place + 0.5) / scale,
        _ if after > 1 => place * (before_f - 1.0) / (after_f - 1.0),
        _ => 0.0,
    };
    let rounded = match rounding {
        "floor" => position.floor(),
        "ceil" => position.ceil(),
        "round_prefer_ceil" => (position + 0.5).floor(),
        _ if position == position.floor() + 0.5 => position.floor(),
        _ => position.round(),
    };
    (rounded.max(0.0) as usize).min(before.saturating_sub(1))
}

/// The permutation of up to five axes that `rearrange` is.
fn transpose(rearrange: &Rearrange, shape: &[usize]) -> Option<Move> {
    if shape.len() > 5 || rearrange.shape.len() != shape.len() {
        return None;
    }
    let steps = strides(shape);
    let mut orders = vec![Vec::new()];
    for _ in shape {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                let rest: Vec<usize> = (0..shape.len()).filter(|axis| !order.contains(axis)).collect();
                rest.into_iter().map(move |axis| [&order[..], &[axis]].concat())
            })
            .collect();
    }
    let is_it = |order: &Vec<usize>| {
        let extents: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
        extents == rearrange.shape && {
            let mut map = vec![0u32];
            for &axis in order {
                let step = steps[axis] as u32;
                let extent = shape[axis] as u32;
                map = map
                    .iter()
                    .flat_map(|outer| (0..extent).map(move |i| outer + i * step))
                    .collect();
            }
            map[..] == rearrange.map[..]
        }
    };
    orders.into_iter().find(is_it).map(Move::Transpose)
}

/// How a transposed convolution spreads the elements of one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    /// Places from one element to the next.
    pub stride: usize,
    /// `pads` before.
    pub before: usize,
    /// `pads` behind.
    pub behind: usize,
    /// `output_padding`.
    pub extra: usize,
}

/// The spread of each axis behind the channels, if `rearrange` does nothing else for a convolution with
/// `windows`.
pub(super) fn spread(rearrange: &Rearrange, shape: &[usize], windows: &[Window]) -> Option<Vec<Spread>> {
    let places = places(rearrange, shape)?;
    let (channels, spatial) = places.split_first()?;
    if !is_whole(channels, *shape.first()?) || spatial.len() != windows.len() {
        return None;
    }
    let mut spreads = Vec::new();
    for ((places, &extent), window) in spatial.iter().zip(&shape[1..]).zip(windows) {
        let reach = window.dilation * window.kernel.checked_sub(1)?;
        let shown: Vec<(usize, usize)> = places
            .iter()
            .enumerate()
            .filter_map(|(index, place)| place.map(|place| (index, place)))
            .collect();
        let stride = shown
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .next()
            .unwrap_or(1);
        let &(index, place) = shown.first()?;
        // Places before the first element, negative where it is cut off.
        let before = index as i64 - (place * stride) as i64;
        let after = places.len() as i64 - before - ((extent - 1) * stride + 1) as i64;
        let behind = reach as i64 - after;
        spreads.push(Spread {
            stride,
            before: usize::try_from(reach as i64 - before).ok()?,
            behind: usize::try_from(behind.max(0)).ok()?,
            extra: usize::try_from((-behind).max(0)).ok()?,
        });
    }
    Some(spreads)
}

/// Kernels of a convolution, outputs first, as a transposed one stores them: inputs first, taps from the
/// end.
pub(super) fn turned_back(values: &[i16], inputs: usize, group_outputs: usize, groups: usize) -> Vec<i16> {
    let taps = (values.len() / (inputs * group_outputs).max(1)).max(1);
    let group_inputs = inputs / groups.max(1);
    let kernels: Vec<&[i16]> = values.chunks_exact(taps).collect();
    let mut turned = Vec::with_capacity(values.len());
    for input in 0..inputs {
        let (group, place) = (input / group_inputs, input % group_inputs);
        for output in 0..group_outputs {
            let kernel = kernels[(group * group_outputs + output) * group_inputs + place];
            turned.extend(kernel.iter().rev());
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(shape: &[usize], places: &[&[i64]]) -> Rearrange {
        let mut map = vec![0u32];
        for (places, &extent) in places.iter().zip(shape) {
            map = map
                .iter()
                .flat_map(|&outer| {
                    places.iter().map(move |&place| match u32::try_from(place) {
                        Ok(place) if outer != Rearrange::ZERO => outer * extent as u32 + place,
                        _ => Rearrange::ZERO,
                    })
                })
                .collect();
        }
        Rearrange {
            shape: places.iter().map(|places| places.len()).collect(),
            map: map.into(),
        }
    }

    #[test]
    fn a_rearrangement_is_told_by_where_each_axis_goes() {
        let of = |places: &[&[i64]]| Move::of(&along(&[2, 4], places), &[2, 4]);
        let slice = Move::Slice {
            starts: vec![0, 3],
            ends: vec![2, -5],
            steps: vec![1, -1],
        };
        assert_eq!(of(&[&[0, 1], &[3, 2, 1, 0]]), Some(slice));
        let pad = |mode, begins: [i64; 2], ends: [i64; 2]| {
            Some(Move::Pad {
                mode,
                begins: begins.into(),
                ends: ends.into(),
            })
        };
        assert_eq!(
            of(&[&[0, 1], &[-1, 0, 1, 2, 3, -1, -1]]),
            pad("constant", [0, 1], [0, 2])
        );
        assert_eq!(
            of(&[&[0, 1], &[2, 1, 0, 1, 2, 3, 2]]),
            pad("reflect", [0, 2], [0, 1])
        );
        assert_eq!(
            of(&[&[0, 1], &[0, 0, 0, 1, 2, 3, 3]]),
            pad("edge", [0, 2], [0, 1])
        );
        let Some(Move::Resize { scales, .. }) = of(&[&[0, 1], &[0, 0, 1, 1, 2, 2, 3, 3]]) else {
            panic!("no Resize was found");
        };
        assert_eq!(scales, [1.0, 2.0]);
        assert_eq!(of(&[&[0, 1], &[1, 0, 3, 2]]), None);
    }

    #[test]
    fn a_transposition_is_told_by_its_strides() {
        let map: Vec<u32> = vec![0, 3, 1, 4, 2, 5];
        let turned = Rearrange {
            shape: vec![3, 2],
            map: map.into(),
        };
        assert_eq!(Move::of(&turned, &[2, 3]), Some(Move::Transpose(vec![1, 0])));
    }

    #[test]
    fn kernels_are_turned_back() {
        // One group, two inputs, one output, two taps.
        assert_eq!(turned_back(&[1, 2, 3, 4], 2, 1, 1), [2, 1, 4, 3]);
    }
}
