//! Why a network does not fit, and what would make it fit.

use super::Limit;
use crate::chip::spec::ChipError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a network does not fit on a chip.
#[derive(Debug, PartialEq, Eq, Clone, Serialize, Deserialize)]
pub enum MappingError {
    /// The chip itself cannot be used.
    Chip(String),
    /// More cores are needed than there are.
    TooFewCores {
        /// Cores needed, small slices together on one.
        needed: usize,
        /// Neurons that a core holds, if that is known.
        capacity: Option<u64>,
        /// Cores that there are.
        available: usize,
        /// The layer that takes most of them, how many, and the limit that keeps more of it from one core with
        /// what is allowed.
        most: Option<Most>,
    },
    /// One layer, or the whole network, needs more of something than there is.
    Exceeded {
        /// Of what.
        limit: Limit,
        /// The layer (or the input's tensor); `None` for the whole network.
        layer: Option<String>,
        /// What it needs.
        found: u64,
        /// What there is.
        allowed: u64,
        /// What would help.
        remedies: Vec<Remedy>,
    },
}

/// The layer that takes most cores.
#[derive(Debug, PartialEq, Eq, Clone, Serialize, Deserialize)]
pub struct Most {
    /// Its name.
    pub layer: String,
    /// Its slices.
    pub slices: usize,
    /// What keeps more of it from one core, and what a core has of that.
    pub limit: Option<(Limit, u64)>,
}

/// Something that would help a network that does not fit.
#[derive(Debug, PartialEq, Eq, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Weights of so many bits.
    WeightBits(u64),
    /// Weights of fewer bits.
    NarrowerWeights,
    /// A membrane register of so many bits.
    RegisterBits(u64),
    /// Constants of so many bits.
    BiasBits(u64),
    /// Spikes without signs.
    UnsignedSpikes,
    /// One packet for all cores.
    Multicast,
    /// Nothing on this chip: inputs cannot be shared out among more cores.
    CannotSplit,
    /// Fewer neurons or weights.
    SmallerNetwork,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WeightBits(bits) => write!(f, "quantize weights to {bits} bits"),
            Self::NarrowerWeights => f.write_str("quantize weights to fewer bits"),
            Self::RegisterBits(bits) => write!(f, "set the membrane register to {bits} bits"),
            Self::BiasBits(bits) => write!(f, "fit the bias to {bits} bits"),
            Self::UnsignedSpikes => {
                f.write_str("send codes as plain bits, for each signed spike takes two axons here")
            }
            Self::Multicast => f.write_str("send multicast packets, or take larger cores"),
            Self::CannotSplit => {
                f.write_str("take larger cores, for its inputs cannot be shared out among more of them")
            }
            Self::SmallerNetwork => f.write_str("take a larger chip or a smaller network"),
        }
    }
}

impl From<ChipError> for MappingError {
    fn from(error: ChipError) -> Self {
        Self::Chip(error.to_string())
    }
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chip(problem) => f.write_str(problem),
            Self::TooFewCores {
                needed,
                capacity,
                available,
                most,
            } => {
                write!(f, "the network needs {needed} cores")?;
                if let Some(capacity) = capacity {
                    write!(f, " of {capacity} neurons")?;
                }
                write!(f, ", but the chip has {available}")?;
                if let Some(Most { layer, slices, limit }) = most {
                    write!(f, "; '{layer}' takes {slices} of them")?;
                    if let Some((limit, allowed)) = limit {
                        write!(f, ", for {} are limited to {allowed}", limit.label())?;
                    }
                }
                let missing = needed.saturating_sub(*available);
                write!(f, "; take a chip with {missing} more, or larger cores")
            }
            Self::Exceeded {
                limit,
                layer,
                found,
                allowed,
                remedies,
            } => {
                match layer {
                    Some(layer) => write!(f, "'{layer}' needs {found} {}", limit.label())?,
                    None => write!(f, "the network needs {found} {}", limit.label())?,
                }
                write!(
                    f,
                    ", {} more than the chip's {allowed}",
                    found.saturating_sub(*allowed)
                )?;
                for (index, remedy) in remedies.iter().enumerate() {
                    write!(f, "{} {remedy}", if index == 0 { ";" } else { ", or" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for MappingError {}
