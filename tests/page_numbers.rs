//! What the command line says of the models that the page's numbers are held against (`tests/e2e/network.test.mjs`).
//!
//! The answers stand in `tests/fixtures/`. `UPDATE=1 cargo test --test page_numbers` writes them anew.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failed test too")]

use serde_json::Value;
use std::process::Command;

/// Compares an answer with its fixture, without what it was asked for and by which version.
fn check(fixture: &str, args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_sdann"))
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["sdann_version", "source", "settings", "output_file"] {
        answer.as_object_mut().unwrap().remove(key);
    }
    let path = format!("tests/fixtures/{fixture}.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&answer).unwrap() + "\n").unwrap();
    }
    let expected: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(answer, expected, "{path} is not what sdann {args:?} says");
}

#[test]
fn inspect_says_of_shipped_models_what_the_page_is_held_against() {
    for model in ["mnist-residual", "digits-mlp"] {
        let path = format!("assets/models/{model}.onnx");
        check(&format!("inspect-{model}"), &["inspect", "--json", &path]);
    }
}

#[test]
fn quantize_says_of_a_float_model_what_the_page_is_held_against() {
    let data = |part: &str| format!("assets/datasets/mnist-{part}.gz");
    let args = [
        "quantize",
        "--json",
        "assets/models/mnist-cnn.float.onnx",
        "--data",
        &data("test-images.idx3-ubyte"),
        "--labels",
        &data("test-labels.idx1-ubyte"),
        "--calibration",
        &data("calibration-images.idx3-ubyte"),
        "--divide-by",
        "255",
        "--weight-bits",
        "4",
    ];
    check("quantize-mnist-cnn", &args);
}
