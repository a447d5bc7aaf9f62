//! Many samples at once, where proof comes before speed: layers whose registers provably hold everything unrounded
//! are integer products, made for a batch of samples with channels side by side. Layers of which that isn't proven
//! run their steps, sample by sample.
//!
//! Codes are held as words: 16 bits of x − z, so that 0 is silence. A tensor's words stand position by position, the
//! channels of each side by side ([`Layout`]); weights are packed once to match.

mod fire;
mod matrix;
mod plan;
mod window;

use super::{Observer, Simulator, Site};
use crate::quantize::QuantizedNetwork;
use crate::spiking::{SpikeCode, SpikingNetwork};
use crate::vectorize::vectorized;
use plan::{Plan, Way};
use window::Layout;

/// Runs a spiking network on batches of samples, without allocating in between. Codes and outputs are those of
/// [`Simulator`] to the bit.
#[derive(Clone, Debug)]
pub struct BatchSimulator {
    layouts: Vec<Layout>,
    ways: Vec<Way>,
    /// Of each tensor, the samples one behind the other, two words in each number.
    words: Vec<Vec<i32>>,
    /// z of each tensor.
    silent: Vec<i32>,
    output: Vec<f32>,
    capacity: usize,
    samples: usize,
    room: Room,
    /// For the layers that run their steps.
    simulator: Simulator,
}

/// What running needs besides.
#[derive(Clone, Debug, Default)]
struct Room {
    patches: Vec<i32>,
    /// Of each dendrite.
    sums: Vec<Vec<i32>>,
    words: Vec<i16>,
}

/// Tells of overflows only, with the sample that they were in.
struct Overflows<F>(usize, F);

impl<F: FnMut(usize, Site, Option<usize>, usize, i64)> Observer for Overflows<F> {
    const SEES_STEPS: bool = false;

    fn overflow(&mut self, site: Site, step: Option<usize>, neuron: usize, value: i64) {
        (self.1)(self.0, site, step, neuron, value);
    }
}

impl BatchSimulator {
    /// Packs `spiking`, a spiking form of `network`; `None` where 16 bits don't hold what neurons send.
    pub fn new(network: &QuantizedNetwork, spiking: &SpikingNetwork) -> Option<Self> {
        let Plan {
            layouts,
            ways,
            capacity,
            silent,
            room,
        } = Plan::new(spiking)?;
        let words = layouts.iter().map(|layout| {
            let values = capacity * layout.len() + window::SLACK;
            vec![0; values.div_ceil(2)]
        });
        Some(Self {
            words: words.collect(),
            output: vec![0.0; capacity * layouts.last().map_or(0, |layout| layout.len())],
            layouts,
            ways,
            silent,
            capacity,
            samples: 0,
            room,
            simulator: Simulator::new(network),
        })
    }

    /// The most samples of a batch.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Samples of the last batch.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Sends the codes of as many samples as there are in `input`, up to the [capacity](Self::capacity), through the
    /// network that this was made for.
    pub fn run(&mut self, network: &SpikingNetwork, input: &[i32]) {
        self.run_watched(network, input, |_, _, _, _, _| ());
    }

    /// The same; `overflow` is told of every result outside a register: sample, place, step (`None` for the folded
    /// constant), neuron and value.
    pub fn run_watched(
        &mut self,
        network: &SpikingNetwork,
        input: &[i32],
        mut overflow: impl FnMut(usize, Site, Option<usize>, usize, i64),
    ) {
        let neurons = self.layouts[0].len().max(1);
        self.samples = (input.len() / neurons).min(self.capacity);
        for (sample, codes) in input.chunks_exact(neurons).take(self.samples).enumerate() {
            self.set_codes(0, sample, codes);
        }
        for layer in 0..network.layers.len() {
            match &mut self.ways[layer] {
                Way::Whole(whole) => whole.run(
                    &network.layers[layer],
                    &self.layouts,
                    &mut self.words,
                    (self.samples, &self.silent),
                    &mut self.room,
                    &mut self.output,
                ),
                Way::Steps(sources) => {
                    let sources = std::mem::take(sources);
                    for sample in 0..self.samples {
                        self.step(network, layer, &sources, &mut Overflows(sample, &mut overflow));
                    }
                    self.ways[layer] = Way::Steps(sources);
                }
            }
        }
    }

