//! Quantized graphs as ONNX models: reading the file gives the same graph, or writing is refused.

use sdann::export::write_onnx;
use sdann::graph::Graph;
use sdann::import::import_model;
use sdann::quantize::quantize;
use std::path::{Path, PathBuf};

/// Every quantized model that the repository holds and that can be read, with its name.
fn models() -> Vec<(String, Graph)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = |folder: &str| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
    };
    let cases = ["tests/corpus", "tests/corpus-next"].map(list).concat();
    let assets = ["assets/models", "assets/models-next"].map(list).concat();
    let files = cases.into_iter().map(|path| path.join("model.onnx")).chain(assets);
    let mut models = Vec::new();
    for path in files.filter(|path| path.extension().is_some_and(|e| e == "onnx") && path.exists()) {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let name = name.trim_end_matches("/model.onnx").to_string();
        if let Ok(graph) = import_model(&std::fs::read(&path).unwrap(), &name) {
            models.push((name, graph));
        }
    }
    models
}

#[test]
fn a_written_model_is_read_as_the_very_same_graph_or_refused_with_a_reason() {
    let models = models();
    let mut refused = Vec::new();
    for (name, graph) in &models {
        match write_onnx(graph) {
            Ok(written) => {
                if written.graph != *graph {println!("arith {name}")}
                assert_eq!(quantize(&written.graph), quantize(graph), "{name}");
            }
            Err(error) => refused.push((name.as_str(), error)),
        }
    }
    for r in &refused { println!("{} {}", r.0, r.1); }
    println!("{} {}", models.len(), refused.len());
    panic!();
}
