//! The engine inside a real browser: the same integers as ONNX Runtime's and as the native build's.

#![cfg(target_arch = "wasm32")]

#[path = "../common/mod.rs"]
mod common;

use common::{
    NARROW_DIGEST, PLACES_DIGEST, REALS_DIGEST, ROUTERS_DIGEST, StepByStep, narrow_digest, places_digest,
    reals_digest, routers_digest,
};
use sdann::chip::spec::Preset;
use sdann::explore::{GroundTruth, Session, open_network};
use sdann::import::dataset::read_array;
use sdann::settings::Settings;
use sdann::simulate::{Packed, Simulator};
use sdann::web::worker::{Postcard, Request, Sample};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The shipped MNIST network with its samples.
fn mnist() -> Session {
    let model = include_bytes!("../../assets/models/mnist-cnn.onnx");
    let images = include_bytes!("../../assets/datasets/mnist-test-images.idx3-ubyte.gz");
    let labels = include_bytes!("../../assets/datasets/mnist-test-labels.idx1-ubyte.gz");
    let calibration = include_bytes!("../../assets/datasets/mnist-calibration-images.idx3-ubyte.gz");
    let mut session = Session::new(open_network(model, "mnist-cnn").expect("the shipped model"));
    let array = |bytes: &[u8]| read_array(bytes).expect("a shipped file");
    let labels = array(labels).to_labels().expect("the shipped labels");
    session
        .set_samples(&array(images), 255.0, GroundTruth::Labels(labels))
        .expect("the shipped images");
    session
        .set_calibration(&array(calibration), 255.0)
        .expect("the shipped calibration images");
    session
}

#[wasm_bindgen_test]
fn every_output_code_of_a_thousand_images_is_onnx_runtimes_in_both_bit_orders() {
    let mut session = mnist();
    let expected = read_array(include_bytes!("../fixtures/mnist-cnn.codes.npy"))
        .expect("the fixture")
        .to_f32();
    for order in ["msb", "lsb"] {
        let settings = Settings::from_pairs([("order", order)]).expect("valid settings");
        let first = session.sample(0).expect("a sample").to_vec();
        let spiking = session.convert(&settings.conversion, &first);
        let mut simulator = Simulator::new(session.network());
        for (index, expected) in expected.chunks_exact(10).enumerate() {
            simulator.run(
                &spiking,
                session.sample(index).expect("a sample"),
                &mut StepByStep,
            );
            let codes = simulator.codes(spiking.tensors.len() - 1);
            let equal = codes
                .iter()
                .zip(expected)
                .all(|(&code, &exact)| code as f32 == exact);
            assert!(equal, "image {index}: {codes:?} instead of {expected:?}");
        }
        while session.count(1000) {}
        let agreement = session.tally().agreement();
        assert_eq!(
            (agreement.counted, agreement.codes_equal, agreement.labels_equal),
            (1000, 1000, 1000)
        );
        assert_eq!(
            agreement.quality.and_then(|quality| quality.spiking()),
            Some(0.985)
        );
    }
}

#[wasm_bindgen_test]
fn narrow_registers_round_as_they_do_natively() {
    let session = mnist();
    let digest = narrow_digest(session.network(), session.calibration(), &session.samples().codes);
    assert_eq!(digest, NARROW_DIGEST);
}

#[wasm_bindgen_test]
fn routers_carry_and_wait_as_they_do_natively() {
    assert_eq!(routers_digest(), ROUTERS_DIGEST);
}

#[wasm_bindgen_test]
fn real_numbers_and_the_codes_made_of_them_are_rounded_as_they_are_natively() {
    assert_eq!(reals_digest(), REALS_DIGEST);
}

#[wasm_bindgen_test]
fn annealing_finds_the_places_that_the_native_build_finds() {
    assert_eq!(places_digest(), PLACES_DIGEST);
}

#[wasm_bindgen_test]
fn messages_survive_their_journey() {
    use gloo_worker::Codec;
    let settings =
        Settings::from_pairs([("register-bits", "12"), ("rounding", "half-even")]).expect("valid settings");
    let values: Vec<f32> = (0..10_000).map(|i| i as f32 * 0.5).collect();
    let request = Request::Explore {
        epoch: 7,
        settings,
        sample: Sample::Values(Packed(values.clone())),
        own: Some(Box::new(Preset::Darwin3.chip())),
        chip: true,
    };
    let Request::Explore {
        epoch,
        settings: back,
        sample,
        own,
        chip,
    } = Postcard::decode(Postcard::encode(request))
    else {
        panic!("an Explore request came back as another");
    };
    assert_eq!(
        (epoch, back, sample),
        (7, settings, Sample::Values(Packed(values)))
    );
    assert_eq!((own.map(|own| *own), chip), (Some(Preset::Darwin3.chip()), true));
}
