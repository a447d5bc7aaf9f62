//! TensorFlow Lite models whose weights and activations are int8: what the converter calls full-integer.
//!
//! From the bytes to the graph:
//!
//! - [`model`]: the file, read by [`tflite_schema`] (flatc's code of a part of the schema, which says why it was
//!   chosen and how to make it anew): one subgraph, one input, one output
//! - [`order`]: the operators that the output needs, and what only reads the answer out
//! - [`tensors`]: quantizations and constants; [`layout`]: where the file's elements stand in the graph
//! - [`lower`]: each operator becomes one of the strict graph; [`linear`], [`pools`], [`elementwise`] and [`moves`]
//!   do what their names say
//!
//! **Layout.** The file's images are (1, height, width, channels). The graph's are (channels, height, width), as
//! everything behind it expects; tensors of other ranks stay as they are. It is wiring alone, so it costs nothing, and
//! data may come in either layout ([`channels_first`](super::dataset::channels_first)).
//!
//! **Arithmetic.** Every node has [`Arithmetic::FixedPoint`](crate::graph::Arithmetic::FixedPoint): that of the
//! reference kernels, `docs/tensorflow-lite-arithmetic.md`.

mod elementwise;
mod layout;
mod linear;
mod lower;
mod model;
mod moves;
mod order;
mod pools;
mod tensors;

use super::ImportError;
use crate::graph::Graph;

/// Imports a TensorFlow Lite model.
pub(super) fn import(bytes: &[u8], name: &str) -> Result<Graph, ImportError> {
    let model = model::Model::parse(bytes, name)?;
    let plan = order::Plan::of(&model)?;
    lower::lower(&model, &plan)
}
