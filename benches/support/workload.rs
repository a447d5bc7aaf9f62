//! What is measured of a model, natively and in a browser alike.

use sdann::chip::{ChipSettings, LoadMeter, Router, map};
use sdann::explore::{Tally, open_network};
use sdann::quantize::{QuantizedNetwork, Reference, winner};
use sdann::simulate::{BatchSimulator, Samples, Simulator, calibrate, measure, trace};
use sdann::spiking::{Conversion, SpikingNetwork};
use std::hint::black_box;

/// A model that is open, converted and mapped, with its samples.
pub struct Workload {
    network: QuantizedNetwork,
    /// Codes of all samples, one behind the other.
    codes: Vec<i32>,
    len: usize,
    exact: SpikingNetwork,
    narrow: SpikingNetwork,
    router: Router,
    meter: LoadMeter,
    batch: BatchSimulator,
    simulator: Simulator,
    reference: Reference,
    tally: Tally,
}

/// Samples that are calibrated on.
const CALIBRATION: usize = 50;
/// Neurons from which on a network goes onto larger cores.
const LARGE: usize = 100_000;

impl Workload {
    /// Reads a model whose samples are `reals`, one behind the other.
    pub fn open(model: &[u8], name: &str, reals: &[f32]) -> Self {
        let network = open_network(model, name).expect("a sound model");
        let len = network.tensors[0].len();
        let codes = network.quantize_input(reals);
        let converted = |register_bits| {
            let conversion = Conversion {
                register_bits,
                ..Conversion::default()
            };
            let samples = Samples {
                codes: &codes[..codes.len().min(len * CALIBRATION)],
                len,
            };
            let statistics = measure(&network, &conversion, samples);
            calibrate(&network, &conversion, &statistics, samples)
        };
        let (exact, narrow) = (converted(32), converted(16));
        let neurons: usize = network.tensors.iter().map(|tensor| tensor.len()).sum();
        let per_core = if neurons < LARGE { 256 } else { 4096 };
        let router = Router::new(&exact, map(&exact, &mesh(neurons, per_core)).expect("it fits"));
        Self {
            meter: LoadMeter::new(&exact, &router),
            batch: BatchSimulator::new(&network, &exact).expect("codes of 8 bits"),
            simulator: Simulator::new(&network),
            reference: Reference::new(&network),
            tally: Tally::new(&network, codes.len() / len),
            network,
            codes,
            len,
            exact,
            narrow,
            router,
        }
    }

    /// Products of weights and activations in one sample.
    pub fn macs(&self) -> usize {
        let dendrites = self.network.layers.iter().flat_map(|layer| &layer.dendrites);
        let weighing = dendrites.filter(|d| d.weights.bits > 2);
        weighing
            .map(|d| d.connections.output.len() * d.connections.fan_in())
            .sum()
    }

    /// How many of the labelled samples the integer reference gets right.
    #[allow(dead_code, reason = "the browser does not ask")]
    pub fn correct(&mut self, labels: &[u8]) -> usize {
        let samples = self.codes.chunks_exact(self.len).zip(labels);
        samples
            .filter(|&(sample, &label)| {
                self.reference.run(&self.network, sample);
                winner(self.reference.output()) == usize::from(label)
            })
            .count()
    }

    /// Runs the first `count` samples in the way that is named: `counted` is exact simulation with spikes counted per
    /// core, `exact` without counting, both in batches; `single` is `counted` sample by sample; `narrow` has 16-bit
    /// registers, whose steps are rounded.
    pub fn run(&mut self, what: &str, count: usize) {
        let samples = self.codes.chunks_exact(self.len).take(count);
        let batches = self.codes[..self.len * count].chunks(self.len * self.batch.capacity());
        let network = &self.network;
        match what {
            "counted" => batches.for_each(|codes| {
                self.batch.run(&self.exact, codes);
                self.meter.add_batch(&self.batch, &self.router);
            }),
            "exact" => batches.for_each(|codes| self.batch.run(&self.exact, codes)),
            "single" => samples.for_each(|sample| {
                self.simulator.run(&self.exact, sample, &mut ());
                self.meter.add(&self.simulator, &self.router);
            }),
            "narrow" => samples.for_each(|sample| self.simulator.run(&self.narrow, sample, &mut ())),
            "reference" => samples.for_each(|sample| self.reference.run(network, sample)),
            "agreement" => {
                self.tally.restart();
                samples.for_each(|sample| self.tally.add(network, &self.exact, sample, None));
            }
            "trace" => samples.for_each(|sample| {
                let (simulator, reference) = (&mut self.simulator, &mut self.reference);
                black_box(trace(network, &self.narrow, sample, simulator, reference));
            }),
            _ => panic!("there is no measure '{what}'"),
        }
    }
}

/// A square mesh on which `neurons` have room even if the last core of every layer is hardly filled.
pub fn mesh(neurons: usize, neurons_per_core: usize) -> ChipSettings {
    let cores = neurons.div_ceil(neurons_per_core) * 3 / 2 + 100;
    let side = cores.isqrt() as u16 + 1;
    ChipSettings {
        width: side,
        height: side,
        neurons_per_core: neurons_per_core as u32,
        ..ChipSettings::default()
    }
}
