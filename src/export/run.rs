//! What a run came to: `sdann run --report`.

use super::REPORT_VERSION;
use super::on_chip::ChipRun;
use crate::explore::report::{OverflowPlace, PlanReport};
use crate::explore::{Agreement, LayerAgreement, Measure, Quality};
use crate::quantize::QuantizedNetwork;
use crate::settings::{Kind, SETTINGS, Settings};
use crate::spiking::{Digits, SpikingLayer, SpikingNetwork};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A run over samples. Whatever needs spikes is `null`, and `layers` is empty, where the integer
/// engine ran; whatever needs labels is `null` without them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// The version of this program.
    pub sdann_version: &'static str,
    /// Model and data.
    pub source: RunSource,
    /// Every setting.
    pub settings: SettingValues,
    /// What computed the output.
    pub engine: Engine,
    /// Samples that were run.
    pub samples: usize,
    /// Samples of which every code of every layer equals the integer reference's.
    pub codes_equal: Option<usize>,
    /// Samples with the same winner as the integer reference.
    pub labels_equal: Option<usize>,
    /// Share of labelled samples whose winner is the label, 0 to 1, by the engine that ran; that of `quality`,
    /// under the name that most ask for.
    pub accuracy: Option<f64>,
    /// The same of the integer reference.
    pub reference_accuracy: Option<f64>,
    /// How good the answers are, where labels or targets say what should come out.
    pub quality: Option<QualityReport>,
    /// What was written.
    pub output: OutputReport,
    /// How the tensors of codes are sent, in running order; empty where the integer engine ran.
    pub spike_codes: Vec<SpikeCodeReport>,
    /// Layers in running order.
    pub layers: Vec<RunLayerReport>,
    /// Sums over layers and samples.
    pub totals: Option<RunTotals>,
    /// The first sample on the chip.
    pub chip: Option<ChipReport>,
}

/// How good answers are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct QualityReport {
    /// How it is measured.
    pub measure: Measure,
    /// By the engine that ran: a share from 0 to 1, decibels, or an error in the output's units; `null` if it
    /// is infinite.
    pub value: f64,
    /// The same of the integer reference.
    pub reference: f64,
}

/// What computes the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// STEM neurons, bit by bit.
    Spiking,
    /// The integer reference.
    Integer,
}

/// Where model and data came from: paths as they were given.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunSource {
    /// The model's name.
    pub model: String,
    /// The model's file.
    pub model_file: String,
    /// The samples' file.
    pub inputs_file: String,
    /// The labels' file.
    pub labels_file: Option<String>,
    /// The targets' file.
    pub targets_file: Option<String>,
    /// What stored values were divided by.
    pub divide_by: f32,
    /// What ranges and corrections were measured on; `null` where the integer engine ran.
    pub calibration: Option<CalibrationSource>,
}

/// The calibration set.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationSource {
    /// Its file, which may be that of the samples.
    pub file: String,
    /// Whether it is the beginning of the samples themselves.
    pub from_inputs: bool,
    /// Samples in it.
    pub samples: usize,
}

/// What the output file holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OutputReport {
    /// The file.
    pub file: String,
    /// NumPy's name of the element type: `int32` for codes, `float32` for real numbers.
    pub dtype: &'static str,
    /// Its shape; the first axis counts samples.
    pub shape: Vec<usize>,
    /// Elements written.
    pub values: u64,
    /// Elements equal to the integer reference's.
    pub values_equal: Option<u64>,
}

/// How the neurons of a tensor send their codes: as digits of x − z.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpikeCodeReport {
    /// The tensor's name in the file.
    pub tensor: String,
    /// z, the code that is sent as silence.
    pub silent_code: i32,
    /// What a digit can be.
    pub digits: Digits,
    /// Digits of a code, each a time step.
    pub time_steps: u8,
    /// The most spikes that a code can take.
    pub most_spikes: u32,
    /// Whether a spike can count as −1.
    pub signed_spikes: bool,
}

/// A layer over all samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunLayerReport {
    /// Its node's name in the file.
    pub name: String,
    /// Codes fired.
    pub codes: u64,
    /// Codes equal to the integer reference's.
    pub codes_equal: u64,
    /// Largest difference of a code.
    pub largest_error: u32,
    /// Register, scale and constants.
    #[serde(flatten)]
    pub plan: PlanReport,
    /// Results outside the register.
    pub overflows: u64,
    /// The first of those.
    pub first_overflow: Option<OverflowPlace>,
    /// Axons that it listens to: one for every neuron that sends, two where spikes have a sign, if the chip's
    /// cannot carry it.
    pub axons: u64,
    /// Spikes that the layer received.
    pub spikes: u64,
    /// Synaptic operations: each spike times the synapses that it feeds.
    pub synaptic_operations: u64,
}

/// Sums over layers and samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RunTotals {
    /// Codes fired.
    pub codes: u64,
    /// Codes equal to the integer reference's.
    pub codes_equal: u64,
    /// Results outside a register.
    pub overflows: u64,
    /// Spikes received.
    pub spikes: u64,
    /// Synaptic operations.
    pub synaptic_operations: u64,
    /// Spikes for a sample, on average.
    pub spikes_per_sample: f64,
    /// Synaptic operations for a sample, on average.
    pub synaptic_operations_per_sample: f64,
}

/// The first sample on the mesh, or why the network does not fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ChipReport {
    /// It fits.
    Mapped(Box<ChipRun>),
    /// It does not.
    Unmapped {
        /// Why not, and what to do.
        problem: String,
    },
}

