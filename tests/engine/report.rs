//! The conversion report: known numbers, and that each remedy removes what it is for.

use crate::files::{calibration_set, model, test_set};
use crate::properties::{conversion, graph, network, samples};
use proptest::collection::vec;
use proptest::prelude::*;
use sdann::explore::report::{Exactness, FindingKind, Severity};
use sdann::explore::{ConversionReport, ReportMeter, Session};
use sdann::graph::{Affine, Clamp, CodeFormat, Connections, Weights};
use sdann::quantize::{
    CodeTensor, Dendrite, Layer, Line, QuantizedNetwork, Reduce, Requantizer, Rule, Shared, Target, View,
    quantize,
};
use sdann::settings::Settings;
use sdann::simulate::{Samples, calibrate, measure};
use sdann::spiking::{BiasCalibration, BitOrder, Conversion, FoldAt, Overflow, Scaling};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// What converting does to these samples.
fn report(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    calibration: &[i32],
    samples: &[i32],
) -> ConversionReport {
    let len = network.input().len();
    let calibration = Samples {
        codes: calibration,
        len,
    };
    let statistics = measure(network, conversion, calibration);
    let spiking = Rc::new(calibrate(network, conversion, &statistics, calibration));
    let mut meter = ReportMeter::new(network, spiking, &statistics);
    for sample in samples.chunks_exact(len) {
        meter.add(network, sample, None);
    }
    meter.report(network)
}

/// Applies every remedy of a report, and returns the findings that are there still.
fn unmended(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    calibration: &[i32],
    samples: &[i32],
) -> Vec<String> {
    let found = report(network, conversion, calibration, samples).findings;
    let mut reports: HashMap<_, ConversionReport> = HashMap::new();
    let mut unmended = Vec::new();
    for finding in found {
        let Some(remedy) = &finding.remedy else { continue };
        let after = reports.entry(remedy.clone()).or_insert_with(|| {
            let mut settings = Settings {
                conversion: *conversion,
                ..Settings::default()
            };
            remedy
                .apply(&mut settings)
                .expect("a value that the setting takes");
            assert_ne!(settings.conversion, *conversion, "{remedy:?} changes nothing");
            report(network, &settings.conversion, calibration, samples)
        });
        if after
            .findings_of(finding.layer)
            .any(|other| other.kind == finding.kind)
        {
            unmended.push(format!("{finding:?}\n after {remedy:?}"));
        }
    }
    unmended
}

