//! A loaded network with its samples: what the page's worker and the command line ask questions of.

mod points;

pub use points::{BLOCK, PointSize};

use super::{
    CodesMeter, Curve, EffectMeter, FloatModel, FusedNode, GroundTruth, LossMeter, PlacementMeter, Quantized,
    ReferenceMemory, ReportMeter, Row, Tally, WidthSweep, fused_nodes,
};
use crate::chip::spec::Chip;
use crate::chip::{self, ChipSettings, Fit, Limits, Mapping, MappingError, Placement, Router, Traffic};
use crate::import::dataset::{Array, channels_first, count_channels_last, count_samples};
use crate::import::{ImportError, import_model};
use crate::quantize::post_training::{PostTrainingError, Quantization};
use crate::quantize::{FuseError, QuantizedNetwork, Reference, quantize, winner};
use crate::settings::{Settings, SettingsError};
use crate::simulate::{Samples, Simulator, Statistics, Trace, calibrate, measure, trace};
use crate::spiking::{
    Accumulation, BitOrder, Conversion, Digits, FoldAt, SilentCode, SpikingLayer, SpikingNetwork,
};
use std::borrow::Cow;
use std::rc::Rc;
use thiserror::Error;

/// Samples in the model's own codes.
#[derive(Clone, Debug, Default)]
pub struct SampleSet {
    /// Input codes, one sample after the other.
    pub codes: Vec<i32>,
    /// What should come out.
    pub truth: GroundTruth,
}

