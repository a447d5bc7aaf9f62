//! What page and worker say to each other.
//!
//! Each request carries an epoch. The worker drops what it does for an older epoch as soon as a
//! newer request is there; the page drops answers of an older one. So neither ever waits.

use super::bring::{Delivery, Errand};
use super::codes::{CodesRequest, CodesResponse};
use super::inspect::{InspectPart, InspectQuestion, TakeAway};
use super::trade::{TradeAnswer, TradeRequest};
use crate::chip::energy::Energy;
use crate::chip::noc::{BusiestLink, LatencySummary, SampleTime};
use crate::chip::spec::Chip;
use crate::chip::{Fit, Mapping, MappingError, Traffic};
use crate::explore::{
    Agreement, CalibrationEffect, Closeness, ConversionReport, Curve, Mistakes, PlacementProgress,
    Provenance, Row,
};
use crate::graph::{Affine, Connections};
use crate::settings::Settings;
use crate::simulate::{Packed, Trace};
use crate::spiking::LayerPlan;
use serde::{Deserialize, Serialize};

/// Counts up with every request of its kind.
pub type Epoch = u32;

/// From the page to the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Read a model and, if there are, samples. Answered by `Loaded` or `Failed`; after `Failed`
    /// the worker still has the model before.
    Load {
        /// Counts loads.
        epoch: Epoch,
        /// The model.
        model: ModelFile,
        /// Samples with labels, and samples to calibrate with.
        data: Option<DataFiles>,
    },
    /// Convert with these settings, trace this sample, then count agreement over all samples.
    /// Answered by `Run` (or `Failed`), then by several `Counted`, and by `Explained` if there are samples.
    Explore {
        /// Counts explorations.
        epoch: Epoch,
        /// What the user chose.
        settings: Settings,
        /// What to trace.
        sample: Sample,
        /// The user's own chip, instead of the one that the settings name.
        own: Option<Box<Chip>>,
        /// Whether more of the chip is wanted than its traffic: answered by several `Chip`.
        chip: bool,
    },
    /// Bring something in, or make something to be taken away. Answered by `Brought`.
    Bring(Errand),
    /// Stop looking for better places, and take the best that were found. Answered by `Run`.
    StopPlacing,
    /// Where do this neuron's spikes go? Answered by `Route`, if the last run's chip is known.
    Route {
        /// The tensor.
        tensor: usize,
        /// Its neuron.
        neuron: usize,
    },
    /// How did a neuron of the last run come to what it fires? Answered by `Traced`.
    Trace {
        /// Counts these.
        epoch: Epoch,
        /// Its layer.
        layer: usize,
        /// The neuron.
        neuron: usize,
    },
    /// Look at the network and one of its tensors. Answered by several `Inspected`.
    Inspect {
        /// Counts these.
        epoch: Epoch,
        /// What is looked at.
        question: InspectQuestion,
    },
    /// Write a file of the network as it is. Answered by `Written` or `Failed`.
    Write(TakeAway),
    /// Measure what bias correction does to a layer. Answered by `Calibration`.
    Calibrate {
        /// Counts these.
        epoch: Epoch,
        /// What the user chose (perhaps with a narrower register, to have something to show).
        settings: Settings,
        /// The layer.
        layer: usize,
        /// Whether all parts of bias calibration are wanted, not the correction alone.
        all: bool,
    },
    /// Run all samples at every register width, all else as in `settings`; `None` to let that rest. A sweep with
    /// the epoch of the one before goes on where it rests. Answered by several `Swept`.
    Sweep {
        /// Counts sweeps.
        epoch: Epoch,
        /// What the user chose.
        settings: Option<Settings>,
    },
    /// Something of a sweep, to a worker of the pool.
    Trade(TradeRequest),
    /// Something about codes, to a worker of its own. Answered by several `Codes`.
    Codes(Box<CodesRequest>),
}

/// A file as the user gave it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ModelFile {
    /// Its name, for messages.
    pub name: String,
    /// Its content.
    pub bytes: Packed<u8>,
}

/// The files of a data set, as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DataFiles {
    /// What the samples' file is called, for messages.
    pub name: String,
    /// Samples, in any form that [`read_dataset`](crate::import::dataset::read_dataset) takes.
    pub samples: Packed<u8>,
    /// What should come out of them.
    pub truth: TruthFile,
    /// Samples to calibrate with; without any, the first of the samples.
    pub calibration: Packed<u8>,
    /// What stored values are divided by.
    pub divisor: Divisor,
    /// Which of them are calibrated on.
    pub calibrate_on: CalibrateOn,
}

/// Which samples are calibrated on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrateOn {
    /// The samples themselves, though there is a set to calibrate with.
    pub samples: bool,
    /// At most so many; `None` for as many as is usual.
    pub count: Option<usize>,
}

