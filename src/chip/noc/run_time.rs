//! How long a sample takes: time steps of layers one after another, and of all layers at once.

use super::{Counts, LatencySummary, NetworkGroups, Noc, NocError, StepTime};
use crate::chip::{Mapping, Router};
use crate::simulate::Trace;
use serde::{Deserialize, Serialize};

/// The time steps of a window: of one layer, or of all layers together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowTime {
    /// Step by step.
    pub steps: Vec<StepTime>,
    /// Neurons on the fullest core that are updated in each step.
    pub updates: Vec<u64>,
}

/// The window of a layer, to be timed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerWindow {
    /// Its time steps.
    pub steps: usize,
    /// Neurons of the layer on each core, by the core's number; cores that are not in the list have none.
    pub neurons: Vec<u64>,
}

impl WindowTime {
    /// Cycles of all steps, each until its last spike has been delivered and added up. What comes to a step besides
    /// (updating neurons, the barrier) isn't in it: [`Clock`](super::Clock) adds that.
    pub fn cycles(&self) -> u64 {
        self.steps.iter().map(|step| step.integrated).sum()
    }
}

/// The link that is closest to its limit, in the step in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusiestLink {
    /// The layer whose window it is; `None` where all layers work at once.
    pub layer: Option<usize>,
    /// The time step of that window.
    pub step: usize,
    /// The link, by its number in the [`Topology`](crate::chip::Topology).
    pub link: usize,
    /// Flits that it carried.
    pub flits: u64,
    /// Cycles that the step took.
    pub cycles: u64,
}

impl BusiestLink {
    /// The share of cycles in which it carried a flit, from 0 to 1.
    pub fn load(&self) -> f64 {
        self.flits as f64 / self.cycles as f64
    }

    /// A bound on how much denser the traffic could be: that many times as many spikes in the same number of
    /// cycles, and this link would never rest. Queues fill before that: [`Noc::saturation`] finds where.
    pub fn headroom(&self) -> f64 {
        self.cycles as f64 / self.flits as f64
    }
}

/// What routers did in some windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Congestion {
    /// Counts of all steps.
    pub counts: Counts,
    /// How long packets took.
    pub latency: LatencySummary,
    /// The link that is closest to its limit, of all steps; `None` if no packet used any.
    pub busiest_link: Option<BusiestLink>,
}

/// How long a network takes, in cycles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunTime {
    /// Each layer's window, with the chip to itself.
    pub windows: Vec<WindowTime>,
    /// What routers did in them.
    pub alone: Congestion,
    /// One beat of the pipeline: the windows of all layers at once, each working on another sample.
    pub beat: WindowTime,
    /// What routers did in it.
    pub together: Congestion,
}

impl RunTime {
    /// Times a traced sample, time steps for partial sums included, on the mapping of `router`, from which `groups` were made, and `noc` from these.
    ///
    /// # Errors
    /// Those of [`Noc::run`].
    pub fn of_trace(
        noc: &mut Noc,
        groups: &NetworkGroups,
        router: &Router,
        trace: &Trace,
    ) -> Result<Self, NocError> {
        let steps = groups.steps(router, trace);
        let layers = steps.iter().enumerate().map(|(layer, steps)| LayerWindow {
            steps: steps.len(),
            neurons: neurons(router.mapping(), layer),
        });
        let layers: Vec<LayerWindow> = layers.collect();
        Self::measure(noc, &layers, |layer, step, list| {
            list.extend_from_slice(&steps[layer][step].spikes);
        })
    }

