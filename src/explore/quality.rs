//! How good answers are: what should come out of samples, and how far it does.

use crate::quantize::winner;
use serde::{Deserialize, Serialize};

/// What should come out of samples, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum GroundTruth {
    /// Nobody knows.
    #[default]
    Unknown,
    /// The class of each sample, counted from 0.
    Labels(Vec<usize>),
    /// Real numbers in the output's shape for each sample, and how closeness to them is measured.
    Targets(Vec<f32>, Closeness),
}

/// How closeness to targets is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Closeness {
    /// The root of the mean squared error, over all samples and outputs.
    #[default]
    Rmse,
    /// The peak signal-to-noise ratio of each sample, −10 log₁₀ of its mean squared error (relative to a peak of
    /// 1.0, a white pixel), averaged over samples.
    Psnr,
}

/// How good answers are is measured so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// The share of samples whose winner is the label, 0 to 1.
    Accuracy,
    /// See [`Closeness::Psnr`]; in decibels.
    Psnr,
    /// See [`Closeness::Rmse`]; in the output's units.
    Rmse,
}

/// What should come out of one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected<'a> {
    /// This class.
    Label(usize),
    /// Real numbers in the output's shape.
    Target(&'a [f32], Closeness),
}

/// The quality of the spiking network's answers and of the integer reference's, over samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// How it is measured.
    pub measure: Measure,
    /// Samples that were judged.
    pub samples: usize,
    /// The sum of the spiking network's scores, see [`Expected::score`].
    spiking: f64,
    /// The same of the integer reference.
    reference: f64,
}

impl GroundTruth {
    /// What should come out of the sample `index` of a network with `outputs` outputs.
    pub fn expected(&self, index: usize, outputs: usize) -> Option<Expected<'_>> {
        match self {
            Self::Unknown => None,
            Self::Labels(labels) => labels.get(index).map(|&label| Expected::Label(label)),
            Self::Targets(values, closeness) => values
                .chunks_exact(outputs.max(1))
                .nth(index)
                .map(|target| Expected::Target(target, *closeness)),
        }
    }

    /// The class of each sample; empty if there are none.
    pub fn labels(&self) -> &[usize] {
        match self {
            Self::Labels(labels) => labels,
            _ => &[],
        }
    }
}

impl Expected<'_> {
    /// How it is measured.
    pub fn measure(&self) -> Measure {
        match self {
            Self::Label(_) => Measure::Accuracy,
            Self::Target(_, Closeness::Psnr) => Measure::Psnr,
            Self::Target(_, Closeness::Rmse) => Measure::Rmse,
        }
    }

    /// What an answer adds to the sum that the measure is worked out of: 1 or 0, decibels, or the mean squared
    /// error.
    pub fn score(&self, answer: &[f32]) -> f64 {
        match self {
            Self::Label(label) => f64::from(u8::from(winner(answer) == *label)),
            Self::Target(target, closeness) => {
                let squares = answer.iter().zip(*target);
                let sum: f64 = squares
                    .map(|(&a, &b)| (f64::from(a) - f64::from(b)) * (f64::from(a) - f64::from(b)))
                    .sum();
                let error = sum / target.len().max(1) as f64;
                match closeness {
                    Closeness::Rmse => error,
                    Closeness::Psnr => -10.0 * libm::log10(error),
                }
            }
        }
    }
}

impl Quality {
    /// Of no samples yet.
    pub fn new(measure: Measure) -> Self {
        Self {
            measure,
            samples: 0,
            spiking: 0.0,
            reference: 0.0,
        }
    }

    /// Judges one sample's answers.
    pub fn add(&mut self, expected: &Expected<'_>, spiking: &[f32], reference: &[f32]) {
        self.samples += 1;
        self.spiking += expected.score(spiking);
        self.reference += expected.score(reference);
    }

    /// Adds what was judged elsewhere, by the same measure.
    pub fn append(&mut self, next: &Self) {
        self.samples += next.samples;
        self.spiking += next.spiking;
        self.reference += next.reference;
    }

    /// The spiking network's quality: a share, decibels or the root mean square error. `None` without samples.
    pub fn spiking(&self) -> Option<f64> {
        self.value(self.spiking)
    }

    /// The same of the integer reference.
    pub fn reference(&self) -> Option<f64> {
        self.value(self.reference)
    }

    fn value(&self, sum: f64) -> Option<f64> {
        let mean = (self.samples > 0).then(|| sum / self.samples as f64)?;
        Some(match self.measure {
            Measure::Rmse => mean.sqrt(),
            Measure::Accuracy | Measure::Psnr => mean,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: &GroundTruth, answers: &[&[f32]]) -> Option<f64> {
        let mut quality: Option<Quality> = None;
        for (index, answer) in answers.iter().enumerate() {
            let expected = truth.expected(index, answer.len())?;
            quality
                .get_or_insert(Quality::new(expected.measure()))
                .add(&expected, answer, answer);
        }
        quality?.spiking()
    }

    #[test]
    fn accuracy_is_the_share_of_winners_that_are_the_label() {
        let truth = GroundTruth::Labels(vec![1, 0]);
        assert_eq!(judged(&truth, &[&[0.0, 2.0], &[1.0, 3.0]]), Some(0.5));
        assert_eq!(judged(&truth, &[]), None);
        assert_eq!(judged(&GroundTruth::Unknown, &[&[1.0]]), None);
    }

    #[test]
    fn errors_are_averaged_over_outputs_and_samples_before_the_root() {
        let truth = GroundTruth::Targets(vec![0.0, 0.0, 1.0, 1.0], Closeness::Rmse);
        // Squared errors: 9, 16 and 0, 0.
        assert_eq!(
            judged(&truth, &[&[3.0, 4.0], &[1.0, 1.0]]),
            Some((25f64 / 4.0).sqrt())
        );
    }

    #[test]
    fn decibels_are_averaged_over_pictures() {
        let truth = GroundTruth::Targets(vec![0.5, 0.0], Closeness::Psnr);
        // Mean squared errors of 0.01 and 0.0001 are 20 dB and 40 dB.
        let mean = judged(&truth, &[&[0.6], &[0.01]]).expect("two pictures");
        assert!((mean - 30.0).abs() < 1e-4, "{mean}");
    }

    #[test]
    fn parts_add_up() {
        let expected = Expected::Label(0);
        let mut whole = Quality::new(Measure::Accuracy);
        let mut part = whole;
        whole.add(&expected, &[1.0, 0.0], &[1.0, 0.0]);
        part.add(&expected, &[0.0, 1.0], &[1.0, 0.0]);
        whole.append(&part);
        assert_eq!((whole.spiking(), whole.reference()), (Some(0.5), Some(1.0)));
    }
}
