//! The state and the page's address: what the address should say, and what becomes of what it says.

use super::{ModelChoice, Named, Playhead, SPEEDS, SampleChoice, State};
use crate::web::gallery::Dataset;
use crate::web::link::{Link, Pairs, Part};
use crate::web::selection::Selection;
use crate::web::views::{ChipLook, ChipMeasure, ChipScope};
use rust_i18n::t;
use std::rc::Rc;

/// What an address asks for, until there is a run to show it with.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// A sample.
    pub sample: Option<SampleChoice>,
    /// Own samples for the model that is wanted.
    pub data: Option<Rc<Dataset>>,
    /// The code of a chip.
    pub chip: Option<String>,
    /// Files of the user's, by name.
    pub files: Option<Named>,
    /// A time step.
    pub step: Option<usize>,
    /// What is to be chosen.
    pub chosen: Option<Chosen>,
}

/// What an address chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chosen {
    /// A neuron, as (layer, neuron); `None` for the one that the page chooses by itself.
    pub neuron: Option<(usize, usize)>,
    /// A core.
    pub core: Option<usize>,
    /// A neuron whose spikes are followed, as (tensor, neuron).
    pub spike: Option<(usize, usize)>,
}

/// The chosen layer, neuron and core, and the neuron whose spikes are followed.
pub const SELECTION_PART: Part = Part {
    keys: &["layer", "neuron", "core", "spike"],
    write: |state| {
        let Selection {
            layer,
            neuron,
            core,
            spike,
        } = state.selection;
        let opening = state.opening;
        let is_other = (layer, neuron) != (opening.layer, opening.neuron);
        let number = |key, number: Option<usize>| number.map(|number| (key, number.to_string()));
        [
            number("layer", is_other.then_some(layer)),
            number("neuron", is_other.then_some(neuron)),
            number("core", core),
            spike.map(|(tensor, neuron)| ("spike", format!("{tensor}.{neuron}"))),
        ]
        .into_iter()
        .flatten()
        .collect()
    },
    read: |state, pairs| {
        let (layer, core) = (pairs.number("layer")?, pairs.number("core")?);
        let neuron = pairs.number("neuron")?;
        let spike = pairs.get("spike").map(|value| {
            let numbers = value.split_once('.');
            let numbers = numbers.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            numbers.ok_or_else(|| t!("bring.link_spike", value = value).into_owned())
        });
        let spike = spike.transpose()?;
        let chosen = Chosen {
            neuron: layer.map(|layer| (layer, neuron.unwrap_or(0))),
            core,
            spike,
        };
        // Without a run nothing is chosen that could go.
        let changes = chosen != Chosen::default() || state.shown.is_some();
        state.linked.chosen = changes.then_some(chosen);
        Ok(())
    },
};

/// The step at which time stands still, and how fast it goes.
pub const PLAYHEAD_PART: Part = Part {
    keys: &["step", "speed"],
    write: |state| {
        let Playhead { step, speed, .. } = state.playhead;
        let step = state.playhead.is_chosen().then(|| ("step", step.to_string()));
        let speed = (speed != Playhead::default().speed).then(|| ("speed", speed.to_string()));
        [step, speed].into_iter().flatten().collect()
    },
    read: |state, pairs| {
        let speeds = SPEEDS.map(|speed| speed.to_string());
        let place = pairs.word("speed", &speeds.each_ref().map(String::as_str));
        state.linked.step = pairs.number("step")?;
        state.playhead.speed = place?.map_or(Playhead::default().speed, |place| SPEEDS[place]);
        Ok(())
    },
};

/// What the chip's colours tell, and over which time.
pub const CHIP_LOOK_PART: Part = Part {
    keys: &["heat", "time-span"],
    write: |state| {
        let (look, opening) = (state.chip_look, ChipLook::default());
        let measure = (look.measure != opening.measure).then(|| ("heat", look.measure.key().to_owned()));
        let scope = (look.scope != opening.scope).then(|| ("time-span", look.scope.key().to_owned()));
        [measure, scope].into_iter().flatten().collect()
    },
    read: |state, pairs| {
        let measure = pairs.word("heat", &ChipMeasure::ALL.map(ChipMeasure::key));
        let scope = pairs.word("time-span", &ChipScope::ALL.map(ChipScope::key))?;
        state.chip_look.scope = scope.map_or(ChipScope::default(), |place| ChipScope::ALL[place]);
        state.chip_look.measure = measure?.map_or(ChipMeasure::default(), |place| ChipMeasure::ALL[place]);
        Ok(())
    },
};

impl State {
    /// What the address should say.
    pub fn link(&self) -> Link {
        let first = self.gallery.as_ref().and_then(|gallery| gallery.models.first());
        let model = match &self.wanted {
            Some(ModelChoice::Gallery(id)) if first.is_none_or(|first| first.id != *id) => Some(id.clone()),
            _ => None,
        };
        let own_sample = match &self.sample {
            Some(SampleChoice::Drawn(drawn)) => Some(drawn.code().clone()),
            _ => None,
        };
        Link {
            language: self.is_language_linked.then_some(self.language),
            view: self.view,
            model,
            sample: self.linkable_sample(),
            own_sample,
            settings: self.settings,
            parts: Pairs::of(self),
        }
    }

