//! Counts and energies beside those of SANA-FE, where the same networks were replayed on the same cores
//! (`tools/check_sanafe.py`, `docs/SANA-FE.md`).

use crate::files::{SHIPPED, root};
use sdann::chip::energy::{EnergyKind, Work, energy};
use sdann::chip::spec::Preset;
use sdann::chip::{Delivery, Mapping, MappingOptions, Router, Routing, Tiling, Topology, Traffic};
use sdann::export::ChipMeter;
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Samples, Simulator, calibrate, measure, trace};
use sdann::spiking::{BitOrder, Conversion, SpikingNetwork};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Fixture {
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    model: String,
    order: BitOrder,
    chip: OnChip,
    /// The core of each slice.
    cores: Vec<usize>,
    /// All neurons that SANA-FE has.
    neurons: u64,
    samples: Vec<Counted>,
}

#[derive(Deserialize)]
struct OnChip {
    topology: Topology,
    routing: Routing,
    delivery: Delivery,
    tilings: Vec<Tiling>,
}

/// What SANA-FE counted of a sample.
#[derive(Deserialize)]
struct Counted {
    /// Spikes, packets, hops, synaptic operations and updates of each step.
    steps: Vec<[u64; 5]>,
    /// Spikes, packets sent and received, and synaptic operations of each core.
    cores: BTreeMap<usize, [u64; 4]>,
    /// Of the same, core by core in every step.
    crc32: u32,
    hops: Hops,
    energy: Joules,
}

#[derive(Deserialize)]
struct Hops {
    east_west: u64,
    north_south: u64,
}

#[derive(Deserialize)]
struct Joules {
    synapse: f64,
    network: f64,
    total: f64,
}

fn fixture() -> Fixture {
    let text = std::fs::read(root().join("tests/fixtures/sanafe.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

impl Case {
    fn open(&self) -> (QuantizedNetwork, SpikingNetwork, Router, Vec<Vec<i32>>) {
        let shipped = SHIPPED.iter().find(|shipped| shipped.name == self.model).unwrap();
        let network = shipped.form("").unwrap();
        let inputs = shipped.samples(&network, "test").unwrap();
        let set = Samples {
            codes: &inputs[0],
            len: network.input().len(),
        };
        let conversion = Conversion {
            order: self.order,
            ..Conversion::default()
        };
        let spiking = calibrate(&network, &conversion, &measure(&network, &conversion, set), set);
        let options = MappingOptions {
            routing: self.chip.routing,
            delivery: self.chip.delivery,
            ..MappingOptions::default()
        };
        let tilings = self.chip.tilings.clone();
        let mapping = Mapping::new(self.chip.topology, &options, tilings, |slice| self.cores[slice]);
        let router = Router::new(&spiking, mapping);
        (network, spiking, router, inputs)
    }
}

/// The traffic of each sample with what SANA-FE counted.
fn each_sample(mut check: impl FnMut(&str, &Case, &Counted, &Traffic, Work)) {
    for (title, case) in &fixture().cases {
        let (network, spiking, router, inputs) = case.open();
        let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
        for (counted, input) in case.samples.iter().zip(&inputs) {
            let trace = trace(&network, &spiking, input, &mut simulator, &mut reference);
            let traffic = router.count(&trace);
            let mut meter = ChipMeter::new(router.mapping());
            meter.add(&traffic, &spiking, router.mapping());
            check(title, case, counted, &traffic, meter.work());
        }
    }
}

#[test]
fn spikes_packets_hops_and_operations_are_those_of_sana_fe_in_every_step_and_core() {
    let mut samples = 0;
    each_sample(|title, _, counted, traffic, work| {
        assert_eq!(traffic.steps, counted.steps.len(), "{title}");
        let mut digest = crc32fast::Hasher::new();
        let mut cores = vec![[0; 4]; traffic.cores()];
        for (step, expected) in counted.steps.iter().enumerate() {
            let tables = [
                &traffic.spikes,
                &traffic.sent,
                &traffic.received,
                &traffic.operations,
            ];
            let tables = tables.map(|table| traffic.at(table, step));
            let sum = |table: usize| tables[table].iter().map(|&n| u64::from(n)).sum::<u64>();
            let found = [sum(0), sum(1), traffic.hops[step], sum(3)];
            assert_eq!(found, expected[..4], "{title}, step {step}");
            for (core, sums) in cores.iter_mut().enumerate() {
                let counts = tables.map(|table| table[core]);
                digest.update(&counts.map(u32::to_le_bytes).concat());
                sums.iter_mut()
                    .zip(counts)
                    .for_each(|(sum, n)| *sum += u64::from(n));
            }
        }
        let used = cores.into_iter().enumerate().filter(|(_, sums)| *sums != [0; 4]);
        assert_eq!(used.collect::<BTreeMap<_, _>>(), counted.cores, "{title}");
        assert_eq!(digest.finalize(), counted.crc32, "{title}");
        assert_eq!(work.hops_east_west, counted.hops.east_west, "{title}");
        assert_eq!(work.hops_north_south, counted.hops.north_south, "{title}");
        samples += 1;
    });
    assert!(samples >= 9, "only {samples} samples are in the fixture");
}

#[test]
fn energies_are_those_of_sana_fe_for_the_same_figures() {
    let chip = Preset::LoihiSanaFe.chip();
    each_sample(|title, case, counted, _, work| {
        let near = |what: &str, here: f64, there: f64| {
            assert!(
                (here - there).abs() <= 0.01 * there,
                "{title}, {what}: {here} here, {there} there"
            );
        };
        // All synapses are of the dearest kind there, the upper end of the range here.
        let joules = |work: &Work, kind| energy(&chip, work).of(kind).map_or(0.0, |span| span.high);
        near(
            "synapses",
            joules(&work, EnergyKind::SynapticOperation),
            counted.energy.synapse,
        );
        let network = [
            EnergyKind::Packet,
            EnergyKind::PacketIn,
            EnergyKind::Tile,
            EnergyKind::HopEastWest,
            EnergyKind::HopNorthSouth,
        ];
        let network = network.into_iter().map(|kind| joules(&work, kind)).sum();
        near("network", network, counted.energy.network);
        // SANA-FE reads every neuron in every step, and counts updates its own way.
        let updates = Work {
            updates: case.neurons * counted.steps.len() as u64,
            active_updates: Some(counted.steps.iter().map(|step| step[4]).sum()),
            ..work
        };
        let total = energy(&chip, &updates);
        assert!(total.is_complete(), "{title}: {:?}", total.missing);
        near("total", total.total.high, counted.energy.total);
    });
}
