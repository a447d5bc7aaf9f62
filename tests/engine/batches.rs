//! Batches of samples are what one sample after the other is: codes, overflows, spikes, and what cores do.

use crate::files::{SHIPPED, calibration_set, model, test_set};
use sdann::chip::{ChipSettings, LoadMeter, Router, map};
use sdann::explore::{Expected, ReferenceMemory, Tally};
use sdann::quantize::QuantizedNetwork;
use sdann::simulate::{BatchSimulator, Observer, Samples, Simulator, Site, calibrate, measure};
use sdann::spiking::{Conversion, Digits, SpikingNetwork, convert, no_ranges};

/// What overflows: sample, place, step, neuron and value.
type Overflow = (usize, Site, Option<usize>, usize, i64);

struct Overflows(usize, Vec<Overflow>);

impl Observer for Overflows {
    const SEES_STEPS: bool = false;

    fn overflow(&mut self, site: Site, step: Option<usize>, neuron: usize, value: i64) {
        self.1.push((self.0, site, step, neuron, value));
    }
}

/// Asserts that batches of `images`, the last one smaller, are what single samples are; the number of overflows.
fn assert_alike(network: &QuantizedNetwork, spiking: &SpikingNetwork, images: &[Vec<i32>]) -> usize {
    let mut simulator = Simulator::new(network);
    let mut batch = BatchSimulator::new(network, spiking).unwrap();
    let capacity = batch.capacity();
    let mut all = 0;
    for images in images.chunks(capacity) {
        let mut overflows = Vec::new();
        batch.run_watched(spiking, &images.concat(), |sample, site, step, neuron, value| {
            overflows.push((sample, site, step, neuron, value));
        });
        assert_eq!(batch.samples(), images.len());
        let mut spikes: Vec<Vec<u64>> = network.tensors.iter().map(|t| vec![0; t.len()]).collect();
        let mut observer = Overflows(0, Vec::new());
        for (sample, image) in images.iter().enumerate() {
            observer.0 = sample;
            simulator.run(spiking, image, &mut observer);
            for (tensor, spikes) in spikes.iter_mut().enumerate() {
                let Some(code) = &spiking.codes[tensor] else {
                    continue;
                };
                let mut codes = vec![0; spikes.len()];
                batch.codes(tensor, sample, &mut codes);
                assert_eq!(codes, simulator.codes(tensor), "tensor {tensor}");
                for (spikes, &code_sent) in spikes.iter_mut().zip(&codes) {
                    *spikes += u64::from(code.spikes(code_sent));
                }
            }
            assert_eq!(batch.output(sample), simulator.output());
        }
        for (tensor, spikes) in spikes.iter().enumerate() {
            let mut counted = vec![0; spikes.len()];
            if let Some(code) = &spiking.codes[tensor] {
                batch.count_spikes(tensor, code, &mut counted);
            }
            assert_eq!(&counted, spikes);
        }
        // Layer by layer here, sample by sample there.
        let order =
            |&(sample, site, step, neuron, _): &Overflow| (sample, site.layer, site.dendrite, step, neuron);
        overflows.sort_by_key(order);
        observer.1.sort_by_key(order);
        assert_eq!(overflows, observer.1);
        all += overflows.len();
    }
    all
}

fn calibrated(network: &QuantizedNetwork, conversion: &Conversion) -> SpikingNetwork {
    let codes = calibration_set(network, "mnist", 255.0)[..20].concat();
    let samples = Samples {
        codes: &codes,
        len: network.input().len(),
    };
    let statistics = measure(network, conversion, samples);
    calibrate(network, conversion, &statistics, samples)
}

#[test]
fn every_shipped_network_runs_in_batches() {
    for shipped in SHIPPED {
        let network = shipped.form("").unwrap();
        let images: Vec<Vec<i32>> = shipped.samples(&network, "test").unwrap();
        let spiking = convert(&network, &Conversion::default(), &no_ranges(&network));
        assert_eq!(
            assert_alike(&network, &spiking, &images[..images.len().min(50)]),
            0
        );
    }
}

