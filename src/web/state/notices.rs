//! What went wrong, in one sentence and with what to do.

use super::State;
use crate::web::language::Language;
use rust_i18n::t;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Something was ignored or done otherwise.
    Warning,
    /// Something could not be done.
    Error,
}

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Tells notices apart.
    pub number: u32,
    /// How bad it is.
    pub weight: Weight,
    /// What could not be done.
    pub title: String,
    /// Why, and what to do.
    pub text: String,
}

/// Older ones go when there are more.
const MOST: usize = 3;

impl Notice {
    /// Something could not be done.
    pub fn error(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            number: 0,
            weight: Weight::Error,
            title: title.into(),
            text: text.into(),
        }
    }

    /// Something was ignored.
    pub fn warning(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            weight: Weight::Warning,
            ..Self::error(title, text)
        }
    }

    /// Whether its title is the text `key`, in whatever language was spoken when it came.
    pub(super) fn is_titled(&self, key: &str) -> bool {
        let titles = Language::ALL.map(|language| t!(key, locale = language.key()).into_owned());
        titles.contains(&self.title)
    }
}

impl State {
    /// Adds a notice, in the place of one that says the same.
    pub(super) fn complain(&mut self, mut notice: Notice) {
        notice.number = self.notices.iter().map(|n| n.number).max().unwrap_or(0) + 1;
        notice.text = sentence(&notice.text);
        self.notices
            .retain(|n| (&n.title, &n.text) != (&notice.title, &notice.text));
        self.notices.push(notice);
        let surplus = self.notices.len().saturating_sub(MOST);
        self.notices.drain(..surplus);
    }

    /// What could not be done was done otherwise.
    pub(super) fn forget_errors(&mut self) {
        self.notices.retain(|notice| notice.weight != Weight::Error);
    }

    pub(super) fn complain_about_address(&mut self, problems: Vec<String>) {
        if problems.is_empty() {
            return;
        }
        // Some problems show only once the model is there: one notice tells all.
        let mut notices = self.notices.iter();
        let known = notices.position(|notice| notice.is_titled("notice.address"));
        let known = known.map(|index| self.notices.remove(index).text);
        let sentences = problems.iter().map(|problem| sentence(problem));
        let text: Vec<String> = known.into_iter().chain(sentences).collect();
        self.complain(Notice::warning(t!("notice.address"), text.join(" ")));
    }
}

/// Errors are worded to stand behind `error: `; here they stand alone.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let first = letters
        .next()
        .map(|letter| letter.to_ascii_uppercase().to_string())
        .unwrap_or_default();
    let text = format!("{first}{}", letters.as_str());
    if text.is_empty() || text.ends_with(['.', '!', '?', '…', '。']) {
        text
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_with_an_address_is_told_in_one_notice() {
        let mut state = State::default();
        state.complain_about_address(vec!["one".into(), "two".into()]);
        state.complain_about_address(vec!["three".into()]);
        assert_eq!(state.notices.len(), 1);
        assert_eq!(state.notices[0].text, "One. Two. Three.");
    }

    #[test]
    fn the_same_complaint_is_shown_once() {
        let mut state = State::default();
        state.complain(Notice::error("a", "the file is empty"));
        state.complain(Notice::error("a", "the file is empty"));
        assert_eq!(state.notices.len(), 1);
        assert_eq!(state.notices[0].text, "The file is empty.");
    }
}
