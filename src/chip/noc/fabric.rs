//! The routers: who wants a way out, who gets it, who waits.

use super::ways::{Channel, Way, Ways};
use super::{Counts, RouterModel};
use crate::chip::Topology;
use std::collections::VecDeque;

/// No flit, queue or channel of this number.
const NONE: u32 = u32::MAX;

/// Cycles are numbered in 32 bits, with room for a hop.
pub(super) const LAST_CYCLE: u32 = u32::MAX - RouterModel::MAX_HOP_CYCLES;

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
    /// Places that are taken, as far as those who send into it know.
    taken: u32,
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

/// A packet that reached a core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) core: u32,
    pub(super) way: Way,
    /// When its neuron fired.
    pub(super) born: u32,
}

/// Routers, their queues and what is in them.
#[derive(Clone, Debug)]
pub(super) struct Fabric {
    depth: u32,
    hop_cycles: u32,
    credit_cycles: u32,
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
    /// Places that have become free: from which cycle on those who send know, and the queue; by cycle.
    credits: VecDeque<(u32, u32)>,
    /// Packets that left the network in the last cycle, to arrive a hop later.
    pub(super) arrivals: Vec<Arrival>,
    /// Movements of flits since the last reset.
    pub(super) moves: u64,
    /// The current cycle.
    pub(super) now: u32,
}

impl Fabric {
    pub(super) fn new(topology: &Topology, ways: &Ways, model: &RouterModel) -> Self {
        let queues = queues(topology, ways);
        let idle = Arbiter {
            turn: 0,
            winner: NONE,
            at: NONE,
        };
        Self {
            depth: model.queue_depth.map_or(u32::MAX, u32::from),
            hop_cycles: model.hop_cycles,
            credit_cycles: model.credit_cycles,
            links: topology.links() as u32,
            pool: Vec::new(),
            free: NONE,
            arbiters: vec![idle; queues.len()],
            copies: vec![Vec::new(); queues.len()],
            active: Vec::new(),
            wanted: Vec::new(),
            credits: VecDeque::new(),
            arrivals: Vec::new(),
            moves: 0,
            now: 0,
            queues,
        }
    }

    /// Empties all queues and lets every arbiter start anew, so that what follows depends on nothing before.
    pub(super) fn reset(&mut self) {
        self.pool.clear();
        self.free = NONE;
        for queue in &mut self.queues {
            (queue.len, queue.taken) = (0, 0);
            queue.is_active = false;
        }
        for arbiter in &mut self.arbiters {
            (arbiter.turn, arbiter.at) = (0, NONE);
        }
        self.active.clear();
        self.credits.clear();
        self.arrivals.clear();
        self.moves = 0;
        self.now = 0;
    }

