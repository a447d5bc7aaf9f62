//! The bench: what goes in, what it does to the membrane, and what comes out, one below the other on one time
//! axis, like the traces of an oscilloscope.

use super::numbers::{potentials, start_of};
use super::scale::Columns;
use crate::explore::{DendriteProvenance, Provenance, SourceProvenance};
use crate::spiking::{BitOrder, Digits, Overflow, SpikeCode};
use crate::web::components::Card;
use crate::web::format;
use crate::web::palette::use_palette;
use crate::web::plots::{ByPtr, Frame, PlotCanvas, StepPlot, draw_steps};
use crate::web::views::membrane::{axis, spike_class, value_mark};
use rust_i18n::t;
use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

/// Sources that have a trace of their own.
const TRACES: usize = 6;

/// What [`Bench`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct BenchProps {
    /// What the neuron does.
    pub told: ByPtr<Provenance>,
    /// How its code is sent; `None` at a real output.
    pub fired: Option<SpikeCode>,
    /// Which digit is sent first.
    pub order: BitOrder,
    /// What a register does with what it can't hold.
    pub overflow: Overflow,
    /// What each dendrite's sources are called.
    pub names: Rc<Vec<Vec<AttrValue>>>,
    /// What the card is called.
    pub title: AttrValue,
    /// What the fired digits' columns are called.
    pub listener: AttrValue,
    /// The layer whose hue it has.
    pub layer: usize,
    /// The columns.
    pub columns: Columns,
    /// The playhead's column.
    pub column: usize,
    /// Whether it is of a moment ago.
    #[prop_or_default]
    pub is_stale: bool,
    /// Another column.
    pub on_column: Callback<usize>,
    /// A source, by its dendrite and its place in `told`.
    #[prop_or_default]
    pub on_source: Option<Callback<(usize, usize)>>,
}

/// `−2⁷`, `±2³`: what the digit of a column weighs, whichever way it is accumulated.
pub fn weight_words(dendrite: &DendriteProvenance, index: usize) -> String {
    let Some(step) = dendrite.steps.get(index) else {
        return String::new();
    };
    let sign = match (dendrite.digits, step.weight < 0) {
        (Digits::Binary, true) => "\u{2212}",
        (Digits::Binary, false) => "",
        _ => "±",
    };
    format!("{sign}2{}", format::superscript(step.plane.into()))
}

/// The planes of a code in the order in which they are sent.
pub fn sent_planes(code: SpikeCode, order: BitOrder) -> Vec<u8> {
    let planes = 0..code.planes();
    match order {
        BitOrder::Msb => planes.rev().collect(),
        BitOrder::Lsb => planes.collect(),
    }
}

