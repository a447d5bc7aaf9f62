//! Whatever the network and the chip: every neuron has a place, no limit is exceeded, and what does not fit
//! really does not.

use crate::files::{model, test_set};
use crate::properties::{graph, network};
use proptest::prelude::*;
use sdann::chip::{
    Delivery, Flow, InputFrom, Laid, Limit, Limits, LoadMeter, Mapping, MappingError, MappingOptions,
    Minimize, Partition, Placement, Router, Shape, Topology, lay,
};
use sdann::quantize::{QuantizedNetwork, quantize};
use sdann::simulate::Simulator;
use sdann::spiking::{Conversion, Digits, SpikingNetwork, convert, no_ranges};
use std::collections::{BTreeMap, BTreeSet};

pub fn spiking(network: &QuantizedNetwork, digits: Digits) -> SpikingNetwork {
    let conversion = Conversion {
        digits,
        ..Conversion::default()
    };
    convert(network, &conversion, &no_ranges(network))
}

fn any_options() -> impl Strategy<Value = MappingOptions> {
    let partition = prop_oneof![
        Just(Partition::Channels),
        Just(Partition::Tiles),
        Just(Partition::Both)
    ];
    let minimize = prop_oneof![Just(Minimize::Cores), Just(Minimize::Traffic)];
    let placement = prop_oneof![
        Just(Placement::RowMajor),
        Just(Placement::Serpentine),
        Just(Placement::Hilbert),
        Just(Placement::Annealed)
    ];
    let delivery = prop_oneof![Just(Delivery::Unicast), Just(Delivery::Multicast)];
    (partition, minimize, placement, delivery).prop_map(|(partition, minimize, placement, delivery)| {
        MappingOptions {
            partition,
            minimize,
            placement,
            delivery,
            ..MappingOptions::default()
        }
    })
}

fn maybe(range: std::ops::Range<u64>) -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), range.prop_map(Some)]
}

prop_compose! {
    /// Chips of all shapes, with and without each limit; some far too small.
    fn any_limits()(
        shape in prop_oneof![Just(Shape::Mesh), Just(Shape::Quadtree), Just(Shape::Star)],
        width in 1u16..12, height in 1u16..12, cores_per_router in 1u16..4,
        reserved in prop::collection::btree_set(0usize..40, 0..4),
        neurons in maybe(1..200), inputs in maybe(4..300), outputs in maybe(4..400), fan_in in maybe(2..200),
        (targets, synapses, bits, widths) in (maybe(1..40), maybe(8..4000), maybe(64..40_000), any::<bool>()),
        (shares_kernels, signed_spikes, has_port) in any::<(bool, bool, bool)>(),
    ) -> Limits {
        Limits {
            topology: Topology { shape, width, height, cores_per_router },
            reserved: reserved.into_iter().collect(),
            input: if has_port { InputFrom::Port(0) } else { InputFrom::Cores },
            neurons, inputs, outputs, targets, fan_in, synapses,
            synapse_bits: bits,
            shares_kernels, signed_spikes,
            weight_bits: if widths { vec![1, 4, 8, 16] } else { Vec::new() },
            ..Limits::default()
        }
    }
}

/// What is on a core, synapse by synapse.
#[derive(Default)]
struct Held {
    neurons: u64,
    /// Dendrites' inputs, by (slice, dendrite, neuron).
    inputs: BTreeSet<(usize, usize, usize)>,
    synapses: u64,
    fan_in: BTreeMap<(usize, usize), u64>,
}

