//! `sdann trace`.

use super::data::DataFlags;
use super::error::CliError;
use super::summary::{fact, scale};
use super::table::{Align, Table, one_line, thousands};
use super::{args, print, print_json};
use crate::explore::report::Ratio;
use crate::explore::{DendriteProvenance, Provenance, SourceProvenance, Tracer};
use crate::export::TraceReport;
use crate::quantize::QuantizedNetwork;
use crate::simulate::Simulator;
use crate::spiking::{Digits, SpikingNetwork};
use clap::ArgMatches;

/// Sources that are told one by one, unless all are wanted.
const SOURCES: usize = 12;

/// Layers that an error names.
const NAMED: usize = 24;

/// Tells where a code comes from.
pub(super) fn trace(matches: &ArgMatches) -> Result<(), CliError> {
    let flags = DataFlags::read(matches, "--data");
    args::chosen_settings(matches)?;
    let data = flags.open()?;
    let settings = flags.settings(matches, &data)?;
    let (network, count) = (&data.network, data.inputs.count());
    let sample = number(matches, "sample").unwrap_or(0);
    if sample >= count {
        let problem = format!("there is no sample {sample}; it holds {count}, counted from 0");
        return Err(CliError::file("--data", data.inputs.path(), problem));
    }
    data.tell_doubts();
    let converted = flags.convert(&data, &settings.conversion)?;
    let input = data.inputs.codes(network, sample)?;
    let mut tracer = Tracer::new(network, &converted.spiking, &input);
    let word = |name| matches.get_one::<String>(name).map(String::as_str);
    let layer = word("layer").map_or(Ok(network.layers.len() - 1), |name| find_layer(network, name))?;
    let neuron = match word("neuron") {
        Some(word) => find_neuron(network, layer, word)?,
        None => largest(network, layer, tracer.simulator()),
    };
    let most = if matches.get_flag("all") {
        usize::MAX
    } else {
        SOURCES
    };
    let depth = number(matches, "depth").unwrap_or(1);
    let neurons = follow(&mut tracer, (layer, neuron), most, depth);
    let source = flags.source(&data, Some(converted.source));
    let report = TraceReport::new(source, settings, sample, neurons);
    if matches.get_flag("json") {
        return print_json(&report);
    }
    let told = report.neurons.iter().map(|told| text(told, network));
    let head = format!("{}, sample {sample}\n", one_line(&report.source.model));
    print(&(head + &told.collect::<String>()))
}

fn number(matches: &ArgMatches, name: &str) -> Option<usize> {
    matches.get_one(name).copied()
}

/// A neuron, the source that adds most to it, that one's, and so on to the input.
fn follow(
    tracer: &mut Tracer<&SpikingNetwork>,
    first: (usize, usize),
    most: usize,
    depth: usize,
) -> Vec<Provenance> {
    let mut neurons: Vec<Provenance> = Vec::new();
    let mut next = Some(first);
    while let Some((layer, neuron)) = next.filter(|_| neurons.len() < depth) {
        let Some(told) = tracer.provenance(layer, neuron, most) else {
            break;
        };
        next = main_source(&told).and_then(|source| Some((source.layer?, source.neuron)));
        neurons.push(told);
    }
    neurons
}

/// The source with the largest part in V, whichever dendrite it is on.
fn main_source(told: &Provenance) -> Option<&SourceProvenance> {
    let part = |(dendrite, source): &(&DendriteProvenance, &SourceProvenance)| {
        let m_hat = dendrite.m1 * dendrite.m0.0 as f64 / dendrite.m0.1 as f64;
        (m_hat * source.contribution as f64).abs()
    };
    let firsts = told
        .dendrites
        .iter()
        .filter_map(|d| Some((d, d.sources.first()?)));
    // Of equal ones the first.
    let largest = firsts.reduce(|a, b| if part(&b) > part(&a) { b } else { a });
    largest.map(|(_, source)| source)
}

