//! TensorFlow Lite models, with the answers of its reference kernels.

use crate::common::StepByStep;
use crate::corpus::{cases, run_every_form};
use crate::files::{array, codes, model, root, test_set};
use crate::registers::{equal_codes, tally};
use sdann::explore::open_network;
use sdann::import::dataset::channels_first;
use sdann::quantize::{CodeTensor, Reference, winner};
use sdann::simulate::Simulator;
use sdann::spiking::{Conversion, Scaling, convert, no_ranges};
use std::path::Path;

/// The shipped networks.
const SHIPPED: [&str; 2] = ["mnist-cnn-lite", "mnist-residual-lite"];

/// A tensor whose codes the interpreter told.
struct Hidden {
    /// As far as it is a network's tensor's name.
    name: String,
    /// In the file, without the batch.
    shape: Vec<usize>,
    /// Where its codes begin in a sample's.
    first: usize,
}

impl Hidden {
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    fn is(&self, tensor: &CodeTensor) -> bool {
        let without_ones = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
        tensor.name == self.name && without_ones(&tensor.shape) == without_ones(&graph_shape(&self.shape))
    }
}

/// Channels first for images, as networks have them.
fn graph_shape(file: &[usize]) -> Vec<usize> {
    match *file {
        [height, width, channels] => vec![channels, height, width],
        _ => file.to_vec(),
    }
}

/// Numbers of samples of shape `file` in the order of networks.
fn in_order(values: &[f32], file: &[usize]) -> Vec<f32> {
    if file.len() == 3 {
        channels_first(values, &graph_shape(file))
    } else {
        values.to_vec()
    }
}

fn to_codes(values: &[f32]) -> Vec<i32> {
    values.iter().map(|&value| value as i32).collect()
}

/// What a check counts.
#[derive(Default)]
struct Counts {
    answers: usize,
    hidden: usize,
    differing: usize,
}

fn hidden_of(description: &serde_json::Value) -> Vec<Hidden> {
    let mut first = 0;
    let of = |entry: &serde_json::Value| {
        let shape: Vec<usize> = entry["shape"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap() as usize)
            .collect();
        let name = entry["name"].as_str().unwrap();
        let hidden = Hidden {
            name: name.split(';').next().unwrap().into(),
            shape: match &shape[..] {
                [1, rest @ ..] if !rest.is_empty() => rest.to_vec(),
                all => all.to_vec(),
            },
            first,
        };
        first += hidden.len();
        hidden
    };
    description["hidden"].as_array().unwrap().iter().map(of).collect()
}

/// Runs a case in every form and counts the codes that aren't the interpreter's.
fn check(folder: &Path) -> Result<Counts, String> {
    let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let operators = description["operators"].to_string();
    let bytes = std::fs::read(folder.join("model.tflite")).unwrap();
    let network = open_network(&bytes, "case").map_err(|error| error.to_string())?;
    let (given, expected) = (
        array(&folder.join("input.npy")),
        array(&folder.join("output.npy")),
    );
    let samples = given.shape[0];
    let values = in_order(&given.to_f32(), &given.shape[1..]);
    let is_real = matches!(given.values, sdann::import::dataset::ArrayValues::F32(_));
    let inputs: Vec<Vec<i32>> = values
        .chunks_exact(network.input().len())
        .map(|sample| {
            if is_real {
                network.quantize_input(sample)
            } else {
                to_codes(sample)
            }
        })
        .collect();
    assert_eq!(inputs.len(), samples);
    let answers = in_order(&expected.to_f32(), &expected.shape[1..]);
    let answers: Vec<&[f32]> = answers.chunks_exact(answers.len() / samples).collect();
    let hidden = hidden_of(&description);
    let codes = array(&folder.join("hidden.npy"));
    let (per_sample, codes) = (codes.shape[1], codes.to_f32());
    let mut counts = Counts::default();
    run_every_form(&network, &inputs, |sample, simulator| {
        let answer = answers[sample];
        let last = network.tensors.len() - 1;
        let differs = if operators.contains("ARG_MAX") {
            usize::from(winner(simulator.output()) != answer[0] as usize)
        } else if operators.contains("SOFTMAX") {
            let largest = answer.iter().fold(f32::MIN, |m, v| m.max(*v));
            usize::from(answer[winner(simulator.output())] != largest)
        } else if matches!(expected.values, sdann::import::dataset::ArrayValues::F32(_)) {
            differing(simulator.output(), answer)
        } else {
            differing(simulator.codes(last), &to_codes(answer))
        };
        counts.answers += answer.len();
        counts.differing += differs;
        for tensor in &hidden {
            let Some(id) = network.tensors.iter().position(|t| tensor.is(t)) else {
                continue;
            };
            let codes = &codes[sample * per_sample + tensor.first..][..tensor.len()];
            counts.hidden += codes.len();
            counts.differing += differing(simulator.codes(id), &to_codes(&in_order(codes, &tensor.shape)));
        }
    })?;
    Ok(counts)
}

