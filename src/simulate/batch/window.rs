//! What neurons see of a tensor that holds its channels side by side, position by position.

use super::matrix::CHANNELS;
use crate::graph::{Connections, Rearrange, Window};
use crate::quantize::{View, locate};
use crate::simulate::kernels::lanes::{Lanes, Plain};

/// Values that are copied at a time.
const COPIED: usize = 8;

/// Values behind a buffer's end that copies may touch.
pub(super) const SLACK: usize = 2 * CHANNELS;

/// How a tensor of C channels at P positions is held: value p · C + c is channel c at position p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub channels: usize,
    pub positions: usize,
}

impl Layout {
    /// Where the neuron of this index in the tensor's own order is held.
    pub(super) fn place(self, neuron: usize) -> usize {
        neuron % self.positions * self.channels + neuron / self.positions
    }

    pub(super) fn len(self) -> usize {
        self.channels * self.positions
    }
}

/// Values that stand one behind the other in a tensor and in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    tensor: usize,
    from: usize,
    to: usize,
    len: usize,
}

/// A sample's values as a window moves over them: with padding around, channels side by side.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// From one position to the next.
    channels: usize,
    width: usize,
    /// Values of a sample.
    len: usize,
    /// Where they come from; what no run writes is padding. Empty if the field is `tensor` as it is.
    runs: Vec<Run>,
    tensor: usize,
    /// Samples one behind the other.
    values: Vec<i32>,
}

impl Field {
    /// The field of `view` for windows that move as in `wiring`, with room for `samples`. `layouts` are those of all
    /// tensors, and `padding` is what padded places hold.
    pub(super) fn new(
        wiring: &Connections,
        view: &View,
        layouts: &[Layout],
        channels: usize,
        padding: i16,
        samples: usize,
    ) -> Self {
        let (input, rows, columns) = (wiring.input, wiring.rows, wiring.columns);
        let padded = |inputs: usize, window: Window| window.pad_before + inputs + window.pad_after;
        let (height, width) = (padded(input.height, rows), padded(input.width, columns));
        let len = height * width * channels;
        let here = Layout {
            channels: input.channels,
            positions: input.positions(),
        };
        let is_as_it_is = view.map.is_none()
            && layouts[view.tensors[0]] == here
            && len == here.len()
            && channels == input.channels;
        let mut field = Self {
            channels,
            width,
            len,
            runs: Vec::new(),
            tensor: view.tensors[0],
            values: Vec::new(),
        };
        if is_as_it_is {
            return field;
        }
        let lengths: Vec<usize> = view.tensors.iter().map(|&t| layouts[t].len()).collect();
        let mut unconnected = Vec::new();
        for position in 0..here.positions {
            let (row, column) = (position / input.width, position % input.width);
            let place = (row + rows.pad_before) * width + column + columns.pad_before;
            for channel in 0..input.channels {
                let (to, element) = (place * channels + channel, channel * here.positions + position);
                let index = view.map.as_ref().map_or(element as u32, |map| map[element]);
                let source = (index != Rearrange::ZERO)
                    .then(|| locate(&lengths, index))
                    .flatten();
                let Some((tensor, neuron)) = source else {
                    unconnected.push(to);
                    continue;
                };
                let tensor = view.tensors[tensor];
                field.extend(tensor, layouts[tensor].place(neuron), to);
            }
        }
        field.values = vec![0; (samples * len + SLACK).div_ceil(2)];
        let values: &mut [i16] = bytemuck::cast_slice_mut(&mut field.values);
        values.fill(padding);
        // A neuron that listens to nothing hears a silent one; padding is no neuron at all.
        for sample in values[..samples * len].chunks_exact_mut(len.max(1)) {
            unconnected.iter().for_each(|&place| sample[place] = 0);
        }
        field
    }

