//! The way from view to view.

use crate::web::view::View;
use rust_i18n::t;
use yew::prelude::*;

/// What there is to go to.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Where the user is.
    pub view: View,
    /// The address of each view, in the order of [`View::ALL`].
    pub addresses: Vec<AttrValue>,
    /// Another view is wanted.
    pub on_view: Callback<View>,
}

/// A link for each view. Pressed, it changes the page in place; opened in another tab, it is an address.
#[component]
pub fn Tabs(props: &Props) -> Html {
    let tab = |(view, address): (View, &AttrValue)| {
        let on_view = props.on_view.clone();
        let onclick = Callback::from(move |event: MouseEvent| {
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                on_view.emit(view);
            }
        });
        let current = (view == props.view).then_some("page");
        html! { <a class="tab" href={address.clone()} aria-current={current} {onclick}>{ view.label() }</a> }
    };
    html! {
        <nav class="tabs" aria-label={t!("views.label")}>{ for View::ALL.iter().copied().zip(&props.addresses).map(tab) }</nav>
    }
}
