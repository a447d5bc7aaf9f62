//! Small cases worked by hand, and what must hold for any.

use super::*;
use crate::chip::{DIRECTIONS, Delivery, Direction, Routing, Shape, Topology};
use proptest::prelude::*;

fn to(core: u32) -> Destination {
    Destination { core, operations: 1 }
}

fn shaped(shape: Shape, width: u16, height: u16) -> Topology {
    Topology {
        shape,
        ..Topology::mesh(width, height)
    }
}

fn depth(flits: u32) -> RouterModel {
    RouterModel {
        queue_depth: NonZeroU32::new(flits),
        integration: None,
        ..RouterModel::default()
    }
}

fn noc(topology: Topology, delivery: Delivery, model: RouterModel, groups: &Groups) -> Noc {
    Noc::new(&topology, Routing::Xy, delivery, model, groups.clone()).unwrap()
}

fn link(router: usize, direction: Direction) -> usize {
    router * DIRECTIONS + direction as usize
}

#[test]
fn a_lone_packet_takes_a_cycle_for_each_hop_and_one_to_leave_the_last_router() {
    let mut groups = Groups::new();
    let far = groups.add(0, &[to(11)]);
    let own = groups.add(5, &[to(5)]);
    let mut noc = noc(Topology::mesh(4, 3), Delivery::Unicast, depth(1), &groups);
    let step = noc.run(&[far]).unwrap();
    assert_eq!((step.delivered, step.packets, step.moves), (5 + 1, 1, 6));
    assert_eq!(noc.counts().hops(), 5);
    assert_eq!(noc.run(&[own]).unwrap().delivered, 1);
    assert_eq!(noc.counts().hops(), 5, "a packet to its own core uses no link");
    assert_eq!(noc.counts().latency.packets, [0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(noc.counts().stalls, [0; 12]);
}

#[test]
fn of_two_packets_that_want_the_same_link_one_stalls_a_cycle() {
    // Core 0's packet and core 1's second one meet where the link from 1 to 2 begins.
    let mut groups = Groups::new();
    let (behind, here) = (groups.add(0, &[to(3)]), groups.add(1, &[to(3)]));
    let mut noc = noc(Topology::mesh(4, 1), Delivery::Unicast, depth(4), &groups);
    let step = noc.run(&[behind, here, here]).unwrap();
    assert_eq!(noc.counts().stalls, [0, 1, 0, 0]);
    assert_eq!(
        step.delivered,
        3 + 2,
        "3 packets over one link, the first of them 2 hops from its end"
    );
    assert_eq!(noc.counts().links[link(1, Direction::East)], 3);
    assert_eq!(noc.counts().latency.mean(), Some((3.0 + 4.0 + 4.0) / 3.0));
}

#[test]
fn queues_share_a_link_in_turn() {
    // Four of the five cores of a column send four packets each to the lowest one.
    let mut groups = Groups::new();
    let spikes: Vec<u32> = (0..4).map(|core| groups.add(core, &[to(4)])).collect();
    let mut noc = noc(Topology::mesh(1, 5), Delivery::Unicast, depth(2), &groups);
    let step = noc.run(&spikes.repeat(4)).unwrap();
    // The last link is never idle from cycle 0 on, and the last packet then leaves router 4.
    assert_eq!(step.delivered, 16 + 1);
    assert_eq!(noc.counts().received, [0, 0, 0, 0, 16]);
}

#[test]
fn a_full_queue_holds_packets_back_and_none_grows_beyond_its_depth() {
    let mut groups = Groups::new();
    let spikes: Vec<u32> = (0..8).map(|core| groups.add(core, &[to(8)])).collect();
    for (flits, deepest) in [(1, 1), (3, 3)] {
        let mut noc = noc(Topology::mesh(3, 3), Delivery::Unicast, depth(flits), &groups);
        noc.run(&spikes.repeat(10)).unwrap();
        assert_eq!(noc.counts().deepest.iter().max(), Some(&deepest));
        assert!(noc.counts().backlog[7] > 1, "{:?}", noc.counts());
    }
    let unbounded = RouterModel {
        queue_depth: None,
        ..depth(1)
    };
    let mut noc = noc(Topology::mesh(3, 3), Delivery::Unicast, unbounded, &groups);
    noc.run(&spikes.repeat(10)).unwrap();
    assert!(noc.counts().deepest.iter().max() > Some(&3));
}

#[test]
fn a_queue_of_one_flit_passes_one_every_other_cycle() {
    // Whether there is room is known a cycle after it has become free.
    let mut groups = Groups::new();
    let spike = groups.add(0, &[to(2)]);
    for (flits, cycles) in [(1, 2 * 9), (2, 9)] {
        let mut noc = noc(Topology::mesh(3, 1), Delivery::Unicast, depth(flits), &groups);
        assert_eq!(noc.run(&[spike; 10]).unwrap().delivered, 3 + cycles);
    }
}

#[test]
fn a_multicast_packet_is_copied_where_the_ways_part_and_not_before() {
    // 0 → 2 and 0 → 5 part at router 2 (x first), 0 → 3 at router 0.
    let mut groups = Groups::new();
    let all = groups.add(0, &[to(2), to(5), to(3)]);
    let mut tree = noc(Topology::mesh(3, 2), Delivery::Multicast, depth(4), &groups);
    let step = tree.run(&[all]).unwrap();
    let mut links = [0; 24];
    for (router, direction) in [
        (0, Direction::East),
        (1, Direction::East),
        (2, Direction::South),
        (0, Direction::South),
    ] {
        links[link(router, direction)] = 1;
    }
    assert_eq!(tree.counts().links, links);
    assert_eq!(
        (step.delivered, step.packets),
        (4, 3),
        "the copies leave a fork at once"
    );
    let mut single = noc(Topology::mesh(3, 2), Delivery::Unicast, depth(4), &groups);
    let step = single.run(&[all]).unwrap();
    assert_eq!(single.counts().hops(), 2 + 3 + 1);
    assert_eq!(
        step.delivered,
        2 + 4,
        "one packet a cycle, the one to core 5 last"
    );
}

#[test]
fn a_copy_that_can_go_does_not_wait_for_one_that_cannot() {
    // Core 1's packets to core 2 keep the link busy that core 0's copy to core 2 wants, not that to core 4.
    let mut groups = Groups::new();
    let fork = groups.add(0, &[to(2), to(4)]);
    let busy = groups.add(1, &[to(2)]);
    let mut noc = noc(Topology::mesh(3, 2), Delivery::Multicast, depth(4), &groups);
    noc.run(&[fork, busy, busy]).unwrap();
    // In cycle 1, core 1's second packet and the copy to core 2 meet at router 1, and one of them waits.
    assert_eq!(noc.counts().latency.packets.iter().sum::<u64>(), 4);
    assert_eq!(noc.counts().stalls, [0, 1, 0, 0, 0, 0]);
    assert_eq!(noc.counts().latency.max(), Some(3));
}

#[test]
fn the_hub_of_a_star_takes_one_packet_a_cycle_to_each_core() {
    let mut groups = Groups::new();
    let spikes: Vec<u32> = (1..9).map(|core| groups.add(core, &[to(0)])).collect();
    let star = shaped(Shape::Star, 3, 3);
    let mut gather = noc(star, Delivery::Unicast, depth(8), &groups);
    // Eight packets are at the hub after a cycle; one of them leaves it in each of the next eight.
    assert_eq!(gather.run(&spikes).unwrap().delivered, 1 + 8 + 1);
    assert_eq!(gather.counts().stalls[9], 7 + 6 + 5 + 4 + 3 + 2 + 1);
    let around: Vec<u32> = (0..9).map(|core| core * 9 + (core + 1) % 9).collect();
    let mut rotate = noc(star, Delivery::Unicast, depth(8), &Groups::all_pairs(9));
    assert_eq!(
        rotate.run(&around).unwrap().delivered,
        3,
        "different ways don't disturb each other"
    );
}

#[test]
fn a_hop_may_take_several_cycles_of_which_each_takes_up_another_packet() {
    let slow = RouterModel {
        hop_cycles: 5,
        ..depth(8)
    };
    let mut groups = Groups::new();
    let spike = groups.add(0, &[to(2)]);
    let mut noc = noc(Topology::mesh(3, 1), Delivery::Unicast, slow, &groups);
    assert_eq!(noc.run(&[spike]).unwrap().delivered, 15);
    assert_eq!(noc.run(&[spike; 4]).unwrap().delivered, 15 + 3);
}

#[test]
fn the_step_ends_when_the_last_spike_has_been_added_up() {
    let mut groups = Groups::new();
    let spike = groups.add(
        0,
        &[Destination {
            core: 1,
            operations: 10,
        }],
    );
    let model = RouterModel {
        integration: Some(Integration {
            operations: NonZeroU32::new(4).unwrap(),
            cycles: NonZeroU32::new(3).unwrap(),
        }),
        ..depth(8)
    };
    let mut noc = noc(Topology::mesh(2, 1), Delivery::Unicast, model, &groups);
    // 10 operations take 7.5 cycles, so that the second packet, delivered a cycle after the first, waits.
    let step = noc.run(&[spike]).unwrap();
    assert_eq!((step.delivered, step.integrated), (2, 2 + 8));
    let step = noc.run(&[spike; 2]).unwrap();
    assert_eq!((step.delivered, step.integrated), (3, 2 + 15));
}

#[test]
fn spikes_that_reach_nobody_take_no_time() {
    let mut groups = Groups::new();
    let none = groups.add(0, &[]);
    let mut noc = noc(Topology::mesh(2, 1), Delivery::Multicast, depth(8), &groups);
    assert_eq!(noc.run(&[none; 3]).unwrap(), StepTime::default());
    assert_eq!(noc.run(&[]).unwrap(), StepTime::default());
}

#[test]
fn what_cannot_be_carried_is_named() {
    let mut groups = Groups::new();
    groups.add(0, &[to(9)]);
    let mesh = Topology::mesh(3, 3);
    let new = |model, groups: &Groups| Noc::new(&mesh, Routing::Xy, Delivery::Unicast, model, groups.clone());
    assert_eq!(
        new(depth(1), &groups).unwrap_err(),
        NocError::NoSuchCore { core: 9, cores: 9 }
    );
    for hop_cycles in [0, 1001] {
        let model = RouterModel {
            hop_cycles,
            ..depth(1)
        };
        assert_eq!(
            new(model, &Groups::new()).unwrap_err(),
            NocError::Cycles {
                what: "a hop".to_owned(),
                cycles: hop_cycles
            }
        );
    }
    let huge = Topology::mesh(u16::MAX, u16::MAX);
    let refused = Noc::new(&huge, Routing::Xy, Delivery::Unicast, depth(1), Groups::new()).unwrap_err();
    assert!(matches!(refused, NocError::TooMany { .. }), "{refused}");
    let mut noc = new(depth(1), &Groups::all_pairs(9)).unwrap();
    let refused = noc.run(&[80, 81]).unwrap_err();
    assert_eq!(
        refused,
        NocError::NoSuchGroup {
            group: 81,
            groups: 81
        }
    );
    assert_eq!(
        refused.to_string(),
        "a spike is of group 81, but there are 81 groups, from 0 on"
    );
}

/// A chip, groups of neurons on it, and the spikes of a step.
#[derive(Clone, Debug)]
struct Case {
    topology: Topology,
    routing: Routing,
    delivery: Delivery,
    model: RouterModel,
    groups: Groups,
    spikes: Vec<u32>,
}

impl Case {
    fn noc(&self) -> Noc {
        Noc::new(
            &self.topology,
            self.routing,
            self.delivery,
            self.model,
            self.groups.clone(),
        )
        .unwrap()
    }

    /// Flits over each link, by the routes of the topology.
    fn counted_links(&self) -> Vec<u64> {
        let mut links = vec![0; self.topology.links()];
        let router = |core: u32| self.topology.router_of(core as usize);
        for &spike in &self.spikes {
            let from = router(self.groups.from(spike));
            let destinations = self.groups.destinations(spike).iter();
            let mut used: Vec<usize> = destinations
                .flat_map(|d| self.topology.route(self.routing, from, router(d.core)))
                .collect();
            if self.delivery == Delivery::Multicast {
                used.sort_unstable();
                used.dedup();
            }
            used.into_iter().for_each(|link| links[link] += 1);
        }
        links
    }
}

fn any_case() -> impl Strategy<Value = Case> {
    let shape = prop_oneof![Just(Shape::Mesh), Just(Shape::Quadtree), Just(Shape::Star)];
    let topology = (shape, 1u16..7, 1u16..7, 1u16..4);
    let model = (0u32..4, 1u32..4, 1u32..4);
    (topology, any::<bool>(), any::<bool>(), model).prop_flat_map(
        |(topology, yx, multicast, (flits, hop, credit))| {
            let (shape, width, height, cores_per_router) = topology;
            let topology = Topology {
                shape,
                width,
                height,
                cores_per_router,
            };
            let cores = topology.cores() as u32;
            let group = (0..cores, prop::collection::vec((0..cores, 0u32..5), 0..6));
            let groups = prop::collection::vec(group, 1..12);
            let spikes = prop::collection::vec(any::<prop::sample::Index>(), 0..150);
            (groups, spikes).prop_map(move |(list, spikes)| {
                let mut groups = Groups::new();
                for (from, destinations) in list {
                    let destinations: Vec<_> = destinations
                        .into_iter()
                        .map(|(core, operations)| Destination { core, operations })
                        .collect();
                    groups.add(from, &destinations);
                }
                Case {
                    topology,
                    routing: if yx { Routing::Yx } else { Routing::Xy },
                    delivery: if multicast {
                        Delivery::Multicast
                    } else {
                        Delivery::Unicast
                    },
                    model: RouterModel {
                        queue_depth: NonZeroU32::new(flits),
                        hop_cycles: hop,
                        credit_cycles: credit,
                        ..RouterModel::default()
                    },
                    spikes: spikes.iter().map(|s| s.index(groups.len()) as u32).collect(),
                    groups,
                }
            })
        },
    )
}

proptest! {
    #[test]
    fn every_packet_arrives_exactly_once_and_links_carry_what_the_routes_say(case in any_case()) {
        let mut noc = case.noc();
        // At most 150 × 6 packets over at most 12 links, 6 cycles each, were they to go one by one.
        noc.begin(&case.spikes).unwrap();
        prop_assert!(noc.advance(100_000).unwrap(), "no deadlock");
        let mut received = vec![0; case.topology.cores()];
        for &spike in &case.spikes {
            for destination in case.groups.destinations(spike) {
                received[destination.core as usize] += 1;
            }
        }
        let counts = noc.counts();
        prop_assert_eq!(&counts.received, &received);
        prop_assert_eq!(counts.latency.count(), received.iter().sum::<u64>());
        prop_assert_eq!(&counts.links, &case.counted_links());
        prop_assert_eq!(noc.step().moves, counts.hops() + counts.latency.count());
    }

    #[test]
    fn a_step_is_never_shorter_than_its_busiest_link_core_or_route(case in any_case()) {
        let mut noc = case.noc();
        let step = noc.run(&case.spikes).unwrap();
        let counts = noc.counts();
        let busiest = counts.links.iter().chain(&counts.received).copied().max().unwrap_or(0);
        prop_assert!(step.delivered >= busiest);
        prop_assert!(step.integrated >= step.delivered);
        let mut operations = vec![0; case.topology.cores()];
        let mut farthest = 0;
        for &spike in &case.spikes {
            let router = |core: u32| case.topology.router_of(core as usize);
            for destination in case.groups.destinations(spike) {
                operations[destination.core as usize] += u64::from(destination.operations);
                let hops = case.topology.distance(router(case.groups.from(spike)), router(destination.core));
                farthest = farthest.max((hops as u64 + 1) * u64::from(case.model.hop_cycles));
            }
        }
        prop_assert!(step.integrated >= operations.into_iter().max().unwrap_or(0));
        prop_assert!(step.delivered >= farthest);
        if let Some(depth) = case.model.queue_depth {
            prop_assert!(counts.deepest.iter().all(|&flits| flits <= depth.get()));
        }
    }

    #[test]
    fn a_step_depends_on_its_spikes_alone_and_not_on_how_it_is_cut_into_portions(
        case in any_case(), portion in 1u32..20,
    ) {
        let mut noc = case.noc();
        let first = noc.run(&case.spikes).unwrap();
        let counts = noc.counts().clone();
        noc.clear_counts();
        noc.begin(&case.spikes).unwrap();
        while !noc.advance(portion).unwrap() {}
        prop_assert_eq!(noc.step(), first);
        prop_assert_eq!(noc.counts(), &counts);
    }

    #[test]
    fn where_adding_up_takes_no_time_a_step_ends_with_its_last_delivery(case in any_case()) {
        let case = Case {
            model: RouterModel { queue_depth: None, integration: None, ..case.model },
            ..case
        };
        let mut noc = case.noc();
        let step = noc.run(&case.spikes).unwrap();
        prop_assert_eq!(step.integrated, step.delivered);
        prop_assert_eq!(&noc.counts().links, &case.counted_links());
    }
}
