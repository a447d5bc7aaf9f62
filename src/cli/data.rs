//! A model with samples, labels and samples to calibrate with: what several commands take.

use super::error::CliError;
use super::inputs::{self, Inputs};
use super::{args, files, note};
use crate::explore::{Closeness, FloatModel, GroundTruth, Model, Quantized};
use crate::export::{CalibrationSource, RunSource};
use crate::quantize::QuantizedNetwork;
use crate::quantize::post_training::Quantization;
use crate::settings::Settings;
use crate::simulate::{Samples, Statistics, calibrate, measure};
use crate::spiking::{Conversion, SpikingNetwork};
use clap::ArgMatches;
use std::path::{Path, PathBuf};

/// Samples of the inputs that are calibrated on if no others are given.
const CALIBRATION_SAMPLES: usize = 128;

/// What the flags say.
pub(super) struct DataFlags {
    model: PathBuf,
    /// The flag that names the samples, with its dashes.
    what: &'static str,
    inputs: PathBuf,
    labels: Option<PathBuf>,
    targets: Option<PathBuf>,
    closeness: Closeness,
    divide_targets_by: f32,
    calibration: Option<PathBuf>,
    divide_by: f32,
    /// What a float model is quantized with.
    quantization: Quantization,
}

/// What was read from the files.
pub(super) struct Data {
    pub(super) network: QuantizedNetwork,
    /// The spiking network, if that is what the file holds.
    pub(super) spiking: Option<SpikingNetwork>,
    pub(super) inputs: Inputs,
    /// What should come out of them.
    pub(super) truth: GroundTruth,
}

/// A float model, what was made of it, and what that was measured on.
pub(super) struct Loaded {
    pub(super) float: FloatModel,
    pub(super) quantized: Quantized,
    pub(super) source: CalibrationSource,
}

/// A conversion, what it was calibrated on, and what was measured there.
pub(super) struct Converted {
    pub(super) spiking: SpikingNetwork,
    pub(super) statistics: Statistics,
    pub(super) source: CalibrationSource,
}

impl DataFlags {
    /// Reads the flags of [`args::data_flags`]; samples are named by `what`.
    pub(super) fn read(matches: &ArgMatches, what: &'static str) -> Self {
        let path = |name: &str| args::path_of(matches, name);
        // Not every command has all of them.
        let word = |name: &str| matches.try_get_one::<String>(name).ok().flatten();
        let number = |name: &str| {
            matches
                .try_get_one::<f32>(name)
                .ok()
                .flatten()
                .copied()
                .unwrap_or(1.0)
        };
        Self {
            model: path("model").unwrap_or_default(),
            what,
            inputs: path(what.trim_start_matches("--")).unwrap_or_default(),
            labels: path("labels"),
            targets: path("targets"),
            closeness: match word("measure").map(String::as_str) {
                Some("psnr") => Closeness::Psnr,
                _ => Closeness::Rmse,
            },
            divide_targets_by: number("divide-targets-by"),
            calibration: path("calibration"),
            divide_by: number("divide-by"),
            // What is wrong with settings is told by whoever asks for all of them.
            quantization: args::chosen_settings(matches).unwrap_or_default().quantization,
        }
    }

    /// The model's file.
    pub(super) fn model(&self) -> &Path {
        &self.model
    }

    /// The files that are read, by the flags that name them.
    pub(super) fn paths(&self) -> Vec<(&'static str, &Path)> {
        let mut paths = vec![("the model", self.model.as_path()), (self.what, &self.inputs)];
        paths.extend(self.labels.iter().map(|path| ("--labels", path.as_path())));
        paths.extend(self.targets.iter().map(|path| ("--targets", path.as_path())));
        let calibration = self.calibration.iter();
        paths.extend(calibration.map(|path| ("--calibration", path.as_path())));
        paths
    }

    /// Reads model, samples and labels.
    ///
    /// # Errors
    /// If one of the files cannot be used, or they do not fit each other.
    pub(super) fn open(&self) -> Result<Data, CliError> {
        match files::any_model(&self.model)? {
            (Model::Codes(network), spiking) => Ok(Data {
                spiking,
                ..self.with_inputs(*network)?
            }),
            (Model::Real(float), _) => Ok(self.with_float(*float)?.0),
        }
    }

    /// Reads the samples of a float model and quantizes it on them, or on others that are given.
    ///
    /// # Errors
    /// As [`Self::open`], and if there are no samples to quantize with.
    pub(super) fn with_float(&self, mut float: FloatModel) -> Result<(Data, Loaded), CliError> {
        let refused = |error| CliError::file("model", &self.model, error);
        let mut data = self.with_inputs(float.wiring().map_err(refused)?)?;
        let (samples, source) = match &self.calibration {
            None => {
                let samples = data.inputs.first_reals(CALIBRATION_SAMPLES)?;
                (
                    samples,
                    described(&data.inputs, true, data.inputs.count().min(CALIBRATION_SAMPLES)),
                )
            }
            Some(path) => {
                let given = Inputs::read("--calibration", path, self.divide_by, &data.network)?;
                (
                    given.first_reals(usize::MAX)?,
                    described(&given, false, given.count()),
                )
            }
        };
        float.set_samples(samples);
        let quantized = float.quantize(&self.quantization).map_err(refused)?;
        data.network = quantized.network.clone();
        let loaded = Loaded {
            float,
            quantized,
            source,
        };
        Ok((data, loaded))
    }