/// Why something cannot be explored.
#[derive(Debug, Error, PartialEq)]
pub enum SessionError {
    /// The model cannot be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// It can be read, but not run as integers.
    #[error(transparent)]
    Fuse(#[from] FuseError),
    /// A float model that cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] PostTrainingError),
    /// Settings that exclude each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A network that does not fit on the chip.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// Data of the wrong shape.
    #[error(
        "{what} has shape {found:?}, but '{model}' takes {expected:?} for each sample; give an array of samples in that shape"
    )]
    Shape {
        /// Which data.
        what: String,
        /// Its shape.
        found: Vec<usize>,
        /// The model.
        model: String,
        /// The model's input shape.
        expected: Vec<usize>,
    },
    /// A value that is not a number.
    #[error(
        "{what} has a value in sample {sample} (counted from 0) that is not a number (NaN); mend or drop it"
    )]
    NotANumber {
        /// Which data.
        what: String,
        /// The sample.
        sample: usize,
    },
    /// Labels that do not belong to the samples.
    #[error("there are {labels} labels for {samples} samples; give one label per sample")]
    Labels {
        /// How many labels.
        labels: usize,
        /// How many samples.
        samples: usize,
    },
    /// A label that is no class.
    #[error(
        "the label of sample {sample} is {label}, but '{model}' tells {classes} classes apart, counted from 0; check that labels and model belong together"
    )]
    Class {
        /// The sample.
        sample: usize,
        /// Its label.
        label: usize,
        /// The model.
        model: String,
        /// Its classes.
        classes: usize,
    },
    /// Targets that do not belong to the samples.
    #[error(
        "there are {found} target values for {samples} samples, but '{model}' answers with {outputs} for each; give targets in the shape of its output"
    )]
    Targets {
        /// How many values.
        found: usize,
        /// How many samples.
        samples: usize,
        /// The model.
        model: String,
        /// Values of one answer.
        outputs: usize,
    },
    /// A network whose trace would not fit in memory.
    #[error(
        "'{model}' has {values} membrane values in a trace of one sample, more than the {limit} that can be drawn; run it with the command line (sdann run), or export it for a smaller input"
    )]
    TooLargeToTrace {
        /// The model.
        model: String,
        /// Neurons times time steps, over all layers.
        values: usize,
        /// The most that is supported.
        limit: usize,
    },
    /// A sample that is not there.
    #[error("sample {index} was asked for, but there are {count} (0 to {last}); choose one of those", last = .count.saturating_sub(1))]
    NoSample {
        /// Its index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A layer that is not there.
    #[error("layer {index} was asked for, but the network has {count}")]
    NoLayer {
        /// Its index.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

/// One traced sample, and all that belongs to it.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// The network that it ran on, with the plan of each layer.
    pub spiking: Rc<SpikingNetwork>,
    /// What happened.
    pub trace: Trace,
    /// The output as real numbers.
    pub output: Vec<f32>,
    /// The integer reference's output.
    pub reference: Vec<f32>,
    /// What both answer over the whole range of a single input.
    pub curve: Option<Curve>,
    /// The spiking network's winner.
    pub winner: usize,
    /// The integer reference's winner.
    pub reference_winner: usize,
    /// Placement and traffic, or why the network does not fit.
    pub chip: Result<(Mapping, Traffic), MappingError>,
}

/// What statistics of calibration samples depend on.
type StatisticsKey = (BitOrder, Accumulation, SilentCode, Digits, FoldAt, bool);

/// A network, its samples, and what was worked out for the last settings.
#[derive(Debug)]
pub struct Session {
    float: Option<Float>,
    network: QuantizedNetwork,
    /// For each layer, what it was made of.
    nodes: Vec<Vec<FusedNode>>,
    samples: SampleSet,
    calibration: Vec<i32>,
    statistics: Vec<(StatisticsKey, Rc<Statistics>)>,
    spiking: Option<Rc<SpikingNetwork>>,
    own_chip: Option<Chip>,
    router: Option<((ChipSettings, Conversion), Rc<Router>)>,
    /// For what the places of `router` were looked for, if they were.
    placed: Option<(ChipSettings, Conversion)>,
    tally: Tally,
    /// What the integer reference answers to the samples.
    memory: ReferenceMemory,
    simulator: Simulator,
    reference: Reference,
}

/// What a session of a float model keeps: from it the network of integers is made anew when settings of
/// quantization change.
#[derive(Debug)]
struct Float {
    model: Box<FloatModel>,
    /// The samples as real numbers.
    samples: Vec<f32>,
    /// What the present network was made with; `None` as long as it is but wiring.
    options: Option<Quantization>,
}

/// Membrane values that a trace may hold: 256 MiB with the currents beside them.
const MAX_TRACE: usize = 1 << 25;

/// How many samples of the set an effect is measured on.
const EFFECT_SAMPLES: usize = 100;

/// How many samples of the set places are looked for on.
pub const PLACEMENT_SAMPLES: usize = 50;

/// How many samples of the set a [`ConversionReport`](super::ConversionReport) looks at.
pub const REPORT_SAMPLES: usize = 200;

/// Reads a model into a network of integers.
///
/// # Errors
/// Whatever is wrong with the file, or what of it is not supported.
pub fn open_network(bytes: &[u8], name: &str) -> Result<QuantizedNetwork, SessionError> {
    Ok(quantize(&import_model(bytes, name)?)?)
}

impl Session {
    /// A session without samples.
    pub fn new(network: QuantizedNetwork) -> Self {
        Self {
            float: None,
            tally: Tally::new(&network, 0),
            memory: ReferenceMemory::default(),
            simulator: Simulator::new(&network),
            reference: Reference::new(&network),
            nodes: vec![Vec::new(); network.layers.len()],
            samples: SampleSet::default(),
            calibration: Vec::new(),
            statistics: Vec::new(),
            spiking: None,
            own_chip: None,
            router: None,
            placed: None,
            network,
        }
    }

    /// Reads a model into a session without samples. A float model is quantized when it is first explored,
    /// on the calibration samples; until then its network is but wiring.
    ///
    /// # Errors
    /// Whatever is wrong with the file, or what of it is not supported.
    pub fn open(bytes: &[u8], name: &str) -> Result<Self, SessionError> {
        let graph = import_model(bytes, name)?;
        Ok(if graph.is_real() {
            let model = Box::new(FloatModel::new(graph));
            let wiring = model.wiring()?;
            Self {
                nodes: fused_nodes(model.graph(), &wiring),
                float: Some(Float {
                    samples: Vec::new(),
                    options: None,
                    model,
                }),
                ..Self::new(wiring)
            }
        } else {
            let network = quantize(&graph)?;
            Self {
                nodes: fused_nodes(&graph, &network),
                ..Self::new(network)
            }
        })
    }

    /// Whether the model is one of real numbers, quantized here.
    pub fn is_float(&self) -> bool {
        self.float.is_some()
    }

    /// Quantizes a float model anew if these settings ask for another network of integers than there is.
    /// Says whether they did: then input codes are others too.
    ///
    /// # Errors
    /// If there are no calibration samples, or the model cannot be quantized; the session stays as it was.
    pub fn follow(&mut self, settings: &Settings) -> Result<bool, SessionError> {
        let options = settings.quantization;
        let Some(float) = self.float.as_mut().filter(|float| float.options != Some(options)) else {
            return Ok(false);
        };
        let network = float.model.quantize(&options)?.network;
        float.options = Some(options);
        self.samples.codes = network.quantize_input(&float.samples);
        self.calibration = network.quantize_input(float.model.samples());
        let count = float.samples.len() / network.input().len().max(1);
        self.tally = Tally::new(&network, count);
        self.memory = ReferenceMemory::new(&network, count);
        self.simulator = Simulator::new(&network);
        self.reference = Reference::new(&network);
        self.statistics.clear();
        (self.spiking, self.router) = (None, None);
        self.network = network;
        Ok(true)
    }

    /// Sets samples, as stored values that `divide_by` makes the model's, and what should come out of them.
    ///
    /// # Errors
    /// If they do not fit the model or each other; the session stays as it was.
    pub fn set_samples(
        &mut self,
        samples: &Array,
        divide_by: f32,
        truth: GroundTruth,
    ) -> Result<(), SessionError> {
        let (codes, values) = self.stored_codes("the set of samples", samples, divide_by)?;
        let count = codes.len() / self.network.input().len().max(1);
        self.check_truth(&truth, count)?;
        if let Some(float) = &mut self.float {
            float.samples = values;
        }
        self.tally = Tally::new(&self.network, count);
        self.memory = ReferenceMemory::new(&self.network, count);
        self.samples = SampleSet { codes, truth };
        Ok(())
    }

    fn check_truth(&self, truth: &GroundTruth, samples: usize) -> Result<(), SessionError> {
        let (model, outputs) = (|| self.network.name.clone(), self.network.output().len());
        match truth {
            GroundTruth::Labels(labels) if labels.len() != samples => Err(SessionError::Labels {
                labels: labels.len(),
                samples,
            }),
            GroundTruth::Labels(labels) => match labels.iter().position(|&label| label >= outputs) {
                Some(sample) => Err(SessionError::Class {
                    sample,
                    label: labels[sample],
                    model: model(),
                    classes: outputs,
                }),
                None => Ok(()),
            },
            GroundTruth::Targets(values, _) if values.len() != samples * outputs => {
                Err(SessionError::Targets {
                    found: values.len(),
                    samples,
                    model: model(),
                    outputs,
                })
            }
            _ => Ok(()),
        }
    }

    /// Sets the samples that ranges and corrections are measured on.
    ///
    /// # Errors
    /// If they do not fit the model; the session stays as it was.
    pub fn set_calibration(&mut self, samples: &Array, divide_by: f32) -> Result<(), SessionError> {
        let (codes, values) = self.stored_codes("the set of calibration samples", samples, divide_by)?;
        self.calibrate_float(values);
        self.set_calibration_codes(codes);
        Ok(())
    }

    /// Measures ranges and corrections on the first samples of the set, at most `count`.
    pub fn calibrate_on_first(&mut self, count: usize) {
        let values = self.network.input().len() * count;
        if let Some(float) = &self.float {
            let first = float.samples[..float.samples.len().min(values)].to_vec();
            self.calibrate_float(first);
        }
        let codes = &self.samples.codes;
        self.set_calibration_codes(codes[..codes.len().min(values)].to_vec());
    }

    fn calibrate_float(&mut self, samples: Vec<f32>) {
        if let Some(float) = &mut self.float {
            float.model.set_samples(samples);
            float.options = None;
        }
    }

    /// Sets the input codes that ranges and corrections are measured on.
    pub fn set_calibration_codes(&mut self, codes: Vec<i32>) {
        self.calibration = codes;
        self.statistics.clear();
        (self.spiking, self.router) = (None, None);
    }

    /// Codes and the real numbers that they stand for.
    fn stored_codes(
        &self,
        what: &str,
        array: &Array,
        divide_by: f32,
    ) -> Result<(Vec<i32>, Vec<f32>), SessionError> {
        let mut values = array.to_f32();
        values.iter_mut().for_each(|value| *value /= divide_by);
        let values = self.input_values(what, &array.shape, &values)?.into_owned();
        Ok((self.network.quantize_input(&values), values))
    }

    /// The codes of samples in the model's units; `shape` as [`count_samples`] or [`count_channels_last`] takes it.
    ///
    /// # Errors
    /// [`SessionError::Shape`] if they have not the model's shape, [`SessionError::NotANumber`].
    pub fn input_codes(&self, what: &str, shape: &[usize], values: &[f32]) -> Result<Vec<i32>, SessionError> {
        let values = self.input_values(what, shape, values)?;
        Ok(self.network.quantize_input(&values))
    }

    /// Samples in the model's own order of axes.
    fn input_values<'a>(
        &self,
        what: &str,
        shape: &[usize],
        values: &'a [f32],
    ) -> Result<Cow<'a, [f32]>, SessionError> {
        let input = self.network.input();
        let turned = count_channels_last(shape, &input.shape);
        if count_samples(shape, &input.shape).or(turned).is_none() {
            return Err(SessionError::Shape {
                what: what.to_owned(),
                found: shape.to_vec(),
                model: self.network.name.clone(),
                expected: input.shape.clone(),
            });
        }
        if let Some(index) = values.iter().position(|value| value.is_nan()) {
            return Err(SessionError::NotANumber {
                what: what.to_owned(),
                sample: index / input.len().max(1),
            });
        }
        Ok(match turned {
            Some(_) => channels_first(values, &input.shape).into(),
            None => values.into(),
        })
    }

    /// Leaves but the first `count` samples to measure ranges and corrections on, if there are more.
    pub fn shorten_calibration(&mut self, count: usize) {
        let values = self.network.input().len().saturating_mul(count);
        if values < self.calibration.len() {
            let first = |all: &[f32]| all[..values.min(all.len())].to_vec();
            if let Some(reals) = self.float.as_ref().map(|float| first(float.model.samples())) {
                self.calibrate_float(reals);
            }
            let codes = self.calibration[..values].to_vec();
            self.set_calibration_codes(codes);
        }
    }

    /// Sets a chip of the user's own, which takes the place of the settings' preset; `None` for that.
    pub fn set_chip(&mut self, own: Option<Chip>) {
        if self.own_chip != own {
            self.own_chip = own;
            (self.router, self.placed) = (None, None);
        }
    }

    /// The chip that these settings mean.
    ///
    /// # Errors
    /// If what they change of it does not go together with the rest.
    pub fn chip(&self, settings: &ChipSettings) -> Result<Chip, MappingError> {
        let chip = settings.chip(self.own_chip.as_ref());
        Ok(chip?)
    }

    /// The network of integers.
    pub fn network(&self) -> &QuantizedNetwork {
        &self.network
    }

    /// For each layer, the nodes of the file that it was made of.
    pub fn nodes(&self) -> &[Vec<FusedNode>] {
        &self.nodes
    }

    /// The samples.
    pub fn samples(&self) -> &SampleSet {
        &self.samples
    }

    /// Input codes of the calibration samples.
    pub fn calibration(&self) -> &[i32] {
        &self.calibration
    }

    /// What the integer reference answers to the samples, as far as it is known.
    pub fn memory(&self) -> &ReferenceMemory {
        &self.memory
    }

    /// The counts so far, for the settings that were explored last.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The input codes of a stored sample.
    ///
    /// # Errors
    /// [`SessionError::NoSample`].
    pub fn sample(&self, index: usize) -> Result<&[i32], SessionError> {
        let len = self.network.input().len();
        let count = self.samples.codes.len() / len.max(1);
        self.samples
            .codes
            .chunks_exact(len.max(1))
            .nth(index)
            .ok_or(SessionError::NoSample { index, count })
    }

    /// Converts with `conversion`, for `explore` and `count` too; without calibration samples,
    /// `fallback` is calibrated on.
    pub fn convert(&mut self, conversion: &Conversion, fallback: &[i32]) -> Rc<SpikingNetwork> {
        let spiking = self.converted(conversion, fallback);
        if self
            .spiking
            .as_ref()
            .is_none_or(|before| !Rc::ptr_eq(before, &spiking))
        {
            self.spiking = Some(spiking.clone());
            self.tally.restart();
        }
        spiking
    }

    /// The network of the last conversion, if it was this one; else a new one.
    fn converted(&mut self, conversion: &Conversion, fallback: &[i32]) -> Rc<SpikingNetwork> {
        let is_same = |s: &&Rc<SpikingNetwork>| s.conversion == *conversion && !self.calibration.is_empty();
        if let Some(spiking) = self.spiking.as_ref().filter(is_same) {
            return spiking.clone();
        }
        let statistics = self.statistics(conversion, fallback);
        let samples = self.calibration_samples(fallback);
        Rc::new(calibrate(&self.network, conversion, &statistics, samples))
    }

    fn calibration_samples<'a>(&'a self, fallback: &'a [i32]) -> Samples<'a> {
        let codes = if self.calibration.is_empty() {
            fallback
        } else {
            &self.calibration
        };
        Samples {
            codes,
            len: self.network.input().len(),
        }
    }

    pub(super) fn statistics(&mut self, conversion: &Conversion, fallback: &[i32]) -> Rc<Statistics> {
        let key = (
            conversion.order,
            conversion.accumulation,
            conversion.silent_code,
            conversion.digits,
            conversion.fold_at,
            conversion.bias_calibration.fold,
        );
        if self.calibration.is_empty() {
            return Rc::new(measure(
                &self.network,
                conversion,
                self.calibration_samples(fallback),
            ));
        }
        if let Some((_, known)) = self.statistics.iter().find(|(k, _)| *k == key) {
            return known.clone();
        }
        let samples = self.calibration_samples(fallback);
        let statistics = Rc::new(measure(&self.network, conversion, samples));
        self.statistics.push((key, statistics.clone()));
        statistics
    }

    /// Converts with these settings and traces one input.
    ///
    /// # Errors
    /// If the settings exclude each other, the input has not the model's size, or a float model cannot be
    /// quantized. Input codes are those of these settings (see [`Self::follow`]).
    pub fn explore(&mut self, settings: &Settings, input: &[i32]) -> Result<Exploration, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        if input.len() != self.network.input().len() {
            return Err(SessionError::Shape {
                what: "the sample".to_owned(),
                found: vec![input.len()],
                model: self.network.name.clone(),
                expected: self.network.input().shape.clone(),
            });
        }
        let spiking = self.convert(&settings.conversion, input);
        self.check_trace(&spiking)?;
        let trace = trace(
            &self.network,
            &spiking,
            input,
            &mut self.simulator,
            &mut self.reference,
        );
        let output = self.simulator.output().to_vec();
        let reference = self.reference.output().to_vec();
        let chip = self
            .router(settings.chip, &spiking)
            .map(|router| (router.mapping().clone(), router.count(&trace)));
        Ok(Exploration {
            winner: winner(&output),
            reference_winner: winner(&reference),
            curve: Curve::of(&self.network, &spiking, &mut self.simulator, &mut self.reference),
            reference,
            spiking,
            trace,
            output,
            chip,
        })
    }

    fn check_trace(&self, spiking: &SpikingNetwork) -> Result<(), SessionError> {
        let steps = |layer: &SpikingLayer| -> usize { layer.dendrites.iter().map(|d| d.steps.len()).sum() };
        let layers = spiking.layers.iter();
        let values = layers.map(|layer| layer.neurons() * steps(layer)).sum();
        if values > MAX_TRACE {
            return Err(SessionError::TooLargeToTrace {
                model: self.network.name.clone(),
                values,
                limit: MAX_TRACE,
            });
        }
        Ok(())
    }

    /// The router of a chip; where packets go depends on the network and its places alone, so it is kept, and
    /// so are places that were looked for ([`Self::place`]).
    fn router(&mut self, chip: ChipSettings, spiking: &SpikingNetwork) -> Result<Rc<Router>, MappingError> {
        let key = (chip, spiking.conversion);
        if let Some((_, router)) = self.router.as_ref().filter(|(known, _)| *known == key) {
            return Ok(router.clone());
        }
        let mapping = chip::map_onto(spiking, &self.chip(&chip)?, &chip.mapping)?;
        let router = Rc::new(Router::new(spiking, mapping));
        (self.router, self.placed) = (Some((key, router.clone())), None);
        Ok(router)
    }

    /// The spiking network that was explored last.
    pub fn spiking(&self) -> Option<Rc<SpikingNetwork>> {
        self.spiking.clone()
    }

    /// The router that the last exploration used; `None` if its network did not fit.
    pub fn routed(&self) -> Option<Rc<Router>> {
        self.router.as_ref().map(|(_, router)| router.clone())
    }

    /// Counts up to `samples` more samples under the settings explored last. Says whether any are left.
    pub fn count(&mut self, samples: usize) -> bool {
        let Some(spiking) = self.spiking.clone() else {
            return false;
        };
        let (len, outputs) = (self.network.input().len().max(1), self.network.output().len());
        let first = self.tally.agreement().counted;
        let until = self.samples.codes.len().min((first + samples) * len);
        let inputs = self.samples.codes.get(first * len..until).unwrap_or_default();
        let truth = &self.samples.truth;
        let expected = |index| truth.expected(first + index, outputs);
        let memory = Some((&self.memory, first));
        self.tally
            .add_batch(&self.network, &spiking, inputs, expected, memory);
        if inputs.is_empty() {
            return false;
        }
        self.tally.agreement().counted < self.tally.agreement().total
    }

    /// Begins to measure what mean-error correction does to a layer under these settings; with `all`, what the fit
    /// to the bias register does as well. Take steps until none is left ([`Self::effect_next`]).
    ///
    /// # Errors
    /// If the settings exclude each other or there is no such layer.
    pub fn effect_meter(
        &mut self,
        settings: &Settings,
        layer: usize,
        all: bool,
    ) -> Result<EffectMeter, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        let count = self.network.layers.len();
        if layer >= count {
            return Err(SessionError::NoLayer { index: layer, count });
        }
        let len = EFFECT_SAMPLES * self.network.input().len();
        let codes = self.samples.codes[..self.samples.codes.len().min(len)].to_vec();
        let conversion = &settings.conversion;
        Ok(EffectMeter::new(&self.network, conversion, codes, layer, all))
    }

    /// Converts for a meter, or has it look at the next sample. Says whether anything is left.
    pub fn effect_next(&mut self, meter: &mut EffectMeter) -> bool {
        let Some(conversion) = meter.wanted() else {
            return meter.measure_next(&self.network);
        };
        let spiking = self.converted(&conversion, meter.codes());
        meter.take(spiking);
        true
    }

    /// Begins to run all samples at every register width, all else as in these settings. Take steps until none is
    /// left ([`Self::sweep_next`]).
    ///
    /// # Errors
    /// If the settings exclude each other.
    pub fn width_sweep(&mut self, settings: &Settings) -> Result<WidthSweep, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        let count = self.samples.codes.len() / self.network.input().len().max(1);
        Ok(WidthSweep::new(&self.network, *settings, count))
    }

    /// Converts for the next width of a sweep, or counts the next sample. The row of a width, with its last sample.
    pub fn sweep_next(&mut self, sweep: &mut WidthSweep) -> Option<Row> {
        let Some(settings) = sweep.wanted() else {
            return sweep.count(&self.network, &self.samples, &self.memory);
        };
        let len = EFFECT_SAMPLES * self.network.input().len();
        let fallback = self.samples.codes[..self.samples.codes.len().min(len)].to_vec();
        let spiking = self.converted(&settings.conversion, &fallback);
        sweep.begin(spiking)
    }

    /// Whether the network of these settings fits on a chip, and what it takes of it. A few milliseconds for a
    /// chip: a table of all presets is asked for one by one, so that a newer request never waits.
    ///
    /// # Errors
    /// If the settings exclude each other, or too little is known of the chip.
    pub fn fit(&mut self, settings: &Settings, chip: &Chip) -> Result<Fit, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        let len = PLACEMENT_SAMPLES * self.network.input().len();
        let codes = self.samples.codes[..self.samples.codes.len().min(len)].to_vec();
        let spiking = match &self.spiking {
            Some(spiking) if spiking.conversion == settings.conversion => spiking.clone(),
            _ => self.converted(&settings.conversion, &codes),
        };
        let fit = chip::fit(&spiking, chip, &settings.chip.mapping);
        Ok(fit.map_err(MappingError::from)?)
    }

    /// Begins to look for places where spikes of the samples travel few hops, on the chip and in the slices of
    /// these settings. Take steps until none is left ([`PlacementMeter::step`]), then [`Self::place`]; until
    /// then [`Self::explore`] shows the places that it begins with.
    ///
    /// # Errors
    /// If the settings exclude each other, or the network does not fit.
    pub fn placement_meter(&mut self, settings: &Settings) -> Result<PlacementMeter, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        let len = PLACEMENT_SAMPLES * self.network.input().len();
        let codes = self.samples.codes[..self.samples.codes.len().min(len)].to_vec();
        let spiking = self.converted(&settings.conversion, &codes);
        let router = self.router(settings.chip, &spiking)?;
        let chip = self.chip(&settings.chip)?;
        let limits = Limits::of(&chip).map_err(MappingError::from)?;
        Ok(PlacementMeter::new(&self.network, spiking, router, limits, codes))
    }

    /// Takes the best places that a meter has found for these settings, so that [`Self::explore`] shows them as
    /// long as chip and conversion stay as they are.
    pub fn place(&mut self, settings: &Settings, meter: &PlacementMeter) {
        let key = (settings.chip, settings.conversion);
        self.router = Some((key, Rc::new(meter.router())));
        self.placed = Some(key);
    }

    /// Whether the places of these settings are to be looked for, and were not yet: then
    /// [`Self::placement_meter`] is worth its time.
    pub fn is_to_be_placed(&self, settings: &Settings) -> bool {
        let is_placed = self.placed == Some((settings.chip, settings.conversion));
        settings.chip.mapping.placement == Placement::Annealed && !is_placed
    }

    /// Begins to measure what conversion with these settings does to every layer, on the samples.
    ///
    /// # Errors
    /// If the settings exclude each other.
    pub fn report_meter(&mut self, settings: &Settings) -> Result<ReportMeter, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        let len = REPORT_SAMPLES * self.network.input().len();
        let codes = self.samples.codes[..self.samples.codes.len().min(len)].to_vec();
        let spiking = self.converted(&settings.conversion, &codes);
        let statistics = self.statistics(&settings.conversion, &codes);
        Ok(ReportMeter::new(&self.network, spiking, &statistics))
    }

    /// Looks at the next sample, of [`REPORT_SAMPLES`] at most. Says whether any are left.
    pub fn report_next(&self, meter: &mut ReportMeter) -> bool {
        let len = self.network.input().len().max(1);
        let count = (self.samples.codes.len() / len).min(REPORT_SAMPLES);
        let index = meter.samples();
        if index < count {
            let input = &self.samples.codes[index * len..][..len];
            let expected = self.samples.truth.expected(index, self.network.output().len());
            meter.add(&self.network, input, expected);
        }
        index + 1 < count
    }

    /// Counts the next calibration sample's codes. Says whether any are left.
    pub fn count_codes_next(&self, meter: &mut CodesMeter) -> bool {
        let len = self.network.input().len().max(1);
        let mut rest = self.calibration.chunks_exact(len).skip(meter.samples());
        if let Some(input) = rest.next() {
            meter.add(&self.network, input);
        }
        rest.next().is_some()
    }

    /// The float model as it is quantized now, graph and network; `None` if the model was of integers already.
    ///
    /// # Errors
    /// If it cannot be quantized.
    pub fn quantized(&mut self) -> Result<Option<Quantized>, SessionError> {
        let Some(float) = &mut self.float else {
            return Ok(None);
        };
        let options = float.options.unwrap_or_default();
        Ok(Some(float.model.quantize(&options)?))
    }

    /// Begins to hold the quantized network against the float model on the samples; `None` if there is no float
    /// model.
    ///
    /// # Errors
    /// If it cannot be quantized.
    pub fn loss_meter(&mut self) -> Result<Option<LossMeter>, SessionError> {
        let quantized = self.quantized()?;
        let Some((float, quantized)) = self.float.as_ref().zip(quantized) else {
            return Ok(None);
        };
        let meter = LossMeter::new(float.model.measured_graph(), &quantized);
        Ok(Some(meter.map_err(PostTrainingError::from)?))
    }

    /// Compares the next sample. Says whether any are left.
    ///
    /// # Errors
    /// If it has another length than the model's input.
    pub fn compare_next(&self, meter: &mut LossMeter) -> Result<bool, SessionError> {
        let Some(float) = &self.float else {
            return Ok(false);
        };
        let len = self.network.input().len().max(1);
        let index = meter.samples();
        let mut rest = float.samples.chunks_exact(len).skip(index);
        if let Some(sample) = rest.next() {
            let expected = self.samples.truth.expected(index, self.network.output().len());
            meter.add(sample, expected).map_err(PostTrainingError::from)?;
        }
        Ok(rest.next().is_some())
    }
}
