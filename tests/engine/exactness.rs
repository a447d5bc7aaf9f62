//! With a wide register the spiking network computes ONNX Runtime's integers, code by code.

use crate::common::StepByStep;
use crate::files::{MODELS, codes, model, root, test_set};
use sdann::quantize::Reference;
use sdann::simulate::Simulator;
use sdann::spiking::{Accumulation, BitOrder, Conversion, Scaling, convert, no_ranges};

const FORMS: [(BitOrder, Accumulation); 3] = [
    (BitOrder::Msb, Accumulation::Weighted),
    (BitOrder::Lsb, Accumulation::Weighted),
    (BitOrder::Msb, Accumulation::Shifting),
];

fn wide(order: BitOrder, accumulation: Accumulation) -> Conversion {
    Conversion {
        order,
        accumulation,
        scaling: Scaling::Off,
        ..Conversion::default()
    }
}

#[test]
fn every_output_code_of_every_test_image_is_onnx_runtimes_and_every_hidden_code_the_references() {
    for (name, set, divide_by) in MODELS {
        let network = model(&format!("{name}.onnx"));
        let expected = codes(&root().join(format!("tests/fixtures/{name}.codes.npy")));
        let classes = network.output().len();
        let images = test_set(&network, set, divide_by);
        assert_eq!(images.len() * classes, expected.len());
        let ranges = no_ranges(&network);
        for (order, accumulation) in FORMS {
            let spiking = convert(&network, &wide(order, accumulation), &ranges);
            let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
            for (index, image) in images.iter().enumerate() {
                simulator.run(&spiking, image, &mut StepByStep);
                reference.run(&network, image);
                for tensor in 0..network.tensors.len() {
                    assert_eq!(
                        simulator.codes(tensor),
                        reference.codes(tensor),
                        "{name}, image {index}, {order:?}"
                    );
                }
                let output = simulator.codes(network.tensors.len() - 1);
                assert_eq!(
                    output,
                    &expected[index * classes..][..classes],
                    "{name}, image {index}, {order:?}"
                );
            }
        }
    }
}

#[test]
fn steps_taken_at_once_give_what_they_give_one_by_one() {
    let network = model("mnist-cnn.onnx");
    let ranges = no_ranges(&network);
    for (order, accumulation) in FORMS {
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
    for (name, set, divide_by) in MODELS {
        let network = model(&format!("{name}.onnx"));
        let images = test_set(&network, set, divide_by);
        let mut reference = Reference::new(&network);
        let mut compared = 0;
        for (id, tensor) in network.tensors.iter().enumerate() {
            let path = root().join(format!("tests/fixtures/{name}.hidden.{}.npy", tensor.name));
            let path = if path.exists() {
                path
            } else {
                root().join(format!(
                    "tests/fixtures/{name}.hidden.{}_QuantizeLinear_Output.npy",
                    tensor.name
                ))
            };
            if !path.exists() {
                continue;
            }
            compared += 1;
            for (image, expected) in images.iter().zip(codes(&path).chunks_exact(tensor.len())) {
                reference.run(&network, image);
                assert_eq!(reference.codes(id), expected, "{name}, {}", tensor.name);
            }
        }
        assert_eq!(
            compared,
            network.tensors.len() - 1,
            "{name}: all tensors but the output have fixtures"
        );
    }
}

#[test]
fn accuracy_is_what_onnx_runtime_reaches() {
    let labels = crate::files::array(&root().join("assets/datasets/mnist-test-labels.idx1-ubyte.gz"))
        .to_labels()
        .unwrap();
    let expected = codes(&root().join("tests/fixtures/mnist-cnn.codes.npy"));
    let winner = |row: &[i32]| {
        let reals: Vec<f32> = row.iter().map(|&c| c as f32).collect();
        sdann::quantize::winner(&reals)
    };
    let correct = expected
        .chunks_exact(10)
        .zip(&labels)
        .filter(|(row, label)| winner(row) == **label)
        .count();
    let accuracy = std::fs::read_to_string(root().join("tests/fixtures/accuracy.json")).unwrap();
    let accuracy: serde_json::Value = serde_json::from_str(&accuracy).unwrap();
    let published = accuracy["mnist-cnn"]["quantized"].as_f64().unwrap();
    assert_eq!(correct as f64 / labels.len() as f64, published);
    assert!(published >= 0.97);
}
