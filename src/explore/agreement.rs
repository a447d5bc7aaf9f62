//! Does the spiking network compute what the quantized network computes?

use super::memory::{Exact, ReferenceMemory};
use super::mistakes::{Flip, Mistakes, Origin, Overflowed};
use super::quality::{Expected, Quality};
use crate::quantize::{Layer, QuantizedNetwork, Reference, winner};
use crate::simulate::{BatchSimulator, Observer, Simulator, Site};
use crate::spiking::{SpikeCode, SpikingNetwork};
use serde::{Deserialize, Serialize};

/// How far the spiking network agrees with the integer reference, and both with the labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Samples in the set.
    pub total: usize,
    /// Samples counted so far; every count below is out of these.
    pub counted: usize,
    /// Samples of which every code of every layer equals the integer reference's.
    pub codes_equal: usize,
    /// Samples with the same winner.
    pub labels_equal: usize,
    /// How good both networks' answers are, where it is known what should come out.
    pub quality: Option<Quality>,
    /// One entry per layer.
    pub layers: Vec<LayerAgreement>,
}

/// Agreement of one layer, summed over samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerAgreement {
    /// Codes fired.
    pub codes: u64,
    /// Codes equal to the integer reference's.
    pub equal: u64,
    /// Largest difference of a code.
    pub largest_error: u32,
    /// Results outside the register.
    pub overflows: u64,
    /// The first of those: sample, neuron and step.
    pub first_overflow: Option<FirstOverflow>,
    /// Spikes that the layer received.
    pub spikes: u64,
    /// Synaptic operations: each spike times the synapses that it feeds.
    pub synaptic_operations: u64,
}

/// Where a register first overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstOverflow {
    /// Index of the sample.
    pub sample: usize,
    /// The dendrite whose register it was.
    pub dendrite: u8,
    /// Index of the neuron in the layer's output tensor.
    pub neuron: u32,
    /// The step within the window; `None` for the start value.
    pub step: Option<u8>,
    /// What the register should have held.
    pub value: i64,
}

/// Counts agreement, one sample after the other.
#[derive(Clone, Debug)]
pub struct Tally {
    agreement: Agreement,
    mistakes: Mistakes,
    /// What each layer overflowed for the sample at hand.
    overflowed: Vec<Option<Overflowed>>,
    simulator: Simulator,
    batches: Batches,
    reference: Reference,
    /// For every layer, the tensors that it listens to, with the synapses that a spike of each neuron
    /// meets.
    fan_out: Vec<Vec<(usize, Vec<u32>)>>,
}

/// What counting whole batches needs.
#[derive(Clone, Debug, Default)]
struct Batches {
    /// Made for the network that is counted, when the first batch comes; `None` inside where there can't be one.
    simulator: Option<Option<Box<BatchSimulator>>>,
    /// Of each sample of a batch and each layer.
    overflowed: Vec<Vec<Option<Overflowed>>>,
    /// The codes of the sample that is compared.
    codes: Vec<Vec<i32>>,
    /// Spikes of each neuron of a tensor in a batch.
    spikes: Vec<u64>,
}

/// What the spiking network has answered to a sample.
#[derive(Clone, Copy)]
struct Fired<'a> {
    codes: &'a [Vec<i32>],
    output: &'a [f32],
}

/// The tensors that a layer listens to, with the synapses that a spike of each of their neurons meets.
fn fan_out(network: &QuantizedNetwork, layer: &Layer) -> Vec<(usize, Vec<u32>)> {
    let mut all: Vec<(usize, Vec<u32>)> = Vec::new();
    for dendrite in &layer.dendrites {
        let view = &dendrite.view;
        let counts = view.add_up(&network.lengths(view), &dendrite.fan_out());
        for (&tensor, counts) in view.tensors.iter().zip(counts) {
            match all.iter_mut().find(|(known, _)| *known == tensor) {
                Some((_, sums)) => sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count),
                None => all.push((tensor, counts)),
            }
        }
    }
    all
}

/// Remembers the register's overflows of one sample.
struct OverflowMeter<'a> {
    layers: &'a mut [Option<Overflowed>],
    sample: usize,
}

