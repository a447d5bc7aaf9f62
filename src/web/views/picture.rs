//! The last stage of a network that answers with a picture: what came out, and what should have.

use super::stage::Stage;
use super::words::Phase;
use crate::web::format;
use crate::web::palette::{Palette, hue_of_layer};
use crate::web::picture::Frame;
use crate::web::plots::{ByPtr, Limits, Mosaic, PixelCanvas, Pixels, Rect, Sequential};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::borrow::Cow;
use yew::prelude::*;

/// Largest side of a picture in CSS pixels.
const SIDE: usize = 146;

/// Levels that numbers are drawn in.
const LEVELS: f32 = 1023.0;

/// What [`PictureStage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct PictureStageProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The stored sample that it ran on, if it is one.
    pub stored: Option<usize>,
    /// The frame of the picture.
    pub frame: Frame,
    /// What the last layer does now.
    pub phase: Phase,
    /// The theme's colours.
    pub palette: ByPtr<Palette>,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
}

/// The answer, beside it the target where there is one, and how far they are from each other.
#[component]
pub fn PictureStage(props: &PictureStageProps) -> Html {
    let PictureStageProps {
        network,
        run,
        stored,
        phase,
        palette,
        ratio,
        ..
    } = props;
    let Some(layer) = network.layers.len().checked_sub(1) else {
        return Html::default();
    };
    let frame = props.frame;
    let target = stored.and_then(|index| target(network, index, run.output.len()));
    let span = span(&run.output, target.unwrap_or(&[]));
    let answer = use_memo((run.clone(), palette.clone(), *ratio), |(run, palette, ratio)| {
        paint(&run.output, frame, span, palette, *ratio)
    });
    let wanted = use_memo(
        (network.clone(), *stored, palette.clone(), *ratio),
        |(_, _, palette, ratio)| target.map(|target| paint(target, frame, span, palette, *ratio)),
    );
    let errors = target.map(|target| Errors::of(&run.output, target));
    let noise = target
        .zip(input(network, run, run.output.len()))
        .map(|(target, input)| Errors::of(&input, target));
    let agrees = run.output == run.reference;
    let state = match phase {
        Phase::Fired if agrees => t!("answer.agrees"),
        Phase::Fired => t!("answer.differs"),
        Phase::Listening { step, of } => t!("answer.listening", step = step + 1, of = of),
        Phase::Waiting => t!("answer.waiting", step = run.trace.steps()),
    }
    .into_owned();
    let picture = |pixels: ByPtr<Pixels>, name: Cow<'static, str>, words: Cow<'static, str>| {
        html! {
            <figure>
                <div role="img" aria-label={words}><PixelCanvas {pixels} ratio={*ratio} class="well" /></div>
                <figcaption>{ name }</figcaption>
            </figure>
        }
    };
    let size = format::shape(&[frame.height, frame.width]);
    let wanted = (*wanted).clone().map(|pixels| ByPtr(std::rc::Rc::new(pixels)));
    html! {
        <Stage title={t!("answer.title").into_owned()} subtitle={t!("answer.picture", size = size).into_owned()} hue={hue_of_layer(Some(layer))} {state}
            class={classes!("picture-stage", phase.class(), (!agrees).then_some("disagrees"))}
            counts={errors.as_ref().map(Errors::words).unwrap_or_default()}>
            <div class="pictures">
                { picture(ByPtr(answer), t!("answer.answer"), t!("answer.answer-words", size = size)) }
                if let Some(pixels) = wanted {
                    { picture(pixels, t!("answer.target"), t!("answer.target-words", size = size)) }
                }
            </div>
            if let Some(noise) = noise {
                <p class="soft">{ t!("answer.input-itself", errors = noise.words()) }</p>
            }
        </Stage>
    }
}

/// How far a picture is from its target.
struct Errors {
    /// Mean absolute error.
    mean: f64,
    /// Peak signal-to-noise ratio in decibels, relative to 1.0.
    psnr: f64,
}

impl Errors {
    fn of(picture: &[f32], target: &[f32]) -> Self {
        let count = target.len().max(1) as f64;
        let errors = || {
            picture
                .iter()
                .zip(target)
                .map(|(&a, &b)| f64::from(a) - f64::from(b))
        };
        Self {
            mean: errors().map(f64::abs).sum::<f64>() / count,
            psnr: -10.0 * (errors().map(|e| e * e).sum::<f64>() / count).log10(),
        }
    }

    fn words(&self) -> String {
        let (psnr, mean) = (self.psnr, format::decimal(self.mean, 3));
        if psnr.is_finite() {
            t!("answer.errors", psnr = format::decimal(psnr, 1), mean = mean)
        } else {
            t!("answer.no-error")
        }
        .into_owned()
    }
}

/// What should come out of a stored sample.
fn target(network: &NetworkView, sample: usize, len: usize) -> Option<&[f32]> {
    network.samples.targets.get(sample * len..(sample + 1) * len)
}

/// The input as real numbers, if it is as large as the output.
fn input(network: &NetworkView, run: &RunView, len: usize) -> Option<Vec<f32>> {
    let affine = network.tensors.first()?.affine?;
    let codes = &run.trace.input;
    (codes.len() == len).then(|| codes.iter().map(|&code| affine.dequantize(code)).collect())
}

/// From black to white: 0 to 1, or further if there are values beyond.
fn span(answer: &[f32], target: &[f32]) -> (f32, f32) {
    let values = answer
        .iter()
        .chain(target)
        .copied()
        .filter(|value| value.is_finite());
    values.fold((0.0, 1.0), |(low, high), value| (low.min(value), high.max(value)))
}

fn paint(values: &[f32], frame: Frame, (low, high): (f32, f32), palette: &Palette, ratio: f64) -> Pixels {
    let volume = crate::graph::Volume {
        channels: frame.channels,
        height: frame.height,
        width: frame.width,
    };
    let side = (SIDE as f64 * ratio) as usize;
    let mosaic = Mosaic::fit(volume, Limits::css(SIDE, SIDE, ratio).with_cells(side, side));
    let (width, height) = mosaic.size();
    let mut pixels = Pixels::new(width, height);
    let whole = Rect {
        x: 0,
        y: 0,
        width,
        height,
    };
    pixels.fill(whole, palette.sunken.pixel());
    let ramp = Sequential::new(palette.sunken, palette.ink);
    let level = |value: f32| ((value - low) / (high - low) * LEVELS).round() as i32;
    mosaic.paint(&mut pixels, 0, 0, |n| {
        ramp.pixel(level(values.get(n).copied().unwrap_or(low)), 0, LEVELS as i32)
    });
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_decibels_and_on_average() {
        let errors = Errors::of(&[0.6, 0.4], &[0.5, 0.5]);
        assert_eq!(errors.words(), "PSNR 20.0\u{202f}dB, mean error 0.100");
        assert_eq!(Errors::of(&[0.5], &[0.5]).words(), "no error");
    }

    #[test]
    fn a_picture_is_drawn_from_0_to_1_or_further() {
        assert_eq!(span(&[0.2, 0.4], &[]), (0.0, 1.0));
        assert_eq!(span(&[-0.5, 0.4], &[1.5]), (-0.5, 1.5));
    }
}
