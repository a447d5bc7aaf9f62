//! What a lesson asks for, judged by the engine's answers.

use super::measures::{
    Trial, background, busiest_links, counted, hops, is_ready, nearest, nearness, settled,
};
use crate::settings::{Settings, setting};
use crate::web::format::{MINUS, count, percent};
use crate::web::state::{OpenLesson, State};
use rust_i18n::t;

/// One thing that a lesson asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion {
    /// At least this share of all samples keep the quantized network's label.
    LabelsKept(f64),
    /// A register one bit narrower, and nothing else changed, was tried and keeps fewer labels than this share.
    OneBitLessFails(f64),
    /// The sample's packets take at most this share of the hops that they took at the lesson's start.
    HopsAtMost(f64),
    /// A label flips without correction by the mean error.
    LabelFlips,
    /// The correction alone brings that label back.
    LabelMended,
    /// Of all membranes, the chosen neuron's comes nearest to the end of its register.
    NearestNeuron,
    /// The network fits on this chip.
    FitsOn(&'static str),
    /// The input's commonest code is sent as silence.
    SilentBackground,
    /// The busiest link of the chip begins or ends at the chosen core.
    BusiestLink,
    /// Weights have at most so many bits.
    WeightBitsAtMost(u32),
    /// Accuracy is no worse than what was counted with this setting at this value, all others as at the start.
    AsAccurateAs(&'static str, &'static str),
}

/// How it stands with a criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Whether it is met.
    pub is_met: bool,
    /// What is asked for, and how it stands.
    pub text: String,
}

impl Criterion {
    /// How it stands now.
    pub fn judge(self, state: &State, lesson: &OpenLesson) -> Finding {
        let (is_met, text) = self.look(state, lesson);
        Finding {
            is_met,
            text: text.unwrap_or_else(|| waiting(state)),
        }
    }

