//! What kind of input a network takes and what kind of answer it gives, which decides how they are shown and
//! judged.

use super::picture::Frame;
use super::worker::NetworkView;

/// What a network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputForm {
    /// A picture.
    Picture(Frame),
    /// Curves over time.
    Signal {
        /// How many.
        channels: usize,
        /// Values of each.
        steps: usize,
    },
    /// One number.
    Number,
    /// Several numbers, without an order that tells anything.
    Numbers,
}

impl InputForm {
    /// By the input's shape, and by what the first layer makes of it: C×L is a signal if that slides along L.
    pub fn of(network: &NetworkView) -> Self {
        let shape = network.tensors.first().map_or(&[][..], |tensor| &tensor.shape);
        let slides = network
            .layers
            .iter()
            .filter(|layer| layer.source == 0)
            .any(|layer| {
                let input = layer.connections.input;
                input.height == 1 && input.width > 1
            });
        match *shape {
            [channels, steps] | [channels, 1, steps] if slides => Self::Signal { channels, steps },
            _ if shape.iter().product::<usize>() == 1 => Self::Number,
            _ => Frame::of(shape).map_or(Self::Numbers, Self::Picture),
        }
    }

    /// The frame of a picture.
    pub fn frame(self) -> Option<Frame> {
        match self {
            Self::Picture(frame) => Some(frame),
            _ => None,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::super::views::tests::network;
    use super::*;

    fn shaped(input: &[usize], output: &[usize]) -> NetworkView {
        let mut network = network();
        network.tensors[0].shape = input.to_vec();
        network.tensors[2].shape = output.to_vec();
        network
    }

    #[test]
    fn a_layer_that_slides_makes_curves_of_its_input() {
        let mut network = shaped(&[12, 32], &[9]);
        assert!(matches!(InputForm::of(&network), InputForm::Picture(_)));
        network.layers[0].connections.input.height = 1;
        network.layers[0].connections.input.width = 32;
        let signal = InputForm::Signal {
            channels: 12,
            steps: 32,
        };
        assert_eq!(InputForm::of(&network), signal);
    }

    #[test]
    fn shapes_tell_pictures_from_classes_and_numbers() {
        assert_eq!(Task::of(&shaped(&[16], &[3])), Task::Classes);
        assert_eq!(Task::of(&shaped(&[16], &[1])), Task::Numbers);
        assert!(matches!(Task::of(&shaped(&[16], &[1, 8, 8])), Task::Picture(_)));
        assert_eq!(InputForm::of(&shaped(&[1], &[1])), InputForm::Number);
        assert_eq!(InputForm::of(&shaped(&[7], &[1])), InputForm::Numbers);
    }
}
