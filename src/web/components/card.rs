//! A card: a picture or table with its name, and what can be done with it.

use super::take_away::TakeAway;
use yew::prelude::*;

/// What it frames.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Tells it from other cards: in identifiers, styles (`energy-card`) and names of files.
    pub name: AttrValue,
    /// Its title.
    pub title: AttrValue,
    /// More classes, such as `wide`.
    #[prop_or_default]
    pub class: Classes,
    /// A colour for what is inside, such as a layer's.
    #[prop_or_default]
    pub hue: Option<AttrValue>,
    /// Whether what it shows is being worked out.
    #[prop_or_default]
    pub is_busy: bool,
    /// The title at length, where it is shortened.
    #[prop_or_default]
    pub full_title: Option<AttrValue>,
    /// Whether its title tells what was chosen, so that a change of it should be heard.
    #[prop_or_default]
    pub is_live: bool,
    /// What stands beside the title: the one thing to know, or controls.
    #[prop_or_default]
    pub aside: Html,
    /// The picture or table.
    pub children: Html,
}

/// A titled card.
#[component]
pub fn Card(props: &Props) -> Html {
    let id = format!("{}-title", props.name);
    html! {
        <section class={classes!("card", format!("{}-card", props.name), props.class.clone())} aria-labelledby={id.clone()}
            data-card={props.name.clone()} aria-busy={props.is_busy.then_some("true")}
            style={props.hue.as_ref().map(|hue| format!("--hue:{hue}"))}>
            <header>
                <h2 {id} title={props.full_title.clone()} aria-live={props.is_live.then_some("polite")}>{ &props.title }</h2>
                { props.aside.clone() }
                <TakeAway title={props.title.clone()} />
            </header>
            { props.children.clone() }
        </section>
    }
}
