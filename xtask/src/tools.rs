//! The pinned tools, and how each is installed.
//!
//! They go to the user's cache folder, one folder per tool and version, so that two versions live side by
//! side, a second checkout builds nothing, and removing them is removing one folder. A tool is installed
//! into a folder beside its own and moved there when complete: what is there has been finished.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{paths, process};

/// The table of pinned versions; the npm packages of the browser tests are pinned by their own lock file.
pub const TOOLS: [&Tool; 3] = [&TRUNK, &WASM_BINDGEN, &WASM_OPT];

/// Builds and serves the page. Later versions need a newer Rust. Its release profile has link-time
/// optimization, which takes minutes to build and wins nothing here: Trunk only starts other programs.
pub const TRUNK: Tool = Tool {
    name: "trunk",
    version: "0.21.14",
    source: Source::Crate(&["--debug", "--no-default-features", "--features", "rustls"]),
    program: "trunk",
    reports: "0.21.14",
    minutes: 4,
};

/// Writes the JavaScript side of the wasm, and runs tests in a browser. Must be of the very version of the
/// `wasm-bindgen` crate in Cargo.lock.
pub const WASM_BINDGEN: Tool = Tool {
    name: "wasm-bindgen-cli",
    version: "0.2.126",
    source: Source::Crate(&[]),
    program: "wasm-bindgen",
    reports: "0.2.126",
    minutes: 4,
};

/// Shrinks and speeds up the release wasm. Trunk can't download it when it is told to stay offline.
pub const WASM_OPT: Tool = Tool {
    name: "binaryen",
    version: "132.0.0",
    source: Source::Npm("xtask/wasm-opt"),
    program: "wasm-opt",
    reports: "132",
    minutes: 1,
};

/// Node.js runs npm, wasm-opt and the browser tests. Node 20 is the oldest whose test runner finds the specs.
pub const NODE_AT_LEAST: u32 = 20;

/// A pinned tool.
pub struct Tool {
    /// The name of the package it comes in.
    pub name: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// The program that is asked for its version to know that the tool is there.
    pub program: &'static str,
    /// The version which that program reports.
    pub reports: &'static str,
    /// About how long the first installation takes, on two cores.
    pub minutes: u32,
}

/// The registry that a tool comes from.
pub enum Source {
    /// crates.io; the crate's own lock file is obeyed. With further arguments for `cargo install`.
    Crate(&'static [&'static str]),
    /// npm; the folder with the `package.json` and lock file that hold the version and its checksum.
    Npm(&'static str),
}

impl Tool {
    /// The folder of the tool's programs in the cache.
    fn programs(&self) -> Result<PathBuf> {
        let folder = paths::tools()?.join(format!("{}-{}", self.name, self.version));
        Ok(self.programs_in(&folder))
    }

    fn programs_in(&self, folder: &Path) -> PathBuf {
        match self.source {
            Source::Crate(_) => folder.join("bin"),
            Source::Npm(_) => folder.join("node_modules/.bin"),
        }
    }

    fn runs_in(&self, programs: &Path) -> bool {
        let program = programs
            .join(self.program)
            .with_extension(env::consts::EXE_EXTENSION);
        program.exists() && process::version_of(program).as_deref() == Some(self.reports)
    }

    /// The folder of the tool's programs: ours, or one on the PATH that has the same version already.
    pub fn found(&self) -> Option<PathBuf> {
        let ours = self.programs().ok()?;
        if self.runs_in(&ours) {
            return Some(ours);
        }
        let on_path = paths::on_path(self.program)?.parent()?.to_owned();
        self.runs_in(&on_path).then_some(on_path)
    }

    /// The path of one of the tool's programs.
    pub fn path_of(&self, program: &str) -> Result<PathBuf> {
        let programs = self.found().with_context(|| {
            format!(
                "{} {} is not installed: run cargo xtask setup",
                self.name, self.version
            )
        })?;
        Ok(programs.join(program).with_extension(env::consts::EXE_EXTENSION))
    }

