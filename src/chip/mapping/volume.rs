//! Tensors as boxes of neurons, and wirings between such boxes.

use crate::graph::{Connections, Volume, Window};
use crate::spiking::{SpikingLayer, SpikingNetwork};

/// The box of every tensor: as its layer's wiring sees it, or, where that sees but a list (a sum), as its
/// shape says.
pub fn volumes(network: &SpikingNetwork) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = network.tensors.iter().map(|t| of_shape(&t.shape)).collect();
    for layer in &network.layers {
        let mut wirings = layer.dendrites.iter().map(|d| &d.connections);
        if let Some(wiring) = wirings.find(|c| c.fan_in() > 0 && !c.is_one_to_one()) {
            volumes[layer.target] = wiring.output;
        }
    }
    volumes
}

fn of_shape(shape: &[usize]) -> Volume {
    let (channels, height, width) = match *shape {
        [] => (1, 1, 1),
        [n] => (n, 1, 1),
        [channels, width] => (channels, 1, width),
        [channels, height, ref rest @ ..] => (channels, height, rest.iter().product()),
    };
    Volume {
        channels,
        height,
        width,
    }
}

/// A dendrite's wiring with its outputs in the box of its layer's tensor; `None` where it sees them as
/// another box.
pub(in crate::chip) fn wiring(layer: &SpikingLayer, dendrite: usize, target: Volume) -> Option<Connections> {
    let wiring = layer.dendrites[dendrite].connections;
    if wiring.is_one_to_one() {
        return Some(Connections {
            input: target,
            output: target,
            rows: Window::POINT,
            columns: Window::POINT,
            groups: target.channels,
        });
    }
    (wiring.output == target).then_some(wiring)
}
