//! From the file's list of nodes to those that the output needs, in running order.

use super::attributes::Attributes;
use super::model::{Model, Node};
use super::tensors::ElementType;
use crate::import::ImportError;
use crate::import::error::shown;
use std::collections::HashMap;

/// The part of a model that computes its output.
pub(super) struct Plan<'m> {
    /// The needed nodes, each behind those it depends on; Identity, Dropout and Constant left away.
    pub nodes: Vec<&'m Node>,
    /// What stands for a tensor's name: the tensor that an Identity or Dropout passes on.
    aliases: HashMap<&'m str, &'m str>,
    /// The nodes that read a tensor, as indices into `nodes`.
    readers: HashMap<&'m str, Vec<usize>>,
    /// The tensor that is the network's answer.
    pub output: &'m str,
    /// The Softmax or ArgMax that was left away behind it.
    pub read_out: Option<&'m Node>,
    /// Which node writes a tensor.
    writers: HashMap<&'m str, &'m Node>,
}

impl<'m> Plan<'m> {
    /// Orders the nodes that the model's output needs.
    pub fn of(model: &'m Model) -> Result<Self, ImportError> {
        let names = |node: &'m Node| node.outputs.iter().filter(|name| !name.is_empty());
        let writers: HashMap<&str, usize> = model
            .nodes
            .iter()
            .enumerate()
            .flat_map(|(i, node)| names(node).map(move |name| (name.as_str(), i)))
            .collect();
        let (output, read_out) = without_read_out(model, &writers)?;
        let mut plan = Self {
            nodes: Vec::new(),
            aliases: HashMap::new(),
            readers: HashMap::new(),
            output,
            read_out,
            writers: HashMap::new(),
        };
        for index in running_order(model, &writers, output)? {
            if let Some(node) = model.nodes.get(index) {
                plan.add(node, model)?;
            }
        }
        plan.output = plan.resolve(output);
        Ok(plan)
    }

    fn add(&mut self, node: &'m Node, model: &Model) -> Result<(), ImportError> {
        for name in &node.outputs {
            self.writers.insert(name, node);
        }
        match node.op.as_str() {
            "Constant" => {}
            "Identity" => self.pass_on(node)?,
            "Dropout" => {
                refuse_training(node, model)?;
                self.pass_on(node)?;
            }
            _ => {
                let index = self.nodes.len();
                for name in node.inputs.iter().filter(|name| !name.is_empty()) {
                    self.readers.entry(self.resolve(name)).or_default().push(index);
                }
                self.nodes.push(node);
            }
        }
        Ok(())
    }

    fn pass_on(&mut self, node: &'m Node) -> Result<(), ImportError> {
        self.aliases.insert(node.output()?, self.resolve(node.input(0)?));
        Ok(())
    }

    /// The tensor that `name` stands for.
    pub fn resolve(&self, name: &'m str) -> &'m str {
        self.aliases.get(name).copied().unwrap_or(name)
    }

    /// The node that writes `name`, Constant nodes included.
    pub fn writer(&self, name: &str) -> Option<&'m Node> {
        self.writers.get(name).copied()
    }

    /// The nodes that read `name` (a name that [`Self::resolve`] gave).
    pub fn readers(&self, name: &str) -> impl Iterator<Item = &'m Node> + Clone {
        let indices = self.readers.get(name).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|&i| self.nodes.get(i).copied())
    }

    /// Whether the model computes with real numbers: nothing in it makes or takes the codes of an
    /// activation. Constants may be quantized.
    pub fn is_real(&self, model: &Model) -> bool {
        let quantizes = |node: &&Node| match without_domain(&node.op) {
            "QuantizeLinear" => node.optional_input(0).is_some_and(|name| {
                !model.initializers.contains_key(name)
                    && self.writer(name).is_none_or(|writer| writer.op != "Constant")
            }),
            "ConvInteger" | "MatMulInteger" | "DynamicQuantizeLinear" | "com.microsoft.QGemm" => true,
            op => op.trim_start_matches("com.microsoft.").starts_with("QLinear"),
        };
        model.input.element == ElementType::Float && !self.nodes.iter().any(quantizes)
    }

    /// Whether the node at `index` is the last one to read `name` (a name that [`Self::resolve`] gave).
    pub fn is_last_reader(&self, index: usize, name: &str) -> bool {
        name != self.output && self.readers.get(name).and_then(|readers| readers.last()) == Some(&index)
    }

    /// Whether `name` is read once: by one node, and not as the output.
    pub fn is_read_once(&self, name: &str) -> bool {
        name != self.output && self.readers.get(name).is_some_and(|readers| readers.len() == 1)
    }
}

