//! `sdann convert`.

use super::error::CliError;
use super::files::{self, NewFile};
use super::inputs::Inputs;
use super::table::thousands;
use super::{args, note, print, print_json};
use crate::explore::Model;
use crate::quantize::QuantizedNetwork;
use crate::sdann_file::{self, Parts};
use crate::settings::Settings;
use crate::simulate::{Samples, Statistics, calibrate, measure};
use crate::spiking::{Conversion, SpikingNetwork};
use clap::ArgMatches;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Serialize)]
struct Report {
    model: String,
    files: Vec<WrittenFile>,
    calibration_samples: usize,
    register_bits: u8,
    layers: usize,
    neurons: usize,
    weights: usize,
    /// Whether no input at all can make a code differ from the quantized network's.
    exact: bool,
}

#[derive(Serialize)]
struct WrittenFile {
    path: String,
    bytes: usize,
}

/// Converts a model and writes the spiking network.
pub(super) fn convert(matches: &ArgMatches) -> Result<(), CliError> {
    let path = |name| args::path_of(matches, name);
    let (model, output) = (
        path("model").unwrap_or_default(),
        path("output").unwrap_or_default(),
    );
    let settings = args::chosen_settings(matches)?;
    let data = path("data");
    let mut read: Vec<(&'static str, &Path)> = vec![("the model", &model)];
    read.extend(data.iter().map(|path| ("--data", path.as_path())));
    let files = destination(&output)?;
    let written: Vec<(&'static str, &Path)> = files.iter().map(|path| ("--output", path.as_path())).collect();
    files::check_distinct(&read, &written)?;

    let divide_by = matches.get_one("divide-by").copied().unwrap_or(1.0);
    let network = match files::any_model(&model)? {
        (_, Some(_)) => {
            let problem = "it is a spiking network already; give the model itself";
            return Err(CliError::file("model", &model, problem));
        }
        (Model::Codes(network), None) => *network,
        (Model::Real(mut float), None) => {
            let refused = |error| CliError::file("model", &model, error);
            if let Some(path) = &data {
                let inputs = Inputs::read("--data", path, divide_by, &float.wiring().map_err(refused)?)?;
                float.set_samples(inputs.first_reals(usize::MAX)?);
            }
            float.quantize(&settings.quantization).map_err(refused)?.network
        }
    };
    let codes = match &data {
        None => Vec::new(),
        Some(path) => {
            let inputs = Inputs::read("--data", path, divide_by, &network)?;
            if inputs.count() == 0 {
                let problem = "it holds no samples, but at least one is needed to calibrate on";
                return Err(CliError::file("--data", path, problem));
            }
            if let Some(doubt) = inputs.doubt(network.input()) {
                note(doubt);
            }
            inputs.first_codes(&network, usize::MAX)?
        }
    };
    let new_files = files
        .iter()
        .map(|path| NewFile::create("--output", path))
        .collect::<Result<Vec<_>, _>>()?;
    let samples = Samples {
        codes: &codes,
        len: network.input().len(),
    };
    let Settings { conversion, .. } = settings;
    let statistics = if codes.is_empty() {
        Statistics::none(&network)
    } else {
        measure(&network, &conversion, samples)
    };
    let spiking = calibrate(&network, &conversion, &statistics, samples);
    let exact = spiking.layers.iter().all(|layer| layer.is_surely_exact());
    if data.is_none() && !exact {
        note(
            "without --data nothing is known of the sums that occur, so that registers may overflow; give --data, or set scaling to guaranteed",
        );
    }

    let refused = |error| CliError::file("--output", &output, error);
    let parts = sdann_file::write_parts(&network, &spiking).map_err(refused)?;
    let Parts { text, weights } = &parts;
    let contents = match new_files.len() {
        1 => vec![sdann_file::zipped(&parts).map_err(refused)?],
        _ => vec![text.clone(), weights.clone()],
    };
    let mut report = report(&network.name, &spiking, samples.count(), exact);
    for ((mut file, path), bytes) in new_files.into_iter().zip(&files).zip(&contents) {
        file.write(bytes)?;
        file.finish()?;
        report.files.push(WrittenFile {
            path: path.display().to_string(),
            bytes: bytes.len(),
        });
    }
    if matches.get_flag("json") {
        print_json(&report)
    } else {
        print(&summary(&report))
    }
}

/// A model without any samples, and the spiking network if that is what the file holds.
///
/// # Errors
/// If the file cannot be used, or holds a float model, which nothing is known of.
pub(super) fn without_data(
    model: &Path,
    settings: &Settings,
) -> Result<(QuantizedNetwork, Option<SpikingNetwork>), CliError> {
    match files::any_model(model)? {
        (Model::Codes(network), spiking) => Ok((*network, spiking)),
        (Model::Real(mut float), _) => {
            let quantized = float.quantize(&settings.quantization);
            let network = quantized
                .map_err(|error| CliError::file("model", model, error))?
                .network;
            Ok((network, None))
        }
    }
}

/// The spiking network of which no sample is known.
pub(super) fn uncalibrated(network: &QuantizedNetwork, conversion: &Conversion) -> SpikingNetwork {
    let samples = Samples {
        codes: &[],
        len: network.input().len(),
    };
    calibrate(network, conversion, &Statistics::none(network), samples)
}

/// The files to write: one, or both parts in a folder.
fn destination(output: &Path) -> Result<Vec<PathBuf>, CliError> {
    let named_as_folder = output
        .as_os_str()
        .to_string_lossy()
        .ends_with(['/', std::path::MAIN_SEPARATOR]);
    if !named_as_folder && !output.is_dir() {
        return Ok(vec![output.to_owned()]);
    }
    std::fs::create_dir_all(output).map_err(|error| {
        CliError::file(
            "--output",
            output,
            format!("the folder cannot be made ({error}); name another"),
        )
    })?;
    Ok([sdann_file::TEXT, sdann_file::WEIGHTS]
        .map(|name| output.join(name))
        .into())
}

fn report(model: &str, spiking: &SpikingNetwork, samples: usize, exact: bool) -> Report {
    let dendrites = spiking.layers.iter().flat_map(|layer| &layer.dendrites);
    Report {
        model: model.into(),
        files: Vec::new(),
        calibration_samples: samples,
        register_bits: spiking.conversion.register_bits,
        layers: spiking.layers.len(),
        neurons: spiking.layers.iter().map(|layer| layer.neurons()).sum(),
        weights: dendrites
            .map(|dendrite| dendrite.connections.output.channels * dendrite.connections.fan_in())
            .sum(),
        exact,
    }
}

fn summary(report: &Report) -> String {
    let mut text = format!(
        "{}: {} layers, {} neurons, {} weights, registers of {} bits, {}\n",
        report.model,
        report.layers,
        thousands(report.neurons as u64),
        thousands(report.weights as u64),
        report.register_bits,
        if report.exact {
            "exact for any input"
        } else {
            "exactness not proven"
        },
    );
    for file in &report.files {
        text += &format!("{}  {} bytes\n", file.path, thousands(file.bytes as u64));
    }
    text
}
