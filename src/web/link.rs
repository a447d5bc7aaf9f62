//! The page's address: view, model, sample and every setting that differs from its default.
//!
//! `?model=digits-mlp&sample=42&register-bits=12`. What an address gets wrong is said and ignored.

use super::language::Language;
use super::view::View;
use crate::settings::{Settings, setting};
use rust_i18n::t;

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
    /// The settings.
    pub settings: Settings,
}

const LANGUAGE: &str = "lang";
const VIEW: &str = "view";
const MODEL: &str = "model";
const SAMPLE: &str = "sample";

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
            SAMPLE => {
                let wrong = |_| t!("link.sample", value = value).into_owned();
                self.sample = Some(value.parse().map_err(wrong)?);
            }
            _ => {
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
        language
            .into_iter()
            .chain(view)
            .chain(model)
            .chain(sample)
            .chain(self.settings.to_pairs())
            .collect()
    }

    /// The same as the end of an address, `?` included; empty for what the page opens with.
    pub fn to_query(&self) -> String {
        let pairs: Vec<String> = self
            .to_pairs()
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }
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
        assert_eq!(link.to_query(), "?model=digits-mlp&sample=42&register-bits=12");
        assert_eq!(Link::default().to_query(), "");
    }

    #[test]
    fn an_address_leads_to_a_view() {
        let (link, problems) = Link::from_pairs([("view", "chip"), ("model", "digits-mlp")]);
        assert!(problems.is_empty());
        assert_eq!(link.view, View::Chip);
        assert_eq!(link.to_query(), "?view=chip&model=digits-mlp");
    }

    #[test]
    fn what_an_address_gets_wrong_is_said_and_the_rest_is_kept() {
        let pairs = [
            ("register-bits", "99"),
            ("colour", "red"),
            ("sample", "x"),
            ("order", "lsb"),
            ("view", "moon"),
        ];
        let (link, problems) = Link::from_pairs(pairs);
        assert_eq!(problems.len(), 4);
        assert_eq!(link.to_query(), "?order=lsb");
    }

    #[test]
    fn settings_that_exclude_each_other_are_said_and_mended() {
        let (link, problems) = Link::from_pairs([("order", "lsb"), ("accumulation", "shifting")]);
        assert_eq!(problems.len(), 1);
        assert_eq!(link.settings.check(), Ok(()));
    }
}
