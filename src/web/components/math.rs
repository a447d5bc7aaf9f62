//! Parts of equations with live numbers, as MathML.

use crate::web::format;
use yew::prelude::*;

/// A variable, perhaps with an index.
pub fn mi(name: &'static str, index: &'static str) -> Html {
    if index.is_empty() {
        html! { <mi>{ name }</mi> }
    } else {
        html! { <msub><mi>{ name }</mi><mi>{ index }</mi></msub> }
    }
}

/// An operator.
pub fn mo(operator: &'static str) -> Html {
    html! { <mo>{ operator }</mo> }
}

/// A number.
pub fn mn(number: String) -> Html {
    html! { <mn>{ number }</mn> }
}

/// `+ 3`, `− 4`.
pub fn added(number: String) -> Html {
    match number.strip_prefix(format::MINUS) {
        Some(magnitude) => html! { <>{ mo("−") }{ mn(magnitude.to_owned()) }</> },
        None => html! { <>{ mo("+") }{ mn(number) }</> },
    }
}

/// A number behind an operator, in brackets where it is negative.
pub fn bracketed(number: String) -> Html {
    if number.starts_with(format::MINUS) {
        html! { <mrow><mo>{ "(" }</mo><mn>{ number }</mn><mo>{ ")" }</mo></mrow> }
    } else {
        mn(number)
    }
}

/// b̃ without decimals that say nothing.
pub fn constant_words(constant: f64) -> String {
    let is_whole = (constant - constant.round()).abs() < 0.005;
    format::decimal(constant, if is_whole { 0 } else { 2 })
}
