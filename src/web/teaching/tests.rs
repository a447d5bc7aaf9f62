//! The tables are held against the page's own sources, its texts and its settings.

use super::lessons::HINTS;
use super::*;
use crate::settings::setting;
use crate::web::state::{Action, Seek, State, TeachingAction};
use crate::web::view::View;
use rust_i18n::t;
use std::fs;
use std::path::Path;
use yew::Reducible;

const LANGUAGES: [&str; 2] = ["en", "zh"];

/// All of the page's sources in one text.
fn sources() -> String {
    fn read(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("teaching") {
                read(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let mut all = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut all);
    all
}

fn has_text(key: &str) {
    for language in LANGUAGES {
        let text = t!(key, locale = language);
        assert!(
            !text.is_empty() && !text.contains(key),
            "{key} in {language}: {text}"
        );
    }
}

fn is_in(sources: &str, class: &str) -> bool {
    sources.match_indices(class).any(|(at, _)| {
        let around = (
            sources[..at].chars().next_back(),
            sources[at + class.len()..].chars().next(),
        );
        let is_end = |c: Option<char>| c.is_some_and(|c| c == '"' || c == ' ');
        is_end(around.0) && is_end(around.1)
    })
}

#[test]
fn every_step_points_at_something_that_the_page_has() {
    let sources = sources();
    for step in TOUR {
        let is_there = match step.hook {
            Hook::Class(class) => is_in(&sources, class),
            Hook::Card(name) => is_in(&sources, &format!("{name}-card")) || is_in(&sources, name),
            Hook::Setting(key) => setting(key).is_ok(),
            Hook::Stage(_) => is_in(&sources, "stages"),
            Hook::Tab(_) => sources.contains("data-view={view.key()}"),
        };
        assert!(is_there, "{}: {:?}", step.key, step.hook);
    }
}

#[test]
fn every_step_and_lesson_has_its_texts_in_both_languages() {
    for step in TOUR {
        has_text(&format!("tour.{}.title", step.key));
        has_text(&format!("tour.{}.text", step.key));
        if step.until.is_some() {
            has_text(&format!("tour.{}.todo", step.key));
        }
    }
    for lesson in LESSONS {
        for part in ["title", "task", "why"] {
            has_text(&format!("lesson.{}.{part}", lesson.key));
        }
        for hint in 1..=HINTS {
            has_text(&format!("lesson.{}.hint{hint}", lesson.key));
        }
    }
}

#[test]
fn every_scene_is_one_that_an_address_could_ask_for() {
    let gallery = include_str!("../../../assets/gallery.json");
    let scenes = TOUR
        .iter()
        .map(|step| &step.scene)
        .chain(LESSONS.iter().map(|lesson| &lesson.scene));
    for scene in scenes {
        assert!(
            gallery.contains(&format!("\"id\": \"{}\"", scene.model)),
            "{}",
            scene.model
        );
        for (key, value) in scene.settings {
            let mut settings = crate::settings::Settings::default();
            assert_eq!(
                setting(key).and_then(|setting| setting.set(&mut settings, value)),
                Ok(())
            );
        }
        assert_eq!(scene.settings().check(), Ok(()));
    }
}

fn after(state: State, actions: Vec<Action>) -> State {
    let state = actions
        .into_iter()
        .fold(std::rc::Rc::new(state), |state, action| state.reduce(action));
    std::rc::Rc::unwrap_or_clone(state)
}

/// A state in which a step's scene stands: with a run of two layers and eight steps.
fn standing(step: usize) -> State {
    use crate::web::state::{Loaded, ModelChoice, ModelLoad, Shown};
    use crate::web::views::tests::{network, run};
    use std::rc::Rc;
    let network = Rc::new(network());
    let choice = ModelChoice::Gallery("mnist-cnn".to_owned());
    let load = ModelLoad {
        epoch: 1,
        choice: choice.clone(),
        model: Rc::default(),
        data: None,
    };
    let mut state = State {
        wanted: Some(choice),
        ..State::default()
    };
    state.loaded = Some(Rc::new(Loaded {
        load: Rc::new(load),
        network: network.clone(),
    }));
    state.sample = Some(crate::web::state::SampleChoice::Stored(0));
    let mut run = run();
    // As many steps as the first model of the gallery has.
    let long: Vec<_> = run.trace.windows.iter().cycle().take(8).cloned().collect();
    run.trace.windows = long;
    state.shown = Some(Shown {
        network,
        run: Rc::new(run),
        sample: crate::web::state::SampleChoice::Stored(0),
        classes: Rc::default(),
    });
    after(state, vec![Action::Teach(TeachingAction::Tour(step))])
}

/// What a reader does who does what a step asks for.
fn obey(until: Condition) -> Vec<Action> {
    use crate::web::selection::Select;
    let set = |key: &str, value: &str| vec![Action::Set(setting(key).expect("a setting"), value.to_owned())];
    match until {
        Condition::StepAtLeast(step) => vec![Action::Seek(Seek::To(step))],
        Condition::Plays => vec![Action::TogglePlaying],
        Condition::ChoosesNeuronOf(layer) => vec![Action::Select(Select::Neuron { layer, neuron: 2 })],
        Condition::ChoosesCore => vec![Action::Select(Select::Core(Some(3)))],
        Condition::AtMost(key, number) | Condition::AtLeast(key, number) => set(key, &number.to_string()),
        Condition::Is(key, value) => set(key, value),
        Condition::Opens(view) => vec![Action::Show(view)],
    }
}

#[test]
fn every_condition_is_open_when_its_step_begins_and_met_by_doing_what_it_says() {
    for (index, step) in TOUR.iter().enumerate() {
        let Some(until) = step.until else { continue };
        let state = standing(index);
        let tour = state.teaching.tour.as_ref().expect("a tour");
        assert!(!tour.is_done, "{} is done before it begins", step.key);
        assert_eq!(state.view, step.scene.view);
        let state = after(state, obey(until));
        let tour = state.teaching.tour.expect("a tour");
        assert!(tour.is_done, "{} is not done by {until:?}", step.key);
    }
}

#[test]
fn the_tour_gives_back_what_was_before_it() {
    let set = |value: &str| Action::Set(setting("register-bits").expect("a setting"), value.to_owned());
    let mut state = standing(0);
    state.teaching.tour = None;
    let state = after(state, vec![set("21"), Action::Show(View::Chip)]);
    let before = state.link().without_parts();
    let toured = after(
        state,
        vec![
            Action::Teach(TeachingAction::Tour(0)),
            Action::Teach(TeachingAction::Tour(10)),
            Action::Teach(TeachingAction::LeaveTour),
        ],
    );
    assert!(toured.teaching.tour.as_ref().is_some_and(|tour| tour.is_leaving));
    assert_ne!(toured.link().without_parts(), before);
    let kept = after(
        toured.clone(),
        vec![Action::Teach(TeachingAction::EndTour(false))],
    );
    assert_ne!(kept.link().without_parts(), before);
    let restored = after(toured, vec![Action::Teach(TeachingAction::EndTour(true))]);
    assert!(restored.teaching.tour.is_none());
    assert_eq!(restored.link().without_parts(), before);
}

#[test]
fn who_has_changed_nothing_is_not_asked() {
    let mut state = standing(0);
    state.teaching.tour = None;
    let state = after(
        state,
        vec![
            Action::Teach(TeachingAction::Tour(0)),
            Action::Teach(TeachingAction::LeaveTour),
        ],
    );
    assert!(state.teaching.tour.is_none());
}

#[test]
fn a_lesson_that_a_link_brings_settings_for_begins_with_those() {
    let lesson = lesson("narrowest-register").expect("a lesson");
    let set = |value: &str| Action::Set(setting("register-bits").expect("a setting"), value.to_owned());
    let follow = |keeps| Action::Teach(TeachingAction::Follow(Ok(Fragment::Lesson(lesson)), keeps));
    let linked = after(standing(0), vec![set("20"), follow(true)]);
    assert_eq!(linked.settings.conversion.register_bits, 20);
    let own = after(standing(0), vec![set("20"), follow(false)]);
    assert_eq!(own.settings, lesson.scene.settings());
    assert!(own.teaching.tour.is_none());
}
