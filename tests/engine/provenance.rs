//! Where a code comes from: sums add up to the membrane, and lead back to the input.

use crate::files::{SHIPPED, Shipped};
use crate::properties::{conversion, graph, samples};
use proptest::collection::vec;
use proptest::prelude::*;
use sdann::explore::{DendriteProvenance, Provenance, Tracer};
use sdann::quantize::{QuantizedNetwork, quantize};
use sdann::simulate::{Samples, Simulator, calibrate, measure};
use sdann::spiking::{Accumulation, Conversion, Register, Scale, Scaling, SpikingNetwork};

/// Redoes the arithmetic from the parts that are told and from nothing else.
fn membrane(told: &DendriteProvenance, conversion: &Conversion) -> i64 {
    let scale = Scale::new(told.m0.0, told.m0.1, conversion.rounding);
    let register = Register {
        bits: told.register_bits,
        overflow: conversion.overflow,
    };
    let doubling = conversion.accumulation == Accumulation::Shifting;
    assert_eq!(told.doubling, doubling);
    let factor = 1 + i64::from(doubling);
    let mut largest = 0;
    let mut u = if doubling {
        0
    } else {
        register.store(told.constant)
    };
    assert_eq!(u, told.start);
    for (index, step) in told.steps.iter().enumerate() {
        let parts = told
            .sources
            .iter()
            .map(|source| source.weight * i64::from(source.digits[index]));
        let current = if told.is_maximum {
            let arrived = |source: &sdann::explore::SourceProvenance| {
                let steps = told.steps[..=index].iter().zip(&source.digits);
                steps.fold(0, |sum, (step, &digit)| {
                    factor * sum + step.weight * i64::from(digit)
                })
            };
            let now = told.sources.iter().map(arrived).max();
            let before = std::mem::replace(&mut largest, now.unwrap_or(step.sum));
            assert_eq!(largest, step.sum);
            largest - factor * before
        } else {
            let sum = parts.sum::<i64>() + told.others.sums[index];
            assert_eq!(sum, step.sum);
            step.weight * sum
        };
        assert_eq!((step.current, step.scaled), (current, scale.apply(current)));
        let value = factor * u + step.scaled;
        assert_eq!(step.before, u);
        assert_eq!(step.overflow, (!register.holds(value)).then_some(value));
        u = register.store(value);
        assert_eq!(step.after, u);
    }
    if doubling {
        register.store(u + told.constant)
    } else {
        u
    }
}

/// Every value that is told of a neuron follows from the others, and is the simulation's.
fn check(told: &Provenance, spiking: &SpikingNetwork, simulator: &Simulator, code: Option<i32>) {
    let layer = &spiking.layers[told.layer];
    let mut potential = told.constant;
    for (index, dendrite) in told.dendrites.iter().enumerate() {
        assert_eq!(membrane(dendrite, &spiking.conversion), dendrite.membrane);
        assert_eq!(
            dendrite.membrane,
            simulator.membranes(told.layer)[index][told.neuron]
        );
        assert_eq!(
            dendrite.sources.len() + dendrite.others.synapses,
            dendrite.synapses
        );
        for source in &dendrite.sources {
            assert_eq!(source.code, simulator.codes(source.tensor)[source.neuron]);
            assert_eq!(source.value, source.code - dendrite.silent_code);
            assert_eq!(source.contribution, source.weight * i64::from(source.value));
        }
        let is_plain = dendrite.m0.0 == dendrite.m0.1
            && !dendrite.constant_overflows
            && dendrite.steps.iter().all(|step| step.overflow.is_none());
        if is_plain && !dendrite.is_maximum {
            let told = dendrite
                .sources
                .iter()
                .map(|source| source.contribution)
                .sum::<i64>();
            assert_eq!(
                dendrite.constant + told + dendrite.others.contribution,
                dendrite.membrane
            );
        }
        potential += dendrite.m1 * dendrite.membrane as f64;
    }
    assert_eq!(potential + f64::from(told.zero_point), told.potential);
    assert_eq!(told.code, code);
    if let (Some(code), false, Some((low, high))) = (told.code, told.format_arithmetic, told.limits) {
        // A table looks the rounded potential up; every other layer clamps it.
        if !matches!(layer.fire.requantizer, sdann::quantize::Requantizer::Table { .. }) {
            let rounded = potential.round_ties_even() as i64 + i64::from(told.zero_point);
            assert_eq!(i64::from(code), rounded.clamp(low.into(), high.into()));
        }
    }
}

