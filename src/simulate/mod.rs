//! Running the spiking network, step by step.

mod array;
mod batch;
mod calibrate;
mod correct;
mod frequency;
mod integrate;
mod kernels;
mod layer;
mod simulator;
mod trace;

pub use array::Packed;
pub use batch::BatchSimulator;
pub(crate) use calibrate::RangeMeter;
pub use calibrate::{
    Samples, Statistics, calibrate, calibrate_within, exact_potentials, measure, potential_errors,
};
pub use correct::CORRECTION_MEMORY;
pub use frequency::most_frequent;
pub use simulator::{Observer, Simulator, Site};
pub use trace::{DendriteTrace, MAX_EVENTS, OverflowEvent, Trace, WindowTrace, trace};
