//! Which neurons share a core, and where that core is.

use super::ChipConfig;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use thiserror::Error;

/// Neurons of one tensor that live on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The tensor (input, or output of a layer), by its index in the network.
    pub tensor: usize,
    /// Its neurons on this core.
    pub neurons: Range<usize>,
}

/// Every neuron on exactly one core: tensors in running order, cores in row-major order, every
/// tensor beginning on a new core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The mesh.
    pub chip: ChipConfig,
    /// What each used core holds; core i is `slices[i]`, later cores are empty.
    pub slices: Vec<Slice>,
    /// First core of each tensor.
    pub first_core: Vec<usize>,
}

/// Why a network does not fit on a chip.
#[derive(Debug, Error, PartialEq, Eq, Clone, Serialize, Deserialize)]
pub enum MappingError {
    /// More cores are needed than there are.
    #[error(
        "the network needs {needed} cores of {capacity} neurons, but the mesh has {available} ({width} × {height}); enlarge the mesh or put more neurons on a core"
    )]
    TooFewCores {
        /// Cores needed.
        needed: usize,
        /// Neurons that a core holds.
        capacity: u32,
        /// Cores on the mesh.
        available: usize,
        /// Cores in a row.
        width: u16,
        /// Rows.
        height: u16,
    },
}

impl Mapping {
    /// Places tensors with the given numbers of neurons, in order.
    ///
    /// # Errors
    /// [`MappingError::TooFewCores`] if the mesh has too few cores.
    pub fn in_order(chip: ChipConfig, tensors: &[usize]) -> Result<Self, MappingError> {
        let capacity = chip.neurons_per_core as usize;
        let mut slices = Vec::new();
        let mut first_core = Vec::with_capacity(tensors.len());
        let needed = tensors.iter().map(|n| n.div_ceil(capacity)).sum();
        if needed > chip.cores() {
            return Err(MappingError::TooFewCores {
                needed,
                capacity: chip.neurons_per_core,
                available: chip.cores(),
                width: chip.width,
                height: chip.height,
            });
        }
        for (tensor, &neurons) in tensors.iter().enumerate() {
            first_core.push(slices.len());
            for from in (0..neurons).step_by(capacity) {
                slices.push(Slice {
                    tensor,
                    neurons: from..(from + capacity).min(neurons),
                });
            }
        }
        Ok(Self {
            chip,
            slices,
            first_core,
        })
    }

    /// The core of a neuron.
    pub fn core_of(&self, tensor: usize, neuron: usize) -> usize {
        self.first_core[tensor] + neuron / self.chip.neurons_per_core as usize
    }

    /// Number of cores in use.
    pub fn used(&self) -> usize {
        self.slices.len()
    }
}
