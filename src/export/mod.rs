//! What goes out: a model's description ([`ModelReport`]), reports of a run ([`RunReport`]) and of a
//! conversion ([`ExplainReport`]), a chip's description ([`ChipDescription`]), all for JSON, arrays as NumPy files ([`NpyWriter`]), and quantized
//! graphs as ONNX models ([`write_onnx`]).
//!
//! Field names are part of the interface: renaming or removing one raises [`REPORT_VERSION`].

mod chip;
mod chip_time;
mod explain;
mod map;
mod mesh_svg;
mod model;
mod npy;
mod on_chip;
mod onnx;
mod quantize;
mod run;
mod sweep;
mod trace;

pub use chip::{ChipDescription, FieldDescription};
pub use chip_time::{ChipClock, NanosecondsReport, TightLink, TimeReport};
pub use explain::ExplainReport;
pub use map::{
    CoreReport, FlowReport, LinkReport, MapReport, MapSource, MappedLayer, write_cores, write_links,
};
pub use mesh_svg::{MeshPicture, mesh_svg};
pub use model::{LayerKind, LayerReport, ModelReport, ModelTotals, QuantizationReport, TensorReport};
pub use npy::NpyWriter;
pub use on_chip::{ChipMeter, ChipRun, OnChip, Place, StepCounts, core_name, layer_of, link_name};
pub use onnx::{OnnxError, OnnxModel, write_onnx, write_onnx_as_read};
pub use quantize::QuantizeReport;
pub use run::{
    CalibrationSource, ChipReport, Engine, OutputReport, QualityReport, RunLayerReport, RunReport, RunSource,
    RunTotals, SettingValues, SpikeCodeReport,
};
pub use sweep::{Found, SweepFile, SweepFileError};
pub use trace::TraceReport;

/// The version of the JSON that reports become.
pub const REPORT_VERSION: u32 = 1;
