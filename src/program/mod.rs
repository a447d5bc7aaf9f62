//! The spike program of a mapping (`docs/SPIKE-PROGRAM.md`): what each core holds, hears and sends, written as
//! one JSON file and read back to the same run.
//!
//! Parameters of neurons and kernels stand once, in the network that the program is of; cores name their neurons
//! in it. Long lists stand behind all, as one text in base 64 (`src/arrays.rs`).

mod read;
mod tables;

pub use read::{LoadedProgram, MAX_PROGRAM_BYTES, is_program, read};

use crate::arrays;
use crate::chip::spec::{Chip, ChipError};
use crate::chip::{Delivery, InputFrom, Router, Routing, Tiling, Topology};
use crate::quantize::QuantizedNetwork;
use crate::sdann_file::{self, Reference, SdannFileError};
use crate::simulate::Trace;
use crate::spiking::SpikingNetwork;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Serialize, Serializer};
use std::io;
use tables::{Core, Route, Sample, WindowOf};
use thiserror::Error;

/// What a program begins with.
const FORMAT: &str = "sdann-program";
/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// Why a file is no program that can be run, or none can be written.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// The text is no JSON, or not that of a program.
    #[error("it cannot be read as a spike program ({0}); map the network again")]
    Text(String),
    /// It is of another version.
    #[error(
        "it is version {found} of {FORMAT}, but version {VERSION} is supported; map the network again with this program"
    )]
    Version {
        /// What it says it is.
        found: u64,
    },
    /// Its lists are damaged.
    #[error("its lists {0}; map the network again")]
    Lists(String),
    /// The network in it cannot be run.
    #[error("in its network, {0}")]
    Network(#[from] SdannFileError),
    /// The chip in it is none.
    #[error("its chip cannot be used: {0}")]
    Chip(#[from] ChipError),
    /// Something in it makes no mapping of that network.
    #[error("{place}: {problem}; map the network again")]
    Mapping {
        /// A table or core.
        place: String,
        /// What was found, and what must be.
        problem: String,
    },
    /// It cannot be written.
    #[error("it cannot be written ({0})")]
    Write(io::Error),
}

/// What a program is made of.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The integer network.
    pub network: &'a QuantizedNetwork,
    /// The spiking network made of it.
    pub spiking: &'a SpikingNetwork,
    /// Where each neuron is, and where its spikes go.
    pub router: &'a Router,
    /// The chip.
    pub chip: &'a Chip,
    /// Samples that ran, written with every spike.
    pub traces: &'a [Trace],
}

/// All of a program but its lists.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document {
    /// "sdann-program".
    format: String,
    /// 1.
    version: u32,
    /// The program that wrote it, with its version.
    generator: String,
    /// The model's name.
    name: String,
    /// The chip and how the network lies on it.
    chip: ChipTable,
    /// When each layer listens, one layer after the other.
    windows: Vec<WindowOf>,
    /// Where spikes go: neurons of a tensor whose spikes meet the same synapses on the same cores share a route.
    routes: Vec<Route>,
    /// The cores that hold neurons.
    cores: Vec<Core>,
    /// The network: everything that neurons and kernels are made of.
    network: SpikingNetwork,
    /// What only the integer network has, for every dendrite of every layer: spikes don't need it.
    reference: Vec<Vec<Reference>>,
    /// Samples with all their spikes.
    samples: Vec<Sample>,
    /// The bytes that long lists stand in.
    lists: Lists,
}

/// The chip and how the network lies on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChipTable {
    /// Its key: the name of its file, without the ending.
    key: String,
    /// What it is called.
    name: String,
    /// All that is known of it, as a chip's file says it (`docs/adding-a-chip.md`).
    toml: String,
    /// Where cores are.
    topology: Topology,
    /// Which way packets take on a mesh.
    routing: Routing,
    /// How a spike reaches several cores.
    delivery: Delivery,
    /// Where the input's spikes come from. By a port, they take no place on its core.
    #[serde(default)]
    input: InputFrom,
    /// How each tensor is cut into slices: the input's, then those of what each layer fires.
    tilings: Vec<Tiling>,
}

/// The bytes of long lists.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Lists {
    /// How many bytes they are.
    bytes: usize,
    /// Their CRC-32 (IEEE 802.3, as in zip and PNG).
    crc32: u32,
    /// The bytes in base 64 (RFC 4648, section 4, with padding).
    base64: String,
}

/// [`Lists`] on their way out: the text is made as it is written.
struct WrittenLists<'a>(&'a [u8]);

impl Serialize for WrittenLists<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Text<'a>(&'a [u8]);

        impl Serialize for Text<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
            }
        }

        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("bytes", &self.0.len())?;
        map.serialize_entry("crc32", &crc32fast::hash(self.0))?;
        map.serialize_entry("base64", &Text(self.0))?;
        map.end()
    }
}

/// Writes a program.
///
/// # Errors
/// If the spiking network isn't made of the quantized one, or `out` can't be written to.
pub fn write(program: &Program<'_>, out: impl io::Write) -> Result<(), ProgramError> {
    let Program {
        network,
        spiking,
        router,
        chip,
        traces,
    } = *program;
    let mapping = router.mapping();
    let reference = sdann_file::references(network, spiking)?;
    let (routes, cores) = tables::of(spiking, router);
    let chip = ChipTable {
        key: chip.key.clone(),
        name: chip.name.clone(),
        toml: chip.to_toml(),
        topology: mapping.topology,
        routing: mapping.routing,
        delivery: mapping.delivery,
        input: mapping.input,
        tilings: mapping.tilings.clone(),
    };
    let samples: Vec<Sample> = traces.iter().map(|trace| Sample::new(trace, router)).collect();
    let mut serializer = serde_json::Serializer::new(out);
    let written = serializer.serialize_map(None).and_then(|mut map| {
        // Lists are gathered while the text goes out, and follow it.
        let (result, bytes) = arrays::writing(|| {
            map.serialize_entry("format", FORMAT)?;
            map.serialize_entry("version", &VERSION)?;
            map.serialize_entry("generator", concat!("sdann ", env!("CARGO_PKG_VERSION")))?;
            map.serialize_entry("name", &network.name)?;
            map.serialize_entry("chip", &chip)?;
            map.serialize_entry("windows", &tables::windows(spiking))?;
            map.serialize_entry("routes", &routes)?;
            map.serialize_entry("cores", &cores)?;
            map.serialize_entry("network", spiking)?;
            map.serialize_entry("reference", &reference)?;
            map.serialize_entry("samples", &samples)
        });
        result?;
        if bytes.len() > read::MAX_LIST_BYTES {
            return Err(serde_json::Error::custom(format!(
                "its lists have {} bytes, more than the supported {}",
                bytes.len(),
                read::MAX_LIST_BYTES
            )));
        }
        map.serialize_entry("lists", &WrittenLists(&bytes))?;
        SerializeMap::end(map)
    });
    written.map_err(|error| ProgramError::Write(error.into()))
}

#[cfg(test)]
mod tests;
