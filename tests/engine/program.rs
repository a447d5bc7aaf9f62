//! The spike program on disk: read back to the same run, or refused in one sentence.

use crate::files::{SHIPPED, model};
use crate::properties::{conversion, network, samples};
use proptest::collection::vec;
use proptest::prelude::*;
use sdann::chip::Mapping;
use sdann::chip::spec::Preset;
use sdann::chip::{
    ChipSettings, Delivery, Limits, MappingOptions, Partition, Placement, Router, Routing, Topology, Traffic,
    lay, map,
};
use sdann::program::{LoadedProgram, Program, ProgramError, read, write};
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Samples, Simulator, Trace, calibrate, measure, trace};
use sdann::spiking::{Conversion, SpikingNetwork};
use serde_json::Value;

fn traced(network: &QuantizedNetwork, spiking: &SpikingNetwork, input: &[i32]) -> Trace {
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    trace(network, spiking, input, &mut simulator, &mut reference)
}

fn written(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    router: &Router,
    traces: &[Trace],
) -> Vec<u8> {
    let program = Program {
        network,
        spiking,
        router,
        chip: &Preset::Classroom.chip(),
        traces,
    };
    let mut out = Vec::new();
    write(&program, &mut out).unwrap();
    out
}

/// Runs what was read, and returns its trace and traffic.
fn run(program: &LoadedProgram, input: &[i32]) -> (Trace, Traffic) {
    let trace = traced(&program.network, &program.spiking, input);
    let traffic = program.router.count(&trace);
    (trace, traffic)
}

fn spread(network: &SpikingNetwork, neurons_per_core: u64, options: &MappingOptions) -> Mapping {
    let fitting = (1u16..).find_map(|side| {
        let topology = Topology {
            cores_per_router: 2,
            ..Topology::mesh(side, side)
        };
        lay(
            network,
            &Limits::neurons_only(topology, neurons_per_core),
            options,
            &[],
        )
        .ok()
    });
    fitting.unwrap().mapping
}

fn digits() -> (QuantizedNetwork, Vec<u8>) {
    let network = model("digits-mlp.onnx");
    let conversion = Conversion::default();
    let input = vec![7; network.input().len()];
    let set = Samples {
        codes: &input,
        len: input.len(),
    };
    let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
    let router = Router::new(&spiking, map(&spiking, &ChipSettings::default()).unwrap());
    let bytes = written(&network, &spiking, &router, &[traced(&network, &spiking, &input)]);
    (network, bytes)
}

#[test]
fn every_shipped_network_reads_back_to_the_same_codes_and_the_same_traffic() {
    for shipped in SHIPPED {
        let network = shipped.form("").unwrap();
        let inputs = shipped.samples(&network, "test").unwrap();
        let set = Samples {
            codes: &inputs[0],
            len: network.input().len(),
        };
        let conversion = Conversion::default();
        let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
        for (neurons_per_core, delivery) in [(256, Delivery::Unicast), (100, Delivery::Multicast)] {
            let options = MappingOptions {
                delivery,
                ..MappingOptions::default()
            };
            let router = Router::new(&spiking, spread(&spiking, neurons_per_core, &options));
            let traces: Vec<Trace> = inputs[..2]
                .iter()
                .map(|x| traced(&network, &spiking, x))
                .collect();
            let program = read(&written(&network, &spiking, &router, &traces)).unwrap();
            assert_eq!(program.network, network, "{}", shipped.name);
            assert_eq!(program.spiking, spiking, "{}", shipped.name);
            assert_eq!(program.router.mapping(), router.mapping(), "{}", shipped.name);
            assert_eq!(program.chip, Preset::Classroom.chip());
            assert_eq!(program.samples, inputs[..2], "{}", shipped.name);
            for (input, expected) in program.samples.iter().zip(&traces) {
                let (trace, traffic) = run(&program, input);
                assert_eq!(&trace, expected, "{}", shipped.name);
                assert_eq!(traffic, router.count(expected), "{}", shipped.name);
            }
        }
    }
}

#[test]
fn the_spikes_in_a_program_are_those_that_its_traffic_counts() {
    let (_, bytes) = digits();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let program = read(&bytes).unwrap();
    let (_, traffic) = run(&program, &program.samples[0]);
    let steps = document["samples"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), traffic.steps);
    for (step, firing) in steps.iter().enumerate() {
        let fired = firing["fired"].as_array().unwrap().iter().map(|fired| {
            let neurons = &fired["neurons"];
            neurons
                .as_array()
                .map_or_else(|| neurons["count"].as_u64().unwrap(), |list| list.len() as u64)
        });
        let spikes: u32 = traffic.at(&traffic.spikes, step).iter().sum();
        assert_eq!(fired.sum::<u64>(), u64::from(spikes), "step {step}");
    }
    let axons: u64 = document["cores"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|core| core["hears"].as_array().unwrap())
        .map(|hears| hears["axons"].as_u64().unwrap() * hears["synapses"].as_u64().unwrap())
        .sum();
    assert_eq!(axons, 64 * 16 + 16 * 10, "every synapse is behind one axon");
}

/// The error of a digits program after a change of its text.
fn refused(change: impl FnOnce(&mut Value)) -> String {
    let (_, bytes) = digits();
    let mut document: Value = serde_json::from_slice(&bytes).unwrap();
    change(&mut document);
    let error = read(&serde_json::to_vec(&document).unwrap()).expect_err("it was changed");
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 600, "{text}");
    text
}

