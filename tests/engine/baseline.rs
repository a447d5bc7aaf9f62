//! The codes to be beaten: the rate-coded one against SpikingJelly on the same float models and samples
//! (`tools/compare_spikingjelly.py`), the others against what their rules promise.

use crate::common::{REALS_DIGEST, reals_digest};
use crate::files::{array, root};
use sdann::baseline::{Answer, BaselineError, Code, Network, Percentile, Rate, Reset, Runner, Thresholds};
use sdann::explore::{CodeName, Comparer, Comparison, Question};
use sdann::import::import_model;
use sdann::quantize::{Reference, quantize, winner};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What SpikingJelly answered for a model.
#[derive(Deserialize)]
struct Peer {
    float_correct: usize,
    float_classes: String,
    recipes: BTreeMap<String, Recipe>,
}

#[derive(Deserialize)]
struct Recipe {
    thresholds: Vec<f32>,
    steps: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    steps: u32,
    correct: usize,
    spikes: Vec<u64>,
    classes: String,
}

fn peer(model: &str) -> Peer {
    let text = std::fs::read_to_string(root().join("tests/fixtures/spikingjelly.json")).expect("the fixture");
    let mut all: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    serde_json::from_value(all.remove(model).expect("the model")).expect("its answers")
}

struct Trained {
    network: Network,
    calibration: Vec<f32>,
    test: Vec<f32>,
    labels: Vec<usize>,
}

/// A shipped float model with its data.
fn trained(model: &str, [calibration, test, labels]: [&str; 3], divide_by: f32) -> Trained {
    let graph = {
        let path = root().join(format!("assets/models/{model}.float.onnx"));
        import_model(&std::fs::read(path).expect(model), model).expect(model)
    };
    let dataset = |name: &str| array(&root().join("assets/datasets").join(name));
    let reals = |name: &str| -> Vec<f32> {
        let values = dataset(name).to_f32();
        values.into_iter().map(|v| v / divide_by).collect()
    };
    Trained {
        network: Network::new(&graph).expect(model),
        calibration: reals(calibration),
        test: reals(test),
        labels: dataset(labels).to_labels().expect("labels"),
    }
}

fn digits_mlp() -> Trained {
    let files = [
        "digits-calibration-images.idx3-ubyte.gz",
        "digits-test-images.idx3-ubyte.gz",
        "digits-test-labels.idx1-ubyte.gz",
    ];
    trained("digits-mlp", files, 16.0)
}

fn mnist(model: &str) -> Trained {
    let files = [
        "mnist-calibration-images.idx3-ubyte.gz",
        "mnist-test-images.idx3-ubyte.gz",
        "mnist-test-labels.idx1-ubyte.gz",
    ];
    trained(model, files, 255.0)
}

fn signal_1d() -> Trained {
    let files = [
        "vowels-training-curves.idx3-byte.gz",
        "vowels-test-curves.idx3-byte.gz",
        "vowels-test-labels.idx1-ubyte.gz",
    ];
    trained("signal-1d", files, 50.0)
}

impl Trained {
    fn samples(&self) -> std::slice::ChunksExact<'_, f32> {
        self.test.chunks_exact(self.network.inputs())
    }

    fn thresholds(&self, percent: f64) -> Thresholds {
        let percentile = Percentile::new(percent).expect("a percentile");
        let samples = self.calibration.chunks_exact(self.network.inputs());
        Thresholds::measure(&self.network, samples, percentile).expect("thresholds")
    }

    /// What a recipe of SpikingJelly's means here.
    fn recipe(&self, name: &str) -> (Rate, Thresholds) {
        let rate = Rate {
            reset: if name.ends_with("hard reset") {
                Reset::Hard
            } else {
                Reset::Soft
            },
            half_start: name.ends_with("half-threshold start"),
            signed: false,
        };
        let mut thresholds = self.thresholds(if name.starts_with("99.9%") { 99.9 } else { 100.0 });
        if name == "half of max" {
            thresholds.populations.iter_mut().for_each(|t| *t /= 2.0);
        }
        (rate, thresholds)
    }

    /// Classes of the first samples after each of `steps`, and the spikes of all populations.
    fn classes(
        &self,
        code: Code,
        thresholds: &Thresholds,
        steps: &[u32],
        samples: usize,
    ) -> Vec<(Vec<usize>, Vec<u64>)> {
        let mut found = vec![(Vec::new(), vec![0; self.network.populations().len()]); steps.len()];
        let mut runner = Runner::new(&self.network);
        let last = steps.last().copied().unwrap_or(0);
        for sample in self.samples().take(samples) {
            let look = |answer: Answer<'_>| {
                if let Some(row) = steps.iter().position(|&s| s == answer.steps) {
                    found[row].0.push(winner(answer.output));
                    found[row]
                        .1
                        .iter_mut()
                        .zip(answer.spikes)
                        .for_each(|(sum, n)| *sum += n);
                }
            };
            runner
                .run(&self.network, thresholds, code, last, sample, look)
                .expect("a sample that fits");
        }
        found
    }

    fn correct(&self, classes: &[usize]) -> usize {
        classes.iter().zip(&self.labels).filter(|(a, b)| a == b).count()
    }
}

