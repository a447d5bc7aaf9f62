//! The steps of `cargo xtask test`: run one after the other, and summed up at the end.
//!
//! A failed step doesn't keep the others from running, so that one run tells everything that is wrong; only
//! what builds on the failed one is skipped. What the runners print is passed on as it is.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::browser::Browser;
use crate::{page, paths, process, setup, sizes, tools};

/// What to test.
#[derive(Args)]
pub struct TestOptions {
    /// Run only these steps; all of them if none is named.
    #[arg(value_enum)]
    steps: Vec<Step>,
    /// Test the page that is in dist/ already instead of building it.
    #[arg(long)]
    reuse_dist: bool,
}

/// One step.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Step {
    /// Whether the source is formatted.
    Fmt,
    /// Lints of everything that is compiled natively; a warning is a failure.
    Clippy,
    /// Lints of the page, which is compiled for wasm alone.
    ClippyWasm,
    /// The documentation, links and all; a warning is a failure.
    Doc,
    /// Unit, integration and documentation tests, natively.
    Native,
    /// The tests of tests/web/ in headless Chromium.
    Web,
    /// The release build of the page.
    Page,
    /// The tests of tests/e2e/: the built page in a real browser. Builds the page first.
    E2e,
}

enum Outcome {
    Ok(Duration),
    Failed(Duration, String),
    Skipped(&'static str),
}

/// Runs the steps and fails if any of them did.
pub fn test(options: &TestOptions) -> Result<()> {
    let mut outcomes: Vec<(Step, Outcome)> = Vec::new();
    for step in planned(options) {
        let page_failed = outcomes
            .iter()
            .any(|(step, outcome)| *step == Step::Page && matches!(outcome, Outcome::Failed(..)));
        let outcome = if step == Step::E2e && page_failed {
            Outcome::Skipped("there is no page to test")
        } else {
            println!("\n== {} ==", step.name());
            timed(|| step.run())
        };
        outcomes.push((step, outcome));
    }
    sum_up(&outcomes)
}

/// The steps in their order, whatever order they were named in. The browser test is of the page as it is now,
/// so the page is built before it.
fn planned(options: &TestOptions) -> Vec<Step> {
    let named = |step| options.steps.is_empty() || options.steps.contains(&step);
    Step::value_variants()
        .iter()
        .copied()
        .filter(|step| match step {
            Step::Page => !options.reuse_dist && (named(Step::Page) || named(Step::E2e)),
            step => named(*step),
        })
        .collect()
}

fn timed(step: impl FnOnce() -> Result<()>) -> Outcome {
    let start = Instant::now();
    match step() {
        Ok(()) => Outcome::Ok(start.elapsed()),
        Err(error) => {
            let error = format!("{error:#}");
            println!("error: {error}");
            Outcome::Failed(start.elapsed(), error)
        }
    }
}

fn sum_up(outcomes: &[(Step, Outcome)]) -> Result<()> {
    println!("\n== summary ==");
    let mut failed = Vec::new();
    for (step, outcome) in outcomes {
        let name = step.name();
        match outcome {
            Outcome::Ok(time) => println!("ok       {name:11} {:7.1} s", time.as_secs_f64()),
            Outcome::Failed(time, why) => {
                println!("failed   {name:11} {:7.1} s  {why}", time.as_secs_f64());
                failed.push(name);
            }
            Outcome::Skipped(why) => println!("skipped  {name:11}            {why}"),
        }
    }
    if !failed.is_empty() {
        bail!(
            "{} of {} steps failed: {}",
            failed.len(),
            outcomes.len(),
            failed.join(", ")
        );
    }
    println!("all {} steps passed", outcomes.len());
    Ok(())
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::Doc => "doc",
            Self::Native => "native",
            Self::Web => "web",
            Self::Page => "page",
            Self::E2e => "e2e",
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Fmt => fmt(),
            Self::Clippy => clippy(&["--workspace", "--all-targets", "--features", "sdann/cli"]),
            Self::ClippyWasm => clippy_wasm(),
            Self::Doc => doc(),
            Self::Native => {
                process::run(cargo().args(["test", "--workspace", "--features", "sdann/cli,sdann/web"]))
            }
            Self::Web => web(),
            Self::Page => page::build(),
            Self::E2e => e2e(),
        }
    }
}

fn cargo() -> Command {
    process::command("cargo")
}

