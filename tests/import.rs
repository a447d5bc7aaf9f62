//! What the importers accept, what they make of it, and what they say when they refuse.

#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failed test too")]

#[path = "import/onnx.rs"]
mod onnx;
#[path = "import/tflite.rs"]
mod tflite;

use onnx::{FLOAT, INT4, INT8, INT16, INT32, INT64, Model, UINT8, Value, tensor, value_info};
use proptest::prelude::*;
use sdann::graph::{Affine, Arithmetic, Clamp, CodeFormat, Encoding, Graph, Op, Tensor};
use sdann::import::dataset::{Array, ArrayValues, read_array};
use sdann::import::import_model;
use sdann::quantize::post_training::{Calibration, Quantization};
use sdann::quantize::quantize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: impl AsRef<Path>) -> serde_json::Value {
    serde_json::from_slice(&read(path)).unwrap()
}

/// The folders of the corpus.
fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> = fs::read_dir(at("tests/corpus"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case.json").exists())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// The corpus's cases as they are imported, with their folders and descriptions; those that are refused on
/// purpose left out.
fn imported_cases() -> Vec<(PathBuf, serde_json::Value, Graph)> {
    let import = |case: PathBuf| {
        let description = json(case.join("case.json"));
        match import_model(&read(case.join("model.onnx")), "case") {
            Ok(graph) => Some((case, description, graph)),
            Err(error) => {
                let error = error.to_string();
                let is_known = ["two activations", "no layers"]
                    .iter()
                    .any(|why| error.contains(why));
                assert!(is_known, "{}: {error}", case.display());
                None
            }
        }
    };
    cases().into_iter().filter_map(import).collect()
}

fn import(model: &Model) -> Graph {
    import_model(&model.encode(), "test").unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn assert_refused(model: &Model, words: &[&str]) {
    let error = import_model(&model.encode(), "test")
        .expect_err("should be refused")
        .to_string();
    for word in words {
        assert!(error.contains(word), "'{word}' isn't in: {error}");
    }
}

fn output(graph: &Graph) -> &Tensor {
    &graph.tensors[graph.output]
}

fn ops(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|node| node.op.name()).collect()
}

fn int8(scale: f32, zero_point: i32) -> Encoding {
    Encoding::Codes(Affine {
        scale,
        zero_point,
        format: CodeFormat::signed(8),
    })
}

fn format_named(name: &str) -> CodeFormat {
    let bits = name
        .trim_start_matches("uint")
        .trim_start_matches("int")
        .parse()
        .unwrap();
    CodeFormat {
        bits,
        signed: !name.starts_with('u'),
    }
}

/// The same graph, computed by its format on real numbers.
fn on_reals(mut graph: Graph) -> Graph {
    graph
        .nodes
        .iter_mut()
        .for_each(|node| node.arithmetic = Arithmetic::Real);
    graph
}

/// Quantized input `xd` and weights `w`, and the constants of a result's quantization, `o`.
fn beginning() -> Model {
    Model::new(&[2])
        .scale("i", 0.25, 3)
        .pair("x", "xd", "i")
        .weights()
        .scale("o", 2.0, -128)
}

/// A whole network of one MatMul: y = w · x.
fn whole() -> Model {
    beginning().node("MatMul", &["xd", "w"], "m").pair("m", "y", "o")
}

// The corpus: models that ONNX Runtime's own quantizer wrote.

#[test]
fn every_corpus_case_imports_with_the_shapes_and_the_output_codes_of_its_files() {
    for (case, manifest, graph) in imported_cases() {
        let samples = read_array(&read(case.join("input.npy"))).unwrap();
        let answers = read_array(&read(case.join("output.npy"))).unwrap();
        assert_eq!(
            graph.tensors[graph.input].shape,
            samples.shape[1..],
            "{}",
            case.display()
        );
        let executed = manifest["executed"].to_string();
        if executed.contains("Softmax") || executed.contains("ArgMax") {
            // These only read out what the imported graph ends with.
            continue;
        }
        assert_eq!(output(&graph).shape, answers.shape[1..], "{}", case.display());
        let declared = &manifest["output"];
        let format = |container: &str| match output(&graph).encoding {
            // A Clip behind QuantizeLinear leaves fewer bits than their container has.
            Encoding::Codes(affine) if manifest["form"] == "QCDQ" => affine.format,
            _ => format_named(container),
        };
        let expected = match declared["kind"].as_str() {
            Some("codes") => Encoding::Codes(Affine {
                scale: declared["scale"].as_f64().unwrap() as f32,
                zero_point: declared["zero_point"].as_i64().unwrap() as i32,
                format: format(declared["type"].as_str().unwrap()),
            }),
            // Where the model only moves values behind its last DequantizeLinear, the graph moves codes.
            _ if manifest["form"] == "QOperator" => continue,
            _ => Encoding::Real,
        };
        assert_eq!(output(&graph).encoding, expected, "{}", case.display());
    }
}

#[test]
fn linear_operators_that_onnx_runtime_fuses_write_codes() {
    for (case, description, graph) in imported_cases() {
        if description["kernel"] == "integer" {
            // An unquantized output stays real whatever the kernel.
            for (_, tensor) in graph
                .tensors
                .iter()
                .enumerate()
                .filter(|&(id, _)| id != graph.output)
            {
                assert_ne!(
                    tensor.encoding,
                    Encoding::Real,
                    "{}: {}",
                    case.display(),
                    tensor.name
                );
            }
        }
    }
}

#[test]
fn every_bad_corpus_case_is_refused_in_one_sentence_that_names_what_is_wrong() {
    let listed = json(at("tests/corpus-bad/cases.json"));
    for case in listed["cases"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let start = Instant::now();
        let error = import_model(&read(at("tests/corpus-bad").join(file)), "model")
            .expect_err(file)
            .to_string();
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{file} took {:?}",
            start.elapsed()
        );
        assert!(!error.contains('\n') && !error.ends_with('.'), "{file}: {error}");
        for word in case["mentions"].as_array().unwrap() {
            let word = word.as_str().unwrap();
            assert!(error.contains(word), "{file}: '{word}' isn't in: {error}");
        }
    }
}

#[test]
fn what_is_wrong_as_a_whole_is_called_by_its_name() {
    for (file, words) in [
        ("not-onnx.onnx", &["text file", "ONNX"][..]),
        ("empty.onnx", &["empty file"]),
        ("truncated.onnx", &["damaged", "export it anew"]),
        ("cycle.onnx", &["cycle"]),
        ("no-output.onnx", &["no output"]),
        ("without-opset.onnx", &["operator set"]),
    ] {
        let error = import_model(&read(at("tests/corpus-bad").join(file)), "model")
            .expect_err(file)
            .to_string();
        for word in words {
            assert!(error.contains(word), "{file}: '{word}' isn't in: {error}");
        }
    }
}

// The models that the page offers.

#[test]
fn the_mnist_network_is_four_layers_with_a_scale_per_channel() {
    let graph = import_model(&read(at("assets/models/mnist-cnn.onnx")), "mnist-cnn").unwrap();
    assert_eq!(graph.name, "mnist-cnn");
    assert_eq!(ops(&graph), ["Conv", "Conv", "Reshape", "Dense", "Dense"]);
    let shapes: Vec<_> = graph.tensors.iter().map(|t| t.shape.as_slice()).collect();
    let expected: [&[usize]; 6] = [&[1, 28, 28], &[16, 14, 14], &[32, 7, 7], &[1568], &[64], &[10]];
    assert_eq!(shapes, expected);
    assert!(
        graph
            .tensors
            .iter()
            .all(|t| matches!(t.encoding, Encoding::Codes(_)))
    );
    let Encoding::Codes(input) = graph.tensors[graph.input].encoding else {
        unreachable!()
    };
    assert_eq!(
        input,
        Affine {
            scale: 1.0 / 255.0,
            zero_point: -128,
            format: CodeFormat::signed(8)
        }
    );
    let channels: Vec<_> = graph
        .nodes
        .iter()
        .filter_map(|node| match &node.op {
            Op::Conv(conv) => Some((
                conv.weights.scales.len(),
                conv.weights.bias.len(),
                conv.weights.bits,
            )),
            Op::Dense(dense) => Some((
                dense.weights.scales.len(),
                dense.weights.bias.len(),
                dense.weights.bits,
            )),
            _ => None,
        })
        .collect();
    assert_eq!(channels, [(16, 16, 8), (32, 32, 8), (64, 64, 8), (10, 10, 8)]);
}

#[test]
fn the_digits_network_is_two_dense_layers() {
    let graph = import_model(&read(at("assets/models/digits-mlp.onnx")), "digits-mlp").unwrap();
    assert_eq!(ops(&graph), ["Dense", "Dense"]);
    assert_eq!(
        graph.tensors.iter().map(|t| t.len()).collect::<Vec<_>>(),
        [64, 16, 10]
    );
}

#[test]
fn float_models_become_graphs_of_real_numbers() {
    for (name, expected) in [
        (
            "mnist-cnn",
            &[
                "Conv", "Clamp", "Conv", "Clamp", "Reshape", "Dense", "Clamp", "Dense",
            ][..],
        ),
        ("digits-mlp", &["Dense", "Clamp", "Dense"]),
    ] {
        let file = at("assets/models").join(format!("{name}.float.onnx"));
        let graph = import_model(&read(file), name).unwrap();
        assert_eq!(ops(&graph), expected, "{name}");
        assert!(graph.is_real());
        let error = sdann::quantize::quantize(&graph).unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("quantize it first"),
            "{error}"
        );
    }
}

