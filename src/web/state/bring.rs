//! What is brought and taken away: dialogs, files of the run, the user's own chip and files in the address.

use super::{ModelChoice, Notice, State};
use crate::chip::spec::Chip;
use crate::simulate::Packed;
use crate::web::gallery::Dataset;
use crate::web::link::Part;
use crate::web::task::Task;
use crate::web::worker::{DataFiles, Delivery, ModelFile, RunFile};
use rust_i18n::t;
use std::rc::Rc;
use yew::AttrValue;

/// A dialog over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Keys, and what the page does with files.
    Help,
    /// The run as files.
    TakeAway,
    /// The run as a document.
    Report,
    /// A photo as a sample.
    Camera,
}

/// What is under way.
#[derive(Clone, Default)]
pub struct Bring {
    /// The dialog that is open.
    pub dialog: Option<Sheet>,
    /// The file that the worker makes, with a number that tells wishes apart.
    pub fetching: Option<(u32, RunFile)>,
    wishes: u32,
    /// The file that it has made.
    pub delivered: Option<Rc<(RunFile, Packed<u8>)>>,
    /// The code of the user's own chip, once the worker has made it.
    chip_code: Option<String>,
}

/// A change of it.
pub enum BringAction {
    /// Another dialog; none.
    Open(Option<Sheet>),
    /// A file of the run is wanted.
    Fetch(RunFile),
    /// What was kept of the files that the address names.
    KeptCame(Kept),
}

/// Files of the user's, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named {
    /// A model.
    pub model: Option<String>,
    /// Samples.
    pub data: Option<String>,
}

/// Those that were found again.
#[derive(Debug, Default)]
pub struct Kept {
    /// The model.
    pub model: Option<ModelFile>,
    /// The samples.
    pub data: Option<DataFiles>,
}

/// The user's own chip.
pub const CHIP_PART: Part = Part {
    keys: &["own-chip"],
    write: |state| {
        let code = state.bring.chip_code.clone().filter(|_| state.own_chip.is_some());
        code.map(|code| ("own-chip", code)).into_iter().collect()
    },
    read: |state, pairs| {
        let code = pairs.get("own-chip");
        if code != state.bring.chip_code.as_deref() {
            (state.own_chip, state.bring.chip_code) = (None, None);
            state.linked.chip = code.map(str::to_owned);
        } else if code.is_none() {
            state.own_chip = None;
        }
        Ok(())
    },
};

/// The names of files that the user has opened: the files themselves are not part of an address.
pub const FILES_PART: Part = Part {
    keys: &["opened", "data"],
    write: |state| {
        let named = state.named();
        let pair = |key, name: Option<String>| name.map(|name| (key, name));
        [pair("opened", named.model), pair("data", named.data)]
            .into_iter()
            .flatten()
            .collect()
    },
    read: |state, pairs| {
        let name = |key| pairs.get(key).map(str::to_owned);
        let named = Named {
            model: name("opened"),
            data: name("data"),
        };
        let is_new = named != Named::default() && named != state.named();
        state.linked.files = is_new.then_some(named);
        Ok(())
    },
};

impl State {
    pub(super) fn bring(&mut self, action: BringAction) {
        match action {
            BringAction::Open(dialog) => self.bring.dialog = dialog,
            BringAction::Fetch(file) => {
                self.bring.wishes += 1;
                self.bring.fetching = Some((self.bring.wishes, file));
            }
            BringAction::KeptCame(kept) => self.take_kept(kept),
        }
    }

