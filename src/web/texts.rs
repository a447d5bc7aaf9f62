//! The texts of every language, as `t!` finds them. `build.rs` makes a file for each language of `locales/`.
//!
//! English is in the program. Another language is a part of its own, which comes when somebody wants it; where the
//! program is in one piece, they are all there.

use super::language::Language;
use rust_i18n::Backend;
use std::borrow::Cow;
use std::sync::OnceLock;

const ENGLISH: &str = include_str!(concat!(env!("OUT_DIR"), "/en.txt"));

/// The texts of a language: keys and texts by turns, each with a NUL behind it.
pub type Source = &'static str;

/// The Chinese texts.
pub const CHINESE: Source = include_str!(concat!(env!("OUT_DIR"), "/zh.txt"));

/// Texts by key, keys in ascending order.
struct Table(Vec<(&'static str, &'static str)>);

static TABLES: [OnceLock<Table>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];

impl Table {
    fn new(source: Source) -> Self {
        let mut words = source.split_terminator('\0');
        let pairs = std::iter::from_fn(|| Some((words.next()?, words.next()?)));
        Self(pairs.collect())
    }

    fn get(&self, key: &str) -> Option<&'static str> {
        let place = self.0.binary_search_by_key(&key, |(key, _)| key).ok()?;
        Some(self.0[place].1)
    }
}

/// From now on these are the texts of a language. Those that came first stay.
pub fn install(language: Language, source: Source) {
    TABLES[language as usize].get_or_init(|| Table::new(source));
}

/// Whether the texts of a language are here.
pub fn has(language: Language) -> bool {
    table(language).is_some()
}

fn table(language: Language) -> Option<&'static Table> {
    let own = match language {
        Language::English => Some(ENGLISH),
        #[cfg(not(split))]
        Language::Chinese => Some(CHINESE),
        #[cfg(split)]
        Language::Chinese => None,
    };
    if let Some(own) = own {
        install(language, own);
    }
    TABLES[language as usize].get()
}

/// Where `t!` looks texts up.
#[derive(Debug)]
pub struct Texts;

impl Backend for Texts {
    fn available_locales(&self) -> Vec<Cow<'_, str>> {
        Language::ALL.map(|language| language.key().into()).to_vec()
    }

    fn translate(&self, locale: &str, key: &str) -> Option<Cow<'_, str>> {
        let language = Language::ALL
            .into_iter()
            .find(|language| language.key() == locale)?;
        table(language)?.get(key).map(Cow::Borrowed)
    }

    fn messages_for_locale(&self, locale: &str) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
        let language = Language::ALL
            .into_iter()
            .find(|language| language.key() == locale)?;
        let pairs = table(language)?.0.iter();
        Some(pairs.map(|&(key, text)| (key.into(), text.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_key_in_each_language() {
        assert_eq!(Texts.translate("en", "learn.button").as_deref(), Some("Learn"));
        assert_eq!(Texts.translate("zh", "learn.button").as_deref(), Some("学习"));
        assert_eq!(Texts.translate("en", "learn.nothing"), None);
        assert_eq!(Texts.translate("de", "learn.button"), None);
    }

    #[test]
    fn every_text_is_found() {
        for language in Language::ALL {
            let all = Texts.messages_for_locale(language.key()).expect("texts");
            assert!(all.len() > 500);
            for (key, text) in all {
                assert_eq!(Texts.translate(language.key(), &key), Some(text));
            }
        }
    }
}