fn digits_of(text: &str) -> Vec<usize> {
    text.bytes().map(|b| usize::from(b - b'0')).collect()
}

/// Holds every recipe of a model, at every number of steps, against SpikingJelly.
fn agrees_with_spikingjelly(model: &str, trained: &Trained, samples: usize) {
    let peer = peer(model);
    let mut runner = Runner::new(&trained.network);
    let exact: Vec<usize> = trained
        .samples()
        .map(|s| winner(runner.exact(&trained.network, s).expect("a sample that fits")))
        .collect();
    assert_eq!(
        exact,
        digits_of(&peer.float_classes),
        "{model}: the float network itself"
    );
    assert_eq!(trained.correct(&exact), peer.float_correct);

    for (name, recipe) in &peer.recipes {
        let samples = if name == "99.9%" {
            samples
        } else {
            samples.min(400)
        };
        let (rate, thresholds) = trained.recipe(name);
        for (ours, theirs) in thresholds.populations.iter().zip(&recipe.thresholds) {
            // PyTorch finds the rank of a percentile in 32 bits.
            assert!(
                (ours - theirs).abs() <= 2e-3 * theirs,
                "{model}, {name}: {ours} against {theirs}"
            );
        }
        let steps: Vec<u32> = recipe.steps.iter().map(|row| row.steps).collect();
        let found = trained.classes(Code::Rate(rate), &thresholds, &steps, samples);
        for ((classes, spikes), row) in found.iter().zip(&recipe.steps) {
            let theirs = digits_of(&row.classes);
            let (ours, their_correct) = (
                trained.correct(classes),
                trained.correct(&theirs[..classes.len()]),
            );
            let equal = classes.iter().zip(&theirs).filter(|(a, b)| a == b).count();
            assert!(
                (classes.len() - equal) * 200 <= classes.len(),
                "{model}, {name}: {equal} classes equal"
            );
            assert!(
                ours.abs_diff(their_correct) * 200 <= classes.len(),
                "{model}, {name}, T = {}: {ours} correct, SpikingJelly {their_correct}",
                row.steps
            );
            if classes.len() == theirs.len() {
                assert_eq!(their_correct, row.correct);
                for (ours, theirs) in spikes.iter().zip(&row.spikes) {
                    assert!(
                        ours.abs_diff(*theirs) * 500 <= *theirs,
                        "{model}, {name}: {spikes:?}, {:?}",
                        row.spikes
                    );
                }
            }
        }
    }
}

#[test]
fn a_rate_coded_dense_network_answers_as_spikingjelly_does() {
    agrees_with_spikingjelly("digits-mlp", &digits_mlp(), usize::MAX);
}

#[test]
fn a_rate_coded_convolutional_network_answers_as_spikingjelly_does() {
    agrees_with_spikingjelly("mnist-cnn", &mnist("mnist-cnn"), usize::MAX);
}

#[test]
fn a_rate_coded_network_of_signals_with_max_pooling_answers_as_spikingjelly_does() {
    agrees_with_spikingjelly("signal-1d", &signal_1d(), usize::MAX);
}

