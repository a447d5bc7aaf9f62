//! Which way a packet leaves a router: towards one core, or, where a multicast tree forks, towards several.

use super::Groups;
use crate::chip::{DIRECTIONS, Direction, Routing, Shape, Topology};

/// A way is a destination (its place among those of all groups) or, with this bit, a fork.
const FORK: u32 = 1 << 31;

/// Where a packet can go from a router: links by their numbers, then the ways out to the cores.
pub(super) type Channel = u32;

/// What is left of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way(u32);

/// A copy that leaves a fork.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub(super) channel: Channel,
    pub(super) way: Way,
}

/// Where one core is.
#[derive(Clone, Copy, Debug)]
struct Goal {
    router: u32,
    core: u32,
    operations: u32,
}

/// One level of routers of a tree; a mesh is a single one.
#[derive(Clone, Copy, Debug)]
struct Level {
    first: u32,
    width: u32,
    /// Position at this level = position of a router with cores >> shift.
    shift: u32,
}

/// Every group's way through a topology.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    shape: Shape,
    routing: Routing,
    links: u32,
    cores_per_router: u32,
    levels: Vec<Level>,
    /// Level and position of every router.
    places: Vec<(u8, u16, u16)>,
    goals: Vec<Goal>,
    /// Of every group: where its copies part, once it has fired.
    trees: Vec<Option<Way>>,
    /// `forks[f]..forks[f + 1]` are the branches of fork f.
    forks: Vec<u32>,
    branches: Vec<Branch>,
}

impl Ways {
    pub(super) fn new(topology: &Topology, routing: Routing, groups: &Groups) -> Self {
        let cores_per_router = u32::from(topology.cores_per_router).max(1);
        let goals = groups.all().iter().map(|destination| Goal {
            router: destination.core / cores_per_router,
            core: destination.core,
            operations: destination.operations,
        });
        let (levels, places) = levels(topology);
        Self {
            shape: topology.shape,
            routing,
            links: topology.links() as u32,
            cores_per_router,
            levels,
            places,
            goals: goals.collect(),
            trees: vec![None; groups.len()],
            forks: vec![0],
            branches: Vec::new(),
        }
    }

    /// The router of a core.
    pub(super) fn router_of(&self, core: u32) -> u32 {
        core / self.cores_per_router
    }

    /// The way to one destination, by its place among those of all groups.
    pub(super) fn single(&self, destination: usize) -> Way {
        Way(destination as u32)
    }

    /// The way to all destinations of a group.
    pub(super) fn tree(&mut self, groups: &Groups, group: u32) -> Way {
        if let Some(way) = self.trees[group as usize] {
            return way;
        }
        let mut destinations: Vec<u32> = groups.range(group).map(|d| d as u32).collect();
        let way = self.grow(self.router_of(groups.from(group)), &mut destinations);
        self.trees[group as usize] = Some(way);
        way
    }

    /// Builds the tree from a router to `destinations`, which it sorts. It is made of the ways of the single
    /// packets: they part where those do.
    fn grow(&mut self, router: u32, destinations: &mut [u32]) -> Way {
        if let [only] = destinations {
            return Way(*only);
        }
        let root = Way(FORK | (self.forks.len() as u32 - 1));
        // Forks in the order in which they are numbered: a fork's branches point to forks yet to come.
        let mut waiting = std::collections::VecDeque::from([(router, 0..destinations.len())]);
        let mut forks = root.0;
        while let Some((router, range)) = waiting.pop_front() {
            let here = &mut destinations[range.clone()];
            here.sort_unstable_by_key(|&d| (self.channel(router, Way(d)), d));
            let mut start = range.start;
            while start < range.end {
                let channel = self.channel(router, Way(destinations[start]));
                let same = destinations[start..range.end].iter();
                let end = start
                    + same
                        .take_while(|&&d| self.channel(router, Way(d)) == channel)
                        .count();
                let way = if end - start == 1 {
                    Way(destinations[start])
                } else {
                    forks += 1;
                    waiting.push_back((self.router_behind(router, channel), start..end));
                    Way(forks)
                };
                self.branches.push(Branch { channel, way });
                start = end;
            }
            self.forks.push(self.branches.len() as u32);
        }
        root
    }

