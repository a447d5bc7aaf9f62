//! Numbers as people read them: what the engine's sentences have, and what only pictures need.

pub use crate::explore::numbers::{
    MINUS, THIN, count, counted, decimal, percent, signed, significant, superscript, thousands,
};

/// A count in at most four characters, for cells of a table: `999`, `1.2k`, `35k`, `1.2M`.
pub fn short(count: u64) -> String {
    const UNITS: [(u64, char); 4] = [
        (1_000_000_000_000, 'T'),
        (1_000_000_000, 'G'),
        (1_000_000, 'M'),
        (1_000, 'k'),
    ];
    // What rounds up to the next unit belongs there.
    let unit = UNITS.iter().find(|(unit, _)| count + unit / 2_000 >= *unit);
    match unit {
        None => count.to_string(),
        Some((unit, letter)) => {
            let number = count as f64 / *unit as f64;
            let places = usize::from(number < 9.95);
            format!("{}{letter}", decimal(number, places))
        }
    }
}

/// `16 × 14 × 14`.
pub fn shape(extents: &[usize]) -> String {
    extents
        .iter()
        .map(|&e| thousands(e as i64))
        .collect::<Vec<_>>()
        .join(" × ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_counts_keep_what_matters() {
        let all = [
            0,
            999,
            1_000,
            1_249,
            9_960,
            34_600,
            999_700,
            1_250_000,
            3_000_000_000,
        ];
        let short: Vec<String> = all.map(super::short).to_vec();
        assert_eq!(
            short,
            ["0", "999", "1.0k", "1.2k", "10k", "35k", "1.0M", "1.2M", "3.0G"]
        );
    }

    #[test]
    fn extents_are_multiplied() {
        assert_eq!(shape(&[32, 7, 7]), "32 × 7 × 7");
    }
}
