//! From a drawing or a picture to what a model of digits takes.
//!
//! MNIST fits a digit into 20 of 28 pixels, keeping its shape, and puts its centre of mass in the
//! middle; the 8×8 digits fill their frame. Downsampling averages areas, so lines stay smooth.

/// A picture of ink: 0 is bare, 1 is full.
#[derive(Clone, Debug, PartialEq)]
pub struct Ink {
    /// Columns.
    pub width: usize,
    /// One value per pixel, row by row.
    pub values: Vec<f32>,
}

/// Where a picture lies in the frame of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Frame {
    /// The frame of an input of this shape, if it is a picture: C×H×W, H×W, or a square laid flat.
    pub fn of(shape: &[usize]) -> Option<Self> {
        match *shape {
            [channels @ (1 | 3), height, width] if height > 1 && width > 1 => Some(Self {
                channels,
                height,
                width,
            }),
            [height, width] if height > 1 && width > 1 => Some(Self {
                channels: 1,
                height,
                width,
            }),
            [values] | [values, 1, 1] | [1, values] => {
                let side = values.isqrt();
                (side > 3 && side * side == values).then_some(Self {
                    channels: 1,
                    height: side,
                    width: side,
                })
            }
            _ => None,
        }
    }
}

/// A part of a picture, in its pixels.
#[derive(Clone, Copy, Debug)]
struct Area {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// From this size on, frames have MNIST's margin.
const MARGIN_FROM: usize = 16;
/// Less is no ink.
const TRACE: f32 = 0.08;

impl Ink {
    /// From RGBA pixels, by how opaque they are.
    pub fn from_opacity(width: usize, rgba: &[u8]) -> Self {
        let values = rgba
            .chunks_exact(4)
            .map(|pixel| f32::from(pixel[3]) / 255.0)
            .collect();
        Self { width, values }
    }

    /// From RGBA pixels: by how opaque they are where the border is transparent, else by brightness.
    pub fn from_picture(width: usize, rgba: &[u8]) -> Self {
        let opacity = Self::from_opacity(width, rgba);
        if opacity.median_of_border() < 0.5 {
            opacity
        } else {
            Self::from_brightness(width, rgba)
        }
    }

    /// From RGBA pixels, by how far their brightness is from the background's, which is the median of
    /// the border: dark on light and light on dark both become ink.
    pub fn from_brightness(width: usize, rgba: &[u8]) -> Self {
        let mut picture = Self {
            width,
            values: brightness(rgba),
        };
        let background = picture.median_of_border();
        let room = if background > 0.5 {
            background
        } else {
            1.0 - background
        };
        for value in &mut picture.values {
            let toward = if background > 0.5 {
                background - *value
            } else {
                *value - background
            };
            let ink = (toward / room.max(f32::EPSILON)).clamp(0.0, 1.0);
            *value = if ink < TRACE { 0.0 } else { ink };
        }
        picture.stretch();
        picture
    }

    fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    fn median_of_border(&self) -> f32 {
        let (width, height) = (self.width, self.height());
        let is_border = |i: usize| {
            i < width || i >= width * (height - 1) || i.is_multiple_of(width) || (i + 1).is_multiple_of(width)
        };
        let mut border: Vec<f32> = (0..self.values.len())
            .filter(|&i| is_border(i))
            .map(|i| self.values[i])
            .collect();
        border.sort_by(f32::total_cmp);
        border.get(border.len() / 2).copied().unwrap_or(0.0)
    }

    /// The darkest ink becomes full.
    fn stretch(&mut self) {
        let most = self.values.iter().copied().fold(0.0, f32::max);
        if most > TRACE {
            self.values.iter_mut().for_each(|value| *value /= most);
        }
    }

    /// The rectangle that holds all ink; `None` if there is none.
    fn bounds(&self) -> Option<Area> {
        let mut area: Option<Area> = None;
        for (index, _) in self.values.iter().enumerate().filter(|(_, ink)| **ink >= TRACE) {
            let (x, y) = ((index % self.width) as f32, (index / self.width) as f32);
            let old = area.unwrap_or(Area {
                left: x,
                top: y,
                right: x,
                bottom: y,
            });
            area = Some(Area {
                left: old.left.min(x),
                top: old.top.min(y),
                right: old.right.max(x + 1.0),
                bottom: old.bottom.max(y + 1.0),
            });
        }
        area
    }

    fn centre_of_mass(&self) -> (f32, f32) {
        let (mut mass, mut x, mut y) = (0.0f64, 0.0, 0.0);
        for (index, &ink) in self.values.iter().enumerate() {
            let ink = f64::from(ink);
            mass += ink;
            x += ink * ((index % self.width) as f64 + 0.5);
            y += ink * ((index / self.width) as f64 + 0.5);
        }
        ((x / mass.max(1e-9)) as f32, (y / mass.max(1e-9)) as f32)
    }

    /// The ink as a data set of digits would hold it: fitted, centred, antialiased; one value from 0
    /// to 1 per pixel of the frame. All 0 if there is no ink.
    pub fn fit(&self, frame: Frame) -> Vec<f32> {
        let Some(bounds) = self.bounds() else {
            return vec![0.0; frame.width * frame.height];
        };
        let has_margin = frame.height.min(frame.width) >= MARGIN_FROM;
        let room = if has_margin { 20.0 / 28.0 } else { 1.0 };
        let (wide, high) = (bounds.right - bounds.left, bounds.bottom - bounds.top);
        // Pixels of the drawing in one pixel of the frame.
        let step = (wide / (frame.width as f32 * room))
            .max(high / (frame.height as f32 * room))
            .max(1e-3);
        let (x, y) = if has_margin {
            self.centre_of_mass()
        } else {
            (
                (bounds.left + bounds.right) / 2.0,
                (bounds.top + bounds.bottom) / 2.0,
            )
        };
        let left = x - step * frame.width as f32 / 2.0;
        let top = y - step * frame.height as f32 / 2.0;
        let mut fitted = Self {
            width: frame.width,
            values: self.resample(frame, left, top, step),
        };
        fitted.stretch();
        fitted.values
    }

