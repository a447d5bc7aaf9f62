//! The bit-serial code beside those that it must beat: accuracy against time steps and against spikes, on the
//! same trained network and the same samples.

use super::Tally;
use crate::baseline::{Answer, BaselineError, Code, Network, Percentile, Rate, Reset, Runner, Thresholds};
use crate::graph::Graph;
use crate::quantize::post_training::{Calibration, PostTrainingError, Quantization};
use crate::quantize::{FuseError, QuantizedNetwork, quantize, winner};
use crate::simulate::{Samples, calibrate, measure};
use crate::spiking::{Conversion, SpikingNetwork};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
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
    /// Steps of the phase code's period, 1 to [`Code::LONGEST_PERIOD`].
    pub period: u32,
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
    }

    /// Counts a class.
    fn judge(&mut self, class: usize, trained: usize, label: Option<usize>) {
        self.correct += usize::from(label == Some(class));
        self.equal += usize::from(class == trained);
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

/// Runs sample after sample under every code.
#[derive(Clone, Debug)]
pub struct Comparer {
    plan: Arc<Plan>,
    runner: Runner,
    tallies: Vec<Tally>,
    comparison: Comparison,
}

/// What does not change from sample to sample.
#[derive(Debug)]
struct Plan {
    network: Network,
    thresholds: Thresholds,
    /// With the network's own limits, where it has some.
    limits: Thresholds,
    period: u32,
    steps: Vec<u32>,
    bit_serial: Vec<BitSerial>,
}

#[derive(Debug)]
struct BitSerial {
    network: QuantizedNetwork,
    spiking: SpikingNetwork,
}

impl Comparer {
    /// Gets a float or a quantized network ready, calibrated on `calibration`: samples one after the other.
    ///
    /// # Errors
    /// If one of the codes cannot express it, it cannot be quantized, or there are no calibration samples.
    pub fn new(graph: &Graph, calibration: &[f32], question: &Question) -> Result<Self, CompareError> {
        let network = Network::new(graph)?;
        let samples = calibration.chunks_exact(network.inputs().max(1));
        let thresholds = Thresholds::measure(&network, samples, question.percentile)?;
        let bit_serial = if question.codes.contains(&CodeName::BitSerial) {
            bit_serial(graph, calibration, &question.bits)?
        } else {
            Vec::new()
        };
        let mut steps = question.steps.clone();
        steps.sort_unstable();
        steps.dedup();
        let plan = Plan {
            limits: thresholds.or_limits(&network),
            thresholds,
            period: question.period,
            steps,
            bit_serial,
            network,
        };
        let comparison = Comparison {
            model: plan.network.name.clone(),
            is_quantized: !graph.is_real(),
            samples: 0,
            labelled: 0,
            trained_correct: 0,
            trained_multiply_accumulates: plan.network.multiply_accumulates(),
            codes: question.codes.iter().map(|&code| plan.curve(code)).collect(),
        };
        Ok(Self {
            runner: Runner::new(&plan.network),
            tallies: plan
                .bit_serial
                .iter()
                .map(|b| Tally::new(&b.network, 0))
                .collect(),
            plan: Arc::new(plan),
            comparison,
        })
    }

    /// What has been counted.
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// Runs one more sample.
    ///
    /// # Errors
    /// If it has another size than the network's input.
    pub fn add(&mut self, sample: &[f32], label: Option<usize>) -> Result<(), CompareError> {
        let Self {
            plan,
            runner,
            tallies,
            comparison,
        } = self;
        let trained = winner(runner.exact(&plan.network, sample)?);
        comparison.samples += 1;
        comparison.labelled += usize::from(label.is_some());
        comparison.trained_correct += usize::from(label == Some(trained));
        for curve in &mut comparison.codes {
            if curve.code == CodeName::BitSerial {
                let nets = plan.bit_serial.iter().zip(&mut *tallies);
                for ((net, tally), point) in nets.zip(&mut curve.points) {
                    net.add(tally, point, sample);
                    point.judge(winner(tally.simulator().output()), trained, label);
                }
            } else {
                plan.add(curve, runner, sample, trained, label)?;
            }
        }
        Ok(())
    }
}

impl Plan {
    /// A curve without counts.
    fn curve(&self, code: CodeName) -> CodeCurve {
        let populations = self.network.populations();
        let layers = populations.iter().map(|p| p.name.clone()).collect();
        let points = self.steps.iter().map(|&steps| Point {
            steps,
            latency: self
                .code(code, steps)
                .map_or(0, |c| c.latency(steps, self.network.depth())),
            layer_spikes: vec![0; populations.len()],
            ..Point::default()
        });
        match (code, self.bit_serial.first()) {
            (CodeName::BitSerial, Some(first)) => CodeCurve {
                code,
                layers: first.hidden_layers().map(|(_, name)| name.to_owned()).collect(),
                points: self.bit_serial.iter().map(BitSerial::point).collect(),
            },
            _ => CodeCurve {
                code,
                layers,
                points: points.collect(),
            },
        }
    }

    /// A baseline's rule; `None` for the bit-serial code.
    fn code(&self, name: CodeName, steps: u32) -> Option<Code> {
        let soft = Rate::default();
        Some(match name {
            CodeName::BitSerial => return None,
            CodeName::Rate => Code::Rate(soft),
            CodeName::RateHalf => Code::Rate(Rate {
                half_start: true,
                ..soft
            }),
            CodeName::RateHard => Code::Rate(Rate {
                reset: Reset::Hard,
                ..soft
            }),
            CodeName::RateSigned => Code::Rate(Rate::FAST),
            CodeName::Phase => Code::Phase { period: self.period },
            CodeName::FirstSpike => Code::FirstSpike { window: steps },
        })
    }

    /// Runs a sample under a baseline.
    fn add(
        &self,
        curve: &mut CodeCurve,
        runner: &mut Runner,
        sample: &[f32],
        trained: usize,
        label: Option<usize>,
    ) -> Result<(), BaselineError> {
        let thresholds = if curve.code == CodeName::RateSigned {
            &self.limits
        } else {
            &self.thresholds
        };
        let points = &mut curve.points;
        let mut count = |answer: Answer<'_>| {
            let Ok(at) = points.binary_search_by_key(&answer.steps, |point| point.steps) else {
                return;
            };
            let point = &mut points[at];
            point.judge(winner(answer.output), trained, label);
            point.input_spikes += answer.input_spikes;
            for (sum, spikes) in point.layer_spikes.iter_mut().zip(answer.spikes) {
                *sum += spikes;
            }
            point.synaptic_operations += answer.operations;
            point.multiply_accumulates += answer.multiply_accumulates;
        };
        // Windows of another length are other runs.
        let runs = match curve.code {
            CodeName::FirstSpike => &self.steps[..],
            _ => self.steps.last().map_or(&[][..], std::slice::from_ref),
        };
        for &steps in runs {
            if let Some(code) = self.code(curve.code, steps) {
                runner.run(&self.network, thresholds, code, steps, sample, &mut count)?;
            }
        }
        Ok(())
    }
}

