//! A "?" that explains: by hover, focus, touch and screen reader.

use rust_i18n::t;
use yew::prelude::*;

/// What it explains.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The thing, for the button's name.
    pub about: AttrValue,
    /// A name for the explanation that no other element has.
    pub id: AttrValue,
    /// The explanation.
    pub children: Html,
}

/// The button and its explanation, which Escape hides.
#[component]
pub fn Toggletip(props: &Props) -> Html {
    let is_open = use_state_eq(|| false);
    let set = |open: bool| {
        let setter = is_open.setter();
        move || setter.set(open)
    };
    let (show, hide) = (set(true), set(false));
    let onkeydown = {
        let hide = hide.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                hide();
            }
        })
    };
    let onfocus = Callback::from({
        let show = show.clone();
        move |_: FocusEvent| show()
    });
    let onclick = Callback::from({
        let show = show.clone();
        move |_: MouseEvent| show()
    });
    let onblur = Callback::from({
        let hide = hide.clone();
        move |_: FocusEvent| hide()
    });
    let class = if *is_open { "tip-text tip-open" } else { "tip-text" };
    html! {
        <span class="tip" onmouseenter={Callback::from(move |_: MouseEvent| show())} onmouseleave={Callback::from(move |_: MouseEvent| hide())}>
            <button type="button" class="tip-button" aria-label={t!("tip.about", name = props.about)}
                aria-describedby={props.id.clone()} {onfocus} {onblur} {onclick} {onkeydown}>{ "?" }</button>
            <span {class} id={props.id.clone()} role="tooltip">{ props.children.clone() }</span>
        </span>
    }
}
