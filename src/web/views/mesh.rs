//! Spikes between cores: the first view's small picture of the chip.

use super::chip::{
    CorePicture, Measure, Scope, chosen_core, core_label, describe, misfit, summary, use_counts, use_scene,
};
use crate::web::components::Card;
use crate::web::plots::ByPtr;
use crate::web::selection::{Select, Selection};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// Room for the picture in CSS pixels.
const ROOM: (u32, u32) = (330, 208);

/// What [`MeshCard`] takes.
#[derive(Clone, Properties)]
pub struct MeshCardProps {
    /// The network.
    pub network: Rc<NetworkView>,
    /// The run.
    pub run: Rc<RunView>,
    /// The time step, over all windows.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// Called with the chosen core.
    pub on_select: Callback<Select>,
    /// More of the chip is wanted.
    pub on_more: Callback<()>,
}

impl PartialEq for MeshCardProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.network, &other.network)
            && Rc::ptr_eq(&self.run, &other.run)
            && self.step == other.step
            && self.selection == other.selection
            && self.on_select == other.on_select
            && self.on_more == other.on_more
    }
}

/// Cores in their layer's hue, links as wide as what they carry, and what the chosen core does.
#[component]
pub fn MeshCard(props: &MeshCardProps) -> Html {
    match &props.run.chip {
        Err(error) => html! {
            <Card name="mesh" class="misfit" title={t!("mesh.title-misfit").into_owned()} aside={html! { <p>{ t!("mesh.misfit") }</p> }}>
                { misfit(error) }
                { more(&props.on_more) }
            </Card>
        },
        Ok(_) => html! { <Mesh ..props.clone() /> },
    }
}

fn more(on_more: &Callback<()>) -> Html {
    html! { <button type="button" class="button mesh-more" onclick={on_more.reform(|_| ())}>{ t!("mesh.more") }</button> }
}

#[component]
fn Mesh(props: &MeshCardProps) -> Html {
    let hovered = use_state_eq(|| None::<usize>);
    let (network, run) = (ByPtr(props.network.clone()), ByPtr(props.run.clone()));
    let scene = use_scene(&network, &run);
    let counts = use_counts(&run, Measure::Packets, Scope::Step, None, 0);
    let Ok((mapping, traffic)) = &run.chip else {
        return Html::default();
    };
    let step = props.step.min(traffic.steps.saturating_sub(1));
    let chosen = chosen_core(&network, mapping, &props.selection);
    let words = describe(&network, mapping, traffic, hovered.unwrap_or(chosen), step);
    let on_hover = {
        let hovered = hovered.setter();
        Callback::from(move |core| hovered.set(core))
    };
    html! {
        <Card name="mesh" title={t!("mesh.title", step = step + 1).into_owned()}
            aside={html! { <p>{ summary(&mapping.topology, &counts, step) }</p> }}>
            <CorePicture scene={ByPtr(scene)} counts={ByPtr(counts)} {step} {chosen} room={ROOM}
                label={core_label(&words)} on_select={props.on_select.clone()} {on_hover} />
            <p class="mesh-words">
                <b aria-live="polite">{ &words[0] }</b>
                { for words[1..].iter().map(|line| html! { <span>{ line }</span> }) }
            </p>
            <p class="card-note mesh-legend">
                <span class="legend-cores" aria-hidden="true">{ for (0..4).map(|_| html! { <i /> }) }</span>
                { t!("mesh.cores") }
                <span class="legend-links" aria-hidden="true"><i /><i /><i /></span>
                { t!("mesh.links") }
            </p>
            { more(&props.on_more) }
        </Card>
    }
}
