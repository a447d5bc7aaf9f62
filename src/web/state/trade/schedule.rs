//! Who counts which point: whoever is free takes the next one.

use super::Sweep;
use crate::quantize::post_training::Quantization;
use std::collections::VecDeque;

/// How often a point is handed out again to another worker after one broke over it.
const TRIES: u8 = 2;

/// The points that are still to be counted, and what each worker is at.
#[derive(Debug, Default)]
pub struct Schedule {
    /// Points to hand out, with what decides about the network of integers.
    waiting: VecDeque<(usize, Quantization)>,
    /// For every worker, the point that it is at.
    busy: Vec<Option<(usize, Quantization)>>,
    /// For every worker, the network of integers that it has.
    at_hand: Vec<Option<Quantization>>,
    /// How often a worker broke over a point.
    broken: Vec<u8>,
}

impl Schedule {
    /// The points of a sweep that are not done, for so many workers. They come in an order that fills the map evenly,
    /// the coarse picture first.
    pub fn new(sweep: &Sweep, with_cost: bool, workers: usize) -> Self {
        let order = evenly(
            &sweep
                .axes
                .iter()
                .map(|axis| axis.values.len())
                .collect::<Vec<_>>(),
        );
        // Where combinations that exclude each other are left out, places in the grid are not those of points.
        let places = if order.len() == sweep.points.len() {
            order
        } else {
            (0..sweep.points.len()).collect()
        };
        let waiting = places
            .into_iter()
            .filter(|&point| !sweep.is_done(point, with_cost));
        Self {
            waiting: waiting
                .map(|point| (point, sweep.points[point].settings.quantization))
                .collect(),
            busy: vec![None; workers],
            at_hand: vec![None; workers],
            broken: vec![0; sweep.points.len()],
        }
    }

    /// The next point for a worker that is free: one of the network that it has, or else of one that nobody is at.
    pub fn next(&mut self, worker: usize) -> Option<usize> {
        if worker >= self.busy.len() || self.busy[worker].is_some() {
            return None;
        }
        let own = self.at_hand[worker];
        let is_elsewhere = |key: Quantization| self.at_hand.contains(&Some(key));
        let find = |fits: &dyn Fn(Quantization) -> bool| self.waiting.iter().position(|&(_, key)| fits(key));
        let place = find(&|key| Some(key) == own).or_else(|| find(&|key| !is_elsewhere(key)));
        let taken = self.waiting.remove(place.unwrap_or(0))?;
        self.busy[worker] = Some(taken);
        self.at_hand[worker] = Some(taken.1);
        Some(taken.0)
    }

    /// A worker is done with its point.
    pub fn done(&mut self, worker: usize) {
        if let Some(busy) = self.busy.get_mut(worker) {
            *busy = None;
        }
    }

    /// A worker broke: its point is handed out again, unless others broke over it before; then it is given back here.
    pub fn lost(&mut self, worker: usize) -> Option<usize> {
        let lost = self.busy.get_mut(worker)?.take()?;
        self.at_hand[worker] = None;
        let tries = self.broken.get_mut(lost.0)?;
        *tries += 1;
        if *tries >= TRIES {
            return Some(lost.0);
        }
        self.waiting.push_front(lost);
        None
    }

    /// Whether nothing is waiting and nobody is busy.
    pub fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.busy.iter().all(Option::is_none)
    }

    /// What a worker is at.
    pub fn point_of(&self, worker: usize) -> Option<usize> {
        self.busy.get(worker)?.map(|(point, _)| point)
    }
}

/// The places of a grid, the last axis changing fastest, in an order that spreads over every axis: ends and middles
/// first, then what lies between.
fn evenly(lengths: &[usize]) -> Vec<usize> {
    let levels: Vec<Vec<u32>> = lengths.iter().map(|&length| levels(length)).collect();
    let total: usize = lengths.iter().product();
    let level_of = |mut place: usize| {
        let mut level = 0;
        for axis in levels.iter().rev() {
            level = level.max(axis[place % axis.len()]);
            place /= axis.len();
        }
        level
    };
    let mut places: Vec<usize> = (0..total).collect();
    places.sort_by_key(|&place| level_of(place));
    places
}

