//! Time on the chip: routers with input queues, cycle by cycle.
//!
//! [`Groups`] say where the spikes of a mapped network go; [`Noc`] carries a time step's spikes, flit by flit, and
//! counts in [`Counts`] what its routers do; [`RunTime`] adds steps up to a sample's latency and a pipeline's
//! throughput, [`Clock`] turns them into nanoseconds; [`Noc::offer`] is the experiment of the literature, latency
//! against offered load, and [`Headroom`] does it with a network's own traffic. How the model works, what it leaves
//! out and how it compares is in `docs/CHIP-TIMING.md`.

mod clock;
mod counts;
mod fabric;
mod firing;
mod headroom;
mod open_loop;
mod packets;
mod run_time;
mod simulator;
mod spikes;
#[cfg(test)]
mod tests;
mod ways;

pub use clock::{Clock, Missing, Nanoseconds, SampleTime};
pub use counts::{Counts, Latency, LatencySummary};
pub use headroom::Headroom;
pub use open_loop::{LoadPoint, Pattern, Windows};
pub use packets::{Destination, Groups};
pub use run_time::{BusiestLink, Congestion, LayerWindow, RunTime, WindowTime};
pub use simulator::{Noc, StepTime};
pub use spikes::{ChipStep, NetworkGroups, SampleSteps};

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use thiserror::Error;

/// How fast a core adds spikes up: so many synaptic operations in so many cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Integration {
    /// Synaptic operations.
    pub operations: NonZeroU32,
    /// Cycles that they take.
    pub cycles: NonZeroU32,
}

/// What routers and cores are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouterModel {
    /// Flits that fit into the queue at the end of a link, from 1; `None` for as many as come.
    pub queue_depth: Option<NonZeroU32>,
    /// Cycles from the queue of one router to that of the next, or to a core, from 1 to
    /// [`RouterModel::MAX_HOP_CYCLES`].
    pub hop_cycles: u32,
    /// Cycles from when a flit has left a queue to when the router before knows that there is room, from 1 to
    /// [`RouterModel::MAX_HOP_CYCLES`].
    pub credit_cycles: u32,
    /// How fast cores add spikes up; `None` if that takes no time.
    pub integration: Option<Integration>,
}

impl RouterModel {
    /// The slowest routers.
    pub const MAX_HOP_CYCLES: u32 = 1000;
}

impl Default for RouterModel {
    /// Queues of 8 flits, BookSim 2's default (`vc_buf_size`); a cycle for a hop, one for word that there is
    /// room, and one for each synaptic operation.
    fn default() -> Self {
        Self {
            queue_depth: NonZeroU32::new(8),
            hop_cycles: 1,
            credit_cycles: 1,
            integration: Some(Integration {
                operations: NonZeroU32::MIN,
                cycles: NonZeroU32::MIN,
            }),
        }
    }
}

/// Why spikes cannot be carried.
#[derive(Debug, Error, PartialEq, Eq, Clone, Serialize, Deserialize)]
pub enum NocError {
    /// A group names a core that is not there.
    #[error("a group of neurons sends to or from core {core}, but the chip has {cores} cores, from 0 on")]
    NoSuchCore {
        /// The core.
        core: u32,
        /// Cores that there are.
        cores: usize,
    },
    /// A spike names a group that is not there.
    #[error("a spike is of group {group}, but there are {groups} groups, from 0 on")]
    NoSuchGroup {
        /// The group.
        group: u32,
        /// Groups that there are.
        groups: usize,
    },
    /// Hops or credits are too slow, or take no time.
    #[error("{what} takes {cycles} cycles; from 1 to {max} are supported", max = RouterModel::MAX_HOP_CYCLES)]
    Cycles {
        /// What that is.
        what: String,
        /// How long it takes.
        cycles: u32,
    },
    /// More than the model can hold.
    #[error("{what}: {count} are more than the {max} that the router model can hold; map onto fewer cores")]
    TooMany {
        /// What there is too much of.
        what: String,
        /// How much.
        count: u64,
        /// How much is supported.
        max: u32,
    },
    /// The step ran on.
    #[error("the time step takes more than {0} cycles; split it, or send fewer spikes")]
    TooLong(u32),
}
