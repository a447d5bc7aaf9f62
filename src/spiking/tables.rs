//! What weights come to, worked out once for whoever simulates them.

use std::sync::{Arc, OnceLock};

/// Taps that are looked up together.
pub(crate) const TAPS: usize = 4;

/// Patterns of their digits.
pub(crate) const PATTERNS: usize = 1 << TAPS;

/// Output channels that stand side by side.
pub(crate) const CHANNELS: usize = 16;

/// Sums of weights: for each block of output channels, group of taps and pattern of digits, those of the taps whose
/// digit is 1.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Blocks × groups × patterns × channels.
    pub entries: Vec<[[i16; CHANNELS]; PATTERNS]>,
    /// Ends of the runs of groups whose entries 16 bits hold together.
    pub segments: Vec<usize>,
    /// The largest magnitude that digits of 0 and 1 can lead to.
    pub most: i32,
}

/// Tables that were worked out, or the knowledge that there are none. No part of what weights are.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(OnceLock<Option<Arc<Tables>>>);

impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Known {
    /// The tables of rows of weights, for these groups of taps; `None` where 16 bits do not hold their entries.
    pub(super) fn of(&self, rows: &[i16], stride: usize, groups: &[[Option<u32>; TAPS]]) -> Option<&Tables> {
        self.0
            .get_or_init(|| Tables::new(rows, stride, groups).map(Arc::new))
            .as_deref()
    }
}

impl Tables {
    fn new(rows: &[i16], stride: usize, groups: &[[Option<u32>; TAPS]]) -> Option<Self> {
        let rows: Vec<&[i16]> = rows.chunks_exact(stride.max(1)).collect();
        let weight = |row: &[i16], tap: Option<u32>| tap.map_or(0, |tap| i32::from(row[tap as usize]));
        let mut segments = Vec::new();
        let mut so_far = vec![0; rows.len()];
        for (index, taps) in groups.iter().enumerate() {
            let magnitude = |row: &[i16]| taps.iter().map(|&tap| weight(row, tap).abs()).sum::<i32>();
            let next: Vec<i32> = rows.iter().map(|row| magnitude(row)).collect();
            let held = i32::from(i16::MAX);
            if next.iter().any(|&sum| sum > held) {
                return None;
            }
            if so_far.iter().zip(&next).any(|(sum, next)| sum + next > held) {
                segments.push(index);
                so_far.fill(0);
            }
            so_far.iter_mut().zip(next).for_each(|(sum, next)| *sum += next);
        }
        segments.push(groups.len());
        let mut entries = vec![[[0; CHANNELS]; PATTERNS]; rows.len().div_ceil(CHANNELS) * groups.len()];
        let blocks = rows
            .chunks(CHANNELS)
            .zip(entries.chunks_exact_mut(groups.len().max(1)));
        for (rows, block) in blocks {
            for (taps, entries) in groups.iter().zip(block) {
                for (channel, row) in rows.iter().enumerate() {
                    for pattern in 1..PATTERNS {
                        // One tap more than the pattern without its lowest digit.
                        let lowest = pattern.trailing_zeros() as usize;
                        let rest = entries[pattern & (pattern - 1)][channel];
                        entries[pattern][channel] = rest + weight(row, taps[lowest]) as i16;
                    }
                }
            }
        }
        let ends = |row: &&[i16]| {
            let sum = |of: fn(i32) -> i32| row.iter().map(|&w| i64::from(of(w.into()))).sum::<i64>();
            sum(|w| w.max(0)).max(-sum(|w| w.min(0)))
        };
        let most = rows.iter().map(ends).max().unwrap_or(0);
        Some(Self {
            entries,
            segments,
            most: i32::try_from(most).ok()?,
        })
    }
}
