//! Which neurons share a core, and where that core is.

mod anneal;
mod demand;
mod error;
mod lay;
mod limits;
mod partition;
mod place;
mod problems;
mod volume;
mod widths;
mod wires;

pub use anneal::{Annealer, Annealing};
pub use demand::Demand;
pub(super) use demand::channels_of_part;
pub use error::{MappingError, Most, Remedy};
pub use lay::{Laid, lay};
pub(super) use lay::{lay_out, tensor_name};
pub use limits::{InputFrom, Limit, Limits};
pub(super) use problems::problems;
pub use volume::volumes;
pub(super) use volume::wiring;

use super::{Routing, Topology};
use crate::graph::Volume;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How a spike reaches several cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Delivery {
    /// A packet for each of them.
    #[default]
    Unicast,
    /// One packet, copied where their ways part.
    Multicast,
}

/// How a tensor's neurons are divided among cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// Whole channels together, as far as a core holds one.
    Channels,
    /// All channels of a tile of positions together.
    Tiles,
    /// Some channels of a tile.
    #[default]
    Both,
}

/// What a partition makes small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Minimize {
    /// Cores, and among equals packets.
    #[default]
    Cores,
    /// Packets, and among equals cores.
    Traffic,
}

/// In which order cores are filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Row by row.
    #[default]
    RowMajor,
    /// Row by row, every other row backwards.
    Serpentine,
    /// Along a Hilbert curve.
    Hilbert,
    /// Where hops are fewest, by simulated annealing on measured traffic.
    Annealed,
}

/// How a network is laid onto a chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MappingOptions {
    /// How tensors are divided.
    pub partition: Partition,
    /// What that makes small.
    pub minimize: Minimize,
    /// Where cores are.
    pub placement: Placement,
    /// Which way packets take on a mesh.
    pub routing: Routing,
    /// How a spike reaches several cores.
    pub delivery: Delivery,
}

/// A box of neurons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its channels.
    pub channels: Range<usize>,
    /// Its rows.
    pub rows: Range<usize>,
    /// Its columns.
    pub columns: Range<usize>,
}

impl Block {
    /// All of a tensor.
    pub fn whole(volume: Volume) -> Self {
        Self {
            channels: 0..volume.channels,
            rows: 0..volume.height,
            columns: 0..volume.width,
        }
    }

    /// Number of neurons.
    pub fn len(&self) -> usize {
        self.channels.len() * self.rows.len() * self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neurons as runs of neighbours: indices into a tensor of this volume.
    pub fn runs(&self, volume: Volume) -> impl Iterator<Item = Range<usize>> {
        let Self {
            channels,
            rows,
            columns,
        } = self.clone();
        channels.flat_map(move |channel| {
            let (rows, columns) = (rows.clone(), columns.clone());
            rows.map(move |row| {
                let first = (channel * volume.height + row) * volume.width;
                first + columns.start..first + columns.end
            })
        })
    }
}

/// Neurons of one tensor that live on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The tensor (input, or output of a layer), by its index in the network.
    pub tensor: usize,
    /// Its neurons on this core.
    pub block: Block,
    /// Which part of their inputs they listen to here: 0 is where they fire; see [`Tiling::parts`].
    pub part: usize,
    /// The core.
    pub core: usize,
}

/// How a tensor is cut into slices: a grid of blocks of one size, the last of each axis smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tiling {
    /// The tensor as channels × height × width.
    pub volume: Volume,
    /// Extents of a block.
    pub block: Volume,
    /// Cores that share the inputs of each neuron, each adding up its part; 1 if one core takes them all.
    pub parts: usize,
}

impl Tiling {
    /// A tensor in one piece.
    pub fn whole(volume: Volume) -> Self {
        Self {
            volume,
            block: volume,
            parts: 1,
        }
    }

    /// Blocks along channels, rows and columns.
    pub fn grid(&self) -> [usize; 3] {
        let Self { volume, block, .. } = self;
        [
            volume.channels.div_ceil(block.channels.max(1)),
            volume.height.div_ceil(block.height.max(1)),
            volume.width.div_ceil(block.width.max(1)),
        ]
    }

    /// Number of slices.
    pub fn slices(&self) -> usize {
        self.grid().iter().product::<usize>() * self.parts
    }

