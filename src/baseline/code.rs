//! The codes by their rules.

use serde::{Deserialize, Serialize};

/// What a neuron's membrane does when it fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reset {
    /// V ← V − θ: nothing is lost (Rueckauer et al. 2017).
    #[default]
    Soft,
    /// V ← 0: what lies above the threshold is lost (Diehl et al. 2015).
    Hard,
}

/// Integrate-and-fire neurons whose rate stands for a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// What happens to the membrane when it fires.
    pub reset: Reset,
    /// Whether membranes start at θ/2 instead of 0, which rounds rates instead of cutting them off.
    pub half_start: bool,
    /// Whether a neuron that has fired may take a spike back by one of the other sign (Hu et al. 2023).
    pub signed: bool,
}

impl Rate {
    /// The neuron of Fast-SNN: signed, started at θ/2. After T = 2^b − 1 steps it has a b-bit
    /// activation's levels.
    pub const FAST: Self = Self {
        reset: Reset::Soft,
        half_start: true,
        signed: true,
    };
}

/// How numbers travel as spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Spikes per time step; the input is a constant current.
    Rate(Rate),
    /// A spike in phase p weighs 2^−(1+p), over and over; the input's binary digits are its spikes.
    Phase {
        /// Time steps of a period P, 1 to 24.
        period: u32,
    },
    /// One spike at most, the earlier the larger the number; each population has a window to itself.
    FirstSpike {
        /// Time steps of a window T, from 1.
        window: u32,
    },
}

impl Code {
    /// The largest period of a phase code: more digits than that a 32-bit number does not have.
    pub const LONGEST_PERIOD: u32 = 24;

    /// Time steps from the first input to the last answer, for `steps` steps (of a window, where each
    /// population has one to itself) through `depth` populations one behind the other.
    pub fn latency(self, steps: u32, depth: usize) -> u64 {
        match self {
            Self::Rate(_) | Self::Phase { .. } => u64::from(steps),
            Self::FirstSpike { .. } => u64::from(steps) * (depth as u64 + 1),
        }
    }
}