#[test]
fn the_shipped_data_sets_have_a_label_for_each_image() {
    for name in [
        "mnist-test",
        "mnist-calibration",
        "digits-test",
        "digits-calibration",
    ] {
        let folder = at("assets/datasets");
        let images = read_array(&read(folder.join(format!("{name}-images.idx3-ubyte.gz")))).unwrap();
        let labels = read_array(&read(folder.join(format!("{name}-labels.idx1-ubyte.gz")))).unwrap();
        assert_eq!(images.shape.len(), 3, "{name}");
        let labels = labels.to_labels().unwrap();
        assert_eq!(images.shape[0], labels.len(), "{name}");
        assert!(labels.iter().all(|&label| label < 10), "{name}");
    }
}

// What a file may look like.

#[test]
fn weights_are_turned_outputs_first_and_lose_their_zero_point() {
    let graph = import(&whole());
    let Op::Dense(dense) = &graph.nodes[0].op else {
        panic!("{:?}", graph.nodes)
    };
    assert_eq!(dense.weights.values, [1, 4, 2, 5, 3, -6]);
    assert_eq!(dense.weights.scales, [0.5]);
    let unsigned = beginning()
        .floats("v_s", &[], &[0.5])
        .raw("v_z", UINT8, &[], &[128])
        .raw("v_codes", UINT8, &[2, 3], &[129, 130, 131, 0, 255, 128])
        .dequantize("v_codes", "v", "v")
        .node("MatMul", &["xd", "v"], "m")
        .pair("m", "y", "o");
    let Op::Dense(dense) = &import(&unsigned).nodes[0].op else {
        panic!()
    };
    assert_eq!(dense.weights.values, [1, -128, 2, 127, 3, 0]);
}