fn differing<T: PartialEq>(found: &[T], expected: &[T]) -> usize {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).filter(|(a, b)| a != b).count()
}

/// Checks all cases of a folder.
fn check_all(folder: &str) -> (usize, Counts) {
    let (mut total, mut problems) = (Counts::default(), Vec::new());
    let all = cases(folder);
    for case in &all {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        match check(case) {
            Ok(counts) if counts.differing == 0 => {
                total.answers += counts.answers;
                total.hidden += counts.hidden;
            }
            Ok(counts) => problems.push(format!(
                "{name}: {} of {} codes differ",
                counts.differing,
                counts.answers + counts.hidden
            )),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    assert!(
        problems.is_empty(),
        "{} of {}:\n{}",
        problems.len(),
        all.len(),
        problems.join("\n")
    );
    (all.len(), total)
}

#[test]
fn spikes_give_tensorflow_lites_codes_for_every_kind_of_layer() {
    let (cases, counts) = check_all("tests/corpus-tflite");
    assert!(cases >= 90, "the corpus has {cases} cases");
    assert!(counts.hidden > counts.answers, "hidden tensors are compared");
}

#[test]
fn shipped_networks_give_tensorflow_lites_codes_on_a_thousand_real_samples() {
    for name in SHIPPED {
        let network = model(&format!("{name}.tflite"));
        let fixture = |kind: &str| root().join(format!("tests/fixtures-tflite/{name}.{kind}"));
        let expected = codes(&fixture("codes.npy"));
        let images = test_set(&network, "mnist", 255.0);
        assert_eq!((images.len(), expected.len()), (1000, 10_000));
        let description = std::fs::read_to_string(fixture("json")).unwrap();
        let hidden = hidden_of(&serde_json::from_str(&description).unwrap());
        let hidden_codes = array(&fixture("hidden.npy"));
        let (stepped, per_sample) = (hidden_codes.shape[0], hidden_codes.shape[1]);
        let hidden_codes = hidden_codes.to_f32();
        let spiking = convert(
            &network,
            &Conversion {
                scaling: Scaling::Off,
                ..Conversion::default()
            },
            &no_ranges(&network),
        );
        let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
        let last = network.tensors.len() - 1;
        let mut compared = std::collections::BTreeSet::new();
        for (index, (image, expected)) in images.iter().zip(expected.chunks_exact(10)).enumerate() {
            reference.run(&network, image);
            assert_eq!(reference.codes(last), expected, "{name}, image {index}");
            if index < stepped {
                simulator.run(&spiking, image, &mut StepByStep);
            } else {
                simulator.run(&spiking, image, &mut ());
            }
            assert_eq!(simulator.all_codes()[last], expected, "{name}, image {index}");
            if index >= stepped {
                continue;
            }
            for tensor in &hidden {
                let Some(id) = network.tensors.iter().position(|t| tensor.is(t)) else {
                    continue;
                };
                compared.insert(id);
                let codes = &hidden_codes[index * per_sample + tensor.first..][..tensor.len()];
                let codes = to_codes(&in_order(codes, &tensor.shape));
                assert_eq!(
                    simulator.codes(id),
                    codes,
                    "{name}, image {index}, {}",
                    tensor.name
                );
                assert_eq!(
                    reference.codes(id),
                    codes,
                    "{name}, image {index}, {}",
                    tensor.name
                );
            }
        }
        assert_eq!(
            compared.len(),
            network.tensors.len() - 1,
            "{name}: every layer is compared"
        );
    }
}

#[test]
fn narrow_registers_keep_most_codes_of_a_tensorflow_lite_network() {
    let network = model("mnist-residual-lite.tflite");
    let [wide, narrow] = [20, 14].map(|register_bits| {
        tally(
            &network,
            &Conversion {
                register_bits,
                ..Conversion::default()
            },
            40,
        )
    });
    assert!(equal_codes(&wide) > 0.97, "{}", equal_codes(&wide));
    assert!(equal_codes(&narrow) > 0.5, "{}", equal_codes(&narrow));
    assert!(equal_codes(&wide) > equal_codes(&narrow));
}

/// For models that this project has never seen: `SDANN_TFLITE_CASES=folder cargo test … -- --ignored tflite`.
#[test]
#[ignore = "needs a folder of cases"]
fn the_cases_of_any_folder_give_tensorflow_lites_codes() {
    let folder = std::env::var("SDANN_TFLITE_CASES").expect("SDANN_TFLITE_CASES names a folder");
    let (cases, counts) = check_all(&folder);
    println!(
        "{cases} cases, {} answers and {} hidden codes, all equal",
        counts.answers, counts.hidden
    );
}
