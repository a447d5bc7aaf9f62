//! What a visitor downloads, held against limits, so that it doesn't grow unnoticed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What is limited, and to how many kB as a server sends it, packed by gzip: a few per cent above what it is.
const LIMITS: [(&str, Part, f64); 3] = [
    ("before the first view", Part::FirstView, 670.0),
    ("the page's program", Part::Page, 540.0),
    ("the worker's program", Part::Worker, 1400.0),
];

#[derive(Clone, Copy)]
enum Part {
    /// All that is fetched until the page opens as it does without anything in its address.
    FirstView,
    Page,
    Worker,
}

/// What the document doesn't name but is fetched before the first view: itself, and the stored run.
const UNNAMED: [&str; 2] = ["index.html", "assets/first-view.bin"];

const WORKER: &str = "worker_bg.wasm";

/// What the program's JavaScript, in the same folder, fetches to be able to fetch parts.
const LOADER: &str = "__wasm_split.js";

/// Prints how much a visitor downloads of the built page, and fails if it is too much.
pub fn check(dist: &Path) -> Result<()> {
    let page = fs::read_to_string(dist.join("index.html")).context("there is no dist/index.html")?;
    let mut heavy = Vec::new();
    println!("downloaded, packed by gzip:");
    for (name, part, limit) in LIMITS {
        let files = match part {
            Part::FirstView => named(&page).into_iter().chain(UNNAMED).collect(),
            Part::Page => named(&page)
                .into_iter()
                .filter(|file| file.ends_with(".wasm"))
                .collect(),
            Part::Worker => vec![WORKER],
        };
        let mut paths: Vec<PathBuf> = files.iter().map(|file| dist.join(file)).collect();
        if matches!(part, Part::FirstView) {
            let loaders = paths.iter().map(|path| path.with_file_name(LOADER));
            let loader = loaders.filter(|path| path.is_file()).take(1);
            paths.extend(loader.collect::<Vec<_>>());
        }
        let sizes: Result<Vec<f64>> = paths.iter().map(|path| packed(path)).collect();
        let size: f64 = sizes?.iter().sum();
        println!("{size:>8.1} kB  {name} (at most {limit} kB)");
        if size > limit {
            heavy.push(format!("{name}: {size:.1} kB, more than {limit} kB"));
        }
    }
    if !heavy.is_empty() {
        bail!(
            "{}: make it smaller, or a part of its own (xtask/src/sizes.rs)",
            heavy.join("; ")
        );
    }
    Ok(())
}

/// Every file of the page's own that its document fetches as it opens, once.
fn named(page: &str) -> Vec<&str> {
    let values = page
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|value| value.trim_start_matches("./"));
    let mut files: Vec<&str> = values
        .filter(|value| {
            [".css", ".js", ".wasm", ".bin"]
                .iter()
                .any(|ending| value.ends_with(ending))
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// The size of a file as it is sent, in kB.
fn packed(path: &Path) -> Result<f64> {
    let bytes = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    let is_packed = bytes.starts_with(&[0x1f, 0x8b]);
    let length = if is_packed {
        bytes.len()
    } else {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&bytes)?;
        packer.finish()?.len()
    };
    Ok(length as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<link href="./a-12.css"/><link rel="preload" href="assets/gallery.bin"><link rel="manifest" href="m.webmanifest">
        <script src="boot.js" data-program="e-12/e.js" data-wasm="e-12/e_bg.wasm"></script>
        <link rel="modulepreload" href="./e-12/e.js">"#;

    #[test]
    fn what_a_document_names_is_counted_once() {
        assert_eq!(
            named(PAGE),
            [
                "a-12.css",
                "assets/gallery.bin",
                "boot.js",
                "e-12/e.js",
                "e-12/e_bg.wasm"
            ]
        );
    }

    #[test]
    fn a_page_that_has_grown_too_large_is_named() {
        let dist = std::env::temp_dir().join(format!("sdann-sizes-{}", std::process::id()));
        for file in UNNAMED.into_iter().chain(["e/e_bg.wasm", WORKER]) {
            let path = dist.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, [0; 100]).unwrap();
        }
        fs::write(dist.join("index.html"), r#"<script data-wasm="e/e_bg.wasm">"#).unwrap();
        check(&dist).unwrap();
        // What is packed already counts as it is.
        let mut large = vec![0; 2_000_000];
        large[..2].copy_from_slice(&[0x1f, 0x8b]);
        fs::write(dist.join("e/e_bg.wasm"), large).unwrap();
        let error = check(&dist).unwrap_err().to_string();
        fs::remove_dir_all(&dist).unwrap();
        assert!(
            error.contains("the page's program: 2000.0 kB") && !error.contains("worker"),
            "{error}"
        );
    }
}
