//! The tour and the lesson that are open, and what the reader has done in them.

use super::{ModelChoice, SELECTION_PART, SampleChoice, Seek, State};
use crate::chip::spec::Chip;
use crate::settings::Settings;
use crate::web::link::{Link, Pairs};
use crate::web::storage;
use crate::web::teaching::{
    Finding, Flip, Fragment, LESSONS, Lesson, Moment, PAGE_PART, Scene, Step, TOUR, Trial, hops, is_ready,
    settled,
};
use std::rc::Rc;

/// What concerns teaching.
#[derive(Clone, Default)]
pub struct Teaching {
    /// The tour, while it goes on.
    pub tour: Option<OpenTour>,
    /// The lesson that is open.
    pub lesson: Option<OpenLesson>,
    /// Keys of lessons that were solved, in this visit or before.
    pub solved: Vec<&'static str>,
    /// The dialog that is open.
    pub dialog: Option<Dialog>,
    /// Whether a reader who was never here is asked to take the tour.
    pub invites: bool,
}

/// A dialog of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// The tour and all lessons.
    Learn,
    /// Parts of the page for a frame.
    Embed,
}

/// The tour, while it goes on.
#[derive(Clone)]
pub struct OpenTour {
    /// Which of [`TOUR`].
    pub step: usize,
    /// Whether the reader has done what it asks for.
    pub is_done: bool,
    /// Whether the reader leaves, and is asked what to do with the settings.
    pub is_leaving: bool,
    /// What was so when the step's scene stood; `None` until it does.
    began: Option<Moment>,
    before: Rc<Before>,
}

/// What the reader had before the tour.
#[derive(Clone)]
struct Before {
    link: Link,
    wanted: Option<ModelChoice>,
    own_chip: Option<Rc<Chip>>,
}

/// A lesson, while it is open.
#[derive(Clone)]
pub struct OpenLesson {
    /// Which one.
    pub lesson: &'static Lesson,
    /// The settings that it began with.
    pub settings: Settings,
    /// The sample that hops were counted of when it began.
    pub sample: Option<SampleChoice>,
    /// Hops of that sample.
    pub start_hops: Option<u64>,
    /// What the reader has tried.
    pub trials: Vec<Trial>,
    /// A label that has flipped.
    pub flip: Option<Flip>,
    /// Hints that are open.
    pub hints: usize,
    /// Whether all criteria were met at one time.
    pub is_solved: bool,
    /// The model that trials are of.
    model: Option<ModelChoice>,
}

/// What changes [`Teaching`].
pub enum TeachingAction {
    /// The address's end has changed; whether what is set already is where a lesson begins.
    Follow(Result<Fragment, String>, bool),
    /// To this step of the tour, counted from 0.
    Tour(usize),
    /// The reader leaves the tour.
    LeaveTour,
    /// The tour is over; whether what was so before comes back.
    EndTour(bool),
    /// A lesson from its beginning.
    Begin(&'static Lesson),
    /// Enough of the lesson.
    CloseLesson,
    /// One more hint.
    Hint,
    /// A dialog, or none.
    Open(Option<Dialog>),
    /// The reader has seen the invitation.
    Invited,
}

/// Where solved lessons are kept.
const SOLVED: &str = "lessons-solved";
/// Where it is kept that somebody was here.
const VISITED: &str = "tour-offered";

impl Teaching {
    /// What is known of the reader from earlier visits.
    pub fn remembered() -> Self {
        let solved = storage::get(SOLVED).unwrap_or_default();
        let is_solved = |lesson: &&Lesson| solved.split(',').any(|key| key == lesson.key);
        Self {
            solved: LESSONS
                .iter()
                .filter(is_solved)
                .map(|lesson| lesson.key)
                .collect(),
            invites: storage::get(VISITED).is_none(),
            ..Self::default()
        }
    }

    /// Keeps it for the next visit.
    pub fn remember(&self) {
        if !self.solved.is_empty() {
            storage::set(SOLVED, &self.solved.join(","));
        }
        // One visit is enough to be asked in.
        storage::set(VISITED, "yes");
    }

    /// What the address's end should say.
    pub fn fragment(&self) -> Fragment {
        match (&self.tour, &self.lesson) {
            (Some(tour), _) => Fragment::Tour(tour.step),
            (None, Some(open)) => Fragment::Lesson(open.lesson),
            (None, None) => Fragment::None,
        }
    }
}

impl OpenTour {
    /// The step that is shown.
    pub fn now(&self) -> &'static Step {
        &TOUR[self.step]
    }
}

impl OpenLesson {
    fn new(lesson: &'static Lesson, settings: Settings) -> Self {
        Self {
            lesson,
            settings,
            sample: None,
            start_hops: None,
            trials: Vec::new(),
            flip: None,
            hints: 0,
            is_solved: false,
            model: None,
        }
    }

    /// How it stands with each criterion.
    pub fn findings(&self, state: &State) -> Vec<Finding> {
        let criteria = self.lesson.criteria.iter();
        criteria.map(|criterion| criterion.judge(state, self)).collect()
    }

    /// Writes down what the engine says now.
    fn observe(&mut self, state: &State) {
        if !is_ready(state) {
            return;
        }
        if self.model != state.wanted {
            *self = Self {
                model: state.wanted.clone(),
                hints: self.hints,
                ..Self::new(self.lesson, self.settings)
            };
        }
        if let Some(shown) = settled(state) {
            if self.start_hops.is_none() && state.settings == self.settings {
                self.start_hops = hops(&shown.run);
                self.sample = Some(shown.sample.clone());
            }
            let is_uncorrected = !state.settings.conversion.bias_calibration.correct;
            if let Some(flip) = Flip::of(state).filter(|_| is_uncorrected) {
                self.flip = Some(flip);
            }
        }
        if let Some(trial) = Trial::of(state)
            && !self.trials.contains(&trial)
        {
            self.trials.push(trial);
        }
        self.is_solved |= self.findings(state).iter().all(|finding| finding.is_met);
    }
}

