//! Quantized neural networks as spikes, exactly.
pub mod chip;
pub mod explore;
pub mod graph;
pub mod import;
pub mod quantize;
pub mod settings;
pub mod simulate;
pub mod spiking;
#[cfg(feature = "web")]
pub mod web;
