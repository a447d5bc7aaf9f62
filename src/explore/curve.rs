//! What a network of one input and one output answers over the whole range of its input.

use crate::quantize::{QuantizedNetwork, Reference};
use crate::simulate::{Packed, Simulator};
use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};

/// Points of a curve: every code of an 8-bit input, every n-th of a wider one.
const POINTS: usize = 256;

/// A network with more synapses is not run over its whole range: it would take too long.
const MOST_SYNAPSES: u64 = 100_000;

/// Answers over the range of a single input, from its lowest code to its highest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The input, in the model's units.
    pub inputs: Packed<f32>,
    /// The integer reference's answers.
    pub reference: Packed<f32>,
    /// The spiking network's answers.
    pub spiking: Packed<f32>,
}

impl Curve {
    /// Runs both networks over the input's codes. `None` if the network has several inputs or outputs, or is too
    /// large.
    pub fn of(
        network: &QuantizedNetwork,
        spiking: &SpikingNetwork,
        simulator: &mut Simulator,
        reference: &mut Reference,
    ) -> Option<Self> {
        let dendrites = network.layers.iter().flat_map(|layer| &layer.dendrites);
        let synapses: u64 = dendrites.map(|dendrite| dendrite.connections.synapses()).sum();
        let is_curve = network.input().len() == 1 && network.output().len() == 1;
        let affine = network
            .input()
            .affine
            .filter(|_| is_curve && synapses <= MOST_SYNAPSES)?;
        let (low, high) = (affine.format.min(), affine.format.max());
        let codes = high.abs_diff(low) as usize + 1;
        let points = codes.min(POINTS);
        let mut curve = Self::default();
        for point in 0..points {
            let code = low + (point * (codes - 1) / (points - 1).max(1)) as i32;
            simulator.run(spiking, &[code], &mut ());
            reference.run(network, &[code]);
            curve.inputs.0.push(affine.dequantize(code));
            curve.reference.0.extend_from_slice(reference.output());
            curve.spiking.0.extend_from_slice(simulator.output());
        }
        Some(curve)
    }
}
