//! What the user has chosen, once for all pictures.

/// The chosen neuron and core. Choosing one anywhere shows it everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The layer of the chosen neuron (an index into `NetworkView::layers`).
    pub layer: usize,
    /// The chosen neuron, an index into the layer's output tensor.
    pub neuron: usize,
    /// The core that is looked at; `None` for the chosen neuron's own.
    pub core: Option<usize>,
    /// The neuron whose spikes are followed over the chip, as (tensor, neuron): the input's have a tensor too.
    pub spike: Option<(usize, usize)>,
}

/// A change of the [`Selection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// A neuron of a layer.
    Neuron {
        /// The layer.
        layer: usize,
        /// Its neuron.
        neuron: usize,
    },
    /// A core; `None` goes back to the chosen neuron's own.
    Core(Option<usize>),
    /// A neuron of a tensor whose spikes are followed; none of them.
    Spike(Option<(usize, usize)>),
}
