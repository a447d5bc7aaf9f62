//! The pictures: each is a card that shows one thing about the run, from the same selection and the
//! same time step.
//!
//! A view never computes what the engine could: it only chooses, arranges and words what a
//! [`RunView`](super::worker::RunView) holds. Each has a text or table twin.

mod bit_planes;
mod calibration;
mod chip;
mod class;
mod codes;
mod curve;
mod findings;
mod input;
mod layer_map;
mod membrane;
mod mesh;
mod network;
mod neuron;
mod picture;
mod stage;
mod story;
mod trade;
mod words;

pub use calibration::{
    CalibrationCard, CalibrationCardProps, CalibrationView, CalibrationViewProps, draw as draw_calibration,
};
pub use chip::{
    ChipLook, ChipView, ChipViewProps, Measure as ChipMeasure, Scope as ChipScope, draw as draw_chip,
};
pub use codes::draw as draw_codes;
pub use membrane::{MembraneCard, MembraneCardProps};
pub use mesh::{MeshCard, MeshCardProps};
pub use network::draw as draw_network;
pub use neuron::draw as draw_neuron;
pub use story::{Story, StoryProps};
pub use trade::{CardProps as TradeCardProps, Props as TradeViewProps, TradeView, draw as draw_trade};
#[cfg(test)]
pub use words::tests;
pub use words::{digit_word, full_name, layer_name, sentence_name, spike_code, spikes_of, tensor_name};
