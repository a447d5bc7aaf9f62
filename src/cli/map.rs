//! `sdann map`.

use super::data::{Data, DataFlags};
use super::error::CliError;
use super::files::{self, NewFile};
use super::fit::FitReport;
use super::floor::Floor;
use super::progress::Progress;
use super::{args, json, map_text, note, print, print_json};
use crate::chip::noc::{Clock, NocError};
use crate::chip::{LoadMeter, Router};
use crate::export::{ChipClock, ChipMeter, MapReport, MapSource, TimeReport, write_cores, write_links};
use crate::program::{self, LoadedProgram, Program};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::settings::Settings;
use crate::simulate::{Simulator, Trace, trace};
use crate::spiking::SpikingNetwork;
use clap::ArgMatches;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// What the flags say.
struct Request {
    model: PathBuf,
    data: Option<DataFlags>,
    data_file: Option<PathBuf>,
    divide_by: f32,
    samples: usize,
    csv: Option<PathBuf>,
    svg: Option<PathBuf>,
    program: Option<PathBuf>,
    fits_all: bool,
    print_json: bool,
}

impl Request {
    fn read(matches: &ArgMatches) -> Result<Self, CliError> {
        let path = |name: &str| args::path_of(matches, name);
        let request = Self {
            model: path("model").unwrap_or_default(),
            data: path("data").map(|_| DataFlags::read(matches, "--data")),
            data_file: path("data"),
            divide_by: matches.get_one("divide-by").copied().unwrap_or(1.0),
            samples: matches.get_one("samples").copied().unwrap_or(1),
            csv: path("csv"),
            svg: path("svg"),
            program: path("program"),
            fits_all: matches.get_flag("fit-all"),
            print_json: matches.get_flag("json"),
        };
        let links = request.csv.as_deref().map(links_beside);
        let mut read: Vec<(&'static str, &Path)> = vec![("the model", &request.model)];
        match &request.data {
            Some(data) => read = data.paths(),
            None if matches.contains_id("calibration") && path("calibration").is_some() => {
                return Err(CliError::Usage(
                    "--calibration is of no use without --data; give --data, too, or leave it out".into(),
                ));
            }
            None => {}
        }
        let written = [
            ("--csv", request.csv.as_deref()),
            ("--csv", links.as_deref()),
            ("--svg", request.svg.as_deref()),
            ("--program", request.program.as_deref()),
        ];
        let written: Vec<(&'static str, &Path)> = written
            .into_iter()
            .filter_map(|(what, path)| Some((what, path?)))
            .collect();
        files::check_distinct(&read, &written)?;
        Ok(request)
    }
}

/// The file of links beside that of cores: `map.csv` has `map.links.csv`.
fn links_beside(cores: &Path) -> PathBuf {
    cores.with_extension(match cores.extension() {
        Some(extension) => format!("links.{}", extension.to_string_lossy()),
        None => "links".into(),
    })
}

/// The networks, with samples if there are any.
struct Opened {
    network: QuantizedNetwork,
    spiking: SpikingNetwork,
    settings: Settings,
    data: Option<Data>,
    /// Where its neurons are, if the file says that, too.
    program: Option<LoadedProgram>,
}

/// Lays a model onto a chip, and tells what travels there.
pub(super) fn map(matches: &ArgMatches) -> Result<(), CliError> {
    let request = Request::read(matches)?;
    // Settings that exclude each other are told before anything is read.
    args::chosen_settings(matches)?;
    let opened = request.open(matches)?;
    let Opened {
        spiking, settings, ..
    } = &opened;
    if request.fits_all {
        let report = FitReport::new(&opened.network.name, spiking, &settings.chip.mapping);
        return if request.print_json {
            print_json(&report)
        } else {
            print(&report.text())
        };
    }
    let new_file = |what: &'static str, path: &Option<PathBuf>| {
        let path = path.as_deref();
        path.map(|path| NewFile::create(what, path)).transpose()
    };
    let links = request.csv.as_deref().map(links_beside);
    let mut cores_file = new_file("--csv", &request.csv)?;
    let mut links_file = new_file("--csv", &links)?;
    let mut svg_file = new_file("--svg", &request.svg)?;
    let mut program_file = new_file("--program", &request.program)?;

    let floor = match &opened.program {
        Some(program) => Floor::of(program.chip.clone())?,
        None => Floor::chosen(matches, settings)?,
    };
    let router = match &opened.program {
        Some(program) => program.router.clone(),
        None => place(&opened, &floor)?,
    };
    let mapping = router.mapping();
    let (meter, traces, time) = run(&request, &opened, &floor, &router)?;
    let report = MapReport::new(
        request.source(&opened.network),
        *settings,
        &floor.chip,
        spiking,
        mapping,
        &meter,
        time,
    );

    if let Some(file) = &mut cores_file {
        written(file, |out| write_cores(&report, out))?;
    }
    if let Some(file) = &mut links_file {
        written(file, |out| write_links(&report, out))?;
    }
    if let Some(file) = &mut svg_file {
        file.write(map_text::picture(&report, spiking, mapping, &meter).as_bytes())?;
    }
    if let Some(file) = &mut program_file {
        let program = Program {
            network: &opened.network,
            spiking,
            router: &router,
            chip: &floor.chip,
            traces: &traces,
        };
        let path = file.path().to_owned();
        let mut out = BufWriter::new(file.writer());
        program::write(&program, &mut out)
            .and_then(|()| io::Write::flush(&mut out).map_err(program::ProgramError::Write))
            .map_err(|error| CliError::file("--program", &path, error))?;
    }
    let files = [cores_file, links_file, svg_file, program_file];
    let names: Vec<String> = files
        .iter()
        .flatten()
        .map(|file| file.path().display().to_string())
        .collect();
    for file in files.into_iter().flatten() {
        file.finish()?;
    }
    print(&if request.print_json {
        json(&report)? + "\n"
    } else {
        map_text::text(&report, &names)
    })
}

/// Writes a table through a buffer.
fn written(
    file: &mut NewFile,
    write: impl FnOnce(BufWriter<&mut std::fs::File>) -> io::Result<()>,
) -> Result<(), CliError> {
    let path = file.path().to_owned();
    let what = file.what();
    write(BufWriter::new(file.writer())).map_err(|error| files::unwritable(what, &path, &error))
}

impl Request {
    fn open(&self, matches: &ArgMatches) -> Result<Opened, CliError> {
        let program = files::spike_program(&self.model)?;
        if let (Some(flag), Some(_)) = (args::given_chip(matches), &program) {
            return Err(CliError::Usage(format!(
                "--{flag} decides where neurons are, but the spike program '{}' has decided that; leave it out, or give the model itself",
                self.model.display()
            )));
        }
        let Some(flags) = &self.data else {
            let settings = args::chosen_settings(matches)?;
            let (network, spiking) = super::convert::without_data(&self.model, &settings)?;
            let settings = super::data::settings_of(matches, &self.model, spiking.as_ref(), false)?;
            let spiking = match spiking {
                Some(spiking) => spiking,
                None => super::convert::uncalibrated(&network, &settings.conversion),
            };
            return Ok(Opened {
                network,
                spiking,
                settings,
                data: None,
                program,
            });
        };
        let mut data = flags.open()?;
        let settings = flags.settings(matches, &data)?;
        data.tell_doubts();
        let spiking = match &data.spiking {
            Some(spiking) => spiking.clone(),
            None => flags.convert(&data, &settings.conversion)?.spiking,
        };
        data.inputs.keep(self.samples);
        Ok(Opened {
            network: data.network.clone(),
            spiking,
            settings,
            data: Some(data),
            program,
        })
    }

