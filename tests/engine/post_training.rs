//! Float models quantized here: what they lose, and what they must not.

use crate::common::StepByStep;
use crate::files::{array, root};
use sdann::export::write_onnx_as_read;
use sdann::graph::{Encoding, Graph, Op};
use sdann::import::import_model;
use sdann::quantize::post_training::{
    Calibration, Granularity, PostTrainingError, Quantization, RangeMethod, WeightRange, ZeroPoint, equalize,
};
use sdann::quantize::{Reference, quantize, winner};
use sdann::real::RealNetwork;
use sdann::simulate::Simulator;
use sdann::spiking::{Conversion, convert, no_ranges};

/// Enough to tell the methods apart, few enough to be quick.
const TESTED: usize = 300;

struct Case {
    graph: Graph,
    calibration: Vec<f32>,
    test: Vec<f32>,
    labels: Vec<usize>,
}

fn images(name: &str, divide_by: f32) -> Vec<f32> {
    let array = array(&root().join("assets/datasets").join(name));
    array.to_f32().into_iter().map(|v| v / divide_by).collect()
}

fn labels(name: &str) -> Vec<usize> {
    let array = array(&root().join("assets/datasets").join(name));
    array.to_f32().into_iter().map(|v| v as usize).collect()
}

fn float(name: &str) -> Graph {
    let path = root().join(format!("assets/models/{name}.float.onnx"));
    import_model(&std::fs::read(path).unwrap(), name).unwrap()
}

fn mnist(name: &str) -> Case {
    let mut test = images("mnist-test-images.idx3-ubyte.gz", 255.0);
    test.truncate(TESTED * 784);
    let mut labels = labels("mnist-test-labels.idx1-ubyte.gz");
    labels.truncate(TESTED);
    Case {
        graph: float(name),
        calibration: images("mnist-calibration-images.idx3-ubyte.gz", 255.0),
        test,
        labels,
    }
}

impl Case {
    fn quantized(&self, options: &Quantization) -> Graph {
        let calibration = Calibration::measure(&self.graph, options.equalize, &self.calibration).unwrap();
        calibration.quantize(options, &self.calibration).unwrap()
    }

    fn float_right(&self) -> usize {
        let mut network = RealNetwork::new(&self.graph).unwrap();
        let input = self.graph.tensors[self.graph.input].len();
        let samples = self.test.chunks_exact(input).zip(&self.labels);
        samples
            .filter(|(sample, label)| {
                let logits = network.run(sample).unwrap();
                let best = logits
                    .iter()
                    .enumerate()
                    .max_by(|a, b| a.1.total_cmp(b.1))
                    .unwrap();
                best.0 == **label
            })
            .count()
    }

    fn right(&self, options: &Quantization) -> usize {
        let network = quantize(&self.quantized(options)).unwrap();
        let mut reference = Reference::new(&network);
        let samples = self.test.chunks_exact(network.input().len()).zip(&self.labels);
        samples
            .filter(|(sample, label)| {
                reference.run(&network, &network.quantize_input(sample));
                let codes = reference.codes(network.tensors.len() - 1);
                winner(&codes.iter().map(|&code| code as f32).collect::<Vec<_>>()) == **label
            })
            .count()
    }
}

#[test]
fn eight_bits_keep_the_accuracy_with_every_method() {
    let case = mnist("mnist-cnn");
    let float = case.float_right();
    assert!(float * 100 >= 97 * TESTED);
    for range in [
        RangeMethod::MinMax,
        RangeMethod::Percentile,
        RangeMethod::Mse,
        RangeMethod::Entropy,
    ] {
        for granularity in [Granularity::Channel, Granularity::Tensor] {
            let right = case.right(&Quantization {
                range,
                granularity,
                ..Quantization::default()
            });
            assert!(
                right + 2 >= float,
                "{range:?}, {granularity:?}: {right} of {float}"
            );
        }
    }
}

#[test]
fn signed_symmetric_and_equalized_eight_bits_keep_the_accuracy() {
    let case = mnist("mnist-residual");
    let float = case.float_right();
    let base = Quantization::default();
    for options in [
        base,
        Quantization { signed: true, ..base },
        Quantization {
            signed: true,
            zero_point: ZeroPoint::Symmetric,
            ..base
        },
        Quantization {
            equalize: true,
            correct_mean_error: true,
            ..base
        },
    ] {
        let right = case.right(&options);
        assert!(right + 3 >= float, "{options:?}: {right} of {float}");
    }
}

#[test]
fn few_bits_lose_less_with_least_error_ranges_and_the_mean_error_corrected() {
    let case = mnist("mnist-cnn");
    let crude = Quantization {
        weight_bits: 2,
        activation_bits: 3,
        ..Quantization::default()
    };
    let careful = Quantization {
        range: RangeMethod::Mse,
        weight_range: WeightRange::Mse,
        correct_mean_error: true,
        ..crude
    };
    let (crude, careful) = (case.right(&crude), case.right(&careful));
    assert!(careful > crude, "{careful} against {crude}");
}

