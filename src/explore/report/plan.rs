//! What conversion decided for a layer, and where its register failed.

use crate::explore::FirstOverflow;
use crate::spiking::{LayerPlan, Register, SpikingLayer};
use serde::{Deserialize, Serialize};

/// The register and the scale of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanReport {
    /// I_max, which M_0 was made for.
    pub i_max: i64,
    /// The largest magnitude of an intermediate result at M_0 = 1 in the calibration data.
    pub calibrated_i_max: i64,
    /// The largest that the weights allow, whatever arrives.
    pub guaranteed_i_max: i64,
    /// M_0.
    pub m0: Ratio,
    /// M_1 over the output channels; `None` at a real output.
    pub m1: Option<Span>,
    /// Bits of the membrane register.
    pub register_bits: u8,
    /// Fewest register bits with which calibration data does not overflow at M_0 = 1.
    pub narrowest_register: u8,
    /// Fewest register bits with which no data can overflow at M_0 = 1.
    pub guaranteed_register: u8,
    /// Register bits that calibration data leaves unused; negative where they are too few.
    pub headroom: i32,
    /// Register bits that remain unused whatever arrives; negative where they are too few for that.
    pub guaranteed_headroom: i32,
    /// Whether it is proven that no data overflows.
    pub proven: bool,
    /// Fewest bits of a bias register that holds every constant.
    pub bias_bits: u8,
    /// Constants that the bias register could not hold.
    pub bias_saturated: u64,
    /// Mean correction over the channels, in codes.
    pub mean_correction: f64,
}

impl PlanReport {
    /// The plan of a layer.
    pub fn new(layer: &SpikingLayer) -> Self {
        let plan = &layer.plan;
        let LayerPlan {
            m0: (numerator, denominator),
            narrowest_register,
            guaranteed_register,
            ..
        } = *plan;
        let register_bits = layer.dendrites.first().map_or(0, |d| d.register.bits);
        let left = |needed: u8| i32::from(register_bits) - i32::from(needed);
        Self {
            i_max: plan.i_max,
            calibrated_i_max: plan.calibrated_i_max,
            guaranteed_i_max: plan.guaranteed_i_max,
            m0: Ratio {
                numerator,
                denominator,
                value: plan.m0(),
            },
            m1: Span::of(&plan.m1),
            register_bits,
            narrowest_register,
            guaranteed_register,
            headroom: left(narrowest_register),
            guaranteed_headroom: left(guaranteed_register),
            proven: plan.proven,
            bias_bits: plan.bias_bits,
            bias_saturated: plan.bias_saturated,
            mean_correction: plan.mean_correction,
        }
    }

    /// Whether currents enter the membrane scaled down, so that every step rounds.
    pub fn is_scaled(&self) -> bool {
        self.m0.numerator != self.m0.denominator
    }
}

/// The fewest register bits with which results up to this magnitude need no scaling.
pub(super) fn unscaled_bits(i_max: i64) -> u8 {
    Register::bits_for(-i_max, i_max)
}

/// A ratio of integers and its value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Above the line; not reduced.
    pub numerator: i64,
    /// Below the line.
    pub denominator: i64,
    /// The quotient.
    pub value: f64,
}

/// Smallest and largest of several numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl Span {
    /// Of these numbers; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let min = values.iter().copied().min_by(f64::total_cmp)?;
        let max = values.iter().copied().max_by(f64::total_cmp)?;
        Some(Self { min, max })
    }
}

/// Where a register first overflowed. All indices count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverflowPlace {
    /// The sample.
    pub sample: usize,
    /// The group of inputs whose register it was: 0 in most layers.
    pub dendrite: usize,
    /// The neuron in the layer's output tensor.
    pub neuron: usize,
    /// Its channel.
    pub channel: usize,
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// The step within the window; `None` for the folded constant.
    pub step: Option<u8>,
    /// What the register should have held.
    pub value: i64,
    /// What it held instead.
    pub stored: i64,
}

impl OverflowPlace {
    /// The place of an overflow in a layer.
    pub fn new(first: FirstOverflow, layer: &SpikingLayer) -> Self {
        let (neuron, dendrite) = (first.neuron as usize, usize::from(first.dendrite));
        let volume = layer.dendrites[0].connections.output;
        let position = neuron % volume.positions().max(1);
        Self {
            sample: first.sample,
            dendrite,
            neuron,
            channel: neuron / volume.positions().max(1),
            row: position / volume.width.max(1),
            column: position % volume.width.max(1),
            step: first.step,
            value: first.value,
            stored: layer.dendrites[dendrite].register.store(first.value),
        }
    }
}