    /// Whether it is met, and how it stands; no text while that is not known.
    fn look(self, state: &State, lesson: &OpenLesson) -> (bool, Option<String>) {
        let found = match self {
            Self::LabelsKept(share) => Trial::of(state).map(|trial| {
                let kept = format!("{} / {}", count(trial.labels as u64), count(trial.samples as u64));
                let text = if share >= 1.0 {
                    t!("criterion.labels-all", kept = kept)
                } else {
                    t!(
                        "criterion.labels",
                        share = percent(share),
                        now = percent(trial.kept()),
                        kept = kept
                    )
                };
                (trial.kept() >= share, text)
            }),
            Self::OneBitLessFails(share) => {
                let bits = state.settings.conversion.register_bits;
                let narrower = with(
                    &state.settings,
                    "register-bits",
                    &bits.saturating_sub(1).to_string(),
                );
                let trial = lesson.trials.iter().find(|trial| trial.settings == narrower);
                let text = match trial {
                    None => t!("criterion.narrower-untried", bits = bits - 1),
                    Some(trial) => t!("criterion.narrower", bits = bits - 1, now = percent(trial.kept())),
                };
                Some((trial.is_some_and(|trial| trial.kept() < share), text))
            }
            Self::HopsAtMost(share) => settled(state).map(|shown| {
                let (Some(now), Some(start)) = (hops(&shown.run), lesson.start_hops) else {
                    return (false, t!("criterion.hops-none"));
                };
                if Some(&shown.sample) != lesson.sample.as_ref() || !same(state, lesson, "chip") {
                    return (false, t!("criterion.hops-other"));
                }
                let most = (start as f64 * share).floor() as u64;
                let text = t!(
                    "criterion.hops",
                    now = count(now),
                    most = count(most),
                    start = count(start)
                );
                (now <= most, text)
            }),
            Self::LabelFlips => settled(state).map(|shown| {
                let loaded = state.loaded.as_ref();
                let name = |class| loaded.map_or(String::new(), |loaded| loaded.class(class));
                let (now, exact) = (name(shown.run.winner), name(shown.run.reference_winner));
                let text = if lesson.flip.is_some() {
                    t!("criterion.flipped")
                } else if state.settings.conversion.bias_calibration.correct {
                    t!("criterion.flip-corrected")
                } else {
                    t!("criterion.flip", now = now, exact = exact)
                };
                (lesson.flip.is_some(), text)
            }),
            Self::LabelMended => settled(state).map(|shown| {
                let Some(flip) = &lesson.flip else {
                    return (false, t!("criterion.mend-first"));
                };
                let is_same_sample = shown.sample == flip.sample;
                let is_corrected = with(&flip.settings, "bias-correct", "on") == state.settings;
                let is_right = shown.run.winner == shown.run.reference_winner;
                let text = match (is_same_sample, is_corrected, is_right) {
                    (true, true, true) => t!("criterion.mended"),
                    (true, true, false) => t!("criterion.mend-more"),
                    _ => t!("criterion.mend"),
                };
                (is_same_sample && is_corrected && is_right, text)
            }),
            Self::NearestNeuron => settled(state).map(|shown| {
                let (layer, neuron) = (state.selection.layer, state.selection.neuron);
                let (here, most) = (nearness(&shown.run, layer, neuron), nearest(&shown.run));
                let text = t!("criterion.nearest", here = percent(here), most = percent(most));
                (here >= most && most > 0.0, text)
            }),
            Self::FitsOn(chip) => settled(state).map(|shown| {
                let is_chosen = value(&state.settings, "chip") == chip && state.own_chip.is_none();
                let is_met = is_chosen && shown.run.chip.is_ok();
                let text = match (is_chosen, &shown.run.chip) {
                    (false, _) => t!("criterion.fit-other"),
                    (true, Ok((mapping, _))) => t!("criterion.fits", cores = mapping.used()),
                    (true, Err(_)) => t!("criterion.fits-not"),
                };
                (is_met, text)
            }),
            Self::SilentBackground => settled(state).and_then(|shown| {
                let (code, spikes) = background(&shown.run)?;
                let code = code.to_string().replace('-', &MINUS.to_string());
                let text = if spikes == 0 {
                    t!("criterion.silent", code = code)
                } else {
                    t!("criterion.not-silent", code = code, spikes = count(spikes))
                };
                Some((spikes == 0, text))
            }),
            Self::BusiestLink => settled(state).map(|shown| {
                let core = state.selection.core;
                let Some((here, most)) = busiest_links(&shown.run, core) else {
                    return (false, t!("criterion.hops-none"));
                };
                let text = match core {
                    None => t!("criterion.link-none"),
                    Some(_) => t!("criterion.link", here = count(here), most = count(most)),
                };
                (core.is_some() && most > 0 && here == most, text)
            }),
            Self::WeightBitsAtMost(most) => {
                let bits = u32::from(state.settings.quantization.weight_bits);
                Some((
                    bits <= most,
                    t!("criterion.weight-bits", bits = bits, most = most),
                ))
            }
            Self::AsAccurateAs(key, at) => {
                let compared = with(&lesson.settings, key, at);
                let trial = lesson.trials.iter().find(|trial| trial.settings == compared);
                match (trial.and_then(|trial| trial.accuracy), Trial::of(state)) {
                    (None, _) => Some((false, t!("criterion.accuracy-untried", value = at))),
                    (Some(_), None) => None,
                    (Some(start), Some(now)) => {
                        let now = now.accuracy.unwrap_or(0.0);
                        let text = t!(
                            "criterion.accuracy",
                            now = percent(now),
                            start = percent(start),
                            value = at
                        );
                        Some((now >= start, text))
                    }
                }
            }
        };
        found.map_or((false, None), |(is_met, text)| (is_met, Some(text.into_owned())))
    }
}

/// What is said while an answer is due.
fn waiting(state: &State) -> String {
    let counts = state
        .agreement
        .as_ref()
        .filter(|counts| counts.settings == state.settings);
    match counts.filter(|_| is_ready(state) && counted(state).is_none()) {
        Some(counts) => {
            let (done, all) = (counts.agreement.counted as u64, counts.agreement.total as u64);
            t!("criterion.counting", done = count(done), all = count(all)).into_owned()
        }
        None => t!("criterion.waiting").into_owned(),
    }
}

/// The same settings but for one.
fn with(settings: &Settings, key: &str, value: &str) -> Settings {
    let mut changed = *settings;
    // A value that the setting doesn't take leaves it as it is, which no trial has tried.
    if let Ok(setting) = setting(key) {
        let _ = setting.set(&mut changed, value);
    }
    changed
}

fn value(settings: &Settings, key: &str) -> String {
    setting(key).map_or(String::new(), |setting| setting.get(settings))
}

fn same(state: &State, lesson: &OpenLesson, key: &str) -> bool {
    state.own_chip.is_none() && value(&state.settings, key) == value(&lesson.settings, key)
}
