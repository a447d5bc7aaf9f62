//! The page's address: view, model, sample, every setting that differs from its default, and what the [`PARTS`] of
//! the page say of themselves.
//!
//! `?v=1&model=digits-mlp&sample=42&register-bits=12&layer=1`. What an address gets wrong is said and ignored.
//!
//! Addresses have a version, so that a later page can go on reading those of today even if a default or a name has
//! changed; one without is from before versions were written, and means the same as version 1.

mod sample;

pub use sample::{Coded, SampleCode};

use super::language::Language;
use super::state::State;
use super::view::View;
use crate::settings::{Settings, setting};
use rust_i18n::t;
use std::borrow::Cow;

/// What an address asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// The language; `None` for the reader's own.
    pub language: Option<Language>,
    /// What fills the page.
    pub view: View,
    /// A model of the gallery; `None` for the first one.
    pub model: Option<String>,
    /// A stored sample; `None` for the model's first pick.
    pub sample: Option<usize>,
    /// A sample that the user made, instead of a stored one.
    pub own_sample: Option<SampleCode>,
    /// The settings.
    pub settings: Settings,
    /// What parts of the page say of themselves.
    pub parts: Pairs,
}

/// A part of the page with pairs of its own in the address. A view that has something to remember adds its part to
/// [`PARTS`]. Its changes replace the browser's entry rather than adding one.
pub struct Part {
    /// The keys that are its own; no setting and no other part has them.
    pub keys: &'static [&'static str],
    /// What the address should say: nothing of what is as the page opens with it.
    pub write: fn(&State) -> Vec<(&'static str, String)>,
    /// Takes what an address says. A key that is not there means: as the page opens with it.
    ///
    /// It is called before there is a model, too: what needs one is kept until then.
    ///
    /// # Errors
    /// A sentence on a value that can't be taken; that one is ignored.
    pub read: fn(&mut State, &Pairs) -> Result<(), String>,
}

/// All parts of the page that say something in the address, in the order in which they say it.
pub static PARTS: &[Part] = &[
    super::state::SELECTION_PART,
    super::state::PLAYHEAD_PART,
    super::state::CHIP_LOOK_PART,
    super::state::PLAN_PART,
    super::state::BLACKBOARD_PART,
    super::teaching::PAGE_PART,
    super::state::CHIP_PART,
    super::state::FILES_PART,
    super::state::CODES_PART,
];

/// Keys and values that parts of the page have written into an address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs(Vec<(&'static str, String)>);

impl Pairs {
    /// What all parts say.
    pub fn of(state: &State) -> Self {
        Self(PARTS.iter().flat_map(|part| (part.write)(state)).collect())
    }

    /// What is said of these keys.
    pub fn only(mut self, keys: &[&str]) -> Self {
        self.0.retain(|(key, _)| keys.contains(key));
        self
    }

    /// What is said of other keys.
    pub fn without(mut self, keys: &[&str]) -> Self {
        self.0.retain(|(key, _)| !keys.contains(key));
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(of, _)| *of == key);
        pair.map(|(_, value)| value.as_str())
    }

    /// The value of a key as a number counted from 0.
    ///
    /// # Errors
    /// A sentence if it is none.
    pub fn number(&self, key: &str) -> Result<Option<usize>, String> {
        let number = |value: &str| {
            value
                .parse()
                .map_err(|_| t!("bring.link_number", key = key, value = value).into_owned())
        };
        self.get(key).map(number).transpose()
    }

    /// The place of a key's value in a list of words.
    ///
    /// # Errors
    /// A sentence that names the words, if it is none of them.
    pub fn word(&self, key: &str, words: &[&str]) -> Result<Option<usize>, String> {
        let place = |value: &str| {
            let place = words.iter().position(|word| *word == value);
            place.ok_or_else(|| {
                let words = words.join(", ");
                t!("bring.link_word", key = key, value = value, words = words).into_owned()
            })
        };
        self.get(key).map(place).transpose()
    }

    /// Says this of a key.
    pub fn set(&mut self, key: &'static str, value: &str) {
        self.0.retain(|(of, _)| *of != key);
        self.0.push((key, value.to_owned()));
    }
}

