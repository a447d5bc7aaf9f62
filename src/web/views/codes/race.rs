//! One sample through all codes at once, a lane each.

use super::mark::{hue, mark, name};
use crate::explore::{CodeName, Lane};
use crate::web::components::{Card, Choices, Glyph, Hinted, Icon, hint_id};
use crate::web::format;
use crate::web::palette::{Palette, hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, PixelCanvas, Pixels, Rect, use_pixel_ratio, use_width};
use crate::web::state::{Action, CodesAction, CodesLook, Dispatch, Playhead, RACE_STEPS, State};
use crate::web::views::layer_name;
use crate::web::worker::NetworkView;
use gloo::timers::callback::Interval;
use rust_i18n::t;
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Rows of neurons in a lane, over all populations that are shown.
const ROWS: usize = 40;

/// Height of a row in CSS pixels.
const ROW: f64 = 2.0;

/// Steps of the race for one of the timeline.
const PACE: u32 = 4;

/// Outputs that evidence is shown of; of more, the largest in the end.
const MOST_BARS: usize = 10;

/// What [`RaceCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The lanes that have come.
    pub lanes: ByPtr<Vec<Rc<Lane>>>,
    /// How many there will be.
    pub due: usize,
    /// The network, for names of layers.
    pub network: ByPtr<NetworkView>,
    /// What the sample is.
    pub sample: AttrValue,
    /// What is chosen.
    pub look: CodesLook,
    /// The shared clock: whether it runs, and how fast.
    pub playhead: Playhead,
    /// The right class, and whether it is the label rather than what the network of integers says.
    pub right: Option<(usize, bool)>,
    /// What classes are called.
    pub classes: ByPtr<Vec<String>>,
    /// Whether the network answers with classes.
    pub has_classes: bool,
    /// To change the state.
    pub dispatch: Dispatch,
}

