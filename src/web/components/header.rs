//! The top of the page: its name, the claim, and what concerns the page itself.

use super::badge::Badge;
use super::glossary::Glossary;
use super::icon::{Glyph, Icon};
use super::tabs::Tabs;
use crate::web::language::Language;
use crate::web::theme::Theme;
use crate::web::verdict::Verdict;
use crate::web::view::View;
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use rust_i18n::t;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What it shows and says.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The view that is open.
    pub view: View,
    /// The address of each view, in the order of [`View::ALL`].
    pub addresses: Vec<AttrValue>,
    /// Another view is wanted.
    pub on_view: Callback<View>,
    /// The claim.
    pub verdict: Verdict,
    /// The address that brings all of this back.
    pub address: AttrValue,
    /// The language in use.
    pub language: Language,
    /// Another one is wanted.
    pub on_language: Callback<Language>,
    /// The theme in use.
    pub theme: Theme,
    /// Another one is wanted.
    pub on_theme: Callback<Theme>,
    /// Whether the drawer of settings is open, on narrow screens.
    pub is_drawer_open: bool,
    /// It should open or close.
    pub on_drawer: Callback<()>,
    /// More buttons.
    #[prop_or_default]
    pub buttons: Html,
    /// What stands before the claim.
    #[prop_or_default]
    pub children: Html,
}

/// The header.
#[component]
pub fn Header(props: &Props) -> Html {
    let theme = props.theme;
    let on_theme = props.on_theme.reform(move |_| theme.next());
    let glyph = match theme {
        Theme::System => Glyph::Auto,
        Theme::Light => Glyph::Sun,
        Theme::Dark => Glyph::Moon,
    };
    let label = t!(format!("header.theme.{}", theme.name()));
    html! {
        <header class="header">
            <h1 class="brand"><span class="brand-mark"><Icon glyph={Glyph::Spike} /></span><span class="brand-name">{ "SDANN Explorer" }</span></h1>
            <Tabs view={props.view} addresses={props.addresses.clone()} on_view={props.on_view.clone()} />
            { props.children.clone() }
            <Badge verdict={props.verdict.clone()} />
            <div class="header-buttons">
                <Glossary />
                { props.buttons.clone() }
                <LanguageChoice language={props.language} on_language={props.on_language.clone()} />
                <CopyLink address={props.address.clone()} />
                <button type="button" class="button button-icon" onclick={on_theme} aria-label={label.clone()} title={label}>
                    <Icon {glyph} />
                </button>
                <button type="button" class="button drawer-button" aria-expanded={props.is_drawer_open.to_string()}
                    aria-controls="settings" onclick={props.on_drawer.reform(|_| ())}>
                    <Icon glyph={Glyph::Sliders} /><span>{ t!("header.settings") }</span>
                </button>
            </div>
        </header>
    }
}

/// What can be spoken.
#[derive(Properties, PartialEq)]
struct LanguageProps {
    language: Language,
    on_language: Callback<Language>,
}

/// Each language by its own name.
#[component]
fn LanguageChoice(props: &LanguageProps) -> Html {
    let on_language = props.on_language.clone();
    let onchange = Callback::from(move |event: Event| {
        let chosen = event.target_dyn_into::<HtmlSelectElement>();
        if let Some(language) = chosen.and_then(|chosen| Language::from_key(&chosen.value())) {
            language.remember();
            on_language.emit(language);
        }
    });
    let option = |language: Language| {
        let (key, name) = (language.key(), language.name());
        html! { <option value={key} lang={key} selected={language == props.language}>{ name }</option> }
    };
    html! {
        <select class="language" aria-label={t!("language.label")} {onchange}>
            { for Language::ALL.map(option) }
        </select>
    }
}

/// What is copied.
#[derive(Properties, PartialEq)]
struct CopyLinkProps {
    address: AttrValue,
}

/// How long a button says what it did, in ms.
const SAID: u32 = 2000;

/// A button that copies the page's address, and says whether it did.
#[component]
fn CopyLink(props: &CopyLinkProps) -> Html {
    let said = use_state(|| None::<bool>);
    let address = props.address.clone();
    let on_click = {
        let said = said.setter();
        Callback::from(move |_: MouseEvent| {
            let (address, said) = (address.clone(), said.clone());
            spawn_local(async move {
                let copied = JsFuture::from(window().navigator().clipboard().write_text(&address)).await;
                said.set(Some(copied.is_ok()));
            });
        })
    };
    use_effect_with(*said, {
        let setter = said.setter();
        move |said| {
            let back = said
                .is_some()
                .then(|| Timeout::new(SAID, move || setter.set(None)));
            move || drop(back)
        }
    });
    html! {
        <button type="button" class="button copy-link" onclick={on_click}>
            <Icon glyph={if said.is_some() { Glyph::Check } else { Glyph::Chain }} />
            <span aria-live="polite">{ match *said {
                Some(true) => t!("header.copied"),
                Some(false) => t!("header.not-allowed"),
                None => t!("header.copy"),
            } }</span>
        </button>
    }
}
