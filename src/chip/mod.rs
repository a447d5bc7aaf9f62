//! The chip: how its cores are joined, which neurons share a core, and the spikes that travel.

pub mod energy;
mod fit;
mod load;
mod mapping;
pub mod noc;
mod partial;
mod router;
pub mod spec;
mod targets;
mod topology;
mod traffic;

pub use fit::{Binding, Filled, Fit, SplitLayer, Usage, fit, fit_all, fit_within};
pub use load::{Flow, Load, LoadMeter, Loads};
pub use mapping::{
    Annealer, Annealing, Block, Delivery, Demand, InputFrom, Laid, Limit, Limits, Mapping, MappingError,
    MappingOptions, Minimize, Most, Partition, Placement, Remedy, Slice, Tiling, lay, volumes,
};
pub use partial::{SentAt, Split};
pub use router::Router;
pub use targets::{Target, Targets};
pub use topology::{DIRECTIONS, Direction, Route, Routing, Shape, Topology};
pub use traffic::{FlowKind, LayerFlow, Traffic};

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
    lay(network, &chip.limits(), &chip.mapping, &[]).map(|laid| laid.mapping)
}

impl ChipSettings {
    /// What a mapping must keep to.
    pub fn limits(&self) -> Limits {
        Limits::neurons_only(
            Topology::mesh(self.width, self.height),
            self.neurons_per_core.into(),
        )
    }
}
