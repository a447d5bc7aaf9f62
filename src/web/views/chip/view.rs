//! The view as a whole.

use super::compare::CompareCard;
use super::core::{CoreCard, capacity, route_links};
use super::counts::{Measure, Scope, use_counts};
use super::energy::{EnergyCard, KnownProps};
use super::fit::FitCard;
use super::form::ChipForm;
use super::matrix::Matrix;
use super::misfit::misfit;
use super::picture::CorePicture;
use super::raster::Raster;
use super::scene::use_scene;
use super::time::TimeCard;
use super::words::{chip_name, describe, summary};
use super::{chosen_core, core_label};
use crate::explore::PlacementProgress;
use crate::settings::setting;
use crate::web::components::{Card, Choices, Hint};
use crate::web::format;
use crate::web::plots::{ByPtr, use_width};
use crate::web::selection::{Select, Selection};
use crate::web::state::{Action, Dispatch, KnownChip, Notice, Pinned, RouteTo, Seek};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::rc::Rc;
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
#[derive(Clone, Properties)]
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
    /// What is known of the chip.
    pub known: KnownChip,
    /// Where the followed neuron's spikes go.
    pub route: Option<RouteTo>,
    /// What the chip is compared with.
    pub pinned: Option<Rc<Pinned>>,
    /// How far the search for better places has come, while it goes on.
    pub placing: Option<PlacementProgress>,
    /// Whether the chip is the user's own.
    pub is_own: bool,
    /// To change all that.
    pub dispatch: Dispatch,
}

impl PartialEq for ChipViewProps {
    fn eq(&self, other: &Self) -> bool {
        self.network == other.network
            && self.run == other.run
            && self.step == other.step
            && self.selection == other.selection
            && self.look == other.look
            && self.known == other.known
            && self.route == other.route
            && self.pinned.as_ref().map(Rc::as_ptr) == other.pinned.as_ref().map(Rc::as_ptr)
            && self.placing == other.placing
            && self.is_own == other.is_own
            && self.dispatch == other.dispatch
    }
}

/// The chip, and what it does.
#[component]
pub fn ChipView(props: &ChipViewProps) -> Html {
    let dispatch = &props.dispatch;
    let on_chip = use_callback(dispatch.clone(), |key: String, dispatch| {
        if let Ok(setting) = setting("chip") {
            dispatch.dispatch(Action::Set(setting, key));
        } else {
            dispatch.dispatch(Action::Complain(Notice::error(
                t!("chip.not-taken"),
                t!("chip.no-setting"),
            )));
        }
    });
    let on_pin = use_callback(dispatch.clone(), |pins, dispatch| {
        dispatch.dispatch(Action::Pin(pins))
    });
    let on_select = use_callback(dispatch.clone(), |select, dispatch| {
        dispatch.dispatch(Action::Select(select));
    });
    let body = match &props.run.chip {
        Ok(_) => html! { <Fitting ..props.clone() /> },
        Err(error) => html! {
            <Card name="chip" class="misfit wide" title={t!("chip.misfit").into_owned()}>{ misfit(error) }</Card>
        },
    };
    let key = props
        .known
        .chip
        .as_ref()
        .map_or(String::new(), |chip| chip.key.clone());
    html! {
        <div class="chip-board">
            if let Some(progress) = props.placing { { placing(progress, dispatch) } }
            { body }
            <CompareCard pinned={props.pinned.clone()} network={props.network.clone()} run={props.run.clone()}
                known={props.known.clone()} {on_pin} {on_select} />
            <FitCard fits={props.known.fits.clone()} chosen={key} on_choose={on_chip} />
            if let Some(chip) = &props.known.chip {
                <ChipForm chip={chip.clone()} is_own={props.is_own} dispatch={dispatch.clone()} />
            }
        </div>
    }
}

/// How far the search for better places has come.
fn placing(progress: PlacementProgress, dispatch: &Dispatch) -> Html {
    let dispatch = dispatch.clone();
    let onclick = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::StopPlacing));
    let words = match progress.annealing {
        None => t!(
            "placing.measuring",
            sample = format::count(progress.samples as u64),
            samples = format::count(progress.of_samples as u64)
        ),
        Some(annealing) => {
            let saved = 1.0 - annealing.best as f64 / annealing.before.max(1) as f64;
            t!("placing.saved", share = format::percent(saved.max(0.0)))
        }
    };
    html! {
        <section class="card placing wide" aria-label={t!("placing.title")}>
            <b>{ t!("placing.title") }</b>
            <progress max="1" value={format!("{:.3}", progress.fraction())} aria-label={t!("placing.progress")} />
            <span class="soft">{ words }</span>
            <button type="button" class="button" {onclick}>{ t!("placing.stop") }</button>
        </section>
    }
}

