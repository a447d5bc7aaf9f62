//! Which sample: a typical one of each class, any other, or the user's own.

use super::draw_pad::DrawPad;
use super::icon::{Glyph, Icon};
use super::network_picker::FileButton;
use super::thumbnail::Thumbnail;
use crate::web::format::count;
use crate::web::picture::Frame;
use crate::web::plots::ByPtr;
use crate::web::state::{Loaded, SampleChoice, Source};
use std::rc::Rc;
use web_sys::File;
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
}

/// Picks, a way through all samples, and buttons for the user's own.
#[component]
pub fn SamplePicker(props: &Props) -> Html {
    let is_drawing = use_state_eq(|| false);
    let set_drawing = is_drawing.setter();
    let Some(loaded) = &props.loaded else {
        return html! { <section class="group"><h2>{ "Sample" }</h2><div class="picks-skeleton skeleton" /></section> };
    };
    let frame = Frame::of(loaded.input_shape());
    let open = {
        let set = set_drawing.clone();
        Callback::from(move |_: MouseEvent| set.set(true))
    };
    let ink_frame = frame.filter(|frame| frame.channels == 1);
    html! {
        <section class="group">
            <h2>{ "Sample" }</h2>
            <Picks loaded={loaded.clone()} sample={props.sample.clone()} on_pick={props.on_pick.clone()} />
            <Walk loaded={loaded.clone()} sample={props.sample.clone()} on_pick={props.on_pick.clone()} />
            <div class="button-row">
                if ink_frame.is_some() {
                    <button type="button" class="button" onclick={open} aria-haspopup="dialog">
                        <Icon glyph={Glyph::Pen} />{ "Draw…" }
                    </button>
                }
                <FileButton accept="image/*,.npy" label="Upload…" name="Upload… a picture or an array (.npy)" glyph={Glyph::Upload} on_file={props.on_file.clone()} />
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
    let pictures = use_memo(loaded.clone(), |loaded| pictures(loaded));
    let pick = |(index, frame, pixels): &(usize, Frame, Rc<[u8]>)| {
        let sample = SampleChoice::Stored(*index);
        let is_picked = props.sample.as_ref() == Some(&sample);
        let label = match loaded.label(*index) {
            Some(label) => format!(
                "Sample {}, labelled {}",
                count(*index as u64),
                loaded.class(label)
            ),
            None => format!("Sample {}", count(*index as u64)),
        };
        let onclick = props.on_pick.reform(move |_| sample.clone());
        html! {
            <button type="button" class="pick" aria-pressed={is_picked.to_string()} aria-label={label} {onclick}>
                <Thumbnail pixels={pixels.clone()} frame={*frame} />
            </button>
        }
    };
    if pictures.is_empty() {
        return Html::default();
    }
    html! { <div class="picks" role="group" aria-label="Typical samples">{ for pictures.iter().map(pick) }</div> }
}

fn pictures(loaded: &Loaded) -> Vec<(usize, Frame, Rc<[u8]>)> {
    let samples = &loaded.network.samples;
    let Some(frame) = Frame::of(&samples.shape) else {
        return Vec::new();
    };
    let size = frame.channels * frame.height * frame.width;
    let picks = loaded.load.data.as_ref().map_or(&[][..], |data| &data.picks);
    let picture = |&pick: &usize| {
        let pixels = samples.pixels.get(pick * size..(pick + 1) * size)?;
        Some((pick, frame, Rc::from(pixels)))
    };
    picks.iter().filter_map(picture).collect()
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
    let button = |label: &'static str, glyph: Glyph, onclick: Callback<MouseEvent>| {
        html! {
            <button type="button" class="button button-icon button-quiet" aria-label={label} title={label} {onclick}>
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
                { button("Random values", Glyph::Dice, values) }
            </div>
        };
    }
    html! {
        <div class="walk">
            { button("Previous sample", Glyph::Back, go(before)) }
            <span class="walk-caption">{ caption(&props.loaded, props.sample.as_ref()) }</span>
            { button("Next sample", Glyph::Forward, go(after)) }
            { button("Random sample", Glyph::Dice, random) }
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
            let place = format!(
                "{} of {}",
                count(*index as u64),
                count(loaded.network.samples.count as u64)
            );
            match loaded.label(*index) {
                Some(label) => format!("{place}, {}", with_article(&loaded.class(label))),
                None => place,
            }
        }
        Some(SampleChoice::Drawn(drawn)) => match &drawn.source {
            Source::Pad => "your drawing".to_owned(),
            Source::File(name) => name.clone(),
            Source::Random(seed) => format!("random, seed {seed}"),
        },
    }
}

/// `a 3`, `an 8`, `an ankle boot`.
fn with_article(name: &str) -> String {
    let is_vowel = name.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O', '8']);
    let article = if is_vowel || ["11", "18"].contains(&name) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_go_with_the_sound() {
        assert_eq!(with_article("3"), "a 3");
        assert_eq!(with_article("8"), "an 8");
        assert_eq!(with_article("ankle boot"), "an ankle boot");
    }
}
