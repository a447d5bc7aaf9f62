//! Explanations of controls that are no settings: beside a control that explains nothing by itself as a "?", or on the
//! control itself where there is no room. Their texts are in `locales/hints.yml`.

use super::equation::Equation;
use super::toggletip::{Toggletip, use_tip};
use rust_i18n::t;
use yew::prelude::*;

/// The equation and the word of the glossary that go with an explanation.
const EQUATIONS: [(&str, &str, &str); 16] = [
    ("steps", "U ← U + M_0 I_t", "time-step"),
    ("timeline", "x = −x_(K−1) 2^(K−1) + Σ x_λ 2^λ", "window"),
    ("network", "r ≈ S (q − Z)", "quantization"),
    ("sample", "q = clamp(round(r / S + Z))", "code"),
    (
        "calibration-layer",
        "b̃ ← b̃ + E[V_exact − V_scaled]",
        "bias-calibration",
    ),
    ("chip-measure", "I_t = c_t Σ w s", "synaptic-operation"),
    ("matrix", "Σ packets · hops", "packet"),
    (
        "calibration-scaling",
        "M_0 = (2^(n−1) − 1) / I_max",
        "scaled-integration",
    ),
    (
        "calibration-parts",
        "b̃ ← b̃ + E[V_exact − V_scaled]",
        "bias-calibration",
    ),
    (
        "calibrate-on",
        "S = (r_max − r_min) / (q_max − q_min)",
        "calibration-data",
    ),
    ("codes-threshold", "r ≈ r_max s / T", "rate-code"),
    ("codes-most-steps", "r ≈ r_max s / T", "rate-code"),
    ("codes-board-bits", "x = Σ x_λ 2^λ", "bit-plane"),
    ("board", "U = Σ w x", "membrane"),
    ("why-scope", "I_t = c_t Σ w s", "synaptic-operation"),
    ("pareto-cost", "", "pareto-front"),
];

/// What a hint is about.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// In `locales/hints.yml`.
    pub name: &'static str,
    /// The control's name, for a "?".
    #[prop_or_default]
    pub about: AttrValue,
    /// The control, which explains itself.
    #[prop_or_default]
    pub children: Html,
}

fn known(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    EQUATIONS.iter().find(|(key, ..)| *key == name)
}

fn words(name: &str) -> Html {
    let equation = known(name)
        .filter(|(_, plain, _)| !plain.is_empty())
        .map(|&(_, plain, _)| html! { <Equation {plain} /> });
    html! { <>{ t!(format!("hint.{name}")) }{ equation }</> }
}

/// The id of a hint's text: the control is described by it.
pub fn hint_id(name: &str) -> String {
    format!("hint-{name}")
}

/// A "?" with a hint.
#[component]
pub fn Hint(props: &Props) -> Html {
    let term = known(props.name).map(|&(.., term)| term);
    html! {
        <Toggletip about={props.about.clone()} id={hint_id(props.name)} {term}>{ words(props.name) }</Toggletip>
    }
}

/// A control with a hint that shows when the pointer rests on it or the focus reaches it. The control's
/// `aria-describedby` is its [`hint_id`].
#[component]
pub fn Hinted(props: &Props) -> Html {
    let tip = use_tip();
    html! {
        <span class="hinted" onmouseenter={tip.show.reform(|_| ())} onmouseleave={tip.onmouseleave.clone()}
            onfocusin={tip.show.reform(|_| ())} onfocusout={tip.onfocusout.clone()} onkeydown={tip.onkeydown.clone()}>
            { props.children.clone() }
            <span class={tip.class()} id={hint_id(props.name)} role="tooltip">{ words(props.name) }</span>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::glossary::find;

    #[test]
    fn every_hint_with_an_equation_has_a_text_and_leads_to_a_word() {
        for (name, _, term) in EQUATIONS {
            let key = format!("hint.{name}");
            assert!(!t!(&*key).ends_with(&key), "{key}");
            assert!(find(term).is_some(), "{term}");
        }
    }
}
