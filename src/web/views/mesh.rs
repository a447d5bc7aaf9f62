//! Spikes between cores: the first view's small picture of the chip.

use super::chip::{
    CorePicture, Measure, Scope, chosen_core, core_label, describe, misfit, summary, use_counts, use_scene,
};
use crate::web::plots::ByPtr;
use crate::web::selection::{Select, Selection};
use crate::web::worker::{NetworkView, RunView};
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
            <section class="card mesh-card misfit" aria-labelledby="mesh-title">
                <header>
                    <h2 id="mesh-title">{ "Spikes travelling" }</h2>
                    <p>{ "The network does not fit on this chip" }</p>
                </header>
                { misfit(error) }
                { more(&props.on_more) }
            </section>
        },
        Ok(_) => html! { <Mesh ..props.clone() /> },
    }
}

fn more(on_more: &Callback<()>) -> Html {
    html! { <button type="button" class="button mesh-more" onclick={on_more.reform(|_| ())}>{ "More of the chip" }</button> }
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
        <section class="card mesh-card" aria-labelledby="mesh-title">
            <header>
                <h2 id="mesh-title">{ format!("Spikes travelling, step {}", step + 1) }</h2>
                <p>{ summary(&mapping.topology, &counts, step) }</p>
            </header>
            <CorePicture scene={ByPtr(scene)} counts={ByPtr(counts)} {step} {chosen} room={ROOM}
                label={core_label(&words)} on_select={props.on_select.clone()} {on_hover} />
            <p class="mesh-words">
                <b aria-live="polite">{ &words[0] }</b>
                { for words[1..].iter().map(|line| html! { <span>{ line }</span> }) }
            </p>
            <p class="card-note mesh-legend">
                <span class="legend-cores" aria-hidden="true">{ for (0..4).map(|_| html! { <i /> }) }</span>
                { "packets of a core" }
                <span class="legend-links" aria-hidden="true"><i /><i /><i /></span>
                { "packets of a link" }
            </p>
            { more(&props.on_more) }
        </section>
    }
}
