//! What can go wrong on the command line.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use thiserror::Error;

/// Why a command failed, as one sentence.
#[derive(Debug, Error)]
pub(super) enum CliError {
    /// The command itself is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be used.
    #[error("{what} '{path}': {problem}")]
    File {
        /// The flag that names it, or "model".
        what: &'static str,
        /// Its path, as it was given.
        path: String,
        /// What was found, what is supported, what to do.
        problem: String,
    },
    /// The network doesn't fit on the chip.
    #[error("{0}")]
    Unmapped(String),
    /// Stdout cannot be written to.
    #[error("the result cannot be written to stdout ({0})")]
    Stdout(io::Error),
}

impl CliError {
    /// A [`Self::File`] error.
    pub(super) fn file(what: &'static str, path: &Path, problem: impl ToString) -> Self {
        Self::File {
            what,
            path: path.display().to_string(),
            problem: problem.to_string(),
        }
    }

    /// 1 if something from outside was wrong, 2 if the command was.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => 2.into(),
            Self::File { .. } | Self::Unmapped(_) | Self::Stdout(_) => 1.into(),
        }
    }
}
