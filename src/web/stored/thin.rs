//! A trace in a form that compresses well, and back: what can be told from the rest is left out, and what is alike
//! stands together.

use crate::simulate::{DendriteTrace, Trace, WindowTrace};
use bytemuck::allocation::pod_collect_to_vec;
use bytemuck::cast_slice;

/// Makes a trace thin.
#[cfg(test)]
pub(super) fn thin(trace: &mut Trace) {
    for window in &mut trace.windows {
        for dendrite in &mut window.dendrites {
            let predicted = predicted(dendrite);
            for (membrane, predicted) in dendrite.membranes.iter_mut().zip(predicted) {
                *membrane = membrane.wrapping_sub(predicted);
            }
            let neurons = dendrite.start.len().max(1);
            let shifts: Vec<i32> = dendrite
                .currents
                .chunks_mut(neurons)
                .map(|currents| {
                    let all = currents.iter().fold(0, |all, current| all | current);
                    let shift = if all == 0 { 0 } else { all.trailing_zeros() };
                    currents.iter_mut().for_each(|current| *current >>= shift);
                    shift as i32
                })
                .collect();
            dendrite.currents.extend(shifts);
            let folded = dendrite.currents.iter().map(|&c| (c << 1) ^ (c >> 31));
            dendrite.currents = to_planes(&folded.collect::<Vec<i32>>()).into();
        }
        window.potentials = to_planes(&window.potentials).into();
    }
}

/// The trace that was made thin.
pub(super) fn thicken(trace: &mut Trace) {
    for WindowTrace {
        dendrites,
        potentials,
        ..
    } in &mut trace.windows
    {
        for dendrite in dendrites {
            let folded: Vec<i32> = from_planes(&dendrite.currents);
            let mut currents: Vec<i32> = folded
                .into_iter()
                .map(|c| ((c as u32 >> 1) as i32) ^ -(c & 1))
                .collect();
            let neurons = dendrite.start.len().max(1);
            // So many currents and a shift in each step.
            let steps = currents.len() / (neurons + 1);
            let shifts = currents.split_off(steps * neurons);
            for (currents, shift) in currents.chunks_mut(neurons).zip(shifts) {
                currents
                    .iter_mut()
                    .for_each(|c| *c = c.wrapping_shl(shift as u32));
            }
            dendrite.currents = currents.into();
            for at in 0..dendrite.membranes.len() {
                let before = before(dendrite, at);
                let current = dendrite.currents.get(at).copied().unwrap_or(0);
                let membrane = &mut dendrite.membranes[at];
                *membrane = membrane.wrapping_add(before).wrapping_add(current);
            }
        }
        *potentials = from_planes::<f32>(potentials).into();
    }
}

/// The membrane a step before.
fn before(dendrite: &DendriteTrace, at: usize) -> i32 {
    let neurons = dendrite.start.len();
    match at.checked_sub(neurons) {
        Some(before) => dendrite.membranes[before],
        None => dendrite.start[at],
    }
}

/// What membranes are where nothing is scaled or overflows.
#[cfg(test)]
fn predicted(dendrite: &DendriteTrace) -> Vec<i32> {
    let membranes = 0..dendrite.membranes.len();
    membranes
        .map(|at| before(dendrite, at).wrapping_add(dendrite.currents[at]))
        .collect()
}

/// The first byte of every number, then the second of every number, and so on.
#[cfg(test)]
fn to_planes<T: bytemuck::Pod>(numbers: &[T]) -> Vec<T> {
    let (bytes, width): (&[u8], _) = (cast_slice(numbers), size_of::<T>());
    let planes = (0..width).flat_map(|plane| bytes.iter().skip(plane).step_by(width).copied());
    pod_collect_to_vec(&planes.collect::<Vec<u8>>())
}

fn from_planes<T: bytemuck::Pod>(planes: &[T]) -> Vec<T> {
    let (bytes, count): (&[u8], _) = (cast_slice(planes), planes.len());
    let numbers = (0..count).flat_map(|number| bytes.iter().skip(number).step_by(count).copied());
    pod_collect_to_vec(&numbers.collect::<Vec<u8>>())
}