    fn extend(&mut self, tensor: usize, from: usize, to: usize) {
        match self.runs.last_mut() {
            Some(run) if run.tensor == tensor && run.from + run.len == from && run.to + run.len == to => {
                run.len += 1;
            }
            _ => self.runs.push(Run {
                tensor,
                from,
                to,
                len: 1,
            }),
        }
    }

    /// Brings the values of `samples` samples in.
    pub(super) fn fill(&mut self, words: &[Vec<i32>], layouts: &[Layout], samples: usize) {
        if self.runs.is_empty() {
            return;
        }
        let values: &mut [i16] = bytemuck::cast_slice_mut(&mut self.values);
        for sample in 0..samples {
            let values = &mut values[sample * self.len..];
            for run in &self.runs {
                let words: &[i16] = bytemuck::cast_slice(&words[run.tensor]);
                let first = sample * layouts[run.tensor].len() + run.from;
                copy(
                    &words[first..first + run.len],
                    &mut values[run.to..run.to + run.len],
                );
            }
        }
    }

    /// From one position to the next.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Positions of a sample.
    pub(super) fn positions(&self) -> usize {
        self.len / self.channels
    }

    /// The values of all samples, in pairs, with something behind their end.
    pub(super) fn values<'a>(&'a self, words: &'a [Vec<i32>]) -> &'a [i32] {
        if self.values.is_empty() {
            &words[self.tensor]
        } else {
            &self.values
        }
    }
}

#[inline(always)]
fn copy(from: &[i16], to: &mut [i16]) {
    let (from, from_rest) = from.as_chunks::<COPIED>();
    let (to, to_rest) = to.as_chunks_mut::<COPIED>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from;
    }
}

/// How a window moves over a field.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    /// Where the window of each position begins.
    begins: Vec<u32>,
    /// Where each tap is from there: kernel row by kernel row.
    offsets: Vec<usize>,
    /// Values of a field.
    len: usize,
    channels: usize,
}

impl Taps {
    pub(super) fn new(wiring: &Connections, field: &Field) -> Self {
        let (rows, columns) = (wiring.rows, wiring.columns);
        let begins = (0..wiring.output.positions()).map(|position| {
            let (row, column) = (position / wiring.output.width, position % wiring.output.width);
            ((row * rows.stride * field.width + column * columns.stride) * field.channels) as u32
        });
        let offset = |row: usize, column: usize| {
            (row * rows.dilation * field.width + column * columns.dilation) * field.channels
        };
        let taps = (0..rows.kernel).flat_map(|row| (0..columns.kernel).map(move |column| (row, column)));
        Self {
            begins: begins.collect(),
            offsets: taps.map(|(row, column)| offset(row, column)).collect(),
            len: field.len,
            channels: field.channels,
        }
    }

    /// Where the windows of rows begin: samples are one behind the other, each of so many positions.
    #[inline(always)]
    fn begins(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
        let positions = self.begins.len();
        // A division for every row would take longer than what is done with it.
        let (mut sample, mut position) = (rows.start / positions * self.len, rows.start % positions);
        rows.map(move |_| {
            let begin = sample + self.begins[position] as usize;
            position += 1;
            if position == positions {
                (sample, position) = (sample + self.len, 0);
            }
            begin
        })
    }

    /// Whether a row's values stand one behind the other in the field, and rows too, in whole pairs.
    pub(super) fn are_rows(&self) -> bool {
        let follows = |(row, &begin): (usize, &u32)| begin as usize == row * self.channels;
        self.offsets == [0]
            && self.channels.is_multiple_of(2)
            && self.len == self.begins.len() * self.channels
            && self.begins.iter().enumerate().all(follows)
    }

