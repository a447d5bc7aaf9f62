//! Other codes, to be beaten in the open: the same trained network as rate-coded integrate-and-fire
//! neurons, with weighted spikes (phase code), and with the time to the first spike.
//!
//! [`Network`] is the trained network as stages over real numbers, with a [`Population`] of neurons where
//! it has a Relu; [`Thresholds`] are measured on calibration samples; a [`Runner`] sends one sample
//! through under a [`Code`] and shows its [`Answer`] after every time step. A network that is quantized
//! already runs with the real numbers that its codes stand for.
//!
//! Sums are added in one fixed order, event by event, so native and wasm agree bit for bit. Equations and
//! sources: `docs/BASELINES.md`.

mod code;
mod network;
mod neurons;
mod runner;
mod scatter;
mod stages;
mod threshold;

pub use code::{Code, Rate, Reset};
pub use network::{BaselineError, Network, Population};
pub use runner::{Answer, Observer, Runner};
pub use threshold::{Percentile, Thresholds};
