//! A run on one screen.

use super::map_text;
use super::table::{Align, Table, one_line, percent, shape, thousands};
use crate::explore::Measure;
use crate::explore::report::{OverflowPlace, Ratio};
use crate::export::{CalibrationSource, ChipReport, Engine, OnChip, QualityReport, RunReport, RunTotals};
use std::time::Duration;

/// What a run came to, for a person.
pub(super) fn summary(report: &RunReport, elapsed: Duration) -> String {
    let mut lines = vec![headline(report, elapsed), String::new()];
    lines.extend(agreement(report));
    lines.push(fact("wrote", &wrote(report)));
    lines.extend(report.source.calibration.as_ref().map(calibrated_on));
    lines.extend(report.totals.as_ref().map(|totals| fact("spikes", &sent(totals))));
    lines.extend(report.chip.as_ref().map(|chip| fact("chip", &on_chip(chip))));
    let mut text: String = lines.iter().map(|line| one_line(line) + "\n").collect();
    if !report.layers.is_empty() {
        text += "\n";
        text += &layers(report);
    }
    text + &overflow(report)
}

/// What ranges and corrections were measured on.
pub(super) fn calibrated_on(calibration: &CalibrationSource) -> String {
    let count = calibration.samples;
    let text = if calibration.from_inputs {
        format!("the first {count} of the inputs")
    } else {
        format!("{count} samples of {}", calibration.file)
    };
    fact("calibrated on", &text)
}

/// A line of the head: what is told, and the numbers.
pub(super) fn fact(name: &str, text: &str) -> String {
    format!("  {name:<13}  {text}")
}

fn headline(report: &RunReport, elapsed: Duration) -> String {
    let how = match report.engine {
        Engine::Spiking => "as spikes",
        Engine::Integer => "by the integer reference",
    };
    let seconds = elapsed.as_secs_f64();
    let rate = report.samples as f64 / seconds.max(1e-9);
    let samples = thousands(report.samples as u64);
    format!(
        "{}: {samples} samples {how} in {seconds:.2} s ({rate:.0} samples/s)",
        report.source.model
    )
}

fn agreement(report: &RunReport) -> Vec<String> {
    let of = |count: usize| {
        format!(
            "{} of {}",
            thousands(count as u64),
            thousands(report.samples as u64)
        )
    };
    let mut lines = Vec::new();
    if let Some(equal) = report.codes_equal {
        lines.push(fact(
            "codes equal",
            &format!("{} samples (every code of every layer)", of(equal)),
        ));
    }
    if let Some(equal) = report.labels_equal {
        lines.push(fact("labels equal", &format!("{} samples", of(equal))));
    }
    lines.extend(
        report
            .quality
            .as_ref()
            .map(|quality| measured(quality, report.engine)),
    );
    lines
}

/// How good the answers of this engine are.
pub(super) fn measured(quality: &QualityReport, engine: Engine) -> String {
    let (name, words): (_, fn(f64) -> String) = match quality.measure {
        Measure::Accuracy => ("accuracy", |share| format!("{:.1} %", share * 100.0)),
        Measure::Psnr => ("mean PSNR", |decibels| format!("{decibels:.2} dB")),
        Measure::Rmse => ("RMSE", |error| format!("{error:.4}")),
    };
    let (value, reference) = (words(quality.value), words(quality.reference));
    let text = match engine {
        Engine::Spiking => format!("{value} (integer reference {reference})"),
        Engine::Integer => value,
    };
    fact(name, &text)
}

fn sent(totals: &RunTotals) -> String {
    let whole = |mean: f64| thousands(mean.round() as u64);
    format!(
        "{} for a sample, {} synaptic operations",
        whole(totals.spikes_per_sample),
        whole(totals.synaptic_operations_per_sample)
    )
}

fn wrote(report: &RunReport) -> String {
    let output = &report.output;
    format!("{} ({} {})", output.file, output.dtype, shape(&output.shape))
}

fn on_chip(chip: &ChipReport) -> String {
    match chip {
        ChipReport::Mapped(chip) => format!(
            "{} of {} cores of {}; the first sample sends {}{}; energy: {}",
            chip.traffic.cores_used,
            chip.traffic.cores,
            chip.name,
            travels(&chip.traffic),
            chip.time.as_ref().map_or(String::new(), |time| {
                format!(", takes {} cycles", thousands(time.alone.round() as u64))
            }),
            map_text::cost(&chip.energy, chip.traffic.samples)
        ),
        ChipReport::Unmapped { problem } => problem.clone(),
    }
}

/// What a sample sends over a chip, on average.
pub(super) fn travels(chip: &OnChip) -> String {
    let mean = |sum: u64| thousands((sum as f64 / chip.samples.max(1) as f64).round() as u64);
    format!(
        "{} spikes, {} packets, {} hops",
        mean(chip.spikes),
        mean(chip.packets),
        mean(chip.hops)
    )
}

fn layers(report: &RunReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("codes equal", Right),
        ("largest error", Right),
        ("M₀", Right),
        ("bits needed", Right),
        ("bits guaranteed", Right),
        ("overflows", Right),
        ("spikes/sample", Right),
    ]);
    for layer in &report.layers {
        table.row([
            layer.name.clone(),
            percent(layer.codes_equal, layer.codes),
            layer.largest_error.to_string(),
            scale(layer.plan.m0),
            layer.plan.narrowest_register.to_string(),
            layer.plan.guaranteed_register.to_string(),
            thousands(layer.overflows),
            thousands(layer.spikes / report.samples.max(1) as u64),
        ]);
    }
    table.render()
}

/// M_0 on few characters.
pub(super) fn scale(m0: Ratio) -> String {
    if m0.numerator == m0.denominator {
        "1".into()
    } else {
        format!("{:.3e}", m0.value)
    }
}

/// Where the first overflow was, if there was one.
fn overflow(report: &RunReport) -> String {
    let first = report
        .layers
        .iter()
        .find_map(|layer| Some((layer, layer.first_overflow?)));
    let Some((layer, place)) = first else {
        return String::new();
    };
    format!("\n{}\n", one_line(&first_overflow(&layer.name, place)))
}

/// Where a layer first overflowed.
pub(super) fn first_overflow(layer: &str, place: OverflowPlace) -> String {
    let OverflowPlace {
        sample,
        channel,
        row,
        column,
        step,
        value,
        stored,
        ..
    } = place;
    let step = step.map_or("the folded constant".into(), |step| format!("step {step}"));
    format!(
        "first overflow: layer {layer}, sample {sample}, channel {channel}, row {row}, column {column}, {step}: {value} became {stored}"
    )
}
