//! The top of the page: its name, the claim, and what concerns the page itself.

use super::badge::Badge;
use super::copy::CopyButton;
use super::glossary::Glossary;
use super::icon::{Glyph, Icon};
use super::tabs::Tabs;
use crate::web::language::Language;
use crate::web::state::Sheet;
use crate::web::theme::Theme;
use crate::web::verdict::Verdict;
use crate::web::view::View;
use rust_i18n::t;
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
    /// What that address lacks, if it would be too long.
    pub warning: Option<AttrValue>,
    /// A dialog is wanted.
    pub on_dialog: Callback<Sheet>,
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
                <CopyButton class="copy-link" text={props.address.clone()} label={t!("header.copy").into_owned()} warning={props.warning.clone()} />
                <button type="button" class="button button-icon" onclick={props.on_dialog.reform(|_| Sheet::TakeAway)} aria-label={t!("bring.run")}
                    title={t!("bring.run")} aria-haspopup="dialog"><Icon glyph={Glyph::Save} /></button>
                <button type="button" class="button button-icon" onclick={props.on_dialog.reform(|_| Sheet::Help)} aria-label={t!("bring.help")}
                    title={t!("bring.help")} aria-haspopup="dialog"><Icon glyph={Glyph::Help} /></button>
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
