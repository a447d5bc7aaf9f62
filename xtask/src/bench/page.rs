//! The built page, by the scripts of tests/e2e/.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::folder;
use super::row::{self, Row};
use crate::{page, process, steps};

/// Scripts that write rows, and how they are called.
const SCRIPTS: [(&str, &[&str]); 4] = [
    ("speed.mjs", &["--minutes", "3"]),
    ("frames.mjs", &[]),
    ("sweep-bench.mjs", &[]),
    ("../../benches/browser/large.mjs", &[]),
];

/// Builds the page, unless it is there, and measures it.
pub fn speeds(reuse_dist: bool) -> Result<Vec<Row>> {
    if !reuse_dist {
        page::build()?;
    }
    let model = folder()?.join("mobile-net.onnx");
    if !model.is_file() {
        super::native::mobile_net(&model)?;
    }
    let mut rows = Vec::new();
    for (script, arguments) in SCRIPTS {
        // One that fails leaves the others.
        rows.extend(rows_of(script, arguments).unwrap_or_else(|error| {
            println!("error: {error:#}");
            vec![Row::missing(script, &format!("{error:#}"))]
        }));
    }
    Ok(rows)
}

/// Runs a script from tests/e2e/, which writes its rows to the file that `--json` names.
pub fn rows_of(script: &str, arguments: &[&str]) -> Result<Vec<Row>> {
    let name = script
        .rsplit('/')
        .next()
        .unwrap_or(script)
        .replace(".mjs", ".rows.json");
    let path = folder()?.join(name);
    let _ = fs::remove_file(&path);
    let mut command: Command = steps::node_in_e2e(&[])?;
    process::run(command.arg(script).args(arguments).arg("--json").arg(&path))?;
    let text = fs::read_to_string(&path).with_context(|| format!("{script} left no rows"))?;
    row::read(&text).with_context(|| format!("{script} left something else than rows"))
}
