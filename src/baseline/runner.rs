//! One sample after another through a network, time step by time step.

use super::neurons;
use super::stages::Work;
use super::{BaselineError, Code, Network, Rate, Thresholds};

/// What a network answers after some time steps, and what it has cost so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer<'a> {
    /// Time steps so far, counted from 1; for a code with windows, those of a window.
    pub steps: u32,
    /// What the readout has added up; its largest element is the class. In the model's units times the
    /// time steps (rate), the periods (phase) or 1 (first spike).
    pub output: &'a [f32],
    /// Spikes of each population.
    pub spikes: &'a [u64],
    /// Spikes that the input has sent; 0 where it is a constant current.
    pub input_spikes: u64,
    /// Synapses that a spike has met (where linear operators follow each other without neurons between
    /// them, numbers that are not 0).
    pub operations: u64,
    /// Synapses that the real numbers of a constant input have met, once.
    pub multiply_accumulates: u64,
    /// What `output` is to be divided by to be in the model's units.
    pub whole: f32,
}

/// Sees what happens in a run. Every method does nothing unless it is written anew, and then costs nothing.
pub trait Observer {
    /// Whether it looks at spikes. If not, a window of single spikes is worked off at once.
    const SEES_SPIKES: bool = true;

    /// What a population sends in a time step of the whole run, counted from 0 (`None`: what the input sends,
    /// where it spikes): for each neuron the number that its spike stands for, 0 for none.
    fn spikes(&mut self, _step: u32, _population: Option<usize>, _sent: &[f32]) {}
    /// The answer after a time step, as [`Runner::run`] shows it.
    fn answer(&mut self, _answer: Answer<'_>) {}
}

/// Looks at answers only.
struct Answers<F>(F);

impl<F: FnMut(Answer<'_>)> Observer for Answers<F> {
    const SEES_SPIKES: bool = false;

    fn answer(&mut self, answer: Answer<'_>) {
        (self.0)(answer);
    }
}

/// Runs a network without allocating in between.
#[derive(Clone, Debug)]
pub struct Runner {
    slots: Vec<Vec<f32>>,
    membranes: Vec<Vec<f32>>,
    fired: Vec<Vec<i32>>,
    sums: Vec<f32>,
    readout: Vec<f32>,
    spikes: Vec<u64>,
    digits: Vec<i32>,
    /// Whether the input comes as spikes, not as a constant current.
    spiking_input: bool,
    input_spikes: u64,
    operations: u64,
    multiply_accumulates: u64,
}

impl Runner {
    /// Room for running `network`.
    pub fn new(network: &Network) -> Self {
        let populations = network.populations();
        Self {
            slots: network.slots.iter().map(|&n| vec![0.0; n]).collect(),
            membranes: populations.iter().map(|p| vec![0.0; p.neurons]).collect(),
            fired: populations.iter().map(|p| vec![0; p.neurons]).collect(),
            sums: vec![0.0; network.stages.iter().map(|s| s.work.sums()).max().unwrap_or(0)],
            readout: vec![0.0; network.outputs()],
            spikes: vec![0; populations.len()],
            digits: vec![0; network.inputs()],
            spiking_input: false,
            input_spikes: 0,
            operations: 0,
            multiply_accumulates: 0,
        }
    }

    /// The trained network itself, without spikes: its output.
    ///
    /// # Errors
    /// If the sample has another size than the network's input, or values that are not finite.
    pub fn exact(&mut self, network: &Network, sample: &[f32]) -> Result<&[f32], BaselineError> {
        self.activations(network, sample, |_, _| ())?;
        Ok(&self.slots[network.output])
    }

