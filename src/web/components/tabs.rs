//! The way from view to view.

use crate::web::view::View;
use rust_i18n::t;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
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
        html! { <a class="tab" data-view={view.key()} href={address.clone()} aria-current={current} {onclick}>{ view.label() }</a> }
    };
    // Where there is no room for all, the one in use is in sight.
    let tabs = use_node_ref();
    use_effect_with((tabs.clone(), props.view), |(tabs, _)| {
        let tabs = tabs.cast::<HtmlElement>();
        let current = tabs
            .as_ref()
            .and_then(|tabs| tabs.query_selector("[aria-current]").ok().flatten());
        if let (Some(tabs), Some(current)) =
            (tabs, current.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()))
        {
            let middle = current.offset_left() - tabs.offset_left() + current.offset_width() / 2;
            tabs.set_scroll_left(middle - tabs.client_width() / 2);
        }
    });
    html! {
        <nav class="tabs" ref={tabs} aria-label={t!("views.label")}>{ for View::ALL.iter().copied().zip(&props.addresses).map(tab) }</nav>
    }
}
