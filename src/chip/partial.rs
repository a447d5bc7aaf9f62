//! Partial sums: neurons with more inputs than a core takes listen on several cores, each of which adds up its
//! part and sends the sum, bit by bit, to the core where the neuron fires.
//!
//! Sums are sent once per window, behind its last step, where that is exact: M_0 = 1 and no register can
//! overflow, so that U = Σ_p U_p. Else each step's current is sent behind that step, and the neuron scales and
//! integrates what it adds up to, as if its inputs had come to one core: I_t = c_t Σ_p I_p,t. Either is sent in
//! two's complement, least significant bit first, one bit in a time step of its own; the bits are one packet
//! and one synaptic operation for each that is 1.

use super::Mapping;
use super::mapping::{Tiling, channels_of_part};
use super::targets::part_of;
use crate::quantize::Reduce;
use crate::spiking::{Register, SpikingDendrite, SpikingLayer, SpikingNetwork};
use serde::{Deserialize, Serialize};

/// When partial sums are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentAt {
    /// The sum of all steps, once, behind the last.
    Window,
    /// The current of every step, behind each.
    Step,
}

/// A dendrite whose inputs are shared out among cores.
#[derive(Clone, Debug)]
pub struct Split {
    /// The layer.
    pub layer: usize,
    /// Its dendrite.
    pub dendrite: usize,
    /// Parts that each neuron's inputs are in; part 0 is added up where the neuron fires.
    pub parts: usize,
    /// When sums are sent.
    pub sent_at: SentAt,
    /// Bits of a sum, in two's complement: as many as the weights of a part need, whatever arrives.
    pub bits: u8,
    wiring: SpikingDendrite,
    tiling: Tiling,
    /// The first slice of the layer's tensor.
    first: usize,
}

impl Split {
    /// The dendrites of a network that a mapping splits.
    pub fn of(network: &SpikingNetwork, mapping: &Mapping) -> Vec<Self> {
        let layers = network.layers.iter().enumerate();
        let split = layers.filter(|(_, layer)| mapping.tilings[layer.target].parts > 1);
        split
            .flat_map(|(index, layer)| Self::of_layer(index, layer, mapping))
            .collect()
    }

    fn of_layer(index: usize, layer: &SpikingLayer, mapping: &Mapping) -> Vec<Self> {
        let tiling = mapping.tilings[layer.target];
        let dendrites = layer.dendrites.iter().enumerate();
        let split = dendrites.filter_map(|(place, dendrite)| {
            let wiring = &dendrite.connections;
            let is_split = dendrite.reduce == Reduce::Sum && wiring.input.channels / wiring.groups.max(1) > 1;
            let has_synapses = wiring.fan_in() > 0;
            (is_split && has_synapses).then(|| {
                let register = Register::bits_for;
                let (low, high) = window_range(dendrite, tiling.parts);
                let is_exact = dendrite.scale.is_one() && layer.plan.proven;
                let at_end = is_exact && register(low, high) <= dendrite.register.bits;
                let (low, high) = if at_end {
                    (low, high)
                } else {
                    step_range(dendrite, tiling.parts)
                };
                Self {
                    layer: index,
                    dendrite: place,
                    parts: tiling.parts,
                    sent_at: if at_end { SentAt::Window } else { SentAt::Step },
                    bits: register(low, high),
                    wiring: dendrite.clone(),
                    tiling,
                    first: mapping.first_slice[layer.target],
                }
            })
        });
        split.collect()
    }

    /// Time steps that a window of the layer takes more, behind a step of so many.
    pub fn extra_steps(&self, step: usize) -> usize {
        let is_sent = match self.sent_at {
            SentAt::Window => step + 1 == self.wiring.steps.len(),
            SentAt::Step => step < self.wiring.steps.len(),
        };
        if is_sent { self.bits.into() } else { 0 }
    }

    /// Steps of the dendrite's window, without those for partial sums.
    pub fn steps(&self) -> usize {
        self.wiring.steps.len()
    }

    /// The codes of the elements that the dendrite sees.
    pub(super) fn see(&self, codes: &[Vec<i32>], seen: &mut Vec<i32>) {
        self.wiring.view.collect(codes, self.wiring.code.silent(), seen);
    }

