//! A chip's file in TOML becomes a [`Chip`]. The format is told in `docs/adding-a-chip.md`.

use super::fields::{Field, FieldSection, field};
use super::graded::{Grade, Graded, Source, YOU};
use super::value::Value;
use super::{Chip, ChipError};
use toml::{Table, Value as Toml};

/// No chip's file has more bytes than this (256 KiB).
pub const MAX_CHIP_BYTES: usize = 256 << 10;

/// What a file must name, if only to say that it is unknown. What else it leaves out is unknown.
const NEEDED: [&str; 5] = [
    "network.shape",
    "network.width",
    "network.height",
    "network.cores-per-router",
    "core.neurons",
];

/// Reads a chip's file. `key` is the name of the file without its ending.
///
/// # Errors
/// A [`ChipError`] that names the field.
pub fn read_chip(key: &str, bytes: &[u8]) -> Result<Chip, ChipError> {
    if bytes.len() > MAX_CHIP_BYTES {
        return Err(ChipError::TooLarge {
            found: bytes.len(),
            limit: MAX_CHIP_BYTES,
        });
    }
    let text = str::from_utf8(bytes).map_err(|error| ChipError::NotText {
        at: error.valid_up_to(),
    })?;
    let table: Table = toml::from_str(text).map_err(|error| ChipError::NotToml {
        line: 1 + error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(0, |before| before.matches('\n').count()),
        problem: error.message().trim_end_matches('.').replace('\n', ", "),
    })?;
    let mut chip = Chip {
        key: key.to_owned(),
        name: string(&table, "", "name")?.ok_or_else(|| ChipError::Missing {
            field: "name".into(),
            remedy: "write name = \"My chip\" at the top of the file".into(),
        })?,
        about: string(&table, "", "about")?.unwrap_or_default(),
        ..Chip::default()
    };
    for (name, value) in &table {
        let section = FieldSection::ALL
            .into_iter()
            .find(|section| section.key() == name);
        match (section, name.as_str()) {
            (_, "name" | "about") => {}
            (_, "sources") => read_sources(&mut chip, table_of(value, name)?)?,
            (Some(section), _) => read_section(&mut chip, section, table_of(value, name)?)?,
            (None, _) => return field(name).map(|_| chip),
        }
    }
    for key in NEEDED {
        let named = key.split_once('.').is_some_and(|(section, name)| {
            table
                .get(section)
                .and_then(Toml::as_table)
                .is_some_and(|table| table.contains_key(name))
        });
        if !named {
            return Err(missing(field(key)?));
        }
    }
    chip.check()?;
    Ok(chip)
}

fn missing(field: &Field) -> ChipError {
    ChipError::Missing {
        field: field.key.into(),
        remedy: format!(
            "write {} = … below [{}]: {}, or \"unknown\"",
            field.name(),
            field.section.key(),
            field.expected()
        ),
    }
}

fn read_sources(chip: &mut Chip, table: &Table) -> Result<(), ChipError> {
    for (key, value) in table {
        let place = format!("sources.{key}");
        let source = table_of(value, &place)?;
        known_names(source, &place, &["title", "url"])?;
        let title = string(source, &place, "title")?.ok_or_else(|| ChipError::Missing {
            field: format!("{place}.title"),
            remedy: "write who says it, where and when".into(),
        })?;
        let url = string(source, &place, "url")?.unwrap_or_default();
        chip.sources.insert(key.clone(), Source { title, url });
    }
    Ok(())
}

fn read_section(chip: &mut Chip, section: FieldSection, table: &Table) -> Result<(), ChipError> {
    for (name, value) in table {
        let field = field(&format!("{}.{name}", section.key()))?;
        let graded = read_field(field, value)?;
        let found = shown(value);
        (field.write)(chip, graded).ok_or_else(|| wrong(field.key, found, field.expected()))?;
    }
    Ok(())
}

