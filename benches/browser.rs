//! The browser's side of `cargo xtask bench`: what of the engine is measured, called by `benches/browser/worker.js`,
//! which has the clock and lets the peers take turns with it.

#![cfg(target_arch = "wasm32")]

#[path = "support/workload.rs"]
mod workload;

use core::arch::wasm32::{i16x8, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128};
use sdann::import::dataset::read_array;
use std::hint::black_box;
use wasm_bindgen::prelude::wasm_bindgen;

/// A model with its samples.
#[wasm_bindgen]
pub struct Workload(workload::Workload);

#[wasm_bindgen]
impl Workload {
    /// Reads a model whose samples are `reals`, one behind the other.
    #[wasm_bindgen(constructor)]
    pub fn new(model: &[u8], name: &str, reals: &[f32]) -> Self {
        console_error_panic_hook::set_once();
        Self(workload::Workload::open(model, name, reals))
    }

    /// Products of weights and activations in one sample.
    #[wasm_bindgen(getter)]
    pub fn macs(&self) -> f64 {
        self.0.macs() as f64
    }

    /// Runs the first `count` samples in the way that is named.
    pub fn run(&mut self, what: &str, count: usize) {
        self.0.run(what, count);
    }
}

/// The numbers of a data file, such as IDX.
#[wasm_bindgen]
pub fn numbers(bytes: &[u8]) -> Vec<f32> {
    read_array(bytes).expect("sound data").to_f32()
}

fn vector(x: i16) -> v128 {
    i16x8(x, x + 1, x - 2, x + 3, x - 4, x + 5, x - 6, x + 7)
}

/// Products by the one instruction, both factors from the first cache: eight for every vector.
#[wasm_bindgen]
pub fn products(macs: usize) -> i32 {
    const VECTORS: usize = 128;
    let vectors = |step: i16| -> [v128; VECTORS] { std::array::from_fn(|i| vector(i as i16 * step)) };
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

/// The same without loads: as fast as this machine multiplies and adds in a browser. Each sum is a factor of the next
/// one's product, so that none can be moved out of the loop.
#[wasm_bindgen]
pub fn peak(macs: usize) -> i32 {
    let weight = black_box(vector(3));
    let [mut a, mut b, mut c, mut d, mut e, mut f] = [1, 2, 3, 4, 5, 6].map(|x| black_box(vector(x)));
    let [mut g, mut h, mut i, mut j, mut k, mut l] = [7, 8, 9, 10, 11, 12].map(|x| black_box(vector(x)));
    macro_rules! step {
        ($($sum:ident)*) => { $($sum = i32x4_add($sum, i32x4_dot_i16x8($sum, weight));)* };
    }
    for _ in 0..macs / (8 * 12 * 2) {
        step!(a b c d e f g h i j k l);
        step!(a b c d e f g h i j k l);
    }
    [a, b, c, d, e, f, g, h, i, j, k, l]
        .into_iter()
        .map(|sum| i32x4_extract_lane::<0>(sum))
        .fold(0, i32::wrapping_add)
}

/// Bytes of the engine's memory, which never shrinks.
#[wasm_bindgen]
pub fn memory_bytes() -> f64 {
    core::arch::wasm32::memory_size::<0>() as f64 * 65_536.0
}
