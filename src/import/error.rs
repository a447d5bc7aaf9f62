//! Why something can't be imported: one sentence each, for the person who chose the file.

use crate::graph::GraphError;
use thiserror::Error;

/// Why a model or a data set can't be imported. Each message is one sentence that names the node or
/// tensor, what was found, what is supported and, where there is something to do, what to do.
#[derive(Debug, Error, PartialEq)]
pub enum ImportError {
    /// The file is of a kind that isn't read here.
    #[error("this is {found}, but {expected} is needed")]
    WrongFormat {
        /// What the file is.
        found: String,
        /// What is read here.
        expected: &'static str,
    },
    /// The bytes don't follow their own format.
    #[error("the {format} file is damaged: {problem}; get it again or export it anew")]
    Damaged {
        /// The format the file claims to have.
        format: &'static str,
        /// What breaks its rules.
        problem: String,
    },
    /// Something is larger than this importer is made for.
    #[error("{what} {found} exceeds the supported {limit}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size, with its unit.
        found: String,
        /// The largest that is supported, with its unit.
        limit: String,
    },
    /// The model computes with real numbers.
    #[error(
        "model '{model}' isn't quantized: node '{node}' reads float {what} '{tensor}'; quantize it with ONNX Runtime's quantize_static (QuantFormat.QDQ)"
    )]
    NotQuantized {
        /// The model.
        model: String,
        /// The first node found that computes with real numbers.
        node: String,
        /// "weights" or "activations".
        what: &'static str,
        /// The tensor that it reads.
        tensor: String,
    },
    /// An operator that can't be expressed as spikes here.
    #[error("node '{node}' uses the operator {op}, which isn't supported{advice}; supported are {supported}")]
    UnsupportedOperator {
        /// The node.
        node: String,
        /// Its operator, with the domain unless that is ONNX's own.
        op: String,
        /// What to do about it: empty, or a phrase that starts with a separator.
        advice: &'static str,
        /// The operators that are supported.
        supported: &'static str,
    },
    /// An operator that is supported, but not like this.
    #[error("node '{node}' ({op}): {problem}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        op: String,
        /// What was found, and what is supported.
        problem: String,
    },
    /// A tensor that can't be used.
    #[error("tensor '{tensor}': {problem}")]
    Tensor {
        /// The tensor.
        tensor: String,
        /// What was found, and what is supported.
        problem: String,
    },
    /// A node reads what nothing writes.
    #[error(
        "node '{node}' reads tensor '{tensor}', which no node writes and no initializer holds; the file is incomplete, so export it anew"
    )]
    MissingTensor {
        /// The reading node.
        node: String,
        /// The tensor.
        tensor: String,
    },
    /// A tensor has two sources.
    #[error("tensor '{tensor}' is written twice, but every tensor needs one source; export the model anew")]
    DuplicateTensor {
        /// The tensor.
        tensor: String,
    },
    /// A node depends on its own result.
    #[error(
        "node '{node}' depends on its own output: the graph has a cycle, and only feed-forward networks are supported"
    )]
    Cycle {
        /// A node of the cycle.
        node: String,
    },
    /// The values lie in another file.
    #[error(
        "tensor '{tensor}' keeps its values in another file ('{location}'); save the model as one file, without external data"
    )]
    ExternalData {
        /// The tensor.
        tensor: String,
        /// The file's name, as the model gives it.
        location: String,
    },
    /// The model as a whole doesn't fit.
    #[error("model '{model}': {problem}")]
    Model {
        /// The model.
        model: String,
        /// What was found, and what is supported.
        problem: String,
    },
    /// Data that can't be used: a sentence of its own.
    #[error("{0}")]
    Data(String),
    /// Something is wrong at one place: a file, a member of an archive, an image.
    #[error("{place}: {error}")]
    At {
        /// The place, as a noun for a message.
        place: String,
        /// What is wrong there.
        error: Box<ImportError>,
    },
    /// Everything was understood, but doesn't make a network.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// A name from outside, fit for a message: without control characters, and not endless.
pub(super) fn shown(name: &str) -> String {
    const LONGEST: usize = 100;
    let mut shown: String = name
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

impl ImportError {
    /// A [`Self::Tensor`] error.
    pub(super) fn tensor(tensor: &str, problem: impl Into<String>) -> Self {
        Self::Tensor {
            tensor: shown(tensor),
            problem: problem.into(),
        }
    }

    /// The same error, told with its place: `kind` and a name from outside.
    pub(super) fn at(self, kind: &str, name: &str) -> Self {
        let separator = if kind.is_empty() { "" } else { " " };
        Self::At {
            place: format!("{kind}{separator}'{}'", shown(name)),
            error: Box::new(self),
        }
    }

    /// The error without its outermost place, for a message that names that already.
    #[must_use]
    pub fn without_place(self) -> Self {
        match self {
            Self::At { error, .. } => *error,
            other => other,
        }
    }
}
