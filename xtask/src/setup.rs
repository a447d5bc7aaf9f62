//! What each command needs, looked for first and installed only when missing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::browser::{self, Browser};
use crate::tools::{self, Tool};
use crate::{paths, process};

/// Something that a command can't do without.
pub enum Need {
    /// A part of the Rust toolchain, `rustfmt` or `clippy`.
    Component(&'static str),
    /// The standard library for wasm.
    WasmTarget,
    /// Node.js with npm.
    Node,
    /// A pinned tool.
    Tool(&'static Tool),
    /// Chromium with its driver.
    Browser,
    /// The npm packages of the browser tests.
    TestPackages,
    /// Those that are measured against in a browser.
    PeerPackages,
}

/// All that building the page takes.
pub const BUILD: &[Need] = &[
    Need::WasmTarget,
    Need::Node,
    Need::Tool(&tools::TRUNK),
    Need::Tool(&tools::WASM_BINDGEN),
    Need::Tool(&tools::WASM_OPT),
];

/// All that testing wasm takes, as unit tests in a browser.
pub const WASM_TESTS: &[Need] = &[Need::WasmTarget, Need::Tool(&tools::WASM_BINDGEN), Need::Browser];

/// All that testing the built page takes.
pub const PAGE_TESTS: &[Need] = &[Need::Node, Need::Browser, Need::TestPackages];

/// What the engine is measured against in a browser.
pub const PEERS: &[Need] = &[Need::Node, Need::PeerPackages];

/// All that the checks of the source take.
pub const LINTS: &[Need] = &[
    Need::Component("rustfmt"),
    Need::Component("clippy"),
    Need::WasmTarget,
];

/// Everything, in the order in which it is installed: what may fail for want of something comes first.
const EVERYTHING: [&[Need]; 4] = [LINTS, PAGE_TESTS, WASM_TESTS, BUILD];

/// Installs what of the needs is missing.
pub fn ensure(needs: &[Need]) -> Result<()> {
    for need in needs {
        if need.found().is_err() {
            need.install()?;
            need.found()
                .with_context(|| format!("{} is still missing", need.name()))?;
        }
    }
    Ok(())
}

/// Installs whatever is missing for any command.
pub fn everything() -> Result<()> {
    EVERYTHING.into_iter().try_for_each(ensure)
}

/// Lists what is there and what is missing, and installs nothing.
pub fn doctor() -> Result<()> {
    let mut missing = 0;
    let mut seen = Vec::new();
    for need in EVERYTHING.into_iter().flatten() {
        let name = need.name();
        if seen.contains(&name) {
            continue;
        }
        match need.found() {
            Ok(version) => println!("ok       {name}: {version}"),
            Err(why) => {
                missing += 1;
                println!("missing  {name}: {why:#}");
            }
        }
        seen.push(name);
    }
    if missing > 0 {
        bail!("{missing} missing: cargo xtask setup installs what it can");
    }
    Ok(())
}

impl Need {
    fn name(&self) -> String {
        match self {
            Self::Component(name) => (*name).to_owned(),
            Self::WasmTarget => WASM.to_owned(),
            Self::Node => "Node.js with npm".to_owned(),
            Self::Tool(tool) => format!("{} {}", tool.name, tool.version),
            Self::Browser => "Chromium with its driver".to_owned(),
            Self::TestPackages => "packages of the browser tests".to_owned(),
            Self::PeerPackages => "packages to measure against".to_owned(),
        }
    }

    /// What there is, or why it doesn't do.
    fn found(&self) -> Result<String> {
        match self {
            Self::Component(name) => {
                let subcommand = if *name == "rustfmt" { "fmt" } else { name };
                process::output(process::command("cargo").args([subcommand, "--version"]))
                    .context("not installed")
            }
            Self::WasmTarget => wasm_target(),
            Self::Node => node(),
            Self::Tool(tool) => {
                let folder = tool.found().context("not installed")?;
                Ok(folder.display().to_string())
            }
            Self::Browser => {
                let browser = Browser::find()?;
                Ok(format!("{} {}", browser.chrome.display(), browser.version))
            }
            Self::TestPackages => packages(&paths::e2e()),
            Self::PeerPackages => packages(&paths::peers()),
        }
    }

    fn install(&self) -> Result<()> {
        match self {
            Self::Component(name) => rustup(&["component", "add", name]),
            Self::WasmTarget => rustup(&["target", "add", WASM]),
            // Which Node.js and from where is the user's choice.
            Self::Node => node().map(drop),
            Self::Tool(tool) => tool.install(),
            Self::Browser => browser::install().with_context(|| {
                let why = Browser::find()
                    .err()
                    .map_or_else(String::new, |why| format!(" ({why})"));
                format!("the browser tests need Chromium with its driver{why}")
            }),
            Self::TestPackages => install_packages(&paths::e2e()),
            Self::PeerPackages => install_packages(&paths::peers()),
        }
    }
}

/// The target that the page is compiled for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// The compiler is asked where its libraries are, for it may not be one of rustup's.
fn wasm_target() -> Result<String> {
    let sysroot = process::output(process::command("rustc").args(["--print", "sysroot"]))
        .context("rustc does not run")?;
    if !Path::new(&sysroot)
        .join("lib/rustlib")
        .join(WASM)
        .join("lib")
        .is_dir()
    {
        bail!("not installed");
    }
    Ok("installed".to_owned())
}

fn node() -> Result<String> {
    let at_least = tools::NODE_AT_LEAST;
    let Some(node) = process::version_of("node") else {
        bail!("install Node.js {at_least} or later, with npm: https://nodejs.org");
    };
    if process::major(&node).is_none_or(|major| major < at_least) {
        bail!("Node.js is version {node}: install {at_least} or later, https://nodejs.org");
    }
    let npm = process::output(process::npm().arg("--version"))
        .context("Node.js is here but npm is not: install npm")?;
    Ok(format!("{node}, npm {npm}"))
}

fn rustup(arguments: &[&str]) -> Result<()> {
    if paths::on_path("rustup").is_none() {
        bail!(
            "{} is missing, and there is no rustup to add it with: install it as your Rust was, or install rustup",
            arguments.last().unwrap_or(&"a part of Rust")
        );
    }
    process::run(process::command("rustup").args(arguments))
}

fn install_packages(folder: &Path) -> Result<()> {
    let mut npm = process::npm();
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    process::run(npm.current_dir(folder))
}

/// npm writes a copy of the lock file into `node_modules` when it has installed everything.
fn packages(folder: &Path) -> Result<String> {
    let wanted = modified(&folder.join("package-lock.json"))?;
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    match installed {
        Ok(installed) if installed >= wanted => Ok("installed".to_owned()),
        Ok(_) => bail!("older than package-lock.json"),
        Err(_) => bail!("not installed"),
    }
}

fn modified(file: &Path) -> Result<std::time::SystemTime> {
    fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .with_context(|| format!("can't read {}", file.display()))
}
