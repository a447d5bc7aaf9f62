//! The chip: how its cores are joined, which neurons share a core, and the spikes that travel.

pub mod energy;
mod fit;
mod load;
mod mapping;
pub mod noc;
mod partial;
mod router;
mod settings;
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
pub use settings::ChipSettings;
pub use targets::{Target, Targets};
pub use topology::{DIRECTIONS, Direction, Route, Routing, Shape, Topology};
pub use traffic::{FlowKind, LayerFlow, Traffic};

use crate::spiking::SpikingNetwork;
use spec::Chip;

/// Lays a network onto the chip that these settings say.
///
/// # Errors
/// If it does not fit, or the settings do not go together.
pub fn map(network: &SpikingNetwork, settings: &ChipSettings) -> Result<Mapping, MappingError> {
    map_onto(network, &settings.chip(None)?, &settings.mapping)
}

/// Lays a network onto a chip.
///
/// # Errors
/// If it does not fit.
pub fn map_onto(
    network: &SpikingNetwork,
    chip: &Chip,
    options: &MappingOptions,
) -> Result<Mapping, MappingError> {
    lay(network, &Limits::of(chip)?, options, &[]).map(|laid| laid.mapping)
}
