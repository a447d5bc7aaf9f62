//! The settings, made from their table: a section each, the less used ones behind "More".

use super::equation::Equation;
use super::fields::{NumberField, Segmented, Select, Slider, Switch, control_id, label_id};
use super::toggletip::Toggletip;
use crate::settings::{Kind, SETTINGS, Section, Setting, Settings};
use crate::spiking::{Accumulation, BitOrder};
use crate::web::facts::Fact;
use crate::web::glossary::of_setting;
use crate::web::tables::{setting_help, term};
use rust_i18n::t;
use yew::prelude::*;

/// What is set, and what comes of it.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What is set.
    pub settings: Settings,
    /// One for each setting of the table, in its order.
    pub facts: Vec<Fact>,
    /// Whether the model is one of real numbers, so that its quantization can be chosen.
    pub is_float: bool,
    /// A setting was changed.
    pub on_set: Callback<(&'static Setting, String)>,
    /// The defaults are wanted.
    pub on_reset: Callback<()>,
}

/// Settings that few people change.
const LESS_USED: [&str; 16] = [
    "weight-scales",
    "weight-range",
    "edge-bits",
    "signed-codes",
    "zero-point",
    "percentile",
    "equalize",
    "accumulation",
    "silent-code",
    "digits",
    "overflow",
    "factor",
    "rounding",
    "fold-at",
    "bias-bits",
    "bias-fraction-bits",
];

/// Integers of a wider range are typed, not slid.
const WIDEST_SLIDER: u32 = 32;

/// All sections.
#[component]
pub fn SettingsForm(props: &Props) -> Html {
    let is_default = props.settings == Settings::default();
    let sections = Section::ALL
        .iter()
        .filter(|section| props.is_float || !section.is_for_float_models());
    html! {
        <>
            { for sections.map(|section| view_section(props, *section)) }
            if !is_default {
                <button type="button" class="button button-reset" onclick={props.on_reset.reform(|_| ())}>
                    { t!("panel.reset") }
                </button>
            }
        </>
    }
}

fn view_section(props: &Props, section: Section) -> Html {
    let of_section = || {
        SETTINGS
            .iter()
            .zip(&props.facts)
            .filter(move |(setting, _)| setting.section == section)
    };
    let is_less_used = |setting: &Setting| LESS_USED.contains(&setting.key);
    let view = |(setting, fact): (&'static Setting, &Fact)| view_field(props, setting, fact);
    let often = of_section()
        .filter(|(setting, _)| !is_less_used(setting))
        .map(view);
    let seldom: Vec<Html> = of_section()
        .filter(|(setting, _)| is_less_used(setting))
        .map(view)
        .collect();
    let class = if section == Section::Chip {
        "fields fields-compact"
    } else {
        "fields"
    };
    let title = term(section.title());
    html! {
        <section class="group" key={section.title()} aria-label={title.clone()}>
            <h2>{ title.clone() }</h2>
            if section == Section::Chip {
                { for of_section().filter(|(_, fact)| !fact.text.is_empty()).map(|(_, fact)| html! { <span class="group-fact">{ &fact.text }</span> }) }
            }
            <div {class}>{ for often }</div>
            if !seldom.is_empty() {
                <details class="more">
                    <summary>{ t!("panel.more") }<span class="visually-hidden">{ t!("panel.more-of", section = title) }</span></summary>
                    <div class="fields">{ for seldom }</div>
                </details>
            }
        </section>
    }
}

fn view_field(props: &Props, setting: &'static Setting, fact: &Fact) -> Html {
    let value = AttrValue::from(setting.get(&props.settings));
    let on_change = props.on_set.reform(move |value| (setting, value));
    let mark = fact.mark.as_ref().map(|(mark, _)| *mark);
    let note = fact
        .mark
        .as_ref()
        .map(|(_, note)| html! { <p class="note">{ note }</p> });
    match setting.kind {
        Kind::Switch => html! {
            <div class="field field-switch">
                <Switch {setting} {value} {on_change} />
                { tip(setting) }
                if !fact.text.is_empty() { <p class="note note-switch">{ &fact.text }</p> }
            </div>
        },
        // The chip's settings stand in narrow lines.
        Kind::Choice(_) if setting.section == Section::Chip => html! {
            <div class="field">
                { head(setting, label(setting), "", None) }
                <Select {setting} {value} {on_change} />
            </div>
        },
        Kind::Choice(_) => html! {
            <div class="field">
                { head(setting, html! { <span id={label_id(setting)}>{ term(setting.label) }</span> }, &fact.text, fact.detail.as_deref()) }
                <Segmented {setting} {value} {on_change} refused={refused(setting, &props.settings)} />
            </div>
        },
        Kind::Integer { min, max, .. } if max - min > WIDEST_SLIDER => html! {
            <div class="field">
                { head(setting, label(setting), "", None) }
                <NumberField {setting} {value} {on_change} />
            </div>
        },
        Kind::Integer { unit, .. } => html! {
            <div class="field">
                { head(setting, label(setting), &format!("{value}\u{202f}{}", term(unit)), None) }
                <Slider {setting} {value} {mark} {on_change} />
                { note }
            </div>
        },
    }
}

fn label(setting: &Setting) -> Html {
    html! { <label for={control_id(setting)}>{ term(setting.label) }</label> }
}

fn head(setting: &'static Setting, name: Html, fact: &str, detail: Option<&str>) -> Html {
    let detail = detail.map(str::to_owned);
    html! { <div class="field-head">{ name }{ tip(setting) }<span class="field-fact" title={detail}>{ fact }</span></div> }
}

fn tip(setting: &'static Setting) -> Html {
    html! {
        <Toggletip about={term(setting.label).into_owned()} id={format!("tip-{}", setting.key)} term={of_setting(setting.key)}>
            { setting_help(setting) }
            if !setting.equation.is_empty() { <Equation plain={setting.equation} /> }
        </Toggletip>
    }
}

/// What can't be chosen together with the other settings, and why.
fn refused(setting: &Setting, settings: &Settings) -> Option<(&'static str, AttrValue)> {
    let mut tried = *settings;
    tried.conversion.accumulation = Accumulation::Shifting;
    let is_refused = setting.key == "accumulation" && settings.conversion.order == BitOrder::Lsb;
    let reason = is_refused.then(|| tried.check().err()).flatten()?;
    Some(("shifting", AttrValue::from(reason.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_used_settings_are_in_the_table() {
        for key in LESS_USED {
            assert!(SETTINGS.iter().any(|setting| setting.key == key), "{key}");
        }
    }

    #[test]
    fn shifting_is_refused_with_its_reason_when_the_least_bit_comes_first() {
        let setting = crate::settings::setting("accumulation").expect("in the table");
        let mut settings = Settings::default();
        assert_eq!(refused(setting, &settings), None);
        settings.conversion.order = BitOrder::Lsb;
        let (value, reason) = refused(setting, &settings).expect("refused");
        assert_eq!(value, "shifting");
        assert!(reason.contains("most significant"));
    }
}
