//! What the correction of the mean error mends.

use crate::quantize::{QuantizedNetwork, Reference};
use crate::simulate::{Observer, Simulator, Site, potential_errors};
use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

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

/// Measures the effect of mean-error correction on one layer, sample by sample, so that whoever
/// measures can do other things in between.
#[derive(Debug)]
pub struct EffectMeter {
    layer: usize,
    /// Input codes of the samples to look at, one after the other.
    codes: Vec<i32>,
    /// Samples looked at.
    measured: usize,
    without: Arm,
    with: Arm,
    simulator: Simulator,
    reference: Reference,
}

/// One side of the comparison.
#[derive(Debug)]
struct Arm {
    spiking: Rc<SpikingNetwork>,
    errors: LayerErrors,
}

/// Errors of one layer over samples.
#[derive(Debug, Default)]
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

impl EffectMeter {
    /// Compares the network `without` correction and the one `with` it on the samples in `codes`.
    pub fn new(
        network: &QuantizedNetwork,
        without: Rc<SpikingNetwork>,
        with: Rc<SpikingNetwork>,
        codes: Vec<i32>,
        layer: usize,
    ) -> Self {
        let arm = |spiking| Arm {
            spiking,
            errors: LayerErrors::default(),
        };
        Self {
            layer,
            codes,
            measured: 0,
            without: arm(without),
            with: arm(with),
            simulator: Simulator::new(network),
            reference: Reference::new(network),
        }
    }

    /// Looks at the next sample. Says whether any are left.
    pub fn measure_next(&mut self, network: &QuantizedNetwork) -> bool {
        let len = network.input().len().max(1);
        let Some(sample) = self.codes.chunks_exact(len).nth(self.measured) else {
            return false;
        };
        self.reference.run(network, sample);
        for arm in [&mut self.without, &mut self.with] {
            arm.measure(network, self.layer, sample, &mut self.simulator, &self.reference);
        }
        self.measured += 1;
        self.measured < self.codes.len() / len
    }

    /// What was measured so far.
    pub fn effect(&self) -> CalibrationEffect {
        let (from, bin) = bins(&self.without.errors.errors, &self.with.errors.errors);
        CalibrationEffect {
            layer: self.layer,
            samples: self.measured,
            register_bits: self.with.spiking.conversion.register_bits,
            from,
            bin,
            without: self.without.errors.distribution(from, bin),
            with: self.with.errors.distribution(from, bin),
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
        let (spiking, all) = (&self.spiking, &mut self.errors);
        let mut overflows = Overflows { layer, count: 0 };
        // The layers behind it do not change what it does.
        simulator.run_until(spiking, sample, layer, &mut overflows);
        all.errors
            .extend(potential_errors(network, spiking, layer, simulator, reference));
        let target = network.layers[layer].target;
        let codes = simulator.codes(target).iter().zip(reference.codes(target));
        all.equal += codes.filter(|(code, exact)| code == exact).count() as u64;
        all.overflows += overflows.count;
    }
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
