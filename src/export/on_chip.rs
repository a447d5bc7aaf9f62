//! What a mapped network does on a chip, added up for reports.

use super::chip_time::TimeReport;
use crate::chip::energy::{Energy, Work, energy};
use crate::chip::spec::Chip;
use crate::chip::{DIRECTIONS, Direction, LayerFlow, Load, Mapping, Shape, Topology, Traffic};
use crate::spiking::SpikingNetwork;
use serde::Serialize;

/// What samples come to on a chip: sums over all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OnChip {
    /// Cores that hold neurons.
    pub cores_used: usize,
    /// Cores of the chip.
    pub cores: usize,
    /// Samples.
    pub samples: usize,
    /// Time steps of a sample.
    pub time_steps: usize,
    /// Time steps that it takes more, to send partial sums.
    pub extra_steps: u64,
    /// Spikes fired, anew for each layer that listens.
    pub spikes: u64,
    /// Packets that leave cores: a spike goes to each core that holds a target, as a packet for each (unicast) or
    /// as one that is copied on its way (multicast).
    pub packets: u64,
    /// Links that all packets crossed.
    pub hops: u64,
    /// Synaptic operations.
    pub synaptic_operations: u64,
    /// Most packets over one link in one step.
    pub busiest_link: u32,
    /// Where and when that was; `null` where no link is used.
    pub busiest_link_at: Option<Place>,
    /// Most synaptic operations of one core in one step.
    pub busiest_core: u32,
    /// Where and when that was; `null` where there are none.
    pub busiest_core_at: Option<Place>,
}

/// A run on a chip: what travels, what that costs, and how long it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChipRun {
    /// The chip's name.
    pub name: String,
    /// What travels.
    #[serde(flatten)]
    pub traffic: OnChip,
    /// What that costs, in joules.
    pub energy: Energy,
    /// How long a sample takes; `null` if the router model cannot number it.
    pub time: Option<TimeReport>,
}

impl ChipRun {
    /// What was measured on a chip.
    pub fn new(chip: &Chip, meter: &ChipMeter, time: Option<TimeReport>) -> Self {
        Self {
            name: chip.name.clone(),
            traffic: meter.total().clone(),
            energy: energy(chip, &meter.work()),
            time,
        }
    }
}

/// Where and when something was greatest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// The core or link, in words.
    pub name: String,
    /// The sample, counted from 0.
    pub sample: usize,
    /// The time step, counted from 0 over all windows.
    pub step: usize,
}

/// Counts of all cores in one time step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepCounts {
    /// Spikes fired.
    pub spikes: u64,
    /// Packets that leave cores.
    pub packets: u64,
    /// Links that they cross.
    pub hops: u64,
    /// Synaptic operations.
    pub synaptic_operations: u64,
}

/// Adds up the traffic of samples.
#[derive(Clone, Debug)]
pub struct ChipMeter {
    total: OnChip,
    steps: Vec<StepCounts>,
    cores: Vec<Load>,
    /// Neuron updates of each core.
    updates: Vec<u64>,
    links: Vec<u64>,
    shape: Shape,
    flows: Vec<LayerFlow>,
}

impl ChipMeter {
    /// Counts nothing yet.
    pub fn new(mapping: &Mapping) -> Self {
        let topology = &mapping.topology;
        Self {
            total: OnChip {
                cores_used: mapping.used(),
                cores: topology.cores(),
                ..OnChip::default()
            },
            steps: Vec::new(),
            cores: vec![Load::default(); topology.cores()],
            updates: vec![0; topology.cores()],
            links: vec![0; topology.links()],
            shape: topology.shape,
            flows: Vec::new(),
        }
    }

