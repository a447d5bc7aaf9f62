//! The codes side by side: a comparison that goes on sample after sample, and one sample that runs a race.
//!
//! The page has a worker of its own for this, so that what it shows elsewhere never waits.

use super::load::load;
use super::messages::{DataFiles, Epoch, ModelFile, Sample};
use crate::explore::{CodeName, Comparer, Comparison, Lane, Question};
use crate::graph::Graph;
use crate::import::dataset::{Array, channels_first, count_channels_last, read_array, read_dataset};
use crate::import::import_model;
use serde::{Deserialize, Serialize};

/// Samples of a set that are calibrated on if no others are given, as by the command line.
const CALIBRATION_SAMPLES: usize = 128;

/// The page is told of progress after about this many milliseconds.
const NEWS_MS: f64 = 100.0;

/// What the page wants to know of codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum CodesRequest {
    /// Use this model and its data. Not answered: what is wrong with it is said when it is asked about.
    Open {
        /// The model.
        model: ModelFile,
        /// Samples with labels, and samples to calibrate with.
        data: Option<DataFiles>,
    },
    /// Compare codes on the first samples; what was counted for the same question goes on. Answered by several
    /// `Compared`, or by `Failed`.
    Compare {
        /// Counts these.
        epoch: Epoch,
        /// What is compared.
        question: Question,
        /// On how many samples at most.
        samples: usize,
    },
    /// Send one sample through, code by code. Answered by a `Raced` for each, or by `Failed`.
    Race {
        /// Counts these.
        epoch: Epoch,
        /// The codes, and how they are.
        question: Question,
        /// Time steps for each code that has none of its own.
        steps: u32,
        /// The sample.
        sample: Sample,
    },
    /// Stop comparing; what was counted is kept.
    Stop,
}

/// What the page is told of codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum CodesResponse {
    /// More samples were compared.
    Compared {
        /// Of the request.
        epoch: Epoch,
        /// The counts so far.
        comparison: Comparison,
        /// How many samples it will be.
        samples: usize,
    },
    /// The sample went through under one more code.
    Raced {
        /// Of the request.
        epoch: Epoch,
        /// What happened.
        lane: Box<Lane>,
    },
    /// It can't be done.
    Failed {
        /// Of the request.
        epoch: Epoch,
        /// Whether it was a race.
        is_race: bool,
        /// One sentence for the user.
        message: String,
    },
}

/// A model and its samples as real numbers.
struct Opened {
    graph: Graph,
    samples: Vec<f32>,
    labels: Vec<usize>,
    calibration: Vec<f32>,
}

/// A comparison under way.
struct Comparing {
    epoch: Epoch,
    samples: usize,
    /// When the page was last told.
    told: f64,
}

/// All that a question needs, and what was counted for it.
struct Ready {
    question: Question,
    comparer: Comparer,
    /// Whether a sample was begun and not yet run under all codes.
    is_amid: bool,
}

/// A race under way.
struct Racing {
    epoch: Epoch,
    steps: u32,
    sample: Vec<f32>,
    left: Vec<CodeName>,
}

/// What is known of codes, and what is being found out.
#[derive(Default)]
pub(super) struct CodesWork {
    opened: Option<Result<Opened, String>>,
    ready: Option<Ready>,
    comparing: Option<Comparing>,
    racing: Option<Racing>,
}

