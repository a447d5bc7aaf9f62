//! The file as a plain list of named nodes, with everything that isn't needed left away.

use super::limits;
use super::tensors::ElementType;
use crate::import::ImportError;
use crate::import::error::shown;
use crate::onnx::{AttributeProto, GraphProto, ModelProto, TensorProto, ValueInfoProto};
use prost::Message;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// More nodes than this are refused; large networks of the kind supported here have some hundred.
const MAX_NODES: usize = 100_000;

/// The operator sets whose operators mean what this importer takes them to mean. QuantizeLinear
/// came with 10.
const OPSETS: std::ops::RangeInclusive<i64> = 10..=25;

/// A node of the file.
pub(super) struct Node {
    /// Its name, or its first output's if it has none.
    pub name: String,
    /// The operator, with its domain unless that is ONNX's own.
    pub op: String,
    /// Names of the tensors it reads; empty where an optional one is left out.
    pub inputs: Vec<String>,
    /// Names of the tensors it writes.
    pub outputs: Vec<String>,
    pub attributes: Vec<AttributeProto>,
}

impl Node {
    /// An error about this node.
    pub fn error(&self, problem: impl Into<String>) -> ImportError {
        ImportError::Node {
            node: shown(&self.name),
            op: shown(&self.op),
            problem: problem.into(),
        }
    }

    /// The name of input `index`, or `None` if it is left out.
    pub fn optional_input(&self, index: usize) -> Option<&str> {
        self.inputs
            .get(index)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// The name of input `index`.
    pub fn input(&self, index: usize) -> Result<&str, ImportError> {
        self.optional_input(index).ok_or_else(|| {
            self.error(format!(
                "its input {index} is missing; the file is incomplete, so export it anew"
            ))
        })
    }

    /// The name of its first output.
    pub fn output(&self) -> Result<&str, ImportError> {
        match self.outputs.first().map(String::as_str) {
            Some(name) if !name.is_empty() => Ok(name),
            _ => Err(self.error("it has no output; the file is incomplete, so export it anew")),
        }
    }

    /// Refuses more inputs than the operator has.
    pub fn at_most(&self, inputs: usize) -> Result<(), ImportError> {
        if self.inputs.len() > inputs {
            return Err(self.error(format!(
                "it has {} inputs, but takes at most {inputs}",
                self.inputs.len()
            )));
        }
        Ok(())
    }
}

/// The graph's one input.
pub(super) struct Input {
    pub name: String,
    pub element: ElementType,
    /// Samples in a batch, or `None` if the file leaves it open.
    pub batch: Option<usize>,
    /// Extents of one sample.
    pub sample: Vec<usize>,
}

/// What is needed of the file.
pub(super) struct Model {
    /// The version of ONNX's operator set.
    pub opset: i64,
    pub nodes: Vec<Node>,
    /// The constants; each is taken out when it is decoded, so that nothing large is held twice.
    pub initializers: HashMap<String, RefCell<TensorProto>>,
    pub input: Input,
    /// The name of the graph's one output.
    pub output: String,
}

impl Model {
    /// Decodes the file.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, ImportError> {
        let damaged = |problem: String| ImportError::Damaged {
            format: "ONNX",
            problem,
        };
        if !limits::are_kept(bytes) {
            return Err(ImportError::Model {
                model: shown(name),
                problem: "it has more than a million parts, more than any network supported here".into(),
            });
        }
        let proto = ModelProto::decode(bytes).map_err(|error| {
            damaged(format!(
                "it is no protobuf message ({})",
                shown(&error.to_string())
            ))
        })?;
        let of_model = |problem: String| ImportError::Model {
            model: shown(name),
            problem,
        };
        let Some(graph) = proto.graph else {
            return Err(damaged("it holds no graph".into()));
        };
        let opset = proto
            .opset_import
            .iter()
            .find(|set| is_onnx(&set.domain))
            .map(|set| set.version);
        let opset = match opset {
            Some(version) if OPSETS.contains(&version) => version,
            found => {
                return Err(of_model(format!(
                    "it uses {} of ONNX, but {} to {} are supported; convert it with onnx.version_converter",
                    found.map_or_else(|| "no operator set".into(), |v| format!("operator set {v}")),
                    OPSETS.start(),
                    OPSETS.end()
                )));
            }
        };
        if graph.node.len() > MAX_NODES {
            return Err(of_model(format!(
                "it has {} nodes, more than the supported {MAX_NODES}",
                graph.node.len()
            )));
        }
        if !graph.sparse_initializer.is_empty() {
            return Err(of_model(
                "it has sparse initializers; save them as ordinary ones".into(),
            ));
        }
        Self::from_graph(graph, opset, &of_model)
    }

