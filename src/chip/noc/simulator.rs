//! One cycle after the other: who wants a way out, who gets it, who waits.

use super::ways::{Channel, Way, Ways};
use super::{Counts, Groups, NocError, RouterModel};
use crate::chip::{Delivery, Routing, Topology};
use serde::{Deserialize, Serialize};

/// No flit, queue or channel of this number.
const NONE: u32 = u32::MAX;

/// A flit in a queue, and the one behind it.
#[derive(Clone, Copy, Debug)]
struct Flit {
    way: Way,
    born: u32,
    /// The cycle in which it may leave.
    ready: u32,
    behind: u32,
}

/// A queue at the end of a link, or that of a core's spikes.
#[derive(Clone, Copy, Debug)]
struct Queue {
    router: u32,
    /// Its number among the queues of that router.
    port: u32,
    first: u32,
    last: u32,
    len: u32,
    /// When the first flit may leave, and by which channel; [`NONE`] if by several, which are in `copies`.
    ready: u32,
    wants: Channel,
    is_active: bool,
}

/// Who gets a channel.
#[derive(Clone, Copy, Debug)]
struct Arbiter {
    /// The port that comes first: the one behind the last that was served.
    turn: u32,
    /// The queue that is to be served in cycle `at`.
    winner: u32,
    at: u32,
}

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
    depth: u32,
    /// Number of links; queue and channel `links + c` are core c's.
    links: u32,
    pool: Vec<Flit>,
    /// The first free place of the pool.
    free: u32,
    queues: Vec<Queue>,
    arbiters: Vec<Arbiter>,
    /// Of a queue whose first flit forks: copies that are still to be sent.
    copies: Vec<Vec<(Channel, Way)>>,
    /// Queues with flits, and channels that are wanted in this cycle.
    active: Vec<u32>,
    wanted: Vec<Channel>,
    /// Spikes of each core that have yet to fire.
    firing: Firing,
    /// When each core has added up what it got, in parts of a cycle: one of [`Integration::operations`].
    busy: Vec<u64>,
    now: u32,
    step: StepTime,
    counts: Counts,
}

