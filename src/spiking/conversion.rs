//! What can be chosen when a quantized network becomes a spiking one.

use serde::{Deserialize, Serialize};

/// Which bit of a code is sent first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum BitOrder {
    /// Most significant bit first.
    #[default]
    Msb,
    /// Least significant bit first.
    Lsb,
}

/// How the weight of a bit enters the membrane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Accumulation {
    /// U ← U + M_0 · (c_t · Σ w s): the bit's weight first, then M_0.
    #[default]
    Weighted,
    /// U ← 2U ± M_0 · Σ w s: doubling takes the place of bit weights. Most significant bit first
    /// only; with M_0 < 1 it doubles the rounding errors of earlier steps too.
    Shifting,
}

/// z, the code that is sent as silence: neurons send the digits of x − z. The decoded integers stay the
/// same, since the constant that the membrane begins with makes up for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SilentCode {
    /// Code 0: codes are sent as their format has them.
    #[default]
    Zero,
    /// The zero point Z, the code of the real number 0.
    ZeroPoint,
    /// The code that calibration data has most often.
    MostFrequent,
    /// The smallest code that the tensor's neurons fire: what is sent is never negative, as behind a
    /// ReLU.
    Lowest,
}

/// What a digit of x − z can be, and so what a spike is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Digits {
    /// 0 or 1: two's complement where x − z can be negative, else unsigned.
    #[default]
    Binary,
    /// The bits of |x − z|, each a spike with the sign of x − z.
    SignMagnitude,
    /// −1, 0 or 1, never two in a row that are not 0 (the non-adjacent form): as few spikes as signed digits can
    /// have.
    Canonical,
}

/// What the register does with a result outside its range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Overflow {
    /// It keeps the nearest value that it can hold.
    #[default]
    Saturate,
    /// It drops the bits that it cannot hold.
    Wrap,
}

/// Where I_max, the largest magnitude of an intermediate result, comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Scaling {
    /// No scaled integration: M_0 = 1.
    Off,
    /// The largest magnitude met in the calibration set; unseen data may still overflow.
    #[default]
    Calibrated,
    /// The largest magnitude that the weights allow; nothing overflows.
    Guaranteed,
}

/// Which numbers M_0 may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Factor {
    /// (2^(n−1) − 1) / I_max itself.
    #[default]
    Rational,
    /// The next power of two below it: a shift.
    PowerOfTwo,
}

/// How a scaled current is rounded to an integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Rounding {
    /// Towards −∞, what an arithmetic shift does.
    #[default]
    Floor,
    /// To the nearest integer, ties towards +∞.
    HalfUp,
    /// To the nearest integer, ties to even.
    HalfEven,
}

/// Where the folded constant is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FoldAt {
    /// As the integer start value of the membrane: V keeps the format's own arithmetic.
    #[default]
    Membrane,
    /// As a real number behind M_1, as the paper writes it: ties may round otherwise.
    Potential,
}

/// Bias calibration in its three parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BiasCalibration {
    /// Fold zero points and bias into one constant. Without it the bias is added alone, as if
    /// every zero point were 0.
    pub fold: bool,
    /// Fit the constant to the bias register's width and fraction bits.
    pub fit: bool,
    /// Take back the mean error of scaled integration, per output channel, layer after layer.
    pub correct: bool,
}

impl Default for BiasCalibration {
    fn default() -> Self {
        Self {
            fold: true,
            fit: false,
            correct: true,
        }
    }
}

/// Everything that decides how the spiking network computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Conversion {
    /// Which bit is sent first.
    pub order: BitOrder,
    /// How bit weights enter the membrane.
    pub accumulation: Accumulation,
    /// Which code is silence.
    pub silent_code: SilentCode,
    /// What the digits of a code are.
    pub digits: Digits,
    /// n, the membrane register's width, [`MIN_REGISTER_BITS`] to [`MAX_REGISTER_BITS`].
    pub register_bits: u8,
    /// What happens outside its range.
    pub overflow: Overflow,
    /// Scaled integration.
    pub scaling: Scaling,
    /// The form of M_0.
    pub factor: Factor,
    /// Rounding of scaled currents.
    pub rounding: Rounding,
    /// The parts of bias calibration that are on.
    pub bias_calibration: BiasCalibration,
    /// Where the folded constant is added.
    pub fold_at: FoldAt,
    /// Width of the bias register when the constant is fitted to it.
    pub bias_bits: u8,
    /// How many of its bits stand behind the binary point (for constants at the potential; the
    /// membrane holds integers).
    pub bias_fraction_bits: u8,
}

/// Narrowest membrane register that can be chosen.
pub const MIN_REGISTER_BITS: u8 = 4;
/// Widest membrane register that can be chosen.
pub const MAX_REGISTER_BITS: u8 = 32;

impl Default for Conversion {
    fn default() -> Self {
        Self {
            order: BitOrder::default(),
            accumulation: Accumulation::default(),
            silent_code: SilentCode::default(),
            digits: Digits::default(),
            register_bits: MAX_REGISTER_BITS,
            overflow: Overflow::default(),
            scaling: Scaling::default(),
            factor: Factor::default(),
            rounding: Rounding::default(),
            bias_calibration: BiasCalibration::default(),
            fold_at: FoldAt::default(),
            bias_bits: 16,
            bias_fraction_bits: 4,
        }
    }
}