fn held(network: &SpikingNetwork, mapping: &Mapping) -> BTreeMap<usize, Held> {
    let mut cores: BTreeMap<usize, Held> = BTreeMap::new();
    for slice in mapping.placed() {
        cores.entry(slice.core).or_default().neurons += slice.block.len() as u64;
    }
    for layer in &network.layers {
        let tiling = &mapping.tilings[layer.target];
        let slices = mapping.slices_of(layer.target);
        for (index, dendrite) in layer.dendrites.iter().enumerate() {
            let wiring = &dendrite.connections;
            let group = wiring.input.channels / wiring.groups.max(1);
            wiring.for_each_synapse(|output, element, _| {
                let channel = element / wiring.input.positions() % group;
                let part = channel * tiling.parts / group;
                let slice = tiling.slice_of(output) + part;
                let core = cores.entry(slices[slice].core).or_default();
                let neuron = dendrite
                    .view
                    .map
                    .as_ref()
                    .map_or(element, |map| map[element] as usize);
                if dendrite.view.is_connected(element) {
                    core.inputs
                        .insert((mapping.first_slice[layer.target] + slice, index, neuron));
                }
                core.synapses += 1;
                *core
                    .fan_in
                    .entry((layer.target * 100 + part, output))
                    .or_default() += 1;
            });
        }
    }
    cores
}

pub fn assert_sound(network: &SpikingNetwork, limits: &Limits, laid: &Laid) -> Result<(), TestCaseError> {
    let mapping = &laid.mapping;
    for (tensor, codes) in network.tensors.iter().enumerate() {
        let parts = mapping.tilings[tensor].parts;
        let mut seen = vec![0; codes.len() * parts];
        for slice in mapping.slices_of(tensor) {
            for neuron in slice.block.runs(mapping.tilings[tensor].volume).flatten() {
                seen[neuron * parts + slice.part] += 1;
            }
        }
        prop_assert!(
            seen.iter().all(|&times| times == 1),
            "each part of each neuron is on one core"
        );
    }
    for slice in mapping.placed() {
        prop_assert!(!limits.reserved.contains(&slice.core) && slice.core < limits.topology.cores());
    }
    for (core, demand) in laid.demands.iter().enumerate() {
        prop_assert!(limits.hold(demand), "core {core} needs {demand:?}");
    }
    for (core, held) in held(network, mapping) {
        let demand = &laid.demands[core];
        prop_assert!(held.neurons <= demand.neurons);
        prop_assert!(held.inputs.len() as u64 <= demand.inputs, "inputs of core {core}");
        prop_assert!(
            limits.shares_kernels || held.synapses <= demand.synapses,
            "synapses of core {core}"
        );
        prop_assert!(
            held.fan_in.values().all(|&fan_in| fan_in <= demand.fan_in),
            "fan-in on core {core}"
        );
    }
    // Where neurons send to.
    let router = Router::new(network, mapping.clone());
    let mut outputs = vec![0; limits.topology.cores()];
    for targets in router.targets().iter().flatten() {
        for neuron in 0..network.tensors[targets.source].len() {
            outputs[mapping.core_of(targets.source, neuron)] += targets.of_neuron(neuron).len() as u64;
        }
    }
    let takes_place = |core: usize| limits.input == InputFrom::Cores || InputFrom::Port(core) != limits.input;
    if let (Some(allowed), Delivery::Unicast) = (limits.outputs, mapping.delivery) {
        for (core, &outputs) in outputs.iter().enumerate().filter(|&(core, _)| takes_place(core)) {
            prop_assert!(outputs <= allowed, "core {core} sends to {outputs} cores");
        }
    }
    Ok(())
}

/// That what was said not to fit does not.
fn assert_misfit(
    network: &SpikingNetwork,
    limits: &Limits,
    error: &MappingError,
) -> Result<(), TestCaseError> {
    let message = error.to_string();
    prop_assert!(message.lines().count() == 1 && message.len() < 400, "{}", message);
    match error {
        MappingError::Chip(problem) => prop_assert!(false, "limits are of no chip: {problem}"),
        MappingError::TooFewCores {
            needed, available, ..
        } => {
            prop_assert!(needed > available && *available == limits.available());
        }
        MappingError::Exceeded {
            limit,
            layer,
            found,
            allowed,
            ..
        } => {
            prop_assert!(found > allowed);
            if let (Limit::FanIn, Some(name)) = (limit, layer) {
                let layer = network.layers.iter().find(|layer| layer.name == *name).unwrap();
                let fan_in: usize = layer.dendrites.iter().map(|d| d.connections.fan_in()).sum();
                prop_assert!(2 * fan_in as u64 > *allowed, "a fan-in of {fan_in}");
            }
        }
    }
    Ok(())
}

