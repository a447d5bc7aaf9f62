//! Float models, held against ONNX Runtime's floats.

use super::files::root;
use sdann::graph::Op;
use sdann::import::{dataset::read_array, import_model};
use sdann::real::{RealError, RealNetwork};
use std::path::Path;

/// How far an answer may be from ONNX Runtime's, relative to the largest of its sample.
const TOLERANCE: f32 = 1e-4;

fn check(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let file = match name.strip_prefix("gallery-") {
        Some(model) => root().join("assets/models").join(format!("{model}.float.onnx")),
        None => folder.join("model.onnx"),
    };
    let graph = import_model(&std::fs::read(file).unwrap(), &name).map_err(|e| e.to_string())?;
    let mut network = RealNetwork::new(&graph).map_err(|e| e.to_string())?;
    let array = |file: &str| {
        read_array(&std::fs::read(folder.join(file)).unwrap())
            .unwrap()
            .to_f32()
    };
    let (inputs, outputs) = (array("input.npy"), array("output.npy"));
    let len = graph.tensors[graph.input].len();
    let answers = graph.tensors[graph.output].len();
    if inputs.len() * answers != outputs.len() * len || inputs.len() < 4 * len {
        return Err(format!("{} numbers answer {}", outputs.len(), inputs.len()));
    }
    for (sample, expected) in inputs.chunks_exact(len).zip(outputs.chunks_exact(answers)) {
        let found = network.run(sample).map_err(|e| e.to_string())?;
        let largest = expected.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
        let error = found
            .iter()
            .zip(expected)
            .fold(0f32, |m, (f, e)| m.max((f - e).abs()));
        if error.is_nan() || error > TOLERANCE * largest {
            return Err(format!("differs by {error} of {largest}"));
        }
    }
    Ok(())
}

#[test]
fn float_models_give_onnx_runtimes_numbers() {
    let entries = std::fs::read_dir(root().join("tests/corpus-float")).unwrap();
    let folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(folders.len() >= 43, "the corpus has {} cases", folders.len());
    let problem = |folder: &std::path::PathBuf| {
        let problem = check(folder).err()?;
        Some(format!("{}: {problem}", folder.file_name()?.to_string_lossy()))
    };
    let problems: Vec<String> = folders.iter().filter_map(problem).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn batch_normalization_is_folded_where_a_linear_operator_stands_before_it() {
    let lines = |case: &str| {
        let file = root().join("tests/corpus-float").join(case).join("model.onnx");
        let graph = import_model(&std::fs::read(file).unwrap(), case).unwrap();
        let is_line = |node: &&sdann::graph::Node| matches!(node.op, Op::Scale(_) | Op::Shift(_));
        graph.nodes.iter().filter(is_line).count()
    };
    assert_eq!(lines("batch-normalization-behind-conv"), 0);
    assert_eq!(lines("conv-transpose"), 0);
    assert_eq!(lines("torch-script") + lines("torch-dynamo"), 0);
    assert_eq!(lines("batch-normalization-alone"), 2);
    assert_eq!(lines("batch-normalization-behind-relu"), 2);
}

#[test]
fn quantized_models_and_samples_of_another_size_are_refused() {
    let model = |name: &str| std::fs::read(root().join("assets/models").join(name)).unwrap();
    let graph = import_model(&model("digits-mlp.onnx"), "digits-mlp").unwrap();
    let error = RealNetwork::new(&graph).unwrap_err();
    assert!(matches!(&error, RealError::Quantized { .. }), "{error}");
    let graph = import_model(&model("digits-mlp.float.onnx"), "digits").unwrap();
    let error = RealNetwork::new(&graph).unwrap().run(&[0.0; 63]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sample has 63 numbers, but model 'digits' takes 64"
    );
}
