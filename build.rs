//! `rust_i18n::i18n!` reads the texts while the crate is compiled, but does not tell Cargo of which files.

fn main() {
    println!("cargo:rerun-if-changed=locales");
}
