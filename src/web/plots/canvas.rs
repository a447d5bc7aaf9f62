//! Canvases at the screen's own resolution: one that shows pixels, one that is drawn on.

use std::ops::Deref;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData, ResizeObserver};
use yew::prelude::*;

/// Something shared that counts as changed when it is another one, whatever it holds.
#[derive(Debug)]
pub struct ByPtr<T: ?Sized>(pub Rc<T>);

impl<T: ?Sized> Clone for ByPtr<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for ByPtr<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Deref for ByPtr<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A picture in device pixels, transparent until painted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pixels {
    /// Device pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue, alpha in the order of their bytes, row by row.
    pub data: Vec<u32>,
}

impl Pixels {
    /// A transparent picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            data: vec![0; width * height],
        }
    }

    /// Fills a rectangle; what lies outside the picture is left out.
    pub fn fill(&mut self, rect: super::Rect, pixel: u32) {
        let right = (rect.x + rect.width).min(self.width);
        let bottom = (rect.y + rect.height).min(self.height);
        for y in rect.y..bottom {
            if let Some(line) = self
                .data
                .get_mut(y * self.width + rect.x.min(right)..y * self.width + right)
            {
                line.fill(pixel);
            }
        }
    }

    /// Shows the picture on `canvas`. A canvas that gives no context (there are browsers without)
    /// stays empty; its text twin says what it would show.
    fn put(&self, canvas: &HtmlCanvasElement) {
        if self.data.is_empty() {
            return;
        }
        if (canvas.width() as usize, canvas.height() as usize) != (self.width, self.height) {
            canvas.set_width(self.width as u32);
            canvas.set_height(self.height as u32);
        }
        let bytes = Clamped(bytemuck::cast_slice::<u32, u8>(&self.data));
        let image = ImageData::new_with_u8_clamped_array_and_sh(bytes, self.width as u32, self.height as u32);
        let context = canvas.get_context("2d").ok().flatten();
        let context = context.and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok());
        if let (Ok(image), Some(context)) = (image, context) {
            // Fails only for an image whose memory is gone.
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    }
}

/// Device pixels per CSS pixel.
#[hook]
pub fn use_pixel_ratio() -> f64 {
    let now = || {
        let ratio = gloo::utils::window().device_pixel_ratio();
        if ratio.is_finite() && ratio > 0.0 {
            ratio
        } else {
            1.0
        }
    };
    let ratio = use_state_eq(now);
    let setter = ratio.setter();
    use_effect_with((), move |()| {
        // Zooming the page and moving it to another screen both resize it.
        let listener =
            gloo::events::EventListener::new(&gloo::utils::window(), "resize", move |_| setter.set(now()));
        move || drop(listener)
    });
    *ratio
}

/// What [`PixelCanvas`] takes.
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct PixelCanvasProps {
    /// What it shows.
    pub pixels: ByPtr<Pixels>,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// Further classes.
    #[prop_or_default]
    pub class: Classes,
}

/// A canvas that shows [`Pixels`] one to one. It has no text for those who can't see it: say it
/// around the canvas.
#[component]
pub fn PixelCanvas(props: &PixelCanvasProps) -> Html {
    let canvas = use_node_ref();
    use_effect_with((props.pixels.clone(), canvas.clone()), |(pixels, canvas)| {
        if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
            pixels.put(&canvas);
        }
    });
    let css = |device: usize| device as f64 / props.ratio;
    let style = format!(
        "width:{}px;height:{}px",
        css(props.pixels.width),
        css(props.pixels.height)
    );
    html! { <canvas ref={canvas} class={classes!("pixels", props.class.clone())} {style} aria-hidden="true" /> }
}

/// A canvas of its final size, to be drawn on.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The canvas; its size is in device pixels.
    pub canvas: HtmlCanvasElement,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
}

/// What [`PlotCanvas`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct PlotCanvasProps {
    /// Draws; called again when it changes, and when the canvas changes its size.
    pub draw: Callback<Frame>,
}

/// A canvas as large as its parent, in device pixels.
#[component]
pub fn PlotCanvas(props: &PlotCanvasProps) -> Html {
    let canvas = use_node_ref();
    let ratio = use_pixel_ratio();
    let size = use_state_eq(|| (0_u32, 0_u32));
    use_effect_with(canvas.clone(), {
        let setter = size.setter();
        move |canvas| {
            let parent = canvas.cast::<HtmlElement>().and_then(|c| c.parent_element());
            let measured = parent.clone();
            let resized = Closure::<dyn Fn()>::new(move || {
                if let Some(parent) = &measured {
                    setter.set((
                        parent.client_width().max(0) as u32,
                        parent.client_height().max(0) as u32,
                    ));
                }
            });
            let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(parent)) = (&observer, &parent) {
                observer.observe(parent);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(resized);
            }
        }
    });
    use_effect_with(
        (props.draw.clone(), *size, ratio, canvas.clone()),
        |(draw, (width, height), ratio, canvas)| {
            let Some(canvas) = canvas.cast::<HtmlCanvasElement>() else {
                return;
            };
            let device = |css: u32| (f64::from(css) * ratio).round() as u32;
            if *width == 0 || *height == 0 {
                return;
            }
            // Setting the size clears the canvas too.
            canvas.set_width(device(*width));
            canvas.set_height(device(*height));
            draw.emit(Frame {
                canvas,
                ratio: *ratio,
            });
        },
    );
    html! { <canvas ref={canvas} class="plot-canvas" aria-hidden="true" /> }
}

#[cfg(test)]
mod tests {
    use super::super::Rect;
    use super::*;

    #[test]
    fn what_is_shared_is_equal_to_itself_only() {
        let one = ByPtr(Rc::new(1));
        assert!(one == one.clone());
        assert!(one != ByPtr(Rc::new(1)));
    }

    #[test]
    fn rectangles_are_cut_at_the_edge() {
        let mut pixels = Pixels::new(3, 2);
        pixels.fill(
            Rect {
                x: 2,
                y: 0,
                width: 5,
                height: 1,
            },
            7,
        );
        pixels.fill(
            Rect {
                x: 9,
                y: 9,
                width: 1,
                height: 1,
            },
            8,
        );
        assert_eq!(pixels.data, [0, 0, 7, 0, 0, 0]);
    }
}
