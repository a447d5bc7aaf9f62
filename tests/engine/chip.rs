//! The mesh loses no packet, and counts each hop once.

use crate::files::{model, test_set};
use sdann::chip::{ChipConfig, DIRECTIONS, Load, LoadMeter, Mapping, MappingError, Router, Traffic};
use sdann::quantize::Reference;
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

fn count(spiking: &SpikingNetwork, trace: &Trace, chip: ChipConfig) -> (Mapping, Traffic) {
    let neurons: Vec<usize> = spiking.tensors.iter().map(|t| t.len()).collect();
    let router = Router::new(spiking, Mapping::in_order(chip, &neurons).unwrap());
    (router.mapping().clone(), router.count(trace))
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|&n| u64::from(n)).sum()
}

#[test]
fn what_is_sent_arrives_and_links_carry_every_hop() {
    let (spiking, trace) = traced(BitOrder::Msb);
    for (width, height, neurons_per_core) in
        [(6, 5, 256), (3, 7, 400), (16, 16, 32), (1, 30, 256), (64, 2, 100)]
    {
        let (_, traffic) = count(
            &spiking,
            &trace,
            ChipConfig {
                width,
                height,
                neurons_per_core,
            },
        );
        assert_eq!(traffic.steps, 32);
        for step in 0..traffic.steps {
            let at = |counts| sum(traffic.at(counts, step));
            assert_eq!(at(&traffic.sent), at(&traffic.received), "step {step}");
            assert_eq!(at(&traffic.links), traffic.hops[step], "step {step}");
        }
    }
}

#[test]
fn spikes_and_operations_do_not_depend_on_the_placement() {
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
    for (width, height, neurons_per_core) in [(6, 5, 256), (3, 2, 4000)] {
        let (_, traffic) = count(
            &spiking,
            &trace,
            ChipConfig {
                width,
                height,
                neurons_per_core,
            },
        );
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

#[test]
fn loads_counted_from_codes_are_the_sums_of_the_traffic_over_its_steps() {
    for (name, neurons_per_core) in [("mnist-cnn", 256), ("mnist-cnn", 37), ("mnist-residual", 700)] {
        let network = model(&format!("{name}.onnx"));
        for digits in [Digits::Binary, Digits::Canonical] {
            let conversion = Conversion {
                digits,
                ..Conversion::default()
            };
            let spiking = convert(&network, &conversion, &no_ranges(&network));
            let neurons: Vec<usize> = spiking.tensors.iter().map(|t| t.len()).collect();
            let chip = ChipConfig {
                width: 16,
                height: 16,
                neurons_per_core,
            };
            let router = Router::new(&spiking, Mapping::in_order(chip, &neurons).unwrap());
            let mut meter = LoadMeter::new(&spiking, &router);
            let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
            let mut expected = vec![Load::default(); chip.cores()];
            for image in &test_set(&network, "mnist", 255.0)[..3] {
                let trace = trace(&network, &spiking, image, &mut simulator, &mut reference);
                let traffic = router.count(&trace);
                for (core, load) in expected.iter_mut().enumerate() {
                    let over_steps = |counts: &[u32]| -> u64 {
                        (0..traffic.steps)
                            .map(|step| u64::from(traffic.at(counts, step)[core]))
                            .sum()
                    };
                    load.spikes += over_steps(&traffic.spikes);
                    load.sent += over_steps(&traffic.sent);
                    load.received += over_steps(&traffic.received);
                    load.operations += over_steps(&traffic.operations);
                }
                simulator.run(&spiking, image, &mut ());
                meter.add(&simulator);
            }
            assert_eq!(meter.loads(), expected, "{name} in cores of {neurons_per_core}");
        }
    }
}

#[test]
fn a_link_at_the_edge_of_the_mesh_carries_nothing() {
    let (spiking, trace) = traced(BitOrder::Msb);
    let chip = ChipConfig::default();
    let (_, traffic) = count(&spiking, &trace, chip);
    for (link, &packets) in traffic.links.iter().enumerate() {
        let (core, direction) = (link / DIRECTIONS % chip.cores(), link % DIRECTIONS);
        let (x, y) = chip.position(core);
        let outwards = [
            x + 1 == usize::from(chip.width),
            x == 0,
            y + 1 == usize::from(chip.height),
            y == 0,
        ];
        assert!(!outwards[direction] || packets == 0);
    }
}

#[test]
fn every_neuron_is_on_one_core_and_every_layer_begins_a_new_one() {
    let chip = ChipConfig {
        width: 5,
        height: 4,
        neurons_per_core: 10,
    };
    let mapping = Mapping::in_order(chip, &[25, 10, 7]).unwrap();
    assert_eq!(mapping.first_core, [0, 3, 4]);
    for (tensor, neurons) in [25, 10, 7].into_iter().enumerate() {
        for neuron in 0..neurons {
            let slice = &mapping.slices[mapping.core_of(tensor, neuron)];
            assert!(slice.tensor == tensor && slice.neurons.contains(&neuron));
        }
    }
    assert!(mapping.slices.iter().all(|s| s.neurons.len() <= 10));
}

#[test]
fn a_network_that_does_not_fit_is_told_what_it_needs() {
    let chip = ChipConfig {
        width: 2,
        height: 2,
        neurons_per_core: 10,
    };
    let error = Mapping::in_order(chip, &[25, 30]).unwrap_err();
    assert!(matches!(
        error,
        MappingError::TooFewCores {
            needed: 6,
            available: 4,
            ..
        }
    ));
    assert!(
        error
            .to_string()
            .contains("needs 6 cores of 10 neurons, but the mesh has 4 (2 × 2)")
    );
}
