//! The file as it is: one subgraph with one input and one output.

use crate::import::ImportError;
use crate::import::error::shown;
use std::collections::HashMap;
use tflite_schema::flatbuffers::{Follow, ForwardsUOffset, Vector};
use tflite_schema::{self as schema, BuiltinOperator};

/// The version of the schema since 2017.
const VERSION: u32 = 3;

/// More operators or tensors than this are refused; a network of a thousand layers has some ten thousand.
const MAX_PARTS: usize = 1 << 17;

type Table<'m, T> = Vector<'m, ForwardsUOffset<T>>;

/// Index of a tensor in the file.
pub(super) type Index = usize;

/// A model's only subgraph.
pub(super) struct Model<'m> {
    /// What messages call it.
    pub name: &'m str,
    tensors: Table<'m, schema::Tensor<'m>>,
    buffers: Option<Table<'m, schema::Buffer<'m>>>,
    /// In the file's order, which is the order in which they run.
    pub nodes: Vec<Node<'m>>,
    /// Where samples come in.
    pub input: Index,
    /// The answer.
    pub output: Index,
}

/// An operator of the file.
pub(super) struct Node<'m> {
    /// What messages call it: its number, and its output's name.
    pub label: String,
    /// Its output's name, as far as one can read it.
    pub name: String,
    /// What it does.
    pub op: BuiltinOperator,
    /// The name of what it does.
    pub op_name: String,
    /// Its options.
    pub options: schema::Operator<'m>,
    /// The tensors that it reads; `None` where an optional one is left out.
    pub inputs: Vec<Option<Index>>,
    /// The tensors that it writes.
    pub outputs: Vec<Index>,
}

impl Node<'_> {
    /// An error about this operator.
    pub fn error(&self, problem: impl Into<String>) -> ImportError {
        ImportError::Node {
            node: self.label.clone(),
            op: self.op_name.clone(),
            problem: problem.into(),
        }
    }

    /// The tensor that input `index` is, if it is given.
    pub fn optional(&self, index: usize) -> Option<Index> {
        self.inputs.get(index).copied().flatten()
    }

    /// The tensor that input `index` is.
    pub fn input(&self, index: usize) -> Result<Index, ImportError> {
        self.optional(index).ok_or_else(|| {
            self.error(format!(
                "its input {} is missing; the file is incomplete, so convert the model again",
                index + 1
            ))
        })
    }

    /// The only tensor that it writes.
    pub fn output(&self) -> Result<Index, ImportError> {
        match self.outputs[..] {
            [output] => Ok(output),
            _ => Err(self.error(format!(
                "it writes {} tensors, but only operators that write one are supported",
                self.outputs.len()
            ))),
        }
    }

    /// What is said where options that the operator needs are missing.
    pub fn no_options(&self) -> ImportError {
        self.error("its options are missing; the file is incomplete, so convert the model again")
    }
}

