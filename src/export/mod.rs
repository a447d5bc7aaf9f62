//! What goes out: a model's description ([`ModelReport`]), a run's report ([`RunReport`]), both for
//! JSON, arrays as NumPy files ([`NpyWriter`]), and quantized graphs as ONNX models ([`write_onnx`]).
//!
//! Field names are part of the interface: renaming or removing one raises [`REPORT_VERSION`].

mod model;
mod npy;
mod onnx;
mod run;

pub use model::{LayerKind, LayerReport, ModelReport, ModelTotals, QuantizationReport, TensorReport};
pub use npy::NpyWriter;
pub use onnx::{OnnxError, OnnxModel, write_onnx, write_onnx_as_read};
pub use run::{
    CalibrationSource, ChipReport, Engine, OutputReport, OverflowPlace, Ratio, RunLayerReport, RunReport,
    RunSource, RunTotals, SettingValues, Span,
};

/// The version of the JSON that [`ModelReport`] and [`RunReport`] become.
pub const REPORT_VERSION: u32 = 1;
