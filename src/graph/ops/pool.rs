//! Pooling over one or two spatial axes, channel by channel.

use super::windows::{self, SpatialError};
use crate::graph::{Connections, Window};

/// A pool: a window that moves over every channel by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// One window per spatial axis: columns, or rows and columns.
    pub windows: Vec<Window>,
    /// For averages: whether padded positions count as zeros in the number that is divided by.
    pub count_padding: bool,
}

impl Pool {
    /// How the neurons are wired for an input of `shape` (channels, then spatial axes).
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn connections(&self, shape: &[usize]) -> Result<Connections, SpatialError> {
        let channels = shape.first().copied().unwrap_or(0);
        windows::connections(shape, &self.windows, channels, channels)
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, SpatialError> {
        Ok(windows::output_shape(&self.connections(input)?, self.windows.len()))
    }
}
