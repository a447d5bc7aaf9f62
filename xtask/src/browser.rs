//! The browser that tests run in: one that the system or the user has, never a download of ours.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{paths, process};

/// Debian's names of a browser, its driver, and a font that has the page's letters.
const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "fonts-liberation"];

const CHROMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const DRIVERS: [&str; 4] = [
    "chromedriver",
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "chromium.chromedriver",
];

/// A Chromium or Chrome and the driver of the same version.
pub struct Browser {
    /// The browser.
    pub chrome: PathBuf,
    /// Its WebDriver server.
    pub driver: PathBuf,
    /// The browser's version.
    pub version: String,
}

impl Browser {
    /// What there is, or what is missing in one sentence.
    pub fn find() -> Result<Self> {
        let (chrome, version) = first_that_runs("CHROME", &CHROMES)?;
        let (driver, driver_version) = first_that_runs("CHROMEDRIVER", &DRIVERS)?;
        if process::major(&version) != process::major(&driver_version) {
            bail!(
                "{} is version {version} but {} is {driver_version}: set CHROME and CHROMEDRIVER to two of the same version",
                chrome.display(),
                driver.display()
            );
        }
        Ok(Self {
            chrome,
            driver,
            version,
        })
    }

    /// Tells the runners of browser tests which browser to use.
    pub fn tell(&self, command: &mut Command) {
        command
            .env("CHROME", &self.chrome)
            .env("CHROMEDRIVER", &self.driver);
    }
}

/// The program that the variable names, or else the first of the names that runs. On Ubuntu `chromium` may be
/// a stub that only says where to get the real one: it runs, but fails.
fn first_that_runs(variable: &str, names: &[&str]) -> Result<(PathBuf, String)> {
    if let Some(given) = env::var_os(variable) {
        return match process::version_of(&given) {
            Some(version) => Ok((given.into(), version)),
            None => bail!(
                "{variable} names {}, which does not run",
                Path::new(&given).display()
            ),
        };
    }
    for name in names {
        let path = if name.starts_with('/') {
            Some(PathBuf::from(name))
        } else {
            paths::on_path(name)
        };
        if let Some(path) = path
            && let Some(version) = process::version_of(&path)
        {
            return Ok((path, version));
        }
    }
    bail!("{} is not installed", names[0])
}

/// Installs Debian's Chromium, or says what the user has to install.
pub fn install() -> Result<()> {
    if env::var_os("CHROME").is_some() || env::var_os("CHROMEDRIVER").is_some() {
        bail!("CHROME and CHROMEDRIVER must name programs that run, or be unset to have Chromium installed");
    }
    if paths::on_path("apt-get").is_none() {
        bail!(
            "install Chromium or Chrome and the ChromeDriver of the same version, and if they are not on the PATH set CHROME and CHROMEDRIVER to them"
        );
    }
    if !is_root() {
        bail!(
            "run sudo apt-get install {}, or set CHROME and CHROMEDRIVER to ones that you have",
            PACKAGES.join(" ")
        );
    }
    println!(
        "Installing {} (only the first time: about 2 min)",
        PACKAGES.join(", ")
    );
    process::run(apt_get().args(["update", "--quiet"]))?;
    if !is_real_package(PACKAGES[0]) {
        bail!(
            "this system has Chromium only as a snap, which can't be installed from here: install Google Chrome and the ChromeDriver of the same version, and set CHROME and CHROMEDRIVER to them"
        );
    }
    process::run(
        apt_get()
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(PACKAGES),
    )
}

fn apt_get() -> Command {
    let mut command = process::command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    process::output(process::command("id").arg("-u")).as_deref() == Some("0")
}

/// Ubuntu has a package of Chromium's name that only fetches a snap.
fn is_real_package(package: &str) -> bool {
    process::output(process::command("apt-cache").args(["show", package]))
        .is_some_and(|description| is_real_description(&description))
}

fn is_real_description(description: &str) -> bool {
    !description.is_empty() && !description.to_lowercase().contains("snap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_only_fetches_a_snap_is_told_from_a_real_one() {
        assert!(is_real_description("Package: chromium\nDescription: web browser"));
        assert!(!is_real_description(
            "Package: chromium-browser\nDescription: Transitional package - chromium-browser -> chromium snap"
        ));
        assert!(!is_real_description(""));
    }

    #[test]
    fn programs_that_are_not_there_are_named_in_the_error() {
        let error = first_that_runs("SDANN_NO_SUCH_VARIABLE", &["no-such-browser"]).unwrap_err();
        assert_eq!(error.to_string(), "no-such-browser is not installed");
    }
}
