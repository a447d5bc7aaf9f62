//! Questions asked of many samples: does the spiking network agree, and what does calibration mend?

mod agreement;
mod effect;
mod session;

pub use agreement::{Agreement, FirstOverflow, LayerAgreement, Tally};
pub use effect::{CalibrationEffect, EffectMeter, ErrorDistribution};
pub use session::{Exploration, SampleSet, Session, SessionError, open_network};
