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
    /// For each window, the positions behind the padding that ceil_mode lets the last window see.
    /// The padding of `windows` holds them too.
    pub beyond: Vec<usize>,
    /// Whether a format that averages real numbers adds up the columns of a window first, then their sums;
    /// else it goes row by row.
    pub columns_first: bool,
    /// Whether it is one window over everything, which formats compute in another way.
    pub is_global: bool,
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

    /// A pool over everything.
    pub fn global(spatial: &[usize]) -> Self {
        let window = |&kernel: &usize| Window {
            kernel,
            ..Window::POINT
        };
        Self {
            windows: spatial.iter().map(window).collect(),
            count_padding: false,
            beyond: vec![0; spatial.len()],
            columns_first: false,
            is_global: true,
        }
    }

    /// What the sum of each position of a channel is divided by, on real numbers: the inputs that its
    /// window sees, and the padding where that counts, but nothing behind it.
    pub fn counts(&self, connections: &Connections) -> Vec<usize> {
        let beyond = match self.beyond[..] {
            [columns] => [0, columns],
            [rows, columns, ..] => [rows, columns],
            [] => [0, 0],
        };
        let along = |window: Window, inputs: usize, outputs: usize, beyond: usize| -> Vec<usize> {
            let (first, last) = if self.count_padding {
                (0, inputs + window.pad_before + window.pad_after - beyond)
            } else {
                (window.pad_before, window.pad_before + inputs)
            };
            let seen = |output: usize| {
                let places = (0..window.kernel).map(|tap| output * window.stride + tap * window.dilation);
                places.filter(|place| (first..last).contains(place)).count()
            };
            (0..outputs).map(seen).collect()
        };
        let Connections {
            input,
            output,
            rows,
            columns,
            ..
        } = *connections;
        let rows = along(rows, input.height, output.height, beyond[0]);
        let columns = along(columns, input.width, output.width, beyond[1]);
        rows.iter()
            .flat_map(|r| columns.iter().map(move |c| r * c))
            .collect()
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, SpatialError> {
        Ok(windows::output_shape(
            &self.connections(input)?,
            self.windows.len(),
        ))
    }
}
