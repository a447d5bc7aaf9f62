//! Something to be said of a layer.

use crate::settings::{Settings, SettingsError, setting};
use serde::{Deserialize, Serialize};

/// Something to be said of a layer, in a sentence, with the one setting that mends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The layer, counted from 0.
    pub layer: usize,
    /// What it is.
    pub kind: FindingKind,
    /// How grave it is.
    pub severity: Severity,
    /// For a newcomer, with the remedy. It begins with a capital letter and does not name the layer.
    pub sentence: String,
    /// What removes this finding, on the samples that it was made on.
    pub remedy: Option<Remedy>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// All is well.
    Good,
    /// Nothing is wrong yet, or something could be had for less.
    Hint,
    /// Some codes differ.
    Loss,
    /// Something is broken.
    Fault,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Results left the register.
    Overflow,
    /// Zero points are ignored.
    ZeroPointsIgnored,
    /// Neurons fire nothing that should.
    Silenced,
    /// Neurons fire their limit that should not.
    DrivenToLimit,
    /// Scaled integration rounds.
    Rounding,
    /// Shifting doubles what was rounded.
    Doubling,
    /// The mean of what was rounded is not taken back.
    MeanError,
    /// The bias register is too small.
    BiasRegister,
    /// A constant behind M_1 rounds ties otherwise.
    Ties,
    /// The layer is right, what it hears is not.
    Arriving,
    /// The quantized network's own neurons are silent.
    Silent,
    /// The quantized network's own neurons are at their limit.
    Saturated,
    /// I_max would grow with more calibration samples.
    FewSamples,
    /// Many spikes say 0.
    ZeroPointSpikes,
    /// Exact for the samples that were looked at.
    ExactOnSamples,
    /// Exact for any input.
    Proven,
}

/// One setting and its value, as the command line and the page's address have them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Remedy {
    /// The setting.
    pub key: String,
    /// The value that it should have.
    pub value: String,
}

impl Remedy {
    /// A remedy.
    pub fn new(key: &str, value: impl ToString) -> Self {
        Self {
            key: key.to_owned(),
            value: value.to_string(),
        }
    }

    /// Changes the setting.
    ///
    /// # Errors
    /// A [`SettingsError`] if the settings do not take it; they stay as they were.
    pub fn apply(&self, settings: &mut Settings) -> Result<(), SettingsError> {
        let mut changed = *settings;
        setting(&self.key)?.set(&mut changed, &self.value)?;
        changed.check()?;
        *settings = changed;
        Ok(())
    }
}
