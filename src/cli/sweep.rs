//! `sdann sweep`.

use super::data::DataFlags;
use super::engine::Job;
use super::error::CliError;
use super::files;
use super::table::{Align, Table, thousands};
use super::{args, print, print_json};
use crate::explore::{Axis, Grid, Model, Row, Sweep, pareto_front};
use crate::export::SweepFile;
use crate::settings::{SETTINGS, Section, Settings};
use crate::simulate::Samples;
use clap::ArgMatches;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// All rows, for programs.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    file: String,
    axes: Vec<&'static str>,
    rows: Vec<ReportRow<'a>>,
}

#[derive(Serialize)]
struct ReportRow<'a> {
    #[serde(flatten)]
    row: &'a Row,
    /// Whether no other row is at least as good in quality, synaptic operations, register bits and weight bits.
    pareto: bool,
}

/// Runs every combination of the axes' values.
pub(super) fn sweep(matches: &ArgMatches) -> Result<(), CliError> {
    let flags = DataFlags::read(matches, "--data");
    let output = args::path_of(matches, "output").unwrap_or_default();
    let base = args::chosen_settings(matches)?;
    let usage = |error: crate::explore::GridError| CliError::Usage(error.to_string());
    let axes = matches.get_many::<String>("axis").into_iter().flatten();
    let axes = axes
        .map(|axis| Axis::parse(axis))
        .collect::<Result<Vec<_>, _>>()
        .map_err(usage)?;
    let grid = Grid::new(axes, base).map_err(usage)?;
    files::check_distinct(&flags.paths(), &[("--output", &output)])?;
    let (mut data, mut loaded) = match files::any_model(flags.model())? {
        (_, Some(_)) => {
            return Err(CliError::Usage(
                "a sweep converts the model anew at every point; give the model itself".into(),
            ));
        }
        (Model::Real(float), None) => {
            let (data, loaded) = flags.with_float(*float)?;
            (data, Some(loaded))
        }
        (Model::Codes(network), None) => {
            if let Some(axis) = grid
                .axes
                .iter()
                .find(|axis| axis.setting.section.is_for_float_models())
            {
                return Err(CliError::Usage(format!(
                    "{} decides how a float model is quantized, but '{}' is quantized already; give the float model that it was made of",
                    axis.setting.key,
                    flags.model().display()
                )));
            }
            (flags.with_inputs(*network)?, None)
        }
    };
    if let Some(&samples) = matches.get_one::<usize>("samples") {
        data.inputs.keep(samples);
    }
    data.tell_doubts();
    let (codes, _) = flags.calibration(&data)?;

    let keys: Vec<&'static str> = grid.axes.iter().map(|axis| axis.setting.key).collect();
    let identity = format!(
        "model {:08x}, data {:08x}, {} samples, calibration {:08x}, settings {}, axes {}",
        files::digest(flags.model())?,
        data.digest()?,
        data.inputs.count(),
        crc32fast::hash(bytemuck::cast_slice(&codes)),
        fixed_settings(&base, &keys),
        grid.axes
            .iter()
            .map(|axis| format!("{}={}", axis.setting.key, axis.values.join("|")))
            .collect::<Vec<_>>()
            .join(" "),
    );
    let sweep_file = SweepFile::new(&identity, &keys);
    let values: Vec<Vec<String>> = grid.points().iter().map(|point| grid.values(point)).collect();
    let (mut file, mut rows) = open(&sweep_file, &output, &values)?;

    let bar = bar(values.len(), rows.len());
    let mut points = grid.points().iter().zip(&values).skip(rows.len()).peekable();
    while let Some(&(&Settings { quantization, .. }, _)) = points.peek() {
        if let Some(loaded) = &mut loaded {
            let quantized = loaded.float.quantize(&quantization);
            data.network = quantized
                .map_err(|error| CliError::file("model", flags.model(), error))?
                .network;
        }
        let (codes, _) = flags.calibration(&data)?;
        let len = data.network.input().len();
        let mut sweep = Sweep::new(&data.network, Samples { codes: &codes, len }, data.inputs.count());
        while let Some((point, values)) = points.next_if(|(point, _)| point.quantization == quantization) {
            let spiking = sweep.convert(point);
            let job = Job {
                network: &data.network,
                spiking: Some(&spiking),
                inputs: &data.inputs,
                truth: &data.truth,
                memory: Some(sweep.memory()),
            };
            let row = Row::new(values.clone(), &job.run_silently()?);
            let failed = |error| files::unwritable("--output", &output, &error);
            file.write_all(sweep_file.line(&row).as_bytes()).map_err(failed)?;
            // What is said to be done must outlive a power cut.
            file.sync_data().map_err(failed)?;
            rows.push(row);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();

    let measure = data
        .truth
        .expected(0, data.network.output().len())
        .map(|expected| expected.measure());
    let costs: Vec<[f64; 4]> = rows
        .iter()
        .zip(grid.points())
        .map(|(row, point)| row.costs(point, measure))
        .collect();
    let front = pareto_front(&costs);
    if matches.get_flag("json") {
        return print_json(&Report {
            model: &data.network.name,
            file: output.display().to_string(),
            axes: keys,
            rows: rows
                .iter()
                .zip(&front)
                .map(|(row, &pareto)| ReportRow { row, pareto })
                .collect(),
        });
    }
    print(&summary(&keys, &rows, &front, &output))
}

/// The settings that have no axis, if they aren't at their default.
fn fixed_settings(base: &Settings, keys: &[&'static str]) -> String {
    let default = Settings::default();
    let fixed = SETTINGS
        .iter()
        .filter(|s| s.section != Section::Chip && !keys.contains(&s.key));
    let changed = fixed.filter(|s| s.get(base) != s.get(&default));
    let pairs: Vec<String> = changed.map(|s| format!("{}={}", s.key, s.get(base))).collect();
    if pairs.is_empty() {
        "at their defaults".into()
    } else {
        pairs.join(" ")
    }
}

/// Opens the file behind its last whole row, and gives the rows in it.
fn open(sweep: &SweepFile, path: &Path, values: &[Vec<String>]) -> Result<(File, Vec<Row>), CliError> {
    let what = "--output";
    let failed = |error: io::Error| files::unwritable(what, path, &error);
    if path.is_dir() {
        return Err(CliError::file(
            what,
            path,
            "this is a folder; name a file to write",
        ));
    }
    let options = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let mut file = options.map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let found = sweep
        .resume(&bytes, values.iter().map(Vec::as_slice))
        .map_err(|error| CliError::file(what, path, error))?;
    file.set_len(found.length as u64).map_err(failed)?;
    file.seek(SeekFrom::Start(found.length as u64)).map_err(failed)?;
    if found.length == 0 {
        file.write_all(sweep.head().as_bytes()).map_err(failed)?;
        file.sync_data().map_err(failed)?;
    }
    Ok((file, found.rows))
}

/// A bar on a terminal; nothing elsewhere.
fn bar(points: usize, done: usize) -> ProgressBar {
    let bar = ProgressBar::new(points as u64).with_position(done as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} points, {eta} left") {
        bar.set_style(style);
    }
    bar.reset_eta();
    bar
}

/// The rows that no other row beats.
fn summary(keys: &[&'static str], rows: &[Row], front: &[bool], output: &Path) -> String {
    let mut columns: Vec<(&'static str, Align)> = keys.iter().map(|&key| (key, Align::Right)).collect();
    columns.extend(
        [
            "quality",
            "labels equal",
            "codes equal",
            "synaptic operations",
            "overflows",
        ]
        .map(|heading| (heading, Align::Right)),
    );
    let mut table = Table::new(&columns);
    for (row, _) in rows.iter().zip(front).filter(|(_, is_on)| **is_on) {
        let mut cells = row.values.clone();
        cells.extend([
            row.quality
                .map_or_else(|| "–".into(), |quality| format!("{quality:.4}")),
            thousands(row.labels_equal as u64),
            thousands(row.codes_equal as u64),
            thousands(row.synaptic_operations),
            thousands(row.overflows),
        ]);
        table.row(cells);
    }
    let count = front.iter().filter(|is_on| **is_on).count();
    format!(
        "{} points in {}; {count} that no other beats in quality, synaptic operations, register bits and weight bits:\n\n{}",
        thousands(rows.len() as u64),
        output.display(),
        table.render()
    )
}