    /// The same, with a look at the activations of each population.
    pub(crate) fn activations(
        &mut self,
        network: &Network,
        sample: &[f32],
        mut look: impl FnMut(usize, &[f32]),
    ) -> Result<(), BaselineError> {
        self.start(network, sample)?;
        self.spiking_input = false;
        self.step(network, 1.0, false, |population, currents, activations, _| {
            let limit = network.populations()[population].limit;
            for (activation, current) in activations.iter_mut().zip(currents) {
                *activation = current.max(0.0).min(limit);
            }
            look(population, activations);
            0
        });
        Ok(())
    }

    /// Sends a sample through for `steps` time steps (of a phase code too; a code with windows has its
    /// own number) and shows the answer after each; one answer, after the last window, for
    /// [`Code::FirstSpike`].
    ///
    /// # Errors
    /// If the sample has another size than the network's input, or values that are not finite.
    pub fn run(
        &mut self,
        network: &Network,
        thresholds: &Thresholds,
        code: Code,
        steps: u32,
        sample: &[f32],
        look: impl FnMut(Answer<'_>),
    ) -> Result<(), BaselineError> {
        self.watch(network, thresholds, code, steps, sample, &mut Answers(look))
    }

    /// The same, watched as closely as `observer` likes.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn watch(
        &mut self,
        network: &Network,
        thresholds: &Thresholds,
        code: Code,
        steps: u32,
        sample: &[f32],
        observer: &mut impl Observer,
    ) -> Result<(), BaselineError> {
        self.start(network, sample)?;
        self.spiking_input = !matches!(code, Code::Rate(_));
        match code {
            Code::Rate(rate) => self.rate(network, thresholds, rate, steps, observer),
            Code::Phase { period } => {
                let period = period.clamp(1, Code::LONGEST_PERIOD);
                self.phase(network, thresholds, period, steps, observer);
            }
            Code::FirstSpike { window } => self.first_spike(network, thresholds, window.max(1), observer),
        }
        Ok(())
    }

    fn start(&mut self, network: &Network, sample: &[f32]) -> Result<(), BaselineError> {
        let input = &mut self.slots[network.input];
        if input.len() != sample.len() {
            return Err(BaselineError::Sample {
                model: network.name.clone(),
                found: sample.len(),
                expected: input.len(),
            });
        }
        if let Some(index) = sample.iter().position(|value| !value.is_finite()) {
            let value = sample[index];
            return Err(BaselineError::NotFinite { index, value });
        }
        input.copy_from_slice(sample);
        self.readout.fill(0.0);
        self.spikes.fill(0);
        self.fired.iter_mut().for_each(|f| f.fill(0));
        self.membranes.iter_mut().for_each(|m| m.fill(0.0));
        (self.input_spikes, self.operations, self.multiply_accumulates) = (0, 0, 0);
        Ok(())
    }

    /// One time step. `fire` makes spikes of a population's currents and says how many; `keep` leaves
    /// what depends on a constant input alone as it is.
    fn step(
        &mut self,
        network: &Network,
        share: f32,
        keep: bool,
        mut fire: impl FnMut(usize, &[f32], &mut [f32], &mut State<'_>) -> u64,
    ) {
        for stage in &network.stages {
            if keep && stage.constant {
                continue;
            }
            let mut output = std::mem::take(&mut self.slots[stage.to]);
            if let (Work::Fire(population), [from]) = (&stage.work, &stage.from[..]) {
                let mut state = State {
                    membranes: &mut self.membranes[*population],
                    fired: &mut self.fired[*population],
                };
                self.spikes[*population] += fire(*population, &self.slots[*from], &mut output, &mut state);
            } else {
                let met = stage
                    .work
                    .apply(&self.slots, &stage.from, &mut output, share, &mut self.sums);
                if stage.constant && !self.spiking_input {
                    self.multiply_accumulates += met;
                } else {
                    self.operations += met;
                }
            }
            self.slots[stage.to] = output;
        }
    }

    fn answer(&self, steps: u32, whole: f32) -> Answer<'_> {
        Answer {
            steps,
            whole,
            output: &self.readout,
            spikes: &self.spikes,
            input_spikes: self.input_spikes,
            operations: self.operations,
            multiply_accumulates: self.multiply_accumulates,
        }
    }

