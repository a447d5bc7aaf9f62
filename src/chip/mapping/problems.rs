//! What keeps a network from a chip, however its cores are filled: widths, and the chip as a whole.

use super::demand::Needs;
use super::error::{MappingError, Remedy};
use super::widths::Widths;
use super::{Block, InputFrom, Limit, Limits, volumes};
use crate::spiking::SpikingNetwork;

/// Everything that keeps a network from the chip, whatever is done with its cores.
pub(in crate::chip) fn problems(network: &SpikingNetwork, limits: &Limits) -> Vec<MappingError> {
    let widths: Vec<Widths> = network
        .layers
        .iter()
        .map(|layer| Widths::of(network, layer, limits))
        .collect();
    let worst =
        |limit: Limit, allowed: Option<u64>, of: fn(&Widths) -> u64, remedy: fn(u64) -> Option<Remedy>| {
            let allowed = allowed?;
            let layers = widths.iter().zip(&network.layers);
            let (most, layer) = layers.rev().max_by_key(|(widths, _)| of(widths))?;
            (of(most) > allowed).then(|| MappingError::Exceeded {
                limit,
                layer: Some(layer.name.clone()),
                found: of(most),
                allowed,
                remedies: remedy(allowed).into_iter().collect(),
            })
        };
    let found = [
        worst(
            Limit::WeightBits,
            limits.weight_bits.last().copied(),
            |w| w.weight_bits,
            |n| Some(Remedy::WeightBits(n)),
        ),
        worst(
            Limit::WeightValues,
            limits.weight_values,
            |w| w.weight_values,
            |n| Some(Remedy::WeightBits(u64::from((n + 1).ilog2()))),
        ),
        worst(
            Limit::MembraneBits,
            limits.membrane_bits,
            |w| w.membrane_bits,
            |n| Some(Remedy::RegisterBits(n)),
        ),
        worst(
            Limit::BiasBits,
            limits.bias_bits,
            |w| w.bias_bits,
            |n| Some(Remedy::BiasBits(n)),
        ),
    ];
    found
        .into_iter()
        .flatten()
        .chain(totals(network, limits))
        .collect()
}

/// What is too much for the chip as a whole.
fn totals(network: &SpikingNetwork, limits: &Limits) -> Vec<MappingError> {
    let volumes = volumes(network);
    let skipped = usize::from(limits.input != InputFrom::Cores);
    let neurons: u64 = network.tensors.iter().skip(skipped).map(|t| t.len() as u64).sum();
    let (mut synapses, mut bits) = (0, 0);
    for layer in &network.layers {
        let volume = volumes[layer.target];
        let needs = Needs::new(network, Some(layer), volume, limits, &[]);
        let all = needs.of(&Block::whole(volume), 0, 1);
        synapses += all.synapses;
        bits += all.synapse_bits;
    }
    let exceeded = |limit, found, allowed: Option<u64>| {
        let allowed = allowed.filter(|&allowed| found > allowed)?;
        Some(MappingError::Exceeded {
            limit,
            layer: None,
            found,
            allowed,
            remedies: vec![Remedy::SmallerNetwork],
        })
    };
    let found = [
        exceeded(Limit::ChipNeurons, neurons, limits.chip_neurons),
        exceeded(Limit::ChipSynapses, synapses, limits.chip_synapses),
        exceeded(Limit::ChipMemory, bits, limits.chip_synapse_bits),
    ];
    found.into_iter().flatten().collect()
}
