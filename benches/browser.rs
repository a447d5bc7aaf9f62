//! How fast the engine is in a browser: `cargo xtask bench` runs this in headless Chromium and keeps the last
//! line, which is JSON. Measures take turns, and each is the median of several; a figure counts by its ratio to
//! `products`, the network's multiplications alone, for the machine may be busy.

#![cfg(target_arch = "wasm32")]

use core::arch::wasm32::{i16x8, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128};
use sdann::chip::{ChipSettings, LoadMeter, Router, map};
use sdann::explore::{Tally, open_network};
use sdann::import::dataset::read_array;
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Samples, Simulator, calibrate, measure, trace};
use sdann::spiking::{Conversion, SpikingNetwork};
use std::hint::black_box;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Images of one measure.
const IMAGES: usize = 200;
/// Measures, of which the median counts.
const ROUNDS: usize = 7;

fn milliseconds() -> f64 {
    let worker: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    worker.performance().expect("a clock").now()
}

/// Products of an image by the one instruction, from the first cache.
fn products(macs: usize) -> i32 {
    const VECTORS: usize = 128;
    let vectors = |step: i16| -> [v128; VECTORS] {
        std::array::from_fn(|i| {
            let x = i as i16 * step;
            i16x8(x, x + 1, x - 2, x + 3, x - 4, x + 5, x - 6, x + 7)
        })
    };
    let (a, b) = (vectors(3), vectors(-2));
    let mut sums = [i32x4_splat(0); 4];
    for _ in 0..macs / (8 * VECTORS) {
        let pairs = black_box(&a).chunks_exact(4).zip(black_box(&b).chunks_exact(4));
        for (a, b) in pairs {
            for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(a, b));
            }
        }
    }
    sums.iter()
        .map(|&sum| i32x4_extract_lane::<0>(sum))
        .fold(0, i32::wrapping_add)
}

fn converted(network: &QuantizedNetwork, register_bits: u8, codes: &[i32]) -> SpikingNetwork {
    let conversion = Conversion {
        register_bits,
        ..Conversion::default()
    };
    let samples = Samples { codes, len: 784 };
    let statistics = measure(network, &conversion, samples);
    calibrate(network, &conversion, &statistics, samples)
}

/// What is timed: its name, its images, and the work on them.
type Timed<'a> = (&'static str, usize, Box<dyn FnMut() + 'a>);

/// Images per second of every measure of a model.
fn speeds(name: &str, bytes: &[u8], pixels: &[f32]) -> Vec<(&'static str, f64)> {
    let network = &open_network(bytes, name).expect("a shipped model");
    let codes = network.quantize_input(pixels);
    let images = || codes.chunks_exact(784).take(IMAGES);
    let exact = &converted(network, 32, &codes[..784 * 50]);
    let narrow = &converted(network, 16, &codes[..784 * 50]);
    let chip = ChipSettings {
        width: 20,
        height: 20,
        neurons_per_core: 256,
        ..ChipSettings::default()
    };
    let router = Router::new(exact, map(exact, &chip).expect("it fits"));
    let dendrites = network.layers.iter().flat_map(|layer| &layer.dendrites);
    let weighing = dendrites.filter(|d| d.weights.bits > 2);
    let macs: usize = weighing
        .map(|d| d.connections.output.len() * d.connections.fan_in())
        .sum();

    let mut meter = LoadMeter::new(exact, &router);
    let [mut counted, mut narrowed, mut traced] = [0; 3].map(|_| Simulator::new(network));
    let [mut alone, mut beside] = [0; 2].map(|_| Reference::new(network));
    let mut tally = Tally::new(network, IMAGES);
    let mut measures: Vec<Timed<'_>> = vec![
        (
            "products",
            IMAGES,
            Box::new(|| {
                images().for_each(|_| {
                    black_box(products(macs));
                })
            }),
        ),
        (
            "exact, spikes counted per core",
            IMAGES,
            Box::new(|| {
                for image in images() {
                    counted.run(exact, image, &mut ());
                    meter.add(&counted, &router);
                }
            }),
        ),
        (
            "16 bits, each step rounded",
            IMAGES,
            Box::new(|| images().for_each(|image| narrowed.run(narrow, image, &mut ()))),
        ),
        (
            "integer reference",
            IMAGES,
            Box::new(|| images().for_each(|image| alone.run(network, image))),
        ),
        (
            "agreement with the reference",
            IMAGES,
            Box::new(|| {
                tally.restart();
                images().for_each(|image| tally.add(network, exact, image, None));
            }),
        ),
        (
            "full trace",
            3,
            Box::new(|| {
                for image in images().take(3) {
                    black_box(trace(network, narrow, image, &mut traced, &mut beside));
                }
            }),
        ),
    ];
    let mut times = vec![Vec::new(); measures.len()];
    for _ in 0..ROUNDS {
        for ((_, count, run), times) in measures.iter_mut().zip(&mut times) {
            let before = milliseconds();
            run();
            times.push((milliseconds() - before) / *count as f64);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    let names = measures.iter().map(|(name, ..)| *name);
    names
        .zip(times.into_iter().map(|times| 1000.0 / median(times)))
        .collect()
}

#[wasm_bindgen_test]
fn speed() {
    let images = include_bytes!("../assets/datasets/mnist-test-images.idx3-ubyte.gz");
    let stored = read_array(images).expect("the shipped images").to_f32();
    let pixels: Vec<f32> = stored.into_iter().map(|p| p / 255.0).collect();
    let models: [(&str, &[u8]); 2] = [
        ("mnist-cnn", include_bytes!("../assets/models/mnist-cnn.onnx")),
        (
            "mnist-residual",
            include_bytes!("../assets/models/mnist-residual.onnx"),
        ),
    ];
    let mut all = serde_json::Map::new();
    for (name, bytes) in models {
        let speeds = speeds(name, bytes, &pixels);
        let products = speeds[0].1;
        for &(what, speed) in &speeds {
            let ratio = products / speed;
            console_log!("bench| {name:14} | {what:30} | {speed:10.1} images/s | {ratio:8.2} × products");
        }
        let speeds = speeds
            .into_iter()
            .map(|(what, speed)| (what.to_owned(), speed.into()));
        all.insert(name.to_owned(), serde_json::Value::Object(speeds.collect()));
    }
    console_log!("json| {}", serde_json::Value::Object(all));
}
