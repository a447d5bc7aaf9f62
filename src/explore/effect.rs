//! What the parts of bias calibration mend.

use crate::quantize::{QuantizedNetwork, Reference};
use crate::simulate::{Observer, Packed, Simulator, Site, potential_errors};
use crate::spiking::{Conversion, SpikingLayer, SpikingNetwork};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// What bias calibration does to one layer: V_scaled − V_exact over samples, in codes, without the correction of
/// the mean error and with it; and the same without the fit to the bias register, or with it.
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
    /// Whether constants are fitted to the bias register in the two that follow, as it is set.
    pub is_fitted: bool,
    /// Errors without correction.
    pub without: ErrorDistribution,
    /// Errors with correction.
    pub with: ErrorDistribution,
    /// Errors without and with correction, fitted the other way; `None` where nobody asked.
    pub otherwise: Option<[ErrorDistribution; 2]>,
}

/// A histogram of errors with its summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorDistribution {
    /// How many errors fall in each bin; those beyond the ends are in the first and last.
    pub counts: Vec<u64>,
    /// Mean error, in codes.
    pub mean: f64,
    /// Standard deviation of the errors, in codes.
    pub deviation: f64,
    /// Codes equal to the reference's, of `codes`.
    pub equal: u64,
    /// Codes compared.
    pub codes: u64,
    /// Results outside the register.
    pub overflows: u64,
    /// Mean error of each output channel, in codes.
    pub channels: Packed<f64>,
    /// What each output channel's neurons add, in codes: b̃ and what the membrane starts with, on average.
    pub bias: Packed<f64>,
}

/// Bins of a histogram.
const BINS: usize = 80;

/// Measures the effect of bias calibration on one layer, sample by sample, so that whoever measures can do other
/// things in between.
#[derive(Debug)]
pub struct EffectMeter {
    layer: usize,
    /// Input codes of the samples to look at, one after the other.
    codes: Vec<i32>,
    /// Samples looked at.
    measured: usize,
    /// Without correction and with it; then the same fitted the other way, if that is wanted.
    arms: Vec<Arm>,
    simulator: Simulator,
    reference: Reference,
}

/// One side of the comparison.
#[derive(Debug)]
struct Arm {
    conversion: Conversion,
    /// Converted when its turn comes.
    spiking: Option<Rc<SpikingNetwork>>,
    errors: LayerErrors,
}

/// Errors of one layer over samples.
#[derive(Debug, Default)]
struct LayerErrors {
    errors: Vec<f64>,
    /// Sums of each output channel.
    channels: Vec<f64>,
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

impl CalibrationEffect {
    /// The errors with these parts of bias calibration on; `None` where nobody asked.
    pub fn of(&self, fit: bool, correct: bool) -> Option<&ErrorDistribution> {
        if fit == self.is_fitted {
            return Some(if correct { &self.with } else { &self.without });
        }
        self.otherwise.as_ref().map(|both| &both[usize::from(correct)])
    }
}

impl EffectMeter {
    /// Compares `conversion` without correction and with it on the samples in `codes`; `all` compares both kinds
    /// of fitting as well.
    pub fn new(
        network: &QuantizedNetwork,
        conversion: &Conversion,
        codes: Vec<i32>,
        layer: usize,
        all: bool,
    ) -> Self {
        let set = conversion.bias_calibration.fit;
        let fits = if all { &[set, !set][..] } else { &[set] };
        let arms = fits
            .iter()
            .flat_map(|&fit| [false, true].map(|correct| (fit, correct)));
        let arm = |(fit, correct)| {
            let mut conversion = *conversion;
            (
                conversion.bias_calibration.fit,
                conversion.bias_calibration.correct,
            ) = (fit, correct);
            Arm {
                conversion,
                spiking: None,
                errors: LayerErrors::default(),
            }
        };
        Self {
            layer,
            codes,
            measured: 0,
            arms: arms.map(arm).collect(),
            simulator: Simulator::new(network),
            reference: Reference::new(network),
        }
    }

    /// The conversion that is wanted next ([`Self::take`]), before anything is measured.
    pub(super) fn wanted(&self) -> Option<Conversion> {
        let missing = self.arms.iter().find(|arm| arm.spiking.is_none());
        missing.map(|arm| arm.conversion)
    }

    /// Input codes of the samples to look at.
    pub(super) fn codes(&self) -> &[i32] {
        &self.codes
    }

    /// The network of the conversion that was wanted.
    pub(super) fn take(&mut self, spiking: Rc<SpikingNetwork>) {
        if let Some(arm) = self.arms.iter_mut().find(|arm| arm.spiking.is_none()) {
            arm.spiking = Some(spiking);
        }
    }

