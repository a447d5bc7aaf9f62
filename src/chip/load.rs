//! What every core and link does over whole windows: the sums of [`Traffic`](super::Traffic) over its steps,
//! counted from codes alone, so that no step needs to be simulated.

use super::router::{Sender, Ways};
use super::{Delivery, InputFrom, Router, Target, Targets};
use crate::simulate::Simulator;
use crate::spiking::{SpikeCode, SpikingNetwork};
use crate::vectorize::vectorized;
use serde::{Deserialize, Serialize};

/// Counts of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Spikes that its neurons fire, once for every layer that listens to them.
    pub spikes: u64,
    /// Packets that leave it.
    pub sent: u64,
    /// Packets that arrive.
    pub received: u64,
    /// Synaptic operations.
    pub operations: u64,
}

/// Counts of a chip over many samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loads {
    /// Samples.
    pub samples: u64,
    /// Core by core.
    pub cores: Vec<Load>,
    /// Packets over each link.
    pub links: Vec<u64>,
    /// Links used by all packets.
    pub hops: u64,
}

/// Spikes between two cores over many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The core that sends.
    pub from: usize,
    /// The core that must be reached.
    pub to: usize,
    /// Spikes.
    pub spikes: u64,
    /// Whether they come in by the port there.
    pub by_port: bool,
}

/// Adds up what the cores do, sample by sample.
#[derive(Clone, Debug)]
pub struct LoadMeter {
    samples: u64,
    codes: Vec<Option<SpikeCode>>,
    counters: Vec<Counter>,
    /// Spikes of every neuron of every tensor, in the sample at hand.
    spikes: Vec<Vec<i16>>,
    /// Those of a counter, in its order.
    room: Vec<i16>,
    /// Spikes of partial sums, by the slice that they leave.
    sums: std::collections::BTreeMap<usize, u64>,
    seen: Vec<i32>,
}

/// Spikes of the neurons of one tensor on one core, for one layer that listens to them.
#[derive(Clone, Debug)]
struct Counter {
    tensor: usize,
    layer: usize,
    /// Which of the layer's targets.
    targets: usize,
    core: usize,
    order: Order,
    /// Neurons one behind the other whose spikes are added up: those of one set of cores, or of one group.
    sums: Vec<Sum>,
    /// For each core that is reached, the sum of spikes times synapses; empty where sums are of groups, of which
    /// synapses are known.
    products: Vec<Products>,
    are_groups: bool,
}

/// The neurons of a counter, those of a sum one behind the other.
#[derive(Clone, Debug)]
enum Order {
    /// From this one on.
    From(usize),
    /// These. Blocks are boxes, of which many a tensor's order holds but short runs, so that it is worth while
    /// to bring spikes together before they are added up.
    Each(Vec<u32>),
}

#[derive(Clone, Copy, Debug)]
struct Sum {
    /// The set or group.
    of: u32,
    neurons: u32,
    spikes: u64,
}

#[derive(Clone, Debug)]
struct Products {
    core: usize,
    /// Synapses of each neuron, in the counter's order.
    synapses: Vec<i16>,
    operations: u64,
}

