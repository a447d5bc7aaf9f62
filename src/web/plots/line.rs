//! A step plot by plotters: what a membrane does from one time step to the next.

use super::canvas::Frame;
use super::scale::Span;
use crate::web::palette::Rgb;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;

/// What is drawn. Column k of `values` begins at x = k: `values[0]` before the first step,
/// `values[k]` from step k on.
#[derive(Clone, Debug, PartialEq)]
pub struct StepPlot {
    /// The values.
    pub values: Vec<f64>,
    /// How many of them have come about; the others are drawn pale.
    pub known: usize,
    /// The vertical axis.
    pub span: Span,
    /// Horizontal lines that are limits.
    pub limits: Vec<f64>,
    /// Indices of `values` that are marked as wrong.
    pub marked: Vec<usize>,
    /// The line's colour.
    pub line: Rgb,
    /// The ground's colour.
    pub ground: Rgb,
    /// Colour of hairlines.
    pub hairline: Rgb,
    /// Colour of the current value.
    pub ink: Rgb,
    /// Colour of limits and marks.
    pub bad: Rgb,
}

impl StepPlot {
    /// The horizontal axis: one column per value.
    pub fn columns(&self) -> Span {
        Span {
            from: 0.0,
            to: self.values.len().max(1) as f64,
        }
    }
}

fn colour(rgb: Rgb) -> RGBColor {
    RGBColor(rgb.0, rgb.1, rgb.2)
}

/// The corners of the steps over columns `range`, each value held for one column.
fn corners(values: &[f64], from: usize, to: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(2 * (to - from) + 1);
    if from > 0 {
        points.push((from as f64, values[from - 1]));
    }
    for (column, &value) in values.iter().enumerate().take(to).skip(from) {
        points.push((column as f64, value));
        points.push((column as f64 + 1.0, value));
    }
    points
}

/// Draws `plot` over the whole frame. Values outside the axis are cut at its ends.
///
/// # Errors
/// Whatever the canvas refuses.
pub fn draw_steps(frame: Frame, plot: &StepPlot) -> Result<(), Box<dyn std::error::Error>> {
    let pixel = frame.ratio;
    let Some(backend) = CanvasBackend::with_canvas_object(frame.canvas) else {
        return Ok(());
    };
    let area = backend.into_drawing_area();
    let (width, height) = area.dim_in_pixel();
    let columns = plot.columns();
    let area = area.apply_coord_spec(Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
        columns.from..columns.to,
        plot.span.from..plot.span.to,
        (0..width as i32, height as i32..0),
    ));
    area.fill(&colour(plot.ground))?;
    let stroke = |css: f64| (css * pixel).round().max(1.0) as u32;
    let clip = |(x, y): (f64, f64)| (x, y.clamp(plot.span.from, plot.span.to));
    let hairline = colour(plot.hairline).stroke_width(stroke(1.0));
    for column in 1..plot.values.len() {
        let x = column as f64;
        area.draw(&PathElement::new(
            vec![(x, plot.span.from), (x, plot.span.to)],
            hairline,
        ))?;
    }
    let zero = colour(plot.ink).mix(0.45).stroke_width(stroke(1.0));
    area.draw(&PathElement::new(
        vec![(columns.from, 0.0), (columns.to, 0.0)],
        zero,
    ))?;
    for &limit in plot.limits.iter().filter(|&&l| plot.span.contains(l)) {
        // A limit is a dashed line: twelve dashes are legible at any width.
        for dash in 0..24 {
            let at = |part: f64| columns.from + (columns.to - columns.from) * (f64::from(dash) + part) / 24.0;
            let style = colour(plot.bad).stroke_width(stroke(1.5));
            area.draw(&PathElement::new(
                vec![(at(0.0), limit), (at(0.55), limit)],
                style,
            ))?;
        }
    }
    let known = plot.known.min(plot.values.len());
    let parts = [(known, plot.values.len(), 0.28), (0, known, 1.0)];
    for (from, to, strength) in parts.into_iter().filter(|(from, to, _)| from < to) {
        let style = colour(plot.line).mix(strength).stroke_width(stroke(2.25));
        let points: Vec<_> = corners(&plot.values, from, to).into_iter().map(clip).collect();
        area.draw(&PathElement::new(points, style))?;
        for column in from..to {
            let point = clip((column as f64 + 0.5, plot.values[column]));
            area.draw(&Circle::new(
                point,
                stroke(2.75),
                colour(plot.line).mix(strength).filled(),
            ))?;
        }
    }
    for &column in &plot.marked {
        let Some(&value) = plot.values.get(column) else {
            continue;
        };
        let point = clip((column as f64 + 0.5, value));
        area.draw(&Cross::new(
            point,
            stroke(5.0),
            colour(plot.bad).stroke_width(stroke(2.0)),
        ))?;
    }
    if let Some(column) = known.checked_sub(1) {
        let point = clip((column as f64 + 0.5, plot.values[column]));
        area.draw(&Circle::new(point, stroke(6.0), colour(plot.ground).filled()))?;
        area.draw(&Circle::new(point, stroke(5.0), colour(plot.ink).filled()))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hold_each_value_for_one_column_and_join() {
        let values = [1.0, 3.0, 2.0];
        assert_eq!(
            corners(&values, 0, 2),
            [(0.0, 1.0), (1.0, 1.0), (1.0, 3.0), (2.0, 3.0)]
        );
        assert_eq!(corners(&values, 2, 3), [(2.0, 3.0), (2.0, 2.0), (3.0, 2.0)]);
    }
}