    /// What each part of each neuron adds up, as `sums[neuron · parts + part]`, from the codes of the elements
    /// that the dendrite sees: of all steps, or, without its weight c_t, of one.
    pub fn sums(&self, seen: &[i32], step: Option<usize>) -> Vec<i64> {
        let Self {
            wiring:
                SpikingDendrite {
                    connections,
                    synapses,
                    code,
                    steps,
                    ..
                },
            parts,
            ..
        } = self;
        let values: Vec<i64> = match step {
            None => seen
                .iter()
                .map(|&x| i64::from(x) - i64::from(code.silent()))
                .collect(),
            Some(step) => seen
                .iter()
                .map(|&x| code.digit(x, steps[step].plane).into())
                .collect(),
        };
        let mut sums = vec![0; connections.output.len() * parts];
        let positions = connections.input.positions().max(1);
        let group = (connections.input.channels / connections.groups.max(1)).max(1);
        let part: Vec<usize> = (0..group)
            .map(|channel| part_of(channel, group, *parts))
            .collect();
        let fan_in = connections.fan_in().max(1);
        connections.for_each_synapse(|output, element, weight| {
            let weight = synapses.rows[weight / fan_in * synapses.stride + weight % fan_in];
            sums[output * parts + part[element / positions % group]] += i64::from(weight) * values[element];
        });
        sums
    }

    /// The bits of a sum, the least significant first: bit b is sent in the b-th of the extra steps.
    pub fn encode(&self, sum: i64) -> u64 {
        sum as u64 & (u64::MAX >> (64 - u32::from(self.bits)))
    }

    /// The sum that bits stand for: bit b counts 2^b, the last one −2^b.
    pub fn decode(&self, sent: u64) -> i64 {
        let unused = 64 - u32::from(self.bits);
        ((sent << unused) as i64) >> unused
    }

    /// Calls `visit(slice, spikes)` for every slice of a part that is sent, with the spikes of its neurons' sums
    /// in one step or at the end of the window; slices are counted over the whole mapping, and the sums go to
    /// the slice of part 0 of the same block.
    pub fn for_each_sent(&self, seen: &[i32], step: Option<usize>, mut visit: impl FnMut(usize, u32)) {
        let sums = self.sums(seen, step);
        let mut spikes = vec![0; self.tiling.slices()];
        for (neuron, sums) in sums.chunks_exact(self.parts).enumerate() {
            let slice = self.tiling.slice_of(neuron);
            for (part, &sum) in sums.iter().enumerate().skip(1) {
                spikes[slice + part] += self.encode(sum).count_ones();
            }
        }
        let sent = spikes.into_iter().enumerate().filter(|&(_, spikes)| spikes > 0);
        sent.for_each(|(slice, spikes)| visit(self.first + slice, spikes));
    }

    /// The slice where a neuron fires, counted over the whole mapping.
    pub fn slice_of(&self, neuron: usize) -> usize {
        self.first + self.tiling.slice_of(neuron)
    }

    /// The slice of part 0 that a slice's sums go to.
    pub fn fires_at(&self, slice: usize) -> usize {
        slice - (slice - self.first) % self.parts
    }

    /// The steps behind which sums are sent: `None` is the whole window.
    pub fn sendings(&self) -> impl Iterator<Item = (usize, Option<usize>)> + use<> {
        let (steps, sent_at) = (self.steps(), self.sent_at);
        let first = match sent_at {
            SentAt::Window => steps.saturating_sub(1),
            SentAt::Step => 0,
        };
        (first..steps).map(move |step| (step, (sent_at == SentAt::Step).then_some(step)))
    }
}

/// Smallest and largest sum of a part, from what one input can add: weights times `low` to `high`.
fn range(dendrite: &SpikingDendrite, parts: usize, (low, high): (i64, i64)) -> (i64, i64) {
    let wiring = &dendrite.connections;
    let group = wiring.input.channels / wiring.groups.max(1);
    let kernel = wiring.rows.kernel * wiring.columns.kernel;
    let (mut least, mut most) = (0, 0);
    for row in dendrite
        .synapses
        .rows
        .chunks_exact(dendrite.synapses.stride.max(1))
    {
        for part in 1..parts {
            let channels = channels_of_part(group, part, parts);
            let (mut below, mut above) = (0, 0);
            for &weight in &row[channels.start * kernel..channels.end * kernel] {
                let ends = [i64::from(weight) * low, i64::from(weight) * high];
                below += ends[0].min(ends[1]).min(0);
                above += ends[0].max(ends[1]).max(0);
            }
            (least, most) = (least.min(below), most.max(above));
        }
    }
    (least, most)
}

fn window_range(dendrite: &SpikingDendrite, parts: usize) -> (i64, i64) {
    let (low, high) = dendrite.code.values();
    range(dendrite, parts, (low.into(), high.into()))
}

fn step_range(dendrite: &SpikingDendrite, parts: usize) -> (i64, i64) {
    let low = if dendrite.code.has_signed_spikes() { -1 } else { 0 };
    range(dendrite, parts, (low, 1))
}
