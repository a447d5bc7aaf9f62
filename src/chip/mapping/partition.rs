//! How tensors are cut into slices.

use super::{MappingOptions, Partition, Tiling};
use crate::graph::Volume;

/// Cuts every tensor into the fewest blocks that cores of this capacity hold.
pub fn partition(volumes: &[Volume], neurons_per_core: usize, options: &MappingOptions) -> Vec<Tiling> {
    let cut = |&volume: &Volume| Tiling {
        volume,
        block: block(volume, neurons_per_core.max(1), options.partition),
        parts: 1,
    };
    volumes.iter().map(cut).collect()
}

fn block(volume: Volume, capacity: usize, partition: Partition) -> Volume {
    let Volume {
        channels,
        height,
        width,
    } = volume;
    let mut best = None;
    for rows in distinct(height) {
        for columns in distinct(width) {
            if rows * columns > capacity {
                continue;
            }
            let block = Volume {
                channels: (capacity / (rows * columns)).min(channels),
                height: rows,
                width: columns,
            };
            let is_whole = (rows, columns) == (height, width);
            let is_allowed = match partition {
                Partition::Channels => is_whole || height * width > capacity,
                Partition::Tiles => block.channels == channels || channels > capacity,
                Partition::Both => true,
            };
            let tiling = Tiling {
                volume,
                block,
                parts: 1,
            };
            // Among equals, whole rows and channels: fewer cores see each neuron.
            let cost = (tiling.slices(), tiling.grid()[1] * tiling.grid()[2]);
            if is_allowed && best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, block));
            }
        }
    }
    best.map_or(volume, |(_, block)| block)
}

/// Extents that cut `length` into different numbers of pieces, largest first.
fn distinct(length: usize) -> impl Iterator<Item = usize> {
    let mut before = 0;
    (1..=length)
        .map(move |pieces| length.div_ceil(pieces))
        .filter(move |&extent| {
            let is_new = extent != before;
            before = extent;
            is_new
        })
}
