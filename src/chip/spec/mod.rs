//! What a chip is: how its cores are joined, what each can hold, what an operation costs. Each number is
//! data with a source and a grade ([`Graded`]), read from a TOML file ([`read_chip`]); `assets/chips/` has
//! one for each [`Preset`]. What isn't known stays without a value until the user fills it in.
//!
//! [`FIELDS`] names every number once: reader, writer, form and documentation are made from it.

mod check;
mod error;
mod fields;
mod graded;
mod presets;
mod read;
mod table;
mod value;
mod write;

pub use error::ChipError;
pub use fields::{Choice, Field, FieldSection, Kind, field};
pub use graded::{Grade, Graded, Source, Span, YOU};
pub use presets::Preset;
pub use read::{MAX_CHIP_BYTES, read_chip};
pub use table::FIELDS;
pub use value::{PerCore, Value};

use super::topology::Shape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A chip: everything that is known of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chip {
    /// The name of its file, without the ending; a [`Preset`]'s key, or one of the user's.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// One or two sentences on it.
    pub about: String,
    /// Where its numbers come from, by the key that [`Graded::source`] has.
    pub sources: BTreeMap<String, Source>,
    /// How its cores are joined, and what travels between them.
    pub network: OnChipNetwork,
    /// What a core can hold.
    pub core: CoreLimits,
    /// What the chip as a whole can hold, where that is published instead of, or beside, a core's share.
    pub whole: ChipLimits,
    /// What operations cost.
    pub energy: EnergyFigures,
    /// How long operations take.
    pub timing: Timing,
}

/// How cores are joined, and what travels between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OnChipNetwork {
    /// Mesh, quadtree or star.
    pub shape: Graded<Shape>,
    /// Routers in a row.
    pub width: Graded<u64>,
    /// Rows of routers.
    pub height: Graded<u64>,
    /// Cores that share a router (a tile). A hop is between routers.
    pub cores_per_router: Graded<u64>,
    /// Numbers of the cores that hold no neurons (controllers), counted as `Topology` counts them, ascending.
    pub reserved: Graded<Vec<u64>>,
    /// Whether one packet can reach several cores, branching on its way.
    pub multicast: Graded<bool>,
    /// Where spikes of the input come from. Where it is unknown, input neurons take cores.
    pub input: Graded<Input>,
    /// Bits of a packet.
    pub packet_bits: Graded<u64>,
}

/// Where spikes of a network's input come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// From neurons on cores, which take the place of others.
    #[default]
    Cores,
    /// From outside, through a port; input neurons take no place.
    Port,
}

/// What a core does with weights that many neurons share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kernels {
    /// A convolution's kernel is stored once per core.
    Shared,
    /// Every synapse has a weight of its own. The careful answer where it is unknown.
    #[default]
    Expanded,
}

/// What a core can hold. Nothing is limited by a field without a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoreLimits {
    /// Neurons.
    pub neurons: Graded<PerCore>,
    /// Input axons: neurons outside (or inside) the core that it can listen to.
    pub inputs: Graded<u64>,
    /// Output axons: (neuron, target core) pairs.
    pub outputs: Graded<u64>,
    /// Cores that one neuron can send to.
    pub targets: Graded<u64>,
    /// Synapses of one neuron.
    pub fan_in: Graded<u64>,
    /// Synapses of one neuron times the bits of their weights.
    pub fan_in_bits: Graded<u64>,
    /// Synapses of the core.
    pub synapses: Graded<u64>,
    /// Bits of the memory for weights.
    pub synapse_bits: Graded<PerCore>,
    /// Whether a convolution's weights are stored once per core.
    pub kernels: Graded<Kernels>,
    /// Widths that a weight can have, in bits, ascending.
    pub weight_bits: Graded<Vec<u64>>,
    /// Different values that the weights of one neuron can have.
    pub weight_values: Graded<u64>,
    /// Bits of the register that holds a membrane.
    pub membrane_bits: Graded<u64>,
    /// Bits of a neuron's constant; of its mantissa, where it has an exponent.
    pub bias_bits: Graded<u64>,
    /// Bits of the exponent of a neuron's constant; 0 where it has none.
    pub bias_exponent_bits: Graded<u64>,
    /// Whether a spike can be negative without a second axon.
    pub signed_spikes: Graded<bool>,
    /// Bits that a spike can carry, ascending; 1 is a spike that only tells that it is there.
    pub payload_bits: Graded<Vec<u64>>,
}

/// What a chip as a whole can hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChipLimits {
    /// Cores, with those reserved.
    pub cores: Graded<u64>,
    /// Neurons.
    pub neurons: Graded<u64>,
    /// Synapses.
    pub synapses: Graded<u64>,
    /// Bits of the memory for weights.
    pub synapse_bits: Graded<u64>,
}

/// What operations cost, in picojoules, and power in watts. Figures of different chips measure different
/// things; [`all_in`](Self::all_in) tells the most important difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnergyFigures {
    /// A spike weighed by one synapse and added.
    pub synaptic_operation: Graded<Span>,
    /// Whether that is the whole chip's energy divided by synaptic operations, so that nothing may be added.
    pub all_in: Graded<bool>,
    /// One time step of a neuron to which at least one spike came.
    pub update_active: Graded<Span>,
    /// One time step of a neuron to which none came.
    pub update_inactive: Graded<Span>,
    /// A spike fired, before any packet is sent.
    pub spike: Graded<Span>,
    /// A packet sent by a core.
    pub packet: Graded<Span>,
    /// A packet taken in by a core.
    pub packet_in: Graded<Span>,
    /// A packet's way from a router to the cores of its tile.
    pub tile: Graded<Span>,
    /// A hop along a row of a mesh.
    pub hop_east_west: Graded<Span>,
    /// A hop along a column of a mesh.
    pub hop_north_south: Graded<Span>,
    /// A hop up or down a tree or a star.
    pub hop_tree: Graded<Span>,
    /// Watts of a chip that does nothing.
    pub static_watts: Graded<Span>,
    /// Watts that a working core adds, everything that it computes included.
    pub core_watts: Graded<Span>,
}

/// How long operations take, in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// A hop along a row of a mesh.
    pub hop_east_west: Graded<Span>,
    /// A hop along a column of a mesh.
    pub hop_north_south: Graded<Span>,
    /// A hop up or down a tree or a star.
    pub hop_tree: Graded<Span>,
    /// A packet's way from a router to the cores of its tile.
    pub tile: Graded<Span>,
    /// A spike weighed by one synapse and added.
    pub synaptic_operation: Graded<Span>,
    /// One time step of a neuron to which at least one spike came.
    pub update: Graded<Span>,
    /// One time step of a neuron to which none came.
    pub update_inactive: Graded<Span>,
    /// A spike fired, before any packet is sent.
    pub spike: Graded<Span>,
    /// A packet sent by a core.
    pub packet: Graded<Span>,
    /// A packet taken in by a core.
    pub packet_in: Graded<Span>,
    /// All cores waiting for each other at the end of a time step: from few of them to all.
    pub barrier: Graded<Span>,
    /// The clock, in megahertz.
    pub clock: Graded<Span>,
}
