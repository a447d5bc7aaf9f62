//! What a network does between its neurons: linear operators, pools, sums and wiring, on the numbers of
//! one time step.

use super::scatter::{Fan, Scatter};
use crate::graph::{Connections, Pool, Rearrange};
use std::sync::Arc;

/// One stage: it reads slots and writes another.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) work: Work,
    pub(super) from: Vec<usize>,
    pub(super) to: usize,
    /// Whether no neuron stands between the input and it, so that a constant input leaves it constant.
    pub(super) constant: bool,
}

/// What a stage does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Linear(Box<Scatter>),
    Average(Box<Average>),
    Max(Box<Maximum>),
    /// Sum of two, or the first less the second.
    Add {
        subtract: bool,
    },
    /// A constant current.
    Offset(Vec<f32>),
    Scale(Vec<f32>),
    /// Elements of the slots laid end to end, or 0.
    Move(Arc<[u32]>),
    /// The neurons of a population.
    Fire(usize),
}

/// The mean of each window.
#[derive(Clone, Debug)]
pub(super) struct Average {
    connections: Connections,
    fan: Fan,
    /// One divisor for every output position.
    counts: Vec<f32>,
}

impl Average {
    pub(super) fn new(pool: &Pool, connections: Connections) -> Self {
        Self {
            fan: Fan::new(&connections),
            counts: pool
                .counts(&connections)
                .iter()
                .map(|&n| n.max(1) as f32)
                .collect(),
            connections,
        }
    }

    fn apply(&self, input: &[f32], output: &mut [f32]) -> u64 {
        let mut operations = 0;
        let (from, to) = (
            self.connections.input.positions(),
            self.connections.output.positions(),
        );
        for (input, output) in input.chunks_exact(from).zip(output.chunks_exact_mut(to)) {
            output.fill(0.0);
            for (position, &value) in input.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                let targets = self.fan.of(position);
                operations += targets.len() as u64;
                for &(target, _) in targets {
                    output[target as usize] += value;
                }
            }
            output.iter_mut().zip(&self.counts).for_each(|(o, n)| *o /= n);
        }
        operations
    }
}

/// The largest number in each window.
#[derive(Clone, Debug)]
pub(super) struct Maximum {
    connections: Connections,
    fan: Fan,
}

impl Maximum {
    pub(super) fn new(connections: Connections) -> Self {
        Self {
            fan: Fan::new(&connections),
            connections,
        }
    }

    fn apply(&self, input: &[f32], output: &mut [f32]) {
        let (from, to) = (
            self.connections.input.positions(),
            self.connections.output.positions(),
        );
        for (input, output) in input.chunks_exact(from).zip(output.chunks_exact_mut(to)) {
            output.fill(f32::NEG_INFINITY);
            for (position, &value) in input.iter().enumerate() {
                for &(target, _) in self.fan.of(position) {
                    let largest = &mut output[target as usize];
                    if value > *largest {
                        *largest = value;
                    }
                }
            }
            // A window that sees nothing but padding.
            output
                .iter_mut()
                .filter(|o| **o == f32::NEG_INFINITY)
                .for_each(|o| *o = 0.0);
        }
    }
}

impl Work {
    /// How many sums it needs room for.
    pub(super) fn sums(&self) -> usize {
        match self {
            Self::Linear(scatter) => scatter.sums(),
            _ => 0,
        }
    }

    /// Works on one time step, in which constants weigh `share`: reads the slots `from`, and says how many
    /// synapses were met. Neurons ([`Work::Fire`]) are not its matter.
    pub(super) fn apply(
        &self,
        slots: &[Vec<f32>],
        from: &[usize],
        output: &mut [f32],
        share: f32,
        sums: &mut [f32],
    ) -> u64 {
        match (self, from) {
            (Self::Linear(scatter), &[input]) => return scatter.apply(&slots[input], output, share, sums),
            (Self::Average(average), &[input]) => return average.apply(&slots[input], output),
            (Self::Max(maximum), &[input]) => maximum.apply(&slots[input], output),
            (Self::Add { subtract }, &[first, second]) => {
                for ((output, a), b) in output.iter_mut().zip(&slots[first]).zip(&slots[second]) {
                    *output = if *subtract { a - b } else { a + b };
                }
            }
            (Self::Offset(values), &[input]) => {
                for ((output, x), value) in output.iter_mut().zip(&slots[input]).zip(values) {
                    *output = x + share * value;
                }
            }
            (Self::Scale(values), &[input]) => {
                for ((output, x), value) in output.iter_mut().zip(&slots[input]).zip(values) {
                    *output = x * value;
                }
            }
            (Self::Move(map), _) => {
                for (output, &index) in output.iter_mut().zip(map.iter()) {
                    *output = element(slots, from, index);
                }
            }
            _ => {}
        }
        0
    }
}

/// An element of slots laid end to end, or 0.
fn element(slots: &[Vec<f32>], from: &[usize], index: u32) -> f32 {
    if index == Rearrange::ZERO {
        return 0.0;
    }
    let mut index = index as usize;
    for &slot in from {
        if let Some(&value) = slots[slot].get(index) {
            return value;
        }
        index -= slots[slot].len();
    }
    0.0
}
