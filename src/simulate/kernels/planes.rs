//! Channels that see one channel each: depthwise convolutions and pools. The kernel's taps are shifts of the
//! padded channel, so that whole rows are added, or compared, at once.

use crate::graph::Connections;

/// Results that are kept in registers while all taps are added.
const BLOCK: usize = 16;

/// How padded channels lie in memory and where a tap finds its inputs.
#[derive(Clone, Debug)]
pub(in super::super) struct Planes {
    /// Elements of a padded row.
    width: usize,
    /// Elements of a padded channel, with room for a last block.
    len: usize,
    /// Where the channel begins in it.
    first: usize,
    /// The shift of each tap.
    shifts: Vec<usize>,
    /// Results before strides leave some out: (first, how many), one run if rows follow each other.
    runs: Vec<(usize, usize)>,
}

impl Planes {
    /// For channels that see one channel each.
    pub(super) fn new(connections: &Connections) -> Self {
        let Connections {
            input,
            output,
            rows,
            columns,
            ..
        } = connections;
        let width = input.width + columns.pad_before + columns.pad_after;
        let height = input.height + rows.pad_before + rows.pad_after;
        let taps = (0..rows.kernel).flat_map(|r| (0..columns.kernel).map(move |c| (r, c)));
        let run = (output.width - 1) * columns.stride + 1;
        let runs = if rows.stride == 1 {
            vec![(0, (output.height - 1) * width + run)]
        } else {
            (0..output.height)
                .map(|row| (row * rows.stride * width, run))
                .collect()
        };
        Self {
            width,
            len: width * height + BLOCK,
            first: rows.pad_before * width + columns.pad_before,
            shifts: taps
                .map(|(r, c)| r * rows.dilation * width + c * columns.dilation)
                .collect(),
            runs,
        }
    }

    /// Writes channels with `padding` around them behind each other.
    pub(super) fn pad<T: Copy>(
        &self,
        connections: &Connections,
        source: &[T],
        padding: T,
        padded: &mut Vec<T>,
    ) {
        let volume = connections.input;
        padded.clear();
        padded.resize(volume.channels * self.len, padding);
        let channels = padded
            .chunks_exact_mut(self.len)
            .zip(source.chunks_exact(volume.positions()));
        for (padded, channel) in channels {
            let rows = padded[self.first..].chunks_mut(self.width);
            for (padded, row) in rows.zip(channel.chunks_exact(volume.width)) {
                padded[..volume.width].copy_from_slice(row);
            }
        }
    }

    /// Σ_j w_ij x_j: `weights` has `stride` values for each channel.
    #[inline(always)]
    pub(super) fn sums(
        &self,
        connections: &Connections,
        padded: &[i16],
        (weights, stride): (&[i16], usize),
        room: &mut Vec<i32>,
        out: &mut [i32],
    ) {
        let weights = weights.chunks_exact(stride);
        let channels = padded.chunks_exact(self.len).zip(weights);
        self.each(
            connections,
            channels,
            room,
            out,
            #[inline(always)]
            |(channel, weights), from, results| {
                let mut sums = [0; BLOCK];
                for (&shift, &weight) in self.shifts.iter().zip(weights) {
                    for (sum, &value) in sums.iter_mut().zip(&channel[from + shift..][..BLOCK]) {
                        *sum += i32::from(weight) * i32::from(value);
                    }
                }
                results.copy_from_slice(&sums);
            },
        );
    }

    /// max_j x_j.
    #[inline(always)]
    pub(super) fn largest(
        &self,
        connections: &Connections,
        padded: &[i32],
        room: &mut Vec<i32>,
        out: &mut [i32],
    ) {
        let channels = padded.chunks_exact(self.len);
        self.each(
            connections,
            channels,
            room,
            out,
            #[inline(always)]
            |channel, from, results| {
                let mut largest = [i32::MIN; BLOCK];
                for &shift in &self.shifts {
                    for (largest, &value) in largest.iter_mut().zip(&channel[from + shift..][..BLOCK]) {
                        *largest = (*largest).max(value);
                    }
                }
                results.copy_from_slice(&largest);
            },
        );
    }

    /// Calls `block` for every block of results of every channel, and keeps those that strides reach.
    #[inline(always)]
    fn each<C: Copy>(
        &self,
        connections: &Connections,
        channels: impl Iterator<Item = C>,
        room: &mut Vec<i32>,
        out: &mut [i32],
        block: impl Fn(C, usize, &mut [i32]),
    ) {
        let output = connections.output;
        let (row_stride, column_stride) = (connections.rows.stride, connections.columns.stride);
        room.resize(self.len + BLOCK, 0);
        for (channel, out) in channels.zip(out.chunks_exact_mut(output.positions())) {
            for &(first, count) in &self.runs {
                for from in (first..first + count).step_by(BLOCK) {
                    block(channel, from, &mut room[from..from + BLOCK]);
                }
            }
            for (row, out) in out.chunks_exact_mut(output.width).enumerate() {
                let results = &room[row * row_stride * self.width..];
                if column_stride == 1 {
                    out.copy_from_slice(&results[..output.width]);
                } else {
                    for (out, &result) in out.iter_mut().zip(results.iter().step_by(column_stride)) {
                        *out = result;
                    }
                }
            }
        }
    }
}
