//! What the charts, the sentences and the table say of a comparison.

use super::chart::{Axis, Dot, Series};
use super::mark::name;
use crate::explore::{CodeCurve, CodeName, Comparison, Point};
use crate::web::format;
use crate::web::plots::{Span, ticks};
use crate::web::state::CodesLook;
use rust_i18n::t;

/// How answers are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// The share of samples with their label.
    Accuracy,
    /// The share of samples with the trained network's class, where there are no labels.
    AsTrained,
    /// The root mean square distance from the trained network's answers, where there are no classes.
    Distance,
}

impl Judged {
    /// How a comparison can be judged.
    pub fn of(comparison: &Comparison, has_classes: bool) -> Self {
        match (has_classes, comparison.labelled) {
            (false, _) => Self::Distance,
            (true, 0) => Self::AsTrained,
            (true, _) => Self::Accuracy,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::AsTrained => "as-trained",
            Self::Distance => "distance",
        }
    }

    /// On an axis.
    pub fn title(self) -> String {
        t!(format!("codes.judged.{}", self.key())).into_owned()
    }

    /// A point's number.
    pub fn value(self, comparison: &Comparison, point: &Point) -> f64 {
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        match self {
            Self::Accuracy => share(point.correct, comparison.labelled),
            Self::AsTrained => share(point.equal, comparison.samples),
            Self::Distance => (point.squared_error / comparison.samples.max(1) as f64).sqrt(),
        }
    }

    /// The same of the network of integers, or of the trained network where there is none.
    pub fn level(self, comparison: &Comparison) -> Option<(f64, String)> {
        if self != Self::Accuracy {
            return None;
        }
        let share = |correct: usize| correct as f64 / comparison.labelled.max(1) as f64;
        let integers = comparison
            .codes
            .iter()
            .filter(|_| comparison.is_quantized)
            .find_map(|curve| curve.points.last()?.integers.as_ref());
        let (value, key) = match integers {
            Some(integers) => (share(integers.correct), "codes.level.integers"),
            None => (share(comparison.trained_correct), "codes.level.trained"),
        };
        Some((value, t!(key, value = self.text(value)).into_owned()))
    }

    /// A number in words.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Distance => format::significant(value, 3),
            _ => percent(value),
        }
    }
}

/// A share with one decimal: `98.5 %`.
pub fn percent(share: f64) -> String {
    format!("{}{}%", format::decimal(100.0 * share, 1), format::THIN)
}

/// A mean over samples, rounded as `sdann compare` does.
pub fn per_sample(comparison: &Comparison, count: u64) -> u64 {
    let samples = comparison.samples as u64;
    (count + samples / 2) / samples.max(1)
}

/// The curves and points that are chosen.
pub fn chosen<'a>(comparison: &'a Comparison, look: &CodesLook) -> Vec<(&'a CodeCurve, Vec<&'a Point>)> {
    let steps = look.steps;
    let is_shown = move |code: CodeName, point: &Point| code == CodeName::BitSerial || point.steps <= steps;
    comparison
        .codes
        .iter()
        .filter(|curve| look.codes.contains(&curve.code))
        .map(|curve| {
            let points = curve.points.iter();
            (
                curve,
                points.filter(|point| is_shown(curve.code, point)).collect(),
            )
        })
        .collect()
}

/// What a horizontal axis shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// Time steps until the answer.
    Steps,
    /// Spikes per sample.
    Spikes,
}

impl Across {
    fn value(self, comparison: &Comparison, point: &Point) -> f64 {
        match self {
            Self::Steps => point.latency as f64,
            Self::Spikes => point.spikes() as f64 / comparison.samples.max(1) as f64,
        }
    }

    /// The axis around all that lies above the lower end of the other axis.
    pub fn axis(self, series: &[Series], upright: &Axis) -> Axis {
        let is_shown = |dot: &&Dot| dot.y >= upright.span.from;
        let values = || {
            let dots = series.iter().flat_map(|series| &series.dots);
            dots.filter(is_shown).map(|dot| dot.x)
        };
        let low = values().fold(f64::INFINITY, f64::min).clamp(1.0, 1e15);
        let high = values().fold(1.0, f64::max).max(2.0 * low);
        let (base, key) = match self {
            Self::Steps => (2.0, "codes.axis.steps"),
            Self::Spikes => (10.0f64, "codes.axis.spikes"),
        };
        let tick = |value: f64| match self {
            Self::Steps => (value, format::thousands(value as i64)),
            Self::Spikes => (value, format::short(value as u64)),
        };
        let powers = (0..16).map(|power| base.powi(power));
        let marks: Vec<f64> = match self {
            Self::Steps => powers.collect(),
            // Within few decades 2 and 5 are marked too.
            Self::Spikes if high / low < 3e3 => powers
                .flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * power))
                .collect(),
            Self::Spikes => powers.collect(),
        };
        // A little air, so that no mark is cut.
        let air = (high / low).powf(0.03);
        let span = Span {
            from: low / air,
            to: high * air,
        };
        Axis {
            title: t!(key).into_owned().into(),
            ticks: marks
                .into_iter()
                .filter(|mark| span.contains(*mark))
                .map(tick)
                .collect(),
            span,
            is_log: true,
        }
    }
}

