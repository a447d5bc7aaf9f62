//! Python environments of peers that are measured against: pinned by the requirements of tools/, in the user's cache.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{paths, process};

/// A Python that has ONNX Runtime: the one that `ONNXRUNTIME_PYTHON` names, or an environment that is made on first use.
pub fn onnxruntime() -> Result<PathBuf> {
    if let Some(given) = given("ONNXRUNTIME_PYTHON", "import onnxruntime, numpy")? {
        return Ok(given);
    }
    let requirements = paths::root().join("tools/requirements.txt");
    let text = std::fs::read_to_string(&requirements)?;
    let pins: Vec<&str> = ["numpy==", "onnxruntime=="]
        .into_iter()
        .filter_map(|start| text.lines().find(|line| line.starts_with(start)))
        .collect();
    let folder = paths::tools()?.join(format!("python-{}", pins.join("-").replace("==", "-")));
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if imports(&python, "import onnxruntime, numpy") {
        return Ok(python);
    }
    let system = ["python3.11", "python3"]
        .into_iter()
        .find(|name| process::version_of(name).is_some())
        .context(
            "there is no Python 3.11: install it, or set ONNXRUNTIME_PYTHON to one that has ONNX Runtime",
        )?;
    process::run(process::command(system).args(["-m", "venv"]).arg(&folder))?;
    process::run(
        process::command(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(&pins),
    )?;
    Ok(python)
}

/// A Python that has SpikingJelly. PyTorch alone takes gigabytes, so none is made without being asked.
pub fn spikingjelly() -> Result<PathBuf> {
    given("SPIKINGJELLY_PYTHON", "import spikingjelly, torch, onnx")?.context(
        "set SPIKINGJELLY_PYTHON to the python of an environment with tools/requirements-spikingjelly.txt",
    )
}

/// The Python that a variable names.
fn given(variable: &str, program: &str) -> Result<Option<PathBuf>> {
    let Some(given) = env::var_os(variable).map(PathBuf::from) else {
        return Ok(None);
    };
    if !imports(&given, program) {
        bail!("{variable} names {}, which fails on '{program}'", given.display());
    }
    Ok(Some(given))
}

fn imports(python: &Path, program: &str) -> bool {
    process::output(process::command(python).args(["-c", program])).is_some()
}
