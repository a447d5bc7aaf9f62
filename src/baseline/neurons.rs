//! The neurons: what fires, and what a spike stands for.

use super::{Rate, Reset};

/// A membrane this far below 0, in thresholds, takes a spike back (as in Fast-SNN's published code, which
/// leaves rounding errors alone).
const TAKE_BACK: f32 = 1e-3;

/// Rate-coded neurons of one population.
///
/// `fired` counts what each neuron has sent (only read by signed neurons); `currents` become spikes of
/// value θ, −θ or 0. Says how many spikes there were.
pub(super) fn integrate_and_fire(
    rate: Rate,
    threshold: f32,
    currents: &[f32],
    membranes: &mut [f32],
    fired: &mut [i32],
    spikes: &mut [f32],
) -> u64 {
    let mut count = 0;
    for (((current, membrane), fired), spike) in currents.iter().zip(membranes).zip(fired).zip(spikes) {
        *membrane += current;
        let mut sent = 0;
        if *membrane >= threshold {
            *membrane = match rate.reset {
                Reset::Soft => *membrane - threshold,
                Reset::Hard => 0.0,
            };
            sent = 1;
        } else if rate.signed && *membrane <= -TAKE_BACK * threshold && *fired > 0 {
            *membrane += threshold;
            sent = -1;
        }
        *fired += sent;
        count += u64::from(sent != 0);
        *spike = sent as f32 * threshold;
    }
    count
}

/// The weight of a spike in time step `step` of a phase code: 2^−(1+p).
pub(super) fn phase_weight(step: u32, period: u32) -> f32 {
    // Exact: a power of two.
    1.0 / (1u32 << (1 + step % period)) as f32
}

/// Phase-coded neurons of one population in a step of `weight`: the threshold is θ times the weight, and
/// so is the spike. Says how many spikes there were.
pub(super) fn weighted_fire(
    weight: f32,
    threshold: f32,
    currents: &[f32],
    membranes: &mut [f32],
    spikes: &mut [f32],
) -> u64 {
    let value = weight * threshold;
    let mut count = 0;
    for ((current, membrane), spike) in currents.iter().zip(membranes).zip(spikes) {
        *membrane += current;
        let fires = *membrane >= value;
        *spike = if fires { value } else { 0.0 };
        *membrane -= *spike;
        count += u64::from(fires);
    }
    count
}

/// What number the P digits of a phase-coded input stand for, as a multiple of 2^−P: rounded to the
/// nearest, within what P digits can say.
pub(super) fn digits(value: f32, full: f32, period: u32) -> i32 {
    let largest = ((1u32 << period) - 1) as i32;
    if full <= 0.0 {
        return 0;
    }
    let digits = libm::rintf(value / full * largest as f32) as i32;
    digits.clamp(-largest, largest)
}

/// The time step of a window in which a neuron spikes whose membrane ends at `value`: the first one in
/// which the falling threshold θ (T − s − ½) / T is reached; `None` if none is.
pub(super) fn spike_time(value: f32, threshold: f32, window: u32) -> Option<u32> {
    if threshold <= 0.0 || value <= 0.0 {
        return None;
    }
    let level = libm::floorf(value / threshold * window as f32 + 0.5);
    let level = (level as u32).min(window);
    (level > 0).then(|| window - level)
}

