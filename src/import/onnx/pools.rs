//! MaxPool, AveragePool and the global pools.

use super::attributes::Attributes;
use super::linear::{positive, windows};
use super::lower::Lowering;
use super::model::Node;
use crate::graph::{Op, Pool, TensorId, Window};
use crate::import::ImportError;

/// The attributes of a pool.
const KNOWN: [&str; 9] = [
    "auto_pad",
    "ceil_mode",
    "channels_last",
    "count_include_pad",
    "dilations",
    "kernel_shape",
    "pads",
    "storage_order",
    "strides",
];

/// The windows of a pool may not see more numbers than this, all together.
const MAX_SEEN: usize = 1 << 28;

impl<'m> Lowering<'m> {
    /// A pool of `input` with windows.
    pub fn pool(
        &mut self,
        node: &'m Node,
        input: TensorId,
        op: fn(Pool) -> Op,
    ) -> Result<TensorId, ImportError> {
        let attributes = Attributes::of(node, &KNOWN)?;
        refuse_channels_last(node, attributes)?;
        let Some(kernel) = attributes
            .ints("kernel_shape")?
            .filter(|kernel| !kernel.is_empty())
        else {
            return Err(node.error("it has no kernel_shape; export it anew"));
        };
        let kernel: Vec<usize> = kernel
            .iter()
            .map(|&taps| positive(node, "kernel_shape", taps))
            .collect::<Result<_, _>>()?;
        let spatial = self.spatial(node, input)?.to_vec();
        if spatial.len() != kernel.len() {
            return Err(node.error(format!(
                "its kernel has {} axes, but its input shape {:?} (without the batch)",
                kernel.len(),
                self.shape(input)
            )));
        }
        let mut windows = windows(node, attributes, &kernel, &spatial)?;
        let is_automatic = !matches!(attributes.text("auto_pad")?.unwrap_or("NOTSET"), "NOTSET" | "");
        let is_rounded_up = attributes.int("ceil_mode")?.unwrap_or(0) != 0 && !is_automatic;
        let mut beyond = vec![0; windows.len()];
        for ((window, &inputs), beyond) in windows.iter_mut().zip(&spatial).zip(&mut beyond) {
            if window.pad_before.max(window.pad_after) > window.dilation * (window.kernel - 1) {
                return Err(node.error(format!(
                    "its padding of {} is larger than its kernel reaches, so a window could see nothing",
                    window.pad_before.max(window.pad_after)
                )));
            }
            if is_rounded_up {
                *beyond = rounded_up(*window, inputs);
                window.pad_after += *beyond;
            }
        }
        self.check_size(node, &windows, &spatial, input)?;
        let count_padding = attributes.int("count_include_pad")?.unwrap_or(0) != 0;
        let pool = Pool {
            windows,
            count_padding,
            beyond,
            // ONNX Runtime has another kernel for AveragePool of operator set 19 and later.
            columns_first: self.model.opset < 19,
            is_global: false,
        };
        self.add_node(&node.name, op(pool), input, node.output()?)
    }

    /// A file of a few bytes may ask for windows of any size: refuses what takes too long to look at.
    fn check_size(
        &self,
        node: &Node,
        windows: &[Window],
        spatial: &[usize],
        input: TensorId,
    ) -> Result<(), ImportError> {
        let channels = self.shape(input).first().copied().unwrap_or(1);
        let seen = windows
            .iter()
            .zip(spatial)
            .fold(channels, |seen, (window, &inputs)| {
                seen.saturating_mul(window.kernel)
                    .saturating_mul(window.outputs(inputs).unwrap_or(0))
            });
        if seen > MAX_SEEN {
            return Err(node.error(format!(
                "its windows see {seen} numbers in all, more than the supported {MAX_SEEN}; pool in several steps"
            )));
        }
        Ok(())
    }

    /// A pool of `input` with one window over everything.
    pub fn global_pool(
        &mut self,
        node: &'m Node,
        input: TensorId,
        op: fn(Pool) -> Op,
    ) -> Result<TensorId, ImportError> {
        refuse_channels_last(node, Attributes::of(node, &["channels_last"])?)?;
        let pool = Pool::global(self.spatial(node, input)?);
        self.add_node(&node.name, op(pool), input, node.output()?)
    }

    /// The extents behind the channels: one or two.
    fn spatial(&self, node: &Node, input: TensorId) -> Result<&[usize], ImportError> {
        match self.shape(input) {
            [_, spatial @ ..] if (1..=2).contains(&spatial.len()) => Ok(spatial),
            shape => Err(node.error(format!(
                "its input has shape {shape:?} (without the batch); pools over one or two axes are supported"
            ))),
        }
    }
}

fn refuse_channels_last(node: &Node, attributes: Attributes) -> Result<(), ImportError> {
    if attributes.int("channels_last")?.unwrap_or(0) != 0 {
        return Err(node.error("its channels are the last axis; export the model channels first"));
    }
    Ok(())
}

/// What ceil_mode adds to the padding behind, so that the last window fits. A window that would begin in
/// the padding is left out.
fn rounded_up(window: Window, inputs: usize) -> usize {
    let reach = window.dilation * (window.kernel - 1) + 1;
    let Some(rest) = (inputs + window.pad_before + window.pad_after).checked_sub(reach) else {
        return 0;
    };
    let mut steps = rest.div_ceil(window.stride);
    if steps * window.stride >= inputs + window.pad_before {
        steps = steps.saturating_sub(1);
    }
    (steps * window.stride).saturating_sub(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_would_begin_in_the_padding_is_left_out() {
        let window = |kernel, stride, pad| Window {
            kernel,
            stride,
            dilation: 1,
            pad_before: pad,
            pad_after: pad,
        };
        assert_eq!(rounded_up(window(3, 2, 0), 8), 1);
        assert_eq!(rounded_up(window(2, 2, 0), 8), 0);
        assert_eq!(rounded_up(window(3, 4, 1), 8), 1);
        assert_eq!(rounded_up(window(2, 3, 1), 5), 0);
    }
}
