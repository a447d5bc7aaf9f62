//! With a wide register the spiking network computes ONNX Runtime's integers, code by code: the shipped
//! networks, in every form that they have, on real samples.

use crate::common::StepByStep;
use crate::files::{SHIPPED, array, fixture, model, root, test_set};
use sdann::quantize::{Reference, winner};
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
fn accuracy_is_what_onnx_runtime_reaches() {
    let labels = array(&root().join("assets/datasets/mnist-test-labels.idx1-ubyte.gz"))
        .to_labels()
        .unwrap();
    let expected = fixture("mnist-cnn.codes").unwrap();
    let won = |row: &[i32]| winner(&row.iter().map(|&code| code as f32).collect::<Vec<_>>());
    let rows = expected.chunks_exact(10).zip(&labels);
    let correct = rows.filter(|(row, label)| won(row) == **label).count();
    let accuracy = std::fs::read_to_string(root().join("tests/fixtures/accuracy.json")).unwrap();
    let accuracy: serde_json::Value = serde_json::from_str(&accuracy).unwrap();
    let published = accuracy["mnist-cnn"]["main"]["quantized"].as_f64().unwrap();
    assert_eq!(correct as f64 / labels.len() as f64, published);
    assert!(published >= 0.97);
}