/// How often an axis is halved until each of its places is met: 0 for its ends.
fn levels(length: usize) -> Vec<u32> {
    let mut levels = vec![u32::MAX; length];
    let (mut parts, mut level) = (1, 0);
    while levels.contains(&u32::MAX) {
        for part in 0..=parts {
            let place = part * length.saturating_sub(1) / parts;
            levels[place] = levels[place].min(level);
        }
        (parts, level) = (parts * 2, level + 1);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::super::Point;
    use super::*;
    use crate::explore::{Axis, Grid};
    use crate::settings::Settings;
    use std::rc::Rc;

    fn sweep(axes: &[&str]) -> Sweep {
        let axes: Vec<Axis> = axes.iter().map(|axis| Axis::parse(axis).expect(axis)).collect();
        let grid = Grid::new(axes.clone(), Settings::default()).expect("a grid");
        Sweep {
            model: 1,
            identity: String::new(),
            axes,
            samples: 10,
            own: None,
            points: grid
                .points()
                .iter()
                .map(|point| Rc::new(Point::new(*point, grid.values(point))))
                .collect(),
        }
    }

    #[test]
    fn every_point_is_handed_out_once_whoever_is_free_first() {
        for workers in 1..5 {
            let sweep = sweep(&["register-bits=8..14", "rounding=floor,half-up,half-even"]);
            let mut schedule = Schedule::new(&sweep, false, workers);
            let mut seen = Vec::new();
            // Workers of different speed: worker w is done after w + 1 rounds.
            for round in 1..1000 {
                for worker in (0..workers).filter(|worker| round % (worker + 1) == 0) {
                    schedule.done(worker);
                    seen.extend(schedule.next(worker));
                }
                if schedule.is_over() {
                    break;
                }
            }
            seen.sort_unstable();
            assert_eq!(
                seen,
                (0..sweep.points.len()).collect::<Vec<_>>(),
                "{workers} workers"
            );
        }
    }

    #[test]
    fn ends_and_middles_come_first() {
        assert_eq!(levels(7), [0, 2, 3, 1, 2, 3, 0]);
        assert_eq!(levels(1), [0]);
        let first: Vec<usize> = evenly(&[7, 7]).into_iter().take(9).collect();
        assert_eq!(first, [0, 6, 42, 48, 3, 21, 24, 27, 45]);
    }

    #[test]
    fn a_worker_stays_with_the_network_that_it_has() {
        let sweep = sweep(&["weight-bits=2..5", "rounding=floor,half-up,half-even"]);
        let mut schedule = Schedule::new(&sweep, false, 2);
        let bits =
            |point: Option<usize>| point.map(|point| sweep.points[point].settings.quantization.weight_bits);
        let (first, second) = (bits(schedule.next(0)), bits(schedule.next(1)));
        assert_ne!(first, second);
        for _ in 0..2 {
            schedule.done(0);
            assert_eq!(bits(schedule.next(0)), first);
        }
    }

    #[test]
    fn a_point_over_which_a_worker_broke_is_tried_once_more() {
        let sweep = sweep(&["register-bits=8..9", "rounding=floor"]);
        let mut schedule = Schedule::new(&sweep, false, 2);
        let point = schedule.next(0);
        assert_eq!(schedule.lost(0), None);
        assert_eq!(schedule.next(1), point);
        assert_eq!(schedule.lost(1), point);
        assert_ne!(schedule.next(1), point);
        assert_eq!(schedule.lost(0), None);
    }

    #[test]
    fn what_is_counted_already_is_not_handed_out() {
        let mut sweep = sweep(&["register-bits=8..9", "rounding=floor"]);
        Rc::make_mut(&mut sweep.points[0]).problem = Some("it is too narrow".into());
        let mut schedule = Schedule::new(&sweep, false, 1);
        assert_eq!(schedule.next(0), Some(1));
        schedule.done(0);
        assert_eq!(schedule.next(0), None);
        assert!(schedule.is_over());
    }
}
