//! The chip: cores on a mesh, which neurons share a core, and the spikes that travel.

mod load;
mod mapping;
mod route;
mod targets;
mod traffic;

pub use load::{Load, LoadMeter};
pub use mapping::{Mapping, MappingError, Slice};
pub use route::Route;
pub use targets::Targets;
pub use traffic::{DIRECTIONS, Direction, Router, Traffic};

use serde::{Deserialize, Serialize};

/// Cores of one capacity on a W×H mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChipConfig {
    /// W, cores in a row.
    pub width: u16,
    /// H, rows.
    pub height: u16,
    /// Neurons that a core holds.
    pub neurons_per_core: u32,
}

impl ChipConfig {
    /// Number of cores.
    pub fn cores(&self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    /// (x, y) of a core.
    pub fn position(&self, core: usize) -> (usize, usize) {
        (core % usize::from(self.width), core / usize::from(self.width))
    }
}

impl Default for ChipConfig {
    fn default() -> Self {
        Self {
            width: 6,
            height: 5,
            neurons_per_core: 256,
        }
    }
}
