//! The tour's card beside what it points at, and the ring around that. The page stays usable.

use super::{Hook, Place, Rect, Step, TOUR, dock, place};
use crate::web::components::{Glyph, Icon};
use crate::web::format::count;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch, State, TeachingAction};
use crate::web::teaching::counted;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Interval;
use gloo::utils::{document, window};
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

/// How often it looks where its target is, beside whenever something scrolls, in ms.
const LOOK: u32 = 120;

/// Narrower windows have no room beside anything: there the card is docked.
const NARROW: f64 = 900.0;

/// Room between the target and its ring.
const RING: f64 = 4.0;

/// What it shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// All that the page knows; the tour goes on.
    pub state: ByPtr<State>,
    /// To change it.
    pub dispatch: Dispatch,
    /// Whether the drawer of settings should be open.
    pub on_drawer: Callback<bool>,
}

/// The tour's card and its ring.
#[component]
pub fn Coach(props: &Props) -> Html {
    let (card, ring) = (use_node_ref(), use_node_ref());
    let tour = props.state.teaching.tour.as_ref();
    let (index, is_leaving) = tour.map_or((0, false), |tour| (tour.step, tour.is_leaving));
    let step = &TOUR[index.min(TOUR.len() - 1)];
    let hook = (!is_leaving).then_some(step.hook);
    use_following(hook, &card, &ring);
    use_effect_with(hook.is_some_and(Hook::is_setting), {
        let on_drawer = props.on_drawer.clone();
        move |&is_setting| on_drawer.emit(is_setting)
    });
    use_focus(&card, is_leaving);
    let act = |action: fn(usize) -> TeachingAction| {
        let dispatch = props.dispatch.clone();
        move || dispatch.dispatch(Action::Teach(action(index)))
    };
    let leave = act(|_| TeachingAction::LeaveTour);
    let back = act(|step| TeachingAction::Tour(step.saturating_sub(1)));
    let is_last = index + 1 == TOUR.len();
    let next = if is_last {
        leave.clone()
    } else {
        act(|step| TeachingAction::Tour(step + 1))
    };
    use_escape(is_leaving, &props.dispatch);
    let onkeydown = {
        let (back, next) = (back.clone(), next.clone());
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "ArrowLeft" if !is_leaving && index > 0 => back(),
            "ArrowRight" if !is_leaving => next(),
            _ => {}
        })
    };
    let press = |act: Rc<dyn Fn()>| Callback::from(move |_: MouseEvent| act());
    let content = if is_leaving {
        let end = |action: fn(usize) -> TeachingAction| press(Rc::new(act(action)));
        html! {
            <>
                <h2 id="coach-title">{ t!("tour.end.title") }</h2>
                <p>{ t!("tour.end.text") }</p>
                <div class="coach-actions">
                    <button type="button" class="button" onclick={end(|_| TeachingAction::EndTour(false))}>{ t!("tour.end.keep") }</button>
                    <button type="button" class="button button-accent" onclick={end(|_| TeachingAction::EndTour(true))}>{ t!("tour.end.restore") }</button>
                </div>
            </>
        }
    } else {
        let is_done = tour.is_some_and(|tour| tour.is_done);
        let is_open = step.until.is_some() && !is_done;
        let label = match (is_last, is_open) {
            (true, _) => t!("tour.finish"),
            (false, true) => t!("tour.skip"),
            (false, false) => t!("tour.next"),
        };
        let go = press(Rc::new(move || go_to(step.hook)));
        html! {
            <>
                <div aria-live="polite">
                    <h2 id="coach-title">{ t!(format!("tour.{}.title", step.key)) }</h2>
                    <p>{ text(step, &props.state) }</p>
                    { todo(step, is_done) }
                </div>
                <div class="coach-actions">
                    <span class="coach-dots" aria-hidden="true">{ for (0..TOUR.len()).map(|dot| dot_of(dot, index)) }</span>
                    <span class="visually-hidden">{ t!("tour.step", step = index + 1, steps = TOUR.len()) }</span>
                    if is_open {
                        <button type="button" key="go" class="button button-quiet" onclick={go}>{ t!("tour.go") }</button>
                    }
                    if index > 0 {
                        <button type="button" key="back" class="button" onclick={press(Rc::new(back))}>{ t!("tour.back") }</button>
                    }
                    <button type="button" key="next" class={classes!("button", (!is_open).then_some("button-accent"))}
                        onclick={press(Rc::new(next))}>{ label }</button>
                </div>
                <button type="button" class="button button-icon button-quiet coach-close" aria-label={t!("tour.close")}
                    onclick={press(Rc::new(leave))}><Icon glyph={Glyph::Cross} /></button>
            </>
        }
    };
    html! {
        <>
            <div class="coach-ring" ref={ring} aria-hidden="true" />
            <section class="coach" ref={card} role="dialog" aria-modal="false" aria-labelledby="coach-title" tabindex="-1" {onkeydown}>
                { content }
            </section>
        </>
    }
}

