//! Time along the bottom: one window per layer, one column per step, and the playhead.

use super::hint::{Hint, Hinted, hint_id};
use super::icon::{Glyph, Icon};
use crate::web::format::thousands;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch, Playhead, SPEEDS, Seek};
use crate::web::views::{digit_word, full_name, layer_name, sentence_name, tensor_name};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::borrow::Cow;
use web_sys::{Element, HtmlSelectElement};
use yew::prelude::*;

/// What happened, and where the user is in it.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The network and the run; `None` before there is one.
    pub shown: Option<(ByPtr<NetworkView>, ByPtr<RunView>)>,
    /// Where the user is.
    pub playhead: Playhead,
    /// To change that.
    pub dispatch: Dispatch,
}

/// One layer's window.
#[derive(Clone, PartialEq)]
struct Window {
    from: String,
    /// The same within a sentence.
    source: String,
    to: String,
    /// The whole name of the layer.
    title: String,
    hue: String,
    /// The share of neurons that spike at each step.
    shares: Vec<f32>,
    /// Spikes at each step.
    spikes: Vec<u32>,
    planes: Vec<u8>,
    /// What a digit is called.
    digit: String,
}

/// The timeline with its buttons.
#[component]
pub fn Timeline(props: &Props) -> Html {
    let windows = use_memo(props.shown.clone(), |shown| match shown {
        Some((network, run)) => windows(network, run),
        None => Vec::new(),
    });
    let act = |action: fn() -> Action| {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(action()))
    };
    let is_playing = props.playhead.is_playing;
    let (glyph, label) = if is_playing {
        (Glyph::Pause, t!("timeline.pause"))
    } else {
        (Glyph::Play, t!("timeline.play"))
    };
    let small = |label: Cow<'static, str>, glyph: Glyph, onclick: Callback<MouseEvent>| {
        html! {
            <button type="button" class="button button-icon button-quiet" aria-label={label} aria-describedby={hint_id("steps")} {onclick}>
                <Icon {glyph} />
            </button>
        }
    };
    html! {
        <footer class="timeline" aria-label={t!("timeline.label")}>
            <div class="transport">
                <Hinted name="play"><button type="button" class="play" aria-label={label} aria-describedby={hint_id("play")}
                    onclick={act(|| Action::TogglePlaying)}><Icon {glyph} /></button></Hinted>
                <Hinted name="steps"><div class="transport-steps">
                    { small(t!("timeline.back"), Glyph::Back, act(|| Action::Seek(Seek::By(-1)))) }
                    { small(t!("timeline.forward"), Glyph::Forward, act(|| Action::Seek(Seek::By(1)))) }
                </div></Hinted>
                <div class="transport-more">
                    <Hinted name="speed"><Speed speed={props.playhead.speed} dispatch={props.dispatch.clone()} /></Hinted>
                    <Hint name="timeline" about={t!("timeline.label").into_owned()} />
                </div>
            </div>
            if windows.is_empty() {
                <div class="track track-empty skeleton" />
            } else {
                <Track {windows} step={props.playhead.step} dispatch={props.dispatch.clone()} />
            }
        </footer>
    }
}

fn windows(network: &NetworkView, run: &RunView) -> Vec<Window> {
    let layers = network.layers.iter().zip(&run.trace.windows).enumerate();
    let window = |(index, (layer, trace)): (
        usize,
        (&crate::web::worker::LayerView, &crate::simulate::WindowTrace),
    )| {
        let neurons = trace.main().sent.len().max(1) as f32;
        Window {
            from: tensor_name(network, layer.source),
            source: sentence_name(network, layer.source),
            to: layer_name(network, index),
            title: full_name(network, index),
            hue: hue_of_layer(Some(index)),
            shares: trace
                .main()
                .spikes
                .iter()
                .map(|&spikes| spikes as f32 / neurons)
                .collect(),
            spikes: trace.main().spikes.clone(),
            planes: trace.main().planes.clone(),
            digit: digit_word(run),
        }
    };
    layers.map(window).collect()
}

