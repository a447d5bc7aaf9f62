//! Annealed placements save hops, and are the same wherever and however they are made.

use crate::common::{PLACES_DIGEST, places_digest};
use crate::files::{SHIPPED, array, model, root, test_set};
use crate::mapping::{measured, spiking};
use sdann::chip::spec::Preset;
use sdann::chip::{Annealer, Annealing, InputFrom, Limits, MappingOptions, Placement, Router, Topology, lay};
use sdann::explore::{GroundTruth, PLACEMENT_SAMPLES, Session};
use sdann::settings::Settings;
use sdann::spiking::Digits;

/// Spike-hops of row-major and of annealed placement, and how annealing went.
fn annealed(name: &str, side: u16, neurons: u64) -> Option<(u64, u64, Annealing)> {
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == name).unwrap();
    let network = shipped.form("").unwrap();
    let spiking = spiking(&network, Digits::Binary);
    let limits = Limits::neurons_only(Topology::mesh(side, side), neurons);
    let mapping = lay(&spiking, &limits, &MappingOptions::default(), &[])
        .ok()?
        .mapping;
    let samples = shipped.samples(&network, "test")?;
    let samples = &samples[..samples.len().min(10)];
    let router = Router::new(&spiking, mapping.clone());
    let (flows, before) = measured(&network, &spiking, &router, samples);
    let mut annealer = Annealer::new(mapping, &limits, &flows, 1);
    let progress = annealer.step(u64::MAX);
    let (_, after) = measured(
        &network,
        &spiking,
        &Router::new(&spiking, annealer.best()),
        samples,
    );
    assert_eq!(
        (progress.before, progress.best),
        (before, after),
        "{name}: hops are what they are counted to be"
    );
    Some((before, after, progress))
}

#[test]
fn annealing_saves_a_quarter_of_the_spike_hops_of_the_residual_network_on_64_cores_or_more() {
    for (side, neurons) in [(8, 2048), (16, 256), (20, 200)] {
        let (before, after, _) = annealed("mnist-residual", side, neurons).expect("it fits");
        let saved = 100.0 * (before - after) as f64 / before as f64;
        println!(
            "mnist-residual on {side} × {side} cores of {neurons}: {before} spike-hops row by row, {after} annealed: {saved:.1} % fewer"
        );
        assert!(
            4 * after <= 3 * before,
            "{side} × {side} cores of {neurons}: {saved:.1} % fewer"
        );
    }
}

#[test]
fn annealing_betters_the_placement_of_every_shipped_network_or_leaves_it() {
    for shipped in SHIPPED {
        for (side, neurons) in [(16, 256), (16, 64)] {
            let Some((before, after, progress)) = annealed(shipped.name, side, neurons) else {
                continue;
            };
            let saved = 100.0 * (before - after) as f64 / before.max(1) as f64;
            println!(
                "{} on {side} × {side} cores of {neurons}: {before} spike-hops row by row, {after} annealed: {saved:.1} % fewer",
                shipped.name
            );
            assert!(after <= before && progress.is_done());
        }
    }
}

#[test]
fn the_same_seed_leads_to_the_same_places_in_whatever_portions_and_another_to_others() {
    let network = model("mnist-cnn.onnx");
    let spiking = spiking(&network, Digits::Binary);
    let limits = Limits {
        reserved: vec![0, 5],
        input: InputFrom::Port(0),
        ..Limits::neurons_only(Topology::mesh(8, 8), 128)
    };
    let mapping = lay(&spiking, &limits, &MappingOptions::default(), &[])
        .unwrap()
        .mapping;
    let router = Router::new(&spiking, mapping.clone());
    let (flows, _) = measured(
        &network,
        &spiking,
        &router,
        &test_set(&network, "mnist", 255.0)[..2],
    );
    let run = |seed, portion| {
        let mut annealer = Annealer::new(mapping.clone(), &limits, &flows, seed);
        while !annealer.step(portion).is_done() {}
        (annealer.best(), annealer.progress())
    };
    let at_once = run(7, u64::MAX);
    assert_eq!(at_once, run(7, 1000));
    assert_ne!(at_once.0, run(8, u64::MAX).0);
    assert!(at_once.1.best < at_once.1.before);
    for slice in at_once.0.placed() {
        assert!(!limits.reserved.contains(&slice.core));
    }
}

#[test]
fn places_are_those_that_a_browser_finds() {
    assert_eq!(places_digest(), PLACES_DIGEST);
}

#[test]
fn a_session_shows_a_curve_until_places_are_found_and_then_those() {
    let network = model("mnist-cnn.onnx");
    let images = test_set(&network, "mnist", 255.0);
    let mut session = Session::new(network.clone());
    let stored = array(&root().join("assets/datasets/mnist-test-images.idx3-ubyte.gz"));
    session
        .set_samples(&stored, 255.0, GroundTruth::default())
        .unwrap();
    session.set_calibration_codes(images[..3].concat());
    let mut settings = Settings::default();
    settings.chip.mapping.placement = Placement::Annealed;
    let places = |session: &mut Session, settings: &Settings| {
        let (mapping, traffic) = session.explore(settings, &images[0]).unwrap().chip.unwrap();
        (mapping, traffic.hops.iter().sum::<u64>())
    };
    let before = places(&mut session, &settings);
    assert!(session.is_to_be_placed(&settings));
    let mut meter = session.placement_meter(&settings).unwrap();
    let mut fraction = 0.0;
    while meter.step() {
        let now = meter.progress().fraction();
        assert!((fraction..=1.0).contains(&now), "it only goes on");
        fraction = now;
    }
    assert_eq!(
        places(&mut session, &settings).0,
        before.0,
        "until it is told of them"
    );
    session.place(&settings, &meter);
    assert!(!session.is_to_be_placed(&settings));
    let after = places(&mut session, &settings);
    assert_eq!(after.0, meter.best());
    assert!(after.1 < before.1, "{} hops instead of {}", after.1, before.1);
    assert_eq!(meter.progress().samples, PLACEMENT_SAMPLES);
    let fit = session.fit(&settings, &Preset::Classroom.chip()).unwrap();
    assert!(fit.fits(), "{:?}", fit.problems);
    // Other settings are mapped anew.
    let mut others = settings;
    others.chip.mapping.placement = Placement::RowMajor;
    assert!(!session.is_to_be_placed(&others));
    places(&mut session, &others);
    assert!(session.is_to_be_placed(&settings));
}