impl Observer for OverflowMeter<'_> {
    const SEES_STEPS: bool = false;

    fn overflow(&mut self, site: Site, step: Option<usize>, neuron: usize, value: i64) {
        let sample = self.sample;
        let overflowed = self.layers[site.layer].get_or_insert_with(|| Overflowed {
            layer: site.layer,
            first: FirstOverflow {
                sample,
                dendrite: site.dendrite as u8,
                neuron: neuron as u32,
                step: step.map(|s| s as u8),
                value,
            },
            count: 0,
        });
        overflowed.count += 1;
    }
}

impl Tally {
    /// Starts to count over `total` samples.
    pub fn new(network: &QuantizedNetwork, total: usize) -> Self {
        let layers = vec![LayerAgreement::default(); network.layers.len()];
        Self {
            agreement: Agreement {
                total,
                layers,
                ..Agreement::default()
            },
            mistakes: Mistakes::default(),
            overflowed: vec![None; network.layers.len()],
            simulator: Simulator::new(network),
            batches: Batches::default(),
            reference: Reference::new(network),
            fan_out: network
                .layers
                .iter()
                .map(|layer| fan_out(network, layer))
                .collect(),
        }
    }

    /// Starts again, keeping the room; with another spiking network, if need be.
    pub fn restart(&mut self) {
        self.batches.simulator = None;
        self.next_block();
    }

    /// Starts again with more samples for the same spiking network.
    pub fn next_block(&mut self) {
        let Agreement {
            total, ref layers, ..
        } = self.agreement;
        let layers = vec![LayerAgreement::default(); layers.len()];
        self.agreement = Agreement {
            total,
            layers,
            ..Agreement::default()
        };
        self.mistakes = Mistakes::default();
    }

    /// The counts so far.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// The samples that went wrong so far.
    pub fn mistakes(&self) -> &Mistakes {
        &self.mistakes
    }

    /// The simulator, after the last sample.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// The integer reference, after the last sample that it ran on.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Runs the next sample through both networks and counts.
    pub fn add(
        &mut self,
        network: &QuantizedNetwork,
        spiking: &SpikingNetwork,
        input: &[i32],
        expected: Option<Expected<'_>>,
    ) {
        self.add_knowing(network, spiking, input, expected, None);
    }

    /// The same, with a memory of what the reference answers and the sample's place in it: the reference runs only
    /// where that is not known yet.
    pub fn add_knowing(
        &mut self,
        network: &QuantizedNetwork,
        spiking: &SpikingNetwork,
        input: &[i32],
        expected: Option<Expected<'_>>,
        memory: Option<(&ReferenceMemory, usize)>,
    ) {
        let sample = self.agreement.counted;
        let mut meter = OverflowMeter {
            layers: &mut self.overflowed,
            sample,
        };
        self.simulator.run(spiking, input, &mut meter);
        let Self {
            agreement,
            fan_out,
            simulator,
            ..
        } = self;
        for (counts, fan_out) in agreement.layers.iter_mut().zip(fan_out) {
            for (tensor, synapses) in fan_out {
                if let Some(code) = spiking.codes[*tensor] {
                    counts.count_spikes(simulator.codes(*tensor), code, synapses);
                }
            }
        }
        let mut overflowed = std::mem::take(&mut self.overflowed);
        let simulator = std::mem::take(&mut self.simulator);
        let fired = Fired {
            codes: simulator.all_codes(),
            output: simulator.output(),
        };
        self.compare(
            (network, spiking),
            input,
            fired,
            &mut overflowed,
            expected,
            memory,
        );
        (self.overflowed, self.simulator) = (overflowed, simulator);
    }

