//! What follows from a neuron's provenance, step by step.

use crate::explore::{DendriteProvenance, Provenance};

/// U before the first step.
pub fn start_of(dendrite: &DendriteProvenance) -> i64 {
    dendrite.start
}

/// M_0.
pub fn m0(dendrite: &DendriteProvenance) -> f64 {
    dendrite.m0.0 as f64 / dendrite.m0.1 as f64
}

/// What the membrane would be at the end of its window if nothing more arrived. With doubling the digits that
/// have arrived still double, and the constant comes last.
pub fn membrane_so_far(dendrite: &DendriteProvenance, done: usize) -> f64 {
    let steps = dendrite.steps.len();
    if done >= steps {
        return dendrite.membrane as f64;
    }
    let now = match done.checked_sub(1) {
        None => dendrite.start,
        Some(last) => dendrite.steps[last].after,
    };
    if dendrite.doubling {
        now as f64 * 2f64.powi((steps - done) as i32) + dendrite.constant as f64
    } else {
        now as f64
    }
}

/// V as far as it has come after so many steps; what the engine says after the last one.
pub fn potential_so_far(told: &Provenance, done: usize) -> f64 {
    let steps = told.dendrites.iter().map(|d| d.steps.len()).max().unwrap_or(0);
    if done >= steps {
        return told.potential;
    }
    let parts = told.dendrites.iter().map(|d| d.m1 * membrane_so_far(d, done));
    parts.sum::<f64>() + told.constant + f64::from(told.zero_point)
}

/// V before the first step and after each.
pub fn potentials(told: &Provenance) -> Vec<f64> {
    let steps = told.dendrites.iter().map(|d| d.steps.len()).max().unwrap_or(0);
    (0..=steps).map(|done| potential_so_far(told, done)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Blackboard;
    use crate::spiking::Accumulation;

    #[test]
    fn the_potential_comes_step_by_step_to_what_the_engine_fires_at() {
        for accumulation in [Accumulation::Weighted, Accumulation::Shifting] {
            let board = Blackboard {
                accumulation,
                ..Blackboard::default()
            };
            let told = board.provenance();
            let all = potentials(&told);
            assert_eq!(all.len(), 5);
            // 5 · 3 − 3 · 2 + 4 = 13, half of it 6.5.
            assert_eq!(all[4], 6.5);
            // The sign bit of −3 is all that arrives first: −8 · 2 + 4.
            assert_eq!(all[1], -6.0, "{accumulation:?}");
            assert_eq!(all[0], 2.0, "nothing but the bias");
        }
    }

    #[test]
    fn m_0_is_a_ratio() {
        let board: Blackboard = "n8s_m2".parse().expect("a blackboard");
        assert_eq!(m0(&board.provenance().dendrites[0]), 0.25);
    }
}
