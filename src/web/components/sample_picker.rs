//! Which sample: a typical one of each class, any other, or the user's own.

use super::draw_pad::DrawPad;
use super::hint::Hint;
use super::icon::{Glyph, Icon};
use super::network_picker::FileButton;
use super::signal::Signal;
use super::thumbnail::Thumbnail;
use crate::web::format::{count, decimal, significant};
use crate::web::plots::ByPtr;
use crate::web::state::{Loaded, ModelChoice, SampleChoice, Source};
use crate::web::task::InputForm;
use rust_i18n::t;
use std::borrow::Cow;
use std::rc::Rc;
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

/// What can be picked and what is.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The model in use.
    pub loaded: Option<ByPtr<Loaded>>,
    /// What is picked.
    pub sample: Option<SampleChoice>,
    /// What the network takes it for.
    pub read_as: Option<AttrValue>,
    /// Another one is picked.
    pub on_pick: Callback<SampleChoice>,
    /// A file.
    pub on_file: Callback<File>,
    /// The shipped samples are wanted again.
    pub on_shipped: Callback<()>,
    /// A photo is wanted.
    pub on_camera: Callback<()>,
}

/// Picks, a way through all samples, and buttons for the user's own.
#[component]
pub fn SamplePicker(props: &Props) -> Html {
    let is_drawing = use_state_eq(|| false);
    let set_drawing = is_drawing.setter();
    let Some(loaded) = &props.loaded else {
        return html! { <section class="group group-sample"><h2>{ t!("sample.title") }</h2><div class="picks-skeleton skeleton" /></section> };
    };
    let form = InputForm::of(&loaded.network);
    let open = {
        let set = set_drawing.clone();
        Callback::from(move |_: MouseEvent| set.set(true))
    };
    let ink_frame = form.frame().filter(|frame| frame.channels == 1);
    html! {
        <section class="group group-sample">
            <div class="group-head">
                <h2>{ t!("sample.title") }</h2>
                <Hint name="sample" about={t!("sample.title").into_owned()} />
            </div>
            <Picks loaded={loaded.clone()} sample={props.sample.clone()} on_pick={props.on_pick.clone()} />
            <Walk loaded={loaded.clone()} sample={props.sample.clone()} on_pick={props.on_pick.clone()} />
            if form == InputForm::Number {
                <NumberSlider loaded={loaded.clone()} sample={props.sample.clone()} on_pick={props.on_pick.clone()} />
            }
            <OwnData loaded={loaded.clone()} on_shipped={props.on_shipped.clone()} />
            <div class="button-row">
                if ink_frame.is_some() {
                    <button type="button" class="button" onclick={open} aria-haspopup="dialog">
                        <Icon glyph={Glyph::Pen} />{ t!("sample.draw") }
                    </button>
                }
                if form.frame().is_some() {
                    <button type="button" class="button" onclick={props.on_camera.reform(|_: MouseEvent| ())} aria-haspopup="dialog">
                        <Icon glyph={Glyph::Camera} />{ t!("bring.camera_button") }
                    </button>
                }
                <FileButton accept="image/*,.npy,.npz,.csv,.tsv,.idx,.gz,.zip,.ubyte" label={t!("sample.upload").into_owned()}
                    name={t!("sample.upload-name").into_owned()} glyph={Glyph::Upload} on_file={props.on_file.clone()} />
            </div>
            if let (Some(frame), true) = (ink_frame, *is_drawing) {
                <DrawPad {frame} read_as={props.read_as.clone()} on_pick={props.on_pick.clone()}
                    on_close={Callback::from(move |()| set_drawing.set(false))} />
            }
        </section>
    }
}

/// The parts share these.
#[derive(Properties, PartialEq)]
struct PartProps {
    loaded: ByPtr<Loaded>,
    #[prop_or_default]
    sample: Option<SampleChoice>,
    on_pick: Callback<SampleChoice>,
}

