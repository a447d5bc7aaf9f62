//! Sample after sample under every code.

use super::bit_serial::{BitSerial, bit_serial};
use super::{CodeCurve, CodeName, CompareError, Comparison, Point, Question};
use crate::baseline::{Answer, BaselineError, Code, Network, Rate, Reset, Runner, Thresholds};
use crate::explore::Tally;
use crate::graph::Graph;
use crate::quantize::winner;
use std::sync::Arc;

/// Runs sample after sample under every code.
#[derive(Clone, Debug)]
pub struct Comparer {
    pub(super) plan: Arc<Plan>,
    pub(super) runner: Runner,
    tallies: Vec<Tally>,
    comparison: Comparison,
    /// The sample under way.
    current: Current,
}

/// A sample, and what it is held against.
#[derive(Clone, Debug, Default)]
struct Current {
    sample: Vec<f32>,
    label: Option<usize>,
    /// What the trained network answers.
    output: Vec<f32>,
    class: usize,
    /// How many codes it has run under.
    codes: usize,
}

impl Current {
    /// Counts an answer, whose numbers are to be divided by `whole`.
    fn judge(&self, point: &mut Point, output: &[f32], whole: f32) {
        let class = winner(output);
        point.correct += usize::from(self.label == Some(class));
        point.equal += usize::from(class == self.class);
        let errors = output.iter().zip(&self.output).map(|(answer, trained)| {
            let error = f64::from(answer / whole) - f64::from(*trained);
            error * error
        });
        point.squared_error += errors.sum::<f64>() / output.len().max(1) as f64;
    }
}

/// What does not change from sample to sample.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) network: Network,
    thresholds: Thresholds,
    /// With the network's own limits, where it has some.
    limits: Thresholds,
    period: u32,
    steps: Vec<u32>,
    pub(super) bit_serial: Vec<BitSerial>,
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
            bit_serial(graph, calibration, question)?
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
            current: Current::default(),
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
        self.begin(sample, label)?;
        while self.advance()? {}
        Ok(())
    }

    /// Takes one more sample, for [`Self::advance`] to run.
    ///
    /// # Errors
    /// If it has another size than the network's input.
    pub fn begin(&mut self, sample: &[f32], label: Option<usize>) -> Result<(), CompareError> {
        let Self {
            plan,
            runner,
            current,
            ..
        } = self;
        current.output.clear();
        current.output.extend(runner.exact(&plan.network, sample)?);
        current.class = winner(&current.output);
        current.sample.clear();
        current.sample.extend(sample);
        (current.label, current.codes) = (label, 0);
        Ok(())
    }

    /// Runs the sample that was begun under the next code; says whether there are more. Until there are none,
    /// codes have counted different samples.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn advance(&mut self) -> Result<bool, CompareError> {
        let Self {
            plan,
            runner,
            tallies,
            comparison,
            current,
        } = self;
        if let Some(curve) = comparison.codes.get_mut(current.codes) {
            if curve.code == CodeName::BitSerial {
                let nets = plan.bit_serial.iter().zip(tallies);
                for ((net, tally), point) in nets.zip(&mut curve.points) {
                    net.add(tally, point, &current.sample, current.label);
                    current.judge(point, tally.simulator().output(), 1.0);
                }
            } else {
                plan.add(curve, runner, current)?;
            }
            current.codes += 1;
        }
        let is_left = current.codes < comparison.codes.len();
        if !is_left {
            comparison.samples += 1;
            comparison.labelled += usize::from(current.label.is_some());
            comparison.trained_correct += usize::from(current.label == Some(current.class));
        }
        Ok(is_left)
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
    pub(super) fn code(&self, name: CodeName, steps: u32) -> Option<Code> {
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

    /// θ of a baseline's populations.
    pub(super) fn thresholds(&self, name: CodeName) -> &Thresholds {
        match name {
            CodeName::RateSigned => &self.limits,
            _ => &self.thresholds,
        }
    }

    /// Runs a sample under a baseline.
    fn add(
        &self,
        curve: &mut CodeCurve,
        runner: &mut Runner,
        current: &Current,
    ) -> Result<(), BaselineError> {
        let thresholds = self.thresholds(curve.code);
        let points = &mut curve.points;
        let mut count = |answer: Answer<'_>| {
            let Ok(at) = points.binary_search_by_key(&answer.steps, |point| point.steps) else {
                return;
            };
            let point = &mut points[at];
            current.judge(point, answer.output, answer.whole);
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
                runner.run(
                    &self.network,
                    thresholds,
                    code,
                    steps,
                    &current.sample,
                    &mut count,
                )?;
            }
        }
        Ok(())
    }
}
