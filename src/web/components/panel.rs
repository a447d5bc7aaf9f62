//! The panel on the left, a drawer on narrow screens: network, sample, settings.

use super::history_buttons::HistoryButtons;
use super::icon::{Glyph, Icon};
use super::network_picker::NetworkPicker;
use super::sample_picker::SamplePicker;
use super::settings_form::SettingsForm;
use crate::settings::SETTINGS;
use crate::web::facts::{Fact, fact};
use crate::web::files;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, BringAction, Dispatch, Sheet, State, dispatching};
use rust_i18n::t;
use yew::prelude::*;

/// What it needs.
#[derive(Properties)]
pub struct Props {
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// To change it.
    pub dispatch: Dispatch,
    /// Whether the drawer is open.
    pub is_open: bool,
    /// It should close.
    pub on_close: Callback<()>,
}

impl PartialEq for Props {
    /// Time goes on without the panel.
    fn eq(&self, other: &Self) -> bool {
        let (a, b): (&State, &State) = (&self.state, &other.state);
        let loaded = |state: &State| state.loaded.clone().map(ByPtr);
        let run = |state: &State| state.shown.as_ref().map(|shown| ByPtr(shown.run.clone()));
        self.is_open == other.is_open
            && a.settings == b.settings
            && a.sample == b.sample
            && a.history.has_past() == b.history.has_past()
            && a.history.has_future() == b.history.has_future()
            && a.wanted == b.wanted
            && a.opened.len() == b.opened.len()
            && a.gallery.is_some() == b.gallery.is_some()
            && loaded(a) == loaded(b)
            && run(a) == run(b)
    }
}

/// The panel.
#[component]
pub fn Panel(props: &Props) -> Html {
    let state = &props.state;
    let dispatch = &props.dispatch;
    let on_file = files::opener(state.loaded.clone(), dispatch);
    let on_choose = dispatching(dispatch, Action::Choose);
    let on_pick = dispatching(dispatch, Action::Pick);
    let on_set = dispatching(dispatch, |(setting, value)| Action::Set(setting, value));
    let on_shipped = dispatching(dispatch, |()| Action::UseShippedData);
    let on_camera = dispatching(dispatch, |()| {
        Action::Bring(BringAction::Open(Some(Sheet::Camera)))
    });
    let on_reset = dispatching(dispatch, |()| Action::ResetSettings);
    let facts: Vec<Fact> = SETTINGS
        .iter()
        .map(|setting| fact(setting.key, state.shown.as_ref()))
        .collect();
    let is_float = state
        .loaded
        .as_ref()
        .is_some_and(|loaded| loaded.network.is_float);
    let onkeydown = {
        let on_close = props.on_close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                on_close.emit(());
            }
        })
    };
    html! {
        <>
            if props.is_open { <div class="drawer-shade" onclick={props.on_close.reform(|_| ())} /> }
            <aside class={classes!("panel", props.is_open.then_some("panel-open"))} id="settings" aria-label={t!("panel.label")} {onkeydown}>
                <button type="button" class="button button-icon button-quiet drawer-close" aria-label={t!("panel.close")}
                    onclick={props.on_close.reform(|_| ())}><Icon glyph={Glyph::Cross} /></button>
                <HistoryButtons has_past={state.history.has_past()} has_future={state.history.has_future()} dispatch={dispatch.clone()} />
                <NetworkPicker gallery={state.gallery.clone()} opened={state.opened.clone()} wanted={state.wanted.clone()}
                    {on_choose} on_file={on_file.clone()} />
                <SamplePicker loaded={state.loaded.clone().map(ByPtr)} sample={state.sample.clone()} read_as={state.read_as()}
                    {on_pick} {on_file} {on_shipped} {on_camera} />
                <SettingsForm settings={state.settings} {is_float} {facts} {on_set} {on_reset} />
            </aside>
        </>
    }
}
