//! Simulated annealing: slices change places until their spikes travel few hops.
//!
//! The cost is Σ spikes × hops over all pairs of cores, every spike counted for each core that it reaches. A
//! move takes all that is on a core to another one, or exchanges the two; its cost is worked out from the
//! flows of these cores alone. Whatever the portions in which it is stepped, and on whatever machine, the same
//! seed leads to the same places: costs are integers, and chances come from a generator and an exponential of
//! its own (`libm`).

use super::{InputFrom, Limits, Mapping, Placement, place};
use crate::chip::{Flow, Shape};
use serde::{Deserialize, Serialize};

/// Looks for a placement with few hops, move by move.
#[derive(Clone, Debug)]
pub struct Annealer {
    mapping: Mapping,
    /// Cores that may be taken, in Hilbert's order, so that neighbours in the list are near each other.
    cores: Vec<usize>,
    /// Where each core is.
    places: Vec<(u16, u16)>,
    shape: Shape,
    /// What is on each of `cores`: a resident, or nobody.
    at: Vec<Option<u32>>,
    /// The core (by its place in `cores`) of each resident.
    home: Vec<u32>,
    /// The core that each resident came from, as `mapping` has it.
    origin: Vec<usize>,
    /// Flows of resident r: `edges[first[r]..first[r + 1]]`, as (other, spikes both ways).
    first: Vec<usize>,
    edges: Vec<(u32, u64)>,
    /// Flows from and to the port, which stays where it is.
    port: Option<((u16, u16), Vec<u64>)>,
    random: Random,
    temperature: f64,
    cooling: f64,
    progress: Annealing,
    best: Vec<u32>,
}

/// How far an [`Annealer`] has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annealing {
    /// Moves tried.
    pub done: u64,
    /// Moves to try.
    pub total: u64,
    /// Spikes × hops of the placement that it was given.
    pub before: u64,
    /// Spikes × hops of the best placement so far.
    pub best: u64,
    /// Spikes × hops of the placement at hand.
    pub now: u64,
}

impl Annealing {
    /// Whether all moves are done.
    pub fn is_done(&self) -> bool {
        self.done >= self.total
    }
}

/// Moves between two changes of temperature.
const MOVES_AT_ONCE: u64 = 256;

/// How far in Hilbert's order a core is looked for around one that is talked to.
const NEAR: u64 = 6;

impl Annealer {
    /// Begins with the best of row-major, serpentine and Hilbert placement for these flows, which are between
    /// cores as `mapping` has them; see [`LoadMeter::flows`](crate::chip::LoadMeter::flows).
    pub fn new(mapping: Mapping, limits: &Limits, flows: &[Flow], seed: u64) -> Self {
        let topology = mapping.topology;
        let origin: Vec<usize> = (0..topology.cores())
            .zip(mapping.is_used())
            .filter_map(|(core, is_used)| is_used.then_some(core))
            .collect();
        let mut resident = vec![None; topology.cores()];
        for (index, &core) in origin.iter().enumerate() {
            resident[core] = Some(index as u32);
        }
        let position = |core| {
            let (x, y) = topology.position(topology.router_of(core));
            (x as u16, y as u16)
        };
        let port = match mapping.input {
            InputFrom::Port(core) => Some(core),
            InputFrom::Cores => None,
        };
        let (first, edges) = edges(flows, &resident, origin.len());
        let cores = place::order(Placement::Hilbert, limits);
        let total = (origin.len() as u64 * MOVES_PER_CORE).clamp(LEAST_MOVES, MOST_MOVES);
        let mut annealer = Self {
            places: cores.iter().map(|&core| position(core)).collect(),
            shape: topology.shape,
            at: Vec::new(),
            home: Vec::new(),
            port: port.map(|port| (position(port), from_port(flows, &resident, origin.len()))),
            first,
            edges,
            random: Random(seed),
            temperature: 0.0,
            cooling: 1.0,
            progress: Annealing {
                total,
                ..Annealing::default()
            },
            best: Vec::new(),
            origin,
            cores,
            mapping,
        };
        annealer.start(limits);
        annealer
    }

