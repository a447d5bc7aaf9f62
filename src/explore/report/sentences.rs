//! Findings in words: one or two short sentences for a newcomer, the remedy last.

use super::rules::Case;
use super::{ConvertedLayer, Errors, OverflowPlace, Remedy};
use crate::explore::numbers::{count, percent, significant, thousands};
use crate::spiking::Scaling;

/// What to do, as a sentence of its own; empty where nothing is to be done.
pub(super) fn advice(remedy: Option<&Remedy>) -> String {
    remedy.map_or_else(String::new, |Remedy { key, value }| {
        format!(" Set {key} to {value}.")
    })
}

pub(super) fn overflow(case: &Case<'_>, layer: &ConvertedLayer) -> String {
    let bits = layer.plan.register_bits;
    let times = times(layer.overflows.max(layer.own_overflows));
    let first = layer.first_overflow.as_ref().map(first).unwrap_or_default();
    let seen = layer.seen_i_max.unwrap_or(0);
    let is_unseen = seen > layer.plan.calibrated_i_max;
    let why = match case.conversion.scaling {
        Scaling::Off => format!("{bits} bits are too narrow without scaled integration"),
        _ if layer.own_overflows == 0 => "Wrong codes arrive, which its register is not made for".to_owned(),
        Scaling::Calibrated if is_unseen => "Samples go beyond what calibration data has shown".to_owned(),
        _ => format!("Roundings add up beyond the {bits}-bit register"),
    };
    format!("{why}: it overflowed {times}{first}.")
}

fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", count(number)),
    }
}

fn first(place: &OverflowPlace) -> String {
    let step = place
        .step
        .map_or_else(|| "the constant".to_owned(), |step| format!("step {step}"));
    format!(
        ", first in sample {}, {step}, where {} became {}",
        thousands(place.sample as i64),
        thousands(place.value),
        thousands(place.stored)
    )
}

pub(super) fn zero_points_ignored(layer: &ConvertedLayer) -> String {
    format!(
        "Zero points are ignored, so {} of its codes are wrong.",
        differing(&layer.own)
    )
}

pub(super) fn silenced(case: &Case<'_>, layer: &ConvertedLayer) -> String {
    format!(
        "{} fire nothing in {}, though in the quantized network they do.",
        neurons(layer.stuck.silenced, layer.neurons),
        samples(case)
    )
}

pub(super) fn driven_to_limit(case: &Case<'_>, layer: &ConvertedLayer) -> String {
    format!(
        "{} fire only their largest or smallest code in {}, though in the quantized network they do not.",
        neurons(layer.stuck.driven_to_limit, layer.neurons),
        samples(case)
    )
}

fn neurons(some: usize, all: usize) -> String {
    if some == all {
        return "All neurons".to_owned();
    }
    format!("{} of {} neurons", count(some as u64), count(all as u64))
}

fn samples(case: &Case<'_>) -> String {
    match case.samples {
        1 => "this sample".to_owned(),
        number => format!("these {} samples", count(number as u64)),
    }
}

pub(super) fn rounding(layer: &ConvertedLayer) -> String {
    let plan = &layer.plan;
    format!(
        "{} bits are too narrow: I_max is {}, so every step rounds, and {} of its codes change, by {} on average.",
        plan.register_bits,
        thousands(plan.i_max),
        differing(&layer.own),
        significant(
            layer.own.mean_absolute * layer.own.codes as f64 / layer.own.different().max(1) as f64,
            2
        ),
    )
}

pub(super) fn doubling(layer: &ConvertedLayer) -> String {
    let steps = layer.window;
    let last = 1u64
        .checked_shl(steps.saturating_sub(1) as u32)
        .unwrap_or(u64::MAX);
    format!(
        "Shifting doubles what was rounded at every further step, up to {} times in a window of {steps}.",
        count(last)
    )
}

