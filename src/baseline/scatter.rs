//! A linear operator driven by events: every number that arrives and is not 0 is sent along its synapses.

use crate::graph::Connections;

/// Where the elements of an input plane lead, whatever the channel: (output position, kernel tap).
#[derive(Clone, Debug)]
pub(super) struct Fan {
    starts: Vec<usize>,
    targets: Vec<(u32, u32)>,
}

impl Fan {
    pub(super) fn new(connections: &Connections) -> Self {
        let kernel = connections.rows.kernel * connections.columns.kernel;
        let mut lists = vec![Vec::new(); connections.input.positions()];
        for position in 0..connections.output.positions() {
            // The first channel's taps come first.
            for tap in 0..kernel {
                if let Some(source) = connections.source(0, position, tap) {
                    lists[source].push((position as u32, tap as u32));
                }
            }
        }
        let mut fan = Self {
            starts: vec![0],
            targets: Vec::new(),
        };
        for list in lists {
            fan.targets.extend(list);
            fan.starts.push(fan.targets.len());
        }
        fan
    }

    /// What the element at `position` leads to.
    pub(super) fn of(&self, position: usize) -> &[(u32, u32)] {
        &self.targets[self.starts[position]..self.starts[position + 1]]
    }
}

/// A convolution or dense layer over real numbers.
#[derive(Clone, Debug)]
pub(super) struct Scatter {
    connections: Connections,
    fan: Fan,
    /// Input channel × kernel tap × output channel of the group.
    weights: Vec<f32>,
    /// One per output neuron.
    bias: Vec<f32>,
}

impl Scatter {
    /// `weights` has `fan_in` values for each output channel; `bias` one for each channel or neuron, or
    /// none.
    pub(super) fn new(connections: Connections, weights: &[f32], bias: &[f32]) -> Self {
        let kernel = connections.rows.kernel * connections.columns.kernel;
        let (outputs, fan_in) = (connections.group_outputs(), connections.fan_in());
        let channels = connections.input.channels / connections.groups;
        let mut by_input = Vec::with_capacity(weights.len());
        for group in 0..connections.groups {
            for tap in 0..channels * kernel {
                by_input.extend((0..outputs).map(|o| weights[(group * outputs + o) * fan_in + tap]));
            }
        }
        let neurons = connections.output.len();
        let per_bias = (neurons / bias.len().max(1)).max(1);
        Self {
            fan: Fan::new(&connections),
            weights: by_input,
            bias: (0..neurons)
                .map(|n| bias.get(n / per_bias).copied().unwrap_or(0.0))
                .collect(),
            connections,
        }
    }

    /// How many sums it needs room for.
    pub(super) fn sums(&self) -> usize {
        self.connections.output.len()
    }

    /// output = W input + `share` · bias; says how many synapses were met. `sums` is room to work in.
    pub(super) fn apply(&self, input: &[f32], output: &mut [f32], share: f32, sums: &mut [f32]) -> u64 {
        let wiring = &self.connections;
        let kernel = wiring.rows.kernel * wiring.columns.kernel;
        let (plane, width, outputs) = (
            wiring.input.positions(),
            wiring.output.channels,
            wiring.group_outputs(),
        );
        let per_group = wiring.input.channels / wiring.groups;
        let sums = &mut sums[..self.sums()];
        sums.fill(0.0);
        let mut operations = 0;
        for (channel, values) in input.chunks_exact(plane).enumerate() {
            let first = channel / per_group * outputs;
            let weights = &self.weights[channel * kernel * outputs..][..kernel * outputs];
            for (position, &value) in values.iter().enumerate() {
                if value == 0.0 {
                    continue;
                }
                let targets = self.fan.of(position);
                operations += (targets.len() * outputs) as u64;
                for &(target, tap) in targets {
                    let weights = &weights[tap as usize * outputs..][..outputs];
                    let sums = &mut sums[target as usize * width + first..][..outputs];
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum += weight * value;
                    }
                }
            }
        }
        let positions = wiring.output.positions();
        for (channel, output) in output.chunks_exact_mut(positions).enumerate() {
            let bias = &self.bias[channel * positions..][..positions];
            for (position, (output, bias)) in output.iter_mut().zip(bias).enumerate() {
                *output = sums[position * width + channel] + share * bias;
            }
        }
        operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Volume, Window};
    use proptest::prelude::*;

    fn wiring(groups: usize, stride: usize, dilation: usize, pads: (usize, usize)) -> Connections {
        let window = Window {
            kernel: 3,
            stride,
            dilation,
            pad_before: pads.0,
            pad_after: pads.1,
        };
        let outputs = |inputs| window.outputs(inputs).unwrap_or(0);
        Connections {
            input: Volume {
                channels: 2 * groups,
                height: 6,
                width: 7,
            },
            output: Volume {
                channels: 3 * groups,
                height: outputs(6),
                width: outputs(7),
            },
            rows: window,
            columns: window,
            groups,
        }
    }

    proptest! {
        #[test]
        fn events_add_up_to_the_weighted_sum_and_are_counted_synapse_by_synapse(
            groups in 1usize..3, stride in 1usize..3, dilation in 1usize..3,
            pads in (0usize..3, 0usize..3), seed in 1u32..1000,
        ) {
            let connections = wiring(groups, stride, dilation, pads);
            let numbers = |count: usize, seed: u32| -> Vec<f32> {
                (0..count as u32)
                    .map(|i| f32::from((i.wrapping_mul(2_654_435_761).wrapping_add(seed * 97) >> 13) as u8 % 9) - 4.0)
                    .collect()
            };
            let weights = numbers(connections.output.channels * connections.fan_in(), seed);
            let bias = numbers(connections.output.channels, seed + 1);
            let input = numbers(connections.input.len(), seed + 2);
            let scatter = Scatter::new(connections, &weights, &bias);
            let mut output = vec![0.0; connections.output.len()];
            let mut sums = vec![0.0; scatter.sums()];
            let operations = scatter.apply(&input, &mut output, 0.5, &mut sums);

            let positions = connections.output.positions();
            let mut expected: Vec<f32> = (0..output.len()).map(|n| 0.5 * bias[n / positions]).collect();
            let mut synapses = 0;
            connections.for_each_synapse(|neuron, source, weight| {
                expected[neuron] += weights[weight] * input[source];
                synapses += u64::from(input[source] != 0.0);
            });
            prop_assert_eq!(output, expected);
            prop_assert_eq!(operations, synapses);
        }
    }
}
