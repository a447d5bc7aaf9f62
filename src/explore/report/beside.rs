//! The float network beside the quantized one: the same samples as real numbers.

use super::errors::Correlation;
use crate::graph::{Graph, TensorId};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::real::{RealError, RealNetwork};
use crate::simulate::Simulator;

/// What quantizers put behind the name of a tensor whose codes they make.
const SUFFIX: &str = "_QuantizeLinear_Output";

/// The float network that a model was quantized from.
#[derive(Debug)]
pub(super) struct Beside {
    network: RealNetwork,
    /// For each layer, the float tensor of its name.
    tensors: Vec<Option<TensorId>>,
    /// How much alike each layer's numbers are: the spiking network's, and the quantized network's.
    correlations: Vec<[Correlation; 2]>,
    sample: Vec<f32>,
}

impl Beside {
    /// Finds the float tensors by their names, and the output in any case.
    pub(super) fn new(network: &QuantizedNetwork, graph: &Graph) -> Result<Self, RealError> {
        let last = network.layers.len().saturating_sub(1);
        let tensor = |layer: usize| {
            let codes = &network.tensors[network.layers[layer].target];
            let name = codes.name.strip_suffix(SUFFIX).unwrap_or(&codes.name);
            let named = graph.tensors.iter().position(|tensor| tensor.name == name);
            let tensor = named.or((layer == last).then_some(graph.output))?;
            (graph.tensors[tensor].len() == codes.len()).then_some(tensor)
        };
        Ok(Self {
            network: RealNetwork::new(graph)?,
            tensors: (0..network.layers.len()).map(tensor).collect(),
            correlations: vec![Default::default(); network.layers.len()],
            sample: Vec::new(),
        })
    }

    /// Whether the output, or any layer, has a float tensor.
    pub(super) fn has_any(&self) -> bool {
        self.tensors.iter().any(Option::is_some)
    }

    /// Runs what the input's codes stand for, and compares.
    pub(super) fn add(
        &mut self,
        network: &QuantizedNetwork,
        input: &[i32],
        chain: &Simulator,
        reference: &Reference,
    ) -> Result<(), RealError> {
        let Some(affine) = network.input().affine else {
            return Ok(());
        };
        self.sample.clear();
        self.sample
            .extend(input.iter().map(|&code| affine.dequantize(code)));
        self.network.run(&self.sample)?;
        for ((layer, tensor), correlations) in network
            .layers
            .iter()
            .zip(&self.tensors)
            .zip(&mut self.correlations)
        {
            let Some(tensor) = *tensor else { continue };
            let reals = self.network.values(tensor);
            // A tensor's real numbers are linear in its codes, so codes will do.
            if network.tensors[layer.target].affine.is_some() {
                let pairs = chain
                    .codes(layer.target)
                    .iter()
                    .zip(reference.codes(layer.target));
                for ((&code, &exact), &real) in pairs.zip(reals) {
                    correlations[0].add(f64::from(code), f64::from(real));
                    correlations[1].add(f64::from(exact), f64::from(real));
                }
            } else {
                let pairs = chain.output().iter().zip(reference.output());
                for ((&number, &exact), &real) in pairs.zip(reals) {
                    correlations[0].add(f64::from(number), f64::from(real));
                    correlations[1].add(f64::from(exact), f64::from(real));
                }
            }
        }
        Ok(())
    }

    /// Of a layer's numbers with the float network's: the spiking network's and the quantized network's.
    pub(super) fn coefficients(&self, layer: usize) -> [Option<f64>; 2] {
        [0, 1].map(|side| self.correlations[layer][side].coefficient())
    }
}
