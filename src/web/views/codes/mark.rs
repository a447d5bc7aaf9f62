//! What a code is called, and its colour and shape, the same in every picture.

use crate::explore::CodeName;
use rust_i18n::t;
use yew::prelude::*;

/// Its name.
pub fn name(code: CodeName) -> String {
    t!(format!("codes.name.{}", code.word())).into_owned()
}

/// The custom property that holds its colour.
pub fn hue(code: CodeName) -> String {
    format!("var(--code-{})", code.word())
}

/// Its shape around (0, 0), about 5 units in each direction, and whether it is filled.
fn shape(code: CodeName) -> (&'static str, bool) {
    match code {
        CodeName::BitSerial => ("M0-6.5 6.5 0 0 6.500-6.5 0z", true),
        CodeName::Rate => ("M-4.500 0a4.500 4.500 0 1 0 9 0a4.500 4.500 0 1 0-9 0z", true),
        CodeName::RateHalf => ("M-4.500 0a4.500 4.500 0 1 0 9 0a4.500 4.500 0 1 0-9 0z", false),
        CodeName::RateHard => ("M-4-4 4 4M4-4-4 4", false),
        CodeName::RateSigned => ("M0-5 5 4.500H-5z", false),
        CodeName::Phase => ("M-4-4H4V4H-4z", true),
        CodeName::FirstSpike => ("M0 5 5-4.500H-5z", true),
    }
}

/// The mark of a code at a place in an SVG.
pub fn mark_at(code: CodeName, x: f64, y: f64, title: Option<&str>) -> Html {
    let (path, is_filled) = shape(code);
    html! {
        <g class={classes!("code-mark", (!is_filled).then_some("hollow"))} style={format!("--hue:{}", hue(code))}
            transform={format!("translate({x:.1} {y:.1})")}>
            <path d={path} />
            if let Some(title) = title { <title>{ title.to_owned() }</title> }
        </g>
    }
}

/// The mark of a code by itself, within text.
pub fn mark(code: CodeName) -> Html {
    html! { <svg class="code-swatch" viewBox="-8 -8 16 16" aria-hidden="true">{ mark_at(code, 0.0, 0.0, None) }</svg> }
}
