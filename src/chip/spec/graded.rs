//! A number with what it is worth.

use serde::{Deserialize, Serialize};

/// The [`Graded::source`] of what the user has chosen.
pub const YOU: &str = "you";

/// How good a number is, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// A fact of the design, told by those who made it.
    Design,
    /// Measured on the chip.
    Measured,
    /// From a simulation of the circuit or of the chip.
    Simulated,
    /// Said by the vendor, without telling how it was found.
    VendorClaim,
    /// Said by somebody other than those who made the chip, or found in one place only.
    Secondary,
    /// Worked out from other numbers.
    Inferred,
    /// Chosen: by the user, or for teaching. It says nothing about any chip.
    Chosen,
    /// Not public. There is no value.
    #[default]
    Unknown,
}

impl Grade {
    /// All grades, best first.
    pub const ALL: [Self; 8] = [
        Self::Design,
        Self::Measured,
        Self::Simulated,
        Self::VendorClaim,
        Self::Secondary,
        Self::Inferred,
        Self::Chosen,
        Self::Unknown,
    ];

    /// The word in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Design => "design",
            Self::Measured => "measured",
            Self::Simulated => "simulated",
            Self::VendorClaim => "vendor-claim",
            Self::Secondary => "secondary",
            Self::Inferred => "inferred",
            Self::Chosen => "chosen",
            Self::Unknown => "unknown",
        }
    }

    /// The words on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::VendorClaim => "vendor claim",
            _ => self.key(),
        }
    }

    /// The grade with this [`key`](Self::key).
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.key() == key)
    }
}

/// Where a number comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Authors, title, place and year.
    pub title: String,
    /// Where it can be read; empty where nowhere.
    pub url: String,
}

/// A value with its grade and source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graded<T> {
    /// The value; `None` where it is unknown.
    pub value: Option<T>,
    /// How good it is; [`Grade::Unknown`] if and only if there is no value.
    pub grade: Grade,
    /// A key into [`Chip::sources`](super::Chip::sources), or [`YOU`]; empty where there is no value.
    pub source: String,
    /// What must be known besides; empty where nothing.
    pub note: String,
}

/// Unknown.
impl<T> Default for Graded<T> {
    fn default() -> Self {
        Self {
            value: None,
            grade: Grade::Unknown,
            source: String::new(),
            note: String::new(),
        }
    }
}

impl<T> Graded<T> {
    /// What the user has chosen.
    pub fn chosen(value: T) -> Self {
        Self {
            value: Some(value),
            grade: Grade::Chosen,
            source: YOU.into(),
            note: String::new(),
        }
    }

    /// Whether there is a value.
    pub fn is_known(&self) -> bool {
        self.value.is_some()
    }

    /// The same of another type.
    pub(super) fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Graded<U> {
        Graded {
            value: self.value.as_ref().map(f),
            grade: self.grade,
            source: self.source.clone(),
            note: self.note.clone(),
        }
    }

    /// The same of another type; `None` if there is a value that `f` does not take.
    pub(super) fn try_map<U>(self, f: impl FnOnce(T) -> Option<U>) -> Option<Graded<U>> {
        let value = match self.value {
            Some(value) => Some(f(value)?),
            None => None,
        };
        Some(Graded {
            value,
            grade: self.grade,
            source: self.source,
            note: self.note,
        })
    }
}

impl<T: Copy> Graded<T> {
    /// The value.
    pub fn get(&self) -> Option<T> {
        self.value
    }
}

/// A range of numbers where the source gives one; a single figure has both ends the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// The lower end.
    pub low: f64,
    /// The upper end, not below `low`.
    pub high: f64,
}

impl Span {
    /// A single figure.
    pub const fn of(figure: f64) -> Self {
        Self {
            low: figure,
            high: figure,
        }
    }

    /// Whether both ends are the same.
    pub fn is_single(self) -> bool {
        self.low == self.high
    }

    /// The smallest range that holds both.
    pub fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

impl std::ops::Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }
}

/// By a factor that is not negative.
impl std::ops::Mul<f64> for Span {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}
