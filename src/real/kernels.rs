//! The two loops that take time: weighted sums, and windows. Every output is summed up by itself, tap
//! after tap, so the order of additions is the same on every target; what runs side by side are outputs.

use crate::graph::{Connections, RealWeights};

/// Output channels that are summed side by side.
const LANES: usize = 8;

/// Positions that share one look at the weights.
const POSITIONS: usize = 4;

/// A linear operator: y = W x + b over its wiring.
#[derive(Debug)]
pub(super) struct Taps {
    connections: Connections,
    /// For each group and each block of `LANES` of its channels: tap by tap, the weights of the block.
    weights: Vec<f32>,
    /// The bias in the same blocks.
    bias: Vec<f32>,
}

impl Taps {
    pub fn new(weights: &RealWeights, connections: Connections) -> Self {
        let fan_in = connections.fan_in();
        let blocks = connections.group_outputs().div_ceil(LANES);
        let count = connections.groups * blocks * LANES;
        let (mut ordered, mut bias) = (vec![0.0; count * fan_in], vec![0.0; count]);
        for group in 0..connections.groups {
            for (place, channel) in connections.channels_of(group).enumerate() {
                let (block, lane) = (group * blocks + place / LANES, place % LANES);
                bias[block * LANES + lane] = weights.bias.get(channel).copied().unwrap_or(0.0);
                for tap in 0..fan_in {
                    ordered[(block * fan_in + tap) * LANES + lane] = weights.values[channel * fan_in + tap];
                }
            }
        }
        Self {
            connections,
            weights: ordered,
            bias,
        }
    }

    pub fn apply(&self, input: &[f32], output: &mut [f32], patches: &mut Vec<f32>) {
        let Connections { groups, .. } = self.connections;
        let (fan_in, positions) = (self.connections.fan_in(), self.connections.output.positions());
        let blocks = self.connections.group_outputs().div_ceil(LANES);
        patches.clear();
        patches.resize(positions * fan_in, 0.0);
        for group in 0..groups {
            self.connections.gather(group, input, patches, fan_in);
            let channels = self.connections.channels_of(group);
            let output = &mut output[channels.start * positions..channels.end * positions];
            for block in 0..blocks {
                let index = group * blocks + block;
                let weights = &self.weights[index * fan_in * LANES..][..fan_in * LANES];
                let bias: [f32; LANES] = std::array::from_fn(|lane| self.bias[index * LANES + lane]);
                let first = block * LANES;
                let lanes = LANES.min(channels.len() - first);
                let mut store = |position: usize, sums: &[f32; LANES]| {
                    for (lane, sum) in sums.iter().enumerate().take(lanes) {
                        output[(first + lane) * positions + position] = *sum;
                    }
                };
                let mut rows = patches.chunks_exact(fan_in * POSITIONS);
                let mut position = 0;
                for four in rows.by_ref() {
                    for sums in block_of::<POSITIONS>(four, fan_in, weights, bias) {
                        store(position, &sums);
                        position += 1;
                    }
                }
                for row in rows.remainder().chunks_exact(fan_in) {
                    let [sums] = block_of::<1>(row, fan_in, weights, bias);
                    store(position, &sums);
                    position += 1;
                }
            }
        }
    }
}

/// The sums of `LANES` channels at `N` positions, whose inputs are `rows`.
#[inline]
fn block_of<const N: usize>(
    rows: &[f32],
    fan_in: usize,
    weights: &[f32],
    bias: [f32; LANES],
) -> [[f32; LANES]; N] {
    let mut sums = [[0.0; LANES]; N];
    let rows: [&[f32]; N] = std::array::from_fn(|n| &rows[n * fan_in..][..fan_in]);
    let (weights, _) = weights.as_chunks::<LANES>();
    for (tap, weights) in weights.iter().enumerate().take(fan_in) {
        for n in 0..N {
            let input = rows[n][tap];
            for lane in 0..LANES {
                sums[n][lane] += input * weights[lane];
            }
        }
    }
    for sums in &mut sums {
        for lane in 0..LANES {
            sums[lane] += bias[lane];
        }
    }
    sums
}

/// Windows over every channel by itself.
#[derive(Debug)]
pub(super) struct Windows {
    channels: usize,
    /// Elements of one channel of the input.
    plane: usize,
    /// For each position, the first of its sources.
    starts: Vec<u32>,
    /// Elements of a channel that windows see, position by position.
    sources: Vec<u32>,
}

impl Windows {
    pub fn new(connections: Connections) -> Self {
        let (mut starts, mut sources) = (vec![0], Vec::new());
        for position in 0..connections.output.positions() {
            let taps = 0..connections.fan_in();
            sources.extend(taps.filter_map(|tap| connections.source(0, position, tap).map(|s| s as u32)));
            starts.push(sources.len() as u32);
        }
        Self {
            channels: connections.output.channels,
            plane: connections.input.positions(),
            starts,
            sources,
        }
    }

    /// Folds what each window sees, in the order of its taps.
    pub fn reduce(&self, input: &[f32], output: &mut [f32], start: f32, join: impl Fn(f32, f32) -> f32) {
        let positions = self.starts.len() - 1;
        for channel in 0..self.channels {
            let plane = &input[channel * self.plane..][..self.plane];
            let output = &mut output[channel * positions..][..positions];
            for (out, range) in output.iter_mut().zip(self.starts.windows(2)) {
                let sources = &self.sources[range[0] as usize..range[1] as usize];
                *out = sources
                    .iter()
                    .fold(start, |value, &source| join(value, plane[source as usize]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Volume, Window};

    #[test]
    fn blocks_of_channels_and_positions_give_each_sum_tap_after_tap() {
        let window = Window {
            kernel: 3,
            stride: 1,
            dilation: 1,
            pad_before: 1,
            pad_after: 0,
        };
        for (groups, outputs) in [(1, 11), (2, 4), (4, 4)] {
            let volume = |channels, height, width| Volume {
                channels,
                height,
                width,
            };
            let connections = Connections {
                input: volume(4, 5, 6),
                output: volume(outputs, 4, 5),
                rows: window,
                columns: window,
                groups,
            };
            let number = |i: usize| ((i * 37 % 101) as f32 - 50.0) * 0.173;
            let weights = RealWeights {
                values: (0..outputs * connections.fan_in()).map(number).collect(),
                bias: (0..outputs).map(number).collect(),
            };
            let input: Vec<f32> = (0..120).map(|i| number(i + 7)).collect();
            let mut expected = vec![0.0f32; connections.output.len()];
            connections.for_each_synapse(|out, source, w| expected[out] += weights.values[w] * input[source]);
            let positions = connections.output.positions();
            (expected.iter_mut().enumerate()).for_each(|(i, sum)| *sum += weights.bias[i / positions]);
            let mut output = vec![0.0; expected.len()];
            Taps::new(&weights, connections).apply(&input, &mut output, &mut Vec::new());
            assert_eq!(output, expected);
        }
    }
}
