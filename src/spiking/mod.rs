//! The quantized network as spikes: codes as bits, the STEM neuron, conversion.
//!
//! Equations and their sources are in `docs/MATHEMATICS.md`.

mod code;
mod conversion;
mod convert;
mod network;
mod neuron;
mod plan;
mod silence;
mod tables;

pub use code::{Reach, SpikeCode, Step};
pub use conversion::{
    Accumulation, BiasCalibration, BitOrder, Conversion, Digits, Factor, FoldAt, MAX_REGISTER_BITS,
    MIN_REGISTER_BITS, Overflow, Rounding, Scaling, SilentCode,
};
pub(crate) use convert::{Fitted, fit_bias, products_fit, rounding_reserve};
pub use convert::{Range, convert, convert_coded, ideal, no_ranges};
pub use network::{Fire, LANES, SpikingDendrite, SpikingLayer, SpikingNetwork, Synapses};
pub use neuron::{Register, Scale};
pub use plan::LayerPlan;
pub use silence::{code_groups, spike_codes};
pub(crate) use tables::{CHANNELS, PATTERNS, TAPS, Tables};