    /// The block of a slice, and its part.
    pub fn slice(&self, index: usize) -> (Block, usize) {
        let (block, part) = (index / self.parts, index % self.parts);
        let [_, rows, columns] = self.grid();
        let along = |at: usize, step: usize, end: usize| at * step..((at + 1) * step).min(end);
        let Self { volume, block: b, .. } = self;
        let block = Block {
            channels: along(block / (rows * columns), b.channels, volume.channels),
            rows: along(block / columns % rows, b.height, volume.height),
            columns: along(block % columns, b.width, volume.width),
        };
        (block, part)
    }

    /// The slice where a neuron fires, counted from the tensor's first.
    pub fn slice_of(&self, neuron: usize) -> usize {
        let Self { volume, block, .. } = self;
        let [_, rows, columns] = self.grid();
        let (channel, position) = (neuron / volume.positions(), neuron % volume.positions());
        let (row, column) = (position / volume.width, position % volume.width);
        let at = (channel / block.channels * rows + row / block.height) * columns + column / block.width;
        at * self.parts
    }
}

/// Every neuron on a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Where cores are.
    pub topology: Topology,
    /// Which way packets take on a mesh.
    pub routing: Routing,
    /// How a spike reaches several cores.
    pub delivery: Delivery,
    /// Where the input's spikes come from. By a port, tensor 0 is one slice at the port's core, and takes no
    /// place there.
    pub input: InputFrom,
    /// How each tensor is cut.
    pub tilings: Vec<Tiling>,
    /// The first slice of each tensor.
    pub first_slice: Vec<usize>,
    /// All slices, tensor by tensor, in the order of their tilings.
    pub slices: Vec<Slice>,
}

impl Mapping {
    /// Slices on cores: `core_of` gives each slice, counted over all tensors, its core.
    pub fn new(
        topology: Topology,
        options: &MappingOptions,
        tilings: Vec<Tiling>,
        core_of: impl Fn(usize) -> usize,
    ) -> Self {
        let mut first_slice = Vec::with_capacity(tilings.len());
        let mut slices = Vec::new();
        for (tensor, tiling) in tilings.iter().enumerate() {
            first_slice.push(slices.len());
            for index in 0..tiling.slices() {
                let (block, part) = tiling.slice(index);
                let core = core_of(slices.len());
                slices.push(Slice {
                    tensor,
                    block,
                    part,
                    core,
                });
            }
        }
        Self {
            topology,
            routing: options.routing,
            delivery: options.delivery,
            input: InputFrom::Cores,
            tilings,
            first_slice,
            slices,
        }
    }

    /// The same with every slice on another core: `to` gives each core's new place.
    pub fn moved(&self, to: impl Fn(usize) -> usize) -> Self {
        let mut moved = self.clone();
        let stay = moved.slices.len() - self.placed().count();
        for slice in &mut moved.slices[stay..] {
            slice.core = to(slice.core);
        }
        moved
    }

    /// The slices of a tensor.
    pub fn slices_of(&self, tensor: usize) -> &[Slice] {
        &self.slices[self.first_slice[tensor]..][..self.tilings[tensor].slices()]
    }

    /// The core where a neuron fires.
    pub fn core_of(&self, tensor: usize, neuron: usize) -> usize {
        self.slices[self.first_slice[tensor] + self.tilings[tensor].slice_of(neuron)].core
    }

    /// The slices that take a place on a core: all but an input that comes in by a port.
    pub fn placed(&self) -> impl Iterator<Item = &Slice> {
        let is_placed = |slice: &&Slice| slice.tensor > 0 || self.input == InputFrom::Cores;
        self.slices.iter().filter(is_placed)
    }

    /// What is on a core.
    pub fn on_core(&self, core: usize) -> impl Iterator<Item = &Slice> {
        self.placed().filter(move |slice| slice.core == core)
    }

    /// Which cores hold anything.
    pub fn is_used(&self) -> Vec<bool> {
        let mut is_used = vec![false; self.topology.cores()];
        for slice in self.placed() {
            is_used[slice.core] = true;
        }
        is_used
    }

    /// Number of cores in use.
    pub fn used(&self) -> usize {
        self.is_used().iter().filter(|&&used| used).count()
    }
}
