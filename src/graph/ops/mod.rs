//! The operators, one file each: what it is and which shape it makes.
//!
//! A linear operator also says how it is wired ([`Conv::connections`], [`Dense::connections`]);
//! the integer reference and the STEM neuron are written once, over [`Connections`](super::Connections),
//! and so need nothing more of it.

mod clamp;
mod conv;
mod dense;

pub use clamp::Clamp;
pub use conv::Conv;
pub use dense::Dense;

/// Quantized weights of a linear operator, with the bias at scale S_x · S_w.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// w − Z_w for every output channel, `fan_in` values each.
    pub values: Vec<i16>,
    /// S_w: one per output channel, or one for all.
    pub scales: Vec<f32>,
    /// b in units of S_x · S_w, one per output channel; empty where there is none.
    pub bias: Vec<i32>,
    /// Bits of a stored weight, for reports and for the chip's synapse memory.
    pub bits: u8,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A convolution over one or two spatial axes.
    Conv(Conv),
    /// A fully connected layer.
    Dense(Dense),
    /// Relu, Relu6, Clip.
    Clamp(Clamp),
    /// The same numbers in another shape (Flatten, Reshape, Squeeze, Unsqueeze).
    Reshape(Vec<usize>),
    /// The same numbers in another quantization.
    Identity,
}

impl Op {
    /// The name used in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "Conv",
            Self::Dense(_) => "Dense",
            Self::Clamp(_) => "Clamp",
            Self::Reshape(_) => "Reshape",
            Self::Identity => "Identity",
        }
    }

    /// How many tensors it reads.
    pub fn arity(&self) -> usize {
        1
    }

    /// The shape it makes of its inputs' shapes (one sample, no batch).
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let input = inputs[0];
        match self {
            Self::Conv(conv) => conv.output_shape(input),
            Self::Dense(dense) => dense.output_shape(input),
            Self::Clamp(_) | Self::Identity => Ok(input.to_vec()),
            Self::Reshape(shape) => reshape(input, shape),
        }
    }
}

fn reshape(input: &[usize], shape: &[usize]) -> Result<Vec<usize>, String> {
    let count = |s: &[usize]| s.iter().product::<usize>();
    if count(input) == count(shape) {
        Ok(shape.to_vec())
    } else {
        Err(format!(
            "cannot reshape {input:?} into {shape:?}: the numbers of elements differ"
        ))
    }
}
