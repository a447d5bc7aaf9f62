//! Where each neuron of a tensor lies in a picture: channels as tiles in rows and columns, each
//! neuron a square of whole device pixels.

use super::canvas::Pixels;
use crate::graph::Volume;

/// What a picture may take, in device pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Widest.
    pub width: usize,
    /// Highest.
    pub height: usize,
    /// Largest square for a neuron of a map.
    pub cell: usize,
    /// Largest square for a neuron of a vector.
    pub vector_cell: usize,
    /// Between tiles.
    pub gap: usize,
    /// A map of several channels is not drawn larger than this: it shows every n-th neuron instead.
    pub tile: usize,
}

impl Limits {
    /// Limits given in CSS pixels, on a screen with `ratio` device pixels for each.
    pub fn css(width: usize, height: usize, ratio: f64) -> Self {
        let device = |css: usize| (css as f64 * ratio).round().max(1.0) as usize;
        Self {
            width: device(width),
            height: device(height),
            cell: device(4),
            vector_cell: device(13),
            gap: device(2),
            tile: device(56),
        }
    }

    /// The same with other largest squares, in device pixels.
    pub fn with_cells(self, cell: usize, vector_cell: usize) -> Self {
        Self {
            cell,
            vector_cell,
            ..self
        }
    }
}

/// A rectangle in device pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub width: usize,
    /// Height.
    pub height: usize,
}

/// Channels of a tensor as tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mosaic {
    volume: Volume,
    /// Channels that are shown, the first ones.
    pub shown: usize,
    /// Tiles in a row.
    pub columns: usize,
    /// Rows of tiles.
    pub rows: usize,
    /// Every how many neurons one is shown, along both axes.
    pub skip: usize,
    /// Device pixels of a neuron's square.
    pub cell: usize,
    gap: usize,
}

impl Mosaic {
    /// The arrangement with the largest squares that fits `limits`. Where not even single pixels
    /// fit, maps are thinned out and channels at the end are left out, so something always fits.
    pub fn fit(volume: Volume, limits: Limits) -> Self {
        let is_vector = volume.positions() == 1;
        let (most_cell, gap) = if is_vector {
            (limits.vector_cell, 0)
        } else {
            (limits.cell, limits.gap)
        };
        let tile_limit = if volume.channels > 1 {
            limits.tile
        } else {
            usize::MAX
        };
        let skip = volume
            .width
            .div_ceil(limits.width.min(tile_limit))
            .max(volume.height.div_ceil(limits.height.min(tile_limit)))
            .max(1);
        let (tile_width, tile_height) = (
            volume.width.div_ceil(skip).max(1),
            volume.height.div_ceil(skip).max(1),
        );
        let across = |tile: usize, room: usize| ((room + gap) / (tile + gap)).max(1);
        let (most_columns, most_rows) = (
            across(tile_width, limits.width),
            across(tile_height, limits.height),
        );
        let shown = volume.channels.min(most_columns * most_rows).max(1);
        let mut best: Option<(Self, (usize, bool, usize))> = None;
        for columns in 1..=most_columns.min(shown) {
            let rows = shown.div_ceil(columns);
            let cell_along = |room: usize, tiles: usize, tile: usize| {
                room.saturating_sub((tiles - 1) * gap) / (tiles * tile)
            };
            let cell = cell_along(limits.width, columns, tile_width)
                .min(cell_along(limits.height, rows, tile_height))
                .min(most_cell);
            if cell == 0 {
                continue;
            }
            let mosaic = Self {
                volume,
                shown,
                columns,
                rows,
                skip,
                cell,
                gap,
            };
            let (width, height) = mosaic.size();
            // Large squares first, then full rows, then the squarest outline (vectors: the
            // narrowest); of equals the wider one.
            let outline = if is_vector {
                usize::MAX - columns
            } else {
                usize::MAX - width.abs_diff(height)
            };
            let merit = (cell, shown % columns == 0, outline);
            if best.as_ref().is_none_or(|(_, other)| merit >= *other) {
                best = Some((mosaic, merit));
            }
        }
        best.map_or(
            Self {
                volume,
                shown: 1,
                columns: 1,
                rows: 1,
                skip,
                cell: 1,
                gap,
            },
            |(mosaic, _)| mosaic,
        )
    }

    /// Width and height in device pixels.
    pub fn size(&self) -> (usize, usize) {
        let (tile_width, tile_height) = self.tile();
        (
            self.columns * tile_width * self.cell + (self.columns - 1) * self.gap,
            self.rows * tile_height * self.cell + (self.rows - 1) * self.gap,
        )
    }

