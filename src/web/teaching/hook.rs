//! What a step points at, by names that outlive a change of the layout.

use crate::web::view::View;
use std::borrow::Cow;

/// An element of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// The element of this class.
    Class(&'static str),
    /// The stage of the story with this number, the input's being 0.
    Stage(usize),
    /// A card, by its name.
    Card(&'static str),
    /// A setting with its name, by its key.
    Setting(&'static str),
    /// The way to a view.
    Tab(View),
}

impl Hook {
    /// As the document finds it.
    pub fn selector(self) -> Cow<'static, str> {
        match self {
            Self::Class(class) => format!(".{class}").into(),
            Self::Stage(number) => format!(".stages > :nth-child({})", number + 1).into(),
            Self::Card(name) => format!(".{name}-card").into(),
            // Groups of buttons have no control of their own, but a name.
            Self::Setting(key) => format!(".field:has(#set-{key}, #name-{key})").into(),
            Self::Tab(view) => format!(".tab[data-view={}]", view.key()).into(),
        }
    }

    /// Whether it is among the settings, which are in a drawer where the page is narrow.
    pub fn is_setting(self) -> bool {
        matches!(self, Self::Setting(_))
    }
}
