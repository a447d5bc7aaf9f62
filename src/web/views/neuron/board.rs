//! What the neuron on the blackboard is given: inputs, weights, register, scale, output.

use super::bench::sent_planes;
use super::presets::PRESETS;
use crate::explore::{Blackboard, HandScale, MAX_INPUTS};
use crate::graph::CodeFormat;
use crate::spiking::{Accumulation, BitOrder, MAX_REGISTER_BITS, MIN_REGISTER_BITS, Overflow, Rounding};
use crate::web::components::{Card, Hint, Toggletip};
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::views::membrane::spike_class;
use crate::web::views::words::digit_weight;
use rust_i18n::t;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What [`Board`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct BoardProps {
    /// The neuron.
    pub board: ByPtr<Blackboard>,
    /// Another one.
    pub on_board: Callback<Blackboard>,
}

/// Makes another neuron of the present one.
fn changed<T: 'static>(props: &BoardProps, change: impl Fn(&mut Blackboard, T) + 'static) -> Callback<T> {
    let board = props.board.clone();
    props.on_board.reform(move |value| {
        let mut board = (*board.0).clone();
        change(&mut board, value);
        board
    })
}

/// A field for an integer.
fn integer(id: &str, label: String, value: i64, (low, high): (i64, i64), on_value: Callback<i32>) -> Html {
    number(
        id,
        label,
        value.to_string(),
        (low as f64, high as f64),
        "1",
        on_value.reform(|typed: f64| typed.round() as i32),
    )
}

/// A field for a number. What is out of range becomes the nearest in it.
fn number(
    id: &str,
    label: String,
    value: String,
    (low, high): (f64, f64),
    step: &'static str,
    on_value: Callback<f64>,
) -> Html {
    let before = value.clone();
    let onchange = Callback::from(move |event: Event| {
        let input = event.target_unchecked_into::<HtmlInputElement>();
        let typed = input.value_as_number();
        if typed.is_finite() {
            let typed = typed.clamp(low, high);
            input.set_value(&typed.to_string());
            on_value.emit(typed);
        } else {
            input.set_value(&before);
        }
    });
    html! {
        <label class="board-field">
            <span>{ label }</span>
            <input class="number" type="number" id={id.to_owned()} min={low.to_string()} max={high.to_string()} {step} {value} {onchange} />
        </label>
    }
}

/// A list of words.
fn choice(id: &str, label: String, words: Vec<String>, chosen: usize, on_index: Callback<usize>) -> Html {
    let onchange = on_index.reform(|event: Event| {
        let index = event
            .target_unchecked_into::<HtmlSelectElement>()
            .selected_index();
        usize::try_from(index).unwrap_or(0)
    });
    html! {
        <label class="board-field">
            <span>{ label }</span>
            <select class="choice-select" id={id.to_owned()} {onchange}>
                { for words.into_iter().enumerate().map(|(index, word)| html! { <option selected={index == chosen}>{ word }</option> }) }
            </select>
        </label>
    }
}

/// Bits and sign of codes, as two controls.
fn codes(
    props: &BoardProps,
    id: &'static str,
    label: String,
    format: CodeFormat,
    set: fn(&mut Blackboard, CodeFormat),
) -> Html {
    let on_bits = changed(props, move |board, bits: i32| {
        set(
            board,
            CodeFormat {
                bits: bits as u8,
                ..format
            },
        )
    });
    let on_sign = changed(props, move |board, index: usize| {
        set(
            board,
            CodeFormat {
                signed: index == 0,
                ..format
            },
        )
    });
    let signs = vec![
        t!("neuron.signed").into_owned(),
        t!("neuron.unsigned").into_owned(),
    ];
    html! {
        <>
            { integer(&format!("board-{id}"), label, format.bits.into(), (1, 8), on_bits) }
            { choice(&format!("board-{id}-sign"), t!("neuron.sign").into_owned(), signs, usize::from(!format.signed), on_sign) }
        </>
    }
}

