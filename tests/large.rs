//! What it takes to map a network of two million neurons: one test, for its memory is counted.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

#[path = "../benches/support/large_network.rs"]
mod large_network;

use peak_alloc::PeakAlloc;
use sdann::chip::spec::Preset;
use sdann::chip::{Limits, MappingOptions, Router, lay};
use std::time::Instant;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn two_million_neurons_are_mapped_onto_darwin3_with_their_routes_in_less_than_10_s_and_1_gib() {
    let network = large_network::large_network();
    let neurons: usize = network.tensors.iter().map(|tensor| tensor.len()).sum();
    assert!(neurons > 2_000_000, "{neurons} neurons");
    let limits = Limits::of(&Preset::Darwin3.chip()).unwrap();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let clock = Instant::now();
    let laid = lay(&network, &limits, &MappingOptions::default(), &[]).unwrap();
    let cut = clock.elapsed();
    let used = laid.mapping.used();
    let router = Router::new(&network, laid.mapping);
    let routed = clock.elapsed();
    let held = MEMORY.peak_usage() - before;
    let groups: usize = router
        .targets()
        .iter()
        .flatten()
        .map(|targets| targets.groups())
        .sum();
    println!(
        "{neurons} neurons on {used} cores: cut in {cut:?}, routed in {routed:?}, {} MiB at most, {groups} groups of targets",
        held >> 20
    );
    assert!(used <= 575);
    assert!(routed.as_secs() < 10, "{routed:?}");
    assert!(held < 1 << 30, "{} MiB", held >> 20);
}