    /// The copies that a packet is to be split into at a router; `None` if it goes to one destination.
    pub(super) fn branches(&self, way: Way) -> Option<&[Branch]> {
        let fork = (way.0 & FORK != 0).then_some((way.0 ^ FORK) as usize)?;
        Some(&self.branches[self.forks[fork] as usize..self.forks[fork + 1] as usize])
    }

    /// Synaptic operations at the end of a way to one destination.
    pub(super) fn operations(&self, way: Way) -> u32 {
        self.goals[way.0 as usize].operations
    }

    /// The channel towards a way's one destination.
    #[inline]
    pub(super) fn channel(&self, router: u32, way: Way) -> Channel {
        let goal = self.goals[way.0 as usize];
        if goal.router == router {
            return self.links + goal.core;
        }
        match self.shape {
            Shape::Mesh => {
                let ((_, x, y), (_, to_x, to_y)) = (self.place(router), self.place(goal.router));
                let direction = match self.routing {
                    Routing::Xy if x != to_x => along(x, to_x, Direction::East, Direction::West),
                    Routing::Yx if y == to_y => along(x, to_x, Direction::East, Direction::West),
                    _ => along(y, to_y, Direction::South, Direction::North),
                };
                router * DIRECTIONS as u32 + direction as u32
            }
            Shape::Quadtree | Shape::Star => {
                let (level, ..) = self.place(router);
                let level = usize::from(level);
                if self.ancestor(goal.router, level) == router {
                    2 * self.ancestor(goal.router, level - 1) + 1
                } else {
                    2 * router
                }
            }
        }
    }

    #[inline]
    fn place(&self, router: u32) -> (u8, u16, u16) {
        self.places[router as usize]
    }

    /// The router of a tree above one with cores.
    #[inline]
    fn ancestor(&self, router: u32, level: usize) -> u32 {
        let (_, x, y) = self.place(router);
        let Level { first, width, shift } = self.levels[level];
        first + (u32::from(y) >> shift) * width + (u32::from(x) >> shift)
    }

    /// The router at the end of a link that leaves `router`.
    fn router_behind(&self, router: u32, link: Channel) -> u32 {
        match self.shape {
            Shape::Mesh => {
                let width = self.levels[0].width;
                match Direction::ALL[link as usize % DIRECTIONS] {
                    Direction::East => router + 1,
                    Direction::West => router - 1,
                    Direction::South => router + width,
                    Direction::North => router - width,
                }
            }
            Shape::Quadtree | Shape::Star if link % 2 == 1 => link / 2,
            Shape::Quadtree | Shape::Star => {
                let (level, x, y) = self.place(router);
                let above = self.levels[usize::from(level) + 1];
                let shift = above.shift - self.levels[usize::from(level)].shift;
                above.first + (u32::from(y) >> shift) * above.width + (u32::from(x) >> shift)
            }
        }
    }
}

fn along(at: u16, to: u16, ahead: Direction, back: Direction) -> Direction {
    if to > at { ahead } else { back }
}

/// Levels of routers, and each router's level and position there.
fn levels(topology: &Topology) -> (Vec<Level>, Vec<(u8, u16, u16)>) {
    let (mut width, mut height) = (topology.width, topology.height);
    let mut levels = Vec::new();
    let mut places = Vec::new();
    for index in 0..=u8::MAX {
        let star = topology.shape == Shape::Star && index > 0;
        levels.push(Level {
            first: places.len() as u32,
            width: u32::from(width),
            shift: if star { u16::BITS } else { u32::from(index) },
        });
        places.extend((0..height).flat_map(|y| (0..width).map(move |x| (index, x, y))));
        match topology.shape {
            Shape::Quadtree if width > 1 || height > 1 => {
                (width, height) = (width.div_ceil(2), height.div_ceil(2));
            }
            Shape::Star if index == 0 => (width, height) = (1, 1),
            _ => break,
        }
    }
    (levels, places)
}
