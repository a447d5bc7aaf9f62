//! Float models on their way through a session: read, quantized as settings say, held against themselves.

use super::files::{SHIPPED, Shipped, array, root};
use sdann::explore::{
    Agreement, FloatModel, GroundTruth, LossMeter, Model, Quantized, Row, Session, SessionError, Sweep,
    open_model,
};
use sdann::export::write_onnx;
use sdann::import::dataset::{Array, ArrayValues};
use sdann::import::import_model;
use sdann::quantize::post_training::{Quantization, RangeMethod};
use sdann::real::{RealError, RealNetwork};
use sdann::settings::Settings;
use sdann::simulate::{Samples, calibrate, measure};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(root().join(format!("assets/models/{name}.float.onnx"))).unwrap()
}

fn float(name: &str) -> FloatModel {
    match open_model(&bytes(name), name).unwrap() {
        Model::Real(float) => *float,
        Model::Codes(_) => panic!("{name} is not a float model"),
    }
}

/// Stored samples of a part of a network's data, and the same in the model's units.
fn part(shipped: &Shipped, part: &str) -> Option<(Array, Vec<f32>)> {
    let (stem, ending) = shipped.data;
    let path = root().join(format!("assets/datasets/{stem}-{part}-{ending}"));
    let array = path.exists().then(|| array(&path))?;
    let values = array.to_f32().iter().map(|v| v / shipped.divide_by).collect();
    Some((array, values))
}

fn shipped(name: &str) -> &'static Shipped {
    SHIPPED.iter().find(|shipped| shipped.name == name).unwrap()
}

fn labels(shipped: &Shipped) -> Vec<usize> {
    let path = format!("assets/datasets/{}-test-labels.idx1-ubyte.gz", shipped.data.0);
    array(&root().join(path)).to_labels().unwrap()
}

/// A float model with the calibration samples that are shipped for it.
fn calibrated(shipped: &Shipped) -> FloatModel {
    let mut float = float(shipped.name);
    let (_, values) = part(shipped, "calibration")
        .or_else(|| part(shipped, "training"))
        .unwrap();
    float.set_samples(values);
    float
}

/// Right answers of the float model and of its quantized network, and how many there are.
fn right(float: &FloatModel, quantized: &Quantized, shipped: &Shipped) -> (f64, f64, usize) {
    let mut meter = LossMeter::new(float.measured_graph(), quantized).unwrap();
    let truth = GroundTruth::Labels(labels(shipped));
    let (_, test) = part(shipped, "test").unwrap();
    for (index, sample) in test.chunks_exact(quantized.network.input().len()).enumerate() {
        meter.add(sample, truth.expected(index, 10)).unwrap();
    }
    let loss = meter.loss();
    let quality = loss.quality.unwrap();
    (
        quality.reference().unwrap(),
        quality.spiking().unwrap(),
        loss.samples,
    )
}

#[test]
fn eight_bits_cost_half_a_percent_at_most_on_every_shipped_classifier() {
    for name in [
        "mnist-cnn",
        "digits-mlp",
        "mnist-residual",
        "mnist-4bit",
        "signal-1d",
    ] {
        let shipped = shipped(name);
        let mut float = calibrated(shipped);
        let quantized = float.quantize(&Quantization::default()).unwrap();
        let (real, integer, samples) = right(&float, &quantized, shipped);
        // Where half a percent is less than a sample, one sample may go.
        let allowed = f64::max(0.005, 1.0 / samples as f64) + 1e-9;
        assert!(integer >= real - allowed, "{name}: {integer} after {real}");
    }
}

#[test]
fn every_tensor_of_eight_bits_has_a_signal_far_above_the_noise() {
    for shipped in &SHIPPED {
        let mut float = calibrated(shipped);
        let quantized = float.quantize(&Quantization::default()).unwrap();
        let mut meter = LossMeter::new(float.measured_graph(), &quantized).unwrap();
        let (_, test) = part(shipped, "test").unwrap();
        for sample in test.chunks_exact(quantized.network.input().len()).take(50) {
            meter.add(sample, None).unwrap();
        }
        let loss = meter.loss();
        assert_eq!(loss.quality, None);
        assert!(loss.tensors.len() >= 2);
        for tensor in loss.tensors {
            let decibels = tensor.sqnr.unwrap_or(f64::INFINITY);
            assert!(decibels > 18.0, "{} {}: {decibels}", shipped.name, tensor.name);
        }
    }
}