/// The network as bits: a quantized one as it is, a float one quantized here, once for each of `bits`.
fn bit_serial(graph: &Graph, calibration: &[f32], bits: &[u8]) -> Result<Vec<BitSerial>, CompareError> {
    if !graph.is_real() {
        return Ok(vec![BitSerial::new(quantize(graph)?, calibration)]);
    }
    let measured = Calibration::measure(graph, false, calibration)?;
    bits.iter()
        .map(|&bits| {
            let options = Quantization {
                activation_bits: bits,
                edge_bits: bits,
                ..Quantization::default()
            };
            let graph = measured.quantize(&options, calibration)?;
            Ok(BitSerial::new(quantize(&graph)?, calibration))
        })
        .collect()
}

impl BitSerial {
    fn new(network: QuantizedNetwork, calibration: &[f32]) -> Self {
        let codes = network.quantize_input(calibration);
        let samples = Samples {
            codes: &codes,
            len: network.input().len(),
        };
        let conversion = Conversion::default();
        let statistics = measure(&network, &conversion, samples);
        let spiking = calibrate(&network, &conversion, &statistics, samples);
        Self { network, spiking }
    }

    /// The layers whose codes are sent on, each with its tensor: the last one's are read out.
    fn hidden_layers(&self) -> impl Iterator<Item = (usize, &str)> {
        let layers = self.spiking.layers.iter().map(|l| (l.target, l.name.as_str()));
        layers.take(self.spiking.layers.len().saturating_sub(1))
    }

    /// A point without counts. Each layer listens for a window once all its inputs have spoken.
    fn point(&self) -> Point {
        let mut ready = vec![0; self.spiking.tensors.len()];
        for layer in &self.spiking.layers {
            let tensors = layer.dendrites.iter().flat_map(|d| &d.view.tensors);
            let begin = tensors.map(|&tensor| ready[tensor]).max().unwrap_or(0);
            ready[layer.target] = begin + layer.window() as u64;
        }
        Point {
            steps: self
                .spiking
                .layers
                .iter()
                .map(|l| l.window() as u32)
                .max()
                .unwrap_or(0),
            latency: ready.last().copied().unwrap_or(0),
            layer_spikes: vec![0; self.hidden_layers().count()],
            ..Point::default()
        }
    }

    fn add(&self, tally: &mut Tally, point: &mut Point, sample: &[f32]) {
        tally.add(
            &self.network,
            &self.spiking,
            &self.network.quantize_input(sample),
            None,
        );
        let spikes = |tensor: usize| -> u64 {
            let codes = tally.simulator().codes(tensor).iter();
            self.spiking.codes[tensor].map_or(0, |code| codes.map(|&c| u64::from(code.spikes(c))).sum())
        };
        point.input_spikes += spikes(0);
        for (sum, (tensor, _)) in point.layer_spikes.iter_mut().zip(self.hidden_layers()) {
            *sum += spikes(tensor);
        }
        // The tally adds up by itself.
        let layers = tally.agreement().layers.iter();
        point.synaptic_operations = layers.map(|layer| layer.synaptic_operations).sum();
    }
}
