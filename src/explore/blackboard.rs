//! One STEM neuron by hand: a few inputs with their weights, and every step of its arithmetic. It is told as a
//! [`Provenance`], like a neuron of a network, and has a short text for addresses.

use super::{DendriteProvenance, OthersProvenance, Provenance, SourceProvenance, StepProvenance};
use crate::graph::{Affine, Clamp, CodeFormat};
use crate::quantize::{Line, Requantizer, Rule, Shared, Target};
use crate::spiking::{
    Accumulation, BitOrder, Fire, MAX_REGISTER_BITS, MIN_REGISTER_BITS, Overflow, Register, Rounding, Scale,
    SpikeCode,
};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Most inputs.
pub const MAX_INPUTS: usize = 6;
/// Largest magnitude of a weight: 8 bits hold it.
const MAX_WEIGHT: i32 = 127;
/// Largest magnitude of the bias.
const MAX_BIAS: i32 = 99_999;
/// Most bits of a code.
const MAX_BITS: u8 = 8;
/// Most places that M_0 shifts by.
const MAX_SHIFT: u8 = 16;

/// How M_0 is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandScale {
    /// M_0 = 1.
    Off,
    /// (2^(n−1) − 1) / I_max, if that is less than 1; I_max is the largest magnitude that these inputs lead to.
    Fitted,
    /// 2^−s.
    Shift(u8),
}

/// A neuron with all that it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Blackboard {
    /// Code and weight of each input.
    pub inputs: Vec<(i32, i32)>,
    /// b.
    pub bias: i32,
    /// K and the sign of the inputs' codes.
    pub format: CodeFormat,
    /// n, and what happens outside its range.
    pub register: Register,
    /// Which bit is sent first.
    pub order: BitOrder,
    /// How bit weights enter the membrane.
    pub accumulation: Accumulation,
    /// M_0.
    pub scaling: HandScale,
    /// How products with M_0 are rounded.
    pub rounding: Rounding,
    /// M̂ = S_x S_w / S_y: codes that are fired per unit of the sum.
    pub multiplier: f32,
    /// Z_y.
    pub zero_point: i32,
    /// The codes that are fired.
    pub output: CodeFormat,
}

/// A text that is no blackboard.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("'{part}' is no part of a blackboard's neuron; take a link that the page has made")]
pub struct BlackboardError {
    part: String,
}

impl Default for Blackboard {
    fn default() -> Self {
        Self {
            inputs: vec![(5, 3), (-3, 2)],
            bias: 4,
            format: CodeFormat::signed(4),
            register: Register {
                bits: 8,
                overflow: Overflow::Saturate,
            },
            order: BitOrder::Msb,
            accumulation: Accumulation::Weighted,
            scaling: HandScale::Off,
            rounding: Rounding::Floor,
            multiplier: 0.5,
            zero_point: 0,
            output: CodeFormat::signed(4),
        }
    }
}

impl Blackboard {
    /// The same with every number in its range: what does not fit becomes the nearest that does.
    #[must_use]
    pub fn mended(mut self) -> Self {
        for format in [&mut self.format, &mut self.output] {
            format.bits = format.bits.clamp(1, MAX_BITS);
        }
        self.inputs.truncate(MAX_INPUTS);
        if self.inputs.is_empty() {
            self.inputs.push((0, 0));
        }
        for (code, weight) in &mut self.inputs {
            *code = (*code).clamp(self.format.min(), self.format.max());
            *weight = (*weight).clamp(-MAX_WEIGHT, MAX_WEIGHT);
        }
        self.bias = self.bias.clamp(-MAX_BIAS, MAX_BIAS);
        self.register.bits = self.register.bits.clamp(MIN_REGISTER_BITS, MAX_REGISTER_BITS);
        if self.order == BitOrder::Lsb {
            self.accumulation = Accumulation::Weighted;
        }
        if let HandScale::Shift(places) = &mut self.scaling {
            *places = (*places).min(MAX_SHIFT);
        }
        self.multiplier = if self.multiplier.is_finite() {
            // Four decimals, as the address has them.
            ((self.multiplier * 1e4).round() / 1e4).clamp(0.0001, 100.0)
        } else {
            1.0
        };
        self.zero_point = self.zero_point.clamp(self.output.min(), self.output.max());
        self
    }

