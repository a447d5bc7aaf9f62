//! Numbers as people read them: thin spaces between thousands, real minus signs, units.

/// U+202F, a thin space at which no line breaks.
pub const THIN: char = '\u{202f}';
/// U+2212, the minus sign, as wide as a plus.
pub const MINUS: char = '\u{2212}';

/// `1 902`, `−12 345`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 2 + 3);
    if number < 0 {
        text.push(MINUS);
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// `thousands` of a number of things, which may not fit an `i64`.
pub fn count(number: u64) -> String {
    thousands(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `1 neuron`, `3 136 neurons`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{}{THIN}{}", count(number), if number == 1 { one } else { many })
}

/// A sign always, but for zero: `+81`, `−4`, `0`.
pub fn signed(number: i64) -> String {
    let plus = if number > 0 { "+" } else { "" };
    format!("{plus}{}", thousands(number))
}

/// A share between 0 and 1 with one decimal: `97.2 %`. Only all of it is `100 %` and only nothing
/// is `0 %`: 999 999 of a million are `99.9 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return format!("–{THIN}%");
    }
    if share <= 0.0 || share >= 1.0 {
        return format!("{}{THIN}%", if share <= 0.0 { 0 } else { 100 });
    }
    let tenths = (share * 1000.0).round().clamp(1.0, 999.0);
    format!("{}{THIN}%", decimal(tenths / 10.0, 1))
}

/// A number with `places` decimals, thin spaces between the thousands of its whole part, and a real
/// minus sign; no sign on what rounds to zero.
pub fn decimal(number: f64, places: usize) -> String {
    if !number.is_finite() {
        return "–".to_owned();
    }
    let rounded = format!("{:.places$}", number.abs());
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let is_zero = rounded.chars().all(|c| c == '0' || c == '.');
    let mut text = String::new();
    if number < 0.0 && !is_zero {
        text.push(MINUS);
    }
    match whole.parse::<i64>() {
        Ok(whole) => text.push_str(&thousands(whole)),
        Err(_) => text.push_str(whole),
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A number with about `digits` significant digits, however small: `0.000 123` would be
/// `1.23 · 10⁻⁴`.
pub fn significant(number: f64, digits: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return decimal(number, 0);
    }
    let exponent = libm::log10(number.abs()).floor() as i32;
    if (-4..7).contains(&exponent) {
        let places = (digits as i32 - 1 - exponent).clamp(0, 9) as usize;
        return decimal(number, places);
    }
    let mantissa = number / 10f64.powi(exponent);
    format!(
        "{} · 10{}",
        decimal(mantissa, digits.saturating_sub(1)),
        superscript(exponent)
    )
}

/// `⁷`, `⁻⁴`: an integer as an exponent.
pub fn superscript(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    number
        .to_string()
        .chars()
        .map(|c| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted_by_thin_spaces() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_902), "1\u{202f}902");
        assert_eq!(
            thousands(-2_147_483_648),
            "\u{2212}2\u{202f}147\u{202f}483\u{202f}648"
        );
        assert_eq!(thousands(i64::MIN).chars().count(), 1 + 19 + 6);
        assert_eq!(counted(1, "spike", "spikes"), "1\u{202f}spike");
    }

    #[test]
    fn only_all_of_it_is_a_hundred_percent() {
        assert_eq!(percent(1.0), "100\u{202f}%");
        assert_eq!(percent(0.999_999), "99.9\u{202f}%");
        assert_eq!(percent(0.972), "97.2\u{202f}%");
        assert_eq!(percent(0.000_001), "0.1\u{202f}%");
        assert_eq!(percent(0.0), "0\u{202f}%");
        assert_eq!(percent(f64::NAN), "–\u{202f}%");
    }

    #[test]
    fn signs_are_typographic_and_absent_from_zero() {
        assert_eq!(signed(81), "+81");
        assert_eq!(signed(-4), "\u{2212}4");
        assert_eq!(signed(0), "0");
        assert_eq!(decimal(-0.04, 1), "0.0");
        assert_eq!(decimal(-12_345.678, 2), "\u{2212}12\u{202f}345.68");
    }

    #[test]
    fn small_and_large_numbers_keep_their_digits() {
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(significant(1.0, 3), "1.00");
        assert_eq!(significant(1.5e-9, 2), "1.5 · 10⁻⁹");
        assert_eq!(significant(0.0, 3), "0");
    }
}