#[test]
fn a_rate_coded_residual_network_answers_as_spikingjelly_does() {
    agrees_with_spikingjelly("mnist-residual", &mnist("mnist-residual"), 40);
}

#[test]
fn every_spike_meets_each_synapse_of_its_neuron_and_every_pixel_does_so_once() {
    let digits = digits_mlp();
    let thresholds = digits.thresholds(99.9);
    let mut runner = Runner::new(&digits.network);
    for sample in digits.samples().take(20) {
        let pixels = sample.iter().filter(|p| **p != 0.0).count() as u64;
        for code in [Code::Rate(Rate::default()), Code::Rate(Rate::FAST)] {
            let look = |answer: Answer<'_>| {
                assert_eq!(answer.multiply_accumulates, pixels * 16);
                assert_eq!(answer.operations, answer.spikes[0] * 10);
                assert_eq!(answer.input_spikes, 0);
            };
            runner
                .run(&digits.network, &thresholds, code, 32, sample, look)
                .unwrap();
        }
        for code in [Code::Phase { period: 8 }, Code::FirstSpike { window: 32 }] {
            let look = |answer: Answer<'_>| {
                assert_eq!(answer.multiply_accumulates, 0);
                assert_eq!(
                    answer.operations,
                    answer.input_spikes * 16 + answer.spikes[0] * 10
                );
            };
            runner
                .run(&digits.network, &thresholds, code, 32, sample, look)
                .unwrap();
        }
    }
}

#[test]
fn one_spike_per_neuron_is_all_that_a_first_spike_code_sends() {
    let digits = digits_mlp();
    let thresholds = digits.thresholds(99.9);
    let mut runner = Runner::new(&digits.network);
    for sample in digits.samples().take(50) {
        let look = |answer: Answer<'_>| {
            assert!(answer.spikes[0] <= 16);
            assert!(answer.input_spikes <= 64);
        };
        let code = Code::FirstSpike { window: 64 };
        runner
            .run(&digits.network, &thresholds, code, 64, sample, look)
            .unwrap();
    }
}

#[test]
fn with_time_every_code_comes_to_the_trained_network_s_answer() {
    let digits = digits_mlp();
    let thresholds = digits.thresholds(100.0);
    let mut runner = Runner::new(&digits.network);
    for sample in digits.samples().take(25) {
        let exact = runner.exact(&digits.network, sample).unwrap().to_vec();
        let largest = exact.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let codes = [
            (Code::Rate(Rate::default()), 4096, 4096.0),
            (Code::Phase { period: 16 }, 1600, 100.0),
            (Code::FirstSpike { window: 4096 }, 4096, 1.0),
        ];
        for (code, steps, whole) in codes {
            let mut last = Vec::new();
            let look = |answer: Answer<'_>| {
                last.clear();
                last.extend(answer.output.iter().map(|sum| sum / whole));
            };
            runner
                .run(&digits.network, &thresholds, code, steps, sample, look)
                .unwrap();
            for (found, exact) in last.iter().zip(&exact) {
                // Test samples may exceed the calibration samples' largest activation.
                assert!(
                    (found - exact).abs() <= 0.05 * largest,
                    "{code:?}: {last:?}, {exact}"
                );
            }
        }
    }
}

#[test]
fn a_quantized_network_runs_with_the_numbers_that_its_codes_stand_for() {
    for model in ["mnist-cnn", "mnist-4bit", "mnist-residual"] {
        let path = root().join(format!("assets/models/{model}.onnx"));
        let graph = import_model(&std::fs::read(path).unwrap(), model).unwrap();
        let real = Network::new(&graph).unwrap();
        let integer = quantize(&graph).unwrap();
        let (mut runner, mut reference) = (Runner::new(&real), Reference::new(&integer));
        let data = mnist("mnist-cnn");
        let samples = data.test.chunks_exact(784).take(100);
        let equal = samples.filter(|sample| {
            reference.run(&integer, &integer.quantize_input(sample));
            winner(runner.exact(&real, sample).unwrap()) == winner(reference.output())
        });
        assert!(equal.count() >= 99, "{model}");
    }
}

