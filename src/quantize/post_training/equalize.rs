//! Cross-layer equalization (Nagel et al. 2019): scales that two layers can pass between them.
//!
//! Where nothing but functions with f(s x) = s f(x), s > 0, stands between two linear layers, channel i of the
//! first may be divided by s_i and the second layer's weights on it multiplied by s_i: the network's function
//! stays the same. With s_i = √(r_1i / r_2i) both have the same largest weight on channel i, and one scale for
//! a whole layer loses less.

use crate::graph::{Clamp, Connections, Graph, Op, RealWeights, TensorId, Unary};

/// Pairs of layers influence each other, so scales are passed on until they hardly change.
const ROUNDS: usize = 20;

/// Two linear layers and what the second does with the channels of the first.
struct Pair {
    first: usize,
    second: usize,
    /// For each weight of the second, the channel of the first that it weighs.
    channels: Vec<usize>,
}

/// The same function with equalized weights.
pub fn equalize(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    let pairs: Vec<Pair> = (0..graph.nodes.len())
        .filter_map(|first| pair(&graph, first))
        .collect();
    for _ in 0..ROUNDS {
        let largest_change = pairs
            .iter()
            .map(|pair| pass_scales(&mut graph, pair))
            .fold(0.0, f32::max);
        if largest_change < 1e-3 {
            break;
        }
    }
    graph
}

/// Equalizes a pair once, and returns how far a scale was from 1.
fn pass_scales(graph: &mut Graph, pair: &Pair) -> f32 {
    let (Some(first), Some(second)) = (
        weights(&graph.nodes[pair.first].op),
        weights(&graph.nodes[pair.second].op),
    ) else {
        return 0.0;
    };
    let outputs = outputs(&graph.nodes[pair.first].op);
    let row = first.values.len() / outputs.max(1);
    let largest = |values: &[f32]| values.iter().fold(0.0, |m: f32, w| m.max(w.abs()));
    let own: Vec<f32> = first.values.chunks(row.max(1)).map(largest).collect();
    let mut next = vec![0.0f32; outputs];
    for (&channel, weight) in pair.channels.iter().zip(&second.values) {
        next[channel] = next[channel].max(weight.abs());
    }
    let scale = |(&own, &next): (&f32, &f32)| {
        let scale = libm::sqrtf(own / next);
        // A channel that is silent on one side has nothing to share.
        if scale.is_normal() && own > 0.0 && next > 0.0 {
            scale.clamp(1e-3, 1e3)
        } else {
            1.0
        }
    };
    let scales: Vec<f32> = own.iter().zip(&next).map(scale).collect();
    if let Some(first) = weights_mut(&mut graph.nodes[pair.first].op) {
        for (row, scale) in first.values.chunks_mut(row.max(1)).zip(&scales) {
            row.iter_mut().for_each(|weight| *weight /= scale);
        }
        first
            .bias
            .iter_mut()
            .zip(&scales)
            .for_each(|(bias, scale)| *bias /= scale);
    }
    if let Some(second) = weights_mut(&mut graph.nodes[pair.second].op) {
        for (weight, &channel) in second.values.iter_mut().zip(&pair.channels) {
            *weight *= scales[channel];
        }
    }
    scales.iter().map(|scale| (scale - 1.0).abs()).fold(0.0, f32::max)
}

/// The layer that `first` can be equalized with, if there is one.
fn pair(graph: &Graph, first: usize) -> Option<Pair> {
    let outputs = outputs(&graph.nodes[first].op);
    weights(&graph.nodes[first].op)?;
    let mut tensor = graph.nodes[first].output;
    // Elements of one channel; windows keep channels apart and reshapes keep the order of elements.
    let mut area = graph.tensors[tensor].len() / outputs.max(1);
    loop {
        let index = only_reader(graph, tensor)?;
        let node = &graph.nodes[index];
        match &node.op {
            Op::Clamp(Clamp { min, max }) if *min == 0.0 && *max == f32::INFINITY => {}
            Op::Unary(Unary::LeakyRelu(_)) | Op::Reshape(_) | Op::Identity => {}
            Op::MaxPool(_) | Op::AveragePool(_) if graph.tensors[tensor].shape.first() == Some(&outputs) => {
                area = graph.tensors[node.output].len() / outputs;
            }
            Op::RealConv(_) | Op::RealDense(_) => {
                let channels = channels_of_weights(graph, index, area)?;
                return Some(Pair {
                    first,
                    second: index,
                    channels,
                });
            }
            _ => return None,
        }
        tensor = node.output;
    }
}

/// For each weight of node `index`, the channel of `area` elements that it weighs; `None` if one weighs
/// several.
fn channels_of_weights(graph: &Graph, index: usize, area: usize) -> Option<Vec<usize>> {
    let node = &graph.nodes[index];
    let shape = &graph.tensors[node.inputs[0]].shape;
    let connections: Connections = match &node.op {
        Op::RealConv(conv) => conv.connections(shape).ok()?,
        Op::RealDense(dense) => dense.connections(shape).ok()?,
        _ => return None,
    };
    let count = weights(&node.op)?.values.len();
    let mut channels: Vec<Option<usize>> = vec![None; count];
    let mut is_clear = true;
    connections.for_each_synapse(|_, source, weight| {
        let channel = source / area.max(1);
        is_clear &= *channels[weight].get_or_insert(channel) == channel;
    });
    // A weight that only ever meets padding may belong to any channel.
    is_clear.then(|| channels.into_iter().map(Option::unwrap_or_default).collect())
}

fn only_reader(graph: &Graph, tensor: TensorId) -> Option<usize> {
    let mut readers = graph
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.inputs.contains(&tensor));
    let (index, node) = readers.next()?;
    let is_only = readers.next().is_none() && node.inputs.len() == 1 && tensor != graph.output;
    is_only.then_some(index)
}

fn outputs(op: &Op) -> usize {
    match op {
        Op::RealConv(conv) => conv.outputs,
        Op::RealDense(dense) => dense.outputs,
        _ => 0,
    }
}

fn weights(op: &Op) -> Option<&RealWeights> {
    match op {
        Op::RealConv(conv) => Some(&conv.weights),
        Op::RealDense(dense) => Some(&dense.weights),
        _ => None,
    }
}

fn weights_mut(op: &mut Op) -> Option<&mut RealWeights> {
    match op {
        Op::RealConv(conv) => Some(&mut conv.weights),
        Op::RealDense(dense) => Some(&mut dense.weights),
        _ => None,
    }
}
