//! What is worked out once for a network: how tensors are held, and how each layer runs.

use super::Room;
use super::fire::Firing;
use super::matrix::{CHANNELS, Matrix};
use super::window::{Field, Layout, Taps};
use crate::graph::Connections;
use crate::quantize::Reduce;
use crate::simulate::layer::smallest;
use crate::spiking::{SpikingDendrite, SpikingLayer, SpikingNetwork};
use crate::vectorize::vectorized;

/// Words of a batch: what a processor's second cache holds.
const BATCH: usize = 640 << 10;

/// Most samples of a batch.
const MOST_SAMPLES: usize = 24;

/// Sums that are worked on at a time: what the first cache holds beside weights.
const BLOCK: usize = 2048;

/// How a network runs.
pub(super) struct Plan {
    pub layouts: Vec<Layout>,
    pub ways: Vec<Way>,
    pub capacity: usize,
    pub silent: Vec<i32>,
    pub room: Room,
}

/// How a layer runs.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// In whole products.
    Whole(Box<Whole>),
    /// In its steps; these tensors are listened to.
    Steps(Vec<usize>),
}

/// A layer that runs in whole products, block by block of positions.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    branches: Vec<Branch>,
    layout: Layout,
    target: usize,
    firing: Firing,
    /// Rows of a block, and sums of a row.
    block: (usize, usize),
    is_last: bool,
}

/// A dendrite.
#[derive(Clone, Debug)]
struct Branch {
    field: Field,
    product: Product,
    start: Start,
}

/// What sums start with.
#[derive(Clone, Debug)]
enum Start {
    /// The same at every position: the sums of a block.
    Alike(Vec<i32>),
    /// Of each position.
    Each(Vec<i32>),
}

#[derive(Clone, Debug)]
enum Product {
    /// Every channel with every tap, whose values are gathered if there is a window.
    Matrix(Matrix, Option<Taps>),
    /// Each channel with its own.
    Channels(Taps, Vec<i16>),
    Largest(Taps, i32),
    /// Each neuron with one other; the weights, or none if they are 1.
    Elements(Vec<i16>),
}

impl Plan {
    pub(super) fn new(network: &SpikingNetwork) -> Option<Self> {
        let codes = network.codes.iter().flatten();
        if network.codes.first()?.is_none() || codes.clone().any(|code| !code.fits_words()) {
            return None;
        }
        let layouts = layouts(network);
        let neurons: usize = layouts.iter().map(|layout| layout.len()).sum();
        let capacity = (BATCH / neurons.max(1)).clamp(1, MOST_SAMPLES);
        let silent: Vec<i32> = network
            .codes
            .iter()
            .map(|code| code.map_or(0, |code| code.silent()))
            .collect();
        let way = |index: usize| {
            Whole::new(network, index, &layouts, &silent, capacity).map_or_else(
                || Way::Steps(listened(&network.layers[index])),
                |whole| Way::Whole(Box::new(whole)),
            )
        };
        let ways: Vec<Way> = (0..network.layers.len()).map(way).collect();
        Some(Self {
            room: room(&ways),
            layouts,
            ways,
            capacity,
            silent,
        })
    }
}

fn listened(layer: &SpikingLayer) -> Vec<usize> {
    let mut tensors: Vec<usize> = layer
        .dendrites
        .iter()
        .flat_map(|d| d.view.tensors.clone())
        .collect();
    tensors.sort_unstable();
    tensors.dedup();
    tensors
}

/// The largest blocks of all layers.
fn room(ways: &[Way]) -> Room {
    let mut room = Room::default();
    for way in ways {
        let Way::Whole(whole) = way else { continue };
        let (rows, stride) = whole.block;
        room.sums
            .resize(room.sums.len().max(whole.branches.len()), Vec::new());
        if room.words.len() < rows * stride {
            room.words.resize(rows * stride, 0);
        }
        for branch in &whole.branches {
            if let Product::Matrix(matrix, Some(_)) = &branch.product {
                let patches = rows * matrix.pairs() + super::window::SLACK;
                room.patches.resize(room.patches.len().max(patches), 0);
            }
        }
    }
    room
}

