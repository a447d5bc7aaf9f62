//! Functions of one number. On codes each is a table, and so exact.

/// What is applied to every number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary {
    /// r for r ≥ 0, α r below.
    LeakyRelu(f32),
    /// 1 / (1 + e^(−r)).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// clamp(α r + β, 0, 1).
    HardSigmoid(f32, f32),
}

impl Unary {
    /// The function's value, in 64 bits so that every target gets the same.
    pub fn apply(self, r: f32) -> f32 {
        let x = f64::from(r);
        let y = match self {
            Self::LeakyRelu(alpha) => return if r >= 0.0 { r } else { alpha * r },
            Self::HardSigmoid(alpha, beta) => return (alpha * r + beta).clamp(0.0, 1.0),
            Self::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
            Self::Tanh => libm::tanh(x),
        };
        y as f32
    }

    /// The operator's name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeakyRelu(_) => "LeakyRelu",
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
            Self::HardSigmoid(..) => "HardSigmoid",
        }
    }
}
