//! Everything recorded of one sample: what the page draws.

use super::{Observer, Packed, Simulator};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::{SpikingNetwork, code};
use serde::{Deserialize, Serialize};

/// All that happened while one sample went through the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// One window per layer, in running order.
    pub windows: Vec<WindowTrace>,
}

impl Trace {
    /// Time steps of all windows, one window after the other.
    pub fn steps(&self) -> usize {
        self.windows.iter().map(|w| w.planes.len()).sum()
    }

    /// The window that a time step lies in, and the step within it; the last one if `step` is
    /// beyond the end, `None` if there are no windows.
    pub fn locate(&self, step: usize) -> Option<(usize, usize)> {
        let mut first = 0;
        for (index, window) in self.windows.iter().enumerate() {
            let steps = window.planes.len();
            if step < first + steps {
                return Some((index, step - first));
            }
            first += steps;
        }
        let last = self.windows.last()?;
        Some((self.windows.len() - 1, last.planes.len().saturating_sub(1)))
    }
}

/// One layer's listening window: K steps in which the codes of its source arrive bit by bit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowTrace {
    /// The codes that are sent, one per source neuron.
    pub sent: Packed<i32>,
    /// The bit λ that is sent at each step.
    pub planes: Vec<u8>,
    /// I_t before M_0, step-major: `currents[step · neurons + neuron]`. With weighted accumulation
    /// it holds the bit's weight c_t, with shifting only its sign.
    pub currents: Packed<i32>,
    /// U before the first step, one per neuron.
    pub start: Packed<i32>,
    /// U after each step, step-major: `membranes[step · neurons + neuron]`.
    pub membranes: Packed<i32>,
    /// V, what fires, in codes (before rounding, with the output's zero point).
    pub potentials: Packed<f32>,
    /// The codes that are fired; empty where the network's output is a real number.
    pub codes: Packed<i32>,
    /// The integer reference's codes for the same sample; empty as above.
    pub reference: Packed<i32>,
    /// Spikes sent in each step.
    pub spikes: Vec<u32>,
    /// How often a result fell outside the register.
    pub overflows: u64,
    /// The first of those, at most [`MAX_EVENTS`].
    pub events: Vec<OverflowEvent>,
}

/// How many overflows of a window are kept one by one.
pub const MAX_EVENTS: usize = 256;

/// A result that the register could not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverflowEvent {
    /// The listening neuron (its index in the layer's output tensor).
    pub neuron: u32,
    /// The step within the window; `None` for the start value.
    pub step: Option<u8>,
    /// What the register should have held.
    pub value: i64,
}

impl WindowTrace {
    /// Number of listening neurons.
    pub fn neurons(&self) -> usize {
        self.start.len()
    }

    /// U of every neuron after `step`, or before the first one.
    pub fn membranes_at(&self, step: Option<usize>) -> &[i32] {
        match step {
            None => &self.start,
            Some(step) => &self.membranes[step * self.neurons()..][..self.neurons()],
        }
    }
}

/// Writes down everything.
struct Recorder {
    trace: Trace,
}

impl Observer for Recorder {
    fn start(&mut self, layer: usize, membranes: &[i64]) {
        self.trace.windows[layer]
            .start
            .extend(membranes.iter().map(|&u| u as i32));
    }

    fn step(&mut self, layer: usize, _step: usize, currents: &[i64], membranes: &[i64]) {
        let window = &mut self.trace.windows[layer];
        window.currents.extend(currents.iter().map(|&i| i as i32));
        window.membranes.extend(membranes.iter().map(|&u| u as i32));
    }

    fn overflow(&mut self, layer: usize, step: Option<usize>, neuron: usize, value: i64) {
        let window = &mut self.trace.windows[layer];
        window.overflows += 1;
        if window.events.len() < MAX_EVENTS {
            let step = step.map(|s| s as u8);
            window.events.push(OverflowEvent {
                neuron: neuron as u32,
                step,
                value,
            });
        }
    }
}

/// Runs one sample through the spiking network and through the integer reference, and records all.
/// `simulator` and `reference` hold the codes and outputs of both afterwards.
pub fn trace(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    input: &[i32],
    simulator: &mut Simulator,
    reference: &mut Reference,
) -> Trace {
    let windows = spiking.layers.iter().map(|layer| {
        let values = layer.steps.len() * layer.connections.output.len();
        WindowTrace {
            planes: layer.steps.iter().map(|s| s.plane).collect(),
            currents: Packed(Vec::with_capacity(values)),
            membranes: Packed(Vec::with_capacity(values)),
            ..WindowTrace::default()
        }
    });
    let mut recorder = Recorder {
        trace: Trace {
            windows: windows.collect(),
        },
    };
    simulator.run(spiking, input, &mut recorder);
    reference.run(network, input);
    for (index, (window, layer)) in recorder.trace.windows.iter_mut().zip(&spiking.layers).enumerate() {
        window.sent = simulator.codes(layer.source).to_vec().into();
        window.spikes = window
            .planes
            .iter()
            .map(|&plane| {
                window
                    .sent
                    .iter()
                    .filter(|&&code| code::is_spike(code, plane))
                    .count() as u32
            })
            .collect();
        window.potentials = simulator
            .potentials(spiking, index)
            .map(|v| v as f32)
            .collect::<Vec<_>>()
            .into();
        if layer.fire.requantizer.output().is_some() {
            window.codes = simulator.codes(layer.target).to_vec().into();
            window.reference = reference.codes(layer.target).to_vec().into();
        }
    }
    recorder.trace
}
