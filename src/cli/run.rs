//! `sdann run`.

use super::engine::Job;
use super::error::CliError;
use super::files::{self, NewFile};
use super::inputs::{self, Inputs};
use super::{args, json, note, print, summary};
use crate::chip::{ChipConfig, Mapping, Router};
use crate::explore::Agreement;
use crate::export::{CalibrationSource, ChipReport, Engine, NpyWriter, OutputReport, RunReport, RunSource};
use crate::quantize::{CodeTensor, QuantizedNetwork, Reference};
use crate::settings::Settings;
use crate::simulate::{Samples, Simulator, calibrate, measure, trace};
use crate::spiking::SpikingNetwork;
use clap::ArgMatches;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Samples of the inputs that are calibrated on if no others are given.
const CALIBRATION_SAMPLES: usize = 128;

/// What the flags say.
struct Request {
    model: PathBuf,
    inputs: PathBuf,
    labels: Option<PathBuf>,
    calibration: Option<PathBuf>,
    divide_by: f32,
    engine: Engine,
    output: PathBuf,
    report: Option<PathBuf>,
    print_json: bool,
    settings: Settings,
}

impl Request {
    fn read(matches: &ArgMatches) -> Result<Self, CliError> {
        let path = |name| args::path_of(matches, name);
        let request = Self {
            model: path("model").unwrap_or_default(),
            inputs: path("inputs").unwrap_or_default(),
            labels: path("labels"),
            calibration: path("calibration"),
            divide_by: matches.get_one("divide-by").copied().unwrap_or(1.0),
            engine: match matches.get_one::<String>("engine").map(String::as_str) {
                Some("integer") => Engine::Integer,
                _ => Engine::Spiking,
            },
            output: path("output").unwrap_or_default(),
            report: path("report"),
            print_json: matches.get_flag("json"),
            settings: args::chosen_settings(matches)?,
        };
        request.check_paths()?;
        Ok(request)
    }

