//! How fast the engine is, on one core: `cargo bench`, or `cargo bench -- exact` for some of it.
//!
//! Times are a core's, not the clock's, where the system tells them apart (Linux), for machines are shared. Even
//! so a figure counts by its ratio to another one of the same run, above all to `products`, the network's
//! multiplications alone. What was reached is in `docs/PERFORMANCE.md`.

#[path = "support/cpu_clock.rs"]
mod cpu_clock;
#[path = "support/cpu_time.rs"]
mod cpu_time;
#[path = "support/large_model.rs"]
mod large_model;
#[path = "support/large_network.rs"]
mod large_network;
#[path = "support/products.rs"]
mod products;

use cpu_time::CpuTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use products::products;
use sdann::chip::noc::{Groups, NetworkGroups, Noc, Pattern, RouterModel, Windows};
use sdann::chip::spec::Preset;
use sdann::chip::{
    Annealer, ChipSettings, Delivery, Limits, LoadMeter, MappingOptions, Router, Routing, Topology, fit_all,
    lay, map,
};
use sdann::explore::{Tally, open_network};
use sdann::import::dataset::read_array;
use sdann::import::import_model;
use sdann::quantize::{QuantizedNetwork, Reference};
use sdann::simulate::{Samples, Simulator, calibrate, measure, trace};
use sdann::spiking::{Conversion, SpikingNetwork, convert, no_ranges};
use std::time::Duration;

/// Images of one iteration.
const IMAGES: usize = 50;

struct Model {
    name: &'static str,
    network: QuantizedNetwork,
    images: Vec<i32>,
    calibration: Vec<i32>,
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/assets/{path}", env!("CARGO_MANIFEST_DIR"))).expect("a file of the repository")
}

impl Model {
    fn open(name: &'static str) -> Self {
        let network = open_network(&read(&format!("models/{name}.onnx")), name).expect("a shipped model");
        let codes = |part: &str, count: usize| {
            let bytes = read(&format!("datasets/mnist-{part}-images.idx3-ubyte.gz"));
            let pixels = read_array(&bytes).expect("shipped images").to_f32();
            let reals: Vec<f32> = pixels.iter().take(784 * count).map(|p| p / 255.0).collect();
            network.quantize_input(&reals)
        };
        Self {
            name,
            images: codes("test", IMAGES),
            calibration: codes("calibration", 100),
            network,
        }
    }

    fn samples(&self) -> Samples<'_> {
        Samples {
            codes: &self.calibration,
            len: 784,
        }
    }

    /// Calibrated for a register of so many bits.
    fn spiking(&self, register_bits: u8) -> SpikingNetwork {
        let conversion = Conversion {
            register_bits,
            ..Conversion::default()
        };
        let statistics = measure(&self.network, &conversion, self.samples());
        calibrate(&self.network, &conversion, &statistics, self.samples())
    }

    /// Cores of 256 neurons, as many as it takes.
    fn router(&self, spiking: &SpikingNetwork) -> Router {
        let chip = ChipSettings {
            width: 20,
            height: 20,
            ..ChipSettings::default()
        };
        Router::new(spiking, map(spiking, &chip).expect("a mesh that is large enough"))
    }

    fn on(&self, preset: Preset, spiking: &SpikingNetwork) -> Router {
        let limits = Limits::of(&preset.chip()).expect("a chip that is known");
        let laid = lay(spiking, &limits, &MappingOptions::default(), &[]);
        Router::new(spiking, laid.expect("a chip that is large enough").mapping)
    }

    fn macs(&self) -> usize {
        let dendrites = self.network.layers.iter().flat_map(|layer| &layer.dendrites);
        let weighing = dendrites.filter(|d| d.weights.bits > 2);
        weighing
            .map(|d| d.connections.output.len() * d.connections.fan_in())
            .sum()
    }
}

