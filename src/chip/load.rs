//! What every core does over whole windows: the sums of [`Traffic`](super::Traffic) over its steps, counted from
//! codes alone, so that no step needs to be simulated.

use super::{Router, Targets};
use crate::simulate::Simulator;
use crate::spiking::{SpikeCode, SpikingNetwork};
use crate::vectorize::vectorized;

/// Counts of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// Adds up what the cores do, sample by sample.
#[derive(Clone, Debug)]
pub struct LoadMeter {
    loads: Vec<Load>,
    codes: Vec<Option<SpikeCode>>,
    /// Pairs of a tensor and a layer that listens to it.
    senders: Vec<Sender>,
    /// Spikes of every neuron of every tensor, in the sample at hand.
    spikes: Vec<Vec<i16>>,
}

/// A core whose neurons a layer listens to.
#[derive(Clone, Debug)]
struct Sender {
    tensor: usize,
    core: usize,
    first: usize,
    neurons: usize,
    links: Vec<Link>,
}

/// What a core sends to another.
#[derive(Clone, Debug)]
struct Link {
    to: usize,
    synapses: Synapses,
}

/// Synapses that a spike meets at the other core.
#[derive(Clone, Debug)]
enum Synapses {
    /// Of every neuron; whether all have some.
    Dense { each: Vec<i16>, is_full: bool },
    /// Of the few neurons that have any, or more than 16 bits hold.
    Sparse(Vec<(u32, u32)>),
}

impl Synapses {
    fn new(neurons: usize, found: Vec<(u32, u32)>) -> Self {
        let fits = |&(_, synapses): &(u32, u32)| synapses <= i16::MAX as u32;
        if found.len() * 4 < neurons || !found.iter().all(fits) {
            return Self::Sparse(found);
        }
        let mut each = vec![0; neurons];
        for &(neuron, synapses) in &found {
            each[neuron as usize] = synapses as i16;
        }
        Self::Dense {
            each,
            is_full: found.len() == neurons,
        }
    }

    /// Packets and synaptic operations of neurons with so many spikes, `total` in all.
    #[inline(always)]
    fn count(&self, spikes: &[i16], total: u64) -> (u64, u64) {
        match self {
            Self::Dense { each, is_full: true } => (total, products(spikes, each)),
            Self::Dense { each, .. } => {
                let reaches = each.iter().map(|&synapses| synapses.min(1));
                let packets = spikes
                    .iter()
                    .zip(reaches)
                    .map(|(&s, r)| u64::from((s * r) as u16));
                (packets.sum(), products(spikes, each))
            }
            Self::Sparse(found) => found
                .iter()
                .fold((0, 0), |(packets, operations), &(neuron, synapses)| {
                    let spikes = spikes[neuron as usize] as u64;
                    (packets + spikes, operations + spikes * u64::from(synapses))
                }),
        }
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

fn senders(targets: &Targets) -> Vec<Sender> {
    let mut found: Vec<Vec<(u32, u32)>> = vec![Vec::new(); targets.target_cores()];
    let sender = |(core, neurons): (usize, std::ops::Range<usize>)| {
        for neuron in neurons.clone() {
            for &(to, synapses) in targets.of_neuron(neuron) {
                found[usize::from(to)].push(((neuron - neurons.start) as u32, synapses));
            }
        }
        let links = found
            .iter_mut()
            .enumerate()
            .filter(|(_, found)| !found.is_empty());
        Sender {
            tensor: targets.source,
            core,
            first: neurons.start,
            neurons: neurons.len(),
            links: links
                .map(|(to, found)| Link {
                    to: targets.first_target_core() + to,
                    synapses: Synapses::new(neurons.len(), std::mem::take(found)),
                })
                .collect(),
        }
    };
    targets.source_cores().map(sender).collect()
}

impl LoadMeter {
    /// Starts to count what a network does on a router's cores.
    pub fn new(network: &SpikingNetwork, router: &Router) -> Self {
        Self {
            loads: vec![Load::default(); router.mapping().chip.cores()],
            codes: network.codes.clone(),
            senders: router.targets().iter().flatten().flat_map(senders).collect(),
            spikes: network
                .tensors
                .iter()
                .map(|tensor| vec![0; tensor.len()])
                .collect(),
        }
    }

    /// Adds the sample that was simulated last.
    pub fn add(&mut self, simulator: &Simulator) {
        let Self {
            loads,
            codes,
            senders,
            spikes,
        } = self;
        vectorized(
            #[inline(always)]
            || {
                for (tensor, spikes) in spikes.iter_mut().enumerate() {
                    if let Some(code) = codes[tensor] {
                        code.count_spikes(simulator.codes(tensor), spikes);
                    }
                }
                for sender in &*senders {
                    let spikes = &spikes[sender.tensor][sender.first..][..sender.neurons];
                    let total = spikes.iter().map(|&s| u32::from(s as u16)).sum::<u32>().into();
                    loads[sender.core].spikes += total;
                    for link in &sender.links {
                        let (packets, operations) = link.synapses.count(spikes, total);
                        loads[sender.core].sent += packets;
                        loads[link.to].received += packets;
                        loads[link.to].operations += operations;
                    }
                }
            },
        );
    }

    /// The counts so far, core by core.
    pub fn loads(&self) -> &[Load] {
        &self.loads
    }
}
