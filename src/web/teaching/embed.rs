//! A dialog that makes the code of a frame with chosen parts of the page; and the way from a frame to the page.

use super::{Part, Parts};
use crate::settings::SETTINGS;
use crate::web::address::address_of;
use crate::web::components::{CopyText, Modal};
use crate::web::link::Link;
use crate::web::plots::ByPtr;
use crate::web::state::State;
use crate::web::view::View;
use rust_i18n::t;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What it makes a frame of.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// It is closed.
    pub on_close: Callback<()>,
}

/// How large a frame can be, in CSS pixels.
const SIDES: (u32, u32) = (200, 3000);

/// The dialog.
#[component]
pub fn EmbedDialog(props: &Props) -> Html {
    let state = &props.state;
    let view = state.view;
    let parts = use_state(move || vec![Part::View(view), Part::Timeline]);
    let size = use_state(|| (900, 600));
    let toggle = |part: Part| {
        let parts = parts.clone();
        Callback::from(move |_: Event| {
            let mut next = (*parts).clone();
            match next.iter().position(|known| *known == part) {
                Some(at) => drop(next.remove(at)),
                None => next.push(part.clone()),
            }
            parts.set(next);
        })
    };
    let check = |part: Part, label: String| {
        let checked = parts.contains(&part);
        html! { <label class="check"><input type="checkbox" {checked} onchange={toggle(part)} />{ label }</label> }
    };
    let views = View::ALL.iter().map(|&view| {
        check(
            Part::View(view),
            t!("embed.view", view = view.label()).into_owned(),
        )
    });
    let word = |key: &str| t!(format!("embed.part.{key}")).into_owned();
    let others = [
        (Part::Timeline, word("timeline")),
        (Part::Badge, word("badge")),
        (Part::Network, word("network")),
        (Part::Sample, word("sample")),
        (Part::Settings(Vec::new()), word("settings")),
    ];
    let single = SETTINGS
        .iter()
        .map(|setting| check(Part::Settings(vec![setting.key]), setting.key.to_owned()));
    let side = |name: &'static str, value: u32, change: fn((u32, u32), u32) -> (u32, u32)| {
        let size = size.clone();
        let onchange = Callback::from(move |event: Event| {
            let typed = event
                .target_unchecked_into::<HtmlInputElement>()
                .value_as_number();
            if typed.is_finite() {
                size.set(change(*size, typed.clamp(SIDES.0.into(), SIDES.1.into()) as u32));
            }
        });
        html! {
            <label class="embed-side">{ t!(format!("embed.{name}")) }
                <input class="number" type="number" min={SIDES.0.to_string()} max={SIDES.1.to_string()} value={value.to_string()} {onchange} />
            </label>
        }
    };
    let chosen = Parts {
        embed: joined(&parts),
        hide: Vec::new(),
    };
    let address = embed_address(state, &chosen);
    let code = frame(&address, *size);
    html! {
        <Modal name="embed" title={t!("embed.title").into_owned()} on_close={props.on_close.clone()}>
            <p class="soft">{ t!("embed.about") }</p>
            <fieldset class="checks"><legend>{ t!("embed.parts") }</legend>
                { for views }
                { for others.map(|(part, label)| check(part, label)) }
            </fieldset>
            <details><summary>{ t!("embed.settings") }</summary><div class="checks">{ for single }</div></details>
            <div class="embed-sides">
                { side("width", size.0, |(_, height), width| (width, height)) }
                { side("height", size.1, |(width, _), height| (width, height)) }
            </div>
            <label class="embed-code">{ t!("embed.code") }
                <textarea readonly={true} rows="4" spellcheck="false" value={code.clone()} />
            </label>
            <div class="button-row">
                <CopyText text={code} label={t!("embed.copy").into_owned()} />
                <a class="button" href={address} target="_blank" rel="noopener">{ t!("embed.look") }</a>
            </div>
        </Modal>
    }
}

/// The same parts, single settings brought together as an address has them.
fn joined(parts: &[Part]) -> Vec<Part> {
    let has_all = parts.contains(&Part::Settings(Vec::new()));
    let mut keys = Vec::new();
    let mut joined = Vec::new();
    for part in parts {
        match part {
            Part::Settings(some) if has_all || !some.is_empty() => keys.extend(some),
            part => joined.push(part.clone()),
        }
    }
    if has_all || !keys.is_empty() {
        joined.push(Part::Settings(if has_all { Vec::new() } else { keys }));
    }
    joined
}

/// The address of chosen parts, which show what the page shows now.
fn embed_address(state: &State, parts: &Parts) -> String {
    let mut link = state.link();
    link.view = parts.view(link.view);
    for (key, value) in parts.to_pairs() {
        link.parts.set(key, &value);
    }
    address_of(&link)
}

/// The code of a frame.
fn frame(address: &str, (width, height): (u32, u32)) -> String {
    let address = address.replace('&', "&amp;");
    format!(
        r#"<iframe src="{address}" width="{width}" height="{height}" style="border: 0" loading="lazy" title="SDANN Explorer"></iframe>"#
    )
}

/// The way from a frame to the whole page, which shows the same.
pub fn open_page(state: &State) -> Html {
    if !state.parts.is_embedded() {
        return Html::default();
    }
    let mut link: Link = state.link();
    link.parts = link.parts.without(&[Parts::EMBED, Parts::HIDE]);
    html! {
        <nav class="embed-link" aria-label={t!("embed.open")}>
            <h1 class="visually-hidden">{ "SDANN Explorer" }</h1>
            <a href={address_of(&link)} target="_blank" rel="noopener">{ t!("embed.open") }</a>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_settings_are_one_part_of_the_address() {
        let parts = [
            Part::Settings(vec!["scaling"]),
            Part::View(View::Story),
            Part::Settings(vec!["order"]),
        ];
        let parts = Parts {
            embed: joined(&parts),
            hide: Vec::new(),
        };
        let pairs: Vec<_> = parts.to_pairs().collect();
        assert_eq!(pairs, [("embed", "story,settings:scaling:order".to_owned())]);
        let all = joined(&[Part::Settings(vec!["scaling"]), Part::Settings(Vec::new())]);
        assert_eq!(all, [Part::Settings(Vec::new())]);
    }

    #[test]
    fn a_frames_code_is_good_markup() {
        let code = frame("https://a.b/?v=1&embed=story", (640, 480));
        assert!(
            code.starts_with(r#"<iframe src="https://a.b/?v=1&amp;embed=story" width="640" height="480""#)
        );
    }
}
