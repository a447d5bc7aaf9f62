//! The engine beside ONNX Runtime and SpikingJelly, each in a process of its own that measures by the processor's time
//! what it is asked for: so they take turns.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::row::{Row, median, short};
use crate::{paths, process, python};

/// Measures of each, of which the median counts.
const ROUNDS: usize = 5;

const MODELS: [&str; 2] = ["mnist-cnn", "mnist-residual"];
/// Images that ONNX Runtime takes at a time.
const BATCHES: [&str; 3] = ["1", "100", "1000"];
/// What is measured of the engine.
const OURS: [&str; 8] = [
    "products",
    "counted",
    "exact",
    "single",
    "narrow",
    "reference",
    "agreement",
    "trace",
];
/// Codes to be beaten.
const CODES: [(&str, &str); 3] = [
    ("rate", "rate code"),
    ("phase", "phase code"),
    ("first-spike", "first spike"),
];

/// A program that answers each line by the seconds that an image takes.
struct Server {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it said of itself at first.
    facts: Value,
    times: BTreeMap<String, Vec<f64>>,
}

impl Server {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start what is to be measured")?;
        let answers = child.stdout.take().context("it has no output")?;
        let mut server = Self {
            questions: child.stdin.take(),
            answers: BufReader::new(answers),
            child,
            facts: Value::Null,
            times: BTreeMap::new(),
        };
        server.facts = serde_json::from_str(&server.line()?).context("it said something else than JSON")?;
        Ok(server)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(
            self.answers.read_line(&mut line)? > 0,
            "it ended before it answered"
        );
        Ok(line)
    }

    fn measure(&mut self, question: &str) -> Result<()> {
        let questions = self.questions.as_mut().context("it listens no more")?;
        writeln!(questions, "{question}")?;
        let answer = self.line()?;
        let seconds = answer
            .trim()
            .parse()
            .with_context(|| format!("no number but {answer:?}"))?;
        self.times.entry(question.to_owned()).or_default().push(seconds);
        Ok(())
    }

    /// Images per second.
    fn speed(&self, question: &str) -> f64 {
        self.times
            .get(question)
            .map_or(f64::NAN, |times| 1.0 / median(times.clone()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when it is asked nothing more.
        self.questions = None;
        let _ = self.child.wait();
    }
}

fn program(words: &[&str]) -> Command {
    let mut command = process::command("cargo");
    command
        .args(["bench", "--quiet", "--package", "sdann", "--bench", "speed", "--"])
        .args(words);
    command
}

/// With which recipe and how many steps SpikingJelly is as accurate as the integer network, by what it once answered
/// (`tests/fixtures/spikingjelly.json`); if it never is, the most accurate ones.
struct Rival {
    recipe: String,
    steps: u64,
    correct: u64,
    is_equal: bool,
}

impl Rival {
    fn of(fixture: &Value, model: &str, wanted: u64) -> Option<Self> {
        let mut best: Option<Self> = None;
        for (recipe, found) in fixture[model]["recipes"].as_object()? {
            for row in found["steps"].as_array()? {
                let (steps, correct) = (row["steps"].as_u64()?, row["correct"].as_u64()?);
                let rival = Self {
                    recipe: recipe.clone(),
                    steps,
                    correct,
                    is_equal: correct >= wanted,
                };
                let key = |r: &Self| {
                    (
                        r.is_equal,
                        if r.is_equal { 0 } else { r.correct },
                        std::cmp::Reverse(r.steps),
                    )
                };
                if best.as_ref().is_none_or(|best| key(&rival) > key(best)) {
                    best = Some(rival);
                }
            }
        }
        best
    }
}

/// Speeds of the engine and its peers.
pub fn speeds() -> Result<Vec<Row>> {
    println!("building; this takes some minutes");
    let mut ours = Server::start(&mut program(&["serve"]))?;
    let mut runtime = python::onnxruntime().and_then(|python| {
        Server::start(process::command(python).args(["tools/measure_onnxruntime.py", "--serve"]))
    });
    let mut jelly = python::spikingjelly().and_then(|python| {
        let mut command = process::command(python);
        // No bars of progress among ours.
        command.env("TQDM_DISABLE", "1");
        Server::start(command.args(["tools/compare_spikingjelly.py", "--serve"]))
    });
    let path = paths::root().join("tests/fixtures/spikingjelly.json");
    let fixture: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let rivals: Vec<Rival> = MODELS
        .iter()
        .map(|model| {
            let wanted = ours.facts[model]["correct"].as_u64().unwrap_or(u64::MAX);
            Rival::of(&fixture, model, wanted).context("the fixture has no such model")
        })
        .collect::<Result<_>>()?;

    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        for (model, rival) in MODELS.iter().zip(&rivals) {
            for what in OURS {
                ours.measure(&format!("{model} {what}"))?;
                // The one that counts has its peers beside it.
                if what == "counted" {
                    if let Ok(runtime) = &mut runtime {
                        for batch in BATCHES {
                            runtime.measure(&format!("{model} {batch}"))?;
                        }
                    }
                    if let Ok(jelly) = &mut jelly {
                        jelly.measure(&format!("{model} {} {}", rival.steps, rival.recipe))?;
                    }
                }
            }
            for (code, _) in CODES {
                ours.measure(&format!("{model} {code} {}", rival.steps))?;
            }
        }
    }

    let mut rows = Vec::new();
    for (model, rival) in MODELS.iter().zip(&rivals) {
        let speed = |what: &str| ours.speed(&format!("{model} {what}"));
        let counted = speed("counted");
        let title = format!("{model}, native: exact, spikes counted per core");
        rows.push(match &runtime {
            Ok(runtime) => {
                let of = |batch: &&str| runtime.speed(&format!("{model} {batch}"));
                let batch = BATCHES
                    .iter()
                    .max_by(|a, b| of(a).total_cmp(&of(b)))
                    .unwrap_or(&"1");
                let (theirs, version) = (of(batch), runtime.facts["version"].as_str().unwrap_or_default());
                let text = format!(
                    "{} images/s: {:.2} × ONNX Runtime {version} ({}, batches of {batch})",
                    short(counted),
                    counted / theirs,
                    short(theirs)
                );
                Row::new(
                    &title,
                    text,
                    json!({"images_per_s": counted, "onnxruntime": theirs}),
                )
                .against("≥ 1 ×", counted >= theirs)
            }
            Err(why) => Row::missing(&format!("{title}, beside ONNX Runtime"), &format!("{why:#}")),
        });
        let theirs = jelly
            .as_ref()
            .map(|jelly| jelly.speed(&format!("{model} {} {}", rival.steps, rival.recipe)));
        let beside = |what: &str, ours: f64, least: f64| {
            match &theirs {
            Ok(theirs) => Row::new(
                what,
                format!("{} images/s: {} × SpikingJelly ({})", short(ours), short(ours / theirs), short(*theirs)),
                json!({"images_per_s": ours, "spikingjelly": theirs, "steps": rival.steps, "recipe": rival.recipe}),
            )
            .against(&format!("≥ {least} ×"), ours >= least * theirs),
            Err(why) => Row::missing(&format!("{what}, beside SpikingJelly"), &format!("{why:#}")),
        }
        };
        let correct = &ours.facts[model]["correct"];
        let steps = rival.steps;
        let accuracy = if rival.is_equal {
            format!(
                "the fewest steps with equal accuracy: T = {steps}, {} of 1000 right, ours {correct}",
                rival.correct
            )
        } else {
            format!(
                "never as accurate up to T = 128; best at T = {steps}: {} of 1000 right, ours {correct}",
                rival.correct
            )
        };
        let recipe = &rival.recipe;
        rows.push(beside(&format!("{title} ({accuracy}; {recipe})"), counted, 100.0));
        for (code, name) in CODES {
            let ours = speed(&format!("{code} {steps}"));
            rows.push(beside(
                &format!("{model}, native: {name}, T = {steps}"),
                ours,
                20.0,
            ));
        }
        let share = counted / speed("exact");
        rows.push(Row::new(
            format!("{model}, native: exact, without counting"),
            format!(
                "{} images/s; counting takes {:.0} %",
                short(speed("exact")),
                100.0 * (1.0 - share)
            ),
            json!({"images_per_s": speed("exact")}),
        ));
        let narrow = speed("narrow");
        rows.push(
            Row::new(
                format!("{model}, native: 16 bits, each step rounded"),
                format!("{} images/s: {:.3} of exact", short(narrow), narrow / counted),
                json!({"images_per_s": narrow, "of_exact": narrow / counted}),
            )
            .against("≥ 1/6 of exact", 6.0 * narrow >= counted),
        );
        for (what, name) in [
            ("single", "exact, counted, one image at a time"),
            ("products", "plain products alone"),
            ("reference", "integer reference"),
            ("agreement", "agreement with the reference"),
        ] {
            let found = speed(what);
            let text = format!("{} images/s: {:.2} of exact", short(found), found / counted);
            rows.push(Row::new(
                format!("{model}, native: {name}"),
                text,
                json!({"images_per_s": found}),
            ));
        }
        let trace = 1000.0 / speed("trace");
        rows.push(
            Row::new(
                format!("{model}, native: one sample's full trace"),
                format!("{trace:.2} ms"),
                json!({"ms": trace}),
            )
            .against("< 3 ms", trace < 3.0),
        );
    }
    Ok(rows)
}

