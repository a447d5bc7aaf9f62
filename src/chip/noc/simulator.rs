//! Time steps, cycle by cycle: cores fire, routers carry, cores add up.

use super::fabric::{Arrival, Fabric, LAST_CYCLE};
use super::firing::Firing;
use super::ways::Ways;
use super::{Counts, Groups, NocError, RouterModel};
use crate::chip::{Delivery, Routing, Topology};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Links and cores of the largest chip: memory for one of 800,000 cores.
const MAX_CHANNELS: u32 = 1 << 22;
/// What a way can number.
const MAX_DESTINATIONS: u32 = 1 << 30;

/// When a time step's spikes were through, in cycles from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTime {
    /// The last packet has been delivered.
    pub delivered: u64,
    /// The last packet has been delivered and added up.
    pub integrated: u64,
    /// Packets delivered.
    pub packets: u64,
    /// Movements of flits, from a queue over a link or into a core.
    pub moves: u64,
}

/// A network of routers that carries the spikes of [`Groups`].
#[derive(Clone, Debug)]
pub struct Noc {
    model: RouterModel,
    delivery: Delivery,
    groups: Groups,
    ways: Ways,
    fabric: Fabric,
    firing: Firing,
    /// When each core has added up what it got, in parts of a cycle: one of
    /// [`Integration::operations`](super::Integration::operations).
    busy: Vec<u64>,
    step: StepTime,
    counts: Counts,
    /// Latencies are counted of packets that were fired in these cycles; how many those are by now.
    watch: Range<u32>,
    watched: u64,
}

impl Noc {
    /// Routers without any traffic.
    ///
    /// # Errors
    /// [`NocError`] if a group names a core that is not there, or a hop takes no or too many cycles.
    pub fn new(
        topology: &Topology,
        routing: Routing,
        delivery: Delivery,
        model: RouterModel,
        groups: Groups,
    ) -> Result<Self, NocError> {
        for (what, cycles) in [("a hop", model.hop_cycles), ("a credit", model.credit_cycles)] {
            if !(1..=RouterModel::MAX_HOP_CYCLES).contains(&cycles) {
                let what = what.to_owned();
                return Err(NocError::Cycles { what, cycles });
            }
        }
        // In 64 bits, for a browser has 32. Trees have about as many links as meshes.
        let routers = u64::from(topology.width) * u64::from(topology.height);
        let channels = routers * (4 + u64::from(topology.cores_per_router));
        for (what, count, max) in [
            ("links and cores", channels, MAX_CHANNELS),
            (
                "destinations of groups",
                groups.all().len() as u64,
                MAX_DESTINATIONS,
            ),
        ] {
            if count > max.into() {
                let what = what.to_owned();
                return Err(NocError::TooMany { what, count, max });
            }
        }
        let (cores, links) = (topology.cores(), topology.links());
        if let Some(core) = groups.greatest_core().filter(|&core| core as usize >= cores) {
            return Err(NocError::NoSuchCore { core, cores });
        }
        let ways = Ways::new(topology, routing, &groups);
        Ok(Self {
            fabric: Fabric::new(topology, &ways, &model),
            firing: Firing::new(cores),
            busy: vec![0; cores],
            step: StepTime::default(),
            counts: Counts::new(links, topology.nodes(), cores),
            watch: 0..u32::MAX,
            watched: 0,
            model,
            delivery,
            groups,
            ways,
        })
    }

    /// The groups whose spikes it carries.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// What routers and cores are like.
    pub fn model(&self) -> RouterModel {
        self.model
    }

    /// What happened since the counts were taken last.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Forgets what happened.
    pub fn clear_counts(&mut self) {
        self.counts.clear();
    }

    /// Carries a time step's spikes, given by their groups in the order in which they fire.
    ///
    /// # Errors
    /// [`NocError::NoSuchGroup`], [`NocError::TooLong`].
    pub fn run(&mut self, spikes: &[u32]) -> Result<StepTime, NocError> {
        self.begin(spikes)?;
        while !self.advance(u32::MAX)? {}
        Ok(self.step)
    }

    /// Begins a time step: routers and cores are idle, every core fires a packet a cycle from now on.
    ///
    /// # Errors
    /// [`NocError::NoSuchGroup`].
    pub fn begin(&mut self, spikes: &[u32]) -> Result<(), NocError> {
        let groups = self.groups.len();
        if let Some(&group) = spikes.iter().find(|&&group| group as usize >= groups) {
            return Err(NocError::NoSuchGroup { group, groups });
        }
        self.reset();
        self.firing.load(&self.groups, spikes);
        Ok(())
    }