fn any_conversion() -> impl Strategy<Value = Conversion> {
    let scaling = prop_oneof![
        Just(Scaling::Off),
        Just(Scaling::Calibrated),
        Just(Scaling::Guaranteed)
    ];
    let fold_at = prop_oneof![3 => Just(FoldAt::Membrane), 1 => Just(FoldAt::Potential)];
    let parts = (
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.3),
        any::<bool>(),
    );
    (conversion(), scaling, fold_at, parts, 2u8..=32, 0u8..=8).prop_map(
        |(conversion, scaling, fold_at, (fold, fit, correct), bias_bits, bias_fraction_bits)| Conversion {
            scaling,
            fold_at,
            bias_calibration: BiasCalibration { fold, fit, correct },
            bias_bits,
            bias_fraction_bits,
            ..conversion
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_the_remedy_of_a_finding_removes_it(
        network in network(), conversion in any_conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        let all = samples(&network, &units, 5);
        let (calibration, unseen) = all.split_at(2 * network.input().len());
        let left = unmended(&network, &conversion, calibration, unseen);
        prop_assert!(left.is_empty(), "{}", left.join("\n"));
    }

    #[test]
    fn applying_the_remedy_of_a_finding_removes_it_in_layers_of_any_kind(
        graph in graph(), conversion in any_conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        let network = quantize(&graph).unwrap();
        let all = samples(&network, &units, 5);
        let (calibration, unseen) = all.split_at(2 * network.input().len());
        let left = unmended(&network, &conversion, calibration, unseen);
        prop_assert!(left.is_empty(), "{}", left.join("\n"));
    }

    #[test]
    fn what_a_report_calls_proven_or_exact_is_so(
        network in network(), conversion in any_conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        let all = samples(&network, &units, 5);
        let (calibration, unseen) = all.split_at(2 * network.input().len());
        let report = report(&network, &conversion, calibration, unseen);
        for (index, layer) in report.layers.iter().enumerate() {
            let worst = report.findings_of(index).map(|finding| finding.severity).max();
            prop_assert!(worst.is_some(), "every layer has a sentence");
            if worst <= Some(Severity::Hint) {
                prop_assert!(layer.errors.is_exact() && layer.own.is_exact() && layer.overflows == 0);
            }
            let says = |kind| report.findings_of(index).any(|finding| finding.kind == kind);
            let before = &report.layers[..=index];
            if says(FindingKind::Proven) {
                prop_assert!(before.iter().all(|layer| layer.exact == Exactness::Proven));
            }
            if says(FindingKind::Proven) || says(FindingKind::ExactOnSamples) {
                prop_assert!(layer.errors.is_exact() && layer.overflows == 0);
            }
        }
    }
}

/// Two neurons with weights (7, −5) and (3, 3) and a bias of 10 for the first, and one that takes the second
/// from the first. Every M̂ is 1.
fn tiny() -> QuantizedNetwork {
    let affine = |bits, signed| Affine {
        scale: 1.0,
        zero_point: 0,
        format: CodeFormat { bits, signed },
    };
    let affines = [affine(4, false), affine(8, true), affine(8, true)];
    let layer = |source: usize, name: &str, connections: Connections, values: Vec<i16>, bias: Vec<i32>| {
        let weights = Weights {
            values,
            scales: vec![1.0],
            bias,
            bits: 8,
        };
        let line = Line {
            scales: Shared::new(vec![1.0], connections.output.len()),
            steps: Vec::new(),
            clamp: Clamp::NONE,
        };
        let target = Target::new(affines[source + 1], Clamp::NONE, None);
        Layer {
            name: name.into(),
            target: source + 1,
            requantizer: Requantizer::new(line, Some(target), Rule::Multiply),
            dendrites: vec![Dendrite {
                view: View::whole(source),
                affine: affines[source],
                connections,
                weights: Arc::new(weights),
                reduce: Reduce::Sum,
            }],
        }
    };
    let tensor = |len, affine| CodeTensor {
        name: String::new(),
        shape: vec![len],
        affine: Some(affine),
    };
    QuantizedNetwork {
        name: "tiny".into(),
        tensors: vec![
            tensor(2, affines[0]),
            tensor(2, affines[1]),
            tensor(1, affines[2]),
        ],
        layers: vec![
            layer(
                0,
                "sums",
                Connections::dense(2, 2),
                vec![7, -5, 3, 3],
                vec![10, 0],
            ),
            layer(1, "difference", Connections::dense(2, 1), vec![1, -1], vec![0]),
        ],
    }
}

/// Of (15, 1) the tiny network makes 7·15 − 5·1 + 10 = 110 and 3·15 + 3·1 = 48, and of these 62.
const SAMPLE: [i32; 2] = [15, 1];

fn seven_bits(scaling: Scaling) -> Conversion {
    Conversion {
        register_bits: 7,
        scaling,
        bias_calibration: BiasCalibration {
            fold: true,
            fit: false,
            correct: false,
        },
        ..Conversion::default()
    }
}

fn sentences(report: &ConversionReport, layer: usize) -> Vec<String> {
    let found = report.findings_of(layer);
    found
        .map(|finding| finding.sentence.replace('\u{202f}', " "))
        .collect()
}

#[test]
fn an_overflow_is_counted_located_and_mended_by_the_fewest_bits() {
    let report = report(&tiny(), &seven_bits(Scaling::Off), &SAMPLE, &SAMPLE);
    let layer = &report.layers[0];
    // 10 + 56, then 63 + 28, 63 + 14 and 63 + 2: none of them fits −64 to 63.
    assert_eq!(layer.overflows, 4);
    let first = layer.first_overflow.expect("the first of four");
    assert_eq!(
        (first.sample, first.neuron, first.channel, first.step),
        (0, 0, 0, Some(0))
    );
    assert_eq!((first.value, first.stored), (66, 63));
    assert_eq!(
        (layer.plan.calibrated_i_max, layer.plan.guaranteed_i_max),
        (110, 115)
    );
    assert_eq!((layer.plan.narrowest_register, layer.plan.headroom), (8, -1));
    // 63 for 110, and 48 for 48.
    assert_eq!((layer.errors.codes, layer.errors.equal), (2, 1));
    assert_eq!(
        (
            layer.errors.mean,
            layer.errors.mean_absolute,
            layer.errors.largest
        ),
        (-23.5, 23.5, 47.0)
    );
    // 1111 and 0001, each spike feeding two synapses.
    assert_eq!(
        (layer.spikes, layer.synaptic_operations, layer.spikes_per_neuron),
        (5, 10, 2.5)
    );
    assert_eq!(
        (layer.window, layer.exact, report.first_different),
        (4, Exactness::No, Some(0))
    );
    assert_eq!(
        sentences(&report, 0),
        [
            "7 bits are too narrow without scaled integration: it overflowed 4 times, first in sample 0, step 0, \
          where 66 became 63. Set register-bits to 8."
        ]
    );
}

#[test]
fn an_error_is_told_apart_from_what_arrives() {
    let report = report(&tiny(), &seven_bits(Scaling::Calibrated), &SAMPLE, &SAMPLE);
    let [sums, difference] = &report.layers[..] else {
        panic!("two layers")
    };
    // M_0 = 63 / 110: 5 + 32 + 16 + 8 + 1 = 62 is 108.25, and 13 + 6 + 3 + 3 = 25 is 43.65.
    assert_eq!(
        (sums.plan.i_max, sums.plan.m0.numerator, sums.plan.m0.denominator),
        (110, 63, 110)
    );
    assert_eq!((sums.errors.mean, sums.errors.largest), (-3.0, 4.0));
    assert_eq!(sums.own, sums.errors, "nothing wrong arrives");
    assert!((sums.own_potential_error - ((62.0 + 25.0) * 110.0 / 63.0 - 158.0) / 2.0).abs() < 1e-12);
    // M_0 = 63 / 64. Of 110 and 48: 63 + 0 − 16 + 7 + 3 + 1 = 58 is 58.92. Of 108 and 44: 63 is 64.
    assert_eq!((difference.own.mean, difference.errors.mean), (-3.0, 2.0));
    assert_eq!((difference.arriving.codes, difference.arriving.wrong), (2, 2));
    assert_eq!(report.origin, Some(0), "the first of two that lose the same");
    assert_eq!(
        sentences(&report, 0),
        [
            "7 bits are too narrow: I_max is 110, so every step rounds, and 100 % of its codes change, by 3.0 on \
             average. Set register-bits to 8.",
            "Rounding lowers its potentials by 3.0 codes on average. Set bias-correct to on."
        ]
    );
}

#[test]
fn a_layer_that_only_hears_wrong_codes_is_not_blamed() {
    let mut network = tiny();
    // Twice the difference of small codes fits 7 bits, the sums do not.
    let weights = Weights {
        values: vec![0, 1],
        ..(*network.layers[1].dendrites[0].weights).clone()
    };
    network.layers[1].dendrites[0].weights = Arc::new(weights);
    let report = report(&network, &seven_bits(Scaling::Calibrated), &SAMPLE, &SAMPLE);
    assert_eq!(report.layers[1].exact, Exactness::OnSamples);
    assert_eq!(
        sentences(&report, 1),
        [
            "Exact by itself; 100 % of its codes differ because of what arrives from sums. Set register-bits to 8."
        ]
    );
}

#[test]
fn a_wide_register_is_proven_for_any_input() {
    let report = report(&tiny(), &Conversion::default(), &SAMPLE, &[15, 1, 0, 15]);
    for layer in &report.layers {
        assert_eq!(layer.exact, Exactness::Proven);
        assert_eq!(layer.seen_i_max, None, "nothing had to be measured");
        assert_eq!(layer.correlation.potentials.map(|r| (r * 1e9).round()), Some(1e9));
    }
    assert_eq!(
        (report.codes_equal, report.first_different, report.origin),
        (2, None, None)
    );
    assert_eq!(
        sentences(&report, 0)[0],
        "Exact, proven for any input: it needs at most 8 of 32 bits."
    );
}

#[test]
fn neurons_that_do_nothing_in_the_quantized_network_either_are_a_hint() {
    let mut network = tiny();
    let weights = Weights {
        bias: vec![-10_000, -10_000],
        ..(*network.layers[0].dendrites[0].weights).clone()
    };
    network.layers[0].dendrites[0].weights = Arc::new(weights);
    let report = report(&network, &Conversion::default(), &SAMPLE, &SAMPLE);
    let found: Vec<_> = report.findings_of(0).map(|f| (f.kind, f.severity)).collect();
    assert_eq!(found[0], (FindingKind::Saturated, Severity::Hint));
    let stuck = report.layers[0].stuck;
    assert_eq!((stuck.saturated, stuck.driven_to_limit, stuck.silent), (2, 0, 0));
    // −128 less −128.
    assert_eq!(report.layers[1].stuck.silent, 1);
    assert!(
        report
            .findings_of(1)
            .any(|f| f.kind == FindingKind::Silent && f.remedy.is_none())
    );
}

#[test]
fn without_samples_a_report_says_what_is_known_and_nothing_else() {
    let report = report(&tiny(), &seven_bits(Scaling::Calibrated), &SAMPLE, &[]);
    assert_eq!((report.samples, report.first_different), (0, None));
    for layer in &report.layers {
        assert_eq!(
            (layer.errors.codes, layer.errors.mean, layer.spikes_per_neuron),
            (0, 0.0, 0.0)
        );
        assert_eq!(
            (layer.correlation.codes, layer.seen_i_max, layer.stuck.silent),
            (None, None, 0)
        );
    }
    let settings = Settings {
        conversion: Conversion {
            order: BitOrder::Lsb,
            accumulation: sdann::spiking::Accumulation::Shifting,
            ..Conversion::default()
        },
        ..Settings::default()
    };
    let mut session = Session::new(tiny());
    let refused = session
        .report_meter(&settings)
        .expect_err("they exclude each other");
    assert!(
        refused
            .to_string()
            .contains("set order to msb or accumulation to weighted")
    );
    let mut meter = session.report_meter(&Settings::default()).unwrap();
    assert!(!session.report_next(&mut meter), "there are none");
}

/// The MNIST network with some of its images.
fn mnist() -> (QuantizedNetwork, Vec<i32>, Vec<i32>) {
    let network = model("mnist-cnn.onnx");
    let calibration = calibration_set(&network, "mnist", 255.0)[..16].concat();
    let images = test_set(&network, "mnist", 255.0)[..16].concat();
    (network, calibration, images)
}

#[test]
fn remedies_mend_the_mnist_network_at_narrow_registers() {
    let (network, calibration, images) = mnist();
    for register_bits in [8, 10, 12, 16] {
        for (scaling, correct, overflow) in [
            (Scaling::Off, true, Overflow::Wrap),
            (Scaling::Calibrated, false, Overflow::Saturate),
            (Scaling::Guaranteed, true, Overflow::Saturate),
        ] {
            let conversion = Conversion {
                register_bits,
                scaling,
                overflow,
                bias_calibration: BiasCalibration {
                    fold: true,
                    fit: false,
                    correct,
                },
                ..Conversion::default()
            };
            let left = unmended(&network, &conversion, &calibration, &images);
            assert!(
                left.is_empty(),
                "{register_bits} bits, {scaling:?}: {}",
                left.join("\n")
            );
        }
    }
}

#[test]
fn remedies_mend_the_constants_of_the_mnist_network() {
    let (network, calibration, images) = mnist();
    let parts = |fold, fit| BiasCalibration {
        fold,
        fit,
        correct: false,
    };
    let kinds = |conversion: Conversion| {
        let left = unmended(&network, &conversion, &calibration, &images);
        assert!(left.is_empty(), "{}", left.join("\n"));
        let report = report(&network, &conversion, &calibration, &images);
        report.findings.iter().map(|f| f.kind).collect::<Vec<_>>()
    };
    let with = |bias_calibration, fold_at, bias_bits| {
        kinds(Conversion {
            bias_calibration,
            fold_at,
            bias_bits,
            ..Conversion::default()
        })
    };
    assert!(with(parts(false, false), FoldAt::Membrane, 16).contains(&FindingKind::ZeroPointsIgnored));
    assert!(with(parts(true, true), FoldAt::Membrane, 8).contains(&FindingKind::BiasRegister));
    assert!(with(parts(true, true), FoldAt::Potential, 6).contains(&FindingKind::BiasRegister));
    with(parts(true, false), FoldAt::Potential, 16);
}

#[test]
fn the_mean_error_of_the_mnist_network_is_what_correction_takes_back() {
    let (network, calibration, images) = mnist();
    let at = |correct| {
        let conversion = Conversion {
            register_bits: 12,
            bias_calibration: BiasCalibration {
                fold: true,
                fit: false,
                correct,
            },
            ..Conversion::default()
        };
        report(&network, &conversion, &calibration, &images)
    };
    let (without, with) = (at(false), at(true));
    for (index, layer) in without.layers.iter().enumerate() {
        if without
            .findings_of(index)
            .any(|f| f.kind == FindingKind::MeanError)
        {
            let (before, after) = (
                layer.own_potential_error.abs(),
                with.layers[index].own_potential_error.abs(),
            );
            assert!(
                after < before,
                "{}: {before} codes before, {after} after",
                layer.name
            );
        }
    }
    assert!(without.findings.iter().any(|f| f.kind == FindingKind::MeanError));
    assert!(
        without
            .layers
            .iter()
            .all(|l| l.correlation.codes.is_some_and(|r| r > 0.5))
    );
}

#[test]
fn data_unlike_the_calibration_set_is_told_and_mended() {
    let (network, _, images) = mnist();
    let blank = vec![images[0]; network.input().len()];
    let conversion = Conversion {
        register_bits: 12,
        ..Conversion::default()
    };
    let report = report(&network, &conversion, &blank, &images);
    let first = report.findings_of(0).map(|f| f.kind).collect::<Vec<_>>();
    assert!(
        first.contains(&FindingKind::Overflow) && first.contains(&FindingKind::FewSamples),
        "{first:?}"
    );
    assert!(report.flips.len() + report.labels_equal == report.samples);
    let left = unmended(&network, &conversion, &blank, &images);
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn spikes_that_say_0_are_told_where_they_cost_most_and_are_saved_as_foretold() {
    let (network, calibration, images) = mnist();
    let before = report(&network, &Conversion::default(), &calibration, &images);
    let found: Vec<_> = before
        .findings
        .iter()
        .filter(|f| f.kind == FindingKind::ZeroPointSpikes)
        .collect();
    let [finding] = found[..] else {
        panic!("one finding of {}", found.len())
    };
    let most = before.layers.iter().map(|layer| layer.zero_point_spikes).max();
    assert_eq!(Some(before.layers[finding.layer].zero_point_spikes), most);
    assert_eq!(
        finding.remedy.as_ref().map(|r| (&*r.key, &*r.value)),
        Some(("silent-code", "zero-point"))
    );
    let mut settings = Settings::default();
    finding.remedy.as_ref().unwrap().apply(&mut settings).unwrap();
    let after = report(&network, &settings.conversion, &calibration, &images);
    for (before, after) in before.layers.iter().zip(&after.layers) {
        assert_eq!(
            (after.spikes, after.zero_point_spikes),
            (before.spikes_if_silent, 0)
        );
        assert_eq!(after.errors.equal, after.errors.codes);
    }
    let left = unmended(&network, &Conversion::default(), &calibration, &images);
    assert!(left.is_empty(), "{}", left.join("\n"));
}
