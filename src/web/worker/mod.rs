//! The engine in its worker, and the words that it shares with the page.

mod messages;

pub use messages::{
    DataFiles, Epoch, Failure, LayerView, ModelFile, NetworkView, Request, Response, RunView, Sample, SamplesView,
    TensorView,
};
