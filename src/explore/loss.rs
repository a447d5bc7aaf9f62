//! What quantization costs: the quantized network held against the float model that it came from.

use super::{Expected, Quality, Quantized};
use crate::graph::{Affine, Graph, TensorId};
use crate::quantize::{QuantizedNetwork, Reference, winner};
use crate::real::{RealError, RealNetwork};
use serde::Serialize;

/// What quantization did to the answers and to every tensor, over samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizationLoss {
    /// Samples that were run.
    pub samples: usize,
    /// Samples with the same winner in both networks.
    pub labels_equal: usize,
    /// How good the answers are, the quantized network's as `spiking` and the float model's as
    /// `reference`; `None` without labels or targets.
    #[serde(skip)]
    pub quality: Option<Quality>,
    /// Tensors that neurons fire, the input first.
    pub tensors: Vec<TensorLoss>,
}

/// What quantization did to one tensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorLoss {
    /// Its name in the file.
    pub name: String,
    /// Its shape, without the batch.
    pub shape: Vec<usize>,
    /// How its codes are read; `None` where it holds real numbers.
    #[serde(flatten)]
    pub affine: Option<Affine>,
    /// The smallest and the largest number of the float model.
    pub range: [f32; 2],
    /// The signal-to-quantization-noise ratio, 10 log₁₀(Σ r² / Σ (r − r̂)²), in decibels; `None` where there is
    /// no noise, no signal, or no tensor of the float model to compare with.
    pub sqnr: Option<f64>,
}

/// Runs both networks, one sample after the other.
#[derive(Debug)]
pub struct LossMeter {
    network: QuantizedNetwork,
    reference: Reference,
    real: RealNetwork,
    output: TensorId,
    /// For each tensor of the quantized network, that of the float model and the sums over samples.
    sums: Vec<Option<Sums>>,
    samples: usize,
    labels_equal: usize,
    quality: Option<Quality>,
}

#[derive(Clone, Copy, Debug)]
struct Sums {
    tensor: TensorId,
    signal: f64,
    noise: f64,
    range: [f32; 2],
}

impl LossMeter {
    /// Compares `quantized` with the float graph that it was made of
    /// ([`FloatModel::measured_graph`](super::FloatModel::measured_graph)).
    ///
    /// # Errors
    /// A [`RealError`] if the graph is not one of real numbers.
    pub fn new(graph: &Graph, quantized: &Quantized) -> Result<Self, RealError> {
        let network = quantized.network.clone();
        let sums = network.tensors.iter().map(|tensor| {
            let same = |t: &crate::graph::Tensor| t.name == tensor.name && t.shape == tensor.shape;
            graph.tensors.iter().position(same).map(|tensor| Sums {
                tensor,
                signal: 0.0,
                noise: 0.0,
                range: [f32::INFINITY, f32::NEG_INFINITY],
            })
        });
        Ok(Self {
            sums: sums.collect(),
            reference: Reference::new(&network),
            real: RealNetwork::new(graph)?,
            output: graph.output,
            network,
            samples: 0,
            labels_equal: 0,
            quality: None,
        })
    }

    /// Runs one sample of real numbers.
    ///
    /// # Errors
    /// [`RealError::Sample`] if it has another length than the model's input.
    pub fn add(&mut self, sample: &[f32], expected: Option<Expected<'_>>) -> Result<(), RealError> {
        self.real.run(sample)?;
        self.reference
            .run(&self.network, &self.network.quantize_input(sample));
        for (index, (tensor, sums)) in self.network.tensors.iter().zip(&mut self.sums).enumerate() {
            let Some(sums) = sums else { continue };
            let reals = self.real.values(sums.tensor);
            let mut compare = |real: f32, seen: f32| {
                let (real, seen) = (f64::from(real), f64::from(seen));
                sums.signal += real * real;
                sums.noise += (real - seen) * (real - seen);
            };
            match tensor.affine {
                Some(affine) => (reals.iter().zip(self.reference.codes(index)))
                    .for_each(|(&real, &code)| compare(real, affine.dequantize(code))),
                None => {
                    (reals.iter().zip(self.reference.output())).for_each(|(&real, &seen)| compare(real, seen))
                }
            }
            for &real in reals {
                sums.range = [sums.range[0].min(real), sums.range[1].max(real)];
            }
        }
        let (seen, real) = (self.reference.output(), self.real.values(self.output));
        self.samples += 1;
        self.labels_equal += usize::from(winner(seen) == winner(real));
        if let Some(expected) = expected {
            let quality = self
                .quality
                .get_or_insert_with(|| Quality::new(expected.measure()));
            quality.add(&expected, seen, real);
        }
        Ok(())
    }

    /// Samples that were run.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// What came of it.
    pub fn loss(&self) -> QuantizationLoss {
        let tensors = self.network.tensors.iter().zip(&self.sums);
        let tensors = tensors.map(|(tensor, sums)| TensorLoss {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            affine: tensor.affine,
            range: sums
                .filter(|_| self.samples > 0)
                .map_or([0.0; 2], |sums| sums.range),
            sqnr: sums
                .filter(|sums| sums.noise > 0.0 && sums.signal > 0.0)
                .map(|sums| 10.0 * libm::log10(sums.signal / sums.noise)),
        });
        QuantizationLoss {
            samples: self.samples,
            labels_equal: self.labels_equal,
            quality: self.quality,
            tensors: tensors.collect(),
        }
    }
}
