//! A node's attributes, asked for by name and type.

use super::model::Node;
use crate::import::ImportError;
use crate::import::error::shown;
use crate::onnx::{AttributeProto, TensorProto};

/// The attributes of one node.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'m> {
    node: &'m Node,
}

impl<'m> Attributes<'m> {
    /// The attributes of `node`, of which only those in `known` may occur: an attribute that isn't
    /// understood might change the result.
    pub fn of(node: &'m Node, known: &[&str]) -> Result<Self, ImportError> {
        match node.attributes.iter().find(|a| !known.contains(&a.name.as_str())) {
            None => Ok(Self { node }),
            Some(unknown) => Err(node.error(format!(
                "its attribute '{}' isn't supported; known are {}",
                shown(&unknown.name),
                if known.is_empty() {
                    "none".into()
                } else {
                    known.join(", ")
                }
            ))),
        }
    }

    fn find(self, name: &str) -> Option<&'m AttributeProto> {
        self.node.attributes.iter().find(|a| a.name == name)
    }

    fn typed<T>(
        self,
        name: &str,
        what: &str,
        get: impl Fn(&'m AttributeProto) -> Option<T>,
    ) -> Result<Option<T>, ImportError> {
        self.find(name)
            .map(|a| get(a).ok_or_else(|| self.node.error(format!("its attribute '{name}' isn't {what}"))))
            .transpose()
    }

    pub fn int(self, name: &str) -> Result<Option<i64>, ImportError> {
        self.typed(name, "an integer", |a| a.i)
    }

    pub fn float(self, name: &str) -> Result<Option<f32>, ImportError> {
        self.typed(name, "a number", |a| a.f)
    }

    pub fn ints(self, name: &str) -> Result<Option<&'m [i64]>, ImportError> {
        // An empty list leaves no trace in the file, so a list can't be told from a missing one.
        self.typed(name, "a list of integers", |a| {
            (a.i.is_none() && a.f.is_none() && a.s.is_none()).then_some(&a.ints[..])
        })
    }

    pub fn text(self, name: &str) -> Result<Option<&'m str>, ImportError> {
        self.typed(name, "a text", |a| std::str::from_utf8(a.s.as_ref()?).ok())
    }

    pub fn tensor(self, name: &str) -> Result<Option<&'m TensorProto>, ImportError> {
        self.typed(name, "a tensor", |a| a.t.as_ref())
    }

    pub fn floats(self, name: &str) -> Result<Option<&'m [f32]>, ImportError> {
        self.typed(name, "a list of numbers", |a| Some(&a.floats[..]))
    }
}
