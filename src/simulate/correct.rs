//! The third part of bias calibration: taking back the mean error of scaled integration
//! (`docs/MATHEMATICS.md`, section 3).

use super::Simulator;
use super::calibrate::{Samples, Statistics, add_channels};
use crate::graph::CodeFormat;
use crate::quantize::QuantizedNetwork;
use crate::spiking::{Conversion, Fitted, SpikingLayer, SpikingNetwork, fit_bias};

/// Bytes of codes and membranes that are held while mean errors are corrected; what samples make beyond
/// that is simulated again.
pub const CORRECTION_MEMORY: usize = 1 << 28;

/// b̃_i += E[V_exact − V_scaled] per output channel, layer after layer: each layer is measured with
/// those before it already corrected. V is linear in the membranes, so the mean of V_scaled is that
/// of their totals; a layer that came out exact has the same totals and is left alone.
pub(super) fn correct_mean_error(
    network: &QuantizedNetwork,
    spiking: &mut SpikingNetwork,
    statistics: &Statistics,
    samples: Samples<'_>,
    memory: usize,
) {
    let mut simulator = Simulator::new(network);
    let mut held = Held::new(network, samples, memory);
    for (index, layer) in network.layers.iter().enumerate() {
        let exact = &statistics.totals[index];
        let mut totals: Vec<Vec<i64>> = exact.iter().map(|t| vec![0; t.len()]).collect();
        for (number, sample) in samples.iter().enumerate() {
            if number < held.samples {
                held.set_sources(network, index, number, &mut simulator);
                simulator.run_layer(spiking, index, &mut ());
                held.push_membranes(simulator.membranes(index));
            } else {
                simulator.run_until(spiking, sample, index, &mut ());
            }
            for (totals, values) in totals.iter_mut().zip(simulator.membranes(index)) {
                add_channels(totals, values);
            }
        }
        let converted = &mut spiking.layers[index];
        correct(converted, &spiking.conversion, exact, &totals, samples.count());
        held.fire(spiking, index, layer.target, &mut simulator);
        held.forget(network, index);
    }
}

/// What the first samples have made so far: as many samples as the memory holds.
struct Held {
    samples: usize,
    /// The low 16 bits of the codes of every tensor, one sample after the other; empty where no layer
    /// to come listens to it.
    codes: Vec<Vec<u16>>,
    /// Membranes of the layer at hand. Registers have 32 bits at most.
    membranes: Vec<i32>,
}

impl Held {
    fn new(network: &QuantizedNetwork, samples: Samples<'_>, memory: usize) -> Self {
        let codes = network.tensors.iter().map(|t| t.len() * size_of::<u16>());
        let membranes = network.layers.iter().map(|l| l.neurons() * l.dendrites.len());
        let per_sample = codes.sum::<usize>() + membranes.max().unwrap_or(0) * size_of::<i32>();
        let count = samples.count().min(memory / per_sample.max(1));
        let mut codes = vec![Vec::new(); network.tensors.len()];
        let input = &samples.codes[..count * samples.len];
        codes[0] = input.iter().map(|&code| code as u16).collect();
        Self {
            samples: count,
            codes,
            membranes: Vec::new(),
        }
    }

    /// Has the sources of a layer send what they do for a sample.
    fn set_sources(
        &self,
        network: &QuantizedNetwork,
        layer: usize,
        sample: usize,
        simulator: &mut Simulator,
    ) {
        let mut codes = Vec::new();
        for &tensor in network.layers[layer]
            .dendrites
            .iter()
            .flat_map(|d| &d.view.tensors)
        {
            let (len, format) = (network.tensors[tensor].len(), format(network, tensor));
            codes.clear();
            let kept = &self.codes[tensor][sample * len..][..len];
            codes.extend(kept.iter().map(|&bits| widen(bits, format)));
            simulator.set_codes(tensor, &codes);
        }
    }

