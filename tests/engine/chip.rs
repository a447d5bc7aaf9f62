//! The chip loses no packet, and counts each hop once.

use crate::files::{SHIPPED, model, root, test_set};
use sdann::chip::{
    ChipSettings, Delivery, Limits, Load, LoadMeter, Loads, Mapping, MappingError, MappingOptions, Partition,
    Router, Routing, Topology, Traffic, lay, map,
};
use sdann::explore::open_network;
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Simulator, Trace, trace};
use sdann::spiking::{BitOrder, Conversion, Digits, Scaling, SpikingNetwork, convert, no_ranges};

fn traced(order: BitOrder) -> (SpikingNetwork, Trace) {
    let network = model("mnist-cnn.onnx");
    let conversion = Conversion {
        order,
        scaling: Scaling::Off,
        ..Conversion::default()
    };
    let spiking = convert(&network, &conversion, &no_ranges(&network));
    let image = &test_set(&network, "mnist", 255.0)[0];
    let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
    let trace = trace(&network, &spiking, image, &mut simulator, &mut reference);
    (spiking, trace)
}

fn chip(width: u16, height: u16, neurons_per_core: u32) -> ChipSettings {
    ChipSettings {
        width,
        height,
        neurons_per_core,
        ..ChipSettings::default()
    }
}

fn with(chip: ChipSettings, mapping: MappingOptions) -> ChipSettings {
    ChipSettings { mapping, ..chip }
}

fn count(spiking: &SpikingNetwork, trace: &Trace, chip: &ChipSettings) -> (Mapping, Traffic) {
    let router = Router::new(spiking, map(spiking, chip).unwrap());
    (router.mapping().clone(), router.count(trace))
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|&n| u64::from(n)).sum()
}

const PARTITIONS: [Partition; 3] = [Partition::Channels, Partition::Tiles, Partition::Both];

#[test]
fn what_is_sent_arrives_and_links_carry_every_hop() {
    let (spiking, trace) = traced(BitOrder::Msb);
    let chips = [
        chip(6, 5, 256),
        chip(3, 7, 400),
        chip(16, 16, 32),
        chip(1, 30, 256),
        chip(64, 2, 100),
    ];
    for chip in chips {
        let (_, traffic) = count(&spiking, &trace, &chip);
        assert_eq!(traffic.steps, 32);
        for step in 0..traffic.steps {
            let at = |counts| sum(traffic.at(counts, step));
            assert_eq!(at(&traffic.sent), at(&traffic.received), "step {step}");
            assert_eq!(at(&traffic.links), traffic.hops[step], "step {step}");
        }
        let flows = traffic.flows.iter();
        assert_eq!(
            flows.map(|flow| flow.hops).sum::<u64>(),
            traffic.hops.iter().sum::<u64>()
        );
    }
}

#[test]
fn spikes_and_operations_do_not_depend_on_the_mapping() {
    let (spiking, trace) = traced(BitOrder::Lsb);
    let expected: Vec<u64> = trace
        .windows
        .iter()
        .flat_map(|w| &w.main().spikes)
        .map(|&n| u64::from(n))
        .collect();
    let fan_out: Vec<Vec<u32>> = spiking
        .layers
        .iter()
        .map(|l| l.dendrites[0].connections.fan_out())
        .collect();
    let one_way = MappingOptions::default();
    let chips = [
        chip(6, 5, 256),
        chip(3, 2, 4000),
        with(
            chip(20, 20, 100),
            MappingOptions {
                partition: Partition::Tiles,
                ..one_way
            },
        ),
        with(
            chip(20, 20, 100),
            MappingOptions {
                partition: Partition::Channels,
                delivery: Delivery::Multicast,
                routing: Routing::Yx,
                ..one_way
            },
        ),
    ];
    for chip in chips {
        let (_, traffic) = count(&spiking, &trace, &chip);
        let mut step = 0;
        for (window, fan_out) in trace.windows.iter().zip(&fan_out) {
            for &plane in &window.main().planes {
                assert_eq!(sum(traffic.at(&traffic.spikes, step)), expected[step]);
                let operations: u64 = window
                    .main()
                    .sent
                    .iter()
                    .zip(fan_out)
                    .filter(|&(&code, _)| code >> plane & 1 == 1)
                    .map(|(_, &synapses)| u64::from(synapses))
                    .sum();
                assert_eq!(sum(traffic.at(&traffic.operations, step)), operations);
                step += 1;
            }
        }
    }
}

