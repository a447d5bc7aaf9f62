//! Numbers as people read them: what the engine's sentences have, and what only pictures need.

pub use crate::explore::numbers::{
    MINUS, THIN, count, counted, decimal, percent, signed, significant, superscript, thousands,
};

/// The weight of a bit of a K-bit code: `2³`, and `−2⁷` for the sign bit.
pub fn bit_weight(bit: u8, bits: u8, is_signed: bool) -> String {
    let sign = if is_signed && bit + 1 == bits {
        "\u{2212}"
    } else {
        ""
    };
    format!("{sign}2{}", superscript(i32::from(bit)))
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
    fn the_sign_bit_weighs_negative() {
        assert_eq!(bit_weight(7, 8, true), "\u{2212}2⁷");
        assert_eq!(bit_weight(7, 8, false), "2⁷");
        assert_eq!(bit_weight(10, 16, true), "2¹⁰");
        assert_eq!(shape(&[32, 7, 7]), "32 × 7 × 7");
    }
}