    fn resample(&self, frame: Frame, left: f32, top: f32, step: f32) -> Vec<f32> {
        let mut values = Vec::with_capacity(frame.width * frame.height);
        for row in 0..frame.height {
            for column in 0..frame.width {
                let (x, y) = (left + step * column as f32, top + step * row as f32);
                values.push(self.mean(Area {
                    left: x,
                    top: y,
                    right: x + step,
                    bottom: y + step,
                }));
            }
        }
        values
    }

    /// Mean ink of an area; outside of the picture is none.
    fn mean(&self, area: Area) -> f32 {
        let mut sum = 0.0;
        for (row, share_y) in covered(area.top, area.bottom, self.height()) {
            for (column, share_x) in covered(area.left, area.right, self.width) {
                sum += self.values[row * self.width + column] * share_x * share_y;
            }
        }
        sum / ((area.right - area.left) * (area.bottom - area.top)).max(f32::EPSILON)
    }
}

/// The pixels between `from` and `to`, each with how much of it lies there.
fn covered(from: f32, to: f32, pixels: usize) -> impl Iterator<Item = (usize, f32)> {
    let first = from.floor().max(0.0) as usize;
    let last = (to.ceil().max(0.0) as usize).min(pixels);
    (first..last).map(move |pixel| {
        let share = (to.min(pixel as f32 + 1.0) - from.max(pixel as f32)).max(0.0);
        (pixel, share)
    })
}

/// Brightness of RGBA pixels on white, from 0 to 1.
fn brightness(rgba: &[u8]) -> Vec<f32> {
    let of = |pixel: &[u8]| {
        let light =
            0.2126 * f32::from(pixel[0]) + 0.7152 * f32::from(pixel[1]) + 0.0722 * f32::from(pixel[2]);
        let opacity = f32::from(pixel[3]) / 255.0;
        light / 255.0 * opacity + 1.0 - opacity
    };
    rgba.chunks_exact(4).map(of).collect()
}

/// RGBA pixels that have the frame's size already, channel by channel, from 0 to 1.
pub fn channels(frame: Frame, rgba: &[u8]) -> Vec<f32> {
    let channel = |c: usize| rgba.chunks_exact(4).map(move |pixel| f32::from(pixel[c]) / 255.0);
    (0..frame.channels.min(3)).flat_map(channel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MNIST: Frame = Frame {
        channels: 1,
        height: 28,
        width: 28,
    };
    const DIGITS: Frame = Frame {
        channels: 1,
        height: 8,
        width: 8,
    };

    fn stroke(side: usize, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Ink {
        let at = |i: usize| columns.contains(&(i % side)) && rows.contains(&(i / side));
        Ink {
            width: side,
            values: (0..side * side).map(|i| f32::from(u8::from(at(i)))).collect(),
        }
    }

    #[test]
    fn a_stroke_anywhere_fits_into_twenty_rows_in_the_middle() {
        let fitted = stroke(280, 20..40, 10..110).fit(MNIST);
        let inked: Vec<usize> = (0..28)
            .filter(|row| fitted[row * 28..][..28].iter().any(|v| *v > 0.5))
            .collect();
        assert_eq!((inked.first(), inked.last()), (Some(&4), Some(&23)));
        let columns: Vec<usize> = (0..28).filter(|c| fitted[14 * 28 + c] > 0.5).collect();
        assert_eq!(columns, [12, 13, 14, 15]);
    }

    #[test]
    fn small_digits_fill_their_frame() {
        let fitted = stroke(64, 30..38, 20..52).fit(DIGITS);
        assert!(fitted[3] > 0.5 && fitted[7 * 8 + 3] > 0.5);
    }

    #[test]
    fn edges_are_smooth_and_nothing_is_nothing() {
        let fitted = stroke(280, 0..33, 0..100).fit(MNIST);
        assert!(fitted.iter().any(|&value| value > 0.05 && value < 0.95));
        assert_eq!(stroke(280, 0..0, 0..0).fit(MNIST), vec![0.0; 28 * 28]);
    }

    #[test]
    fn dark_on_light_and_light_on_dark_are_the_same_ink() {
        let picture = |paper: u8, pen: u8| -> Vec<u8> {
            (0..100)
                .flat_map(|i| {
                    if i == 55 {
                        [pen, pen, pen, 255]
                    } else {
                        [paper, paper, paper, 255]
                    }
                })
                .collect()
        };
        let dark = Ink::from_brightness(10, &picture(255, 0));
        let light = Ink::from_brightness(10, &picture(0, 255));
        assert_eq!(dark, light);
        assert_eq!(dark.values.iter().filter(|ink| **ink > 0.5).count(), 1);
    }

    #[test]
    fn white_ink_on_nothing_is_ink() {
        let mut rgba = vec![255; 400];
        rgba.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 0);
        rgba[55 * 4 + 3] = 255;
        let ink = Ink::from_picture(10, &rgba);
        assert_eq!(ink.values.iter().filter(|ink| **ink > 0.5).count(), 1);
    }

    #[test]
    fn frames_are_found_in_shapes() {
        assert_eq!(Frame::of(&[1, 28, 28]), Some(MNIST));
        assert_eq!(Frame::of(&[64]), Some(DIGITS));
        assert_eq!(Frame::of(&[7]), None);
        assert_eq!(Frame::of(&[16, 8, 8]), None);
    }
}
