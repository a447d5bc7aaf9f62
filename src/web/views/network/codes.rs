//! The codes that the chosen tensor takes: as maps, and how often each one occurs, in this run and while calibrating.

use super::weights::draw_bins;
use super::words;
use crate::explore::{CodeCounts, CodeSummary, PERCENTILES};
use crate::web::components::Card;
use crate::web::format;
use crate::web::palette::use_palette;
use crate::web::plots::{
    ByPtr, Frame, Histogram, Limits, Mosaic, PixelCanvas, Pixels, PlotCanvas, Sequential, Span,
    use_pixel_ratio, use_width,
};
use crate::web::selection::Select;
use crate::web::state::{Action, Dispatch};
use crate::web::views::layer_map::arrow;
use crate::web::views::words::{place, producer, tensor_name, volume};
use crate::web::worker::{CodesView, LossView, NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// Highest map in CSS pixels.
const HEIGHT: usize = 260;
/// Counts are drawn as shares of this.
const SCALE: f64 = 1e6;
/// A bar may be so many times as high as the next one; a higher one is cut.
const HIGHEST: f64 = 1.6;

/// What [`CodesCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct CodesProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The tensor that is looked at.
    pub tensor: usize,
    /// The chosen neuron, if it is one of this tensor's layer.
    pub neuron: Option<usize>,
    /// Its codes over the calibration samples, as far as they are counted.
    pub codes: Option<ByPtr<CodesView>>,
    /// What quantization cost, if the model was quantized here.
    pub loss: Option<ByPtr<LossView>>,
    /// To choose a neuron.
    pub dispatch: Dispatch,
}

/// The codes of a tensor.
#[component]
pub fn CodesCard(props: &CodesProps) -> Html {
    let CodesProps {
        network,
        run,
        tensor,
        codes,
        loss,
        ..
    } = props;
    let tensor = *tensor;
    let here = use_memo(
        (network.clone(), run.clone(), tensor),
        |(network, run, tensor)| {
            let affine = network.tensors.get(*tensor)?.affine?;
            let mut counts = CodeCounts::new(affine);
            counts.add(run.trace.codes(*tensor));
            Some(counts.summary())
        },
    );
    let palette = use_palette();
    let colours = producer(network, tensor).map_or(palette.input, |layer| palette.layer(layer));
    let draw = use_callback(
        (here.clone(), codes.clone(), colours, ByPtr(palette.clone())),
        |frame: Frame, (here, codes, colour, palette)| {
            let Some(here) = here.as_ref() else { return };
            let all = codes.as_ref().and_then(|codes| codes.summary.clone());
            let mut series = Vec::new();
            series.extend(all.map(|all| (shares(&all), palette.ink_soft)));
            series.push((shares(here), *colour));
            let highest = cut(&series.iter().map(|(bins, _)| &bins[..]).collect::<Vec<_>>());
            series
                .iter_mut()
                .flat_map(|(bins, _)| bins)
                .for_each(|bin| *bin = (*bin).min(highest));
            let (from, bin) = (f64::from(here.from) - 0.5, f64::from(here.bin));
            let to = from + bin * here.bins.len() as f64;
            let span = Span { from, to };
            let hairline = palette.line;
            draw_bins(
                frame,
                &Histogram {
                    top: None,
                    from,
                    bin,
                    series,
                    span,
                    hairline,
                },
            );
        },
    );
    let title = t!("network.codes-title", name = tensor_name(network, tensor)).into_owned();
    let Some(here) = here.as_ref() else {
        return html! { <Card name="codes" {title}><p class="soft">{ t!("network.real-output") }</p></Card> };
    };
    let is_cut = cut(&[&shares(here)]) < shares(here).iter().copied().max().unwrap_or(0);
    let format = network.tensors[tensor].affine.map(|affine| affine.format);
    let (low, high) = format.map_or((0, 0), |format| (format.min(), format.max()));
    let progress = codes.as_ref().map(|codes| match codes.of {
        0 => t!("network.no-calibration"),
        of if codes.samples < of => t!("network.counting", number = codes.samples, of = of),
        of => t!("network.calibration-samples", number = format::count(of as u64)),
    });
    html! {
        <Card name="codes" {title} hue={words::hue(network, tensor)} is_busy={codes.as_ref().is_none_or(|codes| codes.samples < codes.of)}
            aside={html! { <p>{ words::codes(network.tensors[tensor].affine) }</p> }}>
            <p class="card-note">{ t!("network.codes-note") }</p>
            <CodeMap ..props.clone() />
            <h3>{ t!("network.how-often-codes") }</h3>
            <ul class="legend">
                <li><i class="swatch" />{ t!("network.this-run") }</li>
                <li><i class="swatch soft-swatch" />{ progress.clone() }</li>
            </ul>
            <div class="bins" role="img" aria-label={t!("network.codes-bins-label", low = format::signed(here.range[0].into()), high = format::signed(here.range[1].into()))}>
                <div class="plot"><PlotCanvas {draw} /></div>
            </div>
            <p class="bins-axis" aria-hidden="true"><span>{ format::signed(low.into()) }</span><span>{ t!("network.code-axis") }</span>
            <span>{ format::signed(high.into()) }</span></p>
            if is_cut { <p class="card-note">{ t!("network.bar-cut") }</p> }
            { table(network, tensor, here, codes.as_ref().and_then(|codes| codes.summary.as_ref()), loss.as_deref()) }
        </Card>
    }
}

