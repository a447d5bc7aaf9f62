//! The map: a cell for each pair of values, its colour a figure.

use super::table::matrix;
use super::{CardProps, axis_name, mark_id};
use crate::web::components::{Card, Hinted, hint_id};
use crate::web::palette::{Palette, Rgb, use_palette};
use crate::web::plots::use_width;
use crate::web::state::{Figure, Sweep};
use rust_i18n::t;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The largest and the smallest cell in CSS pixels, as (width, height).
const LARGEST: (f64, f64) = (76.0, 46.0);
const SMALLEST: (f64, f64) = (9.0, 16.0);
/// Room for the names of rows, per letter, and for those of columns.
const LETTER: f64 = 7.0;
const FOOT: f64 = 42.0;
/// Room for the name of the axis that goes upwards.
const HEAD: f64 = 20.0;
/// Cells from this width on have their value in them.
const LEGIBLE: f64 = 31.0;

/// The places of points in the map.
struct Map {
    columns: usize,
    rows: usize,
    slices: usize,
    /// For every slice, row and column, the point; `None` where settings exclude each other.
    points: Vec<Option<usize>>,
}

impl Map {
    fn of(sweep: &Sweep) -> Self {
        let length = |axis: usize| sweep.axes.get(axis).map_or(1, |axis| axis.values.len());
        let (columns, rows, slices) = (length(0), length(1), length(2));
        let mut points = vec![None; columns * rows * slices];
        let at = |axis: usize, value: Option<&String>| {
            let values = sweep.axes.get(axis).map(|axis| &axis.values);
            values.map_or(Some(0), |values| {
                values.iter().position(|known| Some(known) == value)
            })
        };
        for (index, point) in sweep.points.iter().enumerate() {
            let place = |axis: usize| at(axis, point.values.get(axis));
            if let (Some(column), Some(row), Some(slice)) = (place(0), place(1), place(2)) {
                points[(slice * rows + row) * columns + column] = Some(index);
            }
        }
        Self {
            columns,
            rows,
            slices,
            points,
        }
    }

    fn at(&self, slice: usize, row: usize, column: usize) -> Option<usize> {
        self.points[(slice.min(self.slices - 1) * self.rows + row) * self.columns + column]
    }

    /// The point next to a place that a key leads to.
    fn beside(&self, slice: usize, (row, column): (usize, usize), key: &str) -> Option<usize> {
        let (mut row, mut column) = (row as isize, column as isize);
        let (down, right) = match key {
            "ArrowLeft" => (0, -1),
            "ArrowRight" => (0, 1),
            // The first row is the lowest one.
            "ArrowUp" => (1, 0),
            "ArrowDown" => (-1, 0),
            _ => return None,
        };
        loop {
            (row, column) = (row + down, column + right);
            let is_inside =
                (0..self.rows as isize).contains(&row) && (0..self.columns as isize).contains(&column);
            if !is_inside {
                return None;
            }
            if let Some(point) = self.at(slice, row as usize, column as usize) {
                return Some(point);
            }
        }
    }
}

