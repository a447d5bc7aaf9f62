//! What the compiler has to know of the page: its texts, and whether its program will be cut into parts.

use std::env;

/// Set by `cargo xtask build`, which cuts the program of the page after it is linked.
const SPLIT: &str = "SDANN_SPLIT";

fn main() {
    // `rust_i18n::i18n!` reads the texts while the crate is compiled, but does not tell Cargo of which files.
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-env-changed={SPLIT}");
    println!("cargo:rustc-check-cfg=cfg(split)");
    if env::var_os(SPLIT).is_some() {
        println!("cargo:rustc-cfg=split");
        // Where each function refers to others tells what can be cut off.
        println!("cargo:rustc-link-arg-bin=explorer=--emit-relocs");
    }
}
