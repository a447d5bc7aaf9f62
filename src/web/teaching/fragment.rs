//! The end of the address that opens the tour or a lesson: `#tour`, `#tour=4`, `#lesson=narrowest-register`.

use super::{LESSONS, Lesson, TOUR, lesson};
use crate::web::address;
use crate::web::state::{Action, State, TeachingAction};
use gloo::events::EventListener;
use gloo::utils::window;
use rust_i18n::t;
use yew::prelude::*;

/// What the end of an address asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fragment {
    /// Nothing of this.
    #[default]
    None,
    /// The tour, at this step counted from 0.
    Tour(usize),
    /// A lesson.
    Lesson(&'static Lesson),
}

impl PartialEq for Lesson {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Fragment {
    /// Reads it, `#` included or not.
    ///
    /// # Errors
    /// A sentence that says what there is no step or lesson of.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('#');
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        match (key, value) {
            ("tour", "") => Ok(Self::Tour(0)),
            ("tour", value) => {
                let step = value.parse::<usize>().ok();
                let step = step.filter(|step| (1..=TOUR.len()).contains(step));
                let wrong = || t!("link.tour", value = value, count = TOUR.len()).into_owned();
                step.map(|step| Self::Tour(step - 1)).ok_or_else(wrong)
            }
            ("lesson", value) => {
                let known: Vec<&str> = LESSONS.iter().map(|lesson| lesson.key).collect();
                let wrong = || t!("link.lesson", value = value, known = known.join(", ")).into_owned();
                lesson(value).map(Self::Lesson).ok_or_else(wrong)
            }
            _ => Ok(Self::None),
        }
    }

    /// As an address has it, `#` included; empty for nothing.
    pub fn to_text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Tour(0) => "#tour".to_owned(),
            Self::Tour(step) => format!("#tour={}", step + 1),
            Self::Lesson(lesson) => format!("#lesson={}", lesson.key),
        }
    }
}

/// Follows the address's end, and writes there what is open. It leaves no trace in the browser's history.
#[hook]
pub fn use_fragment(state: &UseReducerHandle<State>) {
    let dispatch = state.dispatcher();
    use_effect_with((), move |()| {
        let follow = move |is_first: bool| {
            let text = window().location().hash().unwrap_or_default();
            // A link that sets something of its own begins there.
            let keeps = is_first && address::has_own_state();
            dispatch.dispatch(Action::Teach(TeachingAction::Follow(
                Fragment::parse(&text),
                keeps,
            )));
        };
        follow(true);
        let listener = EventListener::new(&window(), "hashchange", move |_| follow(false));
        move || drop(listener)
    });
    let is_first = use_mut_ref(|| true);
    use_effect_with(state.teaching.fragment(), move |fragment| {
        // Before the address was read there is nothing to write.
        if !is_first.replace(false) {
            address::write_fragment(&fragment.to_text());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_address_opens_a_step_or_a_lesson() {
        assert_eq!(Fragment::parse(""), Ok(Fragment::None));
        assert_eq!(Fragment::parse("#tour"), Ok(Fragment::Tour(0)));
        assert_eq!(Fragment::parse("#tour=4"), Ok(Fragment::Tour(3)));
        for lesson in LESSONS {
            let fragment = Fragment::Lesson(lesson);
            assert_eq!(Fragment::parse(&fragment.to_text()), Ok(fragment));
        }
        assert_eq!(Fragment::Tour(0).to_text(), "#tour");
        assert_eq!(Fragment::parse("#settings"), Ok(Fragment::None));
    }

    #[test]
    fn what_it_asks_for_in_vain_is_said() {
        assert!(Fragment::parse("#tour=0").is_err_and(|why| why.contains(&TOUR.len().to_string())));
        assert!(Fragment::parse("#tour=99").is_err());
        assert!(Fragment::parse("#lesson=none").is_err_and(|why| why.contains("narrowest-register")));
    }
}
