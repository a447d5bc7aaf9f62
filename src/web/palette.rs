//! The page's colours for pictures that are drawn as pixels: the custom properties of
//! `www/styles/tokens.css`, read once per theme change.

use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, MediaQueryList, MutationObserver, MutationObserverInit};
use yew::prelude::*;

/// Number of layer hues; layers beyond take them from the first again.
pub const LAYER_HUES: usize = 8;

/// An opaque colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// From this colour (0) to `other` (1).
    pub fn mix(self, other: Self, share: f32) -> Self {
        let blend =
            |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * share).round() as u8;
        Self(
            blend(self.0, other.0),
            blend(self.1, other.1),
            blend(self.2, other.2),
        )
    }

    /// Which of two texts' colours stands out more on this one.
    pub fn text(self, one: Self, other: Self) -> Self {
        let contrast = |text: Self| {
            let (a, b) = (self.luminance() + 0.05, text.luminance() + 0.05);
            if a > b { a / b } else { b / a }
        };
        if contrast(other) > contrast(one) {
            other
        } else {
            one
        }
    }

    /// Relative luminance, as for contrast (WCAG 2).
    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let value = f32::from(channel) / 255.0;
            if value <= 0.03928 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// For styles.
    pub fn css(self) -> String {
        format!("rgb({} {} {})", self.0, self.1, self.2)
    }

    /// As one pixel of an ImageData, its bytes in the order red, green, blue, alpha.
    pub const fn pixel(self) -> u32 {
        u32::from_le_bytes([self.0, self.1, self.2, 255])
    }
}

/// The colours of the theme in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Cards.
    pub surface: Rgb,
    /// Wells in cards: silence, and the ground of plots.
    pub sunken: Rgb,
    /// Hairlines.
    pub line: Rgb,
    /// Text, and what is marked.
    pub ink: Rgb,
    /// Text of less weight.
    pub ink_soft: Rgb,
    /// A spike.
    pub spike: Rgb,
    /// A spike that counts as −1, where spikes carry a sign.
    pub spike_negative: Rgb,
    /// Membranes above zero.
    pub positive: Rgb,
    /// Membranes below zero.
    pub negative: Rgb,
    /// Membranes at zero.
    pub zero: Rgb,
    /// What went wrong.
    pub bad: Rgb,
    /// The least of what is measured, where nothing else has a colour for it.
    pub least: Rgb,
    /// The most of it.
    pub most: Rgb,
    /// The input's hue.
    pub input: Rgb,
    /// The layers' hues.
    pub layers: [Rgb; LAYER_HUES],
}

impl Palette {
    /// Reads the properties of the document as they are now.
    pub fn read() -> Self {
        let is_dark = is_dark();
        let style = root().and_then(|root| gloo::utils::window().get_computed_style(&root).ok().flatten());
        let colour = |name: &str| {
            let value = style.as_ref().and_then(|s| s.get_property_value(name).ok());
            value
                .and_then(|v| parse(&v, is_dark))
                .unwrap_or(Rgb(128, 128, 128))
        };
        Self {
            surface: colour("--surface"),
            sunken: colour("--surface-sunken"),
            line: colour("--line"),
            ink: colour("--ink"),
            ink_soft: colour("--ink-soft"),
            spike: colour("--spike"),
            spike_negative: colour("--spike-negative"),
            positive: colour("--membrane-positive"),
            negative: colour("--membrane-negative"),
            zero: colour("--membrane-zero"),
            bad: colour("--bad"),
            least: colour("--least"),
            most: colour("--most"),
            input: colour("--layer-input"),
            layers: std::array::from_fn(|layer| colour(&format!("--layer-{layer}"))),
        }
    }

    /// The hue of a layer.
    pub fn layer(&self, layer: usize) -> Rgb {
        self.layers[layer % LAYER_HUES]
    }
}

/// The custom property that holds a tensor's hue, for styles: the input is tensor 0, and layer i
/// fires the tensor `target`.
pub fn hue_of_layer(layer: Option<usize>) -> String {
    match layer {
        None => "var(--layer-input)".to_owned(),
        Some(layer) => format!("var(--layer-{})", layer % LAYER_HUES),
    }
}

