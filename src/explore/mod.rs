//! Questions asked of many samples: does the spiking network agree, and what does calibration mend?

use serde::{Deserialize, Serialize};

/// How far the spiking network agrees with the integer reference, and both with the labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Samples in the set.
    pub total: usize,
    /// Samples counted so far; every count below is out of these.
    pub counted: usize,
    /// Samples of which every code of every layer equals the integer reference's.
    pub codes_equal: usize,
    /// Samples with the same winner.
    pub labels_equal: usize,
    /// Samples with a label, of those counted.
    pub labelled: usize,
    /// Samples whose winner is the label: the spiking network's accuracy.
    pub correct: usize,
    /// The same of the integer reference.
    pub reference_correct: usize,
    /// One entry per layer.
    pub layers: Vec<LayerAgreement>,
}

/// Agreement of one layer, summed over samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerAgreement {
    /// Codes fired.
    pub codes: u64,
    /// Codes equal to the integer reference's.
    pub equal: u64,
    /// Largest difference of a code.
    pub largest_error: u32,
    /// Results outside the register.
    pub overflows: u64,
    /// The first of those: sample, neuron and step.
    pub first_overflow: Option<FirstOverflow>,
    /// Spikes that the layer received.
    pub spikes: u64,
    /// Synaptic operations: each spike times the synapses that it feeds.
    pub synaptic_operations: u64,
}

/// Where a register first overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstOverflow {
    /// Index of the sample.
    pub sample: usize,
    /// Index of the neuron in the layer's output tensor.
    pub neuron: u32,
    /// The step within the window; `None` for the start value.
    pub step: Option<u8>,
}

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
