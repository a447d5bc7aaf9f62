//! Does a network fit on a chip, what does it take of it, and what keeps it from fitting?

use super::mapping::{Limit, Limits, MappingError, MappingOptions, lay_out, problems, tensor_name};
use super::spec::{Chip, ChipError, Input, Kernels, Preset};
use super::{Demand, InputFrom, Split, Topology};
use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};

/// What a network takes of a chip, or why it does not fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The chip's key.
    pub chip: String,
    /// What it is called.
    pub name: String,
    /// What the network takes, if it could be laid out (it may yet have problems, as with the width of its
    /// weights).
    pub usage: Option<Usage>,
    /// Everything that keeps it from fitting; empty if it fits.
    pub problems: Vec<MappingError>,
    /// Whether it is known how its cores are joined; if not, neurons can be counted, but not placed.
    pub is_topology_known: bool,
    /// Limits that are not known, and so were not checked.
    pub unknown: Vec<Limit>,
}

/// What a network takes of a chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Cores with neurons.
    pub cores: usize,
    /// Cores that would do, were small slices together: what is done if there are not enough cores.
    pub fewest: usize,
    /// Cores that hold neurons, reserved ones left out.
    pub available: usize,
    /// How full cores are, limit by limit.
    pub filled: Vec<Filled>,
    /// The limit that decides how many cores it takes: the one that keeps slices of the layer with most of them
    /// from being larger. `None` if every layer is in one piece.
    pub binding: Option<Binding>,
    /// Layers whose neurons have too many inputs for one core.
    pub split: Vec<SplitLayer>,
}

/// How full cores are with what one limit counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// The limit.
    pub limit: Limit,
    /// What the fullest core holds.
    pub most: u64,
    /// What all cores in use hold (of what each neuron has, the most).
    pub sum: u64,
    /// What one core can hold.
    pub allowed: u64,
    /// The layer (or the input's tensor) on the fullest core.
    pub layer: String,
}

impl Filled {
    /// How full the fullest core is, from 0 to 1.
    pub fn fullest(&self) -> f64 {
        self.most as f64 / self.allowed.max(1) as f64
    }

    /// How full the cores in use are on average, from 0 to 1.
    pub fn average(&self, cores: usize) -> f64 {
        self.sum as f64 / (self.allowed.max(1) as f64 * cores.max(1) as f64)
    }
}

/// A limit that binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The limit.
    pub limit: Limit,
    /// The layer (or the input's tensor) that hits it.
    pub layer: String,
    /// Its slices.
    pub slices: usize,
    /// What the next larger slice would need of a core.
    pub found: u64,
    /// What a core has.
    pub allowed: u64,
}

/// A layer whose neurons' inputs are shared out among cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitLayer {
    /// Its name.
    pub layer: String,
    /// Cores for the inputs of one neuron.
    pub parts: usize,
    /// Bits of a partial sum.
    pub bits: u8,
    /// Time steps that its window takes more.
    pub extra_steps: usize,
}

