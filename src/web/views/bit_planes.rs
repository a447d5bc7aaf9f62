//! The second stage: the bit planes of the tensor that is being sent.

use super::stage::Stage;
use super::words::{digit_weight, producer, sentence_name, spike_code, volume};
use crate::graph::Volume;
use crate::simulate::WindowTrace;
use crate::spiking::SpikeCode;
use crate::web::format;
use crate::web::palette::Palette;
use crate::web::plots::{ByPtr, Limits, Mosaic, PixelCanvas, Pixels, Rect};
use crate::web::selection::Select;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// Side of a plane in CSS pixels.
const SIDE: usize = 56;
/// Between planes, in CSS pixels.
const GAP: usize = 6;

/// What [`BitPlanesStage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct BitPlanesStageProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The window whose source is shown.
    pub window: usize,
    /// The step within it.
    pub step: usize,
    /// The theme's colours.
    pub palette: ByPtr<Palette>,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// Called with the chosen neuron.
    pub on_select: Callback<Select>,
}

/// All planes in the order in which they are sent: those before are past, one is on its way, those
/// after are pale.
#[component]
pub fn BitPlanesStage(props: &BitPlanesStageProps) -> Html {
    let BitPlanesStageProps {
        network,
        run,
        window,
        step,
        palette,
        ratio,
        on_select,
    } = props;
    let (Some(layer), Some(trace)) = (network.layers.get(*window), run.trace.windows.get(*window)) else {
        return Html::default();
    };
    let volume = volume(network, layer.source);
    let sheet = Sheet::new(volume, trace.steps(), *ratio);
    let pixels = use_memo(
        (run.clone(), (*window, layer.source), palette.clone(), sheet),
        |(run, (window, source), palette, sheet)| {
            sheet.paint(
                run.trace.codes(*source),
                spike_code(run, *source),
                &run.trace.windows[*window].main().planes,
                palette,
            )
        },
    );
    let code = spike_code(run, layer.source);
    let weight = |lambda: u8| digit_weight(code, lambda);
    let name = sentence_name(network, layer.source);
    let spikes = |step: usize| trace.main().spikes.get(step).copied().unwrap_or(0);
    let has_signs = code.is_some_and(|code| code.has_signed_spikes());
    let counted = |index: usize| {
        let words = format::count_of(spikes(index).into(), "spike");
        if !has_signs {
            return words;
        }
        let negative = format::count(negative(code, trace, index) as u64);
        t!("planes.negative", spikes = words, negative = negative).into_owned()
    };
    let now = trace.main().planes.get(*step).copied().unwrap_or(0);
    let onclick = producer(network, layer.source).map(|source| {
        let (on_select, ratio) = (on_select.clone(), *ratio);
        Callback::from(move |event: MouseEvent| {
            let at = (
                f64::from(event.offset_x()) * ratio,
                f64::from(event.offset_y()) * ratio,
            );
            if let Some(neuron) = sheet.hit(at.0, at.1) {
                on_select.emit(Select::Neuron {
                    layer: source,
                    neuron,
                });
            }
        })
    });
    let css = |device: usize| device as f64 / ratio;
    let plane = |(index, &lambda): (usize, &u8)| {
        let (x, y) = sheet.corner(index);
        let when = match index.cmp(step) {
            std::cmp::Ordering::Less => "past",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "to-come",
        };
        let style = format!(
            "left:{}px;top:{}px;width:{}px;height:{}px",
            css(x),
            css(y),
            css(sheet.side),
            css(sheet.side)
        );
        html! {
            <li class={classes!("plane", when)} {style} aria-current={(index == *step).then_some("step")}>
                <span class="plane-weight">{ weight(lambda) }</span>
                <span class="visually-hidden">
                    { t!("planes.counts", spikes = counted(index)) }
                </span>
            </li>
        }
    };
    html! {
        <Stage title={t!("planes.title").into_owned()} subtitle={t!("planes.of", name = name).into_owned()} hue="var(--spike)"
            state={t!("planes.sending", weight = weight(now)).into_owned()}
            counts={counted(*step)}>
            <div class={classes!("planes", onclick.is_some().then_some("can-choose"))} {onclick}>
                <PixelCanvas pixels={ByPtr(pixels)} ratio={*ratio} />
                <ol aria-label={t!("planes.label", name = name)}>
                    { for trace.main().planes.iter().enumerate().map(plane) }
                </ol>
            </div>
            if has_signs {
                <p class="planes-legend train"><i class="spike" />{ "+1" }<i class="spike negative" />{ "−1" }</p>
            }
        </Stage>
    }
}

/// How many of a step's spikes are −1.
fn negative(code: Option<SpikeCode>, window: &WindowTrace, step: usize) -> usize {
    let (Some(code), Some(&plane)) = (code, window.main().planes.get(step)) else {
        return 0;
    };
    let sent = window.main().sent.iter();
    sent.filter(|&&x| code.digit(x, plane) < 0).count()
}

