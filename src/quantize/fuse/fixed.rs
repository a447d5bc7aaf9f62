//! Operators that TensorFlow Lite's kernels compute.

use super::{Fire, FuseError, Fuser, Pending, check_fan_in, unit_weights};
use crate::graph::{Affine, Encoding, Node, Op, Pool};
use crate::quantize::{FixedPoint, Multiplier, Rule, Shared};

impl Fuser<'_> {
    /// The pending layer of a node of TensorFlow Lite; `None` for what is wiring alone.
    pub(super) fn fixed(&mut self, node: &Node) -> Result<Option<Pending>, FuseError> {
        let Encoding::Codes(output) = self.graph.tensors[node.output].encoding else {
            return Err(self.real_target(node.name.clone(), node.op.name(), node.output));
        };
        let neurons = self.graph.tensors[node.output].len();
        let double = f64::from;
        let (mut pending, rule) = match &node.op {
            Op::Conv(conv) => {
                let pending = self.linear(
                    node,
                    |shape| conv.connections(shape),
                    &conv.weights,
                    Rule::Multiply,
                )?;
                let multipliers = multipliers(&pending, &conv.weights.scales, output, neurons);
                // TensorFlow Lite's convolutions have two axes: one axis is a fully connected layer at many places.
                let rule = match conv.windows.len() {
                    1 => FixedPoint::ScaleOnce(multipliers),
                    _ => FixedPoint::Scale(multipliers),
                };
                (pending, rule)
            }
            Op::Dense(dense) => {
                let pending = self.linear(
                    node,
                    |shape| dense.connections(shape),
                    &dense.weights,
                    Rule::Multiply,
                )?;
                let multipliers = multipliers(&pending, &dense.weights.scales, output, neurons);
                (pending, FixedPoint::ScaleOnce(multipliers))
            }
            Op::AveragePool(pool) => self.pooled(node, pool, output)?,
            Op::MaxPool(pool) => return self.maximum(node, pool).map(Some),
            Op::Add { subtract } => {
                let pending = self.sum(node, *subtract)?;
                let scales = [0, 1].map(|d: usize| pending.dendrites[d].affine.scale);
                (pending, FixedPoint::sum(scales, *subtract, output.scale))
            }
            Op::AddConstant(constant) => {
                let pending = self.sum_with(node, constant)?;
                let (_, own) = self.codes(node, 0)?;
                let scales = if constant.is_first {
                    [constant.affine.scale, own.scale]
                } else {
                    [own.scale, constant.affine.scale]
                };
                (pending, FixedPoint::sum(scales, constant.subtract, output.scale))
            }
            Op::MulConstant(constant) => {
                let (_, own) = self.codes(node, 0)?;
                let factor = own.scale * constant.affine.scale / output.scale;
                let rule = FixedPoint::Product {
                    factors: constant.values.clone(),
                    multiplier: Multiplier::new(double(factor)),
                };
                return self.relay(node, Fire::Fixed(rule)).map(Some);
            }
            Op::Unary(function) => return self.relay(node, Fire::Table(*function)).map(Some),
            Op::Clamp(_) | Op::Identity => {
                let (_, own) = self.codes(node, 0)?;
                let factor = match node.op {
                    // RELU and its kin divide in 32 bits, QUANTIZE in 64.
                    Op::Clamp(_) => double(own.scale / output.scale),
                    _ => double(own.scale) / double(output.scale),
                };
                return self.relay(node, Fire::Fixed(scaled_by(factor))).map(Some);
            }
            _ => return Ok(None),
        };
        pending.fire = Fire::Fixed(rule);
        Ok(Some(pending))
    }

    /// AVERAGE_POOL_2D, or MEAN for a window over everything.
    fn pooled(
        &mut self,
        node: &Node,
        pool: &Pool,
        output: Affine,
    ) -> Result<(Pending, FixedPoint), FuseError> {
        let connections = pool
            .connections(self.shape(node, 0))
            .map_err(|problem| FuseError::Shape {
                node: node.name.clone(),
                problem,
            })?;
        check_fan_in(node, &connections)?;
        let ones = unit_weights(connections.output.channels * connections.fan_in());
        let pending = self.linear(node, |_| Ok(connections), &ones, Rule::Multiply)?;
        let input = pending.dendrites[0].affine;
        if pool.is_global {
            let factor = Multiplier::new(f64::from(input.scale) / f64::from(output.scale));
            let mean = factor.divided_by(connections.fan_in() as u64);
            return Ok((pending, FixedPoint::Scale(Shared::new(vec![mean], 1))));
        }
        let counts: Vec<i32> = pool
            .counts(&connections)
            .into_iter()
            .map(|count| count.max(1) as i32)
            .collect();
        let neurons = connections.output.len();
        let counts = if counts.iter().all(|&count| count == counts[0]) {
            vec![counts[0]]
        } else {
            counts.iter().copied().cycle().take(neurons).collect()
        };
        let rule = FixedPoint::Average {
            counts: Shared::new(counts, neurons),
            zero_point: input.zero_point,
        };
        Ok((pending, rule))
    }
}

fn scaled_by(factor: f64) -> FixedPoint {
    FixedPoint::Scale(Shared::new(vec![Multiplier::new(factor)], 1))
}

/// S_x S_w / S_y of each output channel, in 64 bits.
fn multipliers(pending: &Pending, weights: &[f32], output: Affine, neurons: usize) -> Shared<Multiplier> {
    let input = f64::from(pending.dendrites[0].affine.scale);
    let multiplier = |&w: &f32| Multiplier::new(input * f64::from(w) / f64::from(output.scale));
    Shared::new(weights.iter().map(multiplier).collect(), neurons)
}
