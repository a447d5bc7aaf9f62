//! A mapping and what travels on it: `sdann map --json` and its tables of cores and links as CSV.

use super::chip_time::TimeReport;
use super::on_chip::{ChipMeter, OnChip, StepCounts, layer_of, link_name};
use super::{REPORT_VERSION, SettingValues};
use crate::chip::energy::{Energy, Work, energy};
use crate::chip::spec::{Chip, Span};
use crate::chip::{Delivery, FlowKind, Load, Mapping, Routing, Topology};
use crate::settings::Settings;
use crate::spiking::SpikingNetwork;
use serde::Serialize;
use std::io;

/// A mapping, and what some samples do on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapReport {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// The version of this program.
    pub sdann_version: &'static str,
    /// Model and data.
    pub source: MapSource,
    /// Every setting.
    pub settings: SettingValues,
    /// The chip.
    pub chip: MappedChip,
    /// Neurons, wherever they are.
    pub neurons: usize,
    /// The share of the used cores' room for neurons that is taken; `null` if a core's room is unknown.
    pub utilisation: Option<f64>,
    /// Tensors in running order: the input, then what each layer fires.
    pub layers: Vec<MappedLayer>,
    /// Sums over all samples; `null` without data.
    pub traffic: Option<OnChip>,
    /// What all samples cost, in joules; `null` without data, or if nothing is known of the chip.
    pub energy: Option<Energy>,
    /// How long a sample takes; `null` without data.
    pub time: Option<TimeReport>,
    /// What goes from layer to layer, over all samples.
    pub flows: Vec<FlowReport>,
    /// Sums over all samples, time step by time step.
    pub steps: Vec<StepCounts>,
    /// Cores that hold neurons.
    pub cores: Vec<CoreReport>,
    /// Links that carry packets.
    pub links: Vec<LinkReport>,
}

/// Where model and data came from: paths as they were given.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MapSource {
    /// The model's name.
    pub model: String,
    /// The model's file.
    pub model_file: String,
    /// The samples' file.
    pub data_file: Option<String>,
    /// What stored values were divided by.
    pub divide_by: f32,
}

/// The chip and how packets travel on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappedChip {
    /// Its name.
    pub name: String,
    /// How its cores are joined.
    #[serde(flatten)]
    pub topology: Topology,
    /// Neurons that a core holds at most, if that is known.
    pub neurons_per_core: Option<usize>,
    /// Which way packets take on a mesh.
    pub routing: Routing,
    /// How a spike reaches several cores.
    pub delivery: Delivery,
}

/// A tensor on the chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappedLayer {
    /// The layer that fires it, or the input.
    pub name: String,
    /// Its neurons.
    pub neurons: usize,
    /// Cores that hold some.
    pub cores: usize,
    /// Cores that share the inputs of each neuron; 1 where one core takes them all.
    pub parts: usize,
}

/// What a layer sends to another, or the parts of a layer to where it fires.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowReport {
    /// Spikes, or bits of partial sums.
    pub kind: FlowKind,
    /// The layer that sends, or the input.
    pub from: String,
    /// The layer that listens.
    pub to: String,
    /// Spikes.
    pub spikes: u64,
    /// Packets that leave.
    pub packets: u64,
    /// Links that they use.
    pub hops: u64,
    /// Synaptic operations.
    pub synaptic_operations: u64,
}

/// A core, over all samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoreReport {
    /// Its number.
    pub core: usize,
    /// The column of its router.
    pub x: usize,
    /// The row of its router.
    pub y: usize,
    /// Whose neurons it holds.
    pub layers: Vec<String>,
    /// Neurons.
    pub neurons: usize,
    /// The share of its room for neurons that is taken; `null` if that is unknown.
    pub utilisation: Option<f64>,
    /// Spikes that its neurons fire.
    pub spikes: u64,
    /// Packets that leave it.
    pub sent: u64,
    /// Packets that arrive.
    pub received: u64,
    /// Synaptic operations.
    pub synaptic_operations: u64,
    /// Updates of its neurons: one for each in every step in which its layer listens.
    pub updates: u64,
    /// What it did costs, in joules, as far as figures are known, hops left out; `null` as for the whole chip.
    pub energy: Option<Span>,
}

/// A link, over all samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkReport {
    /// Its number.
    pub link: usize,
    /// The routers at its ends, in words.
    pub name: String,
    /// The router that it leads from.
    pub from: usize,
    /// The router that it leads to.
    pub to: usize,
    /// Packets.
    pub packets: u64,
}

impl MapReport {
    /// The report of a mapping, and of the samples that ran on it, if any did.
    pub fn new(
        source: MapSource,
        settings: Settings,
        chip: &Chip,
        network: &SpikingNetwork,
        mapping: &Mapping,
        meter: &ChipMeter,
        time: Option<TimeReport>,
    ) -> Self {
        let neurons_per_core = chip.core.neurons.value.as_ref();
        let neurons_per_core = neurons_per_core.and_then(|neurons| usize::try_from(neurons.least()).ok());
        let name = &chip.name;
        let has_run = meter.total().samples > 0;
        let chip = Some(chip).filter(|_| has_run);
        // Power counts where all of a sample's time is known.
        let seconds = time.as_ref().filter(|time| time.nanoseconds.missing.is_empty());
        let seconds =
            seconds.and_then(|time| Some(time.nanoseconds.alone? * (1e-9 * meter.total().samples as f64)));
        let timed = |work: Work| Work { seconds, ..work };
        let cost = |core: usize| chip.map(|chip| energy(chip, &timed(meter.work_of(core))).total);
        let cores = cores(network, mapping, meter, neurons_per_core, cost);
        let held: usize = cores.iter().map(|core| core.neurons).sum();
        Self {
            report_version: REPORT_VERSION,
            sdann_version: env!("CARGO_PKG_VERSION"),
            source,
            settings: SettingValues(settings),
            chip: MappedChip {
                name: name.clone(),
                topology: mapping.topology,
                neurons_per_core,
                routing: mapping.routing,
                delivery: mapping.delivery,
            },
            neurons: network.tensors.iter().map(|tensor| tensor.len()).sum(),
            utilisation: neurons_per_core.map(|room| held as f64 / (cores.len() * room).max(1) as f64),
            layers: layers(network, mapping),
            traffic: has_run.then(|| meter.total().clone()),
            energy: chip.map(|chip| energy(chip, &timed(meter.work()))),
            time,
            flows: flows(network, meter),
            steps: meter.steps().to_vec(),
            cores,
            links: links(mapping, meter),
        }
    }
}

