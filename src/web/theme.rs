//! Light or dark: what the user chose, or what the system says.

use super::storage;
use gloo::utils::{document, window};

/// The choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

const KEY: &str = "theme";

impl Theme {
    /// What was chosen last time.
    pub fn remembered() -> Self {
        match storage::get(KEY).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// The next choice of a button that goes round.
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// In one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Shows and remembers it.
    pub fn apply(self) {
        let Some(root) = document().document_element() else {
            return;
        };
        // Can't fail with these names.
        if self == Self::System {
            storage::delete(KEY);
            let _ = root.remove_attribute("data-theme");
        } else {
            storage::set(KEY, self.name());
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}

/// Whether the system asks for as little motion as possible.
pub fn wants_no_motion() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    query.ok().flatten().is_some_and(|query| query.matches())
}