/// All controls.
#[component]
pub fn Board(props: &BoardProps) -> Html {
    let board = &props.board;
    let preset = |(key, text): &(&'static str, &'static str)| {
        let wanted = text.parse::<Blackboard>().unwrap_or_default();
        let is_it = wanted == *board.0;
        let onclick = props.on_board.reform(move |_: MouseEvent| wanted.clone());
        html! {
            <button type="button" class="button button-small" aria-pressed={is_it.to_string()} {onclick}>{ t!(format!("neuron.preset.{key}")) }</button>
        }
    };
    let told = PRESETS
        .iter()
        .find(|(_, text)| text.parse::<Blackboard>().is_ok_and(|wanted| wanted == *board.0));
    let lesson = told.map_or_else(
        || t!("neuron.preset-own"),
        |(key, _)| t!(format!("neuron.lesson.{key}")),
    );
    let add = changed(props, |board, _: MouseEvent| board.inputs.push((1, 1)));
    html! {
        <Card name="board" title={t!("neuron.board").into_owned()} aside={html! { <p>{ t!("neuron.board-note") }</p> }}>
            <div class="board-presets" role="group" aria-label={t!("neuron.presets").into_owned()}>
                { for PRESETS.iter().map(preset) }
                <Hint name="board" about={t!("neuron.presets").into_owned()} />
            </div>
            <p class="board-lesson" aria-live="polite">{ lesson }</p>
            <table class="board-inputs">
                <thead><tr>
                    <th scope="col">{ t!("neuron.input") }</th><th scope="col">{ "x" }</th><th scope="col">{ t!("neuron.bits-column") }</th>
                    <th scope="col">{ "w" }</th><th scope="col">{ "w x" }</th><td />
                </tr></thead>
                <tbody>{ for (0..board.inputs.len()).map(|index| input(props, index)) }</tbody>
            </table>
            <button type="button" class="button button-small board-add" disabled={board.inputs.len() >= MAX_INPUTS} onclick={add}>{ t!("neuron.add-input") }</button>
            { settings(props) }
        </Card>
    }
}

/// One input: its code, by number or bit by bit, and its weight.
fn input(props: &BoardProps, index: usize) -> Html {
    let board = &props.board;
    let (code, weight) = board.inputs[index];
    let (low, high) = (board.format.min(), board.format.max());
    let sent = board.code();
    let bit = |plane: u8| {
        let onclick = changed(props, move |board, _: MouseEvent| {
            let unit = board.code().weight(plane) as i32;
            let (code, _) = board.inputs[index];
            board.inputs[index].0 = if sent.digit(code, plane) == 0 {
                code + unit
            } else {
                code - unit
            };
        });
        let is_set = sent.digit(code, plane) != 0;
        html! {
            <button type="button" class={classes!("bit", spike_class(sent.digit(code, plane)))} aria-pressed={is_set.to_string()}
                aria-label={t!("neuron.bit", weight = digit_weight(Some(sent), plane), number = index + 1).into_owned()}
                title={digit_weight(Some(sent), plane)} {onclick} />
        }
    };
    let on_code = changed(props, move |board, code: i32| board.inputs[index].0 = code);
    let on_weight = changed(props, move |board, weight: i32| board.inputs[index].1 = weight);
    let remove = changed(props, move |board, _: MouseEvent| {
        board.inputs.remove(index);
    });
    let label = t!("neuron.remove", number = index + 1).into_owned();
    html! {
        <tr>
            <th scope="row">{ format!("x{}", subscript(index + 1)) }</th>
            <td>{ integer(&format!("board-x{index}"), t!("neuron.code-of", number = index + 1).into_owned(), code.into(), (low.into(), high.into()), on_code) }</td>
            <td><span class="train">{ for sent_planes(sent, BitOrder::Msb).into_iter().map(bit) }</span></td>
            <td>{ integer(&format!("board-w{index}"), t!("neuron.weight-of", number = index + 1).into_owned(), weight.into(), (-127, 127), on_weight) }</td>
            <td class="board-product">{ format::thousands(i64::from(code) * i64::from(weight)) }</td>
            <td><button type="button" class="button button-icon button-quiet" aria-label={label.clone()} title={label}
                disabled={board.inputs.len() == 1} onclick={remove}>{ "×" }</button></td>
        </tr>
    }
}

/// `₁`.
fn subscript(number: usize) -> char {
    char::from_u32(0x2080 + number as u32 % 10).unwrap_or('?')
}

