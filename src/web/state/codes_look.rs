//! What the user has chosen of the codes side by side, and how the address says it.

use super::State;
use crate::baseline::Percentile;
use crate::explore::{CodeName, Question};
use crate::web::link::Part;
use rust_i18n::t;

/// Time steps that codes can be given at most.
pub const MOST_STEPS: [u32; 4] = [16, 32, 64, 128];

/// Samples that can be compared on; the last choice is all of them.
pub const SAMPLES: [usize; 3] = [100, 300, usize::MAX];

/// Time steps of a race.
pub const RACE_STEPS: [u32; 4] = [16, 32, 64, 128];

/// What the user has chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct CodesLook {
    /// The codes.
    pub codes: Vec<CodeName>,
    /// Whether a full rate stands for the largest activation, rather than for their 99.9th percentile.
    pub is_largest: bool,
    /// Time steps at most.
    pub steps: u32,
    /// On how many samples.
    pub samples: usize,
    /// Whether charts begin at 0 %.
    pub is_whole: bool,
    /// Time steps of the race.
    pub race_steps: u32,
    /// The population that the race shows; all of them.
    pub band: Option<usize>,
}

impl Default for CodesLook {
    fn default() -> Self {
        use CodeName::{BitSerial, FirstSpike, Phase, Rate, RateHalf};
        Self {
            codes: vec![BitSerial, Rate, RateHalf, Phase, FirstSpike],
            is_largest: false,
            steps: 128,
            samples: SAMPLES[0],
            is_whole: false,
            race_steps: 32,
            band: None,
        }
    }
}

impl CodesLook {
    /// What is compared.
    pub(super) fn question(&self, state: &State) -> Question {
        let percent = if self.is_largest { 100.0 } else { 99.9 };
        Question {
            codes: self.codes.clone(),
            steps: (0..=self.steps.ilog2()).map(|power| 1 << power).collect(),
            percentile: Percentile::new(percent).unwrap_or_default(),
            conversion: state.settings.conversion,
            ..Question::default()
        }
    }
}

/// The codes that are compared, and how.
pub const CODES_PART: Part = Part {
    keys: &[
        "codes",
        "code-threshold",
        "code-steps",
        "code-samples",
        "code-axis",
        "race-steps",
        "race-layer",
    ],
    write: |state| {
        let (look, opening) = (&state.codes.look, CodesLook::default());
        let words = || look.codes.iter().map(|code| code.word()).collect::<Vec<_>>();
        let samples = SAMPLES.iter().position(|&samples| samples == look.samples);
        let samples = samples.map_or("", |place| SAMPLE_WORDS[place]);
        [
            (look.codes != opening.codes).then(|| ("codes", words().join(","))),
            look.is_largest.then(|| ("code-threshold", "largest".to_owned())),
            (look.steps != opening.steps).then(|| ("code-steps", look.steps.to_string())),
            (look.samples != opening.samples).then(|| ("code-samples", samples.to_owned())),
            look.is_whole.then(|| ("code-axis", "whole".to_owned())),
            (look.race_steps != opening.race_steps).then(|| ("race-steps", look.race_steps.to_string())),
            look.band.map(|band| ("race-layer", band.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect()
    },
    read: |state, pairs| {
        let opening = CodesLook::default();
        let number = |key, numbers: &[u32; 4], otherwise: u32| {
            let words = numbers.map(|number| number.to_string());
            let place = pairs.word(key, &words.each_ref().map(String::as_str))?;
            Ok::<u32, String>(place.map_or(otherwise, |place| numbers[place]))
        };
        let samples = pairs.word("code-samples", &SAMPLE_WORDS)?;
        let look = CodesLook {
            codes: match pairs.get("codes") {
                Some(list) => codes_of(list)?,
                None => opening.codes,
            },
            is_largest: pairs.word("code-threshold", &["robust", "largest"])? == Some(1),
            steps: number("code-steps", &MOST_STEPS, opening.steps)?,
            samples: samples.map_or(opening.samples, |place| SAMPLES[place]),
            is_whole: pairs.word("code-axis", &["close-up", "whole"])? == Some(1),
            race_steps: number("race-steps", &RACE_STEPS, opening.race_steps)?,
            band: pairs.number("race-layer")?,
        };
        state.codes.look = look;
        Ok(())
    },
};

/// How [`SAMPLES`] are written.
const SAMPLE_WORDS: [&str; 3] = ["100", "300", "all"];

/// Codes by their words, in the order of all.
fn codes_of(list: &str) -> Result<Vec<CodeName>, String> {
    let words = CodeName::ALL.map(CodeName::word);
    if let Some(wrong) = list.split(',').find(|word| !words.contains(word)) {
        return Err(t!(
            "bring.link_word",
            key = "codes",
            value = wrong,
            words = words.join(", ")
        )
        .into_owned());
    }
    let is_named = |code: &CodeName| list.split(',').any(|word| word == code.word());
    Ok(CodeName::ALL.into_iter().filter(is_named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::link::{Link, Pairs};

    #[test]
    fn an_address_brings_back_what_was_chosen() {
        let mut state = State::default();
        assert!((CODES_PART.write)(&state).is_empty());
        state.codes.look = CodesLook {
            codes: vec![CodeName::BitSerial, CodeName::Phase],
            is_largest: true,
            steps: 32,
            samples: usize::MAX,
            is_whole: true,
            race_steps: 64,
            band: Some(2),
        };
        let pairs = (CODES_PART.write)(&state);
        let written = pairs.iter().map(|(key, value)| (*key, value.as_str()));
        let (link, problems) = Link::from_pairs(written.chain([("v", "1")]));
        assert!(problems.is_empty(), "{problems:?}");
        let mut read = State::default();
        assert_eq!((CODES_PART.read)(&mut read, &link.parts), Ok(()));
        assert_eq!(read.codes.look, state.codes.look);
        assert_eq!((CODES_PART.read)(&mut read, &Pairs::default()), Ok(()));
        assert_eq!(read.codes.look, CodesLook::default());
    }

    #[test]
    fn what_is_no_code_is_said() {
        let error = codes_of("rate,morse").expect_err("no such code");
        assert!(
            error.contains("morse") && error.contains("first-spike"),
            "{error}"
        );
    }
}
