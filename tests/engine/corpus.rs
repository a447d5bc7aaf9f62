//! Small models, one subject each, with ONNX Runtime's answers.

use crate::common::StepByStep;
use crate::files::{array, root};
use sdann::explore::open_network;
use sdann::quantize::{QuantizedNetwork, Reference, winner};
use sdann::simulate::{BatchSimulator, Simulator};
use sdann::spiking::{Accumulation, BitOrder, Conversion, Scaling, SpikingNetwork, convert, no_ranges};
use std::path::{Path, PathBuf};

/// Largest difference of a real number that ONNX Runtime sums in floating point itself, relative
/// to the largest output.
const FLOAT_CONV: f32 = 1e-6;

/// What is refused, and why.
const REFUSED: [(&str, &str); 11] = [
    // Products of two activations: no neuron with constant weights computes them.
    ("matmul-of-two", "two activations"),
    ("mul", "two activations"),
    ("mul-gate", "two activations"),
    ("qdq-mul-s8", "two activations"),
    ("qdq-mul-u8", "two activations"),
    // Softmax only reads an answer out, and here nothing else is left.
    ("qdq-softmax-s8", "no layers"),
    ("qdq-softmax-u8", "no layers"),
    ("softmax", "no layers"),
    ("softmax-float", "no layers"),
    ("softmax-qoperator", "no layers"),
    ("softmax-u8", "no layers"),
];

/// How many codes come out one off where ONNX Runtime sums 16-bit codes in floating point, in an order of
/// its own.
const ROUNDED: [(&str, usize); 4] = [
    ("add-s16", 1),
    ("add-u16", 1),
    ("max-pool-s16", 1),
    ("qdq-global-average-pool-u16", 1),
];

/// What ONNX Runtime answers.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Codes,
    Reals,
    /// The index of the largest logit.
    Labels,
    /// Shares of the logits, which the network doesn't compute: only the largest is compared.
    Shares,
}

struct Case {
    name: String,
    answer: Answer,
    float_kernel: bool,
    inputs: Vec<f32>,
    expected: Vec<f32>,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let description = std::fs::read_to_string(folder.join("case.json")).unwrap();
        let description: serde_json::Value = serde_json::from_str(&description).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let answer = match description["output"]["kind"].as_str() {
            Some("labels") => Answer::Labels,
            _ if description["executed"].to_string().contains("Softmax") => Answer::Shares,
            Some("codes") => Answer::Codes,
            _ => Answer::Reals,
        };
        Self {
            answer,
            float_kernel: description["kernel"] == "float",
            inputs: array(&folder.join("input.npy")).to_f32(),
            expected: array(&folder.join("output.npy")).to_f32(),
            name,
        }
    }

    /// How many of a sample's answers differ from the network's.
    fn differing(&self, network: &QuantizedNetwork, simulator: &Simulator, expected: &[f32]) -> usize {
        let count = |differs: &dyn Fn(usize) -> bool| (0..expected.len()).filter(|&i| differs(i)).count();
        match self.answer {
            Answer::Codes => {
                let codes = simulator.codes(network.tensors.len() - 1);
                count(&|i| codes[i] != expected[i] as i32)
            }
            Answer::Reals => {
                let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
                let allowed = if self.float_kernel {
                    FLOAT_CONV * largest
                } else {
                    0.0
                };
                let reals = simulator.output();
                count(&|i| (reals[i] - expected[i]).abs() > allowed)
            }
            Answer::Labels => usize::from(winner(simulator.output()) != expected[0] as usize),
            Answer::Shares => {
                // Softmax codes saturate, so several may share the largest.
                let largest = expected.iter().fold(0f32, |m, v| m.max(*v));
                usize::from(expected[winner(simulator.output())] != largest)
            }
        }
    }
}

/// The number of answers that differ from ONNX Runtime's, after every code of the spiking network was
/// found to be the reference's.
fn check(folder: &Path) -> Result<usize, String> {
    let case = Case::read(folder);
    let bytes = std::fs::read(folder.join("model.onnx")).unwrap();
    let network = open_network(&bytes, &case.name).map_err(|error| error.to_string())?;
    let inputs: Vec<Vec<i32>> = case
        .inputs
        .chunks_exact(network.input().len())
        .map(|input| network.quantize_input(input))
        .collect();
    let samples = inputs.len();
    let answers = case.expected.len() / samples;
    if case.answer != Answer::Labels && answers != network.output().len() {
        return Err(format!("{} answers instead of {answers}", network.output().len()));
    }
    let mut differing = 0;
    run_every_form(&network, &inputs, |sample, simulator| {
        let expected = &case.expected[sample * answers..][..answers];
        differing += case.differing(&network, simulator, expected);
    })?;
    if differing % FORMS.len() != 0 {
        return Err(format!("the forms differ: {differing} answers in all"));
    }
    Ok(differing / FORMS.len())
}

