//! Which samples went wrong, one by one: changed winners, answers far off, registers that overflowed.
//!
//! Lists are bounded, so that a network of which everything goes wrong fills no memory.

use super::FirstOverflow;
use serde::{Deserialize, Serialize};

/// How many changed winners are kept one by one.
pub const MAX_FLIPS: usize = 256;

/// How many of the answers that are furthest off are kept.
pub const MAX_DEVIATIONS: usize = 24;

/// How many overflows are kept one by one.
pub const MAX_OVERFLOWS: usize = 256;

/// The samples that went wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mistakes {
    /// Samples whose winner changed, at most [`MAX_FLIPS`].
    pub flips: Vec<Flip>,
    /// The samples whose answers are furthest from the quantized network's, at most [`MAX_DEVIATIONS`], the
    /// worst first.
    pub deviations: Vec<Deviation>,
    /// Samples with layers that overflowed, at most [`MAX_OVERFLOWS`].
    pub overflows: Vec<Overflowed>,
    /// Samples and layers that overflowed, those included that are not kept.
    pub overflowed: usize,
}

/// A sample that the spiking network takes for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// Its index.
    pub sample: usize,
    /// The quantized network's winner.
    pub quantized: usize,
    /// The spiking network's winner.
    pub spiking: usize,
    /// The right one, where known.
    pub label: Option<usize>,
    /// Where it began.
    pub begins: Origin,
}

/// Where a sample first goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The first layer with a code that differs.
    pub layer: usize,
    /// Its neuron whose code differs most, by its index in the output tensor.
    pub neuron: u32,
}

/// A sample whose answer is not the quantized network's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deviation {
    /// Its index.
    pub sample: usize,
    /// The largest difference of an output, in its own units.
    pub error: f32,
    /// The output where that is.
    pub output: u32,
    /// Where it began.
    pub begins: Origin,
}

/// A layer that overflowed for a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflowed {
    /// The layer.
    pub layer: usize,
    /// Its first overflow.
    pub first: FirstOverflow,
    /// How many there were.
    pub count: u64,
}

impl Mistakes {
    /// Keeps what went wrong with a sample of which some code differs; a flip only if its winners differ.
    pub(super) fn add(&mut self, flip: Flip, spiking: &[f32], exact: &[f32]) {
        if flip.spiking != flip.quantized && self.flips.len() < MAX_FLIPS {
            self.flips.push(flip);
        }
        let errors = spiking
            .iter()
            .zip(exact)
            .map(|(spiking, exact)| (spiking - exact).abs());
        let errors = errors.enumerate();
        // Of equal ones the first.
        let worst = errors.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        if let Some((output, error)) = worst.filter(|&(_, error)| error > 0.0) {
            let place = self.deviations.partition_point(|known| known.error >= error);
            if place < MAX_DEVIATIONS {
                self.deviations.truncate(MAX_DEVIATIONS - 1);
                let (sample, begins, output) = (flip.sample, flip.begins, output as u32);
                let deviation = Deviation {
                    sample,
                    error,
                    output,
                    begins,
                };
                self.deviations.insert(place, deviation);
            }
        }
    }

    /// Keeps the overflows of a layer for a sample.
    pub(super) fn add_overflows(&mut self, overflowed: Overflowed) {
        self.overflowed += 1;
        if self.overflows.len() < MAX_OVERFLOWS {
            self.overflows.push(overflowed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flip(sample: usize, winners: [usize; 2]) -> Flip {
        Flip {
            sample,
            quantized: winners[0],
            spiking: winners[1],
            label: None,
            begins: Origin::default(),
        }
    }

    #[test]
    fn the_answers_furthest_off_are_kept_and_the_first_of_equal_ones_comes_first() {
        let mut mistakes = Mistakes::default();
        for sample in 0..100 {
            let error = (sample % 50) as f32;
            mistakes.add(flip(sample, [0, 0]), &[0.0, error], &[0.0, 0.0]);
        }
        let kept: Vec<(usize, f32)> = mistakes.deviations.iter().map(|d| (d.sample, d.error)).collect();
        assert_eq!(kept[..3], [(49, 49.0), (99, 49.0), (48, 48.0)]);
        assert_eq!(kept.len(), MAX_DEVIATIONS);
        assert!(mistakes.deviations.iter().all(|d| d.output == 1));
        assert!(mistakes.flips.is_empty(), "no winner changed");
    }

    #[test]
    fn lists_are_bounded_and_say_how_many_they_leave_out() {
        let mut mistakes = Mistakes::default();
        for sample in 0..1000 {
            mistakes.add(flip(sample, [0, 1]), &[1.0], &[1.0]);
            mistakes.add_overflows(Overflowed {
                layer: 0,
                first: FirstOverflow {
                    sample,
                    dendrite: 0,
                    neuron: 3,
                    step: None,
                    value: 300,
                },
                count: 7,
            });
        }
        assert_eq!(
            (mistakes.flips.len(), mistakes.overflows.len()),
            (MAX_FLIPS, MAX_OVERFLOWS)
        );
        assert_eq!(mistakes.overflowed, 1000);
        assert!(mistakes.deviations.is_empty(), "no answer is off");
    }
}
