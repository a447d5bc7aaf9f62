//! The chip that a command lays networks onto.

use super::error::CliError;
use super::{args, files};
use crate::chip::spec::Chip;
use crate::chip::{Annealer, Annealing, Limits, LoadMeter, Mapping, Placement, Router, lay};
use crate::settings::Settings;
use crate::spiking::SpikingNetwork;
use clap::ArgMatches;

/// Cores to be filled with neurons, and what is known of them.
pub(super) struct Floor {
    /// The chip, changed as settings say.
    pub(super) chip: Chip,
    limits: Limits,
}

/// Moves of annealing between two words on how far it is.
const MOVES: u64 = 10_000;
/// The seed of annealing: the same network on the same chip is placed the same.
const SEED: u64 = 1;

impl Floor {
    /// What the flags say.
    ///
    /// # Errors
    /// If the chip's file cannot be used, settings don't go together with it, or what must be known of it isn't.
    pub(super) fn chosen(matches: &ArgMatches, settings: &Settings) -> Result<Self, CliError> {
        let own = match args::path_of(matches, "chip-file") {
            Some(path) => Some(files::chip(&path)?),
            None => None,
        };
        let chip = settings.chip.chip(own.as_ref());
        Self::of(chip.map_err(|error| CliError::Usage(error.to_string()))?)
    }

    /// A chip as it is.
    ///
    /// # Errors
    /// If what must be known of it isn't.
    pub(super) fn of(chip: Chip) -> Result<Self, CliError> {
        let limits = Limits::of(&chip).map_err(|error| CliError::Unmapped(error.to_string()))?;
        Ok(Self { chip, limits })
    }

    /// Lays a network onto it.
    ///
    /// # Errors
    /// Why it doesn't fit.
    pub(super) fn lay(&self, network: &SpikingNetwork, settings: &Settings) -> Result<Mapping, CliError> {
        let laid = lay(network, &self.limits, &settings.chip.mapping, &[]);
        laid.map(|laid| laid.mapping)
            .map_err(|error| CliError::Unmapped(error.to_string()))
    }

    /// A placement with fewer hops for what was counted on another one; `tell` hears how far it is.
    pub(super) fn anneal(
        &self,
        meter: &LoadMeter,
        router: &Router,
        mut tell: impl FnMut(&Annealing),
    ) -> Mapping {
        let flows = meter.flows(router);
        let mut annealer = Annealer::new(router.mapping().clone(), &self.limits, &flows, SEED);
        while !annealer.progress().is_done() {
            tell(&annealer.step(MOVES));
        }
        annealer.best()
    }

    /// Whether settings ask for that.
    pub(super) fn is_annealed(settings: &Settings) -> bool {
        settings.chip.mapping.placement == Placement::Annealed
    }
}
