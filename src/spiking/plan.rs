//! What conversion decided for a layer, in the words and numbers that people ask for.

use serde::{Deserialize, Serialize};

/// The register and scale of one layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LayerPlan {
    /// I_max: the largest magnitude of an intermediate result at M_0 = 1, from where
    /// [`Scaling`](super::Scaling) says (measured on calibration data where scaling is off).
    pub i_max: i64,
    /// The largest magnitude of an intermediate result at M_0 = 1 that was met in calibration data.
    pub calibrated_i_max: i64,
    /// The largest that the weights allow, whatever arrives.
    pub guaranteed_i_max: i64,
    /// M_0 as numerator and denominator; 1 / 1 where the register is wide enough.
    pub m0: (i64, i64),
    /// M_1 = M̂ / M_0, one per output channel or one for all; empty for an output that is a real number.
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    pub m1: Vec<f64>,
    /// Fewest register bits with which calibration data does not overflow at M_0 = 1.
    pub narrowest_register: u8,
    /// Fewest register bits with which no data can overflow at M_0 = 1.
    pub guaranteed_register: u8,
    /// Whether it is proven that no data overflows.
    pub proven: bool,
    /// Fewest bits of a bias register that holds every constant as it is used here.
    pub bias_bits: u8,
    /// Constants that the bias register could not hold.
    pub bias_saturated: u64,
    /// Mean correction over the channels, in codes; 0 where nothing is corrected.
    pub mean_correction: f64,
}

impl LayerPlan {
    /// M_0 as a number.
    pub fn m0(&self) -> f64 {
        self.m0.0 as f64 / self.m0.1 as f64
    }

    /// Whether currents enter the membrane unscaled.
    pub fn is_exact(&self) -> bool {
        self.m0.0 == self.m0.1
    }
}
