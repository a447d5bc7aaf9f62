//! The chip: how its cores are joined, which neurons share a core, and the spikes that travel.

pub mod energy;
mod load;
mod mapping;
pub mod noc;
mod router;
pub mod spec;
mod targets;
mod topology;
mod traffic;

pub use load::{Flow, Load, LoadMeter, Loads};
pub use mapping::{
    Block, Delivery, Mapping, MappingError, MappingOptions, Minimize, Partition, Placement, Slice, Tiling,
    partition, volumes,
};
pub use router::Router;
pub use targets::{Target, Targets};
pub use topology::{DIRECTIONS, Direction, Route, Routing, Shape, Topology};
pub use traffic::{LayerFlow, Traffic};

use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};

/// The chip that a network is laid onto, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChipSettings {
    /// Routers in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// Neurons that a core holds.
    pub neurons_per_core: u32,
    /// How a network is laid onto it.
    pub mapping: MappingOptions,
}

impl Default for ChipSettings {
    fn default() -> Self {
        Self {
            width: 6,
            height: 5,
            neurons_per_core: 256,
            mapping: MappingOptions::default(),
        }
    }
}

/// Lays a network onto a chip.
///
/// # Errors
/// If it does not fit.
pub fn map(network: &SpikingNetwork, chip: &ChipSettings) -> Result<Mapping, MappingError> {
    let tilings = partition(&volumes(network), chip.neurons_per_core as usize, &chip.mapping);
    Mapping::in_order(
        Topology::mesh(chip.width, chip.height),
        chip.neurons_per_core,
        &chip.mapping,
        tilings,
    )
}
