//! Where a code comes from: the whole arithmetic of one neuron for one sample, digit by digit and source by
//! source, and from there back to the input.

use crate::quantize::{QuantizedNetwork, Reduce, Reference, locate};
use crate::simulate::{Observer, Simulator, Site};
use crate::spiking::{Digits, SpikingDendrite, SpikingNetwork, Step};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;

/// How a neuron came to what it fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The layer, counted from 0.
    pub layer: usize,
    /// Its node's name in the file.
    pub name: String,
    /// The neuron in the layer's output tensor.
    pub neuron: usize,
    /// The same along the tensor's axes: channel, row, column for images.
    pub place: Vec<usize>,
    /// What each of its dendrites integrated.
    pub dendrites: Vec<DendriteProvenance>,
    /// b̃ as far as it is added behind M_1, in codes; 0 where it is the membrane's constant.
    pub constant: f64,
    /// Z_y, as far as it is added after rounding.
    pub zero_point: i32,
    /// V = Σ_d M_1,d U_d + b̃ + Z_y; in real units at a real output.
    pub potential: f64,
    /// Whether the code is made of the membranes by the format's own arithmetic. Else it is V, rounded half to
    /// even before Z_y is added, and clamped.
    pub format_arithmetic: bool,
    /// The smallest and the largest code that it can fire; `None` at a real output.
    pub limits: Option<(i32, i32)>,
    /// The code that it fires; `None` at a real output.
    pub code: Option<i32>,
    /// The integer reference's code.
    pub reference: Option<i32>,
    /// The answer as a real number, of the network's last layer.
    pub real: Option<f32>,
}

/// What one dendrite received and integrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DendriteProvenance {
    /// Whether it looks for the largest of what arrives, instead of adding it up.
    pub is_maximum: bool,
    /// Z_x of the codes that arrive.
    pub zero_point: i32,
    /// z, the code that is silence: what arrives is x − z.
    pub silent_code: i32,
    /// What the digits of x − z can be.
    pub digits: Digits,
    /// M_0, as numerator and denominator.
    pub m0: (i64, i64),
    /// M_1.
    pub m1: f64,
    /// n, bits of the membrane register.
    pub register_bits: u8,
    /// Whether the membrane doubles at each step.
    pub doubling: bool,
    /// The folded constant as the register holds it: what the membrane begins with, or with doubling what
    /// is added behind the last step.
    pub constant: i64,
    /// Whether the register did not hold the constant, or the sum with it.
    pub constant_overflows: bool,
    /// U before the first step.
    pub start: i64,
    /// Each time step.
    pub steps: Vec<StepProvenance>,
    /// U at the end of the window.
    pub membrane: i64,
    /// Synapses that lead here.
    pub synapses: usize,
    /// Those that add most (of a maximum, the largest), in falling order, as many as were asked for.
    pub sources: Vec<SourceProvenance>,
    /// All others together; nothing in a maximum.
    pub others: OthersProvenance,
}

/// One time step of a dendrite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepProvenance {
    /// λ, the digit that is sent.
    pub plane: u8,
    /// c_t.
    pub weight: i64,
    /// Synapses at which a spike arrives.
    pub spikes: usize,
    /// Σ_j w_j s_j; of a maximum, the part of the largest x − z that has arrived by now.
    pub sum: i64,
    /// I: c_t Σ w s; of a maximum, what that part grows by (with doubling: to more than its double).
    pub current: i64,
    /// round(M_0 I).
    pub scaled: i64,
    /// U before, and after.
    pub before: i64,
    /// U after the step.
    pub after: i64,
    /// What the register should have held, if it could not.
    pub overflow: Option<i64>,
}

