//! What the view of the chip wants to know of a run beyond its traffic: costs, neighbours, times.

use super::messages::{ChipFigures, ChipTime, CoreFlows, UnitCosts};
use crate::chip::energy::{Energy, EnergyKind, Work, energy};
use crate::chip::noc::{Clock, NetworkGroups, Noc, RunTime};
use crate::chip::spec::{Chip, Preset, Span};
use crate::chip::{DIRECTIONS, Direction, Fit, MappingOptions, Router, Shape, Traffic, fit};
use crate::simulate::Trace;
use crate::spiking::SpikingNetwork;
use std::collections::BTreeMap;
use std::rc::Rc;

/// More link crossings than this are not followed cycle by cycle while somebody waits.
const MOST_HOPS: u64 = 12_000_000;

/// A run on a chip that is looked at.
pub(super) struct ChipWork {
    chip: Chip,
    router: Rc<Router>,
    trace: Trace,
    work: Work,
    hops: u64,
}

/// Whether a network fits on a preset. One whose cores nobody has counted can't be placed.
pub(super) fn fit_preset(network: &SpikingNetwork, preset: Preset, options: &MappingOptions) -> Fit {
    let chip = preset.chip();
    fit(network, &chip, options).unwrap_or_else(|_| Fit {
        chip: chip.key,
        name: chip.name,
        usage: None,
        problems: Vec::new(),
        is_topology_known: false,
        unknown: Vec::new(),
    })
}

impl ChipWork {
    /// Begins with a traced sample.
    pub fn new(chip: Chip, router: Rc<Router>, trace: Trace, traffic: &Traffic) -> Self {
        Self {
            work: work_of(traffic, router.mapping().used() as u64),
            hops: traffic.hops.iter().sum(),
            chip,
            router,
            trace,
        }
    }

    /// What can be said at once.
    pub fn figures(&self) -> ChipFigures {
        let energy = energy(&self.chip, &self.work);
        ChipFigures {
            units: units(&energy),
            energy,
            flows: self.flows(),
        }
    }

    /// Spikes from core to core.
    fn flows(&self) -> CoreFlows {
        let mut sums: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for step in 0..self.trace.steps() {
            self.router.for_each_spike(&self.trace, step, |from, targets| {
                for target in targets {
                    *sums.entry((from as u32, target.core)).or_default() += 1;
                }
            });
        }
        let mut flows = CoreFlows::default();
        for ((from, to), spikes) in sums {
            flows.from.0.push(from);
            flows.to.0.push(to);
            flows.spikes.0.push(spikes);
        }
        flows
    }

    /// The cores that a neuron's spikes go to.
    pub fn targets(&self, tensor: usize, neuron: usize) -> Vec<usize> {
        let mut cores: Vec<usize> = self
            .router
            .targets()
            .iter()
            .flatten()
            .filter(|targets| targets.source == tensor && neuron < targets.group_of().len())
            .flat_map(|targets| targets.of_neuron(neuron))
            .map(|target| target.core as usize)
            .collect();
        cores.sort_unstable();
        cores.dedup();
        cores
    }

    /// How long it takes, cycle by cycle; or why that is not known.
    pub fn time(&self) -> Result<ChipTime, String> {
        if self.hops > MOST_HOPS {
            return Err(format!(
                "packets cross {} links, more than are followed here; run sdann map for the times",
                self.hops
            ));
        }
        let mapping = self.router.mapping();
        let clock = Clock::of(&self.chip);
        let groups = NetworkGroups::new(&self.router);
        let noc = Noc::new(
            &mapping.topology,
            mapping.routing,
            mapping.delivery,
            clock.model(),
            groups.groups().clone(),
        );
        let run = noc.and_then(|mut noc| RunTime::of_trace(&mut noc, &groups, &self.router, &self.trace));
        let run = run.map_err(|error| error.to_string())?;
        let times = clock.sample(&run);
        let seconds = times.sequential.time.map(|time| Span {
            low: time.low * 1e-9,
            high: time.high * 1e-9,
        });
        let energy = energy(&self.chip, &Work { seconds, ..self.work });
        let narrow = |counts: &[u64]| -> Vec<u32> {
            counts
                .iter()
                .map(|&count| u32::try_from(count).unwrap_or(u32::MAX))
                .collect()
        };
        let steps = run.windows.iter().flat_map(|window| &window.steps);
        Ok(ChipTime {
            step_cycles: steps
                .map(|step| u32::try_from(step.integrated).unwrap_or(u32::MAX))
                .collect::<Vec<_>>()
                .into(),
            sequential: run.sequential(),
            beat: run.beat_cycles(),
            pipelined: run.pipelined(),
            slowest_layer: run.slowest_layer(),
            latency: run.alone.latency,
            busiest: run.alone.busiest_link,
            busiest_together: run.together.busiest_link,
            stalls: narrow(&run.alone.counts.stalls).into(),
            deepest: run.alone.counts.deepest.clone().into(),
            times,
            energy,
        })
    }
}

/// What a run did that costs energy.
pub(super) fn work_of(traffic: &Traffic, cores: u64) -> Work {
    let sum = |counts: &[u32]| counts.iter().map(|&count| u64::from(count)).sum();
    let mut work = Work {
        synaptic_operations: sum(&traffic.operations),
        updates: sum(&traffic.updates),
        spikes: sum(&traffic.spikes),
        packets: sum(&traffic.sent),
        packets_in: sum(&traffic.received),
        cores,
        ..Work::default()
    };
    for (link, packets) in traffic
        .total(&traffic.links, 0..traffic.steps)
        .into_iter()
        .enumerate()
    {
        let hops = match (traffic.topology.shape, Direction::ALL[link % DIRECTIONS]) {
            (Shape::Mesh, Direction::East | Direction::West) => &mut work.hops_east_west,
            (Shape::Mesh, Direction::South | Direction::North) => &mut work.hops_north_south,
            (Shape::Quadtree | Shape::Star, _) => &mut work.hops_tree,
        };
        *hops += packets;
    }
    work
}

/// What one of each thing that a core does costs, in femtojoules, from the middles of ranges.
fn units(energy: &Energy) -> UnitCosts {
    let unit = |kinds: &[EnergyKind]| {
        let parts = energy.parts.iter().filter(|part| kinds.contains(&part.kind));
        let (joules, count) = parts.fold((0.0, 0), |(joules, count), part| {
            let middle = part.joules.map_or(0.0, |span| (span.low + span.high) / 2.0);
            (joules + middle, count + part.count)
        });
        if count == 0 {
            0.0
        } else {
            joules / count as f64 * 1e15
        }
    };
    UnitCosts {
        operation: unit(&[EnergyKind::SynapticOperation]),
        update: unit(&[
            EnergyKind::Update,
            EnergyKind::UpdateActive,
            EnergyKind::UpdateInactive,
        ]),
        spike: unit(&[EnergyKind::Spike]),
        packet: unit(&[EnergyKind::Packet]),
        packet_in: unit(&[EnergyKind::PacketIn]),
    }
}