/// All traces, with a playhead for pointer and keys.
#[component]
pub fn Bench(props: &BenchProps) -> Html {
    let (told, columns) = (&props.told, props.columns);
    let scope = use_node_ref();
    let scrub = |begins: bool| {
        let (scope, on_column, count) = (scope.clone(), props.on_column.clone(), columns.count());
        Callback::from(move |event: PointerEvent| {
            let Some(scope) = scope.cast::<Element>() else {
                return;
            };
            if begins {
                // Without capture scrubbing ends at the edge: no harm.
                let _ = scope.set_pointer_capture(event.pointer_id());
            } else if !scope.has_pointer_capture(event.pointer_id()) {
                return;
            }
            let area = scope.get_bounding_client_rect();
            let share = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0);
            let column = (share * count as f64).floor().clamp(0.0, (count - 1) as f64);
            on_column.emit(column as usize);
        })
    };
    let onkeydown = {
        let (on_column, at, last) = (props.on_column.clone(), props.column, columns.count() - 1);
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowRight" | "ArrowUp" => (at + 1).min(last),
                "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
                "Home" => 0,
                "End" => last,
                "PageUp" if at < columns.steps => columns.steps,
                "PageUp" => last,
                "PageDown" if at > columns.steps => columns.steps,
                "PageDown" => 0,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            on_column.emit(to);
        })
    };
    let many = told.dendrites.len() > 1;
    let dendrites = told.dendrites.iter().enumerate().map(|(index, dendrite)| {
        html! {
            <>
                if many {
                    <h3 class="bench-part">{ t!("neuron.dendrite", index = index + 1, count = told.dendrites.len()) }</h3>
                }
                { sources(props, index, dendrite) }
                { spikes(props, dendrite) }
                { currents(props, dendrite) }
                <Trace name={name("U")} words={t!("neuron.membrane").into_owned()} height="8.5rem" values={Rc::new(membranes(dendrite))}
                    limits={Rc::from(limits(dendrite))} marked={Rc::from(overflows(dendrite))} known={columns.done(props.column) + 1}
                    {columns} layer={props.layer} note={register_note(props, dendrite)} places={0} />
            </>
        }
    });
    let potentials = potentials(told);
    let is_done = props.column >= columns.steps;
    let code = told.code.map(|code| {
        t!(
            "neuron.becomes",
            v = format::decimal(told.potential, 2),
            code = format::thousands(code.into())
        )
        .into_owned()
    });
    let bounds = told
        .limits
        .map_or_else(Vec::new, |(low, high)| vec![f64::from(low), f64::from(high)]);
    let text = now_words(props);
    html! {
        <Card name="bench" title={props.title.clone()} class={classes!("wide", props.is_stale.then_some("is-stale"))}
            aside={html! { <p>{ t!("neuron.bench-note") }</p> }}>
            <div class="bench" style={format!("--columns:{};--at:{}", columns.count(), props.column)}>
                <div class="bench-scope" ref={scope.clone()} role="slider" tabindex="0" aria-label={t!("neuron.step-slider").into_owned()}
                    aria-valuemin="0" aria-valuemax={(columns.count() - 1).to_string()} aria-valuenow={props.column.to_string()}
                    aria-valuetext={text} onpointerdown={scrub(true)} onpointermove={scrub(false)} {onkeydown}>
                    <span class="bench-now" />
                </div>
                { header(props) }
                { for dendrites }
                <Trace name={name("V")} words={t!("neuron.potential").into_owned()} height="5.5rem" values={Rc::new(potentials)}
                    limits={Rc::from(bounds)} marked={Rc::from(Vec::new())} known={columns.done(props.column) + 1} {columns}
                    layer={props.layer} note={code.unwrap_or_default()} places={2} is_pale={!is_done} />
                { fired(props) }
            </div>
            <details class="bench-table">
                <summary>{ t!("neuron.table") }</summary>
                { for told.dendrites.iter().map(table) }
            </details>
        </Card>
    }
}

fn name(letter: &'static str) -> Html {
    html! { <i class="letter">{ letter }</i> }
}

/// U before the first step, then after each; with doubling the constant comes at the very end.
fn membranes(dendrite: &DendriteProvenance) -> Vec<f64> {
    let after = dendrite.steps.iter().map(|step| step.after as f64);
    std::iter::once(start_of(dendrite) as f64).chain(after).collect()
}

fn limits(dendrite: &DendriteProvenance) -> Vec<f64> {
    let half = 2f64.powi(i32::from(dendrite.register_bits) - 1);
    vec![-half, half - 1.0]
}

/// Columns in which the register could not hold what it should.
fn overflows(dendrite: &DendriteProvenance) -> Vec<usize> {
    let steps = dendrite.steps.iter().enumerate();
    let steps = steps.filter_map(|(index, step)| step.overflow.map(|_| index + 1));
    let start = (dendrite.constant_overflows && !dendrite.doubling).then_some(0);
    let end = (dendrite.constant_overflows && dendrite.doubling).then_some(dendrite.steps.len());
    start.into_iter().chain(steps).chain(end).collect()
}

fn register_note(props: &BenchProps, dendrite: &DendriteProvenance) -> String {
    let bits = dendrite.register_bits;
    let limit = format::thousands((1_i64 << (bits - 1)) - 1);
    let count = overflows(dendrite).len();
    match (count, props.overflow) {
        (0, _) => t!("neuron.register", limit = limit, bits = bits),
        (_, Overflow::Saturate) => t!("neuron.register-saturated", limit = limit, bits = bits),
        (_, Overflow::Wrap) => t!("neuron.register-wrapped", limit = limit, bits = bits),
    }
    .into_owned()
}