/// One synapse and the neuron before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceProvenance {
    /// The tensor that the neuron belongs to: 0 for the input.
    pub tensor: usize,
    /// Its name in the file.
    pub name: String,
    /// The layer that fires it; `None` for the input.
    pub layer: Option<usize>,
    /// The neuron in the tensor.
    pub neuron: usize,
    /// The same along the tensor's axes.
    pub place: Vec<usize>,
    /// w; 1 in a maximum.
    pub weight: i64,
    /// x, the code that is sent.
    pub code: i32,
    /// x − z, the number that its digits make.
    pub value: i32,
    /// s at each step: 0, 1 or −1.
    pub digits: Vec<i8>,
    /// w (x − z): what all steps come to at M_0 = 1.
    pub contribution: i64,
}

/// Synapses that are not told one by one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OthersProvenance {
    /// How many they are.
    pub synapses: usize,
    /// Σ w (x − z) over them.
    pub contribution: i64,
    /// Σ w s over them at each step.
    pub sums: Vec<i64>,
}

/// Answers for one sample: both networks have run on it. It borrows the spiking network, or shares it.
#[derive(Debug)]
pub struct Tracer<N> {
    network: N,
    simulator: Simulator,
    reference: Reference,
}

impl<N: Borrow<SpikingNetwork>> Tracer<N> {
    /// Runs a sample's input codes through a network and its spiking form.
    pub fn new(quantized: &QuantizedNetwork, network: N, input: &[i32]) -> Self {
        let (mut simulator, mut reference) = (Simulator::new(quantized), Reference::new(quantized));
        simulator.run(network.borrow(), input, &mut ());
        reference.run(quantized, input);
        Self {
            network,
            simulator,
            reference,
        }
    }

    /// The sample's run through the spiking network.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// How a neuron came to what it fires, with at most `most` synapses of each dendrite one by one; `None` if there
    /// is no such layer or neuron. Simulates the layer's window once more, step by step.
    pub fn provenance(&mut self, index: usize, neuron: usize, most: usize) -> Option<Provenance> {
        let network = self.network.borrow();
        let layer = network.layers.get(index)?;
        if neuron >= layer.neurons() {
            return None;
        }
        let mut probes = vec![Probe::default(); layer.dendrites.len()];
        self.simulator.run_layer(
            network,
            index,
            &mut Probes {
                neuron,
                probes: &mut probes,
            },
        );
        let membranes = self.simulator.membranes(index);
        let dendrites = layer
            .dendrites
            .iter()
            .zip(&probes)
            .zip(membranes)
            .zip(&layer.fire.m1);
        let dendrites = dendrites.map(|(((dendrite, probe), membranes), m1)| DendriteProvenance {
            m1: m1.at(neuron),
            membrane: membranes[neuron],
            ..self.dendrite(dendrite, probe, neuron, most)
        });
        let fire = &layer.fire;
        let has_codes = fire.requantizer.output().is_some();
        let is_last = index + 1 == network.layers.len();
        Some(Provenance {
            layer: index,
            name: layer.name.clone(),
            neuron,
            place: place(&network.tensors[layer.target].shape, neuron),
            dendrites: dendrites.collect(),
            constant: fire.bias.get(neuron).copied().unwrap_or(0.0) + fire.requantizer.offset(neuron),
            zero_point: fire.zero_point,
            potential: fire.potential(neuron, |dendrite| membranes[dendrite][neuron]),
            format_arithmetic: fire.exact,
            limits: fire.requantizer.limits(),
            code: has_codes.then(|| self.simulator.codes(layer.target)[neuron]),
            reference: has_codes.then(|| self.reference.codes(layer.target)[neuron]),
            real: is_last.then(|| self.simulator.output()[neuron]),
        })
    }

