//! Numbers as people read them: what the engine's sentences have, and what only pictures need.

use rust_i18n::t;

pub use crate::explore::numbers::{
    MINUS, THIN, count, counted, decimal, percent, signed, significant, superscript, thousands,
};

/// `1 neuron`, `3 136 neurons`: a number of what `locales/counts.yml` knows as `thing`.
pub fn count_of(number: u64, thing: &str) -> String {
    let form = if number == 1 { "one" } else { "many" };
    t!(format!("count.{thing}.{form}"), number = count(number)).into_owned()
}

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

/// A quantity with a unit and the prefix that makes its number readable: `12.3 µJ`, `480 ns`.
pub fn quantity(number: f64, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 9] = [
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
        (1e-9, "n"),
        (1e-12, "p"),
        (1e-15, "f"),
    ];
    if number == 0.0 || !number.is_finite() {
        return format!("{}{THIN}{unit}", decimal(number, 0));
    }
    // What rounds up to a thousand has the next prefix.
    let fits = |&(factor, _): &(f64, &str)| number.abs() >= factor * 0.9995;
    let (factor, prefix) = PREFIXES.into_iter().find(fits).unwrap_or(PREFIXES[8]);
    let number = number / factor;
    let places = match number.abs() {
        n if n < 0.9 => return format!("{}{THIN}{prefix}{unit}", significant(number, 3)),
        n if n < 9.995 => 2,
        n if n < 99.95 => 1,
        _ => 0,
    };
    format!("{}{THIN}{prefix}{unit}", decimal(number, places))
}

/// The same of a range: `1.2–3.4 µJ`, with both prefixes where they differ.
pub fn span(low: f64, high: f64, unit: &str) -> String {
    let (low, high) = (quantity(low, unit), quantity(high, unit));
    if low == high {
        return high;
    }
    let shared = low.rsplit_once(THIN).zip(high.rsplit_once(THIN));
    match shared {
        Some(((number, a), (_, b))) if a == b => format!("{number}–{high}"),
        _ => format!("{low} – {high}"),
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
    fn quantities_have_the_prefix_that_makes_them_readable() {
        let plain = |text: String| text.replace(THIN, " ");
        assert_eq!(plain(quantity(1.234e-5, "J")), "12.3 µJ");
        assert_eq!(plain(quantity(0.999_96e-6, "J")), "1.00 µJ");
        assert_eq!(plain(quantity(480e-9, "s")), "480 ns");
        assert_eq!(plain(quantity(0.0, "J")), "0 J");
        assert_eq!(plain(span(1.2e-6, 3.4e-6, "J")), "1.20–3.40 µJ");
        assert_eq!(plain(span(9e-7, 3.4e-6, "J")), "900 nJ – 3.40 µJ");
        assert_eq!(plain(span(2.0, 2.0, "s")), "2.00 s");
    }

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