    /// Channels that are not shown.
    pub fn hidden(&self) -> usize {
        self.volume.channels - self.shown.min(self.volume.channels)
    }

    /// Columns and rows of squares in a tile.
    fn tile(&self) -> (usize, usize) {
        (
            self.volume.width.div_ceil(self.skip).max(1),
            self.volume.height.div_ceil(self.skip).max(1),
        )
    }

    /// The neuron's square in the grid of all squares, gaps left out; `None` where it is not shown.
    fn square(&self, neuron: usize) -> Option<(usize, usize)> {
        let positions = self.volume.positions().max(1);
        let (channel, position) = (neuron / positions, neuron % positions);
        if channel >= self.shown {
            return None;
        }
        let (tile_width, tile_height) = self.tile();
        let (x, y) = (
            position % self.volume.width / self.skip,
            position / self.volume.width / self.skip,
        );
        Some((
            channel % self.columns * tile_width + x,
            channel / self.columns * tile_height + y,
        ))
    }

    /// The inverse of `square`.
    fn neuron(&self, column: usize, row: usize) -> Option<usize> {
        let (tile_width, tile_height) = self.tile();
        let (tile_column, tile_row) = (column / tile_width, row / tile_height);
        let channel = tile_row * self.columns + tile_column;
        if tile_column >= self.columns || channel >= self.shown {
            return None;
        }
        let (x, y) = (column % tile_width * self.skip, row % tile_height * self.skip);
        Some((channel * self.volume.height + y) * self.volume.width + x)
    }

    /// Where the neuron is drawn; `None` where it is not shown.
    pub fn rect(&self, neuron: usize) -> Option<Rect> {
        let (column, row) = self.square(neuron)?;
        let (tile_width, tile_height) = self.tile();
        Some(Rect {
            x: column * self.cell + column / tile_width * self.gap,
            y: row * self.cell + row / tile_height * self.gap,
            width: self.cell,
            height: self.cell,
        })
    }

    /// The neuron at a device pixel; the nearest one where it points between tiles.
    pub fn hit(&self, x: f64, y: f64) -> Option<usize> {
        let (width, height) = self.size();
        if !(0.0..width as f64).contains(&x) || !(0.0..height as f64).contains(&y) {
            return None;
        }
        let (tile_width, tile_height) = self.tile();
        let along = |at: f64, tile: usize| {
            let pitch = tile * self.cell + self.gap;
            let within = (at as usize % pitch / self.cell).min(tile - 1);
            at as usize / pitch * tile + within
        };
        self.neuron(along(x, tile_width), along(y, tile_height))
    }

    /// The neuron `columns` to the right and `rows` below, across tiles; the same one where the
    /// picture ends.
    pub fn step(&self, neuron: usize, columns: isize, rows: isize) -> usize {
        let moved = || {
            let (column, row) = self.square(neuron)?;
            self.neuron(column.checked_add_signed(columns)?, row.checked_add_signed(rows)?)
        };
        moved().unwrap_or(neuron)
    }