    /// All but M_1 and the membrane at the end.
    fn dendrite(
        &self,
        dendrite: &SpikingDendrite,
        probe: &Probe,
        neuron: usize,
        most: usize,
    ) -> DendriteProvenance {
        let mut sources = self.sources(dendrite, neuron);
        let is_maximum = dendrite.reduce == Reduce::Max;
        let synapses = sources.len();
        let steps = self.steps(dendrite, probe, &sources);
        // Of equal ones the first: sorting is stable.
        sources.sort_by_key(|source| {
            std::cmp::Reverse(if is_maximum {
                source.contribution
            } else {
                source.contribution.abs()
            })
        });
        let told = sources.len().min(most);
        let others = if is_maximum {
            OthersProvenance {
                synapses: synapses - told,
                ..OthersProvenance::default()
            }
        } else {
            others(&sources[told..], dendrite.steps.len())
        };
        sources.truncate(told);
        DendriteProvenance {
            is_maximum,
            zero_point: dendrite.affine.zero_point,
            silent_code: dendrite.code.silent(),
            digits: dendrite.code.digits(),
            m0: (dendrite.scale.numerator(), dendrite.scale.denominator()),
            m1: 0.0,
            register_bits: dendrite.register.bits,
            doubling: dendrite.doubling,
            constant: dendrite.start.get(neuron).copied().unwrap_or(0),
            constant_overflows: probe.constant_overflows,
            start: probe.start,
            steps,
            membrane: 0,
            synapses,
            sources,
            others,
        }
    }

    /// Every synapse that exists, in the order of the weights.
    fn sources(&self, dendrite: &SpikingDendrite, neuron: usize) -> Vec<SourceProvenance> {
        let network = self.network.borrow();
        let wiring = &dendrite.connections;
        let positions = wiring.output.positions();
        let (channel, position) = (neuron / positions, neuron % positions);
        let group = channel / wiring.group_outputs().max(1);
        let origin = origins(network, dendrite);
        let source = |tap: usize| {
            let (tensor, neuron) = origin(wiring.source(group, position, tap)?)?;
            let weight = match dendrite.reduce {
                Reduce::Sum => i64::from(dendrite.synapses.rows[channel * dendrite.synapses.stride + tap]),
                Reduce::Max => 1,
            };
            let code = self.simulator.codes(tensor)[neuron];
            let value = code - dendrite.code.silent();
            let digit = |step: &Step| dendrite.code.digit(code, step.plane) as i8;
            Some(SourceProvenance {
                tensor,
                name: network.tensors[tensor].name.clone(),
                layer: tensor.checked_sub(1),
                neuron,
                place: place(&network.tensors[tensor].shape, neuron),
                weight,
                code,
                value,
                digits: dendrite.steps.iter().map(digit).collect(),
                contribution: weight * i64::from(value),
            })
        };
        (0..wiring.fan_in()).filter_map(source).collect()
    }

    fn steps(
        &self,
        dendrite: &SpikingDendrite,
        probe: &Probe,
        sources: &[SourceProvenance],
    ) -> Vec<StepProvenance> {
        let factor = 1 + i64::from(dendrite.doubling);
        let (mut before, mut largest) = (probe.start, 0);
        let step = |(index, (step, &(current, after))): (usize, (&Step, &(i64, i64)))| {
            let spikes = sources.iter().filter(|source| source.digits[index] != 0).count();
            largest = factor * largest + current;
            let sum = match dendrite.reduce {
                Reduce::Sum => sources
                    .iter()
                    .map(|s| s.weight * i64::from(s.digits[index]))
                    .sum(),
                Reduce::Max => largest,
            };
            let scaled = dendrite.scale.apply(current);
            let value = factor * before + scaled;
            let told = StepProvenance {
                plane: step.plane,
                weight: step.weight,
                spikes,
                sum,
                current,
                scaled,
                before,
                after,
                overflow: (!dendrite.register.holds(value)).then_some(value),
            };
            before = after;
            told
        };
        dendrite
            .steps
            .iter()
            .zip(&probe.steps)
            .enumerate()
            .map(step)
            .collect()
    }
}

/// Finds the tensor and the neuron of what a dendrite sees.
fn origins<'a>(
    network: &SpikingNetwork,
    dendrite: &'a SpikingDendrite,
) -> impl Fn(usize) -> Option<(usize, usize)> + 'a {
    let tensors = &dendrite.view.tensors;
    let lengths: Vec<usize> = tensors.iter().map(|&t| network.tensors[t].len()).collect();
    move |element| match &dendrite.view.map {
        None => Some((tensors[0], element)),
        Some(map) => {
            let (place, neuron) = locate(&lengths, map[element])?;
            Some((tensors[place], neuron))
        }
    }
}

