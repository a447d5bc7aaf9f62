//! The page's texts: all are in `locales/`, each in every language, and each is said somewhere.

use rust_i18n_support::load_locales;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What the page speaks besides English.
const OTHER_LANGUAGES: [&str; 1] = ["zh"];

/// Keys that are put together while the page runs: `t!(format!("count.{thing}.{form}"))`.
const PUT_TOGETHER: [&str; 1] = ["count."];

/// What stands in the engine's tables in English, so that only the other languages are in `locales/`.
const FROM_TABLES: [&str; 5] = ["term.", "setting.", "field.", "finding.", "gallery-model."];

type Texts = BTreeMap<String, BTreeMap<String, String>>;

fn texts() -> Texts {
    load_locales("locales", |_| false)
}

/// Every source file of the page, without its tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![PathBuf::from("src/web")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the page").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let end = text.find("#[cfg(test)]").unwrap_or(text.len());
                sources.push((path, text[..end].to_owned()));
            }
        }
    }
    sources
}

/// The string literals of a source file, with where each begins. Comments and characters are passed over.
fn literals(source: &str) -> Vec<(usize, String)> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += source[at..].find('\n').unwrap_or(source.len() - at);
            }
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 3,
            b'\'' if bytes.get(at + 1) == Some(&b'\\') => at += 2,
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                found.push((start - 1, source[start..at.min(source.len())].to_owned()));
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Names between `%{` and `}`.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let parts = text.split("%{").skip(1);
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_text_is_there_in_every_language_with_the_same_placeholders() {
    let texts = texts();
    let english = &texts["en"];
    let is_from_table = |key: &str| FROM_TABLES.iter().any(|prefix| key.starts_with(prefix));
    for language in OTHER_LANGUAGES {
        let others = &texts[language];
        for (key, text) in english {
            let other = others
                .get(key)
                .unwrap_or_else(|| panic!("{key} has no {language}"));
            assert_eq!(placeholders(text), placeholders(other), "{key} in {language}");
            assert!(!other.trim().is_empty() && !text.trim().is_empty(), "{key}");
            assert!(
                !is_from_table(key),
                "the English of {key} is in the engine's table"
            );
        }
        for key in others.keys() {
            assert!(
                english.contains_key(key) || is_from_table(key),
                "{key} has no English"
            );
        }
    }
}

#[test]
fn every_text_that_the_page_says_is_there() {
    let english = &texts()["en"];
    let mut missing = Vec::new();
    for (path, source) in sources() {
        for (at, key) in literals(&source) {
            let before = source[..at].trim_end().strip_suffix("t!(");
            // `format!(` ends so as well.
            let is_said = before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric()));
            if is_said && !english.contains_key(&key) {
                missing.push(format!("{}: {key}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_text_is_said_somewhere() {
    let sources = sources();
    let mut whole = BTreeSet::new();
    // `view.{}` and `measure-legend.{key}`: what stands before the part that is put in.
    let mut beginnings = BTreeSet::new();
    for literal in sources
        .iter()
        .flat_map(|(_, source)| literals(source))
        .map(|(_, text)| text)
    {
        match literal.split_once('{') {
            Some((before, _)) if before.contains('.') => beginnings.insert(before.to_owned()),
            _ => whole.insert(literal),
        };
    }
    beginnings.extend(PUT_TOGETHER.map(str::to_owned));
    let is_said =
        |key: &str| whole.contains(key) || beginnings.iter().any(|beginning| key.starts_with(&**beginning));
    let texts = texts();
    let unsaid: Vec<&String> = texts["zh"].keys().filter(|key| !is_said(key)).collect();
    assert!(unsaid.is_empty(), "{unsaid:#?}");
}

/// A plain scan: a literal with two words in it that stands where only texts for readers stand, between tags of
/// `html!` or as one of the attributes that are read out or shown. It does not see texts that come by a variable, nor
/// single words.
#[test]
fn no_sentence_stands_in_the_program_itself() {
    /// The page's own name is the same in every language.
    const NAME: &str = "SDANN Explorer";
    const READ: [&str; 6] = [
        "aria-label=",
        "title=",
        "placeholder=",
        "aria-roledescription=",
        "alt=",
        "label=",
    ];
    let mut found = Vec::new();
    for (path, source) in sources() {
        for (at, text) in literals(&source) {
            // Letters by themselves are an equation's.
            let is_word = |word: &&str| word.len() > 1 && word.chars().all(char::is_alphabetic);
            let has_words = text.split_whitespace().filter(is_word).count() > 1;
            let before = source[..at].trim_end_matches("{format!(").trim_end_matches('{');
            let is_attribute = READ.iter().any(|name| before.ends_with(name));
            let opening = source[..at].trim_end();
            let is_child = opening.ends_with("{")
                && source[at + text.len() + 2..].trim_start().starts_with('}')
                && opening.trim_end_matches('{').trim_end().ends_with(['>', '}']);
            if has_words && text != NAME && (is_attribute || is_child) {
                found.push(format!("{}: {text}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_scan_sees_what_it_is_for() {
    let literals: Vec<String> = literals(
        r#"let a = "one \" two"; // "no"
        let quote = '"'; "three""#,
    )
    .into_iter()
    .map(|(_, text)| text)
    .collect();
    assert_eq!(literals, [r#"one \" two"#, "three"]);
    assert_eq!(placeholders("%{a} of %{b}"), BTreeSet::from(["a", "b"]));
    assert!(Path::new("src/web").is_dir());
    assert!(sources().len() > 40);
}
