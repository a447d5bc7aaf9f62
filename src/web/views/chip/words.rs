//! A chip in words: what a core is called, what it holds and does, which core and link are busiest.

use super::counts::{Counts, Measure};
use crate::chip::{Block, Mapping, Shape, Slice, Topology, Traffic};
use crate::web::format;
use crate::web::views::words::{busiest, tensor_name};
use crate::web::worker::NetworkView;
use rust_i18n::t;
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
            Shape::Star => t!("chip.hub"),
            _ => t!("chip.node", number = node - chip.routers() + 1),
        }
        .into_owned();
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
        Shape::Mesh => t!("chip.mesh", routers = routers),
        Shape::Quadtree => t!("chip.quadtree", routers = routers),
        Shape::Star => t!("chip.star", routers = format::count(chip.routers() as u64)),
    };
    match chip.cores_per_router {
        0 | 1 => name,
        shared => t!("chip.shared", name = name, cores = shared),
    }
    .into_owned()
}

/// The busiest core and the busiest link at a step.
pub fn summary(chip: &Topology, counts: &Counts, step: usize) -> String {
    let period = counts.period(step);
    let most = |numbers: &[u64]| busiest(numbers.iter().copied()).filter(|&(_, count)| count > 0);
    let mut parts = Vec::new();
    if let (Some((core, count)), false) = (most(counts.cores.at(period)), counts.measure == Measure::Layer) {
        let (core, count) = (core_name(chip, core), counts.measure.counted(count));
        parts.push(t!("busiest.core", core = core, count = count));
    }
    if let Some((link, count)) = most(counts.links.at(period))
        && let Some(name) = link_name(chip, link)
    {
        let count = format::count_of(count, "packet");
        parts.push(t!("busiest.link", link = name, count = count));
    }
    let scope = counts.scope.key();
    if parts.is_empty() {
        t!(format!("nothing.{scope}")).into_owned()
    } else {
        t!(format!("busiest.{scope}"), parts = parts.join(" · ")).into_owned()
    }
}

/// `channels 4–7`, `row 3`; nothing where there is but one of the whole. `thing` is a word of `locales/chip.yml`.
fn span(range: &Range<usize>, of: usize, thing: &str) -> Option<String> {
    let (first, last) = (range.start, range.end.saturating_sub(1));
    let words = match range.len() {
        _ if of <= 1 => return None,
        n if n == of => t!(format!("chip.all-{thing}s")),
        1 => t!(format!("chip.one-{thing}"), number = first),
        _ => t!(format!("chip.{thing}s"), first = first, last = last),
    };
    Some(words.into_owned())
}

/// Where in its tensor a slice lies: `channels 4–7, all rows, all columns`.
pub fn slice_place(mapping: &Mapping, slice: &Slice) -> String {
    let Some(tiling) = mapping.tilings.get(slice.tensor) else {
        return String::new();
    };
    let (volume, block): (_, &Block) = (tiling.volume, &slice.block);
    let is_vector = volume.positions() == 1;
    let thing = if is_vector { "neuron" } else { "channel" };
    let mut parts: Vec<String> = [
        span(&block.channels, volume.channels, thing),
        span(&block.rows, volume.height, "row"),
        span(&block.columns, volume.width, "column"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if tiling.parts > 1 {
        parts.push(t!("chip.part", part = slice.part + 1, parts = tiling.parts).into_owned());
    }
    parts.join(", ")
}

/// What lives on a core, in a sentence's part: `conv1, 256 neurons`; `empty`.
pub fn residents(network: &NetworkView, mapping: &Mapping, core: usize) -> String {
    let slices: Vec<String> = mapping
        .on_core(core)
        .map(|slice| {
            let neurons = format::count_of(slice.block.len() as u64, "neuron");
            let layer = tensor_name(network, slice.tensor);
            t!("chip.resident", layer = layer, neurons = neurons).into_owned()
        })
        .collect();
    if slices.is_empty() {
        t!("chip.empty").into_owned()
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
    let residents = residents(network, mapping, core);
    let head = t!("chip.core", core = core_name(chip, core), residents = residents).into_owned();
    if mapping.on_core(core).next().is_none() {
        return vec![head, t!("chip.passing").into_owned()];
    }
    let sum = |counts: &[u32], steps: Range<usize>| -> u64 {
        let at = |step| traffic.at(counts, step).get(core).copied().unwrap_or(0);
        steps
            .filter(|&step| step < traffic.steps)
            .map(|step| u64::from(at(step)))
            .sum()
    };
    let line = |key: &str, steps: Range<usize>| {
        t!(
            key,
            sent = format::count(sum(&traffic.sent, steps.clone())),
            received = format::count(sum(&traffic.received, steps.clone())),
            operations = format::count_of(sum(&traffic.operations, steps), "operation")
        )
        .into_owned()
    };
    vec![
        head,
        line("chip.this-step", step..step + 1),
        line("chip.in-all", 0..traffic.steps),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::counts::Scope;
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
