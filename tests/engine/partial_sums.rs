//! Neurons with more inputs than a core takes add up the same as on one that takes them all.

use crate::files::{model, test_set};
use crate::mapping::assert_sound;
use crate::properties::{conversion, network, samples};
use proptest::prelude::*;
use sdann::chip::{FlowKind, Limits, Load, LoadMeter, MappingOptions, Router, SentAt, Topology, lay};
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Simulator, trace};
use sdann::spiking::{Conversion, Scaling, SpikingNetwork, convert, no_ranges};
use std::collections::BTreeSet;

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
        ..Limits::neurons_only(Topology::mesh(40, 40), 100)
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
    for (name, fan_in) in [("mnist-cnn.onnx", 200), ("mnist-residual.onnx", 60)] {
        let network = model(name);
        let image = &test_set(&network, "mnist", 255.0)[0];
        for (register_bits, expected) in [(32, SentAt::Window), (12, SentAt::Step)] {
            let conversion = Conversion {
                register_bits,
                scaling: Scaling::Guaranteed,
                ..Conversion::default()
            };
            let spiking = convert(&network, &conversion, &no_ranges(&network));
            let (sent, ways) = assert_partial_sums_are_exact(&network, &spiking, fan_in, image).unwrap();
            println!("{name}, {register_bits} bits: {sent} partial sums");
            assert!(
                sent >= 10 && ways.contains(&expected),
                "{name}: {sent} sums, {ways:?}"
            );
        }
    }
}
