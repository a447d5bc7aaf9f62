//! What conversion takes from data: the ranges of intermediate results, and the sums that the mean
//! error of scaled integration is told from.

use super::correct::{CORRECTION_MEMORY, correct_mean_error};
use super::frequency::most_frequent;
use super::{Observer, Simulator, Site};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::{
    Conversion, Range, SilentCode, SpikingLayer, SpikingNetwork, convert_coded, ideal, no_ranges, spike_codes,
};

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
    /// The most frequent code of every tensor, or nothing where no conversion asks for it.
    pub frequent: Vec<i32>,
    /// For every layer and dendrite, the range of intermediate results at M_0 = 1. It depends on the spike
    /// code, its order, accumulation and fold, not on the register.
    pub ranges: Vec<Vec<Range>>,
    /// The same of the first half of the samples: whether more samples still widen the ranges.
    pub half_ranges: Vec<Vec<Range>>,
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
            frequent: Vec::new(),
            ranges: no_ranges(network),
            half_ranges: no_ranges(network),
            totals: network.layers.iter().map(channels).collect(),
        }
    }
}

/// Widens ranges by all that it sees.
pub(crate) struct RangeMeter<'a>(pub(crate) &'a mut [Vec<Range>]);

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
pub(super) fn add_channels(totals: &mut [i64], values: &[i64]) {
    let positions = values.len() / totals.len().max(1);
    for (total, channel) in totals.iter_mut().zip(values.chunks_exact(positions.max(1))) {
        *total += channel.iter().sum::<i64>();
    }
}

/// Runs samples through the exact network and measures.
pub fn measure(network: &QuantizedNetwork, conversion: &Conversion, samples: Samples<'_>) -> Statistics {
    let frequent = match conversion.silent_code {
        SilentCode::MostFrequent => most_frequent(network, samples),
        _ => Vec::new(),
    };
    let ideal = ideal(network, conversion, spike_codes(network, conversion, &frequent));
    let mut statistics = Statistics {
        samples: samples.count(),
        frequent,
        ..Statistics::none(network)
    };
    // With the fold in the membrane the ideal network computes the exact sums and codes itself.
    let is_exact = conversion.bias_calibration.fold && ideal.layers.iter().all(|layer| layer.fire.exact);
    let mut simulator = Simulator::new(network);
    let mut reference = Reference::new(network);
    for (number, sample) in samples.iter().enumerate() {
        if number == samples.count().div_ceil(2) {
            statistics.half_ranges.clone_from(&statistics.ranges);
        }
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
    if samples.count() < 2 {
        statistics.half_ranges.clone_from(&statistics.ranges);
    }
    statistics
}

/// Converts, and corrects the mean error of scaled integration if the conversion asks for it.
/// `statistics` are those of `samples`. Holds at most [`CORRECTION_MEMORY`] of what samples make.
pub fn calibrate(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    statistics: &Statistics,
    samples: Samples<'_>,
) -> SpikingNetwork {
    calibrate_within(CORRECTION_MEMORY, network, conversion, statistics, samples)
}

/// The same, holding at most `memory` bytes of what samples make. The result does not depend on it: what
/// is not held is simulated again for every layer.
pub fn calibrate_within(
    memory: usize,
    network: &QuantizedNetwork,
    conversion: &Conversion,
    statistics: &Statistics,
    samples: Samples<'_>,
) -> SpikingNetwork {
    let mut spiking = convert_coded(
        network,
        conversion,
        &statistics.ranges,
        spike_codes(network, conversion, &statistics.frequent),
    );
    let exact = spiking.layers.iter().all(SpikingLayer::is_surely_exact);
    if conversion.bias_calibration.correct && !exact && statistics.samples > 0 {
        correct_mean_error(network, &mut spiking, statistics, samples, memory);
    }
    spiking
}

/// V_scaled − V_exact of every neuron of a layer, in codes, after both were run on one sample.
pub fn potential_errors<'a>(
    network: &'a QuantizedNetwork,
    spiking: &'a SpikingNetwork,
    index: usize,
    simulator: &'a Simulator,
    reference: &'a Reference,
) -> impl Iterator<Item = f64> + 'a {
    simulator
        .potentials(spiking, index)
        .zip(exact_potentials(network, index, reference))
        .map(|(scaled, exact)| scaled - exact)
}

/// V of every neuron of a layer, in codes, were every sum exact.
pub fn exact_potentials<'a>(
    network: &'a QuantizedNetwork,
    index: usize,
    reference: &'a Reference,
) -> impl Iterator<Item = f64> + 'a {
    let layer = &network.layers[index];
    let m_hat: Vec<_> = (0..layer.dendrites.len())
        .map(|d| layer.requantizer.multipliers(d, layer.neurons()))
        .collect();
    let zero_point = f64::from(layer.requantizer.zero_point());
    (0..layer.neurons()).map(move |neuron| {
        let terms = m_hat.iter().enumerate();
        terms.fold(zero_point + layer.requantizer.offset(neuron), |sum, (d, m)| {
            sum + m.at(neuron) * reference.sums(index, d)[neuron] as f64
        })
    })
}
