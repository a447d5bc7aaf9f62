//! What routers and packets are counted by.

use serde::{Deserialize, Serialize};

/// How long packets took, in cycles, from the cycle in which their neuron fired to that of their delivery,
/// the wait before the network included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// `packets[c]` were delivered after c cycles.
    pub packets: Vec<u64>,
}

impl Latency {
    /// Counts a packet.
    #[inline]
    pub(super) fn add(&mut self, cycles: u32) {
        let cycles = cycles as usize;
        if cycles >= self.packets.len() {
            self.packets.resize(cycles + 1, 0);
        }
        self.packets[cycles] += 1;
    }

    /// Number of packets.
    pub fn count(&self) -> u64 {
        self.packets.iter().sum()
    }

    /// Mean in cycles; `None` without packets.
    pub fn mean(&self) -> Option<f64> {
        let pairs = (0u64..).zip(&self.packets);
        let sum: u64 = pairs.map(|(cycles, packets)| cycles * packets).sum();
        let count = self.count();
        (count > 0).then(|| sum as f64 / count as f64)
    }

    /// The fewest cycles within which at least `percent` % of the packets were delivered (nearest rank);
    /// `None` without packets.
    pub fn percentile(&self, percent: u32) -> Option<usize> {
        let count = u128::from(self.count());
        let rank = (count * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut sum = 0;
        self.packets.iter().position(|&packets| {
            sum += u128::from(packets);
            sum >= rank
        })
    }

    /// The median.
    pub fn median(&self) -> Option<usize> {
        self.percentile(50)
    }

    /// The slowest packet's.
    pub fn max(&self) -> Option<usize> {
        self.percentile(100)
    }

    /// All of these at once.
    pub fn summary(&self) -> LatencySummary {
        LatencySummary {
            packets: self.count(),
            mean: self.mean(),
            median: self.median(),
            percentile_95: self.percentile(95),
            percentile_99: self.percentile(99),
            max: self.max(),
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.packets.len() > self.packets.len() {
            self.packets.resize(other.packets.len(), 0);
        }
        add(&mut self.packets, &other.packets);
    }
}

fn add(to: &mut [u64], from: &[u64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

fn raise(to: &mut [u32], from: &[u32]) {
    to.iter_mut()
        .zip(from)
        .for_each(|(to, from)| *to = (*to).max(*from));
}

/// The distribution of [`Latency`] in a few numbers, in cycles; `None` without packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// Number of packets.
    pub packets: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Half of the packets took no longer.
    pub median: Option<usize>,
    /// 95 % took no longer.
    pub percentile_95: Option<usize>,
    /// 99 % took no longer.
    pub percentile_99: Option<usize>,
    /// None took longer.
    pub max: Option<usize>,
}

/// What happened in one time step or several. Routers and links are numbered as in
/// [`Topology`](crate::chip::Topology).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Flits over each link.
    pub links: Vec<u64>,
    /// Flits (copies, at a fork) at the head of a queue that had to wait a cycle, because another one took
    /// the way out or the next queue was full, by router.
    pub stalls: Vec<u64>,
    /// The most flits in a queue at the end of a link, by the router behind it. A flit counts from when it is sent.
    pub deepest: Vec<u32>,
    /// The most packets that waited in a core, by its router.
    pub backlog: Vec<u32>,
    /// Packets that arrived at each core.
    pub received: Vec<u64>,
    /// How long packets took.
    pub latency: Latency,
}

impl Counts {
    pub(super) fn new(links: usize, routers: usize, cores: usize) -> Self {
        Self {
            links: vec![0; links],
            stalls: vec![0; routers],
            deepest: vec![0; routers],
            backlog: vec![0; routers],
            received: vec![0; cores],
            latency: Latency::default(),
        }
    }

    /// Hops of all flits.
    pub fn hops(&self) -> u64 {
        self.links.iter().sum()
    }

    /// The link that carried most, and how much; the first of several; `None` if none carried any.
    pub fn busiest_link(&self) -> Option<(usize, u64)> {
        let links = self.links.iter().copied().enumerate();
        links
            .filter(|&(_, flits)| flits > 0)
            .max_by_key(|&(link, flits)| (flits, std::cmp::Reverse(link)))
    }

    /// Adds what happened at other times, of the same chip.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.links, &other.links);
        add(&mut self.stalls, &other.stalls);
        add(&mut self.received, &other.received);
        raise(&mut self.deepest, &other.deepest);
        raise(&mut self.backlog, &other.backlog);
        self.latency.merge(&other.latency);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.links.fill(0);
        self.stalls.fill(0);
        self.received.fill(0);
        self.deepest.fill(0);
        self.backlog.fill(0);
        self.latency.packets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let mut latency = Latency::default();
        assert_eq!(
            (latency.mean(), latency.median(), latency.max()),
            (None, None, None)
        );
        for cycles in [3, 1, 2, 2, 7] {
            latency.add(cycles);
        }
        assert_eq!(latency.mean(), Some(3.0));
        assert_eq!(latency.percentile(0), Some(1));
        assert_eq!(latency.percentile(20), Some(1));
        assert_eq!(latency.percentile(21), Some(2));
        assert_eq!(
            (latency.median(), latency.percentile(95), latency.max()),
            (Some(2), Some(7), Some(7))
        );
    }

    #[test]
    fn merged_counts_are_sums_and_the_deepest_queue_is_the_deeper_one() {
        let mut one = Counts::new(2, 1, 1);
        (one.links[0], one.deepest[0], one.stalls[0]) = (2, 5, 1);
        one.latency.add(1);
        let mut other = Counts::new(2, 1, 1);
        (other.links[0], other.links[1], other.deepest[0]) = (1, 3, 4);
        other.latency.add(9);
        one.merge(&other);
        assert_eq!((one.hops(), one.busiest_link()), (6, Some((0, 3))));
        assert_eq!((one.deepest[0], one.stalls[0], one.latency.count()), (5, 1, 2));
        one.clear();
        assert_eq!(one, Counts::new(2, 1, 1));
        assert_eq!(one.busiest_link(), None);
    }
}
