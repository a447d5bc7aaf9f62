//! Which cores a neuron's spike must reach, and how many synapses wait there.

use super::Mapping;
use super::mapping::{Tiling, wiring};
use crate::graph::{Connections, Volume, Window};
use crate::quantize::locate;
use crate::spiking::{SpikingDendrite, SpikingLayer};
use std::collections::HashMap;
use std::ops::Range;

/// The cores of one layer that every neuron of one tensor must reach. Few sets of cores are different, so
/// neurons are kept in groups: all of a group meet the same synapses on the same cores.
#[derive(Clone, Debug)]
pub struct Targets {
    /// The tensor that sends.
    pub source: usize,
    /// The layer that listens.
    pub layer: usize,
    /// A dendrite of it that sees that tensor.
    pub dendrite: usize,
    /// The group of each neuron that sends.
    group_of: Vec<u32>,
    /// `rows[g]..rows[g + 1]` are the entries of group g.
    rows: Vec<usize>,
    entries: Vec<Target>,
    /// The set of cores of each group, whatever synapses wait there.
    set_of: Vec<u32>,
    /// A group of each set.
    sets: Vec<u32>,
}

/// A core that a spike must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The core.
    pub core: u32,
    /// Synapses that the spike meets there.
    pub synapses: u32,
}

impl Targets {
    /// The targets of every tensor that a layer listens to; `lengths` are the neurons of all tensors. A
    /// tensor that several dendrites see is one sender: a core gets each of its spikes once.
    pub fn of_layer(index: usize, layer: &SpikingLayer, lengths: &[usize], mapping: &Mapping) -> Vec<Self> {
        let mut sources: Vec<(usize, usize)> = Vec::new();
        // A constant is a dendrite without synapses.
        let dendrites = layer.dendrites.iter().enumerate();
        for (index, dendrite) in dendrites.filter(|(_, d)| d.connections.fan_in() > 0) {
            for &tensor in &dendrite.view.tensors {
                if sources.iter().all(|&(known, _)| known != tensor) {
                    sources.push((tensor, index));
                }
            }
        }
        let dendrites: Vec<Seen> = (0..layer.dendrites.len())
            .map(|dendrite| Seen::new(layer, dendrite, mapping))
            .collect();
        let targets = |(source, dendrite)| {
            let groups = Groups::new(source, &dendrites, layer, lengths, mapping);
            let (set_of, sets) = groups.sets();
            Self {
                source,
                layer: index,
                dendrite,
                group_of: groups.group_of,
                rows: groups.rows,
                entries: groups.entries,
                set_of,
                sets,
            }
        };
        sources.into_iter().map(targets).collect()
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.rows.len() - 1
    }

    /// The group of each neuron that sends.
    pub fn group_of(&self) -> &[u32] {
        &self.group_of
    }

    /// The cores that a group's spikes must reach, in ascending order.
    pub fn of_group(&self, group: usize) -> &[Target] {
        &self.entries[self.rows[group]..self.rows[group + 1]]
    }

    /// The set of cores of a group: a number that groups with the same cores share.
    pub(super) fn set_of(&self, group: u32) -> u32 {
        self.set_of[group as usize]
    }

    /// The cores of a set, with the synapses that one of its groups meets there.
    pub(super) fn of_set(&self, set: u32) -> &[Target] {
        self.of_group(self.sets[set as usize] as usize)
    }

    /// The cores that a neuron's spike must reach.
    pub fn of_neuron(&self, neuron: usize) -> &[Target] {
        self.of_group(self.group_of[neuron] as usize)
    }
}

/// The elements that a dendrite sees, by the synapses that they meet in each slice of the layer.
enum Seen {
    /// Along each axis, elements of a class meet the same.
    Classes(Box<Classes>),
    /// One by one, as (slice, synapses).
    Each(Vec<Vec<(usize, u32)>>),
}

impl Seen {
    fn new(layer: &SpikingLayer, dendrite: usize, mapping: &Mapping) -> Self {
        let tiling = &mapping.tilings[layer.target];
        match wiring(layer, dendrite, tiling.volume) {
            Some(wiring) => Self::Classes(Box::new(Classes::new(&wiring, tiling))),
            None => Self::Each(each(&layer.dendrites[dendrite].connections, tiling)),
        }
    }

    /// A number that is the same for elements which meet the same synapses.
    fn class_of(&self, element: usize) -> usize {
        match self {
            Self::Classes(classes) => classes.class_of(element),
            Self::Each(_) => element,
        }
    }

    /// Calls `visit(slice, synapses)` for what an element of a class meets.
    fn for_each(&self, class: usize, mut visit: impl FnMut(usize, u32)) {
        match self {
            Self::Classes(classes) => classes.for_each(class, visit),
            Self::Each(elements) => elements[class].iter().for_each(|&(slice, n)| visit(slice, n)),
        }
    }
}

