//! Float networks made in memory, layer by layer, with weights from a generator; ranges are measured as for any float
//! model.

use sdann::explore::{FloatModel, Quantized};
use sdann::graph::{Clamp, Conv, Dense, Encoding, Graph, Node, Op, Pool, RealWeights, Tensor, Window};
use sdann::quantize::post_training::Quantization;

/// Even numbers from −1 to 1 (an MMIX generator).
pub fn numbers(mut state: u64) -> impl Iterator<Item = f32> {
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// Weights that keep the spread of what they are given (He et al. 2015).
fn weights(seed: u64, outputs: usize, fan_in: usize) -> RealWeights {
    let spread = (6.0 / fan_in as f32).sqrt();
    let mut numbers = numbers(seed);
    RealWeights {
        values: numbers
            .by_ref()
            .take(outputs * fan_in)
            .map(|x| spread * x)
            .collect(),
        bias: numbers.take(outputs).map(|x| 0.1 * x).collect(),
    }
}

/// A network that grows.
pub struct Builder {
    tensors: Vec<Tensor>,
    nodes: Vec<Node>,
}

impl Builder {
    /// Nothing but an input.
    pub fn new(input: [usize; 3]) -> Self {
        let mut net = Self {
            tensors: Vec::new(),
            nodes: Vec::new(),
        };
        net.tensor(input.to_vec());
        net
    }

    fn tensor(&mut self, shape: Vec<usize>) {
        self.tensors.push(Tensor {
            name: format!("t{}", self.tensors.len()),
            shape,
            encoding: Encoding::Real,
        });
    }

    fn add(&mut self, op: Op) {
        let from = self.tensors.len() - 1;
        let shape = op.output_shape(&[&self.tensors[from].shape]).expect("it fits");
        self.tensor(shape);
        self.nodes.push(Node {
            name: format!("n{}", self.nodes.len()),
            op,
            inputs: vec![from],
            output: from + 1,
            arithmetic: Default::default(),
            limits: None,
        });
    }

    /// A convolution and its Relu6.
    pub fn conv(&mut self, outputs: usize, kernel: usize, stride: usize, is_depthwise: bool) {
        let inputs = self.tensors[self.tensors.len() - 1].shape[0];
        let groups = if is_depthwise { inputs } else { 1 };
        let pad = kernel / 2;
        let window = Window {
            kernel,
            stride,
            dilation: 1,
            pad_before: pad,
            pad_after: pad,
        };
        let fan_in = inputs / groups * kernel * kernel;
        self.add(Op::RealConv(Conv {
            weights: weights(self.nodes.len() as u64, outputs, fan_in),
            outputs,
            groups,
            windows: vec![window; 2],
        }));
        self.add(Op::Clamp(Clamp { min: 0.0, max: 6.0 }));
    }

    /// The mean of every channel, and a dense layer on them.
    pub fn classes(&mut self, outputs: usize) {
        let shape = self.tensors[self.tensors.len() - 1].shape.clone();
        self.add(Op::AveragePool(Pool::global(&shape[1..])));
        self.add(Op::Reshape(vec![shape[0]]));
        self.add(Op::RealDense(Dense {
            weights: weights(self.nodes.len() as u64, outputs, shape[0]),
            outputs,
        }));
    }

    /// Quantized to 8 bits, ranges measured on `samples`.
    pub fn quantized(self, name: &str, samples: Vec<f32>) -> Quantized {
        let output = self.tensors.len() - 1;
        let graph = Graph::new(name.into(), self.tensors, self.nodes, 0, output).expect("a sound graph");
        let mut model = FloatModel::new(graph);
        model.set_samples(samples);
        model
            .quantize(&Quantization::default())
            .expect("it can be quantized")
    }
}
