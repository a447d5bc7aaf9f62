//! `sdann map`.

use super::data::{Data, DataFlags};
use super::error::CliError;
use super::files::{self, NewFile};
use super::progress::Progress;
use super::table::{Align, Table, percent, shape, thousands};
use super::{args, json, print, summary};
use crate::chip::{Mapping, Router, Shape, map as lay};
use crate::export::{
    ChipMeter, MapReport, MapSource, MeshPicture, OnChip, layer_of, mesh_svg, write_cores, write_links,
};
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
    let new_file = |what: &'static str, path: &Option<PathBuf>| {
        let path = path.as_deref();
        path.map(|path| NewFile::create(what, path)).transpose()
    };
    let links = request.csv.as_deref().map(links_beside);
    let mut cores_file = new_file("--csv", &request.csv)?;
    let mut links_file = new_file("--csv", &links)?;
    let mut svg_file = new_file("--svg", &request.svg)?;
    let mut program_file = new_file("--program", &request.program)?;

    let router = match &opened.program {
        Some(program) => program.router.clone(),
        None => {
            let mapping = lay(spiking, &settings.chip);
            Router::new(
                spiking,
                mapping.map_err(|error| CliError::Unmapped(error.to_string()))?,
            )
        }
    };
    let mapping = router.mapping();
    let (meter, traces) = run(&request, &opened, &router)?;
    let chip = match &opened.program {
        Some(program) => program.chip.clone(),
        None => chip_name(mapping),
    };
    let capacity = settings.chip.neurons_per_core as usize;
    let report = MapReport::new(
        request.source(&opened.network),
        *settings,
        (&chip, capacity),
        spiking,
        mapping,
        &meter,
    );

    if let Some(file) = &mut cores_file {
        written(file, |out| write_cores(&report, out))?;
    }
    if let Some(file) = &mut links_file {
        written(file, |out| write_links(&report, out))?;
    }
    if let Some(file) = &mut svg_file {
        file.write(picture(&report, spiking, mapping, &meter, capacity).as_bytes())?;
    }
    if let Some(file) = &mut program_file {
        let program = Program {
            network: &opened.network,
            spiking,
            router: &router,
            chip: &chip,
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
        text(&report, &names)
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

/// Runs the samples, and keeps their traces where a program is to hold them.
fn run(request: &Request, opened: &Opened, router: &Router) -> Result<(ChipMeter, Vec<Trace>), CliError> {
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
        if request.program.is_some() {
            traces.push(trace);
        }
        progress.tell(sample + 1);
    }
    Ok((meter, traces))
}

fn chip_name(mapping: &Mapping) -> String {
    let topology = &mapping.topology;
    let joined = match topology.shape {
        Shape::Mesh => "mesh",
        Shape::Quadtree => "quadtree",
        Shape::Star => "star",
    };
    let routers = shape(&[topology.width.into(), topology.height.into()]);
    match topology.cores_per_router {
        1 => format!("a {joined} of {routers} cores"),
        cores => format!("a {joined} of {routers} routers with {cores} cores each"),
    }
}

/// The mesh as a picture.
fn picture(
    report: &MapReport,
    spiking: &SpikingNetwork,
    mapping: &Mapping,
    meter: &ChipMeter,
    capacity: usize,
) -> String {
    let tensors: Vec<String> = (0..spiking.tensors.len())
        .map(|tensor| layer_of(tensor, spiking).to_owned())
        .collect();
    let mut facts = vec![room(report)];
    if let Some(traffic) = &report.traffic {
        facts.push(format!(
            "{}: {}",
            of_samples(traffic.samples),
            summary::travels(traffic)
        ));
        facts.extend(
            busiest(traffic)
                .into_iter()
                .map(|(what, text)| format!("{what}: {text}")),
        );
    }
    mesh_svg(&MeshPicture {
        title: &title(report),
        facts: &facts,
        mapping,
        tensors: &tensors,
        capacity: Some(capacity),
        cores: meter.cores(),
        links: meter.links(),
    })
}

fn title(report: &MapReport) -> String {
    format!("{} on {}", report.source.model, report.chip.name)
}

fn room(report: &MapReport) -> String {
    let cores = report.cores.len();
    format!(
        "{} of {} cores hold {} neurons, {:.1} % of what they can",
        thousands(cores as u64),
        thousands(report.chip.topology.cores() as u64),
        thousands(report.neurons as u64),
        report.utilisation * 100.0
    )
}

fn of_samples(samples: usize) -> String {
    match samples {
        1 => "one sample".into(),
        samples => format!("mean of {} samples", thousands(samples as u64)),
    }
}

/// The busiest core and link, named.
fn busiest(traffic: &OnChip) -> Vec<(&'static str, String)> {
    let core = traffic.busiest_core_at.as_ref().map(|at| {
        let operations = thousands(traffic.busiest_core.into());
        (
            "busiest core",
            format!(
                "{}: {operations} synaptic operations in step {}",
                at.name, at.step
            ),
        )
    });
    let link = traffic.busiest_link_at.as_ref().map(|at| {
        let packets = thousands(traffic.busiest_link.into());
        (
            "busiest link",
            format!("{}: {packets} packets in step {}", at.name, at.step),
        )
    });
    core.into_iter().chain(link).collect()
}

/// A mapping on one screen.
fn text(report: &MapReport, files: &[String]) -> String {
    let mut lines = vec![
        title(report),
        String::new(),
        summary::fact("cores", &room(report)),
    ];
    if let Some(traffic) = &report.traffic {
        let samples = traffic.samples.max(1) as f64;
        let operations = (traffic.synaptic_operations as f64 / samples).round() as u64;
        lines.push(summary::fact(
            "traffic",
            &format!(
                "{}: {}, {} synaptic operations in {} time steps",
                of_samples(traffic.samples),
                summary::travels(traffic),
                thousands(operations),
                traffic.time_steps
            ),
        ));
        lines.extend(
            busiest(traffic)
                .iter()
                .map(|(what, text)| summary::fact(what, text)),
        );
    }
    lines.extend(files.iter().map(|file| summary::fact("wrote", file)));
    let mut text: String = lines
        .iter()
        .map(|line| super::table::one_line(line) + "\n")
        .collect();
    text += "\n";
    text + &layers(report)
}

/// A line for each tensor: where it is, and what it sends.
fn layers(report: &MapReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("neurons", Right),
        ("cores", Right),
        ("room taken", Right),
        ("spikes sent", Right),
        ("packets", Right),
        ("hops", Right),
        ("operations", Right),
    ]);
    let samples = report
        .traffic
        .as_ref()
        .map(|traffic| traffic.samples.max(1) as f64);
    for layer in &report.layers {
        let sum = |of: fn(&crate::export::FlowReport) -> u64| {
            let sent = report.flows.iter().filter(|flow| flow.from == layer.name).map(of);
            let sent = sent.sum::<u64>() as f64;
            samples.map_or("–".into(), |samples| thousands((sent / samples).round() as u64))
        };
        let room = (layer.cores * report.chip.neurons_per_core) as u64;
        table.row([
            layer.name.clone(),
            thousands(layer.neurons as u64),
            thousands(layer.cores as u64),
            percent((layer.neurons * layer.parts) as u64, room),
            sum(|flow| flow.spikes),
            sum(|flow| flow.packets),
            sum(|flow| flow.hops),
            sum(|flow| flow.synaptic_operations),
        ]);
    }
    table.render()
}
