//! The spiking network on disk (`docs/SPIKING-FORMAT.md`): written, and read back identically.
//!
//! A `.sdann` file is a zip of `network.json`, all that can be read, and `weights.bin`, its long lists
//! (`src/arrays.rs`). The text is made from the engine's types themselves, so that it holds whatever they
//! hold; what reads it must check everything that `check` does.

mod check;

use crate::arrays;
use crate::graph::Weights;
use crate::quantize::{Dendrite, Layer, QuantizedNetwork, Reduce};
use crate::spiking::{SpikingDendrite, SpikingLayer, SpikingNetwork};
use serde::{Deserialize, Serialize};
use std::io::{Cursor, Read, Write};
use std::sync::Arc;
use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The name of the text in the zip, and of its file in a folder.
pub const TEXT: &str = "network.json";
/// The name of the bytes in the zip, and of their file in a folder.
pub const WEIGHTS: &str = "weights.bin";

/// No text may have more bytes than this (64 MiB).
pub const MAX_TEXT_BYTES: usize = 64 << 20;
/// No weights may have more bytes than this (256 MiB).
pub const MAX_WEIGHT_BYTES: usize = 256 << 20;

/// What the text begins with.
const FORMAT: &str = "sdann-spiking";
/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// Why a file is no spiking network that can be run.
#[derive(Debug, Error)]
pub enum SdannFileError {
    /// The zip is damaged.
    #[error("it is no complete .sdann file ({0}); convert the model again")]
    Zip(String),
    /// A part is missing or too large.
    #[error("its part {part} {problem}; convert the model again")]
    Part {
        /// [`TEXT`] or [`WEIGHTS`].
        part: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The text is of another version.
    #[error(
        "it is version {found} of {FORMAT}, but version {VERSION} is supported; convert the model again with this program"
    )]
    Version {
        /// What it says it is.
        found: u64,
    },
    /// The weights are not those that the text was written with.
    #[error(
        "the CRC-32 of {WEIGHTS} is {found:08x}, but {TEXT} expects {expected:08x}: one of them was changed; convert the model again"
    )]
    Checksum {
        /// That of the bytes.
        found: u32,
        /// That in the text.
        expected: u32,
    },
    /// Something in it makes no network.
    #[error("{place}: {problem}; convert the model again")]
    Network {
        /// A tensor or layer.
        place: String,
        /// What was found, and what must be.
        problem: String,
    },
    /// The two networks don't belong together.
    #[error("layer '{layer}' isn't made of the quantized network's, so no file can hold both")]
    Foreign {
        /// The layer.
        layer: String,
    },
}

/// A spiking network with the integer network that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The integers that spikes are held against.
    pub network: QuantizedNetwork,
    /// The spiking network.
    pub spiking: SpikingNetwork,
}

/// The two parts of a file.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What stands in [`TEXT`].
    pub text: Vec<u8>,
    /// What stands in [`WEIGHTS`].
    pub weights: Vec<u8>,
}

/// A spiking network, with all that a chip needs to run it and a test to check it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document {
    /// "sdann-spiking".
    format: String,
    /// 1.
    version: u32,
    /// The program that wrote it, with its version.
    generator: String,
    /// The model's name.
    name: String,
    /// The bytes that long lists stand in.
    weights: WeightsFile,
    /// The network.
    network: SpikingNetwork,
    /// What only the integer network has, for every dendrite of every layer: spikes don't need it.
    reference: Vec<Vec<Reference>>,
}

/// The file of long lists.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WeightsFile {
    /// Its name: "weights.bin".
    file: String,
    /// Its length.
    bytes: usize,
    /// Its CRC-32 (IEEE 802.3, as in zip and PNG).
    crc32: u32,
}

/// The weights of an integer layer, apart from the values, which the synapses hold.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reference {
    /// S_w: one per output channel, or one for all.
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    scales: Vec<f32>,
    /// b in units of S_x · S_w, one per output channel or neuron; empty where there is none.
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    bias: Vec<i32>,
    /// Bits of a weight.
    bits: u8,
}

/// Writes a network as the parts of a file.
///
/// # Errors
/// If the spiking network isn't made of the quantized one.
pub fn write_parts(network: &QuantizedNetwork, spiking: &SpikingNetwork) -> Result<Parts, SdannFileError> {
    let reference = references(network, spiking)?;
    let mut document = Document {
        format: FORMAT.into(),
        version: VERSION,
        generator: concat!("sdann ", env!("CARGO_PKG_VERSION")).into(),
        name: network.name.clone(),
        weights: WeightsFile {
            file: WEIGHTS.into(),
            bytes: 0,
            crc32: 0,
        },
        network: spiking.clone(),
        reference,
    };
    let text = |document: &Document| serde_json::to_vec_pretty(document).map_err(|error| unreadable(&error));
    // Where lists stand depends on what comes before them, not on the checksum.
    let (result, weights) = arrays::writing(|| text(&document));
    result?;
    document.weights.bytes = weights.len();
    document.weights.crc32 = crc32fast::hash(&weights);
    let (text, _) = arrays::writing(|| text(&document));
    Ok(Parts { text: text?, weights })
}

