//! What cores hold, what slices need of them, and the names of both.

use super::{Demand, Topology};
use serde::{Deserialize, Serialize};

/// A limit of a chip, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Cores that hold neurons.
    Cores,
    /// Neurons of a core.
    Neurons,
    /// Input axons of a core.
    Inputs,
    /// Output axons of a core: pairs of a neuron and a core that it sends to.
    Outputs,
    /// Cores that one neuron sends to.
    Targets,
    /// Synapses of one neuron.
    FanIn,
    /// Synapses of one neuron times the bits of their weights.
    FanInBits,
    /// Synapses of a core.
    Synapses,
    /// Bits of a core's memory for weights.
    SynapseMemory,
    /// Bits of a weight.
    WeightBits,
    /// Different values of one neuron's weights.
    WeightValues,
    /// Bits of the register that holds a membrane.
    MembraneBits,
    /// Bits of a neuron's constant.
    BiasBits,
    /// Neurons of the whole chip.
    ChipNeurons,
    /// Synapses of the whole chip.
    ChipSynapses,
    /// Bits of the whole chip's memory for weights.
    ChipMemory,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Cores,
        Self::Neurons,
        Self::Inputs,
        Self::Outputs,
        Self::Targets,
        Self::FanIn,
        Self::FanInBits,
        Self::Synapses,
        Self::SynapseMemory,
        Self::WeightBits,
        Self::WeightValues,
        Self::MembraneBits,
        Self::BiasBits,
        Self::ChipNeurons,
        Self::ChipSynapses,
        Self::ChipMemory,
    ];

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cores => "cores",
            Self::Neurons => "neurons per core",
            Self::Inputs => "input axons per core",
            Self::Outputs => "output axons per core",
            Self::Targets => "cores that a neuron sends to",
            Self::FanIn => "synapses of a neuron",
            Self::FanInBits => "weight bits of a neuron",
            Self::Synapses => "synapses per core",
            Self::SynapseMemory => "synapse memory per core (bits)",
            Self::WeightBits => "bits of a weight",
            Self::WeightValues => "weight values of a neuron",
            Self::MembraneBits => "bits of a membrane",
            Self::BiasBits => "bits of a bias",
            Self::ChipNeurons => "neurons of the chip",
            Self::ChipSynapses => "synapses of the chip",
            Self::ChipMemory => "synapse memory of the chip (bits)",
        }
    }
}

/// Where the spikes of a network's input come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum InputFrom {
    /// From neurons on cores.
    #[default]
    Cores,
    /// From outside, by a port at the router of this core; they take no place.
    Port(usize),
}

/// What a mapping must keep to. `None` is no limit: unknown, or not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Where cores are.
    pub topology: Topology,
    /// Cores that hold nothing.
    pub reserved: Vec<usize>,
    /// Where the input's spikes come from.
    pub input: InputFrom,
    /// Whether packets go to one core only: then a mapping is one for unicast, whatever its options say.
    pub unicast_only: bool,
    /// Neurons of a core.
    pub neurons: Option<u64>,
    /// Input axons of a core.
    pub inputs: Option<u64>,
    /// Output axons of a core.
    pub outputs: Option<u64>,
    /// Cores that one neuron sends to; under multicast, packets.
    pub targets: Option<u64>,
    /// Synapses of one neuron.
    pub fan_in: Option<u64>,
    /// Synapses of one neuron times the bits of their weights.
    pub fan_in_bits: Option<u64>,
    /// Synapses of a core.
    pub synapses: Option<u64>,
    /// Bits of a core's memory for weights.
    pub synapse_bits: Option<u64>,
    /// Whether the weights that neurons share are stored once per core.
    pub shares_kernels: bool,
    /// Widths that a weight can have, in bits, ascending; empty if any.
    pub weight_bits: Vec<u64>,
    /// Different values of one neuron's weights.
    pub weight_values: Option<u64>,
    /// Whether synapses are but there or not, and a weight is that of its axon's type: then a neuron takes an
    /// axon for each of its weights' values.
    pub typed_axons: bool,
    /// Bits of the register that holds a membrane.
    pub membrane_bits: Option<u64>,
    /// Bits of a neuron's constant.
    pub bias_bits: Option<u64>,
    /// Places by which a constant can be shifted to the left beside: 2^e − 1 for an exponent of e bits.
    pub bias_shift: u64,
    /// Whether a spike carries a sign; if not, a neuron whose spikes have one takes two axons.
    pub signed_spikes: bool,
    /// Neurons of the whole chip.
    pub chip_neurons: Option<u64>,
    /// Synapses of the whole chip.
    pub chip_synapses: Option<u64>,
    /// Bits of the whole chip's memory for weights.
    pub chip_synapse_bits: Option<u64>,
}

