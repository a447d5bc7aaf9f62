//! What a field is: its name, its words, its range, and how it is read and written.

use super::graded::{Grade, Graded};
use super::table::FIELDS;
use super::value::Value;
use super::{Chip, ChipError};

/// A part of a chip's file, `[network]` for instance, and of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldSection {
    /// How cores are joined.
    Network,
    /// What a core can hold.
    Core,
    /// What the chip as a whole can hold.
    Chip,
    /// What operations cost.
    Energy,
    /// How long they take.
    Timing,
}

impl FieldSection {
    /// All of them in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Network, Self::Core, Self::Chip, Self::Energy, Self::Timing];

    /// The table's name in a file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Core => "core",
            Self::Chip => "chip",
            Self::Energy => "energy",
            Self::Timing => "timing",
        }
    }

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Network => "Network of cores",
            Self::Core => "Core",
            Self::Chip => "Whole chip",
            Self::Energy => "Energy",
            Self::Timing => "Time",
        }
    }

    /// Its fields, in order.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().filter(move |field| field.section == self)
    }
}

/// One of the words that a [`Kind::Choice`] takes.
#[derive(Debug)]
pub struct Choice {
    /// In files.
    pub value: &'static str,
    /// On the page.
    pub label: &'static str,
}

/// What values a field takes, besides being unknown. Ends of ranges are included.
#[derive(Debug)]
pub enum Kind {
    /// An integer.
    Count {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// Integers, each at most once; none only where `min` is 0.
    Set {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// An integer for all cores, or one for each.
    PerCore {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A number, or a range of numbers.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// One of several words.
    Choice(&'static [Choice]),
    /// Yes or no.
    Switch,
}

/// One field of a chip.
pub struct Field {
    /// Its name, `section.field`: `core.neurons`.
    pub key: &'static str,
    /// On the page.
    pub label: &'static str,
    /// What its numbers count or measure; empty where that is clear.
    pub unit: &'static str,
    /// One sentence for a newcomer.
    pub help: &'static str,
    /// Where it stands.
    pub section: FieldSection,
    /// The values that it takes.
    pub kind: Kind,
    pub(super) read: fn(&Chip) -> Graded<Value>,
    pub(super) write: fn(&mut Chip, Graded<Value>) -> Option<()>,
}

impl Field {
    /// Its name in its section's table.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// Its value with grade, source and note.
    pub fn get(&self, chip: &Chip) -> Graded<Value> {
        (self.read)(chip)
    }

    /// Its value as [`set`](Self::set) takes it, without the unit; `unknown` where there is none.
    pub fn text(&self, chip: &Chip) -> String {
        self.get(chip)
            .value
            .map_or_else(|| Grade::Unknown.key().into(), |value| value.to_text(&self.kind))
    }

    /// Its value as it is read, with the unit: `4 cores`; `unknown` where there is none.
    pub fn shown(&self, chip: &Chip) -> String {
        let text = self.text(chip);
        if text == "1" {
            format!(
                "{text} {}",
                self.unit
                    .strip_suffix('s')
                    .filter(|unit| unit.len() > 1)
                    .unwrap_or(self.unit)
            )
        } else if self.get(chip).is_known() {
            format!("{text} {}", self.unit)
        } else {
            text
        }
        .trim_end()
        .to_owned()
    }

    /// Changes the value; its grade becomes [`Grade::Chosen`] and its source [`YOU`](super::YOU). An empty
    /// text, or `unknown`, takes the value away. Whether fields go together is for [`Chip::check`] to say.
    ///
    /// # Errors
    /// [`ChipError::Value`] if `text` is nothing that the field takes; nothing is changed.
    pub fn set(&self, chip: &mut Chip, text: &str) -> Result<(), ChipError> {
        let refused = || ChipError::Value {
            field: self.key.into(),
            found: format!("'{}'", text.chars().take(60).collect::<String>()),
            expected: self.expected(),
        };
        let value = match text.trim() {
            "" | "unknown" => Graded::default(),
            text => Graded::chosen(Value::from_text(text, &self.kind).ok_or_else(refused)?),
        };
        (self.write)(chip, value).ok_or_else(refused)
    }

    /// The values that it takes, in words.
    pub fn expected(&self) -> String {
        let range =
            |low: String, high: String| format!("{low} to {high} {}", self.unit).trim_end().to_owned();
        match &self.kind {
            Kind::Count { min, max } => range(min.to_string(), max.to_string()),
            Kind::Set { min, max } => {
                let none = if *min == 0 { ", or none" } else { "" };
                let numbers = range(min.to_string(), max.to_string());
                format!("integers of {numbers}, separated by commas{none}")
            }
            Kind::PerCore { min, max } => {
                format!(
                    "{}, one number for all cores or one for each",
                    range(min.to_string(), max.to_string())
                )
            }
            Kind::Number { min, max } => {
                format!(
                    "{}, or a range such as 2–3",
                    range(min.to_string(), max.to_string())
                )
            }
            Kind::Choice(choices) => choices.iter().map(|c| c.value).collect::<Vec<_>>().join(", "),
            Kind::Switch => "yes, no".into(),
        }
    }
}

/// The field called `key`.
///
/// # Errors
/// [`ChipError::UnknownField`], which lists the names in its section, or all sections.
pub fn field(key: &str) -> Result<&'static Field, ChipError> {
    FIELDS.iter().find(|field| field.key == key).ok_or_else(|| {
        let section = FieldSection::ALL
            .into_iter()
            .find(|section| key.split('.').next() == Some(section.key()));
        let known: Vec<&str> = match section {
            Some(section) => section.fields().map(|field| field.key).collect(),
            None => FieldSection::ALL.iter().map(|section| section.key()).collect(),
        };
        ChipError::UnknownField {
            field: key.chars().take(60).collect(),
            known: known.join(", "),
        }
    })
}