#[test]
fn nodes_may_stand_in_any_order_and_initializers_among_the_inputs() {
    let expected = import(&whole());
    let mut model = whole();
    model.nodes.reverse();
    model.inputs.push(value_info("w_codes", INT8, Some(2), &[3]));
    assert_eq!(import(&model), expected);
}

#[test]
fn a_fixed_batch_is_left_away_like_an_open_one() {
    let mut model = whole();
    model.inputs = vec![value_info("x", FLOAT, Some(7), &[2])];
    assert_eq!(import(&model), import(&whole()));
}

#[test]
fn reshapes_may_hold_the_batch_of_the_file() {
    let shaped = |batch: Option<i64>, target: &[i64]| {
        let raw: Vec<u8> = target.iter().flat_map(|t| t.to_le_bytes()).collect();
        let mut model = beginning()
            .raw("shape", INT64, &[target.len() as i64], &raw)
            .node("Reshape", &["xd", "shape"], "r")
            .node("MatMul", &["r", "w"], "m")
            .pair("m", "y", "o");
        model.inputs = vec![value_info("x", FLOAT, batch, &[1, 2])];
        model
    };
    for (batch, target) in [
        (None, &[-1, 2][..]),
        (None, &[0, -1]),
        (None, &[1, 2]),
        (Some(4), &[4, -1]),
        (Some(4), &[-1, 2]),
    ] {
        assert_eq!(
            ops(&import(&shaped(batch, target))),
            ["Reshape", "Dense"],
            "{batch:?} {target:?}"
        );
    }
    assert_refused(&shaped(Some(4), &[2, -1]), &["r_node", "mixes the samples"]);
    assert_refused(&shaped(None, &[-1, 3]), &["r_node", "[-1, 3]"]);
    assert_refused(&shaped(None, &[2]), &["r_node", "batch"]);
}

#[test]
fn axes_of_one_are_added_and_removed_in_either_form() {
    let bytes = |axes: &[i64]| axes.iter().flat_map(|a| a.to_le_bytes()).collect::<Vec<_>>();
    let end = |model: Model| model.node("MatMul", &["s", "w"], "m").pair("m", "y", "o");
    let inputs = end(beginning()
        .raw("axes", INT64, &[1], &bytes(&[-1]))
        .node("Unsqueeze", &["xd", "axes"], "u")
        .node("Squeeze", &["u", "axes"], "s"));
    let attributes = end(beginning()
        .node_with("Unsqueeze", &["xd"], "u", &[("axes", Value::Ints(&[2]))])
        .node_with("Squeeze", &["u"], "s", &[("axes", Value::Ints(&[2]))]));
    let graph = import(&inputs);
    assert_eq!(
        graph
            .tensors
            .iter()
            .map(|t| t.shape.as_slice())
            .collect::<Vec<_>>(),
        [&[2][..], &[2, 1], &[2], &[3]]
    );
    assert_eq!(graph, import(&attributes));
}

#[test]
fn identity_and_dropout_vanish() {
    let model = beginning()
        .node("Identity", &["w"], "w2")
        .node("Dropout", &["xd"], "d")
        .node("MatMul", &["d", "w2"], "m")
        .node("Identity", &["m"], "m2")
        .pair("m2", "p", "o")
        .node("Identity", &["p"], "y");
    let (graph, expected) = (import(&model), import(&whole()));
    assert_eq!(graph.nodes, expected.nodes);
    assert_eq!(output(&graph).encoding, output(&expected).encoding);
}

