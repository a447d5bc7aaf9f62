//! What the page brings in and takes away: a chip as a short code for addresses, and the run as files.

use crate::chip::spec::{Chip, read_chip};
use crate::explore::{Exploration, Session};
use crate::export::{ChipMeter, MapReport, MapSource, NpyWriter};
use crate::program::{self, Program};
use crate::sdann_file;
use crate::settings::Settings;
use crate::simulate::{Packed, Trace};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use serde::{Deserialize, Serialize};
use std::io::{self, Cursor, Read, Write};
use zip::write::SimpleFileOptions;

/// What the worker is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Errand {
    /// A chip as a code for addresses. Answered by `Code`.
    WriteChip(Box<Chip>),
    /// The chip of such a code. Answered by `Chip`.
    ReadChip(String),
    /// A file of the last run. Answered by `File`.
    File(RunFile),
}

/// What the worker brings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Delivery {
    /// A chip's code.
    Code(String),
    /// A code's chip, or what is wrong with it.
    Chip(Result<Box<Chip>, String>),
    /// A file, or why there is none.
    File(RunFile, Result<Packed<u8>, String>),
}

/// A file that can be made of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunFile {
    /// Where neurons are, and what travels: as `sdann map --json` has it.
    Mapping,
    /// The spike program: as `sdann map --program` writes it.
    Program,
    /// The spiking network: as `sdann convert` writes it.
    Network,
    /// Codes, currents, membranes and potentials as arrays of NumPy's.
    Trace,
}

impl RunFile {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Mapping, Self::Program, Self::Network, Self::Trace];

    /// Tells them apart, in texts.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Program => "program",
            Self::Network => "network",
            Self::Trace => "trace",
        }
    }

    /// What its name ends with.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Mapping => "map.json",
            Self::Program => "program.json",
            Self::Network => "sdann",
            Self::Trace => "npz",
        }
    }
}

/// More characters are no chip.
const LONGEST_CHIP: u64 = 1 << 18;

/// A chip's text, deflated and in base 64.
pub(super) fn chip_code(chip: &Chip) -> String {
    let text = chip.to_toml();
    let mut packed = Vec::new();
    let whole = DeflateEncoder::new(text.as_bytes(), Compression::best()).read_to_end(&mut packed);
    // Memory can be read and written.
    debug_assert!(whole.is_ok());
    format!("{}.{}", chip.key, URL_SAFE_NO_PAD.encode(packed))
}

/// The chip of a code.
pub(super) fn chip_of(code: &str) -> Result<Chip, String> {
    let damaged = "the chip in the address is damaged; copy the whole link";
    let (key, packed) = code.rsplit_once('.').ok_or(damaged)?;
    let packed = URL_SAFE_NO_PAD.decode(packed).map_err(|_| damaged)?;
    let mut text = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .take(LONGEST_CHIP)
        .read_to_end(&mut text)
        .map_err(|_| damaged)?;
    read_chip(key, &text).map_err(|error| format!("the chip in the address can't be used: {error}"))
}

/// A file of a run that was explored.
pub(super) fn file(
    kind: RunFile,
    session: &Session,
    settings: &Settings,
    explored: &Exploration,
) -> Result<Vec<u8>, String> {
    let (network, spiking) = (session.network(), &*explored.spiking);
    match kind {
        RunFile::Network => sdann_file::write(network, spiking).map_err(|error| error.to_string()),
        RunFile::Trace => archive(&explored.trace).map_err(|error| error.to_string()),
        RunFile::Mapping => {
            let (mapping, traffic) = explored.chip.as_ref().map_err(|error| error.to_string())?;
            let chip = session.chip(&settings.chip).map_err(|error| error.to_string())?;
            let mut meter = ChipMeter::new(mapping);
            meter.add(traffic, spiking, mapping);
            let source = MapSource {
                model: network.name.clone(),
                model_file: network.name.clone(),
                data_file: None,
                divide_by: 1.0,
            };
            let report = MapReport::new(source, *settings, &chip, spiking, mapping, &meter, None);
            serde_json::to_vec_pretty(&report).map_err(|error| error.to_string())
        }
        RunFile::Program => {
            explored.chip.as_ref().map_err(|error| error.to_string())?;
            let chip = session.chip(&settings.chip).map_err(|error| error.to_string())?;
            let router = session.routed().ok_or("the network is not on the chip yet")?;
            let program = Program {
                network,
                spiking,
                router: &router,
                chip: &chip,
                traces: std::slice::from_ref(&explored.trace),
            };
            let mut bytes = Vec::new();
            program::write(&program, &mut bytes).map_err(|error| error.to_string())?;
            Ok(bytes)
        }
    }
}

