//! One membrane in its register: what the chosen neuron does, step by step, down to its numbers.

use super::words::{Phase, digit_weight, digit_word, full_name, layer_name, place, spike_code};
use crate::spiking::{Accumulation, BitOrder, FoldAt, SpikeCode};
use crate::web::components::{Card, added, bracketed, constant_words, mi, mn, mo};
use crate::web::format;
use crate::web::palette::{hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, Frame, PlotCanvas, Span, StepPlot, draw_steps, ticks};
use crate::web::selection::Selection;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// What [`MembraneCard`] takes.
#[derive(Clone, Properties)]
pub struct MembraneCardProps {
    /// The network.
    pub network: Rc<NetworkView>,
    /// The run.
    pub run: Rc<RunView>,
    /// The time step, over all windows.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
}

impl PartialEq for MembraneCardProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.network, &other.network)
            && Rc::ptr_eq(&self.run, &other.run)
            && self.step == other.step
            && self.selection == other.selection
    }
}

/// Everything that is said of one neuron.
#[derive(Clone, Debug, PartialEq)]
struct Neuron {
    /// U before the first step, then after each.
    membranes: Vec<i32>,
    /// I_t of each step.
    currents: Vec<i32>,
    /// The weight of the digit of each step, in words.
    weights: Vec<String>,
    /// Indices of `membranes` at which the register overflowed.
    overflows: Vec<usize>,
    /// M_0, M_1 and b̃, the last two only where codes are fired.
    m0: f64,
    m1: Option<f64>,
    constant: Option<f64>,
    potential: f64,
    code: Option<i32>,
    reference: Option<i32>,
    /// Smallest and largest content of the register.
    register: (i64, i64),
}

impl Neuron {
    fn of(network: &NetworkView, run: &RunView, layer: usize, neuron: usize) -> Option<Self> {
        let view = network.layers.get(layer)?;
        let window = run.trace.windows.get(layer)?;
        let plan = run.plans.get(layer)?;
        let neurons = window.main().neurons();
        let start = *window.main().start.get(neuron)?;
        let steps = window.steps();
        let later =
            (0..steps).filter_map(|step| window.main().membranes.get(step * neurons + neuron).copied());
        let membranes: Vec<i32> = std::iter::once(start).chain(later).collect();
        let currents: Vec<i32> = (0..steps)
            .filter_map(|step| window.main().currents.get(step * neurons + neuron).copied())
            .collect();
        let doubles = run.settings.conversion.accumulation == Accumulation::Shifting;
        let started_outside = window
            .events
            .iter()
            .any(|event| event.neuron as usize == neuron && event.step.is_none());
        let overflows = started_outside
            .then_some(0)
            .into_iter()
            .chain((1..membranes.len()).filter(|&at| {
                currents.get(at - 1).is_some_and(|&current| {
                    is_overflow(membranes[at - 1], current, membranes[at], plan.m0(), doubles)
                })
            }));
        let overflows = overflows.collect();
        let code = spike_code(run, view.source);
        let weight = |&lambda: &u8| digit_weight(code, lambda);
        let channel = neuron / view.connections.output.positions().max(1);
        let m1 = plan.m1.get(channel).or(plan.m1.first()).copied();
        let potential = window.potentials.get(neuron).map_or(0.0, |&v| f64::from(v));
        let last = membranes.last().map_or(0.0, |&u| f64::from(u));
        let half = 1_i64 << (run.settings.conversion.register_bits.clamp(1, 62) - 1);
        Some(Self {
            overflows,
            weights: window.main().planes.iter().map(weight).collect(),
            m0: plan.m0(),
            constant: m1.map(|m1| potential - m1 * last),
            m1,
            potential,
            code: window.codes.get(neuron).copied(),
            reference: window.reference.get(neuron).copied(),
            register: (-half, half - 1),
            membranes,
            currents,
        })
    }

