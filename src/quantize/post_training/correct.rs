//! Mean-error correction of the quantization (empirical bias correction, Nagel et al. 2019).
//!
//! Rounded weights and activations shift a channel's mean. The shift is what the quantized weights make of
//! the quantized inputs, less what the real ones make of the real inputs, on average over samples and
//! positions; being linear, it needs the inputs' means only:
//!
//! `b += W · E[x] − Ŵ · E[x̂]`

use super::calibration::{PostTrainingError, for_each_sample};
use super::weights::bias_code;
use crate::graph::{Connections, Encoding, Graph, Node, Op, Tensor, Weights};

/// The means of a tensor's elements over all samples, as real numbers and as codes tell them.
#[derive(Clone, Default)]
struct Means {
    real: Vec<f64>,
    seen: Vec<f64>,
}

/// Corrects the biases of the quantized `nodes`, made of the `originals` of `graph`.
pub(super) fn correct(
    graph: &Graph,
    originals: &[&Node],
    nodes: &mut [Node],
    tensors: &[Tensor],
    samples: &[f32],
) -> Result<(), PostTrainingError> {
    let mut means = vec![Means::default(); graph.tensors.len()];
    for node in nodes
        .iter()
        .filter(|node| matches!(node.op, Op::Conv(_) | Op::Dense(_)))
    {
        let count = tensors[node.inputs[0]].len();
        means[node.inputs[0]] = Means {
            real: vec![0.0; count],
            seen: vec![0.0; count],
        };
    }
    let mut count = 0.0;
    for_each_sample(graph, samples, |_, network| {
        count += 1.0;
        for (tensor, means) in means.iter_mut().enumerate() {
            let Encoding::Codes(affine) = tensors[tensor].encoding else {
                continue;
            };
            let sums = means.real.iter_mut().zip(&mut means.seen);
            for ((real, seen), &value) in sums.zip(network.values(tensor)) {
                *real += f64::from(value);
                *seen += f64::from(affine.dequantize(affine.quantize(value)));
            }
        }
    })?;
    for (node, original) in nodes.iter_mut().zip(originals) {
        let input = node.inputs[0];
        let (shape, Encoding::Codes(affine)) = (&tensors[input].shape, tensors[input].encoding) else {
            continue;
        };
        // Shapes were checked when the graph was made.
        let (Ok(connections), real, weights) = (match (&original.op, &mut node.op) {
            (Op::RealConv(real), Op::Conv(conv)) => {
                (conv.connections(shape), &real.weights.values, &mut conv.weights)
            }
            (Op::RealDense(real), Op::Dense(dense)) => {
                (dense.connections(shape), &real.weights.values, &mut dense.weights)
            }
            _ => continue,
        }) else {
            continue;
        };
        shift_biases(weights, real, &connections, &means[input], affine.scale, count);
    }
    Ok(())
}

fn shift_biases(
    weights: &mut Weights,
    real: &[f32],
    connections: &Connections,
    means: &Means,
    input_scale: f32,
    samples: f64,
) {
    let outputs = connections.output.channels;
    let positions = (connections.output.len() / outputs.max(1)).max(1);
    let scale_of = |scales: &[f32], channel: usize| scales[if scales.len() == 1 { 0 } else { channel }];
    let mut shifts = vec![0.0; outputs];
    connections.for_each_synapse(|neuron, source, weight| {
        let channel = neuron / positions;
        let quantized = f64::from(weights.values[weight]) * f64::from(scale_of(&weights.scales, channel));
        shifts[channel] += f64::from(real[weight]) * means.real[source] - quantized * means.seen[source];
    });
    weights.bias.resize(outputs, 0);
    for (channel, (bias, shift)) in weights.bias.iter_mut().zip(&shifts).enumerate() {
        let mean = shift / (positions as f64 * samples);
        let code = bias_code(mean, input_scale * scale_of(&weights.scales, channel));
        *bias = bias.saturating_add(code);
    }
}
