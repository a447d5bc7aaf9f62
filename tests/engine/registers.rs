//! Narrow registers: what is lost, what bias calibration mends, and that every machine agrees.

use crate::common::{NARROW_DIGEST, narrow_digest};
use crate::files::{calibration_set, model, test_set};
use sdann::explore::Tally;
use sdann::quantize::QuantizedNetwork;
use sdann::simulate::{Samples, Statistics, calibrate, measure};
use sdann::spiking::{BiasCalibration, Conversion, FoldAt, LayerPlan, Overflow, Scaling};

/// Counts agreement over the first `count` test images of the MNIST network.
pub fn tally(network: &QuantizedNetwork, conversion: &Conversion, count: usize) -> Tally {
    let calibration: Vec<i32> = calibration_set(network, "mnist", 255.0).concat();
    let calibration = Samples {
        codes: &calibration,
        len: network.input().len(),
    };
    let statistics = measure(network, conversion, calibration);
    let spiking = calibrate(network, conversion, &statistics, calibration);
    let mut tally = Tally::new(network, count);
    for image in test_set(network, "mnist", 255.0).iter().take(count) {
        tally.add(network, &spiking, image, None);
    }
    tally
}

pub fn equal_codes(tally: &Tally) -> f64 {
    let layers = &tally.agreement().layers;
    let (equal, codes) = layers.iter().fold((0, 0), |(e, c), l| (e + l.equal, c + l.codes));
    equal as f64 / codes as f64
}

fn bias_calibration(correct: bool) -> BiasCalibration {
    BiasCalibration {
        fold: true,
        fit: false,
        correct,
    }
}

#[test]
fn fewer_bits_lose_more_codes_and_correction_mends_some_of_them() {
    let network = model("mnist-cnn.onnx");
    let at = |register_bits, correct| {
        let bias_calibration = bias_calibration(correct);
        equal_codes(&tally(
            &network,
            &Conversion {
                register_bits,
                bias_calibration,
                ..Conversion::default()
            },
            100,
        ))
    };
    let plain: Vec<f64> = [20, 16, 12, 8].map(|bits| at(bits, false)).to_vec();
    assert!(plain.is_sorted_by(|a, b| a > b), "{plain:?}");
    for (bits, without) in [(16, plain[1]), (12, plain[2])] {
        let with = at(bits, true);
        assert!(
            with > without,
            "{bits} bits: {with} of codes equal with correction, {without} without"
        );
    }
}

#[test]
fn correction_brings_labels_back_even_where_few_codes_are_equal() {
    let network = model("mnist-cnn.onnx");
    let labels_equal = |correct| {
        let bias_calibration = bias_calibration(correct);
        let conversion = Conversion {
            register_bits: 8,
            bias_calibration,
            ..Conversion::default()
        };
        tally(&network, &conversion, 200).agreement().labels_equal
    };
    let (without, with) = (labels_equal(false), labels_equal(true));
    assert!(
        without < 190 && with > 190,
        "{without} of 200 without correction, {with} with"
    );
}

#[test]
fn the_fold_is_what_makes_zero_points_vanish() {
    let network = model("mnist-cnn.onnx");
    let unfolded = BiasCalibration {
        fold: false,
        fit: false,
        correct: false,
    };
    let without = tally(
        &network,
        &Conversion {
            bias_calibration: unfolded,
            ..Conversion::default()
        },
        50,
    );
    assert!(
        without.agreement().labels_equal < 25,
        "{:?}",
        without.agreement().labels_equal
    );
    assert_eq!(
        tally(&network, &Conversion::default(), 50)
            .agreement()
            .codes_equal,
        50
    );
}

#[test]
fn folding_at_the_potential_differs_at_most_where_rounding_ties() {
    let network = model("mnist-cnn.onnx");
    let conversion = Conversion {
        fold_at: FoldAt::Potential,
        ..Conversion::default()
    };
    let share = equal_codes(&tally(&network, &conversion, 200));
    assert!(share > 0.995, "{share}");
}