    /// Whether nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.active.is_empty()
    }

    /// A core sends a packet, now.
    pub(super) fn emit(&mut self, ways: &Ways, counts: &mut Counts, core: u32, way: Way) {
        let flit = self.allocate(Flit {
            way,
            born: self.now,
            ready: self.now,
            behind: NONE,
        });
        self.push(ways, counts, self.links + core, flit);
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
    fn push(&mut self, ways: &Ways, counts: &mut Counts, queue: u32, flit: u32) {
        let q = &mut self.queues[queue as usize];
        q.len += 1;
        q.taken += 1;
        let deepest = match queue < self.links {
            true => &mut counts.deepest,
            false => &mut counts.backlog,
        };
        let deepest = &mut deepest[q.router as usize];
        *deepest = (*deepest).max(q.len);
        if q.len == 1 {
            (q.first, q.last) = (flit, flit);
            self.step_forward(ways, queue);
        } else {
            self.pool[q.last as usize].behind = flit;
            q.last = flit;
        }
    }

    /// A queue's first flit is a new one: where does it want to go?
    fn step_forward(&mut self, ways: &Ways, queue: u32) {
        let q = &mut self.queues[queue as usize];
        let Flit { way, ready, .. } = self.pool[q.first as usize];
        q.ready = ready;
        q.wants = match ways.branches(way) {
            None => ways.channel(q.router, way),
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
    fn pop(&mut self, ways: &Ways, queue: u32) -> u32 {
        let q = &mut self.queues[queue as usize];
        let flit = q.first;
        q.len -= 1;
        if self.credit_cycles == 1 {
            q.taken -= 1;
        } else {
            self.credits.push_back((self.now + self.credit_cycles, queue));
        }
        if q.len > 0 {
            q.first = self.pool[flit as usize].behind;
            self.step_forward(ways, queue);
        }
        flit
    }

    /// One cycle; gives the next one in which anything that is in a queue can move. All wishes are collected
    /// before anything moves, so that every decision rests on how things are at the cycle's beginning and the
    /// order of queues doesn't matter.
    pub(super) fn cycle(&mut self, ways: &Ways, counts: &mut Counts) -> u32 {
        let next = self.now + 1;
        self.arrivals.clear();
        self.return_credits();
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
                self.want(counts, queue, q, q.wants);
                continue;
            }
            for copy in 0..self.copies[queue as usize].len() {
                self.want(counts, queue, q, self.copies[queue as usize][copy].0);
            }
        }
        self.active.truncate(kept);
        for at in 0..self.wanted.len() {
            self.grant(ways, counts, self.wanted[at]);
        }
        self.wanted.clear();
        self.now = next;
        if soonest == NONE { next } else { soonest }
    }

    /// Tells those who send of places that have become free.
    fn return_credits(&mut self) {
        while let Some(&(from, queue)) = self.credits.front()
            && from <= self.now
        {
            self.queues[queue as usize].taken -= 1;
            self.credits.pop_front();
        }
    }

    #[inline]
    fn want(&mut self, counts: &mut Counts, queue: u32, q: Queue, channel: Channel) {
        let arbiter = &mut self.arbiters[channel as usize];
        if channel < self.links && self.queues[channel as usize].taken >= self.depth {
            counts.stalls[q.router as usize] += 1;
        } else if arbiter.at != self.now {
            arbiter.at = self.now;
            arbiter.winner = queue;
            self.wanted.push(channel);
        } else {
            counts.stalls[q.router as usize] += 1;
            // Round robin: ports from `turn` on come before those below it.
            let rank = |port: u32| port.wrapping_sub(arbiter.turn);
            if rank(q.port) < rank(self.queues[arbiter.winner as usize].port) {
                arbiter.winner = queue;
            }
        }
    }

    fn grant(&mut self, ways: &Ways, counts: &mut Counts, channel: Channel) {
        let arbiter = &mut self.arbiters[channel as usize];
        let queue = arbiter.winner;
        let q = &self.queues[queue as usize];
        arbiter.turn = q.port + 1;
        self.moves += 1;
        let copies = &mut self.copies[queue as usize];
        let (flit, way, born) = if q.wants != NONE {
            let flit = self.pop(ways, queue);
            let Flit { way, born, .. } = self.pool[flit as usize];
            (flit, way, born)
        } else {
            let place = copies.iter().position(|&(c, _)| c == channel).unwrap_or_default();
            let (_, way) = copies.swap_remove(place);
            let is_last = copies.is_empty();
            let born = self.pool[q.first as usize].born;
            let flit = if is_last { self.pop(ways, queue) } else { NONE };
            (flit, way, born)
        };
        if channel >= self.links {
            self.arrivals.push(Arrival {
                core: channel - self.links,
                way,
                born,
            });
            if flit != NONE {
                self.pool[flit as usize].behind = std::mem::replace(&mut self.free, flit);
            }
            return;
        }
        counts.links[channel as usize] += 1;
        let moved = Flit {
            way,
            born,
            ready: self.now + self.hop_cycles,
            behind: NONE,
        };
        let flit = if flit == NONE {
            self.allocate(moved)
        } else {
            self.pool[flit as usize] = moved;
            flit
        };
        self.push(ways, counts, channel, flit);
    }
}

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
        taken: 0,
        ready: 0,
        wants: NONE,
        is_active: false,
    };
    links.chain(cores).map(queue).collect()
}
