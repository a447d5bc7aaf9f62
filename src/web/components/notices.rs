//! What went wrong, and what to do about it.

use super::icon::{Glyph, Icon};
use crate::web::state::{Notice, Weight};
use rust_i18n::t;
use yew::prelude::*;

/// What there is to say.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The notices, oldest first.
    pub notices: Vec<Notice>,
    /// One was read: its number.
    pub on_dismiss: Callback<u32>,
}

/// Cards over the page, each with a button that takes it away.
#[component]
pub fn Notices(props: &Props) -> Html {
    let card = |notice: &Notice| {
        let number = notice.number;
        let class = match notice.weight {
            Weight::Warning => "notice notice-warning",
            Weight::Error => "notice notice-error",
        };
        html! {
            <div {class} key={number}>
                <span class="notice-mark"><Icon glyph={Glyph::Exclamation} /></span>
                <div class="notice-text"><strong>{ &notice.title }</strong><p>{ &notice.text }</p></div>
                <button type="button" class="button button-icon button-quiet" aria-label={t!("notices.dismiss", title = notice.title)}
                    onclick={props.on_dismiss.reform(move |_| number)}>
                    <Icon glyph={Glyph::Cross} />
                </button>
            </div>
        }
    };
    // The region is there before its first notice: otherwise that one would not be read out.
    html! { <div class="notices" role="region" aria-label={t!("notices.label")} aria-live="assertive">{ for props.notices.iter().map(card) }</div> }
}
