//! The network as bits.

use super::{CompareError, Integers, Point, Question};
use crate::explore::Tally;
use crate::graph::Graph;
use crate::quantize::post_training::{Calibration, Quantization};
use crate::quantize::{QuantizedNetwork, quantize, winner};
use crate::simulate::{Samples, calibrate, measure};
use crate::spiking::{Conversion, SpikingLayer, SpikingNetwork};

/// A network of integers, and its spiking form.
#[derive(Debug)]
pub(super) struct BitSerial {
    pub(super) network: QuantizedNetwork,
    pub(super) spiking: SpikingNetwork,
}

/// The network as bits: a quantized one as it is, a float one quantized here, once for each of the bits that are
/// asked for.
pub(super) fn bit_serial(
    graph: &Graph,
    calibration: &[f32],
    question: &Question,
) -> Result<Vec<BitSerial>, CompareError> {
    let new = |graph: &Graph| -> Result<BitSerial, CompareError> {
        Ok(BitSerial::new(
            quantize(graph)?,
            calibration,
            &question.conversion,
        ))
    };
    if !graph.is_real() {
        return Ok(vec![new(graph)?]);
    }
    let measured = Calibration::measure(graph, false, calibration)?;
    let bits = question.bits.iter();
    bits.map(|&bits| {
        let options = Quantization {
            activation_bits: bits,
            edge_bits: bits,
            ..Quantization::default()
        };
        new(&measured.quantize(&options, calibration)?)
    })
    .collect()
}

impl BitSerial {
    fn new(network: QuantizedNetwork, calibration: &[f32], conversion: &Conversion) -> Self {
        let codes = network.quantize_input(calibration);
        let samples = Samples {
            codes: &codes,
            len: network.input().len(),
        };
        let statistics = measure(&network, conversion, samples);
        let spiking = calibrate(&network, conversion, &statistics, samples);
        Self { network, spiking }
    }

    /// The layers whose codes are sent on, each with its tensor: the last one's are read out.
    pub(super) fn hidden_layers(&self) -> impl Iterator<Item = (usize, &str)> {
        let layers = self.spiking.layers.iter().map(|l| (l.target, l.name.as_str()));
        layers.take(self.spiking.layers.len().saturating_sub(1))
    }

    /// The time step in which each tensor begins to be sent: each layer listens for a window once all its inputs
    /// have spoken, and speaks in the next.
    pub(super) fn begins(&self) -> Vec<u64> {
        let mut begins = vec![0; self.spiking.tensors.len()];
        for layer in &self.spiking.layers {
            begins[layer.target] = self.listens(&begins, layer) + layer.window() as u64;
        }
        begins
    }

    /// The time step in which a layer begins to listen.
    pub(super) fn listens(&self, begins: &[u64], layer: &SpikingLayer) -> u64 {
        let tensors = layer.dendrites.iter().flat_map(|d| &d.view.tensors);
        tensors.map(|&tensor| begins[tensor]).max().unwrap_or(0)
    }

    /// A point without counts.
    pub(super) fn point(&self) -> Point {
        Point {
            steps: self
                .spiking
                .layers
                .iter()
                .map(|l| l.window() as u32)
                .max()
                .unwrap_or(0),
            latency: self.begins().last().copied().unwrap_or(0),
            layer_spikes: vec![0; self.hidden_layers().count()],
            integers: Some(Integers::default()),
            ..Point::default()
        }
    }

    /// Runs a sample, and counts all but what it answers.
    pub(super) fn add(&self, tally: &mut Tally, point: &mut Point, sample: &[f32], label: Option<usize>) {
        tally.add(
            &self.network,
            &self.spiking,
            &self.network.quantize_input(sample),
            None,
        );
        let spikes = |tensor: usize| -> u64 {
            let codes = tally.simulator().codes(tensor).iter();
            self.spiking.codes[tensor].map_or(0, |code| codes.map(|&c| u64::from(code.spikes(c))).sum())
        };
        point.input_spikes += spikes(0);
        for (sum, (tensor, _)) in point.layer_spikes.iter_mut().zip(self.hidden_layers()) {
            *sum += spikes(tensor);
        }
        // The tally adds up by itself.
        let agreement = tally.agreement();
        point.synaptic_operations = agreement
            .layers
            .iter()
            .map(|layer| layer.synaptic_operations)
            .sum();
        if let Some(integers) = &mut point.integers {
            integers.equal = agreement.codes_equal;
            integers.correct += usize::from(label == Some(winner(tally.reference().output())));
        }
    }
}
