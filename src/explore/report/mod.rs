//! What conversion did to a network, layer by layer: where a loss arises, and which setting mends it.
//!
//! [`ReportMeter`] looks at one sample after the other, so that whoever measures can do other things in
//! between; [`ConversionReport`] is what it has seen, and its [`Finding`]s say it in sentences.

mod beside;
mod errors;
mod finding;
mod meter;
mod plan;
mod rules;
mod sentences;

pub use errors::Errors;
pub use finding::{Finding, FindingKind, Remedy, Severity};
pub use meter::ReportMeter;
pub use plan::{OverflowPlace, PlanReport, Ratio, Span};

use super::{Flip, Quality};
use serde::{Deserialize, Serialize};

/// What conversion did to a network, measured on samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConversionReport {
    /// Samples looked at.
    pub samples: usize,
    /// Those of which every code of every layer equals the integer reference's.
    pub codes_equal: usize,
    /// Those with the same winner.
    pub labels_equal: usize,
    /// How good the answers of both networks are, where it is known what should come out; the sums that this
    /// follows from go by the name of scores.
    #[serde(rename = "scores")]
    pub quality: Option<Quality>,
    /// Samples whose winner changed, at most [`MAX_FLIPS`](super::MAX_FLIPS).
    pub flips: Vec<Flip>,
    /// The first layer with a code that differs.
    pub first_different: Option<usize>,
    /// The layer that adds the largest mean error by itself.
    pub origin: Option<usize>,
    /// Layers in running order.
    pub layers: Vec<ConvertedLayer>,
    /// What is to be said of them: for each layer at least one, the gravest first.
    pub findings: Vec<Finding>,
}

/// Whether a layer that hears the right codes fires the right codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exactness {
    /// For any input.
    Proven,
    /// For the samples that were looked at.
    OnSamples,
    /// Not even for those.
    No,
}

/// A layer over all samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvertedLayer {
    /// Its node's name in the file.
    pub name: String,
    /// Its neurons.
    pub neurons: usize,
    /// Time steps in which it listens.
    pub window: usize,
    /// Register, scale and constants.
    pub plan: PlanReport,
    /// The largest magnitude of an intermediate result at M_0 = 1 in these samples, if the codes that arrive
    /// are right; `None` where the layer is exact for any input and nothing had to be measured.
    pub seen_i_max: Option<i64>,
    /// The same in the first half of the calibration data.
    pub half_i_max: i64,
    /// Whether it is exact by itself.
    pub exact: Exactness,
    /// Results outside the register.
    pub overflows: u64,
    /// The first of those.
    pub first_overflow: Option<OverflowPlace>,
    /// Results outside the register when the right codes arrive.
    pub own_overflows: u64,
    /// What it fires.
    pub errors: Errors,
    /// What it fires when the right codes arrive: the error that it makes by itself.
    pub own: Errors,
    /// Mean of V_scaled − V_exact when the right codes arrive, in codes.
    pub own_potential_error: f64,
    /// What it hears.
    pub arriving: Arriving,
    /// How much alike numbers are.
    pub correlation: Correlations,
    /// Neurons that never change.
    pub stuck: Stuck,
    /// Spikes that it received.
    pub spikes: u64,
    /// The same for each neuron that sends, in one window, on average.
    pub spikes_per_neuron: f64,
    /// Those of `spikes` that say nothing but the real number 0.
    pub zero_point_spikes: u64,
    /// What `spikes` would be for these codes, were the zero point sent as silence.
    pub spikes_if_silent: u64,
    /// Synaptic operations: each spike times the synapses that it feeds.
    pub synaptic_operations: u64,
}

/// The codes that a layer hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arriving {
    /// Codes that arrived.
    pub codes: u64,
    /// Those that were not the integer reference's.
    pub wrong: u64,
}

/// Pearson's correlation over all neurons and samples; `None` where one side never changes, or is not at
/// hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Correlations {
    /// Of the codes with the quantized network's.
    pub codes: Option<f64>,
    /// Of V with the V of exact sums.
    pub potentials: Option<f64>,
    /// Of the codes with the float network's real numbers.
    pub float: Option<f64>,
    /// Of the quantized network's codes with those: what quantization leaves, before any spike.
    pub quantized_float: Option<f64>,
}

/// Neurons that did the same for every sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// Always fired the code of the real number 0.
    pub silent: usize,
    /// Those of them that are not so in the quantized network.
    pub silenced: usize,
    /// Always fired the largest or smallest code that they can (the code of 0 aside).
    pub saturated: usize,
    /// Those of them that are not so in the quantized network.
    pub driven_to_limit: usize,
}

impl ConversionReport {
    /// What is to be said of a layer, the gravest first.
    pub fn findings_of(&self, layer: usize) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.layer == layer)
    }
}
