//! A layer's weights: a picture of kernels or of a matrix, how often each value occurs, and every channel in numbers.

use super::tiles::Tiles;
use super::words;
use crate::web::components::{Card, Choices};
use crate::web::format;
use crate::web::palette::{Rgb, use_palette};
use crate::web::plots::{
    ByPtr, Diverging, Frame, Histogram, PixelCanvas, PlotCanvas, Span, draw_histogram, use_pixel_ratio,
    use_width,
};
use crate::web::state::{Action, Dispatch, NetworkAction};
use crate::web::views::layer_map::arrow;
use crate::web::views::words::{producer, tensor_name};
use crate::web::worker::{InspectQuestion, NetworkView, WeightsView};
use rust_i18n::t;
use yew::prelude::*;

/// Highest picture in CSS pixels, where that can be kept to.
const HEIGHT: f64 = 380.0;
/// Largest and smallest square of a weight, in CSS pixels.
const CELLS: (f64, f64) = (2.0, 12.0);

/// What [`WeightsCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct WeightsProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The weights, once they are known.
    pub weights: Option<ByPtr<WeightsView>>,
    /// The tensor that is looked at.
    pub tensor: usize,
    /// To look at others.
    pub dispatch: Dispatch,
}

/// The weights of the layer that fires a tensor.
#[component]
pub fn WeightsCard(props: &WeightsProps) -> Html {
    let WeightsProps {
        network,
        weights,
        tensor,
        dispatch,
    } = props;
    let layer = producer(network, *tensor);
    let title = t!("network.weights-title", name = tensor_name(network, *tensor)).into_owned();
    let Some(layer) = layer else {
        return html! { <Card name="weights" {title}><p class="soft">{ t!("network.input-has-none") }</p></Card> };
    };
    let body = match weights {
        None => html! { <div class="skeleton weights-skeleton" /> },
        Some(weights) if weights.bits == 0 => html! { <p class="soft">{ t!("network.no-weights") }</p> },
        Some(weights) => html! { <Weights weights={weights.clone()} dispatch={dispatch.clone()} /> },
    };
    let dendrites = network.layers[layer].dendrites;
    let chosen = weights.as_ref().map_or(0, |weights| weights.question.dendrite);
    let options: Vec<AttrValue> = network.layers[layer]
        .sources
        .iter()
        .map(|sources| tensor_name(network, sources.first().copied().unwrap_or(0)).into())
        .collect();
    let on_choose = {
        let (dispatch, tensor) = (dispatch.clone(), *tensor);
        Callback::from(move |dendrite| {
            let question = InspectQuestion {
                tensor,
                dendrite,
                first: [0, 0],
            };
            dispatch.dispatch(Action::Network(NetworkAction::Look(question)));
        })
    };
    let aside = weights
        .as_ref()
        .filter(|weights| weights.bits > 0)
        .map(|weights| {
            let count = weights.bins.iter().sum();
            html! { <p>{ t!("network.weights-are", number = format::count(count), bits = weights.bits) }</p> }
        });
    html! {
        <Card name="weights" {title} is_busy={weights.is_none()} aside={aside.unwrap_or_default()} hue={words::hue(network, *tensor)}>
            if dendrites > 1 {
                <Choices name="dendrite" label={t!("network.listens-to").into_owned()} {options} {chosen} {on_choose} />
            }
            { body }
        </Card>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct KnownProps {
    weights: ByPtr<WeightsView>,
    dispatch: Dispatch,
}

#[component]
fn Weights(props: &KnownProps) -> Html {
    let weights = &props.weights;
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let place = use_node_ref();
    let width = use_width(&place, 480);
    let pointed = use_state_eq(|| None::<usize>);
    let tiles = Tiles::fit(
        weights.tile,
        weights.shown,
        ((f64::from(width) * ratio) as usize, (HEIGHT * ratio) as usize),
        (
            (CELLS.0 * ratio).floor().max(1.0) as usize,
            (CELLS.1 * ratio) as usize,
        ),
    );
    let pixels = use_memo(
        (weights.clone(), ByPtr(palette.clone()), tiles),
        |(weights, palette, tiles)| {
            let ramp = Diverging::new(palette.negative, palette.zero, palette.positive);
            tiles.paint(&weights.values, |w| ramp.pixel(w.into(), weights.largest.into()))
        },
    );
    let point = {
        let pointed = pointed.setter();
        Callback::from(move |event: MouseEvent| {
            let at = [event.offset_x(), event.offset_y()].map(|at| f64::from(at) * ratio);
            pointed.set(tiles.hit(at[0], at[1]));
        })
    };
    let onkeydown = {
        let (pointed, now) = (pointed.setter(), *pointed);
        Callback::from(move |event: KeyboardEvent| {
            if let Some((columns, rows)) = arrow(&event.key()) {
                event.prevent_default();
                event.stop_propagation();
                pointed.set(Some(now.map_or(0, |index| tiles.step(index, columns, rows))));
            }
        })
    };
    let words = pointed
        .filter(|&index| index < weights.values.len())
        .map(|index| at(weights, index));
    let outline = pointed.map(|index| tiles.rect(index)).map(|rect| {
        let css = |device: usize| device as f64 / ratio;
        let style = format!(
            "left:{}px;top:{}px;width:{}px;height:{}px",
            css(rect.x),
            css(rect.y),
            css(rect.width),
            css(rect.height)
        );
        html! { <span class="chosen" {style} aria-hidden="true" /> }
    });
    let [rows, columns] = weights.tile;
    let note = match (rows * columns, weights.grid) {
        (1, _) => t!("network.matrix-note"),
        (_, [_, 1]) => t!("network.kernels-note", rows = rows, columns = columns),
        _ => t!("network.tiles-note", rows = rows, columns = columns),
    };
    html! {
        <>
            <p class="card-note">{ note }</p>
            { pager(weights, 0, &props.dispatch) }
            { pager(weights, 1, &props.dispatch) }
            <div class="weights-place" ref={place}>
                <div class="map" role="application" aria-roledescription={t!("network.weights-map")} tabindex="0"
                    aria-label={words.clone().unwrap_or_else(|| t!("network.weights-label").into_owned())}
                    onmousemove={point.clone()} onclick={point} {onkeydown}>
                    <PixelCanvas pixels={ByPtr(pixels)} {ratio} />
                    { outline }
                </div>
            </div>
            <p class="weight-words" aria-live="polite">{ words.unwrap_or_else(|| t!("network.point").into_owned()) }</p>
            <div class="ramp-legend" aria-hidden="true">
                <span>{ format::signed(-i64::from(weights.largest)) }</span><i /><span>{ "0" }</span><i class="up" /><span>{ format::signed(weights.largest.into()) }</span>
            </div>
            <h3>{ t!("network.how-often") }</h3>
            <WeightHistogram weights={weights.clone()} positive={(palette.positive, palette.line)} />
            <details class="twin">
                <summary>{ t!("network.channels") }</summary>
                { channels(weights) }
            </details>
        </>
    }
}

/// Value and place of a shown weight.
fn at(weights: &WeightsView, index: usize) -> String {
    let [height, width] = weights.tile;
    let (tile, within) = (index / (height * width), index % (height * width));
    let output = weights.question.first[0] + tile / weights.shown[1];
    let input = weights.question.first[1] + tile % weights.shown[1];
    let weight = weights.values[index];
    let scale = scale(weights, output);
    let value = format::signed(weight.into());
    let real = format::significant(f64::from(weight) * f64::from(scale), 3);
    if height * width == 1 {
        t!(
            "network.weight-at",
            value = value,
            real = real,
            output = output,
            input = input
        )
    } else {
        t!(
            "network.weight-in",
            value = value,
            real = real,
            output = output,
            input = input,
            row = within / width,
            column = within % width
        )
    }
    .into_owned()
}

fn scale(weights: &WeightsView, output: usize) -> f32 {
    let scales = &weights.scales;
    scales.get(output).or(scales.first()).copied().unwrap_or(1.0)
}

/// Which channels are shown, and buttons for others; nothing where all are.
fn pager(weights: &WeightsView, axis: usize, dispatch: &Dispatch) -> Html {
    let (first, shown, all) = (
        weights.question.first[axis],
        weights.shown[axis],
        weights.grid[axis],
    );
    if shown == all {
        return Html::default();
    }
    let to = |first: Option<usize>| {
        let mut question = weights.question.clone();
        let dispatch = dispatch.clone();
        question.first[axis] = first.unwrap_or(0);
        Callback::from(move |_: MouseEvent| {
            dispatch.dispatch(Action::Network(NetworkAction::Look(question.clone())));
        })
    };
    let which = ["outputs", "inputs"][axis];
    let words = t!(
        format!("network.window.{which}"),
        first = format::count(first as u64),
        last = format::count((first + shown - 1) as u64),
        all = format::count(all as u64)
    );
    // As many as before the first one: at the end there may be fewer.
    let step = shown.max(1);
    html! {
        <p class="pager">
            <button type="button" class="button" disabled={first == 0} onclick={to(first.checked_sub(step))}
                aria-label={t!(format!("network.window.{which}-before"))}>{ "‹" }</button>
            <span>{ words }</span>
            <button type="button" class="button" disabled={first + shown >= all} onclick={to(Some(first + shown))}
                aria-label={t!(format!("network.window.{which}-after"))}>{ "›" }</button>
        </p>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct HistogramProps {
    weights: ByPtr<WeightsView>,
    positive: (Rgb, Rgb),
}

#[component]
fn WeightHistogram(props: &HistogramProps) -> Html {
    let weights = &props.weights;
    let from = f64::from(weights.from);
    let to = from + weights.bins.len() as f64;
    let draw = use_callback(
        (weights.clone(), props.positive),
        move |frame: Frame, (weights, (colour, hairline))| {
            let histogram = Histogram {
                top: None,
                from: from - 0.5,
                bin: 1.0,
                series: vec![(weights.bins.0.clone(), *colour)],
                span: Span {
                    from: from - 0.5,
                    to: to - 0.5,
                },
                hairline: *hairline,
            };
            draw_bins(frame, &histogram);
        },
    );
    let (most, at) = (weights.bins.iter().zip(0..)).fold((0, 0), |best, (&count, at)| best.max((count, -at)));
    let all: u64 = weights.bins.iter().sum();
    let zeros = weights.zeros.iter().map(|&zeros| u64::from(zeros)).sum();
    html! {
        <>
            <div class="bins" role="img" aria-label={t!("network.bins-label", value = format::signed(i64::from(weights.from) - at), number = format::count(most))}>
                <div class="plot"><PlotCanvas {draw} /></div>
            </div>
            <p class="bins-axis" aria-hidden="true"><span>{ format::signed(weights.from.into()) }</span><span>{ t!("network.weight-axis") }</span>
            <span>{ format::signed(i64::from(weights.from) + weights.bins.len() as i64 - 1) }</span></p>
            <p class="card-note">{ t!("network.zero-weights", share = words::share(zeros, all)) }</p>
        </>
    }
}

/// Every shown output channel in numbers.
fn channels(weights: &WeightsView) -> Html {
    let first = weights.question.first[0];
    let has_bias = weights.bias.len() == weights.grid[0];
    let heads = [
        "channel",
        "weight-scale",
        "bias",
        "bias-real",
        "smallest",
        "largest",
        "zeros",
    ];
    let row = |output: usize| {
        let scale = scale(weights, output);
        let bias = weights.bias.get(output).filter(|_| has_bias);
        let real = bias.map(|&b| f64::from(b) * f64::from(scale) * f64::from(weights.input_scale));
        let of = |values: &[i16]| values.get(output).map(|&value| format::signed(value.into()));
        html! {
            <tr>
                <th scope="row">{ output }</th>
                <td class="number">{ format::significant(scale.into(), 4) }</td>
                <td class="number">{ bias.map(|&bias| format::thousands(bias.into())) }</td>
                <td class="number">{ real.map(|real| format::significant(real, 4)) }</td>
                <td class="number">{ of(&weights.smallest) }</td>
                <td class="number">{ of(&weights.greatest) }</td>
                <td class="number">{ weights.zeros.get(output).map(|&zeros| format::count(zeros.into())) }</td>
            </tr>
        }
    };
    html! {
        <>
            <p class="soft">{ match (weights.bias.len(), has_bias, weights.scales.len()) {
                (0, _, 1) => t!("network.one-scale-no-bias"),
                (0, ..) => t!("network.scales-no-bias"),
                (_, true, 1) => t!("network.one-scale"),
                (_, true, _) => t!("network.scales"),
                _ => t!("network.bias-of-neurons"),
            } }</p>
            <div class="scroll" tabindex="0" role="region" aria-label={t!("network.channels")}>
                <table class="network-table channels-table">
                    <thead><tr>{ for heads.iter().map(|head| html! { <th scope="col">{ t!(format!("network.column.{head}")) }</th> }) }</tr></thead>
                    <tbody>{ for (first..first + weights.shown[0]).map(row) }</tbody>
                </table>
            </div>
        </>
    }
}

/// Draws a histogram; a browser that refuses says why on its console.
pub fn draw_bins(frame: Frame, histogram: &Histogram) {
    if let Err(error) = draw_histogram(frame, histogram) {
        web_sys::console::warn_1(&error.to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> WeightsView {
        WeightsView {
            question: InspectQuestion {
                tensor: 1,
                dendrite: 0,
                first: [4, 2],
            },
            bits: 8,
            tile: [1, 2],
            grid: [8, 4],
            shown: [2, 2],
            values: vec![1, 2, 3, 4, 5, 6, 7, -8].into(),
            scales: vec![0.5].into(),
            ..WeightsView::default()
        }
    }

    #[test]
    fn a_weight_is_told_with_its_place_in_the_whole_layer() {
        let words = at(&weights(), 7).replace(format::THIN, " ");
        assert_eq!(words, "w = −8, real −4.00; output 5, input 3, row 0, column 1");
    }

    #[test]
    fn a_scale_is_the_channels_own_if_it_has_one() {
        let mut weights = weights();
        assert_eq!(scale(&weights, 5), 0.5);
        weights.scales = vec![0.1; 8].into();
        weights.scales[5] = 0.7;
        assert_eq!(scale(&weights, 5), 0.7);
    }
}