    fn read_out(&mut self, network: &Network) {
        for (sum, value) in self.readout.iter_mut().zip(&self.slots[network.output]) {
            *sum += value;
        }
    }

    fn rate(
        &mut self,
        network: &Network,
        thresholds: &Thresholds,
        rate: Rate,
        steps: u32,
        observer: &mut impl Observer,
    ) {
        if rate.half_start {
            for (membranes, threshold) in self.membranes.iter_mut().zip(&thresholds.populations) {
                membranes.fill(threshold / 2.0);
            }
        }
        for step in 0..steps {
            self.step(network, 1.0, step > 0, |population, currents, spikes, state| {
                let threshold = thresholds.populations[population];
                let count = neurons::integrate_and_fire(
                    rate,
                    threshold,
                    currents,
                    state.membranes,
                    state.fired,
                    spikes,
                );
                observer.spikes(step, Some(population), spikes);
                count
            });
            self.read_out(network);
            observer.answer(self.answer(step + 1, (step + 1) as f32));
        }
    }

    fn phase(
        &mut self,
        network: &Network,
        thresholds: &Thresholds,
        period: u32,
        steps: u32,
        observer: &mut impl Observer,
    ) {
        let largest = ((1u32 << period) - 1) as f32;
        for (digits, value) in self.digits.iter_mut().zip(&self.slots[network.input]) {
            *digits = neurons::digits(*value, thresholds.input, period);
        }
        // All digits set stand for θ.
        let whole = (1u32 << period) as f32 / largest;
        let mut weights = 0.0;
        for step in 0..steps {
            let weight = neurons::phase_weight(step, period);
            let bit = period - 1 - step % period;
            let spike = weight * thresholds.input * whole;
            for (value, digits) in self.slots[network.input].iter_mut().zip(&self.digits) {
                let fires = digits.unsigned_abs() >> bit & 1 == 1;
                *value = if fires {
                    spike * digits.signum() as f32
                } else {
                    0.0
                };
                self.input_spikes += u64::from(fires);
            }
            observer.spikes(step, None, &self.slots[network.input]);
            weights += weight * whole;
            self.step(
                network,
                weight * whole,
                false,
                |population, currents, spikes, state| {
                    let threshold = thresholds.populations[population];
                    let count = neurons::weighted_fire(weight, threshold, currents, state.membranes, spikes);
                    observer.spikes(step, Some(population), spikes);
                    count
                },
            );
            self.read_out(network);
            observer.answer(self.answer(step + 1, weights));
        }
    }

    fn first_spike(
        &mut self,
        network: &Network,
        thresholds: &Thresholds,
        window: u32,
        observer: &mut impl Observer,
    ) {
        for value in &mut self.slots[network.input] {
            let spike = first(value.abs(), thresholds.input, window);
            self.input_spikes += u64::from(spike > 0.0);
            *value = if *value < 0.0 { -spike } else { spike };
        }
        show_spikes(
            observer,
            &self.slots[network.input],
            None,
            0,
            thresholds.input,
            window,
        );
        // Every membrane is compared only when its inputs' window is over, so all of a window's spikes may
        // be added at once.
        self.step(network, 1.0, false, |population, currents, spikes, _| {
            let threshold = thresholds.populations[population];
            let mut count = 0;
            for (spike, &current) in spikes.iter_mut().zip(currents) {
                *spike = first(current, threshold, window);
                count += u64::from(*spike > 0.0);
            }
            let begin = network.populations()[population].depth as u32 * window;
            show_spikes(observer, spikes, Some(population), begin, threshold, window);
            count
        });
        self.read_out(network);
        observer.answer(self.answer(window, 1.0));
    }
}

/// What a population keeps from step to step.
struct State<'a> {
    membranes: &'a mut [f32],
    fired: &'a mut [i32],
}