/// Every synapse looked at, where a wiring's outputs are no box of the layer's tensor.
fn each(connections: &Connections, tiling: &Tiling) -> Vec<Vec<(usize, u32)>> {
    let mut found: Vec<Vec<(usize, u32)>> = vec![Vec::new(); connections.input.len()];
    let per_group = connections.input.channels / connections.groups.max(1);
    connections.for_each_synapse(|output, element, _| {
        let channel = element / connections.input.positions() % per_group.max(1);
        let slice = tiling.slice_of(output) + part_of(channel, per_group, tiling.parts);
        match found[element].iter_mut().find(|(known, _)| *known == slice) {
            Some((_, synapses)) => *synapses += 1,
            None => found[element].push((slice, 1)),
        }
    });
    found
}

/// The part that a channel of a group's inputs belongs to.
pub(super) fn part_of(channel: usize, channels: usize, parts: usize) -> usize {
    (channel * parts).checked_div(channels).unwrap_or(0)
}

/// How a convolution's inputs meet the blocks of its outputs: a product of three axes.
struct Classes {
    input: Volume,
    grid: [usize; 3],
    parts: usize,
    channels: Axis,
    rows: Axis,
    columns: Axis,
}

impl Classes {
    fn new(wiring: &Connections, tiling: &Tiling) -> Self {
        let per_group = wiring.input.channels / wiring.groups;
        let outputs = wiring.group_outputs();
        // Blocks of channels are told apart by the part of the inputs that their slices take.
        let channels = Axis::new(wiring.input.channels, |channel, meet| {
            let part = part_of(channel % per_group, per_group, tiling.parts);
            let group = wiring.channels_of(channel / per_group);
            let first = group.start / tiling.block.channels;
            for block in first..group.end.div_ceil(tiling.block.channels) {
                let start = group.start.max(block * tiling.block.channels);
                let end = group.end.min((block + 1) * tiling.block.channels);
                if start < end && outputs > 0 {
                    meet.push((block * tiling.parts + part, (end - start) as u32));
                }
            }
        });
        Self {
            input: wiring.input,
            grid: tiling.grid(),
            parts: tiling.parts,
            channels,
            rows: Axis::windows(
                &wiring.rows,
                wiring.input.height,
                wiring.output.height,
                tiling.block.height,
            ),
            columns: Axis::windows(
                &wiring.columns,
                wiring.input.width,
                wiring.output.width,
                tiling.block.width,
            ),
        }
    }

    fn class_of(&self, element: usize) -> usize {
        let (channel, position) = (element / self.input.positions(), element % self.input.positions());
        let (row, column) = (position / self.input.width, position % self.input.width);
        let along = |axis: &Axis, at: usize| axis.class_of[at] as usize;
        (along(&self.channels, channel) * self.rows.classes.len() + along(&self.rows, row))
            * self.columns.classes.len()
            + along(&self.columns, column)
    }

    fn for_each(&self, class: usize, mut visit: impl FnMut(usize, u32)) {
        let (rows, columns) = (self.rows.classes.len(), self.columns.classes.len());
        let [_, grid_rows, grid_columns] = self.grid;
        for &(channel, many) in &self.channels.classes[class / columns / rows] {
            let (block, part) = (channel / self.parts, channel % self.parts);
            for &(row, taps) in &self.rows.classes[class / columns % rows] {
                for &(column, taps_too) in &self.columns.classes[class % columns] {
                    let slice = ((block * grid_rows + row) * grid_columns + column) * self.parts + part;
                    visit(slice, many * taps * taps_too);
                }
            }
        }
    }
}

/// What inputs along one axis meet: blocks of outputs, and how often.
struct Axis {
    class_of: Vec<u32>,
    classes: Vec<Vec<(usize, u32)>>,
}

impl Axis {
    fn new(length: usize, mut meets: impl FnMut(usize, &mut Vec<(usize, u32)>)) -> Self {
        let mut known: HashMap<Vec<(usize, u32)>, u32> = HashMap::new();
        let mut classes = Vec::new();
        let class_of = (0..length).map(|at| {
            let mut met = Vec::new();
            meets(at, &mut met);
            *known.entry(met).or_insert_with_key(|met| {
                classes.push(met.clone());
                classes.len() as u32 - 1
            })
        });
        Self {
            class_of: class_of.collect(),
            classes,
        }
    }

    fn windows(window: &Window, inputs: usize, outputs: usize, block: usize) -> Self {
        let mut met: Vec<Vec<(usize, u32)>> = vec![Vec::new(); inputs];
        for output in 0..outputs {
            for input in (0..window.kernel).filter_map(|tap| window.input(output, tap, inputs)) {
                match met[input].last_mut() {
                    Some((known, times)) if *known == output / block => *times += 1,
                    _ => met[input].push((output / block, 1)),
                }
            }
        }
        Self::new(inputs, |at, into| into.append(&mut met[at]))
    }
}