impl<'m> Model<'m> {
    pub fn parse(bytes: &'m [u8], name: &'m str) -> Result<Self, ImportError> {
        let file = schema::read(bytes).map_err(|error| damaged(first_line(&error.to_string())))?;
        let of_model = |problem: String| ImportError::Model {
            model: shown(name),
            problem,
        };
        if file.version() != VERSION {
            return Err(of_model(format!(
                "it has version {} of TensorFlow Lite's format, but {VERSION} is supported; convert it again",
                file.version()
            )));
        }
        let graph = match file.subgraphs() {
            Some(graphs) if graphs.len() == 1 => graphs.get(0),
            graphs => {
                return Err(of_model(format!(
                    "it has {} subgraphs, but one is supported: a network must be a fixed graph of layers, without control flow and further signatures",
                    graphs.map_or(0, |g| g.len())
                )));
            }
        };
        let tensors = graph
            .tensors()
            .ok_or_else(|| damaged("it has no tensors".into()))?;
        let only = |kind: &str, indices: Option<Vector<'m, i32>>| match ints(indices)[..] {
            [index] => valid(index, tensors.len()),
            ref many => Err(of_model(format!(
                "it has {} {kind}s, but one {kind} is supported; convert a model with one",
                many.len()
            ))),
        };
        let input = only("input", graph.inputs())?;
        let output = only("output", graph.outputs())?;
        let operators = graph
            .operators()
            .ok_or_else(|| of_model("it has no operators".into()))?;
        if operators.len().max(tensors.len()) > MAX_PARTS {
            return Err(ImportError::TooLarge {
                what: "the number of operators or tensors,".into(),
                found: format!("{},", operators.len().max(tensors.len())),
                limit: MAX_PARTS.to_string(),
            });
        }
        let codes = file.operator_codes();
        let mut model = Self {
            name,
            tensors,
            buffers: file.buffers(),
            nodes: Vec::with_capacity(operators.len()),
            input,
            output,
        };
        for (number, operator) in operators.iter().enumerate() {
            let code = codes.and_then(|codes| get(codes, operator.opcode_index() as usize));
            let code = code.ok_or_else(|| damaged(format!("operator {number} has no code")))?;
            let node = model.node(number, operator, code)?;
            model.nodes.push(node);
        }
        Ok(model)
    }

    fn node(
        &self,
        number: usize,
        options: schema::Operator<'m>,
        code: schema::OperatorCode<'m>,
    ) -> Result<Node<'m>, ImportError> {
        // Old files have the code in a byte, newer ones in both where it fits.
        let op = BuiltinOperator(code.builtin_code().0.max(code.deprecated_builtin_code().into()));
        let op_name = match (op, code.custom_code()) {
            (BuiltinOperator::CUSTOM, Some(custom)) => shown(custom),
            _ => op
                .variant_name()
                .map_or_else(|| format!("number {}", op.0), Into::into),
        };
        let count = self.tensors.len();
        let inputs = ints(options.inputs())
            .into_iter()
            .map(|index| (index >= 0).then(|| valid(index, count)).transpose())
            .collect::<Result<_, _>>()?;
        let outputs: Vec<Index> = ints(options.outputs())
            .into_iter()
            .map(|index| valid(index, count))
            .collect::<Result<_, _>>()?;
        let name = outputs.first().map_or_else(String::new, |&o| self.tensor_name(o));
        Ok(Node {
            label: format!("{number}: {name}"),
            name,
            op,
            op_name,
            options,
            inputs,
            outputs,
        })
    }

    /// A tensor of the file.
    pub fn tensor(&self, index: Index) -> schema::Tensor<'m> {
        self.tensors.get(index)
    }

    /// A tensor's name up to what the converter merged with it, which it lists behind semicolons.
    pub fn tensor_name(&self, index: Index) -> String {
        let name = self.tensor(index).name().unwrap_or_default();
        let own = name.split(';').next().unwrap_or_default();
        if own.is_empty() {
            format!("tensor {index}")
        } else {
            shown(own)
        }
    }

    /// An error about a tensor.
    pub fn tensor_error(&self, index: Index, problem: impl Into<String>) -> ImportError {
        ImportError::tensor(&self.tensor_name(index), problem)
    }

    /// The extents that the file declares, the batch included. An open batch stands as 1.
    pub fn shape(&self, index: Index) -> Result<Vec<usize>, ImportError> {
        let shape = ints(self.tensor(index).shape());
        let extents: Option<Vec<usize>> = shape
            .iter()
            .map(|&extent| usize::try_from(extent).ok().filter(|&extent| extent > 0))
            .collect();
        extents.ok_or_else(|| {
            self.tensor_error(
                index,
                format!(
                    "its shape is {shape:?}, but every extent must be positive and fixed; convert the model for inputs of a fixed size"
                ),
            )
        })
    }

    /// The bytes of a constant; `None` for what is computed.
    pub fn bytes(&self, index: Index) -> Result<Option<&'m [u8]>, ImportError> {
        let tensor = self.tensor(index);
        let is_outside = tensor.external_buffer() > 0;
        let number = tensor.buffer() as usize;
        let buffer = self.buffers.and_then(|buffers| get(buffers, number));
        match buffer {
            Some(buffer) if buffer.offset() > 1 || is_outside => Err(self.tensor_error(
                index,
                "its values lie outside of the part of the file that describes the model; convert a model smaller than 2 GB, as one file",
            )),
            Some(buffer) => Ok(buffer.data().map(|data| data.bytes()).filter(|bytes| !bytes.is_empty())),
            None if number == 0 => Ok(None),
            None => Err(damaged(format!(
                "tensor '{}' keeps its values in buffer {number}, which there isn't",
                self.tensor_name(index)
            ))),
        }
    }

    /// The operator that writes each tensor that one writes.
    pub fn writers(&self) -> Result<HashMap<Index, usize>, ImportError> {
        let mut writers = HashMap::new();
        for (number, node) in self.nodes.iter().enumerate() {
            for &output in &node.outputs {
                if writers.insert(output, number).is_some() || output == self.input {
                    return Err(ImportError::DuplicateTensor {
                        tensor: self.tensor_name(output),
                    });
                }
            }
        }
        Ok(writers)
    }
}

/// An error about bytes that don't follow the format.
pub(super) fn damaged(problem: String) -> ImportError {
    ImportError::Damaged {
        format: "TensorFlow Lite",
        problem,
    }
}

/// The verifier tells on further lines where it was.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    shown(line.trim_end_matches('.'))
}

fn valid(index: i32, count: usize) -> Result<Index, ImportError> {
    usize::try_from(index)
        .ok()
        .filter(|&index| index < count)
        .ok_or_else(|| damaged(format!("it names tensor {index}, but there are {count}")))
}

fn get<'m, T: Follow<'m> + 'm>(table: Vector<'m, T>, index: usize) -> Option<T::Inner> {
    (index < table.len()).then(|| table.get(index))
}

/// The integers of a vector that may be left out.
pub(super) fn ints(vector: Option<Vector<'_, i32>>) -> Vec<i32> {
    vector.map(|v| v.iter().collect()).unwrap_or_default()
}
