//! Questions asked of many samples: does the spiking network agree, where does it not, and what does
//! calibration mend?

mod agreement;
mod blackboard;
mod codes;
mod compare;
mod curve;
mod effect;
mod loss;
mod memory;
mod mistakes;
mod model;
mod nodes;
pub mod numbers;
mod pareto;
mod placement;
mod provenance;
mod quality;
pub mod report;
mod session;
mod sweep;
mod widths;

pub use agreement::{Agreement, FirstOverflow, LayerAgreement, Tally};
pub use blackboard::{Blackboard, BlackboardError, HandScale, MAX_INPUTS};
pub use codes::{CodeCounts, CodeSummary, CodesMeter, PERCENTILES};
pub use compare::{
    Band, CodeCurve, CodeName, CompareError, Comparer, Comparison, Integers, Lane, MAX_STEPS, Point, Question,
};
pub use curve::Curve;
pub use effect::{CalibrationEffect, EffectMeter, ErrorDistribution};
pub use loss::{LossMeter, QuantizationLoss, TensorLoss};
pub use memory::ReferenceMemory;
pub use mistakes::{Deviation, Flip, MAX_DEVIATIONS, MAX_FLIPS, MAX_OVERFLOWS, Mistakes, Origin, Overflowed};
pub use model::{FloatModel, Model, Quantized, open_model};
pub use nodes::{FusedNode, fused_nodes};
pub use pareto::pareto_front;
pub use placement::{MOVES, PlacementMeter, PlacementProgress};
pub use provenance::{
    DendriteProvenance, OthersProvenance, Provenance, SourceProvenance, StepProvenance, Tracer,
    receptive_field,
};
pub use quality::{Closeness, Expected, GroundTruth, Measure, Quality};
pub use report::{ConversionReport, Finding, ReportMeter};
pub use session::{
    BLOCK, Exploration, PLACEMENT_SAMPLES, PointSize, REPORT_SAMPLES, SampleSet, Session, SessionError,
    open_network,
};
pub use sweep::{Axis, Grid, GridError, MAX_POINTS, Row, Sweep};
pub use widths::{SWEPT_WIDTHS, WidthSweep};
