//! Where things are: in the checkout, and in the user's cache folder.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout. Cargo says at run time where xtask's manifest is, so a checkout that was moved after xtask
/// was compiled is still found.
pub fn root() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or(xtask.clone(), Path::to_path_buf)
}

/// The built page.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The browser tests.
pub fn e2e() -> PathBuf {
    root().join("tests/e2e")
}

/// The packages that are measured against in a browser.
pub fn peers() -> PathBuf {
    root().join("benches/peers")
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Where tools are installed: in the user's cache, so that a second checkout finds them ready.
pub fn tools() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("there is no home folder to install tools into: set HOME or XDG_CACHE_HOME")?;
    Ok(cache.join("sdann-explorer/tools"))
}

/// The first program of that name on the PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name).with_extension(env::consts::EXE_EXTENSION))
        .find(|path| path.is_file())
}
