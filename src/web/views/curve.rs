//! The last stage of a network of one input and one output: its answers over the whole range of the input.

use super::stage::Stage;
use super::words::{Phase, code_format};
use crate::explore::Curve;
use crate::web::format::decimal;
use crate::web::palette::hue_of_layer;
use crate::web::plots::{ByPtr, Span, path, ticks};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// The plot's size in its own units, which are about CSS pixels.
const SIZE: (f64, f64) = (250.0, 150.0);

/// What [`CurveStage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct CurveStageProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run, which holds a curve.
    pub run: ByPtr<RunView>,
    /// The stored sample that it ran on, if it is one.
    pub stored: Option<usize>,
    /// What the last layer does now.
    pub phase: Phase,
}

/// Target, quantized network and spiking network as curves; the sample that is shown as a dot.
#[component]
pub fn CurveStage(props: &CurveStageProps) -> Html {
    let CurveStageProps {
        network,
        run,
        stored,
        phase,
    } = props;
    let targets = use_memo(network.clone(), |network| targets(network));
    let (Some(layer), Some(curve)) = (network.layers.len().checked_sub(1), &run.curve) else {
        return Html::default();
    };
    let here = input(network, run);
    let answer = run.output.first().copied().unwrap_or(f32::NAN);
    let target = stored
        .and_then(|index| network.samples.targets.get(index))
        .copied();
    let agrees = run.output == run.reference;
    let state = match phase {
        Phase::Fired if agrees => t!("answer.agrees"),
        Phase::Fired => t!(
            "answer.number-differs",
            reference = number(run.reference.first().copied())
        ),
        Phase::Listening { step, of } => t!("answer.listening", step = step + 1, of = of),
        Phase::Waiting => t!("answer.waiting", step = run.trace.steps()),
    }
    .into_owned();
    let subtitle = match code_format(network, network.layers[layer].target) {
        Some(format) => t!("answer.number", bits = format.bits),
        None => t!("answer.real-number"),
    }
    .into_owned();
    let values = format!("{} → {}", number(Some(here)), number(Some(answer)));
    let counts = match target {
        Some(target) => {
            let target = number(Some(target));
            t!("answer.target-value", values = values, target = target).into_owned()
        }
        None => values.clone(),
    };
    let is_different = curve.reference.iter().ne(curve.spiking.iter());
    html! {
        <Stage title={t!("answer.title").into_owned()} {subtitle} hue={hue_of_layer(Some(layer))} {state} {counts}
            class={classes!("curve-stage", phase.class(), (!agrees).then_some("disagrees"))}>
            { plot(curve, &targets, (here, answer), &words(curve, &values)) }
            <ul class="curve-legend">
                if !targets.is_empty() { <li class="target"><i />{ t!("answer.target") }</li> }
                <li class="reference"><i />{ t!("answer.quantized") }</li>
                <li class="spiking"><i />{ if is_different { t!("answer.spiking") } else { t!("answer.spiking-same") } }</li>
            </ul>
        </Stage>
    }
}

fn number(value: Option<f32>) -> String {
    decimal(value.unwrap_or(f32::NAN).into(), 3)
}

/// The curves in words.
fn words(curve: &Curve, values: &str) -> String {
    let ends = |values: &[f32]| {
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (low, high) = (number(Some(low)), number(Some(high)));
        t!("answer.range", low = low, high = high)
    };
    t!(
        "answer.curve",
        inputs = ends(&curve.inputs),
        reference = ends(&curve.reference),
        spiking = ends(&curve.spiking),
        values = values
    )
    .into_owned()
}

/// The targets of all samples, in the order of their inputs.
fn targets(network: &NetworkView) -> Vec<(f64, f64)> {
    let samples = &network.samples;
    let mut points: Vec<(f64, f64)> = samples
        .inputs
        .iter()
        .zip(samples.targets.iter())
        .map(|(&input, &target)| (f64::from(input), f64::from(target)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// The input that is shown.
fn input(network: &NetworkView, run: &RunView) -> f32 {
    let affine = network.tensors.first().and_then(|tensor| tensor.affine);
    let code = run.trace.input.first().copied();
    affine
        .zip(code)
        .map_or(f32::NAN, |(affine, code)| affine.dequantize(code))
}

fn plot(curve: &Curve, targets: &[(f64, f64)], (x, y): (f32, f32), words: &str) -> Html {
    let (width, height) = SIZE;
    let real = |&value: &f32| f64::from(value);
    let across = Span {
        from: curve.inputs.first().map_or(0.0, real),
        to: curve.inputs.last().map_or(1.0, real),
    };
    let answers = curve.reference.iter().chain(curve.spiking.iter()).map(real);
    let up = Span::around(answers.chain(targets.iter().map(|point| point.1)), 0.06);
    let line = |class: &'static str, d: String| html! { <path {class} {d} /> };
    let of = |values: &[f32]| {
        let points = curve.inputs.iter().map(real).zip(values.iter().map(real));
        path(points, (across, up), SIZE)
    };
    let (columns, x_places) = ticks(across, 4);
    let (rows, y_places) = ticks(up, 4);
    let (left, top) = (
        across.share(x.into()) * width,
        (1.0 - up.share(y.into())) * height,
    );
    let column = |&value: &f64| {
        let at = across.share(value) * 100.0;
        html! { <span style={format!("left:{at:.2}%")}>{ decimal(value, x_places) }</span> }
    };
    let row = |&value: &f64| {
        let at = (1.0 - up.share(value)) * 100.0;
        html! { <span style={format!("top:{at:.2}%")}>{ decimal(value, y_places) }</span> }
    };
    let grid_row = |&value: &f64| {
        let y = format!("{:.2}", (1.0 - up.share(value)) * height);
        html! { <line class="grid" x1="0" x2={width.to_string()} y1={y.clone()} y2={y} /> }
    };
    html! {
        <div class="curve-frame">
            <div class="curve-y" aria-hidden="true">{ for rows.iter().map(row) }</div>
            <div class="curve-plot">
            <svg class="curve" viewBox={format!("0 0 {width} {height}")} preserveAspectRatio="none" role="img" aria-label={words.to_owned()}>
                { for rows.iter().map(grid_row) }
                { line("target", path(targets.iter().copied(), (across, up), SIZE)) }
                { line("reference", of(&curve.reference)) }
                { line("spiking", of(&curve.spiking)) }
                <line class="here" x1={format!("{left:.2}")} x2={format!("{left:.2}")} y1="0" y2={height.to_string()} />
            </svg>
            <i class="curve-dot" style={format!("left:{:.2}%;top:{:.2}%", left / width * 100.0, top / height * 100.0)} />
            </div>
            <div class="curve-x" aria-hidden="true">{ for columns.iter().map(column) }</div>
            <p class="curve-name" aria-hidden="true">{ t!("answer.input") }</p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::network;
    use super::*;

    #[test]
    fn targets_are_sorted_by_their_inputs() {
        let mut network = network();
        network.samples.inputs = vec![2.0, -1.0].into();
        network.samples.targets = vec![4.0, 1.0].into();
        assert_eq!(targets(&network), [(-1.0, 1.0), (2.0, 4.0)]);
    }
}
