//! How tensors are cut into slices.
//!
//! Every tensor is cut by itself, the last one first: how many cores its neurons send to depends on how those
//! that listen were cut. Of all blocks that keep the limits, one for each size in rows and columns is looked
//! at: that with most channels, which is best in cores and packets both.

use super::demand::{Needs, Sends, Sums};
use super::error::{MappingError, Remedy};
use super::{
    Delivery, InputFrom, Limit, Limits, Mapping, MappingOptions, Minimize, Partition, Tiling, volumes,
};
use crate::chip::Targets;
use crate::graph::Volume;
use crate::quantize::CodeTensor;
use crate::spiking::SpikingNetwork;

/// One way to cut a tensor.
#[derive(Clone, Copy)]
struct Cut {
    tiling: Tiling,
    slices: u64,
    packets: u64,
}

/// A network cut into slices.
pub(super) struct Partitioned {
    pub tilings: Vec<Tiling>,
    /// What the slices of every tensor need.
    pub needs: Vec<Needs>,
}

impl Partitioned {
    pub fn slices(&self) -> usize {
        self.tilings.iter().map(Tiling::slices).sum()
    }

    /// For every tensor, what keeps its blocks from being larger.
    pub fn binding(&self, limits: &Limits) -> Vec<Option<(Limit, u64, u64)>> {
        let pairs = self.needs.iter().zip(&self.tilings);
        pairs
            .map(|(needs, tiling)| binding(needs, limits, tiling))
            .collect()
    }
}

/// Cuts every tensor, keeping all limits of a core, with few slices or few packets, as `options` ask. `spikes`
/// are those of every tensor, measured; empty if every neuron counts the same.
///
/// # Errors
/// If one neuron alone exceeds a limit, its inputs shared out as far as they can be.
pub(super) fn partition(
    network: &SpikingNetwork,
    limits: &Limits,
    options: &MappingOptions,
    spikes: &[u64],
) -> Result<Partitioned, MappingError> {
    let cutter = Cutter {
        network,
        limits,
        options,
        spikes,
        volumes: volumes(network),
    };
    let budget = limits.available() as u64 + u64::from(limits.input != InputFrom::Cores);
    if !counts_targets(limits, options) {
        return cutter.cut(options.minimize, budget);
    }
    // What takes few cores can make the neurons before it send to too many, and the other way round.
    let wanted = cutter.cut(options.minimize, budget);
    if wanted.as_ref().is_ok_and(|cut| cut.slices() as u64 <= budget) {
        return wanted;
    }
    let other = cutter.cut(
        match options.minimize {
            Minimize::Cores => Minimize::Traffic,
            Minimize::Traffic => Minimize::Cores,
        },
        budget,
    );
    match (wanted, other) {
        (Ok(a), Ok(b)) => Ok(if b.slices() < a.slices() { b } else { a }),
        (Ok(cut), Err(_)) | (Err(_), Ok(cut)) => Ok(cut),
        (Err(error), Err(_)) => Err(error),
    }
}

/// Whether it matters how many cores a neuron sends to.
pub(super) fn counts_targets(limits: &Limits, options: &MappingOptions) -> bool {
    let is_limited = limits.outputs.is_some() || limits.targets.is_some();
    is_limited && options.delivery == Delivery::Unicast
}

struct Cutter<'a> {
    network: &'a SpikingNetwork,
    limits: &'a Limits,
    options: &'a MappingOptions,
    spikes: &'a [u64],
    volumes: Vec<Volume>,
}