    fn source(&self, network: &QuantizedNetwork) -> MapSource {
        MapSource {
            model: network.name.clone(),
            model_file: self.model.display().to_string(),
            data_file: self.data_file.as_ref().map(|path| path.display().to_string()),
            divide_by: self.divide_by,
        }
    }
}

/// Places a network, by what its samples send if that is asked for.
fn place(opened: &Opened, floor: &Floor) -> Result<Router, CliError> {
    let Opened {
        network,
        spiking,
        settings,
        data,
        ..
    } = opened;
    let router = Router::new(spiking, floor.lay(spiking, settings)?);
    if !Floor::is_annealed(settings) {
        return Ok(router);
    }
    let Some(data) = data.as_ref().filter(|data| data.inputs.count() > 0) else {
        note(
            "without samples nothing is known of the spikes that annealing shortens the ways of, so cores are filled along Hilbert's curve; give --data",
        );
        return Ok(router);
    };
    let mut simulator = Simulator::new(network);
    let mut meter = LoadMeter::new(spiking, &router);
    for sample in 0..data.inputs.count() {
        simulator.run(spiking, &data.inputs.codes(network, sample)?, &mut ());
        meter.add(&simulator, &router);
    }
    let mut progress = None;
    let mapping = floor.anneal(&meter, &router, |annealing| {
        let total = usize::try_from(annealing.total).unwrap_or(usize::MAX);
        let progress = progress.get_or_insert_with(|| Progress::new(total));
        progress.tell(usize::try_from(annealing.done).unwrap_or(total));
    });
    Ok(Router::new(spiking, mapping))
}

/// Runs the samples, and keeps their traces where a program is to hold them.
fn run(
    request: &Request,
    opened: &Opened,
    floor: &Floor,
    router: &Router,
) -> Result<(ChipMeter, Vec<Trace>, Option<TimeReport>), CliError> {
    let Opened {
        network,
        spiking,
        data,
        program,
        ..
    } = opened;
    // Without other data, the samples in a program run anew.
    let stored = program.as_ref().map_or(&[][..], |program| &program.samples);
    let count = match data {
        Some(data) => data.inputs.count(),
        None => stored.len(),
    };
    let mut meter = ChipMeter::new(router.mapping());
    let mut traces = Vec::new();
    // Counts are known of any mapping, cycles of those that the router model can number.
    let untimed = |error: NocError| note(format!("cycles are left out: {error}"));
    let mut clock = match count {
        0 => None,
        _ => ChipClock::new(router, Clock::of(&floor.chip))
            .map_err(untimed)
            .ok(),
    };
    let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
    let mut progress = Progress::new(count);
    for sample in 0..count {
        let codes = match (data, stored.get(sample)) {
            (Some(data), _) => data.inputs.codes(network, sample)?,
            (None, Some(codes)) => codes.clone(),
            (None, None) => break,
        };
        let trace = trace(network, spiking, &codes, &mut simulator, &mut reference);
        meter.add(&router.count(&trace), spiking, router.mapping());
        if let Some(Err(error)) = clock.as_mut().map(|clock| clock.add(router, &trace)) {
            untimed(error);
            clock = None;
        }
        if request.program.is_some() {
            traces.push(trace);
        }
        progress.tell(sample + 1);
    }
    let time = clock.and_then(|clock| clock.report(spiking, router));
    Ok((meter, traces, time))
}
