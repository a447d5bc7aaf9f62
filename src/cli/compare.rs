//! `sdann compare`.

use super::error::CliError;
use super::inputs::{self, Inputs};
use super::progress::Progress;
use super::table::{Align, Table, one_line, percent, thousands};
use super::{args, files, note, print, print_json};
use crate::baseline::Percentile;
use crate::explore::{CodeName, Comparer, Comparison, MAX_STEPS, Point, Question};
use crate::quantize::post_training::MAX_ACTIVATION_BITS;
use clap::ArgMatches;
use std::ops::RangeInclusive;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Samples that thresholds and ranges are measured on if no others are given.
const CALIBRATION_SAMPLES: usize = 128;

/// Compares codes on one network.
pub(super) fn compare(matches: &ArgMatches) -> Result<(), CliError> {
    let question = question(matches);
    let path = |name| args::path_of(matches, name);
    let divide_by = matches.get_one("divide-by").copied().unwrap_or(1.0);
    let model = path("model").unwrap_or_default();
    let graph = files::float_model("model", &model)?;
    let (input, output) = (&graph.tensors[graph.input], &graph.tensors[graph.output]);
    let read = |what, path: PathBuf| {
        let inputs = Inputs::read_as(what, &path, divide_by, &graph.name, &input.shape)?;
        if inputs.count() == 0 {
            let problem = "it holds no samples, but at least one is needed";
            return Err(CliError::file(what, &path, problem));
        }
        Ok(inputs)
    };
    let data = read("--data", path("data").unwrap_or_default())?;
    let labels = match path("labels") {
        Some(path) => inputs::labels(&path, data.count(), output.len())?,
        None => data.own_labels(&output.shape),
    };
    let calibration = match path("calibration") {
        Some(path) => read("--calibration", path)?.first_reals(usize::MAX)?,
        None => data.first_reals(CALIBRATION_SAMPLES)?,
    };
    let comparer = Comparer::new(&graph, &calibration, &question)
        .map_err(|error| CliError::file("model", &model, error))?;
    if labels.is_empty() {
        note("there are no labels, so answers are only compared with the trained network's");
    }
    let comparison = run(&comparer, &data, &labels)?;
    if matches.get_flag("json") {
        print_json(&comparison)
    } else if matches.get_flag("csv") {
        print(&csv(&comparison))
    } else {
        print(&text(&comparison))
    }
}

/// What the flags ask.
fn question(matches: &ArgMatches) -> Question {
    let default = Question::default();
    let numbers = |name: &str| -> Option<Vec<u32>> { matches.get_one(name).cloned() };
    Question {
        codes: matches.get_one("codes").cloned().unwrap_or(default.codes),
        steps: numbers("steps").unwrap_or(default.steps),
        bits: numbers("bits").map_or(default.bits, |bits| bits.iter().map(|&b| b as u8).collect()),
        percentile: matches.get_one("percentile").copied().unwrap_or_default(),
        period: matches.get_one("period").copied().unwrap_or(default.period),
        conversion: default.conversion,
    }
}

/// Reads names of codes, separated by commas.
pub(super) fn read_codes(list: &str) -> Result<Vec<CodeName>, String> {
    let words = || CodeName::ALL.map(CodeName::word).join(", ");
    let code = |word: &str| {
        let found = CodeName::ALL.into_iter().find(|code| code.word() == word.trim());
        found.ok_or_else(|| format!("it takes some of {}, separated by commas", words()))
    };
    let mut codes = list.split(',').map(code).collect::<Result<Vec<_>, _>>()?;
    let mut seen = Vec::new();
    codes.retain(|code| {
        !seen.contains(code) && {
            seen.push(*code);
            true
        }
    });
    Ok(codes)
}

/// Reads numbers of steps, separated by commas, into ascending order.
pub(super) fn read_steps(list: &str) -> Result<Vec<u32>, String> {
    read_numbers(list, 1..=MAX_STEPS)
}

/// Reads numbers of bits, separated by commas, into ascending order.
pub(super) fn read_bits(list: &str) -> Result<Vec<u32>, String> {
    read_numbers(list, 1..=MAX_ACTIVATION_BITS.into())
}

/// Reads a percentile.
pub(super) fn read_percentile(word: &str) -> Result<Percentile, String> {
    let percent: f64 = word.parse().map_err(|_| format!("'{word}' is no number"))?;
    Percentile::new(percent)
}

