//! Float models as they are: a graph of real numbers, run on one sample at a time.
//!
//! This is what quantization is calibrated on and held against, and what codes that send rates instead of
//! bits are made from. Whoever builds on it walks [`Graph::nodes`](crate::graph::Graph::nodes), which
//! stand in running order: node `i` is [`RealNetwork::layers`]`[i]`, reads the tensors `node.inputs` and
//! writes `node.output`. A [`Layer`] can be applied to any numbers of the right length, so a simulation
//! with its own activations (spike counts, say) reuses the same arithmetic:
//!
//! ```
//! # use sdann::{import::import_model, real::RealNetwork};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let graph = import_model(&std::fs::read("assets/models/digits-mlp.float.onnx")?, "digits-mlp")?;
//! let mut network = RealNetwork::new(&graph)?;
//! let logits = network.run(&[0.5; 64])?;
//! assert_eq!(logits.len(), 10);
//!
//! // The first layer by itself, on what the network's input holds.
//! let (node, layer) = (&graph.nodes[0], &network.layers()[0].clone());
//! let mut output = vec![0.0; graph.tensors[node.output].len()];
//! layer.apply(&[network.values(graph.input)], &mut output);
//! assert_eq!(output, network.values(node.output));
//! # Ok(())
//! # }
//! ```
//!
//! Sums are added in one fixed order, so that native and wasm agree bit for bit.

mod kernels;
mod layer;
mod network;

pub use layer::Layer;
pub use network::{RealError, RealNetwork};
