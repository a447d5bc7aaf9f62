//! What can be wrong with a chip's description.

use thiserror::Error;

/// Why a chip's file, or a field of it, cannot be used: one sentence.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ChipError {
    /// The file is too long.
    #[error("the chip's file has {found} bytes, but at most {limit} are read; leave out what is no field")]
    TooLarge {
        /// Its bytes.
        found: usize,
        /// The most that are read.
        limit: usize,
    },
    /// The file is no text.
    #[error("the chip's file is no UTF-8 text (byte {at}); save it as a TOML file in UTF-8")]
    NotText {
        /// The first byte that is none.
        at: usize,
    },
    /// The file is no TOML.
    #[error("line {line} of the chip's file is no TOML: {problem}; write fields as [core] and neurons = 256")]
    NotToml {
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// A field must have a value.
    #[error("{field} is missing; {remedy}")]
    Missing {
        /// The field.
        field: String,
        /// What to write.
        remedy: String,
    },
    /// There is no such field.
    #[error("there is no field '{field}'; there are {known}")]
    UnknownField {
        /// As it was found.
        field: String,
        /// Those that there are in its section.
        known: String,
    },
    /// A field does not take this value.
    #[error("{field} is {found}; it takes {expected}")]
    Value {
        /// The field.
        field: String,
        /// What was found.
        found: String,
        /// What is right.
        expected: String,
    },
    /// A field has no source, or one that is not told.
    #[error("{field} has {found}; {remedy}")]
    Source {
        /// The field.
        field: String,
        /// What was found.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// Two fields exclude each other.
    #[error("{field} is {found}, but {other}; {remedy}")]
    Contradiction {
        /// The field.
        field: String,
        /// Its value.
        found: String,
        /// What the other one says.
        other: String,
        /// What to do.
        remedy: String,
    },
    /// What is to be done needs a field that is unknown.
    #[error("{field} of {chip} is unknown; fill it in to {purpose}")]
    NotKnown {
        /// The field.
        field: &'static str,
        /// The chip's name.
        chip: String,
        /// What cannot be done without it.
        purpose: &'static str,
    },
}
