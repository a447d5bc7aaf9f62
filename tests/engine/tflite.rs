//! TensorFlow Lite models, with the answers of its reference kernels.

use crate::corpus::{cases, run_every_form};
use crate::files::array;
use sdann::explore::open_network;
use sdann::import::dataset::channels_first;
use sdann::quantize::{CodeTensor, winner};
use std::path::Path;

/// What is refused, and why.
const REFUSED: [(&str, &str); 0] = [];

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
        tensor.name == self.name && tensor.shape == graph_shape(&self.shape)
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

/// Checks all cases of a folder, of which those named may be refused with these words.
fn check_all(folder: &str, refused: &[(&str, &str)]) -> (usize, Counts) {
    let (mut total, mut problems) = (Counts::default(), Vec::new());
    let all = cases(folder);
    for case in &all {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let words = refused
            .iter()
            .find(|(refused, _)| *refused == name)
            .map(|(_, words)| *words);
        match (check(case), words) {
            (Ok(counts), None) if counts.differing == 0 => {
                total.answers += counts.answers;
                total.hidden += counts.hidden;
            }
            (Ok(counts), None) => problems.push(format!(
                "{name}: {} of {} codes differ",
                counts.differing,
                counts.answers + counts.hidden
            )),
            (Err(error), Some(words)) if error.contains(words) => {}
            (Ok(_), Some(_)) => problems.push(format!("{name} should be refused")),
            (Err(error), _) => problems.push(format!("{name}: {error}")),
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
    let (cases, counts) = check_all("tests/corpus-tflite", &REFUSED);
    assert!(cases >= 90, "the corpus has {cases} cases");
    assert!(counts.hidden > counts.answers, "hidden tensors are compared");
}

/// For models that this project has never seen: `SDANN_TFLITE_CASES=folder cargo test … -- --ignored tflite`.
#[test]
#[ignore = "needs a folder of cases"]
fn the_cases_of_any_folder_give_tensorflow_lites_codes() {
    let folder = std::env::var("SDANN_TFLITE_CASES").expect("SDANN_TFLITE_CASES names a folder");
    let (cases, counts) = check_all(&folder, &[]);
    println!(
        "{cases} cases, {} answers and {} hidden codes, all equal",
        counts.answers, counts.hidden
    );
}
