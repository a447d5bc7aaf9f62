//! Convolution over one or two spatial axes, with groups.

use super::windows::{self, SpatialError};
use super::{Coefficients, Weights};
use crate::graph::{Connections, Window};

/// A convolution, with quantized weights or, as `Conv<RealWeights>`, with real ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv<W = Weights> {
    /// Output channels × (input channels / groups) × kernel rows × kernel columns.
    pub weights: W,
    /// Number of output channels.
    pub outputs: usize,
    /// Groups of channels.
    pub groups: usize,
    /// One window per spatial axis: columns, or rows and columns.
    pub windows: Vec<Window>,
}

impl<W: Coefficients> Conv<W> {
    /// How the neurons are wired for an input of `shape` (channels, then spatial axes).
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn connections(&self, shape: &[usize]) -> Result<Connections, SpatialError> {
        let connections = windows::connections(shape, &self.windows, self.outputs, self.groups)?;
        let (expected, found) = (self.outputs * connections.fan_in(), self.weights.count());
        if expected != found {
            return Err(format!(
                "it has {found} weights, but {} input channels in {} groups and {} output channels need {expected}",
                connections.input.channels, self.groups, self.outputs
            ));
        }
        Ok(connections)
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, SpatialError> {
        Ok(windows::output_shape(
            &self.connections(input)?,
            self.windows.len(),
        ))
    }
}
