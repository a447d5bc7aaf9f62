//! The experiment by which networks of routers are compared: packets come at random, whether or not the network
//! keeps up; latency and accepted traffic against offered traffic, and the load at which it saturates.
//! Dally & Towles, Principles and Practices of Interconnection Networks, 2004, chapter 23.

use super::{Groups, Noc, NocError};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use serde::{Deserialize, Serialize};

/// Spikes at random: every core that sends fires by chance in every cycle, and what it fires is one of its groups,
/// by their weights.
#[derive(Clone, Debug)]
pub struct Pattern {
    senders: Vec<Sender>,
    /// Σ of all weights.
    weight: u64,
}

#[derive(Clone, Debug)]
struct Sender {
    /// Groups with the sum of the weights up to each.
    groups: Vec<(u64, u32)>,
    weight: u64,
}

impl Pattern {
    /// Groups weighted by, say, the spikes that each fired in a run; missing weights are 0.
    pub fn new(groups: &Groups, weights: &[u64]) -> Self {
        let mut senders: Vec<Sender> = Vec::new();
        let mut sender_of = std::collections::BTreeMap::new();
        for (group, &weight) in (0u32..).zip(weights.iter().take(groups.len())) {
            if weight == 0 || groups.destinations(group).is_empty() {
                continue;
            }
            let at = *sender_of.entry(groups.from(group)).or_insert(senders.len());
            if at == senders.len() {
                let groups = Vec::new();
                senders.push(Sender { groups, weight: 0 });
            }
            let sender = &mut senders[at];
            sender.weight += weight;
            sender.groups.push((sender.weight, group));
        }
        Self {
            weight: senders.iter().map(|sender| sender.weight).sum(),
            senders,
        }
    }

    /// Every core to every core, itself included, with the same probability: the pattern of
    /// [`Groups::all_pairs`].
    pub fn uniform(groups: &Groups) -> Self {
        Self::new(groups, &vec![1; groups.len()])
    }

    /// Cores that send.
    pub fn senders(&self) -> usize {
        self.senders.len()
    }

    /// Σ of all weights: spikes, if that is what they count.
    pub fn spikes(&self) -> u64 {
        self.weight
    }

    /// The rate at which the core that fires most does so in every cycle; 1 for a pattern without packets.
    pub fn greatest_rate(&self) -> f64 {
        let most = self.senders.iter().map(|sender| sender.weight).max();
        most.map_or(1.0, |most| {
            self.weight as f64 / (self.senders.len() as f64 * most as f64)
        })
    }

    /// The probability that a core fires in a cycle, where `rate` is the mean over cores that send, in
    /// 2⁻³²; a core fires at most once a cycle.
    fn probability(&self, sender: &Sender, rate: f64) -> u64 {
        let share = sender.weight as f64 * self.senders.len() as f64 / self.weight as f64;
        ((rate * share).clamp(0.0, 1.0) * (1u64 << 32) as f64) as u64
    }
}

/// How long to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Cycles before the measurement, for queues to settle.
    pub warm_up: u32,
    /// Cycles that are measured.
    pub measured: u32,
    /// Cycles to wait for the packets of the measurement at the most, while others go on coming.
    pub drain: u32,
    /// Seed of the random numbers; the same gives the same packets.
    pub seed: u64,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            warm_up: 3000,
            measured: 10_000,
            drain: 20_000,
            seed: 1,
        }
    }
}

/// What a load leads to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadPoint {
    /// Spikes that a core fires in a cycle, mean over cores that send.
    pub rate: f64,
    /// Packets that cores wanted to have delivered, per sending core and cycle.
    pub offered: f64,
    /// Packets that were, in the same cycles.
    pub accepted: f64,
    /// Mean cycles from firing to delivery of packets fired in the measured cycles; `None` if not all of them
    /// arrived in time, which is so beyond saturation.
    pub latency: Option<f64>,
}

impl Noc {
    /// Offers the network spikes of a pattern at `rate`, the mean number of spikes of a core that sends, in a cycle.
    /// Counts afterwards are of this alone.
    ///
    /// # Errors
    /// [`NocError::TooLong`] if the windows together are longer than cycles can be numbered.
    pub fn offer(&mut self, pattern: &Pattern, rate: f64, windows: &Windows) -> Result<LoadPoint, NocError> {
        let Windows {
            warm_up,
            measured,
            drain,
            seed,
        } = *windows;
        let end = u64::from(warm_up) + u64::from(measured) + u64::from(drain);
        if end >= super::fabric::LAST_CYCLE.into() {
            return Err(NocError::TooLong(super::fabric::LAST_CYCLE));
        }
        let mut random = Pcg64Mcg::new(u128::from(seed) << 1 | 1);
        let chances: Vec<u64> = pattern
            .senders
            .iter()
            .map(|s| pattern.probability(s, rate))
            .collect();
        self.reset();
        self.clear_counts();
        self.watch(warm_up..warm_up + measured);
        let (mut offered, mut accepted) = (0, 0);
        while self.now() < warm_up + measured + drain {
            let is_measured = (warm_up..warm_up + measured).contains(&self.now());
            for (sender, &chance) in pattern.senders.iter().zip(&chances) {
                if u64::from(random.next_u32()) < chance {
                    let at = (u128::from(random.next_u64()) * u128::from(sender.weight)) >> 64;
                    let group = sender.groups.partition_point(|&(sum, _)| u128::from(sum) <= at);
                    let packets = self.emit_group(sender.groups[group].1);
                    offered += if is_measured { packets } else { 0 };
                }
            }
            let before = self.step().packets;
            self.cycle();
            if is_measured {
                accepted += self.step().packets - before;
            } else if self.now() > warm_up && self.watched() == offered {
                break;
            }
        }
        let latency = (self.watched() == offered)
            .then(|| self.counts().latency.mean())
            .flatten();
        let per_cycle = f64::from(measured.max(1)) * pattern.senders().max(1) as f64;
        Ok(LoadPoint {
            rate,
            offered: offered as f64 / per_cycle,
            accepted: accepted as f64 / per_cycle,
            latency,
        })
    }