fn images(criterion: &mut Criterion<CpuTime>) {
    for model in [Model::open("mnist-cnn"), Model::open("mnist-residual")] {
        let mut group = criterion.benchmark_group(model.name);
        group.throughput(Throughput::Elements(IMAGES as u64));
        let (network, macs) = (&model.network, model.macs());
        group.bench_function("products", |bench| {
            bench.iter(|| (0..IMAGES).map(|_| products(macs)).fold(0, i32::wrapping_add));
        });
        for (name, bits) in [("exact", 32), ("16 bits", 16), ("12 bits", 12)] {
            let spiking = model.spiking(bits);
            let mut simulator = Simulator::new(network);
            group.bench_function(name, |bench| {
                bench.iter(|| {
                    for image in model.images.chunks_exact(784) {
                        simulator.run(&spiking, image, &mut ());
                    }
                    simulator.output()[0]
                });
            });
        }
        let (spiking, mut simulator) = (model.spiking(32), Simulator::new(network));
        let router = model.router(&spiking);
        let mut meter = LoadMeter::new(&spiking, &router);
        group.bench_function("exact, spikes counted per core", |bench| {
            bench.iter(|| {
                for image in model.images.chunks_exact(784) {
                    simulator.run(&spiking, image, &mut ());
                    meter.add(&simulator, &router);
                }
                meter.loads(&router).hops
            });
        });
        let router = model.on(Preset::Darwin3, &spiking);
        let mut meter = LoadMeter::new(&spiking, &router);
        group.bench_function("exact, spikes counted on Darwin3", |bench| {
            bench.iter(|| {
                for image in model.images.chunks_exact(784) {
                    simulator.run(&spiking, image, &mut ());
                    meter.add(&simulator, &router);
                }
                meter.loads(&router).hops
            });
        });
        let mut reference = Reference::new(network);
        group.bench_function("reference", |bench| {
            bench.iter(|| {
                for image in model.images.chunks_exact(784) {
                    reference.run(network, image);
                }
                reference.output()[0]
            });
        });
        let mut tally = Tally::new(network, IMAGES);
        group.bench_function("agreement", |bench| {
            bench.iter(|| {
                tally.restart();
                for image in model.images.chunks_exact(784) {
                    tally.add(network, &spiking, image, None);
                }
                tally.agreement().codes_equal
            });
        });
        group.finish();
    }
}

fn one_sample(criterion: &mut Criterion<CpuTime>) {
    for model in [Model::open("mnist-cnn"), Model::open("mnist-residual")] {
        let mut group = criterion.benchmark_group(format!("{} one sample", model.name));
        let network = &model.network;
        let spiking = model.spiking(16);
        let (mut simulator, mut reference) = (Simulator::new(network), Reference::new(network));
        let image = &model.images[..784];
        group.bench_function("trace", |bench| {
            bench.iter(|| trace(network, &spiking, image, &mut simulator, &mut reference));
        });
        let router = model.router(&spiking);
        let traced = trace(network, &spiking, image, &mut simulator, &mut reference);
        group.bench_function("traffic", |bench| bench.iter(|| router.count(&traced)));
        group.bench_function("router", |bench| bench.iter(|| model.router(&spiking)));
        group.bench_function("conversion", |bench| {
            bench.iter(|| convert(network, &Conversion::default(), &no_ranges(network)));
        });
        group.finish();
    }
}

