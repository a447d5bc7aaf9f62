//! The page in parts: `?embed=story,timeline` has these alone, for slides and articles; `?hide=settings` leaves some
//! out, for a class. What is left out is left out by styles, so that the page itself knows nothing of it.

use crate::settings::setting;
use crate::web::link::Part as AddressPart;
use crate::web::view::View;
use gloo::utils::document;
use rust_i18n::t;
use std::fmt::Write;
use std::rc::Rc;
use yew::prelude::*;

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A view, and the way to it.
    View(View),
    /// A card of a view, by its name: `card:membrane`.
    Card(String),
    /// Time along the bottom.
    Timeline,
    /// The claim.
    Badge,
    /// The choice of a network.
    Network,
    /// The choice of a sample.
    Sample,
    /// Settings, by their keys: `settings:register-bits:scaling`; all of them without keys.
    Settings(Vec<&'static str>),
}

/// What is there of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The parts that are there alone; empty for the whole page.
    pub embed: Vec<Part>,
    /// The parts that are left out.
    pub hide: Vec<Part>,
}

impl Part {
    /// Reads one: `story`, `timeline`, `settings:register-bits`.
    ///
    /// # Errors
    /// A sentence that says what parts there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            let views: Vec<&str> = View::ALL.iter().map(|view| view.key()).collect();
            t!("link.part", value = text, views = views.join(", ")).into_owned()
        };
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        match (word, rest) {
            ("timeline", "") => Ok(Self::Timeline),
            ("badge", "") => Ok(Self::Badge),
            ("network", "") => Ok(Self::Network),
            ("sample", "") => Ok(Self::Sample),
            ("settings", "") => Ok(Self::Settings(Vec::new())),
            ("settings", keys) => keys
                .split(':')
                .map(|key| {
                    setting(key)
                        .map(|setting| setting.key)
                        .map_err(|problem| problem.to_string())
                })
                .collect::<Result<_, _>>()
                .map(Self::Settings),
            ("card", name) if is_name(name) => Ok(Self::Card(name.to_owned())),
            (key, "") => View::from_key(key).map(Self::View).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    /// As an address has it.
    pub fn to_text(&self) -> String {
        match self {
            Self::View(view) => view.key().to_owned(),
            Self::Card(name) => format!("card:{name}"),
            Self::Timeline => "timeline".to_owned(),
            Self::Badge => "badge".to_owned(),
            Self::Network => "network".to_owned(),
            Self::Sample => "sample".to_owned(),
            Self::Settings(keys) => [&["settings"], keys.as_slice()].concat().join(":"),
        }
    }

    /// What styles find it by.
    fn selector(&self) -> String {
        match self {
            Self::View(view) => format!(".tab[data-view={}]", view.key()),
            Self::Card(name) => format!(".{name}-card"),
            Self::Timeline => ".timeline".to_owned(),
            Self::Badge => ".badge,.overflow-note".to_owned(),
            Self::Network => NETWORK.to_owned(),
            Self::Sample => SAMPLE.to_owned(),
            Self::Settings(keys) if keys.is_empty() => SETTINGS.to_owned(),
            Self::Settings(keys) => fields(keys, |key| format!(".field:has(#set-{key},#name-{key})")),
        }
    }
}

/// The parts of the page, in its address.
pub const PAGE_PART: AddressPart = AddressPart {
    keys: &[Parts::EMBED, Parts::HIDE],
    write: |state| state.parts.to_pairs().collect(),
    read: |state, pairs| {
        let mut parts = Parts::default();
        let of = |key| pairs.get(key).unwrap_or_default();
        let embed = parts.take(Parts::EMBED, of(Parts::EMBED));
        let hide = parts.take(Parts::HIDE, of(Parts::HIDE));
        state.view = parts.view(state.view);
        state.parts = Rc::new(parts);
        embed.and(hide)
    },
};

/// The panel's groups: network and sample first, then one for each section of settings.
const NETWORK: &str = ".panel>.group-network";
const SAMPLE: &str = ".panel>.group-sample";
const SETTINGS: &str = ".panel>.group:not(.group-network,.group-sample),.panel>.button-reset";

fn fields(keys: &[&str], selector: impl Fn(&str) -> String) -> String {
    keys.iter().map(|key| selector(key)).collect::<Vec<_>>().join(",")
}

/// Names of cards stand in styles.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

impl Parts {
    /// In addresses: what is there alone.
    pub const EMBED: &str = "embed";
    /// In addresses: what is left out.
    pub const HIDE: &str = "hide";