fn check_neurons(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    sample: &[i32],
    most: usize,
    stride: usize,
) {
    let mut simulator = Simulator::new(network);
    simulator.run(spiking, sample, &mut ());
    let mut tracer = Tracer::new(network, spiking, sample);
    for (index, layer) in spiking.layers.iter().enumerate() {
        for neuron in (0..layer.neurons()).step_by(stride) {
            let told = tracer.provenance(index, neuron, most).unwrap();
            let has_codes = layer.fire.requantizer.output().is_some();
            let code = has_codes.then(|| simulator.codes(layer.target)[neuron]);
            check(&told, spiking, &simulator, code);
        }
        assert_eq!(tracer.provenance(index, layer.neurons(), most), None);
    }
    assert_eq!(tracer.provenance(spiking.layers.len(), 0, most), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_adds_up_to_the_membrane_in_layers_of_any_kind_and_registers_of_any_width(
        graph in graph(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..100),
        most in prop_oneof![Just(0), Just(2), Just(usize::MAX)], scaled in any::<bool>(),
    ) {
        let network = quantize(&graph).unwrap();
        let codes = samples(&network, &units, 2);
        let set = Samples { codes: &codes, len: network.input().len() };
        let scaling = if scaled { conversion.scaling } else { Scaling::Off };
        let conversion = Conversion { scaling, ..conversion };
        let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
        for sample in set.iter() {
            // A maximum is that of all sources, so all must be told.
            let has_maximum = spiking.layers.iter().flat_map(|l| &l.dendrites).any(|d| d.reduce == sdann::quantize::Reduce::Max);
            check_neurons(&network, &spiking, sample, if has_maximum { usize::MAX } else { most }, 1);
        }
    }
}

fn shipped(name: &str) -> &'static Shipped {
    SHIPPED.iter().find(|shipped| shipped.name == name).unwrap()
}

#[test]
fn every_sum_of_the_residual_network_adds_up_through_adds_joins_and_maxima() {
    let shipped = shipped("mnist-residual");
    let network = shipped.form("").unwrap();
    let sample = &shipped.samples(&network, "test").unwrap()[0];
    let calibration = shipped.samples(&network, "calibration").unwrap()[..4].concat();
    let set = Samples {
        codes: &calibration,
        len: network.input().len(),
    };
    for register_bits in [10, 32] {
        let conversion = Conversion {
            register_bits,
            ..Conversion::default()
        };
        let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
        check_neurons(&network, &spiking, sample, usize::MAX, 997);
    }
}

#[test]
fn the_largest_source_leads_from_the_class_back_to_a_pixel() {
    let shipped = shipped("mnist-cnn");
    let network = shipped.form("").unwrap();
    let sample = &shipped.samples(&network, "test").unwrap()[0];
    let set = Samples {
        codes: sample,
        len: sample.len(),
    };
    let conversion = Conversion::default();
    let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
    let mut tracer = Tracer::new(&network, &spiking, sample);
    let (mut layer, mut neuron, mut depth) = (network.layers.len() - 1, 7, 0);
    let pixel = loop {
        depth += 1;
        let told = tracer.provenance(layer, neuron, 3).unwrap();
        assert_eq!(told.code, told.reference);
        let dendrite = &told.dendrites[0];
        assert!(
            dendrite
                .sources
                .is_sorted_by_key(|source| std::cmp::Reverse(source.contribution.abs()))
        );
        let source = &dendrite.sources[0];
        match source.layer {
            Some(before) => (layer, neuron) = (before, source.neuron),
            None => break source.clone(),
        }
    };
    assert_eq!(depth, network.layers.len());
    assert_eq!(pixel.place, [0, pixel.neuron / 28, pixel.neuron % 28]);
    assert_eq!(pixel.code, sample[pixel.neuron]);
}