/// The race, its clock, and the podium.
#[component]
pub fn RaceCard(props: &Props) -> Html {
    let chosen: Vec<Rc<Lane>> = {
        let is_chosen = |lane: &&Rc<Lane>| lane.code.is_some_and(|code| props.look.codes.contains(&code));
        props.lanes.iter().filter(is_chosen).cloned().collect()
    };
    let total = chosen.iter().map(|lane| lane.steps).max().unwrap_or(0);
    // None: at its end, as it is found.
    let step = use_state_eq(|| None::<u32>);
    let at = step.unwrap_or(total).min(total);
    let runs = props.playhead.is_playing && step.is_some() && at < total;
    use_effect_with((runs, props.playhead.speed, total), {
        let step = step.clone();
        move |&(runs, speed, total)| {
            let clock = Rc::new(std::cell::Cell::new(at));
            let interval = runs.then(|| {
                Interval::new(1000 / (PACE * speed).max(1), move || {
                    clock.set((clock.get() + 1).min(total));
                    step.set(Some(clock.get()));
                })
            });
            move || drop(interval)
        }
    });
    // Another sample is found at its end as well.
    use_effect_with(props.lanes.first().cloned().map(ByPtr), {
        let step = step.setter();
        move |_| step.set(None)
    });
    let toggle = {
        let (step, dispatch, is_playing) = (step.clone(), props.dispatch.clone(), props.playhead.is_playing);
        Callback::from(move |_: MouseEvent| {
            if step.is_none() || at >= total {
                step.set(Some(0));
                if !is_playing {
                    dispatch.dispatch(Action::TogglePlaying);
                }
            } else {
                dispatch.dispatch(Action::TogglePlaying);
            }
        })
    };
    let scrub = {
        let step = step.clone();
        Callback::from(move |event: InputEvent| {
            let typed = event
                .target_unchecked_into::<HtmlInputElement>()
                .value_as_number();
            if typed.is_finite() {
                step.set(Some(typed.max(0.0) as u32));
            }
        })
    };
    let look = |change: fn(&mut CodesLook, usize)| {
        let (dispatch, look) = (props.dispatch.clone(), props.look.clone());
        Callback::from(move |index: usize| {
            let mut look = look.clone();
            change(&mut look, index);
            dispatch.dispatch(Action::Codes(CodesAction::Look(look)));
        })
    };
    let on_steps = look(|look, index| look.race_steps = RACE_STEPS[index % RACE_STEPS.len()]);
    let (glyph, label) = match runs {
        true => (Glyph::Pause, t!("codes.race.pause")),
        false if step.is_none() || at >= total => (Glyph::Play, t!("codes.race.start")),
        false => (Glyph::Play, t!("codes.race.go-on")),
    };
    let words = t!("codes.race.step", step = at, steps = total);
    let share = 100.0 * f64::from(at) / f64::from(total.max(1));
    let chosen_steps = RACE_STEPS
        .iter()
        .position(|&steps| steps == props.look.race_steps);
    let place = use_node_ref();
    let width = use_width(&place, 480);
    let (palette, ratio) = (use_palette(), use_pixel_ratio());
    let lane = |lane: &Rc<Lane>| {
        html! {
            <LaneRow key={lane.code.map_or("", CodeName::word)} lane={ByPtr(lane.clone())} {total} {at} {width} {ratio}
                palette={ByPtr(palette.clone())} band={props.look.band} network={props.network.clone()}
                right={props.right} classes={props.classes.clone()} has_classes={props.has_classes} />
        }
    };
    let about = if props.has_classes {
        t!("codes.race.about")
    } else {
        t!("codes.race.about-numbers")
    };
    html! {
        <Card name="codes-race" class="wide" title={t!("codes.race.title").into_owned()} aside={html! { <p>{ about }</p> }}>
            <div class="race-controls">
                <button type="button" class="button button-accent race-play" onclick={toggle} disabled={chosen.is_empty()}>
                    <Icon {glyph} />{ label }
                </button>
                <div class="slider race-scrub" style={format!("--at: {share:.2}%")}>
                    <input type="range" min="0" max={total.to_string()} step="1" value={at.to_string()}
                        aria-label={t!("codes.race.clock").into_owned()} aria-valuetext={words.clone().into_owned()} oninput={scrub} />
                </div>
                <output class="race-step">{ words }</output>
                <Hinted name="codes-race-steps">
                    <div class="codes-choice">
                        <span>{ t!("codes.race.steps") }</span>
                        <Choices name="codes-race-steps" label={t!("codes.race.steps").into_owned()}
                            described_by={AttrValue::from(hint_id("codes-race-steps"))}
                            options={RACE_STEPS.map(|steps| AttrValue::from(steps.to_string())).to_vec()}
                            chosen={chosen_steps.unwrap_or(0)} on_choose={on_steps} />
                    </div>
                </Hinted>
                { bands(props) }
            </div>
            <p class="soft race-sample">{ t!("codes.race.sample", sample = props.sample) }</p>
            <div class="race" aria-busy={(props.lanes.len() < props.due).to_string()}>
                // As wide as rasters are, whether or not there are any.
                <div class="lane lane-ruler" aria-hidden="true"><div /><div class="lane-raster" ref={place} /></div>
                <ol class="lanes">{ for chosen.iter().map(lane) }</ol>
                if chosen.is_empty() { <div class="race-empty skeleton" /> }
            </div>
            <p class="card-note">{ t!("codes.race.legend") }</p>
            if props.has_classes { { podium(props, &chosen, at) } }
        </Card>
    }
}

