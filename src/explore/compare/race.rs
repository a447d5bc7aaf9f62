//! One sample under one code, time step by time step.

use super::bit_serial::BitSerial;
use super::comparer::{Comparer, Plan};
use super::{CodeName, CompareError};
use crate::baseline::{self, Answer, Code};
use crate::quantize::winner;
use crate::simulate::{self, Packed, Simulator, Site};
use crate::spiking::SpikingLayer;
use serde::{Deserialize, Serialize};

/// Neurons of a population whose spikes are kept one by one.
const ROWS: usize = 48;

/// What becomes of a sample under a code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The code; `None` in a lane that is empty.
    pub code: Option<CodeName>,
    /// Time steps until the answer.
    pub steps: u32,
    /// Time steps of a window, where layers speak one after the other: else 0.
    pub window: u32,
    /// Spikes that are sent in each step, by all neurons and the input.
    pub spikes: Packed<u32>,
    /// The input, then each population of the trained network.
    pub bands: Vec<Band>,
    /// What stands for the answer after each step, step-major, in the model's units where the code has any before its
    /// end; 0 as long as nothing has arrived.
    pub answers: Packed<f32>,
    /// The class after each step, or −1 while no output stands out.
    pub classes: Packed<i32>,
    /// The number of steps after which the class was the final one and stayed it.
    pub settled: Option<u32>,
}

/// Spikes of some neurons of a population.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The population's node; empty for the input.
    pub name: String,
    /// How many neurons it has.
    pub neurons: usize,
    /// Which of them are kept: the strongest in the trained network first, evenly chosen among those that are not
    /// silent there.
    pub rows: Packed<u32>,
    /// Row after row, a number for each step: 1 for a spike, −1 for a negative one, 0 for none. Empty where this code
    /// has no such neurons.
    pub spikes: Packed<i8>,
}

impl Comparer {
    /// Runs a sample under one code for `steps` time steps in all (which a bit-serial network has of its own), and
    /// keeps what happened. A float network's bit-serial form is the one of the most bits.
    ///
    /// # Errors
    /// If the sample has another size than the network's input.
    pub fn race(&mut self, code: CodeName, steps: u32, sample: &[f32]) -> Result<Lane, CompareError> {
        let (plan, runner) = (&*self.plan, &mut self.runner);
        let mut bands = vec![band(String::new(), sample)];
        runner.activations(&plan.network, sample, |population, values| {
            bands.push(band(plan.network.populations()[population].name.clone(), values));
        })?;
        if code == CodeName::BitSerial {
            let net = plan.bit_serial.last();
            return Ok(net.map_or_else(Lane::default, |net| net.race(sample, bands)));
        }
        let depth = plan.network.depth();
        let window = match code {
            CodeName::FirstSpike => (steps / (depth as u32 + 1)).max(1),
            _ => steps.max(1),
        };
        let Some(rule) = plan.code(code, window) else {
            return Ok(Lane::default());
        };
        let steps = rule.latency(window, depth) as u32;
        let mut recorder = Recorder::new(code, steps, bands, plan);
        if matches!(rule, Code::FirstSpike { .. }) {
            recorder.lane.window = window;
        }
        let thresholds = plan.thresholds(code);
        runner.watch(&plan.network, thresholds, rule, window, sample, &mut recorder)?;
        Ok(recorder.lane.finished())
    }
}

/// Chooses the neurons that are kept.
fn band(name: String, values: &[f32]) -> Band {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let value = |neuron: u32| values[neuron as usize].abs();
    order.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
    let active = order.iter().take_while(|&&neuron| value(neuron) > 0.0).count();
    let rows = if active > ROWS {
        (0..ROWS).map(|row| order[row * active / ROWS]).collect()
    } else {
        order.truncate(ROWS);
        order
    };
    Band {
        name,
        neurons: values.len(),
        rows: rows.into(),
        spikes: Packed::default(),
    }
}

