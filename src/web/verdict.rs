//! What the badge says: whether the spiking network is the quantized one.

use super::format::{count, decimal, percent, significant};
use super::state::{Loaded, Shown, State};
use super::task::Task;
use crate::explore::{Agreement, Measure, Quality};
use rust_i18n::t;
use std::borrow::Cow;
use std::rc::Rc;

/// How the badge looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Not known yet.
    Busy,
    /// Every code is equal.
    Equal,
    /// Some code differs.
    Different,
}

/// What the badge says.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How it looks.
    pub tone: Tone,
    /// Its claim.
    pub claim: String,
    /// Its other numbers.
    pub details: Vec<String>,
    /// The share that is counted, while it counts.
    pub progress: Option<f64>,
}

impl Verdict {
    /// The verdict on what is shown.
    pub fn of(state: &State) -> Self {
        let Some(shown) = &state.shown else {
            return Self::busy(if state.notices.is_empty() {
                t!("badge.loading")
            } else {
                t!("badge.none")
            });
        };
        let is_other = |loaded: &Rc<Loaded>| state.wanted.as_ref().is_some_and(|w| *w != loaded.load.choice);
        if state.loaded.as_ref().is_some_and(is_other) {
            return Self::busy(t!("badge.loading"));
        }
        let is_idle = !state.is_running && !state.is_loading && state.next_question().is_none();
        if is_idle && shown.run.settings != state.settings {
            // The engine could not do it; a notice says why.
            return Self {
                tone: Tone::Different,
                ..Self::busy(t!("badge.no-answer"))
            };
        }
        let has_data = state
            .loaded
            .as_ref()
            .is_some_and(|loaded| loaded.network.samples.count > 0);
        if !has_data {
            return Self::of_run(shown);
        }
        let model = state.loaded.as_ref().map(|loaded| loaded.load.epoch);
        let counts = state.agreement.as_ref();
        match counts.filter(|counts| counts.settings == state.settings && Some(counts.model) == model) {
            Some(counts) => Self::of_counts(&counts.agreement, Task::of(&shown.network)),
            None => {
                let total = state
                    .loaded
                    .as_ref()
                    .map_or(0, |loaded| loaded.network.samples.count);
                Self::busy(t!("badge.counting", counted = 0, total = count(total as u64)))
            }
        }
    }

    fn busy(claim: impl Into<String>) -> Self {
        Self {
            tone: Tone::Busy,
            claim: claim.into(),
            details: Vec::new(),
            progress: None,
        }
    }

    fn of_counts(counts: &Agreement, task: Task) -> Self {
        let (total, counted) = (counts.total as u64, counts.counted as u64);
        if counted < total {
            let claim = t!("badge.counting", counted = count(counted), total = count(total));
            let progress = Some(counted as f64 / total.max(1) as f64);
            let equal = count(counts.codes_equal as u64);
            let details = vec![t!("badge.so-far", equal = equal).into_owned()];
            return Self {
                progress,
                details,
                ..Self::busy(claim)
            };
        }
        let quality = counts.quality.as_ref();
        // A picture or a number is no choice between labels.
        let labels = |key: &'static str| {
            let number = count(counts.labels_equal as u64);
            (task == Task::Classes).then(|| t!(key, number = number).into_owned())
        };
        if counts.codes_equal == counts.counted {
            let claim = t!("badge.equal", counted = count(counted), total = count(total));
            let own = quality.and_then(|quality| measured(quality, quality.spiking()));
            let details = labels("badge.labels").into_iter().chain(own).collect();
            return Self {
                tone: Tone::Equal,
                claim: claim.into_owned(),
                details,
                progress: None,
            };
        }
        let equal = count(counts.codes_equal as u64);
        let claim = t!("badge.some-equal", equal = equal, total = count(total));
        let compared = quality.and_then(|quality| {
            let reference = value_in_words(quality.measure, quality.reference()?);
            let measured = measured(quality, quality.spiking())?;
            Some(t!("badge.compared", measured = measured, reference = reference).into_owned())
        });
        let details = labels("badge.labels-equal").into_iter().chain(compared).collect();
        Self {
            tone: Tone::Different,
            claim: claim.into_owned(),
            details,
            progress: None,
        }
    }

    /// Without a data set there is one sample to speak of.
    fn of_run(shown: &Shown) -> Self {
        let windows = &shown.run.trace.windows;
        let differ: usize = windows
            .iter()
            .map(|window| {
                window
                    .codes
                    .iter()
                    .zip(window.reference.iter())
                    .filter(|(a, b)| a != b)
                    .count()
            })
            .sum();
        let (tone, claim) = if differ == 0 {
            (Tone::Equal, t!("badge.sample-equal"))
        } else {
            let codes: usize = windows.iter().map(|window| window.codes.len()).sum();
            let equal = count((codes - differ) as u64);
            let total = count(codes as u64);
            (
                Tone::Different,
                t!("badge.sample-some-equal", equal = equal, total = total),
            )
        };
        let same = if shown.run.winner == shown.run.reference_winner {
            t!("badge.label-equal")
        } else {
            t!("badge.label-differs")
        };
        let is_choice = Task::of(&shown.network) == Task::Classes;
        Self {
            tone,
            claim: claim.into_owned(),
            details: is_choice.then(|| same.into_owned()).into_iter().collect(),
            progress: None,
        }
    }
}

