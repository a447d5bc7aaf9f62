//! Each way to write codes in spikes: all exact, each with its price.

use crate::common::StepByStep;
use crate::files::{SHIPPED, Shipped, fixture, root};
use sdann::explore::{Tally, numbers::thousands};
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Samples, Simulator, most_frequent};
use sdann::spiking::{
    Accumulation, BitOrder, Conversion, Digits, Scaling, SilentCode, SpikingNetwork, convert_coded,
    no_ranges, spike_codes,
};
use std::fmt::Write;

const SILENT: [(SilentCode, &str); 4] = [
    (SilentCode::Zero, "zero"),
    (SilentCode::ZeroPoint, "zero-point"),
    (SilentCode::MostFrequent, "most-frequent"),
    (SilentCode::Lowest, "lowest"),
];

const DIGITS: [(Digits, &str); 3] = [
    (Digits::Binary, "binary"),
    (Digits::SignMagnitude, "sign-magnitude"),
    (Digits::Canonical, "canonical"),
];

const WAYS: [(BitOrder, Accumulation); 3] = [
    (BitOrder::Msb, Accumulation::Weighted),
    (BitOrder::Lsb, Accumulation::Weighted),
    (BitOrder::Msb, Accumulation::Shifting),
];

/// What the most frequent codes are counted on.
const CALIBRATION: usize = 100;

/// Every silent code with every kind of digits.
fn pairs() -> impl Iterator<Item = (SilentCode, Digits)> {
    SILENT
        .iter()
        .flat_map(|&(silent, _)| DIGITS.iter().map(move |&(digits, _)| (silent, digits)))
}

fn conversion(silent_code: SilentCode, digits: Digits) -> Conversion {
    Conversion {
        silent_code,
        digits,
        scaling: Scaling::Off,
        ..Conversion::default()
    }
}

fn convert(network: &QuantizedNetwork, conversion: &Conversion, frequent: &[i32]) -> SpikingNetwork {
    let codes = spike_codes(network, conversion, frequent);
    convert_coded(network, conversion, &no_ranges(network), codes)
}

/// The most frequent code of each tensor in its calibration data (training data, where that is its name).
fn frequent(shipped: &Shipped, network: &QuantizedNetwork) -> Vec<i32> {
    let parts = ["calibration", "training"];
    let samples = parts
        .iter()
        .find_map(|part| shipped.samples(network, part))
        .unwrap();
    let codes = samples
        .into_iter()
        .take(CALIBRATION)
        .flatten()
        .collect::<Vec<_>>();
    let len = network.input().len();
    most_frequent(network, Samples { codes: &codes, len })
}

/// Simulates every step of so many samples of every network in every form, each sample under the next of all 36
/// silent codes, digits and ways, and holds all codes against the integer reference's, the answers against ONNX
/// Runtime's.
fn hold_against_onnx_runtime(most: usize) {
    for shipped in &SHIPPED {
        for form in ["", ".qoperator"] {
            let Some(network) = shipped.form(form) else {
                continue;
            };
            let name = format!("{}{form}", shipped.name);
            let samples = shipped.samples(&network, "test").unwrap();
            let expected = fixture(&format!("{name}.codes")).unwrap();
            let frequent = frequent(shipped, &network);
            let all = pairs().flat_map(|(silent_code, digits)| {
                WAYS.map(|(order, accumulation)| Conversion {
                    order,
                    accumulation,
                    ..conversion(silent_code, digits)
                })
            });
            let all: Vec<_> = all.map(|c| convert(&network, &c, &frequent)).collect();
            let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
            let answers = network.output().len();
            let pairs = samples.iter().zip(expected.chunks_exact(answers)).take(most);
            for (index, (sample, expected)) in pairs.enumerate() {
                let spiking = &all[index % all.len()];
                reference.run(&network, sample);
                simulator.run(spiking, sample, &mut StepByStep);
                let place = || format!("{name}, sample {index}, {:?}", spiking.conversion);
                for tensor in 0..network.tensors.len() {
                    assert_eq!(simulator.codes(tensor), reference.codes(tensor), "{}", place());
                }
                assert_eq!(
                    simulator.codes(network.tensors.len() - 1),
                    expected,
                    "{}",
                    place()
                );
            }
        }
    }
}

#[test]
fn every_silent_code_with_all_digits_in_each_way_gives_onnx_runtimes_codes_step_by_step() {
    hold_against_onnx_runtime(36);
}