    /// The vertical axis, and which of the register's limits lie on it: those that are not much
    /// farther away than the membrane itself goes.
    fn axis(&self) -> (Span, Vec<f64>) {
        let values: Vec<f64> = self.membranes.iter().map(|&u| f64::from(u)).collect();
        axis(&values, [self.register.0 as f64, self.register.1 as f64])
    }
}

/// The vertical axis of some values, and which of the limits lie on it: those that are not much farther away
/// than the values themselves go.
pub(super) fn axis(values: &[f64], limits: [f64; 2]) -> (Span, Vec<f64>) {
    let reach = values.iter().fold(1.0, |most: f64, u| most.max(u.abs()));
    let is_near =
        |limit: &f64| limit.abs() <= 1.5 * reach && values.iter().any(|u| u * limit > 0.25 * limit * limit);
    let near: Vec<f64> = limits.into_iter().filter(is_near).collect();
    let all = values.iter().chain(&near).copied();
    (Span::around(all, 0.14), near)
}

/// Whether the register did not hold U + M_0 I: a trace keeps only the first overflows of a layer one
/// by one, but what the membrane became tells of all. Rounding moves it by one at most.
fn is_overflow(before: i32, current: i32, after: i32, m0: f64, doubles: bool) -> bool {
    let factor = if doubles { 2.0 } else { 1.0 };
    let expected = factor * f64::from(before) + m0 * f64::from(current);
    (f64::from(after) - expected).abs() > 1.0
}

/// A step plot of U, the digits' weights below it, and the equations with live numbers.
#[component]
pub fn MembraneCard(props: &MembraneCardProps) -> Html {
    let palette = use_palette();
    let key = (
        ByPtr(props.network.clone()),
        ByPtr(props.run.clone()),
        props.selection.layer,
        props.selection.neuron,
    );
    let neuron = use_memo(key, |(network, run, layer, neuron)| {
        Neuron::of(network, run, *layer, *neuron)
    });
    let layer = props.selection.layer;
    let phase = Phase::of(&props.run, layer, props.step);
    let known = match (&*neuron, phase) {
        (_, Phase::Waiting) => 1,
        (_, Phase::Listening { step, .. }) => step + 2,
        (Some(neuron), Phase::Fired) => neuron.membranes.len(),
        (None, Phase::Fired) => 0,
    };
    let draw = use_callback(
        (ByPtr(neuron.clone()), known, ByPtr(palette), layer),
        |frame: Frame, (neuron, known, palette, layer)| {
            let Some(neuron) = neuron.0.as_ref() else { return };
            let (span, limits) = neuron.axis();
            let plot = StepPlot {
                values: neuron.membranes.iter().map(|&u| f64::from(u)).collect(),
                known: *known,
                span,
                limits,
                marked: neuron.overflows.clone(),
                line: palette.layer(*layer),
                ground: palette.sunken,
                hairline: palette.line,
                ink: palette.ink,
                bad: palette.bad,
            };
            if let Err(error) = draw_steps(frame, &plot) {
                web_sys::console::warn_1(&error.to_string().into());
            }
        },
    );
    let Some(neuron) = &*neuron else {
        return html! {
            <Card name="membrane" title={t!("membrane.none").into_owned()}>
                <p class="card-note">{ t!("membrane.choose") }</p>
            </Card>
        };
    };
    let volume = props.network.layers[layer].connections.output;
    let conversion = props.run.settings.conversion;
    let name = layer_name(&props.network, layer);
    let digit = digit_word(&props.run);
    let does = match (conversion.accumulation, conversion.order) {
        (Accumulation::Shifting, _) => t!("membrane.shifting", digit = digit),
        (Accumulation::Weighted, BitOrder::Msb) => t!("membrane.weighted-msb", digit = digit),
        (Accumulation::Weighted, BitOrder::Lsb) => t!("membrane.weighted-lsb", digit = digit),
    };
    let place = place(volume, props.selection.neuron);
    let title = t!("membrane.title", name = name, place = place).into_owned();
    html! {
        <Card name="membrane" {title} full_title={full_name(&props.network, layer)} hue={hue_of_layer(Some(layer))}
            aside={html! { <p>{ does }</p> }}>
            { plot(neuron, known, conversion.register_bits, draw) }
            { equations(neuron, phase, known, conversion.accumulation, conversion.fold_at) }
            { fired(neuron, phase, &props.network, &props.run, layer) }
            { table(neuron, conversion.register_bits) }
        </Card>
    }
}

