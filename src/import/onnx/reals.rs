//! Linear operators of float models: weights and biases that are real numbers, and what folds into them.

use super::linear::{broadcast, transposed};
use super::lower::{Lowering, Value};
use super::model::Node;
use super::quantization::Dequantized;
use crate::graph::{Encoding, Op, RealWeights, TensorId};
use crate::import::ImportError;
use crate::import::error::shown;
use std::rc::Rc;

/// The weights of a linear operator as the file stores them.
pub(super) enum Stored {
    /// Codes, with their scales.
    Codes(Rc<Dequantized>),
    /// Real numbers.
    Reals(Reals),
}

/// Real weights in the file's order.
pub(super) struct Reals {
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
}

impl Stored {
    pub fn dims(&self) -> &[usize] {
        match self {
            Self::Codes(codes) => &codes.codes.dims,
            Self::Reals(reals) => &reals.dims,
        }
    }
}

/// A Gemm's alpha and beta, and the input that holds its bias.
type Factors = (f32, f32, Option<usize>);

impl<'m> Lowering<'m> {
    /// A constant's real numbers, which must be finite.
    pub fn stored_reals(&mut self, node: &'m Node, value: &Value) -> Result<Stored, ImportError> {
        let (name, dims, values) = match value {
            Value::Constant(constant) => (&constant.name, &constant.dims, constant.reals()?.to_vec()),
            Value::Dequantized(constant) => {
                (&constant.codes.name, &constant.codes.dims, constant.reals(node)?)
            }
            _ => return Err(node.error("its weights are computed by other nodes, but must be constants")),
        };
        self.charge(node, values.len())?;
        if dims.contains(&0) {
            return Err(node.error(format!("its weights are empty (dimensions {dims:?})")));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(node.error(format!(
                "its weights '{}' hold {value}; weights must be finite numbers, so train the model anew",
                shown(name)
            )));
        }
        Ok(Stored::Reals(Reals {
            dims: dims.clone(),
            values,
        }))
    }

    /// Weights with the bias at input `bias`; `values` are those of `reals` with outputs first.
    pub fn real_weights(
        &mut self,
        node: &'m Node,
        reals: &Reals,
        values: Vec<f32>,
        bias: Option<usize>,
        outputs: usize,
    ) -> Result<RealWeights, ImportError> {
        if values.len() != reals.values.len() {
            return Err(node.error(format!("its weights of dimensions {:?} don't fit", reals.dims)));
        }
        let Some((index, _)) = bias.and_then(|index| Some((index, node.optional_input(index)?))) else {
            return Ok(RealWeights {
                values,
                bias: Vec::new(),
            });
        };
        self.charge(node, outputs)?;
        let (stored, dims) = match self.input(node, index)? {
            Value::Constant(bias) => (bias.reals()?.to_vec(), bias.dims.clone()),
            Value::Dequantized(bias) => (bias.reals(node)?, bias.codes.dims.clone()),
            _ => return Err(node.error("its bias is computed by other nodes, but must be a constant")),
        };
        let bias = broadcast(node, &stored, &dims, outputs)?;
        if let Some(value) = bias.iter().find(|value| !value.is_finite()) {
            return Err(node.error(format!(
                "its bias holds {value}; biases must be finite numbers, so train the model anew"
            )));
        }
        Ok(RealWeights { values, bias })
    }

    /// The weights of a dense layer for a vector.
    pub fn real_matrix(
        &mut self,
        node: &'m Node,
        reals: &Reals,
        outputs_first: bool,
        input: TensorId,
        factors: Factors,
    ) -> Result<RealWeights, ImportError> {
        let &[features] = self.shape(input) else {
            return Err(node.error(format!(
                "its input has shape {:?} (without the batch), but must be a vector; add a Flatten before it",
                self.shape(input)
            )));
        };
        self.real_matrix_of(node, reals, (outputs_first, features), input, factors)
    }

    /// A matrix for vectors of `features` numbers, outputs first.
    pub fn real_matrix_of(
        &mut self,
        node: &'m Node,
        reals: &Reals,
        (outputs_first, features): (bool, usize),
        input: TensorId,
        (alpha, beta, bias): Factors,
    ) -> Result<RealWeights, ImportError> {
        let &[rows, columns] = &reals.dims[..] else {
            return Err(node.error(format!(
                "its weights have dimensions {:?}, but must be a matrix",
                reals.dims
            )));
        };
        let (inputs, outputs) = if outputs_first {
            (columns, rows)
        } else {
            (rows, columns)
        };
        if features != inputs {
            return Err(node.error(format!(
                "its weights take vectors of {inputs}, but its input has shape {:?} (without the batch)",
                self.shape(input)
            )));
        }
        let values = if outputs_first {
            reals.values.clone()
        } else {
            transposed(&reals.values, columns)
        };
        let mut weights = self.real_weights(node, reals, values, bias, outputs)?;
        for (values, name, factor) in [
            (&mut weights.values, "alpha", alpha),
            (&mut weights.bias, "beta", beta),
        ] {
            if factor == 1.0 {
                continue;
            }
            values.iter_mut().for_each(|value| *value *= factor);
            if values.iter().any(|value| !value.is_finite()) {
                return Err(node.error(format!(
                    "its {name} is {factor}, which makes its weights or its bias infinite"
                )));
            }
        }
        Ok(weights)
    }