/// One typical sample of each class.
#[component]
fn Picks(props: &PartProps) -> Html {
    let loaded = &props.loaded;
    let form = InputForm::of(&loaded.network);
    let pictures = use_memo(loaded.clone(), |loaded| pictures(loaded));
    let pick = |(index, pixels): &(usize, Rc<[u8]>)| {
        let sample = SampleChoice::Stored(*index);
        let is_picked = props.sample.as_ref() == Some(&sample);
        let number = count(*index as u64);
        let label = match loaded.label(*index) {
            Some(label) => t!("sample.label-class", index = number, class = loaded.class(label)),
            None => t!("sample.label", index = number),
        };
        let onclick = props.on_pick.reform(move |_| sample.clone());
        html! {
            <button type="button" class="pick" aria-pressed={is_picked.to_string()} aria-label={label} {onclick}>
                { thumbnail(form, pixels) }
            </button>
        }
    };
    if pictures.is_empty() {
        return Html::default();
    }
    html! { <div class="picks" role="group" aria-label={t!("sample.typical")}>{ for pictures.iter().map(pick) }</div> }
}

/// A sample in small: a picture or curves.
pub fn thumbnail(form: InputForm, pixels: &Rc<[u8]>) -> Html {
    match form {
        InputForm::Picture(frame) => html! { <Thumbnail pixels={pixels.clone()} {frame} /> },
        InputForm::Signal { channels, .. } => {
            let values: Rc<[i32]> = pixels.iter().map(|&pixel| i32::from(pixel)).collect();
            html! { <Signal {values} {channels} /> }
        }
        InputForm::Number | InputForm::Numbers => Html::default(),
    }
}

fn pictures(loaded: &Loaded) -> Vec<(usize, Rc<[u8]>)> {
    let samples = &loaded.network.samples;
    if matches!(
        InputForm::of(&loaded.network),
        InputForm::Number | InputForm::Numbers
    ) {
        return Vec::new();
    }
    let size = loaded.input_len();
    let picks = loaded.load.data.as_ref().map_or(&[][..], |data| &data.picks);
    let picture = |&pick: &usize| {
        let pixels = samples.pixels.get(pick * size..(pick + 1) * size)?;
        Some((pick, Rc::from(pixels)))
    };
    picks.iter().filter_map(picture).collect()
}

/// Any number that the input's codes can express.
#[component]
fn NumberSlider(props: &PartProps) -> Html {
    let network = &props.loaded.network;
    let Some(affine) = network.tensors.first().and_then(|tensor| tensor.affine) else {
        return Html::default();
    };
    let value = match &props.sample {
        Some(SampleChoice::Stored(index)) => network.samples.inputs.get(*index).copied(),
        Some(SampleChoice::Drawn(drawn)) => drawn.values.first().copied(),
        None => None,
    };
    let (low, high) = (affine.format.min(), affine.format.max());
    let code = value.map_or(0, |value| affine.quantize(value));
    let share = f64::from(code - low) / f64::from(high - low).max(1.0);
    let oninput = props.on_pick.reform(move |event: InputEvent| {
        let slider = event.target_unchecked_into::<HtmlInputElement>();
        let code = slider.value_as_number().clamp(low.into(), high.into()) as i32;
        SampleChoice::drawn(vec![affine.dequantize(code)], Source::Slider)
    });
    let words = decimal(affine.dequantize(code).into(), 3);
    html! {
        <div class="field">
            <div class="field-head"><label for="input-number">{ t!("sample.input") }</label><span class="field-fact">{ &words }</span></div>
            <div class="slider" style={format!("--at:{:.2}%", share * 100.0)}>
                <input id="input-number" type="range" min={low.to_string()} max={high.to_string()} step="1"
                    value={code.to_string()} aria-valuetext={words} {oninput} />
            </div>
        </div>
    }
}

/// What the user's own samples are, and the way back to the shipped ones.
#[component]
fn OwnData(props: &OwnDataProps) -> Html {
    let samples = &props.loaded.network.samples;
    let Some(data) = props.loaded.load.data.as_ref().filter(|data| data.is_own) else {
        return Html::default();
    };
    let divided = if samples.divided_by == 1.0 {
        Cow::default()
    } else {
        t!(
            "sample.divided",
            number = significant(samples.divided_by.into(), 3)
        )
    };
    let back = matches!(props.loaded.load.choice, ModelChoice::Gallery(_));
    let onclick = props.on_shipped.reform(|_: MouseEvent| ());
    html! {
        <div class="own-data">
            <p title={data.files.name.clone()}><strong>{ &data.files.name }</strong>{ divided }</p>
            if back {
                <button type="button" class="button button-small button-quiet" {onclick} title={t!("sample.shipped-title")}>
                    <Icon glyph={Glyph::Cross} />{ t!("sample.shipped") }
                </button>
            }
        </div>
    }
}