/// The plot with its words around it.
fn plot(neuron: &Neuron, known: usize, bits: u8, draw: Callback<Frame>) -> Html {
    let (span, limits) = neuron.axis();
    let columns = neuron.membranes.len();
    let top = |value: f64| (1.0 - span.share(value).clamp(0.0, 1.0)) * 100.0;
    let (marks, _) = ticks(span, 3);
    let words: Vec<String> = marks.iter().map(|&mark| format::thousands(mark as i64)).collect();
    // The labels stand outside of the flow: the longest one sets the room for all.
    let room = words.iter().map(|w| w.chars().count()).max().unwrap_or(1) as f64 * 0.46 + 0.7;
    let labels = marks.iter().zip(&words).map(|(&mark, word)| {
        html! { <span style={format!("top:{:.2}%", top(mark))}>{ word }</span> }
    });
    let current = known
        .checked_sub(1)
        .and_then(|at| neuron.membranes.get(at).map(|&u| (at, u)));
    let current = current.map(|(at, u)| {
        let values: Vec<f64> = neuron.membranes.iter().map(|&u| u.into()).collect();
        value_mark(&values, span, at, format!("U = {}", format::thousands(u.into())))
    });
    let limit = format::thousands(neuron.register.1);
    let limit_words = if limits.is_empty() {
        t!("membrane.register", limit = limit, bits = bits)
    } else {
        t!("membrane.limit", limit = limit, bits = bits)
    };
    let ends_high = neuron
        .membranes
        .last()
        .is_some_and(|&u| span.share(u.into()) > 0.5);
    let limit_class = classes!("plot-limit", ends_high.then_some("at-bottom"));
    let column = |(at, words): (usize, &str)| {
        let now = (at + 1 == known).then_some("now");
        html! { <li class={classes!(now)} aria-current={now.map(|_| "step")}>{ words }</li> }
    };
    let start = t!("membrane.start");
    let words = std::iter::once(&*start).chain(neuron.weights.iter().map(String::as_str));
    html! {
        <div class="plot-frame" style={format!("--columns:{columns}")}>
            <div class="plot-y" style={format!("width:{room:.2}rem")} aria-hidden="true">{ for labels }</div>
            <div class="plot">
                <PlotCanvas {draw} />
                <span class={limit_class}>{ limit_words }</span>
                { current }
            </div>
            <ol class="plot-columns" aria-label={t!("membrane.columns")}>{ for words.enumerate().map(column) }</ol>
        </div>
    }
}

/// Words at one of the values of a step plot, where they cover its line least.
pub(super) fn value_mark(values: &[f64], span: Span, at: usize, words: String) -> Html {
    let share = (at as f64 + 0.5) / values.len().max(1) as f64;
    let heights: Vec<f64> = values.iter().map(|&value| span.share(value)).collect();
    let height = heights.get(at).copied().unwrap_or(0.5).clamp(0.0, 1.0);
    let corner = Corner::of(&heights, at);
    let side = if corner.is_left {
        "ends-here"
    } else {
        "starts-here"
    };
    let below = corner.is_below.then_some("below");
    // On a narrow plot the words would run out of it: they stop at its edge.
    let room = words.chars().count() as f64 * 0.6 + 1.4;
    let left = if corner.is_left {
        format!("max({:.2}%, {room:.1}rem)", share * 100.0)
    } else {
        format!("min({:.2}%, calc(100% - {room:.1}rem))", share * 100.0)
    };
    let style = format!("left:{left};top:{:.2}%", (1.0 - height) * 100.0);
    html! {
        <span class={classes!("plot-value", side, below)} {style}>{ words }</span>
    }
}

