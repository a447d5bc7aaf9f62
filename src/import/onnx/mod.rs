//! ONNX models in QDQ form.
//!
//! From the bytes to the graph, in the order in which it happens:
//!
//! - [`limits`], [`proto`]: the protobuf schema, as far as it is read; [`model`]: one input, one output,
//!   named nodes
//! - [`order`]: the nodes that the output needs, in running order, without what does nothing
//! - [`tensors`]: constants; [`attributes`]: what a node says about itself
//! - [`quantization`]: parameters of QuantizeLinear and DequantizeLinear, and their values on constants
//! - [`lower`]: each node becomes an operator of the strict graph; [`linear`] and [`shapes`] do the
//!   operators with weights and those that only reshape; [`encode`] decides which tensors become codes

mod attributes;
mod encode;
mod limits;
mod linear;
mod lower;
mod model;
mod order;
mod proto;
mod quantization;
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