/// The file decides how ties round; what is quantized here has to know that without being written.
#[test]
fn a_network_that_was_quantized_here_is_the_one_that_its_file_holds() {
    let mut problems = Vec::new();
    for shipped in &SHIPPED {
        let mut float = calibrated(shipped);
        let len = float.graph().tensors[float.graph().input].len();
        float.set_samples(float.samples()[..20 * len].to_vec());
        for (bits, signed) in [(8, false), (8, true), (4, false), (5, true), (16, false)] {
            let options = Quantization {
                activation_bits: bits,
                edge_bits: bits,
                signed,
                ..Quantization::default()
            };
            let quantized = float.quantize(&options).unwrap();
            let name = format!("{} with {bits} bits, signed: {signed}", shipped.name);
            if let Err(error) = write_onnx(&quantized.graph) {
                problems.push(format!("{name}: {error}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn session(name: &str) -> Session {
    let shipped = shipped(name);
    let mut session = Session::open(&bytes(name), name).unwrap();
    let (array, _) = part(shipped, "test").unwrap();
    let truth = GroundTruth::Labels(labels(shipped));
    session.set_samples(&array, shipped.divide_by, truth).unwrap();
    session
}

fn settings(change: impl FnOnce(&mut Quantization)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings.quantization);
    settings
}

#[test]
fn a_session_quantizes_a_float_model_anew_when_settings_of_quantization_change() {
    let mut session = session("digits-mlp");
    session.calibrate_on_first(100);
    assert!(session.is_float());
    assert_eq!(session.follow(&Settings::default()), Ok(true));
    assert_eq!(session.follow(&Settings::default()), Ok(false));
    let eight = session.network().clone();
    assert_eq!(session.calibration().len(), 100 * 64);

    let coarse = settings(|options| options.edge_bits = 3);
    assert_eq!(session.follow(&coarse), Ok(true));
    assert_eq!(session.network().input().affine.unwrap().format.bits, 3);
    assert!(session.samples().codes.iter().all(|code| (0..8).contains(code)));
    let input = session.sample(3).unwrap().to_vec();
    let run = session.explore(&coarse, &input).unwrap();
    let windows = &run.trace.windows;
    assert!(windows.iter().all(|window| window.codes == window.reference));
    while session.count(50) {}
    let agreement = session.tally().agreement();
    assert_eq!(agreement.counted, agreement.codes_equal);

    // Settings of something else leave the network as it is, and the first settings give the first network.
    let mut narrow = coarse;
    narrow.conversion.register_bits = 10;
    assert_eq!(session.follow(&narrow), Ok(false));
    assert_eq!(session.follow(&Settings::default()), Ok(true));
    assert_eq!(*session.network(), eight);
}

#[test]
fn a_float_model_without_samples_says_what_to_give() {
    let mut session = Session::open(&bytes("digits-mlp"), "digits").unwrap();
    assert_eq!(session.network().input().shape, [64]);
    let error = session.explore(&Settings::default(), &[0; 64]).unwrap_err();
    let sentence = error.to_string();
    assert!(
        sentence.contains("'digits'") && sentence.contains("samples"),
        "{sentence}"
    );
    assert!(matches!(error, SessionError::Quantize(_)));
}

#[test]
fn samples_that_are_no_numbers_are_refused_and_the_session_stays() {
    let mut session = session("digits-mlp");
    session.calibrate_on_first(10);
    let array = Array {
        shape: vec![1, 64],
        values: ArrayValues::F32(vec![f32::NAN; 64]),
    };
    let error = session.set_calibration(&array, 1.0).unwrap_err().to_string();
    assert!(error.contains("not a number"), "{error}");
    assert_eq!(session.follow(&Settings::default()), Ok(true));
}

#[test]
fn infinite_samples_are_refused_with_the_tensor_that_they_reach() {
    let mut float = float("digits-mlp");
    let mut samples = vec![0.5; 128];
    samples[70] = f32::INFINITY;
    float.set_samples(samples);
    let error = float.quantize(&Quantization::default()).unwrap_err().to_string();
    assert!(error.contains("sample 1"), "{error}");
}

#[test]
fn activations_that_never_change_are_quantized_by_every_method() {
    let mut float = float("digits-mlp");
    float.set_samples(vec![0.0; 64]);
    for range in [
        RangeMethod::MinMax,
        RangeMethod::Percentile,
        RangeMethod::Mse,
        RangeMethod::Entropy,
    ] {
        let options = Quantization {
            range,
            ..Quantization::default()
        };
        let network = float.quantize(&options).unwrap().network;
        let is_usable = |affine: sdann::graph::Affine| affine.scale.is_normal();
        let tensors = network.tensors.iter();
        assert!(tensors.filter_map(|tensor| tensor.affine).all(is_usable));
    }
}

#[test]
fn a_network_too_large_to_run_is_refused_before_it_takes_memory() {
    use sdann::graph::{Clamp, Encoding, Graph, Node, Op, Tensor};
    let tensor = |name: usize| Tensor {
        name: name.to_string(),
        shape: vec![1 << 25],
        encoding: Encoding::Real,
    };
    let clamp = |input: usize| Node {
        name: format!("clamp {input}"),
        op: Op::Clamp(Clamp::RELU),
        inputs: vec![input],
        output: input + 1,
        arithmetic: Default::default(),
        limits: None,
    };
    let graph = Graph::new(
        "wide".into(),
        (0..4).map(tensor).collect(),
        (0..3).map(clamp).collect(),
        0,
        3,
    );
    let error = RealNetwork::new(&graph.unwrap()).unwrap_err();
    assert!(matches!(error, RealError::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("'wide'"));
}

#[test]
fn weights_that_are_no_numbers_are_refused_by_their_node() {
    let mut file = bytes("digits-mlp");
    let graph = import_model(&file, "digits").unwrap();
    let weight = graph
        .nodes
        .iter()
        .find_map(|node| match &node.op {
            sdann::graph::Op::RealDense(dense) => dense.weights.bias.first().copied(),
            _ => None,
        })
        .unwrap();
    let place = file
        .windows(4)
        .position(|window| window == weight.to_le_bytes())
        .unwrap();
    for bad in [f32::NAN, f32::NEG_INFINITY] {
        file[place..place + 4].copy_from_slice(&bad.to_le_bytes());
        let error = import_model(&file, "digits").unwrap_err().to_string();
        assert!(error.contains("finite") && error.contains("node '"), "{error}");
    }
}

/// Measured by `tools/check_quantization.py`.
#[test]
fn min_max_and_percentile_are_as_good_as_onnx_runtimes_and_its_codes_are_equal() {
    let file = std::fs::read(root().join("tests/fixtures/quantization.json")).unwrap();
    let measured: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let rows = measured["compared"].as_array().unwrap();
    assert_eq!(rows.len(), 3 * SHIPPED.len());
    for row in rows {
        assert_eq!(row["codes_differing"], 0, "{row}");
        let quality = |key: &str| row[key].as_f64().unwrap();
        let (own, other) = (quality("sdann"), quality("onnxruntime"));
        let worse = match row["measure"].as_str().unwrap() {
            "rmse" => (own - other) / other,
            "psnr" => (other - own) / 20.0,
            _ => other - own,
        };
        let allowed = match (row["method"].as_str().unwrap(), row["measure"].as_str().unwrap()) {
            ("entropy", _) => continue,
            (_, "rmse") => 0.02,
            _ => 0.005,
        };
        assert!(worse <= allowed, "{row}");
    }
}

/// Two widths of weights and two of registers: all that a sweep can change between points.
fn points() -> Vec<Settings> {
    let pairs = [("3", "9"), ("3", "32"), ("5", "9"), ("5", "32")];
    let point = |(weights, register)| {
        Settings::from_pairs([("weight-bits", weights), ("register-bits", register)]).unwrap()
    };
    pairs.map(point).into()
}

#[test]
fn points_of_a_sweep_are_counted_alike_in_any_order_and_in_any_parts() {
    let mut alone = session("digits-mlp");
    alone.calibrate_on_first(100);
    let expected: Vec<Row> = points()
        .iter()
        .map(|point| {
            let input = alone
                .follow(point)
                .and_then(|_| Ok(alone.sample(0)?.to_vec()))
                .unwrap();
            alone.explore(point, &input).unwrap();
            while alone.count(50) {}
            Row::new(Vec::new(), alone.tally().agreement())
        })
        .collect();
    assert!(expected[0].codes_equal < expected[1].codes_equal);
    assert_eq!(expected[1].codes_equal, expected[1].samples);

    // Another worker counts the first samples of every point, then, backwards, what is left of them.
    let mut worker = session("digits-mlp");
    worker.calibrate_on_first(100);
    let mut counts = vec![Agreement::default(); 4];
    for (point, counts) in points().iter().zip(&mut counts) {
        worker.begin_point(point).unwrap();
        while worker.count_block(counts, 100) {}
        assert_eq!(counts.counted, 100);
    }
    for (point, counts) in points().iter().zip(&mut counts).rev() {
        let size = worker.begin_point(point).unwrap();
        assert_eq!(size.steps, 16);
        assert_eq!(size.membrane_bits, 26 * u64::from(point.conversion.register_bits));
        while worker.count_block(counts, usize::MAX) {}
    }
    let rows: Vec<Row> = counts.iter().map(|counts| Row::new(Vec::new(), counts)).collect();
    assert_eq!(rows, expected);

    let labels = labels(shipped("digits-mlp"));
    let right = (0..labels.len()).filter(|&sample| worker.answer(sample).unwrap() == labels[sample]);
    let accuracy = right.count() as f64 / labels.len() as f64;
    assert_eq!(Some(accuracy), expected[0].quality);
    assert!(worker.answer(labels.len()).is_err());
}

#[test]
fn a_sweep_measures_nothing_where_registers_hold_everything_and_converts_the_same() {
    let mut session = session("digits-mlp");
    session.calibrate_on_first(100);
    session.follow(&Settings::default()).unwrap();
    let network = session.network();
    let codes = session.calibration();
    let samples = Samples { codes, len: 64 };
    let mut sweep = Sweep::new(network, samples, 360);
    for scaling in ["off", "calibrated", "guaranteed"] {
        for bits in ["32", "20", "12"] {
            let point = Settings::from_pairs([("scaling", scaling), ("register-bits", bits)]).unwrap();
            let statistics = measure(network, &point.conversion, samples);
            let measured = calibrate(network, &point.conversion, &statistics, samples);
            let swept = sweep.convert(&point);
            for (swept, measured) in swept.layers.iter().zip(&measured.layers) {
                assert_eq!(swept.dendrites, measured.dendrites, "{scaling} {bits}");
                assert_eq!(swept.fire, measured.fire, "{scaling} {bits}");
            }
        }
    }
}
