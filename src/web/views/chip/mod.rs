//! The view of the chip: cores and links, what travels over them, what it costs, and whether a network fits.

mod compare;
mod core;
mod counts;
mod energy;
mod fit;
mod form;
mod layout;
mod matrix;
mod misfit;
mod picture;
mod raster;
mod scene;
mod time;
mod view;
mod words;

use crate::web::plots::ByPtr;
use crate::web::state::{Dispatch, Shown, State};
use std::rc::Rc;
use yew::prelude::*;

pub use core::route_links;
pub use counts::{Measure, Scope, use_counts};
pub use misfit::misfit;
pub use picture::CorePicture;
pub use scene::use_scene;
pub use view::{ChipLook, ChipView, ChipViewProps};
pub use words::{core_name, describe, link_name, summary};

use crate::chip::Mapping;
use crate::web::selection::Selection;
use crate::web::worker::NetworkView;
use rust_i18n::t;

/// The core that is looked at: the chosen one, or that of the chosen neuron.
pub fn chosen_core(network: &NetworkView, mapping: &Mapping, selection: &Selection) -> usize {
    let own = network.layers.get(selection.layer).and_then(|layer| {
        let neurons = layer.connections.output.len();
        (selection.neuron < neurons).then(|| mapping.core_of(layer.target, selection.neuron))
    });
    let cores = mapping.topology.cores();
    selection.core.or(own).filter(|&core| core < cores).unwrap_or(0)
}

/// The view; see [`Draw`](crate::web::lazy::Draw).
pub fn draw(now: &Rc<State>, shown: &Shown, dispatch: &Dispatch) -> Html {
    html! {
        <ChipView network={ByPtr(shown.network.clone())} run={ByPtr(shown.run.clone())} step={now.playhead.step}
            selection={now.selection} look={now.chip_look} known={now.known_chip.clone()} route={now.route.clone()}
            pinned={now.pinned.clone()} is_own={now.own_chip.is_some()} placing={now.placing} dispatch={dispatch.clone()} />
    }
}

/// What a picture of cores says to those who can't see it.
pub fn core_label(words: &[String]) -> String {
    t!("chip.label", words = words.join(", ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::{MappingOptions, Tiling, Topology, Traffic};
    use crate::graph::Volume;

    /// Three tensors on a mesh of 2 × 2, and two steps: in the second, seven spikes go from the first core to the next.
    pub fn traffic() -> (Mapping, Traffic) {
        let chip = Topology::mesh(2, 2);
        let vector = |channels| Volume {
            channels,
            height: 1,
            width: 1,
        };
        let tilings = [16, 6, 3].map(|neurons| Tiling {
            volume: vector(neurons),
            block: vector(16),
            parts: 1,
        });
        let mapping = Mapping::new(chip, &MappingOptions::default(), tilings.to_vec(), |slice| slice);
        let mut links = vec![0; 2 * 16];
        links[16] = 7;
        let traffic = Traffic {
            topology: chip,
            steps: 2,
            spikes: vec![0, 0, 0, 0, 7, 0, 0, 0].into(),
            sent: vec![0, 0, 0, 0, 7, 0, 0, 0].into(),
            received: vec![0, 0, 0, 0, 0, 7, 0, 0].into(),
            operations: vec![0, 0, 0, 0, 0, 42, 0, 0].into(),
            updates: vec![0; 8].into(),
            links: links.into(),
            hops: vec![0, 7],
            ..Traffic::default()
        };
        (mapping, traffic)
    }

    #[test]
    fn the_chosen_neurons_core_is_looked_at_until_another_one_is_chosen() {
        let (network, (mapping, _)) = (crate::web::views::tests::network(), traffic());
        let mut selection = Selection::default();
        assert_eq!(chosen_core(&network, &mapping, &selection), 1);
        selection.core = Some(3);
        assert_eq!(chosen_core(&network, &mapping, &selection), 3);
        selection.core = Some(99);
        assert_eq!(chosen_core(&network, &mapping, &selection), 0);
    }
}
