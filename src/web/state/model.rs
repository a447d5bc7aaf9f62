//! Which model is in use and which sample it sees.

use super::{Notice, State};
use crate::simulate::Packed;
use crate::web::gallery::{Dataset, Gallery};
use crate::web::link::{Coded, SampleCode};
use crate::web::worker::{DataFiles, Epoch, ModelFile, NetworkView, Sample, TruthFile};
use rust_i18n::t;
use std::cell::OnceCell;
use std::rc::Rc;

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelChoice {
    /// A model of the gallery, by its id.
    Gallery(String),
    /// A model that the user has opened, by its place among them.
    Opened(usize),
}

/// A model's files on their way to the worker.
#[derive(Clone, Debug)]
pub struct ModelLoad {
    /// Comes back with the answer.
    pub epoch: Epoch,
    /// Which model it is.
    pub choice: ModelChoice,
    /// Its file.
    pub model: Rc<ModelFile>,
    /// Its data.
    pub data: Option<Rc<Dataset>>,
}

impl ModelLoad {
    /// Whether it brings the user's own samples to a model that is in use already.
    pub fn is_data_new(&self, loaded: Option<&Loaded>) -> bool {
        self.data.as_ref().is_some_and(|data| data.is_own)
            && loaded.is_some_and(|loaded| loaded.load.choice == self.choice)
    }
}

/// A model that the worker has read.
#[derive(Clone)]
pub struct Loaded {
    /// Its files.
    pub load: Rc<ModelLoad>,
    /// What the page draws of it.
    pub network: Rc<NetworkView>,
}

/// A sample that can be chosen.
#[derive(Clone, Debug)]
pub enum SampleChoice {
    /// A stored one.
    Stored(usize),
    /// One that the user made.
    Drawn(Rc<Drawn>),
}

/// A sample that the user made.
#[derive(Debug)]
pub struct Drawn {
    /// What the model takes.
    pub values: Vec<f32>,
    /// What it is.
    pub source: Source,
    code: OnceCell<SampleCode>,
}

impl Drawn {
    /// As it stands in an address.
    pub fn code(&self) -> &SampleCode {
        self.code.get_or_init(|| match self.source {
            Source::Random(seed) => SampleCode::of_seed(seed),
            Source::Pad => SampleCode::of_values('p', &self.values),
            Source::Camera => SampleCode::of_values('c', &self.values),
            Source::File(_) => SampleCode::of_values('f', &self.values),
            Source::Slider => SampleCode::of_values('s', &self.values),
        })
    }
}

/// Where a sample comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The pad.
    Pad,
    /// The camera.
    Camera,
    /// A file of this name.
    File(String),
    /// Chance, with this seed.
    Random(u32),
    /// The slider.
    Slider,
}

impl PartialEq for SampleChoice {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stored(a), Self::Stored(b)) => a == b,
            (Self::Drawn(a), Self::Drawn(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl SampleChoice {
    /// A sample that the user made.
    pub fn drawn(values: Vec<f32>, source: Source) -> Self {
        Self::Drawn(Rc::new(Drawn {
            values,
            source,
            code: OnceCell::new(),
        }))
    }

    /// A picture that the user made, with values from 0 to 1: each becomes one of 256, as stored pictures have them.
    pub fn picture(values: Vec<f32>, source: Source) -> Self {
        let values = values.iter().map(|value| (value * 255.0).round() / 255.0);
        Self::drawn(values.collect(), source)
    }

    /// The sample of an address.
    pub fn of_code(code: &SampleCode) -> Option<Self> {
        Some(match code.decode()? {
            // Its values depend on how many the model takes: `keep_or_open_sample` makes them.
            Coded::Random(seed) => Self::random(seed, 0),
            Coded::Values(source, values) => {
                let source = match source {
                    'p' => Source::Pad,
                    'c' => Source::Camera,
                    's' => Source::Slider,
                    _ => Source::File(t!("bring.linked_sample").into_owned()),
                };
                Self::drawn(values, source)
            }
        })
    }

    /// Values from 0 to 1, the same for the same seed.
    pub fn random(seed: u32, len: usize) -> Self {
        Self::drawn(noise(seed, len), Source::Random(seed))
    }

    /// The index of a stored one.
    pub fn stored(&self) -> Option<usize> {
        match self {
            Self::Stored(index) => Some(*index),
            Self::Drawn(_) => None,
        }
    }

    /// As the worker takes it.
    pub fn to_sample(&self) -> Sample {
        match self {
            Self::Stored(index) => Sample::Stored(*index),
            Self::Drawn(drawn) => Sample::Values(Packed(drawn.values.clone())),
        }
    }
}

/// The same values for the same seed, from 0 to 1 (SplitMix64).
fn noise(seed: u32, len: usize) -> Vec<f32> {
    let mut state = u64::from(seed);
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1u32 << 24) as f32
    };
    (0..len).map(|_| next()).collect()
}