    /// Empties the network: what follows depends on nothing before.
    pub(super) fn reset(&mut self) {
        self.fabric.reset();
        self.firing.clear();
        self.busy.fill(0);
        self.step = StepTime::default();
        self.watch = 0..u32::MAX;
        self.watched = 0;
    }

    /// From here on, counts only latencies of packets that are fired in these cycles.
    pub(super) fn watch(&mut self, cycles: Range<u32>) {
        self.watch = cycles;
    }

    /// Packets fired in the cycles that are watched, and delivered.
    pub(super) fn watched(&self) -> u64 {
        self.watched
    }

    /// Goes on for at most so many cycles, and says whether all spikes are through.
    ///
    /// # Errors
    /// [`NocError::TooLong`] after four thousand million cycles.
    pub fn advance(&mut self, cycles: u32) -> Result<bool, NocError> {
        let until = self.now().saturating_add(cycles).min(LAST_CYCLE);
        while self.now() < until {
            self.fire();
            if self.fabric.is_idle() && self.firing.is_done() {
                return Ok(true);
            }
            let soonest = self.cycle();
            if self.firing.is_done() {
                self.fabric.now = self.now().max(soonest.min(until));
            }
        }
        if self.now() == LAST_CYCLE {
            return Err(NocError::TooLong(LAST_CYCLE));
        }
        Ok(false)
    }

    /// The time step so far, or the last one.
    pub fn step(&self) -> StepTime {
        self.step
    }

    /// Cycles since the time step or the experiment began.
    pub fn cycles(&self) -> u32 {
        self.now()
    }

    /// The current cycle.
    pub(super) fn now(&self) -> u32 {
        self.fabric.now
    }

    /// One packet of each core that has any left.
    fn fire(&mut self) {
        let Self {
            delivery,
            groups,
            ways,
            fabric,
            firing,
            counts,
            ..
        } = self;
        match delivery {
            Delivery::Unicast => firing.fire(
                |group| groups.range(group).len(),
                |core, group, packet| {
                    let way = ways.single(groups.range(group).start + packet);
                    fabric.emit(ways, counts, core, way);
                },
            ),
            Delivery::Multicast => firing.fire(
                |_| 1,
                |core, group, _| {
                    let way = ways.tree(groups, group);
                    fabric.emit(ways, counts, core, way);
                },
            ),
        }
    }

    /// A spike of a group, now; gives the number of packets that will arrive.
    pub(super) fn emit_group(&mut self, group: u32) -> u64 {
        let Self {
            groups,
            ways,
            fabric,
            counts,
            ..
        } = self;
        let (core, destinations) = (groups.from(group), groups.range(group));
        let packets = destinations.len() as u64;
        match self.delivery {
            Delivery::Unicast => destinations.for_each(|d| fabric.emit(ways, counts, core, ways.single(d))),
            Delivery::Multicast => {
                let way = ways.tree(groups, group);
                fabric.emit(ways, counts, core, way);
            }
        }
        packets
    }

    /// One cycle; gives the next one in which anything that is in a queue can move.
    pub(super) fn cycle(&mut self) -> u32 {
        let arrival = self.now() + self.model.hop_cycles;
        let soonest = self.fabric.cycle(&self.ways, &mut self.counts);
        self.step.moves = self.fabric.moves;
        for at in 0..self.fabric.arrivals.len() {
            self.deliver(self.fabric.arrivals[at], arrival);
        }
        soonest
    }

    fn deliver(&mut self, packet: Arrival, arrival: u32) {
        let Arrival { core, way, born } = packet;
        if self.watch.contains(&born) {
            self.counts.latency.add(arrival - born);
            self.watched += 1;
        }
        self.counts.received[core as usize] += 1;
        self.step.packets += 1;
        self.step.delivered = self.step.delivered.max(arrival.into());
        let integrated = match self.model.integration {
            None => arrival.into(),
            Some(integration) => {
                let parts = u64::from(integration.operations.get());
                let work = u64::from(self.ways.operations(way)) * u64::from(integration.cycles.get());
                let busy = &mut self.busy[core as usize];
                *busy = (*busy).max(u64::from(arrival) * parts).saturating_add(work);
                busy.div_ceil(parts)
            }
        };
        self.step.integrated = self.step.integrated.max(integrated);
    }
}