    fn start(&mut self, limits: &Limits) {
        let mut index = vec![0; self.mapping.topology.cores()];
        for (at, &core) in self.cores.iter().enumerate() {
            index[core] = at as u32;
        }
        let given: Vec<u32> = self.origin.iter().map(|&core| index[core]).collect();
        self.settle(given.clone());
        self.progress.before = self.cost();
        // Residents in running order, as placements fill cores.
        let mut order: Vec<usize> = Vec::new();
        let mut seen = vec![false; self.mapping.topology.cores()];
        for slice in self.mapping.placed() {
            if !std::mem::replace(&mut seen[slice.core], true) {
                order.push(slice.core);
            }
        }
        let mut best = (self.progress.before, given);
        for placement in [Placement::RowMajor, Placement::Serpentine, Placement::Hilbert] {
            let cores = place::order(placement, limits);
            let mut home = vec![0; self.origin.len()];
            for (&core, &to) in order.iter().zip(&cores) {
                if let Ok(resident) = self.origin.binary_search(&core) {
                    home[resident] = index[to];
                }
            }
            self.settle(home.clone());
            let cost = self.cost();
            if cost < best.0 {
                best = (cost, home);
            }
        }
        self.settle(best.1.clone());
        (self.progress.now, self.progress.best, self.best) = (best.0, best.0, best.1);
        self.heat();
    }

    /// Temperatures: at first a move that costs a typical change is taken as often as not, at last one that
    /// costs a thousandth of that hardly ever.
    fn heat(&mut self) {
        let mut sum = 0.0;
        const TRIES: u64 = 200;
        for _ in 0..TRIES {
            if let Some((resident, to)) = self.propose() {
                sum += self.change(resident, to).unsigned_abs() as f64;
            }
        }
        let typical = sum / TRIES as f64;
        self.temperature = (typical * HOT).max(1e-9);
        let rounds = (self.progress.total / MOVES_AT_ONCE).max(1) as f64;
        self.cooling = libm::exp(libm::log(COLD / HOT) / rounds);
    }

    fn settle(&mut self, home: Vec<u32>) {
        self.at = vec![None; self.cores.len()];
        for (resident, &core) in home.iter().enumerate() {
            self.at[core as usize] = Some(resident as u32);
        }
        self.home = home;
    }

    fn distance(&self, a: (u16, u16), b: (u16, u16)) -> i64 {
        distance(self.shape, a, b)
    }

    /// Spikes × hops of all flows.
    fn cost(&self) -> u64 {
        let place = |resident: usize| self.places[self.home[resident] as usize];
        let residents = 0..self.home.len();
        let twice = residents.clone().flat_map(|resident| {
            let edges = &self.edges[self.first[resident]..self.first[resident + 1]];
            edges.iter().map(move |&(other, spikes)| {
                spikes * self.distance(place(resident), place(other as usize)) as u64
            })
        });
        let between = twice.sum::<u64>() / 2;
        let from_port = self.port.as_ref().map_or(0, |(port, flows)| {
            residents
                .map(|resident| flows[resident] * self.distance(place(resident), *port) as u64)
                .sum()
        });
        between + from_port
    }

    /// What it costs to have a resident at `to` instead of where it is, its edge to `without` left out.
    fn change_of(&self, resident: u32, to: u32, without: Option<u32>) -> i64 {
        let (from, to) = (
            self.places[self.home[resident as usize] as usize],
            self.places[to as usize],
        );
        let edges = &self.edges[self.first[resident as usize]..self.first[resident as usize + 1]];
        let edges = edges.iter().filter(|&&(other, _)| Some(other) != without);
        let change: i64 = edges
            .map(|&(other, spikes)| {
                let other = self.places[self.home[other as usize] as usize];
                spikes as i64 * (self.distance(to, other) - self.distance(from, other))
            })
            .sum();
        change
            + self.port.as_ref().map_or(0, |(port, flows)| {
                flows[resident as usize] as i64 * (self.distance(to, *port) - self.distance(from, *port))
            })
    }

    /// What it costs if a resident moves to a core, and whoever is there to its own.
    fn change(&self, resident: u32, to: u32) -> i64 {
        match self.at[to as usize] {
            Some(other) => {
                let from = self.home[resident as usize];
                self.change_of(resident, to, Some(other)) + self.change_of(other, from, Some(resident))
            }
            None => self.change_of(resident, to, None),
        }
    }

