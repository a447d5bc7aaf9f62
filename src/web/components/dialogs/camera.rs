//! A photo as a sample.

use super::DialogProps;
use crate::web::components::dialog::DialogFrame;
use crate::web::components::thumbnail::Thumbnail;
use crate::web::later::Module;
use crate::web::picture::{Frame, Ink, channels};
use crate::web::state::{Action, SampleChoice, Source};
use crate::web::task::InputForm;
use js_sys::Uint8Array;
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

/// Pixels along a side of what is looked at, where the model wants ink: finer than any frame.
const SIDE: usize = 448;

/// What the camera sees, what the model gets of it, and a button between them.
#[component]
pub(super) fn Camera(props: &DialogProps) -> Html {
    let video = use_node_ref();
    let seen = use_state(|| None::<Rc<[u8]>>);
    let problem = use_state_eq(|| None::<String>);
    let is_on = use_state_eq(|| false);
    let loaded = props.state.loaded.as_ref();
    let frame = loaded.and_then(|loaded| InputForm::of(&loaded.network).frame());
    use_effect_with((), {
        let (video, problem, is_on) = (video.clone(), problem.setter(), is_on.setter());
        move |()| {
            let element = video.cast::<Element>();
            let started = element.clone();
            spawn_local(async move {
                let Some(video) = started else { return };
                match Module::Camera.call("start", &[video.into()]).await {
                    Ok(_) => is_on.set(true),
                    Err(why) => {
                        let known = ["refused", "none", "insecure", "busy"].contains(&why.as_str());
                        let key = if known { &why } else { "busy" };
                        problem.set(Some(t!(format!("bring.camera_{key}")).into_owned()));
                    }
                }
            });
            move || {
                let Some(video) = element else { return };
                spawn_local(async move {
                    // There is nobody left to tell.
                    let _ = Module::Camera.call("stop", &[video.into()]).await;
                });
            }
        }
    });
    let onclick = {
        let (video, dispatch, seen, problem) = (
            video.clone(),
            props.dispatch.clone(),
            seen.setter(),
            problem.setter(),
        );
        Callback::from(move |_: MouseEvent| {
            let (Some(video), Some(frame)) = (video.cast::<Element>(), frame) else {
                return;
            };
            let (dispatch, seen, problem) = (dispatch.clone(), seen.clone(), problem.clone());
            spawn_local(async move {
                match photo(video, frame).await {
                    Ok(values) => {
                        seen.set(Some(
                            values.iter().map(|value| (value * 255.0).round() as u8).collect(),
                        ));
                        dispatch.dispatch(Action::Pick(SampleChoice::picture(values, Source::Camera)));
                    }
                    Err(why) => problem.set(Some(why)),
                }
            });
        })
    };
    let done = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <DialogFrame name="camera" title={t!("bring.camera").into_owned()} on_close={props.on_close.clone()}>
            <div class="camera-pair">
                // What it sees can't be put into words here; what the network takes it for is, below.
                <video ref={video} class="camera-picture" muted=true playsinline=true aria-label={t!("bring.camera_sees").into_owned()} />
                <div class="camera-seen" title={t!("pad.seen")}>
                    if let (Some(pixels), Some(frame)) = (&*seen, frame) { <Thumbnail pixels={pixels.clone()} {frame} /> }
                </div>
            </div>
            if let Some(problem) = &*problem { <p class="dialog-problem" role="alert">{ problem }</p> }
            <p aria-live="polite">
                if seen.is_some() {
                    if let Some(class) = props.state.read_as() { { t!("pad.read-as") }<strong>{ class }</strong> }
                } else {
                    { t!("bring.camera_how") }
                }
            </p>
            <div class="button-row">
                <button type="button" class="button" {onclick} disabled={!*is_on || frame.is_none()}>{ t!("bring.camera_snap") }</button>
                <button type="button" class="button button-accent" onclick={done}>{ t!("pad.done") }</button>
            </div>
            <p class="soft">{ t!("bring.privacy") }</p>
        </DialogFrame>
    }
}

/// A photo as the model takes it: its middle; what is not background becomes ink where the model reads ink.
async fn photo(video: Element, frame: Frame) -> Result<Vec<f32>, String> {
    let (wide, high) = match frame.channels {
        3 => (frame.width, frame.height),
        _ => (SIDE * frame.width / frame.height.max(1), SIDE),
    };
    let size = |pixels: usize| JsValue::from_f64(pixels as f64);
    let pixels = Module::Camera
        .call("snap", &[video.into(), size(wide), size(high)])
        .await?;
    let rgba = Uint8Array::new(&pixels).to_vec();
    Ok(match frame.channels {
        3 => channels(frame, &rgba),
        _ => Ink::from_picture(wide, &rgba).fit(frame),
    })
}
