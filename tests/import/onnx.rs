//! Writes small ONNX files: just enough protobuf to try what the corpus doesn't hold.

/// A model under construction; `new` gives it one float input `x` of shape [N, …] and one output `y`.
#[derive(Clone)]
pub struct Model {
    pub opset: i64,
    pub nodes: Vec<Vec<u8>>,
    pub initializers: Vec<Vec<u8>>,
    pub inputs: Vec<Vec<u8>>,
    pub outputs: Vec<Vec<u8>>,
}

/// ONNX's numbers for element types.
pub const FLOAT: u64 = 1;
pub const UINT8: u64 = 2;
pub const INT8: u64 = 3;
pub const INT16: u64 = 5;
pub const INT32: u64 = 6;
pub const INT64: u64 = 7;
pub const INT4: u64 = 22;

/// An attribute's value.
pub enum Value<'a> {
    Int(i64),
    Float(f32),
    Ints(&'a [i64]),
    Text(&'a str),
    Graph,
    Tensor(Vec<u8>),
}

impl Model {
    pub fn new(sample: &[i64]) -> Self {
        Self {
            opset: 17,
            nodes: vec![],
            initializers: vec![],
            inputs: vec![value_info("x", FLOAT, None, sample)],
            outputs: vec![value_info("y", FLOAT, None, &[])],
        }
    }

    /// Adds a node named after its first output.
    pub fn node(self, op: &str, inputs: &[&str], output: &str) -> Self {
        self.node_with(op, inputs, output, &[])
    }

    pub fn node_with(
        mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Value)],
    ) -> Self {
        let (domain, op) = op.rsplit_once('.').unwrap_or(("", op));
        let mut node = Vec::new();
        inputs
            .iter()
            .for_each(|name| bytes(&mut node, 1, name.as_bytes()));
        bytes(&mut node, 2, output.as_bytes());
        bytes(&mut node, 3, format!("{output}_node").as_bytes());
        bytes(&mut node, 4, op.as_bytes());
        attributes
            .iter()
            .for_each(|(name, value)| bytes(&mut node, 5, &attribute(name, value)));
        bytes(&mut node, 7, domain.as_bytes());
        self.nodes.push(node);
        self
    }

    pub fn floats(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.initializers.push(tensor(name, FLOAT, dims, &raw));
        self
    }

    pub fn raw(mut self, name: &str, kind: u64, dims: &[i64], raw: &[u8]) -> Self {
        self.initializers.push(tensor(name, kind, dims, raw));
        self
    }

    /// Constants `<name>_s` and `<name>_z` (int8) for a QuantizeLinear or DequantizeLinear.
    pub fn scale(self, name: &str, scale: f32, zero_point: i8) -> Self {
        self.floats(&format!("{name}_s"), &[], &[scale]).raw(
            &format!("{name}_z"),
            INT8,
            &[],
            &zero_point.to_le_bytes(),
        )
    }

    pub fn quantize(self, input: &str, output: &str, scale: &str) -> Self {
        self.node(
            "QuantizeLinear",
            &[input, &format!("{scale}_s"), &format!("{scale}_z")],
            output,
        )
    }

    pub fn dequantize(self, input: &str, output: &str, scale: &str) -> Self {
        self.node(
            "DequantizeLinear",
            &[input, &format!("{scale}_s"), &format!("{scale}_z")],
            output,
        )
    }

    /// QuantizeLinear and DequantizeLinear with the constants of `scale`.
    pub fn pair(self, input: &str, output: &str, scale: &str) -> Self {
        let codes = format!("{output}_codes");
        self.quantize(input, &codes, scale)
            .dequantize(&codes, output, scale)
    }

    /// Weights `w` of dimensions [2, 3] with scale 0.5, dequantized from int8.
    pub fn weights(self) -> Self {
        self.scale("w", 0.5, 0)
            .raw("w_codes", INT8, &[2, 3], &[1, 2, 3, 4, 5, 250])
            .dequantize("w_codes", "w", "w")
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut graph = Vec::new();
        self.nodes.iter().for_each(|node| bytes(&mut graph, 1, node));
        bytes(&mut graph, 2, b"graph");
        self.initializers
            .iter()
            .for_each(|tensor| bytes(&mut graph, 5, tensor));
        self.inputs.iter().for_each(|input| bytes(&mut graph, 11, input));
        self.outputs
            .iter()
            .for_each(|output| bytes(&mut graph, 12, output));
        let mut opset = Vec::new();
        number(&mut opset, 2, self.opset as u64);
        let mut model = Vec::new();
        number(&mut model, 1, 8);
        bytes(&mut model, 7, &graph);
        bytes(&mut model, 8, &opset);
        model
    }
}

/// A graph input or output of `kind`, with a batch dimension that is open unless given.
pub fn value_info(name: &str, kind: u64, batch: Option<i64>, sample: &[i64]) -> Vec<u8> {
    let mut shape = Vec::new();
    let mut dimension = Vec::new();
    match batch {
        Some(batch) => number(&mut dimension, 1, batch as u64),
        None => bytes(&mut dimension, 2, b"N"),
    }
    bytes(&mut shape, 1, &dimension);
    for &extent in sample {
        let mut dimension = Vec::new();
        number(&mut dimension, 1, extent as u64);
        bytes(&mut shape, 1, &dimension);
    }
    let (mut tensor, mut kinds, mut info) = (Vec::new(), Vec::new(), Vec::new());
    number(&mut tensor, 1, kind);
    bytes(&mut tensor, 2, &shape);
    bytes(&mut kinds, 1, &tensor);
    bytes(&mut info, 1, name.as_bytes());
    bytes(&mut info, 2, &kinds);
    info
}

pub fn tensor(name: &str, kind: u64, dims: &[i64], raw: &[u8]) -> Vec<u8> {
    let mut tensor = Vec::new();
    dims.iter().for_each(|&d| number(&mut tensor, 1, d as u64));
    number(&mut tensor, 2, kind);
    bytes(&mut tensor, 8, name.as_bytes());
    bytes(&mut tensor, 9, raw);
    tensor
}

fn attribute(name: &str, value: &Value) -> Vec<u8> {
    let mut attribute = Vec::new();
    bytes(&mut attribute, 1, name.as_bytes());
    match value {
        Value::Float(f) => {
            attribute.push(2 << 3 | 5);
            attribute.extend(f.to_le_bytes());
        }
        Value::Int(i) => number(&mut attribute, 3, *i as u64),
        Value::Text(text) => bytes(&mut attribute, 4, text.as_bytes()),
        Value::Tensor(tensor) => bytes(&mut attribute, 5, tensor),
        Value::Graph => bytes(&mut attribute, 6, &[]),
        Value::Ints(ints) => ints.iter().for_each(|&i| number(&mut attribute, 8, i as u64)),
    }
    attribute
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7F {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend(value);
}
