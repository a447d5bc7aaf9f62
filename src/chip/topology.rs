//! How cores are joined: routers on a mesh, a quadtree or a star, each with one core or several.

use serde::{Deserialize, Serialize};

/// How routers are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Shape {
    /// Each to its four neighbours.
    #[default]
    Mesh,
    /// Four by four to a router above, and so on up to one root.
    Quadtree,
    /// All to one hub.
    Star,
}

/// Which way a packet takes on a mesh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Routing {
    /// Along the row, then along the column.
    #[default]
    Xy,
    /// Along the column, then along the row.
    Yx,
}

/// The four ways out of a router of a mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Towards larger x.
    East,
    /// Towards smaller x.
    West,
    /// Towards larger y (downwards).
    South,
    /// Towards smaller y (upwards).
    North,
}

impl Direction {
    /// All of them, in the order in which links are numbered.
    pub const ALL: [Self; 4] = [Self::East, Self::West, Self::South, Self::North];
}

/// Links of a mesh are numbered `router · 4 + direction`, the direction in the order of [`Direction`].
pub const DIRECTIONS: usize = 4;

/// Routers on a grid of width × height positions, and how they are joined. Core c is at router
/// c / cores_per_router, router r at (r mod width, r / width).
///
/// Links have one direction each. On a mesh, link `4 r + d` leaves router r in direction d. In a tree,
/// whose nodes are the routers with cores and then those above them level by level, link `2 n` leads from
/// node n to the one above, `2 n + 1` from that one down to n. Not every number is a link:
/// [`Self::link_ends`] knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Topology {
    /// How routers are joined.
    pub shape: Shape,
    /// Routers in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// Cores that share a router (a tile).
    pub cores_per_router: u16,
}

impl Default for Topology {
    fn default() -> Self {
        Self::mesh(6, 5)
    }
}

impl Topology {
    /// A mesh with one core at each router.
    pub const fn mesh(width: u16, height: u16) -> Self {
        Self {
            shape: Shape::Mesh,
            width,
            height,
            cores_per_router: 1,
        }
    }

    /// Routers that have cores.
    pub fn routers(&self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    /// Number of cores.
    pub fn cores(&self) -> usize {
        self.routers() * usize::from(self.cores_per_router)
    }

    /// The router of a core.
    pub fn router_of(&self, core: usize) -> usize {
        core / usize::from(self.cores_per_router.max(1))
    }

    /// (x, y) of a router.
    pub fn position(&self, router: usize) -> (usize, usize) {
        (router % usize::from(self.width), router / usize::from(self.width))
    }

    /// Levels of routers above those with cores.
    fn levels(&self) -> u32 {
        match self.shape {
            Shape::Mesh => 0,
            Shape::Star => 1,
            Shape::Quadtree => self
                .width
                .max(self.height)
                .max(1)
                .next_power_of_two()
                .trailing_zeros(),
        }
    }

    /// Width and height of a level of a tree.
    fn level_size(&self, level: u32) -> (usize, usize) {
        if self.shape == Shape::Star && level > 0 {
            return (1, 1);
        }
        let side = |n: u16| usize::from(n).div_ceil(1 << level);
        (side(self.width), side(self.height))
    }

    /// The node of a tree above `router` at `level`; the router itself at level 0.
    fn ancestor(&self, router: usize, level: u32) -> usize {
        let below: usize = (0..level).map(|l| self.level_size(l)).map(|(w, h)| w * h).sum();
        if self.shape == Shape::Star && level > 0 {
            return below;
        }
        let (x, y) = self.position(router);
        below + (y >> level) * self.level_size(level).0 + (x >> level)
    }

    /// Routers with and without cores.
    pub fn nodes(&self) -> usize {
        (0..=self.levels())
            .map(|level| self.level_size(level))
            .map(|(w, h)| w * h)
            .sum()
    }

    /// Numbers that links have, of which some may be unused.
    pub fn links(&self) -> usize {
        match self.shape {
            Shape::Mesh => self.routers() * DIRECTIONS,
            Shape::Quadtree | Shape::Star => self.nodes() * 2,
        }
    }

    /// The nodes that a link leads from and to; `None` where there is no link of this number.
    pub fn link_ends(&self, link: usize) -> Option<(usize, usize)> {
        match self.shape {
            Shape::Mesh => {
                let router = link / DIRECTIONS;
                let (width, height) = (usize::from(self.width), usize::from(self.height));
                if router >= self.routers() {
                    return None;
                }
                let (x, y) = self.position(router);
                let to = match Direction::ALL[link % DIRECTIONS] {
                    Direction::East => (x + 1 < width).then_some(router + 1),
                    Direction::West => (x > 0).then(|| router - 1),
                    Direction::South => (y + 1 < height).then_some(router + width),
                    Direction::North => (y > 0).then(|| router - width),
                }?;
                Some((router, to))
            }
            Shape::Quadtree | Shape::Star => {
                let node = link / 2;
                let above = self.above(node)?;
                Some(if link.is_multiple_of(2) {
                    (node, above)
                } else {
                    (above, node)
                })
            }
        }
    }

    /// The node above a node of a tree; `None` at the root.
    fn above(&self, node: usize) -> Option<usize> {
        let mut first = 0;
        for level in 0..self.levels() {
            let (width, height) = self.level_size(level);
            if node < first + width * height {
                let (x, y) = ((node - first) % width, (node - first) / width);
                let next = first + width * height;
                return Some(match self.shape {
                    Shape::Star => next,
                    _ => next + (y / 2) * self.level_size(level + 1).0 + x / 2,
                });
            }
            first += width * height;
        }
        None
    }

    /// The links that a packet uses from one router to another.
    pub fn route(&self, routing: Routing, from: usize, to: usize) -> Route {
        Route {
            topology: *self,
            routing,
            at: from,
            to,
            level: 0,
            is_falling: false,
        }
    }

    /// How many links that are.
    pub fn distance(&self, from: usize, to: usize) -> usize {
        match self.shape {
            Shape::Mesh => {
                let ((x, y), (to_x, to_y)) = (self.position(from), self.position(to));
                x.abs_diff(to_x) + y.abs_diff(to_y)
            }
            Shape::Quadtree | Shape::Star => {
                let meets = |&level: &u32| self.ancestor(from, level) == self.ancestor(to, level);
                2 * (0..=self.levels()).find(meets).unwrap_or(0) as usize
            }
        }
    }
}

/// The links of a way, one after the other; see [`Topology::route`].
#[derive(Clone, Debug)]
pub struct Route {
    topology: Topology,
    routing: Routing,
    /// The router that the packet is at; in a tree, that it came from.
    at: usize,
    to: usize,
    level: u32,
    is_falling: bool,
}

impl Iterator for Route {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self.topology.shape {
            Shape::Mesh => self.step(),
            Shape::Quadtree | Shape::Star => self.climb(),
        }
    }
}

