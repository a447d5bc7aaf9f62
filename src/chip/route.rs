//! Dimension-ordered routing: along X first, then along Y.

use super::{ChipConfig, Direction};

/// The links that a packet uses, as (core that it leaves, direction).
#[derive(Clone, Debug)]
pub struct Route {
    at: (usize, usize),
    to: (usize, usize),
    width: usize,
}

impl Route {
    /// The way from one core to another.
    pub fn new(chip: &ChipConfig, from: usize, to: usize) -> Self {
        Self {
            at: chip.position(from),
            to: chip.position(to),
            width: usize::from(chip.width),
        }
    }
}

impl Iterator for Route {
    type Item = (usize, Direction);

    fn next(&mut self) -> Option<Self::Item> {
        let (x, y) = self.at;
        let direction = match self.to {
            (to, _) if to > x => Direction::East,
            (to, _) if to < x => Direction::West,
            (_, to) if to > y => Direction::South,
            (_, to) if to < y => Direction::North,
            _ => return None,
        };
        self.at = match direction {
            Direction::East => (x + 1, y),
            Direction::West => (x - 1, y),
            Direction::South => (x, y + 1),
            Direction::North => (x, y - 1),
        };
        Some((y * self.width + x, direction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_go_along_x_before_they_go_along_y() {
        let chip = ChipConfig {
            width: 4,
            height: 3,
            neurons_per_core: 1,
        };
        let route: Vec<_> = Route::new(&chip, 1, 11).collect();
        let east = Direction::East;
        let south = Direction::South;
        assert_eq!(route, [(1, east), (2, east), (3, south), (7, south)]);
        let back: Vec<_> = Route::new(&chip, 11, 1).collect();
        assert_eq!(
            back,
            [
                (11, Direction::West),
                (10, Direction::West),
                (9, Direction::North),
                (5, Direction::North)
            ]
        );
    }

    proptest! {
        #[test]
        fn a_route_is_as_long_as_the_manhattan_distance(w in 1u16..20, h in 1u16..20, a in 0usize..400, b in 0usize..400) {
            let chip = ChipConfig { width: w, height: h, neurons_per_core: 1 };
            let (a, b) = (a % chip.cores(), b % chip.cores());
            let ((ax, ay), (bx, by)) = (chip.position(a), chip.position(b));
            prop_assert_eq!(Route::new(&chip, a, b).count(), ax.abs_diff(bx) + ay.abs_diff(by));
        }
    }
}
