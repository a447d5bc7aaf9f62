//! The spikes of a time step that have yet to fire.

use super::Groups;

/// The spikes of a time step, core by core; every core fires a packet a cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct Firing {
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

impl Firing {
    pub(super) fn new(cores: usize) -> Self {
        Self {
            next: vec![0; cores],
            end: vec![0; cores],
            sent: vec![0; cores],
            ..Self::default()
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.cores.clear();
    }

    /// Whether all have fired.
    pub(super) fn is_done(&self) -> bool {
        self.cores.is_empty()
    }

    /// One packet of each core that has any left: calls `emit(core, group, packet)` with the number of the packet
    /// among those of its spike, of which there are `packets(group)`.
    pub(super) fn fire(&mut self, packets: impl Fn(u32) -> usize, mut emit: impl FnMut(u32, u32, usize)) {
        let mut at = 0;
        while let Some(&core) = self.cores.get(at) {
            let index = core as usize;
            let group = self.spikes[self.next[index] as usize];
            emit(core, group, self.sent[index] as usize);
            self.sent[index] += 1;
            if self.sent[index] as usize == packets(group) {
                self.sent[index] = 0;
                self.next[index] += 1;
            }
            if self.next[index] == self.end[index] {
                self.cores.swap_remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// Sorts a step's spikes by core, those of a core in their order.
    pub(super) fn load(&mut self, groups: &Groups, spikes: &[u32]) {
        let reaching = || spikes.iter().filter(|&&group| !groups.range(group).is_empty());
        self.end.fill(0);
        for &group in reaching() {
            self.end[groups.from(group) as usize] += 1;
        }
        self.clear();
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
