//! What lets the built page open without a network: a service worker with the list of its files.

use crate::paths;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// Writes `sw.js` into a built page, and tells the page to use it.
pub fn write(dist: &Path) -> Result<()> {
    let page = dist.join("index.html");
    let text = fs::read_to_string(&page).context("Trunk left no index.html")?;
    ensure!(text.contains("</head>"), "index.html has no head to be marked in");
    fs::write(
        &page,
        text.replacen("</head>", "<meta name=\"offline\" content=\"yes\" /></head>", 1),
    )?;

    let mut files = Vec::new();
    list(dist, "", &mut files)?;
    files.sort();
    let mut digest = crc32fast::Hasher::new();
    let mut bytes = 0;
    for file in &files {
        let content = fs::read(dist.join(file)).with_context(|| format!("can't read dist/{file}"))?;
        digest.update(file.as_bytes());
        digest.update(&content);
        bytes += content.len();
    }
    let version = format!("{:08x}-{bytes:x}", digest.finalize());
    let program = fs::read_to_string(paths::root().join("www/offline.js"))?;
    fs::write(dist.join("sw.js"), worker(&files, &version, &program))?;
    Ok(())
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), files)?;
        } else if name != "sw.js" {
            files.push(name);
        }
    }
    Ok(())
}

fn worker(files: &[String], version: &str, program: &str) -> String {
    // The document is asked for by its folder's address.
    let names = files.iter().map(|file| match file.as_str() {
        "index.html" => "./",
        file => file,
    });
    let names: Vec<String> = names.map(|name| format!("  {name:?},\n")).collect();
    format!(
        "const VERSION = {version:?};\nconst FILES = [\n{}];\n\n{program}",
        names.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_keeps_every_file_and_another_content_is_another_version() {
        let dist = std::env::temp_dir().join(format!("sdann-offline-{}", std::process::id()));
        fs::create_dir_all(dist.join("assets")).unwrap();
        let build = |content: &str| {
            fs::write(dist.join("index.html"), "<head></head>").unwrap();
            fs::write(dist.join("assets/a.onnx"), content).unwrap();
            write(&dist).unwrap();
            fs::read_to_string(dist.join("sw.js")).unwrap()
        };
        let (first, again, other) = (build("one"), build("one"), build("two"));
        assert!(
            first.contains("const FILES = [\n  \"assets/a.onnx\",\n  \"./\",\n];"),
            "{first}"
        );
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert!(
            fs::read_to_string(dist.join("index.html"))
                .unwrap()
                .contains("name=\"offline\"")
        );
        fs::remove_dir_all(&dist).unwrap();
    }
}