impl Band {
    /// Keeps what some of `neurons` send in a step.
    fn record(&mut self, step: usize, steps: usize, sent: impl Fn(usize) -> i8) {
        if self.spikes.is_empty() {
            self.spikes = vec![0; self.rows.len() * steps].into();
        }
        for (row, &neuron) in self.rows.iter().enumerate() {
            if let Some(spike) = self.spikes.0.get_mut(row * steps + step) {
                *spike = sent(neuron as usize);
            }
        }
    }
}

impl Lane {
    fn new(code: CodeName, steps: u32, bands: Vec<Band>, outputs: usize) -> Self {
        let count = steps as usize;
        Self {
            code: Some(code),
            steps,
            window: 0,
            spikes: vec![0; count].into(),
            bands,
            answers: vec![0.0; count * outputs].into(),
            classes: vec![-1; count].into(),
            settled: None,
        }
    }

    fn answer(&mut self, step: usize, outputs: impl ExactSizeIterator<Item = f32>) {
        let len = outputs.len();
        let Some(answer) = self.answers.0.get_mut(step * len..(step + 1) * len) else {
            return;
        };
        answer.iter_mut().zip(outputs).for_each(|(to, from)| *to = from);
        let stands_out = answer.iter().any(|&value| value != answer[0]);
        self.classes[step] = if stands_out { winner(answer) as i32 } else { -1 };
    }

    /// With the step from which on its class stays.
    fn finished(mut self) -> Self {
        let last = self.classes.last().copied().unwrap_or(-1);
        let others = self.classes.iter().rposition(|&class| class != last);
        self.settled = (last >= 0).then(|| others.map_or(1, |step| step as u32 + 2));
        self
    }

    /// The class that it answers with; `None` if no output stands out.
    pub fn class(&self) -> Option<usize> {
        self.classes.last().and_then(|&class| usize::try_from(class).ok())
    }
}

/// Writes down what a baseline does.
struct Recorder {
    lane: Lane,
}

impl Recorder {
    fn new(code: CodeName, steps: u32, bands: Vec<Band>, plan: &Plan) -> Self {
        Self {
            lane: Lane::new(code, steps, bands, plan.network.outputs()),
        }
    }
}

impl baseline::Observer for Recorder {
    fn spikes(&mut self, step: u32, population: Option<usize>, sent: &[f32]) {
        let (step, steps) = (step as usize, self.lane.steps as usize);
        let sign = |value: f32| i8::from(value > 0.0) - i8::from(value < 0.0);
        if let Some(sum) = self.lane.spikes.0.get_mut(step) {
            *sum += sent.iter().filter(|&&value| value != 0.0).count() as u32;
        }
        if let Some(band) = self
            .lane
            .bands
            .get_mut(population.map_or(0, |population| population + 1))
        {
            band.record(step, steps, |neuron| sign(sent[neuron]));
        }
    }

    fn answer(&mut self, answer: Answer<'_>) {
        // Windows end with the last step, other codes answer after each.
        let step = match self.lane.window {
            0 => answer.steps as usize - 1,
            _ => self.lane.steps as usize - 1,
        };
        let outputs = answer.output.iter().map(|sum| sum / answer.whole);
        self.lane.answer(step, outputs);
    }
}

/// Writes down the membranes of a layer.
struct Membranes {
    layer: usize,
    start: Vec<Vec<i64>>,
    /// For each dendrite and step.
    steps: Vec<Vec<Vec<i64>>>,
}

impl simulate::Observer for Membranes {
    fn start(&mut self, site: Site, membranes: &[i64]) {
        if site.layer == self.layer {
            self.start[site.dendrite] = membranes.to_vec();
        }
    }

    fn step(&mut self, site: Site, _step: usize, _currents: &[i64], membranes: &[i64]) {
        if site.layer == self.layer {
            self.steps[site.dendrite].push(membranes.to_vec());
        }
    }
}

impl Membranes {
    /// What the membrane of a neuron stands for after a step of the layer's window: where it doubles, the digits that
    /// are still to come count as 0.
    fn at(&self, layer: &SpikingLayer, dendrite: usize, step: usize, neuron: usize) -> i64 {
        let (steps, all) = (&self.steps[dendrite], layer.dendrites[dendrite].steps.len());
        let Some(membranes) = steps.get(step.min(steps.len().saturating_sub(1))) else {
            return self.start[dendrite].get(neuron).copied().unwrap_or(0);
        };
        if layer.dendrites[dendrite].doubling {
            let start = self.start[dendrite].get(neuron).copied().unwrap_or(0);
            return (membranes[neuron] << all.saturating_sub(step + 1)) + start;
        }
        membranes[neuron]
    }
}

