//! Quantization of a float model after its training (`docs/QUANTIZATION.md`).
//!
//! [`Calibration::measure`] runs the model on real samples and remembers which values each tensor takes;
//! [`Calibration::quantize`] makes the [`Graph`](crate::graph::Graph) of integers that a choice of bits
//! and methods gives. One calibration serves any number of choices.
//!
//! - `histogram`, `range`: from values to a scale and a zero point
//! - `weights`: weights and biases
//! - `groups`: which tensors share a quantization, and which need none
//! - `equalize`: cross-layer equalization
//! - `arithmetic`: how ties round, as ONNX Runtime would run the same in QDQ form
//! - `correct`: mean-error correction of the quantization

mod arithmetic;
mod calibration;
mod correct;
mod equalize;
mod groups;
mod histogram;
mod range;
mod weights;

pub use calibration::{Calibration, PostTrainingError};
pub use equalize::equalize;
pub use histogram::{BINS, Histogram};

use serde::{Deserialize, Serialize};

/// Which codes stand for real 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroPoint {
    /// Any: codes cover just the range that is met.
    #[default]
    Asymmetric,
    /// 0 for signed codes; for unsigned ones 0, or the middle where values can be negative.
    Symmetric,
}

/// What shares a scale of weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// The weights of each output channel.
    #[default]
    Channel,
    /// All weights of a layer.
    Tensor,
}

/// Which range of weights is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightRange {
    /// Up to the largest magnitude.
    #[default]
    Max,
    /// The one with the least squared error.
    Mse,
}

/// Which range of activations is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeMethod {
    /// From the smallest to the largest value met.
    #[default]
    MinMax,
    /// All but the outermost values.
    Percentile,
    /// The one with the least squared error.
    Mse,
    /// The one whose distribution diverges least from the one measured (Kullback–Leibler).
    Entropy,
}

/// Everything that decides how a float model becomes one of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quantization {
    /// Bits of a weight, 1 (±1) to 8.
    pub weight_bits: u8,
    /// What shares a scale of weights.
    pub granularity: Granularity,
    /// Which range of weights is covered.
    pub weight_range: WeightRange,
    /// K, bits of an activation inside the network, 1 to 16.
    pub activation_bits: u8,
    /// K of the network's input and output, 1 to 16.
    pub edge_bits: u8,
    /// Whether activations have two's complement codes.
    pub signed: bool,
    /// Which codes stand for real 0.
    pub zero_point: ZeroPoint,
    /// Which range of activations is covered.
    pub range: RangeMethod,
    /// Thousandths of a percent of the values that [`RangeMethod::Percentile`] covers.
    pub percentile: u32,
    /// Whether neighbouring layers' channels are brought to the same range first (Nagel et al. 2019).
    pub equalize: bool,
    /// Whether the mean error that quantization makes is taken off the biases. It has nothing to do with
    /// the bias calibration of scaled integration.
    pub correct_mean_error: bool,
}

/// Most bits of a weight.
pub const MAX_WEIGHT_BITS: u8 = 8;
/// Most bits of an activation.
pub const MAX_ACTIVATION_BITS: u8 = 16;

impl Default for Quantization {
    fn default() -> Self {
        Self {
            weight_bits: 8,
            granularity: Granularity::default(),
            weight_range: WeightRange::default(),
            activation_bits: 8,
            edge_bits: 8,
            signed: false,
            zero_point: ZeroPoint::default(),
            range: RangeMethod::default(),
            percentile: 99_990,
            equalize: false,
            correct_mean_error: false,
        }
    }
}

impl Quantization {
    /// The share of all values that [`RangeMethod::Percentile`] covers.
    fn percentile_share(&self) -> f64 {
        f64::from(self.percentile.min(100_000)) / 100_000.0
    }
}