/// A layer by its name, or by its number.
fn find_layer(network: &QuantizedNetwork, word: &str) -> Result<usize, CliError> {
    let by_name = network.layers.iter().position(|layer| layer.name == word);
    let by_number = || {
        word.parse()
            .ok()
            .filter(|&index: &usize| index < network.layers.len())
    };
    by_name.or_else(by_number).ok_or_else(|| {
        let names = network.layers.iter().take(NAMED);
        let names: Vec<String> = names
            .enumerate()
            .map(|(index, layer)| format!("{index} {}", layer.name))
            .collect();
        let more = if network.layers.len() > NAMED { ", …" } else { "" };
        CliError::Usage(format!(
            "--layer '{word}' is no layer of '{}'; give a name or a number of {}{more}",
            network.name,
            names.join(", ")
        ))
    })
}

/// A neuron by its number, or by its place along the output's axes.
fn find_neuron(network: &QuantizedNetwork, layer: usize, word: &str) -> Result<usize, CliError> {
    let layer = &network.layers[layer];
    let shape = &network.tensors[layer.target].shape;
    let place: Option<Vec<usize>> = word.split(',').map(|word| word.trim().parse().ok()).collect();
    let neuron = match place.as_deref() {
        Some(&[neuron]) => Some(neuron),
        Some(place)
            if place.len() == shape.len() && place.iter().zip(shape).all(|(at, extent)| at < extent) =>
        {
            Some(
                place
                    .iter()
                    .zip(shape)
                    .fold(0, |sum, (at, extent)| sum * extent + at),
            )
        }
        _ => None,
    };
    neuron.filter(|&neuron| neuron < layer.neurons()).ok_or_else(|| {
        CliError::Usage(format!(
            "--neuron '{word}' is no neuron of layer '{}'; give a number below {}, or a place in {} as numbers \
             separated by commas",
            layer.name,
            layer.neurons(),
            super::table::shape(shape)
        ))
    })
}

/// The neuron of a layer with the largest code, or the largest answer.
fn largest(network: &QuantizedNetwork, layer: usize, simulator: &Simulator) -> usize {
    let first_of_largest = |values: &mut dyn Iterator<Item = f64>| {
        let best = values.enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a });
        best.map_or(0, |(neuron, _)| neuron)
    };
    if layer + 1 == network.layers.len() {
        first_of_largest(&mut simulator.output().iter().map(|&real| f64::from(real)))
    } else {
        let codes = simulator.codes(network.layers[layer].target);
        first_of_largest(&mut codes.iter().map(|&code| f64::from(code)))
    }
}

/// The arithmetic of one neuron.
fn text(told: &Provenance, network: &QuantizedNetwork) -> String {
    let at = place(&told.place);
    let head = format!(
        "layer {} ({} of {}), neuron {} at {at}",
        told.name,
        told.layer + 1,
        network.layers.len(),
        told.neuron
    );
    let mut lines = vec![head, fact("fires", &fires(told)), fact("V", &potential(told))];
    let count = told.dendrites.len();
    let mut text = String::new();
    for (index, dendrite) in told.dendrites.iter().enumerate() {
        if count > 1 {
            lines.push(format!("  dendrite {} of {count}", index + 1));
        }
        lines.extend(facts(dendrite));
        text += &section(&lines);
        text += &steps(dendrite);
        text += "\n";
        text += &sources(dendrite);
        lines = vec![String::new()];
    }
    format!("\n{text}")
}

fn section(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| one_line(line) + "\n");
    lines.collect::<String>() + "\n"
}

fn place(place: &[usize]) -> String {
    let words: Vec<String> = place.iter().map(usize::to_string).collect();
    format!("({})", words.join(", "))
}

fn fires(told: &Provenance) -> String {
    let code = match (told.code, told.reference) {
        (Some(code), Some(reference)) if code == reference => format!("{code}, as the integer reference"),
        (Some(code), Some(reference)) => format!("{code}; the integer reference fires {reference}"),
        _ => "no code".into(),
    };
    told.real
        .map_or(code.clone(), |real| format!("{code}; the answer is {real}"))
}

/// V = M₁ · U + … in numbers.
fn potential(told: &Provenance) -> String {
    let terms = told
        .dendrites
        .iter()
        .map(|d| format!("{:.6e} · {}", d.m1, signed(d.membrane)));
    let mut sum = terms.collect::<Vec<_>>().join(" + ");
    if told.constant != 0.0 {
        sum += &format!(" + b̃ {:.6}", told.constant);
    }
    if told.zero_point != 0 {
        sum += &format!(" + Z {}", told.zero_point);
    }
    let limits = told
        .limits
        .map(|(low, high)| format!(", clamped to {low} … {high}"));
    let arithmetic = if told.format_arithmetic {
        "rounded as the format does"
    } else {
        "rounded half to even before Z"
    };
    format!(
        "{:.6} = {sum}; {arithmetic}{}",
        told.potential,
        limits.unwrap_or_default()
    )
}

