//! Tiles of weights in a picture: which weight lies where.

use crate::web::plots::{Pixels, Rect};

/// Tiles side by side, each some weights wide and high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// Rows and columns of weights in a tile.
    tile: [usize; 2],
    /// How many tiles there are.
    count: usize,
    /// Tiles in a row.
    across: usize,
    /// Device pixels of a weight.
    pub cell: usize,
    /// Device pixels between tiles.
    gap: usize,
}

impl Tiles {
    /// The largest squares with which `rows` × `columns` tiles fit into a room of device pixels; a single column of
    /// them is wrapped into rows. Where not even the smallest squares fit, the picture is larger than the room.
    pub fn fit(
        tile: [usize; 2],
        [rows, columns]: [usize; 2],
        room: (usize, usize),
        cells: (usize, usize),
    ) -> Self {
        let count = rows * columns;
        let gap = usize::from(tile[0] * tile[1] > 1) * cells.0;
        let with = |cell: usize| {
            let pitch = tile[1] * cell + gap;
            let across = if columns == 1 {
                ((room.0 + gap) / pitch).clamp(1, rows.max(1))
            } else {
                columns
            };
            Self {
                tile,
                count,
                across,
                cell,
                gap,
            }
        };
        let fits = |tiles: &Self| {
            let (width, height) = tiles.size();
            width <= room.0 && height <= room.1
        };
        let (least, most) = cells;
        (least..=most)
            .rev()
            .map(with)
            .find(fits)
            .unwrap_or_else(|| with(least))
    }

    /// Width and height in device pixels.
    pub fn size(&self) -> (usize, usize) {
        let along = |tiles: usize, weights: usize| {
            (tiles * (weights * self.cell + self.gap)).saturating_sub(self.gap)
        };
        let rows = self.count.div_ceil(self.across.max(1));
        (along(self.across, self.tile[1]), along(rows, self.tile[0]))
    }

    /// The square of a weight.
    pub fn rect(&self, index: usize) -> Rect {
        let area = self.tile[0] * self.tile[1];
        let (tile, within) = (index / area, index % area);
        let place = |tile: usize, weights: usize, weight: usize| {
            tile * (weights * self.cell + self.gap) + weight * self.cell
        };
        Rect {
            x: place(tile % self.across, self.tile[1], within % self.tile[1]),
            y: place(tile / self.across, self.tile[0], within / self.tile[1]),
            width: self.cell,
            height: self.cell,
        }
    }

    /// The weight at a device pixel; the nearest one where it points between tiles.
    pub fn hit(&self, x: f64, y: f64) -> Option<usize> {
        let (width, height) = self.size();
        if !(0.0..width as f64).contains(&x) || !(0.0..height as f64).contains(&y) {
            return None;
        }
        let along = |at: f64, weights: usize| {
            let pitch = weights * self.cell + self.gap;
            (
                at as usize / pitch,
                (at as usize % pitch / self.cell).min(weights - 1),
            )
        };
        let ((column, x), (row, y)) = (along(x, self.tile[1]), along(y, self.tile[0]));
        let tile = row * self.across + column;
        (tile < self.count).then(|| (tile * self.tile[0] + y) * self.tile[1] + x)
    }

    /// The weight some squares to the right and below, across tiles; the same one at the picture's edge.
    pub fn step(&self, index: usize, columns: isize, rows: isize) -> usize {
        let area = self.tile[0] * self.tile[1];
        let (tile, within) = (index / area, index % area);
        let x = tile % self.across * self.tile[1] + within % self.tile[1];
        let y = tile / self.across * self.tile[0] + within / self.tile[1];
        let moved = || {
            let (x, y) = (x.checked_add_signed(columns)?, y.checked_add_signed(rows)?);
            let (column, row) = (x / self.tile[1], y / self.tile[0]);
            let tile = (column < self.across).then_some(row * self.across + column)?;
            (tile < self.count).then(|| tile * area + y % self.tile[0] * self.tile[1] + x % self.tile[1])
        };
        moved().unwrap_or(index)
    }

    /// Draws every weight in its colour.
    pub fn paint(&self, values: &[i16], colour: impl Fn(i16) -> u32) -> Pixels {
        let (width, height) = self.size();
        let mut pixels = Pixels::new(width, height);
        for (index, &value) in values.iter().enumerate() {
            pixels.fill(self.rect(index), colour(value));
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_where_it_is_found_again() {
        for (grid, tile) in [([3, 4], [2, 3]), ([7, 1], [5, 5]), ([4, 6], [1, 1])] {
            let tiles = Tiles::fit(tile, grid, (90, 90), (1, 8));
            let (width, height) = tiles.size();
            assert!(width <= 90 && height <= 90, "{tiles:?}");
            for index in 0..grid[0] * grid[1] * tile[0] * tile[1] {
                let Rect { x, y, .. } = tiles.rect(index);
                assert_eq!(tiles.hit(x as f64, y as f64), Some(index));
            }
        }
    }

    #[test]
    fn steps_lead_across_tiles_and_end_at_the_edge() {
        let tiles = Tiles::fit([2, 2], [2, 2], (100, 100), (1, 4));
        assert_eq!(tiles.step(0, 1, 0), 1);
        assert_eq!(tiles.step(1, 1, 0), 4, "the next tile");
        assert_eq!(tiles.step(2, 0, 1), 8, "the tile below");
        assert_eq!(tiles.step(0, -1, 0), 0);
        assert_eq!(tiles.step(15, 1, 1), 15);
    }

    #[test]
    fn what_fits_nowhere_is_drawn_as_small_as_it_can_be() {
        let tiles = Tiles::fit([1, 1], [500, 500], (100, 100), (2, 8));
        assert_eq!((tiles.cell, tiles.size()), (2, (1000, 1000)));
    }
}