/// Dropout does nothing, except in training mode.
fn refuse_training(node: &Node, model: &Model) -> Result<(), ImportError> {
    let Some(name) = node.optional_input(2) else {
        return Ok(());
    };
    let is_false = model.initializers.get(name).is_some_and(|mode| {
        let mode = mode.borrow();
        match &mode.raw_data {
            Some(raw) => raw.iter().all(|&b| b == 0),
            None => mode.int32_data.iter().all(|&v| v == 0),
        }
    });
    if is_false {
        Ok(())
    } else {
        Err(node.error("it may be in training mode; export the model for inference"))
    }
}

/// The output without a Softmax or ArgMax behind it, which only reads the answer out, and without
/// the quantization of what that gives.
fn without_read_out<'m>(
    model: &'m Model,
    writers: &HashMap<&str, usize>,
) -> Result<(&'m str, Option<&'m Node>), ImportError> {
    let (mut output, mut read_out) = (model.output.as_str(), None);
    let mut name = output;
    // No chain is longer than the number of nodes, unless it is a cycle: that is found later.
    for _ in &model.nodes {
        let Some(node) = writers.get(name).and_then(|&i| model.nodes.get(i)) else {
            break;
        };
        match without_domain(&node.op) {
            "QuantizeLinear" | "DequantizeLinear" | "Identity" => name = node.input(0)?,
            "Softmax" | "LogSoftmax" | "ArgMax" | "com.microsoft.QLinearSoftmax" => {
                check_read_out(node)?;
                name = node.input(0)?;
                (output, read_out) = (name, Some(node));
            }
            _ => break,
        }
    }
    Ok((output, read_out))
}

/// The operator, if ONNX Runtime's own domain has it only for types that ONNX's lacked.
pub(super) fn without_domain(op: &str) -> &str {
    match op {
        "com.microsoft.QuantizeLinear" => "QuantizeLinear",
        "com.microsoft.DequantizeLinear" => "DequantizeLinear",
        other => other,
    }
}

fn check_read_out(node: &Node) -> Result<(), ImportError> {
    let attributes = Attributes::of(node, &["axis", "keepdims", "select_last_index", "opset"])?;
    let default = if node.op == "ArgMax" { 0 } else { -1 };
    let axis = attributes.int("axis")?.unwrap_or(default);
    if !matches!(axis, 1 | -1) {
        return Err(node.error(format!(
            "it works along axis {axis}, but as a read-out it must work along axis 1"
        )));
    }
    if attributes.int("select_last_index")?.unwrap_or(0) != 0 {
        return Err(node.error("it selects the last of equal values, but the first is supported"));
    }
    Ok(())
}

/// Depth-first search from `output` backwards, without recursion: a hostile file could be deep.
fn running_order(
    model: &Model,
    writers: &HashMap<&str, usize>,
    output: &str,
) -> Result<Vec<usize>, ImportError> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; model.nodes.len()];
    let mut order = Vec::new();
    let mut path: Vec<(usize, usize)> = writers.get(output).map(|&i| (i, 0)).into_iter().collect();
    if path.is_empty() && model.input.name != output && !model.initializers.contains_key(output) {
        return Err(ImportError::MissingTensor {
            node: "(output)".into(),
            tensor: shown(output),
        });
    }
    while let Some((index, next)) = path.last_mut() {
        let index = *index;
        let (Some(node), Some(state)) = (model.nodes.get(index), states.get_mut(index)) else {
            break;
        };
        *state = State::Open;
        let Some(name) = node.inputs.get(*next) else {
            *state = State::Done;
            order.push(index);
            path.pop();
            continue;
        };
        *next += 1;
        match writers.get(name.as_str()) {
            Some(&writer) => match states.get(writer) {
                Some(State::New) => path.push((writer, 0)),
                Some(State::Open) => {
                    return Err(ImportError::Cycle {
                        node: shown(&node.name),
                    });
                }
                _ => {}
            },
            None => {
                if !name.is_empty() && *name != model.input.name && !model.initializers.contains_key(name) {
                    return Err(ImportError::MissingTensor {
                        node: shown(&node.name),
                        tensor: shown(name),
                    });
                }
            }
        }
    }
    Ok(order)
}
