//! Values of fields as the form, the file and the command line see them: one type for all, and its texts.

use super::fields::Kind;
use super::graded::Span;
use super::{Input, Kernels};
use crate::chip::topology::Shape;
use serde::{Deserialize, Serialize};

/// No list has more numbers than this.
const MAX_LIST: usize = 65_536;

/// A number of each core.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerCore(Vec<u64>);

impl PerCore {
    /// The same for all cores.
    pub fn same(number: u64) -> Self {
        Self(vec![number])
    }

    /// That of each core, in the order of cores; `None` of no cores. One number is that of all.
    pub fn new(numbers: Vec<u64>) -> Option<Self> {
        (!numbers.is_empty()).then_some(Self(numbers))
    }

    /// That of a core.
    pub fn at(&self, core: usize) -> u64 {
        let index = if self.0.len() == 1 { 0 } else { core };
        self.0.get(index).copied().unwrap_or(0)
    }

    /// The smallest: what every core has.
    pub fn least(&self) -> u64 {
        self.0.iter().copied().min().unwrap_or(0)
    }

    /// The largest.
    pub fn most(&self) -> u64 {
        self.0.iter().copied().max().unwrap_or(0)
    }

    /// How many cores have a number of their own; 1 where all have the same.
    pub fn numbers(&self) -> &[u64] {
        &self.0
    }
}

/// A value of a [`Field`](super::Field), of whatever type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Count`] (one number), [`Kind::Set`] or [`Kind::PerCore`].
    Counts(Vec<u64>),
    /// Of [`Kind::Number`].
    Span(Span),
    /// Of [`Kind::Choice`].
    Word(&'static str),
    /// Of [`Kind::Switch`].
    Switch(bool),
}

/// What a field's value is in a [`Chip`](super::Chip).
pub(super) trait FieldValue: Sized {
    fn to_value(&self) -> Value;
    fn from_value(value: Value) -> Option<Self>;
}

impl FieldValue for u64 {
    fn to_value(&self) -> Value {
        Value::Counts(vec![*self])
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Counts(counts) if counts.len() == 1 => counts.first().copied(),
            _ => None,
        }
    }
}

impl FieldValue for Vec<u64> {
    fn to_value(&self) -> Value {
        Value::Counts(self.clone())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Counts(mut counts) => {
                counts.sort_unstable();
                counts.dedup();
                Some(counts)
            }
            _ => None,
        }
    }
}

impl FieldValue for PerCore {
    fn to_value(&self) -> Value {
        Value::Counts(self.0.clone())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Counts(counts) => Self::new(counts),
            _ => None,
        }
    }
}

impl FieldValue for Span {
    fn to_value(&self) -> Value {
        Value::Span(*self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Span(span) => Some(span),
            _ => None,
        }
    }
}

impl FieldValue for bool {
    fn to_value(&self) -> Value {
        Value::Switch(*self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Switch(on) => Some(on),
            _ => None,
        }
    }
}

macro_rules! word {
    ($type:ty: $($word:literal => $variant:path),+) => {
        impl FieldValue for $type {
            fn to_value(&self) -> Value {
                Value::Word(match self { $($variant => $word),+ })
            }

            fn from_value(value: Value) -> Option<Self> {
                match value { $(Value::Word($word) => Some($variant),)+ _ => None }
            }
        }
    };
}

word!(Shape: "mesh" => Shape::Mesh, "quadtree" => Shape::Quadtree, "star" => Shape::Star);
word!(Input: "cores" => Input::Cores, "port" => Input::Port);
word!(Kernels: "shared" => Kernels::Shared, "expanded" => Kernels::Expanded);

impl Value {
    /// The value that a text tells, if it is one that `kind` takes.
    pub(super) fn from_text(text: &str, kind: &Kind) -> Option<Self> {
        let text = text.trim();
        let value = match kind {
            Kind::Count { .. } => Self::Counts(vec![text.parse().ok()?]),
            Kind::Set { .. } if text == NONE => Self::Counts(Vec::new()),
            Kind::Set { .. } | Kind::PerCore { .. } => Self::Counts(counts(text)?),
            Kind::Number { .. } => Self::Span(span(text)?),
            Kind::Choice(choices) => Self::Word(choices.iter().find(|c| c.value == text)?.value),
            Kind::Switch => Self::Switch(match text {
                "yes" => true,
                "no" => false,
                _ => return None,
            }),
        };
        value.is_in(kind).then_some(value)
    }

    /// Whether `kind` takes it.
    pub(super) fn is_in(&self, kind: &Kind) -> bool {
        match (self, kind) {
            (Self::Counts(counts), Kind::Count { min, max }) => {
                matches!(counts[..], [count] if (*min..=*max).contains(&count))
            }
            (Self::Counts(counts), Kind::Set { min, max } | Kind::PerCore { min, max }) => {
                counts.len() <= MAX_LIST
                    && counts.iter().all(|count| (*min..=*max).contains(count))
                    && !(counts.is_empty() && (matches!(kind, Kind::PerCore { .. }) || *min > 0))
            }
            (Self::Span(span), Kind::Number { min, max }) => {
                *min <= span.low && span.low <= span.high && span.high <= *max
            }
            (Self::Word(word), Kind::Choice(choices)) => choices.iter().any(|c| c.value == *word),
            (Self::Switch(_), Kind::Switch) => true,
            _ => false,
        }
    }

