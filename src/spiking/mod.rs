//! The quantized network as spikes: codes as bits, the STEM neuron, conversion.
//!
//! Equations and their sources are in `docs/MATHEMATICS.md`.

mod conversion;
mod plan;

pub use conversion::{
    Accumulation, BiasCalibration, BitOrder, Conversion, Factor, FoldAt, MAX_REGISTER_BITS, MIN_REGISTER_BITS,
    Overflow, Rounding, Scaling,
};
pub use plan::LayerPlan;
