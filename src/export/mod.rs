//! What goes out: a model's description ([`ModelReport`]), a run's report ([`RunReport`]), both for
//! JSON, and arrays as NumPy files ([`NpyWriter`]).
//!
//! Field names are part of the interface: renaming or removing one raises [`REPORT_VERSION`].

mod model;
mod npy;
mod run;

pub use model::{LayerKind, LayerReport, ModelReport, ModelTotals, QuantizationReport, TensorReport};
pub use npy::NpyWriter;
pub use run::{
    CalibrationSource, ChipReport, Engine, OutputReport, OverflowPlace, Ratio, RunLayerReport, RunReport,
    RunSource, RunTotals, SettingValues, Span,
};

/// The version of the JSON that [`ModelReport`] and [`RunReport`] become.
pub const REPORT_VERSION: u32 = 1;