impl Counter {
    fn new(index: usize, targets: &Targets, sender: &Sender) -> Self {
        let mut neurons: Vec<u32> = sender.runs.iter().cloned().flatten().map(|n| n as u32).collect();
        let groups = targets.group_of();
        let mut cores: Vec<usize> = Vec::new();
        let mut is_small = true;
        let mut met = vec![false; targets.groups()];
        for &neuron in &neurons {
            if !std::mem::replace(&mut met[groups[neuron as usize] as usize], true) {
                for target in targets.of_neuron(neuron as usize) {
                    is_small &= target.synapses <= i16::MAX as u32;
                    if !cores.contains(&(target.core as usize)) && cores.len() <= MOST_PRODUCTS {
                        cores.push(target.core as usize);
                    }
                }
            }
        }
        let are_groups = !is_small || cores.len() > MOST_PRODUCTS;
        let sum_of = |neuron: u32| match groups[neuron as usize] {
            group if are_groups => group,
            group => targets.set_of(group),
        };
        neurons.sort_by_key(|&neuron| sum_of(neuron));
        let mut sums: Vec<Sum> = Vec::new();
        for of in neurons.iter().map(|&neuron| sum_of(neuron)) {
            match sums.last_mut() {
                Some(sum) if sum.of == of => sum.neurons += 1,
                _ => sums.push(Sum {
                    of,
                    neurons: 1,
                    spikes: 0,
                }),
            }
        }
        let products = |&core: &usize| Products {
            core,
            synapses: neurons
                .iter()
                .map(|&neuron| {
                    let mut targets = targets.of_neuron(neuron as usize).iter();
                    let target = targets.find(|target| target.core as usize == core);
                    target.map_or(0, |target| target.synapses as i16)
                })
                .collect(),
            operations: 0,
        };
        let products = if are_groups {
            Vec::new()
        } else {
            cores.iter().map(products).collect()
        };
        let follows = |pair: &[u32]| pair[0] + 1 == pair[1];
        Self {
            tensor: targets.source,
            layer: targets.layer,
            targets: index,
            core: sender.core,
            order: match neurons.first() {
                Some(&first) if neurons.windows(2).all(follows) => Order::From(first as usize),
                _ => Order::Each(neurons),
            },
            sums,
            products,
            are_groups,
        }
    }

    /// The cores that the spikes of a sum reach.
    fn targets_of<'a>(&self, targets: &'a Targets, sum: &Sum) -> &'a [Target] {
        if self.are_groups {
            targets.of_group(sum.of as usize)
        } else {
            targets.of_set(sum.of)
        }
    }

    fn neurons(&self) -> usize {
        self.sums.iter().map(|sum| sum.neurons as usize).sum()
    }

    /// Adds the spikes of a sample; `room` holds those of all neurons of the counter.
    #[inline(always)]
    fn add(&mut self, spikes: &[i16], room: &mut [i16]) {
        let spikes = match &self.order {
            Order::From(first) => &spikes[*first..],
            Order::Each(order) => {
                for (here, &neuron) in room.iter_mut().zip(order) {
                    *here = spikes[neuron as usize];
                }
                &*room
            }
        };
        let mut first = 0;
        for sum in &mut self.sums {
            let spikes = &spikes[first..][..sum.neurons as usize];
            let added: u32 = spikes.iter().map(|&s| u32::from(s as u16)).sum();
            sum.spikes += u64::from(added);
            first += spikes.len();
        }
        for products in &mut self.products {
            products.operations += self::products(&spikes[..first], &products.synapses);
        }
    }
}

/// More cores than these are not worth a product each.
const MOST_PRODUCTS: usize = 8;

/// Σ a b of numbers that are not negative; 1024 products of at most 32 spikes fit 32 bits.
#[inline(always)]
fn products(a: &[i16], b: &[i16]) -> u64 {
    let part = |(a, b): (&[i16], &[i16])| -> i32 {
        let pairs = a.iter().zip(b);
        pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
    };
    a.chunks(1024)
        .zip(b.chunks(1024))
        .map(|pair| part(pair) as u64)
        .sum()
}

impl LoadMeter {
    /// Starts to count what a network does on a router's cores.
    pub fn new(network: &SpikingNetwork, router: &Router) -> Self {
        let mut counters = Vec::new();
        for (index, targets) in router.targets().iter().flat_map(|layer| layer.iter().enumerate()) {
            let senders = router.senders(targets.source).iter();
            counters.extend(senders.map(|sender| Counter::new(index, targets, sender)));
        }
        let room = counters.iter().map(Counter::neurons).max().unwrap_or(0);
        Self {
            samples: 0,
            codes: network.codes.clone(),
            counters,
            room: vec![0; room],
            spikes: network
                .tensors
                .iter()
                .map(|tensor| vec![0; tensor.len()])
                .collect(),
            sums: Default::default(),
            seen: Vec::new(),
        }
    }

