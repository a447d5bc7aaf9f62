//! A quantized ONNX file of about 25 MB, made in memory: dense layers in QDQ form.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Model {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<OperatorSet>,
}

#[derive(Clone, PartialEq, Message)]
struct OperatorSet {
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int64, tag = "3")]
    i: i64,
    #[prost(int32, tag = "20")]
    kind: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfo {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    r#type: Option<Type>,
}

#[derive(Clone, PartialEq, Message)]
struct Type {
    #[prost(message, optional, tag = "1")]
    tensor: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    element: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, tag = "1")]
    value: i64,
}

const FLOAT: i32 = 1;
const INT8: i32 = 3;
const INT_ATTRIBUTE: i32 = 2;

fn node(op: &str, inputs: &[&str], output: &str) -> Node {
    Node {
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.to_string()],
        name: output.to_string(),
        op_type: op.to_string(),
        attribute: Vec::new(),
    }
}

fn tensor(name: &str, data_type: i32, dims: &[i64], raw_data: Vec<u8>) -> Tensor {
    Tensor {
        dims: dims.to_vec(),
        data_type,
        name: name.to_string(),
        raw_data,
    }
}

fn info(name: &str, features: usize) -> ValueInfo {
    let dimension = |value: usize| Dimension { value: value as i64 };
    ValueInfo {
        name: name.to_string(),
        r#type: Some(Type {
            tensor: Some(TensorType {
                element: FLOAT,
                shape: Some(Shape {
                    dim: vec![dimension(1), dimension(features)],
                }),
            }),
        }),
    }
}

/// `layers` dense int8 layers of `features` inputs and outputs: a file of `layers · features²` bytes and
/// a little more.
pub fn large_model(layers: usize, features: usize) -> Vec<u8> {
    let mut nodes = vec![
        node("QuantizeLinear", &["x", "scale", "zero"], "q0"),
        node("DequantizeLinear", &["q0", "scale", "zero"], "x0"),
    ];
    let mut initializers = vec![
        tensor("scale", FLOAT, &[], 0.05f32.to_le_bytes().to_vec()),
        tensor("zero", INT8, &[], vec![0]),
    ];
    for layer in 0..layers {
        let next = layer + 1;
        let names = |part: &str| format!("{part}{layer}");
        let weights = (0..features * features).map(|i| ((i * 7919 + layer) % 255) as u8);
        let dims = [features as i64, features as i64];
        initializers.push(tensor(&names("w"), INT8, &dims, weights.collect()));
        nodes.push(node(
            "DequantizeLinear",
            &[&names("w"), "scale", "zero"],
            &names("dw"),
        ));
        let mut gemm = node("Gemm", &[&names("x"), &names("dw")], &names("y"));
        gemm.attribute.push(Attribute {
            name: "transB".to_string(),
            i: 1,
            kind: INT_ATTRIBUTE,
        });
        nodes.push(gemm);
        let (codes, reals) = (format!("q{next}"), format!("x{next}"));
        nodes.push(node("QuantizeLinear", &[&names("y"), "scale", "zero"], &codes));
        nodes.push(node("DequantizeLinear", &[&codes, "scale", "zero"], &reals));
    }
    let model = Model {
        ir_version: 8,
        graph: Some(Graph {
            node: nodes,
            initializer: initializers,
            input: vec![info("x", features)],
            output: vec![info(&format!("x{layers}"), features)],
        }),
        opset_import: vec![OperatorSet { version: 13 }],
    };
    model.encode_to_vec()
}