#[test]
fn softmax_and_argmax_at_the_end_are_read_outs() {
    let model = |op: &str, attributes: &[(&str, Value)]| {
        beginning()
            .node("MatMul", &["xd", "w"], "m")
            .pair("m", "l", "o")
            .node_with(op, &["l"], "y", attributes)
    };
    for graph in [
        import(&model("Softmax", &[])),
        import(&model("Softmax", &[("axis", Value::Int(-1))])),
        import(&model(
            "ArgMax",
            &[("axis", Value::Int(1)), ("keepdims", Value::Int(0))],
        )),
    ] {
        assert_eq!(graph, import(&whole()));
    }
    let quantized = beginning()
        .node("MatMul", &["xd", "w"], "m")
        .pair("m", "l", "o")
        .node("Softmax", &["l"], "s")
        .scale("p", 1.0 / 256.0, -128)
        .pair("s", "y", "p");
    assert_eq!(import(&quantized), import(&whole()));
    assert_refused(&model("ArgMax", &[]), &["y_node", "axis 0"]);
}

#[test]
fn an_integer_input_needs_no_quantize_linear() {
    let mut model = Model::new(&[2])
        .scale("i", 0.25, 3)
        .dequantize("x", "xd", "i")
        .weights()
        .scale("o", 2.0, -128);
    model.inputs = vec![value_info("x", INT8, None, &[2])];
    let model = model.node("MatMul", &["xd", "w"], "m").pair("m", "y", "o");
    assert_eq!(on_reals(import(&model)), on_reals(import(&whole())));
    let mut unsigned = model;
    unsigned.inputs = vec![value_info("x", UINT8, None, &[2])];
    assert_refused(&unsigned, &["xd_node", "another type"]);
}

#[test]
fn an_integer_output_is_the_codes_of_the_last_layer() {
    let model = beginning()
        .node("MatMul", &["xd", "w"], "m")
        .quantize("m", "y", "o");
    assert_eq!(on_reals(import(&model)), on_reals(import(&whole())));
}

#[test]
fn an_unquantized_output_is_real() {
    let graph = import(&beginning().node("MatMul", &["xd", "w"], "y"));
    assert_eq!(output(&graph).encoding, Encoding::Real);
}

#[test]
fn what_the_output_does_not_need_is_left_away() {
    let model = whole().node("LSTM", &["m"], "unused").pair("x", "other", "o");
    assert_eq!(import(&model), import(&whole()));
}

#[test]
fn codes_in_another_quantization_are_an_identity() {
    let model = beginning()
        .node("MatMul", &["xd", "w"], "m")
        .pair("m", "a", "o")
        .scale("p", 3.0, 0)
        .pair("a", "y", "p");
    let graph = import(&model);
    assert_eq!(ops(&graph), ["Dense", "Identity"]);
    assert_eq!(graph.tensors[1].encoding, int8(2.0, -128));
    assert_eq!(output(&graph).encoding, int8(3.0, 0));
}

#[test]
fn a_clamp_stays_only_where_it_can_be_seen_in_the_codes() {
    let clamped = |op: &str, inputs: &[&str], scale: f32, zero_point: i8| {
        import(
            &beginning()
                .node("MatMul", &["xd", "w"], "m")
                .floats("zero", &[], &[0.0])
                .floats("six", &[], &[6.0])
                .node(op, inputs, "c")
                .scale("r", scale, zero_point)
                .pair("c", "y", "r"),
        )
    };
    assert_eq!(ops(&clamped("Relu", &["m"], 1.0, -128)), ["Dense"]);
    assert_eq!(ops(&clamped("Relu", &["m"], 1.0, 0)), ["Dense", "Clamp"]);
    assert_eq!(
        ops(&clamped("Clip", &["m", "zero", "six"], 6.0 / 255.0, -128)),
        ["Dense"]
    );
    let kept = clamped("Clip", &["m", "zero", "six"], 1.0, -128);
    assert_eq!(kept.nodes[1].op, Op::Clamp(Clamp { min: 0.0, max: 6.0 }));
    assert_eq!(kept.tensors[1].encoding, Encoding::Real);
    // An input left out is no bound.
    let one_sided = clamped("Clip", &["m", "", "six"], 1.0, 0);
    assert_eq!(
        one_sided.nodes[1].op,
        Op::Clamp(Clamp {
            min: f32::NEG_INFINITY,
            max: 6.0
        })
    );
}

#[test]
fn clamps_in_a_row_are_one() {
    let model = beginning()
        .node("MatMul", &["xd", "w"], "m")
        .floats("six", &[], &[6.0])
        .node("Relu", &["m"], "r")
        .node("Clip", &["r", "", "six"], "c")
        .scale("p", 1.0, 0)
        .pair("c", "y", "p");
    let graph = import(&model);
    assert_eq!(ops(&graph), ["Dense", "Clamp"]);
    assert_eq!(graph.nodes[1].op, Op::Clamp(Clamp { min: 0.0, max: 6.0 }));
}

#[test]
fn weights_may_be_quantized_inside_the_graph() {
    let model = beginning()
        .floats("f", &[2, 3], &[0.5, 1.0, 1.5, 2.0, 2.5, -3.25])
        .pair("f", "q", "w")
        .node("MatMul", &["xd", "q"], "m")
        .pair("m", "y", "o");
    // −3.25 / 0.5 = −6.5 rounds to the even −6.
    assert_eq!(import(&model), import(&whole()));
}