/// The choice of the layer whose neurons are shown.
fn bands(props: &Props) -> Html {
    let Some(lane) = props.lanes.first() else {
        return Html::default();
    };
    let onchange = {
        let (dispatch, look, network) = (props.dispatch.clone(), props.look.clone(), props.network.clone());
        let names: Vec<String> = lane.bands.iter().map(|band| band.name.clone()).collect();
        Callback::from(move |event: Event| {
            let index = event
                .target_unchecked_into::<HtmlSelectElement>()
                .selected_index();
            let band = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
            let look = CodesLook { band, ..look.clone() };
            dispatch.dispatch(Action::Codes(CodesAction::Look(look)));
            // The same layer everywhere.
            let layer = band.and_then(|band| layer_of(&network, names.get(band)?));
            if let Some(layer) = layer {
                dispatch.dispatch(Action::SelectLayer(layer));
            }
        })
    };
    let option = |(index, band): (usize, &crate::explore::Band)| {
        let selected = props.look.band == Some(index);
        html! { <option {selected}>{ band_name(&props.network, &band.name) }</option> }
    };
    html! {
        <Hinted name="codes-race-layer">
            <label class="codes-choice">
                <span>{ t!("codes.race.layer") }</span>
                <select class="choice-select race-layer" aria-describedby={hint_id("codes-race-layer")} {onchange}>
                    <option selected={props.look.band.is_none()}>{ t!("codes.race.all-layers") }</option>
                    { for lane.bands.iter().enumerate().map(option) }
                </select>
            </label>
        </Hinted>
    }
}

/// The network's layer that has a population's name.
fn layer_of(network: &NetworkView, name: &str) -> Option<usize> {
    network.layers.iter().position(|layer| layer.name == name)
}

fn band_name(network: &NetworkView, name: &str) -> String {
    match layer_of(network, name) {
        _ if name.is_empty() => t!("codes.race.input").into_owned(),
        Some(layer) => layer_name(network, layer),
        None => name.to_owned(),
    }
}