impl Loaded {
    /// The shape of one input.
    pub fn input_shape(&self) -> &[usize] {
        self.network.tensors.first().map_or(&[], |tensor| &tensor.shape)
    }

    /// Values of one input.
    pub fn input_len(&self) -> usize {
        self.input_shape().iter().product()
    }

    /// Number of classes.
    pub fn outputs(&self) -> usize {
        let target = self.network.layers.last().map_or(0, |layer| layer.target);
        self.network
            .tensors
            .get(target)
            .map_or(0, |tensor| tensor.shape.iter().product())
    }

    /// The class of a stored sample; `None` without labels.
    pub fn label(&self, sample: usize) -> Option<usize> {
        self.network
            .samples
            .labels
            .get(sample)
            .map(|&label| usize::from(label))
    }

    /// What classes are called; empty without names.
    pub fn class_names(&self) -> Rc<Vec<String>> {
        let shipped = self.load.data.as_ref().map(|data| data.classes.clone());
        shipped
            .filter(|names| !names.is_empty())
            .unwrap_or_else(|| Rc::new(self.network.samples.class_names.clone()))
    }

    /// What a class is called.
    pub fn class(&self, class: usize) -> String {
        let names = self.class_names();
        names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    /// What the user sees first: a three where there is one, and something rather than nothing where no
    /// samples are stored.
    pub(super) fn opening_sample(&self) -> SampleChoice {
        let picks = self.load.data.as_ref().map_or(&[][..], |data| &data.picks);
        let pick = picks.get(3).or(picks.first()).copied().unwrap_or(0);
        if pick < self.network.samples.count {
            SampleChoice::Stored(pick)
        } else {
            SampleChoice::random(1, self.input_len())
        }
    }

    /// Values by chance, as many as the model takes.
    pub(super) fn completed(&self, sample: SampleChoice) -> SampleChoice {
        match &sample {
            SampleChoice::Drawn(drawn) => match drawn.source {
                Source::Random(seed) => SampleChoice::random(seed, self.input_len()),
                _ => sample,
            },
            SampleChoice::Stored(_) => sample,
        }
    }

    pub(super) fn can_show(&self, sample: &SampleChoice) -> bool {
        match sample {
            SampleChoice::Stored(index) => *index < self.network.samples.count,
            SampleChoice::Drawn(drawn) => drawn.values.len() == self.input_len(),
        }
    }
}

impl State {
    pub(in crate::web) fn take_gallery(&mut self, gallery: Result<Gallery, String>) {
        match gallery {
            Ok(gallery) => {
                self.gallery = Some(Rc::new(gallery));
                let wanted = self.wanted.take().or_else(|| self.first_model());
                if self.linked.files.is_some() {
                    // What was kept of the visitor's files decides.
                    self.wanted = wanted;
                } else if let Some(choice) = wanted {
                    self.choose(choice);
                }
            }
            Err(why) => self.complain(Notice::error(
                t!("notice.no-list"),
                t!("notice.no-list-text", why = why),
            )),
        }
    }

    pub(super) fn first_model(&self) -> Option<ModelChoice> {
        let first = self.gallery.as_ref()?.models.first()?;
        Some(ModelChoice::Gallery(first.id.clone()))
    }

    /// The user wants this model; its files are fetched next.
    pub(super) fn choose(&mut self, choice: ModelChoice) {
        let known = match (&choice, &self.gallery) {
            (ModelChoice::Gallery(id), Some(gallery)) => gallery.model(id).is_some(),
            (ModelChoice::Gallery(_), None) => true,
            (ModelChoice::Opened(index), _) => *index < self.opened.len(),
        };
        if known {
            self.wanted = Some(choice);
            self.wish = self.wish.wrapping_add(1);
        } else if let ModelChoice::Gallery(id) = choice {
            self.complain_about_address(vec![t!("notice.no-model", id = id).into_owned()]);
            if let Some(first) = self.first_model() {
                self.choose(first);
            }
        }
    }

    pub(super) fn open(&mut self, file: ModelFile) {
        self.opened.push(Rc::new(file));
        self.choose(ModelChoice::Opened(self.opened.len() - 1));
    }

    /// The model in use is loaded again, with the user's samples.
    pub(super) fn open_data(&mut self, files: DataFiles) {
        if self.loaded.is_none() {
            return;
        }
        let number = self.load.as_ref().map_or(0, |load| load.epoch);
        let data = Dataset {
            id: format!("{} ({number})", files.name),
            is_own: true,
            files,
            classes: Rc::default(),
            picks: Vec::new(),
        };
        let data = Some(Rc::new(data));
        match self.load_in_use().or_else(|| self.load.clone()) {
            Some(load) => self.start_load(ModelLoad {
                data,
                ..(*load).clone()
            }),
            // They wait for the model, of which there is only a stored run.
            None => self.linked.data = data,
        }
    }

