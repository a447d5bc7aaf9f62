//! Where a card stands beside what it points at, without covering it.

/// A rectangle of the window, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// The area that both have.
    pub fn overlap(&self, other: &Self) -> f64 {
        let along = |a: f64, a_len: f64, b: f64, b_len: f64| (a + a_len).min(b + b_len) - a.max(b);
        let width = along(self.x, self.width, other.x, other.width);
        let height = along(self.y, self.height, other.y, other.height);
        width.max(0.0) * height.max(0.0)
    }

    /// What lies above or below of `cover`, whichever is more, where `cover` hides a part of it: a ring around what
    /// can be seen of something that is higher than the room for it.
    pub fn without(&self, cover: &Self) -> Self {
        if self.overlap(cover) == 0.0 {
            return *self;
        }
        let (bottom, cover_bottom) = (self.y + self.height, cover.y + cover.height);
        let (above, below) = (cover.y - self.y, bottom - cover_bottom);
        let (y, height) = if above >= below {
            (self.y, above)
        } else {
            (cover_bottom, below)
        };
        Self {
            y,
            height: height.max(0.0),
            ..*self
        }
    }
}

/// Room to the window's border, and between card and ring.
const MARGIN: f64 = 8.0;
const GAP: f64 = 14.0;

/// What is known when a card looks for its place.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What it points at.
    pub target: Rect,
    /// The card's width and height.
    pub card: (f64, f64),
    /// What is free of the window: without a timeline that is docked, for instance.
    pub free: Rect,
}

/// The card's corner: right, left, below or above of its target, wherever it covers least of it.
pub fn place(of: Place) -> (f64, f64) {
    let Place {
        target,
        card: (width, height),
        free,
    } = of;
    let within =
        |at: f64, from: f64, room: f64, len: f64| at.min(from + room - len - MARGIN).max(from + MARGIN);
    let beside_y = target.y + (target.height - height).clamp(0.0, target.height) / 2.0;
    let below_x = target.x + (target.width - width) / 2.0;
    let candidates = [
        (target.x + target.width + GAP, beside_y),
        (target.x - width - GAP, beside_y),
        (below_x, target.y + target.height + GAP),
        (below_x, target.y - height - GAP),
    ];
    let corners = candidates.map(|(x, y)| {
        (
            within(x, free.x, free.width, width),
            within(y, free.y, free.height, height),
        )
    });
    let covered = |&(x, y): &(f64, f64)| Rect { x, y, width, height }.overlap(&target);
    let mut best = corners[0];
    for corner in &corners[1..] {
        if covered(corner) < covered(&best) {
            best = *corner;
        }
    }
    best
}

/// The card's corner where nothing has room beside it: at the bottom, or at the top if it covers less there.
pub fn dock(target: Rect, (width, height): (f64, f64), free: Rect) -> (f64, f64) {
    let x = free.x + (free.width - width) / 2.0;
    let (low, high) = (free.y + free.height - height - MARGIN, free.y + MARGIN);
    let covered = |y| Rect { x, y, width, height }.overlap(&target);
    if covered(high) < covered(low) {
        (x, high)
    } else {
        (x, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Rect = Rect {
        x: 0.0,
        y: 0.0,
        width: 1440.0,
        height: 820.0,
    };
    const CARD: (f64, f64) = (340.0, 220.0);

    fn covers(target: Rect) -> ((f64, f64), bool) {
        let (x, y) = place(Place {
            target,
            card: CARD,
            free: FREE,
        });
        let card = Rect {
            x,
            y,
            width: CARD.0,
            height: CARD.1,
        };
        let is_inside = x >= 0.0 && y >= 0.0 && x + CARD.0 <= FREE.width && y + CARD.1 <= FREE.height;
        assert!(is_inside, "{card:?}");
        ((x, y), card.overlap(&target) > 0.0)
    }

    #[test]
    fn it_stands_beside_what_it_points_at_and_inside_the_window() {
        let rects = [
            (300.0, 80.0, 120.0, 300.0),
            (1200.0, 80.0, 200.0, 300.0),
            (20.0, 400.0, 260.0, 60.0),
            (320.0, 400.0, 430.0, 380.0),
            (1000.0, 8.0, 200.0, 34.0),
            (0.0, 820.0, 1440.0, 80.0),
        ];
        for (x, y, width, height) in rects {
            let ((left, top), is_covering) = covers(Rect { x, y, width, height });
            assert!(!is_covering, "{x}, {y}: the card is at {left}, {top}");
        }
    }

    #[test]
    fn where_there_is_no_room_beside_it_covers_as_little_as_it_can() {
        let (_, is_covering) = covers(Rect {
            x: 300.0,
            y: 0.0,
            width: 1140.0,
            height: 800.0,
        });
        assert!(is_covering);
        let (corner, is_covering) = covers(Rect {
            x: 300.0,
            y: 60.0,
            width: 1140.0,
            height: 500.0,
        });
        assert!(!is_covering, "below there is room: {corner:?}");
    }

    #[test]
    fn on_a_narrow_window_it_is_docked_where_it_covers_less_and_the_ring_is_around_what_is_seen() {
        let free = Rect {
            x: 0.0,
            y: 130.0,
            width: 390.0,
            height: 614.0,
        };
        let card = (368.0, 260.0);
        let of = |y: f64, height: f64| Rect {
            x: 10.0,
            y,
            width: 370.0,
            height,
        };
        let ring = |target: Rect| {
            let (x, y) = dock(target, card, free);
            let card = Rect {
                x,
                y,
                width: card.0,
                height: card.1,
            };
            let seen = target.without(&card);
            assert_eq!(seen.overlap(&card), 0.0, "{target:?}");
            (y, seen)
        };
        // What fits above it, what lies low, and what is higher than the room that is left.
        assert_eq!(ring(of(138.0, 300.0)), (476.0, of(138.0, 300.0)));
        assert_eq!(ring(of(500.0, 100.0)), (138.0, of(500.0, 100.0)));
        assert_eq!(ring(of(138.0, 450.0)), (476.0, of(138.0, 338.0)));
    }
}
