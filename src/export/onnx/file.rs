//! The parts of an ONNX file: names, constants, nodes.

use crate::graph::CodeFormat;
use crate::onnx::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ShapeProto,
    TensorProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use prost::Message;
use std::collections::HashSet;

/// ONNX's numbers of element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Float = 1,
    Uint8 = 2,
    Int8 = 3,
    Uint16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Uint4 = 21,
    Int4 = 22,
}

impl Element {
    /// The narrowest type of activations that holds codes of `format`.
    pub fn of(format: CodeFormat) -> Self {
        match (format.bits, format.signed) {
            (..=8, true) => Self::Int8,
            (..=8, false) => Self::Uint8,
            (_, true) => Self::Int16,
            (_, false) => Self::Uint16,
        }
    }

    /// Whether ONNX's own quantizing operators know it only since operator set 21.
    pub fn is_new(self) -> bool {
        matches!(self, Self::Uint16 | Self::Int16 | Self::Uint4 | Self::Int4)
    }
}

/// The domain of ONNX Runtime's own operators.
pub(super) const MICROSOFT: &str = "com.microsoft";

/// Wide integers are made little-endian bytes; of two 4-bit codes the first is the lower half.
fn bytes_of(element: Element, values: impl Iterator<Item = i64>) -> Vec<u8> {
    match element {
        Element::Int4 | Element::Uint4 => {
            let halves: Vec<u8> = values.map(|v| v as u8 & 15).collect();
            halves
                .chunks(2)
                .map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 4)
                .collect()
        }
        Element::Int8 | Element::Uint8 => values.map(|v| v as u8).collect(),
        Element::Int16 | Element::Uint16 => values.flat_map(|v| (v as u16).to_le_bytes()).collect(),
        Element::Int64 => values.flat_map(i64::to_le_bytes).collect(),
        Element::Int32 | Element::Float => values.flat_map(|v| (v as i32).to_le_bytes()).collect(),
    }
}

/// A file that is being written.
#[derive(Default)]
pub(super) struct File {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    names: HashSet<String>,
    /// The operator set.
    pub opset: i64,
    /// Whether 16-bit and 4-bit codes are left to ONNX Runtime's own operators.
    pub is_microsoft: bool,
}

impl File {
    /// Takes a name that must be had as it is.
    pub fn reserve(&mut self, name: &str) {
        self.names.insert(name.into());
    }

    /// A name that nothing else has.
    pub fn fresh(&mut self, wish: &str) -> String {
        let mut name = wish.to_string();
        let mut count = 1;
        while !self.names.insert(name.clone()) {
            count += 1;
            name = format!("{wish}_{count}");
        }
        name
    }

    /// Adds a constant of integers.
    pub fn integers(
        &mut self,
        wish: &str,
        element: Element,
        dims: &[usize],
        values: impl Iterator<Item = i64>,
    ) -> String {
        self.constant(wish, element, dims, bytes_of(element, values))
    }

    /// Adds a constant of int64: a shape, or a list of axes.
    pub fn longs(&mut self, wish: &str, values: &[i64]) -> String {
        self.integers(wish, Element::Int64, &[values.len()], values.iter().copied())
    }

    /// Adds a constant of real numbers.
    pub fn reals(&mut self, wish: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(wish, Element::Float, dims, bytes)
    }

    fn constant(&mut self, wish: &str, element: Element, dims: &[usize], bytes: Vec<u8>) -> String {
        let name = self.fresh(wish);
        self.constants.push(TensorProto {
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: element as i32,
            name: name.clone(),
            raw_data: Some(bytes),
            ..TensorProto::default()
        });
        name
    }

    /// Adds a node.
    pub fn node(&mut self, op: &str, name: &str, inputs: &[&str], output: &str) -> Attributes<'_> {
        let index = self.nodes.len();
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![output.into()],
            name: name.into(),
            op_type: op.into(),
            ..NodeProto::default()
        });
        Attributes(&mut self.nodes[index])
    }

    /// Adds a QuantizeLinear or DequantizeLinear of codes of type `element`.
    pub fn quantizing(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[&str],
        output: &str,
        element: Element,
    ) -> Attributes<'_> {
        let is_microsoft = element.is_new() && self.is_microsoft;
        let attributes = self.node(op, name, inputs, output);
        if is_microsoft {
            attributes.0.domain = MICROSOFT.into();
        }
        attributes
    }

    /// The bytes of the file, whose input and output have these names and sample shapes.
    pub fn finish(self, name: &str, input: (&str, &[usize]), output: (&str, &[usize])) -> Vec<u8> {
        let needs_microsoft = self.nodes.iter().any(|node| node.domain == MICROSOFT);
        let mut opset_import = vec![OperatorSetIdProto {
            domain: String::new(),
            version: self.opset,
        }];
        if needs_microsoft {
            opset_import.push(OperatorSetIdProto {
                domain: MICROSOFT.into(),
                version: 1,
            });
        }
        let model = ModelProto {
            // The versions of the file format that came with these operator sets.
            ir_version: match self.opset {
                ..15 => 7,
                15..19 => 8,
                19..21 => 9,
                _ => 10,
            },
            producer_name: env!("CARGO_PKG_NAME").into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            opset_import,
            graph: Some(GraphProto {
                node: self.nodes,
                name: name.into(),
                initializer: self.constants,
                input: vec![value(input)],
                output: vec![value(output)],
                ..GraphProto::default()
            }),
        };
        model.encode_to_vec()
    }
}

/// A tensor of real numbers with an open batch.
fn value((name, shape): (&str, &[usize])) -> ValueInfoProto {
    let batch = DimensionProto {
        dim_value: None,
        dim_param: Some("batch".into()),
    };
    let extents = shape.iter().map(|&extent| DimensionProto {
        dim_value: Some(extent as i64),
        dim_param: None,
    });
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Element::Float as i32,
                shape: Some(ShapeProto {
                    dim: std::iter::once(batch).chain(extents).collect(),
                }),
            }),
        }),
    }
}

/// Adds attributes to a node.
pub(super) struct Attributes<'a>(&'a mut NodeProto);

impl Attributes<'_> {
    fn add(self, name: &str, r#type: i32, attribute: AttributeProto) -> Self {
        self.0.attribute.push(AttributeProto {
            name: name.into(),
            r#type,
            ..attribute
        });
        self
    }

    pub fn float(self, name: &str, value: f32) -> Self {
        let attribute = AttributeProto {
            f: Some(value),
            ..AttributeProto::default()
        };
        self.add(name, 1, attribute)
    }

    pub fn int(self, name: &str, value: usize) -> Self {
        let attribute = AttributeProto {
            i: Some(value as i64),
            ..AttributeProto::default()
        };
        self.add(name, 2, attribute)
    }

    pub fn text(self, name: &str, value: &str) -> Self {
        let attribute = AttributeProto {
            s: Some(value.into()),
            ..AttributeProto::default()
        };
        self.add(name, 3, attribute)
    }

    pub fn ints(self, name: &str, values: impl IntoIterator<Item = usize>) -> Self {
        let attribute = AttributeProto {
            ints: values.into_iter().map(|v| v as i64).collect(),
            ..AttributeProto::default()
        };
        self.add(name, 7, attribute)
    }
}
