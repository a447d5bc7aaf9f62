//! What a picture of a chip is drawn from, made once for a run.

use super::layout::Layout;
use crate::chip::Mapping;
use crate::web::plots::ByPtr;
use crate::web::views::words::{producer, short_name};
use crate::web::worker::{NetworkView, RunView};
use std::rc::Rc;
use yew::prelude::*;

/// What a core is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident {
    /// The tensor with most neurons on it.
    pub tensor: usize,
    /// The layer that fires it; `None` for the input.
    pub layer: Option<usize>,
}

/// What is where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Where cores and links lie.
    pub layout: Layout,
    /// What each core is drawn as; `None` where it holds nothing.
    pub residents: Vec<Option<Resident>>,
    /// A few letters for each tensor.
    pub names: Vec<String>,
}

impl Scene {
    /// The scene of a mapping.
    pub fn new(network: &NetworkView, mapping: &Mapping) -> Self {
        let mut most = vec![0; mapping.topology.cores()];
        let mut residents = vec![None; mapping.topology.cores()];
        // What comes in by a port is on no core.
        for slice in mapping.placed() {
            let neurons = slice.block.len();
            if let Some((most, resident)) = most.get_mut(slice.core).zip(residents.get_mut(slice.core))
                && neurons > *most
            {
                *most = neurons;
                let (tensor, layer) = (slice.tensor, producer(network, slice.tensor));
                *resident = Some(Resident { tensor, layer });
            }
        }
        Self {
            layout: Layout::new(&mapping.topology),
            residents,
            names: (0..network.tensors.len())
                .map(|tensor| short_name(network, tensor))
                .collect(),
        }
    }
}

/// The scene of a run; an empty one if its network does not fit.
#[hook]
pub fn use_scene(network: &ByPtr<NetworkView>, run: &ByPtr<RunView>) -> Rc<Scene> {
    use_memo((network.clone(), run.clone()), |(network, run)| match &run.chip {
        Err(_) => Scene::default(),
        Ok((mapping, _)) => Scene::new(network, mapping),
    })
}