#[test]
fn four_bit_weights_are_unpacked() {
    let model = beginning()
        .floats("v_s", &[], &[0.5])
        .raw("v_z", INT4, &[], &[0])
        .raw("v_codes", INT4, &[2, 3], &[0x21, 0x43, 0xA5])
        .dequantize("v_codes", "v", "v")
        .node("MatMul", &["xd", "v"], "m")
        .pair("m", "y", "o");
    let Op::Dense(dense) = &import(&model).nodes[0].op else {
        panic!()
    };
    assert_eq!(
        (dense.weights.bits, &dense.weights.values[..]),
        (4, &[1, 4, 2, 5, 3, -6][..])
    );
}

#[test]
fn sixteen_bit_activations_come_in_the_domain_of_onnx_runtime() {
    let model = beginning()
        .floats("h_s", &[], &[0.001])
        .raw("h_z", INT16, &[], &[0, 0])
        .node("MatMul", &["xd", "w"], "m")
        .node("com.microsoft.QuantizeLinear", &["m", "h_s", "h_z"], "c")
        .node("com.microsoft.DequantizeLinear", &["c", "h_s", "h_z"], "y");
    let expected = Affine {
        scale: 0.001,
        zero_point: 0,
        format: CodeFormat::signed(16),
    };
    assert_eq!(output(&import(&model)).encoding, Encoding::Codes(expected));
}

#[test]
fn a_float_bias_is_rounded_to_units_of_the_scales() {
    let model = beginning()
        .floats("b", &[3], &[0.125, 0.1875, -1.0])
        .node("Gemm", &["xd", "w", "b"], "m")
        .pair("m", "y", "o");
    let Op::Dense(dense) = &import(&model).nodes[0].op else {
        panic!()
    };
    // In units of 0.25 · 0.5: 1, 1.5 → 2 (even), −8.
    assert_eq!(dense.weights.bias, [1, 2, -8]);
}

#[test]
fn an_add_behind_a_mat_mul_is_its_bias_where_that_is_exact() {
    let biased = |bias: &[f32]| {
        beginning()
            .floats("b", &[3], bias)
            .node("MatMul", &["xd", "w"], "m")
            .node("Add", &["m", "b"], "a")
            .pair("a", "y", "o")
    };
    let Op::Dense(dense) = &import(&biased(&[0.125, 0.25, -1.0])).nodes[0].op else {
        panic!()
    };
    assert_eq!(dense.weights.bias, [1, 2, -8]);
    // Else it is added to real numbers, as the file says.
    let graph = import(&biased(&[0.1, 0.25, -1.0]));
    assert_eq!(graph.nodes[1].op, Op::Shift(vec![0.1, 0.25, -1.0]));
}

#[test]
fn a_stored_bias_must_have_the_scale_that_the_kernel_assumes() {
    let biased = |scale: f32| {
        beginning()
            .floats("b_s", &[], &[scale])
            .raw(
                "b_codes",
                INT32,
                &[3],
                &[7, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255],
            )
            .node("DequantizeLinear", &["b_codes", "b_s"], "b")
            .node("Gemm", &["xd", "w", "b"], "m")
            .pair("m", "y", "o")
    };
    let Op::Dense(dense) = &import(&biased(0.125)).nodes[0].op else {
        panic!()
    };
    assert_eq!(dense.weights.bias, [7, 0, -1]);
    assert_refused(&biased(0.1), &["m_node", "0.1", "0.125"]);
}

#[test]
fn constant_nodes_are_constants() {
    let model = beginning()
        .node_with("Constant", &[], "six", &[("value_float", Value::Float(6.0))])
        .node_with(
            "Constant",
            &[],
            "zero",
            &[("value", Value::Tensor(tensor("", FLOAT, &[], &[0; 4])))],
        )
        .node("MatMul", &["xd", "w"], "m")
        .node("Clip", &["m", "zero", "six"], "c")
        .pair("c", "y", "o");
    assert_eq!(
        import(&model).nodes[1].op,
        Op::Clamp(Clamp { min: 0.0, max: 6.0 })
    );
}

// What is refused, and with which words.

#[test]
fn unsupported_operators_are_refused_with_advice() {
    let with = |op: &str| beginning().node(op, &["xd"], "y");
    assert_refused(&with("LSTM"), &["y_node", "LSTM", "Conv, ConvTranspose"]);
    assert_refused(
        &with("com.microsoft.QLinearReduceMean"),
        &["QLinearReduceMean", "QDQ"],
    );
    assert_refused(&with("DynamicQuantizeLinear"), &["statically"]);
    let branch = beginning().node_with("If", &["xd"], "y", &[("then_branch", Value::Graph)]);
    assert_refused(&branch, &["If", "control flow"]);
}

/// An image `xd` of two channels and 4 × 4 positions, and constants of a result's quantization, `o`.
fn image() -> Model {
    Model::new(&[2, 4, 4])
        .scale("i", 0.25, 3)
        .pair("x", "xd", "i")
        .scale("o", 2.0, -128)
}