/// What the speed is.
#[derive(Properties, PartialEq)]
struct SpeedProps {
    speed: u32,
    dispatch: Dispatch,
}

/// Steps in a second.
#[component]
fn Speed(props: &SpeedProps) -> Html {
    let dispatch = props.dispatch.clone();
    let onchange = Callback::from(move |event: Event| {
        let index = event
            .target_unchecked_into::<HtmlSelectElement>()
            .selected_index();
        if let Some(&speed) = usize::try_from(index).ok().and_then(|index| SPEEDS.get(index)) {
            dispatch.dispatch(Action::SetSpeed(speed));
        }
    });
    let option = |&speed: &u32| html! { <option selected={speed == props.speed}>{ format!("{speed}\u{202f}/\u{202f}s") }</option> };
    html! {
        <select class="speed" {onchange} aria-label={t!("timeline.speed")} aria-describedby={hint_id("speed")}>
            { for SPEEDS.iter().map(option) }
        </select>
    }
}

/// What is on the track.
#[derive(Properties, PartialEq)]
struct TrackProps {
    windows: std::rc::Rc<Vec<Window>>,
    step: usize,
    dispatch: Dispatch,
}

/// The windows and the playhead, a slider for mouse, finger and keys.
#[component]
fn Track(props: &TrackProps) -> Html {
    let steps: usize = props.windows.iter().map(|window| window.planes.len()).sum();
    let track = use_node_ref();
    let seek = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |seek| dispatch.dispatch(Action::Seek(seek)))
    };
    let scrub = |begins: bool| {
        let (track, seek) = (track.clone(), seek.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(track) = track.cast::<Element>() else {
                return;
            };
            if begins {
                // Without capture the scrubbing ends at the track's edge: no harm.
                let _ = track.set_pointer_capture(event.pointer_id());
            } else if !track.has_pointer_capture(event.pointer_id()) {
                return;
            }
            if let Some(step) = step_at(&track, f64::from(event.client_x())) {
                seek.emit(Seek::To(step));
            }
        })
    };
    let onkeydown = {
        let (seek, starts, step) = (seek.clone(), starts(&props.windows), props.step);
        Callback::from(move |event: KeyboardEvent| {
            if let Some(to) = seek_of_key(&event.key(), step, &starts) {
                event.prevent_default();
                seek.emit(to);
            }
        })
    };
    let (text, at) = words(&props.windows, props.step, steps);
    let first_steps = starts(&props.windows);
    let view = |(window, start): (&Window, &usize)| view_window(window, *start, props.step);
    html! {
        <div class="track" ref={track.clone()} role="slider" tabindex="0" aria-label={t!("timeline.step")} aria-valuemin="1"
            aria-valuemax={steps.to_string()} aria-valuenow={(props.step + 1).to_string()} aria-valuetext={text.clone()}
            onpointerdown={scrub(true)} onpointermove={scrub(false)} {onkeydown}>
            { for props.windows.iter().zip(&first_steps).map(view) }
            <p class={classes!("track-words", (at > 0.5).then_some("track-words-left"))} style={format!("--at: {at:.4}")}>{ text }</p>
        </div>
    }
}

fn view_window(window: &Window, start: usize, step: usize) -> Html {
    let column = |(index, share): (usize, &f32)| {
        let now = start + index;
        let class = match now.cmp(&step) {
            std::cmp::Ordering::Less => "column column-past",
            std::cmp::Ordering::Equal => "column column-now",
            std::cmp::Ordering::Greater => "column",
        };
        let spikes = thousands(window.spikes.get(index).copied().unwrap_or(0).into());
        let title = t!("timeline.column", step = now + 1, spikes = spikes);
        html! { <span {class} data-step={now.to_string()} {title}><i style={format!("--share: {share:.4}")} /></span> }
    };
    let steps = window.planes.len();
    html! {
        <div class="window" style={format!("--hue: {}; flex-grow: {steps}", window.hue)} aria-hidden="true">
            <span class="window-name" title={window.title.clone()}><span class="window-from">{ format!("{} → ", window.from) }</span>{ &window.to }</span>
            <div class="window-columns">{ for window.shares.iter().enumerate().map(column) }</div>
        </div>
    }
}