impl Limits {
    /// Cores of which nothing is known but how many neurons they hold.
    pub fn neurons_only(topology: Topology, neurons: u64) -> Self {
        Self {
            topology,
            neurons: Some(neurons),
            ..Self::default()
        }
    }

    /// The cores that hold neurons, in ascending order.
    pub fn cores(&self) -> impl Iterator<Item = usize> {
        (0..self.topology.cores()).filter(|core| self.reserved.binary_search(core).is_err())
    }

    /// How many those are.
    pub fn available(&self) -> usize {
        let reserved = self.reserved.iter();
        let reserved = reserved.filter(|&&core| core < self.topology.cores()).count();
        self.topology.cores() - reserved
    }

    /// What limits a core's share of each kind of a demand.
    fn of_core(&self, demand: &Demand) -> [(Limit, u64, Option<u64>); 8] {
        [
            (Limit::Neurons, demand.neurons, self.neurons),
            (Limit::Inputs, demand.inputs, self.inputs),
            (Limit::Outputs, demand.outputs, self.outputs),
            (Limit::Targets, demand.targets, self.targets),
            (Limit::FanIn, demand.fan_in, self.fan_in),
            (Limit::FanInBits, demand.fan_in_bits, self.fan_in_bits),
            (Limit::Synapses, demand.synapses, self.synapses),
            (Limit::SynapseMemory, demand.synapse_bits, self.synapse_bits),
        ]
    }

    /// Whether a core holds that.
    pub fn hold(&self, demand: &Demand) -> bool {
        let mut kinds = self.of_core(demand).into_iter();
        kinds.all(|(_, needed, allowed)| allowed.is_none_or(|allowed| needed <= allowed))
    }

    /// The limit that a demand exceeds most, with what is needed and what is allowed.
    pub fn exceeded_by(&self, demand: &Demand) -> Option<(Limit, u64, u64)> {
        let ratio = |&(_, needed, allowed): &(Limit, u64, u64)| needed as f64 / allowed.max(1) as f64;
        self.filled_by(demand)
            .filter(|&(_, needed, allowed)| needed > allowed)
            .max_by(|a, b| ratio(a).total_cmp(&ratio(b)))
    }

    /// Every limit of a core that is known, with what of it a demand takes.
    pub fn filled_by(&self, demand: &Demand) -> impl Iterator<Item = (Limit, u64, u64)> {
        let kinds = self.of_core(demand).into_iter();
        kinds.filter_map(|(limit, needed, allowed)| allowed.map(|allowed| (limit, needed, allowed)))
    }

    /// The narrowest width of a weight that holds `bits`; `None` if none does.
    pub fn weight_width(&self, bits: u64) -> Option<u64> {
        if self.weight_bits.is_empty() {
            return Some(bits);
        }
        self.weight_bits.iter().copied().find(|&width| width >= bits)
    }

    /// The limits that are not known, and so are not checked.
    pub fn unknown(&self) -> Vec<Limit> {
        let is_known = |limit: &Limit| match limit {
            Limit::Cores => true,
            Limit::Neurons => self.neurons.is_some(),
            Limit::Inputs => self.inputs.is_some(),
            Limit::Outputs => self.outputs.is_some(),
            Limit::Targets => self.targets.is_some(),
            Limit::FanIn => self.fan_in.is_some(),
            Limit::FanInBits => self.fan_in_bits.is_some(),
            Limit::Synapses => self.synapses.is_some(),
            Limit::SynapseMemory => self.synapse_bits.is_some(),
            Limit::WeightBits => !self.weight_bits.is_empty(),
            Limit::WeightValues => self.weight_values.is_some(),
            Limit::MembraneBits => self.membrane_bits.is_some(),
            Limit::BiasBits => self.bias_bits.is_some(),
            Limit::ChipNeurons => self.chip_neurons.is_some(),
            Limit::ChipSynapses => self.chip_synapses.is_some(),
            Limit::ChipMemory => self.chip_synapse_bits.is_some(),
        };
        Limit::ALL.into_iter().filter(|limit| !is_known(limit)).collect()
    }
}
