//! The chip, field by field: each with its grade and source, each to be changed. A changed chip is the user's own.

use crate::chip::spec::{Chip, Field, FieldSection, Grade, Kind, YOU};
use crate::web::components::{Card, Toggletip};
use crate::web::state::{Action, Dispatch, Notice};
use crate::web::tables::{field_help, term};
use gloo::utils::document;
use rust_i18n::t;
use std::borrow::Cow;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlElement, HtmlInputElement, HtmlSelectElement, Url};
use yew::prelude::*;

/// The key of a chip that the user has changed.
const OWN: &str = "own";

/// What [`ChipForm`] takes.
#[derive(Clone, Properties)]
pub struct ChipFormProps {
    /// The chip in use.
    pub chip: Rc<Chip>,
    /// Whether it is the user's own.
    pub is_own: bool,
    /// To change it.
    pub dispatch: Dispatch,
}

impl PartialEq for ChipFormProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.chip, &other.chip) && self.is_own == other.is_own
    }
}

/// A form of all fields, folded away until somebody wants it.
#[component]
pub fn ChipForm(props: &ChipFormProps) -> Html {
    let chip = &props.chip;
    let refused = use_state_eq(|| None::<(&'static str, String)>);
    let on_set = {
        let (props, refused) = (props.clone(), refused.setter());
        Callback::from(move |(field, text): (&'static Field, String)| {
            match changed(&props.chip, field, &text) {
                Ok(None) => refused.set(None),
                Ok(Some(chip)) => {
                    refused.set(None);
                    props.dispatch.dispatch(Action::UseChip(Some(Rc::new(chip))));
                }
                Err(problem) => refused.set(Some((field.key, problem))),
            }
        })
    };
    let on_back = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::UseChip(None)))
    };
    let on_save = {
        let (chip, dispatch) = (chip.clone(), props.dispatch.clone());
        Callback::from(move |_: MouseEvent| {
            if save(&format!("{}.toml", chip.key), &chip.to_toml()).is_err() {
                dispatch.dispatch(Action::Complain(Notice::error(
                    t!("form.unsaved"),
                    t!("form.unsaved-text"),
                )));
            }
        })
    };
    let section = |section: &FieldSection| {
        let fields = section.fields().map(|field| {
            let problem = (*refused).as_ref().filter(|(key, _)| *key == field.key);
            row(chip, field, problem.map(|(_, problem)| problem.as_str()), &on_set)
        });
        html! {
            <fieldset class="chip-fields">
                <legend>{ term(section.title()) }</legend>
                { for fields }
            </fieldset>
        }
    };
    let own = props
        .is_own
        .then(|| html! { <span class="own-mark">{ t!("form.own") }</span> });
    html! {
        <Card name="form" class="wide" title={chip.name.clone()} aside={html! { <>{ own }<p lang="en">{ &chip.about }</p></> }}>
            <div class="form-buttons">
                <button type="button" class="button" onclick={on_save}>{ t!("form.save") }</button>
                if props.is_own { <button type="button" class="button" onclick={on_back}>{ t!("form.back") }</button> }
                <span class="soft">{ t!("form.drop") }</span>
            </div>
            <details class="more">
                <summary>{ t!("form.all") }</summary>
                <div class="chip-form">{ for FieldSection::ALL.iter().map(section) }</div>
            </details>
        </Card>
    }
}