    /// Runs the next samples through both networks, as many as there are in `inputs`, and counts. `expected` tells what
    /// should come out for each, by its place in `inputs`; `memory` is what is known of the reference's answers, and the
    /// place of the first input in it.
    pub fn add_batch<'a>(
        &mut self,
        network: &QuantizedNetwork,
        spiking: &SpikingNetwork,
        inputs: &[i32],
        expected: impl Fn(usize) -> Option<Expected<'a>>,
        memory: Option<(&ReferenceMemory, usize)>,
    ) {
        let len = network.input().len().max(1);
        let made = self.batches.simulator.take();
        let made = made.unwrap_or_else(|| BatchSimulator::new(network, spiking).map(Box::new));
        let Some(mut batch) = made else {
            for (index, input) in inputs.chunks_exact(len).enumerate() {
                let memory = memory.map(|(memory, first)| (memory, first + index));
                self.add_knowing(network, spiking, input, expected(index), memory);
            }
            self.batches.simulator = Some(None);
            return;
        };
        let mut first = 0;
        for inputs in inputs.chunks(batch.capacity() * len) {
            self.run_batch(&mut batch, spiking, inputs);
            let mut codes = std::mem::take(&mut self.batches.codes);
            codes.resize(network.tensors.len(), Vec::new());
            for (index, input) in inputs.chunks_exact(len).enumerate() {
                for layer in &spiking.layers {
                    let codes = &mut codes[layer.target];
                    codes.resize(network.tensors[layer.target].len(), 0);
                    batch.codes(layer.target, index, codes);
                }
                let fired = Fired {
                    codes: &codes,
                    output: batch.output(index),
                };
                let mut overflowed = std::mem::take(&mut self.batches.overflowed[index]);
                let memory = memory.map(|(memory, begin)| (memory, begin + first + index));
                self.compare(
                    (network, spiking),
                    input,
                    fired,
                    &mut overflowed,
                    expected(first + index),
                    memory,
                );
                self.batches.overflowed[index] = overflowed;
            }
            self.batches.codes = codes;
            first += batch.samples();
        }
        self.batches.simulator = Some(Some(batch));
    }

    /// Runs a batch, and counts what it spikes.
    fn run_batch(&mut self, batch: &mut BatchSimulator, spiking: &SpikingNetwork, inputs: &[i32]) {
        let Self {
            agreement,
            batches,
            fan_out,
            ..
        } = self;
        let (counted, layers) = (agreement.counted, agreement.layers.len());
        let Batches {
            overflowed, spikes, ..
        } = batches;
        overflowed.resize_with(overflowed.len().max(batch.capacity()), Vec::new);
        overflowed
            .iter_mut()
            .for_each(|layers_of| layers_of.resize(layers, None));
        batch.run_watched(spiking, inputs, |sample, site, step, neuron, value| {
            let mut meter = OverflowMeter {
                layers: &mut overflowed[sample],
                sample: counted + sample,
            };
            meter.overflow(site, step, neuron, value);
        });
        for (counts, fan_out) in agreement.layers.iter_mut().zip(fan_out) {
            for (tensor, synapses) in fan_out {
                let Some(code) = &spiking.codes[*tensor] else {
                    continue;
                };
                spikes.clear();
                spikes.resize(synapses.len(), 0);
                batch.count_spikes(*tensor, code, spikes);
                counts.add_spikes(spikes, synapses);
            }
        }
    }

    /// Compares a sample's answer with the integer reference's.
    fn compare(
        &mut self,
        (network, spiking): (&QuantizedNetwork, &SpikingNetwork),
        input: &[i32],
        fired: Fired<'_>,
        overflowed: &mut [Option<Overflowed>],
        expected: Option<Expected<'_>>,
        memory: Option<(&ReferenceMemory, usize)>,
    ) {
        let Self {
            agreement,
            mistakes,
            reference,
            ..
        } = self;
        let sample = agreement.counted;
        let known = memory.filter(|(memory, sample)| memory.knows(*sample));
        let exact = match known {
            Some((memory, sample)) => Exact::Known(memory, sample),
            None => {
                reference.run(network, input);
                if let Some((memory, sample)) = memory {
                    memory.keep(sample, reference);
                }
                Exact::Run(reference)
            }
        };
        for (counts, overflowed) in agreement.layers.iter_mut().zip(overflowed) {
            let Some(overflowed) = overflowed.take() else {
                continue;
            };
            counts.overflows += overflowed.count;
            counts.first_overflow.get_or_insert(overflowed.first);
            mistakes.add_overflows(overflowed);
        }
        let mut first_different = None;
        for (index, layer) in spiking.layers.iter().enumerate() {
            let is_coded = layer.fire.requantizer.output().is_some();
            if !agreement.layers[index].compare(is_coded, layer.target, fired, exact) {
                first_different.get_or_insert(index);
            }
        }
        let (spiking_winner, reference_winner) = (winner(fired.output), winner(exact.output()));
        agreement.counted += 1;
        agreement.codes_equal += usize::from(first_different.is_none());
        agreement.labels_equal += usize::from(spiking_winner == reference_winner);
        if let Some(layer) = first_different {
            let target = spiking.layers[layer].target;
            let flip = Flip {
                sample,
                quantized: reference_winner,
                spiking: spiking_winner,
                label: match expected {
                    Some(Expected::Label(label)) => Some(label),
                    _ => None,
                },
                begins: Origin {
                    layer,
                    neuron: exact.most_different(target, &fired.codes[target]),
                },
            };
            mistakes.add(flip, fired.output, exact.output());
        }
        if let Some(expected) = expected {
            agreement.judge(&expected, fired.output, exact.output());
        }
    }
}