    /// 1 / c for each constant that a tensor is divided by. Where codes are divided, only exact ones.
    pub fn reciprocals(
        &self,
        node: &Node,
        divisors: &[f32],
        is_first: bool,
    ) -> Result<Vec<f32>, ImportError> {
        if is_first {
            return Err(node.error(
                "it divides a constant by an activation; a neuron has constant weights, so only an activation may be divided",
            ));
        }
        let is_exact = |c: f32| c.is_normal() && c.to_bits() & 0x7F_FFFF == 0;
        let reciprocal = |&divisor: &f32| {
            let reciprocal = 1.0 / divisor;
            if !reciprocal.is_finite() {
                return Err(node.error(format!("it divides by {divisor}")));
            }
            if !self.is_real && !is_exact(divisor) {
                return Err(node.error(format!(
                    "it divides by {divisor}, which no multiplication does exactly; multiply by a constant before quantizing"
                )));
            }
            Ok(reciprocal)
        };
        divisors.iter().map(reciprocal).collect()
    }

    /// Folds a product or sum with one number per channel into the linear operator before it, if it is
    /// one of a float model that nothing else reads. Returns whether that could be done.
    pub fn fold_op(&mut self, op: &Op, tensor: TensorId, output: &'m str) -> bool {
        let channels = self.shape(tensor).first().copied().unwrap_or(0);
        let per_channel = |values: &[f32]| -> Option<Vec<f32>> {
            let positions = values.len().checked_div(channels).filter(|&p| p > 0)?;
            let of_channel = |channel: &[f32]| {
                let first = *channel.first()?;
                channel.iter().all(|&value| value == first).then_some(first)
            };
            values.chunks(positions).map(of_channel).collect()
        };
        match op {
            Op::Scale(factors) => per_channel(factors)
                .is_some_and(|factors| self.fold_line(tensor, &factors, &vec![0.0; factors.len()], output)),
            Op::Shift(terms) => per_channel(terms)
                .is_some_and(|terms| self.fold_line(tensor, &vec![1.0; terms.len()], &terms, output)),
            _ => false,
        }
    }

    /// Folds r · factor + term, with one of each per channel, into the linear operator that writes
    /// `tensor`; the tensor is called `output` from then on. Returns whether that could be done.
    pub fn fold_line(&mut self, tensor: TensorId, factors: &[f32], terms: &[f32], output: &'m str) -> bool {
        let is_read_once = self
            .tensors
            .get(tensor)
            .is_some_and(|t| t.encoding == Encoding::Real && self.plan.is_read_once(&t.name));
        let writer = self.writers.get(tensor).copied().flatten();
        let Some(Some(node)) = writer.and_then(|index| self.nodes.get_mut(index)) else {
            return false;
        };
        let (weights, outputs) = match &mut node.op {
            Op::RealConv(conv) if is_read_once => (&mut conv.weights, conv.outputs),
            Op::RealDense(dense) if is_read_once => (&mut dense.weights, dense.outputs),
            _ => return false,
        };
        let Some(folded) = folded(weights, outputs, factors, terms) else {
            return false;
        };
        *weights = folded;
        if let Some(tensor) = self.tensors.get_mut(tensor) {
            tensor.name = output.into();
        }
        true
    }
}

/// The weights of factor · (W x + b) + term; `None` where the numbers don't fit or overflow.
fn folded(weights: &RealWeights, outputs: usize, factors: &[f32], terms: &[f32]) -> Option<RealWeights> {
    let fan_in = weights.values.len().checked_div(outputs).filter(|&n| n > 0)?;
    if factors.len() != outputs || terms.len() != outputs {
        return None;
    }
    let rows = weights.values.chunks(fan_in).zip(factors);
    let values: Vec<f32> = rows
        .flat_map(|(row, factor)| row.iter().map(move |w| w * factor))
        .collect();
    let bias: Vec<f32> = factors
        .iter()
        .zip(terms)
        .enumerate()
        .map(|(output, (factor, term))| weights.bias.get(output).copied().unwrap_or(0.0) * factor + term)
        .collect();
    let is_finite = values.iter().chain(&bias).all(|value| value.is_finite());
    is_finite.then_some(RealWeights { values, bias })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_behind_a_linear_operator_becomes_its_weights_and_bias() {
        let weights = RealWeights {
            values: vec![1.0, 2.0, 3.0, 4.0],
            bias: vec![0.5, -1.0],
        };
        let line = folded(&weights, 2, &[2.0, -1.0], &[1.0, 0.25]).unwrap();
        assert_eq!(line.values, [2.0, 4.0, -3.0, -4.0]);
        assert_eq!(line.bias, [2.0, 1.25]);
        assert_eq!(folded(&weights, 2, &[f32::MAX, 1.0], &[0.0, 0.0]), None);
        assert_eq!(folded(&weights, 2, &[1.0], &[0.0]), None);
    }
}
