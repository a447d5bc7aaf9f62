//! The engine in headless Chromium, beside onnxruntime-web: benches/browser.rs is the program, and
//! benches/browser/bench.mjs runs it.

use anyhow::Result;

use super::row::Row;
use super::{folder, native, page};
use crate::{paths, process, setup, steps, tools};

/// Builds the program and the large model, and measures.
pub fn speeds() -> Result<Vec<Row>> {
    setup::ensure(setup::BUILD)?;
    setup::ensure(setup::PAGE_TESTS)?;
    setup::ensure(setup::PEERS)?;
    tools::check_wasm_bindgen()?;
    let folder = folder()?;
    process::run(
        process::command("cargo")
            .args([
                "build",
                "--release",
                "--package",
                "sdann",
                "--example",
                "browser-bench",
            ])
            .args(steps::FOR_WASM),
    )?;
    let program = paths::target()
        .join(setup::WASM)
        .join("release/examples/browser_bench.wasm");
    process::run(
        process::command(tools::WASM_BINDGEN.path_of("wasm-bindgen")?)
            .args(["--target=web", "--no-typescript", "--out-dir"])
            .arg(folder.join("program"))
            .arg(program),
    )?;
    native::mobile_net(&folder.join("mobile-net.onnx"))?;
    page::rows_of("../../benches/browser/bench.mjs", &[])
}