    /// A resident, and a core near another one that it talks to, or anywhere.
    fn propose(&mut self) -> Option<(u32, u32)> {
        if self.home.is_empty() || self.cores.len() < 2 {
            return None;
        }
        let resident = self.random.below(self.home.len() as u64) as u32;
        let edges = self.first[resident as usize]..self.first[resident as usize + 1];
        let cores = self.cores.len() as u64;
        let to = if !edges.is_empty() && self.random.below(2) == 0 {
            let (other, _) = self.edges[edges.start + self.random.below(edges.len() as u64) as usize];
            let near = u64::from(self.home[other as usize]) + cores + self.random.below(2 * NEAR + 1);
            (near - NEAR.min(cores)) % cores
        } else {
            self.random.below(cores)
        };
        (to as u32 != self.home[resident as usize]).then_some((resident, to as u32))
    }

    /// Tries up to so many more moves.
    pub fn step(&mut self, moves: u64) -> Annealing {
        let until = self.progress.total.min(self.progress.done.saturating_add(moves));
        while self.progress.done < until {
            self.progress.done += 1;
            if self.progress.done.is_multiple_of(MOVES_AT_ONCE) {
                self.temperature *= self.cooling;
            }
            let Some((resident, to)) = self.propose() else {
                continue;
            };
            let change = self.change(resident, to);
            let is_taken = change <= 0 || self.random.unit() < libm::exp(-(change as f64) / self.temperature);
            if !is_taken {
                continue;
            }
            let from = self.home[resident as usize];
            let other = self.at[to as usize].replace(resident);
            self.at[from as usize] = other;
            self.home[resident as usize] = to;
            if let Some(other) = other {
                self.home[other as usize] = from;
            }
            self.progress.now = self.progress.now.saturating_add_signed(change);
            if self.progress.now < self.progress.best {
                self.progress.best = self.progress.now;
                self.best.copy_from_slice(&self.home);
            }
        }
        self.progress
    }

    /// How far it has come.
    pub fn progress(&self) -> Annealing {
        self.progress
    }

    /// The best placement so far.
    pub fn best(&self) -> Mapping {
        let mut to = vec![0; self.mapping.topology.cores()];
        for (&core, &home) in self.origin.iter().zip(&self.best) {
            to[core] = self.cores[home as usize];
        }
        self.mapping.moved(|core| to[core])
    }
}

/// Moves for each core in use.
const MOVES_PER_CORE: u64 = 2500;
const LEAST_MOVES: u64 = 20_000;
const MOST_MOVES: u64 = 4_000_000;

/// The first and the last temperature, as parts of a typical change.
const HOT: f64 = 0.3;
const COLD: f64 = 0.0005;

/// [`Topology::distance`] of routers at these positions.
fn distance(shape: Shape, (ax, ay): (u16, u16), (bx, by): (u16, u16)) -> i64 {
    match shape {
        Shape::Mesh => i64::from(ax.abs_diff(bx)) + i64::from(ay.abs_diff(by)),
        Shape::Quadtree => 2 * i64::from(u16::BITS - ((ax ^ bx) | (ay ^ by)).leading_zeros()),
        Shape::Star => 2 * i64::from((ax, ay) != (bx, by)),
    }
}

/// Flows between residents, both ways together, for each of the two.
fn edges(flows: &[Flow], resident: &[Option<u32>], residents: usize) -> (Vec<usize>, Vec<(u32, u64)>) {
    let mut pairs: Vec<(u32, u32, u64)> = Vec::with_capacity(2 * flows.len());
    for flow in flows.iter().filter(|flow| flow.from != flow.to && !flow.by_port) {
        if let (Some(from), Some(to)) = (resident[flow.from], resident[flow.to]) {
            pairs.push((from, to, flow.spikes));
            pairs.push((to, from, flow.spikes));
        }
    }
    pairs.sort_unstable();
    pairs.dedup_by(|next, kept| {
        let is_same = (next.0, next.1) == (kept.0, kept.1);
        if is_same {
            kept.2 += next.2;
        }
        is_same
    });
    let mut first = vec![0; residents + 1];
    for &(from, ..) in &pairs {
        first[from as usize + 1] += 1;
    }
    for resident in 0..residents {
        first[resident + 1] += first[resident];
    }
    (
        first,
        pairs.into_iter().map(|(_, to, spikes)| (to, spikes)).collect(),
    )
}

fn from_port(flows: &[Flow], resident: &[Option<u32>], residents: usize) -> Vec<u64> {
    let mut spikes = vec![0; residents];
    for flow in flows.iter().filter(|flow| flow.by_port) {
        if let Some(to) = resident[flow.to] {
            spikes[to as usize] += flow.spikes;
        }
    }
    spikes
}

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, all as likely but for one in 2^64 / `end`.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number from 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
