//! The inner loops: what every neuron of a layer receives in one time step, in the way that suits its wiring.

pub(super) mod lanes;
mod planes;
mod products;
mod tables;

use crate::graph::{Connections, Window};
use crate::spiking::Synapses;
use crate::vectorize::vectorized;
use planes::Planes;
use products::POSITIONS;
pub(super) use tables::{Grid, PLANES, Sums};

/// Places of inputs are stored for kernels up to this size; larger ones work them out anew each time.
const MAX_PLACES: usize = 1 << 22;

/// How a dendrite's sums are computed, worked out once from its wiring.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    connections: Connections,
    form: Form,
    grid: Option<Grid>,
}

#[derive(Clone, Debug)]
enum Form {
    /// Neuron i listens to input i alone.
    OneToOne,
    /// Each channel sees one channel.
    Planes(Planes),
    /// Every position sees one position of all channels of its group.
    Points,
    /// Many positions, side by side. For each place in a group's patches, the input in the group, or
    /// `u32::MAX` for padding.
    Columns(Vec<u32>),
    /// Few positions, one behind the other.
    Rows,
}

/// What `Kernel` needs besides: nothing is allocated while simulating.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    padded: Vec<i32>,
    results: Vec<i32>,
}

impl Kernel {
    /// For neurons wired like this.
    pub(super) fn of(connections: &Connections) -> Self {
        Self {
            connections: *connections,
            form: Form::of(connections),
            grid: Grid::of(connections),
        }
    }

    /// How sums of binary digits are looked up, where that suits the wiring.
    pub(super) fn grid(&self) -> Option<&Grid> {
        self.grid.as_ref()
    }

    /// Lays out what the neurons see; padding never spikes.
    pub(super) fn gather(&self, synapses: &Synapses, words: &[i16], patches: &mut Vec<i16>) {
        let wiring = &self.connections;
        let group_len = wiring.input.len() / wiring.groups;
        match &self.form {
            Form::OneToOne => {
                patches.clear();
                patches.extend_from_slice(words);
            }
            Form::Planes(planes) => planes.pad(wiring, words, 0, patches),
            Form::Points | Form::Columns(_) => {
                let columns = self.group_patches(synapses);
                patches.resize(columns * wiring.groups, 0);
                let groups = patches
                    .chunks_exact_mut(columns)
                    .zip(words.chunks_exact(group_len));
                for (patches, words) in groups {
                    match &self.form {
                        Form::Columns(places) => look_up(places, words, patches),
                        _ => interleave(words, wiring.input.positions(), patches),
                    }
                }
            }
            Form::Rows => {
                let rows = self.group_patches(synapses);
                patches.clear();
                patches.resize(rows * wiring.groups, 0);
                for (group, patches) in patches.chunks_exact_mut(rows.max(1)).enumerate() {
                    wiring.gather(group, words, patches, synapses.stride);
                }
            }
        }
    }

    /// Values of a group's patches where groups have patches.
    fn group_patches(&self, synapses: &Synapses) -> usize {
        let positions = self.connections.output.positions();
        match self.form {
            Form::Rows => positions * synapses.stride,
            _ => taps(&self.connections) * positions.next_multiple_of(POSITIONS),
        }
    }

    /// Σ_j w_ij s_j of every neuron, for patches that `gather` laid out. Sums must fit 32 bits.
    pub(super) fn sums(&self, synapses: &Synapses, patches: &[i16], room: &mut Room, sums: &mut [i32]) {
        let wiring = &self.connections;
        let (rows, stride) = (&synapses.rows[..], synapses.stride);
        if wiring.fan_in() == 0 {
            return sums.fill(0);
        }
        match &self.form {
            Form::OneToOne => vectorized(
                #[inline(always)]
                || {
                    for ((sum, &weight), &word) in sums.iter_mut().zip(rows).zip(patches) {
                        *sum = i32::from(weight) * i32::from(word);
                    }
                },
            ),
            Form::Planes(planes) => vectorized(
                #[inline(always)]
                || planes.sums(wiring, patches, (rows, stride), &mut room.results, sums),
            ),
            Form::Points | Form::Columns(_) | Form::Rows => {
                let positions = wiring.output.positions();
                let group_neurons = wiring.group_outputs() * positions;
                let group_rows = wiring.group_outputs() * stride;
                let groups = rows
                    .chunks_exact(group_rows.max(1))
                    .zip(patches.chunks_exact(self.group_patches(synapses).max(1)))
                    .zip(sums.chunks_exact_mut(group_neurons.max(1)));
                for ((rows, patches), sums) in groups {
                    if matches!(self.form, Form::Rows) {
                        products::by_rows(rows, stride, patches, sums);
                    } else {
                        products::by_columns(rows, stride, taps(wiring), patches, positions, sums);
                    }
                }
            }
        }
    }

