//! The integer reference: acc_i = Σ_j w_ij (x_j − Z_x) + b_i, then the next code
//! (`docs/MATHEMATICS.md`, section 1). It knows nothing of spikes.

use super::{Dendrite, QuantizedNetwork, Reduce};
use crate::graph::{Affine, Weights};
use crate::vectorize::vectorized;
use std::sync::Arc;

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
    /// The weights of every layer's dendrites where 32 bits hold their sums.
    rows: Vec<Vec<Option<Rows>>>,
}

/// Weights of a dendrite whose sums 32 bits hold, whatever arrives.
#[derive(Clone, Debug)]
struct Rows {
    /// What they are of.
    weights: Arc<Weights>,
    /// Rows of `stride` values, zeros behind the last weight.
    values: Vec<i16>,
    stride: usize,
}

/// Rows are padded to whole multiples of this many values.
const LANES: usize = 16;

impl Rows {
    fn of(dendrite: &Dendrite) -> Option<Self> {
        let Affine {
            format, zero_point, ..
        } = dendrite.affine;
        let (wiring, weights) = (&dendrite.connections, &dendrite.weights);
        let fan_in = wiring.fan_in();
        if dendrite.reduce != Reduce::Sum || fan_in == 0 || wiring.is_one_to_one() || !are_narrow(dendrite) {
            return None;
        }
        let zero_point = i64::from(zero_point);
        let largest = (i64::from(format.max()) - zero_point).max(zero_point - i64::from(format.min()));
        let rows = || weights.values.chunks_exact(fan_in);
        let weight = |row: &[i16]| row.iter().map(|&w| i64::from(w).abs()).sum::<i64>();
        let heaviest = rows().map(weight).max().unwrap_or(0);
        if heaviest.saturating_mul(largest) > i32::MAX.into() {
            return None;
        }
        let stride = fan_in.next_multiple_of(LANES);
        let mut values = vec![0; weights.values.len() / fan_in * stride];
        for (row, weights) in values.chunks_exact_mut(stride).zip(rows()) {
            row[..fan_in].copy_from_slice(weights);
        }
        Some(Self {
            weights: weights.clone(),
            values,
            stride,
        })
    }

    /// Σ_j w_ij (x_j − Z_x) + b_i, of x − Z_x.
    fn add(&self, dendrite: &Dendrite, seen: &[i16], patches: &mut Vec<i16>, sums: &mut [i64]) {
        let (wiring, stride) = (&dendrite.connections, self.stride);
        let positions = wiring.output.positions();
        patches.resize(stride * positions, 0);
        for group in 0..wiring.groups {
            patches.fill(0);
            wiring.gather(group, seen, patches, stride);
            for channel in wiring.channels_of(group) {
                let row = &self.values[channel * stride..][..stride];
                let first = channel * positions;
                let sums = &mut sums[first..first + positions];
                vectorized(
                    #[inline(always)]
                    || {
                        for (sum, patch) in sums.iter_mut().zip(patches.chunks_exact(stride)) {
                            *sum = product(row, patch).into();
                        }
                    },
                );
                match dendrite.weights.bias.get(channel) {
                    Some(&bias) if dendrite.weights.bias.len() == wiring.output.channels => {
                        sums.iter_mut().for_each(|sum| *sum += i64::from(bias));
                    }
                    _ => {
                        for (neuron, sum) in sums.iter_mut().enumerate() {
                            *sum += dendrite.bias(first + neuron);
                        }
                    }
                }
            }
        }
    }
}

/// Σ w x of whole vectors.
#[inline(always)]
fn product(weights: &[i16], values: &[i16]) -> i32 {
    let mut sums = [0i32; LANES / 2];
    let (weights, values) = (weights.as_chunks::<LANES>().0, values.as_chunks::<LANES>().0);
    for (w, x) in weights.iter().zip(values) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let (a, b) = (2 * i, 2 * i + 1);
            *sum += i32::from(w[a]) * i32::from(x[a]) + i32::from(w[b]) * i32::from(x[b]);
        }
    }
    sums.into_iter().sum()
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
            rows: network
                .layers
                .iter()
                .map(|l| l.dendrites.iter().map(Rows::of).collect())
                .collect(),
        }
    }

    /// Runs the network on the input's codes.
    pub fn run(&mut self, network: &QuantizedNetwork, input: &[i32]) {
        self.codes[0].copy_from_slice(input);
        for (index, layer) in network.layers.iter().enumerate() {
            let places = self.sums[index].iter_mut().zip(&mut self.rows[index]);
            for (dendrite, (sums, rows)) in layer.dendrites.iter().zip(places) {
                let zero_point = dendrite.affine.zero_point;
                dendrite.view.collect(&self.codes, zero_point, &mut self.seen);
                self.seen.iter_mut().for_each(|code| *code -= zero_point);
                match dendrite.reduce {
                    Reduce::Sum if are_narrow(dendrite) => {
                        self.narrow.clear();
                        self.narrow.extend(self.seen.iter().map(|&x| x as i16));
                        // Another network of the same form may have other weights.
                        let is_known = |rows: &Rows| Arc::ptr_eq(&rows.weights, &dendrite.weights);
                        if !rows.as_ref().is_some_and(is_known) {
                            *rows = Rows::of(dendrite);
                        }
                        if let Some(rows) = rows {
                            rows.add(dendrite, &self.narrow, &mut self.narrow_patches, sums);
                            continue;
                        }
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
