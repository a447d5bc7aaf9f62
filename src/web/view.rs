//! The page's views: what fills its middle. Network, settings, time and selection are the same in all of them.

use rust_i18n::t;
use yew::AttrValue;

/// What fills the page's middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// From the sample to the answer.
    #[default]
    Story,
    /// One neuron, step by step.
    Neuron,
    /// Registers, what they lose, and what calibration mends.
    Calibration,
    /// Cores, and what travels between them.
    Chip,
    /// Sweeps: what accuracy costs.
    TradeOffs,
    /// Layers, their weights and codes, and how they were quantized.
    Network,
    /// Bit-serial spikes beside other codes.
    Codes,
}

impl View {
    /// All of them, in the order of their tabs.
    pub const ALL: &[Self] = &[
        Self::Story,
        Self::Neuron,
        Self::Calibration,
        Self::Chip,
        Self::TradeOffs,
        Self::Codes,
        Self::Network,
    ];

    /// In addresses: `view=chip`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Story => "story",
            Self::Neuron => "neuron",
            Self::Calibration => "calibration",
            Self::Chip => "chip",
            Self::TradeOffs => "trade-offs",
            Self::Network => "network",
            Self::Codes => "codes",
        }
    }

    /// On its tab.
    pub fn label(self) -> AttrValue {
        t!(format!("view.{}", self.key())).into_owned().into()
    }

    /// The view of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|view| view.key() == key)
    }
}
