//! From numbers to colours, through tables that are made once per theme.

use crate::web::palette::Rgb;

/// Entries on either side of zero.
const STEPS: i32 = 255;

/// Two colours around a neutral zero, for membranes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverging {
    table: Vec<u32>,
}

impl Diverging {
    /// A table from `negative` over `zero` to `positive`.
    pub fn new(negative: Rgb, zero: Rgb, positive: Rgb) -> Self {
        let table = (-STEPS..=STEPS)
            .map(|i| {
                let end = if i < 0 { negative } else { positive };
                // A little more colour near zero, where most membranes are.
                zero.mix(end, (i.abs() as f32 / STEPS as f32).powf(0.8)).pixel()
            })
            .collect();
        Self { table }
    }

    /// The colour of `value` where `magnitude` has the full colour.
    pub fn pixel(&self, value: i32, magnitude: i64) -> u32 {
        let scaled = i64::from(value) * i64::from(STEPS) / magnitude.max(1);
        let index = scaled.clamp(-i64::from(STEPS), i64::from(STEPS)) + i64::from(STEPS);
        self.table.get(index as usize).copied().unwrap_or_default()
    }
}

/// From one colour to another, for codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequential {
    table: Vec<u32>,
}

impl Sequential {
    /// A table from `low` to `high`.
    pub fn new(low: Rgb, high: Rgb) -> Self {
        Self {
            table: (0..=STEPS)
                .map(|i| low.mix(high, i as f32 / STEPS as f32).pixel())
                .collect(),
        }
    }

    /// The colour of `value` between `min` and `max`.
    pub fn pixel(&self, value: i32, min: i32, max: i32) -> u32 {
        let span = (i64::from(max) - i64::from(min)).max(1);
        let index =
            ((i64::from(value) - i64::from(min)) * i64::from(STEPS) / span).clamp(0, i64::from(STEPS));
        self.table.get(index as usize).copied().unwrap_or_default()
    }
}

/// The magnitude that 98 of 100 values stay below: a scale which a few outliers cannot wash out.
pub fn typical_magnitude(values: &[i32]) -> i64 {
    let mut magnitudes: Vec<i64> = values.iter().map(|&v| i64::from(v).abs()).collect();
    if magnitudes.is_empty() {
        return 1;
    }
    let at = (magnitudes.len() * 98 / 100).min(magnitudes.len() - 1);
    let (_, &mut typical, _) = magnitudes.select_nth_unstable(at);
    typical.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORANGE: Rgb = Rgb(255, 128, 0);
    const BLUE: Rgb = Rgb(0, 64, 255);
    const PAPER: Rgb = Rgb(240, 240, 240);

    #[test]
    fn membranes_diverge_around_a_neutral_zero() {
        let ramp = Diverging::new(ORANGE, PAPER, BLUE);
        assert_eq!(ramp.pixel(0, 100), PAPER.pixel());
        assert_eq!(ramp.pixel(100, 100), BLUE.pixel());
        assert_eq!(ramp.pixel(-100, 100), ORANGE.pixel());
        assert_eq!(ramp.pixel(i32::MAX, 1), BLUE.pixel());
        assert_eq!(ramp.pixel(i32::MIN, 0), ORANGE.pixel());
    }

    #[test]
    fn codes_run_from_the_lowest_to_the_highest() {
        let ramp = Sequential::new(PAPER, BLUE);
        assert_eq!(ramp.pixel(-128, -128, 127), PAPER.pixel());
        assert_eq!(ramp.pixel(127, -128, 127), BLUE.pixel());
        assert_eq!(ramp.pixel(900, -128, 127), BLUE.pixel());
        assert_eq!(ramp.pixel(5, 5, 5), PAPER.pixel());
    }

    #[test]
    fn a_few_outliers_do_not_set_the_scale() {
        let mut values = vec![-10; 99];
        values.push(1_000_000);
        assert_eq!(typical_magnitude(&values), 10);
        assert_eq!(typical_magnitude(&[]), 1);
        assert_eq!(typical_magnitude(&[0, 0]), 1);
        assert_eq!(typical_magnitude(&[i32::MIN]), 2_147_483_648);
    }
}
