//! Random layers, formats, zero points, paddings and strides: exactness as a theorem.

use proptest::collection::vec;
use proptest::prelude::*;
use sdann::graph::{
    Affine, Arithmetic, Clamp, CodeFormat, Concat, Connections, Constant, Conv, Encoding, Graph, Node, Op,
    Pool, Rearrange, Tensor, Unary, Volume, Weights, Window,
};
use sdann::quantize::{
    CodeTensor, Dendrite, Layer, Line, QuantizedNetwork, Reduce, Reference, Requantizer, Rule, Shared,
    Target, View, quantize,
};
use sdann::simulate::{Observer, Samples, Simulator, Site, calibrate, calibrate_within, measure};
use sdann::spiking::{
    Accumulation, BiasCalibration, BitOrder, Conversion, Digits, Factor, FoldAt, Overflow, Rounding, Scaling,
    SilentCode, SpikingNetwork,
};
use std::sync::Arc;

fn format() -> impl Strategy<Value = CodeFormat> {
    (1u8..=16, any::<bool>()).prop_map(|(bits, signed)| CodeFormat { bits, signed })
}

/// A scale and a zero point anywhere in the format's range.
fn affine() -> impl Strategy<Value = Affine> {
    (format(), 0.01f32..1.0, 0.0..=1.0f64).prop_map(|(format, scale, at)| Affine {
        scale,
        zero_point: format.min() + (at * f64::from(format.max() - format.min())).round() as i32,
        format,
    })
}

fn window() -> impl Strategy<Value = Window> {
    (1usize..=3, 1usize..=3, 1usize..=2, 0usize..=2, 0usize..=2).prop_map(
        |(kernel, stride, dilation, pad_before, pad_after)| Window {
            kernel,
            stride,
            dilation,
            pad_before,
            pad_after,
        },
    )
}

fn wiring() -> impl Strategy<Value = Connections> {
    (
        1usize..=3,
        1usize..=3,
        // Few channels, or more than stand side by side in a vector.
        prop_oneof![4 => 1usize..=5, 1 => 16usize..=18],
        5usize..=7,
        5usize..=7,
        window(),
        window(),
    )
        .prop_map(
            |(groups, inputs, outputs, height, width, rows, columns)| Connections {
                input: Volume {
                    channels: groups * inputs,
                    height,
                    width,
                },
                output: Volume {
                    channels: groups * outputs,
                    height: rows.outputs(height).unwrap(),
                    width: columns.outputs(width).unwrap(),
                },
                rows,
                columns,
                groups,
            },
        )
}

fn layer(source: usize, connections: Connections, input: Affine, output: Affine, seed: u64) -> Layer {
    let mut state = seed;
    let mut next = |span: i64| {
        // A linear congruential generator: any spread of weights will do.
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as i64 % (2 * span + 1) - span
    };
    let channels = connections.output.channels;
    let weights = Weights {
        values: (0..channels * connections.fan_in())
            .map(|_| next(127) as i16)
            .collect(),
        scales: (0..channels).map(|_| (next(100) + 101) as f32 * 1e-4).collect(),
        bias: (0..channels).map(|_| next(5000) as i32).collect(),
        bits: 8,
    };
    let clamp = if seed.is_multiple_of(2) {
        Clamp::RELU
    } else {
        Clamp::NONE
    };
    let rule = if seed.is_multiple_of(3) {
        Rule::Divide
    } else {
        Rule::Multiply
    };
    let scales = weights.scales.iter().map(|w| input.scale * w).collect();
    let scales = Shared::new(scales, connections.output.len());
    let line = Line {
        scales,
        steps: Vec::new(),
        clamp,
    };
    let requantizer = Requantizer::new(line, Some(Target::new(output, clamp, None)), rule);
    let (view, weights) = (View::whole(source), Arc::new(weights));
    let dendrite = Dendrite {
        view,
        affine: input,
        connections,
        weights,
        reduce: Reduce::Sum,
    };
    Layer {
        name: format!("layer{source}"),
        target: source + 1,
        dendrites: vec![dendrite],
        requantizer,
    }
}

