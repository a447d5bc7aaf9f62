//! What a run costs, kind by kind, and how good the figures are.

use crate::chip::energy::{Energy, EnergyPart};
use crate::chip::spec::{Chip, Grade, field};
use crate::web::components::Card;
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::state::KnownChip;
use crate::web::tables::term;
use crate::web::worker::RunView;
use rust_i18n::t;
use std::borrow::Cow;
use yew::prelude::*;

/// What [`EnergyCard`] and the card of times take.
#[derive(Clone, PartialEq, Properties)]
pub struct KnownProps {
    /// The run.
    pub run: ByPtr<RunView>,
    /// What is known of its chip.
    pub known: KnownChip,
    /// The time step.
    #[prop_or_default]
    pub step: usize,
}

/// The energy of the run; with its time, if that is known.
pub fn run_energy<'a>(known: &'a KnownChip, run: &ByPtr<RunView>) -> Option<&'a Energy> {
    let figures = known.figures(&run.0)?;
    let timed = known.time(&run.0).and_then(|time| (**time).as_ref().ok());
    Some(timed.map_or(&figures.energy, |time| &time.energy))
}

/// A table of operations times figures.
#[component]
pub fn EnergyCard(props: &KnownProps) -> Html {
    let chip = props.known.chip.as_deref();
    let body = match run_energy(&props.known, &props.run) {
        None => html! { <p class="soft">{ t!("energy.busy") }</p> },
        Some(energy) => table(energy),
    };
    let total = run_energy(&props.known, &props.run).map(|energy| total(energy, chip));
    html! {
        <Card name="energy" title={t!("energy.title").into_owned()} aside={html! { <p>{ total }</p> }}>{ body }</Card>
    }
}

/// `12.3 µJ on Loihi, by measured figures; without …`.
fn total(energy: &Energy, chip: Option<&Chip>) -> String {
    let name = chip.map_or_else(|| t!("energy.this-chip"), |chip| Cow::Borrowed(&*chip.name));
    let Some(grade) = energy.grade else {
        return t!("energy.unknown-on", chip = name).into_owned();
    };
    let sum = format::span(energy.total.low, energy.total.high, "J");
    let grade = match grade {
        // The other grades are adjectives.
        Grade::VendorClaim => t!("energy.vendor-claim"),
        grade => term(grade.label()),
    };
    let key = if energy.is_complete() {
        "energy.total"
    } else {
        "energy.total-incomplete"
    };
    t!(key, energy = sum, chip = name, grade = grade).into_owned()
}

fn table(energy: &Energy) -> Html {
    let whole = (energy.total.low + energy.total.high) / 2.0;
    let row = |part: &EnergyPart| {
        let (cost, share) = match (part.joules, part.contained_in) {
            (Some(joules), _) => {
                let middle = (joules.low + joules.high) / 2.0;
                (
                    format::span(joules.low, joules.high, "J"),
                    if whole > 0.0 { middle / whole } else { 0.0 },
                )
            }
            (None, Some(other)) => {
                let other = term(other.label()).to_ascii_lowercase();
                (t!("energy.within", other = other).into_owned(), 0.0)
            }
            (None, None) => (t!("energy.unknown").into_owned(), 0.0),
        };
        let grade = part.joules.map(|_| term(part.grade.label()));
        html! {
            <tr class={part.joules.is_none().then_some("soft")}>
                <th scope="row">{ term(part.kind.label()) }</th>
                <td>{ format::count(part.count) }</td>
                <td class="bar" style={format!("--share:{:.1}%", share * 100.0)}>{ cost }</td>
                <td><span class="grade">{ grade }</span></td>
            </tr>
        }
    };
    let name = |key: &String| field(key).map_or(Cow::Owned(key.clone()), |field| term(field.label));
    let missing: Vec<Cow<'_, str>> = energy.missing.iter().map(name).collect();
    html! {
        <>
            <div class="scroll" tabindex="0" role="region" aria-label={t!("energy.by-kind")}>
                <table class="doings figures">
                    <thead><tr><td /><th scope="col">{ t!("energy.count") }</th><th scope="col">{ t!("energy.energy") }</th><th scope="col">{ t!("energy.figure") }</th></tr></thead>
                    <tbody>{ for energy.parts.iter().map(row) }</tbody>
                </table>
            </div>
            if !missing.is_empty() {
                <p class="card-note">{ t!("energy.missing", what = missing.join(", ")) }</p>
            }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::energy::{Work, energy};
    use crate::chip::spec::Preset;

    fn work() -> Work {
        Work {
            synaptic_operations: 1000,
            updates: 10,
            spikes: 5,
            packets: 5,
            packets_in: 5,
            cores: 1,
            ..Work::default()
        }
    }

    #[test]
    fn a_sum_is_said_with_its_weakest_figure_and_unknowns_are_not_hidden() {
        for &preset in Preset::ALL {
            let chip = preset.chip();
            let energy = energy(&chip, &work());
            let words = total(&energy, Some(&chip));
            assert!(words.contains(&chip.name), "{words}");
            if energy.grade.is_none() {
                assert!(words.starts_with("Unknown"), "{words}");
            } else {
                assert_eq!(words.contains("unknown"), !energy.is_complete(), "{words}");
            }
        }
    }
}
