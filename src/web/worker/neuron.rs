//! How one neuron of the last run came to what it fires.

use super::messages::{Synapses, TracedNeuron};
use crate::explore::{DendriteProvenance, SourceProvenance, Tracer, receptive_field};
use crate::quantize::QuantizedNetwork;
use crate::simulate::Packed;
use crate::spiking::SpikingNetwork;
use std::rc::Rc;

/// Sources of a dendrite that are told with their digits, for pictures.
const TOLD: usize = 12;

/// A run that can be asked about its neurons.
pub(super) struct Tracing {
    network: Rc<SpikingNetwork>,
    input: Vec<i32>,
    /// Made at the first question: it takes a run of its own.
    tracer: Option<Tracer<Rc<SpikingNetwork>>>,
}

impl Tracing {
    /// Of a run with this input.
    pub fn new(network: Rc<SpikingNetwork>, input: Vec<i32>) -> Self {
        Self {
            network,
            input,
            tracer: None,
        }
    }

    /// All about a neuron; `None` if there is no such layer or neuron.
    pub fn trace(
        &mut self,
        quantized: &QuantizedNetwork,
        layer: usize,
        neuron: usize,
    ) -> Option<TracedNeuron> {
        let (network, input) = (&self.network, &self.input);
        let tracer = self
            .tracer
            .get_or_insert_with(|| Tracer::new(quantized, network.clone(), input));
        let mut told = tracer.provenance(layer, neuron, usize::MAX)?;
        let synapses = told.dendrites.iter_mut().map(take_synapses).collect();
        Some(TracedNeuron {
            field: receptive_field(network, layer, neuron).into(),
            told,
            synapses,
        })
    }
}

/// All synapses as arrays; the first ones stay where they are as well.
fn take_synapses(dendrite: &mut DendriteProvenance) -> Synapses {
    fn column<T>(sources: &[SourceProvenance], get: impl Fn(&SourceProvenance) -> T) -> Packed<T> {
        Packed(sources.iter().map(get).collect())
    }
    let sources = &mut dendrite.sources;
    let synapses = Synapses {
        tensors: column(sources, |source| source.tensor as u32),
        neurons: column(sources, |source| source.neuron as u32),
        weights: column(sources, |source| source.weight as i32),
        codes: column(sources, |source| source.code),
    };
    sources.truncate(TOLD);
    synapses
}
