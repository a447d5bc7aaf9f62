//! Fully connected layer: Gemm and MatMul with constant weights.

use super::{Coefficients, Weights};
use crate::graph::Connections;

/// y = W x + b over a vector, with quantized weights or, as `Dense<RealWeights>`, with real ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense<W = Weights> {
    /// Outputs × inputs.
    pub weights: W,
    /// Number of outputs.
    pub outputs: usize,
}

impl<W: Coefficients> Dense<W> {
    /// How the neurons are wired for an input of `shape` (one axis).
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn connections(&self, shape: &[usize]) -> Result<Connections, String> {
        let &[inputs] = shape else {
            return Err(format!(
                "its input has shape {shape:?} without the batch, but a dense layer needs a vector; add a Flatten before it"
            ));
        };
        let found = self.weights.count();
        if inputs * self.outputs != found {
            return Err(format!(
                "it has {found} weights, but {inputs} inputs and {} outputs need {}",
                self.outputs,
                inputs * self.outputs
            ));
        }
        Ok(Connections::dense(inputs, self.outputs))
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        self.connections(input).map(|c| vec![c.output.channels])
    }
}
