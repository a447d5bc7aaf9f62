//! Sums of binary digits by table: what four taps add up to is looked up under the pattern of their four digits, for
//! sixteen output channels at once. The work is the same whichever digits are set, a quarter of what products take.

use crate::graph::Connections;
use crate::spiking::{CHANNELS, PATTERNS, Synapses, TAPS, Tables};
use crate::vectorize::vectorized;

/// Digits that are sent together: a word holds as many of [`TAPS`] values.
pub(in super::super) const PLANES: usize = 8;

/// Digits whose sums the processor's registers hold.
const AT_ONCE: usize = if cfg!(target_arch = "x86_64") { 8 } else { 4 };

/// Tables of a dendrite take no more entries than this.
const MAX_ENTRIES: usize = 1 << 15;

/// Σ_j w_ij s_j of sixteen neurons, for each digit of a word.
pub(in super::super) type Sums = [[i32; CHANNELS]; PLANES];

/// How digits lie in memory, channels side by side in padded rows, and which of them a neuron sees.
#[derive(Clone, Debug)]
pub(in super::super) struct Grid {
    /// Values between the words of a row.
    spacing: usize,
    /// Words of a row.
    words: usize,
    /// Rows, with padding.
    rows: usize,
    /// The words that a neuron at the first position looks up, in order.
    shifts: Vec<usize>,
    /// The taps under each of them.
    taps: Vec<[Option<u32>; TAPS]>,
}

impl Grid {
    /// For neurons wired like this, if it suits them.
    pub(super) fn of(wiring: &Connections) -> Option<Self> {
        let Connections {
            input,
            output,
            rows,
            columns,
            groups,
        } = wiring;
        let is_wide = *groups == 1 && output.channels >= TAPS && wiring.fan_in() >= TAPS;
        let fits = rows.outputs(input.height) == Some(output.height)
            && columns.outputs(input.width) == Some(output.width);
        if !is_wide || !fits || input.is_empty() {
            return None;
        }
        let channels = input.channels;
        // Neighbouring taps of a row follow each other in memory.
        let is_dense = columns.dilation == 1;
        let (runs, run) = match is_dense {
            true => (1, columns.kernel * channels),
            false => (columns.kernel, channels),
        };
        let between = if is_dense { 0 } else { columns.dilation * channels };
        let spacing = [columns.stride * channels, between].into_iter().fold(TAPS, gcd);
        let row = (input.width + columns.pad_before + columns.pad_after) * channels;
        let words = (row + TAPS).div_ceil(spacing);
        let entries = rows.kernel * runs * run.div_ceil(TAPS);
        if entries * output.channels.div_ceil(CHANNELS) > MAX_ENTRIES {
            return None;
        }
        let kernel = rows.kernel * columns.kernel;
        let (mut shifts, mut taps) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        for row_tap in 0..rows.kernel {
            for column_run in 0..runs {
                for first in (0..run).step_by(TAPS) {
                    let start = column_run * between + first;
                    shifts.push(row_tap * rows.dilation * words + start / spacing);
                    taps.push(std::array::from_fn(|i| {
                        let place = first + i;
                        let column_tap = column_run + place / channels;
                        let tap = place % channels * kernel + row_tap * columns.kernel + column_tap;
                        (place < run).then_some(tap as u32)
                    }));
                }
            }
        }
        Some(Self {
            spacing,
            words,
            rows: input.height + rows.pad_before + rows.pad_after,
            shifts,
            taps,
        })
    }