    /// Adds a sample's.
    pub fn add(&mut self, traffic: &Traffic, network: &SpikingNetwork, mapping: &Mapping) {
        self.steps.resize(traffic.steps, StepCounts::default());
        let sample = self.total.samples;
        for (index, flow) in traffic.flows.iter().enumerate() {
            match self.flows.get_mut(index) {
                None => self.flows.push(*flow),
                Some(sum) => {
                    sum.spikes += flow.spikes;
                    sum.packets += flow.packets;
                    sum.hops += flow.hops;
                    sum.operations += flow.operations;
                }
            }
        }
        self.total.samples += 1;
        self.total.time_steps = traffic.steps;
        self.total.extra_steps = traffic.extra_steps.iter().map(|&steps| u64::from(steps)).sum();
        for (step, counts) in self.steps.iter_mut().enumerate() {
            let sum = |of: &[u32]| traffic.at(of, step).iter().map(|&n| u64::from(n)).sum::<u64>();
            let here = StepCounts {
                spikes: sum(&traffic.spikes),
                packets: sum(&traffic.sent),
                hops: traffic.hops[step],
                synaptic_operations: sum(&traffic.operations),
            };
            counts.spikes += here.spikes;
            counts.packets += here.packets;
            counts.hops += here.hops;
            counts.synaptic_operations += here.synaptic_operations;
            self.total.spikes += here.spikes;
            self.total.packets += here.packets;
            self.total.hops += here.hops;
            self.total.synaptic_operations += here.synaptic_operations;
            let (core, most) = most(traffic.at(&traffic.operations, step));
            if most > self.total.busiest_core {
                self.total.busiest_core = most;
                let name = core_name(core, network, mapping);
                self.total.busiest_core_at = Some(Place { name, sample, step });
            }
            let (link, most) = self::most(traffic.at(&traffic.links, step));
            if most > self.total.busiest_link {
                self.total.busiest_link = most;
                let name = link_name(link, &mapping.topology);
                self.total.busiest_link_at = Some(Place { name, sample, step });
            }
            for (core, load) in self.cores.iter_mut().enumerate() {
                let at = |of: &[u32]| u64::from(traffic.at(of, step)[core]);
                load.spikes += at(&traffic.spikes);
                load.sent += at(&traffic.sent);
                load.received += at(&traffic.received);
                load.operations += at(&traffic.operations);
                self.updates[core] += at(&traffic.updates);
            }
            for (sum, &packets) in self.links.iter_mut().zip(traffic.at(&traffic.links, step)) {
                *sum += u64::from(packets);
            }
        }
    }

    /// The sums over all cores.
    pub fn total(&self) -> &OnChip {
        &self.total
    }

    /// The sums of each time step.
    pub fn steps(&self) -> &[StepCounts] {
        &self.steps
    }

    /// The sums of each core.
    pub fn cores(&self) -> &[Load] {
        &self.cores
    }

    /// Neuron updates of each core: those of the neurons that listen, in every step of their window.
    pub fn updates(&self) -> &[u64] {
        &self.updates
    }

    /// What goes from layer to layer.
    pub fn flows(&self) -> &[LayerFlow] {
        &self.flows
    }

    /// What costs energy, of all samples.
    pub fn work(&self) -> Work {
        let mut work = Work {
            synaptic_operations: self.total.synaptic_operations,
            updates: self.updates.iter().sum(),
            spikes: self.total.spikes,
            packets: self.total.packets,
            packets_in: self.cores.iter().map(|load| load.received).sum(),
            cores: self.total.cores_used as u64,
            ..Work::default()
        };
        for (link, &packets) in self.links.iter().enumerate() {
            let hops = match (self.shape, Direction::ALL[link % DIRECTIONS]) {
                (Shape::Mesh, Direction::East | Direction::West) => &mut work.hops_east_west,
                (Shape::Mesh, Direction::South | Direction::North) => &mut work.hops_north_south,
                (Shape::Quadtree | Shape::Star, _) => &mut work.hops_tree,
            };
            *hops += packets;
        }
        work
    }

    /// What costs energy on one core, of all samples; hops are the network's.
    pub fn work_of(&self, core: usize) -> Work {
        let load = &self.cores[core];
        Work {
            synaptic_operations: load.operations,
            updates: self.updates[core],
            spikes: load.spikes,
            packets: load.sent,
            packets_in: load.received,
            cores: 1,
            ..Work::default()
        }
    }

    /// Packets over each link.
    pub fn links(&self) -> &[u64] {
        &self.links
    }
}

/// The first of the largest, with its index.
fn most(counts: &[u32]) -> (usize, u32) {
    let counts = counts.iter().copied().enumerate();
    counts.fold(
        (0, 0),
        |most, (index, count)| {
            if count > most.1 { (index, count) } else { most }
        },
    )
}

/// The name of a tensor's neurons: that of the layer which fires them, or of the input.
pub fn layer_of(tensor: usize, network: &SpikingNetwork) -> &str {
    match tensor.checked_sub(1).and_then(|layer| network.layers.get(layer)) {
        Some(layer) => &layer.name,
        None => network.tensors.get(tensor).map_or("", |tensor| &tensor.name),
    }
}

/// A core in words: its number, its place, and whose neurons it holds.
pub fn core_name(core: usize, network: &SpikingNetwork, mapping: &Mapping) -> String {
    let mut held: Vec<&str> = mapping
        .on_core(core)
        .map(|slice| layer_of(slice.tensor, network))
        .collect();
    held.dedup();
    let (x, y) = mapping.topology.position(mapping.topology.router_of(core));
    format!("core {core} at ({x}, {y}), {}", held.join(" and "))
}

/// A link in words: the routers at its ends.
pub fn link_name(link: usize, topology: &Topology) -> String {
    let Some((from, to)) = topology.link_ends(link) else {
        return format!("link {link}");
    };
    let node = |node: usize| match (node < topology.routers(), topology.shape) {
        (true, _) => {
            let (x, y) = topology.position(node);
            format!("({x}, {y})")
        }
        (false, Shape::Star) => "hub".into(),
        (false, _) => format!("tree router {node}"),
    };
    format!("{} → {}", node(from), node(to))
}
