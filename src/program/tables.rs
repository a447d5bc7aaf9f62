//! What cores hold, hear and send, as tables.

use crate::chip::{Mapping, Router, Target};
use crate::simulate::Trace;
use crate::spiking::SpikingNetwork;
use serde::{Deserialize, Serialize};

/// A list that stands among the bytes if it is long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    transparent,
    bound(
        serialize = "T: crate::arrays::Element",
        deserialize = "T: crate::arrays::Element"
    )
)]
#[cfg_attr(test, schemars(bound = ""))]
pub(super) struct List<T>(
    #[serde(with = "crate::arrays")]
    #[cfg_attr(test, schemars(with = "crate::arrays::Stored"))]
    pub(super) Vec<T>,
);

/// When a layer listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WindowOf {
    /// The layer, by its index in the network.
    pub(super) layer: usize,
    /// Time steps before it, counted over all windows.
    pub(super) first_step: usize,
    /// Its time steps.
    pub(super) steps: usize,
}

/// Where the spikes of some neurons of a tensor go, in the window of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Route {
    /// The tensor whose neurons fire.
    pub(super) tensor: usize,
    /// The layer that listens.
    pub(super) layer: usize,
    /// The cores that each spike must reach, in ascending order; none where nobody listens.
    pub(super) cores: List<u32>,
    /// Synapses that a spike meets there, one number for each core.
    pub(super) synapses: List<u32>,
}

/// A core that holds neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Core {
    /// Its number.
    pub(super) core: usize,
    /// The router that it is at.
    pub(super) router: usize,
    /// The router's column.
    pub(super) x: usize,
    /// The router's row.
    pub(super) y: usize,
    /// Its neurons.
    pub(super) holds: Vec<Held>,
    /// Its routing table: where its neurons' spikes go.
    pub(super) sends: Vec<Sends>,
    /// Its axon table: what spikes arrive, and what they meet.
    pub(super) hears: Vec<Hears>,
}

/// Neurons of one tensor on a core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Held {
    /// The tensor: 0 is the input, layer i fires tensor i + 1.
    pub(super) tensor: usize,
    /// Which slice of it, counted as its tiling lays them out.
    pub(super) slice: usize,
    /// First channel, and the one behind the last.
    pub(super) channels: [usize; 2],
    /// First row, and the one behind the last.
    pub(super) rows: [usize; 2],
    /// First column, and the one behind the last.
    pub(super) columns: [usize; 2],
    /// Which part of their inputs they listen to here; they fire where it is 0.
    pub(super) part: usize,
}

/// Neurons of a core whose spikes take the same route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Sends {
    /// The route, by its index.
    pub(super) route: usize,
    /// The neurons, by their index in the route's tensor.
    pub(super) neurons: List<u32>,
}

/// Axons that arrive at a core by the same route.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Hears {
    /// The route, by its index; its neurons are those of the cores that send by it.
    pub(super) route: usize,
    /// How many neurons these are: each is an axon.
    pub(super) axons: usize,
    /// Synapses that each meets here.
    pub(super) synapses: u32,
}

/// A sample as spikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Sample {
    /// The codes of the input.
    pub(super) input: List<i32>,
    /// Every time step of every window.
    pub(super) steps: Vec<Firing>,
    /// For every layer and dendrite, the membranes behind the last step of its window.
    pub(super) membranes: Vec<Vec<List<i32>>>,
}

/// Who fires in a time step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Firing {
    /// The layer that listens.
    pub(super) layer: usize,
    /// The step of its window.
    pub(super) step: usize,
    /// The neurons that fire, tensor by tensor.
    pub(super) fired: Vec<Fired>,
}

/// Neurons of a tensor that fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Fired {
    /// The tensor.
    pub(super) tensor: usize,
    /// The neurons, by their index in it.
    pub(super) neurons: List<u32>,
}

/// When each layer listens.
pub(super) fn windows(network: &SpikingNetwork) -> Vec<WindowOf> {
    let mut first_step = 0;
    let of = |(layer, steps): (usize, usize)| {
        let window = WindowOf {
            layer,
            first_step,
            steps,
        };
        first_step += steps;
        window
    };
    let steps = network.layers.iter().map(|layer| layer.window());
    steps.enumerate().map(of).collect()
}

