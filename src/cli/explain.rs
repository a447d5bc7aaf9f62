//! `sdann explain`.

use super::data::{Data, DataFlags};
use super::error::CliError;
use super::progress::Progress;
use super::summary::{calibrated_on, fact, first_overflow, measured, scale};
use super::table::{Align, Table, one_line, percent, thousands};
use super::{args, files, print, print_json};
use crate::explore::numbers::THIN;
use crate::explore::report::{ConvertedLayer, Exactness, Severity, Span};
use crate::explore::{ConversionReport, ReportMeter};
use crate::export::{Engine, ExplainReport};
use clap::ArgMatches;
use std::rc::Rc;

/// Changed labels that are named one by one.
const NAMED_FLIPS: usize = 12;

/// Says of every layer what conversion did to it.
pub(super) fn explain(matches: &ArgMatches) -> Result<(), CliError> {
    let flags = DataFlags::read(matches, "--data");
    args::chosen_settings(matches)?;
    let data = flags.open()?;
    let settings = flags.settings(matches, &data)?;
    if data.inputs.count() == 0 {
        let problem = "it holds no samples, but at least one is needed to explain anything";
        return Err(CliError::file("--data", data.inputs.path(), problem));
    }
    data.tell_doubts();
    let converted = flags.convert(&data, &settings.conversion)?;
    let spiking = Rc::new(converted.spiking);
    let mut meter = ReportMeter::new(&data.network, spiking, &converted.statistics);
    if let Some(path) = args::path_of(matches, "float") {
        let graph = files::float_model("--float", &path)?;
        let refused = |error| CliError::file("--float", &path, error);
        meter = meter.beside(&data.network, &graph).map_err(refused)?;
    }
    let meter = measure(&data, meter)?;
    let source = flags.source(&data, Some(converted.source));
    let report = ExplainReport::new(source, settings, meter.report(&data.network));
    if matches.get_flag("json") {
        print_json(&report)
    } else {
        print(&text(&report))
    }
}

fn measure(data: &Data, mut meter: ReportMeter) -> Result<ReportMeter, CliError> {
    let count = data.inputs.count();
    let mut progress = Progress::new(count);
    for sample in 0..count {
        let input = data.inputs.codes(&data.network, sample)?;
        let expected = data.truth.expected(sample, data.network.output().len());
        meter.add(&data.network, &input, expected);
        progress.tell(sample + 1);
    }
    Ok(meter)
}

fn text(report: &ExplainReport) -> String {
    let conversion = &report.conversion;
    let samples = conversion.samples.max(1);
    let mut lines = vec![
        format!(
            "{}: {} samples, registers of {} bits",
            report.source.model,
            thousands(samples as u64),
            report.settings.0.conversion.register_bits
        ),
        String::new(),
    ];
    lines.extend(head(report));
    lines.push(String::new());
    let mut text: String = lines.iter().map(|line| one_line(line) + "\n").collect();
    for table in [registers(conversion), codes(conversion), spikes(conversion)] {
        text += &table;
        text += "\n";
    }
    for layer in &conversion.layers {
        if let Some(place) = layer.first_overflow {
            text += &one_line(&first_overflow(&layer.name, place));
            text += "\n";
        }
    }
    text + &sentences(conversion)
}

/// The whole network in a few lines.
fn head(report: &ExplainReport) -> Vec<String> {
    let conversion = &report.conversion;
    let of = |count: usize| {
        let (count, all) = (thousands(count as u64), thousands(conversion.samples as u64));
        format!("{count} of {all} samples")
    };
    let name = |layer: usize| conversion.layers[layer].name.clone();
    let codes = format!("{} (every code of every layer)", of(conversion.codes_equal));
    let labels = format!("{}{}", of(conversion.labels_equal), flips(conversion));
    let mut lines = vec![fact("codes equal", &codes), fact("labels equal", &labels)];
    lines.extend(
        report
            .quality
            .as_ref()
            .map(|quality| measured(quality, Engine::Spiking)),
    );
    if let Some(layer) = conversion.first_different {
        lines.push(fact("first differs", &name(layer)));
    }
    if let Some(layer) = conversion.origin {
        let error = conversion.layers[layer].own.mean_absolute;
        let text = format!("{}, by itself {error:.3} codes on average", name(layer));
        lines.push(fact("loses most", &text));
    }
    lines.extend(report.source.calibration.as_ref().map(calibrated_on));
    lines
}

/// The samples whose labels changed.
fn flips(report: &ConversionReport) -> String {
    let named = report.flips.iter().take(NAMED_FLIPS);
    let named: Vec<String> = named.map(|flip| flip.sample.to_string()).collect();
    if named.is_empty() {
        return String::new();
    }
    let more = if report.samples - report.labels_equal > named.len() {
        ", …"
    } else {
        ""
    };
    format!("; changed: {}{more}", named.join(", "))
}

