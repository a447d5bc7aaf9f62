//! The operators, one file each: what it is and which shape it makes.
//!
//! A linear operator also says how it is wired ([`Conv::connections`], [`Dense::connections`]);
//! the integer reference and the STEM neuron are written once, over [`Connections`](super::Connections),
//! and so need nothing more of it.

mod clamp;
mod concat;
mod conv;
mod dense;
mod pool;
mod rearrange;
mod sum;
mod unary;
mod windows;

pub use clamp::Clamp;
pub use concat::Concat;
pub use conv::Conv;
pub use dense::Dense;
pub use pool::Pool;
pub use rearrange::Rearrange;
pub use sum::Constant;
pub use unary::Unary;

/// Quantized weights of a linear operator, with the bias at scale S_x · S_w.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// w − Z_w for every output channel, `fan_in` values each.
    pub values: Vec<i16>,
    /// S_w: one per output channel, or one for all.
    pub scales: Vec<f32>,
    /// b in units of S_x · S_w, one per output channel (or neuron); empty where there is none.
    pub bias: Vec<i32>,
    /// Bits of a stored weight, for reports and for the chip's synapse memory.
    pub bits: u8,
}

/// Real weights of a linear operator: those of a network that is not quantized.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RealWeights {
    /// w for every output channel, `fan_in` values each; finite.
    pub values: Vec<f32>,
    /// b, one per output channel; empty where there is none. Finite.
    pub bias: Vec<f32>,
}

/// What a linear operator multiplies with: [`Weights`] or [`RealWeights`].
pub trait Coefficients {
    /// Number of weights, the bias left out.
    fn count(&self) -> usize;
}

impl Coefficients for Weights {
    fn count(&self) -> usize {
        self.values.len()
    }
}

impl Coefficients for RealWeights {
    fn count(&self) -> usize {
        self.values.len()
    }
}

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A convolution over one or two spatial axes.
    Conv(Conv),
    /// A fully connected layer.
    Dense(Dense),
    /// A convolution with real weights, on real numbers.
    RealConv(Conv<RealWeights>),
    /// A fully connected layer with real weights, on real numbers.
    RealDense(Dense<RealWeights>),
    /// The largest number in each window.
    MaxPool(Pool),
    /// The mean of each window.
    AveragePool(Pool),
    /// Two tensors, element by element: their sum, or the first less the second.
    Add {
        /// Whether the second is taken off.
        subtract: bool,
    },
    /// A tensor and a constant, element by element.
    AddConstant(Constant),
    /// A tensor times a constant, element by element.
    MulConstant(Constant),
    /// A tensor times a real number for each element.
    Scale(Vec<f32>),
    /// A tensor and a real number for each element.
    Shift(Vec<f32>),
    /// Tensors joined along an axis.
    Concat(Concat),
    /// A function of each number.
    Unary(Unary),
    /// Relu, Relu6, Clip.
    Clamp(Clamp),
    /// The same numbers in another shape (Flatten, Reshape, Squeeze, Unsqueeze).
    Reshape(Vec<usize>),
    /// The same numbers in other places (Transpose, Pad, Slice, Resize).
    Rearrange(Rearrange),
    /// The same numbers in another quantization.
    Identity,
    /// The same codes, read with another scale or zero point.
    Reinterpret,
}

impl Op {
    /// The name used in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) | Self::RealConv(_) => "Conv",
            Self::Dense(_) | Self::RealDense(_) => "Dense",
            Self::MaxPool(_) => "MaxPool",
            Self::AveragePool(_) => "AveragePool",
            Self::Add { subtract: false } | Self::AddConstant(_) | Self::Shift(_) => "Add",
            Self::Add { subtract: true } => "Sub",
            Self::MulConstant(_) | Self::Scale(_) => "Mul",
            Self::Concat(_) => "Concat",
            Self::Unary(function) => function.name(),
            Self::Clamp(_) => "Clamp",
            Self::Reshape(_) => "Reshape",
            Self::Rearrange(_) => "Rearrange",
            Self::Identity => "Identity",
            Self::Reinterpret => "Reinterpret",
        }
    }

    /// How many tensors it reads.
    pub fn arity(&self) -> usize {
        match self {
            Self::Add { .. } => 2,
            Self::Concat(concat) => concat.inputs,
            _ => 1,
        }
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
            Self::RealConv(conv) => conv.output_shape(input),
            Self::RealDense(dense) => dense.output_shape(input),
            Self::MaxPool(pool) | Self::AveragePool(pool) => pool.output_shape(input),
            Self::Add { .. } => sum::sum_shape(inputs),
            Self::AddConstant(constant) | Self::MulConstant(constant) => {
                sum::shape_with(constant.values.len(), input)
            }
            Self::Scale(values) | Self::Shift(values) => sum::shape_with(values.len(), input),
            Self::Concat(concat) => concat.output_shape(inputs),
            Self::Unary(_) | Self::Clamp(_) | Self::Identity | Self::Reinterpret => Ok(input.to_vec()),
            Self::Reshape(shape) => reshape(input, shape),
            Self::Rearrange(rearrange) => rearrange.output_shape(input),
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