prop_compose! {
    /// A convolution and a dense layer behind it.
    pub fn network()(
        wiring in wiring(),
        affines in [affine(), affine(), affine()],
        classes in 1usize..6,
        seeds in any::<[u64; 2]>(),
    ) -> QuantizedNetwork {
        let [input, hidden, output] = affines;
        let dense = Connections::dense(wiring.output.len(), classes);
        let tensor = |len, affine| CodeTensor { name: String::new(), shape: vec![len], affine: Some(affine) };
        QuantizedNetwork {
            name: "random".into(),
            tensors: vec![
                tensor(wiring.input.len(), input),
                tensor(wiring.output.len(), hidden),
                tensor(classes, output),
            ],
            layers: vec![layer(0, wiring, input, hidden, seeds[0]), layer(1, dense, hidden, output, seeds[1])],
        }
    }
}

/// A scale and a zero point of few bits: tables of 16-bit codes would take most of the time.
fn small_affine() -> impl Strategy<Value = Affine> {
    affine().prop_map(|affine| {
        let format = CodeFormat {
            bits: affine.format.bits.div_ceil(2),
            ..affine.format
        };
        let zero_point = affine.zero_point.clamp(format.min(), format.max());
        Affine {
            zero_point,
            format,
            ..affine
        }
    })
}

prop_compose! {
    /// Every kind of layer that isn't a convolution: tables, sums, differences, constants, means, maxima,
    /// and one convolution that sees moved and joined codes.
    pub fn graph()(
        pool in window(), affines in vec(small_affine(), 9), seed in any::<u64>(),
        arithmetic in prop_oneof![Just(Arithmetic::Codes), Just(Arithmetic::Unsigned), Just(Arithmetic::Real)],
    ) -> Graph {
        let mut state = seed;
        let mut next = |span: i64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as i64 % (2 * span + 1) - span
        };
        let shape = vec![2, 5, 5];
        let count = 50;
        let mut tensors = vec![(shape.clone(), affines[0])];
        let mut nodes: Vec<Node> = Vec::new();
        let mut add = |op: Op, inputs: &[usize], affine: usize| {
            let shapes: Vec<&[usize]> = inputs.iter().map(|&i| tensors[i].0.as_slice()).collect();
            let shape = op.output_shape(&shapes).unwrap();
            let (inputs, output) = (inputs.to_vec(), tensors.len());
            let limits = matches!(op, Op::MulConstant(_)).then(|| {
                // As behind a ReLU, and a maximum listens.
                (affines[affine].zero_point, affines[affine].format.max())
            });
            nodes.push(Node { name: format!("node{output}"), op, inputs, output, arithmetic, limits });
            tensors.push((shape, affines[affine]));
            output
        };
        let codes = (0..count).map(|_| next(127) as i16).collect();
        let affine = Affine { scale: 0.02, zero_point: 0, format: CodeFormat::signed(8) };
        let constant = Constant { values: codes, affine, is_first: seed.is_multiple_of(2), subtract: seed.is_multiple_of(3) };
        let windows = vec![pool, pool];
        let pools = Pool { windows, count_padding: true, beyond: vec![0, 0], columns_first: true, is_global: false };
        let table = add(Op::Unary(Unary::LeakyRelu(0.25)), &[0], 1);
        let sum = add(Op::Add { subtract: seed.is_multiple_of(3) }, &[0, table], 2);
        let shifted = add(Op::AddConstant(constant.clone()), &[sum], 3);
        let scaled = add(Op::MulConstant(constant), &[shifted], 4);
        add(Op::AveragePool(pools.clone()), &[sum], 5);
        add(Op::MaxPool(pools), &[scaled], 5);
        let map = (0..count).map(|i| if i % 7 == 0 { Rearrange::ZERO } else { (count - 1 - i) as u32 }).collect();
        let moved = add(Op::Rearrange(Rearrange { shape, map }), &[scaled], 4);
        let joined = add(Op::Concat(Concat { axis: 0, inputs: 2 }), &[moved, sum], 6);
        let weights = Weights {
            values: (0..12).map(|_| next(127) as i16).collect(),
            scales: vec![0.01],
            bias: vec![5, -5, 0],
            bits: 8,
        };
        let windows = vec![Window::POINT; 2];
        let conv = add(Op::Conv(Conv { weights, outputs: 3, groups: 1, windows }), &[joined], 7);
        let output = add(Op::AveragePool(Pool::global(&[5, 5])), &[conv], 8);
        let tensor = |(id, (shape, affine)): (usize, (Vec<usize>, Affine))| Tensor {
            name: format!("tensor{id}"),
            shape,
            encoding: Encoding::Codes(affine),
        };
        let tensors = tensors.into_iter().enumerate().map(tensor).collect();
        Graph::new("random".into(), tensors, nodes, 0, output).unwrap()
    }
}

