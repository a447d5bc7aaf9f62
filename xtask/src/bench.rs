//! `cargo xtask bench`: how fast the engine is in a browser. Natively, that is `cargo bench`.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::{paths, steps};

/// Measures in headless Chromium, prints a table and leaves it in target/bench/browser.json.
pub fn browser() -> Result<()> {
    let mut command = steps::in_browser("browser-bench", &["--release"])?;
    command
        .args(["--", "--nocapture"])
        .env("WASM_BINDGEN_TEST_TIMEOUT", "600");
    println!("building and measuring; this takes some minutes");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let marked = |mark: &'static str| {
        text.lines()
            .filter_map(move |line| line.trim().strip_prefix(mark))
    };
    marked("bench|").for_each(|line| println!("{line}"));
    let Some(json) = marked("json|").next().filter(|_| output.status.success()) else {
        bail!("nothing was measured; the browser said:\n{text}");
    };
    let folder = paths::root().join("target/bench");
    let path = folder.join("browser.json");
    fs::create_dir_all(&folder)?;
    fs::write(&path, json.trim()).with_context(|| format!("can't write {}", path.display()))?;
    println!("kept in {}", path.display());
    Ok(())
}
