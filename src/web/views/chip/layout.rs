//! Where cores and links lie in the picture of a chip: a mesh as a grid, a quadtree as squares within squares
//! with its links in the gaps, a star as rings around its hub.

use crate::chip::{Shape, Topology};

/// Between the centres of neighbouring routers, in the picture's own units.
pub const PITCH: f64 = 48.0;
/// Side of a router's square, which its cores share.
pub const TILE: f64 = 35.0;
/// How far a link lies beside the line between two centres: traffic keeps to its right, so that both
/// directions are seen.
const LANE: f64 = 4.5;
/// What each level of a quadtree adds to the gap between its squares.
const WIDER: f64 = 7.0;
/// Routers of a star that stand in a single ring.
const ONE_RING: usize = 16;

/// A core's square.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Square {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Side.
    pub side: f64,
}

impl Square {
    /// Its centre.
    pub fn centre(self) -> (f64, f64) {
        (self.x + self.side / 2.0, self.y + self.side / 2.0)
    }
}

/// The way of a link, from corner to corner: two points, or three.
pub type Line = Vec<(f64, f64)>;

/// Where everything lies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Width of the picture.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The square of each core.
    pub cores: Vec<Square>,
    /// The line of each link, by its number; `None` where there is no link.
    pub links: Vec<Option<Line>>,
    /// Routers without cores, as centre and level (1 is the lowest).
    pub hubs: Vec<(f64, f64, u32)>,
    /// Cores in a router's square.
    per_router: usize,
}

impl Layout {
    /// Lays a chip out.
    pub fn new(chip: &Topology) -> Self {
        let mut layout = match chip.shape {
            Shape::Mesh => grid(chip),
            Shape::Quadtree => quadtree(chip),
            Shape::Star => star(chip),
        };
        layout.per_router = usize::from(chip.cores_per_router.max(1));
        layout
    }

    /// The square of a core; an empty one if there is no such core.
    pub fn core(&self, core: usize) -> Square {
        self.cores.get(core).copied().unwrap_or_default()
    }

    /// The core at a point or, between cores, the nearest one.
    pub fn core_at(&self, x: f64, y: f64) -> Option<usize> {
        if !(0.0..self.width).contains(&x) || !(0.0..self.height).contains(&y) {
            return None;
        }
        let distance = |square: &Square| {
            let (centre_x, centre_y) = square.centre();
            let half = square.side / 2.0;
            let outside = |at: f64, centre: f64| (at - centre).abs() - half;
            outside(x, centre_x).max(outside(y, centre_y))
        };
        let distances = self.cores.iter().map(distance).enumerate();
        let (core, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
        (distance < PITCH / 2.0).then_some(core)
    }

    /// The nearest core in a direction, or `core` itself at the edge.
    pub fn neighbour(&self, core: usize, columns: isize, rows: isize) -> usize {
        let (x, y) = self.core(core).centre();
        let (dx, dy) = (columns as f64, rows as f64);
        let cost = |square: &Square| {
            let (to_x, to_y) = square.centre();
            let along = (to_x - x) * dx + (to_y - y) * dy;
            let aside = ((to_x - x) * dy - (to_y - y) * dx).abs();
            (along > 0.5 && aside <= along).then_some(along + 2.0 * aside)
        };
        let costs = self.cores.iter().map(cost).enumerate();
        let costs = costs.filter_map(|(core, cost)| Some((core, cost?)));
        costs
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(core, |(core, _)| core)
    }

    /// Cores that share a router.
    pub fn cores_per_router(&self) -> usize {
        self.per_router
    }
}

/// The cores of one router, side by side in its square.
fn tile(chip: &Topology, x: f64, y: f64, cores: &mut Vec<Square>) {
    let count = usize::from(chip.cores_per_router.max(1));
    let columns = count.isqrt() + usize::from(count.isqrt() * count.isqrt() < count);
    let gap = if count > 1 { 2.0 } else { 0.0 };
    let side = (TILE - gap * (columns - 1) as f64) / columns as f64;
    cores.extend((0..count).map(|core| Square {
        x: x - TILE / 2.0 + (core % columns) as f64 * (side + gap),
        y: y - TILE / 2.0 + (core / columns) as f64 * (side + gap),
        side,
    }));
}

/// From edge to edge of two routers' squares, on the right of its own direction.
fn straight(from: (f64, f64), to: (f64, f64), near: f64, far: f64) -> Line {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (dx, dy) = (dx / length, dy / length);
    let at = |along: f64| (from.0 + dx * along - dy * LANE, from.1 + dy * along + dx * LANE);
    vec![at(near), at(length - far)]
}

fn grid(chip: &Topology) -> Layout {
    let centre = |router: usize| {
        let (x, y) = chip.position(router);
        ((x as f64 + 0.5) * PITCH, (y as f64 + 0.5) * PITCH)
    };
    let mut cores = Vec::with_capacity(chip.cores());
    for router in 0..chip.routers() {
        let (x, y) = centre(router);
        tile(chip, x, y, &mut cores);
    }
    let line = |link| {
        let (from, to) = chip.link_ends(link)?;
        Some(straight(centre(from), centre(to), TILE / 2.0, TILE / 2.0))
    };
    Layout {
        width: f64::from(chip.width) * PITCH,
        height: f64::from(chip.height) * PITCH,
        cores,
        links: (0..chip.links()).map(line).collect(),
        hubs: Vec::new(),
        per_router: 1,
    }
}

/// The middle of the gap before a column (or row) of a quadtree, and where the columns begin: gaps between
/// larger squares are wider.
struct Gaps {
    starts: Vec<f64>,
    end: f64,
}

impl Gaps {
    fn new(count: usize) -> Self {
        let gap = PITCH - TILE;
        let mut at = gap / 2.0;
        let mut starts = Vec::with_capacity(count);
        for column in 0..count {
            if column > 0 {
                at += gap + WIDER * f64::from(column.trailing_zeros());
            }
            starts.push(at);
            at += TILE;
        }
        Self {
            starts,
            end: at + gap / 2.0,
        }
    }