    /// Σ w x + b, in plain integers.
    pub fn sum(&self) -> i64 {
        let products = self.inputs.iter().map(|&(x, w)| i64::from(w) * i64::from(x));
        products.sum::<i64>() + i64::from(self.bias)
    }

    /// The largest magnitude of an intermediate result at M_0 = 1 in a register without end.
    pub fn i_max(&self) -> i64 {
        let factor = 1 + i64::from(self.is_doubling());
        let start = if self.is_doubling() {
            0
        } else {
            i64::from(self.bias)
        };
        let mut membrane = start;
        let passed = self.currents().into_iter().map(|(_, current)| {
            membrane = factor * membrane + current;
            membrane.abs()
        });
        let passed = passed.max().unwrap_or(0);
        passed.max(i64::from(self.bias).abs()).max(self.sum().abs())
    }

    /// M_0.
    pub fn scale(&self) -> Scale {
        match self.scaling {
            HandScale::Fitted if self.i_max() > self.register.max() => {
                Scale::new(self.register.max(), self.i_max(), self.rounding)
            }
            HandScale::Off | HandScale::Fitted | HandScale::Shift(0) => Scale::ONE,
            HandScale::Shift(places) => Scale::new(1, 1 << places, self.rounding),
        }
    }

    /// How the inputs' codes are sent.
    pub fn code(&self) -> SpikeCode {
        SpikeCode::of_format(self.format)
    }

    /// How the neuron's own code is sent.
    pub fn fired_code(&self) -> SpikeCode {
        SpikeCode::of_format(self.output)
    }

    fn is_doubling(&self) -> bool {
        self.accumulation == Accumulation::Shifting
    }

    /// Σ w s and I of each step.
    fn currents(&self) -> Vec<(i64, i64)> {
        let code = self.code();
        let steps = code.steps(self.order, self.accumulation);
        let step = |step: &crate::spiking::Step| {
            let spikes = self.inputs.iter();
            let sum = spikes
                .map(|&(x, w)| i64::from(w) * i64::from(code.digit(x, step.plane)))
                .sum();
            (sum, step.weight * sum)
        };
        steps.iter().map(step).collect()
    }

    /// All that the neuron does.
    pub fn provenance(&self) -> Provenance {
        let (code, scale, register) = (self.code(), self.scale(), self.register);
        let steps = code.steps(self.order, self.accumulation);
        let constant = scale.apply(self.bias.into());
        let start = if self.is_doubling() {
            0
        } else {
            register.store(constant)
        };
        let factor = 1 + i64::from(self.is_doubling());
        let mut membrane = start;
        let told = steps.iter().zip(self.currents()).map(|(step, (sum, current))| {
            let (before, scaled) = (membrane, scale.apply(current));
            let value = factor * before + scaled;
            membrane = register.store(value);
            StepProvenance {
                plane: step.plane,
                weight: step.weight,
                spikes: self
                    .inputs
                    .iter()
                    .filter(|(x, _)| code.is_spike(*x, step.plane))
                    .count(),
                sum,
                current,
                scaled,
                before,
                after: membrane,
                overflow: (!register.holds(value)).then_some(value),
            }
        });
        let told: Vec<StepProvenance> = told.collect();
        let mut constant_overflows = !register.holds(constant);
        if self.is_doubling() {
            constant_overflows = !register.holds(membrane + constant);
            membrane = register.store(membrane + constant);
        }
        let source = |(neuron, &(x, w)): (usize, &(i32, i32))| SourceProvenance {
            tensor: 0,
            name: format!("x{}", neuron + 1),
            layer: None,
            neuron,
            place: vec![neuron],
            weight: w.into(),
            code: x,
            value: x,
            digits: steps.iter().map(|step| code.digit(x, step.plane) as i8).collect(),
            contribution: i64::from(w) * i64::from(x),
        };
        let fire = self.fire(scale);
        let m1 = fire.m1[0].at(0);
        Provenance {
            layer: 0,
            name: String::new(),
            neuron: 0,
            place: vec![0],
            constant: 0.0,
            zero_point: self.zero_point,
            potential: fire.potential(0, |_| membrane),
            format_arithmetic: fire.exact,
            limits: Some((self.output.min(), self.output.max())),
            code: fire.code(0, |_| membrane),
            reference: fire.requantizer.code(0, 1, |_| self.sum()),
            real: None,
            dendrites: vec![DendriteProvenance {
                is_maximum: false,
                zero_point: 0,
                silent_code: 0,
                digits: code.digits(),
                m0: (scale.numerator(), scale.denominator()),
                m1,
                register_bits: register.bits,
                doubling: self.is_doubling(),
                constant,
                constant_overflows,
                start,
                steps: told,
                membrane,
                synapses: self.inputs.len(),
                sources: self.inputs.iter().enumerate().map(source).collect(),
                others: OthersProvenance {
                    sums: vec![0; steps.len()],
                    ..OthersProvenance::default()
                },
            }],
        }
    }