fn root() -> Option<Element> {
    gloo::utils::document().document_element()
}

fn system_scheme() -> Option<MediaQueryList> {
    gloo::utils::window()
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten()
}

/// What the page's theme says, or else the system.
fn is_dark() -> bool {
    match root().and_then(|r| r.get_attribute("data-theme")).as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => system_scheme().is_some_and(|query| query.matches()),
    }
}

/// `#rrggbb`, or the half of `light-dark(#rrggbb, #rrggbb)` that is in use. Whatever stands behind
/// the six digits (transparency) is left out.
fn parse(value: &str, is_dark: bool) -> Option<Rgb> {
    let value = value.trim();
    let one = match value
        .strip_prefix("light-dark(")
        .and_then(|v| v.strip_suffix(')'))
    {
        None => value,
        Some(pair) => {
            let (light, dark) = pair.split_once(',')?;
            if is_dark { dark.trim() } else { light.trim() }
        }
    };
    let digits = one.strip_prefix('#')?;
    let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some(Rgb(channel(0)?, channel(2)?, channel(4)?))
}

/// The palette, read anew whenever the page's or the system's theme changes.
#[hook]
pub fn use_palette() -> Rc<Palette> {
    let palette = use_state(|| Rc::new(Palette::read()));
    let setter = palette.setter();
    use_effect_with((), move |()| {
        let changed = Closure::<dyn Fn()>::new(move || setter.set(Rc::new(Palette::read())));
        let observer = MutationObserver::new(changed.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(root)) = (&observer, root()) {
            let options = MutationObserverInit::new();
            options.set_attributes(true);
            options.set_attribute_filter(&js_sys::Array::of1(&"data-theme".into()));
            // Fails only for options that exclude each other.
            let _ = observer.observe_with_options(&root, &options);
        }
        let query = system_scheme();
        let listener = query.map(|query| {
            gloo::events::EventListener::new(&query, "change", {
                let changed: js_sys::Function = changed.as_ref().unchecked_ref::<js_sys::Function>().clone();
                move |_| {
                    let _ = changed.call0(&wasm_bindgen::JsValue::NULL);
                }
            })
        });
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(listener);
            drop(changed);
        }
    });
    (*palette).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_the_style_sheet_writes_them() {
        assert_eq!(parse(" #ff8000", false), Some(Rgb(255, 128, 0)));
        assert_eq!(
            parse("light-dark(#ffffff, #1b1b21)", false),
            Some(Rgb(255, 255, 255))
        );
        assert_eq!(parse("light-dark(#ffffff, #1b1b21)", true), Some(Rgb(27, 27, 33)));
        assert_eq!(parse("#1c1b2214", false), Some(Rgb(28, 27, 34)));
        assert_eq!(parse("orange", false), None);
    }

    #[test]
    fn the_style_sheet_has_every_colour_in_a_form_that_can_be_read() {
        let sheet = include_str!("../../www/styles/tokens.css");
        let names = [
            "surface",
            "surface-sunken",
            "line",
            "ink",
            "ink-soft",
            "spike",
            "spike-negative",
            "membrane-positive",
        ];
        let more = [
            "membrane-negative",
            "membrane-zero",
            "bad",
            "layer-input",
            "least",
            "most",
        ];
        let layers = (0..LAYER_HUES).map(|l| format!("layer-{l}"));
        for name in names.iter().chain(&more).map(|n| (*n).to_owned()).chain(layers) {
            let (_, rest) = sheet
                .split_once(&format!("--{name}:"))
                .unwrap_or_else(|| panic!("no --{name}"));
            let value = rest.split(';').next().unwrap_or_default();
            assert!(
                parse(value, false).is_some() && parse(value, true).is_some(),
                "--{name}: {value}"
            );
        }
    }

    #[test]
    fn mixing_runs_from_one_colour_to_the_other() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert_eq!(black.mix(white, 0.0), black);
        assert_eq!(black.mix(white, 1.0), white);
        assert_eq!(black.mix(white, 0.5), Rgb(128, 128, 128));
        assert_eq!(Rgb(1, 2, 3).pixel().to_le_bytes(), [1, 2, 3, 255]);
    }
}