/// How cost grows while one thing is doubled five times.
pub fn growth() -> Result<Vec<Row>> {
    let output = process::output(&mut program(&["growth"])).context("nothing was measured")?;
    let found: Vec<Value> = serde_json::from_str(&output)?;
    let row = |found: &Value| -> Option<Row> {
        let (what, exponent) = (found["what"].as_str()?, found["exponent"].as_f64()?);
        let points = found["points"].as_array()?;
        let (first, last) = (points.first()?, points.last()?);
        let text = format!(
            "exponent {exponent:.2}: {:.0} → {:.0} take {:.2} → {:.2} ms",
            first[0].as_f64()?,
            last[0].as_f64()?,
            1000.0 * first[1].as_f64()?,
            1000.0 * last[1].as_f64()?
        );
        Some(Row::new(format!("cost by {what}"), text, found.clone()).against("≤ 1.1", exponent <= 1.1))
    };
    found
        .iter()
        .map(|found| row(found).context("a part of it is missing"))
        .collect()
}

/// Writes the large model that the browser is measured on.
pub fn mobile_net(path: &std::path::Path) -> Result<()> {
    process::run(program(&["mobile-net"]).arg(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rival_has_the_fewest_steps_of_those_as_accurate_or_else_the_best_accuracy() {
        let steps = |rows: &[(u64, u64)]| -> Vec<Value> {
            rows.iter()
                .map(|(steps, correct)| json!({"steps": steps, "correct": correct}))
                .collect()
        };
        let fixture = json!({"m": {"recipes": {
            "a": {"steps": steps(&[(8, 900), (16, 986), (32, 987)])},
            "b": {"steps": steps(&[(8, 950), (32, 986)])},
        }}});
        let found = |wanted| {
            let rival = Rival::of(&fixture, "m", wanted).unwrap();
            (rival.recipe, rival.steps, rival.is_equal)
        };
        assert_eq!(found(986), ("a".to_owned(), 16, true));
        assert_eq!(found(940), ("b".to_owned(), 8, true));
        assert_eq!(found(999), ("a".to_owned(), 32, false));
    }
}
