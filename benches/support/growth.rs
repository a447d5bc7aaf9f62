//! How cost grows while one thing is doubled five times.

use super::builder::{Builder, numbers};
use super::cpu_clock;
use super::workload::{Workload, mesh};
use sdann::chip::{LoadMeter, Router, map};
use sdann::explore::Quantized;
use sdann::quantize::QuantizedNetwork;
use sdann::simulate::{BatchSimulator, Samples, Simulator, calibrate, measure};
use sdann::spiking::{Conversion, SpikingNetwork};
use serde_json::{Value, json};
use std::hint::black_box;

/// Each doubled five times.
const SIZES: usize = 6;
/// Measures of a point, of which the median counts.
const ROUNDS: usize = 5;
const CHANNELS: usize = 8;
const COLUMNS: usize = 16;

/// What grows, sizes and seconds, and the exponent of the power law that fits them best.
pub fn all() -> Value {
    let sizes = |smallest: usize| (0..SIZES).map(move |doubled| smallest << doubled);
    let mut rows = Vec::new();
    let mut row = |what: &str, points: Vec<(f64, f64)>| {
        rows.push(json!({"what": what, "exponent": exponent(&points), "points": points}));
    };

    let noise: Vec<f32> = numbers(7).take(960 * 784).map(f32::abs).collect();
    let name = "mnist-cnn";
    let mut workload = Workload::open(&super::asset(&format!("models/{name}.onnx")), name, &noise);
    let images = sizes(30).map(|count| (count as f64, seconds(|| workload.run("counted", count))));
    row("images", images.collect());

    let layers = sizes(2).map(|layers| (layers as f64, Made::new(layers, COLUMNS).counted()));
    row("layers", layers.collect());
    let neurons = sizes(COLUMNS).map(|rows| {
        let mut made = Made::new(3, rows);
        (made.neurons() as f64, made.counted())
    });
    row("neurons", neurons.collect());

    let mut made = Made::new(3, 8 * COLUMNS);
    for (what, bits) in [
        ("spikes of the input, exact", 32),
        ("spikes of the input, 16 bits", 16),
    ] {
        let spiking = made.converted(bits);
        let inputs = made.network.tensors[0].len();
        let points = sizes(inputs / 64).map(|lit| {
            // One spike each, evenly spread.
            let zero = made.network.quantize_input(&[0.0])[0];
            let every = inputs / lit;
            let codes: Vec<i32> = (0..inputs).map(|i| zero ^ i32::from(i % every == 0)).collect();
            (lit as f64, made.run(&spiking, &codes))
        });
        row(what, points.collect());
    }

    let mut made = Made::new(3, 8 * COLUMNS);
    let (mut counting, mut mapping) = (Vec::new(), Vec::new());
    for neurons_per_core in sizes(64).map(|size| 64 * 2048 / size) {
        let chip = mesh(made.neurons(), neurons_per_core);
        let map = || Router::new(&made.exact, map(&made.exact, &chip).expect("it fits"));
        let cores = made.neurons().div_ceil(neurons_per_core) as f64;
        mapping.push((
            cores,
            seconds(|| {
                black_box(map());
            }),
        ));
        let router = map();
        counting.push((cores, made.counted_on(&router)));
    }
    row("cores, simulated and counted", counting);
    row("cores, mapped and routed", mapping);
    Value::Array(rows)
}

fn seconds(mut run: impl FnMut()) -> f64 {
    run();
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| cpu_clock::seconds(&mut run)).collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// The slope of the straight line through the logarithms, by least squares.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logarithms: Vec<(f64, f64)> = points.iter().map(|&(x, y)| (x.ln(), y.ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let products = logarithms.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>();
    products / logarithms.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

/// Convolutions one behind the other, all of the same size.
struct Made {
    network: QuantizedNetwork,
    exact: SpikingNetwork,
    codes: Vec<i32>,
    simulator: Simulator,
}

impl Made {
    fn new(layers: usize, rows: usize) -> Self {
        let mut net = Builder::new([CHANNELS, rows, COLUMNS]);
        (0..layers).for_each(|_| net.conv(CHANNELS, 3, 1, false));
        let sample: Vec<f32> = numbers(7).take(CHANNELS * rows * COLUMNS).map(f32::abs).collect();
        let Quantized { network, .. } = net.quantized("made", sample.clone());
        let codes = network.quantize_input(&sample);
        let exact = converted(&network, &codes, 32);
        Self {
            simulator: Simulator::new(&network),
            network,
            exact,
            codes,
        }
    }

    fn neurons(&self) -> usize {
        self.network.tensors.iter().map(|tensor| tensor.len()).sum()
    }

    fn converted(&self, register_bits: u8) -> SpikingNetwork {
        converted(&self.network, &self.codes, register_bits)
    }

    fn run(&mut self, spiking: &SpikingNetwork, codes: &[i32]) -> f64 {
        seconds(|| self.simulator.run(spiking, codes, &mut ()))
    }

    /// Seconds of a sample with spikes counted per core, of as many as go together.
    fn counted(&mut self) -> f64 {
        let chip = mesh(self.neurons(), 256);
        let router = Router::new(&self.exact, map(&self.exact, &chip).expect("it fits"));
        self.counted_on(&router)
    }

    fn counted_on(&mut self, router: &Router) -> f64 {
        let mut meter = LoadMeter::new(&self.exact, router);
        let mut batch = BatchSimulator::new(&self.network, &self.exact).expect("codes of 8 bits");
        let samples = self.codes.repeat(batch.capacity());
        let taken = seconds(|| {
            batch.run(&self.exact, &samples);
            meter.add_batch(&batch, router);
        });
        taken / batch.capacity() as f64
    }
}

fn converted(network: &QuantizedNetwork, codes: &[i32], register_bits: u8) -> SpikingNetwork {
    let conversion = Conversion {
        register_bits,
        ..Conversion::default()
    };
    let samples = Samples {
        codes,
        len: codes.len(),
    };
    let statistics = measure(network, &conversion, samples);
    calibrate(network, &conversion, &statistics, samples)
}
