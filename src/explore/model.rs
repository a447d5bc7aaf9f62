//! A model as its file has it: of integers already, or of real numbers that are quantized here.

use super::SessionError;
use crate::graph::Graph;
use crate::import::import_model;
use crate::quantize::post_training::{Calibration, Quantization};
use crate::quantize::{QuantizedNetwork, quantize};

/// A model that was read.
#[derive(Clone, Debug)]
pub enum Model {
    /// It was quantized before.
    Codes(Box<QuantizedNetwork>),
    /// It computes with real numbers.
    Real(Box<FloatModel>),
}

/// Reads a model.
///
/// # Errors
/// Whatever is wrong with the file, or what of it is not supported.
pub fn open_model(bytes: &[u8], name: &str) -> Result<Model, SessionError> {
    Model::of(import_model(bytes, name)?)
}

impl Model {
    /// A graph as what it is.
    ///
    /// # Errors
    /// If it is one of codes that has no integer layers.
    pub fn of(graph: Graph) -> Result<Self, SessionError> {
        Ok(if graph.is_real() {
            Self::Real(Box::new(FloatModel::new(graph)))
        } else {
            Self::Codes(Box::new(quantize(&graph)?))
        })
    }
}

/// A model of real numbers with the samples that its quantization is measured on.
#[derive(Clone, Debug)]
pub struct FloatModel {
    graph: Graph,
    samples: Vec<f32>,
    calibration: Option<Calibration>,
}

/// A float model as integers.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The graph of codes.
    pub graph: Graph,
    /// The same as integer layers.
    pub network: QuantizedNetwork,
}

impl FloatModel {
    /// A model without samples.
    pub fn new(graph: Graph) -> Self {
        Self {
            graph,
            samples: Vec::new(),
            calibration: None,
        }
    }

    /// The graph of real numbers.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph that was quantized last: that of the model, or the equalized one, whose tensors inside
    /// the network have other ranges.
    pub fn measured_graph(&self) -> &Graph {
        self.calibration.as_ref().map_or(&self.graph, Calibration::graph)
    }

    /// The samples that ranges are measured on.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Sets the samples that ranges are measured on, one behind the other.
    pub fn set_samples(&mut self, samples: Vec<f32>) {
        self.samples = samples;
        self.calibration = None;
    }

    /// Quantizes; what was measured before is used again where it can be.
    ///
    /// # Errors
    /// [`PostTrainingError`](crate::quantize::post_training::PostTrainingError) if there are no samples or they cannot be used, and
    /// [`FuseError`](crate::quantize::FuseError) if what comes out has no integer layers.
    pub fn quantize(&mut self, options: &Quantization) -> Result<Quantized, SessionError> {
        let calibration = match self.calibration.take().filter(|known| known.serves(options)) {
            Some(known) => known,
            None => Calibration::measure(&self.graph, options.equalize, &self.samples)?,
        };
        let calibration = self.calibration.insert(calibration);
        let graph = calibration.quantize(options, &self.samples)?;
        let network = quantize(&graph)?;
        Ok(Quantized { graph, network })
    }

    /// The layers and their wiring, with scales that mean nothing: for what can be said before there are
    /// samples.
    ///
    /// # Errors
    /// As [`Self::quantize`].
    pub fn wiring(&self) -> Result<QuantizedNetwork, SessionError> {
        let silence = vec![0.0; self.graph.tensors[self.graph.input].len()];
        let calibration = Calibration::measure(&self.graph, false, &silence)?;
        Ok(quantize(
            &calibration.quantize(&Quantization::default(), &silence)?,
        )?)
    }
}
