//! What convolutions and pools share: windows that move over spatial axes.

use crate::graph::{Connections, Volume, Window};

/// A sentence that says what does not fit.
pub type SpatialError = String;

/// The wiring of `outputs` channels that see an input of `shape` (channels, then spatial axes)
/// through `windows`, in `groups`. One spatial axis is treated as an image of one row.
pub(super) fn connections(
    shape: &[usize],
    windows: &[Window],
    outputs: usize,
    groups: usize,
) -> Result<Connections, SpatialError> {
    let (channels, height, width, rows, columns) = match (shape, windows) {
        (&[c, w], &[columns]) => (c, 1, w, Window::POINT, columns),
        (&[c, h, w], &[rows, columns]) => (c, h, w, rows, columns),
        _ => {
            return Err(format!(
                "its input has shape {shape:?} without the batch, but a kernel with {} spatial axes needs channels and {} more",
                windows.len(),
                windows.len()
            ));
        }
    };
    if groups == 0 || !channels.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
        return Err(format!(
            "{channels} input and {outputs} output channels cannot be divided into {groups} groups"
        ));
    }
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
            channels: outputs,
            height: output(rows, height)?,
            width: output(columns, width)?,
        },
        rows,
        columns,
        groups,
    })
}

/// The output's shape with as many spatial axes as there are windows.
pub(super) fn output_shape(connections: &Connections, axes: usize) -> Vec<usize> {
    let Volume {
        channels,
        height,
        width,
    } = connections.output;
    if axes == 1 {
        vec![channels, width]
    } else {
        vec![channels, height, width]
    }
}
