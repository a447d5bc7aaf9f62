//! The claim, always in sight.

use super::icon::{Glyph, Icon};
use crate::web::verdict::{Tone, Verdict};
use rust_i18n::t;
use yew::prelude::*;

/// What it says.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The claim and its numbers.
    pub verdict: Verdict,
}

/// The badge: a mark, the claim, and the numbers behind it.
#[component]
pub fn Badge(props: &Props) -> Html {
    let Verdict {
        tone,
        claim,
        details,
        progress,
    } = &props.verdict;
    let (class, mark) = match tone {
        Tone::Busy => (
            "badge badge-busy",
            html! { <span class="spinner" aria-hidden="true" /> },
        ),
        Tone::Equal => ("badge badge-equal", html! { <Icon glyph={Glyph::Check} /> }),
        Tone::Different => (
            "badge badge-different",
            html! { <Icon glyph={Glyph::Exclamation} /> },
        ),
    };
    // Every hundredth sample would be too much to hear.
    let live = if *tone == Tone::Busy { "off" } else { "polite" };
    let style = progress.map(|share| format!("--progress: {:.1}%", share * 100.0));
    html! {
        <div {class} {style} role="status" aria-live={live} aria-busy={(*tone == Tone::Busy).to_string()} aria-label={t!("badge.label")}>
            { mark }
            <strong>{ claim }</strong>
            { for details.iter().map(|detail| html! { <span>{ detail }</span> }) }
        </div>
    }
}