impl CodesWork {
    /// The answer to a request; `None` if it comes later.
    pub fn answer(&mut self, request: CodesRequest) -> Option<CodesResponse> {
        match request {
            CodesRequest::Open { model, data } => {
                *self = Self {
                    opened: Some(open(&model, data.as_ref())),
                    ..Self::default()
                };
                None
            }
            CodesRequest::Compare {
                epoch,
                question,
                samples,
            } => {
                let begun = self
                    .prepare(&question)
                    .map(|opened| opened.samples.len() / opened.len());
                match begun {
                    Ok(available) => {
                        self.comparing = Some(Comparing {
                            epoch,
                            samples: samples.min(available),
                            told: f64::NEG_INFINITY,
                        });
                        None
                    }
                    Err(message) => {
                        self.comparing = None;
                        Some(failed(epoch, false, message))
                    }
                }
            }
            CodesRequest::Race {
                epoch,
                question,
                steps,
                sample,
            } => {
                self.racing = None;
                let left = question.codes.iter().rev().copied().collect();
                let begun = self.prepare(&question).and_then(|opened| opened.sample(&sample));
                match begun {
                    Ok(sample) => {
                        self.racing = Some(Racing {
                            epoch,
                            steps,
                            sample,
                            left,
                        });
                        None
                    }
                    Err(message) => Some(failed(epoch, true, message)),
                }
            }
            CodesRequest::Stop => {
                self.comparing = None;
                None
            }
        }
    }

    /// Whether something is under way.
    pub fn is_busy(&self) -> bool {
        self.comparing.is_some() || self.racing.is_some()
    }

    /// The next portion: it ends when `is_over`, with what there is to tell at `now`, in milliseconds.
    pub fn go_on(&mut self, now: impl Fn() -> f64, is_over: impl Fn() -> bool) -> Option<CodesResponse> {
        if self.racing.is_some() {
            return self.race();
        }
        loop {
            let Ready {
                comparer, is_amid, ..
            } = self.ready.as_mut()?;
            let comparing = self.comparing.as_mut()?;
            let epoch = comparing.epoch;
            let done = comparer.comparison().samples;
            let is_complete = done >= comparing.samples;
            if !*is_amid && (is_complete || now() - comparing.told > NEWS_MS) {
                comparing.told = now();
                let (comparison, samples) = (comparer.comparison().clone(), comparing.samples);
                if is_complete {
                    self.comparing = None;
                }
                return Some(CodesResponse::Compared {
                    epoch,
                    comparison,
                    samples,
                });
            }
            let opened = self.opened.as_ref()?.as_ref().ok()?;
            let step = if *is_amid {
                comparer.advance()
            } else {
                let label = opened.labels.get(done).copied();
                comparer.begin(opened.stored(done), label).map(|()| true)
            };
            match step {
                Ok(more) => *is_amid = more,
                Err(error) => {
                    (self.comparing, self.ready) = (None, None);
                    return Some(failed(epoch, false, error.to_string()));
                }
            }
            if is_over() {
                return None;
            }
        }
    }

    /// The next lane of a race.
    fn race(&mut self) -> Option<CodesResponse> {
        let comparer = &mut self.ready.as_mut()?.comparer;
        let racing = self.racing.as_mut()?;
        let epoch = racing.epoch;
        let Some(code) = racing.left.pop() else {
            self.racing = None;
            return None;
        };
        Some(match comparer.race(code, racing.steps, &racing.sample) {
            Ok(lane) => CodesResponse::Raced {
                epoch,
                lane: Box::new(lane),
            },
            Err(error) => {
                self.racing = None;
                failed(epoch, true, error.to_string())
            }
        })
    }

    /// Gets everything ready for a question, unless it is.
    fn prepare(&mut self, question: &Question) -> Result<&Opened, String> {
        let opened = match &self.opened {
            Some(Ok(opened)) => opened,
            Some(Err(message)) => return Err(message.clone()),
            None => return Err("no model is loaded; open one first".to_owned()),
        };
        if self
            .ready
            .as_ref()
            .is_none_or(|ready| ready.question != *question)
        {
            self.ready = None;
            let comparer = Comparer::new(&opened.graph, &opened.calibration, question);
            self.ready = Some(Ready {
                comparer: comparer.map_err(|error| error.to_string())?,
                question: question.clone(),
                is_amid: false,
            });
        }
        Ok(opened)
    }
}

impl Opened {
    fn len(&self) -> usize {
        self.graph.tensors[self.graph.input].len().max(1)
    }

    fn stored(&self, index: usize) -> &[f32] {
        let len = self.len();
        self.samples.get(index * len..(index + 1) * len).unwrap_or(&[])
    }