/// What the one spike of a neuron stands for; 0 if there is none.
fn first(value: f32, threshold: f32, window: u32) -> f32 {
    neurons::spike_time(value, threshold, window)
        .map_or(0.0, |time| neurons::spike_value(time, threshold, window))
}

/// Shows a window's single spikes, step by step from `begin` on: each tells by its number when it was sent.
fn show_spikes<O: Observer>(
    observer: &mut O,
    sent: &[f32],
    population: Option<usize>,
    begin: u32,
    threshold: f32,
    window: u32,
) {
    if !O::SEES_SPIKES {
        return;
    }
    let mut now = vec![0.0; sent.len()];
    for time in 0..window {
        let value = neurons::spike_value(time, threshold, window);
        for (now, &sent) in now.iter_mut().zip(sent) {
            *now = if sent.abs() == value { sent } else { 0.0 };
        }
        observer.spikes(begin + time, population, &now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Percentile, Reset};
    use crate::import::import_model;

    /// What was seen: spikes of every step and population, and the last answer.
    #[derive(Default)]
    struct Seen {
        input: u64,
        spikes: Vec<u64>,
        steps: Vec<u32>,
        output: Vec<f32>,
    }

    impl Observer for Seen {
        fn spikes(&mut self, step: u32, population: Option<usize>, sent: &[f32]) {
            let count = sent.iter().filter(|&&value| value != 0.0).count() as u64;
            match population {
                None => self.input += count,
                Some(population) => {
                    self.spikes.resize(self.spikes.len().max(population + 1), 0);
                    self.spikes[population] += count;
                }
            }
            self.steps.push(step);
        }

        fn answer(&mut self, answer: Answer<'_>) {
            self.output = answer.output.iter().map(|sum| sum / answer.whole).collect();
        }
    }

    #[test]
    fn an_observer_sees_every_spike_that_is_counted_and_answers_in_the_models_units() {
        let bytes = include_bytes!("../../assets/models/digits-mlp.float.onnx");
        let graph = import_model(bytes, "digits-mlp").expect("the shipped model");
        let network = Network::new(&graph).expect("it has neurons");
        let sample: Vec<f32> = (0..64).map(|i| (i * 7 % 17) as f32 / 16.0).collect();
        let thresholds = Thresholds::measure(&network, [&sample[..]].into_iter(), Percentile::default());
        let thresholds = thresholds.expect("a sample");
        let mut runner = Runner::new(&network);
        let exact = runner.exact(&network, &sample).expect("it fits").to_vec();
        let hard = Rate {
            reset: Reset::Hard,
            ..Rate::default()
        };
        let codes = [
            (Code::Rate(Rate::FAST), 64, 64),
            (Code::Rate(hard), 16, 16),
            (Code::Phase { period: 8 }, 64, 64),
            (Code::FirstSpike { window: 32 }, 32, 64),
        ];
        for (code, steps, last) in codes {
            let (mut seen, mut counted) = (Seen::default(), Vec::new());
            let mut input = 0;
            let look = |answer: Answer<'_>| {
                counted = answer.spikes.to_vec();
                input = answer.input_spikes;
            };
            runner
                .run(&network, &thresholds, code, steps, &sample, look)
                .expect("it fits");
            runner
                .watch(&network, &thresholds, code, steps, &sample, &mut seen)
                .expect("it fits");
            assert_eq!((&seen.spikes, seen.input), (&counted, input), "{code:?}");
            assert_eq!(seen.steps.iter().max(), Some(&(last - 1)), "{code:?}");
            if code != Code::Rate(hard) {
                let span = exact.iter().fold(0.0f32, |most, value| most.max(value.abs()));
                let error = exact
                    .iter()
                    .zip(&seen.output)
                    .fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
                assert!(error < 0.1 * span, "{code:?}: {error} of {span}");
            }
        }
    }
}
