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
    /// Which of the tensor's senders.
    sender: usize,
    core: usize,
    sums: Sums,
}

/// What is added up.
#[derive(Clone, Debug)]
enum Sums {
    /// Few cores are reached: spikes of every set of cores, and for each core the sum of spikes times synapses.
    Products {
        runs: Vec<Run>,
        sets: Vec<u64>,
        cores: Vec<Products>,
    },
    /// Spikes of every group of neurons with equal targets.
    Groups { runs: Vec<Run>, groups: Vec<u64> },
}

/// Neighbouring neurons whose spikes are added to one sum.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    neurons: u32,
    sum: u32,
}

#[derive(Clone, Debug)]
struct Products {
    core: usize,
    /// Synapses of each neuron, run by run of the sender.
    synapses: Vec<i16>,
    operations: u64,
}

impl Counter {
    fn new(index: usize, targets: &Targets, place: usize, sender: &Sender) -> Self {
        let neurons = || sender.runs.iter().cloned().flatten();
        let groups = targets.group_of();
        let mut cores: Vec<usize> = Vec::new();
        let mut is_small = true;
        let mut met = vec![false; targets.groups()];
        for neuron in neurons() {
            if !std::mem::replace(&mut met[groups[neuron] as usize], true) {
                for target in targets.of_neuron(neuron) {
                    is_small &= target.synapses <= i16::MAX as u32;
                    if !cores.contains(&(target.core as usize)) && cores.len() <= MOST_PRODUCTS {
                        cores.push(target.core as usize);
                    }
                }
            }
        }
        let sums = if is_small && cores.len() <= MOST_PRODUCTS {
            let products = |&core: &usize| Products {
                core,
                synapses: neurons()
                    .map(|neuron| {
                        let target = targets.of_neuron(neuron).iter().find(|t| t.core as usize == core);
                        target.map_or(0, |target| target.synapses as i16)
                    })
                    .collect(),
                operations: 0,
            };
            let runs = runs(sender, |neuron| targets.set_of(groups[neuron]));
            Sums::Products {
                sets: vec![0; sums_of(&runs)],
                runs,
                cores: cores.iter().map(products).collect(),
            }
        } else {
            let runs = runs(sender, |neuron| groups[neuron]);
            Sums::Groups {
                groups: vec![0; sums_of(&runs)],
                runs,
            }
        };
        Self {
            tensor: targets.source,
            layer: targets.layer,
            targets: index,
            sender: place,
            core: sender.core,
            sums,
        }
    }

    #[inline(always)]
    fn add(&mut self, spikes: &[i16], sender: &Sender) {
        match &mut self.sums {
            Sums::Products { runs, sets, cores } => {
                add_runs(runs, spikes, sets);
                for Products {
                    synapses, operations, ..
                } in cores
                {
                    let mut first = 0;
                    for run in &sender.runs {
                        let synapses = &synapses[first..][..run.len()];
                        *operations += products(&spikes[run.clone()], synapses);
                        first += run.len();
                    }
                }
            }
            Sums::Groups { runs, groups } => add_runs(runs, spikes, groups),
        }
    }
}

/// More cores than these are not worth a product each.
const MOST_PRODUCTS: usize = 8;

fn runs(sender: &Sender, sum_of: impl Fn(usize) -> u32) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for neuron in sender.runs.iter().cloned().flatten() {
        let sum = sum_of(neuron);
        match runs.last_mut() {
            Some(run) if run.sum == sum && (run.first + run.neurons) as usize == neuron => run.neurons += 1,
            _ => runs.push(Run {
                first: neuron as u32,
                neurons: 1,
                sum,
            }),
        }
    }
    runs
}

fn sums_of(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.sum as usize + 1).max().unwrap_or(0)
}

#[inline(always)]
fn add_runs(runs: &[Run], spikes: &[i16], sums: &mut [u64]) {
    for run in runs {
        let spikes = &spikes[run.first as usize..][..run.neurons as usize];
        let spikes: u32 = spikes.iter().map(|&s| u32::from(s as u16)).sum();
        sums[run.sum as usize] += u64::from(spikes);
    }
}

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
            let senders = router.senders(targets.source).iter().enumerate();
            counters.extend(senders.map(|(place, sender)| Counter::new(index, targets, place, sender)));
        }
        Self {
            samples: 0,
            codes: network.codes.clone(),
            counters,
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
                    let sender = &router.senders(counter.tensor)[counter.sender];
                    counter.add(&spikes[counter.tensor], sender);
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
            match &counter.sums {
                Sums::Products { sets, cores, .. } => {
                    for (set, &spikes) in sets.iter().enumerate().filter(|&(_, &spikes)| spikes > 0) {
                        send(targets.of_set(set as u32), spikes, false);
                    }
                    for products in cores {
                        loads.cores[products.core].operations += products.operations;
                    }
                }
                Sums::Groups { groups, .. } => {
                    for (group, &spikes) in groups.iter().enumerate().filter(|&(_, &spikes)| spikes > 0) {
                        send(targets.of_group(group), spikes, true);
                    }
                }
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
            let (sums, is_set) = match &counter.sums {
                Sums::Products { sets, .. } => (sets, true),
                Sums::Groups { groups, .. } => (groups, false),
            };
            for (index, &spikes) in sums.iter().enumerate().filter(|&(_, &spikes)| spikes > 0) {
                let to = if is_set {
                    targets.of_set(index as u32)
                } else {
                    targets.of_group(index)
                };
                for target in to {
                    let key = (
                        counter.core,
                        target.core as usize,
                        has_port && counter.tensor == 0,
                    );
                    *flows.entry(key).or_default() += spikes;
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