impl State {
    pub(super) fn teach(&mut self, action: TeachingAction) {
        match action {
            TeachingAction::Follow(Err(problem), _) => self.complain_about_address(vec![problem]),
            TeachingAction::Follow(Ok(fragment), keeps) => self.follow_fragment(fragment, keeps),
            TeachingAction::Tour(step) => self.go_on_tour(step),
            TeachingAction::LeaveTour => self.leave_tour(),
            TeachingAction::EndTour(restores) => self.end_tour(restores),
            TeachingAction::Begin(lesson) => self.begin(lesson, false),
            TeachingAction::CloseLesson => self.teaching.lesson = None,
            TeachingAction::Hint => {
                if let Some(open) = &mut self.teaching.lesson {
                    open.hints += 1;
                }
            }
            TeachingAction::Open(dialog) => self.teaching.dialog = dialog,
            TeachingAction::Invited => self.teaching.invites = false,
        }
    }

    fn follow_fragment(&mut self, fragment: Fragment, keeps: bool) {
        if fragment == self.teaching.fragment() {
            return;
        }
        match fragment {
            Fragment::Tour(step) => self.go_on_tour(step),
            Fragment::Lesson(lesson) => self.begin(lesson, keeps),
            Fragment::None => (self.teaching.tour, self.teaching.lesson) = (None, None),
        }
    }

    fn go_on_tour(&mut self, step: usize) {
        let step = step.min(TOUR.len() - 1);
        let known = self.teaching.tour.take().map(|tour| tour.before);
        let before = known.unwrap_or_else(|| {
            Rc::new(Before {
                link: self.link(),
                wanted: self.wanted.clone(),
                own_chip: self.own_chip.clone(),
            })
        });
        (self.teaching.lesson, self.teaching.dialog) = (None, None);
        self.teaching.invites = false;
        self.set_scene(&TOUR[step].scene, true);
        self.teaching.tour = Some(OpenTour {
            step,
            is_done: false,
            is_leaving: false,
            began: None,
            before,
        });
    }

    /// Whoever has nothing to get back is not asked.
    fn leave_tour(&mut self) {
        let Some(tour) = &mut self.teaching.tour else {
            return;
        };
        tour.is_leaving = true;
        let before = tour.before.link.without_parts();
        if self.link().without_parts() == before {
            self.teaching.tour = None;
        }
    }

    fn end_tour(&mut self, restores: bool) {
        let Some(tour) = self.teaching.tour.take().filter(|_| restores) else {
            return;
        };
        let before = Rc::unwrap_or_clone(tour.before);
        match before.wanted {
            // An address can't tell of it.
            Some(opened @ ModelChoice::Opened(_)) => {
                self.take_link(&before.link, Vec::new());
                self.choose(opened);
            }
            _ => self.follow(before.link, Vec::new()),
        }
        self.own_chip = before.own_chip;
    }

    fn begin(&mut self, lesson: &'static Lesson, keeps: bool) {
        (self.teaching.tour, self.teaching.dialog) = (None, None);
        self.teaching.invites = false;
        if !keeps {
            self.set_scene(&lesson.scene, false);
        }
        self.selection.core = None;
        self.teaching.lesson = Some(OpenLesson::new(lesson, self.settings));
    }

    fn set_scene(&mut self, scene: &Scene, keeps_selection: bool) {
        let model = ModelChoice::Gallery(scene.model.to_owned());
        let chosen = if keeps_selection && self.wanted.as_ref() == Some(&model) {
            SELECTION_PART.keys
        } else {
            &[]
        };
        let link = Link {
            view: scene.view,
            model: Some(scene.model.to_owned()),
            sample: scene.sample,
            own_sample: None,
            settings: scene.settings(),
            parts: Pairs::of(self).only(&[PAGE_PART.keys, chosen].concat()),
            ..self.link()
        };
        self.own_chip = None;
        self.follow(link, Vec::new());
    }

    /// Looks whether the reader has done what tour and lesson ask for.
    pub(super) fn look_on(&mut self) {
        if let Some(mut tour) = self.teaching.tour.take() {
            self.look_on_tour(&mut tour);
            self.teaching.tour = Some(tour);
        }
        if let Some(mut open) = self.teaching.lesson.take() {
            open.observe(self);
            if open.is_solved && !self.teaching.solved.contains(&open.lesson.key) {
                self.teaching.solved.push(open.lesson.key);
            }
            self.teaching.lesson = Some(open);
        }
    }

    fn look_on_tour(&mut self, tour: &mut OpenTour) {
        let step = tour.now();
        if tour.began.is_none() && is_ready(self) && self.is_loaded_shown() {
            if let Some(at) = step.scene.step {
                let steps = self.steps();
                self.playhead.seek(Seek::To(at), steps);
            }
            tour.began = Some(Moment {
                selection: self.selection,
                is_playing: self.playhead.is_playing,
            });
        }
        if let (Some(until), Some(began)) = (step.until, &tour.began) {
            tour.is_done |= until.is_met(self, began);
        }
    }

    fn is_loaded_shown(&self) -> bool {
        let (shown, loaded) = (self.shown.as_ref(), self.loaded.as_ref());
        shown
            .zip(loaded)
            .is_some_and(|(shown, loaded)| Rc::ptr_eq(&shown.network, &loaded.network))
    }
}
