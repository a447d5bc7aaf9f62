//! The spikes of a traced sample, as groups.

use super::{Destination, Groups};
use crate::chip::Router;
use crate::simulate::Trace;
use std::collections::HashMap;

/// The groups of a mapped network, and which one each neuron belongs to. Made once per network and mapping, used
/// for every sample.
#[derive(Clone, Debug)]
pub struct NetworkGroups {
    groups: Groups,
    /// For every layer, and every tensor that it listens to: the group of each neuron.
    group_of: Vec<Vec<Vec<u32>>>,
}

impl NetworkGroups {
    /// Groups neurons that are on one core and whose spikes meet the same synapses on the same cores.
    pub fn new(router: &Router) -> Self {
        let mut groups = Groups::new();
        let mut destinations = Vec::new();
        let layers = router.targets().iter().map(|layer| {
            let tensors = layer.iter().map(|targets| {
                let mut group_of = vec![0; targets.group_of().len()];
                for sender in router.senders(targets.source) {
                    let mut known = HashMap::new();
                    for neuron in sender.runs.iter().cloned().flatten() {
                        let group = targets.group_of()[neuron];
                        group_of[neuron] = *known.entry(group).or_insert_with(|| {
                            destinations.clear();
                            destinations.extend(targets.of_group(group as usize).iter().map(|target| {
                                Destination {
                                    core: target.core,
                                    operations: target.synapses,
                                }
                            }));
                            groups.add(sender.core as u32, &destinations)
                        });
                    }
                }
                group_of
            });
            tensors.collect()
        });
        Self {
            group_of: layers.collect(),
            groups,
        }
    }

    /// The groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Appends the groups of the spikes that travel in one time step of a layer's window, in the order in which the
    /// neurons of a core fire. `router` is the one that this was made for.
    pub fn spikes(&self, router: &Router, trace: &Trace, window: usize, step: usize, spikes: &mut Vec<u32>) {
        let layers = router.targets().get(window).zip(self.group_of.get(window));
        let Some((window, (targets, groups))) = trace.windows.get(window).zip(layers) else {
            return;
        };
        for (targets, group_of) in targets.iter().zip(groups) {
            let plane = window.dendrites[targets.dendrite].planes.get(step);
            let (Some(code), Some(&plane)) = (trace.spike_codes[targets.source], plane) else {
                continue;
            };
            let codes = trace.codes(targets.source);
            for run in router
                .senders(targets.source)
                .iter()
                .flat_map(|sender| &sender.runs)
            {
                let neurons = codes[run.clone()].iter().zip(&group_of[run.clone()]);
                spikes.extend(
                    neurons
                        .filter(|&(&x, _)| code.is_spike(x, plane))
                        .map(|(_, &group)| group),
                );
            }
        }
    }
}
