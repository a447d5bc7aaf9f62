//! Small models, one subject each, with ONNX Runtime's answers.

use crate::common::StepByStep;
use crate::files::{array, network, root};
use sdann::quantize::Reference;
use sdann::simulate::Simulator;
use sdann::spiking::{BitOrder, Conversion, Scaling, convert, no_ranges};
use std::path::Path;

/// Largest difference of a real number that ONNX Runtime sums in floating point itself, relative
/// to the largest output.
const FLOAT_CONV: f32 = 1e-6;

fn check(case: &Path) {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let network = network(&case.join("model.onnx"));
    let inputs = array(&case.join("input.npy")).to_f32();
    let expected = array(&case.join("output.npy")).to_f32();
    let description = std::fs::read_to_string(case.join("case.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&description).unwrap();
    let is_real = description["output"]["kind"] != "codes";
    let float_kernel = description["kernel"] == "float";
    let outputs = network.output().len();
    assert_eq!(
        inputs.len() / network.input().len(),
        expected.len() / outputs,
        "{name}"
    );
    let ranges = no_ranges(&network);
    let mut reference = Reference::new(&network);
    let mut simulator = Simulator::new(&network);
    for order in [BitOrder::Msb, BitOrder::Lsb] {
        let conversion = Conversion {
            order,
            scaling: Scaling::Off,
            ..Conversion::default()
        };
        let spiking = convert(&network, &conversion, &ranges);
        for (input, expected) in inputs
            .chunks_exact(network.input().len())
            .zip(expected.chunks_exact(outputs))
        {
            let input = network.quantize_input(input);
            reference.run(&network, &input);
            simulator.run(&spiking, &input, &mut StepByStep);
            for tensor in 0..network.tensors.len() {
                assert_eq!(simulator.codes(tensor), reference.codes(tensor), "{name}");
            }
            assert_eq!(simulator.output(), reference.output(), "{name}");
            if is_real {
                let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
                let allowed = if float_kernel { FLOAT_CONV * largest } else { 0.0 };
                for (real, expected) in simulator.output().iter().zip(expected) {
                    assert!(
                        (real - expected).abs() <= allowed,
                        "{name}: {real} instead of {expected}"
                    );
                }
            } else {
                let expected: Vec<i32> = expected.iter().map(|&v| v as i32).collect();
                assert_eq!(simulator.codes(network.tensors.len() - 1), expected, "{name}");
            }
        }
    }
}

#[test]
fn spikes_give_onnx_runtimes_codes_for_every_kind_of_layer() {
    let folder = root().join("tests/corpus");
    let mut cases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() >= 50, "the corpus has {} cases", cases.len());
    cases.iter().for_each(|case| check(case));
}
