//! What conversion did to a network: `sdann explain --json`.

use super::{QualityReport, REPORT_VERSION, RunSource, SettingValues};
use crate::explore::ConversionReport;
use crate::settings::Settings;
use serde::Serialize;

/// A conversion's report with what it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainReport {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// The version of this program.
    pub sdann_version: &'static str,
    /// Model and data.
    pub source: RunSource,
    /// Every setting.
    pub settings: SettingValues,
    /// Share of labelled samples whose winner is the label, 0 to 1.
    pub accuracy: Option<f64>,
    /// The same of the integer reference.
    pub reference_accuracy: Option<f64>,
    /// How good the answers are, where labels or targets say what should come out.
    pub quality: Option<QualityReport>,
    /// What was measured, and what is to be said of it.
    #[serde(flatten)]
    pub conversion: ConversionReport,
}

impl ExplainReport {
    /// The report of a conversion with these settings.
    pub fn new(source: RunSource, settings: Settings, conversion: ConversionReport) -> Self {
        let quality = conversion.quality.as_ref().and_then(QualityReport::of);
        Self {
            report_version: REPORT_VERSION,
            sdann_version: env!("CARGO_PKG_VERSION"),
            source,
            settings: SettingValues(settings),
            accuracy: quality.and_then(|quality| quality.accuracy(quality.value)),
            reference_accuracy: quality.and_then(|quality| quality.accuracy(quality.reference)),
            quality,
            conversion,
        }
    }
}
