//! How numbers become pictures, without knowing what they mean: dense pictures as pixels of an
//! ImageData, lines and histograms through plotters. Text stays outside of canvases.

mod canvas;
mod curves;
mod histogram;
mod line;
mod mosaic;
mod ramp;
mod room;
mod scale;

pub use canvas::{ByPtr, Frame, PixelCanvas, Pixels, PlotCanvas, use_pixel_ratio};
pub use curves::path;
pub use histogram::{Histogram, busy_span, draw_histogram};
pub use line::{StepPlot, draw_steps};
pub use mosaic::{Limits, Mosaic, Rect};
pub use ramp::{Diverging, Sequential, typical_magnitude};
pub use room::use_width;
pub use scale::{Span, ticks};