    fn check_paths(&self) -> Result<(), CliError> {
        let mut read: Vec<(&'static str, &Path)> =
            vec![("the model", &self.model), ("--inputs", &self.inputs)];
        read.extend(self.labels.iter().map(|path| ("--labels", path.as_path())));
        read.extend(
            self.calibration
                .iter()
                .map(|path| ("--calibration", path.as_path())),
        );
        let mut written: Vec<(&'static str, &Path)> = vec![("--output", &self.output)];
        written.extend(self.report.iter().map(|path| ("--report", path.as_path())));
        files::check_distinct(&read, &written)
    }

    fn source(
        &self,
        network: &QuantizedNetwork,
        calibration: Option<CalibrationSource>,
        labels_file: Option<&PathBuf>,
    ) -> RunSource {
        RunSource {
            model: network.name.clone(),
            model_file: self.model.display().to_string(),
            inputs_file: self.inputs.display().to_string(),
            labels_file: labels_file.map(|path| path.display().to_string()),
            divide_by: self.divide_by,
            calibration,
        }
    }
}

/// Runs samples through a model.
pub(super) fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let request = Request::read(matches)?;
    let network = files::model(&request.model)?;
    let inputs = Inputs::read("--inputs", &request.inputs, request.divide_by, &network)?;
    let labels = match &request.labels {
        Some(path) => inputs::labels(path, inputs.count(), &network)?,
        None => inputs.own_labels(&network),
    };
    // What cannot be written is better known before the work than behind it.
    let mut output_file = NewFile::create("--output", &request.output)?;
    let mut report_file = request
        .report
        .as_ref()
        .map(|path| NewFile::create("--report", path))
        .transpose()?;
    if let Some(doubt) = inputs.doubt(network.input()) {
        note(doubt);
    }

    let start = Instant::now();
    let (spiking, calibration) = convert(&request, &network, &inputs)?;
    let job = Job {
        network: &network,
        spiking: spiking.as_ref(),
        inputs: &inputs,
        labels: &labels,
    };
    let agreement = write_output(&job, &mut output_file)?;
    let output = OutputReport::new(request.output.display().to_string(), &network, inputs.count());
    let labels_file = (!labels.is_empty()).then(|| request.labels.as_ref().unwrap_or(&request.inputs));
    let (source, settings) = (
        request.source(&network, calibration, labels_file),
        request.settings,
    );
    let report = match &spiking {
        None => RunReport::integer(source, settings, &agreement, output),
        Some(spiking) => {
            let chip = chip_report(settings.chip, &network, spiking, &inputs)?;
            RunReport::spiking(source, settings, &agreement, output, spiking, chip)
        }
    };
    let elapsed = start.elapsed();

    let text = json(&report)? + "\n";
    // Neither file takes its name before both are whole.
    if let Some(file) = &mut report_file {
        file.write(text.as_bytes())?;
    }
    output_file.finish()?;
    report_file.map_or(Ok(()), NewFile::finish)?;
    print(&if request.print_json {
        text
    } else {
        summary::summary(&report, elapsed)
    })
}

/// Runs every sample and writes the answers as they come.
fn write_output(job: &Job<'_>, file: &mut NewFile) -> Result<Agreement, CliError> {
    let output = job.network.output();
    let shape: Vec<usize> = [job.inputs.count()]
        .into_iter()
        .chain(output.shape.iter().copied())
        .collect();
    let (what, path) = (file.what(), file.path().to_owned());
    let failed = |error| files::unwritable(what, &path, &error);
    let buffer = BufWriter::new(file.writer());
    let mut writer = match output.affine {
        Some(_) => NpyWriter::codes(buffer, &shape),
        None => NpyWriter::reals(buffer, &shape),
    }
    .map_err(failed)?;
    let agreement = job.run(|answers| writer.push(&answers.codes, &answers.reals).map_err(failed))?;
    writer.finish().map_err(failed)?;
    Ok(agreement)
}

/// The spiking network, if one is to run, and what it was calibrated on.
fn convert(
    request: &Request,
    network: &QuantizedNetwork,
    inputs: &Inputs,
) -> Result<(Option<SpikingNetwork>, Option<CalibrationSource>), CliError> {
    if request.engine == Engine::Integer {
        return Ok((None, None));
    }
    let (codes, source) = calibration(request, network, inputs)?;
    let samples = Samples {
        codes: &codes,
        len: network.input().len(),
    };
    let conversion = &request.settings.conversion;
    let statistics = measure(network, conversion, samples);
    let spiking = calibrate(network, conversion, &statistics, samples);
    Ok((Some(spiking), Some(source)))
}

/// The samples to calibrate on: those given, or the first ones of the inputs.
fn calibration(
    request: &Request,
    network: &QuantizedNetwork,
    inputs: &Inputs,
) -> Result<(Vec<i32>, CalibrationSource), CliError> {
    let describe = |from: &Inputs, from_inputs, samples| CalibrationSource {
        file: from.path().display().to_string(),
        from_inputs,
        samples,
    };
    let Some(path) = &request.calibration else {
        let codes = inputs.first_codes(network, CALIBRATION_SAMPLES)?;
        let samples = inputs.count().min(CALIBRATION_SAMPLES);
        return Ok((codes, describe(inputs, true, samples)));
    };
    let given = Inputs::read("--calibration", path, request.divide_by, network)?;
    if given.count() == 0 {
        let problem = "it holds no samples, but at least one is needed to calibrate on";
        return Err(CliError::file("--calibration", path, problem));
    }
    let codes = given.first_codes(network, usize::MAX)?;
    Ok((codes, describe(&given, false, given.count())))
}

/// The first sample on the mesh; `None` if there are no samples.
fn chip_report(
    chip: ChipConfig,
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    inputs: &Inputs,
) -> Result<Option<ChipReport>, CliError> {
    if inputs.count() == 0 {
        return Ok(None);
    }
    let neurons: Vec<usize> = network.tensors.iter().map(CodeTensor::len).collect();
    let mapping = match Mapping::in_order(chip, &neurons) {
        Ok(mapping) => mapping,
        Err(error) => return Ok(Some(ChipReport::unmapped(&error))),
    };
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    let codes = inputs.codes(network, 0)?;
    let trace = trace(network, spiking, &codes, &mut simulator, &mut reference);
    let router = Router::new(spiking, mapping);
    Ok(Some(ChipReport::mapped(router.mapping(), &router.count(&trace))))
}