/// `accuracy 97.1 %`
fn measured(quality: &Quality, value: Option<f64>) -> Option<String> {
    let (measure, value) = (quality.measure, value_in_words(quality.measure, value?));
    Some(t!("badge.measured", measure = name_of(measure), value = value).into_owned())
}

/// `98.5 %`, of the measure that a quality has.
pub fn measured_in_words(quality: &Quality, value: f64) -> String {
    value_in_words(quality.measure, value)
}

/// What a measure is called.
pub fn name_of(measure: Measure) -> Cow<'static, str> {
    match measure {
        Measure::Accuracy => t!("badge.accuracy"),
        Measure::Psnr => t!("badge.psnr"),
        Measure::Rmse => t!("badge.rmse"),
    }
}

/// A measured value with its unit.
pub fn value_in_words(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Accuracy => percent(value),
        Measure::Psnr if value.is_infinite() => "∞\u{202f}dB".to_owned(),
        Measure::Psnr => format!("{}\u{202f}dB", decimal(value, 2)),
        Measure::Rmse => significant(value, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Closeness, Expected};

    fn counts(codes_equal: usize, counted: usize) -> Agreement {
        let mut agreement = Agreement {
            total: 1000,
            counted,
            codes_equal,
            labels_equal: 998,
            ..Agreement::default()
        };
        for sample in 0..counted {
            let answer = |right: bool| [0.0, f32::from(u8::from(right))];
            let (spiking, reference) = (answer(sample < 971), answer(sample < 979));
            agreement.judge(&Expected::Label(1), &spiking, &reference);
        }
        agreement
    }

    fn verdict(codes_equal: usize, counted: usize) -> Verdict {
        Verdict::of_counts(&counts(codes_equal, counted), Task::Classes)
    }

    #[test]
    fn only_when_all_codes_are_equal_it_says_so() {
        let equal = verdict(1000, 1000);
        assert_eq!(equal.tone, Tone::Equal);
        assert_eq!(equal.claim, "codes equal, 1\u{202f}000 of 1\u{202f}000");
        let different = verdict(12, 1000);
        assert_eq!(different.tone, Tone::Different);
        assert_eq!(different.claim, "codes equal in 12 of 1\u{202f}000");
        assert_eq!(
            different.details[1],
            "accuracy 97.1\u{202f}% (quantized network 97.9\u{202f}%)"
        );
    }

    #[test]
    fn pictures_and_numbers_have_measures_of_their_own_and_no_labels() {
        let mut agreement = Agreement {
            total: 1,
            counted: 1,
            codes_equal: 1,
            ..Agreement::default()
        };
        agreement.judge(&Expected::Target(&[0.5], Closeness::Psnr), &[0.6], &[0.6]);
        let verdict = Verdict::of_counts(&agreement, Task::Numbers);
        assert_eq!(verdict.details, ["PSNR 20.00\u{202f}dB"]);
        assert_eq!(value_in_words(Measure::Rmse, 0.011574), "0.0116");
    }

    #[test]
    fn while_it_counts_it_claims_nothing() {
        let verdict = verdict(320, 320);
        assert_eq!((verdict.tone, verdict.progress), (Tone::Busy, Some(0.32)));
        assert_eq!(verdict.claim, "counting 320 of 1\u{202f}000");
    }
}