/// The card.
#[component]
pub fn HeatCard(props: &CardProps) -> Html {
    let place = use_node_ref();
    let width = use_width(&place, 560);
    let palette = use_palette();
    let Some(sweep) = props.sweep() else {
        return Html::default();
    };
    let figure = props.trade.plan.colour;
    let figure = if figure == Figure::Quality {
        props.good()
    } else {
        figure
    };
    let measure = props.measure();
    let map = Map::of(sweep);
    let slice = props.trade.plan.slice.min(map.slices - 1);
    let known = sweep
        .points
        .iter()
        .filter_map(|point| figure.of(point))
        .filter(|value| value.is_finite());
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let onchange = {
        let props = props.clone();
        Callback::from(move |event: Event| {
            let key = event.target_unchecked_into::<HtmlSelectElement>().value();
            if let Some(colour) = Figure::from_key(&key) {
                props.plan(|plan| plan.colour = colour);
            }
        })
    };
    let option = |of: Figure| {
        let selected = of == figure;
        html! { <option value={of.key()} {selected}>{ of.label(measure) }</option> }
    };
    let choices = Figure::ALL
        .into_iter()
        .filter(|of| *of != Figure::Quality || measure.is_some());
    let aside = html! {
        <>
            <Hinted name="heat-colour">
                <label class="sweep-field trade-choice">
                    <span class="visually-hidden">{ t!("trade.heat.colour").into_owned() }</span>
                    <select class="choice-select" aria-describedby={hint_id("heat-colour")} {onchange}>{ for choices.map(option) }</select>
                </label>
            </Hinted>
            <p>{ t!("trade.heat.what").into_owned() }</p>
        </>
    };
    let unknown = unknown(props, figure);
    html! {
        <Card name="heat" title={t!("trade.heat.title", figure = figure.label(measure)).into_owned()} {aside}>
            if let Some(axis) = sweep.axes.get(2) { { slices(props, &axis_name(axis.setting), &axis.values, slice) } }
            <div class="heat-place" ref={place}>{ picture(props, &map, slice, figure, (low, high), f64::from(width), &palette) }</div>
            if low <= high {
                <p class="heat-legend">
                    <span>{ figure.words(low, measure) }</span>
                    <span class="heat-ramp" aria-hidden="true" />
                    <span>{ figure.words(high, measure) }</span>
                    <span class="heat-key"><i class="heat-present" aria-hidden="true" />{ t!("trade.heat.present").into_owned() }</span>
                </p>
            }
            if let Some(why) = unknown { <p class="card-note">{ why }</p> }
            <details class="trade-table">
                <summary>{ t!("trade.heat.table").into_owned() }</summary>
                { matrix(props, figure, slice) }
            </details>
        </Card>
    }
}

/// Why a figure of the chip is not known at some point.
fn unknown(props: &CardProps, figure: Figure) -> Option<String> {
    let lacks =
        |point: &&std::rc::Rc<crate::web::state::Point>| point.cost.is_some() && figure.of(point).is_none();
    let point = props
        .points()
        .iter()
        .filter(|_| figure.is_of_chip())
        .find(lacks)?;
    let why = point.cost.as_ref().map_or("", |cost| &cost.why);
    Some(if why.is_empty() {
        t!("trade.unknown").into_owned()
    } else {
        t!("trade.unknown_why", why = why).into_owned()
    })
}

/// The values of the third axis.
fn slices(props: &CardProps, label: &str, values: &[String], chosen: usize) -> Html {
    let option = |(index, value): (usize, &String)| {
        let props = props.clone();
        let onchange = Callback::from(move |_: Event| props.plan(|plan| plan.slice = index));
        html! {
            <label class="segment">
                <input type="radio" name="trade-slice" value={value.clone()} checked={index == chosen} {onchange} />
                <span>{ value }</span>
            </label>
        }
    };
    html! {
        <div class="trade-slices">
            <span aria-hidden="true">{ label }</span>
            <div class="segmented choices" role="radiogroup" aria-label={label.to_owned()}>{ for values.iter().enumerate().map(option) }</div>
        </div>
    }
}