/// Where the words at a value stand: to its left or right, above or below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Corner {
    is_left: bool,
    is_below: bool,
}

impl Corner {
    /// In order of preference.
    const ALL: [Self; 4] = [
        Self {
            is_left: false,
            is_below: false,
        },
        Self {
            is_left: true,
            is_below: false,
        },
        Self {
            is_left: false,
            is_below: true,
        },
        Self {
            is_left: true,
            is_below: true,
        },
    ];

    /// Where words at `heights[at]` cover the line least; heights run from 0 (bottom) to 1. Words
    /// take about three columns and a sixth of the height.
    fn of(heights: &[f64], at: usize) -> Self {
        const COLUMNS: usize = 3;
        let height = heights.get(at).copied().unwrap_or(0.5);
        let cost = |corner: &Self| {
            let (low, high) = if corner.is_below {
                (height - 0.22, height - 0.04)
            } else {
                (height + 0.04, height + 0.22)
            };
            let outside = low < 0.0 || high > 1.0;
            let too_wide = if corner.is_left {
                at < COLUMNS
            } else {
                at + COLUMNS > heights.len()
            };
            let columns = if corner.is_left {
                at.saturating_sub(COLUMNS)..at + 1
            } else {
                at..(at + COLUMNS + 1).min(heights.len())
            };
            // A column's line with the vertical that leads on to the next column's.
            let covered = columns.filter(|&column| {
                let (one, two) = (
                    heights[column],
                    heights.get(column + 1).copied().unwrap_or(heights[column]),
                );
                // The vertical behind the last column on the left, and behind the value itself, is not below the words.
                let two = if corner.is_left && column == at { one } else { two };
                one.min(two) < high && one.max(two) > low
            });
            covered.count() + 10 * usize::from(outside) + 10 * usize::from(too_wide)
        };
        let mut best = Self::ALL[0];
        for corner in &Self::ALL[1..] {
            if cost(corner) < cost(&best) {
                best = *corner;
            }
        }
        best
    }
}

/// U ← U + M₀ I and V = M₁ U + b̃ with the numbers of this step.
fn equations(
    neuron: &Neuron,
    phase: Phase,
    known: usize,
    accumulation: Accumulation,
    fold_at: FoldAt,
) -> Html {
    let Some(&now) = known.checked_sub(1).and_then(|at| neuron.membranes.get(at)) else {
        return Html::default();
    };
    let is_shifting = accumulation == Accumulation::Shifting;
    let is_exact = neuron.m0 == 1.0;
    let integer = |u: i32| format::thousands(u.into());
    let factor = |number: f64| format::significant(number, 3);
    let update = match known.checked_sub(2) {
        None => {
            let words = match (phase, fold_at) {
                (Phase::Waiting, FoldAt::Membrane) => t!("membrane.folded"),
                _ => t!("membrane.before"),
            };
            html! {
                <>
                    <math>
                        { mi("U", "") }{ mo("=") }{ mn(integer(now)) }
                    </math>
                    <span class="equation-note">{ words }</span>
                </>
            }
        }
        Some(step) => {
            let (before, current) = (
                neuron.membranes[step],
                neuron.currents.get(step).copied().unwrap_or(0),
            );
            let has_overflow = neuron.overflows.contains(&(known - 1));
            html! {
                <>
                    <math>
                        { mi("U", "") }{ mo("←") }
                        if is_shifting { { mn("2".to_owned()) } }
                        { mi("U", "") }{ mo("+") }
                        if !is_exact { { mi("M", "0") } }
                        { mi("I", "t") }
                    </math>
                    <math>
                        { mo("=") }
                        if is_shifting { { mn("2".to_owned()) }{ mo("·") } }
                        { bracketed(integer(before)) }
                        if is_exact {
                            { added(integer(current)) }
                        } else {
                            { mo("+") }{ mn(factor(neuron.m0)) }{ mo("·") }{ bracketed(integer(current)) }
                        }
                        { mo(if is_exact && !has_overflow { "=" } else { "→" }) }
                        <mn class="result">{ integer(now) }</mn>
                    </math>
                    if has_overflow { <span class="equation-note bad">{ t!("membrane.outside") }</span> }
                </>
            }
        }
    };
    let potential = neuron.m1.zip(neuron.constant).map(|(m1, constant)| {
        let value = if phase == Phase::Fired {
            neuron.potential
        } else {
            m1 * f64::from(now) + constant
        };
        html! {
            <>
                <math>
                    { mi("V", "") }{ mo("=") }{ mi("M", "1") }{ mi("U", "") }{ mo("+") }
                    <mover accent="true"><mi>{ "b" }</mi><mo>{ "~" }</mo></mover>
                </math>
                <math>
                    { mo("=") }{ mn(factor(m1)) }{ mo("·") }{ bracketed(integer(now)) }
                    { added(constant_words(constant)) }{ mo("=") }
                    <mn class={if phase == Phase::Fired { "result" } else { "result so-far" }}>{ format::decimal(value, 2) }</mn>
                </math>
            </>
        }
    });
    html! {
        <div class="equations">
            <p>{ update }</p>
            if let Some(potential) = potential {
                <p>{ potential }</p>
            } else if phase == Phase::Fired {
                <p>
                    <math>
                        { mi("V", "") }{ mo("=") }<mn class="result">{ format::significant(neuron.potential, 5) }</mn>
                    </math>
                    <span class="equation-note">{ t!("membrane.real-output") }</span>
                </p>
            }
        </div>
    }
}