/// How tensors are held: as those who send them, or first listen to them, see their channels.
fn layouts(network: &SpikingNetwork) -> Vec<Layout> {
    let flat = |len: usize| Layout {
        channels: len,
        positions: 1,
    };
    let mut layouts: Vec<Layout> = network.tensors.iter().map(|tensor| flat(tensor.len())).collect();
    let listens = |d: &&SpikingDendrite| d.view.tensors == [0] && d.view.map.is_none();
    let listeners = network
        .layers
        .iter()
        .flat_map(|layer| &layer.dendrites)
        .filter(listens);
    if let Some(input) = listeners
        .map(|d| d.connections.input)
        .find(|input| input.positions() > 1)
    {
        layouts[0] = Layout {
            channels: input.channels,
            positions: input.positions(),
        };
    }
    for layer in &network.layers {
        let main = &layer.dendrites[0];
        let output = main.connections.output;
        let whole = layer.dendrites.iter().find(|d| d.view.map.is_none());
        layouts[layer.target] = match whole {
            // What goes on neuron by neuron stays where it is.
            Some(d) if main.connections.is_one_to_one() => layouts[d.view.tensors[0]],
            _ => Layout {
                channels: output.channels,
                positions: output.positions(),
            },
        };
    }
    layouts
}

impl Whole {
    /// `None` where the layer must run its steps, or is of a form that isn't worth a way of its own.
    fn new(
        network: &SpikingNetwork,
        index: usize,
        layouts: &[Layout],
        silent: &[i32],
        capacity: usize,
    ) -> Option<Self> {
        let layer = &network.layers[index];
        let layout = layouts[layer.target];
        if !layer.dendrites.iter().all(|d| d.collapses) || layout.len() == 0 {
            return None;
        }
        let is_alike = |d: &SpikingDendrite| d.view.tensors.iter().all(|&t| silent[t] == d.code.silent());
        if !layer.dendrites.iter().all(is_alike) {
            return None;
        }
        let stride = layout.channels.next_multiple_of(CHANNELS);
        let branch = |d: &SpikingDendrite| Branch::new(d, layout, layouts, capacity);
        let mut branches: Vec<Branch> = layer.dendrites.iter().map(branch).collect::<Option<_>>()?;
        let widest = branches
            .iter()
            .map(|branch| branch.product.width())
            .max()
            .unwrap_or(0);
        let rows = (BLOCK / stride.max(widest / 2)).clamp(6, 96) / 6 * 6;
        let rows = rows.min(capacity * layout.positions);
        for (branch, dendrite) in branches.iter_mut().zip(&layer.dendrites) {
            branch.start = Start::new(&dendrite.start, layout, rows);
        }
        Some(Self {
            firing: Firing::new(&layer.fire, layout, silent[layer.target], (rows, stride)),
            branches,
            layout,
            target: layer.target,
            block: (rows, stride),
            is_last: index + 1 == network.layers.len(),
        })
    }

    /// The layer's words of all samples.
    pub(super) fn run(
        &mut self,
        layer: &SpikingLayer,
        layouts: &[Layout],
        words: &mut [Vec<i32>],
        (samples, silent): (usize, &[i32]),
        room: &mut Room,
        output: &mut [f32],
    ) {
        for branch in &mut self.branches {
            branch.field.fill(words, layouts, samples);
        }
        let mut target = std::mem::take(&mut words[self.target]);
        let (most, stride) = self.block;
        let rows = samples * self.layout.positions;
        let mut first = 0;
        while first < rows {
            let block = first..rows.min(first + most);
            for (branch, sums) in self.branches.iter().zip(&mut room.sums) {
                sums.clear();
                branch.start(self.layout.positions, block.clone(), stride, sums);
                branch.add(words, block.clone(), stride, &mut room.patches, sums);
            }
            let channels = self.layout.channels;
            let words: &mut [i16] = bytemuck::cast_slice_mut(&mut target);
            let words = &mut words[first * channels..block.end * channels];
            let sums = &room.sums[..self.branches.len()];
            if channels == stride {
                self.fire(layer, sums, block.clone(), silent[self.target], words);
            } else {
                let fired = &mut room.words[..block.len() * stride];
                self.fire(layer, sums, block.clone(), silent[self.target], fired);
                for (words, fired) in words.chunks_exact_mut(channels).zip(fired.chunks_exact(stride)) {
                    words.copy_from_slice(&fired[..channels]);
                }
            }
            if self.is_last {
                self.read_out(layer, sums, block.clone(), silent[self.target], words, output);
            }
            first = block.end;
        }
        words[self.target] = target;
    }

    /// The words of a block, in rows as sums have them.
    #[inline(always)]
    fn fire(
        &self,
        layer: &SpikingLayer,
        sums: &[Vec<i32>],
        rows: std::ops::Range<usize>,
        silent: i32,
        fired: &mut [i16],
    ) {
        if !self.firing.fire(sums, fired) {
            self.fire_each(layer, sums, rows, silent, fired);
        }
    }