    /// Takes what an address says besides the model.
    pub(super) fn take_link(&mut self, link: &Link, mut problems: Vec<String>) {
        self.is_language_linked = link.language.is_some();
        self.language = link.language.unwrap_or(self.language);
        self.view = link.view;
        self.settings = link.settings;
        self.linked = Linked::default();
        self.linked.sample = link
            .own_sample
            .as_ref()
            .and_then(SampleChoice::of_code)
            .or(link.sample.map(SampleChoice::Stored));
        let wrong = crate::web::link::PARTS
            .iter()
            .filter_map(|part| (part.read)(self, &link.parts).err());
        let wrong: Vec<String> = wrong.collect();
        problems.extend(wrong);
        self.complain_about_address(problems);
    }

    /// The address has changed: back, forward, or typed.
    pub(super) fn follow(&mut self, link: Link, problems: Vec<String>) {
        self.take_link(&link, problems);
        let own = self.linked.files.as_ref().and_then(|files| files.model.clone());
        let own = own.and_then(|name| self.opened.iter().position(|file| file.name == name));
        if own.is_some() {
            // Opened in this visit: no need to look for it.
            self.linked.files = None;
        }
        let wanted = own
            .map(ModelChoice::Opened)
            .or(link.model.map(ModelChoice::Gallery))
            .or_else(|| self.first_model());
        if self.linked.files.is_some() {
            // What was kept of them decides.
            self.wanted = wanted;
            return;
        }
        if wanted != self.wanted {
            if let Some(choice) = wanted {
                self.choose(choice);
            }
            return;
        }
        if let Some(loaded) = self.loaded.clone() {
            let linked = self.linked.sample.take();
            let linked = linked
                .map(|sample| loaded.completed(sample))
                .filter(|sample| loaded.can_show(sample));
            self.sample = Some(linked.unwrap_or_else(|| loaded.opening_sample()));
        }
        self.take_linked_moment();
    }

    /// Shows the neuron and the step that the address asks for, if there is a run.
    pub(super) fn take_linked_moment(&mut self) {
        let Some(shown) = self.shown.clone() else { return };
        if let Some(step) = self.linked.step.take() {
            let steps = self.steps();
            self.playhead.show(step, steps);
            if step >= steps {
                let problem = t!("bring.link_step", step = step, steps = steps);
                self.complain_about_address(vec![problem.into_owned()]);
            }
        }
        let Some(chosen) = self.linked.chosen.take() else {
            return;
        };
        let opening = (self.opening.layer, self.opening.neuron);
        let (layer, neuron) = chosen.neuron.unwrap_or(opening);
        let layers = &shown.network.layers;
        let neurons = layers
            .get(layer)
            .map_or(0, |layer| layer.connections.output.len());
        if neuron < neurons {
            self.selection = Selection {
                layer,
                neuron,
                core: chosen.core,
                spike: chosen.spike,
            };
        } else {
            let problem = t!("bring.link_neuron", layer = layer, neuron = neuron);
            self.complain_about_address(vec![problem.into_owned()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(query: &[(&str, &str)]) -> State {
        let (link, problems) = Link::from_pairs(query.iter().copied());
        let mut state = State::default();
        state.take_link(&link, problems);
        state
    }

    #[test]
    fn what_the_chip_shows_and_how_fast_time_goes_is_in_the_address() {
        let pairs = [("heat", "energy"), ("time-span", "total"), ("speed", "8")];
        let state = opened(&pairs);
        assert_eq!(state.notices, []);
        assert_eq!(state.chip_look.measure, ChipMeasure::Energy);
        assert_eq!(state.playhead.speed, 8);
        assert_eq!(
            state.link().to_query(),
            "?v=1&speed=8&heat=energy&time-span=total"
        );
    }

    #[test]
    fn values_that_no_part_of_the_page_takes_are_said_in_one_notice() {
        let state = opened(&[("heat", "red"), ("step", "x"), ("spike", "1"), ("drawn", "?")]);
        assert_eq!(state.notices.len(), 1);
        let text = state.notices[0].text.to_lowercase();
        for part in ["heat", "step", "spike", "sample in the address"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_drawing_in_the_address_waits_for_its_model() {
        let drawn = SampleChoice::picture(vec![0.5; 4], super::super::Source::Pad);
        let SampleChoice::Drawn(drawn) = drawn else {
            panic!("a drawing is drawn");
        };
        let state = opened(&[("drawn", drawn.code().as_str())]);
        let Some(SampleChoice::Drawn(linked)) = &state.linked.sample else {
            panic!("nothing is linked: {:?}", state.linked);
        };
        assert_eq!(linked.values, drawn.values);
        assert_eq!(linked.source, super::super::Source::Pad);
    }
}
