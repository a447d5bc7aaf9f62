//! Thresholds: what number a full rate stands for, measured on calibration samples.

use super::{BaselineError, Network, Runner};
use serde::{Deserialize, Serialize};

/// Which share of a population's activations a full rate covers, in percent: 90 to 100. Robust
/// normalization takes 99.9 (Rueckauer et al. 2017), 100 is the largest activation (Diehl et al. 2015).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percentile(f64);

impl Percentile {
    /// The least that is supported: so that only the highest tenth of all activations is kept at hand.
    pub const MIN: f64 = 90.0;

    /// A percentile.
    ///
    /// # Errors
    /// A sentence, if it isn't 90 to 100.
    pub fn new(percent: f64) -> Result<Self, String> {
        if (Self::MIN..=100.0).contains(&percent) {
            Ok(Self(percent))
        } else {
            Err(format!("a percentile is {} to 100, not {percent}", Self::MIN))
        }
    }

    /// In percent.
    pub fn percent(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Percentile {
    type Error = String;

    fn try_from(percent: f64) -> Result<Self, String> {
        Self::new(percent)
    }
}

impl From<Percentile> for f64 {
    fn from(percentile: Percentile) -> Self {
        percentile.0
    }
}

impl Default for Percentile {
    fn default() -> Self {
        Self(99.9)
    }
}

/// θ of the input and of every population, in the model's own units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// The largest magnitude of the input.
    pub input: f32,
    /// One for each population.
    pub populations: Vec<f32>,
}

impl Thresholds {
    /// Measures them on samples: each population's percentile over all its neurons and all samples, zeros
    /// counted, interpolated between neighbours in order; never above what the network lets pass. Where
    /// the percentile is 0, the largest activation takes its place, and where that is 0 as well, 1.
    ///
    /// # Errors
    /// If there are no samples, or one doesn't fit.
    pub fn measure<'a>(
        network: &Network,
        samples: impl ExactSizeIterator<Item = &'a [f32]>,
        percentile: Percentile,
    ) -> Result<Self, BaselineError> {
        let count = samples.len();
        if count == 0 {
            return Err(BaselineError::NoCalibration);
        }
        let mut runner = Runner::new(network);
        let tail = |p: &super::Population| Tail::new(count * p.neurons, percentile);
        let mut tails: Vec<Tail> = network.populations().iter().map(tail).collect();
        let mut input = 0.0f32;
        for sample in samples {
            input = sample.iter().fold(input, |most, x| most.max(x.abs()));
            runner.activations(network, sample, |population, values| {
                tails[population].extend(values);
            })?;
        }
        let populations = network.populations().iter().zip(tails);
        Ok(Self {
            input,
            populations: populations
                .map(|(population, tail)| tail.quantile().min(population.limit))
                .collect(),
        })
    }

    /// The same with what the network itself lets pass, where it says: a quantized network's full rate is
    /// its largest code.
    #[must_use]
    pub fn or_limits(&self, network: &Network) -> Self {
        let limits = network.populations().iter().map(|p| p.limit);
        Self {
            input: self.input,
            populations: limits
                .zip(&self.populations)
                .map(|(limit, &measured)| if limit.is_finite() { limit } else { measured })
                .collect(),
        }
    }
}

/// The highest of many numbers: as many as a percentile needs.
struct Tail {
    /// How many numbers will have come.
    total: usize,
    quantile: f64,
    keep: usize,
    values: Vec<f32>,
    /// What a number must exceed to be among them.
    least: f32,
}

impl Tail {
    fn new(total: usize, percentile: Percentile) -> Self {
        let quantile = percentile.0 / 100.0;
        let keep = total - libm::floor(quantile * (total.max(1) - 1) as f64) as usize;
        Self {
            total,
            quantile,
            keep,
            values: Vec::with_capacity(2 * keep),
            least: f32::NEG_INFINITY,
        }
    }

    fn extend(&mut self, values: &[f32]) {
        for &value in values {
            if value > self.least || self.values.len() < self.keep {
                self.values.push(value);
                if self.values.len() == 2 * self.keep {
                    self.shrink();
                }
            }
        }
    }

    fn shrink(&mut self) {
        let keep = self.keep;
        self.values
            .select_nth_unstable_by(keep - 1, |a, b| b.total_cmp(a));
        self.values.truncate(keep);
        self.least = self.values[keep - 1];
    }

    fn quantile(mut self) -> f32 {
        self.values.sort_unstable_by(|a, b| b.total_cmp(a));
        let rank = self.quantile * (self.total.max(1) - 1) as f64;
        let below = libm::floor(rank);
        let at = |rank: f64| {
            let from_the_top = self.total - 1 - rank as usize;
            self.values.get(from_the_top).copied().map_or(0.0, f64::from)
        };
        let (low, high) = (at(below), at(libm::ceil(rank)));
        let quantile = (low + (high - low) * (rank - below)) as f32;
        let largest = self.values.first().copied().unwrap_or(0.0);
        match (quantile > 0.0, largest > 0.0) {
            (true, _) => quantile,
            (false, true) => largest,
            (false, false) => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_percentile_lies_between_90_and_100() {
        assert!(Percentile::new(99.9).is_ok());
        for wrong in [89.9, 100.1, f64::NAN] {
            assert!(Percentile::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn silence_has_a_threshold_too() {
        let percentile = Percentile::default();
        let mut tail = Tail::new(3, percentile);
        tail.extend(&[0.0, 0.0, 0.0]);
        assert_eq!(tail.quantile(), 1.0);
        let mut rare = Tail::new(10_000, percentile);
        rare.extend(&[0.0; 9_999]);
        rare.extend(&[0.25]);
        assert_eq!(rare.quantile(), 0.25);
    }

    proptest! {
        #[test]
        fn the_tail_knows_the_interpolated_percentile_of_all_numbers(
            mut values in prop::collection::vec(0.5f32..100.0, 1..3000), percent in 90.0f64..=100.0,
        ) {
            let mut tail = Tail::new(values.len(), Percentile(percent));
            values.chunks(7).for_each(|part| tail.extend(part));
            let found = tail.quantile();
            values.sort_by(f32::total_cmp);
            let rank = percent / 100.0 * (values.len() - 1) as f64;
            let (low, high) = (values[rank.floor() as usize], values[rank.ceil() as usize]);
            let expected = f64::from(low) + f64::from(high - low) * rank.fract();
            prop_assert!((f64::from(found) - expected).abs() <= 1e-5 * expected, "{found} is not {expected}");
        }
    }
}