    /// Reads the samples of a quantized model, and labels.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn with_inputs(&self, network: QuantizedNetwork) -> Result<Data, CliError> {
        let inputs = Inputs::read(self.what, &self.inputs, self.divide_by, &network)?;
        let truth = self.truth(&inputs, &network)?;
        Ok(Data {
            network,
            spiking: None,
            inputs,
            truth,
        })
    }

    /// What should come out: labels or targets that were given, or labels that came with the inputs.
    fn truth(&self, inputs: &Inputs, network: &QuantizedNetwork) -> Result<GroundTruth, CliError> {
        if let Some(path) = &self.targets {
            let values = inputs::targets(path, self.divide_targets_by, inputs.count(), network)?;
            return Ok(GroundTruth::Targets(values, self.closeness));
        }
        let labels = match &self.labels {
            Some(path) => inputs::labels(path, inputs.count(), network.output().len())?,
            None => inputs.own_labels(&network.output().shape),
        };
        Ok(if labels.is_empty() {
            GroundTruth::Unknown
        } else {
            GroundTruth::Labels(labels)
        })
    }

    /// Converts, calibrated on the samples given, or on the first ones of the inputs. A spiking network
    /// stays as it is.
    ///
    /// # Errors
    /// If there are no samples to calibrate with, or they do not fit the model.
    pub(super) fn convert(&self, data: &Data, conversion: &Conversion) -> Result<Converted, CliError> {
        let (codes, source) = self.calibration(data)?;
        let samples = Samples {
            codes: &codes,
            len: data.network.input().len(),
        };
        let statistics = measure(&data.network, conversion, samples);
        Ok(Converted {
            spiking: match &data.spiking {
                Some(spiking) => spiking.clone(),
                None => calibrate(&data.network, conversion, &statistics, samples),
            },
            statistics,
            source,
        })
    }

    /// The codes to calibrate with, and where they are from.
    ///
    /// # Errors
    /// If there are none, or they do not fit the model.
    pub(super) fn calibration(&self, data: &Data) -> Result<(Vec<i32>, CalibrationSource), CliError> {
        let Some(path) = &self.calibration else {
            let codes = data.inputs.first_codes(&data.network, CALIBRATION_SAMPLES)?;
            let samples = data.inputs.count().min(CALIBRATION_SAMPLES);
            return Ok((codes, described(&data.inputs, true, samples)));
        };
        let given = Inputs::read("--calibration", path, self.divide_by, &data.network)?;
        if given.count() == 0 {
            let problem = "it holds no samples, but at least one is needed to calibrate on";
            return Err(CliError::file("--calibration", path, problem));
        }
        let codes = given.first_codes(&data.network, usize::MAX)?;
        Ok((codes, described(&given, false, given.count())))
    }

    /// The settings that the flags say, or those of a spiking network.
    ///
    /// # Errors
    /// If a spiking network is to be converted in another way.
    pub(super) fn settings(&self, matches: &ArgMatches, data: &Data) -> Result<Settings, CliError> {
        settings_of(
            matches,
            &self.model,
            data.spiking.as_ref(),
            self.calibration.is_some(),
        )
    }

    /// Where everything came from, for a report.
    pub(super) fn source(&self, data: &Data, calibration: Option<CalibrationSource>) -> RunSource {
        let has_labels = !data.truth.labels().is_empty();
        let labels_file = has_labels.then(|| self.labels.as_ref().unwrap_or(&self.inputs));
        RunSource {
            model: data.network.name.clone(),
            model_file: self.model.display().to_string(),
            inputs_file: self.inputs.display().to_string(),
            labels_file: labels_file.map(|path| path.display().to_string()),
            targets_file: self.targets.as_ref().map(|path| path.display().to_string()),
            divide_by: self.divide_by,
            calibration,
        }
    }
}

/// The settings that the flags say, or those of a spiking network.
///
/// # Errors
/// If a spiking network is to be converted in another way.
pub(super) fn settings_of(
    matches: &ArgMatches,
    model: &Path,
    spiking: Option<&SpikingNetwork>,
    is_calibrated: bool,
) -> Result<Settings, CliError> {
    let settings = args::chosen_settings(matches)?;
    let Some(spiking) = spiking else {
        return Ok(settings);
    };
    let calibration = is_calibrated.then_some("calibration");
    if let Some(flag) = args::given_conversion(matches).or(calibration) {
        return Err(CliError::Usage(format!(
            "--{flag} decides how a model is converted, but '{}' is converted already; leave it out, or give the model itself",
            model.display()
        )));
    }
    Ok(Settings {
        conversion: spiking.conversion,
        ..settings
    })
}

/// Where samples to calibrate with came from.
fn described(from: &Inputs, from_inputs: bool, samples: usize) -> CalibrationSource {
    CalibrationSource {
        file: from.path().display().to_string(),
        from_inputs,
        samples,
    }
}

impl Data {
    /// The CRC-32 of all samples and of what should come out of them.
    ///
    /// # Errors
    /// If a sample cannot be used.
    pub(super) fn digest(&self) -> Result<u32, CliError> {
        let mut digest = crc32fast::Hasher::new();
        for sample in 0..self.inputs.count() {
            digest.update(bytemuck::cast_slice(&self.inputs.codes(&self.network, sample)?));
        }
        match &self.truth {
            GroundTruth::Unknown => {}
            GroundTruth::Labels(labels) => {
                labels
                    .iter()
                    .for_each(|&label| digest.update(&(label as u64).to_le_bytes()));
            }
            GroundTruth::Targets(values, closeness) => {
                digest.update(bytemuck::cast_slice(values));
                digest.update(&[u8::from(*closeness == Closeness::Psnr)]);
            }
        }
        Ok(digest.finalize())
    }

    /// Tells of samples that seem to be in other units than the model's.
    pub(super) fn tell_doubts(&self) {
        if let Some(doubt) = self.inputs.doubt(self.network.input()) {
            note(doubt);
        }
    }
}
