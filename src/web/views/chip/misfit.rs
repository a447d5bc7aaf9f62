//! What is said of a network that does not fit.

use crate::chip::MappingError;
use crate::web::format;
use yew::prelude::*;

/// The reason, and what would help.
pub fn misfit(error: &MappingError) -> Html {
    let (count, advice) = match error {
        MappingError::TooFewCores {
            needed,
            available,
            capacity,
            ..
        } => {
            let side = needed.isqrt() + usize::from(needed.isqrt() * needed.isqrt() < *needed);
            let advice = format!("A mesh of {side} × {side} cores would hold it");
            let advice = match capacity {
                Some(capacity) => {
                    let packed = (*capacity * *needed as u64).div_ceil((*available as u64).max(1));
                    let (packed, capacity) = (format::count(packed), format::count(*capacity));
                    format!("{advice}, or about {packed} neurons on a core instead of {capacity}.")
                }
                None => format!("{advice}."),
            };
            let count = html! {
                <p class="misfit-count">
                    <b>{ format::count(*needed as u64) }</b>{ " cores needed, " }
                    <b>{ format::count(*available as u64) }</b>{ " on the chip" }
                </p>
            };
            (count, html! { <p>{ advice }</p> })
        }
        MappingError::Chip(_) | MappingError::Exceeded { .. } => Default::default(),
    };
    html! {
        <>
            { count }
            { advice }
            <p class="card-note">{ error.to_string() }</p>
        </>
    }
}