    /// The text that [`Field::set`](super::Field::set) takes.
    pub(super) fn to_text(&self, kind: &Kind) -> String {
        match self {
            Self::Counts(counts) if counts.is_empty() => NONE.into(),
            Self::Counts(counts) if matches!(kind, Kind::Set { .. }) => runs(counts),
            Self::Counts(counts) => counts.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
            Self::Span(span) if span.is_single() => span.low.to_string(),
            Self::Span(span) => format!("{}–{}", span.low, span.high),
            Self::Word(word) => (*word).into(),
            Self::Switch(on) => if *on { "yes" } else { "no" }.into(),
        }
    }
}

/// The text of a list without numbers.
const NONE: &str = "none";

/// What may stand between the two ends of a range.
const TO: [&str; 3] = ["–", "..", "-"];

/// The two ends of a range. A minus at the start, or behind an exponent's e, is a sign.
fn ends(text: &str) -> (&str, &str) {
    TO.iter()
        .find_map(|to| {
            let (at, _) = text.match_indices(to).find(|&(at, _)| {
                let before = text[..at].trim_end();
                !before.is_empty() && !before.ends_with(['e', 'E'])
            })?;
            Some((text[..at].trim_end(), text[at + to.len()..].trim_start()))
        })
        .unwrap_or((text, text))
}

/// Numbers and ranges of them, between commas: `1, 2, 4-8`.
fn counts(text: &str) -> Option<Vec<u64>> {
    let mut counts = Vec::new();
    for part in text.split(',') {
        let (low, high) = ends(part.trim());
        let (low, high): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
        let room = MAX_LIST.checked_sub(counts.len())?;
        if high < low || high - low >= room as u64 {
            return None;
        }
        counts.extend(low..=high);
    }
    Some(counts)
}

/// A number or a range: `23.6`, `113–465`.
fn span(text: &str) -> Option<Span> {
    let (low, high) = ends(text);
    let span = Span {
        low: low.parse().ok()?,
        high: high.parse().ok()?,
    };
    (span.low.is_finite() && span.high.is_finite()).then_some(span)
}

/// Ascending numbers, those in a row as a range.
fn runs(counts: &[u64]) -> String {
    counts
        .chunk_by(|a, b| a.checked_add(1) == Some(*b))
        .map(|run| match run {
            [first, _, .., last] => format!("{first}–{last}"),
            _ => run.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SET: Kind = Kind::Set { min: 0, max: 5000 };
    const NUMBER: Kind = Kind::Number { min: 0.0, max: 1e9 };

    #[test]
    fn ranges_are_written_with_any_dash_or_two_dots() {
        let numbers = Some(Value::Counts(vec![1, 4, 5, 6]));
        for text in ["1, 4–6", "1,4-6", "1, 4..6", " 1 , 4 – 6 "] {
            assert_eq!(Value::from_text(text, &SET), numbers, "{text}");
        }
        let span = Some(Value::Span(Span { low: 1e-3, high: 2.5 }));
        for text in ["0.001–2.5", "1e-3-2.5", "1e-3 .. 2.5"] {
            assert_eq!(Value::from_text(text, &NUMBER), span, "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_none() {
        for text in [
            "-1",
            "1–",
            "–1",
            "3–2",
            "1,,2",
            "nan",
            "inf",
            "0x10",
            "1–2–3",
            "0–99999999999999",
            "ten",
        ] {
            assert_eq!(Value::from_text(text, &SET), None, "{text}");
        }
        for text in ["-1", "-2–-1", "3–2", "nan", "inf", "1–inf", "1e10", "", "2–3–4"] {
            assert_eq!(Value::from_text(text, &NUMBER), None, "{text}");
        }
        assert_eq!(Value::from_text("none", &SET), Some(Value::Counts(vec![])));
        assert_eq!(Value::from_text("none", &Kind::Set { min: 1, max: 9 }), None);
        assert_eq!(Value::from_text("none", &Kind::PerCore { min: 0, max: 9 }), None);
        assert_eq!(Value::from_text("maybe", &Kind::Switch), None);
    }

    #[test]
    fn a_number_of_each_core_is_found_by_the_core() {
        let memory = PerCore::new(vec![64, 32, 16]).expect("numbers");
        assert_eq!((memory.at(1), memory.least(), memory.most()), (32, 16, 64));
        assert_eq!(memory.at(3), 0, "there is no such core");
        assert_eq!(PerCore::same(7).at(1000), 7);
        assert_eq!(PerCore::new(vec![]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(set in prop::collection::btree_set(0u64..5000, 0..20), low in 0.0..1e6f64, more in 0.0..1e3f64) {
            let set = Value::Counts(set.into_iter().collect());
            prop_assert_eq!(Value::from_text(&set.to_text(&SET), &SET), Some(set));
            let span = Value::Span(Span { low, high: low + more });
            prop_assert_eq!(Value::from_text(&span.to_text(&NUMBER), &NUMBER), Some(span));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,20}") {
            for kind in [SET, NUMBER, Kind::Switch, Kind::PerCore { min: 0, max: 9 }, Kind::Count { min: 0, max: 9 }] {
                let _ = Value::from_text(&text, &kind);
            }
        }
    }
}
