//! One number as a train of spikes under each code, by the codes' own rules in whole numbers.

/// A code on the blackboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Train {
    /// A spike whenever the sum of a constant current passes the threshold.
    Rate,
    /// The digits, over and over.
    Phase,
    /// One spike, the earlier the larger.
    FirstSpike,
    /// The digits, once.
    BitSerial,
}

impl Train {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BitSerial, Self::Rate, Self::Phase, Self::FirstSpike];

    /// Time steps for numbers of so many bits.
    pub fn steps(self, bits: u32) -> u32 {
        match self {
            Self::BitSerial => bits,
            // Two periods, to show that it repeats.
            Self::Phase => 2 * bits,
            Self::Rate | Self::FirstSpike => (1 << bits) - 1,
        }
    }

    /// The time steps, from 0, in which a number out of 2^bits − 1 spikes.
    pub fn spikes(self, value: u32, bits: u32) -> Vec<u32> {
        let whole = (1 << bits) - 1;
        let steps = 0..self.steps(bits);
        match self {
            Self::BitSerial | Self::Phase => steps
                .filter(|step| value >> (bits - 1 - step % bits) & 1 == 1)
                .collect(),
            Self::Rate => {
                let mut membrane = 0;
                steps
                    .filter(|_| {
                        membrane += value;
                        let fires = membrane >= whole;
                        membrane -= if fires { whole } else { 0 };
                        fires
                    })
                    .collect()
            }
            Self::FirstSpike => (value > 0).then(|| whole - value).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_train_says_the_number_that_it_stands_for() {
        for bits in [3, 4, 6] {
            let whole = (1u32 << bits) - 1;
            for value in 0..=whole {
                let spikes = |train: Train| train.spikes(value, bits);
                let digits = |steps: &[u32]| {
                    steps
                        .iter()
                        .map(|step| 1 << (bits - 1 - step % bits))
                        .sum::<u32>()
                };
                assert_eq!(digits(&spikes(Train::BitSerial)), value);
                assert_eq!(digits(&spikes(Train::Phase)), 2 * value);
                assert_eq!(spikes(Train::Rate).len() as u32, value);
                let first = spikes(Train::FirstSpike).first().map_or(0, |time| whole - time);
                assert_eq!(first, value);
            }
        }
    }

    #[test]
    fn five_of_seven() {
        assert_eq!(Train::BitSerial.spikes(5, 3), [0, 2]);
        assert_eq!(Train::Rate.spikes(5, 3), [1, 2, 4, 5, 6]);
        assert_eq!(Train::Phase.spikes(5, 3), [0, 2, 3, 5]);
        assert_eq!(Train::FirstSpike.spikes(5, 3), [2]);
    }
}
