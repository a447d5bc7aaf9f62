//! The engine at work: samples in blocks, as many blocks at a time as there are processors. What
//! comes out does not depend on how many that is.

use super::error::CliError;
use super::inputs::Inputs;
use super::progress::Progress;
use crate::explore::{Agreement, BLOCK, Expected, GroundTruth, ReferenceMemory, Tally};
use crate::quantize::{QuantizedNetwork, Reference};
use crate::spiking::SpikingNetwork;
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

/// Samples with what is known of them, and the networks that they run through.
pub(super) struct Job<'a> {
    /// The integer reference.
    pub(super) network: &'a QuantizedNetwork,
    /// The spiking network; `None` if the integer reference itself is to answer.
    pub(super) spiking: Option<&'a SpikingNetwork>,
    /// The samples.
    pub(super) inputs: &'a Inputs,
    /// What should come out of them.
    pub(super) truth: &'a GroundTruth,
    /// What the integer reference has answered to them before.
    pub(super) memory: Option<&'a ReferenceMemory>,
}

/// The answers to some samples, one after the other.
#[derive(Default)]
pub(super) struct Answers {
    /// Codes of the output; zeros at a real output.
    pub(super) codes: Vec<i32>,
    /// The output as real numbers.
    pub(super) reals: Vec<f32>,
    agreement: Agreement,
}

impl Job<'_> {
    /// Runs all samples, hands on their answers in order and says how far they agree.
    ///
    /// # Errors
    /// That of the first sample that cannot be used, or of `take`.
    pub(super) fn run(
        &self,
        take: impl FnMut(&Answers) -> Result<(), CliError>,
    ) -> Result<Agreement, CliError> {
        let mut progress = Progress::new(self.inputs.count());
        self.run_telling(take, |done| progress.tell(done))
    }

    /// Runs all samples and says how far they agree, without a word on the way.
    ///
    /// # Errors
    /// That of the first sample that cannot be used.
    pub(super) fn run_silently(&self) -> Result<Agreement, CliError> {
        self.run_telling(|_| Ok(()), |_| ())
    }

    fn run_telling(
        &self,
        mut take: impl FnMut(&Answers) -> Result<(), CliError>,
        mut tell: impl FnMut(usize),
    ) -> Result<Agreement, CliError> {
        let count = self.inputs.count();
        let mut workers = vec![Worker::new(self); processors().min(count.div_ceil(BLOCK)).max(1)];
        let mut agreement = workers[0].agreement();
        let mut blocks = (0..count)
            .step_by(BLOCK)
            .map(|from| from..count.min(from + BLOCK));
        loop {
            let round: Vec<_> = blocks.by_ref().take(workers.len()).collect();
            if round.is_empty() {
                return Ok(agreement);
            }
            for answers in self.run_round(&mut workers, round) {
                let answers = answers?;
                take(&answers)?;
                agreement.append(&answers.agreement);
            }
            tell(agreement.counted);
        }
    }

    /// Runs one block on each worker.
    fn run_round(
        &self,
        workers: &mut [Worker],
        mut blocks: Vec<Range<usize>>,
    ) -> Vec<Result<Answers, CliError>> {
        if let ([worker], [block]) = (&mut *workers, &*blocks) {
            return vec![worker.run(self, block.clone())];
        }
        thread::scope(|scope| {
            let threads: Vec<_> = workers
                .iter_mut()
                .zip(blocks.drain(..))
                .map(|(worker, block)| scope.spawn(move || worker.run(self, block)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }
}

/// How many threads are worth having.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// What runs one sample after another.
#[derive(Clone)]
enum Worker {
    Spiking(Box<Tally>),
    Integer(Box<Reference>),
}

impl Worker {
    fn new(job: &Job<'_>) -> Self {
        match job.spiking {
            Some(_) => Self::Spiking(Box::new(Tally::new(job.network, job.inputs.count()))),
            None => Self::Integer(Box::new(Reference::new(job.network))),
        }
    }

    /// The counts of the last block.
    fn agreement(&self) -> Agreement {
        match self {
            Self::Spiking(tally) => tally.agreement().clone(),
            Self::Integer(_) => Agreement::default(),
        }
    }

    fn run(&mut self, job: &Job<'_>, block: Range<usize>) -> Result<Answers, CliError> {
        if let Self::Spiking(tally) = self {
            tally.restart();
        }
        let mut answers = Answers::default();
        for sample in block {
            let input = job.inputs.codes(job.network, sample)?;
            let expected = job.truth.expected(sample, job.network.output().len());
            self.add(job, sample, &input, expected, &mut answers);
        }
        if let Self::Spiking(_) = self {
            answers.agreement = self.agreement();
        }
        Ok(answers)
    }

    fn add(
        &mut self,
        job: &Job<'_>,
        sample: usize,
        input: &[i32],
        expected: Option<Expected<'_>>,
        answers: &mut Answers,
    ) {
        let output = job.network.tensors.len() - 1;
        match (self, job.spiking) {
            (Self::Spiking(tally), Some(spiking)) => {
                let memory = job.memory.map(|memory| (memory, sample));
                tally.add_knowing(job.network, spiking, input, expected, memory);
                answers.push(tally.simulator().codes(output), tally.simulator().output());
            }
            (Self::Integer(reference), _) => {
                reference.run(job.network, input);
                answers.push(reference.codes(output), reference.output());
                answers.agreement.counted += 1;
                if let Some(expected) = expected {
                    let output = reference.output();
                    answers.agreement.judge(&expected, output, output);
                }
            }
            // `new` makes a spiking worker for a spiking network only.
            (Self::Spiking(_), None) => {}
        }
    }
}

impl Answers {
    fn push(&mut self, codes: &[i32], reals: &[f32]) {
        self.codes.extend_from_slice(codes);
        self.reals.extend_from_slice(reals);
    }
}
