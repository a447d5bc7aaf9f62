//! What is said of a network that does not fit.

use crate::chip::MappingError;
use yew::prelude::*;

/// The reason, and what would help: an error's sentence says one, then the others.
pub fn misfit(error: &MappingError) -> Html {
    let text = error.to_string();
    let mut parts = text.split("; ");
    let reason = parts.next().unwrap_or_default().to_owned();
    let remedies: Vec<String> = parts.map(sentence).collect();
    html! {
        <>
            // The engine's errors are in English.
            <p class="misfit-count" lang="en">{ sentence(&reason) }</p>
            if !remedies.is_empty() {
                <ul class="remedies" lang="en">{ for remedies.iter().map(|remedy| html! { <li>{ remedy }</li> }) }</ul>
            }
        </>
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_ascii_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