    /// Carries the spikes of windows, layer by layer and then all layers at once. `spikes(layer, step, list)` appends
    /// the groups of a step's spikes to a list.
    ///
    /// In a beat, step s of every layer with that many steps is one step of the chip: its barrier waits for all of
    /// them. If `spikes` are all of one sample, they stand for those of as many consecutive ones.
    ///
    /// # Errors
    /// Those of [`Noc::run`].
    pub fn measure(
        noc: &mut Noc,
        layers: &[LayerWindow],
        mut spikes: impl FnMut(usize, usize, &mut Vec<u32>),
    ) -> Result<Self, NocError> {
        let mut list = Vec::new();
        let mut alone = Meter::new(noc);
        let mut windows = Vec::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            let mut window = WindowTime::default();
            for step in 0..layer.steps {
                list.clear();
                spikes(index, step, &mut list);
                window.steps.push(alone.run(noc, Some(index), step, &list)?);
                window.updates.push(fullest(&[layer]));
            }
            windows.push(window);
        }
        let mut together = Meter::new(noc);
        let mut beat = WindowTime::default();
        for step in 0..layers.iter().map(|layer| layer.steps).max().unwrap_or(0) {
            list.clear();
            let working = || (0..layers.len()).filter(|&layer| step < layers[layer].steps);
            working().for_each(|layer| spikes(layer, step, &mut list));
            beat.steps.push(together.run(noc, None, step, &list)?);
            beat.updates.push(fullest(
                &working().map(|layer| &layers[layer]).collect::<Vec<_>>(),
            ));
        }
        Ok(Self {
            windows,
            alone: alone.finish(),
            beat,
            together: together.finish(),
        })
    }

    /// Cycles of one sample that has the chip to itself: all windows, one after the other.
    pub fn sequential(&self) -> u64 {
        self.windows.iter().map(WindowTime::cycles).sum()
    }

    /// Cycles from one sample to the next when layers work on consecutive samples at once.
    pub fn beat_cycles(&self) -> u64 {
        self.beat.cycles()
    }

    /// Cycles of one sample in the pipeline: a beat in each layer.
    pub fn pipelined(&self) -> u64 {
        self.beat_cycles() * self.windows.len() as u64
    }

    /// The layer whose window is longest, the first of several: with a mesh for each layer, the pipeline would beat as
    /// fast as this one.
    pub fn slowest_layer(&self) -> Option<usize> {
        let windows = self.windows.iter().map(WindowTime::cycles).enumerate();
        let slowest = windows.max_by_key(|&(layer, cycles)| (cycles, std::cmp::Reverse(layer)))?;
        Some(slowest.0)
    }
}

/// Neurons of a layer on each core.
fn neurons(mapping: &Mapping, layer: usize) -> Vec<u64> {
    let mut neurons = vec![0; mapping.topology.cores()];
    for slice in mapping.slices_of(layer + 1) {
        neurons[slice.core] += slice.block.len() as u64;
    }
    neurons
}

/// Neurons that the fullest core updates for these layers.
fn fullest(layers: &[&LayerWindow]) -> u64 {
    let cores = layers.iter().map(|layer| layer.neurons.len()).max().unwrap_or(0);
    let on = |core: usize| layers.iter().filter_map(|layer| layer.neurons.get(core)).sum();
    (0..cores).map(on).max().unwrap_or(0)
}

/// Adds steps up.
struct Meter {
    counts: Counts,
    busiest: Option<BusiestLink>,
}

impl Meter {
    fn new(noc: &mut Noc) -> Self {
        noc.clear_counts();
        Self {
            counts: noc.counts().clone(),
            busiest: None,
        }
    }

    fn run(
        &mut self,
        noc: &mut Noc,
        layer: Option<usize>,
        step: usize,
        spikes: &[u32],
    ) -> Result<StepTime, NocError> {
        noc.clear_counts();
        let time = noc.run(spikes)?;
        let counts = noc.counts();
        self.counts.merge(counts);
        if let Some((link, flits)) = counts.busiest_link() {
            let cycles = time.integrated;
            let is_busier = |than: BusiestLink| {
                u128::from(flits) * u128::from(than.cycles) > u128::from(than.flits) * u128::from(cycles)
            };
            if self.busiest.is_none_or(is_busier) {
                self.busiest = Some(BusiestLink {
                    layer,
                    step,
                    link,
                    flits,
                    cycles,
                });
            }
        }
        Ok(time)
    }