#[test]
fn layers_that_must_run_their_steps_do_and_tell_what_overflows() {
    for name in ["mnist-cnn.onnx", "mnist-residual.onnx"] {
        let network = model(name);
        let images = &test_set(&network, "mnist", 255.0)[..30];
        let of_width = |register_bits| {
            let conversion = Conversion {
                register_bits,
                ..Conversion::default()
            };
            assert_alike(&network, &calibrated(&network, &conversion), images)
        };
        // At 18 bits some layers are whole products and some are not.
        assert_eq!(of_width(22), 0);
        of_width(18);
        assert!(of_width(8) > 0, "{name}: eight bits are too few");
    }
}

#[test]
fn signed_digits_are_counted_too() {
    let network = model("mnist-cnn.onnx");
    let images = &test_set(&network, "mnist", 255.0)[..30];
    for digits in [Digits::SignMagnitude, Digits::Canonical] {
        let conversion = Conversion {
            digits,
            ..Conversion::default()
        };
        assert_alike(&network, &calibrated(&network, &conversion), images);
    }
}

#[test]
fn cores_and_links_do_in_batches_what_they_do_sample_by_sample() {
    let network = model("mnist-residual.onnx");
    let images = &test_set(&network, "mnist", 255.0)[..20];
    let spiking = calibrated(&network, &Conversion::default());
    let chip = ChipSettings {
        width: 20,
        height: 20,
        ..ChipSettings::default()
    };
    let router = Router::new(&spiking, map(&spiking, &chip).unwrap());
    let (mut one_by_one, mut in_batches) = (
        LoadMeter::new(&spiking, &router),
        LoadMeter::new(&spiking, &router),
    );
    let mut simulator = Simulator::new(&network);
    let mut batch = BatchSimulator::new(&network, &spiking).unwrap();
    for images in images.chunks(batch.capacity()) {
        for image in images {
            simulator.run(&spiking, image, &mut ());
            one_by_one.add(&simulator, &router);
        }
        batch.run(&spiking, &images.concat());
        in_batches.add_batch(&batch, &router);
    }
    assert_eq!(one_by_one.loads(&router), in_batches.loads(&router));
    assert!(in_batches.loads(&router).hops > 0);
    assert_eq!(one_by_one.flows(&router), in_batches.flows(&router));
}

#[test]
fn agreement_is_counted_in_batches_as_sample_by_sample() {
    let network = model("mnist-cnn.onnx");
    let images = &test_set(&network, "mnist", 255.0)[..60];
    for register_bits in [9, 32] {
        let conversion = Conversion {
            register_bits,
            ..Conversion::default()
        };
        let spiking = calibrated(&network, &conversion);
        let expected = |sample: usize| (!sample.is_multiple_of(3)).then_some(Expected::Label(sample % 10));
        let mut one_by_one = Tally::new(&network, images.len());
        for (sample, image) in images.iter().enumerate() {
            one_by_one.add(&network, &spiking, image, expected(sample));
        }
        let memory = ReferenceMemory::new(&network, images.len());
        for _ in 0..2 {
            // The second time the reference's answers are remembered.
            let mut in_batches = Tally::new(&network, images.len());
            for (part, images) in images.chunks(25).enumerate() {
                let first = 25 * part;
                in_batches.add_batch(
                    &network,
                    &spiking,
                    &images.concat(),
                    |index| expected(first + index),
                    Some((&memory, first)),
                );
            }
            assert_eq!(in_batches.agreement(), one_by_one.agreement());
            assert_eq!(
                format!("{:?}", in_batches.mistakes()),
                format!("{:?}", one_by_one.mistakes())
            );
        }
        assert_eq!(one_by_one.agreement().counted, 60);
    }
}