    fn sample(&self, sample: &Sample) -> Result<Vec<f32>, String> {
        match sample {
            Sample::Values(values) => Ok(values.to_vec()),
            Sample::Stored(index) => match self.stored(*index) {
                [] => Err(format!(
                    "sample {index} was asked for, but there is none of that number"
                )),
                stored => Ok(stored.to_vec()),
            },
        }
    }
}

/// Reads a model with its data once more, as real numbers.
fn open(model: &ModelFile, data: Option<&DataFiles>) -> Result<Opened, String> {
    // What is wrong with the files is said in the same words as when they were opened.
    let (session, view) = load(model, data).map_err(|error| error.to_string())?;
    let graph = import_model(&model.bytes, &model.name).map_err(|error| error.to_string())?;
    let shape = graph.tensors[graph.input].shape.clone();
    let divide_by = if data.is_some() {
        view.samples.divided_by
    } else {
        1.0
    };
    let reals = |array: &Array| {
        let mut values = array.to_f32();
        values.iter_mut().for_each(|value| *value /= divide_by);
        match count_channels_last(&array.shape, &shape) {
            Some(_) => channels_first(&values, &shape),
            None => values,
        }
    };
    let (mut samples, mut calibration) = (Vec::new(), Vec::new());
    if let Some(data) = data {
        let dataset = read_dataset(&data.samples, &data.name).map_err(|error| error.to_string())?;
        samples = reals(&dataset.samples);
        if data.calibration.is_empty() {
            let len: usize = shape.iter().product();
            calibration = samples.iter().take(CALIBRATION_SAMPLES * len).copied().collect();
        } else {
            calibration = reals(&read_array(&data.calibration).map_err(|error| error.to_string())?);
        }
    }
    Ok(Opened {
        labels: session.samples().truth.labels().to_vec(),
        graph,
        samples,
        calibration,
    })
}

