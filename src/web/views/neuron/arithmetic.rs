//! The neuron's equations with the numbers of the step: from the spikes of a digit to the code that is fired.

use super::bench::{sent_planes, weight_words};
use super::numbers::{m0, membrane_so_far, potential_so_far};
use super::scale::Columns;
use crate::explore::{DendriteProvenance, Provenance};
use crate::spiking::{BitOrder, Overflow, Rounding, SpikeCode};
use crate::web::components::{Card, added, bracketed, constant_words, mi, mn, mo};
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::views::membrane::train;
use rust_i18n::t;
use yew::prelude::*;

/// What [`Arithmetic`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct ArithmeticProps {
    /// What the neuron does.
    pub told: ByPtr<Provenance>,
    /// How its code is sent; `None` at a real output.
    pub fired: Option<SpikeCode>,
    /// Which digit is sent first.
    pub order: BitOrder,
    /// What a register does with what it can't hold.
    pub overflow: Overflow,
    /// How products with M_0 are rounded.
    pub rounding: Rounding,
    /// The columns of the bench.
    pub columns: Columns,
    /// The playhead's column.
    pub column: usize,
}

/// One line of the derivation: what it does, and its equation.
fn line(words: String, equation: Html, is_to_come: bool) -> Html {
    html! {
        <li class={classes!(is_to_come.then_some("to-come"))}><span>{ words }</span><div class="sum">{ equation }</div></li>
    }
}

fn integer(number: i64) -> String {
    format::thousands(number)
}

/// Integration, scaling, bias, rounding, clamp, and the code's bits, in live numbers.
#[component]
pub fn Arithmetic(props: &ArithmeticProps) -> Html {
    let (told, columns) = (&props.told, props.columns);
    let done = columns.done(props.column);
    let many = told.dendrites.len() > 1;
    let parts = told.dendrites.iter().enumerate().map(|(index, dendrite)| {
        html! {
            <>
                if many {
                    <li class="bench-part">{ t!("neuron.dendrite", index = index + 1, count = told.dendrites.len()) }</li>
                }
                { integration(dendrite, done, props) }
            </>
        }
    });
    let when = match done {
        0 => t!("neuron.before-first").into_owned(),
        _ => t!("neuron.in-step", step = done, steps = columns.steps).into_owned(),
    };
    html! {
        <Card name="arithmetic" title={t!("neuron.arithmetic").into_owned()} aside={html! { <p aria-live="off">{ when }</p> }}>
            <ol class="derivation">
                { for parts }
                { potential(told, done, columns.steps) }
                { code(props, done) }
            </ol>
        </Card>
    }
}

/// The lines of a dendrite: I, M_0 I, U.
fn integration(dendrite: &DendriteProvenance, done: usize, props: &ArithmeticProps) -> Html {
    let Some(step) = done.checked_sub(1).and_then(|at| dendrite.steps.get(at)) else {
        let start = html! {
            <math>{ mi("U", "") }{ mo("=") }<mn class="result">{ integer(dendrite.start) }</mn></math>
        };
        let words = if done > dendrite.steps.len() {
            t!("neuron.over")
        } else if dendrite.doubling {
            t!("neuron.empty-start")
        } else {
            t!("neuron.constant-start")
        };
        let equation = if done > dendrite.steps.len() {
            html! { <math>{ mi("U", "") }{ mo("=") }<mn class="result">{ integer(dendrite.membrane) }</mn></math> }
        } else {
            start
        };
        return line(words.into_owned(), equation, false);
    };
    let current = if dendrite.is_maximum {
        html! {
            <math>{ mi("I", "t") }{ mo("=") }<mn class="result">{ integer(step.current) }</mn></math>
        }
    } else {
        html! {
            <math>
                { mi("I", "t") }{ mo("=") }{ mi("c", "t") }{ mo("∑") }{ mi("w", "") }{ mi("s", "") }
                { mo("=") }{ bracketed(integer(step.weight)) }{ mo("·") }{ bracketed(integer(step.sum)) }
                { mo("=") }<mn class="result">{ integer(step.current) }</mn>
            </math>
        }
    };
    let what = if dendrite.is_maximum {
        t!("neuron.line-maximum", largest = integer(step.sum))
    } else {
        let digit = weight_words(dendrite, done - 1);
        match step.spikes {
            1 => t!("neuron.line-integrate-one", digit = digit),
            spikes => t!(
                "neuron.line-integrate",
                digit = digit,
                spikes = format::count(spikes as u64)
            ),
        }
    };
    let is_one = dendrite.m0.0 == dendrite.m0.1;
    let scaled = if is_one {
        html! { <math>{ mi("M", "0") }{ mo("=") }<mn class="result">{ "1" }</mn></math> }
    } else {
        html! {
            <math>
                { mi("M", "0") }{ mi("I", "t") }{ mo("=") }
                <mfrac><mn>{ integer(dendrite.m0.0) }</mn><mn>{ integer(dendrite.m0.1) }</mn></mfrac>
                { mo("·") }{ bracketed(integer(step.current)) }
                { mo("=") }{ mn(format::decimal(m0(dendrite) * step.current as f64, 2)) }
                { mo("→") }<mn class="result">{ integer(step.scaled) }</mn>
            </math>
        }
    };
    let scaling = if is_one {
        t!("neuron.line-unscaled")
    } else {
        match props.rounding {
            Rounding::Floor => t!("neuron.line-floor"),
            Rounding::HalfUp => t!("neuron.line-half-up"),
            Rounding::HalfEven => t!("neuron.line-half-even"),
        }
    };
    let update = html! {
        <math>
            { mi("U", "") }{ mo("←") }
            if dendrite.doubling { { mn("2".to_owned()) }{ mo("·") } }
            { bracketed(integer(step.before)) }{ added(integer(step.scaled)) }{ mo("=") }
            if let Some(value) = step.overflow {
                <mn class="bad">{ integer(value) }</mn>{ mo("→") }
            }
            <mn class="result">{ integer(step.after) }</mn>
        </math>
    };
    let stores = match (step.overflow.is_some(), props.overflow) {
        (false, _) if dendrite.doubling => t!("neuron.line-double"),
        (false, _) => t!("neuron.line-add"),
        (true, Overflow::Saturate) => t!("neuron.line-saturate", bits = dendrite.register_bits),
        (true, Overflow::Wrap) => t!("neuron.line-wrap", bits = dendrite.register_bits),
    };
    // The constant of a doubling membrane comes behind the last step.
    let is_last = done == dendrite.steps.len();
    let constant = (dendrite.doubling && is_last).then(|| {
        let equation = html! {
            <math>
                { mi("U", "") }{ mo("←") }{ bracketed(integer(step.after)) }{ added(integer(dendrite.constant)) }
                { mo(if dendrite.constant_overflows { "→" } else { "=" }) }<mn class="result">{ integer(dendrite.membrane) }</mn>
            </math>
        };
        line(t!("neuron.line-constant").into_owned(), equation, false)
    });
    html! {
        <>
            { line(what.into_owned(), current, false) }
            { line(scaling.into_owned(), scaled, false) }
            { line(stores.into_owned(), update, false) }
            { constant }
        </>
    }
}