/// What a spike at that time stands for: θ (T − s) / T.
pub(super) fn spike_value(time: u32, threshold: f32, window: u32) -> f32 {
    threshold * ((window - time) as f32 / window as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Steps in which a neuron of threshold 1 fires under these currents, with the sign of each spike.
    fn fire(rate: Rate, currents: &[f32]) -> Vec<i32> {
        let mut membrane = [if rate.half_start { 0.5 } else { 0.0 }];
        let (mut fired, mut spike) = ([0], [0.0]);
        let mut sent = Vec::new();
        for &current in currents {
            let count = integrate_and_fire(rate, 1.0, &[current], &mut membrane, &mut fired, &mut spike);
            assert_eq!(count, u64::from(spike[0] != 0.0));
            sent.push(spike[0] as i32);
        }
        sent
    }

    #[test]
    fn a_constant_current_fires_whenever_its_sum_passes_the_threshold() {
        let sent = fire(Rate::default(), &[0.375; 8]);
        assert_eq!(sent, [0, 0, 1, 0, 0, 1, 0, 1]);
        assert_eq!(
            fire(Rate::default(), &[1.5; 3]),
            [1, 1, 1],
            "one spike per step at most"
        );
        assert_eq!(fire(Rate::default(), &[-1.0; 3]), [0, 0, 0]);
    }

    #[test]
    fn a_hard_reset_loses_what_lies_above_the_threshold() {
        let hard = Rate {
            reset: Reset::Hard,
            ..Rate::default()
        };
        assert_eq!(fire(hard, &[0.375; 8]), [0, 0, 1, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_signed_neuron_takes_back_what_it_sent_too_early_but_no_more() {
        let currents = [1.0, 1.0, -1.0, -1.0, -1.0, -1.0];
        assert_eq!(fire(Rate::FAST, &currents), [1, 1, -1, -1, 0, 0]);
        let unsigned = Rate {
            signed: false,
            ..Rate::FAST
        };
        assert_eq!(fire(unsigned, &currents), [1, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_phase_code_sends_the_digits_of_a_fraction_in_one_period() {
        // 0.8125 = 1/2 + 1/4 + 1/16.
        let (mut membrane, mut spike) = ([0.0], [0.0]);
        let sent: Vec<f32> = (0..4)
            .map(|step| {
                let current = if step == 0 { 0.8125 } else { 0.0 };
                weighted_fire(phase_weight(step, 4), 1.0, &[current], &mut membrane, &mut spike);
                spike[0]
            })
            .collect();
        assert_eq!(sent, [0.5, 0.25, 0.0, 0.0625]);
    }

    #[test]
    fn the_largest_input_has_all_digits_set_and_silence_none() {
        assert_eq!(digits(1.0, 1.0, 8), 255);
        assert_eq!(digits(-3.0, 1.0, 8), -255);
        assert_eq!(digits(128.0 / 255.0, 1.0, 8), 128);
        assert_eq!(digits(0.0, 1.0, 8), 0);
        assert_eq!(digits(1.0, 0.0, 8), 0);
    }

    #[test]
    fn the_largest_number_spikes_first_and_nothing_spikes_never() {
        assert_eq!(spike_time(1.0, 1.0, 16), Some(0));
        assert_eq!(spike_time(9.0, 1.0, 16), Some(0));
        assert_eq!(spike_time(1.0 / 16.0, 1.0, 16), Some(15));
        assert_eq!(spike_time(0.02, 1.0, 16), None);
        assert_eq!(spike_time(-1.0, 1.0, 16), None);
    }

    proptest! {
        // Multiples of 1/4096, whose sums 32 bits hold exactly.
        #[test]
        fn a_rate_is_below_what_it_stands_for_by_less_than_one_spike(a in 0u32..=4096, steps in 1u32..=256) {
            let a = a as f32 / 4096.0;
            let count = |rate| fire(rate, &vec![a; steps as usize]).iter().sum::<i32>() as f32;
            let error = a * steps as f32 - count(Rate::default());
            prop_assert!((0.0..1.0).contains(&error), "{error}");
            let half = Rate { half_start: true, ..Rate::default() };
            let error = a * steps as f32 - count(half);
            prop_assert!((-0.5..=0.5).contains(&error), "started at θ/2: {error}");
        }

        #[test]
        fn a_phase_code_is_exact_for_multiples_of_its_last_phase(period in 1u32..=12, seed in any::<u32>()) {
            let whole = 1u32 << period;
            let value = (seed % whole) as f32 / whole as f32;
            let (mut membrane, mut spike) = ([0.0], [0.0]);
            let mut sum = 0.0;
            for step in 0..period {
                let current = if step == 0 { value } else { 0.0 };
                weighted_fire(phase_weight(step, period), 1.0, &[current], &mut membrane, &mut spike);
                sum += spike[0];
            }
            prop_assert_eq!(sum, value);
            prop_assert_eq!(membrane[0], 0.0);
        }

        #[test]
        fn larger_numbers_spike_no_later_and_each_spike_is_within_half_a_step(
            a in 0.0f32..=1.0, b in 0.0f32..=1.0, window in 1u32..=256,
        ) {
            let time = |value| spike_time(value, 1.0, window).unwrap_or(window);
            if a >= b {
                prop_assert!(time(a) <= time(b));
            }
            let error = spike_value(time(a), 1.0, window) - a;
            prop_assert!(error.abs() <= 0.5 / window as f32 + 1e-6, "{error}");
        }
    }
}
