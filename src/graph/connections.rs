//! Which neuron listens to which: the wiring of a linear operator, worked out by arithmetic
//! instead of being stored.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Extents of a tensor seen as channels × height × width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Volume {
    /// Number of channels.
    pub channels: usize,
    /// Rows; 1 for vectors and signals.
    pub height: usize,
    /// Columns; 1 for vectors.
    pub width: usize,
}

impl Volume {
    /// Number of neurons.
    pub fn len(&self) -> usize {
        self.channels * self.positions()
    }

    /// Whether there are no neurons.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Neurons of one channel.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }
}

/// How a kernel moves along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Window {
    /// Taps of the kernel.
    pub kernel: usize,
    /// Inputs between neighbouring outputs.
    pub stride: usize,
    /// Inputs between neighbouring taps.
    pub dilation: usize,
    /// Padding before the first input.
    pub pad_before: usize,
    /// Padding behind the last input.
    pub pad_after: usize,
}

impl Window {
    /// A window that sees one input at a time.
    pub const POINT: Self = Self {
        kernel: 1,
        stride: 1,
        dilation: 1,
        pad_before: 0,
        pad_after: 0,
    };

    /// Number of outputs along the axis, or `None` if the kernel is larger than the padded input.
    pub fn outputs(&self, inputs: usize) -> Option<usize> {
        let padded = inputs.checked_add(self.pad_before)?.checked_add(self.pad_after)?;
        let reach = self
            .dilation
            .checked_mul(self.kernel.checked_sub(1)?)?
            .checked_add(1)?;
        Some(padded.checked_sub(reach)? / self.stride + 1)
    }

    /// The input under `tap` of output `output`, or `None` where it is padding.
    pub fn input(&self, output: usize, tap: usize, inputs: usize) -> Option<usize> {
        (output * self.stride + tap * self.dilation)
            .checked_sub(self.pad_before)
            .filter(|&i| i < inputs)
    }
}

/// The wiring of a linear operator: a (grouped) convolution, of which a dense layer is the case
/// of one position. Every neuron of an output channel has the same weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Connections {
    /// The neurons that send.
    pub input: Volume,
    /// The neurons that listen.
    pub output: Volume,
    /// The kernel's movement over rows.
    pub rows: Window,
    /// The kernel's movement over columns.
    pub columns: Window,
    /// Groups of channels that see nothing of each other.
    pub groups: usize,
}

impl Connections {
    /// Every output listens to every input.
    pub fn dense(inputs: usize, outputs: usize) -> Self {
        let vector = |channels| Volume {
            channels,
            height: 1,
            width: 1,
        };
        Self {
            input: vector(inputs),
            output: vector(outputs),
            rows: Window::POINT,
            columns: Window::POINT,
            groups: 1,
        }
    }

    /// Every output listens to the one input of its index.
    pub fn one_to_one(neurons: usize) -> Self {
        Self {
            groups: neurons,
            ..Self::dense(neurons, neurons)
        }
    }

    /// Whether every output listens to the one input of its index.
    pub fn is_one_to_one(&self) -> bool {
        self.groups == self.input.len() && self.groups == self.output.len() && self.fan_in() == 1
    }

    /// Weights of one output neuron, padded positions included.
    pub fn fan_in(&self) -> usize {
        self.input.channels / self.groups * self.rows.kernel * self.columns.kernel
    }

    /// Output channels of a group.
    pub fn group_outputs(&self) -> usize {
        self.output.channels / self.groups
    }

    /// The output channels of `group`.
    pub fn channels_of(&self, group: usize) -> Range<usize> {
        group * self.group_outputs()..(group + 1) * self.group_outputs()
    }

    /// The input neuron under `tap` (channel-major, then kernel row and column) of the output
    /// neurons at `position`, or `None` where it is padding.
    pub fn source(&self, group: usize, position: usize, tap: usize) -> Option<usize> {
        let kernel = self.rows.kernel * self.columns.kernel;
        let channel = group * (self.input.channels / self.groups) + tap / kernel;
        let (row_tap, column_tap) = (tap % kernel / self.columns.kernel, tap % self.columns.kernel);
        let row = self
            .rows
            .input(position / self.output.width, row_tap, self.input.height)?;
        let column = self
            .columns
            .input(position % self.output.width, column_tap, self.input.width)?;
        Some((channel * self.input.height + row) * self.input.width + column)
    }

    /// Calls `visit(position, tap, input neuron)` for every tap of `group` that is no padding.
    fn for_each_tap(&self, group: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let channels = self.input.channels / self.groups;
        let (kernel_rows, kernel_columns) = (self.rows.kernel, self.columns.kernel);
        for position in 0..self.output.positions() {
            let (out_row, out_column) = (position / self.output.width, position % self.output.width);
            for channel in 0..channels {
                let first_row = (group * channels + channel) * self.input.height;
                for row_tap in 0..kernel_rows {
                    let Some(row) = self.rows.input(out_row, row_tap, self.input.height) else {
                        continue;
                    };
                    let tap = (channel * kernel_rows + row_tap) * kernel_columns;
                    let start = (first_row + row) * self.input.width;
                    for column_tap in 0..kernel_columns {
                        if let Some(column) = self.columns.input(out_column, column_tap, self.input.width) {
                            visit(position, tap + column_tap, start + column);
                        }
                    }
                }
            }
        }
    }