/// The curves of a chart.
pub fn series(comparison: &Comparison, look: &CodesLook, judged: Judged, across: Across) -> Vec<Series> {
    chosen(comparison, look)
        .into_iter()
        .map(|(curve, points)| {
            let dots = points
                .into_iter()
                .filter(|point| across == Across::Steps || point.spikes() > 0);
            Series {
                code: curve.code,
                dots: dots
                    .map(|point| {
                        let y = judged.value(comparison, point);
                        let text = t!(
                            "codes.dot",
                            code = name(curve.code),
                            steps = point.steps,
                            latency = point.latency,
                            spikes = format::count(per_sample(comparison, point.spikes())),
                            value = judged.text(y)
                        );
                        Dot {
                            x: across.value(comparison, point),
                            y,
                            text: text.into_owned(),
                        }
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The vertical axis.
pub fn upright(series: &[Series], judged: Judged, level: Option<f64>, is_whole: bool) -> Axis {
    let values = || {
        series
            .iter()
            .flat_map(|series| series.dots.iter().map(|dot| dot.y))
            .chain(level)
    };
    let title = judged.title().into();
    if judged == Judged::Distance {
        let positive = || values().filter(|value| *value > 0.0);
        let high = positive().fold(1e-9, f64::max) * 1.3;
        let low = positive().fold(high, f64::min) / 1.3;
        let powers = (-9..9).flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * 10f64.powi(power)));
        let span = Span {
            from: low.min(high / 10.0),
            to: high,
        };
        return Axis {
            title,
            ticks: powers
                .filter(|value| span.contains(*value))
                .map(|value| (value, format::significant(value, 1)))
                .collect(),
            span,
            is_log: true,
        };
    }
    let best = values().fold(0.0, f64::max);
    let from = if is_whole {
        0.0
    } else {
        ((best - 0.1) * 20.0).floor().max(0.0) / 20.0
    };
    let span = Span {
        from,
        to: (best + 0.02).min(1.0).max(from + 0.1),
    };
    let (marks, places) = ticks(span, 6);
    let places = places.saturating_sub(2);
    Axis {
        title,
        ticks: marks
            .into_iter()
            .map(|value| {
                let number = format::decimal(100.0 * value, places);
                (value, format!("{number}{}%", format::THIN))
            })
            .collect(),
        // Room for marks at 100 %.
        span: Span {
            to: span.to + 0.03 * (span.to - span.from),
            ..span
        },
        is_log: false,
    }
}

/// What is seen, in a few sentences.
pub fn sentences(comparison: &Comparison, look: &CodesLook, judged: Judged) -> Vec<String> {
    let all = chosen(comparison, look);
    let spikes = |point: &Point| format::count(per_sample(comparison, point.spikes()));
    let count = |number: usize| format::count(number as u64);
    let value = |point: &Point| judged.value(comparison, point);
    let mut said = Vec::new();
    let own = all.iter().find(|(curve, _)| curve.code == CodeName::BitSerial);
    let own = own.and_then(|(_, points)| points.last().copied());
    if let (Some(point), Some(integers)) = (own, own.and_then(|point| point.integers.as_ref())) {
        let key = if integers.equal == comparison.samples {
            "codes.said.exact"
        } else {
            "codes.said.inexact"
        };
        said.push(
            t!(
                key,
                equal = count(integers.equal),
                samples = count(comparison.samples),
                latency = point.latency,
                spikes = spikes(point),
                value = judged.text(value(point)),
                what = judged.title()
            )
            .into_owned(),
        );
    }
    let others = || {
        let others = all.iter().filter(|(curve, _)| curve.code != CodeName::BitSerial);
        others.flat_map(|(curve, points)| points.iter().map(move |point| (curve.code, *point)))
    };
    if judged == Judged::Distance {
        let nearest = others().min_by(|a, b| value(a.1).total_cmp(&value(b.1)));
        if let Some((code, point)) = nearest {
            said.push(
                t!(
                    "codes.said.nearest",
                    code = name(code),
                    steps = point.steps,
                    spikes = spikes(point),
                    value = judged.text(value(point))
                )
                .into_owned(),
            );
        }
        return said;
    }
    // The cheapest of the others that are as good, but for half a point.
    let bar = own.map(|point| value(point) - 0.005);
    let good = others().filter(|(_, point)| bar.is_some_and(|bar| value(point) >= bar));
    let cheapest = good.min_by_key(|(_, point)| point.spikes());
    match (own, cheapest) {
        (Some(own), Some((code, point))) => {
            let key = if point.spikes() < own.spikes() {
                "codes.said.cheaper"
            } else {
                "codes.said.dearer"
            };
            said.push(
                t!(
                    key,
                    code = name(code),
                    steps = point.steps,
                    latency = point.latency,
                    spikes = spikes(point),
                    own = spikes(own),
                    equal = percent(point.equal as f64 / comparison.samples.max(1) as f64)
                )
                .into_owned(),
            );
        }
        (Some(_), None) if others().next().is_some() => said.push(t!("codes.said.none").into_owned()),
        _ => {}
    }
    if judged == Judged::Accuracy && comparison.labelled > 0 {
        let share = comparison.trained_correct as f64 / comparison.labelled as f64;
        let error = (share * (1.0 - share) / comparison.labelled as f64).sqrt();
        said.push(
            t!(
                "codes.said.error",
                samples = count(comparison.labelled),
                error = format::decimal(100.0 * error, 1)
            )
            .into_owned(),
        );
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Integers;

    /// Two codes on 100 samples; `correct` of the rate code, and its spikes.
    fn comparison(correct: usize, spikes: u64) -> Comparison {
        let point = |steps, latency, correct, spikes| Point {
            steps,
            latency,
            correct,
            equal: correct,
            layer_spikes: vec![spikes],
            ..Point::default()
        };
        let curve = |code, points| CodeCurve {
            code,
            layers: vec!["one".into()],
            points,
        };
        let integers = Some(Integers {
            equal: 100,
            correct: 98,
        });
        let own = Point {
            integers,
            ..point(8, 32, 98, 5000)
        };
        Comparison {
            model: "model".into(),
            is_quantized: true,
            samples: 100,
            labelled: 100,
            trained_correct: 99,
            trained_multiply_accumulates: 1,
            codes: vec![
                curve(CodeName::BitSerial, vec![own]),
                curve(
                    CodeName::Rate,
                    vec![point(8, 8, 50, 100), point(64, 64, correct, spikes)],
                ),
            ],
        }
    }

    fn said(comparison: &Comparison) -> String {
        let look = CodesLook {
            steps: 64,
            ..CodesLook::default()
        };
        rust_i18n::set_locale("en");
        sentences(comparison, &look, Judged::Accuracy).join(" ")
    }

    #[test]
    fn a_code_that_is_as_good_with_fewer_spikes_is_told_of() {
        let text = said(&comparison(98, 3000));
        assert!(text.contains("all 100 samples"), "{text}");
        assert!(
            text.contains("fewer spikes") && text.contains("30 instead of 50"),
            "{text}"
        );
    }

    #[test]
    fn a_code_that_needs_more_spikes_is_no_better_and_one_that_is_never_as_good_is_none() {
        let text = said(&comparison(98, 9000));
        assert!(
            text.contains("90 against 50") && text.contains("No other code"),
            "{text}"
        );
        let text = said(&comparison(97, 900));
        assert!(text.contains("No other code"), "{text}");
    }

    #[test]
    fn a_narrow_register_is_not_called_exact() {
        let mut narrow = comparison(98, 3000);
        narrow.codes[0].points[0].integers = Some(Integers {
            equal: 7,
            correct: 98,
        });
        let text = said(&narrow);
        assert!(text.contains("only 7 of 100"), "{text}");
    }

    #[test]
    fn points_beyond_the_chosen_time_are_left_out_but_the_bit_serial_one_never_is() {
        let comparison = comparison(98, 3000);
        let look = CodesLook {
            steps: 16,
            ..CodesLook::default()
        };
        let series = series(&comparison, &look, Judged::Accuracy, Across::Steps);
        let ends: Vec<Vec<f64>> = series
            .iter()
            .map(|s| s.dots.iter().map(|dot| dot.x).collect())
            .collect();
        assert_eq!(ends, [vec![32.0], vec![8.0]]);
        let axis = upright(&series, Judged::Accuracy, None, false);
        assert!((axis.span.from - 0.85).abs() < 1e-9, "{axis:?}");
        // The rate's point lies below that, so that only the bit-serial one needs room.
        let across = Across::Steps.axis(&series, &axis);
        assert!(
            across.span.contains(32.0) && !across.span.contains(8.0),
            "{across:?}"
        );
        assert_eq!(upright(&series, Judged::Accuracy, None, true).span.from, 0.0);
    }
}
