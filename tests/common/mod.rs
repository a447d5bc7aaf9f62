//! What the native tests and those in the browser both check, on the same bytes.

use sdann::baseline::{self, Answer, Code, Percentile, Rate, Reset, Runner, Thresholds};
use sdann::chip::noc::{Destination, Groups, Noc, Pattern, RouterModel, Windows};
use sdann::chip::{
    Annealer, Delivery, Flow, Limits, Mapping, MappingOptions, Routing, Shape, Tiling, Topology,
};
use sdann::graph::{Graph, Volume};
use sdann::import::dataset::read_array;
use sdann::import::import_model;
use sdann::quantize::QuantizedNetwork;
use sdann::real::RealNetwork;
use sdann::simulate::{Observer, Samples, Simulator, calibrate, measure};
use sdann::spiking::Conversion;

/// Has every step simulated, even where they could provably be taken at once.
pub struct StepByStep;

impl Observer for StepByStep {}

/// A number that stands for every code of every layer for 100 MNIST images at two narrow register
/// widths. Native and wasm must both come to it; it changes only if a rule is changed on purpose.
pub const NARROW_DIGEST: u64 = 4_007_094_778_200_148_285;

/// A number that stands for all counts of routers under random traffic, for native and wasm alike.
pub const ROUTERS_DIGEST: u64 = 15_678_783_920_373_659_313;

/// A number that stands for the places that annealing finds, for native and wasm alike.
pub const PLACES_DIGEST: u64 = 2_223_428_414_885_439_355;

/// A number that stands for what float networks answer as they are and under every other code, for native and wasm
/// alike.
pub const REALS_DIGEST: u64 = 4_892_496_033_546_503_692;

/// FNV-1a over the outputs of float networks on eight digits, and over thresholds, sums and spikes after each of eight
/// time steps under every code that is compared with the bit-serial one.
pub fn reals_digest() -> u64 {
    let models: [(&[u8], bool); 3] = [
        (include_bytes!("../../assets/models/mnist-cnn.float.onnx"), true),
        (
            include_bytes!("../../assets/models/mnist-residual.float.onnx"),
            true,
        ),
        // A sigmoid is no matter of spikes, but one of real numbers.
        (
            include_bytes!("../../assets/models/mnist-denoiser.float.onnx"),
            false,
        ),
    ];
    let images = include_bytes!("../../assets/datasets/mnist-test-images.idx3-ubyte.gz");
    let images = read_array(images).expect("the shipped images").to_f32();
    let images: Vec<f32> = images[..8 * 784].iter().map(|value| value / 255.0).collect();
    let mut hash = FNV;
    for (bytes, spikes) in models {
        let graph = import_model(bytes, "a shipped model").expect("a shipped model");
        let mut real = RealNetwork::new(&graph).expect("a float model");
        for image in images.chunks_exact(784) {
            let output = real.run(image).expect("it fits");
            hash = output
                .iter()
                .fold(hash, |hash, value| fold(hash, value.to_bits().into()));
        }
        if spikes {
            hash = spikes_digest(&graph, &images, hash);
        }
    }
    hash
}

fn spikes_digest(graph: &Graph, images: &[f32], mut hash: u64) -> u64 {
    let network = baseline::Network::new(graph).expect("it has neurons");
    let images = images.chunks_exact(784);
    let thresholds = Thresholds::measure(&network, images.clone(), Percentile::default()).expect("images");
    for threshold in &thresholds.populations {
        hash = fold(hash, threshold.to_bits().into());
    }
    let hard = Rate {
        reset: Reset::Hard,
        ..Rate::default()
    };
    let codes = [
        Code::Rate(Rate::default()),
        Code::Rate(Rate::FAST),
        Code::Rate(hard),
        Code::Phase { period: 8 },
        Code::FirstSpike { window: 8 },
    ];
    let mut runner = Runner::new(&network);
    for image in images {
        for code in codes {
            let look = |answer: Answer<'_>| {
                let sums = answer.output.iter().map(|value| value.to_bits().into());
                let counts = [
                    answer.input_spikes,
                    answer.operations,
                    answer.multiply_accumulates,
                ];
                let words = sums.chain(answer.spikes.iter().copied()).chain(counts);
                hash = words.fold(hash, fold);
            };
            runner
                .run(&network, &thresholds, code, 8, image, look)
                .expect("it fits");
        }
    }
    hash
}