#[test]
fn what_no_neuron_computes_is_refused_by_its_node_s_name() {
    let path = root().join("assets/models/mnist-denoiser.float.onnx");
    let graph = import_model(&std::fs::read(path).unwrap(), "mnist-denoiser").unwrap();
    let error = Network::new(&graph).unwrap_err();
    assert!(
        matches!(&error, BaselineError::Unsupported { node, op: "Sigmoid", .. } if node == "picture_sigmoid")
    );
    assert!(error.to_string().contains("supported are Conv"), "{error}");
}

#[test]
fn a_sample_of_another_size_and_missing_calibration_are_told() {
    let digits = digits_mlp();
    let error = Runner::new(&digits.network)
        .exact(&digits.network, &[0.0; 63])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a sample has 63 values, but model 'digits-mlp' takes 64"
    );
    let error = Runner::new(&digits.network)
        .exact(&digits.network, &[f32::INFINITY; 64])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a sample's value 0 (counted from 0) is inf"),
        "{error}"
    );
    let none: [&[f32]; 0] = [];
    let error = Thresholds::measure(&digits.network, none.into_iter(), Percentile::default());
    assert_eq!(error, Err(BaselineError::NoCalibration));
}

#[test]
fn what_two_halves_of_the_samples_came_to_adds_up_to_the_whole() {
    let path = root().join("assets/models/digits-mlp.float.onnx");
    let graph = import_model(&std::fs::read(path).unwrap(), "digits-mlp").unwrap();
    let digits = digits_mlp();
    let question = Question {
        steps: vec![16, 4],
        bits: vec![4, 8],
        ..Question::default()
    };
    let ready = Comparer::new(&graph, &digits.calibration, &question).unwrap();
    let samples: Vec<&[f32]> = digits.samples().take(40).collect();
    let count = |range: std::ops::Range<usize>| {
        let mut comparer = ready.clone();
        for sample in range {
            comparer
                .add(samples[sample], Some(digits.labels[sample]))
                .unwrap();
        }
        comparer.comparison().clone()
    };
    let mut halves = count(0..17);
    halves.append(&count(17..40));
    let mut whole = count(0..40);
    // Real numbers are added up in another order; all that is counted is equal.
    let points = |of: &mut Comparison| -> Vec<f64> {
        let points = of.codes.iter_mut().flat_map(|curve| &mut curve.points);
        points
            .map(|point| std::mem::take(&mut point.squared_error))
            .collect()
    };
    for (half, all) in points(&mut halves).into_iter().zip(points(&mut whole)) {
        assert!((half - all).abs() <= 1e-12 * all, "{half} and {all}");
    }
    assert_eq!(halves, whole);
    assert_eq!(halves.labelled, 40);
    for curve in &halves.codes {
        let steps: Vec<u32> = curve.points.iter().map(|p| p.steps).collect();
        assert_eq!(
            steps,
            if curve.code == CodeName::BitSerial {
                [4, 8]
            } else {
                [4, 16]
            }
        );
        assert!(curve.points.iter().all(|p| p.spikes() > 0), "{curve:?}");
    }
}

#[test]
fn eight_bits_in_eight_steps_answer_as_the_trained_network_does() {
    let path = root().join("assets/models/digits-mlp.float.onnx");
    let graph = import_model(&std::fs::read(path).unwrap(), "digits-mlp").unwrap();
    let digits = digits_mlp();
    let question = Question {
        codes: vec![CodeName::BitSerial],
        bits: vec![8],
        ..Question::default()
    };
    let mut comparer = Comparer::new(&graph, &digits.calibration, &question).unwrap();
    for (sample, &label) in digits.samples().zip(&digits.labels) {
        comparer.add(sample, Some(label)).unwrap();
    }
    let point = &comparer.comparison().codes[0].points[0];
    assert_eq!((point.steps, point.latency), (8, 16));
    assert!(point.equal * 100 >= digits.labels.len() * 99, "{point:?}");
}

#[test]
fn float_networks_and_the_codes_made_of_them_come_to_the_digest_that_a_browser_is_held_to() {
    assert_eq!(reals_digest(), REALS_DIGEST);
}