#[test]
fn each_operator_says_what_it_cannot_do() {
    use Value::{Float, Int, Ints, Text};
    let with = |op: &str, inputs: &[&str], attributes: &[(&str, Value)]| {
        image()
            .floats("c", &[3, 1, 1], &[1.0, 2.0, 3.0])
            .floats("nan", &[], &[f32::NAN])
            .raw(
                "list",
                INT64,
                &[2],
                &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            )
            .raw("zero", INT64, &[1], &[0; 8])
            .raw("one", INT64, &[1], &[1, 0, 0, 0, 0, 0, 0, 0])
            .floats("scales", &[4], &[1.0, 1.0, 2.0, 2.0])
            .node_with(op, inputs, "m", attributes)
            .pair("m", "y", "o")
    };
    let kernel = || ("kernel_shape", Ints(&[2, 2]));
    for (model, words) in [
        (with("MaxPool", &["xd"], &[]), &["m_node", "kernel_shape"][..]),
        (
            with("MaxPool", &["xd"], &[("kernel_shape", Ints(&[9, 9]))]),
            &["m_node", "9"],
        ),
        (
            with("MaxPool", &["xd"], &[("kernel_shape", Ints(&[2]))]),
            &["m_node", "1 axes"],
        ),
        (
            with("MaxPool", &["xd"], &[kernel(), ("strides", Ints(&[0, 1]))]),
            &["strides", "0"],
        ),
        (
            with(
                "AveragePool",
                &["xd"],
                &[
                    ("kernel_shape", Ints(&[60_000, 60_000])),
                    ("pads", Ints(&[59_999; 4])),
                ],
            ),
            &["m_node", "several steps"],
        ),
        (
            with("AveragePool", &["xd"], &[kernel(), ("pads", Ints(&[5, 0, 0, 0]))]),
            &["padding of 5"],
        ),
        (
            with(
                "AveragePool",
                &["xd"],
                &[kernel(), ("pads", Ints(&[-1, 0, 0, 0]))],
            ),
            &["pads", "-1"],
        ),
        (with("Add", &["xd", "c"], &[]), &["m_node", "don't fit"]),
        (with("Add", &["xd", "nan"], &[]), &["m_node", "finite"]),
        (with("Mul", &["xd", "xd"], &[]), &["m_node", "two activations"]),
        (
            with("LeakyRelu", &["xd"], &[("alpha", Float(f32::INFINITY))]),
            &["m_node", "alpha"],
        ),
        (
            with("Transpose", &["xd"], &[("perm", Ints(&[1, 0, 2, 3]))]),
            &["m_node", "batch"],
        ),
        (
            with("Transpose", &["xd"], &[("perm", Ints(&[0, 1, 1, 3]))]),
            &["m_node", "once"],
        ),
        (
            with("Concat", &["xd", "xd"], &[("axis", Int(0))]),
            &["m_node", "batch"],
        ),
        (
            with("Concat", &["xd", "xd"], &[("axis", Int(9))]),
            &["m_node", "axis 9"],
        ),
        (with("Pad", &["xd", "list"], &[]), &["m_node", "2 pads"]),
        (
            with("Pad", &["xd"], &[("mode", Text("mirror"))]),
            &["m_node", "0 pads"],
        ),
        (
            with("Slice", &["xd", "list", "list", "list", "zero"], &[]),
            &["m_node", "one length"],
        ),
        (
            with("Slice", &["xd", "zero", "one", "one", "zero"], &[]),
            &["m_node", "step is 0"],
        ),
        (
            with("Slice", &["xd", "one", "one", "one"], &[]),
            &["m_node", "elements"],
        ),
        (
            with("Resize", &["xd", "", "scales"], &[("mode", Text("linear"))]),
            &["m_node", "nearest"],
        ),
        (with("Resize", &["xd", "", "c"], &[]), &["m_node", "3 axes"]),
        (
            with("BatchNormalization", &["xd", "c", "c", "c", "c"], &[]),
            &["m_node", "3 values"],
        ),
        (with("ConvTranspose", &["xd", "xd"], &[]), &["m_node", "weights"]),
        (with("QLinearConv", &["xd"], &[]), &["m_node", "QuantizeLinear"]),
        (with("ConvInteger", &["xd", "xd"], &[]), &["m_node", "codes"]),
        (
            with("ReduceMean", &["xd", "one"], &[]),
            &["m_node", "GlobalAveragePool"],
        ),
        (with("Gather", &["xd", "zero"], &[]), &["m_node", "Slice"]),
        (with("Cast", &["xd"], &[("to", Int(7))]), &["m_node", "type"]),
    ] {
        assert_refused(&model, words);
    }
}

#[test]
fn a_clip_of_codes_narrows_them_to_its_bits() {
    let clipped = |least: i8, most: i8| {
        beginning()
            .raw("least", INT8, &[], &least.to_le_bytes())
            .raw("most", INT8, &[], &most.to_le_bytes())
            .scale("n", 2.0, 0)
            .node("MatMul", &["xd", "w"], "m")
            .quantize("m", "q", "n")
            .node("Clip", &["q", "least", "most"], "c")
            .dequantize("c", "y", "n")
    };
    let format = |least, most| {
        let graph = import(&clipped(least, most));
        let Encoding::Codes(affine) = output(&graph).encoding else {
            panic!()
        };
        (affine.format, graph.nodes[0].limits)
    };
    assert_eq!(format(-8, 7), (CodeFormat::signed(4), None));
    assert_eq!(format(0, 1), (CodeFormat::unsigned(1), None));
    assert_eq!(format(-1, 0), (CodeFormat::signed(1), None));
    assert_eq!(format(-7, 7), (CodeFormat::signed(4), Some((-7, 7))));
    assert_refused(&clipped(3, 2), &["c_node", "empty"]);
    assert_refused(&clipped(1, 7), &["c_node", "zero point 0"]);
}