impl Route {
    fn step(&mut self) -> Option<usize> {
        let ((x, y), (to_x, to_y)) = (self.topology.position(self.at), self.topology.position(self.to));
        let along_x = match to_x.cmp(&x) {
            std::cmp::Ordering::Greater => Some(Direction::East),
            std::cmp::Ordering::Less => Some(Direction::West),
            std::cmp::Ordering::Equal => None,
        };
        let along_y = match to_y.cmp(&y) {
            std::cmp::Ordering::Greater => Some(Direction::South),
            std::cmp::Ordering::Less => Some(Direction::North),
            std::cmp::Ordering::Equal => None,
        };
        let direction = match self.routing {
            Routing::Xy => along_x.or(along_y),
            Routing::Yx => along_y.or(along_x),
        }?;
        let link = self.at * DIRECTIONS + direction as usize;
        let width = usize::from(self.topology.width);
        match direction {
            Direction::East => self.at += 1,
            Direction::West => self.at -= 1,
            Direction::South => self.at += width,
            Direction::North => self.at -= width,
        }
        Some(link)
    }

    fn climb(&mut self) -> Option<usize> {
        let node = |router| self.topology.ancestor(router, self.level);
        if !self.is_falling && node(self.at) == node(self.to) {
            self.is_falling = true;
        }
        if self.is_falling {
            self.level = self.level.checked_sub(1)?;
            return Some(2 * self.topology.ancestor(self.to, self.level) + 1);
        }
        let link = 2 * node(self.at);
        self.level += 1;
        Some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_topology() -> impl Strategy<Value = Topology> {
        let shape = prop_oneof![Just(Shape::Mesh), Just(Shape::Quadtree), Just(Shape::Star)];
        (shape, 1u16..20, 1u16..20, 1u16..5).prop_map(|(shape, width, height, cores_per_router)| Topology {
            shape,
            width,
            height,
            cores_per_router,
        })
    }

    #[test]
    fn packets_go_along_x_before_they_go_along_y_or_the_other_way_round() {
        let mesh = Topology::mesh(4, 3);
        let link = |(router, direction)| router * DIRECTIONS + direction as usize;
        let (east, south) = (Direction::East, Direction::South);
        let xy: Vec<_> = mesh.route(Routing::Xy, 1, 11).collect();
        assert_eq!(xy, [(1, east), (2, east), (3, south), (7, south)].map(link));
        let yx: Vec<_> = mesh.route(Routing::Yx, 1, 11).collect();
        assert_eq!(yx, [(1, south), (5, south), (9, east), (10, east)].map(link));
    }

    #[test]
    fn a_quadtree_of_32_by_32_has_five_levels_above_its_cores() {
        let tree = Topology {
            shape: Shape::Quadtree,
            ..Topology::mesh(32, 32)
        };
        assert_eq!(tree.nodes(), 1024 + 256 + 64 + 16 + 4 + 1);
        assert_eq!(tree.distance(0, 1), 2);
        assert_eq!(tree.distance(0, 1023), 10);
    }

    proptest! {
        #[test]
        fn a_route_is_a_chain_of_links_from_one_router_to_the_other(
            topology in any_topology(), routing in prop_oneof![Just(Routing::Xy), Just(Routing::Yx)],
            a in 0usize..400, b in 0usize..400,
        ) {
            let (from, to) = (a % topology.routers(), b % topology.routers());
            let mut at = from;
            let mut hops = 0;
            for link in topology.route(routing, from, to) {
                let (leaves, arrives) = topology.link_ends(link).expect("a link");
                prop_assert_eq!(leaves, at);
                at = arrives;
                hops += 1;
            }
            prop_assert_eq!(at, to);
            prop_assert_eq!(hops, topology.distance(from, to));
        }

        #[test]
        fn every_link_joins_two_nodes_and_has_one_back(topology in any_topology()) {
            let ends: Vec<_> = (0..topology.links()).filter_map(|link| topology.link_ends(link)).collect();
            for &(from, to) in &ends {
                prop_assert!(from < topology.nodes() && to < topology.nodes());
                prop_assert_eq!(ends.iter().filter(|&&end| end == (to, from)).count(), 1);
            }
            if topology.shape != Shape::Mesh {
                prop_assert_eq!(ends.len(), 2 * (topology.nodes() - 1));
            }
        }
    }
}
