//! Numbers as people read them: what the engine's sentences have, and what only pictures need.

pub use crate::explore::numbers::{
    MINUS, THIN, count, counted, decimal, percent, signed, significant, superscript, thousands,
};

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
    fn extents_are_multiplied() {
        assert_eq!(shape(&[32, 7, 7]), "32 × 7 × 7");
    }
}
