//! The first stage: the input's codes as a picture, as curves, or as a number.

use super::stage::Stage;
use super::words::{code_format, extents, spike_code, spikes_of, volume};
use crate::graph::Volume;
use crate::web::components::Signal;
use crate::web::format;
use crate::web::palette::{Palette, Rgb};
use crate::web::plots::{ByPtr, Limits, Mosaic, PixelCanvas, Pixels, Rect, Sequential};
use crate::web::task::InputForm;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// Largest side of the picture in CSS pixels.
const SIDE: usize = 146;

/// What [`InputStage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct InputStageProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// What the sample is, in words.
    pub caption: AttrValue,
    /// The theme's colours.
    pub palette: ByPtr<Palette>,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
}

/// The codes that go in, dark where they are low.
#[component]
pub fn InputStage(props: &InputStageProps) -> Html {
    let InputStageProps {
        network,
        run,
        caption,
        palette,
        ratio,
    } = props;
    // The input is the network's first tensor.
    let tensor = 0;
    let volume = volume(network, tensor);
    let bits = code_format(network, tensor).map_or(8, |f| f.bits);
    let spikes = use_memo(run.clone(), |run| {
        spikes_of(&run.trace.input, spike_code(run, tensor))
    });
    let pixels = use_memo(
        (network.clone(), run.clone(), palette.clone(), *ratio),
        |(network, run, palette, ratio)| {
            let codes = &run.trace.input;
            let (low, high) = code_format(network, tensor).map_or((-128, 127), |f| (f.min(), f.max()));
            paint(codes, volume, (low, high), palette, *ratio)
        },
    );
    let title = match InputForm::of(network) {
        InputForm::Number => t!("input.a-number").into_owned(),
        _ => extents(volume),
    };
    let label = match InputForm::of(network) {
        InputForm::Number => t!("input.label-number", caption = caption, bits = bits),
        _ => t!("input.label", caption = caption, extents = title, bits = bits),
    }
    .into_owned();
    let picture = match InputForm::of(network) {
        InputForm::Signal { channels, steps } => {
            let values = Rc::from(&run.trace.input[..]);
            html! {
                <div class="signal-frame" role="img" aria-label={label}>
                    <ol class="signal-channels">{ for (1..=channels).map(|channel| html! { <li>{ channel }</li> }) }</ol>
                    <Signal {values} {channels} />
                    <p class="signal-steps"><span>{ "1" }</span><span>{ t!("input.time") }</span><span>{ steps }</span></p>
                </div>
            }
        }
        InputForm::Number => number(network, run, &label),
        InputForm::Picture(_) | InputForm::Numbers => html! {
            <div role="img" aria-label={label}>
                <PixelCanvas pixels={ByPtr(pixels)} ratio={*ratio} class="well" />
            </div>
        },
    };
    html! {
        <Stage title={t!("input.title").into_owned()} subtitle={t!("input.bits", what = title, bits = bits).into_owned()} hue="var(--layer-input)"
            state={format::count_of(*spikes, "spike")}
            counts={format::count_of(volume.len() as u64, "neuron")}>
            <figure class="input-picture">
                { picture }
                <figcaption>{ caption }</figcaption>
            </figure>
        </Stage>
    }
}

/// A single number, with its code and where that lies in the range of codes.
fn number(network: &NetworkView, run: &RunView, label: &str) -> Html {
    let code = run.trace.input.first().copied().unwrap_or(0);
    let Some(affine) = network.tensors.first().and_then(|tensor| tensor.affine) else {
        return Html::default();
    };
    let (low, high) = (affine.format.min(), affine.format.max());
    let share = f64::from(code - low) / f64::from(high - low).max(1.0) * 100.0;
    let value = format::thousands(code.into());
    html! {
        <div class="one-number" role="img" aria-label={t!("input.label-code", label = label, code = value)}>
            <strong>{ format::decimal(affine.dequantize(code).into(), 3) }</strong>
            <span class="bar"><span class="so-far" style={format!("left:{share:.2}%")} /></span>
            <span class="ends"><span>{ format::thousands(low.into()) }</span><span>{ t!("input.code", code = value) }</span>
            <span>{ format::thousands(high.into()) }</span></span>
        </div>
    }
}

/// Where the neurons of an input lie: channels as tiles, three channels of a colour picture as one.
pub(super) fn arrange(volume: Volume, ratio: f64) -> Mosaic {
    let drawn = if is_colour(volume) {
        Volume {
            channels: 1,
            ..volume
        }
    } else {
        volume
    };
    let side = (SIDE as f64 * ratio) as usize;
    let limits = Limits::css(SIDE, SIDE, ratio).with_cells(side, (13.0 * ratio) as usize);
    Mosaic::fit(drawn, limits)
}

/// Whether an input's channels are red, green and blue.
pub(super) fn is_colour(volume: Volume) -> bool {
    volume.channels == 3 && volume.height > 1
}

/// Paints them in place.
pub(super) fn paint(
    codes: &[i32],
    volume: Volume,
    (low, high): (i32, i32),
    palette: &Palette,
    ratio: f64,
) -> Pixels {
    let mosaic = arrange(volume, ratio);
    let (width, height) = mosaic.size();
    let mut pixels = Pixels::new(width, height);
    pixels.fill(
        Rect {
            x: 0,
            y: 0,
            width,
            height,
        },
        palette.sunken.pixel(),
    );
    let code = |neuron: usize| codes.get(neuron).copied().unwrap_or(low);
    if is_colour(volume) {
        let byte = |code: i32| ((code - low) as i64 * 255 / ((high - low) as i64).max(1)).clamp(0, 255) as u8;
        let plane = volume.positions();
        mosaic.paint(&mut pixels, 0, 0, |n| {
            Rgb(byte(code(n)), byte(code(n + plane)), byte(code(n + 2 * plane))).pixel()
        });
    } else {
        let ramp = Sequential::new(palette.sunken, palette.ink);
        mosaic.paint(&mut pixels, 0, 0, |n| ramp.pixel(code(n), low, high));
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_drawn_at_whole_number_scale_on_any_screen() {
        let volume = Volume {
            channels: 1,
            height: 28,
            width: 28,
        };
        for (ratio, side) in [(1.0, 140), (2.0, 280), (1.5, 196)] {
            let pixels = paint(&vec![0; 784], volume, (-128, 127), &Palette::default(), ratio);
            assert_eq!((pixels.width, pixels.height), (side, side));
        }
    }

    #[test]
    fn three_channels_are_one_picture_in_colour() {
        let volume = Volume {
            channels: 3,
            height: 2,
            width: 2,
        };
        let codes = [255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0];
        let pixels = paint(&codes, volume, (0, 255), &Palette::default(), 1.0);
        assert_eq!(pixels.data[0], Rgb(255, 0, 0).pixel());
        assert_eq!(pixels.data[pixels.width - 1], Rgb(0, 255, 0).pixel());
    }
}