    /// Each neuron by itself.
    fn fire_each(
        &self,
        layer: &SpikingLayer,
        sums: &[Vec<i32>],
        rows: std::ops::Range<usize>,
        silent: i32,
        fired: &mut [i16],
    ) {
        let (positions, stride) = (self.layout.positions, self.block.1);
        for (index, row) in rows.enumerate() {
            for channel in 0..self.layout.channels {
                let at = index * stride + channel;
                let neuron = channel * positions + row % positions;
                let code = layer.fire.code(neuron, |dendrite| sums[dendrite][at].into());
                fired[at] = (code.unwrap_or(silent) - silent) as i16;
            }
        }
    }

    /// The network's answers.
    fn read_out(
        &self,
        layer: &SpikingLayer,
        sums: &[Vec<i32>],
        rows: std::ops::Range<usize>,
        silent: i32,
        words: &[i16],
        output: &mut [f32],
    ) {
        let (positions, stride) = (self.layout.positions, self.block.1);
        let affine = layer.fire.requantizer.output();
        let rows = rows.zip(words.chunks_exact(self.layout.channels));
        for (index, (row, words)) in rows.enumerate() {
            for (channel, &word) in words.iter().enumerate() {
                let at = index * stride + channel;
                let neuron = channel * positions + row % positions;
                output[row / positions * self.layout.len() + neuron] = match affine {
                    Some(affine) => affine.dequantize(i32::from(word) + silent),
                    None => layer.fire.real(neuron, |dendrite| sums[dendrite][at].into()),
                };
            }
        }
    }
}

impl Branch {
    fn new(d: &SpikingDendrite, target: Layout, layouts: &[Layout], capacity: usize) -> Option<Self> {
        let wiring = &d.connections;
        let field =
            |channels: usize, padding: i16| Field::new(wiring, &d.view, layouts, channels, padding, capacity);
        let is_of_channels = wiring.groups == wiring.input.channels && wiring.group_outputs() == 1;
        let padded = wiring.input.channels.next_multiple_of(CHANNELS);
        let is_target = target
            == Layout {
                channels: wiring.output.channels,
                positions: wiring.output.positions(),
            };
        let (field, product) = match d.reduce {
            _ if wiring.fan_in() == 0 => return None,
            Reduce::Sum if wiring.is_one_to_one() => {
                // Neurons are held as the target's are, whatever their wiring says of channels.
                let wiring = Connections {
                    input: crate::graph::Volume {
                        channels: target.channels,
                        height: target.positions,
                        width: 1,
                    },
                    ..Connections::one_to_one(target.len())
                };
                let field = Field::new(&wiring, &d.view, layouts, target.channels, 0, capacity);
                let mut weights = vec![0; target.len()];
                for (neuron, &weight) in d.synapses.rows.iter().enumerate().take(target.len()) {
                    weights[target.place(neuron)] = weight;
                }
                if weights.iter().all(|&weight| weight == 1) {
                    weights.clear();
                }
                (field, Product::Elements(weights))
            }
            _ if !is_target => return None,
            Reduce::Max if is_of_channels && d.code.values().0 > i16::MIN.into() => {
                let field = field(padded, i16::MIN);
                let taps = Taps::new(wiring, &field);
                (field, Product::Largest(taps, smallest(d, &d.steps)))
            }
            Reduce::Sum if is_of_channels => {
                let field = field(padded, 0);
                let taps = Taps::new(wiring, &field);
                (field, Product::Channels(taps, weights_of_channels(d, padded)))
            }
            Reduce::Sum if wiring.groups == 1 => {
                let source = layouts[d.view.tensors[0]];
                if wiring.input.positions() == 1 && d.view.map.is_none() && source.len().is_multiple_of(2) {
                    // All of a tensor, in the order that it is held in.
                    let flat = Layout {
                        channels: source.len(),
                        positions: 1,
                    };
                    let order = |tap: usize| tap % source.channels * source.positions + tap / source.channels;
                    let matrix = matrix(d, order);
                    let mut seen = layouts.to_vec();
                    seen[d.view.tensors[0]] = flat;
                    let field = Field::new(wiring, &d.view, &seen, flat.channels, 0, capacity);
                    (field, Product::Matrix(matrix, None))
                } else {
                    let field = field(wiring.input.channels, 0);
                    let taps = Taps::new(wiring, &field);
                    let kernel = wiring.rows.kernel * wiring.columns.kernel;
                    let channels = wiring.input.channels;
                    let matrix = matrix(d, |tap| tap % channels * kernel + tap / channels);
                    let taps = (!taps.are_rows()).then_some(taps);
                    (field, Product::Matrix(matrix, taps))
                }
            }
            _ => return None,
        };
        Some(Self {
            field,
            product,
            start: Start::Each(Vec::new()),
        })
    }