fn registers(report: &ConversionReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("window", Right),
        ("I_max", Right),
        ("calibrated", Right),
        ("guaranteed", Right),
        ("M₀", Right),
        ("M₁", Right),
        ("bits", Right),
        ("head-room", Right),
        ("guaranteed", Right),
        ("overflows", Right),
        ("constants cut off", Right),
    ]);
    for layer in &report.layers {
        let plan = &layer.plan;
        table.row([
            layer.name.clone(),
            layer.window.to_string(),
            magnitude(plan.i_max),
            magnitude(plan.calibrated_i_max),
            magnitude(plan.guaranteed_i_max),
            scale(plan.m0),
            span(plan.m1),
            plan.register_bits.to_string(),
            format!("{:+}", plan.headroom),
            format!("{:+}", plan.guaranteed_headroom),
            thousands(layer.overflows),
            thousands(plan.bias_saturated),
        ]);
    }
    table.render()
}

fn magnitude(number: i64) -> String {
    thousands(number.unsigned_abs())
}

fn span(span: Option<Span>) -> String {
    match span {
        Some(Span { min, max }) if min == max => format!("{min:.3e}"),
        Some(Span { min, max }) => format!("{min:.2e} … {max:.2e}"),
        None => String::new(),
    }
}

fn codes(report: &ConversionReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("codes equal", Right),
        ("mean error", Right),
        ("mean |error|", Right),
        ("largest", Right),
        ("by itself: equal", Right),
        ("mean |error|", Right),
        ("arrives wrong", Right),
        ("r codes", Right),
        ("r potentials", Right),
        ("r float", Right),
        ("silent", Right),
        ("at limit", Right),
        ("exact", Left),
    ]);
    for layer in &report.layers {
        let ConvertedLayer {
            errors,
            own,
            arriving,
            correlation,
            stuck,
            ..
        } = layer;
        let r = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |r| format!("{r:.4}"));
        table.row([
            layer.name.clone(),
            percent(errors.equal, errors.codes),
            format!("{:+.3}", errors.mean),
            format!("{:.3}", errors.mean_absolute),
            format!("{}", errors.largest),
            percent(own.equal, own.codes),
            format!("{:.3}", own.mean_absolute),
            percent(arriving.wrong, arriving.codes),
            r(correlation.codes),
            r(correlation.potentials),
            r(correlation.float),
            thousands(stuck.silent as u64),
            thousands(stuck.saturated as u64),
            match layer.exact {
                Exactness::Proven => "proven",
                Exactness::OnSamples => "on these",
                Exactness::No => "no",
            }
            .into(),
        ]);
    }
    table.render()
}

fn spikes(report: &ConversionReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("spikes/sample", Right),
        ("per neuron and window", Right),
        ("say only 0", Right),
        ("synaptic operations/sample", Right),
    ]);
    let samples = report.samples.max(1) as u64;
    for layer in &report.layers {
        table.row([
            layer.name.clone(),
            thousands(layer.spikes / samples),
            format!("{:.2}", layer.spikes_per_neuron),
            format!(
                "{:.1} %",
                layer.zero_point_spikes as f64 * 100.0 / layer.spikes.max(1) as f64
            ),
            thousands(layer.synaptic_operations / samples),
        ]);
    }
    table.render()
}

/// What is to be said of each layer.
fn sentences(report: &ConversionReport) -> String {
    let mut text = String::new();
    for (index, layer) in report.layers.iter().enumerate() {
        text += &format!("{}\n", one_line(&layer.name));
        for finding in report.findings_of(index) {
            let mark = match finding.severity {
                Severity::Good => "good",
                Severity::Hint => "hint",
                Severity::Loss => "loss",
                Severity::Fault => "FAULT",
            };
            text += &format!("  {mark:<5}  {}\n", one_line(&plain(&finding.sentence)));
        }
    }
    text
}

/// Numbers as the tables have them: commas between thousands, a space before a unit.
fn plain(sentence: &str) -> String {
    let letters: Vec<char> = sentence.chars().collect();
    let is_digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let letter = |(at, &letter): (usize, &char)| match letter {
        THIN if at > 0 && is_digit(at - 1) && is_digit(at + 1) => ',',
        THIN => ' ',
        other => other,
    };
    letters.iter().enumerate().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_sentences_are_written_as_in_tables() {
        let sentence = format!("41{THIN}332 of 1{THIN}000{THIN}000, 97.2{THIN}%.");
        assert_eq!(plain(&sentence), "41,332 of 1,000,000, 97.2 %.");
    }
}
