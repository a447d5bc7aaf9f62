//! `sdann run`.

use super::data::DataFlags;
use super::engine::Job;
use super::error::CliError;
use super::files::{self, NewFile};
use super::floor::Floor;
use super::inputs::Inputs;
use super::{args, json, print, summary};
use crate::chip::Router;
use crate::chip::noc::Clock;
use crate::explore::Agreement;
use crate::export::{ChipClock, ChipMeter, ChipReport, ChipRun, Engine, NpyWriter, OutputReport, RunReport};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::settings::Settings;
use crate::simulate::{Simulator, trace};
use crate::spiking::SpikingNetwork;
use clap::ArgMatches;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What the flags say.
struct Request {
    data: DataFlags,
    engine: Engine,
    output: PathBuf,
    report: Option<PathBuf>,
    print_json: bool,
}

impl Request {
    fn read(matches: &ArgMatches) -> Result<Self, CliError> {
        let request = Self {
            data: DataFlags::read(matches, "--inputs"),
            engine: match matches.get_one::<String>("engine").map(String::as_str) {
                Some("integer") => Engine::Integer,
                _ => Engine::Spiking,
            },
            output: args::path_of(matches, "output").unwrap_or_default(),
            report: args::path_of(matches, "report"),
            print_json: matches.get_flag("json"),
        };
        let mut written: Vec<(&'static str, &Path)> = vec![("--output", &request.output)];
        written.extend(request.report.iter().map(|path| ("--report", path.as_path())));
        files::check_distinct(&request.data.paths(), &written)?;
        Ok(request)
    }
}

/// Runs samples through a model.
pub(super) fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let request = Request::read(matches)?;
    // Settings that exclude each other are told before anything is read.
    args::chosen_settings(matches)?;
    let data = request.data.open()?;
    let settings = request.data.settings(matches, &data)?;
    let floor = match Floor::chosen(matches, &settings) {
        // A chip of which too little is known is told with the network that it can't hold.
        Err(error) if !matches!(error, CliError::Unmapped(_)) => return Err(error),
        floor => floor,
    };
    // What cannot be written is better known before the work than behind it.
    let mut output_file = NewFile::create("--output", &request.output)?;
    let mut report_file = request
        .report
        .as_ref()
        .map(|path| NewFile::create("--report", path))
        .transpose()?;
    data.tell_doubts();

    let start = Instant::now();
    let converted = match request.engine {
        Engine::Integer => None,
        Engine::Spiking if data.spiking.is_some() => None,
        Engine::Spiking => Some(request.data.convert(&data, &settings.conversion)?),
    };
    let spiking = match request.engine {
        Engine::Integer => None,
        Engine::Spiking => data
            .spiking
            .as_ref()
            .or(converted.as_ref().map(|converted| &converted.spiking)),
    };
    let job = Job {
        network: &data.network,
        spiking,
        inputs: &data.inputs,
        truth: &data.truth,
        memory: None,
    };
    let agreement = write_output(&job, &mut output_file)?;
    let output = OutputReport::new(
        request.output.display().to_string(),
        &data.network,
        data.inputs.count(),
    );
    let calibration = converted.as_ref().map(|converted| converted.source.clone());
    let source = request.data.source(&data, calibration);
    let report = match spiking {
        None => RunReport::integer(source, settings, &agreement, output),
        Some(spiking) => {
            let chip = chip_report(floor, &settings, &data.network, spiking, &data.inputs)?;
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

/// The first sample on the chip; `None` if there are no samples.
fn chip_report(
    floor: Result<Floor, CliError>,
    settings: &Settings,
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    inputs: &Inputs,
) -> Result<Option<ChipReport>, CliError> {
    if inputs.count() == 0 {
        return Ok(None);
    }
    let laid = floor.and_then(|floor| Ok((floor.lay(spiking, settings)?, floor)));
    let (mapping, floor) = match laid {
        Ok(laid) => laid,
        Err(CliError::Unmapped(problem)) => return Ok(Some(ChipReport::Unmapped { problem })),
        Err(error) => return Err(error),
    };
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    let codes = inputs.codes(network, 0)?;
    let trace = trace(network, spiking, &codes, &mut simulator, &mut reference);
    let router = Router::new(spiking, mapping);
    let mut meter = ChipMeter::new(router.mapping());
    meter.add(&router.count(&trace), spiking, router.mapping());
    // What the router model cannot number is left out.
    let time = ChipClock::new(&router, Clock::of(&floor.chip)).and_then(|mut clock| {
        clock.add(&router, &trace)?;
        Ok(clock.report(spiking, &router))
    });
    let time = time.ok().flatten();
    Ok(Some(ChipReport::Mapped(Box::new(ChipRun::new(
        &floor.chip,
        &meter,
        time,
    )))))
}