    pub(super) fn take_delivery(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Code(code) => self.bring.chip_code = Some(code),
            Delivery::Chip(Ok(chip)) => {
                self.bring.chip_code = self.linked.chip.take();
                self.own_chip = Some(Rc::new(*chip));
            }
            Delivery::Chip(Err(problem)) => {
                self.linked.chip = None;
                self.complain_about_address(vec![problem]);
            }
            Delivery::File(file, content) => {
                self.bring.fetching = None;
                match content {
                    Ok(bytes) => self.bring.delivered = Some(Rc::new((file, bytes))),
                    Err(why) => self.complain(Notice::error(t!("bring.no_file"), why)),
                }
            }
        }
    }

    /// The user's own chip, if nobody has made its code yet.
    pub fn uncoded_chip(&self) -> Option<Rc<Chip>> {
        self.own_chip.clone().filter(|_| self.bring.chip_code.is_none())
    }

    pub(super) fn use_chip(&mut self, chip: Option<Rc<Chip>>) {
        self.own_chip = chip;
        self.bring.chip_code = None;
    }

    /// The user's files in use, by name.
    pub fn named(&self) -> Named {
        let model = match &self.wanted {
            Some(ModelChoice::Opened(index)) => self.opened.get(*index).map(|file| file.name.clone()),
            _ => None,
        };
        let data = self.load.as_ref().and_then(|load| load.data.as_ref());
        let data = data
            .filter(|data| data.is_own)
            .map(|data| data.files.name.clone());
        Named { model, data }
    }

    /// What the model is called in names of files.
    pub fn model_key(&self) -> String {
        match &self.wanted {
            Some(ModelChoice::Gallery(id)) => id.clone(),
            _ => {
                let name = self.named().model.unwrap_or_default();
                name.rsplit_once('.')
                    .map_or(name.clone(), |(stem, _)| stem.to_owned())
            }
        }
    }

    /// What the network takes the shown sample for.
    pub fn read_as(&self) -> Option<AttrValue> {
        let (loaded, shown) = (self.loaded.as_ref()?, self.shown.as_ref()?);
        if Task::of(&loaded.network) != Task::Classes {
            return None;
        }
        Some(loaded.class(shown.run.winner).into())
    }

    /// Opens what was kept of the files that the address names, and says what was not.
    fn take_kept(&mut self, kept: Kept) {
        let Some(named) = self.linked.files.take() else {
            return;
        };
        let is_missing = |name: &Option<String>, is_there: bool| name.clone().filter(|_| !is_there);
        let missing =
            is_missing(&named.model, kept.model.is_some()).or(is_missing(&named.data, kept.data.is_some()));
        if let Some(name) = missing {
            self.complain(Notice::warning(
                t!("bring.file_missing"),
                t!("bring.file_missing_text", name = name),
            ));
        }
        // Samples of another model than the one asked for are of no use.
        let is_usable = named.model.is_none() || kept.model.is_some();
        let data = kept.data.filter(|_| is_usable);
        self.linked.data = data.map(|files| {
            Rc::new(Dataset {
                id: format!("{} (kept)", files.name),
                is_own: true,
                files,
                ..Dataset::default()
            })
        });
        match (kept.model, self.wanted.clone()) {
            (Some(model), _) => self.open(model),
            (None, Some(wanted)) => self.choose(wanted),
            (None, None) => {
                if let Some(first) = self.first_model() {
                    self.choose(first);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::spec::Preset;
    use crate::web::link::Link;
    use crate::web::state::Action;

    fn linked(query: &[(&str, &str)]) -> State {
        let (link, problems) = Link::from_pairs(query.iter().copied());
        let mut state = State::default();
        state.take_link(&link, problems);
        state
    }

    #[test]
    fn an_own_chip_is_in_the_address_once_its_code_is_known() {
        let mut state = State::default();
        state.apply(Action::UseChip(Some(Rc::new(Preset::Darwin3.chip()))));
        assert!(state.uncoded_chip().is_some());
        state.take_delivery(Delivery::Code("own.AB".into()));
        assert!(state.uncoded_chip().is_none());
        assert_eq!(state.link().to_query(), "?v=1&own-chip=own.AB");
        state.apply(Action::UseChip(None));
        assert_eq!(state.link().to_query(), "");
    }

    #[test]
    fn the_chip_of_an_address_waits_for_the_worker_to_read_it() {
        let mut state = linked(&[("own-chip", "own.AB")]);
        assert_eq!(state.linked.chip.as_deref(), Some("own.AB"));
        state.take_delivery(Delivery::Chip(Ok(Box::new(Preset::Darwin3.chip()))));
        assert!(state.own_chip.is_some() && state.uncoded_chip().is_none());
        assert_eq!(state.link().to_query(), "?v=1&own-chip=own.AB");
    }

    #[test]
    fn a_file_that_was_not_kept_is_asked_for_by_name() {
        let mut state = linked(&[("opened", "mine.onnx")]);
        assert_eq!(
            state
                .linked
                .files
                .as_ref()
                .and_then(|files| files.model.as_deref()),
            Some("mine.onnx")
        );
        state.bring(BringAction::KeptCame(Kept::default()));
        assert!(state.notices[0].text.contains("mine.onnx"), "{:?}", state.notices);
    }

    #[test]
    fn a_file_that_was_kept_is_opened_with_its_samples() {
        let mut state = linked(&[("opened", "mine.onnx"), ("data", "mine.npy")]);
        let name = |name: &str| name.to_owned();
        let model = Some(ModelFile {
            name: name("mine.onnx"),
            ..ModelFile::default()
        });
        let data = Some(DataFiles {
            name: name("mine.npy"),
            ..DataFiles::default()
        });
        state.bring(BringAction::KeptCame(Kept { model, data }));
        assert_eq!(state.notices, []);
        assert_eq!(state.wanted, Some(ModelChoice::Opened(0)));
        assert!(state.linked.data.is_some());
    }
}
