//! What lessons measure, all from the engine's answers to what is set and shown now.

use crate::explore::Agreement;
use crate::settings::Settings;
use crate::web::state::{SampleChoice, Shown, State};
use crate::web::views::{spike_code, spikes_of};
use crate::web::worker::RunView;
use std::rc::Rc;

/// What all samples said of some settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The settings.
    pub settings: Settings,
    /// Samples whose label is the quantized network's.
    pub labels: usize,
    /// All samples.
    pub samples: usize,
    /// How often the right answer came, where it is known.
    pub accuracy: Option<f64>,
}

impl Trial {
    /// What the state's counts say of its settings, once all samples are counted.
    pub fn of(state: &State) -> Option<Self> {
        let counts = counted(state)?;
        Some(Self {
            settings: state.settings,
            labels: counts.labels_equal,
            samples: counts.total,
            accuracy: counts.quality.as_ref().and_then(|quality| quality.spiking()),
        })
    }

    /// The share of samples that keep their label.
    pub fn kept(&self) -> f64 {
        self.labels as f64 / self.samples.max(1) as f64
    }
}

/// The counts over all samples for what is set now; `None` until all are counted.
pub fn counted(state: &State) -> Option<Rc<Agreement>> {
    let counts = state.agreement.as_ref()?;
    let is_of_now = is_ready(state)
        && counts.settings == state.settings
        && counts.model == state.loaded.as_ref()?.load.epoch;
    let is_whole = counts.agreement.total > 0 && counts.agreement.counted == counts.agreement.total;
    (is_of_now && is_whole).then(|| counts.agreement.clone())
}

/// Whether the model that is wanted is the one in use.
pub fn is_ready(state: &State) -> bool {
    let loaded = state.loaded.as_ref();
    !state.is_loading && loaded.is_some_and(|loaded| state.wanted.as_ref() == Some(&loaded.load.choice))
}

/// The run for what is set and chosen now; `None` until it is there.
pub fn settled(state: &State) -> Option<&Shown> {
    let shown = state.shown.as_ref().filter(|_| is_ready(state))?;
    let is_of_now = shown.run.settings == state.settings && Some(&shown.sample) == state.sample.as_ref();
    is_of_now.then_some(shown)
}

/// Hops of all packets of a run; `None` where it fits on no chip.
pub fn hops(run: &RunView) -> Option<u64> {
    let (_, traffic) = run.chip.as_ref().ok()?;
    Some(traffic.hops.iter().sum())
}

/// How near a neuron's membrane comes to the end of its register, as a share of it; 0 for a neuron without one.
pub fn nearness(run: &RunView, layer: usize, neuron: usize) -> f64 {
    let limit = 2f64.powi(i32::from(run.settings.conversion.register_bits) - 1);
    let Some(window) = run.trace.windows.get(layer) else {
        return 0.0;
    };
    let values = window.dendrites.iter().flat_map(|dendrite| {
        let neurons = dendrite.start.len().max(1);
        let later = dendrite.membranes.iter().skip(neuron).step_by(neurons);
        dendrite.start.get(neuron).into_iter().chain(later)
    });
    let share = |&u: &i32| {
        // The register reaches one further below zero than above.
        let u = f64::from(u);
        if u < 0.0 { -u / limit } else { u / (limit - 1.0) }
    };
    values.map(share).fold(0.0, f64::max)
}

/// The same of whichever neuron comes nearest.
pub fn nearest(run: &RunView) -> f64 {
    let layers = run.trace.windows.iter().enumerate();
    let neurons = layers.flat_map(|(layer, window)| {
        let count = window
            .dendrites
            .first()
            .map_or(0, |dendrite| dendrite.start.len());
        (0..count).map(move |neuron| nearness(run, layer, neuron))
    });
    neurons.fold(0.0, f64::max)
}

/// The code that most of the input's neurons send, and the spikes that it takes.
pub fn background(run: &RunView) -> Option<(i32, u64)> {
    let mut codes = run.trace.input.to_vec();
    codes.sort_unstable();
    let commonest = codes
        .chunk_by(|a, b| a == b)
        .max_by_key(|same| same.len())?
        .first()
        .copied()?;
    Some((commonest, spikes_of(&[commonest], spike_code(run, 0))))
}

/// Packets over the busiest link that begins or ends at a core, and over the busiest of all.
pub fn busiest_links(run: &RunView, core: Option<usize>) -> Option<(u64, u64)> {
    let (mapping, traffic) = run.chip.as_ref().ok()?;
    let router = core.map(|core| mapping.topology.router_of(core));
    let packets = traffic.total(&traffic.links, 0..traffic.steps);
    let here = packets.iter().enumerate().filter(|(link, _)| {
        let ends = mapping.topology.link_ends(*link);
        ends.is_some_and(|(from, to)| Some(from) == router || Some(to) == router)
    });
    let here = here.map(|(_, &packets)| packets).max().unwrap_or(0);
    Some((here, packets.iter().copied().max().unwrap_or(0)))
}

/// A sample whose label the spiking network gets otherwise than the quantized one.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// The sample.
    pub sample: SampleChoice,
    /// The settings.
    pub settings: Settings,
}

impl Flip {
    /// The flip that is shown now.
    pub fn of(state: &State) -> Option<Self> {
        let shown = settled(state)?;
        (shown.run.winner != shown.run.reference_winner).then(|| Self {
            sample: shown.sample.clone(),
            settings: state.settings,
        })
    }
}
