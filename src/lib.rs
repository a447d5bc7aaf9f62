//! Quantized neural networks as spikes, exactly.
//!
//! A quantized network computes with small integers; a neuromorphic chip sends spikes. So each
//! integer travels as the K bits of its code, one spike or none per time step; the receiving
//! neuron weighs and adds them, rescales the sum, adds a calibrated constant and fires the next
//! code. As long as registers are wide enough, nothing is lost.
//!
//! Data flows one way, and each step is a module of its own:
//!
//! ```text
//! bytes ─import→ Graph ─quantize→ QuantizedNetwork ─spiking→ SpikingNetwork ─simulate→ Trace
//!                                                                  └─ chip → Mapping → Traffic
//! ```
//!
//! The whole of it, on a shipped network and a handwritten digit:
//!
//! ```
//! use sdann::chip::{ChipSettings, Router, map};
//! use sdann::import::{dataset::read_array, import_model};
//! use sdann::quantize::{Reference, quantize, winner};
//! use sdann::simulate::{Samples, Simulator, calibrate, measure, trace};
//! use sdann::spiking::Conversion;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Bytes become a graph, and the graph a network of integers.
//! let graph = import_model(&std::fs::read("assets/models/mnist-cnn.onnx")?, "mnist-cnn")?;
//! let network = quantize(&graph)?;
//!
//! // Pixels become codes.
//! let images = read_array(&std::fs::read("assets/datasets/mnist-test-images.idx3-ubyte.gz")?)?;
//! let pixels: Vec<f32> = images.to_f32().iter().map(|p| p / 255.0).collect();
//! let codes = network.quantize_input(&pixels);
//! let digit = &codes[..784];
//!
//! // Calibration data decides how wide a register must be; then every layer becomes STEM neurons.
//! let calibration = Samples { codes: &codes[..784 * 20], len: 784 };
//! let conversion = Conversion { register_bits: 24, ..Conversion::default() };
//! let statistics = measure(&network, &conversion, calibration);
//! let spiking = calibrate(&network, &conversion, &statistics, calibration);
//!
//! // One digit goes through, bit by bit, and every code is the integer reference's.
//! let (mut simulator, mut reference) = (Simulator::new(&network), Reference::new(&network));
//! let trace = trace(&network, &spiking, digit, &mut simulator, &mut reference);
//! assert!(trace.windows.iter().all(|window| window.codes == window.reference));
//! assert_eq!(winner(simulator.output()), winner(reference.output()));
//!
//! // On a chip, spikes travel from core to core.
//! let router = Router::new(&spiking, map(&spiking, &ChipSettings::default())?);
//! let traffic = router.count(&trace);
//! let link_packets: u64 = traffic.links.iter().map(|&packets| u64::from(packets)).sum();
//! assert_eq!(traffic.hops.iter().sum::<u64>(), link_packets);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/ARCHITECTURE.md` shows the house, `docs/MATHEMATICS.md` the equations.

#![forbid(unsafe_code)]

mod arrays;
pub mod baseline;
pub mod chip;
#[cfg(feature = "cli")]
pub mod cli;
pub mod explore;
pub mod export;
pub mod graph;
pub mod import;
mod onnx;
pub mod program;
pub mod quantize;
pub mod real;
pub mod sdann_file;
pub mod settings;
pub mod simulate;
pub mod spiking;
mod vectorize;
#[cfg(feature = "web")]
pub mod web;

// `t!` finds every text of the page there; none is taken in by the macro itself, which would take all languages.
#[cfg(feature = "web")]
rust_i18n::i18n!(
    "locales/none",
    fallback = "en",
    backend = crate::web::texts::Texts
);
