//! The spiking network: for every layer, what its STEM neurons hold and do.

use super::tables::Known;
use super::{Conversion, LayerPlan, Register, Scale, SpikeCode, Step, TAPS, Tables};
use crate::graph::{Affine, Connections};
use crate::quantize::{CodeTensor, Line, Reduce, Requantizer, Shared, View};
use crate::vectorize::{integer, vectorized};
use serde::{Deserialize, Serialize};

/// A network of STEM neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SpikingNetwork {
    /// The choices that it was converted with.
    pub conversion: Conversion,
    /// The input, then the output of each layer, as in the quantized network.
    pub tensors: Vec<CodeTensor>,
    /// How each tensor's neurons send their codes; `None` where it holds real numbers.
    pub codes: Vec<Option<SpikeCode>>,
    /// Layers in running order.
    pub layers: Vec<SpikingLayer>,
}

impl SpikingNetwork {
    /// Axons that lead to a layer from the neurons of all tensors that it listens to: one for each, two where
    /// spikes have a sign that the chip's cannot carry.
    pub fn axons(&self, layer: &SpikingLayer) -> u64 {
        let mut tensors: Vec<usize> = layer
            .dendrites
            .iter()
            .flat_map(|d| d.view.tensors.clone())
            .collect();
        tensors.sort_unstable();
        tensors.dedup();
        let axons = |&tensor: &usize| {
            let has_signs = self.codes[tensor].is_some_and(|code| code.has_signed_spikes());
            self.tensors[tensor].len() as u64 * (1 + u64::from(has_signs))
        };
        tensors.iter().map(axons).sum()
    }
}

/// A layer of STEM neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SpikingLayer {
    /// Its node's name in the file.
    pub name: String,
    /// The tensor whose codes it fires.
    pub target: usize,
    /// What it listens to, each with a register of its own: most layers have one.
    pub dendrites: Vec<SpikingDendrite>,
    /// From membranes to code.
    pub fire: Fire,
    /// What conversion decided, for reports.
    pub plan: LayerPlan,
}

impl SpikingLayer {
    /// Number of neurons.
    pub fn neurons(&self) -> usize {
        self.dendrites[0].connections.output.len()
    }

    /// The layer's window: the steps in which all its inputs have arrived.
    pub fn window(&self) -> usize {
        self.dendrites.iter().map(|d| d.steps.len()).max().unwrap_or(0)
    }

    /// Whether every register provably holds what it must, and currents enter it unscaled.
    pub fn is_surely_exact(&self) -> bool {
        self.fire.exact && self.plan.proven && self.plan.bias_saturated == 0
    }
}

/// A group of inputs that the neurons of a layer integrate in a register of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SpikingDendrite {
    /// The neurons whose bits arrive.
    pub view: View,
    /// How their codes are read.
    pub affine: Affine,
    /// How they are sent.
    pub code: SpikeCode,
    /// Which neuron listens to which.
    pub connections: Connections,
    /// What is made of what arrives.
    pub reduce: Reduce,
    /// Synapse weights, laid out for the kernels.
    pub synapses: Synapses,
    /// The steps of its window, one for each digit of a code.
    pub steps: Vec<Step>,
    /// Whether the membrane doubles at each step.
    pub doubling: bool,
    /// The membrane register.
    pub register: Register,
    /// M_0.
    pub scale: Scale,
    /// What stands in the membrane before the first step (shifting: what is added after the last),
    /// already scaled; one per neuron, or empty for 0.
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    pub start: Vec<i64>,
    /// Whether these steps provably come to one integer product: M_0 = 1, no input can leave the
    /// register, and 32 bits hold every sum of products.
    pub collapses: bool,
}

impl SpikingDendrite {
    /// Whether 32 bits hold every current and every membrane, and 64-bit floating point every scaled current
    /// exactly, whatever arrives.
    pub(crate) fn is_narrow(&self) -> bool {
        if self.collapses {
            return true;
        }
        let weight = self.steps.iter().map(|step| step.weight.abs()).max().unwrap_or(0);
        // A maximum is a code, and what it gains in a step no more than twice that.
        let (current, sum) = match self.reduce {
            Reduce::Sum => (
                self.synapses.heaviest.saturating_mul(weight),
                self.synapses.heaviest << self.steps.len().min(32),
            ),
            Reduce::Max => (1 << 20, 1 << 20),
        };
        let numerator = if self.scale.is_one() {
            1
        } else {
            self.scale.numerator()
        };
        let start = self.start.iter().map(|start| start.abs()).max().unwrap_or(0);
        let held = i64::from(i32::MAX);
        current <= held
            && current.saturating_mul(numerator) < 1 << 51
            && (self.register.bits <= 32 || sum.saturating_add(start) <= held)
    }
}

/// Weights of a layer, each output channel's row padded with zeros to whole vectors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Synapses {
    /// Output channels × stride.
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    pub rows: Vec<i16>,
    /// Values of a row.
    pub stride: usize,
    /// Σ_j |w_ij| of the row where it is largest.
    pub heaviest: i64,
    /// What simulators make of them.
    #[serde(skip)]
    #[cfg_attr(test, schemars(skip))]
    tables: Known,
}

/// Rows are whole multiples of this many values.
pub const LANES: usize = 16;

