//! Whether the network fits, chip by chip: what binds, and what would help.

use crate::chip::spec::Preset;
use crate::chip::{Filled, Fit, Usage};
use crate::web::format;
use crate::web::views::words::busiest;
use std::rc::Rc;
use yew::prelude::*;

/// What [`FitCard`] takes.
#[derive(Clone, Properties)]
pub struct FitProps {
    /// One for each preset; `None` while they are worked out.
    pub fits: Option<Rc<Vec<Fit>>>,
    /// The key of the chip in use.
    pub chosen: AttrValue,
    /// Called with the key of a chip that is wanted.
    pub on_choose: Callback<String>,
}

impl PartialEq for FitProps {
    fn eq(&self, other: &Self) -> bool {
        self.fits.as_ref().map(Rc::as_ptr) == other.fits.as_ref().map(Rc::as_ptr)
            && self.chosen == other.chosen
            && self.on_choose == other.on_choose
    }
}

/// A table over all presets; pressing one takes it.
#[component]
pub fn FitCard(props: &FitProps) -> Html {
    let body = match &props.fits {
        None => html! { <p class="soft">{ "Every chip is being tried…" }</p> },
        Some(fits) => {
            let row = |fit: &Fit| row(fit, fit.chip == props.chosen.as_str(), &props.on_choose);
            html! {
                <div class="scroll scroll-wide" tabindex="0" role="region" aria-label="Table of chips">
                    <table class="doings fits">
                        <thead><tr>
                            <th scope="col">{ "chip" }</th><th scope="col">{ "fits" }</th><th scope="col">{ "cores" }</th>
                            <th scope="col">{ "fullest core" }</th><th scope="col">{ "what binds" }</th><th scope="col">{ "not checked" }</th>
                        </tr></thead>
                        <tbody>{ for fits.iter().map(row) }</tbody>
                    </table>
                </div>
            }
        }
    };
    let count = props.fits.as_ref().map(|fits| {
        let fitting = fits
            .iter()
            .filter(|fit| fit.fits() && fit.is_topology_known)
            .count();
        format!(
            "on {fitting} of {} chips, as far as their limits are known; press one to take it",
            fits.len()
        )
    });
    html! {
        <section class="card fit-card wide" aria-labelledby="fit-title">
            <header><h2 id="fit-title">{ "Does it fit?" }</h2><p>{ count }</p></header>
            { body }
        </section>
    }
}

fn row(fit: &Fit, is_chosen: bool, on_choose: &Callback<String>) -> Html {
    let key = fit.chip.clone();
    let onclick = on_choose.reform(move |_: MouseEvent| key.clone());
    let name = Preset::from_key(&fit.chip)
        .map_or(fit.name.as_str(), |preset| preset.label())
        .to_owned();
    let (class, verdict) = match (fit.fits(), fit.is_topology_known) {
        (true, true) => ("ok", "✓ fits"),
        (true, false) => ("soft", "? can’t be placed"),
        (false, _) => ("bad", "✗ doesn’t"),
    };
    let usage = fit.usage.as_ref();
    let cores = usage.map_or("–".to_owned(), |usage| {
        format!(
            "{} of {}",
            format::count(usage.cores as u64),
            format::count(usage.available as u64)
        )
    });
    let unknown: Vec<&str> = fit.unknown.iter().map(|limit| limit.label()).collect();
    let unknown = match unknown.len() {
        0 => "–".to_owned(),
        1 => unknown[0].to_owned(),
        count => format!("{count} unknown limits"),
    };
    let title = fit
        .unknown
        .iter()
        .map(|limit| limit.label())
        .collect::<Vec<_>>()
        .join(", ");
    html! {
        <tr class={is_chosen.then_some("is-chosen")}>
            <th scope="row"><button type="button" class="fit-button" aria-pressed={is_chosen.to_string()} {onclick}>{ name }</button></th>
            <td {class}>{ verdict }</td>
            <td>{ cores }</td>
            <td>{ usage.map_or("–".to_owned(), fullest) }</td>
            <td class="fit-words">{ for binding(fit).into_iter().map(|line| html! { <span>{ line }</span> }) }</td>
            <td class="soft" {title}>{ unknown }</td>
        </tr>
    }
}

/// The limit that its fullest core comes closest to: `96 % of neurons per core`.
fn fullest(usage: &Usage) -> String {
    let shares = usage.filled.iter().map(Filled::fullest);
    busiest(shares).map_or("–".to_owned(), |(index, share)| {
        format!(
            "{} of {}",
            format::percent(share.min(1.0)),
            usage.filled[index].limit.label()
        )
    })
}

/// What keeps it from fitting; or what decides how many cores it takes.
fn binding(fit: &Fit) -> Vec<String> {
    if !fit.problems.is_empty() {
        let mut lines: Vec<String> = fit.problems.iter().take(2).map(ToString::to_string).collect();
        if fit.problems.len() > 2 {
            lines.push(format!("and {} more", fit.problems.len() - 2));
        }
        return lines;
    }
    let Some(usage) = &fit.usage else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(binding) = &usage.binding {
        lines.push(format!(
            "{}: {} would take {}, {} are allowed",
            binding.limit.label(),
            binding.layer,
            format::count(binding.found),
            format::count(binding.allowed)
        ));
    }
    for split in &usage.split {
        lines.push(format!(
            "{} is split over {} cores per neuron, {} more",
            split.layer,
            split.parts,
            format::counted(split.extra_steps as u64, "step", "steps")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::{Limit, MappingError};

    #[test]
    fn a_chip_that_is_too_small_says_what_it_lacks() {
        let fit = Fit {
            chip: "darwin3".into(),
            name: "Darwin3".into(),
            usage: None,
            problems: vec![MappingError::Exceeded {
                limit: Limit::FanIn,
                layer: Some("dense".into()),
                found: 900,
                allowed: 256,
                remedies: Vec::new(),
            }],
            is_topology_known: true,
            unknown: Vec::new(),
        };
        let words = binding(&fit);
        assert!(
            words[0].contains("'dense' needs 900") && words[0].contains("256"),
            "{words:?}"
        );
    }
}