/// `count` samples anywhere in the input's range.
pub fn samples(network: &QuantizedNetwork, units: &[f64], count: usize) -> Vec<i32> {
    let format = network.input().affine.unwrap().format;
    let span = f64::from(format.max()) - f64::from(format.min());
    let code = |unit: &f64| format.min() + (unit * span).round() as i32;
    units
        .iter()
        .cycle()
        .take(count * network.input().len())
        .map(code)
        .collect()
}

pub fn conversion() -> impl Strategy<Value = Conversion> {
    let forms = prop_oneof![
        Just((BitOrder::Msb, Accumulation::Weighted)),
        Just((BitOrder::Lsb, Accumulation::Weighted)),
        Just((BitOrder::Msb, Accumulation::Shifting)),
    ];
    let overflow = prop_oneof![Just(Overflow::Saturate), Just(Overflow::Wrap)];
    let factor = prop_oneof![Just(Factor::Rational), Just(Factor::PowerOfTwo)];
    let rounding = prop_oneof![
        Just(Rounding::Floor),
        Just(Rounding::HalfUp),
        Just(Rounding::HalfEven)
    ];
    let silent = prop_oneof![
        Just(SilentCode::Zero),
        Just(SilentCode::ZeroPoint),
        Just(SilentCode::MostFrequent),
        Just(SilentCode::Lowest)
    ];
    let digits = prop_oneof![
        Just(Digits::Binary),
        Just(Digits::SignMagnitude),
        Just(Digits::Canonical)
    ];
    (forms, (silent, digits), overflow, factor, rounding, 4u8..=32).prop_map(
        |((order, accumulation), (silent_code, digits), overflow, factor, rounding, register_bits)| {
            Conversion {
                order,
                accumulation,
                silent_code,
                digits,
                overflow,
                factor,
                rounding,
                register_bits,
                ..Conversion::default()
            }
        },
    )
}

#[derive(Default)]
struct Overflows(u64);

impl Observer for Overflows {
    fn overflow(&mut self, _site: Site, _step: Option<usize>, _neuron: usize, _value: i64) {
        self.0 += 1;
    }
}

/// Runs samples step by step and at once, and holds every sum and every code against the reference's. No register
/// may overflow.
fn assert_exact(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    samples: Samples<'_>,
) -> Result<(), TestCaseError> {
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    let (mut at_once, mut overflows) = (Simulator::new(network), Overflows::default());
    for sample in samples.iter() {
        simulator.run(spiking, sample, &mut overflows);
        at_once.run(spiking, sample, &mut ());
        reference.run(network, sample);
        for (index, layer) in network.layers.iter().enumerate() {
            for dendrite in 0..layer.dendrites.len() {
                let sums = reference.sums(index, dendrite);
                prop_assert_eq!(
                    &simulator.membranes(index)[dendrite][..],
                    sums,
                    "sums of {}",
                    layer.name
                );
                prop_assert_eq!(
                    &at_once.membranes(index)[dendrite][..],
                    sums,
                    "sums of {} at once",
                    layer.name
                );
            }
            prop_assert_eq!(
                simulator.codes(layer.target),
                reference.codes(layer.target),
                "{}",
                layer.name
            );
        }
    }
    prop_assert_eq!(overflows.0, 0);
    Ok(())
}