/// What there is to see of a network that fits.
#[component]
fn Fitting(props: &ChipViewProps) -> Html {
    let ChipViewProps {
        network,
        run,
        step,
        selection,
        look,
        known,
        dispatch,
        ..
    } = props;
    let scene = use_scene(network, run);
    let figures = known.figures(&run.0).cloned();
    let counts = use_counts(
        run,
        look.measure,
        look.scope,
        figures,
        capacity(known.chip.as_deref()),
    );
    let hovered = use_state_eq(|| None::<usize>);
    let place = use_node_ref();
    let width = use_width(&place, 640);
    let raster_place = use_node_ref();
    let raster_width = use_width(&raster_place, 640);
    let on_select = use_callback(dispatch.clone(), |select, dispatch| {
        dispatch.dispatch(Action::Select(select));
    });
    let on_place = use_callback(dispatch.clone(), |(core, step), dispatch| {
        dispatch.dispatch(Action::Select(Select::Core(Some(core))));
        dispatch.dispatch(Action::Seek(Seek::To(step)));
    });
    let on_hover = use_callback(hovered.setter(), |core, hovered| hovered.set(core));
    let Ok((mapping, traffic)) = &run.chip else {
        return Html::default();
    };
    let chip = &mapping.topology;
    let step = (*step).min(traffic.steps.saturating_sub(1));
    let chosen = chosen_core(network, mapping, selection);
    let on_measure = look_at(dispatch, *look, |look, index| look.measure = Measure::ALL[index]);
    let on_scope = look_at(dispatch, *look, |look, index| look.scope = Scope::ALL[index]);
    let measures = Measure::ALL
        .map(|measure| AttrValue::from(measure.label().into_owned()))
        .to_vec();
    let scopes = Scope::ALL
        .map(|scope| AttrValue::from(scope.label().into_owned()))
        .to_vec();
    let words = describe(network, mapping, traffic, hovered.unwrap_or(chosen), step);
    let window = run.trace.locate(step).map_or(0, |(window, _)| window);
    let route = props
        .route
        .as_ref()
        .filter(|route| selection.spike == Some(route.spike));
    let links = route.map_or(Vec::new(), |route| route_links(mapping, route));
    let (used, cores) = (
        format::count(mapping.used() as u64),
        format::count(chip.cores() as u64),
    );
    let laid_out = chip_name(chip);
    let about = match &known.chip {
        Some(known) => t!(
            "chip.about",
            name = known.name,
            network = laid_out,
            used = used,
            cores = cores
        ),
        None => t!(
            "chip.about-unnamed",
            network = laid_out,
            used = used,
            cores = cores
        ),
    };
    let aside = html! { <><p>{ about }</p><p class="chip-summary">{ summary(chip, &counts, step) }</p></> };
    let of = KnownProps {
        run: run.clone(),
        known: known.clone(),
        step,
    };
    html! {
        <>
            <Card name="chip" title={t!("chip.title", step = step + 1).into_owned()} {aside}>
                <div class="chip-controls">
                    <Choices name="chip-measure" label={t!("chip.colour").into_owned()} options={measures} on_choose={on_measure}
                        chosen={Measure::ALL.iter().position(|m| *m == look.measure).unwrap_or(0)} />
                    <Choices name="chip-scope" label={t!("chip.over").into_owned()} options={scopes} on_choose={on_scope}
                        chosen={Scope::ALL.iter().position(|s| *s == look.scope).unwrap_or(0)} />
                    <Hint name="chip-measure" about={t!("chip.colour").into_owned()} />
                </div>
                <div class="chip-place" ref={place}>
                    <CorePicture scene={ByPtr(scene.clone())} counts={ByPtr(counts)} {step} {chosen} room={(width, HEIGHT)}
                        route={links} label={core_label(&words)} on_select={on_select.clone()} {on_hover} />
                </div>
                <p class="mesh-words"><b>{ &words[0] }</b>{ for words[1..].iter().map(|line| html! { <span>{ line }</span> }) }</p>
                <p class="card-note mesh-legend">
                    <span class="legend-cores" aria-hidden="true">{ for (0..4).map(|_| html! { <i /> }) }</span>
                    { look.measure.legend() }
                    <span class="legend-links" aria-hidden="true"><i /><i /><i /></span>
                    { t!("chip.links") }
                </p>
            </Card>
            <CoreCard network={network.clone()} run={run.clone()} core={chosen} {step} selection={*selection} known={known.clone()}
                route={props.route.clone()} {on_select} />
            <div class="chip-pair" ref={raster_place}>
                <Raster network={network.clone()} run={run.clone()} scene={ByPtr(scene)} {step} {chosen}
                    width={raster_width.saturating_sub(NAMES + 34)} on_choose={on_place} />
            </div>
            <Matrix network={network.clone()} run={run.clone()} layer={window} />
            <EnergyCard run={run.clone()} known={known.clone()} />
            <TimeCard network={network.clone()} {of} />
        </>
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
