//! One control for each kind of setting.

use crate::settings::{Choice, Kind, Section, Setting};
use crate::web::tables::term;
use rust_i18n::t;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What a control shows and changes.
#[derive(Properties)]
pub struct Props {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value.
    pub value: AttrValue,
    /// A value to mark on a slider.
    #[prop_or_default]
    pub mark: Option<u32>,
    /// Values that can't be chosen now, with the reason.
    #[prop_or_default]
    pub refused: Option<(&'static str, AttrValue)>,
    /// Another value.
    pub on_change: Callback<String>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.setting, other.setting)
            && self.value == other.value
            && self.mark == other.mark
            && self.refused == other.refused
    }
}

/// The id of a setting's control.
pub fn control_id(setting: &Setting) -> String {
    format!("set-{}", setting.key)
}

/// The id of a setting's name, for controls that are groups.
pub fn label_id(setting: &Setting) -> String {
    format!("name-{}", setting.key)
}

/// A slider. Its value stands beside its name.
#[component]
pub fn Slider(props: &Props) -> Html {
    let Kind::Integer { min, max, unit } = props.setting.kind else {
        return Html::default();
    };
    let share = |value: f64| 100.0 * (value - f64::from(min)) / f64::from(max - min).max(1.0);
    let value: f64 = props.value.parse().unwrap_or_default();
    let mark = props.mark.map(|mark| html! {
        <span class="slider-mark" style={format!("--at: {:.2}", share(f64::from(mark)) / 100.0)} aria-hidden="true" />
    });
    let oninput = props
        .on_change
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    html! {
        <div class="slider" style={format!("--at: {:.2}%", share(value))}>
            { mark }
            <input type="range" id={control_id(props.setting)} min={min.to_string()} max={max.to_string()} step="1"
                value={props.value.clone()} aria-valuetext={format!("{} {}", props.value, term(unit))} {oninput} />
        </div>
    }
}

/// A small field for a number that may be large. What is out of range becomes the nearest value in it.
#[component]
pub fn NumberField(props: &Props) -> Html {
    let Kind::Integer { min, max, .. } = props.setting.kind else {
        return Html::default();
    };
    // 0 of something is as the chip has it.
    let is_own = props.setting.section == Section::Chip && min == 0;
    let value = if is_own && props.value == "0" {
        "".into()
    } else {
        props.value.clone()
    };
    let onchange = {
        let (on_change, before) = (props.on_change.clone(), props.value.clone());
        Callback::from(move |event: Event| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            let typed = input.value_as_number();
            if typed.is_finite() {
                let value = typed.round().clamp(f64::from(min), f64::from(max)).to_string();
                input.set_value(&value);
                on_change.emit(value);
            } else if is_own && input.value().is_empty() {
                on_change.emit("0".to_owned());
            } else {
                input.set_value(&before);
            }
        })
    };
    html! {
        <input class="number" type="number" inputmode="numeric" id={control_id(props.setting)} min={min.to_string()}
            max={max.to_string()} {value} placeholder={is_own.then(|| t!("panel.as-the-chip"))} {onchange} />
    }
}

/// One of several words, side by side.
#[component]
pub fn Segmented(props: &Props) -> Html {
    let Kind::Choice(choices) = &props.setting.kind else {
        return Html::default();
    };
    let segment = |choice: &'static Choice| {
        let checked = props.value.as_str() == choice.value;
        let reason = props
            .refused
            .as_ref()
            .filter(|(value, _)| *value == choice.value)
            .map(|(_, why)| why.clone());
        let onchange = props.on_change.reform(move |_: Event| choice.value.to_owned());
        html! {
            <label class="segment" title={reason.clone()}>
                <input type="radio" name={props.setting.key} value={choice.value} {checked} disabled={reason.is_some()} {onchange} />
                <span>{ term(choice.label) }</span>
            </label>
        }
    };
    html! {
        <div class="segmented" role="radiogroup" aria-labelledby={label_id(props.setting)}>
            { for choices.iter().map(segment) }
        </div>
    }
}

/// One of several words, or many, in a list that opens.
#[component]
pub fn Select(props: &Props) -> Html {
    let Kind::Choice(choices) = &props.setting.kind else {
        return Html::default();
    };
    let onchange = props
        .on_change
        .reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
    let option = |choice: &'static Choice| {
        let selected = props.value.as_str() == choice.value;
        html! { <option value={choice.value} {selected}>{ term(choice.label) }</option> }
    };
    html! {
        <select class="choice-select" id={control_id(props.setting)} {onchange}>{ for choices.iter().map(option) }</select>
    }
}

/// On or off.
#[component]
pub fn Switch(props: &Props) -> Html {
    let onchange = props.on_change.reform(|event: Event| {
        let is_on = event.target_unchecked_into::<HtmlInputElement>().checked();
        if is_on { "on" } else { "off" }.to_owned()
    });
    html! {
        <label class="switch">
            <input type="checkbox" id={control_id(props.setting)} checked={props.value.as_str() == "on"} {onchange} />
            <span>{ term(props.setting.label) }</span>
        </label>
    }
}
