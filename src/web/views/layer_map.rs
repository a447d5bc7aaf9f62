//! A stage of the story for each layer: its membranes as maps of colours.

use super::stage::Stage;
use super::words::{Phase, extents, full_name, layer_name, place, sentence_name};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::{ByPtr, Diverging, Limits, Mosaic, PixelCanvas, Pixels};
use crate::web::selection::Select;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// Largest picture in CSS pixels.
const SIDE: usize = 240;

/// What [`LayerStage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct LayerStageProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The layer.
    pub layer: usize,
    /// What it does now.
    pub phase: Phase,
    /// The membrane that has the full colour.
    pub magnitude: i64,
    /// Spikes that it fires in all.
    pub spikes: u64,
    /// Colours of membranes.
    pub ramp: ByPtr<Diverging>,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// The chosen neuron, if it is one of this layer.
    pub chosen: Option<usize>,
    /// Called with the chosen neuron.
    pub on_select: Callback<Select>,
}

/// Membranes after the current step: blue above zero, orange below. Every neuron can be chosen, by
/// pointer or by arrow keys.
#[component]
pub fn LayerStage(props: &LayerStageProps) -> Html {
    let LayerStageProps {
        network,
        run,
        layer,
        phase,
        magnitude,
        spikes,
        ramp,
        ratio,
        chosen,
        on_select,
    } = props;
    let (layer, phase, ratio, magnitude) = (*layer, *phase, *ratio, *magnitude);
    let view = &network.layers[layer];
    let trace = &run.trace.windows[layer];
    let volume = view.connections.output;
    let mosaic = use_memo((volume, ratio), |(volume, ratio)| {
        let limits = Limits::css(SIDE, SIDE, *ratio);
        // A handful of neurons may be seen from afar.
        let vector_cell = limits.vector_cell * if volume.len() <= 32 { 2 } else { 1 };
        let side = volume.width.max(volume.height).max(1);
        let largest = if volume.len() <= 512 {
            (limits.tile / side).min(limits.vector_cell)
        } else {
            0
        };
        Mosaic::fit(*volume, limits.with_cells(limits.cell.max(largest), vector_cell))
    });
    let mosaic = *mosaic;
    let step = phase.last_step(trace);
    let pixels = use_memo(
        (run.clone(), step, ramp.clone(), mosaic, magnitude),
        |(run, step, ramp, mosaic, magnitude)| {
            let membranes = run.trace.windows[layer].main().membranes_at(*step);
            let (width, height) = mosaic.size();
            let mut pixels = Pixels::new(width, height);
            mosaic.paint(&mut pixels, 0, 0, |neuron| {
                ramp.pixel(membranes.get(neuron).copied().unwrap_or(0), *magnitude)
            });
            pixels
        },
    );
    let name = layer_name(network, layer);
    let source = sentence_name(network, view.source);
    let neurons = format::count_of(volume.len() as u64, "neuron");
    let state = match phase {
        Phase::Waiting => t!("layer.waits", source = source),
        Phase::Listening { .. } => t!("layer.hears", source = source),
        Phase::Fired if trace.codes.is_empty() => t!("layer.done"),
        Phase::Fired => t!("layer.fired", spikes = format::count_of(*spikes, "spike")),
    }
    .into_owned();
    // The number of steps takes the place of the neurons, which the subtitle counts too: a line more
    // would make the card grow and shrink.
    let counts = match phase {
        Phase::Listening { step, of } => t!("layer.step", step = step + 1, of = of).into_owned(),
        _ => neurons,
    };
    let is_narrow = (mosaic.size().0 as f64) < 160.0 * ratio;
    let subtitle = match volume.positions() {
        1 if volume.len() == 1 => t!("layer.one-membrane").into_owned(),
        positions if is_narrow && positions > 1 => extents(volume),
        _ => t!("layer.membranes", extents = extents(volume)).into_owned(),
    };
    let hidden = mosaic.hidden();
    let chosen_text = chosen.map(|neuron| {
        let u = trace.main().membranes_at(step).get(neuron).copied().unwrap_or(0);
        (place(volume, neuron), format::thousands(u.into()))
    });
    let extents = extents(volume);
    let label = match &chosen_text {
        Some((place, u)) => t!(
            "layer.label-chosen",
            name = name,
            extents = extents,
            state = state,
            counts = counts,
            place = place,
            u = u
        ),
        None => t!(
            "layer.label",
            name = name,
            extents = extents,
            state = state,
            counts = counts
        ),
    };
    let onclick = {
        let on_select = on_select.clone();
        Callback::from(move |event: MouseEvent| {
            let at = (
                f64::from(event.offset_x()) * ratio,
                f64::from(event.offset_y()) * ratio,
            );
            if let Some(neuron) = mosaic.hit(at.0, at.1) {
                on_select.emit(Select::Neuron { layer, neuron });
            }
        })
    };
    let onkeydown = {
        let (on_select, chosen) = (on_select.clone(), *chosen);
        Callback::from(move |event: KeyboardEvent| {
            let Some((columns, rows)) = arrow(&event.key()) else {
                return;
            };
            event.prevent_default();
            event.stop_propagation();
            let neuron = chosen.map_or(0, |neuron| mosaic.step(neuron, columns, rows));
            on_select.emit(Select::Neuron { layer, neuron });
        })
    };
    let outline = chosen.and_then(|neuron| mosaic.rect(neuron)).map(|rect| {
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
    html! {
        <Stage title={name} full_title={full_name(network, layer)} {subtitle} hue={hue_of_layer(Some(layer))}
            class={phase.class()} {state} {counts}>
            <div class="map" role="application" aria-roledescription={t!("layer.map")} tabindex="0" aria-label={label}
                {onclick} {onkeydown}>
                <PixelCanvas pixels={ByPtr(pixels)} {ratio} />
                { outline }
            </div>
            if hidden > 0 {
                <p class="more">{ t!("layer.more", number = format::count(hidden as u64)) }</p>
            }
            <span class="visually-hidden" aria-live="polite">{ chosen_text.map(|(place, _)| place) }</span>
        </Stage>
    }
}

/// How far an arrow key moves the chosen neuron, in columns and rows.
pub fn arrow(key: &str) -> Option<(isize, isize)> {
    Some(match key {
        "ArrowLeft" => (-1, 0),
        "ArrowRight" => (1, 0),
        "ArrowUp" => (0, -1),
        "ArrowDown" => (0, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arrow_keys_move() {
        assert_eq!(arrow("ArrowDown"), Some((0, 1)));
        assert_eq!(arrow(" "), None, "space stays with the timeline");
    }
}
