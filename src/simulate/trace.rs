//! Everything recorded of one sample: what the page draws.

use super::{Observer, Packed, Simulator, Site};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::{SpikeCode, SpikingLayer, SpikingNetwork};
use serde::{Deserialize, Serialize};

/// All that happened while one sample went through the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The input's codes.
    pub input: Packed<i32>,
    /// How each tensor's neurons send their codes; `None` where it holds real numbers.
    pub spike_codes: Vec<Option<SpikeCode>>,
    /// One window per layer, in running order.
    pub windows: Vec<WindowTrace>,
}

impl Trace {
    /// The codes that the neurons of a tensor send: the input's, or what the layer before it fired.
    pub fn codes(&self, tensor: usize) -> &[i32] {
        match tensor.checked_sub(1) {
            None => &self.input,
            Some(layer) => &self.windows[layer].codes,
        }
    }

    /// Time steps of all windows, one window after the other.
    pub fn steps(&self) -> usize {
        self.windows.iter().map(WindowTrace::steps).sum()
    }

    /// The window that a time step lies in, and the step within it; the last one if `step` is
    /// beyond the end, `None` if there are no windows.
    pub fn locate(&self, step: usize) -> Option<(usize, usize)> {
        let mut first = 0;
        for (index, window) in self.windows.iter().enumerate() {
            let steps = window.steps();
            if step < first + steps {
                return Some((index, step - first));
            }
            first += steps;
        }
        let last = self.windows.last()?;
        Some((self.windows.len() - 1, last.steps().saturating_sub(1)))
    }
}

/// One layer's listening window: the steps in which the codes of its sources arrive digit by digit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowTrace {
    /// What each of the layer's dendrites received and integrated; most layers have one.
    pub dendrites: Vec<DendriteTrace>,
    /// V, what fires, in codes (before rounding, with the output's zero point).
    pub potentials: Packed<f32>,
    /// The codes that are fired; empty where the network's output is a real number.
    pub codes: Packed<i32>,
    /// The integer reference's codes for the same sample; empty as above.
    pub reference: Packed<i32>,
    /// How often a result fell outside the register.
    pub overflows: u64,
    /// The first of those, at most [`MAX_EVENTS`].
    pub events: Vec<OverflowEvent>,
}

/// What one dendrite of a layer received and integrated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DendriteTrace {
    /// The codes that are sent, one per neuron that is seen; the silent code where nothing is connected.
    pub sent: Packed<i32>,
    /// The digit λ that is sent at each step.
    pub planes: Vec<u8>,
    /// I_t before M_0, step-major: `currents[step · neurons + neuron]`. With weighted accumulation
    /// it holds the digit's weight c_t, with shifting only its sign.
    pub currents: Packed<i32>,
    /// U before the first step, one per neuron.
    pub start: Packed<i32>,
    /// U after each step, step-major: `membranes[step · neurons + neuron]`.
    pub membranes: Packed<i32>,
    /// Spikes sent in each step.
    pub spikes: Vec<u32>,
}

/// How many overflows of a window are kept one by one.
pub const MAX_EVENTS: usize = 256;

/// A result that the register could not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverflowEvent {
    /// The dendrite whose register it was.
    pub dendrite: u8,
    /// The listening neuron (its index in the layer's output tensor).
    pub neuron: u32,
    /// The step within the window; `None` for the start value.
    pub step: Option<u8>,
    /// What the register should have held.
    pub value: i64,
}

impl WindowTrace {
    /// The first dendrite: of most layers the only one.
    ///
    /// # Panics
    /// If there is none, which no recorded window is without.
    pub fn main(&self) -> &DendriteTrace {
        &self.dendrites[0]
    }

    /// Steps of the window: those of the dendrite that listens longest.
    pub fn steps(&self) -> usize {
        self.dendrites.iter().map(|d| d.planes.len()).max().unwrap_or(0)
    }
}

impl DendriteTrace {
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

impl Recorder {
    fn dendrite(&mut self, site: Site) -> &mut DendriteTrace {
        &mut self.trace.windows[site.layer].dendrites[site.dendrite]
    }
}

impl Observer for Recorder {
    fn start(&mut self, site: Site, membranes: &[i64]) {
        self.dendrite(site)
            .start
            .extend(membranes.iter().map(|&u| u as i32));
    }

    fn step(&mut self, site: Site, _step: usize, currents: &[i64], membranes: &[i64]) {
        let dendrite = self.dendrite(site);
        dendrite.currents.extend(currents.iter().map(|&i| i as i32));
        dendrite.membranes.extend(membranes.iter().map(|&u| u as i32));
    }

    fn overflow(&mut self, site: Site, step: Option<usize>, neuron: usize, value: i64) {
        let window = &mut self.trace.windows[site.layer];
        window.overflows += 1;
        if window.events.len() < MAX_EVENTS {
            let (dendrite, step) = (site.dendrite as u8, step.map(|s| s as u8));
            window.events.push(OverflowEvent {
                dendrite,
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
    let windows = spiking.layers.iter().map(empty_window).collect();
    let mut recorder = Recorder {
        trace: Trace {
            input: input.to_vec().into(),
            spike_codes: spiking.codes.clone(),
            windows,
        },
    };
    simulator.run(spiking, input, &mut recorder);
    reference.run(network, input);
    for (index, (window, layer)) in recorder.trace.windows.iter_mut().zip(&spiking.layers).enumerate() {
        for (recorded, dendrite) in window.dendrites.iter_mut().zip(&layer.dendrites) {
            dendrite
                .view
                .collect(simulator.all_codes(), dendrite.code.silent(), &mut recorded.sent);
            let sent = |&plane: &u8| {
                recorded
                    .sent
                    .iter()
                    .filter(|&&code| dendrite.code.is_spike(code, plane))
                    .count()
            };
            recorded.spikes = recorded.planes.iter().map(|plane| sent(plane) as u32).collect();
        }
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

fn empty_window(layer: &SpikingLayer) -> WindowTrace {
    let dendrites = layer.dendrites.iter().map(|dendrite| {
        let values = dendrite.steps.len() * layer.neurons();
        DendriteTrace {
            planes: dendrite.steps.iter().map(|s| s.plane).collect(),
            currents: Packed(Vec::with_capacity(values)),
            membranes: Packed(Vec::with_capacity(values)),
            ..DendriteTrace::default()
        }
    });
    WindowTrace {
        dendrites: dendrites.collect(),
        ..WindowTrace::default()
    }
}
