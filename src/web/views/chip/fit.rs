//! Whether the network fits, chip by chip: what binds, and what would help.

use crate::chip::spec::Preset;
use crate::chip::{Filled, Fit, Usage};
use crate::web::components::Card;
use crate::web::format;
use crate::web::tables::term;
use crate::web::views::words::busiest;
use rust_i18n::t;
use std::borrow::Cow;
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
        None => html! { <p class="soft">{ t!("fit.busy") }</p> },
        Some(fits) => {
            let row = |fit: &Fit| row(fit, fit.chip == props.chosen.as_str(), &props.on_choose);
            html! {
                <div class="scroll scroll-wide" tabindex="0" role="region" aria-label={t!("fit.table")}>
                    <table class="doings fits">
                        <thead><tr>
                            <th scope="col">{ t!("fit.chip") }</th><th scope="col">{ t!("fit.fits") }</th><th scope="col">{ t!("fit.cores") }</th>
                            <th scope="col">{ t!("fit.fullest") }</th><th scope="col">{ t!("fit.binds") }</th><th scope="col">{ t!("fit.unchecked") }</th>
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
        t!("fit.about", fitting = fitting, chips = fits.len())
    });
    html! {
        <Card name="fit" class="wide" title={t!("fit.title").into_owned()} aside={html! { <p>{ count }</p> }}>{ body }</Card>
    }
}

fn row(fit: &Fit, is_chosen: bool, on_choose: &Callback<String>) -> Html {
    let key = fit.chip.clone();
    let onclick = on_choose.reform(move |_: MouseEvent| key.clone());
    let name = Preset::from_key(&fit.chip)
        .map_or(fit.name.as_str(), |preset| preset.label())
        .to_owned();
    let (class, verdict) = match (fit.fits(), fit.is_topology_known) {
        (true, true) => ("ok", t!("fit.yes")),
        (true, false) => ("soft", t!("fit.unknown")),
        (false, _) => ("bad", t!("fit.no")),
    };
    let usage = fit.usage.as_ref();
    let cores = usage.map_or(Cow::Borrowed("–"), |usage| {
        t!(
            "fit.used",
            cores = format::count(usage.cores as u64),
            available = format::count(usage.available as u64)
        )
    });
    let limits = fit.unknown.iter().map(|limit| term(limit.label()));
    let limits: Vec<Cow<'_, str>> = limits.collect();
    let title = limits.join(", ");
    let unknown = match limits.as_slice() {
        [] => Cow::Borrowed("–"),
        [one] => one.clone(),
        several => t!("fit.unknown-limits", number = several.len()),
    };
    html! {
        <tr class={is_chosen.then_some("is-chosen")}>
            <th scope="row"><button type="button" class="fit-button" aria-pressed={is_chosen.to_string()} {onclick}>{ name }</button></th>
            <td {class}>{ verdict }</td>
            <td>{ cores }</td>
            <td>{ usage.map_or("–".to_owned(), fullest) }</td>
            // What the engine says is in English.
            <td class="fit-words" lang={(!fit.problems.is_empty()).then_some("en")}>{ for binding(fit).into_iter().map(|line| html! { <span>{ line }</span> }) }</td>
            <td class="soft" {title}>{ unknown }</td>
        </tr>
    }
}

/// The limit that its fullest core comes closest to: `96 % of neurons per core`.
fn fullest(usage: &Usage) -> String {
    let shares = usage.filled.iter().map(Filled::fullest);
    busiest(shares).map_or("–".to_owned(), |(index, share)| {
        let limit = term(usage.filled[index].limit.label());
        t!(
            "fit.filled",
            share = format::percent(share.min(1.0)),
            limit = limit
        )
        .into_owned()
    })
}

/// What keeps it from fitting; or what decides how many cores it takes.
fn binding(fit: &Fit) -> Vec<String> {
    if !fit.problems.is_empty() {
        let mut lines: Vec<String> = fit.problems.iter().take(2).map(ToString::to_string).collect();
        if fit.problems.len() > 2 {
            lines.push(t!("fit.more", number = fit.problems.len() - 2).into_owned());
        }
        return lines;
    }
    let Some(usage) = &fit.usage else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(binding) = &usage.binding {
        let words = t!(
            "fit.binding",
            limit = term(binding.limit.label()),
            layer = binding.layer,
            found = format::count(binding.found),
            allowed = format::count(binding.allowed)
        );
        lines.push(words.into_owned());
    }
    for split in &usage.split {
        let steps = format::count_of(split.extra_steps as u64, "step");
        let words = t!(
            "fit.split",
            layer = split.layer,
            parts = split.parts,
            steps = steps
        );
        lines.push(words.into_owned());
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
