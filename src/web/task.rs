//! What kind of answer a network gives, which decides how it is shown and judged.

use super::picture::Frame;
use super::worker::NetworkView;

/// What a network answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One of several classes: the largest output wins.
    Classes,
    /// A picture.
    Picture(Frame),
    /// A number, or several.
    Numbers,
}

impl Task {
    /// The task of a network, by the shape of its output and by what should come out.
    pub fn of(network: &NetworkView) -> Self {
        let target = network.layers.last().map_or(0, |layer| layer.target);
        let shape = network.tensors.get(target).map_or(&[][..], |t| &t.shape);
        match shape {
            [1 | 3, height, width] if *height > 1 && *width > 1 => {
                Frame::of(shape).map_or(Self::Classes, Self::Picture)
            }
            _ if shape.iter().product::<usize>() == 1 => Self::Numbers,
            _ if network.samples.closeness.is_some() => Self::Numbers,
            _ => Self::Classes,
        }
    }
}
