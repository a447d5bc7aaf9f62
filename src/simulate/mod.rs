//! Running the spiking network, step by step.

mod array;
mod trace;

pub use array::Packed;
pub use trace::{MAX_EVENTS, OverflowEvent, Trace, WindowTrace};
