//! What values a tensor takes, in bounded memory.

/// Bins of a histogram: half of them for negative values.
pub const BINS: usize = 4096;

const HALF: i64 = BINS as i64 / 2;

/// Counts of values in bins of equal width around 0. The width doubles, and neighbouring bins become one,
/// when a value falls outside; the smallest and largest value are kept as they are.
///
/// Bins are a power of two wide, so the counts don't depend on the order of the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: Vec<u64>,
    /// log2 of a bin's width; `None` before the first value other than 0.
    exponent: Option<i32>,
    min: f32,
    max: f32,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BINS],
            exponent: None,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            total: 0,
        }
    }
}

impl Histogram {
    /// Counts finite values; others are left out.
    pub fn add(&mut self, values: &[f32]) {
        let (mut min, mut max) = (self.min, self.max);
        for &value in values.iter().filter(|value| value.is_finite()) {
            min = min.min(value);
            max = max.max(value);
        }
        if min > max {
            return;
        }
        (self.min, self.max) = (min, max);
        self.make_room();
        let scale = 1.0 / self.width();
        for &value in values.iter().filter(|value| value.is_finite()) {
            // Powers of two scale without rounding, and ±HALF is met by the largest value only.
            let bin = libm::floor(f64::from(value) * scale) as i64 + HALF;
            self.counts[bin.clamp(0, 2 * HALF - 1) as usize] += 1;
            self.total += 1;
        }
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The smallest value; 0 without values.
    pub fn min(&self) -> f32 {
        if self.total == 0 { 0.0 } else { self.min }
    }

    /// The largest value; 0 without values.
    pub fn max(&self) -> f32 {
        if self.total == 0 { 0.0 } else { self.max }
    }

    /// The width of a bin.
    pub fn width(&self) -> f64 {
        libm::exp2(f64::from(self.exponent.unwrap_or(0)))
    }

    /// Counts of all bins; bin `BINS / 2` begins at 0.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The bins that are not empty: their middle (within the values met) and count.
    pub fn bins(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let width = self.width();
        let middle = move |bin: usize| (bin as f64 - HALF as f64 + 0.5) * width;
        let (min, max) = (f64::from(self.min()), f64::from(self.max()));
        let bins = self.counts.iter().enumerate();
        bins.filter(|(_, count)| **count > 0)
            .map(move |(bin, &count)| (middle(bin).clamp(min, max), count))
    }

    /// The value below which the `share` of all values lies, between the bins' edges.
    pub fn quantile(&self, share: f64) -> f32 {
        let (min, max) = (self.min(), self.max());
        let wanted = share.clamp(0.0, 1.0) * self.total as f64;
        let mut below = 0.0;
        for (bin, &count) in self.counts.iter().enumerate() {
            if count > 0 && below + count as f64 >= wanted {
                let inside = (wanted - below) / count as f64;
                let value = (bin as f64 - HALF as f64 + inside) * self.width();
                return (value as f32).clamp(min, max);
            }
            below += count as f64;
        }
        max
    }

    /// Widens the bins until the smallest and largest value fall into them.
    fn make_room(&mut self) {
        let largest = f64::from(self.min.abs().max(self.max.abs()));
        if largest == 0.0 {
            return;
        }
        // The largest value lies in the outer half of the bins.
        let (_, magnitude) = libm::frexp(largest);
        let needed = magnitude - HALF.ilog2() as i32;
        let now = *self.exponent.get_or_insert(needed);
        for _ in now..needed {
            self.merge();
        }
        self.exponent = Some(now.max(needed));
    }

    /// Bins twice as wide.
    fn merge(&mut self) {
        let mut merged = vec![0; BINS];
        for (bin, &count) in self.counts.iter().enumerate() {
            let from_zero = bin as i64 - HALF;
            merged[(from_zero.div_euclid(2) + HALF) as usize] += count;
        }
        self.counts = merged;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::default();
        histogram.add(values);
        histogram
    }

    #[test]
    fn an_empty_histogram_and_one_of_zeros_have_the_range_zero() {
        assert_eq!((of(&[]).min(), of(&[]).max(), of(&[]).total()), (0.0, 0.0, 0));
        let zeros = of(&[0.0, -0.0]);
        assert_eq!((zeros.min(), zeros.max(), zeros.total()), (0.0, 0.0, 2));
        assert_eq!(zeros.quantile(0.5), 0.0);
    }

    #[test]
    fn values_that_are_no_numbers_are_left_out() {
        let histogram = of(&[f32::NAN, 1.0, f32::INFINITY]);
        assert_eq!((histogram.total(), histogram.max()), (1, 1.0));
    }

    #[test]
    fn quantiles_of_evenly_spread_values_are_their_shares() {
        let values: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0).collect();
        let histogram = of(&values);
        for share in [0.01, 0.25, 0.5, 0.999] {
            assert!((f64::from(histogram.quantile(share)) - share).abs() < 1e-3);
        }
        assert_eq!(histogram.quantile(1.0), 0.9999);
    }

    #[test]
    fn tiny_and_huge_values_are_counted_together() {
        let histogram = of(&[f32::MIN_POSITIVE, f32::MAX, -f32::MAX, 1e-45]);
        assert_eq!(histogram.total(), 4);
        assert_eq!(histogram.counts().iter().sum::<u64>(), 4);
    }

    proptest! {
        #[test]
        fn counts_do_not_depend_on_the_order_or_the_portions(
            mut values in prop::collection::vec(-1e6f32..1e6, 1..200),
            cut in 0usize..200,
        ) {
            let whole = of(&values);
            values.reverse();
            let (a, b) = values.split_at(cut.min(values.len()));
            let mut portions = of(a);
            portions.add(b);
            prop_assert_eq!(whole, portions);
        }
    }
}
