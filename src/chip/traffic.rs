//! Spikes that travel: what each core sends and receives, and what each link carries, step by step.

use super::ChipConfig;
use crate::simulate::Packed;
use serde::{Deserialize, Serialize};

/// The four ways out of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Towards larger x.
    East,
    /// Towards smaller x.
    West,
    /// Towards larger y (downwards).
    South,
    /// Towards smaller y (upwards).
    North,
}

/// Links are numbered `core · 4 + direction`, the direction in the order of [`Direction`].
pub const DIRECTIONS: usize = 4;

/// Traffic of one sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// The mesh; core (x, y) has the index `y · width + x`.
    pub chip: ChipConfig,
    /// Time steps: the steps of all windows, one window after the other.
    pub steps: usize,
    /// Spikes that the neurons of a core fire: `spikes[step · cores + core]`.
    pub spikes: Packed<u32>,
    /// Packets that leave a core (a spike goes once to each core that holds a target, itself
    /// included): `sent[step · cores + core]`.
    pub sent: Packed<u32>,
    /// Packets that arrive at a core: `received[step · cores + core]`.
    pub received: Packed<u32>,
    /// Synaptic operations of a core: `operations[step · cores + core]`.
    pub operations: Packed<u32>,
    /// Packets over a link: `links[step · links + core · 4 + direction]`.
    pub links: Packed<u32>,
    /// Hops of all packets in a step.
    pub hops: Vec<u64>,
}

impl Traffic {
    /// Number of cores on the mesh.
    pub fn cores(&self) -> usize {
        self.chip.cores()
    }

    /// The cores' entries of `counts` at `step`.
    pub fn at<'a>(&self, counts: &'a [u32], step: usize) -> &'a [u32] {
        let entries = counts.len() / self.steps.max(1);
        &counts[step * entries..][..entries]
    }
}