/// Every synapse looked at, one by one: the cores that a neuron reaches, with the synapses there.
fn synapse_by_synapse(
    network: &SpikingNetwork,
    mapping: &Mapping,
    layer: usize,
    source: usize,
) -> Vec<Vec<(u32, u32)>> {
    let layer = &network.layers[layer];
    let lengths: Vec<usize> = network.tensors.iter().map(|t| t.len()).collect();
    let mut found = vec![std::collections::BTreeMap::new(); lengths[source]];
    for dendrite in &layer.dendrites {
        dendrite.connections.for_each_synapse(|output, element, _| {
            let mut index = match &dendrite.view.map {
                None => element,
                Some(map) => map[element] as usize,
            };
            for &tensor in &dendrite.view.tensors {
                if index < lengths[tensor] {
                    if tensor == source {
                        let core = mapping.core_of(layer.target, output) as u32;
                        *found[index].entry(core).or_insert(0) += 1;
                    }
                    return;
                }
                index -= lengths[tensor];
            }
        });
    }
    found
        .into_iter()
        .map(|cores| cores.into_iter().collect())
        .collect()
}

fn assert_targets_are_the_synapses(name: &str, network: &QuantizedNetwork, sizes: &[u32]) {
    let spiking = convert(network, &Conversion::default(), &no_ranges(network));
    for partition in PARTITIONS {
        for &neurons in sizes {
            let options = MappingOptions {
                partition,
                ..MappingOptions::default()
            };
            // Of a chip without other limits: what an operator reaches does not depend on them.
            let limits = Limits::neurons_only(Topology::mesh(64, 64), neurons.into());
            let mapping = lay(&spiking, &limits, &options, &[]).unwrap().mapping;
            let router = Router::new(&spiking, mapping);
            for targets in router.targets().iter().flatten() {
                let expected = synapse_by_synapse(&spiking, router.mapping(), targets.layer, targets.source);
                for (neuron, expected) in expected.iter().enumerate() {
                    let found: Vec<_> = targets
                        .of_neuron(neuron)
                        .iter()
                        .map(|target| (target.core, target.synapses))
                        .collect();
                    assert_eq!(&found, expected, "{name} {partition:?} neuron {neuron}");
                }
            }
        }
    }
}

#[test]
fn a_spike_reaches_every_core_where_a_synapse_of_its_neuron_is_and_no_other() {
    for shipped in SHIPPED {
        let network = shipped.form("").unwrap();
        assert_targets_are_the_synapses(shipped.name, &network, &[61, 256]);
    }
}

#[test]
fn that_holds_for_every_operator_of_the_corpus() {
    let mut tried = 0;
    for folder in std::fs::read_dir(root().join("tests/corpus")).unwrap() {
        let path = folder.unwrap().path().join("model.onnx");
        // A few are refused, or begin with an operator that needs a neighbour.
        if let Some(network) = std::fs::read(&path)
            .ok()
            .and_then(|bytes| open_network(&bytes, "case").ok())
        {
            assert_targets_are_the_synapses(&path.display().to_string(), &network, &[13]);
            tried += 1;
        }
    }
    assert!(tried > 250, "{tried} networks were tried");
}

#[test]
fn a_multicast_packet_uses_each_link_once_and_none_that_unicast_does_not() {
    let (spiking, trace) = traced(BitOrder::Msb);
    for routing in [Routing::Xy, Routing::Yx] {
        let count = |delivery| {
            let options = MappingOptions {
                routing,
                delivery,
                ..MappingOptions::default()
            };
            count(&spiking, &trace, &with(chip(6, 5, 256), options)).1
        };
        let (unicast, multicast) = (count(Delivery::Unicast), count(Delivery::Multicast));
        assert_eq!(unicast.received, multicast.received);
        assert_eq!(unicast.operations, multicast.operations);
        assert_eq!(multicast.sent, multicast.spikes);
        let pairs = unicast.links.iter().zip(&*multicast.links);
        assert!(
            pairs
                .clone()
                .all(|(&one, &many)| many <= one && (one == 0) == (many == 0))
        );
        assert!(multicast.hops.iter().sum::<u64>() < unicast.hops.iter().sum::<u64>());
    }
}

#[test]
fn every_step_updates_the_neurons_that_listen() {
    let (spiking, trace) = traced(BitOrder::Msb);
    let (mapping, traffic) = count(&spiking, &trace, &chip(6, 5, 256));
    for step in 0..traffic.steps {
        let (layer, _) = trace.locate(step).unwrap();
        let listening = &spiking.layers[layer];
        assert_eq!(
            sum(traffic.at(&traffic.updates, step)),
            listening.neurons() as u64
        );
        for (core, &updates) in traffic.at(&traffic.updates, step).iter().enumerate() {
            let here = mapping
                .on_core(core)
                .filter(|slice| slice.tensor == listening.target);
            assert_eq!(
                updates as usize,
                here.map(|slice| slice.block.len()).sum::<usize>()
            );
        }
    }
}

