//! Fully connected layer: Gemm and MatMul with constant weights.

use super::Weights;
use crate::graph::Connections;

/// y = W x + b over a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Outputs × inputs.
    pub weights: Weights,
    /// Number of outputs.
    pub outputs: usize,
}

impl Dense {
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
        let found = self.weights.values.len();
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
