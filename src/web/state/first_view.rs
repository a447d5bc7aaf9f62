//! The run that was stored with the page: shown until the engine is there, which then takes over without a jump.

use super::{Calibration, Counts, Explained, Loaded, ModelChoice, ModelLoad, Shown, State};
use crate::settings::Settings;
use crate::web::stored::FirstView;
use crate::web::view::View;
use crate::web::worker::{DataFiles, Epoch, NetworkView};
use std::rc::Rc;

/// The epoch of the first load, which a stored run stands for.
const FIRST: Epoch = 1;

impl State {
    /// Shows a stored run, if it is what the address asks for. The engine is left in peace until [`Action::Wake`].
    ///
    /// [`Action::Wake`]: super::Action::Wake
    pub fn open_with(&mut self, first: FirstView) {
        let Some(loaded) = self.wanted_model_of(&first) else {
            return;
        };
        let settings = Settings::default();
        self.agreement = Some(Counts {
            model: FIRST,
            settings,
            agreement: Rc::new(first.agreement),
        });
        self.explained = Some(Explained {
            model: FIRST,
            conversion: settings.conversion,
            report: Rc::new(first.report),
        });
        self.calibration = Some(Calibration {
            effect: Rc::new(first.effect),
            is_demonstration: first.is_demonstration,
        });
        let sample = loaded.opening_sample();
        self.sample = Some(sample.clone());
        self.sample_data = loaded.load.data.as_ref().map(|data| data.id.clone());
        self.shown = Some(Shown {
            network: loaded.network.clone(),
            run: Rc::new(first.run),
            sample,
            classes: loaded.class_names(),
        });
        let layers = loaded.network.layers.len();
        self.loaded = Some(Rc::new(loaded));
        (self.is_stored, self.is_resting, self.is_loading) = (true, true, true);
        self.open_run(layers);
        self.take_linked_moment();
    }

    /// The model of a stored run, without its files; `None` if the address asks for something else.
    fn wanted_model_of(&self, first: &FirstView) -> Option<Loaded> {
        let choice = ModelChoice::Gallery(first.model.clone());
        let asks_for_more = self.settings != Settings::default()
            || self.view != View::Story
            || self.sample.is_some()
            || self.linked.sample.is_some()
            || self.linked.files.is_some()
            || self.linked.chip.is_some();
        if asks_for_more || self.wanted.as_ref() != Some(&choice) {
            return None;
        }
        let entry = self.gallery.as_ref()?.model(&first.model)?;
        let loaded = Loaded {
            load: Rc::new(ModelLoad {
                epoch: FIRST,
                choice,
                model: Rc::default(),
                data: Some(Rc::new(entry.data(DataFiles::default()))),
            }),
            network: Rc::new(first.network.clone()),
        };
        (loaded.opening_sample().stored() == Some(first.sample)).then_some(loaded)
    }

    /// The engine has read the first model; what is shown stays if it is of that one.
    pub(super) fn take_over(&mut self, loaded: &Loaded) {
        let is_alike = |a: &NetworkView, b: &NetworkView| a.tensors == b.tensors && a.layers == b.layers;
        let is_shown = self
            .loaded
            .as_ref()
            .is_some_and(|before| before.load.choice == loaded.load.choice);
        match &mut self.shown {
            Some(shown) if is_shown && is_alike(&shown.network, &loaded.network) => {
                shown.network = loaded.network.clone();
            }
            _ => self.explained = None,
        }
    }

    /// The files of the model in use; `None` while it is a stored one, which has none.
    pub fn load_in_use(&self) -> Option<Rc<ModelLoad>> {
        let loaded = self.loaded.as_ref().filter(|_| !self.is_stored)?;
        Some(loaded.load.clone())
    }
}