#[test]
fn a_network_of_any_bit_width_runs_as_spikes_exactly() {
    let case = mnist("mnist-residual");
    for (weight_bits, activation_bits, signed) in [(1, 1, false), (2, 3, true), (8, 16, true), (5, 12, false)]
    {
        let options = Quantization {
            weight_bits,
            activation_bits,
            edge_bits: activation_bits.max(4),
            signed,
            ..Quantization::default()
        };
        let network = quantize(&case.quantized(&options)).unwrap();
        let spiking = convert(&network, &Conversion::default(), &no_ranges(&network));
        let (mut reference, mut simulator) = (Reference::new(&network), Simulator::new(&network));
        for sample in case.test.chunks_exact(784).take(5) {
            let codes = network.quantize_input(sample);
            reference.run(&network, &codes);
            simulator.run(&spiking, &codes, &mut StepByStep);
            for tensor in 0..network.tensors.len() {
                assert_eq!(simulator.codes(tensor), reference.codes(tensor), "{options:?}");
            }
        }
    }
}

#[test]
fn what_was_quantized_here_can_be_written_as_onnx_and_reads_back_the_same() {
    for name in [
        "mnist-cnn",
        "digits-mlp",
        "mnist-residual",
        "mnist-denoiser",
        "signal-1d",
        "sine-regression",
    ] {
        let graph = float(name);
        let samples = vec![0.25; 4 * graph.tensors[graph.input].len()];
        let calibration = Calibration::measure(&graph, false, &samples).unwrap();
        for (weight_bits, activation_bits) in [(8, 8), (4, 4), (1, 16)] {
            let options = Quantization {
                weight_bits,
                activation_bits,
                ..Quantization::default()
            };
            let graph = calibration.quantize(&options, &samples).unwrap();
            write_onnx_as_read(&graph).unwrap_or_else(|error| panic!("{name}, {options:?}: {error}"));
        }
    }
}

#[test]
fn equalized_layers_compute_the_same_function() {
    let case = mnist("mnist-residual");
    let equalized = equalize(&case.graph);
    let weights = |graph: &Graph| -> Vec<f32> {
        let values = graph.nodes.iter().filter_map(|node| match &node.op {
            Op::RealConv(conv) => Some(conv.weights.values.clone()),
            _ => None,
        });
        values.flatten().collect()
    };
    assert_ne!(weights(&case.graph), weights(&equalized));
    let mut networks = [&case.graph, &equalized].map(|graph| RealNetwork::new(graph).unwrap());
    for sample in case.test.chunks_exact(784).take(20) {
        let [own, other] = networks
            .each_mut()
            .map(|network| network.run(sample).unwrap().to_vec());
        let largest = own.iter().fold(0.0, |m: f32, v| m.max(v.abs()));
        for (a, b) in own.iter().zip(&other) {
            assert!((a - b).abs() <= 1e-5 * largest, "{a} and {b}");
        }
    }
}

#[test]
fn input_and_output_have_their_own_bits_and_clamped_sums_need_no_codes() {
    let case = mnist("mnist-cnn");
    let graph = case.quantized(&Quantization {
        activation_bits: 5,
        ..Quantization::default()
    });
    let bits = |tensor: usize| match graph.tensors[tensor].encoding {
        Encoding::Codes(affine) => affine.format.bits,
        Encoding::Real => 0,
    };
    assert_eq!((bits(graph.input), bits(graph.output)), (8, 8));
    let inner: Vec<u8> = graph.nodes.iter().map(|node| bits(node.output)).collect();
    assert_eq!(inner.iter().filter(|&&bits| bits == 5).count(), inner.len() - 1);
    // Relu is what unsigned codes do by themselves.
    assert!(graph.nodes.iter().all(|node| !matches!(node.op, Op::Clamp(_))));
}

#[test]
fn samples_that_cannot_be_calibrated_on_are_refused_in_a_sentence() {
    let graph = float("mnist-cnn");
    let refused = |samples: &[f32]| Calibration::measure(&graph, false, samples).unwrap_err();
    assert!(matches!(refused(&[]), PostTrainingError::NoSamples { .. }));
    assert!(matches!(
        refused(&[0.0; 785]),
        PostTrainingError::Samples {
            found: 785,
            expected: 784,
            ..
        }
    ));
    let mut samples = vec![0.0; 2 * 784];
    samples[1000] = f32::NAN;
    let error = refused(&samples);
    assert!(matches!(error, PostTrainingError::NotFinite { sample: 1, .. }));
    assert!(error.to_string().contains("sample 1"));
}