#[test]
#[ignore = "takes a quarter of an hour: what was said of the first samples, of all of them"]
fn all_samples_give_onnx_runtimes_codes_step_by_step_each_under_the_next_code() {
    hold_against_onnx_runtime(usize::MAX);
}

#[test]
fn a_code_costs_what_its_definition_says() {
    for (silent_code, digits) in pairs() {
        let shipped = &SHIPPED[0];
        let network = shipped.form("").unwrap();
        let frequent = frequent(shipped, &network);
        let spiking = convert(&network, &conversion(silent_code, digits), &frequent);
        for (tensor, code) in network.tensors.iter().zip(&spiking.codes) {
            let (format, code) = (tensor.affine.unwrap().format, code.unwrap());
            let more = format.bits + 1;
            let (planes, signed) = (code.planes(), code.has_signed_spikes());
            match (silent_code, digits) {
                (SilentCode::Zero, Digits::Binary) => assert_eq!(planes, format.bits),
                (_, Digits::Binary) => assert!(planes <= more && !signed),
                (_, Digits::SignMagnitude) => assert!(planes <= format.bits),
                (_, Digits::Canonical) => {
                    assert!(planes <= more && code.most_spikes() <= u32::from(planes.div_ceil(2)))
                }
            }
            assert!(silent_code != SilentCode::Lowest || code.values().0 == 0);
            assert!(digits == Digits::Canonical || code.most_spikes() <= u32::from(planes));
        }
    }
}

/// The table of what each code costs on real samples, as `docs/CODES.md` has it.
fn prices() -> String {
    const SAMPLES: usize = 50;
    let mut text = String::new();
    for name in ["mnist-cnn", "mnist-residual", "mnist-4bit"] {
        let shipped = SHIPPED.iter().find(|shipped| shipped.name == name).unwrap();
        let network = shipped.form("").unwrap();
        let samples = shipped.samples(&network, "test").unwrap();
        let frequent = frequent(shipped, &network);
        let head = [
            "silent code",
            "digits",
            "steps",
            "spikes",
            "synaptic operations",
            "of `zero`, `binary`",
            "signed",
        ];
        writeln!(
            text,
            "\n### {name}\n\n| {} |\n|---|---|--:|--:|--:|--:|--:|",
            head.join(" | ")
        )
        .unwrap();
        let mut first = None;
        for ((silent_code, silent), (digits, digit)) in SILENT
            .iter()
            .flat_map(|silent| DIGITS.iter().map(move |digits| (*silent, *digits)))
        {
            let spiking = convert(&network, &conversion(silent_code, digits), &frequent);
            let mut tally = Tally::new(&network, SAMPLES);
            for sample in &samples[..SAMPLES] {
                tally.add(&network, &spiking, sample, None);
            }
            let counts = tally.agreement();
            assert_eq!(counts.codes_equal, SAMPLES, "{name}, {silent}, {digit}");
            let each = |of: fn(&sdann::explore::LayerAgreement) -> u64| {
                counts.layers.iter().map(of).sum::<u64>() / SAMPLES as u64
            };
            let (spikes, operations) = (each(|l| l.spikes), each(|l| l.synaptic_operations));
            let share = 100.0 * operations as f64 / *first.get_or_insert(operations) as f64;
            let steps: usize = spiking.layers.iter().map(|layer| layer.window()).sum();
            let listened = spiking
                .layers
                .iter()
                .flat_map(|l| &l.dendrites)
                .flat_map(|d| &d.view.tensors);
            let mut listened: Vec<usize> = listened.copied().collect();
            listened.sort_unstable();
            listened.dedup();
            let is_signed = |&&tensor: &&usize| spiking.codes[tensor].is_some_and(|c| c.has_signed_spikes());
            let signed = listened.iter().filter(is_signed).count();
            let (spikes, operations) = (thousands(spikes as i64), thousands(operations as i64));
            writeln!(
                text,
                "| {silent} | {digit} | {steps} | {spikes} | {operations} | {share:.0} % | {signed} of {} |",
                listened.len()
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn the_documented_prices_are_those_measured() {
    const MARK: &str = "<!-- Measured from here on. -->\n";
    let path = root().join("docs/CODES.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let (words, table) = committed.split_once(MARK).unwrap();
    let measured = prices();
    if std::env::var_os("UPDATE_CODES").is_some() {
        std::fs::write(&path, format!("{words}{MARK}{measured}")).unwrap();
        return;
    }
    assert_eq!(
        table, measured,
        "docs/CODES.md is out of date; run: UPDATE_CODES=1 cargo test --test engine documented_prices"
    );
}