const FORMS: [(BitOrder, Accumulation); 3] = [
    (BitOrder::Msb, Accumulation::Weighted),
    (BitOrder::Lsb, Accumulation::Weighted),
    (BitOrder::Msb, Accumulation::Shifting),
];

/// Runs samples through a network in each form of its spikes, finds every code to be the reference's, and
/// lets `look` see each sample's.
pub fn run_every_form(
    network: &QuantizedNetwork,
    inputs: &[Vec<i32>],
    mut look: impl FnMut(usize, &Simulator),
) -> Result<(), String> {
    let ranges = no_ranges(network);
    let (mut reference, mut simulator) = (Reference::new(network), Simulator::new(network));
    for (order, accumulation) in FORMS {
        let conversion = Conversion {
            order,
            accumulation,
            scaling: Scaling::Off,
            ..Conversion::default()
        };
        let spiking = convert(network, &conversion, &ranges);
        for (sample, input) in inputs.iter().enumerate() {
            reference.run(network, input);
            simulator.run(&spiking, input, &mut StepByStep);
            for tensor in 0..network.tensors.len() {
                if simulator.codes(tensor) != reference.codes(tensor) {
                    let name = &network.tensors[tensor].name;
                    return Err(format!(
                        "spikes and reference differ in '{name}' ({order:?}, {accumulation:?})"
                    ));
                }
            }
            if simulator.output() != reference.output() {
                return Err("spikes and reference differ in the output".into());
            }
            look(sample, &simulator);
        }
        in_batches(network, &spiking, inputs, &mut reference)?;
    }
    Ok(())
}

/// Finds every code of whole batches to be the reference's too.
fn in_batches(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    inputs: &[Vec<i32>],
    reference: &mut Reference,
) -> Result<(), String> {
    // Where 16 bits don't hold what is sent, there are none.
    let Some(mut batch) = BatchSimulator::new(network, spiking) else {
        return Ok(());
    };
    for inputs in inputs.chunks(batch.capacity()) {
        batch.run(spiking, &inputs.concat());
        for (sample, input) in inputs.iter().enumerate() {
            reference.run(network, input);
            for (tensor, codes) in network
                .tensors
                .iter()
                .enumerate()
                .filter(|(_, t)| t.affine.is_some())
            {
                let mut fired = vec![0; codes.len()];
                batch.codes(tensor, sample, &mut fired);
                if fired != reference.codes(tensor) {
                    return Err(format!("a batch and the reference differ in '{}'", codes.name));
                }
            }
            if batch.output(sample) != reference.output() {
                return Err("a batch and the reference differ in the output".into());
            }
        }
    }
    Ok(())
}

pub fn cases(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut cases: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.join("case.json").exists());
    cases.sort();
    cases
}

#[test]
fn spikes_give_onnx_runtimes_codes_for_every_kind_of_layer() {
    let all = cases("tests/corpus");
    assert!(all.len() >= 250, "the corpus has {} cases", all.len());
    let mut problems = Vec::new();
    for folder in &all {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let allowed = ROUNDED
            .iter()
            .find(|(rounded, _)| *rounded == name)
            .map_or(0, |(_, count)| *count);
        let refused = REFUSED
            .iter()
            .find(|(refused, _)| *refused == name)
            .map(|(_, words)| *words);
        match (check(folder), refused) {
            (Ok(differing), None) if differing == allowed => {}
            (Ok(differing), None) => problems.push(format!("{name}: {differing} answers differ")),
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
}

/// For models that this project has never seen: `SDANN_CASES=folder cargo test … -- --ignored cases_of`.
#[test]
#[ignore = "needs a folder of cases"]
fn the_cases_of_any_folder_give_onnx_runtimes_codes() {
    let folder = std::env::var("SDANN_CASES").expect("SDANN_CASES names a folder");
    let (mut equal, mut problems) = (0, Vec::new());
    for folder in cases(&folder) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        match check(&folder) {
            Ok(0) => equal += 1,
            Ok(differing) => problems.push(format!("{name}: {differing} answers differ")),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    assert!(
        problems.is_empty(),
        "{equal} are equal, but\n{}",
        problems.join("\n")
    );
}
