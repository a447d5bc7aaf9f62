//! Looking for places where spikes travel few hops.

use crate::chip::{Annealer, Annealing, Limits, LoadMeter, Mapping, Router};
use crate::quantize::QuantizedNetwork;
use crate::simulate::Simulator;
use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Measures on samples how many spikes go from core to core, then looks for the places where they travel the
/// fewest hops, step by step, so that whoever waits can do other things in between, show how far it has come,
/// and stop at any time: dropping the meter cancels it.
///
/// Every step is short: one sample, or some thousand moves ([`MOVES`]). Where it ends does not depend on how
/// often it was interrupted.
#[derive(Debug)]
pub struct PlacementMeter {
    spiking: Rc<SpikingNetwork>,
    limits: Limits,
    router: Rc<Router>,
    meter: LoadMeter,
    simulator: Simulator,
    /// Input codes of the samples, one after the other.
    codes: Vec<i32>,
    len: usize,
    measured: usize,
    annealer: Option<Annealer>,
}

/// How far a [`PlacementMeter`] has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementProgress {
    /// Samples measured.
    pub samples: usize,
    /// Samples to measure.
    pub of_samples: usize,
    /// Moves and hops; `None` as long as samples are measured. Hops are those of all samples together.
    pub annealing: Option<Annealing>,
}

impl PlacementProgress {
    /// From 0 to 1: measuring counts as a third.
    pub fn fraction(&self) -> f64 {
        let of = |done: u64, total: u64| done as f64 / total.max(1) as f64;
        match self.annealing {
            None => of(self.samples as u64, self.of_samples as u64) / 3.0,
            Some(annealing) => (1.0 + 2.0 * of(annealing.done, annealing.total)) / 3.0,
        }
    }
}

/// Moves of one step: about a millisecond.
pub const MOVES: u64 = 4000;

/// The generator's seed: the same network, settings and samples lead to the same places.
const SEED: u64 = 1;

impl PlacementMeter {
    /// Begins with a mapping's router, for input codes of samples that lie end to end.
    pub fn new(
        network: &QuantizedNetwork,
        spiking: Rc<SpikingNetwork>,
        router: Rc<Router>,
        limits: Limits,
        codes: Vec<i32>,
    ) -> Self {
        Self {
            meter: LoadMeter::new(&spiking, &router),
            simulator: Simulator::new(network),
            len: network.input().len().max(1),
            measured: 0,
            annealer: None,
            spiking,
            limits,
            router,
            codes,
        }
    }

    /// Takes a step. Says whether any are left.
    pub fn step(&mut self) -> bool {
        if let Some(input) = self.codes.chunks_exact(self.len).nth(self.measured) {
            self.simulator.run(&self.spiking, input, &mut ());
            self.meter.add(&self.simulator, &self.router);
            self.measured += 1;
            return true;
        }
        let annealer = self.annealer.get_or_insert_with(|| {
            let flows = self.meter.flows(&self.router);
            Annealer::new(self.router.mapping().clone(), &self.limits, &flows, SEED)
        });
        !annealer.step(MOVES).is_done()
    }

    /// How far it has come.
    pub fn progress(&self) -> PlacementProgress {
        PlacementProgress {
            samples: self.measured,
            of_samples: self.codes.len() / self.len,
            annealing: self.annealer.as_ref().map(Annealer::progress),
        }
    }

    /// The best places so far; before any move those that it began with.
    pub fn best(&self) -> Mapping {
        match &self.annealer {
            Some(annealer) => annealer.best(),
            None => self.router.mapping().clone(),
        }
    }

    /// The same with all routes.
    pub fn router(&self) -> Router {
        Router::new(&self.spiking, self.best())
    }
}