    /// Draws every shown neuron in its colour at (`left`, `top`).
    pub fn paint(&self, pixels: &mut Pixels, left: usize, top: usize, colour: impl Fn(usize) -> u32) {
        let (tile_width, tile_height) = self.tile();
        let stride = pixels.width;
        for channel in 0..self.shown {
            let tile_x = left + channel % self.columns * (tile_width * self.cell + self.gap);
            let tile_y = top + channel / self.columns * (tile_height * self.cell + self.gap);
            for row in 0..tile_height {
                let first = (channel * self.volume.height + row * self.skip) * self.volume.width;
                let start = (tile_y + row * self.cell) * stride + tile_x;
                let length = tile_width * self.cell;
                let Some(line) = pixels.data.get_mut(start..start + length) else {
                    continue;
                };
                for (column, square) in line.chunks_exact_mut(self.cell).enumerate() {
                    square.fill(colour(first + column * self.skip));
                }
                for below in 1..self.cell {
                    let target = start + below * stride;
                    if target + length <= pixels.data.len() {
                        pixels.data.copy_within(start..start + length, target);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(channels: usize, height: usize, width: usize) -> Volume {
        Volume {
            channels,
            height,
            width,
        }
    }

    fn limits() -> Limits {
        Limits::css(240, 240, 1.0)
    }

    #[test]
    fn layers_of_the_shipped_network_get_square_outlines_and_large_squares() {
        let conv1 = Mosaic::fit(volume(16, 14, 14), limits());
        assert_eq!((conv1.columns, conv1.rows, conv1.cell, conv1.skip), (4, 4, 4, 1));
        let conv2 = Mosaic::fit(volume(32, 7, 7), limits());
        assert_eq!((conv2.columns, conv2.rows, conv2.cell), (8, 4, 4));
        let dense = Mosaic::fit(volume(64, 1, 1), limits());
        assert_eq!((dense.columns, dense.rows, dense.cell), (4, 16, 13));
    }

    #[test]
    fn every_tensor_fits_whatever_its_size() {
        for (channels, height, width) in [
            (64, 224, 224),
            (512, 7, 7),
            (512, 14, 14),
            (1, 224, 224),
            (3, 640, 480),
            (4096, 1, 1),
            (1, 1, 9000),
            (1, 1, 1),
        ] {
            for ratio in [1.0, 1.5, 2.0] {
                let limits = Limits::css(240, 220, ratio);
                let mosaic = Mosaic::fit(volume(channels, height, width), limits);
                let (w, h) = mosaic.size();
                assert!(
                    w <= limits.width && h <= limits.height,
                    "{channels}×{height}×{width}: {w}×{h}"
                );
                assert!(mosaic.cell >= 1 && mosaic.shown >= 1);
            }
        }
        let many = Mosaic::fit(volume(64, 224, 224), limits());
        assert_eq!((many.skip, many.shown, many.hidden()), (4, 16, 48));
    }

    #[test]
    fn pointing_at_a_drawn_neuron_finds_it() {
        for mosaic in [
            Mosaic::fit(volume(16, 14, 14), limits()),
            Mosaic::fit(volume(5, 7, 3), limits()),
            Mosaic::fit(volume(64, 1, 1), limits()),
        ] {
            for neuron in 0..mosaic.volume.len() {
                let rect = mosaic.rect(neuron).expect("all are shown");
                let middle = (
                    rect.x as f64 + rect.width as f64 / 2.0,
                    rect.y as f64 + rect.height as f64 / 2.0,
                );
                assert_eq!(mosaic.hit(middle.0, middle.1), Some(neuron));
            }
            assert_eq!(mosaic.hit(-1.0, 0.0), None);
            assert_eq!(mosaic.hit(1e9, 0.0), None);
        }
    }

    #[test]
    fn thinned_maps_answer_with_a_neuron_that_is_shown() {
        let mosaic = Mosaic::fit(volume(4, 224, 224), limits());
        assert!(mosaic.skip > 1);
        let neuron = mosaic.hit(10.0, 10.0).expect("inside");
        assert_eq!(
            mosaic.hit(10.0, 10.0),
            mosaic
                .rect(neuron)
                .and_then(|r| mosaic.hit(r.x as f64, r.y as f64))
        );
    }

    #[test]
    fn arrow_steps_cross_tiles_and_stop_at_the_edge() {
        let mosaic = Mosaic::fit(volume(16, 14, 14), limits());
        assert_eq!(mosaic.step(0, 1, 0), 1);
        assert_eq!(mosaic.step(13, 1, 0), 196, "into the next channel");
        assert_eq!(mosaic.step(13 * 14, 0, 1), 4 * 196, "into the channel below");
        assert_eq!(mosaic.step(0, -1, 0), 0);
        assert_eq!(mosaic.step(3 * 196 + 13, 1, 0), 3 * 196 + 13);
    }

    #[test]
    fn painting_fills_whole_squares_and_leaves_gaps() {
        let mosaic = Mosaic::fit(
            volume(2, 2, 2),
            Limits {
                width: 11,
                height: 4,
                cell: 2,
                vector_cell: 2,
                gap: 1,
                tile: 50,
            },
        );
        let (width, height) = mosaic.size();
        assert_eq!((width, height), (9, 4));
        let mut pixels = Pixels::new(width, height);
        mosaic.paint(&mut pixels, 0, 0, |neuron| neuron as u32 + 1);
        assert_eq!(pixels.data[..9], [1, 1, 2, 2, 0, 5, 5, 6, 6]);
        assert_eq!(pixels.data[9..18], pixels.data[..9]);
        assert_eq!(pixels.data[27..], [3, 3, 4, 4, 0, 7, 7, 8, 8]);
    }
}
