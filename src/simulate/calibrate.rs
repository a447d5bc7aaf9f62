//! What conversion takes from data: the ranges of intermediate results, and the mean error that
//! scaled integration makes.

use super::{Observer, Simulator, Site};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::{Conversion, Range, SpikingLayer, SpikingNetwork, convert, fit_bias, ideal, no_ranges};

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
    /// For every layer and dendrite, the range of intermediate results at M_0 = 1. It depends on bit
    /// order, accumulation and fold, not on the register.
    pub ranges: Vec<Vec<Range>>,
    /// For every layer and dendrite, the exact sums of each output channel, added up over positions
    /// and samples.
    pub totals: Vec<Vec<Vec<i64>>>,
}

impl Statistics {
    /// Of no samples at all.
    pub fn none(network: &QuantizedNetwork) -> Self {
        let channels = |layer: &crate::quantize::Layer| {
            layer
                .dendrites
                .iter()
                .map(|d| vec![0; d.connections.output.channels])
                .collect()
        };
        Self {
            samples: 0,
            ranges: no_ranges(network),
            totals: network.layers.iter().map(channels).collect(),
        }
    }
}

/// Widens ranges by all that it sees.
struct RangeMeter<'a>(&'a mut [Vec<Range>]);

impl RangeMeter<'_> {
    fn include(&mut self, site: Site, values: &[i64]) {
        let range = &mut self.0[site.layer][site.dendrite];
        values.iter().for_each(|&value| range.include(value));
    }
}

impl Observer for RangeMeter<'_> {
    fn start(&mut self, site: Site, membranes: &[i64]) {
        self.include(site, membranes);
    }

    fn unfolded(&mut self, site: Site, membranes: &[i64]) {
        self.include(site, membranes);
    }

    fn step(&mut self, site: Site, _step: usize, currents: &[i64], membranes: &[i64]) {
        self.include(site, currents);
        self.include(site, membranes);
    }
}

/// Adds the values of each channel to its total.
fn add_channels(totals: &mut [i64], values: &[i64]) {
    let positions = values.len() / totals.len().max(1);
    for (total, channel) in totals.iter_mut().zip(values.chunks_exact(positions.max(1))) {
        *total += channel.iter().sum::<i64>();
    }
}

/// Runs samples through the exact network and measures.
pub fn measure(network: &QuantizedNetwork, conversion: &Conversion, samples: Samples<'_>) -> Statistics {
    let ideal = ideal(network, conversion);
    let mut statistics = Statistics {
        samples: samples.count(),
        ..Statistics::none(network)
    };
    // With the fold in the membrane the ideal network computes the exact sums and codes itself.
    let is_exact = conversion.bias_calibration.fold && ideal.layers.iter().all(is_unfitted_and_exact);
    let mut simulator = Simulator::new(network);
    let mut reference = Reference::new(network);
    for sample in samples.iter() {
        let Statistics { ranges, totals, .. } = &mut statistics;
        if is_exact {
            simulator.run(&ideal, sample, &mut RangeMeter(ranges));
            for (index, totals) in totals.iter_mut().enumerate() {
                for (totals, membranes) in totals.iter_mut().zip(simulator.membranes(index)) {
                    add_channels(totals, membranes);
                }
            }
            continue;
        }
        // Each layer listens to the exact codes, so that folding at the potential, which may round
        // ties otherwise, does not change what is measured behind it.
        reference.run(network, sample);
        for tensor in 0..network.tensors.len() {
            simulator.set_codes(tensor, reference.codes(tensor));
        }
        for (index, layer) in network.layers.iter().enumerate() {
            simulator.run_layer(&ideal, index, &mut RangeMeter(ranges));
            simulator.set_codes(layer.target, reference.codes(layer.target));
            for (dendrite, totals) in totals[index].iter_mut().enumerate() {
                add_channels(totals, reference.sums(index, dendrite));
            }
        }
    }
    statistics
}

fn is_unfitted_and_exact(layer: &SpikingLayer) -> bool {
    layer.fire.exact && layer.plan.bias_saturated == 0
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
    let exact = spiking.layers.iter().all(SpikingLayer::is_surely_exact);
    if conversion.bias_calibration.correct && !exact && statistics.samples > 0 {
        correct_mean_error(network, &mut spiking, statistics, samples);
    }
    spiking
}