    /// Installs the tool, unless another checkout's xtask did while we waited for it to finish.
    pub fn install(&self) -> Result<()> {
        let tools = paths::tools()?;
        fs::create_dir_all(&tools).with_context(|| format!("can't make {}", tools.display()))?;
        let _lock = lock(&tools)?;
        if self.found().is_some() {
            return Ok(());
        }
        println!(
            "Installing {} {} (only the first time: about {} min)",
            self.name, self.version, self.minutes
        );
        let unfinished = tools.join(format!(".unfinished-{}-{}", self.name, self.version));
        match self.source {
            Source::Crate(options) => self.install_crate(options, &unfinished)?,
            Source::Npm(manifest) => install_npm(&paths::root().join(manifest), &unfinished)?,
        }
        if !self.runs_in(&self.programs_in(&unfinished)) {
            bail!(
                "{} was installed but does not report version {}: remove {} and try again",
                self.program,
                self.reports,
                unfinished.display()
            );
        }
        let folder = tools.join(format!("{}-{}", self.name, self.version));
        remove(&folder)?;
        fs::rename(&unfinished, &folder)
            .with_context(|| format!("can't move the finished tool to {}", folder.display()))
    }

    /// The build folder is kept until the end, so that an interrupted build goes on where it stopped.
    fn install_crate(&self, options: &[&str], into: &Path) -> Result<()> {
        let build = paths::tools()?.join(format!(".building-{}-{}", self.name, self.version));
        let mut cargo = process::command("cargo");
        cargo
            .args(["install", self.name, "--version", self.version, "--locked"])
            .args(options)
            .arg("--root")
            .arg(into)
            .arg("--target-dir")
            .arg(&build)
            // Away from the checkout, whose compiler flags are the page's.
            .current_dir(env::temp_dir());
        process::run(&mut cargo)?;
        remove(&build)
    }
}

fn install_npm(manifest: &Path, into: &Path) -> Result<()> {
    remove(into)?;
    fs::create_dir_all(into)?;
    for file in ["package.json", "package-lock.json"] {
        let from = manifest.join(file);
        fs::copy(&from, into.join(file)).with_context(|| format!("can't read {}", from.display()))?;
    }
    process::run(
        process::npm()
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(into),
    )
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("can't remove {}", folder.display()))?;
    }
    Ok(())
}

/// One installation at a time, for all checkouts. The lock ends with the file, or with the process.
fn lock(tools: &Path) -> Result<File> {
    let path = tools.join(".lock");
    let file = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
    if file.try_lock().is_err() {
        println!("Waiting for another cargo xtask to finish installing tools");
        file.lock()?;
    }
    Ok(file)
}

/// The PATH for programs that look for the tools themselves, as Trunk does: ours come first.
pub fn path_with_tools() -> Result<OsString> {
    let ours = TOOLS.iter().filter_map(|tool| tool.programs().ok());
    let theirs = env::var_os("PATH").unwrap_or_default();
    env::join_paths(ours.chain(env::split_paths(&theirs)))
        .context("a folder on the PATH has a name that can't be on a PATH")
}

/// Fails if the crate and the tool of wasm-bindgen differ, which Trunk would report only after a whole build.
pub fn check_wasm_bindgen() -> Result<()> {
    let path = paths::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    match locked_version(&lock, "wasm-bindgen") {
        Some(version) if version != WASM_BINDGEN.version => bail!(
            "Cargo.lock has wasm-bindgen {version} but xtask/src/tools.rs pins {}: they must be equal",
            WASM_BINDGEN.version
        ),
        _ => Ok(()),
    }
}

/// The version of a package in a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.76\"\n\n\
                        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.126\"\n";

    #[test]
    fn a_locked_version_is_that_of_the_very_package() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen"), Some("0.2.126"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }

    #[test]
    fn the_wasm_bindgen_tool_is_of_the_crates_version() {
        check_wasm_bindgen().unwrap();
    }

    #[test]
    fn the_npm_manifest_and_lock_file_pin_the_tables_version() {
        let Source::Npm(folder) = WASM_OPT.source else {
            panic!("wasm-opt comes from npm");
        };
        let folder = paths::root().join(folder);
        let read = |file| -> serde_json::Value {
            serde_json::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap()
        };
        assert_eq!(
            read("package.json")["dependencies"][WASM_OPT.name],
            WASM_OPT.version
        );
        let package = &read("package-lock.json")["packages"]["node_modules/binaryen"];
        assert_eq!(package["version"], WASM_OPT.version);
    }

    #[test]
    fn the_tools_come_first_on_the_path() {
        let path = path_with_tools().unwrap();
        let first = env::split_paths(&path).next().unwrap();
        assert_eq!(first, TRUNK.programs().unwrap());
    }
}