    /// max_j x_j of every neuron over the connections that exist; `none` where there are none.
    pub(super) fn largest(&self, values: &[i32], none: i32, room: &mut Room, largest: &mut [i32]) {
        let wiring = &self.connections;
        match &self.form {
            Form::Planes(planes) => {
                planes.pad(wiring, values, i32::MIN, &mut room.padded);
                vectorized(
                    #[inline(always)]
                    || planes.largest(wiring, &room.padded, &mut room.results, largest),
                );
            }
            _ => {
                largest.fill(i32::MIN);
                wiring.for_each_synapse(|neuron, source, _| {
                    largest[neuron] = largest[neuron].max(values[source]);
                });
            }
        }
        for value in largest.iter_mut().filter(|value| **value == i32::MIN) {
            *value = none;
        }
    }
}

/// Taps in whole pairs.
fn taps(wiring: &Connections) -> usize {
    wiring.fan_in().next_multiple_of(2)
}

impl Form {
    fn of(wiring: &Connections) -> Self {
        let is_point = wiring.rows == Window::POINT && wiring.columns == Window::POINT;
        let positions = wiring.output.positions();
        let patches = taps(wiring) * positions.next_multiple_of(POSITIONS);
        match (wiring.input.channels / wiring.groups, wiring.group_outputs()) {
            (1, 1) if is_point && positions == 1 => Self::OneToOne,
            _ if positions < POSITIONS => Self::Rows,
            (1, 1) if is_paddable(wiring) => Self::Planes(Planes::new(wiring)),
            _ if is_point => Self::Points,
            _ if patches <= MAX_PLACES => Self::Columns(places(wiring)),
            _ => Self::Rows,
        }
    }
}

/// Whether padding makes a channel not much larger than it is, and its results are where taps expect them.
fn is_paddable(wiring: &Connections) -> bool {
    let Connections {
        input,
        output,
        rows,
        columns,
        ..
    } = wiring;
    let padded = (input.height + rows.pad_before + rows.pad_after)
        .saturating_mul(input.width + columns.pad_before + columns.pad_after);
    padded <= 4 * (input.positions() + output.positions()) + 1024
        && rows.outputs(input.height) == Some(output.height)
        && columns.outputs(input.width) == Some(output.width)
}

/// For each place in a group's patches, the input in the group.
fn places(wiring: &Connections) -> Vec<u32> {
    let (fan_in, positions) = (wiring.fan_in(), wiring.output.positions());
    let padded = positions.next_multiple_of(POSITIONS);
    let mut places = vec![u32::MAX; taps(wiring) * padded];
    for (pair, places) in places.chunks_exact_mut(2 * padded).enumerate() {
        for (position, places) in places.chunks_exact_mut(2).take(positions).enumerate() {
            for (tap, place) in (2 * pair..fan_in).zip(places) {
                *place = wiring.source(0, position, tap).map_or(u32::MAX, |s| s as u32);
            }
        }
    }
    places
}

fn look_up(places: &[u32], words: &[i16], patches: &mut [i16]) {
    for (patch, &place) in patches.iter_mut().zip(places) {
        *patch = words.get(place as usize).copied().unwrap_or(0);
    }
}

