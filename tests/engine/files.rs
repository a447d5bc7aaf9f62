//! Models, samples and ONNX Runtime's codes, from the repository's files.

use sdann::explore::open_network;
use sdann::import::dataset::{Array, read_array};
use sdann::quantize::QuantizedNetwork;
use std::path::{Path, PathBuf};

/// A shipped network with its data.
pub struct Shipped {
    pub name: &'static str,
    /// What its data's files are called, before and after the part's name.
    pub data: (&'static str, &'static str),
    /// A stored value divided by this is what the model takes.
    pub divide_by: f32,
}

const fn shipped(name: &'static str, data: (&'static str, &'static str), divide_by: f32) -> Shipped {
    Shipped {
        name,
        data,
        divide_by,
    }
}

const IMAGES: &str = "images.idx3-ubyte.gz";

/// All of them.
pub const SHIPPED: [Shipped; 7] = [
    shipped("mnist-cnn", ("mnist", IMAGES), 255.0),
    shipped("digits-mlp", ("digits", IMAGES), 16.0),
    shipped("mnist-residual", ("mnist", IMAGES), 255.0),
    shipped("mnist-4bit", ("mnist", IMAGES), 255.0),
    shipped("mnist-denoiser", ("mnist-noisy", IMAGES), 255.0),
    shipped("signal-1d", ("vowels", "curves.idx3-byte.gz"), 50.0),
    shipped("sine-regression", ("sine", "inputs.idx2-float.gz"), 1.0),
];

impl Shipped {
    /// A form of it: "" is QDQ (QCDQ for `mnist-4bit`), ".qoperator" the other; not all have that.
    pub fn form(&self, form: &str) -> Option<QuantizedNetwork> {
        let path = root().join(format!("assets/models/{}{form}.onnx", self.name));
        path.exists().then(|| network(&path))
    }

    /// Samples of a part of its data ("test", "training") as the network's input codes, if that is stored.
    pub fn samples(&self, network: &QuantizedNetwork, part: &str) -> Option<Vec<Vec<i32>>> {
        let (stem, ending) = self.data;
        let name = format!("{stem}-{part}-{ending}");
        let is_stored = root().join("assets/datasets").join(&name).exists();
        is_stored.then(|| samples(network, &name, self.divide_by))
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What ONNX Runtime computed, if it is stored.
pub fn fixture(name: &str) -> Option<Vec<i32>> {
    let path = root().join(format!("tests/fixtures/{name}.npy"));
    path.exists().then(|| codes(&path))
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

pub fn test_set(network: &QuantizedNetwork, set: &str, divide_by: f32) -> Vec<Vec<i32>> {
    samples(network, &format!("{set}-test-{IMAGES}"), divide_by)
}

pub fn calibration_set(network: &QuantizedNetwork, set: &str, divide_by: f32) -> Vec<Vec<i32>> {
    samples(network, &format!("{set}-calibration-{IMAGES}"), divide_by)
}
