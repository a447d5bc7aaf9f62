//! The bit-serial code beside those that it must beat: accuracy against time steps and against spikes, on the
//! same trained network and the same samples.

mod bit_serial;
mod comparer;
mod race;

pub use comparer::Comparer;
pub use race::{Band, Lane};

use crate::baseline::{BaselineError, Percentile};
use crate::quantize::FuseError;
use crate::quantize::post_training::PostTrainingError;
use crate::spiking::Conversion;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A code by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeName {
    /// The quantized network's codes, bit by bit.
    BitSerial,
    /// Rates of soft-reset neurons.
    Rate,
    /// The same, membranes started at half the threshold.
    RateHalf,
    /// The same, with hard resets.
    RateHard,
    /// Signed neurons started at half the threshold (Fast-SNN).
    RateSigned,
    /// Weighted spikes.
    Phase,
    /// Time to the first spike.
    FirstSpike,
}

impl CodeName {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BitSerial,
        Self::Rate,
        Self::RateHalf,
        Self::RateHard,
        Self::RateSigned,
        Self::Phase,
        Self::FirstSpike,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::BitSerial => "bit-serial",
            Self::Rate => "rate",
            Self::RateHalf => "rate-half",
            Self::RateHard => "rate-hard",
            Self::RateSigned => "rate-signed",
            Self::Phase => "phase",
            Self::FirstSpike => "first-spike",
        }
    }

    /// What it is, in a phrase.
    pub fn help(self) -> &'static str {
        match self {
            Self::BitSerial => "the quantized network's codes, bit by bit",
            Self::Rate => "integrate-and-fire neurons with soft reset",
            Self::RateHalf => "the same, membranes started at half the threshold",
            Self::RateHard => "integrate-and-fire neurons with reset to 0",
            Self::RateSigned => "signed neurons started at half the threshold, as in Fast-SNN",
            Self::Phase => "weighted spikes: one in phase p weighs 2^-(1+p)",
            Self::FirstSpike => "one spike per neuron, the earlier the larger",
        }
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The codes.
    pub codes: Vec<CodeName>,
    /// Time steps after which answers are taken; for the first-spike code the window's.
    pub steps: Vec<u32>,
    /// Bits K of activations for the bit-serial code of a float model, each 1 to 16; weights have 8. A
    /// quantized model has its own.
    pub bits: Vec<u8>,
    /// What of its activations a neuron's full rate covers.
    pub percentile: Percentile,
    /// Steps of the phase code's period, 1 to [`Code::LONGEST_PERIOD`](crate::baseline::Code::LONGEST_PERIOD).
    pub period: u32,
    /// How the quantized network becomes the bit-serial one.
    pub conversion: Conversion,
}

/// The most time steps that are run.
pub const MAX_STEPS: u32 = 4096;

impl Default for Question {
    fn default() -> Self {
        Self {
            codes: CodeName::ALL.to_vec(),
            steps: vec![1, 2, 4, 8, 16, 32, 64, 128],
            bits: vec![2, 3, 4, 5, 6, 7, 8],
            percentile: Percentile::default(),
            period: 8,
            conversion: Conversion::default(),
        }
    }
}

/// Why a network cannot be compared.
#[derive(Debug, Error, PartialEq)]
pub enum CompareError {
    /// It has no counterpart of integrate-and-fire neurons, or a sample does not fit.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// It cannot be quantized.
    #[error(transparent)]
    PostTraining(#[from] PostTrainingError),
    /// Its graph of codes cannot run as integers.
    #[error(transparent)]
    Fuse(#[from] FuseError),
}

/// What a code came to after some steps; all counts are sums over samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Time steps: of the whole run (rate, phase), of a window (first spike), of the longest window
    /// (bit-serial, where they are the bits).
    pub steps: u32,
    /// Time steps from a sample's first spike to its answer.
    pub latency: u64,
    /// Samples whose class is their label.
    pub correct: usize,
    /// Samples with the class that the trained network gives them.
    pub equal: usize,
    /// Spikes of the input; none where it is a constant current.
    pub input_spikes: u64,
    /// Spikes of each layer.
    pub layer_spikes: Vec<u64>,
    /// Synapses that spikes met.
    pub synaptic_operations: u64,
    /// Products of a constant input with weights.
    pub multiply_accumulates: u64,
    /// The mean squared distance of answers to those of the trained network, in the output's units: the sum over
    /// samples, in whose order its last digits are rounded.
    pub squared_error: f64,
    /// How the integers of a bit-serial network agree; `None` for codes that have none.
    pub integers: Option<Integers>,
}

/// How a bit-serial network agrees with the network of integers that it comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Integers {
    /// Samples of which every code of every layer is the same.
    pub equal: usize,
    /// Samples to which the network of integers gives their label.
    pub correct: usize,
}

impl Point {
    /// All spikes, those of the input with them.
    pub fn spikes(&self) -> u64 {
        self.input_spikes + self.layer_spikes.iter().sum::<u64>()
    }

    fn append(&mut self, next: &Self) {
        self.correct += next.correct;
        self.equal += next.equal;
        self.input_spikes += next.input_spikes;
        for (sum, spikes) in self.layer_spikes.iter_mut().zip(&next.layer_spikes) {
            *sum += spikes;
        }
        self.synaptic_operations += next.synaptic_operations;
        self.multiply_accumulates += next.multiply_accumulates;
        self.squared_error += next.squared_error;
        if let (Some(integers), Some(next)) = (&mut self.integers, &next.integers) {
            integers.equal += next.equal;
            integers.correct += next.correct;
        }
    }
}

/// A code's points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeCurve {
    /// The code.
    pub code: CodeName,
    /// The layers that `layer_spikes` count, by their nodes' names.
    pub layers: Vec<String>,
    /// Answers, by time steps.
    pub points: Vec<Point>,
}

/// All that was compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The model's name.
    pub model: String,
    /// Whether it came quantized: then the baselines run with the numbers that its codes stand for.
    pub is_quantized: bool,
    /// Samples.
    pub samples: usize,
    /// Samples with a label.
    pub labelled: usize,
    /// Samples whose class is their label for the trained network itself, without spikes.
    pub trained_correct: usize,
    /// Its multiply–accumulates for one sample.
    pub trained_multiply_accumulates: u64,
    /// The codes' curves.
    pub codes: Vec<CodeCurve>,
}

impl Comparison {
    /// Adds what was counted of other samples.
    pub fn append(&mut self, next: &Self) {
        self.samples += next.samples;
        self.labelled += next.labelled;
        self.trained_correct += next.trained_correct;
        for (curve, next) in self.codes.iter_mut().zip(&next.codes) {
            for (point, next) in curve.points.iter_mut().zip(&next.points) {
                point.append(next);
            }
        }
    }
}
