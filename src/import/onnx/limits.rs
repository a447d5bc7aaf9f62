//! How many messages and strings a file holds, counted before any of them is allocated.
//!
//! An empty message takes two bytes in the file and some hundred in memory, so a file of a few
//! hundred megabytes could ask for tens of gigabytes. Everything else grows at most eightfold.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// More messages and strings than this are refused; a network of a thousand nodes has some ten
/// thousand.
const MAX_FIELDS: usize = 1 << 20;

/// The messages of the schema that hold others.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Other,
}

impl Kind {
    /// What field `tag` of this message is.
    fn field(self, tag: u32) -> Option<Self> {
        Some(match (self, tag) {
            (Self::Model, 7) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11 | 12) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Model, 8) | (Self::Tensor, 13) | (Self::Shape, 1) => Self::Other,
            _ => return None,
        })
    }
}

/// Whether the file holds no more messages and strings than are supported.
///
/// A file that is damaged on the way is left to the decoder, which will not come further.
pub(super) fn are_kept(bytes: &[u8]) -> bool {
    let mut left = MAX_FIELDS;
    count(bytes, Kind::Model, &mut left);
    left > 0
}

/// Takes the fields of a message from `left`; `None` where it is damaged or nothing is left.
fn count(mut bytes: &[u8], kind: Kind, left: &mut usize) -> Option<()> {
    while !bytes.is_empty() && *left > 0 {
        let (tag, wire_type) = decode_key(&mut bytes).ok()?;
        if wire_type != WireType::LengthDelimited {
            skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).ok()?;
            continue;
        }
        let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
        // Of a message that was cut off, the decoder reads what there is.
        let is_whole = length <= bytes.len();
        let (field, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        *left = left.saturating_sub(1);
        if let Some(kind) = kind.field(tag) {
            count(field, kind, left)?;
        }
        if !is_whole {
            return None;
        }
        bytes = rest;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_empty_nodes_are_too_many() {
        let message = |tag: u8, content: &[u8]| {
            let mut bytes = vec![tag << 3 | 2];
            prost::encoding::encode_varint(content.len() as u64, &mut bytes);
            bytes.extend(content);
            bytes
        };
        let nodes = |n: usize| message(7, &message(1, &[]).repeat(n));
        assert!(are_kept(&nodes(1000)));
        assert!(!are_kept(&nodes(MAX_FIELDS)));
        let attributes = message(7, &message(1, &message(5, &[]).repeat(MAX_FIELDS)));
        assert!(!are_kept(&attributes));
    }
}
