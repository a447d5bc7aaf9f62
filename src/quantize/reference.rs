//! The integer reference: acc_i = Σ_j w_ij (x_j − Z_x) + b_i, then the next code
//! (`docs/MATHEMATICS.md`, section 1). It knows nothing of spikes.

use super::{Dendrite, QuantizedNetwork, Reduce};
use crate::graph::Affine;
use crate::vectorize::vectorized;

/// Runs a network on one sample after another, without allocating in between.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Codes of every tensor (empty for a real output).
    codes: Vec<Vec<i32>>,
    /// Exact sums of every layer's dendrites.
    sums: Vec<Vec<Vec<i64>>>,
    /// The output as real numbers.
    output: Vec<f32>,
    /// Codes as a dendrite sees them, then less the zero point.
    seen: Vec<i32>,
    /// The same where 16 bits hold it.
    narrow: Vec<i16>,
    /// What the output neurons of a group see, less the zero point.
    patches: Vec<i32>,
    narrow_patches: Vec<i16>,
}

impl Reference {
    /// Room for running `network`.
    pub fn new(network: &QuantizedNetwork) -> Self {
        let sums = |d: &Dendrite| vec![0; d.connections.output.len()];
        Self {
            codes: network.tensors.iter().map(|t| vec![0; t.len()]).collect(),
            sums: network
                .layers
                .iter()
                .map(|l| l.dendrites.iter().map(sums).collect())
                .collect(),
            output: vec![0.0; network.output().len()],
            seen: Vec::new(),
            narrow: Vec::new(),
            patches: Vec::new(),
            narrow_patches: Vec::new(),
        }
    }

    /// Runs the network on the input's codes.
    pub fn run(&mut self, network: &QuantizedNetwork, input: &[i32]) {
        self.codes[0].copy_from_slice(input);
        for (index, layer) in network.layers.iter().enumerate() {
            for (dendrite, sums) in layer.dendrites.iter().zip(&mut self.sums[index]) {
                let zero_point = dendrite.affine.zero_point;
                dendrite.view.collect(&self.codes, zero_point, &mut self.seen);
                self.seen.iter_mut().for_each(|code| *code -= zero_point);
                match dendrite.reduce {
                    Reduce::Sum if are_narrow(dendrite) => {
                        self.narrow.clear();
                        self.narrow.extend(self.seen.iter().map(|&x| x as i16));
                        add(dendrite, &self.narrow, &mut self.narrow_patches, sums);
                    }
                    Reduce::Sum => add(dendrite, &self.seen, &mut self.patches, sums),
                    Reduce::Max => largest(dendrite, &self.seen, sums),
                }
            }
            let sums = &self.sums[index];
            let codes = &mut self.codes[layer.target];
            vectorized(
                #[inline(always)]
                || {
                    for (neuron, code) in codes.iter_mut().enumerate() {
                        let sum = |dendrite: usize| sums[dendrite][neuron];
                        *code = layer.requantizer.code(neuron, sums.len(), sum).unwrap_or(0);
                    }
                },
            );
        }
        let (Some(last), Some(sums)) = (network.layers.last(), self.sums.last()) else {
            return;
        };
        for (neuron, real) in self.output.iter_mut().enumerate() {
            *real = last
                .requantizer
                .real(neuron, sums.len(), |dendrite| sums[dendrite][neuron]);
        }
    }

    /// The codes of a tensor after the last run.
    pub fn codes(&self, tensor: usize) -> &[i32] {
        &self.codes[tensor]
    }

    /// The exact sums of a layer's dendrite after the last run.
    pub fn sums(&self, layer: usize, dendrite: usize) -> &[i64] {
        &self.sums[layer][dendrite]
    }

    /// The output as real numbers after the last run.
    pub fn output(&self) -> &[f32] {
        &self.output
    }
}

/// Whether 16 bits hold x − Z_x for every code x.
fn are_narrow(dendrite: &Dendrite) -> bool {
    let Affine {
        format, zero_point, ..
    } = dendrite.affine;
    [format.min(), format.max()]
        .iter()
        .all(|&code| i16::try_from(i64::from(code) - i64::from(zero_point)).is_ok())
}

/// Σ_j w_ij (x_j − Z_x) + b_i, of x − Z_x.
fn add<T: Copy + Default + Into<i32>>(
    dendrite: &Dendrite,
    seen: &[T],
    patches: &mut Vec<T>,
    sums: &mut [i64],
) {
    let wiring = &dendrite.connections;
    let (fan_in, positions) = (wiring.fan_in(), wiring.output.positions());
    for (neuron, sum) in sums.iter_mut().enumerate() {
        *sum = dendrite.bias(neuron);
    }
    if fan_in == 0 {
        return;
    }
    if wiring.is_one_to_one() {
        let products = seen.iter().zip(&dendrite.weights.values);
        for (sum, (&x, &weight)) in sums.iter_mut().zip(products) {
            *sum += i64::from(weight) * i64::from(x.into());
        }
        return;
    }
    patches.resize(fan_in * positions, T::default());
    for group in 0..wiring.groups {
        // Padding stands for the real number 0, which is the zero point's code.
        patches.fill(T::default());
        wiring.gather(group, seen, patches, fan_in);
        for channel in wiring.channels_of(group) {
            let weights = &dendrite.weights.values[channel * fan_in..][..fan_in];
            let sums = &mut sums[channel * positions..];
            vectorized(
                #[inline(always)]
                || {
                    for (sum, patch) in sums.iter_mut().zip(patches.chunks_exact(fan_in)) {
                        *sum += dot(weights, patch);
                    }
                },
            );
        }
    }
}

/// max_j (x_j − Z_x) over the connections that exist, of x − Z_x; the smallest code where there are none.
fn largest(dendrite: &Dendrite, seen: &[i32], sums: &mut [i64]) {
    sums.fill(i64::from(dendrite.affine.format.min()) - i64::from(dendrite.affine.zero_point));
    dendrite.connections.for_each_synapse(|neuron, source, _| {
        sums[neuron] = sums[neuron].max(i64::from(seen[source]));
    });
}

/// Σ w x; partial sums of 2^15 products of 9- and 17-bit numbers would not fit 32 bits, those of
/// 32 products do.
#[inline(always)]
fn dot<T: Copy + Into<i32>>(weights: &[i16], values: &[T]) -> i64 {
    let (w, x) = (weights.chunks_exact(32), values.chunks_exact(32));
    let rest = products(w.remainder(), x.remainder());
    w.zip(x).fold(rest, |sum, (w, x)| sum + products(w, x))
}

#[inline(always)]
fn products<T: Copy + Into<i32>>(weights: &[i16], values: &[T]) -> i64 {
    i64::from(
        weights
            .iter()
            .zip(values)
            .map(|(&w, &x)| i32::from(w) * x.into())
            .sum::<i32>(),
    )
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