/// A class by its name.
fn class_name(classes: &[String], class: usize) -> String {
    classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// What a row takes.
#[derive(Clone, PartialEq, Properties)]
struct RowProps {
    lane: ByPtr<Lane>,
    total: u32,
    at: u32,
    width: u32,
    ratio: f64,
    palette: ByPtr<Palette>,
    band: Option<usize>,
    network: ByPtr<NetworkView>,
    right: Option<(usize, bool)>,
    classes: ByPtr<Vec<String>>,
    has_classes: bool,
}

/// A code's lane.
#[component]
fn LaneRow(props: &RowProps) -> Html {
    let lane = &props.lane;
    let sums = use_memo(props.lane.clone(), |lane| {
        let add = |sum: &mut u64, &spikes: &u32| {
            *sum += u64::from(spikes);
            Some(*sum)
        };
        lane.spikes.iter().scan(0, add).collect::<Vec<u64>>()
    });
    let picture = use_memo(
        (
            props.lane.clone(),
            props.total,
            props.width,
            props.band,
            props.palette.clone(),
            props.ratio.to_bits(),
        ),
        {
            let ratio = props.ratio;
            move |(lane, total, width, band, palette, _)| {
                paint(lane, *total, f64::from(*width), *band, palette, ratio)
            }
        },
    );
    let Some(code) = lane.code else {
        return Html::default();
    };
    let at = props.at.min(lane.steps);
    let spikes = at
        .checked_sub(1)
        .and_then(|last| sums.get(last as usize))
        .copied()
        .unwrap_or(0);
    let share = |step: u32| 100.0 * f64::from(step) / f64::from(props.total.max(1));
    let how = if lane.window > 0 {
        t!("codes.race.windows", window = lane.window, steps = lane.steps)
    } else {
        t!("codes.race.of-steps", steps = lane.steps)
    };
    let flag = lane.settled.filter(|&settled| settled <= at).zip(lane.class()).map(|(settled, class)| {
        let (mark, verdict) = verdict(props.right, class);
        let class = class_name(&props.classes, class);
        let side = (share(settled) > 82.0).then_some("flag-left");
        html! {
            <span class={classes!("flag", verdict, side)} style={format!("left:{:.2}%", share(settled))}
                title={t!("codes.race.flag", step = settled, class = class).into_owned()}>{ format!("{class} {mark}") }</span>
        }
    });
    let spoken = t!(
        "codes.race.lane",
        code = name(code),
        steps = lane.steps,
        spikes = format::count(sums.last().copied().unwrap_or(0))
    );
    html! {
        <li class="lane" data-code={code.word()} style={format!("--hue:{}", hue(code))}>
            <div class="lane-name">
                <b>{ mark(code) }{ name(code) }</b>
                <span class="soft">{ how }</span>
                <span class="lane-spikes"><b>{ format::count(spikes) }</b>{ format!(" {}", t!("codes.race.spikes")) }</span>
            </div>
            <div class="lane-raster">
                { bands_at_edge(lane, props) }
                <div role="img" aria-label={spoken.into_owned()}><PixelCanvas pixels={ByPtr(picture)} ratio={props.ratio} /></div>
                <div class="veil" style={format!("left:{:.2}%", share(at))} />
                if lane.steps < props.total { <div class="lane-over" style={format!("left:{:.2}%", share(lane.steps))} /> }
                { flag }
            </div>
            { evidence(props, at) }
        </li>
    }
}

/// The populations that are shown, with the rows of each.
fn shown_bands(lane: &Lane, band: Option<usize>) -> Vec<(usize, usize)> {
    let all = 0..lane.bands.len();
    let bands: Vec<usize> = match band {
        Some(band) if band < lane.bands.len() => vec![band],
        _ => all.collect(),
    };
    let rows = (ROWS / bands.len().max(1)).max(3);
    bands.into_iter().map(|band| (band, rows)).collect()
}

/// A stripe in the hue of each layer that is shown.
fn bands_at_edge(lane: &Lane, props: &RowProps) -> Html {
    let stripe = |(band, rows): (usize, usize)| {
        let of = &lane.bands[band].name;
        let layer = layer_of(&props.network, of).or(band.checked_sub(1));
        let hue = hue_of_layer(layer.filter(|_| band > 0));
        html! { <i style={format!("flex:{rows};background:{hue}")} title={band_name(&props.network, of)} /> }
    };
    html! { <div class="lane-bands">{ for shown_bands(lane, props.band).into_iter().map(stripe) }</div> }
}

/// Spikes as pixels: neurons below each other, time to the right.
fn paint(lane: &Lane, total: u32, width: f64, band: Option<usize>, palette: &Palette, ratio: f64) -> Pixels {
    let bands = shown_bands(lane, band);
    let device = |css: f64| (css * ratio).round().max(1.0) as usize;
    let (row, steps) = (device(ROW), lane.steps as usize);
    let rows: usize = bands.iter().map(|(_, rows)| rows).sum();
    let wide = device(width.max(1.0));
    let mut pixels = Pixels::new(wide, (rows + bands.len().saturating_sub(1)) * row);
    let left = |step: usize| step * wide / (total as usize).max(1);
    let fill = |pixels: &mut Pixels, (from, to): (usize, usize), y: usize, height: usize, colour: u32| {
        let rect = Rect {
            x: left(from),
            y,
            width: left(to) - left(from),
            height,
        };
        pixels.fill(rect, colour);
    };
    let mut y = 0;
    for (index, &(band, rows)) in bands.iter().enumerate() {
        if index > 0 {
            y += row;
        }
        fill(&mut pixels, (0, steps), y, rows * row, palette.sunken.pixel());
        let band = &lane.bands[band];
        for line in 0..rows.min(band.rows.len()) {
            // Evenly from the strongest to the weakest.
            let kept = if band.rows.len() > rows {
                line * band.rows.len() / rows
            } else {
                line
            };
            let spikes = band.spikes.get(kept * steps..(kept + 1) * steps).unwrap_or(&[]);
            for (step, &spike) in spikes.iter().enumerate().filter(|(_, spike)| **spike != 0) {
                let colour = if spike > 0 {
                    palette.spike
                } else {
                    palette.spike_negative
                };
                fill(&mut pixels, (step, step + 1), y + line * row, row, colour.pixel());
            }
        }
        y += rows * row;
    }
    pixels
}

/// A tick or a cross, and its class; nothing where nobody knows.
fn verdict(right: Option<(usize, bool)>, class: usize) -> (&'static str, &'static str) {
    match right {
        Some((right, _)) if right == class => ("✓", "ok"),
        Some(_) => ("✗", "bad"),
        None => ("", ""),
    }
}

/// What stands for the answer after `at` steps.
fn evidence(props: &RowProps, at: u32) -> Html {
    let lane = &props.lane;
    let outputs = lane.answers.len() / (lane.steps as usize).max(1);
    let of = |step: u32| {
        let last = step.checked_sub(1)? as usize;
        lane.answers.get(last * outputs..(last + 1) * outputs)
    };
    let (Some(end), now) = (of(lane.steps), of(at)) else {
        return Html::default();
    };
    if !props.has_classes {
        let number = now.and_then(|now| now.first()).copied().unwrap_or(0.0);
        let more = if outputs > 1 { "…" } else { "" };
        return html! { <div class="lane-evidence lane-number"><b>{ format!("{}{more}", format::decimal(number.into(), 3)) }</b></div> };
    }
    let mut order: Vec<usize> = (0..outputs).collect();
    if outputs > MOST_BARS {
        order.sort_by(|&a, &b| end[b].total_cmp(&end[a]));
        order.truncate(MOST_BARS);
        order.sort_unstable();
    }
    let zeros = vec![0.0; outputs];
    let now = now.unwrap_or(&zeros);
    let low = now.iter().copied().fold(f32::INFINITY, f32::min);
    let high = now.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let best = at
        .checked_sub(1)
        .and_then(|last| lane.classes.get(last as usize))
        .copied()
        .unwrap_or(-1);
    let bar = |&class: &usize| {
        let height = if high > low {
            4.0 + 96.0 * (now[class] - low) / (high - low)
        } else {
            4.0
        };
        let is_best = best == class as i32;
        html! { <i class={is_best.then_some("best")} style={format!("height:{height:.1}%")}><span>{ class_name(&props.classes, class) }</span></i> }
    };
    let words = match usize::try_from(best) {
        Ok(best) => t!("codes.race.leads", class = class_name(&props.classes, best)),
        Err(_) => t!("codes.race.no-answer"),
    };
    html! {
        <div class="lane-evidence">
            <div class="bars" role="img" aria-label={words.clone().into_owned()}>{ for order.iter().map(bar) }</div>
            <p>{ words }</p>
        </div>
    }
}

/// Who was right, first, and with how few spikes.
fn podium(props: &Props, lanes: &[Rc<Lane>], at: u32) -> Html {
    let mut order: Vec<&Rc<Lane>> = lanes.iter().collect();
    order.sort_by_key(|lane| placing(lane, props.right));
    let row = |(place, lane): (usize, &&Rc<Lane>)| {
        let code = lane.code?;
        let settled = lane.settled?;
        let class = lane.class()?;
        let is_there = lane.steps <= at;
        let (mark_of, verdict) = verdict(props.right, class);
        let spikes = |until: u32| -> u64 {
            lane.spikes
                .iter()
                .take(until as usize)
                .map(|&n| u64::from(n))
                .sum()
        };
        let text = |text: String| if is_there { text } else { "…".to_owned() };
        Some(html! {
            <tr data-code={code.word()} class={(!is_there).then_some("soft")}>
                <td class="place">{ place + 1 }</td>
                <th scope="row">{ mark(code) }{ name(code) }</th>
                <td>{ text(settled.to_string()) }</td>
                <td>{ text(lane.steps.to_string()) }</td>
                <td>{ text(format::count(spikes(settled))) }</td>
                <td>{ text(format::count(spikes(lane.steps))) }</td>
                <td class={verdict}>{ text(format!("{} {mark_of}", class_name(&props.classes, class))) }</td>
            </tr>
        })
    };
    let head = |key: &str| html! { <th scope="col">{ t!(format!("codes.podium.{key}")) }</th> };
    let truth = match props.right {
        Some((class, true)) => t!("codes.podium.label", class = class_name(&props.classes, class)),
        Some((class, false)) => t!("codes.podium.integers", class = class_name(&props.classes, class)),
        None => t!("codes.podium.nobody"),
    };
    html! {
        <>
            <h3 class="podium-title">{ t!("codes.podium.title") }</h3>
            <p class="soft">{ truth }</p>
            <div class="scroll scroll-wide" tabindex="0" role="region" aria-label={t!("codes.podium.title").into_owned()}>
                <table class="doings figures codes-table podium">
                    <thead><tr>{ head("place") }{ head("code") }{ head("settled") }{ head("steps") }{ head("until") }{ head("all") }{ head("class") }</tr></thead>
                    <tbody>{ for order.iter().enumerate().filter_map(row) }</tbody>
                </table>
            </div>
        </>
    }
}

/// What a lane's place is by: whether it is wrong, when its class settled, how many spikes it has sent.
fn placing(lane: &Lane, right: Option<(usize, bool)>) -> (bool, u32, u64) {
    let is_wrong = right.is_some_and(|(right, _)| lane.class() != Some(right));
    let spikes = lane.spikes.iter().map(|&spikes| u64::from(spikes)).sum();
    (is_wrong, lane.settled.unwrap_or(u32::MAX), spikes)
}

/// The class that is right for the sample that is shown: its label, or else what the network of integers says.
pub fn right_class(state: &State) -> Option<(usize, bool)> {
    let shown = state.shown.as_ref()?;
    let label = shown
        .sample
        .stored()
        .and_then(|index| shown.network.samples.labels.get(index));
    Some(match label {
        Some(&label) => (usize::from(label), true),
        None => (shown.run.reference_winner, false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Band;
    use crate::web::palette::Rgb;

    fn lane(steps: u32, classes: &[i32], settled: u32, spikes: &[u32]) -> Lane {
        Lane {
            code: Some(CodeName::Rate),
            steps,
            spikes: spikes.to_vec().into(),
            classes: classes.to_vec().into(),
            settled: Some(settled),
            ..Lane::default()
        }
    }

    #[test]
    fn the_right_class_comes_before_an_early_one_and_fewer_spikes_break_a_tie() {
        let right = Some((3, true));
        let early_but_wrong = lane(2, &[4, 4], 1, &[1, 1]);
        let late = lane(4, &[4, 4, 4, 3], 4, &[1, 1, 1, 1]);
        let late_and_dear = lane(4, &[4, 4, 4, 3], 4, &[9, 1, 1, 1]);
        let mut all = [&early_but_wrong, &late_and_dear, &late];
        all.sort_by_key(|lane| placing(lane, right));
        assert_eq!(all, [&late, &late_and_dear, &early_but_wrong]);
        assert_eq!(verdict(right, 4), ("✗", "bad"));
        assert_eq!(verdict(None, 4), ("", ""));
    }

    #[test]
    fn a_raster_has_a_pixel_for_each_spike_and_nothing_behind_the_last_step() {
        let band = Band {
            name: String::new(),
            neurons: 2,
            rows: vec![0, 1].into(),
            spikes: vec![1, 0, 0, -1].into(),
        };
        let mut lane = lane(2, &[0, 0], 1, &[1, 1]);
        lane.bands = vec![band];
        let palette = Palette {
            spike: Rgb(1, 0, 0),
            spike_negative: Rgb(0, 1, 0),
            sunken: Rgb(0, 0, 1),
            ..Palette::default()
        };
        // Four steps of two pixels each.
        let pixels = paint(&lane, 4, 8.0, None, &palette, 1.0);
        assert_eq!((pixels.width, pixels.height), (8, ROWS * 2));
        let at = |x: usize, y: usize| pixels.data[y * 8 + x];
        assert_eq!(
            [at(0, 0), at(1, 1), at(2, 0)],
            [
                palette.spike.pixel(),
                palette.spike.pixel(),
                palette.sunken.pixel()
            ]
        );
        assert_eq!(
            [at(0, 2), at(3, 3)],
            [palette.sunken.pixel(), palette.spike_negative.pixel()]
        );
        assert_eq!(at(4, 0), 0, "its race is over");
    }
}
