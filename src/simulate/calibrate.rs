//! What conversion takes from data: the ranges of intermediate results, and the mean error that
//! scaled integration makes.

use super::{Observer, Simulator};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::{Conversion, Range, SpikingNetwork, convert, fit_bias, ideal};

/// Samples to calibrate with: input codes of one sample after the other.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// Codes of all samples.
    pub codes: &'a [i32],
    /// Codes of one.
    pub len: usize,
}

impl<'a> Samples<'a> {
    /// One sample after the other.
    pub fn iter(self) -> impl Iterator<Item = &'a [i32]> {
        self.codes.chunks_exact(self.len.max(1))
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.codes.len() / self.len.max(1)
    }
}

/// Widens a range by all that it sees.
struct RangeMeter(Vec<Range>);

impl Observer for RangeMeter {
    fn start(&mut self, layer: usize, membranes: &[i64]) {
        membranes.iter().for_each(|&u| self.0[layer].include(u));
    }

    fn step(&mut self, layer: usize, _step: usize, currents: &[i64], membranes: &[i64]) {
        let range = &mut self.0[layer];
        currents.iter().chain(membranes).for_each(|&value| range.include(value));
    }
}

/// The range of every layer's intermediate results at M_0 = 1 over `samples`. It depends on bit
/// order, accumulation and fold, not on the register.
pub fn measure_ranges(network: &QuantizedNetwork, conversion: &Conversion, samples: Samples<'_>) -> Vec<Range> {
    let ideal = ideal(network, conversion);
    let mut meter = RangeMeter(vec![Range::default(); network.layers.len()]);
    let mut simulator = Simulator::new(&network.tensors);
    let mut reference = Reference::new(network);
    for sample in samples.iter() {
        // Each layer listens to the exact codes, so that folding at the potential, which may round
        // ties otherwise, does not change what is measured behind it.
        reference.run(network, sample);
        for (index, layer) in network.layers.iter().enumerate() {
            simulator.set_codes(layer.source, reference.codes(layer.source));
            simulator.run_layer(&ideal, index, &mut meter);
        }
    }
    meter.0
}

/// Converts, and corrects the mean error of scaled integration if the conversion asks for it.
pub fn calibrate(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    ranges: &[Range],
    samples: Samples<'_>,
) -> SpikingNetwork {
    let mut spiking = convert(network, conversion, ranges);
    if conversion.bias_calibration.correct {
        correct_mean_error(network, &mut spiking, samples);
    }
    spiking
}

/// b̃_i += E[V_exact − V_scaled] per output channel, layer after layer: each layer is measured with
/// those before it already corrected. Layers that come out exact are left alone.
fn correct_mean_error(network: &QuantizedNetwork, spiking: &mut SpikingNetwork, samples: Samples<'_>) {
    if spiking.layers.iter().all(|l| l.scale.is_one() && l.plan.proven && l.fire.exact && l.plan.bias_saturated == 0) {
        return;
    }
    let mut runs: Vec<(Simulator, Reference)> = Vec::with_capacity(samples.count());
    for sample in samples.iter() {
        let (mut simulator, mut reference) = (Simulator::new(&network.tensors), Reference::new(network));
        simulator.set_codes(0, sample);
        reference.run(network, sample);
        runs.push((simulator, reference));
    }
    for index in 0..spiking.layers.len() {
        let corrections = mean_errors(network, spiking, index, &mut runs);
        apply(spiking, index, &corrections);
        for (simulator, _) in &mut runs {
            simulator.run_layer(spiking, index, &mut ());
        }
    }
}

/// E[V_exact − V_scaled] of every output channel of a layer.
fn mean_errors(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    index: usize,
    runs: &mut [(Simulator, Reference)],
) -> Vec<f64> {
    let layer = &network.layers[index];
    let positions = layer.connections.output.positions();
    let mut errors = vec![0.0; layer.connections.output.channels];
    let count = (runs.len() * positions).max(1) as f64;
    for (simulator, reference) in runs {
        simulator.run_layer(spiking, index, &mut ());
        for (neuron, error) in potential_errors(network, spiking, index, simulator, reference).enumerate() {
            errors[neuron / positions] -= error;
        }
    }
    errors.iter_mut().for_each(|e| *e /= count);
    errors
}

/// V_scaled − V_exact of every neuron of a layer, in codes, after both were run on one sample.
pub fn potential_errors<'a>(
    network: &'a QuantizedNetwork,
    spiking: &'a SpikingNetwork,
    index: usize,
    simulator: &'a Simulator,
    reference: &'a Reference,
) -> impl Iterator<Item = f64> + 'a {
    let layer = &network.layers[index];
    let positions = layer.connections.output.positions();
    let exact = move |neuron: usize, sum: i64| {
        layer.requantizer.multiplier(neuron / positions) * sum as f64 + f64::from(layer.requantizer.zero_point())
    };
    let sums = reference.sums(index).iter().enumerate();
    sums.zip(simulator.potentials(spiking, index)).map(move |((neuron, &sum), scaled)| scaled - exact(neuron, sum))
}

fn apply(spiking: &mut SpikingNetwork, index: usize, corrections: &[f64]) {
    if corrections.iter().all(|&c| c == 0.0) {
        return;
    }
    let conversion = spiking.conversion;
    let layer = &mut spiking.layers[index];
    let positions = layer.connections.output.positions();
    let fire = &mut layer.fire;
    if fire.bias.is_empty() {
        fire.bias = vec![0.0; layer.connections.output.len()];
    }
    for (neuron, bias) in fire.bias.iter_mut().enumerate() {
        *bias += corrections[neuron / positions];
    }
    let (bias, saturated) = fit_bias(std::mem::take(&mut fire.bias), &conversion);
    fire.bias = bias;
    fire.exact = false;
    layer.plan.bias_saturated += saturated;
    layer.plan.mean_correction = corrections.iter().sum::<f64>() / corrections.len().max(1) as f64;
}