/// Where planes lie on their common picture, in device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sheet {
    mosaic: Mosaic,
    planes: usize,
    columns: usize,
    side: usize,
    gap: usize,
}

impl Sheet {
    fn new(volume: Volume, planes: usize, ratio: f64) -> Self {
        let limits = Limits::css(SIDE, SIDE, ratio);
        let limits = Limits {
            gap: 0,
            ..limits.with_cells(limits.width, limits.width)
        };
        Self {
            mosaic: Mosaic::fit(volume, limits),
            planes,
            columns: planes.div_ceil(4).max(2),
            side: limits.width,
            gap: (GAP as f64 * ratio).round() as usize,
        }
    }

    fn corner(&self, plane: usize) -> (usize, usize) {
        let pitch = self.side + self.gap;
        (plane % self.columns * pitch, plane / self.columns * pitch)
    }

    /// Between a plane's corner and its mosaic's.
    fn inset(&self) -> (usize, usize) {
        let (width, height) = self.mosaic.size();
        (
            self.side.saturating_sub(width) / 2,
            self.side.saturating_sub(height) / 2,
        )
    }

    fn hit(&self, x: f64, y: f64) -> Option<usize> {
        let pitch = (self.side + self.gap) as f64;
        let (left, top) = self.inset();
        self.mosaic.hit(
            x.rem_euclid(pitch) - left as f64,
            y.rem_euclid(pitch) - top as f64,
        )
    }

    fn paint(&self, codes: &[i32], code: Option<SpikeCode>, planes: &[u8], palette: &Palette) -> Pixels {
        let rows = self.planes.div_ceil(self.columns).max(1);
        let along = |tiles: usize| tiles * self.side + (tiles - 1) * self.gap;
        let mut pixels = Pixels::new(along(self.columns), along(rows));
        let silence = palette.sunken.pixel();
        let colours = [palette.spike_negative.pixel(), silence, palette.spike.pixel()];
        let (left, top) = self.inset();
        for (index, &lambda) in planes.iter().enumerate() {
            let (x, y) = self.corner(index);
            pixels.fill(
                Rect {
                    x,
                    y,
                    width: self.side,
                    height: self.side,
                },
                silence,
            );
            self.mosaic.paint(&mut pixels, x + left, y + top, |neuron| {
                let digit = code
                    .zip(codes.get(neuron))
                    .map(|(code, &x)| code.digit(x, lambda));
                colours[(digit.unwrap_or(0) + 1) as usize]
            });
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spiking::Digits;
    use crate::web::palette::Rgb;

    #[test]
    fn each_plane_shows_one_bit_of_every_code() {
        let palette = Palette {
            spike: Rgb(255, 0, 0),
            spike_negative: Rgb(0, 0, 255),
            sunken: Rgb(0, 0, 0),
            ..Palette::default()
        };
        let sheet = Sheet::new(
            Volume {
                channels: 1,
                height: 28,
                width: 28,
            },
            8,
            1.0,
        );
        assert_eq!((sheet.columns, sheet.mosaic.cell, sheet.inset()), (2, 2, (0, 0)));
        let planes = [7, 6, 5, 4, 3, 2, 1, 0];
        let paint = |digits| {
            let code = SpikeCode::new((-128, 127), 0, digits);
            sheet.paint(&vec![-128; 784], Some(code), &planes, &palette)
        };
        let count = |pixels: &Pixels, colour: Rgb| {
            let colour = colour.pixel();
            pixels.data.iter().filter(|&&p| p == colour).count()
        };
        let pixels = paint(Digits::Binary);
        assert_eq!(
            count(&pixels, palette.spike),
            SIDE * SIDE,
            "only the sign bit spikes"
        );
        assert_eq!(pixels.data[0], palette.spike.pixel());
        let pixels = paint(Digits::SignMagnitude);
        assert_eq!(count(&pixels, palette.spike), 0);
        assert_eq!(
            count(&pixels, palette.spike_negative),
            SIDE * SIDE,
            "one negative spike"
        );
    }

    #[test]
    fn sixteen_planes_take_four_columns_and_one_plane_is_not_alone() {
        let volume = Volume {
            channels: 16,
            height: 14,
            width: 14,
        };
        assert_eq!(Sheet::new(volume, 16, 1.0).columns, 4);
        assert_eq!(Sheet::new(volume, 1, 1.0).columns, 2);
    }

    #[test]
    fn pointing_at_a_plane_finds_the_sending_neuron() {
        let sheet = Sheet::new(
            Volume {
                channels: 1,
                height: 28,
                width: 28,
            },
            8,
            2.0,
        );
        let (x, y) = sheet.corner(3);
        assert_eq!(sheet.hit(x as f64 + 5.0, y as f64 + 1.0), Some(1));
        assert_eq!(sheet.hit(sheet.side as f64 + 1.0, 0.0), None);
    }
}
