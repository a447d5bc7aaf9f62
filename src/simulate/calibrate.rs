//! What conversion takes from data: the ranges of intermediate results, and the mean error that
//! scaled integration makes.

use super::{Observer, Simulator};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::{Conversion, Range, SpikingLayer, SpikingNetwork, convert, fit_bias, ideal};

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

/// What conversion needs to know of a set of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// How many samples were looked at.
    pub samples: usize,
    /// The range of every layer's intermediate results at M_0 = 1. It depends on bit order,
    /// accumulation and fold, not on the register.
    pub ranges: Vec<Range>,
    /// For every layer, the exact sums (acc) of each output channel, added up over positions and
    /// samples.
    pub totals: Vec<Vec<i64>>,
}

/// Widens ranges by all that it sees.
struct RangeMeter<'a>(&'a mut [Range]);

impl RangeMeter<'_> {
    fn include(&mut self, layer: usize, values: &[i64]) {
        values.iter().for_each(|&value| self.0[layer].include(value));
    }
}

impl Observer for RangeMeter<'_> {
    fn start(&mut self, layer: usize, membranes: &[i64]) {
        self.include(layer, membranes);
    }

    fn unfolded(&mut self, layer: usize, membranes: &[i64]) {
        self.include(layer, membranes);
    }

    fn step(&mut self, layer: usize, _step: usize, currents: &[i64], membranes: &[i64]) {
        self.include(layer, currents);
        self.include(layer, membranes);
    }
}

/// Adds the values of each channel to its total.
fn add_channels(totals: &mut [i64], values: &[i64]) {
    let positions = values.len() / totals.len().max(1);
    for (total, channel) in totals.iter_mut().zip(values.chunks_exact(positions)) {
        *total += channel.iter().sum::<i64>();
    }
}

/// Runs samples through the exact network and measures.
pub fn measure(network: &QuantizedNetwork, conversion: &Conversion, samples: Samples<'_>) -> Statistics {
    let ideal = ideal(network, conversion);
    let mut statistics = Statistics {
        samples: samples.count(),
        ranges: vec![Range::default(); network.layers.len()],
        totals: network
            .layers
            .iter()
            .map(|l| vec![0; l.connections.output.channels])
            .collect(),
    };
    let mut simulator = Simulator::new(&network.tensors);
    let mut reference = Reference::new(network);
    for sample in samples.iter() {
        // Each layer listens to the exact codes, so that folding at the potential, which may round
        // ties otherwise, does not change what is measured behind it.
        reference.run(network, sample);
        for (index, layer) in network.layers.iter().enumerate() {
            simulator.set_codes(layer.source, reference.codes(layer.source));
            simulator.run_layer(&ideal, index, &mut RangeMeter(&mut statistics.ranges));
            add_channels(&mut statistics.totals[index], reference.sums(index));
        }
    }
    statistics
}

/// Converts, and corrects the mean error of scaled integration if the conversion asks for it.
/// `statistics` are those of `samples`.
pub fn calibrate(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    statistics: &Statistics,
    samples: Samples<'_>,
) -> SpikingNetwork {
    let mut spiking = convert(network, conversion, &statistics.ranges);
    if conversion.bias_calibration.correct && !is_surely_exact(&spiking) && statistics.samples > 0 {
        correct_mean_error(network, &mut spiking, statistics, samples);
    }
    spiking
}

fn is_surely_exact(spiking: &SpikingNetwork) -> bool {
    spiking
        .layers
        .iter()
        .all(|l| l.fire.exact && l.plan.proven && l.plan.bias_saturated == 0)
}

/// b̃_i += E[V_exact − V_scaled] per output channel, layer after layer: each layer is measured with
/// those before it already corrected. V is linear in the membrane, so the mean of V_scaled is that
/// of the membranes' total; a layer that came out exact has the same total and is left alone.
fn correct_mean_error(
    network: &QuantizedNetwork,
    spiking: &mut SpikingNetwork,
    statistics: &Statistics,
    samples: Samples<'_>,
) {
    let mut simulator = Simulator::new(&network.tensors);
    let mut codes: Vec<Vec<i32>> = vec![Vec::new(); network.tensors.len()];
    codes[0] = samples.codes.to_vec();
    let mut membranes: Vec<i64> = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        let mut totals = vec![0; layer.connections.output.channels];
        membranes.clear();
        for source in codes[layer.source].chunks_exact(network.tensors[layer.source].len()) {
            simulator.set_codes(layer.source, source);
            simulator.run_layer(spiking, index, &mut ());
            add_channels(&mut totals, simulator.membranes(index));
            membranes.extend_from_slice(simulator.membranes(index));
        }
        let exact = &statistics.totals[index];
        correct(
            &mut spiking.layers[index],
            &spiking.conversion,
            exact,
            &totals,
            statistics.samples,
        );
        // Membranes do not depend on b̃, so the window need not be simulated again.
        let fired = &mut codes[layer.target];
        for membranes in membranes.chunks_exact(layer.connections.output.len()) {
            simulator.fire_from(spiking, index, membranes);
            fired.extend_from_slice(simulator.codes(layer.target));
        }
    }
}

/// Adds the mean of V_exact less that of V_scaled to b̃, channel by channel.
fn correct(layer: &mut SpikingLayer, conversion: &Conversion, exact: &[i64], scaled: &[i64], samples: usize) {
    let positions = layer.connections.output.positions();
    let count = (samples * positions).max(1) as f64;
    let fire = &mut layer.fire;
    let zero_point = f64::from(fire.requantizer.zero_point() - fire.zero_point);
    let corrections: Vec<f64> = (0..exact.len())
        .map(|channel| {
            let bias = fire
                .bias
                .get(channel * positions..(channel + 1) * positions)
                .unwrap_or_default();
            let m1 = fire.m1[if fire.m1.len() == 1 { 0 } else { channel }];
            let exact = fire.requantizer.multiplier(channel) * exact[channel] as f64 / count + zero_point;
            exact - m1 * scaled[channel] as f64 / count - bias.iter().sum::<f64>() / positions as f64
        })
        .collect();
    if corrections.iter().all(|&c| c == 0.0) {
        return;
    }
    let mut bias = std::mem::take(&mut fire.bias);
    bias.resize(layer.connections.output.len(), 0.0);
    for (neuron, bias) in bias.iter_mut().enumerate() {
        *bias += corrections[neuron / positions];
    }
    let (bias, saturated) = fit_bias(bias, conversion);
    fire.bias = bias;
    fire.exact = false;
    layer.plan.bias_saturated += saturated;
    layer.plan.mean_correction = corrections.iter().sum::<f64>() / corrections.len().max(1) as f64;
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
        layer.requantizer.multiplier(neuron / positions) * sum as f64
            + f64::from(layer.requantizer.zero_point())
    };
    let sums = reference.sums(index).iter().enumerate();
    sums.zip(simulator.potentials(spiking, index))
        .map(move |((neuron, &sum), scaled)| scaled - exact(neuron, sum))
}