    fn push_membranes(&mut self, membranes: &[Vec<i64>]) {
        for values in membranes {
            self.membranes.extend(values.iter().map(|&u| u as i32));
        }
    }

    /// Membranes do not depend on b̃, so what the corrected layer fires needs no second window.
    fn fire(&mut self, spiking: &SpikingNetwork, index: usize, target: usize, simulator: &mut Simulator) {
        let layer = &spiking.layers[index];
        let len = (layer.neurons() * layer.dendrites.len()).max(1);
        let mut membranes = Vec::with_capacity(len);
        for kept in self.membranes.chunks_exact(len) {
            membranes.clear();
            membranes.extend(kept.iter().map(|&u| i64::from(u)));
            simulator.set_membranes(index, &membranes);
            simulator.fire(spiking, index);
            self.codes[target].extend(simulator.codes(target).iter().map(|&code| code as u16));
        }
        self.membranes.clear();
    }

    /// Lets go of the tensors that no layer behind `index` listens to.
    fn forget(&mut self, network: &QuantizedNetwork, index: usize) {
        let later = &network.layers[index + 1..];
        let is_heard = |tensor: usize| {
            let mut dendrites = later.iter().flat_map(|layer| &layer.dendrites);
            dendrites.any(|dendrite| dendrite.view.tensors.contains(&tensor))
        };
        for &tensor in network.layers[index]
            .dendrites
            .iter()
            .flat_map(|d| &d.view.tensors)
        {
            if !is_heard(tensor) {
                self.codes[tensor] = Vec::new();
            }
        }
    }
}

fn format(network: &QuantizedNetwork, tensor: usize) -> CodeFormat {
    network.tensors[tensor]
        .affine
        .map_or(CodeFormat::signed(16), |affine| affine.format)
}

/// The code whose low 16 bits these are.
fn widen(bits: u16, format: CodeFormat) -> i32 {
    if format.signed {
        i32::from(bits as i16)
    } else {
        i32::from(bits)
    }
}

/// Adds the mean of V_exact less that of V_scaled to b̃, channel by channel.
fn correct(
    layer: &mut SpikingLayer,
    conversion: &Conversion,
    exact: &[Vec<i64>],
    scaled: &[Vec<i64>],
    samples: usize,
) {
    let neurons = layer.neurons();
    let channels = layer.dendrites[0].connections.output.channels;
    let positions = neurons / channels.max(1);
    let count = (samples * positions).max(1) as f64;
    let fire = &mut layer.fire;
    let zero_point = f64::from(fire.requantizer.zero_point() - fire.zero_point);
    let corrections: Vec<f64> = (0..channels)
        .map(|channel| {
            let bias = fire
                .bias
                .get(channel * positions..(channel + 1) * positions)
                .unwrap_or_default();
            let mut correction = zero_point - bias.iter().sum::<f64>() / positions as f64;
            for (dendrite, (exact, scaled)) in exact.iter().zip(scaled).enumerate() {
                let m_hat = fire
                    .requantizer
                    .multipliers(dendrite, neurons)
                    .at(channel * positions);
                let m1 = fire.m1[dendrite].at(channel * positions);
                correction += m_hat * exact[channel] as f64 / count - m1 * scaled[channel] as f64 / count;
            }
            correction
        })
        .collect();
    if corrections.iter().all(|&c| c == 0.0) {
        return;
    }
    let mut bias = std::mem::take(&mut fire.bias);
    bias.resize(neurons, 0.0);
    for (neuron, bias) in bias.iter_mut().enumerate() {
        *bias += corrections[neuron / positions];
    }
    let Fitted {
        values,
        bits,
        saturated,
    } = fit_bias(bias, conversion);
    fire.bias = values;
    fire.exact = false;
    layer.plan.bias_bits = layer.plan.bias_bits.max(bits);
    layer.plan.bias_saturated += saturated;
    layer.plan.mean_correction = corrections.iter().sum::<f64>() / corrections.len().max(1) as f64;
}