/// Where it stands what should come out of samples.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum TruthFile {
    /// With the samples, if anywhere.
    #[default]
    Inside,
    /// Nowhere, or it is of no use.
    Unknown,
    /// One label per sample.
    Labels {
        /// What the file is called.
        name: String,
        /// Its content.
        bytes: Packed<u8>,
    },
    /// An answer for each sample.
    Targets {
        /// An array of real numbers.
        bytes: Packed<u8>,
        /// A stored value divided by this is in the output's units.
        divide_by: f32,
        /// How closeness to them is measured.
        closeness: Closeness,
    },
}

/// What stored values are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Divisor {
    /// By this.
    Is(f32),
    /// By this, if they lie beyond what the model's input can express and then don't.
    IfNeeded(f32),
}

impl Default for Divisor {
    fn default() -> Self {
        Self::Is(1.0)
    }
}

/// One input of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sample {
    /// A sample of the loaded data set.
    Stored(usize),
    /// Values as the model takes them, in its input's shape.
    Values(Packed<f32>),
}

/// From the worker to the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Response {
    /// A model was read.
    Loaded {
        /// Of the request.
        epoch: Epoch,
        /// What it is.
        network: Box<NetworkView>,
    },
    /// A sample was traced.
    Run {
        /// Of the request.
        epoch: Epoch,
        /// What happened.
        run: Box<RunView>,
    },
    /// More samples were counted.
    Counted {
        /// Of the `Explore` request.
        epoch: Epoch,
        /// The counts so far.
        agreement: Box<Agreement>,
        /// The samples that went wrong so far, if more of them are known.
        mistakes: Option<Box<Mistakes>>,
    },
    /// A sweep over register widths has come further.
    Swept {
        /// Of the request.
        epoch: Epoch,
        /// What was counted at a width, which is its only axis.
        row: Option<Box<Row>>,
        /// The share that is done.
        fraction: f64,
    },
    /// Every layer was looked at, on some of the samples.
    Explained {
        /// Of the `Explore` request.
        epoch: Epoch,
        /// What conversion did to each layer.
        report: Box<ConversionReport>,
    },
    /// A layer's errors were measured.
    Calibration {
        /// Of the request.
        epoch: Epoch,
        /// What correction does there.
        effect: CalibrationEffect,
    },
    /// More was found out of the chip.
    Chip {
        /// Of the `Explore` request.
        epoch: Epoch,
        /// What was found out.
        part: Box<ChipPart>,
    },
    /// Where a neuron's spikes go.
    Route {
        /// The tensor.
        tensor: usize,
        /// Its neuron.
        neuron: usize,
        /// Cores, in ascending order.
        cores: Vec<usize>,
    },
    /// How a neuron came to what it fires.
    Traced {
        /// Of the request.
        epoch: Epoch,
        /// All about it; `None` if there is no such neuron.
        neuron: Option<Box<TracedNeuron>>,
    },
    /// What was brought in, or made.
    Brought(Box<Delivery>),
    /// More was found out of the network.
    Inspected {
        /// Of the request.
        epoch: Epoch,
        /// What was found out.
        part: Box<InspectPart>,
    },
    /// A file was written.
    Written {
        /// Its name.
        name: String,
        /// Its content.
        bytes: Packed<u8>,
    },
    /// A request could not be done; nothing has changed.
    Failed {
        /// Of the request.
        epoch: Epoch,
        /// Which request it was.
        what: Failure,
        /// One sentence for the user.
        message: String,
    },
    /// Something of a sweep, from a worker of the pool.
    Trade(TradeAnswer),
    /// Something about codes.
    Codes(Box<CodesResponse>),
    /// The worker broke; it must be started again.
    Panicked {
        /// Where and why.
        message: String,
    },
}

/// Which kind of request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// `Load`.
    Load,
    /// `Explore`.
    Explore,
    /// `Calibrate`.
    Calibrate,
    /// `Write`.
    Write,
}

/// A loaded network, as far as the page draws it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkView {
    /// The model's name.
    pub name: String,
    /// The input, then each layer's output.
    pub tensors: Vec<TensorView>,
    /// Layers in running order.
    pub layers: Vec<LayerView>,
    /// Whether it was made here of a float model, and settings of quantization matter.
    pub is_float: bool,
    /// Stored samples; empty without a data set.
    pub samples: SamplesView,
}

/// A tensor of codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorView {
    /// Its name in the file.
    pub name: String,
    /// Channels, height, width (or fewer axes).
    pub shape: Vec<usize>,
    /// How its codes are read; `None` where it holds real numbers (an unquantized output).
    pub affine: Option<Affine>,
}

/// A layer of STEM neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerView {
    /// Its node's name in the file.
    pub name: String,
    /// Index of the tensor that it listens to, the first one of several.
    pub source: usize,
    /// For every group of inputs that its neurons integrate, the tensors that it consists of.
    pub sources: Vec<Vec<usize>>,
    /// How many groups of inputs its neurons integrate, each in a register of its own.
    pub dendrites: usize,
    /// Index of the tensor that it fires.
    pub target: usize,
    /// Its wiring, that of the first dendrite.
    pub connections: Connections,
    /// Synapses, padded positions left out.
    pub synapses: u64,
}