/// V from the membranes.
fn potential(told: &Provenance, done: usize, steps: usize) -> Html {
    let terms = told.dendrites.iter().enumerate().map(|(index, dendrite)| {
        let membrane = format::decimal(membrane_so_far(dendrite, done), 0);
        html! {
            <>
                if index > 0 { { mo("+") } }
                { bracketed(format::significant(dendrite.m1, 4)) }{ mo("·") }{ bracketed(membrane) }
            </>
        }
    });
    let value = potential_so_far(told, done);
    let places = if told.code.is_some() {
        format::decimal(value, 4)
    } else {
        format::significant(value, 5)
    };
    // Parts of an equation, so that a narrow card can break it.
    let equation = html! {
    <>
        <math>
            { mi("V", "") }{ mo("=") }{ mi("M", "1") }{ mi("U", "") }{ mo("+") }
            <mover accent="true"><mi>{ "b" }</mi><mo>{ "~" }</mo></mover>{ mo("+") }{ mi("Z", "y") }
        </math>
        <math>
            { mo("=") }{ for terms }{ added(constant_words(told.constant)) }{ added(integer(told.zero_point.into())) }
        </math>
        <math>{ mo("=") }<mn class="result" data-value="V">{ places }</mn></math>
    </>
    };
    let words = if done < steps {
        t!("neuron.line-potential-so-far")
    } else {
        t!("neuron.line-potential")
    };
    line(words.into_owned(), equation, done < steps)
}

/// From V to a code, and from the code to bits.
fn code(props: &ArithmeticProps, done: usize) -> Html {
    let (told, is_to_come) = (&props.told, done < props.columns.steps);
    let Some((code, (low, high))) = told.code.zip(told.limits) else {
        let real = told.real.map_or(told.potential, f64::from);
        let equation = html! { <math>{ mi("y", "") }{ mo("=") }<mn class="result">{ format::significant(real, 6) }</mn></math> };
        return line(t!("neuron.line-real").into_owned(), equation, is_to_come);
    };
    let words = if told.format_arithmetic {
        t!("neuron.line-format-code")
    } else {
        t!("neuron.line-code")
    };
    let clamp = html! {
        <math>
            { mi("y", "") }{ mo("=") }<mtext>{ "clamp" }</mtext>{ mo("(") }{ mo("⌊") }{ mn(format::decimal(told.potential, 4)) }{ mo("⌉") }{ mo(",") }
            { mn(integer(low.into())) }{ mo(",") }{ mn(integer(high.into())) }{ mo(")") }{ mo("=") }
            <mn class="result" data-value="code">{ integer(code.into()) }</mn>
        </math>
    };
    let bits = props.fired.map(|sent| {
        let planes = sent_planes(sent, props.order);
        let terms = planes.iter().filter(|&&plane| sent.digit(code, plane) != 0).map(|&plane| {
            integer(sent.weight(plane) * i64::from(sent.digit(code, plane)))
        });
        let terms: Vec<String> = terms.collect();
        let silent = sent.silent();
        let equation = html! {
            <>
                <math>
                    { mi("y", "") }
                    if silent != 0 { { added(integer(-i64::from(silent))) } }
                    { mo("=") }
                    if terms.is_empty() { { mn("0".to_owned()) } }
                    { for terms.iter().enumerate().map(|(index, term)| if index == 0 { mn(term.clone()) } else { added(term.clone()) }) }
                </math>
                { train(code, sent, props.order) }
            </>
        };
        let words = match props.order {
            BitOrder::Msb => t!("neuron.line-bits-msb"),
            BitOrder::Lsb => t!("neuron.line-bits-lsb"),
        };
        line(words.into_owned(), equation, is_to_come)
    });
    html! { <>{ line(words.into_owned(), clamp, is_to_come) }{ bits }</> }
}