#[test]
fn a_table_that_does_not_follow_from_the_network_is_refused_by_name() {
    for (pointer, value, expected) in [
        ("/cores/0/core", 29.into(), "core 29: it isn't in ascending order"),
        ("/cores/0/core", 30.into(), "core 30: the chip has but 30 cores"),
        ("/cores/0/x", 1.into(), "core 0: it isn't where its number says"),
        (
            "/cores/0/holds/0/slice",
            1.into(),
            "core 0: slice 1 of tensor 0 doesn't exist",
        ),
        (
            "/cores/0/holds/0/tensor",
            9.into(),
            "core 0: slice 0 of tensor 9 doesn't exist",
        ),
        (
            "/cores/1/holds/0/channels",
            vec![0, 4].into(),
            "core 1: its neurons aren't",
        ),
        (
            "/cores/1/sends/0/neurons",
            vec![0, 1].into(),
            "core 1: its routing table",
        ),
        ("/cores/1/hears/0/synapses", 15.into(), "core 1: its axon table"),
        ("/routes/0/cores", vec![2].into(), "route 0: it isn't where"),
        ("/routes", Value::Array(Vec::new()), "routes: it isn't where"),
        ("/windows/1/first_step", 9.into(), "windows: they aren't those"),
        ("/chip/topology/width", 0.into(), "chip: it has 0 cores"),
        (
            "/chip/topology/cores_per_router",
            65_535.into(),
            "chip: it has 1966050 cores",
        ),
        (
            "/chip/tilings/0/block/channels",
            0.into(),
            "chip: tensor 0 is cut in a way",
        ),
        (
            "/chip/tilings/1/parts",
            1_000_000.into(),
            "chip: tensor 1 is cut in a way",
        ),
        (
            "/chip/tilings/1/block/channels",
            5.into(),
            "cores: they hold 3 slices",
        ),
        (
            "/chip/tilings",
            Value::Array(Vec::new()),
            "chip: there are tilings of 0 tensors",
        ),
        (
            "/cores/0/holds",
            Value::Array(Vec::new()),
            "cores: they hold 2 slices",
        ),
        (
            "/samples/0/input",
            vec![1, 2].into(),
            "sample 0: it has 2 codes, but the input has 64",
        ),
        (
            "/samples/0/input",
            vec![1000; 64].into(),
            "sample 0: it has a code",
        ),
        (
            "/network/layers/0/target",
            2.into(),
            "in its network, layer 'hidden'",
        ),
        (
            "/chip/input",
            serde_json::json!({ "port": 1 }),
            "chip: its input comes in at core 1",
        ),
        ("/chip/toml", "name = 3".into(), "its chip cannot be used: "),
        ("/lists/crc32", 1.into(), "its lists have the CRC-32"),
        ("/lists/bytes", 1.into(), "but must have 1"),
        ("/lists/base64", "%".into(), "its lists are no base 64"),
        (
            "/version",
            2.into(),
            "it is version 2 of sdann-program, but version 1 is supported",
        ),
        ("/format", "sdann-spiking".into(), "its format is 'sdann-spiking'"),
    ] {
        let text = refused(|document| *document.pointer_mut(pointer).unwrap() = value);
        assert!(text.contains(expected), "{pointer}: {text}");
    }
    let missing = refused(|document| drop(document.as_object_mut().unwrap().remove("cores")));
    assert!(missing.contains("missing field `cores`"), "{missing}");
}

#[test]
fn what_is_no_program_is_refused() {
    for bytes in [
        &b""[..],
        b"{",
        b"[]",
        b"null",
        b"\x08\x09",
        b"{\"format\":\"sdann-program\"}",
    ] {
        assert!(matches!(read(bytes), Err(ProgramError::Text(_))), "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_networks_on_random_chips_read_back_to_the_same_run(
        network in network(), conversion in conversion(), units in vec(0.0..=1.0f64, 50..200),
        neurons_per_core in 1u64..200, partition in 0usize..3, yx in any::<bool>(), multicast in any::<bool>(),
    ) {
        let codes = samples(&network, &units, 1);
        let set = Samples { codes: &codes, len: network.input().len() };
        let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
        let options = MappingOptions {
            partition: [Partition::Channels, Partition::Tiles, Partition::Both][partition],
            routing: if yx { Routing::Yx } else { Routing::Xy },
            delivery: if multicast { Delivery::Multicast } else { Delivery::Unicast },
            placement: Placement::RowMajor,
            ..MappingOptions::default()
        };
        let router = Router::new(&spiking, spread(&spiking, neurons_per_core, &options));
        let expected = traced(&network, &spiking, &codes);
        let program = read(&written(&network, &spiking, &router, std::slice::from_ref(&expected))).unwrap();
        prop_assert_eq!(program.router.mapping(), router.mapping());
        let (trace, traffic) = run(&program, &program.samples[0]);
        prop_assert_eq!(&trace, &expected);
        prop_assert_eq!(traffic, router.count(&expected));
    }

    #[test]
    fn a_program_with_wrong_bytes_is_refused_or_still_runs(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (_, mut bytes) = digits();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(program) = read(&bytes) {
            let input = vec![0; program.network.input().len()];
            run(&program, &input);
        }
    }
}
