//! The spiking network: for every layer, what its STEM neurons hold and do.

use super::{Conversion, LayerPlan, Register, Scale, Step};
use crate::graph::{CodeFormat, Connections};
use crate::quantize::{CodeTensor, Requantizer};

/// A network of STEM neurons.
#[derive(Clone, Debug)]
pub struct SpikingNetwork {
    /// The choices that it was converted with.
    pub conversion: Conversion,
    /// The input, then the output of each layer, as in the quantized network.
    pub tensors: Vec<CodeTensor>,
    /// Layers in running order.
    pub layers: Vec<SpikingLayer>,
}

/// A layer of STEM neurons.
#[derive(Clone, Debug)]
pub struct SpikingLayer {
    /// Its node's name in the file.
    pub name: String,
    /// The tensor whose bits it listens to.
    pub source: usize,
    /// The tensor whose codes it fires.
    pub target: usize,
    /// The wiring.
    pub connections: Connections,
    /// Synapse weights, laid out for the kernels.
    pub synapses: Synapses,
    /// The codes that arrive.
    pub code: CodeFormat,
    /// The K steps of its window.
    pub steps: Vec<Step>,
    /// Whether the membrane doubles at each step.
    pub doubling: bool,
    /// The membrane register.
    pub register: Register,
    /// M_0.
    pub scale: Scale,
    /// What stands in the membrane before the first step (shifting: what is added after the last),
    /// already scaled; one per neuron, or empty for 0.
    pub start: Vec<i64>,
    /// Whether the K steps provably come to one integer product: M_0 = 1, no input can leave the
    /// register, and 32 bits hold every sum of products.
    pub collapses: bool,
    /// From membrane to code.
    pub fire: Fire,
    /// What conversion decided, for reports.
    pub plan: LayerPlan,
}

/// Weights of a layer, each output channel's row padded with zeros to whole vectors.
#[derive(Clone, Debug, Default)]
pub struct Synapses {
    /// Output channels × stride.
    pub rows: Vec<i16>,
    /// Values of a row.
    pub stride: usize,
}

/// Rows are whole multiples of this many values.
pub const LANES: usize = 8;

impl Synapses {
    /// Pads rows of `fan_in` weights.
    pub fn new(weights: &[i16], fan_in: usize) -> Self {
        let stride = fan_in.next_multiple_of(LANES);
        let mut rows = vec![0; weights.len() / fan_in.max(1) * stride];
        for (row, weights) in rows
            .chunks_exact_mut(stride.max(1))
            .zip(weights.chunks_exact(fan_in.max(1)))
        {
            row[..fan_in].copy_from_slice(weights);
        }
        Self { rows, stride }
    }
}

/// The last two steps of the neuron: V_i = M_1 U_i + b̃_i, then the nearest code.
#[derive(Clone, Debug)]
pub struct Fire {
    /// The format's own arithmetic, used where U is the exact sum.
    pub requantizer: Requantizer,
    /// Whether it is: M_0 = 1, and nothing is added behind M_1.
    pub exact: bool,
    /// M_1, one per output channel or one for all.
    pub m1: Vec<f64>,
    /// b̃, one per neuron, or empty for 0.
    pub bias: Vec<f64>,
    /// Z_y, added after rounding; 0 where it is part of b̃ or left out.
    pub zero_point: i32,
}

impl Fire {
    /// V of a neuron, in codes with the zero point (a real number at an unquantized output).
    #[inline]
    pub fn potential(&self, channel: usize, neuron: usize, membrane: i64) -> f64 {
        self.unshifted(channel, neuron, membrane) + f64::from(self.zero_point)
    }

    #[inline]
    fn unshifted(&self, channel: usize, neuron: usize, membrane: i64) -> f64 {
        let m1 = if self.m1.len() == 1 {
            self.m1[0]
        } else {
            self.m1[channel]
        };
        m1 * membrane as f64 + self.bias.get(neuron).copied().unwrap_or(0.0)
    }

    /// The code of a neuron; `None` at a real output.
    #[inline]
    pub fn code(&self, channel: usize, neuron: usize, membrane: i64) -> Option<i32> {
        if self.exact {
            return self.requantizer.code(channel, membrane);
        }
        let Requantizer::Codes { low, high, .. } = self.requantizer else {
            return None;
        };
        let rounded = self.unshifted(channel, neuron, membrane).round_ties_even() as i64;
        Some((rounded + i64::from(self.zero_point)).clamp(i64::from(low), i64::from(high)) as i32)
    }

    /// The real number of an unquantized output.
    pub fn real(&self, channel: usize, neuron: usize, membrane: i64) -> f32 {
        if self.exact {
            return self.requantizer.real(channel, membrane);
        }
        let clamp = match &self.requantizer {
            Requantizer::Codes { clamp, .. } | Requantizer::Real { clamp, .. } => clamp,
        };
        (self.unshifted(channel, neuron, membrane) as f32).clamp(clamp.min, clamp.max)
    }
}