fn read_numbers(list: &str, range: RangeInclusive<u32>) -> Result<Vec<u32>, String> {
    let number = |word: &str| {
        let number = word.trim().parse().ok().filter(|n| range.contains(n));
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("it takes whole numbers from {least} to {most}, separated by commas")
        })
    };
    let mut numbers = list.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// Runs all samples, on as many threads as there are processors; what is counted does not depend on how many
/// those are.
fn run(comparer: &Comparer, data: &Inputs, labels: &[usize]) -> Result<Comparison, CliError> {
    let threads = super::engine::processors().min(data.count()).max(1);
    let done = AtomicUsize::new(0);
    let part = |first: usize| -> Result<Comparison, CliError> {
        let mut comparer = comparer.clone();
        let mut progress = (first == 0).then(|| Progress::new(data.count()));
        for sample in (first..data.count()).step_by(threads) {
            comparer
                .add(&data.reals(sample)?, labels.get(sample).copied())
                .map_err(|error| CliError::file("--data", data.path(), error))?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = &mut progress {
                progress.tell(done);
            }
        }
        Ok(comparer.comparison().clone())
    };
    let parts: Vec<_> = thread::scope(|scope| {
        let part = &part;
        let others: Vec<_> = (1..threads)
            .map(|first| scope.spawn(move || part(first)))
            .collect();
        let own = part(0);
        let others = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        std::iter::once(own).chain(others).collect()
    });
    let mut whole = comparer.comparison().clone();
    for part in parts {
        whole.append(&part?);
    }
    Ok(whole)
}

/// The rows, for a spreadsheet.
fn csv(comparison: &Comparison) -> String {
    let mut text = "code,steps,latency,samples,labelled,correct,equal,input_spikes,spikes,synaptic_operations,multiply_accumulates\n".to_owned();
    for curve in &comparison.codes {
        for point in &curve.points {
            let counts = [
                u64::from(point.steps),
                point.latency,
                comparison.samples as u64,
                comparison.labelled as u64,
                point.correct as u64,
                point.equal as u64,
                point.input_spikes,
                point.spikes(),
                point.synaptic_operations,
                point.multiply_accumulates,
            ];
            let counts = counts.map(|count| count.to_string()).join(",");
            text += &format!("{},{counts}\n", curve.code.word());
        }
    }
    text
}

/// A table for a person.
fn text(comparison: &Comparison) -> String {
    use Align::{Left, Right};
    let samples = comparison.samples as u64;
    let share = |count: usize, of: usize| match of {
        0 => "–".to_owned(),
        _ => percent(count as u64, of as u64),
    };
    let per_sample = |count: u64| thousands((count + samples / 2) / samples.max(1));
    let mut table = Table::new(&[
        ("code", Left),
        ("steps", Right),
        ("latency", Right),
        ("accuracy", Right),
        ("class as trained", Right),
        ("spikes/sample", Right),
        ("synaptic operations", Right),
        ("multiply–accumulates", Right),
    ]);
    let row = |name: &str, point: &Point| {
        [
            name.to_owned(),
            point.steps.to_string(),
            point.latency.to_string(),
            share(point.correct, comparison.labelled),
            share(point.equal, comparison.samples),
            per_sample(point.spikes()),
            per_sample(point.synaptic_operations),
            per_sample(point.multiply_accumulates),
        ]
    };
    for curve in &comparison.codes {
        for point in &curve.points {
            table.row(row(curve.code.word(), point));
        }
    }
    let trained = share(comparison.trained_correct, comparison.labelled);
    let macs = thousands(comparison.trained_multiply_accumulates);
    let head = format!(
        "{}: {} samples; the trained network itself: accuracy {trained}, {macs} multiply–accumulates",
        comparison.model,
        thousands(samples)
    );
    let numbers = if comparison.is_quantized {
        "It is quantized: the other codes run with the real numbers that its codes stand for."
    } else {
        "The bit-serial code runs the network quantized to so many bits as it has steps, with weights of 8 bits."
    };
    format!("{}\n{numbers}\n\n{}", one_line(&head), table.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_what_is_out_of_range_is_refused() {
        assert_eq!(read_steps("8, 4,8"), Ok(vec![4, 8]));
        for wrong in ["", "0", "4097", "4,,8", "-1", "1e9"] {
            assert!(read_steps(wrong).is_err(), "{wrong}");
        }
        assert!(read_bits("17").is_err());
        assert_eq!(
            read_codes("phase,rate,phase"),
            Ok(vec![CodeName::Phase, CodeName::Rate])
        );
        let error = read_codes("rates").expect_err("no such code");
        assert!(error.contains("first-spike"), "{error}");
        assert!(read_percentile("NaN").is_err());
    }
}
