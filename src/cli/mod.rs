//! The command line, `sdann`: a thin front on the engine. It reads and writes files, and says in
//! one sentence what is wrong with them.
//!
//! Exit codes are those that `sdann --help` tells, the same for every command.

mod args;
mod chips;
mod compare;
mod convert;
mod data;
mod engine;
mod error;
mod explain;
mod files;
mod fit;
mod floor;
mod folder;
mod inputs;
mod inspect;
mod map;
mod map_text;
mod progress;
mod quantize;
mod run;
mod settings;
mod summary;
mod sweep;
mod table;
mod trace;

use clap::error::ErrorKind;
use error::CliError;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs the command that the process was started with, and tells its exit code.
pub fn main() -> ExitCode {
    let matches = match args::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return answer(&error),
    };
    let result = match matches.subcommand() {
        Some(("inspect", matches)) => inspect::inspect(matches),
        Some(("run", matches)) => run::run(matches),
        Some(("quantize", matches)) => quantize::quantize(matches),
        Some(("convert", matches)) => convert::convert(matches),
        Some(("explain", matches)) => explain::explain(matches),
        Some(("compare", matches)) => compare::compare(matches),
        Some(("trace", matches)) => trace::trace(matches),
        Some(("map", matches)) => map::map(matches),
        Some(("sweep", matches)) => sweep::sweep(matches),
        Some(("chips", matches)) => chips::chips(matches),
        Some(("settings", matches)) => settings::settings(matches),
        _ => Err(CliError::Usage("no command was given; see 'sdann --help'".into())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            error.exit_code()
        }
    }
}

/// Help and version go to stdout; what clap refuses becomes one sentence on stderr.
fn answer(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that has gone away (`sdann --help | head -1`) is no error.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let error = CliError::Usage(args::sentence(error));
    complain(&error);
    error.exit_code()
}

/// Writes one line to stderr, whatever names from outside contain.
fn complain(error: &CliError) {
    // If stderr is gone too, nobody is left to be told.
    let _ = writeln!(io::stderr(), "error: {}", table::one_line(&error.to_string()));
}

/// Writes a note for the user to stderr.
fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "note: {}", table::one_line(&text.to_string()));
}

/// Writes to stdout. A reader that has gone away is no error: it has read what it wanted.
fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Stdout(error)),
        _ => Ok(()),
    }
}

/// Writes a report to stdout as JSON.
fn print_json(report: &impl serde::Serialize) -> Result<(), CliError> {
    print(&(json(report)? + "\n"))
}

fn json(report: &impl serde::Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(report).map_err(|error| CliError::Stdout(error.into()))
}
