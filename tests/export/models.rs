//! Quantized graphs: all those of the repository, and small ones of every bit width.

use sdann::graph::{
    Affine, Arithmetic, Clamp, CodeFormat, Conv, Dense, Encoding, Graph, Node, Op, Pool, Tensor, Weights,
    Window,
};
use sdann::import::import_model;
use std::path::{Path, PathBuf};

/// Every quantized model that the repository holds and that can be read, with its name.
pub fn all() -> Vec<(String, Graph)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = |folder: &str| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
    };
    let cases = list("tests/corpus")
        .into_iter()
        .map(|path| path.join("model.onnx"));
    let files = cases.chain(list("assets/models"));
    let mut models = Vec::new();
    for path in files.filter(|path| path.extension().is_some_and(|e| e == "onnx") && path.exists()) {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let name = name.trim_end_matches("/model.onnx").to_string();
        if let Ok(graph) = import_model(&std::fs::read(&path).unwrap(), &name)
            && graph.tensors[graph.input].encoding != Encoding::Real
        {
            models.push((name, graph));
        }
    }
    models
}

/// A convolution, a maximum and a dense layer, for every format of activations and every width of weights.
pub fn few_bits() -> Vec<(String, Graph)> {
    let formats = (1..=16u8).flat_map(|bits| [true, false].map(|signed| CodeFormat { bits, signed }));
    formats
        .flat_map(|format| {
            // Each format with two widths of weights; each width with eight formats.
            [0, 4].map(|more| {
                let weight_bits = 1 + (format.bits - 1 + more) % 8;
                let sign = if format.signed { "s" } else { "u" };
                let name = format!("{sign}{}-weights-{weight_bits}", format.bits);
                let graph = network(&name, format, weight_bits);
                (name, graph)
            })
        })
        .collect()
}

fn network(name: &str, format: CodeFormat, weight_bits: u8) -> Graph {
    let steps = f32::from(u16::MAX) / (format.max() - format.min()) as f32;
    let affine = |scale: f32| Affine {
        scale: scale * steps,
        zero_point: (format.min() + format.max()) / 3,
        format,
    };
    let tensor = |name: &str, shape: &[usize], scale: f32| Tensor {
        name: name.into(),
        shape: shape.into(),
        encoding: Encoding::Codes(affine(scale)),
    };
    let node = |name: &str, op: Op, input: usize| Node {
        name: name.into(),
        op,
        inputs: vec![input],
        output: input + 1,
        arithmetic: Arithmetic::Codes,
        limits: None,
    };
    let window = |kernel, stride, pad| Window {
        kernel,
        stride,
        pad_before: pad,
        pad_after: pad,
        ..Window::POINT
    };
    let conv = Conv {
        weights: weights(3, 18, weight_bits, &[0.01, 0.02, 0.015]),
        outputs: 3,
        groups: 1,
        windows: vec![window(3, 1, 1); 2],
    };
    let pool = Pool {
        windows: vec![window(2, 2, 0); 2],
        count_padding: false,
        beyond: vec![0; 2],
        columns_first: false,
        is_global: false,
    };
    let dense = Dense {
        weights: weights(4, 12, weight_bits, &[0.02]),
        outputs: 4,
    };
    let tensors = vec![
        tensor("input", &[2, 4, 4], 1e-4),
        Tensor {
            encoding: Encoding::Real,
            ..tensor("sums", &[3, 4, 4], 1.0)
        },
        tensor("rectified", &[3, 4, 4], 1.5e-4),
        tensor("largest", &[3, 2, 2], 1.5e-4),
        tensor("vector", &[12], 1.5e-4),
        tensor("output", &[4], 2e-4),
    ];
    let nodes = vec![
        node("conv", Op::Conv(conv), 0),
        node("relu", Op::Clamp(Clamp { min: -1.0, max: 2.0 }), 1),
        node("pool", Op::MaxPool(pool), 2),
        node("flatten", Op::Reshape(vec![12]), 3),
        node("dense", Op::Dense(dense), 4),
    ];
    Graph::new(name.into(), tensors, nodes, 0, 5).unwrap()
}

/// Weights from the lowest to the highest of their width, in an order of their own.
fn weights(outputs: usize, inputs: usize, bits: u8, scales: &[f32]) -> Weights {
    let value = |index: usize| {
        if bits == 1 {
            return if index * 7 % 5 < 2 { 1 } else { -1 };
        }
        let format = CodeFormat::signed(bits);
        let span = (format.max() - format.min() + 1) as usize;
        (format.min() + (index * 37 % span) as i32) as i16
    };
    Weights {
        values: (0..outputs * inputs).map(value).collect(),
        scales: scales
            .iter()
            .map(|scale| scale * 128.0 / f32::from(1u16 << (bits - 1)))
            .collect(),
        bias: (0..outputs as i32).map(|output| output * 11 - 9).collect(),
        bits,
    }
}