fn facts(dendrite: &DendriteProvenance) -> Vec<String> {
    let (numerator, denominator) = dendrite.m0;
    let m0 = scale(Ratio {
        numerator,
        denominator,
        value: numerator as f64 / denominator as f64,
    });
    let digits = match dendrite.digits {
        Digits::Binary => "binary",
        Digits::SignMagnitude => "sign-magnitude",
        Digits::Canonical => "canonical signed",
    };
    let when = if dendrite.doubling {
        "behind the last step"
    } else {
        "before the first step"
    };
    let overflow = if dendrite.constant_overflows {
        ", which the register does not hold"
    } else {
        ""
    };
    vec![
        fact(
            "arrives",
            &format!(
                "x − z in {} {digits} digits, z = {}, Z_x = {}",
                dendrite.steps.len(),
                dendrite.silent_code,
                dendrite.zero_point
            ),
        ),
        fact("register", &format!("{} bits, M₀ = {m0}", dendrite.register_bits)),
        fact(
            "constant",
            &format!("{} {when}{overflow}", signed(dendrite.constant)),
        ),
    ]
}

/// `1,902`, `-12,345`.
fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", thousands(number.unsigned_abs()))
}

fn steps(dendrite: &DendriteProvenance) -> String {
    use Align::{Left, Right};
    let sum = if dendrite.is_maximum {
        "largest so far"
    } else {
        "Σ w s"
    };
    let update = if dendrite.doubling {
        "2 U + M₀ I"
    } else {
        "U + M₀ I"
    };
    let mut table = Table::new(&[
        ("  step", Left),
        ("digit", Right),
        ("c", Right),
        ("spikes", Right),
        (sum, Right),
        ("I", Right),
        ("M₀ I", Right),
        ("U before", Right),
        (update, Right),
        ("", Left),
    ]);
    for (index, step) in dendrite.steps.iter().enumerate() {
        let overflow = step.overflow.map(|value| format!("overflow: {}", signed(value)));
        table.row([
            format!("  {}", index + 1),
            step.plane.to_string(),
            signed(step.weight),
            thousands(step.spikes as u64),
            signed(step.sum),
            signed(step.current),
            signed(step.scaled),
            signed(step.before),
            signed(step.after),
            overflow.unwrap_or_default(),
        ]);
    }
    table.render()
}

fn sources(dendrite: &DendriteProvenance) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("  source", Left),
        ("neuron", Right),
        ("at", Left),
        ("w", Right),
        ("x", Right),
        ("x − z", Right),
        ("digits", Left),
        ("w (x − z)", Right),
    ]);
    for source in &dendrite.sources {
        table.row([
            format!("  {}", source.name),
            source.neuron.to_string(),
            place(&source.place),
            signed(source.weight),
            source.code.to_string(),
            source.value.to_string(),
            source
                .digits
                .iter()
                .map(|&digit| sign(digit, dendrite.digits))
                .collect(),
            signed(source.contribution),
        ]);
    }
    let mut line = |words: String, number: i64| {
        let empty = || String::new();
        table.row([
            words,
            empty(),
            empty(),
            empty(),
            empty(),
            empty(),
            empty(),
            signed(number),
        ]);
    };
    let others = &dendrite.others;
    if dendrite.is_maximum {
        let more = if others.synapses > 0 {
            format!("  {} more are not larger\n", others.synapses)
        } else {
            String::new()
        };
        return table.render() + &more;
    }
    if others.synapses > 0 {
        line(
            format!("  {} others", thousands(others.synapses as u64)),
            others.contribution,
        );
    }
    let told = dendrite
        .sources
        .iter()
        .map(|source| source.contribution)
        .sum::<i64>();
    line("  all at M₀ = 1".into(), told + others.contribution);
    table.render()
}

fn sign(digit: i8, digits: Digits) -> char {
    match (digit, digits) {
        (0, _) => '0',
        (1, Digits::Binary) => '1',
        (1, _) => '+',
        _ => '-',
    }
}
