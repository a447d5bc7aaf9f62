//! The quantized network: integer layers, and the integer reference that everything else is held
//! against.
//!
//! A [`Graph`](crate::graph::Graph) becomes a [`QuantizedNetwork`] by fusing: a linear operator,
//! the clamps behind it and the quantization of its result are one [`Layer`]; reshapes vanish.

mod fixed_point;
mod fuse;
mod network;
pub mod post_training;
mod reference;
mod requantize;
mod requantize_all;

pub use fixed_point::{FixedPoint, MAX_FACTOR, Multiplier};
pub use fuse::{FuseError, MAX_FAN_IN, quantize};
pub use network::{CodeTensor, Dendrite, Layer, QuantizedNetwork, Reduce, View, locate};
pub use reference::{Reference, winner};
pub use requantize::{Line, Requantizer, Rule, Shared, Step, Target, Term};