/// Stored samples as pictures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SamplesView {
    /// How many.
    pub count: usize,
    /// Values of one sample.
    pub shape: Vec<usize>,
    /// All samples one after the other, each value scaled to 0…255.
    pub pixels: Packed<u8>,
    /// One label per sample.
    pub labels: Packed<u8>,
    /// What classes are called; empty without names.
    pub class_names: Vec<String>,
    /// All samples in the model's units, where one is a single number; else empty.
    pub inputs: Packed<f32>,
    /// What should come out of each sample where that is no class, in the output's shape.
    pub targets: Packed<f32>,
    /// How closeness to those is measured.
    pub closeness: Option<Closeness>,
    /// What stored values were divided by.
    pub divided_by: f32,
    /// What the user should know of them.
    pub note: Option<String>,
}

/// A traced sample and what it did to the chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// The settings that it ran with.
    pub settings: Settings,
    /// The network without its samples, where settings decide how a float model is quantized.
    pub network: Option<Box<NetworkView>>,
    /// One per layer.
    pub plans: Vec<LayerPlan>,
    /// Codes, currents, membranes, potentials.
    pub trace: Trace,
    /// The output as real numbers, one per class.
    pub output: Vec<f32>,
    /// The same of the integer reference.
    pub reference: Vec<f32>,
    /// What both answer over the whole range of a single input.
    pub curve: Option<Curve>,
    /// Index of the largest output of the spiking network.
    pub winner: usize,
    /// The same of the integer reference.
    pub reference_winner: usize,
    /// Where the neurons are and what travels; or why the network does not fit.
    pub chip: Result<(Mapping, Traffic), MappingError>,
}

/// All that one neuron of a run has heard and done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedNeuron {
    /// Its arithmetic, with the largest sources of each dendrite.
    pub told: Provenance,
    /// All synapses of each dendrite.
    pub synapses: Vec<Synapses>,
    /// 1 for every neuron of the input from which connections lead to it, else 0.
    pub field: Packed<u8>,
}

/// A dendrite's synapses, those that contribute most first; four arrays of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Synapses {
    /// The tensor that the neuron before belongs to.
    pub tensors: Packed<u32>,
    /// The neuron in the tensor.
    pub neurons: Packed<u32>,
    /// Weights.
    pub weights: Packed<i32>,
    /// The codes that are sent.
    pub codes: Packed<i32>,
}

/// Something that the view of the chip wants to know of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ChipPart {
    /// The chip itself.
    Chip(Box<Chip>),
    /// What can be said at once of a network that fits.
    Figures(Box<ChipFigures>),
    /// How far the search for better places has come; another `Run` follows when it is done.
    Placing(PlacementProgress),
    /// Whether the network fits on each preset.
    Fits(Vec<Fit>),
    /// How long it takes, or why that is not known.
    Time(Result<Box<ChipTime>, String>),
}

/// What a run on a chip costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipFigures {
    /// What the run costs, idle power left out.
    pub energy: Energy,
    /// What one of each thing costs.
    pub units: UnitCosts,
    /// Spikes from core to core.
    pub flows: CoreFlows,
}

/// What one of each thing that a core does costs, in femtojoules; 0 where that is unknown or contained elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitCosts {
    /// A synaptic operation.
    pub operation: f64,
    /// A neuron's update.
    pub update: f64,
    /// A spike fired.
    pub spike: f64,
    /// A packet sent.
    pub packet: f64,
    /// A packet taken in.
    pub packet_in: f64,
}

/// Spikes from core to core over a run, sorted by sender and then by receiver; three arrays of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoreFlows {
    /// The core that sends.
    pub from: Packed<u32>,
    /// The core that receives.
    pub to: Packed<u32>,
    /// Spikes.
    pub spikes: Packed<u32>,
}

/// How long a run takes, by the cycle-level model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipTime {
    /// Cycles of each time step, over all windows.
    pub step_cycles: Packed<u32>,
    /// Cycles of one sample, layer after layer.
    pub sequential: u64,
    /// Cycles from one sample to the next, all layers working at once.
    pub beat: u64,
    /// Cycles of one sample in that pipeline.
    pub pipelined: u64,
    /// The layer whose window is longest.
    pub slowest_layer: Option<usize>,
    /// How long packets took, in cycles.
    pub latency: LatencySummary,
    /// The link that is closest to its limit, layer after layer.
    pub busiest: Option<BusiestLink>,
    /// The same where all layers work at once.
    pub busiest_together: Option<BusiestLink>,
    /// Flits that had to wait a cycle, by router.
    pub stalls: Packed<u32>,
    /// The longest queue of each router.
    pub deepest: Packed<u32>,
    /// The same times in nanoseconds, as far as the chip's figures allow.
    pub times: SampleTime,
    /// What the run costs, idle power for that time included.
    pub energy: Energy,
}
