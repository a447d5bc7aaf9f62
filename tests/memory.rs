//! How much memory is held, by a counting allocator: one test, for others would be counted with it.

#[path = "../benches/support/large_model.rs"]
mod large_model;

use peak_alloc::PeakAlloc;
use sdann::import::import_model;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn importing_a_25_mb_model_takes_less_than_four_times_its_size_the_file_included() {
    let bytes = large_model::large_model(10, 1600);
    assert!(bytes.len() > 25_000_000, "{} bytes", bytes.len());
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let graph = import_model(&bytes, "large").expect("a sound model");
    let held = MEMORY.peak_usage() - before + bytes.len();
    assert_eq!(graph.nodes.len(), 10);
    let ratio = held as f64 / bytes.len() as f64;
    println!("{ratio:.2} times the file's size, the file included");
    assert!(ratio < 4.0, "{ratio:.2} times the file's size");
}