/// The version of addresses that is written.
const VERSION: &str = "1";

const VERSION_KEY: &str = "v";
const LANGUAGE: &str = "lang";
const VIEW: &str = "view";
const MODEL: &str = "model";
const SAMPLE: &str = "sample";
const OWN_SAMPLE: &str = "drawn";

/// Browsers, servers and messengers cut longer addresses.
pub const LONGEST: usize = 8000;

impl Link {
    /// Reads the pairs of an address, and says what is wrong with those that it leaves out.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Self, Vec<String>) {
        let mut link = Self::default();
        let mut problems = Vec::new();
        for (key, value) in pairs {
            if let Err(problem) = link.take(key, value) {
                problems.push(problem);
            }
        }
        if let Err(problem) = link.settings.check() {
            problems.push(problem.to_string());
            link.settings.conversion.accumulation = Default::default();
        }
        (link, problems)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            LANGUAGE => {
                let known = Language::ALL.map(Language::key).join(&t!("link.or"));
                let wrong = || t!("link.language", value = value, known = known).into_owned();
                self.language = Some(Language::from_key(value).ok_or_else(wrong)?);
            }
            VIEW => {
                let known: Vec<&str> = View::ALL.iter().map(|view| view.key()).collect();
                let known = known.join(&t!("link.or"));
                let wrong = || t!("link.view", value = value, known = known).into_owned();
                self.view = View::from_key(value).ok_or_else(wrong)?;
            }
            MODEL => self.model = Some(value.to_owned()),
            VERSION_KEY if value == VERSION => {}
            VERSION_KEY => return Err(t!("bring.link_version", version = value).into_owned()),
            OWN_SAMPLE => self.own_sample = Some(SampleCode::read(value)?),
            SAMPLE => {
                let wrong = |_| t!("link.sample", value = value).into_owned();
                self.sample = Some(value.parse().map_err(wrong)?);
            }
            _ => {
                let part = PARTS
                    .iter()
                    .flat_map(|part| part.keys)
                    .find(|known| **known == key);
                if let Some(key) = part {
                    self.parts.set(key, value);
                    return Ok(());
                }
                let setting = setting(key).map_err(|problem| problem.to_string())?;
                setting
                    .set(&mut self.settings, value)
                    .map_err(|problem| problem.to_string())?;
            }
        }
        Ok(())
    }

    /// The pairs that an address holds; none for what the page opens with.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let language = self
            .language
            .map(|language| (LANGUAGE, language.key().to_owned()));
        let view = (self.view != View::default()).then(|| (VIEW, self.view.key().to_owned()));
        let model = self.model.clone().map(|model| (MODEL, model));
        let sample = self.sample.map(|sample| (SAMPLE, sample.to_string()));
        let own = self.own_sample.as_ref();
        let own = own.map(|code| (OWN_SAMPLE, code.as_str().to_owned()));
        let mut pairs: Vec<(&'static str, String)> = [language, view, model, sample, own]
            .into_iter()
            .flatten()
            .chain(self.settings.to_pairs())
            .chain(self.parts.0.iter().cloned())
            .collect();
        if !pairs.is_empty() {
            pairs.insert(0, (VERSION_KEY, VERSION.to_owned()));
        }
        pairs
    }

    /// The same as the end of an address, `?` included; empty for what the page opens with.
    pub fn to_query(&self) -> String {
        let pairs: Vec<String> = self
            .to_pairs()
            .into_iter()
            .map(|(key, value)| format!("{key}={}", escaped(&value)))
            .collect();
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }

    /// Whether an address can hold all of it.
    pub fn is_short(&self) -> bool {
        self.to_query().len() <= LONGEST
    }

    /// As much of it as an address can hold: without what the user has made, if that is too long.
    pub fn shortened(&self) -> Self {
        if self.is_short() {
            return self.clone();
        }
        let mut shorter = Self {
            own_sample: None,
            ..self.clone()
        };
        shorter.parts.0.retain(|(_, value)| value.len() < LONGEST / 8);
        shorter
    }

    /// The same without what its parts say, which is no reason to go back in the browser's history.
    pub fn without_parts(&self) -> Self {
        Self {
            parts: Pairs::default(),
            ..self.clone()
        }
    }
}