/// The spikes of a time step, core by core.
#[derive(Clone, Debug, Default)]
struct Firing {
    /// Groups of the step's spikes, by core.
    spikes: Vec<u32>,
    /// Where in `spikes` the next one of each core is, and where they end.
    next: Vec<u32>,
    end: Vec<u32>,
    /// Packets of the next spike that have left already.
    sent: Vec<u32>,
    /// Cores with any.
    cores: Vec<u32>,
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
        if !(1..=RouterModel::MAX_HOP_CYCLES).contains(&model.hop_cycles) {
            return Err(NocError::HopCycles(model.hop_cycles));
        }
        let (cores, links) = (topology.cores(), topology.links());
        if let Some(core) = groups.greatest_core().filter(|&core| core as usize >= cores) {
            return Err(NocError::NoSuchCore { core, cores });
        }
        const MAX: u32 = 1 << 30;
        for (what, count) in [
            ("links and cores", links + cores),
            ("destinations of groups", groups.all().len()),
        ] {
            if count > MAX as usize {
                return Err(NocError::TooMany {
                    what,
                    count,
                    max: MAX,
                });
            }
        }
        let ways = Ways::new(topology, routing, &groups);
        let queues = queues(topology, &ways);
        let channels = queues.len();
        Ok(Self {
            model,
            delivery,
            ways,
            depth: model.queue_depth.map_or(u32::MAX, u32::from),
            links: links as u32,
            pool: Vec::new(),
            free: NONE,
            arbiters: vec![
                Arbiter {
                    turn: 0,
                    winner: NONE,
                    at: NONE
                };
                channels
            ],
            copies: vec![Vec::new(); channels],
            active: Vec::new(),
            wanted: Vec::new(),
            firing: Firing {
                next: vec![0; cores],
                end: vec![0; cores],
                sent: vec![0; cores],
                ..Firing::default()
            },
            busy: vec![0; cores],
            now: 0,
            step: StepTime::default(),
            counts: Counts::new(links, topology.nodes(), cores),
            groups,
            queues,
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

    /// Empties all queues and lets every arbiter start anew, so that a step depends on its spikes alone.
    pub(super) fn reset(&mut self) {
        self.pool.clear();
        self.free = NONE;
        for queue in &mut self.queues {
            queue.len = 0;
            queue.is_active = false;
        }
        for arbiter in &mut self.arbiters {
            (arbiter.turn, arbiter.at) = (0, NONE);
        }
        self.active.clear();
        self.busy.fill(0);
        self.now = 0;
        self.step = StepTime::default();
    }

    /// Goes on for at most so many cycles, and says whether all spikes are through.
    ///
    /// # Errors
    /// [`NocError::TooLong`] after four thousand million cycles.
    pub fn advance(&mut self, cycles: u32) -> Result<bool, NocError> {
        let until = self.now.saturating_add(cycles).min(LAST_CYCLE);
        while self.now < until {
            self.fire();
            if self.active.is_empty() && self.firing.cores.is_empty() {
                return Ok(true);
            }
            let soonest = self.cycle();
            if self.firing.cores.is_empty() {
                self.now = self.now.max(soonest.min(until));
            }
        }
        if self.now == LAST_CYCLE {
            return Err(NocError::TooLong(LAST_CYCLE));
        }
        Ok(false)
    }

    /// The time step so far, or the last one.
    pub fn step(&self) -> StepTime {
        self.step
    }

    /// One packet of each core that has any left.
    fn fire(&mut self) {
        let mut at = 0;
        while let Some(&core) = self.firing.cores.get(at) {
            let index = core as usize;
            let group = self.firing.spikes[self.firing.next[index] as usize];
            let destinations = self.groups.range(group);
            let (way, packets) = match self.delivery {
                Delivery::Unicast => {
                    let sent = self.firing.sent[index] as usize;
                    (self.ways.single(destinations.start + sent), destinations.len())
                }
                Delivery::Multicast => (self.ways.tree(&self.groups, group), 1),
            };
            self.emit(core, way);
            self.firing.sent[index] += 1;
            if self.firing.sent[index] as usize == packets {
                self.firing.sent[index] = 0;
                self.firing.next[index] += 1;
            }
            if self.firing.next[index] == self.firing.end[index] {
                self.firing.cores.swap_remove(at);
            } else {
                at += 1;
            }
        }
    }

    fn emit(&mut self, core: u32, way: Way) {
        let flit = self.allocate(Flit {
            way,
            born: self.now,
            ready: self.now,
            behind: NONE,
        });
        self.push(self.links + core, flit);
    }

    fn allocate(&mut self, flit: Flit) -> u32 {
        if self.free == NONE {
            self.pool.push(flit);
            return self.pool.len() as u32 - 1;
        }
        let index = self.free;
        self.free = std::mem::replace(&mut self.pool[index as usize], flit).behind;
        index
    }

    /// Appends a flit of the pool to a queue.
    fn push(&mut self, queue: u32, flit: u32) {
        let q = &mut self.queues[queue as usize];
        q.len += 1;
        let deepest = match queue < self.links {
            true => &mut self.counts.deepest,
            false => &mut self.counts.backlog,
        };
        let deepest = &mut deepest[q.router as usize];
        *deepest = (*deepest).max(q.len);
        if q.len == 1 {
            (q.first, q.last) = (flit, flit);
            self.step_forward(queue);
        } else {
            self.pool[q.last as usize].behind = flit;
            q.last = flit;
        }
    }

    /// A queue's first flit is a new one: where does it want to go?
    fn step_forward(&mut self, queue: u32) {
        let q = &mut self.queues[queue as usize];
        let Flit { way, ready, .. } = self.pool[q.first as usize];
        q.ready = ready;
        q.wants = match self.ways.branches(way) {
            None => self.ways.channel(q.router, way),
            Some(branches) => {
                let copies = &mut self.copies[queue as usize];
                copies.clear();
                copies.extend(branches.iter().map(|branch| (branch.channel, branch.way)));
                NONE
            }
        };
        if !q.is_active {
            q.is_active = true;
            self.active.push(queue);
        }
    }

    /// Takes a queue's first flit out and gives its place in the pool.
    fn pop(&mut self, queue: u32) -> u32 {
        let q = &mut self.queues[queue as usize];
        let flit = q.first;
        q.len -= 1;
        if q.len > 0 {
            q.first = self.pool[flit as usize].behind;
            self.step_forward(queue);
        }
        flit
    }

    /// One cycle; gives the next one in which anything that is in a queue can move. All wishes are collected
    /// before anything moves, so that every decision rests on how things are at the cycle's beginning and the
    /// order of queues doesn't matter.
    pub(super) fn cycle(&mut self) -> u32 {
        let next = self.now + 1;
        let mut soonest = NONE;
        let mut kept = 0;
        for at in 0..self.active.len() {
            let queue = self.active[at];
            let q = &mut self.queues[queue as usize];
            if q.len == 0 {
                q.is_active = false;
                continue;
            }
            let q = *q;
            self.active[kept] = queue;
            kept += 1;
            if q.ready > self.now {
                soonest = soonest.min(q.ready);
                continue;
            }
            soonest = next;
            if q.wants != NONE {
                self.want(queue, q, q.wants);
                continue;
            }
            for copy in 0..self.copies[queue as usize].len() {
                self.want(queue, q, self.copies[queue as usize][copy].0);
            }
        }
        self.active.truncate(kept);
        for at in 0..self.wanted.len() {
            self.grant(self.wanted[at]);
        }
        self.wanted.clear();
        self.now = next;
        if soonest == NONE { next } else { soonest }
    }

    #[inline]
    fn want(&mut self, queue: u32, q: Queue, channel: Channel) {
        let arbiter = &mut self.arbiters[channel as usize];
        if channel < self.links && self.queues[channel as usize].len >= self.depth {
            self.counts.stalls[q.router as usize] += 1;
        } else if arbiter.at != self.now {
            arbiter.at = self.now;
            arbiter.winner = queue;
            self.wanted.push(channel);
        } else {
            self.counts.stalls[q.router as usize] += 1;
            // Round robin: ports from `turn` on come before those below it.
            let rank = |port: u32| port.wrapping_sub(arbiter.turn);
            if rank(q.port) < rank(self.queues[arbiter.winner as usize].port) {
                arbiter.winner = queue;
            }
        }
    }

    fn grant(&mut self, channel: Channel) {
        let arbiter = &mut self.arbiters[channel as usize];
        let queue = arbiter.winner;
        let q = &self.queues[queue as usize];
        arbiter.turn = q.port + 1;
        let arrival = self.now + self.model.hop_cycles;
        self.step.moves += 1;
        let copies = &mut self.copies[queue as usize];
        let (flit, way, born) = if q.wants != NONE {
            let flit = self.pop(queue);
            let Flit { way, born, .. } = self.pool[flit as usize];
            (flit, way, born)
        } else {
            let place = copies.iter().position(|&(c, _)| c == channel).unwrap_or_default();
            let (_, way) = copies.swap_remove(place);
            let is_last = copies.is_empty();
            let born = self.pool[q.first as usize].born;
            let flit = if is_last { self.pop(queue) } else { NONE };
            (flit, way, born)
        };
        if channel >= self.links {
            self.deliver(channel - self.links, way, born, arrival);
            if flit != NONE {
                self.pool[flit as usize].behind = std::mem::replace(&mut self.free, flit);
            }
            return;
        }
        self.counts.links[channel as usize] += 1;
        let moved = Flit {
            way,
            born,
            ready: arrival,
            behind: NONE,
        };
        let flit = if flit == NONE {
            self.allocate(moved)
        } else {
            self.pool[flit as usize] = moved;
            flit
        };
        self.push(channel, flit);
    }

    fn deliver(&mut self, core: u32, way: Way, born: u32, arrival: u32) {
        self.counts.latency.add(arrival - born);
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

/// Cycles are numbered in 32 bits, with room for a hop.
pub(super) const LAST_CYCLE: u32 = u32::MAX - RouterModel::MAX_HOP_CYCLES;

/// The queues at the ends of links, then those of cores; each with its router, numbered there. A number that
/// is no link's has a queue that nothing ever enters.
fn queues(topology: &Topology, ways: &Ways) -> Vec<Queue> {
    let mut ports = vec![0; topology.nodes()];
    let links = (0..topology.links()).map(|link| topology.link_ends(link).map(|(_, to)| to));
    let cores = (0..topology.cores() as u32).map(|core| Some(ways.router_of(core) as usize));
    let mut port = |router: usize| {
        ports[router] += 1;
        ports[router] - 1
    };
    let queue = |router: Option<usize>| Queue {
        router: router.unwrap_or_default() as u32,
        port: router.map_or(0, &mut port),
        first: NONE,
        last: NONE,
        len: 0,
        ready: 0,
        wants: NONE,
        is_active: false,
    };
    links.chain(cores).map(queue).collect()
}

impl Firing {
    /// Sorts a step's spikes by core, those of a core in their order.
    fn load(&mut self, groups: &Groups, spikes: &[u32]) {
        let reaching = || spikes.iter().filter(|&&group| !groups.range(group).is_empty());
        self.end.fill(0);
        for &group in reaching() {
            self.end[groups.from(group) as usize] += 1;
        }
        self.cores.clear();
        let mut first = 0;
        for (core, end) in self.end.iter_mut().enumerate() {
            self.next[core] = first;
            if *end > 0 {
                self.cores.push(core as u32);
            }
            first += std::mem::replace(end, first);
        }
        self.spikes.clear();
        self.spikes.resize(first as usize, 0);
        // `end` starts at each core's first place and is where the last spike was put when all are.
        for &group in reaching() {
            let end = &mut self.end[groups.from(group) as usize];
            self.spikes[*end as usize] = group;
            *end += 1;
        }
        self.sent.fill(0);
    }
}
