//! Which codes a tensor takes over samples: where they lie, and how many lie at the ends of their format.

use crate::graph::Affine;
use crate::quantize::{QuantizedNetwork, Reference};
use crate::simulate::Packed;
use serde::{Deserialize, Serialize};

/// Bins of a summary; formats with as many codes or fewer have one for each.
const MOST_BINS: usize = 256;

/// The shares, in percent, whose percentiles a summary tells.
pub const PERCENTILES: [f64; 5] = [1.0, 25.0, 50.0, 75.0, 99.0];

/// How often each code of a format is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeCounts {
    affine: Affine,
    counts: Vec<u64>,
}

/// What is to be said of a tensor's codes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodeSummary {
    /// Codes that were counted.
    pub codes: u64,
    /// The smallest and the largest one.
    pub range: [i32; 2],
    /// The codes that [`PERCENTILES`] of all don't exceed.
    pub percentiles: [i32; 5],
    /// How many are the lowest of their format, where smaller numbers are clamped to.
    pub lowest: u64,
    /// How many are the highest.
    pub highest: u64,
    /// How many stand for the real number 0.
    pub zeros: u64,
    /// The first code of the first bin.
    pub from: i32,
    /// Codes in a bin.
    pub bin: u32,
    /// How many codes are in each bin.
    pub bins: Packed<u64>,
}

impl CodeCounts {
    /// Nothing counted yet.
    pub fn new(affine: Affine) -> Self {
        let codes = i64::from(affine.format.max()) - i64::from(affine.format.min()) + 1;
        Self {
            affine,
            counts: vec![0; codes as usize],
        }
    }

    /// Counts some codes.
    pub fn add(&mut self, codes: &[i32]) {
        let lowest = self.affine.format.min();
        for &code in codes {
            let index = usize::try_from(i64::from(code) - i64::from(lowest)).ok();
            if let Some(count) = index.and_then(|index| self.counts.get_mut(index)) {
                *count += 1;
            }
        }
    }

    /// What came of it.
    pub fn summary(&self) -> CodeSummary {
        let lowest = self.affine.format.min();
        let code = |index: usize| lowest + index as i32;
        let total: u64 = self.counts.iter().sum();
        let taken = |count: &u64| *count > 0;
        let first = self.counts.iter().position(taken).unwrap_or(0);
        let last = self.counts.iter().rposition(taken).unwrap_or(0);
        let percentile = |percent: f64| {
            // So many codes are to lie at it or below.
            let rank = libm::ceil(percent / 100.0 * total as f64).max(1.0) as u64;
            let mut below = 0;
            let at = self.counts.iter().position(|count| {
                below += count;
                below >= rank
            });
            code(at.unwrap_or(0))
        };
        let zero = usize::try_from(i64::from(self.affine.zero_point) - i64::from(lowest)).ok();
        let bin = self.counts.len().div_ceil(MOST_BINS).max(1);
        let bins = self.counts.chunks(bin).map(|counts| counts.iter().sum());
        CodeSummary {
            codes: total,
            range: [code(first), code(last)],
            percentiles: PERCENTILES.map(percentile),
            lowest: self.counts.first().copied().unwrap_or(0),
            highest: self.counts.last().copied().unwrap_or(0),
            zeros: zero.and_then(|zero| self.counts.get(zero)).copied().unwrap_or(0),
            from: lowest,
            bin: bin as u32,
            bins: bins.collect::<Vec<u64>>().into(),
        }
    }
}

/// Counts the codes of every tensor over samples, by the integer reference.
#[derive(Debug)]
pub struct CodesMeter {
    reference: Reference,
    /// One for each tensor; `None` where it holds real numbers.
    counts: Vec<Option<CodeCounts>>,
    samples: usize,
}

impl CodesMeter {
    /// Nothing counted yet.
    pub fn new(network: &QuantizedNetwork) -> Self {
        let counts = network.tensors.iter().map(|t| t.affine.map(CodeCounts::new));
        Self {
            reference: Reference::new(network),
            counts: counts.collect(),
            samples: 0,
        }
    }

    /// Runs the network on one input's codes.
    pub fn add(&mut self, network: &QuantizedNetwork, input: &[i32]) {
        self.reference.run(network, input);
        for (tensor, counts) in self.counts.iter_mut().enumerate() {
            if let Some(counts) = counts {
                counts.add(self.reference.codes(tensor));
            }
        }
        self.samples += 1;
    }

    /// Samples that were counted.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// What came of a tensor; `None` where there are no codes.
    pub fn summary(&self, tensor: usize) -> Option<CodeSummary> {
        self.counts.get(tensor)?.as_ref().map(CodeCounts::summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::CodeFormat;

    fn summary(codes: &[i32], format: CodeFormat, zero_point: i32) -> CodeSummary {
        let mut counts = CodeCounts::new(Affine {
            scale: 0.5,
            zero_point,
            format,
        });
        counts.add(codes);
        counts.summary()
    }

    #[test]
    fn ends_zeros_and_percentiles_are_counted() {
        let codes: Vec<i32> = (0..100).map(|i| if i < 40 { -8 } else { 7 - i % 3 }).collect();
        let seen = summary(&codes, CodeFormat::signed(4), -8);
        assert_eq!((seen.codes, seen.range), (100, [-8, 7]));
        assert_eq!((seen.lowest, seen.zeros, seen.highest), (40, 40, 20));
        assert_eq!(seen.percentiles, [-8, -8, 5, 6, 7]);
        assert_eq!((seen.from, seen.bin, seen.bins.len()), (-8, 1, 16));
        assert_eq!(seen.bins.iter().sum::<u64>(), 100);
    }

    #[test]
    fn wide_formats_are_binned_and_no_code_is_lost() {
        let codes: Vec<i32> = (0..65_536).collect();
        let seen = summary(&codes, CodeFormat::unsigned(16), 0);
        assert_eq!((seen.bin, seen.bins.len()), (256, 256));
        assert!(seen.bins.iter().all(|&count| count == 256));
        assert_eq!(seen.percentiles[2], 32_767);
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        let seen = summary(&[], CodeFormat::signed(8), 0);
        assert_eq!((seen.codes, seen.lowest, seen.highest, seen.zeros), (0, 0, 0, 0));
    }
}
