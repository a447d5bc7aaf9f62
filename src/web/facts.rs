//! The one number that matters at each setting, from the run that is shown.

use super::format::{count_of, decimal, significant, thousands};
use super::state::Shown;
use super::views::layer_name;
use crate::chip::MappingError;
use crate::spiking::LayerPlan;
use rust_i18n::t;

/// What a control shows beside its name, and a mark on its slider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// In a few words; empty if there is nothing to say.
    pub text: String,
    /// The same at length, if there is more to say.
    pub detail: Option<String>,
    /// A value to mark, with what it means.
    pub mark: Option<(u32, String)>,
}

/// The fact for the setting called `key`.
pub fn fact(key: &str, shown: Option<&Shown>) -> Fact {
    let Some(shown) = shown else {
        return Fact::default();
    };
    let plans = &shown.run.plans;
    let text = match key {
        "register-bits" => return narrowest(plans),
        "scaling" => return scaling(shown),
        "bias-fit" => saturated(plans),
        "bias-correct" => correction(shown),
        "neurons-per-core" => cores(shown),
        _ => String::new(),
    };
    Fact {
        text,
        ..Fact::default()
    }
}

fn narrowest(plans: &[LayerPlan]) -> Fact {
    let bits = plans.iter().map(|plan| plan.narrowest_register).max();
    let mark = bits.map(|bits| (u32::from(bits), t!("fact.narrowest", bits = bits).into_owned()));
    Fact {
        mark,
        ..Fact::default()
    }
}

/// The smallest M_0, which loses most. There is no room for the layer's name beside the setting's.
fn scaling(shown: &Shown) -> Fact {
    let smallest = shown
        .run
        .plans
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.m0().total_cmp(&b.1.m0()));
    let (text, detail) = match smallest {
        Some((_, plan)) if plan.is_exact() => (t!("fact.exact"), None),
        Some((layer, plan)) => (
            t!("fact.scaled", m0 = significant(plan.m0(), 2)),
            Some(t!("fact.smallest", layer = name(shown, layer)).into_owned()),
        ),
        None => Default::default(),
    };
    Fact {
        text: text.into_owned(),
        detail,
        mark: None,
    }
}

fn correction(shown: &Shown) -> String {
    let mean = |plan: &LayerPlan| plan.mean_correction;
    let largest = shown
        .run
        .plans
        .iter()
        .enumerate()
        .max_by(|a, b| mean(a.1).abs().total_cmp(&mean(b.1).abs()));
    match largest {
        Some((layer, plan)) if plan.mean_correction != 0.0 => {
            let mean = decimal(plan.mean_correction, 2);
            t!("fact.mean-error", mean = mean, layer = name(shown, layer)).into_owned()
        }
        _ => String::new(),
    }
}

fn saturated(plans: &[LayerPlan]) -> String {
    let saturated: u64 = plans.iter().map(|plan| plan.bias_saturated).sum();
    if saturated == 0 {
        String::new()
    } else {
        t!("fact.saturated", number = thousands(saturated as i64)).into_owned()
    }
}

fn cores(shown: &Shown) -> String {
    match &shown.run.chip {
        Ok((mapping, _)) => {
            let cores = count_of(mapping.topology.cores() as u64, "core");
            t!("fact.cores", used = mapping.used(), cores = cores)
        }
        Err(MappingError::TooFewCores { .. }) => t!("fact.too-few-cores"),
        Err(_) => t!("fact.no-fit"),
    }
    .into_owned()
}

fn name(shown: &Shown, layer: usize) -> String {
    layer_name(&shown.network, layer)
}
