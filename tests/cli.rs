//! The command line as a person or a script meets it: the real binary on real files.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failed test too")]

use sdann::export::NpyWriter;
use sdann::import::dataset::{Array, ArrayValues, read_array};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The shipped models with the stem of their data set's names and their divisor.
const MODELS: [(&str, &str, &str); 2] = [("mnist-cnn", "mnist", "255"), ("digits-mlp", "digits", "16")];

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn model(name: &str) -> String {
    at(&format!("assets/models/{name}.onnx")).display().to_string()
}

fn dataset(name: &str) -> String {
    at(&format!("assets/datasets/{name}")).display().to_string()
}

/// An empty folder of a test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn sdann(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sdann"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = sdann(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Expects a failure told in one line, and returns that line.
#[track_caller]
fn fail(folder: &Path, code: i32, args: &[&str]) -> String {
    let output = sdann(folder, args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert!(stderr.starts_with("error: "), "{args:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{args:?}");
    stderr
}

fn array(path: &Path) -> Array {
    read_array(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn integers(array: &Array) -> Vec<i32> {
    array.to_f32().into_iter().map(|v| v as i32).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn write_codes(path: &Path, shape: &[usize], values: &[i32]) {
    let mut writer = NpyWriter::codes(fs::File::create(path).unwrap(), shape).unwrap();
    writer.push(values, &[]).unwrap();
    writer.finish().unwrap();
}

fn write_reals(path: &Path, shape: &[usize], values: &[f32]) {
    let mut writer = NpyWriter::reals(fs::File::create(path).unwrap(), shape).unwrap();
    writer.push(&[], values).unwrap();
    writer.finish().unwrap();
}

/// A .npy file of any type.
fn write_raw(path: &Path, descr: &str, shape: &str, data: &[u8]) {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes().chain(data.iter().copied()));
    fs::write(path, bytes).unwrap();
}

/// `run` on the small model, with more flags.
fn run_digits<'a>(model: &'a str, inputs: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["run", model, "--inputs", inputs, "--output", "out.npy"];
    args.extend(more);
    args
}

#[test]
fn both_engines_write_onnx_runtimes_codes() {
    let folder = folder("both-engines");
    for (name, set, divide_by) in MODELS {
        let images = dataset(&format!("{set}-test-images.idx3-ubyte.gz"));
        let expected = array(&at(&format!("tests/fixtures/{name}.codes.npy")));
        for engine in ["spiking", "integer"] {
            let args = run_digits("", &images, &["--divide-by", divide_by, "--engine", engine]);
            let model = model(name);
            let args: Vec<&str> = args
                .iter()
                .map(|a| if a.is_empty() { &model } else { *a })
                .collect();
            let summary = succeed(&folder, &args);
            let written = array(&folder.join("out.npy"));
            assert!(matches!(written.values, ArrayValues::I32(_)));
            assert_eq!(written.shape, expected.shape, "{name}, {engine}");
            assert_eq!(integers(&written), integers(&expected), "{name}, {engine}");
            assert!(!summary.contains("accuracy"), "there are no labels: {summary}");
        }
    }
}

#[test]
fn the_report_says_what_happened() {
    let folder = folder("report");
    let (model, images) = (model("mnist-cnn"), dataset("mnist-test-images.idx3-ubyte.gz"));
    let labels = dataset("mnist-test-labels.idx1-ubyte.gz");
    let flags = ["--divide-by", "255", "--labels", &labels, "--report", "r.json"];
    succeed(&folder, &run_digits(&model, &images, &flags));
    let report = json(&folder.join("r.json"));
    assert_eq!(report["report_version"], 1);
    assert_eq!(report["engine"], "spiking");
    for count in ["samples", "codes_equal", "labels_equal"] {
        assert_eq!(report[count], 1000, "{count}");
    }
    let accuracy = &json(&at("tests/fixtures/accuracy.json"))["mnist-cnn"]["main"]["quantized"];
    assert_eq!(&report["accuracy"], accuracy);
    assert_eq!(&report["reference_accuracy"], accuracy);
    assert_eq!(report["source"]["model"], "mnist-cnn");
    assert_eq!(report["source"]["calibration"]["from_inputs"], true);
    assert_eq!(report["source"]["calibration"]["samples"], 128);
    assert_eq!(report["settings"]["register-bits"], 32);
    assert_eq!(report["settings"]["bias-fold"], "on");
    assert_eq!(
        report["settings"].as_object().unwrap().len(),
        sdann::settings::SETTINGS.len()
    );
    assert_eq!(report["output"]["dtype"], "int32");
    assert_eq!(report["output"]["shape"], serde_json::json!([1000, 10]));
    assert_eq!(report["output"]["values_equal"], 10_000);
    let layers = report["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 4);
    let mut spikes = 0;
    for layer in layers {
        assert_eq!(layer["codes"], layer["codes_equal"]);
        assert_eq!(
            (&layer["largest_error"], &layer["overflows"]),
            (&0.into(), &0.into())
        );
        assert_eq!(layer["m0"]["value"], 1.0);
        assert!(layer["m1"]["min"].as_f64().unwrap() <= layer["m1"]["max"].as_f64().unwrap());
        assert!(layer["narrowest_register"].as_u64() <= layer["guaranteed_register"].as_u64());
        assert_eq!(layer["proven"], true);
        assert_eq!(layer["first_overflow"], Value::Null);
        assert!(layer["synaptic_operations"].as_u64() > layer["spikes"].as_u64());
        spikes += layer["spikes"].as_u64().unwrap();
    }
    assert_eq!(report["totals"]["spikes"], spikes);
    let chip = &report["chip"];
    assert!(chip["cores_used"].as_u64() <= chip["cores"].as_u64());
    assert!(chip["hops"].as_u64() > chip["packets"].as_u64());
    assert_eq!(chip["name"], "Classroom");
    assert!(chip["energy"]["total"]["low"].as_f64() > Some(0.0));
    assert!(chip["time"]["alone"].as_f64() > Some(0.0));
}

#[test]
fn answers_that_are_no_classes_are_judged_by_their_targets() {
    let folder = folder("targets");
    let sine = model("sine-regression");
    let (inputs, targets) = (
        dataset("sine-test-inputs.idx2-float.gz"),
        dataset("sine-test-targets.idx2-float.gz"),
    );
    let report = folder.join("r.json");
    let flags = ["--targets", &targets, "--report", "r.json"];
    let summary = succeed(&folder, &run_digits(&sine, &inputs, &flags));
    assert!(
        summary.contains("RMSE           0.0116 (integer reference 0.0116)"),
        "{summary}"
    );
    let published = &json(&at("tests/fixtures/accuracy.json"))["sine-regression"]["main"]["quantized"];
    let quality = &json(&report)["quality"];
    assert_eq!(quality["measure"], "rmse");
    assert!((quality["value"].as_f64().unwrap() - published.as_f64().unwrap()).abs() < 1e-9);
    assert_eq!(json(&report)["accuracy"], Value::Null);

    // With narrow registers the answers are worse, and the reference's stay.
    let narrow = [&flags[..], &["--register-bits", "8"]].concat();
    succeed(&folder, &run_digits(&sine, &inputs, &narrow));
    let narrow = &json(&report)["quality"];
    assert!(narrow["value"].as_f64() > quality["value"].as_f64());
    assert_eq!(narrow["reference"], quality["reference"]);

    let labels = dataset("mnist-test-labels.idx1-ubyte.gz");
    let line = fail(&folder, 1, &run_digits(&sine, &inputs, &["--targets", &labels]));
    assert!(line.contains("there are 500 samples"), "{line}");
    fail(
        &folder,
        2,
        &run_digits(&sine, &inputs, &["--targets", &targets, "--labels", &labels]),
    );
}

#[test]
fn another_spike_code_gives_the_same_codes_for_fewer_spikes() {
    let folder = folder("spike-codes");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let run = |flags: &[&str]| -> Value {
        let flags = [&["--divide-by", "16", "--json"], flags].concat();
        serde_json::from_str(&succeed(&folder, &run_digits(&model, &images, &flags))).unwrap()
    };
    let plain = run(&[]);
    let sparse = run(&["--silent-code", "zero-point", "--digits", "canonical"]);
    for report in [&plain, &sparse] {
        assert_eq!(report["codes_equal"], report["samples"]);
    }
    assert!(sparse["totals"]["spikes"].as_u64() < plain["totals"]["spikes"].as_u64());
    assert_eq!(sparse["settings"]["digits"], "canonical");
    let (before, after) = (&plain["spike_codes"][0], &sparse["spike_codes"][0]);
    assert_eq!(before["silent_code"], 0);
    assert_eq!(
        (&before["digits"], &before["time_steps"]),
        (&"binary".into(), &8.into())
    );
    assert_eq!(after["silent_code"], -128);
    assert_eq!(
        (&after["time_steps"], &after["most_spikes"]),
        (&9.into(), &5.into())
    );
    assert_eq!(
        (&before["signed_spikes"], &after["signed_spikes"]),
        (&false.into(), &true.into())
    );
    // A sign on a line of its own takes twice the lines.
    assert_eq!(
        (&plain["layers"][0]["axons"], &sparse["layers"][0]["axons"]),
        (&64.into(), &128.into())
    );
}

#[test]
fn a_code_is_traced_to_the_input_in_sums_that_add_up() {
    let folder = folder("trace");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let trace = |flags: &[&str]| {
        let words = ["trace", &model, "--data", &images, "--divide-by", "16"];
        words
            .iter()
            .chain(flags)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let run = |flags: &[&str]| {
        let words = trace(flags);
        succeed(&folder, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let report: Value = serde_json::from_str(&run(&["--depth", "9", "--all", "--json"])).unwrap();
    let neurons = report["neurons"].as_array().unwrap();
    assert_eq!(neurons.len(), 2, "two layers lead to the input");
    for neuron in neurons {
        assert_eq!(neuron["code"], neuron["reference"]);
        let dendrite = &neuron["dendrites"][0];
        let sources = dendrite["sources"].as_array().unwrap();
        assert_eq!(dendrite["synapses"], sources.len());
        let parts = sources
            .iter()
            .map(|source| source["contribution"].as_i64().unwrap());
        let sum = dendrite["constant"].as_i64().unwrap() + parts.sum::<i64>();
        assert_eq!(dendrite["membrane"], sum);
    }
    let first = &neurons[0]["dendrites"][0]["sources"][0];
    assert_eq!(
        (&first["layer"], &first["neuron"]),
        (&neurons[1]["layer"], &neurons[1]["neuron"])
    );
    let text = run(&["--sample", "2", "--layer", "0", "--neuron", "3"]);
    assert!(text.contains("digits-mlp, sample 2\n\nlayer "), "{text}");
    assert!(
        text.contains("52 others") && text.contains("as the integer reference"),
        "{text}"
    );
    for (flags, code, words) in [
        (["--layer", "none"], 2, "give a name or a number of 0 "),
        (["--neuron", "10"], 2, "give a number below 10"),
        (["--sample", "360"], 1, "there is no sample 360"),
    ] {
        let command = trace(&flags);
        let line = fail(
            &folder,
            code,
            &command.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn json_goes_to_stdout_and_the_integer_report_has_no_spikes() {
    let folder = folder("json");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let labels = dataset("digits-test-labels.idx1-ubyte.gz");
    let flags = [
        "--divide-by",
        "16",
        "--labels",
        &labels,
        "--engine",
        "integer",
        "--json",
    ];
    let stdout = succeed(&folder, &run_digits(&model, &images, &flags));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["engine"], "integer");
    assert_eq!(
        report["accuracy"],
        json(&at("tests/fixtures/accuracy.json"))["digits-mlp"]["main"]["quantized"]
    );
    for absent in ["codes_equal", "labels_equal", "totals", "chip"] {
        assert_eq!(report[absent], Value::Null, "{absent}");
    }
}

#[test]
fn a_narrow_register_is_told_honestly() {
    let folder = folder("narrow");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let calibration = dataset("digits-calibration-images.idx3-ubyte.gz");
    let narrow = ["--divide-by", "16", "--register-bits", "9", "--json"];
    let calibrated = [&narrow[..], &["--calibration", &calibration]].concat();
    let report: Value =
        serde_json::from_str(&succeed(&folder, &run_digits(&model, &images, &calibrated))).unwrap();
    assert!(report["codes_equal"].as_u64().unwrap() < 360);
    assert_eq!(report["source"]["calibration"]["from_inputs"], false);
    assert_eq!(report["source"]["calibration"]["samples"], 100);
    assert!(report["layers"][0]["m0"]["value"].as_f64().unwrap() < 1.0);
    assert!(report["layers"][0]["mean_correction"].as_f64().unwrap() != 0.0);

    let unscaled = [&narrow[..], &["--scaling", "off", "--overflow", "wrap"]].concat();
    let report: Value =
        serde_json::from_str(&succeed(&folder, &run_digits(&model, &images, &unscaled))).unwrap();
    let first = &report["layers"][0]["first_overflow"];
    assert!(report["layers"][0]["overflows"].as_u64().unwrap() > 0);
    for place in ["sample", "neuron", "channel", "row", "column"] {
        assert!(first[place].is_u64(), "{place}: {first}");
    }
}

#[test]
fn every_case_of_the_corpus_runs_to_onnx_runtimes_answer() {
    let folder = folder("corpus");
    let mut cases: Vec<_> = fs::read_dir(at("tests/corpus"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case.json").exists())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let path = |name: &str| case.join(name).display().to_string();
        let (model, inputs) = (path("model.onnx"), path("input.npy"));
        let run = run_digits(&model, &inputs, &["--report", "r.json"]);
        if !sdann(&folder, &["inspect", &model]).status.success() {
            let line = fail(&folder, 1, &run);
            let is_known = ["two activations", "no layers"]
                .iter()
                .any(|why| line.contains(why));
            assert!(is_known, "{line}");
            continue;
        }
        succeed(&folder, &run);
        let description = json(&case.join("case.json"));
        let executed = description["executed"].to_string();
        if executed.contains("Softmax") || executed.contains("ArgMax") {
            // These only read out what the network answers.
            continue;
        }
        let (written, expected) = (array(&folder.join("out.npy")), array(&case.join("output.npy")));
        let name = case.display();
        let without_ones = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
        assert_eq!(
            without_ones(&written.shape),
            without_ones(&expected.shape),
            "{name}"
        );
        let is_real = description["output"]["kind"] != "codes";
        if is_real && matches!(written.values, ArrayValues::I32(_)) {
            // Between the last codes and the model's output values are only moved, so codes are written.
            continue;
        }
        assert_eq!(matches!(written.values, ArrayValues::F32(_)), is_real, "{name}");
        let largest = expected.to_f32().iter().fold(0f32, |m, v| m.max(v.abs()));
        // Where ONNX Runtime sums reals, a tie may round otherwise (tests/engine/corpus.rs counts these).
        let allowed = match (is_real, description["kernel"] == "float") {
            (true, _) => 1e-6 * largest,
            (false, true) => 1.0,
            (false, false) => 0.0,
        };
        for (found, expected) in written.to_f32().iter().zip(expected.to_f32()) {
            assert!(
                (found - expected).abs() <= allowed,
                "{name}: {found} instead of {expected}"
            );
        }
        let report = json(&folder.join("r.json"));
        assert_eq!(report["codes_equal"], report["samples"], "{name}");
    }
}

#[test]
fn every_bad_model_is_refused_in_one_line() {
    let folder = folder("bad-models");
    write_reals(&folder.join("x.npy"), &[1, 3, 8, 8], &[0.0; 192]);
    let cases = json(&at("tests/corpus-bad/cases.json"));
    for case in cases["cases"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let model = at("tests/corpus-bad").join(file).display().to_string();
        let line = fail(&folder, 1, &["inspect", &model]);
        assert!(line.contains(file), "{line}");
        fail(&folder, 1, &run_digits(&model, "x.npy", &[]));
    }
    assert!(!folder.join("out.npy").exists());
}

#[test]
fn inspect_describes_every_layer() {
    let folder = folder("inspect");
    let report: Value =
        serde_json::from_str(&succeed(&folder, &["inspect", &model("mnist-cnn"), "--json"])).unwrap();
    // 16·14·14·25 + 32·7·7·144 + 64·1568 + 10·64
    assert_eq!(report["totals"]["macs"], 405_184);
    assert_eq!(report["totals"]["layers"], 4);
    assert_eq!(report["totals"]["time_steps"], 32);
    assert_eq!(report["input"]["shape"], serde_json::json!([1, 28, 28]));
    assert_eq!(report["input"]["quantization"]["bits"], 8);
    let kinds: Vec<_> = report["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| &l["kind"])
        .collect();
    assert_eq!(kinds, ["conv", "conv", "dense", "dense"]);
    let conv = &report["layers"][0];
    assert_eq!(conv["kernel"], serde_json::json!([5, 5]));
    assert_eq!(conv["stride"], serde_json::json!([2, 2]));
    assert_eq!(conv["padding"], serde_json::json!([2, 2, 2, 2]));
    assert_eq!(conv["parameters"], 16 * 25 + 16);
    let table = succeed(&folder, &["inspect", &model("mnist-cnn")]);
    for word in ["conv1", "5×5, stride 2, pad 2", "int8 → int8", "405,184"] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let corpus = |case: &str| {
        at(&format!("tests/corpus/{case}/model.onnx"))
            .display()
            .to_string()
    };
    assert!(succeed(&folder, &["inspect", &corpus("relu-kept")]).contains("Relay"));
    assert!(succeed(&folder, &["inspect", &corpus("output-float")]).contains("→ real"));
}

#[test]
fn samples_come_in_many_forms() {
    let folder = folder("forms");
    let (mnist, digits) = (model("mnist-cnn"), model("digits-mlp"));
    let image: Vec<f32> = array(Path::new(&dataset("mnist-test-images.idx3-ubyte.gz"))).to_f32()[..784]
        .iter()
        .map(|v| v / 255.0)
        .collect();
    let expected = integers(&array(&at("tests/fixtures/mnist-cnn.codes.npy")))[..10].to_vec();
    let shapes: [&[usize]; 6] = [
        &[1, 1, 28, 28],
        &[1, 28, 28],
        &[28, 28],
        &[1, 28, 28, 1],
        &[1, 784],
        &[784],
    ];
    for shape in shapes {
        write_reals(&folder.join("x.npy"), shape, &image);
        succeed(&folder, &run_digits(&mnist, "x.npy", &[]));
        let written = array(&folder.join("out.npy"));
        assert_eq!(written.shape, [1, 10], "{shape:?}");
        assert_eq!(integers(&written), expected, "{shape:?}");
    }
    let doubles: Vec<u8> = image.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect();
    write_raw(&folder.join("x.npy"), "<f8", "(1, 1, 28, 28)", &doubles);
    succeed(&folder, &run_digits(&mnist, "x.npy", &[]));
    assert_eq!(integers(&array(&folder.join("out.npy"))), expected);
    // Whole numbers, too.
    write_codes(&folder.join("x.npy"), &[2, 64], &[1; 128]);
    succeed(&folder, &run_digits(&digits, "x.npy", &["--divide-by", "16"]));
    assert_eq!(array(&folder.join("out.npy")).shape, [2, 10]);
}

/// The first test digits as every kind of file that can hold them with their labels.
fn digits_in_every_format(folder: &Path) -> Vec<&'static str> {
    const COUNT: usize = 20;
    let (images, labels) = (
        "digits-test-images.idx3-ubyte.gz",
        "digits-test-labels.idx1-ubyte.gz",
    );
    let pixels = integers(&array(Path::new(&dataset(images))));
    let labels = integers(&array(Path::new(&dataset(labels))));
    let (pixels, labels) = (&pixels[..64 * COUNT], &labels[..COUNT]);
    write_codes(&folder.join("x.npy"), &[COUNT, 64], pixels);
    write_codes(&folder.join("y.npy"), &[COUNT], labels);

    let written = |name: &str| fs::read(folder.join(name)).unwrap();
    let mut npz = zip::ZipWriter::new(fs::File::create(folder.join("digits.npz")).unwrap());
    let mut images = zip::ZipWriter::new(fs::File::create(folder.join("digits.zip")).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for name in ["x.npy", "y.npy"] {
        npz.start_file(name, options).unwrap();
        npz.write_all(&written(name)).unwrap();
    }
    npz.finish().unwrap();

    let mut csv = String::from("label");
    (0..64).for_each(|pixel| csv += &format!(",pixel{pixel}"));
    let mut list = String::from("file,label\n");
    fs::create_dir(folder.join("digits")).unwrap();
    for (index, (image, label)) in pixels.chunks(64).zip(labels).enumerate() {
        csv += &format!("\n{label}");
        image.iter().for_each(|value| csv += &format!(",{value}"));
        list += &format!("{index}.png,{label}\n");
        let path = folder.join(format!("digits/{index}.png"));
        let bytes = image.iter().map(|&value| value as u8).collect();
        image::GrayImage::from_raw(8, 8, bytes)
            .unwrap()
            .save(&path)
            .unwrap();
        images.start_file(format!("{index}.png"), options).unwrap();
        images.write_all(&fs::read(&path).unwrap()).unwrap();
    }
    images.start_file("labels.csv", options).unwrap();
    images.write_all(list.as_bytes()).unwrap();
    images.finish().unwrap();
    fs::write(folder.join("digits/labels.csv"), list).unwrap();
    fs::write(folder.join("digits.csv"), csv).unwrap();
    vec!["digits.npz", "digits.csv", "digits.zip", "digits"]
}

#[test]
fn samples_labels_and_calibration_come_in_every_format() {
    let folder = folder("formats");
    let digits = model("digits-mlp");
    let formats = digits_in_every_format(&folder);
    let report = |inputs: &str, more: &[&str]| -> Value {
        let flags = [&["--divide-by", "16", "--json"], more].concat();
        serde_json::from_str(&succeed(&folder, &run_digits(&digits, inputs, &flags))).unwrap()
    };
    let expected = report("x.npy", &["--labels", "y.npy", "--calibration", "x.npy"]);
    let codes = array(&folder.join("out.npy"));
    assert!(expected["accuracy"].as_f64().unwrap() > 0.9);
    for format in formats {
        for more in [
            &["--calibration", format][..],
            &["--labels", format],
            &["--labels", "y.npy"],
            &[],
        ] {
            let found = report(format, more);
            assert_eq!(array(&folder.join("out.npy")), codes, "{format} {more:?}");
            for field in ["accuracy", "layers"] {
                assert_eq!(found[field], expected[field], "{format} {more:?} {field}");
            }
            let labels = if more.contains(&"y.npy") { "y.npy" } else { format };
            assert_eq!(found["source"]["labels_file"], labels);
        }
    }
    assert_eq!(report("digits/3.png", &[])["samples"], 1);
}

#[test]
fn labels_beside_the_samples_that_do_not_fit_are_told_and_left_out() {
    let folder = folder("own-labels");
    let digits = model("digits-mlp");
    let row = ["0.5"; 64].join(",");
    let told = |label: &str, words: &[&str]| {
        let names: Vec<String> = (0..64).map(|i| format!("p{i}")).collect();
        fs::write(
            folder.join("x.csv"),
            format!("{},label\n{row},{label}\n", names.join(",")),
        )
        .unwrap();
        let output = sdann(&folder, &run_digits(&digits, "x.csv", &[]));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains("accuracy"));
        for word in words {
            assert!(stderr.contains(word), "'{word}' isn't in: {stderr}");
        }
    };
    told(
        "11",
        &[
            "note: --inputs 'x.csv'",
            "left out",
            "sample 0 is 11",
            "10 classes",
        ],
    );
    told("seven", &["names 1 classes ('seven', …)", "tells 10 apart"]);
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_used_are_refused_in_one_line() {
    use std::os::unix::fs::symlink;
    let folder = folder("bad-folders");
    let digits = model("digits-mlp");
    let made = |name: &str| {
        fs::create_dir(folder.join(name)).unwrap();
        folder.join(name)
    };
    let check = |name: &str, words: &[&str]| {
        let line = fail(&folder, 1, &run_digits(&digits, name, &[]));
        for word in words {
            assert!(line.contains(word), "'{word}' isn't in: {line}");
        }
    };
    made("empty");
    check("empty", &["--inputs 'empty'", "no images"]);
    symlink(".", made("endless").join("again")).unwrap();
    check("endless", &["--inputs 'endless'", "8 folders deep"]);
    fs::write(made("broken").join("a.png"), b"\x89PNG\r\n\x1A\n").unwrap();
    check(
        "broken",
        &["--inputs 'broken': image 'a.png'", "PNG file is damaged"],
    );
    symlink("nowhere", made("dangling").join("a.png")).unwrap();
    check("dangling", &["'a.png'", "no such file"]);
}

#[test]
fn no_samples_are_no_error() {
    let folder = folder("empty");
    write_reals(&folder.join("x.npy"), &[0, 64], &[]);
    write_codes(&folder.join("y.npy"), &[0], &[]);
    for engine in ["spiking", "integer"] {
        let flags = ["--labels", "y.npy", "--engine", engine, "--report", "r.json"];
        succeed(&folder, &run_digits(&model("digits-mlp"), "x.npy", &flags));
        assert_eq!(array(&folder.join("out.npy")).shape, [0, 10]);
        let report = json(&folder.join("r.json"));
        assert_eq!(report["samples"], 0);
        assert_eq!(report["accuracy"], Value::Null);
    }
}

#[test]
fn values_in_other_units_are_doubted() {
    let folder = folder("units");
    let images = dataset("mnist-test-images.idx3-ubyte.gz");
    let output = sdann(
        &folder,
        &run_digits(&model("mnist-cnn"), &images, &["--engine", "integer"]),
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success());
    assert!(
        stderr.starts_with("note: ") && stderr.contains("--divide-by"),
        "{stderr}"
    );
}

#[test]
fn data_that_cannot_be_used_is_refused_in_one_line() {
    let folder = folder("bad-data");
    let digits = model("digits-mlp");
    let good = |name: &str| write_reals(&folder.join(name), &[2, 64], &[0.0; 128]);
    good("x.npy");
    let inputs = |file: &str| fail(&folder, 1, &run_digits(&digits, file, &[]));
    let check = |line: String, words: &[&str]| {
        for word in words {
            assert!(line.contains(word), "'{word}' isn't in: {line}");
        }
    };

    check(inputs("missing.npy"), &["--inputs 'missing.npy'", "no such file"]);
    check(inputs("."), &["folder"]);
    fs::write(folder.join("text.npy"), "hello").unwrap();
    check(inputs("text.npy"), &["a text file", ".npy"]);
    fs::write(folder.join("empty.npy"), "").unwrap();
    check(inputs("empty.npy"), &["an empty file"]);
    write_raw(&folder.join("half.npy"), "<f2", "(2, 64)", &[0; 256]);
    check(inputs("half.npy"), &["<f2", "float32", "astype"]);
    write_raw(&folder.join("cut.npy"), "<f4", "(2, 64)", &[0; 100]);
    check(inputs("cut.npy"), &["cut off"]);
    write_reals(&folder.join("wide.npy"), &[2, 65], &[0.0; 130]);
    check(
        inputs("wide.npy"),
        &[
            "[2, 65]",
            "[samples, 64]",
            "digits-mlp",
            "column holds the labels",
        ],
    );
    write_reals(&folder.join("wider.npy"), &[2, 66], &[0.0; 132]);
    check(inputs("wider.npy"), &["[2, 66]", "reshape it"]);
    write_reals(&folder.join("nan.npy"), &[2, 64], &[f32::NAN; 128]);
    check(inputs("nan.npy"), &["sample 0", "not a number"]);

    let labels = |file: &str| fail(&folder, 1, &run_digits(&digits, "x.npy", &["--labels", file]));
    write_codes(&folder.join("three.npy"), &[3], &[1, 2, 3]);
    check(
        labels("three.npy"),
        &["--labels 'three.npy'", "3 labels", "2 samples"],
    );
    write_codes(&folder.join("eleven.npy"), &[2], &[1, 11]);
    check(labels("eleven.npy"), &["sample 1 is 11", "10 classes"]);
    write_reals(&folder.join("halves.npy"), &[2], &[0.5, 1.0]);
    check(labels("halves.npy"), &["0.5", "class index"]);
    check(labels("missing.npy"), &["no such file"]);

    let calibration = |file: &str| {
        fail(
            &folder,
            1,
            &run_digits(&digits, "x.npy", &["--calibration", file]),
        )
    };
    check(calibration("wide.npy"), &["--calibration 'wide.npy'", "[2, 65]"]);
    write_reals(&folder.join("none.npy"), &[0, 64], &[]);
    check(calibration("none.npy"), &["no samples"]);

    let model = |file: &str| fail(&folder, 1, &run_digits(file, "x.npy", &[]));
    check(model("missing.onnx"), &["model 'missing.onnx'", "no such file"]);
    check(model("."), &["folder"]);
    check(model("x.npy"), &["a NumPy array", "ONNX"]);
    assert!(!folder.join("out.npy").exists());
    assert_eq!(hidden_files(&folder), 0);
}

/// Files that a failed run has left under their other name.
fn hidden_files(folder: &Path) -> usize {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .count()
}

#[test]
fn an_output_is_replaced_whole_or_not_at_all() {
    let folder = folder("output");
    let digits = model("digits-mlp");
    write_reals(&folder.join("x.npy"), &[2, 64], &[0.0; 128]);
    write_reals(&folder.join("nan.npy"), &[2, 64], &[f32::NAN; 128]);
    fs::write(folder.join("out.npy"), "before").unwrap();
    fail(
        &folder,
        1,
        &run_digits(&digits, "nan.npy", &["--engine", "integer"]),
    );
    assert_eq!(fs::read(folder.join("out.npy")).unwrap(), b"before");
    succeed(&folder, &run_digits(&digits, "x.npy", &[]));
    assert_eq!(array(&folder.join("out.npy")).shape, [2, 10]);

    let line = fail(
        &folder,
        1,
        &["run", &digits, "--inputs", "x.npy", "--output", "no/such/out.npy"],
    );
    assert!(
        line.contains("--output 'no/such/out.npy'") && line.contains("no folder 'no/such'"),
        "{line}"
    );
    fs::create_dir(folder.join("taken")).unwrap();
    let line = fail(
        &folder,
        1,
        &["run", &digits, "--inputs", "x.npy", "--output", "taken"],
    );
    assert!(line.contains("folder"), "{line}");
    // The report cannot be written, so the output is not either.
    fs::remove_file(folder.join("out.npy")).unwrap();
    let line = fail(
        &folder,
        1,
        &run_digits(&digits, "x.npy", &["--report", "no/r.json"]),
    );
    assert!(line.contains("--report 'no/r.json'"), "{line}");
    assert!(!folder.join("out.npy").exists());
    assert_eq!(hidden_files(&folder), 0);
}

#[test]
fn what_is_read_is_not_overwritten() {
    let folder = folder("overwrite");
    let digits = model("digits-mlp");
    write_reals(&folder.join("x.npy"), &[2, 64], &[0.0; 128]);
    let line = fail(
        &folder,
        2,
        &["run", &digits, "--inputs", "x.npy", "--output", "./x.npy"],
    );
    assert!(line.contains("--output and --inputs are the same file"), "{line}");
    let line = fail(
        &folder,
        2,
        &run_digits(&digits, "x.npy", &["--report", "out.npy"]),
    );
    assert!(line.contains("--report and --output"), "{line}");
}

/// `explain` on the MNIST network, with more flags.
fn explain_mnist<'a>(model: &'a str, images: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["explain", model, "--data", images, "--divide-by", "255"];
    args.extend(more);
    args
}

/// A data set of the first `count` MNIST test images.
fn few_images(folder: &Path, count: usize) {
    let images = array(Path::new(&dataset("mnist-test-images.idx3-ubyte.gz")));
    let values = &images.to_f32()[..count * 784];
    write_reals(&folder.join("few.npy"), &[count, 784], values);
    let labels = integers(&array(Path::new(&dataset("mnist-test-labels.idx1-ubyte.gz"))));
    write_codes(&folder.join("labels.npy"), &[count], &labels[..count]);
}

#[test]
fn explain_says_what_is_wrong_and_its_remedies_mend_it() {
    let folder = folder("explain");
    let mnist = model("mnist-cnn");
    few_images(&folder, 30);
    let float = at("assets/models/mnist-cnn.float.onnx").display().to_string();
    let flags = [
        "--labels",
        "labels.npy",
        "--float",
        &float,
        "--register-bits",
        "12",
        "--scaling",
        "off",
        "--json",
    ];
    let report: Value =
        serde_json::from_str(&succeed(&folder, &explain_mnist(&mnist, "few.npy", &flags))).unwrap();
    assert_eq!(
        (&report["report_version"], &report["samples"]),
        (&1.into(), &30.into())
    );
    assert_eq!(report["settings"]["scaling"], "off");
    assert_eq!(report["source"]["calibration"]["from_inputs"], true);
    assert!(report["accuracy"].as_f64() < report["reference_accuracy"].as_f64());
    let flips = report["flips"].as_array().unwrap();
    assert_eq!(flips.len() as u64, 30 - report["labels_equal"].as_u64().unwrap());
    assert_eq!(
        (&report["first_different"], &report["codes_equal"]),
        (&0.into(), &0.into())
    );

    let layer = &report["layers"][0];
    assert_eq!(layer["name"], "conv1");
    assert_eq!(layer["exact"], "no");
    assert!(layer["first_overflow"]["value"].as_i64().unwrap().abs() > 2047);
    assert_eq!(
        layer["first_overflow"]["stored"].as_i64().unwrap().abs() / 2047,
        1
    );
    assert!(layer["own"]["equal"].as_u64() < layer["own"]["codes"].as_u64());
    assert_eq!(
        layer["own"], layer["errors"],
        "nothing wrong arrives at the first layer"
    );

    // The quantized network is like the float one; what overflows is less so.
    for layer in report["layers"].as_array().unwrap() {
        let r = |of: &str| layer["correlation"][of].as_f64().unwrap();
        let (spiking, quantized) = (r("float"), r("quantized_float"));
        assert!(quantized > 0.9 && spiking < quantized, "{}", layer["correlation"]);
    }

    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["layer"], &finding["kind"]),
        (&0.into(), &"overflow".into())
    );
    let (key, value) = (&finding["remedy"]["key"], &finding["remedy"]["value"]);
    assert_eq!(key, "register-bits");
    let sentence = finding["sentence"].as_str().unwrap();
    assert!(
        sentence.contains(&format!("Set register-bits to {}", value.as_str().unwrap())),
        "{sentence}"
    );
    let remedy = ["--scaling", "off", "--register-bits", value.as_str().unwrap()];
    let text = succeed(&folder, &explain_mnist(&mnist, "few.npy", &remedy));
    let of_layer: Vec<&str> = text.lines().skip_while(|line| *line != "conv1").skip(1).collect();
    assert!(of_layer[0].starts_with("  good   Exact"), "{text}");
}

#[test]
fn explain_of_a_wide_register_has_only_good_to_tell() {
    let folder = folder("explain-wide");
    let mnist = model("mnist-cnn");
    few_images(&folder, 5);
    let text = succeed(&folder, &explain_mnist(&mnist, "few.npy", &[]));
    assert_eq!(text.matches("Exact, proven for any input").count(), 4, "{text}");
    assert!(
        !text.contains("loss") && !text.contains("FAULT") && !text.contains("loses most"),
        "{text}"
    );
    assert!(!text.contains('\u{202f}'), "numbers are grouped by commas");
    // The same samples by another name.
    let by_inputs = ["explain", &mnist, "--inputs", "few.npy", "--divide-by", "255"];
    assert_eq!(succeed(&folder, &by_inputs), text);
}

#[test]
fn explain_refuses_what_it_cannot_use() {
    let folder = folder("explain-refuses");
    let mnist = model("mnist-cnn");
    write_reals(&folder.join("none.npy"), &[0, 784], &[]);
    let line = fail(&folder, 1, &explain_mnist(&mnist, "none.npy", &[]));
    assert!(line.contains("--data 'none.npy': it holds no samples"), "{line}");
    write_reals(&folder.join("flat.npy"), &[2, 10], &[0.0; 20]);
    let line = fail(&folder, 1, &explain_mnist(&mnist, "flat.npy", &[]));
    assert!(line.contains("--data 'flat.npy': its shape is [2, 10]"), "{line}");
    few_images(&folder, 1);
    let line = fail(
        &folder,
        1,
        &explain_mnist(&mnist, "few.npy", &["--float", &mnist]),
    );
    assert!(
        line.contains("--float") && line.contains("is quantized"),
        "{line}"
    );
    let digits = at("assets/models/digits-mlp.float.onnx").display().to_string();
    let line = fail(
        &folder,
        1,
        &explain_mnist(&mnist, "few.npy", &["--float", &digits]),
    );
    assert!(
        line.contains("the sample has 784 numbers") && line.contains("takes 64"),
        "{line}"
    );
    let line = fail(&folder, 2, &["explain", &mnist]);
    assert!(line.contains("--data"), "{line}");
    let mixed = ["--order", "lsb", "--accumulation", "shifting"];
    let line = fail(&folder, 2, &explain_mnist(&mnist, "none.npy", &mixed));
    assert!(line.contains("most significant bit first"), "{line}");
    let line = fail(&folder, 1, &explain_mnist("no.onnx", "none.npy", &[]));
    assert!(line.contains("model 'no.onnx'"), "{line}");
}

#[test]
fn wrong_commands_exit_with_2_and_say_what_is_right() {
    let folder = folder("usage");
    let cases: [(&[&str], &[&str]); 10] = [
        (&[], &["subcommand"]),
        (&["fly"], &["fly"]),
        (&["inspect"], &["MODEL"]),
        (&["run", "m"], &["--inputs", "--output"]),
        (
            &["--register-bits", "64"],
            &["'64'", "--register-bits", "4 to 32 bits"],
        ),
        (&["--registerbits", "8"], &["found; tip: ", "--register-bits"]),
        (&["--order", "middle"], &["'middle'", "msb", "lsb"]),
        (
            &["--order", "lsb", "--accumulation", "shifting"],
            &["shifting", "msb"],
        ),
        (&["--bias-calibration", "fudge"], &["fold, fit, correct"]),
        (&["--divide-by", "0"], &["--divide-by", "above 0"]),
    ];
    for (args, words) in cases {
        let line = if args.first().is_some_and(|first| first.starts_with("--")) {
            fail(&folder, 2, &run_digits("m.onnx", "x.npy", args))
        } else {
            fail(&folder, 2, args)
        };
        for word in words {
            assert!(line.contains(word), "'{word}' isn't in: {line}");
        }
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    let folder = folder("help");
    let help = succeed(&folder, &["--help"]);
    let codes = help.split("Exit codes:").nth(1).unwrap();
    let page = fs::read_to_string(at("docs/CLI.md")).unwrap();
    assert_eq!(codes.lines().filter(|line| !line.is_empty()).count(), 3);
    for line in codes.lines().filter(|line| !line.is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(
            page.contains(&format!("| {code} | {meaning} |")),
            "docs/CLI.md: {line}"
        );
    }
    for command in ["chips", "compare", "explain", "inspect", "map", "run", "settings"] {
        let help = succeed(&folder, &[command, "--help"]);
        assert!(help.contains("Example"), "{help}");
        assert!(help.contains(&format!("sdann {command} ")), "{help}");
    }
    let help = succeed(&folder, &["run", "--help"]);
    for setting in sdann::settings::SETTINGS {
        assert!(help.contains(&format!("--{} ", setting.key)), "{}", setting.key);
    }
    assert!(succeed(&folder, &["--version"]).starts_with("sdann "));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [
        &["run", "--help"][..],
        &["settings", "--markdown"],
        &["inspect", &model("mnist-cnn"), "--json"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sdann"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_full_ones_are_told() {
    let folder = folder("devices");
    let digits = model("digits-mlp");
    write_reals(&folder.join("x.npy"), &[2, 64], &[0.0; 128]);
    let run = |output| ["run", &digits, "--inputs", "x.npy", "--output", output];
    succeed(&folder, &run("/dev/null"));
    assert!(fs::metadata("/dev/null").unwrap().file_type() != fs::metadata(&digits).unwrap().file_type());
    let line = fail(&folder, 1, &run("/dev/full"));
    assert!(
        line.contains("--output '/dev/full'") && line.contains("full"),
        "{line}"
    );
    std::os::unix::fs::symlink("aim.npy", folder.join("link.npy")).unwrap();
    fs::write(folder.join("aim.npy"), "before").unwrap();
    succeed(&folder, &run("link.npy"));
    assert!(
        fs::symlink_metadata(folder.join("link.npy"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(array(&folder.join("aim.npy")).shape, [2, 10]);
}

/// The flags of a float model with the samples shipped for it.
fn float_data() -> [String; 8] {
    [
        at("assets/models/digits-mlp.float.onnx").display().to_string(),
        "--divide-by".into(),
        "16".into(),
        "--labels".into(),
        dataset("digits-test-labels.idx1-ubyte.gz"),
        "--calibration".into(),
        dataset("digits-calibration-images.idx3-ubyte.gz"),
        dataset("digits-test-images.idx3-ubyte.gz"),
    ]
}

#[test]
fn a_float_model_is_quantized_reported_and_written_as_a_model_that_runs() {
    let folder = folder("quantize");
    let data = float_data();
    let [model, rest @ .., samples] = &data;
    let mut args = vec!["quantize", model, "--data", samples, "--json", "-o", "int8.onnx"];
    args.extend(rest.iter().map(String::as_str));
    let report: Value = serde_json::from_str(&succeed(&folder, &args)).unwrap();
    assert_eq!(report["measure"], "accuracy");
    let (float, quantized) = (
        report["float_quality"].as_f64().unwrap(),
        report["quantized_quality"].as_f64().unwrap(),
    );
    assert!(
        float > 0.9 && (float - quantized).abs() < 0.01,
        "{float} {quantized}"
    );
    assert_eq!(report["settings"]["weight-bits"], 8);
    let tensors = report["tensors"].as_array().unwrap();
    assert_eq!(tensors.len(), 3);
    assert!(
        tensors
            .iter()
            .skip(1)
            .all(|tensor| tensor["sqnr"].as_f64().unwrap() > 25.0)
    );
    assert!(
        tensors
            .iter()
            .all(|tensor| tensor["scale"].as_f64().unwrap() > 0.0)
    );

    // The written model answers as the float model does when it is quantized on its way in.
    let answers = |model: &str, output: &str| {
        let mut args = vec!["run", model, "--inputs", samples, "--output", output, "--json"];
        args.extend(rest.iter().map(String::as_str));
        let report: Value = serde_json::from_str(&succeed(&folder, &args)).unwrap();
        assert_eq!(report["codes_equal"], report["samples"]);
        fs::read(folder.join(output)).unwrap()
    };
    assert_eq!(answers("int8.onnx", "a.npy"), answers(model, "b.npy"));

    let text = succeed(&folder, &["inspect", model]);
    assert!(text.contains("real") && !text.contains("int8"), "{text}");
    let few: Vec<&str> = args
        .iter()
        .filter(|word| !["--json", "-o", "int8.onnx"].contains(word))
        .copied()
        .collect();
    let text = succeed(&folder, &[&few[..], &["--weight-bits", "2"]].concat());
    assert!(
        text.contains("weights of 2 bits") && text.contains("float model"),
        "{text}"
    );
    let help = succeed(&folder, &["quantize", "--help"]);
    assert!(
        help.contains("Examples:") && help.contains("--percentile"),
        "{help}"
    );
}

#[test]
fn what_cannot_be_quantized_is_refused_in_one_sentence() {
    let folder = folder("quantize-refused");
    let data = float_data();
    let [float, .., samples] = &data;
    let quantized = model("digits-mlp");
    let args = |model| ["quantize", model, "--data", samples];
    let error = fail(&folder, 1, &args(&quantized));
    assert!(error.contains("quantized already"), "{error}");
    write_reals(&folder.join("none.npy"), &[0, 64], &[]);
    let error = fail(&folder, 1, &["quantize", float, "--data", "none.npy"]);
    assert!(error.contains("samples"), "{error}");
    let error = fail(&folder, 2, &[&args(float)[..], &["--weight-bits", "9"]].concat());
    assert!(error.contains("1 to 8"), "{error}");
}

#[test]
fn the_page_on_chips_has_the_table_of_fields() {
    let tables = succeed(&folder("chip-fields"), &["chips", "--markdown"]);
    let page = fs::read_to_string(at("docs/adding-a-chip.md")).unwrap();
    assert!(
        page.ends_with(&tables),
        "docs/adding-a-chip.md is out of date; put the output of 'cargo run -- chips --markdown' below 'Fields'"
    );
}

#[test]
fn the_files_in_the_page_on_chips_can_be_read() {
    let folder = folder("chip-page");
    let page = fs::read_to_string(at("docs/adding-a-chip.md")).unwrap();
    let files: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [shortest, values] = files[..] else {
        panic!("{} files", files.len())
    };
    fs::write(folder.join("mine.toml"), format!("{shortest}{values}")).unwrap();
    let text = succeed(&folder, &["chips", "--chip-file", "mine.toml"]);
    assert!(
        text.contains("12–15 pJ") && text.contains("not told apart from updates"),
        "{text}"
    );
}

#[test]
fn chips_are_listed_and_told_with_grades_and_sources() {
    let folder = folder("chips");
    let list = succeed(&folder, &["chips"]);
    let files = fs::read_dir(at("assets/chips")).unwrap().count() - 1;
    assert_eq!(list.lines().count(), 1 + files, "{list}");
    for name in ["classroom", "darwin3", "loihi-sana-fe", "tianjic"] {
        assert!(list.lines().any(|line| line.starts_with(name)), "{list}");
    }
    let chip = succeed(&folder, &["chips", "truenorth"]);
    let line = chip
        .lines()
        .find(|line| line.starts_with("energy.synaptic-operation"))
        .unwrap();
    assert!(
        line.contains("26 pJ") && line.contains("measured") && line.contains("merolla2014"),
        "{line}"
    );
    assert!(chip.contains("https://doi.org/10.1126/science.1254642"), "{chip}");
    let all: Value = serde_json::from_str(&succeed(&folder, &["chips", "--json"])).unwrap();
    assert_eq!(all.as_array().unwrap().len(), files);
    let one: Value = serde_json::from_str(&succeed(&folder, &["chips", "loihi", "--json"])).unwrap();
    let of = |key: &str| {
        let fields = one["fields"].as_array().unwrap();
        fields.iter().find(|field| field["field"] == key).unwrap().clone()
    };
    assert_eq!(of("core.neurons")["value"], 1024);
    assert_eq!(of("timing.barrier")["value"], serde_json::json!([113.0, 465.0]));
    assert_eq!(of("timing.barrier")["grade"], "simulated");
    assert_eq!(of("energy.spike")["value"], Value::Null);
}

#[test]
fn a_chip_of_ones_own_begins_with_one_that_is_known() {
    let folder = folder("own-chip");
    let file = succeed(&folder, &["chips", "loihi", "--toml"]);
    let changed = file.replacen("spike = {", "spike = 12.5 # {", 1);
    assert_ne!(file, changed);
    fs::write(folder.join("mine.toml"), &changed).unwrap();
    let text = succeed(&folder, &["chips", "--chip-file", "mine.toml"]);
    let line = text
        .lines()
        .find(|line| line.starts_with("energy.spike"))
        .unwrap();
    assert!(
        line.contains("12.5 pJ") && line.contains("chosen") && line.contains("you"),
        "{line}"
    );
    let one: Value = serde_json::from_str(&succeed(
        &folder,
        &["chips", "--chip-file", "mine.toml", "--json"],
    ))
    .unwrap();
    assert_eq!(one["chip"], "mine");
}

#[test]
fn what_is_wrong_with_a_chip_is_told_in_one_sentence() {
    let folder = folder("wrong-chip");
    let error = fail(&folder, 2, &["chips", "loihi-3"]);
    assert!(
        error.contains("loihi-3") && error.contains("classroom"),
        "{error}"
    );
    let error = fail(&folder, 2, &["chips", "--toml"]);
    assert!(error.contains("--toml needs a chip"), "{error}");
    let error = fail(&folder, 1, &["chips", "--chip-file", "none.toml"]);
    assert!(
        error.contains("--chip-file 'none.toml': there is no such file"),
        "{error}"
    );
    let file = succeed(&folder, &["chips", "classroom", "--toml"]);
    fs::write(
        folder.join("wrong.toml"),
        file.replacen("value = 256", "value = -256", 1),
    )
    .unwrap();
    let error = fail(&folder, 1, &["chips", "--chip-file", "wrong.toml"]);
    assert!(error.contains("core.neurons is -256; it takes 1 to"), "{error}");
    fs::write(folder.join("long.toml"), vec![b'#'; 300 << 10]).unwrap();
    let error = fail(&folder, 1, &["chips", "--chip-file", "long.toml"]);
    assert!(error.contains("larger than the supported 256 KiB"), "{error}");
}

#[test]
fn the_page_of_settings_is_the_table_of_settings() {
    let page = succeed(&folder("settings"), &["settings", "--markdown"]);
    let committed = fs::read_to_string(at("docs/SETTINGS.md")).unwrap();
    assert!(
        page == committed,
        "docs/SETTINGS.md is out of date; run: cargo run -- settings --markdown > docs/SETTINGS.md"
    );
}

/// `sdann compare` on the digits, with these flags added.
fn compare_digits(folder: &Path, flags: &[&str]) -> String {
    let (model, data) = (
        model("digits-mlp.float"),
        dataset("digits-test-images.idx3-ubyte.gz"),
    );
    let labels = dataset("digits-test-labels.idx1-ubyte.gz");
    let calibration = dataset("digits-calibration-images.idx3-ubyte.gz");
    let words = [
        "compare",
        &model,
        "--data",
        &data,
        "--labels",
        &labels,
        "--divide-by",
        "16",
    ];
    let calibration = ["--calibration", &calibration];
    succeed(folder, &[&words[..], &calibration, flags].concat())
}

#[test]
fn compare_puts_every_code_beside_the_bit_serial_one() {
    let folder = folder("compare");
    let report: Value =
        serde_json::from_str(&compare_digits(&folder, &["--json", "--steps", "8,32"])).unwrap();
    assert_eq!(report["samples"], 360);
    assert_eq!(report["trained_correct"], 352);
    let codes = report["codes"].as_array().unwrap();
    let names: Vec<&str> = codes.iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "bit-serial",
            "rate",
            "rate-half",
            "rate-hard",
            "rate-signed",
            "phase",
            "first-spike"
        ]
    );
    // SpikingJelly's numbers of correct answers, see tests/fixtures/spikingjelly.json.
    for (code, after_8, after_32) in [
        ("rate", 349, 352),
        ("rate-half", 351, 349),
        ("rate-hard", 339, 344),
    ] {
        let points = &codes[names.iter().position(|n| *n == code).unwrap()]["points"];
        assert_eq!(points[0]["correct"], after_8, "{code}");
        assert_eq!(points[1]["correct"], after_32, "{code}");
    }
    // Two layers listen to 8 bits one after the other; two windows of 32 steps.
    let eight_bits = codes[0]["points"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&eight_bits["steps"], &eight_bits["latency"]),
        (&Value::from(8), &Value::from(16))
    );
    assert_eq!(codes[6]["points"][1]["latency"], 64);
    for code in codes {
        for point in code["points"].as_array().unwrap() {
            assert!(point["correct"].as_u64().unwrap() <= 360);
            assert!(point["synaptic_operations"].as_u64().unwrap() > 0);
        }
    }
}

#[test]
fn compare_comes_to_the_numbers_that_the_page_is_held_to() {
    let folder = folder("compare-fixture");
    let (network, data) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let labels = dataset("digits-test-labels.idx1-ubyte.gz");
    let calibration = dataset("digits-calibration-images.idx3-ubyte.gz");
    let flags = [
        "--divide-by",
        "16",
        "--json",
        "--labels",
        &labels,
        "--calibration",
        &calibration,
    ];
    let text = succeed(
        &folder,
        &[&["compare", &network, "--data", &data][..], &flags].concat(),
    );
    let fixture = fs::read_to_string(at("tests/fixtures/compare-digits.json")).unwrap();
    let [found, expected] = [text, fixture].map(|text| {
        let mut report: Value = serde_json::from_str(&text).unwrap();
        let mut errors = Vec::new();
        for code in report["codes"].as_array_mut().unwrap() {
            for point in code["points"].as_array_mut().unwrap() {
                let point = point.as_object_mut().unwrap();
                errors.push(point.remove("squared_error").unwrap().as_f64().unwrap());
            }
        }
        (report, errors)
    });
    assert_eq!(found.0, expected.0);
    // Processors share the samples, which decides how these sums are rounded.
    for (found, expected) in found.1.iter().zip(&expected.1) {
        assert!(
            (found - expected).abs() <= 1e-9 * expected,
            "{found} is not {expected}"
        );
    }
}

#[test]
fn compare_prints_a_row_for_each_code_and_number_of_steps() {
    let folder = folder("compare-csv");
    let flags = ["--codes", "rate,bit-serial", "--steps", "16,4", "--bits", "8,4"];
    let csv = compare_digits(&folder, &[&flags[..], &["--csv"]].concat());
    let rows: Vec<&str> = csv
        .lines()
        .map(|row| row.rsplitn(10, ',').last().unwrap())
        .collect();
    assert_eq!(
        rows,
        ["code,steps", "rate,4", "rate,16", "bit-serial,4", "bit-serial,8"]
    );
    assert!(csv.lines().all(|row| row.matches(',').count() == 10), "{csv}");
    let table = compare_digits(&folder, &flags);
    assert!(table.contains("bit-serial"), "{table}");
    assert!(table.contains("97.8 %"), "{table}");
}

#[test]
fn compare_says_what_it_cannot_compare() {
    let folder = folder("compare-refused");
    let (network, data) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let on = |flags: &[&str], code, word: &str| {
        let words = ["compare", &network, "--data", &data];
        let line = fail(&folder, code, &[&words[..], flags].concat());
        assert!(line.contains(word), "{line}");
    };
    on(&["--codes", "morse"], 2, "first-spike");
    on(&["--steps", "0"], 2, "1 to 4096");
    on(&["--bits", "17"], 2, "1 to 16");
    on(&["--percentile", "50"], 2, "90 to 100");
    on(&["--period", "0"], 2, "period");
    on(&["--json", "--csv"], 2, "cannot be used with");
    on(&["--labels", &data], 1, "--labels");
    on(
        &["--calibration", &dataset("mnist-test-images.idx3-ubyte.gz")],
        1,
        "[samples, 64]",
    );

    let (network, data) = (
        model("mnist-denoiser.float"),
        dataset("mnist-noisy-test-images.idx3-ubyte.gz"),
    );
    let line = fail(
        &folder,
        1,
        &["compare", &network, "--data", &data, "--divide-by", "255"],
    );
    assert!(line.contains("node 'picture_sigmoid' (Sigmoid)"), "{line}");
}

#[test]
fn the_examples_in_the_documentation_run() {
    let folder = folder("examples");
    let page = fs::read_to_string(at("docs/CLI.md")).unwrap();
    let assets = at("assets").display().to_string();
    let mut count = 0;
    for line in page.lines().filter_map(|line| line.strip_prefix("    sdann ")) {
        let words: Vec<String> = line
            .split_whitespace()
            .map(|w| w.replacen("assets", &assets, 1))
            .collect();
        succeed(&folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
        count += 1;
    }
    assert!(count >= 7, "only {count} examples were found");
}

#[test]
fn a_converted_network_runs_in_place_of_its_model() {
    let folder = folder("convert");
    let images = dataset("digits-test-images.idx3-ubyte.gz");
    let model = model("digits-mlp");
    let settings = ["--register-bits", "12", "--rounding", "half-even"];
    let convert = |output: &str| {
        let args = [
            "convert",
            &model,
            "--data",
            &images,
            "--divide-by",
            "16",
            "-o",
            output,
            "--json",
        ];
        let report = succeed(&folder, &[&args[..], &settings].concat());
        serde_json::from_str::<Value>(&report).unwrap()
    };
    let report = convert("narrow.sdann");
    assert_eq!(report["register_bits"], 12);
    assert_eq!(report["files"][0]["path"], "narrow.sdann");
    assert_eq!(report["exact"], false);
    convert("parts/");
    assert!(folder.join("parts/network.json").is_file() && folder.join("parts/weights.bin").is_file());

    let run = |model: &str, more: &[&str]| {
        let args = [
            "run",
            model,
            "--inputs",
            &images,
            "--divide-by",
            "16",
            "--output",
            "codes.npy",
            "--json",
        ];
        let mut report: Value = serde_json::from_str(&succeed(&folder, &[&args[..], more].concat())).unwrap();
        // Only the file and the samples of calibration are others.
        for field in ["model_file", "calibration"] {
            report["source"][field] = Value::Null;
        }
        (report, integers(&array(&folder.join("codes.npy"))))
    };
    let expected = run(&model, &[&["--calibration", &images][..], &settings].concat());
    assert_eq!(expected.0["settings"]["register-bits"], 12);
    assert_eq!(run("narrow.sdann", &[]), expected);
    assert_eq!(run("parts", &[]), expected);

    let args = [
        "run",
        "narrow.sdann",
        "--inputs",
        &images,
        "--output",
        "codes.npy",
    ];
    let error = fail(&folder, 2, &[&args[..], &["--register-bits", "9"]].concat());
    assert!(
        error.contains("--register-bits") && error.contains("converted already"),
        "{error}"
    );
    let error = fail(&folder, 1, &["convert", "narrow.sdann", "-o", "again.sdann"]);
    assert!(error.contains("spiking network already"), "{error}");
    let bytes = fs::read(folder.join("narrow.sdann")).unwrap();
    fs::write(folder.join("cut.sdann"), &bytes[..bytes.len() / 2]).unwrap();
    let error = fail(
        &folder,
        1,
        &["run", "cut.sdann", "--inputs", &images, "--output", "codes.npy"],
    );
    assert!(error.contains("no complete .sdann file"), "{error}");
}

#[test]
fn without_data_a_network_that_may_overflow_is_told() {
    let folder = folder("convert-without-data");
    let model = model("digits-mlp");
    let output = sdann(&folder, &["convert", &model, "-o", "wide.sdann"]);
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("exact for any input")
    );
    let output = sdann(
        &folder,
        &["convert", &model, "-o", "narrow.sdann", "--register-bits", "10"],
    );
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("note: without --data")
    );
}

const SWEEP: [&str; 12] = [
    "--divide-by",
    "16",
    "--samples",
    "60",
    "--axis",
    "register-bits=8..12..2",
    "--axis",
    "rounding=floor,half-even",
    "--axis",
    "overflow=saturate,wrap",
    "-o",
    "sweep.csv",
];

#[test]
fn a_sweep_that_is_killed_goes_on_without_losing_or_repeating_a_row() {
    let folder = folder("sweep");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let labels = dataset("digits-test-labels.idx1-ubyte.gz");
    let args = [
        &["sweep", &model, "--data", &images, "--labels", &labels][..],
        &SWEEP,
    ]
    .concat();
    let report: Value = serde_json::from_str(&succeed(&folder, &[&args[..], &["--json"]].concat())).unwrap();
    let whole = fs::read_to_string(folder.join("sweep.csv")).unwrap();
    assert_eq!(whole.lines().count(), 2 + 3 * 2 * 2);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[0]["settings"], serde_json::json!(["8", "floor", "saturate"]));
    assert!(rows.iter().any(|row| row["pareto"] == true));
    assert!(
        rows.iter()
            .all(|row| row["samples"] == 60 && row["quality"].as_f64().unwrap() <= 1.0)
    );
    // Wider registers keep more.
    let equal = |row: usize| rows[row]["equal_share"].as_f64().unwrap();
    assert!(equal(0) < equal(4) && equal(4) < equal(8));

    fs::remove_file(folder.join("sweep.csv")).unwrap();
    for milliseconds in [5, 12, 20, 30, 45, 60] {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sdann"))
            .args(&args)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        process.kill().unwrap();
        process.wait().unwrap();
        let part = fs::read_to_string(folder.join("sweep.csv")).unwrap_or_default();
        assert!(whole.starts_with(&part), "{milliseconds}");
    }
    // And in the middle of a row.
    fs::write(folder.join("sweep.csv"), &whole[..whole.len() - 9]).unwrap();
    succeed(&folder, &args);
    assert_eq!(fs::read_to_string(folder.join("sweep.csv")).unwrap(), whole);

    let other = [&args[..], &["--order", "lsb"]].concat();
    let error = fail(&folder, 1, &other);
    assert!(
        error.contains("holds another sweep") && error.contains("order=lsb"),
        "{error}"
    );
    fs::write(folder.join("sweep.csv"), "1,2,3\n").unwrap();
    assert!(fail(&folder, 1, &args).contains("no file of a sweep"));
    let wrong = [
        "sweep",
        &model,
        "--data",
        &images,
        "--axis",
        "register-bits=8..99",
        "-o",
        "x.csv",
    ];
    assert!(fail(&folder, 2, &wrong).contains("no range of register-bits"));
}

#[test]
fn a_sweep_over_weight_and_activation_bits_quantizes_a_float_model_anew() {
    let folder = folder("sweep-float");
    let float = model("digits-mlp.float");
    let (images, labels) = (
        dataset("digits-test-images.idx3-ubyte.gz"),
        dataset("digits-test-labels.idx1-ubyte.gz"),
    );
    let sweep = [
        "sweep",
        &float,
        "--data",
        &images,
        "--labels",
        &labels,
        "--divide-by",
        "16",
    ];
    let axes = [
        "--axis",
        "weight-bits=1,4,8",
        "--axis",
        "activation-bits=1,8",
        "-o",
        "bits.csv",
        "--json",
    ];
    let report: Value = serde_json::from_str(&succeed(&folder, &[&sweep[..], &axes].concat())).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let quality = |row: usize| rows[row]["reference_quality"].as_f64().unwrap();
    assert_eq!(rows[5]["settings"], serde_json::json!(["8", "8"]));
    // One bit for everything loses much, eight lose next to nothing, and fewer bits are fewer spikes.
    assert!(quality(0) < 0.9 && quality(5) > 0.95, "{report}");
    assert!(rows[4]["spikes"].as_u64() < rows[5]["spikes"].as_u64());
    // The registers are wide, so each point computes its own quantized network exactly.
    assert!(rows.iter().all(|row| row["codes_equal"] == row["samples"]));

    // A model of integers has nothing to quantize.
    let integers = model("digits-mlp");
    let args = [
        "sweep",
        &integers,
        "--data",
        &images,
        "--axis",
        "weight-bits=4,8",
        "-o",
        "x.csv",
    ];
    assert!(fail(&folder, 2, &args).contains("is quantized already"));
}

#[test]
fn a_float_model_is_converted_with_the_samples_it_is_calibrated_on() {
    let folder = folder("convert-float");
    let (float, images) = (
        model("digits-mlp.float"),
        dataset("digits-calibration-images.idx3-ubyte.gz"),
    );
    let convert = [
        "convert",
        &float,
        "--data",
        &images,
        "--divide-by",
        "16",
        "-o",
        "digits.sdann",
    ];
    succeed(&folder, &[&convert[..], &["--activation-bits", "6"]].concat());
    let test = dataset("digits-test-images.idx3-ubyte.gz");
    let common = ["--inputs", &test, "--divide-by", "16"];
    succeed(
        &folder,
        &[&["run", "digits.sdann", "--output", "a.npy"][..], &common].concat(),
    );
    let direct = [
        "run",
        &float,
        "--output",
        "b.npy",
        "--calibration",
        &images,
        "--activation-bits",
        "6",
    ];
    succeed(&folder, &[&direct[..], &common].concat());
    assert_eq!(
        fs::read(folder.join("a.npy")).unwrap(),
        fs::read(folder.join("b.npy")).unwrap()
    );

    let error = fail(&folder, 1, &["convert", &float, "-o", "none.sdann"]);
    assert!(error.contains("takes samples"), "{error}");
}

fn map_digits<'a>(model: &'a str, images: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["map", model, "--data", images, "--divide-by", "16"];
    args.extend(more);
    args
}

#[test]
fn map_tells_where_neurons_are_and_what_travels() {
    let folder = folder("map");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let only = succeed(&folder, &["map", &model]);
    assert!(only.contains("3 of 30 cores hold 90 neurons"), "{only}");
    assert!(!only.contains("packets in step"), "nothing ran: {only}");

    let flags = [
        "--samples",
        "3",
        "--neurons-per-core",
        "32",
        "--csv",
        "c.csv",
        "--svg",
        "m.svg",
    ];
    let told = succeed(&folder, &map_digits(&model, &images, &flags));
    assert!(told.contains("mean of 3 samples"), "{told}");
    assert!(
        told.contains("busiest core") && told.contains("busiest link"),
        "{told}"
    );

    let report = succeed(
        &folder,
        &map_digits(
            &model,
            &images,
            &["--samples", "3", "--neurons-per-core", "32", "--json"],
        ),
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    let sum = |table: &str, field: &str| -> u64 {
        let rows = report[table].as_array().unwrap();
        rows.iter().map(|row| row[field].as_u64().unwrap()).sum()
    };
    let traffic = &report["traffic"];
    assert_eq!(traffic["samples"], 3);
    for (field, of_cores) in [
        ("spikes", "spikes"),
        ("packets", "sent"),
        ("synaptic_operations", "synaptic_operations"),
    ] {
        assert_eq!(traffic[field], sum("cores", of_cores), "{field}");
        assert_eq!(traffic[field], sum("steps", field), "{field}");
        assert_eq!(traffic[field], sum("flows", field), "{field}");
    }
    assert_eq!(traffic["packets"], sum("cores", "received"));
    assert_eq!(traffic["hops"], sum("links", "packets"));

    let cores = fs::read_to_string(folder.join("c.csv")).unwrap();
    assert!(
        cores.starts_with("core,x,y,layers,neurons,utilisation,spikes,sent,received,"),
        "{cores}"
    );
    assert_eq!(
        cores.lines().count(),
        1 + report["cores"].as_array().unwrap().len()
    );
    let links = fs::read_to_string(folder.join("c.links.csv")).unwrap();
    assert_eq!(
        links.lines().count(),
        1 + report["links"].as_array().unwrap().len()
    );
    let picture = fs::read_to_string(folder.join("m.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
}

#[test]
fn a_spike_program_maps_and_runs_to_the_same_report() {
    let folder = folder("program");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let flags = [
        "--samples",
        "2",
        "--placement",
        "hilbert",
        "--delivery",
        "multicast",
        "--neurons-per-core",
        "20",
    ];
    let first: Vec<&str> = flags
        .iter()
        .copied()
        .chain(["--program", "p.json", "--json"])
        .collect();
    let first: Value = serde_json::from_str(&succeed(&folder, &map_digits(&model, &images, &first))).unwrap();
    let again: Value = serde_json::from_str(&succeed(&folder, &["map", "p.json", "--json"])).unwrap();
    for field in ["traffic", "flows", "steps", "links", "neurons"] {
        assert_eq!(first[field], again[field], "{field}");
    }
    succeed(
        &folder,
        &[
            "run",
            "p.json",
            "--inputs",
            &images,
            "--divide-by",
            "16",
            "--output",
            "o.npy",
        ],
    );
    let line = fail(&folder, 2, &["map", "p.json", "--mesh-width", "3"]);
    assert!(line.contains("--mesh-width decides where neurons are"), "{line}");
    let line = fail(&folder, 2, &["map", "p.json", "--register-bits", "9"]);
    assert!(
        line.contains("--register-bits decides how a model is converted"),
        "{line}"
    );
    let mut cut = fs::read(folder.join("p.json")).unwrap();
    cut.truncate(cut.len() / 2);
    fs::write(folder.join("cut.json"), cut).unwrap();
    let line = fail(&folder, 1, &["map", "cut.json"]);
    assert!(line.contains("cannot be read as a spike program"), "{line}");
}

#[test]
fn map_refuses_what_it_cannot_do() {
    let folder = folder("map-refused");
    let model = model("mnist-cnn");
    let images = dataset("mnist-test-images.idx3-ubyte.gz");
    let line = fail(
        &folder,
        1,
        &[
            "map",
            &model,
            "--mesh-width",
            "2",
            "--mesh-height",
            "2",
            "--svg",
            "m.svg",
        ],
    );
    assert!(
        line.contains("cores of 256 neurons, but the chip has 4"),
        "{line}"
    );
    assert!(!folder.join("m.svg").exists(), "nothing is left behind");
    assert_eq!(hidden_files(&folder), 0);
    let line = fail(&folder, 2, &["map", &model, "--samples", "3"]);
    assert!(line.contains("--data"), "{line}");
    let line = fail(&folder, 2, &["map", &model, "--calibration", &images]);
    assert!(
        line.contains("--calibration is of no use without --data"),
        "{line}"
    );
    let line = fail(&folder, 2, &["map", &model, "--svg", "same", "--csv", "same"]);
    assert!(line.contains("same file"), "{line}");
    let line = fail(&folder, 1, &["map", &model, "--program", "nowhere/p.json"]);
    assert!(line.contains("there is no folder"), "{line}");
}

#[test]
fn map_on_a_chip_tells_time_energy_and_what_is_unknown() {
    let folder = folder("map-chip");
    let (model, images) = (model("digits-mlp"), dataset("digits-test-images.idx3-ubyte.gz"));
    let report = |flags: &[&str]| -> Value {
        let flags: Vec<&str> = flags.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&succeed(&folder, &map_digits(&model, &images, &flags))).unwrap()
    };
    let classroom = report(&["--chip", "classroom"]);
    assert_eq!(classroom["chip"]["neurons_per_core"], 256);
    let low = classroom["energy"]["total"]["low"].as_f64().unwrap();
    let operations = classroom["traffic"]["synaptic_operations"].as_f64().unwrap();
    assert!(
        low > operations * 20e-12,
        "synaptic operations cost 20 pJ each: {low}"
    );
    assert!(
        classroom["time"]["nanoseconds"]["alone"]["low"].as_f64().unwrap() > 0.0,
        "all its times are known"
    );
    assert!(classroom["time"]["alone"].as_f64() >= classroom["time"]["beat"].as_f64());
    let text = succeed(&folder, &map_digits(&model, &images, &["--chip", "darwin3"]));
    assert!(text.contains("; unknown: energy.update-inactive"), "{text}");
    let line = fail(&folder, 1, &["map", &model, "--chip", "loihi-2"]);
    assert!(line.contains("network.width of Loihi 2 is unknown"), "{line}");
    let line = fail(&folder, 1, &["map", &model, "--chip", "speck-2"]);
    assert!(line.contains("set the membrane register to 16 bits"), "{line}");

    let toml = succeed(&folder, &["chips", "classroom", "--toml"]);
    fs::write(folder.join("mine.toml"), toml).unwrap();
    let spread = ["--neurons-per-core", "8"];
    let hops = |flags: &[&str]| {
        let flags: Vec<&str> = flags.iter().chain(&spread).copied().collect();
        report(&flags)["traffic"]["hops"].as_u64().unwrap()
    };
    let annealed = hops(&["--chip-file", "mine.toml", "--placement", "annealed"]);
    assert!(annealed < hops(&["--chip", "classroom"]));
    let line = fail(&folder, 2, &["map", &model, "--chip", "loihi-3"]);
    assert!(line.contains("loihi-3"), "{line}");
}

#[test]
fn fit_all_tells_of_every_chip_what_binds() {
    let folder = folder("fit-all");
    let text = succeed(&folder, &["map", &model("mnist-cnn"), "--fit-all"]);
    for preset in sdann::chip::spec::Preset::ALL {
        assert!(text.contains(preset.label()), "{}: {text}", preset.key());
    }
    let json = succeed(&folder, &["map", &model("mnist-cnn"), "--fit-all", "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let chips = report["chips"].as_array().unwrap();
    assert_eq!(chips.len(), sdann::chip::spec::Preset::ALL.len());
    for chip in chips {
        let fits = chip["problems"].as_array().unwrap().is_empty();
        assert!(!fits || chip["usage"]["cores"].as_u64().unwrap() > 0, "{chip}");
    }
}
