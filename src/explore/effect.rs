//! What the correction of the mean error mends.

use crate::quantize::{QuantizedNetwork, Reference};
use crate::simulate::{Observer, Samples, Simulator, Site, Statistics, calibrate, potential_errors};
use crate::spiking::{BiasCalibration, Conversion, SpikingNetwork};
use serde::{Deserialize, Serialize};

/// What the correction of the mean error does to one layer: V_scaled − V_exact over samples, in
/// codes, without it and with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationEffect {
    /// The layer.
    pub layer: usize,
    /// Samples looked at.
    pub samples: usize,
    /// The register width that this was measured with.
    pub register_bits: u8,
    /// Lower edge of the first bin, in codes.
    pub from: f64,
    /// Width of a bin, in codes.
    pub bin: f64,
    /// Errors without correction.
    pub without: ErrorDistribution,
    /// Errors with correction.
    pub with: ErrorDistribution,
}

/// A histogram of errors with its summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorDistribution {
    /// How many errors fall in each bin; those beyond the ends are in the first and last.
    pub counts: Vec<u64>,
    /// Mean error, in codes.
    pub mean: f64,
    /// Codes equal to the reference's, of `codes`.
    pub equal: u64,
    /// Codes compared.
    pub codes: u64,
    /// Results outside the register.
    pub overflows: u64,
}

/// Bins of a histogram.
const BINS: usize = 80;

/// Measures the effect of mean-error correction on one layer: calibrated on `calibration`, measured
/// on `samples`.
pub fn calibration_effect(
    network: &QuantizedNetwork,
    conversion: &Conversion,
    statistics: &Statistics,
    calibration: Samples<'_>,
    samples: Samples<'_>,
    layer: usize,
) -> CalibrationEffect {
    let errors = |correct| {
        let bias_calibration = BiasCalibration {
            correct,
            ..conversion.bias_calibration
        };
        let conversion = Conversion {
            bias_calibration,
            ..*conversion
        };
        let spiking = calibrate(network, &conversion, statistics, calibration);
        layer_errors(network, &spiking, samples, layer)
    };
    let (without, with) = (errors(false), errors(true));
    let (from, bin) = bins(&without.errors, &with.errors);
    CalibrationEffect {
        layer,
        samples: samples.count(),
        register_bits: conversion.register_bits,
        from,
        bin,
        without: without.distribution(from, bin),
        with: with.distribution(from, bin),
    }
}

/// Errors of one layer over samples.
struct LayerErrors {
    errors: Vec<f64>,
    equal: u64,
    overflows: u64,
}

/// Counts overflows of one layer.
struct Overflows {
    layer: usize,
    count: u64,
}

impl Observer for Overflows {
    const SEES_STEPS: bool = false;

    fn overflow(&mut self, site: Site, _step: Option<usize>, _neuron: usize, _value: i64) {
        self.count += u64::from(site.layer == self.layer);
    }
}

fn layer_errors(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    samples: Samples<'_>,
    layer: usize,
) -> LayerErrors {
    let target = network.layers[layer].target;
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    let mut overflows = Overflows { layer, count: 0 };
    let mut all = LayerErrors {
        errors: Vec::new(),
        equal: 0,
        overflows: 0,
    };
    for sample in samples.iter() {
        simulator.run(spiking, sample, &mut overflows);
        reference.run(network, sample);
        all.errors
            .extend(potential_errors(network, spiking, layer, &simulator, &reference));
        let codes = simulator.codes(target).iter().zip(reference.codes(target));
        all.equal += codes.filter(|(code, exact)| code == exact).count() as u64;
    }
    all.overflows = overflows.count;
    all
}

/// Bins that hold 99 % of both sets of errors, one code wide on either side at least, with the 0
/// on an edge.
fn bins(without: &[f64], with: &[f64]) -> (f64, f64) {
    let mut magnitudes: Vec<f64> = without.iter().chain(with).map(|e| e.abs()).collect();
    let rank = (magnitudes.len() * 99 / 100).min(magnitudes.len().saturating_sub(1));
    let most = if magnitudes.is_empty() {
        0.0
    } else {
        *magnitudes.select_nth_unstable_by(rank, f64::total_cmp).1
    };
    let half = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]
        .into_iter()
        .find(|&h| h >= most)
        .unwrap_or(most.ceil());
    (-half, 2.0 * half / BINS as f64)
}

impl LayerErrors {
    fn distribution(&self, from: f64, bin: f64) -> ErrorDistribution {
        let mut counts = vec![0; BINS];
        for error in &self.errors {
            let index = ((error - from) / bin).floor().clamp(0.0, (BINS - 1) as f64);
            counts[index as usize] += 1;
        }
        ErrorDistribution {
            counts,
            mean: self.errors.iter().sum::<f64>() / self.errors.len().max(1) as f64,
            equal: self.equal,
            codes: self.errors.len() as u64,
            overflows: self.overflows,
        }
    }
}
