//! Quantized neural networks as spikes, exactly.
pub mod graph;
