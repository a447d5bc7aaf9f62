//! Whole networks in both forms, on real samples.

use crate::common::StepByStep;
use crate::files::{array, codes, network, root, samples};
use sdann::quantize::Reference;
use sdann::simulate::Simulator;
use sdann::spiking::{Conversion, Scaling, convert, no_ranges};

/// Models with their samples and the divisor of these.
const MODELS: [(&str, &str, f32); 5] = [
    ("mnist-residual", "mnist-test-images.idx3-ubyte.gz", 255.0),
    ("mnist-4bit", "mnist-test-images.idx3-ubyte.gz", 255.0),
    ("mnist-denoiser", "mnist-noisy-test-images.idx3-ubyte.gz", 255.0),
    ("signal-1d", "vowels-test-curves.idx3-byte.gz", 50.0),
    ("sine-regression", "sine-test-inputs.idx2-float.gz", 1.0),
];

#[test]
fn every_answer_on_real_samples_is_onnx_runtimes_in_each_form() {
    for (name, set, divide_by) in MODELS {
        for form in ["", ".qoperator"] {
            let path = root().join(format!("assets/models-next/{name}{form}.onnx"));
            if !path.exists() {
                continue;
            }
            let network = network(&path);
            let expected = codes(&root().join(format!("tests/fixtures-next/{name}{form}.codes.npy")));
            let answers = network.output().len();
            let samples = samples(&network, set, divide_by);
            assert_eq!(samples.len() * answers, expected.len(), "{name}{form}");
            let conversion = Conversion {
                scaling: Scaling::Off,
                ..Conversion::default()
            };
            let spiking = convert(&network, &conversion, &no_ranges(&network));
            let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
            let last = network.tensors.len() - 1;
            for (index, (sample, expected)) in samples.iter().zip(expected.chunks_exact(answers)).enumerate()
            {
                reference.run(&network, sample);
                assert_eq!(reference.codes(last), expected, "{name}{form}, sample {index}");
                // Every step on a few samples; where registers can't tell, all at once on the others.
                if index < 3 {
                    simulator.run(&spiking, sample, &mut StepByStep);
                } else if index < 50 {
                    simulator.run(&spiking, sample, &mut ());
                } else {
                    continue;
                }
                for tensor in 0..network.tensors.len() {
                    assert_eq!(
                        simulator.codes(tensor),
                        reference.codes(tensor),
                        "{name}{form}, sample {index}"
                    );
                }
            }
        }
    }
}

#[test]
fn hidden_layers_have_onnx_runtimes_codes_too() {
    let mut compared = 0;
    for (name, set, divide_by) in MODELS {
        let network = network(&root().join(format!("assets/models-next/{name}.onnx")));
        let samples = samples(&network, set, divide_by);
        let mut reference = Reference::new(&network);
        for (id, tensor) in network.tensors.iter().enumerate() {
            let file = |name: String| root().join(format!("tests/fixtures-next/{name}.npy"));
            let names = [
                format!("{name}.hidden.{}", tensor.name),
                format!("{name}.hidden.{}_QuantizeLinear_Output", tensor.name),
            ];
            let Some(path) = names.map(file).into_iter().find(|path| path.exists()) else {
                continue;
            };
            compared += 1;
            let expected = array(&path).to_f32();
            for (sample, expected) in samples.iter().zip(expected.chunks_exact(tensor.len())) {
                reference.run(&network, sample);
                let expected: Vec<i32> = expected.iter().map(|&code| code as i32).collect();
                assert_eq!(reference.codes(id), expected, "{name}, {}", tensor.name);
            }
        }
    }
    assert!(compared >= 20, "{compared} tensors were compared");
}
