//! Two histograms laid over each other, by plotters.

use super::canvas::Frame;
use super::scale::Span;
use crate::web::palette::Rgb;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub from: f64,
    /// Width of a bin.
    pub bin: f64,
    /// Counts and colour of each histogram, the hindmost first.
    pub series: Vec<(Vec<u64>, Rgb)>,
    /// The part of the axis that is shown.
    pub span: Span,
    /// Colour of the line at zero.
    pub hairline: Rgb,
    /// The count at the top, if it is not the highest.
    pub top: Option<u64>,
}

impl Histogram {
    /// The highest count.
    pub fn highest(&self) -> u64 {
        self.series
            .iter()
            .flat_map(|(counts, _)| counts.iter().copied())
            .max()
            .unwrap_or(0)
    }
}

/// The part of the axis where the bins are that hold all but `left_out` (a share) of the counts,
/// around zero and not narrower than `least`.
pub fn busy_span(from: f64, bin: f64, series: &[&[u64]], left_out: f64, least: f64) -> Span {
    let mut reach = least / 2.0;
    for counts in series {
        let total: u64 = counts.iter().sum();
        let mut within = 0;
        let mut bins: Vec<(f64, u64)> = counts
            .iter()
            .enumerate()
            .map(|(i, &count)| {
                let left = from + i as f64 * bin;
                (left.abs().max((left + bin).abs()), count)
            })
            .collect();
        bins.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (distance, count) in bins {
            if within as f64 >= total as f64 * (1.0 - left_out) {
                break;
            }
            within += count;
            if count > 0 {
                reach = reach.max(distance);
            }
        }
    }
    Span {
        from: -reach,
        to: reach,
    }
}

/// Draws `histogram` over the whole frame, on nothing.
///
/// # Errors
/// Whatever the canvas refuses.
pub fn draw_histogram(frame: Frame, histogram: &Histogram) -> Result<(), Box<dyn std::error::Error>> {
    let pixel = frame.ratio;
    let Some(backend) = CanvasBackend::with_canvas_object(frame.canvas) else {
        return Ok(());
    };
    let area = backend.into_drawing_area();
    let (width, height) = area.dim_in_pixel();
    let span = histogram.span;
    let top = histogram.top.unwrap_or_else(|| histogram.highest()).max(1) as f64 * 1.04;
    let area = area.apply_coord_spec(Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
        span.from..span.to,
        0.0..top,
        (0..width as i32, height as i32..0),
    ));
    let colour = |rgb: Rgb| RGBColor(rgb.0, rgb.1, rgb.2);
    let stroke = |css: f64| (css * pixel).round().max(1.0) as u32;
    let line = colour(histogram.hairline).stroke_width(stroke(1.0));
    area.draw(&PathElement::new(vec![(0.0, 0.0), (0.0, top)], line))?;
    for (counts, hue) in &histogram.series {
        let filled = colour(*hue).mix(0.62).filled();
        for (index, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let left = histogram.from + index as f64 * histogram.bin;
            // A bin that lies half outside is cut; one that lies outside is not drawn.
            let (left, right) = (left.max(span.from), (left + histogram.bin).min(span.to));
            if left < right {
                area.draw(&Rectangle::new([(left, 0.0), (right, count as f64)], filled))?;
            }
        }
    }
    area.draw(&PathElement::new(vec![(span.from, 0.0), (span.to, 0.0)], line))?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_shows_where_the_errors_are_and_leaves_stragglers_out() {
        let mut counts = vec![0; 40];
        counts[19] = 500;
        counts[21] = 500;
        counts[0] = 1;
        let span = busy_span(-2.0, 0.1, &[&counts], 0.01, 0.1);
        assert!((span.to - 0.2).abs() < 1e-9, "{span:?}");
        assert_eq!(span.from, -span.to);
        let all = busy_span(-2.0, 0.1, &[&counts], 0.0, 0.1);
        assert!((all.to - 2.0).abs() < 1e-9);
    }

    #[test]
    fn an_axis_of_nothing_has_its_least_width() {
        assert_eq!(
            busy_span(-2.0, 0.1, &[&[]], 0.01, 1.0),
            Span { from: -0.5, to: 0.5 }
        );
    }
}