impl Cutter<'_> {
    /// Whether any layer listens to a tensor.
    fn is_heard(&self, tensor: usize) -> bool {
        let mut dendrites = self.network.layers.iter().flat_map(|layer| &layer.dendrites);
        dendrites.any(|d| d.connections.fan_in() > 0 && d.view.tensors.contains(&tensor))
    }

    fn cut(&self, minimize: Minimize, budget: u64) -> Result<Partitioned, MappingError> {
        let lengths: Vec<usize> = self.network.tensors.iter().map(CodeTensor::len).collect();
        let mut reached: Vec<Vec<u32>> = vec![Vec::new(); lengths.len()];
        let mut needs = Vec::new();
        let mut fronts: Vec<Vec<Cut>> = Vec::new();
        for tensor in (0..self.volumes.len()).rev() {
            let volume = self.volumes[tensor];
            let layer = tensor.checked_sub(1).map(|layer| &self.network.layers[layer]);
            let sends = match self.options.delivery {
                Delivery::Multicast if self.is_heard(tensor) => Sends::Once,
                Delivery::Multicast => Sends::Uncounted,
                Delivery::Unicast if reached[tensor].is_empty() => Sends::Uncounted,
                Delivery::Unicast => Sends::Cores {
                    most: reached[tensor].iter().copied().max().unwrap_or(0).into(),
                    sums: Sums::new(volume, &std::mem::take(&mut reached[tensor])),
                },
            };
            let own = Needs::new(self.network, layer, volume, self.limits, self.spikes).sending(sends);
            let front = match self.limits.input {
                InputFrom::Port(_) if tensor == 0 => vec![cut(&own, volume, 1)],
                _ => cuts(&own, self.limits, self.options.partition)
                    .map_err(|beyond| self.too_much(tensor, beyond))?,
            };
            if let Some(layer) = layer.filter(|_| counts_targets(self.limits, self.options)) {
                let chosen = chosen(&front, minimize).tiling;
                let mut tilings: Vec<Tiling> =
                    self.volumes.iter().map(|&volume| Tiling::whole(volume)).collect();
                tilings[tensor] = chosen;
                let mapping = Mapping::new(self.limits.topology, self.options, tilings, |slice| slice);
                for targets in Targets::of_layer(tensor - 1, layer, &lengths, &mapping) {
                    let reached = &mut reached[targets.source];
                    reached.resize(lengths[targets.source], 0);
                    for (neuron, cores) in reached.iter_mut().enumerate() {
                        *cores += targets.of_neuron(neuron).len() as u32;
                    }
                }
            }
            needs.push(own);
            fronts.push(front);
        }
        needs.reverse();
        fronts.reverse();
        let mut tilings: Vec<Cut> = fronts.iter().map(|front| chosen(front, minimize)).collect();
        if minimize == Minimize::Traffic && !counts_targets(self.limits, self.options) {
            save_cores(&mut tilings, &fronts, budget);
        }
        Ok(Partitioned {
            tilings: tilings.into_iter().map(|cut| cut.tiling).collect(),
            needs,
        })
    }

    fn too_much(&self, tensor: usize, (limit, found, allowed): (Limit, u64, u64)) -> MappingError {
        let layer = tensor.checked_sub(1).map(|layer| &self.network.layers[layer]);
        let mut remedies = Vec::new();
        match limit {
            Limit::FanInBits | Limit::SynapseMemory => remedies.push(Remedy::NarrowerWeights),
            Limit::Outputs | Limit::Targets => remedies.push(Remedy::Multicast),
            _ => {}
        }
        let signed =
            |layer: &crate::spiking::SpikingLayer| layer.dendrites.iter().any(|d| d.code.has_signed_spikes());
        let counts_signs = matches!(
            limit,
            Limit::FanIn | Limit::FanInBits | Limit::Inputs | Limit::Synapses
        );
        if counts_signs && !self.limits.signed_spikes && layer.is_some_and(signed) {
            remedies.push(Remedy::UnsignedSpikes);
        }
        if matches!(
            limit,
            Limit::FanIn | Limit::FanInBits | Limit::Inputs | Limit::Synapses | Limit::SynapseMemory
        ) {
            remedies.push(Remedy::CannotSplit);
        }
        MappingError::Exceeded {
            limit,
            layer: Some(layer.map_or_else(
                || self.network.tensors[0].name.clone(),
                |layer| layer.name.clone(),
            )),
            found,
            allowed,
            remedies,
        }
    }
}

fn cut(needs: &Needs, block: Volume, parts: usize) -> Cut {
    let tiling = Tiling {
        volume: needs.volume,
        block,
        parts,
    };
    Cut {
        tiling,
        slices: tiling.slices() as u64,
        packets: needs.packets(block),
    }
}

fn chosen(front: &[Cut], minimize: Minimize) -> Cut {
    let cost = |cut: &&Cut| match minimize {
        Minimize::Cores => (cut.slices, cut.packets),
        Minimize::Traffic => (cut.packets, cut.slices),
    };
    // A front is never empty.
    front.iter().min_by_key(cost).copied().unwrap_or(front[0])
}

/// Gives up packets for cores, where that is cheapest, until the budget is kept or nothing is left to save.
fn save_cores(cuts: &mut [Cut], fronts: &[Vec<Cut>], budget: u64) {
    let mut slices: u64 = cuts.iter().map(|cut| cut.slices).sum();
    while slices > budget {
        let steps = cuts
            .iter()
            .zip(fronts)
            .enumerate()
            .flat_map(|(tensor, (now, front))| {
                let fewer = front.iter().filter(|cut| cut.slices < now.slices);
                fewer.map(move |cut| {
                    (
                        tensor,
                        *cut,
                        cut.packets.saturating_sub(now.packets),
                        now.slices - cut.slices,
                    )
                })
            });
        // Fewest packets for a core: a / b < c / d as a d < c b.
        let best = steps
            .min_by(|a, b| (u128::from(a.2) * u128::from(b.3)).cmp(&(u128::from(b.2) * u128::from(a.3))));
        let Some((tensor, cut, _, saved)) = best else {
            return;
        };
        cuts[tensor] = cut;
        slices -= saved;
    }
}

