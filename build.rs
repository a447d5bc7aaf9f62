//! What the compiler has to know of the page: its texts, and whether its program will be cut into parts.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

/// Set by `cargo xtask build`, which cuts the program of the page after it is linked.
const SPLIT: &str = "SDANN_SPLIT";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-env-changed={SPLIT}");
    println!("cargo:rustc-check-cfg=cfg(split)");
    if env::var_os(SPLIT).is_some() {
        println!("cargo:rustc-cfg=split");
        // Where each function refers to others tells what can be cut off.
        println!("cargo:rustc-link-arg-bin=explorer=--emit-relocs");
    }
    if env::var_os("CARGO_FEATURE_WEB").is_some() {
        write_texts(Path::new(&env::var("OUT_DIR")?))?;
    }
    Ok(())
}

/// The texts of each language as a file of its own: keys in ascending order, each with its text behind it, with a
/// NUL after each. So they can be parts of the program that come one by one (`src/web/texts.rs`).
fn write_texts(folder: &Path) -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let locales = Path::new(&root).join("locales");
    for (language, texts) in rust_i18n_support::load_locales(&locales.to_string_lossy(), |_| false) {
        let texts: BTreeMap<_, _> = texts.into_iter().collect();
        let lines: String = texts
            .iter()
            .map(|(key, text)| format!("{key}\0{text}\0"))
            .collect();
        fs::write(folder.join(format!("{language}.txt")), lines)?;
    }
    Ok(())
}