fn picture(
    props: &CardProps,
    map: &Map,
    slice: usize,
    figure: Figure,
    (low, high): (f64, f64),
    width: f64,
    palette: &Palette,
) -> Html {
    let Some(sweep) = props.sweep() else {
        return Html::default();
    };
    let names = &sweep.axes[1].values;
    let letters = names.iter().map(|name| name.chars().count()).max().unwrap_or(1);
    let left = 8.0 + (letters as f64 * LETTER).min(width / 4.0);
    let cell_width = ((width - left - 2.0) / map.columns as f64)
        .clamp(SMALLEST.0, LARGEST.0)
        .floor();
    let cell_height = (cell_width * 0.72).clamp(SMALLEST.1, LARGEST.1).floor();
    let (inner, height) = (cell_width * map.columns as f64, cell_height * map.rows as f64);
    let x_of = |column: usize| left + cell_width * column as f64;
    let y_of = |row: usize| HEAD + cell_height * (map.rows - 1 - row) as f64;
    // One mark is reached by Tab, the others from there.
    let first = (0..map.rows).flat_map(|row| (0..map.columns).map(move |column| (row, column)));
    let entry = props
        .looked
        .or(props.present)
        .or(first.clone().find_map(|(row, column)| map.at(slice, row, column)));
    let cell = |(row, column): (usize, usize)| -> Option<Html> {
        let index = map.at(slice, row, column)?;
        let point = props.points().get(index)?;
        let (x, y) = (x_of(column), y_of(row));
        let value = figure.of(point).filter(|value| value.is_finite());
        let share = value.map(|value| {
            if high > low {
                (value - low) / (high - low)
            } else {
                1.0
            }
        });
        let colour = share.map(|share| palette.least.mix(palette.most, share as f32));
        let text: Rgb = colour
            .unwrap_or(palette.sunken)
            .text(palette.ink, palette.surface);
        let counted = point.counted() as f64 / sweep.samples.max(1) as f64;
        let is_partial = point.row.is_some() && counted < 1.0;
        let class = classes!(
            "heat-cell",
            is_partial.then_some("is-partial"),
            value.is_none().then_some("is-empty"),
            point.problem.is_some().then_some("is-bad"),
            (props.present == Some(index)).then_some("is-present"),
            (props.looked == Some(index)).then_some("is-looked"),
        );
        let beside = [
            ("ArrowLeft", 0),
            ("ArrowRight", 1),
            ("ArrowUp", 2),
            ("ArrowDown", 3),
        ]
        .map(|(key, _)| (key, map.beside(slice, (row, column), key)));
        let mark = props.mark("heat", index, move |key| {
            beside.iter().find(|(known, _)| *known == key)?.1
        });
        let words = match (&point.problem, value) {
            (Some(_), _) => Some("×".to_owned()),
            (None, Some(value)) => (cell_width >= LEGIBLE).then(|| figure.short(value, props.measure())),
            (None, None) => point.row.as_ref().map(|_| "?".to_owned()),
        };
        let fill = colour.map_or("none".to_owned(), Rgb::css);
        let label = props.words(index, &[figure]);
        Some(html! {
            <g key={index} id={mark_id("heat", index)} {class} role="button" aria-label={label}
                aria-pressed={(props.present == Some(index)).to_string()}
                tabindex={if entry == Some(index) { "0" } else { "-1" }} onclick={mark.onclick}
                onpointerenter={mark.onpointerenter} onfocus={mark.onfocus} onkeydown={mark.onkeydown}>
                <rect class="heat-square" x={px(x + 1.0)} y={px(y + 1.0)} width={px(cell_width - 2.0)} height={px(cell_height - 2.0)} rx="3" {fill} />
                if is_partial {
                    <rect class="heat-progress" x={px(x + 1.0)} y={px(y + cell_height - 4.0)} width={px((cell_width - 2.0) * counted)} height="3" fill={text.css()} />
                }
                if let Some(words) = words {
                    <text x={px(x + cell_width / 2.0)} y={px(y + cell_height / 2.0 + 4.0)} fill={text.css()}>{ words }</text>
                }
                if let Some(pin) = props.pin(index) {
                    <text class="heat-pin" x={px(x + 5.0)} y={px(y + 12.0)} fill={text.css()}>{ pin }</text>
                }
            </g>
        })
    };
    let row_name = |(row, name): (usize, &String)| {
        html! {
            <text class="heat-row" x={px(left - 6.0)} y={px(y_of(row) + cell_height / 2.0 + 4.0)}>{ name }</text>
        }
    };
    let every = (18.0 / cell_width).ceil().max(1.0) as usize;
    let column_name = |(column, name): (usize, &String)| {
        html! {
            <text class="heat-column" x={px(x_of(column) + cell_width / 2.0)} y={px(HEAD + height + 16.0)}>{ name }</text>
        }
    };
    let [x_label, y_label] = [0, 1].map(|axis| axis_name(sweep.axes[axis].setting));
    html! {
        <svg class="heat" width={px(left + inner + 2.0)} height={px(HEAD + height + FOOT)} role="group"
            aria-label={t!("trade.heat.label", across = &x_label, up = &y_label).into_owned()}>
            { for names.iter().enumerate().map(row_name) }
            { for sweep.axes[0].values.iter().enumerate().step_by(every).map(column_name) }
            <text class="heat-axis" x={px(left + inner / 2.0)} y={px(HEAD + height + 35.0)}>{ &*x_label }</text>
            <text class="heat-axis is-up" x="0" y="12">{ &*y_label }</text>
            { for first.filter_map(cell) }
        </svg>
    }
}

/// A length in CSS pixels.
pub(super) fn px(length: f64) -> String {
    format!("{length:.1}")
}
