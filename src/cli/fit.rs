//! `sdann map --fit-all`: on which chips a network fits.

use super::table::{Align, Table, percent, thousands};
use crate::chip::{Filled, Fit, MappingOptions, Usage, fit_all};
use crate::spiking::SpikingNetwork;
use serde::Serialize;

/// What a network takes of every chip that is known.
#[derive(Debug, Serialize)]
pub(super) struct FitReport {
    /// The model's name.
    model: String,
    /// Chip by chip.
    chips: Vec<Fit>,
}

impl FitReport {
    /// Tries all chips.
    pub(super) fn new(model: &str, network: &SpikingNetwork, options: &MappingOptions) -> Self {
        Self {
            model: model.into(),
            // Presets are joined in a way that is known, or have a known number of cores.
            chips: fit_all(network, options).flatten().collect(),
        }
    }

    /// A line for each chip.
    pub(super) fn text(&self) -> String {
        use Align::{Left, Right};
        let mut table = Table::new(&[
            ("chip", Left),
            ("fits", Left),
            ("cores", Right),
            ("of", Right),
            ("fullest", Left),
            ("what binds", Left),
            ("not checked", Right),
        ]);
        for fit in &self.chips {
            let usage = fit.usage.as_ref();
            let cores =
                |of: fn(&Usage) -> usize| usage.map_or("–".into(), |usage| thousands(of(usage) as u64));
            let fits = if fit.fits() { "yes" } else { "no" };
            let unknown = match fit.unknown.len() {
                0 => String::new(),
                unknown => format!("{unknown} limits"),
            };
            table.row([
                fit.name.clone(),
                fits.into(),
                cores(|usage| usage.cores),
                cores(|usage| usage.available),
                usage.and_then(fullest).unwrap_or_else(|| "–".into()),
                binds(fit),
                unknown,
            ]);
        }
        format!("{}\n\n{}", self.model, table.render())
    }
}

/// The limit that the fullest core is closest to.
fn fullest(usage: &Usage) -> Option<String> {
    let fullest = |a: &&Filled, b: &&Filled| a.fullest().total_cmp(&b.fullest());
    let filled = usage.filled.iter().max_by(fullest)?;
    let Filled {
        limit,
        most,
        allowed,
        layer,
        ..
    } = filled;
    Some(format!(
        "{}: {} ({layer})",
        limit.label(),
        percent(*most, *allowed)
    ))
}

/// What keeps the network from fitting, or from taking fewer cores.
fn binds(fit: &Fit) -> String {
    if let Some(problem) = fit.problems.first() {
        return problem.to_string();
    }
    let binding = fit.usage.as_ref().and_then(|usage| usage.binding.as_ref());
    binding.map_or("nothing".into(), |binding| {
        format!("{} of {}", binding.limit.label(), binding.layer)
    })
}