    fn finish(self) -> Congestion {
        Congestion {
            latency: self.counts.latency.summary(),
            counts: self.counts,
            busiest_link: self.busiest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::noc::{Destination, Groups, RouterModel};
    use crate::chip::{DIRECTIONS, Delivery, Routing, Topology};

    fn layers(steps: &[usize]) -> Vec<LayerWindow> {
        let layer = |&steps: &usize| LayerWindow {
            steps,
            neurons: vec![0, 0, 3, steps as u64],
        };
        steps.iter().map(layer).collect()
    }

    /// Layer 0 is on cores 0 and 1, layer 1 on core 2 and layer 2 on core 3 of a row of four.
    fn row() -> (Noc, [u32; 3]) {
        let mut groups = Groups::new();
        let to = |core, operations| [Destination { core, operations }];
        let list = [
            groups.add(0, &to(2, 1)),
            groups.add(1, &to(2, 1)),
            groups.add(2, &to(3, 5)),
        ];
        let (topology, model) = (Topology::mesh(4, 1), RouterModel::default());
        (
            Noc::new(&topology, Routing::Xy, Delivery::Unicast, model, groups).unwrap(),
            list,
        )
    }

    #[test]
    fn layers_one_after_another_take_the_sum_and_in_a_pipeline_the_slowest_step_counts() {
        let (mut noc, [far, near, next]) = row();
        let spikes = |layer: usize, step: usize, list: &mut Vec<u32>| match (layer, step) {
            (0, 0) => list.extend([far, near]),
            (0, 1) => list.push(near),
            (1, 0) => list.extend([next, next]),
            _ => {}
        };
        let time = RunTime::measure(&mut noc, &layers(&[2, 3]), spikes).unwrap();
        let cycles = |window: &WindowTime| window.steps.iter().map(|s| s.integrated).collect::<Vec<_>>();
        // Delivered after 2 and 3 cycles, a cycle each to add up.
        assert_eq!(cycles(&time.windows[0]), [3 + 1, 2 + 1]);
        // The first arrives after 2 cycles and takes 5, so does the second behind it.
        assert_eq!(cycles(&time.windows[1]), [2 + 10, 0, 0]);
        assert_eq!((time.sequential(), time.slowest_layer()), (7 + 12, Some(1)));
        assert_eq!(cycles(&time.beat), [12, 3, 0]);
        assert_eq!((time.beat_cycles(), time.pipelined()), (15, 30));
        assert_eq!(
            (&time.windows[0].updates[..], &time.beat.updates[..]),
            (&[3, 3][..], &[6, 6, 3][..])
        );
        assert_eq!(time.alone.counts, time.together.counts);
        assert_eq!(time.alone.latency.packets, 5);
    }

    #[test]
    fn the_busiest_link_is_the_one_that_rests_least() {
        let (mut noc, [far, near, next]) = row();
        let spikes = |layer: usize, _: usize, list: &mut Vec<u32>| match layer {
            0 => list.extend([far, near, near, near]),
            _ => list.extend([next; 9]),
        };
        let time = RunTime::measure(&mut noc, &layers(&[1, 1]), spikes).unwrap();
        let link = time.alone.busiest_link.unwrap();
        // Four flits over 1 → 2 in 6 cycles (router 2 is left and the packet added up in the last two).
        assert_eq!((link.layer, link.step, link.link), (Some(0), 0, DIRECTIONS));
        assert_eq!((link.flits, link.cycles), (4, 6));
        assert_eq!((link.load(), link.headroom()), (4.0 / 6.0, 1.5));
        assert_eq!(time.together.busiest_link.unwrap().layer, None);
    }

    #[test]
    fn without_layers_or_spikes_nothing_takes_time() {
        let (mut noc, _) = row();
        let none = RunTime::measure(&mut noc, &layers(&[]), |_, _, _| {}).unwrap();
        assert_eq!(
            (none.sequential(), none.pipelined(), none.slowest_layer()),
            (0, 0, None)
        );
        let quiet = RunTime::measure(&mut noc, &layers(&[3, 1]), |_, _, _| {}).unwrap();
        assert_eq!((quiet.sequential(), quiet.beat.steps.len()), (0, 3));
        assert_eq!(quiet.alone.busiest_link, None);
        assert_eq!(quiet.alone.latency.mean, None);
    }
}