    /// The greatest rate, to 1/256 of `most`, at which the latency is at most three times that of an idle network
    /// and at least 95 % of the offered packets are accepted. `None` if the pattern has no packets.
    ///
    /// # Errors
    /// Those of [`Self::offer`].
    pub fn saturation(
        &mut self,
        pattern: &Pattern,
        most: f64,
        windows: &Windows,
    ) -> Result<Option<LoadPoint>, NocError> {
        let idle = self.offer(pattern, most / 256.0, windows)?;
        let Some(zero_load) = idle.latency else {
            return Ok(None);
        };
        let (mut best, mut low, mut high) = (idle, 1, 256);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let point = self.offer(pattern, most * f64::from(middle) / 256.0, windows)?;
            let keeps_up = point.accepted >= 0.95 * point.offered;
            if keeps_up && point.latency.is_some_and(|latency| latency <= 3.0 * zero_load) {
                (best, low) = (point, middle);
            } else {
                high = middle;
            }
        }
        Ok(Some(best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::noc::{Destination, RouterModel};
    use crate::chip::{Delivery, Routing, Topology};

    fn line(cores: u16, groups: &Groups) -> Noc {
        let (topology, model) = (Topology::mesh(cores, 1), RouterModel::default());
        Noc::new(&topology, Routing::Xy, Delivery::Unicast, model, groups.clone()).unwrap()
    }

    fn to(core: u32) -> [Destination; 1] {
        [Destination { core, operations: 1 }]
    }

    #[test]
    fn without_contention_every_packet_takes_its_hops_and_one_cycle_at_any_rate() {
        let mut groups = Groups::new();
        groups.add(0, &to(3));
        let pattern = Pattern::uniform(&groups);
        for rate in [0.1, 0.5, 1.0] {
            let point = line(4, &groups)
                .offer(&pattern, rate, &Windows::default())
                .unwrap();
            assert_eq!(point.latency, Some(4.0));
            // 10 000 throws: three standard deviations are at most 0.015.
            assert!((point.offered - rate).abs() < 0.015, "{point:?}");
            assert!((point.accepted - rate).abs() < 0.015, "{point:?}");
        }
    }

    #[test]
    fn two_cores_that_share_a_link_saturate_it_with_half_a_packet_each() {
        let mut groups = Groups::new();
        groups.add(0, &to(2));
        groups.add(1, &to(2));
        let (mut noc, pattern) = (line(3, &groups), Pattern::uniform(&groups));
        let windows = Windows::default();
        assert_eq!(noc.offer(&pattern, 0.8, &windows).unwrap().accepted, 0.5);
        let saturated = noc.saturation(&pattern, 1.0, &windows).unwrap().unwrap();
        assert!((0.35..=0.5).contains(&saturated.rate), "{saturated:?}");
        assert!(saturated.accepted >= 0.95 * saturated.offered);
    }

    #[test]
    fn groups_fire_in_proportion_to_their_weights_and_those_without_never() {
        let mut groups = Groups::new();
        for core in [0, 0, 1, 2] {
            groups.add(core, &to(if core == 2 { 1 } else { 3 }));
        }
        groups.add(3, &[]);
        let pattern = Pattern::new(&groups, &[1, 3, 2, 0, 9]);
        assert_eq!(pattern.senders(), 2);
        let mut noc = line(4, &groups);
        let point = noc.offer(&pattern, 0.3, &Windows::default()).unwrap();
        assert!((point.offered - 0.3).abs() < 0.01);
        // Core 0 weighs 4 of 6, core 1 weighs 2: of 3 packets over the last link one is core 1's.
        let links = &noc.counts().links;
        let (first, last) = (links[0] as f64, links[2 * 4] as f64);
        assert!((first / last - 2.0 / 3.0).abs() < 0.02, "{links:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_and_a_pattern_without_packets_has_no_saturation() {
        let groups = Groups::all_pairs(9);
        let pattern = Pattern::uniform(&groups);
        let mut noc = line(9, &groups);
        let windows = Windows::default();
        let first = noc.offer(&pattern, 0.2, &windows).unwrap();
        assert_eq!(noc.offer(&pattern, 0.2, &windows).unwrap(), first);
        let other = Windows { seed: 2, ..windows };
        assert_ne!(noc.offer(&pattern, 0.2, &other).unwrap(), first);
        let nothing = Pattern::new(&groups, &[]);
        assert_eq!(noc.saturation(&nothing, 1.0, &windows).unwrap(), None);
        let endless = Windows {
            drain: u32::MAX,
            ..windows
        };
        assert!(matches!(
            noc.offer(&pattern, 0.2, &endless),
            Err(NocError::TooLong(_))
        ));
    }
}
