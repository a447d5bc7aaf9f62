//! What the weights, registers and constants of a layer need, wherever its neurons are.

use super::Limits;
use crate::spiking::{Register, SpikingDendrite, SpikingLayer, SpikingNetwork};

/// What the weights, registers and constants of one layer need, wherever its neurons are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Widths {
    /// Bits of a weight in two's complement; of weights that are all 0 or 1, one bit.
    pub weight_bits: u64,
    /// Different weights of one neuron other than 0, of the one that has most; 0 where the chip takes any.
    pub weight_values: u64,
    /// Bits of a register in which the layer computes the same as in its own.
    pub membrane_bits: u64,
    /// Bits of a constant.
    pub bias_bits: u64,
}

impl Widths {
    /// Those of a layer; its weights are looked at once.
    pub fn of(network: &SpikingNetwork, layer: &SpikingLayer, limits: &Limits) -> Self {
        let dendrites = || layer.dendrites.iter().filter(|d| d.connections.fan_in() > 0);
        let own = dendrites().map(|d| u64::from(d.register.bits)).max().unwrap_or(1);
        // What provably never leaves a narrower register is the same in it.
        let narrower = if layer.plan.is_exact() {
            u64::from(layer.plan.guaranteed_register)
        } else {
            own
        };
        let bias = bias_bits(layer, limits.bias_shift);
        let conversion = &network.conversion;
        Self {
            weight_bits: if limits.typed_axons {
                1
            } else {
                dendrites().map(weight_bits).max().unwrap_or(1)
            },
            weight_values: match limits.weight_values {
                Some(_) => dendrites().map(weight_values).max().unwrap_or(0),
                None => 0,
            },
            membrane_bits: own.min(narrower),
            bias_bits: if conversion.bias_calibration.fit {
                bias.min(conversion.bias_bits.into())
            } else {
                bias
            },
        }
    }
}

/// Bits of every constant, as many zeros as can be shifted in left out.
pub(super) fn bias_bits(layer: &SpikingLayer, shift: u64) -> u64 {
    if shift == 0 || !layer.fire.bias.is_empty() {
        return layer.plan.bias_bits.into();
    }
    let starts = layer.dendrites.iter().flat_map(|dendrite| &dendrite.start);
    let bits = starts.map(|&start| {
        let zeros = u64::from(start.trailing_zeros()).min(shift);
        let start = start >> zeros;
        u64::from(Register::bits_for(start, start))
    });
    bits.max().unwrap_or(1)
}

pub(super) fn weight_bits(dendrite: &SpikingDendrite) -> u64 {
    let weights = dendrite.synapses.rows.iter().copied();
    let (low, high) = weights.fold((0, 0), |(low, high), w| (w.min(low), w.max(high)));
    if low >= 0 && high <= 1 {
        return 1;
    }
    Register::bits_for(low.into(), high.into()).into()
}

pub(super) fn weight_values(dendrite: &SpikingDendrite) -> u64 {
    let synapses = &dendrite.synapses;
    let rows = synapses.rows.chunks_exact(synapses.stride.max(1));
    let mut values: Vec<i16> = Vec::new();
    let different = rows.map(|row| {
        values.clear();
        values.extend(row.iter().filter(|&&w| w != 0));
        values.sort_unstable();
        values.dedup();
        values.len() as u64
    });
    different.max().unwrap_or(0).max(1)
}

/// Different weights other than 0 in all of a dendrite; 1 at least.
pub(super) fn different_weights(dendrite: &SpikingDendrite) -> u64 {
    let mut is_met = vec![false; 1 << 16];
    let mut different = 0;
    for &weight in dendrite.synapses.rows.iter().filter(|&&weight| weight != 0) {
        let is_met = &mut is_met[usize::from(weight as u16)];
        different += u64::from(!std::mem::replace(is_met, true));
    }
    different.max(1)
}
