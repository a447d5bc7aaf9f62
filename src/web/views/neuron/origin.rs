//! Where it all begins: the sample, with what of it the neuron can see, and the chosen pixel.

use super::choose::chosen_pixel;
use crate::web::components::{Card, Signal};
use crate::web::format;
use crate::web::palette::use_palette;
use crate::web::plots::{ByPtr, Mosaic, PixelCanvas, Pixels, use_pixel_ratio};
use crate::web::selection::{Select, Selection};
use crate::web::state::{Action, Dispatch};
use crate::web::task::InputForm;
use crate::web::views::input::{arrange, is_colour, paint};
use crate::web::views::layer_map::arrow;
use crate::web::views::words::{code_format, place, volume};
use crate::web::worker::{NetworkView, RunView, TracedNeuron};
use rust_i18n::t;
use std::ops::RangeInclusive;
use std::rc::Rc;
use yew::prelude::*;

/// What [`Origin`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct OriginProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// All about the neuron; `None` while it is looked for.
    pub traced: Option<ByPtr<TracedNeuron>>,
    /// What is chosen.
    pub selection: Selection,
    /// To choose a pixel.
    pub dispatch: Dispatch,
}

/// The first and the last index along an axis at which `is_set` says yes.
fn reach(length: usize, is_set: impl Fn(usize) -> bool) -> Option<RangeInclusive<usize>> {
    let first = (0..length).find(|&index| is_set(index))?;
    let last = (0..length).rev().find(|&index| is_set(index))?;
    Some(first..=last)
}

/// Rows and columns of the field's bounding box, over all channels.
fn bounds(
    field: &[u8],
    (height, width): (usize, usize),
) -> Option<(RangeInclusive<usize>, RangeInclusive<usize>)> {
    let plane = (height * width).max(1);
    let is_set = |row: usize, column: usize| {
        field
            .chunks(plane)
            .any(|channel| channel.get(row * width + column) == Some(&1))
    };
    let rows = reach(height, |row| (0..width).any(|column| is_set(row, column)))?;
    let columns = reach(width, |column| (0..height).any(|row| is_set(row, column)))?;
    Some((rows, columns))
}

fn length(range: &RangeInclusive<usize>) -> usize {
    range.end() + 1 - range.start()
}

/// The sample.
#[component]
pub fn Origin(props: &OriginProps) -> Html {
    let OriginProps { network, run, .. } = props;
    let area = volume(network, 0);
    let field = props.traced.as_ref().map(|traced| &traced.field[..]);
    let bounds = field.and_then(|field| bounds(field, (area.height, area.width)));
    let form = InputForm::of(network);
    let words = match (&form, &bounds) {
        (InputForm::Number, _) => t!("neuron.field-number").into_owned(),
        (_, None) => t!("neuron.field-none").into_owned(),
        (InputForm::Signal { steps, .. }, Some((_, columns))) => t!(
            "neuron.field-signal",
            count = length(columns),
            of = steps,
            from = columns.start() + 1,
            to = columns.end() + 1
        )
        .into_owned(),
        (_, Some((rows, columns))) if area.positions() > 1 => t!(
            "neuron.field",
            field = format::shape(&[length(rows), length(columns)]),
            of = format::shape(&[area.height, area.width])
        )
        .into_owned(),
        _ => {
            let count = field.map_or(0, |field| field.iter().filter(|&&reached| reached == 1).count());
            t!(
                "neuron.field-numbers",
                count = format::count(count as u64),
                of = format::count(area.len() as u64)
            )
            .into_owned()
        }
    };
    let picture = match form {
        InputForm::Signal { channels, steps } => {
            let values = Rc::from(&run.trace.input[..]);
            let shade = bounds.map(|(_, columns)| {
                let share = |at: usize| 100.0 * at as f64 / steps.max(1) as f64;
                let (left, right) = (share(*columns.start()), 100.0 - share(columns.end() + 1));
                html! {
                    <span class="field-shade" style={format!("--left:{left:.2}%;--right:{right:.2}%")} />
                }
            });
            html! { <div class="origin-signal" role="img" aria-label={words.clone()}><Signal {values} {channels} />{ shade }</div> }
        }
        InputForm::Number => {
            let code = run.trace.input.first().copied().unwrap_or(0);
            html! { <p class="origin-number">{ t!("neuron.one-number", code = format::thousands(code.into())) }</p> }
        }
        InputForm::Picture(_) | InputForm::Numbers => html! { <Picture ..props.clone() /> },
    };
    html! {
        <Card name="origin" title={t!("neuron.origin").into_owned()} aside={html! { <p>{ words }</p> }}>
            { picture }
        </Card>
    }
}