/// Bins as shares of all codes.
fn shares(summary: &CodeSummary) -> Vec<u64> {
    let all = summary.codes.max(1) as f64;
    let share = |&count: &u64| (count as f64 / all * SCALE) as u64;
    summary.bins.iter().map(share).collect()
}

/// The height at which bars are cut: rectified tensors are mostly zeros, and all else would be too small to be seen.
fn cut(series: &[&[u64]]) -> u64 {
    let second = series.iter().map(|bins| {
        let mut sorted = bins.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        sorted
            .get(1)
            .copied()
            .filter(|&second| second > 0)
            .unwrap_or(sorted.first().copied().unwrap_or(0))
    });
    (second.max().unwrap_or(0) as f64 * HIGHEST) as u64
}

/// Every neuron's code, dark where it is low.
#[component]
fn CodeMap(props: &CodesProps) -> Html {
    let CodesProps {
        network,
        run,
        tensor,
        neuron,
        dispatch,
        ..
    } = props;
    let tensor = *tensor;
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let room = use_node_ref();
    let width = use_width(&room, 480);
    let volume = volume(network, tensor);
    let mosaic = use_memo((volume, width, ratio), |(volume, width, ratio)| {
        let limits = Limits::css(*width as usize, HEIGHT, *ratio);
        let cells = ((8.0 * ratio) as usize, (16.0 * ratio) as usize);
        Mosaic::fit(*volume, limits.with_cells(cells.0, cells.1))
    });
    let mosaic = *mosaic;
    let pixels = use_memo(
        (network.clone(), run.clone(), tensor, ByPtr(palette), mosaic),
        |(network, run, tensor, palette, mosaic)| {
            let colour = producer(network, *tensor).map_or(palette.ink, |layer| palette.layer(layer));
            let ramp = Sequential::new(palette.sunken, colour);
            let format = network.tensors[*tensor].affine.map(|affine| affine.format);
            let (low, high) = format.map_or((0, 1), |format| (format.min(), format.max()));
            let codes = run.trace.codes(*tensor);
            let (width, height) = mosaic.size();
            let mut pixels = Pixels::new(width, height);
            mosaic.paint(&mut pixels, 0, 0, |neuron| {
                ramp.pixel(codes.get(neuron).copied().unwrap_or(low), low, high)
            });
            pixels
        },
    );
    let layer = producer(network, tensor);
    let own = use_state_eq(|| 0);
    // The input's neurons are chosen here only: the page's selection is one of a layer's.
    let neuron = neuron.unwrap_or(*own).min(volume.len().saturating_sub(1));
    let select = {
        let (dispatch, own) = (dispatch.clone(), own.setter());
        move |neuron: usize| match layer {
            Some(layer) => dispatch.dispatch(Action::Select(Select::Neuron { layer, neuron })),
            None => own.set(neuron),
        }
    };
    let onclick = {
        let select = select.clone();
        Callback::from(move |event: MouseEvent| {
            let at = [event.offset_x(), event.offset_y()].map(|at| f64::from(at) * ratio);
            mosaic.hit(at[0], at[1]).into_iter().for_each(&select);
        })
    };
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        if let Some((columns, rows)) = arrow(&event.key()) {
            event.prevent_default();
            event.stop_propagation();
            select(mosaic.step(neuron, columns, rows));
        }
    });
    let code = run.trace.codes(tensor).get(neuron).copied().unwrap_or(0);
    let affine = network.tensors[tensor].affine;
    let real = affine.map_or(0.0, |affine| affine.dequantize(code));
    let words = t!(
        "network.code-of",
        place = place(volume, neuron),
        code = format::signed(code.into()),
        real = format::significant(real.into(), 3)
    );
    let outline = mosaic.rect(neuron).map(|rect| {
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
    let hidden = mosaic.hidden();
    html! {
        <>
            <div class="codes-place" ref={room}>
                <div class="map" role="application" aria-roledescription={t!("network.codes-map")} tabindex="0" aria-label={words.clone()}
                    {onclick} {onkeydown}>
                    <PixelCanvas pixels={ByPtr(pixels)} {ratio} />
                    { outline }
                </div>
            </div>
            <p class="code-words">{ words }</p>
            if hidden > 0 { <p class="soft">{ t!("network.channels-hidden", number = format::count(hidden as u64)) }</p> }
        </>
    }
}

/// The same in numbers.
fn table(
    network: &NetworkView,
    tensor: usize,
    here: &CodeSummary,
    all: Option<&CodeSummary>,
    loss: Option<&LossView>,
) -> Html {
    let Some(affine) = network.tensors[tensor].affine else {
        return Html::default();
    };
    let code = |code: i32| {
        let real = format::significant(affine.dequantize(code).into(), 3);
        format!("{} ({real})", format::signed(code.into()))
    };
    type Of<'a> = Box<dyn Fn(&CodeSummary) -> String + 'a>;
    let mut rows: Vec<(String, Of)> = vec![
        (
            t!("network.stat.codes").into(),
            Box::new(|s| format::count(s.codes)),
        ),
        (t!("network.stat.smallest").into(), Box::new(|s| code(s.range[0]))),
    ];
    for (index, percent) in PERCENTILES.into_iter().enumerate() {
        let name = t!("network.stat.percentile", percent = percent).into();
        rows.push((name, Box::new(move |s| code(s.percentiles[index]))));
    }
    let (low, high) = (affine.format.min(), affine.format.max());
    let at = |code: i32| t!("network.stat.clamped", code = format::signed(code.into())).into_owned();
    rows.push((t!("network.stat.largest").into(), Box::new(|s| code(s.range[1]))));
    rows.push((at(low), Box::new(|s| words::share(s.lowest, s.codes))));
    rows.push((at(high), Box::new(|s| words::share(s.highest, s.codes))));
    rows.push((
        t!(
            "network.stat.zero",
            code = format::signed(affine.zero_point.into())
        )
        .into(),
        Box::new(|s| words::share(s.zeros, s.codes)),
    ));
    let sqnr = loss.and_then(|loss| loss.sqnr.get(tensor).copied().flatten());
    let range = loss.and_then(|loss| loss.ranges.get(tensor));
    html! {
        <table class="network-table stats">
            <thead><tr><td />
                <th scope="col">{ t!("network.this-run") }</th>
                <th scope="col">{ t!("network.calibration-set") }</th>
            </tr></thead>
            <tbody>
                { for rows.into_iter().map(|(name, of)| html! {
                    <tr><th scope="row">{ name }</th><td class="number">{ of(here) }</td><td class="number">{ all.map_or("…".to_owned(), &of) }</td></tr>
                }) }
                if let Some(sqnr) = sqnr {
                    <tr class="sqnr"><th scope="row">{ t!("network.column.sqnr") }</th><td class="number" colspan="2">{ words::decibels(sqnr) }</td></tr>
                }
                if let Some([from, to]) = range {
                    <tr><th scope="row">{ t!("network.stat.float-range") }</th><td class="number" colspan="2">{
                        format!("{} … {}", format::significant((*from).into(), 4), format::significant((*to).into(), 4))
                    }</td></tr>
                }
            </tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_dwarfs_all_others_is_cut() {
        assert_eq!(cut(&[&[900, 10, 20]]), 32);
        assert_eq!(cut(&[&[0, 0, 50]]), 80, "a single bar is not");
        assert_eq!(cut(&[&[900, 10], &[30, 40]]), 48);
    }

    #[test]
    fn bins_of_runs_of_any_length_have_the_same_scale() {
        let summary = |counts: Vec<u64>| CodeSummary {
            codes: counts.iter().sum(),
            bins: counts.into(),
            ..CodeSummary::default()
        };
        assert_eq!(shares(&summary(vec![1, 3])), shares(&summary(vec![100, 300])));
    }
}