/// Everything but the inputs.
fn settings(props: &BoardProps) -> Html {
    const ORDERS: [(BitOrder, Accumulation); 3] = [
        (BitOrder::Msb, Accumulation::Weighted),
        (BitOrder::Lsb, Accumulation::Weighted),
        (BitOrder::Msb, Accumulation::Shifting),
    ];
    const ROUNDINGS: [Rounding; 3] = [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven];
    const SHIFTS: u8 = 8;
    let board = &props.board;
    let words = |keys: &[&str]| {
        keys.iter()
            .map(|key| t!(format!("neuron.{key}")).into_owned())
            .collect::<Vec<_>>()
    };
    let form = (board.order, board.accumulation);
    let scales = [
        t!("neuron.scale-off").into_owned(),
        t!("neuron.scale-fitted").into_owned(),
    ];
    let shifts = (1..=SHIFTS).map(|places| format!("2{}", format::superscript(-i32::from(places))));
    let scaling = match board.scaling {
        HandScale::Off => 0,
        HandScale::Fitted => 1,
        HandScale::Shift(places) => usize::from(places) + 1,
    };
    let on_scaling = changed(props, |board, index: usize| {
        board.scaling = match index {
            0 => HandScale::Off,
            1 => HandScale::Fitted,
            places => HandScale::Shift(places as u8 - 1),
        }
    });
    let wraps = usize::from(board.register.overflow == Overflow::Wrap);
    let on_overflow = changed(props, |board, index: usize| {
        board.register.overflow = if index == 1 {
            Overflow::Wrap
        } else {
            Overflow::Saturate
        };
    });
    let position = |found: Option<usize>| found.unwrap_or(0);
    html! {
        <div class="board-settings">
            <fieldset>
                <legend>{ t!("neuron.codes-in") }</legend>
                { codes(props, "k", t!("neuron.bits-k").into_owned(), board.format, |board, format| board.format = format) }
                { choice("board-order", t!("neuron.order").into_owned(), words(&["order-msb", "order-lsb", "order-double"]),
                    position(ORDERS.iter().position(|other| *other == form)),
                    changed(props, |board, index: usize| (board.order, board.accumulation) = ORDERS[index.min(2)])) }
                { integer("board-b", t!("neuron.bias-b").into_owned(), board.bias.into(), (-99_999, 99_999), changed(props, |board, bias| board.bias = bias)) }
            </fieldset>
            <fieldset>
                <legend>{ t!("neuron.register-legend") }
                    <Toggletip about={t!("neuron.register-legend").into_owned()} id="tip-board-register">
                        { t!("neuron.needs", bits = needed_bits(board)) }
                    </Toggletip>
                </legend>
                { integer("board-n", t!("neuron.bits-n").into_owned(), board.register.bits.into(), (MIN_REGISTER_BITS.into(), MAX_REGISTER_BITS.into()),
                    changed(props, |board, bits: i32| board.register.bits = bits as u8)) }
                { choice("board-overflow", t!("neuron.overflows").into_owned(), words(&["saturates", "wraps"]), wraps, on_overflow) }
                { choice("board-m0", "M₀".to_owned(), scales.into_iter().chain(shifts).collect(), scaling, on_scaling) }
                { choice("board-rounding", t!("neuron.rounding").into_owned(), words(&["floor", "half-up", "half-even"]),
                    position(ROUNDINGS.iter().position(|other| *other == board.rounding)),
                    changed(props, |board, index: usize| board.rounding = ROUNDINGS[index.min(2)])) }
            </fieldset>
            <fieldset>
                <legend>{ t!("neuron.codes-out") }</legend>
                { codes(props, "y", t!("neuron.bits-y").into_owned(), board.output, |board, format| board.output = format) }
                { number("board-g", t!("neuron.multiplier").into_owned(), board.multiplier.to_string(), (0.0001, 100.0), "any",
                    changed(props, |board, typed: f64| board.multiplier = typed as f32)) }
                { integer("board-z", t!("neuron.zero-y").into_owned(), board.zero_point.into(), (board.output.min().into(), board.output.max().into()),
                    changed(props, |board, zero| board.zero_point = zero)) }
            </fieldset>
        </div>
    }
}

/// Fewest bits of a register in which nothing overflows at M_0 = 1.
fn needed_bits(board: &Blackboard) -> u8 {
    let most = board.i_max();
    crate::spiking::Register::bits_for(-most, most)
}
