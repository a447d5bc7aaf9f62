//! What a model is made of: `sdann inspect`.

use super::REPORT_VERSION;
use crate::graph::{Affine, Connections, Window};
use crate::quantize::{CodeTensor, FixedPoint, Layer, QuantizedNetwork, Reduce, Requantizer};
use serde::{Deserialize, Serialize};

/// A model, layer by layer. Shapes are those of one sample, without the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// The model's name.
    pub name: String,
    /// The tensor that samples come in by.
    pub input: TensorReport,
    /// The tensor that the network answers with.
    pub output: TensorReport,
    /// Layers in running order.
    pub layers: Vec<LayerReport>,
    /// Sums over the layers.
    pub totals: ModelTotals,
}

/// A tensor of codes, or of real numbers at an unquantized output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorReport {
    /// The name that it has in the file.
    pub name: String,
    /// Extents, without the batch.
    pub shape: Vec<usize>,
    /// How its codes are read; `null` where it holds real numbers.
    pub quantization: Option<QuantizationReport>,
}

/// r = scale · (code − zero point).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantizationReport {
    /// K, bits of a code: its spike train has as many time steps.
    pub bits: u8,
    /// Whether codes are two's complement.
    pub signed: bool,
    /// S, the real step between neighbouring codes.
    pub scale: f32,
    /// Z, the code of the real number 0.
    pub zero_point: i32,
}

/// What a layer is, judged by its wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    /// A kernel moves over positions.
    Conv,
    /// Every output listens to every input.
    Dense,
    /// The largest code of each window.
    MaxPool,
    /// The mean of each window.
    AveragePool,
    /// The sum of two tensors, or of a tensor and a constant.
    Add,
    /// A function of each code, looked up.
    Table,
    /// Every output listens to one input with weight 1: a clamp or another quantization.
    Relay,
}

/// A layer: a linear operator with the quantization of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Its node's name in the file.
    pub name: String,
    /// What it is.
    pub kind: LayerKind,
    /// The tensor that it reads, as the layer sees it.
    pub input: TensorReport,
    /// The tensor that it writes.
    pub output: TensorReport,
    /// Kernel, rows × columns.
    pub kernel: [usize; 2],
    /// Stride over rows and columns.
    pub stride: [usize; 2],
    /// Dilation over rows and columns.
    pub dilation: [usize; 2],
    /// Padding: top, left, bottom, right.
    pub padding: [usize; 4],
    /// Groups of channels that see nothing of each other.
    pub groups: usize,
    /// Output neurons.
    pub neurons: usize,
    /// Connections that exist: padded positions are none.
    pub synapses: u64,
    /// Connections of one neuron, padded positions included.
    pub fan_in: usize,
    /// Multiply–accumulate operations for a sample, padded positions included; 0 for a relay.
    pub macs: u64,
    /// Weights and biases that are stored.
    pub parameters: usize,
    /// Bits of a stored weight; `null` in a float model.
    pub weight_bits: Option<u8>,
    /// S_w: one per output channel, or one for all; empty in a float model.
    pub weight_scales: Vec<f32>,
    /// Whether it has biases.
    pub has_bias: bool,
}

/// Sums over all layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelTotals {
    /// Layers.
    pub layers: usize,
    /// Output neurons.
    pub neurons: usize,
    /// Connections that exist.
    pub synapses: u64,
    /// Multiply–accumulate operations for a sample, padded positions included.
    pub macs: u64,
    /// Weights and biases.
    pub parameters: usize,
    /// Time steps from a sample's first bit until the last layer fires: all windows together.
    pub time_steps: usize,
}

impl ModelReport {
    /// Describes a network.
    pub fn new(network: &QuantizedNetwork) -> Self {
        let layers: Vec<_> = network
            .layers
            .iter()
            .map(|layer| LayerReport::new(network, layer))
            .collect();
        Self {
            report_version: REPORT_VERSION,
            name: network.name.clone(),
            input: network.input().into(),
            output: network.output().into(),
            totals: ModelTotals::of(&layers),
            layers,
        }
    }

    /// Describes a float model by its wiring ([`FloatModel::wiring`](crate::explore::FloatModel::wiring)),
    /// without what only quantization decides.
    pub fn of_wiring(network: &QuantizedNetwork) -> Self {
        let mut report = Self::new(network);
        report.input.quantization = None;
        report.output.quantization = None;
        for layer in &mut report.layers {
            layer.input.quantization = None;
            layer.output.quantization = None;
            layer.weight_bits = None;
            layer.weight_scales.clear();
        }
        report.totals = ModelTotals::of(&report.layers);
        report
    }
}