/// `{ value = 256, grade = "measured", source = "paper", note = "…" }`, or the value alone, which is then
/// the user's choice.
fn read_field(field: &Field, toml: &Toml) -> Result<Graded<Value>, ChipError> {
    let Toml::Table(parts) = toml else {
        return Ok(match read_value(field, toml)? {
            Some(value) => Graded::chosen(value),
            None => Graded::default(),
        });
    };
    known_names(parts, field.key, &["value", "grade", "source", "note"])?;
    let value = match parts.get("value") {
        Some(value) => read_value(field, value)?,
        None => None,
    };
    let grade = match string(parts, field.key, "grade")? {
        Some(word) => Grade::from_key(&word).ok_or_else(|| {
            let grades = Grade::ALL.map(Grade::key).join(", ");
            wrong(&format!("{}.grade", field.key), format!("'{word}'"), grades)
        })?,
        None if value.is_some() => Grade::Chosen,
        None => Grade::Unknown,
    };
    let mut source = string(parts, field.key, "source")?.unwrap_or_default();
    if grade == Grade::Chosen && source.is_empty() {
        source = YOU.into();
    }
    Ok(Graded {
        value,
        grade,
        source,
        note: string(parts, field.key, "note")?.unwrap_or_default(),
    })
}

/// The value, or that it is unknown.
fn read_value(field: &Field, toml: &Toml) -> Result<Option<Value>, ChipError> {
    let refused = || wrong(field.key, shown(toml), field.expected());
    let text = text_of(toml, field).ok_or_else(refused)?;
    if text == Grade::Unknown.key() {
        return Ok(None);
    }
    Value::from_text(&text, &field.kind).map(Some).ok_or_else(refused)
}

/// The text that [`Field::set`] would take.
fn text_of(toml: &Toml, field: &Field) -> Option<String> {
    Some(match toml {
        Toml::String(text) => text.clone(),
        Toml::Integer(number) => number.to_string(),
        Toml::Float(number) => number.to_string(),
        Toml::Boolean(on) => if *on { "yes" } else { "no" }.into(),
        Toml::Array(items) => {
            let is_span = matches!(field.kind, super::Kind::Number { .. });
            if is_span && items.len() != 2 {
                return None;
            }
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| {
                    if item.is_array() {
                        None
                    } else {
                        text_of(item, field)
                    }
                })
                .collect();
            match texts? {
                texts if texts.is_empty() => "none".into(),
                texts => texts.join(if is_span { "–" } else { ", " }),
            }
        }
        Toml::Table(_) | Toml::Datetime(_) => return None,
    })
}

fn table_of<'a>(value: &'a Toml, place: &str) -> Result<&'a Table, ChipError> {
    value.as_table().ok_or_else(|| {
        wrong(
            place,
            shown(value),
            format!("a table, which begins with [{place}]"),
        )
    })
}

/// The text called `name`, if there is one.
fn string(table: &Table, place: &str, name: &str) -> Result<Option<String>, ChipError> {
    match table.get(name) {
        None => Ok(None),
        Some(Toml::String(text)) => Ok(Some(text.clone())),
        Some(other) => {
            let field = format!("{place}.{name}");
            Err(wrong(
                field.trim_start_matches('.'),
                shown(other),
                "a text between quotation marks".into(),
            ))
        }
    }
}

fn known_names(table: &Table, place: &str, names: &[&str]) -> Result<(), ChipError> {
    match table.keys().find(|key| !names.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(ChipError::UnknownField {
            field: format!("{place}.{key}").chars().take(80).collect(),
            known: names.join(", "),
        }),
    }
}

fn wrong(field: &str, found: String, expected: String) -> ChipError {
    ChipError::Value {
        field: field.into(),
        found,
        expected,
    }
}

/// The beginning of a value.
fn shown(toml: &Toml) -> String {
    match toml {
        Toml::Table(_) => "a table".into(),
        _ => toml.to_string().chars().take(60).collect(),
    }
}

/// All that a file may name.
#[cfg(test)]
pub(super) fn named_fields(text: &str) -> Vec<&'static str> {
    let table: Table = toml::from_str(text).unwrap();
    let is_named = |field: &&Field| {
        let section = table.get(field.section.key()).and_then(Toml::as_table);
        section.is_some_and(|section| section.contains_key(field.name()))
    };
    super::FIELDS
        .iter()
        .filter(is_named)
        .map(|field| field.key)
        .collect()
}