/// The digit of every column.
fn header(props: &BenchProps) -> Html {
    let columns = props.columns;
    let longest = props
        .told
        .dendrites
        .iter()
        .max_by_key(|dendrite| dendrite.steps.len());
    let heard = (0..columns.steps).map(|index| longest.map_or(String::new(), |d| weight_words(d, index)));
    let sent = props
        .fired
        .map_or_else(Vec::new, |code| sent_planes(code, props.order));
    let sent = sent
        .into_iter()
        .map(|plane| super::super::words::digit_weight(props.fired, plane));
    let words = std::iter::once(t!("neuron.start").into_owned())
        .chain(heard)
        .chain(sent);
    let cell = |(column, words): (usize, String)| {
        let is_now = column == props.column;
        let is_out = column >= columns.first_fired();
        html! { <li class={classes!(is_now.then_some("now"), is_out.then_some("out"))}>{ words }</li> }
    };
    html! {
        <>
            <span class="bench-name soft">{ t!("neuron.digit") }</span>
            <div class="bench-head" aria-hidden="true">
                <p style={format!("grid-column:1 / span {}", columns.steps + 1)}>{ t!("neuron.listens") }</p>
                if columns.fired > 0 {
                    <p class="out" style={format!("grid-column:{} / span {}", columns.first_fired() + 1, columns.fired)}>
                        { &props.listener }
                    </p>
                }
                <ol class="bench-columns">{ for words.enumerate().map(cell) }</ol>
            </div>
        </>
    }
}

/// One line of cells, the last of which may be missing.
fn cells(columns: Columns, from: usize, cells: impl Iterator<Item = Html>) -> Html {
    html! {
        <div class="bench-row">
            { for cells.enumerate().map(|(index, cell)| html! {
                <span class="bench-cell" style={format!("grid-column:{}", (from + index + 1).min(columns.count()))}>{ cell }</span>
            }) }
        </div>
    }
}

/// The digits that arrive from the largest sources.
fn sources(props: &BenchProps, dendrite: usize, told: &DendriteProvenance) -> Html {
    let names = props.names.get(dendrite);
    let line = |(index, source): (usize, &SourceProvenance)| {
        let label = names
            .and_then(|names| names.get(index))
            .cloned()
            .unwrap_or_default();
        let weight = format::signed(source.weight);
        let title = t!(
            "neuron.source-title",
            source = label,
            weight = weight,
            code = format::thousands(source.code.into())
        )
        .into_owned();
        let inner = html! { <><span class="source-name">{ &label }</span><b>{ format!("×{}{}", format::THIN, format::thousands(source.weight)) }</b></> };
        let head = match &props.on_source {
            Some(on_source) => {
                let onclick = on_source.reform(move |_: MouseEvent| (dendrite, index));
                html! { <button type="button" class="bench-name bench-source" {title} {onclick}>{ inner }</button> }
            }
            None => html! { <span class="bench-name bench-source" {title}>{ inner }</span> },
        };
        let done = props.columns.done(props.column);
        let digits = source.digits.iter().enumerate().map(|(step, &digit)| {
            let class = classes!(
                "bit",
                spike_class(digit.into()),
                (step >= done).then_some("to-come")
            );
            html! { <i {class} /> }
        });
        html! { <>{ head }{ cells(props.columns, 1, digits) }</> }
    };
    html! { <>{ for told.sources.iter().take(TRACES).enumerate().map(line) }</> }
}

fn synapses(count: usize) -> std::borrow::Cow<'static, str> {
    match count {
        1 => t!("neuron.of-one-synapse"),
        _ => t!("neuron.of-synapses", count = format::count(count as u64)),
    }
}

