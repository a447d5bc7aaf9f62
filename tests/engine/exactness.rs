//! With a wide register the spiking network computes ONNX Runtime's integers, code by code: the shipped
//! networks, in every form that they have, on real samples.

use crate::common::StepByStep;
use crate::files::{SHIPPED, array, fixture, model, root, test_set};
use sdann::explore::{Closeness, GroundTruth, Quality};
use sdann::quantize::Reference;
use sdann::simulate::Simulator;
use sdann::spiking::{Accumulation, BitOrder, Conversion, Scaling, convert, no_ranges};

const WAYS: [(BitOrder, Accumulation); 3] = [
    (BitOrder::Msb, Accumulation::Weighted),
    (BitOrder::Lsb, Accumulation::Weighted),
    (BitOrder::Msb, Accumulation::Shifting),
];

/// Samples that every network is held against ONNX Runtime on, at least.
const ENOUGH: usize = 500;

/// Samples that are run step by step, in each way; all others at once, in the first.
const STEPPED: usize = 20;

fn wide(order: BitOrder, accumulation: Accumulation) -> Conversion {
    Conversion {
        order,
        accumulation,
        scaling: Scaling::Off,
        ..Conversion::default()
    }
}

#[test]
fn every_output_code_of_500_real_samples_is_onnx_runtimes_and_every_hidden_code_the_references() {
    let mut forms = 0;
    for shipped in &SHIPPED {
        for form in ["", ".qoperator"] {
            let Some(network) = shipped.form(form) else {
                continue;
            };
            forms += 1;
            let name = format!("{}{form}", shipped.name);
            let mut samples = shipped.samples(&network, "test").unwrap();
            let mut expected = fixture(&format!("{name}.codes")).unwrap();
            samples.truncate(ENOUGH);
            expected.truncate(samples.len() * network.output().len());
            // Too few held-out ones are eked out with training ones.
            if let Some(more) = fixture(&format!("{name}.codes.training")) {
                samples.extend(shipped.samples(&network, "training").unwrap());
                expected.extend(more);
            }
            let (answers, last) = (network.output().len(), network.tensors.len() - 1);
            assert!(samples.len() >= ENOUGH, "{name}: {} samples", samples.len());
            assert_eq!(samples.len() * answers, expected.len(), "{name}");
            let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
            for (way, (order, accumulation)) in WAYS.into_iter().enumerate() {
                let spiking = convert(&network, &wide(order, accumulation), &no_ranges(&network));
                let count = if way == 0 { samples.len() } else { STEPPED };
                let pairs = samples.iter().zip(expected.chunks_exact(answers)).take(count);
                for (index, (sample, expected)) in pairs.enumerate() {
                    let place = || format!("{name}, sample {index}, {order:?}, {accumulation:?}");
                    reference.run(&network, sample);
                    if index < STEPPED {
                        simulator.run(&spiking, sample, &mut StepByStep);
                    } else {
                        simulator.run(&spiking, sample, &mut ());
                    }
                    for tensor in 0..network.tensors.len() {
                        assert_eq!(simulator.codes(tensor), reference.codes(tensor), "{}", place());
                    }
                    assert_eq!(simulator.codes(last), expected, "{}", place());
                }
            }
        }
    }
    assert_eq!(forms, 13, "all but mnist-4bit have two forms");
}

#[test]
fn steps_taken_at_once_give_what_they_give_one_by_one() {
    let network = model("mnist-cnn.onnx");
    let ranges = no_ranges(&network);
    for (order, accumulation) in WAYS {
        let spiking = convert(&network, &wide(order, accumulation), &ranges);
        assert!(spiking.layers.iter().all(|layer| layer.dendrites[0].collapses));
        let (mut at_once, mut one_by_one) = (Simulator::new(&network), Simulator::new(&network));
        for image in test_set(&network, "mnist", 255.0).iter().take(50) {
            at_once.run(&spiking, image, &mut ());
            one_by_one.run(&spiking, image, &mut StepByStep);
            for index in 0..network.layers.len() {
                assert_eq!(at_once.membranes(index), one_by_one.membranes(index));
            }
        }
    }
}

#[test]
fn the_reference_has_onnx_runtimes_codes_in_every_hidden_layer() {
    let mut compared = 0;
    for shipped in &SHIPPED {
        let name = shipped.name;
        let network = shipped.form("").unwrap();
        let samples = shipped.samples(&network, "test").unwrap();
        let mut reference = Reference::new(&network);
        for (id, tensor) in network.tensors.iter().enumerate() {
            // The fixture's name is the tensor's, or that of the node which wrote its codes.
            let names = ["", "_QuantizeLinear_Output"];
            let found = names.map(|end| fixture(&format!("{name}.hidden.{}{end}", tensor.name)));
            let Some(expected) = found.into_iter().flatten().next() else {
                continue;
            };
            compared += 1;
            for (sample, expected) in samples.iter().zip(expected.chunks_exact(tensor.len())) {
                reference.run(&network, sample);
                assert_eq!(reference.codes(id), expected, "{name}, {}", tensor.name);
            }
        }
    }
    assert!(compared >= 26, "{compared} tensors were compared");
}

#[test]
fn quality_is_measured_as_by_the_tools_that_ran_onnx_runtime() {
    let data = |name: &str| array(&root().join("assets/datasets").join(name));
    let published = std::fs::read_to_string(root().join("tests/fixtures/accuracy.json")).unwrap();
    let published: serde_json::Value = serde_json::from_str(&published).unwrap();
    for shipped in &SHIPPED {
        let network = shipped.form("").unwrap();
        let targets = |name: &str, divide_by: f32, closeness| {
            let values = data(name).to_f32().into_iter().map(|value| value / divide_by);
            GroundTruth::Targets(values.collect(), closeness)
        };
        let truth = match shipped.name {
            "mnist-denoiser" => targets("mnist-noisy-test-targets.idx3-ubyte.gz", 255.0, Closeness::Psnr),
            "sine-regression" => targets("sine-test-targets.idx2-float.gz", 1.0, Closeness::Rmse),
            _ => {
                let labels = data(&format!("{}-test-labels.idx1-ubyte.gz", shipped.data.0));
                GroundTruth::Labels(labels.to_labels().unwrap())
            }
        };
        let (affine, outputs) = (network.output().affine.unwrap(), network.output().len());
        let codes = fixture(&format!("{}.codes", shipped.name)).unwrap();
        let mut quality: Option<Quality> = None;
        for (index, codes) in codes.chunks_exact(outputs).enumerate() {
            let answer: Vec<f32> = codes.iter().map(|&code| affine.dequantize(code)).collect();
            let expected = truth.expected(index, outputs).unwrap();
            let quality = quality.get_or_insert(Quality::new(expected.measure()));
            quality.add(&expected, &answer, &answer);
        }
        let measured = quality.and_then(|quality| quality.spiking()).unwrap();
        let published = published[shipped.name]["main"]["quantized"].as_f64().unwrap();
        assert!(
            (measured - published).abs() < 1e-9,
            "{}: {measured}, not {published}",
            shipped.name
        );
    }
}