impl BitSerial {
    /// A sample, bit by bit. The bands are those of the trained network's populations: a layer with as many neurons
    /// stands for each.
    fn race(&self, sample: &[f32], bands: Vec<Band>) -> Lane {
        let (network, spiking) = (&self.network, &self.spiking);
        let point = self.point();
        let outputs = network.output().len();
        let mut lane = Lane::new(CodeName::BitSerial, point.latency as u32, bands, outputs);
        lane.window = point.steps;
        let Some(last) = spiking.layers.len().checked_sub(1) else {
            return lane;
        };
        let layer = &spiking.layers[last];
        let mut membranes = Membranes {
            layer: last,
            start: vec![Vec::new(); layer.dendrites.len()],
            steps: vec![Vec::new(); layer.dendrites.len()],
        };
        let mut simulator = Simulator::new(network);
        simulator.run(spiking, &network.quantize_input(sample), &mut membranes);

        let (begins, steps) = (self.begins(), lane.steps as usize);
        let hidden: Vec<usize> = self.hidden_layers().map(|(tensor, _)| tensor).collect();
        let mut left = &hidden[..];
        let mut shown = vec![(0, 0)];
        for band in 1..lane.bands.len() {
            let neurons = lane.bands[band].neurons;
            let found = left
                .iter()
                .position(|&tensor| spiking.tensors[tensor].len() == neurons);
            if let Some(found) = found {
                shown.push((left[found], band));
                left = &left[found + 1..];
            }
        }
        for tensor in std::iter::once(0).chain(hidden) {
            let Some(code) = spiking.codes[tensor] else {
                continue;
            };
            let codes = simulator.codes(tensor);
            let order = code.steps(spiking.conversion.order, spiking.conversion.accumulation);
            let band = shown.iter().find(|(known, _)| *known == tensor);
            for (index, step) in order.iter().enumerate() {
                let at = begins[tensor] as usize + index;
                if let Some(sum) = lane.spikes.0.get_mut(at) {
                    *sum += codes.iter().filter(|&&c| code.is_spike(c, step.plane)).count() as u32;
                }
                if let Some(&(_, band)) = band {
                    lane.bands[band].record(at, steps, |neuron| code.digit(codes[neuron], step.plane) as i8);
                }
            }
        }
        let begin = self.listens(&begins, layer) as usize;
        for step in begin..steps {
            let real = |neuron| {
                let membrane = |dendrite| membranes.at(layer, dendrite, step - begin, neuron);
                let potential = layer.fire.potential(neuron, membrane);
                let affine = layer.fire.requantizer.output();
                affine.map_or(potential as f32, |affine| {
                    affine.scale * (potential - f64::from(affine.zero_point)) as f32
                })
            };
            lane.answer(step, (0..outputs).map(real));
        }
        // What it says in the end is the rounded code.
        lane.answer(steps.saturating_sub(1), simulator.output().iter().copied());
        lane.finished()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Question;
    use crate::import::dataset::read_array;
    use crate::import::import_model;

    const FLOAT: &[u8] = include_bytes!("../../../assets/models/digits-mlp.float.onnx");
    const INTEGERS: &[u8] = include_bytes!("../../../assets/models/digits-mlp.onnx");
    const IMAGES: &[u8] = include_bytes!("../../../assets/datasets/digits-test-images.idx3-ubyte.gz");

    fn comparer(model: &[u8]) -> (Comparer, Vec<f32>) {
        let graph = import_model(model, "digits").expect("the shipped model");
        let mut images = read_array(IMAGES).expect("the shipped images").to_f32();
        images.iter_mut().for_each(|value| *value /= 16.0);
        let question = Question {
            steps: vec![32],
            ..Question::default()
        };
        let comparer = Comparer::new(&graph, &images[..64 * 50], &question);
        (comparer.expect("the network spikes"), images)
    }

    #[test]
    fn a_race_has_the_spikes_and_the_class_that_a_comparison_counts() {
        for model in [FLOAT, INTEGERS] {
            let (mut comparer, images) = comparer(model);
            let sample = &images[64 * 7..64 * 8];
            for code in CodeName::ALL {
                // The window of single spikes is as long as the comparison's: there is one population.
                let steps = if code == CodeName::FirstSpike { 64 } else { 32 };
                let lane = comparer.race(code, steps, sample).expect("it fits");
                let mut counter = comparer.clone();
                counter.add(sample, lane.class()).expect("it fits");
                let before = comparer.comparison();
                let curve = |of: &crate::explore::Comparison| {
                    let curve = of.codes.iter().find(|curve| curve.code == code);
                    curve
                        .and_then(|curve| curve.points.last())
                        .expect("a point")
                        .clone()
                };
                let (point, before) = (curve(counter.comparison()), curve(before));
                let spikes: u32 = lane.spikes.iter().sum();
                assert_eq!(u64::from(spikes), point.spikes() - before.spikes(), "{code:?}");
                assert_eq!(point.correct, 1, "{code:?} says {:?}", lane.class());
                assert_eq!(u64::from(lane.steps), point.latency, "{code:?}");
            }
        }
    }

    #[test]
    fn a_class_has_settled_when_it_is_not_left_any_more() {
        let mut lane = Lane::new(CodeName::Rate, 5, Vec::new(), 2);
        for (step, outputs) in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.5, 1.0]]
            .into_iter()
            .enumerate()
        {
            lane.answer(step, outputs.into_iter());
        }
        let lane = lane.finished();
        assert_eq!(*lane.classes, [-1, 0, 1, 1, 1]);
        assert_eq!((lane.settled, lane.class()), (Some(3), Some(1)));
    }

    #[test]
    fn the_rows_of_a_bit_serial_lane_spell_codes_in_the_layers_own_window() {
        let (mut comparer, images) = comparer(INTEGERS);
        let sample = &images[..64];
        let lane = comparer.race(CodeName::BitSerial, 0, sample).expect("it fits");
        assert_eq!((lane.steps, lane.window), (16, 8));
        let hidden = &lane.bands[1];
        assert_eq!(hidden.neurons, 16);
        let net = &comparer.plan.bit_serial[0];
        let mut simulator = Simulator::new(&net.network);
        simulator.run(&net.spiking, &net.network.quantize_input(sample), &mut ());
        let code = net.spiking.codes[1].expect("it sends codes");
        for (row, &neuron) in hidden.rows.iter().enumerate() {
            let spikes = &hidden.spikes[row * 16..(row + 1) * 16];
            assert!(
                spikes[..8].iter().all(|&spike| spike == 0),
                "the input speaks first"
            );
            let sum: i64 = (0..8)
                .map(|step| i64::from(spikes[8 + step]) * code.weight(7 - step as u8))
                .sum();
            assert_eq!(sum, i64::from(simulator.codes(1)[neuron as usize]));
        }
    }

    #[test]
    fn single_spikes_come_in_the_windows_of_their_layers_and_the_strongest_first() {
        let (mut comparer, images) = comparer(FLOAT);
        let lane = comparer
            .race(CodeName::FirstSpike, 32, &images[..64])
            .expect("it fits");
        assert_eq!((lane.steps, lane.window, lane.bands.len()), (32, 16, 2));
        let mut last = 0;
        for row in lane.bands[1]
            .spikes
            .chunks_exact(32)
            .take(lane.bands[1].rows.len())
        {
            let times: Vec<usize> = (0..32).filter(|&step| row[step] != 0).collect();
            assert!(times.len() <= 1);
            if let Some(&time) = times.first() {
                assert!(time >= 16 && time >= last, "{time} after {last}");
                last = time;
            }
        }
        assert!(last > 16);
        // The answer comes with the last window's end.
        assert!(lane.classes[..31].iter().all(|&class| class == -1));
        assert_eq!(lane.settled, Some(32));
    }
}