/// How many spikes arrive at each step.
fn spikes(props: &BenchProps, told: &DendriteProvenance) -> Html {
    let most = told
        .steps
        .iter()
        .map(|step| step.spikes)
        .max()
        .unwrap_or(0)
        .max(1);
    let bars = told.steps.iter().enumerate().map(|(index, step)| {
        let share = step.spikes as f64 / most as f64;
        let to_come = (index >= props.columns.done(props.column)).then_some("to-come");
        html! {
            <span class={classes!("bench-bar", "bar-spikes", to_come)} style={format!("--share:{share:.4}")}>
                <i /><em>{ format::count(step.spikes as u64) }</em>
            </span>
        }
    });
    html! {
        <>
            <span class="bench-name">{ t!("neuron.spikes-in") }<small>{ synapses(told.synapses) }</small></span>
            { cells(props.columns, 1, bars) }
        </>
    }
}

/// I of each step, up and down from zero.
fn currents(props: &BenchProps, told: &DendriteProvenance) -> Html {
    let most = told
        .steps
        .iter()
        .map(|step| step.current.abs())
        .max()
        .unwrap_or(0)
        .max(1);
    let bars = told.steps.iter().enumerate().map(|(index, step)| {
        let share = step.current.abs() as f64 / most as f64;
        let to_come = (index >= props.columns.done(props.column)).then_some("to-come");
        let side = if step.current < 0 { "down" } else { "up" };
        html! {
            <span class={classes!("bench-bar", "bar-current", side, to_come)} style={format!("--share:{share:.4}")}>
                <i /><em>{ format::thousands(step.current) }</em>
            </span>
        }
    });
    html! {
        <>
            <span class="bench-name">{ name("I") }<small>{ t!("neuron.current") }</small></span>
            { cells(props.columns, 1, bars) }
        </>
    }
}

/// The code that is fired, digit by digit.
fn fired(props: &BenchProps) -> Html {
    let Some((code, sent)) = props.told.code.zip(props.fired) else {
        return html! {
            <>
                <span class="bench-name">{ t!("neuron.out") }</span>
                <p class="bench-row-words">{ t!("neuron.real-output", value = format::significant(props.told.potential, 5)) }</p>
            </>
        };
    };
    let first = props.columns.first_fired();
    let digits = sent_planes(sent, props.order)
        .into_iter()
        .enumerate()
        .map(|(index, plane)| {
            let to_come = (first + index > props.column).then_some("to-come");
            html! { <i class={classes!("bit", spike_class(sent.digit(code, plane)), to_come)} /> }
        });
    let verdict = match props.told.reference {
        Some(reference) if reference == code => html! { <b class="ok">{ t!("neuron.as-ann") }</b> },
        Some(reference) => {
            html! { <b class="bad">{ t!("neuron.not-as-ann", code = format::thousands(reference.into())) }</b> }
        }
        None => Html::default(),
    };
    html! {
        <>
            <span class="bench-name">{ t!("neuron.out") }<small>{ t!("neuron.code", code = format::thousands(code.into())) }</small></span>
            <div class="bench-out">
                { cells(props.columns, first, digits) }
                <p class="bench-verdict" style={format!("--from:{first}")}>{ verdict }</p>
            </div>
        </>
    }
}

/// What the playhead says.
fn now_words(props: &BenchProps) -> String {
    let Columns { steps, .. } = props.columns;
    let column = props.column;
    let membrane = |dendrite: &DendriteProvenance| {
        let at = membranes(dendrite);
        at.get(column.min(at.len() - 1))
            .map_or(String::new(), |&u| format::thousands(u as i64))
    };
    let u = props
        .told
        .dendrites
        .iter()
        .map(membrane)
        .collect::<Vec<_>>()
        .join(", ");
    if column == 0 {
        t!("neuron.at-start", u = u).into_owned()
    } else if column <= steps {
        let longest = props
            .told
            .dendrites
            .iter()
            .max_by_key(|dendrite| dendrite.steps.len());
        let digit = longest.map_or(String::new(), |dendrite| weight_words(dendrite, column - 1));
        t!(
            "neuron.at-step",
            step = column,
            steps = steps,
            digit = digit,
            u = u
        )
        .into_owned()
    } else {
        t!(
            "neuron.at-digit",
            digit = column - steps,
            digits = props.columns.fired
        )
        .into_owned()
    }
}