#[test]
fn attributes_that_are_not_understood_are_refused() {
    let model = beginning().node_with("Relu", &["xd"], "y", &[("slope", Value::Float(0.1))]);
    assert_refused(&model, &["y_node", "slope"]);
    let model = beginning().node_with("Flatten", &["xd"], "y", &[("axis", Value::Text("one"))]);
    assert_refused(&model, &["y_node", "axis", "integer"]);
}

#[test]
fn weights_scaled_per_input_are_refused() {
    let model = beginning()
        .floats("v_s", &[2], &[0.5, 0.25])
        .node_with(
            "DequantizeLinear",
            &["w_codes", "v_s"],
            "v",
            &[("axis", Value::Int(0))],
        )
        .node("MatMul", &["xd", "v"], "m")
        .pair("m", "y", "o");
    assert_refused(&model, &["m_node", "axis 0", "per output"]);
}

#[test]
fn activations_that_stay_real_are_refused() {
    let model = beginning()
        .node("MatMul", &["xd", "w"], "m")
        .raw("v_codes", INT8, &[3, 1], &[1, 2, 3])
        .dequantize("v_codes", "v", "w")
        .node("MatMul", &["m", "v"], "n")
        .pair("n", "y", "o");
    assert_refused(&model, &["n_node", "float activations", "'m'"]);
}

#[test]
fn a_pair_must_agree_on_its_scale() {
    let model = beginning()
        .node("MatMul", &["xd", "w"], "m")
        .quantize("m", "c", "o")
        .dequantize("c", "y", "i");
    assert_refused(&model, &["y_node", "the same in a pair"]);
}

#[test]
fn other_files_are_refused_by_what_they_are() {
    for (bytes, word) in [
        (&b"\x1c\0\0\0TFL3...."[..], "TensorFlow Lite"),
        (b"PK\x03\x04", "zip"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"", "empty"),
    ] {
        let error = import_model(bytes, "model").unwrap_err().to_string();
        assert!(error.contains(word), "'{word}' isn't in: {error}");
    }
}

// Hostile files: whatever the bytes, an answer comes soon and nothing panics.

#[test]
fn a_chain_of_a_hundred_thousand_nodes_needs_no_deep_stack() {
    let mut model = beginning();
    let mut last = "xd".to_owned();
    for i in 0..50_000 {
        let next = format!("r{i}");
        model = model.node("Relu", &[&last], &next);
        last = next;
    }
    let model = model.pair(&last, "y", "o");
    let start = Instant::now();
    import(&model);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "took {:?}",
        start.elapsed()
    );
}

#[test]
fn many_readers_of_one_tensor_take_no_quadratic_time() {
    let mut model = beginning().node("MatMul", &["xd", "w"], "m").scale("p", 3.0, 0);
    for i in 0..30_000 {
        model = model.quantize("m", &format!("q{i}"), if i % 2 == 0 { "o" } else { "p" });
    }
    // Only what the output needs is looked at, so all of them must matter to someone.
    let names: Vec<String> = (0..30_000).map(|i| format!("q{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let model = model.node("Concat", &names, "y");
    let start = Instant::now();
    assert_refused(&model, &["Concat"]);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "took {:?}",
        start.elapsed()
    );
}

#[test]
fn weights_that_many_nodes_share_are_not_unpacked_without_limit() {
    let size = 1 << 20;
    let mut model = Model::new(&[1024]).scale("i", 0.25, 3).scale("w", 0.5, 0).raw(
        "w_codes",
        INT8,
        &[1024, 1024],
        &vec![1; size],
    );
    let mut last = "x".to_owned();
    for i in 0..1000 {
        let (d, v, m) = (format!("d{i}"), format!("v{i}"), format!("m{i}"));
        model = model
            .pair(&last, &d, "i")
            .dequantize("w_codes", &v, "w")
            .node("MatMul", &[&d, &v], &m);
        last = m;
    }
    assert_refused(&model.pair(&last, "y", "i"), &["exceeds the supported"]);
}

/// The files that the mutations start from: small ones, of many kinds.
/// Small models of real numbers.
fn float_models() -> Vec<Vec<u8>> {
    let folders = fs::read_dir(at("tests/corpus-float")).unwrap();
    let files = folders.map(|folder| folder.unwrap().path().join("model.onnx"));
    files.filter(|file| file.exists()).map(read).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![whole().encode(), read(at("assets/models/digits-mlp.onnx"))];
    seeds.extend(cases().iter().map(|case| read(case.join("model.onnx"))));
    seeds.extend(float_models());
    seeds
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip {
        at: prop::sample::Index,
        bits: u8,
    },
    Cut {
        at: prop::sample::Index,
    },
    Remove {
        from: prop::sample::Index,
        length: usize,
    },
    Splice {
        from: prop::sample::Index,
        to: prop::sample::Index,
        length: usize,
    },
    Insert {
        at: prop::sample::Index,
        bytes: Vec<u8>,
    },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => (index(), 1u8..).prop_map(|(at, bits)| Mutation::Flip { at, bits }),
        1 => index().prop_map(|at| Mutation::Cut { at }),
        1 => (index(), 1usize..40).prop_map(|(from, length)| Mutation::Remove { from, length }),
        2 => (index(), index(), 1usize..200).prop_map(|(from, to, length)| Mutation::Splice { from, to, length }),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, bytes)| Mutation::Insert { at, bytes }),
    ]
}

