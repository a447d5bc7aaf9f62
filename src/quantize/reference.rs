//! The integer reference: acc_i = Σ_j w_ij (x_j − Z_x) + b_i, then the next code
//! (`docs/MATHEMATICS.md`, section 1). It knows nothing of spikes.

use super::QuantizedNetwork;

/// Runs a network on one sample after another, without allocating in between.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Codes of every tensor (empty for a real output).
    codes: Vec<Vec<i32>>,
    /// Exact sums of every layer.
    sums: Vec<Vec<i64>>,
    /// The output as real numbers.
    output: Vec<f32>,
    /// What the output neurons of a group see, less the zero point.
    patches: Vec<i32>,
}

impl Reference {
    /// Room for running `network`.
    pub fn new(network: &QuantizedNetwork) -> Self {
        let patches = network
            .layers
            .iter()
            .map(|l| l.connections.fan_in() * l.connections.output.positions());
        Self {
            codes: network.tensors.iter().map(|t| vec![0; t.len()]).collect(),
            sums: network
                .layers
                .iter()
                .map(|l| vec![0; l.connections.output.len()])
                .collect(),
            output: vec![0.0; network.output().len()],
            patches: vec![0; patches.max().unwrap_or(0)],
        }
    }

    /// Runs the network on the input's codes.
    pub fn run(&mut self, network: &QuantizedNetwork, input: &[i32]) {
        self.codes[0].copy_from_slice(input);
        for index in 0..network.layers.len() {
            self.run_layer(network, index);
        }
        let Some(last) = network.layers.last() else { return };
        let positions = last.connections.output.positions();
        for (neuron, (real, &sum)) in self
            .output
            .iter_mut()
            .zip(&self.sums[network.layers.len() - 1])
            .enumerate()
        {
            *real = match last.requantizer.output() {
                Some(affine) => affine.dequantize(self.codes[last.target][neuron]),
                None => last.requantizer.real(neuron / positions, sum),
            };
        }
    }

    fn run_layer(&mut self, network: &QuantizedNetwork, index: usize) {
        let layer = &network.layers[index];
        let wiring = &layer.connections;
        let (fan_in, positions) = (wiring.fan_in(), wiring.output.positions());
        let zero_point = network.source_affine(layer).zero_point;
        let patches = &mut self.patches[..fan_in * positions];
        let sums = &mut self.sums[index];
        for group in 0..wiring.groups {
            // Padding stands for the real number 0, which is the zero point's code.
            patches.fill(zero_point);
            wiring.gather(group, &self.codes[layer.source], patches, fan_in);
            patches.iter_mut().for_each(|x| *x -= zero_point);
            for channel in wiring.channels_of(group) {
                let weights = &layer.weights.values[channel * fan_in..][..fan_in];
                let bias = layer.bias(channel);
                for (sum, patch) in sums[channel * positions..]
                    .iter_mut()
                    .zip(patches.chunks_exact(fan_in))
                {
                    *sum = bias + dot(weights, patch);
                }
            }
        }
        let codes = &mut self.codes[layer.target];
        for (neuron, (code, &sum)) in codes.iter_mut().zip(sums.iter()).enumerate() {
            *code = layer.requantizer.code(neuron / positions, sum).unwrap_or(0);
        }
    }

    /// The codes of a tensor after the last run.
    pub fn codes(&self, tensor: usize) -> &[i32] {
        &self.codes[tensor]
    }

    /// The exact sums of a layer after the last run.
    pub fn sums(&self, layer: usize) -> &[i64] {
        &self.sums[layer]
    }

    /// The output as real numbers after the last run.
    pub fn output(&self) -> &[f32] {
        &self.output
    }
}

/// Σ w x; partial sums of 2^15 products of 9- and 17-bit numbers would not fit 32 bits, those of
/// 32 products do.
fn dot(weights: &[i16], values: &[i32]) -> i64 {
    weights
        .chunks(32)
        .zip(values.chunks(32))
        .map(|(w, x)| i64::from(w.iter().zip(x).map(|(&w, &x)| i32::from(w) * x).sum::<i32>()))
        .sum()
}

/// The index of the largest value; the first of equal ones.
pub fn winner(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
