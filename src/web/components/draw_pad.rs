//! A pad to draw a digit on, read while it is drawn.

use super::thumbnail::Thumbnail;
use crate::web::picture::{Frame, Ink};
use crate::web::state::{SampleChoice, Source};
use gloo::render::{AnimationFrame, request_animation_frame};
use rust_i18n::t;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlDialogElement};
use yew::prelude::*;

/// Pixels along a side: finer than any frame, so that lines stay smooth.
const SIDE: u32 = 448;
/// Width of the pen, as wide in its frame as MNIST's.
const PEN: f64 = SIDE as f64 / 13.0;

/// Steps along a side for those who draw with arrow keys.
const KEY_STEPS: f64 = 20.0;

/// A pen that is moved by arrow keys.
#[derive(Clone, Copy, PartialEq)]
struct KeyPen {
    at: (f64, f64),
    is_down: bool,
}

/// What it draws for.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The model's input.
    pub frame: Frame,
    /// What the network takes the drawing for.
    pub read_as: Option<AttrValue>,
    /// The drawing has changed.
    pub on_pick: Callback<SampleChoice>,
    /// The user is done.
    pub on_close: Callback<()>,
}

/// A dialog beside the pictures, which follow the pen.
#[component]
pub fn DrawPad(props: &Props) -> Html {
    let dialog = use_node_ref();
    let canvas = use_node_ref();
    let last = use_mut_ref(|| None::<(f64, f64)>);
    let seen = use_state(|| None::<Rc<[u8]>>);
    use_effect_with((), {
        let dialog = dialog.clone();
        move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Fails only if it is open already.
                let _ = dialog.show_modal();
            }
        }
    });
    let read = use_reader(&canvas, props, seen.setter());
    let onpointerdown = stroke(&canvas, &last, &read, Stroke::Begin);
    let onpointermove = stroke(&canvas, &last, &read, Stroke::Go);
    let onpointerup = {
        let last = last.clone();
        Callback::from(move |_: PointerEvent| *last.borrow_mut() = None)
    };
    let pen = use_state_eq(|| KeyPen {
        at: (f64::from(SIDE) / 2.0, f64::from(SIDE) / KEY_STEPS * 4.0),
        is_down: false,
    });
    let onkeydown = {
        let (pen, canvas, read) = (pen.clone(), canvas.clone(), read.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(next) = pen.after(&event.key()) else {
                return;
            };
            event.prevent_default();
            let context = canvas
                .cast::<HtmlCanvasElement>()
                .and_then(|canvas| context(&canvas));
            if let Some(context) = context.filter(|_| next.is_down) {
                line(&context, pen.at, next.at);
                read.emit(());
            }
            pen.set(next);
        })
    };
    let clear = {
        let (canvas, read) = (canvas.clone(), read.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(context) = canvas
                .cast::<HtmlCanvasElement>()
                .and_then(|canvas| context(&canvas))
            {
                context.clear_rect(0.0, 0.0, SIDE.into(), SIDE.into());
                read.emit(());
            }
        })
    };
    let onclose = props.on_close.reform(|_: Event| ());
    let done = props.on_close.reform(|_: MouseEvent| ());
    let side = SIDE.to_string();
    html! {
        <dialog class="pad" ref={dialog} {onclose} aria-labelledby="pad-title">
            <h2 id="pad-title">{ t!("pad.title") }</h2>
            <div class="pad-area">
                <canvas class="pad-canvas" ref={canvas} width={side.clone()} height={side} role="application" tabindex="0"
                    aria-label={t!("pad.label")}
                    {onkeydown} {onpointerdown} {onpointermove} onpointercancel={onpointerup.clone()} {onpointerup} />
                <span class={classes!("pad-pen", pen.is_down.then_some("is-down"))} style={pen.style()} aria-hidden="true" />
                <span class="visually-hidden" aria-live="polite">{ if pen.is_down { t!("pad.down") } else { t!("pad.up") } }</span>
            </div>
            <div class="pad-result">
                <div class="pad-preview" title={t!("pad.seen")}>
                    if let Some(pixels) = &*seen { <Thumbnail pixels={pixels.clone()} frame={props.frame} /> }
                </div>
                <p aria-live="polite">
                    if seen.is_some() {
                        { t!("pad.read-as") }<strong>{ props.read_as.clone().unwrap_or_else(|| "…".into()) }</strong>
                    } else {
                        { t!("pad.how") }
                    }
                </p>
                <button type="button" class="button" onclick={clear}>{ t!("pad.clear") }</button>
                <button type="button" class="button button-accent" onclick={done}>{ t!("pad.done") }</button>
            </div>
        </dialog>
    }
}

