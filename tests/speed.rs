//! Nothing gets slower unnoticed: what the engine does is held against a plain loop of the same products, in turns on
//! one core, so that neither a slow nor a busy machine fails it. The bounds are far above what is reached; how fast the
//! engine really is, `cargo xtask bench` tells.

// The bounds are those of processors with AVX2.
#![cfg(target_arch = "x86_64")]

#[path = "../benches/support/cpu_clock.rs"]
mod cpu_clock;
#[path = "../benches/support/products.rs"]
mod products;
#[path = "../benches/support/workload.rs"]
mod workload;

use sdann::import::dataset::read_array;
use std::hint::black_box;
use workload::Workload;

/// At most so many times what the plain loop takes, in the profile of tests.
const BOUNDS: [(&str, f64); 5] = [
    ("counted", 0.2),
    ("single", 0.4),
    ("narrow", 2.0),
    ("reference", 2.0),
    ("trace", 5.0),
];
const IMAGES: usize = 20;
/// Turns, of which the median counts, and tries.
const ROUNDS: usize = 5;
const TRIES: usize = 3;

#[test]
fn everything_keeps_pace_with_a_plain_loop_of_its_products() {
    if !is_x86_feature_detected!("avx2") {
        println!("not measured: this processor has no AVX2");
        return;
    }
    let asset = |path: &str| {
        std::fs::read(format!("{}/assets/{path}", env!("CARGO_MANIFEST_DIR"))).expect("a shipped file")
    };
    let images = read_array(&asset("datasets/mnist-test-images.idx3-ubyte.gz")).expect("shipped images");
    let pixels: Vec<f32> = images
        .to_f32()
        .iter()
        .take(784 * 50)
        .map(|pixel| pixel / 255.0)
        .collect();
    let mut workload = Workload::open(&asset("models/mnist-cnn.onnx"), "mnist-cnn", &pixels);
    let macs = workload.macs();
    for (what, bound) in BOUNDS {
        let mut ratio = || {
            let mut ratios: Vec<f64> = (0..ROUNDS)
                .map(|_| {
                    let plain = cpu_clock::seconds(|| {
                        black_box(products::products(macs * IMAGES));
                    });
                    cpu_clock::seconds(|| workload.run(what, IMAGES)) / plain
                })
                .collect();
            ratios.sort_by(f64::total_cmp);
            ratios[ROUNDS / 2]
        };
        let mut found = Vec::new();
        while found.len() < TRIES && found.last().is_none_or(|&ratio| ratio > bound) {
            found.push(ratio());
        }
        println!("{what}: {found:.2?} times the plain loop, at most {bound}");
        assert!(
            found.last().is_some_and(|&ratio| ratio <= bound),
            "{what} takes {found:.2?} times as long as its products alone, more than {bound}"
        );
    }
}
