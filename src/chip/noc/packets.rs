//! What travels: groups of neurons whose spikes go the same way.

use serde::{Deserialize, Serialize};

/// A core that a spike reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The core.
    pub core: u32,
    /// Synaptic operations of one spike there.
    pub operations: u32,
}

/// Groups of neurons on one core whose spikes reach the same cores with the same synaptic operations.
///
/// They follow from a network and its mapping, so that a spike is no more than the number of its group:
/// a time step is a `&[u32]`, in the order in which neurons fire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    from: Vec<u32>,
    /// `ends[g]` is where the destinations of group g end, which is where those of the next begin.
    ends: Vec<u32>,
    destinations: Vec<Destination>,
}

impl Groups {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One of every core to every core, itself included, a synaptic operation each: group
    /// `from · cores + to`.
    pub fn all_pairs(cores: u32) -> Self {
        let mut groups = Self::new();
        for from in 0..cores {
            for core in 0..cores {
                groups.add(from, &[Destination { core, operations: 1 }]);
            }
        }
        groups
    }

    /// Adds a group of neurons on core `from` and gives its number. Destinations are kept by core, a core
    /// that occurs twice once, with the sum of its operations.
    pub fn add(&mut self, from: u32, destinations: &[Destination]) -> u32 {
        let first = self.destinations.len();
        self.destinations.extend_from_slice(destinations);
        self.destinations[first..].sort_unstable_by_key(|d| (d.core, d.operations));
        let mut last = first;
        for at in first + 1..self.destinations.len() {
            let next = self.destinations[at];
            let kept = &mut self.destinations[last];
            if kept.core == next.core {
                kept.operations = kept.operations.saturating_add(next.operations);
            } else {
                last += 1;
                self.destinations[last] = next;
            }
        }
        self.destinations
            .truncate((last + 1).min(self.destinations.len()));
        self.from.push(from);
        self.ends.push(self.destinations.len() as u32);
        self.from.len() as u32 - 1
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.from.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    /// The core that a group's neurons are on.
    pub fn from(&self, group: u32) -> u32 {
        self.from[group as usize]
    }

    /// The cores that a group's spikes reach, in order.
    pub fn destinations(&self, group: u32) -> &[Destination] {
        &self.destinations[self.range(group)]
    }

    /// The places of a group's destinations among those of all groups.
    pub(super) fn range(&self, group: u32) -> std::ops::Range<usize> {
        let group = group as usize;
        let start = group.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[group] as usize
    }

    /// The destinations of all groups, group after group.
    pub(super) fn all(&self) -> &[Destination] {
        &self.destinations
    }

    /// The greatest number of a core, of all that send or receive.
    pub(super) fn greatest_core(&self) -> Option<u32> {
        let to = self.destinations.iter().map(|d| d.core);
        self.from.iter().copied().chain(to).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_kept_by_core_and_each_core_once() {
        let to = |core, operations| Destination { core, operations };
        let mut groups = Groups::new();
        assert_eq!(groups.add(2, &[to(5, 1), to(1, 2), to(5, 3)]), 0);
        assert_eq!(groups.add(0, &[]), 1);
        assert_eq!(groups.add(1, &[to(0, 7)]), 2);
        assert_eq!(groups.destinations(0), [to(1, 2), to(5, 4)]);
        assert_eq!(groups.destinations(1), []);
        assert_eq!(groups.destinations(2), [to(0, 7)]);
        assert_eq!(
            (groups.from(0), groups.len(), groups.greatest_core()),
            (2, 3, Some(5))
        );
    }
}