/// The code that it fires, its digits as they will be sent, and the reference's code.
fn fired(neuron: &Neuron, phase: Phase, network: &NetworkView, run: &RunView, layer: usize) -> Html {
    let Some((code, sent)) = neuron.code.zip(spike_code(run, network.layers[layer].target)) else {
        return Html::default();
    };
    let has_fired = phase == Phase::Fired;
    let agrees = neuron.reference == Some(code);
    let reference = neuron.reference.map(|code| format::thousands(code.into()));
    let verdict = reference.map(|code| {
        if agrees {
            t!("membrane.agrees", code = code)
        } else {
            t!("membrane.differs", code = code)
        }
    });
    html! {
        <p class={classes!("fires", (!has_fired).then_some("to-come"))}>
            <span>{ if has_fired { t!("membrane.fires") } else { t!("membrane.will-fire") } }<b>{ format::thousands(code.into()) }</b></span>
            { train(code, sent, run.settings.conversion.order) }
            <span class={if agrees { "ok" } else { "bad" }}>{ verdict }</span>
        </p>
    }
}

/// A code's digits as they are sent.
pub(super) fn train(code: i32, sent: SpikeCode, order: BitOrder) -> Html {
    let mut digits: Vec<u8> = (0..sent.planes()).collect();
    if order == BitOrder::Msb {
        digits.reverse();
    }
    let square = |&lambda: &u8| {
        html! { <i class={spike_class(sent.digit(code, lambda))} title={digit_weight(Some(sent), lambda)} /> }
    };
    let digit = |&lambda: &u8| match sent.digit(code, lambda) {
        0 => "0",
        1 => "1",
        _ => "\u{2212}1",
    };
    // Signed digits are told apart by spaces.
    let between = if sent.has_signed_spikes() { " " } else { "" };
    let words = digits.iter().map(digit).collect::<Vec<_>>().join(between);
    html! {
        <span class="train" role="img" aria-label={t!("membrane.train", train = words)}>
            { for digits.iter().map(square) }
        </span>
    }
}

/// The class of a digit's square.
pub(super) fn spike_class(digit: i32) -> &'static str {
    match digit {
        0 => "silence",
        1 => "spike",
        _ => "spike negative",
    }
}