/// What [`Trace`] takes.
#[derive(Clone, PartialEq, Properties)]
struct TraceProps {
    name: Html,
    words: AttrValue,
    height: &'static str,
    values: Rc<Vec<f64>>,
    limits: Rc<[f64]>,
    marked: Rc<[usize]>,
    known: usize,
    columns: Columns,
    layer: usize,
    note: AttrValue,
    places: usize,
    #[prop_or_default]
    is_pale: bool,
}

/// A line that holds each value for one column.
#[component]
fn Trace(props: &TraceProps) -> Html {
    let palette = use_palette();
    let draw = use_callback(
        (props.clone(), ByPtr(palette)),
        |frame: Frame, (props, palette)| {
            let (span, limits) = axis(&props.values, ends(&props.limits));
            let plot = StepPlot {
                values: props.values.to_vec(),
                known: props.known.min(props.values.len()),
                span,
                limits,
                marked: props.marked.to_vec(),
                line: palette.layer(props.layer),
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
    let (span, _) = axis(&props.values, ends(&props.limits));
    let at = props
        .known
        .saturating_sub(1)
        .min(props.values.len().saturating_sub(1));
    let value = props
        .values
        .get(at)
        .map(|&value| value_mark(&props.values, span, at, format::decimal(value, props.places)));
    let share = props.values.len() as f64 / props.columns.count() as f64;
    html! {
        <>
            <span class="bench-name">{ props.name.clone() }<small>{ &props.words }</small></span>
            <div class="bench-trace" style={format!("height:{};--share:{share:.5}", props.height)}>
                <div class="plot"><PlotCanvas {draw} />{ value }</div>
                <p class={classes!("bench-note", props.is_pale.then_some("to-come"))}>{ &props.note }</p>
            </div>
        </>
    }
}

/// The lower and the upper limit; infinite where there are none.
fn ends(limits: &[f64]) -> [f64; 2] {
    match limits {
        [low, high] => [*low, *high],
        _ => [f64::NEG_INFINITY, f64::INFINITY],
    }
}

/// The arithmetic of every step, as the command line prints it.
fn table(dendrite: &DendriteProvenance) -> Html {
    let row = |(index, step): (usize, &crate::explore::StepProvenance)| {
        let overflow = step
            .overflow
            .map(|value| t!("neuron.overflow", value = format::thousands(value)).into_owned());
        html! {
            <tr>
                <th scope="row">{ index + 1 }</th>
                <td>{ weight_words(dendrite, index) }</td>
                <td>{ format::count(step.spikes as u64) }</td>
                <td>{ format::thousands(step.sum) }</td>
                <td>{ format::thousands(step.current) }</td>
                <td>{ format::thousands(step.scaled) }</td>
                <td>{ format::thousands(step.before) }</td>
                <td>{ format::thousands(step.after) }</td>
                <td class="bad">{ overflow }</td>
            </tr>
        }
    };
    let sum = if dendrite.is_maximum {
        t!("neuron.largest")
    } else {
        "Σ w s".into()
    };
    html! {
        <div class="table-scroll" tabindex="0" role="region" aria-label={t!("neuron.table").into_owned()}>
            <table class="numbers">
                <thead><tr>
                    <th scope="col">{ t!("neuron.step") }</th><th scope="col">{ t!("neuron.digit") }</th>
                    <th scope="col">{ t!("neuron.spikes-in") }</th><th scope="col">{ sum }</th><th scope="col">{ "I" }</th>
                    <th scope="col">{ "M₀ I" }</th><th scope="col">{ t!("neuron.u-before") }</th>
                    <th scope="col">{ t!("neuron.u-after") }</th><th scope="col">{ t!("neuron.register-column") }</th>
                </tr></thead>
                <tbody>{ for dendrite.steps.iter().enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}