/// Every setting with its value: numbers as numbers, words as words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettingValues(pub Settings);

impl Serialize for SettingValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(SETTINGS.len()))?;
        for setting in SETTINGS {
            let value = setting.get(&self.0);
            match (&setting.kind, value.parse::<u32>()) {
                (Kind::Integer { .. }, Ok(number)) => map.serialize_entry(setting.key, &number)?,
                _ => map.serialize_entry(setting.key, &value)?,
            }
        }
        map.end()
    }
}

impl RunReport {
    /// The report of the integer engine: what does not need spikes.
    pub fn integer(
        source: RunSource,
        settings: Settings,
        agreement: &Agreement,
        mut output: OutputReport,
    ) -> Self {
        output.values_equal = None;
        let quality = agreement.quality.as_ref().and_then(QualityReport::of);
        Self {
            report_version: REPORT_VERSION,
            sdann_version: env!("CARGO_PKG_VERSION"),
            source,
            settings: SettingValues(settings),
            engine: Engine::Integer,
            samples: agreement.counted,
            codes_equal: None,
            labels_equal: None,
            accuracy: quality.and_then(|quality| quality.accuracy(quality.reference)),
            reference_accuracy: quality.and_then(|quality| quality.accuracy(quality.reference)),
            quality: quality.map(|quality| QualityReport {
                value: quality.reference,
                ..quality
            }),
            output,
            spike_codes: Vec::new(),
            layers: Vec::new(),
            totals: None,
            chip: None,
        }
    }

    /// The report of the spiking engine.
    pub fn spiking(
        source: RunSource,
        settings: Settings,
        agreement: &Agreement,
        mut output: OutputReport,
        spiking: &SpikingNetwork,
        chip: Option<ChipReport>,
    ) -> Self {
        output.values_equal = agreement.layers.last().map(|layer| layer.equal);
        let layers = spiking.layers.iter().zip(&agreement.layers);
        let quality = agreement.quality.as_ref().and_then(QualityReport::of);
        Self {
            engine: Engine::Spiking,
            codes_equal: Some(agreement.codes_equal),
            labels_equal: Some(agreement.labels_equal),
            accuracy: quality.and_then(|quality| quality.accuracy(quality.value)),
            quality,
            spike_codes: SpikeCodeReport::all(spiking),
            layers: layers
                .map(|(layer, counts)| RunLayerReport::new(layer, spiking.axons(layer), counts))
                .collect(),
            totals: Some(RunTotals::of(agreement)),
            chip,
            output: output.clone(),
            ..Self::integer(source, settings, agreement, output)
        }
    }
}

impl QualityReport {
    /// `None` if no sample was judged.
    pub(super) fn of(quality: &Quality) -> Option<Self> {
        Some(Self {
            measure: quality.measure,
            value: quality.spiking()?,
            reference: quality.reference()?,
        })
    }

    pub(super) fn accuracy(&self, value: f64) -> Option<f64> {
        (self.measure == Measure::Accuracy).then_some(value)
    }
}

impl OutputReport {
    /// What the file of `samples` samples of a network's output holds.
    pub fn new(file: String, network: &QuantizedNetwork, samples: usize) -> Self {
        let output = network.output();
        let shape: Vec<usize> = [samples]
            .into_iter()
            .chain(output.shape.iter().copied())
            .collect();
        Self {
            file,
            dtype: if output.affine.is_some() {
                "int32"
            } else {
                "float32"
            },
            values: shape.iter().map(|&extent| extent as u64).product(),
            shape,
            values_equal: None,
        }
    }
}

impl SpikeCodeReport {
    fn all(spiking: &SpikingNetwork) -> Vec<Self> {
        let tensors = spiking.tensors.iter().zip(&spiking.codes);
        tensors
            .filter_map(|(tensor, code)| {
                let code = (*code)?;
                Some(Self {
                    tensor: tensor.name.clone(),
                    silent_code: code.silent(),
                    digits: code.digits(),
                    time_steps: code.planes(),
                    most_spikes: code.most_spikes(),
                    signed_spikes: code.has_signed_spikes(),
                })
            })
            .collect()
    }
}

impl RunLayerReport {
    fn new(layer: &SpikingLayer, axons: u64, counts: &LayerAgreement) -> Self {
        Self {
            name: layer.name.clone(),
            codes: counts.codes,
            codes_equal: counts.equal,
            largest_error: counts.largest_error,
            plan: PlanReport::new(layer),
            overflows: counts.overflows,
            first_overflow: counts
                .first_overflow
                .map(|first| OverflowPlace::new(first, layer)),
            axons,
            spikes: counts.spikes,
            synaptic_operations: counts.synaptic_operations,
        }
    }
}

impl RunTotals {
    fn of(agreement: &Agreement) -> Self {
        let sum = |of: fn(&LayerAgreement) -> u64| agreement.layers.iter().map(of).sum::<u64>();
        let (spikes, operations) = (sum(|l| l.spikes), sum(|l| l.synaptic_operations));
        let samples = agreement.counted.max(1) as f64;
        Self {
            codes: sum(|l| l.codes),
            codes_equal: sum(|l| l.equal),
            overflows: sum(|l| l.overflows),
            spikes,
            synaptic_operations: operations,
            spikes_per_sample: spikes as f64 / samples,
            synaptic_operations_per_sample: operations as f64 / samples,
        }
    }
}