    /// The engine's last two steps, of one neuron.
    fn fire(&self, scale: Scale) -> Fire {
        let line = Line {
            scales: Shared::new(vec![self.multiplier], 1),
            steps: Vec::new(),
            clamp: Clamp::NONE,
        };
        let affine = Affine {
            scale: 1.0,
            zero_point: self.zero_point,
            format: self.output,
        };
        let target = Target::new(affine, Clamp::NONE, None);
        Fire {
            requantizer: Requantizer::new(line, Some(target), Rule::Multiply),
            exact: scale.is_one(),
            m1: vec![Shared::new(vec![f64::from(self.multiplier) / scale.ratio()], 1)],
            bias: Vec::new(),
            zero_point: self.zero_point,
        }
    }
}

fn sign(format: CodeFormat) -> char {
    if format.signed { 's' } else { 'u' }
}

/// `x5.-3_w3.2_b4_k4s_n8s_om_m0_rf_g0.5_z0_y4s`: nothing that an address would have to escape.
impl fmt::Display for Blackboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |part: fn(&(i32, i32)) -> i32| {
            let numbers: Vec<String> = self.inputs.iter().map(|input| part(input).to_string()).collect();
            numbers.join(".")
        };
        let overflow = match self.register.overflow {
            Overflow::Saturate => 's',
            Overflow::Wrap => 'w',
        };
        let order = match (self.order, self.accumulation) {
            (BitOrder::Lsb, _) => 'l',
            (BitOrder::Msb, Accumulation::Weighted) => 'm',
            (BitOrder::Msb, Accumulation::Shifting) => 'd',
        };
        let scaling = match self.scaling {
            HandScale::Off => "0".to_owned(),
            HandScale::Fitted => "f".to_owned(),
            HandScale::Shift(places) => places.to_string(),
        };
        let rounding = match self.rounding {
            Rounding::Floor => 'f',
            Rounding::HalfUp => 'u',
            Rounding::HalfEven => 'e',
        };
        write!(
            f,
            "x{}_w{}_b{}_k{}{}_n{}{overflow}_o{order}_m{scaling}_r{rounding}_g{}_z{}_y{}{}",
            list(|input| input.0),
            list(|input| input.1),
            self.bias,
            self.format.bits,
            sign(self.format),
            self.register.bits,
            self.multiplier,
            self.zero_point,
            self.output.bits,
            sign(self.output),
        )
    }
}

impl FromStr for Blackboard {
    type Err = BlackboardError;

    /// Parts may be left out; they are then as in [`Self::default`]. Numbers out of range become the nearest in it.
    fn from_str(text: &str) -> Result<Self, BlackboardError> {
        let mut board = Self::default();
        let (mut codes, mut weights) = (None, None);
        for part in text.split('_') {
            let wrong = || BlackboardError {
                part: part.chars().take(40).collect(),
            };
            let mut letters = part.chars();
            let key = letters.next().ok_or_else(wrong)?;
            let value = letters.as_str();
            let known = match key {
                'x' => list(value).map(|numbers| codes = Some(numbers)),
                'w' => list(value).map(|numbers| weights = Some(numbers)),
                _ => board.take(key, value),
            };
            known.ok_or_else(wrong)?;
        }
        if let (Some(codes), Some(weights)) = (codes, weights) {
            board.inputs = codes.into_iter().zip(weights).collect();
        }
        Ok(board.mended())
    }
}