    /// The tables of these weights, worked out where that was not done yet; `None` where 16 bits do not hold them.
    pub(in super::super) fn tables<'a>(&self, synapses: &'a Synapses) -> Option<&'a Tables> {
        synapses.tables(&self.taps)
    }

    /// Lays out digits `first_plane` and the seven above it of what is seen.
    pub(in super::super) fn lay_out(
        &self,
        wiring: &Connections,
        seen: &[i32],
        first_plane: u8,
        flat: &mut Vec<u32>,
        words: &mut Vec<u32>,
    ) {
        let Connections {
            input, rows, columns, ..
        } = wiring;
        let (channels, row) = (input.channels, self.flat_row());
        flat.clear();
        flat.resize(self.rows * row, 0);
        vectorized(
            #[inline(always)]
            || {
                if input.positions() == 1 {
                    let start = rows.pad_before * row + columns.pad_before * channels;
                    for (place, &value) in flat[start..].iter_mut().zip(seen) {
                        *place = spread(value >> first_plane);
                    }
                    return;
                }
                for (channel, plane) in seen.chunks_exact(input.positions().max(1)).enumerate() {
                    for (y, values) in plane.chunks_exact(input.width).enumerate() {
                        let start = (y + rows.pad_before) * row + columns.pad_before * channels + channel;
                        let places = flat[start..].iter_mut().step_by(channels);
                        for (place, &value) in places.zip(values) {
                            *place = spread(value >> first_plane);
                        }
                    }
                }
            },
        );
        words.resize(self.rows * self.words, 0);
        vectorized(
            #[inline(always)]
            || {
                for (words, flat) in words.chunks_exact_mut(self.words).zip(flat.chunks_exact(row)) {
                    match self.spacing {
                        1 => combine::<1>(words, flat),
                        2 => combine::<2>(words, flat),
                        _ => combine::<TAPS>(words, flat),
                    }
                }
            },
        );
    }

    /// Values of a row with room behind it for what stands under no tap.
    fn flat_row(&self) -> usize {
        self.words * self.spacing + TAPS
    }

    /// Where the words of a position begin.
    #[inline(always)]
    pub(in super::super) fn start(&self, wiring: &Connections, position: usize) -> usize {
        let (row, column) = (position / wiring.output.width, position % wiring.output.width);
        let across = column * wiring.columns.stride * wiring.input.channels / self.spacing;
        row * wiring.rows.stride * self.words + across
    }

    /// The sums of a block of output channels at the position where `words` begin, of the first `P` digits.
    #[inline(always)]
    pub(in super::super) fn sums<const P: usize>(
        &self,
        tables: &Tables,
        block: usize,
        words: &[u32],
        sums: &mut [[i32; CHANNELS]],
    ) {
        let entries = &tables.entries[block * self.shifts.len()..][..self.shifts.len()];
        for (first, sums) in sums[..P].chunks_mut(AT_ONCE).enumerate() {
            let digits = (TAPS * AT_ONCE * first) as u32;
            match sums.len() {
                2 => self.some::<2>(tables, entries, words, digits, sums),
                4 => self.some::<4>(tables, entries, words, digits, sums),
                6 => self.some::<6>(tables, entries, words, digits, sums),
                _ => self.some::<AT_ONCE>(tables, entries, words, digits, sums),
            }
        }
    }

    #[inline(always)]
    fn some<const P: usize>(
        &self,
        tables: &Tables,
        entries: &[[[i16; CHANNELS]; PATTERNS]],
        words: &[u32],
        digits: u32,
        sums: &mut [[i32; CHANNELS]],
    ) {
        let mut wide = [[0i32; CHANNELS]; P];
        let mut first = 0;
        for &last in &tables.segments {
            let mut narrow = [[0i16; CHANNELS]; P];
            for (entries, &shift) in entries[first..last].iter().zip(&self.shifts[first..last]) {
                let word = words[shift] >> digits;
                for (plane, narrow) in narrow.iter_mut().enumerate() {
                    let entry = &entries[(word >> (TAPS * plane)) as usize % PATTERNS];
                    for (sum, &entry) in narrow.iter_mut().zip(entry) {
                        *sum = sum.wrapping_add(entry);
                    }
                }
            }
            for (wide, narrow) in wide.iter_mut().zip(narrow) {
                for (wide, narrow) in wide.iter_mut().zip(narrow) {
                    *wide += i32::from(narrow);
                }
            }
            first = last;
        }
        sums.copy_from_slice(&wide);
    }
}

/// Bit λ of a byte at place 4 λ.
#[inline(always)]
fn spread(value: i32) -> u32 {
    let value = value as u32 & 0xff;
    let value = (value | value << 12) & 0x000f_000f;
    let value = (value | value << 6) & 0x0303_0303;
    (value | value << 3) & 0x1111_1111
}

/// Words of four values each, `SPACING` apart.
#[inline(always)]
fn combine<const SPACING: usize>(words: &mut [u32], flat: &[u32]) {
    let shifted: [&[u32]; TAPS] = std::array::from_fn(|tap| &flat[tap..]);
    for (i, word) in words.iter_mut().enumerate() {
        let bit = |tap: usize| shifted[tap][i * SPACING] << tap;
        *word = bit(0) | bit(1) | bit(2) | bit(3);
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