impl ModelTotals {
    fn of(layers: &[LayerReport]) -> Self {
        let steps = |layer: &LayerReport| layer.input.quantization.map_or(0, |q| usize::from(q.bits));
        Self {
            layers: layers.len(),
            neurons: layers.iter().map(|l| l.neurons).sum(),
            synapses: layers.iter().map(|l| l.synapses).sum(),
            macs: layers.iter().map(|l| l.macs).sum(),
            parameters: layers.iter().map(|l| l.parameters).sum(),
            time_steps: layers.iter().map(steps).sum(),
        }
    }
}

impl LayerReport {
    fn new(network: &QuantizedNetwork, layer: &Layer) -> Self {
        let main = layer.main();
        let wiring = &main.connections;
        let kind = LayerKind::of(layer);
        let is_relay = !kind.has_weights();
        let pair = |of: fn(&Window) -> usize| [of(&wiring.rows), of(&wiring.columns)];
        let (before, behind) = (pair(|w| w.pad_before), pair(|w| w.pad_after));
        let sizes = layer
            .dendrites
            .iter()
            .map(|d| d.weights.values.len() + d.weights.bias.len());
        let parameters: usize = sizes.sum();
        let macs = wiring.output.len() as u64 * wiring.fan_in() as u64;
        Self {
            name: layer.name.clone(),
            kind,
            input: (&network.tensors[main.view.tensors[0]]).into(),
            output: (&network.tensors[layer.target]).into(),
            kernel: pair(|w| w.kernel),
            stride: pair(|w| w.stride),
            dilation: pair(|w| w.dilation),
            padding: [before[0], before[1], behind[0], behind[1]],
            groups: wiring.groups,
            neurons: wiring.output.len(),
            synapses: layer.dendrites.iter().map(|d| d.connections.synapses()).sum(),
            fan_in: wiring.fan_in(),
            macs: if is_relay { 0 } else { macs },
            parameters: if is_relay { 0 } else { parameters },
            weight_bits: Some(main.weights.bits),
            weight_scales: main.weights.scales.clone(),
            has_bias: !main.weights.bias.is_empty(),
        }
    }
}

impl LayerKind {
    fn of(layer: &Layer) -> Self {
        let main = layer.main();
        let Connections { input, output, .. } = main.connections;
        let weights = &main.weights;
        let passes_on = weights.bias.is_empty() && weights.values.iter().all(|&w| w == 1);
        let one_to_one = main.connections == Connections::one_to_one(input.len());
        match (&layer.requantizer, main.reduce) {
            (_, Reduce::Max) => Self::MaxPool,
            (Requantizer::Sum { .. }, _) => Self::Add,
            (Requantizer::Mean { .. }, _) => Self::AveragePool,
            (Requantizer::Table { .. }, _) => Self::Table,
            (Requantizer::Product { .. }, _) => Self::Relay,
            (
                Requantizer::Fixed {
                    rule: FixedPoint::Sum { .. },
                    ..
                },
                _,
            ) => Self::Add,
            _ if one_to_one && passes_on => Self::Relay,
            _ if passes_on && main.connections.groups == input.channels => Self::AveragePool,
            _ if main.connections == Connections::dense(input.len(), output.len()) => Self::Dense,
            _ => Self::Conv,
        }
    }

    /// The name used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conv => "Conv",
            Self::Dense => "Dense",
            Self::MaxPool => "MaxPool",
            Self::AveragePool => "AveragePool",
            Self::Add => "Add",
            Self::Table => "Table",
            Self::Relay => "Relay",
        }
    }

    /// Whether its synapses have weights to be stored.
    const fn has_weights(self) -> bool {
        matches!(self, Self::Conv | Self::Dense)
    }
}

impl From<&CodeTensor> for TensorReport {
    fn from(tensor: &CodeTensor) -> Self {
        Self {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            quantization: tensor.affine.map(Into::into),
        }
    }
}

impl From<Affine> for QuantizationReport {
    fn from(affine: Affine) -> Self {
        Self {
            bits: affine.format.bits,
            signed: affine.format.signed,
            scale: affine.scale,
            zero_point: affine.zero_point,
        }
    }
}
