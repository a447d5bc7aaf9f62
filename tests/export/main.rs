//! What is written is read again as the very same.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

mod models;
mod onnx;
mod spiking;