    /// Sums of one weight for each tap and channel: `sums[r · channels + c] += Σ_t weights[t · channels + c] · x`,
    /// weights in pairs with 0.
    pub(super) fn add_channels(
        &self,
        weights: &[i16],
        values: &[i32],
        rows: std::ops::Range<usize>,
        sums: &mut [i32],
    ) {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            simd.vectorize(crate::vectorize::Work(
                #[inline(always)]
                || self.channels_in(simd, weights, values, rows.clone(), sums),
            ));
            return;
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            let lanes = crate::simulate::kernels::lanes::Simd128;
            self.channels_in(lanes, weights, values, rows, sums);
            return;
        }
        #[allow(unreachable_code, reason = "on some targets there is always something better")]
        self.channels_in(Plain, weights, values, rows, sums);
    }

    #[inline(always)]
    fn channels_in<L: Lanes>(
        &self,
        lanes: L,
        weights: &[i16],
        values: &[i32],
        rows: std::ops::Range<usize>,
        sums: &mut [i32],
    ) {
        let values: &[i16] = bytemuck::cast_slice(values);
        let width = 2 * L::SUMS;
        for (begin, sums) in self.begins(rows).zip(sums.chunks_exact_mut(self.channels)) {
            let window = &values[begin..];
            for (block, sums) in sums.chunks_exact_mut(width).enumerate() {
                let first = block * width;
                let (low, high) = sums.split_at_mut(L::SUMS);
                let (mut low_sums, mut high_sums) = (lanes.sums(low), lanes.sums(high));
                for (&offset, weights) in self.offsets.iter().zip(weights.chunks_exact(2 * self.channels)) {
                    let [low, high] = lanes.widened(&window[offset + first..][..width]);
                    let weights = &weights[2 * first..][..2 * width];
                    low_sums = lanes.add_products(low_sums, low, lanes.load(&weights[..width]));
                    high_sums = lanes.add_products(high_sums, high, lanes.load(&weights[width..]));
                }
                lanes.store(low_sums, low);
                lanes.store(high_sums, high);
            }
        }
    }

    /// The largest value of each channel: `sums[r · channels + c] += max_t x`, or `none` where all is padding,
    /// which is the smallest number.
    #[inline(always)]
    pub(super) fn add_largest(
        &self,
        values: &[i32],
        none: i32,
        rows: std::ops::Range<usize>,
        sums: &mut [i32],
    ) {
        let values: &[i16] = bytemuck::cast_slice(values);
        for (begin, sums) in self.begins(rows).zip(sums.chunks_exact_mut(self.channels)) {
            let window = &values[begin..];
            for (block, sums) in sums.as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
                let mut largest = [i16::MIN; CHANNELS];
                for &offset in &self.offsets {
                    let seen = &window[offset + block * CHANNELS..][..CHANNELS];
                    for (largest, &value) in largest.iter_mut().zip(seen) {
                        *largest = (*largest).max(value);
                    }
                }
                for (sum, &largest) in sums.iter_mut().zip(&largest) {
                    *sum += if largest == i16::MIN { none } else { largest.into() };
                }
            }
        }
    }

    /// Lays out what the neurons of each row see, tap by tap and all channels of each, `width` values a row.
    #[inline(always)]
    pub(super) fn gather(
        &self,
        values: &[i32],
        rows: std::ops::Range<usize>,
        width: usize,
        patches: &mut [i32],
    ) {
        let values: &[i16] = bytemuck::cast_slice(values);
        let patches: &mut [i16] = bytemuck::cast_slice_mut(patches);
        for (index, begin) in self.begins(rows).enumerate() {
            let mut to = index * width;
            // Taps that follow each other in the field are one run.
            let mut taps = self.offsets.iter().copied().peekable();
            while let Some(first) = taps.next() {
                let mut len = self.channels;
                while taps.next_if_eq(&(first + len)).is_some() {
                    len += self.channels;
                }
                // A copy of whole chunks writes behind the run, where the next one will.
                let chunks = len.div_ceil(COPIED) * COPIED;
                copy(&values[begin + first..][..chunks], &mut patches[to..][..chunks]);
                to += len;
            }
        }
    }
}
