//! The frame around one stage of the story: name, what it is, the picture, and its counts.

use yew::prelude::*;

/// What [`Stage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct StageProps {
    /// The heading.
    pub title: AttrValue,
    /// The same at length, where the heading is shortened.
    #[prop_or_default]
    pub full_title: Option<AttrValue>,
    /// What is seen.
    pub subtitle: AttrValue,
    /// The first line below the picture.
    pub state: AttrValue,
    /// The second line below the picture.
    #[prop_or_default]
    pub counts: AttrValue,
    /// A colour, for styles.
    pub hue: AttrValue,
    /// Further classes.
    #[prop_or_default]
    pub class: Classes,
    /// The picture.
    pub children: Html,
}

/// A stage of the story.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    html! {
        <section class={classes!("stage", props.class.clone())} style={format!("--hue:{}", props.hue)}
            aria-label={props.full_title.clone().unwrap_or_else(|| props.title.clone())}>
            <header>
                <h3 title={props.full_title.clone()}><span class="swatch" aria-hidden="true" /><span class="name">{ &props.title }</span></h3>
                <p title={props.subtitle.clone()}>{ &props.subtitle }</p>
            </header>
            <div class="stage-picture">{ props.children.clone() }</div>
            <footer>
                <p class="stage-state" title={props.state.clone()}>{ &props.state }</p>
                <p>{ &props.counts }</p>
            </footer>
        </section>
    }
}