/// A value as an address takes it. What needs no escape is left readable.
fn escaped(value: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~,:;!*()/".contains(&byte);
    if value.bytes().all(is_plain) {
        return Cow::Borrowed(value);
    }
    let escape = |byte: u8| match byte {
        byte if is_plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    value.bytes().map(escape).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_brings_back_what_it_was_made_of() {
        let pairs = [("model", "digits-mlp"), ("sample", "42"), ("register-bits", "12")];
        let (link, problems) = Link::from_pairs(pairs);
        assert!(problems.is_empty());
        assert_eq!(link.sample, Some(42));
        assert_eq!(
            link.to_query(),
            "?v=1&model=digits-mlp&sample=42&register-bits=12"
        );
        assert_eq!(Link::default().to_query(), "");
    }

    #[test]
    fn an_address_leads_to_a_view() {
        let (link, problems) = Link::from_pairs([("view", "chip"), ("model", "digits-mlp")]);
        assert!(problems.is_empty());
        assert_eq!(link.view, View::Chip);
        assert_eq!(link.to_query(), "?v=1&view=chip&model=digits-mlp");
    }

    #[test]
    fn what_an_address_gets_wrong_is_said_and_the_rest_is_kept() {
        let pairs = [
            ("register-bits", "99"),
            ("sample", "x"),
            ("order", "lsb"),
            ("view", "moon"),
        ];
        let (link, problems) = Link::from_pairs(pairs);
        assert_eq!(problems.len(), 3);
        assert_eq!(link.to_query(), "?v=1&order=lsb");
    }

    #[test]
    fn settings_that_exclude_each_other_are_said_and_mended() {
        let (link, problems) = Link::from_pairs([("order", "lsb"), ("accumulation", "shifting")]);
        assert_eq!(problems.len(), 1);
        assert_eq!(link.settings.check(), Ok(()));
    }

    #[test]
    fn addresses_from_before_versions_mean_what_they_meant() {
        let old = [
            ("lang", "zh"),
            ("view", "chip"),
            ("model", "mnist-residual"),
            ("sample", "7"),
            ("register-bits", "12"),
            ("scaling", "off"),
            ("mesh-width", "24"),
        ];
        let (link, problems) = Link::from_pairs(old);
        assert_eq!(problems, Vec::<String>::new());
        let (again, problems) = Link::from_pairs(std::iter::once(("v", "1")).chain(old));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(link, again);
        assert_eq!(
            link.to_query(),
            "?v=1&lang=zh&view=chip&model=mnist-residual&sample=7&register-bits=12&scaling=off&mesh-width=24"
        );
    }

    #[test]
    fn an_address_of_a_later_version_is_read_as_far_as_it_is_known_and_that_is_said() {
        let (link, problems) = Link::from_pairs([("v", "9"), ("sample", "42")]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("version 9"), "{problems:?}");
        assert_eq!(link.sample, Some(42));
    }

    #[test]
    fn no_two_parts_of_the_page_share_a_key() {
        let own = [VERSION_KEY, LANGUAGE, VIEW, MODEL, SAMPLE, OWN_SAMPLE];
        let settings = crate::settings::SETTINGS.iter().map(|setting| setting.key);
        let parts = PARTS.iter().flat_map(|part| part.keys).copied();
        let mut keys: Vec<&str> = own.into_iter().chain(settings).chain(parts).collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn what_parts_say_survives_whatever_characters_it_has() {
        let mut link = Link::default();
        link.parts.set("layer", "a b&c=ü+%");
        assert_eq!(link.to_query(), "?v=1&layer=a%20b%26c%3D%C3%BC%2B%25");
    }

    #[test]
    fn an_address_that_is_too_long_goes_without_what_makes_it_so() {
        let long = SampleCode::of_values('f', &vec![0.123; 3072]);
        let link = Link {
            own_sample: Some(long),
            sample: Some(3),
            ..Link::default()
        };
        assert!(!link.is_short());
        assert_eq!(link.shortened().to_query(), "?v=1&sample=3");
    }
}
