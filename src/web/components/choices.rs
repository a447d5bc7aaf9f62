//! One of several words, side by side: for what is no setting of the table.

use yew::prelude::*;

/// What there is to choose from.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// A name that no other choice of the page has.
    pub name: &'static str,
    /// What is chosen, for the group's name.
    pub label: AttrValue,
    /// The words.
    pub options: Vec<AttrValue>,
    /// The id of what explains the choice.
    #[prop_or_default]
    pub described_by: Option<AttrValue>,
    /// The chosen one.
    pub chosen: usize,
    /// Another one is wanted.
    pub on_choose: Callback<usize>,
}

/// A group of radio buttons.
#[component]
pub fn Choices(props: &Props) -> Html {
    let option = |(index, label): (usize, &AttrValue)| {
        let onchange = props.on_choose.reform(move |_: Event| index);
        html! {
            <label class="segment">
                <input type="radio" name={props.name} value={label.clone()} checked={index == props.chosen} {onchange} />
                <span>{ label }</span>
            </label>
        }
    };
    html! {
        <div class="segmented choices" role="radiogroup" aria-label={props.label.clone()} aria-describedby={props.described_by.clone()}>
            { for props.options.iter().enumerate().map(option) }
        </div>
    }
}
