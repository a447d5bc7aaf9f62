//! A mapping on one screen, and as a picture.

use super::summary;
use super::table::{Align, Table, percent, thousands};
use crate::chip::Mapping;
use crate::chip::energy::Energy;
use crate::chip::spec::Span;
use crate::export::{ChipMeter, MapReport, MeshPicture, OnChip, TimeReport, layer_of, mesh_svg};
use crate::spiking::SpikingNetwork;

/// The mesh as a picture.
pub(super) fn picture(
    report: &MapReport,
    spiking: &SpikingNetwork,
    mapping: &Mapping,
    meter: &ChipMeter,
) -> String {
    let tensors: Vec<String> = (0..spiking.tensors.len())
        .map(|tensor| layer_of(tensor, spiking).to_owned())
        .collect();
    let mut facts = vec![room(report)];
    if let Some(traffic) = &report.traffic {
        facts.push(format!(
            "{}: {}",
            of_samples(traffic.samples),
            summary::travels(traffic)
        ));
        facts.extend(report.energy.iter().map(|energy| {
            // A picture has no room for all their names.
            let unknown = match energy.missing.len() {
                0 => String::new(),
                1 => ", one figure unknown".into(),
                figures => format!(", {figures} figures unknown"),
            };
            let known = joules(energy.total, traffic.samples);
            let known = energy.grade.map_or("not known", |_| known.as_str());
            format!("energy: {known}{unknown}")
        }));
        facts.extend(
            busiest(traffic)
                .into_iter()
                .map(|(what, text)| format!("{what}: {text}")),
        );
    }
    mesh_svg(&MeshPicture {
        title: &title(report),
        facts: &facts,
        mapping,
        tensors: &tensors,
        capacity: report.chip.neurons_per_core,
        cores: meter.cores(),
        links: meter.links(),
    })
}

fn title(report: &MapReport) -> String {
    format!("{} on {}", report.source.model, report.chip.name)
}

fn room(report: &MapReport) -> String {
    let cores = report.cores.len();
    let share = report.utilisation.map_or(String::new(), |share| {
        format!(", {:.1} % of what they can", share * 100.0)
    });
    format!(
        "{} of {} cores hold {} neurons{share}",
        thousands(cores as u64),
        thousands(report.chip.topology.cores() as u64),
        thousands(report.neurons as u64),
    )
}

fn of_samples(samples: usize) -> String {
    match samples {
        1 => "one sample".into(),
        samples => format!("mean of {} samples", thousands(samples as u64)),
    }
}

/// The busiest core and link, named.
fn busiest(traffic: &OnChip) -> Vec<(&'static str, String)> {
    let core = traffic.busiest_core_at.as_ref().map(|at| {
        let operations = thousands(traffic.busiest_core.into());
        (
            "busiest core",
            format!(
                "{}: {operations} synaptic operations in step {}",
                at.name, at.step
            ),
        )
    });
    let link = traffic.busiest_link_at.as_ref().map(|at| {
        let packets = thousands(traffic.busiest_link.into());
        (
            "busiest link",
            format!("{}: {packets} packets in step {}", at.name, at.step),
        )
    });
    core.into_iter().chain(link).collect()
}

/// A mapping on one screen.
pub(super) fn text(report: &MapReport, files: &[String]) -> String {
    let mut lines = vec![
        title(report),
        String::new(),
        summary::fact("cores", &room(report)),
    ];
    if let Some(traffic) = &report.traffic {
        let samples = traffic.samples.max(1) as f64;
        let operations = (traffic.synaptic_operations as f64 / samples).round() as u64;
        lines.push(summary::fact(
            "traffic",
            &format!(
                "{}: {}, {} synaptic operations in {} time steps",
                of_samples(traffic.samples),
                summary::travels(traffic),
                thousands(operations),
                traffic.time_steps
            ),
        ));
        lines.extend(
            busiest(traffic)
                .iter()
                .map(|(what, text)| summary::fact(what, text)),
        );
    }
    lines.extend(report.time.iter().flat_map(time));
    if let (Some(energy), Some(traffic)) = (&report.energy, &report.traffic) {
        lines.push(summary::fact("energy", &cost(energy, traffic.samples)));
    }
    lines.extend(files.iter().map(|file| summary::fact("wrote", file)));
    let mut text: String = lines
        .iter()
        .map(|line| super::table::one_line(line) + "\n")
        .collect();
    text += "\n";
    text += &layers(report);
    if let (Some(energy), Some(traffic)) = (&report.energy, &report.traffic) {
        text += "\n";
        text += &parts(energy, traffic.samples);
    }
    text
}

