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
    /// r · clamp(r + 3, 0, 6) / 6.
    HardSwish,
}

impl Unary {
    /// The function's value in 32 bits, as ONNX Runtime computes it.
    pub fn apply(self, r: f32) -> f32 {
        match self {
            Self::LeakyRelu(alpha) => {
                if r >= 0.0 {
                    r
                } else {
                    alpha * r
                }
            }
            Self::HardSigmoid(alpha, beta) => (r * alpha + beta).clamp(0.0, 1.0),
            Self::HardSwish => r * (r + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::Sigmoid => (quotient(r.clamp(-18.0, 18.0), &SIGMOID) + 0.5).clamp(0.0, 1.0),
            Self::Tanh => quotient(r.clamp(-9.0, 9.0), &TANH),
        }
    }

    /// The operator's name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeakyRelu(_) => "LeakyRelu",
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
            Self::HardSigmoid(..) => "HardSigmoid",
            Self::HardSwish => "HardSwish",
        }
    }
}

/// P and Q, powers of r² from the highest down.
type Quotient = (&'static [f32], &'static [f32]);

// The digits are those of ONNX Runtime's sources, of which 32 bits keep fewer.
#[allow(
    clippy::excessive_precision,
    reason = "the digits of the source that is followed"
)]
const SIGMOID: Quotient = (
    &[
        4.37031012579801e-11,
        1.15627324459942e-07,
        6.08574864600143e-05,
        8.51377133304701e-03,
        2.48287947061529e-01,
    ],
    &[
        6.10247389755681e-13,
        5.76102136993427e-09,
        6.29106785017040e-06,
        1.70198817374094e-03,
        1.16817656904453e-01,
        9.93151921023180e-01,
    ],
);

#[allow(
    clippy::excessive_precision,
    reason = "the digits of the source that is followed"
)]
const TANH: Quotient = (
    &[
        -2.76076847742355e-16,
        2.00018790482477e-13,
        -8.60467152213735e-11,
        5.12229709037114e-08,
        1.48572235717979e-05,
        6.37261928875436e-04,
        4.89352455891786e-03,
    ],
    &[
        1.19825839466702e-06,
        1.18534705686654e-04,
        2.26843463243900e-03,
        4.89352518554385e-03,
    ],
);

/// r · P(r²) / Q(r²), by Horner's rule with fused multiplications and additions.
fn quotient(r: f32, (p, q): &Quotient) -> f32 {
    let square = r * r;
    let polynomial = |powers: &[f32]| {
        powers
            .iter()
            .fold(0.0f32, |sum, &power| sum.mul_add(square, power))
    };
    (r * polynomial(p)) / polynomial(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_approximations_are_close_to_the_functions() {
        for step in -2000..=2000 {
            let r = step as f32 * 0.01;
            let x = f64::from(r);
            assert!(
                (f64::from(Unary::Sigmoid.apply(r)) - 1.0 / (1.0 + libm::exp(-x))).abs() < 1e-6,
                "{r}"
            );
            assert!(
                (f64::from(Unary::Tanh.apply(r)) - libm::tanh(x)).abs() < 1e-6,
                "{r}"
            );
        }
    }

    #[test]
    fn a_leaky_relu_keeps_a_share_of_what_is_negative() {
        assert_eq!(Unary::LeakyRelu(0.25).apply(-8.0), -2.0);
        assert_eq!(Unary::LeakyRelu(0.25).apply(8.0), 8.0);
        assert_eq!(Unary::HardSigmoid(0.5, 0.25).apply(-8.0), 0.0);
    }
}