    /// Adds the sample that was simulated last.
    pub fn add(&mut self, simulator: &Simulator, router: &Router) {
        let Self {
            samples,
            codes,
            counters,
            spikes,
            room,
            sums,
            seen,
        } = self;
        *samples += 1;
        for split in router.splits() {
            split.see(simulator.all_codes(), seen);
            for (_, sum_of) in split.sendings() {
                split.for_each_sent(seen, sum_of, |slice, spikes| {
                    *sums.entry(slice).or_default() += u64::from(spikes);
                });
            }
        }
        vectorized(
            #[inline(always)]
            || {
                for (tensor, spikes) in spikes.iter_mut().enumerate() {
                    if let Some(code) = codes[tensor] {
                        code.count_spikes(simulator.codes(tensor), spikes);
                    }
                }
                for counter in &mut *counters {
                    counter.add(&spikes[counter.tensor], room);
                }
            },
        );
    }

    /// The counts so far.
    pub fn loads(&self, router: &Router) -> Loads {
        let mapping = router.mapping();
        let mut loads = Loads {
            samples: self.samples,
            cores: vec![Load::default(); mapping.topology.cores()],
            links: vec![0; mapping.topology.links()],
            hops: 0,
        };
        let mut ways = Ways::new(&mapping.topology);
        for counter in &self.counters {
            let targets = &router.targets()[counter.layer][counter.targets];
            let mut send = |to: &[Target], spikes: u64, counts_operations: bool| {
                let packets = match mapping.delivery {
                    Delivery::Unicast => spikes * to.len() as u64,
                    Delivery::Multicast => spikes * to.len().min(1) as u64,
                };
                loads.cores[counter.core].spikes += spikes;
                loads.cores[counter.core].sent += packets;
                for target in to {
                    let core = &mut loads.cores[target.core as usize];
                    core.received += spikes;
                    if counts_operations {
                        core.operations += spikes * u64::from(target.synapses);
                    }
                }
                ways.for_each(mapping, counter.core, to, |link| {
                    loads.links[link] += spikes;
                    loads.hops += spikes;
                });
            };
            for sum in counter.sums.iter().filter(|sum| sum.spikes > 0) {
                send(counter.targets_of(targets, sum), sum.spikes, counter.are_groups);
            }
            for products in &counter.products {
                loads.cores[products.core].operations += products.operations;
            }
        }
        for (from, to, spikes) in self.partial_sums(router) {
            let to = [Target {
                core: to as u32,
                synapses: 1,
            }];
            let load = &mut loads.cores[from];
            (load.spikes, load.sent) = (load.spikes + spikes, load.sent + spikes);
            let load = &mut loads.cores[to[0].core as usize];
            (load.received, load.operations) = (load.received + spikes, load.operations + spikes);
            ways.for_each(mapping, from, &to, |link| {
                loads.links[link] += spikes;
                loads.hops += spikes;
            });
        }
        loads
    }

    /// Spikes of partial sums, from core to core.
    fn partial_sums(&self, router: &Router) -> impl Iterator<Item = (usize, usize, u64)> {
        let slices = &router.mapping().slices;
        self.sums.iter().map(move |(&slice, &spikes)| {
            let part = slices[slice].part;
            // Parts of a block follow each other.
            (slices[slice].core, slices[slice - part].core, spikes)
        })
    }

    /// Spikes from core to core so far, whatever way they took: what a placement is judged by.
    pub fn flows(&self, router: &Router) -> Vec<Flow> {
        let mut flows = std::collections::BTreeMap::new();
        let has_port = router.mapping().input != InputFrom::Cores;
        for counter in &self.counters {
            let targets = &router.targets()[counter.layer][counter.targets];
            for sum in counter.sums.iter().filter(|sum| sum.spikes > 0) {
                for target in counter.targets_of(targets, sum) {
                    let key = (
                        counter.core,
                        target.core as usize,
                        has_port && counter.tensor == 0,
                    );
                    *flows.entry(key).or_default() += sum.spikes;
                }
            }
        }
        for (from, to, spikes) in self.partial_sums(router) {
            *flows.entry((from, to, false)).or_default() += spikes;
        }
        let flow = |((from, to, by_port), spikes)| Flow {
            from,
            to,
            spikes,
            by_port,
        };
        flows.into_iter().map(flow).collect()
    }
}