fn list(value: &str) -> Option<Vec<i32>> {
    value.split('.').map(|number| number.parse().ok()).collect()
}

fn format(value: &str) -> Option<CodeFormat> {
    let signed = value.ends_with('s');
    let bits = value.strip_suffix(['s', 'u'])?.parse().ok()?;
    Some(CodeFormat { bits, signed })
}

impl Blackboard {
    /// Takes one part of a text; `None` if it is none.
    fn take(&mut self, key: char, value: &str) -> Option<()> {
        match (key, value) {
            ('b', _) => self.bias = value.parse().ok()?,
            ('k', _) => self.format = format(value)?,
            ('y', _) => self.output = format(value)?,
            ('z', _) => self.zero_point = value.parse().ok()?,
            ('g', _) => self.multiplier = value.parse().ok()?,
            ('n', _) => {
                self.register = Register {
                    bits: value.strip_suffix(['s', 'w'])?.parse().ok()?,
                    overflow: if value.ends_with('w') {
                        Overflow::Wrap
                    } else {
                        Overflow::Saturate
                    },
                }
            }
            ('o', "m") => (self.order, self.accumulation) = (BitOrder::Msb, Accumulation::Weighted),
            ('o', "d") => (self.order, self.accumulation) = (BitOrder::Msb, Accumulation::Shifting),
            ('o', "l") => (self.order, self.accumulation) = (BitOrder::Lsb, Accumulation::Weighted),
            ('m', "0") => self.scaling = HandScale::Off,
            ('m', "f") => self.scaling = HandScale::Fitted,
            ('m', _) => self.scaling = HandScale::Shift(value.parse().ok()?),
            ('r', "f") => self.rounding = Rounding::Floor,
            ('r', "u") => self.rounding = Rounding::HalfUp,
            ('r', "e") => self.rounding = Rounding::HalfEven,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn boards() -> impl Strategy<Value = Blackboard> {
        let codes = (1u8..=8, any::<bool>(), 1u8..=8, any::<bool>());
        let inputs = vec((-300..300i32, -150..150i32), 1..=MAX_INPUTS);
        let scaling = prop_oneof![
            Just(HandScale::Off),
            Just(HandScale::Fitted),
            (1u8..9).prop_map(HandScale::Shift)
        ];
        let forms = (0..3usize, 0..3usize, any::<bool>(), scaling);
        (
            codes,
            inputs,
            -2000..2000i32,
            4u8..=32,
            forms,
            1..20_000u32,
            -130..260i32,
        )
            .prop_map(
                |(
                    (bits, signed, out_bits, out_signed),
                    inputs,
                    bias,
                    register,
                    (order, rounding, wraps, scaling),
                    gain,
                    zero,
                )| {
                    let forms = [
                        (BitOrder::Msb, Accumulation::Weighted),
                        (BitOrder::Msb, Accumulation::Shifting),
                        (BitOrder::Lsb, Accumulation::Weighted),
                    ];
                    let (order, accumulation) = forms[order];
                    Blackboard {
                        inputs,
                        bias,
                        format: CodeFormat { bits, signed },
                        register: Register {
                            bits: register,
                            overflow: if wraps { Overflow::Wrap } else { Overflow::Saturate },
                        },
                        order,
                        accumulation,
                        scaling,
                        rounding: [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven][rounding],
                        multiplier: gain as f32 / 1e4,
                        zero_point: zero,
                        output: CodeFormat {
                            bits: out_bits,
                            signed: out_signed,
                        },
                    }
                    .mended()
                },
            )
    }

    proptest! {
        #[test]
        fn in_a_wide_register_it_is_the_integer_dot_product(board in boards()) {
            let board = Blackboard {
                register: Register { bits: 32, ..board.register },
                scaling: HandScale::Off,
                ..board
            };
            let told = board.provenance();
            let expected: i64 = board.inputs.iter().map(|&(x, w)| i64::from(x) * i64::from(w)).sum::<i64>()
                + i64::from(board.bias);
            prop_assert_eq!(told.dendrites[0].membrane, expected);
            prop_assert_eq!(told.code, told.reference);
            let rounded = (expected as f32 * board.multiplier).round_ties_even() as i64;
            let code = (rounded + i64::from(board.zero_point)).clamp(board.output.min().into(), board.output.max().into());
            prop_assert_eq!(told.code, Some(code as i32));
        }

        #[test]
        fn what_it_shows_of_each_step_adds_up(board in boards()) {
            let told = &board.provenance().dendrites[0];
            let factor = 1 + i64::from(told.doubling);
            for (index, step) in told.steps.iter().enumerate() {
                let sum: i64 = told.sources.iter().map(|s| s.weight * i64::from(s.digits[index])).sum();
                prop_assert_eq!(step.sum, sum);
                prop_assert_eq!(step.current, step.weight * sum);
                let value = factor * step.before + step.scaled;
                prop_assert_eq!(step.overflow.is_none(), board.register.holds(value));
                prop_assert_eq!(step.after, board.register.store(value));
            }
        }

        #[test]
        fn a_fitted_scale_keeps_the_membrane_within_its_register_but_for_rounding(board in boards()) {
            let board = Blackboard { scaling: HandScale::Fitted, accumulation: Accumulation::Weighted, ..board };
            // Each of at most nine roundings moves it by one at most.
            let room = i128::from(board.register.max()) + 10;
            for step in &board.provenance().dendrites[0].steps {
                let value = step.overflow.unwrap_or(step.after);
                prop_assert!(i128::from(value).abs() <= room, "{value} in {:?}", board.register);
                // What a rounding too many has wrapped is another number from here on.
                if step.overflow.is_some() {
                    break;
                }
            }
        }

        #[test]
        fn its_text_brings_it_back(board in boards()) {
            let text = board.to_string();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            prop_assert!(text.chars().all(is_plain), "{}", text);
            prop_assert_eq!(text.parse::<Blackboard>(), Ok(board));
        }
    }

    #[test]
    fn a_text_that_is_none_is_refused_by_its_wrong_part() {
        for (text, part) in [
            ("", ""),
            ("x1.2_q7", "q7"),
            ("k4", "k4"),
            ("x1.a", "x1.a"),
            ("n8", "n8"),
        ] {
            let error = text.parse::<Blackboard>().expect_err("no blackboard");
            assert_eq!(error.part, part);
        }
    }

    #[test]
    fn numbers_out_of_range_become_the_nearest_in_it() {
        let board: Blackboard = "x99.-99.1.1.1.1.1.1_w500.1.1.1.1.1.1.1_k4s_n99w_y4s_z99_g-3"
            .parse()
            .expect("a blackboard");
        assert_eq!(board.inputs[..2], [(7, 127), (-8, 1)]);
        assert_eq!((board.inputs.len(), board.register.bits), (6, 32));
        assert_eq!((board.zero_point, board.multiplier), (7, 0.0001));
    }

    #[test]
    fn a_narrow_register_wraps_and_a_smaller_scale_saves_the_code() {
        let narrow: Blackboard = "x7.7_w7.7_b0_k4s_n6w_om_m0_rf_g0.0714_z0_y4s"
            .parse()
            .expect("a blackboard");
        let told = narrow.provenance();
        assert!(told.dendrites[0].steps.iter().any(|step| step.overflow.is_some()));
        assert_ne!(told.code, told.reference);
        let saved = Blackboard {
            scaling: HandScale::Fitted,
            ..narrow
        }
        .provenance();
        assert!(
            saved.dendrites[0]
                .steps
                .iter()
                .all(|step| step.overflow.is_none())
        );
        assert_eq!(saved.code, saved.reference);
    }
}