/// The receptive field of a neuron: 1 for every neuron of the input from which connections lead to it, whatever
/// their weights, else 0. Nothing is reached if there is no such layer or neuron.
pub fn receptive_field(network: &SpikingNetwork, layer: usize, neuron: usize) -> Vec<u8> {
    let mut reached: Vec<Vec<u8>> = network.tensors.iter().map(|t| vec![0; t.len()]).collect();
    if let Some(first) = network
        .layers
        .get(layer)
        .and_then(|l| reached[l.target].get_mut(neuron))
    {
        *first = 1;
    }
    // Layers run in order, so behind this one all that listen to a tensor have been looked at before it.
    for layer in network.layers.iter().take(layer + 1).rev() {
        let targets = std::mem::take(&mut reached[layer.target]);
        if !targets.contains(&1) {
            continue;
        }
        for dendrite in &layer.dendrites {
            let (wiring, origin) = (&dendrite.connections, origins(network, dendrite));
            let positions = wiring.output.positions().max(1);
            let outputs = wiring.group_outputs().max(1) * positions;
            for (group, targets) in targets.chunks(outputs).enumerate() {
                // Channels of a group listen to the same neurons.
                let is_reached =
                    |position: &usize| targets.iter().skip(*position).step_by(positions).any(|&t| t == 1);
                for position in (0..positions).filter(is_reached) {
                    let sources = (0..wiring.fan_in()).filter_map(|tap| wiring.source(group, position, tap));
                    for (tensor, neuron) in sources.filter_map(&origin) {
                        reached[tensor][neuron] = 1;
                    }
                }
            }
        }
    }
    reached.swap_remove(0)
}

fn others(sources: &[SourceProvenance], steps: usize) -> OthersProvenance {
    let sum = |step: usize| sources.iter().map(|s| s.weight * i64::from(s.digits[step])).sum();
    OthersProvenance {
        synapses: sources.len(),
        contribution: sources.iter().map(|source| source.contribution).sum(),
        sums: (0..steps).map(sum).collect(),
    }
}

/// The index of an element along each axis.
fn place(shape: &[usize], mut element: usize) -> Vec<usize> {
    let mut place = vec![0; shape.len()];
    for (at, &extent) in place.iter_mut().zip(shape).rev() {
        *at = element % extent.max(1);
        element /= extent.max(1);
    }
    place
}

/// What was seen of one neuron's dendrite.
#[derive(Clone, Debug, Default)]
struct Probe {
    start: i64,
    /// Currents and membranes, before the constant where it comes last.
    steps: Vec<(i64, i64)>,
    unfolded: Option<i64>,
    constant_overflows: bool,
}

struct Probes<'a> {
    neuron: usize,
    probes: &'a mut [Probe],
}

impl Observer for Probes<'_> {
    fn start(&mut self, site: Site, membranes: &[i64]) {
        self.probes[site.dendrite].start = membranes[self.neuron];
    }

    fn unfolded(&mut self, site: Site, membranes: &[i64]) {
        self.probes[site.dendrite].unfolded = Some(membranes[self.neuron]);
    }

    fn step(&mut self, site: Site, _step: usize, currents: &[i64], membranes: &[i64]) {
        let probe = &mut self.probes[site.dendrite];
        let after = probe.unfolded.unwrap_or(membranes[self.neuron]);
        probe.steps.push((currents[self.neuron], after));
    }

    fn overflow(&mut self, site: Site, step: Option<usize>, neuron: usize, _value: i64) {
        if step.is_none() && neuron == self.neuron {
            self.probes[site.dendrite].constant_overflows = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_row_major() {
        assert_eq!(place(&[3, 4, 5], 0), [0, 0, 0]);
        assert_eq!(place(&[3, 4, 5], 59), [2, 3, 4]);
        assert_eq!(place(&[3, 4, 5], 21), [1, 0, 1]);
        assert!(place(&[], 0).is_empty());
    }
}