    /// Looks at the next sample. Says whether any are left.
    pub(super) fn measure_next(&mut self, network: &QuantizedNetwork) -> bool {
        let len = network.input().len().max(1);
        let Some(sample) = self.codes.chunks_exact(len).nth(self.measured) else {
            return false;
        };
        self.reference.run(network, sample);
        for arm in &mut self.arms {
            arm.measure(network, self.layer, sample, &mut self.simulator, &self.reference);
        }
        self.measured += 1;
        self.measured < self.codes.len() / len
    }

    /// What was measured so far.
    pub fn effect(&self) -> CalibrationEffect {
        let (from, bin) = bins(self.arms.iter().map(|arm| &arm.errors.errors[..]));
        let distribution = |index: usize| {
            let arm = self.arms.get(index)?;
            Some(arm.errors.distribution(from, bin, arm.bias(self.layer)))
        };
        let conversion = self.arms.first().map(|arm| arm.conversion).unwrap_or_default();
        CalibrationEffect {
            layer: self.layer,
            samples: self.measured,
            register_bits: conversion.register_bits,
            from,
            bin,
            is_fitted: conversion.bias_calibration.fit,
            without: distribution(0).unwrap_or_default(),
            with: distribution(1).unwrap_or_default(),
            otherwise: distribution(2).zip(distribution(3)).map(<[_; 2]>::from),
        }
    }
}

impl Arm {
    fn measure(
        &mut self,
        network: &QuantizedNetwork,
        layer: usize,
        sample: &[i32],
        simulator: &mut Simulator,
        reference: &Reference,
    ) {
        let Some(spiking) = &self.spiking else { return };
        let all = &mut self.errors;
        let mut overflows = Overflows { layer, count: 0 };
        // The layers behind it do not change what it does.
        simulator.run_until(spiking, sample, layer, &mut overflows);
        let before = all.errors.len();
        all.errors
            .extend(potential_errors(network, spiking, layer, simulator, reference));
        let (new, channels) = (&all.errors[before..], channels(&spiking.layers[layer]));
        all.channels.resize(channels, 0.0);
        for (sum, errors) in all.channels.iter_mut().zip(by_channel(new, channels)) {
            *sum += errors.iter().sum::<f64>();
        }
        if network.layers[layer].requantizer.output().is_some() {
            let target = network.layers[layer].target;
            let codes = simulator.codes(target).iter().zip(reference.codes(target));
            all.equal += codes.filter(|(code, exact)| code == exact).count() as u64;
        } else {
            let reals = simulator.output().iter().zip(reference.output());
            all.equal += reals
                .filter(|(real, exact)| real.to_bits() == exact.to_bits())
                .count() as u64;
        }
        all.overflows += overflows.count;
    }

    /// What the neurons of each channel add, in codes.
    fn bias(&self, layer: usize) -> Vec<f64> {
        let Some(layer) = self
            .spiking
            .as_ref()
            .and_then(|spiking| spiking.layers.get(layer))
        else {
            return Vec::new();
        };
        let fire = &layer.fire;
        let constant = |neuron: usize| {
            let behind = fire.bias.get(neuron).copied().unwrap_or(0.0);
            let starts = layer.dendrites.iter().zip(&fire.m1);
            starts.fold(behind, |sum, (dendrite, m1)| {
                let start = dendrite.start.get(neuron).copied().unwrap_or(0);
                sum + m1.at(neuron) * start as f64
            })
        };
        let all: Vec<f64> = (0..layer.neurons()).map(constant).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        by_channel(&all, channels(layer)).map(mean).collect()
    }
}

fn channels(layer: &SpikingLayer) -> usize {
    layer.dendrites[0].connections.output.channels
}

/// The values of one channel after the other.
fn by_channel(values: &[f64], channels: usize) -> std::slice::ChunksExact<'_, f64> {
    values.chunks_exact((values.len() / channels.max(1)).max(1))
}

/// Bins that hold 99 % of all sets of errors together, one code wide on either side at least, with the 0 on an edge.
fn bins<'a>(sets: impl Iterator<Item = &'a [f64]>) -> (f64, f64) {
    let mut magnitudes: Vec<f64> = sets.flatten().map(|error| error.abs()).collect();
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
    fn distribution(&self, from: f64, bin: f64, bias: Vec<f64>) -> ErrorDistribution {
        let mut counts = vec![0; BINS];
        for error in &self.errors {
            let index = ((error - from) / bin).floor().clamp(0.0, (BINS - 1) as f64);
            counts[index as usize] += 1;
        }
        let number = self.errors.len().max(1) as f64;
        let mean = self.errors.iter().sum::<f64>() / number;
        let squares = self.errors.iter().map(|error| (error - mean) * (error - mean));
        let of_channel = number / self.channels.len().max(1) as f64;
        ErrorDistribution {
            counts,
            mean,
            deviation: libm::sqrt(squares.sum::<f64>() / number),
            equal: self.equal,
            codes: self.errors.len() as u64,
            overflows: self.overflows,
            channels: self
                .channels
                .iter()
                .map(|sum| sum / of_channel)
                .collect::<Vec<_>>()
                .into(),
            bias: bias.into(),
        }
    }
}