/// How long a sample takes, and which link keeps it.
fn time(time: &TimeReport) -> Vec<String> {
    let cycles = |cycles: f64| thousands(cycles.round() as u64);
    let mut lines = vec![summary::fact(
        "time",
        &format!(
            "{} cycles for a sample alone; in a pipeline one every {}, each through after {}",
            cycles(time.alone),
            cycles(time.beat),
            cycles(time.pipelined)
        ),
    )];
    let times = &time.nanoseconds;
    if let (Some(alone), Some(beat)) = (times.alone, times.beat) {
        let missing: Vec<&str> = times.missing.iter().map(|missing| missing.label()).collect();
        let missing = match missing.len() {
            0 => String::new(),
            _ => format!("; unknown: {}", missing.join(", ")),
        };
        lines.push(summary::fact(
            "at this chip",
            &format!(
                "{} for a sample alone, one every {} in a pipeline{missing}",
                span(alone * 1e-9, "s"),
                span(beat * 1e-9, "s")
            ),
        ));
    }
    if let (Some(median), Some(most)) = (time.packets.median, time.packets.max) {
        lines.push(summary::fact(
            "packets take",
            &format!(
                "{median} cycles (median), at most {most}; {} stalls",
                cycles(time.stalls)
            ),
        ));
    }
    lines.extend(time.tightest_link.as_ref().map(|link| {
        let share = link.load * 100.0;
        summary::fact(
            "tightest link",
            &format!(
                "{}: busy in {share:.0} % of the cycles of step {} of {}",
                link.name, link.step, link.layer
            ),
        )
    }));
    lines
}

/// What a sample costs, and what that lacks.
pub(super) fn cost(energy: &Energy, samples: usize) -> String {
    let unknown = if energy.missing.is_empty() {
        String::new()
    } else {
        format!("; unknown: {}", energy.missing.join(", "))
    };
    match energy.grade {
        None => format!("no figure is known{unknown}"),
        Some(grade) => format!(
            "{} for a sample, figures at worst {}{unknown}",
            joules(energy.total, samples),
            grade.label()
        ),
    }
}

/// A line for each kind of work with what it costs.
fn parts(energy: &Energy, samples: usize) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("work of a sample", Left),
        ("count", Right),
        ("energy", Right),
        ("figure", Left),
    ]);
    for part in &energy.parts {
        let count = part.count as f64 / samples.max(1) as f64;
        let cost = match (part.joules, part.contained_in) {
            (Some(span), _) => joules(span, samples),
            (None, Some(kind)) => format!("in {}", kind.label().to_lowercase()),
            (None, None) => "unknown".into(),
        };
        table.row([
            part.kind.label().to_owned(),
            thousands(count.round() as u64),
            cost,
            part.grade.label().to_owned(),
        ]);
    }
    table.render()
}

/// Joules of a sample, or their range.
fn joules(of_all: Span, samples: usize) -> String {
    span(of_all * (1.0 / samples.max(1) as f64), "J")
}

/// A number or a range with its unit, on few digits.
fn span(span: Span, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 5] = [(1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")];
    let fits = |&&(scale, _): &&(f64, &str)| span.high >= scale;
    let &(scale, prefix) = PREFIXES.iter().find(fits).unwrap_or(&(1e-12, "p"));
    let digits = |number: f64| format!("{:.1}", number / scale);
    let (low, high) = (digits(span.low), digits(span.high));
    if low == high {
        return format!("{high} {prefix}{unit}");
    }
    format!("{low}–{high} {prefix}{unit}")
}

/// A line for each tensor: where it is, and what it sends.
fn layers(report: &MapReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("neurons", Right),
        ("cores", Right),
        ("room taken", Right),
        ("spikes sent", Right),
        ("packets", Right),
        ("hops", Right),
        ("operations", Right),
    ]);
    let samples = report
        .traffic
        .as_ref()
        .map(|traffic| traffic.samples.max(1) as f64);
    for layer in &report.layers {
        let sum = |of: fn(&crate::export::FlowReport) -> u64| {
            let sent = report.flows.iter().filter(|flow| flow.from == layer.name).map(of);
            let sent = sent.sum::<u64>() as f64;
            samples.map_or("–".into(), |samples| thousands((sent / samples).round() as u64))
        };
        let room = report.chip.neurons_per_core.map_or("–".into(), |room| {
            percent((layer.neurons * layer.parts) as u64, (layer.cores * room) as u64)
        });
        table.row([
            layer.name.clone(),
            thousands(layer.neurons as u64),
            thousands(layer.cores as u64),
            room,
            sum(|flow| flow.spikes),
            sum(|flow| flow.packets),
            sum(|flow| flow.hops),
            sum(|flow| flow.synaptic_operations),
        ]);
    }
    table.render()
}