impl Synapses {
    /// Pads rows of weights; those of neurons with one input of their own stay as they are.
    pub fn new(weights: &[i16], connections: &Connections) -> Self {
        let fan_in = connections.fan_in();
        let stride = if connections.is_one_to_one() {
            1
        } else {
            fan_in.next_multiple_of(LANES)
        };
        let mut rows = vec![0; weights.len() / fan_in.max(1) * stride];
        for (row, weights) in rows
            .chunks_exact_mut(stride.max(1))
            .zip(weights.chunks_exact(fan_in.max(1)))
        {
            row[..fan_in].copy_from_slice(weights);
        }
        let weight = |row: &[i16]| row.iter().map(|&w| i64::from(w).abs()).sum();
        let heaviest = rows.chunks_exact(stride.max(1)).map(weight).max();
        Self {
            rows,
            stride,
            heaviest: heaviest.unwrap_or(0),
            tables: Known::default(),
        }
    }

    /// What every pattern of the digits of some groups of taps adds up to, worked out when it is first asked for (so
    /// always for the same groups); `None` where 16 bits do not hold it.
    pub(crate) fn tables(&self, groups: &[[Option<u32>; TAPS]]) -> Option<&Tables> {
        self.tables.of(&self.rows, self.stride, groups)
    }
}

/// The last two steps of the neuron: V_i = Σ_d M_1,d U_i,d + b̃_i over its dendrites, then the
/// nearest code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fire {
    /// The format's own arithmetic, used where every U is the exact sum.
    pub requantizer: Requantizer,
    /// Whether it is: M_0 = 1 everywhere, and nothing is added behind M_1.
    pub exact: bool,
    /// M_1 of each dendrite.
    pub m1: Vec<Shared<f64>>,
    /// b̃, one per neuron, or empty for 0.
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    pub bias: Vec<f64>,
    /// Z_y, added after rounding; 0 where it is part of b̃ or left out.
    pub zero_point: i32,
}

impl Fire {
    /// V of a neuron, in codes with the zero point (a real number at an unquantized output), from the
    /// membrane of each dendrite.
    #[inline]
    pub fn potential(&self, neuron: usize, membrane: impl Fn(usize) -> i64) -> f64 {
        self.unshifted(neuron, membrane) + f64::from(self.zero_point)
    }

    #[inline]
    fn unshifted(&self, neuron: usize, membrane: impl Fn(usize) -> i64) -> f64 {
        let bias = self.bias.get(neuron).copied().unwrap_or(0.0) + self.requantizer.offset(neuron);
        let terms = self.m1.iter().enumerate();
        terms.fold(bias, |sum, (dendrite, m1)| {
            sum + m1.at(neuron) * membrane(dendrite) as f64
        })
    }

    /// The code of a neuron; `None` at a real output.
    #[inline]
    pub fn code(&self, neuron: usize, membrane: impl Fn(usize) -> i64) -> Option<i32> {
        if self.exact {
            return self.requantizer.code(neuron, self.m1.len(), membrane);
        }
        let rounded = self.unshifted(neuron, membrane).round_ties_even() as i64;
        self.requantizer
            .nearest(rounded.saturating_add(i64::from(self.zero_point)))
    }

    /// The codes of all neurons, from the membranes of each dendrite; at a real output they are 0.
    pub(crate) fn codes(&self, membranes: &[Vec<i32>], codes: &mut [i32]) {
        if self.exact {
            return self.requantizer.codes(membranes, codes);
        }
        vectorized(
            #[inline(always)]
            || match (&membranes, &self.m1[..], self.requantizer.clamps_to()) {
                ([membranes], [m1], Some(limits)) if !self.requantizer.has_offset() => {
                    let (low, high) = (f64::from(limits.0), f64::from(limits.1));
                    let zero_point = f64::from(self.zero_point);
                    let code = |m1: f64, bias: f64, membrane: i32| {
                        let nearest = (bias + m1 * f64::from(membrane)).round_ties_even() + zero_point;
                        // `max` and `min` are calls in WebAssembly.
                        let nearest = if nearest < low { low } else { nearest };
                        integer(if nearest > high { high } else { nearest })
                    };
                    for (m1, neurons) in m1.spans(codes.len()) {
                        let membranes = &membranes[neurons.clone()];
                        let codes = codes[neurons.clone()].iter_mut().zip(membranes);
                        match self.bias.get(neurons) {
                            None => codes.for_each(|(to, &membrane)| *to = code(m1, 0.0, membrane)),
                            Some(bias) => {
                                for ((to, &membrane), &bias) in codes.zip(bias) {
                                    *to = code(m1, bias, membrane);
                                }
                            }
                        }
                    }
                }
                _ => {
                    for (neuron, code) in codes.iter_mut().enumerate() {
                        let membrane = |dendrite: usize| membranes[dendrite][neuron].into();
                        *code = self.code(neuron, membrane).unwrap_or(0);
                    }
                }
            },
        );
    }

    /// The real number of an unquantized output.
    pub fn real(&self, neuron: usize, membrane: impl Fn(usize) -> i64) -> f32 {
        match &self.requantizer {
            Requantizer::Real {
                line: Line { clamp, .. },
            } if !self.exact => (self.unshifted(neuron, membrane) as f32).clamp(clamp.min, clamp.max),
            requantizer => requantizer.real(neuron, self.m1.len(), membrane),
        }
    }
}