/// With guaranteed scaling that saw one sample, runs others, and the input's lowest and highest codes. No register
/// that is proven may overflow.
fn assert_guaranteed(
    network: &QuantizedNetwork,
    conversion: Conversion,
    units: &[f64],
) -> Result<(), TestCaseError> {
    let len = network.input().len();
    let codes = samples(network, &units[..10], 1);
    let seen = Samples { codes: &codes, len };
    let bias_calibration = BiasCalibration {
        fold: true,
        fit: false,
        correct: false,
    };
    let conversion = Conversion {
        scaling: Scaling::Guaranteed,
        bias_calibration,
        ..conversion
    };
    let spiking = calibrate(network, &conversion, &measure(network, &conversion, seen), seen);
    let format = network.input().affine.unwrap().format;
    let ends = [vec![format.min(); len], vec![format.max(); len]].concat();
    let unseen = samples(network, units, 4);
    let (mut simulator, mut overflows) = (Simulator::new(network), Overflows::default());
    for sample in unseen.chunks_exact(len).chain(ends.chunks_exact(len)) {
        simulator.run(&spiking, sample, &mut overflows);
    }
    // Only where the register is narrower than the roundings of all steps is nothing proven.
    let proven = spiking.layers.iter().all(|layer| layer.plan.proven);
    prop_assert!(!proven || overflows.0 == 0, "{} overflows", overflows.0);
    prop_assert!(proven || conversion.register_bits < 20);
    Ok(())
}

/// All that leaves a register.
#[derive(Debug, Default, PartialEq)]
struct Events<const SEES_STEPS: bool>(Vec<(usize, usize, Option<usize>, usize, i64)>);

impl<const SEES_STEPS: bool> Observer for Events<SEES_STEPS> {
    const SEES_STEPS: bool = SEES_STEPS;

    fn overflow(&mut self, site: Site, step: Option<usize>, neuron: usize, value: i64) {
        self.0.push((site.layer, site.dendrite, step, neuron, value));
    }
}

