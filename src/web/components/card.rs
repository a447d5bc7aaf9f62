//! A card: a picture or table with its name, and what can be done with it.

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
            data-card={props.name.clone()}>
            <header>
                <h2 {id}>{ &props.title }</h2>
                { props.aside.clone() }
            </header>
            { props.children.clone() }
        </section>
    }
}