/// What only the integer network has, for every dendrite of every layer.
///
/// # Errors
/// If the spiking network isn't made of it.
pub(crate) fn references(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
) -> Result<Vec<Vec<Reference>>, SdannFileError> {
    let of = |dendrite: &Dendrite| Reference {
        scales: dendrite.weights.scales.clone(),
        bias: dendrite.weights.bias.clone(),
        bits: dendrite.weights.bits,
    };
    let layers = network.layers.iter();
    let references: Vec<Vec<Reference>> = layers
        .map(|layer| layer.dendrites.iter().map(of).collect())
        .collect();
    for (index, layer) in network.layers.iter().enumerate() {
        let is_same = spiking.layers.get(index).is_some_and(|own| {
            own.dendrites.len() == layer.dendrites.len() && integer_layer(own, &references[index]) == *layer
        });
        if !is_same || network.tensors != spiking.tensors {
            return Err(SdannFileError::Foreign {
                layer: layer.name.clone(),
            });
        }
    }
    Ok(references)
}

/// The networks of a file, once all that it says is checked.
///
/// # Errors
/// If it makes no network that can be run.
pub(crate) fn checked(
    name: String,
    spiking: SpikingNetwork,
    reference: &[Vec<Reference>],
) -> Result<Converted, SdannFileError> {
    check::network(&spiking, reference)?;
    let layers = spiking.layers.iter().zip(reference);
    let network = QuantizedNetwork {
        name,
        tensors: spiking.tensors.clone(),
        layers: layers
            .map(|(layer, reference)| integer_layer(layer, reference))
            .collect(),
    };
    check::sums(&network, &spiking)?;
    Ok(Converted { network, spiking })
}

/// Writes a network as a `.sdann` file.
///
/// # Errors
/// If the spiking network isn't made of the quantized one.
pub fn write(network: &QuantizedNetwork, spiking: &SpikingNetwork) -> Result<Vec<u8>, SdannFileError> {
    zipped(&write_parts(network, spiking)?)
}

/// The parts as one file.
///
/// # Errors
/// If memory does not suffice.
pub fn zipped(parts: &Parts) -> Result<Vec<u8>, SdannFileError> {
    let failed = |error: &dyn std::fmt::Display| SdannFileError::Zip(error.to_string());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in [(TEXT, &parts.text), (WEIGHTS, &parts.weights)] {
        zip.start_file(name, options).map_err(|error| failed(&error))?;
        zip.write_all(bytes).map_err(|error| failed(&error))?;
    }
    Ok(zip.finish().map_err(|error| failed(&error))?.into_inner())
}

/// Whether `bytes` may be a `.sdann` file: a zip whose first member is its text.
pub fn is_sdann_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") && bytes.get(30..30 + TEXT.len()) == Some(TEXT.as_bytes())
}

/// Reads a `.sdann` file.
///
/// # Errors
/// A [`SdannFileError`], one sentence for the user. Time and memory are bounded by what the file holds and by
/// fixed limits.
pub fn read(bytes: &[u8]) -> Result<Converted, SdannFileError> {
    read_parts(&unzipped(bytes)?)
}

/// The parts of a `.sdann` file.
///
/// # Errors
/// If the zip is damaged, or a part is missing or too large.
pub fn unzipped(bytes: &[u8]) -> Result<Parts, SdannFileError> {
    let mut zip =
        ZipArchive::new(Cursor::new(bytes)).map_err(|error| SdannFileError::Zip(error.to_string()))?;
    let mut part = |part: &'static str, limit: usize| {
        let refused = |problem: String| SdannFileError::Part { part, problem };
        let member = zip
            .by_name(part)
            .map_err(|error| refused(format!("cannot be read ({error})")))?;
        let mut bytes = Vec::new();
        member
            .take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| refused(format!("is damaged ({error})")))?;
        if bytes.len() > limit {
            return Err(refused(format!(
                "is larger than the supported {} MiB",
                limit >> 20
            )));
        }
        Ok(bytes)
    };
    Ok(Parts {
        text: part(TEXT, MAX_TEXT_BYTES)?,
        weights: part(WEIGHTS, MAX_WEIGHT_BYTES)?,
    })
}

