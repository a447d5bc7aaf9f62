//! The native side of `cargo xtask bench`.
//!
//! - `serve` measures what it is asked for, line by line, so that xtask can let peers take turns with it.
//! - `growth` says how cost grows with the size of things.
//! - `mobile-net FILE` writes the large model that the browser is measured on.

#![allow(clippy::print_stdout, reason = "what it prints is what cargo xtask reads")]

#[path = "support/builder.rs"]
mod builder;
#[path = "support/cpu_clock.rs"]
mod cpu_clock;
#[path = "support/growth.rs"]
mod growth;
#[path = "support/mobile_net.rs"]
mod mobile_net;
#[path = "support/products.rs"]
mod products;
#[path = "support/workload.rs"]
mod workload;

use sdann::baseline::{Code, Network, Percentile, Rate, Runner, Thresholds};
use sdann::import::dataset::read_array;
use sdann::import::import_model;
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, stdin};
use workload::Workload;

/// Images that take part.
const IMAGES: usize = 1000;
/// Images of what takes long for each.
const FEW: usize = 50;
const PIXELS: usize = 784;

fn main() -> Result<(), Box<dyn Error>> {
    // cargo adds a flag of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["growth"] => {
            println!("{}", growth::all());
            Ok(())
        }
        ["mobile-net", path] => Ok(std::fs::write(path, mobile_net::mobile_net())?),
        // As `cargo bench` calls it, which measures by benches/engine.rs.
        _ => Ok(()),
    }
}

fn asset(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/assets/{path}", env!("CARGO_MANIFEST_DIR"))).expect("a file of the repository")
}

/// MNIST's images or labels as they are stored.
fn stored(name: &str) -> Vec<f32> {
    let bytes = asset(&format!("datasets/mnist-{name}.gz"));
    read_array(&bytes).expect("shipped data").to_f32()
}

/// A float model under the codes to be beaten.
struct Baseline {
    network: Network,
    thresholds: Thresholds,
    runner: Runner,
}

impl Baseline {
    fn open(name: &str, calibration: &[f32]) -> Self {
        let graph =
            import_model(&asset(&format!("models/{name}.float.onnx")), name).expect("a shipped model");
        let network = Network::new(&graph).expect("it has neurons");
        let samples = calibration.chunks_exact(PIXELS).take(100);
        let thresholds = Thresholds::measure(&network, samples, Percentile::default());
        Self {
            thresholds: thresholds.expect("there are samples"),
            runner: Runner::new(&network),
            network,
        }
    }

    fn run(&mut self, code: Code, steps: u32, images: &[f32]) {
        for image in images.chunks_exact(PIXELS) {
            let look = |answer: sdann::baseline::Answer<'_>| {
                black_box(answer.output[0]);
            };
            self.runner
                .run(&self.network, &self.thresholds, code, steps, image, look)
                .expect("it fits");
        }
    }
}

struct Model {
    name: &'static str,
    workload: Workload,
    baseline: Baseline,
}

/// Says what there is, then answers each line `MODEL MEASURE`, or `MODEL CODE STEPS`, with the seconds of a core that
/// one image takes.
fn serve() -> Result<(), Box<dyn Error>> {
    let scaled = |name| -> Vec<f32> { stored(name).into_iter().map(|pixel| pixel / 255.0).collect() };
    let (images, calibration) = (
        scaled("test-images.idx3-ubyte"),
        scaled("calibration-images.idx3-ubyte"),
    );
    let labels: Vec<u8> = stored("test-labels.idx1-ubyte")
        .into_iter()
        .map(|label| label as u8)
        .collect();
    let mut models = ["mnist-cnn", "mnist-residual"].map(|name| Model {
        name,
        workload: Workload::open(
            &asset(&format!("models/{name}.onnx")),
            name,
            &images[..IMAGES * PIXELS],
        ),
        baseline: Baseline::open(name, &calibration),
    });
    let facts = models.iter_mut().map(|model| {
        let facts = json!({
            "correct": model.workload.correct(&labels),
            "samples": IMAGES,
            "macs": model.workload.macs(),
        });
        (model.name.to_owned(), facts)
    });
    println!("{}", serde_json::Value::Object(facts.collect()));
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, rest) = words.split_first().ok_or("a line is empty")?;
        let model = models
            .iter_mut()
            .find(|model| model.name == *name)
            .ok_or("there is no such model")?;
        println!("{:e}", model.seconds(rest, &images)?);
    }
    Ok(())
}

impl Model {
    fn seconds(&mut self, words: &[&str], images: &[f32]) -> Result<f64, Box<dyn Error>> {
        let (count, run): (usize, Box<dyn FnMut() + '_>) = match *words {
            ["products"] => {
                let macs = self.workload.macs();
                let run = move || {
                    (0..IMAGES).for_each(|_| {
                        black_box(products::products(macs));
                    });
                };
                (IMAGES, Box::new(run))
            }
            [what] => {
                let count = if what == "trace" { FEW } else { IMAGES };
                (count, Box::new(move || self.workload.run(what, count)))
            }
            [code, steps] => {
                let steps: u32 = steps.parse()?;
                let code = match code {
                    "rate" => Code::Rate(Rate {
                        half_start: true,
                        ..Rate::default()
                    }),
                    "phase" => Code::Phase { period: 8 },
                    "first-spike" => Code::FirstSpike { window: steps },
                    _ => return Err("there is no such code".into()),
                };
                let run = move || self.baseline.run(code, steps, &images[..FEW * PIXELS]);
                (FEW, Box::new(run))
            }
            _ => return Err("a line is a model and a measure".into()),
        };
        Ok(cpu_clock::seconds(run) / count as f64)
    }
}