/// A trace as a .npz: `codes.0` of the input and of each layer after it, and for each layer `currents`, `membranes`
/// (steps × neurons) and `potentials`.
fn archive(trace: &Trace) -> io::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: String, write: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default())?;
        zip.write_all(&bytes)
    };
    let integers = |shape: Vec<usize>, values: &[i32], out: &mut Vec<u8>| {
        let mut writer = NpyWriter::codes(out, &shape)?;
        writer.push(values, &[])?;
        writer.finish()
    };
    put("input.codes".to_owned(), &|out| {
        let codes = trace.codes(0);
        integers(vec![codes.len()], codes, out)
    })?;
    for (layer, window) in trace.windows.iter().enumerate() {
        let potentials: Vec<f32> = window.potentials.to_vec();
        put(format!("layer{layer}.potentials"), &|out| {
            let mut writer = NpyWriter::reals(out, &[potentials.len()])?;
            writer.push(&[], &potentials)?;
            writer.finish()
        })?;
        put(format!("layer{layer}.codes"), &|out| {
            integers(vec![window.codes.len()], &window.codes, out)
        })?;
        for (index, dendrite) in window.dendrites.iter().enumerate() {
            let neurons = dendrite.neurons();
            let shape = vec![dendrite.membranes.len() / neurons.max(1), neurons];
            put(format!("layer{layer}.dendrite{index}.membranes"), &|out| {
                integers(shape.clone(), &dendrite.membranes, out)
            })?;
            put(format!("layer{layer}.dendrite{index}.currents"), &|out| {
                integers(shape.clone(), &dendrite.currents, out)
            })?;
        }
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::spec::Preset;
    use crate::explore::open_network;
    use crate::import::dataset::read_array;

    #[test]
    fn every_preset_fits_into_an_address_and_comes_back_whole() {
        for preset in Preset::ALL {
            let chip = preset.chip();
            let code = chip_code(&chip);
            assert!(code.len() < 7500, "{}: {} characters", chip.name, code.len());
            assert_eq!(chip_of(&code), Ok(chip));
        }
    }

    #[test]
    fn a_damaged_code_is_said() {
        let code = chip_code(&Preset::Darwin3.chip());
        for damaged in ["", "own", "own.$", &code[..code.len() / 2]] {
            let error = chip_of(damaged).expect_err("damaged");
            assert!(error.contains("chip in the address"), "{error}");
        }
    }

    #[test]
    fn every_file_of_a_run_can_be_read_again() {
        let network = open_network(include_bytes!("../../../assets/models/digits-mlp.onnx"), "digits")
            .expect("a shipped model");
        let input = vec![7; network.input().len()];
        let mut session = Session::new(network);
        let settings = Settings::default();
        let explored = session.explore(&settings, &input).expect("it runs");
        let file = |kind| file(kind, &session, &settings, &explored).expect("a file");
        let spiking = sdann_file::read(&file(RunFile::Network)).expect("a spiking network");
        assert_eq!(spiking.spiking.layers.len(), explored.spiking.layers.len());
        assert!(program::is_program(&file(RunFile::Program)));
        let mapping: serde_json::Value = serde_json::from_slice(&file(RunFile::Mapping)).expect("JSON");
        let (_, traffic) = explored.chip.as_ref().expect("it fits");
        let packets: u64 = traffic.sent.iter().map(|&sent| u64::from(sent)).sum();
        assert_eq!(mapping["traffic"]["packets"], packets);
        let trace = file(RunFile::Trace);
        let mut zip = zip::ZipArchive::new(Cursor::new(trace)).expect("an archive");
        let mut bytes = Vec::new();
        let mut codes = zip.by_name("layer0.codes.npy").expect("its codes");
        codes.read_to_end(&mut bytes).expect("whole");
        let codes = read_array(&bytes).expect("an array").to_f32();
        let expected = explored.trace.windows[0].codes.iter().map(|&code| code as f32);
        assert!(codes.into_iter().eq(expected));
    }
}