/// Reads the parts of a file.
///
/// # Errors
/// As for [`read`].
pub fn read_parts(parts: &Parts) -> Result<Converted, SdannFileError> {
    for (part, length, limit) in [
        (TEXT, parts.text.len(), MAX_TEXT_BYTES),
        (WEIGHTS, parts.weights.len(), MAX_WEIGHT_BYTES),
    ] {
        if length > limit {
            let problem = format!("is larger than the supported {} MiB", limit >> 20);
            return Err(SdannFileError::Part { part, problem });
        }
    }
    check_head(&parts.text)?;
    let document: Document = arrays::reading(parts.weights.clone(), || serde_json::from_slice(&parts.text))
        .map_err(|error| unreadable(&error))?;
    let found = crc32fast::hash(&parts.weights);
    let WeightsFile {
        bytes,
        crc32: expected,
        ..
    } = document.weights;
    if bytes != parts.weights.len() {
        let problem = format!("has {} bytes, but {TEXT} expects {bytes}", parts.weights.len());
        return Err(SdannFileError::Part {
            part: WEIGHTS,
            problem,
        });
    }
    if found != expected {
        return Err(SdannFileError::Checksum { found, expected });
    }
    checked(document.name, document.network, &document.reference)
}

/// Says that a file is of another version before anything else of it is found strange.
fn check_head(text: &[u8]) -> Result<(), SdannFileError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u64,
    }
    let head: Head = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
    if head.format != FORMAT {
        let found: String = head.format.chars().take(40).collect();
        let problem = format!("says that its format is '{found}', but only {FORMAT} is read");
        return Err(SdannFileError::Part { part: TEXT, problem });
    }
    if head.version != u64::from(VERSION) {
        return Err(SdannFileError::Version { found: head.version });
    }
    Ok(())
}

fn unreadable(error: &serde_json::Error) -> SdannFileError {
    let problem = format!(
        "cannot be read ({})",
        error.to_string().chars().take(300).collect::<String>()
    );
    SdannFileError::Part { part: TEXT, problem }
}

/// The integer layer that a spiking layer came from.
fn integer_layer(layer: &SpikingLayer, reference: &[Reference]) -> Layer {
    let dendrites = layer.dendrites.iter().zip(reference);
    Layer {
        name: layer.name.clone(),
        target: layer.target,
        dendrites: dendrites
            .map(|(dendrite, reference)| integer_dendrite(dendrite, reference))
            .collect(),
        requantizer: layer.fire.requantizer.clone(),
    }
}

fn integer_dendrite(dendrite: &SpikingDendrite, reference: &Reference) -> Dendrite {
    let weights = Weights {
        values: values(dendrite),
        scales: reference.scales.clone(),
        bias: reference.bias.clone(),
        bits: reference.bits,
    };
    Dendrite {
        view: dendrite.view.clone(),
        affine: dendrite.affine,
        connections: dendrite.connections,
        weights: Arc::new(weights),
        reduce: dendrite.reduce,
    }
}

/// The weights without the padding of their rows.
fn values(dendrite: &SpikingDendrite) -> Vec<i16> {
    let fan_in = dendrite.connections.fan_in();
    match dendrite.reduce {
        Reduce::Sum => {
            let rows = dendrite
                .synapses
                .rows
                .chunks_exact(dendrite.synapses.stride.max(1));
            rows.flat_map(|row| row.iter().take(fan_in).copied()).collect()
        }
        Reduce::Max => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::open_network;
    use crate::simulate::{Samples, calibrate, measure};
    use crate::spiking::Conversion;

    const SCHEMA: &str = "docs/spiking-format.schema.json";

    fn schema() -> String {
        let schema = serde_json::to_value(schemars::schema_for!(Document)).expect("a schema is JSON");
        serde_json::to_string_pretty(&schema).expect("JSON is text") + "\n"
    }

    #[test]
    fn the_schema_is_that_of_the_types() {
        if std::env::var_os("SDANN_WRITE_SCHEMA").is_some() {
            std::fs::write(SCHEMA, schema()).expect("the repository can be written to");
        }
        let stored = std::fs::read_to_string(SCHEMA).unwrap_or_default();
        assert!(
            stored == schema(),
            "run SDANN_WRITE_SCHEMA=1 cargo test --lib sdann_file, and commit {SCHEMA}"
        );
    }

    #[test]
    fn what_is_written_is_what_the_schema_describes() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).expect("a schema");
        let validator = jsonschema::validator_for(&schema).expect("a valid schema");
        for model in ["digits-mlp", "mnist-residual", "mnist-4bit", "sine-regression"] {
            let bytes = std::fs::read(format!("assets/models/{model}.onnx")).expect("it ships with the page");
            let network = open_network(&bytes, model).expect("it can be read");
            let conversion = Conversion {
                register_bits: 12,
                ..Conversion::default()
            };
            let codes = vec![0; network.input().len()];
            let samples = Samples {
                codes: &codes,
                len: codes.len(),
            };
            let statistics = measure(&network, &conversion, samples);
            let spiking = calibrate(&network, &conversion, &statistics, samples);
            let parts = write_parts(&network, &spiking).expect("both belong together");
            let text: serde_json::Value = serde_json::from_slice(&parts.text).expect("JSON");
            let errors: Vec<String> = validator
                .iter_errors(&text)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{model}: {errors:?}");
            let mut wrong = text.clone();
            wrong["network"]["layers"][0]["fire"]["exact"] = "maybe".into();
            assert!(!validator.is_valid(&wrong), "{model}");
        }
    }
}