/// The routes, and the tables of every core that holds neurons.
pub(super) fn of(network: &SpikingNetwork, router: &Router) -> (Vec<Route>, Vec<Core>) {
    let mapping = router.mapping();
    let mut cores = held(mapping);
    let mut index_of = vec![usize::MAX; mapping.topology.cores()];
    for (index, core) in cores.iter().enumerate() {
        index_of[core.core] = index;
    }
    let mut routes = Vec::new();
    for targets in router.targets().iter().flatten() {
        let first = routes.len();
        let mut axons = vec![0; targets.groups()];
        targets
            .group_of()
            .iter()
            .for_each(|&group| axons[group as usize] += 1);
        for (group, &axons) in axons.iter().enumerate() {
            let reached = targets.of_group(group);
            for &Target { core, synapses } in reached {
                cores[index_of[core as usize]].hears.push(Hears {
                    route: first + group,
                    axons,
                    synapses,
                });
            }
            routes.push(Route {
                tensor: targets.source,
                layer: targets.layer,
                cores: List(reached.iter().map(|target| target.core).collect()),
                synapses: List(reached.iter().map(|target| target.synapses).collect()),
            });
        }
        for core in &mut cores {
            send(core, mapping, targets.source, targets.group_of(), first);
        }
    }
    debug_assert_eq!(network.layers.len() + 1, mapping.tilings.len());
    (routes, cores)
}

/// Adds where the neurons of a tensor on a core send to.
fn send(core: &mut Core, mapping: &Mapping, tensor: usize, group_of: &[u32], first: usize) {
    let volume = mapping.tilings[tensor].volume;
    let is_firing = |held: &&Held| held.tensor == tensor && held.part == 0;
    let mut neurons: Vec<(u32, u32)> = Vec::new();
    for held in core.holds.iter().filter(is_firing) {
        let (block, _) = mapping.tilings[tensor].slice(held.slice);
        let runs = block.runs(volume).flatten();
        neurons.extend(runs.map(|neuron| (group_of[neuron], neuron as u32)));
    }
    neurons.sort_unstable();
    for same in neurons.chunk_by(|(a, _), (b, _)| a == b) {
        core.sends.push(Sends {
            route: first + same[0].0 as usize,
            neurons: List(same.iter().map(|&(_, neuron)| neuron).collect()),
        });
    }
}

/// The cores that hold neurons, in ascending order, without their routing and axon tables.
fn held(mapping: &Mapping) -> Vec<Core> {
    let topology = &mapping.topology;
    let mut holds: Vec<Vec<Held>> = vec![Vec::new(); topology.cores()];
    for (index, slice) in mapping.slices.iter().enumerate() {
        let block = &slice.block;
        holds[slice.core].push(Held {
            tensor: slice.tensor,
            slice: index - mapping.first_slice[slice.tensor],
            channels: [block.channels.start, block.channels.end],
            rows: [block.rows.start, block.rows.end],
            columns: [block.columns.start, block.columns.end],
            part: slice.part,
        });
    }
    let used = holds
        .into_iter()
        .enumerate()
        .filter(|(_, holds)| !holds.is_empty());
    used.map(|(core, holds)| {
        let router = topology.router_of(core);
        let (x, y) = topology.position(router);
        Core {
            core,
            router,
            x,
            y,
            holds,
            sends: Vec::new(),
            hears: Vec::new(),
        }
    })
    .collect()
}

impl Sample {
    /// All spikes of a sample that ran.
    pub(super) fn new(trace: &Trace, router: &Router) -> Self {
        let mut steps = Vec::with_capacity(trace.steps());
        for (layer, window) in trace.windows.iter().enumerate() {
            for step in 0..window.steps() {
                let fired = router.targets()[layer].iter().filter_map(|targets| {
                    let code = trace.spike_codes[targets.source]?;
                    let &plane = window.dendrites[targets.dendrite].planes.get(step)?;
                    let codes = trace.codes(targets.source).iter().enumerate();
                    let neurons = codes.filter(|&(_, &x)| code.is_spike(x, plane));
                    Some(Fired {
                        tensor: targets.source,
                        neurons: List(neurons.map(|(neuron, _)| neuron as u32).collect()),
                    })
                });
                steps.push(Firing {
                    layer,
                    step,
                    fired: fired.collect(),
                });
            }
        }
        let membranes = |dendrite: &crate::simulate::DendriteTrace| {
            List(
                dendrite
                    .membranes_at(dendrite.planes.len().checked_sub(1))
                    .to_vec(),
            )
        };
        Self {
            input: List(trace.input.to_vec()),
            steps,
            membranes: trace
                .windows
                .iter()
                .map(|window| window.dendrites.iter().map(membranes).collect())
                .collect(),
        }
    }
}