#[test]
fn a_narrow_bias_register_saturates_and_says_so() {
    let network = model("mnist-cnn.onnx");
    let fit = |bias_bits| {
        let bias_calibration = BiasCalibration {
            fold: true,
            fit: true,
            correct: false,
        };
        let conversion = Conversion {
            bias_calibration,
            bias_bits,
            ..Conversion::default()
        };
        let spiking = calibrate(
            &network,
            &conversion,
            &Statistics::none(&network),
            Samples { codes: &[], len: 1 },
        );
        spiking.layers.iter().map(|l| l.plan.bias_saturated).sum::<u64>()
    };
    assert!(fit(12) > 0);
    assert_eq!(fit(24), 0);
}

#[test]
fn an_unscaled_narrow_register_overflows_and_every_event_is_located() {
    let network = model("mnist-cnn.onnx");
    for overflow in [Overflow::Saturate, Overflow::Wrap] {
        let conversion = Conversion {
            register_bits: 12,
            scaling: Scaling::Off,
            overflow,
            ..Conversion::default()
        };
        let tally = tally(&network, &conversion, 20);
        let layer = &tally.agreement().layers[0];
        let first = layer
            .first_overflow
            .expect("12 bits cannot hold this layer's sums");
        assert!(layer.overflows > 0 && first.sample == 0 && (first.neuron as usize) < 16 * 14 * 14);
    }
}

#[test]
fn a_narrow_register_gives_the_same_codes_on_every_machine() {
    let network = model("mnist-cnn.onnx");
    let calibration = calibration_set(&network, "mnist", 255.0).concat();
    let images = test_set(&network, "mnist", 255.0).concat();
    assert_eq!(narrow_digest(&network, &calibration, &images), NARROW_DIGEST);
}

#[test]
fn statistics_are_those_of_the_integer_reference_wherever_the_constant_is_added() {
    let network = model("mnist-cnn.onnx");
    let calibration = calibration_set(&network, "mnist", 255.0)[..20].concat();
    let samples = Samples {
        codes: &calibration,
        len: network.input().len(),
    };
    let at = |fold_at| {
        measure(
            &network,
            &Conversion {
                fold_at,
                ..Conversion::default()
            },
            samples,
        )
    };
    assert_eq!(at(FoldAt::Membrane).totals, at(FoldAt::Potential).totals);
}

#[test]
fn what_is_measured_does_not_depend_on_the_bias_register() {
    let network = model("mnist-cnn.onnx");
    let calibration = calibration_set(&network, "mnist", 255.0)[..10].concat();
    let samples = Samples {
        codes: &calibration,
        len: network.input().len(),
    };
    let fitted = |fit, bias_bits| {
        let bias_calibration = BiasCalibration {
            fold: true,
            fit,
            correct: false,
        };
        let conversion = Conversion {
            bias_calibration,
            bias_bits,
            ..Conversion::default()
        };
        measure(&network, &conversion, samples)
    };
    assert_eq!(fitted(false, 16), fitted(true, 2));
}

#[test]
fn the_plan_says_how_wide_a_bias_register_must_be() {
    let network = model("mnist-cnn.onnx");
    for fold_at in [FoldAt::Membrane, FoldAt::Potential] {
        let plans = |bias_bits| -> Vec<LayerPlan> {
            let bias_calibration = BiasCalibration {
                fold: true,
                fit: true,
                correct: false,
            };
            let conversion = Conversion {
                bias_calibration,
                bias_bits,
                fold_at,
                ..Conversion::default()
            };
            let none = Samples { codes: &[], len: 1 };
            let spiking = calibrate(&network, &conversion, &Statistics::none(&network), none);
            spiking.layers.into_iter().map(|layer| layer.plan).collect()
        };
        for (layer, plan) in plans(2).into_iter().enumerate() {
            assert!(plan.bias_saturated > 0 && plan.bias_bits > 2);
            assert_eq!(plans(plan.bias_bits)[layer].bias_saturated, 0, "{fold_at:?}");
            assert!(plans(plan.bias_bits - 1)[layer].bias_saturated > 0, "{fold_at:?}");
        }
    }
}