/// In registers that are too narrow, watched step by step or not: the same membranes, codes and overflows.
fn assert_same_overflows(
    network: &QuantizedNetwork,
    conversion: Conversion,
    units: &[f64],
) -> Result<(), TestCaseError> {
    let len = network.input().len();
    let codes = samples(network, &units[..10], 1);
    let seen = Samples { codes: &codes, len };
    let spiking = calibrate(network, &conversion, &measure(network, &conversion, seen), seen);
    let (mut watched, mut alone) = (Simulator::new(network), Simulator::new(network));
    for sample in samples(network, units, 4).chunks_exact(len) {
        let (mut by_steps, mut at_once) = (Events::<true>::default(), Events::<false>::default());
        watched.run(&spiking, sample, &mut by_steps);
        alone.run(&spiking, sample, &mut at_once);
        prop_assert_eq!(by_steps.0, at_once.0);
        for layer in 0..network.layers.len() {
            prop_assert_eq!(
                watched.membranes(layer),
                alone.membranes(layer),
                "layer {}",
                layer
            );
        }
        prop_assert_eq!(watched.all_codes(), alone.all_codes());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_of_every_kind_give_the_reference_step_by_step(
        graph in graph(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        let network = quantize(&graph).unwrap();
        let codes = samples(&network, &units, 3);
        let set = Samples { codes: &codes, len: network.input().len() };
        let conversion = Conversion { register_bits: 32, scaling: Scaling::Off, ..conversion };
        let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
        assert_exact(&network, &spiking, set)?;
    }

    #[test]
    fn a_register_wide_enough_gives_the_reference_whatever_the_network(
        network in network(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        let codes = samples(&network, &units, 3);
        let set = Samples { codes: &codes, len: network.input().len() };
        let statistics = measure(&network, &conversion, set);
        let needed = statistics.ranges.iter().flatten().map(|r| r.register_bits()).max().unwrap();
        prop_assume!(needed <= 32);
        // The very samples that the ranges were measured on fit the narrowest register.
        let conversion = Conversion { register_bits: needed.max(4), scaling: Scaling::Off, ..conversion };
        assert_exact(&network, &calibrate(&network, &conversion, &statistics, set), set)?;
    }

    #[test]
    fn guaranteed_scaling_never_overflows_in_layers_of_any_kind(
        graph in graph(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        assert_guaranteed(&quantize(&graph).unwrap(), conversion, &units)?;
    }

    #[test]
    fn guaranteed_scaling_never_overflows_on_data_it_has_not_seen(
        network in network(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        assert_guaranteed(&network, conversion, &units)?;
    }

    #[test]
    fn registers_overflow_alike_whether_steps_are_watched_or_not(
        network in network(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200), off in any::<bool>(),
    ) {
        let scaling = if off { Scaling::Off } else { conversion.scaling };
        assert_same_overflows(&network, Conversion { scaling, ..conversion }, &units)?;
    }

    #[test]
    fn registers_of_layers_of_any_kind_overflow_alike_too(
        graph in graph(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200), off in any::<bool>(),
    ) {
        let scaling = if off { Scaling::Off } else { conversion.scaling };
        assert_same_overflows(&quantize(&graph).unwrap(), Conversion { scaling, ..conversion }, &units)?;
    }

    #[test]
    fn a_correction_is_the_same_however_little_memory_it_has(
        graph in graph(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200), memory in 0usize..20_000,
    ) {
        let network = quantize(&graph).unwrap();
        let codes = samples(&network, &units, 5);
        let set = Samples { codes: &codes, len: network.input().len() };
        let conversion = Conversion { register_bits: conversion.register_bits.min(12), ..conversion };
        let statistics = measure(&network, &conversion, set);
        let whole = calibrate(&network, &conversion, &statistics, set);
        let narrow = calibrate_within(memory, &network, &conversion, &statistics, set);
        for (whole, narrow) in whole.layers.iter().zip(&narrow.layers) {
            prop_assert_eq!(&whole.fire.bias, &narrow.fire.bias, "{}", whole.name);
            prop_assert_eq!(&whole.plan, &narrow.plan);
        }
    }

    #[test]
    fn membranes_never_leave_the_register(
        network in network(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200),
    ) {
        let codes = samples(&network, &units, 2);
        let set = Samples { codes: &codes, len: network.input().len() };
        for scaling in [Scaling::Off, Scaling::Calibrated] {
            for fold_at in [FoldAt::Membrane, FoldAt::Potential] {
                let conversion = Conversion { scaling, fold_at, ..conversion };
                let statistics = measure(&network, &conversion, set);
                let spiking = calibrate(&network, &conversion, &statistics, set);
                let mut simulator = Simulator::new(&network);
                for sample in set.iter() {
                    simulator.run(&spiking, sample, &mut ());
                    for (index, layer) in spiking.layers.iter().enumerate() {
                        prop_assert!(simulator.membranes(index)[0].iter().all(|&u| layer.dendrites[0].register.holds(u)));
                        if let Some(affine) = layer.fire.requantizer.output() {
                            let range = affine.format.min()..=affine.format.max();
                            prop_assert!(simulator.codes(layer.target).iter().all(|c| range.contains(c)));
                        }
                    }
                }
            }
        }
    }
}
