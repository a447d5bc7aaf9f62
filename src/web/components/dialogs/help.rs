//! Keys, and what the page does with files.

use crate::web::components::dialog::DialogFrame;
use crate::web::components::keep::start_afresh;
use rust_i18n::t;
use yew::prelude::*;

/// What it is told.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// It is closed.
    pub on_close: Callback<()>,
}

/// Keys, and the text that tells what they do.
const KEYS: [(&[&str], &str); 11] = [
    (&["Space"], "play"),
    (&["←", "→"], "step"),
    (&["Home", "End"], "ends"),
    (&["1", "…", "7"], "views"),
    (&["[", "]"], "layers"),
    (&["U", "R"], "undo"),
    (&["S"], "share"),
    (&["T"], "take"),
    (&["/"], "network"),
    (&["?"], "help"),
    (&["Esc"], "escape"),
];

/// The help.
#[component]
pub fn Help(props: &Props) -> Html {
    let row = |(keys, what): (&'static [&'static str], &'static str)| {
        let keys = keys.iter().map(|key| html! { <><kbd>{ *key }</kbd>{ " " }</> });
        html! { <tr><th scope="row">{ for keys }</th><td>{ t!(format!("bring.key_{what}")) }</td></tr> }
    };
    let afresh = Callback::from(|_: MouseEvent| start_afresh());
    html! {
        <DialogFrame name="help" title={t!("bring.help").into_owned()} on_close={props.on_close.clone()}>
            <table class="keys"><caption>{ t!("bring.keys") }</caption><tbody>{ for KEYS.map(row) }</tbody></table>
            <h3>{ t!("bring.privacy_title") }</h3>
            <p>{ t!("bring.privacy") }</p>
            <p>{ t!("bring.address") }</p>
            <div class="button-row"><button type="button" class="button" onclick={afresh}>{ t!("bring.afresh") }</button></div>
            <p class="soft">{ t!("bring.afresh_text") }</p>
        </DialogFrame>
    }
}