    /// Calls `visit(output neuron, input neuron, weight index)` for every synapse that exists;
    /// the weight index is `channel · fan_in + tap`.
    pub fn for_each_synapse(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let (fan_in, positions) = (self.fan_in(), self.output.positions());
        for group in 0..self.groups {
            self.for_each_tap(group, |position, tap, source| {
                for channel in self.channels_of(group) {
                    visit(channel * positions + position, source, channel * fan_in + tap);
                }
            });
        }
    }

    /// Number of synapses, padded positions left out.
    pub fn synapses(&self) -> u64 {
        let mut taps = 0;
        self.for_each_tap(0, |_, _, _| taps += 1);
        taps * self.output.channels as u64
    }

    /// How many synapses each input neuron feeds: what one of its spikes costs.
    pub fn fan_out(&self) -> Vec<u32> {
        let mut fan_out = vec![0; self.input.len()];
        let outputs = self.group_outputs() as u32;
        for group in 0..self.groups {
            self.for_each_tap(group, |_, _, source| fan_out[source] += outputs);
        }
        fan_out
    }

    /// Σ_j w_ij over the connections that exist, for every output neuron i: `weights` has `fan_in`
    /// values for each output channel, and `is_neuron` says whether an input element is one. Differs
    /// at the border, where padding is.
    pub fn weight_sums(&self, weights: &[i16], is_neuron: impl Fn(usize) -> bool) -> Vec<i64> {
        let (fan_in, positions) = (self.fan_in(), self.output.positions());
        let mut sums = vec![0; self.output.len()];
        for group in 0..self.groups {
            self.for_each_tap(group, |position, tap, source| {
                if is_neuron(source) {
                    for channel in self.channels_of(group) {
                        sums[channel * positions + position] += i64::from(weights[channel * fan_in + tap]);
                    }
                }
            });
        }
        sums
    }

    /// Copies what the neurons of `group` see into `patches`, one row of `stride` values per
    /// position; padding and the row's tail stay as they are, so clear them once.
    pub fn gather<T: Copy>(&self, group: usize, source: &[T], patches: &mut [T], stride: usize) {
        let channels = self.input.channels / self.groups;
        let plane = self.input.positions();
        let first = group * channels * plane;
        if self.output.positions() == 1 && self.fan_in() == channels * plane && self.is_unpadded() {
            patches[..channels * plane].copy_from_slice(&source[first..first + channels * plane]);
            return;
        }
        for (position, patch) in patches
            .chunks_exact_mut(stride)
            .take(self.output.positions())
            .enumerate()
        {
            let (out_row, out_column) = (position / self.output.width, position % self.output.width);
            let mut tap = 0;
            for channel in 0..channels {
                let plane = &source[first + channel * plane..][..plane];
                for row_tap in 0..self.rows.kernel {
                    let row = self.rows.input(out_row, row_tap, self.input.height);
                    for column_tap in 0..self.columns.kernel {
                        let column = self.columns.input(out_column, column_tap, self.input.width);
                        if let (Some(row), Some(column)) = (row, column) {
                            patch[tap] = plane[row * self.input.width + column];
                        }
                        tap += 1;
                    }
                }
            }
        }
    }

    fn is_unpadded(&self) -> bool {
        [self.rows, self.columns]
            .iter()
            .all(|w| w.pad_before == 0 && w.pad_after == 0 && w.dilation == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_by_three() -> Connections {
        let window = Window {
            kernel: 3,
            stride: 2,
            dilation: 1,
            pad_before: 1,
            pad_after: 1,
        };
        Connections {
            input: Volume {
                channels: 2,
                height: 5,
                width: 5,
            },
            output: Volume {
                channels: 4,
                height: 3,
                width: 3,
            },
            rows: window,
            columns: window,
            groups: 2,
        }
    }

    #[test]
    fn padding_is_no_connection() {
        let wiring = three_by_three();
        assert_eq!(wiring.fan_in(), 9);
        assert_eq!(wiring.source(0, 0, 0), None);
        assert_eq!(wiring.source(0, 0, 4), Some(0));
        assert_eq!(wiring.source(1, 4, 4), Some(25 + 2 * 5 + 2));
        // A corner sees 4 inputs, an edge 6, the middle 9.
        assert_eq!(wiring.synapses(), 4 * (4 * 4 + 4 * 6 + 9));
    }

    #[test]
    fn every_view_of_the_wiring_counts_the_same_synapses() {
        let wiring = three_by_three();
        let mut visited = 0;
        let mut fan_out = vec![0; wiring.input.len()];
        wiring.for_each_synapse(|_, source, _| {
            visited += 1;
            fan_out[source] += 1;
        });
        assert_eq!(visited, wiring.synapses());
        assert_eq!(fan_out, wiring.fan_out());
        let sums = wiring.weight_sums(&vec![1; wiring.output.channels * wiring.fan_in()], |_| true);
        assert_eq!(sums.iter().sum::<i64>() as u64, wiring.synapses());
    }

    #[test]
    fn gathered_patches_hold_the_sources() {
        let wiring = three_by_three();
        let source: Vec<i32> = (1..=wiring.input.len() as i32).collect();
        for group in 0..wiring.groups {
            let mut patches = vec![0; 9 * 16];
            wiring.gather(group, &source, &mut patches, 16);
            for position in 0..9 {
                for tap in 0..9 {
                    let expected = wiring.source(group, position, tap).map_or(0, |s| source[s]);
                    assert_eq!(patches[position * 16 + tap], expected);
                }
            }
        }
    }
}