impl KeyPen {
    /// The pen after a key; `None` if it is no key of the pen's.
    fn after(self, key: &str) -> Option<Self> {
        let (side, step) = (f64::from(SIDE), f64::from(SIDE) / KEY_STEPS);
        let (x, y) = match key {
            "ArrowLeft" => (-step, 0.0),
            "ArrowRight" => (step, 0.0),
            "ArrowUp" => (0.0, -step),
            "ArrowDown" => (0.0, step),
            " " => {
                return Some(Self {
                    is_down: !self.is_down,
                    ..self
                });
            }
            _ => return None,
        };
        let within = |value: f64| value.clamp(step, side - step);
        Some(Self {
            at: (within(self.at.0 + x), within(self.at.1 + y)),
            ..self
        })
    }

    fn style(self) -> String {
        let percent = |value: f64| 100.0 * value / f64::from(SIDE);
        format!("left:{:.1}%;top:{:.1}%", percent(self.at.0), percent(self.at.1))
    }
}

/// Reads the pad once in a frame, however often the pen moves.
#[hook]
fn use_reader(canvas: &NodeRef, props: &Props, seen: UseStateSetter<Option<Rc<[u8]>>>) -> Callback<()> {
    let due = use_mut_ref(|| None::<AnimationFrame>);
    let (canvas, frame, on_pick) = (canvas.clone(), props.frame, props.on_pick.clone());
    Callback::from(move |()| {
        let (canvas, on_pick, seen) = (canvas.clone(), on_pick.clone(), seen.clone());
        *due.borrow_mut() = Some(request_animation_frame(move |_| {
            let Some(ink) = canvas
                .cast::<HtmlCanvasElement>()
                .and_then(|canvas| ink(&canvas).ok())
            else {
                return;
            };
            let values = ink.fit(frame);
            seen.set(Some(
                values.iter().map(|value| (value * 255.0).round() as u8).collect(),
            ));
            on_pick.emit(SampleChoice::picture(values, Source::Pad));
        }));
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Stroke {
    Begin,
    Go,
}

fn stroke(
    canvas: &NodeRef,
    last: &Rc<RefCell<Option<(f64, f64)>>>,
    read: &Callback<()>,
    kind: Stroke,
) -> Callback<PointerEvent> {
    let (canvas, last, read) = (canvas.clone(), last.clone(), read.clone());
    Callback::from(move |event: PointerEvent| {
        let Some(canvas) = canvas.cast::<HtmlCanvasElement>() else {
            return;
        };
        if kind == Stroke::Begin {
            event.prevent_default();
            // Without capture a stroke ends at the pad's edge: no harm.
            let _ = canvas.set_pointer_capture(event.pointer_id());
        } else if last.borrow().is_none() {
            return;
        }
        let to = position(&canvas, &event);
        let from = last.replace(Some(to)).unwrap_or(to);
        if let Some(context) = context(&canvas) {
            line(&context, from, to);
            read.emit(());
        }
    })
}

/// Where the pen is, in the pad's pixels.
fn position(canvas: &HtmlCanvasElement, event: &PointerEvent) -> (f64, f64) {
    let area = canvas.get_bounding_client_rect();
    let scale = f64::from(SIDE) / area.width().max(1.0);
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    ((x - area.left()) * scale, (y - area.top()) * scale)
}

fn line(context: &CanvasRenderingContext2d, from: (f64, f64), to: (f64, f64)) {
    let ink = context
        .canvas()
        .and_then(|canvas| gloo::utils::window().get_computed_style(&canvas).ok().flatten());
    let ink = ink
        .and_then(|style| style.get_property_value("color").ok())
        .unwrap_or_default();
    context.set_stroke_style_str(&ink);
    context.set_line_width(PEN);
    context.set_line_cap("round");
    context.set_line_join("round");
    context.begin_path();
    context.move_to(from.0, from.1);
    // A dot is a line too.
    context.line_to(to.0 + 0.01, to.1);
    context.stroke();
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    let options = js_sys::Object::new();
    // The pad is read at every stroke. Setting a property of a new object can't fail.
    let _ = js_sys::Reflect::set(&options, &"willReadFrequently".into(), &true.into());
    Some(
        canvas
            .get_context_with_context_options("2d", &options)
            .ok()??
            .unchecked_into(),
    )
}

fn ink(canvas: &HtmlCanvasElement) -> Result<Ink, JsValue> {
    let context = context(canvas).ok_or(JsValue::NULL)?;
    let pixels = context.get_image_data(0.0, 0.0, SIDE.into(), SIDE.into())?.data();
    Ok(Ink::from_opacity(SIDE as usize, &pixels.0))
}