impl Agreement {
    /// Judges the answers to one sample.
    pub fn judge(&mut self, expected: &Expected<'_>, spiking: &[f32], reference: &[f32]) {
        self.quality
            .get_or_insert(Quality::new(expected.measure()))
            .add(expected, spiking, reference);
    }

    /// Adds the counts of the samples that follow those counted so far.
    pub fn append(&mut self, next: &Self) {
        let before = self.counted;
        self.counted += next.counted;
        self.codes_equal += next.codes_equal;
        self.labels_equal += next.labels_equal;
        if let Some(next) = &next.quality {
            self.quality
                .get_or_insert(Quality::new(next.measure))
                .append(next);
        }
        for (layer, next) in self.layers.iter_mut().zip(&next.layers) {
            layer.append(next, before);
        }
    }
}

impl LayerAgreement {
    /// Adds the counts of samples that come after `before` others.
    fn append(&mut self, next: &Self, before: usize) {
        self.codes += next.codes;
        self.equal += next.equal;
        self.largest_error = self.largest_error.max(next.largest_error);
        self.overflows += next.overflows;
        let later = |first: FirstOverflow| FirstOverflow {
            sample: before + first.sample,
            ..first
        };
        self.first_overflow = self.first_overflow.or(next.first_overflow.map(later));
        self.spikes += next.spikes;
        self.synaptic_operations += next.synaptic_operations;
    }

    /// Compares a layer's codes (at a real output, its numbers) and says whether all are equal.
    fn compare(&mut self, coded: bool, target: usize, fired: Fired<'_>, exact: Exact<'_>) -> bool {
        let before = (self.codes, self.equal);
        if coded {
            let (equal, largest) = exact.compare(target, &fired.codes[target]);
            self.equal += equal;
            self.largest_error = self.largest_error.max(largest);
            self.codes += fired.codes[target].len() as u64;
        } else {
            let pairs = fired.output.iter().zip(exact.output());
            self.equal += pairs
                .filter(|(real, exact)| real.to_bits() == exact.to_bits())
                .count() as u64;
            self.codes += fired.output.len() as u64;
        }
        self.codes - before.0 == self.equal - before.1
    }

    /// Adds the spikes of each neuron, which meet so many synapses.
    fn add_spikes(&mut self, spikes: &[u64], fan_out: &[u32]) {
        self.spikes += spikes.iter().sum::<u64>();
        let operations = spikes.iter().zip(fan_out);
        self.synaptic_operations += operations
            .map(|(&spikes, &synapses)| spikes * u64::from(synapses))
            .sum::<u64>();
    }

    fn count_spikes(&mut self, codes: &[i32], code: SpikeCode, fan_out: &[u32]) {
        for (&sent, &synapses) in codes.iter().zip(fan_out) {
            let spikes = u64::from(code.spikes(sent));
            self.spikes += spikes;
            self.synaptic_operations += spikes * u64::from(synapses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(counted: usize, overflow_at: Option<usize>) -> Agreement {
        let first_overflow = overflow_at.map(|sample| FirstOverflow {
            sample,
            dendrite: 0,
            neuron: 7,
            step: None,
            value: 300,
        });
        let layer = LayerAgreement {
            codes: 10,
            largest_error: counted as u32,
            first_overflow,
            ..LayerAgreement::default()
        };
        Agreement {
            total: 100,
            counted,
            layers: vec![layer],
            ..Agreement::default()
        }
    }

    #[test]
    fn parts_add_up_and_the_first_overflow_keeps_its_sample() {
        let mut whole = part(3, None);
        whole.append(&part(5, Some(1)));
        whole.append(&part(4, Some(0)));
        assert_eq!((whole.total, whole.counted), (100, 12));
        let layer = &whole.layers[0];
        assert_eq!((layer.codes, layer.largest_error), (30, 5));
        assert_eq!(layer.first_overflow.map(|first| first.sample), Some(4));
    }
}