/// The sample as a picture, dimmed outside of the field.
#[component]
fn Picture(props: &OriginProps) -> Html {
    let OriginProps {
        network,
        run,
        selection,
        dispatch,
        ..
    } = props;
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let area = volume(network, 0);
    let mosaic = arrange(area, ratio);
    let pixels = use_memo(
        (network.clone(), run.clone(), ByPtr(palette.clone()), ratio),
        |(network, run, palette, ratio)| {
            let range = code_format(network, 0).map_or((-128, 127), |f| (f.min(), f.max()));
            paint(&run.trace.input, volume(network, 0), range, palette, *ratio)
        },
    );
    let shade = use_memo(
        (props.traced.clone(), ByPtr(palette), ratio),
        |(traced, palette, _)| {
            let (width, height) = mosaic.size();
            let mut shade = Pixels::new(width, height);
            if let Some(traced) = traced {
                // Three quarters of the ground's colour.
                let dim = palette.surface.pixel() & 0x00ff_ffff | 0xbf00_0000;
                let is_seen = |neuron: usize| traced.field.get(neuron) == Some(&1);
                mosaic.paint(&mut shade, 0, 0, |neuron| if is_seen(neuron) { 0 } else { dim });
            }
            shade
        },
    );
    let chosen = chosen_pixel(selection);
    let drawn = move |pixel: usize| {
        if is_colour(area) {
            pixel % area.positions().max(1)
        } else {
            pixel
        }
    };
    let select = {
        let dispatch = dispatch.clone();
        Callback::from(move |pixel: usize| dispatch.dispatch(Action::Select(Select::Spike(Some((0, pixel))))))
    };
    let onclick = {
        let select = select.clone();
        Callback::from(move |event: MouseEvent| {
            let at = (
                f64::from(event.offset_x()) * ratio,
                f64::from(event.offset_y()) * ratio,
            );
            if let Some(pixel) = mosaic.hit(at.0, at.1) {
                select.emit(pixel);
            }
        })
    };
    let onkeydown = {
        let first = props
            .traced
            .as_ref()
            .and_then(|traced| traced.field.iter().position(|&seen| seen == 1));
        Callback::from(move |event: KeyboardEvent| {
            let Some((columns, rows)) = arrow(&event.key()) else {
                return;
            };
            event.prevent_default();
            event.stop_propagation();
            select.emit(match chosen {
                Some(pixel) => mosaic.step(drawn(pixel), columns, rows),
                None => first.unwrap_or(0),
            });
        })
    };
    let outline = chosen.map(|pixel| outline(&mosaic, drawn(pixel), ratio));
    let label = match chosen {
        Some(pixel) => t!("neuron.origin-chosen", place = place(area, pixel)),
        None => t!("neuron.origin-keys"),
    };
    html! {
        <div class="map origin-picture" role="application" aria-roledescription={t!("neuron.sample").into_owned()} tabindex="0"
            aria-label={label.into_owned()} {onclick} {onkeydown}>
            <PixelCanvas pixels={ByPtr(pixels)} {ratio} />
            <PixelCanvas pixels={ByPtr(shade)} {ratio} class="field-dim" />
            { outline }
        </div>
    }
}

fn outline(mosaic: &Mosaic, pixel: usize, ratio: f64) -> Html {
    let Some(rect) = mosaic.rect(pixel) else {
        return Html::default();
    };
    let css = |device: usize| device as f64 / ratio;
    let style = format!(
        "left:{}px;top:{}px;width:{}px;height:{}px",
        css(rect.x),
        css(rect.y),
        css(rect.width),
        css(rect.height)
    );
    html! { <span class="chosen" {style} aria-hidden="true" /> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_box_over_all_channels() {
        let mut field = vec![0; 2 * 4 * 5];
        field[6] = 1;
        field[20 + 13] = 1;
        let (rows, columns) = bounds(&field, (4, 5)).expect("something is seen");
        assert_eq!((rows.clone(), columns.clone()), (1..=2, 1..=3));
        assert_eq!((length(&rows), length(&columns)), (2, 3));
        assert_eq!(bounds(&[0; 20], (4, 5)), None);
    }
}