fn layers(network: &SpikingNetwork, mapping: &Mapping) -> Vec<MappedLayer> {
    let of = |(tensor, shape): (usize, &crate::quantize::CodeTensor)| {
        let mut cores: Vec<usize> = mapping.slices_of(tensor).iter().map(|slice| slice.core).collect();
        cores.sort_unstable();
        cores.dedup();
        MappedLayer {
            name: layer_of(tensor, network).into(),
            neurons: shape.len(),
            cores: cores.len(),
            parts: mapping.tilings[tensor].parts,
        }
    };
    network.tensors.iter().enumerate().map(of).collect()
}

fn flows(network: &SpikingNetwork, meter: &ChipMeter) -> Vec<FlowReport> {
    let of = |flow: &crate::chip::LayerFlow| FlowReport {
        kind: flow.kind,
        from: layer_of(flow.source, network).into(),
        to: layer_of(flow.layer + 1, network).into(),
        spikes: flow.spikes,
        packets: flow.packets,
        hops: flow.hops,
        synaptic_operations: flow.operations,
    };
    meter.flows().iter().map(of).collect()
}

fn cores(
    network: &SpikingNetwork,
    mapping: &Mapping,
    meter: &ChipMeter,
    neurons_per_core: Option<usize>,
    cost: impl Fn(usize) -> Option<Span>,
) -> Vec<CoreReport> {
    let topology = &mapping.topology;
    let mut held: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new()); topology.cores()];
    for slice in mapping.placed() {
        let (neurons, tensors) = &mut held[slice.core];
        *neurons += slice.block.len();
        if !tensors.contains(&slice.tensor) {
            tensors.push(slice.tensor);
        }
    }
    let used = held
        .into_iter()
        .enumerate()
        .filter(|(_, (neurons, _))| *neurons > 0);
    used.map(|(core, (neurons, tensors))| {
        let (x, y) = topology.position(topology.router_of(core));
        let Load {
            spikes,
            sent,
            received,
            operations,
            ..
        } = meter.cores()[core];
        CoreReport {
            core,
            x,
            y,
            layers: tensors
                .iter()
                .map(|&tensor| layer_of(tensor, network).into())
                .collect(),
            neurons,
            utilisation: neurons_per_core.map(|room| neurons as f64 / room.max(1) as f64),
            spikes,
            sent,
            received,
            synaptic_operations: operations,
            updates: meter.updates()[core],
            energy: cost(core),
        }
    })
    .collect()
}

fn links(mapping: &Mapping, meter: &ChipMeter) -> Vec<LinkReport> {
    let used = meter
        .links()
        .iter()
        .enumerate()
        .filter(|&(_, &packets)| packets > 0);
    used.filter_map(|(link, &packets)| {
        let (from, to) = mapping.topology.link_ends(link)?;
        Some(LinkReport {
            link,
            name: link_name(link, &mapping.topology),
            from,
            to,
            packets,
        })
    })
    .collect()
}

/// Writes the cores as CSV, a row for each with a heading above.
///
/// # Errors
/// If `out` can't be written to.
pub fn write_cores(report: &MapReport, out: impl io::Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "core",
        "x",
        "y",
        "layers",
        "neurons",
        "utilisation",
        "spikes",
        "sent",
        "received",
        "synaptic_operations",
        "updates",
        "energy_low",
        "energy_high",
    ])?;
    for core in &report.cores {
        let numbers = [
            core.spikes,
            core.sent,
            core.received,
            core.synaptic_operations,
            core.updates,
        ];
        let mut row = vec![core.core.to_string(), core.x.to_string(), core.y.to_string()];
        row.push(core.layers.join(" "));
        row.push(core.neurons.to_string());
        row.push(
            core.utilisation
                .map_or(String::new(), |share| format!("{share:.4}")),
        );
        row.extend(numbers.map(|number| number.to_string()));
        let joules = core.energy.map_or([String::new(), String::new()], |span| {
            [span.low, span.high].map(|joules| joules.to_string())
        });
        row.extend(joules);
        csv.write_record(row)?;
    }
    csv.flush()
}

/// Writes the links that carry packets as CSV, a row for each with a heading above.
///
/// # Errors
/// If `out` can't be written to.
pub fn write_links(report: &MapReport, out: impl io::Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["link", "name", "from", "to", "packets"])?;
    for link in &report.links {
        let LinkReport {
            link,
            name,
            from,
            to,
            packets,
        } = link;
        csv.write_record([
            link.to_string(),
            name.clone(),
            from.to_string(),
            to.to_string(),
            packets.to_string(),
        ])?;
    }
    csv.flush()
}