/// What [`OwnData`] takes.
#[derive(Properties, PartialEq)]
struct OwnDataProps {
    loaded: ByPtr<Loaded>,
    on_shipped: Callback<()>,
}

/// Previous, next, and any, with what is shown between them.
#[component]
fn Walk(props: &PartProps) -> Html {
    let count_all = props.loaded.network.samples.count;
    let here = match &props.sample {
        Some(SampleChoice::Stored(index)) => Some(*index),
        _ => None,
    };
    let go = |to: usize| {
        props
            .on_pick
            .reform(move |_: MouseEvent| SampleChoice::Stored(to))
    };
    let random = props
        .on_pick
        .reform(move |_: MouseEvent| SampleChoice::Stored(below(count_all)));
    let before = here.map_or(0, |here| (here + count_all.saturating_sub(1)) % count_all.max(1));
    let after = here.map_or(0, |here| (here + 1) % count_all.max(1));
    let button = |label: Cow<'static, str>, glyph: Glyph, onclick: Callback<MouseEvent>| {
        html! {
            <button type="button" class="button button-icon button-quiet" aria-label={label.clone()} title={label} {onclick}>
                <Icon {glyph} />
            </button>
        }
    };
    if count_all == 0 {
        let len = props.loaded.input_len();
        let values = props
            .on_pick
            .reform(move |_: MouseEvent| SampleChoice::random(below(1_000_000) as u32, len));
        return html! {
            <div class="walk">
                <span class="walk-caption">{ caption(&props.loaded, props.sample.as_ref()) }</span>
                { button(t!("sample.random-values"), Glyph::Dice, values) }
            </div>
        };
    }
    html! {
        <div class="walk">
            { button(t!("sample.previous"), Glyph::Back, go(before)) }
            <span class="walk-caption">{ caption(&props.loaded, props.sample.as_ref()) }</span>
            { button(t!("sample.next"), Glyph::Forward, go(after)) }
            { button(t!("sample.random"), Glyph::Dice, random) }
        </div>
    }
}

fn below(count: usize) -> usize {
    (js_sys::Math::random() * count as f64) as usize
}

/// What a sample is, in a few words.
pub fn caption(loaded: &Loaded, sample: Option<&SampleChoice>) -> String {
    match sample {
        None => String::new(),
        Some(SampleChoice::Stored(index)) => {
            let (index, of) = (*index, count(loaded.network.samples.count as u64));
            let number = count(index as u64);
            match loaded.label(index) {
                Some(label) => {
                    let class = with_article(&loaded.class(label));
                    t!("sample.place-class", index = number, count = of, class = class)
                }
                None => t!("sample.place", index = number, count = of),
            }
            .into_owned()
        }
        Some(SampleChoice::Drawn(drawn)) => match &drawn.source {
            Source::Pad => t!("sample.drawing").into_owned(),
            Source::Camera => t!("bring.camera_sample").into_owned(),
            Source::File(name) => name.clone(),
            Source::Random(seed) => t!("sample.seed", seed = seed).into_owned(),
            Source::Slider => {
                let value = drawn.values.first().copied().unwrap_or(f32::NAN);
                t!("sample.number", value = decimal(value.into(), 3)).into_owned()
            }
        },
    }
}

/// `a 3`, `an 8`, `an ankle boot`; `speaker 3` is a name by itself.
fn with_article(name: &str) -> String {
    if name.contains(' ') && name.ends_with(|letter: char| letter.is_ascii_digit()) {
        return name.to_owned();
    }
    let is_vowel = name.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O', '8']);
    if is_vowel || ["11", "18"].contains(&name) {
        t!("sample.an", name = name)
    } else {
        t!("sample.a", name = name)
    }
    .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_go_with_the_sound() {
        assert_eq!(with_article("3"), "a 3");
        assert_eq!(with_article("8"), "an 8");
        assert_eq!(with_article("ankle boot"), "an ankle boot");
        assert_eq!(with_article("speaker 3"), "speaker 3");
    }
}
