//! Grey shapes where pictures will be, so that nothing jumps when they come.

use rust_i18n::t;
use yew::prelude::*;

/// The main column before there is anything to show.
#[component]
pub fn Skeleton() -> Html {
    let block = |class: &'static str| html! { <div class={classes!("card", "skeleton", class)} /> };
    html! {
        <div class="board" aria-busy="true" aria-label={t!("loading")} role="status">
            { block("skeleton-story") }
            <div class="cards">{ for (0..3).map(|_| block("skeleton-card")) }</div>
        </div>
    }
}