/// The cuts of which none is worse than another in both slices and packets.
fn cuts(needs: &Needs, limits: &Limits, partition: Partition) -> Result<Vec<Cut>, (Limit, u64, u64)> {
    let first = fewest_parts(needs, limits)?;
    let several = [first, first + 1, first + 2, 2 * first];
    let parts = if first == 1 { &several[..1] } else { &several[..] };
    let mut all: Vec<Cut> = Vec::new();
    for &parts in parts.iter().filter(|&&parts| parts <= needs.most_parts()) {
        blocks(needs, limits, partition, parts, &mut all);
    }
    all.sort_by_key(|cut| (cut.slices, cut.packets));
    let mut front: Vec<Cut> = Vec::new();
    for cut in all {
        if front.last().is_none_or(|last| cut.packets < last.packets) {
            front.push(cut);
        }
    }
    Ok(front)
}

const ONE: Volume = Volume {
    channels: 1,
    height: 1,
    width: 1,
};

/// Whether cores hold every slice of such blocks. Of all parts the first takes most inputs, and is sent the
/// others' sums; only the others have but one target.
fn fits(needs: &Needs, limits: &Limits, block: Volume, parts: usize) -> bool {
    // Where neurons send to takes longest to find out, and is not asked in vain.
    let mut some = (0..parts.min(2)).map(|part| needs.most_inside(block, part, parts));
    some.all(|demand| limits.hold(&demand)) && limits.hold(&needs.most(block, 0, parts))
}

/// The fewest parts in which cores hold the inputs of one neuron.
fn fewest_parts(needs: &Needs, limits: &Limits) -> Result<usize, (Limit, u64, u64)> {
    let most = needs.most_parts().min(limits.available().max(1));
    if let Some(parts) = (1..=most).find(|&parts| fits(needs, limits, ONE, parts)) {
        return Ok(parts);
    }
    // What is exceeded least, of all ways to share them out.
    let beyond = (1..=most).filter_map(|parts| limits.exceeded_by(&needs.most(ONE, 0, parts)));
    let ratio = |&(_, found, allowed): &(Limit, u64, u64)| found as f64 / allowed.max(1) as f64;
    let least = beyond.min_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    Err(least.unwrap_or((Limit::Outputs, 1, 0)))
}

fn blocks(needs: &Needs, limits: &Limits, partition: Partition, parts: usize, into: &mut Vec<Cut>) {
    let Volume {
        channels,
        height,
        width,
    } = needs.volume;
    let fits = |block: Volume| fits(needs, limits, block, parts);
    let all_channels = |height, width| Volume {
        channels,
        height,
        width,
    };
    let holds_channel = fits(Volume {
        channels: 1,
        height,
        width,
    });
    let holds_position = fits(all_channels(1, 1));
    for rows in distinct(height) {
        for columns in distinct(width) {
            let is_whole = (rows, columns) == (height, width);
            if partition == Partition::Channels && holds_channel && !is_whole {
                continue;
            }
            let block = |channels| Volume {
                channels,
                height: rows,
                width: columns,
            };
            let extents = if partition == Partition::Tiles && holds_position {
                vec![channels]
            } else {
                distinct(channels).collect()
            };
            // More slices than there are cores are of no use where fewer will do.
            let least = height.div_ceil(rows) * width.div_ceil(columns) * parts;
            if least > limits.available() && !into.is_empty() {
                continue;
            }
            // Fewer channels need less: the first that fits.
            let at = extents.partition_point(|&channels| !fits(block(channels)));
            if let Some(&channels) = extents.get(at) {
                into.push(cut(needs, block(channels), parts));
            }
        }
    }
}

/// The limit that keeps blocks from being larger, with what a core would need and what it has.
fn binding(needs: &Needs, limits: &Limits, tiling: &Tiling) -> Option<(Limit, u64, u64)> {
    let Tiling { volume, block, parts } = *tiling;
    let larger = |extent: usize, length: usize| distinct(length).filter(|&e| e > extent).min();
    let more = [
        larger(block.channels, volume.channels).map(|channels| Volume { channels, ..block }),
        larger(block.height, volume.height).map(|height| Volume { height, ..block }),
        larger(block.width, volume.width).map(|width| Volume { width, ..block }),
    ];
    let exceeded = |block: Volume| {
        (0..parts.min(2)).find_map(|part| limits.exceeded_by(&needs.most(block, part, parts)))
    };
    more.into_iter().flatten().find_map(exceeded)
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
