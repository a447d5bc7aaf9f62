//! Curves of codes over logarithmic axes, each with a label of its own.

use super::mark::{hue, mark_at, name};
use crate::explore::CodeName;
use crate::web::plots::{Span, use_width};
use yew::prelude::*;

/// CSS pixels around the axes.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 42.0;
const HEIGHT: f64 = 320.0;

/// A line of text.
const LINE: f64 = 15.0;

/// A place on a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// On the horizontal axis.
    pub x: f64,
    /// On the vertical axis.
    pub y: f64,
    /// What it stands for.
    pub text: String,
}

/// A code's curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The code.
    pub code: CodeName,
    /// From left to right.
    pub dots: Vec<Dot>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures.
    pub title: AttrValue,
    /// Its ends, both above 0 where it is logarithmic.
    pub span: Span,
    /// Whether it is logarithmic.
    pub is_log: bool,
    /// Numbers on it.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    fn share(&self, value: f64) -> f64 {
        if !self.is_log {
            return self.span.share(value);
        }
        let log = |value: f64| value.max(1e-12).log2();
        let span = Span {
            from: log(self.span.from),
            to: log(self.span.to),
        };
        span.share(log(value))
    }
}

/// What is drawn.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// A name that no other chart of the page has.
    pub id: &'static str,
    /// The picture in words.
    pub label: AttrValue,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves.
    pub series: Vec<Series>,
    /// A line over the whole width, with its name.
    pub level: Option<(f64, AttrValue)>,
}

/// Axes, a level, curves and their names.
#[component]
pub fn Chart(props: &Props) -> Html {
    let place = use_node_ref();
    let width = f64::from(use_width(&place, 520)).max(240.0);
    let (across, up) = (width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let at = |x: f64, y: f64| {
        (
            LEFT + props.x.share(x) * across,
            TOP + (1.0 - props.y.share(y)) * up,
        )
    };
    let bottom = TOP + up;
    let clip = format!("{}-clip", props.id);
    let tick_x = |(value, text): &(f64, String)| {
        let x = at(*value, props.y.span.from).0;
        html! {
            <>
                <path class="chart-grid" d={format!("M{x:.1} {TOP}V{bottom:.1}")} />
                <text class="chart-tick" x={format!("{x:.1}")} y={format!("{:.1}", bottom + 16.0)} text-anchor="middle">{ text.clone() }</text>
            </>
        }
    };
    let tick_y = |(value, text): &(f64, String)| {
        let y = at(props.x.span.from, *value).1;
        html! {
            <>
                <path class="chart-grid" d={format!("M{LEFT} {y:.1}H{:.1}", width - RIGHT)} />
                <text class="chart-tick" x={format!("{:.1}", LEFT - 7.0)} y={format!("{:.1}", y + 4.0)} text-anchor="end">{ text.clone() }</text>
            </>
        }
    };
    let places: Vec<Vec<(f64, f64)>> = props
        .series
        .iter()
        .map(|series| series.dots.iter().map(|dot| at(dot.x, dot.y)).collect())
        .collect();
    let is_inside = |&(x, y): &(f64, f64)| {
        (LEFT - 1.0..=width - RIGHT + 1.0).contains(&x) && (TOP - 1.0..=bottom + 1.0).contains(&y)
    };
    let curve = |(series, places): (&Series, &Vec<(f64, f64)>)| {
        let corners: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let dots = series
            .dots
            .iter()
            .zip(places)
            .filter(|(_, place)| is_inside(place));
        html! {
            <g class="chart-series" data-code={series.code.word()} style={format!("--hue:{}", hue(series.code))}>
                if !corners.is_empty() { <path class="chart-line" clip-path={format!("url(#{clip})")} d={format!("M{}", corners.join("L"))} /> }
                { for dots.map(|(dot, &(x, y))| mark_at(series.code, x, y, Some(&dot.text))) }
            </g>
        }
    };
    let names: Vec<(usize, (f64, f64), String)> = props
        .series
        .iter()
        .zip(&places)
        .enumerate()
        .filter_map(|(index, (series, places))| {
            let last = places.iter().rev().find(|place| is_inside(place))?;
            Some((index, *last, name(series.code)))
        })
        .collect();
    let marks: Vec<(f64, f64)> = places.iter().flatten().copied().filter(is_inside).collect();
    let level = props.level.as_ref().map(|(value, text)| {
        let y = at(props.x.span.from, *value).1;
        let spot = Spot {
            x: LEFT + 6.0,
            y: if y < TOP + 16.0 { y + 14.0 } else { y - 5.0 },
            width: text_width(text),
        };
        (y, spot, text.clone())
    });
    let taken: Vec<Spot> = level.iter().map(|(_, spot, _)| *spot).collect();
    let labels = place_labels(&names, &taken, &marks, (LEFT, width - RIGHT), (TOP, bottom));
    let label = |((index, (x, y), text), spot): (&(usize, (f64, f64), String), &Spot)| {
        let far = (spot.y - LINE / 2.0 - y).abs() > 1.2 * LINE;
        let near = if spot.x > *x {
            spot.x - 2.0
        } else {
            spot.x + spot.width + 2.0
        };
        html! {
            <g class="chart-name" style={format!("--hue:{}", hue(props.series[*index].code))}>
                if far { <path d={format!("M{x:.1} {y:.1}L{near:.1} {:.1}", spot.y - 4.0)} /> }
                <text x={format!("{:.1}", spot.x)} y={format!("{:.1}", spot.y)}>{ text.clone() }</text>
            </g>
        }
    };
    let level = level.map(|(y, spot, text)| {
        html! {
            <g class="chart-level">
                <path d={format!("M{LEFT} {y:.1}H{:.1}", width - RIGHT)} />
                <text x={format!("{:.1}", spot.x)} y={format!("{:.1}", spot.y)}>{ text }</text>
            </g>
        }
    });
    html! {
        <div class="chart" ref={place}>
            <svg width={format!("{width:.0}")} height={format!("{HEIGHT}")} role="img" aria-label={props.label.clone()}>
                <clipPath id={clip.clone()}>
                    <rect x={format!("{LEFT}")} y={format!("{}", TOP - 2.0)} width={format!("{:.1}", across.max(0.0))} height={format!("{:.1}", up + 4.0)} />
                </clipPath>
                { for props.x.ticks.iter().map(tick_x) }
                { for props.y.ticks.iter().map(tick_y) }
                <path class="chart-axis" d={format!("M{LEFT} {TOP}V{bottom:.1}H{:.1}", width - RIGHT)} />
                <text class="chart-title" x={format!("{:.1}", LEFT + across / 2.0)} y={format!("{:.1}", HEIGHT - 6.0)} text-anchor="middle">{ &props.x.title }</text>
                { level }
                // The first one lies on top.
                { for props.series.iter().zip(&places).rev().map(curve) }
                { for names.iter().zip(&labels).map(label) }
            </svg>
        </div>
    }
}

/// Where a name stands: the left end of its base line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spot {
    x: f64,
    y: f64,
    width: f64,
}