fn mutate(bytes: &mut Vec<u8>, donor: &[u8], mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let size = bytes.len();
    match mutation {
        Mutation::Flip { at, bits } => bytes[at.index(size)] ^= bits,
        Mutation::Cut { at } => bytes.truncate(at.index(size)),
        Mutation::Remove { from, length } => {
            let from = from.index(size);
            bytes.drain(from..(from + length).min(size));
        }
        Mutation::Splice { from, to, length } => {
            let from = from.index(donor.len());
            let piece = donor[from..(from + length).min(donor.len())].iter().copied();
            let to = to.index(size);
            bytes.splice(to..(to + length).min(size), piece);
        }
        Mutation::Insert { at, bytes: inserted } => {
            let at = at.index(size);
            bytes.splice(at..at, inserted.iter().copied());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_models_never_panic_and_are_answered_soon(
        seed in any::<prop::sample::Index>(),
        donor in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let seeds = seeds_once();
        let mut bytes: Vec<u8> = seed.get(seeds).clone();
        let donor: &Vec<u8> = donor.get(seeds);
        mutations.iter().for_each(|m| mutate(&mut bytes, donor, m));
        let start = Instant::now();
        let answer = import_model(&bytes, "model").map_err(|error| error.to_string());
        if let Err(message) = answer.and_then(|graph| as_integers(&graph)) {
            prop_assert!(!message.contains('\n'), "{message}");
            prop_assert!(message.len() < 2000, "{message}");
        }
        prop_assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    }

    #[test]
    fn mutated_float_models_never_panic_and_are_answered_soon(
        seed in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let seeds = float_models();
        let mut bytes: Vec<u8> = seed.get(&seeds).clone();
        let donor = bytes.clone();
        mutations.iter().for_each(|m| mutate(&mut bytes, &donor, m));
        let start = Instant::now();
        let answer = import_model(&bytes, "model").map_err(|error| error.to_string());
        if let Err(message) = answer.and_then(|graph| as_integers(&graph)) {
            prop_assert!(!message.contains('\n'), "{message}");
            prop_assert!(message.len() < 2000, "{message}");
        }
        prop_assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    }

    #[test]
    fn mutated_arrays_never_panic_and_are_answered_soon(
        mutations in prop::collection::vec(mutation(), 1..6),
        which in 0usize..3,
    ) {
        let mut bytes = match which {
            0 => b"\x93NUMPY\x01\x00\x46\x00{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }          \n123456789012".to_vec(),
            1 => vec![0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6],
            _ => array_once().to_vec(),
        };
        let donor = bytes.clone();
        mutations.iter().for_each(|m| mutate(&mut bytes, &donor, m));
        let start = Instant::now();
        if let Ok(array) = read_array(&bytes) {
            prop_assert_eq!(array.shape.iter().product::<usize>(), array.len());
            let _ = array.to_labels();
        }
        prop_assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    }
}

/// Makes integer layers of a graph; one of real numbers is quantized first, on some samples.
fn as_integers(graph: &Graph) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    if !graph.is_real() {
        return quantize(graph).map(|_| ()).map_err(|error| told(&error));
    }
    let samples = vec![0.5; 2 * graph.tensors[graph.input].len()];
    let options = Quantization {
        correct_mean_error: true,
        ..Quantization::default()
    };
    let calibration = Calibration::measure(graph, true, &samples).map_err(|error| told(&error))?;
    let graph = calibration
        .quantize(&options, &samples)
        .map_err(|error| told(&error))?;
    quantize(&graph).map(|_| ()).map_err(|error| told(&error))
}

fn seeds_once() -> &'static [Vec<u8>] {
    static SEEDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(seeds)
}

/// A gzipped IDX file.
fn array_once() -> &'static [u8] {
    static ARRAY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ARRAY.get_or_init(|| read(at("assets/datasets/digits-test-labels.idx1-ubyte.gz")))
}

#[test]
fn arrays_written_by_numpy_are_read() {
    let codes = read_array(&read(at("tests/fixtures/digits-mlp.codes.npy"))).unwrap();
    assert_eq!(codes.shape.get(1), Some(&10));
    let plain = Array {
        shape: vec![2],
        values: ArrayValues::U8(vec![3, 4]),
    };
    assert_eq!(plain.to_labels().unwrap(), [3, 4]);
    assert_eq!(plain.to_f32(), [3.0, 4.0]);
}
