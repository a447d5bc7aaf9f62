//! Convolution over one or two spatial axes, with groups.

use super::Weights;
use crate::graph::{Connections, Volume, Window};

/// A convolution; one spatial axis is treated as an image of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Output channels × (input channels / groups) × kernel rows × kernel columns.
    pub weights: Weights,
    /// Number of output channels.
    pub outputs: usize,
    /// Groups of channels.
    pub groups: usize,
    /// One window per spatial axis: columns, or rows and columns.
    pub windows: Vec<Window>,
}

impl Conv {
    /// How the neurons are wired for an input of `shape` (channels, then spatial axes).
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn connections(&self, shape: &[usize]) -> Result<Connections, String> {
        let (channels, height, width, rows, columns) = match (shape, &self.windows[..]) {
            (&[c, w], &[columns]) => (c, 1, w, Window::POINT, columns),
            (&[c, h, w], &[rows, columns]) => (c, h, w, rows, columns),
            _ => {
                return Err(format!(
                    "its input has shape {shape:?} without the batch, but a kernel with {} spatial axes needs channels and {} more",
                    self.windows.len(),
                    self.windows.len()
                ));
            }
        };
        self.check_channels(channels, rows.kernel * columns.kernel)?;
        let output = |window: Window, inputs| {
            window.outputs(inputs).filter(|&n| n > 0).ok_or_else(|| {
                format!(
                    "a kernel of {} (dilation {}) is larger than the padded input of {}",
                    window.kernel,
                    window.dilation,
                    inputs + window.pad_before + window.pad_after
                )
            })
        };
        Ok(Connections {
            input: Volume {
                channels,
                height,
                width,
            },
            output: Volume {
                channels: self.outputs,
                height: output(rows, height)?,
                width: output(columns, width)?,
            },
            rows,
            columns,
            groups: self.groups,
        })
    }

    fn check_channels(&self, channels: usize, kernel: usize) -> Result<(), String> {
        let Self { outputs, groups, .. } = *self;
        if groups == 0 || !channels.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            return Err(format!(
                "{channels} input and {outputs} output channels cannot be divided into {groups} groups"
            ));
        }
        let (expected, found) = (outputs * (channels / groups) * kernel, self.weights.values.len());
        if expected != found {
            return Err(format!(
                "it has {found} weights, but {channels} input channels in {groups} groups and {outputs} output channels need {expected}"
            ));
        }
        Ok(())
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let Volume {
            channels,
            height,
            width,
        } = self.connections(input)?.output;
        Ok(if self.windows.len() == 1 {
            vec![channels, width]
        } else {
            vec![channels, height, width]
        })
    }
}