#[test]
fn loads_counted_from_codes_are_the_sums_of_the_traffic_over_its_steps() {
    for (name, neurons_per_core) in [
        ("mnist-cnn", 256),
        ("mnist-cnn", 37),
        ("mnist-cnn", 4096),
        ("mnist-residual", 700),
    ] {
        let network = model(&format!("{name}.onnx"));
        for (digits, delivery) in [
            (Digits::Binary, Delivery::Unicast),
            (Digits::Canonical, Delivery::Multicast),
        ] {
            let conversion = Conversion {
                digits,
                ..Conversion::default()
            };
            let spiking = convert(&network, &conversion, &no_ranges(&network));
            let options = MappingOptions {
                delivery,
                ..MappingOptions::default()
            };
            let router = Router::new(
                &spiking,
                map(&spiking, &with(chip(16, 16, neurons_per_core), options)).unwrap(),
            );
            let mut meter = LoadMeter::new(&spiking, &router);
            let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
            let topology = router.mapping().topology;
            let mut expected = Loads {
                samples: 3,
                cores: vec![Load::default(); topology.cores()],
                links: vec![0; topology.links()],
                hops: 0,
            };
            for image in &test_set(&network, "mnist", 255.0)[..3] {
                let trace = trace(&network, &spiking, image, &mut simulator, &mut reference);
                let traffic = router.count(&trace);
                let total = |counts: &[u32]| traffic.total(counts, 0..traffic.steps);
                let (spikes, sent) = (total(&traffic.spikes), total(&traffic.sent));
                let (received, operations) = (total(&traffic.received), total(&traffic.operations));
                for (core, load) in expected.cores.iter_mut().enumerate() {
                    load.spikes += spikes[core];
                    load.sent += sent[core];
                    load.received += received[core];
                    load.operations += operations[core];
                }
                for (link, packets) in total(&traffic.links).into_iter().enumerate() {
                    expected.links[link] += packets;
                }
                expected.hops += traffic.hops.iter().sum::<u64>();
                simulator.run(&spiking, image, &mut ());
                meter.add(&simulator, &router);
            }
            let found = meter.loads(&router);
            assert_eq!(found, expected, "{name} in cores of {neurons_per_core}");
            let flows = meter.flows(&router);
            let received: u64 = flows.iter().map(|flow| flow.spikes).sum();
            assert_eq!(
                received,
                found.cores.iter().map(|core| core.received).sum::<u64>()
            );
        }
    }
}

#[test]
fn spikes_told_one_by_one_are_those_that_are_counted() {
    let (spiking, trace) = traced(BitOrder::Msb);
    let router = Router::new(&spiking, map(&spiking, &chip(6, 5, 256)).unwrap());
    let traffic = router.count(&trace);
    for step in 0..traffic.steps {
        let mut sent = vec![0; traffic.cores()];
        router.for_each_spike(&trace, step, |core, targets| sent[core] += targets.len() as u32);
        assert_eq!(traffic.at(&traffic.sent, step), sent);
    }
}

#[test]
fn a_link_at_the_edge_of_the_mesh_carries_nothing() {
    let (spiking, trace) = traced(BitOrder::Msb);
    let (mapping, traffic) = count(&spiking, &trace, &ChipSettings::default());
    let links = mapping.topology.links();
    for (link, &packets) in traffic.links.iter().enumerate() {
        assert!(packets == 0 || mapping.topology.link_ends(link % links).is_some());
    }
}

#[test]
fn every_neuron_is_on_one_core_and_no_core_is_over_full() {
    let network = model("mnist-residual.onnx");
    let spiking = convert(&network, &Conversion::default(), &no_ranges(&network));
    for partition in PARTITIONS {
        for neurons in [97, 256, 4096] {
            let options = MappingOptions {
                partition,
                ..MappingOptions::default()
            };
            let mapping = map(&spiking, &with(chip(64, 64, neurons), options)).unwrap();
            for (tensor, codes) in spiking.tensors.iter().enumerate() {
                let mut seen = vec![0; codes.len()];
                for slice in mapping.slices_of(tensor) {
                    assert!(slice.block.len() <= neurons as usize);
                    for neuron in slice.block.runs(mapping.tilings[tensor].volume).flatten() {
                        seen[neuron] += 1;
                        assert_eq!(mapping.core_of(tensor, neuron), slice.core);
                    }
                }
                assert!(seen.iter().all(|&times| times == 1), "{partition:?}");
            }
        }
    }
}

#[test]
fn a_network_that_does_not_fit_is_told_what_it_needs() {
    let network = model("digits-mlp.onnx");
    let spiking = convert(&network, &Conversion::default(), &no_ranges(&network));
    let error = map(&spiking, &chip(2, 2, 10)).unwrap_err();
    let MappingError::TooFewCores {
        needed, available, ..
    } = error.clone()
    else {
        panic!("{error}");
    };
    assert!(needed > 4 && available == 4);
    assert!(
        error
            .to_string()
            .contains(&format!("needs {needed} cores of 10 neurons, but the chip has 4"))
    );
}
