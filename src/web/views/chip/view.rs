//! The view as a whole.

use super::core::CoreCard;
use super::counts::{Measure, Scope, use_counts};
use super::matrix::Matrix;
use super::misfit::misfit;
use super::picture::CorePicture;
use super::raster::Raster;
use super::scene::use_scene;
use super::words::{chip_name, describe, summary};
use super::{chosen_core, core_label};
use crate::web::components::Choices;
use crate::web::format;
use crate::web::plots::{ByPtr, use_width};
use crate::web::selection::{Select, Selection};
use crate::web::state::{Action, Dispatch, Seek};
use crate::web::worker::{NetworkView, RunView};
use yew::prelude::*;

/// Highest picture of the chip in CSS pixels.
const HEIGHT: u32 = 640;
/// Room beside the raster for names, in CSS pixels.
const NAMES: u32 = 92;

/// What the pictures of the chip show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChipLook {
    /// What cores' colours tell.
    pub measure: Measure,
    /// Over which time.
    pub scope: Scope,
}

/// What [`ChipView`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct ChipViewProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The time step.
    pub step: usize,
    /// What is chosen.
    pub selection: Selection,
    /// What is shown.
    pub look: ChipLook,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// The chip, and what it does.
#[component]
pub fn ChipView(props: &ChipViewProps) -> Html {
    let ChipViewProps {
        network,
        run,
        step,
        selection,
        look,
        dispatch,
    } = props;
    let scene = use_scene(network, run);
    let counts = use_counts(run, look.measure, look.scope);
    let hovered = use_state_eq(|| None::<usize>);
    let place = use_node_ref();
    let width = use_width(&place, 640);
    let raster_place = use_node_ref();
    let raster_width = use_width(&raster_place, 640);
    let Ok((mapping, traffic)) = &run.chip else {
        let error = run.chip.as_ref().err();
        return html! {
            <div class="chip-board">
                <section class="card chip-card misfit" aria-labelledby="chip-title">
                    <header><h2 id="chip-title">{ "The network does not fit on this chip" }</h2></header>
                    { for error.map(misfit) }
                </section>
            </div>
        };
    };
    let chip = &mapping.topology;
    let step = (*step).min(traffic.steps.saturating_sub(1));
    let chosen = chosen_core(network, mapping, selection);
    let on_select = {
        let dispatch = dispatch.clone();
        Callback::from(move |select| dispatch.dispatch(Action::Select(select)))
    };
    let on_hover = {
        let hovered = hovered.setter();
        Callback::from(move |core| hovered.set(core))
    };
    let on_measure = look_at(dispatch, *look, |look, index| look.measure = Measure::ALL[index]);
    let on_scope = look_at(dispatch, *look, |look, index| look.scope = Scope::ALL[index]);
    let on_place = {
        let dispatch = dispatch.clone();
        Callback::from(move |(core, step)| {
            dispatch.dispatch(Action::Select(Select::Core(Some(core))));
            dispatch.dispatch(Action::Seek(Seek::To(step)));
        })
    };
    let measures = Measure::ALL
        .map(|measure| AttrValue::from(measure.label()))
        .to_vec();
    let scopes = Scope::ALL.map(|scope| AttrValue::from(scope.label())).to_vec();
    let looked_at = hovered.unwrap_or(chosen);
    let words = describe(network, mapping, traffic, looked_at, step);
    let window = run.trace.locate(step).map_or(0, |(window, _)| window);
    let used = mapping.used();
    html! {
        <div class="chip-board">
            <section class="card chip-card" aria-labelledby="chip-title">
                <header>
                    <h2 id="chip-title">{ format!("Spikes between cores, step {}", step + 1) }</h2>
                    <p>{ format!(
                        "{}, {} of {} cores used · {}",
                        chip_name(chip),
                        format::count(used as u64),
                        format::count(chip.cores() as u64),
                        summary(chip, &counts, step),
                    ) }</p>
                </header>
                <div class="chip-controls">
                    <Choices name="chip-measure" label="Colour of cores" options={measures} on_choose={on_measure}
                        chosen={Measure::ALL.iter().position(|m| *m == look.measure).unwrap_or(0)} />
                    <Choices name="chip-scope" label="Counted over" options={scopes} on_choose={on_scope}
                        chosen={Scope::ALL.iter().position(|s| *s == look.scope).unwrap_or(0)} />
                </div>
                <div class="chip-place" ref={place}>
                    <CorePicture scene={ByPtr(scene.clone())} counts={ByPtr(counts)} {step} {chosen} room={(width, HEIGHT)}
                        label={core_label(&words)} on_select={on_select.clone()} {on_hover} />
                </div>
                <p class="mesh-words"><b>{ &words[0] }</b>{ for words[1..].iter().map(|line| html! { <span>{ line }</span> }) }</p>
                <p class="card-note mesh-legend">
                    <span class="legend-cores" aria-hidden="true">{ for (0..4).map(|_| html! { <i /> }) }</span>
                    { look.measure.legend() }
                    <span class="legend-links" aria-hidden="true"><i /><i /><i /></span>
                    { "packets of a link" }
                </p>
            </section>
            <CoreCard network={network.clone()} run={run.clone()} core={chosen} {step} selection={*selection} {on_select} />
            <div class="chip-wide" ref={raster_place}>
                <Raster network={network.clone()} run={run.clone()} scene={ByPtr(scene)} {step} {chosen}
                    width={raster_width.saturating_sub(NAMES + 34)} on_choose={on_place} />
            </div>
            <Matrix network={network.clone()} run={run.clone()} layer={window} />
        </div>
    }
}

/// A choice that changes what is shown.
fn look_at(
    dispatch: &Dispatch,
    look: ChipLook,
    change: impl Fn(&mut ChipLook, usize) + 'static,
) -> Callback<usize> {
    let dispatch = dispatch.clone();
    Callback::from(move |index| {
        let mut look = look;
        change(&mut look, index);
        dispatch.dispatch(Action::LookAtChip(look));
    })
}
