//! Running other programs: said before, checked after.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// A command that will run in the checkout's root.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::root());
    command
}

/// npm, which is a script of another name on Windows.
pub fn npm() -> Command {
    command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Says what is run, runs it with its output shown, and fails if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let status = command
        .status()
        .with_context(|| format!("could not start {}", name(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", name(command));
    }
    Ok(())
}

/// What a command says on stdout, or nothing if it fails or isn't there. Nothing is shown.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The version that a program reports of itself.
pub fn version_of(program: impl AsRef<OsStr>) -> Option<String> {
    let output = output(command(program).arg("--version"))?;
    version_in(&output).map(str::to_owned)
}

/// The first word that looks like a version: `v20.1.0`, `wasm-opt version 132 (version_132)`,
/// `Chromium 156.0.8078.73 built on Debian`.
pub fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace()
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

/// The first number of a version, by which browsers, drivers and Node.js are told apart.
pub fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

fn name(command: &Command) -> String {
    let path = std::path::Path::new(command.get_program());
    path.file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned()
}

fn shown(command: &Command) -> String {
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name(command))
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (text, version) in [
            ("trunk 0.21.14", "0.21.14"),
            ("wasm-opt version 132 (version_132)", "132"),
            ("v20.20.2", "20.20.2"),
            ("Chromium 156.0.8078.73 built on Debian", "156.0.8078.73"),
            ("ChromeDriver 156.0.1 (abc-refs/heads@{#1})", "156.0.1"),
        ] {
            assert_eq!(version_in(text), Some(version), "{text}");
        }
        assert_eq!(version_in("requires the chromium snap"), None);
    }

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("156.0.8078.73"), Some(156));
        assert_eq!(major("132"), Some(132));
        assert_eq!(major("next"), None);
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let mut failing = command("cargo");
        failing.arg("no-such-subcommand").stderr(Stdio::null());
        let error = run(&mut failing).unwrap_err();
        assert!(error.to_string().contains("cargo failed"), "{error}");
    }
}
