//! Cuts the page's program into parts that come when they are needed.
//!
//! `src/bin/explorer.rs` names the functions to cut at; what is reachable only through them becomes a file of its own.
//! Cutting needs the program as it was linked, so it comes after Trunk's build and before what follows linking: the
//! JavaScript side and the optimization of each part.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};

use crate::{paths, process, tools};

/// Tells `build.rs` that the program will be cut.
pub const MARK: &str = "SDANN_SPLIT";

/// The program, and its profile in Cargo.toml; index.html names both.
const PROGRAM: &str = "explorer";
const PROFILE: &str = "page";

/// What browsers since 2023 understand, and the compiler uses.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Replaces the program of a built page by its parts, in a folder of their own that is named after their content.
pub fn split(dist: &Path) -> Result<()> {
    let page = dist.join("index.html");
    let text = fs::read_to_string(&page).context("Trunk left no index.html")?;
    let name = hashed_name(&text).context("index.html names no program")?;
    let linked = paths::target()
        .join("wasm32-unknown-unknown")
        .join(PROFILE)
        .join(format!("{PROGRAM}.wasm"));
    let program = fs::read(&linked).with_context(|| format!("can't read {}", linked.display()))?;

    let folder = dist.join(&name);
    let whole = paths::target().join("split").join(format!("{PROGRAM}.wasm"));
    let main = format!("./{PROGRAM}.js");
    fs::create_dir_all(paths::target().join("split"))?;
    fs::create_dir_all(&folder)?;
    let mut options = Options::new(&program);
    options.output_dir = &folder;
    options.main_out_path = &whole;
    options.main_module = &main;
    transform(options).map_err(|error| anyhow!("the program can't be cut: {error:?}"))?;

    process::run(
        process::command(tools::WASM_BINDGEN.path_of("wasm-bindgen")?)
            .args(["--target=web", "--no-typescript", "--keep-lld-exports"])
            .arg(format!("--out-name={PROGRAM}"))
            .arg("--out-dir")
            .arg(&folder)
            .arg(&whole),
    )?;
    optimize(&folder)?;
    for old in [format!("{name}.js"), format!("{name}_bg.wasm")] {
        fs::remove_file(dist.join(&old)).with_context(|| format!("Trunk left no {old}"))?;
    }
    fs::write(&page, with_parts(&text, &name))?;
    Ok(())
}

/// For size: what a visitor waits for is the download, and the page computes little.
fn optimize(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let part = entry?.path();
        if part.extension().is_some_and(|ending| ending == "wasm") {
            process::run(
                process::command(tools::WASM_OPT.path_of("wasm-opt")?)
                    .arg("-Oz")
                    .args(FEATURES)
                    .arg(&part)
                    .arg("--output")
                    .arg(&part),
            )?;
        }
    }
    let parts = fs::read_dir(folder)?.count();
    ensure!(
        parts > 3,
        "the program was not cut: {} holds {parts} files",
        folder.display()
    );
    Ok(())
}

/// `explorer-0123456789abcdef`, as Trunk named it.
fn hashed_name(page: &str) -> Option<String> {
    let start = page.find(&format!("{PROGRAM}-"))?;
    let hash = page[start..].split(['.', '_', '"']).next()?;
    Some(hash.to_owned())
}

/// The document, with the addresses of the parts.
fn with_parts(page: &str, name: &str) -> String {
    page.replace(&format!("{name}.js"), &format!("{name}/{PROGRAM}.js"))
        .replace(&format!("{name}_bg.wasm"), &format!("{name}/{PROGRAM}_bg.wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_leads_to_the_parts() {
        let page =
            r#"<script data-program="./explorer-12ab.js" data-wasm="./explorer-12ab_bg.wasm"></script>"#;
        let name = hashed_name(page).unwrap();
        assert_eq!(name, "explorer-12ab");
        assert_eq!(
            with_parts(page, &name),
            r#"<script data-program="./explorer-12ab/explorer.js" data-wasm="./explorer-12ab/explorer_bg.wasm"></script>"#
        );
    }
}
