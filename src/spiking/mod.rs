//! The quantized network as spikes: codes as bits, the STEM neuron, conversion.
//!
//! Equations and their sources are in `docs/MATHEMATICS.md`.

pub mod code;
mod conversion;
mod convert;
mod network;
mod neuron;
mod plan;

pub use code::Step;
pub use conversion::{
    Accumulation, BiasCalibration, BitOrder, Conversion, Factor, FoldAt, MAX_REGISTER_BITS,
    MIN_REGISTER_BITS, Overflow, Rounding, Scaling,
};
pub(crate) use convert::{Fitted, fit_bias, rounding_reserve};
pub use convert::{Range, convert, ideal, no_ranges};
pub use network::{Fire, LANES, SpikingDendrite, SpikingLayer, SpikingNetwork, Synapses};
pub use neuron::{Register, Scale};
pub use plan::LayerPlan;