fn fmt() -> Result<()> {
    setup::ensure(setup::LINTS)?;
    process::run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(what: &[&str]) -> Result<()> {
    setup::ensure(setup::LINTS)?;
    process::run(cargo().arg("clippy").args(what).args(["--", "-D", "warnings"]))
}

fn clippy_wasm() -> Result<()> {
    // The benchmark is compiled here, for nothing else does before it is run.
    let what = [
        "--package",
        "sdann",
        "--lib",
        "--bins",
        "--test",
        "web",
        "--example",
        "browser-bench",
    ];
    clippy(&[&what[..], &FOR_WASM].concat())
}

fn doc() -> Result<()> {
    process::run(
        cargo()
            .env("RUSTDOCFLAGS", "-D warnings")
            .args(["doc", "--workspace", "--no-deps"]),
    )
}

/// The arguments that make cargo compile the page rather than the command line.
pub const FOR_WASM: [&str; 5] = [
    "--target",
    setup::WASM,
    "--no-default-features",
    "--features",
    "web",
];

fn web() -> Result<()> {
    setup::ensure(setup::WASM_TESTS)?;
    tools::check_wasm_bindgen()?;
    let mut command = cargo();
    command
        .args(["test", "--package", "sdann"])
        .args(FOR_WASM)
        .args(["--test", "web"])
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            tools::WASM_BINDGEN.path_of("wasm-bindgen-test-runner")?,
        )
        // A busy machine is not a failing one.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    let browser = Browser::find()?;
    browser.tell(&mut command);
    if env::var_os("CHROME").is_some() {
        command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_for(&browser)?);
    }
    process::run(&mut command)
}

/// The driver finds the system's browser by itself; another one it has to be told of, in the same file as the
/// browser's flags.
fn webdriver_for(browser: &Browser) -> Result<PathBuf> {
    let root = paths::root();
    let flags = root.join("webdriver.json");
    let text = fs::read_to_string(&flags).with_context(|| format!("can't read {}", flags.display()))?;
    let folder = root.join("target");
    fs::create_dir_all(&folder)?;
    let path = folder.join("webdriver.json");
    fs::write(&path, with_binary(&text, &browser.chrome.to_string_lossy()))
        .with_context(|| format!("can't write {}", path.display()))?;
    Ok(path)
}

fn with_binary(webdriver: &str, chrome: &str) -> String {
    let options = "\"goog:chromeOptions\": {";
    webdriver.replacen(options, &format!("{options}\n    \"binary\": {chrome:?},"), 1)
}

fn e2e() -> Result<()> {
    built()?;
    // One run tells everything that is wrong.
    let sizes = sizes::check(&paths::dist());
    process::run(&mut node_in_e2e(&["--test", "--test-reporter=spec"])?).and(sizes)
}

/// Builds the page and takes its pictures.
pub fn screenshots(reuse_dist: bool) -> Result<()> {
    if !reuse_dist {
        page::build()?;
    }
    built()?;
    process::run(&mut node_in_e2e(&["screenshots.mjs"])?)
}

/// Fails if there is no built page.
fn built() -> Result<()> {
    if !paths::dist().join("index.html").is_file() {
        bail!("there is no dist/index.html: run cargo xtask build first");
    }
    Ok(())
}

/// Node.js where the browser tests' packages are.
pub fn node_in_e2e(arguments: &[&str]) -> Result<Command> {
    setup::ensure(setup::PAGE_TESTS)?;
    let mut command = process::command("node");
    command.args(arguments).current_dir(paths::e2e());
    Browser::find()?.tell(&mut command);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: &[Step], reuse_dist: bool) -> Vec<Step> {
        planned(&TestOptions {
            steps: steps.to_vec(),
            reuse_dist,
        })
    }

    #[test]
    fn all_steps_run_if_none_is_named() {
        assert_eq!(plan(&[], false), Step::value_variants());
    }

    #[test]
    fn the_page_is_built_before_it_is_tested_unless_told_otherwise() {
        assert_eq!(
            plan(&[Step::E2e, Step::Fmt], false),
            [Step::Fmt, Step::Page, Step::E2e]
        );
        assert_eq!(plan(&[Step::E2e], true), [Step::E2e]);
    }

    #[test]
    fn a_failed_step_fails_the_whole() {
        let time = Duration::from_secs(1);
        let outcomes = [
            (Step::Fmt, Outcome::Ok(time)),
            (Step::Page, Outcome::Failed(time, "why".to_owned())),
            (Step::E2e, Outcome::Skipped("because")),
        ];
        let error = sum_up(&outcomes).unwrap_err();
        assert_eq!(error.to_string(), "1 of 3 steps failed: page");
    }

    #[test]
    fn a_browser_of_the_users_own_is_added_to_the_drivers_options() {
        let json = include_str!("../../webdriver.json");
        let options = with_binary(json, "/opt/my \"chrome\"");
        let options: serde_json::Value = serde_json::from_str(&options).unwrap();
        assert_eq!(options["goog:chromeOptions"]["binary"], "/opt/my \"chrome\"");
        assert!(options["goog:chromeOptions"]["args"].is_array());
    }
}
