//! A chip in words: what a core is called, what it holds and does, which core and link are busiest.

use super::counts::{Counts, Measure, Scope};
use crate::chip::{Block, Mapping, Shape, Slice, Topology, Traffic};
use crate::web::format;
use crate::web::views::words::{busiest, tensor_name};
use crate::web::worker::NetworkView;
use std::ops::Range;

/// `(2, 1)` as column and row; with its number in the tile where routers are shared; `9` on a star.
pub fn core_name(chip: &Topology, core: usize) -> String {
    let router = chip.router_of(core);
    let place = node_name(chip, router);
    match usize::from(chip.cores_per_router) {
        0 | 1 => place,
        shared => format!("{place}.{}", core % shared),
    }
}

/// A router's place; those of a tree that have no cores are numbered.
pub fn node_name(chip: &Topology, node: usize) -> String {
    if node >= chip.routers() {
        return match chip.shape {
            Shape::Star => "the hub".to_owned(),
            _ => format!("node {}", node - chip.routers() + 1),
        };
    }
    match chip.shape {
        Shape::Star => format!("{}", node + 1),
        Shape::Mesh | Shape::Quadtree => {
            let (x, y) = chip.position(node);
            format!("({x}, {y})")
        }
    }
}

/// `(0, 0) → (1, 0)`.
pub fn link_name(chip: &Topology, link: usize) -> Option<String> {
    let (from, to) = chip.link_ends(link)?;
    Some(format!("{} → {}", node_name(chip, from), node_name(chip, to)))
}

/// `6 × 5 mesh`, `32 × 32 quadtree`, `star of 9`, each with the cores of a router where those are several.
pub fn chip_name(chip: &Topology) -> String {
    let routers = format::shape(&[usize::from(chip.width), usize::from(chip.height)]);
    let name = match chip.shape {
        Shape::Mesh => format!("{routers} mesh"),
        Shape::Quadtree => format!("{routers} quadtree"),
        Shape::Star => format!("star of {}", format::count(chip.routers() as u64)),
    };
    match chip.cores_per_router {
        0 | 1 => name,
        shared => format!("{name} of {shared} cores each"),
    }
}

/// The busiest core and the busiest link at a step.
pub fn summary(chip: &Topology, counts: &Counts, step: usize) -> String {
    let period = counts.period(step);
    let when = match counts.scope {
        Scope::Step => "in this step",
        Scope::Window => "in this window",
        Scope::Total => "in all",
    };
    let most = |numbers: &[u64]| busiest(numbers.iter().copied()).filter(|&(_, count)| count > 0);
    let mut parts = Vec::new();
    if let (Some((core, count)), false) = (most(counts.cores.at(period)), counts.measure == Measure::Layer) {
        let (one, many) = counts.measure.units();
        parts.push(format!(
            "core {}, {}",
            core_name(chip, core),
            match counts.measure {
                Measure::Energy => format::quantity(count as f64 * 1e-15, "J"),
                _ => format::counted(count, one, many),
            }
        ));
    }
    if let Some((link, count)) = most(counts.links.at(period))
        && let Some(name) = link_name(chip, link)
    {
        parts.push(format!(
            "link {name}, {}",
            format::counted(count, "packet", "packets")
        ));
    }
    if parts.is_empty() {
        format!("nothing {when}")
    } else {
        format!("busiest {when}: {}", parts.join(" · "))
    }
}

/// `channels 4–7`, `row 3`; nothing where there is but one of the whole.
fn span(range: &Range<usize>, of: usize, one: &str, many: &str) -> Option<String> {
    match range.len() {
        _ if of <= 1 => None,
        n if n == of => Some(format!("all {many}")),
        1 => Some(format!("{one} {}", range.start)),
        _ => Some(format!("{many} {}–{}", range.start, range.end.saturating_sub(1))),
    }
}