    /// The middle of the columns that a node of `level` covers, from `first`.
    fn middle(&self, first: usize, level: u32) -> f64 {
        let half = first + ((1 << level) >> 1);
        match (level, self.starts.get(half)) {
            (1.., Some(start)) => (self.starts[half - 1] + TILE + start) / 2.0,
            _ => {
                let last = (first + (1 << level)).min(self.starts.len()).max(first + 1) - 1;
                (self.starts[first] + self.starts[last] + TILE) / 2.0
            }
        }
    }
}

fn quadtree(chip: &Topology) -> Layout {
    let (columns, rows) = (usize::from(chip.width), usize::from(chip.height));
    let (across, down) = (Gaps::new(columns), Gaps::new(rows));
    let mut nodes = Vec::with_capacity(chip.nodes());
    let mut level = 0;
    while nodes.len() < chip.nodes() {
        let step = 1 << level;
        for y in (0..rows).step_by(step) {
            for x in (0..columns).step_by(step) {
                nodes.push((across.middle(x, level), down.middle(y, level), level));
            }
        }
        level += 1;
    }
    let mut cores = Vec::with_capacity(chip.cores());
    for &(x, y, _) in &nodes[..chip.routers().min(nodes.len())] {
        tile(chip, x, y, &mut cores);
    }
    // Along its own row to below the router above, then up to it: always in the gaps.
    let line = |link: usize| {
        let (from, to) = chip.link_ends(link)?;
        let (below, above) = if nodes[from].2 < nodes[to].2 {
            (from, to)
        } else {
            (to, from)
        };
        let ((x, y, _), (to_x, to_y, _)) = (nodes[below], nodes[above]);
        let is_up = below == from;
        let lane = if is_up { LANE / 2.0 } else { -LANE / 2.0 };
        let (side_x, side_y) = ((to_x - x).signum(), (to_y - y).signum());
        let turn = to_x - side_x * (LANE + lane);
        let mut line = vec![(x, y - side_y * lane), (turn, y - side_y * lane), (turn, to_y)];
        if !is_up {
            line.reverse();
        }
        Some(line)
    };
    Layout {
        width: across.end,
        height: down.end,
        cores,
        links: (0..chip.links()).map(line).collect(),
        hubs: nodes.iter().filter(|node| node.2 > 0).copied().collect(),
        per_router: 1,
    }
}

/// Routers in rings around their hub, as many in each as have room.
fn star(chip: &Topology) -> Layout {
    let routers = chip.routers();
    let mut places = Vec::with_capacity(routers);
    let mut ring = 1;
    let mut reach = PITCH;
    while places.len() < routers {
        // A handful stands in one ring, however wide.
        let radius = if routers <= ONE_RING {
            (1.2 * PITCH * routers as f64 / std::f64::consts::TAU + 1.0).max(1.4 * PITCH)
        } else {
            1.4 * PITCH * f64::from(ring)
        };
        reach = radius + PITCH / 2.0;
        let room = (std::f64::consts::TAU * radius / (1.2 * PITCH)) as usize;
        let count = room.min(routers - places.len()).max(1);
        places.extend((0..count).map(|place| {
            let angle = std::f64::consts::TAU * (place as f64 / count as f64 - 0.25);
            (radius * angle.cos(), radius * angle.sin())
        }));
        ring += 1;
    }
    let places: Vec<_> = places.iter().map(|(x, y)| (x + reach, y + reach)).collect();
    let mut cores = Vec::with_capacity(chip.cores());
    for &(x, y) in &places {
        tile(chip, x, y, &mut cores);
    }
    let hub = (reach, reach);
    let line = |link: usize| {
        let (from, to) = chip.link_ends(link)?;
        let place = |node: usize| places.get(node).copied().unwrap_or(hub);
        let gap = |node: usize| if node < routers { TILE / 2.0 } else { 8.0 };
        Some(straight(place(from), place(to), gap(from), gap(to)))
    };
    Layout {
        width: 2.0 * reach,
        height: 2.0 * reach,
        cores,
        links: (0..chip.links()).map(line).collect(),
        hubs: vec![(hub.0, hub.1, 1)],
        per_router: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chip(shape: Shape, width: u16, height: u16, cores_per_router: u16) -> Topology {
        Topology {
            shape,
            width,
            height,
            cores_per_router,
        }
    }

    fn all() -> [Topology; 6] {
        [
            chip(Shape::Mesh, 6, 5, 1),
            chip(Shape::Mesh, 4, 3, 4),
            chip(Shape::Quadtree, 8, 8, 1),
            chip(Shape::Quadtree, 6, 5, 1),
            chip(Shape::Star, 9, 1, 1),
            chip(Shape::Star, 10, 10, 2),
        ]
    }

    #[test]
    fn every_core_lies_within_the_picture_and_apart_from_all_others() {
        for chip in all() {
            let layout = Layout::new(&chip);
            assert_eq!(layout.cores.len(), chip.cores());
            for (index, a) in layout.cores.iter().enumerate() {
                assert!(a.x >= 0.0 && a.x + a.side <= layout.width, "{chip:?} {index}");
                assert!(a.y >= 0.0 && a.y + a.side <= layout.height, "{chip:?} {index}");
                for b in &layout.cores[..index] {
                    let apart = (a.x - b.x).abs().max((a.y - b.y).abs());
                    assert!(apart >= a.side - 1e-9, "{chip:?} {index}: {a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn pointing_at_a_core_finds_it() {
        for chip in all() {
            let layout = Layout::new(&chip);
            for core in 0..chip.cores() {
                let (x, y) = layout.core(core).centre();
                assert_eq!(layout.core_at(x, y), Some(core));
            }
            assert_eq!(layout.core_at(-1.0, 5.0), None);
        }
    }

    #[test]
    fn every_link_has_a_line_and_links_of_a_pair_have_lanes_of_their_own() {
        for chip in all() {
            let layout = Layout::new(&chip);
            let lines: Vec<_> = (0..chip.links())
                .filter(|&link| chip.link_ends(link).is_some())
                .map(|link| layout.links[link].clone().expect("a line"))
                .collect();
            for (index, line) in lines.iter().enumerate() {
                let mut back = line.clone();
                back.reverse();
                assert!(!lines[..index].contains(line) && !lines[..index].contains(&back));
            }
        }
    }

    #[test]
    fn lines_of_a_quadtree_keep_to_the_gaps_but_for_the_core_where_they_begin() {
        let chip = chip(Shape::Quadtree, 8, 8, 1);
        let layout = Layout::new(&chip);
        for (link, line) in layout
            .links
            .iter()
            .enumerate()
            .filter_map(|(l, line)| Some((l, line.as_ref()?)))
        {
            for pair in line.windows(2) {
                let (low, high) = (
                    (pair[0].0.min(pair[1].0), pair[0].1.min(pair[1].1)),
                    (pair[0].0.max(pair[1].0), pair[0].1.max(pair[1].1)),
                );
                let crossed = layout.cores.iter().enumerate().filter(|(_, core)| {
                    high.0 > core.x
                        && low.0 < core.x + core.side
                        && high.1 > core.y
                        && low.1 < core.y + core.side
                });
                for (core, _) in crossed {
                    assert_eq!(core, link / 2, "link {link} crosses core {core}");
                }
            }
        }
    }

    #[test]
    fn arrows_stop_at_the_edge_of_a_mesh_and_lead_over_tiles() {
        let mesh = Layout::new(&Topology::mesh(6, 5));
        assert_eq!(mesh.neighbour(0, 1, 0), 1);
        assert_eq!(mesh.neighbour(0, 0, 1), 6);
        assert_eq!(mesh.neighbour(5, 1, 0), 5);
        assert_eq!(mesh.neighbour(29, 0, 1), 29);
        let tiles = Layout::new(&chip(Shape::Mesh, 2, 2, 4));
        assert_eq!(tiles.neighbour(0, 1, 0), 1);
        assert_eq!(tiles.neighbour(1, 1, 0), 4);
        assert_eq!(tiles.neighbour(2, 0, 1), 8);
    }

    #[test]
    fn arrows_reach_every_core_of_a_star() {
        let star = Layout::new(&chip(Shape::Star, 9, 1, 1));
        let mut reached = vec![0];
        let mut next = 0;
        while next < reached.len() {
            for (columns, rows) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                let core = star.neighbour(reached[next], columns, rows);
                if !reached.contains(&core) {
                    reached.push(core);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), 9);
    }
}
