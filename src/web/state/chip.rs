//! What is known of the chip beyond its traffic, and what it is compared with.

use super::{Shown, State};
use crate::chip::Fit;
use crate::chip::spec::Chip;
use crate::web::view::View;
use crate::web::worker::{ChipFigures, ChipPart, ChipTime, Epoch, RunView};
use std::rc::Rc;

/// What is known of the chip that a run was on.
#[derive(Clone, Default)]
pub struct KnownChip {
    /// The run that figures and times are of.
    run: Option<Rc<RunView>>,
    /// The chip.
    pub chip: Option<Rc<Chip>>,
    figures: Option<Rc<ChipFigures>>,
    time: Option<Rc<Result<ChipTime, String>>>,
    /// Whether the network fits on each preset, as it was last found out.
    pub fits: Option<Rc<Vec<Fit>>>,
}

impl PartialEq for KnownChip {
    fn eq(&self, other: &Self) -> bool {
        fn same<T>(a: &Option<Rc<T>>, b: &Option<Rc<T>>) -> bool {
            a.as_ref().map(Rc::as_ptr) == b.as_ref().map(Rc::as_ptr)
        }
        same(&self.run, &other.run)
            && same(&self.chip, &other.chip)
            && same(&self.figures, &other.figures)
            && same(&self.time, &other.time)
            && same(&self.fits, &other.fits)
    }
}

impl KnownChip {
    fn is_of(&self, run: &Rc<RunView>) -> bool {
        self.run.as_ref().is_some_and(|known| Rc::ptr_eq(known, run))
    }

    /// Costs and neighbours of a run; `None` while they are worked out.
    pub fn figures(&self, run: &Rc<RunView>) -> Option<&Rc<ChipFigures>> {
        self.figures.as_ref().filter(|_| self.is_of(run))
    }

    /// Times of a run, or why they are not known; `None` while they are worked out.
    pub fn time(&self, run: &Rc<RunView>) -> Option<&Rc<Result<ChipTime, String>>> {
        self.time.as_ref().filter(|_| self.is_of(run))
    }
}

/// Where a neuron's spikes go.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteTo {
    /// The neuron, as (tensor, neuron).
    pub spike: (usize, usize),
    /// Cores, in ascending order.
    pub cores: Rc<Vec<usize>>,
}

/// What the chip is compared with.
#[derive(Clone)]
pub struct Pinned {
    /// The run and its network.
    pub shown: Shown,
    /// What was known of its chip.
    pub known: KnownChip,
}

impl State {
    pub(super) fn take_chip(&mut self, epoch: Epoch, part: ChipPart) {
        let is_asked = self.asked.as_ref().is_some_and(|asked| asked.epoch == epoch);
        let Some(shown) = self.shown.as_ref().filter(|_| is_asked) else {
            return;
        };
        if !self.known_chip.is_of(&shown.run) {
            self.known_chip = KnownChip {
                run: Some(shown.run.clone()),
                chip: self.known_chip.chip.take(),
                fits: self.known_chip.fits.take(),
                ..KnownChip::default()
            };
        }
        let known = &mut self.known_chip;
        match part {
            ChipPart::Chip(chip) => known.chip = Some(Rc::new(*chip)),
            ChipPart::Figures(figures) => known.figures = Some(Rc::new(*figures)),
            ChipPart::Placing(progress) => self.placing = Some(progress),
            ChipPart::Fits(fits) => known.fits = Some(Rc::new(fits)),
            ChipPart::Time(time) => known.time = Some(Rc::new(time.map(|time| *time))),
        }
    }

    /// The neuron whose targets the worker should be asked for, with the run's number; it has to know the run's chip.
    pub fn route_question(&self) -> Option<(Epoch, (usize, usize))> {
        let (shown, asked) = (self.shown.as_ref()?, self.asked.as_ref()?);
        let spike = self.selection.spike.filter(|_| self.view == View::Chip)?;
        self.known_chip.figures(&shown.run)?;
        Some((asked.epoch, spike))
    }

    pub(super) fn pin(&mut self, pins: bool) {
        let shown = self.shown.clone().filter(|_| pins);
        self.pinned = shown.map(|shown| {
            let known = self.known_chip.clone();
            Rc::new(Pinned { shown, known })
        });
    }
}
