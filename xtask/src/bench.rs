//! `cargo xtask bench`: how fast the engine and the page are, beside what a user would take instead.
//!
//! Each part is a column of work of its own and leaves its rows in `target/bench/PART.json`; all of them come
//! together in one table, `target/bench/table.md`. Whatever is compared takes turns in one run, and the median counts.

mod browser;
mod native;
mod page;
mod row;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::{paths, process};
use row::Row;

/// What to measure.
#[derive(Args)]
pub struct BenchOptions {
    /// Measure only these parts; all of them if none is named.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Measure the page that is in dist/ already instead of building it.
    #[arg(long)]
    reuse_dist: bool,
    /// Put the table into docs/PERFORMANCE.md.
    #[arg(long)]
    record: bool,
}

/// Which measurements.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Part {
    /// Natively, beside ONNX Runtime and SpikingJelly.
    Native,
    /// How cost grows with images, layers, neurons, spikes and cores.
    Growth,
    /// In headless Chromium, beside onnxruntime-web.
    Browser,
    /// The built page: what a visitor waits for, frames, sweeps, sizes.
    Page,
}

/// Measures, prints the table and leaves it in `target/bench/`. A part that fails doesn't keep the others from being
/// measured, and one whose peer is missing says so in its rows.
pub fn bench(options: &BenchOptions) -> Result<()> {
    let folder = folder()?;
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for part in Part::value_variants() {
        if !options.parts.is_empty() && !options.parts.contains(part) {
            continue;
        }
        let name = part.name();
        println!("\n== {name} ==");
        match part.measure(options.reuse_dist) {
            Ok(found) => {
                let path = folder.join(format!("{name}.json"));
                fs::write(&path, serde_json::to_string_pretty(&found)?)
                    .with_context(|| format!("can't write {}", path.display()))?;
                rows.extend(found);
            }
            Err(error) => {
                println!("error: {error:#}");
                rows.push(Row::missing(&name, &format!("{error:#}")));
                failed.push(name);
            }
        }
    }
    let table = format!("{}\n\n{}", machine(), row::table(&rows));
    let path = folder.join("table.md");
    fs::write(&path, &table).with_context(|| format!("can't write {}", path.display()))?;
    println!("\n{table}\nkept in {}", path.display());
    if options.record {
        let path = paths::root().join("docs/PERFORMANCE.md");
        let recorded = row::recorded(&fs::read_to_string(&path)?, &table)?;
        fs::write(&path, recorded).with_context(|| format!("can't write {}", path.display()))?;
    }
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}

impl Part {
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    fn measure(self, reuse_dist: bool) -> Result<Vec<Row>> {
        match self {
            Self::Native => native::speeds(),
            Self::Growth => native::growth(),
            Self::Browser => browser::speeds(),
            Self::Page => page::speeds(reuse_dist),
        }
    }
}

/// Where everything that is measured goes.
fn folder() -> Result<PathBuf> {
    let folder = paths::root().join("target/bench");
    fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    Ok(folder)
}

/// Date, machine and versions, in a sentence.
fn machine() -> String {
    let said = |program: &str, arguments: &[&str]| {
        process::output(process::command(program).args(arguments)).unwrap_or_default()
    };
    let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let browser = crate::browser::Browser::find().map_or_else(|_| String::new(), |found| found.version);
    format!(
        "{}; {}, {cores} cores; {}; Chromium {browser}; commit {}.",
        said("date", &["+%Y-%m-%d"]),
        processor.unwrap_or_else(|| "unknown processor".to_owned()),
        said("rustc", &["--version"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
    )
}