/// The first step of each window.
fn starts(windows: &[Window]) -> Vec<usize> {
    let mut start = 0;
    windows
        .iter()
        .map(|window| {
            let here = start;
            start += window.planes.len();
            here
        })
        .collect()
}

/// Where a key leads: arrows by a step, pages by a window.
fn seek_of_key(key: &str, step: usize, starts: &[usize]) -> Option<Seek> {
    let seek = match key {
        "ArrowRight" | "ArrowUp" => Seek::By(1),
        "ArrowLeft" | "ArrowDown" => Seek::By(-1),
        "Home" => Seek::To(0),
        "End" => Seek::End,
        "PageUp" => starts
            .iter()
            .find(|start| **start > step)
            .map_or(Seek::End, |start| Seek::To(*start)),
        "PageDown" => Seek::To(
            starts
                .iter()
                .rev()
                .find(|start| **start < step)
                .copied()
                .unwrap_or(0),
        ),
        _ => return None,
    };
    Some(seek)
}

/// What the playhead says, and how far along the track it is, from 0 to 1.
fn words(windows: &[Window], step: usize, steps: usize) -> (String, f64) {
    let at = (step as f64 + 0.5) / steps.max(1) as f64;
    let starts = starts(windows);
    let index = starts.iter().rposition(|start| *start <= step).unwrap_or(0);
    let plane = windows
        .get(index)
        .and_then(|window| window.planes.get(step - starts[index]));
    let text = match (windows.get(index), plane) {
        (Some(window), Some(plane)) => t!(
            "timeline.playhead",
            step = step + 1,
            steps = steps,
            digit = window.digit,
            plane = plane,
            source = window.source
        ),
        _ => t!("timeline.playhead-short", step = step + 1, steps = steps),
    };
    (text.into_owned(), at)
}

/// The step whose column is at `x`, or nearest to it.
fn step_at(track: &Element, x: f64) -> Option<usize> {
    let columns = track.query_selector_all("[data-step]").ok()?;
    let distance = |column: &Element| {
        let area = column.get_bounding_client_rect();
        (area.left() - x).max(x - area.right()).max(0.0)
    };
    let elements = (0..columns.length())
        .filter_map(|index| columns.item(index))
        .map(wasm_bindgen::JsCast::unchecked_into::<Element>);
    let nearest = elements
        .map(|column| (distance(&column), column))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    nearest.1.get_attribute("data-step")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_windows() -> Vec<Window> {
        let window = |from: &str, to: &str| Window {
            from: from.into(),
            source: from.into(),
            to: to.into(),
            title: to.into(),
            hue: String::new(),
            shares: vec![0.0; 8],
            spikes: vec![0; 8],
            planes: (0..8).rev().collect(),
            digit: "bit".into(),
        };
        vec![window("input", "conv1"), window("conv1", "conv2")]
    }

    #[test]
    fn the_playhead_names_the_step_and_the_bit() {
        let (text, at) = words(&two_windows(), 11, 16);
        assert_eq!(text, "step 12 of 16, bit 4 of conv1’s codes");
        assert!((at - 11.5 / 16.0).abs() < 1e-9);
    }

    #[test]
    fn pages_go_from_window_to_window() {
        let starts = starts(&two_windows());
        assert_eq!(seek_of_key("PageUp", 3, &starts), Some(Seek::To(8)));
        assert_eq!(seek_of_key("PageUp", 8, &starts), Some(Seek::End));
        assert_eq!(seek_of_key("PageDown", 8, &starts), Some(Seek::To(0)));
        assert_eq!(seek_of_key("Tab", 8, &starts), None);
    }
}