    /// Lets a layer run its steps for one sample.
    fn step<F: FnMut(usize, Site, Option<usize>, usize, i64)>(
        &mut self,
        network: &SpikingNetwork,
        layer: usize,
        sources: &[usize],
        observer: &mut Overflows<F>,
    ) {
        let sample = observer.0;
        for &tensor in sources {
            let codes = self.simulator.codes_mut(tensor);
            read(
                &self.words[tensor],
                self.layouts[tensor],
                self.silent[tensor],
                sample,
                codes,
            );
        }
        self.simulator.run_layer(network, layer, observer);
        let target = network.layers[layer].target;
        let (layout, silent) = (self.layouts[target], self.silent[target]);
        write(
            self.simulator.codes(target),
            layout,
            silent,
            sample,
            &mut self.words[target],
        );
        if layer + 1 == network.layers.len() {
            let output = self.simulator.output();
            self.output[sample * output.len()..][..output.len()].copy_from_slice(output);
        }
    }

    fn set_codes(&mut self, tensor: usize, sample: usize, codes: &[i32]) {
        write(
            codes,
            self.layouts[tensor],
            self.silent[tensor],
            sample,
            &mut self.words[tensor],
        );
    }

    /// Reads the codes of a tensor for a sample of the last batch into `codes`.
    pub fn codes(&self, tensor: usize, sample: usize, codes: &mut [i32]) {
        read(
            &self.words[tensor],
            self.layouts[tensor],
            self.silent[tensor],
            sample,
            codes,
        );
    }

    /// The output of a sample of the last batch as real numbers.
    pub fn output(&self, sample: usize) -> &[f32] {
        let neurons = self.output.len() / self.capacity;
        &self.output[sample * neurons..][..neurons]
    }

    /// Adds to `spikes` how many spikes each neuron of a tensor has sent in the last batch; `code` is the tensor's.
    pub fn count_spikes(&self, tensor: usize, code: &SpikeCode, spikes: &mut [u64]) {
        /// Neurons that are counted together: none sends more than 65,535 spikes in a batch.
        const BLOCK: usize = 64;
        let layout = self.layouts[tensor];
        let words: &[i16] = bytemuck::cast_slice(&self.words[tensor]);
        let len = layout.len();
        let (mut first, mut channel, mut position) = (0, 0, 0);
        while first < len {
            let mut counts = [0u16; BLOCK];
            let counts = &mut counts[..BLOCK.min(len - first)];
            vectorized(
                #[inline(always)]
                || {
                    for sample in 0..self.samples {
                        code.add_spikes(&words[sample * len + first..], counts);
                    }
                },
            );
            for &count in &*counts {
                spikes[channel * layout.positions + position] += u64::from(count);
                channel += 1;
                if channel == layout.channels {
                    (channel, position) = (0, position + 1);
                }
            }
            first += BLOCK;
        }
    }
}

/// Codes to words.
fn write(codes: &[i32], layout: Layout, silent: i32, sample: usize, words: &mut [i32]) {
    let words: &mut [i16] = bytemuck::cast_slice_mut(words);
    let words = &mut words[sample * layout.len()..][..layout.len()];
    if layout.channels == 1 || layout.positions == 1 {
        for (word, &code) in words.iter_mut().zip(codes) {
            *word = (code - silent) as i16;
        }
        return;
    }
    for (channel, codes) in codes.chunks_exact(layout.positions).enumerate() {
        let words = words[channel..].iter_mut().step_by(layout.channels);
        for (word, &code) in words.zip(codes) {
            *word = (code - silent) as i16;
        }
    }
}

/// Words to codes.
fn read(words: &[i32], layout: Layout, silent: i32, sample: usize, codes: &mut [i32]) {
    let words: &[i16] = bytemuck::cast_slice(words);
    let words = &words[sample * layout.len()..][..layout.len()];
    for (channel, codes) in codes.chunks_exact_mut(layout.positions.max(1)).enumerate() {
        let words = words[channel..].iter().step_by(layout.channels);
        for (code, &word) in codes.iter_mut().zip(words) {
            *code = i32::from(word) + silent;
        }
    }
}