/// Movements of flits a second: an 8 × 8 mesh at 60 % of its bisection's capacity, and a network's time steps on 256
/// cores.
fn routers(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("routers, moves of flits");
    group.sample_size(10);
    let pairs = Groups::all_pairs(64);
    let (pattern, windows) = (Pattern::uniform(&pairs), Windows::default());
    let new = |topology, delivery, groups| {
        Noc::new(&topology, Routing::Xy, delivery, RouterModel::default(), groups).expect("cores that exist")
    };
    let mut noc = new(Topology::mesh(8, 8), Delivery::Unicast, pairs);
    let moves = |noc: &mut Noc| {
        noc.offer(&pattern, 0.3, &windows).expect("few cycles");
        noc.step().moves
    };
    group.throughput(Throughput::Elements(moves(&mut noc)));
    group.bench_function("uniform traffic on 8 by 8", |bench| {
        bench.iter(|| moves(&mut noc))
    });
    let model = Model::open("mnist-residual");
    let spiking = model.spiking(16);
    let (mut simulator, mut reference) = (Simulator::new(&model.network), Reference::new(&model.network));
    let traced = trace(
        &model.network,
        &spiking,
        &model.images[..784],
        &mut simulator,
        &mut reference,
    );
    let router = model.router(&spiking);
    let groups = NetworkGroups::new(&router);
    for (name, delivery) in [("unicast", Delivery::Unicast), ("multicast", Delivery::Multicast)] {
        let mut noc = new(router.mapping().topology, delivery, groups.groups().clone());
        let steps: Vec<usize> = traced.windows.iter().map(|window| window.steps()).collect();
        let mut list = Vec::new();
        let mut sample = || -> u64 {
            let windows = steps.iter().enumerate();
            let all = windows.flat_map(|(window, &steps)| (0..steps).map(move |step| (window, step)));
            all.map(|(window, step)| {
                list.clear();
                groups.spikes(&router, &traced, window, step, &mut list);
                noc.run(&list).expect("groups that exist").moves
            })
            .sum()
        };
        group.throughput(Throughput::Elements(sample()));
        group.bench_function(format!("mnist-residual, {name}"), |bench| bench.iter(&mut sample));
    }
    group.finish();
}

/// Does it fit, where does it go, and where do packets go?
fn mapping(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("mapping");
    group.sample_size(10);
    let options = MappingOptions::default();
    for model in [Model::open("mnist-cnn"), Model::open("mnist-residual")] {
        let spiking = model.spiking(32);
        group.bench_function(format!("{}: fit on all presets", model.name), |bench| {
            bench.iter(|| {
                fit_all(&spiking, &options)
                    .filter_map(Result::ok)
                    .filter(|fit| fit.fits())
                    .count()
            });
        });
        let router = model.router(&spiking);
        let (mut meter, mut simulator) = (LoadMeter::new(&spiking, &router), Simulator::new(&model.network));
        simulator.run(&spiking, &model.images[..784], &mut ());
        meter.add(&simulator, &router);
        let (flows, limits) = (
            meter.flows(&router),
            Limits::neurons_only(Topology::mesh(20, 20), 256),
        );
        group.bench_function(format!("{}: annealing", model.name), |bench| {
            bench.iter(|| {
                Annealer::new(router.mapping().clone(), &limits, &flows, 1)
                    .step(u64::MAX)
                    .best
            });
        });
    }
    let network = large_network::large_network();
    let limits = Limits::of(&Preset::Darwin3.chip()).expect("a chip that is known");
    group.bench_function("2 million neurons onto Darwin3", |bench| {
        bench.iter(|| {
            let laid = lay(&network, &limits, &options, &[]).expect("it fits");
            Router::new(&network, laid.mapping).targets().len()
        });
    });
    group.finish();
}

fn calibration(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("calibration, 100 samples");
    group.throughput(Throughput::Elements(100)).sample_size(10);
    for model in [Model::open("mnist-cnn"), Model::open("mnist-residual")] {
        let conversion = Conversion {
            register_bits: 12,
            ..Conversion::default()
        };
        let statistics = measure(&model.network, &conversion, model.samples());
        group.bench_function(format!("{}: measure", model.name), |bench| {
            bench.iter(|| measure(&model.network, &conversion, model.samples()));
        });
        group.bench_function(format!("{}: calibrate", model.name), |bench| {
            bench.iter(|| calibrate(&model.network, &conversion, &statistics, model.samples()));
        });
    }
    group.finish();
}

fn import(criterion: &mut Criterion<CpuTime>) {
    let bytes = large_model::large_model(10, 1600);
    let mut group = criterion.benchmark_group("import");
    group
        .throughput(Throughput::Bytes(bytes.len() as u64))
        .sample_size(10);
    group.bench_function("25 MB of dense layers", |bench| {
        bench.iter(|| import_model(&bytes, "large").expect("a sound model"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = images, one_sample, mapping, routers, calibration, import
}
criterion_main!(benches);