    fn from_graph(
        graph: GraphProto,
        opset: i64,
        of_model: &dyn Fn(String) -> ImportError,
    ) -> Result<Self, ImportError> {
        let mut initializers = HashMap::with_capacity(graph.initializer.len());
        for tensor in graph.initializer {
            let name = tensor.name.clone();
            if initializers.insert(name.clone(), RefCell::new(tensor)).is_some() {
                return Err(ImportError::DuplicateTensor { tensor: shown(&name) });
            }
        }
        // Files of old IR versions list their initializers among the inputs.
        let mut inputs = graph
            .input
            .into_iter()
            .filter(|input| !initializers.contains_key(&input.name));
        let input = match (inputs.next(), inputs.next()) {
            (Some(input), None) => read_input(input)?,
            (None, _) => return Err(of_model("it has no input".into())),
            (Some(first), Some(second)) => return Err(of_model(several("inputs", &first, &second))),
        };
        let mut outputs = graph.output.into_iter();
        let output = match (outputs.next(), outputs.next()) {
            (Some(output), None) => output.name,
            (None, _) => return Err(of_model("it has no output".into())),
            (Some(first), Some(second)) => return Err(of_model(several("outputs", &first, &second))),
        };
        let nodes = graph.node.into_iter().map(read_node).collect();
        let model = Self {
            opset,
            nodes,
            initializers,
            input,
            output,
        };
        model.check_sources()?;
        Ok(model)
    }

    /// Every tensor comes from one place.
    fn check_sources(&self) -> Result<(), ImportError> {
        let mut sources: HashSet<&str> = self.initializers.keys().map(String::as_str).collect();
        let input = std::iter::once(self.input.name.as_str());
        let outputs = self
            .nodes
            .iter()
            .flat_map(|node| &node.outputs)
            .map(String::as_str);
        for name in input.chain(outputs.filter(|name| !name.is_empty())) {
            if !sources.insert(name) {
                return Err(ImportError::DuplicateTensor { tensor: shown(name) });
            }
        }
        Ok(())
    }
}

fn several(what: &str, first: &ValueInfoProto, second: &ValueInfoProto) -> String {
    let (first, second) = (shown(&first.name), shown(&second.name));
    format!("it has several {what} ('{first}', '{second}'), but one is supported")
}

fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

fn read_node(proto: crate::onnx::NodeProto) -> Node {
    let name = if proto.name.is_empty() {
        proto.output.first().cloned().unwrap_or_default()
    } else {
        proto.name
    };
    let op = if is_onnx(&proto.domain) {
        proto.op_type
    } else {
        format!("{}.{}", proto.domain, proto.op_type)
    };
    Node {
        name,
        op,
        inputs: proto.input,
        outputs: proto.output,
        attributes: proto.attribute,
    }
}

fn read_input(info: ValueInfoProto) -> Result<Input, ImportError> {
    let problem = |problem: String| ImportError::tensor(&info.name, problem);
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let Some((tensor, shape)) = tensor.and_then(|t| Some((t, t.shape.as_ref()?))) else {
        return Err(problem(
            "this input has no shape; export the model with a fixed sample size".into(),
        ));
    };
    let element = match ElementType::from_code(tensor.elem_type) {
        Ok(element @ (ElementType::Float | ElementType::Int8 | ElementType::Uint8)) => element,
        other => {
            let found = other.map_or_else(|name| name, |element| element.name().into());
            return Err(problem(format!(
                "this input's elements are {found}; float32, int8 and uint8 are supported"
            )));
        }
    };
    let Some((batch, sample)) = shape.dim.split_first().filter(|(_, sample)| !sample.is_empty()) else {
        return Err(problem(
            "this input needs a batch dimension and at least one more".into(),
        ));
    };
    let extent = |value: Option<i64>| value.and_then(|v| usize::try_from(v).ok()).filter(|&v| v > 0);
    let sample = sample.iter().enumerate().map(|(i, dim)| {
        extent(dim.dim_value).ok_or_else(|| {
            let found = match (&dim.dim_param, dim.dim_value) {
                (Some(name), _) => format!("'{}'", shown(name)),
                (None, Some(value)) => value.to_string(),
                (None, None) => "open".into(),
            };
            problem(format!(
                "dimension {} of this input is {found}; all but the batch must be fixed and positive, so export the model with a fixed sample size",
                i + 1
            ))
        })
    });
    let sample = sample.collect::<Result<_, _>>()?;
    Ok(Input {
        element,
        batch: extent(batch.dim_value),
        sample,
        name: info.name,
    })
}
