//! What quantization came to: `sdann quantize --json`.

use super::{CalibrationSource, REPORT_VERSION, RunSource, SettingValues};
use crate::explore::{Measure, QuantizationLoss};
use crate::settings::Settings;
use serde::Serialize;

/// A float model held against what quantization made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizeReport {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// The version of this program.
    pub sdann_version: &'static str,
    /// Model and data; what ranges were measured on is `calibration`.
    pub source: RunSource,
    /// Every setting.
    pub settings: SettingValues,
    /// How `float_quality` and `quantized_quality` are measured; `null` without labels or targets.
    pub measure: Option<Measure>,
    /// The float model's accuracy (0 to 1), mean PSNR or RMSE.
    pub float_quality: Option<f64>,
    /// The same of the quantized network.
    pub quantized_quality: Option<f64>,
    /// What quantization did to every tensor.
    #[serde(flatten)]
    pub loss: QuantizationLoss,
    /// The ONNX file that was written, if one was.
    pub output_file: Option<String>,
}

impl QuantizeReport {
    /// The report of a quantization with these settings.
    pub fn new(
        source: RunSource,
        calibration: CalibrationSource,
        settings: Settings,
        loss: QuantizationLoss,
        output_file: Option<String>,
    ) -> Self {
        let quality = loss.quality;
        Self {
            report_version: REPORT_VERSION,
            sdann_version: env!("CARGO_PKG_VERSION"),
            source: RunSource {
                calibration: Some(calibration),
                ..source
            },
            settings: SettingValues(settings),
            measure: quality.map(|quality| quality.measure),
            float_quality: quality.and_then(|quality| quality.reference()),
            quantized_quality: quality.and_then(|quality| quality.spiking()),
            loss,
            output_file,
        }
    }
}
