//! The engine, held against ONNX Runtime's and TensorFlow Lite's integers, and against itself.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod baseline;
mod batches;
mod chip;
mod chip_files;
mod chip_timing;
mod codes;
mod corpus;
mod exactness;
mod files;
mod fit;
mod mapping;
mod partial_sums;
mod placement;
mod post_training;
mod program;
mod properties;
mod provenance;
mod quantization;
mod reals;
mod registers;
mod report;
mod sanafe;
mod tflite;
