//! The page's language: what the address or the user says, or what the browser prefers.
//!
//! Texts are in `locales/`, one file for each part of the page, every language beside the others; `t!` finds them.

use super::state::{Action, Dispatch, Notice};
use super::{lazy, storage, texts};
use gloo::utils::{document, window};
use rust_i18n::t;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

const KEY: &str = "language";

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// In addresses (`lang=zh`), in `locales/` and as the document's language.
    pub const fn key(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// Its name, in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// The language of a key; `zh-CN` is Chinese.
    pub fn from_key(key: &str) -> Option<Self> {
        let family = key.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.key().eq_ignore_ascii_case(family))
    }

    /// What was chosen last time, or what the browser prefers.
    pub fn preferred() -> Self {
        let remembered = storage::get(KEY);
        remembered
            .or_else(|| window().navigator().language())
            .and_then(|key| Self::from_key(&key))
            .unwrap_or_default()
    }

    /// Remembers it as the user's choice. Without storage it is for this visit.
    pub fn remember(self) {
        storage::set(KEY, self.key());
    }

    /// From now on `t!` answers in this language, or in English as long as its texts are not there. Returns which.
    pub fn speak(self) -> Self {
        let spoken = if texts::has(self) { self } else { Self::English };
        if *rust_i18n::locale() != *spoken.key() {
            rust_i18n::set_locale(spoken.key());
        }
        spoken
    }

    /// Tells the document, for those who hear it and for fonts.
    pub fn tell_document(self) {
        if let Some(root) = document().document_element() {
            // Can't fail with this name.
            let _ = root.set_attribute("lang", self.key());
        }
    }
}

/// Speaks a language from now on, English until its texts have come, and tells the document. Returns which it is.
#[hook]
pub fn use_language(language: Language, dispatch: &Dispatch) -> Language {
    let spoken = language.speak();
    let (dispatch, update) = (dispatch.clone(), use_force_update());
    use_effect_with((language, spoken), move |&(language, spoken)| {
        spoken.tell_document();
        if spoken == language {
            return;
        }
        spawn_local(async move {
            match lazy::fetch_texts(language).await {
                Ok(()) => update.force_update(),
                Err(why) => {
                    let title = t!("lazy.part-did-not-come");
                    dispatch.dispatch(Action::Complain(Notice::error(title, why)));
                }
            }
        });
    });
    spoken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_language_is_found_by_its_family() {
        assert_eq!(Language::from_key("zh-CN"), Some(Language::Chinese));
        assert_eq!(Language::from_key("en_GB"), Some(Language::English));
        assert_eq!(Language::from_key("de"), None);
    }
}
