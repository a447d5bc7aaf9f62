//! A whole network onto a chip: cut, put together where cores are few, placed.

use super::demand::Demand;
use super::error::{MappingError, Most};
use super::partition::{Partitioned, counts_targets, partition};
use super::problems::problems;
use super::{Delivery, InputFrom, Limit, Limits, Mapping, MappingOptions, Minimize, place};
use crate::spiking::SpikingNetwork;

/// A network on a chip, and what it takes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// Which neurons are where.
    pub mapping: Mapping,
    /// What every core's slices need of it.
    pub demands: Vec<Demand>,
    /// Cores that would do, were small slices together.
    pub fewest: usize,
    /// For every tensor, the limit that keeps its blocks from being larger, with what a core would need and
    /// what it has; `None` where it is in one piece, or nothing does.
    pub binding: Vec<Option<(Limit, u64, u64)>>,
}

/// Lays a network onto a chip, with its cores filled in the order that `options.placement` says; an annealed
/// placement begins with Hilbert's curve, and is bettered by an [`Annealer`](super::Annealer).
///
/// Slices have a core of their own as long as there are enough of them; else small slices share cores, all
/// limits kept, but no more than must be, for a core that does the work of two layers keeps both waiting. `spikes` are those of every tensor, measured, by which packets are
/// judged; empty if every neuron counts the same.
///
/// # Errors
/// The first reason for which it does not fit.
pub fn lay(
    network: &SpikingNetwork,
    limits: &Limits,
    options: &MappingOptions,
    spikes: &[u64],
) -> Result<Laid, MappingError> {
    match problems(network, limits).into_iter().next() {
        Some(problem) => Err(problem),
        None => lay_out(network, limits, options, spikes),
    }
}

/// The same without a look at the widths of weights, registers and constants, and at the chip as a whole.
pub(in crate::chip) fn lay_out(
    network: &SpikingNetwork,
    limits: &Limits,
    options: &MappingOptions,
    spikes: &[u64],
) -> Result<Laid, MappingError> {
    let mut options = *options;
    if limits.unicast_only {
        options.delivery = Delivery::Unicast;
    }
    let options = &options;
    let fewest = MappingOptions {
        minimize: Minimize::Cores,
        ..*options
    };
    if counts_targets(limits, options) {
        // What does not fit even if neurons may send to any number of cores needs no look at where they send.
        let free = Limits {
            outputs: None,
            targets: None,
            ..limits.clone()
        };
        let cut = partition(network, &free, &fewest, spikes)?;
        let shared = Places::new(&cut, &free).shared;
        if shared > limits.available() {
            return Err(too_few(network, &free, &cut, shared));
        }
    }
    let mut cut = partition(network, limits, options, spikes)?;
    let mut places = Places::new(&cut, limits);
    if places.cores > limits.available() && options.minimize == Minimize::Traffic {
        cut = partition(network, limits, &fewest, spikes)?;
        places = Places::new(&cut, limits);
    }
    if places.cores > limits.available() {
        return Err(too_few(network, limits, &cut, places.cores));
    }
    let binding = cut.binding(limits);
    let order = place::order(options.placement, limits);
    let port = match limits.input {
        InputFrom::Port(core) => Some(core),
        InputFrom::Cores => None,
    };
    let mut demands = vec![Demand::default(); limits.topology.cores()];
    let core_of = |slice: usize| match port {
        None => order[places.of[slice]],
        Some(port) => slice.checked_sub(1).map_or(port, |slice| order[places.of[slice]]),
    };
    let mut mapping = Mapping::new(limits.topology, options, cut.tilings, core_of);
    mapping.input = limits.input;
    for (slice, demand) in mapping.placed().zip(&places.demands) {
        demands[slice.core] = demands[slice.core].with(demand);
    }
    Ok(Laid {
        mapping,
        fewest: places.shared,
        demands,
        binding,
    })
}

/// Which slices share a core: for each that takes a place, the core by its number in the order of filling.
struct Places {
    of: Vec<usize>,
    cores: usize,
    /// Cores that would do, were small slices together.
    shared: usize,
    demands: Vec<Demand>,
}

impl Places {
    fn new(cut: &Partitioned, limits: &Limits) -> Self {
        let skipped = usize::from(limits.input != InputFrom::Cores);
        let tensors = cut.needs.iter().zip(&cut.tilings).skip(skipped);
        let demands: Vec<Demand> = tensors
            .flat_map(|(needs, tiling)| {
                (0..tiling.slices()).map(|slice| {
                    let (block, part) = tiling.slice(slice);
                    needs.of(&block, part, tiling.parts)
                })
            })
            .collect();
        let share = |limits: &Limits| place::share(demands.iter().copied(), limits);
        let available = limits.available();
        let (of, shared) = share(limits);
        let (of, cores) = if demands.len() <= available {
            ((0..demands.len()).collect(), demands.len())
        } else if shared > available {
            (of, shared)
        } else {
            // No more together than there must be: the fewest neurons of a core with which there are enough.
            let total: u64 = demands.iter().map(|demand| demand.neurons).sum();
            let (mut few, mut enough) = (0, limits.neurons.unwrap_or(total).min(total));
            let capped = |neurons| Limits {
                neurons: Some(neurons),
                ..limits.clone()
            };
            let mut spread = (of, shared);
            while few + 1 < enough {
                let neurons = few.midpoint(enough);
                let tried = share(&capped(neurons));
                if tried.1 <= available {
                    (enough, spread) = (neurons, tried);
                } else {
                    few = neurons;
                }
            }
            spread
        };
        Self {
            of,
            cores,
            shared,
            demands,
        }
    }
}

fn too_few(network: &SpikingNetwork, limits: &Limits, cut: &Partitioned, needed: usize) -> MappingError {
    let tilings = &cut.tilings;
    let binding = cut.binding(limits);
    let most = (0..tilings.len())
        .rev()
        .max_by_key(|&tensor| tilings[tensor].slices());
    MappingError::TooFewCores {
        needed,
        capacity: limits.neurons,
        available: limits.available(),
        most: most.map(|tensor| Most {
            layer: tensor_name(network, tensor),
            slices: tilings[tensor].slices(),
            limit: binding[tensor].map(|(limit, _, allowed)| (limit, allowed)),
        }),
    }
}

/// The name of the layer that writes a tensor; of the input, its own.
pub(in crate::chip) fn tensor_name(network: &SpikingNetwork, tensor: usize) -> String {
    match tensor.checked_sub(1) {
        Some(layer) => network.layers[layer].name.clone(),
        None => network.tensors[0].name.clone(),
    }
}