fn failed(epoch: Epoch, is_race: bool, message: String) -> CodesResponse {
    CodesResponse::Failed {
        epoch,
        is_race,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::worker::{Divisor, TruthFile};

    fn digits() -> (ModelFile, DataFiles) {
        let model = ModelFile {
            name: "digits".into(),
            bytes: include_bytes!("../../../assets/models/digits-mlp.onnx")
                .to_vec()
                .into(),
        };
        let data = DataFiles {
            name: "digits".into(),
            samples: include_bytes!("../../../assets/datasets/digits-test-images.idx3-ubyte.gz")
                .to_vec()
                .into(),
            truth: TruthFile::Labels {
                name: "labels".into(),
                bytes: include_bytes!("../../../assets/datasets/digits-test-labels.idx1-ubyte.gz")
                    .to_vec()
                    .into(),
            },
            calibration: include_bytes!("../../../assets/datasets/digits-calibration-images.idx3-ubyte.gz")
                .to_vec()
                .into(),
            divisor: Divisor::Is(16.0),
            ..DataFiles::default()
        };
        (model, data)
    }

    fn question() -> Question {
        Question {
            codes: vec![CodeName::BitSerial, CodeName::Rate],
            steps: vec![4, 8],
            ..Question::default()
        }
    }

    fn opened() -> CodesWork {
        let (model, data) = digits();
        let mut work = CodesWork::default();
        let open = CodesRequest::Open {
            model,
            data: Some(data),
        };
        assert!(work.answer(open).is_none());
        work
    }

    fn compare(work: &mut CodesWork, epoch: Epoch, samples: usize) -> Option<CodesResponse> {
        let question = question();
        let request = CodesRequest::Compare {
            epoch,
            question,
            samples,
        };
        work.answer(request)
    }

    /// All answers until nothing is left to do, each portion as short as can be.
    fn all(work: &mut CodesWork) -> Vec<CodesResponse> {
        let mut answers = Vec::new();
        let clock = std::cell::Cell::new(0.0);
        while work.is_busy() {
            let now = || {
                clock.set(clock.get() + 1.0);
                clock.get()
            };
            answers.extend(work.go_on(now, || true));
        }
        answers
    }

    #[test]
    fn a_comparison_tells_of_whole_samples_and_goes_on_when_more_are_wanted() {
        let mut work = opened();
        assert!(compare(&mut work, 1, 60).is_none());
        let answers = all(&mut work);
        assert!(answers.len() > 1, "it tells how far it is");
        let Some(CodesResponse::Compared { comparison, .. }) = answers.last() else {
            panic!("{answers:?}");
        };
        assert_eq!((comparison.samples, comparison.labelled), (60, 60));
        let (one, begin) = (comparison.clone(), answers.len());
        compare(&mut work, 2, 1000);
        let answers = all(&mut work);
        let Some(CodesResponse::Compared {
            comparison, samples, ..
        }) = answers.last()
        else {
            panic!("{answers:?}");
        };
        assert_eq!((comparison.samples, *samples), (360, 360));
        let is_more = |answer: &CodesResponse| matches!(answer, CodesResponse::Compared { comparison, .. } if comparison.samples >= 60);
        assert!(
            answers.iter().all(is_more),
            "what was counted is not counted again"
        );
        assert!(begin > 0 && comparison.trained_correct > one.trained_correct);
        // As `sdann compare` counts them.
        assert_eq!(
            (comparison.trained_correct, comparison.codes[0].points[0].correct),
            (350, 351)
        );
    }

    #[test]
    fn a_sample_races_under_each_code_while_a_comparison_waits() {
        let mut work = opened();
        compare(&mut work, 1, 10);
        let race = CodesRequest::Race {
            epoch: 7,
            question: question(),
            steps: 16,
            sample: Sample::Stored(3),
        };
        assert!(work.answer(race).is_none());
        let answers = all(&mut work);
        let codes: Vec<_> = answers
            .iter()
            .filter_map(|answer| match answer {
                CodesResponse::Raced { epoch: 7, lane } => lane.code,
                _ => None,
            })
            .collect();
        assert_eq!(codes, [CodeName::BitSerial, CodeName::Rate]);
        assert!(
            matches!(answers.last(), Some(CodesResponse::Compared { comparison, .. }) if comparison.samples == 10)
        );
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let mut work = CodesWork::default();
        let failure = compare(&mut work, 1, 10);
        assert!(
            matches!(
                failure,
                Some(CodesResponse::Failed {
                    epoch: 1,
                    is_race: false,
                    ..
                })
            ),
            "{failure:?}"
        );
        let (model, _) = digits();
        work.answer(CodesRequest::Open { model, data: None });
        match compare(&mut work, 2, 10) {
            Some(CodesResponse::Failed { message, .. }) => {
                assert!(message.contains("calibration samples"), "{message}")
            }
            other => panic!("{other:?}"),
        }
        let mut work = opened();
        let race = CodesRequest::Race {
            epoch: 1,
            question: question(),
            steps: 16,
            sample: Sample::Stored(360),
        };
        assert!(matches!(
            work.answer(race),
            Some(CodesResponse::Failed { is_race: true, .. })
        ));
    }

    #[test]
    fn a_stopped_comparison_says_no_more_and_can_go_on() {
        let mut work = opened();
        compare(&mut work, 1, 10);
        for _ in 0..4 {
            work.go_on(|| 0.0, || true);
        }
        work.answer(CodesRequest::Stop);
        assert!(!work.is_busy());
        // It goes on amid the sample at which it was stopped.
        compare(&mut work, 2, 360);
        let Some(CodesResponse::Compared { comparison, .. }) = all(&mut work).pop() else {
            panic!("an answer");
        };
        let points = comparison.codes.iter().flat_map(|curve| &curve.points);
        assert!(points.map(|point| point.correct).all(|correct| correct <= 360));
        assert_eq!(
            (comparison.trained_correct, comparison.codes[0].points[0].correct),
            (350, 351)
        );
    }
}