/// Where in its tensor a slice lies: `channels 4–7, all rows, all columns`.
pub fn slice_place(mapping: &Mapping, slice: &Slice) -> String {
    let Some(tiling) = mapping.tilings.get(slice.tensor) else {
        return String::new();
    };
    let (volume, block): (_, &Block) = (tiling.volume, &slice.block);
    let is_vector = volume.positions() == 1;
    let (one, many) = if is_vector {
        ("neuron", "neurons")
    } else {
        ("channel", "channels")
    };
    let mut parts: Vec<String> = [
        span(&block.channels, volume.channels, one, many),
        span(&block.rows, volume.height, "row", "rows"),
        span(&block.columns, volume.width, "column", "columns"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if tiling.parts > 1 {
        parts.push(format!(
            "part {} of {} of its inputs",
            slice.part + 1,
            tiling.parts
        ));
    }
    parts.join(", ")
}

/// What lives on a core, in a sentence's part: `conv1, 256 neurons`; `empty`.
pub fn residents(network: &NetworkView, mapping: &Mapping, core: usize) -> String {
    let slices: Vec<String> = mapping
        .on_core(core)
        .map(|slice| {
            format!(
                "{}, {}",
                tensor_name(network, slice.tensor),
                format::counted(slice.block.len() as u64, "neuron", "neurons")
            )
        })
        .collect();
    if slices.is_empty() {
        "empty".to_owned()
    } else {
        slices.join("; ")
    }
}

/// What a core holds, does in a step, and does in all, as three lines.
pub fn describe(
    network: &NetworkView,
    mapping: &Mapping,
    traffic: &Traffic,
    core: usize,
    step: usize,
) -> Vec<String> {
    let chip = &mapping.topology;
    let head = format!(
        "Core {}, {}",
        core_name(chip, core),
        residents(network, mapping, core)
    );
    if mapping.on_core(core).next().is_none() {
        return vec![head, "packets only pass through".to_owned()];
    }
    let sum = |counts: &[u32], steps: Range<usize>| -> u64 {
        let at = |step| traffic.at(counts, step).get(core).copied().unwrap_or(0);
        steps
            .filter(|&step| step < traffic.steps)
            .map(|step| u64::from(at(step)))
            .sum()
    };
    let line = |when: &str, steps: Range<usize>| {
        format!(
            "{when}: {} sent, {} received, {}",
            format::count(sum(&traffic.sent, steps.clone())),
            format::count(sum(&traffic.received, steps.clone())),
            format::counted(sum(&traffic.operations, steps), "operation", "operations"),
        )
    };
    vec![
        head,
        line("this step", step..step + 1),
        line("in all", 0..traffic.steps),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::traffic;
    use super::*;
    use crate::graph::Volume;
    use crate::web::views::words::tests::network;

    #[test]
    fn the_busiest_core_and_link_are_named() {
        let (mapping, traffic) = traffic();
        let counts = |scope| Counts::new(&mapping, &traffic, &[1, 1], Measure::Packets, scope, 16, None);
        let chip = &mapping.topology;
        assert_eq!(summary(chip, &counts(Scope::Step), 0), "nothing in this step");
        let words = summary(chip, &counts(Scope::Step), 1).replace(format::THIN, " ");
        assert_eq!(
            words,
            "busiest in this step: core (0, 0), 7 packets · link (0, 0) → (1, 0), 7 packets"
        );
        assert!(summary(chip, &counts(Scope::Total), 0).starts_with("busiest in all: "));
    }

    #[test]
    fn a_core_is_described_by_what_it_holds_and_does() {
        let (mapping, traffic) = traffic();
        let words: Vec<String> = describe(&network(), &mapping, &traffic, 1, 1)
            .iter()
            .map(|line| line.replace(format::THIN, " "))
            .collect();
        assert_eq!(words[0], "Core (1, 0), hidden12, 6 neurons");
        assert_eq!(words[1], "this step: 0 sent, 7 received, 42 operations");
        assert_eq!(
            describe(&network(), &mapping, &traffic, 3, 0)[0],
            "Core (1, 1), empty"
        );
    }

    #[test]
    fn cores_and_links_are_called_as_their_chip_has_them() {
        let of = |shape, cores_per_router| Topology {
            shape,
            cores_per_router,
            ..Topology::mesh(4, 4)
        };
        assert_eq!(core_name(&of(Shape::Mesh, 1), 6), "(2, 1)");
        assert_eq!(core_name(&of(Shape::Mesh, 4), 26), "(2, 1).2");
        let (tree, star) = (of(Shape::Quadtree, 1), of(Shape::Star, 1));
        assert_eq!(link_name(&tree, 0), Some("(0, 0) → node 1".into()));
        assert_eq!(link_name(&star, 3), Some("the hub → 2".into()));
        assert_eq!(chip_name(&star), format!("star of 16"));
        assert_eq!(chip_name(&of(Shape::Mesh, 4)), "4 × 4 mesh of 4 cores each");
    }

    #[test]
    fn a_slice_says_which_part_of_its_layer_it_is() {
        let (mut mapping, _) = traffic();
        mapping.tilings[0].volume = Volume {
            channels: 8,
            height: 14,
            width: 14,
        };
        let mut slice = mapping.slices[0].clone();
        slice.block = Block {
            channels: 4..8,
            rows: 3..4,
            columns: 0..14,
        };
        assert_eq!(slice_place(&mapping, &slice), "channels 4–7, row 3, all columns");
    }
}