/// What a step says, with this network's numbers.
fn text(step: &Step, state: &State) -> String {
    let counts = counted(state);
    let labels = counts
        .as_ref()
        .map_or("…".to_owned(), |counts| count(counts.labels_equal as u64));
    let samples = state
        .loaded
        .as_ref()
        .map_or(0, |loaded| loaded.network.samples.count);
    let plans = state.shown.as_ref().map_or(&[][..], |shown| &shown.run.plans);
    let narrowest = plans
        .iter()
        .map(|plan| plan.narrowest_register)
        .max()
        .unwrap_or(0);
    let bits = state.settings.conversion.register_bits;
    t!(
        format!("tour.{}.text", step.key),
        labels = labels,
        samples = count(samples as u64),
        narrowest = narrowest,
        bits = bits
    )
    .into_owned()
}

fn todo(step: &Step, is_done: bool) -> Html {
    if step.until.is_none() {
        return Html::default();
    }
    if is_done {
        return html! { <p class="coach-todo coach-done"><Icon glyph={Glyph::Check} />{ t!("tour.done") }</p> };
    }
    html! { <p class="coach-todo">{ t!(format!("tour.{}.todo", step.key)) }</p> }
}

fn dot_of(dot: usize, now: usize) -> Html {
    html! { <i class={classes!((dot < now).then_some("past"), (dot == now).then_some("now"))} /> }
}

/// Focuses what a step points at, for those without a pointer.
fn go_to(hook: Hook) {
    const FOCUSABLE: &str = "button, input, select, summary, a[href], [tabindex='0']";
    let Some(target) = find(hook) else { return };
    let inside = target.query_selector(FOCUSABLE).ok().flatten();
    let is_itself = target.matches(FOCUSABLE).unwrap_or(false);
    if let Some(element) = inside
        .filter(|_| !is_itself)
        .unwrap_or(target)
        .dyn_ref::<HtmlElement>()
    {
        // Fails only for what can't be focused.
        let _ = element.focus();
    }
}

fn find(hook: Hook) -> Option<Element> {
    document().query_selector(&hook.selector()).ok().flatten()
}

/// The card is focused when the tour begins and ends; afterwards the button that began it.
#[hook]
fn use_focus(card: &NodeRef, is_leaving: bool) {
    use_effect_with((card.clone(), is_leaving), |(card, _)| {
        if let Some(card) = card.cast::<HtmlElement>() {
            let _ = card.focus();
        }
    });
    use_effect_with((), |()| {
        || {
            let button = document().query_selector(".tour-button").ok().flatten();
            if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                let _ = button.focus();
            }
        }
    });
}

/// Escape leaves the tour, unless something else on the page takes it.
#[hook]
fn use_escape(is_leaving: bool, dispatch: &Dispatch) {
    let dispatch = dispatch.clone();
    use_effect_with(is_leaving, move |&is_leaving| {
        let listener = EventListener::new(&document(), "keydown", move |event| {
            let Some(event) = event
                .dyn_ref::<KeyboardEvent>()
                .filter(|event| event.key() == "Escape")
            else {
                return;
            };
            let target = event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok());
            let is_others = |target: Element| {
                target
                    .closest(".tip, .panel-open, dialog")
                    .ok()
                    .flatten()
                    .is_some()
            };
            if !target.is_some_and(is_others) {
                let action = if is_leaving {
                    TeachingAction::EndTour(false)
                } else {
                    TeachingAction::LeaveTour
                };
                dispatch.dispatch(Action::Teach(action));
            }
        });
        move || drop(listener)
    });
}

