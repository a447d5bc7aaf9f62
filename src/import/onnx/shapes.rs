//! Flatten, Reshape, Squeeze and Unsqueeze: the same numbers, row-major, in another shape.
//!
//! Shapes here are those of the file, batch first; a batch left open counts as one sample.

use super::attributes::Attributes;
use super::model::Node;
use crate::import::ImportError;
use crate::import::error::shown;

/// The shape that Flatten makes.
pub(super) fn flatten(node: &Node, shape: &[usize]) -> Result<Vec<usize>, ImportError> {
    let axis = Attributes::of(node, &["axis"])?.int("axis")?.unwrap_or(1);
    let rank = shape.len() as i64;
    let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
    let split = usize::try_from(axis)
        .ok()
        .and_then(|axis| shape.split_at_checked(axis));
    let Some((outer, inner)) = split else {
        return Err(node.error(format!("its axis {axis} doesn't exist in shape {shape:?}")));
    };
    Ok(vec![product(outer), product(inner)])
}

// Elements of a batch were counted without overflow when its tensor was made.
fn product(extents: &[usize]) -> usize {
    extents.iter().fold(1, |n, &d| n.saturating_mul(d))
}

/// The shape that Reshape makes of `target`, in which −1 is what is left and 0 stands for the same
/// extent as before.
pub(super) fn reshape(node: &Node, shape: &[usize], target: &[i64]) -> Result<Vec<usize>, ImportError> {
    let attributes = Attributes::of(node, &["allowzero"])?;
    let keeps = attributes.int("allowzero")?.unwrap_or(0) == 0;
    let problem = || {
        let target = shown(&format!("{target:?}"));
        node.error(format!(
            "shape {shape:?} (batch first) can't be reshaped to {target}; the numbers of elements must agree"
        ))
    };
    let mut free = None;
    let mut result = Vec::with_capacity(target.len());
    for (i, &extent) in target.iter().enumerate() {
        result.push(match extent {
            -1 if free.is_none() => {
                free = Some(i);
                1
            }
            0 if keeps => shape.get(i).copied().ok_or_else(problem)?,
            extent => usize::try_from(extent)
                .ok()
                .filter(|&e| e > 0)
                .ok_or_else(problem)?,
        });
    }
    let count = product(&result);
    if let Some(slot) = free.and_then(|i| result.get_mut(i)) {
        *slot = product(shape).checked_div(count).ok_or_else(problem)?;
    }
    if product(&result) == product(shape) {
        Ok(result)
    } else {
        Err(problem())
    }
}

/// The shape that Squeeze makes; `axes` are its axes, if it names any. An open batch isn't squeezed
/// unless it is named.
pub(super) fn squeeze(
    node: &Node,
    shape: &[usize],
    axes: Option<&[i64]>,
    batch_is_open: bool,
) -> Result<Vec<usize>, ImportError> {
    let marked = match axes {
        Some(axes) => marks(node, axes, shape.len())?,
        None => shape
            .iter()
            .enumerate()
            .map(|(i, &d)| d == 1 && !(i == 0 && batch_is_open))
            .collect(),
    };
    let pairs = || shape.iter().zip(&marked);
    if pairs().any(|(&extent, &mark)| mark && extent != 1) {
        return Err(node.error(format!(
            "it squeezes an axis of shape {shape:?} whose extent isn't 1"
        )));
    }
    Ok(pairs()
        .filter(|(_, mark)| !**mark)
        .map(|(&extent, _)| extent)
        .collect())
}

/// The shape that Unsqueeze makes.
pub(super) fn unsqueeze(node: &Node, shape: &[usize], axes: &[i64]) -> Result<Vec<usize>, ImportError> {
    let marked = marks(node, axes, shape.len().saturating_add(axes.len()))?;
    let mut old = shape.iter().copied();
    Ok(marked
        .iter()
        .map(|&new| if new { 1 } else { old.next().unwrap_or(1) })
        .collect())
}

/// Which of `rank` axes are named.
fn marks(node: &Node, axes: &[i64], rank: usize) -> Result<Vec<bool>, ImportError> {
    const MAX_RANK: usize = 64;
    if rank > MAX_RANK {
        return Err(node.error(format!(
            "it makes {rank} dimensions; up to {MAX_RANK} are supported"
        )));
    }
    let mut marked = vec![false; rank];
    for &axis in axes {
        let index = if axis < 0 {
            axis.saturating_add(rank as i64)
        } else {
            axis
        };
        match usize::try_from(index).ok().and_then(|i| marked.get_mut(i)) {
            Some(mark) if !*mark => *mark = true,
            _ => {
                return Err(node.error(format!(
                    "its axis {axis} doesn't exist or is named twice (rank {rank})"
                )));
            }
        }
    }
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node {
            name: "n".into(),
            op: "Reshape".into(),
            inputs: vec![],
            outputs: vec![],
            attributes: vec![],
        }
    }

    #[test]
    fn reshape_understands_zero_and_minus_one() {
        let node = node();
        assert_eq!(reshape(&node, &[1, 2, 3, 4], &[0, -1]).unwrap(), [1, 24]);
        assert_eq!(reshape(&node, &[4, 6], &[4, 2, -1]).unwrap(), [4, 2, 3]);
        for target in [
            &[5, -1][..],
            &[-1, -1],
            &[-2, 12],
            &[0, 0, 0],
            &[i64::MAX, i64::MAX],
            &[],
        ] {
            assert!(reshape(&node, &[4, 6], target).is_err(), "{target:?}");
        }
    }

    #[test]
    fn an_open_batch_is_not_squeezed() {
        let node = node();
        assert_eq!(squeeze(&node, &[1, 8, 1, 1], None, true).unwrap(), [1, 8]);
        assert_eq!(
            squeeze(&node, &[1, 8, 1, 1], Some(&[-1, 2]), false).unwrap(),
            [1, 8]
        );
        assert!(squeeze(&node, &[1, 8], Some(&[1]), true).is_err());
        assert!(squeeze(&node, &[1, 8], Some(&[5]), true).is_err());
    }

    #[test]
    fn unsqueeze_counts_axes_in_its_result() {
        assert_eq!(unsqueeze(&node(), &[1, 8], &[1, -1]).unwrap(), [1, 1, 8, 1]);
        assert!(unsqueeze(&node(), &[1, 8], &[0, 0]).is_err());
    }
}
