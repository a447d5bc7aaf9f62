//! Axes: spans of numbers and round ticks.

/// A span of numbers on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Left or lower end.
    pub from: f64,
    /// Right or upper end.
    pub to: f64,
}

impl Span {
    /// The smallest span around `values` and zero, with `margin` (a share of it) on both sides.
    pub fn around(values: impl IntoIterator<Item = f64>, margin: f64) -> Self {
        let (mut from, mut to) = (0.0_f64, 0.0_f64);
        for value in values.into_iter().filter(|v| v.is_finite()) {
            from = from.min(value);
            to = to.max(value);
        }
        if from == to {
            to = from + 1.0;
        }
        let room = (to - from) * margin;
        Self {
            from: from - room,
            to: to + room,
        }
    }

    /// Where `value` lies, from 0 (at `from`) to 1 (at `to`).
    pub fn share(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// Whether `value` lies within.
    pub fn contains(&self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// Round numbers in `span`, at most about `most` of them, and how many decimals they need.
pub fn ticks(span: Span, most: usize) -> (Vec<f64>, usize) {
    let rough = (span.to - span.from) / most.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return (Vec::new(), 0);
    }
    let exponent = rough.log10().floor();
    let power = 10f64.powf(exponent);
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|&s| s >= rough * 0.999)
        .unwrap_or(rough);
    let places = (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let first = (span.from / step - 1e-9).ceil() as i64;
    let last = (span.to / step + 1e-9).floor() as i64;
    ((first..=last).map(|i| i as f64 * step).collect(), places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_include_zero_where_it_lies_within() {
        assert_eq!(
            ticks(Span { from: -1.0, to: 1.0 }, 4),
            (vec![-1.0, -0.5, 0.0, 0.5, 1.0], 1)
        );
        assert_eq!(
            ticks(
                Span {
                    from: 0.0,
                    to: 23_000.0
                },
                3
            ),
            (vec![0.0, 10_000.0, 20_000.0], 0)
        );
        assert_eq!(ticks(Span { from: 0.0, to: 0.1 }, 2).1, 2);
        assert!(ticks(Span { from: 1.0, to: 1.0 }, 3).0.is_empty());
    }

    #[test]
    fn a_span_holds_zero_and_is_never_empty() {
        assert_eq!(Span::around([5.0, 10.0], 0.0), Span { from: 0.0, to: 10.0 });
        assert_eq!(Span::around([], 0.0), Span { from: 0.0, to: 1.0 });
        let span = Span::around([-10.0, 10.0], 0.1);
        assert_eq!((span.from, span.to), (-12.0, 12.0));
        assert_eq!(span.share(0.0), 0.5);
        assert!(span.contains(11.0) && !span.contains(13.0));
        assert!(Span::around([f64::NAN], 0.0).contains(0.5));
    }
}