impl Spot {
    fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x + other.width + 4.0
            && other.x < self.x + self.width + 4.0
            && (self.y - other.y).abs() < LINE
    }

    fn hides(&self, &(x, y): &(f64, f64)) -> bool {
        let across = self.x - 5.0..self.x + self.width + 5.0;
        across.contains(&x) && (self.y - LINE - 1.0..self.y + 6.0).contains(&y)
    }
}

/// About how wide a text is.
fn text_width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 6.6 } else { 12.5 }).sum()
}

/// Names close to the ends of their curves: beside, above or below, further away where others stand already.
fn place_labels(
    names: &[(usize, (f64, f64), String)],
    taken: &[Spot],
    marks: &[(f64, f64)],
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
) -> Vec<Spot> {
    let mut placed: Vec<Spot> = Vec::new();
    for (_, (x, y), text) in names {
        let width = text_width(text);
        let mut best = Spot {
            x: (x + 9.0).min(right - width),
            y: y + 4.0,
            width,
        };
        let distances = (0..14).flat_map(|n| {
            let down = 4.0 + f64::from(n) * 9.0;
            [down, 8.0 - down]
        });
        let sides = distances.flat_map(|dy| [(9.0, dy), (-9.0 - width, dy), (-width / 2.0, dy)]);
        let mut least = usize::MAX;
        for (dx, dy) in sides {
            let spot = Spot {
                x: x + dx,
                y: y + dy,
                width,
            };
            let is_inside =
                spot.x >= left && spot.x + width <= right && spot.y > top + 8.0 && spot.y < bottom - 3.0;
            if !is_inside || placed.iter().chain(taken).any(|other| spot.overlaps(other)) {
                continue;
            }
            let hidden = marks.iter().filter(|mark| spot.hides(mark)).count();
            if hidden < least {
                (least, best) = (hidden, spot);
            }
            if hidden == 0 {
                break;
            }
        }
        placed.push(best);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_gives_each_doubling_the_same_room() {
        let axis = Axis {
            title: "steps".into(),
            span: Span { from: 1.0, to: 16.0 },
            is_log: true,
            ticks: Vec::new(),
        };
        assert_eq!(
            [1.0, 2.0, 4.0, 16.0].map(|x| axis.share(x)),
            [0.0, 0.25, 0.5, 1.0]
        );
    }

    #[test]
    fn names_of_curves_that_end_together_stand_apart_and_inside() {
        let end = (300.0, 40.0);
        let names: Vec<_> = ["bit-serial", "rate", "phase", "first spike"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| (index, end, name.to_owned()))
            .collect();
        let spots = place_labels(&names, &[], &[end], (50.0, 310.0), (10.0, 250.0));
        for (index, spot) in spots.iter().enumerate() {
            assert!(
                spot.x >= 50.0 && spot.x + spot.width <= 310.0 && spot.y > 10.0,
                "{spot:?}"
            );
            assert!(!spot.hides(&end), "{spot:?}");
            assert!(
                spots[..index].iter().all(|other| !spot.overlaps(other)),
                "{spots:?}"
            );
        }
    }
}