/// Pairs of channels, position by position.
fn interleave(words: &[i16], positions: usize, patches: &mut [i16]) {
    let padded = positions.next_multiple_of(POSITIONS);
    let pairs = words
        .chunks(2 * positions)
        .zip(patches.chunks_exact_mut(2 * padded));
    for (channels, patches) in pairs {
        let (first, second) = channels.split_at(positions);
        let places = patches.chunks_exact_mut(2);
        if second.is_empty() {
            for (place, &a) in places.zip(first) {
                place.copy_from_slice(&[a, 0]);
            }
        } else {
            for ((place, &a), &b) in places.zip(first).zip(second) {
                place.copy_from_slice(&[a, b]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Volume;
    use crate::spiking::CHANNELS;
    use proptest::prelude::*;

    fn window() -> impl Strategy<Value = Window> {
        (1usize..4, 1usize..3, 1usize..3, 0usize..3, 0usize..3).prop_map(
            |(kernel, stride, dilation, pad_before, pad_after)| Window {
                kernel,
                stride,
                dilation,
                pad_before,
                pad_after,
            },
        )
    }

    /// Wirings of every form.
    fn wiring() -> impl Strategy<Value = Connections> {
        let windows = prop_oneof![
            (window(), window()),
            Just((Window::POINT, Window::POINT)),
            Just((
                Window::POINT,
                Window {
                    kernel: 3,
                    ..Window::POINT
                }
            )),
        ];
        let volume = (1usize..4, 1usize..9, 1usize..12);
        (windows, volume, 1usize..3, 1usize..6).prop_filter_map(
            "the kernel fits",
            |((rows, columns), (channels, height, width), groups, outputs)| {
                let (out_height, out_width) = (rows.outputs(height)?, columns.outputs(width)?);
                Some(Connections {
                    input: Volume {
                        channels: channels * groups,
                        height,
                        width,
                    },
                    output: Volume {
                        channels: outputs * groups,
                        height: out_height,
                        width: out_width,
                    },
                    rows,
                    columns,
                    groups,
                })
            },
        )
    }

    fn words(count: usize, seed: usize) -> Vec<i16> {
        (0..count)
            .map(|i| ((i * 7919 + seed * 104_729) % 511) as i16 - 255)
            .collect()
    }

    fn check_sums(wiring: &Connections, seed: usize) {
        let weights = words(wiring.output.channels * wiring.fan_in(), seed);
        let inputs = words(wiring.input.len(), seed + 1);
        let mut expected = vec![0; wiring.output.len()];
        wiring.for_each_synapse(|neuron, source, weight| {
            expected[neuron] += i32::from(weights[weight]) * i32::from(inputs[source]);
        });
        let (kernel, synapses) = (Kernel::of(wiring), Synapses::new(&weights, wiring));
        // What stood there before must not matter.
        let mut patches = words(7, seed);
        kernel.gather(&synapses, &inputs, &mut patches);
        let mut sums = vec![-1; wiring.output.len()];
        kernel.sums(&synapses, &patches, &mut Room::default(), &mut sums);
        assert_eq!(sums, expected, "{kernel:?}");
        check_digits(&kernel, &synapses, &inputs);
    }

    /// What is looked up for every digit of the inputs.
    fn check_digits(kernel: &Kernel, synapses: &Synapses, inputs: &[i16]) {
        let (wiring, positions) = (&kernel.connections, kernel.connections.output.positions());
        let Some(grid) = kernel.grid() else { return };
        let tables = grid.tables(synapses).expect("weights of 9 bits");
        let seen: Vec<i32> = inputs.iter().map(|&x| x.into()).collect();
        let (mut flat, mut words) = (vec![7; 3], vec![7; 3]);
        for first_plane in [0, 8] {
            grid.lay_out(wiring, &seen, first_plane, &mut flat, &mut words);
            for plane in 0..PLANES {
                let digits: Vec<i16> = inputs
                    .iter()
                    .map(|x| x >> (usize::from(first_plane) + plane) & 1)
                    .collect();
                let (mut patches, mut expected) = (Vec::new(), vec![-1; wiring.output.len()]);
                kernel.gather(synapses, &digits, &mut patches);
                kernel.sums(synapses, &patches, &mut Room::default(), &mut expected);
                assert!(expected.iter().all(|sum| sum.abs() <= tables.most));
                for (neuron, expected) in expected.into_iter().enumerate() {
                    let (channel, position) = (neuron / positions, neuron % positions);
                    let mut sums = Sums::default();
                    let words = &words[grid.start(wiring, position)..];
                    grid.sums::<PLANES>(tables, channel / CHANNELS, words, &mut sums);
                    assert_eq!(sums[plane][channel % CHANNELS], expected, "{grid:?}");
                }
            }
        }
    }

    fn check_largest(wiring: &Connections, seed: usize) {
        let inputs: Vec<i32> = words(wiring.input.len(), seed)
            .into_iter()
            .map(i32::from)
            .collect();
        let mut expected = vec![i32::MIN; wiring.output.len()];
        wiring.for_each_synapse(|neuron, source, _| expected[neuron] = expected[neuron].max(inputs[source]));
        for value in expected.iter_mut().filter(|value| **value == i32::MIN) {
            *value = 77;
        }
        let mut largest = vec![-1; wiring.output.len()];
        Kernel::of(wiring).largest(&inputs, 77, &mut Room::default(), &mut largest);
        assert_eq!(largest, expected);
    }

    proptest! {
        #[test]
        fn sums_equal_the_synapses_one_by_one_for_any_wiring(wiring in wiring(), seed in 0usize..1000) {
            check_sums(&wiring, seed);
        }

        #[test]
        fn sums_of_channels_of_their_own_do_too(wiring in wiring(), seed in 0usize..1000) {
            let channels = wiring.input.channels;
            let output = Volume { channels, ..wiring.output };
            let wiring = Connections { output, groups: channels, ..wiring };
            check_sums(&wiring, seed);
            check_largest(&wiring, seed);
        }

        #[test]
        fn neurons_that_listen_to_nothing_receive_nothing(neurons in 1usize..40) {
            let mut wiring = Connections::one_to_one(neurons);
            wiring.input.channels = 0;
            check_sums(&wiring, 1);
        }

        #[test]
        fn one_to_one_wiring_multiplies(neurons in 1usize..40, seed in 0usize..1000) {
            check_sums(&Connections::one_to_one(neurons), seed);
        }
    }
}