/// Neurons of one tensor in groups.
struct Groups {
    group_of: Vec<u32>,
    rows: Vec<usize>,
    entries: Vec<Target>,
}

impl Groups {
    fn new(
        source: usize,
        dendrites: &[Seen],
        layer: &SpikingLayer,
        lengths: &[usize],
        mapping: &Mapping,
    ) -> Self {
        let mut groups = Self {
            group_of: Vec::with_capacity(lengths[source]),
            rows: vec![0],
            entries: Vec::new(),
        };
        let slices = mapping.slices_of(layer.target);
        // What a neuron is to the dendrites that see it: as which elements.
        let seen: Vec<(usize, Elements)> = layer
            .dendrites
            .iter()
            .enumerate()
            .filter(|(_, dendrite)| {
                dendrite.view.tensors.contains(&source) && dendrite.connections.fan_in() > 0
            })
            .map(|(index, dendrite)| (index, Elements::new(source, dendrite, lengths)))
            .collect();
        let mut known: HashMap<Vec<(usize, usize)>, u32> = HashMap::new();
        let mut rows_known: HashMap<Vec<Target>, u32> = HashMap::new();
        let mut key = Vec::new();
        let mut at_core: HashMap<u32, u32> = HashMap::new();
        let mut before: Option<(Vec<(usize, usize)>, u32)> = None;
        for neuron in 0..lengths[source] {
            key.clear();
            for (dendrite, elements) in &seen {
                elements.for_each(neuron, |element| {
                    key.push((*dendrite, dendrites[*dendrite].class_of(element)))
                });
            }
            key.sort_unstable();
            // Neighbours are mostly alike, and need no look-up.
            if let Some((_, group)) = before.as_ref().filter(|(known, _)| *known == key) {
                groups.group_of.push(*group);
                continue;
            }
            let group = known.get(&key).copied().unwrap_or_else(|| {
                at_core.clear();
                for &(dendrite, class) in &key {
                    dendrites[dendrite].for_each(class, |slice, synapses| {
                        *at_core.entry(slices[slice].core as u32).or_default() += synapses;
                    });
                }
                let mut row: Vec<Target> = at_core
                    .iter()
                    .map(|(&core, &synapses)| Target { core, synapses })
                    .collect();
                row.sort_unstable();
                let next = groups.rows.len() as u32 - 1;
                let group = *rows_known.entry(row).or_insert_with_key(|row| {
                    groups.entries.extend(row);
                    groups.rows.push(groups.entries.len());
                    next
                });
                known.insert(key.clone(), group);
                group
            });
            groups.group_of.push(group);
            before = Some((key.clone(), group));
        }
        groups
    }

    /// The set of each group, and a group of each set.
    fn sets(&self) -> (Vec<u32>, Vec<u32>) {
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut sets = Vec::new();
        let set_of = self.rows.windows(2).enumerate().map(|(group, row)| {
            let cores = self.entries[row[0]..row[1]].iter().map(|t| t.core).collect();
            *known.entry(cores).or_insert_with(|| {
                sets.push(group as u32);
                sets.len() as u32 - 1
            })
        });
        (set_of.collect(), sets)
    }
}

/// As which elements a dendrite sees the neurons of a tensor.
enum Elements {
    /// The neuron's own index.
    Same,
    /// `elements[rows[n]..rows[n + 1]]` of neuron n.
    Mapped { rows: Vec<u32>, elements: Vec<u32> },
}

impl Elements {
    fn new(source: usize, dendrite: &SpikingDendrite, lengths: &[usize]) -> Self {
        let Some(map) = &dendrite.view.map else {
            return Self::Same;
        };
        let seen: Vec<usize> = dendrite.view.tensors.iter().map(|&t| lengths[t]).collect();
        let mut pairs: Vec<(u32, u32)> = map
            .iter()
            .enumerate()
            .filter_map(|(element, &index)| {
                let (place, neuron) = locate(&seen, index)?;
                (dendrite.view.tensors[place] == source).then_some((neuron as u32, element as u32))
            })
            .collect();
        pairs.sort_unstable();
        let mut rows = vec![0; lengths[source] + 1];
        for &(neuron, _) in &pairs {
            rows[neuron as usize + 1] += 1;
        }
        for neuron in 0..lengths[source] {
            rows[neuron + 1] += rows[neuron];
        }
        Self::Mapped {
            rows,
            elements: pairs.into_iter().map(|(_, element)| element).collect(),
        }
    }

    fn for_each(&self, neuron: usize, mut visit: impl FnMut(usize)) {
        match self {
            Self::Same => visit(neuron),
            Self::Mapped { rows, elements } => {
                let Range { start, end } = rows[neuron] as usize..rows[neuron + 1] as usize;
                elements[start..end]
                    .iter()
                    .for_each(|&element| visit(element as usize));
            }
        }
    }
}
