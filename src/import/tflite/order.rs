//! Which operators the output needs, and what only reads the answer out.

use super::model::{Index, Model, Node};
use crate::import::ImportError;
use std::collections::HashMap;
use tflite_schema::BuiltinOperator as Op;

/// What is to be lowered.
pub(super) struct Plan {
    /// Numbers of the operators that matter, in running order.
    pub nodes: Vec<usize>,
    /// The tensor that is the answer, before what only reads it out.
    pub output: Index,
    /// The operator that turns the answer into probabilities or a label, which is left away.
    pub read_out: Option<usize>,
}

/// Inputs that are read as numbers, rather than as extents that the output's shape tells too.
fn operands(node: &Node<'_>) -> Vec<Index> {
    let count = match node.op {
        Op::RESHAPE | Op::SQUEEZE | Op::EXPAND_DIMS => 1,
        _ => node.inputs.len(),
    };
    // The first input of a transposed convolution is its output's shape.
    let first = usize::from(node.op == Op::TRANSPOSE_CONV);
    (first..count).filter_map(|index| node.optional(index)).collect()
}

impl Plan {
    pub fn of(model: &Model<'_>) -> Result<Self, ImportError> {
        let writers = model.writers()?;
        let (output, read_out) = answer(model, &writers)?;
        let mut needed = vec![false; model.nodes.len()];
        let mut open = vec![output];
        while let Some(tensor) = open.pop() {
            let Some(&number) = writers.get(&tensor) else {
                continue;
            };
            if std::mem::replace(&mut needed[number], true) {
                continue;
            }
            open.extend(operands(&model.nodes[number]));
        }
        let nodes: Vec<usize> = (0..model.nodes.len()).filter(|&number| needed[number]).collect();
        for &number in &nodes {
            let node = &model.nodes[number];
            for tensor in operands(node) {
                check_source(model, &writers, number, tensor)?;
            }
        }
        Ok(Self {
            nodes,
            output,
            read_out,
        })
    }
}

/// A tensor that an operator reads is the input, a constant, or written before.
fn check_source(
    model: &Model<'_>,
    writers: &HashMap<Index, usize>,
    number: usize,
    tensor: Index,
) -> Result<(), ImportError> {
    let node = &model.nodes[number];
    match writers.get(&tensor) {
        Some(&writer) if writer < number => Ok(()),
        Some(_) => Err(ImportError::Cycle {
            node: node.label.clone(),
        }),
        None if tensor == model.input || model.bytes(tensor)?.is_some() => Ok(()),
        None if model.tensor(tensor).is_variable() => Err(node.error(format!(
            "it reads the variable '{}', which keeps its value from one sample to the next; only feed-forward networks are supported",
            model.tensor_name(tensor)
        ))),
        None => Err(ImportError::MissingTensor {
            node: node.label.clone(),
            tensor: model.tensor_name(tensor),
        }),
    }
}

/// The tensor before what only reads the answer out: real numbers, probabilities, the index of the largest.
fn answer(model: &Model<'_>, writers: &HashMap<Index, usize>) -> Result<(Index, Option<usize>), ImportError> {
    let mut output = model.output;
    let (mut answer, mut read_out) = (output, None);
    // A file that is no chain of operators is found out where its sources are checked.
    for _ in 0..model.nodes.len() {
        let Some(&number) = writers.get(&output) else {
            break;
        };
        let node = &model.nodes[number];
        match node.op {
            Op::DEQUANTIZE => {
                output = node.input(0)?;
                if read_out.is_none() {
                    answer = output;
                }
            }
            // Behind probabilities only: else they are the answer's own codes.
            Op::QUANTIZE | Op::RESHAPE | Op::CAST => output = node.input(0)?,
            Op::SOFTMAX | Op::LOG_SOFTMAX | Op::ARG_MAX => {
                output = node.input(0)?;
                (answer, read_out) = (output, Some(number));
            }
            _ => break,
        }
    }
    Ok((answer, read_out))
}