fn check(network: &SpikingNetwork, limits: &Limits, options: &MappingOptions) -> Result<(), TestCaseError> {
    match lay(network, limits, options, &[]) {
        Ok(laid) => assert_sound(network, limits, &laid),
        Err(error) => assert_misfit(network, limits, &error),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mapping_of_any_convolution_and_dense_layer_onto_any_chip_keeps_every_limit(
        network in network(), limits in any_limits(), options in any_options(),
    ) {
        check(&spiking(&network, Digits::Binary), &limits, &options)?;
    }

    #[test]
    fn so_does_one_of_sums_maxima_and_moved_and_joined_codes(
        graph in graph(), limits in any_limits(), options in any_options(),
    ) {
        if let Ok(network) = quantize(&graph) {
            check(&spiking(&network, Digits::SignMagnitude), &limits, &options)?;
        }
    }

    #[test]
    fn where_only_neurons_are_limited_no_network_is_refused_that_fills_less_than_half_of_the_chip(
        network in network(), width in 1u16..8, height in 1u16..8, neurons in 1u64..300, options in any_options(),
    ) {
        let limits = Limits::neurons_only(Topology::mesh(width, height), neurons);
        let network = spiking(&network, Digits::Binary);
        let total: u64 = network.tensors.iter().map(|tensor| tensor.len() as u64).sum();
        let cores = limits.available() as u64;
        match lay(&network, &limits, &options, &[]) {
            Ok(_) => prop_assert!(total <= cores * neurons),
            // No two cores are half empty, or what is on them would share one.
            Err(_) => prop_assert!(2 * total > (cores - 1) * neurons),
        }
    }
}

pub fn measured(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    router: &Router,
    samples: &[Vec<i32>],
) -> (Vec<Flow>, u64) {
    let mut meter = LoadMeter::new(spiking, router);
    let mut simulator = Simulator::new(network);
    for sample in samples {
        simulator.run(spiking, sample, &mut ());
        meter.add(&simulator, router);
    }
    (meter.flows(router), meter.loads(router).hops)
}

#[test]
fn small_slices_share_cores_only_where_there_are_too_few() {
    let network = model("digits-mlp.onnx");
    let spiking = spiking(&network, Digits::Binary);
    let used = |side| {
        let limits = Limits::neurons_only(Topology::mesh(side, 1), 256);
        let laid = lay(&spiking, &limits, &MappingOptions::default(), &[]).unwrap();
        assert_eq!(laid.fewest, 1);
        laid.mapping.used()
    };
    assert_eq!((used(1), used(2), used(3), used(9)), (1, 2, 3, 3));
}

#[test]
fn a_signed_spike_takes_two_axons_where_the_chip_has_no_sign() {
    let network = model("mnist-cnn.onnx");
    let limits = |signed_spikes| Limits {
        signed_spikes,
        ..Limits::neurons_only(Topology::mesh(16, 16), 256)
    };
    let inputs = |digits, signed| -> u64 {
        let laid = lay(
            &spiking(&network, digits),
            &limits(signed),
            &MappingOptions::default(),
            &[],
        )
        .unwrap();
        laid.demands.iter().map(|demand| demand.inputs).sum()
    };
    let plain = inputs(Digits::Binary, false);
    assert_eq!(inputs(Digits::Canonical, true), plain);
    assert_eq!(inputs(Digits::Canonical, false), 2 * plain);
}

#[test]
fn a_limit_that_one_neuron_exceeds_is_named_with_the_layer_and_what_would_help() {
    let network = model("mnist-cnn.onnx");
    let spiking = spiking(&network, Digits::Binary);
    let refuse = |limits: Limits| lay(&spiking, &limits, &MappingOptions::default(), &[]).unwrap_err();
    let open = || Limits::neurons_only(Topology::mesh(64, 64), 256);
    let error = refuse(Limits {
        weight_bits: vec![1, 2],
        ..open()
    });
    let MappingError::Exceeded {
        limit: Limit::WeightBits,
        found: 8,
        allowed: 2,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert!(
        error
            .to_string()
            .contains("needs 8 bits of a weight, 6 more than the chip's 2; quantize weights to 2 bits"),
        "{error}"
    );
    let error = refuse(Limits {
        membrane_bits: Some(8),
        ..open()
    });
    assert!(
        error.to_string().contains("set the membrane register to 8 bits"),
        "{error}"
    );
    let error = refuse(Limits {
        chip_neurons: Some(1000),
        ..open()
    });
    assert!(error.to_string().starts_with("the network needs"), "{error}");
    // A pooling neuron's inputs are all of one channel.
    let error = refuse(Limits {
        fan_in: Some(3),
        ..open()
    });
    assert!(error.to_string().contains("cannot be shared out"), "{error}");
}

#[test]
fn few_packets_take_no_more_cores_than_there_are_and_no_more_packets_than_few_cores_do() {
    for name in ["mnist-cnn.onnx", "mnist-residual.onnx"] {
        let network = model(name);
        let spiking = spiking(&network, Digits::Binary);
        let samples = &test_set(&network, "mnist", 255.0)[..3];
        let limits = Limits::neurons_only(Topology::mesh(16, 16), 256);
        let packets = |minimize| {
            let options = MappingOptions {
                minimize,
                ..MappingOptions::default()
            };
            let mapping = lay(&spiking, &limits, &options, &[]).unwrap().mapping;
            let used = mapping.used();
            let router = Router::new(&spiking, mapping);
            let flows = measured(&network, &spiking, &router, samples).0;
            (used, flows.iter().map(|flow| flow.spikes).sum::<u64>())
        };
        let (cores, traffic) = (packets(Minimize::Cores), packets(Minimize::Traffic));
        println!("{name}: {cores:?} cores and packets for few cores, {traffic:?} for few packets");
        assert!(cores.0 <= traffic.0 && traffic.1 <= cores.1);
    }
}

#[test]
fn where_cores_are_few_measured_spikes_tell_where_packets_are_saved_best() {
    let network = model("mnist-residual.onnx");
    let spiking = spiking(&network, Digits::Binary);
    let samples = &test_set(&network, "mnist", 255.0)[..3];
    let mut simulator = Simulator::new(&network);
    let mut spikes = vec![0; network.tensors.len()];
    for sample in samples {
        simulator.run(&spiking, sample, &mut ());
        for (tensor, spikes) in spikes.iter_mut().enumerate() {
            let code = spiking.codes[tensor];
            let fired = simulator.codes(tensor).iter();
            *spikes += code.map_or(0, |code| fired.map(|&x| u64::from(code.spikes(x))).sum::<u64>());
        }
    }
    let options = MappingOptions {
        minimize: Minimize::Traffic,
        ..MappingOptions::default()
    };
    let mut sums = (0, 0);
    for cores in 263..268 {
        let limits = Limits::neurons_only(Topology::mesh(cores, 1), 256);
        let packets = |spikes: &[u64]| {
            let mapping = lay(&spiking, &limits, &options, spikes).unwrap().mapping;
            let router = Router::new(&spiking, mapping);
            let flows = measured(&network, &spiking, &router, samples).0;
            flows.iter().map(|flow| flow.spikes).sum::<u64>()
        };
        let (alike, told) = (packets(&[]), packets(&spikes));
        println!("{cores} cores: {alike} packets if all neurons count the same, {told} with measured spikes");
        assert!(told <= alike, "{cores} cores");
        sums = (sums.0 + alike, sums.1 + told);
    }
    assert!(sums.1 < sums.0, "{sums:?} packets");
}
