//! The engine in its worker, and the words that it shares with the page.
//!
//! The page's thread never computes: it sends a [`Request`] and draws the [`Response`].

mod bring;
mod calibration;
mod chip;
mod codec;
mod codes;
mod engine;
mod inspect;
mod load;
mod messages;
mod network;
mod neuron;
mod pause;
mod trade;

pub use bring::{Delivery, Errand, RunFile};
pub use codec::{Postcard, pack, unpack};
pub use codes::{CodesRequest, CodesResponse};
pub use engine::EngineWorker;
#[cfg(test)]
pub(crate) use engine::run;
pub use inspect::{CodesView, InspectPart, InspectQuestion, LossView, ModelView, TakeAway, WeightsView};
#[cfg(test)]
pub(crate) use load::{load, network_view};
pub use messages::{
    CalibrateOn, ChipFigures, ChipPart, ChipTime, CoreFlows, DataFiles, Divisor, Epoch, Failure, LayerView,
    ModelFile, NetworkView, Request, Response, RunView, Sample, SamplesView, Synapses, TensorView,
    TracedNeuron, TruthFile, UnitCosts,
};
pub use trade::{ChipCost, PointTask, TradeAnswer, TradeRequest};