/// Keeps card and ring beside the target while the page scrolls, grows and moves.
#[hook]
fn use_following(hook: Option<Hook>, card: &NodeRef, ring: &NodeRef) {
    let nodes = (card.clone(), ring.clone());
    use_effect_with((hook, nodes), |(hook, (card, ring))| {
        let has_scrolled = Rc::new(std::cell::Cell::new(false));
        let look = {
            let (hook, card, ring) = (*hook, card.clone(), ring.clone());
            Rc::new(move || {
                let target = hook.and_then(find).filter(is_shown);
                if let Some(target) = target
                    .as_ref()
                    .filter(|_| !has_scrolled.replace(target.is_some()))
                {
                    bring_into_view(target);
                }
                if let (Some(card), Some(ring)) = (card.cast::<HtmlElement>(), ring.cast::<HtmlElement>()) {
                    stand(target.as_ref(), &card, &ring);
                }
            })
        };
        look();
        let on = |name: &'static str| {
            let look = look.clone();
            let options = EventListenerOptions::run_in_capture_phase();
            EventListener::new_with_options(&window(), name, options, move |_| look())
        };
        let listeners = [on("scroll"), on("resize")];
        let interval = Interval::new(LOOK, move || look());
        move || drop((listeners, interval))
    });
}

/// What is in a closed drawer has a place beside the window.
fn is_shown(element: &Element) -> bool {
    let rect = element.get_bounding_client_rect();
    rect.width() > 0.0 && rect.right() > 0.0
}

fn bring_into_view(target: &Element) {
    // Settings that few people change are behind "More".
    if let Some(more) = target.closest("details:not([open])").ok().flatten() {
        let _ = more.set_attribute("open", "");
    }
    let is_narrow = width() < NARROW;
    let options = ScrollIntoViewOptions::new();
    let block = if is_narrow {
        ScrollLogicalPosition::Start
    } else {
        ScrollLogicalPosition::Nearest
    };
    options.set_block(block);
    options.set_inline(ScrollLogicalPosition::Nearest);
    target.scroll_into_view_with_scroll_into_view_options(&options);
    // A narrow page scrolls behind its header, whose height is known only now: it sticks with its lower part.
    if is_narrow
        && target
            .closest(".panel, .header, .timeline")
            .ok()
            .flatten()
            .is_none()
    {
        window().scroll_by_with_x_and_y(0.0, rect_of(target).y - free().y - 2.0 * RING);
    }
}

fn width() -> f64 {
    window()
        .inner_width()
        .ok()
        .and_then(|width| width.as_f64())
        .unwrap_or(0.0)
}

fn rect_of(element: &Element) -> Rect {
    let rect = element.get_bounding_client_rect();
    Rect {
        x: rect.x(),
        y: rect.y(),
        width: rect.width(),
        height: rect.height(),
    }
}

/// The window between header and timeline.
fn free() -> Rect {
    let height = window()
        .inner_height()
        .ok()
        .and_then(|height| height.as_f64())
        .unwrap_or(0.0);
    let part = |selector| {
        document()
            .query_selector(selector)
            .ok()
            .flatten()
            .map(|part| rect_of(&part))
    };
    let top = part(".header").map_or(0.0, |header| (header.y + header.height).max(0.0));
    let bottom = part(".timeline")
        .filter(|timeline| timeline.height > 0.0)
        .map_or(height, |timeline| timeline.y);
    Rect {
        x: 0.0,
        y: top,
        width: width(),
        height: bottom.min(height) - top,
    }
}

fn stand(target: Option<&Element>, card: &HtmlElement, ring: &HtmlElement) {
    let set = |element: &HtmlElement, name: &str, value: f64| {
        // Can't fail for these names and values.
        let _ = element.style().set_property(name, &format!("{value:.1}px"));
    };
    let free = free();
    let size = (f64::from(card.offset_width()), f64::from(card.offset_height()));
    let target = target.map(rect_of).map(|target| Rect {
        x: target.x - RING,
        y: target.y - RING,
        width: target.width + 2.0 * RING,
        height: target.height + 2.0 * RING,
    });
    let _ = ring
        .style()
        .set_property("display", if target.is_some() { "block" } else { "none" });
    let (x, y) = match target {
        Some(target) if free.width >= NARROW => place(Place {
            target,
            card: size,
            free,
        }),
        _ => dock(target.unwrap_or_default(), size, free),
    };
    set(card, "left", x);
    set(card, "top", y);
    if let Some(target) = target {
        let covering = Rect {
            x,
            y,
            width: size.0,
            height: size.1,
        };
        let seen = target.without(&covering);
        set(ring, "left", seen.x);
        set(ring, "top", seen.y);
        set(ring, "width", seen.width);
        set(ring, "height", seen.height);
    }
}
