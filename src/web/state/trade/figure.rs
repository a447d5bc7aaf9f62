//! What can be told of a point: good things and costs, each with its words and its form.

use super::Point;
use crate::chip::spec::Span;
use crate::explore::Measure;
use crate::web::format;
use crate::web::verdict::value_in_words;
use rust_i18n::t;

/// A figure of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Accuracy, or closeness to the targets.
    Quality,
    /// Share of samples with the integer reference's winner.
    Labels,
    /// Share of codes that equal the integer reference's.
    Codes,
    /// Spikes of a sample.
    Spikes,
    /// Synaptic operations of a sample.
    Operations,
    /// Time steps of a sample.
    Steps,
    /// Bits of weights and membranes.
    Memory,
    /// Energy of a sample on the chip.
    Energy,
    /// How long a sample takes on the chip.
    Latency,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Quality,
        Self::Labels,
        Self::Codes,
        Self::Spikes,
        Self::Operations,
        Self::Steps,
        Self::Memory,
        Self::Energy,
        Self::Latency,
    ];

    /// Those that are costs.
    pub const COSTS: [Self; 6] = [
        Self::Spikes,
        Self::Operations,
        Self::Steps,
        Self::Memory,
        Self::Energy,
        Self::Latency,
    ];

    /// In addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Labels => "labels",
            Self::Codes => "codes",
            Self::Spikes => "spikes",
            Self::Operations => "operations",
            Self::Steps => "steps",
            Self::Memory => "memory",
            Self::Energy => "energy",
            Self::Latency => "latency",
        }
    }

    /// The figure of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.key() == key)
    }

    /// Its name.
    pub fn label(self, measure: Option<Measure>) -> String {
        let key = match (self, measure) {
            (Self::Quality, Some(Measure::Psnr)) => "psnr",
            (Self::Quality, Some(Measure::Rmse)) => "rmse",
            _ => self.key(),
        };
        t!(format!("trade.figure.{key}")).into_owned()
    }

    /// Whether it is known only of a chip, point by point.
    pub const fn is_of_chip(self) -> bool {
        matches!(self, Self::Energy | Self::Latency)
    }

    /// Whether less is better.
    pub fn is_cost(self, measure: Option<Measure>) -> bool {
        match self {
            Self::Quality => measure == Some(Measure::Rmse),
            Self::Labels | Self::Codes => false,
            _ => true,
        }
    }

    /// Its value at a point; `None` if it is not known, or not yet.
    pub fn of(self, point: &Point) -> Option<f64> {
        let row = point.row.as_ref()?;
        let samples = row.samples.max(1) as f64;
        let middle = |span: Option<Span>| span.map(|span| (span.low + span.high) / 2.0);
        match self {
            Self::Quality => row.quality,
            Self::Labels => Some(row.labels_equal as f64 / samples),
            Self::Codes => Some(row.equal_share),
            Self::Spikes => Some(row.spikes as f64 / samples),
            Self::Operations => Some(row.synaptic_operations as f64 / samples),
            Self::Steps => Some(f64::from(point.size.steps)),
            Self::Memory => Some(point.size.memory_bits() as f64),
            Self::Energy => middle(point.cost.as_ref()?.joules),
            Self::Latency => middle(point.cost.as_ref()?.seconds),
        }
    }

    /// Whether it is a share of all samples, which is 1 at most.
    pub fn is_share(self, measure: Option<Measure>) -> bool {
        match self {
            Self::Labels | Self::Codes => true,
            Self::Quality => measure.is_none_or(|measure| measure == Measure::Accuracy),
            _ => false,
        }
    }

    /// A value with its unit.
    pub fn words(self, value: f64, measure: Option<Measure>) -> String {
        match self {
            Self::Quality => value_in_words(measure.unwrap_or(Measure::Accuracy), value),
            Self::Labels | Self::Codes => format::percent(value),
            Self::Spikes | Self::Operations | Self::Steps => format::count(value.round() as u64),
            Self::Memory => format::quantity(value, "bit"),
            Self::Energy => format::quantity(value, "J"),
            Self::Latency => format::quantity(value, "s"),
        }
    }

    /// The same in few characters, for cells.
    pub fn short(self, value: f64, measure: Option<Measure>) -> String {
        match self {
            Self::Quality if measure != Some(Measure::Accuracy) && measure.is_some() => {
                format::significant(value, 3)
            }
            Self::Quality | Self::Labels | Self::Codes => {
                let tenths = format::decimal(value * 100.0, 1);
                tenths.strip_suffix(".0").unwrap_or(&tenths).to_owned()
            }
            Self::Spikes | Self::Operations | Self::Memory => format::short(value.round() as u64),
            Self::Steps => format::count(value as u64),
            Self::Energy | Self::Latency => format::quantity(value, "").trim_end().to_owned(),
        }
    }
}