impl Fit {
    /// Whether the network fits, as far as limits are known.
    pub fn fits(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Limits {
    /// What is known of a chip.
    ///
    /// # Errors
    /// If it is not known how its cores are joined.
    pub fn of(chip: &Chip) -> Result<Self, ChipError> {
        Ok(Self::joined(chip, chip.topology()?))
    }

    /// What is known of a chip whose cores are joined in a way that is not: as if all were at one router.
    fn loose(chip: &Chip, cores: u64) -> Self {
        let cores = u16::try_from(cores).unwrap_or(u16::MAX);
        let topology = Topology {
            cores_per_router: cores,
            ..Topology::mesh(1, 1)
        };
        Self::joined(chip, topology)
    }

    fn joined(chip: &Chip, topology: Topology) -> Self {
        let core = &chip.core;
        let reserved: Vec<usize> = chip
            .network
            .reserved
            .value
            .iter()
            .flatten()
            .map(|&core| core as usize)
            .collect();
        let input = match chip.network.input.value {
            // Spikes come in where a controller is, if there is one.
            Some(Input::Port) => InputFrom::Port(reserved.first().copied().unwrap_or(0)),
            Some(Input::Cores) | None => InputFrom::Cores,
        };
        Self {
            topology,
            reserved,
            input,
            unicast_only: chip.network.multicast.value == Some(false),
            neurons: core.neurons.value.as_ref().map(|neurons| neurons.least()),
            inputs: core.inputs.value,
            outputs: core.outputs.value,
            targets: core.targets.value,
            fan_in: core.fan_in.value,
            fan_in_bits: core.fan_in_bits.value,
            synapses: core.synapses.value,
            synapse_bits: core.synapse_bits.value.as_ref().map(|bits| bits.least()),
            shares_kernels: core.kernels.value == Some(Kernels::Shared),
            weight_bits: core.weight_bits.value.clone().unwrap_or_default(),
            weight_values: core.weight_values.value,
            // As on TrueNorth: bits at crossings, and a few values by which they count.
            typed_axons: core.weight_values.is_known() && core.weight_bits.value.as_deref() == Some(&[1]),
            membrane_bits: core.membrane_bits.value,
            bias_bits: core.bias_bits.value,
            bias_shift: core
                .bias_exponent_bits
                .value
                .map_or(0, |bits| (1u64 << bits.min(6)) - 1),
            signed_spikes: core.signed_spikes.value.unwrap_or(false),
            chip_neurons: chip.whole.neurons.value,
            chip_synapses: chip.whole.synapses.value,
            chip_synapse_bits: chip.whole.synapse_bits.value,
        }
    }
}

/// Whether a network fits on a chip. A few milliseconds for a small network.
///
/// # Errors
/// If it is known neither how the chip's cores are joined nor how many there are.
pub fn fit(network: &SpikingNetwork, chip: &Chip, options: &MappingOptions) -> Result<Fit, ChipError> {
    let (limits, is_topology_known) = match (Limits::of(chip), chip.whole.cores.value) {
        (Err(ChipError::NotKnown { .. }), Some(cores)) => (Limits::loose(chip, cores), false),
        (limits, _) => (limits?, true),
    };
    let (usage, problems) = fit_within(network, &limits, options);
    Ok(Fit {
        chip: chip.key.clone(),
        name: chip.name.clone(),
        is_topology_known,
        usage,
        problems,
        unknown: limits.unknown(),
    })
}

/// The same for every preset, one after the other: each is worked out when it is asked for, so that other work
/// can be done in between.
pub fn fit_all<'a>(
    network: &'a SpikingNetwork,
    options: &'a MappingOptions,
) -> impl Iterator<Item = Result<Fit, ChipError>> + 'a {
    let presets = Preset::ALL.iter();
    presets.map(|preset| fit(network, &preset.chip(), options))
}

/// The same for bare limits: what the network takes, if it can be laid out, and all that keeps it from fitting.
pub fn fit_within(
    network: &SpikingNetwork,
    limits: &Limits,
    options: &MappingOptions,
) -> (Option<Usage>, Vec<MappingError>) {
    let mut problems = problems(network, limits);
    let laid = match lay_out(network, limits, options, &[]) {
        Ok(laid) => laid,
        Err(error) => {
            if !problems.contains(&error) {
                problems.push(error);
            }
            return (None, problems);
        }
    };
    let mapping = &laid.mapping;
    let slices = |tensor: usize| mapping.tilings[tensor].slices();
    let bound = (0..mapping.tilings.len())
        .rev()
        .filter(|&tensor| laid.binding[tensor].is_some());
    let binding = bound.max_by_key(|&tensor| slices(tensor)).and_then(|tensor| {
        laid.binding[tensor].map(|(limit, found, allowed)| Binding {
            limit,
            layer: tensor_name(network, tensor),
            slices: slices(tensor),
            found,
            allowed,
        })
    });
    let on_core = |core: usize| mapping.on_core(core).max_by_key(|slice| slice.block.len());
    let filled = |limit: Limit| {
        let of = |demand: &Demand| limits.filled_by(demand).find(|(known, ..)| *known == limit);
        let cores = laid.demands.iter().enumerate().rev();
        let (core, (_, most, allowed)) = cores
            .filter_map(|(core, demand)| Some((core, of(demand)?)))
            .max_by_key(|(_, (_, most, _))| *most)?;
        let sum = laid
            .demands
            .iter()
            .filter_map(of)
            .map(|(_, found, _)| found)
            .sum();
        let layer = on_core(core).map(|slice| tensor_name(network, slice.tensor));
        Some(Filled {
            limit,
            most,
            sum,
            allowed,
            layer: layer.unwrap_or_default(),
        })
    };
    let mut split: Vec<SplitLayer> = Vec::new();
    for part in Split::of(network, mapping) {
        let extra_steps = (0..part.steps()).map(|step| part.extra_steps(step)).sum();
        let layer = network.layers[part.layer].name.clone();
        match split.last_mut().filter(|last| last.layer == layer) {
            Some(last) => {
                last.bits = last.bits.max(part.bits);
                last.extra_steps = last.extra_steps.max(extra_steps);
            }
            None => split.push(SplitLayer {
                layer,
                parts: part.parts,
                bits: part.bits,
                extra_steps,
            }),
        }
    }
    let usage = Usage {
        cores: mapping.used(),
        fewest: laid.fewest,
        available: limits.available(),
        filled: Limit::ALL.into_iter().filter_map(filled).collect(),
        binding,
        split,
    };
    (Some(usage), problems)
}
