//! What is said of a network that does not fit.

use crate::chip::MappingError;
use crate::web::format;
use yew::prelude::*;

/// The reason, and what would help.
pub fn misfit(error: &MappingError) -> Html {
    let MappingError::TooFewCores {
        needed,
        available,
        capacity,
        ..
    } = error;
    let side = needed.isqrt() + usize::from(needed.isqrt() * needed.isqrt() < *needed);
    let packed = (*capacity as usize * needed).div_ceil((*available).max(1));
    html! {
        <>
            <p class="misfit-count">
                <b>{ format::count(*needed as u64) }</b>{ " cores needed, " }
                <b>{ format::count(*available as u64) }</b>{ " on the chip" }
            </p>
            <p>{ format!(
                "A mesh of {side} × {side} cores would hold it, or about {} neurons on a core instead of {}.",
                format::count(packed as u64),
                format::count((*capacity).into()),
            ) }</p>
            <p class="card-note">{ error.to_string() }</p>
        </>
    }
}