    pub(super) fn use_shipped_data(&mut self) {
        if let Some(choice) = self.wanted.clone() {
            self.choose(choice);
        }
    }

    pub(super) fn take_files(&mut self, wish: Epoch, files: Result<ModelLoad, String>) {
        if wish != self.wish {
            return;
        }
        match files {
            Ok(mut load) => {
                load.data = self.linked.data.take().or(load.data);
                self.start_load(load);
            }
            Err(why) => {
                self.complain(Notice::error(
                    t!("notice.not-fetched"),
                    t!("notice.not-fetched-text", why = why),
                ));
                self.want_what_is_loaded();
            }
        }
    }

    pub(super) fn start_load(&mut self, mut load: ModelLoad) {
        load.epoch = self.load.as_ref().map_or(1, |load| load.epoch.wrapping_add(1));
        self.load = Some(Rc::new(load));
        self.is_loading = true;
    }

    pub(super) fn want_what_is_loaded(&mut self) {
        self.wanted = self.loaded.as_ref().map(|loaded| loaded.load.choice.clone());
    }

    /// The worker has read a model.
    pub(super) fn take_network(&mut self, epoch: Epoch, network: NetworkView) {
        let Some(load) = self.load.clone().filter(|load| load.epoch == epoch) else {
            return;
        };
        self.is_loading = false;
        let is_again = self
            .loaded
            .as_ref()
            .is_some_and(|before| before.load.epoch == epoch);
        if !is_again {
            self.forget_errors();
        }
        if let Some(note) = network.samples.note.clone() {
            self.complain(Notice::warning(t!("notice.without-labels"), note));
        }
        let loaded = Loaded {
            load: load.clone(),
            network: Rc::new(network),
        };
        // Of a stored run there are no files to be handed on.
        let data = self.data_that_fits(&loaded);
        if std::mem::take(&mut self.is_stored) {
            self.take_over(&loaded);
        }
        if self
            .loaded
            .as_ref()
            .is_none_or(|before| before.load.choice != load.choice)
        {
            self.agreement = None;
            self.calibration = None;
        }
        if let Some(data) = data {
            self.start_load(ModelLoad {
                data: Some(data),
                ..(*load).clone()
            });
        } else {
            self.keep_or_open_sample(&loaded);
        }
        self.loaded = Some(Rc::new(loaded));
    }

    /// The present model's data, if a model that came without data takes the same input. Its labels
    /// go along only where there are as many classes.
    fn data_that_fits(&self, bare: &Loaded) -> Option<Rc<Dataset>> {
        let before = self.loaded.as_ref().filter(|_| !self.is_stored)?;
        let data = before.load.data.as_ref().filter(|_| bare.load.data.is_none())?;
        if before.input_shape() != bare.input_shape() {
            return None;
        }
        if before.outputs() == bare.outputs() {
            return Some(data.clone());
        }
        Some(Rc::new(Dataset {
            id: data.id.clone(),
            is_own: data.is_own,
            files: DataFiles {
                truth: TruthFile::Unknown,
                ..data.files.clone()
            },
            classes: Rc::default(),
            picks: data.picks.clone(),
        }))
    }

    fn keep_or_open_sample(&mut self, loaded: &Loaded) {
        let count = loaded.network.samples.count;
        let data = loaded.load.data.as_ref().map(|data| data.id.clone());
        let is_of_other_data =
            matches!(self.sample, Some(SampleChoice::Stored(_))) && self.sample_data != data;
        let linked = self.linked.sample.take().map(|sample| loaded.completed(sample));
        let problem = match &linked {
            Some(SampleChoice::Stored(index)) if *index >= count => {
                Some(t!("notice.no-sample", index = index, count = count))
            }
            Some(sample) if !loaded.can_show(sample) => Some(t!("bring.link_drawn_shape")),
            _ => None,
        };
        self.complain_about_address(problem.map(|problem| problem.into_owned()).into_iter().collect());
        let present = self.sample.take().filter(|_| !is_of_other_data);
        let wanted = linked.or(present);
        let shown = wanted.filter(|sample| loaded.can_show(sample));
        self.sample = Some(shown.unwrap_or_else(|| loaded.opening_sample()));
        self.sample_data = data;
    }

    /// The stored sample in use, if it is not the one that the model opens with.
    pub(super) fn linkable_sample(&self) -> Option<usize> {
        let Some(loaded) = &self.loaded else {
            return self.linked.sample.as_ref().and_then(SampleChoice::stored);
        };
        match (&self.sample, loaded.opening_sample()) {
            // An address can't bring the user's own samples along.
            _ if loaded.load.data.as_ref().is_some_and(|data| data.is_own) => None,
            (Some(SampleChoice::Stored(index)), opening) if opening != SampleChoice::Stored(*index) => {
                Some(*index)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_values_from_0_to_1() {
        let values = noise(7, 1000);
        assert_eq!(values, noise(7, 1000));
        assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
        let mean = values.iter().sum::<f32>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
    }
}
