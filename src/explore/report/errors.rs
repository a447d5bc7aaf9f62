//! How far numbers are from what they should be.

use serde::{Deserialize, Serialize};

/// The codes that a layer fires (at a real output its numbers) against those that it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Codes compared.
    pub codes: u64,
    /// Codes equal to the integer reference's.
    pub equal: u64,
    /// Mean difference, in codes.
    pub mean: f64,
    /// Mean magnitude of the difference, in codes.
    pub mean_absolute: f64,
    /// Largest magnitude of the difference, in codes.
    pub largest: f64,
}

impl Errors {
    /// Whether all are equal.
    pub fn is_exact(&self) -> bool {
        self.equal == self.codes
    }

    /// Codes that differ.
    pub fn different(&self) -> u64 {
        self.codes - self.equal
    }
}

/// Adds differences up. All sums are in 64 bits and in the samples' order, so that every machine comes to
/// the same ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ErrorSums {
    codes: u64,
    equal: u64,
    sum: f64,
    absolute: f64,
    largest: f64,
}

impl ErrorSums {
    /// So many equal ones.
    pub(super) fn add_equal(&mut self, codes: usize) {
        self.codes += codes as u64;
        self.equal += codes as u64;
    }

    /// Codes against those that they should be.
    pub(super) fn add_codes(&mut self, codes: &[i32], exact: &[i32]) {
        let (mut sum, mut absolute, mut largest) = (0, 0, 0);
        for (&code, &exact) in codes.iter().zip(exact) {
            let error = i64::from(code) - i64::from(exact);
            self.equal += u64::from(error == 0);
            sum += error;
            absolute += error.abs();
            largest = largest.max(error.abs());
        }
        self.codes += codes.len() as u64;
        self.sum += sum as f64;
        self.absolute += absolute as f64;
        self.largest = self.largest.max(largest as f64);
    }

    /// Numbers of a real output against those that they should be.
    pub(super) fn add_reals(&mut self, reals: &[f32], exact: &[f32]) {
        for (&real, &exact) in reals.iter().zip(exact) {
            let error = f64::from(real) - f64::from(exact);
            self.equal += u64::from(real.to_bits() == exact.to_bits());
            self.sum += error;
            self.absolute += error.abs();
            self.largest = self.largest.max(error.abs());
        }
        self.codes += reals.len() as u64;
    }

    pub(super) fn errors(&self) -> Errors {
        let count = self.codes.max(1) as f64;
        Errors {
            codes: self.codes,
            equal: self.equal,
            mean: self.sum / count,
            mean_absolute: self.absolute / count,
            largest: self.largest,
        }
    }
}

/// Pearson's correlation of pairs that come one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Correlation {
    count: f64,
    means: [f64; 2],
    squares: [f64; 2],
    products: f64,
}

impl Correlation {
    /// Another pair (Welford's update: no large sums are taken from each other).
    pub(super) fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let (dx, dy) = (x - self.means[0], y - self.means[1]);
        self.means[0] += dx / self.count;
        self.means[1] += dy / self.count;
        self.squares[0] += dx * (x - self.means[0]);
        self.squares[1] += dy * (y - self.means[1]);
        self.products += dx * (y - self.means[1]);
    }

    /// −1 to 1; `None` where one side never changes.
    pub(super) fn coefficient(&self) -> Option<f64> {
        let [x, y] = self.squares;
        let scale = libm::sqrt(x * y);
        (scale > 0.0).then(|| (self.products / scale).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_summed_and_bounded() {
        let mut sums = ErrorSums::default();
        sums.add_codes(&[3, 5, -2, 7], &[3, 7, -2, 6]);
        sums.add_equal(4);
        let errors = sums.errors();
        assert_eq!((errors.codes, errors.equal, errors.different()), (8, 6, 2));
        assert_eq!(
            (errors.mean, errors.mean_absolute, errors.largest),
            (-0.125, 0.375, 2.0)
        );
    }

    #[test]
    fn correlation_is_one_on_a_line_and_none_where_nothing_changes() {
        let of = |pairs: &[(f64, f64)]| {
            let mut correlation = Correlation::default();
            pairs.iter().for_each(|&(x, y)| correlation.add(x, y));
            correlation.coefficient()
        };
        assert_eq!(of(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), Some(1.0));
        assert_eq!(of(&[(0.0, 5.0), (1.0, 3.0), (2.0, 1.0)]), Some(-1.0));
        assert_eq!(of(&[(1.0, 5.0), (1.0, 3.0)]), None);
        assert_eq!(of(&[]), None);
        let by_hand = of(&[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (3.0, 1.0)]);
        assert!((by_hand.unwrap_or(0.0) - 1.0 / 5f64.sqrt()).abs() < 1e-12);
    }
}
