//! ONNX models in QDQ, QOperator and QCDQ form, and float models.
//!
//! From the bytes to the graph, in the order in which it happens:
//!
//! - [`limits`], [`crate::onnx`]: the protobuf schema, as far as it is read; [`model`]: one input, one output,
//!   named nodes
//! - [`order`]: the nodes that the output needs, in running order, without what does nothing
//! - [`tensors`]: constants; [`attributes`]: what a node says about itself
//! - [`quantization`]: parameters of QuantizeLinear and DequantizeLinear, and their values on constants
//! - [`lower`]: each node becomes an operator of the strict graph. [`linear`] does the operators with
//!   weights ([`reals`]: where these are real numbers), [`pools`] and [`elementwise`] what their names say, [`shapes`] and [`moves`] those that put
//!   the same numbers elsewhere, [`fold`] those on constants, [`integer`] those that take and give codes
//! - [`encode`] decides which tensors become codes, and [`kernels`] with which arithmetic

mod attributes;
mod elementwise;
mod encode;
mod fold;
mod integer;
mod kernels;
mod limits;
mod linear;
mod lower;
mod model;
mod moves;
mod order;
mod pools;
mod quantization;
mod reals;
mod shapes;
mod tensors;

use super::ImportError;
use crate::graph::Graph;

/// Imports an ONNX model.
pub(super) fn import(bytes: &[u8], name: &str) -> Result<Graph, ImportError> {
    let model = model::Model::parse(bytes, name)?;
    let plan = order::Plan::of(&model)?;
    lower::lower(&model, &plan, name)
}
