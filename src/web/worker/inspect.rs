//! What the view of the network asks, and what it is told.

use crate::explore::{CodeSummary, FusedNode, Measure};
use crate::export::ModelReport;
use crate::simulate::Packed;
use serde::{Deserialize, Serialize};

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectQuestion {
    /// A tensor, and with it the layer that fires it.
    pub tensor: usize,
    /// Which of the layer's groups of inputs.
    pub dendrite: usize,
    /// The first output and input channel whose weights are shown.
    pub first: [usize; 2],
}

/// Something that was found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum InspectPart {
    /// What the model is made of.
    Model(Box<ModelView>),
    /// The weights of a layer.
    Weights(Box<WeightsView>),
    /// The codes of a tensor, over the calibration samples so far.
    Codes(Box<CodesView>),
    /// What quantization cost, over the samples so far.
    Loss(Box<LossView>),
}

/// What the model is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelView {
    /// As `sdann inspect` tells it.
    pub report: ModelReport,
    /// For each layer, the nodes of the file that it was made of.
    pub nodes: Vec<Vec<FusedNode>>,
    /// Samples that are calibrated on.
    pub calibration: usize,
}

/// The weights of one group of inputs of a layer: a tile for every pair of channels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightsView {
    /// What was asked.
    pub question: InspectQuestion,
    /// Bits of a stored weight; 0 where nothing is stored (a pool, a relay).
    pub bits: u8,
    /// Rows and columns of a tile: the kernel, or the map that a dense layer looks at.
    pub tile: [usize; 2],
    /// Output channels, and input channels that each sees.
    pub grid: [usize; 2],
    /// How many of them are shown, from `question.first` on.
    pub shown: [usize; 2],
    /// The shown weights, w − Z_w: for each output, for each input, its tile row by row.
    pub values: Packed<i16>,
    /// The largest magnitude of all weights.
    pub largest: i16,
    /// S_w: one per output channel, or one for all.
    pub scales: Packed<f32>,
    /// S_x of what the layer listens to: a bias counts in S_x · S_w.
    pub input_scale: f32,
    /// b, one per output channel or neuron; empty where there is none.
    pub bias: Packed<i32>,
    /// The smallest weight of each output channel.
    pub smallest: Packed<i16>,
    /// The largest one.
    pub greatest: Packed<i16>,
    /// How many weights of each output channel are 0.
    pub zeros: Packed<u32>,
    /// The weight of the first bin.
    pub from: i16,
    /// How many weights have each value.
    pub bins: Packed<u64>,
}

/// The codes of a tensor over the calibration samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodesView {
    /// The tensor.
    pub tensor: usize,
    /// Samples counted.
    pub samples: usize,
    /// Of how many.
    pub of: usize,
    /// What came of it; `None` where there are no codes.
    pub summary: Option<CodeSummary>,
}

/// What quantization cost, over samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossView {
    /// Samples compared.
    pub samples: usize,
    /// Of how many.
    pub of: usize,
    /// Samples with the same winner in both networks.
    pub labels_equal: usize,
    /// How quality is measured; `None` without labels or targets.
    pub measure: Option<Measure>,
    /// The float model's.
    pub float: Option<f64>,
    /// The quantized network's.
    pub quantized: Option<f64>,
    /// For each tensor, the smallest and the largest number of the float model.
    pub ranges: Vec<[f32; 2]>,
    /// For each tensor, the signal-to-quantization-noise ratio in decibels, if there is one.
    pub sqnr: Vec<Option<f64>>,
}

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TakeAway {
    /// The quantized model in ONNX's QDQ form, if it was quantized here.
    Onnx,
    /// The spiking network.
    Sdann,
}
