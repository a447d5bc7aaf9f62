//! What comes in: models ([`import_model`]) and data sets ([`dataset::read_dataset`]).
//!
//! Everything here is written for files that may be damaged or hostile. Importers do all the
//! tolerating and explaining, and hand on a strict [`Graph`]; whatever can't be expressed exactly is
//! refused by name, with a sentence that says what is supported. Time and memory are bounded by the
//! file's size and by fixed limits.

pub mod dataset;
mod error;
mod format;
mod onnx;
mod tflite;

pub use error::ImportError;
use format::ModelFormat;

use crate::graph::Graph;

/// No model file may have more bytes than this (256 MiB).
pub const MAX_MODEL_BYTES: usize = 256 << 20;

/// Reads a quantized model and makes a [`Graph`] of it, called `name` in the graph and in messages.
///
/// ONNX models in QDQ form are read: those that ONNX Runtime's `quantize_static` writes with
/// `QuantFormat.QDQ`, where each tensor that is quantized passes through a pair of QuantizeLinear
/// and DequantizeLinear; and TensorFlow Lite models that its converter made full-integer. The format is
/// told by the bytes, not by the name.
///
/// A Softmax or ArgMax that ends the model is a read-out, not a layer: it is left away, and the
/// logits it reads are the graph's output. The batch dimension is left away too.
///
/// # Errors
/// An [`ImportError`] whose message is one sentence for the user.
pub fn import_model(bytes: &[u8], name: &str) -> Result<Graph, ImportError> {
    let format = format::model_format(bytes)?;
    if bytes.len() > MAX_MODEL_BYTES {
        return Err(ImportError::TooLarge {
            what: "the model's size of".into(),
            found: format!("{} MiB", bytes.len() >> 20),
            limit: format!("{} MiB", MAX_MODEL_BYTES >> 20),
        });
    }
    match format {
        ModelFormat::Onnx => onnx::import(bytes, name),
        ModelFormat::TensorFlowLite => tflite::import(bytes, name),
    }
}