    /// Sums before anything arrives.
    #[inline(always)]
    fn start(&self, positions: usize, rows: std::ops::Range<usize>, stride: usize, sums: &mut Vec<i32>) {
        match &self.start {
            Start::Alike(block) => sums.extend_from_slice(&block[..rows.len() * stride]),
            Start::Each(start) => {
                let mut row = rows.start;
                while row < rows.end {
                    let position = row % positions;
                    let count = (positions - position).min(rows.end - row);
                    sums.extend_from_slice(&start[position * stride..][..count * stride]);
                    row += count;
                }
            }
        }
    }

    /// Adds what arrives.
    #[inline(always)]
    fn add(
        &self,
        words: &[Vec<i32>],
        rows: std::ops::Range<usize>,
        stride: usize,
        patches: &mut [i32],
        sums: &mut [i32],
    ) {
        let values = self.field.values(words);
        match &self.product {
            Product::Matrix(matrix, None) => {
                matrix.add_products(&values[rows.start * matrix.pairs()..], stride, sums);
            }
            Product::Matrix(matrix, Some(taps)) => {
                taps.gather(values, rows, 2 * matrix.pairs(), patches);
                matrix.add_products(patches, stride, sums);
            }
            Product::Channels(taps, weights) => taps.add_channels(weights, values, rows, sums),
            Product::Largest(taps, none) => vectorized(
                #[inline(always)]
                || taps.add_largest(values, *none, rows.clone(), sums),
            ),
            Product::Elements(weights) => {
                let values: &[i16] = bytemuck::cast_slice(values);
                let channels = self.field.channels();
                let positions = self.field.positions();
                vectorized(
                    #[inline(always)]
                    || {
                        if weights.is_empty() && channels == stride {
                            let values = &values[rows.start * channels..rows.end * channels];
                            for (sum, &value) in sums.iter_mut().zip(values) {
                                *sum += i32::from(value);
                            }
                            return;
                        }
                        for (row, sums) in rows.clone().zip(sums.chunks_exact_mut(stride)) {
                            let values = &values[row * channels..][..channels];
                            if weights.is_empty() {
                                for (sum, &value) in sums.iter_mut().zip(values) {
                                    *sum += i32::from(value);
                                }
                            } else {
                                let weights = &weights[row % positions * channels..][..channels];
                                for ((sum, &value), &weight) in sums.iter_mut().zip(values).zip(weights) {
                                    *sum += i32::from(value) * i32::from(weight);
                                }
                            }
                        }
                    },
                );
            }
        }
    }
}

impl Product {
    /// Values that a row takes.
    fn width(&self) -> usize {
        match self {
            Self::Matrix(matrix, Some(_)) => 2 * matrix.pairs(),
            _ => 0,
        }
    }
}

/// The weights with taps in the order that they are seen in: `tap_of` says which comes there.
fn matrix(d: &SpikingDendrite, tap_of: impl Fn(usize) -> usize) -> Matrix {
    let fan_in = d.connections.fan_in();
    let rows = d.synapses.rows.chunks_exact(d.synapses.stride.max(1));
    let weights: Vec<i16> = rows
        .take(d.connections.output.channels)
        .flat_map(|row| (0..fan_in).map(|tap| row[tap_of(tap)]).collect::<Vec<_>>())
        .collect();
    Matrix::new(&weights, fan_in)
}

/// Each tap's weights side by side, each with a 0 behind it.
fn weights_of_channels(d: &SpikingDendrite, channels: usize) -> Vec<i16> {
    let fan_in = d.connections.fan_in();
    let mut weights = vec![0; fan_in * channels * 2];
    for (channel, row) in d.synapses.rows.chunks_exact(d.synapses.stride.max(1)).enumerate() {
        for (tap, &weight) in row[..fan_in].iter().enumerate() {
            weights[(tap * channels + channel) * 2] = weight;
        }
    }
    weights
}

impl Start {
    /// The folded constants of neurons that are held in `layout`, padded, for blocks of so many `rows`.
    fn new(start: &[i64], layout: Layout, rows: usize) -> Self {
        let stride = layout.channels.next_multiple_of(CHANNELS);
        let mut padded = vec![0; layout.positions * stride];
        for (neuron, &start) in start.iter().enumerate() {
            padded[neuron % layout.positions * stride + neuron / layout.positions] = start as i32;
        }
        let (first, rest) = padded.split_at(stride);
        if rest.chunks_exact(stride).all(|position| position == first) {
            Self::Alike(first.repeat(rows))
        } else {
            Self::Each(padded)
        }
    }
}