    /// Takes what an address says.
    ///
    /// # Errors
    /// A sentence that says what part there is not; those before it are taken.
    pub fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let parts = if key == Self::EMBED {
            &mut self.embed
        } else {
            &mut self.hide
        };
        for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            parts.push(Part::parse(word)?);
        }
        Ok(())
    }

    /// The pairs that an address holds.
    pub fn to_pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let text = |parts: &[Part]| parts.iter().map(Part::to_text).collect::<Vec<_>>().join(",");
        let pairs = [(Self::EMBED, text(&self.embed)), (Self::HIDE, text(&self.hide))];
        pairs.into_iter().filter(|(_, text)| !text.is_empty())
    }

    /// Whether the page is in a frame.
    pub fn is_embedded(&self) -> bool {
        !self.embed.is_empty()
    }

    /// The view to open with: the wanted one if it is there.
    pub fn view(&self, wanted: View) -> View {
        let views = self.views();
        if views.is_empty() || views.contains(&wanted) {
            wanted
        } else {
            views[0]
        }
    }

    /// The views that are there alone; none of them are if it says nothing of views.
    fn views(&self) -> Vec<View> {
        let view = |part: &Part| match part {
            Part::View(view) => Some(*view),
            _ => None,
        };
        self.embed.iter().filter_map(view).collect()
    }

    /// Styles that leave out what is not there.
    pub fn styles(&self) -> String {
        let mut out: Vec<String> = self.hide.iter().map(Part::selector).collect();
        if self.is_embedded() {
            self.leave_out_others(&mut out);
        }
        let mut styles = String::new();
        if !out.is_empty() {
            // Can't fail for a text.
            let _ = write!(styles, "{}{{display:none!important}}", out.join(","));
        }
        styles
    }

    fn leave_out_others(&self, out: &mut Vec<String>) {
        let has = |part: Part| self.embed.contains(&part);
        let views = self.views();
        let cards: Vec<String> = self
            .embed
            .iter()
            .filter(|part| matches!(part, Part::Card(_)))
            .map(|part| part.selector())
            .collect();
        let keys: Vec<&str> = self
            .embed
            .iter()
            .filter_map(|part| match part {
                Part::Settings(keys) => Some(keys.as_slice()),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let mut leave_out = |is_there: bool, selector: &str| {
            if !is_there {
                out.push(selector.to_owned());
            }
        };
        leave_out(has(Part::Badge) || views.len() > 1, ".header");
        leave_out(has(Part::Badge), ".badge,.overflow-note");
        leave_out(views.len() > 1, ".tabs");
        leave_out(has(Part::Timeline), ".timeline");
        leave_out(has(Part::Network), NETWORK);
        leave_out(has(Part::Sample), SAMPLE);
        let has_all = has(Part::Settings(Vec::new()));
        leave_out(has_all || !keys.is_empty(), SETTINGS);
        leave_out(
            has_all || !keys.is_empty() || has(Part::Network) || has(Part::Sample),
            ".panel",
        );
        leave_out(!views.is_empty() || !cards.is_empty(), ".main");
        if !keys.is_empty() && !has_all {
            let ids = fields(&keys, |key| format!("#set-{key},#name-{key}"));
            out.push(format!(".panel .field:not(:has({ids}))"));
            out.push(format!(
                ".panel>.group:not(.group-network,.group-sample,:has({ids}))"
            ));
            out.push(".panel .button-reset".to_owned());
        }
        if views.len() > 1 {
            let tabs = views.iter().map(|view| format!("[data-view={}]", view.key()));
            out.push(format!(".tab:not({})", tabs.collect::<Vec<_>>().join(",")));
        }
        if !cards.is_empty() {
            out.push(format!(".main .card:not({})", cards.join(",")));
        }
    }
}

/// Tells the document whether it is in a frame, where styles give it another layout.
#[hook]
pub fn use_parts(parts: &Parts) {
    use_effect_with(parts.is_embedded(), |&is_embedded| {
        if let Some(root) = document().document_element() {
            // Neither can fail with this name.
            let _ = if is_embedded {
                root.set_attribute("data-embed", "")
            } else {
                root.remove_attribute("data-embed")
            };
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(text: &str) -> Parts {
        let mut parts = Parts::default();
        parts.take(Parts::EMBED, text).expect("parts that there are");
        parts
    }

    #[test]
    fn parts_come_back_from_the_address_that_they_went_into() {
        let text = "story,timeline,badge,network,sample,settings:register-bits:scaling,card:membrane";
        let parts = embedded(text);
        assert_eq!(parts.to_pairs().collect::<Vec<_>>(), [("embed", text.to_owned())]);
        assert_eq!(Parts::default().to_pairs().count(), 0);
    }

    #[test]
    fn what_is_no_part_is_said_with_what_there_is() {
        for (word, told) in [
            ("moon", "timeline"),
            ("card:{", "card:"),
            ("settings:colour", "register-bits"),
        ] {
            let mut parts = Parts::default();
            let problem = parts
                .take(Parts::EMBED, &format!("story,{word}"))
                .expect_err(word);
            assert!(problem.contains(told), "{problem}");
            assert_eq!(parts.embed, [Part::View(View::Story)]);
        }
    }

    #[test]
    fn a_frame_opens_with_a_view_that_it_has() {
        assert_eq!(embedded("chip,timeline").view(View::Story), View::Chip);
        assert_eq!(embedded("story,chip").view(View::Chip), View::Chip);
        assert_eq!(embedded("card:membrane").view(View::Story), View::Story);
        assert_eq!(Parts::default().view(View::Chip), View::Chip);
    }

    #[test]
    fn styles_leave_out_what_was_not_chosen_and_nothing_else() {
        assert_eq!(Parts::default().styles(), "");
        let styles = embedded("story,timeline").styles();
        assert!(styles.contains(".header,") && styles.contains(".panel"));
        assert!(!styles.contains(".timeline") && !styles.contains(".main"));
        let styles = embedded("badge,settings:scaling").styles();
        assert!(styles.contains(".field:not(:has(#set-scaling,#name-scaling))") && styles.contains(".main"));
        let mut hidden = Parts::default();
        hidden.take(Parts::HIDE, "settings:chip,badge").expect("parts");
        assert_eq!(
            hidden.styles(),
            ".field:has(#set-chip,#name-chip),.badge,.overflow-note{display:none!important}"
        );
    }
}