pub(super) fn mean_error(layer: &ConvertedLayer) -> String {
    let error = layer.own_potential_error;
    let way = if error < 0.0 { "lowers" } else { "raises" };
    format!(
        "Rounding {way} its potentials by {} codes on average.",
        significant(error.abs(), 2)
    )
}

pub(super) fn bias_saturated(case: &Case<'_>, layer: &ConvertedLayer) -> String {
    let saturated = layer.plan.bias_saturated;
    let (constants, were) = if saturated == 1 {
        ("constant does", "was")
    } else {
        ("constants do", "were")
    };
    format!(
        "{} {constants} not fit the bias register of {} bits and {were} cut off.",
        count(saturated),
        case.conversion.bias_bits
    )
}

pub(super) fn bias_rounded(case: &Case<'_>, layer: &ConvertedLayer) -> String {
    format!(
        "Constants rounded to {} fraction bits change {} of its codes.",
        case.conversion.bias_fraction_bits,
        differing(&layer.own)
    )
}

pub(super) fn ties(layer: &ConvertedLayer) -> String {
    format!(
        "The constant is added behind M_1, where ties round otherwise: {} of {} codes differ.",
        count(layer.own.different()),
        count(layer.own.codes)
    )
}

pub(super) fn arriving(layer: &ConvertedLayer, origin: Option<&str>) -> String {
    let from = match origin {
        Some(name) if !name.is_empty() => format!("what arrives from {}", shortened(name)),
        _ => "what arrives".to_owned(),
    };
    if layer.own.is_exact() {
        format!(
            "Exact by itself; {} of its codes differ because of {from}.",
            differing(&layer.errors)
        )
    } else {
        format!(
            "Its sums are exact; its constants are corrected for {from}, and {} of its codes differ.",
            differing(&layer.errors)
        )
    }
}

pub(super) fn proven(layer: &ConvertedLayer) -> String {
    let plan = &layer.plan;
    format!(
        "Exact, proven for any input: it needs at most {} of {} bits.",
        plan.guaranteed_register, plan.register_bits
    )
}

pub(super) fn exact_on_samples(case: &Case<'_>, layer: &ConvertedLayer) -> String {
    let plan = &layer.plan;
    let but = if plan.proven && !plan.is_scaled() {
        "others may bring wrong codes from the layers before".to_owned()
    } else {
        format!("others may need up to {} bits", plan.guaranteed_register)
    };
    format!("Exact on {}; {but}.", samples(case))
}

pub(super) fn silent(case: &Case<'_>) -> String {
    format!(
        "All its neurons fire 0 in {}, in the quantized network too: its quantization needs a look.",
        samples(case)
    )
}

pub(super) fn saturated(case: &Case<'_>) -> String {
    format!(
        "All its neurons are at their limit in {}, in the quantized network too: its quantization needs a look.",
        samples(case)
    )
}

pub(super) fn few_samples(layer: &ConvertedLayer, seen: i64) -> String {
    let calibrated = layer.plan.calibrated_i_max;
    if seen > calibrated {
        format!(
            "Calibration data reaches {}, these samples reach {}: other samples may overflow.",
            thousands(calibrated),
            thousands(seen)
        )
    } else {
        format!(
            "I_max is {} on half of the calibration data and {} on all of it: more data may raise it further.",
            thousands(layer.half_i_max),
            thousands(calibrated)
        )
    }
}

pub(super) fn zero_point_spikes(layer: &ConvertedLayer, present: u64, silent: u64) -> String {
    format!(
        "{} of the spikes that it receives say nothing but 0; with silence for that, the network has {} fewer.",
        percent(layer.zero_point_spikes as f64 / layer.spikes.max(1) as f64),
        percent(present.saturating_sub(silent) as f64 / present.max(1) as f64)
    )
}

/// The share of codes that differ; never 0 % where one does.
fn differing(errors: &Errors) -> String {
    percent(errors.different() as f64 / errors.codes.max(1) as f64)
}

/// Names from files may be as long as they like.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 40;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}
