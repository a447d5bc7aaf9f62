//! Where slices go: which of them share a core, and in which order cores are filled.

use super::demand::Demand;
use super::{Limits, Placement};
use crate::chip::Topology;

/// The cores in the order in which a placement fills them, those that are reserved left out.
pub(super) fn order(placement: Placement, limits: &Limits) -> Vec<usize> {
    let topology = &limits.topology;
    let per_router = usize::from(topology.cores_per_router);
    let cores = routers(placement, topology).into_iter();
    let cores = cores.flat_map(|router| router * per_router..(router + 1) * per_router);
    cores
        .filter(|core| limits.reserved.binary_search(core).is_err())
        .collect()
}

/// The routers along a curve through all of them.
fn routers(placement: Placement, topology: &Topology) -> Vec<usize> {
    let (width, height) = (usize::from(topology.width), usize::from(topology.height));
    match placement {
        Placement::RowMajor => (0..width * height).collect(),
        Placement::Serpentine => {
            let backwards = |at: usize| {
                if at / width % 2 == 1 {
                    width - 1 - at % width
                } else {
                    at % width
                }
            };
            (0..width * height)
                .map(|at| at / width * width + backwards(at))
                .collect()
        }
        // What is to be annealed begins where neighbours are near.
        Placement::Hilbert | Placement::Annealed => {
            let mut routers = Vec::with_capacity(width * height);
            let (w, h) = (width as i32, height as i32);
            let visit = &mut |(x, y): (i32, i32)| routers.push(y as usize * width + x as usize);
            if width >= height {
                curve((0, 0), (w, 0), (0, h), visit);
            } else {
                curve((0, 0), (0, h), (w, 0), visit);
            }
            routers
        }
    }
}

/// A Hilbert curve over any rectangle, from a corner along its longer side `a` and its shorter side `b`, as
/// J. Červený's gilbert makes it: split in two where it is long, else into a U of three.
fn curve(at: (i32, i32), a: (i32, i32), b: (i32, i32), visit: &mut impl FnMut((i32, i32))) {
    let length = |(x, y): (i32, i32)| (x + y).abs();
    let plus = |(x, y): (i32, i32), (dx, dy): (i32, i32)| (x + dx, y + dy);
    let minus = |(x, y): (i32, i32), (dx, dy): (i32, i32)| (x - dx, y - dy);
    let unit = |(x, y): (i32, i32)| (x.signum(), y.signum());
    let (width, height) = (length(a), length(b));
    if height == 1 || width == 1 {
        let (count, step) = if height == 1 {
            (width, unit(a))
        } else {
            (height, unit(b))
        };
        (0..count).for_each(|i| visit((at.0 + i * step.0, at.1 + i * step.1)));
        return;
    }
    let half = |(x, y): (i32, i32)| (x.div_euclid(2), y.div_euclid(2));
    let (mut half_a, mut half_b) = (half(a), half(b));
    if 2 * width > 3 * height {
        if length(half_a) % 2 == 1 && width > 2 {
            half_a = plus(half_a, unit(a));
        }
        curve(at, half_a, b, visit);
        curve(plus(at, half_a), minus(a, half_a), b, visit);
        return;
    }
    if length(half_b) % 2 == 1 && height > 2 {
        half_b = plus(half_b, unit(b));
    }
    curve(at, half_b, half_a, visit);
    curve(plus(at, half_b), a, minus(b, half_b), visit);
    let last = plus(plus(at, minus(a, unit(a))), minus(half_b, unit(b)));
    curve(
        last,
        minus((0, 0), half_b),
        minus((0, 0), minus(a, half_a)),
        visit,
    );
}

/// Cores that a slice is tried on: more would take long where a chip's cores are tiny.
const MOST_OPEN: usize = 512;

/// Puts slices together while cores hold them, each with the latest that leave it room, so that neighbours in
/// running order stay together. Gives each its place in the order of cores, and how many of those it takes.
pub(super) fn share(slices: impl Iterator<Item = Demand>, limits: &Limits) -> (Vec<usize>, usize) {
    let mut cores: Vec<Demand> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let place = |slice: Demand| {
        let found = open
            .iter()
            .rposition(|&core| limits.hold(&cores[core].with(&slice)));
        match found {
            Some(index) => {
                let core = open[index];
                cores[core] = cores[core].with(&slice);
                if limits.neurons == Some(cores[core].neurons) {
                    open.remove(index);
                }
                core
            }
            None => {
                if limits.neurons != Some(slice.neurons) {
                    if open.len() == MOST_OPEN {
                        open.remove(0);
                    }
                    open.push(cores.len());
                }
                cores.push(slice);
                cores.len() - 1
            }
        }
    };
    let places = slices.map(place).collect();
    (places, cores.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Shape;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_curve_visits_each_router_once_and_hilberts_goes_from_neighbour_to_neighbour(
            width in 1u16..40, height in 1u16..40,
        ) {
            let topology = Topology::mesh(width, height);
            for placement in [Placement::RowMajor, Placement::Serpentine, Placement::Hilbert] {
                let routers = routers(placement, &topology);
                let mut sorted = routers.clone();
                sorted.sort_unstable();
                prop_assert!(sorted.into_iter().eq(0..topology.routers()));
                let steps: Vec<usize> = routers.windows(2).map(|w| topology.distance(w[0], w[1])).collect();
                match placement {
                    Placement::Serpentine => prop_assert!(steps.iter().all(|&step| step == 1)),
                    // Where a side is odd, one step goes over a corner.
                    Placement::Hilbert => {
                        prop_assert!(steps.iter().all(|&step| step <= 2));
                        prop_assert!(steps.iter().filter(|&&step| step == 2).count() <= 1);
                    }
                    _ => {}
                }
            }
        }

        #[test]
        fn reserved_cores_are_left_out(
            width in 1u16..9, height in 1u16..9, cores_per_router in 1u16..5, reserved in prop::collection::btree_set(0usize..64, 0..9),
        ) {
            let topology = Topology { shape: Shape::Mesh, width, height, cores_per_router };
            let limits = Limits { topology, reserved: reserved.into_iter().collect(), ..Limits::default() };
            for placement in [Placement::RowMajor, Placement::Serpentine, Placement::Hilbert] {
                let mut cores = order(placement, &limits);
                prop_assert_eq!(cores.len(), limits.available());
                cores.sort_unstable();
                prop_assert!(cores.into_iter().eq(limits.cores()));
            }
        }
    }
}