fn row(
    chip: &Chip,
    field: &'static Field,
    problem: Option<&str>,
    on_set: &Callback<(&'static Field, String)>,
) -> Html {
    let value = field.get(chip);
    let id = format!("chip-{}", field.key.replace('.', "-"));
    let text = if value.is_known() {
        field.text(chip)
    } else {
        String::new()
    };
    let source = match chip.sources.get(&value.source) {
        Some(source) => source.title.clone(),
        None if value.source == YOU => t!("form.you").into_owned(),
        None => value.source.clone(),
    };
    let origin = if source.is_empty() {
        String::new()
    } else {
        format!(", {source}")
    };
    let control = match &field.kind {
        Kind::Choice(choices) => select(
            &id,
            &text,
            choices.iter().map(|c| (c.value, term(c.label))),
            field,
            on_set,
        ),
        Kind::Switch => select(
            &id,
            &text,
            [("yes", t!("form.yes")), ("no", t!("form.no"))].into_iter(),
            field,
            on_set,
        ),
        _ => {
            let onchange = on_set.reform(move |event: Event| {
                (field, event.target_unchecked_into::<HtmlInputElement>().value())
            });
            html! { <input id={id.clone()} type="text" autocomplete="off" value={text} placeholder={term("unknown")} {onchange}
            aria-invalid={problem.map(|_| "true")} /> }
        }
    };
    let class = if value.grade == Grade::Unknown {
        "grade grade-unknown"
    } else {
        "grade"
    };
    html! {
        <div class="chip-field">
            <label for={id.clone()}>{ term(field.label) }</label>
            <Toggletip about={term(field.label).into_owned()} id={format!("tip-{id}")}>{ field_help(field) }</Toggletip>
            { control }
            <span class="unit">{ term(field.unit) }</span>
            <span {class} title={value.note.clone()}>{ term(value.grade.label()) }<span class="soft">{ origin }</span></span>
            if let Some(problem) = problem { <p class="field-problem" role="alert">{ problem.to_owned() }</p> }
        </div>
    }
}

fn select(
    id: &str,
    text: &str,
    options: impl Iterator<Item = (&'static str, Cow<'static, str>)>,
    field: &'static Field,
    on_set: &Callback<(&'static Field, String)>,
) -> Html {
    let onchange = on_set
        .reform(move |event: Event| (field, event.target_unchecked_into::<HtmlSelectElement>().value()));
    let option = |(value, label): (&'static str, Cow<'static, str>)| {
        html! { <option {value} selected={value == text}>{ label }</option> }
    };
    html! {
        <select id={id.to_owned()} {onchange}>
            <option value="" selected={text.is_empty()}>{ term("unknown") }</option>
            { for options.map(option) }
        </select>
    }
}

/// The chip with another value in a field, as the user's own; `None` if that changes nothing.
fn changed(chip: &Chip, field: &'static Field, text: &str) -> Result<Option<Chip>, String> {
    let mut next = chip.clone();
    field.set(&mut next, text).map_err(|error| error.to_string())?;
    if field.text(&next) == field.text(chip) {
        return Ok(None);
    }
    next.check().map_err(|error| error.to_string())?;
    if next.key != OWN {
        next.key = OWN.to_owned();
        next.name = t!("form.changed", name = next.name).into_owned();
    }
    Ok(Some(next))
}

/// Lets the browser save a text as a file.
fn save(name: &str, text: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_str_sequence(&js_sys::Array::of1(&text.into()))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlElement = document().create_element("a")?.unchecked_into();
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    link.click();
    Url::revoke_object_url(&url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::spec::{Preset, field};

    #[test]
    fn a_changed_chip_is_the_users_own_and_says_so() {
        let chip = Preset::Darwin3.chip();
        let field = field("core.neurons").expect("in the table");
        let own = changed(&chip, field, "100").expect("a number").expect("a change");
        assert_eq!((own.key.as_str(), own.name.as_str()), ("own", "Darwin3, changed"));
        assert_eq!(field.get(&own).grade, Grade::Chosen);
        assert_eq!(changed(&own, field, "100"), Ok(None));
        let again = changed(&own, field, "50").expect("a number").expect("a change");
        assert_eq!(again.name, "Darwin3, changed");
    }

    #[test]
    fn what_a_field_does_not_take_is_said() {
        let field = field("core.neurons").expect("in the table");
        let problem = changed(&Preset::Darwin3.chip(), field, "many").expect_err("no number");
        assert!(problem.contains("core.neurons"), "{problem}");
    }
}
