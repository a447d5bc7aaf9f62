//! Quantized graphs as ONNX models in QDQ form (QCDQ where codes have another width than a type).
//!
//! [`write_onnx`] never writes a model that means something else: it reads back what it wrote, and refuses
//! with a sentence where the graph that comes back is another one. [`file`] collects a file's parts,
//! [`writer`] makes them of operators and tensors, [`moves`] finds the operator behind a rearrangement.

mod file;
mod moves;
mod writer;

use crate::graph::{Arithmetic, Graph, Op};
use crate::import::{self, ImportError};
use crate::quantize::quantize;
use thiserror::Error;
use writer::{Style, Writer};

/// Why a graph cannot be written as an ONNX model.
#[derive(Debug, Error)]
pub enum OnnxError {
    /// An operator that QDQ form has no nodes for.
    #[error("node '{node}' ({op}) cannot be written in QDQ form: {problem}")]
    Operator {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What stands in the way.
        problem: String,
    },
    /// ONNX Runtime would compute an operator by another arithmetic, so that ties could round otherwise.
    #[error(
        "node '{node}' ({op}) computes {own}, but in QDQ form ONNX Runtime would compute it {other}, which rounds otherwise; keep the model's own file"
    )]
    Arithmetic {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// Its arithmetic, in words.
        own: &'static str,
        /// That of the written model, in words.
        other: &'static str,
    },
    /// The model that would be written reads as another graph.
    #[error("{what} would be read back otherwise than it is, so the model cannot be written in QDQ form")]
    Changed {
        /// A tensor or node, by its name.
        what: String,
    },
    /// The model that would be written cannot be read.
    #[error("the model cannot be written in QDQ form, because it could not be read again: {0}")]
    Unreadable(#[from] ImportError),
}

/// A written model.
#[derive(Debug)]
pub struct OnnxModel {
    /// The file.
    pub bytes: Vec<u8>,
    /// The graph that the file is read as: the very one that was written, but for the arithmetic of nodes
    /// if [`write_onnx_as_read`] wrote it.
    pub graph: Graph,
}

/// Writes a quantized graph so that reading the file gives the same graph again, with the same names and
/// codes, and the same network of integers. ONNX Runtime then computes the same codes.
///
/// # Errors
/// An [`OnnxError`] that names the node which has no such form.
pub fn write_onnx(graph: &Graph) -> Result<OnnxModel, OnnxError> {
    let network = quantize(graph);
    let mut refused = None;
    for style in Style::all() {
        let error = match write(graph, style) {
            Ok(written) if written.graph == *graph => return Ok(written),
            Ok(written) => {
                let mut own = graph.clone();
                take_arithmetic(&mut own, &written.graph);
                // The arithmetic of an operator that only puts codes elsewhere makes no difference.
                if own == written.graph && network.is_ok() && network == quantize(&written.graph) {
                    return Ok(written);
                }
                difference(graph, &written.graph)
            }
            Err(error) => error,
        };
        // What the plainest style runs into says most.
        refused.get_or_insert(error);
    }
    Err(refused.unwrap_or_else(|| OnnxError::Changed {
        what: format!("model '{}'", graph.name),
    }))
}

/// Writes a quantized graph and takes over the arithmetic that its nodes have in the file. For graphs that
/// were quantized here and have no format of their own yet.
///
/// # Errors
/// An [`OnnxError`] where more than the arithmetic would change.
pub fn write_onnx_as_read(graph: &Graph) -> Result<OnnxModel, OnnxError> {
    let written = write(graph, Style::default())?;
    let mut own = graph.clone();
    take_arithmetic(&mut own, &written.graph);
    if own == written.graph {
        Ok(written)
    } else {
        Err(difference(&own, &written.graph))
    }
}

fn take_arithmetic(graph: &mut Graph, from: &Graph) {
    for (node, read) in graph.nodes.iter_mut().zip(&from.nodes) {
        node.arithmetic = read.arithmetic;
    }
}

fn write(graph: &Graph, style: Style) -> Result<OnnxModel, OnnxError> {
    let bytes = Writer::new(graph, style).write()?;
    let graph = import::import_model(&bytes, &graph.name)?;
    Ok(OnnxModel { bytes, graph })
}

/// The first thing in which two different graphs differ.
fn difference(own: &Graph, other: &Graph) -> OnnxError {
    let changed = |what: String| OnnxError::Changed { what };
    let is_wiring = |op: &Op| {
        matches!(
            op,
            Op::Reshape(_) | Op::Rearrange(_) | Op::Concat(_) | Op::MaxPool(_) | Op::Unary(_)
        )
    };
    for (own, other) in own.nodes.iter().zip(&other.nodes) {
        if own.name != other.name || own.op != other.op {
            return changed(format!("node '{}' ({})", own.name, own.op.name()));
        }
        if own.arithmetic != other.arithmetic && !is_wiring(&own.op) {
            return OnnxError::Arithmetic {
                node: own.name.clone(),
                op: own.op.name(),
                own: words(own.arithmetic),
                other: words(other.arithmetic),
            };
        }
    }
    let tensor = own
        .tensors
        .iter()
        .zip(&other.tensors)
        .find(|(own, other)| own != other);
    changed(match tensor {
        Some((tensor, _)) => format!("tensor '{}'", tensor.name),
        None => format!("model '{}'", own.name),
    })
}

fn words(arithmetic: Arithmetic) -> &'static str {
    match arithmetic {
        Arithmetic::Codes => "from codes to codes",
        Arithmetic::Unsigned => "from codes to codes, made unsigned before",
        Arithmetic::Real => "with real numbers",
        Arithmetic::Integer => "integer sums, which later nodes scale",
        Arithmetic::FixedPoint => "in TensorFlow Lite's fixed point",
    }
}
