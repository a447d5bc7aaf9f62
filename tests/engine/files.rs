//! Models, samples and ONNX Runtime's codes, from the repository's files.

use sdann::explore::open_network;
use sdann::import::dataset::{Array, read_array};
use sdann::quantize::QuantizedNetwork;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn network(path: &Path) -> QuantizedNetwork {
    let bytes = std::fs::read(path).unwrap();
    open_network(&bytes, &path.display().to_string()).unwrap()
}

pub fn model(name: &str) -> QuantizedNetwork {
    network(&root().join("assets/models").join(name))
}

pub fn array(path: &Path) -> Array {
    let bytes = std::fs::read(path).unwrap();
    read_array(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn codes(path: &Path) -> Vec<i32> {
    array(path).to_f32().into_iter().map(|v| v as i32).collect()
}

/// A data set's samples as the model's input codes.
pub fn samples(network: &QuantizedNetwork, name: &str, divide_by: f32) -> Vec<Vec<i32>> {
    let stored = array(&root().join("assets/datasets").join(name)).to_f32();
    let values: Vec<f32> = stored.into_iter().map(|v| v / divide_by).collect();
    values
        .chunks_exact(network.input().len())
        .map(|sample| network.quantize_input(sample))
        .collect()
}

/// The shipped models with the stem of their data set's names and their divisor.
pub const MODELS: [(&str, &str, f32); 2] = [("mnist-cnn", "mnist", 255.0), ("digits-mlp", "digits", 16.0)];

pub fn test_set(network: &QuantizedNetwork, set: &str, divide_by: f32) -> Vec<Vec<i32>> {
    samples(network, &format!("{set}-test-images.idx3-ubyte.gz"), divide_by)
}

pub fn calibration_set(network: &QuantizedNetwork, set: &str, divide_by: f32) -> Vec<Vec<i32>> {
    samples(
        network,
        &format!("{set}-calibration-images.idx3-ubyte.gz"),
        divide_by,
    )
}