/// FNV-1a over the cores of 40 neurons, each sending to some others, and the hops that are left.
pub fn places_digest() -> u64 {
    let volume = Volume {
        channels: 40,
        height: 1,
        width: 1,
    };
    let block = Volume {
        channels: 1,
        ..volume
    };
    let tiling = Tiling {
        volume,
        block,
        parts: 1,
    };
    let mut hash = FNV;
    for shape in [Shape::Mesh, Shape::Quadtree] {
        let topology = Topology {
            shape,
            ..Topology::mesh(8, 8)
        };
        let mapping = Mapping::new(topology, &MappingOptions::default(), vec![tiling], |slice| slice);
        let flow = |n: usize| Flow {
            from: n % 40,
            to: n * n % 40,
            spikes: (n % 17) as u64,
            by_port: false,
        };
        let flows: Vec<Flow> = (0..200).map(flow).collect();
        let mut annealer = Annealer::new(mapping, &Limits::neurons_only(topology, 1), &flows, 3);
        let hops = annealer.step(u64::MAX).best;
        let cores: Vec<u64> = annealer
            .best()
            .slices
            .iter()
            .map(|slice| slice.core as u64)
            .collect();
        for word in cores.into_iter().chain([hops]) {
            hash = fold(hash, word);
        }
    }
    hash
}

/// FNV-1a over links, stalls, queues and latencies on a mesh, a quadtree and a star, some of it multicast.
pub fn routers_digest() -> u64 {
    let mut hash = FNV;
    for (shape, delivery) in [
        (Shape::Mesh, Delivery::Unicast),
        (Shape::Mesh, Delivery::Multicast),
        (Shape::Quadtree, Delivery::Multicast),
        (Shape::Star, Delivery::Unicast),
    ] {
        let topology = Topology {
            shape,
            ..Topology::mesh(5, 3)
        };
        let mut groups = Groups::new();
        for from in 0..15 {
            let to = |core| Destination { core, operations: 1 };
            groups.add(
                from,
                &[to((from * 7 + 1) % 15), to((from * 4) % 15), to(14 - from)],
            );
        }
        let weights: Vec<u64> = (1..16).collect();
        let pattern = Pattern::new(&groups, &weights);
        let noc = Noc::new(&topology, Routing::Xy, delivery, RouterModel::default(), groups);
        let mut noc = noc.expect("cores that exist");
        for rate in [0.05, 0.2] {
            let point = noc
                .offer(&pattern, rate, &Windows::default())
                .expect("few cycles");
            let counts = noc.counts();
            let reals = [point.offered, point.accepted, point.latency.unwrap_or(0.0)];
            let words = counts
                .deepest
                .iter()
                .chain(&counts.backlog)
                .map(|&n| u64::from(n));
            let words = words.chain(reals.map(f64::to_bits));
            for list in [
                &counts.links,
                &counts.stalls,
                &counts.received,
                &counts.latency.packets,
            ] {
                list.iter().for_each(|&word| hash = fold(hash, word));
            }
            words.for_each(|word| hash = fold(hash, word));
        }
    }
    hash
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

fn fold(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3)
}

/// FNV-1a over the codes of all layers.
pub fn narrow_digest(network: &QuantizedNetwork, calibration: &[i32], images: &[i32]) -> u64 {
    let len = network.input().len();
    let calibration = Samples {
        codes: calibration,
        len,
    };
    let mut hash = FNV;
    for register_bits in [10, 14] {
        let conversion = Conversion {
            register_bits,
            ..Conversion::default()
        };
        let statistics = measure(network, &conversion, calibration);
        let spiking = calibrate(network, &conversion, &statistics, calibration);
        let mut simulator = Simulator::new(network);
        for image in images.chunks_exact(len).take(100) {
            simulator.run(&spiking, image, &mut ());
            for tensor in 1..network.tensors.len() {
                for &code in simulator.codes(tensor) {
                    hash = fold(hash, code as u64);
                }
            }
        }
    }
    hash
}
