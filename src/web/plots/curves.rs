//! Lines as SVG paths: for curves that stand still, where text lies beside them.

use super::scale::Span;
use std::fmt::Write;

/// The path through points, in a picture of `width` × `height` units whose axes are `x` and `y`; the highest value
/// is at the top. Points that are not finite are left out.
pub fn path(
    points: impl IntoIterator<Item = (f64, f64)>,
    (x, y): (Span, Span),
    (width, height): (f64, f64),
) -> String {
    let mut path = String::new();
    for (a, b) in points {
        if !a.is_finite() || !b.is_finite() {
            continue;
        }
        let command = if path.is_empty() { 'M' } else { 'L' };
        let (left, top) = (x.share(a) * width, (1.0 - y.share(b)) * height);
        // Writing to a string can't fail.
        let _ = write!(path, "{command}{left:.2} {top:.2}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_from_the_lower_left_to_the_upper_right() {
        let unit = Span { from: 0.0, to: 1.0 };
        let points = [(0.0, 0.0), (0.5, f64::NAN), (1.0, 1.0)];
        assert_eq!(path(points, (unit, unit), (10.0, 20.0)), "M0.00 20.00L10.00 0.00");
    }
}
