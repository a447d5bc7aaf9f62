//! Which tensors share a quantization, and which need none.

use crate::graph::{Graph, Node, Op, TensorId};

/// What quantization does to each tensor of a float graph.
#[derive(Debug)]
pub(super) struct Groups {
    /// For each tensor, the smallest tensor that it shares its quantization with.
    roots: Vec<TensorId>,
    /// For each tensor, the clamp behind it: the only one who reads it, so that no code need hold it.
    clamps: Vec<Option<usize>>,
    /// For each tensor, whether its values are those of another of its group.
    repeats: Vec<bool>,
}

impl Groups {
    /// Finds the groups of a float graph.
    pub fn of(graph: &Graph) -> Self {
        let mut groups = Self {
            roots: (0..graph.tensors.len()).collect(),
            clamps: vec![None; graph.tensors.len()],
            repeats: vec![false; graph.tensors.len()],
        };
        let mut readers = vec![0usize; graph.tensors.len()];
        for &input in graph.nodes.iter().flat_map(|node| &node.inputs) {
            readers[input] += 1;
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            if let (Op::Clamp(_), [input]) = (&node.op, &node.inputs[..]) {
                let writer = graph.nodes.iter().find(|writer| writer.output == *input);
                let is_between = readers[*input] == 1 && *input != graph.output;
                if is_between && writer.is_some_and(|writer| can_be_clamped(&writer.op)) {
                    groups.clamps[*input] = Some(index);
                }
            }
            if keeps_values(node) {
                groups.repeats[node.output] = true;
                for &input in &node.inputs {
                    groups.join(input, node.output);
                }
            }
        }
        // Every tensor points at its root itself.
        for tensor in 0..groups.roots.len() {
            groups.roots[tensor] = groups.root(tensor);
        }
        groups
    }

    /// The tensor that stands for the group of `tensor`.
    pub fn root(&self, mut tensor: TensorId) -> TensorId {
        while self.roots[tensor] != tensor {
            tensor = self.roots[tensor];
        }
        tensor
    }

    /// The clamp whose input `tensor` is, where nothing else reads it: it stays a real number.
    pub fn clamp_behind(&self, tensor: TensorId) -> Option<usize> {
        self.clamps[tensor]
    }

    /// Whether the values of `tensor` count when its group's range is chosen.
    pub fn is_measured(&self, tensor: TensorId) -> bool {
        self.clamps[tensor].is_none() && !self.repeats[tensor]
    }

    fn join(&mut self, a: TensorId, b: TensorId) {
        let (a, b) = (self.root(a), self.root(b));
        self.roots[a.max(b)] = a.min(b);
    }
}

/// Operators whose results are among their inputs: they work on codes as they are, if all have the same
/// quantization. For a Concat that saves neurons which would only pass codes on.
fn keeps_values(node: &Node) -> bool {
    matches!(
        node.op,
        Op::MaxPool(_) | Op::Reshape(_) | Op::Rearrange(_) | Op::Concat(_) | Op::Identity
    )
}

/// Operators that make a real number which a clamp can follow before it becomes a code.
fn can_be_clamped(op: &Op) -> bool {
    matches!(
        op,
        Op::RealConv(_)
            | Op::RealDense(_)
            | Op::AveragePool(_)
            | Op::Add { .. }
            | Op::Scale(_)
            | Op::Shift(_)
            | Op::Unary(_)
    )
}