/// The numbers of the plot for those who can't see it.
fn table(neuron: &Neuron, register_bits: u8) -> Html {
    let row = |(step, weight): (usize, &String)| {
        let u = format::thousands(neuron.membranes.get(step + 1).copied().unwrap_or(0).into());
        let u = if neuron.overflows.contains(&(step + 1)) {
            t!("membrane.outside-value", u = u).into_owned()
        } else {
            u
        };
        html! {
            <tr>
                <th scope="row">{ step + 1 }</th>
                <td>{ weight }</td>
                <td>{ format::thousands(neuron.currents.get(step).copied().unwrap_or(0).into()) }</td>
                <td>{ u }</td>
            </tr>
        }
    };
    let start = neuron.membranes.first().copied().unwrap_or(0);
    html! {
        <div class="visually-hidden"><table>
            <caption>
                { t!("membrane.caption", bits = register_bits, start = format::thousands(start.into())) }
            </caption>
            <thead>
                <tr>
                    <th scope="col">{ t!("membrane.step") }</th><th scope="col">{ t!("membrane.weight") }</th>
                    <th scope="col">{ t!("membrane.current") }</th><th scope="col">{ t!("membrane.membrane") }</th>
                </tr>
            </thead>
            <tbody>{ for neuron.weights.iter().enumerate().map(row) }</tbody>
        </table></div>
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::{network, run};
    use super::*;

    #[test]
    fn a_neuron_is_told_from_its_start_to_its_code() {
        let mut run = run();
        run.plans[0].m1 = vec![0.25];
        let neuron = Neuron::of(&network(), &run, 0, 5).expect("there is a neuron 5");
        assert_eq!(neuron.membranes, [0, 2, 2, 2, 2]);
        assert_eq!(neuron.weights, ["−2³", "2²", "2¹", "2⁰"]);
        assert_eq!(neuron.constant, Some(0.0));
        assert_eq!((neuron.code, neuron.reference), (Some(1), Some(1)));
        assert_eq!(Neuron::of(&network(), &run, 0, 6), None);
        assert_eq!(Neuron::of(&network(), &run, 7, 0), None);
    }

    #[test]
    fn words_at_a_value_keep_clear_of_the_line() {
        let corner = |is_left, is_below| Corner { is_left, is_below };
        assert_eq!(Corner::of(&[0.1, 0.5, 0.5, 0.5, 0.5], 1), corner(false, false));
        assert_eq!(
            Corner::of(&[0.1, 0.5, 0.5, 0.5, 0.5], 4),
            corner(true, false),
            "no room on the right"
        );
        assert_eq!(
            Corner::of(&[0.2, 0.6, 0.8, 0.9, 0.9, 0.9, 0.9], 3),
            corner(false, true),
            "a rising line"
        );
        assert_eq!(Corner::of(&[0.9; 9], 8), corner(true, true));
    }

    #[test]
    fn an_overflow_is_seen_in_what_the_membrane_became() {
        assert!(!is_overflow(100, 27, 127, 1.0, false));
        assert!(is_overflow(100, 29, 127, 1.0, false));
        assert!(is_overflow(100, 29, -127, 1.0, false), "wrapped");
        assert!(!is_overflow(10, 7, 13, 0.5, false), "rounded");
        assert!(!is_overflow(10, -7, 13, 1.0, true));
    }

    #[test]
    fn limits_are_drawn_where_the_membrane_comes_near_them() {
        let mut run = run();
        run.settings.conversion.register_bits = 8;
        run.trace.windows[0].dendrites[0].membranes.0[0] = 120;
        let near = Neuron::of(&network(), &run, 0, 0).expect("a neuron");
        assert_eq!(near.register, (-128, 127));
        assert_eq!(near.axis().1, [127.0], "the lower limit is not near");
        run.settings.conversion.register_bits = 32;
        let far = Neuron::of(&network(), &run, 0, 0).expect("a neuron");
        assert_eq!(far.register.1, 2_147_483_647);
        assert!(far.axis().1.is_empty() && far.axis().0.to < 150.0);
    }
}
