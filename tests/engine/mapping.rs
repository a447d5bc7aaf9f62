//! Whatever the network and the chip: every neuron has a place, no limit is exceeded, and what does not fit
//! really does not.

use crate::files::{SHIPPED, model, test_set};
use crate::properties::{conversion, graph, network, samples};
use proptest::prelude::*;
use sdann::chip::spec::Preset;
use sdann::chip::{
    Annealer, Annealing, Delivery, Fit, Flow, FlowKind, InputFrom, Laid, Limit, Limits, Load, LoadMeter,
    Mapping, MappingError, MappingOptions, Minimize, Partition, Placement, Router, SentAt, Shape, Topology,
    fit_all, lay,
};
use sdann::quantize::{QuantizedNetwork, Reference, quantize};
use sdann::simulate::{Simulator, trace};
use sdann::spiking::{Conversion, Digits, Scaling, SpikingNetwork, convert, no_ranges};
use std::collections::{BTreeMap, BTreeSet};

fn spiking(network: &QuantizedNetwork, digits: Digits) -> SpikingNetwork {
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

fn assert_sound(network: &SpikingNetwork, limits: &Limits, laid: &Laid) -> Result<(), TestCaseError> {
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
        prop_assert!(held.synapses <= demand.synapses, "synapses of core {core}");
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

fn measured(
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

/// Spike-hops of row-major and of annealed placement, and how annealing went.
fn annealed(name: &str, side: u16, neurons: u64) -> Option<(u64, u64, Annealing)> {
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == name).unwrap();
    let network = shipped.form("").unwrap();
    let spiking = spiking(&network, Digits::Binary);
    let limits = Limits::neurons_only(Topology::mesh(side, side), neurons);
    let mapping = lay(&spiking, &limits, &MappingOptions::default(), &[])
        .ok()?
        .mapping;
    let samples = shipped.samples(&network, "test")?;
    let samples = &samples[..samples.len().min(10)];
    let router = Router::new(&spiking, mapping.clone());
    let (flows, before) = measured(&network, &spiking, &router, samples);
    let mut annealer = Annealer::new(mapping, &limits, &flows, 1);
    let progress = annealer.step(u64::MAX);
    let (_, after) = measured(
        &network,
        &spiking,
        &Router::new(&spiking, annealer.best()),
        samples,
    );
    assert_eq!(
        (progress.before, progress.best),
        (before, after),
        "{name}: hops are what they are counted to be"
    );
    Some((before, after, progress))
}

#[test]
fn annealing_saves_a_quarter_of_the_spike_hops_of_the_residual_network_on_64_cores_or_more() {
    for (side, neurons) in [(8, 2048), (16, 256), (20, 200)] {
        let (before, after, _) = annealed("mnist-residual", side, neurons).expect("it fits");
        let saved = 100.0 * (before - after) as f64 / before as f64;
        println!(
            "mnist-residual on {side} × {side} cores of {neurons}: {before} spike-hops row by row, {after} annealed: {saved:.1} % fewer"
        );
        assert!(
            4 * after <= 3 * before,
            "{side} × {side} cores of {neurons}: {saved:.1} % fewer"
        );
    }
}

#[test]
fn annealing_betters_the_placement_of_every_shipped_network_or_leaves_it() {
    for shipped in SHIPPED {
        for (side, neurons) in [(16, 256), (16, 64)] {
            let Some((before, after, progress)) = annealed(shipped.name, side, neurons) else {
                continue;
            };
            let saved = 100.0 * (before - after) as f64 / before.max(1) as f64;
            println!(
                "{} on {side} × {side} cores of {neurons}: {before} spike-hops row by row, {after} annealed: {saved:.1} % fewer",
                shipped.name
            );
            assert!(after <= before && progress.is_done());
        }
    }
}

#[test]
fn the_same_seed_leads_to_the_same_places_in_whatever_portions_and_another_to_others() {
    let network = model("mnist-cnn.onnx");
    let spiking = spiking(&network, Digits::Binary);
    let limits = Limits {
        reserved: vec![0, 5],
        input: InputFrom::Port(0),
        ..Limits::neurons_only(Topology::mesh(8, 8), 128)
    };
    let mapping = lay(&spiking, &limits, &MappingOptions::default(), &[])
        .unwrap()
        .mapping;
    let router = Router::new(&spiking, mapping.clone());
    let (flows, _) = measured(
        &network,
        &spiking,
        &router,
        &test_set(&network, "mnist", 255.0)[..2],
    );
    let run = |seed, portion| {
        let mut annealer = Annealer::new(mapping.clone(), &limits, &flows, seed);
        while !annealer.step(portion).is_done() {}
        (annealer.best(), annealer.progress())
    };
    let at_once = run(7, u64::MAX);
    assert_eq!(at_once, run(7, 1000));
    assert_ne!(at_once.0, run(8, u64::MAX).0);
    assert!(at_once.1.best < at_once.1.before);
    for slice in at_once.0.placed() {
        assert!(!limits.reserved.contains(&slice.core));
    }
}

/// Splits a network's layers so that no neuron has more synapses than `fan_in`, and holds the sums that the
/// cores send each other against what the neurons of one core add up. Says how many sums were sent.
fn assert_partial_sums_are_exact(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    fan_in: u64,
    sample: &[i32],
) -> Result<(usize, BTreeSet<SentAt>), TestCaseError> {
    let limits = Limits {
        fan_in: Some(fan_in),
        ..Limits::neurons_only(Topology::mesh(40, 40), 50)
    };
    let Ok(laid) = lay(spiking, &limits, &MappingOptions::default(), &[]) else {
        return Ok((0, BTreeSet::new()));
    };
    assert_sound(spiking, &limits, &laid)?;
    let router = Router::new(spiking, laid.mapping);
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    let trace = trace(network, spiking, sample, &mut simulator, &mut reference);
    let (mut sent, mut spikes, mut ways) = (0, 0, BTreeSet::new());
    for split in router.splits() {
        ways.insert(split.sent_at);
        let dendrite = &spiking.layers[split.layer].dendrites[split.dendrite];
        let traced = &trace.windows[split.layer].dendrites[split.dendrite];
        let neurons = traced.neurons();
        let mut extra = 0;
        for (step, sum_of) in split.sendings() {
            extra += split.extra_steps(step);
            for (neuron, sums) in split
                .sums(&traced.sent, sum_of)
                .chunks_exact(split.parts)
                .enumerate()
            {
                let mut total = sums[0];
                for &sum in &sums[1..] {
                    let bits = split.encode(sum);
                    prop_assert_eq!(split.decode(bits), sum, "{} bits", split.bits);
                    total += split.decode(bits);
                    spikes += u64::from(bits.count_ones());
                    sent += 1;
                }
                if sum_of.is_none() {
                    let start = dendrite.start.get(neuron).copied().unwrap_or(0);
                    let membrane = traced.membranes[step * neurons + neuron];
                    prop_assert_eq!(
                        total + start,
                        i64::from(membrane),
                        "membrane of neuron {}",
                        neuron
                    );
                } else {
                    let current = traced.currents[step * neurons + neuron];
                    prop_assert_eq!(
                        total * dendrite.steps[step].weight,
                        i64::from(current),
                        "current of {}",
                        neuron
                    );
                }
            }
        }
        prop_assert!(router.extra_steps(split.layer) >= extra && extra > 0);
    }
    // The bits travel, and are counted apart.
    let traffic = router.count(&trace);
    let flows = || {
        traffic
            .flows
            .iter()
            .filter(|flow| flow.kind == FlowKind::PartialSums)
    };
    prop_assert_eq!(flows().map(|flow| flow.spikes).sum::<u64>(), spikes);
    prop_assert_eq!(flows().map(|flow| flow.operations).sum::<u64>(), spikes);
    let extra: usize = (0..spiking.layers.len())
        .map(|layer| router.extra_steps(layer))
        .sum();
    prop_assert_eq!(traffic.extra_steps.iter().sum::<u32>() as usize, extra);
    let mut told = 0;
    for (step, &extra) in traffic.extra_steps.iter().enumerate() {
        for bit in 0..extra as usize {
            router.for_each_partial_spike(&trace, step, bit, |_, targets| told += targets.len() as u64);
        }
    }
    prop_assert_eq!(told, spikes);
    let mut meter = LoadMeter::new(spiking, &router);
    simulator.run(spiking, sample, &mut ());
    meter.add(&simulator, &router);
    let loads = meter.loads(&router);
    prop_assert_eq!(loads.hops, traffic.hops.iter().sum::<u64>());
    for (counts, of) in [
        (&traffic.sent, (|load: &Load| load.sent) as fn(&Load) -> u64),
        (&traffic.received, |load| load.received),
        (&traffic.operations, |load| load.operations),
        (&traffic.spikes, |load| load.spikes),
    ] {
        let total = traffic.total(counts, 0..traffic.steps);
        prop_assert!(loads.cores.iter().map(of).eq(total));
    }
    Ok((sent, ways))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn partial_sums_of_any_network_in_any_register_come_to_what_one_core_would_add_up(
        network in network(), conversion in conversion(), fan_in in 4u64..40, scaling in 0usize..3,
        units in prop::collection::vec(0.0..=1.0f64, 64),
    ) {
        let scaling = [Scaling::Off, Scaling::Calibrated, Scaling::Guaranteed][scaling];
        let spiking = convert(&network, &Conversion { scaling, ..conversion }, &no_ranges(&network));
        let samples = samples(&network, &units, 1);
        assert_partial_sums_are_exact(&network, &spiking, fan_in, &samples)?;
    }
}

#[test]
fn partial_sums_of_real_samples_are_exact_in_wide_and_in_narrow_registers() {
    for name in ["mnist-cnn.onnx", "mnist-residual.onnx"] {
        let network = model(name);
        let image = &test_set(&network, "mnist", 255.0)[0];
        for (register_bits, expected) in [(32, SentAt::Window), (12, SentAt::Step)] {
            let conversion = Conversion {
                register_bits,
                scaling: Scaling::Guaranteed,
                ..Conversion::default()
            };
            let spiking = convert(&network, &conversion, &no_ranges(&network));
            let (sent, ways) = assert_partial_sums_are_exact(&network, &spiking, 200, image).unwrap();
            println!("{name}, {register_bits} bits: {sent} partial sums");
            assert!(
                sent > 100 && ways.contains(&expected),
                "{name}: {sent} sums, {ways:?}"
            );
        }
    }
}

#[test]
fn every_preset_says_whether_every_shipped_network_fits_and_what_binds() {
    for shipped in SHIPPED {
        let network = shipped.form("").unwrap();
        let spiking = spiking(&network, Digits::Binary);
        let clock = std::time::Instant::now();
        let fits: Vec<Fit> = fit_all(&spiking, &MappingOptions::default())
            .collect::<Result<_, _>>()
            .unwrap();
        println!("{}: {:?} for all presets", shipped.name, clock.elapsed());
        assert_eq!(fits.len(), Preset::ALL.len());
        for fit in &fits {
            let usage = fit.usage.as_ref();
            let cores = usage.map_or("-".into(), |usage| {
                format!("{} of {}", usage.cores, usage.available)
            });
            let binding = usage.and_then(|usage| usage.binding.as_ref());
            let binding = binding.map_or("-".into(), |b| format!("{} of {}", b.limit.label(), b.layer));
            let split = usage.map_or(0, |usage| usage.split.len());
            let problems: Vec<String> = fit.problems.iter().map(ToString::to_string).collect();
            println!(
                "  {}: {}, {cores} cores, {binding}, {split} split, {problems:?}",
                fit.name,
                fit.fits()
            );
            // Either it is laid out within all limits, or it is said why not.
            assert!(usage.is_some() || !fit.fits());
            for filled in usage.into_iter().flat_map(|usage| &usage.filled) {
                assert!(
                    filled.most <= filled.allowed && filled.fullest() <= 1.0,
                    "{}: {filled:?}",
                    fit.name
                );
                assert!(!fit.unknown.contains(&filled.limit));
            }
        }
    }
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
    assert_eq!((used(1), used(2), used(3), used(9)), (1, 1, 3, 3));
}

#[test]
fn what_is_known_of_a_chip_is_what_a_mapping_keeps_to() {
    let limits = Limits::of(&Preset::Darwin3.chip()).unwrap();
    assert_eq!((limits.topology.cores(), limits.available()), (576, 575));
    assert_eq!(limits.neurons, Some(4096));
    assert!(limits.unknown().contains(&Limit::SynapseMemory));
    let limits = Limits::of(&Preset::Loihi.chip()).unwrap();
    assert_eq!((limits.topology.cores_per_router, limits.available()), (4, 128));
    assert_eq!((limits.inputs, limits.outputs), (Some(4096), Some(4096)));
    assert!(matches!(limits.input, InputFrom::Port(_)) && limits.unicast_only);
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
