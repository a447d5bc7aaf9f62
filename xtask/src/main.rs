//! `cargo xtask`: everything about this repository that is more than one cargo command.
//!
//! Set-up is part of every command: each looks for what it needs and installs what is missing, so that a
//! newcomer with Rust and Node.js types one line. What goes where:
//!
//! - [`tools`]: the table of pinned versions, and how each tool is installed
//! - [`setup`]: what each command needs, and how it is looked for
//! - [`browser`]: finding Chromium and its driver
//! - [`page`]: building and serving with Trunk
//! - [`steps`]: the steps of `test`; [`mod@bench`]: speed, beside peers; [`python`]: their environments
//! - [`sizes`]: limits of what a visitor downloads
//! - [`process`], [`paths`]: running programs, finding files

#![allow(
    clippy::print_stdout,
    reason = "talking to the person at the terminal is what it is for"
)]

mod bench;
mod browser;
mod offline;
mod page;
mod paths;
mod process;
mod python;
mod setup;
mod sizes;
mod split;
mod steps;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Sets up, builds, serves and tests SDANN Explorer.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and serve it on this machine.
    Serve(page::ServeOptions),
    /// Build the page into dist/.
    Build,
    /// Check, build and test everything, or only some steps.
    Test(steps::TestOptions),
    /// Build the page and take its pictures, narrow and wide, light and dark, into target/screenshots/.
    Screenshots {
        /// Take pictures of the page that is in dist/ already.
        #[arg(long)]
        reuse_dist: bool,
    },
    /// Measure how fast engine and page are, beside ONNX Runtime, onnxruntime-web and SpikingJelly.
    Bench(bench::BenchOptions),
    /// Install whatever is missing for the other commands, which do so too.
    Setup,
    /// List what is installed and what is missing.
    Doctor,
}

fn main() -> ExitCode {
    let done = run(Arguments::parse().command);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(options) => page::serve(&options),
        Command::Build => page::build(),
        Command::Test(options) => steps::test(&options),
        Command::Screenshots { reuse_dist } => steps::screenshots(reuse_dist),
        Command::Bench(options) => bench::bench(&options),
        Command::Setup => setup::everything(),
        Command::Doctor => setup::doctor(),
    }
}
