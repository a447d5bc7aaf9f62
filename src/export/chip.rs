//! A chip's description, for programs.

use crate::chip::spec::{Chip, FIELDS, Field, Grade, Kind, Source, Value};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// What `sdann chips NAME --json` prints.
#[derive(Debug, Serialize)]
pub struct ChipDescription {
    /// Its key.
    pub chip: String,
    /// What it is called.
    pub name: String,
    /// A sentence or two on it.
    pub about: String,
    /// Every field, in the table's order.
    pub fields: Vec<FieldDescription>,
    /// Where values come from.
    pub sources: BTreeMap<String, Source>,
}

/// One field.
#[derive(Debug, Serialize)]
pub struct FieldDescription {
    /// Its key.
    pub field: &'static str,
    /// A number, a list, a text or a truth value; `null` where it is unknown. Ranges are lists of two.
    pub value: Json,
    /// What the numbers count or measure.
    pub unit: &'static str,
    /// How good it is.
    pub grade: Grade,
    /// A key into the sources.
    pub source: String,
    /// What must be known besides.
    pub note: String,
}

impl ChipDescription {
    /// All that is known of a chip.
    pub fn new(chip: &Chip) -> Self {
        let report = |field: &Field| {
            let graded = field.get(chip);
            FieldDescription {
                field: field.key,
                value: graded.value.map_or(Json::Null, |value| plain(value, &field.kind)),
                unit: field.unit,
                grade: graded.grade,
                source: graded.source,
                note: graded.note,
            }
        };
        Self {
            chip: chip.key.clone(),
            name: chip.name.clone(),
            about: chip.about.clone(),
            fields: FIELDS.iter().map(report).collect(),
            sources: chip.sources.clone(),
        }
    }
}

fn plain(value: Value, kind: &Kind) -> Json {
    match value {
        Value::Counts(counts) => match counts[..] {
            [count] if !matches!(kind, Kind::Set { .. }) => json!(count),
            _ => json!(counts),
        },
        Value::Span(span) if span.is_single() => json!(span.low),
        Value::Span(span) => json!([span.low, span.high]),
        Value::Word(word) => json!(word),
        Value::Switch(on) => json!(on),
    }
}