/// b̃_i += E[V_exact − V_scaled] per output channel, layer after layer: each layer is measured with
/// those before it already corrected. V is linear in the membranes, so the mean of V_scaled is that
/// of their totals; a layer that came out exact has the same totals and is left alone.
fn correct_mean_error(
    network: &QuantizedNetwork,
    spiking: &mut SpikingNetwork,
    statistics: &Statistics,
    samples: Samples<'_>,
) {
    let mut simulator = Simulator::new(network);
    // Codes of every tensor, one sample after the other, as far as they are known.
    let mut codes: Vec<Vec<i32>> = vec![Vec::new(); network.tensors.len()];
    codes[0] = samples.codes.to_vec();
    let mut membranes: Vec<i64> = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        let mut totals: Vec<Vec<i64>> = statistics.totals[index]
            .iter()
            .map(|t| vec![0; t.len()])
            .collect();
        membranes.clear();
        for sample in 0..samples.count() {
            for &tensor in layer.dendrites.iter().flat_map(|d| &d.view.tensors) {
                let len = network.tensors[tensor].len();
                simulator.set_codes(tensor, &codes[tensor][sample * len..][..len]);
            }
            simulator.run_layer(spiking, index, &mut ());
            for (totals, values) in totals.iter_mut().zip(simulator.membranes(index)) {
                add_channels(totals, values);
                membranes.extend_from_slice(values);
            }
        }
        let exact = &statistics.totals[index];
        correct(
            &mut spiking.layers[index],
            &spiking.conversion,
            exact,
            &totals,
            samples.count(),
        );
        // Membranes do not depend on b̃, so the window need not be simulated again.
        let fired = &mut codes[layer.target];
        for membranes in membranes.chunks_exact((layer.neurons() * layer.dendrites.len()).max(1)) {
            simulator.set_membranes(index, membranes);
            simulator.fire(spiking, index);
            fired.extend_from_slice(simulator.codes(layer.target));
        }
    }
}

/// Adds the mean of V_exact less that of V_scaled to b̃, channel by channel.
fn correct(
    layer: &mut SpikingLayer,
    conversion: &Conversion,
    exact: &[Vec<i64>],
    scaled: &[Vec<i64>],
    samples: usize,
) {
    let neurons = layer.neurons();
    let channels = layer.dendrites[0].connections.output.channels;
    let positions = neurons / channels.max(1);
    let count = (samples * positions).max(1) as f64;
    let fire = &mut layer.fire;
    let zero_point = f64::from(fire.requantizer.zero_point() - fire.zero_point);
    let corrections: Vec<f64> = (0..channels)
        .map(|channel| {
            let bias = fire
                .bias
                .get(channel * positions..(channel + 1) * positions)
                .unwrap_or_default();
            let mut correction = zero_point - bias.iter().sum::<f64>() / positions as f64;
            for (dendrite, (exact, scaled)) in exact.iter().zip(scaled).enumerate() {
                let m_hat = fire
                    .requantizer
                    .multipliers(dendrite, neurons)
                    .at(channel * positions);
                let m1 = fire.m1[dendrite].at(channel * positions);
                correction += m_hat * exact[channel] as f64 / count - m1 * scaled[channel] as f64 / count;
            }
            correction
        })
        .collect();
    if corrections.iter().all(|&c| c == 0.0) {
        return;
    }
    let mut bias = std::mem::take(&mut fire.bias);
    bias.resize(neurons, 0.0);
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
    let m_hat: Vec<_> = (0..layer.dendrites.len())
        .map(|d| layer.requantizer.multipliers(d, layer.neurons()))
        .collect();
    let zero_point = f64::from(layer.requantizer.zero_point());
    let exact = move |neuron: usize| {
        let terms = m_hat.iter().enumerate();
        terms.fold(zero_point + layer.requantizer.offset(neuron), |sum, (d, m)| {
            sum + m.at(neuron) * reference.sums(index, d)[neuron] as f64
        })
    };
    simulator
        .potentials(spiking, index)
        .enumerate()
        .map(move |(neuron, scaled)| scaled - exact(neuron))
}
