//! A [`Chip`] becomes a file that [`read_chip`](super::read_chip) reads back as the same chip.

use super::Chip;
use super::fields::{Field, FieldSection, Kind};
use super::graded::{Grade, Graded, YOU};
use super::value::Value;
use toml::Value as Toml;

impl Chip {
    /// The chip's file, with every field: those that are unknown say so.
    pub fn to_toml(&self) -> String {
        let mut file = format!("name = {}\nabout = {}\n", quoted(&self.name), quoted(&self.about));
        for (key, source) in &self.sources {
            file += &format!("\n[sources.{}]\ntitle = {}\n", bare(key), quoted(&source.title));
            if !source.url.is_empty() {
                file += &format!("url = {}\n", quoted(&source.url));
            }
        }
        for section in FieldSection::ALL {
            file += &format!("\n[{}]\n", section.key());
            for field in section.fields() {
                file += &format!("{} = {}\n", field.name(), written(field, &field.get(self)));
            }
        }
        file
    }
}

fn written(field: &Field, graded: &Graded<Value>) -> String {
    let value = graded.value.as_ref().map(|value| value_of(value, &field.kind));
    let is_yours = graded.grade == Grade::Chosen && graded.source == YOU;
    let is_unknown = value.is_none() && graded.source.is_empty();
    if graded.note.is_empty() && (is_yours || is_unknown) {
        return value.unwrap_or_else(|| quoted(Grade::Unknown.key()));
    }
    let mut parts = Vec::new();
    parts.extend(value.map(|value| format!("value = {value}")));
    parts.push(format!("grade = {}", quoted(graded.grade.key())));
    for (name, text) in [("source", &graded.source), ("note", &graded.note)] {
        if !text.is_empty() {
            parts.push(format!("{name} = {}", quoted(text)));
        }
    }
    format!("{{ {} }}", parts.join(", "))
}

fn value_of(value: &Value, kind: &Kind) -> String {
    match value {
        Value::Counts(counts) => match counts[..] {
            [count] if !matches!(kind, Kind::Set { .. }) => count.to_string(),
            _ => format!("{counts:?}"),
        },
        Value::Span(span) if span.is_single() => span.low.to_string(),
        Value::Span(span) => format!("[{}, {}]", span.low, span.high),
        Value::Word(word) => quoted(word),
        Value::Switch(on) => on.to_string(),
    }
}

fn quoted(text: &str) -> String {
    Toml::String(text.to_owned()).to_string()
}

/// A key, between quotation marks if it needs them.
fn bare(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_plain) {
        key.to_owned()
    } else {
        quoted(key)
    }
}
