//! Where a code comes from: `sdann trace --json`.

use super::{REPORT_VERSION, RunSource, SettingValues};
use crate::explore::Provenance;
use crate::settings::Settings;
use serde::Serialize;

/// The arithmetic of one neuron, and of those that it was followed back to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceReport {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// The version of this program.
    pub sdann_version: &'static str,
    /// Model and data.
    pub source: RunSource,
    /// Every setting.
    pub settings: SettingValues,
    /// The sample, counted from 0.
    pub sample: usize,
    /// The neuron that was asked for, then each time the source that adds most to the one before.
    pub neurons: Vec<Provenance>,
}

impl TraceReport {
    /// The report of a sample's neurons.
    pub fn new(source: RunSource, settings: Settings, sample: usize, neurons: Vec<Provenance>) -> Self {
        Self {
            report_version: REPORT_VERSION,
            sdann_version: env!("CARGO_PKG_VERSION"),
            source,
            settings: SettingValues(settings),
            sample,
            neurons,
        }
    }
}
