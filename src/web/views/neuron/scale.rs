//! The common time axis of the bench: a column before the first step, one for each step of the window, and one
//! for each digit that is fired in the next.

use crate::explore::Provenance;
use crate::web::worker::{NetworkView, RunView};

/// How many columns there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Steps of the window.
    pub steps: usize,
    /// Digits that are fired; 0 at a real output.
    pub fired: usize,
}

impl Columns {
    /// Of a neuron that fires codes of so many digits.
    pub fn of(told: &Provenance, fired: usize) -> Self {
        let steps = told.dendrites.iter().map(|dendrite| dendrite.steps.len()).max();
        Self {
            steps: steps.unwrap_or(0),
            fired,
        }
    }

    /// All of them.
    pub fn count(self) -> usize {
        1 + self.steps + self.fired
    }

    /// The first column of what is fired.
    pub fn first_fired(self) -> usize {
        1 + self.steps
    }

    /// Steps that are done at a column.
    pub fn done(self, column: usize) -> usize {
        column.min(self.steps)
    }
}

/// Where columns lie in the run's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The columns.
    pub columns: Columns,
    /// The first step of the layer's window.
    first: usize,
    /// The first step of the window in which its codes are heard; `None` if nobody hears them.
    heard: Option<usize>,
}

impl Clock {
    /// Of a layer of a run.
    pub fn of(network: &NetworkView, run: &RunView, layer: usize, columns: Columns) -> Self {
        let first = |index: usize| run.trace.windows.iter().take(index).map(|w| w.steps()).sum();
        let target = network.layers.get(layer).map(|layer| layer.target);
        let listens = |other: &crate::web::worker::LayerView| {
            target.is_some_and(|target| other.sources.iter().flatten().any(|source| *source == target))
        };
        Self {
            columns,
            first: first(layer),
            heard: network.layers.iter().position(listens).map(first),
        }
    }

    /// The column of a time step.
    pub fn column(self, step: usize) -> usize {
        let Columns { steps, fired, .. } = self.columns;
        if step < self.first {
            return 0;
        }
        match self.heard.and_then(|heard| step.checked_sub(heard)) {
            Some(since) if fired > 0 => steps + 1 + since.min(fired - 1),
            _ => (1 + step - self.first).min(steps),
        }
    }

    /// The time step of a column. What nobody hears has none of its own, and the one before the first step is
    /// that before the window.
    pub fn step(self, column: usize) -> usize {
        let Columns { steps, .. } = self.columns;
        if column <= steps {
            return (self.first + column).saturating_sub(1);
        }
        match self.heard {
            Some(heard) => heard + column - steps - 1,
            None => (self.first + steps).saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::words::tests::{network, run};
    use super::*;

    const COLUMNS: Columns = Columns { steps: 4, fired: 4 };

    #[test]
    fn a_hidden_layer_s_columns_go_on_in_the_window_of_its_listener() {
        let clock = Clock::of(&network(), &run(), 0, COLUMNS);
        let columns: Vec<usize> = (0..8).map(|step| clock.column(step)).collect();
        assert_eq!(columns, [1, 2, 3, 4, 5, 6, 7, 8]);
        for step in 0..8 {
            assert_eq!(clock.step(clock.column(step)), step);
        }
        assert_eq!(clock.step(0), 0, "there is nothing before the first step");
    }

    #[test]
    fn the_last_layer_s_code_is_heard_by_nobody() {
        let clock = Clock::of(&network(), &run(), 1, COLUMNS);
        let columns: Vec<usize> = (2..8).map(|step| clock.column(step)).collect();
        assert_eq!(columns, [0, 0, 1, 2, 3, 4]);
        assert_eq!((clock.step(0), clock.step(1)), (3, 4));
        assert_eq!(clock.step(6), 7);
    }

    #[test]
    fn columns_hold_the_start_the_window_and_the_code() {
        assert_eq!((COLUMNS.count(), COLUMNS.first_fired()), (9, 5));
        assert_eq!((COLUMNS.done(0), COLUMNS.done(3), COLUMNS.done(8)), (0, 3, 4));
    }
}
